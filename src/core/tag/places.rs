//! Provinces, present and former, from what a text says.
//!
//! Owns the gazetteer: the names of the 34 units, of the units merged into them, of towns, districts and
//! communes that stand in one province only, and the names that hold a province's name and mean something
//! else. A name counts in capitals only. What is weaker than a province's name counts only where no
//! province is named. It never looks at topics, nor at where an article came from.

use std::collections::HashMap;

use serde::Deserialize;

use super::phrases::{Found, Phrases, is_whole, longest, words as words_of};
use super::reading::{Reading, fold, fold_cased, lower};
use super::surroundings::{COMMUNE_WORDS, DISTRICT_WORDS, Here};

const PROVINCES: &str = include_str!("data/provinces.toml");
const COMMUNES: &str = include_str!("data/communes.txt");

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Gazetteer {
    province: Vec<ProvinceFacts>,
    masks: MaskFacts,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MaskFacts {
    phrases: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ProvinceFacts {
    slug: String,
    label: String,
    #[serde(default)]
    given: bool,
    #[serde(default)]
    names: Vec<String>,
    #[serde(default)]
    places: Vec<String>,
    #[serde(default)]
    hints: Vec<String>,
    #[serde(default)]
    districts: Vec<String>,
    #[serde(default)]
    former: Vec<FormerFacts>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FormerFacts {
    slug: String,
    label: String,
    #[serde(default)]
    names: Vec<String>,
    #[serde(default)]
    cue: bool,
    #[serde(default)]
    everyday: bool,
    #[serde(default)]
    given: bool,
}

/// A province-level unit and those whose names went with its making.
#[derive(Debug)]
pub(super) struct Unit {
    pub slug: String,
    pub label: String,
    /// Index of the province in force; its own for a present one.
    pub province: usize,
    cue: bool,
    everyday: bool,
    /// People are called so too.
    given: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sense {
    /// Index into `units`.
    Name(usize),
    /// Index of a province, as for all below.
    Place(usize),
    Hint(usize),
    District(usize),
    Mask,
}

/// One spelling of a pattern with what it means: a capital here must be one in the text.
struct Spelling {
    cased: String,
    sense: Sense,
}

pub(super) struct Places {
    /// The provinces in force first, in their official order, then the former units.
    pub units: Vec<Unit>,
    pub provinces: usize,
    names: Phrases,
    commune_words: Phrases,
    /// For each phrase of `names`.
    spellings: Vec<Vec<Spelling>>,
    /// In lower case: the capitals of the name, its province.
    communes: HashMap<String, (String, usize)>,
    by_slug: HashMap<String, usize>,
}

/// A unit that a text names, with the words that do.
pub(super) struct PlaceHit {
    /// Index into `units`.
    pub unit: usize,
    pub found: Found,
}

impl Places {
    pub fn new() -> Places {
        let gazetteer: Gazetteer =
            toml::from_str(PROVINCES).expect("the built-in gazetteer is read by a test");
        let provinces = gazetteer.province.len();
        let mut builder = Builder::default();
        let mut units = Vec::new();
        let mut former = Vec::new();
        for (province, facts) in gazetteer.province.into_iter().enumerate() {
            builder.add_all(
                [&facts.label].into_iter().chain(&facts.names),
                Sense::Name(province),
            );
            builder.add_all(&facts.places, Sense::Place(province));
            builder.add_all(&facts.hints, Sense::Hint(province));
            builder.add_all(&facts.districts, Sense::District(province));
            units.push(Unit {
                slug: facts.slug,
                label: facts.label,
                province,
                cue: false,
                everyday: false,
                given: facts.given,
            });
            former.extend(facts.former.into_iter().map(|one| (province, one)));
        }
        for (province, facts) in former {
            let unit = Sense::Name(units.len());
            builder.add_all([&facts.label].into_iter().chain(&facts.names), unit);
            units.push(Unit {
                slug: facts.slug,
                label: facts.label,
                province,
                cue: facts.cue,
                everyday: facts.everyday,
                given: facts.given,
            });
        }
        builder.add_all(&gazetteer.masks.phrases, Sense::Mask);
        let by_slug: HashMap<_, _> = units
            .iter()
            .enumerate()
            .map(|(index, unit)| (unit.slug.clone(), index))
            .collect();
        let (patterns, spellings) = builder.finish();
        Places {
            names: Phrases::new(&patterns),
            commune_words: Phrases::new(COMMUNE_WORDS),
            communes: communes(&by_slug),
            spellings,
            units,
            provinces,
            by_slug,
        }
    }

    /// Index into `units`.
    pub fn unit(&self, slug: &str) -> Option<usize> {
        self.by_slug.get(slug).copied()
    }

    pub fn is_former(&self, unit: usize) -> bool {
        unit >= self.provinces
    }

    /// The unit whose name, and nothing else, these words are.
    pub fn named(&self, words: &str) -> Option<usize> {
        let folded = fold(words);
        let bare = UNIT_WORDS
            .iter()
            .find_map(|word| folded.strip_prefix(word)?.strip_prefix(' '))
            .unwrap_or(&folded);
        self.names
            .find(&folded, &words_of(&folded))
            .into_iter()
            .filter(|found| {
                found.end == folded.len() && (found.start == 0 || folded[found.start..] == *bare)
            })
            .flat_map(|found| &self.spellings[found.phrase])
            .find_map(|spelling| match spelling.sense {
                Sense::Name(unit) => Some(unit),
                _ => None,
            })
    }

    pub fn hits(&self, reading: &Reading) -> Vec<PlaceHit> {
        let mut senses: Vec<(Found, Sense)> = Vec::new();
        for found in self.names.find(&reading.lower, &reading.words) {
            let here = Here::new(reading, found);
            for spelling in &self.spellings[found.phrase] {
                if here.has_capitals_of(&spelling.cased) && self.holds(spelling, &here) {
                    senses.push((found, spelling.sense));
                }
            }
        }
        if senses.is_empty() {
            return self.communes(reading);
        }
        let kept = longest(senses.iter().map(|(found, _)| *found).collect());
        senses.retain(|(found, _)| kept.contains(found));
        let masked: Vec<_> = senses
            .iter()
            .filter(|(found, sense)| self.is_masked(*sense, &Here::new(reading, *found)))
            .map(|(found, _)| *found)
            .chain(seats(&reading.lower, &senses))
            .collect();
        senses.retain(|(found, sense)| *sense != Sense::Mask && !masked.contains(found));

        let pick = |wanted: fn(Sense) -> Option<usize>| -> Vec<PlaceHit> {
            senses
                .iter()
                .filter_map(|(found, sense)| {
                    wanted(*sense).map(|unit| PlaceHit {
                        unit,
                        found: *found,
                    })
                })
                .collect()
        };
        let mut hits = pick(|sense| match sense {
            Sense::Name(unit) | Sense::Place(unit) => Some(unit),
            _ => None,
        });
        if hits.is_empty() {
            hits = pick(|sense| match sense {
                Sense::Hint(unit) | Sense::District(unit) => Some(unit),
                _ => None,
            });
        }
        if hits.is_empty() {
            hits = self.communes(reading);
        }
        hits
    }

    /// Whether the surroundings bear out what a spelling means.
    fn holds(&self, spelling: &Spelling, here: &Here<'_>) -> bool {
        match spelling.sense {
            Sense::District(_) => here.is_behind(DISTRICT_WORDS),
            Sense::Hint(_) => !here.runs_into_a_name(&spelling.cased),
            Sense::Name(unit) => {
                let unit = &self.units[unit];
                let doubtful = unit.cue || unit.everyday && here.is_shouted();
                !doubtful || here.is_said_of_a_place()
            }
            Sense::Place(_) | Sense::Mask => true,
        }
    }

    /// Whether the surroundings make the name that of something else.
    fn is_masked(&self, sense: Sense, here: &Here<'_>) -> bool {
        let is_unit = match sense {
            Sense::Mask => return false,
            Sense::Name(unit) => {
                let unit = &self.units[unit];
                let is_person = here.is_an_artist() || !unit.cue && here.is_of_a_lake_or_family();
                here.is_a_street() || unit.given && is_person
            }
            _ => false,
        };
        let is_somebody = |before| !self.is_known(before);
        is_unit
            || here.is_of_something_else()
            || here.surname_and_middle_name().is_some_and(is_somebody)
    }

    /// Whether a name in lower case is in the gazetteer, whatever it means.
    fn is_known(&self, name: &str) -> bool {
        let is_whole = |found: &Found| (found.start, found.end) == (0, name.len());
        self.communes.contains_key(name)
            || self.names.find(name, &words_of(name)).iter().any(is_whole)
    }

    fn communes(&self, reading: &Reading) -> Vec<PlaceHit> {
        let mut heads = self.commune_words.find(&reading.lower, &reading.words);
        heads.sort_by_key(|head| head.phrase);
        let hits: Vec<_> = heads
            .into_iter()
            .filter_map(|head| self.commune_at(reading, head.end))
            .collect();
        // Older news knows thousands of communes that are gone: two provinces mean that one name is not ours.
        match hits.iter().all(|hit| hit.unit == hits[0].unit) {
            true => hits,
            false => Vec::new(),
        }
    }

    /// The longest name that begins one space behind `at`.
    fn commune_at(&self, reading: &Reading, at: usize) -> Option<PlaceHit> {
        let rest = reading.lower.get(at..)?.strip_prefix(' ')?;
        let start = at + 1;
        let ends: Vec<usize> = rest
            .char_indices()
            .take(COMMUNE_CHARS_MAX)
            .map(|(end, _)| start + end)
            .filter(|end| *end > start && is_whole(&reading.lower, start, *end))
            .collect();
        let whole = (rest.chars().nth(COMMUNE_CHARS_MAX).is_none()).then_some(reading.lower.len());
        ends.into_iter().chain(whole).rev().find_map(|end| {
            let (cased, unit) = self.communes.get(&reading.lower[start..end])?;
            let found = Found {
                start,
                end,
                phrase: 0,
            };
            let stands = Here::new(reading, found).has_capitals_of(cased);
            stands.then_some(PlaceHit { unit: *unit, found })
        })
    }
}

/// What a company's name goes on with behind a dash: `Bia Hà Nội - Hải Dương`.
fn seats<'s>(text: &'s str, senses: &'s [(Found, Sense)]) -> impl Iterator<Item = Found> + 's {
    let company = |end: usize| {
        senses.iter().any(|(found, sense)| {
            let words = &text[found.start..found.end];
            *sense == Sense::Mask
                && found.end == end
                && COMPANY_WORDS.iter().any(|word| words.starts_with(word))
        })
    };
    let names = senses.iter().map(|(found, _)| *found);
    names.filter(move |found| {
        let before = text[..found.start].trim_end().strip_suffix('-');
        before.is_some_and(|before| company(before.trim_end().len()))
    })
}

fn communes(by_slug: &HashMap<String, usize>) -> HashMap<String, (String, usize)> {
    COMMUNES
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split_once('\t'))
        .filter_map(|(slug, names)| Some((*by_slug.get(slug)?, names)))
        .flat_map(|(province, names)| {
            names
                .split(';')
                .map(move |name| (fold_cased(name), province))
        })
        .map(|(name, province)| (lower(&name), (name, province)))
        .collect()
}

#[derive(Default)]
struct Builder {
    index: HashMap<String, usize>,
    patterns: Vec<String>,
    spellings: Vec<Vec<Spelling>>,
}

impl Builder {
    fn add_all<'a>(&mut self, names: impl IntoIterator<Item = &'a String>, sense: Sense) {
        for name in names {
            let cased = fold_cased(name);
            let pattern = lower(&cased);
            let index = *self.index.entry(pattern.clone()).or_insert_with(|| {
                self.patterns.push(pattern);
                self.spellings.push(Vec::new());
                self.patterns.len() - 1
            });
            self.spellings[index].push(Spelling { cased, sense });
        }
    }

    fn finish(mut self) -> (Vec<String>, Vec<Vec<Spelling>>) {
        for spellings in &mut self.spellings {
            drop_shared_districts(spellings);
        }
        (self.patterns, self.spellings)
    }
}

/// A district's name that two provinces claim places nothing.
fn drop_shared_districts(spellings: &mut Vec<Spelling>) {
    let mut claims = spellings
        .iter()
        .filter_map(|spelling| match spelling.sense {
            Sense::District(province) => Some(province),
            _ => None,
        });
    let first = claims.next();
    if claims.any(|province| Some(province) != first) {
        spellings.retain(|spelling| !matches!(spelling.sense, Sense::District(_)));
    }
}

const UNIT_WORDS: &[&str] = &["tỉnh", "thành phố", "tp.", "tp"];

/// With which the name of a company begins that has others of that name elsewhere.
const COMPANY_WORDS: &[&str] = &["bia ", "ngân hàng ", "tmcp ", "chứng khoán "];

/// No commune's name is longer.
const COMMUNE_CHARS_MAX: usize = 32;
