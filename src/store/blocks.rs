//! Settled keys: many of them in one value, so that an old archive is a tree of few and small pages.
//!
//! sled keeps every page of a tree in a table in memory, sixteen keys to a page, and writes a page anew for a few of
//! its keys. A million articles have some fifteen million keys. So what is written comes as a key of its own first,
//! and is later *settled* with its neighbours into a block: a value under the byte 1 and the first of its keys, with
//! keys without the part they share with the one before, all of it compressed. What a key of its own says hides what
//! a block says of it; the value [`AWAY`] says that it is there no more.
//!
//! Settling changes nothing that can be read, and moves what it settles with one atomic write.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::layer::{Upper, overlaid};
use super::{Engine, EngineError, Op, Pair, Tree, pack, record};

/// What a key of its own holds when its block is not to be believed; no record and no index key holds it.
const AWAY: &[u8] = &[0xFF];
/// Before the first key of a block.
const BLOCK: u8 = 1;
/// Kinds of keys that are settled: what changes all the time stays by itself.
const SETTLED: &[u8] = b"adefghkoqrtuvwx";
/// What a block may hold before it is compressed: of articles, and of what is looked up one by one.
const ARTICLES_BYTES_MAX: usize = 16 * 1024;
const KEYS_BYTES_MAX: usize = 6 * 1024;
/// Blocks read at a time.
const CHUNK: usize = 4;

type Pairs = BTreeMap<Vec<u8>, Vec<u8>>;

pub struct Blocks {
    under: Arc<dyn Engine>,
    /// Whether there may be any.
    has_any: AtomicBool,
}

impl Blocks {
    pub fn over(under: Arc<dyn Engine>) -> Result<Blocks, EngineError> {
        let any = under.scan(&[BLOCK], &[BLOCK], 1)?;
        Ok(Blocks {
            has_any: AtomicBool::new(!any.is_empty()),
            under,
        })
    }

    /// What lies on the medium, blocks as they are: at most `limit` pairs from `from` on.
    pub fn laid(&self, from: &[u8], limit: usize) -> Result<Vec<Pair>, EngineError> {
        self.under.scan(&[], from, limit)
    }

    /// Puts down what lay on another medium, blocks as they are.
    ///
    /// sled splits a page that is full and writes both halves anew, so each value in order would be written some
    /// three times. The keys come first, and a value is added to a page that need not be split any more.
    pub fn lay(&self, pairs: Vec<Pair>) -> Result<(), EngineError> {
        self.has_any.store(true, Ordering::SeqCst);
        let keys = pairs
            .iter()
            .map(|(key, _)| Op::Put(key.clone(), Vec::new()));
        self.under.write(keys.collect())?;
        let pairs = pairs.into_iter().filter(|(_, value)| !value.is_empty());
        self.under
            .write(pairs.map(|(key, value)| Op::Put(key, value)).collect())
    }

    /// All of `ops` or none; on `Ok` they are durable.
    pub fn write(&self, ops: Vec<Op>) -> Result<(), EngineError> {
        let mut own = Vec::with_capacity(ops.len());
        for op in ops {
            own.push(match op {
                Op::Delete(key) if self.settled(&key)?.is_some() => Op::Put(key, AWAY.to_vec()),
                other => other,
            });
        }
        self.under.write(own)
    }

    /// Settles at most `limit` keys from `from` on; where the next step begins, none when it was the last.
    pub fn settle(&self, from: &[u8], limit: usize) -> Result<Option<Vec<u8>>, EngineError> {
        let kinds = SETTLED.iter().map(std::slice::from_ref);
        for kind in kinds.filter(|kind| from.get(..1).is_none_or(|begun| *kind >= begun)) {
            let own = self.under.scan(kind, from.max(kind), limit)?;
            let Some((last, _)) = own.last() else {
                continue;
            };
            let mut next = last.clone();
            next.push(0);
            let ops = self.move_into_blocks(kind, own)?;
            // Readers look among the blocks from before the first of them is there.
            self.has_any.store(true, Ordering::SeqCst);
            self.under.write(ops)?;
            return Ok(Some(next));
        }
        Ok(None)
    }

