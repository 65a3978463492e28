//! One newsroom: what it answers to a request, decided without a socket or a clock.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use chrono::DateTime;
use http_body_util::Full;
use hyper::header::{
    ALLOW, CACHE_CONTROL, CONTENT_TYPE, ETAG, HeaderMap, HeaderValue, IF_MODIFIED_SINCE,
    IF_NONE_MATCH, LAST_MODIFIED,
};
use hyper::{Method, Response, StatusCode};

use super::texts::{Charset, Format, Story, Texts};
use super::{feed, page, picture};
use crate::core::model::Timestamp;

/// Items of a feed; the newest.
const FEED_ITEMS_MAX: usize = 20;

/// A newsroom at its address.
pub(super) struct Newsroom {
    pub(super) texts: Texts,
    /// `http://127.0.0.11:40123`, without a final slash.
    pub(super) origin: String,
    opened_at: Timestamp,
    /// By the slug of the guest, the address of the article it stands for.
    guests: BTreeMap<String, String>,
    feed_requests: AtomicU64,
}

/// A response and how long it takes the newsroom to come up with it.
pub(super) struct Answer {
    pub(super) wait: Duration,
    pub(super) response: Response<Full<Bytes>>,
}

impl Newsroom {
    /// `origins` are those of all newsrooms, by id.
    pub(super) fn open(
        texts: Texts,
        origins: &BTreeMap<String, String>,
        opened_at: Timestamp,
    ) -> Newsroom {
        let guests = texts
            .stories
            .iter()
            .filter_map(|story| {
                let (newsroom, slug) = story.guest_of.as_ref()?;
                let origin = origins.get(newsroom)?;
                Some((
                    story.slug.clone(),
                    format!("{origin}{}", article_path(slug)),
                ))
            })
            .collect();
        Newsroom {
            origin: origins.get(&texts.id).cloned().unwrap_or_default(),
            texts,
            opened_at: opened_at.floor_to_second(),
            guests,
            feed_requests: AtomicU64::new(0),
        }
    }

    pub(super) fn feed_url(&self) -> String {
        format!("{}{}", self.origin, self.texts.feed)
    }

    /// Absolute.
    pub(super) fn article_url(&self, story: &Story) -> String {
        match self.guests.get(&story.slug) {
            Some(url) => url.clone(),
            None => format!("{}{}", self.origin, article_path(&story.slug)),
        }
    }

    pub(super) fn picture_url(&self, story: &Story) -> String {
        format!("{}/anh/{}.png", self.origin, story.slug)
    }

    pub(super) fn published_at(&self, story: &Story) -> Timestamp {
        Timestamp::from_secs(self.opened_at.secs().saturating_add(story.offset_s))
    }

    /// What is out `elapsed` after the newsrooms opened, newest first.
    fn out(&self, elapsed: Duration) -> impl Iterator<Item = &Story> {
        let elapsed_s = i64::try_from(elapsed.as_secs()).unwrap_or(i64::MAX);
        self.texts
            .stories
            .iter()
            .filter(move |story| story.offset_s <= elapsed_s)
    }

    /// What the feed lists then.
    pub(super) fn listed(&self, elapsed: Duration) -> Vec<&Story> {
        self.out(elapsed).take(FEED_ITEMS_MAX).collect()
    }

    pub(super) fn answer(
        &self,
        method: &Method,
        path: &str,
        headers: &HeaderMap,
        elapsed: Duration,
    ) -> Answer {
        if path == self.texts.feed && is_reading(method) {
            return Answer {
                wait: Duration::from_secs(self.texts.manner.wait_s),
                response: self.feed(headers, elapsed),
            };
        }
        Answer {
            wait: Duration::ZERO,
            response: self.beside_the_feed(method, path, elapsed),
        }
    }

