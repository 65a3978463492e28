//! Why a story is as it is: its articles, each two of them compared, what nearly joined, and every phrase behind a tag.
//!
//! Reads the store and decides nothing; the daemon and the command line by itself give the same answer.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::find::{self, Lost};
use super::window::{Asking, Recent};
use crate::core::config::Config;
use crate::core::dedup::explain::{self, Around, Explanation, Home};
use crate::core::dedup::sketch::Sketch;
use crate::core::model::{
    Article, ArticleNo, HeldBy, Mint, Roster, Ruling, Scheme, SourceNo, Standing, StoryNo,
    TagOrigin, Timestamp, Verdict,
};
use crate::core::normalise::{self, TagText};
use crate::core::review;
use crate::core::rule::{Deed, TagName, Trace};
use crate::core::tag::{DocumentFacts, Field, Hit, Tagger};
use crate::store::{StoreError, StoreReader};

/// Articles of other stories that are looked at for one story.
const OTHERS_MAX: usize = 200;

/// What an explanation is made with, besides the store.
#[derive(Clone, Copy)]
pub struct Ground<'a> {
    pub config: &'a Config,
    pub roster: &'a Roster,
    pub tagger: &'a Tagger,
    pub mint: &'a Mint,
    pub now: Timestamp,
}

/// A story with everything that decided about it.
#[derive(Debug, Serialize)]
pub struct Explained {
    pub id: String,
    /// When an operator took it down.
    pub retracted_at: Option<String>,
    /// The story that was asked for, where it is part of this one now.
    pub fused: Option<Fused>,
    /// Its articles that are not shown.
    pub kept_back: Vec<KeptBack>,
    /// Of each article, by its number.
    pub sources: Vec<(ArticleNo, String)>,
    #[serde(flatten)]
    pub explanation: Explanation,
    /// Of each tag that an article bears, all that speaks for it.
    pub tags: Vec<Evidence>,
    /// Tags that its articles would bear, had no rule taken them.
    pub taken: Vec<Taken>,
    pub rules: Vec<Acted>,
}

/// A story that became part of another.
#[derive(Debug, Serialize)]
pub struct Fused {
    pub id: String,
    pub at: String,
}

/// An article that is not shown, whatever its story is.
#[derive(Debug, Serialize)]
pub struct KeptBack {
    pub article: ArticleNo,
    /// `dropped`, `held by a rule` or `held as one of too many`.
    pub why: &'static str,
}

/// The rules that acted on an article, and what they made of it.
#[derive(Debug, Serialize)]
pub struct Acted {
    pub article: ArticleNo,
    /// Counted from 1 in the order of the file.
    pub rules: Vec<u32>,
    pub verdict: Verdict,
}

/// One phrase that speaks for a tag.
#[derive(Debug, Serialize)]
pub struct Evidence {
    pub article: ArticleNo,
    pub scheme: &'static str,
    pub term: String,
    /// Of what a rule gave, the rule: `rule 1`.
    pub phrase: String,
    /// `title`, `text`, `body`, `category`, `source` or `rule`; `earlier` where what spoke for the tag when the
    /// article was last judged does so no more.
    pub field: &'static str,
    /// Byte of the field at which the phrase begins.
    pub at: usize,
    /// What the article says of the document that the tag is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub document: Option<DocumentFacts>,
}

/// A tag that a rule took from an article.
#[derive(Debug, Serialize)]
pub struct Taken {
    pub article: ArticleNo,
    pub scheme: &'static str,
    pub term: String,
    /// The number of the rule.
    pub rule: u32,
}

