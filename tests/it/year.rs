//! A year of polling in virtual time, through sleeps, restarts and a clock that is set wrong.
//!
//! Drives the plan the daemon drives, without a store. The seed is printed; `LANGBAO_SIM_SEED` runs one
//! again, and `LANGBAO_SIM_FULL` asks ten thousand newsrooms instead of a few (build with `--release`).

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use langbao::core::model::Timestamp;
use langbao::core::model::{FaultKind, FetchFault, Freshness, SourceId, SourceNo, SourceState};
use langbao::core::schedule::plan::{Plan, Terms};
use langbao::core::schedule::rhythm::{self, Heard, Zone};
use langbao::core::schedule::{self, Jitter};

const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(24 * 3600);
const TERMS: Terms = Terms {
    min_interval: Duration::from_secs(300),
    max_interval: Duration::from_secs(6 * 3600),
    zone: Zone(7 * 3600),
};
/// No answer for so long is what back-off and budget together may cost at most.
const STARVED: Duration = Duration::from_secs(3 * 24 * 3600);

/// How long it looks at no clock at most.
const NAP_MAX: Duration = Duration::from_secs(300);

struct Year {
    random: fastrand::Rng,
    /// Time as it is; the clock shows something else while `wrong` is not zero.
    at: Timestamp,
    wrong_ms: i64,
    plan: Plan,
    states: BTreeMap<SourceNo, SourceState>,
    /// Stories an hour.
    rates: Vec<f64>,
    budget: u32,
    /// By time as it is.
    asked: BTreeMap<SourceNo, Timestamp>,
    told_to_wait: BTreeMap<SourceNo, Timestamp>,
    within_the_hour: VecDeque<Timestamp>,
    polls: u64,
}

impl Year {
    fn new(seed: u64, newsrooms: u32, budget: u32) -> Year {
        let mut random = fastrand::Rng::with_seed(seed);
        let at = Timestamp::from_secs(1_795_334_400);
        let rates = (0..newsrooms)
            .map(|_| 10_f64.powf(random.f64() * 4.0 - 3.0))
            .collect();
        let mut year = Year {
            random,
            at,
            wrong_ms: 0,
            plan: Plan::new(at),
            states: BTreeMap::new(),
            rates,
            budget,
            asked: BTreeMap::new(),
            told_to_wait: BTreeMap::new(),
            within_the_hour: VecDeque::new(),
            polls: 0,
        };
        // A tenth is added later.
        for no in 0..newsrooms - newsrooms / 10 {
            year.add(no);
        }
        year.draw_up();
        year
    }

    fn add(&mut self, no: u32) {
        let id = SourceId::parse(&format!("s{no}")).expect("plain");
        let url = format!("https://s{no}.example.vn/rss");
        let state = SourceState::new(SourceNo(no), id, url, self.clock());
        self.states.insert(state.no, state);
    }

    fn clock(&self) -> Timestamp {
        Timestamp::from_millis(self.at.millis() + self.wrong_ms)
    }

    fn draw_up(&mut self) {
        let terms = self.states.keys().map(|no| (*no, TERMS)).collect();
        let (clock, states) = (self.clock(), &self.states);
        self.plan
            .draw_up(terms, self.budget, clock, |no| states.get(&no));
    }

    /// As systemd starts it again: what is remembered is all there is.
    fn restart(&mut self) {
        self.plan = Plan::new(self.clock());
        self.draw_up();
    }

    fn run(&mut self, span: Duration) {
        let end = self.at + span;
        let nobody = BTreeSet::new();
        while self.at < end {
            let clock = self.clock();
            let states = &self.states;
            for no in self.plan.due(clock, &nobody, 64, |no| states.get(&no)) {
                self.poll(no);
            }
            let next = self.plan.next_due_at(&nobody).expect("always somebody");
            // The daemon looks again after a while at the latest, whatever the clock says.
            let nap = next.since(self.clock()).min(NAP_MAX);
            self.at = self.at + nap.max(Duration::from_millis(1));
        }
        self.assert_nobody_starves();
    }

