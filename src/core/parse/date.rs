//! Dates as newsrooms write them, to moments.
//!
//! Owns every spelling: RFC 822, 2822, 3339, ISO 8601, asctime, unix time, Vietnamese, relative, and the damage
//! all of these take. Never guesses a moment from words that name none, never panics, and is not held
//! against the clock: `now` only serves dates that count from it or leave out their year.

use std::sync::LazyLock;

use chrono::{Datelike, Duration, NaiveDate, NaiveTime};
use regex::{Captures, Regex};
use unicode_normalization::UnicodeNormalization;

use super::order::Order;
use crate::core::model::Timestamp;

/// A longer text is no date.
const DATE_BYTES_MAX: usize = 200;

const DAY_S: i64 = 86_400;

/// The moment `raw` names; one that names no zone is `zone_offset_s` seconds east of UTC.
pub fn date(raw: &str, zone_offset_s: i32, now: Timestamp) -> Option<Timestamp> {
    date_in(Order::DayFirst, raw, zone_offset_s, now)
}

/// As [`date`], with day and month of `11/05/2026` in the order that the answer's dates have.
pub(super) fn date_in(
    order: Order,
    raw: &str,
    zone_offset_s: i32,
    now: Timestamp,
) -> Option<Timestamp> {
    let trimmed = raw.trim();
    if trimmed.is_empty() || trimmed.len() > DATE_BYTES_MAX {
        return None;
    }
    sound(trimmed).or_else(|| damaged(order, trimmed, zone_offset_s, now))
}

/// The two shapes that most dates have, with all their parts: RFC 3339 and RFC 2822. [`damaged`] reads them
/// alike, at twenty times the cost.
fn sound(text: &str) -> Option<Timestamp> {
    let (day, clock, zone) = if text.as_bytes().get(4) == Some(&b'-') {
        let (day, clock) = (text.get(..10)?, text.get(11..19)?);
        if !matches!(text.as_bytes()[10], b'T' | b't' | b' ') || day.as_bytes()[7] != b'-' {
            return None;
        }
        let part = |from: usize, to: usize| digits(&day[from..to]);
        let day = self::day(part(0, 4)?, part(5, 7)?, part(8, 10)?)?;
        let zone = text[19..].trim_start_matches(|c: char| c == '.' || c.is_ascii_digit());
        (day, clock, zone)
    } else {
        let rest = match text.as_bytes() {
            [_, _, _, b',', b' ', ..] => text.get(5..)?,
            _ => text,
        };
        let mut parts = rest.split(' ');
        let mut next = || parts.next();
        let (date, month, year) = (next()?, next()?, next()?);
        let (clock, zone) = (next()?, next()?);
        if next().is_some() || !(1..=2).contains(&date.len()) || year.len() != 4 {
            return None;
        }
        let month = MONTHS
            .iter()
            .position(|name| name.eq_ignore_ascii_case(month))?;
        let month = u32::try_from(month + 1).ok()?;
        (day(digits(year)?, month, digits(date)?)?, clock, zone)
    };
    if clock.len() != 8 || clock.as_bytes()[2] != b':' || clock.as_bytes()[5] != b':' {
        return None;
    }
    let part = |from: usize| clock.get(from..from + 2).and_then(digits);
    let (hour, minute, second) = (part(0)?, part(3)?, part(6)?);
    NaiveTime::from_hms_opt(hour, minute, second)?;
    let offset_s = match zone.as_bytes() {
        b"Z" | b"z" | b"GMT" | b"UTC" => 0,
        [sign @ (b'+' | b'-'), _, _, b':', _, _] | [sign @ (b'+' | b'-'), _, _, _, _] => {
            let (hours, minutes) = (
                digits(zone.get(1..3)?)?,
                digits(zone.get(zone.len() - 2..)?)?,
            );
            if hours > 14 || minutes > 59 {
                return None;
            }
            let offset = i64::from(hours * 3600 + minutes * 60);
            if *sign == b'-' { -offset } else { offset }
        }
        _ => return None,
    };
    let clock_s = i64::from(hour * 3600 + minute * 60 + second);
    moment(day, clock_s - offset_s)
}

const MONTHS: [&str; 12] = [
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
];

/// A number of nothing but digits.
fn digits(text: &str) -> Option<u32> {
    let is_number = text.bytes().all(|b| b.is_ascii_digit());
    is_number.then(|| text.parse().ok()).flatten()
}

