//! Stored articles judged anew: tags and rulings under another taxonomy, other rules, another algorithm.
//!
//! Works from what is stored (title, texts, the source's categories among the tags), so that an article no
//! source lists any more is judged like one that came today. Decides, and changes no store; no id, date or
//! word ever changes here.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::core::config::{self, Action, Config, Source, Topic};
use crate::core::model::{
    Article, Batch, ContentKey, Entry, Ruled, Scheme, SourceId, SourceState, Story, StoryNo, Tag,
    TagOrigin, Timestamp,
};
use crate::core::normalise::{self, TagText};
use crate::core::pipeline::{came_back, rejudged};
use crate::core::reading::ALGORITHM_VERSION;
use crate::core::rule::{BadRule, Deed, Pattern, Rule, Rulebook, Subject};
use crate::core::tag::{self, DocumentFacts, TagInput, Tagger, TopicRule};

/// What of a configuration tags and rulings depend on; small enough to be sent to a daemon.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    pub topics: Vec<Topic>,
    pub rules: Vec<config::Rule>,
    /// Of sources that give their articles anything.
    pub sources: BTreeMap<SourceId, Gifts>,
}

/// What a source's configuration gives to its articles.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gifts {
    pub province: Option<String>,
    pub topics: Vec<String>,
}

impl Terms {
    pub fn of(config: &Config) -> Terms {
        let gifts = |source: &Source| Gifts {
            province: source.province.clone(),
            topics: source.topics.clone(),
        };
        Terms {
            topics: config.topics.clone(),
            rules: config.rules.clone(),
            sources: config
                .sources
                .iter()
                .map(|source| (source.id.clone(), gifts(source)))
                .collect(),
        }
    }
}

/// Taxonomy and rules made ready.
#[derive(Clone)]
pub struct Review {
    tagger: Arc<Tagger>,
    rulebook: Arc<Rulebook>,
    sources: HashMap<SourceId, Gifts>,
    /// Of algorithm, taxonomy and rules.
    key: ContentKey,
}

impl Review {
    /// # Errors
    /// When a rule cannot be put to work, which a checked configuration excludes.
    pub fn of(terms: &Terms) -> Result<Review, BadRule> {
        let tagger = tagger(&terms.topics);
        let rules: Vec<Rule> = terms
            .rules
            .iter()
            .map(|rule| ready(rule, &tagger))
            .collect();
        Ok(Review {
            rulebook: Arc::new(Rulebook::new(&rules)?),
            tagger: Arc::new(tagger),
            sources: terms.sources.clone().into_iter().collect(),
            key: ContentKey::of(&[
                &ALGORITHM_VERSION.to_string(),
                &format!("{:?}", terms.topics),
                &format!("{rules:?}"),
            ]),
        })
    }

    pub fn tagger(&self) -> &Arc<Tagger> {
        &self.tagger
    }

    pub fn rulebook(&self) -> &Arc<Rulebook> {
        &self.rulebook
    }

    /// With what the articles of a source are judged: another key, another outcome.
    pub fn key_of(&self, source: &SourceState) -> ContentKey {
        ContentKey::of(&[
            &format!("{:?}", self.key),
            &format!("{:?}", self.sources.get(&source.id)),
            &format!("{:?}", names(source)),
        ])
    }

    /// The entry as it would come out today.
    pub fn entry(&self, entry: &Entry, source: &SourceState) -> Entry {
        let past;
        let gifts = match self.sources.get(&source.id) {
            Some(gifts) => gifts,
            None => {
                past = gifts_of_the_past(entry);
                &past
            }
        };
        let tags = normalise::tags(entry, &|text: &TagText<'_>| {
            self.tagger
                .tags(&input(text, gifts.province.as_deref(), &gifts.topics))
        });
        let mut anew = Entry {
            tags,
            ..entry.clone()
        };
        rule(&mut anew, &self.rulebook, &names(source));
        anew
    }
}

impl Review {
    /// What the rules would make of a stored entry.
    pub fn ruled(&self, entry: &Entry, source: &SourceState) -> Ruled {
        if self.rulebook.looks_at_tags() {
            return self.entry(entry, source).ruled;
        }
        let mut entry = entry.clone();
        rule(&mut entry, &self.rulebook, &names(source));
        entry.ruled
    }
}

