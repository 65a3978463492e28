//! How long news waits, at equal requests: langbao's policy, a fixed interval, Miniflux's rule, and the best
//! policy of one who knows the true rates.
//!
//! `cargo bench --bench schedule`. Time is virtual and chance is seeded: every run prints the same. Each
//! policy learns for two weeks; the four weeks after that count. langbao's requests are counted, and the
//! others are given as many. Bounds are held against ratios of mean delays.

#![allow(
    clippy::print_stderr,
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_possible_wrap,
    reason = "a benchmark prints its figures, and its fixtures are in order or it fails"
)]

mod best;
mod crowd;
mod newsrooms;
mod real;

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::time::Duration;

use best::Best;
use crowd::{Outcome, Wish};
use fastrand::Rng;
use langbao::core::model::{Freshness, SourceId, SourceNo, SourceState, Timestamp};
use langbao::core::schedule::plan::Terms;
use langbao::core::schedule::rhythm::{self, HOURS, Heard, Zone};
use langbao::core::schedule::{self, Jitter, Policy};
use newsrooms::{Newsroom, Seconds, WEEK_S};

const SEED: u64 = 0x1a5e_c0de;
const ZONE: Zone = Zone(7 * 3600);
const MIN: Duration = Duration::from_secs(300);
const MAX: Duration = Duration::from_secs(6 * 3600);
const TERMS: Terms = Terms {
    min_interval: MIN,
    max_interval: MAX,
    zone: ZONE,
};
/// Weeks of news before the first poll, learnt ones, counted ones.
const BEFORE: usize = 6;
const LEARNT: usize = 2;
const COUNTED: usize = 4;
const LISTED_MAX: usize = 30;
const BUDGET: u32 = 150;

const TO_FIXED_MAX: f64 = 0.55;
const TO_MINIFLUX_MAX: f64 = 0.60;
const TO_BEST_MAX: f64 = 1.20;

/// Monday, 2026-10-05T00:00:00 at +07:00.
const MONDAY_MS: i64 = 1_791_133_200_000;

fn moment(at: Seconds) -> Timestamp {
    Timestamp::from_millis(MONDAY_MS + (at * 1000.0) as i64)
}

fn seconds(at: Timestamp) -> Seconds {
    (at.millis() - MONDAY_MS) as f64 / 1000.0
}

/// When the first polls are, and the time in which news counts.
fn counted_time() -> (Seconds, std::ops::Range<Seconds>) {
    let from = BEFORE as f64 * WEEK_S;
    let counted_from = from + LEARNT as f64 * WEEK_S;
    (from, counted_from..counted_from + COUNTED as f64 * WEEK_S)
}

/// What one policy did with one newsroom.
#[derive(Default, Clone)]
pub struct Tally {
    pub requests: usize,
    pub delays: Vec<Seconds>,
}

/// The counted weeks of one newsroom under a policy: `next` gets what a poll found, and says when the next one is.
pub fn play(
    stories: &[Seconds],
    from: Seconds,
    counted: std::ops::Range<Seconds>,
    mut next: impl FnMut(Seconds, &[Seconds]) -> Seconds,
) -> Tally {
    let mut tally = Tally::default();
    let mut seen = stories.partition_point(|story| *story <= from);
    let mut at = next(from, &stories[seen.saturating_sub(LISTED_MAX)..seen]);
    // Until what was published in the counted time has been had.
    while at < counted.end || stories.get(seen).is_some_and(|story| *story < counted.end) {
        let known = seen;
        while stories.get(seen).is_some_and(|story| *story <= at) {
            if counted.contains(&stories[seen]) {
                tally.delays.push(at - stories[seen]);
            }
            seen += 1;
        }
        tally.requests += usize::from(counted.contains(&at));
        at = next(at, &stories[known..seen]);
    }
    tally
}

fn langbao(seed: u64, policy: Policy) -> impl FnMut(Seconds, &[Seconds]) -> Seconds {
    let mut random = Rng::with_seed(seed);
    let id = SourceId::parse("s").unwrap();
    let mut state = SourceState::new(SourceNo(1), id, "https://s.vn/rss".into(), moment(0.0));
    move |at, found| {
        let now = moment(at);
        let heard = Heard {
            dates: found.iter().map(|story| moment(story.floor())).collect(),
            undated: 0,
            previous_at: state.last_success_at,
        };
        state.rhythm = rhythm::learn(&state.rhythm, &heard, policy.zone, now);
        state.last_success_at = Some(now);
        let jitter = Jitter(random.f64());
        state = schedule::after_success(&state, Freshness::default(), policy, now, jitter);
        seconds(state.next_poll_at)
    }
}

