use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{ContentKey, DateFrom, Enclosure, Entry, Timestamp};

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

/// What the page of an article says; strings are the source's.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ParsedArticle {
    /// As HTML.
    pub title: Option<String>,
    pub html: String,
    pub published: Option<Published>,
    pub updated_at: Option<Timestamp>,
    pub authors: Vec<String>,
    pub image: Option<Enclosure>,
    /// Whether the site's selector was given and found nothing: then the text was found by itself.
    pub selector_missed: bool,
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
    /// Of a page: where its items stood, and how many they were.
    pub seen: Option<Seen>,
    /// A sitemap has no places, but is missed too when it lists nothing any more.
    pub is_sitemap: bool,
    /// With what tags and rulings were made.
    pub judged_by: Option<ContentKey>,
}

/// What a listing page looked like, its older pages apart.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Seen {
    pub structure: Structure,
    pub items: u32,
}

/// Where the items of a page stand, in words that do not change with the news; the most common place first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Structure(pub Vec<String>);

impl Structure {
    /// Places that are kept.
    pub const PLACES_MAX: usize = 8;

    /// Whether items are found, and none of them where they stood at `earlier`.
    pub fn moved_since(&self, earlier: &Structure) -> bool {
        let both_known = !self.0.is_empty() && !earlier.0.is_empty();
        both_known && !self.0.iter().any(|place| earlier.0.contains(place))
    }
}

/// What a listing page usually looks like, by which a changed one is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Habit {
    pub structure: Structure,
    /// How many items it lists.
    pub items: u32,
    /// Since when items stand elsewhere.
    pub moved_at: Option<Timestamp>,
}
