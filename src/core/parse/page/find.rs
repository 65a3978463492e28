//! Finding the news of a page that nobody described: links that look like articles, and what belongs to each.
//!
//! A link counts by the shape of its address, by how it is set (heading, picture) and by its words. All links to
//! one address are one item, so that a title printed twice and a story in five lists are taken once.

use std::collections::{BTreeMap, HashMap, HashSet};

use url::Url;

use super::address::{self, Shape};
use super::block::{Reader, is_heading};
use super::dom::Dom;
use super::furniture;
use super::words;

/// Links of one page that are looked at.
const LINKS_MAX: usize = 5_000;

/// Letters and digits before a link that make it a word of a sentence.
const INLINE_CHARS_MIN: usize = 20;

/// Of what stands around one link; more is no longer one item.
const BLOCK_CHARS_MAX: usize = 4_000;
const BLOCK_NODES_MAX: usize = 1_000;

/// Places of one item that are looked at.
const PLACES_MAX: usize = 12;

/// Classes of one place that make its signature, and the places above it that count.
const SIGNATURE_PLACES: usize = 4;

/// Links that are set alike and make a list, and how far above them what holds it is looked for.
const LIST_ITEMS_MIN: usize = 4;
const LIST_DEPTH_MAX: usize = 8;

/// One item of a page: its address and every place it stands in.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) url: Url,
    pub(super) key: String,
    pub(super) title: String,
    /// What stands around its links, in document order.
    pub(super) blocks: Vec<usize>,
    /// Of the link its title was taken from.
    pub(super) signature: String,
}

#[derive(Debug)]
struct Candidate {
    url: Url,
    shape: Shape,
    anchors: Vec<usize>,
    title: Option<(u8, String)>,
    titled_by: usize,
    has_picture: bool,
}

/// The items of the page, in document order.
pub(super) fn items(reader: &Reader) -> Vec<Found> {
    let dom = reader.dom;
    let links = links(reader);
    let news: Vec<usize> = links
        .iter()
        .filter(|(at, _, shape)| *shape >= Shape::Slug && dom.chars(*at) >= 20)
        .map(|(at, _, _)| *at)
        .collect();
    let is_furniture = furniture::mark(dom, &news);
    let mut candidates: Vec<Candidate> = Vec::new();
    let mut places: HashMap<String, usize> = HashMap::new();
    for (at, url, shape) in links {
        if is_furniture[at] || is_inline(dom, at) || is_paid(dom, at) {
            continue;
        }
        let place = *places.entry(address::key(&url)).or_insert_with(|| {
            candidates.push(Candidate {
                url,
                shape,
                anchors: Vec::new(),
                title: None,
                titled_by: at,
                has_picture: false,
            });
            candidates.len() - 1
        });
        candidates[place].add(reader, at);
    }
    adopt_bare_headings(reader, &mut candidates);
    keep_articles(dom, &mut candidates);
    let blocks = Blocks::of(dom, &candidates, &is_furniture);
    candidates
        .into_iter()
        .filter_map(|candidate| {
            let (_, title) = candidate.title?;
            let mut around: Vec<usize> = Vec::new();
            for anchor in &candidate.anchors {
                let block = blocks.around(*anchor);
                let parts = std::iter::once(block).chain(blocks.lede_after(block));
                for part in parts {
                    if !around.contains(&part) && around.len() < PLACES_MAX {
                        around.push(part);
                    }
                }
            }
            Some(Found {
                key: address::key(&candidate.url),
                signature: signature(dom, candidate.titled_by),
                url: candidate.url,
                title,
                blocks: around,
            })
        })
        .collect()
}

