//! The one owner of state and store: decide, write, then remember.
//!
//! Synchronous and without sockets, so that the simulation drives the very code the daemon runs.
//! A write that fails changes nothing in memory: the owner degrades, serves what it has, and takes the
//! store up again when it can be written.

mod regroup;
mod retention;
mod standing;

pub use regroup::STEP_REGROUPED_MAX;
pub use retention::STEP_STORIES_MAX;
pub use standing::{STEP_ARTICLES_MAX, Undone};

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use crate::core::config::{self, Config, Source};
use crate::core::dedup::window::SpanNo;
use crate::core::model::{
    Batch, ContentKey, FetchJob, Mint, PollOutcome, Roster, SourceFacts, SourceId, SourceNo,
    SourceState, Timestamp, Validators,
};
use crate::core::moved;
use crate::core::pipeline::{self, Ground, PollReport};
use crate::core::reading::{Before, Reading};
use crate::core::review::{self, Review, Terms};
use crate::core::schedule::plan::{self, Plan};
use crate::core::schedule::rhythm::Zone;
use crate::core::schedule::{Jitter, Policy};
use crate::core::state::{self, State};
use crate::core::tag::Tagger;
use crate::daemon::window::{Asking, Errand, Recent, Stretch};
use crate::store::{Store, StoreError, StoreReader};

/// How long after a failed write the store is tried again: doubling, up to a minute.
const RETRY_MIN: Duration = Duration::from_secs(1);
const RETRY_MAX: Duration = Duration::from_secs(60);

/// Everything that serving needs besides the store; swapped whole when any of it changes.
#[derive(Clone)]
pub struct Published {
    /// Raised with each change, so that documents made before are not served after.
    pub generation: u64,
    pub config: Arc<Config>,
    pub roster: Arc<Roster>,
    /// Knows the topics there are.
    pub tagger: Arc<Tagger>,
    pub mint: Arc<Mint>,
    pub started_at: Timestamp,
    /// Since when what is here, the stories apart, has been as it is.
    pub settings_at: Timestamp,
    /// Why nothing is polled, while the store cannot be written.
    pub degraded: Option<String>,
    /// The mistakes of the configuration on disk, while it is refused and the old one lives on.
    pub config_errors: Arc<Vec<String>>,
    /// What the operator should know until the next start.
    pub warnings: Arc<Vec<String>>,
}

/// What one poll needs, apart from the owner.
#[derive(Clone)]
pub struct PollJob {
    pub source: SourceNo,
    pub id: SourceId,
    pub fetch: FetchJob,
    pub before: Before,
    pub reading: Reading,
    pub tagger: Arc<Tagger>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Degraded {
    cause: StoreError,
    failures: u32,
    retry_at: Timestamp,
}

/// One configured source as the owner works with it.
#[derive(Debug, Clone)]
struct Assignment {
    source: Source,
    reading: Reading,
}

/// How full the window is in which copies are looked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Recognised {
    pub articles: usize,
    /// Since the window was last begun anew.
    pub left_out: u64,
}

pub struct Owner {
    store: Store,
    state: State,
    config: Arc<Config>,
    assignments: BTreeMap<SourceNo, Assignment>,
    review: Review,
    /// With what each source's articles are to be judged.
    judging: BTreeMap<SourceNo, ContentKey>,
    /// Sources whose stored articles were last judged by something else.
    unjudged: BTreeSet<SourceNo>,
    plan: Plan,
    roster: Arc<Roster>,
    mint: Arc<Mint>,
    started_at: Timestamp,
    generation: u64,
    degraded: Option<Degraded>,
    config_errors: Arc<Vec<String>>,
    warnings: Arc<Vec<String>>,
    /// The address made from `listen` at the start.
    derived_base_url: Option<String>,
    /// Articles among which copies are looked for.
    recent: Recent,
    herald: Herald,
    group: Group,
    retiring: retention::Retiring,
}

/// Polls that are decided and wait to be written together.
#[derive(Default)]
struct Group {
    /// What each replaced in memory, the first first.
    before: Vec<state::Before>,
    /// The roster before it, where any of them changes it.
    roster: Option<Arc<Roster>>,
    sources: Vec<SourceNo>,
}

