//! The daemon: one owner of state and store, polls around it, readers beside it.
//!
//! `run` is handed everything it stands on (store, fetcher, clock, bound listeners, a way to load the
//! configuration) and a future that ends it, so that a test can hand it other things. Only this module
//! and `cli` know several parts of the shell.

mod admin;
pub mod amend;
pub mod explain;
pub mod find;
mod flight;
pub mod gather;
mod narrow;
pub mod owner;
mod pages;
mod poll;
pub mod preview;
mod pulse;
mod related;
mod select;
pub mod snapshot;
mod status;
mod web;
pub mod window;

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::future::Future;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::net::UnixListener;
use tokio::sync::{Semaphore, mpsc, oneshot, watch};
use tokio::task::JoinSet;
use tracing::{debug, error, info, warn};

use crate::admin::{Amended, Amendment, Identity, PollRequest, Preview};
use crate::clock::SharedClock;
use crate::core::config::{Checked, Config, ConfigDiff, Remark};
use crate::core::dedup::window::SpanNo;
use crate::core::model::{FaultKind, FetchFault, PollOutcome, SourceId, SourceNo, Timestamp};
use crate::core::pipeline::PollReport;
use crate::core::schedule::Jitter;
use crate::fetch::Fetcher;
use crate::http::listen::{self, Limits, Listener};
use crate::store::StoreError;
use crate::systemd::Supervisor;
use crate::telemetry::Telemetry;
use gather::Gathering;
use owner::{Owner, PollJob, Published, STEP_ARTICLES_MAX, STEP_STORIES_MAX};
use pulse::Pulse;
use window::Stretch;

/// Reads and checks the configuration on disk; called off the event loop.
pub type LoadConfig = Arc<dyn Fn() -> Result<Checked, Vec<Remark>> + Send + Sync>;

/// A fetcher that goes on where another one was, under another configuration.
pub type Refit<F> = Box<dyn Fn(&F, &Config) -> Result<F, String> + Send>;

/// Everything the daemon stands on.
pub struct Parts<F> {
    pub owner: Owner,
    pub fetcher: Arc<F>,
    /// The fetcher for another configuration.
    pub refit: Refit<F>,
    pub clock: SharedClock,
    pub listeners: Vec<Listener>,
    pub admin: Option<UnixListener>,
    pub load_config: LoadConfig,
    pub identity: Identity,
    /// Reloads asked for by signal.
    pub reloads: mpsc::Receiver<()>,
    pub limits: Limits,
    /// The store's folder, where snapshots of it are to be made.
    pub snapshots_in: Option<PathBuf>,
    pub supervisor: Arc<dyn Supervisor>,
    /// Seeds the jitter.
    pub seed: u64,
}

/// The schedule is looked at again at least this often: a machine that slept has another time.
const NAP_MAX: Duration = Duration::from_secs(30);
/// Between two steps of judging stored articles anew: polls and requests come first.
const JUDGE_PAUSE: Duration = Duration::from_millis(20);
/// Keys settled in one step, some ten milliseconds, and the pause between two.
const STEP_KEYS_MAX: usize = 1024;
const SETTLE_PAUSE: Duration = Duration::from_millis(20);
/// The same while so many polls are under way that they want the time.
const SETTLE_PAUSE_BUSY: Duration = Duration::from_secs(2);
const BUSY_POLLS_MIN: usize = 16;
/// Between two steps of looking for stories that leave.
const RETIRE_PAUSE: Duration = Duration::from_millis(50);
/// Polls under way, waiting for their turn at a host included, for each one the fetcher has in flight.
const UNDER_WAY_FACTOR: usize = 4;

/// Polls written together at most, and for how long the first of them waits for the others to be decided.
const GROUP_POLLS_MAX: usize = 64;
const GROUP_SPAN_MAX: Duration = Duration::from_millis(25);

/// That articles found no room in the window is told at most this often.
const LEFT_OUT_TOLD_EVERY: Duration = Duration::from_secs(3600);

