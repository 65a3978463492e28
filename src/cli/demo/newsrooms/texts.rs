//! What the newsrooms have written: the TOML files under `stories/`, read, checked and made into [`Texts`].
//!
//! A story is written once; a paper that carries another's story names it (`of = "newsroom/slug"`), so that
//! copies are copies to the letter. The wire's stories are made from parts here, all of them at once.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

const FILES: [&str; 12] = [
    include_str!("../stories/tre-lang.toml"),
    include_str!("../stories/kinh-bac-moi.toml"),
    include_str!("../stories/huong-ngu.toml"),
    include_str!("../stories/dat-chin-con.toml"),
    include_str!("../stories/hoa-ban-trang.toml"),
    include_str!("../stories/dong-thap-xanh.toml"),
    include_str!("../stories/hat-ngoc.toml"),
    include_str!("../stories/that-son.toml"),
    include_str!("../stories/gio-dai-ngan.toml"),
    include_str!("../stories/bo-lam.toml"),
    include_str!("../stories/nhip-cho-phien.toml"),
    include_str!("../stories/nang-nam-trung.toml"),
];

/// Between two stories of the wire's backlog, in seconds.
const BACKLOG_GAP_S: i64 = 97;

/// How a newsroom's feed is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Format {
    Rss,
    Atom,
}

/// How a newsroom dates its items.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Dates {
    #[default]
    Standard,
    /// As people in Viet Nam write them, in several ways by turns.
    Vietnamese,
    None,
}

/// The encoding a newsroom's server writes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Charset {
    #[default]
    Utf8,
    #[serde(rename = "windows-1258")]
    Windows1258,
}

/// The habits that make one newsroom's feed unlike another's.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Manner {
    pub(super) format: Format,
    #[serde(default)]
    pub(super) dates: Dates,
    #[serde(default)]
    pub(super) charset: Charset,
    /// Text, author and a picture beside the summary.
    #[serde(default)]
    pub(super) full_text: bool,
    /// Each item once for its picture and once for its heading, without ids.
    #[serde(default)]
    pub(super) twice: bool,
    /// Summaries wrapped in elements, their lines broken.
    #[serde(default)]
    pub(super) markup: bool,
    /// Stands before every summary.
    #[serde(default)]
    pub(super) byline: String,
    #[serde(default)]
    pub(super) without_etag: bool,
    /// Every second request for the feed fails.
    #[serde(default)]
    pub(super) flaky: bool,
    /// Before the feed is answered, in seconds.
    #[serde(default)]
    pub(super) wait_s: u64,
}

/// What the administrator of the demo has configured for a newsroom, besides its address.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Settings {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) province: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) topics: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) byline: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) min_interval: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) max_interval: Option<String>,
}

/// One article as its newsroom carries it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Story {
    pub(super) slug: String,
    /// When it comes out, in seconds after the newsrooms opened; before that when negative.
    pub(super) offset_s: i64,
    pub(super) title: String,
    pub(super) lede: String,
    pub(super) body: Vec<String>,
    pub(super) author: Option<String>,
    pub(super) categories: Vec<String>,
    /// Whose article it links to, where that is another newsroom's: (newsroom, slug).
    pub(super) guest_of: Option<(String, String)>,
}