/// Told what serving needs before a write that changes it can be seen in the store.
pub type Herald = Box<dyn Fn(Published) + Send>;

impl Owner {
    /// Takes up a store under a configuration.
    ///
    /// # Errors
    /// When the store cannot be read, or what the configuration changes cannot be written.
    pub fn open(store: Store, config: Config, now: Timestamp) -> Result<Owner, StoreError> {
        let state = rebuild(&store)?;
        let mint = Arc::new(store.mint()?);
        let config = Arc::new(config);
        let mut owner = Owner {
            review: review(&config)?,
            judging: BTreeMap::new(),
            unjudged: BTreeSet::new(),
            roster: Arc::new(Roster::default()),
            assignments: BTreeMap::new(),
            plan: Plan::new(now),
            store,
            state,
            config: Arc::clone(&config),
            mint,
            started_at: now,
            generation: 0,
            degraded: None,
            config_errors: Arc::default(),
            warnings: Arc::default(),
            recent: Recent::new(config.stories.window),
            herald: Box::new(|_| {}),
            group: Group::default(),
            retiring: retention::Retiring::default(),
            derived_base_url: config
                .server
                .base_url_is_derived
                .then(|| config.server.base_url.clone()),
        };
        owner.take_config(config, now)?;
        Ok(owner)
    }

    pub fn state(&self) -> &State {
        &self.state
    }

    pub fn config(&self) -> &Arc<Config> {
        &self.config
    }

    pub fn reader(&self) -> StoreReader {
        self.store.reader()
    }

    /// Everything serving needs besides the store.
    pub fn published(&self) -> Published {
        Published {
            generation: self.generation,
            config: Arc::clone(&self.config),
            roster: Arc::clone(&self.roster),
            tagger: Arc::clone(self.review.tagger()),
            mint: Arc::clone(&self.mint),
            started_at: self.started_at,
            settings_at: self.state.settings().map_or(self.started_at, |(_, at)| at),
            degraded: self
                .degraded
                .as_ref()
                .map(|degraded| degraded.cause.to_string()),
            config_errors: Arc::clone(&self.config_errors),
            warnings: Arc::clone(&self.warnings),
        }
    }

    /// From now on `herald` is told in time: whoever sees a poll in the store finds it served as it will stay.
    pub fn herald_to(&mut self, herald: Herald) {
        self.herald = herald;
    }

    /// Changes whenever [`Owner::published`] would give something else.
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// Sources to ask now, those never asked first, then the longest overdue, at a bounded pace; none while
    /// degraded.
    pub fn due(
        &mut self,
        now: Timestamp,
        busy: &BTreeSet<SourceNo>,
        limit: usize,
    ) -> Vec<SourceNo> {
        if self.degraded.is_some() {
            return Vec::new();
        }
        let state = &self.state;
        self.plan.due(now, busy, limit, |no| state.source(no))
    }

    /// When there is next something to do; none when nothing is waited for.
    pub fn next_due_at(&self, busy: &BTreeSet<SourceNo>) -> Option<Timestamp> {
        match &self.degraded {
            Some(degraded) => Some(degraded.retry_at),
            None => self.plan.next_due_at(busy),
        }
    }

    /// A request that did not wait for its turn counts against the pace too.
    pub fn asked_out_of_turn(&mut self, now: Timestamp) {
        self.plan.asked_out_of_turn(now);
    }

    fn draw_up_plan(&mut self, now: Timestamp) {
        let polled = self
            .assignments
            .iter()
            .filter(|(_, assignment)| state::is_polled(&assignment.source))
            .map(|(no, assignment)| (*no, terms(assignment)))
            .collect();
        let budget = self.config.schedule.requests_per_hour;
        let state = &self.state;
        self.plan
            .draw_up(polled, budget, now, |no| state.source(no));
    }

    /// The address a source is asked at; none when it is not configured or not polled.
    pub fn address(&self, no: SourceNo) -> Option<&str> {
        let assignment = self
            .assignments
            .get(&no)
            .filter(|found| state::is_polled(&found.source))?;
        Some(asked_at(&assignment.source, self.state.source(no)?))
    }

