//! `langbao check [FILE]`.

use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};

use super::{Exit, Failure, Global, place, say};
use crate::core::config::{Checked, Level, Paint, Remark};

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
