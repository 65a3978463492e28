//! A simulated newsroom: what it has published, and how badly it says so.

use std::fmt::Write;
use std::time::Duration;

use bytes::Bytes;
use langbao::core::model::{
    FaultKind, FetchFault, FetchJob, FetchOutcome, Fetched, Freshness, Timestamp, Validators,
};

/// How many items a feed lists.
const LISTED_MAX: usize = 15;

#[derive(Debug, Clone)]
pub struct Item {
    pub id: String,
    pub path: String,
    pub title: String,
    pub text: String,
    pub date: Option<Timestamp>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Habit {
    Plain,
    Undated,
    /// Every answer gives every item another guid.
    ChangingIds,
    /// Every item stands in the feed twice.
    Twice,
    /// Never says that nothing changed.
    Unconditional,
}

#[derive(Debug)]
pub struct Newsroom {
    pub host: String,
    pub habit: Habit,
    pub items: Vec<Item>,
    /// The next answers are these.
    pub trouble: Vec<FetchFault>,
    answers: u64,
}

impl Newsroom {
    pub fn new(host: &str, habit: Habit) -> Newsroom {
        Newsroom {
            host: host.to_owned(),
            habit,
            items: Vec::new(),
            trouble: Vec::new(),
            answers: 0,
        }
    }

    pub fn answer(&mut self, job: &FetchJob) -> FetchOutcome {
        if let Some(fault) = self.trouble.pop() {
            return FetchOutcome::Failed(fault);
        }
        self.answers += 1;
        let listed = self.listed();
        let etag = blake3::hash(format!("{listed:?}").as_bytes()).to_hex()[..16].to_owned();
        let validators = match self.habit {
            Habit::ChangingIds | Habit::Unconditional => Validators::default(),
            Habit::Plain | Habit::Undated | Habit::Twice => Validators {
                etag: Some(etag),
                last_modified: None,
            },
        };
        if validators.etag.is_some() && validators == job.validators {
            return FetchOutcome::NotModified {
                validators,
                freshness: Freshness::default(),
                moved_to: None,
            };
        }
        FetchOutcome::Fetched(Fetched {
            status: 200,
            url: job.url.clone(),
            content_type: Some("application/rss+xml; charset=utf-8".into()),
            body: Bytes::from(self.rss(&listed)),
            validators,
            freshness: Freshness::default(),
            moved_to: None,
        })
    }

    /// The newest, newest first.
    fn listed(&self) -> Vec<Item> {
        self.items.iter().rev().take(LISTED_MAX).cloned().collect()
    }

    fn rss(&self, items: &[Item]) -> String {
        let host = &self.host;
        let mut feed = format!(
            "<?xml version=\"1.0\" encoding=\"utf-8\"?><rss version=\"2.0\"><channel>\
             <title>Báo {host}</title><link>https://{host}/</link><description>thử</description>"
        );
        let times = if self.habit == Habit::Twice { 2 } else { 1 };
        for item in items
            .iter()
            .flat_map(|item| std::iter::repeat_n(item, times))
        {
            let id = match self.habit {
                Habit::ChangingIds => format!("{}-{}", item.id, self.answers),
                _ => item.id.clone(),
            };
            let date = match (self.habit, item.date) {
                (Habit::Undated, _) | (_, None) => String::new(),
                (_, Some(date)) => format!("<pubDate>{}</pubDate>", date.http_date()),
            };
            let _ = write!(
                feed,
                "<item><guid isPermaLink=\"false\">{id}</guid><title>{}</title>\
                 <link>https://{host}{}</link><description>{}</description>{date}</item>",
                item.title, item.path, item.text
            );
        }
        feed.push_str("</channel></rss>");
        feed
    }
}

pub fn throttled(span: Duration) -> FetchFault {
    FetchFault {
        status: Some(429),
        retry_after: Some(span),
        ..FetchFault::new(FaultKind::Throttled, "HTTP 429 Too Many Requests")
    }
}

pub fn broken() -> FetchFault {
    FetchFault::new(FaultKind::Timeout, "no answer within 30 s")
}
