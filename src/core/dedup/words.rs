//! Words as matching sees them: one number for everything that is the same word.
//!
//! Owns what makes two spellings alike: case, composed or decomposed letters, where a tone mark is written, `i` and
//! `y`, ways to write a number or a date, long and short names of offices; and what is no part of the news: markup,
//! bylines, datelines, a newsroom's name behind a title, `Xem thêm` behind a text. Compares nothing itself.

mod letter;
mod number;
mod strip;
mod synonym;

use letter::{Base, Letter};
use number::{Digits, Value};

/// A word, or a number, in sixteen bits.
///
/// Two different words are the same number once in 32,768 times: of no weight where whole texts are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Word(pub u16);

impl Word {
    const NUMBER: u16 = 0x8000;

    fn of_hash(hash: u32) -> Word {
        Word(u16::try_from((hash ^ (hash >> 15)) & 0x7fff).unwrap_or_default())
    }

    fn of_value(value: Value) -> Word {
        let hash = value.parts().iter().fold(HASH_SEED, |hash, part| {
            // Numbers that differ by a thousand million million are taken for one: none of them is news.
            mix(hash, u32::try_from(part % 0xffff_fffb).unwrap_or_default())
        });
        Word(Word::of_hash(hash ^ (hash >> 16)).0 | Word::NUMBER)
    }

    /// The word that `text` is; of several the first.
    pub fn of(text: &str) -> Word {
        read(text, 1).first().copied().unwrap_or(Word(0))
    }

    pub fn is_number(self) -> bool {
        self.0 & Word::NUMBER != 0
    }
}

/// Some words of all: one bit each, since most words are asked about in vain.
pub struct WordSet(Box<[u64]>);

impl WordSet {
    const BITS: usize = 64;

    pub fn of(words: impl Iterator<Item = Word>) -> WordSet {
        let mut bits = vec![0; (1 << u16::BITS) / WordSet::BITS];
        for word in words {
            bits[usize::from(word.0) / WordSet::BITS] |= 1 << (usize::from(word.0) % WordSet::BITS);
        }
        WordSet(bits.into())
    }

    pub fn contains(&self, word: Word) -> bool {
        let at = usize::from(word.0);
        self.0[at / WordSet::BITS] >> (at % WordSet::BITS) & 1 != 0
    }
}

/// What stands around a word.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Around {
    /// A bracket opens before it.
    opened: bool,
    /// A bracket closes after it.
    closed: bool,
    /// A dash behind a space, or a bar, follows.
    dash: bool,
    colon: bool,
    /// It begins with a capital.
    capital: bool,
    /// It has no small letter.
    shouted: bool,
}

/// The words of a title, which is plain text.
pub fn of_title(plain: &str, words_max: usize) -> Vec<Word> {
    let mut read = Reader::new(plain, words_max);
    strip::title(&mut read);
    synonym::settle(read.words)
}

/// The words of a text, which may be safe HTML.
pub fn of_text(html: &str, words_max: usize) -> Vec<Word> {
    let mut read = Reader::new(html, words_max);
    strip::text(&mut read);
    synonym::settle(read.words)
}

/// Words as they stand.
fn read(text: &str, words_max: usize) -> Vec<Word> {
    Reader::new(text, words_max).words
}

const HASH_SEED: u32 = 0x811c_9dc5;
const HASH_PRIME: u32 = 0x0100_0193;

fn mix(hash: u32, value: u32) -> u32 {
    (hash ^ value).wrapping_mul(HASH_PRIME)
}

/// Words with what stands around them, and the one that is being read.
struct Reader {
    words: Vec<Word>,
    around: Vec<Around>,
    hash: u32,
    tone: u8,
    /// The letter before in this word; none at its beginning.
    last: Option<u32>,
    /// It was a small one.
    after_small: bool,
    digits: Digits,
    next: Around,
    after_space: bool,
}

