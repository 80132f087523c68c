//! What this machine can do at best: signatures and hashes on all cores.

use std::time::Instant;

use custody_core::key::CoseKey;
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use rayon::prelude::*;
use sha2::{Digest, Sha256};

/// Rounds of 1,024 checks: two seconds of each kind on two cores.
const ROUNDS: usize = 160;

/// The Ed25519 code that this processor runs: chosen at run time where AVX-512 IFMA is there.
pub fn backend() -> &'static str {
    #[cfg(target_arch = "x86_64")]
    {
        if is_x86_feature_detected!("avx512ifma") && is_x86_feature_detected!("avx512vl") {
            return "avx512";
        }
        if is_x86_feature_detected!("avx2") {
            return "avx2";
        }
    }
    "serial"
}

/// Signature checks a second on all cores, of messages as long as a record, keys decoded before.
pub struct Checks {
    /// By `verify_strict` of ed25519-dalek: the limit that everything is held against.
    pub strict_per_s: f64,
    /// By our own predicate, which accepts the same and does not decode R.
    pub own_per_s: f64,
}

struct Sample {
    key: CoseKey,
    library_key: VerifyingKey,
    message: Vec<u8>,
    signature: [u8; 64],
}

impl Checks {
    /// Measures both, in turns, so that what else runs on the machine slows both down.
    pub fn measure(record: &[u8]) -> Self {
        let samples: Vec<_> = (0..1024).map(|number| Sample::new(number, record)).collect();
        let strict = |sample: &Sample| {
            let signature = Signature::from_bytes(&sample.signature);
            let checked = sample.library_key.verify_strict(&sample.message, &signature);
            checked.expect("a sample verifies");
        };
        let own = |sample: &Sample| {
            sample.key.verify(&sample.message, &sample.signature).expect("a sample verifies");
        };
        let (mut strict_s, mut own_s) = (0.0, 0.0);
        // The first round warms up.
        for round in 0..=ROUNDS {
            let counts = if round == 0 { 0.0 } else { 1.0 };
            strict_s += counts * seconds(|| samples.par_iter().for_each(strict));
            own_s += counts * seconds(|| samples.par_iter().for_each(own));
        }
        let checks = (ROUNDS * samples.len()) as f64;
        Self { strict_per_s: checks / strict_s, own_per_s: checks / own_s }
    }
}

impl Sample {
    fn new(number: u16, record: &[u8]) -> Self {
        let mut seed = [7; 32];
        seed[..2].copy_from_slice(&number.to_be_bytes());
        let key = SigningKey::from_bytes(&seed);
        let library_key = key.verifying_key();
        let own_key = CoseKey::from_bytes(library_key.as_bytes()).expect("the key is usable");
        let (message, signature) = (record.to_vec(), key.sign(record).to_bytes());
        Self { key: own_key, library_key, message, signature }
    }
}

fn seconds(work: impl FnOnce()) -> f64 {
    let start = Instant::now();
    work();
    start.elapsed().as_secs_f64()
}

/// Bytes a second of SHA-256 over memory, on all cores.
pub fn sha256_per_s() -> f64 {
    const BLOCK: usize = 128 << 20;
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let block: Vec<u8> = (0..BLOCK).map(|at| ((at * 31) >> 3) as u8).collect();
    let pass = || {
        let start = Instant::now();
        let digest = |_| std::hint::black_box(Sha256::digest(&block));
        (0..cores).into_par_iter().map(digest).for_each(|_| ());
        (BLOCK * cores) as f64 / start.elapsed().as_secs_f64()
    };
    // The best of five: what else runs on the machine only ever slows one down.
    (0..5).map(|_| pass()).fold(0.0, f64::max)
}
