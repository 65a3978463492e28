//! Records as version 1 wrote them, and what they are today.
//!
//! Only shapes that changed stand here; what they hold unchanged is the model's own, and the stored bytes in
//! `tests/data/store` fail when that is changed without a new version.

use std::time::Duration;

use serde::Deserialize;

use super::{Record, whole};
use crate::core::model;
use crate::core::model::{
    AddressKey, ArticleNo, ContentKey, Custody, DateFrom, Enclosure, EntryKey, FaultKind,
    FetchFault, Rhythm, Ruled, SourceId, SourceNo, SourceState, Standing, StoryNo, Tag, TextKey,
    Timestamp, Validators,
};

#[derive(Deserialize)]
struct Entry {
    key: EntryKey,
    own_id: bool,
    url: Option<String>,
    address: Option<AddressKey>,
    shared_address: Option<AddressKey>,
    host: Option<String>,
    title: String,
    summary: Option<String>,
    content: Option<String>,
    authors: Vec<String>,
    enclosures: Vec<Enclosure>,
    language: Option<String>,
    tags: Vec<Tag>,
    published_at: Option<Timestamp>,
    date_from: DateFrom,
    updated_at: Option<Timestamp>,
    title_key: Option<TextKey>,
    text_key: Option<TextKey>,
    words_key: ContentKey,
}

#[derive(Deserialize)]
struct Article {
    no: ArticleNo,
    source: SourceNo,
    story: StoryNo,
    entry: Entry,
    published_at: Timestamp,
    updated_at: Timestamp,
    first_seen_at: Timestamp,
}

#[derive(Deserialize)]
struct Story {
    no: StoryNo,
    published_at: Timestamp,
    dated_by: ArticleNo,
    first_seen_at: Timestamp,
    changed_at: Timestamp,
    articles: Vec<ArticleNo>,
}

#[derive(Deserialize)]
struct Source {
    no: SourceNo,
    id: SourceId,
    was: Vec<SourceId>,
    url: String,
    title: Option<String>,
    site: Option<String>,
    added_at: Timestamp,
    next_poll_at: Timestamp,
    interval: Duration,
    asked_to_wait_until: Option<Timestamp>,
    validators: Validators,
    body_key: Option<ContentKey>,
    reading_key: Option<ContentKey>,
    _rhythm: Gap,
    failures: u32,
    polls: u64,
    entries: u64,
    last_poll_at: Option<Timestamp>,
    last_success_at: Option<Timestamp>,
    last_status: Option<u16>,
    last_fault: Option<Fault>,
    last_problem: Option<String>,
}

/// A mean gap says nothing of the hours of a week: the rhythm is learnt anew.
#[derive(Deserialize)]
struct Gap {
    _gap_s: Option<f64>,
    _newest_at: Option<Timestamp>,
}

#[derive(Deserialize)]
struct Fault {
    kind: Kind,
    detail: String,
    status: Option<u16>,
    retry_after: Option<Duration>,
}

/// Told by its place in this list: the model's has another order since robots.txt is obeyed.
#[derive(Deserialize)]
enum Kind {
    Unreachable,
    Timeout,
    TooLarge,
    Status,
    Throttled,
    Gone,
    Redirect,
    PrivateAddress,
    Encoding,
    NotAFeed,
    Internal,
}

impl Record for model::Article {
    fn from_v1(plain: &[u8]) -> Result<model::Article, String> {
        whole::<Article>(plain).map(Into::into)
    }
}

impl Record for model::Story {
    fn from_v1(plain: &[u8]) -> Result<model::Story, String> {
        whole::<Story>(plain).map(Into::into)
    }
}

impl Record for SourceState {
    fn from_v1(plain: &[u8]) -> Result<SourceState, String> {
        whole::<Source>(plain).map(Into::into)
    }
}

