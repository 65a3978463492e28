//! Questions to a name server and its answers, as bytes (RFC 1035): addresses, and for how long they hold.
//!
//! Pure. Whatever is out of the ordinary (cut off, refused, not to our question) is no answer; the system's own
//! resolver is asked then. Names inside an answer are stepped over and never followed.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

/// What is asked of a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Family {
    V4,
    V6,
}

/// What a name server says of a name in one family.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Said {
    /// None: there is no such name, or it has none of this family.
    pub addresses: Vec<IpAddr>,
    /// How long that holds; zero where nothing says so.
    pub holds: Duration,
}

const HEAD_BYTES: usize = 12;
const LABEL_BYTES_MAX: usize = 63;
const NAME_BYTES_MAX: usize = 253;
/// Records of one answer that are looked at.
const RECORDS_MAX: u16 = 128;
const A: u16 = 1;
const SOA: u16 = 6;
const AAAA: u16 = 28;
const INTERNET: u16 = 1;
const NO_SUCH_NAME: u8 = 3;

impl Family {
    fn code(self) -> u16 {
        match self {
            Family::V4 => A,
            Family::V6 => AAAA,
        }
    }
}

/// The question, recursion wanted; none for what is no name.
pub fn question(id: u16, name: &str, family: Family) -> Option<Vec<u8>> {
    let name = name.strip_suffix('.').unwrap_or(name);
    if name.is_empty() || name.len() > NAME_BYTES_MAX || !name.is_ascii() {
        return None;
    }
    let mut bytes = Vec::with_capacity(HEAD_BYTES + name.len() + 6);
    bytes.extend(id.to_be_bytes());
    bytes.extend([1, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
    for label in name.split('.') {
        let length = u8::try_from(label.len()).ok()?;
        if label.is_empty() || label.len() > LABEL_BYTES_MAX {
            return None;
        }
        bytes.push(length);
        bytes.extend(label.as_bytes());
    }
    bytes.push(0);
    bytes.extend(family.code().to_be_bytes());
    bytes.extend(INTERNET.to_be_bytes());
    Some(bytes)
}

/// What `answer` says to `question`; none when it is not an ordinary answer to it.
pub fn read(question: &[u8], answer: &[u8], family: Family) -> Option<Said> {
    let asked = question.get(HEAD_BYTES..)?;
    let [id_high, id_low, flags, code, ..] = *answer else {
        return None;
    };
    let is_ours = question.get(..2) == Some(&[id_high, id_low])
        && answer.get(HEAD_BYTES..question.len()) == Some(asked);
    // A response to a plain query, whole.
    let is_whole = flags & 0b1111_1010 == 0b1000_0000;
    let is_missing = code & 0x0f == NO_SUCH_NAME;
    if !is_ours || !is_whole || !(is_missing || code & 0x0f == 0) {
        return None;
    }
    let mut reader = Reader {
        bytes: answer,
        at: 4,
    };
    let [_, answers, authorities, _] = [(); 4].map(|()| reader.u16().unwrap_or(0));
    reader.at = question.len();
    let mut said = Said::default();
    let mut holds_s = u32::MAX;
    for _ in 0..answers.min(RECORDS_MAX) {
        let record = reader.record()?;
        holds_s = holds_s.min(record.holds_s);
        said.addresses
            .extend(record.address().filter(|_| record.kind == family.code()));
    }
    if said.addresses.is_empty() {
        holds_s = 0;
        for _ in 0..authorities.min(RECORDS_MAX) {
            let record = reader.record()?;
            if let Some(missing_s) = record.missing_s() {
                holds_s = missing_s;
            }
        }
    }
    said.holds = Duration::from_secs(u64::from(holds_s));
    Some(said)
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

struct Record<'a> {
    kind: u16,
    holds_s: u32,
    data: &'a [u8],
}

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let end = self.at.checked_add(count)?;
        let taken = self.bytes.get(self.at..end)?;
        self.at = end;
        Some(taken)
    }

    fn u16(&mut self) -> Option<u16> {
        Some(u16::from_be_bytes(self.take(2)?.try_into().ok()?))
    }

    fn u32(&mut self) -> Option<u32> {
        Some(u32::from_be_bytes(self.take(4)?.try_into().ok()?))
    }

    /// Over a name, which ends with an empty label or points elsewhere.
    fn step_over_name(&mut self) -> Option<()> {
        loop {
            let length = usize::from(*self.take(1)?.first()?);
            match length {
                0 => return Some(()),
                1..=LABEL_BYTES_MAX => self.take(length)?,
                0xc0.. => return self.take(1).map(|_| ()),
                _ => return None,
            };
        }
    }

    fn record(&mut self) -> Option<Record<'a>> {
        self.step_over_name()?;
        let (kind, class, holds_s) = (self.u16()?, self.u16()?, self.u32()?);
        let length = self.u16()?;
        let data = self.take(usize::from(length))?;
        Some(Record {
            // What is not of the internet is nothing that is looked for.
            kind: if class == INTERNET { kind } else { 0 },
            // RFC 2181 section 8: with the highest bit set it is zero.
            holds_s: if holds_s >> 31 == 1 { 0 } else { holds_s },
            data,
        })
    }
}

