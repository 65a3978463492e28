//! What was fetched into a poll's outcome: parse, normalise, tag, rule.
//!
//! The costly part of a poll; pure, so that the shell may run it on any thread. One answer may lead to
//! others (older pages of a listing, the sitemaps of an index, the pages of articles): a [`Draft`] says what
//! to ask for next and takes what came.

use std::collections::HashSet;
use std::io::Read;
use std::sync::Arc;

use bytes::Bytes;

use crate::core::config::{Config, Kind, Source, Topic};
use crate::core::model::{
    ContentKey, Entry, EntryFeed, FaultKind, FetchFault, FetchOutcome, Fetched, Freshness,
    FullText, ParsedFeed, PollOutcome, Problem, Seen, SourceRules, Tag, Timestamp, Validators,
    Wanted,
};
use crate::core::normalise::{self, NormaliseContext, TagText};
use crate::core::parse::page::{self, PageRules};
use crate::core::parse::{self, Answer, ParseFault, article, sitemap};
use crate::core::review;
use crate::core::rule::Rulebook;
use crate::core::tag::Tagger;

/// Raised whenever what is stored of an unchanged answer would come out otherwise: bodies are read again then.
pub const ALGORITHM_VERSION: u32 = 3;

/// Sitemaps of one index that a poll reads.
const SITEMAPS_READ_MAX: usize = 3;

/// With what the answers of one source are read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    pub rules: SourceRules,
    pub kind: Kind,
    /// Of a page: where its items are.
    pub page: PageRules,
    /// Of a listing, on the first poll.
    pub pages: usize,
    /// Whether the pages of articles are asked for their text.
    pub full_text: bool,
    /// Where that text is.
    pub body: Option<String>,
    /// Of one answer, after decompression.
    pub body_bytes_max: u64,
    /// Of all the above, taxonomy and algorithm: another key, another reading of the same bytes.
    pub key: ContentKey,
    /// What rulings are made by.
    pub rulebook: Arc<Rulebook>,
    /// The ids the source has and had, by which a rule knows it.
    pub names: Vec<String>,
    /// Of everything that tags and rulings are made by.
    pub judged_by: Option<ContentKey>,
}

impl Reading {
    pub fn of(source: &Source, config: &Config) -> Reading {
        let rules = SourceRules {
            province: source.province.clone(),
            topics: source.topics.clone(),
            language: source.language.clone(),
            time_zone_offset_s: source.time_zone_offset_s,
            byline: source.byline.clone(),
            items_max: config.fetch.items_max,
        };
        let select = &source.select;
        let page = PageRules {
            item: select.item.clone(),
            link: select.link.clone(),
            title: select.title.clone(),
            summary: select.summary.clone(),
            date: select.date.clone(),
            image: select.image.clone(),
            next: select.next.clone(),
            hosts: source.hosts.clone(),
        };
        let topics: &[Topic] = &config.topics;
        let key = ContentKey::of(&[
            &ALGORITHM_VERSION.to_string(),
            &format!("{rules:?}"),
            &format!("{:?} {page:?}", source.kind),
            &format!("{} {:?}", source.full_text, select.body),
            &format!("{topics:?}"),
        ]);
        Reading {
            rules,
            kind: source.kind,
            page,
            pages: usize::try_from(select.pages).unwrap_or(1),
            full_text: source.full_text,
            body: select.body.clone(),
            body_bytes_max: config.fetch.body_bytes_max,
            key,
            rulebook: Arc::default(),
            names: Vec::new(),
            judged_by: None,
        }
    }

    /// What a request for the source's own address asks for.
    pub fn wanted(&self) -> Wanted {
        match self.kind {
            Kind::Feed => Wanted::Feed,
            Kind::Page => Wanted::Page,
            Kind::Sitemap => Wanted::Sitemap,
        }
    }

    fn answer<'a>(&self, fetched: &'a Fetched, body: &'a [u8], now: Timestamp) -> Answer<'a> {
        Answer {
            body,
            content_type: fetched.content_type.as_deref(),
            url: &fetched.url,
            time_zone_offset_s: self.rules.known_offset_s(),
            items_max: self.rules.items_max,
            now,
        }
    }

    fn tags(&self, tagger: &Tagger, text: &TagText<'_>) -> Vec<Tag> {
        tagger.tags(&review::input(
            text,
            self.rules.province.as_deref(),
            &self.rules.topics,
        ))
    }
}

