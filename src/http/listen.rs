//! Connections: taken in, bounded, served, and let go in an orderly way.
//!
//! Owns the accept loop and every bound of a connection. The caller binds the sockets and says when to stop, so that
//! a test or systemd can do either. Bodies of requests are never read: no route takes one yet.

use std::convert::Infallible;
use std::future::{Future, poll_fn};
use std::io;
use std::net::IpAddr;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, Uri};
use hyper_util::rt::TokioIo;
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::{JoinError, JoinSet};
use tokio::time::{Instant, sleep, sleep_until};
use tracing::{Level, debug, enabled, error, warn};

use super::peer::{Crowd, PeerRules};
use super::timed::{Patience, Timed, Turn};

/// A socket the caller has bound.
#[derive(Debug)]
pub enum Listener {
    Tcp(TcpListener),
    Unix(UnixListener),
}

/// What one peer, and all of them together, may take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Open at once; the next ones wait in the kernel's queue.
    pub connections_max: usize,
    /// Of one address, and whose word on addresses is taken; what goes beyond is closed.
    pub peers: Arc<PeerRules>,
    /// From the start of a connection to the first byte.
    pub first_byte_timeout: Duration,
    /// From the first byte of a request to the end of its head.
    pub head_timeout: Duration,
    /// Between two requests of one connection.
    pub idle_timeout: Duration,
    /// A response waits so long for the peer to take the next byte.
    pub stall_timeout: Duration,
    /// A response that the peer keeps waiting must be through within this.
    pub response_timeout: Duration,
    /// Request line and headers; more is 431.
    pub head_bytes_max: usize,
    /// After the call to stop, for responses under way.
    pub shutdown_timeout: Duration,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            connections_max: 8192,
            peers: Arc::default(),
            first_byte_timeout: Duration::from_secs(10),
            head_timeout: Duration::from_secs(10),
            idle_timeout: Duration::from_secs(60),
            stall_timeout: Duration::from_secs(60),
            response_timeout: Duration::from_secs(600),
            head_bytes_max: 16 * 1024,
            shutdown_timeout: Duration::from_secs(8),
        }
    }
}

/// Answers requests; a panic costs the connection it happened on.
pub trait Handler: Send + Sync + 'static {
    fn handle(&self, request: Request<()>) -> impl Future<Output = Response<Full<Bytes>>> + Send;
}

/// The pause after an accept that failed for want of something: file descriptors, memory.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

const PATH_CHARS_SHOWN: usize = 200;

/// hyper wants at least this much.
const BUFFER_BYTES_MIN: usize = 8192;

/// Serves until `shutdown` is ready; then closes the listeners, lets responses under way finish and returns.
pub async fn serve<H: Handler>(
    listeners: Vec<Listener>,
    limits: Limits,
    handler: Arc<H>,
    shutdown: impl Future<Output = ()>,
) {
    let mut shutdown = pin!(shutdown);
    let mut gate = Gate::new(listeners, limits.connections_max);
    let graceful = GracefulShutdown::new();
    let mut connections = JoinSet::new();
    let crowd = Arc::new(Crowd::default());
    let mut told_crowded = false;
    loop {
        tokio::select! {
            biased;
            () = &mut shutdown => break,
            Some(ended) = connections.join_next() => report(ended),
            (permit, stream) = gate.accept() => {
                let Some(seat) = crowd.seat(stream.peer(), &limits.peers) else {
                    told_crowded = turn_away(&stream, told_crowded);
                    continue;
                };
                let connection = converse(stream, limits.clone(), Arc::clone(&handler), graceful.watcher());
                connections.spawn(async move {
                    connection.await;
                    drop((seat, permit));
                });
            }
        }
    }
    drop(gate);
    tokio::select! {
        () = graceful.shutdown() => {}
        () = sleep(limits.shutdown_timeout) => {
            warn!(connections = connections.len(), "connections cut off at shutdown");
        }
    }
}

/// Says so once; whoever goes on would fill the log otherwise.
fn turn_away(stream: &Stream, told: bool) -> bool {
    let address = stream.peer();
    match told {
        true => debug!(?address, "a connection too many from one address"),
        false => warn!(
            ?address,
            "as many connections as server.max_connections_per_address allows: further ones are closed"
        ),
    }
    true
}

fn report(ended: Result<(), JoinError>) {
    if let Err(err) = ended {
        error!(%err, "a connection ended in a panic");
    }
}

/// The listeners, and how many may still come in.
struct Gate {
    listeners: Vec<Listener>,
    permits: Arc<Semaphore>,
    /// Whose turn it is to be asked first.
    turn: usize,
    pause_until: Option<Instant>,
    told_full: bool,
}

enum Stream {
    Tcp(TcpStream, IpAddr),
    Unix(UnixStream),
}