impl Reader {
    fn new(text: &str, words_max: usize) -> Reader {
        let capacity = words_max.min(text.len() / 5 + 1);
        let mut reader = Reader {
            words: Vec::with_capacity(capacity),
            around: Vec::with_capacity(capacity.min(AROUND_WORDS_MAX)),
            hash: HASH_SEED,
            tone: 0,
            last: None,
            after_small: false,
            digits: Digits::default(),
            next: Around::default(),
            after_space: true,
        };
        let mut chars = text.chars();
        while reader.words.len() < words_max {
            let taken = reader.small_letters(chars.as_str());
            chars = chars.as_str()[taken..].chars();
            let Some(c) = chars.next() else {
                reader.take(' ');
                break;
            };
            match c {
                '<' => {
                    let tag = Tag::at(chars.as_str());
                    if !tag.is_inline {
                        reader.take(' ');
                    }
                    chars = chars.as_str()[tag.bytes..].chars();
                }
                '&' => {
                    reader.take(' ');
                    chars = chars.as_str()[reference_bytes(chars.as_str())..].chars();
                }
                c => reader.take(c),
            }
        }
        reader.words.truncate(words_max);
        reader.around.truncate(words_max);
        reader
    }

    /// Takes the small letters that `rest` begins with, which most of a text is; how many bytes they are.
    #[inline]
    fn small_letters(&mut self, rest: &str) -> usize {
        if !self.digits.is_empty() {
            return 0;
        }
        let (mut hash, mut tone, mut last) = (self.hash, self.tone, self.last);
        let mut taken = 0;
        while let Some(byte) = rest.as_bytes().get(taken) {
            let (letter, shape, bytes) = if byte.is_ascii_lowercase() {
                (*byte, 0, 1)
            } else {
                let c = rest[taken..].chars().next();
                let Some((c, small)) = c.and_then(|c| Some((c, letter::small(c)?))) else {
                    break;
                };
                tone |= small.2;
                (small.0, small.1, c.len_utf8())
            };
            let letter = sound(last, u32::from(letter));
            hash = mix(hash, letter);
            last = behind(last, letter);
            let shaped = mix(hash, u32::from(shape));
            hash = if shape == 0 { hash } else { shaped };
            taken += bytes;
        }
        if taken > 0 {
            (self.hash, self.tone, self.last) = (hash, tone, last);
            self.next.shouted = false;
            self.after_small = true;
            self.after_space = false;
        }
        taken
    }

    #[inline]
    fn take(&mut self, c: char) {
        if c == ' ' && self.digits.is_empty() {
            self.end_letters();
            self.after_space = true;
            return;
        }
        if let Some(digit) = u8::try_from(c).ok().filter(u8::is_ascii_digit) {
            self.end_letters();
            self.digits.digit(digit);
            return;
        }
        if !self.digits.is_empty() {
            if self.digits.sign(c) {
                return;
            }
            self.end_number();
        }
        match letter::of(c) {
            Letter::Base(base) => self.letter(base),
            Letter::Mark(mark) => self.mark(mark),
            Letter::Nothing => {}
            Letter::None => {
                self.end_letters();
                self.sign(c);
            }
        }
    }

    #[inline]
    fn letter(&mut self, base: Base) {
        if base.is_upper && self.after_small {
            // `Công ThươngVĩnh Long`: a space was lost.
            self.end_letters();
        }
        if self.last.is_none() {
            self.next.capital = base.is_upper;
            self.next.shouted = base.is_upper;
        }
        self.next.shouted &= base.is_upper;
        let letter = sound(self.last, base.letter);
        self.hash = mix(self.hash, letter);
        self.last = behind(self.last, letter);
        self.mark(base.mark);
        self.after_small = !base.is_upper;
        self.after_space = false;
    }

    fn mark(&mut self, mark: letter::Mark) {
        if mark.shape != 0 {
            self.hash = mix(self.hash, u32::from(mark.shape));
        }
        self.tone |= mark.tone;
    }

