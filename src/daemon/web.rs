//! What the HTTP server answers with: documents made from the store, kept until it changes.
//!
//! A request never waits for a poll or a write: it reads the store beside the writer. A document is
//! made when it is first asked for and served until a write or a configuration makes it old. While writes come
//! faster than documents are made, all who ask for one while it is being made share the next.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use http_body_util::Full;
use hyper::{Request, Response, StatusCode};
use tokio::sync::{Semaphore, watch};
use tracing::{error, warn};

use super::flight::Flights;
use super::owner::Published;
use super::pages::{Absent, Pages};
use super::status;
use crate::clock::SharedClock;
use crate::http::document::Document;
use crate::http::health::health_page;
use crate::http::listen::Handler;
use crate::http::reply;
use crate::http::route::{Cursor, FeedQuery, Format, Route, Scope, route};
use crate::store::{StoreError, StoreReader};
use crate::telemetry::Telemetry;

/// Documents kept at once; past that the cache begins anew.
const KEPT_MAX: usize = 512;

/// Answers made at once.
const MAKING_MAX: usize = 8;

/// Everything an answer is made from.
pub struct Site {
    reader: StoreReader,
    served: watch::Receiver<Arc<Published>>,
    clock: SharedClock,
    telemetry: Arc<Telemetry>,
    kept: Mutex<Kept>,
    /// Answers being made at once: each reads the store and holds a document.
    making: Semaphore,
    flights: Flights<Ask, Made>,
}

/// What came of making a document.
type Made = Result<Arc<Document>, Unmade>;

#[derive(Debug, Clone)]
enum Unmade {
    Absent(Absent),
    Stopping,
    /// The making panicked.
    Broken,
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
    Page {
        scope: Scope,
        cursor: Option<Cursor>,
    },
    Story(String),
    Feed {
        scope: Scope,
        format: Format,
        query: FeedQuery,
    },
}

/// What a request asks for.
#[expect(
    clippy::large_enum_variant,
    reason = "there is one for each request, and most are the large one"
)]
enum Asked {
    /// With the name it is counted under.
    Document(&'static str, Ask),
    Moment(Moment),
}

/// What is true for this moment only.
enum Moment {
    Status,
    StatusPage,
    Health,
    Ready,
    Metrics,
    Preflight,
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
            making: Semaphore::new(MAKING_MAX),
            flights: Flights::new(),
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

    /// The document where it was made before and is still true.
    fn document_kept(&self, ask: &Ask, published: &Published) -> Option<Arc<Document>> {
        let of = (self.reader.revision()?, published.generation);
        self.kept(ask, of)
    }

