//! Manners towards other people's hosts: how many requests at once, and how close together.
//!
//! Every request, each hop of a redirect included, takes a `Slot` first and keeps it until its answer is
//! read. Who asked first goes first. A site's own limits are waited for before the global one, so that a
//! queue before one slow site never takes permits from the others; whoever waits for another site gives
//! its slot back first, so that no two can wait for each other.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;
use url::{Host, Url};

use super::FetcherRules;

/// The longest spacing that is kept.
const INTERVAL_MAX: Duration = Duration::from_secs(3600);
/// The longest spacing a site may ask for itself; its other wish, to be left alone, is Retry-After.
const ASKED_INTERVAL_MAX: Duration = Duration::from_secs(60);
/// Fewer remembered sites than this are not worth a sweep.
const SWEEP_MIN: usize = 256;

/// Whom one host belongs to: its registrable domain; a literal address or a name without one is its own.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Site(String);

impl Site {
    pub fn of(url: &Url) -> Site {
        match url.host() {
            Some(Host::Domain(name)) => {
                let name = name.trim_end_matches('.');
                Site(psl::domain_str(name).unwrap_or(name).to_owned())
            }
            Some(Host::Ipv4(v4)) => Site(v4.to_string()),
            Some(Host::Ipv6(v6)) => Site(IpAddr::V6(v6).to_canonical().to_string()),
            None => Site(String::new()),
        }
    }
}

/// How much is asked of others at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// In flight at once altogether.
    pub concurrency: usize,
    /// In flight at once to one site.
    pub per_site: usize,
    /// Between the starts of two requests to one site.
    pub interval: Duration,
}

impl Limits {
    pub fn of(rules: &FetcherRules) -> Limits {
        Limits {
            concurrency: rules.concurrency,
            per_site: rules.per_host,
            interval: rules.host_interval,
        }
        .bounded()
    }

    /// A limit of nothing would stop everything, and an absurd one would overflow.
    fn bounded(self) -> Limits {
        Limits {
            concurrency: self.concurrency.clamp(1, Semaphore::MAX_PERMITS),
            per_site: self.per_site.clamp(1, Semaphore::MAX_PERMITS),
            interval: self.interval.min(INTERVAL_MAX),
        }
    }
}

/// Hands out slots within the limits.
#[derive(Debug)]
pub struct Politeness {
    limits: Limits,
    everywhere: Arc<Semaphore>,
    sites: Mutex<Sites>,
}

#[derive(Debug)]
struct Sites {
    gates: HashMap<Site, Arc<Gate>>,
    /// The number of gates at which the idle ones are looked for.
    sweep_at: usize,
}

#[derive(Debug)]
struct Gate {
    in_flight: Arc<Semaphore>,
    /// Held while waiting for one's start, so that starts are one after the other.
    last_start: tokio::sync::Mutex<Option<Instant>>,
    /// Milliseconds between two starts that the site itself asks for (robots.txt, Crawl-delay).
    asked_ms: AtomicU64,
}

impl Gate {
    fn new(per_site: usize, last_start: Option<Instant>) -> Gate {
        Gate {
            in_flight: Arc::new(Semaphore::new(per_site)),
            last_start: tokio::sync::Mutex::new(last_start),
            asked_ms: AtomicU64::new(0),
        }
    }

    /// Between two starts, by our own limits and by what the site asks for.
    fn interval(&self, own: Duration) -> Duration {
        own.max(Duration::from_millis(self.asked_ms.load(Ordering::Relaxed)))
    }
}

/// The right to have one request in flight, until dropped.
#[derive(Debug)]
pub struct Slot {
    _everywhere: OwnedSemaphorePermit,
    _here: OwnedSemaphorePermit,
    /// Keeps the gate from being swept away while it is in use.
    _gate: Arc<Gate>,
}

impl Politeness {
    pub fn new(limits: Limits) -> Politeness {
        let limits = limits.bounded();
        Politeness {
            limits,
            everywhere: Arc::new(Semaphore::new(limits.concurrency)),
            sites: Mutex::new(Sites {
                gates: HashMap::new(),
                sweep_at: SWEEP_MIN,
            }),
        }
    }

    /// The same with other limits: the spacing goes on from the last starts, while slots already given out
    /// count towards the old limits only.
    pub fn renewed(&self, limits: Limits) -> Politeness {
        let renewed = Politeness::new(limits);
        let now = Instant::now();
        let known = self.sites.lock().unwrap_or_else(PoisonError::into_inner);
        let gates = known.gates.iter().map(|(site, gate)| {
            // Where somebody waits for a start, one is about to happen.
            let last_start = gate.last_start.try_lock().map_or(Some(now), |last| *last);
            let renewed_gate = Gate::new(renewed.limits.per_site, last_start);
            let asked = gate.asked_ms.load(Ordering::Relaxed);
            renewed_gate.asked_ms.store(asked, Ordering::Relaxed);
            let gate = renewed_gate;
            (site.clone(), Arc::new(gate))
        });
        let sites = Sites {
            gates: gates.collect(),
            sweep_at: known.sweep_at,
        };
        Politeness {
            sites: Mutex::new(sites),
            ..renewed
        }
    }