/// What others ask of the owner.
enum Command {
    Poll {
        request: PollRequest,
        replies: mpsc::UnboundedSender<PollEvent>,
    },
    Reload {
        loaded: Box<Result<Checked, Vec<Remark>>>,
        preview: Option<Preview>,
        reply: oneshot::Sender<Reloaded>,
    },
    /// The configuration on disk is not to be put into force, and why.
    Refuse {
        errors: Vec<String>,
        reply: oneshot::Sender<Reloaded>,
    },
    Amend {
        asked: Amendment,
        reply: oneshot::Sender<Result<Amended, String>>,
    },
}

/// What came of one source of a [`PollRequest`].
enum PollEvent {
    Skipped { id: String, why: String },
    Finished { id: SourceId, report: PollReport },
    Lost { id: SourceId, cause: String },
}

enum Reloaded {
    InForce {
        diff: ConfigDiff,
        warnings: Vec<Remark>,
        /// Of the rules, where they or the taxonomy changed.
        preview: Option<Preview>,
    },
    Refused(Vec<String>),
}

/// A poll that came to its end.
struct Finished {
    job: PollJob,
    outcome: PollOutcome,
    dry_run: bool,
    took: Duration,
}

/// A poll that is decided, or could not be, and waits to be written.
struct Staged {
    job: PollJob,
    waiting: Vec<mpsc::UnboundedSender<PollEvent>>,
    staged: Result<Option<PollReport>, StoreError>,
}

type EndedPoll = Result<(tokio::task::Id, Finished), tokio::task::JoinError>;

/// Something that was under way came to its end.
enum Ended {
    Poll(Box<EndedPoll>),
    Errand(Result<Result<Stretch, StoreError>, tokio::task::JoinError>),
}

/// A poll that somebody asked for.
struct AskedPoll {
    source: SourceNo,
    /// Who is told of a dry run; who waits for another is in [`Loop::waiting`].
    dry: Option<mpsc::UnboundedSender<PollEvent>>,
}

struct Loop<F> {
    owner: Owner,
    fetcher: Arc<F>,
    clock: SharedClock,
    random: fastrand::Rng,
    readers: Arc<Semaphore>,
    polls: JoinSet<Finished>,
    tasks: HashMap<tokio::task::Id, PollJob>,
    /// Polls that wait for what is being read of the archive, which is one errand at a time.
    parked: VecDeque<(tokio::task::Id, Finished)>,
    errands: JoinSet<Result<Stretch, StoreError>>,
    /// What was last read for gathering stories anew.
    read_ahead: BTreeSet<SpanNo>,
    is_reading_ahead: bool,
    /// An errand ends when this is gone.
    alive: Arc<()>,
    busy: BTreeSet<SourceNo>,
    waiting: HashMap<SourceNo, Vec<mpsc::UnboundedSender<PollEvent>>>,
    dry: HashMap<tokio::task::Id, mpsc::UnboundedSender<PollEvent>>,
    /// Polls that somebody asked for and that have no room yet.
    asked: VecDeque<AskedPoll>,
    published: watch::Sender<Arc<Published>>,
    telemetry: Arc<Telemetry>,
    /// When stored articles were last judged anew.
    judged_last: Option<Instant>,
    /// How many articles were last seen to find no room in the window, and when that was told.
    left_out: u64,
    left_out_told: Option<Instant>,
    /// When old stories were last looked at.
    retired_last: Option<Instant>,
    /// When keys were last settled.
    settled_last: Option<Instant>,
}

