//! One key at a time, with its type: what is absent or wrong comes out as none, what is wrong is noted.

use std::collections::BTreeSet;
use std::ops::{Range, RangeInclusive};
use std::time::Duration;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::expand::{ExpandFault, Expansion, expand};
use super::place::{FileText, Note, Place, credentials, is_unsafe};
use super::suggest::nearest;
use super::value::{self, Fault};

/// Of one quotation in a message.
const QUOTED_CHARS_MAX: usize = 80;

pub(super) const STRING: &str = "a string";
pub(super) const DURATION: &str = "a duration in quotes, such as \"5m\"";
pub(super) const SIZE: &str = "a size in quotes, such as \"10MiB\"";

/// One table of one file, under the name that its mistakes begin with.
#[derive(Debug, Clone)]
pub(super) struct Fields<'t> {
    /// `[fetch]`, `source "khanh-hoa"`; empty for the file itself.
    pub(super) label: String,
    /// The header, where what is missing is told.
    pub(super) place: Place,
    /// None where the table is not written.
    table: Option<&'t DeTable<'t>>,
}

impl<'t> Fields<'t> {
    pub(super) fn new(
        label: impl Into<String>,
        place: Place,
        table: &'t DeTable<'t>,
    ) -> Fields<'t> {
        Fields {
            label: label.into(),
            place,
            table: Some(table),
        }
    }

    pub(super) fn absent(label: impl Into<String>, place: Place) -> Fields<'t> {
        Fields {
            label: label.into(),
            place,
            table: None,
        }
    }

    /// Whether the key is written, right or wrong.
    pub(super) fn has(&self, key: &str) -> bool {
        self.table.is_some_and(|table| table.contains_key(key))
    }

    fn pair(
        &self,
        key: &str,
    ) -> Option<(
        &'t Spanned<toml::de::DeString<'t>>,
        &'t Spanned<DeValue<'t>>,
    )> {
        self.table?.get_key_value(key)
    }

    pub(super) fn keys(&self) -> impl Iterator<Item = (&'t str, Place)> {
        let file = self.place.file;
        self.table
            .into_iter()
            .flat_map(|table| table.keys())
            .map(move |key| (key.get_ref().as_ref(), Place::new(file, key.span())))
    }

    fn say(&self, what: &str) -> String {
        match self.label.as_str() {
            "" => what.to_owned(),
            label => format!("{label}: {what}"),
        }
    }
}

/// A value that was read, with its place.
#[derive(Debug, Clone)]
pub(super) struct At<T> {
    pub(super) value: T,
    pub(super) place: Place,
}

/// A string after expansion.
#[derive(Debug, Clone)]
pub(super) struct Text {
    pub(super) value: String,
    /// As it may be shown: before expansion, quoted, without credentials.
    pub(super) shown: String,
    /// Came from `${NAME}`: no hint may be made of it.
    pub(super) secret: bool,
    pub(super) place: Place,
}