/// Every link to an address of this newsroom that may be an article.
fn links(reader: &Reader) -> Vec<(usize, Url, Shape)> {
    let dom = reader.dom;
    dom.elements()
        .filter(|at| dom.name(*at) == "a")
        .take(LINKS_MAX)
        .filter_map(|at| {
            let href = dom.attr(at, "href")?.trim();
            if href.starts_with('#') || dom.attr(at, "download").is_some() {
                return None;
            }
            let mut url = reader.site.resolve(href)?;
            let is_talk = url
                .fragment()
                .is_some_and(|part| part.to_ascii_lowercase().contains("comment"));
            let shape = address::shape(&url);
            let is_news = shape != Shape::Never
                && !is_talk
                && reader.site.owns(&url)
                && !reader.site.is_here(&url);
            url.set_fragment(None);
            is_news.then_some((at, url, shape))
        })
        .collect()
}

/// A word of a sentence: what leads on from an article's text.
fn is_inline(dom: &Dom, at: usize) -> bool {
    let paragraph = dom
        .ancestors(at)
        .take(6)
        .take_while(|outer| !is_heading(dom.name(*outer)))
        .find(|outer| dom.name(*outer) == "p");
    paragraph.is_some_and(|outer| {
        let before = dom.chars_between(outer..at);
        let after = dom.chars_between(dom.end(at)..dom.end(outer));
        let goes_on = dom
            .next_words(dom.end(at), dom.end(outer))
            .is_some_and(|words| {
                words.starts_with(|c: char| c.is_lowercase() || matches!(c, ',' | '.' | ';' | ')'))
            });
        before >= INLINE_CHARS_MIN || (after >= INLINE_CHARS_MIN && (before >= 3 || goes_on))
    })
}

fn is_paid(dom: &Dom, at: usize) -> bool {
    dom.attr(at, "rel")
        .is_some_and(|rel| rel.contains("sponsored"))
}

impl Candidate {
    fn add(&mut self, reader: &Reader, at: usize) {
        let dom = reader.dom;
        self.anchors.push(at);
        self.has_picture |= dom
            .below(at)
            .any(|inner| matches!(dom.name(inner), "img" | "picture" | "video"));
        let Some((rank, text)) = reader.title(at) else {
            return;
        };
        let is_better = match &self.title {
            None => true,
            Some((_, known)) if words::completes(&text, known) => true,
            Some((known_rank, known)) => {
                rank > *known_rank && !words::completes(known, &text)
                    || rank == *known_rank && words::is_cut(known) && !words::is_cut(&text)
            }
        };
        if is_better {
            let rank = self
                .title
                .as_ref()
                .map_or(rank, |(known, _)| rank.max(*known));
            self.title = Some((rank, text));
            self.titled_by = at;
        }
    }

    fn rank(&self) -> u8 {
        self.title.as_ref().map_or(0, |(rank, _)| *rank)
    }

    fn syllables(&self) -> usize {
        let title = self.title.as_ref();
        title.map_or(0, |(_, title)| words::syllables(title))
    }

    /// What a list of news may hold, however weak its own title and address.
    fn may_be_article(&self) -> bool {
        let is_weather = |(_, title): &(u8, String)| words::is_weather(title);
        self.rank() >= 2 && self.syllables() >= 2 && !self.title.as_ref().is_some_and(is_weather)
    }

    fn is_article(&self) -> bool {
        let Some((rank, title)) = &self.title else {
            return false;
        };
        let many = words::syllables(title);
        let is_set = *rank >= 3 || self.has_picture;
        if words::is_weather(title) {
            return false;
        }
        match self.shape {
            Shape::Article => many >= 4 || (is_set && many >= 2),
            Shape::Slug => many >= 5 || (is_set && many >= 4),
            // Some newsrooms number their articles from one: only words tell these from sections.
            Shape::Short => {
                (*rank >= 3 && self.has_picture && many >= 5) || (is_set && many >= 6) || many >= 9
            }
            Shape::Never => false,
        }
    }
}

