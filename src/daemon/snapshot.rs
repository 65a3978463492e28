//! Daily snapshots of the store: whole exports, packed, in a folder of their own inside the store's.
//!
//! Each is made by a thread of its own, which reads beside the writer and rests as long as it works, and appears
//! under its name only when it is whole and on the disk. It says what the store said while it was made: what is
//! taken in meanwhile is left out, so that no story names an article that is not there (`StoreReader::export`).

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::watch;
use tracing::{info, warn};

use super::owner::Published;
use crate::clock::SharedClock;
use crate::core::model::Timestamp;
use crate::store::{StoreError, StoreReader};

/// Where they are kept, inside the store's folder.
pub const FOLDER: &str = "snapshots";
const PREFIX: &str = "langbao-";
const SUFFIX: &str = ".jsonl.zst";
const UNFINISHED: &str = ".unfinished";

const INTERVAL: Duration = Duration::from_secs(24 * 3600);
/// After a start, and after one that could not be made: what is more urgent comes first.
const PATIENCE: Duration = Duration::from_secs(15 * 60);
const LOOK_INTERVAL: Duration = Duration::from_secs(60);
const ZSTD_LEVEL: i32 = 3;
/// Lines written between two rests.
const LINES: u32 = 500;
/// One rest, so that a stop is noticed.
const REST_MAX: Duration = Duration::from_secs(1);

/// What snapshots are made of and where.
pub struct Snapshots {
    pub reader: StoreReader,
    pub served: watch::Receiver<Arc<Published>>,
    pub clock: SharedClock,
    /// The store's folder.
    pub store: PathBuf,
}

impl Snapshots {
    /// Makes one whenever it is time, until it is dropped.
    pub async fn keep(self) {
        let this = Arc::new(self);
        let mut wait_until = this.clock.now() + PATIENCE;
        loop {
            tokio::time::sleep(LOOK_INTERVAL).await;
            let kept = this.served.borrow().config.store.snapshots;
            let now = this.clock.now();
            if kept == 0 || now < wait_until || !is_due(&this.store, now) {
                continue;
            }
            let stop = Stop::default();
            let (maker, stopped) = (Arc::clone(&this), Arc::clone(&stop.0));
            let begun = Instant::now();
            let made = tokio::task::spawn_blocking(move || {
                make(&maker.reader, &maker.store, kept, now, &stopped)
            });
            match made.await {
                Ok(Ok(path)) => {
                    info!(snapshot = %path.display(), took_s = begun.elapsed().as_secs(), "a snapshot of the store was made");
                }
                Ok(Err(err)) => {
                    warn!(%err, "no snapshot of the store could be made: it is tried again");
                    wait_until = now + PATIENCE;
                }
                Err(err) => {
                    warn!(%err, "making a snapshot of the store broke off: it is tried again");
                    wait_until = now + PATIENCE;
                }
            }
        }
    }
}

/// Ends the thread that makes one when the daemon no longer waits for it.
#[derive(Default)]
struct Stop(Arc<AtomicBool>);

impl Drop for Stop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// The snapshots of the store in `store`, the newest last.
pub fn list(store: &Path) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = std::fs::read_dir(store.join(FOLDER))
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| {
            let name = path.file_name().and_then(|name| name.to_str());
            name.is_some_and(|name| name.starts_with(PREFIX) && name.ends_with(SUFFIX))
        })
        .collect();
    // Their names say when they were made.
    found.sort();
    found
}

/// When the newest was made, as its name says.
pub fn newest_at(store: &Path) -> Option<Timestamp> {
    let newest = list(store).pop()?;
    let name = newest.file_name()?.to_str()?;
    let stamp = name.strip_prefix(PREFIX)?.strip_suffix(SUFFIX)?;
    let at = chrono::NaiveDateTime::parse_from_str(stamp, "%Y%m%dT%H%M%SZ").ok()?;
    Some(Timestamp::from_secs(at.and_utc().timestamp()))
}

fn is_due(store: &Path, now: Timestamp) -> bool {
    // One from the future was made under a clock set wrong.
    newest_at(store).is_none_or(|at| at > now || now.since(at) >= INTERVAL)
}

