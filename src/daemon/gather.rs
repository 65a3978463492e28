//! Everything one poll asks for: the source's own address, what its answer leads to, the pages of new articles.
//!
//! Asks one after another, so that one source never has more than one request in flight; reads off the event
//! loop. Whatever goes wrong is an outcome.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;

use super::owner::PollJob;
use crate::clock::SharedClock;
use crate::core::model::{
    Entry, EntryFeed, FaultKind, FetchFault, FetchJob, FetchOutcome, FullText, Known, KnownEntry,
    PollOutcome, Problem, Validators, Wanted,
};
use crate::core::reading::{self, Beginning, Draft};
use crate::fetch::Fetcher;
use crate::store::StoreReader;

/// Pages of articles that one poll asks for; what is left waits for the next.
pub const FULL_TEXTS_MAX: usize = 20;

/// Failures after which a host is left alone until the next poll.
const FAILURES_MAX: usize = 2;

/// What a poll asks with.
pub struct Gathering<'a, F> {
    pub fetcher: &'a F,
    pub clock: &'a SharedClock,
    /// Reading is work for a core: no more of it at once than there are cores.
    pub readers: &'a Arc<Semaphore>,
    pub store: &'a StoreReader,
}

impl<F: Fetcher> Gathering<'_, F> {
    /// Asks the source and reads its answers.
    pub async fn poll(&self, job: &PollJob) -> PollOutcome {
        match self.read(job).await {
            Ok(outcome) if job.reading.full_text => self.with_full_texts(job, outcome).await,
            Ok(outcome) => outcome,
            Err(fault) => PollOutcome::Failed(fault),
        }
    }

    async fn read(&self, job: &PollJob) -> Result<PollOutcome, FetchFault> {
        let fetched = self.fetcher.fetch(job.fetch.clone()).await;
        let (before, reading, now) = (job.before, job.reading.clone(), self.clock.now());
        let begun = match &fetched {
            FetchOutcome::Fetched(_) => {
                self.off_the_loop(move || reading::begin(fetched, before, &reading, now))
                    .await?
            }
            // Nothing is to be read: another thread would cost more than all the rest.
            FetchOutcome::NotModified { .. } | FetchOutcome::Failed(_) => {
                reading::begin(fetched, before, &reading, now)
            }
        };
        let mut draft = match begun {
            Beginning::Settled(outcome) => return Ok(outcome),
            Beginning::Open(draft) => draft,
        };
        while let Some(address) = draft.next_address() {
            let fetched = self.ask(job, job.reading.wanted(), &address).await;
            draft = self.add(job, draft, address, fetched).await?;
        }
        let (reading, tagger, now) = (
            job.reading.clone(),
            Arc::clone(&job.tagger),
            self.clock.now(),
        );
        self.off_the_loop(move || draft.finish(&reading, &tagger, now))
            .await
    }

    async fn add(
        &self,
        job: &PollJob,
        mut draft: Draft,
        address: String,
        fetched: FetchOutcome,
    ) -> Result<Draft, FetchFault> {
        let (reading, now) = (job.reading.clone(), self.clock.now());
        self.off_the_loop(move || {
            draft.add(&address, fetched, &reading, now);
            draft
        })
        .await
    }

    /// Asks for something else than the source's own address.
    async fn ask(&self, job: &PollJob, wanted: Wanted, address: &str) -> FetchOutcome {
        let fetch = FetchJob {
            wanted,
            url: address.to_owned(),
            validators: Validators::default(),
            headers: match is_of_one_site(address, &job.fetch.url) {
                true => job.fetch.headers.clone(),
                false => Vec::new(),
            },
            ..job.fetch.clone()
        };
        self.fetcher.fetch(fetch).await
    }

    /// The entries with what their own pages say: as stored where a page was asked before, else asked now.
    async fn with_full_texts(&self, job: &PollJob, mut outcome: PollOutcome) -> PollOutcome {
        let PollOutcome::Read {
            feed, retry_after, ..
        } = &mut outcome
        else {
            return outcome;
        };
        match self.read_pages(job, feed, retry_after).await {
            Ok(true) => outcome,
            Ok(false) => reading::unfinished(outcome),
            Err(fault) => PollOutcome::Failed(fault),
        }
    }

    /// Whether every page that is wanted was asked.
    async fn read_pages(
        &self,
        job: &PollJob,
        feed: &mut EntryFeed,
        retry_after: &mut Option<Duration>,
    ) -> Result<bool, FetchFault> {
        let (store, source) = (self.store.clone(), job.source);
        let listed = std::mem::take(&mut feed.entries);
        let (known, listed) = self
            .off_the_loop(move || (store.known(source, &listed), listed))
            .await?;
        let known = known.map_err(|err| internal(&err.to_string()))?;
        let mut left = FULL_TEXTS_MAX;
        let mut failures = 0;
        let mut is_whole = true;
        let mut entries = Vec::with_capacity(listed.len());
        for entry in listed {
            let before = said_before(&known, &entry);
            let address = entry.url.clone().filter(|_| FullText::is_wanted(before));
            let is_enough = left == 0 || failures >= FAILURES_MAX || retry_after.is_some();
            let said = match address {
                None => before.cloned(),
                Some(_) if is_enough => {
                    is_whole = false;
                    before.cloned()
                }
                Some(address) => {
                    left -= 1;
                    let (said, fault) = self.full_text(job, &address, before).await;
                    if let Some(fault) = fault {
                        let may_pass = FullText::is_wanted(Some(&said));
                        failures += usize::from(may_pass);
                        is_whole &= !may_pass;
                        *retry_after = (*retry_after).max(fault.retry_after);
                        feed.problems.push(Problem {
                            item: Some(entries.len()),
                            what: format!("its page gave no text: {}", fault.detail),
                        });
                    }
                    Some(said)
                }
            };
            entries.push(self.joined(job, entry, said).await?);
        }
        feed.entries = entries;
        Ok(is_whole)
    }

    async fn full_text(
        &self,
        job: &PollJob,
        address: &str,
        before: Option<&FullText>,
    ) -> (FullText, Option<FetchFault>) {
        let fetched = self.ask(job, Wanted::Article, address).await;
        let (before, reading, now) = (before.cloned(), job.reading.clone(), self.clock.now());
        let read = self
            .off_the_loop(move || reading::full_text(fetched, before.as_ref(), &reading, now))
            .await;
        read.unwrap_or_else(|fault| (FullText::default(), Some(fault)))
    }

    async fn joined(
        &self,
        job: &PollJob,
        entry: Entry,
        said: Option<FullText>,
    ) -> Result<Entry, FetchFault> {
        let Some(said) = said else {
            return Ok(entry);
        };
        let (reading, tagger, now) = (
            job.reading.clone(),
            Arc::clone(&job.tagger),
            self.clock.now(),
        );
        self.off_the_loop(move || reading::with_full_text(entry, said, &reading, &tagger, now))
            .await
    }

    async fn off_the_loop<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, FetchFault> {
        let Ok(permit) = Arc::clone(self.readers).acquire_owned().await else {
            return Err(internal("the reader is gone"));
        };
        let read = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            work()
        });
        read.await.map_err(|err| match err.is_panic() {
            true => internal("reading the answer panicked"),
            false => internal("reading the answer was cut off"),
        })
    }
}

/// What the page of a stored entry said; an entry under a new id is found by its address.
fn said_before<'a>(known: &'a Known, entry: &Entry) -> Option<&'a FullText> {
    let no = match known.article_of(entry) {
        Some(KnownEntry::Stored(no)) => no,
        // Taken in once and removed since: nothing is done with it.
        Some(KnownEntry::Gone) => return Some(&NEVER),
        None => *known.here.get(&entry.address?)?.last()?,
    };
    known.articles.get(&no)?.entry.full_text.as_ref()
}

static NEVER: FullText = FullText {
    html: None,
    title: None,
    published_at: None,
    authors: Vec::new(),
    image: None,
    tries: FullText::TRIES_MAX,
};

/// Headers of a source may hold keys to its house: they stay on its host.
fn is_of_one_site(address: &str, own: &str) -> bool {
    let origin = |raw: &str| url::Url::parse(raw).map(|url| url.origin()).ok();
    origin(address).is_some() && origin(address) == origin(own)
}

fn internal(what: &str) -> FetchFault {
    FetchFault::new(FaultKind::Internal, what)
}
