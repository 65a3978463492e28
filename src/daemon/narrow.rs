//! What a feed's address narrows it to: known slugs and ids into orders of the store, unknown ones refused.

use super::find;
use super::owner::Published;
use super::pages::Absent;
use super::select::Selection;
use crate::core::model::{Scheme, SourceFacts, SourceId, SourceNo, nearest};
use crate::core::tag;
use crate::http::route::{FeedQuery, Refusal, Scope, quoted};
use crate::store::{Order, StoreReader};

/// A feed's address, understood.
#[derive(Debug, Default)]
pub struct Narrowed {
    /// The address without suffix and parameters: `provinces/an-giang`.
    pub path: String,
    /// For the title, as people say them: `An Giang`.
    pub names: Vec<String>,
    pub selection: Selection,
    /// A source's own feed has an order of its own.
    pub own_feed_of: Option<SourceNo>,
}

/// Whether a word stands in the path, where nothing else can be meant, or is the value of a parameter.
#[derive(Clone, Copy)]
enum Place {
    Path,
    Value,
}

impl Place {
    fn refusal(self, sentence: String) -> Refusal {
        match self {
            Place::Path => Refusal::not_found(sentence),
            Place::Value => Refusal::bad(sentence),
        }
    }
}

/// # Errors
/// 404 for a path, 400 for a parameter that names what does not exist; the nearest is named. Documents are
/// looked up in the store, which may fail.
pub fn narrow(
    scope: &Scope,
    query: &FeedQuery,
    published: &Published,
    reader: &StoreReader,
) -> Result<Narrowed, Absent> {
    let mut narrowed = Narrowed {
        path: "feed".to_owned(),
        ..Narrowed::default()
    };
    match scope {
        Scope::All => {}
        Scope::Source(id) => {
            let facts = source(id, published, Place::Path)?;
            narrowed.path = format!("sources/{}", facts.id);
            narrowed.names.push(facts.name.clone());
            narrowed.own_feed_of = Some(facts.no);
        }
        Scope::Province(slug) => {
            narrowed.by_path(Scheme::Province, "provinces", slug, published)?
        }
        Scope::FormerProvince(slug) => {
            narrowed.by_path(Scheme::FormerProvince, "former-provinces", slug, published)?;
        }
        Scope::Topic(slug) => narrowed.by_path(Scheme::Topic, "topics", slug, published)?,
        Scope::Document(slug) => {
            narrowed.path = format!("documents/{slug}");
            narrowed.by_documents(std::slice::from_ref(slug), reader, Place::Path)?;
        }
    }
    for (scheme, slugs) in [
        (Scheme::Province, &query.province),
        (Scheme::FormerProvince, &query.former_province),
        (Scheme::Topic, &query.topic),
    ] {
        narrowed.by_tags(scheme, slugs, published, Place::Value)?;
    }
    narrowed.by_documents(&query.document, reader, Place::Value)?;
    narrowed.by_sources(&query.source, published)?;
    Ok(narrowed)
}

impl Narrowed {
    fn by_path(
        &mut self,
        scheme: Scheme,
        folder: &str,
        slug: &str,
        published: &Published,
    ) -> Result<(), Refusal> {
        self.path = format!("{folder}/{slug}");
        self.by_tags(scheme, &[slug.to_owned()], published, Place::Path)
    }

    fn by_tags(
        &mut self,
        scheme: Scheme,
        slugs: &[String],
        published: &Published,
        place: Place,
    ) -> Result<(), Refusal> {
        let mut orders = Vec::new();
        for slug in slugs {
            self.names.push(label(scheme, slug, published, place)?);
            orders.push(Order::Tagged(scheme, slug.clone()));
        }
        self.add(orders);
        Ok(())
    }

