//! The configuration file of `custody serve`: TOML, every key with its default. docs/OPERATING.md has them in a table.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use axum::http::uri::Authority;
use custody_core::id::SubjectId;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::proxy::{Proxies, PublicUrl};
use crate::failure::Failure;
use crate::file;

/// Largest configuration file in bytes.
const MAX_FILE: u64 = 64 * 1024;
/// The largest number of anything.
const MOST: u64 = 1_000_000_000;

/// How a ledger is served.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Setting {
    /// Where to listen.
    pub listen: SocketAddr,
    /// Where people find it, where a proxy stands before it: `https://custody.example`.
    pub public_url: Option<PublicUrl>,
    /// Proxies whose word about who asks is taken.
    pub proxies: Proxies,
    /// What else clients write in `Host`, where it is not the address: `ledger.example:8443`. It is part of what they sign.
    pub authorities: Vec<String>,
    /// Serve without TLS beyond this machine: only behind a proxy that speaks TLS.
    pub plain_http: bool,
    /// The certificate and its key.
    pub tls: Option<Tls>,
    /// Where figures for Prometheus are offered; nowhere where it is left out.
    pub metrics: Option<SocketAddr>,
    /// Agencies and custodians who oversee: they read everything but what was erased.
    pub overseers: Vec<String>,
    /// Whether a log line says who read which openings.
    pub log_access: bool,
    /// Whom to ask for cosignatures.
    pub witnesses: Vec<WitnessSetting>,
    /// Limits.
    pub limits: Limits,
    /// Sessions of pages.
    pub sessions: Sessions,
    /// The mailbox of offers.
    pub offers: Offers,
}

/// TLS.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tls {
    /// The chain of certificates, PEM. Read again on SIGHUP.
    pub certificate: PathBuf,
    /// Its private key, PEM.
    pub key: PathBuf,
}

/// Somebody who is asked for cosignatures: C2SP tlog-witness.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WitnessSetting {
    /// What people call it.
    pub name: String,
    /// Its submission prefix, without a path: `https://mirror.example`.
    pub url: String,
    /// Its keys, as verifier keys.
    pub keys: Vec<String>,
}

/// What the server takes on at a time.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Requests at a time.
    pub requests: usize,
    /// Records on their way into the ledger at a time.
    pub records: usize,
    /// Looks at the ledger at a time.
    pub looks: usize,
    /// Requests a second from one caller, or from one address of which nobody knows who asks.
    pub per_second: u32,
    /// As many at once.
    pub burst: u32,
    /// Time to send a body, and to be answered, in seconds.
    pub request_s: u64,
    /// Streams of events at a time.
    pub streams: usize,
}

/// How long sessions of pages last.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Sessions {
    /// Seconds without a request.
    pub idle_s: u64,
    /// Seconds altogether.
    pub whole_s: u64,
    /// Sessions at a time.
    pub most: usize,
}

/// The mailbox of offers.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Offers {
    /// Days after which an offer that nobody signed is thrown away.
    pub days: u64,
    /// Offers that one custodian may have lying there.
    pub most: usize,
}

impl Default for Setting {
    fn default() -> Self {
        Self {
            listen: SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8344),
            public_url: None,
            proxies: Proxies::default(),
            authorities: Vec::new(),
            plain_http: false,
            tls: None,
            metrics: None,
            overseers: Vec::new(),
            log_access: true,
            witnesses: Vec::new(),
            limits: Limits::default(),
            sessions: Sessions::default(),
            offers: Offers::default(),
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            requests: 2048,
            records: 4096,
            looks: 64,
            per_second: 50,
            burst: 200,
            request_s: 30,
            streams: 512,
        }
    }
}

impl Default for Sessions {
    fn default() -> Self {
        Self { idle_s: 15 * 60, whole_s: 8 * 60 * 60, most: 10_000 }
    }
}

impl Default for Offers {
    fn default() -> Self {
        Self { days: 30, most: 200 }
    }
}

/// Reads a configuration file: of a server, or of a mirror.
///
/// # Errors
/// `serve/setting`; it cannot be read.
pub fn read_file<T: DeserializeOwned>(path: &Path) -> Result<T, Failure> {
    let bytes = file::read(path, MAX_FILE)?;
    let refuse = |message: String| {
        let message = format!("`{}`: {message}", path.display());
        Failure::could_not("serve/setting", message)
    };
    let text = str::from_utf8(&bytes).map_err(|error| refuse(error.to_string()))?;
    toml::from_str(text).map_err(|error: toml::de::Error| {
        let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        // The rest is a picture of the line, which is none in a message of one line.
        refuse(format!("line {line}: {}", error.message().replace('\n', ", ")))
    })
}