/// `seconds` after the beginning of `day`, in UTC.
fn moment(day: NaiveDate, seconds: i64) -> Option<Timestamp> {
    let days = day.signed_duration_since(NaiveDate::from_ymd_opt(1970, 1, 1)?);
    let secs = days.num_days().checked_mul(DAY_S)?.checked_add(seconds)?;
    let at = Timestamp::from_secs(secs);
    (at.secs() == secs).then_some(at)
}

/// Any date, whatever its shape.
fn damaged(order: Order, trimmed: &str, zone_offset_s: i32, now: Timestamp) -> Option<Timestamp> {
    let text: String = trimmed
        .nfc()
        .flat_map(char::to_lowercase)
        .map(|c| match c {
            '\u{a0}' | '\u{202f}' | '\t' | '\n' | '\r' => ' ',
            '–' | '—' | '−' => '-',
            c => c,
        })
        .collect();
    let zone = i64::from(zone_offset_s);
    if text.bytes().all(|b| b.is_ascii_digit())
        && let Some(at) = unix(&text)
    {
        return Some(at);
    }
    if let Some(at) = relative(&text, zone, now) {
        return Some(at);
    }
    let local = compact(&text).or_else(|| written(order, &text, zone, now))?;
    let offset = local.offset_s.unwrap_or(zone);
    moment(local.day, local.second_of_day - offset)
}

struct Local {
    day: NaiveDate,
    second_of_day: i64,
    /// As stated; none where no zone is named.
    offset_s: Option<i64>,
}

struct Clock {
    second_of_day: i64,
    offset_s: Option<i64>,
    /// English AM or PM: the shape in which months go before days.
    is_english_half_day: bool,
}

fn pattern(source: &str) -> Regex {
    Regex::new(source).expect("the pattern is a constant that a test compiles")
}

macro_rules! patterns {
    ($($name:ident = $source:expr;)*) => {
        $(static $name: LazyLock<Regex> = LazyLock::new(|| pattern($source));)*
    };
}

patterns! {
    COMPACT = r"^(\d{4})(\d{2})(\d{2})(?:[t ]?(\d{2}):?(\d{2})(?::?(\d{2}))?(?:[.,]\d+)?)?\s*(.*)$";
    ORDINAL = r"^(\d{4})-(\d{3})$";
    CLOCK = r"(\d{1,2})(?::(\d{1,2})(?::(\d{1,2})(?:[.,:]\d+)?)?|\s?(?:giờ|h|g)(?:\s?(\d{1,2})(?:\s?(?:phút|p|'))?|\b))\s*(a\.?m\b\.?|p\.?m\b\.?|sa\b|ch\b|sáng|trưa|chiều|tối|đêm)?";
    YEAR_FIRST = r"(\d{4})[-/.](\d{1,2})(?:[-/.](\d{1,2}))?";
    YEAR_FIRST_CJK = r"(\d{4})\s*[年년]\s*(\d{1,2})\s*[月월]\s*(\d{1,2})\s*[日일]";
    NUMERIC = r"(\d{1,2})\s?[-/.]\s?(\d{1,2})\s?[-/.]\s?(\d{4}|\d{2})\b";
    NUMERIC_YEARLESS = r"\b(\d{1,2})[-/](\d{1,2})\b";
    VIETNAMESE = r"(\d{1,2})\s*,?\s*(?:tháng|thang|thg|th)\.?\s*(\d{1,2}|giêng|một|hai|ba|tư|bốn|năm|sáu|bảy|tám|chín|mười một|mười hai|mười|chạp)(?:\s*(?:[,/-]|năm)?\s*,?\s*(\d{4}))?";
    DAY_MONTH = r"(\d{1,2})(?:st|nd|rd|th|\.)?[\s-]*(?:de |of )?(\p{L}{3,})\.?,?[\s-]*(?:de )?(\d{2,4})?";
    MONTH_DAY = r"(\p{L}{3,})\.?[\s-]+(\d{1,2})(?:st|nd|rd|th)?\b,?(?:[\s-]+(\d{4}))?";
    YEAR_MONTH_NAME = r"(\d{4})[\s-](\p{L}{3,})\.?[\s-](\d{1,2})";
    YEAR = r"\b(\d{4})\b";
    AGO = r"(\d{1,4}|một|vài)\s*(giây|phút|giờ|tiếng|ngày|tuần|tháng|năm|seconds?|minutes?|mins?|hours?|days?|weeks?|months?|years?)(?:\s*(?:trước|ago))?";
}

