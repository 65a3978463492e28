//! The page with what is older.

use scraper::Selector;

use super::block::Reader;
use super::dom::Dom;

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
    })
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
