//! The best policy there is for one who knows the true rates, but not what will happen.

use langbao::core::schedule::rhythm::HOURS;

use crate::newsrooms::{HOUR_S, Seconds, WEEK_S};

/// Between two moments at which it may ask.
const SLOT_S: Seconds = 150.0;
const SLOTS: usize = (WEEK_S / SLOT_S) as usize;
/// After so many weeks what is best no longer depends on how they end.
const WEEKS: usize = 3;

/// After how many slots to ask again, for each slot of the week.
pub struct Best {
    wait: Vec<usize>,
}

impl Best {
    /// Exact, by dynamic programming over the week: least waiting and requests at this price, in seconds.
    pub fn of(rates: &[f64; HOURS], price_s: f64, min_s: Seconds, max_s: Seconds) -> Best {
        let (least, most) = ((min_s / SLOT_S) as usize, (max_s / SLOT_S) as usize);
        let slots = SLOTS * WEEKS;
        // Stories before a slot, and the sum of their moments.
        let (mut count, mut moments) = (vec![0.0], vec![0.0]);
        for slot in 0..slots + most {
            let hour = (slot as f64 * SLOT_S / HOUR_S) as usize % HOURS;
            let stories = rates[hour] * SLOT_S;
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
                let all = waited + price_s + cost[to];
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
}