/// Runs until `shutdown` resolves: polls, serves, answers; then stops within the limits' deadline.
pub async fn run<F: Fetcher>(parts: Parts<F>, shutdown: impl Future<Output = ()> + Send) {
    let (published, served) = watch::channel(Arc::new(parts.owner.published()));
    let (commands, mut asked) = mpsc::channel(64);
    let (stop, stopped) = watch::channel(false);
    let reader = parts.owner.reader();

    let telemetry = Arc::new(Telemetry::default());
    let site = Arc::new(web::Site::new(
        reader.clone(),
        served.clone(),
        Arc::clone(&parts.clock),
        Arc::clone(&telemetry),
    ));
    let server = tokio::spawn(listen::serve(
        parts.listeners,
        parts.limits,
        Arc::new(web::Front(site)),
        stopping(stopped.clone()),
    ));
    let desk = admin::Desk {
        commands,
        reader,
        served,
        load_config: parts.load_config,
        identity: parts.identity,
        clock: Arc::clone(&parts.clock),
    };
    let admin = parts.admin.map(|listener| {
        tokio::spawn(admin::serve(
            listener,
            desk.clone(),
            stopping(stopped.clone()),
        ))
    });
    let reloads = tokio::spawn(admin::reload_on_signal(parts.reloads, desk));

    let snapshots = parts.snapshots_in.map(|store| {
        let snapshots = snapshot::Snapshots {
            reader: parts.owner.reader(),
            served: published.subscribe(),
            clock: Arc::clone(&parts.clock),
            store,
        };
        tokio::spawn(snapshots.keep())
    });

    let mut machine = Loop::new(
        parts.owner,
        parts.fetcher,
        parts.clock,
        parts.seed,
        published,
    );
    machine.telemetry = telemetry;
    let mut pulse = Pulse::new(parts.supervisor);
    tokio::pin!(shutdown);
    let refit = parts.refit;
    loop {
        let nap = machine.start_due();
        let nap = machine.judge_some().min(nap);
        let nap = machine.retire_some().min(nap);
        let nap = machine.settle_some().min(nap);
        let nap = pulse.beat(&machine.owner).min(nap);
        tokio::select! {
            () = &mut shutdown => break,
            Some(ended) = machine.ended() => machine.meet(ended),
            Some(command) = asked.recv() => machine.obey(command, &refit, &pulse),
            () = tokio::time::sleep(nap) => {}
        }
        machine.publish();
    }

    info!("stopping");
    pulse.supervisor.stopping();
    machine.give_up_waiting();
    // Every write is flushed when it is made: a poll under way is lost, nothing else.
    machine.polls.shutdown().await;
    reloads.abort();
    if let Some(snapshots) = snapshots {
        snapshots.abort();
    }
    let _ = stop.send(true);
    if let Some(admin) = admin {
        admin.abort();
    }
    if let Err(err) = server.await {
        error!(%err, "the server ended badly");
    }
    info!("stopped");
}

async fn stopping(mut stopped: watch::Receiver<bool>) {
    // An error means that the daemon is gone: stop as well.
    let _ = stopped.wait_for(|stop| *stop).await;
}

fn tell_unwritable(err: &StoreError) {
    error!(%err, "the store cannot be written: polling stops, the last feeds are served; free the disk or mend the folder");
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(2, usize::from)
}

impl<F: Fetcher> Loop<F> {
    fn new(
        owner: Owner,
        fetcher: Arc<F>,
        clock: SharedClock,
        seed: u64,
        published: watch::Sender<Arc<Published>>,
    ) -> Loop<F> {
        let mut owner = owner;
        let served = published.clone();
        owner.herald_to(Box::new(move |published| {
            served.send_replace(Arc::new(published));
        }));
        Loop {
            owner,
            fetcher,
            clock,
            random: fastrand::Rng::with_seed(seed),
            readers: Arc::new(Semaphore::new(cores())),
            polls: JoinSet::new(),
            tasks: HashMap::new(),
            parked: VecDeque::new(),
            errands: JoinSet::new(),
            read_ahead: BTreeSet::new(),
            is_reading_ahead: false,
            alive: Arc::new(()),
            busy: BTreeSet::new(),
            waiting: HashMap::new(),
            dry: HashMap::new(),
            asked: VecDeque::new(),
            published,
            telemetry: Arc::default(),
            judged_last: None,
            left_out: 0,
            left_out_told: None,
            retired_last: None,
            settled_last: None,
        }
    }

    /// Starts what is due; how long there is nothing to do.
    fn start_due(&mut self) -> Duration {
        let now = self.clock.now();
        if self.owner.degraded().is_some() && self.owner.recover(now) {
            info!("the store can be written again: polling goes on");
            self.publish();
        }
        self.start_asked();
        let room = self.room();
        for no in self.owner.due(now, &self.busy, room) {
            self.start(no);
        }
        let next = match room {
            0 => None,
            _ => self.owner.next_due_at(&self.busy),
        };
        next.map_or(NAP_MAX, |at| at.since(now)).min(NAP_MAX)
    }

    /// How many more polls may be under way.
    fn room(&self) -> usize {
        let under_way_max = self.owner.config().fetch.concurrency * UNDER_WAY_FACTOR;
        under_way_max.saturating_sub(self.tasks.len())
    }

