//! Tables of what one poll changes, and what it leaves alone.

use std::time::Duration;

use super::*;
use crate::core::model::fixture::{
    article, at, dated, entry, known, noon, saying, source, story, titled, with_alike, wording,
};
use crate::core::model::{
    EntryKey, FaultKind, KnownEntry, Problem, Rhythm, Ruled, SourceId, SourceNo, Structure,
};
use crate::core::schedule::policy::Price;
use crate::core::schedule::rhythm::Zone;

const POLICY: Policy = Policy {
    min_interval: Duration::from_secs(300),
    max_interval: Duration::from_secs(6 * 3600),
    price: Price { story_s: 300.0 },
    zone: Zone(7 * 3600),
};
/// The source that is polled, and another one.
const OWN: u32 = 1;
const OTHER: u32 = 2;

fn hours(count: u64) -> Duration {
    Duration::from_secs(count * 3600)
}

fn reading_key() -> ContentKey {
    ContentKey::of(&["reading"])
}

fn state() -> SourceState {
    let id = SourceId::parse("s1").expect("a plain id");
    let asked_at = noon() - hours(1);
    SourceState {
        title: Some("Báo 1".into()),
        site: Some("https://mot.vn/".into()),
        validators: validators("\"cũ\""),
        body_key: Some(ContentKey::of(&["body"])),
        reading_key: Some(reading_key()),
        polls: 5,
        entries: 3,
        last_poll_at: Some(asked_at),
        last_success_at: Some(asked_at),
        last_status: Some(200),
        rhythm: Rhythm {
            span_s: 24.0 * 3600.0,
            known_to: Some(asked_at),
            ..Rhythm::default()
        },
        ..SourceState::new(SourceNo(OWN), id, "https://mot.vn/rss".into(), asked_at)
    }
}

fn validators(etag: &str) -> Validators {
    Validators {
        etag: Some(etag.into()),
        last_modified: None,
    }
}

fn numbers() -> Numbers {
    Numbers {
        source: 3,
        article: 100,
        story: 50,
    }
}

fn feed(entries: Vec<Entry>) -> PollOutcome {
    PollOutcome::Read {
        status: 200,
        validators: validators("\"mới\""),
        freshness: Freshness::default(),
        body_key: ContentKey::of(&["new body"]),
        moved_to: None,
        feed: EntryFeed {
            format: "RSS 2.0".into(),
            entries,
            ..EntryFeed::default()
        },
        retry_after: None,
    }
}

fn digest_at(known: &Known, outcome: PollOutcome, now: Timestamp) -> Digest {
    let roster = Roster::new([source(OWN, "mot.vn"), source(OTHER, "hai.vn")]);
    let state = state();
    let ground = Ground {
        state: &state,
        known,
        sketches: &Sketches::default(),
        roster: &roster,
        numbers: numbers(),
        policy: POLICY,
        reading_key: reading_key(),
        now,
        jitter: Jitter(0.0),
    };
    digest(&ground, outcome)
}

/// One hour after what is known was seen: `fixture` sees everything at noon.
fn later() -> Timestamp {
    noon() + hours(1)
}

fn check(known: &Known, entries: Vec<Entry>) -> Digest {
    digest_at(known, feed(entries), later())
}

#[track_caller]
fn only<T>(values: &[T]) -> &T {
    let [value] = values else {
        panic!("{} instead of one", values.len());
    };
    value
}

#[test]
fn what_is_unchanged_writes_nothing_but_the_source() {
    let entries = [entry("a"), entry("b")];
    let stored = [
        article(1, OWN, 1, entries[0].clone()),
        article(2, OWN, 2, entries[1].clone()),
    ];
    let digest = check(&known(OWN, &stored), entries.to_vec());
    let expected = Batch {
        at: Some(later()),
        sources: digest.batch.sources.clone(),
        ..Batch::default()
    };
    assert_eq!(digest.batch, expected);
    assert_eq!((digest.report.same, digest.report.changed), (2, 0));
    let state = only(&digest.batch.sources);
    assert_eq!(
        (state.polls, state.entries, state.last_success_at),
        (6, 3, Some(later()))
    );
    assert_eq!(state.validators, validators("\"mới\""));
}

