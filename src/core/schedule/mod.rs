//! When a source is asked next.
//!
//! A pure function of what was known, what the poll brought, the source's bounds, the price of a request,
//! the time and a random number handed in. `rhythm` learns how often a source publishes, `policy` finds the
//! moment at which it pays to ask again, `obey` holds it to what the source asks for, `backoff` is for
//! failures, `budget` makes the price, `agenda` says whose turn it is, and `plan` holds these together.

pub mod agenda;
pub mod backoff;
pub mod budget;
pub mod obey;
pub mod plan;
pub mod policy;
pub mod rhythm;

use std::time::Duration;

use crate::core::model::{FetchFault, Freshness, SourceState, Timestamp};
use plan::Terms;
use policy::{Bounds, Price};
use rhythm::{Rates, Zone};

/// The bounds of one source, and what one request to it is worth.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Policy {
    pub min_interval: Duration,
    pub max_interval: Duration,
    pub price: Price,
    pub zone: Zone,
}

/// A random number in `[0, 1)`, drawn by the shell.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Jitter(pub f64);

/// The largest part of an interval that jitter adds, and the longest.
const JITTER_MAX: f64 = 0.1;
const JITTER_SPAN_MAX: Duration = Duration::from_secs(180);
/// A failing source's back-off is drawn from a wider range: whatever broke many at once, they do not come back at once.
const BACK_OFF_JITTER_MAX: f64 = 0.25;

impl Policy {
    /// Without a budget a request is worth as long a wait of one story as the shortest interval: a source
    /// that publishes once in a minimal interval would be asked about as often.
    pub fn without_budget(terms: Terms) -> Policy {
        let Terms {
            min_interval,
            max_interval,
            zone,
        } = terms;
        Policy {
            min_interval,
            max_interval,
            price: Price {
                story_s: seconds_of(min_interval),
            },
            zone,
        }
    }

    pub fn bounds(&self) -> Bounds {
        Bounds {
            min: self.min_interval,
            max: self.max_interval.max(self.min_interval),
        }
    }
}

/// After an answer, changed or not; its rhythm and what it asks for are in `state` already.
pub fn after_success(
    state: &SourceState,
    freshness: Freshness,
    policy: Policy,
    now: Timestamp,
    jitter: Jitter,
) -> SourceState {
    let bounds = policy.bounds();
    let rates = Rates::today(&state.rhythm, policy.min_interval);
    let own = policy::interval(&rates, policy.zone, policy.price, bounds, now);
    let interval = own.max(obey::wanted(freshness, state.asked).min(bounds.max));
    let next = now + jittered(interval, bounds.max, jitter);
    SourceState {
        interval,
        next_poll_at: obey::allowed_from(state.asked, next),
        asked_to_wait_until: None,
        failures: 0,
        refusals: 0,
        last_fault: None,
        ..state.clone()
    }
}

/// After a failure: longer each time, and a Retry-After is waited out in full.
pub fn after_failure(
    state: &SourceState,
    fault: &FetchFault,
    policy: Policy,
    now: Timestamp,
    jitter: Jitter,
) -> SourceState {
    let failures = state.failures.saturating_add(1);
    let refusals = backoff::refusals(state, fault);
    let fault = backoff::taken_for(fault, refusals);
    let interval = backoff::interval(&fault, failures, policy);
    let chance = jitter.0.clamp(0.0, 1.0);
    let mut next = now + interval.saturating_add(interval.mul_f64(BACK_OFF_JITTER_MAX * chance));
    let asked_to_wait_until = obey::left_alone_until(&fault, now);
    if let Some(until) = asked_to_wait_until {
        let extra = policy.min_interval.mul_f64(BACK_OFF_JITTER_MAX * chance);
        next = next.max(until + extra);
    }
    SourceState {
        interval,
        next_poll_at: obey::allowed_from(state.asked, next),
        asked_to_wait_until,
        failures,
        refusals,
        last_fault: Some(fault),
        ..state.clone()
    }
}

/// When a source is due by a clock that may have been set back since: what was to be waited is waited from
/// now on, and no longer.
pub fn due_at(state: &SourceState, now: Timestamp) -> Timestamp {
    match state.last_poll_at {
        Some(polled_at) if polled_at > now => now + state.next_poll_at.since(polled_at),
        _ => state.next_poll_at,
    }
}

/// Until when nobody may ask, by a clock that may have been set back since.
pub fn left_alone_until(state: &SourceState, now: Timestamp) -> Option<Timestamp> {
    let until = state.asked_to_wait_until?;
    let until = match state.last_poll_at {
        Some(polled_at) if polled_at > now => now + until.since(polled_at),
        _ => until,
    };
    (until > now).then_some(until)
}

/// Adds a little, so that sources that were asked together do not stay together; never past `max`.
fn jittered(interval: Duration, max: Duration, jitter: Jitter) -> Duration {
    let widest = interval.mul_f64(JITTER_MAX).min(JITTER_SPAN_MAX);
    let extra = widest.mul_f64(jitter.0.clamp(0.0, 1.0));
    interval.saturating_add(extra).min(max.max(interval))
}

fn seconds(secs: f64) -> Duration {
    Duration::try_from_secs_f64(secs).unwrap_or(Duration::MAX)
}

fn seconds_of(span: Duration) -> f64 {
    span.as_secs_f64()
}

fn as_f64(count: usize) -> f64 {
    u32::try_from(count).map_or(f64::MAX, f64::from)
}

#[cfg(test)]
mod tests;