    /// Starts what somebody asked for, as far as there is room.
    fn start_asked(&mut self) {
        while self.room() > 0
            && let Some(AskedPoll { source, dry }) = self.asked.pop_front()
        {
            match (self.owner.job(source), dry) {
                (Some(job), Some(waiter)) => {
                    let task = self.spawn(job, true);
                    self.dry.insert(task, waiter);
                }
                // Its turn came before: whoever waits is told when that poll is over, or was.
                (Some(_), None) if self.busy.contains(&source) => {}
                (Some(_), None) if !self.waiting.contains_key(&source) => {}
                (Some(_), None) => {
                    self.owner.asked_out_of_turn(self.clock.now());
                    self.start(source);
                }
                (None, dry) => self.skip_removed(source, dry),
            }
        }
    }

    fn skip_removed(&mut self, no: SourceNo, dry: Option<mpsc::UnboundedSender<PollEvent>>) {
        let Some(source) = self.owner.state().source(no) else {
            return;
        };
        let waiting = self.waiting.remove(&no).unwrap_or_default();
        for waiter in waiting.into_iter().chain(dry) {
            let _ = waiter.send(PollEvent::Skipped {
                id: source.id.to_string(),
                why: "it was removed before it was asked".to_owned(),
            });
        }
    }

    /// Judges some stored articles anew where that is due; how long until there are more to judge.
    fn judge_some(&mut self) -> Duration {
        if !self.owner.has_unjudged() {
            return NAP_MAX;
        }
        let since = self.judged_last.map_or(JUDGE_PAUSE, |at| at.elapsed());
        if since < JUDGE_PAUSE {
            return JUDGE_PAUSE - since;
        }
        if self.reads_ahead() {
            self.judged_last = Some(Instant::now());
            return JUDGE_PAUSE;
        }
        let now = self.clock.now();
        match self.blocking(|owner| owner.judge_some(now, STEP_ARTICLES_MAX)) {
            Ok(true) => {}
            Ok(false) => info!("stored articles are judged by the rules and the taxonomy in force"),
            Err(err) => {
                self.telemetry.write_failed();
                error!(%err, "stored articles cannot be judged anew: it goes on when the store can be written");
            }
        }
        self.judged_last = Some(Instant::now());
        JUDGE_PAUSE
    }

    /// Whether what the next step of gathering stories anew needs of the archive is being read beside the owner. Each
    /// part is waited for once: what is forgotten meanwhile is read by the step itself.
    fn reads_ahead(&mut self) -> bool {
        let missing = self.blocking(|owner| owner.missing_to_gather());
        if missing.is_empty() || missing.is_subset(&self.read_ahead) {
            return false;
        }
        if self.errands.is_empty() {
            self.send(&missing);
            self.read_ahead = missing;
            self.is_reading_ahead = true;
        }
        true
    }

    /// Has these parts of the archive read beside the owner.
    fn send(&mut self, spans: &BTreeSet<SpanNo>) {
        let errand = self.owner.errand(spans);
        let (store, alive) = (self.owner.reader(), Arc::downgrade(&self.alive));
        self.errands
            .spawn_blocking(move || errand.run(&store, || alive.strong_count() > 0));
    }

    /// Takes away some stories that leave where that is due; how long until there are more to look at.
    fn retire_some(&mut self) -> Duration {
        let now = self.clock.now();
        if !self.owner.has_retiring(now) {
            return NAP_MAX;
        }
        let since = self.retired_last.map_or(RETIRE_PAUSE, |at| at.elapsed());
        if since < RETIRE_PAUSE {
            return RETIRE_PAUSE - since;
        }
        match self.blocking(|owner| owner.retire_some(now, STEP_STORIES_MAX)) {
            Ok(0) => {}
            Ok(stories) => debug!(stories, "old stories left the store"),
            Err(err) => {
                self.telemetry.write_failed();
                error!(%err, "old stories cannot leave the store: it goes on when it can be written");
            }
        }
        self.retired_last = Some(Instant::now());
        RETIRE_PAUSE
    }

