//! What lies beside the ledger: trust policy, pins, a receipt, the static files, the openings, how it is served.

use std::path::Path;

use custody_core::id::{SubjectId, Uuid};
use custody_core::merkle::LeafIndex;
use custody_core::policy::Policy;
use serde_json::{Value, json};

use crate::command::receipt;
use crate::desk::{self, Desk};
use crate::failure::Failure;
use crate::file::{self, Access};
use crate::history::value_text;
use crate::ledger_keys::{log_keys, pins};

pub fn leave(desk: &Desk, dir: &Path, receipt_of: LeafIndex) -> Result<(), Failure> {
    let create = |name: &str, bytes: &[u8]| file::create(&dir.join(name), bytes, Access::Shared);
    let policy = Policy::for_log(log_keys(desk)?, Vec::new(), None)?;
    create("policy.txt", &policy.format())?;
    create("agencies.txt", pins(desk)?.to_string().as_bytes())?;
    create("openings.json", format!("{:#}\n", openings(desk)?).as_bytes())?;
    receipt::write(desk, receipt_of, &dir.join("receipt"))?;
    desk::reader(&dir.join("ledger"))?.publish(&dir.join("tiles"), &|_| {})?;
    Ok(())
}

/// How `custody serve` serves it: as everything else does, and with somebody who sees the overseer's figures.
pub fn configure(dir: &Path, overseer: Uuid) -> Result<(), Failure> {
    let id = SubjectId::Custodian(overseer);
    let text = format!(
        "# How `custody serve` serves the demo. All keys with their defaults: docs/OPERATING.md.\n\n\
         # Sees the figures, and everything else that was not erased: Noor Bakker, `keys/supervisor.key`.\n\
         overseers = [\"{id}\"]\n"
    );
    Ok(file::create(&dir.join("serve.toml"), text.as_bytes(), Access::Shared)?)
}

/// Every opening in the ledger: `[{entry, record, field, salt, value, text}]`, bytes in hexadecimal.
fn openings(desk: &Desk) -> Result<Value, Failure> {
    let mut list = Vec::new();
    for index in 0..desk.head().size.0 {
        let record = desk.logged(LeafIndex(index))?.entry.record;
        for opening in desk.openings(&record)? {
            list.push(json!({
                "entry": index,
                "record": record.to_string(),
                "field": opening.field,
                "salt": hex(&opening.salt),
                "value": hex(&opening.value),
                "text": value_text(&opening),
            }));
        }
    }
    Ok(Value::Array(list))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
