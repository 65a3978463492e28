//! Topics: what a text is about, by the words it uses.
//!
//! Owns the built-in taxonomy, what an administrator adds to it, and the weighing of a phrase by where it
//! stands and by its company. It knows nothing of places.

use std::collections::HashMap;

use serde::Deserialize;

use super::TopicRule;
use super::phrases::{Found, Phrases};
use super::reading::{Reading, fold};

const TOPICS: &str = include_str!("data/topics.toml");

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Taxonomy {
    /// Words of news that mentions trades and goods only in passing.
    passing: Vec<String>,
    /// Words of news that is about none of these topics.
    elsewhere: Vec<String>,
    topic: Vec<TopicFacts>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct TopicFacts {
    slug: String,
    vi: String,
    en: String,
    phrases: Vec<String>,
    #[serde(default)]
    soft: Vec<String>,
    #[serde(default)]
    title: Vec<String>,
    #[serde(default)]
    weak: Vec<String>,
    #[serde(default)]
    mask: Vec<String>,
    #[serde(default)]
    unless: Vec<String>,
    /// Set by an administrator: every phrase counts wherever it stands.
    #[serde(default)]
    plain: bool,
}

#[derive(Debug)]
pub(super) struct Topic {
    pub slug: String,
    pub label: String,
    pub label_en: String,
    plain: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    Any,
    /// Counts in the title, at the head of the text, or said twice; void beside one of the topic's
    /// `Unless`, as `Title` is.
    Soft,
    Title,
    Weak,
    Mask,
    Unless,
    Passing,
    Elsewhere,
}

pub(super) struct Topics {
    pub topics: Vec<Topic>,
    phrases: Phrases,
    /// For each phrase: the topics that have it, and what for.
    roles: Vec<Vec<(usize, Role)>>,
    by_name: HashMap<String, usize>,
}

/// A topic with the words that gave it.
pub(super) struct TopicHit {
    pub topic: usize,
    pub found: Found,
}

/// Of one rule; what is beyond is not read.
const RULE_PHRASES_MAX: usize = 1000;
const PHRASE_BYTES_MAX: usize = 200;

/// The head of a text, where news says what it is about: a good hundred characters.
const LEAD_BYTES: usize = 160;

/// Stands where a word belongs to all topics.
const NO_TOPIC: usize = usize::MAX;

impl Topics {
    pub fn new(extra: &[TopicRule]) -> Topics {
        let taxonomy: Taxonomy =
            toml::from_str(TOPICS).expect("the built-in taxonomy is read by a test");
        let mut facts = taxonomy.topic;
        for rule in extra {
            let added = TopicFacts::from(rule);
            match facts.iter_mut().find(|one| one.slug == added.slug) {
                Some(one) => *one = added,
                None => facts.push(added),
            }
        }
        let mut builder = Builder::default();
        builder.add(&taxonomy.passing, NO_TOPIC, Role::Passing);
        builder.add(&taxonomy.elsewhere, NO_TOPIC, Role::Elsewhere);
        for (topic, facts) in facts.iter().enumerate() {
            builder.add(&facts.phrases, topic, Role::Any);
            builder.add(&facts.soft, topic, Role::Soft);
            builder.add(&facts.title, topic, Role::Title);
            builder.add(&facts.weak, topic, Role::Weak);
            builder.add(&facts.mask, topic, Role::Mask);
            builder.add(&facts.unless, topic, Role::Unless);
        }
        Topics {
            by_name: names(&facts),
            phrases: Phrases::new(&builder.patterns),
            roles: builder.roles,
            topics: facts
                .into_iter()
                .map(|facts| Topic {
                    slug: facts.slug,
                    label: facts.vi,
                    label_en: facts.en,
                    plain: facts.plain,
                })
                .collect(),
        }
    }

    /// The topic that a source's category names: by slug, label or phrase.
    pub fn named(&self, words: &str) -> Option<usize> {
        self.by_name.get(&fold(words)).copied()
    }

    pub fn topic(&self, slug: &str) -> Option<usize> {
        self.topics.iter().position(|topic| topic.slug == slug)
    }

    pub fn hits(&self, reading: &Reading) -> Vec<TopicHit> {
        let mut marks = self.marks(reading);
        if marks.is_empty() {
            return marks_to_hits(&[]);
        }
        let company = Company {
            is_passing: marks.iter().any(|mark| mark.role == Role::Passing),
            is_elsewhere: marks.iter().any(|mark| mark.role == Role::Elsewhere),
            strong: 0,
        };
        marks.retain(|mark| mark.topic != NO_TOPIC);
        drop_blanked(&mut marks);
        drop_void(&mut marks);
        let company = Company {
            strong: marks.iter().filter(|mark| mark.role != Role::Weak).count(),
            ..company
        };
        let kept: Vec<&[Mark]> = marks
            .chunk_by(|a, b| a.topic == b.topic)
            .filter(|marks| self.counts(marks, &company))
            .collect();
        marks_to_hits(&kept)
    }

    /// Every phrase of every topic, by topic and place.
    fn marks(&self, reading: &Reading) -> Vec<Mark> {
        let mut marks: Vec<Mark> = Vec::new();
        for found in self.phrases.find(&reading.lower, &reading.words) {
            let in_title = reading.in_title(found.start);
            marks.extend(
                self.roles[found.phrase]
                    .iter()
                    .filter(|(_, role)| *role != Role::Title || in_title)
                    .map(|(topic, role)| Mark {
                        topic: *topic,
                        role: *role,
                        in_title,
                        in_lead: found.start < reading.title_end + LEAD_BYTES,
                        found,
                    }),
            );
        }
        marks.sort_by_key(|mark| (mark.topic, mark.found.start, mark.found.end));
        marks
    }

    /// Whether these marks, all of one topic, say that the article is about it.
    fn counts(&self, marks: &[Mark], company: &Company) -> bool {
        let is_weak = marks.iter().all(|mark| mark.role == Role::Weak);
        if self.topics[marks[0].topic].plain {
            return !is_weak || company.strong > 0;
        }
        if company.is_elsewhere {
            return false;
        }
        let in_title = marks
            .iter()
            .any(|mark| mark.in_title && mark.role != Role::Weak);
        if company.is_passing {
            return in_title && marks.iter().any(|mark| !mark.in_title);
        }
        match is_weak {
            true => company.strong > 0,
            false => {
                in_title || marks.iter().any(|mark| mark.is_firm()) || times_in_text(marks) > 1
            }
        }
    }
}

/// How often the text speaks of the topic, overlapping phrases as one.
fn times_in_text(marks: &[Mark]) -> usize {
    let mut times = 0;
    let mut end = 0;
    for mark in marks
        .iter()
        .filter(|mark| !mark.in_title && mark.role != Role::Weak)
    {
        if mark.found.start >= end {
            times += 1;
        }
        end = end.max(mark.found.end);
    }
    times
}

/// What else an article speaks of.
struct Company {
    is_passing: bool,
    is_elsewhere: bool,
    /// Hits of any topic that are not weak.
    strong: usize,
}

fn marks_to_hits(marks: &[&[Mark]]) -> Vec<TopicHit> {
    marks
        .iter()
        .flat_map(|marks| marks.iter())
        .map(|mark| TopicHit {
            topic: mark.topic,
            found: mark.found,
        })
        .collect()
}

/// Takes out what stands, even in part, under a mask of its topic, and the masks.
fn drop_blanked(marks: &mut Vec<Mark>) {
    let masks: Vec<Mark> = marks
        .iter()
        .filter(|mark| mark.role == Role::Mask)
        .copied()
        .collect();
    marks.retain(|mark| {
        mark.role != Role::Mask
            && !masks.iter().any(|mask| {
                mask.topic == mark.topic
                    && mask.found.start < mark.found.end
                    && mark.found.start < mask.found.end
            })
    });
}

/// Takes out what an `unless` of its topic makes void, and the words that do.
fn drop_void(marks: &mut Vec<Mark>) {
    let void: Vec<usize> = marks
        .iter()
        .filter(|mark| mark.role == Role::Unless)
        .map(|mark| mark.topic)
        .collect();
    marks.retain(|mark| match mark.role {
        Role::Unless => false,
        Role::Soft | Role::Title => !void.contains(&mark.topic),
        _ => true,
    });
}

#[derive(Clone, Copy)]
struct Mark {
    topic: usize,
    role: Role,
    in_title: bool,
    /// In the first words of the text.
    in_lead: bool,
    found: Found,
}

impl Mark {
    fn is_firm(&self) -> bool {
        match self.role {
            Role::Any => true,
            Role::Soft | Role::Title => self.in_title || self.in_lead,
            _ => false,
        }
    }
}

impl From<&TopicRule> for TopicFacts {
    fn from(rule: &TopicRule) -> TopicFacts {
        TopicFacts {
            slug: rule.slug.clone(),
            vi: rule.label_vi.clone(),
            en: rule.label_en.clone(),
            phrases: rule.phrases.clone(),
            soft: Vec::new(),
            title: Vec::new(),
            weak: rule.weak.clone(),
            mask: rule.mask.clone(),
            unless: Vec::new(),
            plain: true,
        }
    }
}

fn names(topics: &[TopicFacts]) -> HashMap<String, usize> {
    let mut names = HashMap::new();
    for (index, facts) in topics.iter().enumerate() {
        let spaced = facts.slug.replace('-', " ");
        for name in [&facts.slug, &spaced, &facts.vi, &facts.en]
            .into_iter()
            .chain(&facts.phrases)
        {
            names.entry(fold(name)).or_insert(index);
        }
    }
    names.remove("");
    names
}

#[derive(Default)]
struct Builder {
    index: HashMap<String, usize>,
    patterns: Vec<String>,
    roles: Vec<Vec<(usize, Role)>>,
}

impl Builder {
    fn add(&mut self, phrases: &[String], topic: usize, role: Role) {
        let sane = |phrase: &&String| phrase.len() <= PHRASE_BYTES_MAX;
        for phrase in phrases.iter().take(RULE_PHRASES_MAX).filter(sane) {
            let folded = fold(phrase);
            let whole = fold(&phrase.to_lowercase());
            for pattern in [
                Some(&folded),
                Some(&whole).filter(|whole| **whole != folded),
            ]
            .into_iter()
            .flatten()
            {
                let index = *self.index.entry(pattern.clone()).or_insert_with(|| {
                    self.patterns.push(pattern.clone());
                    self.roles.push(Vec::new());
                    self.patterns.len() - 1
                });
                self.roles[index].push((topic, role));
            }
        }
    }
}
