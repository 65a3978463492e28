//! RSS and Atom: from a guarded tree to a [`ParsedFeed`], with feed-rs for each item.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use super::guard::{self, Element, Tree};
use super::item::{self, LIST_MAX, Place, join};
use super::markup::{html, plain, present};
use super::order::Order;
use super::zone::Signs;
use super::{Answer, ParseFault, mend};
use crate::core::model::{Enclosure, ParsedCategory, ParsedFeed, ParsedItem, Problem, SourceRules};

/// Longer ones are kept as this.
const TTL_MAX: Duration = Duration::from_secs(366 * 24 * 3600);

/// Items in one document for feed-rs.
const ITEMS_AT_ONCE: usize = 100;

/// How deep below the top a feed's root is looked for.
const ROOT_DEPTH_MAX: usize = 6;

pub(super) fn read(text: &str, answer: &Answer) -> Result<ParsedFeed, ParseFault> {
    let tree = guard::grow(text);
    let root = find_root(&tree.top, 0).or_else(|| loose_items(&tree));
    let Some(root) = root else {
        return Err(ParseFault::NotAFeed(looks_like(&tree, text)));
    };
    let is_atom = matches!(root.name.as_str(), "feed" | "entry");
    let mut feed = ParsedFeed {
        format: format_of(root),
        ..ParsedFeed::default()
    };
    for note in &tree.notes {
        feed.problems.push(Problem {
            item: None,
            what: (*note).to_owned(),
        });
    }
    let place = Place {
        is_atom,
        base: answer.url.to_owned(),
        language: None,
        zone_offset_s: SourceRules::VIETNAM_OFFSET_S,
        order: Order::DayFirst,
        now: answer.now,
        authors: &[],
    };
    let root_place = place.within(root);
    let channel = root.child("channel").unwrap_or(root);
    let channel_place = root_place.within(channel);
    read_head(channel, &channel_place, &mut feed);
    feed.language = feed.language.or(channel_place.language.clone());
    let authors = feed_authors(channel, is_atom);
    let mut found = Vec::new();
    if root.is_item() {
        found.push(root);
    } else {
        collect_items(root, &mut found);
    }
    let place = Place {
        authors: &authors,
        language: channel_place.language.clone(),
        order: order(&found),
        zone_offset_s: answer
            .time_zone_offset_s
            .unwrap_or_else(|| zone_offset_s(answer.url, &feed, channel, &found)),
        ..channel_place
    };
    for (at, elements) in found.chunks(ITEMS_AT_ONCE).enumerate() {
        read_items(at * ITEMS_AT_ONCE, elements, &place, &mut feed);
    }
    if feed.items.is_empty() && tree.items > 0 {
        feed.problems.insert(
            0,
            Problem {
                item: None,
                what: format!("0 entries read where {} items are in the bytes", tree.items),
            },
        );
    }
    Ok(feed)
}

/// The zone of dates that name none, as the answer itself tells it.
fn zone_offset_s(url: &str, feed: &ParsedFeed, channel: &Element, items: &[&Element]) -> i32 {
    let mut signs = Signs::default();
    signs.address(url);
    signs.address(feed.site.as_deref().unwrap_or(""));
    signs.language(feed.language.as_deref().unwrap_or(""));
    for element in std::iter::once(&channel).chain(items) {
        for field in element.elements() {
            if signs.is_settled() {
                return signs.offset_s();
            }
            match field.name.as_str() {
                "link" => {
                    signs.address(field.attribute("href").unwrap_or(""));
                    signs.address(&field.text());
                }
                "title" | "description" | "summary" | "content" | "content:encoded" => {
                    signs.words(&field.text());
                }
                _ => {}
            }
        }
    }
    signs.offset_s()
}

/// The order of days and months in the dates of `items`.
fn order(items: &[&Element]) -> Order {
    let dates: Vec<String> = items
        .iter()
        .flat_map(|item| item.elements())
        .filter(|field| item::is_date(&field.name))
        .map(Element::text)
        .collect();
    Order::of(dates.iter().map(|raw| raw.trim()))
}

/// Reads items side by side: each by itself, and all of them by feed-rs.
fn read_items(first: usize, elements: &[&Element], place: &Place, feed: &mut ParsedFeed) {
    let mut items = Vec::with_capacity(elements.len());
    for (at, element) in elements.iter().enumerate() {
        let (item, problems) = item::read(element, place);
        feed.problems
            .extend(problems.into_iter().map(|what| Problem {
                item: Some(first + at),
                what,
            }));
        items.push(item);
    }
    let entries = feed_rs(elements, &items, place);
    for (at, (mut item, entry)) in items.into_iter().zip(entries).enumerate() {
        let problem = |what: String| Problem {
            item: Some(first + at),
            what,
        };
        match entry {
            Ok(Some(entry)) => fill(&mut item, entry),
            Ok(None) => {}
            Err(what) => feed.problems.push(problem(what)),
        }
        if is_empty(&item) {
            let what = "an item with neither title, address, text, enclosure nor id";
            feed.problems.push(problem(what.to_owned()));
        } else {
            feed.items.push(item);
        }
    }
}