#[test]
fn a_reworded_entry_moves_updated_and_keeps_its_date_its_number_and_its_story() {
    let old = article(7, OWN, 4, titled("Lũ lên", entry("a")));
    let reworded = dated(later(), titled("Lũ rút", entry("a")));
    let digest = check(&known(OWN, std::slice::from_ref(&old)), vec![reworded]);
    let new = only(&digest.batch.articles);
    assert_eq!(new.entry.title, "Lũ rút");
    assert_eq!(new.updated_at, later());
    assert_eq!(
        (new.no, new.story, new.first_seen_at),
        (old.no, old.story, old.first_seen_at)
    );
    assert_eq!(new.published_at, old.published_at);
    assert_eq!(new.entry.published_at, old.entry.published_at);

    let touched = only(&digest.batch.stories);
    assert_eq!((touched.no, touched.changed_at), (old.story, later()));
    assert_eq!(
        (touched.published_at, &touched.articles),
        (old.published_at, &vec![old.no])
    );
    assert_eq!((digest.report.changed, digest.report.new.len()), (1, 0));
    assert_eq!((digest.batch.next_article, digest.batch.next_story), (0, 0));
}

#[test]
fn a_reworded_entry_gets_the_source_s_own_date_of_the_change_where_it_can_be_true() {
    let half_past = noon() + Duration::from_secs(1800);
    for (stated, expected) in [
        (Some(half_past), half_past),
        (None, later()),
        // Before the last change, or not yet.
        (Some(noon()), later()),
        (Some(noon() - hours(9)), later()),
        (Some(later() + hours(1)), later()),
    ] {
        let old = article(7, OWN, 4, titled("Lũ lên", entry("a")));
        let reworded = Entry {
            updated_at: stated,
            ..titled("Lũ rút", entry("a"))
        };
        let digest = check(&known(OWN, &[old]), vec![reworded]);
        assert_eq!(
            only(&digest.batch.articles).updated_at,
            expected,
            "{stated:?}"
        );
    }
}

#[test]
fn what_changes_without_a_word_is_written_and_moves_no_date() {
    let old = article(7, OWN, 4, entry("a"));
    let tidied = Entry {
        summary: Some("<p>Như cũ</p>".into()),
        authors: vec!["Lan".into()],
        ..entry("a")
    };
    let digest = check(&known(OWN, std::slice::from_ref(&old)), vec![tidied]);
    let new = only(&digest.batch.articles);
    assert_eq!(new.entry.authors, ["Lan"]);
    assert_eq!(
        (new.updated_at, new.published_at),
        (old.updated_at, old.published_at)
    );
    // The document's bytes change, so its own date does.
    assert_eq!(only(&digest.batch.stories).changed_at, later());
}

#[test]
fn a_source_that_stamps_each_answer_anew_changes_nothing() {
    let stored = article(7, OWN, 4, entry("a"));
    let stamped = Entry {
        updated_at: Some(later()),
        ..dated(later(), entry("a"))
    };
    let digest = check(&known(OWN, &[stored]), vec![stamped]);
    assert!(digest.batch.articles.is_empty() && digest.batch.stories.is_empty());
    assert_eq!((digest.report.same, digest.report.changed), (1, 0));
}

#[test]
fn an_undated_entry_keeps_the_second_it_was_first_seen_in() {
    let undated = Entry {
        published_at: None,
        date_from: DateFrom::FirstSeen,
        ..entry("a")
    };
    let seen_at = noon() + Duration::from_millis(700);
    let first = digest_at(&Known::default(), feed(vec![undated.clone()]), seen_at);
    let article = only(&first.batch.articles);
    assert_eq!((article.published_at, article.updated_at), (noon(), noon()));
    assert_eq!(only(&first.batch.stories).published_at, noon());

    let stored = known(OWN, &first.batch.articles);
    assert!(
        check(&stored, vec![undated.clone()])
            .batch
            .articles
            .is_empty()
    );
    // Nor does a date that comes later move it.
    let with_date = Entry {
        date_from: DateFrom::Stated,
        ..dated(noon() - hours(5), undated)
    };
    assert!(check(&stored, vec![with_date]).batch.articles.is_empty());
}

