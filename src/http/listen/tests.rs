use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::{Notify, oneshot};
use tokio::time::timeout;

use super::*;

/// Longer than anything here takes; a test that waits for it has failed.
const FOREVER: Duration = Duration::from_secs(20);

/// `/big` is more than the kernel will buffer, `/slow` waits for `release`, `/panic` panics.
#[derive(Default)]
struct Fake {
    calls: AtomicUsize,
    entered: Notify,
    release: Notify,
}

const BIG_BYTES: usize = 64 << 20;

impl Handler for Fake {
    async fn handle(&self, request: Request<()>) -> Response<Full<Bytes>> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        self.entered.notify_one();
        match request.uri().path() {
            "/big" => Response::new(Full::new(Bytes::from(vec![b'x'; BIG_BYTES]))),
            "/slow" => {
                self.release.notified().await;
                Response::new(Full::from("slow"))
            }
            "/panic" => panic!("as asked"),
            path => Response::new(Full::from(format!("at {path}"))),
        }
    }
}

struct Server {
    address: std::net::SocketAddr,
    handler: Arc<Fake>,
    stop: Option<oneshot::Sender<()>>,
    ended: tokio::task::JoinHandle<()>,
}

impl Server {
    async fn start(limits: Limits) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let handler = Arc::new(Fake::default());
        let (stop, stopped) = oneshot::channel();
        let serving = serve(
            vec![Listener::Tcp(listener)],
            limits,
            Arc::clone(&handler),
            async move {
                let _ = stopped.await;
            },
        );
        Server {
            address,
            handler,
            stop: Some(stop),
            ended: tokio::spawn(serving),
        }
    }

    async fn connect(&self) -> Client<TcpStream> {
        Client(TcpStream::connect(self.address).await.unwrap())
    }

    fn stop(&mut self) {
        let _ = self.stop.take().expect("stopped once").send(());
    }

    async fn ended(self) {
        timeout(FOREVER, self.ended)
            .await
            .expect("serve ends")
            .unwrap();
    }
}

struct Client<S>(S);

impl<S: AsyncRead + AsyncWrite + Unpin> Client<S> {
    async fn send(&mut self, raw: &str) {
        self.0.write_all(raw.as_bytes()).await.unwrap();
    }

    async fn get(&mut self, path: &str) -> String {
        self.send(&format!("GET {path} HTTP/1.1\r\nhost: x\r\n\r\n"))
            .await;
        self.response().await
    }

    /// Head and as much body as Content-Length says.
    async fn response(&mut self) -> String {
        timeout(FOREVER, async {
            let mut raw = Vec::new();
            while !raw.ends_with(b"\r\n\r\n") {
                raw.push(self.0.read_u8().await.expect("a whole head"));
            }
            let head = String::from_utf8(raw).unwrap();
            let length = head
                .lines()
                .find_map(|line| line.strip_prefix("content-length: "))
                .map_or(0, |length| length.parse().unwrap());
            let mut body = vec![0; length];
            self.0.read_exact(&mut body).await.expect("a whole body");
            head + &String::from_utf8(body).unwrap()
        })
        .await
        .expect("a response")
    }

    /// All that still comes before the server closes.
    async fn rest(&mut self) -> String {
        let mut raw = Vec::new();
        let read = timeout(FOREVER, self.0.read_to_end(&mut raw)).await;
        // A reset is an end too.
        let _ = read.expect("the server closes");
        String::from_utf8(raw).unwrap()
    }
}

/// Short waits but for the first byte, which a busy machine may send late.
fn quick() -> Limits {
    let short = Duration::from_millis(100);
    Limits {
        first_byte_timeout: FOREVER * 2,
        head_timeout: short,
        idle_timeout: short,
        stall_timeout: short,
        ..Limits::default()
    }
}

#[tokio::test]
async fn a_connection_serves_one_request_after_the_other() {
    let server = Server::start(Limits::default()).await;
    let mut client = server.connect().await;
    for path in ["/a", "/b", "/c"] {
        let response = client.get(path).await;
        assert!(response.starts_with("HTTP/1.1 200 OK\r\n"), "{response}");
        assert!(
            response.ends_with(&format!("\r\n\r\nat {path}")),
            "{response}"
        );
    }
    client
        .send("GET /d HTTP/1.1\r\nhost: x\r\n\r\nGET /e HTTP/1.1\r\nhost: x\r\n\r\n")
        .await;
    assert!(client.response().await.ends_with("at /d"));
    assert!(client.response().await.ends_with("at /e"));
}

