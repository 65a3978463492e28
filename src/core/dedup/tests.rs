use super::*;
use crate::core::model::SourceFacts;
use crate::core::model::fixture::{
    article, at, entry, known, saying, source, titled, with_alike, wording,
};

const TEXT: &str = "làng nghề gốm Thanh Hà đón khách trở lại sau mưa lũ";

fn roster() -> Roster {
    Roster::new([source(1, "a.vn"), source(2, "b.vn")])
}

/// What becomes of the last of `answer`, an answer of source 2, when source 1 and 2 have `stored`.
#[track_caller]
fn check(
    stored: &[Article],
    answer: &[Entry],
    identity: Identity,
    join: Option<(u64, JoinReason)>,
) {
    check_in(&roster(), stored, answer, identity, join);
}

#[track_caller]
fn check_in(
    roster: &Roster,
    stored: &[Article],
    answer: &[Entry],
    identity: Identity,
    join: Option<(u64, JoinReason)>,
) {
    let known = known(2, stored);
    let mut judge = Judge::new(SourceNo(2), answer, &known, roster);
    let mut last = None;
    for entry in answer {
        let found = judge.identify(entry);
        let joined = (found == Identity::New)
            .then(|| judge.join(entry))
            .flatten();
        last = Some((found, joined));
    }
    let join = join.map(|(story, reason)| Join {
        story: StoryNo(story),
        reason,
    });
    assert_eq!(last, Some((identity, join)));
}

#[test]
fn a_known_id_is_the_stored_entry() {
    let stored = article(7, 2, 7, entry("x"));
    check(
        &[stored],
        &[entry("x")],
        Identity::Stored(ArticleNo(7)),
        None,
    );
}

#[test]
fn another_sources_id_says_nothing() {
    let stored = article(7, 1, 7, entry("x"));
    check(&[stored], &[entry("x")], Identity::New, None);
}

#[test]
fn a_new_id_at_a_known_address_is_the_old_entry_when_the_old_id_is_gone() {
    let stored = article(7, 2, 7, at("b.vn", "/1", entry("old")));
    let again = at("b.vn", "/1", entry("new"));
    check(&[stored], &[again], Identity::Renamed(ArticleNo(7)), None);
}

#[test]
fn a_new_id_at_a_known_address_is_new_while_the_old_id_is_listed() {
    let old = at("b.vn", "/1", entry("old"));
    let stored = article(7, 2, 7, old.clone());
    let again = at("b.vn", "/1", entry("new"));
    check(&[stored], &[old, again], Identity::New, None);
}

#[test]
fn an_address_that_an_answer_gives_twice_renames_nothing() {
    let stored = article(7, 2, 7, at("b.vn", "/1", entry("old")));
    let answer = [
        at("b.vn", "/1", entry("new")),
        at("b.vn", "/1", entry("newer")),
    ];
    check(&[stored], &answer, Identity::New, None);
}

#[test]
fn a_bare_host_renames_nothing() {
    let stored = article(7, 2, 7, at("b.vn", "/", entry("old")));
    check(
        &[stored],
        &[at("b.vn", "/", entry("new"))],
        Identity::New,
        None,
    );
}

#[test]
fn an_address_that_has_several_entries_already_renames_nothing() {
    let stored = [
        article(7, 2, 7, at("b.vn", "/1", entry("old"))),
        article(8, 2, 8, at("b.vn", "/1", entry("older"))),
    ];
    check(
        &stored,
        &[at("b.vn", "/1", entry("new"))],
        Identity::New,
        None,
    );
}

#[test]
fn the_same_text_is_the_same_story() {
    let stored = article(7, 1, 5, saying(TEXT, entry("x")));
    let copy = saying(TEXT, entry("y"));
    check(
        &[stored],
        &[copy],
        Identity::New,
        Some((5, JoinReason::Text)),
    );
}

#[test]
fn the_same_text_of_one_source_is_two_stories() {
    let stored = article(7, 2, 5, saying(TEXT, entry("x")));
    check(&[stored], &[saying(TEXT, entry("y"))], Identity::New, None);
}

#[test]
fn a_story_takes_one_article_of_a_source() {
    let stored = [
        article(7, 1, 5, saying(TEXT, entry("x"))),
        article(8, 2, 5, saying(TEXT, entry("y"))),
    ];
    check(&stored, &[saying(TEXT, entry("z"))], Identity::New, None);
}

#[test]
fn two_entries_of_one_answer_do_not_join_one_story() {
    let stored = article(7, 1, 5, saying(TEXT, entry("x")));
    let answer = [saying(TEXT, entry("y")), saying(TEXT, entry("z"))];
    check(&[stored], &answer, Identity::New, None);
}

