//! Whether an entry is one we have, and which story it belongs to (SPEC section 6).
//!
//! Owns the rules of identity inside one source and of joining across sources. Decides on what it is
//! handed (`Known`), changes nothing, and never joins two entries of one source.
//!
//! `words` makes spellings alike, `sketch` is what is kept of an article, `sketches` those of one answer, `verdict`
//! tells what two are to each other, `window` finds the ones worth asking about, `regroup` asks it of stored stories
//! anew, `explain` says why.

pub mod explain;
pub mod idf;
mod places;
pub mod regroup;
pub mod sketch;
pub mod sketches;
pub mod verdict;
pub mod window;
mod words;

use std::collections::{BTreeSet, HashMap, HashSet};

use crate::core::model::{
    AddressKey, Article, ArticleNo, Entry, EntryKey, Known, KnownEntry, Roster, SourceNo, Story,
    StoryNo,
};

use idf::Idf;
use sketch::Sketch;
use sketches::Sketches;
use verdict::Probe;

/// What an entry is to its own source's history.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Identity {
    /// Its id is known.
    Stored(ArticleNo),
    /// A new id at an address whose old id is gone from this answer: the old entry, changed.
    Renamed(ArticleNo),
    /// Taken in once, removed since, still listed.
    Gone,
    New,
}

/// Why an entry joined a story.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum JoinReason {
    Address,
    Text,
    /// Recognised by its words.
    Copy,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Join {
    pub story: StoryNo,
    pub reason: JoinReason,
}

/// Two stories that an article shows to be one: for whoever may fuse published stories.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Bridge {
    pub elder: StoryNo,
    pub younger: StoryNo,
}

/// One answer of one source, held against what is known.
pub struct Judge<'a> {
    source: SourceNo,
    known: &'a Known,
    roster: &'a Roster,
    sketches: Sketches,
    keys: HashSet<EntryKey>,
    addresses: HashMap<AddressKey, usize>,
    shared_addresses: HashMap<AddressKey, usize>,
    renamed: HashSet<ArticleNo>,
    /// Whether the source lists more than the answer says.
    lists_more: bool,
    joined: HashSet<StoryNo>,
    bridges: BTreeSet<Bridge>,
}

