use super::*;
use crate::core::model::SourceFacts;
use crate::core::model::fixture::{self, article, at, dated, noon, source, story, titled};
use std::time::Duration;

fn told(articles: Vec<Article>) -> Told {
    Told {
        story: story(1, &articles),
        articles,
    }
}

fn mint() -> Mint {
    Mint {
        authority: "tin.vn".into(),
        date: "2026-11-22".into(),
        store: "k3x9".into(),
    }
}

fn article_at(no: u64, source: u32, host: &str) -> Article {
    let date = noon() + Duration::from_secs(no * 60);
    article(
        no,
        source,
        1,
        at(
            host,
            "/1",
            dated(date, titled(&format!("bài {no}"), fixture::entry("x"))),
        ),
    )
}

#[track_caller]
fn check_shown(roster: &Roster, told: &Told, expected: u64) {
    assert_eq!(
        shown(told, roster).map(|article| article.no.0),
        Some(expected)
    );
}

#[test]
fn the_earliest_article_shows_a_story() {
    let roster = Roster::new([source(1, "a.vn"), source(2, "b.vn")]);
    let told = told(vec![article_at(4, 2, "b.vn"), article_at(9, 1, "a.vn")]);
    check_shown(&roster, &told, 4);
}

#[test]
fn the_earliest_is_so_by_its_date_and_of_equal_dates_by_when_it_was_taken_in() {
    let roster = Roster::new([source(1, "a.vn"), source(2, "b.vn")]);
    let minutes_ago = |no, source, host, minutes: u64| Article {
        published_at: noon() - Duration::from_secs(60 * minutes),
        ..article_at(no, source, host)
    };
    for (first, second, expected) in [(5, 9, 9), (9, 5, 4), (5, 5, 4)] {
        let told = told(vec![
            minutes_ago(4, 2, "b.vn", first),
            minutes_ago(9, 1, "a.vn", second),
        ]);
        check_shown(&roster, &told, expected);
    }
    // However early it says it is, a guest is a guest.
    let told = told(vec![
        minutes_ago(4, 2, "b.vn", 5),
        minutes_ago(9, 1, "b.vn", 9),
    ]);
    check_shown(&roster, &told, 4);
}

#[test]
fn the_higher_priority_shows_a_story_whoever_came_first() {
    let favoured = SourceFacts {
        priority: 5,
        ..source(1, "a.vn")
    };
    let roster = Roster::new([favoured, source(2, "b.vn")]);
    let told = told(vec![article_at(4, 2, "b.vn"), article_at(9, 1, "a.vn")]);
    check_shown(&roster, &told, 9);
}

#[test]
fn a_guest_never_shows_what_the_owner_carries_whatever_its_priority() {
    let favoured = SourceFacts {
        priority: 5,
        ..source(2, "b.vn")
    };
    let roster = Roster::new([source(1, "a.vn"), favoured]);
    let told = told(vec![article_at(4, 2, "a.vn"), article_at(9, 1, "a.vn")]);
    check_shown(&roster, &told, 9);
}

#[test]
fn a_guest_shows_what_the_owner_does_not_carry() {
    let roster = Roster::new([source(1, "a.vn"), source(2, "b.vn"), source(3, "c.vn")]);
    let told = told(vec![article_at(4, 2, "a.vn"), article_at(9, 3, "c.vn")]);
    check_shown(&roster, &told, 4);
}

#[test]
fn the_others_are_copies_by_their_sources_names() {
    let roster = Roster::new([source(1, "a.vn"), source(2, "b.vn")]);
    let told = told(vec![article_at(4, 2, "b.vn"), article_at(9, 1, "a.vn")]);
    let entry = entry_of(&told, &roster);
    let copies: Vec<_> = entry
        .copies
        .iter()
        .map(|copy| (copy.url.as_str(), copy.source_title.as_str()))
        .collect();
    assert_eq!(copies, [("https://a.vn/1", "Báo 1")]);
    assert_eq!(entry.id, "tag:tin.vn,2026-11-22:k3x9-1");
    assert_eq!(entry.source.title, "Báo 2");
}

fn entry_of(told: &Told, roster: &Roster) -> EntryView {
    entry(told, roster, &mint(), std::iter::empty()).expect("a story with articles")
}

#[test]
fn a_sources_own_feed_shows_its_own_article_with_its_own_date() {
    let roster = Roster::new([source(1, "a.vn"), source(2, "b.vn")]);
    let told = told(vec![article_at(4, 2, "b.vn"), article_at(9, 1, "a.vn")]);
    let own = entry_of_source(&told, SourceNo(1), &roster, &mint()).expect("it carries the story");
    assert_eq!(own.title, "bài 9");
    assert_eq!(own.published_at, noon() + Duration::from_secs(540));
    assert_eq!(own.id, entry_of(&told, &roster).id);
    assert_eq!(entry_of_source(&told, SourceNo(3), &roster, &mint()), None);
}

#[test]
fn the_storys_date_stays_whoever_shows_it() {
    let favoured = SourceFacts {
        priority: 5,
        ..source(1, "a.vn")
    };
    let roster = Roster::new([favoured, source(2, "b.vn")]);
    let told = told(vec![article_at(4, 2, "b.vn"), article_at(9, 1, "a.vn")]);
    let entry = entry_of(&told, &roster);
    assert_eq!(entry.published_at, noon() + Duration::from_secs(240));
    assert!(entry.updated_at >= entry.published_at);
}

#[test]
fn a_copys_tag_is_shown_only_where_the_feed_is_narrowed_by_it() {
    use crate::core::model::fixture::tagged;
    let roster = Roster::new([source(1, "a.vn"), source(2, "b.vn")]);
    let mut copy = article_at(9, 1, "a.vn");
    copy.entry = tagged(Scheme::Topic, "ocop", copy.entry);
    let told = told(vec![article_at(4, 2, "b.vn"), copy]);
    assert_eq!(entry_of(&told, &roster).tags, []);
    let narrowing = [(Scheme::Topic, "ocop"), (Scheme::Topic, "lang-nghe")];
    let narrowed = entry(&told, &roster, &mint(), narrowing.into_iter()).expect("it has articles");
    let terms: Vec<&str> = narrowed.tags.iter().map(|tag| tag.term.as_str()).collect();
    assert_eq!(terms, ["ocop"]);
}
