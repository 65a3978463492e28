//! How often a source publishes: a rate for each hour of the week, learnt from dates and from polls.
//!
//! Three scales are kept apart. The table of hours fades within weeks and says when; its sum says how
//! much; what came in the last hours, against what the table let expect, says whether today is like other
//! days. Few stories teach little: each hour leans on the same hour of other days, and an hour nothing is
//! known of on the whole week. A story counts at the moment it could first be had: at its date, or after
//! the last poll that did not list it, whichever is later.

use std::time::Duration;

use super::{as_f64, seconds, seconds_of};
use crate::core::model::{Rhythm, Timestamp};

pub const HOURS: usize = 7 * 24;
const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 24 * HOUR_MS;
const WEEK_S: f64 = 7.0 * 86_400.0;

/// Within this a count falls to a third. Shorter, and what publishes once a week is forgotten before its hour is
/// known; what changes sooner is told by what is recent.
const FADE_S: f64 = 6.0 * WEEK_S;
const FADE_RECENT_S: f64 = 8.0 * 3600.0;
/// How much of the usual day stands against what is unusual about this one, in stories.
const RECENT_WEIGHT: f64 = 6.0;
const RECENT_FACTOR: (f64, f64) = (0.2, 20.0);
/// A source that nothing is known of is taken for one that has published [`PRIOR_STORIES`] in so many
/// minimal intervals.
const PRIOR_STORIES: f64 = 0.5;
const PRIOR_INTERVALS: f64 = 6.0;
/// Stories that make an hour of the day, a kind of day, a day of the week and an hour of the week believed
/// half as much as what they lean on.
const DAY_HOUR_WEIGHT: f64 = 2.0;
const KIND_HOUR_WEIGHT: f64 = 30.0;
const WEEKDAY_WEIGHT: f64 = 20.0;
const WEEK_HOUR_WEIGHT: f64 = 700.0;
/// Stories that one step of the table stands for when it is new.
const UNIT_FIRST: f64 = 1.0 / 32.0;
/// Of the newest dates that remain, so many are needed before an older one is taken for a pinned entry.
const UNPINNED_MIN: usize = 3;
/// An entry is pinned when the gap behind it is so many times as long as all that follows.
const PINNED_FACTOR: u32 = 4;

/// The zone a week is counted in: seconds east of UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Zone(pub i32);

impl Zone {
    fn local_ms(self, at: Timestamp) -> i64 {
        at.millis().saturating_add(i64::from(self.0) * 1000)
    }

    /// The hour of the week, 0 is Monday from 0 to 1.
    pub fn hour(self, at: Timestamp) -> usize {
        // 1970-01-01 was a Thursday.
        let hours = self.local_ms(at).div_euclid(HOUR_MS) + 3 * 24;
        usize::try_from(hours.rem_euclid(168)).unwrap_or(0)
    }

    /// When the hour that `at` lies in is over.
    pub fn hour_end(self, at: Timestamp) -> Timestamp {
        let passed = self.local_ms(at).rem_euclid(HOUR_MS);
        Timestamp::from_millis(at.millis().saturating_add(HOUR_MS - passed))
    }

    fn is_midnight(self, at: Timestamp) -> bool {
        self.local_ms(at).rem_euclid(DAY_MS) == 0
    }
}

/// What one answer says of a source's rhythm.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Heard {
    /// The dates of the entries that were new, as the source states them; none is a guess of ours.
    pub dates: Vec<Timestamp>,
    /// New entries without a date.
    pub undated: usize,
    /// The last answer before this one; none for the first.
    pub previous_at: Option<Timestamp>,
}

/// What is known after an answer.
pub fn learn(rhythm: &Rhythm, heard: &Heard, zone: Zone, now: Timestamp) -> Rhythm {
    match (heard.previous_at, rhythm.known_to) {
        (Some(previous_at), Some(_)) if previous_at <= now => {
            learn_next(rhythm, heard, previous_at, zone, now)
        }
        _ => learn_first(heard, zone, now),
    }
}