    fn beside_the_feed(
        &self,
        method: &Method,
        path: &str,
        elapsed: Duration,
    ) -> Response<Full<Bytes>> {
        if !is_reading(method) {
            let mut refusal = self.html(StatusCode::METHOD_NOT_ALLOWED, page::not_found(self));
            let allowed = HeaderValue::from_static("GET, HEAD");
            refusal.headers_mut().insert(ALLOW, allowed);
            return refusal;
        }
        if path == "/" {
            return self.html(StatusCode::OK, page::home(self, &self.listed(elapsed)));
        }
        if path == "/robots.txt" {
            return respond(StatusCode::OK, "text/plain", "User-agent: *\nAllow: /\n");
        }
        // A guest has its page at the owner's address only.
        let slug_of = |prefix: &str, suffix: &str| {
            let slug = path.strip_prefix(prefix)?.strip_suffix(suffix)?;
            self.out(elapsed)
                .find(|story| story.slug == slug && story.guest_of.is_none())
        };
        if let Some(story) = slug_of("/tin/", ".html") {
            return self.html(StatusCode::OK, page::article(self, story));
        }
        if let Some(story) = slug_of("/anh/", ".png") {
            return respond(StatusCode::OK, "image/png", picture::png(&story.slug));
        }
        self.html(StatusCode::NOT_FOUND, page::not_found(self))
    }

    fn feed(&self, headers: &HeaderMap, elapsed: Duration) -> Response<Full<Bytes>> {
        let request = self.feed_requests.fetch_add(1, Ordering::Relaxed);
        if self.texts.manner.flaky && request % 2 == 1 {
            return self.html(StatusCode::INTERNAL_SERVER_ERROR, page::failure(self));
        }
        let stories = self.listed(elapsed);
        let body = self
            .texts
            .manner
            .charset
            .encode(feed::document(self, &stories));
        let etag = (!self.texts.manner.without_etag)
            .then(|| format!("\"{:.16}\"", blake3::hash(&body).to_hex()));
        let modified_at = stories
            .first()
            .map_or(self.opened_at, |story| self.published_at(story));

        let mut response = if is_unchanged(headers, etag.as_deref(), modified_at) {
            let mut unchanged = Response::new(Full::default());
            *unchanged.status_mut() = StatusCode::NOT_MODIFIED;
            unchanged
        } else {
            respond(StatusCode::OK, self.feed_type(), body)
        };
        let fields = response.headers_mut();
        fields.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        if let Ok(value) = HeaderValue::try_from(modified_at.http_date()) {
            fields.insert(LAST_MODIFIED, value);
        }
        if let Some(Ok(value)) = etag.map(HeaderValue::try_from) {
            fields.insert(ETAG, value);
        }
        response
    }

    fn feed_type(&self) -> &'static str {
        match (self.texts.manner.charset, self.texts.manner.format) {
            (Charset::Windows1258, _) => "text/xml",
            (Charset::Utf8, Format::Rss) => "application/rss+xml; charset=utf-8",
            (Charset::Utf8, Format::Atom) => "application/atom+xml; charset=utf-8",
        }
    }

    fn html(&self, status: StatusCode, markup: String) -> Response<Full<Bytes>> {
        let charset = self.texts.manner.charset;
        let media_type = match charset {
            Charset::Utf8 => "text/html; charset=utf-8",
            Charset::Windows1258 => "text/html; charset=windows-1258",
        };
        respond(status, media_type, charset.encode(markup))
    }
}

pub(super) fn article_path(slug: &str) -> String {
    format!("/tin/{slug}.html")
}

fn is_reading(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD)
}

fn respond(
    status: StatusCode,
    media_type: &'static str,
    body: impl Into<Bytes>,
) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body.into()));
    *response.status_mut() = status;
    let media_type = HeaderValue::from_static(media_type);
    response.headers_mut().insert(CONTENT_TYPE, media_type);
    response
}

/// RFC 9110 section 13.2.2: `If-Modified-Since` counts only where there is no `If-None-Match`.
fn is_unchanged(headers: &HeaderMap, etag: Option<&str>, modified_at: Timestamp) -> bool {
    if let Some(known) = headers.get(IF_NONE_MATCH) {
        let known = known.to_str().unwrap_or_default();
        return known
            .split(',')
            .map(|one| one.trim().trim_start_matches("W/"))
            .any(|one| one == "*" || Some(one) == etag);
    }
    headers
        .get(IF_MODIFIED_SINCE)
        .and_then(|since| since.to_str().ok())
        .and_then(|since| DateTime::parse_from_rfc2822(since).ok())
        .is_some_and(|since| modified_at.secs() <= since.timestamp())
}
