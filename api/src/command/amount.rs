//! Amounts as people write them: a number, and the unit it is counted in.

use std::str::FromStr;

use custody_core::custody::ItemState;
use custody_core::id::{SubjectId, Uuid};
use custody_core::record::body::{Quantity, Unit};

use crate::failure::Failure;

/// `12`, or `12 piece`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Amount {
    /// How many.
    pub number: u64,
    unit: Option<Unit>,
}

impl FromStr for Amount {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
        let (digits, unit) = text.split_at(end);
        let number = digits.parse().map_err(|_| "expected a whole number, then its unit")?;
        let unit = match unit.trim_start() {
            "" => None,
            word => Some(word.parse().map_err(|error| format!("the unit `{word}`: {error}"))?),
        };
        Ok(Self { number, unit })
    }
}

impl Amount {
    /// Checks that the amount is counted in what the item is counted in, where a unit is stated.
    ///
    /// # Errors
    /// It is not: whoever typed `5 mg` did not mean 5 g.
    pub fn check_unit(self, item: Uuid, state: &ItemState) -> Result<(), Failure> {
        match (self.unit, state.quantity.map(|quantity| quantity.unit)) {
            (Some(stated), Some(known)) if stated != known => {
                let id = SubjectId::Item(item);
                let message = format!("{id} is counted in `{known}`, not in `{stated}`");
                Err(Failure::could_not("usage", message).hint("state the amount in that unit"))
            }
            _ => Ok(()),
        }
    }
}

/// Reads the quantity of a new item, which has a unit.
///
/// # Errors
/// It has none, or is not a number.
pub fn parse_quantity(text: &str) -> Result<Quantity, String> {
    let Amount { number, unit } = text.parse()?;
    match unit {
        Some(unit) => Ok(Quantity { amount: number, unit }),
        None => {
            let units: Vec<_> = Unit::ALL.iter().map(|unit| unit.word()).collect();
            Err(format!("its unit is missing, one of: {}", units.join(", ")))
        }
    }
}

/// A quantity in words.
pub fn quantity_text(quantity: Quantity) -> String {
    format!("{} {}", quantity.amount, quantity.unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read_with_and_without_unit() {
        let read = |text: &str| text.parse::<Amount>().map(|amount| (amount.number, amount.unit));
        assert_eq!(read("12"), Ok((12, None)));
        assert_eq!(read("12 piece"), Ok((12, Some(Unit::Piece))));
        assert_eq!(read("250mg"), Ok((250, Some(Unit::Mg))));
        for wrong in ["", "piece", "-3", "1.5 g", "12 stone", "99999999999999999999 g"] {
            assert!(wrong.parse::<Amount>().is_err(), "{wrong}");
        }
        assert!(parse_quantity("12").is_err_and(|error| error.contains("piece, mg")));
    }
}
