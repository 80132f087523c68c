use std::collections::HashMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use custody_core::hash::Hash;
use custody_core::id::{SubjectId, Uuid};

use super::fault::TableError;

/// The first line of the file.
const HEAD: &str = "custody import ids v1";

/// The ids that the items of a table have: fixed before the first is recorded, so that an import that was broken off
/// can be run again and nothing is recorded twice.
///
/// Beside the table, in `TABLE.ids`. One that was made for another state of the table, for another ledger or by
/// somebody else does not serve.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ids {
    /// SHA-256 of the table.
    pub table: Hash,
    /// SHA-256 of the ledger's entry 0.
    pub genesis: Hash,
    /// Who imports.
    pub holder: Uuid,
    /// Line and id of each row, in the table's order.
    pub items: Vec<(u64, Uuid)>,
}

/// Where the ids of the table in `path` are.
pub fn ids_path(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".ids");
    PathBuf::from(name)
}

impl Ids {
    /// Most bytes of the file: 20,000 rows with a line of 55 bytes, and the head.
    pub const MAX_FILE: u64 = 2 << 20;

    /// The file's text.
    pub fn format(&self) -> String {
        let holder = SubjectId::Custodian(self.holder);
        let mut text =
            format!("{HEAD}\ntable {}\nledger {}\nholder {holder}\n", self.table, self.genesis);
        for (line, item) in &self.items {
            // Writing to a string does not fail.
            let _ = writeln!(text, "{line} {}", SubjectId::Item(*item));
        }
        text
    }

    /// Reads the file.
    ///
    /// # Errors
    /// [`TableError::Ids`]: a line is not as [`Ids::format`] writes it.
    pub fn parse(bytes: &[u8]) -> Result<Self, TableError> {
        let text = std::str::from_utf8(bytes).map_err(|_| TableError::Ids { line: 1 })?;
        let mut lines = text.lines().enumerate().map(|(position, line)| (position + 1, line));
        let mut next = |prefix: &str, number: usize| {
            let line = lines.next().and_then(|(_, line)| line.strip_prefix(prefix));
            line.map(str::to_owned).ok_or(TableError::Ids { line: number })
        };
        next(HEAD, 1)?;
        let digest = |text: String, line| Hash::from_hex(&text).ok_or(TableError::Ids { line });
        let table = digest(next("table ", 2)?, 2)?;
        let genesis = digest(next("ledger ", 3)?, 3)?;
        let holder = next("holder custodian:", 4)?.parse();
        let holder = holder.map_err(|_| TableError::Ids { line: 4 })?;
        let items = lines.map(|(number, line)| {
            let pair = line
                .split_once(" item:")
                .and_then(|(line, id)| Some((line.parse::<u64>().ok()?, id.parse::<Uuid>().ok()?)));
            pair.ok_or(TableError::Ids { line: number })
        });
        let items = items.collect::<Result<Vec<_>, _>>()?;
        Ok(Self { table, genesis, holder, items })
    }

    /// The id of each of these rows.
    ///
    /// # Errors
    /// [`TableError::OtherIds`]: they are not the rows, the ledger or the person of this file.
    pub fn of(&self, wanted: &Self) -> Result<HashMap<u64, Uuid>, TableError> {
        let lines = |ids: &Self| ids.items.iter().map(|(line, _)| *line).collect::<Vec<_>>();
        let to = match self {
            Self { genesis, .. } if *genesis != wanted.genesis => "an import into another ledger",
            Self { holder, .. } if *holder != wanted.holder => "somebody else's import",
            Self { table, .. } if *table != wanted.table || lines(self) != lines(wanted) => {
                "the table as it was before it was changed"
            }
            _ => return Ok(self.items.iter().copied().collect()),
        };
        Err(TableError::OtherIds { to })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back_and_every_line_counts() {
        let id = |byte| Uuid::from_random([byte; 16]);
        let (table, genesis) = (Hash::new([1; 32]), Hash::new([2; 32]));
        let ids = Ids { table, genesis, holder: id(3), items: vec![(2, id(4)), (5, id(5))] };
        let text = ids.format();
        assert_eq!(Ids::parse(text.as_bytes()), Ok(ids.clone()));
        for line in 0..6 {
            let lines: Vec<_> = text.lines().collect();
            let spoiled: Vec<_> = lines
                .iter()
                .enumerate()
                .map(|(at, text)| if at == line { "x" } else { text })
                .collect();
            let error = Ids::parse(spoiled.join("\n").as_bytes()).unwrap_err();
            assert_eq!((error.code(), error), ("table/ids", TableError::Ids { line: line + 1 }));
        }
        for other in [
            Ids { table: Hash::new([9; 32]), ..ids.clone() },
            Ids { genesis: Hash::new([9; 32]), ..ids.clone() },
            Ids { holder: id(9), ..ids.clone() },
        ] {
            assert_eq!(ids.of(&other).unwrap_err().code(), "table/other-ids");
        }
        assert_eq!(ids.of(&ids).unwrap().len(), 2);
    }
}
