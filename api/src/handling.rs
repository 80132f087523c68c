//! Handling codes: whether an exhibit may be given to somebody while a code is in force.
//!
//! The codes ride in the exhibit by themselves; here is what they say to whoever is about to make one. What a
//! national marking means we do not know: it is pointed at, and stops nothing.

use custody_core::custody::Permission;
use custody_core::hash::Hash;
use custody_core::id::Uuid;
use custody_core::record::body::{HandlingCode, OnwardUse};

/// Who is to get an exhibit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recipient {
    /// Somebody of the exporter's own agency.
    OwnAgency,
    /// Another agency of the ledger.
    Agency(Uuid),
    /// A court.
    Court,
    /// The prosecution.
    Prosecution,
    /// The defence.
    Defence,
    /// An oversight body.
    Oversight,
    /// Anybody.
    Public,
    /// Nobody said who: whatever stops anybody stops this.
    Unstated,
}

impl Recipient {
    /// The words of all but another agency, which is named by its id, and of nobody said who.
    pub const WORDS: [(&'static str, Self); 6] = [
        ("own-agency", Self::OwnAgency),
        ("court", Self::Court),
        ("prosecution", Self::Prosecution),
        ("defence", Self::Defence),
        ("oversight", Self::Oversight),
        ("public", Self::Public),
    ];

    /// The recipient of that word.
    pub fn from_word(text: &str) -> Option<Self> {
        let known = Self::WORDS.into_iter().find(|(word, _)| *word == text);
        known.map(|(_, recipient)| recipient)
    }
}

/// What a code says to giving an exhibit to somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing against it.
    Free,
    /// We do not know: a person reads it.
    Flagged,
    /// Not without the permission of the agency that set the code.
    Stopped,
}

/// What `code`, set by `setter`, says to giving an exhibit to `recipient`. The table of OPERATING, "Handling codes".
pub fn judge(code: &HandlingCode, setter: Uuid, recipient: Recipient) -> Verdict {
    use Recipient::{Court, Defence, OwnAgency, Prosecution, Public, Unstated};
    // What goes back to where the code comes from is known there.
    if recipient == Recipient::Agency(setter) {
        return Verdict::Free;
    }
    let is_stopped = match code.as_str() {
        "H0" | "TLP:CLEAR" => false,
        "H1" => matches!(recipient, Court | Prosecution | Defence | Unstated),
        "H2" | "H3" | "TLP:AMBER" | "TLP:AMBER+STRICT" => recipient != OwnAgency,
        "TLP:GREEN" => matches!(recipient, Public | Unstated),
        "TLP:RED" => true,
        _ => return Verdict::Flagged,
    };
    if is_stopped { Verdict::Stopped } else { Verdict::Free }
}

/// The use that a permission must be for, so that `recipient` may have the exhibit; `None` where nobody said who
/// that is.
pub fn use_by(recipient: Recipient) -> Option<OnwardUse> {
    match recipient {
        Recipient::Court | Recipient::Prosecution | Recipient::Defence => Some(OnwardUse::Evidence),
        Recipient::OwnAgency | Recipient::Agency(_) | Recipient::Oversight => {
            Some(OnwardUse::Dissemination)
        }
        Recipient::Public => Some(OnwardUse::Publication),
        Recipient::Unstated => None,
    }
}

/// Those of `known` that are named and let `recipient` have what `setter` has marked.
pub fn permitted<'p>(
    known: &'p [Permission],
    named: &[Hash],
    setter: Uuid,
    recipient: Recipient,
) -> impl Iterator<Item = &'p Permission> {
    known.iter().filter(move |permission| {
        named.contains(&permission.record)
            && permission.agency == setter
            && Some(permission.usage) == use_by(recipient)
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn setter() -> Uuid {
        Uuid::from_random([1; 16])
    }

    fn other() -> Uuid {
        Uuid::from_random([2; 16])
    }

    /// One row for each code, in the order of the table in OPERATING.
    #[test]
    fn every_code_and_every_recipient() {
        use Recipient::{Agency, Court, Defence, Oversight, OwnAgency, Prosecution, Public};
        let recipients =
            [OwnAgency, Agency(other()), Court, Prosecution, Defence, Oversight, Public];
        let rows = [
            ("H0", "......."),
            ("H1", "..XXX.."),
            ("H2", ".XXXXXX"),
            ("H3", ".XXXXXX"),
            ("TLP:CLEAR", "......."),
            ("TLP:GREEN", "......X"),
            ("TLP:AMBER", ".XXXXXX"),
            ("TLP:AMBER+STRICT", ".XXXXXX"),
            ("TLP:RED", "XXXXXXX"),
            ("DE:VS-NfD", "???????"),
        ];
        for (code, expected) in rows {
            let code = code.parse().unwrap();
            let sign = |recipient| match judge(&code, setter(), recipient) {
                Verdict::Free => '.',
                Verdict::Flagged => '?',
                Verdict::Stopped => 'X',
            };
            let found: String = recipients.into_iter().map(sign).collect();
            assert_eq!(found, expected, "{code}");
            let is_free = !expected.contains('X');
            let is_stopped = sign(Recipient::Unstated) == 'X';
            assert_eq!(is_stopped, !is_free, "{code}: nobody said who gets it");
            assert_eq!(judge(&code, setter(), Agency(setter())), Verdict::Free, "{code}: back");
        }
    }

    #[test]
    fn a_permission_is_of_who_set_the_code_and_for_the_use() {
        let permission = |agency, usage| {
            let record = Hash::new([7; 32]);
            [Permission { record, agency, usage, to: None }]
        };
        let asks = |known: &[Permission], named: &[Hash], recipient| {
            permitted(known, named, setter(), recipient).next().is_some()
        };
        let named = [Hash::new([7; 32])];
        let known = permission(setter(), OnwardUse::Evidence);
        assert!(asks(&known, &named, Recipient::Court));
        assert!(!asks(&known, &[], Recipient::Court), "not named");
        assert!(!asks(&known, &named, Recipient::Public), "another use");
        assert!(!asks(&known, &named, Recipient::Unstated), "nobody said who");
        let others = permission(other(), OnwardUse::Evidence);
        assert!(!asks(&others, &named, Recipient::Court), "of another agency");
        let transfer = permission(setter(), OnwardUse::Transfer);
        assert!(!asks(&transfer, &named, Recipient::Agency(other())), "a transfer is no export");
    }
}
