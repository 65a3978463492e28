use super::*;
use crate::core::dedup::sketch::Text;
use crate::core::dedup::verdict::Relation;
use crate::core::model::fixture::noon;

const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(86_400);

fn sketch(title: &str, lede: &str) -> Sketch {
    let text = Text {
        title,
        lede,
        body: "",
    };
    Sketch::of(&text, Idf::built_in())
}

fn news(of: usize) -> Sketch {
    sketch(
        &format!("Làng nghề thứ {of} đón khách trở lại sau mưa lũ"),
        &format!(
            "Sau gần một tháng dọn bùn, các gia đình của làng {of} đã nhóm lửa mẻ gốm đầu tiên."
        ),
    )
}

fn kept(article: u64, source: u32, at: Timestamp, of: usize) -> Kept {
    Kept {
        article: ArticleNo(article),
        source: SourceNo(source),
        at,
        sketch: news(of),
    }
}

/// A window of 72 hours in which everything around `at` is loaded.
fn window(kept: Vec<Kept>, at: Timestamp) -> Window {
    let mut window = Window::new(3 * DAY);
    for span in window.around(at) {
        window.load(span, []);
    }
    kept.into_iter().for_each(|kept| window.take(kept));
    window
}

#[track_caller]
fn check(window: &mut Window, source: u32, at: Timestamp, of: usize, expected: &[u64]) {
    let found = window.alike(SourceNo(source), at, &news(of), Idf::built_in());
    let copies: Vec<u64> = found
        .iter()
        .filter(|found| matches!(found.verdict.relation, Relation::Copy(_)))
        .map(|found| found.article.0)
        .collect();
    assert_eq!(copies, expected);
}

#[test]
fn what_is_within_the_window_of_a_date_is_found() {
    let kept = vec![
        kept(1, 1, noon() - 3 * DAY, 7),
        kept(2, 2, noon() - 3 * DAY - HOUR, 7),
        kept(3, 3, noon() + 3 * DAY, 7),
        kept(4, 4, noon() + 3 * DAY + HOUR, 7),
        kept(5, 5, noon(), 8),
    ];
    check(&mut window(kept, noon()), 9, noon(), 7, &[1, 3]);
}

#[test]
fn an_article_of_the_same_source_is_not_asked_about() {
    let kept = vec![kept(1, 1, noon(), 7), kept(2, 2, noon(), 7)];
    check(&mut window(kept, noon()), 1, noon(), 7, &[2]);
}

#[test]
fn what_its_words_were_does_not_find_a_changed_article() {
    let mut window = window(vec![kept(1, 1, noon(), 7)], noon());
    window.replace(kept(1, 1, noon(), 8));
    assert_eq!(window.articles(), 1);
    check(&mut window, 2, noon(), 7, &[]);
    check(&mut window, 2, noon(), 8, &[1]);
}

#[test]
fn a_date_of_a_span_that_is_not_loaded_is_left_to_the_load() {
    let mut window = Window::new(3 * DAY);
    window.take(kept(1, 1, noon(), 7));
    assert_eq!(window.articles(), 0);
    for span in window.around(noon()) {
        let (first, last) = window.bounds(span);
        let inside = (first..=last).contains(&noon());
        window.load(span, inside.then(|| kept(1, 1, noon(), 7)));
    }
    check(&mut window, 2, noon(), 7, &[1]);
}

#[test]
fn what_is_written_while_a_span_is_read_is_in_it() {
    let mut window = Window::new(3 * DAY);
    let spans: Vec<SpanNo> = window.around(noon()).collect();
    for span in &spans {
        window.expect(*span);
    }
    window.take(kept(2, 2, noon(), 7));
    window.replace(kept(1, 1, noon(), 8));
    window.replace(kept(1, 1, noon(), 9));
    for span in &spans {
        let (first, last) = window.bounds(*span);
        let inside = (first..=last).contains(&noon());
        // The second article was written before the end of the span was read.
        let read = inside.then(|| [kept(1, 1, noon(), 7), kept(2, 2, noon(), 7)]);
        assert!(window.arrive(*span, read.into_iter().flatten()));
    }
    assert_eq!(window.articles(), 2);
    for (of, expected) in [(7, &[2][..]), (8, &[]), (9, &[1])] {
        check(&mut window, 9, noon(), of, expected);
    }
}

#[test]
fn what_is_not_expected_any_longer_does_not_arrive() {
    let mut window = Window::new(3 * DAY);
    let span = window.span_of(noon());
    assert!(!window.arrive(span, []));
    window.expect(span);
    window.load(span, [kept(1, 1, noon(), 7)]);
    assert!(!window.arrive(span, []));
    assert_eq!(window.articles(), 1);
    let other = window.span_of(noon() + 9 * DAY);
    window.expect(other);
    for _ in 0..=WRITTEN_MAX {
        window.take(kept(2, 1, noon() + 9 * DAY, 7));
    }
    assert!(!window.arrive(other, []));
    window.expect(other);
    window.expect_none();
    assert!(!window.arrive(other, []));
}

