//! The walk over all files, and what only shows when all are read: ids given twice, words that name nothing.

use std::collections::{BTreeMap, BTreeSet};

use toml::de::DeTable;

use super::place::{FileText, Place, remarks};
use super::reach;
use super::rule::{RuleDraft, TopicDraft, rule, topic};
use super::settings::{Settings, TABLES, settings};
use super::source::{SourceDraft, source};
use super::suggest::{nearest, slug_of_name};
use super::syntax::mend;
use super::table::{Fields, Reader, Text};
use super::{Checked, Config, ConfigFile, Remark, Vocabulary};
use crate::core::model::Scheme;

/// Of one file.
pub const FILE_BYTES_MAX: usize = 4 << 20;
/// With the main file.
pub const FILES_MAX: usize = 10_000;
/// In all files together.
pub const SOURCES_MAX: usize = 100_000;
const TOPICS_MAX: usize = 10_000;
const RULES_MAX: usize = 10_000;
const PATTERNS_MAX: usize = 100;

/// What an included file may hold.
const SHARED_KEYS: &[&str] = &["source", "topic", "rule"];

/// Reads and checks the main file with everything it includes.
///
/// `lookup` gives the value of a `${NAME}`: an environment variable, or a credential.
///
/// # Errors
/// Every mistake of every file at once, sorted by file and place.
pub fn load(
    main: &ConfigFile,
    included: &[ConfigFile],
    vocabulary: &Vocabulary,
    lookup: &dyn Fn(&str) -> Option<String>,
) -> Result<Checked, Vec<Remark>> {
    let taken = included.len().min(FILES_MAX - 1);
    let files: Vec<&ConfigFile> = std::iter::once(main).chain(&included[..taken]).collect();
    let mut reader = Reader::new(
        files.iter().map(|file| FileText::new(file)).collect(),
        lookup,
    );
    if taken < included.len() {
        let message = format!("include: more than {} files", FILES_MAX - 1);
        reader.mistake(Place::new(0, 0..0), message, None);
    }
    let texts: Vec<String> = files
        .iter()
        .enumerate()
        .map(|(number, file)| mended(&mut reader, number, file))
        .collect();
    let tables: Vec<DeTable<'_>> = texts.iter().map(|text| parsed(text)).collect();
    let config = Walk {
        vocabulary,
        drafts: Drafts::default(),
    }
    .config(&mut reader, &tables);
    match reader.mistakes.is_empty() {
        true => {
            let warnings = remarks(&reader.files, reader.warnings);
            Ok(Checked { config, warnings })
        }
        false => Err(remarks(&reader.files, reader.mistakes)),
    }
}

/// The patterns of `include`, as far as they can be read: [`load`] tells what is wrong with them.
pub fn include_patterns(main: &ConfigFile, lookup: &dyn Fn(&str) -> Option<String>) -> Vec<String> {
    let mut reader = Reader::new(vec![FileText::new(main)], lookup);
    let text = mended(&mut reader, 0, main);
    let table = parsed(&text);
    patterns(&mut reader, &Fields::new("", Place::new(0, 0..0), &table))
}

fn patterns(reader: &mut Reader<'_>, root: &Fields<'_>) -> Vec<String> {
    let parse = |raw: &str| super::value::words(raw, 4096);
    super::settings::values(reader.parsed_each(root, "include", PATTERNS_MAX, parse))
}

/// The text of one file as far as it is TOML; the rest is blank.
fn mended(reader: &mut Reader<'_>, number: usize, file: &ConfigFile) -> String {
    if file.text.len() > FILE_BYTES_MAX {
        let message = format!("the file is larger than {} MiB", FILE_BYTES_MAX >> 20);
        reader.syntax(Place::new(number, 0..0), message);
        return String::new();
    }
    let (text, faults) = mend(&file.text);
    for fault in faults {
        reader.syntax(Place::new(number, fault.span), fault.message);
    }
    text
}

fn parsed(text: &str) -> DeTable<'_> {
    DeTable::parse_recoverable(text).0.into_inner()
}

