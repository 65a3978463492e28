//! One poll's outcome into everything it changes.
//!
//! `digest` gets what is known and what came and gives a [`Batch`]; it changes nothing. The shell
//! writes the batch and only then lets [`State`](super::state::State) take it over.

use std::collections::HashSet;
use std::time::Duration;

use crate::core::dedup::sketches::Sketches;
use crate::core::dedup::{Bridge, Identity, Join, JoinReason, Judge};
use crate::core::habit;
use crate::core::model::{
    Article, ArticleNo, Batch, ContentKey, Custody, DateFrom, Entry, EntryFeed, FetchFault,
    Fetched, Firings, Flood, Freshness, Habit, Known, PollOutcome, Roster, Ruling, SourceState,
    Standing, Story, StoryNo, Timestamp, Validators, Verdict,
};
use crate::core::moved;
use crate::core::schedule::rhythm::{self, Heard};
use crate::core::schedule::{self, Jitter, Policy, obey};
use crate::core::standing;

/// The first numbers not given away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Numbers {
    pub source: u32,
    pub article: u64,
    pub story: u64,
}

/// Everything a digest decides on.
#[derive(Debug, Clone, Copy)]
pub struct Ground<'a> {
    pub state: &'a SourceState,
    pub known: &'a Known,
    /// Those that were made while it was looked for.
    pub sketches: &'a Sketches,
    pub roster: &'a Roster,
    pub numbers: Numbers,
    pub policy: Policy,
    /// What the body was read with.
    pub reading_key: ContentKey,
    pub now: Timestamp,
    pub jitter: Jitter,
}

/// What one poll did, for log, metrics and the person who asked for it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PollReport {
    /// `read`, `unchanged` or the fault's name.
    pub outcome: &'static str,
    /// How many entries the answer listed.
    pub listed: usize,
    pub new: Vec<NewArticle>,
    pub changed: usize,
    pub same: usize,
    /// New articles that joined a story of another source.
    pub copies: usize,
    /// Stories that turned out to be part of another one.
    pub fused: usize,
    pub problems: Vec<String>,
    pub fault: Option<FetchFault>,
    /// New articles that a rule or the flood bound holds.
    pub held: usize,
    /// How many articles each rule came to act on, by its number.
    pub fired: Firings,
}

/// Counts the rules that act on `after` and did not on `before`.
pub fn count_firings(firings: &mut Firings, before: Option<&Entry>, after: &Entry) {
    let acted = before.map_or(&[][..], |before| before.ruled.by.as_slice());
    for number in &after.ruled.by {
        if !acted.contains(number) {
            *firings.entry(*number).or_default() += 1;
        }
    }
}

/// An article that was not known before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewArticle {
    pub title: String,
    pub url: Option<String>,
    pub joined: Option<(StoryNo, JoinReason)>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Digest {
    pub batch: Batch,
    pub report: PollReport,
}

/// How many problems of one answer are kept for people.
const PROBLEMS_KEPT_MAX: usize = 20;

/// Of a listing page that is suspect for long, or of a feed that says only what is new.
const LISTING_KEPT_MAX: usize = 5_000;

/// Decides everything one poll changes.
pub fn digest(ground: &Ground<'_>, outcome: PollOutcome) -> Digest {
    match outcome {
        PollOutcome::Read {
            status,
            validators,
            freshness,
            body_key,
            moved_to,
            feed,
            retry_after,
        } => {
            let answer = Answer {
                status,
                validators,
                freshness,
                body_key,
                retry_after,
                moved_to,
            };
            read(ground, answer, feed)
        }
        PollOutcome::Unchanged {
            status,
            validators,
            freshness,
            moved_to,
        } => {
            let answered = answered(ground, &Heard::default(), moved_to.as_deref());
            unchanged(ground, &answered, status, validators, freshness)
        }
        PollOutcome::Failed(fault) => failed(ground, fault),
    }
}

