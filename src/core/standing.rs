//! Taking stories down, bringing them back, letting go what is held, and making two stories one.
//!
//! Each gives the [`Batch`] that does it, or says why it cannot be. Nothing here moves an article to a story
//! that has one of the same source, changes an id, or forgets what was said.

use std::collections::BTreeSet;
use std::fmt;

use crate::core::model::{
    Article, ArticleNo, Batch, HeldBy, Roster, Ruling, SourceNo, Standing, Story, StoryNo,
    Timestamp,
};

/// Why a story stays as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unchanged {
    AlreadyRetracted {
        at: Timestamp,
    },
    NotRetracted,
    /// [`Standing::REMEMBERED`] is over.
    TooLate {
        at: Timestamp,
    },
    Fused {
        into: StoryNo,
    },
    NothingHeld,
    /// Both have an article of this source, and two entries of one source are never joined.
    SameSource(SourceNo),
    /// Nothing can be fused with itself.
    SameStory,
}

impl fmt::Display for Unchanged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Unchanged::AlreadyRetracted { at } => write!(f, "it is retracted since {at}"),
            Unchanged::NotRetracted => f.write_str("it is not retracted"),
            Unchanged::TooLate { at } => write!(
                f,
                "it was retracted at {at}, and a retraction can be undone for {} days",
                Standing::REMEMBERED.as_secs() / (24 * 3600)
            ),
            Unchanged::Fused { into } => write!(f, "it is part of story {into} now"),
            Unchanged::NothingHeld => f.write_str("nothing of it is held"),
            Unchanged::SameSource(source) => {
                write!(f, "both have an article of source {source}")
            }
            Unchanged::SameStory => f.write_str("it is the same story"),
        }
    }
}

/// Takes a story down.
///
/// # Errors
/// When it is down already, or is part of another one.
pub fn retract(story: &Story, now: Timestamp) -> Result<Batch, Unchanged> {
    match story.standing {
        Standing::Shown => Ok(of_story(
            Story {
                standing: Standing::Retracted { at: now },
                ..story.clone()
            },
            now,
        )),
        Standing::Retracted { at } => Err(Unchanged::AlreadyRetracted { at }),
        Standing::Fused { into, .. } => Err(Unchanged::Fused { into }),
    }
}

/// Brings a retracted story back, with all copies that came meanwhile.
///
/// # Errors
/// When it is not retracted, or has been for longer than that can be undone.
pub fn undo(story: &Story, now: Timestamp) -> Result<Batch, Unchanged> {
    match story.standing {
        Standing::Retracted { at } if now.since(at) > Standing::REMEMBERED => {
            Err(Unchanged::TooLate { at })
        }
        Standing::Retracted { .. } => Ok(of_story(
            Story {
                standing: Standing::Shown,
                returned_at: Some(now),
                ..story.clone()
            },
            now,
        )),
        Standing::Fused { into, .. } => Err(Unchanged::Fused { into }),
        Standing::Shown => Err(Unchanged::NotRetracted),
    }
}

/// Lets go every article of a story that a rule or a flood holds.
///
/// # Errors
/// When none is held.
pub fn release(story: &Story, articles: &[Article], now: Timestamp) -> Result<Batch, Unchanged> {
    if let Standing::Fused { into, .. } = story.standing {
        return Err(Unchanged::Fused { into });
    }
    let released: Vec<Article> = articles
        .iter()
        .filter(|article| matches!(article.ruling(), Ruling::Held(HeldBy::Rule | HeldBy::Flood)))
        .map(|held| released(held, now))
        .collect();
    if released.is_empty() {
        return Err(Unchanged::NothingHeld);
    }
    let had_left = articles
        .iter()
        .any(|article| article.custody.left_at.is_some());
    let story = Story {
        returned_at: if had_left {
            Some(now)
        } else {
            story.returned_at
        },
        ..story.clone()
    };
    Ok(Batch {
        articles: released,
        ..of_story(story, now)
    })
}

fn released(held: &Article, now: Timestamp) -> Article {
    let mut article = held.clone();
    article.custody.released_at = Some(now);
    article.settle(held.ruling(), now);
    article
}

