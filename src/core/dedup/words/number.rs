//! Numbers while they are read: `1.872,2`, `1,872.2`; `05/06/2017`, `5-6`.
//!
//! Thousands are told from decimals by their groups of three. A date is its day and month, whatever year is written
//! behind it. Two numbers with one sign between them are one pair, whichever sign: `1,5` is `1.5`.

/// What one number may take; further digits are left out.
const BYTES_MAX: usize = 24;
const PARTS_MAX: usize = 8;

#[derive(Debug, Clone, Copy, Default)]
pub struct Digits {
    bytes: [u8; BYTES_MAX],
    len: usize,
    /// A sign that belongs to the number if a digit follows.
    pending: Option<u8>,
}

impl Digits {
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    pub fn digit(&mut self, digit: u8) {
        if let Some(sign) = self.pending.take() {
            self.put(sign);
        }
        self.put(digit);
    }

    fn put(&mut self, byte: u8) {
        if let Some(place) = self.bytes.get_mut(self.len) {
            *place = byte;
            self.len += 1;
        }
    }

    /// Whether `c` may stand inside a number, which goes on then.
    pub fn sign(&mut self, c: char) -> bool {
        let sign = match c {
            '.' | ',' | '/' | ':' | '-' => u8::try_from(c).unwrap_or(b'-'),
            '\u{2010}'..='\u{2013}' => b'-',
            _ => return false,
        };
        self.pending.is_none() && {
            self.pending = Some(sign);
            true
        }
    }

    /// The sign that was not followed by a digit.
    pub fn trailing(&self) -> Option<char> {
        self.pending.map(char::from)
    }

    /// The number as a short list of numbers, equal for equal numbers.
    pub fn value(&self) -> Value {
        let mut parts = [Part::default(); PARTS_MAX];
        let mut count = 0;
        let mut signs = [0_u8; PARTS_MAX];
        for byte in &self.bytes[..self.len] {
            if byte.is_ascii_digit() {
                parts[count].push(*byte);
            } else if count + 1 < PARTS_MAX {
                signs[count] = *byte;
                count += 1;
            }
        }
        let (parts, signs) = (&parts[..=count], &signs[..count]);
        if is_date(parts, signs) {
            return Value::pair(parts[0].value, parts[1].value);
        }
        settle(parts, signs)
    }
}

#[derive(Debug, Clone, Copy, Default)]
struct Part {
    value: u64,
    digits: usize,
}

impl Part {
    fn push(&mut self, digit: u8) {
        self.value = self
            .value
            .wrapping_mul(10)
            .wrapping_add(u64::from(digit - b'0'));
        self.digits += 1;
    }
}

/// What a number is, in at most eight numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Value {
    parts: [u64; PARTS_MAX],
    len: usize,
}

impl Value {
    pub fn whole(value: u64) -> Value {
        let mut parts = [0; PARTS_MAX];
        parts[0] = value;
        Value { parts, len: 1 }
    }

    pub fn pair(one: u64, other: u64) -> Value {
        let mut value = Value::whole(one);
        value.push(other);
        value
    }

    fn push(&mut self, part: u64) {
        if let Some(place) = self.parts.get_mut(self.len) {
            *place = part;
            self.len += 1;
        }
    }

    pub fn parts(&self) -> &[u64] {
        &self.parts[..self.len]
    }
}

fn is_date(parts: &[Part], signs: &[u8]) -> bool {
    let [day, month, year] = parts else {
        return false;
    };
    signs[0] == signs[1]
        && matches!(signs[0], b'/' | b'-' | b'.')
        && (1..=31).contains(&day.value)
        && (1..=12).contains(&month.value)
        && matches!(year.digits, 2 | 4)
}

/// Groups of three become one number, the rest stays apart.
fn settle(parts: &[Part], signs: &[u8]) -> Value {
    let mut value = Value::whole(parts[0].value);
    let mut group = signs.first().copied();
    let mut grouping = (1..=3).contains(&parts[0].digits);
    for (part, sign) in parts[1..].iter().zip(signs) {
        let joins =
            grouping && part.digits == 3 && matches!(sign, b'.' | b',') && group == Some(*sign);
        if joins {
            let whole = &mut value.parts[0];
            *whole = whole.wrapping_mul(1000).wrapping_add(part.value);
        } else {
            grouping = false;
            group = None;
            value.push(part.value);
        }
    }
    value
}
