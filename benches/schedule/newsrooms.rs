//! Newsrooms whose rate by hour of the week is known, and what they publish.

use fastrand::Rng;
use langbao::core::schedule::rhythm::HOURS;

/// Seconds since the first Monday, 0 h.
pub type Seconds = f64;

pub const HOUR_S: Seconds = 3600.0;
pub const WEEK_S: Seconds = 168.0 * HOUR_S;

/// One newsroom and everything it publishes, oldest first.
pub struct Newsroom {
    pub kind: &'static str,
    /// Stories a second in each hour of the week, bursts spread over the hours they may begin in.
    pub rates: [f64; HOURS],
    pub stories: Vec<Seconds>,
}

/// How many stories come at once, within how long.
struct Burst {
    stories: f64,
    hours: f64,
}

struct Habit {
    kind: &'static str,
    newsrooms: usize,
    /// Stories a week: drawn between these, evenly by their logarithm.
    a_week: (f64, f64),
    /// How much of it falls into an hour, for a day of the week and an hour of the day.
    weight: fn(usize, usize) -> f64,
    burst: Option<Burst>,
}

/// A newspaper's day: quiet at night, two humps.
fn whole_day(_: usize, hour: usize) -> f64 {
    [
        0.1, 0.05, 0.05, 0.05, 0.2, 1.0, 2.5, 3.5, 4.0, 4.0, 3.5, 2.5, 1.5, 2.0, 3.5, 4.0, 4.0,
        3.0, 2.0, 1.8, 1.5, 1.0, 0.6, 0.3,
    ][hour]
}

fn newspaper(day: usize, hour: usize) -> f64 {
    whole_day(day, hour) * if day >= 5 { 0.5 } else { 1.0 }
}

fn office(day: usize, hour: usize) -> f64 {
    let is_open = day < 5 && (8..17).contains(&hour) && hour != 12;
    if is_open { 1.0 } else { 0.0 }
}

fn always(_: usize, _: usize) -> f64 {
    1.0
}

fn morning(_: usize, hour: usize) -> f64 {
    if hour == 6 { 1.0 } else { 0.0 }
}

fn friday(day: usize, hour: usize) -> f64 {
    if day == 4 && (9..11).contains(&hour) {
        1.0
    } else {
        0.0
    }
}

/// Each day at another hour: no hour of the day tells of the next day's.
fn each_day_another(day: usize, hour: usize) -> f64 {
    if hour == (day * 5 + 7) % 24 { 1.0 } else { 0.0 }
}

const HABITS: [Habit; 8] = [
    Habit {
        kind: "daily",
        newsrooms: 30,
        a_week: (14.0, 1400.0),
        weight: newspaper,
        burst: None,
    },
    Habit {
        kind: "office hours",
        newsrooms: 25,
        a_week: (3.0, 150.0),
        weight: office,
        burst: None,
    },
    Habit {
        kind: "round the clock",
        newsrooms: 10,
        a_week: (50.0, 500.0),
        weight: always,
        burst: None,
    },
    Habit {
        kind: "morning digest",
        newsrooms: 10,
        a_week: (7.0, 70.0),
        weight: morning,
        burst: None,
    },
    Habit {
        kind: "weekly",
        newsrooms: 10,
        a_week: (1.0, 8.0),
        weight: friday,
        burst: None,
    },
    Habit {
        kind: "another hour",
        newsrooms: 10,
        a_week: (7.0, 70.0),
        weight: each_day_another,
        burst: None,
    },
    Habit {
        kind: "bursty",
        newsrooms: 20,
        a_week: (5.0, 100.0),
        weight: newspaper,
        burst: Some(Burst {
            stories: 12.0,
            hours: 3.0,
        }),
    },
    Habit {
        kind: "dead",
        newsrooms: 15,
        a_week: (0.01, 0.02),
        weight: newspaper,
        burst: None,
    },
];

/// The same newsrooms for the same seed.
pub fn newsrooms(random: &mut Rng, weeks: usize) -> Vec<Newsroom> {
    let mut newsrooms = Vec::new();
    for habit in &HABITS {
        for _ in 0..habit.newsrooms {
            let (least, most) = habit.a_week;
            let a_week = least * (most / least).powf(random.f64());
            newsrooms.push(newsroom(habit, a_week, random, weeks));
        }
    }
    newsrooms
}

fn newsroom(habit: &Habit, a_week: f64, random: &mut Rng, weeks: usize) -> Newsroom {
    let mut rates: [f64; HOURS] = std::array::from_fn(|hour| (habit.weight)(hour / 24, hour % 24));
    let all: f64 = rates.iter().sum();
    for rate in &mut rates {
        *rate *= a_week / all / HOUR_S;
    }
    let mut stories = Vec::new();
    match &habit.burst {
        None => happen(&rates, random, weeks, |at, _| stories.push(at)),
        Some(burst) => {
            let starts = rates.map(|rate| rate / burst.stories);
            happen(&starts, random, weeks, |at, random| {
                // As many on average, some much larger than others.
                let count = -random.f64().ln() * burst.stories;
                for _ in 0..=(count.floor() as usize) {
                    stories.push(at + random.f64() * burst.hours * HOUR_S);
                }
            });
            // What is begun in one hour comes in the next ones.
            let begun = rates;
            rates = std::array::from_fn(|hour| {
                (0..3)
                    .map(|ago| begun[(hour + HOURS - ago) % HOURS])
                    .sum::<f64>()
                    / 3.0
            });
        }
    }
    stories.sort_by(f64::total_cmp);
    Newsroom {
        kind: habit.kind,
        rates,
        stories,
    }
}

/// Moments of a Poisson process with these rates.
fn happen(
    rates: &[f64; HOURS],
    random: &mut Rng,
    weeks: usize,
    mut event: impl FnMut(Seconds, &mut Rng),
) {
    for hour in 0..weeks * HOURS {
        let rate = rates[hour % HOURS] * HOUR_S;
        let mut at = 0.0;
        if rate <= 0.0 {
            continue;
        }
        loop {
            at += -(1.0 - random.f64()).ln() / rate;
            if at >= 1.0 {
                break;
            }
            event((hour as f64 + at) * HOUR_S, random);
        }
    }
}
