//! What a request asks for, read from its method and address; pure.
//!
//! Owns the addresses and parameters of SPEC section 4 and the sentence each mistake is answered with. Knows no source
//! and no story: whether an id exists is for the one who holds the state.

use hyper::{Method, StatusCode};

use crate::core::model::Timestamp;

/// A request that can be answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Route {
    /// The HTML page of a scope: `/`, `/provinces/{slug}`.
    Page {
        scope: Scope,
        cursor: Option<Cursor>,
    },
    Feed {
        scope: Scope,
        format: Format,
        query: FeedQuery,
    },
    /// `/stories/{id}`: what follows the last colon of a story's id.
    Story(String),
    /// `/status`
    StatusPage,
    /// `/status.json`
    StatusJson,
    /// `/healthz`
    Health,
    /// `/readyz`
    Ready,
    /// `/metrics`
    Metrics,
    /// OPTIONS of an address that exists.
    Preflight,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    Atom,
    Rss,
}

impl Format {
    pub const ALL: [Format; 2] = [Format::Atom, Format::Rss];

    pub fn suffix(self) -> &'static str {
        match self {
            Format::Atom => ".atom",
            Format::Rss => ".rss",
        }
    }

    pub fn media_type(self) -> &'static str {
        match self {
            Format::Atom => "application/atom+xml; charset=utf-8",
            Format::Rss => "application/rss+xml; charset=utf-8",
        }
    }
}

/// Which feed's address, or which page's, was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Scope {
    All,
    Source(String),
    Province(String),
    FormerProvince(String),
    Topic(String),
    Document(String),
}

/// The parameters of a feed: the same key twice is OR, different keys are AND.
///
/// Slugs are sorted, each once, so that equal questions are equal; whether they exist is not known here.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct FeedQuery {
    pub province: Vec<String>,
    pub former_province: Vec<String>,
    pub topic: Vec<String>,
    pub document: Vec<String>,
    pub source: Vec<String>,
    /// 1 to [`FeedQuery::LIMIT_MAX`].
    pub limit: Option<usize>,
    pub cursor: Option<Cursor>,
}

impl FeedQuery {
    pub const LIMIT_MAX: usize = 1000;
    /// Parameters of one request, known or not.
    const PARAMETERS_MAX: usize = 100;
    const KNOWN: [&str; 7] = [
        "province",
        "former_province",
        "topic",
        "document",
        "source",
        "limit",
        "cursor",
    ];

    /// Whether it asks for fewer stories than there are.
    pub fn narrows(&self) -> bool {
        self.narrowing().next().is_some()
    }

    /// Keys and slugs, in one order.
    pub fn narrowing(&self) -> impl Iterator<Item = (&'static str, &str)> {
        [
            ("province", &self.province),
            ("former_province", &self.former_province),
            ("topic", &self.topic),
            ("document", &self.document),
            ("source", &self.source),
        ]
        .into_iter()
        .flat_map(|(key, slugs)| slugs.iter().map(move |slug| (key, slug.as_str())))
    }

    fn slugs(&mut self, key: &str) -> Option<&mut Vec<String>> {
        match key {
            "province" => Some(&mut self.province),
            "former_province" => Some(&mut self.former_province),
            "topic" => Some(&mut self.topic),
            "document" => Some(&mut self.document),
            "source" => Some(&mut self.source),
            _ => None,
        }
    }

    fn in_one_order(mut self) -> FeedQuery {
        for key in ["province", "former_province", "topic", "document", "source"] {
            if let Some(slugs) = self.slugs(key) {
                slugs.sort_unstable();
                slugs.dedup();
            }
        }
        self
    }
}

/// Where a page of a feed begins: after the story of this date and number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cursor {
    pub published_at: Timestamp,
    pub no: u64,
}

impl Cursor {
    /// Lower-case hexadecimal of both parts, the date in two's complement: `19e704489a8-2f`.
    pub fn encode(self) -> String {
        let millis = self.published_at.millis().cast_unsigned();
        format!("{millis:x}-{:x}", self.no)
    }

    /// # Errors
    /// When `raw` is not what [`Cursor::encode`] writes, to the letter.
    pub fn decode(raw: &str) -> Result<Cursor, Refusal> {
        Cursor::read(raw)
            .filter(|cursor| cursor.encode() == raw)
            .ok_or_else(|| {
                Refusal::bad(format!(
                    "cursor {} is none of ours: follow rel=\"next\" from the first page",
                    quoted(raw)
                ))
            })
    }

    fn read(raw: &str) -> Option<Cursor> {
        let (millis, no) = raw.split_once('-')?;
        let millis = u64::from_str_radix(millis, 16).ok()?.cast_signed();
        Some(Cursor {
            published_at: Timestamp::from_millis(millis),
            no: u64::from_str_radix(no, 16).ok()?,
        })
    }
}

/// Why a request is not answered: a sentence that its sender can use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    pub status: StatusCode,
    pub sentence: String,
}