type FeedRsEntry = Result<Option<feed_rs::model::Entry>, String>;

/// What feed-rs reads: of all at once, and item by item where that fails, so that one costs no other.
fn feed_rs(elements: &[&Element], items: &[ParsedItem], place: &Place) -> Vec<FeedRsEntry> {
    match feed_rs_entries(elements, items, place) {
        Ok(entries) if entries.len() == elements.len() => {
            entries.into_iter().map(|entry| Ok(Some(entry))).collect()
        }
        _ => (0..elements.len())
            .map(|at| {
                let read = feed_rs_entries(&elements[at..=at], &items[at..=at], place);
                read.map(|entries| entries.into_iter().next())
            })
            .collect(),
    }
}

fn feed_rs_entries(
    elements: &[&Element],
    items: &[ParsedItem],
    place: &Place,
) -> Result<Vec<feed_rs::model::Entry>, String> {
    let document = mend::document(elements, items, place);
    let read = AssertUnwindSafe(|| {
        feed_rs::parser::Builder::new()
            .base_uri(Some(&place.base))
            .sanitize_content(false)
            .id_generator(|_, _, _| String::new())
            .build()
            .parse(document.as_bytes())
    });
    match catch_unwind(read) {
        Ok(Ok(feed)) => Ok(feed.entries),
        Ok(Err(err)) => Err(format!("read without feed-rs, which says: {err}")),
        Err(_) => Err("read without feed-rs, which panicked".to_owned()),
    }
}

/// Takes from feed-rs what the item itself did not give: media above all.
fn fill(item: &mut ParsedItem, entry: feed_rs::model::Entry) {
    let words = |text: feed_rs::model::Text| present(&text.content);
    item.title = item.title.take().or_else(|| entry.title.and_then(words));
    if item.summary.is_none() && item.content.is_none() {
        item.summary = entry.summary.and_then(words);
        item.content = entry
            .content
            .and_then(|content| content.body)
            .and_then(|body| present(&body));
    }
    if item.categories.is_empty() {
        item.categories = entry
            .categories
            .into_iter()
            .take(LIST_MAX)
            .filter_map(|category| {
                Some(ParsedCategory {
                    term: present(&category.term)?,
                    label: category.label,
                })
            })
            .collect();
    }
    for media in entry.media {
        for content in media.content {
            let Some(url) = content.url else {
                continue;
            };
            put_enclosure(
                item,
                Enclosure {
                    url: url.into(),
                    media_type: content.content_type.map(|mime| mime.to_string()),
                    bytes: content.size,
                },
            );
        }
        if item.enclosures.is_empty() {
            for thumbnail in media.thumbnails {
                put_enclosure(
                    item,
                    Enclosure {
                        url: thumbnail.image.uri,
                        media_type: None,
                        bytes: None,
                    },
                );
            }
        }
    }
}

fn put_enclosure(item: &mut ParsedItem, enclosure: Enclosure) {
    let known = item.enclosures.iter().any(|own| own.url == enclosure.url);
    if !known && !enclosure.url.is_empty() && item.enclosures.len() < LIST_MAX {
        item.enclosures.push(enclosure);
    }
}

/// SPEC section 6: such an item is a problem of its source.
pub(super) fn is_empty(item: &ParsedItem) -> bool {
    item.id.is_none()
        && item.title.is_none()
        && item.link.is_none()
        && item.summary.is_none()
        && item.content.is_none()
        && item.enclosures.is_empty()
}

fn find_root(element: &Element, depth: usize) -> Option<&Element> {
    element.elements().find_map(|child| {
        match child.name.as_str() {
            "rss" | "rdf:rdf" | "rdf" | "feed" | "channel" | "entry" => return Some(child),
            _ => {}
        }
        (depth < ROOT_DEPTH_MAX)
            .then(|| find_root(child, depth + 1))
            .flatten()
    })
}

/// Items without a root that says what they are: better read than lost, unless the page is HTML.
fn loose_items(tree: &Tree) -> Option<&Element> {
    let is_page = tree
        .top
        .elements()
        .any(|element| guard::local(&element.name) == "html");
    let mut found = Vec::new();
    collect_items(&tree.top, &mut found);
    let speaks = found
        .iter()
        .any(|item| item.child("title").is_some() || item.child("link").is_some());
    (speaks && !is_page).then_some(&tree.top)
}

fn collect_items<'a>(element: &'a Element, found: &mut Vec<&'a Element>) {
    for child in element.elements() {
        if child.is_item() {
            found.push(child);
        } else {
            collect_items(child, found);
        }
    }
}

