//! What taking in a thousand and ten thousand newsrooms costs: the daemon as it is run, over loopback from nginx,
//! against feed-rs parsing the same bytes and curl fetching the same addresses.
//!
//! `cargo bench --bench ingest`; `LANGBAO_BENCH_FEEDS=1000` for one size. The cold cycle reads every newsroom for the
//! first time, start of the daemon included; the warm one asks for what has not changed. Needs nginx and curl, and
//! says so where they are missing. Bounds are held against ratios of one run, and against memory.

#![allow(
    clippy::print_stderr,
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    clippy::cast_possible_wrap,
    clippy::disallowed_methods,
    reason = "a benchmark prints its figures, reads the clock, and its fixtures are in order or it fails"
)]

mod cost;
mod daemon;
mod news;
mod origin;
mod peers;

use std::collections::{HashMap, HashSet};
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use daemon::Daemon;
use news::{Copy, ENTRIES, News};
use origin::Origin;

const SIZES: [usize; 2] = [1_000, 10_000];

/// CPU time of the cold cycle to that of feed-rs.
const COLD_CPU_MAX: f64 = 6.0;
/// Wall time of the cold cycle to that of curl.
const COLD_WALL_MAX: f64 = 6.0;
/// CPU time of the warm cycle to that of curl.
const WARM_CPU_MAX: f64 = 1.0;
const MIB: f64 = 1024.0 * 1024.0;
/// Peak memory with a thousand newsrooms; with ten thousand at most twice that.
const RSS_MIB_MAX: f64 = 96.0;
/// The store to the bytes that were served.
const STORE_MAX: f64 = 1.0;
const EDITED_MIN: f64 = 0.95;

fn main() -> ExitCode {
    for tool in ["nginx", "curl"] {
        let found = Command::new(tool)
            .arg("-V")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        if found.is_err() {
            println!("SKIPPED: {tool} is not installed, nothing was measured");
            return ExitCode::SUCCESS;
        }
    }
    let only = std::env::var("LANGBAO_BENCH_FEEDS")
        .ok()
        .map(|feeds| feeds.parse().unwrap());
    let sizes = only.map_or(SIZES.to_vec(), |feeds| vec![feeds]);
    let mut held = Held::default();
    for feeds in sizes {
        measure(feeds, &mut held);
    }
    match held.broken.as_slice() {
        [] => ExitCode::SUCCESS,
        broken => {
            println!("past its bound: {}", broken.join("; "));
            ExitCode::FAILURE
        }
    }
}

