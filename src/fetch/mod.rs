//! Asks sources: one job in, one outcome out.
//!
//! `HttpFetcher` is the real one; tests and the demo bring their own `Fetcher`. This module owns the
//! client, the resolver, the refusal of private addresses, the manners towards other people's hosts and
//! the wording of what goes wrong. It decides nothing about when to ask or what an answer means: failure
//! is data for the schedule, never a Rust error.

mod answer;
mod client;
mod dns;
mod fault;
mod http;
mod nameserver;
mod politeness;
pub mod private;
mod resolve;
mod robots;

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use ipnet::IpNet;

use crate::core::model::{FetchJob, FetchOutcome};

pub use fault::redact;
pub use http::HttpFetcher;

/// One exchange with a source.
pub trait Fetcher: Send + Sync + 'static {
    fn fetch(&self, job: FetchJob) -> impl Future<Output = FetchOutcome> + Send;
}

impl<F: Fetcher> Fetcher for Arc<F> {
    fn fetch(&self, job: FetchJob) -> impl Future<Output = FetchOutcome> + Send {
        F::fetch(self, job)
    }
}

/// What holds for every source alike: the `[fetch]` part of the configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FetcherRules {
    pub user_agent: String,
    /// Blocks that may be fetched from although they are not public.
    pub allow_private: Vec<IpNet>,
    /// An http(s) proxy for everything. Names are then looked up by the proxy, which has to keep private
    /// addresses away itself; address literals and `localhost` are still checked here.
    pub proxy: Option<String>,
    /// In flight at once to one registrable domain; at least 1.
    pub per_host: usize,
    /// Between the starts of two requests to one registrable domain; bounded to an hour.
    pub host_interval: Duration,
    /// In flight at once altogether; at least 1.
    pub concurrency: usize,
}

/// Why no fetcher can be made of these rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FetcherError {
    UserAgent { user_agent: String },
    Proxy { proxy: String, cause: String },
    Client { cause: String },
}

impl fmt::Display for FetcherError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FetcherError::UserAgent { user_agent } => write!(
                f,
                "fetch.user_agent {user_agent:?} cannot be sent in a header: use visible ASCII"
            ),
            FetcherError::Proxy { proxy, cause } => {
                write!(f, "fetch.proxy {proxy:?} cannot be used: {cause}")
            }
            FetcherError::Client { cause } => write!(f, "cannot make an http client: {cause}"),
        }
    }
}

impl std::error::Error for FetcherError {}