/// A newsroom on paper.
#[derive(Debug, Clone)]
pub(super) struct Texts {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) tagline: String,
    /// Path of the feed.
    pub(super) feed: String,
    pub(super) manner: Manner,
    pub(super) settings: Settings,
    /// Newest first.
    pub(super) stories: Vec<Story>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    id: String,
    name: String,
    tagline: String,
    feed: String,
    manner: Manner,
    source: Settings,
    #[serde(default)]
    story: Vec<Written>,
    #[serde(default)]
    copy: Vec<Copied>,
    wire: Option<Wire>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    slug: String,
    minutes_ago: u32,
    title: String,
    lede: String,
    #[serde(default)]
    body: Vec<String>,
    author: Option<String>,
    #[serde(default)]
    categories: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Copied {
    slug: String,
    of: String,
    minutes_ago: u32,
    /// Links to the original instead of printing it.
    #[serde(default)]
    guest: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire {
    every_s: u32,
    /// Stories out already when the newsrooms open.
    backlog: usize,
    /// The least and the greatest `{count}`.
    counts: (u32, u32),
    subjects: Vec<Subject>,
    event: Vec<Happening>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Subject {
    place: String,
    products: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Happening {
    title: String,
    lede: String,
    categories: Vec<String>,
}

/// All newsrooms; `seed` decides what the wire sends and in which order.
///
/// # Errors
/// When a file is not what it should be; a test reads them all, so that a released langbao has none.
pub(super) fn all(seed: u64) -> Result<Vec<Texts>, String> {
    let files = FILES
        .iter()
        .map(|file| toml::from_str(file).map_err(|err| format!("the demo's texts: {err}")))
        .collect::<Result<Vec<File>, String>>()?;
    let originals: BTreeMap<String, Story> = files
        .iter()
        .flat_map(|file| file.story.iter().map(move |story| (file, story)))
        .map(|(file, story)| (format!("{}/{}", file.id, story.slug), original(story)))
        .collect();
    files
        .into_iter()
        .map(|file| texts(file, &originals, seed))
        .collect()
}

fn texts(file: File, originals: &BTreeMap<String, Story>, seed: u64) -> Result<Texts, String> {
    let mut stories: Vec<Story> = file.story.iter().map(original).collect();
    for copied in &file.copy {
        stories.push(copy(copied, originals)?);
    }
    if let Some(wire) = &file.wire {
        stories.extend(dispatches(wire, seed));
    }
    stories.sort_by_key(|story| std::cmp::Reverse(story.offset_s));
    Ok(Texts {
        id: file.id,
        name: file.name,
        tagline: file.tagline,
        feed: file.feed,
        manner: file.manner,
        settings: file.source,
        stories,
    })
}

fn original(written: &Written) -> Story {
    Story {
        slug: written.slug.clone(),
        offset_s: -60 * i64::from(written.minutes_ago),
        title: written.title.clone(),
        lede: written.lede.clone(),
        body: written.body.clone(),
        author: written.author.clone(),
        categories: written.categories.clone(),
        guest_of: None,
    }
}

fn copy(copied: &Copied, originals: &BTreeMap<String, Story>) -> Result<Story, String> {
    let story = originals
        .get(&copied.of)
        .ok_or_else(|| format!("the demo's texts: no story {:?} to copy", copied.of))?;
    let whose = copied
        .guest
        .then(|| copied.of.split_once('/'))
        .flatten()
        .map(|(newsroom, slug)| (newsroom.to_owned(), slug.to_owned()));
    Ok(Story {
        slug: copied.slug.clone(),
        offset_s: -60 * i64::from(copied.minutes_ago),
        body: Vec::new(),
        author: None,
        guest_of: whose,
        ..story.clone()
    })
}

/// Every subject with every event, once: when all are out, the wire has nothing new to say.
fn dispatches(wire: &Wire, seed: u64) -> Vec<Story> {
    let mut chance = fastrand::Rng::with_seed(seed);
    let mut stories = Vec::new();
    for subject in &wire.subjects {
        for product in &subject.products {
            for event in &wire.event {
                let count = chance.u32(wire.counts.0..=wire.counts.1).to_string();
                let fill = |template: &str| {
                    template
                        .replace("{place}", &subject.place)
                        .replace("{product}", product)
                        .replace("{count}", &count)
                };
                stories.push(Story {
                    slug: String::new(),
                    offset_s: 0,
                    title: fill(&event.title),
                    lede: fill(&event.lede),
                    body: Vec::new(),
                    author: None,
                    categories: event.categories.clone(),
                    guest_of: None,
                });
            }
        }
    }
    chance.shuffle(&mut stories);
    let first_new = i64::try_from(wire.backlog).unwrap_or(i64::MAX);
    for (number, story) in (0_i64..).zip(&mut stories) {
        story.slug = format!("tin-{:04}", number + 1);
        story.offset_s = if number < first_new {
            (number - first_new) * BACKLOG_GAP_S
        } else {
            (number - first_new + 1) * i64::from(wire.every_s)
        };
    }
    stories
}
