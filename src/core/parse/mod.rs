//! Reading what a newsroom serves: bytes in, a [`ParsedFeed`] or what the bytes look like instead out.
//!
//! The way of an answer: [`charset`] makes text of it, [`guard`] a bounded tree with the damage mended, then
//! item by item feed-rs reads a document written anew for it, and what feed-rs loses is read beside it. One bad
//! item is a [`Problem`], never the feed's end. Nothing here is sanitised: the strings are the source's.

pub mod article;
pub mod charset;
pub mod date;
pub mod discover;
pub mod guard;
pub mod oddities;
pub mod page;
pub mod robots;
pub mod sitemap;

mod feed;
mod item;
mod json;
mod markup;
mod mend;
mod order;
mod zone;

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::core::model::{ParsedFeed, ParsedItem, Problem, SourceRules, Timestamp};

/// Problems of one answer that are kept by name; the others are counted.
const PROBLEMS_MAX: usize = 50;

/// A 200 with what is needed to read it.
#[derive(Debug, Clone, Copy)]
pub struct Answer<'a> {
    /// Decompressed.
    pub body: &'a [u8],
    pub content_type: Option<&'a str>,
    /// Where the redirects led.
    pub url: &'a str,
    /// Seconds east of UTC for dates that name no zone; none: told from the answer.
    pub time_zone_offset_s: Option<i32>,
    pub items_max: usize,
    pub now: Timestamp,
}

impl Answer<'_> {
    /// Of pages and sitemaps, which say nothing of where they are from: Vietnam's, unless one is named.
    fn zone_offset_s(&self) -> i32 {
        self.time_zone_offset_s
            .unwrap_or(SourceRules::VIETNAM_OFFSET_S)
    }
}

/// Why an answer gave no feed at all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ParseFault {
    /// What it looks like instead: `an HTML page`.
    NotAFeed(String),
    /// A mistake of ours or of a crate, met in reading it.
    Panicked(String),
}

impl fmt::Display for ParseFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ParseFault::NotAFeed(what) => write!(f, "not a feed but {what}"),
            ParseFault::Panicked(what) => write!(f, "the parser panicked: {what}"),
        }
    }
}

impl std::error::Error for ParseFault {}

/// The feed in `answer`: RSS, Atom or JSON Feed, whatever the content type says.
///
/// # Errors
/// When there is no feed in it; an empty feed is one.
pub fn feed(answer: &Answer) -> Result<ParsedFeed, ParseFault> {
    let read = AssertUnwindSafe(|| {
        let text = charset::text(answer.body, answer.content_type);
        read(&text, answer)
    });
    let mut feed = match catch_unwind(read) {
        Ok(outcome) => outcome?,
        Err(panic) => return Err(ParseFault::Panicked(panic_words(panic.as_ref()))),
    };
    keep_newest(&mut feed, answer.items_max);
    bound_problems(&mut feed.problems);
    Ok(feed)
}

fn read(text: &str, answer: &Answer) -> Result<ParsedFeed, ParseFault> {
    match text.trim_start().chars().next() {
        None => Err(ParseFault::NotAFeed("an empty answer".to_owned())),
        Some('{' | '[') if !text.contains("<rss") && !text.contains("<feed") => {
            json::read(text.trim(), answer)
        }
        Some(_) => feed::read(text, answer),
    }
}

fn panic_words(panic: &(dyn std::any::Any + Send)) -> String {
    panic
        .downcast_ref::<&str>()
        .map(|words| (*words).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "without a word".to_owned())
}

/// Leaves the newest `items_max` in the source's order; an undated item counts as old as its place.
fn keep_newest(feed: &mut ParsedFeed, items_max: usize) {
    let given = feed.items.len();
    if given <= items_max {
        return;
    }
    let at = |item: &ParsedItem| item.published.map(|published| published.at);
    let mut order: Vec<usize> = (0..given).collect();
    // Stable: equal and missing dates keep the source's order, dated ones go first.
    order.sort_by_key(|index| std::cmp::Reverse(at(&feed.items[*index])));
    let mut kept = vec![false; given];
    for index in order.into_iter().take(items_max) {
        kept[index] = true;
    }
    let mut kept = kept.into_iter();
    feed.items.retain(|_| kept.next().unwrap_or(false));
    feed.problems.push(Problem {
        item: None,
        what: format!("{given} items, of which the newest {items_max} were taken"),
    });
}

fn bound_problems(problems: &mut Vec<Problem>) {
    let given = problems.len();
    if given > PROBLEMS_MAX {
        problems.truncate(PROBLEMS_MAX);
        problems.push(Problem {
            item: None,
            what: format!("{} more problems", given - PROBLEMS_MAX),
        });
    }
}

#[cfg(test)]
mod tests;
