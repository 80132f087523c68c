//! Attacks on the manifest, on openings and on evidence.

use custody_core::cbor::Value;
use custody_core::cose::Role;
use custody_core::exhibit::{Exhibit, Withheld, WithholdReason};
use custody_core::hash::sha256;
use custody_core::merkle::LeafIndex;
use custody_core::sealed::Opening;
use custody_core::verify::LineId::{EvidenceFiles, Format, Manifest, Redactions};

use super::exhibit::{Attack, Case, rejected, signed, tampered};
use crate::paper::story::{Story, entry};
use crate::paper::{At, PaperExhibit, Person, RawMessage, digests_of, salt, signing_key};

/// All of them.
pub fn cases() -> Vec<Case> {
    let manifests = [contents(), fields(), signatures(), exporters()].concat();
    let sealed = [rejected(&OPENINGS), withheld(), withheld_list(), evidence()].concat();
    [manifests, sealed].concat()
}

const SIGNED_MANIFEST: At<'static> = At::Item(3);

fn opening<'e>(exhibit: &'e mut PaperExhibit, index: u64, field: &str) -> &'e mut Opening {
    let known = exhibit.contents.openings.iter_mut();
    let mut known = known.filter(|known| known.index.0 == index && known.opening.field == field);
    &mut known.next().unwrap().opening
}

fn contents() -> Vec<Case> {
    let differ = "manifest/contents-differ";
    let whole = Story::whole().exhibit();
    vec![
        Case::rejected(
            "opening-stripped",
            "an opening is taken out on the way",
            Manifest,
            differ,
            {
                tampered(&[At::Item(2), At::Inside, At::Key("openings")], |value| {
                    let Value::Array(openings) = value else { panic!() };
                    openings.remove(0);
                })
            },
        ),
        Case::rejected(
            "handling-code-stripped",
            "a handling code is taken out on the way",
            Manifest,
            differ,
            {
                let coded = whole
                    .clone()
                    .with(|exhibit| exhibit.contents.handling.push("TLP:RED".to_owned()));
                Exhibit::encode(
                    &whole.contents.encode(),
                    &coded.sign_manifest(&coded.contents.encode()),
                )
            },
        ),
        Case::rejected(
            "manifest-of-another-exhibit",
            "the manifest of the disk's exhibit",
            Manifest,
            differ,
            {
                let story = Story::whole();
                let disk = story.exhibit_of(story.disk, &story.cast.caro);
                Exhibit::encode(
                    &whole.contents.encode(),
                    &disk.sign_manifest(&disk.contents.encode()),
                )
            },
        ),
    ]
}

fn fields() -> Vec<Case> {
    vec![
        Case::rejected(
            "manifest-of-another-item",
            "the manifest names another item",
            Manifest,
            "manifest/item-differs",
            signed(|story, exhibit| exhibit.manifest.item = story.disk),
        ),
        Case::rejected(
            "exporter-an-agency",
            "the manifest names an agency",
            Format,
            "cbor/out-of-range",
            {
                tampered(
                    &[SIGNED_MANIFEST, At::Inside, At::Item(2), At::Inside, At::Key("exporter")],
                    |value| {
                        let Value::Text(id) = value else { panic!() };
                        *id = id.replace("custodian", "agency");
                    },
                )
            },
        ),
        Case::rejected(
            "recipient-too-long",
            "a recipient of 401 bytes",
            Format,
            "cbor/out-of-range",
            signed(|_, exhibit| exhibit.manifest.recipient = "x".repeat(401)),
        ),
        Case::rejected(
            "purpose-newer-than-unicode-14",
            "the purpose has a character that Unicode 15.0 added",
            Format,
            "cbor/text",
            signed(|_, exhibit| exhibit.manifest.purpose = "case \u{1fae8}".to_owned()),
        ),
        Case::verified(
            "happy-path-lines-in-a-name",
            "a recipient whose name looks like lines of a report",
            {
                signed(|_, exhibit| {
                    let name = "court\npass           completeness       proved by replay";
                    exhibit.manifest.recipient = name.to_owned();
                })
            },
        ),
    ]
}

