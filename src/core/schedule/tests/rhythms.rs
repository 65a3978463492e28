use chrono::Timelike;

use super::*;

fn heard(dates: Vec<Timestamp>, previous_at: Option<Timestamp>) -> Heard {
    Heard {
        dates,
        undated: 0,
        previous_at,
    }
}

/// So many stories an hour, at the moment `at` lies in.
fn rate(rhythm: &Rhythm, at: Timestamp) -> f64 {
    Rates::today(rhythm, MIN).at(at, Zone(0)) * 3600.0
}

fn mean_rate(rhythm: &Rhythm) -> f64 {
    let hours = (0..168).map(|hour| rate(rhythm, now() + HOUR * hour));
    hours.sum::<f64>() / 168.0
}

fn interval(rhythm: &Rhythm, now: Timestamp) -> Duration {
    let policy = policy();
    let rates = Rates::today(rhythm, MIN);
    policy::interval(&rates, policy.zone, policy.price, policy.bounds(), now)
}

/// Every day at these hours, for so many days until now, five minutes past.
fn daily(hours: &[u32], days: u32) -> Vec<Timestamp> {
    let midnight = now() - HOUR * 8;
    let at = |day: u32, hour: u32| midnight - DAY * day + HOUR * hour + MIN;
    (0..days)
        .flat_map(|day| hours.iter().map(move |hour| at(day, *hour)))
        .filter(|at| *at <= now())
        .collect()
}

/// A source followed from its first answer on: asked every `step`, listing what came since.
fn followed(stories: &[Timestamp], from: Timestamp, until: Timestamp, step: Duration) -> Rhythm {
    let mut rhythm = Rhythm::default();
    let (mut previous_at, mut at) = (None, from);
    while at <= until {
        let since = previous_at.unwrap_or(Timestamp::MIN);
        let new = stories
            .iter()
            .copied()
            .filter(|story| *story > since && *story <= at);
        rhythm = learn(&rhythm, &heard(new.collect(), previous_at), Zone(0), at);
        previous_at = Some(at);
        at = at + step;
    }
    rhythm
}

#[test]
fn a_first_answer_teaches_the_hours_and_is_no_burst() {
    let dates = daily(&[7, 9, 10, 14, 15], 20);
    let rhythm = learn(&Rhythm::default(), &heard(dates, None), Zone(0), now());
    assert!(
        (4.0..6.0).contains(&(mean_rate(&rhythm) * 24.0)),
        "{}",
        mean_rate(&rhythm)
    );
    let at = |hour| rate(&rhythm, now() - HOUR * 8 + HOUR * hour);
    assert!(at(9) > 5.0 * at(3), "{} {}", at(9), at(3));
    assert_eq!((rhythm.recent, rhythm.recent_expected), (0.0, 0.0));
}

#[test]
fn one_entry_pinned_for_years_does_not_make_a_lively_source_a_slow_one() {
    let mut dates = daily(&[7, 9, 10, 14, 15], 4);
    dates.push(now() - DAY * 900);
    let rhythm = learn(&Rhythm::default(), &heard(dates, None), Zone(0), now());
    assert!(mean_rate(&rhythm) * 24.0 > 3.0, "{}", mean_rate(&rhythm));
    // A slow one stays slow.
    let slow = (1..6).map(|week| now() - DAY * 7 * week).collect();
    let rhythm = learn(&Rhythm::default(), &heard(slow, None), Zone(0), now());
    assert!(mean_rate(&rhythm) * 24.0 < 0.3, "{}", mean_rate(&rhythm));
}

#[test]
fn dates_in_the_future_and_dates_before_the_last_poll_teach_when_they_were_had() {
    let first = learn(&Rhythm::default(), &heard(vec![], None), Zone(0), now());
    let later = now() + HOUR * 2;
    for date in [now() + DAY * 30, now() - DAY * 3, now() + HOUR + MIN] {
        let after = learn(&first, &heard(vec![date], Some(now())), Zone(0), later);
        let hours: Vec<usize> = (0..HOURS).filter(|hour| after.hours[*hour] > 0).collect();
        // Sunday from 8 to 10.
        assert!(
            hours.iter().all(|hour| [152, 153].contains(hour)),
            "{date}: {hours:?}"
        );
        assert!(!hours.is_empty() && after.recent == 1.0);
    }
}

#[test]
fn a_source_without_dates_is_learnt_from_its_polls() {
    let mut rhythm = Rhythm::default();
    let mut previous_at = None;
    for hour in 0..14 * 24 {
        let at = now() + HOUR * hour;
        // Two an hour from 6 to 12.
        let undated = if (7..=12).contains(&at.to_datetime().hour()) {
            2
        } else {
            0
        };
        let heard = Heard {
            dates: vec![],
            undated,
            previous_at,
        };
        rhythm = learn(&rhythm, &heard, Zone(0), at);
        previous_at = Some(at);
    }
    let day = now() - HOUR * 8 + DAY * 14;
    let at = |hour| rate(&rhythm, day + HOUR * hour + MIN);
    assert!((1.2..3.0).contains(&at(8)), "{}", at(8));
    assert!(at(20) < 0.3, "{}", at(20));
}

