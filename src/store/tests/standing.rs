//! What is found of stories that are hidden, held, retracted and fused.

use super::*;
use crate::core::model::{Roster, Ruled, Verdict};
use crate::core::standing;

fn left(store: &StoreReader, order: &Order) -> Vec<u64> {
    numbers(&store.left(order, From::Start, 100).expect("readable"))
}

fn hue() -> Order {
    Order::Tagged(Scheme::Province, "hue".into())
}

fn ocop() -> Order {
    Order::Tagged(Scheme::Topic, "ocop".into())
}

/// Article 0 of source 1 is of Huế, its copy 1 of source 2 about OCOP.
fn two_copies() -> [Article; 2] {
    [
        article(0, 1, 0, tagged(Scheme::Province, "hue", entry("a"))),
        article(1, 2, 0, tagged(Scheme::Topic, "ocop", entry("b"))),
    ]
}

fn ruled(article: &Article, verdict: Verdict, at: Timestamp) -> Batch {
    let mut judged = article.clone();
    judged.entry.ruled = Ruled {
        verdict,
        by: vec![1],
    };
    judged.settle(article.ruling(), at);
    Batch {
        articles: vec![judged],
        ..Batch::default()
    }
}

const NONE: [u64; 0] = [];

#[test]
fn an_article_that_is_dropped_leaves_its_own_feeds_and_the_story_stays_by_its_copy() {
    on_each(|mut store| {
        let copies = two_copies();
        store.apply(&batch(copies.to_vec())).expect("writable");
        store
            .apply(&ruled(&copies[0], Verdict::Drop, noon()))
            .expect("writable");
        let own = |store: &Store, source| {
            let places = store.of_source(SourceNo(source), From::Start, 9);
            places.expect("readable").len()
        };
        assert_eq!((own(&store, 1), own(&store, 2)), (0, 1));
        assert_eq!(
            (all(&store, &Order::All), left(&store, &Order::All)),
            (vec![0], NONE.into())
        );
        assert_eq!(
            (all(&store, &hue()), left(&store, &hue())),
            (NONE.into(), vec![0])
        );
        assert_eq!(
            (all(&store, &ocop()), left(&store, &ocop())),
            (vec![0], NONE.into())
        );
        let told = store.told(StoryNo(0)).expect("readable").expect("visible");
        assert_eq!(told.articles.len(), 1);
        assert_eq!(store.counts().expect("readable").stories, 1);

        let dropped = store
            .article(copies[0].no)
            .expect("readable")
            .expect("there");
        store
            .apply(&ruled(&dropped, Verdict::Show, noon()))
            .expect("writable");
        assert_eq!(
            (all(&store, &hue()), left(&store, &hue())),
            (vec![0], NONE.into())
        );
        assert_eq!(own(&store, 1), 1);
    });
}

#[test]
fn what_was_never_shown_leaves_nothing_and_waits_in_the_list_of_the_held() {
    on_each(|mut store| {
        let mut held = article(0, 1, 0, tagged(Scheme::Province, "hue", entry("a")));
        held.custody.flood = true;
        store.apply(&batch(vec![held.clone()])).expect("writable");
        assert_eq!(all(&store, &Order::All), NONE);
        assert_eq!(left(&store, &Order::All), NONE);
        assert_eq!(store.told(StoryNo(0)).expect("readable"), None);
        let counts = store.counts().expect("readable");
        assert_eq!((counts.stories, counts.articles, counts.held), (0, 1, 1));
        let waiting = store.held(9).expect("readable");
        assert_eq!(waiting, [held]);

        let told = store.whole(StoryNo(0)).expect("readable").expect("there");
        let release = standing::release(&told.story, &told.articles, noon());
        store
            .apply(&release.expect("it is held"))
            .expect("writable");
        assert_eq!(
            (all(&store, &hue()), left(&store, &hue())),
            (vec![0], NONE.into())
        );
        let counts = store.counts().expect("readable");
        assert_eq!((counts.stories, counts.held), (1, 0));
        assert_eq!(store.held(9).expect("readable"), []);
    });
}

#[test]
fn a_story_that_became_part_of_another_left_every_feed_it_was_in() {
    on_each(|mut store| {
        let [elder, _] = two_copies();
        let younger = article(5, 3, 4, tagged(Scheme::Topic, "ocop", entry("c")));
        let both = vec![elder, younger];
        store.apply(&batch(both.clone())).expect("writable");
        let story = |store: &Store, no| store.story(StoryNo(no)).expect("readable").expect("there");
        let fused = standing::fuse(
            &story(&store, 0),
            &story(&store, 4),
            &both,
            &Roster::default(),
            noon(),
        );
        store.apply(&fused.expect("two sources")).expect("writable");
        let third = Order::CarriedBy(SourceNo(3));
        for order in [&Order::All, &ocop(), &third] {
            assert_eq!(
                (all(&store, order), left(&store, order)),
                (vec![0], vec![4]),
                "{order:?}"
            );
        }
        assert_eq!(left(&store, &hue()), NONE);
        assert_eq!(store.counts().expect("readable").stories, 1);
        let own = store
            .of_source(SourceNo(3), From::Start, 9)
            .expect("readable");
        assert_eq!(own[0].story, StoryNo(0));
    });
}

#[test]
fn the_terms_of_a_scheme_are_told_each_once() {
    on_each(|mut store| {
        let named = |no, term: &str| {
            article(
                no,
                1,
                no,
                tagged(Scheme::Document, term, entry(&no.to_string())),
            )
        };
        store
            .apply(&batch(vec![
                named(0, "1881-qd-ttg"),
                named(1, "1881-qd-ttg"),
                named(2, "1881-qd-ubnd"),
                named(3, "45-2012-nd-cp"),
            ]))
            .expect("writable");
        let terms = |start, limit| {
            store
                .terms_from(Scheme::Document, start, limit)
                .expect("readable")
        };
        assert_eq!(terms("1881", 9), ["1881-qd-ttg", "1881-qd-ubnd"]);
        assert_eq!(terms("", 2), ["1881-qd-ttg", "1881-qd-ubnd"]);
        assert_eq!(terms("9", 9), [""; 0]);
    });
}

#[test]
fn a_source_s_articles_are_gone_through_to_the_end_each_once() {
    on_each(|mut store| {
        let articles =
            (0..25).map(|no| article(no, 1 + u32::from(no > 22), no, entry(&no.to_string())));
        store.apply(&batch(articles.collect())).expect("writable");
        let mut seen = Vec::new();
        let mut after = None;
        loop {
            let (articles, last) = store
                .articles_after(SourceNo(1), after, 10)
                .expect("readable");
            seen.extend(articles.iter().map(|article| article.no.0));
            match last {
                Some(_) => after = last,
                None => break,
            }
        }
        seen.sort_unstable();
        assert_eq!(seen, (0..=22).collect::<Vec<u64>>());
    });
}