fn number(captures: &Captures, group: usize) -> Option<u32> {
    captures.get(group)?.as_str().parse().ok()
}

/// Seconds or milliseconds since 1970; shorter numbers are years and days.
fn unix(text: &str) -> Option<Timestamp> {
    let value: i64 = text.parse().ok()?;
    match text.len() {
        9..=11 => Some(Timestamp::from_secs(value)),
        13 => Some(Timestamp::from_millis(value).floor_to_second()),
        _ => None,
    }
}

fn relative(text: &str, zone: i64, now: Timestamp) -> Option<Timestamp> {
    if matches!(text, "vừa xong" | "mới đây" | "just now" | "vừa đăng") {
        return Some(now.floor_to_second());
    }
    let days_back = if text.starts_with("hôm nay") || text.starts_with("today") {
        Some(0)
    } else if text.starts_with("hôm qua") || text.starts_with("yesterday") {
        Some(1)
    } else if text.starts_with("hôm kia") {
        Some(2)
    } else {
        None
    };
    if let Some(back) = days_back {
        let clock = clock(text)?.0;
        let offset = clock.as_ref().and_then(|c| c.offset_s).unwrap_or(zone);
        let today = (now.secs() + offset).div_euclid(DAY_S) * DAY_S;
        let second = clock.map_or(0, |c| c.second_of_day);
        return Some(Timestamp::from_secs(today - back * DAY_S + second - offset));
    }
    let counts = ["trước", "ago", "cách đây"];
    if !counts.iter().any(|word| text.contains(word)) {
        return None;
    }
    let captures = AGO.captures(text)?;
    let many: i64 = match captures.get(1)?.as_str() {
        "một" => 1,
        "vài" => 3,
        digits => digits.parse().ok()?,
    };
    let unit = captures.get(2)?.as_str();
    let unit_s = match unit {
        "giây" => 1,
        "phút" => 60,
        "giờ" | "tiếng" => 3600,
        "ngày" => DAY_S,
        "tuần" => 7 * DAY_S,
        "tháng" => 30 * DAY_S,
        "năm" => 365 * DAY_S,
        english if english.starts_with("sec") => 1,
        english if english.starts_with("min") => 60,
        english if english.starts_with("hour") => 3600,
        english if english.starts_with("day") => DAY_S,
        english if english.starts_with("week") => 7 * DAY_S,
        english if english.starts_with("month") => 30 * DAY_S,
        _ => 365 * DAY_S,
    };
    Some(Timestamp::from_secs(now.secs() - many * unit_s))
}

/// `20261122T083000Z` and other ISO 8601 without its signs, ordinal days too.
fn compact(text: &str) -> Option<Local> {
    if let Some(captures) = ORDINAL.captures(text) {
        let year = i32::try_from(number(&captures, 1)?).ok()?;
        return Some(Local {
            day: NaiveDate::from_yo_opt(year, number(&captures, 2)?)?,
            second_of_day: 0,
            offset_s: None,
        });
    }
    let captures = COMPACT.captures(text)?;
    let day = day(
        number(&captures, 1)?,
        number(&captures, 2)?,
        number(&captures, 3)?,
    )?;
    let hour = number(&captures, 4).unwrap_or(0);
    let second_of_day = second_of_day(
        hour,
        number(&captures, 5).unwrap_or(0),
        number(&captures, 6).unwrap_or(0),
    )?;
    let rest = captures.get(7).map_or("", |rest| rest.as_str());
    Some(Local {
        day,
        second_of_day,
        offset_s: zone(rest),
    })
}

fn written(order: Order, text: &str, zone_offset: i64, now: Timestamp) -> Option<Local> {
    let (clock, rest) = clock(text)?;
    let is_english = clock.as_ref().is_some_and(|c| c.is_english_half_day);
    let (mut day, after) = day_in(&rest, order, is_english, zone_offset, now)?;
    let mut second_of_day = clock.as_ref().map_or(0, |c| c.second_of_day);
    if second_of_day == DAY_S {
        day = day.checked_add_signed(Duration::days(1))?;
        second_of_day = 0;
    }
    let offset_s = clock.and_then(|c| c.offset_s).or_else(|| zone(&after));
    Some(Local {
        day,
        second_of_day,
        offset_s,
    })
}

