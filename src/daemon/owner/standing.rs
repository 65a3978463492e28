//! What of the stored is shown: operators' retractions and releases, and stored articles judged anew.
//!
//! Judging anew goes source by source in steps short enough that no poll notices; how far it has come is
//! written with each step, so that it goes on after a restart.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::{Owner, STEP_REGROUPED_MAX};
use crate::admin::Deed;
use crate::core::config::Config;
use crate::core::model::{
    Article, ArticleNo, Batch, ContentKey, Entry, Firings, PollOutcome, Recompute, SourceNo,
    SourceState, StoryNo, Tally, Timestamp,
};
use crate::core::pipeline::count_firings;
use crate::core::review::{self, Review, Reviewed};
use crate::core::standing::{self, Unchanged};
use crate::store::StoreError;

/// Articles looked at in one step: some ten milliseconds.
pub const STEP_ARTICLES_MAX: usize = 200;

/// Why what an operator asked for was not done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Undone {
    /// There is no such story.
    Missing,
    Unchanged(Unchanged),
    Failed(StoreError),
}

impl From<StoreError> for Undone {
    fn from(err: StoreError) -> Undone {
        Undone::Failed(err)
    }
}

impl std::fmt::Display for Undone {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Undone::Missing => f.write_str("there is no such story"),
            Undone::Unchanged(why) => why.fmt(f),
            Undone::Failed(err) => err.fmt(f),
        }
    }
}

impl Owner {
    /// Does it, durably; how many articles or stories it concerns.
    ///
    /// # Errors
    /// When there is no such story, it stands otherwise, or the store cannot be read or written.
    pub fn amend(&mut self, no: StoryNo, deed: Deed, now: Timestamp) -> Result<usize, Undone> {
        self.stand_firm(now)?;
        let told = self.store.whole(no)?.ok_or(Undone::Missing)?;
        let batch = match deed {
            Deed::Retract => standing::retract(&told.story, now),
            Deed::UndoRetract => standing::undo(&told.story, now),
            Deed::Release => standing::release(&told.story, &told.articles, now),
        }
        .map_err(Undone::Unchanged)?;
        self.commit(&batch, now)?;
        Ok(batch.articles.len().max(1))
    }

    /// Whether stored articles wait to be judged, or stories to be gathered anew, and the store can be written.
    pub fn has_unjudged(&self) -> bool {
        self.degraded.is_none() && self.is_behind()
    }

    fn is_behind(&self) -> bool {
        !self.unjudged.is_empty() || self.has_ungathered()
    }

    /// Judges at most `limit` stored articles anew, and gathers their stories anew when all are judged; whether there is
    /// more to do.
    ///
    /// # Errors
    /// When the store cannot be read or written: the owner is degraded then, and goes on from here later.
    pub fn judge_some(&mut self, now: Timestamp, limit: usize) -> Result<bool, StoreError> {
        self.stand_firm(now)?;
        let Some(no) = self.unjudged.first().copied() else {
            self.regroup_some(now, limit.min(STEP_REGROUPED_MAX))?;
            return Ok(self.is_behind());
        };
        let decided = self.decide_anew(no, now, limit);
        let batch = match decided {
            Ok(decided) => decided,
            Err(err) => {
                self.degrade(&err, now);
                return Err(err);
            }
        };
        self.commit(&batch, now)?;
        let key = self.judging.get(&no);
        let judged_by = self.state.source(no).and_then(|source| source.judged_by);
        if judged_by.as_ref() == key {
            self.unjudged.remove(&no);
        }
        Ok(self.is_behind())
    }

    pub(super) fn commit(&mut self, batch: &Batch, now: Timestamp) -> Result<(), StoreError> {
        if let Err(err) = self.store.apply(batch) {
            self.degrade(&err, now);
            return Err(err);
        }
        self.state.apply(batch);
        Ok(())
    }

    fn decide_anew(&self, no: SourceNo, now: Timestamp, limit: usize) -> Result<Batch, StoreError> {
        let key = self.judging.get(&no).copied();
        let before = self.state.recompute().unwrap_or_default();
        let under_way = before.source == no && before.key == key;
        let after = before.after.filter(|_| under_way);
        let (articles, last) = self.store.articles_after(no, after, limit)?;
        let mut reviewed = Reviewed::default();
        let mut fired = Firings::new();
        let source = self.state.source(no);
        for old in &articles {
            if let Some(source) = source {
                let entry = self.review.entry(&old.entry, source);
                self.count(&mut fired, old, &entry);
                reviewed.take(old, entry, now, |story| self.store.story(story))?;
            }
        }
        let looked_at = u64::try_from(articles.len()).unwrap_or(u64::MAX);
        let mut batch = reviewed.into_batch(now);
        // What is judged in part is judged by nothing: the rules may change back before the end is reached.
        let judged_by = key.filter(|_| last.is_none());
        batch.sources.extend(
            source
                .filter(|source| source.judged_by != judged_by)
                .map(|source| SourceState {
                    judged_by,
                    ..source.clone()
                }),
        );
        let progress = Recompute {
            done: before.done.saturating_add(looked_at).min(before.total),
            total: before.total,
            ..Recompute::default()
        };
        let next = match last {
            Some(_) => Some(no),
            None => self.unjudged.iter().copied().find(|other| *other != no),
        };
        batch.recompute = Some(match next {
            Some(source) => Recompute {
                source,
                after: last,
                key: self.judging.get(&source).copied(),
                ..progress
            },
            None => Recompute {
                done: progress.total,
                ..progress
            },
        });
        let tally = self.state.tally().plus(&fired);
        let tally = match next {
            Some(_) => tally,
            None => tally.judged(),
        };
        batch.tally = Some(tally).filter(|tally| tally != self.state.tally());
        Ok(batch)
    }

