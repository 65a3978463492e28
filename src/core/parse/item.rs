//! One item element to a [`ParsedItem`]: what each field of RSS and Atom means, in any of its dialects.

use std::borrow::Cow;

use url::Url;

use super::date::date_in;
use super::guard::Element;
use super::markup::{html, plain, present};
use super::order::Order;
use crate::core::model::{DateFrom, Enclosure, ParsedCategory, ParsedItem, Published, Timestamp};

/// Of one item; further ones are left out.
pub(super) const LIST_MAX: usize = 100;

/// What an item has from where it stands.
#[derive(Debug, Clone)]
pub(super) struct Place<'a> {
    pub(super) is_atom: bool,
    pub(super) base: String,
    pub(super) language: Option<String>,
    pub(super) zone_offset_s: i32,
    pub(super) order: Order,
    pub(super) now: Timestamp,
    /// Atom: who wrote the entries that name nobody.
    pub(super) authors: &'a [String],
}

impl Place<'_> {
    /// What addresses in `field` are relative to.
    fn base_of(&self, field: &Element) -> Cow<'_, str> {
        match field.attribute("xml:base") {
            Some(base) => Cow::Owned(join(&self.base, base)),
            None => Cow::Borrowed(&self.base),
        }
    }

    /// The place inside `element`, whose `xml:base` and `xml:lang` hold for what it contains.
    pub(super) fn within(&self, element: &Element) -> Self {
        let mut place = self.clone();
        if let Some(base) = element.attribute("xml:base") {
            place.base = join(&self.base, base);
        }
        if let Some(language) = element.attribute("xml:lang") {
            place.language = present(language);
        }
        place
    }
}

/// `raw` seen from `base`; as it is where that makes no address.
pub(super) fn join(base: &str, raw: &str) -> String {
    let raw = raw.trim();
    let url = if raw.contains("://") {
        Url::parse(raw)
    } else {
        Err(url::ParseError::RelativeUrlWithoutBase)
    };
    match url.or_else(|_| Url::parse(base)?.join(raw)) {
        Ok(url) if matches!(url.scheme(), "http" | "https") => url.into(),
        _ => raw.to_owned(),
    }
}

/// The item and what was wrong with it.
pub(super) fn read(element: &Element, place: &Place) -> (ParsedItem, Vec<String>) {
    let place = place.within(element);
    let mut draft = Draft {
        place: &place,
        item: ParsedItem {
            base: Some(place.base.clone()),
            language: place.language.clone(),
            ..ParsedItem::default()
        },
        ..Draft::default_at(&place)
    };
    if let Some(about) = element.attribute("rdf:about") {
        draft.about = present(about);
    }
    if let Some(href) = element.attribute("href") {
        draft.link = present(href);
    }
    if let Some(at) = element.attribute("lastmod") {
        draft.date(DateKind::Updated, at);
    }
    draft.fields(element, false);
    draft.finish()
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum DateKind {
    Published,
    Created,
    Dublin,
    Updated,
}

struct Draft<'a> {
    place: &'a Place<'a>,
    item: ParsedItem,
    about: Option<String>,
    link: Option<String>,
    other_link: Option<String>,
    permalink: Option<String>,
    /// An id that is a path.
    path: Option<String>,
    nested_title: Option<String>,
    summaries: Vec<String>,
    contents: Vec<String>,
    published: Option<Timestamp>,
    created: Option<Timestamp>,
    dublin: Option<Timestamp>,
    unread_date: Option<String>,
}