#[derive(Default)]
struct Drafts {
    sources: Vec<SourceDraft>,
    topics: Vec<TopicDraft>,
    rules: Vec<RuleDraft>,
}

struct Walk<'v> {
    vocabulary: &'v Vocabulary,
    drafts: Drafts,
}

impl Walk<'_> {
    fn config(mut self, reader: &mut Reader<'_>, tables: &[DeTable<'_>]) -> Config {
        let main = Fields::new("", Place::new(0, 0..0), &tables[0]);
        main_keys(reader, &main);
        patterns(reader, &main);
        let settings = settings(reader, &main);
        for (number, table) in tables.iter().enumerate() {
            let root = Fields::new("", Place::new(number, 0..0), table);
            if number > 0 {
                included_keys(reader, &root);
            }
            self.blocks(reader, &root, &settings);
        }
        same_ids(reader, &self.drafts.sources);
        same_addresses(reader, &self.drafts.sources);
        same_topics(reader, &self.drafts.topics);
        reach::rules(reader, &self.drafts.rules);
        self.references(reader);
        let Drafts {
            sources,
            topics,
            rules,
        } = self.drafts;
        Config {
            server: settings.server,
            store: settings.store,
            fetch: settings.fetch,
            schedule: settings.schedule,
            stories: settings.stories,
            feed: settings.feed,
            sources: sources
                .into_iter()
                .filter_map(|draft| draft.source)
                .collect(),
            topics: topics.into_iter().filter_map(|draft| draft.topic).collect(),
            rules: rules.into_iter().filter_map(|draft| draft.rule).collect(),
        }
    }

    fn blocks(&mut self, reader: &mut Reader<'_>, root: &Fields<'_>, settings: &Settings) {
        for fields in bounded(
            reader,
            root,
            "source",
            self.drafts.sources.len(),
            SOURCES_MAX,
        ) {
            self.drafts.sources.push(source(reader, &fields, settings));
        }
        for fields in bounded(reader, root, "topic", self.drafts.topics.len(), TOPICS_MAX) {
            self.drafts.topics.push(topic(reader, &fields));
        }
        for fields in bounded(reader, root, "rule", self.drafts.rules.len(), RULES_MAX) {
            self.drafts.rules.push(rule(reader, &fields));
        }
    }

    fn references(&self, reader: &mut Reader<'_>) {
        let Drafts {
            sources,
            topics,
            rules,
        } = &self.drafts;
        let names = Names {
            provinces: self
                .vocabulary
                .provinces
                .iter()
                .map(String::as_str)
                .collect(),
            former: &self.vocabulary.former_provinces,
            topics: topics
                .iter()
                .filter_map(|draft| draft.slug.as_ref())
                .filter(|text| !text.secret)
                .map(|text| text.value.as_str())
                .chain(self.vocabulary.topics.iter().map(String::as_str))
                .collect(),
            secret_topics: secrets(topics.iter().filter_map(|draft| draft.slug.as_ref())),
            sources: sources
                .iter()
                .flat_map(|draft| draft.id.iter().chain(&draft.was))
                .filter(|(_, text)| !text.secret)
                .map(|(id, _)| id.as_str())
                .collect(),
            secret_sources: secrets(
                sources
                    .iter()
                    .flat_map(|draft| draft.id.iter().chain(&draft.was))
                    .map(|(_, text)| text),
            ),
            // What seems to be named nowhere may stand where a file could not be read.
            complete: reader.all_whole(),
        };
        for draft in sources {
            if let Some(text) = &draft.province {
                names.province(reader, &draft.label, "province", text, &text.value);
            }
            for text in &draft.topics {
                names.topic(reader, &draft.label, "topics", text, &text.value);
            }
        }
        for draft in rules {
            let label = format!("{}: match", draft.label);
            if let Some(text) = &draft.source {
                names.source(reader, &label, text);
            }
            if let Some(text) = &draft.topic {
                names.topic(reader, &label, "topic", text, &text.value);
            }
            if let Some(text) = &draft.province {
                names.province(reader, &label, "province", text, &text.value);
            }
            match &draft.tag {
                Some((Scheme::Topic, term, text)) => {
                    names.topic(reader, &draft.label, "tag", text, term)
                }
                Some((Scheme::Province, term, text)) => {
                    names.province(reader, &draft.label, "tag", text, term)
                }
                Some((Scheme::FormerProvince, term, text)) => {
                    names.former(reader, &draft.label, text, term)
                }
                _ => {}
            }
        }
    }
}

