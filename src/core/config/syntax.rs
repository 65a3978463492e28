//! Faults of TOML itself: told once each, and taken out so that the rest of the file can still be read.
//!
//! The parser recovers inside a line, but gives the rest of the file up at a key without a value, and
//! reads on to the end in a list or a string that is not closed. Such lines are blanked, byte for byte, so
//! that every other place stays where it is.

use std::ops::Range;

use toml::de::{DeTable, Error};

/// How often a file is read anew before the rest of its faults is told as it comes.
const ATTEMPTS_MAX: usize = 50;
/// Read by all attempts together, so that a large file gets fewer.
const ATTEMPTED_BYTES_MAX: usize = 8 << 20;
/// Of one file; those beyond would not be shown anyway.
const FAULTS_MAX: usize = 2000;

/// A fault of TOML.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SyntaxFault {
    pub(super) span: Range<usize>,
    pub(super) message: String,
}

/// What is left to read, as long as `text` in bytes, and what is wrong with the rest.
pub(super) fn mend(text: &str) -> (String, Vec<SyntaxFault>) {
    let mut left = text.to_owned();
    let mut faults = Vec::new();
    let attempts = ATTEMPTED_BYTES_MAX / text.len().max(1);
    for _ in 0..attempts.min(ATTEMPTS_MAX) {
        let Some((fault, lost)) = first_loss(&left) else {
            break;
        };
        if left[lost.clone()].trim().is_empty() {
            break;
        }
        faults.push(fault);
        blank(&mut left, lost);
    }
    let (_, errors) = DeTable::parse_recoverable(&left);
    faults.extend(
        errors
            .iter()
            .take(FAULTS_MAX)
            .map(|error| told(&left, error)),
    );
    (left, faults)
}

/// The first fault that may keep the parser from what follows, with the lines to take out.
fn first_loss(text: &str) -> Option<(SyntaxFault, Range<usize>)> {
    let (_, errors) = DeTable::parse_recoverable(text);
    let mut spans: Vec<(Range<usize>, &Error)> = errors
        .iter()
        .filter(|error| error.message() != "duplicate key")
        .map(|error| (span_of(text, error), error))
        .collect();
    spans.sort_by_key(|(span, _)| span.start);
    spans.into_iter().find_map(|(span, error)| {
        let line = line_at(text, span.start);
        if error.message().contains("multi-line") {
            return unclosed_string(text, line.end);
        }
        let in_list = error.message().contains("array") && !error.message().contains("array table");
        if in_list && (starts_key(&text[line.clone()]) || line.end == text.len()) {
            return unclosed_list(text, &line);
        }
        // The parser mends a header by itself, and without it its keys would belong to the table above.
        let header = text[line.clone()].trim_start().starts_with('[');
        (!header).then(|| (told(text, error), line))
    })
}

fn unclosed_string(text: &str, until: usize) -> Option<(SyntaxFault, Range<usize>)> {
    let start = text[..until]
        .rfind("\"\"\"")
        .max(text[..until].rfind("'''"))?;
    let message = format!(
        "string is not closed, expected `{}`",
        &text[start..start + 3]
    );
    let fault = SyntaxFault {
        span: start..start + 3,
        message,
    };
    Some((fault, line_at(text, start)))
}

fn unclosed_list(text: &str, line: &Range<usize>) -> Option<(SyntaxFault, Range<usize>)> {
    let mut first = line.clone();
    loop {
        let content = &text[first.clone()];
        let opens = content
            .split_once('=')
            .is_some_and(|(_, value)| value.trim_start().starts_with('['));
        if opens && starts_key(content) && unbalanced(content) {
            break;
        }
        first = line_at(text, first.start.checked_sub(1)?);
    }
    // The parser reads on into what no longer belongs to the list, as far as it looks like values.
    let mut end = first.end;
    while end < text.len() {
        let next = line_at(text, end + 1);
        if starts_key(&text[next.clone()]) {
            break;
        }
        end = next.end;
    }
    let last = text[first.start..end].trim_end().len() + first.start;
    let message = "list is not closed, expected `]`".to_owned();
    Some((
        SyntaxFault {
            span: last..last,
            message,
        },
        first.start..end,
    ))
}

fn unbalanced(line: &str) -> bool {
    line.matches('[').count() > line.matches(']').count()
}

