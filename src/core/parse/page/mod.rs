//! An HTML page that lists news, read as a feed.
//!
//! The way of a page: [`clean`] makes it cheap, html5ever a tree of it, [`dom`] a flat list. What an administrator
//! described by selectors is taken as described; the rest is found by itself. Linked data and meta elements
//! complete what is seen. Nothing here follows an address.

pub mod clean;
pub mod dom;

mod about;
mod address;
mod block;
mod find;
mod furniture;
mod linked;
mod next;
mod rules;
mod tag;
mod words;

use std::collections::{BTreeMap, HashSet};
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};

use scraper::Html;

use self::address::Site;
use self::block::Reader;
use self::clean::Clean;
use self::dom::Dom;
use self::find::Found;
use self::linked::{Linked, Said};
use super::{Answer, ParseFault, bound_problems, charset, keep_newest, panic_words};
use crate::core::model::{ParsedCategory, ParsedFeed, ParsedItem, Problem, Structure};

pub(in crate::core::parse) use self::about::ArticlePage;
pub use self::rules::PageRules;
pub(in crate::core::parse) use self::words::html as html_of;

/// How far into a page its charset is looked for.
const CHARSET_BYTES_MAX: usize = 4096;

/// Items of one page before the newest are chosen.
const ITEMS_MAX: usize = 2_000;

/// Of an article's own page: paragraphs that are no links, and the letters of one.
const PARAGRAPHS_MIN: usize = 3;
const TITLES_MAX: usize = 20;
const PARAGRAPH_CHARS_MIN: usize = 60;

/// What a listing page gives.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Listing {
    pub feed: ParsedFeed,
    /// The absolute address of the page with what is older.
    pub next: Option<String>,
    pub structure: Structure,
}

/// The places that most items stand at.
fn structure<'a>(signatures: impl Iterator<Item = &'a str>) -> Structure {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for signature in signatures {
        *counts.entry(signature).or_default() += 1;
    }
    let mut counts: Vec<(&str, usize)> = counts.into_iter().collect();
    // Stable: signatures of one count stay in alphabetical order.
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    Structure(
        counts
            .into_iter()
            .take(Structure::PLACES_MAX)
            .map(|(signature, _)| signature.to_owned())
            .collect(),
    )
}

/// The news that the page in `answer` lists.
///
/// # Errors
/// When the answer is no HTML page; a page without news is one.
pub fn listing(answer: &Answer, rules: &PageRules) -> Result<Listing, ParseFault> {
    let read = AssertUnwindSafe(|| read(answer, rules));
    let mut listing = match catch_unwind(read) {
        Ok(outcome) => outcome?,
        Err(panic) => return Err(ParseFault::Panicked(panic_words(panic.as_ref()))),
    };
    keep_newest(&mut listing.feed, answer.items_max);
    bound_problems(&mut listing.feed.problems);
    Ok(listing)
}

/// The text of a page: the charset of its meta elements stands in for what HTTP does not say.
pub(in crate::core::parse) fn text(body: &[u8], content_type: Option<&str>) -> String {
    let said = content_type.filter(|kind| kind.to_ascii_lowercase().contains("charset"));
    match (said, meta_charset(body)) {
        (None, Some(charset)) => {
            charset::text(body, Some(&format!("text/html; charset={charset}")))
        }
        _ => charset::text(body, content_type),
    }
}

fn meta_charset(body: &[u8]) -> Option<String> {
    let head: String = body
        .iter()
        .take(CHARSET_BYTES_MAX)
        .map(|b| char::from(*b).to_ascii_lowercase())
        .collect();
    let meta = head.match_indices("<meta").find_map(|(at, _)| {
        let tag = &head[at..];
        let tag = &tag[..tag.find('>').unwrap_or(tag.len())];
        tag.split_once("charset")
    })?;
    let label = meta.1.trim_start().strip_prefix('=')?.trim_start();
    let label = label.trim_start_matches(['"', '\'']);
    let end = label
        .find(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '-' | '_' | ':'))
        .unwrap_or(label.len());
    (end > 0).then(|| label[..end].to_owned())
}

fn read(answer: &Answer, rules: &PageRules) -> Result<Listing, ParseFault> {
    let text = text(answer.body, answer.content_type);
    if let Some(what) = not_a_page(&text) {
        return Err(ParseFault::NotAFeed(what.to_owned()));
    }
    let Clean {
        html,
        linked: scripts,
        problems,
    } = clean::clean(&text);
    let html = Html::parse_document(&html);
    let dom = Dom::of(&html);
    let base = dom
        .elements()
        .find(|at| dom.name(*at) == "base")
        .and_then(|at| dom.attr(at, "href"));
    let Some(site) = Site::new(answer.url, base, &rules.hosts) else {
        return Err(ParseFault::NotAFeed(
            "a page without a web address".to_owned(),
        ));
    };
    let reader = Reader {
        dom: &dom,
        site: &site,
        zone_offset_s: answer.zone_offset_s(),
        order: block::order(&dom),
        now: answer.now,
    };
    let linked = linked::read(&scripts, &site);
    let page = Page {
        html: &html,
        reader,
        linked,
    };
    let mut listing = page.listing(rules)?;
    let notes = problems
        .into_iter()
        .map(|what| Problem { item: None, what });
    listing.feed.problems.splice(0..0, notes);
    Ok(listing)
}

