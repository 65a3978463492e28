//! `langbao probe URL`: what is at an address, and how langbao would take it in.
//!
//! Everything is asked for and read by the daemon's own parts under the configuration of the block that is
//! proposed, so that what is shown is what would come. Each address is asked for once.

mod block;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Semaphore;
use url::Url;

use self::block::Block;
use super::{Exit, Failure, Global, check, logging, parts, place, runtime, say};
use crate::clock::{Clock, SharedClock, SystemClock};
use crate::core::config::{self, Config, ConfigFile, Kind};
use crate::core::model::{
    EntryFeed, FaultKind, FetchFault, FetchJob, FetchOutcome, Fetched, PollOutcome, Scheme,
    SourceNo, Timestamp, Validators, Wanted,
};
use crate::core::parse::discover::{self, What};
use crate::core::parse::{Answer, oddities};
use crate::core::reading::{self, Before, Reading};
use crate::core::review;
use crate::daemon::gather::Gathering;
use crate::daemon::owner::PollJob;
use crate::fetch::{Fetcher, HttpFetcher};

/// Feeds that a page names and that are looked at.
const NAMED_MAX: usize = 10;

/// Addresses that are tried without being named.
const GUESSES_MAX: usize = 16;

/// Where sitemaps are when nobody says so.
const SITEMAPS: [&str; 4] = [
    "/sitemap-news.xml",
    "/news-sitemap.xml",
    "/sitemap.xml",
    "/sitemap_index.xml",
];

const ENTRIES_SHOWN: usize = 30;
const PROBLEMS_SHOWN: usize = 20;

pub fn run(global: &Global, raw: &str) -> Result<Exit, Failure> {
    let url = address(raw)?;
    logging::init(global.log_format)?;
    let config = match place::config_file(global) {
        Ok(path) => check::load(&path)?.config,
        // Without a configuration everything is as it is when nothing is configured.
        Err(_) if global.config.is_none() => loaded("")?,
        Err(failure) => return Err(failure),
    };
    let clock: SharedClock = Arc::new(SystemClock);
    let fetcher = Once {
        fetcher: parts::fetcher(&config, &clock)?,
        seen: Mutex::default(),
    };
    let probe = Probe {
        config,
        fetcher,
        clock,
        tried: Mutex::default(),
    };
    runtime()?.block_on(probe.run(&url))
}

fn address(raw: &str) -> Result<Url, Failure> {
    let text = match raw.contains("://") {
        true => raw.to_owned(),
        false => format!("https://{raw}"),
    };
    Url::parse(&text)
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
        .ok_or_else(|| {
            Failure::new(
                format!("{raw:?} is no address of the web"),
                "give one such as https://bao.example.vn/lang-nghe",
            )
        })
}

fn loaded(text: &str) -> Result<Config, Failure> {
    let file = ConfigFile {
        name: "probe".into(),
        text: text.to_owned(),
    };
    config::load(&file, &[], &place::vocabulary(), &|_| None)
        .map(|checked| checked.config)
        .map_err(|mistakes| {
            let first = mistakes
                .first()
                .map_or("", |mistake| mistake.message.as_str());
            Failure::new(
                format!("the block made for it is wrong: {first}"),
                "write it by hand; docs/config.md has each key",
            )
        })
}

/// Asks for each address once, however often it is wanted.
struct Once {
    fetcher: HttpFetcher,
    seen: Mutex<HashMap<String, FetchOutcome>>,
}

impl Fetcher for Once {
    async fn fetch(&self, job: FetchJob) -> FetchOutcome {
        let known = || self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(outcome) = known().get(&job.url) {
            return outcome.clone();
        }
        let url = job.url.clone();
        let outcome = self.fetcher.fetch(job).await;
        let is_refused =
            matches!(&outcome, FetchOutcome::Failed(fault) if fault.kind == FaultKind::Robots);
        if !is_refused {
            known().insert(url, outcome.clone());
        }
        outcome
    }
}

