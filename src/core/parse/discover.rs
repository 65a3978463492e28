//! What an answer is, the feeds a page advertises, and where the families of newsrooms keep theirs.
//!
//! [`what`] tells feeds, sitemaps and pages apart; [`feeds`] gives what a page names, [`guesses`] what is worth
//! trying when it names none. Nothing here asks anybody.

use std::collections::HashSet;

use scraper::Html;
use url::Url;

use super::page::clean;
use super::page::dom::Dom;
use super::{Answer, page, sitemap};

/// Feeds of one page.
const FEEDS_MAX: usize = 200;

/// What somebody's address turned out to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    Feed,
    Sitemap,
    Page {
        /// Named by the page.
        feeds: Vec<Discovered>,
        /// Not named, and where newsrooms of its family have one.
        guesses: Vec<String>,
    },
}

/// What `answer` is; anything that is neither feed nor sitemap is looked at as a page.
pub fn what(answer: &Answer) -> What {
    if super::feed(answer).is_ok() {
        return What::Feed;
    }
    if sitemap::read(answer).is_ok() {
        return What::Sitemap;
    }
    let html = page::text(answer.body, answer.content_type);
    What::Page {
        feeds: feeds(&html, answer.url),
        guesses: guesses(answer.url, &html),
    }
}

/// A feed that a page names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Discovered {
    /// Absolute.
    pub url: String,
    pub title: Option<String>,
    pub media_type: Option<String>,
}

/// The feeds that the page at `url` names: first those it declares, then those it links to.
pub fn feeds(html: &str, url: &str) -> Vec<Discovered> {
    let cleaned = clean::clean(html);
    let html = Html::parse_document(&cleaned.html);
    let dom = Dom::of(&html);
    let Some(base) = base(&dom, url) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    let mut seen = HashSet::new();
    let declared = dom.elements().filter_map(|at| declared(&dom, at));
    let linked = dom.elements().filter_map(|at| linked(&dom, at, &base));
    for (href, title, media_type) in declared.chain(linked) {
        let Some(address) = resolve(&base, href) else {
            continue;
        };
        if found.len() < FEEDS_MAX && seen.insert(address.clone()) {
            found.push(Discovered {
                url: address,
                title: title.filter(|title| !title.is_empty()),
                media_type,
            });
        }
    }
    found
}

type Named<'a> = (&'a str, Option<String>, Option<String>);

/// `<link rel="alternate" type="application/rss+xml">`, in the head or where a template put it.
fn declared<'a>(dom: &Dom<'a>, at: usize) -> Option<Named<'a>> {
    if dom.name(at) != "link" {
        return None;
    }
    let rel = dom.attr(at, "rel").unwrap_or("").to_ascii_lowercase();
    let kind = dom.attr(at, "type").unwrap_or("");
    let kind = kind
        .split(';')
        .next()
        .unwrap_or("")
        .trim()
        .to_ascii_lowercase();
    let is_feed = matches!(
        kind.as_str(),
        "application/rss+xml"
            | "application/atom+xml"
            | "application/feed+json"
            | "application/rdf+xml"
            | "application/json+feed"
    ) || (rel == "feed")
        || (matches!(
            kind.as_str(),
            "text/xml" | "application/xml" | "application/json"
        ) && dom.attr(at, "href").is_some_and(looks_like_feed));
    let is_named = rel
        .split_whitespace()
        .any(|word| matches!(word, "alternate" | "feed"));
    if !is_feed || !is_named || is_of_comments(dom, at) {
        return None;
    }
    let title = dom.attr(at, "title").map(super::page::dom::fold);
    Some((
        dom.attr(at, "href")?,
        title,
        (!kind.is_empty()).then_some(kind),
    ))
}

fn is_of_comments(dom: &Dom, at: usize) -> bool {
    let href = dom.attr(at, "href").unwrap_or("").to_ascii_lowercase();
    href.contains("/comments/feed") || href.contains("comments/default")
}

