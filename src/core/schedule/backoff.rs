//! How long a failing source is left alone: twice as long each time, never for good.

use std::time::Duration;

use super::Policy;
use crate::core::model::{FaultKind, FetchFault, SourceState};

/// How far apart a source that said 410 is asked.
pub const GONE_INTERVAL: Duration = Duration::from_secs(7 * 24 * 3600);
/// From so many 403s in a row on they mean what a 429 means.
pub const REFUSALS_MIN: u32 = 3;
/// A source that throttles without saying for how long is left alone so many times as long as one that
/// fails otherwise, and up to a day.
const THROTTLED_FACTOR: u32 = 4;
const THROTTLED_MAX: Duration = Duration::from_secs(24 * 3600);
const DOUBLINGS_MAX: u32 = 16;

/// 403s in a row, this one included.
pub fn refusals(state: &SourceState, fault: &FetchFault) -> u32 {
    match fault.status {
        Some(403) => state.refusals.saturating_add(1),
        _ => 0,
    }
}

/// The fault as it is acted upon and shown.
pub fn taken_for(fault: &FetchFault, refusals: u32) -> FetchFault {
    if refusals < REFUSALS_MIN || fault.kind != FaultKind::Status {
        return fault.clone();
    }
    FetchFault {
        kind: FaultKind::Throttled,
        detail: format!("{}, {refusals} times in a row", fault.detail),
        ..fault.clone()
    }
}

/// After so many failures in a row, this one included.
pub fn interval(fault: &FetchFault, failures: u32, policy: Policy) -> Duration {
    let doubled = |first: Duration, max: Duration| {
        first
            .saturating_mul(1 << failures.saturating_sub(1).min(DOUBLINGS_MAX))
            .min(max)
    };
    let Policy {
        min_interval,
        max_interval,
        ..
    } = policy;
    match (fault.kind, fault.retry_after) {
        (FaultKind::Gone, _) => GONE_INTERVAL.max(max_interval),
        (FaultKind::Throttled, None) => doubled(
            min_interval.saturating_mul(THROTTLED_FACTOR),
            THROTTLED_MAX.max(max_interval),
        ),
        _ => doubled(min_interval, max_interval.max(min_interval)),
    }
}