/// A first answer lists what came over a long while: it teaches the week, and is no burst.
fn learn_first(heard: &Heard, zone: Zone, now: Timestamp) -> Rhythm {
    let mut dates: Vec<Timestamp> = heard
        .dates
        .iter()
        .copied()
        .filter(|at| *at <= now)
        .collect();
    dates.sort_unstable();
    let dates = without_pinned(&dates, now);
    let mut table = Table::empty();
    let mut span_s = 0.0;
    // The oldest only says since when the others are known.
    if let [oldest, others @ ..] = dates {
        span_s = FADE_S * (1.0 - (-seconds_of(now.since(*oldest)) / FADE_S).exp());
        for at in others {
            let weight = (-seconds_of(now.since(*at)) / FADE_S).exp();
            table.add_dated(*at, weight, zone, now);
        }
    }
    table.into_rhythm(Rhythm {
        span_s: to_f32(span_s),
        known_to: Some(now),
        ..Rhythm::default()
    })
}

fn without_pinned(dates: &[Timestamp], now: Timestamp) -> &[Timestamp] {
    let mut rest = dates;
    while let [first, others @ ..] = rest
        && others.len() >= UNPINNED_MIN
        && let Some(second) = others.first()
        && second.since(*first) > now.since(*second).saturating_mul(PINNED_FACTOR)
    {
        rest = others;
    }
    rest
}

fn learn_next(
    rhythm: &Rhythm,
    heard: &Heard,
    previous_at: Timestamp,
    zone: Zone,
    now: Timestamp,
) -> Rhythm {
    let known_to = rhythm.known_to.filter(|at| *at <= now).unwrap_or(now);
    let passed_s = seconds_of(now.since(known_to));
    let fade = (-passed_s / FADE_S).exp();
    let fade_recent = (-passed_s / FADE_RECENT_S).exp();
    // After a long while without answers only its end tells what today is like.
    let recent_from = known_to.max(now - seconds(FADE_RECENT_S));
    let expected = Rates::usual(rhythm).between(recent_from, now, zone);
    let recent_share = match seconds_of(now.since(previous_at)) {
        span_s if span_s > 0.0 => (seconds_of(now.since(recent_from)) / span_s).min(1.0),
        _ => 1.0,
    };

    let mut table = Table::of(rhythm, fade);
    let mut recent = as_f64(heard.undated) * recent_share;
    table.spread(previous_at, now, as_f64(heard.undated), zone);
    for at in &heard.dates {
        if *at > previous_at && *at <= now {
            recent += f64::from(u8::from(*at > recent_from));
            table.add_dated(*at, 1.0, zone, now);
        } else {
            // It was not there yet when the source was asked after its date.
            recent += recent_share;
            table.spread(previous_at, now, 1.0, zone);
        }
    }
    let span_s = f64::from(rhythm.span_s) * fade + FADE_S * (1.0 - fade);
    table.into_rhythm(Rhythm {
        span_s: to_f32(span_s),
        known_to: Some(now),
        recent: to_f32(f64::from(rhythm.recent) * fade_recent + recent),
        recent_expected: to_f32(f64::from(rhythm.recent_expected) * fade_recent + expected),
        ..Rhythm::default()
    })
}

/// The table of hours while it is changed.
struct Table {
    hours: Vec<f64>,
    unit: f64,
}

impl Table {
    fn empty() -> Table {
        Table {
            hours: vec![0.0; HOURS],
            unit: UNIT_FIRST,
        }
    }

    fn of(rhythm: &Rhythm, fade: f64) -> Table {
        let unit = f64::from(rhythm.unit) * fade;
        let mut table = Table::empty();
        if unit > 0.0 && unit.is_finite() {
            table.unit = unit;
            for (hour, steps) in table.hours.iter_mut().zip(&rhythm.hours) {
                *hour = f64::from(*steps) * unit;
            }
        }
        table
    }

