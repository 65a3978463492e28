//! A scripted origin on loopback: each connection gets the next answer, and its request is kept.

use std::io::Write;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::*;
use crate::core::model::SourceNo;

const CAP: u64 = 64 * 1024;

struct Origin {
    address: SocketAddr,
    requests: Arc<Mutex<Vec<String>>>,
}

/// What one connection gets once its request is in.
enum Script {
    Say(Vec<u8>),
    /// Says this much and then nothing, without closing.
    Hang(Vec<u8>),
}

impl Origin {
    async fn with(script: impl FnOnce(SocketAddr) -> Vec<Script>) -> Origin {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&requests);
        let script = script(address);
        tokio::spawn(async move {
            let mut hanging = Vec::new();
            for step in script {
                let (mut socket, _) = listener.accept().await.unwrap();
                let head = read_head(&mut socket).await;
                kept.lock().unwrap().push(head);
                match step {
                    Script::Say(answer) => {
                        // A client that has seen enough may close first.
                        let _ = socket.write_all(&answer).await;
                        let _ = socket.shutdown().await;
                    }
                    Script::Hang(beginning) => {
                        socket.write_all(&beginning).await.unwrap();
                        hanging.push(socket);
                    }
                }
            }
            std::future::pending::<()>().await;
        });
        Origin { address, requests }
    }

    async fn saying(answers: &[&str]) -> Origin {
        Origin::with(|_| answers.iter().map(|answer| say(answer)).collect()).await
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// In lower case.
    fn request(&self, no: usize) -> String {
        self.requests.lock().unwrap()[no].clone()
    }

    fn asked(&self) -> usize {
        self.requests.lock().unwrap().len()
    }
}

/// Up to the empty line, or the first byte of a TLS handshake, which has none.
async fn read_head(socket: &mut tokio::net::TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") && head.first() != Some(&0x16) {
        match socket.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(_) => break,
        }
    }
    String::from_utf8_lossy(&head).to_lowercase()
}

fn say(answer: &str) -> Script {
    Script::Say(answer.as_bytes().to_vec())
}