#[test]
fn no_date_is_later_than_the_moment_an_entry_was_taken_in() {
    let ahead = Some(later() + hours(24 * 365 * 50));
    let behind = Some(noon() - hours(3));
    for (published, updated) in [
        (ahead, ahead),
        (ahead, None),
        (None, ahead),
        (behind, ahead),
        // A change before the beginning is none.
        (behind, Some(noon() - hours(30))),
        (ahead, behind),
    ] {
        let new = Entry {
            published_at: published,
            updated_at: updated,
            ..entry("a")
        };
        let digest = check(&Known::default(), vec![new]);
        let article = only(&digest.batch.articles);
        let story = only(&digest.batch.stories);
        assert!(article.published_at <= article.updated_at, "{article:?}");
        assert!(article.updated_at <= later(), "{article:?}");
        assert_eq!(
            article.published_at,
            published.map_or(later(), |at| at.min(later()))
        );
        assert_eq!(story.published_at, article.published_at);
    }
}

#[test]
fn numbers_are_given_in_the_source_s_order() {
    let stored = article(7, OWN, 4, entry("c"));
    let answer = ["a", "b", "c", "d"].map(entry).to_vec();
    let digest = check(&known(OWN, &[stored]), answer);
    let given: Vec<(u64, u64, &str)> = digest
        .batch
        .articles
        .iter()
        .map(|article| (article.no.0, article.story.0, article.entry.title.as_str()))
        .collect();
    assert_eq!(
        given,
        [(100, 50, "Tin a"), (101, 51, "Tin b"), (102, 52, "Tin d")]
    );
    assert_eq!(
        (digest.batch.next_article, digest.batch.next_story),
        (103, 53)
    );
    let listed: Vec<u64> = digest.batch.listings[0].1.iter().map(|no| no.0).collect();
    assert_eq!(listed, [100, 101, 7, 102]);
    assert_eq!(only(&digest.batch.sources).entries, 6);
}

#[test]
fn the_listing_is_written_only_when_it_differs() {
    let entries = [entry("a"), entry("b")];
    let stored = [
        article(1, OWN, 1, entries[0].clone()),
        article(2, OWN, 2, entries[1].clone()),
    ];
    let known = known(OWN, &stored);
    let [a, b] = entries;
    for (answer, expected) in [
        (vec![a.clone(), b.clone()], None),
        (
            vec![b.clone(), a.clone()],
            Some(vec![ArticleNo(2), ArticleNo(1)]),
        ),
        (vec![b], Some(vec![ArticleNo(2)])),
        (vec![], Some(vec![])),
    ] {
        let listings = check(&known, answer).batch.listings;
        let expected = expected.map(|listing| (SourceNo(OWN), listing));
        assert_eq!(listings, Vec::from_iter(expected));
    }
}

#[test]
fn an_entry_that_was_removed_does_not_come_back() {
    let mut known = Known::default();
    known.entries.insert(EntryKey::of(&["a"]), KnownEntry::Gone);
    let digest = check(&known, vec![entry("a")]);
    assert!(digest.batch.articles.is_empty() && digest.batch.stories.is_empty());
    assert_eq!((digest.report.same, digest.report.new.len()), (1, 0));
}

#[test]
fn a_new_id_at_an_old_address_is_the_old_entry_changed() {
    let old = article(
        7,
        OWN,
        4,
        at("mot.vn", "/lu.html", titled("Lũ lên", entry("a"))),
    );
    let renamed = at("mot.vn", "/lu.html", titled("Lũ rút", entry("b")));
    let digest = check(&known(OWN, std::slice::from_ref(&old)), vec![renamed]);
    let article = only(&digest.batch.articles);
    assert_eq!((article.no, article.story), (old.no, old.story));
    assert_eq!(article.entry.key, EntryKey::of(&["b"]));
    assert!(digest.report.new.is_empty());
}

/// What a source says when it says only what is new.
fn delta(entries: Vec<Entry>) -> PollOutcome {
    let mut outcome = feed(entries);
    if let PollOutcome::Read { status, .. } = &mut outcome {
        *status = Fetched::IM_USED;
    }
    outcome
}

