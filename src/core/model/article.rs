use serde::{Deserialize, Serialize};

use super::{
    AddressKey, ArticleNo, ContentKey, Custody, EntryKey, HeldBy, Ruled, Ruling, Scheme, SourceNo,
    Standing, StoryNo, Tag, TextKey, Timestamp, Verdict,
};

/// How an article came by its date: a guess never looks like a fact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum DateFrom {
    /// The source states it for the entry.
    Stated,
    /// Read from the text of a page.
    Page,
    /// Nothing was stated, or it could not be read: the moment langbao first saw the entry.
    FirstSeen,
}

/// A file that belongs to an entry: a photograph, a broadcast.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Enclosure {
    pub url: String,
    pub media_type: Option<String>,
    pub bytes: Option<u64>,
}

/// One item of a source, normalised and tagged, before the store knows it.
///
/// Two entries that are equal would be shown, matched and filed alike: comparing what is stored with
/// what a poll brought is how an unchanged item costs no write.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// The source's own id; where it gives none, made from address and title.
    pub key: EntryKey,
    /// Whether `key` comes from an id the source itself gave.
    pub own_id: bool,
    /// Absolute http(s) address as the source gives it, resolved.
    pub url: Option<String>,
    /// The canonical address with its fragment: one entry of this source.
    pub address: Option<AddressKey>,
    /// The canonical address without fragment, for meeting other sources' articles; none for a bare host.
    pub shared_address: Option<AddressKey>,
    /// Lower-case host of `url`, without `www.`.
    pub host: Option<String>,
    /// Plain text, at most [`Entry::TITLE_CHARS_MAX`] characters.
    pub title: String,
    /// Safe HTML.
    pub summary: Option<String>,
    /// Safe HTML, where the source gives more than a summary.
    pub content: Option<String>,
    pub authors: Vec<String>,
    pub enclosures: Vec<Enclosure>,
    /// BCP 47, where entry or source names one.
    pub language: Option<String>,
    /// Sorted, each (scheme, term) once.
    pub tags: Vec<Tag>,
    /// What the source states, in whole seconds; not yet held against the clock.
    pub published_at: Option<Timestamp>,
    pub date_from: DateFrom,
    pub updated_at: Option<Timestamp>,
    /// The title, for telling whether two articles at one address agree.
    pub title_key: Option<TextKey>,
    /// Title and text for matching; none when they have fewer than eight syllables.
    pub text_key: Option<TextKey>,
    /// What a reader would see change: title, summary, content, without markup.
    pub words_key: ContentKey,
    /// What the article's own page says; none while it was not asked.
    #[serde(default)]
    pub full_text: Option<FullText>,
    /// What the rules make of it; its tags are those the rules left it.
    #[serde(default)]
    pub ruled: Ruled,
}

/// What an article's own page says, or how often it was asked in vain.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FullText {
    /// Safe HTML; none where the page has no text of an article.
    pub html: Option<String>,
    /// Plain text, for an entry that has no title of its own.
    pub title: Option<String>,
    /// For an entry that has no date of its own.
    pub published_at: Option<Timestamp>,
    /// For an entry that names none.
    pub authors: Vec<String>,
    pub image: Option<Enclosure>,
    /// Failures that another time may be none; at [`FullText::TRIES_MAX`] it is given up.
    pub tries: u8,
}

impl FullText {
    pub const TRIES_MAX: u8 = 3;

    /// Whether the page is to be asked (again).
    pub fn is_wanted(known: Option<&FullText>) -> bool {
        known.is_none_or(|known| (1..Self::TRIES_MAX).contains(&known.tries))
    }
}

impl Entry {
    pub const TITLE_CHARS_MAX: usize = 1000;
}

/// An [`Entry`] with its place in the store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Article {
    pub no: ArticleNo,
    pub source: SourceNo,
    pub story: StoryNo,
    pub entry: Entry,
    /// Never later than `first_seen_at`; never moves once given.
    pub published_at: Timestamp,
    /// Moves only when the words change.
    pub updated_at: Timestamp,
    pub first_seen_at: Timestamp,
    #[serde(default)]
    pub custody: Custody,
}

/// One piece of news, whichever sources carry it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Story {
    pub no: StoryNo,
    /// The date of its first article; moves only when an owner's date replaces a guest's.
    pub published_at: Timestamp,
    /// The article `published_at` comes from.
    pub dated_by: ArticleNo,
    pub first_seen_at: Timestamp,
    /// When anything that is shown of it last changed; what `Last-Modified` is made of.
    pub changed_at: Timestamp,
    /// In the order they joined; at most one of each source; never empty while the story is visible.
    pub articles: Vec<ArticleNo>,
    #[serde(default)]
    pub standing: Standing,
    /// When it was last shown again, having been taken out of the feeds.
    #[serde(default)]
    pub returned_at: Option<Timestamp>,
    /// The articles it had before it was fused: by them its feeds are known.
    #[serde(default)]
    pub former_articles: Vec<ArticleNo>,
}

impl Story {
    /// Whether feeds show it, given its articles.
    pub fn is_visible<'a>(&self, mut articles: impl Iterator<Item = &'a Article>) -> bool {
        self.standing == Standing::Shown && articles.any(Article::is_shown)
    }
}

impl Article {
    /// A drop outlasts a release: an operator lets go what is held, and nothing else.
    pub fn ruling(&self) -> Ruling {
        let released = self.custody.released_at.is_some();
        match self.entry.ruled.verdict {
            Verdict::Drop => Ruling::Dropped,
            _ if released => Ruling::Shown,
            Verdict::Hold => Ruling::Held(HeldBy::Rule),
            Verdict::Show if self.custody.flood => Ruling::Held(HeldBy::Flood),
            Verdict::Show => Ruling::Shown,
        }
    }

    pub fn is_shown(&self) -> bool {
        self.ruling() == Ruling::Shown
    }

    /// Keeps `left_at` true when what is made of the article changed from `before`.
    pub fn settle(&mut self, before: Ruling, now: Timestamp) {
        match (before, self.ruling()) {
            (_, Ruling::Shown) => self.custody.left_at = None,
            (Ruling::Shown, _) => self.custody.left_at = Some(now),
            (_, _) => {}
        }
    }

    /// The tags by which a story is found in narrowed feeds.
    pub fn filed_under(&self) -> impl Iterator<Item = (Scheme, &str)> {
        self.entry
            .tags
            .iter()
            .filter(|tag| tag.scheme != Scheme::SourceCategory)
            .map(|tag| (tag.scheme, tag.term.as_str()))
    }
}
