use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{ContentKey, FetchFault, Habit, SourceId, SourceNo, Timestamp, Validators};

/// What the stages need to know of a source's configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceRules {
    /// Slug of the province given to articles that name none.
    pub province: Option<String>,
    /// Slugs of topics given to every article.
    pub topics: Vec<String>,
    pub language: Option<String>,
    /// Seconds east of UTC for dates that name no zone; none where the administrator named none.
    pub time_zone_offset_s: Option<i32>,
    /// Prefixes cut from what is shown.
    pub byline: Vec<String>,
    /// Of one answer; the newest are taken.
    pub items_max: usize,
}

impl SourceRules {
    pub const VIETNAM_OFFSET_S: i32 = 7 * 3600;

    /// The zone that is named, or that what else is written of the source leaves no doubt about.
    pub fn known_offset_s(&self) -> Option<i32> {
        let is_vietnamese = |tag: &str| tag == "vi" || tag.starts_with("vi-");
        let is_local =
            self.province.is_some() || self.language.as_deref().is_some_and(is_vietnamese);
        self.time_zone_offset_s
            .or_else(|| is_local.then_some(Self::VIETNAM_OFFSET_S))
    }
}

/// How a source has been doing, for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Health {
    /// Never polled since it was added.
    New,
    Ok,
    /// Answers, but something about the answer is wrong.
    Suspect,
    Failing,
    /// Answered 410: asked once a week.
    Gone,
    Disabled,
}

impl Health {
    pub const ALL: [Health; 6] = [
        Health::New,
        Health::Ok,
        Health::Suspect,
        Health::Failing,
        Health::Gone,
        Health::Disabled,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Health::New => "new",
            Health::Ok => "ok",
            Health::Suspect => "suspect",
            Health::Failing => "failing",
            Health::Gone => "gone",
            Health::Disabled => "disabled",
        }
    }
}

/// How often a source publishes, by hour of the week in its own time zone; learnt and read by the schedule.
///
/// At most 200 bytes as a record. Counts fade: what happened a while ago weighs less than what happened
/// just now, and the span it is held against fades alike.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Rhythm {
    /// Stories in each hour of the week, in units of `unit`, Monday from 0 to 1 first; empty until one is known.
    pub hours: Vec<u8>,
    /// Stories that one step of `hours` stands for; shrinks as they fade.
    pub unit: f32,
    /// Seconds the counts stand for.
    pub span_s: f32,
    /// Up to when it is learnt.
    pub known_to: Option<Timestamp>,
    /// Stories of the last hours, faded fast, and how many the hours of the week let expect: a day that is not like others.
    pub recent: f32,
    pub recent_expected: f32,
}

/// What a feed itself asks of those who read it; it holds until an answer with a body says otherwise.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Asked {
    /// `ttl`, `sy:updatePeriod`.
    pub ttl: Option<Duration>,
    /// `skipHours`: bit n is the hour n of the day, GMT.
    pub skip_hours: u32,
    /// `skipDays`: bit 0 is Monday, GMT.
    pub skip_days: u8,
}

/// Where a source says it has moved to for good (301, 308), while that is not yet believed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Move {
    pub to: String,
    /// How many answers in a row have said so.
    pub answers: u32,
}

