//! The keys of the tree; `store/mod.rs` lists them.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use crate::core::dedup::sketch::body_keys;
use crate::core::model::{
    AddressKey, Article, ArticleNo, EntryKey, Ruling, Scheme, SourceNo, Standing, Story, StoryNo,
    TextKey, Timestamp,
};

pub const FORMAT: &[u8] = b"mformat";
/// Follows the version while an import is under way.
pub const HALF_IMPORTED: u8 = 1;
pub const MINT: &[u8] = b"mmint";
pub const NUMBERS: &[u8] = b"mnumbers";
pub const COUNTS: &[u8] = b"mcounts";
pub const SETTINGS: &[u8] = b"msettings";

pub const SOURCES: &[u8] = b"s";
pub const LISTINGS: &[u8] = b"l";
pub const ARTICLES: &[u8] = b"a";
pub const STORIES: &[u8] = b"t";
pub const ENTRIES: &[u8] = b"e";
pub const BY_TIME: &[u8] = b"d";
pub const BY_FIRST_SEEN: &[u8] = b"f";
/// Articles that a rule or a flood holds, the last taken in first.
pub const HELD: &[u8] = b"q";
/// Articles that are not shown, by their own dates: what copies them is recognised all the same.
pub const HIDDEN: &[u8] = b"h";
pub const HELD_COUNT: &[u8] = b"mheld";
pub const RECOMPUTE: &[u8] = b"mrecompute";
pub const TALLY: &[u8] = b"mtally";
pub const REGROUP: &[u8] = b"mregroup";
/// Of everything that stands once.
const META: &[u8] = b"m";

/// Whether documents are made from what stands at `key`: how sources are doing, and what polls and the judging
/// of stored articles remember of their own way, is in none of them. The counts change with the stories only.
pub fn is_served(key: &[u8]) -> bool {
    ![SOURCES, LISTINGS, META]
        .iter()
        .any(|aside| key.starts_with(aside))
}

/// A place in an order that runs newest first: after all stories that are newer, or as new with a lower number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Place {
    pub published_at: Timestamp,
    pub no: u64,
}

/// The newer is the lesser: it comes first.
impl Ord for Place {
    fn cmp(&self, other: &Place) -> Ordering {
        other
            .published_at
            .cmp(&self.published_at)
            .then(self.no.cmp(&other.no))
    }
}

