use super::*;
use crate::core::dedup::sketch::Text;

const TITLE: &str = "Làng gốm Thanh Hà đón khách trở lại sau mưa lũ";
const LEDE: &str = "Sau gần một tháng dọn bùn và sửa lò, các gia đình làm gốm bên sông Thu Bồn đã nhóm lửa mẻ đầu tiên, \
    mời du khách quay lại nặn thử chiếc bình của riêng mình.";

/// A full text of this many sentences, each unlike the others.
fn body(from: usize, sentences: usize) -> String {
    const WHO: [&str; 7] = [
        "bà con",
        "nghệ nhân",
        "hợp tác xã",
        "du khách",
        "cán bộ xã",
        "thợ lò",
        "học sinh",
    ];
    const WHAT: [&str; 5] = [
        "chở đất sét",
        "sửa mái lò",
        "nung mẻ bình",
        "vẽ hoa văn",
        "quét bùn",
    ];
    const WHERE: [&str; 9] = [
        "ven sông",
        "đầu làng",
        "bên đình",
        "ngoài chợ",
        "sau vườn",
        "trên bãi",
        "cạnh cầu",
        "giữa sân",
        "dưới bến",
    ];
    (from..from + sentences)
        .map(|at| {
            format!(
                "{} {} {} từ sớm. ",
                WHO[at % 7],
                WHAT[at % 5],
                WHERE[at % 9]
            )
        })
        .collect()
}

fn text<'a>(title: &'a str, lede: &'a str, body: &'a str) -> Text<'a> {
    Text { title, lede, body }
}

#[track_caller]
fn check(one: Text<'_>, other: Text<'_>, expected: Relation) {
    let idf = Idf::built_in();
    let [one, other] = [one, other].map(|text| Sketch::of(&text, idf));
    let verdict = Probe::new(&one, idf).verdict(&other);
    assert_eq!(verdict.relation, expected, "{:#?}", verdict.scores);
    let back = Probe::new(&other, idf).verdict(&one);
    assert_eq!(
        back.relation, expected,
        "the other way round: {:#?}",
        back.scores
    );
}

#[test]
fn the_same_words_in_another_spelling_are_a_copy() {
    let title = "LÀNG GỐM THANH HÀ ĐÓN KHÁCH TRỞ LẠI SAU MƯA LŨ | Báo Làng";
    let lede = format!("<p>(ĐNO) - {LEDE} <a href=\"/1\">Xem thêm</a></p>");
    check(
        text(TITLE, LEDE, ""),
        text(title, &lede, ""),
        Relation::Copy(Why::Words),
    );
}

#[test]
fn a_lede_that_was_cut_is_a_copy() {
    let cut = "Sau gần một tháng dọn bùn và sửa lò, các gia đình làm gốm bên sông Thu Bồn đã…";
    check(
        text(TITLE, LEDE, ""),
        text(TITLE, cut, ""),
        Relation::Copy(Why::Words),
    );
}

#[test]
fn one_lede_under_two_titles_is_a_copy() {
    let title = "Lửa lò lại đỏ ven bờ Thu Bồn";
    check(
        text(TITLE, LEDE, ""),
        text(title, LEDE, ""),
        Relation::Copy(Why::Lede),
    );
}

#[test]
fn another_number_is_another_story() {
    let first = "Công bố danh sách 12 làng nghề được hỗ trợ đợt này";
    let second = "Công bố danh sách 15 làng nghề được hỗ trợ đợt này";
    check(
        text(first, LEDE, ""),
        text(second, LEDE, ""),
        Relation::Near(Some(Veto::Number)),
    );
}

#[test]
fn a_number_that_only_one_names_keeps_nothing_apart() {
    let longer = format!("{LEDE} Mẻ này có 120 chiếc.");
    check(
        text(TITLE, LEDE, ""),
        text(TITLE, &longer, ""),
        Relation::Copy(Why::Words),
    );
}

#[test]
fn another_province_is_another_story() {
    let first = "Hỗ trợ máy sao chè cho các hộ nghề tại Phú Thọ";
    let second = "Hỗ trợ máy sao chè cho các hộ nghề tại Lâm Đồng";
    check(
        text(first, LEDE, ""),
        text(second, LEDE, ""),
        Relation::Near(Some(Veto::Province)),
    );
}

/// One heading that every province's paper prints of its own work.
#[test]
fn one_title_over_news_of_two_provinces_is_two_stories() {
    let title = "Hỗ trợ ứng dụng máy móc, thiết bị tiên tiến vào sản xuất";
    let one =
        "Năm nay ngành công thương tỉnh Vĩnh Long đã dành kinh phí khuyến công cho năm cơ sở.";
    let other = "Từ đầu quý, hợp tác xã chè ở tỉnh Sơn La được bàn giao một dây chuyền sao hương.";
    let apart = Relation::Different(Some(Veto::Province));
    check(text(title, one, ""), text(title, other, ""), apart);
    let nowhere = "Từ đầu quý, hợp tác xã chè được bàn giao một dây chuyền sao hương.";
    let copy = Relation::Copy(Why::Title);
    check(text(title, one, ""), text(title, nowhere, ""), copy);
}