#[test]
fn the_eldest_of_several_stories_is_joined() {
    let stored = [
        article(7, 1, 6, saying(TEXT, entry("x"))),
        article(8, 3, 5, saying(TEXT, entry("y"))),
    ];
    let joined = Some((5, JoinReason::Text));
    check(&stored, &[saying(TEXT, entry("z"))], Identity::New, joined);
}

#[test]
fn one_address_joins_nothing_when_a_stranger_points_at_it() {
    let stored = article(
        7,
        1,
        5,
        at("a.vn", "/1", titled("Gốm Thanh Hà", entry("x"))),
    );
    let stranger = at("a.vn", "/1", titled("Trúng thưởng lớn", entry("y")));
    check(&[stored], &[stranger], Identity::New, None);
}

#[test]
fn one_address_is_one_story_where_titles_agree() {
    let stored = article(
        7,
        1,
        5,
        at("a.vn", "/1", titled("Gốm Thanh Hà", entry("x"))),
    );
    let guest = at("a.vn", "/1", titled("Gốm Thanh Hà", entry("y")));
    check(
        &[stored],
        &[guest],
        Identity::New,
        Some((5, JoinReason::Address)),
    );
}

#[test]
fn one_address_is_one_story_where_both_own_the_host() {
    let both = Roster::new([
        source(1, "a.vn"),
        SourceFacts {
            hosts: vec!["b.vn".into(), "a.vn".into()],
            ..source(2, "b.vn")
        },
    ]);
    let stored = article(
        7,
        1,
        5,
        at("a.vn", "/1", titled("Gốm Thanh Hà", entry("x"))),
    );
    let other = at("a.vn", "/1", titled("Gốm Thanh Hà đón khách", entry("y")));
    check_in(
        &both,
        &[stored],
        &[other],
        Identity::New,
        Some((5, JoinReason::Address)),
    );
}

#[test]
fn a_claimed_site_owns_no_host_that_is_configured_for_another() {
    let claimed = Roster::new([
        source(1, "a.vn"),
        SourceFacts {
            claimed_host: Some("a.vn".into()),
            ..source(2, "b.vn")
        },
    ]);
    assert!(!claimed.owns(SourceNo(2), "a.vn"));
    let unclaimed = Roster::new([SourceFacts {
        claimed_host: Some("c.vn".into()),
        ..source(2, "b.vn")
    }]);
    assert!(unclaimed.owns(SourceNo(2), "c.vn"));
}

#[test]
fn an_address_that_a_source_gives_to_several_entries_joins_nothing() {
    let title = |id| at("a.vn", "/1", titled("Gốm Thanh Hà", entry(id)));
    let stored = [article(7, 1, 5, title("x")), article(8, 1, 6, title("y"))];
    check(&stored, &[title("z")], Identity::New, None);
    let stored = [article(7, 1, 5, title("x"))];
    check(&stored, &[title("y"), title("z")], Identity::New, None);
}

#[test]
fn titles_alone_join_nothing() {
    let stored = article(
        7,
        1,
        5,
        at("a.vn", "/1", titled("Gốm Thanh Hà", entry("x"))),
    );
    let other = at("b.vn", "/9", titled("Gốm Thanh Hà", entry("y")));
    check(&[stored], &[other], Identity::New, None);
}

const TITLE: &str = "Làng gốm Thanh Hà đón khách trở lại sau mưa lũ";
const LEDE: &str = "Sau gần một tháng dọn bùn và sửa lò, các gia đình làm gốm bên sông Thu Bồn đã nhóm lửa mẻ đầu tiên.";

/// A copy of the story in other words.
fn retouched(id: &str) -> Entry {
    wording(
        &format!("{TITLE} | Báo Làng"),
        &format!("(ĐNO) - {LEDE} Xem thêm"),
        entry(id),
    )
}

/// Where an entry of source 2 goes when everything stored is alike, and what it bridges.
fn place(stored: &[Article], entry: &Entry) -> (Option<(u64, JoinReason)>, Vec<Bridge>) {
    let known = with_alike(known(2, stored), 2, entry);
    let roster = roster();
    let mut judge = Judge::new(SourceNo(2), std::slice::from_ref(entry), &known, &roster);
    let join = judge.join(entry).map(|join| (join.story.0, join.reason));
    (join, judge.bridges())
}

#[test]
fn a_copy_in_other_words_joins() {
    let stored = article(7, 1, 5, wording(TITLE, LEDE, entry("x")));
    let placed = place(&[stored], &retouched("y"));
    assert_eq!(placed, (Some((5, JoinReason::Copy)), Vec::new()));
}