    /// Settles some keys of the store where that is due; how long until there are more.
    fn settle_some(&mut self) -> Duration {
        if !self.owner.has_unsettled() {
            return NAP_MAX;
        }
        let pause = match self.tasks.len() < BUSY_POLLS_MIN {
            true => SETTLE_PAUSE,
            false => SETTLE_PAUSE_BUSY,
        };
        let since = self.settled_last.map_or(pause, |at| at.elapsed());
        if since < pause {
            // Polls that come to their end wake the loop, and then it may be no longer busy.
            return pause - since;
        }
        let now = self.clock.now();
        if let Err(err) = self.blocking(|owner| owner.settle_some(now, STEP_KEYS_MAX)) {
            self.telemetry.write_failed();
            error!(%err, "old keys of the store cannot be settled: it goes on when it can be written");
        }
        self.settled_last = Some(Instant::now());
        SETTLE_PAUSE
    }

    fn start(&mut self, no: SourceNo) {
        if let Some(job) = self.owner.job(no) {
            self.busy.insert(no);
            self.spawn(job, false);
        }
    }

    fn spawn(&mut self, job: PollJob, dry_run: bool) -> tokio::task::Id {
        let fetcher = Arc::clone(&self.fetcher);
        let clock = Arc::clone(&self.clock);
        let readers = Arc::clone(&self.readers);
        let store = self.owner.reader();
        let remembered = job.clone();
        let handle = self.polls.spawn(async move {
            let begun = Instant::now();
            let gathering = Gathering {
                fetcher: fetcher.as_ref(),
                clock: &clock,
                readers: &readers,
                store: &store,
            };
            let outcome = gathering.poll(&job).await;
            Finished {
                job,
                outcome,
                dry_run,
                took: begun.elapsed(),
            }
        });
        self.tasks.insert(handle.id(), remembered);
        handle.id()
    }

    /// The next thing under way that comes to its end; none where nothing is.
    async fn ended(&mut self) -> Option<Ended> {
        tokio::select! {
            Some(done) = self.polls.join_next_with_id() => Some(Ended::Poll(Box::new(done))),
            Some(done) = self.errands.join_next() => Some(Ended::Errand(done)),
            else => None,
        }
    }

    fn meet(&mut self, ended: Ended) {
        match ended {
            Ended::Poll(done) => self.take(*done),
            Ended::Errand(done) => self.take_over(done),
        }
        self.tell_left_out();
    }

    /// Takes a poll that ended, and those that ended meanwhile: they are decided one after the other and written
    /// together, so that a lone one waits for nobody.
    fn take(&mut self, done: EndedPoll) {
        let begun = Instant::now();
        let mut group = Vec::new();
        let mut ended = Some(done);
        while let Some(done) = ended {
            if let Some((task, finished)) = self.end(done) {
                group.extend(self.settle_or_park(task, finished));
            }
            let has_room = group.len() < GROUP_POLLS_MAX && begun.elapsed() < GROUP_SPAN_MAX;
            ended = has_room
                .then(|| self.polls.try_join_next_with_id())
                .flatten();
        }
        self.write_down(group, begun);
    }

    /// What came of a poll whose task ended; none where it is nobody's.
    fn end(&self, done: EndedPoll) -> Option<(tokio::task::Id, Finished)> {
        let (task, finished) = match done {
            Ok((task, finished)) => (task, finished),
            Err(err) => {
                let job = self.tasks.get(&err.id()).cloned()?;
                let fault = FetchFault::new(FaultKind::Internal, "the poll panicked");
                error!(source = %job.id, %err, "a poll panicked");
                let finished = Finished {
                    job,
                    outcome: PollOutcome::Failed(fault),
                    dry_run: self.dry.contains_key(&err.id()),
                    took: Duration::ZERO,
                };
                (err.id(), finished)
            }
        };
        self.telemetry.poll_took(finished.took);
        Some((task, finished))
    }

    /// Stages a poll, unless it waits for the archive: nobody else's waits meanwhile.
    fn settle_or_park(&mut self, task: tokio::task::Id, finished: Finished) -> Option<Staged> {
        let now = self.clock.now();
        let missing =
            self.blocking(|owner| owner.missing(finished.job.source, &finished.outcome, now));
        if missing.is_empty() {
            return self.settle(task, finished);
        }
        self.parked.push_back((task, finished));
        if self.errands.is_empty() {
            self.send(&missing);
        }
        None
    }

