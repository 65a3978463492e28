//! Tags: which provinces, topics and legal documents an article's words name.
//!
//! Owns the gazetteer, the taxonomy and the grammar of document numbers, and decides from title, text, the
//! source's categories and its configuration. It changes no text and knows no other article. What the
//! article says itself outranks what its source says of it: a guess never looks like a fact.

mod documents;
mod letters;
mod phrases;
mod places;
mod points;
mod reading;
mod surroundings;
mod topics;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use crate::core::model::{Scheme, Tag, TagOrigin};

pub use documents::DocumentFacts;
use places::Places;
pub use points::{point_of, province_point};
use reading::Reading;
use topics::Topics;

/// An administrator's `[[topic]]`: adds to the built-in taxonomy, or replaces the entry of that slug.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TopicRule {
    pub slug: String,
    pub label_vi: String,
    pub label_en: String,
    /// One is enough.
    pub phrases: Vec<String>,
    /// Count only beside another hit.
    pub weak: Vec<String>,
    /// Blanked out first.
    pub mask: Vec<String>,
}

/// What an article and its source say.
#[derive(Debug, Clone, Copy)]
pub struct TagInput<'a> {
    /// Plain text.
    pub title: &'a str,
    /// Plain text: the summary, or the content where there is no summary.
    pub text: &'a str,
    /// Plain text that follows: read for documents only, since it names many a place in passing.
    pub body: &'a str,
    /// The source's categories for the entry: term, label.
    pub categories: &'a [(&'a str, Option<&'a str>)],
    /// The source's own province, for an article that names none.
    pub province: Option<&'a str>,
    /// The source's topics, for every article.
    pub topics: &'a [String],
}

/// Which part of the input holds a phrase.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Field {
    Title,
    Text,
    Body,
    Category,
    /// The configuration of the source.
    Source,
}

/// A tag with the words that gave it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit {
    pub tag: Tag,
    /// Folded for matching, in its own capitals.
    pub phrase: String,
    pub field: Field,
    /// Byte offset of the phrase in its field.
    pub at: usize,
}

/// Places and topics are looked for in this much of the text: what an article is about stands at its head.
const LEDE_BYTES_MAX: usize = 4 * 1024;
/// Document numbers are looked for in this much of text and body each.
const TEXT_BYTES_MAX: usize = 64 * 1024;
/// Different documents of one article.
const DOCUMENTS_MAX: usize = 32;
/// Categories of one entry that are taken.
const CATEGORIES_MAX: usize = 256;
/// A category longer than this names no topic and no province.
const CATEGORY_NAME_BYTES_MAX: usize = 256;

static PLACES: LazyLock<Places> = LazyLock::new(Places::new);
static BUILT_IN_TOPICS: LazyLock<Arc<Topics>> = LazyLock::new(|| Arc::new(Topics::new(&[])));

/// Everything that tags are decided by; immutable, made once per configuration.
#[derive(Clone)]
pub struct Tagger {
    places: &'static Places,
    topics: Arc<Topics>,
}

impl Tagger {
    /// The built-in gazetteer and taxonomy with an administrator's topics.
    pub fn new(extra: &[TopicRule]) -> Tagger {
        Tagger {
            places: &PLACES,
            topics: match extra {
                [] => Arc::clone(&BUILT_IN_TOPICS),
                extra => Arc::new(Topics::new(extra)),
            },
        }
    }

    /// Sorted, each (scheme, term) once.
    pub fn tags(&self, input: &TagInput<'_>) -> Vec<Tag> {
        let mut tags: Vec<Tag> = self.hits(input).into_iter().map(|hit| hit.tag).collect();
        tags.sort_by(|a, b| (a.scheme, &a.term, a.origin).cmp(&(b.scheme, &b.term, b.origin)));
        tags.dedup_by(|a, b| (a.scheme, &a.term) == (b.scheme, &b.term));
        tags
    }

    /// Every phrase that speaks for a tag, in the order of the schemes; a tag may come several times.
    pub fn hits(&self, input: &TagInput<'_>) -> Vec<Hit> {
        let reading = Reading::new(input.title, head(input.text, LEDE_BYTES_MAX));
        let mut hits = self.place_hits(&reading, input);
        hits.extend(self.topic_hits(&reading, input));
        hits.extend(document_hits(input));
        hits.extend(category_hits(input));
        hits
    }

