//! Polls that somebody asks for: which sources are meant, and what is told of each.

use super::PollEvent;
use super::owner::{Owner, not_polled_because};
use crate::admin::{PollRequest, Polled, PolledArticle};
use crate::core::model::{SourceId, SourceNo, Timestamp, nearest};
use crate::core::schedule;

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
    let until = schedule::left_alone_until(owner.state().source(no)?, now)?;
    (!request.force).then(|| {
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
            held: report.held,
            problems: report.problems,
        },
    }
}