    fn add_dated(&mut self, at: Timestamp, weight: f64, zone: Zone, now: Timestamp) {
        // A day without a time stands for the whole of it.
        if zone.is_midnight(at) || Zone::default().is_midnight(at) {
            let end = (at + Duration::from_secs(86_400)).min(now);
            self.spread(at, end, weight, zone);
        } else {
            self.add(zone.hour(at), weight);
        }
    }

    fn add(&mut self, hour: usize, stories: f64) {
        if let Some(known) = self.hours.get_mut(hour) {
            *known += stories;
        }
    }

    /// Stories that came at an unknown moment between two.
    fn spread(&mut self, from: Timestamp, to: Timestamp, stories: f64, zone: Zone) {
        if stories == 0.0 {
            return;
        }
        let span_s = seconds_of(to.since(from));
        if span_s <= 0.0 {
            self.add(zone.hour(to), stories);
            return;
        }
        if span_s >= WEEK_S {
            for hour in &mut self.hours {
                *hour += stories / as_f64(HOURS);
            }
            return;
        }
        let mut at = from;
        while at < to {
            let end = zone.hour_end(at).min(to);
            let share = seconds_of(end.since(at)) / span_s;
            self.add(zone.hour(at), stories * share);
            at = end;
        }
    }

    fn into_rhythm(self, rest: Rhythm) -> Rhythm {
        let most = self.hours.iter().copied().fold(0.0, f64::max);
        if most <= 0.0 {
            return rest;
        }
        // As fine as the fullest hour lets it be; a step that shrinks by fading alone is left as it is.
        let mut unit = self.unit;
        while most / unit > 255.0 {
            unit *= 2.0;
        }
        while unit < UNIT_FIRST && most / unit < 64.0 {
            unit *= 2.0;
        }
        let mut carried = 0.0;
        let hours = self
            .hours
            .iter()
            .map(|stories| {
                // What rounding takes from one hour it gives to the next that has any.
                let exact = stories / unit + if *stories > 0.0 { carried } else { 0.0 };
                let steps = to_u8(exact);
                if *stories > 0.0 {
                    carried = exact - f64::from(steps);
                }
                steps
            })
            .collect();
        Rhythm {
            hours,
            unit: to_f32(unit),
            ..rest
        }
    }
}

/// Stories a second in each hour of the week.
#[derive(Debug, Clone, PartialEq)]
pub struct Rates {
    hours: [f64; HOURS],
}

impl Rates {
    /// As a source's week usually is; the prior is that of a source nothing is known of.
    fn usual(rhythm: &Rhythm) -> Rates {
        Rates::with_prior(rhythm, 0.0, 0.0)
    }

    /// As today is, at most times.
    pub fn today(rhythm: &Rhythm, min_interval: Duration) -> Rates {
        let span_s = PRIOR_INTERVALS * seconds_of(min_interval);
        let mut rates = Rates::with_prior(rhythm, PRIOR_STORIES, span_s);
        let factor = (f64::from(rhythm.recent) + RECENT_WEIGHT)
            / (f64::from(rhythm.recent_expected) + RECENT_WEIGHT);
        let factor = factor.clamp(RECENT_FACTOR.0, RECENT_FACTOR.1);
        for rate in &mut rates.hours {
            *rate *= factor;
        }
        rates
    }

    /// The same at every hour.
    pub fn even(stories_per_s: f64) -> Rates {
        Rates {
            hours: [stories_per_s; HOURS],
        }
    }

    pub fn of_hours(hours: [f64; HOURS]) -> Rates {
        Rates { hours }
    }

