//! What the daemon remembers between events: every source, and the numbers not given away yet.
//!
//! Stories and articles live in the store and are looked up when they are needed, so that memory and
//! start-up do not grow with the archive. A state changes only by a [`Batch`] that has been written;
//! rebuilt from the store it is the same.

use std::collections::{BTreeMap, HashMap};

use crate::core::config::{Config, Source};
use crate::core::model::{
    Batch, Recompute, Regroup, Roster, SourceFacts, SourceId, SourceNo, SourceState, Tally,
    Timestamp, Validators,
};
use crate::core::pipeline::Numbers;

#[derive(Debug, Clone, PartialEq, Default)]
pub struct State {
    sources: BTreeMap<SourceNo, SourceState>,
    numbers: Numbers,
    settings: Option<(u64, Timestamp)>,
    recompute: Option<Recompute>,
    tally: Tally,
    regroup: Option<Regroup>,
}

/// What a batch replaced in a [`State`].
#[derive(Debug)]
pub struct Before {
    sources: Vec<(SourceNo, Option<SourceState>)>,
    numbers: Numbers,
    settings: Option<(u64, Timestamp)>,
    recompute: Option<Recompute>,
    /// Where the batch has another.
    tally: Option<Tally>,
    regroup: Option<Regroup>,
}

