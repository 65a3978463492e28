//! What robots.txt lets us fetch (RFC 9309), asked once a day for each origin.
//!
//! A file that is not there forbids nothing; one that cannot be had forbids everything until it can, and is asked
//! for again sooner. Whoever needs a file that another request is just reading waits for that one.

use std::collections::HashMap;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;
use url::Url;

use super::fault;
use crate::core::model::{FaultKind, FetchFault, FetchOutcome};
use crate::core::parse::robots::Robots;

/// RFC 9309 section 2.4.
const KEPT_FOR: Duration = Duration::from_secs(86_400);

/// What could not be read is asked for again after this.
const RETRIED_AFTER: Duration = Duration::from_secs(600);

/// Origins that are remembered.
const ORIGINS_MAX: usize = 20_000;

#[derive(Debug)]
pub struct RobotsBook {
    user_agent: String,
    origins: Mutex<HashMap<String, Arc<Origin>>>,
}

#[derive(Debug, Default)]
struct Origin {
    /// Held while the file is read.
    said: tokio::sync::Mutex<Option<Said>>,
}

#[derive(Debug, Clone)]
struct Said {
    until: Instant,
    verdict: Verdict,
}

#[derive(Debug, Clone)]
enum Verdict {
    Rules(Arc<Robots>),
    /// Why it could not be read.
    Unknown(Box<FetchFault>),
}

impl RobotsBook {
    /// `user_agent` as it is sent: its product token is what rules are looked up by.
    pub fn new(user_agent: &str) -> RobotsBook {
        RobotsBook {
            user_agent: user_agent.to_owned(),
            origins: Mutex::default(),
        }
    }

    pub fn is_for(&self, user_agent: &str) -> bool {
        self.user_agent == user_agent
    }

    /// Whether `url` may be fetched, and how long the site asks to wait between two requests; `read` asks for an
    /// address of robots.txt.
    ///
    /// # Errors
    /// When it may not, or when the file could not be had.
    pub async fn permit<F>(
        &self,
        url: &Url,
        read: impl FnOnce(Url) -> F,
    ) -> Result<Option<Duration>, FetchFault>
    where
        F: Future<Output = Result<FetchOutcome, FetchFault>>,
    {
        let origin = self.origin(url);
        let mut said = origin.said.lock().await;
        let now = Instant::now();
        let verdict = match said.as_ref().filter(|said| now < said.until) {
            Some(said) => said.verdict.clone(),
            None => {
                let fresh = Said::of(read(address(url)).await);
                let verdict = fresh.verdict.clone();
                *said = Some(fresh);
                verdict
            }
        };
        drop(said);
        match verdict {
            Verdict::Rules(robots) => {
                let path = &url[url::Position::BeforePath..url::Position::AfterQuery];
                if robots.allows(&self.user_agent, path) {
                    Ok(robots.crawl_delay(&self.user_agent))
                } else {
                    Err(refused(url))
                }
            }
            Verdict::Unknown(fault) => Err(unknown(url, &fault)),
        }
    }

    fn origin(&self, url: &Url) -> Arc<Origin> {
        let key = url.origin().ascii_serialization();
        let mut origins = self.origins.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(origin) = origins.get(&key) {
            return Arc::clone(origin);
        }
        if origins.len() >= ORIGINS_MAX {
            let now = Instant::now();
            origins.retain(|_, origin| {
                let is_used = Arc::strong_count(origin) > 1;
                let is_fresh = || {
                    let said = origin.said.try_lock();
                    said.is_ok_and(|said| said.as_ref().is_some_and(|said| now < said.until))
                };
                is_used || is_fresh()
            });
        }
        if origins.len() >= ORIGINS_MAX {
            // All of them fresh: asking some once more is cheaper than remembering without a bound.
            origins.retain(|_, origin| Arc::strong_count(origin) > 1);
        }
        let origin = Arc::<Origin>::default();
        origins.insert(key, Arc::clone(&origin));
        origin
    }
}

impl Said {
    fn of(outcome: Result<FetchOutcome, FetchFault>) -> Said {
        let now = Instant::now();
        let kept = |robots| Said {
            until: now + KEPT_FOR,
            verdict: Verdict::Rules(Arc::new(robots)),
        };
        let fault = match outcome {
            Ok(FetchOutcome::Fetched(fetched)) => {
                return kept(Robots::parse(&String::from_utf8_lossy(&fetched.body)));
            }
            // Nothing was asked on a condition.
            Ok(FetchOutcome::NotModified { .. }) => return kept(Robots::default()),
            Ok(FetchOutcome::Failed(fault)) | Err(fault) => fault,
        };
        // RFC 9309 section 2.3.1.3: what is not there forbids nothing.
        let is_missing = fault
            .status
            .is_some_and(|status| (400..500).contains(&status) && status != 429);
        if is_missing && fault.kind != FaultKind::TooLarge {
            return kept(Robots::default());
        }
        Said {
            until: now + fault.retry_after.unwrap_or(RETRIED_AFTER).min(KEPT_FOR),
            verdict: Verdict::Unknown(Box::new(fault)),
        }
    }
}