    fn with_prior(rhythm: &Rhythm, stories: f64, span_s: f64) -> Rates {
        let known: f64 = rhythm.hours.iter().map(|steps| f64::from(*steps)).sum();
        let known = known * f64::from(rhythm.unit);
        let span_s = f64::from(rhythm.span_s).max(0.0) + span_s;
        if span_s <= 0.0 {
            return Rates::even(0.0);
        }
        let mean = (known + stories) / span_s;
        let mut hours = shape(rhythm);
        for hour in &mut hours {
            *hour *= mean;
        }
        Rates { hours }
    }

    pub fn at(&self, at: Timestamp, zone: Zone) -> f64 {
        self.hours.get(zone.hour(at)).copied().unwrap_or(0.0)
    }

    /// Stories to be expected between two moments.
    fn between(&self, from: Timestamp, to: Timestamp, zone: Zone) -> f64 {
        let span_s = seconds_of(to.since(from));
        if span_s >= WEEK_S {
            return self.hours.iter().sum::<f64>() / as_f64(HOURS) * span_s;
        }
        let mut stories = 0.0;
        let mut at = from;
        while at < to {
            let end = zone.hour_end(at).min(to);
            stories += self.at(at, zone) * seconds_of(end.since(at));
            at = end;
        }
        stories
    }

    /// The mean over the week of the square root: what demand is made of.
    pub fn mean_root(&self) -> f64 {
        self.hours.iter().map(|rate| rate.sqrt()).sum::<f64>() / as_f64(HOURS)
    }
}

/// How the week is shaped: a factor for each hour, one on average.
fn shape(rhythm: &Rhythm) -> [f64; HOURS] {
    let unit = f64::from(rhythm.unit);
    let mut table = [0.0; HOURS];
    for (hour, steps) in table.iter_mut().zip(&rhythm.hours) {
        *hour = f64::from(*steps) * unit;
    }
    let all: f64 = table.iter().sum();
    if all <= 0.0 {
        return [1.0; HOURS];
    }
    let mut days = [0.0; 7];
    // Working days and weekends.
    let mut kinds = [[0.0; 24]; 2];
    for (hour, stories) in table.iter().enumerate() {
        let day = hour / 24;
        days[day] += stories;
        kinds[usize::from(day >= 5)][hour % 24] += stories;
    }
    let every: [f64; 24] = std::array::from_fn(|hour| kinds[0][hour] + kinds[1][hour]);
    let every = leaning(smooth(every), all, [1.0 / 24.0; 24], DAY_HOUR_WEIGHT);
    let kinds = kinds.map(|kind| {
        let stories = kind.iter().sum();
        leaning(smooth(kind), stories, every, KIND_HOUR_WEIGHT)
    });
    let days = leaning(days, all, [1.0 / 7.0; 7], WEEKDAY_WEIGHT);
    std::array::from_fn(|hour| {
        let day = hour / 24;
        let leant_on = days[day] * kinds[usize::from(day >= 5)][hour % 24];
        (table[hour] + WEEK_HOUR_WEIGHT * leant_on) / (all + WEEK_HOUR_WEIGHT) * as_f64(HOURS)
    })
}

/// Shares of the whole, pulled towards other shares by so many stories.
fn leaning<const N: usize>(counts: [f64; N], all: f64, others: [f64; N], weight: f64) -> [f64; N] {
    std::array::from_fn(|at| (counts[at] + weight * others[at]) / (all + weight))
}

/// Each hour of the day with a quarter of its neighbours' stories.
fn smooth(hours: [f64; 24]) -> [f64; 24] {
    std::array::from_fn(|hour| {
        let before = hours[(hour + 23) % 24];
        let after = hours[(hour + 1) % 24];
        hours[hour] * 0.7 + (before + after) * 0.15
    })
}

fn to_f32(value: f64) -> f32 {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a record keeps seven digits; what is larger than an f32 becomes infinite and is bounded when read"
    )]
    let value = value as f32;
    value
}

fn to_u8(value: f64) -> u8 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "clamped to what a u8 holds"
    )]
    let steps = value.round().clamp(0.0, 255.0) as u8;
    steps
}
