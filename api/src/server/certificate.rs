//! Until when the certificate is good, said before browsers say it.

use std::fmt;

use custody_core::verify::utc_text;
use metrics::gauge;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use x509_cert::certificate::{CertificateInner, Raw};
use x509_cert::der::Decode as _;

use super::setting::Tls;
use crate::desk::now_s;
use crate::failure::Failure;

const DAY_S: u64 = 24 * 60 * 60;
/// A certificate that ends within as many days is worth a warning: those that renew by themselves are renewed well before.
const SOON_DAYS: u64 = 14;

/// The end of a certificate, the first of a chain: those above it are the authority's to renew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CertificateEnd {
    end_s: u64,
    now_s: u64,
}

impl CertificateEnd {
    /// Reads it, as it stands at this moment.
    ///
    /// # Errors
    /// `serve/tls`: no such thing can be read from the file.
    pub fn read(tls: &Tls) -> Result<Self, Failure> {
        let refuse = |cause: &dyn fmt::Display| {
            let message = format!("`{}`: {cause}", tls.certificate.display());
            Failure::could_not("serve/tls", message)
        };
        let first = CertificateDer::from_pem_file(&tls.certificate).map_err(|e| refuse(&e))?;
        let read = CertificateInner::<Raw>::from_der(&first).map_err(|e| refuse(&e))?;
        let end = read.tbs_certificate().validity().not_after.to_unix_duration();
        Ok(Self { end_s: end.as_secs(), now_s: now_s() })
    }

    /// In the form that documents and answers have.
    pub fn text(&self) -> String {
        utc_text(self.end_s)
    }

    /// Whether nobody takes it any more.
    pub fn is_past(&self) -> bool {
        self.end_s <= self.now_s
    }

    fn days_left(&self) -> u64 {
        self.end_s.saturating_sub(self.now_s) / DAY_S
    }

    /// Checks that it is not past.
    ///
    /// # Errors
    /// `serve/tls-expired`.
    pub fn check(&self, tls: &Tls) -> Result<(), Failure> {
        if !self.is_past() {
            return Ok(());
        }
        let message = format!("`{}` has expired, {}", tls.certificate.display(), self.text());
        let hint = "put a new one in its place; a server that runs reads it on SIGHUP";
        Err(Failure::could_not("serve/tls-expired", message).hint(hint))
    }
}

/// As people are told: `2026-12-01T00:00:00Z, in 12 days`.
impl fmt::Display for CertificateEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.days_left() {
            1 => write!(f, "{}, in 1 day", self.text()),
            days => write!(f, "{}, in {days} days", self.text()),
        }
    }
}

/// Tells whoever watches until when the certificate is good that is served from now on: a figure, and a line in the log where
/// that is over or soon will be. No reason not to serve: a client that does not look is better off than without a server.
pub fn tell(tls: &Tls) {
    let end = match CertificateEnd::read(tls) {
        Ok(end) => end,
        Err(failure) => {
            let error = failure.message();
            return tracing::warn!(error, "it cannot be told when the certificate ends");
        }
    };
    gauge!("custody_tls_expires_seconds").set(end.end_s as f64);
    let (ends, days) = (end.text(), end.days_left());
    if end.is_past() {
        tracing::warn!(ends, "the certificate has expired: clients refuse it");
    } else if days < SOON_DAYS {
        tracing::warn!(ends, days, "the certificate ends soon");
    }
}
