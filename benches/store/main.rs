//! What an archive costs when the daemon starts: time to the first answer and memory, by the number of stored
//! articles, and bytes on disk by the bytes the newsrooms sent.
//!
//! `cargo bench --bench store` compares 10,000 with 100,000 articles, `cargo bench --bench store -- 1000000` with a
//! million (some minutes, some gigabytes in the temporary folder). With `LANGBAO_UNSETTLED` set nothing is settled, as
//! it was before there were blocks. Stores are built by the owner that the daemon
//! runs, out of feeds; then the program itself is started on each.

#![allow(
    clippy::print_stderr,
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_possible_wrap,
    clippy::cast_precision_loss,
    clippy::disallowed_methods,
    reason = "a benchmark prints its figures, and its fixtures are in order or it fails"
)]

mod news;

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, ExitCode, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use langbao::core::config::{Config, ConfigFile, Vocabulary, load};
use langbao::core::model::{FetchOutcome, Fetched, Freshness, Mint, Timestamp, Validators};
use langbao::core::reading;
use langbao::core::schedule::Jitter;
use langbao::daemon::owner::Owner;
use langbao::store::{SledEngine, Store};

const SOURCES: usize = 40;
const SMALL: usize = 10_000;
const LARGE: usize = 100_000;
/// Items of one poll.
const ITEMS: usize = 250;
/// Polls of one durable write.
const GROUP: usize = 8;
const PAST: Duration = Duration::from_secs(700 * 24 * 3600);

const FIRST_ANSWER_MAX: Duration = Duration::from_secs(2);
const RSS_RATIO_MAX: f64 = 2.0;
/// Of the store as `langbao import --aside` leaves it: sled leaves holes in a file that has grown, and gives little
/// back.
const ANEW_RATIO_MAX: f64 = 1.0;

struct Figures {
    articles: usize,
    built_in: Duration,
    raw_bytes: u64,
    disk_bytes: u64,
    /// The same store as an import writes it: settled, in the order of its keys.
    anew_bytes: u64,
    first_answer: Duration,
    rss_kib: u64,
    peak_kib: u64,
}

fn main() -> ExitCode {
    let asked = std::env::args().filter_map(|arg| arg.parse().ok()).next();
    let work = tempfile::tempdir().unwrap();
    let small = measure(work.path(), SMALL);
    let large = measure(work.path(), asked.unwrap_or(LARGE));
    let rss = large.rss_kib as f64 / small.rss_kib as f64;
    let disk = large.disk_bytes as f64 / large.raw_bytes as f64;
    println!(
        "memory with {} articles is {rss:.2} x that with {} (bound {RSS_RATIO_MAX:.2})",
        large.articles, small.articles
    );
    let anew = large.anew_bytes as f64 / large.raw_bytes as f64;
    println!(
        "the store is {disk:.2} x what newsrooms sent; written anew it is {anew:.2} x (bound {ANEW_RATIO_MAX:.2})"
    );
    let holds =
        rss <= RSS_RATIO_MAX && anew <= ANEW_RATIO_MAX && large.first_answer <= FIRST_ANSWER_MAX;
    match holds {
        true => ExitCode::SUCCESS,
        false => {
            println!("OUT OF BOUNDS");
            ExitCode::FAILURE
        }
    }
}

fn measure(work: &Path, articles: usize) -> Figures {
    let folder = work.join(format!("store-{articles}"));
    let port = free_port();
    let feeds_toml = feeds_toml(&folder, port);
    let file = work.join(format!("feeds-{articles}.toml"));
    std::fs::write(&file, &feeds_toml).unwrap();
    let begun = Instant::now();
    let raw_bytes = build(&folder, &feeds_toml, articles);
    let built_in = begun.elapsed();
    let disk_bytes = bytes_under(&folder);

    let begun = Instant::now();
    let mut daemon = start(&file);
    let first_answer = loop {
        if get(port, "/feed.atom").is_some_and(|answer| answer.starts_with("HTTP/1.1 200")) {
            break begun.elapsed();
        }
        assert!(begun.elapsed() < Duration::from_secs(120), "no answer");
        std::thread::sleep(Duration::from_millis(2));
    };
    for path in [
        "/",
        "/feed.rss",
        "/status.json",
        "/sources/s7.atom",
        "/provinces/an-giang.atom",
    ] {
        let answer = get(port, path).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200"), "{path}: {answer:.80}");
    }
    let memory = std::fs::read_to_string(format!("/proc/{}/status", daemon.id())).unwrap();
    let kib = |name: &str| -> u64 {
        let line = memory.lines().find(|line| line.starts_with(name)).unwrap();
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    };
    daemon.kill().unwrap();
    daemon.wait().unwrap();
    let figures = Figures {
        articles,
        built_in,
        raw_bytes,
        disk_bytes,
        anew_bytes: written_anew(&folder, &work.join("anew")),
        first_answer,
        rss_kib: kib("VmRSS"),
        peak_kib: kib("VmHWM"),
    };
    println!(
        "{} articles: first answer after {:.3} s, RSS {:.1} MiB (peak {:.1}), {:.0} MiB on disk ({:.0} written anew) of {:.0} MiB sent, taken in in {:.0} s ({:.0} us an article)",
        figures.articles,
        figures.first_answer.as_secs_f64(),
        figures.rss_kib as f64 / 1024.0,
        figures.peak_kib as f64 / 1024.0,
        mib(figures.disk_bytes),
        mib(figures.anew_bytes),
        mib(figures.raw_bytes),
        figures.built_in.as_secs_f64(),
        figures.built_in.as_secs_f64() * 1e6 / articles as f64,
    );
    figures
}