    /// Stages a poll, or tells what it would do; none where nothing is to be stored of it.
    fn settle(&mut self, task: tokio::task::Id, finished: Finished) -> Option<Staged> {
        self.tasks.remove(&task);
        if finished.dry_run {
            self.finish_dry(task, finished);
            return None;
        }
        self.stage(finished)
    }

    fn take_over(&mut self, done: Result<Result<Stretch, StoreError>, tokio::task::JoinError>) {
        let stretch = match done {
            Ok(Ok(stretch)) => stretch,
            Ok(Err(err)) => {
                debug!(%err, "the archive could not be read ahead");
                Stretch::default()
            }
            Err(err) => {
                error!(%err, "reading the archive ahead panicked");
                Stretch::default()
            }
        };
        self.blocking(|owner| owner.take_over(stretch));
        let begun = Instant::now();
        let mut group = Vec::new();
        // What the first still lacks, it waits for, where all this was read for it.
        let was_for_polls = !std::mem::take(&mut self.is_reading_ahead);
        if was_for_polls && let Some((task, finished)) = self.parked.pop_front() {
            group.extend(self.settle(task, finished));
        }
        for (task, finished) in std::mem::take(&mut self.parked) {
            if group.len() >= GROUP_POLLS_MAX {
                self.write_down(std::mem::take(&mut group), begun);
            }
            group.extend(self.settle_or_park(task, finished));
        }
        self.write_down(group, begun);
    }

    /// Articles that the window has no room for are counted, and told now and then.
    fn tell_left_out(&mut self) {
        let window = self.owner.recognised();
        self.telemetry.window(
            window.articles,
            window.left_out.saturating_sub(self.left_out),
        );
        let grew = window.left_out > self.left_out;
        self.left_out = window.left_out;
        let is_due = self
            .left_out_told
            .is_none_or(|at| at.elapsed() >= LEFT_OUT_TOLD_EVERY);
        if grew && is_due {
            self.left_out_told = Some(Instant::now());
            warn!(
                articles = window.left_out,
                "the window has no room for so many articles: copies of them are recognised by address and full text only; a shorter stories.window holds fewer"
            );
        }
    }

    fn stage(&mut self, finished: Finished) -> Option<Staged> {
        let Finished { job, outcome, .. } = finished;
        self.busy.remove(&job.source);
        let waiting = self.waiting.remove(&job.source).unwrap_or_default();
        if self.is_readdressed(&job) {
            debug!(source = %job.id, "its address was changed while it was asked: asked anew");
            self.waiting.insert(job.source, waiting);
            self.start(job.source);
            return None;
        }
        let now = self.clock.now();
        let jitter = Jitter(self.random.f64());
        let was_well = self.owner.degraded().is_none();
        let key = job.reading.key;
        let staged = self.blocking(|owner| owner.stage(job.source, key, outcome, now, jitter));
        if let Err(err) = &staged
            && was_well
        {
            tell_unwritable(err);
        }
        Some(Staged {
            job,
            waiting,
            staged,
        })
    }

    /// One durable write for all of `group`, and then the news of it to whoever waits.
    fn write_down(&mut self, group: Vec<Staged>, begun: Instant) {
        if group.is_empty() {
            return;
        }
        let now = self.clock.now();
        // What could not be decided took with it what was staged before.
        let failed = group.iter().find_map(|one| one.staged.as_ref().err());
        let written = match failed {
            Some(err) => Err(err.clone()),
            None => self.blocking(|owner| owner.write_staged(now)),
        };
        if let (Err(err), None) = (&written, failed) {
            tell_unwritable(err);
        }
        self.telemetry.write_took(begun.elapsed());
        // Whoever is told what came of it finds it served.
        self.publish();
        for Staged {
            job,
            waiting,
            staged,
        } in group
        {
            match written.clone().and(staged) {
                Ok(Some(report)) => self.tell_finished(&job, &report, waiting),
                Ok(None) => {
                    debug!(source = %job.id, "removed while it was asked");
                    for waiter in waiting {
                        let _ = waiter.send(PollEvent::Skipped {
                            id: job.id.to_string(),
                            why: "it was removed while it was asked".to_owned(),
                        });
                    }
                }
                Err(err) => {
                    self.telemetry.write_failed();
                    for waiter in waiting {
                        let _ = waiter.send(PollEvent::Lost {
                            id: job.id.clone(),
                            cause: err.to_string(),
                        });
                    }
                }
            }
        }
    }