/// The time of day, if any, with the zone right after it, and the text without both; none for a time that
/// cannot be.
fn clock(text: &str) -> Option<(Option<Clock>, String)> {
    let found = CLOCK.captures_iter(text).find(|captures| {
        // A colon inside a zone follows its sign.
        let start = captures.get(0).map_or(0, |all| all.start());
        let before = &text[..start];
        let is_part = before.ends_with(|c: char| c.is_ascii_digit() || matches!(c, '+' | '/'));
        !is_part && !before.ends_with("gmt-")
    });
    let Some(captures) = found else {
        return Some((None, text.to_owned()));
    };
    let all = captures.get(0)?.range();
    // `20h 22/11/2026`: the number after the hour is a day.
    let day_after = captures
        .get(4)
        .filter(|minute| text[minute.end()..].starts_with(['/', '-', '.']));
    let end = day_after.map_or(all.end, |minute| minute.start());
    let mut hour = number(&captures, 1)?;
    let minute = number(&captures, 2)
        .or_else(|| number(&captures, 4).filter(|_| day_after.is_none()))
        .unwrap_or(0);
    let second = number(&captures, 3).unwrap_or(0);
    let half = captures.get(5).map_or("", |half| half.as_str());
    let is_later_half =
        half.starts_with('p') || matches!(half, "ch" | "chiều" | "tối" | "trưa" | "đêm");
    if is_later_half && hour < 12 && !(half == "trưa" && hour > 9) && !(half == "đêm" && hour < 5)
    {
        hour += 12;
    } else if (half.starts_with('a') || matches!(half, "sa" | "sáng")) && hour == 12 {
        hour = 0;
    }
    let second_of_day = second_of_day(hour, minute, second)?;
    let tail = &text[end..];
    let (offset_s, used) = match zone_at(tail) {
        Some((offset, used)) => (Some(offset), used),
        None => (None, 0),
    };
    let rest = format!("{} {}", &text[..all.start], &tail[used..]);
    let clock = Clock {
        second_of_day,
        offset_s,
        is_english_half_day: half.starts_with(['a', 'p']),
    };
    Some((Some(clock), rest))
}

fn second_of_day(hour: u32, minute: u32, second: u32) -> Option<i64> {
    if hour == 24 && minute == 0 && second == 0 {
        return Some(DAY_S);
    }
    NaiveTime::from_hms_opt(hour, minute, second.min(59))?;
    (second <= 61).then(|| i64::from(hour * 3600 + minute * 60 + second.min(59)))
}

fn day(year: u32, month: u32, day: u32) -> Option<NaiveDate> {
    NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, day)
}

fn full_year(digits: &str) -> Option<u32> {
    let year: u32 = digits.parse().ok()?;
    Some(match (digits.len(), year) {
        (2, 0..=68) => 2000 + year,
        (2, _) => 1900 + year,
        // A year counted from 1900, as C's tm_year.
        (3, _) => 1900 + year,
        _ => year,
    })
}

/// The day that `text` names and what of the text is left.
fn day_in(
    text: &str,
    order: Order,
    is_english: bool,
    zone_offset: i64,
    now: Timestamp,
) -> Option<(NaiveDate, String)> {
    let without = |captures: &Captures| {
        let all = captures.get(0).map_or(0..0, |all| all.range());
        format!("{} {}", &text[..all.start], &text[all.end..])
    };
    let is_swapped = |c: &Captures| order == Order::MonthFirst && c[0].contains('/');
    if let Some(c) = YEAR_FIRST_CJK
        .captures(text)
        .or_else(|| YEAR_FIRST.captures(text))
    {
        let found = day(number(&c, 1)?, number(&c, 2)?, number(&c, 3).unwrap_or(1));
        return found.map(|found| (found, without(&c)));
    }
    if let Some(c) = VIETNAMESE.captures(text) {
        let month = vietnamese_month(c.get(2)?.as_str())?;
        let found = match c.get(3) {
            Some(year) => day(full_year(year.as_str())?, month, number(&c, 1)?),
            None => yearless(month, number(&c, 1)?, zone_offset, now),
        };
        return found.map(|found| (found, without(&c)));
    }
    if let Some(c) = NUMERIC.captures(text) {
        let (first, second) = (number(&c, 1)?, number(&c, 2)?);
        let year = full_year(c.get(3)?.as_str())?;
        let is_months_first = is_english || is_swapped(&c);
        let swapped = second > 12 || (is_months_first && first <= 12);
        let found = if swapped {
            day(year, first, second)
        } else {
            day(year, second, first)
        };
        return found.map(|found| (found, without(&c)));
    }
    if let Some(found) = named_month(text, zone_offset, now) {
        return Some((
            found.0,
            format!("{} {}", &text[..found.1.start], &text[found.1.end..]),
        ));
    }
    if let Some(c) = NUMERIC_YEARLESS.captures(text) {
        let (first, second) = (number(&c, 1)?, number(&c, 2)?);
        let found = if is_swapped(&c) {
            yearless(first, second, zone_offset, now)
        } else {
            yearless(second, first, zone_offset, now)
        };
        return found.map(|found| (found, without(&c)));
    }
    let bare = text.trim();
    if bare.len() == 4 && bare.bytes().all(|b| b.is_ascii_digit()) {
        return Some((day(bare.parse().ok()?, 1, 1)?, String::new()));
    }
    None
}