struct Answer {
    status: u16,
    validators: Validators,
    freshness: Freshness,
    body_key: ContentKey,
    retry_after: Option<Duration>,
    moved_to: Option<String>,
}

fn failed(ground: &Ground<'_>, fault: FetchFault) -> Digest {
    let after = schedule::after_failure(
        ground.state,
        &fault,
        ground.policy,
        ground.now,
        ground.jitter,
    );
    // A run of 403s is acted upon, and shown, as something else than the last of them.
    let fault = after.last_fault.clone().unwrap_or(fault);
    let state = SourceState {
        last_status: fault.status,
        ..moved::after_failure(polled(after, ground.now), fault.kind)
    };
    let report = PollReport {
        outcome: fault.kind.name(),
        fault: Some(fault),
        ..PollReport::default()
    };
    Digest {
        batch: of_source(state, ground.now),
        report,
    }
}

/// What any answer tells: how often the source publishes, and where it is.
fn answered(ground: &Ground<'_>, heard: &Heard, moved_to: Option<&str>) -> SourceState {
    let heard = Heard {
        previous_at: ground.state.last_success_at,
        ..heard.clone()
    };
    let Policy { zone, .. } = ground.policy;
    SourceState {
        rhythm: rhythm::learn(&ground.state.rhythm, &heard, zone, ground.now),
        ..moved::after_success(ground.state.clone(), moved_to)
    }
}

fn unchanged(
    ground: &Ground<'_>,
    answered: &SourceState,
    status: u16,
    validators: Validators,
    freshness: Freshness,
) -> Digest {
    let after = schedule::after_success(
        answered,
        freshness,
        ground.policy,
        ground.now,
        ground.jitter,
    );
    let state = SourceState {
        validators: renewed(&ground.state.validators, validators),
        last_status: Some(status),
        last_success_at: Some(ground.now),
        ..polled(after, ground.now)
    };
    let report = PollReport {
        outcome: "unchanged",
        listed: ground.known.listing.len(),
        same: ground.known.listing.len(),
        ..PollReport::default()
    };
    Digest {
        batch: of_source(state, ground.now),
        report,
    }
}

/// A 304 may name new validators; what it leaves out stays as it was (RFC 9111 section 3.2).
fn renewed(old: &Validators, new: Validators) -> Validators {
    Validators {
        etag: new.etag.or_else(|| old.etag.clone()),
        last_modified: new.last_modified.or_else(|| old.last_modified.clone()),
    }
}

fn polled(state: SourceState, now: Timestamp) -> SourceState {
    SourceState {
        polls: state.polls.saturating_add(1),
        last_poll_at: Some(now),
        ..state
    }
}

fn of_source(state: SourceState, now: Timestamp) -> Batch {
    Batch {
        at: Some(now),
        sources: vec![state],
        ..Batch::default()
    }
}

