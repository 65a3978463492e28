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

/// How often a source publishes, learnt from the dates of its own entries.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Rhythm {
    /// Mean gap between entries in seconds, decayed; none until two dates are known.
    pub gap_s: Option<f64>,
    /// The newest date seen.
    pub newest_at: Option<Timestamp>,
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