    /// What asking this source takes; none when it is not configured or not polled.
    pub fn job(&self, no: SourceNo) -> Option<PollJob> {
        let assignment = self
            .assignments
            .get(&no)
            .filter(|found| state::is_polled(&found.source))?;
        let state = self.state.source(no)?;
        let Assignment { source, reading } = assignment;
        // Bodies that were read otherwise are asked for whole.
        let reread = state.reading_key != Some(reading.key);
        Some(PollJob {
            source: no,
            id: state.id.clone(),
            fetch: FetchJob {
                source: no,
                wanted: reading.wanted(),
                url: asked_at(source, state).to_owned(),
                validators: match reread {
                    true => Validators::default(),
                    false => state.validators.clone(),
                },
                timeout: source.timeout,
                body_bytes_max: self.config.fetch.body_bytes_max,
                headers: source.headers.clone(),
            },
            before: Before {
                body_key: state.body_key,
                is_first: state.last_success_at.is_none(),
            },
            reading: reading.clone(),
            tagger: Arc::clone(self.review.tagger()),
        })
    }

    /// What of the archive is to be read before this outcome is decided without waiting for it; none where everything
    /// is in memory.
    pub fn missing(&self, no: SourceNo, outcome: &PollOutcome, now: Timestamp) -> BTreeSet<SpanNo> {
        let PollOutcome::Read { feed, .. } = outcome else {
            return BTreeSet::new();
        };
        let asking = Asking {
            source: no,
            sources: &[],
            now,
        };
        let missing = self.recent.missing(&feed.entries, asking, &self.store);
        // Whoever decides meets the same failure, and tells it.
        missing.unwrap_or_default()
    }

    /// Reading it beside the owner, who must be brought what is read.
    pub fn errand(&mut self, spans: &BTreeSet<SpanNo>) -> Errand {
        let sources = self.state.source_numbers();
        self.recent.errand(spans, &sources)
    }

    /// Takes over what an errand read; nothing of it is waited for any longer.
    pub fn take_over(&mut self, stretch: Stretch) {
        self.recent.take_over(stretch);
    }

    /// Articles in memory for recognising copies, and those that found no room there.
    pub fn recognised(&self) -> Recognised {
        Recognised {
            articles: self.recent.articles(),
            left_out: self.recent.left_out(),
        }
    }