fn read(ground: &Ground<'_>, answer: Answer, mut feed: EntryFeed) -> Digest {
    let (habit, unusual) = look(ground, &mut feed);
    let is_delta = answer.status == Fetched::IM_USED;
    let mut draft = Draft::new(ground);
    draft.renumbered = feed.judged_by.is_some() && feed.judged_by != ground.state.judged_by;
    let mut judge = Judge::new(ground.state.no, &feed.entries, ground.known, ground.roster)
        .given(ground.sketches);
    if is_delta {
        judge.expect_more();
    }
    for entry in feed.entries {
        draft.take(&mut judge, entry);
    }
    let problems: Vec<String> = feed
        .problems
        .into_iter()
        .take(PROBLEMS_KEPT_MAX)
        .map(|problem| match problem.item {
            Some(item) => format!("item {}: {}", item + 1, problem.what),
            None => problem.what,
        })
        .collect();
    // Only what concerns the whole answer makes a source suspect; a bad item is a line in the log.
    let suspect = unusual.or_else(|| {
        let is_empty = draft.listing.is_empty() && !is_delta;
        is_empty
            .then(|| problems.first().cloned())
            .flatten()
            .or_else(|| draft.flooded())
    });
    if is_delta || (habit.is_some() && suspect.is_some()) {
        draft.keep_listing();
    }

    let answered = SourceState {
        asked: obey::asked(feed.ttl, &feed.skip_hours, &feed.skip_days),
        ..answered(ground, &draft.heard, answer.moved_to.as_deref())
    };
    let after = schedule::after_success(
        &answered,
        answer.freshness,
        ground.policy,
        ground.now,
        ground.jitter,
    );
    let state = SourceState {
        title: feed.title.or_else(|| ground.state.title.clone()),
        site: feed.site.or_else(|| ground.state.site.clone()),
        validators: answer.validators,
        body_key: Some(answer.body_key),
        reading_key: Some(ground.reading_key),
        entries: ground
            .state
            .entries
            .saturating_add(count(draft.report.new.len())),
        last_status: Some(answer.status),
        last_success_at: Some(ground.now),
        last_problem: suspect,
        habit,
        flood: ground.state.flood.with(ground.now, draft.let_through),
        ..asked_to_wait(polled(after, ground.now), answer.retry_after, ground.now)
    };
    let mut digest = draft.finish(state, problems);
    for bridge in judge.bridges() {
        digest.report.fused += usize::from(fuse(ground, &mut digest.batch, bridge));
    }
    digest
}

/// Makes the two stories of a bridge one within `batch`; whether they could be.
fn fuse(ground: &Ground<'_>, batch: &mut Batch, bridge: Bridge) -> bool {
    let known = ground.known;
    let story_of = |batch: &Batch, no: StoryNo| {
        let pending = batch.stories.iter().find(|story| story.no == no);
        pending.or_else(|| known.stories.get(&no)).cloned()
    };
    // One of them may have become part of a third by an earlier bridge of this answer.
    let last = |batch: &Batch, no: StoryNo| {
        let found = story_of(batch, no)?;
        match found.standing {
            Standing::Fused { into, .. } => {
                let story = story_of(batch, into);
                story.filter(|story| story.standing == Standing::Shown)
            }
            Standing::Shown | Standing::Retracted { .. } => Some(found),
        }
    };
    let (Some(elder), Some(younger)) = (last(batch, bridge.elder), last(batch, bridge.younger))
    else {
        return false;
    };
    let member = |no: &ArticleNo| {
        let pending = batch.articles.iter().find(|article| article.no == *no);
        pending.or_else(|| known.articles.get(no)).cloned()
    };
    let members = elder.articles.iter().chain(&younger.articles);
    let articles: Vec<Article> = members.filter_map(member).collect();
    let Ok(fused) = standing::fuse(&elder, &younger, &articles, ground.roster, ground.now) else {
        return false;
    };
    batch.replace(fused);
    true
}

/// What a page or a sitemap is remembered by after this reading, and what is unusual about it.
fn look(ground: &Ground<'_>, feed: &mut EntryFeed) -> (Option<Habit>, Option<String>) {
    // Read by other selectors a page looks different and is not.
    let is_comparable = ground.state.reading_key == Some(ground.reading_key);
    let before = ground.state.habit.as_ref().filter(|_| is_comparable);
    let items = u32::try_from(feed.entries.len()).unwrap_or(u32::MAX);
    let (habit, unusual) = match feed.seen.take() {
        Some(seen) => habit::look(before, seen, ground.now),
        None if feed.is_sitemap => habit::count(before, items),
        None => return (None, None),
    };
    (Some(habit), unusual)
}

fn asked_to_wait(state: SourceState, retry_after: Option<Duration>, now: Timestamp) -> SourceState {
    let Some(retry_after) = retry_after else {
        return state;
    };
    let until = now + retry_after;
    SourceState {
        asked_to_wait_until: state.asked_to_wait_until.max(Some(until)),
        next_poll_at: state.next_poll_at.max(until),
        ..state
    }
}

