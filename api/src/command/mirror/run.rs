use std::net::SocketAddr;
use std::path::PathBuf;

use custody_log::Progress;
use custody_log::mirror::Followed;
use serde_json::json;

use crate::command::option::{PassphraseOption, environment};
use crate::command::serve::start_log;
use crate::failure::Failure;
use crate::mirror::home::Home;
use crate::mirror::{MirrorServer, MirrorSetting, Upstream, follow_once};
use crate::pen::Pen;
use crate::terminal::{Answer, count_bar, is_about, talk};

pub const HELP: &str = "\
usage: custody mirror run --from URL --to DIR [options]

Follow the ledger at a server: get what is new, replay it, keep it, cosign it. The copy lies in DIR/copy,
where `custody-verify replay` reads it. It is served as C2SP tlog-tiles, and the log asks for cosignatures
there (C2SP tlog-witness, /add-checkpoint). It stops on SIGTERM; started again, or after a crash, it
replays its copy and goes on. Status 1: the log broke its word, and DIR/evidence has the proof.

  --from URL                  the server of the ledger
  --to DIR                    the mirror's directory, which `custody mirror new` makes
  --key FILE                  key of an overseer, who may read the records (or CUSTODY_KEY)
  --once                      follow to the newest checkpoint and end; serve nothing
  --config FILE               configuration, TOML; docs/OPERATING.md has all keys with their defaults
  --listen ADDRESS            address and port to listen at, 127.0.0.1:8345 if nothing says otherwise
  --passphrase-file FILE      passphrase of the keys (or CUSTODY_PASSPHRASE_FILE); else you are asked

example:
  $ custody mirror run --from https://ledger.example --to mirror --key auditor.key
";

#[derive(Debug, clap::Args)]
pub struct Args {
    #[arg(long, value_name = "URL")]
    from: String,
    #[arg(long, value_name = "DIR")]
    to: PathBuf,
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
    #[arg(long, conflicts_with_all = ["config", "listen"])]
    once: bool,
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<SocketAddr>,
    #[command(flatten)]
    passphrase: PassphraseOption,
}

pub fn run(args: &Args) -> Result<Answer, Failure> {
    let mut setting = args.config.as_deref().map(MirrorSetting::read).transpose()?;
    let mut setting = setting.take().unwrap_or_default();
    setting.listen = args.listen.unwrap_or(setting.listen);
    setting.check()?;
    let home = Home::new(&args.to);
    let _lock = home.lock()?;
    let source = args.passphrase.of_people();
    let key = args.key.clone().or_else(|| environment("CUSTODY_KEY"));
    let pen = key.map(|key| Pen::open(&key, &source)).transpose()?;
    let upstream = Upstream::new(&args.from, pen)?;
    let cosigner = home.cosigner(&source)?;
    let origin = home.trust()?.origin;
    is_about(&origin);
    if args.once {
        let bar = count_bar("replaying", 0);
        let progress = |progress: Progress| {
            bar.set_total(progress.total);
            bar.set(progress.done);
        };
        let (mirror, followed) = follow_once(&home, &upstream, &cosigner, &progress)?;
        drop(bar);
        if let Some(error) = mirror.left_behind() {
            let text = custody_core::verify::error_text(error);
            talk(&format!("outdated files of the copy stay, and do no harm: {text}"));
        }
        let size = mirror.settled().size();
        let lines = vec![match followed {
            Followed::Settled => format!("replayed and cosigned {origin}: {size} entries"),
            Followed::Known => format!("nothing new in {origin}: {size} entries"),
        }];
        let facts = json!({
            "origin": origin.to_string(),
            "size": size.0,
            "is_new": followed == Followed::Settled,
        });
        return Ok(Answer::done(lines, facts));
    }
    start_log();
    let server = MirrorServer::bind(home, (upstream, cosigner), setting)?;
    let address = server.address();
    talk(&format!("mirroring {origin} at {address}"));
    server.run()?;
    let lines = vec![format!("stopped mirroring {origin}")];
    Ok(Answer::done(
        lines,
        json!({ "origin": origin.to_string(), "listened": address.to_string() }),
    ))
}
