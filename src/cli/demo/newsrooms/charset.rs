//! Writing what an old server writes: windows-1258.
//!
//! The code page has the letters â ă ê ô ơ ư but no letter with both such a mark and a tone; tones are
//! combining marks of their own. `encoding_rs` does not take letters apart, so that is done here.

use encoding_rs::WINDOWS_1258;
use unicode_normalization::UnicodeNormalization;

use super::texts::Charset;

/// Grave, acute, tilde, hook above, dot below.
const TONES: [char; 5] = ['\u{300}', '\u{301}', '\u{303}', '\u{309}', '\u{323}'];

impl Charset {
    pub(super) fn name(self) -> &'static str {
        match self {
            Charset::Utf8 => "utf-8",
            Charset::Windows1258 => "windows-1258",
        }
    }

    /// What the code page lacks becomes a numeric reference, as markup allows.
    pub(super) fn encode(self, markup: String) -> Vec<u8> {
        match self {
            Charset::Utf8 => markup.into_bytes(),
            Charset::Windows1258 => {
                let apart: String = markup.nfc().flat_map(apart).collect();
                WINDOWS_1258.encode(&apart).0.into_owned()
            }
        }
    }
}

/// The letter as it is where the code page has it, else without its tone and then the tone.
fn apart(letter: char) -> Vec<char> {
    if is_in_code_page(letter) {
        return vec![letter];
    }
    let (tones, marks): (Vec<char>, Vec<char>) = std::iter::once(letter)
        .nfd()
        .partition(|mark| TONES.contains(mark));
    marks.into_iter().nfc().chain(tones).collect()
}

fn is_in_code_page(letter: char) -> bool {
    let mut utf8 = [0; 4];
    let (_, _, unmappable) = WINDOWS_1258.encode(letter.encode_utf8(&mut utf8));
    !unmappable
}
