//! The pieces that `run`, `poll`, `demo` and `import` put together.

use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::net::{TcpListener, UnixListener};
use tracing::{error, info, warn};

use super::{Exit, Failure};
use crate::clock::{Clock, SharedClock};
use crate::core::config::{Config, Listen};
use crate::core::model::{Mint, Timestamp};
use crate::fetch::{FetcherRules, HttpFetcher};
use crate::http::listen::{Limits, Listener};
use crate::store::{SledEngine, Store, StoreError};
use crate::systemd::{self, Handed};

/// Opens the store at `path`; a new one is minted for the configuration's address.
///
/// # Errors
/// As [`SledEngine::open`] and [`Store::open`].
pub fn store(path: &Path, config: &Config, now: Timestamp) -> Result<Store, StoreError> {
    let engine = SledEngine::open(path)?;
    Store::open(Arc::new(engine), || mint(config, now))
}

/// Opens the store for the daemon: one that sled cannot read is put aside, kept, and a new one begun.
/// The folder that was put aside, if one was.
///
/// # Errors
/// As [`store`], but for [`StoreError::Open`], which becomes one only when putting aside fails.
pub fn store_or_new(
    path: &Path,
    config: &Config,
    now: Timestamp,
) -> Result<(Store, Option<PathBuf>), StoreError> {
    let cause = match store(path, config, now) {
        Ok(store) => return Ok((store, None)),
        Err(StoreError::Open { cause, .. }) => cause,
        Err(err) => return Err(err),
    };
    // sled leaves a half-written snapshot behind when it is stopped while writing one, and then does not
    // open (sled issues 1527 and 1533); the snapshot before it is whole.
    if remove_half_written_snapshots(path) > 0
        && let Ok(store) = store(path, config, now)
    {
        warn!(
            cause,
            "the store did not open until a half-written snapshot was removed"
        );
        return Ok((store, None));
    }
    let aside = put_aside(path, now).map_err(|err| StoreError::Open {
        path: path.to_owned(),
        cause: format!("{cause}; and it cannot be put aside: {err}"),
    })?;
    error!(
        cause, store = %path.display(), aside = %aside.display(),
        "THE STORE DID NOT OPEN and was put aside, whole; a new one is begun: stop, import the last export, start"
    );
    Ok((store(path, config, now)?, Some(aside)))
}

/// Moves everything into a folder inside, since systemd's StateDirectory cannot be renamed itself.
fn put_aside(path: &Path, now: Timestamp) -> io::Result<PathBuf> {
    const PREFIX: &str = "damaged-";
    let stamp = now.to_datetime().format("%Y%m%dT%H%M%SZ");
    let aside = path.join(format!("{PREFIX}{stamp}"));
    std::fs::create_dir(&aside)?;
    for file in std::fs::read_dir(path)? {
        let name = file?.file_name();
        if !name.to_string_lossy().starts_with(PREFIX) {
            std::fs::rename(path.join(&name), aside.join(&name))?;
        }
    }
    Ok(aside)
}

fn remove_half_written_snapshots(path: &Path) -> usize {
    let Ok(files) = std::fs::read_dir(path) else {
        return 0;
    };
    files
        .filter_map(Result::ok)
        .filter(|file| {
            let name = file.file_name();
            let name = name.to_string_lossy();
            name.starts_with("snap.") && name.ends_with(".generating")
        })
        .filter(|file| std::fs::remove_file(file.path()).is_ok())
        .count()
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
    let handed = handed().map_err(|err| {
        Failure::new(
            format!("the sockets that systemd hands over cannot be used: {err}"),
            "let langbao.socket listen on stream sockets only",
        )
    })?;
    if !handed.is_empty() {
        info!(
            sockets = handed.len(),
            "listening on systemd's sockets; server.listen is ignored"
        );
        return Ok(handed);
    }
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

fn handed() -> io::Result<Vec<Listener>> {
    systemd::sockets()?
        .into_iter()
        .map(|socket| match socket {
            Handed::Tcp(tcp) => {
                tcp.set_nonblocking(true)?;
                TcpListener::from_std(tcp).map(Listener::Tcp)
            }
            Handed::Unix(unix) => {
                unix.set_nonblocking(true)?;
                UnixListener::from_std(unix).map(Listener::Unix)
            }
        })
        .collect()
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

#[cfg(test)]
mod tests {
    use super::*;

    fn config() -> Config {
        let main = crate::core::config::ConfigFile {
            name: "feeds.toml".into(),
            text: String::new(),
        };
        let vocabulary = crate::core::config::Vocabulary::default();
        let checked = crate::core::config::load(&main, &[], &vocabulary, &|_| None);
        checked.expect("an empty file is in order").config
    }

    #[test]
    fn a_store_that_does_not_open_is_put_aside_whole_and_a_new_one_begun() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("data");
        std::fs::create_dir(&path).expect("made");
        std::fs::write(path.join("conf"), "not what sled writes").expect("written");
        let now = Timestamp::from_secs(1_795_334_400);
        let (new, aside) = store_or_new(&path, &config(), now).expect("a new one is begun");
        let aside = aside.expect("the old one was put aside");
        let kept = std::fs::read_to_string(aside.join("conf")).expect("it is kept");
        assert_eq!(kept, "not what sled writes");
        let mint = new.mint().expect("the new one is minted");
        drop(new);
        let again = SledEngine::reopen(&path).expect("the new one opens");
        let again = Store::open(Arc::new(again), || unreachable!("it is minted"));
        assert_eq!(again.expect("it holds a store").mint(), Ok(mint));
    }

    #[test]
    fn a_store_that_is_held_is_not_put_aside() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let now = Timestamp::from_secs(1_795_334_400);
        let held = store(folder.path(), &config(), now).expect("it opens");
        let refused = store_or_new(folder.path(), &config(), now).err();
        assert!(matches!(refused, Some(StoreError::Held { .. })));
        drop(held);
    }
}
