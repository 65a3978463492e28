//! What the HTTP server answers with: documents made from the store, kept until it changes.
//!
//! A request never waits for a poll or a write: it reads the store beside the writer. A document is
//! made when it is first asked for and served until a write or a configuration makes it old.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use http_body_util::Full;
use hyper::{Request, Response, StatusCode};
use tokio::sync::watch;
use tracing::{error, warn};

use super::narrow::{Narrowed, narrow};
use super::owner::Published;
use super::select;
use super::status;
use crate::clock::SharedClock;
use crate::core::merge;
use crate::core::model::{EntryView, FeedView, SourceNo, StoryNo, Timestamp};
use crate::core::publish;
use crate::http::document::{Document, Kind};
use crate::http::listen::Handler;
use crate::http::page::{HomeView, home};
use crate::http::reply;
use crate::http::route::{Cursor, FeedQuery, Format, Refusal, Route, Scope, route};
use crate::store::{From, Place, StoreError, StoreReader};
use crate::telemetry::Telemetry;

/// Documents kept at once; past that the cache begins anew.
const KEPT_MAX: usize = 512;

/// Everything an answer is made from.
pub struct Site {
    reader: StoreReader,
    served: watch::Receiver<Arc<Published>>,
    clock: SharedClock,
    telemetry: Arc<Telemetry>,
    kept: Mutex<Kept>,
}

/// Documents of one state of store and configuration.
#[derive(Default)]
struct Kept {
    of: (u64, u64),
    documents: HashMap<Ask, Arc<Document>>,
}

/// What a document is made for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Ask {
    Page,
    Feed {
        scope: Scope,
        format: Format,
        query: FeedQuery,
    },
}

/// Why there is no document.
enum Absent {
    Refused(Refusal),
    Failed(StoreError),
}

impl std::convert::From<Refusal> for Absent {
    fn from(refusal: Refusal) -> Absent {
        Absent::Refused(refusal)
    }
}

impl std::convert::From<StoreError> for Absent {
    fn from(err: StoreError) -> Absent {
        Absent::Failed(err)
    }
}

impl Site {
    pub fn new(
        reader: StoreReader,
        served: watch::Receiver<Arc<Published>>,
        clock: SharedClock,
        telemetry: Arc<Telemetry>,
    ) -> Site {
        Site {
            reader,
            served,
            clock,
            telemetry,
            kept: Mutex::default(),
        }
    }

    fn published(&self) -> Arc<Published> {
        Arc::clone(&self.served.borrow())
    }

    fn kept(&self, ask: &Ask, of: (u64, u64)) -> Option<Arc<Document>> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        (kept.of == of)
            .then(|| kept.documents.get(ask).map(Arc::clone))
            .flatten()
    }

    fn keep(&self, ask: Ask, of: (u64, u64), document: &Arc<Document>) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.of != of || kept.documents.len() >= KEPT_MAX {
            *kept = Kept {
                of,
                documents: HashMap::new(),
            };
        }
        kept.documents.insert(ask, Arc::clone(document));
    }

    /// The document, from the cache where it is still true.
    fn document(&self, ask: &Ask) -> Result<Arc<Document>, Absent> {
        let published = self.published();
        let before = self
            .reader
            .revision()
            .map(|writes| (writes, published.generation));
        if let Some(kept) = before.and_then(|of| self.kept(ask, of)) {
            return Ok(kept);
        }
        let view = Pages {
            reader: &self.reader,
            published: &published,
        };
        let document = Arc::new(match ask {
            Ask::Page => view.page()?,
            Ask::Feed {
                scope,
                format,
                query,
            } => view.feed(scope, *format, query)?,
        });
        let after = self
            .reader
            .revision()
            .map(|writes| (writes, published.generation));
        if let Some(of) = after.filter(|_| before == after) {
            self.keep(ask.clone(), of, &document);
        }
        Ok(document)
    }

    fn answer(&self, request: &Request<()>) -> Response<Full<Bytes>> {
        let published = self.published();
        let path = without_base(request.uri().path(), &published);
        let (name, response) = match route(request.method(), path, request.uri().query()) {
            Err(refusal) => ("none", reply::refusal(&refusal)),
            Ok(Route::Page) => ("page", self.answer_document(request, &Ask::Page)),
            Ok(Route::Feed {
                scope,
                format,
                query,
            }) => {
                let ask = Ask::Feed {
                    scope,
                    format,
                    query,
                };
                ("feed", self.answer_document(request, &ask))
            }
            Ok(Route::StatusJson) => ("status", self.answer_status(&published)),
            Ok(Route::Health) => ("health", reply::text(StatusCode::OK, "alive")),
            Ok(Route::Ready) => ("ready", self.answer_ready(&published)),
            Ok(Route::Metrics) => ("metrics", self.answer_metrics(&published)),
            Ok(Route::Preflight) => ("preflight", reply::preflight()),
        };
        self.telemetry.answered(name, response.status().as_u16());
        response
    }

    fn answer_metrics(&self, published: &Published) -> Response<Full<Bytes>> {
        let levels = match status::levels(&self.reader, published) {
            Ok(levels) => levels,
            Err(err) => return unreadable(&err),
        };
        match self.telemetry.text(&levels) {
            Ok(text) => reply::metrics(text),
            Err(err) => {
                error!(%err, "the figures cannot be written");
                reply::text(
                    StatusCode::INTERNAL_SERVER_ERROR,
                    "the figures cannot be written",
                )
            }
        }
    }

    fn answer_document(&self, request: &Request<()>, ask: &Ask) -> Response<Full<Bytes>> {
        match self.document(ask) {
            Ok(document) => reply::document(
                request.method(),
                request.headers(),
                &document,
                self.clock.now(),
            ),
            Err(Absent::Refused(refusal)) => reply::refusal(&refusal),
            Err(Absent::Failed(err)) => unreadable(&err),
        }
    }

    fn answer_status(&self, published: &Published) -> Response<Full<Bytes>> {
        let status = status::status(&self.reader, published);
        match status.map(|status| serde_json::to_vec(&status)) {
            Ok(Ok(body)) => reply::json(StatusCode::OK, body),
            Ok(Err(err)) => {
                error!(%err, "the status cannot be written as JSON");
                reply::text(
                    StatusCode::INTERNAL_SERVER_ERROR,
                    "the status cannot be written",
                )
            }
            Err(err) => unreadable(&err),
        }
    }

    fn answer_ready(&self, published: &Published) -> Response<Full<Bytes>> {
        match status::is_ready(&self.reader, published) {
            Ok(true) => reply::text(StatusCode::OK, "ready"),
            Ok(false) => reply::text(
                StatusCode::SERVICE_UNAVAILABLE,
                "not ready: not every enabled source has been asked yet",
            ),
            Err(err) => unreadable(&err),
        }
    }
}