    fn sign(&mut self, c: char) {
        if c.is_whitespace() {
            self.after_space = true;
            return;
        }
        let around = match self.around.len() == self.words.len() {
            true => self.around.last_mut(),
            false => None,
        };
        let after_space = self.after_space;
        match (c, around) {
            ('(' | '[', _) => self.next.opened = true,
            (')' | ']', Some(around)) => around.closed = true,
            ('|', Some(around)) => around.dash = true,
            ('-' | '\u{2010}'..='\u{2015}', Some(around)) => {
                around.dash |= after_space || around.closed
            }
            (':', Some(around)) => around.colon = true,
            _ => {}
        }
        self.after_space = false;
    }

    fn end_letters(&mut self) {
        if self.last.is_some() {
            let word = Word::of_hash(mix(self.hash, 0x100 + u32::from(self.tone)));
            self.push(word);
        }
    }

    fn end_number(&mut self) {
        let word = Word::of_value(self.digits.value());
        let trailing = self.digits.trailing();
        self.digits = Digits::default();
        self.push(word);
        if let Some(sign) = trailing {
            self.sign(sign);
        }
    }

    fn push(&mut self, word: Word) {
        self.words.push(word);
        if self.around.len() < AROUND_WORDS_MAX {
            self.around.push(self.next);
        }
        self.hash = HASH_SEED;
        self.tone = 0;
        self.last = None;
        self.after_small = false;
        self.next = Around::default();
        self.after_space = false;
    }
}

/// What stands around words matters at the beginning of a text, and in all of a title.
const AROUND_WORDS_MAX: usize = 64;

const I: u32 = b'i' as u32;
const Q: u32 = b'q' as u32;
const U: u32 = b'u' as u32;
const Y: u32 = b'y' as u32;

/// After a consonant `y` and `i` are one sound: `tỷ` and `tỉ`, `quý` and `quí`.
#[inline]
fn sound(last: Option<u32>, letter: u32) -> u32 {
    match (last, letter) {
        (Some(last), Y) if !is_vowel(last) => I,
        (_, letter) => letter,
    }
}

/// What counts as the letter before the next one: the `u` of `qu` is none by itself.
#[inline]
fn behind(last: Option<u32>, letter: u32) -> Option<u32> {
    match (last, letter) {
        (Some(Q), U) => Some(Q),
        (_, letter) => Some(letter),
    }
}

fn is_vowel(letter: u32) -> bool {
    matches!(
        char::from_u32(letter),
        Some('a' | 'e' | 'i' | 'o' | 'u' | 'y')
    )
}

/// What one tag may take; what is longer is none.
const TAG_BYTES_MAX: usize = 4096;
/// The longest reference that safe HTML has.
const REFERENCE_BYTES_MAX: usize = 10;

struct Tag {
    /// After the `<`.
    bytes: usize,
    /// It parts no words.
    is_inline: bool,
}

impl Tag {
    /// In safe HTML each `<` begins a tag, and a `>` outside double quotes ends it.
    fn at(rest: &str) -> Tag {
        let name = rest.strip_prefix('/').unwrap_or(rest);
        let name_bytes = name
            .bytes()
            .take(TAG_BYTES_MAX)
            .position(|b| !b.is_ascii_alphanumeric())
            .unwrap_or(0);
        let mut quoted = false;
        let end = rest.bytes().take(TAG_BYTES_MAX).position(|b| {
            quoted ^= b == b'"';
            b == b'>' && !quoted
        });
        match (name_bytes, end) {
            (1.., Some(end)) => Tag {
                bytes: end + 1,
                is_inline: matches!(
                    &name[..name_bytes],
                    "a" | "b"
                        | "em"
                        | "font"
                        | "i"
                        | "mark"
                        | "s"
                        | "small"
                        | "span"
                        | "strong"
                        | "sub"
                        | "sup"
                        | "u"
                ),
            },
            _ => Tag {
                bytes: 0,
                is_inline: false,
            },
        }
    }
}

/// Each reference that safe HTML has stands for a sign or a space.
fn reference_bytes(rest: &str) -> usize {
    let end = rest
        .bytes()
        .take(REFERENCE_BYTES_MAX)
        .position(|b| !(b.is_ascii_alphanumeric() || b == b'#'));
    match end {
        Some(end) if rest.as_bytes()[end] == b';' => end + 1,
        _ => 0,
    }
}

#[cfg(test)]
mod tests;
