//! What is read beside feeds: listing pages, articles, sitemaps, robots.txt, and what an address turns out to be.
//!
//! The first byte chooses the reader, and what is above the first form feed are selectors, one a line, as an
//! administrator may have written them.

#![no_main]

use langbao::core::model::Timestamp;
use langbao::core::parse::discover::{self, What};
use langbao::core::parse::page::{PageRules, listing};
use langbao::core::parse::robots::Robots;
use langbao::core::parse::{Answer, ParseFault, article, sitemap};
use libfuzzer_sys::fuzz_target;

const URL: &str = "https://a.vn/kinh-te/trang-1.html";

const ITEMS_MAX: usize = 100;

/// HTML of one article: the bound of `article`, and what may be written once it is reached.
const ARTICLE_BYTES_MAX: usize = 2 * 1024 * 1024;

fn is_web(url: &str) -> bool {
    url.starts_with("http://") || url.starts_with("https://")
}

fn read_listing(answer: &Answer, rules: &PageRules) {
    match listing(answer, rules) {
        Ok(listing) => {
            let items = &listing.feed.items;
            assert!(items.len() <= ITEMS_MAX);
            assert!(items.iter().all(|item| item.title.is_some()));
            assert!(
                items
                    .iter()
                    .flat_map(|item| &item.link)
                    .all(|url| is_web(url))
            );
            assert!(listing.next.is_none_or(|url| is_web(&url)));
            let mut ids: Vec<_> = items.iter().map(|item| &item.id).collect();
            ids.sort();
            assert!(
                ids.windows(2).all(|pair| pair[0] != pair[1]),
                "an item twice"
            );
        }
        Err(ParseFault::NotAFeed(_)) => {}
        Err(ParseFault::Panicked(what)) => panic!("{what}"),
    }
}

fn read_article(answer: &Answer, selector: Option<&str>) {
    if let Some(article) = article::text(answer, selector) {
        assert!(!article.html.is_empty() && article.html.len() <= ARTICLE_BYTES_MAX);
    }
}

fn discover_feeds(answer: &Answer) {
    let What::Page { feeds, guesses } = discover::what(answer) else {
        return;
    };
    assert!(feeds.iter().all(|feed| is_web(&feed.url)));
    assert!(guesses.iter().all(|url| is_web(url)));
}

fn read_sitemap(answer: &Answer) {
    match sitemap::read(answer) {
        Ok(sitemap) => assert!(sitemap.entries.items.len() <= ITEMS_MAX),
        Err(ParseFault::NotAFeed(_)) => {}
        Err(ParseFault::Panicked(what)) => panic!("{what}"),
    }
}

fn obey_robots(body: &[u8]) {
    let text = String::from_utf8_lossy(body);
    let robots = Robots::parse(&text);
    assert!(robots.allows("langbao", "/robots.txt"));
    let path = text.lines().next_back().unwrap_or("/");
    robots.allows("langbao", path);
    robots.crawl_delay("langbao");
}

fuzz_target!(|data: &[u8]| {
    let Some((first, rest)) = data.split_first() else {
        return;
    };
    let (selectors, body) = match rest.iter().position(|b| *b == b'\x0c') {
        Some(at) => (&rest[..at], &rest[at + 1..]),
        None => (&[][..], rest),
    };
    let selectors = String::from_utf8_lossy(selectors);
    let mut selectors = selectors
        .split('\n')
        .map(|raw| Some(raw.to_owned()).filter(|raw| !raw.is_empty()));
    let mut next = || selectors.next().flatten();
    let answer = Answer {
        body,
        content_type: None,
        url: URL,
        time_zone_offset_s: None,
        items_max: ITEMS_MAX,
        now: Timestamp::from_secs(1_795_311_000),
    };
    match first % 5 {
        0 => {
            let rules = PageRules {
                item: next(),
                link: next(),
                title: next(),
                summary: next(),
                date: next(),
                image: next(),
                next: next(),
                hosts: vec!["b.vn".to_owned()],
            };
            read_listing(&answer, &rules);
        }
        1 => read_article(&answer, next().as_deref()),
        2 => discover_feeds(&answer),
        3 => read_sitemap(&answer),
        _ => obey_robots(body),
    }
});