fn answer(head: &str, body: &[u8]) -> Vec<u8> {
    let mut bytes = format!(
        "HTTP/1.1 {head}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    )
    .into_bytes();
    bytes.extend_from_slice(body);
    bytes
}

fn redirect(to: &str) -> Script {
    Script::Say(answer(&format!("302 Found\r\nLocation: {to}"), b""))
}

fn gzip(body: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(body).unwrap();
    encoder.finish().unwrap()
}

fn fetcher_allowing(nets: &[&str]) -> HttpFetcher {
    let rules = FetcherRules {
        user_agent: "langbao/test".into(),
        allow_private: nets.iter().map(|net| net.parse().unwrap()).collect(),
        proxy: None,
        per_host: 2,
        host_interval: Duration::ZERO,
        concurrency: 8,
    };
    // Sun, 22 Nov 2026 01:30:00 GMT
    HttpFetcher::new(rules, || Timestamp::from_secs(1_795_311_000)).unwrap()
}

fn fetcher() -> HttpFetcher {
    fetcher_allowing(&["127.0.0.0/8", "::1/128"])
}

fn job(url: impl Into<String>) -> FetchJob {
    FetchJob {
        wanted: Wanted::Feed,
        source: SourceNo(1),
        url: url.into(),
        validators: Validators::default(),
        timeout: Duration::from_secs(20),
        body_bytes_max: CAP,
        headers: Vec::new(),
    }
}

#[track_caller]
fn fetched(outcome: FetchOutcome) -> Fetched {
    match outcome {
        FetchOutcome::Fetched(fetched) => fetched,
        other => panic!("not fetched: {other:?}"),
    }
}

#[track_caller]
fn failed(outcome: FetchOutcome, kind: FaultKind) -> FetchFault {
    match outcome {
        FetchOutcome::Failed(fault) if fault.kind == kind => fault,
        other => panic!("not {kind:?}: {other:?}"),
    }
}

#[tokio::test]
async fn a_compressed_answer_comes_out_whole() {
    let body = gzip(b"<rss/>");
    let head = "200 OK\r\nContent-Encoding: gzip\r\nContent-Type: text/xml; charset=utf-8\r\n\
                ETag: \"1\"\r\nLast-Modified: Sat, 21 Nov 2026 01:30:00 GMT\r\n\
                Expires: Sun, 22 Nov 2026 01:31:00 GMT";
    let origin = Origin::with(|_| vec![Script::Say(answer(head, &body))]).await;
    let fetched = fetched(fetcher().fetch(job(origin.url("/rss#top"))).await);
    assert_eq!(fetched.status, 200);
    assert_eq!(fetched.body, "<rss/>");
    assert_eq!(fetched.url, origin.url("/rss#top"));
    assert_eq!(
        fetched.content_type.as_deref(),
        Some("text/xml; charset=utf-8")
    );
    assert_eq!(fetched.validators.etag.as_deref(), Some("\"1\""));
    assert_eq!(
        fetched.validators.last_modified.as_deref(),
        Some("Sat, 21 Nov 2026 01:30:00 GMT")
    );
    assert_eq!(fetched.freshness.fresh_for, Some(Duration::from_secs(60)));
    let request = origin.request(0);
    assert!(request.starts_with("get /rss http/1.1\r\n"), "{request}");
    for line in [
        "user-agent: langbao/test",
        "accept: application/atom+xml",
        "zstd",
        "br",
        "gzip",
    ] {
        assert!(request.contains(line), "{line} in {request}");
    }
    for line in ["referer", "if-none-match", "if-modified-since", "cookie"] {
        assert!(!request.contains(line), "{line} in {request}");
    }
}

#[tokio::test]
async fn each_compression_that_is_offered_is_read() {
    let mut zlib = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
    zlib.write_all(b"<rss/>").unwrap();
    let mut brotli = Vec::new();
    brotli::CompressorWriter::new(&mut brotli, 4096, 5, 20)
        .write_all(b"<rss/>")
        .unwrap();
    let bodies = [
        ("deflate", zlib.finish().unwrap()),
        ("br", brotli),
        ("zstd", zstd::bulk::compress(b"<rss/>", 3).unwrap()),
        ("utf-8", b"<rss/>".to_vec()),
    ];
    for (coding, body) in bodies {
        let head = format!("200 OK\r\nContent-Encoding: {coding}");
        let origin = Origin::with(|_| vec![Script::Say(answer(&head, &body))]).await;
        let fetched = fetched(fetcher().fetch(job(origin.url("/"))).await);
        assert_eq!(fetched.body, "<rss/>", "{coding}");
    }
}

#[tokio::test]
async fn a_bomb_is_put_down_at_the_bound() {
    let zeroes = vec![0; 64 * 1024 * 1024];
    let bomb = answer("200 OK\r\nContent-Encoding: gzip", &gzip(&zeroes));
    let origin = Origin::with(|_| vec![Script::Say(bomb)]).await;
    let fault = failed(
        fetcher().fetch(job(origin.url("/"))).await,
        FaultKind::TooLarge,
    );
    assert_eq!(fault.detail, "more than 64 KiB after decompression");
    assert_eq!(fault.status, Some(200));
}

#[tokio::test]
async fn a_body_of_exactly_the_bound_is_read() {
    let most = usize::try_from(CAP).unwrap();
    let fits = answer("200 OK\r\nContent-Encoding: gzip", &gzip(&vec![b' '; most]));
    let exceeds = answer(
        "200 OK\r\nContent-Encoding: gzip",
        &gzip(&vec![b' '; most + 1]),
    );
    let origin = Origin::with(|_| vec![Script::Say(fits), Script::Say(exceeds)]).await;
    let fetcher = fetcher();
    let outcome = fetcher.fetch(job(origin.url("/"))).await;
    assert_eq!(fetched(outcome).body.len(), most);
    failed(
        fetcher.fetch(job(origin.url("/"))).await,
        FaultKind::TooLarge,
    );
}

#[tokio::test]
async fn a_length_above_the_bound_is_refused_unread() {
    let head = "HTTP/1.1 200 OK\r\nContent-Length: 70000\r\n\r\n";
    let origin = Origin::with(|_| vec![Script::Hang(head.into())]).await;
    let fault = failed(
        fetcher().fetch(job(origin.url("/"))).await,
        FaultKind::TooLarge,
    );
    assert_eq!(fault.detail, "an answer of 70000 bytes, more than 64 KiB");
}

#[tokio::test]
async fn an_empty_answer_is_fetched() {
    let origin = Origin::saying(&[
        "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
    ])
    .await;
    let fetcher = fetcher();
    for status in [204, 200] {
        let fetched = fetched(fetcher.fetch(job(origin.url("/"))).await);
        assert_eq!((fetched.status, fetched.body.len()), (status, 0));
    }
}

#[tokio::test]
async fn a_304_answers_the_validators_that_were_sent() {
    let origin = Origin::saying(&[
        "HTTP/1.1 304 Not Modified\r\nETag: \"2\"\r\nCache-Control: max-age=60\r\n\
         Connection: close\r\n\r\n",
    ])
    .await;
    let modified = "Sat, 21 Nov 2026 01:30:00 GMT";
    let validators = Validators {
        etag: Some("\"1\"".into()),
        last_modified: Some(modified.into()),
    };
    let outcome = fetcher()
        .fetch(FetchJob {
            validators,
            ..job(origin.url("/"))
        })
        .await;
    let expected = FetchOutcome::NotModified {
        validators: Validators {
            etag: Some("\"2\"".into()),
            last_modified: Some(modified.into()),
        },
        freshness: crate::core::model::Freshness {
            fresh_for: Some(Duration::from_secs(60)),
        },
        moved_to: None,
    };
    assert_eq!(outcome, expected);
    let request = origin.request(0);
    assert!(request.contains("if-none-match: \"1\"\r\n"), "{request}");
    assert!(
        request.contains("if-modified-since: sat, 21 nov 2026 01:30:00 gmt\r\n"),
        "{request}"
    );
}

fn etag(tag: &str) -> Validators {
    Validators {
        etag: Some(tag.into()),
        last_modified: None,
    }
}

#[test]
fn only_a_feed_that_was_read_is_asked_for_what_is_new() {
    for (wanted, validators, is_offered) in [
        (Wanted::Feed, etag("\"1\""), true),
        (Wanted::Feed, Validators::default(), false),
        (Wanted::Page, etag("\"1\""), false),
        (Wanted::Sitemap, etag("\"1\""), false),
    ] {
        let headers = own_headers(wanted, &validators);
        assert_eq!(headers.contains_key(A_IM), is_offered, "{wanted:?}");
    }
}

#[tokio::test]
async fn a_226_is_taken_with_the_validators_it_renews() {
    let head = "226 IM Used\r\nIM: feed\r\nETag: \"2\"";
    let origin = Origin::with(|_| vec![Script::Say(answer(head, b"<rss/>"))]).await;
    let job = FetchJob {
        validators: etag("\"1\""),
        ..job(origin.url("/rss"))
    };
    let fetched = fetched(fetcher().fetch(job).await);
    assert_eq!(
        (fetched.status, fetched.validators),
        (Fetched::IM_USED, etag("\"2\""))
    );
    let request = origin.request(0);
    assert!(request.contains("\r\na-im: feed\r\n"), "{request}");
}

#[tokio::test]
async fn one_connection_serves_several_requests() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let serving = tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.unwrap();
        for _ in 0..3 {
            read_head(&mut socket).await;
            let said = b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n<rss/>";
            socket.write_all(said).await.unwrap();
        }
    });
    // No other connection is ever accepted.
    let fetcher = fetcher();
    for path in ["/a", "/b", "/c"] {
        let outcome = fetcher.fetch(job(format!("http://{address}{path}"))).await;
        assert_eq!(fetched(outcome).body, "<rss/>");
    }
    serving.await.unwrap();
}

