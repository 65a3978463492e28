//! The service manager: READY, STATUS, RELOADING, STOPPING and WATCHDOG, and the sockets it hands over.
//!
//! Outside systemd everything here is silence. The watchdog is fed by the daemon's event loop, and only
//! after it made progress and the store answered: never by a timer of its own.

use std::io;
use std::sync::Mutex;
use std::time::Duration;

use sd_notify::NotifyState;
use tracing::debug;

/// Whoever watches over the daemon.
pub trait Supervisor: Send + Sync + 'static {
    fn ready(&self);
    fn reloading(&self);
    fn stopping(&self);
    /// A line for `systemctl status`.
    fn status(&self, line: &str);
    /// How often [`Supervisor::alive`] must be called at the latest; none: nobody waits for it.
    fn alive_every(&self) -> Option<Duration>;
    fn alive(&self);
}

/// Nobody watches.
#[derive(Debug, Clone, Copy, Default)]
pub struct Nobody;

impl Supervisor for Nobody {
    fn ready(&self) {}
    fn reloading(&self) {}
    fn stopping(&self) {}
    fn status(&self, _line: &str) {}
    fn alive_every(&self) -> Option<Duration> {
        None
    }
    fn alive(&self) {}
}

/// systemd, where `NOTIFY_SOCKET` names it.
#[derive(Debug, Default)]
pub struct Systemd {
    /// The last line told, so that the same is not told twice.
    told: Mutex<String>,
}

fn tell(state: &[NotifyState<'_>]) {
    if let Err(err) = sd_notify::notify(state) {
        debug!(%err, "systemd could not be told");
    }
}

impl Supervisor for Systemd {
    fn ready(&self) {
        tell(&[NotifyState::Ready]);
    }

    fn reloading(&self) {
        let now = NotifyState::monotonic_usec_now();
        match now {
            Ok(now) => tell(&[NotifyState::Reloading, now]),
            Err(_) => tell(&[NotifyState::Reloading]),
        }
    }

    fn stopping(&self) {
        tell(&[NotifyState::Stopping]);
    }

    fn status(&self, line: &str) {
        let mut told = self
            .told
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        if *told != line {
            // A line of its own per state: a newline would begin another.
            let plain: String = line
                .chars()
                .map(|c| if c.is_control() { ' ' } else { c })
                .collect();
            tell(&[NotifyState::Status(&plain)]);
            line.clone_into(&mut told);
        }
    }

    fn alive_every(&self) -> Option<Duration> {
        // Half of what systemd waits, as sd_watchdog_enabled(3) advises.
        sd_notify::watchdog_enabled().map(|limit| limit / 2)
    }

    fn alive(&self) {
        tell(&[NotifyState::Watchdog]);
    }
}

/// A socket that systemd listens on for us.
#[derive(Debug)]
pub enum Handed {
    Tcp(std::net::TcpListener),
    Unix(std::os::unix::net::UnixListener),
}

/// The sockets handed over (`LISTEN_FDS`), none where there are none.
///
/// # Errors
/// When one of them is neither a TCP nor a Unix stream socket.
pub fn sockets() -> io::Result<Vec<Handed>> {
    let mut fds = listenfd::ListenFd::from_env();
    let mut sockets = Vec::new();
    for at in 0..fds.len() {
        match fds.take_tcp_listener(at) {
            Ok(Some(tcp)) => sockets.push(Handed::Tcp(tcp)),
            Ok(None) => {}
            Err(_) => sockets.extend(fds.take_unix_listener(at)?.map(Handed::Unix)),
        }
    }
    Ok(sockets)
}
