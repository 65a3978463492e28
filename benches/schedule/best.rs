//! The best policy there is for one who knows the true rates, but not what will happen.

use langbao::core::schedule::rhythm::HOURS;

use crate::newsrooms::{HOUR_S, Newsroom, Seconds, WEEK_S};

/// Between two moments at which it may ask.
const SLOT_S: Seconds = 150.0;
const SLOTS: usize = (WEEK_S / SLOT_S) as usize;
/// After so many weeks what is best no longer depends on how they end.
const WEEKS: usize = 3;
/// After so many the prices of the hours no longer move.
const ROUNDS: usize = 40;

/// After how many slots to ask again, for each slot of the week.
pub struct Best {
    wait: Vec<usize>,
}

impl Best {
    /// Exact, by dynamic programming over the week: least waiting and requests, at the price in seconds that a
    /// request has in each hour.
    pub fn of(
        rates: &[f64; HOURS],
        price_s: &[f64; HOURS],
        min_s: Seconds,
        max_s: Seconds,
    ) -> Best {
        let (least, most) = ((min_s / SLOT_S) as usize, (max_s / SLOT_S) as usize);
        let slots = SLOTS * WEEKS;
        // Stories before a slot, and the sum of their moments.
        let (mut count, mut moments) = (vec![0.0], vec![0.0]);
        for slot in 0..slots + most {
            let stories = rates[hour_of(slot)] * SLOT_S;
            let middle = (slot as f64 + 0.5) * SLOT_S;
            count.push(count[slot] + stories);
            moments.push(moments[slot] + stories * middle);
        }
        let mut cost = vec![0.0; slots + most + 1];
        let mut wait = vec![most; slots];
        for slot in (0..slots).rev() {
            let mut best = (f64::INFINITY, most);
            for ahead in least..=most {
                let to = slot + ahead;
                let waited =
                    (count[to] - count[slot]) * to as f64 * SLOT_S - (moments[to] - moments[slot]);
                let all = waited + price_s[hour_of(to)] + cost[to];
                if all < best.0 {
                    best = (all, ahead);
                }
            }
            (cost[slot], wait[slot]) = best;
        }
        wait.truncate(SLOTS);
        Best { wait }
    }

    pub fn next(&self, at: Seconds) -> Seconds {
        let slot = (at / SLOT_S).round();
        (slot + self.wait[slot as usize % SLOTS] as f64) * SLOT_S
    }

    /// How often it asks in each hour of a week.
    pub fn load(&self) -> [f64; HOURS] {
        let mut load = [0.0; HOURS];
        let mut slot = 0;
        // By the second week it no longer matters where the first began.
        while slot < 2 * SLOTS {
            slot += self.wait[slot % SLOTS];
            if (SLOTS..2 * SLOTS).contains(&slot) {
                load[hour_of(slot)] += 1.0;
            }
        }
        load
    }
}

fn hour_of(slot: usize) -> usize {
    (slot as f64 * SLOT_S / HOUR_S) as usize % HOURS
}

/// The best for all newsrooms together, with so many requests a week and no more than so many in any hour, on
/// average over weeks: requests cost more in the hours in which there would be too many.
pub fn within_budget(
    newsrooms: &[Newsroom],
    requests_a_week: f64,
    an_hour_max: f64,
    (min_s, max_s): (Seconds, Seconds),
) -> Vec<Best> {
    let mut least_s = 1000.0;
    let mut dearer = [1.0_f64; HOURS];
    let mut policies = Vec::new();
    for _ in 0..ROUNDS {
        let prices = dearer.map(|dearer| dearer * least_s);
        policies = newsrooms
            .iter()
            .map(|newsroom| Best::of(&newsroom.rates, &prices, min_s, max_s))
            .collect();
        let mut load = [0.0; HOURS];
        for policy in &policies {
            for (all, own) in load.iter_mut().zip(policy.load()) {
                *all += own;
            }
        }
        // An interval goes with the root of the price.
        least_s *= (load.iter().sum::<f64>() / requests_a_week).powf(1.5);
        for (dearer, load) in dearer.iter_mut().zip(load) {
            *dearer = (*dearer * load / an_hour_max).max(1.0);
        }
    }
    policies
}
