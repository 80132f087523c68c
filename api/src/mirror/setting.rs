//! The configuration file of `custody mirror run`: TOML, every key with its default. docs/OPERATING.md has them in a table.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;
use std::time::Duration;

use serde::Deserialize;

use crate::failure::Failure;
use crate::server::setting::{Limits, Setting, Tls, read_file};

/// How a mirror follows and serves.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MirrorSetting {
    /// Where to listen.
    pub listen: SocketAddr,
    /// Serve without TLS beyond this machine: only behind a proxy that speaks TLS.
    pub plain_http: bool,
    /// The certificate and its key.
    pub tls: Option<Tls>,
    /// Where figures for Prometheus are offered; nowhere where it is left out.
    pub metrics: Option<SocketAddr>,
    /// Seconds after which the log is asked for its newest checkpoint, where it has not sent one.
    pub every_s: u64,
    /// Requests at a time.
    pub requests: usize,
    /// Seconds in which a request is answered.
    pub request_s: u64,
}

impl Default for MirrorSetting {
    fn default() -> Self {
        Self {
            listen: SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8345),
            plain_http: false,
            tls: None,
            metrics: None,
            every_s: 10,
            requests: 512,
            request_s: 30,
        }
    }
}

impl MirrorSetting {
    /// Reads the configuration file `path`.
    ///
    /// # Errors
    /// It cannot be read, or says something that makes no sense.
    pub fn read(path: &Path) -> Result<Self, Failure> {
        read_file(path)
    }

    /// Holds what is said against what makes sense.
    ///
    /// # Errors
    /// `serve/plain-http`, `serve/setting`.
    pub fn check(&self) -> Result<(), Failure> {
        let Self { listen, plain_http, tls, metrics, .. } = self.clone();
        let limits = self.limits();
        Setting { listen, plain_http, tls, metrics, limits, ..Setting::default() }.check()?;
        match self.every_s {
            0 => Err(Failure::could_not("serve/setting", "`every_s` of 0 would never rest")),
            _ => Ok(()),
        }
    }

    /// What it takes on at a time.
    pub fn limits(&self) -> Limits {
        Limits { requests: self.requests, request_s: self.request_s, ..Limits::default() }
    }

    /// Time after which the log is asked.
    pub fn every(&self) -> Duration {
        Duration::from_secs(self.every_s)
    }
}