#[test]
fn a_copy_joins_no_story_that_its_source_is_in() {
    let stored = [
        article(7, 1, 5, wording(TITLE, LEDE, entry("x"))),
        article(8, 2, 5, wording("Tin khác", "Một tin khác hẳn", entry("z"))),
    ];
    assert_eq!(place(&stored, &retouched("y")), (None, Vec::new()));
}

#[test]
fn a_copy_of_two_stories_joins_the_elder_and_bridges_them() {
    let stored = [
        article(7, 1, 6, wording(TITLE, LEDE, entry("x"))),
        article(8, 3, 5, retouched("z")),
    ];
    let bridge = Bridge {
        elder: StoryNo(5),
        younger: StoryNo(6),
    };
    let placed = place(
        &stored,
        &wording(TITLE, &format!("{LEDE} Vui lắm."), entry("y")),
    );
    assert_eq!(placed, (Some((5, JoinReason::Copy)), vec![bridge]));
}

#[test]
fn stories_with_a_source_in_common_are_not_bridged() {
    let stored = [
        article(7, 1, 6, wording(TITLE, LEDE, entry("x"))),
        article(8, 1, 5, retouched("z")),
    ];
    let placed = place(
        &stored,
        &wording(TITLE, &format!("{LEDE} Vui lắm."), entry("y")),
    );
    assert_eq!(placed, (Some((5, JoinReason::Copy)), Vec::new()));
}

#[test]
fn stories_that_are_told_apart_are_not_bridged() {
    let number = |count: u32, id| {
        wording(
            &format!("{TITLE}: {count} lò"),
            &format!("{LEDE} Có {count} lò."),
            entry(id),
        )
    };
    let stored = [
        article(7, 1, 6, number(12, "x")),
        article(8, 3, 5, number(15, "z")),
    ];
    let placed = place(&stored, &wording(TITLE, LEDE, entry("y")));
    assert_eq!(placed, (Some((5, JoinReason::Copy)), Vec::new()));
}

#[test]
fn what_is_late_joins_by_its_full_text_alone() {
    let body: String = (0..80)
        .map(|at| format!("Câu thứ {at} kể về chiếc bình số {at}. "))
        .collect();
    let late = |entry: Entry, stored: Article| {
        let mut known = with_alike(known(2, &[stored]), 2, &entry);
        for alike in known.alike.values_mut().flatten() {
            alike.is_late = true;
        }
        let roster = roster();
        let mut judge = Judge::new(SourceNo(2), std::slice::from_ref(&entry), &known, &roster);
        judge.join(&entry).map(|join| join.reason)
    };
    let stored = article(7, 1, 5, wording(TITLE, LEDE, entry("x")));
    assert_eq!(late(retouched("y"), stored.clone()), None);
    let whole = |entry: Entry| Entry {
        content: Some(body.clone()),
        ..entry
    };
    let stored = Article {
        entry: whole(stored.entry),
        ..stored
    };
    assert_eq!(late(whole(retouched("y")), stored), Some(JoinReason::Copy));
}

#[test]
fn an_article_leaves_when_it_says_nothing_its_story_says() {
    let own = article(8, 2, 5, retouched("y"));
    let stored = [
        article(7, 1, 5, wording(TITLE, LEDE, entry("x"))),
        own.clone(),
    ];
    let known = known(2, &stored);
    let roster = roster();
    let judge = Judge::new(SourceNo(2), &[], &known, &roster);
    let longer = wording(
        TITLE,
        &format!("{LEDE} Cập nhật: khách đã kín phòng."),
        entry("y"),
    );
    assert!(!judge.leaves(&own, &longer));
    let other = wording(
        "Giá lúa tăng nhẹ phiên đầu tuần ở miền Tây",
        "Thương lái mua tại ruộng với giá cao.",
        entry("y"),
    );
    assert!(judge.leaves(&own, &other));
    let alone = article(9, 2, 9, retouched("w"));
    assert!(!judge.leaves(&alone, &other));
}

#[test]
fn a_twin_of_one_article_joins_none_of_its_story() {
    let number = |count: u32, id| wording(&format!("{TITLE}: {count} lò"), LEDE, entry(id));
    let stored = [
        article(7, 1, 5, wording(TITLE, LEDE, entry("x"))),
        article(8, 3, 5, number(15, "z")),
    ];
    assert_eq!(place(&stored, &number(12, "y")), (None, Vec::new()));
    assert_eq!(
        place(&stored, &number(15, "y")).0,
        Some((5, JoinReason::Text))
    );
}

