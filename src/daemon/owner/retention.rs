//! Stories that leave because they are old: first seen longer ago than `store.retention`, and listed by nobody.
//!
//! A round walks the stories by age, the oldest first, in steps short enough that no poll notices. Nothing says where
//! it has come: a restart begins another, which finds what is left. Of what leaves, the store keeps which entries it
//! was, so that it does not come back as new.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Duration;

use super::Owner;
use crate::core::model::{
    Article, ArticleNo, Batch, SourceNo, SourceState, Standing, Story, StoryNo, Timestamp,
};
use crate::store::StoreError;

/// Stories looked at in one step: some milliseconds.
pub const STEP_STORIES_MAX: usize = 100;
/// Between the end of a round and the beginning of the next.
const ROUND_INTERVAL: Duration = Duration::from_secs(3600);

/// How far the round under way has come, or when the last one ended.
#[derive(Debug, Default)]
pub(super) struct Retiring {
    after: Option<(Timestamp, StoryNo)>,
    ended_at: Option<Timestamp>,
}

/// Articles that their own sources list, looked up once a step.
struct Listings<'a> {
    owner: &'a Owner,
    known: HashMap<SourceNo, HashSet<ArticleNo>>,
}

impl Listings<'_> {
    fn has(&mut self, article: &Article) -> Result<bool, StoreError> {
        let Some(listing) = self.known.get(&article.source) else {
            let is_configured = self.owner.assignments.contains_key(&article.source);
            let listed = match is_configured {
                true => self.owner.store.listing(article.source)?,
                // Nobody asks it any more, so it lists nothing.
                false => Vec::new(),
            };
            let listed: HashSet<ArticleNo> = listed.into_iter().collect();
            let has = listed.contains(&article.no);
            self.known.insert(article.source, listed);
            return Ok(has);
        };
        Ok(listing.contains(&article.no))
    }
}

/// What one step takes away.
#[derive(Default)]
struct Step {
    stories: Vec<StoryNo>,
    articles: Vec<Article>,
    /// The last story looked at; none at the end of the round.
    last: Option<(Timestamp, StoryNo)>,
}

impl Owner {
    /// Whether it is time to look for stories that leave, and the store can be written.
    pub fn has_retiring(&self, now: Timestamp) -> bool {
        let is_under_way = self.retiring.after.is_some();
        let ended_at = self.retiring.ended_at;
        self.degraded.is_none()
            && (is_under_way || ended_at.is_none_or(|at| now.since(at) >= ROUND_INTERVAL))
    }

    /// Looks at no more than `limit` old stories and takes away those that leave; how many did.
    ///
    /// # Errors
    /// When the store cannot be read or written: the owner is degraded then, and goes on from here later.
    pub fn retire_some(&mut self, now: Timestamp, limit: usize) -> Result<usize, StoreError> {
        self.stand_firm(now)?;
        let step = match self.leaving(now, limit) {
            Ok(step) => step,
            Err(err) => {
                self.degrade(&err, now);
                return Err(err);
            }
        };
        if !step.stories.is_empty() {
            let batch = self.without(&step, now);
            self.commit(&batch, now)?;
            for article in &step.articles {
                self.recent.let_go(article);
            }
        }
        self.retiring = Retiring {
            after: step.last,
            ended_at: Some(now),
        };
        Ok(step.stories.len())
    }

    fn leaving(&self, now: Timestamp, limit: usize) -> Result<Step, StoreError> {
        let oldest_kept = now - self.config.store.retention;
        let old = self.store.first_seen_after(self.retiring.after, limit)?;
        let mut step = Step {
            last: old
                .last()
                .copied()
                .filter(|(at, _)| old.len() == limit && *at < oldest_kept),
            ..Step::default()
        };
        let mut listings = Listings {
            owner: self,
            known: HashMap::new(),
        };
        for (_, no) in old.iter().filter(|(at, _)| *at < oldest_kept) {
            if let Some(story) = self.store.story(*no)? {
                self.judge_age(&story, &mut listings, &mut step)?;
            }
        }
        Ok(step)
    }

    /// Puts a story with its articles, and with those that became part of it, into `step` where nobody lists it.
    fn judge_age(
        &self,
        story: &Story,
        listings: &mut Listings<'_>,
        step: &mut Step,
    ) -> Result<(), StoreError> {
        if let Standing::Fused { into, .. } = story.standing
            && self.store.story(into)?.is_some()
        {
            // It leaves with the one it is part of.
            return Ok(());
        }
        let mut parts = vec![story.no];
        let mut articles = Vec::new();
        let mut at = 0;
        while let Some(no) = parts.get(at).copied() {
            at += 1;
            for part in self.store.fused_into(no)? {
                if !parts.contains(&part) {
                    parts.push(part);
                }
            }
            for article in self
                .store
                .whole(no)?
                .into_iter()
                .flat_map(|told| told.articles)
            {
                if listings.has(&article)? {
                    return Ok(());
                }
                articles.push(article);
            }
        }
        step.stories.extend(parts);
        step.articles.extend(articles);
        Ok(())
    }

    fn without(&self, step: &Step, now: Timestamp) -> Batch {
        let mut fewer: BTreeMap<SourceNo, u64> = BTreeMap::new();
        for article in &step.articles {
            *fewer.entry(article.source).or_default() += 1;
        }
        let sources = fewer.iter().filter_map(|(no, count)| {
            let source = self.state.source(*no)?;
            Some(SourceState {
                entries: source.entries.saturating_sub(*count),
                ..source.clone()
            })
        });
        Batch {
            at: Some(now),
            sources: sources.collect(),
            removed: step.stories.clone(),
            ..Batch::default()
        }
    }
}
