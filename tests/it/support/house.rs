//! The whole daemon in a test: the real fetcher, a store in memory, a clock that stands still, a port of its own.

use std::collections::BTreeMap;
use std::io::Read;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use langbao::admin::{Client, Identity, PollRequest, Polled, Reply, Request};
use langbao::clock::{Clock, SharedClock};
use langbao::core::config::Config;
use langbao::core::model::{Mint, Timestamp};
use langbao::daemon::owner::Owner;
use langbao::daemon::{self, Parts};
use langbao::fetch::{FetcherRules, HttpFetcher};
use langbao::http::listen::{Limits, Listener};
use langbao::store::{Engine, MemoryEngine, Store};
use serde_json::Value;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UnixListener};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

/// Past this a test that waits has failed.
const PATIENCE: Duration = Duration::from_secs(30);
/// Between two looks at what is waited for.
const TICK: Duration = Duration::from_millis(5);

/// Sunday, 2026-11-22T08:00:00Z.
pub const NOON_S: i64 = 1_795_334_400;

/// Moves only when a test moves it.
pub struct StillClock(AtomicI64);

impl StillClock {
    pub fn advance(&self, span: Duration) {
        let ms = i64::try_from(span.as_millis()).expect("a short span");
        self.0.fetch_add(ms, Ordering::SeqCst);
    }
}

impl Clock for StillClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::SeqCst))
    }
}

/// What outlives a daemon: its store, its configuration's file, the time.
pub struct House {
    folder: TempDir,
    pub engine: Arc<dyn Engine>,
    pub clock: Arc<StillClock>,
}

pub fn mint() -> Mint {
    Mint {
        authority: "tin.example.vn".into(),
        date: "2026-11-22".into(),
        store: "nha".into(),
    }
}

/// What lets a daemon ask newsrooms on loopback, as often as a test likes.
pub const ON_LOOPBACK: &str =
    "[fetch]\nallow_private = [\"127.0.0.0/8\"]\nhost_interval = \"0s\"\n";

impl House {
    pub fn new() -> House {
        House::on(Arc::new(MemoryEngine::new()))
    }

    pub fn on(engine: Arc<dyn Engine>) -> House {
        House {
            folder: tempfile::tempdir().expect("a temporary folder"),
            engine,
            clock: Arc::new(StillClock(AtomicI64::new(NOON_S * 1000))),
        }
    }

    pub fn config_file(&self) -> PathBuf {
        self.folder.path().join("feeds.toml")
    }

    /// Writes the configuration: the usual tables, then `sources`.
    pub fn configure(&self, sources: &str) {
        let text =
            format!("[server]\nbase_url = \"https://tin.example.vn/\"\n{ON_LOOPBACK}{sources}");
        self.write_config(&text);
    }

    pub fn write_config(&self, text: &str) {
        std::fs::write(self.config_file(), text).expect("a folder of our own");
    }

    pub fn store(&self) -> Store {
        Store::open(Arc::clone(&self.engine), mint).expect("the store opens")
    }

    /// Starts the daemon.
    pub async fn open(&self) -> Daemon {
        let text = std::fs::read_to_string(self.config_file()).expect("it was configured");
        let config = super::config(&text);
        let clock: SharedClock = Arc::clone(&self.clock) as SharedClock;
        let time = Arc::clone(&clock);
        let fetcher = HttpFetcher::new(rules(&config), move || time.now()).expect("a fetcher");
        let owner = Owner::open(self.store(), config, clock.now()).expect("it takes the store up");
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .await
            .expect("a port of loopback");
        let address = listener.local_addr().expect("bound");
        let socket = self.folder.path().join("admin.sock");
        // What an earlier daemon left behind.
        let _ = std::fs::remove_file(&socket);
        let admin = UnixListener::bind(&socket).expect("a socket");
        let file = self.config_file();
        let (reload, reloads) = mpsc::channel(1);
        let parts = Parts {
            owner,
            fetcher: Arc::new(fetcher),
            refit: Box::new(|fetcher: &HttpFetcher, config: &Config| {
                fetcher
                    .renewed(rules(config))
                    .map_err(|err| err.to_string())
            }),
            clock,
            listeners: vec![Listener::Tcp(listener)],
            admin: Some(admin),
            load_config: Arc::new(move || {
                super::load(&std::fs::read_to_string(&file).expect("it was configured"))
            }),
            identity: Identity {
                store: "memory".into(),
                config: self.config_file(),
            },
            reloads,
            supervisor: Arc::new(langbao::systemd::Nobody),
            snapshots_in: None,
            limits: Limits {
                shutdown_timeout: Duration::from_secs(1),
                ..Limits::default()
            },
            seed: 1,
        };
        let (stop, stopped) = oneshot::channel::<()>();
        let running = tokio::spawn(daemon::run(parts, async {
            let _ = stopped.await;
        }));
        Daemon {
            address,
            socket,
            stop,
            running,
            _reload: reload,
        }
    }
}

fn rules(config: &Config) -> FetcherRules {
    FetcherRules {
        user_agent: config.fetch.user_agent.clone(),
        allow_private: config.fetch.allow_private.clone(),
        proxy: config.fetch.proxy.clone(),
        per_host: config.fetch.per_host,
        host_interval: config.fetch.host_interval,
        concurrency: config.fetch.concurrency,
    }
}

/// A daemon that runs.
pub struct Daemon {
    address: SocketAddr,
    socket: PathBuf,
    stop: oneshot::Sender<()>,
    running: JoinHandle<()>,
    _reload: mpsc::Sender<()>,
}

/// An HTTP answer, read to its end; without its `Date`, which no two share.
#[derive(Clone, PartialEq, Eq)]
pub struct Answered {
    pub status: u16,
    headers: BTreeMap<String, String>,
    pub body: Vec<u8>,
}

