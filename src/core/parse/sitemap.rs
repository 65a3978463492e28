//! Sitemaps: the addresses a site names for machines, read as a feed, newest first.
//!
//! News sitemaps give titles, dates and keywords; plain ones addresses and the day of a change; an index gives
//! further sitemaps. The guard bounds depth and elements; compression is the caller's.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::guard::{self, Element, local};
use super::item::LIST_MAX;
use super::markup::{escape, present};
use super::{Answer, ParseFault, bound_problems, charset, date, panic_words};
use crate::core::model::{
    DateFrom, Enclosure, ParsedCategory, ParsedFeed, ParsedItem, Problem, Published, Timestamp,
};

/// Sitemaps that one index names; the newest.
const CHILDREN_MAX: usize = 1_000;

/// Addresses of one plain list.
const LINES_MAX: usize = 50_000;

const URL_BYTES_MAX: usize = 2_048;

/// A newsroom's clock may be a little ahead.
const AHEAD_MAX_S: i64 = 86_400;

/// What a sitemap names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sitemap {
    /// Newest first; those without a date follow in the sitemap's order.
    pub entries: ParsedFeed,
    /// Further sitemaps, the likeliest to hold what is new first.
    pub children: Vec<Child>,
}

/// A sitemap that an index names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Child {
    /// As written.
    pub url: String,
    pub modified_at: Option<Timestamp>,
}

/// The sitemap in `answer`, its newest `items_max` entries.
///
/// # Errors
/// When it is none; an empty sitemap is one.
pub fn read(answer: &Answer) -> Result<Sitemap, ParseFault> {
    let read = AssertUnwindSafe(|| {
        let text = charset::text(answer.body, answer.content_type);
        sitemap(&text, answer)
    });
    let mut sitemap = match catch_unwind(read) {
        Ok(outcome) => outcome?,
        Err(panic) => return Err(ParseFault::Panicked(panic_words(panic.as_ref()))),
    };
    bound_problems(&mut sitemap.entries.problems);
    Ok(sitemap)
}

fn sitemap(text: &str, answer: &Answer) -> Result<Sitemap, ParseFault> {
    let head = text.trim_start();
    if head.starts_with("http://") || head.starts_with("https://") {
        return Ok(of_lines(head, answer));
    }
    let tree = guard::grow(text);
    let Some(root) = tree
        .top
        .elements()
        .find(|root| matches!(local(&root.name), "urlset" | "sitemapindex"))
    else {
        let what = match tree.top.elements().next().map(|root| local(&root.name)) {
            Some("html" | "body" | "head") => "an HTML page",
            Some("rss" | "feed" | "rdf") => "a feed: kind = \"feed\" reads it",
            Some(_) => "an XML document with another root",
            None => "text without a tag",
        };
        return Err(ParseFault::NotAFeed(what.to_owned()));
    };
    let is_index = local(&root.name) == "sitemapindex";
    let mut sitemap = Sitemap::default();
    sitemap.entries.format = if is_index { "sitemap index" } else { "sitemap" }.to_owned();
    let notes = tree.notes.iter().map(|note| Problem {
        item: None,
        what: (*note).to_owned(),
    });
    sitemap.entries.problems.extend(notes);
    let reader = Reader { answer };
    let mut children: Vec<Child> = Vec::new();
    for (index, element) in root.elements().enumerate() {
        match local(&element.name) {
            "url" => match reader.item(element) {
                Some(item) => sitemap.entries.items.push(item),
                None => sitemap.entries.problems.push(Problem {
                    item: Some(index),
                    what: "an entry without an address".to_owned(),
                }),
            },
            "sitemap" => children.extend(reader.child(element)),
            _ => {}
        }
    }
    if sitemap
        .entries
        .items
        .iter()
        .any(|item| item.title.is_some())
    {
        sitemap.entries.format = "news sitemap".to_owned();
    }
    let named = children.len();
    // Stable: what says nothing of itself keeps its place.
    children.sort_by_cached_key(|child| {
        let newest = std::cmp::Reverse((child.modified_at, number(&child.url)));
        (Bearing::of(&child.url), newest)
    });
    children.truncate(CHILDREN_MAX);
    sitemap.children = children;
    if named > CHILDREN_MAX {
        sitemap.entries.problems.push(Problem {
            item: None,
            what: format!(
                "{named} further sitemaps, of which the newest {CHILDREN_MAX} were taken"
            ),
        });
    }
    newest_first(&mut sitemap.entries, answer.items_max);
    Ok(sitemap)
}

