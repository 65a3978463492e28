//! The exchange with one source: request, redirects, body.
//!
//! Redirects are followed here and not by the client, since every hop has to be judged: whether its
//! address is permitted, whether it may be told the source's credentials, whether its host has time for
//! us. Time spent waiting for one's turn does not count towards the job's timeout.

use std::collections::HashSet;
use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use reqwest::Response;
use reqwest::header::{
    ACCEPT, ACCEPT_LANGUAGE, HeaderMap, HeaderName, HeaderValue, IF_MODIFIED_SINCE, IF_NONE_MATCH,
    USER_AGENT,
};
use tokio::time::Instant;
use url::Url;

use super::answer::{self, Meaning};
use super::client::Clients;
use super::fault::{self, Peer};
use super::politeness::{Limits, Politeness, Site};
use super::private::AddressRules;
use super::robots::RobotsBook;
use super::{Fetcher, FetcherError, FetcherRules};
use crate::core::model::{
    FaultKind, FetchFault, FetchJob, FetchOutcome, Fetched, Timestamp, Validators, Wanted,
};

const REDIRECTS_MAX: usize = 10;
/// What is set aside for a body before its first byte, however long it claims to be.
const BODY_BYTES_FIRST: u64 = 64 * 1024;
const FEED_ACCEPTED: &str = "application/atom+xml, application/rss+xml, application/feed+json;q=0.9, \
                        application/rdf+xml;q=0.9, application/xml;q=0.8, text/xml;q=0.8, \
                        text/html;q=0.5, */*;q=0.1";
const PAGE_ACCEPTED: &str =
    "text/html, application/xhtml+xml;q=0.9, application/xml;q=0.8, */*;q=0.1";
const SITEMAP_ACCEPTED: &str = "application/xml, text/xml;q=0.9, */*;q=0.1";
const ROBOTS_ACCEPTED: &str = "text/plain, */*;q=0.1";
/// RFC 3229 section 10.5.3: what else than the whole is welcome.
const A_IM: HeaderName = HeaderName::from_static("a-im");
/// The headers of a job that say nothing about who asks; the others stay with the site they are for.
const HARMLESS: [HeaderName; 3] = [ACCEPT, ACCEPT_LANGUAGE, USER_AGENT];

/// Asks over HTTP.
///
/// `Fetched::url` is without credentials; after a 304 the validators are those to send next time, whether
/// the source repeated them or not.
pub struct HttpFetcher {
    clients: Clients,
    addresses: Arc<AddressRules>,
    politeness: Arc<Politeness>,
    robots: Arc<RobotsBook>,
    now: Arc<dyn Fn() -> Timestamp + Send + Sync>,
}

impl HttpFetcher {
    /// `now` is asked only for what a source states as a date: Retry-After and Expires.
    pub fn new(
        rules: FetcherRules,
        now: impl Fn() -> Timestamp + Send + Sync + 'static,
    ) -> Result<HttpFetcher, FetcherError> {
        let limits = Limits::of(&rules);
        let robots = Arc::new(RobotsBook::new(&rules.user_agent));
        HttpFetcher::with_politeness(
            rules,
            Arc::new(Politeness::new(limits)),
            robots,
            Arc::new(now),
        )
    }

    /// A fetcher by changed rules that remembers whom this one has just asked.
    pub fn renewed(&self, rules: FetcherRules) -> Result<HttpFetcher, FetcherError> {
        let limits = Limits::of(&rules);
        let politeness = if limits == self.politeness.limits() {
            Arc::clone(&self.politeness)
        } else {
            Arc::new(self.politeness.renewed(limits))
        };
        let robots = match self.robots.is_for(&rules.user_agent) {
            true => Arc::clone(&self.robots),
            false => Arc::new(RobotsBook::new(&rules.user_agent)),
        };
        HttpFetcher::with_politeness(rules, politeness, robots, Arc::clone(&self.now))
    }

    fn with_politeness(
        rules: FetcherRules,
        politeness: Arc<Politeness>,
        robots: Arc<RobotsBook>,
        now: Arc<dyn Fn() -> Timestamp + Send + Sync>,
    ) -> Result<HttpFetcher, FetcherError> {
        let addresses = Arc::new(AddressRules::new(rules.allow_private.clone()));
        Ok(HttpFetcher {
            clients: Clients::new(&rules, Arc::clone(&addresses))?,
            addresses,
            politeness,
            robots,
            now,
        })
    }
}

