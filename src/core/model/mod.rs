//! The nouns of langbao, shared by every stage.
//!
//! This module owns the types that flow from a source's answer to a feed's bytes. It imports nothing of
//! this crate and decides nothing: the stages beside it do. No type here knows a clock, a socket or a file.

mod article;
mod batch;
mod feed;
mod fetch;
#[cfg(test)]
pub mod fixture;
mod ids;
mod known;
mod roster;
mod source;
mod standing;
mod tag;
mod tally;
mod time;
mod view;
mod words;

pub use article::{Article, DateFrom, Enclosure, Entry, FullText, Story};
pub use batch::{Batch, Recompute, Regroup, SCHEMA_VERSION};
pub use feed::{
    EntryFeed, Habit, ParsedArticle, ParsedCategory, ParsedFeed, ParsedItem, Problem, Published,
    Seen, Structure,
};
pub use fetch::{
    FaultKind, FetchFault, FetchJob, FetchOutcome, Fetched, Freshness, PollOutcome, Validators,
    Wanted,
};
pub use ids::{
    AddressKey, ArticleNo, ContentKey, EntryKey, Mint, ParseSourceIdError, SourceId, SourceNo,
    StoryNo, TextKey, nearest,
};
pub use known::{Alike, Known, KnownEntry};
pub use roster::{Roster, SourceFacts};
pub use source::{Asked, Flood, Health, Move, Rhythm, SourceRules, SourceState};
pub use standing::{Custody, HeldBy, Ruled, Ruling, Standing, Verdict};
pub use tag::{Scheme, Tag, TagOrigin};
pub use tally::{Counted, Firings, Tally};
pub use time::Timestamp;
pub use view::{CopyView, EntryView, FeedView, Point, SourceView, Tombstone};
pub use words::Words;