/// What the name of a sitemap says of its content; news first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Bearing {
    News,
    Unknown,
    /// Sections, tags, authors, pictures: no articles.
    Other,
}

impl Bearing {
    fn of(url: &str) -> Bearing {
        const NEWS: [&str; 3] = ["news", "tin", "latest"];
        const OTHER: [&str; 13] = [
            "category",
            "categories",
            "chuyenmuc",
            "cate",
            "tag",
            "tags",
            "author",
            "authors",
            "page",
            "image",
            "images",
            "video",
            "videos",
        ];
        let name = url.rsplit('/').find(|part| !part.is_empty()).unwrap_or("");
        let name = name.to_ascii_lowercase();
        let mut words = name.split(|c: char| !c.is_ascii_alphabetic());
        let is_one_of = |list: &[&str], word: &str| list.contains(&word);
        if words.clone().any(|word| is_one_of(&NEWS, word)) {
            Bearing::News
        } else if words.any(|word| is_one_of(&OTHER, word)) {
            Bearing::Other
        } else {
            Bearing::Unknown
        }
    }
}

/// The numbers in the name: `sitemap-2026-11.xml` is newer than `sitemap-2026-9.xml`.
fn number(url: &str) -> Vec<u64> {
    let name = url.rsplit('/').find(|part| !part.is_empty()).unwrap_or("");
    name.split(|c: char| !c.is_ascii_digit())
        .filter_map(|digits| digits.parse().ok())
        .collect()
}

/// A plain text with one address a line.
fn of_lines(text: &str, answer: &Answer) -> Sitemap {
    let mut sitemap = Sitemap::default();
    sitemap.entries.format = "list of addresses".to_owned();
    sitemap.entries.items = text
        .lines()
        .take(LINES_MAX)
        .filter_map(address)
        .map(|link| item_at(link, answer))
        .collect();
    newest_first(&mut sitemap.entries, answer.items_max);
    sitemap
}

fn address(raw: &str) -> Option<String> {
    let raw = raw.trim();
    let is_web = raw.starts_with("http://") || raw.starts_with("https://") || raw.starts_with('/');
    (is_web && raw.len() <= URL_BYTES_MAX && !raw.contains(char::is_whitespace))
        .then(|| raw.to_owned())
}

fn item_at(link: String, answer: &Answer) -> ParsedItem {
    ParsedItem {
        id: None,
        link: Some(link),
        base: Some(answer.url.to_owned()),
        ..ParsedItem::default()
    }
}

fn newest_first(feed: &mut ParsedFeed, items_max: usize) {
    let given = feed.items.len();
    // None goes before every date: reversed, what has no date comes last.
    feed.items
        .sort_by_key(|item| std::cmp::Reverse(item.published.map(|published| published.at)));
    feed.items.truncate(items_max);
    if given > items_max {
        feed.problems.push(Problem {
            item: None,
            what: format!("{given} items, of which the newest {items_max} were taken"),
        });
    }
}

struct Reader<'a> {
    answer: &'a Answer<'a>,
}

