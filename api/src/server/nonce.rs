//! Nonces of signed requests, each of which counts once.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crate::http_signature::{SignatureParams, WINDOW_S};

/// Nonces that are kept, at some 200 bytes each: 1,000 requests a second for as long as a signature counts.
const MOST: usize = 2 * WINDOW_S as usize * 1_000;

/// What came of a nonce.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Noted {
    /// It is new.
    New,
    /// A request had it already.
    Replayed,
    /// More requests were signed than are remembered: it cannot be told.
    Full,
}

/// The nonces of all signed requests whose time has not run out.
#[derive(Default)]
pub struct Nonces {
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    until_s: HashMap<String, u64>,
    swept_s: u64,
}

impl Nonces {
    /// Takes in the nonce of a request whose signature was verified, and that was counted: what one key may ask in a second bounds
    /// what it takes up here.
    pub fn note(&self, params: &SignatureParams, now_s: u64) -> Noted {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.swept_s + WINDOW_S / 10 < now_s {
            known.until_s.retain(|_, until_s| *until_s >= now_s);
            known.swept_s = now_s;
        }
        // With the key: two signers may hit on the same one.
        let name = format!("{} {}", params.kid, params.nonce);
        if known.until_s.contains_key(&name) {
            return Noted::Replayed;
        }
        if known.until_s.len() >= MOST {
            return Noted::Full;
        }
        known.until_s.insert(name, params.created_s + WINDOW_S);
        Noted::New
    }
}