#[tokio::test]
async fn redirects_are_followed_and_the_fragment_goes_along() {
    let origin = Origin::with(|_| {
        vec![
            redirect("b"),
            redirect("/mới?x=1"),
            Script::Say(answer("200 OK", b"<rss/>")),
        ]
    })
    .await;
    let fetched = fetched(fetcher().fetch(job(origin.url("/a/a#top"))).await);
    assert_eq!(fetched.url, origin.url("/m%E1%BB%9Bi?x=1#top"));
    assert!(origin.request(1).starts_with("get /a/b http"));
    assert!(origin.request(2).starts_with("get /m%e1%bb%9bi?x=1 http"));
}

#[tokio::test]
async fn a_circle_of_redirects_ends_at_its_second_round() {
    let origin = Origin::with(|_| vec![redirect("/b"), redirect("/a#x"), redirect("/b")]).await;
    let fault = failed(
        fetcher().fetch(job(origin.url("/a"))).await,
        FaultKind::Redirect,
    );
    assert_eq!(
        fault.detail,
        format!("redirected in a circle to {}", origin.url("/a#x"))
    );
    assert_eq!(fault.status, Some(302));
    assert_eq!(origin.asked(), 2);
}

#[tokio::test]
async fn ten_redirects_are_followed_and_no_eleventh() {
    let script = || (1..=REDIRECTS_MAX).map(|no| redirect(&format!("/{no}")));
    let last = Script::Say(answer("200 OK", b"<rss/>"));
    let ten = Origin::with(|_| script().chain([last]).collect()).await;
    fetched(fetcher().fetch(job(ten.url("/"))).await);
    let eleven = Origin::with(|_| script().chain([redirect("/11")]).collect()).await;
    let fault = failed(
        fetcher().fetch(job(eleven.url("/"))).await,
        FaultKind::Redirect,
    );
    assert!(
        fault.detail.starts_with("more than 10 redirects"),
        "{}",
        fault.detail
    );
    assert_eq!(eleven.asked(), REDIRECTS_MAX + 1);
}

