//! `langbao check [FILE]`.

use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{Exit, Failure, Global, connect, parts, place, runtime, say};
use crate::admin::{Client, Preview, Reply, Request};
use crate::clock::{SharedClock, SystemClock};
use crate::core::config::{Checked, Config, Level, Paint, Remark};
use crate::core::review::{Review, Terms};
use crate::daemon::preview;
use crate::store::Marker;

pub fn run(global: &Global, file: Option<PathBuf>) -> Result<Exit, Failure> {
    let path = match file {
        Some(file) => file,
        // A configuration that is not there is as wrong as one that is broken: the answer is no.
        None => place::config_file(global).map_err(|failure| failure.with(Exit::No))?,
    };
    match place::load(&path) {
        Ok(checked) => {
            print(&checked.warnings, Level::Warning);
            let enabled = checked
                .config
                .sources
                .iter()
                .filter(|source| source.enabled)
                .count();
            say(format_args!(
                "{}: in order: {} sources, {enabled} enabled, {} warnings",
                path.display(),
                checked.config.sources.len(),
                checked.warnings.len()
            ));
            print_rules(global, &path, &checked.config);
            Ok(Exit::Done)
        }
        Err(mistakes) => {
            print(&mistakes, Level::Error);
            let plural = if mistakes.len() == 1 {
                "mistake"
            } else {
                "mistakes"
            };
            let _ = writeln!(
                std::io::stderr(),
                "{}: {} {plural}",
                path.display(),
                mistakes.len()
            );
            Ok(Exit::No)
        }
    }
}

/// How many stored stories each rule would touch, where there is a store that can be read.
fn print_rules(global: &Global, path: &Path, config: &Config) {
    if config.rules.is_empty() {
        return;
    }
    match touched(global, path, config) {
        Ok(Some(preview)) => {
            for line in preview.lines() {
                say(format_args!("{line}"));
            }
            if preview.needs_yes() {
                let _ = writeln!(std::io::stderr(), "warning: {}", preview.objection());
            }
        }
        Ok(None) => {}
        // The file is in order all the same.
        Err(failure) => {
            let _ = writeln!(
                std::io::stderr(),
                "what the rules would touch is not known:\n{failure}"
            );
        }
    }
}

fn touched(global: &Global, path: &Path, config: &Config) -> Result<Option<Preview>, Failure> {
    let terms = Terms::of(config);
    let asked = runtime()?.block_on(async {
        match connect::daemon(global, Some(path), Some(config)).await? {
            Some(client) => ask(client, &terms).await.map(Some),
            None => Ok(None),
        }
    })?;
    if asked.is_some() {
        return Ok(asked);
    }
    let folder = place::store(config);
    // A check makes no store.
    let is_there = Marker::read(&folder).is_ok_and(|marker| marker.is_some());
    if !is_there {
        return Ok(None);
    }
    let clock: SharedClock = Arc::new(SystemClock);
    let store = parts::store(&folder, config, parts::now(&clock))?;
    let review = Review::of(&terms).map_err(|bad| {
        Failure::new(
            format!("rule number {}: {}", bad.number, bad.cause),
            "make the rule simpler",
        )
    })?;
    Ok(Some(preview::preview(&store, &review, &terms.rules)?))
}

async fn ask(mut client: Client, terms: &Terms) -> Result<Preview, Failure> {
    let broken = |err: std::io::Error| connect::broken(&err);
    client
        .ask(&Request::Preview(terms.clone()))
        .await
        .map_err(broken)?;
    match client.reply().await.map_err(broken)? {
        Some(Reply::Previewed(preview)) => Ok(preview),
        Some(Reply::Refused { errors }) => {
            Err(Failure::new(errors.join("; "), "look at the daemon's log"))
        }
        _ => Err(Failure::new("the daemon broke off", "look at its log")),
    }
}

/// The configuration at `path`, for a command that needs one without mistakes.
///
/// # Errors
/// When it has any; they are printed.
pub fn load(path: &Path) -> Result<Checked, Failure> {
    place::load(path).map_err(|mistakes| {
        print(&mistakes, Level::Error);
        Failure::new(
            format!("{} has mistakes", path.display()),
            "mend what is named above; `langbao check` shows it again",
        )
    })
}

/// Remarks with their place, caret and hint, on standard error.
pub fn print(remarks: &[Remark], level: Level) {
    let mut stderr = std::io::stderr();
    let paint = if stderr.is_terminal() {
        Paint::ANSI
    } else {
        Paint::PLAIN
    };
    for remark in remarks {
        let _ = writeln!(
            stderr,
            "{}",
            remark.render_painted(level, &paint).trim_end()
        );
    }
}