impl Reader<'_> {
    fn item(&self, element: &Element) -> Option<ParsedItem> {
        let field = |name: &str| named(element, name).and_then(words);
        let link = address(&field("loc")?)?;
        let news = named(element, "news");
        let of_news = |name: &str| news.and_then(|news| named(news, name)).and_then(words);
        let modified = field("lastmod").and_then(|raw| self.date(&raw));
        let published = of_news("publication_date").and_then(|raw| self.date(&raw));
        let publication = news.and_then(|news| named(news, "publication"));
        let image = named(element, "image")
            .and_then(|image| named(image, "loc"))
            .and_then(words);
        let mut item = item_at(link, self.answer);
        item.title = of_news("title").map(|title| escape(&title).into_owned());
        item.published = published.or(modified).map(|at| Published {
            at,
            from: DateFrom::Stated,
        });
        item.updated_at = modified;
        item.language = publication
            .and_then(|publication| named(publication, "language"))
            .and_then(words);
        item.categories = of_news("keywords")
            .iter()
            .flat_map(|keywords| keywords.split(','))
            .filter_map(present)
            .take(LIST_MAX)
            .map(|term| ParsedCategory { term, label: None })
            .collect();
        item.enclosures = image
            .and_then(|url| address(&url))
            .map(|url| Enclosure {
                url,
                media_type: None,
                bytes: None,
            })
            .into_iter()
            .collect();
        Some(item)
    }

    fn child(&self, element: &Element) -> Option<Child> {
        let url = address(&named(element, "loc").and_then(words)?)?;
        let modified_at = named(element, "lastmod")
            .and_then(words)
            .and_then(|raw| self.date(&raw));
        Some(Child { url, modified_at })
    }

    fn date(&self, raw: &str) -> Option<Timestamp> {
        let now = self.answer.now;
        date::date(raw, self.answer.zone_offset_s(), now)
            .filter(|at| at.secs() <= now.secs() + AHEAD_MAX_S)
    }
}

fn named<'a>(element: &'a Element, name: &str) -> Option<&'a Element> {
    element.elements().find(|inner| local(&inner.name) == name)
}