#[tokio::test]
async fn one_address_too_many_is_closed_and_has_its_place_again_later() {
    let limits = Limits {
        peers: Arc::new(PeerRules {
            uncounted: Vec::new(),
            ..PeerRules::new(1, Vec::new())
        }),
        ..Limits::default()
    };
    let server = Server::start(limits).await;
    let mut first = server.connect().await;
    assert!(first.get("/a").await.ends_with("at /a"));
    let mut second = server.connect().await;
    // It may be closed before this is written.
    let _ = second
        .0
        .write_all(b"GET /x HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
        .await;
    assert_eq!(second.rest().await, "");
    assert!(first.get("/b").await.ends_with("at /b"));
    first
        .send("GET /c HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
        .await;
    assert!(first.rest().await.ends_with("at /c"));
    // The place is given back a moment after the last byte.
    let again = timeout(FOREVER, async {
        loop {
            let mut next = server.connect().await;
            let _ = next
                .0
                .write_all(b"GET /d HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
                .await;
            let said = next.rest().await;
            if !said.is_empty() {
                break said;
            }
        }
    });
    assert!(again.await.expect("a place").ends_with("at /d"));
}

#[tokio::test]
async fn loopback_is_not_counted() {
    let limits = Limits {
        peers: Arc::new(PeerRules::new(1, Vec::new())),
        ..Limits::default()
    };
    let server = Server::start(limits).await;
    let (mut one, mut other) = (server.connect().await, server.connect().await);
    assert!(one.get("/a").await.ends_with("at /a"));
    assert!(other.get("/b").await.ends_with("at /b"));
}

#[tokio::test]
async fn head_gets_the_length_and_no_body() {
    let server = Server::start(Limits::default()).await;
    let mut client = server.connect().await;
    client
        .send("HEAD /abc HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
        .await;
    let response = client.rest().await;
    assert!(response.contains("content-length: 7\r\n"), "{response}");
    assert!(response.ends_with("\r\n\r\n"), "{response}");
}

#[tokio::test]
async fn a_silent_connection_is_closed() {
    let limits = Limits {
        first_byte_timeout: Duration::from_millis(100),
        ..Limits::default()
    };
    let server = Server::start(limits).await;
    assert_eq!(server.connect().await.rest().await, "");
}

#[tokio::test]
async fn half_a_head_is_closed() {
    let limits = Limits {
        idle_timeout: FOREVER * 2,
        ..quick()
    };
    let server = Server::start(limits).await;
    let mut client = server.connect().await;
    client.send("GET /a HTTP/1.1\r\nhost:").await;
    assert_eq!(client.rest().await, "");
    let mut client = server.connect().await;
    client.get("/a").await;
    client.send("GET /b").await;
    assert_eq!(
        client.rest().await,
        "",
        "the second head is bounded like the first"
    );
    assert_eq!(server.handler.calls.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn an_idle_connection_is_closed() {
    let limits = Limits {
        head_timeout: FOREVER * 2,
        ..quick()
    };
    let server = Server::start(limits).await;
    let mut client = server.connect().await;
    client.get("/a").await;
    assert_eq!(client.rest().await, "");
}

#[tokio::test]
async fn a_slow_handler_is_not_taken_for_a_slow_client() {
    let server = Server::start(quick()).await;
    let mut client = server.connect().await;
    client.send("GET /slow HTTP/1.1\r\nhost: x\r\n\r\n").await;
    server.handler.entered.notified().await;
    let mut half = server.connect().await;
    half.send("GET").await;
    assert_eq!(
        half.rest().await,
        "",
        "the timeouts of both have run by now"
    );
    server.handler.release.notify_one();
    assert!(client.response().await.ends_with("slow"));
}

#[tokio::test]
async fn who_does_not_read_is_cut_off() {
    let server = Server::start(Limits {
        connections_max: 1,
        ..quick()
    })
    .await;
    let mut deaf = server.connect().await;
    deaf.send("GET /big HTTP/1.1\r\nhost: x\r\n\r\n").await;
    let mut next = server.connect().await;
    assert!(
        next.get("/a").await.ends_with("at /a"),
        "its place is free again"
    );
    drop(next);
    assert!(deaf.rest().await.len() < BIG_BYTES);
}

#[tokio::test]
async fn a_response_longer_in_coming_than_a_head_may_be_arrives_whole() {
    let limits = Limits {
        head_timeout: Duration::from_millis(1),
        idle_timeout: Duration::from_millis(1),
        ..Limits::default()
    };
    let server = Server::start(limits).await;
    let mut client = server.connect().await;
    client.send("GET /big HTTP/1.1\r\nhost: x\r\n\r\n").await;
    let response = client.response().await;
    assert!(response.len() > BIG_BYTES);
}

#[tokio::test]
async fn a_response_as_a_whole_is_bounded() {
    let limits = Limits {
        connections_max: 1,
        response_timeout: Duration::from_millis(100),
        ..Limits::default()
    };
    let server = Server::start(limits).await;
    let mut deaf = server.connect().await;
    deaf.send("GET /big HTTP/1.1\r\nhost: x\r\n\r\n").await;
    assert!(server.connect().await.get("/a").await.ends_with("at /a"));
}

#[tokio::test]
async fn no_more_connections_than_allowed_are_served() {
    let server = Server::start(Limits {
        connections_max: 1,
        ..Limits::default()
    })
    .await;
    let mut first = server.connect().await;
    first.get("/a").await;
    let mut second = server.connect().await;
    second.send("GET /b HTTP/1.1\r\nhost: x\r\n\r\n").await;
    let early = timeout(Duration::from_millis(100), second.0.read_u8()).await;
    assert!(early.is_err(), "the second waits");
    assert_eq!(server.handler.calls.load(Ordering::SeqCst), 1);
    drop(first);
    assert!(second.response().await.ends_with("at /b"));
}

#[tokio::test]
async fn garbage_is_400_and_a_long_head_is_431() {
    let server = Server::start(Limits::default()).await;
    for garbage in [
        "\u{16}\u{3}\u{1}\u{2}\r\n\r\n",
        "GET\r\n\r\n",
        "GET / HTTP/1.1\r\nbad header\r\n\r\n",
    ] {
        let mut client = server.connect().await;
        client.send(garbage).await;
        let response = client.rest().await;
        assert!(
            response.starts_with("HTTP/1.1 400 "),
            "{garbage:?}: {response}"
        );
    }
    let mut client = server.connect().await;
    // To the byte, so that the server leaves nothing unread: closing would then reset, not end.
    let long = format!(
        "{:x<1$}",
        "GET / HTTP/1.1\r\ncookie: ",
        Limits::default().head_bytes_max
    );
    client.send(&long).await;
    let response = client.rest().await;
    assert!(response.starts_with("HTTP/1.1 431 "), "{response}");
    assert_eq!(server.handler.calls.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_body_is_not_waited_for() {
    let server = Server::start(Limits::default()).await;
    let mut client = server.connect().await;
    client
        .send("GET /a HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\n\r\nhello")
        .await;
    assert!(client.response().await.ends_with("at /a"));
    assert!(
        client.get("/b").await.ends_with("at /b"),
        "a short body is passed over"
    );
    client
        .send("POST /c HTTP/1.1\r\nhost: x\r\ncontent-length: 999999999\r\n\r\n")
        .await;
    assert!(client.response().await.ends_with("at /c"));
    assert_eq!(client.rest().await, "");
}

#[tokio::test]
async fn a_panic_costs_one_connection() {
    let server = Server::start(Limits::default()).await;
    let mut client = server.connect().await;
    client.send("GET /panic HTTP/1.1\r\nhost: x\r\n\r\n").await;
    assert_eq!(client.rest().await, "");
    assert!(server.connect().await.get("/a").await.ends_with("at /a"));
}

#[tokio::test]
async fn shutdown_lets_a_response_finish_and_takes_nobody_in() {
    let mut server = Server::start(Limits::default()).await;
    let mut idle = server.connect().await;
    idle.get("/a").await;
    server.handler.entered.notified().await;
    let mut client = server.connect().await;
    client.send("GET /slow HTTP/1.1\r\nhost: x\r\n\r\n").await;
    server.handler.entered.notified().await;
    server.stop();
    assert_eq!(
        idle.rest().await,
        "",
        "an idle connection is closed at once"
    );
    assert!(TcpStream::connect(server.address).await.is_err());
    server.handler.release.notify_one();
    assert!(client.response().await.ends_with("slow"));
    assert_eq!(client.rest().await, "");
    server.ended().await;
}

#[tokio::test]
async fn shutdown_does_not_wait_for_ever() {
    let limits = Limits {
        shutdown_timeout: Duration::from_millis(100),
        ..Limits::default()
    };
    let mut server = Server::start(limits).await;
    let mut client = server.connect().await;
    client.send("GET /slow HTTP/1.1\r\nhost: x\r\n\r\n").await;
    server.handler.entered.notified().await;
    server.stop();
    server.ended().await;
    assert_eq!(client.rest().await, "");
}

#[tokio::test]
async fn a_unix_socket_serves_beside_a_tcp_one() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("http.sock");
    let unix = UnixListener::bind(&path).unwrap();
    let tcp = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = tcp.local_addr().unwrap();
    let listeners = vec![Listener::Tcp(tcp), Listener::Unix(unix)];
    let serving = serve(
        listeners,
        Limits::default(),
        Arc::new(Fake::default()),
        std::future::pending(),
    );
    let serving = tokio::spawn(serving);
    let mut by_path = Client(UnixStream::connect(&path).await.unwrap());
    assert!(by_path.get("/a").await.ends_with("at /a"));
    let mut by_port = Client(TcpStream::connect(address).await.unwrap());
    assert!(by_port.get("/b").await.ends_with("at /b"));
    serving.abort();
}