#[tokio::test]
async fn a_redirect_out_of_the_web_is_refused() {
    for to in [
        "file:///etc/passwd",
        "ftp://a.vn/",
        "http://",
        "https://a b/",
        "javascript:1",
    ] {
        let origin = Origin::with(|_| vec![redirect(to)]).await;
        failed(
            fetcher().fetch(job(origin.url("/"))).await,
            FaultKind::Redirect,
        );
    }
}

#[tokio::test]
async fn a_redirect_to_a_private_address_is_refused() {
    for to in [
        "http://127.0.0.2:81/",
        "http://10.0.0.1/",
        "http://0x7f000002/",
        "http://[::1]/",
    ] {
        let origin = Origin::with(|_| vec![redirect(to)]).await;
        let fetcher = fetcher_allowing(&["127.0.0.1/32"]);
        failed(
            fetcher.fetch(job(origin.url("/"))).await,
            FaultKind::PrivateAddress,
        );
    }
}

#[tokio::test]
async fn a_private_address_is_refused_unasked() {
    let origin = Origin::saying(&[]).await;
    let strict = fetcher_allowing(&[]);
    let fault = failed(
        strict.fetch(job(origin.url("/"))).await,
        FaultKind::PrivateAddress,
    );
    assert_eq!(
        fault.detail,
        "127.0.0.1 is not public; allow it in fetch.allow_private if it is yours"
    );
    let by_name = format!("http://localhost:{}/", origin.address.port());
    let fault = failed(strict.fetch(job(by_name)).await, FaultKind::PrivateAddress);
    assert!(
        fault.detail.starts_with("localhost is at "),
        "{}",
        fault.detail
    );
    assert_eq!(origin.asked(), 0);
}

fn with_credentials(url: String) -> FetchJob {
    let headers = [
        ("Authorization", "Bearer s3cret"),
        ("X-Key", "s3cret"),
        ("Accept", "text/x"),
    ];
    FetchJob {
        headers: headers
            .map(|(name, value)| (name.into(), value.into()))
            .to_vec(),
        ..job(url)
    }
}

