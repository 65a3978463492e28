use std::collections::HashMap;

use super::{
    AddressKey, Article, ArticleNo, Entry, EntryKey, SourceNo, Standing, Story, StoryNo, TextKey,
    Timestamp,
};

/// What the store knows of one id of a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KnownEntry {
    Stored(ArticleNo),
    /// Taken in once and removed since: it does not come back.
    Gone,
}

/// An article that may be a copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Alike {
    pub article: ArticleNo,
    /// Further apart, by their dates, than the window: only full texts that agree join them.
    pub is_late: bool,
}

/// Everything stored that the entries of one answer may have to do with: looked up before a digest, so
/// that deciding needs no store and memory does not grow with the archive.
#[derive(Debug, Clone, Default)]
pub struct Known {
    pub entries: HashMap<EntryKey, KnownEntry>,
    /// Articles of the same source at an address, fragment included.
    pub here: HashMap<AddressKey, Vec<ArticleNo>>,
    /// Articles of any source at a canonical address.
    pub at_address: HashMap<AddressKey, Vec<ArticleNo>>,
    /// Articles of any source with the same matching text.
    pub with_text: HashMap<TextKey, Vec<ArticleNo>>,
    /// Articles of other sources that may be copies of an entry.
    pub alike: HashMap<EntryKey, Vec<Alike>>,
    /// Every article named above, and every article of their stories.
    pub articles: HashMap<ArticleNo, Article>,
    pub stories: HashMap<StoryNo, Story>,
    /// What the source's last answer listed.
    pub listing: Vec<ArticleNo>,
}

impl Known {
    /// How many articles are looked up for one address or one text; past that it identifies nothing.
    pub const PER_KEY_MAX: usize = 64;

    pub fn article_of(&self, entry: &Entry) -> Option<KnownEntry> {
        self.entries.get(&entry.key).copied()
    }

    /// The stored article of an entry whose words are other ones now: it is looked at like a new one.
    pub fn reworded(&self, entry: &Entry) -> Option<&Article> {
        let KnownEntry::Stored(no) = self.article_of(entry)? else {
            return None;
        };
        let stored = self.articles.get(&no)?;
        (stored.entry.words_key != entry.words_key).then_some(stored)
    }

    /// When a story was taken down.
    pub fn retracted_at(&self, story: StoryNo) -> Option<Timestamp> {
        match self.stories.get(&story)?.standing {
            Standing::Retracted { at } => Some(at),
            Standing::Shown | Standing::Fused { .. } => None,
        }
    }

    /// When this very text was taken down, by whichever source and under whichever id it stood: given a new one it does
    /// not come back.
    pub fn text_retracted_at(&self, entry: &Entry) -> Option<Timestamp> {
        let same = self.with_text.get(&entry.text_key?)?;
        same.iter()
            .filter_map(|no| self.articles.get(no))
            .filter(|article| article.entry.text_key == entry.text_key)
            .filter_map(|article| self.retracted_at(article.story))
            .max()
    }

    pub fn sources_of(&self, story: &Story) -> impl Iterator<Item = SourceNo> {
        story
            .articles
            .iter()
            .filter_map(|no| self.articles.get(no))
            .map(|article| article.source)
    }
}