#[test]
fn what_a_delta_leaves_out_is_listed_all_the_same() {
    let stored = [
        article(7, OWN, 4, entry("a")),
        article(8, OWN, 5, entry("b")),
    ];
    let known = known(OWN, &stored);
    let digest = digest_at(&known, delta(vec![entry("c"), entry("b")]), later());
    let listed = [100, 8, 7].map(ArticleNo).to_vec();
    assert_eq!(digest.batch.listings, [(SourceNo(OWN), listed)]);
    let state = only(&digest.batch.sources);
    assert_eq!(state.validators, validators("\"mới\""));
    assert_eq!((state.last_status, digest.report.new.len()), (Some(226), 1));
    // One that has nothing new changes nothing, and is not suspect for it.
    let mut nothing = delta(Vec::new());
    if let PollOutcome::Read { feed, .. } = &mut nothing {
        feed.problems.push(Problem {
            item: None,
            what: "no item".into(),
        });
    }
    let digest = digest_at(&known, nothing, later());
    assert!(digest.batch.listings.is_empty() && digest.batch.articles.is_empty());
    assert_eq!(only(&digest.batch.sources).last_problem, None);
}

#[test]
fn a_new_id_in_a_delta_is_a_new_entry_since_the_old_one_need_not_be_gone() {
    let old = article(7, OWN, 4, at("mot.vn", "/lu.html", entry("a")));
    let beside = at("mot.vn", "/lu.html", titled("Lũ rút", entry("b")));
    let known = known(OWN, &[old]);
    for (outcome, is_new) in [
        (feed(vec![beside.clone()]), false),
        (delta(vec![beside]), true),
    ] {
        let digest = digest_at(&known, outcome, later());
        assert_eq!(!digest.report.new.is_empty(), is_new);
    }
}

#[test]
fn a_copy_joins_the_story_and_leaves_its_date_and_its_articles_alone() {
    let text = "Tuyến cáp ngầm đã đóng điện cho cả xã đảo";
    let theirs = article(7, OTHER, 4, saying(text, entry("x")));
    let before = story(4, std::slice::from_ref(&theirs));
    let earlier = dated(noon() - hours(9), saying(text, entry("a")));
    let digest = check(&known(OWN, &[theirs]), vec![earlier]);
    let joined = only(&digest.batch.stories);
    assert_eq!(joined.articles, [ArticleNo(7), ArticleNo(100)]);
    assert_eq!(
        (joined.published_at, joined.dated_by),
        (before.published_at, before.dated_by)
    );
    assert_eq!(joined.changed_at, later());
    let article = only(&digest.batch.articles);
    assert_eq!((article.no, article.story), (ArticleNo(100), StoryNo(4)));
    assert_eq!(article.published_at, noon() - hours(9));
    assert_eq!(
        (digest.batch.next_article, digest.batch.next_story),
        (101, 50)
    );
    assert_eq!(digest.report.copies, 1);
}

#[test]
fn two_entries_of_one_answer_never_join_one_story() {
    let text = "Tuyến cáp ngầm đã đóng điện cho cả xã đảo";
    let theirs = article(7, OTHER, 4, saying(text, entry("x")));
    let answer = vec![saying(text, entry("a")), saying(text, entry("b"))];
    let digest = check(&known(OWN, &[theirs]), answer);
    let stories: Vec<(u64, usize)> = digest
        .batch
        .stories
        .iter()
        .map(|story| (story.no.0, story.articles.len()))
        .collect();
    assert_eq!(stories, [(4, 2), (50, 1)]);
}

#[test]
fn the_owner_s_date_replaces_a_guest_s_and_no_other() {
    let title = |entry| titled("Khởi công bờ kè", entry);
    let early = noon() - hours(9);
    // `OTHER` brought an article from the polled source's host, or from its own.
    for (host, replaced) in [("mot.vn", true), ("hai.vn", false)] {
        let first = article(7, OTHER, 4, at(host, "/ke.html", title(entry("x"))));
        let owner = dated(early, at(host, "/ke.html", title(entry("a"))));
        let digest = check(&known(OWN, &[first]), vec![owner]);
        let story = only(&digest.batch.stories);
        let expected = match replaced {
            true => (early, ArticleNo(100)),
            false => (noon(), ArticleNo(7)),
        };
        assert_eq!((story.published_at, story.dated_by), expected, "{host}");
        assert_eq!(story.articles.len(), 2);
    }
}