    /// The document, from the cache where it is still true.
    fn document(&self, ask: &Ask) -> Result<Arc<Document>, Absent> {
        let published = self.published();
        if let Some(kept) = self.document_kept(ask, &published) {
            return Ok(kept);
        }
        let before = self
            .reader
            .revision()
            .map(|writes| (writes, published.generation));
        let pages = Pages {
            reader: &self.reader,
            published: &published,
            now: self.clock.now(),
        };
        let document = Arc::new(match ask {
            Ask::Page { scope, cursor } => pages.page(scope, *cursor)?,
            Ask::Story(slug) => pages.story(slug)?,
            Ask::Feed {
                scope,
                format,
                query,
            } => pages.feed(scope, *format, query)?,
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

    /// What a request asks for; a mistake is answered here.
    fn asked(&self, request: &Request<()>) -> Result<Asked, Response<Full<Bytes>>> {
        let published = self.published();
        let path = without_base(request.uri().path(), &published);
        match route(request.method(), path, request.uri().query()) {
            Ok(Route::Page { scope, cursor }) => {
                Ok(Asked::Document("page", Ask::Page { scope, cursor }))
            }
            Ok(Route::Story(slug)) => Ok(Asked::Document("story", Ask::Story(slug))),
            Ok(Route::Feed {
                scope,
                format,
                query,
            }) => Ok(Asked::Document(
                "feed",
                Ask::Feed {
                    scope,
                    format,
                    query,
                },
            )),
            Ok(Route::StatusPage) => Ok(Asked::Moment(Moment::StatusPage)),
            Ok(Route::StatusJson) => Ok(Asked::Moment(Moment::Status)),
            Ok(Route::Health) => Ok(Asked::Moment(Moment::Health)),
            Ok(Route::Ready) => Ok(Asked::Moment(Moment::Ready)),
            Ok(Route::Metrics) => Ok(Asked::Moment(Moment::Metrics)),
            Ok(Route::Preflight) => Ok(Asked::Moment(Moment::Preflight)),
            Err(refusal) => Err(self.counted("none", reply::refusal(&refusal))),
        }
    }

    /// The answer where it takes no work: a mistake, or a document that was made before.
    fn answer_at_once(&self, request: &Request<()>) -> Option<Response<Full<Bytes>>> {
        match self.asked(request) {
            Err(refused) => Some(refused),
            Ok(Asked::Document(name, ask)) => {
                let document = self.document_kept(&ask, &self.published())?;
                Some(self.counted(name, self.reply(request, &document)))
            }
            Ok(Asked::Moment(_)) => None,
        }
    }

    fn answer_moment(&self, moment: &Moment) -> Response<Full<Bytes>> {
        let published = self.published();
        let (name, response) = match moment {
            Moment::Status => ("status", self.answer_status(&published)),
            Moment::StatusPage => ("status-page", self.answer_status_page(&published)),
            Moment::Health => ("health", reply::text(StatusCode::OK, "alive")),
            Moment::Ready => ("ready", self.answer_ready(&published)),
            Moment::Metrics => ("metrics", self.answer_metrics(&published)),
            Moment::Preflight => ("preflight", reply::preflight()),
        };
        self.counted(name, response)
    }

    /// Has the document made, off the event loop.
    async fn make(self: &Arc<Self>, ask: Ask) -> Made {
        let site = Arc::clone(self);
        let made = self.work(move || site.document(&ask)).await?;
        made.map_err(Unmade::Absent)
    }

    /// Reading the store and compressing are work for a core, not for the event loop.
    async fn work<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Unmade> {
        let Ok(_making) = self.making.acquire().await else {
            return Err(Unmade::Stopping);
        };
        let done = tokio::task::spawn_blocking(work).await;
        done.map_err(|err| {
            error!(%err, "a request could not be answered");
            Unmade::Broken
        })
    }

    fn counted(
        &self,
        name: &'static str,
        response: Response<Full<Bytes>>,
    ) -> Response<Full<Bytes>> {
        self.telemetry.answered(name, response.status().as_u16());
        response
    }

    fn reply(&self, request: &Request<()>, document: &Document) -> Response<Full<Bytes>> {
        reply::document(
            request.method(),
            request.headers(),
            document,
            self.clock.now(),
        )
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

    fn answer_status_page(&self, published: &Published) -> Response<Full<Bytes>> {
        match status::status(&self.reader, published) {
            Ok(status) => reply::page(health_page(&status.view(published))),
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
    match path.strip_prefix(base_path) {
        Some("") if !base_path.is_empty() => "/",
        Some(rest) if rest.starts_with('/') => rest,
        _ => path,
    }
}

/// The handler that the server is given.
pub struct Front(pub Arc<Site>);

impl Handler for Front {
    async fn handle(&self, request: Request<()>) -> Response<Full<Bytes>> {
        if let Some(response) = self.0.answer_at_once(&request) {
            return response;
        }
        let site = Arc::clone(&self.0);
        match self.0.asked(&request) {
            Err(refused) => refused,
            Ok(Asked::Moment(moment)) => {
                let answered = self.0.work(move || site.answer_moment(&moment)).await;
                answered.unwrap_or_else(|unmade| not_made(&unmade))
            }
            Ok(Asked::Document(name, ask)) => {
                let making = ask.clone();
                let made = self.0.flights.share(ask, || self.0.make(making)).await;
                let replied = match made {
                    Ok(document) => {
                        // Whoever is the first to want an encoding has it compressed.
                        let reply = move || site.reply(&request, &document);
                        self.0.work(reply).await
                    }
                    Err(unmade) => Err(unmade),
                };
                let response = replied.unwrap_or_else(|unmade| not_made(&unmade));
                self.0.counted(name, response)
            }
        }
    }
}

fn not_made(unmade: &Unmade) -> Response<Full<Bytes>> {
    match unmade {
        Unmade::Absent(Absent::Refused(refusal)) => reply::refusal(refusal),
        Unmade::Absent(Absent::Moved(location)) => reply::moved(location),
        Unmade::Absent(Absent::Failed(err)) => unreadable(err),
        Unmade::Stopping => reply::text(StatusCode::SERVICE_UNAVAILABLE, "the daemon is stopping"),
        Unmade::Broken => reply::text(
            StatusCode::INTERNAL_SERVER_ERROR,
            "this is our fault: it is in the log",
        ),
    }
}
