//! The records themselves: signatures, keys, rules.

use crate::checkpoint::Checkpoint;
use crate::custody::{RuleViolation, apply};
use crate::exhibit::Placed;
use crate::hash::Hash;
use crate::id::Origin;
use crate::record::body::Body;
use crate::record::{Payload, RecordError, Sides};
use crate::verify::error_text;
use crate::verify::exhibit::Check;
use crate::verify::report::{Line, LineId};
use crate::verify::signing::signing_keys;

/// Why a record stops the replay of an exhibit.
enum Stop {
    Record(RecordError),
    Seen { size: u64, index: u64 },
    SeenRoot { size: u64 },
    Rule(RuleViolation),
}

impl Check<'_> {
    /// Replays the records in the order of the log, on the subjects whose history is here.
    pub(super) fn check_history(&mut self) {
        let Some(genesis) = self.genesis else {
            let text = "entry 0 is missing: nothing says who founded the ledger";
            return self.fail(LineId::CustodyRules, "custody/genesis-place", text);
        };
        let Ok(origin) = self.contents.checkpoint.origin().as_str().parse::<Origin>() else {
            let text = "the checkpoint's origin is not one a ledger can have";
            return self.fail(LineId::Signatures, "id/origin", text);
        };
        let mut signatures = 0;
        for placed in &self.contents.records {
            signatures += placed.record.message().signatures().len();
            if let Err(stop) = self.replay_record(placed, &origin, &genesis) {
                return self.report_stop(placed, &stop);
            }
        }
        self.is_whole = true;
        self.pass(LineId::Signatures, format!("all {signatures} signatures verify"));
        self.pass(LineId::KeyStanding, "every key was enrolled and in use when it signed");
        self.pass(LineId::CustodyRules, "every rule of custody holds");
        self.check_both_sides();
    }

    fn replay_record(
        &mut self,
        placed: &Placed,
        origin: &Origin,
        genesis: &Hash,
    ) -> Result<(), Stop> {
        let record = &placed.record;
        record.verify_ledger(origin, genesis).map_err(Stop::Record)?;
        record.verify_signatures(|kid| self.book.key(kid)).map_err(Stop::Record)?;
        self.check_seen(placed)?;
        let applied = apply(&self.book, record, placed.index).map_err(Stop::Rule)?;
        self.book.absorb(applied);
        Ok(())
    }

    /// A record cannot have seen a tree that holds it, nor another tree of a size that is known here.
    fn check_seen(&self, placed: &Placed) -> Result<(), Stop> {
        let Some(seen) = &placed.record.payload().seen else { return Ok(()) };
        let size = seen.size.0;
        if size > placed.index.0 {
            return Err(Stop::Seen { size, index: placed.index.0 });
        }
        let contradicts = |other: &Checkpoint| {
            let head = other.tree_head();
            other.origin() == self.contents.checkpoint.origin()
                && head.size == seen.size
                && head.root != seen.root
        };
        // A file of the reader's that nobody signed says nothing about the exhibit.
        let mut others = self.inputs.checkpoints.iter().zip(&self.others);
        match others.any(|(other, verified)| contradicts(other) && verified.is_ok()) {
            false => Ok(()),
            true => Err(Stop::SeenRoot { size }),
        }
    }

    fn report_stop(&mut self, placed: &Placed, stop: &Stop) {
        let entry = placed.index.0;
        let (id, code, text) = match stop {
            Stop::Record(error) => (LineId::Signatures, error.code(), error_text(error)),
            Stop::Rule(rule) if rule.is_key_standing() => {
                (LineId::KeyStanding, rule.code(), error_text(rule))
            }
            Stop::Rule(rule) => (LineId::CustodyRules, rule.code(), error_text(rule)),
            Stop::Seen { size, index } => {
                let text = format!("claims to have seen size {size} from entry {index}");
                (LineId::CustodyRules, "seen/future", text)
            }
            Stop::SeenRoot { size } => {
                let text = format!("saw another tree of size {size} than the checkpoint given");
                (LineId::CustodyRules, "seen/unknown-head", text)
            }
        };
        self.fail(id, code, format!("entry {entry}: {text}"));
        let open =
            [LineId::Signatures, LineId::KeyStanding, LineId::CustodyRules, LineId::BothSides];
        for open in open.into_iter().filter(|open| *open != id) {
            let text = format!("the history stops making sense at entry {entry}");
            self.not_checked(open, "history/stopped", text);
        }
    }

    /// A signature of a key that others may have had counts only where enough witnesses saw the record before.
    pub(super) fn check_compromised(&mut self) {
        let compromised = self.book.compromised_keys();
        if compromised.is_empty() {
            return;
        }
        for placed in &self.contents.records {
            for kid in signing_keys(&placed.record) {
                let since = compromised.get(&kid).copied();
                if let Some(since_s) = since.filter(|since| !self.was_witnessed(placed, *since)) {
                    let text = format!(
                        "entry {}: key {kid} may have been in other hands since {}, and too few witnesses saw the record before",
                        placed.index.0,
                        crate::verify::utc_text(since_s)
                    );
                    return self.not_checked(LineId::KeyStanding, "key-standing/compromised", text);
                }
            }
        }
    }

    /// Whether the witnesses who cosigned a tree with this record before `since_s` meet the quorum by
    /// themselves, and are one at least.
    fn was_witnessed(&self, placed: &Placed, since_s: u64) -> bool {
        let mut saw = vec![false; self.inputs.policy.witnesses().len()];
        for seen in self.witnessed.iter().filter(|seen| seen.size.0 > placed.index.0) {
            for (saw, time_s) in saw.iter_mut().zip(&seen.times_s) {
                *saw |= time_s.is_some_and(|time_s| time_s < since_s);
            }
        }
        saw.contains(&true) && self.inputs.policy.quorum().evaluate(&saw).satisfied
    }

    fn check_both_sides(&mut self) {
        let id = LineId::BothSides;
        let records = self.history(false);
        let count = |is: fn(&Payload) -> bool| {
            records.iter().filter(|placed| is(placed.record.payload())).count()
        };
        let handoffs = count(|payload| payload.sides() == Some(Sides::Both));
        let releases = count(|payload| matches!(payload.body, Body::Release(_)));
        let receipts = count(|payload| matches!(payload.body, Body::Receive(_)));
        let one_sided: Vec<_> = records.iter().filter_map(|placed| one_sided(placed)).collect();
        let text = format!(
            "{handoffs} handoffs signed by both sides; {receipts} of {releases} releases received"
        );
        let line = match (handoffs + releases, one_sided.as_slice()) {
            (0, []) => Line::not_applicable(id, "the item was never handed over"),
            (_, []) => Line::pass(id, text),
            (_, rows) => Line::pass(id, format!("{text}; one side only: {}", rows.join(", ")))
                .with_code("handoffs/one-side-only"),
        };
        self.report.add(line.required());
    }
}

/// Why only one side of a move signed.
fn one_sided(placed: &Placed) -> Option<String> {
    let payload = placed.record.payload();
    let why = match &payload.body {
        Body::HandoffExternal(body) => format!("{}, {}", body.party, body.stand_in),
        Body::ReturnToOwner(body) => format!("owner, {}", body.stand_in),
        Body::Succession(body) => format!("the agency signed, {}", body.reason),
        _ => return None,
    };
    let is_one_sided = payload.sides() == Some(Sides::One);
    is_one_sided.then(|| format!("entry {} ({why})", placed.index.0))
}
