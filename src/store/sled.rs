//! sled 0.34.7 under the [`Engine`] trait.
//!
//! One tree, so that `apply_batch` is atomic; every write ends with a synchronous `flush`, since only a
//! flush that returned is durable and `flush_async` deadlocks under load (sled issue 1308). Opening may
//! panic on a damaged folder, so it happens under `catch_unwind`.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use super::{Engine, EngineError, Op, Pair, StoreError};

/// sled's page cache; its memory comes to about three times this.
const CACHE_BYTES: u64 = 12 * 1024 * 1024;

pub struct SledEngine {
    db: sled::Db,
}

impl SledEngine {
    /// Opens a store that this process has just let go: a thread of sled's may hold it a moment longer.
    #[cfg(test)]
    pub(crate) fn reopen(path: &Path) -> Result<SledEngine, StoreError> {
        for _ in 0..1_000_000 {
            match SledEngine::open(path) {
                Err(StoreError::Held { .. }) => std::thread::yield_now(),
                other => return other,
            }
        }
        SledEngine::open(path)
    }

    /// Opens the store in `path`, which is made when it is not there.
    ///
    /// # Errors
    /// [`StoreError::Held`] when another process holds it, [`StoreError::Folder`] when the folder cannot
    /// be used, [`StoreError::Open`] when sled cannot read what is in it.
    pub fn open(path: &Path) -> Result<SledEngine, StoreError> {
        std::fs::create_dir_all(path).map_err(|err| folder(path, &err))?;
        // sled reports a folder it may not write only after a while and in its own words.
        tempfile::Builder::new()
            .prefix(".langbao-probe")
            .tempfile_in(path)
            .map_err(|err| folder(path, &err))?;
        let config = sled::Config::new()
            .path(path)
            .mode(sled::Mode::LowSpace)
            .cache_capacity(CACHE_BYTES)
            // Every write is flushed by hand.
            .flush_every_ms(None);
        match catch_unwind(AssertUnwindSafe(|| config.open())) {
            Ok(Ok(db)) => Ok(SledEngine { db }),
            Ok(Err(err)) => Err(refused(path, &err)),
            Err(panic) => Err(StoreError::Open {
                path: path.to_owned(),
                cause: format!("sled panicked: {}", panic_text(panic.as_ref())),
            }),
        }
    }
}

fn folder(path: &Path, err: &io::Error) -> StoreError {
    StoreError::Folder {
        path: path.to_owned(),
        cause: err.to_string(),
    }
}

fn refused(path: &Path, err: &sled::Error) -> StoreError {
    let text = err.to_string();
    match err {
        // sled wraps the lock's `WouldBlock` into an error of kind `Other`.
        sled::Error::Io(_) if text.contains("could not acquire lock") => StoreError::Held {
            path: path.to_owned(),
        },
        _ => StoreError::Open {
            path: path.to_owned(),
            cause: text,
        },
    }
}

fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("no message")
        .to_owned()
}

fn failed(err: sled::Error) -> EngineError {
    EngineError(err.to_string())
}

impl Engine for SledEngine {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, EngineError> {
        Ok(self
            .db
            .get(key)
            .map_err(failed)?
            .map(|value| value.to_vec()))
    }

    fn scan(&self, prefix: &[u8], from: &[u8], limit: usize) -> Result<Vec<Pair>, EngineError> {
        let mut pairs = Vec::new();
        for pair in self.db.range(from.max(prefix)..).take(limit) {
            let (key, value) = pair.map_err(failed)?;
            if !key.starts_with(prefix) {
                break;
            }
            pairs.push((key.to_vec(), value.to_vec()));
        }
        Ok(pairs)
    }

    fn last_up_to(&self, prefix: &[u8], key: &[u8]) -> Result<Option<Pair>, EngineError> {
        let Some(pair) = self.db.range(prefix..=key).next_back() else {
            return Ok(None);
        };
        let (key, value) = pair.map_err(failed)?;
        Ok(Some((key.to_vec(), value.to_vec())))
    }

    fn write(&self, ops: Vec<Op>) -> Result<(), EngineError> {
        let mut batch = sled::Batch::default();
        for op in ops {
            match op {
                Op::Put(key, value) => batch.insert(key, value),
                Op::Delete(key) => batch.remove(key),
            }
        }
        self.db.apply_batch(batch).map_err(failed)?;
        self.db.flush().map_err(failed)?;
        Ok(())
    }

    fn bytes(&self) -> u64 {
        self.db.size_on_disk().unwrap_or(0)
    }
}