impl Refusal {
    pub fn bad(sentence: impl Into<String>) -> Refusal {
        Refusal {
            status: StatusCode::BAD_REQUEST,
            sentence: sentence.into(),
        }
    }

    pub fn not_found(sentence: impl Into<String>) -> Refusal {
        Refusal {
            status: StatusCode::NOT_FOUND,
            sentence: sentence.into(),
        }
    }

    /// For what was here and was taken away on purpose.
    pub fn gone(sentence: impl Into<String>) -> Refusal {
        Refusal {
            status: StatusCode::GONE,
            sentence: sentence.into(),
        }
    }

    fn method(method: &Method) -> Refusal {
        Refusal {
            status: StatusCode::METHOD_NOT_ALLOWED,
            sentence: format!(
                "method {} is not served here: use one of {ALLOW}",
                quoted(method.as_str())
            ),
        }
    }
}

/// The methods every address takes.
pub const ALLOW: &str = "GET, HEAD, OPTIONS";

/// What exists, for those who asked for something else.
const ADDRESSES: [&str; 18] = [
    "/",
    "/feed.atom",
    "/provinces/{slug}.atom",
    "/former-provinces/{slug}.atom",
    "/topics/{slug}.atom",
    "/documents/{slug}.atom",
    "/sources/{id}.atom",
    "/stories/{id}",
    "/provinces/{slug}",
    "/former-provinces/{slug}",
    "/topics/{slug}",
    "/documents/{slug}",
    "/sources/{id}",
    "/status",
    "/status.json",
    "/healthz",
    "/readyz",
    "/metrics",
];

/// # Errors
/// 404 where nothing is, 405 for another method than [`ALLOW`], 400 for an address or a feed's parameters with a mistake.
pub fn route(method: &Method, path: &str, query: Option<&str>) -> Result<Route, Refusal> {
    if method == Method::OPTIONS && path == "*" {
        return Ok(Route::Preflight);
    }
    let address = address(path)?;
    match *method {
        Method::OPTIONS => Ok(Route::Preflight),
        Method::GET | Method::HEAD => address.with_query(query),
        _ => Err(Refusal::method(method)),
    }
}

/// A path that exists.
enum Address {
    Plain(Route),
    Page(Scope),
    Feed(Scope, Format),
}

impl Address {
    /// Pages ignore parameters, feeds refuse those they do not know.
    fn with_query(self, query: Option<&str>) -> Result<Route, Refusal> {
        match self {
            Address::Plain(route) => Ok(route),
            Address::Page(scope) => Ok(Route::Page {
                scope,
                cursor: page_cursor(query.unwrap_or_default()),
            }),
            Address::Feed(scope, format) => {
                let query = feed_query(query.unwrap_or_default())?;
                if matches!(scope, Scope::Source(_)) && query.narrows() {
                    return Err(Refusal::bad(
                        "a source's own feed takes limit and cursor; narrow /feed.atom?source=… instead",
                    ));
                }
                Ok(Route::Feed {
                    scope,
                    format,
                    query,
                })
            }
        }
    }
}

fn address(path: &str) -> Result<Address, Refusal> {
    let segments = path
        .strip_prefix('/')
        .ok_or_else(|| nothing_at(path))?
        .split('/')
        .map(|segment| decode(segment, Plus::Itself))
        .collect::<Result<Vec<String>, Refusal>>()?;
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    let found = match segments.as_slice() {
        [""] => Some(Address::Page(Scope::All)),
        ["status"] => Some(Address::Plain(Route::StatusPage)),
        ["status.json"] => Some(Address::Plain(Route::StatusJson)),
        ["healthz"] => Some(Address::Plain(Route::Health)),
        ["readyz"] => Some(Address::Plain(Route::Ready)),
        ["metrics"] => Some(Address::Plain(Route::Metrics)),
        [file] => feed_file(file, |name| (name == "feed").then_some(Scope::All)),
        [folder, file] if let Some(scope) = narrowing(folder) => {
            feed_file(file, |name| Some(scope(name.to_owned()))).or_else(|| page_file(file, scope))
        }
        ["stories", id] => Some(Address::Plain(Route::Story((*id).to_owned()))),
        _ => None,
    };
    found.ok_or_else(|| nothing_at(path))
}

fn feed_file(file: &str, scope: impl Fn(&str) -> Option<Scope>) -> Option<Address> {
    Format::ALL.into_iter().find_map(|format| {
        let name = file.strip_suffix(format.suffix())?;
        Some(Address::Feed(scope(name)?, format))
    })
}

/// No slug and no id has a dot: behind one another format is asked for.
fn page_file(file: &str, scope: fn(String) -> Scope) -> Option<Address> {
    let is_name = !file.is_empty() && !file.contains('.');
    is_name.then(|| Address::Page(scope(file.to_owned())))
}

fn narrowing(folder: &str) -> Option<fn(String) -> Scope> {
    Some(match folder {
        "sources" => Scope::Source,
        "provinces" => Scope::Province,
        "former-provinces" => Scope::FormerProvince,
        "topics" => Scope::Topic,
        "documents" => Scope::Document,
        _ => return None,
    })
}