impl fmt::Debug for HttpFetcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpFetcher").finish_non_exhaustive()
    }
}

impl Fetcher for HttpFetcher {
    async fn fetch(&self, job: FetchJob) -> FetchOutcome {
        self.exchange(&job)
            .await
            .unwrap_or_else(FetchOutcome::Failed)
    }
}

/// Where one request of an exchange led.
enum Hop {
    Arrived(FetchOutcome),
    Onwards { status: u16, location: String },
}

impl HttpFetcher {
    async fn exchange(&self, job: &FetchJob) -> Result<FetchOutcome, FetchFault> {
        let mut target = Target::first(job)?;
        let mut budget = Budget::new(job.timeout);
        let mut seen = HashSet::new();
        loop {
            self.check_address(&target.url)?;
            seen.insert(without_fragment(&target.url));
            if job.wanted.obeys_robots() {
                self.ask_robots(job, &target.url).await?;
            }
            let slot = self.politeness.enter(&Site::of(&target.url)).await;
            let hop = self.hop(job, &target, &mut budget).await?;
            drop(slot);
            let (status, location) = match hop {
                Hop::Arrived(outcome) => return Ok(outcome),
                Hop::Onwards { status, location } => (status, location),
            };
            target = target
                .onwards(status, &location)
                .and_then(|next| check_route(next, &seen))
                .map_err(|fault| with_status(fault, status))?;
        }
    }

    fn check_address(&self, url: &Url) -> Result<(), FetchFault> {
        self.addresses.check_literal(url)?;
        if self.clients.proxy().is_some() {
            self.addresses.check_loopback_name(url)?;
        }
        Ok(())
    }

    /// Whether robots.txt lets `url` be fetched; asked once a day for each origin.
    async fn ask_robots(&self, job: &FetchJob, url: &Url) -> Result<(), FetchFault> {
        let read = |address: Url| {
            let job = FetchJob {
                wanted: Wanted::Robots,
                url: address.into(),
                validators: Validators::default(),
                // What a source is told is not for a file that everybody may read.
                headers: Vec::new(),
                ..job.clone()
            };
            // Boxed, since this is an exchange within an exchange; that one asks for no robots.txt.
            Box::pin(async move { self.exchange(&job).await })
        };
        let delay = self.robots.permit(url, read).await?;
        if let Some(delay) = delay {
            self.politeness.slow_down(&Site::of(url), delay);
        }
        Ok(())
    }

    async fn hop(
        &self,
        job: &FetchJob,
        target: &Target,
        budget: &mut Budget,
    ) -> Result<Hop, FetchFault> {
        let peer = Peer::of(&target.url, self.clients.proxy());
        let mut response = budget
            .spend(self.ask(target, &peer))
            .await
            .unwrap_or_else(|| Err(fault::no_answer(job.timeout)))?;
        let (status, headers) = (response.status(), response.headers());
        let is_conditional = target.is_conditional();
        match answer::meaning(status, headers, is_conditional, (self.now)()) {
            Meaning::Redirect(location) => Ok(Hop::Onwards {
                status: status.as_u16(),
                location,
            }),
            Meaning::Fault(fault) => Err(target.where_it_was(fault)),
            Meaning::NotModified => Ok(Hop::Arrived(FetchOutcome::NotModified {
                validators: answer::validators_confirmed(headers, &job.validators),
                freshness: answer::freshness(headers, (self.now)()),
                moved_to: target.moved_to(),
            })),
            Meaning::Body => {
                let body = read_body(&mut response, job, &peer, budget)
                    .await
                    .map_err(|fault| with_status(fault, status.as_u16()))?;
                Ok(Hop::Arrived(FetchOutcome::Fetched(
                    self.fetched(&response, target, body),
                )))
            }
        }
    }

    async fn ask(&self, target: &Target, peer: &Peer) -> Result<Response, FetchFault> {
        let client = self.clients.of(&target.url).await?;
        client
            .get(target.url.clone())
            .headers(target.headers.clone())
            .send()
            .await
            .map_err(|err| fault::of_request(&err.without_url(), peer))
    }