struct Probe {
    config: Config,
    fetcher: Once,
    clock: SharedClock,
    /// What was asked for, and what came of it.
    tried: Mutex<Vec<String>>,
}

/// Something that can be taken in.
struct Found {
    block: Block,
    feed: EntryFeed,
    /// What was mended before it could be read.
    oddities: Vec<&'static str>,
}

impl Probe {
    async fn run(&self, url: &Url) -> Result<Exit, Failure> {
        let found = match self.look(url).await? {
            Some(found) => Some(found),
            None if self.is_silent() => None,
            None => self.sitemap(url).await?,
        };
        match found {
            Some(found) => {
                if found.block.url != url.as_str() {
                    self.tell_of(url);
                }
                self.show(&found);
                Ok(Exit::Done)
            }
            None => {
                let tried = self.tried.lock().unwrap_or_else(PoisonError::into_inner);
                let failure = Failure::new(
                    format!(
                        "nothing to read was found at {url}; tried:\n  {}",
                        tried.join("\n  ")
                    ),
                    "give the address of the feed, or of the page that lists the news",
                );
                Err(failure)
            }
        }
    }

    /// What is at the address itself, and where it leads.
    async fn look(&self, url: &Url) -> Result<Option<Found>, Failure> {
        let fetched = match self.ask(url.as_str(), Wanted::Page).await {
            Ok(fetched) => fetched,
            Err(fault) if fault.kind == FaultKind::Robots => {
                say(format_args!("{}", fault.detail));
                // Feeds are for programs: what looks like one may be asked for all the same.
                return match discover::looks_like_feed(url.as_str()) {
                    true => self.feed(url.as_str()).await,
                    false => Ok(None),
                };
            }
            Err(fault) if fault.status.is_some() => {
                let guesses = discover::guesses(url.as_str(), "");
                return self.first_feed(guesses.iter().map(String::as_str)).await;
            }
            Err(_) => return Ok(None),
        };
        match discover::what(&self.answer(&fetched)) {
            What::Feed => self.feed(url.as_str()).await,
            What::Sitemap => self.read(Kind::Sitemap, url.as_str()).await,
            What::Page { feeds, guesses } => {
                say(format_args!("{url} is an HTML page"));
                if let Some(found) = self.named(&feeds).await? {
                    return Ok(Some(found));
                }
                if let Some(found) = self.first_feed(guesses.iter().map(String::as_str)).await? {
                    say(format_args!(
                        "it names no feed; one was found where its kind keeps them"
                    ));
                    return Ok(Some(found));
                }
                let listing = self.read(Kind::Page, url.as_str()).await?;
                if listing.is_some() {
                    say(format_args!("it has no feed; its list is read"));
                }
                Ok(listing)
            }
        }
    }

    /// The first of the feeds that a page names; the others are named too.
    async fn named(&self, feeds: &[discover::Discovered]) -> Result<Option<Found>, Failure> {
        let mut chosen: Option<Found> = None;
        for named in feeds.iter().take(NAMED_MAX) {
            let Some(found) = self.feed(&named.url).await? else {
                continue;
            };
            let title = named.title.as_deref().or(found.feed.title.as_deref());
            say(format_args!(
                "  names the feed {}: {}, {} entries{}",
                named.url,
                found.feed.format,
                found.feed.entries.len(),
                title
                    .map(|title| format!(", {title:?}"))
                    .unwrap_or_default()
            ));
            if chosen
                .as_ref()
                .is_none_or(|chosen| chosen.feed.entries.is_empty())
            {
                chosen = Some(found);
            }
        }
        Ok(chosen)
    }

