//! What this machine can do at best: signatures and hashes on all cores.

use std::time::Instant;

use custody_core::key::CoseKey;
use ed25519_dalek::{Signer as _, SigningKey};
use rayon::prelude::*;
use sha2::{Digest, Sha256};

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

/// Strict checks a second on all cores, of messages as long as `record`, keys decoded before.
pub fn strict_verify_per_s(record: &[u8]) -> f64 {
    let samples: Vec<_> = (0..1024).map(|number| sample(number, record)).collect();
    let check = |(key, message, signature): &(CoseKey, Vec<u8>, [u8; 64])| {
        key.verify(message, signature).expect("a sample verifies");
    };
    // Once to warm up, then long enough for the clock.
    samples.par_iter().for_each(check);
    let (start, mut checked) = (Instant::now(), 0usize);
    while start.elapsed().as_secs_f64() < 2.0 {
        samples.par_iter().for_each(check);
        checked += samples.len();
    }
    checked as f64 / start.elapsed().as_secs_f64()
}

fn sample(number: u16, record: &[u8]) -> (CoseKey, Vec<u8>, [u8; 64]) {
    let mut seed = [7; 32];
    seed[..2].copy_from_slice(&number.to_be_bytes());
    let key = SigningKey::from_bytes(&seed);
    let public = CoseKey::from_bytes(key.verifying_key().as_bytes()).expect("the key is usable");
    (public, record.to_vec(), key.sign(record).to_bytes())
}

/// Bytes a second of SHA-256 over memory, on all cores.
pub fn sha256_per_s() -> f64 {
    const BLOCK: usize = 128 << 20;
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let block: Vec<u8> = (0..BLOCK).map(|at| (at * 31 >> 3) as u8).collect();
    let pass = || {
        let start = Instant::now();
        let digest = |_| std::hint::black_box(Sha256::digest(&block));
        (0..cores).into_par_iter().map(digest).for_each(|_| ());
        (BLOCK * cores) as f64 / start.elapsed().as_secs_f64()
    };
    // The best of five: what else runs on the machine only ever slows one down.
    (0..5).map(|_| pass()).fold(0.0, f64::max)
}