/// Where the heading is no link, the picture or "read more" beside it is.
fn adopt_bare_headings(reader: &Reader, candidates: &mut [Candidate]) {
    let dom = reader.dom;
    for candidate in candidates.iter_mut() {
        if candidate.shape < Shape::Slug
            || candidate.title.as_ref().is_some_and(|(rank, _)| *rank > 1)
        {
            continue;
        }
        let first = candidate.anchors[0];
        let near = dom.ancestors(first).take(3).take_while(|outer| {
            dom.chars(*outer) <= BLOCK_CHARS_MAX
                && dom.end(*outer) - *outer <= BLOCK_NODES_MAX
                && !matches!(dom.name(*outer), "body" | "html" | "main")
        });
        for outer in near {
            let headings: Vec<usize> = dom
                .below(outer)
                .filter(|at| is_heading(dom.name(*at)))
                .take(2)
                .collect();
            let is_bare = |at: usize| {
                dom.link_chars(at) == 0
                    && dom
                        .ancestors(at)
                        .take(8)
                        .all(|above| dom.name(above) != "a")
            };
            match headings[..] {
                [] => continue,
                [only] if is_bare(only) => {
                    if let Some(text) = words::title(&dom.text(only)) {
                        candidate.title = Some((3, text));
                        candidate.titled_by = first;
                    }
                }
                _ => {}
            }
            break;
        }
    }
}

/// Leaves what is an article; where most addresses bear numbers, one without is a section unless it is set as news
/// or stands in a list of news.
fn keep_articles(dom: &Dom, candidates: &mut Vec<Candidate>) {
    let mut is_kept: Vec<bool> = candidates.iter().map(Candidate::is_article).collect();
    let kept = |is_kept: &[bool], is_wanted: fn(&Candidate) -> bool| {
        let pairs = candidates.iter().zip(is_kept);
        pairs.filter(|(one, kept)| **kept && is_wanted(one)).count()
    };
    let all = kept(&is_kept, |_| true);
    let numbered = kept(&is_kept, |one| one.shape == Shape::Article);
    let is_numbered = numbered >= 3 && 2 * numbered > all;
    if is_numbered {
        for (one, is_kept) in candidates.iter().zip(&mut is_kept) {
            let is_set = one.has_picture && one.rank() >= 3 && one.syllables() >= 7;
            *is_kept &= one.shape == Shape::Article || is_set;
        }
    }
    for list in lists(dom, candidates) {
        let is_likely =
            |one: &usize| is_kept[*one] || (!is_numbered && candidates[*one].syllables() >= 6);
        let likely = list.iter().filter(|one| is_likely(one)).count();
        let is_of_news = list.len() >= LIST_ITEMS_MIN
            && list.iter().any(|one| is_kept[*one])
            && 2 * likely >= list.len();
        if is_of_news {
            for one in list {
                is_kept[one] |= candidates[one].may_be_article();
            }
        }
    }
    let mut is_kept = is_kept.into_iter();
    candidates.retain(|_| is_kept.next().unwrap_or(false));
}

/// Candidates, by number, that are set alike below the same element: the nearest that holds two of them.
fn lists(dom: &Dom, candidates: &[Candidate]) -> Vec<Vec<usize>> {
    let mut alike: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (number, one) in candidates.iter().enumerate() {
        if one.title.is_some() {
            let place = signature(dom, one.titled_by);
            alike.entry(place).or_default().push(number);
        }
    }
    let mut lists: Vec<Vec<usize>> = Vec::new();
    for mut numbers in alike.into_values() {
        numbers.sort_by_key(|number| candidates[*number].titled_by);
        let place = |index: usize| numbers.get(index).map(|one| candidates[*one].titled_by);
        let mut below: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (index, number) in numbers.iter().enumerate() {
            let neighbours = [index.checked_sub(1).and_then(place), place(index + 1)];
            let holder = dom
                .ancestors(candidates[*number].titled_by)
                .take(LIST_DEPTH_MAX)
                .find(|outer| neighbours.iter().flatten().any(|at| dom.holds(*outer, *at)));
            if let Some(holder) = holder {
                below.entry(holder).or_default().push(*number);
            }
        }
        lists.extend(below.into_values());
    }
    lists
}

