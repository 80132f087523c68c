//! Items that nothing happens to: they make the ledger large enough for full and partial tiles.

use custody_core::cose::{Check, Observed};
use custody_core::record::body::{ItemKind, MovePurpose, Seal, SealKind};

use super::cast::Cast;
use super::stage::Stage;
use crate::act::{Act, Parties, random_id};
use crate::failure::Failure;

/// How many: with three records each and the story, more than 300 entries, so one full tile of 256 and
/// the beginning of another.
const ITEMS: usize = 96;

pub fn fill(stage: &mut Stage, cast: &Cast) -> Result<(), Failure> {
    let (officer, keeper) = (&cast.officer, &cast.keeper);
    let found = Observed { checked: vec![Check::Count, Check::Seal], outcomes: Vec::new() };
    for number in 1..=ITEMS {
        let item = random_id()?;
        let act = Act::collect(item, officer.id, ItemKind::Physical, &[])
            .sealing_text("description", Some(&format!("mobile telephone {number}")))
            .sealing_text("place", Some("storage box in the cellar"));
        stage.play(1, act, &[&officer.pair.key])?;
        let act = Act::alone(Seal { kind: SealKind::Bag }, &[item], officer.id)
            .sealing_number(&format!("NL-3{number:05}"));
        stage.play(1, act, &[&officer.pair.key])?;
        let parties = Parties { from: officer.id, to: keeper.id };
        let act = Act::handoff(&[item], parties, MovePurpose::Storage);
        stage.play_observed(1, act, &[&officer.pair.key, &keeper.pair.key], &found)?;
    }
    Ok(())
}
