//! The pieces that `run`, `poll`, `demo` and `import` put together.

use std::io;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, UnixListener};
use tracing::{error, info, warn};

use super::{Exit, Failure};
use crate::clock::{Clock, SharedClock};
use crate::core::config::{Config, Listen};
use crate::core::model::{Batch, Mint, Timestamp};
use crate::core::pipeline::Numbers;
use crate::daemon::snapshot;
use crate::fetch::{FetcherRules, HttpFetcher};
use crate::http::listen::{Limits, Listener};
use crate::http::peer::PeerRules;
use crate::store::{Engine, Marker, MemoryEngine, SledEngine, Store, StoreError};
use crate::systemd::{self, Handed};

/// Opens the store at `path`; a new one is minted for the configuration's address.
///
/// # Errors
/// As [`SledEngine::open`] and [`Store::open`]; [`StoreError::Lost`] when it holds less than it did.
pub fn store(path: &Path, config: &Config, now: Timestamp) -> Result<Store, StoreError> {
    let marker = marker(path)?;
    let engine: Arc<dyn Engine> = Arc::new(SledEngine::open(path)?);
    let lost = || StoreError::Lost {
        path: path.to_owned(),
    };
    // Before anything is written: a store that lost everything must not pass for a new one.
    if marker.is_some() && Store::is_blank(&engine)? {
        return Err(lost());
    }
    let mut store = Store::open(engine, || mint(config, now))?;
    let (found, held_by) = (store.numbers()?, store.mint()?);
    match marker {
        Some(marker) if marker.mint() != &held_by || marker.is_ahead_of(found) => Err(lost()),
        // After a kill, or with a log that was cut since: nothing is sure but what was reserved.
        Some(marker) if !marker.rests_at(found) => {
            resume(&mut store, path, &marker, now)?;
            Ok(store)
        }
        Some(_) | None => {
            watch_over(&mut store, path)?;
            Ok(store)
        }
    }
}

/// A store that nobody keeps.
///
/// # Errors
/// Never in earnest: memory takes everything.
pub fn store_in_memory(config: &Config, now: Timestamp) -> Result<Store, StoreError> {
    Store::open(Arc::new(MemoryEngine::new()), || mint(config, now))
}

fn marker(path: &Path) -> Result<Option<Marker>, StoreError> {
    Marker::read(path).map_err(|err| unmarked(path, &err))
}

fn watch_over(store: &mut Store, path: &Path) -> Result<(), StoreError> {
    let written = Marker::write(path, &store.mint()?, store.numbers()?);
    store.watch_over(written.map_err(|err| unmarked(path, &err))?);
    Ok(())
}

fn unmarked(path: &Path, err: &io::Error) -> StoreError {
    StoreError::Folder {
        path: path.to_owned(),
        cause: format!("langbao.mark: {err}"),
    }
}