/// Reads keys and gathers what is wrong with them.
pub(super) struct Reader<'a> {
    pub(super) files: Vec<FileText<'a>>,
    lookup: &'a dyn Fn(&str) -> Option<String>,
    /// Lines (counted from 0) with a syntax error, by file.
    broken_lines: Vec<BTreeSet<usize>>,
    pub(super) mistakes: Vec<Note>,
    pub(super) warnings: Vec<Note>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(
        files: Vec<FileText<'a>>,
        lookup: &'a dyn Fn(&str) -> Option<String>,
    ) -> Reader<'a> {
        let broken_lines = vec![BTreeSet::new(); files.len()];
        Reader {
            files,
            lookup,
            broken_lines,
            mistakes: Vec::new(),
            warnings: Vec::new(),
        }
    }

    pub(super) fn mistake(&mut self, place: Place, message: String, hint: Option<String>) {
        self.mistakes.push(Note {
            place,
            message,
            hint,
        });
    }

    pub(super) fn warn(&mut self, place: Place, message: String, hint: Option<String>) {
        self.warnings.push(Note {
            place,
            message,
            hint,
        });
    }

    pub(super) fn syntax(&mut self, place: Place, message: String) {
        let line = self.files[place.file].line_of(place.start);
        // The first error of a line is the cause of the others.
        if self.broken_lines[place.file].insert(line) {
            self.mistake(place, message, None);
        }
    }

    /// Whether all of the file could be read: if not, what seems to be missing may only be unreadable.
    pub(super) fn is_whole(&self, file: usize) -> bool {
        self.broken_lines[file].is_empty()
    }

    pub(super) fn all_whole(&self) -> bool {
        self.broken_lines.iter().all(BTreeSet::is_empty)
    }

    /// Whether a syntax error touches these lines, so that what was recovered of them says nothing.
    fn is_broken(&self, file: usize, span: &Range<usize>) -> bool {
        let lines = &self.broken_lines[file];
        if lines.is_empty() {
            return false;
        }
        let text = &self.files[file];
        let touched = text.line_of(span.start)..=text.line_of(span.end.max(span.start));
        lines.range(touched).next().is_some()
    }

    pub(super) fn written_at(&self, place: &Place) -> String {
        let file = &self.files[place.file];
        let (line, column) = file.line_and_column(place.start);
        format!("{}:{line}:{column}", file.name)
    }

    pub(super) fn unknown_keys(&mut self, fields: &Fields<'_>, known: &[&str]) {
        for (key, place) in fields.keys() {
            if known.contains(&key) || self.is_broken(place.file, &(place.start..place.end)) {
                continue;
            }
            let hint = match nearest(key, known.iter().copied()) {
                Some(meant) => Some(format!("did you mean \"{meant}\"?")),
                None => super::settings::home_of(key).map(|table| format!("it belongs in {table}")),
            };
            let message = fields.say(&format!("unknown key {}", quoted(key)));
            self.mistake(place, message, hint);
        }
    }

    /// The value of a key, unless it is absent or unreadable.
    pub(super) fn value<'t>(&self, fields: &Fields<'t>, key: &str) -> Option<At<&'t DeValue<'t>>> {
        let (key, value) = fields.pair(key)?;
        let file = fields.place.file;
        // A table's span is its header, which stands before its own key when it is made of dotted ones.
        let span = key.span().start.min(value.span().start)..key.span().end.max(value.span().end);
        // What the parser made up has an empty span.
        if self.is_broken(file, &span) || value.span().is_empty() {
            return None;
        }
        Some(At {
            value: value.get_ref(),
            place: Place::new(file, value.span()),
        })
    }

    /// Whether a string key would be looked up, at least in part.
    pub(super) fn is_secret(&self, fields: &Fields<'_>, key: &str) -> bool {
        let raw = self
            .value(fields, key)
            .and_then(|found| found.value.as_str());
        raw.is_some_and(|raw| matches!(expand(raw, self.lookup), Expansion::Secret(_)))
    }

    /// Where a key stands, for what is wrong with its being there.
    pub(super) fn key_place(&self, fields: &Fields<'_>, key: &str) -> Place {
        match fields.pair(key) {
            Some((key, _)) => Place::new(fields.place.file, key.span()),
            None => fields.place.clone(),
        }
    }

    fn wrong_type(
        &mut self,
        fields: &Fields<'_>,
        key: &str,
        expected: &str,
        found: At<&DeValue<'_>>,
    ) {
        let message = fields.say(&format!(
            "{key} must be {expected}, not {}",
            type_name(found.value)
        ));
        self.mistake(found.place, message, None);
    }

    /// Notes what is wrong with a value that follows its key in the message.
    pub(super) fn fault(&mut self, fields: &Fields<'_>, key: &str, text: &Text, fault: Fault) {
        let message = fields.say(&format!("{key} {} {}", text.shown, fault.what));
        let hint = fault.hint.filter(|_| !text.secret);
        self.mistake(text.place.clone(), message, hint);
    }

    /// Notes what is wrong with a key without repeating its value.
    pub(super) fn wrong(
        &mut self,
        fields: &Fields<'_>,
        place: Place,
        what: &str,
        hint: Option<String>,
    ) {
        self.mistake(place, fields.say(what), hint);
    }

    pub(super) fn missing(&mut self, fields: &Fields<'_>, key: &str, hint: &str) {
        if !fields.has(key) && self.is_whole(fields.place.file) {
            let message = fields.say(&format!("{key} is missing"));
            self.mistake(fields.place.clone(), message, Some(hint.to_owned()));
        }
    }

    pub(super) fn section<'t>(
        &mut self,
        root: &Fields<'t>,
        key: &str,
        label: String,
    ) -> Fields<'t> {
        let absent = Fields::absent(label.clone(), root.place.clone());
        let Some((_, value)) = root.pair(key) else {
            return absent;
        };
        let place = Place::new(root.place.file, value.span());
        let header = self.files[place.file].text[place.start..].starts_with('[');
        match value.get_ref() {
            // A fault of the header says nothing of the keys below it; one inside braces does.
            DeValue::Table(table) if header || !self.is_broken(place.file, &value.span()) => {
                Fields::new(label, place, table)
            }
            DeValue::Table(_) => absent,
            _ => {
                if let Some(found) = self.value(root, key) {
                    self.wrong_type(root, key, "a table", found);
                }
                absent
            }
        }
    }

    /// Every `[[key]]` with its number, counted from 1.
    pub(super) fn blocks<'t>(&mut self, root: &Fields<'t>, key: &str) -> Vec<Fields<'t>> {
        let Some(found) = self.blocks_value(root, key) else {
            return Vec::new();
        };
        let mut blocks = Vec::new();
        for (number, block) in found.iter().enumerate() {
            let place = Place::new(root.place.file, block.span());
            match block.get_ref() {
                DeValue::Table(table) => {
                    blocks.push(Fields::new(
                        format!("{key} number {}", number + 1),
                        place,
                        table,
                    ));
                }
                other => {
                    let message = format!(
                        "{key} must be a list of tables, not of {}s",
                        bare_type(other)
                    );
                    self.mistake(place, message, Some(format!("write [[{key}]]")));
                }
            }
        }
        blocks
    }

    // Not `value`: the span of a list of tables is its first header alone, and one broken block must not hide
    // the others.
    fn blocks_value<'t>(
        &mut self,
        root: &Fields<'t>,
        key: &str,
    ) -> Option<&'t toml::de::DeArray<'t>> {
        let (_, value) = root.pair(key)?;
        if let DeValue::Array(blocks) = value.get_ref() {
            return Some(blocks);
        }
        let found = self.value(root, key)?;
        let message = format!(
            "{key} must be a list of tables, not {}",
            type_name(found.value)
        );
        self.mistake(found.place, message, Some(format!("write [[{key}]]")));
        None
    }

    pub(super) fn flag(&mut self, fields: &Fields<'_>, key: &str) -> Option<At<bool>> {
        let found = self.value(fields, key)?;
        match found.value {
            DeValue::Boolean(value) => Some(At {
                value: *value,
                place: found.place,
            }),
            _ => {
                self.wrong_type(fields, key, "true or false", found);
                None
            }
        }
    }

    pub(super) fn integer(
        &mut self,
        fields: &Fields<'_>,
        key: &str,
        bounds: RangeInclusive<i64>,
    ) -> Option<At<i64>> {
        let found = self.value(fields, key)?;
        let DeValue::Integer(written) = found.value else {
            self.wrong_type(fields, key, "an integer", found);
            return None;
        };
        let parsed = i64::from_str_radix(written.as_str(), written.radix())
            .map_err(|_| Fault::new("is too large"))
            .and_then(|value| value::integer(value, &bounds));
        match parsed {
            Ok(value) => Some(At {
                value,
                place: found.place,
            }),
            Err(fault) => {
                let message = fields.say(&format!(
                    "{key} {} {}",
                    bounded(&written.to_string()),
                    fault.what
                ));
                self.mistake(found.place, message, fault.hint);
                None
            }
        }
    }

    pub(super) fn count(
        &mut self,
        fields: &Fields<'_>,
        key: &str,
        bounds: RangeInclusive<u32>,
    ) -> Option<At<u32>> {
        let bounds = i64::from(*bounds.start())..=i64::from(*bounds.end());
        let found = self.integer(fields, key, bounds)?;
        let value = u32::try_from(found.value).expect("bounds are those of a u32");
        Some(At {
            value,
            place: found.place,
        })
    }

    pub(super) fn size_of(
        &mut self,
        fields: &Fields<'_>,
        key: &str,
        bounds: RangeInclusive<u32>,
    ) -> Option<At<usize>> {
        let found = self.count(fields, key, bounds)?;
        let value = usize::try_from(found.value).expect("a usize holds a u32");
        Some(At {
            value,
            place: found.place,
        })
    }

    pub(super) fn duration(
        &mut self,
        fields: &Fields<'_>,
        key: &str,
        bounds: RangeInclusive<Duration>,
    ) -> Option<At<Duration>> {
        self.parsed_as(fields, key, DURATION, |raw| value::duration(raw, &bounds))
    }

    /// A string, read by `parse`.
    pub(super) fn parsed<T>(
        &mut self,
        fields: &Fields<'_>,
        key: &str,
        parse: impl FnOnce(&str) -> Result<T, Fault>,
    ) -> Option<At<T>> {
        self.parsed_as(fields, key, STRING, parse)
    }

    pub(super) fn parsed_as<T>(
        &mut self,
        fields: &Fields<'_>,
        key: &str,
        expected: &str,
        parse: impl FnOnce(&str) -> Result<T, Fault>,
    ) -> Option<At<T>> {
        let text = self.text_as(fields, key, expected)?;
        self.parse(fields, key, text, parse)
    }

    pub(super) fn parse<T>(
        &mut self,
        fields: &Fields<'_>,
        key: &str,
        text: Text,
        parse: impl FnOnce(&str) -> Result<T, Fault>,
    ) -> Option<At<T>> {
        match parse(&text.value) {
            Ok(value) => Some(At {
                value,
                place: text.place,
            }),
            Err(fault) => {
                self.fault(fields, key, &text, fault);
                None
            }
        }
    }

    /// A list of strings, each read by `parse`; what is wrong is left out.
    pub(super) fn parsed_each<T>(
        &mut self,
        fields: &Fields<'_>,
        key: &str,
        count_max: usize,
        parse: impl Fn(&str) -> Result<T, Fault>,
    ) -> Option<Vec<At<T>>> {
        let texts = self.texts(fields, key, count_max)?;
        let read = |text| self.parse(fields, key, text, &parse);
        Some(texts.into_iter().filter_map(read).collect())
    }

    pub(super) fn text(&mut self, fields: &Fields<'_>, key: &str) -> Option<Text> {
        self.text_as(fields, key, STRING)
    }

    fn text_as(&mut self, fields: &Fields<'_>, key: &str, expected: &str) -> Option<Text> {
        let found = self.value(fields, key)?;
        match found.value {
            DeValue::String(raw) => self.expanded(fields, key, raw, found.place),
            _ => {
                self.wrong_type(fields, key, expected, found);
                None
            }
        }
    }

    pub(super) fn texts(
        &mut self,
        fields: &Fields<'_>,
        key: &str,
        count_max: usize,
    ) -> Option<Vec<Text>> {
        let found = self.value(fields, key)?;
        let DeValue::Array(items) = found.value else {
            self.wrong_type(fields, key, "a list of strings", found);
            return None;
        };
        if items.len() > count_max {
            let what = format!("{key} lists {} values", items.len());
            self.wrong(
                fields,
                found.place,
                &what,
                Some(format!("allowed is 0 to {count_max}")),
            );
            return None;
        }
        let mut texts = Vec::with_capacity(items.len());
        for item in items {
            let place = Place::new(fields.place.file, item.span());
            match item.get_ref() {
                DeValue::String(raw) => texts.extend(self.expanded(fields, key, raw, place)),
                value => {
                    self.wrong_type(fields, key, "a list of strings", At { value, place });
                }
            }
        }
        Some(texts)
    }

    fn expanded(
        &mut self,
        fields: &Fields<'_>,
        key: &str,
        raw: &str,
        place: Place,
    ) -> Option<Text> {
        let (value, secret) = match expand(raw, self.lookup) {
            Expansion::Plain(value) => (value, false),
            Expansion::Secret(value) => (value, true),
            Expansion::Faults(faults) => {
                for fault in faults {
                    self.expand_fault(fields, key, &place, fault);
                }
                return None;
            }
        };
        Some(Text {
            value,
            shown: quoted(raw),
            secret,
            place,
        })
    }

    fn expand_fault(&mut self, fields: &Fields<'_>, key: &str, place: &Place, fault: ExpandFault) {
        let literal = "write $${ for a literal ${";
        let (what, hint, narrow) = match fault {
            ExpandFault::Unset(name) => (
                format!("${{{name}}} is not set"),
                "set it in the environment, or give a systemd credential of that name",
                Some(format!("${{{name}}}")),
            ),
            ExpandFault::BadName => ("${…} holds no name of a variable".to_owned(), literal, None),
            ExpandFault::Unclosed => ("${ is not closed by }".to_owned(), literal, None),
            ExpandFault::TooLong => (
                format!("{key} is too long once ${{…}} is filled in"),
                "",
                None,
            ),
        };
        let written = &self.files[place.file].text[place.start..place.end];
        let place = match narrow.and_then(|part| Some((written.find(&part)?, part.len()))) {
            Some((at, length)) => {
                let start = place.start + at;
                Place::new(place.file, start..start + length)
            }
            None => place.clone(),
        };
        let hint = (!hint.is_empty()).then(|| hint.to_owned());
        self.wrong(fields, place, &what, hint);
    }
}