#[test]
fn an_unchanged_answer_keeps_listing_entries_and_what_it_leaves_unsaid() {
    let stored = article(7, OWN, 4, entry("a"));
    let known = known(OWN, &[stored]);
    let same = |validators| PollOutcome::Unchanged {
        status: 304,
        validators,
        freshness: Freshness::default(),
        moved_to: None,
    };
    let silent = digest_at(&known, same(Validators::default()), later());
    let after = only(&silent.batch.sources);
    let expected = SourceState {
        polls: 6,
        last_poll_at: Some(later()),
        last_success_at: Some(later()),
        last_status: Some(304),
        next_poll_at: after.next_poll_at,
        interval: after.interval,
        // It is learnt of as of an answer without news.
        rhythm: after.rhythm.clone(),
        ..state()
    };
    assert_eq!(after, &expected);
    assert_eq!(after.rhythm.known_to, Some(later()));
    assert!(after.next_poll_at > later());
    assert_eq!(silent.batch, of_source(after.clone(), later()));
    assert_eq!(
        (silent.report.outcome, silent.report.same),
        ("unchanged", 1)
    );

    let renewed = digest_at(&known, same(validators("\"mới\"")), later());
    assert_eq!(
        only(&renewed.batch.sources).validators,
        validators("\"mới\"")
    );
}

#[test]
fn a_failure_keeps_everything_but_how_the_source_is_doing() {
    let fault = FetchFault {
        status: Some(503),
        retry_after: Some(hours(2)),
        ..FetchFault::new(FaultKind::Throttled, "HTTP 503 Service Unavailable")
    };
    let known = known(OWN, &[article(7, OWN, 4, entry("a"))]);
    let digest = digest_at(&known, PollOutcome::Failed(fault.clone()), later());
    let after = only(&digest.batch.sources);
    let expected = SourceState {
        polls: 6,
        last_poll_at: Some(later()),
        last_status: Some(503),
        failures: 1,
        last_fault: Some(fault.clone()),
        asked_to_wait_until: Some(later() + hours(2)),
        next_poll_at: after.next_poll_at,
        interval: after.interval,
        ..state()
    };
    assert_eq!(after, &expected);
    assert!(after.next_poll_at >= later() + hours(2));
    assert_eq!(digest.batch, of_source(after.clone(), later()));
    assert_eq!(
        (digest.report.outcome, digest.report.fault),
        ("throttled", Some(fault))
    );
}

#[test]
fn a_source_is_suspect_when_nothing_could_be_read_and_not_for_one_bad_item() {
    let problem = Problem {
        item: Some(1),
        what: "neither title nor address".into(),
    };
    for (entries, suspect) in [(vec![], true), (vec![entry("a")], false)] {
        let PollOutcome::Read {
            status,
            validators,
            freshness,
            body_key,
            moved_to,
            mut feed,
            ..
        } = feed(entries)
        else {
            unreachable!("it was read");
        };
        feed.problems = vec![problem.clone()];
        let outcome = PollOutcome::Read {
            status,
            validators,
            freshness,
            body_key,
            moved_to,
            feed,
            retry_after: None,
        };
        let digest = digest_at(&Known::default(), outcome, later());
        let told = "item 2: neither title nor address";
        assert_eq!(digest.report.problems, [told]);
        let expected = suspect.then(|| told.to_owned());
        assert_eq!(only(&digest.batch.sources).last_problem, expected);
    }
}

#[test]
fn a_sitemap_that_lists_nothing_any_more_is_suspect_and_a_feed_is_not() {
    for (is_sitemap, expected) in [
        (true, Some("the sitemap lists nothing; it usually lists 30")),
        (false, None),
    ] {
        let mut outcome = feed(vec![]);
        if let PollOutcome::Read { feed, .. } = &mut outcome {
            feed.is_sitemap = is_sitemap;
        }
        let state = SourceState {
            reading_key: Some(reading_key()),
            habit: Some(Habit {
                structure: Structure::default(),
                items: 30,
                moved_at: None,
            }),
            ..state()
        };
        let known = Known::default();
        let roster = Roster::new([source(OWN, "mot.vn")]);
        let ground = Ground {
            state: &state,
            known: &known,
            sketches: &Sketches::default(),
            roster: &roster,
            numbers: numbers(),
            policy: POLICY,
            reading_key: reading_key(),
            now: later(),
            jitter: Jitter(0.0),
        };
        let digest = digest(&ground, outcome);
        let told = only(&digest.batch.sources).last_problem.as_deref();
        assert_eq!(told, expected);
    }
}

