//! When a source is asked next.
//!
//! A pure function of what was known, what the poll brought, the source's bounds, the time and a random
//! number handed in. What a source asks for (Retry-After, skipHours, skipDays) is obeyed in full; what
//! it suggests (freshness, ttl) lengthens the interval up to the maximum. A failure backs off and never
//! gives up.

use std::time::Duration;

use chrono::{Datelike, Timelike};

use crate::core::model::{FaultKind, FetchFault, Freshness, Rhythm, SourceState, Timestamp};

/// The bounds of one source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    pub min_interval: Duration,
    pub max_interval: Duration,
}

/// What a poll says about when to come again.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Hints {
    pub freshness: Freshness,
    pub ttl: Option<Duration>,
    pub skip_hours: Vec<u8>,
    pub skip_days: Vec<u8>,
}

/// A random number in `[0, 1)`, drawn by the shell.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Jitter(pub f64);

/// How far apart a source that said 410 is asked.
pub const GONE_INTERVAL: Duration = Duration::from_secs(7 * 24 * 3600);
/// The longest Retry-After that is believed (SPEC section 3).
pub const RETRY_AFTER_MAX: Duration = Duration::from_secs(7 * 24 * 3600);
/// How many of the newest dates the rhythm is read from.
const RHYTHM_DATES_MAX: usize = 20;
/// The interval of a source whose rhythm is unknown, as a multiple of its minimum.
const UNKNOWN_FACTOR: u32 = 3;
/// A source is asked this many times in the mean gap between two of its entries.
const POLLS_PER_GAP: f64 = 2.0;
/// The largest part of the interval that jitter adds.
const JITTER_MAX: f64 = 0.1;

/// The rhythm that the dates of an answer's entries show, newest first or not.
pub fn rhythm(
    previous: Rhythm,
    dates: impl IntoIterator<Item = Timestamp>,
    now: Timestamp,
) -> Rhythm {
    let mut dates: Vec<Timestamp> = dates.into_iter().filter(|at| *at <= now).collect();
    dates.sort_unstable_by(|a, b| b.cmp(a));
    dates.truncate(RHYTHM_DATES_MAX);
    match (dates.first(), dates.last()) {
        (Some(&newest), Some(&oldest)) if newest > oldest => Rhythm {
            gap_s: Some(newest.since(oldest).as_secs_f64() / (as_f64(dates.len()) - 1.0)),
            newest_at: Some(newest),
        },
        (Some(&newest), _) => Rhythm {
            newest_at: previous.newest_at.max(Some(newest)),
            ..previous
        },
        _ => previous,
    }
}

/// After an answer, changed or not.
pub fn after_success(
    state: &SourceState,
    hints: &Hints,
    policy: Policy,
    now: Timestamp,
    jitter: Jitter,
) -> SourceState {
    let own = own_interval(state.rhythm, policy, now);
    let asked = hints.freshness.fresh_for.max(hints.ttl).unwrap_or_default();
    let interval = own.max(asked.min(policy.max_interval));
    let next = now + jittered(interval, policy.max_interval, jitter);
    SourceState {
        interval,
        next_poll_at: past_skipped(next, hints),
        asked_to_wait_until: None,
        failures: 0,
        last_fault: None,
        ..state.clone()
    }
}

/// After a failure: twice as long each time, up to the maximum; a Retry-After is waited out in full.
pub fn after_failure(
    state: &SourceState,
    fault: &FetchFault,
    policy: Policy,
    now: Timestamp,
    jitter: Jitter,
) -> SourceState {
    let failures = state.failures.saturating_add(1);
    let doubled = policy
        .min_interval
        .saturating_mul(1 << failures.saturating_sub(1).min(16));
    let back_off = doubled.min(policy.max_interval);
    let interval = match fault.kind {
        FaultKind::Gone => GONE_INTERVAL.max(policy.max_interval),
        _ => back_off,
    };
    let mut next = now + jittered(interval, Duration::MAX, jitter);
    let asked_to_wait_until = fault
        .retry_after
        .map(|span| now + span.min(RETRY_AFTER_MAX));
    if let Some(until) = asked_to_wait_until {
        next = next.max(until + jittered(Duration::ZERO, policy.min_interval, jitter));
    }
    SourceState {
        interval,
        next_poll_at: next,
        asked_to_wait_until,
        failures,
        last_fault: Some(fault.clone()),
        ..state.clone()
    }
}

