//! `langbao import`: an export or a snapshot from standard input, packed or not, into an empty store.

use std::io::{self, BufRead, BufReader};
use std::sync::Arc;

use super::{Exit, Failure, Global, check, connect, parts, place, runtime, say};
use crate::clock::{SharedClock, SystemClock};
use crate::core::model::{Batch, SCHEMA_VERSION};
use crate::store::{ExportLine, Store, StoreError};

/// Lines written together.
const BATCH_LINES: usize = 500;

pub fn run(global: &Global, aside: bool) -> Result<Exit, Failure> {
    let path = place::config_file(global)?;
    let checked = check::load(&path)?;
    let config = checked.config;
    let running = runtime()?.block_on(connect::daemon(global, Some(&path), Some(&config)))?;
    if running.is_some() {
        return Err(StoreError::Held {
            path: place::store(&config),
        }
        .into());
    }
    let clock: SharedClock = Arc::new(SystemClock);
    let (folder, now) = (place::store(&config), parts::now(&clock));
    let (mut store, before) = match aside && folder.exists() {
        true => parts::store_put_aside(&folder, &config, now)?,
        false => (parts::store(&folder, &config, now)?, None),
    };
    let input = unpacked(std::io::stdin().lock()).map_err(|err| bad(0, &err.to_string()))?;
    let draft = parts::draft(&folder, &config, now)?;
    let taken = take(&mut store, draft, input);
    // What cannot be removed now is removed by the next import.
    let _ = parts::remove_draft(&folder);
    let lines = taken?;
    if let Some(before) = before {
        parts::go_on_after(&mut store, &before, now)?;
    }
    let counts = store.counts()?;
    say(format_args!(
        "{lines} lines: {} stories of {} articles",
        counts.stories, counts.articles
    ));
    Ok(Exit::Done)
}

/// What zstd packed is unpacked; anything else is read as it is.
fn unpacked<'a>(input: impl BufRead + 'a) -> io::Result<Box<dyn BufRead + 'a>> {
    const MAGIC: &[u8] = &[0x28, 0xB5, 0x2F, 0xFD];
    let mut input = input;
    Ok(match input.fill_buf()?.starts_with(MAGIC) {
        true => Box::new(BufReader::new(zstd::Decoder::with_buffer(input)?)),
        false => Box::new(input),
    })
}

/// Gathers what `input` says in `draft`, and has `store` take it over in the order of its keys: written line by
/// line it would take two or three times the space, and keep it.
fn take(store: &mut Store, mut draft: Store, input: impl BufRead) -> Result<usize, Failure> {
    let mut batch = Batch::default();
    let mut lines = 0;
    let mut whole = false;
    for (at, line) in input.lines().enumerate() {
        let line = line.map_err(|err| bad(at, &err.to_string()))?;
        let parsed = serde_json::from_str(&line).map_err(|err| bad(at, &err.to_string()))?;
        match parsed {
            ExportLine::Langbao { export, .. } if at == 0 && export > SCHEMA_VERSION => {
                return Err(newer(export));
            }
            ExportLine::Langbao { mint, .. } if at == 0 => {
                store.begin_import(&mint)?;
                draft.begin_import(&mint)?;
            }
            _ if at == 0 => return Err(bad(at, "the first line must name the export")),
            parsed => whole = parsed.add_to(&mut batch),
        }
        lines += 1;
        if lines % BATCH_LINES == 0 {
            draft.apply(&std::mem::take(&mut batch))?;
            draft.settle_all()?;
        }
    }
    draft.apply(&batch)?;
    match whole {
        true => {
            store.take_over(draft)?;
            store.end_import()?;
            Ok(lines)
        }
        false => Err(Failure::new(
            "the export ends early: its last line, the numbers, is missing",
            "make another export; the store that was begun is not to be used",
        )),
    }
}

/// What this langbao does not know would be left out without a word.
fn newer(found: u8) -> Failure {
    Failure::new(
        format!("the export has format {found}, this langbao knows formats up to {SCHEMA_VERSION}"),
        "import it with the langbao that made it, or a later one",
    )
}

fn bad(at: usize, cause: &str) -> Failure {
    Failure::new(
        format!("line {} of the export: {cause}", at + 1),
        "give it an unaltered export of `langbao export`, into a store that is not there yet",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::model::Mint;
    use crate::store::MemoryEngine;

    fn first_line(export: u8) -> String {
        format!(
            "{{\"langbao\":{{\"export\":{export},\"mint\":\
             {{\"authority\":\"tin.vn\",\"date\":\"2026-11-22\",\"store\":\"k\"}}}}}}\n\
             {{\"numbers\":{{\"source\":0,\"article\":0,\"story\":0}}}}\n"
        )
    }

    #[test]
    fn packed_or_not_the_same_lines_are_read() {
        let text = "một\nhai\n";
        let packed = zstd::encode_all(text.as_bytes(), 3).expect("packable");
        for bytes in [text.as_bytes(), &packed, b""] {
            let mut read = String::new();
            let mut input = unpacked(bytes).expect("readable");
            io::Read::read_to_string(&mut input, &mut read).expect("readable");
            assert_eq!(read, if bytes.is_empty() { "" } else { text });
        }
    }

    #[test]
    fn an_export_of_a_newer_format_is_refused_and_any_older_one_is_taken() {
        for export in 1..=SCHEMA_VERSION + 1 {
            let mint = || Mint {
                authority: "tin.vn".into(),
                date: "2026-11-22".into(),
                store: "new".into(),
            };
            let memory = || Store::open(Arc::new(MemoryEngine::new()), mint).expect("memory opens");
            let taken = take(&mut memory(), memory(), first_line(export).as_bytes());
            match export <= SCHEMA_VERSION {
                true => assert!(matches!(taken, Ok(2)), "format {export}"),
                false => {
                    assert!(taken.is_err_and(|failure| failure.to_string().contains("format")))
                }
            }
        }
    }
}
