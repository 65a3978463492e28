//! Records as bytes, versioned.
//!
//! A value is a version byte, an encoding byte (plain or zstd) and postcard. The records are the model's
//! own types as of [`VERSION`]; when one of them changes shape, the old shape moves here under its
//! version and is converted when read, and a store of a newer version is refused by name.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::StoreError;
use crate::core::model::SCHEMA_VERSION;

pub const VERSION: u8 = SCHEMA_VERSION;

const PLAIN: u8 = 0;
const ZSTD: u8 = 1;
/// Shorter records gain nothing from compression.
const ZSTD_BYTES_MIN: usize = 256;
const ZSTD_LEVEL: i32 = 3;
/// What one record may inflate to: an article's texts are bounded far below it.
const RECORD_BYTES_MAX: usize = 16 * 1024 * 1024;

pub fn encode<T: Serialize>(record: &T) -> Vec<u8> {
    let plain =
        postcard::to_allocvec(record).expect("records hold no type that postcard cannot write");
    let packed = match plain.len() >= ZSTD_BYTES_MIN {
        true => zstd::bulk::compress(&plain, ZSTD_LEVEL).ok(),
        false => None,
    };
    let (encoding, body) = match packed {
        Some(packed) if packed.len() < plain.len() => (ZSTD, packed),
        _ => (PLAIN, plain),
    };
    let mut bytes = Vec::with_capacity(body.len() + 2);
    bytes.extend([VERSION, encoding]);
    bytes.extend(body);
    bytes
}

pub fn decode<T: DeserializeOwned>(bytes: &[u8], what: &str) -> Result<T, StoreError> {
    let damaged = |cause: &str| StoreError::Damaged {
        what: format!("{what}: {cause}"),
    };
    let [version, encoding, body @ ..] = bytes else {
        return Err(damaged("too short"));
    };
    if *version > VERSION {
        return Err(StoreError::Newer {
            found: *version,
            known: VERSION,
        });
    }
    let inflated;
    let plain = match *encoding {
        PLAIN => body,
        ZSTD => {
            inflated = zstd::bulk::decompress(body, RECORD_BYTES_MAX)
                .map_err(|err| damaged(&err.to_string()))?;
            &inflated
        }
        other => return Err(damaged(&format!("unknown encoding {other}"))),
    };
    postcard::from_bytes(plain).map_err(|err| damaged(&err.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

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
    }
}
