//! One value at a time: durations, sizes, offsets, languages, headers.
//!
//! Each function says what is wrong in words that follow the value (`"5x" is not a duration`) and never
//! repeat it, since it may come from `${NAME}`; the hint may repeat it and is left out then.

use std::ops::RangeInclusive;
use std::time::Duration;

/// What is wrong with a value, and the mend.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) what: String,
    pub(super) hint: Option<String>,
}

impl Fault {
    pub(super) fn new(what: impl Into<String>) -> Fault {
        Fault {
            what: what.into(),
            hint: None,
        }
    }

    pub(super) fn hinted(what: impl Into<String>, hint: impl Into<String>) -> Fault {
        Fault {
            what: what.into(),
            hint: Some(hint.into()),
        }
    }
}

pub(super) const MINUTE: Duration = Duration::from_secs(60);
pub(super) const HOUR: Duration = Duration::from_secs(60 * 60);
pub(super) const DAY: Duration = Duration::from_secs(24 * 60 * 60);

const DURATION_UNITS: &[(&str, u64)] = &[
    ("ms", 1),
    ("s", 1000),
    ("m", 60 * 1000),
    ("h", 60 * 60 * 1000),
    ("d", 24 * 60 * 60 * 1000),
];
const SIZE_UNITS: &[(&str, u64)] = &[
    ("B", 1),
    ("KiB", 1 << 10),
    ("MiB", 1 << 20),
    ("GiB", 1 << 30),
];

/// One number and one unit: `200ms`, `30s`, `5m`, `6h`, `730d`.
pub(super) fn duration(raw: &str, bounds: &RangeInclusive<Duration>) -> Result<Duration, Fault> {
    let mend = "write a number and one of ms, s, m, h, d, such as \"30s\"";
    let span = Duration::from_millis(measure(raw, DURATION_UNITS, "a duration", mend)?);
    bounded(span, bounds, |span| written_duration(*span))
}

/// `512B`, `64KiB`, `10MiB`, `1GiB`.
pub(super) fn size(raw: &str, bounds: &RangeInclusive<u64>) -> Result<u64, Fault> {
    let mend = "write a number and one of B, KiB, MiB, GiB, such as \"10MiB\"";
    let bytes = measure(raw, SIZE_UNITS, "a size", mend)?;
    bounded(bytes, bounds, |bytes| written(*bytes, SIZE_UNITS))
}

fn measure(raw: &str, units: &[(&str, u64)], what: &str, mend: &str) -> Result<u64, Fault> {
    let digits = raw.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = raw.split_at(digits);
    let Some((_, scale)) = units.iter().find(|(name, _)| *name == unit) else {
        let hint = match (number, like_unit(unit, units)) {
            ("", _) | (_, None) => mend.to_owned(),
            (number, Some(unit)) => format!("did you mean \"{}{unit}\"?", number),
        };
        return Err(Fault::hinted(format!("is not {what}"), hint));
    };
    if number.is_empty() {
        return Err(Fault::hinted(format!("is not {what}"), mend));
    }
    let number: u64 = number.parse().map_err(|_| Fault::new("is too large"))?;
    number
        .checked_mul(*scale)
        .ok_or_else(|| Fault::new("is too large"))
}

/// The unit somebody meant who wrote `min`, `hours`, `kb`.
fn like_unit<'u>(unit: &str, units: &[(&'u str, u64)]) -> Option<&'u str> {
    let unit = unit.trim().to_ascii_lowercase();
    let meant = match unit.as_str() {
        "msec" | "millis" | "milliseconds" => "ms",
        "sec" | "secs" | "second" | "seconds" => "s",
        "min" | "mins" | "minute" | "minutes" => "m",
        "hr" | "hrs" | "hour" | "hours" => "h",
        "day" | "days" => "d",
        "byte" | "bytes" => "B",
        "k" | "kb" | "kib" => "KiB",
        "mb" | "mib" => "MiB",
        "g" | "gb" | "gib" => "GiB",
        other => other,
    };
    let same = |name: &&str| *name == meant || name.eq_ignore_ascii_case(meant);
    units.iter().map(|(name, _)| *name).find(same)
}