    /// Decides what a poll changes, without writing it.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn decide(
        &mut self,
        no: SourceNo,
        reading_key: ContentKey,
        outcome: PollOutcome,
        now: Timestamp,
        jitter: Jitter,
    ) -> Result<Option<pipeline::Digest>, StoreError> {
        let (Some(state), Some(assignment)) = (self.state.source(no), self.assignments.get(&no))
        else {
            // Removed from the configuration while it was asked.
            return Ok(None);
        };
        let outcome = self.judged_by_today(state, outcome);
        let entries = match &outcome {
            PollOutcome::Read { feed, .. } => feed.entries.as_slice(),
            PollOutcome::Unchanged { .. } | PollOutcome::Failed(_) => &[],
        };
        let mut known = self.store.known(no, entries)?;
        let sources = self.state.source_numbers();
        let asking = Asking {
            source: no,
            sources: &sources,
            now,
        };
        let sketches = self
            .recent
            .bring(&mut known, entries, asking, &self.store)?;
        let ground = Ground {
            state,
            known: &known,
            sketches: &sketches,
            roster: &self.roster,
            numbers: self.state.numbers(),
            policy: (self.plan.policy(no))
                .unwrap_or_else(|| Policy::without_budget(terms(assignment))),
            reading_key,
            now,
            jitter,
        };
        let mut digest = pipeline::digest(&ground, outcome);
        let today = self.judging.get(&no).copied();
        if state.judged_by != today && !digest.batch.articles.is_empty() {
            // Its articles are judged by two things now: neither may pass for what all of them were judged by.
            for source in &mut digest.batch.sources {
                source.judged_by = None;
            }
        }
        Ok(Some(digest))
    }

    /// Decides, writes and remembers one poll.
    ///
    /// # Errors
    /// When the store cannot be read or written: nothing is changed then, and the owner is degraded.
    pub fn finish(
        &mut self,
        no: SourceNo,
        reading_key: ContentKey,
        outcome: PollOutcome,
        now: Timestamp,
        jitter: Jitter,
    ) -> Result<Option<PollReport>, StoreError> {
        let report = self.stage(no, reading_key, outcome, now, jitter)?;
        self.write_staged(now)?;
        Ok(report)
    }

    /// Decides one poll on top of those staged before it; nobody sees it before [`Owner::write_staged`].
    ///
    /// # Errors
    /// When the store cannot be read or written: nothing of what was staged is changed then, and the owner is
    /// degraded.
    pub fn stage(
        &mut self,
        no: SourceNo,
        reading_key: ContentKey,
        outcome: PollOutcome,
        now: Timestamp,
        jitter: Jitter,
    ) -> Result<Option<PollReport>, StoreError> {
        self.stand(now)?;
        let state = &self.state;
        self.plan.renew_price(now, |no| state.source(no));
        let staged = self
            .decide(no, reading_key, outcome, now, jitter)
            .and_then(|digest| {
                let Some(mut digest) = digest else {
                    return Ok(None);
                };
                digest.batch.tally = self.counted(&digest.report.fired);
                self.renew_roster(&mut digest.batch, now);
                self.store.stage(&digest.batch)?;
                Ok(Some(digest))
            });
        match staged {
            Ok(None) => Ok(None),
            Ok(Some(digest)) => {
                self.remember(no, &digest);
                Ok(Some(digest.report))
            }
            Err(err) => {
                self.degrade(&err, now);
                Err(err)
            }
        }
    }

    /// Memory as it will be when what is staged is written; what it replaces is kept until then.
    fn remember(&mut self, no: SourceNo, digest: &pipeline::Digest) {
        let first_new = self.state.numbers().article;
        self.recent.apply(&digest.batch, first_new);
        self.group.before.push(self.state.before(&digest.batch));
        self.state.apply(&digest.batch);
        self.group.sources.push(no);
    }

    /// Writes what is staged, all of it durably with one write or none.
    ///
    /// # Errors
    /// When the store cannot be written: nothing of it is remembered then, and the owner is degraded.
    pub fn write_staged(&mut self, now: Timestamp) -> Result<(), StoreError> {
        if self.group.sources.is_empty() {
            return Ok(());
        }
        if self.group.roster.is_some() {
            // Whoever sees the polls in the store finds them served; taken back where they cannot be written.
            self.generation += 1;
            (self.herald)(self.published());
        }
        if let Err(err) = self.store.write_staged() {
            self.degrade(&err, now);
            return Err(err);
        }
        let written = std::mem::take(&mut self.group);
        for no in written.sources {
            if let Some(source) = self.state.source(no) {
                self.plan.place(source, now);
            }
        }
        Ok(())
    }

    /// Whether so much was written that it is time to settle it in the store, and the store can be written.
    pub fn has_unsettled(&self) -> bool {
        self.degraded.is_none() && self.store.is_unsettled()
    }

    /// Settles at most `limit` keys of the store among their neighbours; whether there are more.
    ///
    /// # Errors
    /// When the store cannot be read or written: the owner is degraded then.
    pub fn settle_some(&mut self, now: Timestamp, limit: usize) -> Result<bool, StoreError> {
        self.stand_firm(now)?;
        let settled = self.store.settle_some(limit);
        if let Err(err) = &settled {
            self.degrade(err, now);
        }
        settled
    }

    /// What is staged is not to be written, and was never there.
    fn let_go(&mut self) {
        self.store.forget_staged();
        let unwritten = std::mem::take(&mut self.group);
        for before in unwritten.before.into_iter().rev() {
            self.state.take_back(before);
        }
        if let Some(roster) = unwritten.roster {
            self.roster = roster;
        }
    }

    /// The roster as it will be after `batch`, which gets to say since when what is served looks so.
    fn renew_roster(&mut self, batch: &mut Batch, now: Timestamp) {
        let renamed = batch.sources.iter().filter(|new| {
            self.state
                .source(new.no)
                .is_none_or(|old| (&old.title, &old.site) != (&new.title, &new.site))
        });
        for new in renamed {
            let source = self.assignments.get(&new.no).map(|found| &found.source);
            let facts = state::facts(new, source);
            let known = batch.settings.or(self.state.settings());
            let before = self.roster.get(new.no).map_or(0, hash_of);
            let hash = known.map_or(0, |(hash, _)| hash);
            let after = hash.wrapping_sub(before).wrapping_add(hash_of(&facts));
            if after != hash {
                batch.settings = Some((after, now));
            }
            self.group
                .roster
                .get_or_insert_with(|| Arc::clone(&self.roster));
            // Copied once for all polls of a group: ten thousand sources are many.
            Arc::make_mut(&mut self.roster).renew(facts);
        }
    }

    /// Nothing waits to be written, and the ground is sure.
    fn stand_firm(&mut self, now: Timestamp) -> Result<(), StoreError> {
        self.write_staged(now)?;
        self.stand(now)
    }

    /// What a failed write left behind is not known: nothing is decided before it has been read back.
    fn stand(&mut self, now: Timestamp) -> Result<(), StoreError> {
        self.recover(now);
        match &self.degraded {
            None => Ok(()),
            Some(degraded) => Err(degraded.cause.clone()),
        }
    }

    /// Puts a new configuration into force; sources keep their history.
    ///
    /// # Errors
    /// When what it changes cannot be written: the old one stays in force.
    pub fn reload(
        &mut self,
        config: Config,
        now: Timestamp,
    ) -> Result<config::ConfigDiff, StoreError> {
        let mut config = config;
        if let (true, Some(base_url)) = (config.server.base_url_is_derived, &self.derived_base_url)
        {
            // It belongs to the sockets, which stay as they are until a restart.
            config.server.base_url.clone_from(base_url);
        }
        let diff = config::diff(&self.config, &config);
        self.take_config(Arc::new(config), now)?;
        Ok(diff)
    }

    /// Remembers why the configuration on disk is refused.
    pub fn refuse_config(&mut self, errors: Vec<String>) {
        self.config_errors = Arc::new(errors);
        self.generation += 1;
    }

    /// Tells the operator something until the next start.
    pub fn warn(&mut self, warning: String) {
        Arc::make_mut(&mut self.warnings).push(warning);
        self.generation += 1;
    }

    fn take_config(&mut self, config: Arc<Config>, now: Timestamp) -> Result<(), StoreError> {
        self.stand_firm(now)?;
        let review = review(&config)?;
        let mut batch = self.state.adopt(&config, now);
        let judging = self.begin_judging(&review, &mut batch);
        self.begin_counting(&config, &judging, &mut batch);
        batch.regroup = self.begin_regrouping(&config);
        // One write for all of it, so that a failing one leaves the old configuration whole.
        let roster = self.settle(&config, &mut batch, now);
        if let Err(err) = self.store.apply(&batch) {
            self.degrade(&err, now);
            return Err(err);
        }
        self.state.apply(&batch);
        let by_id: HashMap<&SourceId, &SourceState> = self
            .state
            .sources()
            .map(|state| (&state.id, state))
            .collect();
        self.assignments = config
            .sources
            .iter()
            .filter_map(|source| {
                let state = *by_id.get(&source.id)?;
                let no = state.no;
                let reading = Reading {
                    rulebook: Arc::clone(review.rulebook()),
                    names: review::names(state),
                    judged_by: judging.get(&no).copied(),
                    ..Reading::of(source, &config)
                };
                let source = source.clone();
                Some((no, Assignment { source, reading }))
            })
            .collect();
        self.review = review;
        self.judging = judging;
        self.unjudged = self.unjudged_by(&self.judging);
        self.config_errors = Arc::default();
        if self.config.stories.window != config.stories.window {
            self.recent = Recent::new(config.stories.window);
        }
        self.config = config;
        self.roster = Arc::new(roster);
        self.generation += 1;
        self.draw_up_plan(now);
        Ok(())
    }

    /// The roster as it will be after `batch`, which gets to say since when what is served looks so.
    fn settle(&self, config: &Config, batch: &mut Batch, now: Timestamp) -> Roster {
        let mut state = self.state.clone();
        state.apply(batch);
        let roster = state.roster(config);
        let hash = settings_hash(config, &roster);
        if state.settings().is_none_or(|(known, _)| known != hash) {
            batch.settings = Some((hash, now));
        }
        roster
    }

    fn degrade(&mut self, err: &StoreError, now: Timestamp) {
        self.let_go();
        let failures = self
            .degraded
            .as_ref()
            .map_or(1, |before| before.failures.saturating_add(1));
        let wait = RETRY_MIN
            .saturating_mul(1 << failures.saturating_sub(1).min(6))
            .min(RETRY_MAX);
        self.degraded = Some(Degraded {
            cause: err.clone(),
            failures,
            retry_at: now + wait,
        });
        self.generation += 1;
    }

    /// Why nothing is polled, while the store cannot be written.
    pub fn degraded(&self) -> Option<&StoreError> {
        self.degraded.as_ref().map(|degraded| &degraded.cause)
    }

    /// Tries the store again when it is time; true when it is in order (again).
    pub fn recover(&mut self, now: Timestamp) -> bool {
        match &self.degraded {
            None => return true,
            Some(degraded) if now < degraded.retry_at => return false,
            Some(_) => {}
        }
        match self.take_up(now) {
            Ok(()) => {
                self.degraded = None;
                self.generation += 1;
                true
            }
            Err(err) => {
                self.degrade(&err, now);
                false
            }
        }
    }

    /// Makes memory what the store is, and tries whether the store can be written.
    fn take_up(&mut self, now: Timestamp) -> Result<(), StoreError> {
        self.state = rebuild(&self.store)?;
        self.unjudged = self.unjudged_by(&self.judging);
        self.recent = Recent::new(self.config.stories.window);
        let mut probe = Batch {
            at: Some(now),
            settings: self.state.settings(),
            ..Batch::default()
        };
        let roster = self.settle(&self.config, &mut probe, now);
        self.store.apply(&probe)?;
        self.state.apply(&probe);
        self.roster = Arc::new(roster);
        self.draw_up_plan(now);
        Ok(())
    }

    /// The number of a configured source.
    pub fn configured(&self, id: &SourceId) -> Option<(SourceNo, &Source)> {
        self.assignments
            .iter()
            .find(|(_, assignment)| assignment.source.id == *id)
            .map(|(no, assignment)| (*no, &assignment.source))
    }

    pub fn configured_sources(&self) -> impl Iterator<Item = (SourceNo, &Source)> {
        self.assignments
            .iter()
            .map(|(no, assignment)| (*no, &assignment.source))
    }
}