fn own_interval(rhythm: Rhythm, policy: Policy, now: Timestamp) -> Duration {
    let unknown = policy.min_interval.saturating_mul(UNKNOWN_FACTOR);
    let interval = match (rhythm.gap_s, rhythm.newest_at) {
        (Some(gap_s), newest_at) => {
            // A source that has been silent for long is slower than its last entries say.
            let silent_s = newest_at.map_or(0.0, |at| now.since(at).as_secs_f64() / POLLS_PER_GAP);
            seconds(gap_s.max(silent_s) / POLLS_PER_GAP)
        }
        (None, Some(newest_at)) => (now.since(newest_at) / 4).max(unknown),
        (None, None) => unknown,
    };
    interval.clamp(
        policy.min_interval,
        policy.max_interval.max(policy.min_interval),
    )
}

/// Adds up to a tenth, so that sources that were asked together do not stay together; never past `max`.
fn jittered(interval: Duration, max: Duration, jitter: Jitter) -> Duration {
    let extra = interval.mul_f64(JITTER_MAX * jitter.0.clamp(0.0, 1.0));
    interval.saturating_add(extra).min(max.max(interval))
}

/// The first moment from `next` on that lies in no skipped hour or day (RSS 2.0; both are GMT).
fn past_skipped(next: Timestamp, hints: &Hints) -> Timestamp {
    const HOUR_MS: i64 = 3_600_000;
    let skipped = |at: Timestamp| {
        let moment = at.to_datetime();
        let hour = u8::try_from(moment.hour()).unwrap_or(0);
        let day = u8::try_from(moment.weekday().num_days_from_monday()).unwrap_or(0);
        hints.skip_hours.contains(&hour) || hints.skip_days.contains(&day)
    };
    let mut at = next;
    // Seven days of hours: a source that skips all of them asks for nothing that can be obeyed.
    for _ in 0..7 * 24 {
        if !skipped(at) {
            return at;
        }
        at = Timestamp::from_millis((at.millis().div_euclid(HOUR_MS) + 1) * HOUR_MS);
    }
    next
}

fn seconds(secs: f64) -> Duration {
    Duration::try_from_secs_f64(secs).unwrap_or(Duration::MAX)
}

