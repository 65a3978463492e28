//! Asks the name servers that the machine is set up with, over UDP.
//!
//! Each question goes out from a port and with a number nobody can foresee, and only an answer to that very
//! question counts. A server that keeps silent is left alone for a while; there is always the system to ask instead.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::net::UdpSocket;
use tokio::time::{Instant, timeout};

use super::dns::{self, Family, Said};

const RESOLV_CONF: &str = "/etc/resolv.conf";
const HOSTS: &str = "/etc/hosts";
const PORT: u16 = 53;
/// As the system has it.
const SERVERS_MAX: usize = 3;
const ANSWER_TIMEOUT: Duration = Duration::from_secs(2);
/// After nobody has answered.
const LEFT_ALONE_FOR: Duration = Duration::from_secs(60);
/// Without extensions a server sends no more.
const ANSWER_BYTES_MAX: usize = 512;
/// Answers to something else that one question puts up with.
const STRAY_ANSWERS_MAX: usize = 16;
/// A longer list of hosts is not looked through.
const HOSTS_BYTES_MAX: u64 = 1 << 20;

/// What came of asking.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told {
    Found(Said),
    /// There is no such name, for so long; the system may still know one.
    Missing(Duration),
    /// They are not the ones to ask, or did not answer.
    Nothing,
}

#[derive(Debug)]
pub struct NameServers {
    /// None: those of the system, read at each question, since a machine may move.
    fixed: Option<Vec<SocketAddr>>,
    silent_until: Mutex<Option<Instant>>,
}

impl NameServers {
    pub fn of_system() -> NameServers {
        NameServers {
            fixed: None,
            silent_until: Mutex::new(None),
        }
    }

    #[cfg(test)]
    pub fn at(servers: Vec<SocketAddr>) -> NameServers {
        NameServers {
            fixed: Some(servers),
            ..NameServers::of_system()
        }
    }

    /// All addresses of a name, the shorter family first.
    pub async fn ask(&self, name: &str) -> Told {
        if !is_public_name(name) || self.is_silent() {
            return Told::Nothing;
        }
        let mut is_silent = false;
        for server in self.servers(name).await {
            let (v4, v6) = tokio::join!(
                ask_one(server, name, Family::V4),
                ask_one(server, name, Family::V6)
            );
            is_silent = v4 == Reply::Silence && v6 == Reply::Silence;
            match together(v4.said(), v6.said()) {
                // One that answers something else would say the same the next time, and so would the others.
                Told::Nothing if is_silent => {}
                told => return told,
            }
        }
        if !is_silent {
            return Told::Nothing;
        }
        let mut silent = self
            .silent_until
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        *silent = Some(Instant::now() + LEFT_ALONE_FOR);
        Told::Nothing
    }

    fn is_silent(&self) -> bool {
        let silent = self
            .silent_until
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        silent.is_some_and(|until| Instant::now() < until)
    }

    /// None for a name that the machine's own list has.
    async fn servers(&self, name: &str) -> Vec<SocketAddr> {
        if let Some(fixed) = &self.fixed {
            return fixed.clone();
        }
        let name = name.to_owned();
        let read = tokio::task::spawn_blocking(move || {
            if lists(&text_of(HOSTS), &name) {
                return Vec::new();
            }
            listed_servers(&text_of(RESOLV_CONF))
        });
        read.await.unwrap_or_default()
    }
}

fn text_of(path: &str) -> String {
    let is_short = |path: &Path| {
        let found = std::fs::metadata(path);
        found.is_ok_and(|found| found.len() <= HOSTS_BYTES_MAX)
    };
    match is_short(Path::new(path)) {
        true => std::fs::read_to_string(path).unwrap_or_default(),
        false => String::new(),
    }
}

fn listed_servers(resolv_conf: &str) -> Vec<SocketAddr> {
    let servers = resolv_conf.lines().filter_map(|line| {
        let mut words = line.split_whitespace();
        let address: IpAddr = match (words.next()?, words.next()?) {
            ("nameserver", address) => address.parse().ok()?,
            _ => return None,
        };
        Some(SocketAddr::new(address, PORT))
    });
    servers.take(SERVERS_MAX).collect()
}

fn lists(hosts: &str, name: &str) -> bool {
    let name = name.trim_end_matches('.');
    hosts
        .lines()
        .map(|line| line.split('#').next().unwrap_or(""))
        .flat_map(|line| line.split_whitespace().skip(1))
        .any(|listed| listed.trim_end_matches('.').eq_ignore_ascii_case(name))
}

/// A name of one word may be completed by the system, and `.local` is asked for elsewhere (RFC 6762).
fn is_public_name(name: &str) -> bool {
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    let last = name.rsplit_once('.').map(|(_, last)| last);
    last.is_some_and(|last| !matches!(last, "local" | "localhost"))
}

fn together(v4: Option<Said>, v6: Option<Said>) -> Told {
    let is_whole = v4.is_some() && v6.is_some();
    let said: Vec<Said> = [v4, v6].into_iter().flatten().collect();
    let with_addresses: Vec<&Said> = said
        .iter()
        .filter(|said| !said.addresses.is_empty())
        .collect();
    let holds = |said: &[&Said]| said.iter().map(|said| said.holds).min().unwrap_or_default();
    if with_addresses.is_empty() {
        return match is_whole {
            true => Told::Missing(holds(&said.iter().collect::<Vec<_>>())),
            false => Told::Nothing,
        };
    }
    Told::Found(Said {
        holds: holds(&with_addresses),
        addresses: with_addresses
            .iter()
            .flat_map(|said| said.addresses.iter().copied())
            .collect(),
    })
}