fn mib(bytes: u64) -> f64 {
    bytes as f64 / 1024.0 / 1024.0
}

fn bytes_under(folder: &Path) -> u64 {
    std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| {
            let entry = entry.unwrap();
            match entry.file_type().unwrap().is_dir() {
                true => bytes_under(&entry.path()),
                false => entry.metadata().unwrap().len(),
            }
        })
        .sum()
}

fn feeds_toml(folder: &Path, port: u16) -> String {
    let mut text = format!(
        "[server]\nlisten = [\"127.0.0.1:{port}\"]\nbase_url = \"http://127.0.0.1:{port}/\"\n\
         [store]\npath = {:?}\nsnapshots = 0\n",
        folder.display().to_string()
    );
    for at in 0..SOURCES {
        text.push_str(&format!(
            "[[source]]\nid = \"s{at}\"\nurl = \"https://s{at}.example.vn/rss\"\nenabled = false\n"
        ));
    }
    text
}

fn config(text: &str) -> Config {
    let file = ConfigFile {
        name: "feeds.toml".into(),
        text: text.into(),
    };
    load(&file, &[], &Vocabulary::default(), &|_| None)
        .unwrap()
        .config
}

/// Takes in so many articles by polls spread over the past; how many bytes the feeds had.
fn build(folder: &Path, feeds_toml: &str, articles: usize) -> u64 {
    let engine = Arc::new(SledEngine::open(folder).unwrap());
    let store = Store::open(engine, mint).unwrap();
    // Polled here, and by nobody when the program is started.
    let polled = config(&feeds_toml.replace("enabled = false\n", ""));
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let begin = Timestamp::from_secs(now.as_secs() as i64) - PAST;
    let mut owner = Owner::open(store, polled, begin).unwrap();
    let polls = articles / ITEMS;
    let mut newsroom = news::Newsroom::new(7);
    let mut raw_bytes = 0;
    for poll in 0..polls {
        let now = begin + PAST * poll as u32 / polls as u32;
        let source = poll % SOURCES;
        let body = newsroom.rss(source, ITEMS, now);
        raw_bytes += body.len() as u64;
        let fetched = FetchOutcome::Fetched(Fetched {
            status: 200,
            url: format!("https://s{source}.example.vn/rss"),
            content_type: Some("application/rss+xml; charset=utf-8".into()),
            body: body.into(),
            validators: Validators::default(),
            freshness: Freshness::default(),
            moved_to: None,
        });
        let no = owner.configured(&format!("s{source}").try_into().unwrap());
        let no = no.unwrap().0;
        let job = owner.job(no).unwrap();
        let outcome = reading::read(fetched, job.before, &job.reading, &job.tagger, now);
        owner
            .stage(no, job.reading.key, outcome, now, Jitter(0.0))
            .unwrap();
        if poll % GROUP == GROUP - 1 {
            owner.write_staged(now).unwrap();
            settle(&mut owner, now);
        }
    }
    owner.write_staged(begin + PAST).unwrap();
    settle(&mut owner, begin + PAST);
    let counts = owner.reader().counts().unwrap();
    assert_eq!(counts.articles, (polls * ITEMS) as u64, "all were taken in");
    raw_bytes
}

/// The bytes of a store that takes over the one in `from`.
fn written_anew(from: &Path, to: &Path) -> u64 {
    let draft = Store::open(Arc::new(SledEngine::open(from).unwrap()), mint).unwrap();
    let mut store = Store::open(Arc::new(SledEngine::open(to).unwrap()), mint).unwrap();
    store.begin_import(&mint()).unwrap();
    store.take_over(draft).unwrap();
    store.end_import().unwrap();
    drop(store);
    let bytes = bytes_under(to);
    std::fs::remove_dir_all(to).unwrap();
    bytes
}

fn mint() -> Mint {
    Mint {
        authority: "tin.example.vn".into(),
        date: "2026-11-22".into(),
        store: "bench".into(),
    }
}

/// As the daemon does between polls.
fn settle(owner: &mut Owner, now: Timestamp) {
    while owner.has_unsettled() && std::env::var_os("LANGBAO_UNSETTLED").is_none() {
        owner.settle_some(now, 1024).unwrap();
    }
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

fn start(file: &Path) -> Child {
    Command::new(env!("CARGO_BIN_EXE_langbao"))
        .args(["run", "--config"])
        .arg(file)
        .arg("--socket")
        .arg(file.with_extension("sock"))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

fn get(port: u16, path: &str) -> Option<String> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
    let request = format!("GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).ok()?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).ok()?;
    Some(String::from_utf8_lossy(&answer).into_owned())
}
