//! All newsrooms together, as the daemon asks them: one plan, one budget, and some that ask to be spared.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use fastrand::Rng;
use langbao::core::model::{
    FaultKind, FetchFault, Freshness, SourceId, SourceNo, SourceState, Timestamp,
};
use langbao::core::schedule::plan::Plan;
use langbao::core::schedule::rhythm::{self, Heard};
use langbao::core::schedule::{self, Jitter, obey};

use crate::newsrooms::{Newsroom, Seconds, WEEK_S};
use crate::{LISTED_MAX, Result, SEED, TERMS, Tally, counted_time, moment, seconds};

/// What newsrooms ask for.
#[derive(Debug, Clone, Default)]
pub struct Wish {
    pub ttl: Option<Duration>,
    pub skip_hours: Vec<u8>,
    pub skip_days: Vec<u8>,
    /// Of so many answers one is a 429 that asks for hours.
    pub throttles_one_of: Option<u32>,
}

pub struct Outcome {
    pub result: Result,
    /// The most requests within any hour.
    pub most_in_an_hour: usize,
    /// Requests that a newsroom had asked not to get.
    pub unwanted: usize,
}

struct Member<'a> {
    newsroom: &'a Newsroom,
    wish: &'a Wish,
    state: SourceState,
    seen: usize,
    not_before: Timestamp,
    tally: Tally,
}

/// Asks until what was published in the counted time has been had.
pub fn run(newsrooms: &[Newsroom], wishes: &[Wish], requests_per_hour: u32) -> Outcome {
    let (from, counted) = counted_time();
    let mut random = Rng::with_seed(SEED);
    let mut members: Vec<Member<'_>> = newsrooms
        .iter()
        .enumerate()
        .map(|(at, newsroom)| {
            let id = SourceId::parse(&format!("s{at}")).unwrap();
            let no = SourceNo(u32::try_from(at).unwrap());
            Member {
                newsroom,
                wish: &wishes[at % wishes.len()],
                state: SourceState::new(no, id, "https://s.vn/rss".into(), moment(from)),
                seen: 0,
                not_before: Timestamp::MIN,
                tally: Tally::default(),
            }
        })
        .collect();
    let mut plan = Plan::new(moment(from));
    let terms: BTreeMap<_, _> = members
        .iter()
        .map(|member| (member.state.no, TERMS))
        .collect();
    plan.draw_up(terms, requests_per_hour, moment(from), |no| {
        Some(&members[no.0 as usize].state)
    });
    let (mut hour, mut most_in_an_hour, mut unwanted) = (VecDeque::new(), 0, 0);
    let nobody = BTreeSet::new();
    let end = moment(counted.end + WEEK_S / 7.0);
    while let Some(now) = plan.next_due_at(&nobody).filter(|now| *now < end) {
        let due = plan.due(now, &nobody, usize::MAX, |no| {
            Some(&members[no.0 as usize].state)
        });
        plan.renew_price(now, |no| Some(&members[no.0 as usize].state));
        for no in due {
            let policy = plan.policy(no).unwrap();
            let member = &mut members[no.0 as usize];
            unwanted += usize::from(member.is_unwanted(now));
            member.poll(policy, &counted, now, &mut random);
            plan.place(&member.state, now);
            hour.push_back(now);
            while hour
                .front()
                .is_some_and(|at| now.since(*at) >= Duration::from_secs(3600))
            {
                hour.pop_front();
            }
            most_in_an_hour = most_in_an_hour.max(hour.len());
        }
    }
    let mut result = Result::default();
    for member in members {
        result.add(member.newsroom.kind, member.tally);
    }
    Outcome {
        result,
        most_in_an_hour,
        unwanted,
    }
}

impl Member<'_> {
    fn is_unwanted(&self, now: Timestamp) -> bool {
        let at = now.to_datetime().format("%H %u").to_string();
        let (hour, day) = at.split_once(' ').unwrap();
        let (hour, day): (u8, u8) = (hour.parse().unwrap(), day.parse().unwrap());
        // What it asks for is known from its first answer on.
        self.state.last_success_at.is_some()
            && (now < self.not_before
                || self.wish.skip_hours.contains(&hour)
                || self.wish.skip_days.contains(&(day - 1)))
    }

    fn poll(
        &mut self,
        policy: schedule::Policy,
        counted: &std::ops::Range<Seconds>,
        now: Timestamp,
        random: &mut Rng,
    ) {
        let at = seconds(now);
        let jitter = Jitter(random.f64());
        self.tally.requests += usize::from(counted.contains(&at));
        self.state.last_poll_at = Some(now);
        if self
            .wish
            .throttles_one_of
            .is_some_and(|of| random.u32(..of) == 0)
        {
            let span = Duration::from_secs(random.u64(60..8 * 3600));
            let fault = FetchFault {
                status: Some(429),
                retry_after: Some(span),
                ..FetchFault::new(FaultKind::Throttled, "HTTP 429 Too Many Requests")
            };
            self.state = schedule::after_failure(&self.state, &fault, policy, now, jitter);
            self.not_before = now + span;
            return;
        }
        let stories = &self.newsroom.stories;
        let known = self.seen;
        self.seen = stories.partition_point(|story| *story <= at);
        let listed = match self.state.last_success_at {
            None => &stories[self.seen.saturating_sub(LISTED_MAX)..self.seen],
            Some(_) => &stories[known..self.seen],
        };
        for story in listed.iter().filter(|story| counted.contains(story)) {
            self.tally.delays.push(at - story);
        }
        let heard = Heard {
            dates: listed.iter().map(|story| moment(story.floor())).collect(),
            undated: 0,
            previous_at: self.state.last_success_at,
        };
        self.state.rhythm = rhythm::learn(&self.state.rhythm, &heard, policy.zone, now);
        let Wish {
            ttl,
            skip_hours,
            skip_days,
            ..
        } = self.wish;
        self.state.asked = obey::asked(*ttl, skip_hours, skip_days);
        self.state.last_success_at = Some(now);
        self.state =
            schedule::after_success(&self.state, Freshness::default(), policy, now, jitter);
        self.not_before = now + ttl.unwrap_or_default().min(policy.max_interval);
    }
}