/// Makes two visible stories one, since an article turned out to be of both: the younger's articles go to the
/// elder, whose id stays, and whose date and place stay but for an owner's that replaces a guest's; the younger stays
/// as a record that leads there. `articles` are those of both.
///
/// # Errors
/// When one of them is not shown, or both carry an article of one source.
pub fn fuse(
    one: &Story,
    other: &Story,
    articles: &[Article],
    roster: &Roster,
    now: Timestamp,
) -> Result<Batch, Unchanged> {
    if one.no == other.no {
        return Err(Unchanged::SameStory);
    }
    let (elder, younger) = match one.no < other.no {
        true => (one, other),
        false => (other, one),
    };
    for story in [elder, younger] {
        match story.standing {
            Standing::Shown => {}
            // What an operator took down is not brought back by what others print.
            Standing::Retracted { at } => return Err(Unchanged::AlreadyRetracted { at }),
            Standing::Fused { into, .. } => return Err(Unchanged::Fused { into }),
        }
    }
    let of = |story: &Story| -> Vec<&Article> {
        let member = |no: &ArticleNo| articles.iter().find(|article| article.no == *no);
        story.articles.iter().filter_map(member).collect()
    };
    let carriers: BTreeSet<SourceNo> = of(elder).iter().map(|article| article.source).collect();
    let moving = of(younger);
    if let Some(shared) = moving
        .iter()
        .find(|article| carriers.contains(&article.source))
    {
        return Err(Unchanged::SameSource(shared.source));
    }
    let mut joined = Story {
        articles: [elder.articles.as_slice(), &younger.articles].concat(),
        changed_at: now,
        ..elder.clone()
    };
    if let Some(owner) = owner_of_date(&joined, articles, roster) {
        joined.published_at = owner.published_at;
        joined.dated_by = owner.no;
    }
    let left = part_of(younger, elder.no, now);
    let moved = moving.into_iter().map(|article| Article {
        story: elder.no,
        ..article.clone()
    });
    Ok(Batch {
        at: Some(now),
        articles: moved.collect(),
        stories: vec![joined, left],
        ..Batch::default()
    })
}

/// The article whose date is the story's, where a guest at its host dates the story.
fn owner_of_date<'a>(
    story: &Story,
    articles: &'a [Article],
    roster: &Roster,
) -> Option<&'a Article> {
    let dating = articles
        .iter()
        .find(|article| article.no == story.dated_by)?;
    let mut members = articles
        .iter()
        .filter(|article| story.articles.contains(&article.no));
    members.find(|article| roster.is_guest_of(dating, article.source))
}

/// Has some articles of a story leave it together, for a story of their own under the number `no`.
pub fn part(story: &Story, leaving: &[Article], no: StoryNo, now: Timestamp) -> Batch {
    let Some(first) = leaving.first() else {
        return Batch::default();
    };
    let numbers: Vec<ArticleNo> = leaving.iter().map(|article| article.no).collect();
    let mut stays = Story {
        changed_at: now,
        ..story.clone()
    };
    stays.articles.retain(|no| !numbers.contains(no));
    let founded = Story {
        no,
        published_at: first.published_at,
        dated_by: first.no,
        first_seen_at: now,
        changed_at: now,
        articles: numbers,
        standing: Standing::Shown,
        returned_at: None,
        former_articles: Vec::new(),
    };
    let moved = leaving.iter().map(|article| Article {
        story: no,
        ..article.clone()
    });
    Batch {
        at: Some(now),
        articles: moved.collect(),
        stories: vec![stays, founded],
        next_story: no.0.saturating_add(1),
        ..Batch::default()
    }
}

/// A story whose articles are all of another one now: a record that leads there.
pub fn part_of(story: &Story, into: StoryNo, now: Timestamp) -> Story {
    Story {
        articles: Vec::new(),
        former_articles: story.articles.clone(),
        standing: Standing::Fused { into, at: now },
        changed_at: now,
        ..story.clone()
    }
}