impl PartialOrd for Place {
    fn partial_cmp(&self, other: &Place) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Where to begin in a newest-first order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum From {
    Start,
    After(Place),
    At(Place),
}

fn ascending(at: Timestamp) -> [u8; 8] {
    // Flipping the sign bit makes the order of bytes the order of numbers.
    (at.millis() ^ i64::MIN).to_be_bytes()
}

fn descending(at: Timestamp) -> [u8; 8] {
    (!(at.millis() ^ i64::MIN)).to_be_bytes()
}

fn join(parts: &[&[u8]]) -> Vec<u8> {
    parts.concat()
}

pub fn source(no: SourceNo) -> Vec<u8> {
    join(&[SOURCES, &no.0.to_be_bytes()])
}

pub fn listing(no: SourceNo) -> Vec<u8> {
    join(&[LISTINGS, &no.0.to_be_bytes()])
}

pub fn article(no: ArticleNo) -> Vec<u8> {
    join(&[ARTICLES, &no.0.to_be_bytes()])
}

pub fn story(no: StoryNo) -> Vec<u8> {
    join(&[STORIES, &no.0.to_be_bytes()])
}

pub fn entry(source: SourceNo, key: EntryKey) -> Vec<u8> {
    join(&[ENTRIES, &source.0.to_be_bytes(), &key.0])
}

/// The source and entry a key of `e` names.
pub fn parse_entry(key: &[u8]) -> Option<(SourceNo, EntryKey)> {
    let source = key.get(1..5)?.try_into().ok()?;
    let entry = key.get(5..21)?.try_into().ok()?;
    Some((SourceNo(u32::from_be_bytes(source)), EntryKey(entry)))
}

pub fn here(source: SourceNo, address: AddressKey) -> Vec<u8> {
    join(&[b"v", &source.0.to_be_bytes(), &address.0])
}

pub fn at_address(address: AddressKey) -> Vec<u8> {
    join(&[b"u", &address.0])
}

pub fn with_text(text: TextKey) -> Vec<u8> {
    join(&[b"x", &text.0])
}

pub fn by_tag(scheme: Scheme, term: &str) -> Vec<u8> {
    join(&[&terms(scheme, term), &[0]])
}

/// All terms of a scheme that begin with `start`.
pub fn terms(scheme: Scheme, start: &str) -> Vec<u8> {
    let scheme = match scheme {
        Scheme::Province => b'p',
        Scheme::FormerProvince => b'f',
        Scheme::Topic => b't',
        Scheme::Document => b'd',
        Scheme::SourceCategory => b'c',
    };
    join(&[b"g", &[scheme], start.as_bytes()])
}

/// Past every story of a term.
pub fn after_term(scheme: Scheme, term: &str) -> Vec<u8> {
    join(&[&terms(scheme, term), &[1]])
}

/// The term that a key of `g` names.
pub fn term_of(key: &[u8]) -> Option<&str> {
    let rest = key.get(2..)?;
    let end = rest.iter().position(|byte| *byte == 0)?;
    std::str::from_utf8(rest.get(..end)?).ok()
}

/// Stories that a source carries, by the story's date.
pub fn by_carrier(source: SourceNo) -> Vec<u8> {
    join(&[b"k", &source.0.to_be_bytes()])
}

pub fn by_source(source: SourceNo) -> Vec<u8> {
    join(&[b"o", &source.0.to_be_bytes()])
}

/// Every entry of a source that is known.
pub fn entries_of(source: SourceNo) -> Vec<u8> {
    join(&[ENTRIES, &source.0.to_be_bytes()])
}

/// What left one of the newest-first orders.
pub fn left(order: &[u8]) -> Vec<u8> {
    join(&[b"r", order])
}

/// `prefix` (one of the newest-first orders) at a place.
pub fn at_place(prefix: &[u8], place: Place) -> Vec<u8> {
    join(&[
        prefix,
        &descending(place.published_at),
        &place.no.to_be_bytes(),
    ])
}

/// The first key of `prefix` (one of the newest-first orders) to look at.
pub fn from(prefix: &[u8], from: From) -> Vec<u8> {
    match from {
        From::Start => prefix.to_vec(),
        From::At(place) => at_place(prefix, place),
        From::After(place) => {
            let mut key = at_place(prefix, place);
            key.push(0);
            key
        }
    }
}

/// The place that a key of a newest-first order names.
pub fn parse_place(prefix: &[u8], key: &[u8]) -> Option<Place> {
    let rest = key.get(prefix.len()..)?;
    let time = i64::from_be_bytes(rest.get(..8)?.try_into().ok()?);
    let no = u64::from_be_bytes(rest.get(8..16)?.try_into().ok()?);
    Some(Place {
        published_at: Timestamp::from_millis(!time ^ i64::MIN),
        no,
    })
}

pub fn first_seen(story: &Story) -> Vec<u8> {
    first_seen_at(story.first_seen_at, story.no)
}

pub fn first_seen_at(at: Timestamp, no: StoryNo) -> Vec<u8> {
    join(&[BY_FIRST_SEEN, &ascending(at), &no.0.to_be_bytes()])
}

/// When the story that a key of `f` names was first seen.
pub fn parse_first_seen(key: &[u8]) -> Option<(Timestamp, StoryNo)> {
    let time = i64::from_be_bytes(key.get(1..9)?.try_into().ok()?);
    let no = u64::from_be_bytes(key.get(9..17)?.try_into().ok()?);
    Some((Timestamp::from_millis(time ^ i64::MIN), StoryNo(no)))
}

/// Stories that became part of another one.
pub fn fused_into(into: StoryNo) -> Vec<u8> {
    join(&[b"w", &into.0.to_be_bytes()])
}

/// Where a story that became part of another one is found by that.
pub fn of_fused(story: &Story) -> Option<Vec<u8>> {
    match story.standing {
        Standing::Fused { into, .. } => Some(join(&[&fused_into(into), &story.no.0.to_be_bytes()])),
        Standing::Shown | Standing::Retracted { .. } => None,
    }
}

/// `f` at a moment: every story first seen then or later sorts at or after it.
pub fn first_seen_from(at: Timestamp) -> Vec<u8> {
    join(&[BY_FIRST_SEEN, &ascending(at)])
}

/// The number that ends a key.
pub fn last_number(key: &[u8]) -> Option<u64> {
    let start = key.len().checked_sub(8)?;
    Some(u64::from_be_bytes(key.get(start..)?.try_into().ok()?))
}

/// The keys by which an article is found, with their values.
pub fn of_article(article: &Article) -> Vec<(Vec<u8>, Vec<u8>)> {
    let no = article.no.0.to_be_bytes();
    let entry_ref = &article.entry;
    let mut keys = vec![(entry(article.source, entry_ref.key), no.to_vec())];
    if let Some(address) = entry_ref.address {
        keys.push((join(&[&here(article.source, address), &no]), Vec::new()));
    }
    if let Some(address) = entry_ref.shared_address {
        keys.push((join(&[&at_address(address), &no]), Vec::new()));
    }
    if let Some(text) = entry_ref.text_key {
        keys.push((join(&[&with_text(text), &no]), Vec::new()));
    }
    keys.extend(of_full_text(article).map(|key| (key, Vec::new())));
    keys
}

/// Those by which an article is found by its full text, where it has one.
pub fn of_full_text(article: &Article) -> impl Iterator<Item = Vec<u8>> {
    let no = article.no.0.to_be_bytes();
    let keys = body_keys(&article.entry).into_iter();
    keys.map(move |text| join(&[&with_text(text), &no]))
}

/// The keys by which a story is found: its times, the tags and sources of the articles that are shown, and
/// the feeds that those which are no longer shown have left. `former` are articles it had before it was fused.
pub fn of_story<'a>(
    story: &Story,
    articles: impl Iterator<Item = &'a Article>,
    former: impl Iterator<Item = &'a Article>,
) -> Vec<(Vec<u8>, Vec<u8>)> {
    let articles: Vec<&Article> = articles.collect();
    let place = Place {
        published_at: story.published_at,
        no: story.no.0,
    };
    let shown: Vec<&Article> = match story.standing {
        Standing::Shown => articles
            .iter()
            .copied()
            .filter(|one| one.is_shown())
            .collect(),
        Standing::Retracted { .. } | Standing::Fused { .. } => Vec::new(),
    };
    let mut keys = vec![(first_seen(story), Vec::new())];
    keys.extend(of_fused(story).map(|key| (key, Vec::new())));
    let orders = orders(&shown);
    for order in &orders {
        keys.push((at_place(order, place), Vec::new()));
    }
    for article in &shown {
        let own = Place {
            published_at: article.published_at,
            no: article.no.0,
        };
        let order = at_place(&by_source(article.source), own);
        keys.push((order, story.no.0.to_be_bytes().to_vec()));
    }
    let departed = departed(story, &articles, former);
    if let Some(published_at) = departed.iter().map(|(_, at)| *at).max() {
        let place = Place {
            published_at,
            no: story.no.0,
        };
        let had: Vec<&Article> = departed.iter().map(|(article, _)| *article).collect();
        for order in self::orders(&had).difference(&orders) {
            keys.push((at_place(&left(order), place), Vec::new()));
        }
    }
    if story.standing == Standing::Shown {
        keys.extend(articles.iter().filter_map(|article| held_key(article)));
    }
    let hidden = articles
        .iter()
        .filter(|article| is_hidden(story.standing, article));
    keys.extend(hidden.map(|article| (hidden_key(article), Vec::new())));
    keys
}

