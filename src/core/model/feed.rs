use std::time::Duration;

use super::{DateFrom, Enclosure, Entry, Timestamp};

/// Something a source did wrong that did not stop the rest from being read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Which item, counted from 0 in the source's order; none for the whole answer.
    pub item: Option<usize>,
    pub what: String,
}

/// A category as the source wrote it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParsedCategory {
    pub term: String,
    pub label: Option<String>,
}

/// A date a source states, with how it was come by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Published {
    pub at: Timestamp,
    pub from: DateFrom,
}

/// One item of an answer, decoded but not yet judged: strings are the source's, markup and all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ParsedItem {
    /// The source's own id (guid, atom:id, JSON id); none when it gave none.
    pub id: Option<String>,
    /// May hold markup and entities.
    pub title: Option<String>,
    /// As written; may be relative to `base`.
    pub link: Option<String>,
    /// What relative addresses in this item are relative to.
    pub base: Option<String>,
    /// HTML or plain text.
    pub summary: Option<String>,
    /// HTML, more than the summary.
    pub content: Option<String>,
    pub authors: Vec<String>,
    pub categories: Vec<ParsedCategory>,
    pub published: Option<Published>,
    pub updated_at: Option<Timestamp>,
    pub enclosures: Vec<Enclosure>,
    pub language: Option<String>,
}

/// What a source's answer says, whatever its format.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ParsedFeed {
    /// `RSS 2.0`, `Atom 1.0`, …: for people.
    pub format: String,
    pub title: Option<String>,
    /// The page the feed belongs to.
    pub site: Option<String>,
    pub language: Option<String>,
    /// `ttl`, `sy:updatePeriod`: how long the source asks to be left alone.
    pub ttl: Option<Duration>,
    /// RSS `skipHours`, 0 to 23, GMT.
    pub skip_hours: Vec<u8>,
    /// RSS `skipDays`, 0 is Monday, GMT.
    pub skip_days: Vec<u8>,
    pub items: Vec<ParsedItem>,
    pub problems: Vec<Problem>,
}

/// A [`ParsedFeed`] whose items are normalised and tagged: what the digest works on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EntryFeed {
    pub format: String,
    pub title: Option<String>,
    pub site: Option<String>,
    pub ttl: Option<Duration>,
    pub skip_hours: Vec<u8>,
    pub skip_days: Vec<u8>,
    /// In the source's order; each key once.
    pub entries: Vec<Entry>,
    pub problems: Vec<Problem>,
}