/// What a store holds, as a state.
///
/// # Errors
/// When the store cannot be read.
pub fn rebuild(store: &StoreReader) -> Result<State, StoreError> {
    Ok(State::rebuild(
        store.sources()?,
        store.numbers()?,
        store.settings()?,
        store.recompute()?,
        store.tally()?,
        store.regroup()?,
    ))
}

fn review(config: &Config) -> Result<Review, StoreError> {
    Review::of(&Terms::of(config)).map_err(|bad| {
        StoreError::Read(format!(
            "rule number {} cannot be put to work: {}",
            bad.number, bad.cause
        ))
    })
}

fn terms(assignment: &Assignment) -> plan::Terms {
    let Assignment { source, reading } = assignment;
    plan::Terms {
        min_interval: source.min_interval,
        max_interval: source.max_interval,
        zone: Zone(reading.rules.known_offset_s().unwrap_or(0)),
    }
}

/// The address a source is asked at.
fn asked_at<'a>(source: &'a Source, state: &'a SourceState) -> &'a str {
    let is_private = !source.headers.is_empty() || moved::has_credentials(&source.url);
    moved::address(&source.url, state, is_private)
}

/// Everything a served document depends on besides the stories: a sum over the sources, so that a poll that
/// changes one of ten thousand costs one.
fn settings_hash(config: &Config, roster: &Roster) -> u64 {
    let shown = format!(
        "{} {} {:?}",
        env!("CARGO_PKG_VERSION"),
        config.server.base_url,
        config.feed
    );
    let sources = roster.iter().map(hash_of);
    sources.fold(hash(&shown), u64::wrapping_add)
}

fn hash_of(facts: &SourceFacts) -> u64 {
    hash(&format!("{facts:?}"))
}

fn hash(shown: &str) -> u64 {
    let digest = blake3::hash(shown.as_bytes());
    u64::from_be_bytes(std::array::from_fn(|at| digest.as_bytes()[at]))
}

/// Why a source is not polled although it is configured.
pub fn not_polled_because(source: &Source) -> Option<&'static str> {
    (!source.enabled).then_some("it is disabled (enabled = false)")
}
