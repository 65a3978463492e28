//! Tables of when a source is asked next.

use super::*;
use crate::core::model::{
    Asked, FaultKind, FetchFault, Freshness, Rhythm, SourceId, SourceNo, Timestamp,
};
use rhythm::{HOURS, Heard, learn};

mod agenda;
mod rhythms;

const MIN: Duration = Duration::from_secs(300);
const MAX: Duration = Duration::from_secs(6 * 3600);
const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(24 * 3600);
const TERMS: Terms = Terms {
    min_interval: MIN,
    max_interval: MAX,
    zone: Zone(0),
};

// Sunday, 2026-11-22T08:00:00Z.
fn now() -> Timestamp {
    Timestamp::from_secs(1_795_334_400)
}

fn policy() -> Policy {
    Policy::without_budget(TERMS)
}

fn state() -> SourceState {
    let id = SourceId::parse("a").expect("a plain id");
    SourceState::new(SourceNo(1), id, "https://a.vn/rss".into(), now())
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

fn fresh_for(span: Duration) -> Freshness {
    Freshness {
        fresh_for: Some(span),
    }
}

fn succeeded(state: &SourceState, freshness: Freshness, jitter: f64) -> SourceState {
    after_success(state, freshness, policy(), now(), Jitter(jitter))
}

fn failed(state: &SourceState, fault: &FetchFault) -> SourceState {
    after_failure(state, fault, policy(), now(), Jitter(0.0))
}

#[track_caller]
fn even_interval(stories_per_hour: f64, price: Price) -> Duration {
    let rates = Rates::even(stories_per_hour / 3600.0);
    policy::interval(&rates, Zone(0), price, policy().bounds(), now())
}

#[test]
fn an_even_source_is_asked_by_the_square_root_of_its_rate() {
    let price = policy().price;
    for (stories_per_hour, expected_s) in [
        // sqrt(2 * 300 s * 3600 s / stories)
        (0.04, 7348),
        (1.0, 1470),
        (4.0, 735),
        // Bounded by the shortest and the longest interval.
        (100.0, 300),
        (0.0001, 21_600),
        (0.0, 21_600),
    ] {
        let secs = even_interval(stories_per_hour, price).as_secs();
        assert!(
            secs.abs_diff(expected_s) <= 1,
            "{stories_per_hour}: {secs} s"
        );
    }
    let dear = Price {
        story_s: price.story_s * 4.0,
    };
    assert_eq!(even_interval(1.0, dear).as_secs(), 2939);
}

#[test]
fn a_source_is_asked_when_it_goes_home_and_left_alone_until_it_is_back() {
    // Two stories an hour from 8 to 17.
    let rates = Rates::of_hours(std::array::from_fn(|hour| match hour % 24 {
        8..17 => 2.0 / 3600.0,
        _ => 0.0,
    }));
    let ask_after = |from: &str| {
        let from = chrono::DateTime::parse_from_rfc3339(from).expect("a moment");
        let from = Timestamp::from_millis(from.timestamp_millis());
        let span = policy::interval(&rates, Zone(0), policy().price, policy().bounds(), from);
        (from + span).rfc3339()
    };
    // One more look at the end of the day, and none before something can be there again.
    assert_eq!(ask_after("2026-11-23T16:50:00Z"), "2026-11-23T17:00:00Z");
    assert_eq!(ask_after("2026-11-23T17:00:00Z"), "2026-11-23T23:00:00Z");
    let morning = ask_after("2026-11-23T05:00:00Z");
    assert!(morning.as_str() > "2026-11-23T08:10:00Z", "{morning}");
    assert!(morning.as_str() < "2026-11-23T08:40:00Z", "{morning}");
}

#[test]
fn the_bounds_hold_whatever_the_rates_the_price_and_the_jitter() {
    for stories_per_hour in [0.0, 1e-9, 0.3, 1.0, 1e9, f64::MAX, f64::NAN] {
        for story_s in [0.0, 1e-9, 1.0, 1e12, f64::INFINITY] {
            let span = even_interval(stories_per_hour, Price { story_s });
            assert!(
                (MIN..=MAX).contains(&span),
                "{stories_per_hour}, {story_s}: {span:?}"
            );
        }
    }
    for jitter in [0.0, 0.5, 0.999] {
        let after = succeeded(&state(), Freshness::default(), jitter);
        assert!((MIN..=MAX).contains(&wait(&after)), "{jitter}");
    }
    let rare = Terms {
        min_interval: DAY * 365,
        max_interval: DAY * 365,
        ..TERMS
    };
    let policy = Policy::without_budget(rare);
    let after = after_success(&state(), Freshness::default(), policy, now(), Jitter(0.9));
    assert_eq!(wait(&after), DAY * 365);
}

#[test]
fn jitter_adds_a_tenth_at_most_and_minutes_at_most() {
    let without = wait(&succeeded(&state(), Freshness::default(), 0.0));
    let with = wait(&succeeded(&state(), Freshness::default(), 0.999));
    assert!(
        with > without && with <= without.mul_f64(1.1),
        "{without:?} {with:?}"
    );
    let long = succeeded(&state(), fresh_for(HOUR * 5), 0.999);
    assert!(wait(&long) > HOUR * 5 && wait(&long) <= HOUR * 5 + JITTER_SPAN_MAX);
}

#[test]
fn freshness_and_ttl_lengthen_the_interval_up_to_the_maximum() {
    for (fresh, ttl, expected) in [
        (HOUR, Duration::ZERO, HOUR),
        (Duration::ZERO, HOUR * 2, HOUR * 2),
        (HOUR * 3, HOUR * 2, HOUR * 3),
        (DAY, Duration::ZERO, MAX),
    ] {
        let asks = SourceState {
            asked: obey::asked(Some(ttl), &[], &[]),
            ..state()
        };
        assert_eq!(wait(&succeeded(&asks, fresh_for(fresh), 0.0)), expected);
    }
}

fn skipping(hours: &[u8], days: &[u8]) -> SourceState {
    SourceState {
        asked: obey::asked(None, hours, days),
        ..state()
    }
}

#[test]
fn skipped_hours_and_days_are_passed_over_after_success_and_after_failure() {
    let eight_to_seventeen: Vec<u8> = (8..=17).collect();
    for (hours, days, expected) in [
        (
            eight_to_seventeen.as_slice(),
            [].as_slice(),
            "2026-11-22T18:00:00Z",
        ),
        (&[], &[6], "2026-11-23T00:00:00Z"),
        (&[0, 1], &[6], "2026-11-23T02:00:00Z"),
        // All of them: what cannot be obeyed is not asked for.
        (&[], &[0, 1, 2, 3, 4, 5, 6], "2026-11-22T08:24:29Z"),
        // What no clock shows.
        (&[24, 200], &[7, 255], "2026-11-22T08:24:29Z"),
    ] {
        let after = succeeded(&skipping(hours, days), Freshness::default(), 0.0);
        assert_eq!(after.next_poll_at.rfc3339(), expected, "{hours:?} {days:?}");
    }
    let after = failed(&skipping(&[8], &[]), &fault(FaultKind::Timeout, None));
    assert_eq!(after.next_poll_at.rfc3339(), "2026-11-22T09:00:00Z");
    // A Retry-After that ends inside a skipped hour waits for its end as well.
    let throttled = fault(FaultKind::Throttled, Some(HOUR));
    let after = failed(&skipping(&[9, 10], &[]), &throttled);
    assert_eq!(after.next_poll_at.rfc3339(), "2026-11-22T11:00:00Z");
}

#[test]
fn a_request_that_would_arrive_in_a_skipped_hour_is_not_begun_before_it() {
    let asked = obey::asked(None, &[9], &[]);
    let just_before = now() + HOUR - Duration::from_secs(5);
    let allowed = obey::allowed_from(asked, just_before);
    assert_eq!(allowed, now() + HOUR * 2);
    assert_eq!(obey::allowed_from(asked, now()), now());
    assert_eq!(
        obey::allowed_from(Asked::default(), just_before),
        just_before
    );
}

#[test]
fn failures_back_off_twice_as_long_each_time_and_never_give_up() {
    let mut state = state();
    let mut waits = Vec::new();
    for _ in 0..40 {
        state = failed(&state, &fault(FaultKind::Timeout, None));
        waits.push(wait(&state).as_secs());
    }
    assert_eq!(waits[..4], [300, 600, 1200, 2400]);
    assert!(waits.iter().all(|secs| *secs <= MAX.as_secs()), "{waits:?}");
    assert_eq!(state.failures, 40);
}

#[test]
fn what_broke_many_at_once_does_not_bring_them_back_at_once() {
    let spread: Vec<u64> = [0.0, 0.3, 0.6, 0.9]
        .map(|jitter| {
            let fault = fault(FaultKind::Unreachable, None);
            let after = after_failure(&state(), &fault, policy(), now(), Jitter(jitter));
            wait(&after).as_secs()
        })
        .to_vec();
    assert_eq!(spread, [300, 322, 345, 367]);
}

#[test]
fn a_success_forgets_the_failures() {
    let refused = FetchFault {
        status: Some(403),
        ..fault(FaultKind::Status, None)
    };
    let after = succeeded(&failed(&state(), &refused), Freshness::default(), 0.0);
    assert_eq!(
        (after.failures, after.refusals, after.last_fault),
        (0, 0, None)
    );
}

#[test]
fn retry_after_is_waited_out_in_full_even_past_the_maximum() {
    for (asked, expected) in [
        (DAY * 3, DAY * 3),
        (obey::RETRY_AFTER_MAX, obey::RETRY_AFTER_MAX),
        (Duration::from_secs(u64::MAX / 1000), obey::RETRY_AFTER_MAX),
        // Shorter than the back-off.
        (Duration::from_secs(1), MIN),
    ] {
        let after = failed(&state(), &fault(FaultKind::Throttled, Some(asked)));
        assert_eq!(wait(&after), expected);
    }
    let until = now() + DAY * 3;
    let after = failed(&state(), &fault(FaultKind::Throttled, Some(DAY * 3)));
    assert_eq!(after.asked_to_wait_until, Some(until));
    assert_eq!(left_alone_until(&after, now()), Some(until));
    assert_eq!(left_alone_until(&after, until), None);
}

#[test]
fn a_source_that_is_gone_is_asked_once_a_week() {
    let mut state = state();
    for _ in 0..5 {
        state = failed(&state, &fault(FaultKind::Gone, None));
        assert_eq!(wait(&state), backoff::GONE_INTERVAL);
    }
}

#[test]
fn a_run_of_403_is_taken_for_a_429() {
    let status = |status| FetchFault {
        status: Some(status),
        ..fault(FaultKind::Status, None)
    };
    let mut state = state();
    let mut seen = Vec::new();
    for fault in [403, 403, 404, 403, 403, 403, 403].map(status) {
        state = failed(&state, &fault);
        let kind = state.last_fault.as_ref().map(|fault| fault.kind.name());
        seen.push((
            state.refusals,
            kind.unwrap_or_default(),
            wait(&state).as_secs(),
        ));
    }
    assert_eq!(
        seen,
        [
            (1, "status", 300),
            (2, "status", 600),
            (0, "status", 1200),
            (1, "status", 2400),
            (2, "status", 4800),
            (3, "throttled", 38_400),
            (4, "throttled", 76_800),
        ]
    );
    let told = state.last_fault.map(|fault| fault.detail);
    assert_eq!(told.as_deref(), Some("no answer, 4 times in a row"));
}

#[test]
fn a_clock_set_back_makes_nobody_wait_longer_than_was_meant() {
    let polled = SourceState {
        last_poll_at: Some(now()),
        asked_to_wait_until: Some(now() + HOUR),
        next_poll_at: now() + HOUR,
        ..state()
    };
    let year_ago = now() - DAY * 365;
    for (at, due, left_alone) in [
        (now(), now() + HOUR, Some(now() + HOUR)),
        (now() + DAY, now() + HOUR, None),
        (year_ago, year_ago + HOUR, Some(year_ago + HOUR)),
    ] {
        assert_eq!(due_at(&polled, at), due);
        assert_eq!(left_alone_until(&polled, at), left_alone);
    }
}

#[test]
fn the_price_is_what_makes_all_demands_fit_the_budget() {
    let rates = |stories_per_hour: f64| Rates::even(stories_per_hour / 3600.0);
    let demands: Vec<budget::Demand> = [0.01, 0.1, 1.0, 10.0]
        .map(|rate| budget::Demand::of(&rates(rate), TERMS, now()))
        .to_vec();
    let requests = |price: Price| -> f64 {
        [0.01, 0.1, 1.0, 10.0]
            .map(|rate| 3600.0 / even_interval(rate, price).as_secs_f64())
            .iter()
            .sum()
    };
    for requests_per_hour in [1, 2, 5, 10, 20, 40] {
        let asked = requests(budget::price(&demands, requests_per_hour));
        let budget = f64::from(requests_per_hour);
        assert!(
            (asked / budget - 1.0).abs() < 0.01,
            "{requests_per_hour}: {asked}"
        );
    }
    // More than the shortest intervals can spend, and less than the longest ask for.
    assert!(requests(budget::price(&demands, 1000)) > 47.9);
    let none = budget::price(&demands[..1], 0);
    assert_eq!(even_interval(1000.0, none), MAX);
}
