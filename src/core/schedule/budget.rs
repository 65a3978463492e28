//! What a request must be worth so that all sources together keep within a budget.
//!
//! Every source is asked at the density that one common price makes best for it: no request of one source
//! could then save more waiting at another. The price is the lowest at which an average hour of the week,
//! and this very hour, need no more requests than there are.

use super::plan::Terms;
use super::policy::Price;
use super::rhythm::Rates;
use super::seconds_of;
use crate::core::model::Timestamp;

/// What one source asks of the budget.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Demand {
    /// The square root of its rate, over the week and at present.
    mean_root: f64,
    root: f64,
    /// Requests a second.
    least: f64,
    most: f64,
}

/// Between these the price is looked for, in seconds of waiting.
const PRICE_S: (f64, f64) = (1e-6, 1e15);
/// Each halves what the price may be wrong by.
const STEPS: usize = 64;

impl Demand {
    pub fn of(rates: &Rates, terms: Terms, now: Timestamp) -> Demand {
        let Terms {
            min_interval,
            max_interval,
            zone,
        } = terms;
        let per_s = |span| 1.0 / seconds_of(span).max(0.001);
        Demand {
            mean_root: rates.mean_root(),
            root: rates.at(now, zone).sqrt(),
            least: per_s(max_interval.max(min_interval)),
            most: per_s(min_interval),
        }
    }
}

/// The price at which these demands fit so many requests an hour. Where not even the longest intervals
/// fit it is as high as can be, and the pace alone bounds the requests.
pub fn price(demands: &[Demand], requests_per_hour: u32) -> Price {
    let budget = f64::from(requests_per_hour) / 3600.0;
    let over_week = price_for(demands, budget, |demand| demand.mean_root);
    let at_present = price_for(demands, budget, |demand| demand.root);
    Price {
        story_s: over_week.max(at_present),
    }
}

fn price_for(demands: &[Demand], budget: f64, root: impl Fn(&Demand) -> f64) -> f64 {
    let asked = |price_s: f64| -> f64 {
        let scale = (2.0 * price_s).sqrt().recip();
        demands
            .iter()
            .map(|demand| (root(demand) * scale).clamp(demand.least, demand.most))
            .sum()
    };
    let (mut low, mut high) = (PRICE_S.0.ln(), PRICE_S.1.ln());
    if asked(PRICE_S.0) <= budget {
        return PRICE_S.0;
    }
    for _ in 0..STEPS {
        let middle = (low + high) / 2.0;
        match asked(middle.exp()) > budget {
            true => low = middle,
            false => high = middle,
        }
    }
    high.exp()
}
