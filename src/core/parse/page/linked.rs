//! Linked data and meta elements: what a page says of itself and its items for machines.
//!
//! Every value is optional and of any type; what is not understood is passed over. Walked with a list, not by
//! calling itself: newsrooms nest without bound.

use std::collections::HashMap;

use serde_json::Value;

use super::address::{self, Site};
use super::dom::{Dom, fold};
use super::words;

/// Values of all scripts that are looked at.
const VALUES_MAX: usize = 50_000;

const ARTICLE_KINDS: [&str; 9] = [
    "NewsArticle",
    "Article",
    "BlogPosting",
    "ReportageNewsArticle",
    "AnalysisNewsArticle",
    "OpinionNewsArticle",
    "VideoObject",
    "Report",
    "LiveBlogPosting",
];

/// What is said of one article; words are plain text.
#[derive(Debug, Clone, Default)]
pub struct Said {
    pub url: Option<String>,
    pub title: Option<String>,
    pub summary: Option<String>,
    /// As written.
    pub published: Option<String>,
    pub modified: Option<String>,
    pub image: Option<String>,
    pub authors: Vec<String>,
    pub section: Option<String>,
    pub body: Option<String>,
}

impl Said {
    /// Takes from `other` what is not said here.
    pub(in crate::core::parse) fn or(mut self, other: Said) -> Said {
        self.url = self.url.or(other.url);
        self.title = self.title.or(other.title);
        self.summary = self.summary.or(other.summary);
        self.published = self.published.or(other.published);
        self.modified = self.modified.or(other.modified);
        self.image = self.image.or(other.image);
        self.section = self.section.or(other.section);
        self.body = self.body.or(other.body);
        if self.authors.is_empty() {
            self.authors = other.authors;
        }
        self
    }
}

/// What the scripts of a page say: of the page itself, and of others by the key of their address.
#[derive(Debug, Default)]
pub struct Linked {
    pub own: Option<Said>,
    pub others: HashMap<String, Said>,
    /// Keys in the order they were said in.
    pub order: Vec<String>,
}

pub(in crate::core::parse) fn read(scripts: &[String], site: &Site) -> Linked {
    let mut linked = Linked::default();
    let mut left = VALUES_MAX;
    for script in scripts {
        let Ok(value) = serde_json::from_str::<Value>(script.trim().trim_end_matches(';')) else {
            continue;
        };
        let mut waiting = vec![&value];
        while let Some(value) = waiting.pop() {
            if left == 0 {
                return linked;
            }
            left -= 1;
            match value {
                Value::Array(values) => waiting.extend(values.iter().rev()),
                Value::Object(fields) => {
                    linked.put(value, site);
                    let held = fields
                        .values()
                        .filter(|held| held.is_object() || held.is_array());
                    waiting.extend(held);
                }
                _ => {}
            }
        }
    }
    linked
}

impl Linked {
    fn put(&mut self, value: &Value, site: &Site) {
        let is_article = kinds(value).any(|kind| ARTICLE_KINDS.contains(&kind));
        let is_listed = kinds(value).any(|kind| kind == "ListItem") && !value["item"].is_object();
        if !is_article && !is_listed {
            return;
        }
        let mut said = said(value);
        if is_listed {
            said.url = said.url.or_else(|| text(&value["item"]));
            // A breadcrumb is a list too.
            let many = said.title.as_deref().map_or(0, words::syllables);
            let shape = said
                .url
                .as_deref()
                .and_then(|url| site.resolve(url))
                .map(|url| address::shape(&url));
            if many < 4 || shape.is_none_or(|shape| shape < address::Shape::Slug) {
                return;
            }
        }
        let url = said.url.as_deref().and_then(|url| site.resolve(url));
        match url.filter(|url| !site.is_here(url)) {
            None if is_article => self.own = Some(self.own.take().unwrap_or_default().or(said)),
            None => {}
            Some(url) if site.owns(&url) => {
                let key = address::key(&url);
                said.url = Some(url.into());
                match self.others.remove(&key) {
                    Some(known) => {
                        self.others.insert(key, known.or(said));
                    }
                    None => {
                        self.order.push(key.clone());
                        self.others.insert(key, said);
                    }
                }
            }
            Some(_) => {}
        }
    }
}