impl<'a> Draft<'a> {
    fn default_at(place: &'a Place<'a>) -> Draft<'a> {
        Draft {
            place,
            item: ParsedItem::default(),
            about: None,
            link: None,
            other_link: None,
            permalink: None,
            path: None,
            nested_title: None,
            summaries: Vec::new(),
            contents: Vec::new(),
            published: None,
            created: None,
            dublin: None,
            unread_date: None,
        }
    }

    fn fields(&mut self, element: &Element, nested: bool) {
        for field in element.elements() {
            // The end of the document lies inside: half an address or half an id is worse than none.
            if field.cut
                && !matches!(
                    field.name.as_str(),
                    "description" | "content:encoded" | "content" | "summary"
                )
            {
                continue;
            }
            self.field(field, nested);
        }
    }

    fn field(&mut self, field: &Element, nested: bool) {
        let is_atom = self.place.is_atom;
        match field.name.as_str() {
            "guid" | "id" if !nested => self.id(field),
            "title" | "dc:title" if !nested => {
                let first = self.item.title.take();
                self.item.title = first.or_else(|| html(field, is_atom));
            }
            "title" | "media:title" => {
                let first = self.nested_title.take();
                self.nested_title = first.or_else(|| html(field, false));
            }
            "link" => self.link(field),
            "enclosure" => self.enclosure(field, &["url", "href", "uri"], "length"),
            "description" | "dc:description" | "summary" | "itunes:summary"
            | "media:description" | "abstract" => {
                let words = html(field, is_atom && field.name == "summary");
                push(&mut self.summaries, words);
            }
            "content:encoded" | "fullitem" | "body" | "xhtml:body" => {
                push(&mut self.contents, html(field, false));
            }
            "content" => push(&mut self.contents, html(field, is_atom)),
            "author" | "dc:creator" | "dc:author" | "itunes:author" | "managingeditor" => {
                push(&mut self.item.authors, person(field));
            }
            "category" | "dc:subject" | "keywords" | "media:category" | "itunes:category" => {
                self.category(field);
            }
            "itunes:keywords" | "media:keywords" | "tags" => self.keywords(field),
            "language" | "dc:language" => {
                if let Some(language) = plain(field) {
                    self.item.language = Some(language);
                }
            }
            "media:group" | "media:content" => self.fields(field, true),
            name => {
                if let Some(kind) = date_kind(name) {
                    self.date(kind, &field.text());
                }
            }
        }
    }

    fn id(&mut self, field: &Element) {
        let Some(id) = plain(field) else {
            return;
        };
        let stated = field.attribute("ispermalink");
        let lower = id.to_ascii_lowercase();
        let is_address = lower.starts_with("http://") || lower.starts_with("https://");
        if stated.is_none_or(|stated| stated.eq_ignore_ascii_case("true"))
            && (is_address || stated.is_some())
        {
            self.permalink = Some(id.clone());
        }
        // `<guid>/thoi-su/bai-1.html</guid>` in an item without any link is its address.
        let is_path = id.contains('/') && !id.contains(|c: char| c == ':' || c.is_whitespace());
        if stated.is_none() && is_path {
            self.path = Some(join(&self.place.base_of(field), &id));
        }
        self.item.id = Some(id);
    }

    fn link(&mut self, field: &Element) {
        let base = self.place.base_of(field);
        let href = ["href", "url", "uri"]
            .iter()
            .find_map(|name| field.attribute(name));
        let Some(href) = href.map(str::to_owned).or_else(|| plain(field)) else {
            return;
        };
        let rel = field
            .attribute("rel")
            .unwrap_or("alternate")
            .trim()
            .to_ascii_lowercase();
        let rel = rel.rsplit('/').next().unwrap_or("alternate");
        let mime = field
            .attribute("type")
            .unwrap_or("text/html")
            .trim()
            .to_ascii_lowercase();
        let is_html = matches!(
            mime.as_str(),
            "" | "html" | "xhtml" | "text/html" | "application/xhtml+xml"
        );
        match rel {
            "alternate" | "" if is_html => self.link = Some(join(&base, &href)),
            "alternate" => self.other_link = Some(join(&base, &href)),
            "enclosure" => self.enclosure(field, &["href", "url", "uri"], "length"),
            _ => {}
        }
    }

    fn enclosure(&mut self, field: &Element, addresses: &[&str], length: &str) {
        let stated = addresses.iter().find_map(|name| field.attribute(name));
        let Some(url) = stated.and_then(present).or_else(|| plain(field)) else {
            return;
        };
        if self.item.enclosures.len() < LIST_MAX {
            self.item.enclosures.push(Enclosure {
                url: join(&self.place.base_of(field), &url),
                media_type: field.attribute("type").and_then(present),
                bytes: field.attribute(length).and_then(|n| n.trim().parse().ok()),
            });
        }
    }

    fn category(&mut self, field: &Element) {
        let words = if field.elements().next().is_none() {
            plain(field)
        } else {
            None
        };
        let label = field.attribute("label").and_then(present);
        let term = ["term", "text"]
            .iter()
            .find_map(|name| field.attribute(name))
            .and_then(present);
        match (term, words) {
            (Some(term), words) => {
                self.put_category(term, label);
                if let Some(words) = words {
                    self.put_category(words, None);
                }
            }
            (None, Some(words)) => self.put_category(words, label),
            (None, None) => {
                if let Some(label) = label {
                    self.put_category(label, None);
                }
            }
        }
        for inner in field.elements() {
            if inner.name == "itunes:category" {
                self.category(inner);
            }
        }
    }

    fn put_category(&mut self, term: String, label: Option<String>) {
        let category = ParsedCategory { term, label };
        if self.item.categories.len() < LIST_MAX && !self.item.categories.contains(&category) {
            self.item.categories.push(category);
        }
    }

    fn keywords(&mut self, field: &Element) {
        for word in field.text().split(',') {
            if let Some(word) = present(word) {
                self.put_category(word, None);
            }
        }
    }

    fn date(&mut self, kind: DateKind, raw: &str) {
        let Some(raw) = present(raw) else {
            return;
        };
        let at = date_in(
            self.place.order,
            &raw,
            self.place.zone_offset_s,
            self.place.now,
        );
        if at.is_none() {
            self.unread_date = Some(raw);
            return;
        }
        match kind {
            DateKind::Published => self.published = at,
            DateKind::Created => self.created = at,
            DateKind::Dublin => self.dublin = at,
            DateKind::Updated => self.item.updated_at = at,
        }
    }

    fn finish(mut self) -> (ParsedItem, Vec<String>) {
        let mut problems = Vec::new();
        let mut item = self.item;
        item.id = item.id.or(self.about.clone());
        item.title = item.title.or(self.nested_title);
        let about = self.about.filter(|about| about.starts_with("http"));
        item.link = self
            .link
            .or(self.permalink)
            .or(self.other_link)
            .or(about)
            .or(self.path);
        (item.summary, item.content) = texts(&mut self.summaries, &mut self.contents);
        let at = self
            .published
            .or(self.dublin)
            .or(self.created)
            .or(item.updated_at);
        item.published = at.map(|at| Published {
            at,
            from: DateFrom::Stated,
        });
        if let (None, Some(raw)) = (at, self.unread_date) {
            let shown: String = raw.chars().take(60).collect();
            problems.push(format!("a date that cannot be read: {shown:?}"));
        }
        if item.authors.is_empty() {
            item.authors = self.place.authors.to_vec();
        }
        (item, problems)
    }
}

