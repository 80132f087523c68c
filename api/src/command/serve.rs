use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use custody_log::LedgerOptions;
use serde_json::json;
use tracing_subscriber::EnvFilter;

use super::option::{DirectoryOption, PassphraseOptions, directory_help};
use crate::desk::{open_ledger, reader};
use crate::failure::Failure;
use crate::log_key_files::LogKeyFiles;
use crate::server::certificate::CertificateEnd;
use crate::server::setting::{Setting, Tls};
use crate::server::witness::{Silent, Witnesses};
use crate::server::{Server, check_tls};
use crate::terminal::{Answer, talk};

pub const HELP: &str = concat!(
    "\
usage: custody serve [options]

Serve a ledger over HTTP: to programs under /v1, as C2SP tlog-tiles at the root, and as pages. It
listens on this machine alone unless a configuration says otherwise, and stops on SIGTERM when what
it has begun is done. Log lines go to stderr, as JSON; RUST_LOG chooses which.

  --config FILE               configuration, TOML; docs/OPERATING.md has all keys with their defaults
  --listen ADDRESS            address and port to listen at, 127.0.0.1:8344 if nothing says otherwise
  --check                     look whether configuration and ledger can be used; serve and change nothing
",
    directory_help!(),
    "  --passphrase-file FILE      passphrase of the log's keys (or CUSTODY_PASSPHRASE_FILE); else you are asked
  --log-passphrase-file FILE  the same, if another (or CUSTODY_LOG_PASSPHRASE_FILE)

example:
  $ custody serve --ledger ledger
"
);

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    ledger: DirectoryOption,
    #[command(flatten)]
    passphrase: PassphraseOptions,
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<SocketAddr>,
    #[arg(long)]
    check: bool,
}

pub fn run(args: &Args) -> Result<Answer, Failure> {
    let mut setting = args.config.as_deref().map(Setting::read).transpose()?.unwrap_or_default();
    setting.listen = args.listen.unwrap_or(setting.listen);
    setting.check()?;
    if let Some(tls) = &setting.tls {
        check_tls(tls)?;
    }
    let path = args.ledger.path()?;
    if args.check {
        return check(&path, args, &setting);
    }
    let ledger = open_ledger(&path, &args.passphrase.of_log())?;
    let origin = ledger.origin().to_string();
    let witnesses = Witnesses::new(&setting.witnesses)?;
    start_log();
    // A snapshot of the whole machine fools its own mark; whoever has cosigned something newer is not fooled.
    for silent in witnesses.check(&ledger.reader()?)? {
        tracing::warn!(witness = silent.name, code = silent.code, "no answer");
    }
    let scheme = if setting.tls.is_some() { "https" } else { "http" };
    let server = Server::bind((ledger, witnesses), &path, setting)?;
    let address = server.address();
    talk(&format!("serving {origin} at {scheme}://{address}"));
    server.run()?;
    let lines = vec![format!("stopped serving {origin}")];
    Ok(Answer::done(lines, json!({ "origin": origin, "listened": address.to_string() })))
}

/// Looks whether the ledger can be served, and changes nothing of it: what a crash left behind may be evidence.
fn check(path: &Path, args: &Args, setting: &Setting) -> Result<Answer, Failure> {
    let certificate = setting.tls.as_ref().map(checked_certificate).transpose()?;
    let reader = reader(path)?;
    LedgerOptions::new(path).check_takes_records()?;
    let keys = LogKeyFiles::of(path).read(&args.passphrase.of_log())?;
    reader.check_log_keys(&keys)?;
    let silent = Witnesses::new(&setting.witnesses)?.check(&reader)?;
    let (origin, size) = (reader.origin().to_string(), reader.head().size.0);
    let mut lines = vec![
        format!("configuration and ledger can be used: {origin}, {size} entries"),
        format!("it would listen at {}", setting.listen),
    ];
    lines.extend(certificate.map(|end| format!("the certificate ends {end}")));
    lines.extend(silent.iter().map(|silent| {
        let Silent { name, code } = silent;
        format!("the witness {name} did not say what it knows of the ledger: {code}")
    }));
    let facts = json!({
        "origin": origin,
        "size": size,
        "listen": setting.listen.to_string(),
        "certificate_ends": certificate.map(|end| end.text()),
        "silent_witnesses": silent.iter().map(|silent| &silent.name).collect::<Vec<_>>(),
    });
    Ok(Answer::done(lines, facts))
}

fn checked_certificate(tls: &Tls) -> Result<CertificateEnd, Failure> {
    let end = CertificateEnd::read(tls)?;
    end.check(tls)?;
    Ok(end)
}

/// Lines for programs, on stderr.
pub fn start_log() {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    // A line that cannot be written is lost, and nothing else: reporting that would end the task that had it to say, and
    // where whoever reads the log has gone away, one of them is the task that stops the server.
    let lines = tracing_subscriber::fmt().json().log_internal_errors(false).with_env_filter(filter);
    // Who embeds this program has their own.
    let _ = lines.with_writer(std::io::stderr).try_init();
}