impl Stream {
    fn peer(&self) -> Option<IpAddr> {
        match self {
            Stream::Tcp(_, peer) => Some(*peer),
            Stream::Unix(_) => None,
        }
    }
}

impl Gate {
    fn new(listeners: Vec<Listener>, connections_max: usize) -> Gate {
        Gate {
            listeners,
            permits: Arc::new(Semaphore::new(connections_max.min(Semaphore::MAX_PERMITS))),
            turn: 0,
            pause_until: None,
            told_full: false,
        }
    }

    /// The next connection, once there is room for it. May be dropped and called again: nothing is lost.
    async fn accept(&mut self) -> (OwnedSemaphorePermit, Stream) {
        let permit = self.permit().await;
        loop {
            if let Some(until) = self.pause_until {
                sleep_until(until).await;
                self.pause_until = None;
            }
            match poll_fn(|cx| self.poll_accept(cx)).await {
                Ok(stream) => return (permit, stream),
                Err(err) if is_of_one_peer(&err) => {
                    debug!(%err, "a connection failed before it began")
                }
                Err(err) => {
                    warn!(%err, "could not accept a connection");
                    self.pause_until = Some(Instant::now() + ACCEPT_PAUSE);
                }
            }
        }
    }

    async fn permit(&mut self) -> OwnedSemaphorePermit {
        if let Ok(permit) = Arc::clone(&self.permits).try_acquire_owned() {
            return permit;
        }
        if !self.told_full {
            self.told_full = true;
            warn!("as many connections as server.max_connections allows: the next ones wait");
        }
        Arc::clone(&self.permits)
            .acquire_owned()
            .await
            .expect("the semaphore is never closed")
    }

    fn poll_accept(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Stream>> {
        let count = self.listeners.len();
        for step in 0..count {
            let at = (self.turn + step) % count;
            let accepted = match &self.listeners[at] {
                Listener::Tcp(tcp) => tcp
                    .poll_accept(cx)
                    .map_ok(|(stream, peer)| Stream::Tcp(stream, peer.ip())),
                Listener::Unix(unix) => unix
                    .poll_accept(cx)
                    .map_ok(|(stream, _)| Stream::Unix(stream)),
            };
            if accepted.is_ready() {
                self.turn = (at + 1) % count;
                return accepted;
            }
        }
        Poll::Pending
    }
}

/// Of what a peer asks for, as much as a line of the log should hold.
fn shown_path(uri: &Uri) -> String {
    uri.path().chars().take(PATH_CHARS_SHOWN).collect()
}

/// Errors of the connection that was to be, not of the listener: nothing to wait for.
fn is_of_one_peer(err: &io::Error) -> bool {
    matches!(
        err.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionRefused
            | io::ErrorKind::Interrupted
    )
}

async fn converse<H: Handler>(stream: Stream, limits: Limits, handler: Arc<H>, watcher: Watcher) {
    match stream {
        Stream::Tcp(tcp, peer) => {
            if let Err(err) = tcp.set_nodelay(true) {
                debug!(%err, "could not set TCP_NODELAY");
            }
            converse_over(tcp, Some(peer), limits, handler, watcher).await;
        }
        Stream::Unix(unix) => converse_over(unix, None, limits, handler, watcher).await,
    }
}

async fn converse_over<S, H>(
    socket: S,
    peer: Option<IpAddr>,
    limits: Limits,
    handler: Arc<H>,
    watcher: Watcher,
) where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    H: Handler,
{
    let patience = Patience {
        first_byte: limits.first_byte_timeout,
        head: limits.head_timeout,
        idle: limits.idle_timeout,
        stall: limits.stall_timeout,
        response: limits.response_timeout,
    };
    let head_bytes_max = limits.head_bytes_max;
    let turn = Turn::default();
    let socket = TokioIo::new(Timed::new(socket, patience, turn.clone()));
    let service = service_fn(move |request: Request<Incoming>| {
        turn.begin();
        let (turn, handler) = (turn.clone(), Arc::clone(&handler));
        let told = enabled!(Level::DEBUG).then(|| {
            let client = peer.map(|peer| limits.peers.client(peer, request.headers()));
            (client, shown_path(request.uri()))
        });
        async move {
            let response = handler.handle(request.map(drop)).await;
            turn.answer();
            if let Some((client, path)) = told {
                let status = response.status().as_u16();
                debug!(?client, path, status, "answered");
            }
            Ok::<_, Infallible>(response)
        }
    });
    // `header_read_timeout` is off because `Timed` bounds the same waits one by one.
    let connection = http1::Builder::new()
        .header_read_timeout(None)
        .max_header_size(head_bytes_max)
        .max_buf_size(head_bytes_max.max(BUFFER_BYTES_MIN))
        .serve_connection(socket, service);
    if let Err(err) = watcher.watch(connection).await {
        debug!(
            err = &err as &dyn std::error::Error,
            "connection ended early"
        );
    }
}

#[cfg(test)]
mod tests;
