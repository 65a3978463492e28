//! What the work is held against: feed-rs that only parses, curl that only fetches.

use std::fs;
use std::hint::black_box;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::cost;
use crate::origin::Origin;

#[derive(Debug, Clone, Copy)]
pub struct Cost {
    pub wall: Duration,
    pub cpu: Duration,
}

/// The CPU time of feed-rs for all feeds, one after the other.
pub fn feed_rs(origin: &Origin) -> Duration {
    let parser = feed_rs::parser::Builder::new()
        .sanitize_content(false)
        .build();
    let mut spent = Duration::ZERO;
    for feed in 0..origin.feeds {
        let bytes = fs::read(origin.file(feed)).unwrap();
        let before = cost::cpu_of_thread();
        let parsed = black_box(parser.parse(bytes.as_slice()).unwrap());
        assert_eq!(parsed.entries.len(), crate::news::ENTRIES);
        drop(parsed);
        spent += cost::cpu_of_thread() - before;
    }
    spent
}

/// Fetches every feed once; with their entity tags, if they are known already.
pub fn curl(origin: &Origin, folder: &Path, is_known: bool) -> Cost {
    let mut config = String::from("parallel\nparallel-max = 64\nsilent\nfail\n");
    for feed in 0..origin.feeds {
        if feed > 0 && is_known {
            config.push_str("next\n");
        }
        config.push_str(&format!(
            "url = \"{}\"\noutput = \"/dev/null\"\n",
            origin.address(feed)
        ));
        if is_known {
            let etag = origin.etag(feed).replace('"', "\\\"");
            config.push_str(&format!("header = \"If-None-Match: {etag}\"\n"));
        }
    }
    let file = folder.join("curl.config");
    fs::write(&file, config).unwrap();
    let (log, cpu, begun) = (origin.log_bytes(), cost::cpu_of_children(), Instant::now());
    let status = Command::new("curl")
        .arg("--disable")
        .arg("--config")
        .arg(&file)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .unwrap();
    let wall = begun.elapsed();
    let cpu = cost::cpu_of_children() - cpu;
    assert!(status.success(), "curl: {status}");
    let expected = if is_known { 304 } else { 200 };
    let served = origin.served_since(log);
    let right = served.iter().filter(|one| one.status == expected).count();
    assert_eq!(
        (right, served.len()),
        (origin.feeds, origin.feeds),
        "curl got something else"
    );
    Cost { wall, cpu }
}
