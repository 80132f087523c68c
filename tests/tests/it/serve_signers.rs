//! Offers that name somebody to sign who is not enrolled, or not yet.

use std::fs;

use custody_api::offer_file::OfferFile;
use custody_core::cose::{Draft, Observed, Role, SignerParams};
use custody_core::record::Offer;
use serde_json::Value;

use crate::serve_attacks::Scene;
use crate::serve_mailbox::{item, machine, person, scene};

/// Who is enrolled by an offer has no name yet; who is not, and signs nothing, keeps nobody from their inbox.
#[test]
fn an_offer_may_name_who_is_not_enrolled_yet() {
    let scene = scene();
    let enrol =
        ["custodian", "enrol", "--name", "Eve", "--public", "eve.pub", "--out", "eve.offer"];
    machine(&scene, "police").ask(&enrol);
    let file = fs::read(scene.office.folder().join("eve.offer")).unwrap();
    assert_eq!(scene.ask_signed("police", "POST", "/v1/offers", &file).status, 202);
    let offers = scene.ask_signed("police", "GET", "/v1/offers", b"");
    let offers: Value = serde_json::from_str(&offers.body).unwrap();
    assert_eq!(offers["offers"][0]["type"], "custodian-enrol", "{offers}");
    assert_eq!(offers["offers"][0]["next"]["name"], Value::Null, "{offers}");
    let refused = scene.ask_signed("anna", "POST", "/v1/offers", &witnessed_by_nobody(&scene));
    assert_eq!(refused.code(), "custody/no-such-subject", "{}", refused.body);
}

/// An offer of Anna's that asks somebody to be a witness who is not enrolled.
fn witnessed_by_nobody(scene: &Scene) -> Vec<u8> {
    let (laptop, to) = (item(&scene.office, "laptop"), person(&scene.office, "ben"));
    let cora = person(&scene.office, "cora");
    let words = ["offer", &laptop, "--to", &to, "--purpose", "transport", "--witness", &cora];
    machine(scene, "anna").ask(&[&words[..], &["--out", "w.offer"]].concat());
    let file = fs::read(scene.office.folder().join("w.offer")).unwrap();
    let file = OfferFile::parse(&file).unwrap();
    let message = file.offer().message();
    let nobody = "custodian:00000000-0000-4000-8000-000000000000";
    let mut payload = message.payload().to_vec();
    let is_cora = |at: &usize| payload[*at..].starts_with(cora.as_bytes());
    for at in (0..payload.len()).filter(is_cora).collect::<Vec<_>>() {
        payload[at..at + nobody.len()].copy_from_slice(nobody.as_bytes());
    }
    let mut draft = Draft::new(message.header().clone(), payload);
    let (role, iat_s) = (Role::Releasing, message.signatures()[0].header.iat_s);
    let params = SignerParams { role, iat_s, observed: Observed::default() };
    draft.sign(&scene.key("anna"), params).unwrap();
    OfferFile::new(Offer::parse(&draft.to_bytes()).unwrap(), Vec::new()).unwrap().encode()
}
