//! A socket that gives up on a peer that keeps silent or does not read.
//!
//! hyper's own `header_read_timeout` is one span for three waits: the first byte, the head and the idle time
//! between two requests; and it starts to run while the last response is still being sent, so that it would cut
//! off a slow reader in the middle of a document. Here each wait has its own bound, and a response has its own.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep_until};

/// The waits a peer can cause.
#[derive(Debug, Clone)]
pub(super) struct Patience {
    /// From the start of the connection to the first byte.
    pub(super) first_byte: Duration,
    /// From the first byte of a request to the end of its head.
    pub(super) head: Duration,
    /// From the end of a response to the first byte of the next request.
    pub(super) idle: Duration,
    /// While a response waits, from one byte taken to the next.
    pub(super) stall: Duration,
    /// For all of one response, once the peer has made it wait.
    pub(super) response: Duration,
}

/// How the service tells the socket that a request was read and answered.
#[derive(Debug, Clone, Default)]
pub(super) struct Turn {
    read: Arc<AtomicBool>,
    answered: Arc<AtomicBool>,
}

impl Turn {
    /// The head of a request is complete: the peer owes nothing now.
    pub(super) fn begin(&self) {
        self.answered.store(false, Ordering::Relaxed);
        self.read.store(true, Ordering::Relaxed);
    }

    /// The answer is handed over; when it is written the peer's turn begins.
    pub(super) fn answer(&self) {
        self.answered.store(true, Ordering::Relaxed);
    }

    fn is_ours(&self) -> bool {
        self.read.load(Ordering::Relaxed)
    }

    fn is_answered(&self) -> bool {
        self.answered.load(Ordering::Relaxed)
    }

    fn pass(&self) {
        self.read.store(false, Ordering::Relaxed);
        self.answered.store(false, Ordering::Relaxed);
    }
}

/// See the module.
pub(super) struct Timed<S> {
    socket: S,
    patience: Patience,
    turn: Turn,
    /// Runs while it is the peer's turn to send.
    read_until: Pin<Box<Sleep>>,
    /// Whether a byte of the next request has come.
    begun: bool,
    /// Runs while the peer keeps a response waiting.
    write_until: Option<Pin<Box<Sleep>>>,
    /// When the response as a whole must be through.
    response_until: Option<Instant>,
}

impl<S> Timed<S> {
    pub(super) fn new(socket: S, patience: Patience, turn: Turn) -> Timed<S> {
        let read_until = Box::pin(sleep_until(Instant::now() + patience.first_byte));
        Timed {
            socket,
            patience,
            turn,
            read_until,
            begun: false,
            write_until: None,
            response_until: None,
        }
    }

    fn on_read(&mut self) {
        if !self.turn.is_ours() && !self.begun {
            self.begun = true;
            let until = Instant::now() + self.patience.head;
            self.read_until.as_mut().reset(until);
        }
    }

    fn is_silent_too_long(&mut self, cx: &mut Context<'_>) -> bool {
        !self.turn.is_ours() && self.read_until.as_mut().poll(cx).is_ready()
    }

    fn on_written(
        &mut self,
        written: Poll<io::Result<usize>>,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<usize>> {
        match written {
            Poll::Pending if self.is_stalled(cx) => Poll::Ready(Err(too_slow("read"))),
            Poll::Ready(Ok(bytes)) if bytes > 0 => {
                self.write_until = None;
                written
            }
            _ => written,
        }
    }

    fn is_stalled(&mut self, cx: &mut Context<'_>) -> bool {
        let now = Instant::now();
        let whole = *self
            .response_until
            .get_or_insert(now + self.patience.response);
        let until = whole.min(now + self.patience.stall);
        let timer = self
            .write_until
            .get_or_insert_with(|| Box::pin(sleep_until(until)));
        timer.as_mut().poll(cx).is_ready()
    }

    /// All that was to be said is said: from here on the peer's idle time runs.
    fn on_flushed(&mut self, cx: &mut Context<'_>) {
        self.write_until = None;
        self.response_until = None;
        if !self.turn.is_answered() {
            return;
        }
        self.turn.pass();
        self.begun = false;
        let until = Instant::now() + self.patience.idle;
        self.read_until.as_mut().reset(until);
        // hyper may have asked for the next request before it flushed this answer, and then does not ask again:
        // the timer must know the task by itself.
        let _ = self.read_until.as_mut().poll(cx);
    }
}

fn too_slow(what: &str) -> io::Error {
    io::Error::new(
        io::ErrorKind::TimedOut,
        format!("the peer was too slow to {what}"),
    )
}

impl<S: AsyncRead + Unpin> AsyncRead for Timed<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.socket).poll_read(cx, buffer);
        match read {
            Poll::Ready(Ok(())) if buffer.filled().len() > before => self.on_read(),
            Poll::Pending if self.is_silent_too_long(cx) => {
                return Poll::Ready(Err(too_slow("send")));
            }
            _ => {}
        }
        read
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Timed<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.socket).poll_write(cx, bytes);
        self.on_written(written, cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.socket).poll_write_vectored(cx, slices);
        self.on_written(written, cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.socket).poll_flush(cx);
        if let Poll::Ready(Ok(())) = flushed {
            self.on_flushed(cx);
        }
        flushed
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_shutdown(cx)
    }
}
