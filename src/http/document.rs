//! Bytes ready to be served, in every encoding a client may ask for.

use std::io::Write;
use std::sync::OnceLock;
use std::time::Duration;

use bytes::Bytes;

use crate::core::model::Timestamp;

/// A content coding (RFC 9110 section 8.4.1), best last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Encoding {
    Identity,
    Gzip,
    Zstd,
    Brotli,
}

impl Encoding {
    pub const ALL: [Encoding; 4] = [
        Encoding::Identity,
        Encoding::Gzip,
        Encoding::Zstd,
        Encoding::Brotli,
    ];

    /// Its name in `Content-Encoding`.
    pub fn name(self) -> &'static str {
        match self {
            Encoding::Identity => "identity",
            Encoding::Gzip => "gzip",
            Encoding::Zstd => "zstd",
            Encoding::Brotli => "br",
        }
    }

    fn is_named(self, name: &str) -> bool {
        // RFC 9110 section 8.4.1.3: x-gzip is gzip.
        name.eq_ignore_ascii_case(self.name())
            || (self == Encoding::Gzip && name.eq_ignore_ascii_case("x-gzip"))
    }
}

/// The encoding the client likes best (RFC 9110 section 12.5.3); among equals, the smallest.
///
/// A client that accepts nothing we have gets the identity: it can do more with that than with a 406.
pub fn negotiate(accept_encoding: Option<&str>) -> Encoding {
    let members = members(accept_encoding.unwrap_or_default());
    Encoding::ALL
        .into_iter()
        .map(|encoding| (liking(encoding, &members), encoding))
        .filter(|(liking, _)| *liking > 0)
        .max()
        .map_or(Encoding::Identity, |(_, encoding)| encoding)
}

/// Its q-value in thousandths; the least there is for the identity where nothing is said of it.
fn liking(encoding: Encoding, members: &[(&str, u16)]) -> u16 {
    let named = members.iter().find(|(name, _)| encoding.is_named(name));
    let any = members.iter().find(|(name, _)| *name == "*");
    match named.or(any) {
        Some((_, q)) => *q,
        None => u16::from(encoding == Encoding::Identity),
    }
}

/// Names with q in thousandths; a member that cannot be read is left out.
fn members(header: &str) -> Vec<(&str, u16)> {
    header
        .split(',')
        .filter_map(|member| {
            let (name, parameters) = member.split_once(';').unwrap_or((member, ""));
            let q = match parameters.trim() {
                "" => 1000,
                weight => q_value(weight)?,
            };
            Some((name.trim(), q))
        })
        .collect()
}

/// `q=0.5` as 500 (RFC 9110 section 12.4.2).
fn q_value(weight: &str) -> Option<u16> {
    let (key, value) = weight.split_once('=')?;
    if !key.trim().eq_ignore_ascii_case("q") {
        return None;
    }
    let (whole, part) = value.trim().split_once('.').unwrap_or((value.trim(), ""));
    let digits = part.len() <= 3 && part.bytes().all(|b| b.is_ascii_digit());
    let thousandths: u16 = format!("{part:0<3}").parse().ok().filter(|_| digits)?;
    match whole {
        "0" => Some(thousandths),
        "1" if thousandths == 0 => Some(1000),
        _ => None,
    }
}

/// What kind of thing a document is decides the headers beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// For programs of any origin: CORS is open.
    Feed,
    /// For people: what a browser may do with it is bounded.
    Page,
}

/// One representation-to-be: made once, served often, compressed when first asked for.
#[derive(Debug)]
pub struct Document {
    pub kind: Kind,
    pub content_type: &'static str,
    /// When something in it last changed.
    pub last_modified: Timestamp,
    /// How long a cache may serve it without asking.
    pub fresh_for: Duration,
    identity: Bytes,
    /// The first 128 bits of BLAKE3 over the identity bytes, in hexadecimal.
    tag: String,
    gzip: OnceLock<Bytes>,
    zstd: OnceLock<Bytes>,
    brotli: OnceLock<Bytes>,
}

impl Document {
    pub const FRESH_FOR: Duration = Duration::from_secs(60);

    pub fn new(
        kind: Kind,
        content_type: &'static str,
        identity: impl Into<Bytes>,
        last_modified: Timestamp,
    ) -> Document {
        let identity = identity.into();
        let hash = blake3::hash(&identity).to_hex();
        Document {
            kind,
            content_type,
            last_modified,
            fresh_for: Document::FRESH_FOR,
            tag: hash[..32].to_owned(),
            identity,
            gzip: OnceLock::new(),
            zstd: OnceLock::new(),
            brotli: OnceLock::new(),
        }
    }

    /// The bytes in this encoding; the first caller pays for the compression.
    pub fn bytes(&self, encoding: Encoding) -> Bytes {
        match encoding {
            Encoding::Identity => self.identity.clone(),
            Encoding::Gzip => self.gzip.get_or_init(|| gzip(&self.identity)).clone(),
            Encoding::Zstd => self.zstd.get_or_init(|| zstd(&self.identity)).clone(),
            Encoding::Brotli => self.brotli.get_or_init(|| brotli(&self.identity)).clone(),
        }
    }