/// Makes one, and removes the oldest beyond `kept`.
///
/// # Errors
/// When the store cannot be read or the folder cannot be written; what is unfinished is removed.
pub fn make(
    reader: &StoreReader,
    store: &Path,
    kept: u32,
    now: Timestamp,
    stopped: &AtomicBool,
) -> Result<PathBuf, StoreError> {
    let folder = store.join(FOLDER);
    let stamp = now.to_datetime().format("%Y%m%dT%H%M%SZ");
    let path = folder.join(format!("{PREFIX}{stamp}{SUFFIX}"));
    let unfinished = folder.join(format!("{PREFIX}{stamp}{SUFFIX}{UNFINISHED}"));
    std::fs::create_dir_all(&folder).map_err(|err| unwritten(&err))?;
    sweep(&folder);
    let written = write(reader, &unfinished, stopped).and_then(|()| {
        std::fs::rename(&unfinished, &path)
            .and_then(|()| File::open(&folder)?.sync_all())
            .map_err(|err| unwritten(&err))
    });
    if let Err(err) = written {
        // It may not even be there.
        let _ = std::fs::remove_file(&unfinished);
        return Err(err);
    }
    let all = list(store);
    let kept = usize::try_from(kept).unwrap_or(usize::MAX);
    for old in all.iter().take(all.len().saturating_sub(kept)) {
        if let Err(err) = std::fs::remove_file(old) {
            warn!(%err, snapshot = %old.display(), "an old snapshot cannot be removed");
        }
    }
    Ok(path)
}

/// What a kill left behind.
fn sweep(folder: &Path) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.file_name().to_string_lossy().ends_with(UNFINISHED) {
            // It stays until the next one then.
            let _ = std::fs::remove_file(entry.path());
        }
    }
}

fn write(reader: &StoreReader, path: &Path, stopped: &AtomicBool) -> Result<(), StoreError> {
    let io = |err: io::Error| unwritten(&err);
    let file = BufWriter::new(File::create(path).map_err(io)?);
    let mut packed = zstd::Encoder::new(file, ZSTD_LEVEL).map_err(io)?;
    let (mut lines, mut begun) = (0, Instant::now());
    reader.export(|line| {
        serde_json::to_writer(&mut packed, &line).map_err(|err| unwritten(&err.into()))?;
        packed.write_all(b"\n").map_err(io)?;
        lines += 1;
        if lines % LINES == 0 {
            // Half of a core is enough for it.
            std::thread::sleep(begun.elapsed().min(REST_MAX));
            begun = Instant::now();
            if stopped.load(Ordering::Relaxed) {
                return Err(StoreError::Write("the daemon is stopping".to_owned()));
            }
        }
        Ok(())
    })?;
    let file = packed.finish().map_err(io)?;
    let file = file.into_inner().map_err(|err| unwritten(err.error()))?;
    file.sync_all().map_err(io)
}

fn unwritten(err: &io::Error) -> StoreError {
    StoreError::Write(format!("{FOLDER}: {err}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::model::Mint;
    use crate::core::model::fixture::noon;
    use crate::store::{ExportLine, MemoryEngine, Store};

    fn store() -> Store {
        let mint = || Mint {
            authority: "tin.vn".into(),
            date: "2026-11-22".into(),
            store: "k".into(),
        };
        Store::open(Arc::new(MemoryEngine::new()), mint).expect("memory opens")
    }

    fn made(reader: &StoreReader, folder: &Path, at: Timestamp) -> Result<PathBuf, StoreError> {
        make(reader, folder, 3, at, &AtomicBool::new(false))
    }

    #[test]
    fn a_snapshot_is_a_whole_export_and_only_the_newest_are_kept() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let store = store();
        for day in 0..5 {
            let now = noon() + INTERVAL * day;
            assert!(is_due(folder.path(), now));
            let path = made(&store.reader(), folder.path(), now).expect("writable");
            assert!(!is_due(folder.path(), now + INTERVAL / 2));
            let packed = std::fs::read(path).expect("readable");
            let text = zstd::decode_all(packed.as_slice()).expect("zstd");
            let lines: Vec<ExportLine> = text
                .split(|byte| *byte == b'\n')
                .filter(|line| !line.is_empty())
                .map(|line| serde_json::from_slice(line).expect("a line"))
                .collect();
            assert!(matches!(lines.first(), Some(ExportLine::Langbao { .. })));
            assert!(matches!(lines.last(), Some(ExportLine::Numbers { .. })));
        }
        assert_eq!(list(folder.path()).len(), 3);
        assert_eq!(newest_at(folder.path()), Some(noon() + INTERVAL * 4));
        assert!(is_due(folder.path(), noon()), "the clock was set back");
    }

    #[test]
    fn what_cannot_be_finished_is_not_there() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        std::fs::write(folder.path().join(FOLDER), "in the way").expect("writable");
        let refused = made(&store().reader(), folder.path(), noon());
        assert!(matches!(refused, Err(StoreError::Write(_))));
        std::fs::remove_file(folder.path().join(FOLDER)).expect("removable");
        let half = folder
            .path()
            .join(FOLDER)
            .join("langbao-x.jsonl.zst.unfinished");
        std::fs::create_dir(folder.path().join(FOLDER)).expect("writable");
        std::fs::write(&half, "half").expect("writable");
        assert_eq!(list(folder.path()), Vec::<PathBuf>::new());
        made(&store().reader(), folder.path(), noon()).expect("writable");
        assert!(!half.exists());
    }
}
