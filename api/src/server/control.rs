//! What the machine's own operator may ask of a server, at a socket in the ledger's directory: a snapshot to back up.
//!
//! Who may reach the socket may read the ledger's files: the system decides, by the directory's rights and its own.

use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use custody_core::verify::error_text;
use metrics::gauge;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::Mutex;

use super::service::Service;
use crate::backup::{CONTROL, SNAPSHOT, remove_snapshot};
use crate::desk::now_s;
use crate::failure::Failure;

/// The one thing that is understood.
const ASK: &[u8] = b"snapshot\n";
/// Time in which it has to be asked.
const PATIENCE: Duration = Duration::from_secs(5);
/// Time after which it is listened again where that failed.
const REST: Duration = Duration::from_secs(1);

/// The socket, open to this process's user alone. What a server left that was killed is replaced: the caller has the
/// ledger open, so that there is no other one.
///
/// # Errors
/// `backup/control`.
pub fn bind(dir: &Path) -> Result<std::os::unix::net::UnixListener, Failure> {
    let path = dir.join(CONTROL);
    remove_snapshot(dir);
    let listen = || {
        match fs::remove_file(&path) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let listener = std::os::unix::net::UnixListener::bind(&path)?;
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600))?;
        listener.set_nonblocking(true)?;
        Ok(listener)
    };
    listen().map_err(|error| {
        let message = format!("cannot listen at `{}`: {error}", path.display());
        Failure::could_not("backup/control", message)
            .hint("a path of more than 107 bytes is too long for a socket")
    })
}

/// Answers at the socket for as long as the server lives.
pub async fn answer(
    listener: std::os::unix::net::UnixListener,
    service: Arc<Service>,
    dir: PathBuf,
) {
    let listener = match UnixListener::from_std(listener) {
        Ok(listener) => listener,
        Err(error) => return tracing::error!(%error, "no snapshots can be asked for"),
    };
    let one_at_a_time = Arc::new(Mutex::new(()));
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            // No file can be opened: that does not end by asking again at once.
            tokio::time::sleep(REST).await;
            continue;
        };
        let (service, dir, turn) = (service.clone(), dir.clone(), one_at_a_time.clone());
        tokio::spawn(async move {
            // Whoever went away has nothing to be told.
            let _ = attend(stream, &service, &dir, &turn).await;
        });
    }
}

async fn attend(
    mut stream: UnixStream,
    service: &Arc<Service>,
    dir: &Path,
    turn: &Mutex<()>,
) -> std::io::Result<()> {
    let mut asked = [0; ASK.len()];
    tokio::time::timeout(PATIENCE, stream.read_exact(&mut asked)).await??;
    if asked != ASK {
        return say(&mut stream, json!({ "error": { "code": "usage" } })).await;
    }
    let Ok(_turn) = turn.try_lock() else {
        return say(&mut stream, json!({ "busy": true })).await;
    };
    let (taker, path) = (service.clone(), dir.join(SNAPSHOT));
    let taken = tokio::task::spawn_blocking(move || taker.ledger.snapshot(&path)).await;
    let told = match taken {
        Ok(Ok(())) => {
            tracing::info!("snapshot taken");
            gauge!("custody_snapshot_time_seconds").set(now_s() as f64);
            say(&mut stream, json!({ "snapshot": SNAPSHOT })).await
        }
        Ok(Err(error)) => {
            tracing::error!(code = error.code(), "no snapshot");
            let error = json!({ "code": error.code(), "message": error_text(&error) });
            say(&mut stream, json!({ "error": error })).await
        }
        Err(_) => say(&mut stream, json!({ "error": { "code": "internal" } })).await,
    };
    if told.is_ok() {
        // It lasts as long as somebody holds the other end.
        let _ = stream.read(&mut asked).await;
    }
    let dir = dir.to_owned();
    let _ = tokio::task::spawn_blocking(move || remove_snapshot(&dir)).await;
    told
}

async fn say(stream: &mut UnixStream, answer: Value) -> std::io::Result<()> {
    stream.write_all(format!("{answer}\n").as_bytes()).await
}
