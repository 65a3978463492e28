//! Which articles of a span have a key.

use super::{KEYS_MAX, POSTINGS_MAX};

/// Open addressing, each pair of key and place in a slot of its own.
#[derive(Default)]
pub struct Postings {
    /// A power of two; key, and place plus one, zero where nothing is.
    slots: Vec<(u32, u32)>,
    taken: usize,
    /// A bit for each key, in memory that is at hand: most keys are asked for in vain.
    filter: Vec<u64>,
}

/// Bits of the filter for each slot.
const BITS_PER_SLOT: usize = 4;
const WORD_BITS: usize = 64;

impl Postings {
    const SLOTS_MIN: usize = 64;

    #[cfg(test)]
    pub fn taken(&self) -> usize {
        self.taken
    }

    pub fn add(&mut self, key: u32, place: u32) {
        if self.taken * 5 >= self.slots.len() * 4 {
            self.grow();
        }
        let mut count = 0;
        let mut at = self.start(key);
        while self.slots[at].1 != 0 {
            count += usize::from(self.slots[at].0 == key);
            at = (at + 1) & (self.slots.len() - 1);
        }
        // One more than is told of: that it is full shows.
        if count <= POSTINGS_MAX {
            self.slots[at] = (key, place.saturating_add(1));
            self.taken += 1;
            let (word, bit) = self.bit(key);
            self.filter[word] |= bit;
        }
    }

    /// Takes one away; what stands behind it moves up, so that no search ends before its end.
    pub fn remove(&mut self, key: u32, place: u32) {
        if self.slots.is_empty() {
            return;
        }
        let mask = self.slots.len() - 1;
        let mut hole = self.start(key);
        while self.slots[hole] != (key, place.saturating_add(1)) {
            if self.slots[hole].1 == 0 {
                return;
            }
            hole = (hole + 1) & mask;
        }
        let mut at = hole;
        loop {
            at = (at + 1) & mask;
            let (key, place) = self.slots[at];
            if place == 0 {
                break;
            }
            let behind = |from: usize| at.wrapping_sub(from) & mask;
            if behind(self.start(key)) >= behind(hole) {
                self.slots[hole] = self.slots[at];
                hole = at;
            }
        }
        self.slots[hole] = (0, 0);
        self.taken -= 1;
    }

    fn grow(&mut self) {
        let len = (self.slots.len() * 2).max(Self::SLOTS_MIN);
        let old = std::mem::replace(&mut self.slots, vec![(0, 0); len]);
        self.filter = vec![0; len * BITS_PER_SLOT / WORD_BITS];
        self.taken = 0;
        for (key, place) in old {
            if place != 0 {
                self.add(key, place - 1);
            }
        }
    }

    fn mixed(key: u32) -> usize {
        let mixed = key.wrapping_mul(0x9e37_79b1);
        usize::try_from(mixed ^ (mixed >> 15)).unwrap_or_default()
    }

    fn start(&self, key: u32) -> usize {
        Postings::mixed(key) & (self.slots.len() - 1)
    }

    /// The word of the filter and the bit in it.
    fn bit(&self, key: u32) -> (usize, u64) {
        let at = Postings::mixed(key) & (self.filter.len() * WORD_BITS - 1);
        (at / WORD_BITS, 1 << (at % WORD_BITS))
    }

    /// Those of `keys` that any article may have.
    pub fn held(&self, keys: &[u32]) -> ([u32; KEYS_MAX], usize) {
        let (mut held, mut count) = ([0; KEYS_MAX], 0);
        if !self.filter.is_empty() {
            for key in keys.iter().take(KEYS_MAX) {
                held[count] = *key;
                let (word, bit) = self.bit(*key);
                count += usize::from(self.filter[word] & bit != 0);
            }
        }
        (held, count)
    }

    pub fn find(&self, key: u32, mut each: impl FnMut(u32)) {
        if self.slots.is_empty() {
            return;
        }
        let mut places = [0; POSTINGS_MAX];
        let mut count = 0;
        let mut at = self.start(key);
        while let (found, place @ 1..) = self.slots[at] {
            if found == key {
                let Some(free) = places.get_mut(count) else {
                    return;
                };
                *free = place - 1;
                count += 1;
            }
            at = (at + 1) & (self.slots.len() - 1);
        }
        places[..count].iter().for_each(|place| each(*place));
    }
}
