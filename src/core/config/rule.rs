//! `[[topic]]` and `[[rule]]`, each on its own: what they refer to is checked in `read`.

use super::place::Place;
use super::source::choice;
use super::table::{Fields, Reader, Text};
use super::value::{self, Fault};
use super::{Action, Pattern, Rule, Topic, expression};
use crate::core::model::{Scheme, Words};

/// Of one compiled regex, in bytes.
pub const REGEX_SIZE_MAX: usize = 1 << 20;

const TOPIC_KEYS: &[&str] = &["slug", "label", "phrases", "weak", "mask"];
const RULE_KEYS: &[&str] = &["match", "action", "tag"];
const CONDITIONS: &[&str] = &["title", "text", "url", "source", "topic", "province"];
/// Of one list of a topic.
const PHRASES_MAX: usize = 10_000;
const LABEL_CHARS_MAX: usize = 200;
const PATTERN_BYTES_MAX: usize = 4096;
/// Of a document's number.
const DOCUMENT_DIGITS_MAX: usize = 6;

impl Rule {
    /// What it does and what it looks at, in a few words that repeat nothing written in it: `drop by title`.
    pub fn summary(&self) -> String {
        format!("{} by {}", self.action.name(), self.conditions().join(", "))
    }

    /// The keys of `match` that it names.
    pub fn conditions(&self) -> Vec<&'static str> {
        let Rule {
            title,
            text,
            url,
            source,
            topic,
            province,
            action: _,
        } = self;
        [
            ("title", title.is_some()),
            ("text", text.is_some()),
            ("url", url.is_some()),
            ("source", source.is_some()),
            ("topic", topic.is_some()),
            ("province", province.is_some()),
        ]
        .into_iter()
        .filter_map(|(key, named)| named.then_some(key))
        .collect()
    }
}

impl Action {
    /// As it is written in the file.
    pub fn name(&self) -> &'static str {
        match self {
            Action::Drop => "drop",
            Action::Hold => "hold",
            Action::Tag(_) => "tag",
            Action::Untag(_) => "untag",
        }
    }
}

pub(super) struct TopicDraft {
    pub(super) topic: Option<Topic>,
    pub(super) label: String,
    pub(super) slug: Option<Text>,
}

pub(super) fn topic(reader: &mut Reader<'_>, fields: &Fields<'_>) -> TopicDraft {
    let mut fields = fields.clone();
    let slug = reader.text(&fields, "slug").filter(|text| {
        reader
            .parse(&fields, "slug", text.clone(), value::slug)
            .is_some()
    });
    if let Some(text) = &slug {
        fields.label = format!("topic {}", text.shown);
    }
    let fields = &fields;
    reader.unknown_keys(fields, TOPIC_KEYS);
    reader.missing(
        fields,
        "slug",
        "every topic needs one, made of a-z, 0-9 and -",
    );
    reader.missing(fields, "label", "write label = { vi = \"…\", en = \"…\" }");
    let labels = reader.section(fields, "label", format!("{}: label", fields.label));
    reader.unknown_keys(&labels, &["vi", "en"]);
    if fields.has("label")
        && reader
            .value(fields, "label")
            .is_some_and(|found| found.value.is_table())
    {
        reader.missing(&labels, "vi", "readers see it");
    }
    let mut words = |key| {
        reader
            .parsed(&labels, key, |raw| value::words(raw, LABEL_CHARS_MAX))
            .map(|found| found.value)
    };
    let (vi, en) = (words("vi"), words("en"));
    let mut phrases = |key| {
        let found = reader.parsed_each(fields, key, PHRASES_MAX, value::phrase);
        super::settings::values(found)
    };
    let (phrases, weak, mask) = (phrases("phrases"), phrases("weak"), phrases("mask"));
    let topic = match (&slug, vi) {
        (Some(slug), Some(vi)) => Some(Topic {
            slug: slug.value.clone(),
            label_en: en.unwrap_or_else(|| vi.clone()),
            label_vi: vi,
            phrases,
            weak,
            mask,
        }),
        _ => None,
    };
    TopicDraft {
        topic,
        label: fields.label.clone(),
        slug,
    }
}