impl std::fmt::Debug for Answered {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let body = String::from_utf8_lossy(&self.body);
        write!(f, "{} {:?}\n{body}", self.status, self.headers)
    }
}

impl Answered {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }

    pub fn etag(&self) -> &str {
        self.header("etag").expect("a feed has an entity tag")
    }

    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("UTF-8")
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("JSON")
    }

    pub fn feed(&self) -> feed_rs::model::Feed {
        feed_rs::parser::parse(&self.body[..]).expect("a feed that feed-rs reads back")
    }

    /// Titles in the feed's order.
    pub fn titles(&self) -> Vec<String> {
        let title = |entry: feed_rs::model::Entry| entry.title.expect("a title").content;
        self.feed().entries.into_iter().map(title).collect()
    }

    pub fn unzipped(&self) -> Vec<u8> {
        let mut plain = Vec::new();
        flate2::read::GzDecoder::new(&self.body[..])
            .read_to_end(&mut plain)
            .expect("gzip");
        plain
    }
}

impl Daemon {
    pub async fn get(&self, path: &str) -> Answered {
        self.request("GET", path, &[]).await
    }

    /// One request on a connection of its own.
    pub async fn request(&self, method: &str, path: &str, headers: &[(&str, &str)]) -> Answered {
        let exchange = exchange(self.address, method, path, headers);
        tokio::time::timeout(PATIENCE, exchange)
            .await
            .unwrap_or_else(|_| panic!("{method} {path} was not answered"))
    }

    /// A connection that has said nothing yet.
    pub async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.expect("it listens")
    }

    pub async fn status(&self) -> Value {
        self.get("/status.json").await.json()
    }

    /// What `status.json` says of one source.
    pub async fn source(&self, id: &str) -> Value {
        let status = self.status().await;
        of_source(&status, id).unwrap_or_else(|| panic!("{id} is not in {status}"))
    }

    /// Waits until each of these was polled once.
    pub async fn first_polls(&self, ids: &[&str]) {
        for id in ids {
            self.polled(id, 1).await;
        }
    }

    /// Waits until this source was polled so many times.
    pub async fn polled(&self, id: &str, polls: u64) {
        let deadline = tokio::time::Instant::now() + PATIENCE;
        loop {
            let status = self.status().await;
            let source = of_source(&status, id);
            if source.is_some_and(|source| source["polls"].as_u64() >= Some(polls)) {
                return;
            }
            assert!(
                tokio::time::Instant::now() < deadline,
                "{id} was not polled {polls} times: {status}"
            );
            tokio::time::sleep(TICK).await;
        }
    }

    /// The whole answer to one line on the admin socket; `Done` is left out.
    pub async fn ask(&self, request: Request) -> Vec<Reply> {
        let answer = async {
            let mut client = Client::connect(&self.socket).await.expect("it listens");
            client.ask(&request).await.expect("it takes the question");
            let mut replies = Vec::new();
            loop {
                match client.reply().await.expect("a line it knows") {
                    Some(Reply::Done) => return replies,
                    Some(refused @ Reply::Refused { .. }) => {
                        replies.push(refused);
                        return replies;
                    }
                    Some(reply) => replies.push(reply),
                    None => panic!("{request:?} was cut off after {replies:?}"),
                }
            }
        };
        tokio::time::timeout(PATIENCE, answer)
            .await
            .unwrap_or_else(|_| panic!("{request:?} was not answered"))
    }

    pub async fn poll(&self, request: PollRequest) -> Vec<Polled> {
        let replies = self.ask(Request::Poll(request)).await;
        replies
            .into_iter()
            .map(|reply| match reply {
                Reply::Polled(polled) => polled,
                other => panic!("{other:?} to a poll"),
            })
            .collect()
    }

    /// Polls one source and says what came of it.
    pub async fn poll_one(&self, id: &str) -> Polled {
        let request = PollRequest {
            ids: vec![id.to_owned()],
            ..PollRequest::default()
        };
        let [polled] = <[Polled; 1]>::try_from(self.poll(request).await).expect("one source");
        polled
    }

    /// Asks it to stop and waits until it has.
    pub async fn stop(self) {
        let _ = self.stop.send(());
        tokio::time::timeout(PATIENCE, self.running)
            .await
            .expect("it stops")
            .expect("without a panic");
    }
}

fn of_source(status: &Value, id: &str) -> Option<Value> {
    let sources = status["sources"].as_array().expect("a list");
    sources.iter().find(|source| source["id"] == id).cloned()
}

async fn exchange(
    address: SocketAddr,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
) -> Answered {
    let mut stream = TcpStream::connect(address).await.expect("it listens");
    let mut head = format!("{method} {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n");
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str("\r\n");
    stream.write_all(head.as_bytes()).await.expect("written");
    let mut raw = Vec::new();
    stream.read_to_end(&mut raw).await.expect("read");
    parse(&raw)
}

fn parse(raw: &[u8]) -> Answered {
    let end = raw
        .windows(4)
        .position(|four| four == b"\r\n\r\n")
        .unwrap_or_else(|| panic!("no head in {:?}", String::from_utf8_lossy(raw)));
    let head = std::str::from_utf8(&raw[..end]).expect("an ASCII head");
    let mut lines = head.lines();
    let status = lines
        .next()
        .and_then(|line| line.split(' ').nth(1))
        .and_then(|status| status.parse().ok())
        .expect("a status");
    let headers = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
        .filter(|(name, _)| name != "date")
        .collect();
    Answered {
        status,
        headers,
        body: raw[end + 4..].to_vec(),
    }
}