fn format_of(root: &Element) -> String {
    let version = root.attribute("version").unwrap_or("").trim();
    let short = version.len() <= 8 && version.chars().all(|c| c.is_ascii_digit() || c == '.');
    match root.name.as_str() {
        "feed" | "entry" if version == "0.3" => "Atom 0.3".to_owned(),
        "feed" | "entry" => "Atom 1.0".to_owned(),
        "rdf:rdf" | "rdf" => "RSS 1.0".to_owned(),
        "rss" if short && !version.is_empty() => format!("RSS {version}"),
        "rss" => "RSS".to_owned(),
        _ => "XML with items".to_owned(),
    }
}

fn read_head(channel: &Element, place: &Place, feed: &mut ParsedFeed) {
    for field in channel.elements() {
        match field.name.as_str() {
            "title" | "dc:title" if feed.title.is_none() => {
                feed.title = html(field, place.is_atom);
            }
            "link" => {
                let rel = field.attribute("rel").unwrap_or("alternate");
                let address = field
                    .attribute("href")
                    .map_or_else(|| plain(field), present);
                if feed.site.is_none() && rel.eq_ignore_ascii_case("alternate") {
                    feed.site = address.map(|address| join(&place.base, &address));
                }
            }
            "language" | "dc:language" if feed.language.is_none() => feed.language = plain(field),
            "ttl" => feed.ttl = feed.ttl.max(minutes(field)),
            "skiphours" => feed.skip_hours = skip_hours(field),
            "skipdays" => feed.skip_days = skip_days(field),
            _ => {}
        }
    }
    feed.ttl = feed.ttl.max(update_period(channel));
}

fn feed_authors(channel: &Element, is_atom: bool) -> Vec<String> {
    if !is_atom {
        return Vec::new();
    }
    channel
        .elements()
        .filter(|field| field.name == "author")
        .filter_map(item::person)
        .take(LIST_MAX)
        .collect()
}

fn minutes(field: &Element) -> Option<Duration> {
    let minutes: u64 = plain(field)?.parse().ok()?;
    Some(Duration::from_secs(minutes.saturating_mul(60)).min(TTL_MAX))
}

fn update_period(channel: &Element) -> Option<Duration> {
    let period = channel.child("sy:updateperiod").and_then(plain)?;
    let period_s: u64 = match period.to_ascii_lowercase().as_str() {
        "hourly" => 3600,
        "daily" => 86_400,
        "weekly" => 7 * 86_400,
        "monthly" => 30 * 86_400,
        "yearly" => 365 * 86_400,
        _ => return None,
    };
    let frequency: u64 = channel
        .child("sy:updatefrequency")
        .and_then(plain)
        .and_then(|n| n.parse().ok())
        .unwrap_or(1);
    Some(Duration::from_secs(period_s / frequency.max(1)))
}

fn skip_hours(field: &Element) -> Vec<u8> {
    let mut hours: Vec<u8> = field
        .elements()
        .filter_map(plain)
        .filter_map(|hour| hour.parse::<u8>().ok())
        // Some count from 1 to 24.
        .filter(|hour| *hour <= 24)
        .map(|hour| hour % 24)
        .collect();
    hours.sort_unstable();
    hours.dedup();
    hours
}

fn skip_days(field: &Element) -> Vec<u8> {
    const NAMES: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
    let mut days: Vec<u8> = field
        .elements()
        .filter_map(plain)
        .filter_map(|day| {
            let day = day.to_ascii_lowercase();
            NAMES.iter().position(|name| day.starts_with(name))
        })
        .filter_map(|day| u8::try_from(day).ok())
        .collect();
    days.sort_unstable();
    days.dedup();
    days
}

/// A document that is no feed, in the words of an administrator.
fn looks_like(tree: &Tree, text: &str) -> String {
    let head: String = text
        .trim_start()
        .chars()
        .take(200)
        .collect::<String>()
        .to_ascii_lowercase();
    let names: Vec<&str> = tree
        .top
        .elements()
        .map(|element| guard::local(&element.name))
        .collect();
    if names.contains(&"html") || head.starts_with("<!doctype html") || names.contains(&"body") {
        return "an HTML page".to_owned();
    }
    match names.first() {
        None if head.starts_with("%pdf") => "a PDF document".to_owned(),
        None if text.contains('\u{fffd}') => "binary data".to_owned(),
        None => "plain text".to_owned(),
        Some(&"urlset" | &"sitemapindex") => "a sitemap".to_owned(),
        Some(&"opml") => "a list of feeds (OPML)".to_owned(),
        Some(name) => {
            let name: String = name.chars().take(40).collect();
            format!("an XML document with root <{name}>")
        }
    }
}