#[tokio::test]
async fn credentials_stay_with_the_site_they_are_for() {
    let other = Origin::with(|_| vec![Script::Say(answer("200 OK", b"<rss/>"))]).await;
    let away = format!("http://v:w@localhost:{}/", other.address.port());
    let origin = Origin::with(|_| vec![redirect("/b"), redirect(&away)]).await;
    let url = origin.url("/a").replace("//", "//user:word@");
    let fetched = fetched(fetcher().fetch(with_credentials(url)).await);
    assert_eq!(fetched.url, away.replace("v:w@", ""));
    for no in [0, 1] {
        let request = origin.request(no);
        assert!(
            request.contains("authorization: bearer s3cret"),
            "{request}"
        );
        assert!(request.contains("x-key: s3cret"), "{request}");
    }
    let request = other.request(0);
    assert!(
        !request.contains("authorization") && !request.contains("s3cret"),
        "{request}"
    );
    assert!(request.contains("accept: text/x\r\n"), "{request}");
}

#[tokio::test]
async fn credentials_in_the_address_are_sent_and_not_shown() {
    let origin = Origin::with(|_| {
        vec![
            redirect("/b"),
            Script::Say(answer("200 OK", b"<rss/>")),
            Script::Say(answer("200 OK", b"\x1f\x8b")),
        ]
    })
    .await;
    let url = origin.url("/a").replace("//", "//user:word@");
    let fetched = fetched(fetcher().fetch(job(url)).await);
    assert_eq!(fetched.url, origin.url("/b"));
    for no in [0, 1] {
        let request = origin.request(no);
        assert!(
            request.contains("authorization: basic dxnlcjp3b3jk"),
            "{request}"
        );
    }
}

fn target(url: &str) -> Target {
    Target::first(&with_credentials(url.to_owned())).unwrap_or_else(|fault| panic!("{fault:?}"))
}

#[test]
fn credentials_are_not_sent_in_the_clear_after_https_nor_taken_up_again() {
    let check = |from: &str, route: &[&str], expected: bool| {
        let last = route.iter().fold(target(from), |target, location| {
            target
                .onwards(301, location)
                .unwrap_or_else(|fault| panic!("{fault:?}"))
        });
        assert_eq!(
            last.headers.contains_key("authorization"),
            expected,
            "{from} {route:?}"
        );
        assert_eq!(last.url.username() == "u", expected, "{from} {route:?}");
    };
    check("https://u:p@a.vn/", &["/b"], true);
    check("http://u:p@a.vn/", &["https://a.vn/"], true);
    check("https://u:p@a.vn/", &["https://rss.a.vn/"], true);
    check("https://u:p@a.vn/", &["http://a.vn/"], false);
    check("https://u:p@a.vn/", &["https://b.vn/"], false);
    check(
        "https://u:p@a.vn/",
        &["https://b.vn/", "https://a.vn/"],
        false,
    );
    check("https://u:p@a.com.vn/", &["https://b.com.vn/"], false);
}

#[tokio::test]
async fn retry_after_is_taken_over() {
    let origin = Origin::saying(&[
        "HTTP/1.1 429 Too Many Requests\r\nRetry-After: 120\r\nConnection: close\r\n\r\n",
        "HTTP/1.1 503 Service Unavailable\r\nRetry-After: Sun, 22 Nov 2026 02:30:00 GMT\r\n\
         Connection: close\r\n\r\n",
    ])
    .await;
    let fetcher = fetcher();
    for (status, secs) in [(429, 120), (503, 3600)] {
        let fault = failed(
            fetcher.fetch(job(origin.url("/"))).await,
            FaultKind::Throttled,
        );
        assert_eq!(fault.status, Some(status));
        assert_eq!(fault.retry_after, Some(Duration::from_secs(secs)));
    }
}

#[tokio::test]
async fn a_410_is_gone_wherever_it_is() {
    let gone = answer("410 Whatever", b"");
    let origin = Origin::with(|_| vec![redirect("/b"), Script::Say(gone)]).await;
    let fault = failed(
        fetcher().fetch(job(origin.url("/a"))).await,
        FaultKind::Gone,
    );
    assert_eq!(
        fault.detail,
        format!("HTTP 410 Gone from {}", origin.url("/b"))
    );
    assert_eq!(fault.status, Some(410));
}