impl Record<'_> {
    fn address(&self) -> Option<IpAddr> {
        match self.kind {
            A => <[u8; 4]>::try_from(self.data)
                .ok()
                .map(|octets| IpAddr::V4(Ipv4Addr::from(octets))),
            AAAA => <[u8; 16]>::try_from(self.data)
                .ok()
                .map(|octets| IpAddr::V6(Ipv6Addr::from(octets))),
            _ => None,
        }
    }

    /// How long nothing is nothing: RFC 2308 section 5.
    fn missing_s(&self) -> Option<u32> {
        let minimum = self.data.last_chunk::<4>().filter(|_| self.kind == SOA)?;
        Some(u32::from_be_bytes(*minimum).min(self.holds_s))
    }
}

#[cfg(test)]
pub mod tests {
    use proptest::prelude::*;

    use super::*;

    /// An answer to `question`: its addresses with their times, and how long nothing holds.
    pub fn answer(question: &[u8], records: &[(IpAddr, u32)], missing_s: Option<u32>) -> Vec<u8> {
        let mut bytes = question.to_vec();
        bytes[2..4].copy_from_slice(&[0x81, if missing_s.is_some() { 0x83 } else { 0x80 }]);
        bytes[6..8].copy_from_slice(&u16::try_from(records.len()).unwrap().to_be_bytes());
        bytes[9] = u8::from(missing_s.is_some());
        let mut record = |kind: u16, holds_s: u32, data: &[u8]| {
            bytes.extend([0xc0, 12]);
            bytes.extend(kind.to_be_bytes());
            bytes.extend(INTERNET.to_be_bytes());
            bytes.extend(holds_s.to_be_bytes());
            bytes.extend(u16::try_from(data.len()).unwrap().to_be_bytes());
            bytes.extend(data);
        };
        for (address, holds_s) in records {
            match address {
                IpAddr::V4(v4) => record(A, *holds_s, &v4.octets()),
                IpAddr::V6(v6) => record(AAAA, *holds_s, &v6.octets()),
            }
        }
        if let Some(missing_s) = missing_s {
            let mut soa = vec![0, 0];
            soa.extend([0; 16]);
            soa.extend(missing_s.to_be_bytes());
            record(SOA, 900, &soa);
        }
        bytes
    }

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn asked() -> Vec<u8> {
        question(7, "Báo.vn".replace('á', "a").as_str(), Family::V4).unwrap()
    }

    #[test]
    fn a_name_becomes_labels_and_what_is_none_is_not_asked_for() {
        let bytes = question(0x0102, "bao.vn.", Family::V6).unwrap();
        assert_eq!(
            bytes,
            b"\x01\x02\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x03bao\x02vn\x00\x00\x1c\x00\x01"
        );
        let long = "a".repeat(64);
        for wrong in ["", ".", "a..vn", long.as_str(), "báo.vn"] {
            assert_eq!(question(1, wrong, Family::V4), None, "{wrong}");
        }
    }

    #[test]
    fn addresses_hold_as_long_as_the_shortest_record() {
        let records = [(ip("192.0.2.1"), 300), (ip("192.0.2.2"), 60)];
        let said = read(&asked(), &answer(&asked(), &records, None), Family::V4).unwrap();
        assert_eq!(said.addresses, [ip("192.0.2.1"), ip("192.0.2.2")]);
        assert_eq!(said.holds, Duration::from_secs(60));
        // What was not asked for is not taken.
        let other = [(ip("2001:db8::1"), 300)];
        let said = read(&asked(), &answer(&asked(), &other, None), Family::V4).unwrap();
        assert_eq!(said, Said::default());
    }

    #[test]
    fn nothing_holds_as_long_as_the_zone_says_and_a_wild_time_not_at_all() {
        let said = read(&asked(), &answer(&asked(), &[], Some(120)), Family::V4).unwrap();
        assert_eq!(
            (said.addresses.len(), said.holds),
            (0, Duration::from_secs(120))
        );
        let wild = [(ip("192.0.2.1"), u32::MAX)];
        let said = read(&asked(), &answer(&asked(), &wild, None), Family::V4).unwrap();
        assert_eq!(said.holds, Duration::ZERO);
    }

    #[test]
    fn what_is_no_whole_answer_to_the_question_is_none() {
        let good = answer(&asked(), &[(ip("192.0.2.1"), 300)], None);
        assert!(read(&asked(), &good, Family::V4).is_some());
        let broken = |at: usize, value: u8| {
            let mut bytes = good.clone();
            bytes[at] = value;
            read(&asked(), &bytes, Family::V4)
        };
        for (at, value, why) in [
            (1, 8, "another id"),
            (2, 0x01, "a question"),
            (2, 0x83, "cut off"),
            (3, 0x82, "the server failed"),
            (3, 0x85, "refused"),
            (13, b'x', "another name"),
        ] {
            assert_eq!(broken(at, value), None, "{why}");
        }
        for end in 0..good.len() {
            assert_eq!(read(&asked(), &good[..end], Family::V4), None, "{end}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_panic_it(tail in proptest::collection::vec(any::<u8>(), 0..200), counts in any::<[u8; 8]>()) {
            let mut bytes = asked();
            bytes[2] = 0x80;
            bytes[4..12].copy_from_slice(&counts);
            bytes.extend(tail);
            let _ = read(&asked(), &bytes, Family::V4);
        }
    }
}