fn bounded<T: PartialOrd>(
    value: T,
    bounds: &RangeInclusive<T>,
    written: impl Fn(&T) -> String,
) -> Result<T, Fault> {
    let span = || {
        format!(
            "allowed is {} to {}",
            written(bounds.start()),
            written(bounds.end())
        )
    };
    if value < *bounds.start() {
        Err(Fault::hinted("is too small", span()))
    } else if value > *bounds.end() {
        Err(Fault::hinted("is too large", span()))
    } else {
        Ok(value)
    }
}

pub(super) fn integer(value: i64, bounds: &RangeInclusive<i64>) -> Result<i64, Fault> {
    bounded(value, bounds, i64::to_string)
}

/// In the largest unit that needs no fraction.
pub(super) fn written_duration(span: Duration) -> String {
    match u64::try_from(span.as_millis()) {
        Ok(0) => "0s".to_owned(),
        Ok(ms) => written(ms, DURATION_UNITS),
        Err(_) => format!("{}s", span.as_secs()),
    }
}

fn written(value: u64, units: &[(&str, u64)]) -> String {
    let (unit, scale) = units
        .iter()
        .rev()
        .find(|(_, scale)| value >= *scale && value.is_multiple_of(*scale))
        .unwrap_or(&units[0]);
    format!("{}{unit}", value / scale)
}

/// `+07:00`, `-03:30`, `Z`: seconds east of UTC.
pub(super) fn offset(raw: &str) -> Result<i32, Fault> {
    let fault = || {
        let hint = "write hours and minutes east of UTC, such as \"+07:00\"";
        Fault::hinted("is not an offset from UTC", hint)
    };
    if raw == "Z" {
        return Ok(0);
    }
    let (sign, rest) = match raw.split_at_checked(1) {
        Some(("+", rest)) => (1, rest),
        Some(("-", rest)) => (-1, rest),
        _ => return Err(fault()),
    };
    let (hours, minutes) = rest.split_once(':').ok_or_else(fault)?;
    let number = |part: &str| match part.len() == 2 && part.bytes().all(|b| b.is_ascii_digit()) {
        true => part.parse::<i32>().map_err(|_| fault()),
        false => Err(fault()),
    };
    let (hours, minutes) = (number(hours)?, number(minutes)?);
    let seconds = sign * (hours * 3600 + minutes * 60);
    if minutes > 59 || !(-12 * 3600..=14 * 3600).contains(&seconds) {
        return Err(Fault::hinted(
            "is no zone on earth",
            "allowed is -12:00 to +14:00",
        ));
    }
    Ok(seconds)
}

/// The shape of RFC 5646, not its registry: `vi`, `vi-VN`, `zh-Hant-TW`, `x-tay`.
pub(super) fn language(raw: &str) -> Result<String, Fault> {
    let mut parts = raw.split('-');
    let first = parts.next().unwrap_or_default();
    let alphabetic = first.bytes().all(|b| b.is_ascii_alphabetic());
    let private = first.eq_ignore_ascii_case("x") && raw.len() > 2;
    let rest_fits = parts.all(|part| {
        (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric())
    });
    if alphabetic && ((2..=3).contains(&first.len()) || private) && rest_fits && raw.len() <= 64 {
        return Ok(raw.to_owned());
    }
    let hint = "write a BCP 47 tag such as \"vi\" or \"zh-Hant\"";
    Err(Fault::hinted("is not a language tag", hint))
}

/// Words that people read: something visible, no control characters, at most so many characters.
pub(super) fn words(raw: &str, chars_max: usize) -> Result<String, Fault> {
    if raw.trim().is_empty() {
        return Err(Fault::new("is empty"));
    }
    text(raw, chars_max)
}

/// [`words`] that may be missing.
pub(super) fn text(raw: &str, chars_max: usize) -> Result<String, Fault> {
    if raw.chars().any(char::is_control) {
        return Err(Fault::new("holds a control character"));
    }
    if raw.chars().count() > chars_max {
        return Err(Fault::new(format!("is longer than {chars_max} characters")));
    }
    Ok(raw.to_owned())
}

/// [`words`] that are looked for in texts.
pub(super) fn phrase(raw: &str) -> Result<String, Fault> {
    let phrase = words(raw, 200)?;
    if phrase.chars().any(char::is_alphanumeric) {
        return Ok(phrase);
    }
    Err(Fault::new("holds neither a letter nor a digit"))
}