/// What is known of the last answer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Before {
    /// By which an unchanged one is told without reading it.
    pub body_key: Option<ContentKey>,
    /// Whether the source was never read.
    pub is_first: bool,
}

/// Reads what was fetched, by itself: what it leads to is not asked for.
pub fn read(
    outcome: FetchOutcome,
    before: Before,
    reading: &Reading,
    tagger: &Tagger,
    now: Timestamp,
) -> PollOutcome {
    match begin(outcome, before, reading, now) {
        Beginning::Settled(outcome) => outcome,
        Beginning::Open(draft) => draft.finish(reading, tagger, now),
    }
}

/// What the first answer of a poll comes to.
#[derive(Debug)]
pub enum Beginning {
    /// Nothing else is to be asked or read.
    Settled(PollOutcome),
    Open(Draft),
}

/// Reads the first answer of a poll.
pub fn begin(
    outcome: FetchOutcome,
    before: Before,
    reading: &Reading,
    now: Timestamp,
) -> Beginning {
    let fetched = match outcome {
        FetchOutcome::Failed(fault) => return Beginning::Settled(PollOutcome::Failed(fault)),
        FetchOutcome::NotModified {
            validators,
            freshness,
            moved_to,
        } => {
            return Beginning::Settled(PollOutcome::Unchanged {
                status: 304,
                validators,
                freshness,
                moved_to,
            });
        }
        FetchOutcome::Fetched(fetched) => fetched,
    };
    let body_key = body_key(&fetched, reading);
    if before.body_key == Some(body_key) {
        return Beginning::Settled(PollOutcome::Unchanged {
            status: fetched.status,
            validators: fetched.validators,
            freshness: fetched.freshness,
            moved_to: fetched.moved_to,
        });
    }
    match parse(&fetched, reading, now) {
        Ok(part) => Beginning::Open(Draft::new(fetched, body_key, before, part, reading)),
        Err(fault) => Beginning::Settled(PollOutcome::Failed(FetchFault {
            status: Some(fetched.status),
            ..fault
        })),
    }
}

/// The final address and the media type belong to the bytes: both change what is read from them.
fn body_key(fetched: &Fetched, reading: &Reading) -> ContentKey {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&reading.key.0);
    for part in [
        fetched.url.as_str(),
        fetched.content_type.as_deref().unwrap_or(""),
    ] {
        hasher.update(part.as_bytes());
        hasher.update(&[0]);
    }
    hasher.update(&fetched.body);
    let mut key = [0; 16];
    key.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
    ContentKey(key)
}

/// One answer, parsed, and where it leads.
#[derive(Debug, Default)]
struct Part {
    feed: ParsedFeed,
    seen: Option<Seen>,
    /// The page with what is older.
    next: Option<String>,
    /// Of an index, as it names them.
    children: Vec<sitemap::Child>,
}

fn parse(fetched: &Fetched, reading: &Reading, now: Timestamp) -> Result<Part, FetchFault> {
    let body = inflated(&fetched.body, reading.body_bytes_max)?;
    let answer = reading.answer(fetched, &body, now);
    let part = match reading.kind {
        Kind::Feed => parse::feed(&answer).map(|feed| Part {
            feed,
            ..Part::default()
        }),
        Kind::Page => page::listing(&answer, &reading.page).map(|listing| Part {
            seen: Some(Seen {
                structure: listing.structure,
                items: u32::try_from(listing.feed.items.len()).unwrap_or(u32::MAX),
            }),
            feed: listing.feed,
            next: listing.next,
            ..Part::default()
        }),
        Kind::Sitemap => sitemap::read(&answer).map(|sitemap| Part {
            feed: sitemap.entries,
            children: sitemap.children,
            ..Part::default()
        }),
    };
    part.map_err(|fault| match fault {
        ParseFault::NotAFeed(what) => {
            let wanted = match reading.kind {
                Kind::Feed => "a feed",
                Kind::Page => "a page",
                Kind::Sitemap => "a sitemap",
            };
            let detail = format!("the answer is {what}, not {wanted}");
            FetchFault::new(FaultKind::NotAFeed, detail)
        }
        ParseFault::Panicked(what) => {
            FetchFault::new(FaultKind::Internal, format!("reading it failed: {what}"))
        }
    })
}

