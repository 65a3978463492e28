//! Stories into what a feed shows: which article shows a story, its copies, its categories.
//!
//! Reads nothing itself: it is handed stories with their articles. Decides everything a format would
//! otherwise have to decide.

use crate::core::model::{
    Article, CopyView, EntryView, Mint, Roster, Scheme, SourceNo, SourceView, Story, Tag, Timestamp,
};

/// A story with its articles, as a store holds them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    pub story: Story,
    /// In the order they joined; at least one.
    pub articles: Vec<Article>,
}

/// The article that shows the story in merged feeds: never a guest where the owner of its host carries
/// the story too; then the highest priority, then the earliest by its own date, then the first taken in.
///
/// None of these moves when an article is edited, so that nothing but a new copy changes who shows a story.
pub fn shown<'a>(told: &'a Told, roster: &Roster) -> Option<&'a Article> {
    told.articles.iter().min_by_key(|article| {
        let guest = told
            .articles
            .iter()
            .any(|other| roster.is_guest_of(article, other.source));
        let priority = roster.get(article.source).map_or(0, |facts| facts.priority);
        let date = article.published_at;
        (guest, std::cmp::Reverse(priority), date, article.no)
    })
}

/// The story as the merged feeds show it; none when nothing is left to show.
///
/// Its categories are those of the shown article, and those of `narrowing` that another copy brings.
pub fn entry<'a>(
    told: &Told,
    roster: &Roster,
    mint: &Mint,
    narrowing: impl Iterator<Item = (Scheme, &'a str)>,
) -> Option<EntryView> {
    let article = shown(told, roster)?;
    let mut entry = view(told, article, told.story.published_at, roster, mint);
    entry.updated_at = entry.updated_at.max(shown_since(told, article));
    for (scheme, term) in narrowing {
        let is_it = |tag: &Tag| tag.scheme == scheme && tag.term == term;
        if entry.tags.iter().any(is_it) {
            continue;
        }
        let mut tags = told.articles.iter().flat_map(|article| &article.entry.tags);
        entry.tags.extend(tags.find(|tag| is_it(tag)).cloned());
        entry.tags.sort();
    }
    Some(entry)
}

/// The story as the feed of one source shows it: by that source's own article, with its dates.
pub fn entry_of_source(
    told: &Told,
    source: SourceNo,
    roster: &Roster,
    mint: &Mint,
) -> Option<EntryView> {
    let article = told
        .articles
        .iter()
        .find(|article| article.source == source)?;
    Some(view(told, article, article.published_at, roster, mint))
}

fn view(
    told: &Told,
    article: &Article,
    published_at: Timestamp,
    roster: &Roster,
    mint: &Mint,
) -> EntryView {
    let entry = &article.entry;
    let is_republished = roster
        .get(article.source)
        .is_some_and(|facts| facts.republishes_full_text);
    let full_text = entry
        .full_text
        .as_ref()
        .filter(|_| is_republished)
        .and_then(|said| said.html.as_ref());
    EntryView {
        id: mint.story_id(told.story.no),
        title: entry.title.clone(),
        summary: entry.summary.clone(),
        content: full_text.or(entry.content.as_ref()).cloned(),
        authors: entry.authors.clone(),
        enclosures: entry.enclosures.clone(),
        language: entry.language.clone(),
        tags: entry.tags.clone(),
        published_at,
        date_from: entry.date_from,
        updated_at: article
            .updated_at
            .max(published_at)
            .max(shown_since(told, article))
            .max(returned_at(told)),
        url: entry.url.clone(),
        source: source_view(article, roster),
        copies: copies(told, article, roster),
        point: None,
    }
}

/// An article of other words that took another one's place changed what is shown when it was taken in.
fn shown_since(told: &Told, article: &Article) -> Timestamp {
    match told.articles.first() {
        Some(first) if first.entry.words_key != article.entry.words_key => {
            article.first_seen_at.floor_to_second()
        }
        _ => article.updated_at,
    }
}

/// A tombstone outlives an entry that does not say that it changed since (RFC 6721 section 3).
fn returned_at(told: &Told) -> Timestamp {
    let returned_at = told.story.returned_at;
    returned_at.map_or(Timestamp::EPOCH, Timestamp::floor_to_second)
}

fn source_view(article: &Article, roster: &Roster) -> SourceView {
    let updated_at = article.updated_at;
    match roster.get(article.source) {
        Some(facts) => SourceView {
            id: facts.url.clone(),
            title: facts.name.clone(),
            url: facts.site.clone(),
            updated_at,
        },
        None => {
            let url = article.entry.url.clone().unwrap_or_default();
            SourceView {
                id: url.clone(),
                title: String::new(),
                url,
                updated_at,
            }
        }
    }
}

fn copies(told: &Told, shown: &Article, roster: &Roster) -> Vec<CopyView> {
    told.articles
        .iter()
        .filter(|article| article.no != shown.no)
        .filter_map(|article| {
            let source_title = roster.get(article.source).map(|facts| facts.name.clone());
            Some(CopyView {
                url: article.entry.url.clone()?,
                source_title: source_title.unwrap_or_default(),
            })
        })
        .collect()
}

/// The newest of what a page shows: its `updated`, which moves with any entry on it.
pub fn updated_at(entries: &[EntryView], empty: Timestamp) -> Timestamp {
    entries
        .iter()
        .map(|entry| entry.updated_at)
        .max()
        .unwrap_or(empty)
}

#[cfg(test)]
mod tests;