#[test]
fn a_digest_decides_the_same_whenever_it_is_asked() {
    let stored = [article(7, OTHER, 4, saying("Một tin", entry("x")))];
    let answer = || vec![saying("Một tin", entry("a")), entry("b")];
    let known = known(OWN, &stored);
    assert_eq!(check(&known, answer()), check(&known, answer()));
}

const TITLE: &str = "Làng gốm Thanh Hà đón khách trở lại sau mưa lũ";
const LEDE: &str =
    "Sau gần một tháng dọn bùn và sửa lò, các gia đình làm gốm đã nhóm lửa mẻ đầu tiên.";

#[test]
fn a_copy_in_other_words_joins_and_says_why() {
    let theirs = article(7, OTHER, 4, wording(TITLE, LEDE, entry("x")));
    let own = wording(TITLE, &format!("TTXVN - {LEDE}"), entry("a"));
    let known = with_alike(known(OWN, &[theirs]), OWN, &own);
    let digest = check(&known, vec![own]);
    assert_eq!(
        only(&digest.batch.stories).articles,
        [ArticleNo(7), ArticleNo(100)]
    );
    let new = only(&digest.report.new);
    assert_eq!(new.joined, Some((StoryNo(4), JoinReason::Copy)));
}

#[test]
fn an_article_edited_beyond_recognition_becomes_a_story_of_its_own() {
    let theirs = article(7, OTHER, 4, wording(TITLE, LEDE, entry("x")));
    let own = article(8, OWN, 4, wording(TITLE, LEDE, entry("a")));
    let edited = wording(
        "Giá lúa tăng nhẹ phiên đầu tuần ở miền Tây",
        "Thương lái mua tại ruộng với giá cao hơn tuần trước.",
        entry("a"),
    );
    let digest = check(&known(OWN, &[theirs, own.clone()]), vec![edited]);
    let [left, new] = digest.batch.stories.as_slice() else {
        panic!("{:?}", digest.batch.stories);
    };
    assert_eq!(
        (left.no, left.articles.as_slice()),
        (StoryNo(4), &[ArticleNo(7)][..])
    );
    assert_eq!(
        (new.no, new.articles.as_slice()),
        (StoryNo(50), &[own.no][..])
    );
    assert_eq!((new.published_at, new.dated_by), (own.published_at, own.no));
    let article = only(&digest.batch.articles);
    assert_eq!((article.no, article.story), (own.no, StoryNo(50)));
    assert_eq!(digest.batch.next_story, 51);
    assert_eq!(digest.report.changed, 1);
}

fn retracted(known: &mut Known, story: u64, at: Timestamp) {
    let story = known.stories.get_mut(&StoryNo(story)).expect("it is known");
    story.standing = Standing::Retracted { at };
}

#[test]
fn an_article_of_a_retracted_story_stays_in_it_however_it_is_edited() {
    let theirs = article(7, OTHER, 4, wording(TITLE, LEDE, entry("x")));
    let own = article(8, OWN, 4, wording(TITLE, LEDE, entry("a")));
    let mut known = known(OWN, &[theirs, own.clone()]);
    retracted(&mut known, 4, noon());
    let edited = wording("Giá lúa tăng nhẹ", "Thương lái mua tại ruộng.", entry("a"));
    let digest = check(&known, vec![edited]);
    let kept = only(&digest.batch.stories);
    assert_eq!((kept.no, kept.articles.len()), (StoryNo(4), 2));
    assert_eq!(kept.standing, Standing::Retracted { at: noon() });
    assert_eq!(only(&digest.batch.articles).story, StoryNo(4));
    assert_eq!(digest.batch.next_story, 0);
}