/// What is a gzip file (`sitemap.xml.gz`) unpacked; anything else as it is.
///
/// # Errors
/// When nothing of it unpacks, or it unpacks to more than `bytes_max`.
pub fn inflated(body: &Bytes, bytes_max: u64) -> Result<Bytes, FetchFault> {
    const GZIP: [u8; 2] = [0x1f, 0x8b];
    if !body.starts_with(&GZIP) {
        return Ok(body.clone());
    }
    let mut out = Vec::new();
    let mut unpacked =
        flate2::read::MultiGzDecoder::new(body.as_ref()).take(bytes_max.saturating_add(1));
    if let Err(err) = unpacked.read_to_end(&mut out)
        && out.is_empty()
    {
        let detail = format!("the file does not unpack as gzip: {err}");
        return Err(FetchFault::new(FaultKind::Encoding, detail));
    }
    if u64::try_from(out.len()).unwrap_or(u64::MAX) > bytes_max {
        let detail = format!("the file unpacks to more than {bytes_max} bytes (fetch.max_body)");
        return Err(FetchFault::new(FaultKind::TooLarge, detail));
    }
    // What came before the damage is whole.
    Ok(out.into())
}

/// A poll while its answers come in.
#[derive(Debug)]
pub struct Draft {
    status: u16,
    validators: Validators,
    freshness: Freshness,
    moved_to: Option<String>,
    url: String,
    keys: Vec<ContentKey>,
    before: Before,
    feed: ParsedFeed,
    seen: Option<Seen>,
    /// Still to be asked, the next one last.
    ahead: Vec<String>,
    asked: HashSet<String>,
    /// Further answers that may still be asked for.
    left: usize,
    retry_after: Option<std::time::Duration>,
}

impl Draft {
    fn new(
        fetched: Fetched,
        body_key: ContentKey,
        before: Before,
        part: Part,
        reading: &Reading,
    ) -> Draft {
        let left = match reading.kind {
            Kind::Feed => 0,
            Kind::Page if before.is_first => reading.pages.saturating_sub(1),
            Kind::Page => 0,
            Kind::Sitemap => SITEMAPS_READ_MAX,
        };
        // An index that does not say when its sitemaps changed says nothing by being unchanged itself.
        let is_silent = part
            .children
            .iter()
            .any(|child| child.modified_at.is_none());
        let mut draft = Draft {
            status: fetched.status,
            validators: match is_silent {
                true => Validators::default(),
                false => fetched.validators,
            },
            freshness: fetched.freshness,
            moved_to: fetched.moved_to,
            keys: vec![body_key],
            before,
            feed: ParsedFeed::default(),
            seen: part.seen,
            ahead: Vec::new(),
            asked: HashSet::from([fetched.url.clone()]),
            left,
            retry_after: None,
            url: fetched.url,
        };
        let (next, children) = (part.next, part.children);
        draft.feed = part.feed;
        let base = draft.url.clone();
        draft.look_ahead(&base, next, children);
        draft
    }

    fn look_ahead(&mut self, base: &str, next: Option<String>, children: Vec<sitemap::Child>) {
        let base = url::Url::parse(base).ok();
        let resolved = |raw: &str| {
            let url = base.as_ref()?.join(raw).ok()?;
            matches!(url.scheme(), "http" | "https").then(|| url.to_string())
        };
        let children = children.iter().rev().map(|child| child.url.as_str());
        let ahead = children.chain(next.as_deref()).filter_map(resolved);
        self.ahead.extend(ahead);
    }

    /// What else is to be asked for; each address once, and never more than the bounds allow.
    pub fn next_address(&mut self) -> Option<String> {
        while self.left > 0 && self.retry_after.is_none() {
            let address = self.ahead.pop()?;
            if self.asked.insert(address.clone()) {
                self.left -= 1;
                return Some(address);
            }
        }
        None
    }

    /// Takes what came of it; an answer that cannot be had or read is a problem of the poll, not its end.
    pub fn add(&mut self, address: &str, outcome: FetchOutcome, reading: &Reading, now: Timestamp) {
        let fault = match outcome {
            FetchOutcome::Fetched(fetched) => match parse(&fetched, reading, now) {
                Ok(part) => return self.append(&fetched, part, reading),
                Err(fault) => fault,
            },
            FetchOutcome::Failed(fault) => fault,
            // Asked without a condition.
            FetchOutcome::NotModified { .. } => return,
        };
        self.retry_after = self.retry_after.max(fault.retry_after);
        self.feed.problems.push(Problem {
            item: None,
            what: format!("{address}: {}", fault.detail),
        });
    }

