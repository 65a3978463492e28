//! Finding what people name: a story by its id or an address, a document by its slug.

use std::collections::BTreeSet;

use crate::core::model::{AddressKey, Article, Mint, Scheme, Standing, StoryNo};
use crate::core::normalise;
use crate::core::review;
use crate::core::tag::DocumentFacts;
use crate::http::route::quoted;
use crate::store::{From, Order, StoreError, StoreReader};

/// Stories that one turned into, one after the other, are followed this far.
const FUSED_DEPTH_MAX: usize = 32;
/// Stories named where an address is of several.
const NAMED_MAX: usize = 5;

/// Why nothing was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lost {
    /// A clause for whoever asked.
    Unknown(String),
    Failed(StoreError),
}

impl std::convert::From<StoreError> for Lost {
    fn from(err: StoreError) -> Lost {
        Lost::Failed(err)
    }
}

impl std::fmt::Display for Lost {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Lost::Unknown(clause) => f.write_str(clause),
            Lost::Failed(err) => err.fmt(f),
        }
    }
}

/// The story that `raw` names: by what follows the last colon of its id, its whole id, its own address, or the
/// address of any of its copies. A story that became part of another is that other.
///
/// # Errors
/// When there is none, an address is of several, or the store cannot be read.
pub fn story(reader: &StoreReader, mint: &Mint, raw: &str) -> Result<StoryNo, Lost> {
    let raw = raw.trim();
    let slug = raw.trim_end_matches('/').rsplit([':', '/']).next();
    let named = slug.and_then(|slug| mint.story_no(slug));
    let whole_id = raw.starts_with("tag:");
    if let Some(no) = named
        && (!whole_id || raw == mint.story_id(no))
        && reader.story(no)?.is_some()
    {
        return Ok(last_of(reader, no)?);
    }
    if raw.contains("://") {
        return at_address(reader, mint, raw);
    }
    let whose = match whole_id {
        true => "of this store",
        false => "here",
    };
    Err(Lost::Unknown(format!(
        "there is no story {} {whose}",
        quoted(raw)
    )))
}

fn at_address(reader: &StoreReader, mint: &Mint, raw: &str) -> Result<StoryNo, Lost> {
    let url = normalise::url::resolve(raw, &[])
        .ok_or_else(|| Lost::Unknown(format!("{} is no web address", quoted(raw))))?;
    let canonical = normalise::url::canonical(&url, false);
    let found = reader.at_address(AddressKey::of(&[canonical.as_str()]))?;
    // One page may hold several entries, told apart by what follows the `#`.
    let exact: Vec<&Article> = found
        .iter()
        .filter(|article| article.entry.url.as_deref() == Some(url.as_str()))
        .collect();
    let stories: BTreeSet<StoryNo> = match exact.is_empty() {
        true => found.iter().map(|article| article.story).collect(),
        false => exact.iter().map(|article| article.story).collect(),
    };
    match stories.len() {
        0 => Err(Lost::Unknown(format!(
            "no story has a copy at {}",
            quoted(raw)
        ))),
        1 => Ok(stories.into_iter().next().unwrap_or_default()),
        several => {
            let ids: Vec<String> = stories
                .into_iter()
                .take(NAMED_MAX)
                .map(|no| mint.story_slug(no))
                .collect();
            Err(Lost::Unknown(format!(
                "{several} stories have a copy at {}: name one of {}",
                quoted(raw),
                ids.join(", ")
            )))
        }
    }
}

/// The story that one is part of now; itself, where it is of none.
///
/// # Errors
/// When the store cannot be read.
pub fn last_of(reader: &StoreReader, no: StoryNo) -> Result<StoryNo, StoreError> {
    let mut last = no;
    for _ in 0..FUSED_DEPTH_MAX {
        match reader.story(last)?.map(|story| story.standing) {
            Some(Standing::Fused { into, .. }) => last = into,
            _ => break,
        }
    }
    Ok(last)
}

/// Stories that are read for what is known of the document of a page or a feed of its own, the newest.
pub const DOCUMENT_STORIES_MAX: usize = 8;

/// A document as people name it: `Quyết định 1881/QĐ-TTg (2020)`; none where no story names it, nor did of late.
///
/// Several provinces may issue one number in different years: a year is told where none of the newest stories tells
/// another. Of at most `stories` that is read.
///
/// # Errors
/// When the store cannot be read.
pub fn document_name(
    reader: &StoreReader,
    slug: &str,
    stories: usize,
) -> Result<Option<String>, StoreError> {
    let order = Order::Tagged(Scheme::Document, slug.to_owned());
    let mut places = reader.places(&order, From::Start, stories)?;
    if places.is_empty() {
        places = reader.left(&order, From::Start, 1)?;
    }
    if places.is_empty() {
        return Ok(None);
    }
    let mut label = None;
    let mut known = DocumentFacts::default();
    let mut years = BTreeSet::new();
    for place in places {
        let told = reader.whole(last_of(reader, StoryNo(place.no))?)?;
        for article in told.map(|told| told.articles).unwrap_or_default() {
            let mut tags = article.entry.tags.iter();
            let Some(tag) = tags.find(|tag| tag.scheme == Scheme::Document && tag.term == slug)
            else {
                continue;
            };
            label.get_or_insert_with(|| tag.label.clone());
            let facts = review::documents(&article.entry).remove(slug);
            let facts = facts.unwrap_or_default();
            known = known.or(facts);
            years.extend(facts.year);
        }
    }
    if years.len() > 1 {
        known.year = None;
    }
    let label = label.unwrap_or_else(|| slug.to_owned());
    Ok(Some(known.name(&label)))
}
