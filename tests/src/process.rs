//! What a process has used so far, as Linux counts it.

use std::fs;
use std::time::Duration;

/// Clock ticks a second in `/proc`: the same on every Linux that we know of.
const TICKS: u64 = 100;

/// Processor time of all threads of a process, in the kernel too.
///
/// # Panics
/// There is no such process.
pub fn processor_time(pid: u32) -> Duration {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).expect("a process has figures");
    // The name, in brackets, may have anything in it; `utime` is the 12th field after it.
    let (_, fields) = text.rsplit_once(") ").expect("a name stands in brackets");
    let ticks = fields.split(' ').skip(11).take(2).map(|word| word.parse::<u64>());
    let ticks: u64 = ticks.map(|ticks| ticks.expect("ticks are a number")).sum();
    Duration::from_millis(ticks * 1000 / TICKS)
}

/// Memory that a process holds, without what the kernel keeps of files: bytes.
///
/// # Panics
/// There is no such process.
pub fn memory_bytes(pid: u32) -> u64 {
    let text = fs::read_to_string(format!("/proc/{pid}/status")).expect("a process has figures");
    let line = text.lines().find_map(|line| line.strip_prefix("RssAnon:"));
    let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    kib.expect("anonymous memory is a number") * 1024
}