/// What a server answers to one question.
#[derive(Debug, PartialEq, Eq)]
enum Reply {
    Said(Said),
    /// Cut off, refused or out of the ordinary; or there was nothing to ask.
    Unclear,
    Silence,
}

impl Reply {
    fn said(self) -> Option<Said> {
        match self {
            Reply::Said(said) => Some(said),
            Reply::Unclear | Reply::Silence => None,
        }
    }
}

async fn ask_one(server: SocketAddr, name: &str, family: Family) -> Reply {
    let id = getrandom::u32().map(|random| random.to_ne_bytes());
    let question = id
        .ok()
        .and_then(|[low, high, ..]| dns::question(u16::from_ne_bytes([low, high]), name, family));
    let Some(question) = question else {
        return Reply::Unclear;
    };
    let exchange = timeout(ANSWER_TIMEOUT, exchange(server, &question));
    match exchange.await.ok().flatten() {
        Some(answer) => dns::read(&question, &answer, family).map_or(Reply::Unclear, Reply::Said),
        None => Reply::Silence,
    }
}

async fn exchange(server: SocketAddr, question: &[u8]) -> Option<Vec<u8>> {
    let here: IpAddr = match server {
        SocketAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        SocketAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    };
    let socket = UdpSocket::bind((here, 0)).await.ok()?;
    socket.connect(server).await.ok()?;
    socket.send(question).await.ok()?;
    let mut answer = [0; ANSWER_BYTES_MAX];
    for _ in 0..STRAY_ANSWERS_MAX {
        let length = socket.recv(&mut answer).await.ok()?;
        let answer = answer.get(..length)?;
        if answer.get(..2) == question.get(..2) {
            return Some(answer.to_vec());
        }
    }
    None
}

#[cfg(test)]
pub mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::super::dns::tests::answer;
    use super::*;

    /// Knows some names, for five minutes each, and that there is no other.
    pub struct FakeServer {
        pub address: SocketAddr,
        asked: Arc<AtomicUsize>,
        serving: tokio::task::JoinHandle<()>,
    }

    impl FakeServer {
        pub async fn start(names: &[(&str, &str)]) -> FakeServer {
            let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
            let address = socket.local_addr().unwrap();
            let asked = Arc::new(AtomicUsize::new(0));
            let known: Vec<(Vec<u8>, IpAddr)> = names
                .iter()
                .map(|(name, ip)| {
                    let question = dns::question(0, name, Family::V4).unwrap();
                    (question[12..].to_vec(), ip.parse().unwrap())
                })
                .collect();
            let count = Arc::clone(&asked);
            let serving = tokio::spawn(async move {
                let mut bytes = [0; 512];
                while let Ok((length, from)) = socket.recv_from(&mut bytes).await {
                    count.fetch_add(1, Ordering::SeqCst);
                    let question = &bytes[..length];
                    let found = known.iter().find(|(known, _)| *known == question[12..]);
                    let answer = match found {
                        Some((_, ip)) => answer(question, &[(*ip, 300)], None),
                        None => answer(question, &[], Some(60)),
                    };
                    let _ = socket.send_to(&answer, from).await;
                }
            });
            FakeServer {
                address,
                asked,
                serving,
            }
        }

        pub fn asked(&self) -> usize {
            self.asked.load(Ordering::SeqCst)
        }
    }

    impl Drop for FakeServer {
        fn drop(&mut self) {
            self.serving.abort();
        }
    }

    #[tokio::test]
    async fn a_name_is_found_with_the_time_it_holds_or_missing_with_the_zones() {
        let server = FakeServer::start(&[("a.example.vn", "192.0.2.1")]).await;
        let servers = NameServers::at(vec![server.address]);
        let found = servers.ask("a.example.vn").await;
        let said = Said {
            addresses: vec!["192.0.2.1".parse().unwrap()],
            holds: Duration::from_secs(300),
        };
        assert_eq!(found, Told::Found(said));
        let missing = servers.ask("khong-co.example.vn").await;
        assert_eq!(missing, Told::Missing(Duration::from_secs(60)));
        let asked = server.asked();
        for other in ["localhost", "vps1", "nas.local", "a.localhost"] {
            assert_eq!(servers.ask(other).await, Told::Nothing, "{other}");
        }
        assert_eq!(server.asked(), asked);
    }

    #[tokio::test(start_paused = true)]
    async fn a_silent_server_is_left_alone_for_a_while() {
        let silent = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let servers = NameServers::at(vec![silent.local_addr().unwrap()]);
        assert_eq!(servers.ask("a.example.vn").await, Told::Nothing);
        let began = Instant::now();
        assert_eq!(servers.ask("a.example.vn").await, Told::Nothing);
        assert_eq!(began.elapsed(), Duration::ZERO);
        tokio::time::advance(LEFT_ALONE_FOR).await;
        assert!(!servers.is_silent());
    }

    #[test]
    fn the_systems_lists_are_read() {
        let conf = "# x\nsearch a.vn\nnameserver 192.0.2.53\nnameserver fe80::1%eth0\nnameserver 2001:db8::53\n";
        let servers = listed_servers(conf);
        assert_eq!(
            servers,
            ["192.0.2.53:53", "[2001:db8::53]:53"].map(|server| server.parse().unwrap())
        );
        let hosts = "127.0.0.1 localhost\n192.0.2.7 Bao.vn bao # moi.vn\n";
        assert!(lists(hosts, "bao.vn") && lists(hosts, "bao.vn."));
        assert!(!lists(hosts, "moi.vn") && !lists(hosts, "192.0.2.7"));
    }
}
