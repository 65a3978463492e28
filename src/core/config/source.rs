//! One `[[source]]`, on its own: what it says of others is checked in `read`.

use std::collections::BTreeSet;

use super::place::Place;
use super::settings::{Settings, TIMEOUT, intervals, value_or, values};
use super::table::{At, Fields, Reader, Text};
use super::value::{self, Fault};
use super::{Kind, Select, Source, address};
use crate::core::model::SourceId;

pub(super) const KEYS: &[&str] = &[
    "id",
    "was",
    "url",
    "name",
    "kind",
    "province",
    "topics",
    "priority",
    "language",
    "time_zone",
    "byline",
    "hosts",
    "enabled",
    "full_text",
    "republish",
    "min_interval",
    "max_interval",
    "timeout",
    "headers",
    "select",
];

const SELECT_KEYS: &[&str] = &[
    "item", "link", "title", "summary", "date", "image", "body", "next", "pages",
];

const LIST_MAX: usize = 100;
const HEADERS_MAX: usize = 50;
const NAME_CHARS_MAX: usize = 200;
const PRIORITY_MAX: i64 = 1_000_000;

/// A source with the places of what others may refer to or collide with.
pub(super) struct SourceDraft {
    /// None where id or url is missing or wrong.
    pub(super) source: Option<Source>,
    pub(super) label: String,
    pub(super) id: Option<(SourceId, Text)>,
    pub(super) was: Vec<(SourceId, Text)>,
    pub(super) url: Option<At<String>>,
    pub(super) province: Option<Text>,
    pub(super) topics: Vec<Text>,
}

pub(super) fn source(
    reader: &mut Reader<'_>,
    fields: &Fields<'_>,
    settings: &Settings,
) -> SourceDraft {
    let id = source_id(reader, fields);
    let mut fields = fields.clone();
    if let Some((_, text)) = &id {
        fields.label = format!("source {}", text.shown);
    }
    let fields = &fields;
    reader.unknown_keys(fields, KEYS);
    reader.missing(
        fields,
        "id",
        "every source needs one, made of a-z, 0-9 and -",
    );
    reader.missing(fields, "url", "every source needs an address");
    let was = former_ids(reader, fields, id.as_ref());
    let url = reader.parsed(fields, "url", address::feed);
    let host = url.as_ref().and_then(|url| address::host_of(&url.value));
    let url = url.map(|url| At {
        value: url.value.to_string(),
        place: url.place,
    });
    let province = reader.text(fields, "province");
    let topics = reader.texts(fields, "topics", LIST_MAX).unwrap_or_default();

    let kind = choice(reader, fields, "kind", KINDS);
    let enabled = reader.flag(fields, "enabled");
    let full_text = reader.flag(fields, "full_text");
    let republish = choice(reader, fields, "republish", REPUBLISH);
    let select = select(reader, fields, &kind, &full_text);
    let enabled = value_or(enabled, true);

    let inherited = (
        settings.schedule.min_interval,
        settings.schedule.max_interval,
    );
    let (min_interval, max_interval) = intervals(reader, fields, inherited);
    let timeout = reader.duration(fields, "timeout", TIMEOUT);
    let name = reader.parsed(fields, "name", |raw| value::words(raw, NAME_CHARS_MAX));
    let priority = reader.integer(fields, "priority", -PRIORITY_MAX..=PRIORITY_MAX);
    let language = reader.parsed(fields, "language", value::language);
    let time_zone = reader.parsed(fields, "time_zone", value::offset);
    let byline = reader.parsed_each(fields, "byline", LIST_MAX, |raw| {
        value::words(raw, NAME_CHARS_MAX)
    });
    let hosts = hosts(reader, fields, host.as_deref());
    let headers = headers(reader, fields);

    let source = match (&id, &url) {
        (Some((id, _)), Some(url)) => Some(Source {
            id: id.clone(),
            was: was.iter().map(|(id, _)| id.clone()).collect(),
            url: url.value.clone(),
            name: name.map(|found| found.value),
            kind: value_or(kind, Kind::Feed),
            province: province.as_ref().map(|text| text.value.clone()),
            topics: distinct(topics.iter().map(|text| text.value.clone())),
            priority: value_or(priority, 0),
            language: language.map(|found| found.value),
            time_zone_offset_s: time_zone.map(|found| found.value),
            byline: values(byline),
            hosts,
            enabled,
            full_text: value_or(full_text, false),
            republish_full: value_or(republish, false),
            min_interval,
            max_interval,
            timeout: value_or(timeout, settings.fetch.timeout),
            headers,
            select,
        }),
        _ => None,
    };
    SourceDraft {
        source,
        label: fields.label.clone(),
        id,
        was,
        url,
        province,
        topics,
    }
}

fn source_id(reader: &mut Reader<'_>, fields: &Fields<'_>) -> Option<(SourceId, Text)> {
    let text = reader.text(fields, "id")?;
    let found = reader.parse(fields, "id", text.clone(), parse_id)?;
    Some((found.value, text))
}

fn parse_id(raw: &str) -> Result<SourceId, Fault> {
    value::slug(raw)?;
    SourceId::parse(raw).map_err(|_| Fault::new("is not an id"))
}

