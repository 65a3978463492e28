use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{StoryNo, Timestamp};

/// How a story stands, whatever its articles say.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// It is visible while one of its articles is.
    #[default]
    Shown,
    /// An operator took it down: it does not come back by itself, nor by a new copy.
    Retracted { at: Timestamp },
    /// It turned out to be another story, which has its articles now; its address leads there.
    Fused { into: StoryNo, at: Timestamp },
}

impl Standing {
    /// How long a retraction can be undone, and for which what left a feed leaves a tombstone there.
    pub const REMEMBERED: Duration = Duration::from_secs(30 * 24 * 3600);

    /// When it ceased to be shown; none while it is.
    pub fn ended_at(self) -> Option<Timestamp> {
        match self {
            Standing::Shown => None,
            Standing::Retracted { at } | Standing::Fused { at, .. } => Some(at),
        }
    }
}

/// What the rules in force make of an entry.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    #[default]
    Show,
    Drop,
    Hold,
}

/// A verdict with the rules it comes from.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ruled {
    pub verdict: Verdict,
    /// Numbers of the rules that acted, counted from 1 in the order of the file.
    pub by: Vec<u32>,
}

/// Why an article is kept back until an operator lets it go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HeldBy {
    Rule,
    /// Its source gave more at once than is believed of it.
    Flood,
}

/// Whether an article may be shown, its story permitting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Ruling {
    Shown,
    Dropped,
    Held(HeldBy),
}

/// What stands beside an article's words and decides whether they are shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Custody {
    /// Taken in beyond what its source is believed in an hour.
    pub flood: bool,
    /// When an operator let it go: neither a flood nor a rule holds it since.
    pub released_at: Option<Timestamp>,
    /// When it left the feeds; none while it is shown, and where it never was.
    pub left_at: Option<Timestamp>,
}