    /// Slugs of all topics, built-in and added, in their order.
    pub fn topic_slugs(&self) -> Vec<&str> {
        self.topics
            .topics
            .iter()
            .map(|topic| topic.slug.as_str())
            .collect()
    }

    pub fn topic_label(&self, slug: &str) -> Option<&str> {
        let topic = self.topics.topic(slug)?;
        Some(&self.topics.topics[topic].label)
    }

    pub fn topic_label_en(&self, slug: &str) -> Option<&str> {
        let topic = self.topics.topic(slug)?;
        Some(&self.topics.topics[topic].label_en)
    }

    fn place_hits(&self, reading: &Reading, input: &TagInput<'_>) -> Vec<Hit> {
        let mut hits = Vec::new();
        for hit in self.places.hits(reading) {
            let (field, at, phrase) = evidence(reading, hit.found);
            self.name_unit(hit.unit, TagOrigin::Text, phrase, field, at, &mut hits);
        }
        if hits.is_empty() {
            for (at, name) in category_names(input) {
                if let Some(unit) = self.places.named(name) {
                    self.name_unit(
                        unit,
                        TagOrigin::Category,
                        name,
                        Field::Category,
                        at,
                        &mut hits,
                    );
                }
            }
        }
        if hits.is_empty()
            && let Some(slug) = input.province
            && let Some(unit) = self.places.unit(slug)
        {
            self.name_unit(unit, TagOrigin::Source, slug, Field::Source, 0, &mut hits);
        }
        hits.sort_by_key(|hit| hit.tag.scheme);
        hits
    }

    /// A former unit is named together with the province it is part of.
    fn name_unit(
        &self,
        unit: usize,
        origin: TagOrigin,
        phrase: &str,
        field: Field,
        at: usize,
        hits: &mut Vec<Hit>,
    ) {
        let named = &self.places.units[unit];
        let province = &self.places.units[named.province];
        let mut push = |scheme, slug: &str, label: &str| {
            hits.push(Hit {
                tag: tag(scheme, slug, label, origin),
                phrase: phrase.to_owned(),
                field,
                at,
            });
        };
        push(Scheme::Province, &province.slug, &province.label);
        if self.places.is_former(unit) {
            push(Scheme::FormerProvince, &named.slug, &named.label);
        }
    }

    fn topic_hits(&self, reading: &Reading, input: &TagInput<'_>) -> Vec<Hit> {
        let mut hits = Vec::new();
        let mut push = |topic: usize, origin, phrase: &str, field, at| {
            let topic = &self.topics.topics[topic];
            hits.push(Hit {
                tag: tag(Scheme::Topic, &topic.slug, &topic.label, origin),
                phrase: phrase.to_owned(),
                field,
                at,
            });
        };
        for hit in self.topics.hits(reading) {
            let (field, at, phrase) = evidence(reading, hit.found);
            push(hit.topic, TagOrigin::Text, phrase, field, at);
        }
        for (at, name) in category_names(input) {
            if let Some(topic) = self.topics.named(name) {
                push(topic, TagOrigin::Category, name, Field::Category, at);
            }
        }
        for slug in input.topics {
            if let Some(topic) = self.topics.topic(slug) {
                push(topic, TagOrigin::Source, slug, Field::Source, 0);
            }
        }
        hits
    }
}

/// Slugs of the provinces in force, in their official order.
pub fn province_slugs() -> Vec<&'static str> {
    PLACES.units[..PLACES.provinces]
        .iter()
        .map(|unit| unit.slug.as_str())
        .collect()
}

/// Slugs of the units whose names no province bears since 1 July 2025, each with its successor's.
pub fn former_province_slugs() -> Vec<(&'static str, &'static str)> {
    PLACES.units[PLACES.provinces..]
        .iter()
        .map(|unit| {
            (
                unit.slug.as_str(),
                PLACES.units[unit.province].slug.as_str(),
            )
        })
        .collect()
}

pub fn province_label(slug: &str) -> Option<&'static str> {
    label(slug, false)
}

pub fn former_province_label(slug: &str) -> Option<&'static str> {
    label(slug, true)
}