fn address(url: &Url) -> Url {
    let mut address = url.clone();
    // Only an address without a host takes none, and http always has one.
    let _ = address.set_username("");
    let _ = address.set_password(None);
    address.set_path("/robots.txt");
    address.set_query(None);
    address.set_fragment(None);
    address
}

fn host(url: &Url) -> &str {
    url.host_str().unwrap_or("")
}

fn refused(url: &Url) -> FetchFault {
    fault::fault(
        FaultKind::Robots,
        &format!(
            "robots: {}/robots.txt does not let langbao fetch {}; ask the newsroom, or read its feed instead",
            host(url),
            url.path()
        ),
    )
}

/// RFC 9309 section 2.3.1.4.
fn unknown(url: &Url, cause: &FetchFault) -> FetchFault {
    FetchFault {
        status: cause.status,
        retry_after: cause.retry_after,
        ..fault::fault(
            // Where nobody answered at all, that is what is wrong.
            match cause.status {
                None => cause.kind,
                Some(_) => FaultKind::Robots,
            },
            &format!(
                "{}/robots.txt could not be read, and until it can nothing is fetched there: {}",
                host(url),
                cause.detail
            ),
        )
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use bytes::Bytes;

    use super::*;
    use crate::core::model::{Fetched, Freshness, Validators};

    fn text(body: &str) -> Result<FetchOutcome, FetchFault> {
        Ok(FetchOutcome::Fetched(Fetched {
            status: 200,
            url: "https://a.vn/robots.txt".into(),
            content_type: None,
            body: Bytes::copy_from_slice(body.as_bytes()),
            validators: Validators::default(),
            freshness: Freshness::default(),
            moved_to: None,
        }))
    }

    fn status(status: u16) -> Result<FetchOutcome, FetchFault> {
        Err(FetchFault {
            status: Some(status),
            ..FetchFault::new(FaultKind::Status, format!("{status}"))
        })
    }

    fn url(raw: &str) -> Url {
        Url::parse(raw).expect("an address")
    }

    async fn permitted(
        book: &RobotsBook,
        raw: &str,
        answer: Result<FetchOutcome, FetchFault>,
    ) -> Result<Option<Duration>, FaultKind> {
        let permit = book.permit(&url(raw), |_| async { answer }).await;
        permit.map_err(|fault| fault.kind)
    }

    #[tokio::test]
    async fn what_is_missing_forbids_nothing_and_what_fails_everything() {
        let rules = "User-agent: langbao\nDisallow: /rieng/\nCrawl-delay: 2\n";
        let two = Some(Duration::from_secs(2));
        for (answer, path, expected) in [
            (text(rules), "/tin/1.html", Ok(two)),
            (text(rules), "/rieng/1.html", Err(FaultKind::Robots)),
            (
                text("User-agent: *\nDisallow: /*?in=\n"),
                "/tin?in=1",
                Err(FaultKind::Robots),
            ),
            (text("<html>not found</html>"), "/tin", Ok(None)),
            (status(404), "/tin", Ok(None)),
            (status(403), "/tin", Ok(None)),
            (status(429), "/tin", Err(FaultKind::Robots)),
            (status(503), "/tin", Err(FaultKind::Robots)),
            (
                Err(FetchFault::new(FaultKind::Unreachable, "refused")),
                "/tin",
                Err(FaultKind::Unreachable),
            ),
            (
                Err(FetchFault::new(FaultKind::PrivateAddress, "private")),
                "/tin",
                Err(FaultKind::PrivateAddress),
            ),
        ] {
            let book = RobotsBook::new("langbao/1.0 (+https://tin.vn/)");
            let shown = format!("{answer:?}");
            let found = permitted(&book, &format!("https://a.vn{path}"), answer).await;
            assert_eq!(found, expected, "{path} under {shown}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn each_origin_is_asked_once_a_day_and_sooner_after_a_failure() {
        let book = RobotsBook::new("langbao");
        let asked = AtomicUsize::new(0);
        let ask = async |raw: &str, answer: Result<FetchOutcome, FetchFault>| {
            let read = |address: Url| {
                assert_eq!(address.path(), "/robots.txt");
                asked.fetch_add(1, Ordering::Relaxed);
                async { answer }
            };
            let _ = book.permit(&url(raw), read).await;
            asked.load(Ordering::Relaxed)
        };
        assert_eq!(ask("https://u:p@a.vn/x?y", text("")).await, 1);
        assert_eq!(ask("https://a.vn/z", text("")).await, 1);
        assert_eq!(ask("http://a.vn/z", text("")).await, 2);
        assert_eq!(ask("https://b.vn/z", status(500)).await, 3);
        tokio::time::advance(RETRIED_AFTER).await;
        assert_eq!(ask("https://b.vn/z", text("")).await, 4);
        assert_eq!(ask("https://a.vn/z", text("")).await, 4);
        tokio::time::advance(KEPT_FOR).await;
        assert_eq!(ask("https://a.vn/z", text("")).await, 5);
    }

    #[test]
    fn origins_are_forgotten_before_they_are_too_many() {
        let book = RobotsBook::new("langbao");
        for n in 0..ORIGINS_MAX + 10 {
            book.origin(&url(&format!("https://a{n}.vn/")));
        }
        let kept = book.origins.lock().expect("no panic").len();
        assert!(kept <= ORIGINS_MAX, "{kept}");
    }
}
