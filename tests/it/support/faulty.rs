//! A store medium that fails when it is told to.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use langbao::store::{Engine, EngineError, MemoryEngine, Op, Pair};

/// Memory that refuses the next writes; half of those it refuses it has made all the same, since a
/// failed flush says nothing about what reached the disk.
#[derive(Default)]
pub struct FaultyEngine {
    memory: MemoryEngine,
    /// Writes that still go through before the next ones are refused.
    let_through: AtomicU32,
    refuse: AtomicU32,
    refused: AtomicU32,
    writes: AtomicU32,
}

impl FaultyEngine {
    pub fn new() -> Arc<FaultyEngine> {
        Arc::default()
    }

    /// Refuses one write, after `writes` that go through.
    pub fn refuse_after(&self, writes: u32) {
        self.let_through.store(writes, Ordering::SeqCst);
        self.refuse_next(1);
    }

    /// How often it was written to.
    pub fn writes(&self) -> u32 {
        self.writes.load(Ordering::SeqCst)
    }

    pub fn refuse_next(&self, writes: u32) {
        self.refuse.store(writes, Ordering::SeqCst);
    }
}

impl Engine for FaultyEngine {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, EngineError> {
        self.memory.get(key)
    }

    fn scan(&self, prefix: &[u8], from: &[u8], limit: usize) -> Result<Vec<Pair>, EngineError> {
        self.memory.scan(prefix, from, limit)
    }

    fn last_up_to(&self, prefix: &[u8], key: &[u8]) -> Result<Option<Pair>, EngineError> {
        self.memory.last_up_to(prefix, key)
    }

    fn write(&self, ops: Vec<Op>) -> Result<(), EngineError> {
        self.writes.fetch_add(1, Ordering::SeqCst);
        if take_one(&self.let_through) || !take_one(&self.refuse) {
            return self.memory.write(ops);
        }
        if self
            .refused
            .fetch_add(1, Ordering::SeqCst)
            .is_multiple_of(2)
        {
            self.memory.write(ops)?;
        }
        Err(EngineError("no space left on device".into()))
    }

    fn bytes(&self) -> u64 {
        0
    }
}

/// Whether there was one to take.
fn take_one(left: &AtomicU32) -> bool {
    let taken = left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| {
        left.checked_sub(1)
    });
    taken.is_ok()
}
