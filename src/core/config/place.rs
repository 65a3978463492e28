//! From a span of bytes to the file, line, column and excerpt that a person looks for.

use std::ops::Range;

use unicode_normalization::char::is_combining_mark;

use super::{ConfigFile, Remark};

/// Of one excerpt, before tabs are widened and control characters escaped.
const EXCERPT_CHARS_MAX: usize = 200;
/// Kept before the place when a line is cut.
const EXCERPT_CHARS_BEFORE: usize = 60;
const TAB_COLUMNS: usize = 4;
/// Of each level; those beyond are counted in one last remark.
const REMARKS_MAX: usize = 1000;

/// Bytes of one file, counted by its number in reading order.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    pub(super) file: usize,
    pub(super) start: usize,
    pub(super) end: usize,
}

impl Place {
    pub(super) fn new(file: usize, span: Range<usize>) -> Place {
        Place {
            file,
            start: span.start,
            end: span.end.max(span.start),
        }
    }
}

/// A [`Remark`] before its place is looked up.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Note {
    pub(super) place: Place,
    pub(super) message: String,
    pub(super) hint: Option<String>,
}

/// One file with its lines found, and what of it must not be shown.
pub(super) struct FileText<'a> {
    pub(super) name: &'a str,
    pub(super) text: &'a str,
    line_starts: Vec<usize>,
    /// Spans of values whose characters are masked in excerpts.
    secrets: Vec<Range<usize>>,
}