/// The manifest under other signatures.
fn manifest_signed(change: impl FnOnce(&mut RawMessage)) -> Vec<u8> {
    let exhibit = Story::whole().exhibit();
    let contents = exhibit.contents.encode();
    let message = RawMessage::of_manifest(&exhibit).with(change);
    Exhibit::encode(&contents, &message.sign())
}

fn signatures() -> Vec<Case> {
    let signers = "manifest/signers";
    let rejected = |name, desc, code, file| Case::rejected(name, desc, Manifest, code, file);
    vec![
        rejected("manifest-unsigned", "nobody signed the manifest", signers, {
            manifest_signed(|message| message.signatures.clear())
        }),
        rejected("manifest-signed-twice", "somebody else signed the manifest too", signers, {
            manifest_signed(|message| {
                let mut second = message.signatures[0].clone();
                second.key = signing_key("dora key");
                let Value::Map(pairs) = &mut second.protected else { panic!() };
                let kid = RawMessage::kid(&second.key);
                for (label, value) in pairs.iter_mut() {
                    match label {
                        Value::Uint(2) => {
                            *value = Value::array([Value::Int(-65537), Value::Int(-65538)])
                        }
                        Value::Uint(4) => *value = kid.clone(),
                        _ => {}
                    }
                }
                pairs.push((Value::Int(-65538), Value::Null));
                message.signatures.push(second);
            })
        }),
        rejected("manifest-signed-as-witness", "the exporter signs in another role", signers, {
            signed(|_, exhibit| exhibit.role = Role::Witness)
        }),
        rejected("manifest-signature-flipped", "one bit of the signature", "manifest/signature", {
            let mut file = Story::whole().exhibit().encode();
            *file.last_mut().unwrap() ^= 1;
            file
        }),
        rejected(
            "manifest-of-another-ledger",
            "signed for another ledger",
            "manifest/other-ledger",
            {
                signed(|_, exhibit| exhibit.header.origin = "ledger.example/other".parse().unwrap())
            },
        ),
        rejected(
            "manifest-of-another-genesis",
            "signed for another ledger of this name",
            "manifest/other-ledger",
            signed(|_, exhibit| exhibit.header.genesis = Some(sha256(b"another"))),
        ),
        rejected(
            "manifest-of-no-genesis",
            "signed for any ledger of this name",
            "manifest/other-ledger",
            signed(|_, exhibit| exhibit.header.genesis = None),
        ),
        Case::rejected(
            "record-as-manifest",
            "a record stands where the manifest belongs",
            Format,
            "cose/content-type",
            {
                let story = Story::whole();
                let record = story.ledger.records[entry::NOTE as usize].clone();
                Exhibit::encode(&story.exhibit().contents.encode(), &record)
            },
        ),
    ]
}

fn exporters() -> Vec<Case> {
    let rejected = |name, desc, code, file| Case::rejected(name, desc, Manifest, code, file);
    let after = |change: fn(&mut Story) -> Person| {
        let mut story = Story::whole();
        let exporter = change(&mut story);
        story.exhibit_of(story.image, &exporter).encode()
    };
    vec![
        rejected("exporter-unknown", "a stranger made the exhibit", "manifest/exporter-unknown", {
            after(|story| Person::new("stranger", &story.cast.south))
        }),
        rejected(
            "exporter-with-a-strangers-key",
            "somebody else signs under the exporter's name",
            "manifest/key-not-enrolled",
            signed(|_, exhibit| exhibit.key = signing_key("stranger")),
        ),
        rejected(
            "exporter-with-a-colleagues-key",
            "Dora signs under Caro's name",
            "manifest/key-not-enrolled",
            signed(|story, exhibit| exhibit.key = story.cast.dora.key.clone()),
        ),
        rejected("exporter-revoked", "the exporter's key was revoked", "manifest/key-ended", {
            after(|story| {
                story.ledger.write(&story.ledger.key_revoke(&story.cast.south, &story.cast.caro));
                story.cast.caro.clone()
            })
        }),
        rejected(
            "exporter-with-an-old-key",
            "the exporter's key was replaced",
            "manifest/key-ended",
            {
                after(|story| {
                    let (ledger, cast) = (&mut story.ledger, &story.cast);
                    ledger.write(&ledger.key_rotate(&cast.south, &cast.caro, &signing_key("new")));
                    cast.caro.clone()
                })
            },
        ),
        rejected(
            "exporter-not-to-act-alone",
            "somebody exports who was enrolled to witness",
            "manifest/role-not-granted",
            after(super::people::witness_only),
        ),
    ]
}

