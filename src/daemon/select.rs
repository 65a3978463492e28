//! Which stories a feed shows, in its order: orders of the store joined by OR and by AND.
//!
//! Goes through the orders side by side and skips ahead in each to where another one is, so that a page
//! costs what lies on it, at any depth.

use std::collections::VecDeque;

use crate::core::model::Timestamp;
use crate::store::{From, Order, Place, StoreError, StoreReader};

/// Places read ahead of each order.
const AHEAD: usize = 128;

/// Stories that are in at least one order of every group; all stories when there is no group.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Selection {
    pub groups: Vec<Vec<Order>>,
}

/// The next `limit` places of a selection, newest first.
///
/// # Errors
/// When the store cannot be read.
pub fn places(
    reader: &StoreReader,
    selection: &Selection,
    from: From,
    limit: usize,
) -> Result<Vec<Place>, StoreError> {
    if selection.groups.is_empty() {
        return reader.places(&Order::All, from, limit);
    }
    common(reader, selection, Half::Shown, from, limit)
}

/// Stories that left a selection since `since`, the last first, at most `limit`; a place names when.
///
/// Of a story that left only some of the orders nothing is told where another group still has it.
///
/// # Errors
/// When the store cannot be read.
pub fn left(
    reader: &StoreReader,
    selection: &Selection,
    since: Timestamp,
    limit: usize,
) -> Result<Vec<Place>, StoreError> {
    let mut left = match selection.groups.is_empty() {
        true => reader.left(&Order::All, From::Start, limit)?,
        false => common(reader, selection, Half::Left, From::Start, limit)?,
    };
    left.retain(|place| place.published_at >= since);
    Ok(left)
}

/// Which half of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Half {
    Shown,
    Left,
}

fn common(
    reader: &StoreReader,
    selection: &Selection,
    half: Half,
    from: From,
    limit: usize,
) -> Result<Vec<Place>, StoreError> {
    let mut groups: Vec<Union> = selection
        .groups
        .iter()
        .map(|orders| Union::new(reader, orders, half, from))
        .collect();
    let mut found = Vec::new();
    let mut at = None;
    while found.len() < limit {
        match next_common(&mut groups, at)? {
            Some(place) => {
                found.push(place);
                at = Some(From::After(place));
            }
            None => break,
        }
    }
    Ok(found)
}

/// The first place from `at` on that all groups have.
fn next_common(groups: &mut [Union<'_>], at: Option<From>) -> Result<Option<Place>, StoreError> {
    let mut at = at;
    loop {
        let mut furthest: Option<Place> = None;
        let mut agree = true;
        for group in &mut *groups {
            let Some(place) = group.first(at)? else {
                return Ok(None);
            };
            agree &= furthest.is_none_or(|other| other == place);
            furthest = furthest.max(Some(place));
        }
        match furthest {
            Some(place) if agree => return Ok(Some(place)),
            Some(place) => at = Some(From::At(place)),
            None => return Ok(None),
        }
    }
}

/// Several orders as one.
struct Union<'a> {
    runs: Vec<Run<'a>>,
}

impl<'a> Union<'a> {
    fn new(reader: &'a StoreReader, orders: &'a [Order], half: Half, from: From) -> Union<'a> {
        let run = |order| Run {
            reader,
            order,
            half,
            from,
            ahead: VecDeque::new(),
            ended: false,
        };
        Union {
            runs: orders.iter().map(run).collect(),
        }
    }

    fn first(&mut self, at: Option<From>) -> Result<Option<Place>, StoreError> {
        let mut first = None;
        for run in &mut self.runs {
            if let Some(place) = run.first(at)? {
                first = Some(first.map_or(place, |other: Place| other.min(place)));
            }
        }
        Ok(first)
    }
}

/// One order, with what was read ahead of it.
struct Run<'a> {
    reader: &'a StoreReader,
    order: &'a Order,
    half: Half,
    /// Where to read on.
    from: From,
    ahead: VecDeque<Place>,
    ended: bool,
}

impl Run<'_> {
    /// The first place from `at` on, which never goes back.
    fn first(&mut self, at: Option<From>) -> Result<Option<Place>, StoreError> {
        let before = |place: &Place| match at {
            Some(From::At(at)) => *place < at,
            Some(From::After(at)) => *place <= at,
            Some(From::Start) | None => false,
        };
        while self.ahead.front().is_some_and(before) {
            self.ahead.pop_front();
        }
        if self.ahead.is_empty() && !self.ended {
            self.read_on(at)?;
        }
        Ok(self.ahead.front().copied())
    }

    fn read_on(&mut self, at: Option<From>) -> Result<(), StoreError> {
        let from = match (self.from, at) {
            (From::After(read), Some(From::At(at))) if at > read => From::At(at),
            (From::After(read), Some(From::After(at))) if at > read => From::After(at),
            (From::Start, Some(at)) => at,
            (from, _) => from,
        };
        let places = match self.half {
            Half::Shown => self.reader.places(self.order, from, AHEAD)?,
            Half::Left => self.reader.left(self.order, from, AHEAD)?,
        };
        self.ended = places.len() < AHEAD;
        if let Some(last) = places.last() {
            self.from = From::After(*last);
        }
        self.ahead.extend(places);
        Ok(())
    }
}

#[cfg(test)]
mod tests;
