//! `status.json`: the health of every source, as SPEC section 4 has it.

use std::collections::BTreeMap;

use serde::Serialize;

use super::owner::Published;
use crate::core::config::{Kind, Source};
use crate::core::model::{Health, SourceId, SourceState, Tally, Timestamp};
use crate::core::review;
use crate::core::state;
use crate::http::health::{HealthView, RuleLine, SourceLine};
use crate::store::{StoreError, StoreReader};
use crate::telemetry::Levels;

#[derive(Debug, Serialize)]
pub struct Status {
    version: &'static str,
    started: String,
    stories: u64,
    articles: u64,
    store_bytes: u64,
    /// When the oldest story that is stored was first seen.
    oldest: Option<String>,
    /// Articles that wait for an operator.
    held: u64,
    /// Stored articles judged anew since rules, taxonomy or algorithm changed.
    recompute: Progress,
    /// Stored stories gathered anew since what recognises copies changed.
    regroup: Progress,
    rules: Vec<RuleStatus>,
    /// Why nothing is polled, while the store cannot be written.
    #[serde(skip_serializing_if = "Option::is_none")]
    degraded: Option<String>,
    /// The mistakes of the configuration on disk, while it is refused.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    config_errors: Vec<String>,
    /// What the operator should know until the next start.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<String>,
    sources: Vec<SourceStatus>,
}

#[derive(Debug, Serialize)]
struct Progress {
    done: u64,
    total: u64,
}

#[derive(Debug, Serialize)]
struct RuleStatus {
    /// Counted from 1, in the order of the file.
    number: u32,
    action: &'static str,
    conditions: Vec<&'static str>,
    /// Articles it came to act on since it is in force.
    fired: u64,
}

#[derive(Debug, Serialize)]
struct SourceStatus {
    id: SourceId,
    name: String,
    url: String,
    /// Where it is asked instead: it has moved there for good.
    #[serde(skip_serializing_if = "Option::is_none")]
    moved_to: Option<String>,
    kind: &'static str,
    state: Health,
    polls: u64,
    entries: u64,
    last_poll: Option<String>,
    last_success: Option<String>,
    next_poll: Option<String>,
    interval_s: u64,
    failures: u32,
    last_status: Option<u16>,
    last_error: Option<String>,
}

/// As of now: counts and sources are read from the store, which never waits for a write.
///
/// # Errors
/// When the store cannot be read.
pub fn status(reader: &StoreReader, published: &Published) -> Result<Status, StoreError> {
    let counts = reader.counts()?;
    let states: BTreeMap<SourceId, SourceState> = reader
        .sources()?
        .into_iter()
        .map(|state| (state.id.clone(), state))
        .collect();
    let sources = published
        .config
        .sources
        .iter()
        .filter_map(|source| Some(source_status(source, states.get(&source.id)?, published)))
        .collect();
    Ok(Status {
        version: env!("CARGO_PKG_VERSION"),
        started: published.started_at.rfc3339(),
        stories: counts.stories,
        articles: counts.articles,
        store_bytes: reader.bytes(),
        oldest: oldest(reader)?.map(|at| at.rfc3339()),
        held: counts.held,
        recompute: reader
            .recompute()?
            .map_or(Progress { done: 0, total: 0 }, |so_far| Progress {
                done: so_far.done,
                total: so_far.total,
            }),
        regroup: reader
            .regroup()?
            .map_or(Progress { done: 0, total: 0 }, |so_far| Progress {
                done: so_far.next.0.min(so_far.end.0),
                total: so_far.end.0,
            }),
        rules: rules(published, &reader.tally()?),
        degraded: published.degraded.clone(),
        config_errors: published.config_errors.to_vec(),
        warnings: published.warnings.to_vec(),
        sources,
    })
}

fn oldest(reader: &StoreReader) -> Result<Option<Timestamp>, StoreError> {
    let first = reader.first_seen_after(None, 1)?;
    Ok(first.first().map(|(at, _)| *at))
}