/// Three briefs of one morning, and the round-up that prints them one after the other.
const BRIEFS: [(&str, &str); 3] = [
    (
        "Cầu dân sinh ở cù lao thông xe",
        "Cây cầu bê tông nối cù lao với chợ xã vừa thông xe, học sinh không còn phải đi đò trong mùa nước nổi.",
    ),
    (
        "Nghề dệt chiếu được ghi danh di sản",
        "Nghề dệt chiếu ven sông được ghi danh di sản phi vật thể, nghệ nhân mở lớp dạy cho người trẻ vào cuối tuần.",
    ),
    (
        "Hội thi gói bánh tét khai mạc",
        "Hội thi gói bánh tét quy tụ nhiều đội của các xã, phần thi nấu bánh kéo dài suốt đêm trên sân đình.",
    ),
];

#[test]
fn a_round_up_is_a_copy_of_none_of_the_articles_it_holds() {
    let whole: Vec<String> = BRIEFS
        .iter()
        .map(|(title, lede)| format!("{title}: {lede}"))
        .collect();
    let round_up = wording("Điểm tin sáng cuối tuần", &whole.join(" "), entry("y"));
    let briefs = [(7_u64, 1, 5), (8, 3, 6), (9, 4, 7)];
    let stored: Vec<Article> = BRIEFS
        .iter()
        .zip(briefs)
        .map(|((title, lede), (no, source, story))| {
            article(no, source, story, wording(title, lede, entry(title)))
        })
        .collect();
    assert_eq!(place(&stored, &round_up), (None, Vec::new()));
    // And the other way round.
    let stored = [article(7, 1, 5, round_up)];
    for (title, lede) in BRIEFS {
        let brief = wording(title, lede, entry(title));
        assert_eq!(place(&stored, &brief), (None, Vec::new()), "{title}");
    }
}

#[test]
fn what_a_third_article_holds_together_is_one_story_only_when_it_is_alike_by_itself() {
    let (first, second) = (BRIEFS[0], BRIEFS[1]);
    let address = |entry| at("mot.vn", "/1", entry);
    let stored = [
        article(7, 1, 6, wording(first.0, first.1, entry("x"))),
        article(8, 3, 5, address(wording(second.0, second.1, entry("z")))),
    ];
    let mut both = address(wording(first.0, first.1, entry("y")));
    both.title_key = stored[1].entry.title_key;
    let (join, bridges) = place(&stored, &both);
    assert!(join.is_some());
    assert_eq!(bridges, []);
}

#[test]
fn whatever_came_first_a_round_up_of_two_stories_makes_them_no_one() {
    let (first, second) = (BRIEFS[0], BRIEFS[1]);
    let both = |id| {
        let text = format!("{} {}", first.1, second.1);
        wording(first.0, &text, entry(id))
    };
    let brief = |(title, lede): (&str, &str), id| wording(title, lede, entry(id));
    // The round-up is a copy of each, by its length and its title.
    for alone in [first, second] {
        let stored = [article(7, 1, 5, brief(alone, "x"))];
        assert!(place(&stored, &both("y")).0.is_some(), "{}", alone.0);
    }
    let apart = [
        article(7, 1, 5, brief(first, "x")),
        article(8, 3, 6, brief(second, "z")),
    ];
    let joined = Some((5, JoinReason::Copy));
    assert_eq!(place(&apart, &both("y")), (joined, Vec::new()));
    let with_one = [
        article(7, 1, 5, brief(first, "x")),
        article(8, 3, 5, both("z")),
    ];
    assert_eq!(place(&with_one, &brief(second, "y")).0, None);
}

#[test]
fn what_was_taken_down_joins_nothing_that_is_shown_whatever_address_it_stands_at() {
    let down = || saying(TEXT, titled("Gốm Thanh Hà", entry("x")));
    let shown = at("a.vn", "/1", titled("Gốm Thanh Hà", entry("s")));
    let again = at("a.vn", "/1", down());
    // The elder is shown, and both have the address or the text of what comes; the other is of the source itself.
    for (source, expected) in [(3, Some((6, JoinReason::Text))), (2, None)] {
        let stored = [
            article(7, 1, 5, shown.clone()),
            article(8, source, 6, down()),
        ];
        let mut known = known(2, &stored);
        let at = crate::core::model::fixture::noon();
        if let Some(story) = known.stories.get_mut(&StoryNo(6)) {
            story.standing = crate::core::model::Standing::Retracted { at };
        }
        let roster = roster();
        let answer = Entry {
            key: EntryKey::of(&["again"]),
            ..again.clone()
        };
        let mut judge = Judge::new(SourceNo(2), std::slice::from_ref(&answer), &known, &roster);
        let join = judge.join(&answer);
        let join = join.map(|join| (join.story.0, join.reason));
        assert_eq!(join, expected, "source {source}");
    }
}