fn linked<'a>(dom: &Dom<'a>, at: usize, base: &Url) -> Option<Named<'a>> {
    if dom.name(at) != "a" {
        return None;
    }
    let href = dom.attr(at, "href")?;
    let is_ours = resolve(base, href)
        .and_then(|url| Url::parse(&url).ok())
        .is_some_and(|url| site(&url) == site(base));
    (is_ours && looks_like_feed(href)).then(|| (href, Some(dom.text(at)), None))
}

/// By the end of its path: `.rss`, `/rss`, `/feed`, `/rss/…`, `…/atom.xml`.
pub fn looks_like_feed(href: &str) -> bool {
    let lower = href.trim().to_ascii_lowercase();
    let path = lower.split(['?', '#']).next().unwrap_or("");
    let path = path.split_once("://").map_or(path, |(_, rest)| {
        rest.split_once('/').map_or("", |(_, path)| path)
    });
    let bare = path.trim_end_matches('/');
    let name = bare.rsplit('/').next().unwrap_or("");
    let is_file = [".rss", ".atom", ".rdf"]
        .iter()
        .any(|end| name.ends_with(end));
    let is_xml = name.ends_with(".xml") && !name.contains("sitemap");
    let is_place = matches!(
        name,
        "rss" | "feed" | "atom" | "feeds" | "rss_feed" | "feed.json" | "rss2"
    );
    let below = bare
        .split('/')
        .rev()
        .skip(1)
        .any(|part| matches!(part, "rss" | "rss_feed"));
    let is_other_file = [".html", ".htm", ".aspx", ".php", ".jpg", ".png"]
        .iter()
        .any(|end| name.ends_with(end));
    is_file || is_xml || is_place || (below && !is_other_file && !name.is_empty())
}

/// Where the families of newsrooms keep the feed of the page at `url`, likeliest first.
pub fn guesses(url: &str, html: &str) -> Vec<String> {
    let Ok(page) = Url::parse(url) else {
        return Vec::new();
    };
    let path = page.path().trim_matches('/');
    let path = path.rsplit_once('.').map_or(path, |(stem, _)| stem);
    let mastercms = ["mastercms", "/stores/news_dataimages/"];
    let onecms = ["1cdn.vn", "onecms"];
    let epi = ["cms-link", "article__sapo", "hemera"];
    let bears = |marks: &[&str]| marks.iter().any(|mark| contains_ignoring_case(html, mark));
    let mut paths: Vec<String> = Vec::new();
    if bears(&mastercms) {
        paths.push(format!("/rss_feed/{path}"));
    }
    if bears(&onecms) && !path.is_empty() {
        paths.push(format!("/rss/{path}"));
    }
    if bears(&epi) {
        paths.push("/rss/home.rss".to_owned());
    }
    if !path.is_empty() {
        for guess in [
            format!("/rss/{path}"),
            format!("/rss/{path}.rss"),
            format!("/rss_feed/{path}"),
            format!("/{path}.rss"),
        ] {
            paths.push(guess);
        }
    }
    for guess in [
        "/rss/home.rss",
        "/rss_feed/",
        "/rss",
        "/rss/trang-chu.rss",
        "/home.rss",
        "/feed",
        "/rss.xml",
    ] {
        paths.push(guess.to_owned());
    }
    let mut seen = HashSet::new();
    paths
        .iter()
        .filter_map(|guess| resolve(&page, guess))
        .filter(|guess| seen.insert(guess.clone()))
        .collect()
}

fn contains_ignoring_case(text: &str, mark: &str) -> bool {
    let first = mark.as_bytes().first().copied().unwrap_or(0);
    let bytes = text.as_bytes();
    (0..bytes.len().saturating_sub(mark.len()).saturating_add(1)).any(|at| {
        bytes[at..]
            .first()
            .is_some_and(|b| b.eq_ignore_ascii_case(&first))
            && bytes
                .get(at..at + mark.len())
                .is_some_and(|part| part.eq_ignore_ascii_case(mark.as_bytes()))
    })
}

