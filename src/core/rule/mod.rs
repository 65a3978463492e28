//! An administrator's rules: what they make of an article, given its words, its source and its tags.
//!
//! Owns when a rule matches and what its deed does to tags and verdict. Rules act in their order; each sees
//! the tags that those before it left; a drop ends it. All plain words are looked for in one pass, and a
//! regular expression takes time linear in the text and is asked last. It changes no text, and knows no other
//! article: a rule never acts on another source's copy.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use aho_corasick::{AhoCorasick, MatchKind};
use regex::{Regex, RegexBuilder};

use crate::core::model::{ContentKey, Ruled, Scheme, Tag, Verdict, Words};

/// One rule; every given condition must hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    pub title: Option<Pattern>,
    pub text: Option<Pattern>,
    pub url: Option<Pattern>,
    /// An id the source has or had.
    pub source: Option<String>,
    pub topic: Option<String>,
    pub province: Option<String>,
    pub deed: Deed,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pattern {
    Words(String),
    Regex(String),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Deed {
    Drop,
    Hold,
    /// The tag, and those that go with it.
    Tag(Vec<Tag>),
    Untag(Scheme, String),
}

/// What of an article rules look at, its tags apart.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// Plain text.
    pub title: &'a str,
    /// Plain text: summary and content, not the title.
    pub text: &'a str,
    pub url: Option<&'a str>,
    /// The ids its source has and had.
    pub source: &'a [String],
}

/// Of a text that is looked at; what stands behind is not.
pub const TEXT_BYTES_MAX: usize = 64 * 1024;
/// Of one compiled expression; the configuration refuses a larger one by the same bound.
const REGEX_BYTES_MAX: usize = 1 << 20;
/// Of one expression's states that are built while it runs.
const REGEX_CACHE_BYTES_MAX: usize = 1 << 20;

/// Why rules cannot be put to work: the number of the rule, from 1, and what is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadRule {
    pub number: u32,
    pub cause: String,
}

/// Rules made ready; immutable, made once per configuration.
pub struct Rulebook {
    rules: Vec<Ready>,
    /// The plain words of all rules.
    automaton: Option<AhoCorasick>,
    key: ContentKey,
}

struct Ready {
    number: u32,
    tests: Vec<Test>,
    deed: Deed,
}

/// One condition; the cheaper is the lesser and is asked first.
enum Test {
    Source(String),
    Tagged(Scheme, String),
    /// Index of the words among all words.
    Words(Field, usize),
    Regex(Field, Regex),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Field {
    Title,
    Text,
    Url,
}

const FIELDS: [Field; 3] = [Field::Title, Field::Text, Field::Url];

impl Default for Rulebook {
    fn default() -> Rulebook {
        Rulebook {
            rules: Vec::new(),
            automaton: None,
            key: ContentKey::of(&[]),
        }
    }
}

impl std::fmt::Debug for Rulebook {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Rulebook({} rules, {:?})", self.rules.len(), self.key)
    }
}

/// Rulebooks of the same rules are equal.
impl PartialEq for Rulebook {
    fn eq(&self, other: &Rulebook) -> bool {
        self.key == other.key
    }
}

impl Eq for Rulebook {}

impl Rulebook {
    /// # Errors
    /// When an expression does not compile within its bound, which a checked configuration excludes.
    pub fn new(rules: &[Rule]) -> Result<Rulebook, BadRule> {
        let mut words = Vocabulary::default();
        let mut ready = Vec::with_capacity(rules.len());
        for (number, rule) in (1..).zip(rules) {
            ready.push(Ready {
                number,
                tests: tests(rule, &mut words).map_err(|cause| BadRule { number, cause })?,
                deed: rule.deed.clone(),
            });
        }
        Ok(Rulebook {
            rules: ready,
            automaton: words.automaton()?,
            key: ContentKey::of(&[&format!("{rules:?}")]),
        })
    }

    /// Of the rules: another key, other rulings.
    pub fn key(&self) -> ContentKey {
        self.key
    }

    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// Whether any rule asks for a tag.
    pub fn looks_at_tags(&self) -> bool {
        let mut tests = self.rules.iter().flat_map(|rule| &rule.tests);
        tests.any(|test| matches!(test, Test::Tagged(..)))
    }

    /// Changes `tags`, which stay sorted and each once, and says what else comes of it.
    pub fn rule(&self, subject: &Subject<'_>, tags: &mut Vec<Tag>) -> Ruled {
        let mut ruled = Ruled::default();
        if self.rules.is_empty() {
            return ruled;
        }
        let looked_at = Looked::at(subject);
        let found = self.found(&looked_at);
        for rule in &self.rules {
            if !rule
                .tests
                .iter()
                .all(|test| test.holds(&looked_at, &found, tags))
            {
                continue;
            }
            ruled.by.push(rule.number);
            match &rule.deed {
                Deed::Drop => {
                    ruled.verdict = Verdict::Drop;
                    break;
                }
                Deed::Hold => ruled.verdict = Verdict::Hold,
                Deed::Tag(more) => add(tags, more),
                Deed::Untag(scheme, term) => {
                    tags.retain(|tag| (tag.scheme, &tag.term) != (*scheme, term));
                }
            }
        }
        ruled
    }

    /// Which words stand in which field.
    fn found(&self, looked_at: &Looked<'_>) -> BTreeSet<(Field, usize)> {
        let mut found = BTreeSet::new();
        let Some(automaton) = &self.automaton else {
            return found;
        };
        for field in FIELDS {
            let words = Words::of(looked_at.field(field));
            let hits = automaton.find_overlapping_iter(words.as_str());
            found.extend(hits.map(|hit| (field, hit.pattern().as_usize())));
        }
        found
    }
}

