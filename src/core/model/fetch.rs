use std::net::IpAddr;
use std::time::Duration;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::{EntryFeed, SourceNo};

/// What makes the next request conditional (RFC 9110 section 13).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Validators {
    pub etag: Option<String>,
    pub last_modified: Option<String>,
}

/// What is asked for: it decides what is said to be welcome, and whether robots.txt has a say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Wanted {
    Feed,
    /// A listing page.
    Page,
    Sitemap,
    /// An article's own page, for its text.
    Article,
    Robots,
}

impl Wanted {
    /// Feeds are published for programs; the rest is for people, unless the site says otherwise (SPEC section 3).
    pub fn obeys_robots(self) -> bool {
        matches!(self, Wanted::Page | Wanted::Sitemap | Wanted::Article)
    }
}

/// Everything one request needs, so that a fetcher needs no configuration of its sources.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FetchJob {
    pub source: SourceNo,
    pub wanted: Wanted,
    /// Absolute http(s) address.
    pub url: String,
    pub validators: Validators,
    /// For the whole exchange, redirects and body included.
    pub timeout: Duration,
    /// After decompression.
    pub body_bytes_max: u64,
    pub headers: Vec<(String, String)>,
}

/// How long the answer says it stays fresh (`Cache-Control: max-age`, else `Expires`).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Freshness {
    pub fresh_for: Option<Duration>,
}

/// A 200 with its whole body, or a 226 with what is new.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fetched {
    pub status: u16,
    /// Where the redirects led.
    pub url: String,
    pub content_type: Option<String>,
    /// Decompressed.
    pub body: Bytes,
    pub validators: Validators,
    pub freshness: Freshness,
    /// The address it came from, where every redirect on the way there was for good (301, 308).
    pub moved_to: Option<String>,
}

impl Fetched {
    /// The answer to an offer to take only what is new (RFC 3229): what it leaves out is listed all the same.
    pub const IM_USED: u16 = 226;
}

/// A fetch never fails as a Rust error: failure is data for the schedule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FetchOutcome {
    Fetched(Fetched),
    NotModified {
        validators: Validators,
        freshness: Freshness,
        moved_to: Option<String>,
    },
    Failed(FetchFault),
}

/// Branch on `kind`, read `detail`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FetchFault {
    pub kind: FaultKind,
    /// One clause for an administrator, without control characters or credentials.
    pub detail: String,
    /// The HTTP status, where an answer came.
    pub status: Option<u16>,
    /// How long the source asks to be left alone, already bounded to seven days.
    pub retry_after: Option<Duration>,
}

/// What went wrong with one poll.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum FaultKind {
    /// No such host, refused, reset, TLS.
    Unreachable,
    /// The whole exchange took longer than `timeout`.
    Timeout,
    /// More bytes than `max_body` after decompression.
    TooLarge,
    /// A status that is neither 200, 304 nor one of those below.
    Status,
    /// 429, or 503 with Retry-After.
    Throttled,
    /// 410.
    Gone,
    /// Too many redirects, a loop, or one without a usable address.
    Redirect,
    /// An address that `allow_private` does not allow.
    PrivateAddress,
    /// robots.txt refuses it, or could not be read.
    Robots,
    /// The body does not decompress.
    Encoding,
    /// An answer that is no feed: HTML, garbage, nothing.
    NotAFeed,
    /// Our own fault while reading it: a panic in a parser.
    Internal,
}

impl FaultKind {
    /// A stable word for logs, metrics and `status.json`.
    pub fn name(self) -> &'static str {
        match self {
            FaultKind::Unreachable => "unreachable",
            FaultKind::Timeout => "timeout",
            FaultKind::TooLarge => "too-large",
            FaultKind::Status => "status",
            FaultKind::Throttled => "throttled",
            FaultKind::Gone => "gone",
            FaultKind::Redirect => "redirect",
            FaultKind::PrivateAddress => "private-address",
            FaultKind::Robots => "robots",
            FaultKind::Encoding => "encoding",
            FaultKind::NotAFeed => "not-a-feed",
            FaultKind::Internal => "internal",
        }
    }
}

impl FetchFault {
    pub fn new(kind: FaultKind, detail: impl Into<String>) -> FetchFault {
        FetchFault {
            kind,
            detail: detail.into(),
            status: None,
            retry_after: None,
        }
    }

    pub fn private(host: &str, address: IpAddr) -> FetchFault {
        let what = match host.trim_matches(['[', ']']) == address.to_string() {
            true => host.to_owned(),
            false => format!("{host} is at {address}, which"),
        };
        FetchFault::new(
            FaultKind::PrivateAddress,
            format!("{what} is not public; allow it in fetch.allow_private if it is yours"),
        )
    }
}

/// What one poll brought, read and normalised.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(
    clippy::large_enum_variant,
    reason = "there is one for each poll under way, and most are the large one"
)]
pub enum PollOutcome {
    /// A body was read.
    Read {
        status: u16,
        validators: Validators,
        freshness: Freshness,
        /// Of the body and of what it was read with; the same again need not be read.
        body_key: super::ContentKey,
        moved_to: Option<String>,
        feed: EntryFeed,
        /// What was asked for beside the source's own address said how long to be left alone.
        retry_after: Option<Duration>,
    },
    /// 304, or the very bytes of last time.
    Unchanged {
        status: u16,
        validators: Validators,
        freshness: Freshness,
        moved_to: Option<String>,
    },
    Failed(FetchFault),
}

impl PollOutcome {
    pub fn is_success(&self) -> bool {
        !matches!(self, PollOutcome::Failed(_))
    }
}