fn of_story(story: Story, now: Timestamp) -> Batch {
    Batch {
        at: Some(now),
        stories: vec![Story {
            changed_at: now,
            ..story
        }],
        ..Batch::default()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::core::model::fixture::{article, entry, noon, story};
    use crate::core::model::{Custody, Entry, Ruled, Verdict};

    fn later(days: u64) -> Timestamp {
        noon() + Duration::from_secs(days * 24 * 3600)
    }

    fn ruled(verdict: Verdict, id: &str) -> Entry {
        Entry {
            ruled: Ruled {
                verdict,
                by: vec![1],
            },
            ..entry(id)
        }
    }

    fn only_story(batch: &Batch) -> &Story {
        let [story] = batch.stories.as_slice() else {
            panic!("not one story in {batch:?}");
        };
        story
    }

    #[test]
    fn a_retraction_can_be_undone_for_thirty_days() {
        let whole = story(7, &[article(1, 1, 7, entry("a"))]);
        let batch = retract(&whole, noon()).expect("it is shown");
        let down = only_story(&batch);
        assert_eq!(down.standing, Standing::Retracted { at: noon() });
        assert_eq!(
            retract(down, later(1)),
            Err(Unchanged::AlreadyRetracted { at: noon() })
        );
        let back = undo(down, later(30)).expect("it is not too late");
        assert_eq!(only_story(&back).standing, Standing::Shown);
        assert_eq!(only_story(&back).returned_at, Some(later(30)));
        assert_eq!(
            undo(down, later(31)),
            Err(Unchanged::TooLate { at: noon() })
        );
        assert_eq!(undo(&whole, noon()), Err(Unchanged::NotRetracted));
    }

    #[test]
    fn a_release_lets_go_what_is_held_and_nothing_that_is_dropped() {
        let mut flooded = article(3, 3, 7, entry("c"));
        flooded.custody.flood = true;
        let articles = [
            article(1, 1, 7, ruled(Verdict::Hold, "a")),
            article(2, 2, 7, ruled(Verdict::Drop, "b")),
            flooded,
            article(4, 4, 7, entry("d")),
        ];
        let batch = release(&story(7, &articles), &articles, later(1)).expect("two are held");
        let gone: Vec<u64> = batch.articles.iter().map(|article| article.no.0).collect();
        assert_eq!(gone, [1, 3]);
        assert!(batch.articles.iter().all(Article::is_shown));
        // It was in no feed before: nobody was told that it left.
        assert_eq!(only_story(&batch).returned_at, None);
        assert_eq!(
            release(&story(7, &articles[1..2]), &articles[1..2], noon()),
            Err(Unchanged::NothingHeld)
        );
    }

    #[test]
    fn what_was_shown_before_it_was_held_comes_back_as_new() {
        let mut held = article(1, 1, 7, ruled(Verdict::Hold, "a"));
        held.custody = Custody {
            left_at: Some(noon()),
            ..Custody::default()
        };
        let articles = [held];
        let batch = release(&story(7, &articles), &articles, later(1)).expect("it is held");
        assert_eq!(only_story(&batch).returned_at, Some(later(1)));
        assert_eq!(batch.articles[0].custody.left_at, None);
    }

    #[test]
    fn the_elder_takes_the_younger_s_articles_whichever_is_named_first() {
        let elder = [article(1, 1, 4, entry("a")), article(5, 2, 4, entry("b"))];
        let younger = [article(2, 3, 9, entry("c"))];
        let (old, new) = (story(4, &elder), story(9, &younger));
        let all = [elder.as_slice(), &younger].concat();
        let batch =
            fuse(&new, &old, &all, &Roster::default(), later(1)).expect("no source is in both");
        assert_eq!(
            fuse(&old, &new, &all, &Roster::default(), later(1)),
            Ok(batch.clone())
        );
        let [joined, left] = batch.stories.as_slice() else {
            panic!("two stories");
        };
        let numbers: Vec<u64> = joined.articles.iter().map(|no| no.0).collect();
        assert_eq!((joined.no, numbers), (StoryNo(4), vec![1, 5, 2]));
        assert_eq!(
            (joined.published_at, joined.dated_by),
            (old.published_at, old.dated_by)
        );
        assert_eq!(
            left.standing,
            Standing::Fused {
                into: StoryNo(4),
                at: later(1)
            }
        );
        assert_eq!(
            (left.articles.as_slice(), &left.former_articles),
            (&[][..], &new.articles)
        );
        assert_eq!(batch.articles.len(), 1);
        assert_eq!(batch.articles[0].story, StoryNo(4));
    }

    #[test]
    fn what_leaves_together_is_a_story_of_its_own() {
        let articles = [
            article(1, 1, 4, entry("a")),
            article(2, 2, 4, entry("b")),
            article(5, 3, 4, entry("c")),
        ];
        let whole = story(4, &articles);
        let batch = part(&whole, &articles[1..], StoryNo(9), later(1));
        let [stays, founded] = batch.stories.as_slice() else {
            panic!("two stories");
        };
        assert_eq!(
            (stays.no, stays.articles.as_slice()),
            (StoryNo(4), &[ArticleNo(1)][..])
        );
        assert_eq!(founded.articles, [ArticleNo(2), ArticleNo(5)]);
        assert_eq!((founded.no, founded.dated_by), (StoryNo(9), ArticleNo(2)));
        assert_eq!(founded.published_at, articles[1].published_at);
        assert!(batch.articles.iter().all(|moved| moved.story == StoryNo(9)));
        assert_eq!((batch.articles.len(), batch.next_story), (2, 10));
    }

    #[test]
    fn two_entries_of_one_source_and_what_was_taken_down_are_never_fused() {
        let elder = [article(1, 1, 4, entry("a"))];
        let younger = [article(2, 1, 9, entry("c"))];
        let (old, new) = (story(4, &elder), story(9, &younger));
        let all = [elder.as_slice(), &younger].concat();
        let fused = |one: &Story, other: &Story| fuse(one, other, &all, &Roster::default(), noon());
        assert_eq!(fused(&old, &new), Err(Unchanged::SameSource(SourceNo(1))));
        assert_eq!(fused(&old, &old), Err(Unchanged::SameStory));
        let down = Story {
            standing: Standing::Retracted { at: noon() },
            ..new.clone()
        };
        assert_eq!(
            fused(&old, &down),
            Err(Unchanged::AlreadyRetracted { at: noon() })
        );
        let into = StoryNo(2);
        let gone = Story {
            standing: Standing::Fused { into, at: noon() },
            ..old
        };
        assert_eq!(fused(&gone, &new), Err(Unchanged::Fused { into }));
        assert_eq!(retract(&gone, noon()), Err(Unchanged::Fused { into }));
    }
}