impl Status {
    /// The same for people.
    pub fn view(self, published: &Published) -> HealthView {
        let degraded = self
            .degraded
            .map(|cause| format!("the store cannot be written, nothing is polled: {cause}"));
        let refused = self
            .config_errors
            .into_iter()
            .map(|error| format!("the configuration on disk is refused: {error}"));
        HealthView {
            title: published.config.feed.title.clone(),
            version: self.version,
            started: self.started,
            stories: self.stories,
            articles: self.articles,
            store_bytes: self.store_bytes,
            oldest: self.oldest,
            held: self.held,
            judged: (self.recompute.done, self.recompute.total),
            gathered: (self.regroup.done, self.regroup.total),
            notes: degraded
                .into_iter()
                .chain(refused)
                .chain(self.warnings)
                .collect(),
            rules: self
                .rules
                .into_iter()
                .map(|rule| RuleLine {
                    number: rule.number,
                    what: format!("{} by {}", rule.action, rule.conditions.join(", ")),
                    fired: rule.fired,
                })
                .collect(),
            sources: self
                .sources
                .into_iter()
                .map(|source| SourceLine {
                    id: source.id.to_string(),
                    name: source.name,
                    state: source.state.name(),
                    entries: source.entries,
                    last_success: source.last_success,
                    next_poll: source.next_poll,
                    last_error: source.last_error,
                })
                .collect(),
        }
    }
}

fn rules(published: &Published, tally: &Tally) -> Vec<RuleStatus> {
    let rules = &published.config.rules;
    let counts = tally.by_rule();
    (1..)
        .zip(rules)
        .zip(review::rule_keys(rules))
        .map(|((number, rule), key)| RuleStatus {
            number,
            action: rule.action.name(),
            conditions: rule.conditions(),
            fired: counts.get(&key).map_or(0, |counted| counted.articles),
        })
        .collect()
}

fn source_status(source: &Source, state: &SourceState, published: &Published) -> SourceStatus {
    let polled = state::is_polled(source);
    let name = published
        .roster
        .find(&source.id)
        .map(|facts| facts.name.clone());
    let problem = state.last_problem.clone();
    SourceStatus {
        id: source.id.clone(),
        name: name.unwrap_or_else(|| source.id.to_string()),
        url: state::without_credentials(&source.url),
        moved_to: state.moved_to.as_deref().map(state::without_credentials),
        kind: kind(source.kind),
        state: if source.enabled {
            state.health()
        } else {
            Health::Disabled
        },
        polls: state.polls,
        entries: state.entries,
        last_poll: state.last_poll_at.map(|at| at.rfc3339()),
        last_success: state.last_success_at.map(|at| at.rfc3339()),
        next_poll: polled.then(|| state.next_poll_at.rfc3339()),
        interval_s: state.interval.as_secs(),
        failures: state.failures,
        last_status: state.last_status,
        last_error: state
            .last_fault
            .as_ref()
            .map(|fault| fault.detail.clone())
            .or(problem),
    }
}

fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Feed => "feed",
        Kind::Page => "page",
        Kind::Sitemap => "sitemap",
    }
}

/// Whether every source that is polled was asked once since it was added.
///
/// # Errors
/// When the store cannot be read.
pub fn is_ready(reader: &StoreReader, published: &Published) -> Result<bool, StoreError> {
    let states: BTreeMap<SourceId, SourceState> = reader
        .sources()?
        .into_iter()
        .map(|state| (state.id.clone(), state))
        .collect();
    Ok(published
        .config
        .sources
        .iter()
        .filter(|source| state::is_polled(source))
        .all(|source| {
            states
                .get(&source.id)
                .is_some_and(|state| state.last_poll_at.is_some())
        }))
}

/// What the figures for Prometheus read of the store.
///
/// # Errors
/// When the store cannot be read.
pub fn levels(reader: &StoreReader, published: &Published) -> Result<Levels, StoreError> {
    let counts = reader.counts()?;
    let status = status(reader, published)?;
    let mut sources = BTreeMap::from(Health::ALL.map(|health| (health.name(), 0)));
    for source in &status.sources {
        *sources.entry(source.state.name()).or_default() += 1;
    }
    Ok(Levels {
        stories: counts.stories,
        articles: counts.articles,
        store_bytes: status.store_bytes,
        oldest_at: oldest(reader)?,
        sources: sources.into_iter().collect(),
        degraded: published.degraded.is_some(),
        held: counts.held,
        rules: status
            .rules
            .iter()
            .map(|rule| (rule.number, rule.action, rule.fired))
            .collect(),
        unjudged: status.recompute.total.saturating_sub(status.recompute.done),
    })
}
