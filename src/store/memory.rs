//! The memory twin of the sled engine, for tests and dry runs.

use std::collections::BTreeMap;
use std::sync::{PoisonError, RwLock};

use super::{Engine, EngineError, Op, Pair};

#[derive(Debug, Default)]
pub struct MemoryEngine {
    tree: RwLock<BTreeMap<Vec<u8>, Vec<u8>>>,
}

impl MemoryEngine {
    pub fn new() -> MemoryEngine {
        MemoryEngine::default()
    }

    /// A copy of everything, as a crash would leave it.
    pub fn copy(&self) -> MemoryEngine {
        let tree = self
            .tree
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        MemoryEngine {
            tree: RwLock::new(tree),
        }
    }
}

impl Engine for MemoryEngine {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, EngineError> {
        let tree = self.tree.read().unwrap_or_else(PoisonError::into_inner);
        Ok(tree.get(key).cloned())
    }

    fn scan(&self, prefix: &[u8], from: &[u8], limit: usize) -> Result<Vec<Pair>, EngineError> {
        let tree = self.tree.read().unwrap_or_else(PoisonError::into_inner);
        let from = from.max(prefix).to_vec();
        Ok(tree
            .range(from..)
            .take_while(|(key, _)| key.starts_with(prefix))
            .take(limit)
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect())
    }

    fn last_up_to(&self, prefix: &[u8], key: &[u8]) -> Result<Option<Pair>, EngineError> {
        let tree = self.tree.read().unwrap_or_else(PoisonError::into_inner);
        let last = tree.range(prefix.to_vec()..=key.to_vec()).next_back();
        Ok(last.map(|(key, value)| (key.clone(), value.clone())))
    }

    fn write(&self, ops: Vec<Op>) -> Result<(), EngineError> {
        let mut tree = self.tree.write().unwrap_or_else(PoisonError::into_inner);
        for op in ops {
            match op {
                Op::Put(key, value) => tree.insert(key, value),
                Op::Delete(key) => tree.remove(&key),
            };
        }
        Ok(())
    }

    fn bytes(&self) -> u64 {
        0
    }
}