fn words(element: &Element) -> Option<String> {
    let text = element.text();
    let folded: Vec<&str> = text.split_whitespace().collect();
    present(&folded.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(body: &str) -> Answer<'_> {
        Answer {
            body: body.as_bytes(),
            content_type: None,
            url: "https://a.vn/sitemap.xml",
            time_zone_offset_s: Some(7 * 3600),
            items_max: 100,
            now: Timestamp::from_secs(1_795_000_000),
        }
    }

    fn url(loc: &str, rest: &str) -> String {
        format!("<url><loc>{loc}</loc>{rest}</url>")
    }

    fn set(inner: &str) -> String {
        format!(
            "<?xml version='1.0'?><urlset xmlns='http://www.sitemaps.org/schemas/sitemap/0.9' \
             xmlns:news='http://www.google.com/schemas/sitemap-news/0.9' \
             xmlns:image='http://www.google.com/schemas/sitemap-image/1.1'>{inner}</urlset>"
        )
    }

    #[test]
    fn a_news_sitemap_gives_titles_dates_and_keywords_newest_first() {
        let news = "<news:news><news:publication><news:name>Báo A</news:name><news:language>vi</news:language>\
                    </news:publication><news:publication_date>2026-10-02T07:00:00+07:00</news:publication_date>\
                    <news:title>Gốm Phù Lãng &amp; lửa</news:title><news:keywords>gốm, làng nghề</news:keywords></news:news>\
                    <image:image><image:loc>https://a.vn/g.jpg</image:loc></image:image>";
        let body = set(&format!(
            "{}{}{}",
            url("https://a.vn/cu-1.html", "<lastmod>2026-09-01</lastmod>"),
            url("https://a.vn/khong-ngay-2.html", ""),
            url("https://a.vn/gom-3.html?a=1&amp;b=2", news),
        ));
        let sitemap = read(&answer(&body)).unwrap();
        let feed = sitemap.entries;
        assert_eq!(
            (feed.format.as_str(), feed.problems.len()),
            ("news sitemap", 0)
        );
        let links: Vec<&str> = feed
            .items
            .iter()
            .filter_map(|item| item.link.as_deref())
            .collect();
        assert_eq!(
            links,
            [
                "https://a.vn/gom-3.html?a=1&b=2",
                "https://a.vn/cu-1.html",
                "https://a.vn/khong-ngay-2.html"
            ]
        );
        let first = &feed.items[0];
        assert_eq!(first.title.as_deref(), Some("Gốm Phù Lãng &amp; lửa"));
        assert_eq!(
            first.published.unwrap().at.rfc3339(),
            "2026-10-02T00:00:00Z"
        );
        assert_eq!(first.language.as_deref(), Some("vi"));
        assert_eq!(first.categories.len(), 2);
        assert_eq!(first.enclosures[0].url, "https://a.vn/g.jpg");
        assert_eq!(feed.items[2].published, None);
    }

    #[test]
    fn an_index_gives_its_sitemaps_newest_first() {
        let body = "<sitemapindex><sitemap><loc>https://a.vn/1.xml</loc><lastmod>2026-01-01</lastmod></sitemap>\
                    <sitemap><loc>https://a.vn/0.xml</loc></sitemap>\
                    <sitemap><loc> https://a.vn/2.xml.gz </loc><lastmod>2026-02-01</lastmod></sitemap></sitemapindex>";
        let sitemap = read(&answer(body)).unwrap();
        assert_eq!(
            children(&sitemap),
            [
                "https://a.vn/2.xml.gz",
                "https://a.vn/1.xml",
                "https://a.vn/0.xml"
            ]
        );
        assert!(sitemap.entries.items.is_empty());
    }

    fn children(sitemap: &Sitemap) -> Vec<&str> {
        let urls = sitemap.children.iter().map(|child| child.url.as_str());
        urls.collect()
    }

    #[test]
    fn without_dates_the_names_of_sitemaps_tell_which_is_newest() {
        let names = [
            "category-sitemap.xml",
            "sitemap-2026-9.xml",
            "sitemap-2026-11.xml",
            "google-news.xml",
            "post_tag-sitemap.xml",
            "bai-viet.xml",
        ];
        let body: String = names
            .iter()
            .map(|name| format!("<sitemap><loc>https://a.vn/s/{name}</loc></sitemap>"))
            .collect();
        let sitemap = read(&answer(&format!("<sitemapindex>{body}</sitemapindex>"))).unwrap();
        let order: Vec<&str> = children(&sitemap)
            .into_iter()
            .map(|url| &url["https://a.vn/s/".len()..])
            .collect();
        assert_eq!(
            order,
            [
                "google-news.xml",
                "sitemap-2026-11.xml",
                "sitemap-2026-9.xml",
                "bai-viet.xml",
                "category-sitemap.xml",
                "post_tag-sitemap.xml"
            ]
        );
    }

    #[test]
    fn only_the_newest_are_kept_and_it_is_said() {
        let body = set(&(0..200)
            .map(|n| {
                url(
                    &format!("https://a.vn/x-{n}.html"),
                    &format!(
                        "<lastmod>2026-{:02}-{:02}</lastmod>",
                        n / 28 + 1,
                        n % 28 + 1
                    ),
                )
            })
            .collect::<String>());
        let feed = read(&answer(&body)).unwrap().entries;
        assert_eq!(feed.items.len(), 100);
        assert_eq!(
            feed.items[0].link.as_deref(),
            Some("https://a.vn/x-199.html")
        );
        assert_eq!(feed.problems.len(), 1);
    }

    #[test]
    fn a_list_of_addresses_is_a_sitemap_and_a_page_is_none() {
        let sitemap = read(&answer(
            "https://a.vn/a-1.html\nnot one\nhttps://a.vn/b-2.html\n",
        ))
        .unwrap();
        assert_eq!(sitemap.entries.items.len(), 2);
        assert!(read(&answer("<html><body>x</body></html>")).is_err());
        assert!(read(&answer("<rss version='2.0'><channel/></rss>")).is_err());
        assert!(read(&answer("")).is_err());
    }

    #[test]
    fn a_cut_sitemap_keeps_what_was_whole() {
        let whole = set(&(url("https://a.vn/a-1.html", "") + &url("https://a.vn/b-2.html", "")));
        let cut = &whole[..whole.find("b-2").unwrap()];
        let feed = read(&answer(cut)).unwrap().entries;
        assert_eq!(feed.items[0].link.as_deref(), Some("https://a.vn/a-1.html"));
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_read(raw in "(<|>|/|urlset|sitemapindex|url|loc|lastmod|news:title|https://a.vn/|&|;| |ộ){0,40}") {
            let _ = read(&answer(&raw));
        }
    }
}
