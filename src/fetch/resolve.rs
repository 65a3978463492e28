//! Looks names up, keeps what was found for as long as it holds, and lets only permitted addresses through.
//!
//! The name servers of `/etc/resolv.conf` are asked first, since they say how long their answer holds; whatever is
//! not theirs to say (`/etc/hosts`, a name of one word, `.local`, no answer, no such name) the system is asked for,
//! and that is not kept. The addresses that pass are those the connection is made to, at every use, so a name cannot
//! be public when it is checked and private when it is used. Address literals never come here: `private` checks them.

use std::collections::HashMap;
use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use tokio::sync::Semaphore;
use tokio::time::Instant;

use super::nameserver::{NameServers, Told};
use super::private::AddressRules;

/// Of one name; the rest are not tried.
const ADDRESSES_MAX: usize = 16;
/// Names that are kept.
const NAMES_MAX: usize = 20_000;
/// The longest a name is kept, and the longest that there is none.
const KEPT_MAX: Duration = Duration::from_secs(3600);
const MISSING_KEPT_MAX: Duration = Duration::from_secs(300);

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

/// What names lead to, while that holds; as it was found, before anything is refused.
#[derive(Debug, Default)]
struct Cache {
    names: Mutex<HashMap<String, Kept>>,
}

#[derive(Debug, Clone)]
struct Kept {
    until: Instant,
    addresses: Vec<IpAddr>,
}

impl Cache {
    fn get(&self, name: &str) -> Option<Vec<IpAddr>> {
        let names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = names.get(name)?;
        (Instant::now() < kept.until).then(|| kept.addresses.clone())
    }

    fn put(&self, name: &str, addresses: &[IpAddr], holds: Duration) {
        let longest = match addresses {
            [] => MISSING_KEPT_MAX,
            _ => KEPT_MAX,
        };
        let now = Instant::now();
        let until = now + holds.min(longest);
        let mut names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        if until <= now {
            names.remove(name);
            return;
        }
        if names.len() >= NAMES_MAX {
            names.retain(|_, kept| now < kept.until);
        }
        if names.len() >= NAMES_MAX {
            // All of them hold: asking for some once more is cheaper than keeping without a bound.
            names.clear();
        }
        let addresses = addresses.to_vec();
        names.insert(name.to_owned(), Kept { until, addresses });
    }
}

/// The name servers and the system's resolver behind `AddressRules`.
#[derive(Debug, Clone)]
pub struct PublicResolver {
    rules: Arc<AddressRules>,
    /// A lookup occupies a thread until the system gives up, also when nobody waits for it any more.
    lookups: Arc<Semaphore>,
    /// The administrator's own proxy, which may well be private.
    proxy_host: Option<String>,
    servers: Arc<NameServers>,
    cache: Arc<Cache>,
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
            servers: Arc::new(NameServers::of_system()),
            cache: Arc::default(),
        }
    }

    async fn look_up(self, host: String) -> Result<Vec<SocketAddr>, ResolveError> {
        let found = self.found(&host).await?;
        let found = found.into_iter().map(|ip| SocketAddr::new(ip, 0)).collect();
        if self.proxy_host.as_deref() == Some(host.as_str()) {
            return Ok(found);
        }
        admit(&host, found, &self.rules)
    }

    async fn found(&self, host: &str) -> Result<Vec<IpAddr>, ResolveError> {
        if let Some(known) = self.cache.get(host) {
            return Ok(known);
        }
        let permit = Arc::clone(&self.lookups)
            .acquire_owned()
            .await
            .expect("this semaphore is never closed");
        // Somebody else may have asked meanwhile.
        if let Some(known) = self.cache.get(host) {
            return Ok(known);
        }
        let told = self.servers.ask(host).await;
        if let Told::Found(said) = &told {
            self.cache.put(host, &said.addresses, said.holds);
            return Ok(said.addresses.clone());
        }
        let name = host.to_owned();
        let lookup = tokio::spawn(async move {
            let _permit = permit;
            let found = tokio::net::lookup_host((name, 0)).await?;
            Ok::<Vec<IpAddr>, io::Error>(found.map(|address| address.ip()).collect())
        });
        let found = lookup
            .await
            .unwrap_or_else(|stopped| Err(io::Error::other(stopped)))
            .map_err(|err| lookup_error(host, &err));
        if let (Err(ResolveError::NoSuchHost { .. }), Told::Missing(holds)) = (&found, told) {
            self.cache.put(host, &[], holds);
        }
        found
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
    use super::super::nameserver::tests::FakeServer;
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

    fn ips(texts: &[&str]) -> Vec<IpAddr> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    #[tokio::test(start_paused = true)]
    async fn a_name_is_kept_as_long_as_it_holds_and_no_longer() {
        let cache = Cache::default();
        let second = Duration::from_secs(1);
        for (found, holds, kept) in [
            (ips(&["192.0.2.1"]), 60 * second, 60 * second),
            (ips(&["192.0.2.1"]), 86_400 * second, KEPT_MAX),
            (ips(&[]), 86_400 * second, MISSING_KEPT_MAX),
        ] {
            cache.put("a.vn", &found, holds);
            tokio::time::advance(kept - second).await;
            assert_eq!(cache.get("a.vn"), Some(found));
            tokio::time::advance(second).await;
            assert_eq!(cache.get("a.vn"), None);
        }
        cache.put("a.vn", &ips(&["192.0.2.1"]), Duration::ZERO);
        assert_eq!(cache.get("a.vn"), None);
    }

    #[test]
    fn names_are_forgotten_before_they_are_too_many() {
        let cache = Cache::default();
        for no in 0..NAMES_MAX + 10 {
            cache.put(&format!("{no}.vn"), &ips(&["192.0.2.1"]), KEPT_MAX);
        }
        assert!(cache.names.lock().unwrap().len() <= NAMES_MAX);
    }

    /// A resolver that asks nobody but `server`.
    fn asking(server: SocketAddr, rules: AddressRules) -> PublicResolver {
        PublicResolver {
            servers: Arc::new(NameServers::at(vec![server])),
            ..PublicResolver::new(Arc::new(rules), 4, None)
        }
    }

    #[tokio::test]
    async fn a_name_server_is_asked_once_while_its_answer_holds_and_every_use_is_checked() {
        let server =
            FakeServer::start(&[("a.example.vn", "192.0.2.1"), ("b.example.vn", "10.0.0.1")]).await;
        let resolver = asking(
            server.address,
            AddressRules::new(vec!["192.0.2.0/24".parse().unwrap()]),
        );
        for _ in 0..3 {
            let found = resolver.clone().look_up("a.example.vn".to_owned()).await;
            assert_eq!(found, Ok(addresses(&["192.0.2.1"])));
            let private = resolver.clone().look_up("b.example.vn".to_owned()).await;
            assert!(
                matches!(private, Err(ResolveError::Private { .. })),
                "{private:?}"
            );
        }
        // Once for each family.
        assert_eq!(server.asked(), 4);
        // What is kept is judged by the rules of whoever uses it.
        let strict = PublicResolver {
            rules: Arc::default(),
            ..resolver.clone()
        };
        let refused = strict.look_up("a.example.vn".to_owned()).await;
        assert!(
            matches!(refused, Err(ResolveError::Private { .. })),
            "{refused:?}"
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
