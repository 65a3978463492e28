//! What stands around a link: the title, summary, date, picture and section of one item.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use super::address::Site;
use super::dom::Dom;
use super::tag::is_block;
use super::words;
use crate::core::model::{DateFrom, Enclosure, ParsedCategory, ParsedItem, Published, Timestamp};
use crate::core::parse::{date, order::Order};

const SUMMARY_CHARS_MIN: usize = 30;
const SUMMARY_LETTERS_MIN: usize = 20;
const SUMMARY_CHARS_MAX: usize = 3000;
const DATE_CHARS_MAX: usize = 90;

/// A newsroom's clock may be a little ahead; a date further ahead is not the item's.
const AHEAD_MAX_S: i64 = 86_400;

/// Words of classes that name what an element holds.
const TITLE_MARKS: [&str; 8] = [
    "title", "tit", "tieude", "heading", "headline", "name", "ten", "caption",
];
const SUMMARY_MARKS: [&str; 12] = [
    "sapo",
    "desc",
    "description",
    "summary",
    "lead",
    "lede",
    "excerpt",
    "intro",
    "teaser",
    "brief",
    "trichdan",
    "mota",
];
const DATE_MARKS: [&str; 13] = [
    "date",
    "time",
    "datetime",
    "ngay",
    "thoigian",
    "timeago",
    "published",
    "pubdate",
    "posted",
    "created",
    "info",
    "meta",
    "clock",
];
const AUTHOR_MARKS: [&str; 5] = ["author", "byline", "tacgia", "writer", "journalist"];
const SECTION_MARKS: [&str; 7] = [
    "cat",
    "cate",
    "category",
    "section",
    "chuyenmuc",
    "zone",
    "topic",
];

/// Parts of addresses of pictures that show nothing of the item.
const NO_PICTURES: [&str; 14] = [
    "logo",
    "icon",
    "blank.",
    "spacer",
    "placeholder",
    "no-image",
    "noimage",
    "no_image",
    "no-img",
    "loading",
    "pixel",
    "avatar",
    "default.",
    "grey.",
];

const LAZY: [&str; 9] = [
    "data-src",
    "data-original",
    "data-lazy-src",
    "data-lazy",
    "data-image-src",
    "data-srcset",
    "data-image",
    "data-url",
    "srcset",
];

static DATE_WORDS: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?i)\d{1,2}\s?[-/.]\s?\d{1,2}\s?[-/.]\s?\d{2,4}|\d{4}-\d{2}-\d{2}|(?:giây|phút|giờ|tiếng|ngày|tuần|tháng)\s+trước|cách đây|vừa xong|hôm (?:nay|qua)|\d{1,2}\s*(?:tháng|thg)\s*\d{1,2}|\b(?:minutes?|hours?|days?|weeks?) ago",
    )
    .expect("the pattern is a constant that a test compiles")
});

fn is_date(text: &str) -> bool {
    text.chars().count() <= DATE_CHARS_MAX && DATE_WORDS.is_match(text)
}

/// Short words with a whole date among them.
fn is_little_but_date(text: &str) -> bool {
    let others = text
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| word.chars().filter(|c| c.is_alphabetic()).count() > 1)
        .count();
    others <= 8 && is_date(text)
}

/// The order of days and months in the dates that `dom` shows.
pub(super) fn order(dom: &Dom) -> Order {
    let dates: Vec<String> = dom
        .elements()
        .filter(|at| dom.has_own_text(*at) && dom.chars(*at) <= DATE_CHARS_MAX)
        .map(|at| dom.text(at))
        .filter(|text| text.contains('/') && is_little_but_date(text))
        .collect();
    Order::of(dates.iter().map(String::as_str))
}

/// What is needed to read dates and addresses of one page.
#[derive(Debug)]
pub(super) struct Reader<'a> {
    pub(super) dom: &'a Dom<'a>,
    pub(super) site: &'a Site,
    pub(super) zone_offset_s: i32,
    pub(super) order: Order,
    pub(super) now: Timestamp,
}

