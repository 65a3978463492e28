//! Stored stories gathered anew, when what recognises copies or the window changed.
//!
//! Goes through them by number in short steps; how far it has come is written with each change and at the end of each
//! step, so that it goes on after a restart. No id, date or word changes; what an operator took down stays as it is.

use std::collections::BTreeSet;

use super::Owner;
use crate::core::config::Config;
use crate::core::dedup::regroup;
use crate::core::dedup::sketch::Sketch;
use crate::core::dedup::window::SpanNo;
use crate::core::merge::Told;
use crate::core::model::{Article, ArticleNo, Batch, Regroup, Standing, Story, StoryNo, Timestamp};
use crate::core::standing;
use crate::daemon::window::Asking;
use crate::store::StoreError;

/// Articles looked at in one step: each is held against those of the days around its date.
pub const STEP_REGROUPED_MAX: usize = 40;
/// What a change counts for, since it is a write of its own.
const CHANGE_ARTICLES: usize = 4;
/// Stories that one takes in at a time.
const FUSED_AT_ONCE_MAX: usize = 16;

impl Owner {
    /// Where gathering anew begins under `config`; none where it goes on, or where there is no need for it.
    pub(super) fn begin_regrouping(&self, config: &Config) -> Option<Regroup> {
        let key = regroup::key(config.stories.window);
        let is_under_way = self.state.regroup().is_some_and(|so_far| so_far.key == key);
        (!is_under_way).then(|| Regroup {
            key,
            next: StoryNo(0),
            end: StoryNo(self.state.numbers().story),
        })
    }

    pub(super) fn has_ungathered(&self) -> bool {
        self.state.regroup().is_some_and(|so_far| !so_far.is_done())
    }

    /// What of the archive is to be read before the next step of gathering stories anew takes no longer than others.
    pub fn missing_to_gather(&self) -> BTreeSet<SpanNo> {
        let so_far = self.state.regroup().filter(|so_far| !so_far.is_done());
        let is_next = self.unjudged.is_empty() && self.degraded.is_none();
        let Some(so_far) = so_far.filter(|_| is_next) else {
            return BTreeSet::new();
        };
        // Whoever takes the step meets the same failure, and tells it.
        let stories = self.store.stories_from(so_far.next, STEP_REGROUPED_MAX);
        stories
            .unwrap_or_default()
            .iter()
            .filter(|story| story.no < so_far.end && story.standing == Standing::Shown)
            .flat_map(|story| &story.articles)
            .filter_map(|no| self.store.article(*no).ok().flatten())
            .flat_map(|article| self.recent.missing_around(article.published_at))
            .collect()
    }

    /// Gathers some stored stories anew, those of about `limit` articles.
    ///
    /// # Errors
    /// When the store cannot be read or written: the owner is degraded then, and goes on from here later.
    pub(super) fn regroup_some(&mut self, now: Timestamp, limit: usize) -> Result<(), StoreError> {
        let mut looked_at = 0;
        let Some(mut so_far) = self.state.regroup() else {
            return Ok(());
        };
        while looked_at < limit && !so_far.is_done() {
            let found = self.store.stories_from(so_far.next, 1);
            let story = self.firm(found, now)?.pop();
            let Some(story) = story.filter(|story| story.no < so_far.end) else {
                so_far.next = so_far.end;
                break;
            };
            looked_at += story.articles.len().max(1);
            let change = self.gathered_anew(&story, now);
            match self.firm(change, now)? {
                // Looked at again, until nothing of it changes.
                Some(batch) => {
                    looked_at += CHANGE_ARTICLES;
                    so_far.end = so_far.end.max(StoryNo(batch.next_story));
                    self.commit(
                        &Batch {
                            regroup: Some(so_far),
                            ..batch
                        },
                        now,
                    )?;
                }
                None => so_far.next = StoryNo(story.no.0.saturating_add(1)),
            }
        }
        self.commit(
            &Batch {
                at: Some(now),
                regroup: Some(so_far),
                ..Batch::default()
            },
            now,
        )
    }

    fn firm<T>(&mut self, read: Result<T, StoreError>, now: Timestamp) -> Result<T, StoreError> {
        read.inspect_err(|err| self.degrade(err, now))
    }

    /// What is to be changed of a story; none where it is as it would come together today.
    fn gathered_anew(
        &mut self,
        story: &Story,
        now: Timestamp,
    ) -> Result<Option<Batch>, StoreError> {
        if story.standing != Standing::Shown {
            return Ok(None);
        }
        let Some(told) = self.store.whole(story.no)? else {
            return Ok(None);
        };
        if let [_, leaving, ..] = regroup::groups(&told.articles, &self.roster).as_slice() {
            let mut articles = told.articles;
            articles.retain(|article| leaving.contains(&article.no));
            let no = StoryNo(self.state.numbers().story);
            return Ok(Some(standing::part(story, &articles, no, now)));
        }
        self.fused_with_others(told, now)
    }

    /// Makes one of a story and all those that are one with it.
    fn fused_with_others(
        &mut self,
        told: Told,
        now: Timestamp,
    ) -> Result<Option<Batch>, StoreError> {
        let mut batch = Batch {
            at: Some(now),
            ..Batch::default()
        };
        let mut told = told;
        for _ in 0..FUSED_AT_ONCE_MAX {
            let Some(other) = self.one_with(&told, now)? else {
                break;
            };
            let articles = [told.articles, other.articles].concat();
            let Ok(fused) = standing::fuse(&told.story, &other.story, &articles, &self.roster, now)
            else {
                break;
            };
            let elder = told.story.no.min(other.story.no);
            let story = fused.stories.iter().find(|story| story.no == elder);
            let Some(story) = story.cloned() else {
                break;
            };
            told = Told { story, articles };
            batch.replace(fused);
        }
        Ok((!batch.is_empty()).then_some(batch))
    }

    /// The eldest of the other stories that are one with this.
    fn one_with(&mut self, told: &Told, now: Timestamp) -> Result<Option<Told>, StoreError> {
        let window = self.config.stories.window;
        let mut others: Vec<StoryNo> = Vec::new();
        for article in &told.articles {
            for no in self.copies_of(article, now)? {
                let is_own = told.articles.iter().any(|own| own.no == no);
                let copy = if is_own {
                    None
                } else {
                    self.store.article(no)?
                };
                others.extend(copy.map(|copy| copy.story));
            }
        }
        others.sort_unstable();
        others.dedup();
        for no in others {
            let other = self.store.whole(no)?;
            let other = other.filter(|other| other.story.standing == Standing::Shown);
            if let Some(other) = other
                && regroup::are_one(&told.articles, &other.articles, window)
            {
                return Ok(Some(other));
            }
        }
        Ok(None)
    }

    /// Articles that may be copies of a stored one.
    fn copies_of(
        &mut self,
        article: &Article,
        now: Timestamp,
    ) -> Result<Vec<ArticleNo>, StoreError> {
        let sources = self.state.source_numbers();
        let asking = Asking {
            source: article.source,
            sources: &sources,
            now,
        };
        let entry = crate::core::model::Entry {
            published_at: Some(article.published_at),
            ..article.entry.clone()
        };
        let sketch = Sketch::of_entry(&entry);
        let found = self.recent.found(&entry, &sketch, asking, &self.store)?;
        let mut copies: Vec<ArticleNo> = found
            .into_iter()
            .filter(|found| found.verdict.is_copy())
            .map(|found| found.article)
            .collect();
        copies.extend(self.store.with_body(&entry)?);
        if let Some(text) = entry.text_key {
            copies.extend(self.store.with_text(text)?);
        }
        Ok(copies)
    }
}