    fn move_into_blocks(&self, kind: &[u8], own: Vec<Pair>) -> Result<Vec<Op>, EngineError> {
        let mut ops = Vec::new();
        let mut own = own.into_iter().peekable();
        while let Some((first, _)) = own.peek() {
            let mut old = self.block_of(kind, first)?;
            let mut blocks = Vec::new();
            let mut pairs = Pairs::new();
            let mut end = None;
            // A block that lost most of its keys takes the next one in.
            while let Some((key, value)) = old.take() {
                pairs.extend(decoded(&value)?);
                let next = self.block_after(kind, &key)?;
                blocks.push(key);
                if bytes_of(&pairs) < room(kind) / 4 {
                    old = next;
                } else {
                    end = next.map(|(key, _)| key);
                }
            }
            let is_inside = |key: &[u8]| end.as_ref().is_none_or(|end| key < &end[1..]);
            while let Some((key, value)) = own.next_if(|(key, _)| is_inside(key)) {
                ops.push(Op::Delete(key.clone()));
                match value == AWAY {
                    true => pairs.remove(&key),
                    false => pairs.insert(key, record::relaxed(kind, value)),
                };
            }
            let split = split(pairs, room(kind));
            let kept: Vec<&[u8]> = split.iter().map(|(key, _)| key.as_slice()).collect();
            let vanished = blocks.iter().filter(|key| !kept.contains(&key.as_slice()));
            ops.extend(vanished.map(|key| Op::Delete(key.clone())));
            ops.extend(split.into_iter().map(|(key, value)| Op::Put(key, value)));
        }
        Ok(ops)
    }

    /// The block in which a key is, or would be.
    fn block_of(&self, kind: &[u8], key: &[u8]) -> Result<Option<Pair>, EngineError> {
        let prefix = block_key(kind);
        match self.under.last_up_to(&prefix, &block_key(key))? {
            Some(found) => Ok(Some(found)),
            None => Ok(self.under.scan(&prefix, &prefix, 1)?.pop()),
        }
    }

    fn block_after(&self, kind: &[u8], block: &[u8]) -> Result<Option<Pair>, EngineError> {
        let after = [block, &[0]].concat();
        Ok(self.under.scan(&block_key(kind), &after, 1)?.pop())
    }

    /// What the blocks say of a key.
    fn settled(&self, key: &[u8]) -> Result<Option<Vec<u8>>, EngineError> {
        if !is_settled(key) || !self.has_any.load(Ordering::SeqCst) {
            return Ok(None);
        }
        let Some((_, value)) = self
            .under
            .last_up_to(&block_key(&key[..1]), &block_key(key))?
        else {
            return Ok(None);
        };
        let mut found = None;
        each(&unpacked(&value)?, |known, value| {
            if known == key {
                found = Some(value.to_vec());
            }
            known < key
        })?;
        Ok(found)
    }

    fn scan_settled(
        &self,
        prefix: &[u8],
        from: &[u8],
        limit: usize,
    ) -> Result<Vec<Pair>, EngineError> {
        let mut found = Vec::new();
        if !self.has_any.load(Ordering::SeqCst) || !from.starts_with(prefix) {
            return Ok(found);
        }
        let kind = block_key(&prefix[..1]);
        let mut at = match self.under.last_up_to(&kind, &block_key(from))? {
            Some((block, _)) => block,
            None => kind.clone(),
        };
        loop {
            let blocks = self.under.scan(&kind, &at, CHUNK)?;
            for (_, value) in &blocks {
                let mut is_past = false;
                each(&unpacked(value)?, |key, value| {
                    let is_inside = key.starts_with(prefix);
                    is_past = !is_inside && key > prefix;
                    if key >= from && is_inside {
                        found.push((key.to_vec(), value.to_vec()));
                    }
                    !is_past && found.len() < limit
                })?;
                if is_past || found.len() >= limit {
                    return Ok(found);
                }
            }
            match blocks.last() {
                Some((block, _)) if blocks.len() == CHUNK => at = [block.as_slice(), &[0]].concat(),
                _ => return Ok(found),
            }
        }
    }
}

impl Tree for Blocks {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, EngineError> {
        match self.under.get(key)? {
            Some(value) if value == AWAY => Ok(None),
            Some(value) => Ok(Some(value)),
            None => self.settled(key),
        }
    }

    fn scan(&self, prefix: &[u8], from: &[u8], limit: usize) -> Result<Vec<Pair>, EngineError> {
        if !is_settled(prefix) {
            return self.under.scan(prefix, from, limit);
        }
        overlaid(
            from.max(prefix),
            limit,
            |from, limit| {
                let own = self.under.scan(prefix, from, limit)?;
                let upper = |(key, value): Pair| -> Upper {
                    let is_there = value != AWAY;
                    (key, is_there.then_some(value))
                };
                Ok(own.into_iter().map(upper).collect())
            },
            |from, limit| self.scan_settled(prefix, from, limit),
        )
    }