impl State {
    /// From what a store holds.
    pub fn rebuild(
        sources: Vec<SourceState>,
        numbers: Numbers,
        settings: Option<(u64, Timestamp)>,
        recompute: Option<Recompute>,
        tally: Tally,
        regroup: Option<Regroup>,
    ) -> State {
        State {
            sources: sources
                .into_iter()
                .map(|source| (source.no, source))
                .collect(),
            numbers,
            settings,
            recompute,
            tally,
            regroup,
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
        if batch.recompute.is_some() {
            self.recompute = batch.recompute;
        }
        if let Some(tally) = &batch.tally {
            self.tally.clone_from(tally);
        }
        if batch.regroup.is_some() {
            self.regroup = batch.regroup;
        }
    }

    /// What `batch` is about to replace.
    pub fn before(&self, batch: &Batch) -> Before {
        Before {
            sources: batch
                .sources
                .iter()
                .map(|source| (source.no, self.sources.get(&source.no).cloned()))
                .collect(),
            numbers: self.numbers,
            settings: self.settings,
            recompute: self.recompute,
            regroup: self.regroup,
            tally: batch.tally.as_ref().map(|_| self.tally.clone()),
        }
    }

    /// Makes all that was applied since `before` was taken undone; the last first.
    pub fn take_back(&mut self, before: Before) {
        for (no, source) in before.sources {
            match source {
                Some(source) => self.sources.insert(no, source),
                None => self.sources.remove(&no),
            };
        }
        self.numbers = before.numbers;
        self.settings = before.settings;
        self.recompute = before.recompute;
        self.regroup = before.regroup;
        if let Some(tally) = before.tally {
            self.tally = tally;
        }
    }

    pub fn numbers(&self) -> Numbers {
        self.numbers
    }

    pub fn settings(&self) -> Option<(u64, Timestamp)> {
        self.settings
    }

    /// How far judging stored articles anew has come.
    pub fn recompute(&self) -> Option<Recompute> {
        self.recompute
    }

    /// How often each rule has acted.
    pub fn tally(&self) -> &Tally {
        &self.tally
    }

    /// How far gathering stored stories anew has come.
    pub fn regroup(&self) -> Option<Regroup> {
        self.regroup
    }

    pub fn source(&self, no: SourceNo) -> Option<&SourceState> {
        self.sources.get(&no)
    }

    /// Every source there is or was.
    pub fn source_numbers(&self) -> Vec<SourceNo> {
        self.sources.keys().copied().collect()
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
        let by_id: HashMap<&SourceId, &SourceState> = self
            .sources
            .values()
            .map(|source| (&source.id, source))
            .collect();
        let known_as = |source: &Source| {
            let mut ids = std::iter::once(&source.id).chain(&source.was);
            ids.find_map(|id| by_id.get(id).copied())
        };
        for source in &config.sources {
            let state = match known_as(source) {
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
    let same_host = host_of(&state.url) == host_of(&source.url);
    let next_poll_at = state
        .asked_to_wait_until
        .filter(|_| same_host)
        .map_or(now, |until| until.max(now));
    SourceState {
        url: source.url.clone(),
        validators: Validators::default(),
        body_key: None,
        next_poll_at,
        // What a host asked for holds for its other addresses too.
        asked_to_wait_until: state.asked_to_wait_until.filter(|_| same_host),
        failures: 0,
        refusals: 0,
        last_fault: None,
        habit: None,
        moved_to: None,
        moving: None,
        ..state
    }
}

/// A source as matching and merging see it, under its configuration where it still has one.
pub fn facts(state: &SourceState, source: Option<&Source>) -> SourceFacts {
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
        url: without_credentials(&state.url),
        site: without_credentials(state.site.as_ref().unwrap_or(&state.url)),
        priority: source.map_or(0, |source| source.priority),
        republishes_full_text: source.is_some_and(|source| source.republish_full),
        hosts: own_host.into_iter().chain(further).collect(),
        claimed_host: state.site.as_deref().and_then(host_of),
    }
}

fn host_of(url: &str) -> Option<String> {
    let url = url::Url::parse(url).ok()?;
    let host = url.host_str()?.to_ascii_lowercase();
    Some(host.strip_prefix("www.").unwrap_or(&host).to_owned())
}

/// An address without its credentials: feeds and status are for everybody.
pub fn without_credentials(raw: &str) -> String {
    match url::Url::parse(raw) {
        Ok(mut url) => {
            // Neither fails for an address with a host, and every source has one.
            let _ = url.set_password(None);
            let _ = url.set_username("");
            url.into()
        }
        Err(_) => raw.to_owned(),
    }
}

/// Whether the schedule polls this source.
pub fn is_polled(source: &Source) -> bool {
    source.enabled
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::core::config::{ConfigFile, Vocabulary, load};
    use crate::core::model::fixture::noon;
    use crate::core::model::{ContentKey, FaultKind, FetchFault};

    #[track_caller]
    fn config(sources: &str) -> Config {
        let file = ConfigFile {
            name: "feeds.toml".into(),
            text: sources.into(),
        };
        let loaded = load(&file, &[], &Vocabulary::default(), &|_| None);
        loaded.expect("without a mistake").config
    }

    fn source(id: &str, more: &str) -> String {
        format!("[[source]]\nid = \"{id}\"\nurl = \"https://{id}.vn/rss\"\n{more}\n")
    }

    fn id(raw: &str) -> SourceId {
        SourceId::parse(raw).expect("a plain id")
    }

    fn adopted(state: &State, sources: &str) -> State {
        let mut state = state.clone();
        state.apply(&state.adopt(&config(sources), later()));
        state
    }

    fn later() -> Timestamp {
        noon() + Duration::from_secs(3600)
    }

    /// Two sources, of which `a` has a history.
    fn two() -> State {
        let both = source("a", "") + &source("b", "");
        let mut state = State::default();
        state.apply(&state.adopt(&config(&both), noon()));
        let a = SourceState {
            validators: Validators {
                etag: Some("\"a\"".into()),
                last_modified: None,
            },
            body_key: Some(ContentKey::of(&["a"])),
            next_poll_at: later() + Duration::from_secs(60),
            asked_to_wait_until: Some(later() + Duration::from_secs(60)),
            failures: 2,
            last_fault: Some(FetchFault::new(FaultKind::Timeout, "no answer")),
            polls: 9,
            entries: 4,
            ..state.find(&id("a")).expect("adopted").clone()
        };
        state.apply(&Batch {
            sources: vec![a],
            ..Batch::default()
        });
        state
    }

    #[test]
    fn new_sources_get_new_numbers_and_are_due_at_once() {
        let state = adopted(
            &two(),
            &(source("c", "") + &source("a", "") + &source("d", "")),
        );
        let numbers: Vec<(&str, u32)> = state
            .sources()
            .map(|source| (source.id.as_str(), source.no.0))
            .collect();
        assert_eq!(numbers, [("a", 0), ("b", 1), ("c", 2), ("d", 3)]);
        assert_eq!(state.numbers().source, 4);
        let c = state.find(&id("c")).expect("adopted");
        assert_eq!((c.added_at, c.next_poll_at, c.polls), (later(), later(), 0));
    }

    #[test]
    fn a_configuration_that_is_known_changes_nothing() {
        let state = two();
        let both = config(&(source("b", "") + &source("a", "priority = 3")));
        assert!(state.adopt(&both, later()).is_empty());
    }

    #[test]
    fn a_source_that_left_keeps_its_number_and_its_history() {
        let before = two();
        let without = adopted(&before, &source("b", ""));
        assert_eq!(without.find(&id("a")), before.find(&id("a")));
        let again = adopted(&without, &(source("a", "") + &source("b", "")));
        assert_eq!(again, before);
    }

    #[test]
    fn a_renamed_source_goes_on_under_its_number() {
        let before = two();
        let same_address = "[[source]]\nid = \"moi\"\nurl = \"https://a.vn/rss\"\nwas = [\"a\"]\n";
        let state = adopted(&before, &(same_address.to_owned() + &source("b", "")));
        let old = before.find(&id("a")).expect("it was there");
        let expected = SourceState {
            id: id("moi"),
            was: vec![id("a")],
            ..old.clone()
        };
        assert_eq!(state.source(old.no), Some(&expected));
        assert_eq!(state.find(&id("a")), None);
        assert_eq!(state.sources().count(), 2);
        let roster = state.roster(&config(same_address));
        assert_eq!(roster.renamed(&id("a")).map(|facts| facts.no), Some(old.no));
    }

    #[test]
    fn a_former_id_that_nobody_had_makes_no_source_an_old_one() {
        let state = adopted(&two(), &source("c", "was = [\"x\"]"));
        let c = state.find(&id("c")).expect("adopted");
        assert_eq!((c.no, &c.was), (SourceNo(2), &vec![id("x")]));
    }

    #[test]
    fn a_changed_address_is_asked_anew_and_keeps_its_history() {
        let before = two();
        let old = before.find(&id("a")).expect("it was there");
        let until = old.asked_to_wait_until.expect("it asked to be left alone");
        for (url, asked_to_wait_until, next_poll_at) in [
            ("https://b.vn/moi.rss", None, later()),
            // What a host asked for holds for its other addresses too.
            ("https://a.vn/moi.rss", Some(until), until),
        ] {
            let moved = format!("[[source]]\nid = \"a\"\nurl = \"{url}\"\n");
            let state = adopted(&before, &moved);
            let expected = SourceState {
                url: url.into(),
                validators: Validators::default(),
                body_key: None,
                next_poll_at,
                asked_to_wait_until,
                failures: 0,
                last_fault: None,
                ..old.clone()
            };
            assert_eq!(state.find(&id("a")), Some(&expected));
        }
    }

    #[test]
    fn rebuilt_from_what_was_written_it_is_the_same() {
        let mut state = two();
        let settings = Batch {
            settings: Some((7, noon())),
            next_article: 12,
            next_story: 5,
            ..Batch::default()
        };
        state.apply(&settings);
        // An older number never takes a newer one back.
        state.apply(&Batch {
            next_article: 3,
            ..Batch::default()
        });
        let rebuilt = State::rebuild(
            state.sources().cloned().collect(),
            Numbers {
                source: 2,
                article: 12,
                story: 5,
            },
            Some((7, noon())),
            None,
            state.tally().clone(),
            None,
        );
        assert_eq!(state, rebuilt);
    }

    #[test]
    fn what_is_taken_back_was_never_there() {
        let before = two();
        let mut state = before.clone();
        let mut taken = Vec::new();
        for batch in [
            state.adopt(
                &config(&(source("c", "") + &source("a", "was = [\"z\"]"))),
                later(),
            ),
            Batch {
                settings: Some((9, later())),
                next_article: 40,
                next_story: 30,
                ..Batch::default()
            },
            Batch {
                recompute: Some(Recompute::default()),
                next_article: 50,
                ..Batch::default()
            },
        ] {
            taken.push(state.before(&batch));
            state.apply(&batch);
        }
        assert_ne!(state, before);
        for one in taken.into_iter().rev() {
            state.take_back(one);
        }
        assert_eq!(state, before);
    }

    #[test]
    fn a_source_is_named_by_the_configuration_else_by_its_feed_else_by_its_id() {
        let mut state = two();
        let titled = SourceState {
            title: Some("Báo A".into()),
            site: Some("https://www.trang-a.vn/".into()),
            ..state.find(&id("a")).expect("adopted").clone()
        };
        state.apply(&Batch {
            sources: vec![titled],
            ..Batch::default()
        });
        for (more, expected) in [("name = \"Của ta\"", "Của ta"), ("", "Báo A")] {
            let roster = state.roster(&config(&source("a", more)));
            assert_eq!(roster.find(&id("a")).expect("known").name, expected);
        }
        let roster = state.roster(&config(&source("a", "hosts = [\"cu.vn\"]\npriority = 4")));
        let [a, b] = ["a", "b"].map(|raw| roster.find(&id(raw)).expect("known"));
        assert_eq!(a.hosts, ["a.vn", "cu.vn"]);
        assert_eq!(
            (a.claimed_host.as_deref(), a.priority),
            (Some("trang-a.vn"), 4)
        );
        // One of the past: only its stories are still here.
        assert_eq!((b.name.as_str(), b.priority), ("b", 0));
    }
}
