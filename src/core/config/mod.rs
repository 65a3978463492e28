//! `feeds.toml`: from text to a checked [`Config`], or to every mistake at once with its place.
//!
//! Owns the keys, their defaults and bounds, and the wording of each mistake. Reads no file and no
//! environment: the caller hands in texts and a way to look a name up.
//!
//! `syntax` takes out what is no TOML; `read` walks the files; `settings`, `source` and `rule` know the keys of their tables; `reach`
//! finds rules in vain; `table` reads one key with its type; `value` and `address` read one value; `remark` says where a mistake stands.
//! What a value came from `${NAME}` is a secret and is never repeated in a message.

mod address;
mod diff;
mod expand;
mod expression;
mod place;
mod reach;
mod read;
mod remark;
mod rule;
mod settings;
mod source;
mod suggest;
mod syntax;
mod table;
mod value;

#[cfg(test)]
mod tests;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use crate::core::model::SourceId;

pub use diff::{ConfigDiff, diff};
pub use read::{FILE_BYTES_MAX, FILES_MAX, SOURCES_MAX, include_patterns, load};
pub use remark::{Level, Paint};
pub use rule::REGEX_SIZE_MAX;

/// What [`load`] gives when there is no mistake.
#[derive(Debug, Clone, PartialEq)]
pub struct Checked {
    pub config: Config,
    /// Sorted by file and place.
    pub warnings: Vec<Remark>,
}

/// A configuration without a mistake.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    pub server: Server,
    pub store: StoreRules,
    pub fetch: FetchRules,
    pub schedule: ScheduleRules,
    pub stories: StoryRules,
    pub feed: FeedRules,
    pub sources: Vec<Source>,
    pub topics: Vec<Topic>,
    pub rules: Vec<Rule>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Server {
    pub listen: Vec<Listen>,
    /// Absolute http(s) address that ends with `/`.
    pub base_url: String,
    /// Whether it was made from `listen`, since none is written.
    pub base_url_is_derived: bool,
    pub admin_socket: Option<PathBuf>,
    pub max_connections: usize,
    pub max_connections_per_address: usize,
    pub trusted_proxies: Vec<IpNet>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Listen {
    Tcp(SocketAddr),
    Unix(PathBuf),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreRules {
    /// None: the shell decides (`$STATE_DIRECTORY`, else `./data`).
    pub path: Option<PathBuf>,
    pub retention: Duration,
    pub snapshots: u32,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FetchRules {
    pub user_agent: String,
    pub concurrency: usize,
    pub per_host: usize,
    pub host_interval: Duration,
    pub timeout: Duration,
    pub body_bytes_max: u64,
    pub items_max: usize,
    pub allow_private: Vec<IpNet>,
    pub proxy: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScheduleRules {
    pub min_interval: Duration,
    pub max_interval: Duration,
    /// 0: as many as the intervals ask for.
    pub requests_per_hour: u32,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoryRules {
    pub window: Duration,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedRules {
    pub title: String,
    pub subtitle: String,
    pub language: String,
    pub page_size: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Feed,
    Page,
    Sitemap,
}

/// One `[[source]]`, with the defaults of the other tables filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    pub id: SourceId,
    pub was: Vec<SourceId>,
    /// Absolute http(s) address, in the form the url crate writes it.
    pub url: String,
    pub name: Option<String>,
    pub kind: Kind,
    pub province: Option<String>,
    pub topics: Vec<String>,
    pub priority: i64,
    pub language: Option<String>,
    /// Seconds east of UTC; none where the file does not say.
    pub time_zone_offset_s: Option<i32>,
    pub byline: Vec<String>,
    /// Lower case, without `www.`; the host of `url` is not repeated here.
    pub hosts: Vec<String>,
    pub enabled: bool,
    pub full_text: bool,
    pub republish_full: bool,
    pub min_interval: Duration,
    pub max_interval: Duration,
    pub timeout: Duration,
    pub headers: Vec<(String, String)>,
    pub select: Select,
}

/// `[source.select]`: CSS selectors, each known to parse.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Select {
    pub item: Option<String>,
    pub link: Option<String>,
    pub title: Option<String>,
    pub summary: Option<String>,
    pub date: Option<String>,
    pub image: Option<String>,
    pub body: Option<String>,
    pub next: Option<String>,
    /// Listing pages read on the first poll.
    pub pages: u32,
}

impl Default for Select {
    fn default() -> Select {
        Select {
            item: None,
            link: None,
            title: None,
            summary: None,
            date: None,
            image: None,
            body: None,
            next: None,
            pages: 1,
        }
    }
}

/// One `[[topic]]`: adds to the built-in taxonomy, or replaces the entry of that slug.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Topic {
    pub slug: String,
    pub label_vi: String,
    pub label_en: String,
    pub phrases: Vec<String>,
    pub weak: Vec<String>,
    pub mask: Vec<String>,
}

/// One `[[rule]]`; every given condition must hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rule {
    pub title: Option<Pattern>,
    pub text: Option<Pattern>,
    pub url: Option<Pattern>,
    pub source: Option<String>,
    pub topic: Option<String>,
    pub province: Option<String>,
    pub action: Action,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pattern {
    Words(String),
    /// Known to compile.
    Regex(String),
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    Drop,
    Hold,
    /// `scheme:term`
    Tag(String),
    Untag(String),
}

/// One file's text, under the name that mistakes are reported with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigFile {
    pub name: String,
    pub text: String,
}

/// What the configuration may refer to: kept outside, because stages know only the model.
#[derive(Debug, Clone, Default)]
pub struct Vocabulary {
    /// Slugs of the province-level units in force.
    pub provinces: Vec<String>,
    /// Slugs of the former units whose name no province bears today, with the slug of the unit each is part of now.
    pub former_provinces: Vec<(String, String)>,
    /// Slugs of the built-in topics.
    pub topics: Vec<String>,
}

/// One mistake or warning, with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remark {
    pub file: String,
    /// Counted from 1; 0 where the whole file is meant.
    pub line: usize,
    /// Counted from 1, in characters.
    pub column: usize,
    /// The thing and what is wrong with it: lower case, no full stop.
    pub message: String,
    /// The mend, where one is known.
    pub hint: Option<String>,
    /// The line of the file, or the part of it around the place: tabs widened, control characters escaped,
    /// credentials masked.
    pub excerpt: String,
    /// How many columns of `excerpt` stand before the caret, and how many it underlines.
    pub indent: usize,
    pub width: usize,
}