#[tokio::test]
async fn half_a_head_times_out() {
    let origin = Origin::with(|_| vec![Script::Hang(b"HTTP/1.1 200 OK\r\nConte".into())]).await;
    let timeout = Duration::from_millis(200);
    let hasty = FetchJob {
        timeout,
        ..job(origin.url("/"))
    };
    let fault = failed(fetcher().fetch(hasty).await, FaultKind::Timeout);
    assert_eq!(fault.detail, "no answer within 200 ms");
    assert_eq!(fault.status, None);
}

#[tokio::test]
async fn half_a_body_times_out() {
    let half = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n<rss>";
    let origin = Origin::with(|_| vec![redirect("/b"), Script::Hang(half.into())]).await;
    let hasty = FetchJob {
        timeout: Duration::from_millis(500),
        ..job(origin.url("/"))
    };
    let fault = failed(fetcher().fetch(hasty).await, FaultKind::Timeout);
    assert_eq!(
        fault.detail,
        "the answer was not complete within 500 ms, after 5 bytes"
    );
    assert_eq!(fault.status, Some(200));
}

#[tokio::test]
async fn waiting_for_the_turn_costs_no_timeout() {
    let origin = Origin::with(|_| vec![redirect("/b"), Script::Say(answer("200 OK", b""))]).await;
    let mut fetcher = fetcher();
    let interval = Duration::from_millis(500);
    fetcher.politeness = Arc::new(Politeness::new(Limits {
        concurrency: 8,
        per_site: 1,
        interval,
    }));
    let hasty = FetchJob {
        timeout: interval * 9 / 10,
        ..job(origin.url("/"))
    };
    let began = Instant::now();
    fetched(fetcher.fetch(hasty).await);
    assert!(began.elapsed() >= interval, "the second hop waits as well");
}

#[tokio::test]
async fn a_refused_connection_is_named() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let url = format!("http://user:word@{address}/");
    let fault = failed(fetcher().fetch(job(url)).await, FaultKind::Unreachable);
    assert_eq!(fault.detail, format!("connection refused by {address}"));
}

#[tokio::test]
async fn what_is_not_http_is_unreachable() {
    let origin = Origin::saying(&["SSH-2.0-OpenSSH_9.7\r\n", "", "<html>\r\n\r\n"]).await;
    let fetcher = fetcher();
    let end = origin.address;
    for expected in [
        format!("{end} answered with something other than HTTP"),
        format!("{end} closed the connection before answering"),
        format!("{end} answered with something other than HTTP"),
    ] {
        let fault = failed(
            fetcher.fetch(job(origin.url("/"))).await,
            FaultKind::Unreachable,
        );
        assert_eq!(fault.detail, expected);
    }
}

#[tokio::test]
async fn https_to_a_plain_server_is_a_tls_fault() {
    let answer = b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec();
    let origin = Origin::with(|_| vec![Script::Hang(answer)]).await;
    let url = origin.url("/").replace("http:", "https:");
    let fault = failed(fetcher().fetch(job(url)).await, FaultKind::Unreachable);
    assert!(fault.detail.starts_with("TLS: "), "{}", fault.detail);
}