/// What a tagger is asked of an article's words, with what its source gives to its articles.
pub fn input<'a>(
    text: &TagText<'a>,
    province: Option<&'a str>,
    topics: &'a [String],
) -> TagInput<'a> {
    TagInput {
        title: text.title,
        text: text.text,
        body: text.body,
        categories: text.categories,
        province,
        topics,
    }
}

/// What an entry says of the documents it names, by their slugs.
pub fn documents(entry: &Entry) -> BTreeMap<String, DocumentFacts> {
    let names_any = (entry.tags.iter()).any(|tag| tag.scheme == Scheme::Document);
    let known = RefCell::new(BTreeMap::new());
    if names_any {
        normalise::tags(entry, &|text: &TagText<'_>| {
            known.replace(tag::documents(&input(text, None, &[])));
            Vec::new()
        });
    }
    known.into_inner()
}

/// Lets the rules act on an entry that is tagged.
pub fn rule(entry: &mut Entry, rulebook: &Rulebook, names: &[String]) {
    if rulebook.is_empty() {
        entry.ruled = Ruled::default();
        return;
    }
    let text = normalise::whole_text(entry);
    let subject = Subject {
        title: &entry.title,
        text: &text,
        url: entry.url.as_deref(),
        source: names,
    };
    entry.ruled = rulebook.rule(&subject, &mut entry.tags);
}

/// What each rule says, as it is counted by: of two that say the same the second is another.
pub fn rule_keys(rules: &[config::Rule]) -> Vec<ContentKey> {
    let mut said: HashMap<String, usize> = HashMap::new();
    let key = |rule| {
        let says = says(rule);
        let before = said.entry(says.clone()).or_default();
        *before += 1;
        ContentKey::of(&[&says, &before.to_string()])
    };
    rules.iter().map(key).collect()
}

/// Names only what is given, so that a condition of a later version makes no other rule of this.
fn says(rule: &config::Rule) -> String {
    let pattern = |pattern: &Option<config::Pattern>| {
        pattern.as_ref().map(|pattern| match pattern {
            config::Pattern::Words(words) => format!("{words:?}"),
            config::Pattern::Regex(regex) => format!("regex {regex:?}"),
        })
    };
    let plain = |value: &Option<String>| value.as_ref().map(|value| format!("{value:?}"));
    let action = match &rule.action {
        Action::Drop | Action::Hold => String::new(),
        Action::Tag(tag) | Action::Untag(tag) => format!(" {tag:?}"),
    };
    let mut says = format!("{}{action}", rule.action.name());
    for (name, condition) in [
        ("title", pattern(&rule.title)),
        ("text", pattern(&rule.text)),
        ("url", pattern(&rule.url)),
        ("source", plain(&rule.source)),
        ("topic", plain(&rule.topic)),
        ("province", plain(&rule.province)),
    ] {
        if let Some(condition) = condition {
            says.push_str(&format!("; {name} {condition}"));
        }
    }
    says
}

/// The ids by which a rule knows a source.
pub fn names(source: &SourceState) -> Vec<String> {
    let ids = std::iter::once(&source.id).chain(&source.was);
    ids.map(ToString::to_string).collect()
}

/// A source that left the configuration keeps what it gave to its articles.
fn gifts_of_the_past(entry: &Entry) -> Gifts {
    let given = |scheme| {
        let is_given = move |tag: &&Tag| tag.scheme == scheme && tag.origin == TagOrigin::Source;
        entry
            .tags
            .iter()
            .filter(is_given)
            .map(|tag| tag.term.clone())
    };
    Gifts {
        province: given(Scheme::Province).next(),
        topics: given(Scheme::Topic).collect(),
    }
}

/// What comes of judging some articles anew.
#[derive(Debug, Default)]
pub struct Reviewed {
    pub articles: Vec<Article>,
    pub stories: Vec<Story>,
}