#[test]
fn one_letter_to_the_press_filled_in_for_two_provinces_is_two_stories() {
    let letter = |province: &str| format!("{} Tỉnh {province} dự kiến mở thêm lớp.", body(0, 60));
    let (one, other) = (letter("Vĩnh Long"), letter("Sơn La"));
    let lede = "Lễ bàn giao vừa diễn ra sáng nay.";
    let apart = Relation::Near(Some(Veto::Province));
    check(text(TITLE, LEDE, &one), text(TITLE, lede, &other), apart);
    let copy = Relation::Copy(Why::Body);
    check(text(TITLE, LEDE, &one), text(TITLE, lede, &one), copy);
}

#[test]
fn an_everyday_word_that_stands_for_another_in_title_and_lede_is_another_story() {
    for (one, other) in [("nam", "nữ"), ("Hậu", "Tiền"), ("điều", "tiêu")] {
        let told = |word: &str| {
            (
                format!("Khai mạc giải đua ghe {word} mở rộng mùa xuân"),
                format!(
                    "Giải đua ghe {word} mở rộng mùa xuân khai mạc sáng nay với mười hai đội ghe đến từ các xã ven sông."
                ),
            )
        };
        let (one, other) = (told(one), told(other));
        check(
            text(&one.0, &one.1, ""),
            text(&other.0, &other.1, ""),
            Relation::Near(Some(Veto::Swap)),
        );
    }
}

#[test]
fn a_word_that_stands_for_another_in_title_and_lede_is_another_story() {
    let say = |craft: &str| {
        (
            format!("Kinh nghiệm chọn mua {craft} cho ngày Tết đủ đầy"),
            format!(
                "Chỉ vài mẹo nhỏ của người trong nghề là có thể chọn mua {craft} vừa ý cho ngày Tết đủ đầy."
            ),
        )
    };
    let ((bonsai, bonsai_lede), (kumquat, kumquat_lede)) = (say("đào"), say("quất"));
    check(
        text(&bonsai, &bonsai_lede, ""),
        text(&kumquat, &kumquat_lede, ""),
        Relation::Near(Some(Veto::Swap)),
    );
}

#[test]
fn full_texts_that_agree_are_a_copy_whatever_stands_above() {
    let (own, others) = (body(0, 60), body(0, 55));
    let lede = "Du khách được mời ở lại qua đêm trong những ngôi nhà cổ vừa được phục hồi.";
    check(
        text(TITLE, LEDE, &own),
        text("Đêm bên lò lửa của người thợ già", lede, &others),
        Relation::Copy(Why::Body),
    );
}

#[test]
fn one_lede_over_two_full_texts_is_two_stories() {
    let (own, others) = (body(0, 60), body(1000, 60).replace("từ sớm", "đến khuya"));
    check(
        text(TITLE, LEDE, &own),
        text(TITLE, LEDE, &others),
        Relation::Near(Some(Veto::Body)),
    );
}

#[test]
fn a_lede_that_stands_in_the_others_full_text_is_a_copy() {
    let whole = format!("{LEDE} {}", body(0, 40));
    let own = "Gốm Thanh Hà: khách đã trở lại với làng";
    let lede = "Con đường lát gạch dẫn vào làng vừa kịp khô ráo sáng nay.";
    check(
        text(own, lede, &whole),
        text(TITLE, LEDE, ""),
        Relation::Copy(Why::Lede),
    );
}

#[test]
fn next_to_nothing_joins_nothing() {
    check(
        text("Tin vắn 22/11", "Tin vắn 22/11", ""),
        text("Tin vắn 22/11", "Tin vắn 22/11", ""),
        Relation::Different(Some(Veto::Short)),
    );
}

#[test]
fn other_news_is_different() {
    let title = "Giá lúa tăng nhẹ phiên đầu tuần";
    let lede = "Thương lái thu mua tại ruộng với giá cao hơn tuần trước, nông dân phấn khởi gieo sạ vụ mới đúng lịch.";
    check(
        text(TITLE, LEDE, ""),
        text(title, lede, ""),
        Relation::Different(None),
    );
}

#[test]
fn many_articles_can_be_held_against_one() {
    let idf = Idf::built_in();
    let own = Sketch::of(&text(TITLE, LEDE, ""), idf);
    let other = Sketch::of(
        &text("Giá lúa tăng nhẹ phiên đầu tuần ở miền Tây", "", ""),
        idf,
    );
    let mut probe = Probe::new(&own, idf);
    let first = probe.verdict(&own);
    for _ in 0..70_000 {
        probe.verdict(&other);
    }
    assert_eq!(probe.verdict(&own), first);
}

proptest::proptest! {
    #[test]
    fn it_does_not_matter_which_came_first(
        one in "([a-e]{1,2} |[1-3] |Huế |Hà Nội ){0,40}",
        other in "([a-e]{1,2} |[1-3] |Huế |Hà Nội ){0,40}",
    ) {
        let idf = Idf::built_in();
        let sketch = |text_of: &str| {
            let title = text_of.get(..20).unwrap_or(text_of);
            Sketch::of(&text(title, text_of, ""), idf)
        };
        let [one, other] = [sketch(&one), sketch(&other)];
        let there = Probe::new(&one, idf).verdict(&other);
        let back = Probe::new(&other, idf).verdict(&one);
        proptest::prop_assert_eq!(there.relation, back.relation);
    }
}
