//! What an administrator says of a page: CSS selectors, each optional.

use scraper::{Html, Selector};

use super::Draft;
use super::address;
use super::block::Reader;
use super::find::signature;
use super::words;
use crate::core::model::{ParsedItem, Problem, Published};

/// Items that one selector finds.
const ITEMS_MAX: usize = 2_000;

/// Elements and texts of all items together.
const NODES_MAX: usize = 500_000;

/// Places of a date that are read together.
const DATE_PARTS_MAX: usize = 4;

/// `[source.select]`; what is left out is found by itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PageRules {
    pub item: Option<String>,
    pub link: Option<String>,
    pub title: Option<String>,
    pub summary: Option<String>,
    pub date: Option<String>,
    pub image: Option<String>,
    pub next: Option<String>,
    /// Further hosts whose addresses are the newsroom's own, without `www.`.
    pub hosts: Vec<String>,
}

pub(super) struct Selectors {
    item: Option<Selector>,
    link: Option<Selector>,
    title: Option<Selector>,
    summary: Option<Selector>,
    date: Option<Selector>,
    image: Option<Selector>,
    pub(super) next: Option<Selector>,
}

impl PageRules {
    /// The words of the first mistake; the configuration was checked for them.
    pub(super) fn compile(&self) -> Result<Selectors, String> {
        let compile = |name: &str, raw: &Option<String>| match raw {
            None => Ok(None),
            Some(raw) => Selector::parse(raw).map(Some).map_err(|err| {
                format!("a page that can be read: {name} {raw:?} is no selector: {err}")
            }),
        };
        Ok(Selectors {
            item: compile("item", &self.item)?,
            link: compile("link", &self.link)?,
            title: compile("title", &self.title)?,
            summary: compile("summary", &self.summary)?,
            date: compile("date", &self.date)?,
            image: compile("image", &self.image)?,
            next: compile("next", &self.next)?,
        })
    }
}

impl Selectors {
    /// Whether it is said where the items are: then nothing else is one.
    pub(super) fn describe_items(&self) -> bool {
        self.item.is_some() || self.link.is_some()
    }

    pub(super) fn items(
        &self,
        html: &Html,
        reader: &Reader,
        problems: &mut Vec<Problem>,
    ) -> Vec<Draft> {
        let (name, blocks) = match (&self.item, &self.link) {
            (Some(item), _) => ("item", reader.dom.select_all(html, item)),
            (None, Some(link)) => ("link", self.around_links(html, reader, link)),
            (None, None) => return Vec::new(),
        };
        if blocks.is_empty() {
            problems.push(Problem {
                item: None,
                what: format!("select.{name} finds nothing in the page"),
            });
        }
        let mut drafts: Vec<Draft> = Vec::new();
        let mut without = 0_usize;
        let mut nodes = NODES_MAX;
        for block in blocks.into_iter().take(ITEMS_MAX) {
            // Items within items are read again and again.
            nodes = nodes.saturating_sub(reader.dom.end(block) - block);
            if nodes == 0 {
                problems.push(Problem {
                    item: None,
                    what: format!("select.{name} finds items within items; not all were read"),
                });
                break;
            }
            match self.draft(reader, block) {
                Some(draft) => merge(&mut drafts, draft),
                None => without += 1,
            }
        }
        if without > 0 {
            problems.push(Problem {
                item: None,
                what: format!("{without} items without a link or a title in them"),
            });
        }
        drafts
    }

    /// Each link with what stands around it: as far up as no other link of the list begins.
    fn around_links(&self, html: &Html, reader: &Reader, link: &Selector) -> Vec<usize> {
        let dom = reader.dom;
        let links = dom.select_all(html, link);
        let mut blocks: Vec<usize> = Vec::new();
        let key = |at: usize| {
            dom.attr(at, "href")
                .and_then(|raw| reader.site.resolve(raw))
                .map(|url| address::key(&url))
        };
        for at in &links {
            let own = key(*at);
            let mut block = *at;
            for outer in dom.ancestors(*at).take(8) {
                let first = links.partition_point(|other| *other < outer);
                let last = links.partition_point(|other| *other < dom.end(outer));
                let is_alone = links[first..last]
                    .iter()
                    .take(8)
                    .all(|other| key(*other) == own)
                    && last - first <= 8;
                if !is_alone
                    || matches!(dom.name(outer), "body" | "html" | "main")
                    || dom.chars(outer) > 4_000
                {
                    break;
                }
                block = outer;
            }
            if blocks.last() != Some(&block) {
                blocks.push(block);
            }
        }
        blocks
    }