impl Reviewed {
    /// Takes up one article with what it is now; `story` is asked for where it shows otherwise than before.
    ///
    /// # Errors
    /// Those of `story`.
    pub fn take<E>(
        &mut self,
        old: &Article,
        entry: Entry,
        now: Timestamp,
        story: impl FnOnce(StoryNo) -> Result<Option<Story>, E>,
    ) -> Result<(), E> {
        if entry == old.entry {
            return Ok(());
        }
        let article = rejudged(old, entry, old.updated_at, now);
        let shows_otherwise =
            article.entry.tags != old.entry.tags || article.is_shown() != old.is_shown();
        if shows_otherwise {
            let at = match self.stories.iter().position(|one| one.no == old.story) {
                Some(at) => Some(at),
                None => story(old.story)?.map(|found| {
                    self.stories.push(found);
                    self.stories.len() - 1
                }),
            };
            if let Some(story) = at.and_then(|at| self.stories.get_mut(at)) {
                story.changed_at = now;
                if came_back(old, &article) {
                    story.returned_at = Some(now);
                }
            }
        }
        self.articles.push(article);
        Ok(())
    }

    pub fn into_batch(self, now: Timestamp) -> Batch {
        Batch {
            at: Some(now),
            articles: self.articles,
            stories: self.stories,
            ..Batch::default()
        }
    }
}

/// The built-in taxonomy with an administrator's topics.
pub fn tagger(topics: &[Topic]) -> Tagger {
    let topics: Vec<TopicRule> = topics
        .iter()
        .map(|topic| TopicRule {
            slug: topic.slug.clone(),
            label_vi: topic.label_vi.clone(),
            label_en: topic.label_en.clone(),
            phrases: topic.phrases.clone(),
            weak: topic.weak.clone(),
            mask: topic.mask.clone(),
        })
        .collect();
    Tagger::new(&topics)
}

fn ready(rule: &config::Rule, tagger: &Tagger) -> Rule {
    let pattern = |pattern: &Option<config::Pattern>| {
        pattern.as_ref().map(|pattern| match pattern {
            config::Pattern::Words(words) => Pattern::Words(words.clone()),
            config::Pattern::Regex(regex) => Pattern::Regex(regex.clone()),
        })
    };
    Rule {
        title: pattern(&rule.title),
        text: pattern(&rule.text),
        url: pattern(&rule.url),
        source: rule.source.clone(),
        topic: rule.topic.clone(),
        province: rule.province.clone(),
        deed: deed(&rule.action, tagger),
    }
}

/// What a rule does, with the tags that go with the one it names.
pub fn deed(action: &Action, tagger: &Tagger) -> Deed {
    match action {
        Action::Drop => Deed::Drop,
        Action::Hold => Deed::Hold,
        Action::Tag(written) => Deed::Tag(tags(written, tagger)),
        Action::Untag(written) => {
            let (scheme, term) = split(written);
            Deed::Untag(scheme, term.to_owned())
        }
    }
}

/// `scheme:term`, as the configuration has checked it.
fn split(written: &str) -> (Scheme, &str) {
    let (name, term) = written.split_once(':').unwrap_or(("topic", written));
    let scheme = Scheme::ALL.into_iter().find(|scheme| scheme.name() == name);
    (scheme.unwrap_or(Scheme::Topic), term)
}

/// The tag, and for a former province the one it is part of now.
fn tags(written: &str, tagger: &Tagger) -> Vec<Tag> {
    let (scheme, term) = split(written);
    let label = match scheme {
        Scheme::Province => tag::province_label(term),
        Scheme::FormerProvince => tag::former_province_label(term),
        Scheme::Topic => tagger.topic_label(term),
        Scheme::Document | Scheme::SourceCategory => None,
    };
    let one = |scheme, term: &str, label: Option<&str>| Tag {
        scheme,
        term: term.to_owned(),
        label: label.unwrap_or(term).to_owned(),
        origin: TagOrigin::Rule,
    };
    let mut tags = vec![one(scheme, term, label)];
    if scheme == Scheme::FormerProvince {
        let former = tag::former_province_slugs();
        let successor = former.into_iter().find(|(former, _)| *former == term);
        tags.extend(
            successor.map(|(_, slug)| one(Scheme::Province, slug, tag::province_label(slug))),
        );
    }
    tags
}
