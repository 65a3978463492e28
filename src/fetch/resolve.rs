//! Looks names up, and lets only permitted addresses through.
//!
//! The addresses that pass are those the connection is made to, so a name cannot be public when it is
//! checked and private when it is used. Address literals never come here: `private` checks them.

use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use tokio::sync::Semaphore;

use super::private::AddressRules;

/// Of one name; the rest are not tried.
const ADDRESSES_MAX: usize = 16;

/// Why a name leads nowhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ResolveError {
    NoSuchHost { host: String },
    Private { host: String, address: IpAddr },
    Failed { host: String, cause: String },
}

impl fmt::Display for ResolveError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ResolveError::NoSuchHost { host } => write!(f, "cannot resolve {host}: no such host"),
            ResolveError::Private { host, address } => {
                write!(f, "{host} is at {address}, which is not public")
            }
            ResolveError::Failed { host, cause } => write!(f, "cannot resolve {host}: {cause}"),
        }
    }
}

impl std::error::Error for ResolveError {}

/// The system's resolver behind `AddressRules`.
#[derive(Debug, Clone)]
pub struct PublicResolver {
    rules: Arc<AddressRules>,
    /// A lookup occupies a thread until the system gives up, also when nobody waits for it any more.
    lookups: Arc<Semaphore>,
    /// The administrator's own proxy, which may well be private.
    proxy_host: Option<String>,
}

impl PublicResolver {
    pub fn new(
        rules: Arc<AddressRules>,
        lookups_max: usize,
        proxy_host: Option<String>,
    ) -> PublicResolver {
        PublicResolver {
            rules,
            lookups: Arc::new(Semaphore::new(lookups_max.clamp(1, Semaphore::MAX_PERMITS))),
            proxy_host,
        }
    }

    async fn look_up(self, host: String) -> Result<Vec<SocketAddr>, ResolveError> {
        let permit = self
            .lookups
            .acquire_owned()
            .await
            .expect("this semaphore is never closed");
        let name = host.clone();
        let lookup = tokio::spawn(async move {
            let _permit = permit;
            let found = tokio::net::lookup_host((name, 0)).await?;
            Ok::<Vec<SocketAddr>, io::Error>(found.collect())
        });
        let found = lookup
            .await
            .unwrap_or_else(|stopped| Err(io::Error::other(stopped)))
            .map_err(|err| lookup_error(&host, &err))?;
        if self.proxy_host.as_deref() == Some(host.as_str()) {
            return Ok(found);
        }
        admit(&host, found, &self.rules)
    }
}

impl Resolve for PublicResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let looking_up = self.clone().look_up(name.as_str().to_owned());
        Box::pin(async move {
            let found = looking_up.await?;
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

/// The permitted ones of the addresses a name has; an error when none is left.
fn admit(
    host: &str,
    found: Vec<SocketAddr>,
    rules: &AddressRules,
) -> Result<Vec<SocketAddr>, ResolveError> {
    let refused = found
        .iter()
        .map(SocketAddr::ip)
        .find(|ip| !rules.permit(*ip));
    let permitted: Vec<SocketAddr> = found
        .into_iter()
        .filter(|address| rules.permit(address.ip()))
        .take(ADDRESSES_MAX)
        .collect();
    match refused {
        _ if !permitted.is_empty() => Ok(permitted),
        Some(address) => Err(ResolveError::Private {
            host: host.to_owned(),
            address,
        }),
        None => Err(ResolveError::NoSuchHost {
            host: host.to_owned(),
        }),
    }
}

/// The standard library gives no kind for what getaddrinfo says, only its words.
fn lookup_error(host: &str, err: &io::Error) -> ResolveError {
    const NO_SUCH_HOST: [&str; 5] = [
        "name or service not known",
        "no address associated with hostname",
        "name does not resolve",
        "nodename nor servname provided",
        "no such host",
    ];
    let text = err.to_string().to_lowercase();
    let host = host.to_owned();
    if NO_SUCH_HOST.iter().any(|words| text.contains(words)) {
        return ResolveError::NoSuchHost { host };
    }
    let cause = text
        .trim_start_matches("failed to lookup address information: ")
        .to_owned();
    ResolveError::Failed { host, cause }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addresses(ips: &[&str]) -> Vec<SocketAddr> {
        ips.iter()
            .map(|ip| SocketAddr::new(ip.parse().unwrap(), 0))
            .collect()
    }

    #[track_caller]
    fn check(found: &[&str], expected: Result<&[&str], ResolveError>) {
        let rules = AddressRules::new(vec!["10.1.0.0/16".parse().unwrap()]);
        let admitted = admit("a.vn", addresses(found), &rules);
        assert_eq!(admitted, expected.map(addresses), "{found:?}");
    }

    fn private(ip: &str) -> ResolveError {
        ResolveError::Private {
            host: "a.vn".into(),
            address: ip.parse().unwrap(),
        }
    }

    #[test]
    fn only_permitted_addresses_of_a_name_are_used() {
        check(
            &["8.8.8.8", "::1", "2606:4700::1"],
            Ok(&["8.8.8.8", "2606:4700::1"]),
        );
        check(&["10.0.0.1", "10.1.0.1"], Ok(&["10.1.0.1"]));
    }

    #[test]
    fn a_name_with_only_private_addresses_is_refused() {
        check(&["127.0.0.1", "::1"], Err(private("127.0.0.1")));
        check(&["::ffff:192.168.1.1"], Err(private("::ffff:192.168.1.1")));
    }

    #[test]
    fn a_name_without_addresses_is_no_host() {
        check(
            &[],
            Err(ResolveError::NoSuchHost {
                host: "a.vn".into(),
            }),
        );
    }

    #[test]
    fn a_name_with_very_many_addresses_gives_some() {
        let many: Vec<String> = (1..=200).map(|no| format!("8.8.8.{no}")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        check(&many, Ok(&many[..ADDRESSES_MAX]));
    }

    #[track_caller]
    fn check_words(system: &str, expected: &str) {
        let err = io::Error::other(format!("failed to lookup address information: {system}"));
        assert_eq!(lookup_error("a.vn", &err).to_string(), expected);
    }

    #[test]
    fn what_the_system_says_becomes_one_clause() {
        check_words(
            "Name or service not known",
            "cannot resolve a.vn: no such host",
        );
        check_words(
            "No address associated with hostname",
            "cannot resolve a.vn: no such host",
        );
        check_words(
            "Temporary failure in name resolution",
            "cannot resolve a.vn: temporary failure in name resolution",
        );
    }

    #[tokio::test]
    async fn localhost_is_refused_unless_loopback_is_allowed() {
        let loopback = ["127.0.0.0/8", "::1/128"].map(|net| net.parse().unwrap());
        let lenient = Arc::new(AddressRules::new(loopback.to_vec()));
        let strict = Arc::new(AddressRules::default());
        let look_up = |rules: &Arc<AddressRules>, proxy: Option<&str>| {
            PublicResolver::new(Arc::clone(rules), 1, proxy.map(str::to_owned))
                .look_up("localhost".to_owned())
        };
        assert!(matches!(
            look_up(&strict, None).await,
            Err(ResolveError::Private { .. })
        ));
        assert!(look_up(&lenient, None).await.is_ok());
        assert!(look_up(&strict, Some("localhost")).await.is_ok());
    }
}
