//! When it pays to ask: the moment at which one more request saves more waiting than it costs.
//!
//! A request has a price, in seconds that one story may wait. A source that publishes at an even rate is
//! best asked at a density in proportion to the square root of the rate, at every price. Rates that
//! change with the hour move that moment: it is put where the waiting since the last poll, less what the
//! time until then costs at the best possible density, is least. So a source that goes home at five is
//! asked at five, and one that sleeps is left to sleep.

use std::time::Duration;

use super::rhythm::{Rates, Zone};
use super::{seconds, seconds_of};
use crate::core::model::Timestamp;

/// What one request is worth: so long may one story wait for it.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct Price {
    pub story_s: f64,
}

/// Between which spans one source is asked, whatever its rhythm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    pub min: Duration,
    pub max: Duration,
}

/// How long to wait after a poll at `from`.
pub fn interval(
    rates: &Rates,
    zone: Zone,
    price: Price,
    bounds: Bounds,
    from: Timestamp,
) -> Duration {
    let Bounds { min, max } = bounds;
    let end = from + max.max(min);
    let (mut at, mut best) = (from, (f64::INFINITY, max.max(min)));
    // Stories waiting, what they have waited, and what the time has cost at the best density.
    let (mut waiting, mut waited, mut cost) = (0.0, 0.0, 0.0);
    while at < end {
        let piece_end = next_corner(at, from + min, end, zone);
        let rate = rates.at(at, zone);
        let span_s = seconds_of(piece_end.since(at));
        let cost_rate = cost_of_a_second(rate, price, bounds);
        if at >= from + min {
            let turn_s = match rate > 0.0 {
                true => ((cost_rate - waiting) / rate).clamp(0.0, span_s),
                false => 0.0,
            };
            let loss = waited + waiting * turn_s + rate * turn_s * turn_s / 2.0
                - cost
                - cost_rate * turn_s;
            if loss < best.0 {
                best = (loss, at.since(from) + seconds(turn_s));
            }
        }
        waited += waiting * span_s + rate * span_s * span_s / 2.0;
        waiting += rate * span_s;
        cost += cost_rate * span_s;
        at = piece_end;
    }
    if waited - cost < best.0 {
        best.1 = end.since(from);
    }
    best.1.clamp(min, max.max(min))
}

/// Rates change with the hour, and nothing is decided before `min` is over.
fn next_corner(at: Timestamp, first: Timestamp, end: Timestamp, zone: Zone) -> Timestamp {
    let corner = zone.hour_end(at).min(end);
    match at < first {
        true => corner.min(first),
        false => corner,
    }
}

/// The interval that an even rate is best asked at.
pub fn even_interval_s(rate: f64, price: Price, bounds: Bounds) -> f64 {
    let min_s = seconds_of(bounds.min);
    let best_s = (2.0 * price.story_s / rate).sqrt();
    match best_s.is_finite() {
        true => best_s.clamp(min_s, seconds_of(bounds.max).max(min_s)),
        false => seconds_of(bounds.max).max(min_s),
    }
}

/// Waiting and requests together, at the best density for this rate.
fn cost_of_a_second(rate: f64, price: Price, bounds: Bounds) -> f64 {
    let interval_s = even_interval_s(rate, price, bounds);
    rate * interval_s / 2.0 + price.story_s / interval_s.max(f64::MIN_POSITIVE)
}