fn count(len: usize) -> u64 {
    u64::try_from(len).unwrap_or(u64::MAX)
}

/// A stored article with what it says now, and whether it is shown kept true.
pub fn rejudged(old: &Article, entry: Entry, updated_at: Timestamp, now: Timestamp) -> Article {
    let mut article = Article {
        entry,
        updated_at,
        ..old.clone()
    };
    article.settle(old.ruling(), now);
    article
}

/// Whether an article that had left the feeds is in them again.
pub fn came_back(before: &Article, after: &Article) -> bool {
    before.custody.left_at.is_some() && after.is_shown()
}

/// Where a reworded article belongs.
#[derive(Debug, Clone, Copy)]
enum Place {
    Stays,
    /// It is like no other article of its story any more.
    Elsewhere(Option<Join>),
    /// It was a story by itself, and is part of another one.
    PartOf(Join),
    /// It was a story by itself, and says what was taken down.
    TakenDown,
}

/// The batch while it grows.
struct Draft<'a> {
    ground: &'a Ground<'a>,
    numbers: Numbers,
    articles: Vec<Article>,
    stories: Vec<Story>,
    listing: Vec<ArticleNo>,
    /// When what is new was published.
    heard: Heard,
    report: PollReport,
    /// Whether what is stored may name rules by the numbers of an earlier file; judging it anew counts then.
    renumbered: bool,
    /// How many more undated or just-now-dated entries are let through; none where there is no bound.
    room: Option<u32>,
    let_through: u32,
    held_back: u32,
}