fn fixed(interval_s: Seconds) -> impl FnMut(Seconds, &[Seconds]) -> Seconds {
    move |at, _| at + interval_s
}

/// `entry_frequency`: a week by the number of entries of the last week, within bounds.
fn entry_frequency(
    factor: f64,
    min: Duration,
    max: Duration,
) -> impl FnMut(Seconds, &[Seconds]) -> Seconds {
    let mut known: Vec<Seconds> = Vec::new();
    move |at, found| {
        known.extend_from_slice(found);
        known.retain(|story| *story > at - WEEK_S);
        let interval_s = match known.len() {
            0 => max.as_secs_f64(),
            count => WEEK_S / (count as f64 * factor),
        };
        at + interval_s.clamp(min.as_secs_f64(), max.as_secs_f64())
    }
}

/// One policy over all newsrooms.
#[derive(Default)]
pub struct Result {
    requests: usize,
    delays: Vec<Seconds>,
    by_kind: BTreeMap<&'static str, (usize, usize, Seconds)>,
}

impl Result {
    pub fn add(&mut self, kind: &'static str, tally: Tally) {
        self.requests += tally.requests;
        let (requests, stories, waited) = self.by_kind.entry(kind).or_default();
        *requests += tally.requests;
        *stories += tally.delays.len();
        *waited += tally.delays.iter().sum::<f64>();
        self.delays.extend(tally.delays);
    }

    pub fn mean(&self) -> Seconds {
        self.delays.iter().sum::<f64>() / self.delays.len().max(1) as f64
    }

    fn percentile(&self, share: f64) -> Seconds {
        let mut sorted = self.delays.clone();
        sorted.sort_by(f64::total_cmp);
        sorted
            .get((sorted.len() as f64 * share) as usize)
            .copied()
            .unwrap_or(0.0)
    }

    fn row(&self, name: &str) {
        println!(
            "{name:28} {:>9} requests   mean {:>6.1} min   p95 {:>6.1} min",
            self.requests,
            self.mean() / 60.0,
            self.percentile(0.95) / 60.0,
        );
    }
}

fn all<F>(newsrooms: &[Newsroom], policy: impl Fn(usize, &Newsroom) -> F) -> Result
where
    F: FnMut(Seconds, &[Seconds]) -> Seconds,
{
    let (from, counted) = counted_time();
    let mut result = Result::default();
    for (at, newsroom) in newsrooms.iter().enumerate() {
        // They are not all added in the same second.
        let from = from + at as f64 * 7.0;
        let tally = play(
            &newsroom.stories,
            from,
            counted.clone(),
            policy(at, newsroom),
        );
        result.add(newsroom.kind, tally);
    }
    result
}

/// The setting, between two, at which a policy makes as many requests; more of it makes more.
pub fn at_equal_requests(
    requests: usize,
    range: (f64, f64),
    run: impl Fn(f64) -> Result,
) -> Result {
    let (mut low, mut high) = (range.0.ln(), range.1.ln());
    let mut best = run(range.1);
    for _ in 0..18 {
        let middle = (low + high) / 2.0;
        let result = run(middle.exp());
        match result.requests > requests {
            true => high = middle,
            false => low = middle,
        }
        if result.requests.abs_diff(requests) < best.requests.abs_diff(requests) {
            best = result;
        }
    }
    best
}

/// Whether a ratio of mean delays keeps within its bound; says so either way.
pub fn holds(name: &str, ours: &Result, other: &Result, bound: f64) -> bool {
    let ratio = ours.mean() / other.mean();
    let verdict = if ratio <= bound { "" } else { "   TOO LONG" };
    println!("  mean delay to {name:26} {ratio:.2}, bound {bound:.2}{verdict}");
    ratio <= bound
}