impl Reader<'_> {
    /// The words by which `anchor` names what it leads to, and how far they are to be believed.
    pub(super) fn title(&self, anchor: usize) -> Option<(u8, String)> {
        let dom = self.dom;
        let by_mark = |at: usize| has_mark(dom, at, &TITLE_MARKS);
        let inner = dom
            .below(anchor)
            .find(|at| is_heading(dom.name(*at)))
            .map(|at| (4, at))
            .or_else(|| dom.below(anchor).find(|at| by_mark(*at)).map(|at| (3, at)));
        let wrapped = dom
            .ancestors(anchor)
            .take(3)
            .take_while(|outer| 10 * dom.chars(*outer) <= 15 * dom.chars(anchor).max(1))
            .any(|outer| is_heading(dom.name(outer)));
        let named = || by_mark(anchor) || dom.parent(anchor).is_some_and(by_mark);
        let seen = match inner {
            Some((rank, at)) => words::title(&dom.text(at)).map(|text| (rank, text)),
            None if wrapped => words::title(&dom.text(anchor)).map(|text| (4, text)),
            None => {
                let rank = if named() { 3 } else { 2 };
                self.plain_title(anchor).map(|text| (rank, text))
            }
        };
        let told = || {
            dom.attr(anchor, "title")
                .and_then(|text| words::title(&super::dom::fold(text)))
        };
        let shown = || {
            dom.below(anchor)
                .filter(|at| dom.name(*at) == "img")
                .find_map(|at| dom.attr(at, "alt").or_else(|| dom.attr(at, "title")))
                .and_then(|text| words::title(&super::dom::fold(text)))
        };
        match seen {
            Some((rank, text)) if words::is_cut(&text) => {
                let whole = told().filter(|told| words::completes(told, &text));
                Some((rank, whole.unwrap_or(text)))
            }
            Some(seen) => Some(seen),
            None => told().or_else(shown).map(|text| (1, text)),
        }
    }

    /// A link around a whole card: its first words that are no date.
    fn plain_title(&self, anchor: usize) -> Option<String> {
        let dom = self.dom;
        let parts: Vec<usize> = dom
            .below(anchor)
            .filter(|at| dom.has_own_text(*at))
            .collect();
        if dom.has_own_text(anchor) || parts.len() < 2 {
            return words::title(&dom.text(anchor));
        }
        parts
            .into_iter()
            .map(|at| dom.text(at))
            .filter(|text| !self.is_date(text))
            .find_map(|text| words::title(&text).filter(|text| words::syllables(text) >= 3))
    }

    fn is_date(&self, text: &str) -> bool {
        is_date(text)
    }

    /// A heading in `block` that is no link's.
    pub(super) fn bare_heading(&self, block: usize) -> Option<String> {
        let dom = self.dom;
        dom.below(block)
            .filter(|at| is_heading(dom.name(*at)) || has_mark(dom, *at, &TITLE_MARKS[..5]))
            .find_map(|at| words::title(&dom.text(at)).filter(|text| words::syllables(text) >= 2))
    }

    pub(super) fn summary(&self, block: usize, title: &str) -> Option<String> {
        let dom = self.dom;
        let mut best: Option<(bool, usize, String)> = None;
        let mut weigh = |is_marked: bool, text: String| {
            let chars = text.chars().count();
            let is_better = best
                .as_ref()
                .is_none_or(|(marked, length, _)| (is_marked, chars) > (*marked, *length));
            if is_better && self.is_summary(&text, title) {
                best = Some((is_marked, chars, text));
            }
        };
        if dom.has_own_text(block) && dom.name(block) != "a" {
            weigh(
                has_mark(dom, block, &SUMMARY_MARKS),
                self.loose_words(block),
            );
        }
        let mut end = 0;
        for at in dom.below(block) {
            if at < end || dom.chars(at) < SUMMARY_LETTERS_MIN {
                continue;
            }
            let is_marked = has_mark(dom, at, &SUMMARY_MARKS) && !has_mark(dom, at, &TITLE_MARKS);
            let is_title = has_mark(dom, at, &TITLE_MARKS[..5]) && !is_marked;
            if is_heading(dom.name(at)) || is_title {
                end = dom.end(at);
            } else if (is_marked || dom.has_own_text(at)) && !self.is_inline(at) {
                weigh(is_marked, self.words_of_summary(at, title));
                end = dom.end(at);
            }
        }
        best.map(|(_, _, text)| text)
    }

    fn is_summary(&self, text: &str, title: &str) -> bool {
        (SUMMARY_CHARS_MIN..=SUMMARY_CHARS_MAX).contains(&text.chars().count())
            && words::syllables(text) >= 5
            && !words::agree(text, title)
            && !title.starts_with(text.trim_end_matches(['.', '…']))
            && !self.is_only_date(text)
    }

    /// What stands in `block` itself, beside its links and blocks.
    fn loose_words(&self, block: usize) -> String {
        let dom = self.dom;
        dom.text_without(block, &|inner| {
            let name = dom.name(inner);
            is_block(name) || matches!(name, "a" | "time") || has_mark(dom, inner, &DATE_MARKS)
        })
    }

    fn is_inline(&self, at: usize) -> bool {
        matches!(
            self.dom.name(at),
            "b" | "i" | "em" | "strong" | "u" | "font" | "small" | "time" | "button" | "label"
        )
    }

    fn words_of_summary(&self, at: usize, title: &str) -> String {
        let dom = self.dom;
        let text = dom.text_without(at, &|inner| {
            is_heading(dom.name(inner))
                || dom.name(inner) == "time"
                || has_mark(dom, inner, &DATE_MARKS[..9])
                || (dom.name(inner) == "a" && words::leads_on(&dom.text(inner)))
                || (has_mark(dom, inner, &TITLE_MARKS) && words::agree(&dom.text(inner), title))
                || (dom.name(inner) == "a" && words::agree(&dom.text(inner), title))
        });
        text.strip_prefix(title)
            .map_or(text.as_str(), str::trim_start)
            .to_owned()
    }

    fn is_only_date(&self, text: &str) -> bool {
        text.chars().count() <= 60 && DATE_WORDS.is_match(text)
    }

    pub(super) fn published(&self, block: usize) -> Option<Published> {
        let dom = self.dom;
        let whole = std::iter::once(block).chain(dom.below(block));
        let stated = whole
            .clone()
            .filter_map(|at| {
                let is_date = dom.name(at) == "time"
                    || dom
                        .attr(at, "itemprop")
                        .is_some_and(|prop| prop.eq_ignore_ascii_case("datePublished"));
                let names = [
                    "datetime",
                    "content",
                    "data-time",
                    "data-date",
                    "data-datetime",
                    "data-timestamp",
                    "title",
                ];
                names
                    .iter()
                    .filter(|_| is_date || has_mark(dom, at, &DATE_MARKS[..11]))
                    .find_map(|name| self.date(dom.attr(at, name)?))
            })
            .next();
        stated
            .or_else(|| {
                whole
                    .clone()
                    .filter(|at| dom.name(*at) == "time" || has_mark(dom, *at, &DATE_MARKS))
                    .find_map(|at| self.date_of_words(&dom.text(at)))
            })
            .or_else(|| {
                whole
                    .filter(|at| {
                        dom.has_own_text(*at) && dom.chars(*at) <= 40 && dom.name(*at) != "a"
                    })
                    .find_map(|at| self.date_of_words(&dom.text(at)))
            })
    }

    /// Short words with a whole date among them: a date in a sentence is not the item's.
    pub(super) fn date_of_words(&self, text: &str) -> Option<Published> {
        is_little_but_date(text).then(|| self.date(text)).flatten()
    }

    pub(super) fn date(&self, raw: &str) -> Option<Published> {
        let at = date::date_in(self.order, raw, self.zone_offset_s, self.now)?;
        (at.secs() <= self.now.secs() + AHEAD_MAX_S).then_some(Published {
            at,
            from: DateFrom::Page,
        })
    }

    pub(super) fn image(&self, block: usize) -> Option<Enclosure> {
        let dom = self.dom;
        std::iter::once(block)
            .chain(dom.below(block))
            .filter(|at| matches!(dom.name(*at), "img" | "source") && !self.is_small(*at))
            .find_map(|at| self.picture(at))
    }

    fn is_small(&self, at: usize) -> bool {
        ["width", "height"].iter().any(|side| {
            self.dom
                .attr(at, side)
                .and_then(|side| side.trim().trim_end_matches("px").parse::<u32>().ok())
                .is_some_and(|side| side < 40)
        })
    }

    pub(super) fn picture(&self, at: usize) -> Option<Enclosure> {
        let lazy = LAZY.iter().filter_map(|name| self.dom.attr(at, name));
        lazy.chain(self.dom.attr(at, "src"))
            .find_map(|raw| self.picture_at(raw))
    }

    pub(super) fn picture_at(&self, raw: &str) -> Option<Enclosure> {
        // The first of a srcset: `a.jpg 320w, b.jpg 640w`.
        let first = raw.split_whitespace().next()?.trim_end_matches(',');
        if first.starts_with("data:") {
            return None;
        }
        let url = self.site.resolve(first)?;
        let path = url.path().to_ascii_lowercase();
        if path.ends_with('/') || NO_PICTURES.iter().any(|part| path.contains(part)) {
            return None;
        }
        let media_type = match path.rsplit_once('.').map_or("", |(_, extension)| extension) {
            "jpg" | "jpeg" => Some("image/jpeg"),
            "png" => Some("image/png"),
            "webp" => Some("image/webp"),
            "gif" => Some("image/gif"),
            "avif" => Some("image/avif"),
            _ => None,
        };
        Some(Enclosure {
            url: url.into(),
            media_type: media_type.map(str::to_owned),
            bytes: None,
        })
    }

    /// The section an item names beside its title.
    pub(super) fn categories(&self, block: usize) -> Vec<ParsedCategory> {
        let dom = self.dom;
        dom.below(block)
            .filter(|at| dom.name(*at) == "a" && has_mark(dom, *at, &SECTION_MARKS))
            .map(|at| dom.text(at))
            .filter(|text| (1..=8).contains(&words::syllables(text)))
            .take(1)
            .map(|term| ParsedCategory { term, label: None })
            .collect()
    }

    pub(super) fn authors(&self, block: usize) -> Vec<String> {
        let dom = self.dom;
        dom.below(block)
            .filter(|at| {
                has_mark(dom, *at, &AUTHOR_MARKS) || dom.attr(*at, "rel") == Some("author")
            })
            .map(|at| dom.text(at))
            .filter(|text| (1..=8).contains(&words::syllables(text)))
            .take(1)
            .collect()
    }
}

