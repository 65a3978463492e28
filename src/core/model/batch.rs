use serde::{Deserialize, Serialize};

use super::{
    Article, ArticleNo, ContentKey, EntryKey, SourceNo, SourceState, Story, StoryNo, Tally,
    Timestamp,
};

/// Version of the shape of [`Batch`] and of the records a store keeps.
pub const SCHEMA_VERSION: u8 = 3;

/// Everything one decision changes: the only thing that ever changes a store.
///
/// Self-contained and free of anything local, so that it can be replayed: records are whole and replace
/// what stood at their number, and the next free numbers travel along.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Batch {
    pub at: Option<Timestamp>,
    /// Put as they are, by number.
    pub sources: Vec<SourceState>,
    pub articles: Vec<Article>,
    pub stories: Vec<Story>,
    /// What a source's last answer listed, in its order.
    pub listings: Vec<(SourceNo, Vec<ArticleNo>)>,
    /// First numbers not given away yet; zero when unchanged.
    pub next_source: u32,
    pub next_article: u64,
    pub next_story: u64,
    /// What served documents depend on besides the stories, hashed, and since when.
    pub settings: Option<(u64, Timestamp)>,
    /// Stories to remove with all their articles; the ids of their entries are kept as known and gone.
    pub removed: Vec<StoryNo>,
    /// Entries known and gone, that must not come back as new.
    pub gone: Vec<(SourceNo, EntryKey)>,
    /// How far judging stored articles anew has come.
    #[serde(default)]
    pub recompute: Option<Recompute>,
    /// How often each rule has acted.
    #[serde(default)]
    pub tally: Option<Tally>,
    /// How far gathering stored stories anew has come.
    #[serde(default)]
    pub regroup: Option<Regroup>,
}

/// How far gathering stored stories anew has come; they follow each other by number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Regroup {
    /// By what copies are recognised: another key, another beginning.
    pub key: ContentKey,
    /// Stories below it were looked at.
    pub next: StoryNo,
    /// Those below it are to be looked at; younger ones came together by this key.
    pub end: StoryNo,
}

impl Regroup {
    pub fn is_done(&self) -> bool {
        self.next >= self.end
    }
}

/// How far judging stored articles anew has come; sources follow each other by number.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recompute {
    /// The source under way, and the last of its entries that was looked at; none at its beginning.
    pub source: SourceNo,
    pub after: Option<EntryKey>,
    /// With what that source's articles are judged: another key, another beginning.
    pub key: Option<ContentKey>,
    /// Articles looked at, and those there were to look at when it began.
    pub done: u64,
    pub total: u64,
}

impl Batch {
    /// Takes over the articles and stories of another one, which replace its own.
    pub fn replace(&mut self, other: Batch) {
        for story in other.stories {
            self.stories.retain(|pending| pending.no != story.no);
            self.stories.push(story);
        }
        for article in other.articles {
            self.articles.retain(|pending| pending.no != article.no);
            self.articles.push(article);
        }
    }

    pub fn is_empty(&self) -> bool {
        *self
            == Batch {
                at: self.at,
                ..Batch::default()
            }
    }
}