#[test]
fn an_article_that_is_edited_without_end_takes_no_more_room() {
    let mut window = window(vec![kept(1, 1, noon(), 7), kept(2, 2, noon(), 3)], noon());
    let taken = |window: &Window| -> usize {
        let spans = window.spans.values();
        spans.map(|span| span.postings.taken()).sum()
    };
    let before = taken(&window);
    for of in 0..500 {
        window.replace(kept(1, 1, noon(), of));
    }
    window.replace(kept(1, 1, noon(), 7));
    assert_eq!((window.articles(), taken(&window)), (2, before));
    check(&mut window, 9, noon(), 7, &[1]);
    check(&mut window, 9, noon(), 3, &[2]);
    check(&mut window, 9, noon(), 499, &[]);
}

#[test]
fn memory_is_bounded_however_large_the_archive_is() {
    let empty = sketch("", "");
    let mut window = Window::new(3 * DAY);
    let mut most = 0;
    // Two hundred thousand articles of two hundred days, gone through day by day, forth and back.
    for day in (0..200).chain((0..200).rev()) {
        let at = noon() + day * DAY;
        for span in window.around(at).collect::<Vec<_>>() {
            if !window.is_loaded(span) {
                let (first, _) = window.bounds(span);
                window.load(
                    span,
                    (0..3_000).map(|no| Kept {
                        article: ArticleNo(no),
                        source: SourceNo(1),
                        at: first,
                        sketch: empty.clone(),
                    }),
                );
            }
        }
        window.shrink(at);
        most = most.max(window.articles());
    }
    assert!(
        (ARTICLES_MAX - 3_000..=ARTICLES_MAX).contains(&most),
        "{most}"
    );
    assert_eq!(window.left_out(), 0);
}

#[test]
fn three_spans_hold_what_is_within_the_window() {
    for hours in [1, 6, 72, 24 * 90] {
        let reach = hours * HOUR;
        let window = Window::new(reach);
        for shift in 0..50 {
            let at = noon() + shift * 7 * HOUR;
            let spans: Vec<SpanNo> = window.around(at).collect();
            assert!(spans.len() <= 3, "{hours} h: {spans:?}");
            let (first, _) = window.bounds(spans[0]);
            let (_, last) = window.bounds(spans[spans.len() - 1]);
            assert!(first <= at - reach && at + reach <= last, "{hours} h");
        }
    }
}

#[test]
fn it_forgets_what_was_used_longest_ago_and_never_what_is_needed() {
    let mut window = Window::new(3 * DAY);
    for week in 0..600 {
        let at = noon() + week * 7 * DAY;
        for span in window.around(at) {
            window.load(span, []);
        }
        window.shrink(at);
        assert!(window.around(at).all(|span| window.is_loaded(span)));
    }
    assert!(window.spans.len() <= SPANS_MAX);
    assert!(!window.around(noon()).any(|span| window.is_loaded(span)));
}

#[test]
fn a_full_span_takes_no_more_and_says_so() {
    let mut window = window(Vec::new(), noon());
    let empty = sketch("", "");
    for article in 0..SPAN_ARTICLES_MAX + 5 {
        let kept = Kept {
            article: ArticleNo(article as u64),
            source: SourceNo(1),
            at: noon(),
            sketch: empty.clone(),
        };
        window.take(kept);
    }
    assert_eq!(window.articles(), SPAN_ARTICLES_MAX);
    assert_eq!(window.left_out(), 5);
}

#[test]
fn words_that_everybody_prints_find_nobody_but_cost_nothing() {
    let at = noon();
    let kept = (0..200)
        .map(|no| kept(no, u32::try_from(no).expect("small"), at, 7))
        .collect();
    let mut window = window(kept, at);
    let found = window.alike(SourceNo(999), at, &news(7), Idf::built_in());
    assert!(found.len() <= CANDIDATES_MAX);
}

#[test]
fn the_order_of_coming_does_not_change_what_is_found() {
    let articles: Vec<Kept> = (0..40)
        .map(|no| kept(no, 1, noon(), usize::try_from(no % 9).expect("small")))
        .collect();
    let mut backwards = articles.clone();
    backwards.reverse();
    let [mut one, mut other] = [articles, backwards].map(|kept| window(kept, noon()));
    for of in 0..9 {
        let (news, idf) = (news(of), Idf::built_in());
        let found = one.alike(SourceNo(2), noon(), &news, idf);
        assert_eq!(found, other.alike(SourceNo(2), noon(), &news, idf));
    }
}