    fn tell_finished(
        &self,
        job: &PollJob,
        report: &PollReport,
        waiting: Vec<mpsc::UnboundedSender<PollEvent>>,
    ) {
        self.telemetry.polled(
            report.outcome,
            report.new.len(),
            report.changed,
            report.copies,
        );
        self.telemetry.held(report.held);
        self.log(job, report);
        for waiter in waiting {
            let _ = waiter.send(PollEvent::Finished {
                id: job.id.clone(),
                report: report.clone(),
            });
        }
    }

    /// Whether the answer comes from an address that is no longer the source's: its validators, and how
    /// it is doing, say nothing of the new one.
    fn is_readdressed(&self, job: &PollJob) -> bool {
        let current = self.owner.address(job.source);
        current.is_some_and(|current| current != job.fetch.url)
    }

    fn finish_dry(&mut self, task: tokio::task::Id, finished: Finished) {
        let Some(waiter) = self.dry.remove(&task) else {
            return;
        };
        let Finished { job, outcome, .. } = finished;
        let now = self.clock.now();
        let decided = self
            .blocking(|owner| owner.decide(job.source, job.reading.key, outcome, now, Jitter(0.0)));
        let _ = waiter.send(match decided {
            Ok(digest) => PollEvent::Finished {
                id: job.id,
                report: digest.map(|digest| digest.report).unwrap_or_default(),
            },
            Err(err) => PollEvent::Lost {
                id: job.id,
                cause: err.to_string(),
            },
        });
    }

    /// The store blocks; other tasks of this thread must not wait for it.
    fn blocking<T>(&mut self, work: impl FnOnce(&mut Owner) -> T) -> T {
        tokio::task::block_in_place(|| work(&mut self.owner))
    }

    fn log(&self, job: &PollJob, report: &PollReport) {
        let next_poll_at = self
            .owner
            .state()
            .source(job.source)
            .map(|source| source.next_poll_at);
        let next_poll_at = next_poll_at.unwrap_or(Timestamp::EPOCH);
        match &report.fault {
            Some(fault) => warn!(
                source = %job.id, outcome = report.outcome, detail = %fault.detail, %next_poll_at, "poll failed"
            ),
            None => info!(
                source = %job.id, outcome = report.outcome, new = report.new.len(),
                changed = report.changed, same = report.same, copies = report.copies, held = report.held,
                problems = report.problems.len(), %next_poll_at, "polled"
            ),
        }
        for problem in &report.problems {
            debug!(source = %job.id, problem, "a problem of this source");
        }
    }

    fn obey(&mut self, command: Command, refit: &Refit<F>, pulse: &Pulse) {
        match command {
            Command::Poll { request, replies } => self.poll_now(&request, &replies),
            Command::Amend { asked, reply } => {
                let now = self.clock.now();
                let amended = self.blocking(|owner| amend::amend(owner, &asked, now));
                match &amended {
                    Ok(done) => {
                        info!(story = done.story, deed = ?asked.deed, "a story was amended")
                    }
                    Err(why) => debug!(why, deed = ?asked.deed, "a story was not amended"),
                }
                self.publish();
                let _ = reply.send(amended);
            }
            Command::Refuse { errors, reply } => {
                self.telemetry.reloaded("refused");
                let refused = self.refuse(errors);
                self.publish();
                let _ = reply.send(refused);
            }
            Command::Reload {
                loaded,
                preview,
                reply,
            } => {
                pulse.supervisor.reloading();
                let reloaded = self.reload(*loaded, preview, refit);
                self.telemetry.reloaded(match &reloaded {
                    Reloaded::InForce { .. } => "in-force",
                    Reloaded::Refused(_) => "refused",
                });
                pulse.supervisor.ready();
                // Whoever is told that it is in force finds it served.
                self.publish();
                let _ = reply.send(reloaded);
            }
        }
    }