/// langbao beside the others, which get as many requests as it made; under a budget, the best keeps to it too.
fn compare(newsrooms: &[Newsroom], ours: &Result, budget: Option<u32>) -> bool {
    let counted_s = COUNTED as f64 * WEEK_S * newsrooms.len() as f64;
    let even = all(newsrooms, |_, _| fixed(counted_s / ours.requests as f64));
    let miniflux = at_equal_requests(ours.requests, (1e-3, 1e3), |factor| {
        all(newsrooms, |_, _| entry_frequency(factor, MIN, MAX))
    });
    let best = at_equal_requests(ours.requests, (1e-6, 1.0), |worth| {
        all(newsrooms, |_, newsroom| {
            let (min_s, max_s) = (MIN.as_secs_f64(), MAX.as_secs_f64());
            let best = Best::of(&newsroom.rates, &[1.0 / worth; HOURS], min_s, max_s);
            move |at, _: &[Seconds]| best.next(at)
        })
    });
    ours.row("langbao");
    even.row("fixed interval");
    miniflux.row("Miniflux entry_frequency");
    best.row("best that knows the rates");
    let best = match budget {
        None => best,
        Some(budget) => {
            println!(
                "  mean delay to it               {:.2}",
                ours.mean() / best.mean()
            );
            let best = best_within(newsrooms, ours.requests, budget);
            best.row("the same within the budget");
            best
        }
    };
    println!(
        "  minutes (requests) by kind             langbao          Miniflux              best"
    );
    for (kind, (_, stories, _)) in &ours.by_kind {
        let of = |result: &Result| {
            let (requests, stories, waited) = result.by_kind[kind];
            let minutes = waited / stories.max(1) as f64 / 60.0;
            format!("{minutes:>8.1} ({requests:>6})")
        };
        let columns = [of(ours), of(&miniflux), of(&best)].join("  ");
        println!("  {kind:16} {stories:>6} stories  {columns}");
    }
    [
        holds("a fixed interval", ours, &even, TO_FIXED_MAX),
        holds("Miniflux entry_frequency", ours, &miniflux, TO_MINIFLUX_MAX),
        holds("the best that knows the rates", ours, &best, TO_BEST_MAX),
    ]
    .iter()
    .all(|holds| *holds)
}

fn best_within(newsrooms: &[Newsroom], requests: usize, budget: u32) -> Result {
    let a_week = requests as f64 / COUNTED as f64;
    let bounds = (MIN.as_secs_f64(), MAX.as_secs_f64());
    let policies = best::within_budget(newsrooms, a_week, f64::from(budget), bounds);
    all(newsrooms, |at, _| {
        let best = &policies[at];
        move |at, _: &[Seconds]| best.next(at)
    })
}

/// The same newsrooms, of which many ask to be spared: not one request may come unwanted.
fn spared(newsrooms: &[Newsroom]) -> bool {
    let wishes = [
        Wish::default(),
        Wish {
            ttl: Some(Duration::from_secs(5400)),
            ..Wish::default()
        },
        Wish {
            skip_hours: (16..23).collect(),
            ..Wish::default()
        },
        Wish {
            skip_days: vec![5, 6],
            skip_hours: vec![3, 9],
            ..Wish::default()
        },
        Wish {
            throttles_one_of: Some(7),
            ..Wish::default()
        },
    ];
    let outcome = crowd::run(newsrooms, &wishes, 0);
    let Outcome {
        result, unwanted, ..
    } = outcome;
    println!(
        "four in five ask to be spared (ttl, skipHours, skipDays, Retry-After): {unwanted} of {} requests unwanted, bound 0",
        result.requests
    );
    unwanted == 0
}

fn main() -> ExitCode {
    let seed = std::env::var("LANGBAO_SIM_SEED").map_or(SEED, |seed| seed.parse().unwrap());
    let mut random = Rng::with_seed(seed);
    let newsrooms = newsrooms::newsrooms(&mut random, BEFORE + LEARNT + COUNTED + 1);
    println!(
        "{} newsrooms, {COUNTED} weeks after {LEARNT} learnt ones",
        newsrooms.len()
    );

    println!("\nwithout a budget");
    let policy = Policy::without_budget(TERMS);
    let alone = all(&newsrooms, |at, _| langbao(SEED + at as u64, policy));
    let mut is_well = compare(&newsrooms, &alone, None);

    println!("\nrequests_per_hour = {BUDGET}");
    let together = crowd::run(&newsrooms, &[Wish::default()], BUDGET);
    is_well &= compare(&newsrooms, &together.result, Some(BUDGET));
    let most = together.most_in_an_hour;
    println!("  at most {most} requests in any hour, bound {BUDGET}");
    is_well &= most <= BUDGET as usize;

    println!();
    is_well &= spared(&newsrooms);
    println!();
    is_well &= real::report();
    if is_well {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