fn secrets<'t>(texts: impl Iterator<Item = &'t Text>) -> BTreeSet<&'t str> {
    texts
        .filter(|text| text.secret)
        .map(|text| text.value.as_str())
        .collect()
}

fn main_keys(reader: &mut Reader<'_>, root: &Fields<'_>) {
    let mut known = vec!["include"];
    known.extend(TABLES.iter().map(|(table, _)| *table));
    known.extend(SHARED_KEYS);
    reader.unknown_keys(root, &known);
}

fn included_keys(reader: &mut Reader<'_>, root: &Fields<'_>) {
    let mut misplaced = Vec::new();
    for (key, place) in root.keys() {
        let table = TABLES.iter().any(|(table, _)| *table == key);
        if table || key == "include" {
            misplaced.push(key);
            let shown = if table {
                format!("[{key}]")
            } else {
                key.to_owned()
            };
            let message = format!("{shown} may stand only in the main file");
            let hint = "an included file holds [[source]], [[topic]] and [[rule]]".to_owned();
            reader.mistake(place, message, Some(hint));
        }
    }
    let mut known = SHARED_KEYS.to_vec();
    known.extend(misplaced);
    reader.unknown_keys(root, &known);
}

fn bounded<'t>(
    reader: &mut Reader<'_>,
    root: &Fields<'t>,
    key: &str,
    already: usize,
    count_max: usize,
) -> Vec<Fields<'t>> {
    let mut blocks = reader.blocks(root, key);
    if let Some(first) = blocks.get(count_max.saturating_sub(already)) {
        let place = first.place.clone();
        reader.mistake(place, format!("more than {count_max} [[{key}]]"), None);
        blocks.truncate(count_max.saturating_sub(already));
    }
    blocks
}

/// An id names one source for ever, whether it has it now or had it once.
fn same_ids(reader: &mut Reader<'_>, sources: &[SourceDraft]) {
    let mut owners: BTreeMap<&str, (&str, &Place)> = BTreeMap::new();
    let own = sources
        .iter()
        .flat_map(|draft| draft.id.iter().map(move |id| ("id", draft, id)));
    let was = sources
        .iter()
        .flat_map(|draft| draft.was.iter().map(move |id| ("was", draft, id)));
    for (key, draft, (id, text)) in own.chain(was) {
        let Some((owner, first)) = owners.get(id.as_str()) else {
            owners.insert(id.as_str(), (key, &text.place));
            continue;
        };
        let what = match *owner {
            "id" => "is the id of another source",
            _ => "was the id of another source",
        };
        let message = format!("{}: {key} {} {what}", draft.label, text.shown);
        let hint = format!("first given at {}", reader.written_at(first));
        reader.mistake(text.place.clone(), message, Some(hint));
    }
}

fn same_addresses(reader: &mut Reader<'_>, sources: &[SourceDraft]) {
    let mut first: BTreeMap<&str, &SourceDraft> = BTreeMap::new();
    for draft in sources {
        let Some(url) = &draft.url else {
            continue;
        };
        // http and https of one address answer with one feed.
        let address = url
            .value
            .split_once("://")
            .map_or(url.value.as_str(), |(_, rest)| rest);
        match first.get(address) {
            Some(other) => {
                let message = format!("{}: url is also that of {}", draft.label, other.label);
                let hint = other
                    .url
                    .as_ref()
                    .map(|url| format!("given at {}", reader.written_at(&url.place)));
                reader.warn(url.place.clone(), message, hint);
            }
            None => {
                first.insert(address, draft);
            }
        }
    }
}