/// Explains the story that `what` names: by its id, its address, or the address of one of its articles.
///
/// # Errors
/// When there is none, an address is of several, or the store cannot be read.
pub fn explain(store: &StoreReader, ground: Ground<'_>, what: &str) -> Result<Explained, Lost> {
    let story = find::story(store, ground.mint, what)?;
    let told = store
        .whole(story)?
        .ok_or_else(|| Lost::Unknown("it is no longer there".to_owned()))?;
    let others = others(store, ground, &told.articles)?;
    let name = |source: SourceNo| {
        let facts = ground.roster.get(source);
        facts.map_or_else(|| source.to_string(), |facts| facts.name.clone())
    };
    let named = told.articles.iter().chain(&others);
    let around = Around {
        standing: told.story.standing,
        window: ground.config.stories.window,
        homes: homes(store, &others)?,
    };
    let mut tags = Vec::new();
    let mut taken = Vec::new();
    for article in &told.articles {
        let hits = hits(ground, article);
        let trace = trace(ground, article, &hits);
        tags.extend(borne(article, &hits, &trace));
        taken.extend(taken_from(article, &trace));
    }
    Ok(Explained {
        id: ground.mint.story_id(story),
        retracted_at: match told.story.standing {
            Standing::Retracted { at } => Some(at.rfc3339()),
            Standing::Shown | Standing::Fused { .. } => None,
        },
        fused: fused(store, ground.mint, what, story)?,
        kept_back: told.articles.iter().filter_map(kept_back).collect(),
        sources: named
            .map(|article| (article.no, name(article.source)))
            .collect(),
        explanation: explain::story(&told.articles, &others, &around),
        tags,
        taken,
        rules: told.articles.iter().filter_map(rules).collect(),
    })
}

/// The story that `what` names, where it leads to `story`.
fn fused(
    store: &StoreReader,
    mint: &Mint,
    what: &str,
    story: StoryNo,
) -> Result<Option<Fused>, StoreError> {
    let slug = what.trim().trim_end_matches('/').rsplit([':', '/']).next();
    let asked = slug.and_then(|slug| mint.story_no(slug));
    let Some(asked) = asked.filter(|asked| *asked != story) else {
        return Ok(None);
    };
    Ok(match store.story(asked)?.map(|asked| asked.standing) {
        Some(Standing::Fused { at, .. }) => Some(Fused {
            id: mint.story_id(asked),
            at: at.rfc3339(),
        }),
        Some(Standing::Shown | Standing::Retracted { .. }) | None => None,
    })
}

fn kept_back(article: &Article) -> Option<KeptBack> {
    let why = match article.ruling() {
        Ruling::Shown => return None,
        Ruling::Dropped => "dropped",
        Ruling::Held(HeldBy::Rule) => "held by a rule",
        Ruling::Held(HeldBy::Flood) => "held as one of too many",
    };
    Some(KeptBack {
        article: article.no,
        why,
    })
}

/// The stories of other articles.
fn homes(store: &StoreReader, others: &[Article]) -> Result<BTreeMap<StoryNo, Home>, StoreError> {
    let mut homes = BTreeMap::new();
    for other in others {
        if homes.contains_key(&other.story) {
            continue;
        }
        if let Some(told) = store.whole(other.story)? {
            let home = Home {
                standing: told.story.standing,
                articles: told.articles,
            };
            homes.insert(other.story, home);
        }
    }
    Ok(homes)
}

/// What the rules made of an article, where any acted.
fn rules(article: &Article) -> Option<Acted> {
    let ruled = &article.entry.ruled;
    (!ruled.by.is_empty()).then(|| Acted {
        article: article.no,
        rules: ruled.by.clone(),
        verdict: ruled.verdict,
    })
}

fn others(
    store: &StoreReader,
    ground: Ground<'_>,
    articles: &[Article],
) -> Result<Vec<Article>, StoreError> {
    let sources: Vec<SourceNo> = ground.roster.iter().map(|facts| facts.no).collect();
    let mut recent = Recent::new(ground.config.stories.window);
    let mut found = Vec::new();
    for article in articles {
        let asking = Asking {
            source: article.source,
            sources: &sources,
            now: ground.now,
        };
        let sketch = Sketch::of_entry(&article.entry);
        let alike = recent.found(&article.entry, &sketch, asking, store)?;
        found.extend(alike.into_iter().map(|found| found.article));
    }
    found.sort_unstable();
    found.dedup();
    found.retain(|no| articles.iter().all(|article| article.no != *no));
    let mut others = Vec::new();
    for no in found.into_iter().take(OTHERS_MAX) {
        others.extend(store.article(no)?);
    }
    Ok(others)
}