    fn append(&mut self, fetched: &Fetched, part: Part, reading: &Reading) {
        if reading.kind == Kind::Sitemap {
            self.keys.push(body_key(fetched, reading));
        }
        self.look_ahead(&fetched.url, part.next, part.children);
        let room = reading
            .rules
            .items_max
            .saturating_sub(self.feed.items.len());
        if room == 0 {
            self.left = 0;
        }
        let format = part.feed.format;
        if self.feed.items.is_empty() {
            self.feed.format = format!("{}, {format}", self.feed.format);
        }
        self.feed
            .items
            .extend(part.feed.items.into_iter().take(room));
        self.feed.problems.extend(part.feed.problems);
    }

    /// Everything that came as one outcome.
    pub fn finish(self, reading: &Reading, tagger: &Tagger, now: Timestamp) -> PollOutcome {
        let body_key = match self.keys.as_slice() {
            [only] => *only,
            several => {
                let bytes: Vec<u8> = several.iter().flat_map(|key| key.0).collect();
                ContentKey::of(&[&blake3::hash(&bytes).to_hex()])
            }
        };
        if self.before.body_key == Some(body_key) {
            return PollOutcome::Unchanged {
                status: self.status,
                validators: self.validators,
                freshness: self.freshness,
                moved_to: self.moved_to,
            };
        }
        let context = NormaliseContext {
            rules: &reading.rules,
            feed_url: &self.url,
            now,
        };
        let tag = |text: &TagText<'_>| reading.tags(tagger, text);
        let mut feed = normalise::entries(self.feed, &context, &tag);
        for entry in &mut feed.entries {
            review::rule(entry, &reading.rulebook, &reading.names);
        }
        PollOutcome::Read {
            status: self.status,
            validators: self.validators,
            freshness: self.freshness,
            body_key,
            moved_to: self.moved_to,
            feed: EntryFeed {
                seen: self.seen,
                is_sitemap: reading.kind == Kind::Sitemap,
                judged_by: reading.judged_by,
                ..feed
            },
            retry_after: self.retry_after,
        }
    }
}

/// The outcome when something of it is still to be asked for: the next poll reads the answer again, changed or not.
pub fn unfinished(mut outcome: PollOutcome) -> PollOutcome {
    if let PollOutcome::Read {
        validators,
        body_key,
        ..
    } = &mut outcome
    {
        *validators = Validators::default();
        *body_key = ContentKey::of(&["unfinished", &format!("{body_key:?}")]);
    }
    outcome
}

/// What the page of an article says, as its entry will keep it.
pub fn full_text(
    outcome: FetchOutcome,
    known: Option<&FullText>,
    reading: &Reading,
    now: Timestamp,
) -> (FullText, Option<FetchFault>) {
    let fault = match outcome {
        FetchOutcome::Fetched(fetched) => {
            let body = match inflated(&fetched.body, reading.body_bytes_max) {
                Ok(body) => body,
                Err(fault) => return (FullText::default(), Some(fault)),
            };
            let answer = reading.answer(&fetched, &body, now);
            let found = article::text(&answer, reading.body.as_deref());
            let said = found.map(|found| normalise::full_text(found, &fetched.url));
            return (said.unwrap_or_default(), None);
        }
        FetchOutcome::Failed(fault) => fault,
        FetchOutcome::NotModified { .. } => return (FullText::default(), None),
    };
    // What is gone, refused or no page will be so tomorrow; a host in trouble may recover.
    let may_pass = match fault.kind {
        FaultKind::Unreachable | FaultKind::Timeout | FaultKind::Throttled => true,
        FaultKind::Status | FaultKind::Robots => {
            let passing = |status| status >= 500 || status == 429;
            fault.status.is_some_and(passing)
        }
        _ => false,
    };
    let tries = known.map_or(0, |known| known.tries).saturating_add(1);
    let tries = match may_pass {
        true => tries,
        false => FullText::TRIES_MAX,
    };
    let told = FullText {
        tries,
        ..FullText::default()
    };
    (told, Some(fault))
}

/// The entry with what its own page says.
pub fn with_full_text(
    entry: Entry,
    said: FullText,
    reading: &Reading,
    tagger: &Tagger,
    now: Timestamp,
) -> Entry {
    let context = NormaliseContext {
        rules: &reading.rules,
        feed_url: "",
        now,
    };
    let tag = |text: &TagText<'_>| reading.tags(tagger, text);
    let mut entry = normalise::with_full_text(entry, said, &context, &tag);
    review::rule(&mut entry, &reading.rulebook, &reading.names);
    entry
}

#[cfg(test)]
mod tests;