impl<'a> Judge<'a> {
    pub fn new(
        source: SourceNo,
        entries: &[Entry],
        known: &'a Known,
        roster: &'a Roster,
    ) -> Judge<'a> {
        let mut addresses = HashMap::new();
        let mut shared_addresses = HashMap::new();
        for entry in entries {
            if let Some(address) = entry.address {
                *addresses.entry(address).or_default() += 1;
            }
            if let Some(address) = entry.shared_address {
                *shared_addresses.entry(address).or_default() += 1;
            }
        }
        Judge {
            source,
            known,
            roster,
            sketches: Sketches::default(),
            keys: entries.iter().map(|entry| entry.key).collect(),
            addresses,
            shared_addresses,
            renamed: HashSet::new(),
            lists_more: false,
            joined: HashSet::new(),
            bridges: BTreeSet::new(),
        }
    }

    /// Judges by sketches that were made before, and makes those that are missing.
    pub fn given(self, sketches: &Sketches) -> Judge<'a> {
        Judge {
            sketches: sketches.clone(),
            ..self
        }
    }

    /// The answer says only what is new: an id it leaves out is not gone.
    pub fn expect_more(&mut self) {
        self.lists_more = true;
    }

    /// Each stored article is given away at most once an answer.
    pub fn identify(&mut self, entry: &Entry) -> Identity {
        match self.known.article_of(entry) {
            Some(KnownEntry::Stored(no)) => return Identity::Stored(no),
            Some(KnownEntry::Gone) => return Identity::Gone,
            None => {}
        }
        match self.renamed_from(entry) {
            Some(no) => {
                self.renamed.insert(no);
                Identity::Renamed(no)
            }
            None => Identity::New,
        }
    }

    fn renamed_from(&self, entry: &Entry) -> Option<ArticleNo> {
        if self.lists_more {
            return None;
        }
        // A bare host, or an address given to several entries, identifies nothing.
        let address = entry.address.filter(|_| entry.shared_address.is_some())?;
        if self.addresses.get(&address).copied().unwrap_or(0) > 1 {
            return None;
        }
        let [no] = self.known.here.get(&address)?.as_slice() else {
            return None;
        };
        let old = self.known.articles.get(no)?;
        (!self.keys.contains(&old.entry.key) && !self.renamed.contains(no)).then_some(*no)
    }

    /// The story a new entry belongs to, the eldest where several would do.
    pub fn join(&mut self, entry: &Entry) -> Option<Join> {
        let by_address = self
            .same_address(entry)
            .map(|story| (story, JoinReason::Address));
        let by_text = self.same_text(entry).map(|story| (story, JoinReason::Text));
        let by_words = self
            .copies(entry)
            .into_iter()
            .map(|story| (story, JoinReason::Copy));
        let mut found: Vec<(StoryNo, JoinReason)> = by_address
            .chain(by_text)
            .chain(by_words)
            .filter(|(story, _)| self.may_join(*story))
            .collect();
        if self.known.text_retracted_at(entry).is_some() {
            // What was taken down is not shown as a copy of what was not, whatever address it stands at.
            found.retain(|(story, reason)| {
                *reason == JoinReason::Text && self.known.retracted_at(*story).is_some()
            });
        }
        // The first reason of each story stands.
        found.sort_by_key(|(story, _)| *story);
        found.dedup_by_key(|(story, _)| *story);
        let (story, reason) = *found.first()?;
        for (younger, _) in &found[1..] {
            self.bridge(story, *younger);
        }
        self.joined.insert(story);
        Some(Join { story, reason })
    }

    /// Whether a stored article is the only one of its story.
    pub fn is_alone(&self, article: &Article) -> bool {
        let story = self.known.stories.get(&article.story);
        story.is_some_and(|story| story.articles == [article.no])
    }

    /// Stories that entries of this answer show to be one.
    pub fn bridges(self) -> Vec<Bridge> {
        self.bridges.into_iter().collect()
    }

    /// Whether what a stored article says now is nothing its story says: neither the words nor the address of any
    /// other article of it.
    pub fn leaves(&self, old: &Article, entry: &Entry) -> bool {
        let story = self.known.stories.get(&old.story);
        let others: Vec<&Article> = story
            .into_iter()
            .flat_map(|story| self.members(story))
            .filter(|article| article.no != old.no)
            .collect();
        if others.is_empty() {
            return false;
        }
        let sketch = Sketch::of_entry(entry);
        let mut probe = Probe::new(&sketch, Idf::built_in());
        others.into_iter().all(|other| {
            let same_address = entry.shared_address.is_some()
                && entry.shared_address == other.entry.shared_address
                && self.both_own(other, entry);
            !same_address
                && !agree(&other.entry, entry)
                && !probe.verdict(&self.sketches.article(other)).is_near()
        })
    }

    /// Stories of which an article is a copy and from no article of which it is kept apart: through one that names no
    /// number, two that name different ones would become one story.
    fn copies(&self, entry: &Entry) -> Vec<StoryNo> {
        let Some(alike) = self.known.alike.get(&entry.key) else {
            return Vec::new();
        };
        let sketch = self.sketches.entry(entry);
        let mut probe = Probe::new(&sketch, Idf::built_in());
        let mut verdict = |article: &Article| probe.verdict(&self.sketches.article(article));
        let mut stories = Vec::new();
        for alike in alike {
            let Some(article) = self.known.articles.get(&alike.article) else {
                continue;
            };
            if article.source == self.source || stories.contains(&article.story) {
                continue;
            }
            let found = verdict(article);
            let is_copy = match alike.is_late {
                true => found.is_late_copy(),
                false => found.is_copy(),
            };
            let story = self.known.stories.get(&article.story);
            let mut members = story.into_iter().flat_map(|story| self.members(story));
            if is_copy && members.all(|member| !verdict(member).keeps_apart()) {
                stories.push(article.story);
            }
        }
        stories
    }

    /// Notes that two stories are one, where none of their articles is kept apart from one of the other's, and no source
    /// is in both.
    fn bridge(&mut self, elder: StoryNo, younger: StoryNo) {
        let members = |no: StoryNo| {
            let story = self.known.stories.get(&no);
            story.into_iter().flat_map(|story| self.members(story))
        };
        // One article's word is not enough: what it holds together must have something in common by itself.
        let may_be_one = |one: &Article, other: &Article| {
            let [one, other] = [one, other].map(|article| self.sketches.article(article));
            let verdict = Probe::new(&one, Idf::built_in()).verdict(&other);
            !verdict.keeps_apart()
        };
        let are_one = members(elder).all(|one| {
            members(younger).all(|other| one.source != other.source && may_be_one(one, other))
        });
        if are_one {
            self.bridges.insert(Bridge { elder, younger });
        }
    }

    fn members(&self, story: &Story) -> impl Iterator<Item = &'a Article> {
        story
            .articles
            .iter()
            .filter_map(|no| self.known.articles.get(no))
            .collect::<Vec<_>>()
            .into_iter()
    }

    fn may_join(&self, story: StoryNo) -> bool {
        !self.joined.contains(&story)
            && self.known.stories.get(&story).is_some_and(|story| {
                self.known
                    .sources_of(story)
                    .all(|other| other != self.source)
            })
    }

    fn same_address(&self, entry: &Entry) -> impl Iterator<Item = StoryNo> {
        let candidates = entry
            .shared_address
            .filter(|address| self.shared_addresses.get(address).copied().unwrap_or(0) <= 1)
            .and_then(|address| self.known.at_address.get(&address))
            .map(|found| self.articles(found))
            .unwrap_or_default();
        let several = given_to_several(&candidates);
        candidates
            .into_iter()
            .filter(move |article| !several.contains(&article.source))
            .filter(move |article| self.both_own(article, entry) || agree(&article.entry, entry))
            .map(|article| article.story)
    }

    fn same_text(&self, entry: &Entry) -> impl Iterator<Item = StoryNo> {
        entry
            .text_key
            .and_then(|key| self.known.with_text.get(&key))
            .map(|found| self.articles(found))
            .unwrap_or_default()
            .into_iter()
            .map(|article| article.story)
    }

    fn articles(&self, found: &[ArticleNo]) -> Vec<&'a Article> {
        found
            .iter()
            .filter_map(|no| self.known.articles.get(no))
            .filter(|article| article.source != self.source)
            .collect()
    }

    fn both_own(&self, article: &Article, entry: &Entry) -> bool {
        both_own(self.roster, self.source, article.source, entry)
    }
}

/// Whether the host of an entry's address is of both sources.
fn both_own(roster: &Roster, one: SourceNo, other: SourceNo, entry: &Entry) -> bool {
    let host = entry.host.as_deref();
    host.is_some_and(|host| roster.owns(one, host) && roster.owns(other, host))
}

/// Sources that give one address to more than one entry: it joins nothing of theirs.
fn given_to_several(articles: &[&Article]) -> HashSet<SourceNo> {
    let mut seen = HashSet::new();
    articles
        .iter()
        .map(|article| article.source)
        .filter(|source| !seen.insert(*source))
        .collect()
}

fn agree(one: &Entry, other: &Entry) -> bool {
    let same_title = one.title_key.is_some() && one.title_key == other.title_key;
    let same_text = one.text_key.is_some() && one.text_key == other.text_key;
    same_title || same_text
}

#[cfg(test)]
mod tests;