/// A tag that is there already keeps its origin.
fn add(tags: &mut Vec<Tag>, more: &[Tag]) {
    for tag in more {
        let known = tags
            .iter()
            .any(|known| (known.scheme, &known.term) == (tag.scheme, &tag.term));
        if !known {
            tags.push(tag.clone());
        }
    }
    tags.sort();
}

/// A tag as rules and explanations know it: scheme and slug.
pub type TagName = (Scheme, String);

/// Which rule gave a tag that an article bears, and which took one that it does not bear.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Trace {
    /// By the number of the rule.
    pub given: BTreeMap<TagName, u32>,
    pub taken: BTreeMap<TagName, u32>,
}

impl Trace {
    /// Of an article that was found to have `found`, and the rules that then acted on it, in their order.
    pub fn of<'d>(
        mut found: BTreeSet<TagName>,
        acted: impl IntoIterator<Item = (u32, &'d Deed)>,
    ) -> Trace {
        let mut trace = Trace::default();
        for (number, deed) in acted {
            match deed {
                Deed::Drop | Deed::Hold => {}
                Deed::Tag(tags) => {
                    for tag in tags {
                        let name = (tag.scheme, tag.term.clone());
                        trace.taken.remove(&name);
                        if found.insert(name.clone()) {
                            trace.given.insert(name, number);
                        }
                    }
                }
                Deed::Untag(scheme, term) => {
                    let name = (*scheme, term.clone());
                    if found.remove(&name) {
                        trace.given.remove(&name);
                        trace.taken.insert(name, number);
                    }
                }
            }
        }
        trace
    }
}

/// All plain words, each once.
#[derive(Default)]
struct Vocabulary {
    words: Vec<Words>,
    numbers: BTreeMap<String, usize>,
}

impl Vocabulary {
    /// None for what holds no word: it is found nowhere.
    fn number(&mut self, raw: &str) -> Option<usize> {
        let words = Words::of(raw);
        if words.is_empty() {
            return None;
        }
        let next = self.words.len();
        let number = *self
            .numbers
            .entry(words.as_str().to_owned())
            .or_insert(next);
        if number == next {
            self.words.push(words);
        }
        Some(number)
    }

    fn automaton(&self) -> Result<Option<AhoCorasick>, BadRule> {
        if self.words.is_empty() {
            return Ok(None);
        }
        AhoCorasick::builder()
            .match_kind(MatchKind::Standard)
            .build(self.words.iter().map(Words::as_str))
            .map(Some)
            .map_err(|err| BadRule {
                number: 1,
                cause: format!("the words of all rules are too many: {err}"),
            })
    }
}

fn tests(rule: &Rule, words: &mut Vocabulary) -> Result<Vec<Test>, String> {
    let mut tests = Vec::new();
    tests.extend(rule.source.clone().map(Test::Source));
    let tagged = [
        (Scheme::Topic, &rule.topic),
        (Scheme::Province, &rule.province),
    ];
    for (scheme, slug) in tagged {
        tests.extend(slug.clone().map(|slug| Test::Tagged(scheme, slug)));
    }
    let patterns = [
        (Field::Title, &rule.title),
        (Field::Text, &rule.text),
        (Field::Url, &rule.url),
    ];
    let mut expressions = Vec::new();
    for (field, pattern) in patterns {
        match pattern {
            None => {}
            Some(Pattern::Words(raw)) => match words.number(raw) {
                Some(number) => tests.push(Test::Words(field, number)),
                None => tests.push(Test::Words(field, usize::MAX)),
            },
            Some(Pattern::Regex(raw)) => expressions.push(Test::Regex(field, compiled(raw)?)),
        }
    }
    tests.extend(expressions);
    Ok(tests)
}

fn compiled(raw: &str) -> Result<Regex, String> {
    RegexBuilder::new(raw)
        .size_limit(REGEX_BYTES_MAX)
        .dfa_size_limit(REGEX_CACHE_BYTES_MAX)
        .build()
        .map_err(|err| err.to_string())
}

impl Test {
    fn holds(
        &self,
        looked_at: &Looked<'_>,
        found: &BTreeSet<(Field, usize)>,
        tags: &[Tag],
    ) -> bool {
        match self {
            Test::Source(id) => looked_at.source.contains(id),
            Test::Tagged(scheme, term) => tags
                .iter()
                .any(|tag| (tag.scheme, &tag.term) == (*scheme, term)),
            Test::Words(field, number) => found.contains(&(*field, *number)),
            Test::Regex(field, regex) => regex.is_match(looked_at.field(*field)),
        }
    }
}

/// A subject within its bound.
struct Looked<'a> {
    title: &'a str,
    text: &'a str,
    url: &'a str,
    source: &'a [String],
}

impl<'a> Looked<'a> {
    fn at(subject: &Subject<'a>) -> Looked<'a> {
        Looked {
            title: head(subject.title),
            text: head(subject.text),
            url: head(subject.url.unwrap_or_default()),
            source: subject.source,
        }
    }

    fn field(&self, field: Field) -> &'a str {
        match field {
            Field::Title => self.title,
            Field::Text => self.text,
            Field::Url => self.url,
        }
    }
}

fn head(text: &str) -> &str {
    &text[..text.floor_char_boundary(TEXT_BYTES_MAX)]
}
