//! Figures for Prometheus: what is counted, and how it is written (docs/metrics.md).
//!
//! Counters are raised where things happen; what the store knows anyway is read when somebody asks.

use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::Registry;

use crate::core::model::Timestamp;

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Outcome {
    outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Answered {
    route: &'static str,
    status: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Reload {
    result: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct State {
    state: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RuleLabel {
    rule: u32,
    action: &'static str,
}

/// What is read when somebody asks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Levels {
    pub stories: u64,
    pub articles: u64,
    pub store_bytes: u64,
    /// When the oldest story was first seen.
    pub oldest_at: Option<Timestamp>,
    /// Configured sources by state.
    pub sources: Vec<(&'static str, u64)>,
    pub degraded: bool,
    /// Articles that wait for an operator.
    pub held: u64,
    /// Number and action of each rule, and the articles it came to act on.
    pub rules: Vec<(u32, &'static str, u64)>,
    /// Stored articles that are yet to be judged anew.
    pub unjudged: u64,
}

/// All figures of one daemon.
pub struct Telemetry {
    registry: Registry,
    polls: Family<Outcome, Counter>,
    poll_seconds: Histogram,
    new: Counter,
    changed: Counter,
    copies: Counter,
    write_seconds: Histogram,
    write_failures: Counter,
    http: Family<Answered, Counter>,
    reloads: Family<Reload, Counter>,
    stories: Gauge,
    articles: Gauge,
    store_bytes: Gauge,
    oldest: Gauge,
    sources: Family<State, Gauge>,
    degraded: Gauge,
    held: Gauge,
    articles_held: Counter,
    firings: Family<RuleLabel, Counter>,
    unjudged: Gauge,
    window_articles: Gauge,
    window_left_out: Counter,
}

impl Default for Telemetry {
    fn default() -> Telemetry {
        // From 5 ms to 80 s, and from 0.25 ms to 4 s.
        let poll_seconds = Histogram::new(exponential_buckets(0.005, 2.0, 15));
        let write_seconds = Histogram::new(exponential_buckets(0.000_25, 2.0, 15));
        let mut telemetry = Telemetry {
            registry: Registry::with_prefix("langbao"),
            polls: Family::default(),
            poll_seconds,
            new: Counter::default(),
            changed: Counter::default(),
            copies: Counter::default(),
            write_seconds,
            write_failures: Counter::default(),
            http: Family::default(),
            reloads: Family::default(),
            stories: Gauge::default(),
            articles: Gauge::default(),
            store_bytes: Gauge::default(),
            oldest: Gauge::default(),
            sources: Family::default(),
            degraded: Gauge::default(),
            held: Gauge::default(),
            articles_held: Counter::default(),
            firings: Family::default(),
            unjudged: Gauge::default(),
            window_articles: Gauge::default(),
            window_left_out: Counter::default(),
        };
        telemetry.register();
        telemetry
    }
}

impl Telemetry {
    fn register(&mut self) {
        let version = Info::new(vec![("version", env!("CARGO_PKG_VERSION"))]);
        let registry = &mut self.registry;
        registry.register("build", "The running version", version);
        registry.register("polls", "Finished polls by outcome", self.polls.clone());
        registry.register(
            "poll_seconds",
            "From asking a source to having read its answer, waiting for its host's turn included",
            self.poll_seconds.clone(),
        );
        registry.register("articles_new", "Articles taken in", self.new.clone());
        registry.register(
            "articles_changed",
            "Stored articles written anew",
            self.changed.clone(),
        );
        registry.register(
            "copies",
            "New articles that joined a story of another source",
            self.copies.clone(),
        );
        registry.register(
            "store_write_seconds",
            "Deciding one poll and writing it durably",
            self.write_seconds.clone(),
        );
        registry.register(
            "store_write_failures",
            "Polls that could not be written",
            self.write_failures.clone(),
        );
        registry.register("store_stories", "Visible stories", self.stories.clone());
        registry.register(
            "store_articles",
            "Stored articles, copies included",
            self.articles.clone(),
        );
        registry.register(
            "store_bytes",
            "The store's size on disk",
            self.store_bytes.clone(),
        );
        registry.register(
            "store_oldest_timestamp_seconds",
            "When the oldest stored story was first seen; 0 while there is none",
            self.oldest.clone(),
        );
        registry.register(
            "sources",
            "Configured sources by state",
            self.sources.clone(),
        );
        registry.register(
            "degraded",
            "1 while the store cannot be written and nothing is polled",
            self.degraded.clone(),
        );
        registry.register(
            "held",
            "Articles that a rule or the flood bound holds",
            self.held.clone(),
        );
        registry.register(
            "articles_held",
            "New articles held when they were taken in",
            self.articles_held.clone(),
        );
        registry.register(
            "rule_firings",
            "Articles each rule came to act on since it is in force",
            self.firings.clone(),
        );
        registry.register(
            "recompute_left",
            "Stored articles yet to be judged anew",
            self.unjudged.clone(),
        );
        registry.register(
            "window_articles",
            "Articles in memory for recognising copies",
            self.window_articles.clone(),
        );
        registry.register(
            "window_left_out",
            "Articles that found no room there",
            self.window_left_out.clone(),
        );
        registry.register("http_requests", "Answered requests", self.http.clone());
        registry.register(
            "config_reloads",
            "Attempts to put a configuration into force",
            self.reloads.clone(),
        );
    }

    /// How full the window is in which copies are looked for, and how many more found no room in it.
    pub fn window(&self, articles: usize, left_out: u64) {
        self.window_articles
            .set(i64::try_from(articles).unwrap_or(i64::MAX));
        self.window_left_out.inc_by(left_out);
    }

    pub fn poll_took(&self, span: Duration) {
        self.poll_seconds.observe(span.as_secs_f64());
    }

    /// One poll that has been written.
    pub fn polled(&self, outcome: &'static str, new: usize, changed: usize, copies: usize) {
        let count = |len: usize| u64::try_from(len).unwrap_or(u64::MAX);
        self.polls.get_or_create(&Outcome { outcome }).inc();
        self.new.inc_by(count(new));
        self.changed.inc_by(count(changed));
        self.copies.inc_by(count(copies));
    }

    /// New articles that were held.
    pub fn held(&self, articles: usize) {
        self.articles_held
            .inc_by(u64::try_from(articles).unwrap_or(u64::MAX));
    }

    pub fn write_took(&self, span: Duration) {
        self.write_seconds.observe(span.as_secs_f64());
    }

    pub fn write_failed(&self) {
        self.write_failures.inc();
    }

    /// `in-force` or `refused`.
    pub fn reloaded(&self, result: &'static str) {
        self.reloads.get_or_create(&Reload { result }).inc();
    }

    pub fn answered(&self, route: &'static str, status: u16) {
        self.http.get_or_create(&Answered { route, status }).inc();
    }

    /// Prometheus' text format.
    ///
    /// # Errors
    /// When a figure cannot be written, which is our own mistake.
    pub fn text(&self, levels: &Levels) -> Result<String, std::fmt::Error> {
        let level = |value: u64| i64::try_from(value).unwrap_or(i64::MAX);
        self.stories.set(level(levels.stories));
        self.articles.set(level(levels.articles));
        self.store_bytes.set(level(levels.store_bytes));
        self.oldest.set(
            levels
                .oldest_at
                .map_or(0, |at| at.millis().div_euclid(1000)),
        );
        self.degraded.set(i64::from(levels.degraded));
        for (state, count) in &levels.sources {
            self.sources
                .get_or_create(&State { state })
                .set(level(*count));
        }
        self.held.set(level(levels.held));
        self.unjudged.set(level(levels.unjudged));
        // Rules come, go and are numbered anew with each configuration.
        self.firings.clear();
        for (rule, action, count) in &levels.rules {
            let (rule, action) = (*rule, *action);
            self.firings
                .get_or_create(&RuleLabel { rule, action })
                .inc_by(*count);
        }
        let mut text = String::new();
        encode(&mut text, &self.registry)?;
        Ok(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_figure_is_named_as_documented() {
        let telemetry = Telemetry::default();
        telemetry.poll_took(Duration::from_millis(20));
        telemetry.write_took(Duration::from_millis(2));
        telemetry.polled("read", 3, 2, 1);
        telemetry.write_failed();
        telemetry.reloaded("refused");
        telemetry.answered("feed", 304);
        let levels = Levels {
            stories: 5,
            articles: 7,
            store_bytes: 11,
            oldest_at: Some(Timestamp::from_secs(1_700_000_000)),
            sources: vec![("ok", 2)],
            degraded: true,
            held: 13,
            rules: vec![(1, "drop", 17), (2, "tag", 0)],
            unjudged: 19,
        };
        telemetry.held(6);
        let text = telemetry.text(&levels).expect("figures can be written");
        for line in [
            "langbao_polls_total{outcome=\"read\"} 1",
            "langbao_articles_new_total 3",
            "langbao_articles_changed_total 2",
            "langbao_copies_total 1",
            "langbao_poll_seconds_count 1",
            "langbao_store_write_seconds_count 1",
            "langbao_store_write_failures_total 1",
            "langbao_store_stories 5",
            "langbao_store_articles 7",
            "langbao_store_bytes 11",
            "langbao_store_oldest_timestamp_seconds 1700000000",
            "langbao_sources{state=\"ok\"} 2",
            "langbao_degraded 1",
            "langbao_held 13",
            "langbao_articles_held_total 6",
            "langbao_rule_firings_total{rule=\"1\",action=\"drop\"} 17",
            "langbao_rule_firings_total{rule=\"2\",action=\"tag\"} 0",
            "langbao_recompute_left 19",
            "langbao_http_requests_total{route=\"feed\",status=\"304\"} 1",
            "langbao_config_reloads_total{result=\"refused\"} 1",
        ] {
            assert!(
                text.lines().any(|found| found == line),
                "no {line} in\n{text}"
            );
        }
        assert!(text.contains("langbao_build_info{version="));
    }
}