/// Everything langbao remembers of a source between polls.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SourceState {
    pub no: SourceNo,
    pub id: SourceId,
    /// Former ids whose history this source carries on.
    pub was: Vec<SourceId>,
    /// The configured address that the validators belong to.
    pub url: String,
    /// The feed's own title and page.
    pub title: Option<String>,
    pub site: Option<String>,
    pub added_at: Timestamp,
    pub next_poll_at: Timestamp,
    /// The interval the last decision came from, without jitter.
    pub interval: Duration,
    /// Until then nobody may ask (Retry-After).
    pub asked_to_wait_until: Option<Timestamp>,
    pub validators: Validators,
    pub body_key: Option<ContentKey>,
    /// What the last body was read with (rules, taxonomy, algorithm): another reading asks for the body again.
    pub reading_key: Option<ContentKey>,
    pub rhythm: Rhythm,
    /// In a row.
    pub failures: u32,
    /// Finished since it was added.
    pub polls: u64,
    /// Stored articles of this source.
    pub entries: u64,
    pub last_poll_at: Option<Timestamp>,
    pub last_success_at: Option<Timestamp>,
    pub last_status: Option<u16>,
    pub last_fault: Option<FetchFault>,
    /// Problems of the last answer that was read; a sentence for the status.
    pub last_problem: Option<String>,
    /// Of a page: what it usually looks like.
    #[serde(default)]
    pub habit: Option<Habit>,
    /// What it gave of late that nobody can check the date of.
    #[serde(default)]
    pub flood: Flood,
    /// What its stored articles were last judged by (taxonomy, rules, algorithm); none: they are to be judged anew.
    #[serde(default)]
    pub judged_by: Option<ContentKey>,
    /// What the feed asks of its readers.
    #[serde(default)]
    pub asked: Asked,
    /// 403s in a row.
    #[serde(default)]
    pub refusals: u32,
    /// Where it is asked instead of at `url`: enough answers agreed that it moved there for good.
    #[serde(default)]
    pub moved_to: Option<String>,
    #[serde(default)]
    pub moving: Option<Move>,
}

/// How many undated or just-now-dated entries of a source were let through of late: a bound on what one
/// source can put on top of every feed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flood {
    /// Of the last hour: when, and how many, the earliest first; each at least one.
    pub taken: Vec<(Timestamp, u32)>,
}

impl Flood {
    /// Of one source within [`Flood::SPAN`]; what goes beyond is held.
    pub const ENTRIES_MAX: u32 = 600;
    pub const SPAN: Duration = Duration::from_secs(3600);

    /// How many more are let through at `now`.
    pub fn room(&self, now: Timestamp) -> u32 {
        let taken = self
            .taken
            .iter()
            .filter(|(at, _)| now.since(*at) < Self::SPAN)
            .fold(0_u32, |sum, (_, count)| sum.saturating_add(*count));
        Self::ENTRIES_MAX.saturating_sub(taken)
    }

    /// With so many more let through; what is past is forgotten.
    pub fn with(&self, now: Timestamp, count: u32) -> Flood {
        let mut taken = self.taken.clone();
        taken.retain(|(at, _)| now.since(*at) < Self::SPAN);
        if count > 0 {
            taken.push((now, count));
        }
        Flood { taken }
    }
}

impl SourceState {
    /// A source that was never polled and is due now.
    pub fn new(no: SourceNo, id: SourceId, url: String, now: Timestamp) -> SourceState {
        SourceState {
            no,
            id,
            was: Vec::new(),
            url,
            title: None,
            site: None,
            added_at: now,
            next_poll_at: now,
            interval: Duration::ZERO,
            asked_to_wait_until: None,
            validators: Validators::default(),
            body_key: None,
            reading_key: None,
            rhythm: Rhythm::default(),
            failures: 0,
            polls: 0,
            entries: 0,
            last_poll_at: None,
            last_success_at: None,
            last_status: None,
            last_fault: None,
            last_problem: None,
            habit: None,
            flood: Flood::default(),
            judged_by: None,
            asked: Asked::default(),
            refusals: 0,
            moved_to: None,
            moving: None,
        }
    }

    pub fn health(&self) -> Health {
        use super::FaultKind;
        match (&self.last_fault, self.last_poll_at) {
            (Some(fault), _) if fault.kind == FaultKind::Gone => Health::Gone,
            (Some(_), _) => Health::Failing,
            (None, None) => Health::New,
            (None, Some(_)) if self.last_problem.is_some() => Health::Suspect,
            (None, Some(_)) => Health::Ok,
        }
    }
}
