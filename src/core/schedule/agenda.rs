//! Who is asked next: every source by the moment it is due, and how many may be let go at once.
//!
//! New sources stand at the head. Whatever made many due at the same time (a start, a sleep, a clock set
//! forward), they are let go one by one at a bounded pace, the longest overdue first. A look costs what
//! it finds, not what there is.

use std::collections::btree_set::Range;
use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use super::{seconds, seconds_of};
use crate::core::model::{SourceNo, Timestamp};

/// Place of one source: new ones first, then by time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Turn {
    has_been_asked: bool,
    due_at: Timestamp,
    no: SourceNo,
}

/// How fast sources are let go.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pace {
    per_s: f64,
    /// How many at once after a rest.
    burst: f64,
    /// Whether new sources wait for it too.
    counts_new: bool,
}

/// Of a budget's hour, so much may be spent at once after a rest.
const BURST_S: f64 = 60.0;
/// Without a budget, so few at once are no burst.
const FEW_AT_ONCE: f64 = 4.0;

impl Pace {
    /// Never more than so many in any hour.
    pub fn of_budget(requests_per_hour: u32) -> Pace {
        let per_hour = f64::from(requests_per_hour);
        let burst = (per_hour * BURST_S / 3600.0).floor().max(1.0);
        Pace {
            // What is spent at once is missing from the rest of the hour.
            per_s: (per_hour - (burst - 1.0)) / 3600.0,
            burst,
            counts_new: true,
        }
    }

    /// What the shortest intervals ask for together: a backlog is worked off within one of them.
    pub fn of_intervals(min_intervals: impl IntoIterator<Item = Duration>) -> Pace {
        let per_s: f64 = min_intervals
            .into_iter()
            .map(|interval| 1.0 / seconds_of(interval).max(0.001))
            .sum();
        Pace {
            per_s,
            burst: per_s.max(FEW_AT_ONCE),
            counts_new: false,
        }
    }
}

/// Every source that is polled, by when it is due.
#[derive(Debug, Clone)]
pub struct Agenda {
    turns: BTreeSet<Turn>,
    by_no: HashMap<SourceNo, Turn>,
    pace: Pace,
    /// How many may be let go, as of `counted_at`.
    allowance: f64,
    counted_at: Timestamp,
}

impl Agenda {
    pub fn new(now: Timestamp) -> Agenda {
        Agenda {
            turns: BTreeSet::new(),
            by_no: HashMap::new(),
            pace: Pace::of_intervals([]),
            allowance: 1.0,
            counted_at: now,
        }
    }

    /// What has been let go before counts on.
    pub fn set_pace(&mut self, pace: Pace) {
        self.pace = pace;
        self.allowance = self.allowance.min(pace.burst);
    }

    /// Goes on after a restart: what was let go before it counts on.
    pub fn resume(&mut self, last_asked_at: Option<Timestamp>, now: Timestamp) {
        self.allowance = match last_asked_at {
            Some(at) => (seconds_of(now.since(at)) * self.pace.per_s).min(self.pace.burst),
            None => 1.0,
        };
        self.counted_at = now;
    }

    /// Takes everybody off; time is counted from `now` on.
    pub fn clear(&mut self, now: Timestamp) {
        self.turns.clear();
        self.by_no.clear();
        self.count_up(now);
    }

    pub fn put(&mut self, no: SourceNo, has_been_asked: bool, due_at: Timestamp) {
        let turn = Turn {
            has_been_asked,
            due_at,
            no,
        };
        if let Some(before) = self.by_no.insert(no, turn) {
            self.turns.remove(&before);
        }
        self.turns.insert(turn);
    }

    /// Whether the clock stands earlier than when it was last looked at.
    pub fn is_ahead_of(&self, now: Timestamp) -> bool {
        now < self.counted_at
    }

    /// Lets go of up to `limit` sources that are due: those never asked first, then the longest overdue.
    /// One that `allowed_from` puts off is due then.
    pub fn due(
        &mut self,
        now: Timestamp,
        busy: &BTreeSet<SourceNo>,
        limit: usize,
        allowed_from: impl Fn(SourceNo) -> Timestamp,
    ) -> Vec<SourceNo> {
        self.count_up(now);
        let mut due = Vec::new();
        let mut put_off = Vec::new();
        let mut allowance = self.allowance;
        for turn in self.waiting(now) {
            if due.len() >= limit {
                break;
            }
            let is_counted = self.pace.counts_new || turn.has_been_asked;
            if is_counted && allowance < 1.0 {
                break;
            }
            if busy.contains(&turn.no) {
                continue;
            }
            let from = allowed_from(turn.no);
            if from > now {
                put_off.push((*turn, from));
                continue;
            }
            if is_counted {
                allowance -= 1.0;
            }
            due.push(turn.no);
        }
        self.allowance = allowance;
        for (turn, from) in put_off {
            self.put(turn.no, turn.has_been_asked, from);
        }
        due
    }

    /// A request that was made without waiting for its turn counts as well.
    pub fn asked_out_of_turn(&mut self, now: Timestamp) {
        self.count_up(now);
        self.allowance = (self.allowance - 1.0).max(0.0);
    }

    /// When there is next somebody to let go.
    pub fn next_due_at(&self, busy: &BTreeSet<SourceNo>) -> Option<Timestamp> {
        let first = |mut turns: Range<'_, Turn>| {
            let turn = turns.find(|turn| !busy.contains(&turn.no))?;
            Some(turn.due_at)
        };
        let new = first(self.turns.range(..Turn::FIRST_ASKED));
        let asked = first(self.turns.range(Turn::FIRST_ASKED..));
        let paced = |at: Timestamp| at.max(self.allowed_at());
        let new = match self.pace.counts_new {
            true => new.map(paced),
            false => new,
        };
        new.into_iter().chain(asked.map(paced)).min()
    }

    /// Everybody who is due, new sources first.
    fn waiting(&self, now: Timestamp) -> impl Iterator<Item = &Turn> {
        let is_due = move |turn: &&Turn| turn.due_at <= now;
        let new = self.turns.range(..Turn::FIRST_ASKED).take_while(is_due);
        let asked = self.turns.range(Turn::FIRST_ASKED..).take_while(is_due);
        new.chain(asked)
    }

    fn count_up(&mut self, now: Timestamp) {
        let passed_s = seconds_of(now.since(self.counted_at));
        self.allowance = (self.allowance + passed_s * self.pace.per_s).min(self.pace.burst);
        self.counted_at = now;
    }

    /// When the next one may be let go.
    fn allowed_at(&self) -> Timestamp {
        let missing = 1.0 - self.allowance;
        if missing <= 0.0 {
            return self.counted_at;
        }
        // Rounded up: a moment too early nobody is let go.
        self.counted_at + seconds(missing / self.pace.per_s) + Duration::from_millis(1)
    }

    pub fn len(&self) -> usize {
        self.turns.len()
    }

    pub fn is_empty(&self) -> bool {
        self.turns.is_empty()
    }
}

impl Turn {
    /// Before every source that has been asked, after every one that has not.
    const FIRST_ASKED: Turn = Turn {
        has_been_asked: true,
        due_at: Timestamp::MIN,
        no: SourceNo(0),
    };
}