fn measure(feeds: usize, held: &mut Held) {
    let folder = tempfile::tempdir().unwrap();
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let news = News::new(feeds, since.as_secs() as i64);
    let origin = Origin::start(folder.path(), &news);
    let entries = feeds * ENTRIES;
    println!(
        "{feeds} newsrooms, {entries} entries, {:.1} MiB",
        origin.bytes as f64 / MIB
    );

    let parsing = peers::feed_rs(&origin);
    println!("  feed-rs alone: {:.1?} an entry", each(parsing, entries));
    let curl_cold = peers::curl(&origin, folder.path(), false);
    println!(
        "  curl, cold: {:.2?}, CPU {:.2?}",
        curl_cold.wall, curl_cold.cpu
    );
    let curl_warm = peers::curl(&origin, folder.path(), true);
    println!(
        "  curl, warm: {:.2?}, CPU {:.2?}",
        curl_warm.wall, curl_warm.cpu
    );

    let log = origin.log_bytes();
    let daemon = Daemon::start(folder.path(), &origin);
    let cold = daemon.first_cycle(&origin, log);
    let cold_rss = daemon.peak_rss();
    println!(
        "  langbao, cold: {:.2?}, CPU {:.2?}, {:.1?} an entry, {:.1} MiB at most",
        cold.wall,
        cold.cpu,
        each(cold.cpu, entries),
        cold_rss as f64 / MIB
    );
    let log = origin.log_bytes();
    let warm = daemon.cycle();
    let rss = daemon.peak_rss() as f64 / MIB;
    println!(
        "  langbao, warm: {:.2?}, CPU {:.2?}, {rss:.1} MiB at most",
        warm.wall, warm.cpu
    );
    let served = origin.served_since(log);
    let not_modified: HashSet<&str> = served
        .iter()
        .filter(|one| one.status == 304)
        .map(|one| one.path.as_str())
        .collect();
    let kept = daemon.stop();

    held.at_most(
        feeds,
        "cold CPU to feed-rs",
        ratio(cold.cpu, parsing),
        COLD_CPU_MAX,
    );
    held.at_most(
        feeds,
        "cold wall to curl",
        ratio(cold.wall, curl_cold.wall),
        COLD_WALL_MAX,
    );
    held.at_most(
        feeds,
        "warm CPU to curl",
        ratio(warm.cpu, curl_warm.cpu),
        WARM_CPU_MAX,
    );
    held.at_most(
        feeds,
        "requests of the warm cycle",
        served.len() as f64,
        feeds as f64,
    );
    held.at_least(
        feeds,
        "newsrooms that answered 304",
        not_modified.len() as f64,
        feeds as f64,
    );
    let rss_max = if feeds > SIZES[0] {
        2.0 * RSS_MIB_MAX
    } else {
        RSS_MIB_MAX
    };
    held.at_most(feeds, "peak memory, MiB", rss, rss_max);
    held.at_most(
        feeds,
        "store to raw bytes",
        kept.bytes as f64 / origin.bytes as f64,
        STORE_MAX,
    );
    recognised(&news, &kept.stories(), held);
}

/// Holds what became one story against what is one.
fn recognised(news: &News, stories: &HashMap<usize, u64>, held: &mut Held) {
    let feeds = news.feeds;
    held.at_least(
        feeds,
        "entries stored",
        stories.len() as f64,
        (feeds * ENTRIES) as f64,
    );
    let (mut exact, mut exact_found, mut edited, mut edited_found) = (0, 0, 0, 0);
    for (entry, copy) in news.copies() {
        let is_found = |of: usize| {
            usize::from(stories.contains_key(&of) && stories.get(&of) == stories.get(&entry))
        };
        match copy {
            Copy::Exact(of) => {
                exact += 1;
                exact_found += is_found(of);
            }
            Copy::Edited(of) => {
                edited += 1;
                edited_found += is_found(of);
            }
        }
    }
    let found = f64::from(u32::try_from(exact_found).unwrap()) / f64::from(exact);
    held.at_least(feeds, "exact copies recognised", found, 1.0);
    let found = f64::from(u32::try_from(edited_found).unwrap()) / f64::from(edited);
    held.at_least(feeds, "edited copies recognised", found, EDITED_MIN);
    let told: HashSet<u64> = stories.values().copied().collect();
    let joined = stories.len() - told.len();
    held.at_most(
        feeds,
        "entries joined wrongly",
        joined as f64 - (exact_found + edited_found) as f64,
        0.0,
    );
}

fn each(time: Duration, entries: usize) -> Duration {
    time / entries as u32
}

fn ratio(time: Duration, to: Duration) -> f64 {
    time.as_secs_f64() / to.as_secs_f64()
}

/// Figures held against their bounds.
#[derive(Default)]
struct Held {
    broken: Vec<String>,
}

impl Held {
    fn at_most(&mut self, feeds: usize, what: &str, found: f64, max: f64) {
        println!("  {what}: {found:.3} (at most {max})");
        if !found.is_finite() || found > max {
            self.broken.push(format!(
                "{what} with {feeds} newsrooms is {found:.3}, at most {max}"
            ));
        }
    }

    fn at_least(&mut self, feeds: usize, what: &str, found: f64, min: f64) {
        println!("  {what}: {found:.3} (at least {min})");
        if !found.is_finite() || found < min {
            self.broken.push(format!(
                "{what} with {feeds} newsrooms is {found:.3}, at least {min}"
            ));
        }
    }
}