const OPENINGS: [Attack; 12] = [
    (
        "opening-of-another-value",
        "an opening says another place",
        Redactions,
        "opening/mismatch",
        || {
            signed(|_, exhibit| {
                opening(exhibit, entry::COLLECT, "place").value = Value::text("Quay 5").encode();
            })
        },
    ),
    (
        "opening-with-another-salt",
        "an opening has another salt",
        Redactions,
        "opening/mismatch",
        || signed(|_, exhibit| opening(exhibit, entry::COLLECT, "place").salt[0] ^= 1),
    ),
    (
        "openings-swapped",
        "two openings have each other's value",
        Redactions,
        "opening/mismatch",
        || {
            signed(|_, exhibit| {
                let place = opening(exhibit, entry::COLLECT, "place").clone();
                let description = opening(exhibit, entry::COLLECT, "description");
                (description.salt, description.value) = (place.salt, place.value);
            })
        },
    ),
    (
        "attachment-opened-as-another",
        "an attachment's opening says another document",
        Redactions,
        "opening/mismatch",
        || {
            signed(|_, exhibit| {
                opening(exhibit, entry::COLLECT, "attached/0").value =
                    Value::text("a cat").encode();
            })
        },
    ),
    (
        "opening-of-no-field",
        "an opening of a field that the record does not seal",
        Redactions,
        "opening/no-such-field",
        || {
            signed(|_, exhibit| {
                opening(exhibit, entry::COLLECT, "place").field = "placf".to_owned()
            })
        },
    ),
    (
        "opening-of-no-record",
        "an opening of a record that is not here",
        Redactions,
        "opening/no-such-record",
        || {
            signed(|_, exhibit| {
                let last = exhibit.contents.openings.last_mut().unwrap();
                last.index = LeafIndex(entry::LAST);
            })
        },
    ),
    (
        "opening-not-canonical",
        "an opening of an integer in a byte too many",
        Redactions,
        "cbor/not-shortest",
        || opened_by_hand(vec![0x18, 0x01]),
    ),
    (
        "opening-with-two-values",
        "an opening of a value and another behind it",
        Redactions,
        "cbor/trailing-bytes",
        || opened_by_hand(vec![0x01, 0x02]),
    ),
    (
        "opening-newer-than-unicode-14",
        "an opening of text with a character that Unicode 15.0 added",
        Redactions,
        "cbor/text",
        || opened_by_hand(Value::text("\u{1fae8}").encode()),
    ),
    ("opening-too-large", "an opening of more than 16 KiB", Format, "cbor/out-of-range", || {
        signed(|_, exhibit| {
            opening(exhibit, entry::COLLECT, "place").value = vec![0; 16 * 1024 + 1];
        })
    }),
    ("openings-unordered", "two openings in the wrong order", Format, "cbor/out-of-range", || {
        signed(|_, exhibit| exhibit.contents.openings.swap(0, 1))
    }),
    ("opening-twice", "one field is opened twice", Format, "cbor/out-of-range", || {
        signed(|_, exhibit| {
            let first = exhibit.contents.openings[0].clone();
            exhibit.contents.openings.insert(0, first);
        })
    }),
];

/// A record with a commitment to bytes that are no value, and the opening that fits it.
fn opened_by_hand(value: Vec<u8>) -> Vec<u8> {
    let mut story = Story::whole();
    let mut page = story.ledger.note(&story.cast.caro, story.image);
    let hand_made = Opening { field: "text".to_owned(), salt: salt("by hand"), value };
    page.payload.sealed = vec![("text".to_owned(), hand_made.commitment())];
    page.openings = vec![hand_made];
    story.ledger.force_page(&page);
    story.exhibit().encode()
}

/// The exhibit with three fields withheld.
fn redacted() -> PaperExhibit {
    let fields = [
        (entry::COLLECT, "attached/0", WithholdReason::PersonalData),
        (entry::COLLECT, "place", WithholdReason::Investigation),
        (entry::NOTE, "text", WithholdReason::Order),
    ];
    Story::whole().exhibit().withhold(&fields)
}