    fn poll_now(&mut self, request: &PollRequest, replies: &mpsc::UnboundedSender<PollEvent>) {
        let now = self.clock.now();
        let (chosen, skipped) = poll::choose(&self.owner, request, now);
        for (id, why) in skipped {
            let _ = replies.send(PollEvent::Skipped { id, why });
        }
        for no in chosen {
            if request.dry_run {
                self.asked.push_back(AskedPoll {
                    source: no,
                    dry: Some(replies.clone()),
                });
                continue;
            }
            let waiting = self.waiting.entry(no).or_default();
            // Whoever asks for what others wait for waits with them.
            if waiting.is_empty() && !self.busy.contains(&no) {
                self.asked.push_back(AskedPoll {
                    source: no,
                    dry: None,
                });
            }
            waiting.push(replies.clone());
        }
        self.start_asked();
    }

    fn reload(
        &mut self,
        loaded: Result<Checked, Vec<Remark>>,
        preview: Option<Preview>,
        refit: &Refit<F>,
    ) -> Reloaded {
        let now = self.clock.now();
        let checked = match loaded {
            Ok(checked) => checked,
            Err(errors) => {
                return self.refuse(errors.iter().map(ToString::to_string).collect());
            }
        };
        let fetcher = match refit(&self.fetcher, &checked.config) {
            Ok(fetcher) => Arc::new(fetcher),
            Err(cause) => return self.refuse(vec![cause]),
        };
        match self.blocking(|owner| owner.reload(checked.config, now)) {
            Ok(diff) => {
                self.fetcher = fetcher;
                info!(
                    added = diff.added.len(),
                    removed = diff.removed.len(),
                    changed = diff.changed.len(),
                    "the configuration is reloaded"
                );
                for key in &diff.needs_restart {
                    warn!(key, "this change takes effect after a restart");
                }
                Reloaded::InForce {
                    diff,
                    warnings: checked.warnings,
                    preview,
                }
            }
            Err(err) => {
                error!(%err, "the configuration could not be put into force");
                Reloaded::Refused(vec![err.to_string()])
            }
        }
    }

    /// Whoever waits for a poll is told that it will not come to its end.
    fn give_up_waiting(&mut self) {
        let lost = |id: &SourceId| PollEvent::Lost {
            id: id.clone(),
            cause: "the daemon is stopping".to_owned(),
        };
        for (task, job) in &self.tasks {
            let dry = self.dry.remove(task);
            let waiting = self.waiting.remove(&job.source).unwrap_or_default();
            for waiter in waiting.into_iter().chain(dry) {
                let _ = waiter.send(lost(&job.id));
            }
        }
        for AskedPoll { source, dry } in self.asked.drain(..) {
            let waiting = self.waiting.remove(&source).unwrap_or_default();
            if let Some(source) = self.owner.state().source(source) {
                for waiter in waiting.into_iter().chain(dry) {
                    let _ = waiter.send(lost(&source.id));
                }
            }
        }
    }

    fn refuse(&mut self, errors: Vec<String>) -> Reloaded {
        for err in &errors {
            error!(%err, "the configuration is refused, the old one stays in force");
        }
        self.owner.refuse_config(errors.clone());
        Reloaded::Refused(errors)
    }

    fn publish(&mut self) {
        if self.published.borrow().generation != self.owner.generation() {
            self.published
                .send_replace(Arc::new(self.owner.published()));
        }
    }
}

/// Asks the sources of `request` once, without a daemon: `emit` gets what came of each.
pub async fn poll_once<F: Fetcher>(
    owner: Owner,
    fetcher: Arc<F>,
    clock: SharedClock,
    seed: u64,
    request: &PollRequest,
    mut emit: impl FnMut(crate::admin::Polled),
) {
    let (published, _served) = watch::channel(Arc::new(owner.published()));
    let (replies, mut events) = mpsc::unbounded_channel();
    let mut machine = Loop::new(owner, fetcher, clock, seed, published);
    machine.poll_now(request, &replies);
    drop(replies);
    while let Some(ended) = machine.ended().await {
        machine.meet(ended);
        machine.start_asked();
        while let Ok(event) = events.try_recv() {
            emit(poll::polled(event));
        }
    }
    while let Ok(event) = events.try_recv() {
        emit(poll::polled(event));
    }
}
