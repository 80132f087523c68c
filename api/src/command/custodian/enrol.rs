use std::path::PathBuf;

use custody_core::cose::Role;
use custody_core::id::SubjectId;
use custody_core::record::body::CustodianEnrol;
use serde_json::json;

use crate::act::{Act, random_id};
use crate::command::option::{Signing, sealed_text, signing_help};
use crate::failure::Failure;
use crate::key_file::read_public;
use crate::terminal::Answer;

pub const HELP: &str = concat!(
    "\
usage: custody custodian enrol --name NAME --public FILE --key AUTHORITY [options]

Enrol somebody who handles evidence for the agency whose authority key you use. They prove that they
have the key by signing too, here with --with-key or elsewhere with `custody accept`.

  --name NAME                 what they are called (sealed)
  --public FILE               their public key
  --roles ROLES               in which roles they may sign, with commas: releasing, receiving, witness,
                              supervisor, other-party, acting; releasing,receiving,witness,acting

",
    signing_help!(),
    "
example:
  $ custody custodian enrol --name 'Anna Berg' --public anna.pub --key police.key --out anna.offer
"
);

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    signing: Signing,
    #[arg(long, value_parser = sealed_text)]
    name: String,
    #[arg(long, value_name = "FILE")]
    public: PathBuf,
    #[arg(
        long,
        value_delimiter = ',',
        value_parser = parse_role,
        default_value = "releasing,receiving,witness,acting"
    )]
    roles: Vec<Role>,
}

pub fn run(args: &Args) -> Result<Answer, Failure> {
    let key = read_public(&args.public)?;
    let session = args.signing.session()?;
    let person = random_id()?;
    let roles = ordered(args.roles.clone());
    let facts = json!({
        "custodian": SubjectId::Custodian(person).to_string(),
        "thumbprint": key.kid().to_string(),
    });
    let body = CustodianEnrol { key, roles, agency: session.agency()? };
    let act = Act::enrol_custodian(person, body).sealing_text("name", Some(&args.name));
    let lines = vec![SubjectId::Custodian(person).to_string()];
    session.finish(act)?.answer(lines, facts, Some(session.desk()))
}

/// The roles in which people may sign, with their words.
pub const ROLES: [(&str, Role); 6] = [
    ("releasing", Role::Releasing),
    ("receiving", Role::Receiving),
    ("witness", Role::Witness),
    ("supervisor", Role::Supervisor),
    ("other-party", Role::OtherParty),
    ("acting", Role::Acting),
];

/// A role by its word.
pub fn parse_role(text: &str) -> Result<Role, String> {
    let known = ROLES.into_iter().find(|(word, _)| *word == text);
    known.map(|(_, role)| role).ok_or_else(|| {
        let words = ROLES.map(|(word, _)| word).join(", ");
        format!("expected some of: {words}")
    })
}

/// Roles in ascending order, each once, as SPEC has them.
pub fn ordered(mut roles: Vec<Role>) -> Vec<Role> {
    roles.sort();
    roles.dedup();
    roles
}