    pub fn limits(&self) -> Limits {
        self.limits
    }

    /// Waits for this request's turn. Giving up waiting costs the others nothing.
    pub async fn enter(&self, site: &Site) -> Slot {
        let gate = self.gate(site);
        let here = acquire(&gate.in_flight).await;
        let mut last_start = gate.last_start.lock().await;
        if let Some(last) = *last_start {
            tokio::time::sleep_until(last + gate.interval(self.limits.interval)).await;
        }
        let everywhere = acquire(&self.everywhere).await;
        *last_start = Some(Instant::now());
        drop(last_start);
        Slot {
            _everywhere: everywhere,
            _here: here,
            _gate: gate,
        }
    }

    /// Keeps at least `interval` between two starts at `site`, as it asks for itself; bounded to
    /// [`ASKED_INTERVAL_MAX`].
    pub fn slow_down(&self, site: &Site, interval: Duration) {
        let interval = interval.min(ASKED_INTERVAL_MAX).as_millis();
        let interval = u64::try_from(interval).unwrap_or(u64::MAX);
        let gate = self.gate(site);
        gate.asked_ms.fetch_max(interval, Ordering::Relaxed);
    }

    fn gate(&self, site: &Site) -> Arc<Gate> {
        let mut sites = self.sites.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(gate) = sites.gates.get(site) {
            return Arc::clone(gate);
        }
        if sites.gates.len() >= sites.sweep_at {
            sites.sweep(Instant::now(), self.limits.interval);
        }
        let gate = Arc::new(Gate::new(self.limits.per_site, None));
        sites.gates.insert(site.clone(), Arc::clone(&gate));
        gate
    }
}

impl Sites {
    /// Forgets the sites that nobody uses and whose spacing is over. Sweeping only at twice what was left
    /// keeps the cost of one request constant.
    fn sweep(&mut self, now: Instant, interval: Duration) {
        self.gates.retain(|_, gate| {
            let in_use = Arc::strong_count(gate) > 1;
            // Gates are handed out under the map's lock, so one that is not in use cannot be locked.
            let is_spaced = gate
                .last_start
                .try_lock()
                .is_ok_and(|last| last.is_none_or(|last| last + gate.interval(interval) <= now));
            in_use || !is_spaced
        });
        self.sweep_at = self.gates.len().saturating_mul(2).max(SWEEP_MIN);
    }
}

async fn acquire(semaphore: &Arc<Semaphore>) -> OwnedSemaphorePermit {
    Arc::clone(semaphore)
        .acquire_owned()
        .await
        .expect("no semaphore here is ever closed")
}

#[cfg(test)]
mod tests {
    use std::future::Future;
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    use super::*;

    #[track_caller]
    fn check_site(url: &str, expected: &str) {
        assert_eq!(
            Site::of(&Url::parse(url).unwrap()),
            Site(expected.into()),
            "{url}"
        );
    }

    #[test]
    fn a_site_is_the_registrable_domain() {
        check_site("https://rss.baoninhbinh.vn/a", "baoninhbinh.vn");
        check_site("https://BAOANGIANG.com.vn./", "baoangiang.com.vn");
        check_site("https://www.khanhhoa.gov.vn:8443/", "khanhhoa.gov.vn");
        check_site("http://gov.vn/", "gov.vn");
        check_site("http://localhost:81/", "localhost");
        // Of the list's private section: neighbours on one hoster are not one site.
        check_site("https://bao.github.io/rss", "bao.github.io");
        check_site("https://tin.blogspot.com/feeds", "tin.blogspot.com");
    }

    #[test]
    fn a_literal_is_its_own_site_whatever_the_port() {
        check_site("http://127.0.0.1:81/", "127.0.0.1");
        check_site("http://2130706433:82/", "127.0.0.1");
        check_site("http://[::ffff:127.0.0.1]/", "127.0.0.1");
        check_site("http://[2001:db8::1]:8080/", "2001:db8::1");
    }

    fn site(name: &str) -> Site {
        Site(name.to_owned())
    }

    /// Whether `waiting` is let in without any time going by.
    fn is_ready(waiting: impl Future<Output = Slot>) -> bool {
        let mut context = Context::from_waker(Waker::noop());
        matches!(pin!(waiting).poll(&mut context), Poll::Ready(_))
    }

    fn limits(concurrency: usize, per_site: usize, interval: Duration) -> Limits {
        Limits {
            concurrency,
            per_site,
            interval,
        }
    }

    fn polite(concurrency: usize, per_site: usize, interval: Duration) -> Politeness {
        Politeness::new(limits(concurrency, per_site, interval))
    }

    const HALF_A_SECOND: Duration = Duration::from_millis(500);