#[test]
fn a_text_that_was_retracted_does_not_come_back_under_another_id() {
    let told = |id, summary| wording(TITLE, summary, entry(id));
    let stored = [
        article(7, OWN, 4, told("a", LEDE)),
        article(8, OWN, 5, told("b", LEDE)),
        article(9, OWN, 6, told("c", "Một tin khác hẳn.")),
    ];
    for (down, summary, expected) in [
        (&[4][..], LEDE, Standing::Retracted { at: noon() }),
        // The latest is what can be undone for longest.
        (&[4, 5], LEDE, Standing::Retracted { at: later() }),
        (&[4], "Một tin khác nữa.", Standing::Shown),
        (&[6], LEDE, Standing::Shown),
        (&[], LEDE, Standing::Shown),
    ] {
        let mut known = known(OWN, &stored);
        for (no, at) in down.iter().zip([noon(), later()]) {
            retracted(&mut known, *no, at);
        }
        let digest = check(&known, vec![at("mot.vn", "/moi.html", told("d", summary))]);
        let founded = only(&digest.batch.stories);
        assert_eq!(
            (founded.no, founded.standing),
            (StoryNo(50), expected),
            "{down:?} {summary}"
        );
    }
}

#[test]
fn an_article_that_was_corrected_stays() {
    let theirs = article(7, OTHER, 4, wording(TITLE, LEDE, entry("x")));
    let own = article(8, OWN, 4, wording(TITLE, LEDE, entry("a")));
    let corrected = wording(TITLE, &format!("{LEDE} Ảnh: V.A."), entry("a"));
    let digest = check(&known(OWN, &[theirs, own]), vec![corrected]);
    assert_eq!(only(&digest.batch.articles).story, StoryNo(4));
    assert_eq!(only(&digest.batch.stories).articles.len(), 2);
}

#[test]
fn an_article_that_is_of_two_stories_makes_them_one_with_the_address_of_both() {
    let told = |id| {
        let title = titled("Lò gốm đỏ lửa", entry(id));
        saying(
            "Sau nhiều năm vắng khách, lò gốm bên sông đỏ lửa trở lại",
            title,
        )
    };
    let stored = [article(1, OTHER, 5, told("a")), article(2, 7, 6, told("b"))];
    let both = told("c");
    let digest = check(&known(OWN, &stored), vec![both]);
    assert_eq!((digest.report.copies, digest.report.fused), (1, 1));
    let story = |no: u64| {
        let stories = digest.batch.stories.iter();
        let found: Vec<&Story> = stories.filter(|story| story.no == StoryNo(no)).collect();
        (*only(&found)).clone()
    };
    assert_eq!(
        story(5).articles,
        [ArticleNo(1), ArticleNo(100), ArticleNo(2)]
    );
    let younger = story(6);
    assert_eq!(
        (younger.articles, younger.standing),
        (
            Vec::new(),
            Standing::Fused {
                into: StoryNo(5),
                at: later()
            }
        )
    );
    let mut homes: Vec<(u64, u64)> = digest
        .batch
        .articles
        .iter()
        .map(|article| (article.no.0, article.story.0))
        .collect();
    homes.sort_unstable();
    assert_eq!(homes, [(2, 5), (100, 5)]);
}

const RICE: (&str, &str) = (
    "Giá lúa tăng nhẹ phiên đầu tuần ở miền Tây",
    "Thương lái mua tại ruộng với giá cao hơn tuần trước, nông dân chờ phiên sau mới bán.",
);

fn rice(id: &str) -> Entry {
    wording(RICE.0, RICE.1, entry(id))
}

fn pottery(id: &str) -> Entry {
    wording(TITLE, LEDE, entry(id))
}

fn story_of(digest: &Digest, no: u64) -> Story {
    let stories = digest.batch.stories.iter();
    let found: Vec<&Story> = stories.filter(|story| story.no == StoryNo(no)).collect();
    (*only(&found)).clone()
}

#[test]
fn an_article_that_becomes_a_copy_joins_and_its_own_story_leads_there() {
    // Whether its own story is the younger, since it left once, or the elder, since its title was wrong at first.
    for (own_story, theirs_story) in [(9, 4), (4, 9)] {
        let theirs = article(7, OTHER, theirs_story, pottery("x"));
        let own = article(8, OWN, own_story, rice("a"));
        let edited = wording(TITLE, &format!("TTXVN - {LEDE}"), entry("a"));
        let known = with_alike(known(OWN, &[theirs.clone(), own.clone()]), OWN, &edited);
        let digest = check(&known, vec![edited]);
        let joined = story_of(&digest, theirs_story);
        assert_eq!(joined.articles, [theirs.no, own.no]);
        assert_eq!(
            (joined.published_at, joined.dated_by, joined.standing),
            (theirs.published_at, theirs.no, Standing::Shown)
        );
        let left = story_of(&digest, own_story);
        let into = StoryNo(theirs_story);
        assert_eq!(left.standing, Standing::Fused { into, at: later() });
        assert_eq!(
            (left.articles, left.former_articles),
            (vec![], vec![own.no])
        );
        let moved = only(&digest.batch.articles);
        assert_eq!((moved.no, moved.story), (own.no, into));
        assert_eq!(moved.published_at, own.published_at);
        assert_eq!((digest.report.fused, digest.report.copies), (1, 0));
        assert_eq!(digest.batch.next_story, 0);
    }
}

