use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// The id an administrator gives a source: 1 to 100 characters of `[a-z0-9-]`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SourceId(Arc<str>);

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParseSourceIdError(String);

impl fmt::Display for ParseSourceIdError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "source id {:?} must be 1 to 100 characters of a-z, 0-9 and -",
            self.0
        )
    }
}

impl std::error::Error for ParseSourceIdError {}

impl SourceId {
    pub const LENGTH_MAX: usize = 100;

    /// # Errors
    /// When `raw` is empty, too long, or holds another character than `[a-z0-9-]`.
    pub fn parse(raw: &str) -> Result<SourceId, ParseSourceIdError> {
        let fits = (1..=Self::LENGTH_MAX).contains(&raw.len());
        let plain = raw
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        if fits && plain {
            Ok(SourceId(raw.into()))
        } else {
            Err(ParseSourceIdError(raw.to_owned()))
        }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for SourceId {
    type Error = ParseSourceIdError;

    fn try_from(raw: String) -> Result<SourceId, ParseSourceIdError> {
        SourceId::parse(&raw)
    }
}

impl From<SourceId> for String {
    fn from(id: SourceId) -> String {
        id.0.as_ref().to_owned()
    }
}

impl fmt::Display for SourceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for SourceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", &*self.0)
    }
}

macro_rules! number {
    ($(#[$meta:meta])* $name:ident($inner:ty)) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
        pub struct $name(pub $inner);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

number! {
    /// A source inside one store: given when it is first configured, never reused, kept when its id changes (`was`).
    SourceNo(u32)
}
number! {
    /// An article inside one store, in the order articles were taken in; never reused.
    ArticleNo(u64)
}
number! {
    /// A story inside one store, in the order stories were first seen; the last part of its public id; never reused.
    StoryNo(u64)
}

macro_rules! key {
    ($(#[$meta:meta])* $name:ident) => {
        $(#[$meta])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub struct $name(pub [u8; 16]);

        impl $name {
            /// The first 128 bits of BLAKE3 over the parts, each preceded by its length.
            pub fn of(parts: &[&str]) -> $name {
                let mut hasher = blake3::Hasher::new();
                for part in parts {
                    hasher.update(&(part.len() as u64).to_be_bytes());
                    hasher.update(part.as_bytes());
                }
                let mut key = [0; 16];
                key.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
                $name(key)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({:032x})"), u128::from_be_bytes(self.0))
            }
        }
    };
}

key! {
    /// A source's own id for an entry; unique together with a [`SourceNo`].
    EntryKey
}
key! {
    /// A canonical address, by which articles meet across sources.
    AddressKey
}
key! {
    /// The matching text of an article with at least eight syllables: equal keys, equal texts.
    TextKey
}
key! {
    /// Any bytes compared whole: an answer's body.
    ContentKey
}

/// What makes this store's story ids unlike those of any other store; fixed when the store is made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mint {
    /// RFC 4151 authority: the host of `base_url` on the day the store was made.
    pub authority: String,
    /// RFC 4151 date, `YYYY-MM-DD`.
    pub date: String,
    /// Random per store, `[a-z0-9]`.
    pub store: String,
}

impl Mint {
    /// The public id of a story, an RFC 4151 tag URI: `tag:tin.example.vn,2026-11-22:k3x9q2wd-17`.
    pub fn story_id(&self, story: StoryNo) -> String {
        format!(
            "tag:{},{}:{}",
            self.authority,
            self.date,
            self.story_slug(story)
        )
    }

    /// The story of this store that a slug names, to the letter.
    pub fn story_no(&self, slug: &str) -> Option<StoryNo> {
        let no = slug.strip_prefix(&self.store)?.strip_prefix('-')?;
        let no = StoryNo(no.parse().ok()?);
        (self.story_slug(no) == slug).then_some(no)
    }

    /// What follows the last colon of the public id: `k3x9q2wd-17`.
    pub fn story_slug(&self, story: StoryNo) -> String {
        format!("{}-{}", self.store, story)
    }
}

/// The candidate that takes the fewest strokes to become `raw`; none where there is no candidate.
pub fn nearest<'a>(raw: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    // Only the beginning: what was asked for may be as long as a request.
    let raw: String = raw.chars().take(SourceId::LENGTH_MAX).collect();
    candidates.min_by(|a, b| {
        let strokes = |candidate: &str| strsim::osa_distance(candidate, &raw);
        let unlikeness = |candidate: &str| 1.0 - strsim::jaro_winkler(candidate, &raw);
        strokes(a)
            .cmp(&strokes(b))
            .then(unlikeness(a).total_cmp(&unlikeness(b)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_word_is_the_one_that_was_meant() {
        let slugs = ["an-giang", "hue", "nghe-an", "ho-chi-minh", "ha-noi"];
        for (raw, meant) in [("hew", "hue"), ("an-gian", "an-giang"), ("hanoi", "ha-noi")] {
            assert_eq!(nearest(raw, slugs.into_iter()), Some(meant), "{raw}");
        }
        assert_eq!(nearest("x", std::iter::empty()), None);
    }
}
