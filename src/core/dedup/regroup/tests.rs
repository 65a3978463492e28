use super::*;
use crate::core::model::fixture::{article, at, dated, entry, noon, source, wording};
use crate::core::model::{Entry, SourceFacts};

const TITLE: &str = "Làng gốm Thanh Hà đón khách trở lại sau mưa lũ";
const LEDE: &str = "Sau gần một tháng dọn bùn và sửa lò, các gia đình làm gốm bên sông Thu Bồn đã nhóm lửa mẻ đầu tiên.";
const HOUR: Duration = Duration::from_secs(3600);
const WINDOW: Duration = Duration::from_secs(72 * 3600);

fn pottery(id: &str) -> Entry {
    wording(TITLE, &format!("TTXVN - {LEDE} Báo {id}."), entry(id))
}

fn kilns(count: u32, id: &str) -> Entry {
    wording(&format!("{TITLE}: {count} lò"), LEDE, entry(id))
}

fn rice(id: &str) -> Entry {
    wording(
        "Giá lúa tăng nhẹ phiên đầu tuần ở miền Tây",
        &format!("Thương lái mua tại ruộng với giá cao hơn tuần trước. Báo {id}."),
        entry(id),
    )
}

fn roster() -> Roster {
    Roster::new([source(1, "a.vn"), source(2, "b.vn"), source(3, "c.vn")])
}

/// Articles of as many sources, in the order they joined.
fn story(no: u64, entries: Vec<Entry>) -> Vec<Article> {
    (1..)
        .zip(entries)
        .map(|(at, entry)| article(no * 10 + u64::from(at), at, no, entry))
        .collect()
}

#[track_caller]
fn check_groups(entries: Vec<Entry>, expected: &[&[u64]]) {
    let groups = groups(&story(0, entries), &roster());
    let groups: Vec<Vec<u64>> = groups
        .iter()
        .map(|group| group.iter().map(|no| no.0).collect())
        .collect();
    assert_eq!(groups, expected);
}

#[test]
fn a_story_stays_with_its_largest_group_and_of_equal_ones_with_the_first() {
    check_groups(
        vec![pottery("a"), pottery("b"), pottery("c")],
        &[&[1, 2, 3]],
    );
    check_groups(
        vec![rice("a"), pottery("b"), pottery("c")],
        &[&[2, 3], &[1]],
    );
    check_groups(
        vec![pottery("a"), rice("b"), pottery("c")],
        &[&[1, 3], &[2]],
    );
    check_groups(vec![pottery("a"), rice("b")], &[&[1], &[2]]);
    check_groups(
        vec![pottery("a"), rice("b"), pottery("c"), rice("d")],
        &[&[1, 3], &[2, 4]],
    );
}

#[test]
fn twins_stay_together_only_by_what_is_bound_to_both() {
    check_groups(vec![kilns(12, "a"), kilns(15, "b")], &[&[1], &[2]]);
    check_groups(
        vec![kilns(12, "a"), kilns(15, "b"), pottery("c")],
        &[&[1, 2, 3]],
    );
}

#[test]
fn one_address_of_two_owners_binds_whatever_is_said_there() {
    let both = Roster::new([
        source(1, "a.vn"),
        SourceFacts {
            hosts: vec!["b.vn".into(), "a.vn".into()],
            ..source(2, "b.vn")
        },
    ]);
    let articles = story(
        0,
        vec![at("a.vn", "/1", pottery("a")), at("a.vn", "/1", rice("b"))],
    );
    assert_eq!(groups(&articles, &both).len(), 1);
    assert_eq!(groups(&articles, &roster()).len(), 2);
}

#[test]
fn two_stories_are_one_where_any_two_articles_are_copies_and_none_are_kept_apart() {
    let late = |entry| dated(noon() + 73 * HOUR, entry);
    let one = |entries| story(0, entries);
    let other = |entries| {
        let mut articles = story(1, entries);
        for article in &mut articles {
            article.source.0 += 10;
        }
        articles
    };
    for (own, there, expected) in [
        (vec![pottery("a")], vec![pottery("b")], true),
        (vec![pottery("a")], vec![rice("b")], false),
        (vec![pottery("a")], vec![late(pottery("b"))], false),
        (vec![pottery("a"), kilns(12, "c")], vec![pottery("b")], true),
        (
            vec![pottery("a"), kilns(12, "c")],
            vec![pottery("b"), kilns(15, "d")],
            false,
        ),
        // However late it is, the same text is the same story.
        (vec![kilns(12, "a")], vec![late(kilns(12, "b"))], true),
        (vec![pottery("a"), rice("c")], vec![pottery("b")], false),
    ] {
        let (own, there) = (one(own), other(there));
        assert_eq!(are_one(&own, &there, WINDOW), expected, "{own:?} {there:?}");
        assert_eq!(are_one(&there, &own, WINDOW), expected);
    }
    let same_source = story(1, vec![pottery("b")]);
    assert!(!are_one(&one(vec![pottery("a")]), &same_source, WINDOW));
}

#[test]
fn another_window_is_another_key() {
    assert_eq!(key(WINDOW), key(72 * HOUR));
    assert_ne!(key(WINDOW), key(71 * HOUR));
}
