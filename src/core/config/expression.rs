//! What a regular expression can find at all: one that finds nothing in any text, or in no address, is a slip of the pen.
//!
//! Looks at classes, literals and the beginning. What two of them leave to each other (`a^b`) is not worked out.

use regex_syntax::hir::literal::Extractor;
use regex_syntax::hir::{Class, Hir, HirKind, Look};

/// Schemes of the addresses that articles are stored with.
const BEGINNINGS: [&str; 2] = ["http://", "https://"];

/// Why an expression finds nothing in any text; none of what does not parse.
pub(super) fn finds_nothing(expression: &str) -> Option<&'static str> {
    let hir = regex_syntax::parse(expression).ok()?;
    (!is_found(&hir, Letters::Any)).then_some("it asks for a letter out of none")
}

/// Why an expression finds nothing in any address.
pub(super) fn finds_no_address(expression: &str) -> Option<&'static str> {
    let hir = regex_syntax::parse(expression).ok()?;
    if !is_found(&hir, Letters::Ascii) {
        return Some("addresses have no letters but ASCII");
    }
    (!may_begin_an_address(&hir)).then_some("addresses begin with http:// or https://")
}

#[derive(Clone, Copy)]
enum Letters {
    Any,
    Ascii,
}

/// Whether it can be found in a text of these letters; of look-around each is taken to hold.
fn is_found(hir: &Hir, letters: Letters) -> bool {
    let allows = |first: u32| match letters {
        Letters::Any => true,
        Letters::Ascii => first < 0x80,
    };
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => true,
        HirKind::Literal(literal) => literal.0.iter().all(|byte| allows(u32::from(*byte))),
        HirKind::Class(Class::Unicode(class)) => {
            let first = class.ranges().first();
            first.is_some_and(|range| allows(u32::from(range.start())))
        }
        HirKind::Class(Class::Bytes(class)) => {
            let first = class.ranges().first();
            first.is_some_and(|range| allows(u32::from(range.start())))
        }
        HirKind::Repetition(repeated) => repeated.min == 0 || is_found(&repeated.sub, letters),
        HirKind::Capture(capture) => is_found(&capture.sub, letters),
        HirKind::Concat(parts) => parts.iter().all(|part| is_found(part, letters)),
        HirKind::Alternation(parts) => parts.iter().any(|part| is_found(part, letters)),
    }
}

/// An article without an address has an empty one, so that what asks for no letter is found.
fn may_begin_an_address(hir: &Hir) -> bool {
    if !hir.properties().look_set_prefix().contains(Look::Start) {
        return true;
    }
    let beginnings = Extractor::new().extract(hir);
    beginnings.literals().is_none_or(|literals| {
        literals.iter().any(|literal| {
            BEGINNINGS.iter().any(|known| {
                let (known, asked) = (known.as_bytes(), literal.as_bytes());
                known.starts_with(asked) || asked.starts_with(known)
            })
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_asks_for_a_letter_out_of_none_finds_nothing() {
        for (expression, finds) in [
            (r"[^\s\S]", false),
            (r"a[a&&b]b", false),
            (r"(?:[^\d\D])+", false),
            (r"[^\s\S]|[a&&b]", false),
            (r"([^\s\S])*", true),
            (r"[^\s\S]|a", true),
            (r"", true),
            (r"^$", true),
            (r"a^b", true),
            (r"Đ\p{Lu}", true),
        ] {
            let found = finds_nothing(expression);
            assert_eq!(found.is_none(), finds, "{expression}: {found:?}");
        }
    }

    #[test]
    fn an_address_begins_with_http_and_is_ascii() {
        for (expression, finds) in [
            ("^ftp://", false),
            ("(?i)^FTP://", false),
            ("^(?:ftp|gopher)://", false),
            (r"\Amailto:", false),
            ("^a.vn/", false),
            ("/tin-tức/", false),
            ("[àá]", false),
            ("[^\\s\\S]", false),
            ("^https?://a", true),
            ("^h", true),
            ("^[a-z]+://", true),
            ("^(?:ftp|https)://", true),
            ("^.*[.]vn/", true),
            ("ftp://", true),
            ("(?m)^ftp://", true),
            ("^$", true),
            ("^", true),
            ("tin-t(?:ức|uc)", true),
        ] {
            let found = finds_no_address(expression);
            assert_eq!(found.is_none(), finds, "{expression}: {found:?}");
        }
    }
}