    async fn first_feed(
        &self,
        addresses: impl Iterator<Item = &str>,
    ) -> Result<Option<Found>, Failure> {
        for address in addresses.take(GUESSES_MAX) {
            if let Some(found) = self.feed(address).await?
                && !found.feed.entries.is_empty()
            {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    async fn feed(&self, address: &str) -> Result<Option<Found>, Failure> {
        match self.ask(address, Wanted::Feed).await {
            Ok(fetched) if discover::what(&self.answer(&fetched)) == What::Feed => {
                self.read(Kind::Feed, address).await
            }
            Ok(_) => {
                self.note(address, "no feed");
                Ok(None)
            }
            Err(_) => Ok(None),
        }
    }

    async fn sitemap(&self, url: &Url) -> Result<Option<Found>, Failure> {
        for path in SITEMAPS {
            let Ok(address) = url.join(path) else {
                continue;
            };
            match self.ask(address.as_str(), Wanted::Sitemap).await {
                Ok(fetched) if discover::what(&self.answer(&fetched)) == What::Sitemap => {
                    let found = self.read(Kind::Sitemap, address.as_str()).await?;
                    if found.is_some() {
                        say(format_args!("nothing is listed there; its sitemap is read"));
                        return Ok(found);
                    }
                }
                Ok(_) => self.note(address.as_str(), "no sitemap"),
                Err(_) => {}
            }
        }
        Ok(None)
    }

    /// Polls `address` as the daemon would under the block that is proposed; none when nothing would be taken.
    async fn read(&self, kind: Kind, address: &str) -> Result<Option<Found>, Failure> {
        let mut block = Block {
            kind,
            url: address.to_owned(),
            name: None,
            full_text: false,
        };
        let feed = match self.poll(&block).await? {
            PollOutcome::Read { feed, .. } => feed,
            PollOutcome::Failed(fault) => {
                self.note(address, &fault.detail);
                return Ok(None);
            }
            PollOutcome::Unchanged { .. } => return Ok(None),
        };
        if feed.entries.is_empty() && kind != Kind::Feed {
            let why = feed
                .problems
                .first()
                .map_or("no entry", |problem| problem.what.as_str());
            self.note(address, why);
            return Ok(None);
        }
        block.name.clone_from(&feed.title);
        // A plain sitemap has addresses and no titles.
        block.full_text =
            kind == Kind::Sitemap && feed.entries.iter().all(|entry| entry.title_key.is_none());
        let oddities = match (kind, self.ask(address, self.wanted(kind)).await) {
            // HTML has no damage: every page is one.
            (Kind::Page, _) | (_, Err(_)) => Vec::new(),
            (_, Ok(fetched)) => oddities::of(&self.answer(&fetched)),
        };
        Ok(Some(Found {
            block,
            feed,
            oddities,
        }))
    }

    fn wanted(&self, kind: Kind) -> Wanted {
        match kind {
            Kind::Feed => Wanted::Feed,
            Kind::Page => Wanted::Page,
            Kind::Sitemap => Wanted::Sitemap,
        }
    }

    async fn poll(&self, block: &Block) -> Result<PollOutcome, Failure> {
        let proposed = loaded(&block.toml())?;
        let Some(source) = proposed.sources.first() else {
            return Err(Failure::new(
                "the block made for it is empty",
                "write it by hand",
            ));
        };
        let config = Config {
            sources: vec![source.clone()],
            ..self.config.clone()
        };
        let reading = Reading::of(source, &config);
        let job = PollJob {
            source: SourceNo::default(),
            id: source.id.clone(),
            fetch: FetchJob {
                wanted: reading.wanted(),
                ..self.job(&source.url)
            },
            before: Before {
                body_key: None,
                is_first: true,
            },
            reading,
            tagger: Arc::new(review::tagger(&config.topics)),
        };
        let store = parts::store_in_memory(&config, self.now())?;
        let gathering = Gathering {
            fetcher: &self.fetcher,
            clock: &self.clock,
            readers: &Arc::new(Semaphore::new(1)),
            store: &store.reader(),
        };
        Ok(gathering.poll(&job).await)
    }

    async fn ask(&self, address: &str, wanted: Wanted) -> Result<Fetched, FetchFault> {
        let job = FetchJob {
            wanted,
            ..self.job(address)
        };
        let unpacked = match self.fetcher.fetch(job).await {
            FetchOutcome::Fetched(fetched) => {
                reading::inflated(&fetched.body, self.config.fetch.body_bytes_max)
                    .map(|body| Fetched { body, ..fetched })
            }
            FetchOutcome::Failed(fault) => Err(fault),
            FetchOutcome::NotModified { .. } => Err(FetchFault::new(
                FaultKind::Internal,
                "unchanged, though nothing was known of it",
            )),
        };
        unpacked.inspect_err(|fault| self.note(address, &fault.detail))
    }

    fn job(&self, address: &str) -> FetchJob {
        FetchJob {
            source: SourceNo::default(),
            wanted: Wanted::Feed,
            url: address.to_owned(),
            validators: Validators::default(),
            timeout: self.config.fetch.timeout,
            body_bytes_max: self.config.fetch.body_bytes_max,
            headers: Vec::new(),
        }
    }

    fn answer<'a>(&self, fetched: &'a Fetched) -> Answer<'a> {
        Answer {
            body: &fetched.body,
            content_type: fetched.content_type.as_deref(),
            url: &fetched.url,
            time_zone_offset_s: None,
            items_max: self.config.fetch.items_max,
            now: self.now(),
        }
    }

    fn now(&self) -> Timestamp {
        Clock::now(self.clock.as_ref())
    }

    /// Why the address itself is not what is taken.
    fn tell_of(&self, url: &Url) {
        let tried = self.tried.lock().unwrap_or_else(PoisonError::into_inner);
        let own = format!("{url}: ");
        for line in tried.iter().filter(|line| line.starts_with(&own)) {
            say(format_args!("  ! {line}"));
        }
    }

    /// Whether nobody has answered anything: then nothing else is there either.
    fn is_silent(&self) -> bool {
        let seen = self
            .fetcher
            .seen
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let is_silence = |outcome: &FetchOutcome| matches!(outcome, FetchOutcome::Failed(fault) if fault.status.is_none());
        seen.values().all(is_silence)
    }

    fn note(&self, address: &str, what: &str) {
        let mut tried = self.tried.lock().unwrap_or_else(PoisonError::into_inner);
        let line = format!("{address}: {what}");
        if !tried.contains(&line) {
            tried.push(line);
        }
    }

    fn show(&self, found: &Found) {
        let Found {
            block,
            feed,
            oddities,
        } = found;
        say(format_args!("{}: {}", block.url, feed.format));
        if let Some(seen) = &feed.seen {
            for place in &seen.structure.0 {
                say(format_args!("  items stand at {place}"));
            }
        }
        say(format_args!(
            "{} entries would be taken:",
            feed.entries.len()
        ));
        for entry in feed.entries.iter().take(ENTRIES_SHOWN) {
            let date = match entry.published_at {
                Some(at) => at.rfc3339(),
                None => "no date".to_owned(),
            };
            say(format_args!("  + {} ({date})", entry.title));
            if let Some(url) = &entry.url {
                say(format_args!("    {url}"));
            }
            let tags: Vec<&str> = entry
                .tags
                .iter()
                .filter(|tag| tag.scheme != Scheme::SourceCategory)
                .map(|tag| tag.label.as_str())
                .collect();
            if !tags.is_empty() {
                say(format_args!("    {}", tags.join(", ")));
            }
        }
        if feed.entries.len() > ENTRIES_SHOWN {
            say(format_args!(
                "  + {} more",
                feed.entries.len() - ENTRIES_SHOWN
            ));
        }
        for oddity in oddities {
            say(format_args!("  ! mended: {oddity}"));
        }
        for problem in feed.problems.iter().take(PROBLEMS_SHOWN) {
            match problem.item {
                Some(item) => say(format_args!("  ! item {}: {}", item + 1, problem.what)),
                None => say(format_args!("  ! {}", problem.what)),
            }
        }
        say(format_args!("for feeds.toml:\n\n{}", block.toml()));
    }
}