    fn poll(&mut self, no: SourceNo) {
        self.assert_polite(no);
        self.polls += 1;
        let now = self.clock();
        let states = &self.states;
        self.plan.renew_price(now, |no| states.get(&no));
        let policy = self.plan.policy(no).expect("it is planned for");
        let jitter = Jitter(self.random.f64());
        let before = &self.states[&no];
        let since = self.asked.get(&no).map_or(DAY, |at| self.at.since(*at));
        let mut after = match self.random.u32(..100) {
            0 => {
                let span = Duration::from_secs(self.random.u64(..20_000));
                self.told_to_wait.insert(no, self.at + span);
                let fault = FetchFault {
                    retry_after: Some(span),
                    ..FetchFault::new(FaultKind::Throttled, "HTTP 429")
                };
                schedule::after_failure(before, &fault, policy, now, jitter)
            }
            1..4 => {
                let fault = FetchFault::new(FaultKind::Timeout, "no answer");
                schedule::after_failure(before, &fault, policy, now, jitter)
            }
            _ => {
                let expected = self.rates[no.0 as usize] * since.as_secs_f64() / 3600.0;
                // One draw in a hundredth of the time each: about a Poisson number, and bounded.
                let chance = expected / 100.0;
                let stories = (0..100).filter(|_| self.random.f64() < chance).count();
                let within = since.as_secs().max(1);
                let dates = (0..stories)
                    .map(|_| now - Duration::from_secs(self.random.u64(..within)))
                    .collect();
                let heard = Heard {
                    dates,
                    undated: 0,
                    previous_at: before.last_success_at,
                };
                let learnt = SourceState {
                    rhythm: rhythm::learn(&before.rhythm, &heard, policy.zone, now),
                    last_success_at: Some(now),
                    ..before.clone()
                };
                schedule::after_success(&learnt, Freshness::default(), policy, now, jitter)
            }
        };
        after.last_poll_at = Some(now);
        self.plan.place(&after, now);
        self.states.insert(no, after);
        self.asked.insert(no, self.at);
    }

    /// The clock may be wrong; what was asked for is held against time as it is, but for a jump of the clock.
    fn assert_polite(&mut self, no: SourceNo) {
        let hour_ago = self.at - HOUR;
        while self
            .within_the_hour
            .front()
            .is_some_and(|at| *at <= hour_ago)
        {
            self.within_the_hour.pop_front();
        }
        self.within_the_hour.push_back(self.at);
        let asked = self.within_the_hour.len();
        assert!(asked <= self.budget as usize, "{asked} requests in an hour");
        if let Some(before) = self.asked.get(&no) {
            let waited = self.at.since(*before);
            assert!(waited >= TERMS.min_interval, "{no} asked after {waited:?}");
        }
        if let Some(until) = self.told_to_wait.get(&no) {
            assert!(self.at >= *until, "{no} asked inside its Retry-After");
        }
    }

    fn assert_nobody_starves(&self) {
        for no in self.states.keys() {
            let unasked = self.asked.get(no).map_or(DAY * 9, |at| self.at.since(*at));
            assert!(unasked < STARVED, "{no} was not asked for {unasked:?}");
        }
    }

    fn sleep(&mut self, span: Duration) {
        self.at = self.at + span;
    }

    /// A clock set forward skips what was asked for, as it must: nobody can know.
    fn set_clock(&mut self, wrong_ms: i64) {
        if wrong_ms > self.wrong_ms {
            self.asked.clear();
            self.told_to_wait.clear();
            self.within_the_hour.clear();
            let now = self.at;
            self.asked = self.states.keys().map(|no| (*no, now - HOUR)).collect();
        }
        self.wrong_ms = wrong_ms;
    }
}

const DAY_MS: i64 = 24 * 3_600_000;

#[test]
fn a_year_of_polling_starves_nobody_and_keeps_the_budget() {
    let seed = match std::env::var("LANGBAO_SIM_SEED") {
        Ok(seed) => seed.parse().expect("LANGBAO_SIM_SEED is a number"),
        Err(_) => 1,
    };
    let full = std::env::var_os("LANGBAO_SIM_FULL").is_some();
    let newsrooms: u32 = if full { 10_000 } else { 24 };
    eprintln!("a year with LANGBAO_SIM_SEED={seed}");
    let mut year = Year::new(seed, newsrooms, newsrooms / 4);
    for week in 0..52 {
        match week % 13 {
            2 => year.restart(),
            4 => year.sleep(DAY * 2),
            6 => year.set_clock(year.wrong_ms + 3 * DAY_MS),
            8 => year.set_clock(year.wrong_ms - 40 * DAY_MS),
            // Wrong when it starts, and right soon after.
            10 => {
                year.set_clock(-9000 * DAY_MS);
                year.restart();
                year.run(HOUR);
                year.set_clock(0);
            }
            _ => {}
        }
        if week == 20 {
            for no in newsrooms - newsrooms / 10..newsrooms {
                year.add(no);
            }
            year.draw_up();
        }
        year.run(DAY * 7);
    }
    let hours = 364 * 24;
    let spent = year.polls as f64 / (f64::from(year.budget) * f64::from(hours));
    eprintln!(
        "{newsrooms} newsrooms, {} polls, {:.0} % of the budget",
        year.polls,
        spent * 100.0
    );
    // A budget that is not used shows nothing.
    assert!((0.7..=1.0).contains(&spent), "{spent}");
}
