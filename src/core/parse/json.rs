//! JSON Feed 1.0 and 1.1, read by hand: a wrong type costs a field, never the feed.

mod damage;

use serde_json::Value;

use super::feed::is_empty;
use super::item::{LIST_MAX, join};
use super::markup::{escape, present};
use super::order::Order;
use super::zone::Signs;
use super::{Answer, ParseFault, date, guard};
use crate::core::model::{
    DateFrom, Enclosure, ParsedCategory, ParsedFeed, ParsedItem, Problem, Published,
};

pub(super) fn read(text: &str, answer: &Answer) -> Result<ParsedFeed, ParseFault> {
    let not = |what: &str| Err(ParseFault::NotAFeed(what.to_owned()));
    let (value, problem) = match serde_json::from_str::<Value>(text) {
        Ok(value) => (value, None),
        Err(err) => match damage::salvage(text) {
            Some(salvage) => {
                let what = format!("damaged JSON, {} items of it lost: {err}", salvage.lost);
                (salvage.feed, Some(Problem { item: None, what }))
            }
            None => return not("JSON that breaks off or is damaged"),
        },
    };
    let version = value["version"].as_str().unwrap_or("");
    let Some(items) = value["items"].as_array() else {
        return not("JSON that is no JSON Feed");
    };
    let mut feed = ParsedFeed {
        format: match version.rsplit_once("version/") {
            Some((_, number)) if number.len() <= 8 => format!("JSON Feed {number}"),
            _ => "JSON Feed".to_owned(),
        },
        title: words(&value["title"]).map(|title| escape(&title).into_owned()),
        site: words(&value["home_page_url"]).map(|url| join(answer.url, &url)),
        language: words(&value["language"]),
        problems: problem.into_iter().collect(),
        ..ParsedFeed::default()
    };
    let authors = authors(&value);
    let zone_offset_s = answer
        .time_zone_offset_s
        .unwrap_or_else(|| zone_offset_s(answer.url, &feed, items));
    let order = Order::of(
        items
            .iter()
            .flat_map(|item| [&item["date_published"], &item["date_modified"]])
            .filter_map(Value::as_str),
    );
    for (index, raw) in items.iter().take(guard::ITEMS_MAX).enumerate() {
        let mut item = item(raw, answer, zone_offset_s, order);
        if is_empty(&item) {
            feed.problems.push(Problem {
                item: Some(index),
                what: "an item with neither title, address, text, enclosure nor id".to_owned(),
            });
            continue;
        }
        if item.authors.is_empty() {
            item.authors.clone_from(&authors);
        }
        feed.items.push(item);
    }
    Ok(feed)
}

/// The zone of dates that name none, as the answer itself tells it.
fn zone_offset_s(url: &str, feed: &ParsedFeed, items: &[Value]) -> i32 {
    let mut signs = Signs::default();
    signs.address(url);
    signs.address(feed.site.as_deref().unwrap_or(""));
    signs.language(feed.language.as_deref().unwrap_or(""));
    signs.words(feed.title.as_deref().unwrap_or(""));
    for item in items {
        if signs.is_settled() {
            break;
        }
        signs.address(item["url"].as_str().unwrap_or(""));
        for key in ["title", "summary", "content_text", "content_html"] {
            signs.words(item[key].as_str().unwrap_or(""));
        }
    }
    signs.offset_s()
}

fn words(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => present(text),
        _ => None,
    }
}

/// Ids are often numbers, against the specification.
fn id(value: &Value) -> Option<String> {
    match value {
        Value::Number(number) => Some(number.to_string()),
        other => words(other),
    }
}

fn item(raw: &Value, answer: &Answer, zone_offset_s: i32, order: Order) -> ParsedItem {
    let html = words(&raw["content_html"]);
    let plain = words(&raw["content_text"]).map(|text| escape(&text).into_owned());
    let read_date = |value: &Value| {
        let raw = words(value)?;
        date::date_in(order, &raw, zone_offset_s, answer.now)
    };
    let published = read_date(&raw["date_published"]);
    let updated_at = read_date(&raw["date_modified"]);
    let image = ["image", "banner_image"]
        .iter()
        .find_map(|key| words(&raw[*key]));
    let mut enclosures: Vec<Enclosure> = list(&raw["attachments"])
        .filter_map(|attachment| {
            Some(Enclosure {
                url: words(&attachment["url"])?,
                media_type: words(&attachment["mime_type"]),
                bytes: attachment["size_in_bytes"].as_u64(),
            })
        })
        .collect();
    if let (true, Some(url)) = (enclosures.is_empty(), image) {
        enclosures.push(Enclosure {
            url,
            media_type: None,
            bytes: None,
        });
    }
    ParsedItem {
        id: id(&raw["id"]),
        title: words(&raw["title"]).map(|title| escape(&title).into_owned()),
        link: words(&raw["url"]).or_else(|| words(&raw["external_url"])),
        base: Some(answer.url.to_owned()),
        summary: words(&raw["summary"]).map(|text| escape(&text).into_owned()),
        content: html.or(plain),
        authors: authors(raw),
        categories: list(&raw["tags"])
            .filter_map(words)
            .map(|term| ParsedCategory { term, label: None })
            .collect(),
        published: published.or(updated_at).map(|at| Published {
            at,
            from: DateFrom::Stated,
        }),
        updated_at,
        enclosures,
        language: words(&raw["language"]),
    }
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten().take(LIST_MAX)
}

fn authors(value: &Value) -> Vec<String> {
    let one = std::iter::once(&value["author"]).filter(|author| author.is_object());
    list(&value["authors"])
        .chain(one)
        .filter_map(|author| words(&author["name"]))
        .collect()
}