impl Limits {
    /// Time that a request may take.
    pub fn request_time(&self) -> Duration {
        Duration::from_secs(self.request_s)
    }
}

impl Setting {
    /// Reads the configuration file `path`.
    ///
    /// # Errors
    /// It cannot be read, or says something that makes no sense.
    pub fn read(path: &Path) -> Result<Self, Failure> {
        let setting: Self = read_file(path)?;
        setting.check().map_err(|failure| failure.about(format!("`{}`", path.display())))?;
        Ok(setting)
    }

    /// Holds what is said against what makes sense.
    ///
    /// # Errors
    /// `serve/plain-http`, `serve/setting`.
    pub fn check(&self) -> Result<(), Failure> {
        if self.tls.is_none() && !self.listen.ip().is_loopback() && !self.plain_http {
            let message =
                format!("`{}` is not this machine alone, and there is no TLS", self.listen);
            return Err(Failure::could_not("serve/plain-http", message).hint(
                "`[tls]` names a certificate and its key; `plain_http = true` where a proxy speaks TLS",
            ));
        }
        if self.tls.is_some() && self.public_url.as_ref().is_some_and(|url| !url.is_https()) {
            let message = "`public_url` is without TLS, and the server speaks nothing else";
            return Err(Failure::could_not("serve/setting", message));
        }
        if self.metrics == Some(self.listen) && self.listen.port() != 0 {
            let message = format!("`metrics` and `listen` are both `{}`", self.listen);
            return Err(Failure::could_not("serve/setting", message));
        }
        for overseer in &self.overseers {
            let is_known_kind =
                matches!(overseer.parse(), Ok(SubjectId::Agency(_) | SubjectId::Custodian(_)));
            if !is_known_kind {
                let message = format!("`{overseer}` is not the id of an agency or a custodian");
                return Err(Failure::could_not("serve/setting", message));
            }
        }
        for name in &self.authorities {
            if name.parse::<Authority>().is_err() || name.contains('@') {
                let message = format!("`{name}` in `authorities` is no name with a port");
                return Err(Failure::could_not("serve/setting", message));
            }
        }
        self.check_numbers()
    }

    fn check_numbers(&self) -> Result<(), Failure> {
        let Self { limits, sessions, offers, .. } = self;
        let numbers = [
            ("limits.requests", limits.requests as u64),
            ("limits.records", limits.records as u64),
            ("limits.looks", limits.looks as u64),
            ("limits.per_second", limits.per_second.into()),
            ("limits.burst", limits.burst.into()),
            ("limits.request_s", limits.request_s),
            ("sessions.idle_s", sessions.idle_s),
            ("sessions.whole_s", sessions.whole_s),
            ("sessions.most", sessions.most as u64),
            ("offers.days", offers.days),
        ];
        // Streams may be 0: pages then look when somebody looks at them.
        let streams = ("limits.streams", limits.streams as u64);
        let too_large = numbers.iter().chain([&streams]).find(|(_, number)| *number > MOST);
        if let Some((key, _)) = numbers.iter().find(|(_, number)| *number == 0) {
            let message = format!("`{key} = 0` lets nobody in, or keeps nothing");
            return Err(Failure::could_not("serve/setting", message));
        }
        match too_large {
            Some((key, number)) => {
                let message = format!("`{key} = {number}` is more than {MOST}");
                Err(Failure::could_not("serve/setting", message))
            }
            None => Ok(()),
        }
    }

    /// Whether nobody between people and the server, or the proxy before it, can read along: a session's cookie is then for such a
    /// way alone.
    pub fn is_secure(&self) -> bool {
        self.tls.is_some() || self.public_url.as_ref().is_some_and(PublicUrl::is_https)
    }

    /// The names that the configuration gives the server.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let public = self.public_url.iter().map(PublicUrl::authority);
        public.chain(self.authorities.iter().map(String::as_str))
    }

    /// Whether `id`, or the agency they work for, oversees.
    pub fn oversees(&self, id: &SubjectId, agency: &SubjectId) -> bool {
        let is_one = |known: &String| *known == id.to_string() || *known == agency.to_string();
        self.overseers.iter().any(is_one)
    }
}
