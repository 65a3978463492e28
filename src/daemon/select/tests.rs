use std::sync::Arc;

use super::*;
use crate::core::model::fixture::{article, dated, entry, noon, story, tagged};
use crate::core::model::{Batch, Mint, Scheme, SourceNo};
use crate::store::{MemoryEngine, Store};

/// 1,000 stories, one a second: every second in an-giang, every third in ha-noi, every fifth about ocop,
/// and by three sources in turn.
fn store() -> Store {
    let mint = Mint {
        authority: "tin.vn".into(),
        date: "2026-11-22".into(),
        store: "k".into(),
    };
    let mut store = Store::open(Arc::new(MemoryEngine::new()), || mint).expect("memory opens");
    let mut batch = Batch::default();
    for no in 0..1000u64 {
        let date = noon() + std::time::Duration::from_secs(no);
        let mut one = dated(date, entry(&no.to_string()));
        for (each, scheme, term) in [
            (2, Scheme::Province, "an-giang"),
            (3, Scheme::Province, "ha-noi"),
            (5, Scheme::Topic, "ocop"),
        ] {
            if no % each == 0 {
                one = tagged(scheme, term, one);
            }
        }
        let one = article(no, u32::try_from(no % 3).expect("small"), no, one);
        batch.stories.push(story(no, std::slice::from_ref(&one)));
        batch.articles.push(one);
    }
    store.apply(&batch).expect("memory takes everything");
    store
}

fn province(term: &str) -> Order {
    Order::Tagged(Scheme::Province, term.into())
}

fn ocop() -> Order {
    Order::Tagged(Scheme::Topic, "ocop".into())
}

/// Pages of `limit` through the whole selection give just the numbers that `expected` says, newest first.
#[track_caller]
fn check(groups: Vec<Vec<Order>>, limit: usize, expected: impl Fn(u64) -> bool) {
    let store = store();
    let selection = Selection { groups };
    let mut found = Vec::new();
    let mut from = From::Start;
    loop {
        let page = places(&store, &selection, from, limit).expect("memory reads");
        let Some(last) = page.last() else { break };
        assert!(page.len() <= limit);
        from = From::After(*last);
        found.extend(page.iter().map(|place| place.no));
    }
    let expected: Vec<u64> = (0..1000).rev().filter(|no| expected(*no)).collect();
    assert_eq!(found, expected);
}

#[test]
fn no_group_is_everything() {
    check(vec![], 7, |_| true);
}

#[test]
fn one_order_is_itself() {
    check(vec![vec![province("an-giang")]], 100, |no| no % 2 == 0);
}

#[test]
fn orders_of_one_group_are_or_and_give_nothing_twice() {
    check(
        vec![vec![province("an-giang"), province("ha-noi")]],
        33,
        |no| no % 2 == 0 || no % 3 == 0,
    );
}

#[test]
fn groups_are_and() {
    let groups = vec![vec![province("an-giang"), province("ha-noi")], vec![ocop()]];
    check(groups, 10, |no| no % 5 == 0 && (no % 2 == 0 || no % 3 == 0));
}

#[test]
fn sources_narrow_like_tags() {
    let groups = vec![vec![Order::CarriedBy(SourceNo(1))], vec![ocop()]];
    check(groups, 10, |no| no % 3 == 1 && no % 5 == 0);
}

#[test]
fn an_order_without_stories_leaves_nothing() {
    check(vec![vec![province("ca-mau")], vec![ocop()]], 10, |_| false);
}

#[test]
fn a_combination_is_left_where_one_part_is_and_every_other_was_never_out_of_it() {
    let mut store = store();
    let later = noon() + std::time::Duration::from_secs(5000);
    // 30 is of both provinces and about ocop; 6 of both provinces, 10 of one and about ocop.
    for no in [6, 10, 30] {
        let told = store
            .whole(StoryNo(no))
            .expect("memory reads")
            .expect("it is there");
        let batch = crate::core::standing::retract(&told.story, later);
        store
            .apply(&batch.expect("it is shown"))
            .expect("memory takes everything");
    }
    let left = |groups: Vec<Vec<Order>>, limit: usize| -> Vec<u64> {
        let places = left(&store, &Selection { groups }, noon(), limit);
        let places = places.expect("memory reads").into_iter();
        places.map(|place| place.no).collect()
    };
    for (groups, expected) in [
        (vec![], &[6, 10, 30][..]),
        (vec![vec![ocop()]], &[10, 30]),
        (vec![vec![province("an-giang")], vec![ocop()]], &[10, 30]),
        (
            vec![vec![province("an-giang")], vec![province("ha-noi")]],
            &[6, 30],
        ),
        (
            vec![vec![province("ha-noi"), province("an-giang")]],
            &[6, 10, 30],
        ),
        (vec![vec![province("ca-mau")], vec![ocop()]], &[]),
    ] {
        assert_eq!(left(groups.clone(), 9), expected, "{groups:?}");
        let first = &expected[..expected.len().min(1)];
        assert_eq!(left(groups.clone(), 1), first, "{groups:?}");
    }
    let since = later + std::time::Duration::from_secs(1);
    let groups = vec![vec![province("an-giang")], vec![ocop()]];
    let none = super::left(&store, &Selection { groups }, since, 9);
    assert_eq!(none, Ok(Vec::new()));
}