/// 1 to 100 characters of `[a-z0-9-]`.
pub(super) fn slug(raw: &str) -> Result<String, Fault> {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    if (1..=100).contains(&raw.len()) && raw.bytes().all(plain) {
        return Ok(raw.to_owned());
    }
    let fault = Fault::new("is not made of 1 to 100 of a-z, 0-9 and -");
    let meant = super::suggest::slugified(raw);
    Err(match (1..=100).contains(&meant.len()) {
        true => Fault {
            hint: Some(format!("did you mean \"{meant}\"?")),
            ..fault
        },
        false => fault,
    })
}

const HEADER_NAME_BYTES_MAX: usize = 100;
const HEADER_VALUE_BYTES_MAX: usize = 8 * 1024;

/// Headers that langbao itself sets: a wrong one would break the answer or its reading.
const OWN_HEADERS: &[&str] = &[
    "accept-encoding",
    "connection",
    "content-length",
    "expect",
    "host",
    "if-modified-since",
    "if-none-match",
    "keep-alive",
    "proxy-authorization",
    "proxy-connection",
    "range",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// A token of RFC 9110 section 5.6.2.
pub(super) fn header_name(raw: &str) -> Result<String, Fault> {
    let token = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
    if raw.is_empty() || raw.len() > HEADER_NAME_BYTES_MAX || !raw.bytes().all(token) {
        return Err(Fault::new("is not a header name"));
    }
    if OWN_HEADERS.iter().any(|own| raw.eq_ignore_ascii_case(own)) {
        return Err(Fault::new("is a header that langbao sets itself"));
    }
    Ok(raw.to_owned())
}

pub(super) fn header_value(raw: &str) -> Result<String, Fault> {
    if !raw.bytes().all(|b| b == b'\t' || (0x20..0x7f).contains(&b)) {
        return Err(Fault::new("holds a character that no header may hold"));
    }
    if raw.len() > HEADER_VALUE_BYTES_MAX {
        return Err(Fault::new(format!(
            "is longer than {HEADER_VALUE_BYTES_MAX} bytes"
        )));
    }
    Ok(raw.to_owned())
}

const SELECTOR_BYTES_MAX: usize = 1000;

pub(super) fn selector(raw: &str) -> Result<String, Fault> {
    if raw.len() > SELECTOR_BYTES_MAX {
        return Err(Fault::new(format!(
            "is longer than {SELECTOR_BYTES_MAX} bytes"
        )));
    }
    match scraper::Selector::parse(raw) {
        Ok(_) => Ok(raw.to_owned()),
        Err(err) => {
            let cause = err.to_string();
            let cause = cause.lines().next().unwrap_or_default();
            Err(Fault::hinted("is not a CSS selector", cause.to_lowercase()))
        }
    }
}

const PATH_BYTES_MAX: usize = 4096;
/// `sockaddr_un.sun_path` with its closing NUL (unix(7)).
const SOCKET_PATH_BYTES_MAX: usize = 107;

pub(super) fn path(raw: &str) -> Result<std::path::PathBuf, Fault> {
    path_of_at_most(raw, PATH_BYTES_MAX)
}

pub(super) fn socket_path(raw: &str) -> Result<std::path::PathBuf, Fault> {
    path_of_at_most(raw, SOCKET_PATH_BYTES_MAX)
}

fn path_of_at_most(raw: &str, bytes_max: usize) -> Result<std::path::PathBuf, Fault> {
    if raw.trim().is_empty() {
        return Err(Fault::hinted(
            "is empty",
            "leave the key out for the default",
        ));
    }
    if raw.chars().any(char::is_control) {
        return Err(Fault::new("holds a control character"));
    }
    if raw.len() > bytes_max {
        return Err(Fault::new(format!("is longer than {bytes_max} bytes")));
    }
    Ok(raw.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn told<T: std::fmt::Debug>(result: Result<T, Fault>) -> String {
        let fault = result.unwrap_err();
        format!("{} / {}", fault.what, fault.hint.unwrap_or_default())
    }

    #[test]
    fn durations_are_one_number_and_one_unit() {
        let any = Duration::ZERO..=DAY * 1000;
        for (raw, ms) in [
            ("0s", 0),
            ("200ms", 200),
            ("30s", 30_000),
            ("5m", 300_000),
            ("6h", 21_600_000),
            ("730d", 63_072_000_000),
        ] {
            assert_eq!(duration(raw, &any), Ok(Duration::from_millis(ms)), "{raw}");
        }
        for (raw, expected) in [
            ("5min", "is not a duration / did you mean \"5m\"?"),
            ("5 m", "is not a duration / did you mean \"5m\"?"),
            ("2 hours", "is not a duration / did you mean \"2h\"?"),
            ("1001d", "is too large / allowed is 0s to 1000d"),
            ("99999999999999999999s", "is too large / "),
            ("18446744073709551615d", "is too large / "),
        ] {
            assert_eq!(told(duration(raw, &any)), expected, "{raw}");
        }
        for raw in [
            "", "5", "s", "1h30m", "1.5h", "-5s", "+5s", "٥s", "5s ", "5x",
        ] {
            let told = told(duration(raw, &any));
            assert!(told.starts_with("is not a duration"), "{raw}: {told}");
        }
        let some = Duration::from_secs(1)..=MINUTE * 10;
        assert_eq!(
            told(duration("0s", &some)),
            "is too small / allowed is 1s to 10m"
        );
        assert_eq!(duration("10m", &some), Ok(MINUTE * 10));
    }

    #[test]
    fn sizes_are_binary() {
        let any = 1024..=1 << 30;
        assert_eq!(size("64KiB", &any), Ok(65_536));
        assert_eq!(size("1024B", &any), Ok(1024));
        assert_eq!(size("1GiB", &any), Ok(1 << 30));
        assert_eq!(
            told(size("10MB", &any)),
            "is not a size / did you mean \"10MiB\"?"
        );
        assert_eq!(
            told(size("1023B", &any)),
            "is too small / allowed is 1KiB to 1GiB"
        );
        assert_eq!(
            told(size("2GiB", &any)),
            "is too large / allowed is 1KiB to 1GiB"
        );
        assert!(told(size("10", &any)).starts_with("is not a size / write"));
    }

    #[test]
    fn offsets_are_east_of_utc() {
        for (raw, seconds) in [
            ("+07:00", 25_200),
            ("-03:30", -12_600),
            ("Z", 0),
            ("+14:00", 50_400),
            ("-12:00", -43_200),
        ] {
            assert_eq!(offset(raw), Ok(seconds), "{raw}");
        }
        for raw in [
            "",
            "+7",
            "07:00",
            "+0700",
            "Asia/Ho_Chi_Minh",
            "+07:60",
            "+14:01",
            "+é:00",
            "++7:00",
        ] {
            assert!(offset(raw).is_err(), "{raw}");
        }
    }

    #[test]
    fn languages_have_the_shape_of_bcp_47() {
        for raw in ["vi", "vi-VN", "zh-Hant-TW", "x-tay", "hmn", "de-1996"] {
            assert!(language(raw).is_ok(), "{raw}");
        }
        for raw in [
            "",
            "v",
            "vietnamese",
            "vi_VN",
            "vi-",
            "-vi",
            "x",
            "x-",
            "tiếng",
            "vi VN",
        ] {
            assert!(language(raw).is_err(), "{raw}");
        }
    }

    #[test]
    fn headers_cannot_break_a_request() {
        assert!(header_name("X-Api-Key").is_ok());
        for raw in ["", "a b", "a:", "tên", "Host", "content-length", "a\r\nb"] {
            assert!(header_name(raw).is_err(), "{raw:?}");
        }
        assert!(header_value("Bearer abc\t1").is_ok());
        for raw in ["a\r\nEvil: 1", "a\0", "đ", "\x7f"] {
            assert!(header_value(raw).is_err(), "{raw:?}");
        }
    }

    #[test]
    fn a_wrong_slug_is_told_the_right_one() {
        assert_eq!(slug("lang-nghe").as_deref(), Ok("lang-nghe"));
        let expected =
            "is not made of 1 to 100 of a-z, 0-9 and - / did you mean \"lang-nghe-viet\"?";
        assert_eq!(told(slug("Làng nghề Việt")), expected);
        assert!(told(slug("")).ends_with("/ "));
    }

    #[test]
    fn a_selector_must_parse() {
        for raw in ["article.news", "h3 a", "time, .date", "a:not(.x)"] {
            assert!(selector(raw).is_ok(), "{raw}");
        }
        for raw in ["", "a[", "..x", "a >", ":nth-child("] {
            assert!(selector(raw).is_err(), "{raw}");
        }
    }
}