    fn by_documents(
        &mut self,
        slugs: &[String],
        reader: &StoreReader,
        place: Place,
    ) -> Result<(), Absent> {
        // There may be a hundred of them in one question.
        let stories = match place {
            Place::Path => find::DOCUMENT_STORIES_MAX,
            Place::Value => 1,
        };
        let mut orders = Vec::new();
        for slug in slugs {
            let name = find::document_name(reader, slug, stories)?;
            let Some(name) = name else {
                let near = reader.terms_from(Scheme::Document, head_of(slug), NEAR_MAX)?;
                let near = near.iter().map(String::as_str);
                return Err(place.refusal(unknown_document(slug, near)).into());
            };
            self.names.push(name);
            orders.push(Order::Tagged(Scheme::Document, slug.clone()));
        }
        self.add(orders);
        Ok(())
    }

    fn by_sources(&mut self, ids: &[String], published: &Published) -> Result<(), Refusal> {
        let mut orders = Vec::new();
        for id in ids {
            let facts = source(id, published, Place::Value)?;
            self.names.push(facts.name.clone());
            orders.push(Order::CarriedBy(facts.no));
        }
        self.add(orders);
        Ok(())
    }

    fn add(&mut self, orders: Vec<Order>) {
        if !orders.is_empty() {
            self.selection.groups.push(orders);
        }
    }

    /// The tags this feed is narrowed by.
    pub fn tags(&self) -> impl Iterator<Item = (Scheme, &str)> {
        self.selection
            .groups
            .iter()
            .flatten()
            .filter_map(|order| match order {
                Order::Tagged(scheme, term) => Some((*scheme, term.as_str())),
                Order::All | Order::CarriedBy(_) => None,
            })
    }
}

fn label(
    scheme: Scheme,
    slug: &str,
    published: &Published,
    place: Place,
) -> Result<String, Refusal> {
    let (what, known, label): (_, Vec<&str>, _) = match scheme {
        Scheme::Province => ("province", tag::province_slugs(), tag::province_label(slug)),
        Scheme::FormerProvince => (
            "former province",
            tag::former_province_slugs()
                .into_iter()
                .map(|(slug, _)| slug)
                .collect(),
            tag::former_province_label(slug),
        ),
        Scheme::Topic | Scheme::Document | Scheme::SourceCategory => (
            "topic",
            published.tagger.topic_slugs(),
            published.tagger.topic_label(slug),
        ),
    };
    label.map(str::to_owned).ok_or_else(|| {
        let former = tag::former_province_slugs().into_iter().find(|(former, _)| *former == slug);
        place.refusal(match former {
            Some((_, successor)) if scheme == Scheme::Province => format!(
                "since 1 July 2025 \"{slug}\" is part of the province \"{successor}\"; its own news is at /former-provinces/{slug}.atom"
            ),
            _ => unknown(what, slug, known.into_iter()),
        })
    })
}

/// The feed of a configured source always exists; that of a past one while its history is here.
fn source<'a>(
    raw: &str,
    published: &'a Published,
    place: Place,
) -> Result<&'a SourceFacts, Refusal> {
    let roster = &published.roster;
    SourceId::parse(raw)
        .ok()
        .and_then(|id| roster.find(&id).or_else(|| roster.renamed(&id)))
        .ok_or_else(|| {
            let known = roster.iter().map(|facts| facts.id.as_str());
            place.refusal(unknown("source", raw, known))
        })
}

/// Documents of one number, in any year and of any kind.
const NEAR_MAX: usize = 100;

/// `1881` of `1881-qd-ttg`.
fn head_of(slug: &str) -> &str {
    slug.split('-').next().unwrap_or(slug)
}

fn unknown_document<'a>(raw: &str, near: impl Iterator<Item = &'a str>) -> String {
    let raw_quoted = quoted(raw);
    match nearest(raw, near) {
        Some(nearest) => {
            format!("no story names a document {raw_quoted}; the nearest is \"{nearest}\"")
        }
        None => format!("no story names a document {raw_quoted}"),
    }
}

fn unknown<'a>(what: &str, raw: &str, known: impl Iterator<Item = &'a str>) -> String {
    let raw_quoted = quoted(raw);
    match nearest(raw, known) {
        Some(nearest) => format!("there is no {what} {raw_quoted}; the nearest is \"{nearest}\""),
        None => format!("there is no {what} {raw_quoted}: none is configured"),
    }
}