/// Every phrase that speaks for a tag, whatever the rules made of it.
fn hits(ground: Ground<'_>, article: &Article) -> Vec<Hit> {
    let configured = ground.roster.get(article.source).and_then(|facts| {
        let mut sources = ground.config.sources.iter();
        sources.find(|source| source.id == facts.id)
    });
    let hits = RefCell::new(Vec::new());
    normalise::tags(&article.entry, &|text: &TagText<'_>| {
        let found = ground.tagger.hits(&review::input(
            text,
            configured.and_then(|source| source.province.as_deref()),
            configured.map_or(&[], |source| source.topics.as_slice()),
        ));
        hits.borrow_mut().extend(found);
        Vec::new()
    });
    hits.into_inner()
}

/// What the rules that acted on an article did to its tags.
fn trace(ground: Ground<'_>, article: &Article, hits: &[Hit]) -> Trace {
    let found: BTreeSet<TagName> = hits.iter().map(name).collect();
    let rules = &ground.config.rules;
    let acted: Vec<(u32, Deed)> = (article.entry.ruled.by.iter())
        .filter_map(|number| {
            let at = usize::try_from(*number).ok()?.checked_sub(1)?;
            let deed = review::deed(&rules.get(at)?.action, ground.tagger);
            Some((*number, deed))
        })
        .collect();
    Trace::of(found, acted.iter().map(|(number, deed)| (*number, deed)))
}

fn name(hit: &Hit) -> TagName {
    (hit.tag.scheme, hit.tag.term.clone())
}

/// What speaks for each tag that the article bears as it is stored, which is what feeds show.
fn borne(article: &Article, hits: &[Hit], trace: &Trace) -> Vec<Evidence> {
    let documents = review::documents(&article.entry);
    let mut borne = Vec::new();
    for tag in &article.entry.tags {
        let evidence = |phrase: String, field, at| Evidence {
            article: article.no,
            scheme: tag.scheme.name(),
            term: tag.term.clone(),
            phrase,
            field,
            at,
            document: match tag.scheme {
                Scheme::Document => documents.get(&tag.term).copied(),
                _ => None,
            },
        };
        let own = (tag.scheme, tag.term.clone());
        if let Some(number) = trace.given.get(&own) {
            borne.push(evidence(format!("rule {number}"), "rule", 0));
            continue;
        }
        let before = borne.len();
        let own_hits = hits.iter().filter(|hit| name(hit) == own);
        borne.extend(own_hits.map(|hit| evidence(hit.phrase.clone(), field(hit.field), hit.at)));
        // Its source left the configuration, or rules or topics changed and the article waits to be judged anew.
        if borne.len() == before {
            let (phrase, field) = match tag.origin {
                TagOrigin::Rule => ("an earlier rule", "rule"),
                TagOrigin::Source => (tag.term.as_str(), "source"),
                TagOrigin::Text | TagOrigin::Category => (tag.label.as_str(), "earlier"),
            };
            borne.push(evidence(phrase.to_owned(), field, 0));
        }
    }
    borne
}

fn taken_from(article: &Article, trace: &Trace) -> Vec<Taken> {
    let bears = |own: &TagName| {
        let mut tags = article.entry.tags.iter();
        tags.any(|tag| tag.scheme == own.0 && tag.term == own.1)
    };
    let taken = trace.taken.iter().filter(|(own, _)| !bears(own));
    taken
        .map(|((scheme, term), rule)| Taken {
            article: article.no,
            scheme: scheme.name(),
            term: term.clone(),
            rule: *rule,
        })
        .collect()
}

fn field(field: Field) -> &'static str {
    match field {
        Field::Title => "title",
        Field::Text => "text",
        Field::Body => "body",
        Field::Category => "category",
        Field::Source => "source",
    }
}