fn date_kind(name: &str) -> Option<DateKind> {
    match name {
        "pubdate" | "published" | "issued" | "dcterms:issued" => Some(DateKind::Published),
        "created" | "dcterms:created" => Some(DateKind::Created),
        "dc:date" => Some(DateKind::Dublin),
        "updated" | "modified" | "dcterms:modified" | "lastbuilddate" => Some(DateKind::Updated),
        _ => None,
    }
}

/// Whether a field of this name is a date.
pub(super) fn is_date(name: &str) -> bool {
    date_kind(name).is_some()
}

fn push(list: &mut Vec<String>, words: Option<String>) {
    if let Some(words) = words
        && list.len() < LIST_MAX
        && !list.contains(&words)
    {
        list.push(words);
    }
}

/// The summary is the first of its kind; the content is the longest of what else there is.
fn texts(
    summaries: &mut Vec<String>,
    contents: &mut Vec<String>,
) -> (Option<String>, Option<String>) {
    let summary = if summaries.is_empty() {
        None
    } else {
        Some(summaries.remove(0))
    };
    let content = contents
        .drain(..)
        .chain(summaries.drain(..))
        .reduce(|longest, other| {
            if other.len() > longest.len() {
                other
            } else {
                longest
            }
        });
    (summary, content)
}

/// Who an author element names: its `name`, else its address, else its own words.
pub(super) fn person(field: &Element) -> Option<String> {
    let child = |name: &str| {
        field
            .elements()
            .find(|element| super::guard::local(&element.name) == name)
            .and_then(plain)
    };
    if field.elements().next().is_none() {
        return plain(field);
    }
    child("name")
        .or_else(|| child("email"))
        .or_else(|| plain(field))
}