    /// The opaque part of a strong entity tag, quotes included; one for each encoding, as RFC 9110 section 8.8.3.3 asks.
    pub fn etag(&self, encoding: Encoding) -> String {
        match encoding {
            Encoding::Identity => format!("\"{}\"", self.tag),
            other => format!("\"{}-{}\"", self.tag, other.name()),
        }
    }
}

fn gzip(bytes: &[u8]) -> Bytes {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder
        .write_all(bytes)
        .and_then(|()| encoder.finish())
        .expect("writing into memory does not fail")
        .into()
}

/// Above zstd's default of 3: a document is compressed once and sent often.
const ZSTD_LEVEL: i32 = 9;

fn zstd(bytes: &[u8]) -> Bytes {
    zstd::bulk::compress(bytes, ZSTD_LEVEL)
        .expect("compressing memory into memory does not fail")
        .into()
}

fn brotli(bytes: &[u8]) -> Bytes {
    let params = brotli::enc::BrotliEncoderParams {
        quality: 5,
        lgwin: 20,
        ..Default::default()
    };
    let mut compressed = Vec::new();
    brotli::BrotliCompress(&mut &bytes[..], &mut compressed, &params)
        .expect("compressing memory into memory does not fail");
    compressed.into()
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    #[track_caller]
    fn check(accept_encoding: &str, expected: Encoding) {
        assert_eq!(
            negotiate(Some(accept_encoding)),
            expected,
            "{accept_encoding:?}"
        );
    }

    #[test]
    fn the_client_gets_what_it_likes_best() {
        use Encoding::{Brotli, Gzip, Identity, Zstd};
        assert_eq!(negotiate(None), Identity);
        for (accept_encoding, expected) in [
            ("", Identity),
            ("gzip", Gzip),
            ("gzip;q=0.001", Gzip),
            ("x-gzip", Gzip),
            ("GZIP", Gzip),
            ("gzip, deflate, br, zstd", Brotli),
            ("gzip, deflate, zstd", Zstd),
            ("gzip;q=1.0, br;q=0.5", Gzip),
            ("gzip;q=0.501,br;q=0.5", Gzip),
            ("br;q=0, gzip", Gzip),
            ("br;q=0", Identity),
            ("deflate", Identity),
            ("*", Brotli),
            ("*;q=0.5, gzip", Gzip),
            ("br;q=0, *", Zstd),
            ("*;q=0", Identity),
            ("identity", Identity),
            ("identity, gzip", Gzip),
            ("identity;q=0.6, gzip;q=0.5", Identity),
            ("identity;q=0, gzip;q=0.1", Gzip),
            ("identity;q=0", Identity),
            ("identity;q=0, *", Brotli),
            ("*;q=0, gzip;q=0.001", Gzip),
            (" gzip ; Q = 1 ", Gzip),
        ] {
            check(accept_encoding, expected);
        }
    }

    #[test]
    fn what_cannot_be_read_is_not_liked() {
        for garbage in [
            "gzip;q=2",
            "gzip;q=",
            "gzip;q=1.001",
            "gzip;q=0.0001",
            "gzip;q=-1",
            "gzip;q=+0.5",
            "gzip;level=9",
            "gzip;q=0.5;x",
            ";;;",
            ",,,",
            "gzip br",
            "\u{e9}",
        ] {
            check(garbage, Encoding::Identity);
        }
        check("gzip;q=9, br", Encoding::Brotli);
    }

    fn document(body: &str) -> Document {
        Document::new(Kind::Feed, "text/plain", body.to_owned(), Timestamp::EPOCH)
    }

    #[test]
    fn every_encoding_gives_the_same_bytes_back() {
        for body in [
            "".to_owned(),
            "x".to_owned(),
            "Làng nghề Vạn Phúc ".repeat(5000),
        ] {
            let document = document(&body);
            let read = |mut reader: Box<dyn Read>| {
                let mut out = String::new();
                reader.read_to_string(&mut out).unwrap();
                out
            };
            let owned = |encoding| std::io::Cursor::new(document.bytes(encoding));
            assert_eq!(document.bytes(Encoding::Identity), body);
            let gzip = flate2::read::GzDecoder::new(owned(Encoding::Gzip));
            assert_eq!(read(Box::new(gzip)), body);
            let zstd = zstd::Decoder::new(owned(Encoding::Zstd)).unwrap();
            assert_eq!(read(Box::new(zstd)), body);
            let brotli = brotli::Decompressor::new(owned(Encoding::Brotli), 4096);
            assert_eq!(read(Box::new(brotli)), body);
        }
    }

    #[test]
    fn the_same_bytes_have_the_same_tag_in_one_encoding_only() {
        let [a, again, b] = ["a", "a", "b"].map(document);
        let tags = Encoding::ALL.map(|encoding| a.etag(encoding));
        assert_eq!(tags, Encoding::ALL.map(|encoding| again.etag(encoding)));
        assert_eq!(tags[0], "\"17762fddd969a453925d65717ac3eea2\"");
        assert_eq!(tags[1], "\"17762fddd969a453925d65717ac3eea2-gzip\"");
        assert_ne!(tags[0], b.etag(Encoding::Identity));
    }

    #[test]
    fn compressing_twice_gives_the_same_bytes() {
        let body = "Tin địa phương ".repeat(1000);
        for encoding in Encoding::ALL {
            assert_eq!(
                document(&body).bytes(encoding),
                document(&body).bytes(encoding)
            );
        }
    }
}