impl<'a> FileText<'a> {
    pub(super) fn new(file: &'a ConfigFile) -> FileText<'a> {
        let starts = file.text.match_indices('\n').map(|(at, _)| at + 1);
        FileText {
            name: &file.name,
            text: &file.text,
            line_starts: std::iter::once(0).chain(starts).collect(),
            secrets: Vec::new(),
        }
    }

    pub(super) fn mask(&mut self, span: Range<usize>) {
        self.secrets.push(span);
    }

    /// Counted from 0.
    pub(super) fn line_of(&self, offset: usize) -> usize {
        self.line_starts.partition_point(|start| *start <= offset) - 1
    }

    /// Line and column, both counted from 1.
    pub(super) fn line_and_column(&self, offset: usize) -> (usize, usize) {
        let line = self.line_of(offset);
        let start = self.line_starts[line];
        let before = self.text.get(start..offset).unwrap_or_default();
        let before = before.strip_prefix('\u{feff}').unwrap_or(before);
        (line + 1, before.chars().count() + 1)
    }

    fn line(&self, line: usize) -> Range<usize> {
        let start = self.line_starts[line];
        let end = self
            .line_starts
            .get(line + 1)
            .map_or(self.text.len(), |next| next - 1);
        let end = if self.text[start..end].ends_with('\r') {
            end - 1
        } else {
            end
        };
        start..end
    }

    fn remark(&self, note: Note) -> Remark {
        let (start, end) = self.shown_span(note.place.start, note.place.end);
        let (line, column) = self.line_and_column(start);
        let (excerpt, indent, width) = self.excerpt(line - 1, start, end);
        Remark {
            file: self.name.to_owned(),
            line,
            column,
            message: note.message,
            hint: note.hint,
            excerpt,
            indent,
            width,
        }
    }

    /// What happens at the end of a file is shown where its last words end.
    fn shown_span(&self, start: usize, end: usize) -> (usize, usize) {
        let start = floor_char(self.text, start);
        let end = floor_char(self.text, end).max(start);
        if start < self.text.len() {
            return (start, end);
        }
        let last = self.text.trim_end().len();
        (last, last)
    }

    fn excerpt(&self, line: usize, start: usize, end: usize) -> (String, usize, usize) {
        let bounds = self.line(line);
        let end = end.min(bounds.end);
        let mut chars = self.shown_chars(&bounds);
        let before = chars.iter().take_while(|(at, _)| *at < start).count();
        let cut = if chars.len() > EXCERPT_CHARS_MAX {
            before.saturating_sub(EXCERPT_CHARS_BEFORE)
        } else {
            0
        };
        let tail = chars.len().saturating_sub(cut + EXCERPT_CHARS_MAX);
        chars.truncate(cut + EXCERPT_CHARS_MAX);
        let mut excerpt = String::new();
        let (mut indent, mut width) = (0, 0);
        if cut > 0 {
            excerpt.push('…');
            indent += 1;
        }
        for (at, c) in chars.drain(cut..) {
            let columns = push_shown(&mut excerpt, c);
            if at < start {
                indent += columns;
            } else if at < end {
                width += columns;
            }
        }
        if tail > 0 {
            excerpt.push('…');
        }
        excerpt.truncate(excerpt.trim_end().len());
        (excerpt, indent, width.max(1))
    }

    /// The characters of a line with their offsets, what is secret replaced by `*`.
    fn shown_chars(&self, bounds: &Range<usize>) -> Vec<(usize, char)> {
        let text = &self.text[bounds.clone()];
        let mut credentials = credentials(text);
        credentials.extend(secret_strings(text));
        text.char_indices()
            .map(|(at, c)| {
                let offset = bounds.start + at;
                let hidden = credentials.iter().any(|span| span.contains(&at))
                    || self.secrets.iter().any(|span| span.contains(&offset));
                (
                    offset,
                    if hidden && c != '"' && c != '\'' {
                        '*'
                    } else {
                        c
                    },
                )
            })
            .filter(|(_, c)| *c != '\u{feff}')
            .collect()
    }
}

/// Where addresses name a user and a password: between `://` and the `@` before the path.
pub(super) fn credentials(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(at) = text[from..].find("//") {
        let start = from + at + 2;
        let rest = &text[start..];
        let end = rest
            .find(|c: char| c == '/' || c == '?' || c == '#' || c == '"' || c.is_whitespace())
            .unwrap_or(rest.len());
        if let Some(at) = rest[..end].rfind('@') {
            found.push(start..start + at);
        }
        from = start + end;
    }
    found
}

/// Keys whose strings are masked even where a line cannot be read.
const SECRET_KEYS: &[&str] = &[
    "headers",
    "authorization",
    "cookie",
    "token",
    "secret",
    "password",
    "api-key",
    "api_key",
    "apikey",
];

/// What stands in quotes on a line whose keys promise a secret.
fn secret_strings(line: &str) -> Vec<Range<usize>> {
    let quotes: Vec<usize> = line.match_indices(['"', '\'']).map(|(at, _)| at).collect();
    let strings = || {
        quotes.chunks(2).map(|pair| {
            let end = pair.get(1).copied().unwrap_or(line.len());
            pair[0]..end
        })
    };
    let mut keys = String::new();
    let mut from = 0;
    for string in strings() {
        keys.push_str(&line[from..string.start]);
        from = string.end;
    }
    keys.push_str(&line[from..]);
    let keys = keys.to_ascii_lowercase();
    if SECRET_KEYS.iter().any(|key| keys.contains(key)) {
        strings().collect()
    } else {
        Vec::new()
    }
}

/// Appends one character as it can be shown, and says how many columns it takes.
fn push_shown(out: &mut String, c: char) -> usize {
    match c {
        '\t' => {
            out.push_str(&" ".repeat(TAB_COLUMNS));
            TAB_COLUMNS
        }
        c if is_unsafe(c) => {
            let escaped: String = c.escape_unicode().collect();
            out.push_str(&escaped);
            escaped.len()
        }
        c => {
            out.push(c);
            usize::from(!is_combining_mark(c))
        }
    }
}

/// Controls, and the marks that turn the direction of writing: a terminal must not obey them.
pub(super) fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

fn floor_char(text: &str, offset: usize) -> usize {
    let mut offset = offset.min(text.len());
    while !text.is_char_boundary(offset) {
        offset -= 1;
    }
    offset
}

/// Sorted by file and place, each once.
pub(super) fn remarks(files: &[FileText<'_>], mut notes: Vec<Note>) -> Vec<Remark> {
    notes.sort();
    notes.dedup();
    let beyond = notes.len().saturating_sub(REMARKS_MAX);
    notes.truncate(REMARKS_MAX);
    if let (Some(last), true) = (notes.last(), beyond > 0) {
        let place = last.place.clone();
        let message = format!("{beyond} more are not shown");
        notes.push(Note {
            place,
            message,
            hint: None,
        });
    }
    notes
        .into_iter()
        .map(|note| files[note.place.file].remark(note))
        .collect()
}