/// Whether an article of a story that stands so is in no feed.
pub fn is_hidden(standing: Standing, article: &Article) -> bool {
    standing != Standing::Shown || !article.is_shown()
}

pub fn hidden_key(article: &Article) -> Vec<u8> {
    let place = Place {
        published_at: article.published_at,
        no: article.no.0,
    };
    at_place(HIDDEN, place)
}

/// The newest-first orders that stories with these articles are in.
fn orders(articles: &[&Article]) -> BTreeSet<Vec<u8>> {
    let mut orders = BTreeSet::new();
    for article in articles {
        orders.insert(BY_TIME.to_vec());
        orders.insert(by_carrier(article.source));
        orders.extend(
            article
                .filed_under()
                .map(|(scheme, term)| by_tag(scheme, term)),
        );
    }
    orders
}

/// Articles that were shown and are no longer, with when they left.
fn departed<'a>(
    story: &Story,
    articles: &[&'a Article],
    former: impl Iterator<Item = &'a Article>,
) -> Vec<(&'a Article, Timestamp)> {
    // What was never shown, since its text was taken down before it came, has left nothing.
    let ended_at = story.standing.ended_at();
    let ended_at = ended_at.filter(|at| story.first_seen_at <= *at);
    let left_at = |article: &'a Article| match article.custody.left_at {
        Some(at) => Some((article, at)),
        None => Some((article, ended_at.filter(|_| article.is_shown())?)),
    };
    articles
        .iter()
        .copied()
        .chain(former)
        .filter_map(left_at)
        .collect()
}

fn held_key(article: &Article) -> Option<(Vec<u8>, Vec<u8>)> {
    let Ruling::Held(_) = article.ruling() else {
        return None;
    };
    let place = Place {
        published_at: article.first_seen_at,
        no: article.no.0,
    };
    Some((at_place(HELD, place), Vec::new()))
}