    fn draft(&self, reader: &Reader, block: usize) -> Option<Draft> {
        let dom = reader.dom;
        let with_href = |at: &usize| dom.attr(*at, "href").is_some();
        let anchors: Vec<usize> = match &self.link {
            Some(link) => dom
                .select(block, link)
                .into_iter()
                .filter_map(|at| {
                    // A selector may name the heading around or inside the link.
                    let inside = dom.below(at).find(with_href);
                    let around = || dom.ancestors(at).take(3).find(with_href);
                    Some(at).filter(with_href).or(inside).or_else(around)
                })
                .collect(),
            None => std::iter::once(block)
                .chain(dom.below(block))
                .filter(|at| dom.name(*at) == "a" && with_href(at))
                .collect(),
        };
        let titled = |at: usize| reader.title(at);
        let best = anchors
            .iter()
            .filter(|at| {
                let url = dom
                    .attr(**at, "href")
                    .and_then(|raw| reader.site.resolve(raw));
                let is_said = self.link.is_some();
                url.is_some_and(|url| is_said || address::shape(&url) != address::Shape::Never)
            })
            // The first of those whose words are believed most.
            .rev()
            .max_by_key(|at| titled(**at).map_or(0, |(rank, _)| rank))
            .copied()?;
        let url = reader.site.resolve(dom.attr(best, "href")?)?;
        let title = match &self.title {
            Some(title) => dom
                .select(block, title)
                .into_iter()
                .filter_map(|at| self.words(reader, at))
                .find_map(|text| words::title(&text)),
            None => titled(best)
                .map(|(_, title)| title)
                .or_else(|| reader.bare_heading(block)),
        }?;
        let mut item = ParsedItem {
            link: Some(url.to_string()),
            ..ParsedItem::default()
        };
        self.described(reader, block, &mut item);
        let given = item.clone();
        reader.fill(&mut item, block, &title);
        // What is described is not found elsewhere.
        if self.summary.is_some() {
            item.summary = given.summary;
        }
        if self.date.is_some() {
            item.published = given.published;
        } else if item.published.is_none() {
            item.published = address::time_in_path(&url).and_then(|time| reader.date(&time));
        }
        if self.image.is_some() {
            item.enclosures = given.enclosures;
        }
        item.title = Some(words::html(&title));
        Some(Draft {
            key: address::key(&url),
            item,
            signature: signature(dom, best),
        })
    }

    fn described(&self, reader: &Reader, block: usize, item: &mut ParsedItem) {
        let dom = reader.dom;
        if let Some(summary) = &self.summary {
            item.summary = dom
                .select(block, summary)
                .into_iter()
                .find_map(|at| self.words(reader, at))
                .map(|text| words::html(&text));
        }
        if let Some(date) = &self.date {
            item.published = self.published(reader, &dom.select(block, date));
        }
        if let Some(image) = &self.image {
            item.enclosures = dom
                .select(block, image)
                .into_iter()
                .find_map(|at| {
                    let inside = dom.below(at).filter(|inner| dom.name(*inner) == "img");
                    std::iter::once(at)
                        .chain(inside)
                        .find_map(|at| reader.picture(at))
                })
                .into_iter()
                .collect();
        }
    }

    /// What an element says: its words, or what it bears for machines.
    fn words(&self, reader: &Reader, at: usize) -> Option<String> {
        let dom = reader.dom;
        let text = match dom.name(at) {
            "img" => dom.attr(at, "alt").map(super::dom::fold),
            "meta" => dom.attr(at, "content").map(super::dom::fold),
            _ => Some(dom.text(at)),
        };
        text.or_else(|| dom.attr(at, "title").map(super::dom::fold))
            .filter(|text| !text.is_empty())
    }

    /// Time and day may stand in two elements.
    fn published(&self, reader: &Reader, places: &[usize]) -> Option<Published> {
        let dom = reader.dom;
        let stated = places.iter().find_map(|at| {
            [
                "datetime",
                "content",
                "data-time",
                "data-date",
                "data-timestamp",
            ]
            .iter()
            .find_map(|name| reader.date(dom.attr(*at, name)?))
        });
        stated
            .or_else(|| {
                let parts: Vec<String> = places
                    .iter()
                    .take(DATE_PARTS_MAX)
                    .map(|at| dom.text(*at))
                    .collect();
                reader.date(&parts.join(" "))
            })
            .or_else(|| places.iter().find_map(|at| reader.date(&dom.text(*at))))
    }
}

/// One address is one item, whichever place says more.
fn merge(drafts: &mut Vec<Draft>, draft: Draft) {
    let Some(known) = drafts.iter_mut().find(|known| known.key == draft.key) else {
        drafts.push(draft);
        return;
    };
    let item = &mut known.item;
    item.summary = item.summary.take().or(draft.item.summary);
    item.published = item.published.or(draft.item.published);
    if item.enclosures.is_empty() {
        item.enclosures = draft.item.enclosures;
    }
}