/// The log gets the cause, the client what it can use.
fn unreadable(err: &StoreError) -> Response<Full<Bytes>> {
    warn!(%err, "a request could not be answered");
    reply::text(
        StatusCode::SERVICE_UNAVAILABLE,
        "the store cannot be read at the moment: try again later",
    )
}

/// A proxy may hand paths on with or without the path of `base_url`.
fn without_base<'a>(path: &'a str, published: &Published) -> &'a str {
    let base = url::Url::parse(&published.config.server.base_url);
    let base_path = base
        .as_ref()
        .map_or("/", |base| base.path())
        .trim_end_matches('/');
    path.strip_prefix(base_path)
        .filter(|rest| rest.starts_with('/'))
        .unwrap_or(path)
}

/// The handler that the server is given.
pub struct Front(pub Arc<Site>);

impl Handler for Front {
    async fn handle(&self, request: Request<()>) -> Response<Full<Bytes>> {
        let site = Arc::clone(&self.0);
        // Reading the store and compressing are work for a core, not for the event loop.
        let answered = tokio::task::spawn_blocking(move || site.answer(&request)).await;
        answered.unwrap_or_else(|err| {
            error!(%err, "a request could not be answered");
            reply::text(
                StatusCode::INTERNAL_SERVER_ERROR,
                "this is our fault: it is in the log",
            )
        })
    }
}

/// Views made from one state of the configuration.
struct Pages<'a> {
    reader: &'a StoreReader,
    published: &'a Published,
}

/// One page of a feed, and when anything on it last changed.
struct Page {
    view: FeedView,
    changed_at: Timestamp,
}

/// Stories in a feed's order, and where the next page begins.
struct Slice {
    entries: Vec<EntryView>,
    changed_at: Timestamp,
    next: Option<Place>,
}

