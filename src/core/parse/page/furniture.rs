//! Which parts of a page are furniture: menus, footers, weather, advertisements, never news.

use super::dom::Dom;

/// Words of class or id that only furniture bears.
const WORDS: [&str; 48] = [
    "menu",
    "submenu",
    "nav",
    "navbar",
    "navigation",
    "sidenav",
    "breadcrumb",
    "breadcrumbs",
    "footer",
    "weather",
    "thoitiet",
    "ads",
    "adv",
    "advert",
    "advertisement",
    "advertising",
    "adsense",
    "adbox",
    "quangcao",
    "qc",
    "sponsor",
    "sponsored",
    "banner",
    "login",
    "signin",
    "share",
    "sharing",
    "social",
    "tagcloud",
    "tags",
    "keywords",
    "pagination",
    "paging",
    "pager",
    "paginator",
    "copyright",
    "cookie",
    "popup",
    "modal",
    "hotline",
    "tygia",
    "giavang",
    "xoso",
    "lienket",
    "weblink",
    "partner",
    "survey",
    "offcanvas",
];

/// Whole classes and ids of advertisements, even where each item is an `article`, whose further classes are often
/// its tags.
const ADVERTISEMENTS: [&str; 12] = [
    "ad",
    "ads",
    "adv",
    "advert",
    "advertisement",
    "advertising",
    "qc",
    "quangcao",
    "quang-cao",
    "quang_cao",
    "sponsor",
    "sponsored",
];

/// Two words that follow each other.
const PAIRS: [(&str, &str); 9] = [
    ("thoi", "tiet"),
    ("quang", "cao"),
    ("ty", "gia"),
    ("gia", "vang"),
    ("xo", "so"),
    ("lien", "ket"),
    ("box", "ad"),
    ("google", "ad"),
    ("doi", "tac"),
];

/// For each node, whether it lies in furniture. `news` are the places of links that look like articles, in order.
pub(super) fn mark(dom: &Dom, news: &[usize]) -> Vec<bool> {
    let mut marked = vec![false; dom.node_count()];
    let many = |at: usize| {
        let count = news.partition_point(|n| *n < dom.end(at)) - news.partition_point(|n| *n < at);
        news.len() >= 4 && 2 * count > news.len()
    };
    let mut end = 0;
    for at in dom.elements() {
        if at < end {
            continue;
        }
        // A word can be a template's whim; half of the news is not furniture whatever it is called.
        if is_by_nature(dom, at) || (is_by_name(dom, at) && !many(at)) {
            end = dom.end(at);
            marked[at..end].fill(true);
        }
    }
    marked
}

fn is_by_nature(dom: &Dom, at: usize) -> bool {
    let role = dom.attr(at, "role").unwrap_or("");
    match dom.name(at) {
        "nav" | "dialog" => true,
        "header" | "footer" => !is_within_item(dom, at),
        "ins" => dom
            .attr(at, "class")
            .is_some_and(|class| class.contains("adsbygoogle")),
        _ => matches!(
            role,
            "navigation" | "contentinfo" | "banner" | "search" | "menu" | "menubar" | "dialog"
        ),
    }
}

fn is_within_item(dom: &Dom, at: usize) -> bool {
    dom.ancestors(at)
        .any(|outer| matches!(dom.name(outer), "article" | "li" | "main" | "section"))
}

fn tokens<'a>(dom: &'a Dom, at: usize) -> impl Iterator<Item = &'a str> {
    [dom.attr(at, "class"), dom.attr(at, "id")]
        .into_iter()
        .flatten()
        .flat_map(str::split_whitespace)
}

fn is_advertisement(dom: &Dom, at: usize) -> bool {
    tokens(dom, at).any(|token| {
        ADVERTISEMENTS
            .iter()
            .any(|name| token.eq_ignore_ascii_case(name))
    })
}

fn is_by_name(dom: &Dom, at: usize) -> bool {
    if matches!(dom.name(at), "html" | "body" | "main" | "a" | "img") {
        return false;
    }
    if is_advertisement(dom, at) {
        return true;
    }
    if dom.name(at) == "article" {
        return false;
    }
    let is_head = |token: &str| {
        let token = token.to_ascii_lowercase();
        [
            "header",
            "site-header",
            "page-header",
            "main-header",
            "top-header",
            "topbar",
            "header-top",
        ]
        .contains(&token.as_str())
    };
    let is_page_head = tokens(dom, at).any(is_head);
    if is_page_head && !is_within_item(dom, at) {
        return true;
    }
    let marks = dom.marks(at);
    marks.iter().any(|mark| WORDS.contains(&mark.as_str()))
        || marks.windows(2).any(|two| {
            PAIRS
                .iter()
                .any(|(first, second)| two[0] == *first && two[1] == *second)
        })
}
