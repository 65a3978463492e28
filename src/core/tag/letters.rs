//! The small letters of Vietnamese, told from all else byte by byte.
//!
//! They are most of what is read, and one, two or three bytes long without any order: a jump for each kind of
//! letter would cost more than reading it. Owns the table of steps that takes its place.

/// How many bytes of small letters a text begins with.
pub(super) fn small(text: &str) -> usize {
    let mut state = WHOLE;
    let stop = text.bytes().position(|byte| {
        state = STEPS[usize::from(state)][usize::from(byte)];
        state == NONE
    });
    // What stopped it may be the second byte of a letter.
    text.floor_char_boundary(stop.unwrap_or(text.len()))
}

/// Between two letters.
const WHOLE: u8 = 0;
// Behind the first byte of ã, of ă, of ũ, of ơ and of ạ.
const C3: u8 = 1;
const C4: u8 = 2;
const C5: u8 = 3;
const C6: u8 = 4;
const E1: u8 = 5;
// Behind the first two of ạ and of ề.
const E1_BA: u8 = 6;
const E1_BB: u8 = 7;
const NONE: u8 = 8;
const STATES: usize = 9;

/// For each state and byte the next state.
static STEPS: [[u8; 256]; STATES] = steps();

const fn steps() -> [[u8; 256]; STATES] {
    let mut steps = [[NONE; 256]; STATES];
    let mut byte = 0;
    while byte <= u8::MAX as usize {
        let mut state = WHOLE;
        while state < NONE {
            steps[state as usize][byte] = step(state, byte);
            state += 1;
        }
        byte += 1;
    }
    steps
}

const fn step(state: u8, byte: usize) -> u8 {
    let is_last = match state {
        WHOLE => match byte {
            0xc3 => return C3,
            0xc4 => return C4,
            0xc5 => return C5,
            0xc6 => return C6,
            0xe1 => return E1,
            _ => matches!(byte, 0x61..=0x7a),
        },
        E1 => match byte {
            0xba => return E1_BA,
            0xbb => return E1_BB,
            _ => false,
        },
        // à to ÿ, but for ÷ and the Icelandic ð.
        C3 => matches!(byte, 0xa0..=0xaf | 0xb1..=0xb6 | 0xb8..=0xbf),
        // ă, đ, ĩ; ũ; ơ, ư.
        C4 => matches!(byte, 0x83 | 0x91 | 0xa9),
        C5 => byte == 0xa9,
        C6 => matches!(byte, 0xa1 | 0xb0),
        // From ạ to ỹ every second one.
        E1_BA => matches!(byte, 0xa0..=0xbf) && byte % 2 == 1,
        E1_BB => matches!(byte, 0x80..=0xb9) && byte % 2 == 1,
        _ => false,
    };
    if is_last { WHOLE } else { NONE }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_small_letter_is_one_and_nothing_else_is() {
        let vietnamese = "àáảãạăằắẳẵặâầấẩẫậèéẻẽẹêềếểễệìíỉĩịòóỏõọôồốổỗộơờớởỡợùúủũụưừứửữựỳýỷỹỵđ";
        for c in '\0'..='\u{ffff}' {
            let text = format!("a{c}");
            let is_small = letter_like(c);
            assert_eq!(small(&text) == text.len(), is_small, "{c:?}");
            assert!(
                is_small || !(vietnamese.contains(c) || c.is_ascii_lowercase()),
                "{c:?}"
            );
            assert!(!is_small || small(&text[1..]) == c.len_utf8(), "{c:?}");
        }
    }

    /// Small letters of the two blocks that hold those of Vietnamese, and the six outside them.
    fn letter_like(c: char) -> bool {
        match c {
            'a'..='z' | 'ă' | 'đ' | 'ĩ' | 'ũ' | 'ơ' | 'ư' => true,
            'ð' | '÷' => false,
            'à'..='ÿ' => true,
            'ạ'..='ỹ' => c.is_lowercase(),
            _ => false,
        }
    }

    #[test]
    fn a_run_ends_before_the_letter_that_is_none() {
        for (text, expected) in [
            ("", ""),
            ("nghề ", "nghề"),
            ("nghềẠ", "nghề"),
            ("x×", "x"),
            ("đĐ", "đ"),
            ("làngNghề", "làng"),
            ("7", ""),
            ("ư…", "ư"),
            ("ề", "ề"),
        ] {
            assert_eq!(&text[..small(text)], expected);
        }
    }
}