impl Pages<'_> {
    fn feed(&self, scope: &Scope, format: Format, query: &FeedQuery) -> Result<Document, Absent> {
        let page = self.feed_page(scope, format, query)?;
        let bytes = match format {
            Format::Atom => publish::atom(&page.view),
            Format::Rss => publish::rss(&page.view),
        };
        Ok(Document::new(
            Kind::Feed,
            format.media_type(),
            bytes,
            page.changed_at,
        ))
    }

    fn page(&self) -> Result<Document, Absent> {
        let page = self.feed_page(&Scope::All, Format::Atom, &FeedQuery::default())?;
        let config = &self.published.config;
        let counts = self.reader.counts()?;
        let sources = config
            .sources
            .iter()
            .filter_map(|source| self.published.roster.find(&source.id))
            .map(|facts| (facts.id.to_string(), facts.name.clone()))
            .collect();
        let home_view = HomeView {
            sources,
            stories: counts.stories,
            articles: counts.articles,
        };
        let html = home(&page.view, &home_view);
        Ok(Document::new(
            Kind::Page,
            "text/html; charset=utf-8",
            html,
            page.changed_at,
        ))
    }

    fn feed_page(&self, scope: &Scope, format: Format, query: &FeedQuery) -> Result<Page, Absent> {
        let config = &self.published.config;
        let limit = query.limit.unwrap_or(config.feed.page_size);
        let from = query.cursor.map_or(From::Start, |cursor| {
            From::After(Place {
                published_at: cursor.published_at,
                no: cursor.no,
            })
        });
        let narrowed = narrow(scope, query, self.published)?;
        let slice = match narrowed.own_feed_of {
            Some(source) => self.of_source(source, from, limit)?,
            None => self.selected(&narrowed, from, limit)?,
        };
        let title = match narrowed.names.is_empty() {
            true => config.feed.title.clone(),
            false => format!("{} – {}", config.feed.title, narrowed.names.join(", ")),
        };
        Ok(self.put_together(&narrowed.path, title, format, query, slice))
    }

    fn put_together(
        &self,
        path: &str,
        title: String,
        format: Format,
        query: &FeedQuery,
        slice: Slice,
    ) -> Page {
        let published = self.published;
        let config = &published.config;
        let base_url = &config.server.base_url;
        let mint = &published.mint;
        // Slugs and ids need no percent-encoding: unknown ones have been refused.
        let narrowing: Vec<String> = query
            .narrowing()
            .map(|(key, slug)| format!("{key}={slug}"))
            .collect();
        let address = |cursor: Option<Cursor>| {
            let limit = query.limit.map(|limit| format!("limit={limit}"));
            let cursor = cursor.map(|cursor| format!("cursor={}", cursor.encode()));
            let parameters: Vec<String> = narrowing
                .iter()
                .cloned()
                .chain(limit)
                .chain(cursor)
                .collect();
            let address = format!("{base_url}{path}{}", format.suffix());
            with_parameters(address, &parameters)
        };
        let id = format!("tag:{},{}:{}/{path}", mint.authority, mint.date, mint.store);
        let next = slice.next.map(|place| Cursor {
            published_at: place.published_at,
            no: place.no,
        });
        let settings_at = published.settings_at;
        let view = FeedView {
            id: with_parameters(id, &narrowing),
            title,
            subtitle: config.feed.subtitle.clone(),
            language: config.feed.language.clone(),
            updated_at: merge::updated_at(&slice.entries, settings_at.floor_to_second()),
            self_url: address(query.cursor),
            page_url: base_url.clone(),
            first_url: Some(address(None)),
            next_url: next.map(|cursor| address(Some(cursor))),
            schemes_url: format!("{base_url}schemes/"),
            generator_version: env!("CARGO_PKG_VERSION"),
            entries: slice.entries,
        };
        Page {
            view,
            changed_at: slice.changed_at.max(settings_at),
        }
    }

    fn selected(&self, narrowed: &Narrowed, from: From, limit: usize) -> Result<Slice, StoreError> {
        let (roster, mint) = (&self.published.roster, &self.published.mint);
        // One more than is shown tells whether there is a next page.
        let mut places = select::places(self.reader, &narrowed.selection, from, limit + 1)?;
        let more = places.len() > limit;
        places.truncate(limit);
        let mut slice = Slice::starting(places.last().copied().filter(|_| more));
        for place in places {
            if let Some(told) = self.reader.told(StoryNo(place.no))? {
                let entry = merge::entry(&told, roster, mint, narrowed.tags());
                slice.add(entry, told.story.changed_at);
            }
        }
        Ok(slice)
    }

    fn of_source(&self, source: SourceNo, from: From, limit: usize) -> Result<Slice, StoreError> {
        let (roster, mint) = (&self.published.roster, &self.published.mint);
        let mut places = self.reader.of_source(source, from, limit + 1)?;
        let more = places.len() > limit;
        places.truncate(limit);
        let mut slice = Slice::starting(places.last().map(|last| last.place).filter(|_| more));
        for place in places {
            if let Some(told) = self.reader.told(place.story)? {
                let entry = merge::entry_of_source(&told, source, roster, mint);
                slice.add(entry, told.story.changed_at);
            }
        }
        Ok(slice)
    }
}

fn with_parameters(address: String, parameters: &[String]) -> String {
    match parameters {
        [] => address,
        some => format!("{address}?{}", some.join("&")),
    }
}

impl Slice {
    fn starting(next: Option<Place>) -> Slice {
        Slice {
            entries: Vec::new(),
            changed_at: Timestamp::EPOCH,
            next,
        }
    }

    fn add(&mut self, entry: Option<EntryView>, changed_at: Timestamp) {
        if let Some(entry) = entry {
            self.entries.push(entry);
            self.changed_at = self.changed_at.max(changed_at);
        }
    }
}