impl<'a> Draft<'a> {
    fn new(ground: &'a Ground<'a>) -> Draft<'a> {
        // What a source lists when it is met is its past, however it is dated.
        let is_first = ground.state.entries == 0 && ground.state.last_success_at.is_none();
        Draft {
            ground,
            numbers: ground.numbers,
            articles: Vec::new(),
            stories: Vec::new(),
            listing: Vec::new(),
            heard: Heard::default(),
            report: PollReport {
                outcome: "read",
                ..PollReport::default()
            },
            renumbered: false,
            room: (!is_first).then(|| ground.state.flood.room(ground.now)),
            let_through: 0,
            held_back: 0,
        }
    }

    /// Whether an entry comes on top of what its source is believed in an hour.
    fn floods(&mut self, entry: &Entry) -> bool {
        let Some(room) = self.room else {
            return false;
        };
        let recent = entry
            .published_at
            .is_none_or(|at| self.ground.now.since(at) < Flood::SPAN);
        // What no feed shows drowns nothing.
        if !recent || entry.ruled.verdict != Verdict::Show {
            return false;
        }
        if self.let_through < room {
            self.let_through += 1;
            return false;
        }
        self.held_back += 1;
        true
    }

    fn flooded(&self) -> Option<String> {
        (self.held_back > 0).then(|| {
            format!(
                "{} undated or just-now-dated entries beyond {} an hour are held: see `langbao held`",
                self.held_back,
                Flood::ENTRIES_MAX
            )
        })
    }

    fn take(&mut self, judge: &mut Judge<'_>, entry: Entry) {
        self.report.listed += 1;
        match judge.identify(&entry) {
            Identity::Gone => self.report.same += 1,
            Identity::Stored(no) | Identity::Renamed(no) => self.again(judge, no, entry),
            Identity::New => self.take_new(judge, entry),
        }
    }

    /// An entry that is stored already: written again only when it differs.
    fn again(&mut self, judge: &mut Judge<'_>, no: ArticleNo, entry: Entry) {
        self.listing.push(no);
        let Some(old) = self.ground.known.articles.get(&no) else {
            self.report.same += 1;
            return;
        };
        let reworded = old.entry.words_key != entry.words_key;
        let entry = Entry {
            // The date stands; and a source that stamps each answer anew changes nothing by it.
            published_at: old.entry.published_at,
            date_from: old.entry.date_from,
            updated_at: if reworded {
                entry.updated_at
            } else {
                old.entry.updated_at
            },
            ..entry
        };
        if entry == old.entry {
            self.report.same += 1;
            return;
        }
        self.report.changed += 1;
        let updated_at = match reworded {
            true => self.updated(old.updated_at, entry.updated_at),
            false => old.updated_at,
        };
        if !self.renumbered {
            count_firings(&mut self.report.fired, Some(&old.entry), &entry);
        }
        let place = match reworded {
            true => self.place_anew(judge, old, &entry),
            false => Place::Stays,
        };
        let article = rejudged(old, entry, updated_at, self.ground.now);
        self.touch(old.story);
        let article = self.put(old, article, place);
        self.articles.push(article);
    }

    /// Where an article belongs that says something else now.
    fn place_anew(&self, judge: &mut Judge<'_>, old: &Article, entry: &Entry) -> Place {
        let known = self.ground.known;
        // What an operator took down stays down whatever its source makes of it meanwhile.
        if known.retracted_at(old.story).is_some() || self.left(old.story) {
            return Place::Stays;
        }
        let taken_down = known.text_retracted_at(entry).is_some();
        if judge.is_alone(old) {
            return match judge.join(entry) {
                Some(join) => Place::PartOf(join),
                None if taken_down => Place::TakenDown,
                None => Place::Stays,
            };
        }
        match taken_down || judge.leaves(old, entry) {
            true => Place::Elsewhere(judge.join(entry)),
            false => Place::Stays,
        }
    }

    /// Whether a story became part of another by this answer.
    fn left(&self, story: StoryNo) -> bool {
        let mut pending = self.stories.iter();
        pending.any(|one| one.no == story && matches!(one.standing, Standing::Fused { .. }))
    }

    /// Puts a reworded article in its place; its story is touched already.
    fn put(&mut self, old: &Article, mut article: Article, place: Place) -> Article {
        let now = self.ground.now;
        match place {
            Place::Stays => {
                if came_back(old, &article) {
                    self.bring_back(old.story);
                }
            }
            Place::Elsewhere(join) => {
                self.leave(old);
                article.story = join.map_or(StoryNo(self.numbers.story), |join| join.story);
                match join {
                    Some(_) => self.join(&article),
                    None => self.found(&article),
                }
            }
            // Its own story goes into the one it turned out to be of, however young that is: what one source edits
            // gives no other's story another id or another date.
            Place::PartOf(join) => {
                article.story = join.story;
                self.join(&article);
                self.amend(old.story, |story| {
                    *story = standing::part_of(story, join.story, now);
                });
                self.report.fused += 1;
            }
            Place::TakenDown => self.amend(old.story, |story| {
                story.standing = Standing::Retracted { at: now };
            }),
        }
        article
    }

    /// Changes a story of this batch.
    fn amend(&mut self, no: StoryNo, change: impl FnOnce(&mut Story)) {
        if let Some(story) = self.stories.iter_mut().find(|story| story.no == no) {
            change(story);
        }
    }

    /// Readers that were told that it left take it again only where it says that it changed since.
    fn bring_back(&mut self, story: StoryNo) {
        let now = self.ground.now;
        self.amend(story, |story| story.returned_at = Some(now));
    }

    /// An article edited beyond recognition is no longer of its story, which stays with its other articles.
    fn leave(&mut self, old: &Article) {
        self.amend(old.story, |story| story.articles.retain(|no| *no != old.no));
    }

    /// The source's own date of the change where it can be true, else now.
    fn updated(&self, before: Timestamp, stated: Option<Timestamp>) -> Timestamp {
        let now = self.ground.now.floor_to_second();
        stated
            .filter(|at| (before..=now).contains(at) && *at > before)
            .unwrap_or(now)
            .max(before)
    }

    fn touch(&mut self, story: StoryNo) {
        let now = self.ground.now;
        if let Some(pending) = self.stories.iter_mut().find(|pending| pending.no == story) {
            pending.changed_at = now;
        } else if let Some(story) = self.ground.known.stories.get(&story) {
            self.stories.push(Story {
                changed_at: now,
                ..story.clone()
            });
        }
    }

    fn take_new(&mut self, judge: &mut Judge<'_>, entry: Entry) {
        let no = ArticleNo(self.numbers.article);
        self.numbers.article += 1;
        let now = self.ground.now;
        // Neither date is ever later than the moment the article was taken in.
        let seen_at = now.floor_to_second();
        let published_at = entry.published_at.unwrap_or(seen_at).min(seen_at);
        let updated_at = entry
            .updated_at
            .unwrap_or(published_at)
            .clamp(published_at, seen_at);
        match entry.published_at {
            Some(at) if entry.date_from != DateFrom::FirstSeen => self.heard.dates.push(at),
            _ => self.heard.undated += 1,
        }
        let join = judge.join(&entry);
        let story = join.map_or(StoryNo(self.numbers.story), |join| join.story);
        self.report.new.push(NewArticle {
            title: entry.title.clone(),
            url: entry.url.clone(),
            joined: join.map(|join| (join.story, join.reason)),
        });
        count_firings(&mut self.report.fired, None, &entry);
        let custody = Custody {
            flood: self.floods(&entry),
            ..Custody::default()
        };
        let article = Article {
            no,
            source: self.ground.state.no,
            story,
            entry,
            published_at,
            updated_at,
            first_seen_at: now,
            custody,
        };
        self.report.held += usize::from(matches!(article.ruling(), Ruling::Held(_)));
        match join {
            Some(_) => {
                self.report.copies += 1;
                self.join(&article);
            }
            None => self.found(&article),
        }
        self.listing.push(no);
        self.articles.push(article);
    }

    fn found(&mut self, article: &Article) {
        self.numbers.story += 1;
        let known = self.ground.known;
        let standing = known
            .text_retracted_at(&article.entry)
            .map_or(Standing::Shown, |at| Standing::Retracted { at });
        self.stories.push(Story {
            no: article.story,
            published_at: article.published_at,
            dated_by: article.no,
            first_seen_at: self.ground.now,
            changed_at: self.ground.now,
            articles: vec![article.no],
            standing,
            returned_at: None,
            former_articles: Vec::new(),
        });
    }

    fn join(&mut self, article: &Article) {
        self.touch(article.story);
        let owner_dates_it = self.owner_replaces_guest(article);
        self.amend(article.story, |story| {
            story.articles.push(article.no);
            if owner_dates_it {
                story.published_at = article.published_at;
                story.dated_by = article.no;
            }
        });
    }

    /// Whether the story's date comes from a guest on the host of this article's source.
    fn owner_replaces_guest(&self, article: &Article) -> bool {
        let known = self.ground.known;
        known
            .stories
            .get(&article.story)
            .and_then(|story| known.articles.get(&story.dated_by))
            .is_some_and(|dating| self.ground.roster.is_guest_of(dating, article.source))
    }

    /// What a suspect answer, or one of new entries only, does not list may be listed all the same.
    fn keep_listing(&mut self) {
        let listed: HashSet<ArticleNo> = self.listing.iter().copied().collect();
        let missed = self.ground.known.listing.iter().copied();
        self.listing
            .extend(missed.filter(|no| !listed.contains(no)));
        self.listing.truncate(LISTING_KEPT_MAX);
    }

    fn finish(mut self, state: SourceState, problems: Vec<String>) -> Digest {
        self.report.problems = problems;
        let mut batch = of_source(state, self.ground.now);
        batch.articles = self.articles;
        batch.stories = self.stories;
        if self.listing != self.ground.known.listing {
            batch.listings.push((self.ground.state.no, self.listing));
        }
        if self.numbers != self.ground.numbers {
            batch.next_article = self.numbers.article;
            batch.next_story = self.numbers.story;
        }
        Digest {
            batch,
            report: self.report,
        }
    }
}

#[cfg(test)]
mod tests;
