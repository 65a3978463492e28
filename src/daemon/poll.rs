//! One poll: fetch, then read off the event loop; and which sources a request means.

use std::sync::Arc;

use tokio::sync::Semaphore;

use super::PollEvent;
use super::owner::{Owner, PollJob, not_polled_because};
use crate::admin::{PollRequest, Polled, PolledArticle};
use crate::clock::SharedClock;
use crate::core::model::{
    FaultKind, FetchFault, PollOutcome, SourceId, SourceNo, Timestamp, nearest,
};
use crate::core::reading;
use crate::fetch::Fetcher;

/// Asks the source and reads its answer; whatever goes wrong is an outcome.
pub async fn poll<F: Fetcher>(
    job: &PollJob,
    fetcher: &F,
    clock: &SharedClock,
    readers: &Arc<Semaphore>,
) -> PollOutcome {
    let fetched = fetcher.fetch(job.fetch.clone()).await;
    // Reading is work for a core: no more of it at once than there are cores.
    let Ok(permit) = Arc::clone(readers).acquire_owned().await else {
        return internal("the reader is gone");
    };
    let now = clock.now();
    let (before, reading, tagger) = (job.before, job.reading.clone(), Arc::clone(&job.tagger));
    let read = tokio::task::spawn_blocking(move || {
        let _permit = permit;
        reading::read(fetched, before, &reading, &tagger, now)
    });
    match read.await {
        Ok(outcome) => outcome,
        Err(err) if err.is_panic() => internal("reading the answer panicked"),
        Err(_) => internal("reading the answer was cut off"),
    }
}

fn internal(what: &str) -> PollOutcome {
    PollOutcome::Failed(FetchFault::new(FaultKind::Internal, what))
}

/// The sources a request means, and those it names in vain.
pub fn choose(
    owner: &Owner,
    request: &PollRequest,
    now: Timestamp,
) -> (Vec<SourceNo>, Vec<(String, String)>) {
    let mut chosen = Vec::new();
    let mut skipped = Vec::new();
    if request.ids.is_empty() {
        for (no, source) in owner.configured_sources() {
            if not_polled_because(source).is_some() {
                continue;
            }
            match told_to_wait(owner, no, request, now) {
                None => chosen.push(no),
                Some(why) => skipped.push((source.id.to_string(), why)),
            }
        }
    }
    for raw in &request.ids {
        let Some((no, source)) = SourceId::parse(raw)
            .ok()
            .and_then(|id| owner.configured(&id))
        else {
            skipped.push((raw.clone(), unknown(owner, raw)));
            continue;
        };
        let why = not_polled_because(source).map(str::to_owned);
        match why.or_else(|| told_to_wait(owner, no, request, now)) {
            None => chosen.push(no),
            Some(why) => skipped.push((raw.clone(), why)),
        }
    }
    chosen.sort_unstable();
    chosen.dedup();
    (chosen, skipped)
}

fn told_to_wait(
    owner: &Owner,
    no: SourceNo,
    request: &PollRequest,
    now: Timestamp,
) -> Option<String> {
    let until = owner.state().source(no)?.asked_to_wait_until?;
    (until > now && !request.force).then(|| {
        format!("it asked to be left alone until {until} (Retry-After); --force asks all the same")
    })
}

fn unknown(owner: &Owner, raw: &str) -> String {
    let configured = owner
        .configured_sources()
        .map(|(_, source)| source.id.as_str());
    match nearest(raw, configured) {
        Some(nearest) => format!("no source of this id is configured; the nearest is {nearest:?}"),
        None => "no source is configured".to_owned(),
    }
}

/// What came of one source, as the admin socket and the command line tell it.
pub fn polled(event: PollEvent) -> Polled {
    match event {
        PollEvent::Skipped { id, why } => Polled {
            id,
            outcome: "skipped".into(),
            detail: Some(why),
            ..Polled::default()
        },
        PollEvent::Lost { id, cause } => Polled {
            id: id.to_string(),
            outcome: "lost".into(),
            detail: Some(cause),
            ..Polled::default()
        },
        PollEvent::Finished { id, report } => Polled {
            id: id.to_string(),
            outcome: report.outcome.into(),
            ok: report.fault.is_none(),
            detail: report.fault.map(|fault| fault.detail),
            listed: report.listed,
            new: report
                .new
                .into_iter()
                .map(|new| PolledArticle {
                    title: new.title,
                    url: new.url,
                    copy: new.joined.is_some(),
                })
                .collect(),
            changed: report.changed,
            same: report.same,
            copies: report.copies,
            problems: report.problems,
        },
    }
}
