//! How a witness stands, as the log knows it.

use std::time::{Duration, Instant};

use custody_core::verify::utc_text;
use serde::Serialize;
use utoipa::ToSchema;

use super::ask::{Witness, is_alarm};

/// Time for which a witness that does not answer is left alone: doubled each time, up to this.
const MAX_REST: Duration = Duration::from_secs(60);

/// What is known of a witness.
#[derive(Clone, Debug, Default)]
pub(super) struct Standing {
    /// The size that it said it knows, or cosigned.
    pub(super) size: u64,
    /// The newest size that it cosigned, and when by its own clock: seconds since 1970.
    pub(super) cosigned: Option<(u64, u64)>,
    /// Why it did not cosign the last time, where it did not: code and words.
    pub(super) trouble: Option<(String, String)>,
    /// How often in a row it did not.
    failed: u32,
    /// When to ask it again.
    rest_until: Option<Instant>,
}

/// How the witnesses stand.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct WitnessList {
    /// Size of the tree.
    pub(super) size: u64,
    /// Size of the newest tree that somebody cosigned since the server started.
    pub(super) cosigned: Option<u64>,
    /// The witnesses.
    pub(super) witnesses: Vec<WitnessView>,
}

/// How a witness stands.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct WitnessView {
    /// What people call it.
    pub(super) name: String,
    /// The name of its keys.
    key_name: String,
    /// Whether its name says that it replays what it cosigns.
    replays: bool,
    /// `current`, `behind`, `unheard`: it has not cosigned and does not answer, or `alarm`: it knows another history.
    pub(super) state: &'static str,
    /// The newest size that it cosigned; 0 before the first.
    pub(super) size: u64,
    /// How many entries it is behind the tree.
    behind: u64,
    /// When it cosigned that, by its own clock, UTC.
    cosigned: Option<String>,
    /// The code of what kept it from cosigning the last time.
    trouble: Option<String>,
}

impl Standing {
    /// Whether it is to be asked now.
    pub(super) fn is_due(&self) -> bool {
        self.rest_until.is_none_or(|until| Instant::now() >= until)
    }

    /// It cosigned.
    pub(super) fn signed(&mut self, size: u64, time_s: u64) {
        *self = Self { size, cosigned: Some((size, time_s)), ..Self::default() };
    }

    /// It did not.
    pub(super) fn failed(&mut self, code: &str, text: &str) {
        // That it knows another history stays known when the next time it is only not there.
        let is_known_alarm = self.trouble.as_ref().is_some_and(|(code, _)| is_alarm(code));
        if !is_known_alarm || is_alarm(code) {
            self.trouble = Some((code.to_owned(), text.to_owned()));
        }
        self.failed = self.failed.saturating_add(1);
        let rest = Duration::from_secs(1 << self.failed.min(6)).min(MAX_REST);
        // One that is catching up says so: it is asked again soon.
        let is_soon = ["mirror/catching-up", "witness/ahead"].contains(&code);
        let rest = if is_soon { Duration::from_secs(1) } else { rest };
        self.rest_until = Some(Instant::now() + rest);
    }
}

impl WitnessView {
    pub(super) fn of(witness: &Witness, tree: u64) -> Self {
        let standing = witness.standing();
        let (size, time) = standing.cosigned.unwrap_or_default();
        let code = standing.trouble.map(|(code, _)| code);
        let state = match &code {
            Some(code) if is_alarm(code) => "alarm",
            _ if size > 0 && size >= tree => "current",
            _ if size > 0 => "behind",
            _ => "unheard",
        };
        let key_name = witness.key_name().to_owned();
        Self {
            name: witness.name().to_owned(),
            replays: key_name.ends_with(crate::mirror::home::SUFFIX),
            key_name,
            state,
            size,
            behind: tree.saturating_sub(size),
            cosigned: (size > 0).then(|| utc_text(time)),
            trouble: code,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rest(codes: &[&str]) -> Duration {
        let mut standing = Standing::default();
        codes.iter().for_each(|code| standing.failed(code, "why"));
        assert!(!standing.is_due());
        standing.rest_until.map_or(Duration::ZERO, |until| until - Instant::now())
    }

    #[test]
    fn who_does_not_answer_is_left_alone_longer_and_longer() {
        let away = "client/unreachable";
        let rests = (1..=8).map(|times| rest(&vec![away; times]));
        let rests: Vec<_> = rests.map(|rest| rest.as_secs_f64().round()).collect();
        assert_eq!(rests, [2.0, 4.0, 8.0, 16.0, 32.0, 60.0, 60.0, 60.0]);
        for soon in ["witness/ahead", "mirror/catching-up"] {
            assert!(rest(&[away, away, away, soon]) <= Duration::from_secs(1));
        }
        let mut standing = Standing::default();
        standing.failed(away, "why");
        standing.signed(7, 1);
        assert!(standing.is_due() && standing.trouble.is_none());
    }
}