pub(super) fn is_heading(name: &str) -> bool {
    matches!(name, "h1" | "h2" | "h3" | "h4" | "h5" | "h6")
}

fn has_mark(dom: &Dom, at: usize, words: &[&str]) -> bool {
    let itemprop = dom.attr(at, "itemprop").map(str::to_ascii_lowercase);
    itemprop.is_some_and(|prop| words.contains(&prop.as_str()))
        || dom
            .marks(at)
            .iter()
            .any(|mark| words.contains(&mark.as_str()))
}

impl Reader<'_> {
    /// Completes `item` with what stands in `block`.
    pub(super) fn fill(&self, item: &mut ParsedItem, block: usize, title: &str) {
        if let Some(text) = self.summary(block, title) {
            let text = words::html(&text);
            // The same lede stands cut in one list and whole in another.
            if item
                .summary
                .as_ref()
                .is_none_or(|known| text.len() > known.len())
            {
                item.summary = Some(text);
            }
        }
        if item.published.is_none() {
            item.published = self.published(block);
        }
        if item.enclosures.is_empty() {
            item.enclosures.extend(self.image(block));
        }
        if item.categories.is_empty() {
            item.categories = self.categories(block);
        }
        if item.authors.is_empty() {
            item.authors = self
                .authors(block)
                .iter()
                .map(|name| words::html(name))
                .collect();
        }
    }

    /// The date beside the title of the article in `body`.
    pub(super) fn published_near(
        &self,
        title_at: usize,
        body: usize,
        listed: &[Range<usize>],
    ) -> Option<Published> {
        let dom = self.dom;
        let is_date = |at: usize| dom.name(at) == "time" || has_mark(dom, at, &DATE_MARKS);
        dom.below(body)
            .filter(|at| *at >= dom.end(title_at) || *at < title_at && is_date(*at))
            .filter(|at| is_date(*at) && !dom.holds(*at, title_at))
            .filter(|at| !listed.iter().any(|block| block.contains(at)))
            .take(20)
            .find_map(|at| {
                dom.attr(at, "datetime")
                    .and_then(|raw| self.date(raw))
                    .or_else(|| self.date_of_words(&dom.text(at)))
            })
    }

    /// The first paragraph after the title.
    pub(super) fn first_words(&self, title_at: usize, body: usize) -> Option<String> {
        let dom = self.dom;
        dom.below(body)
            .filter(|at| *at >= dom.end(title_at))
            .filter(|at| dom.has_own_text(*at) && 4 * dom.link_chars(*at) < dom.chars(*at))
            .filter(|at| dom.chars(*at) >= SUMMARY_CHARS_MIN)
            .map(|at| dom.text(at))
            .find(|text| text.chars().count() <= SUMMARY_CHARS_MAX && !self.is_only_date(text))
    }
}
