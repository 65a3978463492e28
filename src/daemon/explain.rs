//! Why a story is as it is: its articles, each two of them compared, what nearly joined, and every phrase behind a tag.
//!
//! Reads the store and decides nothing; the daemon and the command line by itself give the same answer.

use std::cell::RefCell;
use std::collections::BTreeMap;

use serde::Serialize;

use super::find::{self, Lost};
use super::window::{Asking, Recent};
use crate::core::config::Config;
use crate::core::dedup::explain::{self, Around, Explanation, Home};
use crate::core::dedup::sketch::Sketch;
use crate::core::model::{
    Article, ArticleNo, HeldBy, Mint, Roster, Ruling, Scheme, SourceNo, Standing, StoryNo,
    Timestamp, Verdict,
};
use crate::core::normalise::{self, TagText};
use crate::core::review;
use crate::core::tag::{DocumentFacts, Field, Tagger};
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
    pub tags: Vec<Evidence>,
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
    pub phrase: String,
    /// `title`, `text`, `body`, `category` or `source`.
    pub field: &'static str,
    /// Byte of the field at which the phrase begins.
    pub at: usize,
    /// What the article says of the document that the tag is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub document: Option<DocumentFacts>,
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
        tags: told
            .articles
            .iter()
            .flat_map(|article| evidence(ground, article))
            .collect(),
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

fn evidence(ground: Ground<'_>, article: &Article) -> Vec<Evidence> {
    let entry = &article.entry;
    let configured = ground.roster.get(article.source).and_then(|facts| {
        let mut sources = ground.config.sources.iter();
        sources.find(|source| source.id == facts.id)
    });
    let hits = RefCell::new(Vec::new());
    normalise::tags(entry, &|text: &TagText<'_>| {
        let found = ground.tagger.hits(&review::input(
            text,
            configured.and_then(|source| source.province.as_deref()),
            configured.map_or(&[], |source| source.topics.as_slice()),
        ));
        hits.borrow_mut().extend(found);
        Vec::new()
    });
    let documents = review::documents(entry);
    let hits = hits.into_inner().into_iter();
    hits.filter(|hit| hit.tag.scheme != Scheme::SourceCategory)
        .map(|hit| Evidence {
            article: article.no,
            scheme: hit.tag.scheme.name(),
            document: match hit.tag.scheme {
                Scheme::Document => documents.get(&hit.tag.term).copied(),
                _ => None,
            },
            term: hit.tag.term,
            phrase: hit.phrase,
            field: match hit.field {
                Field::Title => "title",
                Field::Text => "text",
                Field::Body => "body",
                Field::Category => "category",
                Field::Source => "source",
            },
            at: hit.at,
        })
        .collect()
}