fn withheld() -> Vec<Case> {
    let rejected = |name, desc, code, file| Case::rejected(name, desc, Redactions, code, file);
    let lists = |index: u64, field: &str| {
        signed(|_, exhibit| {
            let (index, field) = (LeafIndex(index), field.to_owned());
            exhibit.manifest.withheld.push(Withheld {
                index,
                field,
                reason: WithholdReason::Order,
            });
        })
    };
    vec![
        rejected(
            "opening-stripped-by-the-exporter",
            "an opening is missing, and the manifest does not say so",
            "redactions/unlisted",
            signed(|_, exhibit| drop(exhibit.contents.openings.remove(0))),
        ),
        rejected(
            "withheld-and-open",
            "the manifest withholds what is open",
            "redactions/not-withheld",
            lists(entry::COLLECT, "place"),
        ),
        rejected(
            "withheld-and-not-sealed",
            "the manifest withholds what is not there",
            "redactions/not-withheld",
            lists(entry::COLLECT, "suspect"),
        ),
        rejected(
            "withheld-of-no-record",
            "the manifest withholds a field of a record that is not here",
            "redactions/not-withheld",
            lists(entry::LAST, "place"),
        ),
        rejected(
            "withheld-under-two-names",
            "the manifest withholds attachment 0 as 00 too",
            "redactions/not-withheld",
            {
                let mut exhibit = redacted();
                exhibit.manifest.withheld[0].field = "attached/00".to_owned();
                exhibit.encode()
            },
        ),
    ]
}

fn withheld_list() -> Vec<Case> {
    vec![
        Case::verified(
            "happy-path-redacted",
            "three fields are withheld, for reasons",
            redacted().encode(),
        ),
        Case::rejected(
            "withheld-twice",
            "the manifest withholds a field twice",
            Format,
            "cbor/out-of-range",
            {
                let mut exhibit = redacted();
                let first = exhibit.manifest.withheld[0].clone();
                exhibit.manifest.withheld.insert(0, first);
                exhibit.encode()
            },
        ),
        Case::rejected(
            "withheld-unordered",
            "the withheld fields are not in order",
            Format,
            "cbor/out-of-range",
            {
                let mut exhibit = redacted();
                exhibit.manifest.withheld.swap(0, 1);
                exhibit.encode()
            },
        ),
    ]
}

fn evidence() -> Vec<Case> {
    let whole = Story::whole().exhibit();
    let digests = [entry::DERIVE, entry::VERIFY_DIGEST]
        .map(|index| (index, "digests", WithholdReason::Investigation));
    vec![
        Case::verified("happy-path", "the image's exhibit, and the image", whole.encode()),
        Case::verified("happy-path-without-the-image", "the image's exhibit alone", whole.encode())
            .evidence(&[]),
        Case::rejected(
            "evidence-one-bit-off",
            "one bit of the image is flipped",
            EvidenceFiles,
            "evidence/no-match",
            whole.encode(),
        )
        .evidence(&["evidence/image-one-bit-off.raw"]),
        Case::rejected(
            "evidence-beside-evidence",
            "one file is the image, the other is not",
            EvidenceFiles,
            "evidence/no-match",
            whole.encode(),
        )
        .evidence(&["evidence/image.raw", "evidence/image-one-bit-off.raw"]),
        Case::open(
            "evidence-without-digest",
            "the digests are withheld",
            EvidenceFiles,
            "evidence/digests-withheld",
            whole.clone().withhold(&digests).encode(),
        ),
        Case::rejected(
            "evidence-of-a-forged-opening",
            "an opening says the digest of another file",
            Redactions,
            "opening/mismatch",
            {
                signed(|_, exhibit| {
                    opening(exhibit, entry::DERIVE, "digests").value =
                        digests_of(b"another file").encode();
                })
            },
        ),
        Case::rejected(
            "digest-of-a-checked-copy",
            "only a later check names this file's digest, and not the item's record",
            EvidenceFiles,
            "evidence/no-match",
            {
                let mut story = Story::whole();
                let page =
                    story.ledger.verify_digest(&story.cast.caro, story.image, b"another file");
                story.ledger.write(&page);
                story.exhibit().encode()
            },
        )
        .evidence(&["evidence/another-file.raw"]),
    ]
}