#[tokio::test]
async fn a_body_that_is_not_what_it_says_is_an_encoding_fault() {
    let cut = gzip(&[b'x'; 4096]);
    let cut = &cut[..cut.len() - 4];
    let bodies: [(&str, &[u8]); 4] = [
        ("gzip", b"<rss/>"),
        ("br", b"\xff\xff\xff"),
        ("zstd", b"<rss/>"),
        ("gzip", cut),
    ];
    for (coding, body) in bodies {
        let lie = answer(&format!("200 OK\r\nContent-Encoding: {coding}"), body);
        let origin = Origin::with(|_| vec![Script::Say(lie)]).await;
        let fault = failed(
            fetcher().fetch(job(origin.url("/"))).await,
            FaultKind::Encoding,
        );
        assert!(
            fault.detail.starts_with("the body does not decompress: "),
            "{}",
            fault.detail
        );
    }
    let origin = Origin::with(|_| {
        vec![Script::Say(answer(
            "200 OK\r\nContent-Encoding: X-Gzip",
            &gzip(b"<rss/>"),
        ))]
    })
    .await;
    let fault = failed(
        fetcher().fetch(job(origin.url("/"))).await,
        FaultKind::Encoding,
    );
    assert_eq!(
        fault.detail,
        "the body is compressed as \"x-gzip\", which was not asked for"
    );
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_no_encoding_fault() {
    let mut broken = answer("200 OK\r\nContent-Encoding: gzip", &gzip(&[b'x'; 4096]));
    broken.truncate(broken.len() - 4);
    let origin = Origin::with(|_| {
        vec![
            Script::Say(broken),
            say("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n"),
        ]
    })
    .await;
    let fetcher = fetcher();
    for _ in 0..2 {
        let fault = failed(
            fetcher.fetch(job(origin.url("/"))).await,
            FaultKind::Unreachable,
        );
        assert!(
            fault.detail.starts_with("the answer broke off: "),
            "{}",
            fault.detail
        );
    }
}

#[tokio::test]
async fn what_is_no_http_address_is_refused() {
    for (url, expected) in [
        (
            "a.vn/rss",
            "a.vn/rss is not an address: relative URL without a base",
        ),
        (
            "ftp://u:p@a.vn/",
            "ftp://a.vn/ is not an http or https address",
        ),
    ] {
        let fault = failed(fetcher().fetch(job(url)).await, FaultKind::Unreachable);
        assert_eq!(fault.detail, expected);
    }
}

#[tokio::test]
async fn a_proxy_is_asked_for_everything_but_private_literals() {
    let proxy = Origin::with(|_| vec![Script::Say(answer("200 OK", b"<rss/>"))]).await;
    let rules = FetcherRules {
        user_agent: "langbao/test".into(),
        allow_private: Vec::new(),
        proxy: Some(format!(
            "http://user:word@localhost:{}",
            proxy.address.port()
        )),
        per_host: 2,
        host_interval: Duration::ZERO,
        concurrency: 8,
    };
    let fetcher = HttpFetcher::new(rules, || Timestamp::EPOCH).unwrap();
    for url in ["http://127.0.0.1/", "http://localhost/"] {
        failed(fetcher.fetch(job(url)).await, FaultKind::PrivateAddress);
    }
    fetched(fetcher.fetch(job("http://a.vn/rss")).await);
    let request = proxy.request(0);
    assert!(
        request.starts_with("get http://a.vn/rss http/1.1"),
        "{request}"
    );
    assert!(request.contains("proxy-authorization: basic "), "{request}");
}

#[test]
fn other_addresses_allowed_are_no_reason_to_forget_manners() {
    let before = fetcher();
    let rules = |host_interval| FetcherRules {
        user_agent: "langbao/test".into(),
        allow_private: Vec::new(),
        proxy: None,
        per_host: 2,
        host_interval,
        concurrency: 8,
    };
    let same = before.renewed(rules(Duration::ZERO)).unwrap();
    assert!(Arc::ptr_eq(&before.politeness, &same.politeness));
    let slower = before.renewed(rules(Duration::MAX)).unwrap();
    assert!(!Arc::ptr_eq(&before.politeness, &slower.politeness));
    let as_slow = slower.renewed(rules(Duration::MAX)).unwrap();
    assert!(Arc::ptr_eq(&slower.politeness, &as_slow.politeness));
}

#[tokio::test(start_paused = true)]
async fn every_step_of_an_exchange_spends_of_one_timeout() {
    let mut budget = Budget::new(Duration::from_secs(30));
    let step = || tokio::time::sleep(Duration::from_secs(12));
    assert!(budget.spend(step()).await.is_some());
    assert!(budget.spend(step()).await.is_some());
    let began = Instant::now();
    assert!(budget.spend(step()).await.is_none());
    assert_eq!(began.elapsed().as_secs(), 6);
    assert_eq!(budget.left, Duration::ZERO);
}