fn kinds(value: &Value) -> impl Iterator<Item = &str> {
    let one = value["@type"].as_str();
    let many = value["@type"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str);
    one.into_iter().chain(many)
}

fn said(value: &Value) -> Said {
    let place = &value["mainEntityOfPage"];
    Said {
        url: text(&value["url"])
            .or_else(|| text(place))
            .or_else(|| text(&place["@id"]))
            .or_else(|| text(&value["@id"]).filter(|id| id.starts_with("http"))),
        title: text(&value["headline"]).or_else(|| text(&value["name"])),
        summary: text(&value["description"]),
        published: text(&value["datePublished"]).or_else(|| text(&value["uploadDate"])),
        modified: text(&value["dateModified"]),
        image: image(&value["image"]).or_else(|| image(&value["thumbnailUrl"])),
        authors: people(&value["author"]),
        section: text(&value["articleSection"]).or_else(|| text(&value["articleSection"][0])),
        body: text(&value["articleBody"]),
    }
}

fn image(value: &Value) -> Option<String> {
    text(value).or_else(|| text(&value["url"])).or_else(|| {
        let first = value.as_array()?.first()?;
        text(first).or_else(|| text(&first["url"]))
    })
}

fn people(value: &Value) -> Vec<String> {
    let one = std::iter::once(value).filter(|value| !value.is_array());
    one.chain(value.as_array().into_iter().flatten())
        .filter_map(|person| text(person).or_else(|| text(&person["name"])))
        .take(8)
        .collect()
}

/// Some newsrooms write character references into their scripts.
fn text(value: &Value) -> Option<String> {
    let text = fold(&decoded(value.as_str()?));
    (!text.is_empty()).then_some(text)
}

fn decoded(raw: &str) -> String {
    match quick_xml::escape::unescape_with(raw, quick_xml::escape::resolve_html5_entity) {
        Ok(text) => text.into_owned(),
        Err(_) => raw.to_owned(),
    }
}

/// What the meta elements of `dom` say of the page itself.
pub(in crate::core::parse) fn head(dom: &Dom) -> Said {
    let mut metas: HashMap<String, &str> = HashMap::new();
    let mut canonical = None;
    for at in dom.elements() {
        match dom.name(at) {
            "meta" => {
                let name = ["property", "name", "itemprop"]
                    .iter()
                    .find_map(|name| dom.attr(at, name));
                if let (Some(name), Some(content)) = (name, dom.attr(at, "content")) {
                    metas
                        .entry(name.trim().to_ascii_lowercase())
                        .or_insert(content);
                }
            }
            "link"
                if dom
                    .attr(at, "rel")
                    .is_some_and(|rel| rel.eq_ignore_ascii_case("canonical")) =>
            {
                canonical = canonical.or(dom.attr(at, "href"));
            }
            _ => {}
        }
    }
    let get = |names: &[&str]| {
        names
            .iter()
            .filter_map(|name| metas.get(*name))
            .map(|text| fold(text))
            .find(|text| !text.is_empty())
    };
    Said {
        url: canonical
            .map(fold)
            .filter(|url| !url.is_empty())
            .or_else(|| get(&["og:url"])),
        title: get(&["og:title", "twitter:title"]),
        summary: get(&["og:description", "description", "twitter:description"]),
        published: get(&[
            "article:published_time",
            "datepublished",
            "pubdate",
            "dc.date.issued",
            "date",
        ]),
        modified: get(&["article:modified_time", "datemodified", "lastmod"]),
        image: get(&["og:image", "og:image:url", "twitter:image"]),
        authors: get(&["article:author", "author"])
            .filter(|name| !name.starts_with("http"))
            .into_iter()
            .collect(),
        section: get(&["article:section"]),
        body: None,
    }
}
