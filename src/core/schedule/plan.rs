//! Every polled source at its place, and what a request is worth to all of them together.
//!
//! The plan holds no state of a source: it is handed what is remembered, and drawn up anew whenever the
//! configuration changes, the store was read back or the clock was set back.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::agenda::{Agenda, Pace};
use super::budget::{self, Demand};
use super::policy::Price;
use super::rhythm::{Rates, Zone};
use super::{Policy, due_at, obey};
use crate::core::model::{SourceNo, SourceState, Timestamp};

/// How long a price of requests holds while a budget is set: rhythms change slowly, hours do not.
const PRICE_HOLDS: Duration = Duration::from_secs(1800);

/// What the configuration says of when one source may be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terms {
    pub min_interval: Duration,
    pub max_interval: Duration,
    pub zone: Zone,
}

#[derive(Debug, Clone)]
pub struct Plan {
    terms: BTreeMap<SourceNo, Terms>,
    agenda: Agenda,
    /// 0: as many as the intervals ask for.
    requests_per_hour: u32,
    common: Option<CommonPrice>,
}

/// What every request is worth under a budget, and since when.
#[derive(Debug, Clone, Copy)]
struct CommonPrice {
    price: Price,
    made_at: Timestamp,
}

impl Plan {
    pub fn new(now: Timestamp) -> Plan {
        Plan {
            terms: BTreeMap::new(),
            agenda: Agenda::new(now),
            requests_per_hour: 0,
            common: None,
        }
    }

    /// Plans for these sources and no others.
    pub fn draw_up<'a>(
        &mut self,
        terms: BTreeMap<SourceNo, Terms>,
        requests_per_hour: u32,
        now: Timestamp,
        remembered: impl Fn(SourceNo) -> Option<&'a SourceState>,
    ) {
        let is_first = self.terms.is_empty();
        self.terms = terms;
        self.requests_per_hour = requests_per_hour;
        self.common = None;
        let pace = match requests_per_hour {
            0 => Pace::of_intervals(self.terms.values().map(|terms| terms.min_interval)),
            budget => Pace::of_budget(budget),
        };
        self.agenda.set_pace(pace);
        if is_first {
            let asked_at = |no: &SourceNo| remembered(*no)?.last_poll_at;
            let last = self.terms.keys().filter_map(asked_at).max();
            self.agenda.resume(last, now);
        }
        self.place_all(now, remembered);
    }

    fn place_all<'a>(
        &mut self,
        now: Timestamp,
        remembered: impl Fn(SourceNo) -> Option<&'a SourceState>,
    ) {
        self.agenda.clear(now);
        for source in self.terms.keys().filter_map(|no| remembered(*no)) {
            let due_at = due_at(source, now);
            let has_been_asked = source.last_poll_at.is_some();
            self.agenda.put(source.no, has_been_asked, due_at);
        }
    }

    /// Puts a source where what is now remembered of it says; one that is not polled has no place.
    pub fn place(&mut self, source: &SourceState, now: Timestamp) {
        if self.terms.contains_key(&source.no) {
            let has_been_asked = source.last_poll_at.is_some();
            self.agenda
                .put(source.no, has_been_asked, due_at(source, now));
        }
    }

    /// Lets go of up to `limit` sources, those never asked first, then the longest overdue, at a bounded pace;
    /// none in an hour that it asked to be spared.
    pub fn due<'a>(
        &mut self,
        now: Timestamp,
        busy: &BTreeSet<SourceNo>,
        limit: usize,
        remembered: impl Fn(SourceNo) -> Option<&'a SourceState>,
    ) -> Vec<SourceNo> {
        if self.agenda.is_ahead_of(now) {
            // The clock was set back: what was due by the old one is due by this one.
            self.place_all(now, &remembered);
        }
        self.agenda.due(now, busy, limit, |no| {
            let asked = remembered(no).map(|source| source.asked);
            obey::allowed_from(asked.unwrap_or_default(), now)
        })
    }

    pub fn next_due_at(&self, busy: &BTreeSet<SourceNo>) -> Option<Timestamp> {
        self.agenda.next_due_at(busy)
    }

    /// A request that did not wait for its turn counts against the pace too.
    pub fn asked_out_of_turn(&mut self, now: Timestamp) {
        self.agenda.asked_out_of_turn(now);
    }

    /// Under a budget: what a request must be worth now for all sources to keep within it.
    pub fn renew_price<'a>(
        &mut self,
        now: Timestamp,
        remembered: impl Fn(SourceNo) -> Option<&'a SourceState>,
    ) {
        let holds =
            |common: CommonPrice| common.made_at <= now && now.since(common.made_at) < PRICE_HOLDS;
        if self.requests_per_hour == 0 || self.common.is_some_and(holds) {
            return;
        }
        let demands: Vec<Demand> = self
            .terms
            .iter()
            .filter_map(|(no, terms)| {
                let source = remembered(*no)?;
                let rates = Rates::today(&source.rhythm, terms.min_interval);
                Some(Demand::of(&rates, *terms, now))
            })
            .collect();
        self.common = Some(CommonPrice {
            price: budget::price(&demands, self.requests_per_hour),
            made_at: now,
        });
    }

    /// By what one source is asked; none for one that is not planned for.
    pub fn policy(&self, no: SourceNo) -> Option<Policy> {
        let terms = *self.terms.get(&no)?;
        let alone = Policy::without_budget(terms);
        Some(match self.common {
            Some(CommonPrice { price, .. }) => Policy { price, ..alone },
            None => alone,
        })
    }
}
