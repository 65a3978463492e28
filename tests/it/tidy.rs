//! The rules of the house that no compiler checks: which way imports point, and what the core may name.

use std::path::{Path, PathBuf};

fn sources(folder: &str) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("a folder of sources") {
            let path = entry.expect("readable").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = std::fs::read_to_string(&path).expect("UTF-8");
                found.push((path, text));
            }
        }
    }
    assert!(!found.is_empty(), "no source below {folder}");
    found
}

/// Lines of code, without what tests and comments say.
fn code(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines()
        .enumerate()
        .take_while(|(_, line)| !line.starts_with("#[cfg(test)]"))
        .filter(|(_, line)| !line.trim_start().starts_with("//"))
        .map(|(at, line)| (at + 1, line))
}

fn is_test(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str());
    let below_tests = path.components().any(|part| part.as_os_str() == "tests");
    matches!(name, Some("tests.rs" | "fixture.rs")) || below_tests
}

#[track_caller]
fn assert_none(offences: Vec<String>) {
    assert!(offences.is_empty(), "\n{}", offences.join("\n"));
}

/// Lines of `folder` that hold one of `words`.
fn naming(folder: &str, words: &[&str]) -> Vec<String> {
    let mut offences = Vec::new();
    for (path, text) in sources(folder) {
        if is_test(&path) {
            continue;
        }
        for (at, line) in code(&text) {
            for word in words.iter().filter(|word| line.contains(**word)) {
                offences.push(format!(
                    "{}:{at}: names {word}: {}",
                    path.display(),
                    line.trim()
                ));
            }
        }
    }
    offences
}

#[test]
fn the_core_names_no_clock_network_disk_environment_thread_or_randomness() {
    assert_none(naming(
        "src/core",
        &[
            "tokio",
            "reqwest",
            "hyper",
            "sled::",
            "std::fs",
            "std::net::Tcp",
            "std::net::Udp",
            "std::env::",
            "std::thread",
            "std::process",
            "SystemTime",
            "Instant",
            "fastrand",
            "getrandom",
            "Utc::now",
            "Local::now",
            "tracing",
        ],
    ));
}

#[test]
fn the_core_imports_nothing_of_the_shell() {
    let shell = ["admin", "cli", "clock", "daemon", "fetch", "http", "store"];
    let words: Vec<String> = shell.iter().map(|part| format!("crate::{part}")).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    assert_none(naming("src/core", &words));
}

#[test]
fn a_stage_imports_only_the_model() {
    let stages = [
        "config",
        "dedup",
        "merge",
        "normalise",
        "parse",
        "publish",
        "rule",
        "schedule",
        "standing",
        "tag",
    ];
    let mut offences = Vec::new();
    for (path, text) in sources("src/core") {
        let relative = path.strip_prefix(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/core"));
        let own = relative
            .expect("below core")
            .components()
            .next()
            .expect("a part");
        let own = own
            .as_os_str()
            .to_string_lossy()
            .trim_end_matches(".rs")
            .to_owned();
        let knows_several =
            ["mod", "pipeline", "reading", "review", "state"].contains(&own.as_str());
        if is_test(&path) || knows_several {
            continue;
        }
        for (at, line) in code(&text) {
            for stage in stages.iter().filter(|stage| **stage != own) {
                if line.contains(&format!("core::{stage}")) {
                    offences.push(format!("{}:{at}: {own} imports {stage}", path.display()));
                }
            }
        }
    }
    assert_none(offences);
}

#[test]
fn parts_of_the_shell_import_no_sibling() {
    let mut offences = Vec::new();
    for part in ["fetch", "http", "store"] {
        let siblings = ["admin", "cli", "daemon", "fetch", "http", "store"];
        let words: Vec<String> = siblings
            .iter()
            .filter(|sibling| **sibling != part)
            .map(|sibling| format!("crate::{sibling}"))
            .collect();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        offences.extend(naming(&format!("src/{part}"), &words));
    }
    assert_none(offences);
}

#[test]
fn the_clock_is_read_in_one_place() {
    let offences = naming("src", &["SystemTime::now", "Utc::now", "Local::now"])
        .into_iter()
        .filter(|offence| !offence.contains("src/clock.rs"))
        .collect();
    assert_none(offences);
}