impl From<Entry> for model::Entry {
    fn from(old: Entry) -> model::Entry {
        model::Entry {
            key: old.key,
            own_id: old.own_id,
            url: old.url,
            address: old.address,
            shared_address: old.shared_address,
            host: old.host,
            title: old.title,
            summary: old.summary,
            content: old.content,
            authors: old.authors,
            enclosures: old.enclosures,
            language: old.language,
            tags: old.tags,
            published_at: old.published_at,
            date_from: old.date_from,
            updated_at: old.updated_at,
            title_key: old.title_key,
            text_key: old.text_key,
            words_key: old.words_key,
            full_text: None,
            ruled: Ruled::default(),
        }
    }
}

impl From<Article> for model::Article {
    fn from(old: Article) -> model::Article {
        model::Article {
            no: old.no,
            source: old.source,
            story: old.story,
            entry: old.entry.into(),
            published_at: old.published_at,
            updated_at: old.updated_at,
            first_seen_at: old.first_seen_at,
            custody: Custody::default(),
        }
    }
}

impl From<Story> for model::Story {
    fn from(old: Story) -> model::Story {
        model::Story {
            no: old.no,
            published_at: old.published_at,
            dated_by: old.dated_by,
            first_seen_at: old.first_seen_at,
            changed_at: old.changed_at,
            articles: old.articles,
            standing: Standing::Shown,
            returned_at: None,
            former_articles: Vec::new(),
        }
    }
}

impl From<Source> for SourceState {
    fn from(old: Source) -> SourceState {
        SourceState {
            was: old.was,
            title: old.title,
            site: old.site,
            next_poll_at: old.next_poll_at,
            interval: old.interval,
            asked_to_wait_until: old.asked_to_wait_until,
            validators: old.validators,
            body_key: old.body_key,
            reading_key: old.reading_key,
            rhythm: Rhythm::default(),
            failures: old.failures,
            polls: old.polls,
            entries: old.entries,
            last_poll_at: old.last_poll_at,
            last_success_at: old.last_success_at,
            last_status: old.last_status,
            last_fault: old.last_fault.map(Into::into),
            last_problem: old.last_problem,
            // What came since begins as for a source that is new; nobody knows what its articles were judged by.
            ..SourceState::new(old.no, old.id, old.url, old.added_at)
        }
    }
}

impl From<Fault> for FetchFault {
    fn from(old: Fault) -> FetchFault {
        FetchFault {
            kind: old.kind.into(),
            detail: old.detail,
            status: old.status,
            retry_after: old.retry_after,
        }
    }
}

impl From<Kind> for FaultKind {
    fn from(old: Kind) -> FaultKind {
        match old {
            Kind::Unreachable => FaultKind::Unreachable,
            Kind::Timeout => FaultKind::Timeout,
            Kind::TooLarge => FaultKind::TooLarge,
            Kind::Status => FaultKind::Status,
            Kind::Throttled => FaultKind::Throttled,
            Kind::Gone => FaultKind::Gone,
            Kind::Redirect => FaultKind::Redirect,
            Kind::PrivateAddress => FaultKind::PrivateAddress,
            Kind::Encoding => FaultKind::Encoding,
            Kind::NotAFeed => FaultKind::NotAFeed,
            Kind::Internal => FaultKind::Internal,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{decode, encode};
    use super::*;
    use crate::core::model::fixture;

    #[test]
    fn every_fault_of_version_1_keeps_its_name() {
        let names = [
            "unreachable",
            "timeout",
            "too-large",
            "status",
            "throttled",
            "gone",
            "redirect",
            "private-address",
            "encoding",
            "not-a-feed",
            "internal",
        ];
        for (place, name) in (0_u8..).zip(names) {
            let kind: Kind = whole(&[place]).expect("it had this many");
            assert_eq!(FaultKind::from(kind).name(), name);
        }
        assert!(whole::<Kind>(&[11]).is_err());
    }

    // Trees of unreleased programs between the two versions are refused rather than read by halves.
    #[test]
    fn a_record_of_today_under_the_old_version_is_damage() {
        let article = fixture::article(0, 1, 0, fixture::entry("a"));
        let story = fixture::story(0, &[article]);
        let mut bytes = encode(&story);
        assert_eq!(decode(&bytes, "story"), Ok(story));
        bytes[0] = 1;
        assert!(decode::<model::Story>(&bytes, "story").is_err());
    }
}
