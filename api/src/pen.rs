//! Pens: the keys at hand, and whose signature each of them makes.

use std::path::{Path, PathBuf};

use custody_core::cose::{Observed, Role};
use custody_core::custody::Standing;
use custody_core::key::{CoseKey, Kid};
use custody_core::record::Signer;
use ed25519_dalek::SigningKey;

use crate::act::Proposal;
use crate::desk::{Desk, now_s};
use crate::failure::Failure;
use crate::key_file::{KeyKind, read_private};
use crate::passphrase::PassphraseSource;

/// A private key that was opened.
#[derive(Clone)]
pub struct Pen {
    key: SigningKey,
    public: CoseKey,
    path: PathBuf,
}

impl Pen {
    /// Opens a key file.
    ///
    /// # Errors
    /// The file is no key file, or the passphrase is wrong.
    pub fn open(path: &Path, source: &PassphraseSource) -> Result<Self, Failure> {
        let what = format!("`{}`", path.display());
        let ask = || Ok::<_, Failure>(source.existing(&what)?);
        let key = read_private(path, KeyKind::Ed25519, ask)?.signing_key();
        let public = CoseKey::from_bytes(key.verifying_key().as_bytes())?;
        Ok(Self { key, public, path: path.to_owned() })
    }

    /// The private key.
    pub fn key(&self) -> &SigningKey {
        &self.key
    }

    /// The public half.
    pub fn public(&self) -> &CoseKey {
        &self.public
    }

    /// The key's thumbprint.
    pub fn kid(&self) -> Kid {
        self.public.kid()
    }

    /// The file it came from.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// Signs for as many signers as pens are at hand, in the order that the record demands. What the
/// receiver found is written with the receiver's signature.
///
/// # Errors
/// A signature cannot be made.
pub fn sign_in_turn(
    proposal: &mut Proposal,
    pens: &[Pen],
    desk: Option<&Desk>,
    observed: &Observed,
) -> Result<usize, Failure> {
    let mut count = 0;
    while let Some(signer) = proposal.next_signer().cloned() {
        let Some(pen) = find_pen(proposal, &signer, pens, desk)? else { break };
        let found =
            if signer.role == Role::Receiving { observed.clone() } else { Observed::default() };
        proposal.sign(&pen.key, now_s(), found)?;
        count += 1;
    }
    Ok(count)
}

/// The key that makes the next signature, if it is at hand: a key that the record itself brings, or one
/// that the ledger has for the signer. Without a ledger, the only key at hand is believed to be it.
fn find_pen<'p>(
    proposal: &Proposal,
    signer: &Signer,
    pens: &'p [Pen],
    desk: Option<&Desk>,
) -> Result<Option<&'p Pen>, Failure> {
    if let Some(kid) = brought_key(proposal, signer) {
        return Ok(pens.iter().find(|pen| pen.kid() == kid));
    }
    let Some(desk) = desk else { return Ok(pens.first().filter(|_| pens.len() == 1)) };
    let keys = match desk.subject(&signer.id)?.standing {
        Standing::Agency(agency) => agency.keys,
        Standing::Custodian(person) => person.keys,
        Standing::Ledger(ledger) => {
            return Ok(pens.iter().find(|pen| pen.kid() == ledger.operator.kid()));
        }
        _ => Vec::new(),
    };
    let in_use =
        |pen: &&Pen| keys.iter().any(|key| key.end.is_none() && key.key.kid() == pen.kid());
    Ok(pens.iter().find(in_use))
}

/// The key that the record brings for this signature, if it brings one: they sign in the body's order.
fn brought_key(proposal: &Proposal, signer: &Signer) -> Option<Kid> {
    let payload = proposal.payload();
    let enrolled = payload.body.enrolled_keys();
    let is_brought = |signer: &&Signer| {
        signer.role == Role::NewKey
            || matches!(payload.body, custody_core::record::body::Body::LedgerOpen(_))
    };
    let before = payload.signers.iter().take(proposal.signed()).filter(is_brought).count();
    is_brought(&signer).then(|| enrolled.get(before).map(|key| key.kid())).flatten()
}
