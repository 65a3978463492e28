//! Records as bytes, versioned.
//!
//! A value is a version byte, an encoding byte (plain or zstd) and postcard. The records are the model's
//! own types as of [`VERSION`]; the shapes that older versions gave them stand below under their version and
//! are converted when read, so that a tree may hold records of several versions. A newer version is refused by
//! name.

mod v1;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{StoreError, pack};
use crate::core::model::{ArticleNo, Mint, Recompute, Regroup, SCHEMA_VERSION, Tally, Timestamp};

pub const VERSION: u8 = SCHEMA_VERSION;

/// What a value can hold, in the shapes it has had.
pub trait Record: DeserializeOwned {
    /// Reads what version 1 wrote: the shape of today, where it is not said otherwise.
    fn from_v1(plain: &[u8]) -> Result<Self, String> {
        whole(plain)
    }
}

impl Record for Mint {}
impl Record for Recompute {}
impl Record for Tally {}
impl Record for Regroup {}
/// A listing.
impl Record for Vec<ArticleNo> {}
/// A number by itself.
impl Record for u64 {}
/// Stories and articles.
impl Record for (u64, u64) {}
/// The next numbers.
impl Record for (u32, u64, u64) {}
/// The settings, and since when.
impl Record for (u64, Timestamp) {}

/// What `plain` holds, to its last byte: another shape may decode and leave some over.
fn whole<T: DeserializeOwned>(plain: &[u8]) -> Result<T, String> {
    match postcard::take_from_bytes(plain) {
        Ok((record, [])) => Ok(record),
        Ok((_, rest)) => Err(format!("{} bytes too long", rest.len())),
        Err(err) => Err(err.to_string()),
    }
}

pub fn encode<T: Serialize>(record: &T) -> Vec<u8> {
    let plain =
        postcard::to_allocvec(record).expect("records hold no type that postcard cannot write");
    [&[VERSION], pack::pack(&plain).as_slice()].concat()
}

/// The value of a key as it is laid beside its neighbours: an article or a story is compressed with them.
pub fn relaxed(kind: &[u8], value: Vec<u8>) -> Vec<u8> {
    match (kind, value.as_slice()) {
        (b"a" | b"t", [version, packed @ ..]) => match pack::unpack(packed) {
            Ok(plain) => [&[*version], pack::as_it_is(&plain).as_slice()].concat(),
            // It is damage when it is read.
            Err(_) => value,
        },
        _ => value,
    }
}

pub fn decode<T: Record>(bytes: &[u8], what: &str) -> Result<T, StoreError> {
    let damaged = |cause: &str| StoreError::Damaged {
        what: format!("{what}: {cause}"),
    };
    let [version, packed @ ..] = bytes else {
        return Err(damaged("too short"));
    };
    if *version > VERSION {
        return Err(StoreError::Newer {
            found: *version,
            known: VERSION,
        });
    }
    let plain = pack::unpack(packed).map_err(|cause| damaged(&cause))?;
    let plain = plain.as_slice();
    let read = match *version {
        0 => Err("unknown version 0".to_owned()),
        1 => T::from_v1(plain),
        _ => whole(plain),
    };
    read.map_err(|cause| damaged(&cause))
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Record for String {}
    impl Record for u32 {}

    #[test]
    fn a_record_comes_back_as_it_was() {
        for text in ["", "ngắn", &"dài ".repeat(500)] {
            let bytes = encode(&text.to_owned());
            assert_eq!(decode::<String>(&bytes, "text"), Ok(text.to_owned()));
        }
    }

    #[test]
    fn a_newer_record_is_refused_by_name() {
        let mut bytes = encode(&1u32);
        bytes[0] = VERSION + 1;
        let newer = StoreError::Newer {
            found: VERSION + 1,
            known: VERSION,
        };
        assert_eq!(decode::<u32>(&bytes, "number"), Err(newer));
    }

    #[test]
    fn cut_or_foreign_bytes_are_damage_not_a_panic() {
        let bytes = encode(&"dài ".repeat(500));
        for end in 0..bytes.len() {
            assert!(
                decode::<String>(&bytes[..end], "text").is_err(),
                "cut at {end}"
            );
        }
        assert!(decode::<String>(&[VERSION, 9, 1, 2, 3], "text").is_err());
        assert!(decode::<u32>(&[VERSION, 0, 7, 0], "number").is_err());
        assert!(decode::<u32>(&[0, 0, 7], "number").is_err());
    }
}