/// Whether a line begins with `key =` or a header.
fn starts_key(line: &str) -> bool {
    let line = line.trim_start();
    let bare = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    let rest = line.trim_start_matches(bare);
    let header = line.trim_start_matches('[');
    let header = header.len() < line.len() && header.starts_with(|c: char| c.is_ascii_alphabetic());
    header || (rest.len() < line.len() && rest.trim_start().starts_with('='))
}

fn blank(text: &mut String, range: Range<usize>) {
    let blanks: String = text[range.clone()]
        .bytes()
        .map(|b| if b == b'\n' { '\n' } else { ' ' })
        .collect();
    text.replace_range(range, &blanks);
}

/// Without its line feed.
fn line_at(text: &str, offset: usize) -> Range<usize> {
    let start = text[..offset].rfind('\n').map_or(0, |at| at + 1);
    let end = text[offset..]
        .find('\n')
        .map_or(text.len(), |at| offset + at);
    start..end
}

fn span_of(text: &str, error: &Error) -> Range<usize> {
    let floor = |mut offset: usize| {
        offset = offset.min(text.len());
        while !text.is_char_boundary(offset) {
            offset -= 1;
        }
        offset
    };
    let span = error.span().unwrap_or(0..0);
    floor(span.start)..floor(span.end.max(span.start))
}

fn told(text: &str, error: &Error) -> SyntaxFault {
    let span = span_of(text, error);
    let message = match error.message() {
        "duplicate key" => format!(
            "key {} is given twice",
            super::table::quoted(&text[span.clone()])
        ),
        said if said.starts_with("string values must be quoted") && span.is_empty() => {
            "value is missing".to_owned()
        }
        said if said.starts_with("string values must be quoted") => {
            "string must stand in quotes".to_owned()
        }
        said => said.trim_end_matches(", expected nothing").to_owned(),
    };
    SyntaxFault { span, message }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &[&str], left: &str) {
        let (mended, faults) = mend(text);
        assert_eq!(mended.len(), text.len());
        let line = |fault: &SyntaxFault| text[..fault.span.start].matches('\n').count() + 1;
        let told: Vec<String> = faults
            .iter()
            .map(|fault| format!("{}: {}", line(fault), fault.message))
            .collect();
        assert_eq!(told, expected, "{text}");
        let kept: Vec<&str> = mended
            .lines()
            .filter(|line| !line.trim().is_empty())
            .collect();
        assert_eq!(kept.join("|"), left, "{text}");
    }

    #[test]
    fn a_line_that_is_no_toml_costs_itself_alone() {
        check(
            "a \"1\"\nb = 2\n",
            &["1: key with no value, expected `=`"],
            "b = 2",
        );
        check(
            "a = x\nb = \nc = 3",
            &["1: string must stand in quotes", "2: value is missing"],
            "c = 3",
        );
        check(
            "= 5\nb = 2\n",
            &["1: unquoted keys cannot be empty, expected letters, numbers, `-`, `_`"],
            "b = 2",
        );
    }

    #[test]
    fn a_list_that_is_not_closed_costs_its_own_lines() {
        let expected = ["2: list is not closed, expected `]`"];
        check(
            "x = 1\na = [\"1\", \"2\"\nb = 2\n",
            &expected,
            "x = 1|b = 2",
        );
        check(
            "a = [\n \"1\",\n[[source]]\nid = 5",
            &["2: list is not closed, expected `]`"],
            "[[source]]|id = 5",
        );
        check(
            "a = [\"1\",\n\"2\"",
            &["2: list is not closed, expected `]`"],
            "",
        );
    }

    #[test]
    fn a_string_that_is_not_closed_costs_its_first_line() {
        let expected = ["1: string is not closed, expected `\"\"\"`"];
        check(
            "a = \"\"\"x\n[server]\nlisten = 1\n",
            &expected,
            "[server]|listen = 1",
        );
    }

    #[test]
    fn a_key_given_twice_keeps_its_lines() {
        let expected = ["3: key \"a\" is given twice"];
        check("[x]\na = 1\na = 2\n", &expected, "[x]|a = 1|a = 2");
    }

    #[test]
    fn what_is_right_stays_as_it_is() {
        let text = "a = [\n  1, # [\n  2,\n]\n[b]\nc = \"\"\"\n=\n\"\"\"\n";
        let (left, faults) = mend(text);
        assert_eq!((left.as_str(), faults), (text, Vec::new()));
    }
}