    /// Counts what the rules come to do to a stored article that is judged anew.
    fn count(&self, fired: &mut Firings, old: &Article, entry: &Entry) {
        let tally = self.state.tally();
        if !tally.renumbered {
            count_firings(fired, Some(&old.entry), entry);
            return;
        }
        for number in tally.first_acts(&entry.ruled.by, old.no) {
            *fired.entry(number).or_default() += 1;
        }
    }

    /// The tally with `fired`; none where nothing was.
    pub(super) fn counted(&self, fired: &Firings) -> Option<Tally> {
        (!fired.is_empty()).then(|| self.state.tally().plus(fired))
    }

    /// Has `batch` say which rules are counted from now on.
    pub(super) fn begin_counting(
        &self,
        config: &Config,
        judging: &BTreeMap<SourceNo, ContentKey>,
        batch: &mut Batch,
    ) {
        let mut state = self.state.clone();
        state.apply(batch);
        let mut sources = state.sources();
        let is_judging = sources.any(|one| one.judged_by.as_ref() != judging.get(&one.no));
        let tally = state.tally();
        let next = ArticleNo(state.numbers().article);
        let adopted = tally.adopt(&review::rule_keys(&config.rules), is_judging, next);
        batch.tally = Some(adopted).filter(|adopted| adopted != tally);
    }

    /// Has `batch` say what is to be judged anew under `review`; with what each source is to be judged.
    pub(super) fn begin_judging(
        &self,
        review: &Review,
        batch: &mut Batch,
    ) -> BTreeMap<SourceNo, ContentKey> {
        let mut state = self.state.clone();
        state.apply(batch);
        let judging: BTreeMap<SourceNo, ContentKey> = state
            .sources()
            .map(|source| (source.no, review.key_of(source)))
            .collect();
        let pending: HashMap<SourceNo, usize> = (batch.sources.iter().enumerate())
            .map(|(at, source)| (source.no, at))
            .collect();
        let mut waiting: Vec<(SourceNo, u64)> = Vec::new();
        for source in state.sources() {
            let key = judging.get(&source.no).copied();
            if source.judged_by == key {
                continue;
            }
            if source.entries > 0 {
                waiting.push((source.no, source.entries));
                continue;
            }
            let judged = SourceState {
                judged_by: key,
                ..source.clone()
            };
            match pending.get(&source.no) {
                Some(at) => batch.sources[*at] = judged,
                None => batch.sources.push(judged),
            }
        }
        let Some((first, _)) = waiting.first().copied() else {
            return judging;
        };
        let goes_on = self.state.recompute().is_some_and(|recompute| {
            recompute.source == first && recompute.key == judging.get(&first).copied()
        });
        if !goes_on {
            batch.recompute = Some(Recompute {
                source: first,
                after: None,
                key: judging.get(&first).copied(),
                done: 0,
                total: waiting
                    .iter()
                    .fold(0, |sum, (_, entries)| sum.saturating_add(*entries)),
            });
        }
        judging
    }

    pub(super) fn unjudged_by(
        &self,
        judging: &BTreeMap<SourceNo, ContentKey>,
    ) -> BTreeSet<SourceNo> {
        self.state
            .sources()
            .filter(|source| source.judged_by.as_ref() != judging.get(&source.no))
            .map(|source| source.no)
            .collect()
    }

    /// An answer that was read while other rules were in force is judged by those of today.
    pub(super) fn judged_by_today(
        &self,
        source: &SourceState,
        outcome: PollOutcome,
    ) -> PollOutcome {
        let mut outcome = outcome;
        if let PollOutcome::Read { feed, .. } = &mut outcome {
            let today = self.judging.get(&source.no).copied();
            if feed.judged_by.is_some() && feed.judged_by != today {
                for entry in &mut feed.entries {
                    *entry = self.review.entry(entry, source);
                }
                feed.judged_by = today;
            }
        }
        outcome
    }
}