    fn fetched(&self, response: &Response, target: &Target, body: Bytes) -> Fetched {
        let headers = response.headers();
        let mut url = target.url.clone();
        set_credentials(&mut url, "", None);
        Fetched {
            status: response.status().as_u16(),
            url: url.into(),
            content_type: answer::content_type(headers),
            body,
            validators: answer::validators(headers),
            freshness: answer::freshness(headers, (self.now)()),
            moved_to: target.moved_to(),
        }
    }
}

async fn read_body(
    response: &mut Response,
    job: &FetchJob,
    peer: &Peer,
    budget: &mut Budget,
) -> Result<Bytes, FetchFault> {
    let bytes_max = job.body_bytes_max;
    if let Some(coding) = answer::foreign_coding(response.headers()) {
        let detail = format!("the body is compressed as {coding:?}, which was not asked for");
        return Err(fault::fault(FaultKind::Encoding, &detail));
    }
    let declared = answer::declared_length(response.headers());
    if let Some(bytes) = declared.filter(|bytes| *bytes > bytes_max) {
        return Err(fault::declared_too_large(bytes, bytes_max));
    }
    let first = declared.unwrap_or(0).min(BODY_BYTES_FIRST);
    let mut body = Vec::with_capacity(usize::try_from(first).unwrap_or(0));
    loop {
        let chunk = budget
            .spend(response.chunk())
            .await
            .ok_or_else(|| fault::answer_unfinished(job.timeout, body.len()))?
            .map_err(|err| fault::of_body(&err.without_url(), peer))?;
        let Some(chunk) = chunk else {
            return Ok(Bytes::from(body));
        };
        let bytes = body.len().saturating_add(chunk.len());
        if u64::try_from(bytes).unwrap_or(u64::MAX) > bytes_max {
            return Err(fault::too_large(bytes_max));
        }
        body.extend_from_slice(&chunk);
    }
}

/// One request: where it goes and what it says.
struct Target {
    url: Url,
    headers: HeaderMap,
    /// Those of `headers` that must not leave the site.
    private: Vec<HeaderName>,
    is_redirected: bool,
    /// Whether every redirect so far was for good.
    is_permanent: bool,
}

impl Target {
    fn first(job: &FetchJob) -> Result<Target, FetchFault> {
        let url = Url::parse(&job.url).map_err(|err| {
            let detail = format!("{} is not an address: {err}", job.url);
            fault::fault(FaultKind::Unreachable, &detail)
        })?;
        if !is_http(&url) {
            let detail = format!("{url} is not an http or https address");
            return Err(fault::fault(FaultKind::Unreachable, &detail));
        }
        let mut headers = own_headers(job.wanted, &job.validators);
        let configured = configured_headers(job);
        for name in configured.keys() {
            headers.remove(name);
        }
        let private = configured
            .keys()
            .filter(|name| !HARMLESS.contains(name))
            .cloned()
            .collect();
        for (name, value) in &configured {
            headers.append(name, value.clone());
        }
        Ok(Target {
            url,
            headers,
            private,
            is_redirected: false,
            is_permanent: true,
        })
    }

    fn is_conditional(&self) -> bool {
        is_conditional(&self.headers)
    }

    /// The request a redirect asks for. Credentials go along within the site and never in the clear after
    /// having been encrypted; once left behind they are not taken up again, since whoever sent us away
    /// would choose what they are used for.
    fn onwards(mut self, status: u16, location: &str) -> Result<Target, FetchFault> {
        let redirect = |detail: &str| fault::fault(FaultKind::Redirect, detail);
        let mut url = self
            .url
            .join(location)
            .map_err(|err| redirect(&format!("redirected to {location:?}: {err}")))?;
        if !is_http(&url) {
            return Err(redirect(&format!(
                "redirected to {url}, neither http nor https"
            )));
        }
        if url.fragment().is_none() {
            // RFC 9110 section 10.2.2.
            url.set_fragment(self.url.fragment());
        }
        let is_downgraded = self.url.scheme() == "https" && url.scheme() == "http";
        if Site::of(&url) != Site::of(&self.url) || is_downgraded {
            set_credentials(&mut url, "", None);
            for name in self.private.drain(..) {
                self.headers.remove(name);
            }
        } else if url.username().is_empty() && url.password().is_none() {
            set_credentials(&mut url, self.url.username(), self.url.password());
        }
        Ok(Target {
            url,
            is_redirected: true,
            is_permanent: self.is_permanent && matches!(status, 301 | 308),
            ..self
        })
    }

