//! What a source asks of those who read it: this long leave me alone, not in these hours, not on these days.
//!
//! Retry-After, skipHours and skipDays are obeyed in full; freshness, ttl and sy:updatePeriod lengthen the
//! interval up to the maximum.

use std::time::Duration;

use chrono::{Datelike, Timelike};

use crate::core::model::{Asked, FetchFault, Freshness, Timestamp};

/// The longest Retry-After that is believed.
pub const RETRY_AFTER_MAX: Duration = Duration::from_secs(7 * 24 * 3600);
/// A request may be under way for so long before it reaches the source.
const ON_THE_WAY_MAX: Duration = Duration::from_secs(60);
const HOUR_MS: i64 = 3_600_000;

/// What a feed's own words ask: hours of the day, and days of which 0 is Monday, both GMT.
pub fn asked(ttl: Option<Duration>, skip_hours: &[u8], skip_days: &[u8]) -> Asked {
    let bits = |numbers: &[u8], below: u8| {
        numbers
            .iter()
            .filter(|number| **number < below)
            .fold(0_u32, |bits, number| bits | 1 << number)
    };
    Asked {
        ttl,
        skip_hours: bits(skip_hours, 24),
        skip_days: u8::try_from(bits(skip_days, 7)).unwrap_or(0),
    }
}

/// The interval an answer asks for; to be held against the maximum.
pub fn wanted(freshness: Freshness, asked: Asked) -> Duration {
    freshness.fresh_for.max(asked.ttl).unwrap_or_default()
}

/// Until when a failing source asks to be left alone.
pub fn left_alone_until(fault: &FetchFault, now: Timestamp) -> Option<Timestamp> {
    fault
        .retry_after
        .map(|span| now + span.min(RETRY_AFTER_MAX))
}

/// The first moment from `at` on that lies in no skipped hour or day, nor so close before one that the
/// request would come too late.
pub fn allowed_from(asked: Asked, at: Timestamp) -> Timestamp {
    if asked.skip_hours == 0 && asked.skip_days == 0 {
        return at;
    }
    let mut from = at;
    // Seven days of hours: a source that skips all of them asks for nothing that can be obeyed.
    for _ in 0..=7 * 24 {
        if !is_skipped(asked, from) && !is_skipped(asked, from + ON_THE_WAY_MAX) {
            return from;
        }
        from = Timestamp::from_millis((from.millis().div_euclid(HOUR_MS) + 1) * HOUR_MS);
    }
    at
}

fn is_skipped(asked: Asked, at: Timestamp) -> bool {
    let moment = at.to_datetime();
    let hour = 1_u32 << moment.hour();
    let day = 1_u8 << moment.weekday().num_days_from_monday();
    asked.skip_hours & hour != 0 || asked.skip_days & day != 0
}