    fn bytes(&self) -> u64 {
        self.under.bytes()
    }
}

fn is_settled(key: &[u8]) -> bool {
    key.first().is_some_and(|kind| SETTLED.contains(kind))
}

fn block_key(key: &[u8]) -> Vec<u8> {
    [&[BLOCK], key].concat()
}

fn room(kind: &[u8]) -> usize {
    match kind {
        b"a" => ARTICLES_BYTES_MAX,
        _ => KEYS_BYTES_MAX,
    }
}

fn bytes_of(pairs: &Pairs) -> usize {
    pairs
        .iter()
        .map(|(key, value)| key.len() + value.len())
        .sum()
}

/// Blocks of at most about `room` bytes and alike in size, each with its key.
fn split(pairs: Pairs, room: usize) -> Vec<Pair> {
    let bytes = bytes_of(&pairs);
    let share = bytes / bytes.div_ceil(room).max(1);
    let mut taken = 0;
    let mut blocks = Vec::new();
    let mut first: Option<Vec<u8>> = None;
    let mut before = Vec::new();
    let mut plain = Vec::new();
    for (key, value) in pairs {
        if taken >= share
            && let Some(first) = first.take()
        {
            blocks.push((
                block_key(&first),
                pack::pack_tight(&std::mem::take(&mut plain)),
            ));
            before.clear();
            taken = 0;
        }
        taken += key.len() + value.len();
        let shared = before.iter().zip(&key).take_while(|(a, b)| a == b).count();
        put_number(&mut plain, shared);
        put_number(&mut plain, key.len() - shared);
        plain.extend(&key[shared..]);
        put_number(&mut plain, value.len());
        plain.extend(&value);
        before.clone_from(&key);
        first.get_or_insert(key);
    }
    if let Some(first) = first {
        blocks.push((block_key(&first), pack::pack_tight(&plain)));
    }
    blocks
}

fn damaged() -> EngineError {
    EngineError("a block of settled keys is damaged".to_owned())
}

fn unpacked(value: &[u8]) -> Result<Vec<u8>, EngineError> {
    pack::unpack(value).map_err(|_| damaged())
}

fn decoded(block: &[u8]) -> Result<Pairs, EngineError> {
    let mut pairs = Pairs::new();
    each(&unpacked(block)?, |key, value| {
        pairs.insert(key.to_vec(), value.to_vec());
        true
    })?;
    Ok(pairs)
}

/// Shows `visit` each pair of a block until it has seen enough.
fn each(plain: &[u8], mut visit: impl FnMut(&[u8], &[u8]) -> bool) -> Result<(), EngineError> {
    let mut rest = plain;
    let mut key = Vec::new();
    while !rest.is_empty() {
        let shared = number(&mut rest)?;
        if shared > key.len() {
            return Err(damaged());
        }
        key.truncate(shared);
        key.extend(part(&mut rest)?);
        let value = part(&mut rest)?;
        if !visit(&key, value) {
            break;
        }
    }
    Ok(())
}

fn part<'a>(rest: &mut &'a [u8]) -> Result<&'a [u8], EngineError> {
    let length = number(rest)?;
    let (part, after) = rest.split_at_checked(length).ok_or_else(damaged)?;
    *rest = after;
    Ok(part)
}

/// Seven bits a byte, the lowest first.
fn put_number(bytes: &mut Vec<u8>, number: usize) {
    let mut left = number;
    while left >= 0x80 {
        bytes.push(u8::try_from(left & 0x7F).unwrap_or_default() | 0x80);
        left >>= 7;
    }
    bytes.push(u8::try_from(left).unwrap_or_default());
}