#[test]
fn a_date_without_a_time_stands_for_its_whole_day() {
    let midnights = (0..30).map(|day| now() - HOUR * 8 - DAY * day).collect();
    let rhythm = learn(&Rhythm::default(), &heard(midnights, None), Zone(0), now());
    let at = |hour| rate(&rhythm, now() - HOUR * 8 + HOUR * hour);
    assert!(at(0) < 2.0 * at(14), "{} {}", at(0), at(14));
}

#[test]
fn a_source_that_fell_silent_is_asked_ever_less() {
    let lively = daily(&[1, 4, 7, 10, 13, 16, 19, 22], 20);
    let week = |weeks: u32| {
        let end = now() + DAY * 7 * weeks;
        interval(&followed(&lively, now(), end, HOUR * 3), end)
    };
    let weeks = [0, 1, 4, 20].map(week);
    assert!(weeks.is_sorted(), "{weeks:?}");
    assert!(weeks[1] > weeks[0].mul_f64(1.4), "{weeks:?}");
    assert_eq!(weeks[3], MAX);
}

#[test]
fn a_burst_is_caught_while_it_lasts() {
    let mut stories = daily(&[10], 20);
    let quiet = followed(&stories, now() - DAY, now(), HOUR);
    stories.extend((0..8).map(|at| now() - MIN * at));
    let bursting = followed(&stories, now() - DAY, now(), HOUR);
    let after_a_day = followed(&stories, now() - DAY, now() + DAY * 2, HOUR);
    let [before, during, after] = [
        interval(&quiet, now()),
        interval(&bursting, now()),
        interval(&after_a_day, now() + DAY * 2),
    ];
    assert!(during < before.mul_f64(0.6), "{before:?} {during:?}");
    assert!(after > during.mul_f64(1.5), "{during:?} {after:?}");
}

#[test]
fn what_came_while_it_could_not_be_asked_is_no_burst() {
    let stories = daily(&[1, 4, 7, 10, 13, 16, 19, 22], 20);
    let known = followed(&stories, now() - DAY * 10, now() - DAY * 5, HOUR);
    let since: Vec<Timestamp> = stories
        .iter()
        .copied()
        .filter(|at| *at > now() - DAY * 5)
        .collect();
    let after = learn(&known, &heard(since, Some(now() - DAY * 5)), Zone(0), now());
    assert!(after.recent < 4.0, "{}", after.recent);
    assert!(
        (0.6..1.6).contains(&(after.recent / after.recent_expected)),
        "{after:?}"
    );
}

#[test]
fn the_week_is_counted_in_the_source_s_own_zone() {
    // Monday, 2026-11-23T01:30+07:00, is still Sunday in Greenwich.
    let at = Timestamp::from_secs(1_795_372_200);
    for (zone, hour) in [(0, 6 * 24 + 18), (7 * 3600, 1), (-5 * 3600, 6 * 24 + 13)] {
        assert_eq!(Zone(zone).hour(at), hour, "{zone}");
        assert_eq!(Zone(zone).hour_end(at), at + Duration::from_secs(1800));
    }
}

#[test]
fn a_rhythm_takes_at_most_200_bytes_whatever_came() {
    let mut rhythm = Rhythm::default();
    let mut previous_at = None;
    for step in 0..2000_u32 {
        let at = now() + HOUR * step;
        let dates = (0..step % 400).map(|back| at - Duration::from_secs(u64::from(back)));
        rhythm = learn(&rhythm, &heard(dates.collect(), previous_at), Zone(0), at);
        previous_at = Some(at);
        let bytes = postcard::to_allocvec(&rhythm).expect("it can be written");
        assert!(bytes.len() <= 200, "{} bytes", bytes.len());
    }
    assert!(
        (150.0..600.0).contains(&mean_rate(&rhythm)),
        "{}",
        mean_rate(&rhythm)
    );
}

#[test]
fn a_damaged_rhythm_is_none() {
    for damaged in [
        Rhythm {
            hours: vec![255; 3],
            unit: f32::NAN,
            span_s: f32::NEG_INFINITY,
            ..Rhythm::default()
        },
        Rhythm {
            hours: vec![9; 100_000],
            unit: f32::INFINITY,
            span_s: f32::INFINITY,
            recent: f32::NAN,
            recent_expected: -9.0,
            known_to: Some(Timestamp::MIN),
        },
    ] {
        let span = interval(&damaged, now());
        assert!((MIN..=MAX).contains(&span), "{span:?}");
        let after = learn(
            &damaged,
            &heard(vec![now()], Some(now() - HOUR)),
            Zone(0),
            now(),
        );
        assert!((MIN..=MAX).contains(&interval(&after, now())));
    }
}