    #[tokio::test(start_paused = true)]
    async fn starts_to_one_site_are_spaced_in_the_order_of_asking() {
        let manners = Arc::new(polite(64, 8, HALF_A_SECOND));
        let began = Instant::now();
        let mut waiting = Vec::new();
        for no in 0..4u32 {
            let manners = Arc::clone(&manners);
            waiting.push(tokio::spawn(async move {
                let _slot = manners.enter(&site("a.vn")).await;
                (no, began.elapsed())
            }));
            tokio::task::yield_now().await;
        }
        for (no, waited) in waiting.into_iter().enumerate() {
            let (asked, started) = waited.await.unwrap();
            assert_eq!(usize::try_from(asked).unwrap(), no);
            let turn = HALF_A_SECOND * asked;
            assert!(
                started >= turn && started < turn + HALF_A_SECOND / 10,
                "{no}: {started:?}"
            );
        }
    }

    #[tokio::test(start_paused = true)]
    async fn sites_do_not_wait_for_each_other() {
        let manners = polite(64, 1, HALF_A_SECOND);
        let _a = manners.enter(&site("a.vn")).await;
        assert!(is_ready(manners.enter(&site("b.vn"))));
        assert!(!is_ready(manners.enter(&site("a.vn"))));
    }

    #[tokio::test(start_paused = true)]
    async fn no_more_than_per_site_are_in_flight() {
        let manners = polite(64, 2, Duration::ZERO);
        let first = manners.enter(&site("a.vn")).await;
        let _second = manners.enter(&site("a.vn")).await;
        assert!(!is_ready(manners.enter(&site("a.vn"))));
        drop(first);
        assert!(is_ready(manners.enter(&site("a.vn"))));
    }

    #[tokio::test(start_paused = true)]
    async fn no_more_than_concurrency_are_in_flight_altogether() {
        let manners = polite(2, 2, Duration::ZERO);
        let first = manners.enter(&site("a.vn")).await;
        let _second = manners.enter(&site("b.vn")).await;
        assert!(!is_ready(manners.enter(&site("c.vn"))));
        drop(first);
        assert!(is_ready(manners.enter(&site("c.vn"))));
    }

    #[tokio::test(start_paused = true)]
    async fn who_waits_for_a_slow_site_holds_no_permit_of_the_others() {
        let manners = Arc::new(polite(2, 8, Duration::from_secs(60)));
        let _slow = manners.enter(&site("slow.vn")).await;
        for _ in 0..8 {
            let manners = Arc::clone(&manners);
            tokio::spawn(async move { manners.enter(&site("slow.vn")).await });
        }
        tokio::task::yield_now().await;
        assert!(is_ready(manners.enter(&site("quick.vn"))));
    }

    #[tokio::test(start_paused = true)]
    async fn who_gives_up_waiting_leaves_the_way_free() {
        let manners = polite(64, 1, HALF_A_SECOND);
        drop(manners.enter(&site("a.vn")).await);
        let given_up =
            tokio::time::timeout(Duration::from_millis(10), manners.enter(&site("a.vn"))).await;
        assert!(given_up.is_err());
        let began = Instant::now();
        let _slot = manners.enter(&site("a.vn")).await;
        assert!(began.elapsed() <= HALF_A_SECOND, "{:?}", began.elapsed());
    }

    #[tokio::test(start_paused = true)]
    async fn idle_sites_are_forgotten_and_busy_ones_kept() {
        let manners = polite(10_000, 2, HALF_A_SECOND);
        let busy = manners.enter(&site("busy.vn")).await;
        for no in 1..SWEEP_MIN {
            drop(manners.enter(&site(&format!("{no}.vn"))).await);
        }
        tokio::time::advance(HALF_A_SECOND).await;
        let _late = manners.enter(&site("late.vn")).await;
        let remembered = manners.sites.lock().unwrap().gates.len();
        assert_eq!(remembered, 2, "busy.vn and late.vn");
        assert_eq!(Arc::strong_count(&busy._gate), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn a_site_is_not_forgotten_before_its_spacing_is_over() {
        let manners = polite(10_000, 2, HALF_A_SECOND);
        for no in 0..=SWEEP_MIN {
            drop(manners.enter(&site(&format!("{no}.vn"))).await);
        }
        assert!(!is_ready(manners.enter(&site("0.vn"))));
    }

    #[tokio::test(start_paused = true)]
    async fn limits_of_nothing_mean_one() {
        let manners = polite(0, 0, Duration::MAX);
        assert!(is_ready(manners.enter(&site("a.vn"))));
    }

    #[tokio::test(start_paused = true)]
    async fn changed_limits_do_not_forget_who_was_just_asked() {
        let before = polite(64, 2, HALF_A_SECOND);
        drop(before.enter(&site("a.vn")).await);
        let after = before.renewed(limits(64, 4, HALF_A_SECOND));
        assert!(!is_ready(after.enter(&site("a.vn"))));
        assert!(is_ready(after.enter(&site("b.vn"))));
        tokio::time::advance(HALF_A_SECOND).await;
        assert!(is_ready(after.enter(&site("a.vn"))));
    }
}
