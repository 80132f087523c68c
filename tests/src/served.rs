//! A ledger that is served, by the program itself, on a port of this machine that was free.

use std::io::{BufRead, BufReader, Lines, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, ChildStderr, Command, Stdio};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use serde_json::Value;

use crate::program::path_of;

/// Longest time that a test waits for an answer.
const PATIENCE: Duration = Duration::from_secs(180);

/// A server at work. Dropped, it is killed.
pub struct Served {
    child: Child,
    address: SocketAddr,
    log: Arc<(Mutex<Vec<String>>, Condvar)>,
    reader: Option<JoinHandle<()>>,
}

/// An answer as it came.
#[derive(Clone, Debug)]
pub struct HttpAnswer {
    /// The status.
    pub status: u16,
    /// Status line and headers.
    pub head: String,
    /// The body, as text where it is some.
    pub body: String,
}

impl Served {
    /// Serves `ledger`, a directory in `folder`, with further arguments.
    pub fn start(folder: &Path, ledger: &str, arguments: &[&str]) -> Self {
        Self::start_at(folder, ledger, "127.0.0.1:0", arguments)
    }

    /// As [`Served::start`], at an address that others know already.
    pub fn start_at(folder: &Path, ledger: &str, listen: &str, arguments: &[&str]) -> Self {
        let serve = ["serve", "--listen", listen, "--ledger", ledger];
        Self::spawn(folder, &[&serve, arguments].concat(), ("serving ", "info"))
    }

    /// As [`Served::start`], with a line in the log for each request.
    pub fn start_talking(folder: &Path, ledger: &str, arguments: &[&str]) -> Self {
        let serve = ["serve", "--listen", "127.0.0.1:0", "--ledger", ledger];
        Self::spawn(folder, &[&serve, arguments].concat(), ("serving ", "info,custody_api=debug"))
    }

    /// A mirror in the directory `to`, which follows `from`.
    pub fn mirror(folder: &Path, from: &str, to: &str, arguments: &[&str]) -> Self {
        let follow = ["mirror", "run", "--from", from, "--to", to];
        Self::spawn(folder, &[&follow, arguments].concat(), ("mirroring ", "info"))
    }

    /// As [`Served::start`], where whoever reads the log goes away as soon as it is known where it listens.
    pub fn start_unread(folder: &Path, ledger: &str) -> Self {
        let serve = ["serve", "--listen", "127.0.0.1:0", "--ledger", ledger];
        let (child, mut lines) = spawn(folder, &serve, "info");
        let address = address_in(&mut lines, "serving ");
        Self { child, address, log: Arc::default(), reader: None }
    }

    fn spawn(folder: &Path, arguments: &[&str], (says, log): (&str, &str)) -> Self {
        let (child, mut lines) = spawn(folder, arguments, log);
        let address = address_in(&mut lines, says);
        let log = Arc::new((Mutex::new(Vec::new()), Condvar::new()));
        let kept = log.clone();
        // A server whose log nobody reads would wait for somebody to.
        let reader = std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                kept.0.lock().unwrap_or_else(PoisonError::into_inner).push(line);
                kept.1.notify_all();
            }
        });
        Self { child, address, log, reader: Some(reader) }
    }

    /// Its address, as clients write it.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What its log says by now.
    pub fn log(&self) -> String {
        self.log.0.lock().unwrap_or_else(PoisonError::into_inner).join("\n")
    }

    /// Waits until its log has a line like that.
    ///
    /// # Panics
    /// It never has.
    pub fn wait_for(&self, what: &str, is_it: impl Fn(&Value) -> bool) {
        let is_line = |line: &String| serde_json::from_str(line).is_ok_and(|line| is_it(&line));
        let lines = self.log.0.lock().unwrap_or_else(PoisonError::into_inner);
        let waited =
            self.log.1.wait_timeout_while(lines, PATIENCE, |lines| !lines.iter().any(is_line));
        let (lines, time) = waited.unwrap_or_else(PoisonError::into_inner);
        assert!(!time.timed_out(), "waited for {what}:\n{}", lines.join("\n"));
    }

    /// Waits until its log tells `message` of a tree of at least `size`.
    pub fn wait_for_size(&self, message: &str, size: u64) {
        self.wait_for(message, |line| {
            let fields = &line["fields"];
            fields["message"] == message && fields["size"].as_u64().is_some_and(|now| now >= size)
        });
    }

    /// Its process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Tells it to stop, and waits until it has. Returns its status.
    pub fn stop(mut self) -> Option<i32> {
        let pid = self.child.id().to_string();
        let told = Command::new("kill").args(["-TERM", &pid]).status().expect("kill starts");
        assert!(told.success());
        let status = self.child.wait().expect("the server ends");
        let _ = self.reader.take().map(JoinHandle::join);
        status.code()
    }

    /// Kills it, as a crash would.
    pub fn kill(mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// A connection to it.
    pub fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).expect("the server listens");
        stream.set_read_timeout(Some(PATIENCE)).expect("a timeout can be set");
        stream
    }

    /// Sends bytes as they are, and reads until the server closes.
    pub fn exchange(&self, bytes: &[u8]) -> Vec<u8> {
        let mut stream = self.connect();
        // A server that has answered already may have closed.
        let _ = stream.write_all(bytes);
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        answer
    }

    /// Sends one request, with `head` after the lines that every request has, and a body.
    pub fn ask(&self, method: &str, path: &str, head: &str, body: &[u8]) -> HttpAnswer {
        let length = body.len();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nContent-Length: {length}\r\n{head}\r\n",
            self.address
        );
        HttpAnswer::read(&self.exchange(&[request.as_bytes(), body].concat()))
    }

    /// Gets something, as nobody in particular.
    pub fn get(&self, path: &str) -> HttpAnswer {
        self.ask("GET", path, "", b"")
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The program, and what it says.
fn spawn(folder: &Path, arguments: &[&str], log: &str) -> (Child, Lines<BufReader<ChildStderr>>) {
    let mut child = Command::new(path_of("custody"))
        .args(arguments)
        .current_dir(folder)
        .env("CUSTODY_PASSPHRASE_FILE", folder.join("passphrase.txt"))
        .env("CUSTODY_LOG_PASSPHRASE_FILE", folder.join("passphrase.txt"))
        .env("RUST_LOG", log)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let lines = BufReader::new(child.stderr.take().expect("a pipe")).lines();
    (child, lines)
}

fn address_in(lines: &mut Lines<BufReader<ChildStderr>>, says: &str) -> SocketAddr {
    let address = lines.map_while(Result::ok).find_map(|line| {
        let (_, address) = line.strip_prefix(says)?.rsplit_once(" at ")?;
        let (_, address) = address.rsplit_once("//").unwrap_or(("", address));
        address.parse().ok()
    });
    address.expect("the server says where it listens")
}

impl HttpAnswer {
    /// Takes an answer apart; status 0 where there was none.
    pub fn read(bytes: &[u8]) -> Self {
        let text = String::from_utf8_lossy(bytes).into_owned();
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
        let status = head.split(' ').nth(1).and_then(|word| word.parse().ok()).unwrap_or(0);
        Self { status, head: head.to_owned(), body: body.to_owned() }
    }

    /// The code of problem details, if that is what it is.
    pub fn code(&self) -> String {
        let problem: Value = serde_json::from_str(&self.body).unwrap_or_default();
        problem["code"].as_str().unwrap_or_default().to_owned()
    }

    /// The value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines
            .into_iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    }
}
