//! A newsroom's web server on loopback that says what a test has told it to say, and remembers who asked.

use std::collections::{HashMap, VecDeque};
use std::convert::Infallible;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::header::{CONTENT_TYPE, ETAG, HeaderMap, HeaderName, HeaderValue, IF_NONE_MATCH};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::Instant;

/// What the origin says once.
#[derive(Debug, Clone)]
pub struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
    /// A request that names the body's entity tag gets a 304.
    conditional: bool,
    /// The answer waits until the test lets it go.
    held: Option<Arc<Semaphore>>,
}

impl Answer {
    pub fn status(status: u16) -> Answer {
        Answer {
            status: StatusCode::from_u16(status).expect("a status"),
            headers: HeaderMap::new(),
            body: Bytes::new(),
            conditional: false,
            held: None,
        }
    }

    /// A feed without validators.
    pub fn feed(body: impl Into<Bytes>) -> Answer {
        Answer {
            body: body.into(),
            ..Answer::status(200)
        }
        .with("content-type", "application/rss+xml; charset=utf-8")
    }

    /// A feed with an entity tag, by which an unchanged one is told.
    pub fn tagged_feed(body: impl Into<Bytes>) -> Answer {
        Answer {
            conditional: true,
            ..Answer::feed(body)
        }
    }

    /// Only what is new (RFC 3229).
    pub fn delta(body: impl Into<Bytes>, tag: &str) -> Answer {
        let whole = Answer::feed(body);
        Answer {
            status: StatusCode::IM_USED,
            ..whole
        }
        .with("im", "feed")
        .with("etag", tag)
    }

    pub fn html(body: &str) -> Answer {
        Answer {
            body: Bytes::from(body.to_owned()),
            ..Answer::status(200)
        }
        .with("content-type", "text/html; charset=utf-8")
    }

    pub fn with(mut self, name: &'static str, value: &str) -> Answer {
        let value = HeaderValue::from_str(value).expect("a header's value");
        self.headers.insert(HeaderName::from_static(name), value);
        self
    }

    /// Is said only once `gate` has a permit for it.
    pub fn held_by(self, gate: &Arc<Semaphore>) -> Answer {
        Answer {
            held: Some(Arc::clone(gate)),
            ..self
        }
    }

    async fn say(self, asked: &HeaderMap) -> Response<Full<Bytes>> {
        if let Some(gate) = &self.held {
            gate.acquire().await.expect("never closed").forget();
        }
        let tag = format!("\"{}\"", &blake3::hash(&self.body).to_hex()[..16]);
        let fresh = asked.get(IF_NONE_MATCH).is_some_and(|known| *known == tag);
        let (status, body) = match self.conditional && fresh {
            true => (StatusCode::NOT_MODIFIED, Bytes::new()),
            false => (self.status, self.body),
        };
        let mut response = Response::new(Full::new(body));
        *response.status_mut() = status;
        *response.headers_mut() = self.headers;
        if self.conditional {
            let tag = HeaderValue::from_str(&tag).expect("hexadecimal");
            response.headers_mut().insert(ETAG, tag);
        }
        if status == StatusCode::NOT_MODIFIED {
            response.headers_mut().remove(CONTENT_TYPE);
        }
        response
    }
}

/// A request the origin got.
#[derive(Debug, Clone)]
pub struct Asked {
    pub headers: HeaderMap,
    pub at: Instant,
}

impl Asked {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

/// What is said at one path: the script line by line, then the standing answer again and again.
#[derive(Default)]
struct Route {
    script: VecDeque<Answer>,
    standing: Option<Answer>,
    asked: Vec<Asked>,
}

/// Answers until it is dropped.
pub struct Origin {
    address: SocketAddr,
    routes: Arc<Mutex<HashMap<String, Route>>>,
    serving: JoinHandle<()>,
}

impl Origin {
    pub async fn start() -> Origin {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .await
            .expect("a port of loopback");
        let address = listener.local_addr().expect("bound");
        let routes = Arc::default();
        let serving = tokio::spawn(serve(listener, Arc::clone(&routes)));
        Origin {
            address,
            routes,
            serving,
        }
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// From now on, whenever the script has ended.
    pub fn say(&self, path: &str, answer: Answer) {
        self.route(path, |route| route.standing = Some(answer));
    }

    /// Once, after what is in the script already.
    pub fn say_once(&self, path: &str, answer: Answer) {
        self.route(path, |route| route.script.push_back(answer));
    }

    pub fn asked(&self, path: &str) -> Vec<Asked> {
        self.route(path, |route| route.asked.clone())
    }

    fn route<T>(&self, path: &str, change: impl FnOnce(&mut Route) -> T) -> T {
        let mut routes = self.routes.lock().unwrap_or_else(PoisonError::into_inner);
        change(routes.entry(path.to_owned()).or_default())
    }
}

impl Drop for Origin {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn serve(listener: TcpListener, routes: Arc<Mutex<HashMap<String, Route>>>) {
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        connections.spawn(converse(stream, Arc::clone(&routes)));
    }
}

async fn converse(stream: TcpStream, routes: Arc<Mutex<HashMap<String, Route>>>) {
    let service = service_fn(|request: Request<Incoming>| {
        let answer = take_down(&routes, &request);
        async move { Ok::<_, Infallible>(answer.say(request.headers()).await) }
    });
    // A client that goes away in the middle is its own affair.
    let _ = http1::Builder::new()
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

fn take_down(routes: &Mutex<HashMap<String, Route>>, request: &Request<Incoming>) -> Answer {
    let mut routes = routes.lock().unwrap_or_else(PoisonError::into_inner);
    let route = routes.entry(request.uri().path().to_owned()).or_default();
    route.asked.push(Asked {
        headers: request.headers().clone(),
        at: Instant::now(),
    });
    let standing = || route.standing.clone();
    route
        .script
        .pop_front()
        .or_else(standing)
        .unwrap_or_else(|| Answer::status(404))
}