fn former_ids(
    reader: &mut Reader<'_>,
    fields: &Fields<'_>,
    own: Option<&(SourceId, Text)>,
) -> Vec<(SourceId, Text)> {
    let mut was: Vec<(SourceId, Text)> = Vec::new();
    for text in reader.texts(fields, "was", LIST_MAX).unwrap_or_default() {
        let Some(found) = reader.parse(fields, "was", text.clone(), parse_id) else {
            continue;
        };
        if own.is_some_and(|(own, _)| *own == found.value) {
            let what = format!("was {} is the id it has now", text.shown);
            reader.wrong(fields, found.place, &what, None);
        } else if was.iter().any(|(id, _)| *id == found.value) {
            let what = format!("was {} is given twice", text.shown);
            reader.wrong(fields, found.place, &what, None);
        } else {
            was.push((found.value, text));
        }
    }
    was
}

const KINDS: &[(&str, Kind)] = &[
    ("feed", Kind::Feed),
    ("page", Kind::Page),
    ("sitemap", Kind::Sitemap),
];
const REPUBLISH: &[(&str, bool)] = &[("summary", false), ("full", true)];

/// One of a few words.
pub(super) fn choice<T: Copy>(
    reader: &mut Reader<'_>,
    fields: &Fields<'_>,
    key: &str,
    choices: &[(&str, T)],
) -> Option<At<T>> {
    reader.parsed(fields, key, |raw| {
        let names = || choices.iter().map(|(name, _)| *name);
        match choices.iter().find(|(name, _)| *name == raw) {
            Some((_, choice)) => Ok(*choice),
            None => Err(Fault::hinted(
                "is unknown",
                match super::suggest::nearest(raw, names()) {
                    Some(meant) => format!("did you mean \"{meant}\"?"),
                    None => format!("it is one of {}", names().collect::<Vec<_>>().join(", ")),
                },
            )),
        }
    })
}

fn hosts(reader: &mut Reader<'_>, fields: &Fields<'_>, own: Option<&str>) -> Vec<String> {
    let found = reader.parsed_each(fields, "hosts", LIST_MAX, address::host);
    distinct(values(found).into_iter().filter(|host| own != Some(host)))
}

fn distinct(values: impl Iterator<Item = String>) -> Vec<String> {
    let mut seen = BTreeSet::new();
    values.filter(|value| seen.insert(value.clone())).collect()
}

fn headers(reader: &mut Reader<'_>, fields: &Fields<'_>) -> Vec<(String, String)> {
    let label = format!("{}: headers", fields.label);
    let table = reader.section(fields, "headers", label);
    let names: Vec<(String, Place)> = table
        .keys()
        .map(|(name, place)| (name.to_owned(), place))
        .collect();
    if names.len() > HEADERS_MAX {
        let hint = format!("allowed is 0 to {HEADERS_MAX}");
        reader.wrong(&table, table.place.clone(), "too many headers", Some(hint));
        return Vec::new();
    }
    let mut headers: Vec<(String, String)> = Vec::new();
    for (name, place) in names {
        // Many a header is a key to somebody's house.
        if let Some(found) = reader.value(&table, &name) {
            reader.files[place.file].mask(found.place.start..found.place.end);
        }
        if let Err(fault) = value::header_name(&name) {
            let what = format!("{} {}", super::table::quoted(&name), fault.what);
            reader.wrong(&table, place, &what, fault.hint);
            continue;
        }
        let Some(text) = reader.text(&table, &name) else {
            continue;
        };
        if headers
            .iter()
            .any(|(known, _)| known.eq_ignore_ascii_case(&name))
        {
            reader.wrong(&table, place, &format!("{name} is given twice"), None);
            continue;
        }
        match value::header_value(&text.value) {
            Ok(value) => headers.push((name, value)),
            Err(fault) => reader.wrong(&table, text.place, &format!("{name} {}", fault.what), None),
        }
    }
    headers
}

fn select(
    reader: &mut Reader<'_>,
    fields: &Fields<'_>,
    kind: &Option<At<Kind>>,
    full_text: &Option<At<bool>>,
) -> Select {
    let label = format!("{}: select", fields.label);
    let table = reader.section(fields, "select", label);
    reader.unknown_keys(&table, SELECT_KEYS);
    // A kind that could not be read allows nothing to be said of what belongs to it.
    let page = match kind {
        Some(kind) => kind.value == Kind::Page,
        None => fields.has("kind"),
    };
    let full_text = full_text
        .as_ref()
        .map_or(fields.has("full_text"), |flag| flag.value);
    for key in SELECT_KEYS {
        if !table.has(key) || page {
            continue;
        }
        let place = reader.key_place(&table, key);
        if *key != "body" {
            let hint = "only a source with kind = \"page\" has a listing".to_owned();
            reader.wrong(
                &table,
                place,
                &format!("{key} does not belong here"),
                Some(hint),
            );
        } else if !full_text {
            let hint = "it is used with full_text = true".to_owned();
            reader.wrong(&table, place, "body is not used", Some(hint));
        }
    }
    let mut css = |key: &str| {
        reader
            .parsed(&table, key, value::selector)
            .map(|found| found.value)
    };
    Select {
        item: css("item"),
        link: css("link"),
        title: css("title"),
        summary: css("summary"),
        date: css("date"),
        image: css("image"),
        body: css("body"),
        next: css("next"),
        pages: value_or(reader.count(&table, "pages", 1..=100), 1),
    }
}