fn named_month(
    text: &str,
    zone_offset: i64,
    now: Timestamp,
) -> Option<(NaiveDate, std::ops::Range<usize>)> {
    let whole = |c: &Captures| c.get(0).map_or(0..0, |all| all.range());
    for c in YEAR_MONTH_NAME.captures_iter(text) {
        if let Some(month) = month_named(&c[2]) {
            return Some((day(number(&c, 1)?, month, number(&c, 3)?)?, whole(&c)));
        }
    }
    for c in DAY_MONTH.captures_iter(text) {
        let Some(month) = month_named(&c[2]) else {
            continue;
        };
        let found = match c.get(3) {
            Some(year) => day(full_year(year.as_str())?, month, number(&c, 1)?),
            None => match year_elsewhere(text, &c) {
                Some(year) => day(year, month, number(&c, 1)?),
                None => yearless(month, number(&c, 1)?, zone_offset, now),
            },
        };
        return found.map(|found| (found, whole(&c)));
    }
    for c in MONTH_DAY.captures_iter(text) {
        let Some(month) = month_named(&c[1]) else {
            continue;
        };
        let year = number(&c, 3).or_else(|| year_elsewhere(text, &c));
        let found = match year {
            Some(year) => day(year, month, number(&c, 2)?),
            None => yearless(month, number(&c, 2)?, zone_offset, now),
        };
        return found.map(|found| (found, whole(&c)));
    }
    None
}

/// asctime puts the year at the end, after a time that is no longer there.
fn year_elsewhere(text: &str, captures: &Captures) -> Option<u32> {
    let end = captures.get(0)?.end();
    number(&YEAR.captures(&text[end..])?, 1)
}

/// The latest such day that is not more than two days ahead.
fn yearless(month: u32, day_of_month: u32, zone_offset: i64, now: Timestamp) -> Option<NaiveDate> {
    let today = Timestamp::from_secs(now.secs().checked_add(zone_offset)?)
        .to_datetime()
        .date_naive();
    let this_year = u32::try_from(today.year()).ok()?;
    let limit = today.checked_add_signed(Duration::days(2))?;
    (0..=4)
        .filter_map(|back| day(this_year.checked_sub(back)?, month, day_of_month))
        .find(|found| *found <= limit)
}

fn vietnamese_month(word: &str) -> Option<u32> {
    let names = [
        ("giêng", 1),
        ("một", 1),
        ("hai", 2),
        ("ba", 3),
        ("tư", 4),
        ("bốn", 4),
        ("năm", 5),
        ("sáu", 6),
        ("bảy", 7),
        ("tám", 8),
        ("chín", 9),
        ("mười", 10),
        ("mười một", 11),
        ("mười hai", 12),
        ("chạp", 12),
    ];
    word.parse().ok().or_else(|| {
        names
            .iter()
            .find(|(name, _)| *name == word)
            .map(|(_, month)| *month)
    })
}

