//! The simulated newsrooms of `langbao demo`: a dozen small web servers on loopback.
//!
//! Each has a habit that real newsrooms have: an old encoding, no dates, every title twice, a slow or a
//! failing server, a story taken over from another. The texts are data under `stories/`; no real
//! newspaper is meant. `newsroom` decides what is answered, this file only listens and waits.
//!
//! Every newsroom has an address of its own, 127.0.0.11 and following, since langbao counts requests by
//! host; where the system gives only 127.0.0.1 they share it and differ by port.

mod charset;
mod feed;
mod newsroom;
mod page;
mod picture;
mod texts;

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::io;
use std::net::Ipv4Addr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use serde::Serialize;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::Instant;
use tracing::{debug, warn};

use crate::core::model::Timestamp;
use newsroom::Newsroom;
use texts::Settings;

/// Last byte of the first newsroom's address.
const FIRST_HOST: u8 = 11;
/// Open connections of one newsroom; more wait to be accepted.
const CONNECTIONS_MAX: usize = 64;
/// From the start of a request, or of silence, to the end of its header.
const HEADER_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a connection that is never silent may be used.
const CONNECTION_TIMEOUT: Duration = Duration::from_secs(300);
/// How long the answer under way may take then.
const CLOSING_TIMEOUT: Duration = Duration::from_secs(10);
/// The least hyper allows for one request's header.
const HEADER_BYTES_MAX: usize = 8192;
/// After an accept that failed.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// A dozen newsrooms, open until this is dropped.
pub struct Newsrooms {
    rooms: Vec<Arc<Newsroom>>,
    serving: JoinSet<()>,
}

#[derive(Serialize)]
struct SourceFile<'a> {
    source: Vec<SourceBlock<'a>>,
}

#[derive(Serialize)]
struct SourceBlock<'a> {
    id: &'a str,
    url: String,
    name: &'a str,
    #[serde(flatten)]
    settings: &'a Settings,
}

impl Newsrooms {
    /// Opens the newsrooms, each on a free port; must be called in a tokio runtime.
    ///
    /// Their articles are dated over the days before `now`; the same `seed` gives the same news.
    ///
    /// # Errors
    /// When no port of the loopback interface can be bound.
    pub async fn start(seed: u64, now: Timestamp) -> io::Result<Newsrooms> {
        let all = texts::all(seed).map_err(io::Error::other)?;
        let mut listeners = Vec::new();
        let mut origins = BTreeMap::new();
        for (host, texts) in (FIRST_HOST..).zip(&all) {
            let listener = bind(host).await?;
            let origin = format!("http://{}", listener.local_addr()?);
            origins.insert(texts.id.clone(), origin);
            listeners.push(listener);
        }

        let opened = Instant::now();
        let mut serving = JoinSet::new();
        let mut rooms = Vec::new();
        for (texts, listener) in all.into_iter().zip(listeners) {
            let room = Arc::new(Newsroom::open(texts, &origins, now));
            serving.spawn(serve(listener, Arc::clone(&room), opened));
            rooms.push(room);
        }
        Ok(Newsrooms { rooms, serving })
    }

    /// The `[[source]]` blocks of a feeds.toml that reads them all.
    pub fn sources_toml(&self) -> String {
        let source = self
            .rooms
            .iter()
            .map(|room| SourceBlock {
                id: &room.texts.id,
                url: room.feed_url(),
                name: &room.texts.name,
                settings: &room.texts.settings,
            })
            .collect();
        toml::to_string(&SourceFile { source }).expect("strings and lists of strings are TOML")
    }

    pub fn count(&self) -> usize {
        self.rooms.len()
    }

    /// Closes them all; every port is free when this returns.
    pub async fn shutdown(mut self) {
        self.serving.shutdown().await;
    }
}

async fn bind(host: u8) -> io::Result<TcpListener> {
    match TcpListener::bind((Ipv4Addr::new(127, 0, 0, host), 0)).await {
        Ok(listener) => Ok(listener),
        Err(_) => TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await,
    }
}

async fn serve(listener: TcpListener, room: Arc<Newsroom>, opened: Instant) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept(), if connections.len() < CONNECTIONS_MAX => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(converse(stream, Arc::clone(&room), opened));
                }
                Err(err) => {
                    warn!(newsroom = %room.texts.id, %err, "accepting failed");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn converse(stream: TcpStream, room: Arc<Newsroom>, opened: Instant) {
    let id = room.texts.id.clone();
    let service = service_fn(move |request: Request<Incoming>| {
        let room = Arc::clone(&room);
        async move {
            let path = request.uri().path();
            let answer = room.answer(request.method(), path, request.headers(), opened.elapsed());
            if !answer.wait.is_zero() {
                tokio::time::sleep(answer.wait).await;
            }
            Ok::<_, Infallible>(answer.response)
        }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIMEOUT)
        .max_buf_size(HEADER_BYTES_MAX)
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = tokio::time::sleep(CONNECTION_TIMEOUT) => {
            connection.as_mut().graceful_shutdown();
            let closing = tokio::time::timeout(CLOSING_TIMEOUT, connection);
            closing.await.unwrap_or(Ok(()))
        }
    };
    if let Err(err) = ended {
        debug!(newsroom = %id, %err, "connection ended");
    }
}

#[cfg(test)]
mod tests;
