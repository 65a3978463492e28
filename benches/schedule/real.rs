//! The moments at which feeds that nobody here wrote were published.
//!
//! The corpus is not part of the project. It is looked for in `$LANGBAO_SHARED`, else beside the project;
//! where it is absent this part says so and proves nothing. Each feed plays on its own time line: it is
//! first asked when its oldest entry is there (at most [`WEEKS_MAX`] weeks before its newest), learns for two
//! weeks, and counts from then on. An interval of a third of a day keeps time with a newsroom's day, for better or
//! worse, so that each feed is begun at several times of a day: else it is luck that is compared.

use std::path::PathBuf;
use std::time::Duration;

use langbao::core::model::{DateFrom, Timestamp};
use langbao::core::parse::{Answer, feed};
use langbao::core::schedule::Policy;
use langbao::core::schedule::plan::Terms;
use langbao::core::schedule::rhythm::Zone;

use crate::newsrooms::{HOUR_S, Seconds, WEEK_S};
use crate::{
    LEARNT, Result, SEED, at_equal_requests, entry_frequency, fixed, holds, langbao, moment, play,
    seconds,
};

const DAY_S: Seconds = 24.0 * HOUR_S;
/// Fewer tell of no rhythm.
const DATES_MIN: usize = 8;
const WEEKS_MAX: f64 = 54.0;
/// Most are blogs and podcasts: within six hours, the default, every policy would ask them every six hours.
const TERMS: Terms = Terms {
    min_interval: Duration::from_secs(300),
    max_interval: Duration::from_secs(24 * 3600),
    zone: Zone(0),
};
/// At how many times of the day each feed is first asked.
const PHASES: usize = 16;
const TO_FIXED_MAX: f64 = 0.55;
const TO_MINIFLUX_MAX: f64 = 0.60;

pub fn report() -> bool {
    let Some(feeds) = feeds() else {
        return true;
    };
    let stories: usize = feeds.iter().map(Vec::len).sum();
    println!("{} feeds of the corpus with {stories} dates", feeds.len());
    let policy = Policy::without_budget(TERMS);
    let ours = all(&feeds, |at| langbao(SEED + at as u64, policy));
    let even = at_equal_requests(ours.requests, (1e-6, 1e-2), |per_s| {
        all(&feeds, |_| fixed(1.0 / per_s))
    });
    let miniflux = at_equal_requests(ours.requests, (1e-3, 1e3), |factor| {
        all(&feeds, |_| {
            entry_frequency(factor, TERMS.min_interval, TERMS.max_interval)
        })
    });
    ours.row("langbao");
    even.row("fixed interval");
    miniflux.row("Miniflux entry_frequency");
    let to_fixed = holds("a fixed interval", &ours, &even, TO_FIXED_MAX);
    let to_miniflux = holds(
        "Miniflux entry_frequency",
        &ours,
        &miniflux,
        TO_MINIFLUX_MAX,
    );
    to_fixed && to_miniflux
}

fn all<F>(feeds: &[Vec<Seconds>], policy: impl Fn(usize) -> F) -> Result
where
    F: FnMut(Seconds, &[Seconds]) -> Seconds,
{
    let mut result = Result::default();
    for (at, dates) in feeds.iter().enumerate() {
        let (oldest, newest) = (dates[0], dates[dates.len() - 1]);
        let from = oldest.max(newest - WEEKS_MAX * WEEK_S);
        let counted = from + LEARNT as f64 * WEEK_S..newest + 1.0;
        for phase in 0..PHASES {
            let from = from + phase as f64 / PHASES as f64 * DAY_S;
            let policy = policy(at * PHASES + phase);
            result.add("real", play(dates, from, counted.clone(), policy));
        }
    }
    result
}

/// When the entries of each feed were published, oldest first.
fn feeds() -> Option<Vec<Vec<Seconds>>> {
    let shared = std::env::var_os("LANGBAO_SHARED").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared"),
        PathBuf::from,
    );
    let corpus = shared.join("corpus");
    let Ok(manifest) = std::fs::read_to_string(corpus.join("manifest.jsonl")) else {
        println!(
            "SKIPPED: real publication times; set LANGBAO_SHARED to the folder that holds corpus/manifest.jsonl"
        );
        return None;
    };
    let mut feeds = Vec::new();
    for line in manifest.lines() {
        let record: serde_json::Value = serde_json::from_str(line).unwrap();
        if record["kind"] == "real-world" {
            let body = std::fs::read(corpus.join(record["file"].as_str().unwrap())).unwrap();
            let dates = dates(&body, record["content_type"].as_str());
            let is_long = |dates: &Vec<Seconds>| {
                dates.len() >= DATES_MIN
                    && dates[dates.len() - 1] - dates[0] > (LEARNT + 1) as f64 * WEEK_S
            };
            feeds.extend(Some(dates).filter(is_long));
        }
    }
    Some(feeds)
}

fn dates(body: &[u8], content_type: Option<&str>) -> Vec<Seconds> {
    let answer = Answer {
        body,
        content_type,
        url: "https://bao.example.vn/rss",
        time_zone_offset_s: None,
        items_max: 1000,
        now: moment(0.0) + Duration::from_secs(365 * 86_400),
    };
    let Ok(feed) = feed(&answer) else {
        return Vec::new();
    };
    let mut dates: Vec<Timestamp> = feed
        .items
        .iter()
        .filter_map(|item| item.published)
        .filter(|published| published.from == DateFrom::Stated)
        .map(|published| published.at)
        .collect();
    dates.sort_unstable();
    dates.dedup();
    dates.into_iter().map(seconds).collect()
}