fn nothing_at(path: &str) -> Refusal {
    Refusal::not_found(format!(
        "nothing is at {}: there are {}{}",
        quoted(path),
        listed(&ADDRESSES),
        guess(path, &ADDRESSES)
    ))
}

/// Pages ignore what they do not know, and a cursor that is none of ours.
fn page_cursor(raw: &str) -> Option<Cursor> {
    raw.split('&')
        .take(FeedQuery::PARAMETERS_MAX)
        .filter_map(|pair| pair.strip_prefix("cursor="))
        .find_map(|value| Cursor::decode(value).ok())
}

fn feed_query(raw: &str) -> Result<FeedQuery, Refusal> {
    let mut query = FeedQuery::default();
    let mut count = 0;
    for pair in raw.split('&').filter(|pair| !pair.is_empty()) {
        count += 1;
        if count > FeedQuery::PARAMETERS_MAX {
            return Err(Refusal::bad(format!(
                "more than {} parameters",
                FeedQuery::PARAMETERS_MAX
            )));
        }
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        let value = decode(value, Plus::Blank)?;
        match decode(key, Plus::Blank)?.as_str() {
            "limit" => once("limit", &mut query.limit, limit(&value)?)?,
            "cursor" => once("cursor", &mut query.cursor, Cursor::decode(&value)?)?,
            key => match query.slugs(key) {
                Some(slugs) => slugs.push(value),
                None => return Err(unknown_parameter(key)),
            },
        }
    }
    Ok(query.in_one_order())
}

fn once<T>(key: &str, slot: &mut Option<T>, value: T) -> Result<(), Refusal> {
    if slot.is_some() {
        return Err(Refusal::bad(format!("parameter \"{key}\" is given twice")));
    }
    *slot = Some(value);
    Ok(())
}

fn limit(raw: &str) -> Result<usize, Refusal> {
    let digits = !raw.is_empty() && raw.bytes().all(|b| b.is_ascii_digit());
    raw.parse()
        .ok()
        .filter(|limit| digits && (1..=FeedQuery::LIMIT_MAX).contains(limit))
        .ok_or_else(|| {
            Refusal::bad(format!(
                "limit {} is not a number from 1 to {}",
                quoted(raw),
                FeedQuery::LIMIT_MAX
            ))
        })
}

fn unknown_parameter(key: &str) -> Refusal {
    Refusal::bad(format!(
        "unknown parameter {}: a feed takes {}{}",
        quoted(key),
        listed(&FeedQuery::KNOWN),
        guess(key, &FeedQuery::KNOWN)
    ))
}

/// What a `+` stands for.
#[derive(Clone, Copy, PartialEq)]
enum Plus {
    Itself,
    Blank,
}

/// Percent-decoded, strictly: a stray `%` or bytes that are no UTF-8 are refused, not passed on.
fn decode(raw: &str, plus: Plus) -> Result<String, Refusal> {
    let refusal = || Refusal::bad(format!("{} is not percent-encoded UTF-8", quoted(raw)));
    let mut bytes = Vec::with_capacity(raw.len());
    let mut rest = raw.bytes();
    while let Some(byte) = rest.next() {
        match byte {
            b'%' => {
                let mut digit = || rest.next().and_then(hex_digit);
                let (Some(high), Some(low)) = (digit(), digit()) else {
                    return Err(refusal());
                };
                bytes.push(high << 4 | low);
            }
            b'+' if plus == Plus::Blank => bytes.push(b' '),
            byte => bytes.push(byte),
        }
    }
    String::from_utf8(bytes).map_err(|_| refusal())
}

fn hex_digit(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        b'A'..=b'F' => Some(byte - b'A' + 10),
        _ => None,
    }
}

fn guess(raw: &str, candidates: &[&str]) -> String {
    nearest(raw, candidates).map_or_else(String::new, |near| format!("; did you mean {near}?"))
}

/// The candidate that `raw` may be a slip of, if any is near enough.
pub fn nearest<'a>(raw: &str, candidates: &[&'a str]) -> Option<&'a str> {
    let raw: String = raw.chars().take(QUOTED_CHARS_MAX).collect();
    candidates
        .iter()
        .map(|candidate| (strsim::jaro_winkler(&raw, candidate), *candidate))
        .filter(|(likeness, _)| *likeness >= 0.85)
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, candidate)| candidate)
}

/// `a, b and c`.
fn listed(words: &[&str]) -> String {
    match words {
        [] => String::new(),
        [only] => (*only).to_owned(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

const QUOTED_CHARS_MAX: usize = 80;

/// A sender's words in a sentence of ours: in quotes, cut, control characters escaped.
pub fn quoted(raw: &str) -> String {
    let mut chars = raw.chars();
    let shown: String = chars.by_ref().take(QUOTED_CHARS_MAX).collect();
    let cut = if chars.next().is_some() { "…" } else { "" };
    format!("{:?}", format!("{shown}{cut}"))
}

#[cfg(test)]
mod tests;