#[test]
fn an_article_that_leaves_goes_where_it_belongs_now() {
    let stored = [
        article(7, OTHER, 4, pottery("x")),
        article(8, OWN, 4, pottery("a")),
        article(9, OTHER, 5, rice("y")),
    ];
    let edited = rice("a");
    let known = with_alike(known(OWN, &stored), OWN, &edited);
    let digest = check(&known, vec![edited]);
    assert_eq!(story_of(&digest, 4).articles, [ArticleNo(7)]);
    assert_eq!(story_of(&digest, 5).articles, [ArticleNo(9), ArticleNo(8)]);
    assert_eq!(
        (digest.batch.stories.len(), digest.batch.next_story),
        (2, 0)
    );
}

#[test]
fn an_edit_joins_no_story_that_the_source_is_in() {
    let stored = [
        article(6, OWN, 4, pottery("b")),
        article(7, OTHER, 4, pottery("x")),
        article(8, OWN, 9, rice("a")),
    ];
    let edited = pottery("a");
    let known = with_alike(known(OWN, &stored), OWN, &edited);
    let digest = check(&known, vec![pottery("b"), edited]);
    assert_eq!(only(&digest.batch.articles).story, StoryNo(9));
    assert_eq!(only(&digest.batch.stories).standing, Standing::Shown);
}

#[test]
fn an_article_edited_into_what_was_taken_down_is_not_shown() {
    // What was taken down is another source's, or an entry of the source itself.
    for (whose, own_is_alone, expected) in [
        (
            OTHER,
            true,
            Standing::Fused {
                into: StoryNo(3),
                at: later(),
            },
        ),
        (OTHER, false, Standing::Shown),
        (OWN, true, Standing::Retracted { at: later() }),
        (OWN, false, Standing::Shown),
    ] {
        let mut stored = vec![
            article(6, whose, 3, pottery("down")),
            article(8, OWN, 4, rice("a")),
        ];
        if !own_is_alone {
            stored.push(article(9, OTHER, 4, rice("x")));
        }
        let mut known = known(OWN, &stored);
        retracted(&mut known, 3, noon());
        let digest = check(&known, vec![pottery("a")]);
        assert_eq!(story_of(&digest, 4).standing, expected, "{whose}");
        let article = only(&digest.batch.articles);
        let home = match (whose, own_is_alone) {
            (OWN, true) => 4,
            (OWN, false) => 50,
            (_, _) => 3,
        };
        assert_eq!(article.story, StoryNo(home), "{whose} {own_is_alone}");
        let home = story_of(&digest, home);
        assert!(home.standing.ended_at().is_some(), "{home:?}");
        assert!(home.articles.contains(&article.no));
    }
}

#[test]
fn rules_are_not_told_by_numbers_of_another_file() {
    let ruled = |by: &[u32], entry: Entry| Entry {
        ruled: Ruled {
            by: by.to_vec(),
            ..Ruled::default()
        },
        ..entry
    };
    let stored = [article(7, OWN, 4, ruled(&[1], entry("a")))];
    let entries = || vec![ruled(&[1, 2], entry("a")), ruled(&[2], entry("b"))];
    let fired = |judged_by: Option<ContentKey>| {
        let mut outcome = feed(entries());
        if let PollOutcome::Read { feed, .. } = &mut outcome {
            feed.judged_by = judged_by;
        }
        let digest = digest_at(&known(OWN, &stored), outcome, later());
        digest.report.fired
    };
    assert_eq!(fired(None), Firings::from([(2, 2)]));
    // What is stored is yet to be judged by the rules in force, and counted then.
    let today = Some(ContentKey::of(&["today"]));
    assert_eq!(fired(today), Firings::from([(2, 1)]));
}
