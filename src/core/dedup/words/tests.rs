use super::*;

#[track_caller]
fn check_title(one: &str, other: &str) {
    assert_eq!(of_title(one, 64), of_title(other, 64), "{one:?} {other:?}");
}

#[track_caller]
fn check_text(one: &str, other: &str) {
    assert_eq!(of_text(one, 256), of_text(other, 256), "{one:?} {other:?}");
}

#[track_caller]
fn check_other(one: &str, other: &str) {
    assert_ne!(of_text(one, 256), of_text(other, 256), "{one:?} {other:?}");
}

#[test]
fn spellings_of_one_word_are_one_word() {
    for (one, other) in [
        ("Thanh Hoá", "Thanh Hóa"),
        ("THUỶ ĐIỆN", "thủy điện"),
        ("Đà Nẵng", "Đa\u{300} Na\u{306}\u{303}ng"),
        ("Việt", "Vie\u{323}\u{302}t"),
        ("tỷ lệ, kỹ sư, quý", "tỉ lệ, kĩ sư, quí"),
        ("Ðắk Lắk", "Đắk Lắk"),
        ("“Lũ” – ‘bão’", "\"Lũ\" - 'bão'"),
        ("Công ThươngVĩnh Long", "Công Thương Vĩnh Long"),
        ("Hà\u{200b} Nội&nbsp;mưa", "Hà Nội mưa"),
        ("<p>Nước<sup>lũ</sup></p>lên", "Nướclũ lên"),
        ("UBND tỉnh họp", "Ủy ban nhân dân tỉnh họp"),
        ("TP.HCM", "thành phố Hồ Chí Minh"),
        ("TPHCM", "TP Hồ Chí Minh"),
        ("10%", "10 phần trăm"),
        ("ô tô", "ôtô"),
    ] {
        check_text(one, other);
    }
}

#[test]
fn different_words_stay_different() {
    for (one, other) in [
        ("hòa", "hóa"),
        ("tay", "tai"),
        ("thuý", "thúi"),
        ("đa", "da"),
        ("ơn", "ôn"),
        ("lũ 1", "lũ 2"),
        ("1,5", "1,6"),
        ("15", "1,5"),
    ] {
        check_other(one, other);
    }
}

#[test]
fn ways_to_write_a_number_are_one_number() {
    for (one, other) in [
        ("1.000 tấn", "1000 tấn"),
        ("1,872,200", "1.872.200"),
        ("1.872,2", "1,872.2"),
        ("1,5 triệu", "1.5 triệu"),
        ("05/06/2017", "5-6"),
        ("22.11.2026", "22/11"),
        ("ngày 22 tháng 11 năm 2026", "ngày 22/11"),
        ("từ 6 – 8/6", "từ 6 - 8/6"),
    ] {
        check_text(one, other);
    }
    for (one, other) in [("1.000", "1.0"), ("22/11", "11/22"), ("1.872,2", "1872")] {
        check_other(one, other);
    }
}

#[test]
fn what_is_no_news_goes() {
    const NEWS: &str = "mực nước sông Thạch Hãn lên trên báo động ba";
    for before in [
        "(ĐNO) - ",
        "(VTC News) – ",
        "[Video] ",
        "TTXVN - ",
        "TTO: ",
        "Dân Trí - ",
        "Hà Nội, ngày 22/11 - ",
        "(TTXVN) - Quảng Trị, 22/11 – ",
        "<p><img src=\"a>b\"></p>LNV - ",
    ] {
        check_text(&format!("{before}{NEWS}"), NEWS);
    }
    for behind in [
        " Xem thêm...",
        " <a href=\"/x\">Đọc tiếp</a>",
        " … Xem chi tiết",
        " The post Lũ lớn appeared first on Báo A.",
    ] {
        check_text(&format!("{NEWS}{behind}"), NEWS);
    }
    const TITLE: &str = "Lũ trên sông Thạch Hãn lên nhanh";
    for behind in [
        " | Báo Vĩnh Long",
        " - Báo Sơn La điện tử",
        " – Tạp chí Công Thương",
    ] {
        check_title(&format!("{TITLE}{behind}"), TITLE);
    }
}

#[test]
fn what_is_news_stays() {
    for (text, without) in [
        (
            "Ngày 22/11 - ngày hội lớn của cả tỉnh nhà",
            "ngày hội lớn của cả tỉnh nhà",
        ),
        (
            "Hà Nội: mưa lớn suốt đêm qua tại nhiều nơi",
            "mưa lớn suốt đêm qua tại nhiều nơi",
        ),
        (
            "Nước lên - dân lo chạy lũ suốt đêm qua",
            "dân lo chạy lũ suốt đêm qua",
        ),
        ("(Video)", ""),
    ] {
        check_other(text, without);
    }
    let (title, without) = (
        "Yên Bái – điểm đến hấp dẫn của vùng Tây Bắc",
        "điểm đến hấp dẫn của vùng Tây Bắc",
    );
    assert_ne!(of_title(title, 64), of_title(without, 64));
}

proptest::proptest! {
    #[test]
    fn any_text_gives_at_most_so_many_words(
        raw in "(<|>|/|b|&|;|1|2|,|\\.|-|–|\\(|\\)|:|\\||Y|y|q|u|ộ|\u{301}|\u{302}| ){0,80}",
        max in 0_usize..40,
    ) {
        proptest::prop_assert!(of_text(&raw, max).len() <= max);
        proptest::prop_assert!(of_title(&raw, max).len() <= max);
    }
}

#[test]
fn a_small_letter_is_the_same_by_one_look() {
    let mut small = 0;
    for c in '\0'..='\u{ffff}' {
        if let Some((letter, shape, tone)) = letter::small(c) {
            let base = Base {
                letter: u32::from(letter),
                mark: letter::Mark { shape, tone },
                is_upper: false,
            };
            assert_eq!(letter::of(c), Letter::Base(base), "{c:?}");
            small += 1;
        }
    }
    // Those of ASCII, and each of twelve vowels with five tones, and đ.
    assert_eq!(small, 26 + 6 * 5 + 6 * 6 + 1);
}