fn base(dom: &Dom, url: &str) -> Option<Url> {
    let page = Url::parse(url).ok()?;
    let stated = dom
        .elements()
        .find(|at| dom.name(*at) == "base")
        .and_then(|at| dom.attr(at, "href"));
    stated.and_then(|href| page.join(href).ok()).or(Some(page))
}

fn resolve(base: &Url, href: &str) -> Option<String> {
    let href = href.trim();
    let href = href
        .strip_prefix("feed:")
        .filter(|rest| rest.starts_with("http"))
        .unwrap_or(href);
    let mut url = base.join(href).ok()?;
    url.set_fragment(None);
    let is_web = matches!(url.scheme(), "http" | "https") && url.has_host();
    (is_web && !href.is_empty()).then(|| url.into())
}

fn site(url: &Url) -> String {
    let host = url.host_str().unwrap_or("");
    psl::domain_str(host).unwrap_or(host).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn urls(html: &str) -> Vec<String> {
        feeds(html, "https://a.vn/kinh-te")
            .into_iter()
            .map(|feed| feed.url)
            .collect()
    }

    #[test]
    fn declared_feeds_go_before_linked_ones_and_each_comes_once() {
        let html = "<link rel='alternate' type='application/rss+xml' title='RSS  Kinh tế' href='/rss_feed/kinh-te'>\
                    <link rel=alternate hreflang=en href='/en'><link rel='stylesheet' href='x.css'>\
                    <a href='/rss_feed/kinh-te#x'>RSS</a><a href='/rss/thoi-su.rss'>Thời sự</a>\
                    <a href='https://b.vn/x.rss'>bạn</a><a href='/sitemap.xml'>x</a><a href='/rss-la-gi-123.html'>y</a>";
        assert_eq!(
            urls(html),
            [
                "https://a.vn/rss_feed/kinh-te",
                "https://a.vn/rss/thoi-su.rss"
            ]
        );
        let first = &feeds(html, "https://a.vn/kinh-te")[0];
        assert_eq!(first.title.as_deref(), Some("RSS Kinh tế"));
        assert_eq!(first.media_type.as_deref(), Some("application/rss+xml"));
    }

    #[test]
    fn addresses_count_from_the_base_of_the_page() {
        let html = "<base href='https://static.a.vn/t/'><link rel=alternate type=application/atom+xml href=atom.xml>";
        assert_eq!(urls(html), ["https://static.a.vn/t/atom.xml"]);
        assert_eq!(
            urls("<link rel=alternate type=application/rss+xml href=javascript:x>"),
            [""; 0]
        );
    }

    #[test]
    fn each_family_is_guessed_by_its_own_rule_first() {
        let first = |html: &str| guesses("https://a.vn/kinh-te", html).remove(0);
        assert_eq!(
            first("<!-- BASED ON MASTERCMS ULTIMATE -->"),
            "https://a.vn/rss_feed/kinh-te"
        );
        assert_eq!(
            first("<link href='https://asset.1cdn.vn/onecms/x.css'>"),
            "https://a.vn/rss/kinh-te"
        );
        assert_eq!(first("<a class='cms-link'>"), "https://a.vn/rss/home.rss");
        assert_eq!(guesses("https://a.vn/", "")[0], "https://a.vn/rss/home.rss");
        assert_eq!(guesses("nonsense", ""), [""; 0]);
    }

    proptest::proptest! {
        #[test]
        fn any_page_is_looked_through(raw in "(<|>|link|a|rel=|alternate|href=|/rss|\"|'| |type=|ộ){0,40}") {
            let _ = (feeds(&raw, "https://a.vn/"), guesses("https://a.vn/x", &raw));
        }
    }
}
