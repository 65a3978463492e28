//! Writes that wait for others: a layer in memory above the tree, which only the writer's own decisions see.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::{Arc, PoisonError, RwLock};

use super::layer::{Upper, overlaid};
use super::{EngineError, Op, Pair, Tree};

pub struct Staged {
    under: Arc<dyn Tree>,
    /// By key; none where it is to be deleted.
    waiting: RwLock<BTreeMap<Vec<u8>, Option<Vec<u8>>>>,
}

impl Staged {
    pub fn over(under: Arc<dyn Tree>) -> Staged {
        Staged {
            under,
            waiting: RwLock::default(),
        }
    }

    /// Lays `ops` over what is there; a later one replaces an earlier one of the same key.
    pub fn add(&self, ops: Vec<Op>) {
        let mut waiting = self.waiting.write().unwrap_or_else(PoisonError::into_inner);
        for op in ops {
            match op {
                Op::Put(key, value) => waiting.insert(key, Some(value)),
                Op::Delete(key) => waiting.insert(key, None),
            };
        }
    }

    /// Everything that waits, which does not wait any longer.
    pub fn take(&self) -> Vec<Op> {
        let mut waiting = self.waiting.write().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *waiting)
            .into_iter()
            .map(|(key, value)| match value {
                Some(value) => Op::Put(key, value),
                None => Op::Delete(key),
            })
            .collect()
    }

    pub fn is_empty(&self) -> bool {
        let waiting = self.waiting.read().unwrap_or_else(PoisonError::into_inner);
        waiting.is_empty()
    }

    fn upper(&self, prefix: &[u8], from: &[u8], limit: usize) -> Vec<Upper> {
        let waiting = self.waiting.read().unwrap_or_else(PoisonError::into_inner);
        waiting
            .range::<[u8], _>((Bound::Included(from.max(prefix)), Bound::Unbounded))
            .take_while(|(key, _)| key.starts_with(prefix))
            .take(limit)
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect()
    }
}

impl Tree for Staged {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, EngineError> {
        let waiting = self.waiting.read().unwrap_or_else(PoisonError::into_inner);
        match waiting.get(key) {
            Some(value) => Ok(value.clone()),
            None => self.under.get(key),
        }
    }

    fn scan(&self, prefix: &[u8], from: &[u8], limit: usize) -> Result<Vec<Pair>, EngineError> {
        if self.is_empty() {
            return self.under.scan(prefix, from, limit);
        }
        overlaid(
            from,
            limit,
            |from, limit| Ok(self.upper(prefix, from, limit)),
            |from, limit| self.under.scan(prefix, from, limit),
        )
    }

    fn bytes(&self) -> u64 {
        self.under.bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Blocks, Engine, MemoryEngine};

    fn key(random: &mut fastrand::Rng) -> Vec<u8> {
        vec![random.u8(b'a'..b'd'), random.u8(..12)]
    }

    #[test]
    fn what_waits_is_read_as_if_it_were_written() {
        for seed in 0..40 {
            let mut random = fastrand::Rng::with_seed(seed);
            let under = Arc::new(Blocks::over(Arc::new(MemoryEngine::new())).expect("memory"));
            let plain = MemoryEngine::new();
            let staged = Staged::over(Arc::clone(&under) as Arc<_>);
            for step in 0..60 {
                let op = match random.u32(..3) {
                    0 => Op::Delete(key(&mut random)),
                    _ => Op::Put(key(&mut random), vec![step]),
                };
                plain.write(vec![op.clone()]).expect("memory");
                staged.add(vec![op]);
                if random.u32(..9) == 0 {
                    under.write(staged.take()).expect("memory");
                }
                let (asked, from) = (key(&mut random), key(&mut random));
                assert_eq!(staged.get(&asked), plain.get(&asked));
                let limit = random.usize(1..9);
                for prefix in [&asked[..1], &asked[..2]] {
                    let seen = staged.scan(prefix, &from, limit);
                    assert_eq!(seen, plain.scan(prefix, &from, limit), "seed {seed}");
                }
            }
        }
    }

    #[test]
    fn nobody_else_sees_what_waits() {
        let under = Arc::new(Blocks::over(Arc::new(MemoryEngine::new())).expect("memory"));
        let staged = Staged::over(Arc::clone(&under) as Arc<_>);
        staged.add(vec![Op::Put(b"a".to_vec(), vec![1])]);
        assert_eq!(under.get(b"a"), Ok(None));
        assert_eq!(staged.get(b"a"), Ok(Some(vec![1])));
        drop(staged.take());
        assert_eq!(staged.get(b"a"), Ok(None));
    }
}