pub(super) struct RuleDraft {
    pub(super) rule: Option<Rule>,
    pub(super) place: Place,
    pub(super) label: String,
    pub(super) source: Option<Text>,
    pub(super) topic: Option<Text>,
    pub(super) province: Option<Text>,
    /// Scheme and term of `tag`, with the value they stand in.
    pub(super) tag: Option<(Scheme, String, Text)>,
}

pub(super) fn rule(reader: &mut Reader<'_>, fields: &Fields<'_>) -> RuleDraft {
    reader.unknown_keys(fields, RULE_KEYS);
    reader.missing(
        fields,
        "match",
        "say what it applies to: match = { title = \"…\" }",
    );
    let conditions = reader.section(fields, "match", format!("{}: match", fields.label));
    reader.unknown_keys(&conditions, CONDITIONS);
    let written = reader
        .value(fields, "match")
        .and_then(|found| Some(found.value.as_table()?.len()));
    if written == Some(0) {
        let place = conditions.place.clone();
        let hint = format!("give at least one of {}", CONDITIONS.join(", "));
        reader.wrong(fields, place, "match names no condition", Some(hint));
    }
    let mut pattern = |key, parse: fn(&str) -> Result<Pattern, Fault>| {
        reader
            .parsed(&conditions, key, parse)
            .map(|found| found.value)
    };
    let (title, text) = (
        pattern("title", parse_pattern),
        pattern("text", parse_pattern),
    );
    let url = pattern("url", parse_url_pattern);
    let source = reader.text(&conditions, "source");
    let topic = reader.text(&conditions, "topic");
    let province = reader.text(&conditions, "province");
    let read = [title.is_some(), text.is_some(), url.is_some()]
        .into_iter()
        .chain([&source, &topic, &province].map(Option::is_some));
    // Without the condition that is refused it would match more than was meant, and shadow other rules.
    let is_whole = written.is_some_and(|written| written > 0)
        && written == Some(read.filter(|is_read| *is_read).count());
    let (action, tag) = action(reader, fields);
    let rule = action.filter(|_| is_whole).map(|action| Rule {
        title,
        text,
        url,
        source: source.as_ref().map(|text| text.value.clone()),
        topic: topic.as_ref().map(|text| text.value.clone()),
        province: province.as_ref().map(|text| text.value.clone()),
        action,
    });
    RuleDraft {
        rule,
        place: fields.place.clone(),
        label: fields.label.clone(),
        source,
        topic,
        province,
        tag,
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Deed {
    Drop,
    Hold,
    Tag,
    Untag,
}

const DEEDS: &[(&str, Deed)] = &[
    ("drop", Deed::Drop),
    ("hold", Deed::Hold),
    ("tag", Deed::Tag),
    ("untag", Deed::Untag),
];

fn action(
    reader: &mut Reader<'_>,
    fields: &Fields<'_>,
) -> (Option<Action>, Option<(Scheme, String, Text)>) {
    reader.missing(fields, "action", "it is one of drop, hold, tag, untag");
    let deed = choice(reader, fields, "action", DEEDS);
    let tag = reader.text(fields, "tag").and_then(|text| {
        let found = reader.parse(fields, "tag", text.clone(), parse_tag)?;
        Some((found.value.0, found.value.1, text))
    });
    let Some(deed) = deed else {
        return (None, tag);
    };
    let wants_tag = matches!(deed.value, Deed::Tag | Deed::Untag);
    if wants_tag {
        reader.missing(fields, "tag", "write tag = \"topic:…\"");
    } else if fields.has("tag") {
        let place = reader.key_place(fields, "tag");
        let hint = "it is used with action = \"tag\" or \"untag\"".to_owned();
        reader.wrong(fields, place, "tag is not used", Some(hint));
    }
    let written = tag
        .as_ref()
        .map(|(scheme, term, _)| format!("{}:{term}", scheme.name()));
    let action = match deed.value {
        Deed::Drop => Some(Action::Drop),
        Deed::Hold => Some(Action::Hold),
        Deed::Tag => written.map(Action::Tag),
        Deed::Untag => written.map(Action::Untag),
    };
    (action, tag)
}

/// Schemes whose tags langbao itself gives.
const TAG_SCHEMES: [Scheme; 4] = [
    Scheme::Topic,
    Scheme::Province,
    Scheme::FormerProvince,
    Scheme::Document,
];

fn parse_tag(raw: &str) -> Result<(Scheme, String), Fault> {
    let schemes = TAG_SCHEMES.map(Scheme::name);
    let Some((scheme, term)) = raw.split_once(':') else {
        return Err(Fault::hinted(
            "has no scheme",
            "write it as scheme:slug, such as \"topic:ocop\"",
        ));
    };
    let Some(found) = TAG_SCHEMES.into_iter().find(|known| known.name() == scheme) else {
        let hint = match super::suggest::nearest(scheme, schemes) {
            Some(meant) => format!("did you mean \"{meant}:{term}\"?"),
            None => format!("it is one of {}", schemes.join(", ")),
        };
        return Err(Fault::hinted("has an unknown scheme", hint));
    };
    match value::slug(term) {
        Ok(term) => Ok((found, term)),
        Err(_) => Err(Fault::hinted(
            "names no slug",
            "after the colon stand a-z, 0-9 and -",
        )),
    }
}

fn parse_pattern(raw: &str) -> Result<Pattern, Fault> {
    if raw.len() > PATTERN_BYTES_MAX {
        return Err(Fault::new(format!(
            "is longer than {PATTERN_BYTES_MAX} bytes"
        )));
    }
    let Some(regex) = raw.strip_prefix("regex:") else {
        if Words::of(raw).is_empty() {
            return Err(Fault::new("holds neither a letter nor a digit"));
        }
        return value::words(raw, PATTERN_BYTES_MAX).map(Pattern::Words);
    };
    if regex.is_empty() {
        return Err(Fault::new("is an empty regular expression"));
    }
    match regex::RegexBuilder::new(regex)
        .size_limit(REGEX_SIZE_MAX)
        .build()
    {
        Ok(_) => match expression::finds_nothing(regex) {
            None => Ok(Pattern::Regex(regex.to_owned())),
            Some(why) => Err(Fault::hinted("is found in no text", why)),
        },
        Err(regex::Error::CompiledTooBig(_)) => Err(Fault::hinted(
            "is too large a regular expression",
            "make the counted repetitions smaller",
        )),
        Err(err) => Err(Fault {
            what: "is not a regular expression".to_owned(),
            hint: regex_cause(&err.to_string()),
        }),
    }
}

fn parse_url_pattern(raw: &str) -> Result<Pattern, Fault> {
    let pattern = parse_pattern(raw)?;
    let why = match &pattern {
        Pattern::Words(words) => {
            let is_ascii = Words::of(words).as_str().is_ascii();
            (!is_ascii).then_some("addresses have no letters but ASCII")
        }
        Pattern::Regex(regex) => expression::finds_no_address(regex),
    };
    match why {
        None => Ok(pattern),
        Some(why) => Err(Fault::hinted("is found in no address", why)),
    }
}

/// Whether a document may be filed under the slug: `1881-qd-ttg`, `45-2012-nd-cp`, `202-2025-qh15`.
pub(super) fn may_be_document(slug: &str) -> bool {
    let mut parts = slug.split('-');
    let number = parts.next().unwrap_or_default();
    let digits = number
        .strip_suffix(|last: char| last.is_ascii_lowercase())
        .unwrap_or(number);
    let is_year = |part: &str| {
        part.len() == 4
            && (part.starts_with("19") || part.starts_with("20"))
            && part.bytes().all(|byte| byte.is_ascii_digit())
    };
    let rest: Vec<&str> = parts.collect();
    let (has_year, names) = match rest.split_first() {
        Some((first, names)) if is_year(first) => (true, names),
        _ => (false, rest.as_slice()),
    };
    let is_named = |part: &str| part.starts_with(|first: char| first.is_ascii_lowercase());
    let is_number = (1..=DOCUMENT_DIGITS_MAX).contains(&digits.len())
        && digits.bytes().all(|byte| byte.is_ascii_digit());
    let is_assembly = has_year && matches!(names, [only] if only.starts_with("qh"));
    is_number && names.iter().all(|part| is_named(part)) && (is_assembly || names.len() >= 2)
}

/// The last line of the crate's drawing says what is wrong.
fn regex_cause(drawing: &str) -> Option<String> {
    let cause = drawing
        .lines()
        .rev()
        .find_map(|line| line.trim().strip_prefix("error: "))?;
    Some(cause.to_owned())
}