/// By the beginnings of English names, and of those neighbours' feeds are full of.
fn month_named(word: &str) -> Option<u32> {
    const NAMES: [(&str, u32); 46] = [
        ("jan", 1),
        ("feb", 2),
        ("mar", 3),
        ("apr", 4),
        ("may", 5),
        ("jun", 6),
        ("jul", 7),
        ("aug", 8),
        ("sep", 9),
        ("oct", 10),
        ("nov", 11),
        ("dec", 12),
        ("janv", 1),
        ("fév", 2),
        ("fev", 2),
        ("mär", 3),
        ("avr", 4),
        ("abr", 4),
        ("mai", 5),
        ("mag", 5),
        ("juin", 6),
        ("giu", 6),
        ("juil", 7),
        ("lug", 7),
        ("aoû", 8),
        ("ago", 8),
        ("set", 9),
        ("okt", 10),
        ("ott", 10),
        ("out", 10),
        ("déc", 12),
        ("dez", 12),
        ("dic", 12),
        ("ene", 1),
        ("gen", 1),
        ("ιαν", 1),
        ("φεβ", 2),
        ("μάρ", 3),
        ("απρ", 4),
        ("ιούν", 6),
        ("ιούλ", 7),
        ("αύγ", 8),
        ("σεπ", 9),
        ("οκτ", 10),
        ("νοέ", 11),
        ("δεκ", 12),
    ];
    NAMES
        .iter()
        .filter(|(name, _)| word.starts_with(name))
        .max_by_key(|(name, _)| name.len())
        .map(|(_, month)| *month)
}

/// The zone named anywhere at the beginning of a word of `text`.
fn zone(text: &str) -> Option<i64> {
    text.char_indices()
        .filter(|(at, _)| *at == 0 || text[..*at].ends_with([' ', '(', ',', '[']))
        .find_map(|(at, _)| zone_at(&text[at..]))
        .map(|(offset, _)| offset)
}

/// The zone that `text` begins with, in seconds east of UTC, and its length.
fn zone_at(text: &str) -> Option<(i64, usize)> {
    let bare = text.trim_start_matches([' ', '(', '[', ',']);
    let skipped = text.len() - bare.len();
    let word_len = bare
        .find(|c: char| !c.is_ascii_alphabetic())
        .unwrap_or(bare.len());
    let word = &bare[..word_len];
    let named = if word.is_empty() {
        Some(0)
    } else {
        zone_named(word)
    }?;
    let after = &bare[word_len..];
    let gap = if word.is_empty() {
        0
    } else {
        after.len() - after.trim_start_matches(' ').len()
    };
    let is_counted = word.is_empty() || matches!(word, "gmt" | "utc" | "ut" | "z");
    if is_counted && let Some((offset, used)) = offset_at(&after[gap..]) {
        return Some((offset, skipped + word_len + gap + used));
    }
    (!word.is_empty()).then_some((named, skipped + word_len))
}

/// `+7`, `+07`, `+0700`, `-07:30`; not the rest of a date.
fn offset_at(text: &str) -> Option<(i64, usize)> {
    let sign = match text.bytes().next()? {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let digits = text[1..]
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len() - 1);
    let body = &text[1..=digits];
    let after = &text[digits + 1..];
    let (hours, minutes, used): (i64, i64, usize) = match body.len() {
        1 | 2 => {
            let minutes = after
                .strip_prefix(':')
                .and_then(|rest| rest.get(..2))
                .and_then(|two| two.parse().ok());
            let used = if minutes.is_some() { 3 } else { 0 };
            (body.parse().ok()?, minutes.unwrap_or(0), used)
        }
        3 => (body[..1].parse().ok()?, body[1..].parse().ok()?, 0),
        4 => (body[..2].parse().ok()?, body[2..].parse().ok()?, 0),
        _ => return None,
    };
    let goes_on = after[used..].starts_with(['/', '.']) || (used == 0 && after.starts_with('-'));
    if goes_on || hours > 15 || minutes > 59 {
        return None;
    }
    Some((sign * (hours * 3600 + minutes * 60), digits + 1 + used))
}

fn zone_named(word: &str) -> Option<i64> {
    let half_hours = match word {
        "z" | "ut" | "utc" | "gmt" | "wet" => 0,
        "bst" | "cet" | "met" | "west" | "mez" => 2,
        "cest" | "eet" | "sast" | "mest" => 4,
        "eest" | "msk" => 6,
        "ist" => 11,
        "ict" | "wib" => 14,
        "hkt" | "sgt" | "awst" | "pht" | "myt" => 16,
        "jst" | "kst" => 18,
        "aest" => 20,
        "aedt" => 22,
        "nzst" => 24,
        "nzdt" => 26,
        "adt" => -6,
        "ast" | "at" | "edt" => -8,
        "est" | "et" | "cdt" => -10,
        "cst" | "ct" | "mdt" => -12,
        "mst" | "mt" | "pdt" => -14,
        "pst" | "pt" => -16,
        "akst" => -18,
        "hst" => -20,
        _ => return None,
    };
    Some(half_hours * 1800)
}

#[cfg(test)]
mod tests;
