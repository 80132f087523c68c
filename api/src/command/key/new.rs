use std::fs;
use std::path::{Path, PathBuf};

use custody_core::key::CoseKey;
use serde_json::json;

use crate::command::option::PassphraseOption;
use crate::failure::Failure;
use crate::file::{self, Access};
use crate::key_file::{KeyKind, Seed, encode_public};
use crate::terminal::Answer;

pub const HELP: &str = "\
usage: custody key new --out FILE [options]

Make a key. FILE holds the private key, encrypted with a passphrase (PKCS#8, scrypt and AES-256), for
your eyes only. Beside it, with the ending .pub, lies the public key, to be handed to your agency.

  --out FILE                  where the private key goes; never over another file
  --passphrase-file FILE      take the passphrase from there (or CUSTODY_PASSPHRASE_FILE); else you are
                              asked twice

example:
  $ custody key new --out anna.key
";

#[derive(Debug, clap::Args)]
pub struct Args {
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    #[command(flatten)]
    passphrase: PassphraseOption,
}

pub fn run(args: &Args) -> Result<Answer, Failure> {
    let public_path = public_path(&args.out)?;
    file::check_absent(&args.out)?;
    file::check_absent(&public_path)?;
    let passphrase = args.passphrase.of_people().fresh(&format!("`{}`", args.out.display()))?;
    let seed = Seed::random(KeyKind::Ed25519)?;
    let key = CoseKey::from_bytes(seed.signing_key().verifying_key().as_bytes())?;
    write_pair(&args.out, &seed.encode_private(&passphrase)?, &encode_public(&key)?)?;
    let lines = vec![
        format!("key         {}", args.out.display()),
        format!("public      {}", public_path.display()),
        format!("thumbprint  {}", key.kid()),
    ];
    let facts = json!({
        "key": args.out.display().to_string(),
        "public": public_path.display().to_string(),
        "thumbprint": key.kid().to_string(),
    });
    Ok(Answer::done(lines, facts))
}

fn public_path(path: &Path) -> Result<PathBuf, Failure> {
    let public = path.with_extension("pub");
    match public == path {
        true => {
            let message = format!("`{}` ends in .pub, as public keys do", path.display());
            Err(Failure::could_not("usage", message).hint("choose a name like `anna.key`"))
        }
        false => Ok(public),
    }
}

/// Writes both files or neither.
fn write_pair(path: &Path, private: &str, public: &str) -> Result<(), Failure> {
    file::create(path, private.as_bytes(), Access::Owner)?;
    file::create(&path.with_extension("pub"), public.as_bytes(), Access::Shared).map_err(|error| {
        // A key whose public half nobody has is of no use; the first error is the one to tell.
        let _ = fs::remove_file(path);
        error.into()
    })
}
