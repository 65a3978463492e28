//! The pieces that `run`, `poll`, `demo` and `import` put together.

use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;

use tokio::net::{TcpListener, UnixListener};

use super::{Exit, Failure};
use crate::clock::{Clock, SharedClock};
use crate::core::config::{Config, Listen};
use crate::core::model::{Mint, Timestamp};
use crate::fetch::{FetcherRules, HttpFetcher};
use crate::http::listen::{Limits, Listener};
use crate::store::{SledEngine, Store, StoreError};

/// Opens the store at `path`; a new one is minted for the configuration's address.
///
/// # Errors
/// As [`SledEngine::open`] and [`Store::open`].
pub fn store(path: &Path, config: &Config, now: Timestamp) -> Result<Store, StoreError> {
    let engine = SledEngine::open(path)?;
    Store::open(Arc::new(engine), || mint(config, now))
}

/// The identity of a new store.
fn mint(config: &Config, now: Timestamp) -> Mint {
    const ALPHABET: &[u8] = b"abcdefghijklmnopqrstuvwxyz0123456789";
    let mut random = fastrand::Rng::with_seed(seed());
    let authority = url::Url::parse(&config.server.base_url)
        .ok()
        .and_then(|url| match url.host()? {
            // RFC 4151 has no place for an IPv6 address.
            url::Host::Ipv6(_) => None,
            host => Some(host.to_string()),
        })
        .unwrap_or_else(|| "localhost".to_owned());
    Mint {
        authority,
        date: now.rfc3339()[..10].to_owned(),
        store: (0..10)
            .map(|_| char::from(ALPHABET[random.usize(..ALPHABET.len())]))
            .collect(),
    }
}

/// Unpredictable; from the machine.
pub fn seed() -> u64 {
    // Without the machine's randomness jitter is only less random.
    getrandom::u64().unwrap_or_else(|_| u64::from(std::process::id()))
}

/// # Errors
/// When the TLS library does not start.
pub fn fetcher(config: &Config, clock: &SharedClock) -> Result<HttpFetcher, Failure> {
    let clock = Arc::clone(clock);
    HttpFetcher::new(fetcher_rules(config), move || clock.now())
        .map_err(|err| Failure::new(err.to_string(), "look at fetch.proxy and fetch.user_agent"))
}

pub fn fetcher_rules(config: &Config) -> FetcherRules {
    FetcherRules {
        user_agent: config.fetch.user_agent.clone(),
        allow_private: config.fetch.allow_private.clone(),
        proxy: config.fetch.proxy.clone(),
        per_host: config.fetch.per_host,
        host_interval: config.fetch.host_interval,
        concurrency: config.fetch.concurrency,
    }
}

/// # Errors
/// When an address cannot be listened on.
pub async fn listeners(config: &Config) -> Result<Vec<Listener>, Failure> {
    let mut listeners = Vec::new();
    for listen in &config.server.listen {
        listeners.push(match listen {
            Listen::Tcp(address) => Listener::Tcp(
                TcpListener::bind(address)
                    .await
                    .map_err(|err| cannot_listen(&address.to_string(), &err))?,
            ),
            Listen::Unix(path) => Listener::Unix(unix(path, 0o666).await?),
        });
    }
    Ok(listeners)
}

fn cannot_listen(address: &str, err: &io::Error) -> Failure {
    let mend = match err.kind() {
        io::ErrorKind::AddrInUse => "stop what listens there, or set another server.listen",
        io::ErrorKind::PermissionDenied => {
            "ports under 1024 need a right: set a higher one in server.listen"
        }
        io::ErrorKind::AddrNotAvailable => "this machine has no such address: mend server.listen",
        _ => "mend server.listen",
    };
    let cause = match err.kind() {
        io::ErrorKind::AddrInUse => "the address is in use".to_owned(),
        _ => err.to_string(),
    };
    Failure::new(format!("cannot listen on {address}: {cause}"), mend)
}

/// A Unix socket with a mode; what a dead process left at `path` is taken away.
///
/// # Errors
/// When somebody listens there, or the folder cannot be written.
pub async fn unix(path: &Path, mode: u32) -> Result<UnixListener, Failure> {
    let cannot = |err: &io::Error| {
        Failure::new(
            format!("cannot listen on {}: {err}", path.display()),
            "make its folder, let this user write there, or name another path (108 characters at most)",
        )
    };
    match tokio::net::UnixStream::connect(path).await {
        Ok(_) => {
            return Err(Failure::new(
                format!("another process listens on {}", path.display()),
                "stop it, or name another path",
            )
            .with(Exit::Held));
        }
        Err(err) if err.kind() == io::ErrorKind::ConnectionRefused => {
            std::fs::remove_file(path).map_err(|err| cannot(&err))?;
        }
        Err(_) => {}
    }
    let listener = UnixListener::bind(path).map_err(|err| cannot(&err))?;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode))
        .map_err(|err| cannot(&err))?;
    Ok(listener)
}

pub fn limits(config: &Config) -> Limits {
    Limits {
        connections_max: config.server.max_connections,
        ..Limits::default()
    }
}

/// Now, by the machine's clock.
pub fn now(clock: &SharedClock) -> Timestamp {
    Clock::now(clock.as_ref())
}
