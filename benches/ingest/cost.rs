//! What processes cost, as the kernel counts it.

use std::fs;
use std::path::Path;
use std::time::Duration;

/// Of a process: user and system time of all its threads, gone ones included.
pub fn cpu(process: &str) -> Duration {
    let fields = stat(process);
    ticks(fields[11] + fields[12])
}

/// Of the children of this process that have ended and were waited for.
pub fn cpu_of_children() -> Duration {
    let fields = stat("self");
    ticks(fields[13] + fields[14])
}

/// From the state on, which follows the name in brackets.
fn stat(process: &str) -> Vec<u64> {
    let text = fs::read_to_string(format!("/proc/{process}/stat")).unwrap();
    let (_, after) = text.rsplit_once(") ").unwrap();
    after
        .split(' ')
        .map(|field| field.trim().parse().unwrap_or(0))
        .collect()
}

/// Linux counts in hundredths of a second wherever it tells user space.
fn ticks(count: u64) -> Duration {
    Duration::from_millis(10 * count)
}

/// Of this thread, to the nanosecond.
pub fn cpu_of_thread() -> Duration {
    let text = fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    let ns = text.split(' ').next().and_then(|ns| ns.parse().ok());
    Duration::from_nanos(ns.unwrap_or(0))
}

/// The most memory a process held at once, in bytes.
pub fn peak_rss(process: &str) -> u64 {
    let text = fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = text
        .lines()
        .find(|line| line.starts_with("VmHWM:"))
        .unwrap();
    1024 * line
        .split_whitespace()
        .nth(1)
        .and_then(|kib| kib.parse::<u64>().ok())
        .unwrap_or(0)
}

/// Bytes of all files below a folder.
pub fn bytes_below(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).unwrap().flatten();
    entries
        .map(|entry| match entry.metadata() {
            Ok(found) if found.is_dir() => bytes_below(&entry.path()),
            Ok(found) => found.len(),
            Err(_) => 0,
        })
        .sum()
}