/// What the text is instead of a page.
fn not_a_page(text: &str) -> Option<&'static str> {
    let head = text.trim_start();
    let lower: String = head
        .chars()
        .take(400)
        .collect::<String>()
        .to_ascii_lowercase();
    if head.is_empty() {
        Some("an empty answer")
    } else if lower.starts_with(['{', '[']) {
        Some("JSON")
    } else if lower.starts_with("%pdf") {
        Some("a PDF document")
    } else if ["<rss", "<feed", "<rdf:rdf"]
        .iter()
        .any(|root| lower.contains(root))
    {
        Some("a feed: kind = \"feed\" reads it")
    } else if ["<urlset", "<sitemapindex"]
        .iter()
        .any(|root| lower.contains(root))
    {
        Some("a sitemap: kind = \"sitemap\" reads it")
    } else {
        None
    }
}

/// One page with everything that is known of it.
struct Page<'a> {
    html: &'a Html,
    reader: Reader<'a>,
    linked: Linked,
}

impl Page<'_> {
    fn listing(&self, rules: &PageRules) -> Result<Listing, ParseFault> {
        let selectors = rules.compile().map_err(ParseFault::NotAFeed)?;
        let dom = self.reader.dom;
        let head = linked::head(dom);
        let mut feed = ParsedFeed {
            format: "HTML page".to_owned(),
            title: self.page_title().map(|title| words::html(&title)),
            site: Some(self.reader.site.page.to_string()),
            language: dom
                .elements()
                .find(|at| dom.name(*at) == "html")
                .and_then(|at| dom.attr(at, "lang"))
                .map(str::trim)
                .filter(|language| !language.is_empty())
                .map(str::to_owned),
            ..ParsedFeed::default()
        };
        let mut drafts = if selectors.describe_items() {
            selectors.items(self.html, &self.reader, &mut feed.problems)
        } else {
            let items = find::items(&self.reader);
            let dom = self.reader.dom;
            let listed: Vec<Range<usize>> = items
                .iter()
                .flat_map(|found| &found.blocks)
                .map(|block| *block..dom.end(*block))
                .collect();
            let mut drafts = self.found(items);
            if let Some(own) = self.own_article(&head, &listed) {
                drafts.insert(0, own);
            }
            drafts
        };
        let mut seen = HashSet::new();
        drafts.retain(|draft| seen.insert(draft.key.clone()));
        if !selectors.describe_items() {
            drafts.extend(self.only_said(&seen));
        }
        drafts.truncate(ITEMS_MAX);
        let structure = structure(
            drafts
                .iter()
                .map(|draft| draft.signature.as_str())
                .filter(|signature| !signature.is_empty()),
        );
        let next = next::page(&self.reader, selectors.next.as_ref());
        feed.items = drafts
            .into_iter()
            .map(|draft| self.complete(draft))
            .collect();
        if feed.items.is_empty() && feed.problems.is_empty() {
            feed.problems.push(Problem {
                item: None,
                what: "a page in which no list of news was found".to_owned(),
            });
        }
        Ok(Listing {
            feed,
            next,
            structure,
        })
    }

    fn page_title(&self) -> Option<String> {
        let dom = self.reader.dom;
        dom.elements()
            .filter(|at| dom.name(*at) == "title")
            .map(|at| dom.text(at))
            .find(|text| !text.is_empty())
    }

    fn found(&self, items: Vec<Found>) -> Vec<Draft> {
        let reader = &self.reader;
        items
            .into_iter()
            .map(|found| {
                let mut item = ParsedItem {
                    link: Some(found.url.to_string()),
                    ..ParsedItem::default()
                };
                for block in &found.blocks {
                    reader.fill(&mut item, *block, &found.title);
                }
                if item.published.is_none() {
                    item.published =
                        address::time_in_path(&found.url).and_then(|time| reader.date(&time));
                }
                item.title = Some(words::html(&found.title));
                Draft {
                    key: found.key,
                    item,
                    signature: found.signature,
                }
            })
            .collect()
    }

    /// Items that only the linked data names: a list that is drawn by a script.
    fn only_said(&self, seen: &HashSet<String>) -> Vec<Draft> {
        self.linked
            .order
            .iter()
            .filter(|key| !seen.contains(*key))
            .filter_map(|key| {
                let said = self.linked.others.get(key)?;
                let title = said.title.as_deref()?;
                (words::syllables(title) >= 3).then(|| Draft {
                    key: key.clone(),
                    item: ParsedItem {
                        title: Some(words::html(title)),
                        link: said.url.clone(),
                        ..ParsedItem::default()
                    },
                    signature: String::new(),
                })
            })
            .collect()
    }

    /// The article that the page itself is, with lists around it.
    fn own_article(&self, head: &Said, listed: &[Range<usize>]) -> Option<Draft> {
        let reader = &self.reader;
        let dom = reader.dom;
        let own = self.linked.own.clone();
        let (title_at, body) = self.own_title(listed)?;
        let title = words::title(&dom.text(title_at))?;
        let is_said = own.is_some() || head.published.is_some();
        let is_long = words::syllables(&title) >= 4;
        if !(body.is_some() && is_long) && !(is_said && (is_long || own.is_some())) {
            return None;
        }
        let said = own.unwrap_or_default().or(head.clone());
        let url = head
            .url
            .as_deref()
            .and_then(|url| reader.site.resolve(url))
            .filter(|url| reader.site.owns(url) && url.path() != "/")
            .unwrap_or_else(|| reader.site.page.clone());
        let mut item = ParsedItem {
            title: Some(words::html(&title)),
            link: Some(url.to_string()),
            summary: said.summary.as_deref().map(words::html),
            published: said.published.as_deref().and_then(|raw| reader.date(raw)),
            ..ParsedItem::default()
        };
        if let Some(body) = body {
            if item.published.is_none() {
                item.published = reader.published_near(title_at, body, listed);
            }
            if item.summary.is_none() {
                let text = reader.first_words(title_at, body);
                item.summary = text.map(|text| words::html(&text));
            }
        }
        self.say(&mut item, &said);
        Some(Draft {
            key: address::key(&url),
            item,
            signature: String::new(),
        })
    }

    /// The heading of the page's own article, and what holds its paragraphs; a first heading may lack these.
    fn own_title(&self, listed: &[Range<usize>]) -> Option<(usize, Option<usize>)> {
        let dom = self.reader.dom;
        let is_listed = |at: usize| listed.iter().any(|block| block.contains(&at));
        let named = |name: &'static str| {
            dom.elements()
                .filter(move |at| dom.name(*at) == name && dom.link_chars(*at) == 0)
                .filter(|at| words::syllables(&dom.text(*at)) >= 2 && !is_listed(*at))
                .take(TITLES_MAX)
        };
        let first = named("h1")
            .next()
            .map(|at| (at, self.text_around(at, listed)));
        if let Some((_, Some(_))) = first {
            return first;
        }
        let lower = named("h2")
            .filter(|at| words::syllables(&dom.text(*at)) >= 4)
            .find_map(|at| Some((at, Some(self.text_around(at, listed)?))));
        first.or(lower)
    }

    /// The element around `title_at` that holds the paragraphs of an article.
    fn text_around(&self, title_at: usize, listed: &[Range<usize>]) -> Option<usize> {
        let dom = self.reader.dom;
        let is_listed = |at: usize| listed.iter().any(|block| block.contains(&at));
        dom.ancestors(title_at).take(6).find(|outer| {
            dom.below(*outer)
                .filter(|at| *at > title_at && matches!(dom.name(*at), "p" | "div"))
                .filter(|at| {
                    dom.has_own_text(*at)
                        && dom.chars(*at) >= PARAGRAPH_CHARS_MIN
                        && 4 * dom.link_chars(*at) < dom.chars(*at)
                        && !is_listed(*at)
                })
                .take(PARAGRAPHS_MIN)
                .count()
                == PARAGRAPHS_MIN
        })
    }

    fn complete(&self, draft: Draft) -> ParsedItem {
        let mut item = draft.item;
        if let Some(said) = self.linked.others.get(&draft.key) {
            // What is said for machines has its zone; what is shown often has not.
            if let Some(published) = said
                .published
                .as_deref()
                .and_then(|raw| self.reader.date(raw))
            {
                item.published = Some(published);
            }
            self.say(&mut item, said);
        }
        item.base = Some(self.reader.site.page.to_string());
        item.id = Some(draft.key);
        item
    }

    fn say(&self, item: &mut ParsedItem, said: &Said) {
        let reader = &self.reader;
        if item.summary.is_none() {
            item.summary = said.summary.as_deref().map(words::html);
        }
        if item.enclosures.is_empty() {
            let image = said.image.as_deref().and_then(|raw| reader.picture_at(raw));
            item.enclosures.extend(image);
        }
        if item.authors.is_empty() {
            item.authors = said.authors.iter().map(|name| words::html(name)).collect();
        }
        if item.updated_at.is_none() {
            let modified = said.modified.as_deref().and_then(|raw| reader.date(raw));
            item.updated_at = modified.map(|modified| modified.at);
        }
        if let (true, Some(term)) = (item.categories.is_empty(), &said.section) {
            item.categories.push(ParsedCategory {
                term: term.clone(),
                label: None,
            });
        }
    }
}

/// An item before linked data completes it.
struct Draft {
    key: String,
    item: ParsedItem,
    signature: String,
}

#[cfg(test)]
mod tests;