fn label(slug: &str, former: bool) -> Option<&'static str> {
    let unit = PLACES
        .unit(slug)
        .filter(|unit| PLACES.is_former(*unit) == former)?;
    Some(&PLACES.units[unit].label)
}

fn tag(scheme: Scheme, term: &str, label: &str, origin: TagOrigin) -> Tag {
    Tag {
        scheme,
        term: term.to_owned(),
        label: label.to_owned(),
        origin,
    }
}

fn evidence(reading: &Reading, found: phrases::Found) -> (Field, usize, &str) {
    let field = match reading.in_title(found.start) {
        true => Field::Title,
        false => Field::Text,
    };
    let phrase = &reading.cased[found.start..found.end];
    (field, reading.original(found.start), phrase)
}

/// What an article says of the documents it names, by their slugs.
pub fn documents(input: &TagInput<'_>) -> BTreeMap<String, DocumentFacts> {
    let mut known: BTreeMap<String, DocumentFacts> = BTreeMap::new();
    for (_, text) in document_fields(input) {
        for reference in documents::references(text) {
            if known.len() >= DOCUMENTS_MAX && !known.contains_key(&reference.slug) {
                continue;
            }
            let facts = documents::facts(text, &reference);
            let before = known.entry(reference.slug).or_default();
            *before = before.or(facts);
        }
    }
    known
}

fn document_fields<'a>(input: &TagInput<'a>) -> [(Field, &'a str); 3] {
    [
        (Field::Title, input.title),
        (Field::Text, head(input.text, TEXT_BYTES_MAX)),
        (Field::Body, head(input.body, TEXT_BYTES_MAX)),
    ]
}

fn document_hits(input: &TagInput<'_>) -> Vec<Hit> {
    let mut hits: Vec<Hit> = Vec::new();
    let mut seen = 0;
    for (field, text) in document_fields(input) {
        for reference in documents::references(text) {
            let tag = tag(
                Scheme::Document,
                &reference.slug,
                &reference.label,
                TagOrigin::Text,
            );
            if !hits.iter().any(|hit| hit.tag.term == tag.term) {
                seen += 1;
            }
            if seen > DOCUMENTS_MAX {
                return hits;
            }
            hits.push(Hit {
                tag,
                phrase: text[reference.at..reference.end].to_owned(),
                field,
                at: reference.at,
            });
        }
    }
    hits
}

/// The source's own words, unaltered.
fn category_hits(input: &TagInput<'_>) -> Vec<Hit> {
    let words = |(term, label): &(&str, Option<&str>)| match (term.trim(), label) {
        ("", Some(label)) if !label.trim().is_empty() => {
            Some(((*label).to_owned(), (*label).to_owned()))
        }
        ("", _) => None,
        (_, label) => Some(((*term).to_owned(), label.unwrap_or(term).to_owned())),
    };
    input
        .categories
        .iter()
        .take(CATEGORIES_MAX)
        .filter_map(words)
        .map(|(term, label)| Hit {
            phrase: term.clone(),
            tag: Tag {
                scheme: Scheme::SourceCategory,
                term,
                label,
                origin: TagOrigin::Category,
            },
            field: Field::Category,
            at: 0,
        })
        .collect()
}

/// What a category may name: its term, its label, and the parts of a list or a path.
fn category_names<'a>(input: &TagInput<'a>) -> impl Iterator<Item = (usize, &'a str)> {
    input
        .categories
        .iter()
        .take(CATEGORIES_MAX)
        .flat_map(|(term, label)| [Some(*term), *label].into_iter().flatten())
        .filter(|words| words.len() <= CATEGORY_NAME_BYTES_MAX)
        .flat_map(|words| {
            let parts = words.split([',', ';', '>', '/', '|']);
            let whole = (0, words.trim());
            std::iter::once(whole).chain(
                parts
                    .filter(move |part| part.len() < words.len())
                    .map(move |part| (part.as_ptr().addr() - words.as_ptr().addr(), part.trim())),
            )
        })
}

/// At most `bytes_max` of a text, whole characters.
fn head(text: &str, bytes_max: usize) -> &str {
    &text[..text.floor_char_boundary(bytes_max)]
}
