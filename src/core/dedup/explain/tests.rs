use super::*;
use crate::core::dedup::verdict::{Relation, Veto};
use crate::core::model::fixture::{article, at, entry, wording};

const TITLE: &str = "Làng gốm Thanh Hà đón khách trở lại sau mưa lũ";
const LEDE: &str =
    "Sau gần một tháng dọn bùn và sửa lò, các gia đình làm gốm đã nhóm lửa mẻ đầu tiên.";

fn told(no: u64, source: u32, story: u64, title: &str) -> Article {
    article(
        no,
        source,
        story,
        wording(title, LEDE, at("a.vn", &format!("/{no}"), entry(title))),
    )
}

#[test]
fn a_story_is_explained_by_each_two_of_its_articles() {
    let articles = [
        told(1, 1, 1, TITLE),
        told(2, 2, 1, &format!("{TITLE} | Báo Làng")),
        told(3, 3, 1, &TITLE.to_uppercase()),
    ];
    let explanation = story(&articles, &[], &Around::default());
    let pairs: Vec<(u64, u64)> = explanation
        .copies
        .iter()
        .map(|pair| (pair.one.0, pair.other.0))
        .collect();
    assert_eq!(pairs, [(1, 2), (1, 3), (2, 3)]);
    assert!(explanation.copies.iter().all(|pair| pair.verdict.is_copy()));
    assert!(explanation.near_misses.is_empty());
}

#[test]
fn a_near_miss_says_which_veto_decided() {
    let articles = [told(1, 1, 1, &format!("{TITLE}: 12 lò"))];
    let others = [
        told(2, 2, 2, &format!("{TITLE}: 15 lò")),
        article(
            3,
            3,
            3,
            wording(
                "Giá lúa tăng nhẹ phiên đầu tuần",
                "Thương lái mua tại ruộng.",
                entry("x"),
            ),
        ),
        articles[0].clone(),
    ];
    let explanation = story(&articles, &others, &Around::default());
    let [miss] = explanation.near_misses.as_slice() else {
        panic!("{:?}", explanation.near_misses);
    };
    assert_eq!(miss.article.story, StoryNo(2));
    assert_eq!(
        miss.compared.verdict.relation,
        Relation::Near(Some(Veto::Number))
    );
}

#[test]
fn an_explanation_is_written_with_every_score() {
    let articles = [told(1, 1, 1, TITLE), told(2, 2, 1, TITLE)];
    let json =
        serde_json::to_value(story(&articles, &[], &Around::default())).expect("it can be written");
    let verdict = &json["copies"][0]["verdict"];
    assert_eq!(verdict["relation"]["copy"], "words");
    for score in [
        "contained",
        "shared",
        "title",
        "lede",
        "ledes",
        "swap",
        "body",
        "numbers",
        "provinces",
    ] {
        assert!(verdict["scores"].get(score).is_some(), "{score}");
    }
}

#[test]
fn copies_that_are_two_stories_say_why() {
    const DAY: Duration = Duration::from_secs(24 * 3600);
    let down = Standing::Retracted {
        at: crate::core::model::fixture::noon(),
    };
    let own = [told(1, 1, 1, TITLE), told(2, 2, 1, TITLE)];
    let copy = told(3, 3, 2, &format!("{TITLE} | Báo Làng"));
    let late = Article {
        published_at: copy.published_at + DAY * 4,
        ..copy.clone()
    };
    let twin = told(4, 4, 2, &format!("{TITLE}: 15 lò"));
    let numbered = [
        told(1, 1, 1, TITLE),
        told(2, 2, 1, &format!("{TITLE}: 12 lò")),
    ];
    let of_one = told(5, 2, 2, TITLE);
    for (own, others, standing, expected) in [
        (&own, vec![&copy], Standing::Shown, Apart::BothPublished),
        (
            &own,
            vec![&copy, &of_one],
            Standing::Shown,
            Apart::SameSource,
        ),
        (&own, vec![&copy], down, Apart::Retracted),
        (&own, vec![&late], Standing::Shown, Apart::Dates),
        (
            &numbered,
            vec![&copy, &twin],
            Standing::Shown,
            Apart::ToldApart,
        ),
    ] {
        let articles: Vec<Article> = others.into_iter().cloned().collect();
        let miss = articles[..1].to_vec();
        let around = Around {
            window: DAY * 3,
            homes: BTreeMap::from([(StoryNo(2), Home { standing, articles })]),
            ..Around::default()
        };
        let explanation = story(own, &miss, &around);
        let [miss] = explanation.near_misses.as_slice() else {
            panic!("{:?}", explanation.near_misses);
        };
        assert_eq!(miss.apart, Some(expected));
    }
}
