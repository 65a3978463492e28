//! The page with what is older.

use scraper::Selector;

use super::block::Reader;
use super::dom::Dom;
use super::words;

/// What a link to it says.
const WORDS: [&str; 16] = [
    "sau",
    "trang sau",
    "trang tiếp",
    "trang tiếp theo",
    "trang kế",
    "tiếp",
    "tiếp theo",
    "kế tiếp",
    "next",
    "next page",
    "older",
    "older posts",
    "»",
    "›",
    ">",
    "xem thêm",
];

/// What marks the number of the page itself.
const CURRENT_MARKS: [&str; 5] = ["current", "active", "selected", "actived", "thispage"];

/// A pager's numbers and signs; more around a number is no pager.
const PAGER_CHARS_MAX: usize = 200;
const PAGER_NODES_MAX: usize = 500;

/// Elements around a number that are looked at for the rest of its pager.
const PAGER_DEPTH_MAX: usize = 3;

pub(super) fn page(reader: &Reader, selector: Option<&Selector>) -> Option<String> {
    let dom = reader.dom;
    let address = |at: usize| {
        let href = dom.attr(at, "href")?.trim();
        if href.is_empty() || href.starts_with('#') {
            return None;
        }
        let url = reader.site.resolve(href)?;
        let is_other = reader.site.owns(&url) && !reader.site.is_here(&url);
        is_other.then(|| url.to_string())
    };
    if let Some(selector) = selector {
        return dom
            .elements()
            .filter(|at| dom.is_match(*at, selector))
            .find_map(|at| address(at).or_else(|| dom.below(at).find_map(address)));
    }
    let links = || {
        dom.elements()
            .filter(|at| matches!(dom.name(*at), "a" | "link"))
    };
    let said = links().filter(|at| {
        dom.attr(*at, "rel")
            .is_some_and(|rel| rel.eq_ignore_ascii_case("next"))
    });
    said.filter_map(address).next().or_else(|| {
        links()
            .filter(|at| dom.name(*at) == "a" && leads_to_older(dom, *at))
            .filter_map(address)
            .find(|url| is_page(url))
            .or_else(|| {
                let by_number = dom.elements().filter(|at| leads_on_by_number(dom, *at));
                by_number.filter_map(address).next()
            })
    })
}

/// Whether the link at `at` is the number after the marked one in a row of nothing but numbers and signs.
fn leads_on_by_number(dom: &Dom, at: usize) -> bool {
    if dom.name(at) != "a" {
        return false;
    }
    let Some(before) = number(dom, at).and_then(|number| number.checked_sub(1)) else {
        return false;
    };
    dom.ancestors(at)
        .take(PAGER_DEPTH_MAX)
        .take_while(|outer| is_pager(dom, *outer))
        .any(|outer| {
            dom.below(outer)
                .filter(|inner| *inner < at && number(dom, *inner) == Some(before))
                .any(|inner| is_current(dom, inner))
        })
}

/// The page that all the words of an element name: `2`.
fn number(dom: &Dom, at: usize) -> Option<u32> {
    if !(1..=4).contains(&dom.chars(at)) {
        return None;
    }
    let text = dom.text(at);
    let is_number = text.bytes().all(|b| b.is_ascii_digit());
    is_number.then(|| text.parse().ok()).flatten()
}

/// A number that is no link, or is one that says that it is the page's own.
fn is_current(dom: &Dom, at: usize) -> bool {
    let is_marked = dom
        .marks(at)
        .iter()
        .any(|mark| CURRENT_MARKS.contains(&mark.as_str()));
    is_marked
        || dom.attr(at, "aria-current").is_some()
        || matches!(dom.name(at), "span" | "strong" | "b" | "em") && dom.link_chars(at) == 0
}

fn is_pager(dom: &Dom, outer: usize) -> bool {
    dom.chars(outer) <= PAGER_CHARS_MAX
        && dom.end(outer) - outer <= PAGER_NODES_MAX
        && dom
            .below(outer)
            .filter(|at| dom.name(*at) == "a")
            .all(|at| number(dom, at).is_some() || words::syllables(&dom.text(at)) <= 2)
}

fn leads_to_older(dom: &Dom, at: usize) -> bool {
    let text = dom.text(at).to_lowercase();
    let bare = text.trim_matches(|c: char| matches!(c, '.' | ' ' | '[' | ']'));
    let stripped = bare.trim_end_matches(['»', '›', '>', '→', ' ']);
    let is_marked = dom.marks(at).iter().any(|mark| mark == "next")
        || dom
            .parent(at)
            .is_some_and(|outer| dom.marks(outer).iter().any(|mark| mark == "next"));
    is_marked || WORDS.contains(&bare) || (!stripped.is_empty() && WORDS.contains(&stripped))
}

/// Whether an address names one page of several: `?page=2`, `/trang-2`, `/p2`, `…/2/`.
fn is_page(url: &str) -> bool {
    let lower = url.to_ascii_lowercase();
    let tail = lower.splitn(4, '/').nth(3).unwrap_or("");
    let named = [
        "page",
        "trang",
        "paging",
        "p=",
        "offset",
        "start=",
        "pageindex",
    ]
    .iter()
    .any(|name| tail.contains(name));
    let last = tail
        .trim_end_matches('/')
        .rsplit(['/', '-', '=', 'p'])
        .next()
        .unwrap_or("");
    let last = last.split('.').next().unwrap_or("");
    named && tail.bytes().any(|b| b.is_ascii_digit())
        || (1..=4).contains(&last.len()) && last.bytes().all(|b| b.is_ascii_digit())
}
