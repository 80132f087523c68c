//! Everything that is chance in a training ledger, out of one number: keys, ids, salts and what happens.
//!
//! So the same seed makes the same ledger, and whoever knows the seed has every key. Such keys are worthless.

use custody_core::hash::{Hash, sha256_parts};
use custody_core::id::Uuid;
use ed25519_dalek::SigningKey;

/// The number that a training ledger is made from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seed(pub u64);

impl Seed {
    /// A private key.
    pub fn key(self, what: &str, number: u64) -> SigningKey {
        SigningKey::from_bytes(self.named(what, number).as_bytes())
    }

    /// The 32 bytes that a private key is made from.
    pub fn bytes(self, what: &str, number: u64) -> [u8; 32] {
        *self.named(what, number).as_bytes()
    }

    /// An id.
    pub fn id(self, what: &str, number: u64) -> Uuid {
        Uuid::from_random(self.half(what, number))
    }

    /// 16 bytes: a salt.
    pub fn half(self, what: &str, number: u64) -> [u8; 16] {
        let mut half = [0; 16];
        half.copy_from_slice(&self.named(what, number).as_bytes()[..16]);
        half
    }

    /// Dice of their own for one purpose.
    pub fn dice(self, what: &str, number: u64) -> Dice {
        let mut state = [0; 8];
        state.copy_from_slice(&self.named(what, number).as_bytes()[..8]);
        Dice(u64::from_be_bytes(state))
    }

    fn named(self, what: &str, number: u64) -> Hash {
        let parts = [b"custody training ", what.as_bytes(), b" "];
        let (seed, number) = (self.0.to_be_bytes(), number.to_be_bytes());
        sha256_parts(&[parts[0], parts[1], parts[2], &seed, &number])
    }
}

/// Numbers that look like chance: SplitMix64 (Steele, Lea and Flood 2014). Nothing secret comes from them.
#[derive(Clone, Debug)]
pub struct Dice(u64);

impl Dice {
    /// The next 64 bits.
    pub fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number in `[low, high]`. The tiny preference for small ones does not matter here.
    pub fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.roll() % (high - low + 1)
    }

    /// True in `percent` of a hundred cases.
    pub fn happens(&mut self, percent: u64) -> bool {
        self.roll() % 100 < percent
    }

    /// One of several; there is at least one.
    pub fn pick<'a, T>(&mut self, several: &'a [T]) -> &'a T {
        &several[(self.roll() % several.len() as u64) as usize]
    }
}