/// Whose links stand below each element: one item's, or several.
struct Blocks<'a> {
    dom: &'a Dom<'a>,
    owners: Vec<Owner>,
    is_furniture: &'a [bool],
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Owner {
    None,
    One(usize),
    Many,
}

impl<'a> Blocks<'a> {
    fn of(dom: &'a Dom<'a>, candidates: &[Candidate], is_furniture: &'a [bool]) -> Blocks<'a> {
        let mut owners = vec![Owner::None; dom.node_count()];
        let mut titles: HashSet<String> = HashSet::new();
        for (index, candidate) in candidates.iter().enumerate() {
            for anchor in &candidate.anchors {
                owners[*anchor] = Owner::One(index);
            }
            titles.extend(
                candidate
                    .title
                    .iter()
                    .map(|(_, title)| words::letters(title)),
            );
        }
        for at in (1..dom.node_count()).rev() {
            let Some(parent) = dom.parent(at) else {
                continue;
            };
            // A heading of a list belongs to no item: what it stands over is more than one.
            let is_list_heading = owners[at] == Owner::None
                && is_heading(dom.name(at))
                && dom.chars(at) > 0
                && !titles.contains(&words::letters(&dom.text(at)))
                && !dom
                    .ancestors(at)
                    .take(8)
                    .any(|outer| dom.name(outer) == "a");
            let own = if is_list_heading {
                Owner::Many
            } else {
                owners[at]
            };
            owners[parent] = match (owners[parent], own) {
                (known, Owner::None) => known,
                (Owner::None, own) => own,
                (known, own) if known == own => known,
                _ => Owner::Many,
            };
        }
        Blocks {
            dom,
            owners,
            is_furniture,
        }
    }

    /// The paragraph after one that is all title: nothing holds the two together.
    fn lede_after(&self, block: usize) -> Option<usize> {
        let dom = self.dom;
        let wanted = match dom.name(block) {
            "p" => "p",
            "dt" => "dd",
            _ => return None,
        };
        let end = dom.parent(block).map(|parent| dom.end(parent))?;
        let next = (dom.end(block)..end).find(|at| !dom.name(*at).is_empty())?;
        let is_its = dom.name(next) == wanted
            && self.owners[next] == Owner::None
            && !self.is_furniture[next]
            && dom.parent(next) == dom.parent(block);
        is_its.then_some(next)
    }

    /// The largest element around `anchor` that holds no other item.
    fn around(&self, anchor: usize) -> usize {
        let dom = self.dom;
        let own = self.owners[anchor];
        let mut block = anchor;
        for outer in dom.ancestors(anchor) {
            let is_end = self.owners[outer] != own
                || self.is_furniture[outer]
                || dom.chars(outer) > BLOCK_CHARS_MAX
                || matches!(dom.name(outer), "html" | "body" | "main");
            if is_end {
                break;
            }
            block = outer;
        }
        block
    }
}

/// Where a link stands, in names and classes that do not change with the news: `li.item>h3.title>a`.
pub(super) fn signature(dom: &Dom, at: usize) -> String {
    let mut places: Vec<String> = std::iter::once(at)
        .chain(dom.ancestors(at))
        .take(SIGNATURE_PLACES)
        .map(|place| {
            let mut out = dom.name(place).to_owned();
            let class = dom.attr(place, "class").unwrap_or("");
            let stable = |token: &&str| {
                !token.bytes().any(|b| b.is_ascii_digit())
                    && token.len() <= 40
                    && ![
                        "active", "first", "last", "odd", "even", "lazy", "lazyload", "clearfix",
                        "loaded",
                    ]
                    .contains(token)
            };
            for token in class.split_whitespace().filter(stable).take(2) {
                out.push('.');
                out.push_str(token);
            }
            out
        })
        .collect();
    places.reverse();
    places.join(">")
}
