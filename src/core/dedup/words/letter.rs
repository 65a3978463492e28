//! Letters apart: what a letter is without hat and tone, and these by themselves, so that it does not matter where in
//! a syllable a tone is written, nor whether a letter came composed.

/// What a character is to a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Letter {
    Base(Base),
    /// A hat or a tone that follows its letter.
    Mark(Mark),
    /// It is not seen.
    Nothing,
    /// No letter.
    None,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Base {
    /// In lower case; ASCII for every letter of Vietnamese.
    pub letter: u32,
    pub mark: Mark,
    pub is_upper: bool,
}

/// One bit for each: hats, horn and stroke belong to their letter, tones to the syllable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Mark {
    pub shape: u8,
    pub tone: u8,
}

const HAT: u8 = 1;
const BREVE: u8 = 2;
const HORN: u8 = 4;
const STROKE: u8 = 8;

/// Bare, then grave, acute, tilde, hook, dot.
const ROWS: [(u8, u8, [char; 6]); 13] = [
    (b'a', 0, ['a', 'à', 'á', 'ã', 'ả', 'ạ']),
    (b'a', HAT, ['â', 'ầ', 'ấ', 'ẫ', 'ẩ', 'ậ']),
    (b'a', BREVE, ['ă', 'ằ', 'ắ', 'ẵ', 'ẳ', 'ặ']),
    (b'e', 0, ['e', 'è', 'é', 'ẽ', 'ẻ', 'ẹ']),
    (b'e', HAT, ['ê', 'ề', 'ế', 'ễ', 'ể', 'ệ']),
    (b'i', 0, ['i', 'ì', 'í', 'ĩ', 'ỉ', 'ị']),
    (b'o', 0, ['o', 'ò', 'ó', 'õ', 'ỏ', 'ọ']),
    (b'o', HAT, ['ô', 'ồ', 'ố', 'ỗ', 'ổ', 'ộ']),
    (b'o', HORN, ['ơ', 'ờ', 'ớ', 'ỡ', 'ở', 'ợ']),
    (b'u', 0, ['u', 'ù', 'ú', 'ũ', 'ủ', 'ụ']),
    (b'u', HORN, ['ư', 'ừ', 'ứ', 'ữ', 'ử', 'ự']),
    (b'y', 0, ['y', 'ỳ', 'ý', 'ỹ', 'ỷ', 'ỵ']),
    (b'd', STROKE, ['đ', 'đ', 'đ', 'đ', 'đ', 'đ']),
];

const LOW: usize = 0xc0;
const LOW_END: usize = 0x1b1;
const HIGH: usize = 0x1ea0;
const HIGH_END: usize = 0x1efa;

type Entry = (u8, Mark, bool);
const NO_MARK: Mark = Mark { shape: 0, tone: 0 };
const TABLE: [Entry; LOW_END - LOW + HIGH_END - HIGH] = table();

const fn index(code: usize) -> Option<usize> {
    match code {
        LOW..LOW_END => Some(code - LOW),
        HIGH..HIGH_END => Some(code - HIGH + LOW_END - LOW),
        _ => None,
    }
}

const fn table() -> [Entry; LOW_END - LOW + HIGH_END - HIGH] {
    let mut table = [(0, NO_MARK, false); LOW_END - LOW + HIGH_END - HIGH];
    let mut row = 0;
    while row < ROWS.len() {
        let (letter, shape, letters) = ROWS[row];
        let mut at = 0;
        while at < letters.len() {
            let tone = if at == 0 || shape == STROKE {
                0
            } else {
                1 << (at - 1)
            };
            let mark = Mark { shape, tone };
            let code = letters[at] as usize;
            let capital = if code < 0x100 { code - 0x20 } else { code - 1 };
            if let Some(index) = index(code) {
                table[index] = (letter, mark, false);
            }
            if let Some(index) = index(capital) {
                table[index] = (letter, mark, true);
            }
            at += 1;
        }
        row += 1;
    }
    table
}

/// A small letter of Vietnamese or of ASCII: its letter, shape and tone.
pub type Small = (u8, u8, u8);

const SMALL_END: usize = HIGH_END;
static SMALL: [Small; SMALL_END] = small_letters();

const fn small_letters() -> [Small; SMALL_END] {
    let mut small = [(0, 0, 0); SMALL_END];
    let mut letter = b'a';
    while letter <= b'z' {
        small[letter as usize] = (letter, 0, 0);
        letter += 1;
    }
    let mut code = LOW;
    while code < HIGH_END {
        if let Some(index) = index(code)
            && let (letter @ 1.., mark, false) = TABLE[index]
        {
            small[code] = (letter, mark.shape, mark.tone);
        }
        code += 1;
    }
    small
}

/// What most of a text is made of, by one look: says the same of it as [`of`].
#[inline]
pub fn small(c: char) -> Option<Small> {
    let code = usize::try_from(u32::from(c)).unwrap_or(usize::MAX);
    SMALL
        .get(code)
        .copied()
        .filter(|(letter, _, _)| *letter != 0)
}

#[inline]
pub fn of(c: char) -> Letter {
    match c {
        'a'..='z' => base(c, NO_MARK, false),
        'A'..='Z' => base(c.to_ascii_lowercase(), NO_MARK, true),
        '\0'..='\u{7f}' => Letter::None,
        // Eth, as some keyboards have it.
        '\u{f0}' => base(
            'd',
            Mark {
                shape: STROKE,
                tone: 0,
            },
            false,
        ),
        '\u{d0}' | '\u{189}' => base(
            'd',
            Mark {
                shape: STROKE,
                tone: 0,
            },
            true,
        ),
        '\u{300}' => tone(1),
        '\u{301}' => tone(2),
        '\u{303}' => tone(4),
        '\u{309}' => tone(8),
        '\u{323}' => tone(16),
        '\u{302}' => shape(HAT),
        '\u{306}' => shape(BREVE),
        '\u{31b}' => shape(HORN),
        '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}' => Letter::Nothing,
        c => of_table(c),
    }
}

fn of_table(c: char) -> Letter {
    let code = usize::try_from(u32::from(c)).unwrap_or_default();
    match index(code).map(|index| TABLE[index]) {
        Some((letter @ 1.., mark, is_upper)) => base(char::from(letter), mark, is_upper),
        _ if c.is_alphabetic() => {
            let small = c.to_lowercase().next().unwrap_or(c);
            base(small, NO_MARK, c.is_uppercase())
        }
        _ => Letter::None,
    }
}

fn base(letter: char, mark: Mark, is_upper: bool) -> Letter {
    Letter::Base(Base {
        letter: u32::from(letter),
        mark,
        is_upper,
    })
}

fn tone(tone: u8) -> Letter {
    Letter::Mark(Mark { shape: 0, tone })
}

fn shape(shape: u8) -> Letter {
    Letter::Mark(Mark { shape, tone: 0 })
}
