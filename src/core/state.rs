//! What the daemon remembers between events: every source, and the numbers not given away yet.
//!
//! Stories and articles live in the store and are looked up when they are needed, so that memory and
//! start-up do not grow with the archive. A state changes only by a [`Batch`] that has been written;
//! rebuilt from the store it is the same.

use std::collections::BTreeMap;

use crate::core::config::{Config, Kind, Source};
use crate::core::model::{
    Batch, Roster, SourceFacts, SourceId, SourceNo, SourceState, Timestamp, Validators,
};
use crate::core::pipeline::Numbers;

#[derive(Debug, Clone, PartialEq, Default)]
pub struct State {
    sources: BTreeMap<SourceNo, SourceState>,
    numbers: Numbers,
    settings: Option<(u64, Timestamp)>,
}

impl State {
    /// From what a store holds.
    pub fn rebuild(
        sources: Vec<SourceState>,
        numbers: Numbers,
        settings: Option<(u64, Timestamp)>,
    ) -> State {
        State {
            sources: sources
                .into_iter()
                .map(|source| (source.no, source))
                .collect(),
            numbers,
            settings,
        }
    }

    /// Takes over what has been written.
    pub fn apply(&mut self, batch: &Batch) {
        for source in &batch.sources {
            self.sources.insert(source.no, source.clone());
        }
        self.numbers = Numbers {
            source: self.numbers.source.max(batch.next_source),
            article: self.numbers.article.max(batch.next_article),
            story: self.numbers.story.max(batch.next_story),
        };
        if batch.settings.is_some() {
            self.settings = batch.settings;
        }
    }

    pub fn numbers(&self) -> Numbers {
        self.numbers
    }

    pub fn settings(&self) -> Option<(u64, Timestamp)> {
        self.settings
    }

    pub fn source(&self, no: SourceNo) -> Option<&SourceState> {
        self.sources.get(&no)
    }

    pub fn sources(&self) -> impl Iterator<Item = &SourceState> {
        self.sources.values()
    }

    pub fn find(&self, id: &SourceId) -> Option<&SourceState> {
        self.sources.values().find(|source| source.id == *id)
    }

    /// What a configuration changes of the sources: new ones get a number and are due at once, renamed
    /// ones keep theirs, a changed address is asked anew.
    pub fn adopt(&self, config: &Config, now: Timestamp) -> Batch {
        let mut batch = Batch {
            at: Some(now),
            ..Batch::default()
        };
        let mut next = self.numbers.source;
        for source in &config.sources {
            let state = match self.known_as(source) {
                Some(known) => readdressed(renamed(known, source), source, now),
                None => {
                    let no = SourceNo(next);
                    next += 1;
                    SourceState {
                        was: source.was.clone(),
                        ..SourceState::new(no, source.id.clone(), source.url.clone(), now)
                    }
                }
            };
            if self.sources.get(&state.no) != Some(&state) {
                batch.sources.push(state);
            }
        }
        if next != self.numbers.source {
            batch.next_source = next;
        }
        batch
    }

    fn known_as(&self, source: &Source) -> Option<&SourceState> {
        self.find(&source.id)
            .or_else(|| source.was.iter().find_map(|id| self.find(id)))
    }

    /// Sources as matching and merging see them: the configured ones, and those of the past whose stories are still here.
    pub fn roster(&self, config: &Config) -> Roster {
        let configured: BTreeMap<&SourceId, &Source> = config
            .sources
            .iter()
            .map(|source| (&source.id, source))
            .collect();
        Roster::new(self.sources.values().map(|state| {
            let source = configured.get(&state.id).copied();
            facts(state, source)
        }))
    }
}

fn renamed(known: &SourceState, source: &Source) -> SourceState {
    let mut state = known.clone();
    if state.id != source.id {
        state.was.push(state.id.clone());
        state.id = source.id.clone();
    }
    for id in &source.was {
        if !state.was.contains(id) {
            state.was.push(id.clone());
        }
    }
    state
}

fn readdressed(state: SourceState, source: &Source, now: Timestamp) -> SourceState {
    if state.url == source.url {
        return state;
    }
    SourceState {
        url: source.url.clone(),
        validators: Validators::default(),
        body_key: None,
        next_poll_at: now,
        asked_to_wait_until: None,
        failures: 0,
        last_fault: None,
        ..state
    }
}

fn facts(state: &SourceState, source: Option<&Source>) -> SourceFacts {
    let name = source
        .and_then(|source| source.name.clone())
        .or_else(|| state.title.clone())
        .unwrap_or_else(|| state.id.as_str().to_owned());
    let own_host = host_of(&state.url);
    let further = source
        .map(|source| source.hosts.clone())
        .unwrap_or_default();
    SourceFacts {
        no: state.no,
        id: state.id.clone(),
        was: state.was.clone(),
        name,
        url: state.url.clone(),
        site: state.site.clone().unwrap_or_else(|| state.url.clone()),
        priority: source.map_or(0, |source| source.priority),
        hosts: own_host.into_iter().chain(further).collect(),
        claimed_host: state.site.as_deref().and_then(host_of),
    }
}

fn host_of(url: &str) -> Option<String> {
    let url = url::Url::parse(url).ok()?;
    let host = url.host_str()?.to_ascii_lowercase();
    Some(host.strip_prefix("www.").unwrap_or(&host).to_owned())
}

/// Whether the schedule polls this source: pages and sitemaps are read from a later version on.
pub fn is_polled(source: &Source) -> bool {
    source.enabled && source.kind == Kind::Feed
}
