//! Sessions of pages. A browser holds the custodian's key, signs a challenge with it, and gets a cookie for a short time.
//!
//! What is signed begins with a line that no record and no request has, names the ledger and the server's authority, and
//! ends with the challenge: a signature that was made for another server counts for nothing here.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use custody_core::hash::{Hash, sha256};
use custody_core::id::Origin;
use custody_core::key::Kid;

use super::problem::Problem;
use super::setting::Sessions as Limits;

/// Seconds in which a challenge is to be answered.
const CHALLENGE_S: u64 = 120;
/// Sessions of one key at a time: nobody takes the places of all others.
const MOST_OF_A_KEY: usize = 16;
/// Challenges that wait for an answer at a time.
const MOST_CHALLENGES: usize = 10_000;
/// The first line of what is signed.
const FIRST_LINE: &str = "custody-ledger session v1";

/// The cookie's name over TLS: bound to this host, this scheme and the whole path.
const SECURE_COOKIE: &str = "__Host-custody";
/// The cookie's name on this machine, without TLS.
pub const PLAIN_COOKIE: &str = "custody-session";

/// The cookie's name.
pub fn cookie_name(is_secure: bool) -> &'static str {
    if is_secure { SECURE_COOKIE } else { PLAIN_COOKIE }
}

/// Sessions and challenges.
pub struct Sessions {
    limits: Limits,
    open: Mutex<Open>,
}

#[derive(Default)]
struct Open {
    /// By SHA-256 of the cookie: what lies in memory opens nothing.
    sessions: HashMap<Hash, Session>,
    challenges: HashMap<String, (Kid, u64)>,
}

/// A session.
#[derive(Clone, Debug)]
pub struct Session {
    /// The key that signed the challenge. Whether it is still in use is looked up with every request.
    pub kid: Kid,
    /// What a request that changes something has to carry besides the cookie.
    pub csrf: String,
    /// When it began: seconds since 1970.
    pub since_s: u64,
    /// When it was used last.
    pub used_s: u64,
}

/// A session that has begun.
pub struct Begun {
    /// The cookie's value.
    pub cookie: String,
    /// See [`Session::csrf`].
    pub csrf: String,
}

/// Why nobody can sign in now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unavailable {
    /// The operating system gives no random bytes.
    Randomness,
    /// As many sessions as there is room for are open.
    Full,
}

impl From<Unavailable> for Problem {
    fn from(why: Unavailable) -> Self {
        match why {
            Unavailable::Randomness => Self::internal("internal", &"no random bytes"),
            Unavailable::Full => Self::busy("as many sessions as there is room for are open"),
        }
    }
}

/// What is signed to begin a session.
pub fn session_text(origin: &Origin, authority: &str, challenge: &str) -> String {
    format!("{FIRST_LINE}\n{origin}\n{authority}\n{challenge}\n")
}

impl Sessions {
    /// None yet.
    pub fn new(limits: Limits) -> Self {
        Self { limits, open: Mutex::default() }
    }

    /// A challenge for whoever says that they have the key `kid`.
    ///
    /// # Errors
    /// [`Unavailable::Randomness`].
    pub fn challenge(&self, kid: Kid, now_s: u64) -> Result<String, Unavailable> {
        let challenge = random_text()?;
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.challenges.retain(|_, (_, until_s)| *until_s >= now_s);
        if open.challenges.len() >= MOST_CHALLENGES {
            // The oldest goes: whoever asks for many must keep nobody else from signing in, which takes a second.
            let oldest = open.challenges.iter().min_by_key(|(_, (_, until_s))| *until_s);
            let oldest = oldest.map(|(challenge, _)| challenge.clone());
            oldest.and_then(|oldest| open.challenges.remove(&oldest));
        }
        open.challenges.insert(challenge.clone(), (kid, now_s + CHALLENGE_S));
        Ok(challenge)
    }

    /// Takes a challenge back, once, for whom it was made; whether it is answered rightly is the caller's to find out.
    pub fn take_challenge(&self, challenge: &str, kid: Kid, now_s: u64) -> bool {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let known = open.challenges.remove(challenge);
        known.is_some_and(|(known, until_s)| known == kid && until_s >= now_s)
    }

    /// Begins a session. It never takes up a cookie that the browser already had. Where the key has as many as one may have, the
    /// one that was used longest ago ends.
    ///
    /// # Errors
    /// [`Unavailable`].
    pub fn begin(&self, kid: Kid, now_s: u64) -> Result<Begun, Unavailable> {
        let (cookie, csrf) = (random_text()?, random_text()?);
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let limits = &self.limits;
        open.sessions.retain(|_, session| session.is_alive(limits, now_s));
        open.make_room_for(kid);
        if open.sessions.len() >= limits.most {
            return Err(Unavailable::Full);
        }
        let session = Session { kid, csrf: csrf.clone(), since_s: now_s, used_s: now_s };
        open.sessions.insert(sha256(cookie.as_bytes()), session);
        Ok(Begun { cookie, csrf })
    }

    /// The session of a cookie, if it is one that has not ended.
    pub fn find(&self, cookie: &str, now_s: u64) -> Option<Session> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let name = sha256(cookie.as_bytes());
        let session = open.sessions.get(&name)?.clone();
        if !session.is_alive(&self.limits, now_s) {
            open.sessions.remove(&name);
            return None;
        }
        Some(session)
    }

    /// Counts the time without a request from now on.
    pub fn use_now(&self, cookie: &str, now_s: u64) {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(session) = open.sessions.get_mut(&sha256(cookie.as_bytes())) {
            session.used_s = now_s;
        }
    }

    /// Ends the session of a cookie.
    pub fn end(&self, cookie: &str) {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.sessions.remove(&sha256(cookie.as_bytes()));
    }
}

impl Open {
    /// Ends sessions of `kid` until it may begin another.
    fn make_room_for(&mut self, kid: Kid) {
        let theirs = self.sessions.iter().filter(|(_, session)| session.kid == kid);
        let mut theirs: Vec<_> = theirs.map(|(name, session)| (session.used_s, *name)).collect();
        theirs.sort_unstable();
        let too_many = (theirs.len() + 1).saturating_sub(MOST_OF_A_KEY);
        for (_, name) in theirs.into_iter().take(too_many) {
            self.sessions.remove(&name);
        }
    }
}

impl Session {
    fn is_alive(&self, limits: &Limits, now_s: u64) -> bool {
        let idle_s = now_s.saturating_sub(self.used_s);
        idle_s <= limits.idle_s && now_s.saturating_sub(self.since_s) <= limits.whole_s
    }
}

/// 32 random bytes in hexadecimal digits.
fn random_text() -> Result<String, Unavailable> {
    let mut bytes = [0; Hash::LEN];
    getrandom::fill(&mut bytes).map_err(|_| Unavailable::Randomness)?;
    Ok(Hash::new(bytes).to_string())
}