fn as_f64(count: usize) -> f64 {
    u32::try_from(count).map_or(f64::MAX, f64::from)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::model::{SourceId, SourceNo};

    const MIN: Duration = Duration::from_secs(300);
    const MAX: Duration = Duration::from_secs(6 * 3600);
    const POLICY: Policy = Policy {
        min_interval: MIN,
        max_interval: MAX,
    };

    // Sunday, 2026-11-22T08:00:00Z.
    fn now() -> Timestamp {
        Timestamp::from_secs(1_795_334_400)
    }

    fn state() -> SourceState {
        let id = SourceId::parse("a").expect("a plain id");
        SourceState::new(SourceNo(1), id, "https://a.vn/rss".into(), now())
    }

    fn with_rhythm(gap: Duration, silent: Duration) -> SourceState {
        SourceState {
            rhythm: Rhythm {
                gap_s: Some(gap.as_secs_f64()),
                newest_at: Some(now() - silent),
            },
            ..state()
        }
    }

    fn wait(after: &SourceState) -> Duration {
        after.next_poll_at.since(now())
    }

    fn fault(kind: FaultKind, retry_after: Option<Duration>) -> FetchFault {
        FetchFault {
            retry_after,
            ..FetchFault::new(kind, "no answer")
        }
    }

    #[test]
    fn a_source_is_asked_twice_in_the_gap_between_its_entries() {
        let state = with_rhythm(Duration::from_secs(3600), Duration::ZERO);
        let after = after_success(&state, &Hints::default(), POLICY, now(), Jitter(0.0));
        assert_eq!(wait(&after), Duration::from_secs(1800));
    }

    #[test]
    fn the_bounds_hold_whatever_the_rhythm_and_the_jitter() {
        for gap_s in [0, 1, 100, 10_000, 10_000_000] {
            for jitter in [0.0, 0.5, 0.999] {
                let state = with_rhythm(Duration::from_secs(gap_s), Duration::ZERO);
                let after = after_success(&state, &Hints::default(), POLICY, now(), Jitter(jitter));
                assert!(
                    (MIN..=MAX).contains(&wait(&after)),
                    "{gap_s} s, {jitter}: {:?}",
                    wait(&after)
                );
            }
        }
    }

    #[test]
    fn a_source_that_fell_silent_is_asked_less_and_less() {
        let gap = Duration::from_secs(1200);
        let lively = with_rhythm(gap, Duration::ZERO);
        let silent = with_rhythm(gap, Duration::from_secs(24 * 3600));
        let of = |state| {
            wait(&after_success(
                state,
                &Hints::default(),
                POLICY,
                now(),
                Jitter(0.0),
            ))
        };
        assert_eq!(of(&lively), Duration::from_secs(600));
        assert_eq!(of(&silent), MAX);
    }

    #[test]
    fn freshness_and_ttl_lengthen_the_interval_up_to_the_maximum() {
        for (fresh_s, ttl_s, expected_s) in [(3600, 0, 3600), (0, 7200, 7200), (86_400, 0, 21_600)]
        {
            let hints = Hints {
                freshness: Freshness {
                    fresh_for: Some(Duration::from_secs(fresh_s)),
                },
                ttl: Some(Duration::from_secs(ttl_s)),
                ..Hints::default()
            };
            let after = after_success(&state(), &hints, POLICY, now(), Jitter(0.0));
            assert_eq!(wait(&after), Duration::from_secs(expected_s));
        }
    }

    #[test]
    fn skipped_hours_and_days_are_passed_over() {
        let hints = Hints {
            skip_hours: (8..=17).collect(),
            ..Hints::default()
        };
        let after = after_success(&state(), &hints, POLICY, now(), Jitter(0.0));
        assert_eq!(after.next_poll_at.rfc3339(), "2026-11-22T18:00:00Z");
        let hints = Hints {
            skip_days: vec![6],
            ..Hints::default()
        };
        let after = after_success(&state(), &hints, POLICY, now(), Jitter(0.0));
        assert_eq!(after.next_poll_at.rfc3339(), "2026-11-23T00:00:00Z");
    }

    #[test]
    fn a_source_that_skips_every_hour_is_asked_all_the_same() {
        let hints = Hints {
            skip_hours: (0..24).collect(),
            ..Hints::default()
        };
        let after = after_success(&state(), &hints, POLICY, now(), Jitter(0.0));
        assert!(wait(&after) <= MAX);
    }

    #[test]
    fn failures_back_off_twice_as_long_each_time_and_never_give_up() {
        let mut state = state();
        let mut waits = Vec::new();
        for _ in 0..40 {
            state = after_failure(
                &state,
                &fault(FaultKind::Timeout, None),
                POLICY,
                now(),
                Jitter(0.0),
            );
            waits.push(wait(&state).as_secs());
        }
        assert_eq!(waits[..4], [300, 600, 1200, 2400]);
        assert!(waits.iter().all(|secs| *secs <= MAX.as_secs()), "{waits:?}");
        assert_eq!(state.failures, 40);
    }

    #[test]
    fn a_success_forgets_the_failures() {
        let failed = after_failure(
            &state(),
            &fault(FaultKind::Timeout, None),
            POLICY,
            now(),
            Jitter(0.0),
        );
        let after = after_success(&failed, &Hints::default(), POLICY, now(), Jitter(0.0));
        assert_eq!((after.failures, after.last_fault), (0, None));
    }

    #[test]
    fn retry_after_is_waited_out_in_full_even_past_the_maximum() {
        let asked = Duration::from_secs(3 * 24 * 3600);
        let fault = fault(FaultKind::Throttled, Some(asked));
        let after = after_failure(&state(), &fault, POLICY, now(), Jitter(0.3));
        assert!(wait(&after) >= asked);
        assert_eq!(after.asked_to_wait_until, Some(now() + asked));
    }

    #[test]
    fn retry_after_is_believed_for_seven_days_at_most() {
        let fault = fault(
            FaultKind::Throttled,
            Some(Duration::from_secs(u64::MAX / 1000)),
        );
        let after = after_failure(&state(), &fault, POLICY, now(), Jitter(0.0));
        assert_eq!(wait(&after), RETRY_AFTER_MAX);
    }

    #[test]
    fn a_source_that_is_gone_is_asked_once_a_week() {
        let after = after_failure(
            &state(),
            &fault(FaultKind::Gone, None),
            POLICY,
            now(),
            Jitter(0.0),
        );
        assert_eq!(wait(&after), GONE_INTERVAL);
    }

    #[test]
    fn the_rhythm_is_the_mean_gap_of_the_newest_dates_and_ignores_the_future() {
        let ago = |secs| now() - Duration::from_secs(secs);
        let dates = [
            ago(0),
            ago(600),
            ago(1200),
            now() + Duration::from_secs(9999),
        ];
        let rhythm = rhythm(Rhythm::default(), dates, now());
        assert_eq!(rhythm.gap_s, Some(600.0));
        assert_eq!(rhythm.newest_at, Some(now()));
    }
}
