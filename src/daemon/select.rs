//! Which stories a feed shows, in its order: orders of the store joined by OR and by AND.
//!
//! Goes through the orders side by side and skips ahead in each to where another one is, so that a page
//! costs what lies on it, at any depth.

use std::collections::{BTreeSet, HashSet, VecDeque};

use crate::core::model::{StoryNo, Timestamp};
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
    common(reader, selection, from, limit)
}

/// Stories that left a selection since `since`, the last first, at most `limit`; a place names when.
///
/// A story left where it is in none of a group's orders any more and left one of them, while it is in each of the
/// other groups or left that too. Of several orders the last [`LEFT_MAX`] stories that left each are looked at.
///
/// # Errors
/// When the store cannot be read.
pub fn left(
    reader: &StoreReader,
    selection: &Selection,
    since: Timestamp,
    limit: usize,
) -> Result<Vec<Place>, StoreError> {
    let recent = |order: &Order, limit: usize| {
        let mut places = reader.left(order, From::Start, limit)?;
        places.retain(|place| place.published_at >= since);
        Ok::<_, StoreError>(places)
    };
    let orders: Vec<&Order> = selection.groups.iter().flatten().collect();
    if let [] | [_] = orders.as_slice() {
        return recent(orders.first().unwrap_or(&&Order::All), limit);
    }
    // Of each group what left any of its orders.
    let mut gone: Vec<HashSet<u64>> = Vec::new();
    let mut candidates: BTreeSet<Place> = BTreeSet::new();
    for group in &selection.groups {
        let mut out = HashSet::new();
        for order in group {
            let places = recent(order, LEFT_MAX)?;
            out.extend(places.iter().map(|place| place.no));
            candidates.extend(places);
        }
        gone.push(out);
    }
    let mut left = Vec::new();
    let mut seen = HashSet::new();
    for place in candidates {
        if left.len() == limit {
            break;
        }
        if seen.insert(place.no) && is_left(reader, selection, &gone, place.no)? {
            left.push(place);
        }
    }
    Ok(left)
}

/// Stories that left each of several orders and are looked at.
const LEFT_MAX: usize = 500;

fn is_left(
    reader: &StoreReader,
    selection: &Selection,
    gone: &[HashSet<u64>],
    no: u64,
) -> Result<bool, StoreError> {
    let Some(story) = reader.story(StoryNo(no))? else {
        return Ok(false);
    };
    let place = Place {
        published_at: story.published_at,
        no,
    };
    let mut is_out = false;
    for (group, gone) in selection.groups.iter().zip(gone) {
        let mut is_in = false;
        for order in group {
            is_in = is_in || reader.places(order, From::At(place), 1)?.first() == Some(&place);
        }
        if is_in {
            continue;
        }
        if !gone.contains(&no) {
            return Ok(false);
        }
        is_out = true;
    }
    Ok(is_out)
}

fn common(
    reader: &StoreReader,
    selection: &Selection,
    from: From,
    limit: usize,
) -> Result<Vec<Place>, StoreError> {
    let mut groups: Vec<Union> = selection
        .groups
        .iter()
        .map(|orders| Union::new(reader, orders, from))
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
    fn new(reader: &'a StoreReader, orders: &'a [Order], from: From) -> Union<'a> {
        let run = |order| Run {
            reader,
            order,
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
        let places = self.reader.places(self.order, from, AHEAD)?;
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