/// As it can stand in a message: on one line, bounded, without credentials.
pub(super) fn quoted(raw: &str) -> String {
    let spans = credentials(raw);
    let mut out = String::from("\"");
    for (count, (at, c)) in raw.char_indices().enumerate() {
        if count == QUOTED_CHARS_MAX {
            out.push('…');
            break;
        }
        if let Some(span) = spans.iter().find(|span| span.contains(&at)) {
            if span.start == at {
                out.push('…');
            }
            continue;
        }
        match c {
            '"' | '\\' => {
                out.push('\\');
                out.push(c);
            }
            c if is_unsafe(c) => out.extend(c.escape_unicode()),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

fn bounded(written: &str) -> String {
    match written.chars().count() > QUOTED_CHARS_MAX {
        true => written
            .chars()
            .take(QUOTED_CHARS_MAX)
            .chain(['…'])
            .collect(),
        false => written.to_owned(),
    }
}

fn type_name(value: &DeValue<'_>) -> String {
    match value {
        DeValue::Boolean(flag) => flag.to_string(),
        DeValue::Integer(_) => "an integer".to_owned(),
        value => format!("a {}", bare_type(value)),
    }
}

fn bare_type(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "string",
        DeValue::Integer(_) => "integer",
        DeValue::Float(_) => "fraction",
        DeValue::Boolean(_) => "boolean",
        DeValue::Datetime(_) => "date",
        DeValue::Array(_) => "list",
        DeValue::Table(_) => "table",
    }
}