fn number(rest: &mut &[u8]) -> Result<usize, EngineError> {
    let mut number = 0_usize;
    for shift in (0..usize::BITS).step_by(7) {
        let (byte, after) = rest.split_first().ok_or_else(damaged)?;
        *rest = after;
        number |= usize::from(byte & 0x7F) << shift;
        if byte & 0x80 == 0 {
            return Ok(number);
        }
    }
    Err(damaged())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::MemoryEngine;

    fn key(random: &mut fastrand::Rng) -> Vec<u8> {
        let kind = *random.choice(b"aemx").expect("some");
        [&[kind], random.u16(..400).to_be_bytes().as_slice()].concat()
    }

    fn value(random: &mut fastrand::Rng) -> Vec<u8> {
        let length = random.usize(..200);
        (0..length).map(|_| random.u8(..4)).collect()
    }

    #[test]
    fn what_is_settled_in_whatever_steps_is_read_as_if_it_were_not() {
        for seed in 0..6 {
            let mut random = fastrand::Rng::with_seed(seed);
            let under = Arc::new(MemoryEngine::new());
            let plain = MemoryEngine::new();
            let mut blocks = Blocks::over(Arc::clone(&under) as Arc<_>).expect("memory");
            let mut next = Some(Vec::new());
            for _ in 0..150 {
                let ops: Vec<Op> = (0..random.usize(1..20))
                    .map(|_| match random.u32(..3) {
                        0 => Op::Delete(key(&mut random)),
                        _ => Op::Put(key(&mut random), value(&mut random)),
                    })
                    .collect();
                plain.write(ops.clone()).expect("memory");
                blocks.write(ops).expect("memory");
                for _ in 0..random.u32(..4) {
                    let from = next.take().unwrap_or_default();
                    next = blocks.settle(&from, random.usize(1..60)).expect("memory");
                }
                if random.u32(..50) == 0 {
                    blocks = Blocks::over(Arc::clone(&under) as Arc<_>).expect("memory");
                }
                let (asked, from) = (key(&mut random), key(&mut random));
                assert_eq!(blocks.get(&asked), plain.get(&asked), "seed {seed}");
                let limit = random.usize(1..40);
                for prefix in [&asked[..1], &asked[..2]] {
                    let seen = blocks.scan(prefix, &from, limit);
                    assert!(seen == plain.scan(prefix, &from, limit), "seed {seed}");
                }
            }
            let mut from = Some(Vec::new());
            while let Some(at) = from {
                from = blocks.settle(&at, 50).expect("memory");
            }
            for kind in [b"a", b"e", b"m", b"x"] {
                let all = plain.scan(kind, kind, usize::MAX);
                assert!(blocks.scan(kind, kind, usize::MAX) == all, "seed {seed}");
                let own = under.scan(kind, kind, usize::MAX).expect("memory");
                assert_eq!(own.is_empty(), kind != b"m", "not all is settled");
            }
        }
    }

    #[test]
    fn a_block_is_small_and_one_that_empties_goes() {
        let under = Arc::new(MemoryEngine::new());
        let blocks = Blocks::over(Arc::clone(&under) as Arc<_>).expect("memory");
        let keys: Vec<Vec<u8>> = (0..3000_u32)
            .map(|no| [b"u", blake3::hash(&no.to_be_bytes()).as_bytes().as_slice()].concat())
            .collect();
        let puts = keys.iter().map(|key| Op::Put(key.clone(), Vec::new()));
        blocks.write(puts.collect()).expect("memory");
        let settle = || {
            let mut from = Some(Vec::new());
            while let Some(at) = from {
                from = blocks.settle(&at, 100).expect("memory");
            }
        };
        settle();
        let held = || under.scan(&[BLOCK], &[BLOCK], usize::MAX).expect("memory");
        let sizes: Vec<usize> = held().iter().map(|(_, value)| value.len()).collect();
        assert!(
            sizes.iter().all(|size| *size <= KEYS_BYTES_MAX + 16),
            "{sizes:?}"
        );
        assert!(sizes.len() < 60, "{} blocks", sizes.len());
        let deletes = keys.iter().map(|key| Op::Delete(key.clone()));
        blocks.write(deletes.collect()).expect("memory");
        settle();
        assert_eq!(held(), []);
    }

    #[test]
    fn a_damaged_block_is_an_error_not_a_panic() {
        let pairs = Pairs::from([(b"a1".to_vec(), vec![7; 40]), (b"a2".to_vec(), vec![8; 40])]);
        let (_, whole) = split(pairs, 1000).remove(0);
        for end in 0..whole.len() {
            let mut count = 0;
            let read = unpacked(&whole[..end]).and_then(|plain| {
                each(&plain, |_, _| {
                    count += 1;
                    true
                })
            });
            assert!(read.is_err() || count < 2, "cut at {end}");
        }
    }
}