/// Opens the store for the daemon. One that sled cannot read, or in which it finds nothing any more, is
/// put aside and a new one begun under the same identity; one that lost its end is kept. Numbers that
/// were given away are never given away again. What the operator must know of it, if anything.
///
/// # Errors
/// As [`store`], but for what is mended here.
pub fn store_or_new(
    path: &Path,
    config: &Config,
    now: Timestamp,
) -> Result<(Store, Option<String>), StoreError> {
    let cause = match store(path, config, now) {
        Ok(store) => return Ok((store, None)),
        Err(StoreError::Open { cause, .. }) => cause,
        Err(StoreError::Lost { .. }) => return store_that_lost(path, now),
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
    begin_anew(
        path,
        config,
        now,
        &format!("the store did not open ({cause})"),
    )
}

/// sled cut a damaged log and opened what was before the damage, which may be nothing.
fn store_that_lost(path: &Path, now: Timestamp) -> Result<(Store, Option<String>), StoreError> {
    let Some(marker) = marker(path)? else {
        return Err(StoreError::Lost {
            path: path.to_owned(),
        });
    };
    let engine = reopened(path)?;
    let mut store = Store::open(Arc::new(engine), || marker.mint().clone())?;
    if store.numbers()? == Numbers::default() {
        drop(store);
        return begin_under(
            path,
            now,
            &marker,
            "the store's data was damaged and nothing of it could be read",
        );
    }
    resume(&mut store, path, &marker, now)?;
    let warning = format!(
        "the store was damaged: what was written last is lost; {}",
        restoring(path)
    );
    error!(store = %path.display(), "THE STORE LOST WHAT WAS WRITTEN LAST: {warning}");
    Ok((store, Some(warning)))
}

/// How an operator gets back what is lost.
fn restoring(path: &Path) -> String {
    match snapshot::list(path).pop() {
        Some(newest) => format!(
            "stop, run `langbao import --aside < {}`, start",
            newest.display()
        ),
        None => "stop, run `langbao import --aside` with the last export, start".to_owned(),
    }
}

/// An empty store in the place of the one in `path`, which is put aside, with the numbers that were surely never
/// given away there; an export is to be read into it.
///
/// # Errors
/// When another process holds the store, or the folder cannot be written.
pub fn store_put_aside(
    path: &Path,
    config: &Config,
    now: Timestamp,
) -> Result<(Store, Option<Marker>), StoreError> {
    if let Err(held @ StoreError::Held { .. }) = SledEngine::open(path) {
        return Err(held);
    }
    let before = marker(path)?;
    put_aside(path, now).map_err(|err| not_aside(path, "it is to be replaced", &err))?;
    let mut store = Store::open(Arc::new(reopened(path)?), || mint(config, now))?;
    match &before {
        // Whatever becomes of the import, no number is given away twice.
        Some(before) => {
            let marker = Marker::write(path, &store.mint()?, before.never_given());
            store.watch_over(marker.map_err(|err| unmarked(path, &err))?);
        }
        None => watch_over(&mut store, path)?,
    }
    Ok((store, before))
}

/// Inside the store's folder, where an import is gathered before it is written in order.
const DRAFT: &str = "importing";

/// An empty store to gather an import in, in the place of one that broke off.
///
/// # Errors
/// When the folder cannot be written.
pub fn draft(path: &Path, config: &Config, now: Timestamp) -> Result<Store, StoreError> {
    let folder = path.join(DRAFT);
    remove_draft(path).map_err(|err| StoreError::Folder {
        path: folder.clone(),
        cause: err.to_string(),
    })?;
    Store::open(Arc::new(SledEngine::open(&folder)?), || mint(config, now))
}

/// # Errors
/// When what is there cannot be removed.
pub fn remove_draft(path: &Path) -> io::Result<()> {
    match std::fs::remove_dir_all(path.join(DRAFT)) {
        Err(err) if err.kind() != io::ErrorKind::NotFound => Err(err),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Has an imported store go on after every number that the one put aside gave away.
///
/// # Errors
/// When the store cannot be written.
pub fn go_on_after(store: &mut Store, before: &Marker, now: Timestamp) -> Result<(), StoreError> {
    let next = before.never_given();
    store.apply(&Batch {
        at: Some(now),
        next_source: next.source,
        next_article: next.article,
        next_story: next.story,
        ..Batch::default()
    })
}

fn begin_anew(
    path: &Path,
    config: &Config,
    now: Timestamp,
    why: &str,
) -> Result<(Store, Option<String>), StoreError> {
    match marker(path)? {
        Some(marker) => begin_under(path, now, &marker, why),
        None => {
            let aside = put_aside(path, now).map_err(|err| not_aside(path, why, &err))?;
            let store = store(path, config, now)?;
            Ok((store, Some(told(path, why, &aside))))
        }
    }
}

fn begin_under(
    path: &Path,
    now: Timestamp,
    marker: &Marker,
    why: &str,
) -> Result<(Store, Option<String>), StoreError> {
    let aside = put_aside(path, now).map_err(|err| not_aside(path, why, &err))?;
    let mut store = Store::open(Arc::new(reopened(path)?), || marker.mint().clone())?;
    resume(&mut store, path, marker, now)?;
    Ok((store, Some(told(path, why, &aside))))
}

/// Goes on after every number that was ever given away.
fn resume(
    store: &mut Store,
    path: &Path,
    marker: &Marker,
    now: Timestamp,
) -> Result<(), StoreError> {
    let next = marker.never_given();
    store.apply(&Batch {
        at: Some(now),
        next_source: next.source,
        next_article: next.article,
        next_story: next.story,
        ..Batch::default()
    })?;
    watch_over(store, path)
}

fn told(path: &Path, why: &str, aside: &Path) -> String {
    let warning = format!(
        "{why}: it was put aside as {}, a new one is begun; {}",
        aside.display(),
        restoring(path)
    );
    error!(store = %path.display(), "THE STORE WAS PUT ASIDE: {warning}");
    warning
}

fn not_aside(path: &Path, why: &str, err: &io::Error) -> StoreError {
    StoreError::Open {
        path: path.to_owned(),
        cause: format!("{why}; and it cannot be put aside: {err}"),
    }
}

/// A thread of sled's may hold a store that was just let go a moment longer.
fn reopened(path: &Path) -> Result<SledEngine, StoreError> {
    const TRIES: u32 = 200;
    for _ in 0..TRIES {
        match SledEngine::open(path) {
            Err(StoreError::Held { .. }) => std::thread::sleep(Duration::from_millis(25)),
            other => return other,
        }
    }
    SledEngine::open(path)
}

/// Moves everything into a folder inside, since systemd's StateDirectory cannot be renamed itself.
fn put_aside(path: &Path, now: Timestamp) -> io::Result<PathBuf> {
    const PREFIX: &str = "damaged-";
    let stamp = now.to_datetime().format("%Y%m%dT%H%M%SZ");
    let aside = path.join(format!("{PREFIX}{stamp}"));
    std::fs::create_dir(&aside)?;
    for file in std::fs::read_dir(path)? {
        let name = file?.file_name();
        // Snapshots are for the store that comes after it.
        let stays = name == snapshot::FOLDER || name == DRAFT;
        if !name.to_string_lossy().starts_with(PREFIX) && !stays {
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
    let found = std::fs::symlink_metadata(path);
    if found.is_ok_and(|found| !found.file_type().is_socket()) {
        return Err(Failure::new(
            format!(
                "cannot listen on {}: something else than a socket is there",
                path.display()
            ),
            "name another path; nothing was touched",
        ));
    }
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
        peers: Arc::new(PeerRules::new(
            config.server.max_connections_per_address,
            config.server.trusted_proxies.clone(),
        )),
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

    fn now() -> Timestamp {
        Timestamp::from_secs(1_795_334_400)
    }

    /// A store that gave away some numbers, let go.
    fn used(path: &Path, articles: u64) -> Mint {
        let mut store = store(path, &config(), now()).expect("it opens");
        store
            .apply(&Batch {
                next_source: 1,
                next_article: articles,
                next_story: articles,
                ..Batch::default()
            })
            .expect("writable");
        let mint = store.mint().expect("it is minted");
        drop(store);
        drop(reopened(path).expect("it is let go"));
        mint
    }

    #[test]
    fn a_store_that_does_not_open_is_put_aside_whole_and_a_new_one_begun() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("data");
        let mint = used(&path, 40);
        std::fs::write(path.join("conf"), "not what sled writes").expect("written");
        let (new, warning) = store_or_new(&path, &config(), now()).expect("a new one is begun");
        assert!(warning.is_some_and(|warning| warning.contains("did not open")));
        let aside = path.join("damaged-20261122T080000Z");
        let kept = std::fs::read_to_string(aside.join("conf")).expect("it is kept");
        assert_eq!(kept, "not what sled writes");
        assert_eq!(new.mint(), Ok(mint), "the identity goes on");
        assert!(
            new.numbers().expect("readable").article >= 40,
            "no number is given away twice"
        );
    }

    #[test]
    fn damaged_data_that_sled_opens_as_empty_is_put_aside_too() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        for (name, damage) in [
            (
                "emptied",
                (|db: &Path| std::fs::write(db, "")) as fn(&Path) -> io::Result<()>,
            ),
            ("overwritten", |db| std::fs::write(db, vec![7; 8192])),
            ("removed", |db| std::fs::remove_file(db)),
        ] {
            let path = folder.path().join(name);
            let mint = used(&path, 40);
            damage(&path.join("db")).expect("damaged");
            let (new, warning) = store_or_new(&path, &config(), now()).expect("a new one is begun");
            assert!(warning.is_some(), "{name}: nobody was told");
            assert_eq!(new.mint(), Ok(mint), "{name}");
            assert!(new.numbers().expect("readable").article >= 40, "{name}");
        }
    }

    #[test]
    fn a_command_refuses_a_store_that_lost_something() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        used(folder.path(), 40);
        let path = folder.path().join("lost");
        std::fs::create_dir(&path).expect("made");
        std::fs::copy(
            folder.path().join("langbao.mark"),
            path.join("langbao.mark"),
        )
        .expect("only the marker is left");
        // However often it is asked.
        for _ in 0..2 {
            let refused = store(&path, &config(), now()).err();
            assert!(
                matches!(refused, Some(StoreError::Lost { .. })),
                "{refused:?}"
            );
            drop(reopened(&path).expect("it is let go"));
        }
    }

    #[test]
    fn a_store_that_was_let_go_in_order_goes_on_without_a_gap() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        used(folder.path(), 40);
        let again = store(folder.path(), &config(), now()).expect("it opens");
        assert_eq!(again.numbers().expect("readable").article, 40);
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