fn same_topics(reader: &mut Reader<'_>, topics: &[TopicDraft]) {
    let mut first: BTreeMap<&str, &Place> = BTreeMap::new();
    for draft in topics {
        let Some(slug) = &draft.slug else {
            continue;
        };
        if let Some(place) = first.get(slug.value.as_str()) {
            let hint = format!("first given at {}", reader.written_at(place));
            let message = format!("{}: slug {} is given twice", draft.label, slug.shown);
            reader.mistake(slug.place.clone(), message, Some(hint));
        } else {
            first.insert(&slug.value, &slug.place);
        }
    }
}

/// Everything that a key may name.
struct Names<'n> {
    provinces: BTreeSet<&'n str>,
    former: &'n [(String, String)],
    topics: BTreeSet<&'n str>,
    sources: BTreeSet<&'n str>,
    /// Known, but never to be suggested.
    secret_topics: BTreeSet<&'n str>,
    secret_sources: BTreeSet<&'n str>,
    complete: bool,
}

impl Names<'_> {
    fn province(&self, reader: &mut Reader<'_>, label: &str, key: &str, text: &Text, slug: &str) {
        if self.provinces.contains(slug) {
            return;
        }
        if let Some((_, successor)) = self.former.iter().find(|(former, _)| former == slug) {
            let what = "is no province any more";
            let hint = format!("since 1 July 2025 it is part of \"{successor}\"");
            return tell(reader, label, key, text, what, Some(hint));
        }
        let hint = self.province_meant(slug);
        tell(reader, label, key, text, "is not a province", hint);
    }

    fn province_meant(&self, written: &str) -> Option<String> {
        let named = slug_of_name(written);
        if self.provinces.contains(named.as_str()) {
            return Some(format!("did you mean \"{named}\"?"));
        }
        if let Some((former, successor)) = self.former.iter().find(|(former, _)| *former == named) {
            return Some(format!(
                "{former} is part of \"{successor}\" since 1 July 2025"
            ));
        }
        let former = self.former.iter().map(|(former, _)| former.as_str());
        let meant = nearest(&named, self.provinces.iter().copied().chain(former))?;
        let successor = self.former.iter().find(|(former, _)| former == meant);
        Some(match successor {
            Some((_, successor)) => format!("{meant} is part of \"{successor}\" since 1 July 2025"),
            None => format!("did you mean \"{meant}\"?"),
        })
    }

    fn former(&self, reader: &mut Reader<'_>, label: &str, text: &Text, slug: &str) {
        let known = || self.former.iter().map(|(former, _)| former.as_str());
        if known().any(|former| former == slug) {
            return;
        }
        let hint = match self.provinces.contains(slug) {
            true => Some(format!("it is a province today: \"province:{slug}\"")),
            false => nearest(slug, known())
                .map(|meant| format!("did you mean \"former-province:{meant}\"?")),
        };
        tell(reader, label, "tag", text, "is not a former province", hint);
    }

    fn topic(&self, reader: &mut Reader<'_>, label: &str, key: &str, text: &Text, slug: &str) {
        let known = self.topics.contains(slug) || self.secret_topics.contains(slug);
        if known || !self.complete {
            return;
        }
        let named = slug_of_name(slug);
        let meant = nearest(&named, self.topics.iter().copied());
        let hint = meant.map(|meant| format!("did you mean \"{meant}\"?"));
        tell(reader, label, key, text, "is not a topic", hint);
    }

    fn source(&self, reader: &mut Reader<'_>, label: &str, text: &Text) {
        let id = text.value.as_str();
        let known = self.sources.contains(id) || self.secret_sources.contains(id);
        if known || !self.complete {
            return;
        }
        let meant = nearest(id, self.sources.iter().copied());
        let hint = meant.map(|meant| format!("did you mean \"{meant}\"?"));
        tell(reader, label, "source", text, "is not a source", hint);
    }
}

fn tell(
    reader: &mut Reader<'_>,
    label: &str,
    key: &str,
    text: &Text,
    what: &str,
    hint: Option<String>,
) {
    let message = format!("{label}: {key} {} {what}", text.shown);
    reader.mistake(text.place.clone(), message, hint.filter(|_| !text.secret));
}