    /// Where the source has moved to for good; without credentials.
    fn moved_to(&self) -> Option<String> {
        let mut url = self.url.clone();
        set_credentials(&mut url, "", None);
        (self.is_redirected && self.is_permanent).then(|| url.into())
    }

    /// Names the address that answered when it is not the one that was asked for.
    fn where_it_was(&self, mut fault: FetchFault) -> FetchFault {
        if self.is_redirected {
            fault.detail = fault::clause(&format!("{} from {}", fault.detail, self.url));
        }
        fault
    }
}

fn own_headers(wanted: Wanted, validators: &Validators) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let accepted = match wanted {
        Wanted::Feed => FEED_ACCEPTED,
        Wanted::Page | Wanted::Article => PAGE_ACCEPTED,
        Wanted::Sitemap => SITEMAP_ACCEPTED,
        Wanted::Robots => ROBOTS_ACCEPTED,
    };
    headers.insert(ACCEPT, HeaderValue::from_static(accepted));
    let conditions = [
        (IF_NONE_MATCH, &validators.etag),
        (IF_MODIFIED_SINCE, &validators.last_modified),
    ];
    for (name, value) in conditions {
        if let Some(Ok(value)) = value.as_deref().map(HeaderValue::from_str) {
            headers.insert(name, value);
        }
    }
    // New is what came since the answer that the validators are of.
    if wanted == Wanted::Feed && is_conditional(&headers) {
        headers.insert(A_IM, HeaderValue::from_static("feed"));
    }
    headers
}

fn is_conditional(headers: &HeaderMap) -> bool {
    headers.contains_key(IF_NONE_MATCH) || headers.contains_key(IF_MODIFIED_SINCE)
}

/// Checked when the configuration was read; what still cannot be sent is left out.
fn configured_headers(job: &FetchJob) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in &job.headers {
        let name = HeaderName::from_bytes(name.as_bytes());
        if let (Ok(name), Ok(mut value)) = (name, HeaderValue::from_str(value)) {
            value.set_sensitive(!HARMLESS.contains(&name));
            headers.append(name, value);
        }
    }
    headers
}

fn check_route(next: Target, seen: &HashSet<String>) -> Result<Target, FetchFault> {
    if seen.contains(&without_fragment(&next.url)) {
        let detail = format!("redirected in a circle to {}", next.url);
        return Err(fault::fault(FaultKind::Redirect, &detail));
    }
    if seen.len() > REDIRECTS_MAX {
        let detail = format!(
            "more than {REDIRECTS_MAX} redirects, the last to {}",
            next.url
        );
        return Err(fault::fault(FaultKind::Redirect, &detail));
    }
    Ok(next)
}

fn is_http(url: &Url) -> bool {
    matches!(url.scheme(), "http" | "https")
}

fn without_fragment(url: &Url) -> String {
    let mut url = url.clone();
    url.set_fragment(None);
    url.into()
}

fn set_credentials(url: &mut Url, username: &str, password: Option<&str>) {
    // Only an address without a host takes none, and http always has one.
    let _ = url.set_username(username);
    let _ = url.set_password(password);
}

fn with_status(mut fault: FetchFault, status: u16) -> FetchFault {
    fault.status = fault.status.or(Some(status));
    fault
}

/// What is left of a job's timeout.
struct Budget {
    left: Duration,
}

impl Budget {
    fn new(timeout: Duration) -> Budget {
        Budget { left: timeout }
    }

    /// None when the time is over first.
    async fn spend<T>(&mut self, step: impl Future<Output = T>) -> Option<T> {
        let began = Instant::now();
        let done = tokio::time::timeout(self.left, step).await.ok();
        self.left = self.left.saturating_sub(began.elapsed());
        done
    }
}

#[cfg(test)]
mod tests;
