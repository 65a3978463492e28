mod score;

use super::*;

const NOTHING: TagInput<'_> = TagInput {
    title: "",
    text: "",
    body: "",
    categories: &[],
    province: None,
    topics: &[],
};

fn terms(tagger: &Tagger, input: &TagInput<'_>, scheme: Scheme) -> Vec<String> {
    tagger
        .tags(input)
        .into_iter()
        .filter(|tag| tag.scheme == scheme)
        .map(|tag| tag.term)
        .collect()
}

#[track_caller]
fn check(scheme: Scheme, title: &str, text: &str, expected: &[&str]) {
    let input = TagInput {
        title,
        text,
        ..NOTHING
    };
    assert_eq!(
        terms(&Tagger::new(&[]), &input, scheme),
        expected,
        "{title} | {text}"
    );
}

#[track_caller]
fn check_places(title: &str, provinces: &[&str], former: &[&str]) {
    check(Scheme::Province, title, "", provinces);
    check(Scheme::FormerProvince, title, "", former);
}

#[test]
fn a_name_that_no_province_bears_leads_to_its_successor() {
    check_places("Công nghiệp Bình Định", &["gia-lai"], &["binh-dinh"]);
    check_places("Gia Lai: 5 đề án", &["gia-lai"], &[]);
    check_places("TP Bến Tre ngập", &["vinh-long"], &["ben-tre"]);
    check_places(
        "Bà Rịa – Vũng Tàu, BR-VT",
        &["ho-chi-minh"],
        &["ba-ria-vung-tau"],
    );
    check_places("Thừa Thiên - Huế", &["hue"], &[]);
    let text =
        "xã Vĩnh Sơn, huyện Vĩnh Tường, tỉnh Vĩnh Phúc (nay thuộc xã Thổ Tang, tỉnh Phú Thọ)";
    check_places(text, &["phu-tho"], &["vinh-phuc"]);
}

#[test]
fn every_province_is_found_by_its_label_and_in_capitals() {
    let tagger = Tagger::new(&[]);
    for slug in province_slugs() {
        let label = province_label(slug).unwrap();
        let input = |title| TagInput { title, ..NOTHING };
        assert_eq!(terms(&tagger, &input(label), Scheme::Province), [slug]);
        assert_eq!(
            terms(&tagger, &input(&label.to_uppercase()), Scheme::Province),
            [slug]
        );
    }
    for (slug, successor) in former_province_slugs() {
        let title = format!("UBND tỉnh {}", former_province_label(slug).unwrap());
        let input = TagInput {
            title: &title,
            ..NOTHING
        };
        assert_eq!(terms(&tagger, &input, Scheme::Province), [successor]);
        assert_eq!(terms(&tagger, &input, Scheme::FormerProvince), [slug]);
        assert_eq!(province_label(slug), None);
    }
    assert_eq!(
        (province_slugs().len(), former_province_slugs().len()),
        (34, 29)
    );
}

#[test]
fn a_name_is_found_however_it_is_typed() {
    for title in [
        "Thanh Hoá",
        "THANH HOÁ",
        "Thanh Ho\u{301}a",
        "Sở Công ThươngThanh Hóa",
        "(Thanh\u{a0}Hóa)",
        "Thanh  Hóa:",
    ] {
        check_places(title, &["thanh-hoa"], &[]);
    }
    for title in [
        "TP.HCM",
        "Tp. HCM",
        "TPHCM",
        "TP. Hồ Chí Minh",
        "thành phố Hồ Chí Minh",
        "TP HỒ CHÍ MINH",
        "Sài Gòn",
    ] {
        check_places(title, &["ho-chi-minh"], &[]);
    }
    check_places("Ðắk Lắk", &["dak-lak"], &[]);
    check_places("Đắc Nông", &["lam-dong"], &["dak-nong"]);
}

#[test]
fn what_only_sounds_like_a_province_is_none() {
    for title in [
        "diễn biến mới ở Dien Bien",
        "gìn giữ hòa bình",
        "bình định vùng biên",
        "viện hải dương học",
        "HẢI DƯƠNG HỌC",
        "Thái Bình Dương",
        "KHÁT VỌNG HÒA BÌNH",
        "Giải Nobel Hòa Bình",
        "Phó Thủ tướng Trương Hòa Bình",
        "Nguyễn Thái Bình",
        "ông Nguyễn Bình Định",
        "đường Điện Biên Phủ",
        "chiến thắng Điện Biên Phủ",
        "đường Hà Nội",
        "Nguyễn Thị Huế",
        "chị Huế",
        "Nguyễn Huệ",
        "Thạnh Hóa",
        "Chủ tịch Hồ Chí Minh",
        "Đồng Tháp Mười",
        "Ngân hàng TMCP Sài Gòn Thương Tín",
        "Bia Sài Gòn",
        "báo Sài Gòn Giải Phóng",
        "Than Quảng Ninh thắng trận",
        "SHB Đà Nẵng",
        "CLB Hà Nội",
        "Hà Nội FC",
        "tỉnh Hà Nam (Trung Quốc)",
        "phố Huế",
        "Hà Nội và Tokyo",
        "xã Hà Nam",
        "quang binh",
        "Quang Bình",
        "Yên Bài",
        "Phù Yên",
        "An Giangg",
    ] {
        check_places(title, &[], &[]);
    }
}

#[test]
fn a_name_inside_another_name_is_no_place() {
    for title in [
        "Báo Đà Nẵng tuyển phóng viên",
        "Theo Báo Quảng Ninh, tàu chìm lúc rạng sáng",
        "theo báo Quảng Ninh, tàu chìm lúc rạng sáng",
        "Báo Bình Định",
        "Báo và Phát thanh, Truyền hình Lạng Sơn",
        "Lương Thái Bình",
        "Phùng Hải Dương",
        "Đào Hà Giang",
        "Mai An Giang",
        "Cao Bình Định",
        "Chị Hà Bình Dương",
        "bác sĩ Hồ Thái Bình",
        "Hồ Thái Bình, 20 tuổi",
        "Chủ tịch UBND Tống Thái Bình",
        "Trần Cao Thái Bình",
        "Nguyễn Ngọc Hà Giang",
        "Nguyễn Đức Thái Bình",
        "Trần Ngọc An Giang",
        "học sinh Lâm Minh Hà Giang",
        "Chị Hà Giang, chủ quán",
        "Gặp lại chị Hà Giang",
        "Anh Hà Nam",
        "Ca sĩ Hà Giang",
        "MC Hải Dương",
        "nữ diễn viên Khánh Hòa",
        "Thanh Hóa FC chia tay thủ quân",
        "Đông Á Thanh Hóa",
        "Thép Nam Định",
        "CLB bóng đá Hải Phòng",
        "Phố Bắc Ninh",
        "quán ở số 5 phố Hà Giang",
        "Ngân hàng Sài Gòn - Hà Nội",
        "Ngân hàng TMCP Sài Gòn – Hà Nội",
        "Xi măng Hà Tiên",
        "Bia Hà Nội - Hải Dương",
        "cổ phiếu Bia Sài Gòn - Quảng Ngãi",
    ] {
        check_places(title, &[], &[]);
    }
}

#[test]
fn what_only_looks_like_another_name_leaves_the_place() {
    for (title, province) in [
        ("Họp báo Đà Nẵng", "da-nang"),
        ("CẢNH BÁO ĐÀ NẴNG NGẬP", "da-nang"),
        ("Hội Nhà báo Đà Nẵng", "da-nang"),
        ("Cao Bằng", "cao-bang"),
        ("Mai Châu", "phu-tho"),
        ("Lâm Đồng", "lam-dong"),
        ("TP Hồ Chí Minh", "ho-chi-minh"),
        ("Thành phố Đông Hà Quảng Trị", "quang-tri"),
        ("Quỳnh Lưu Nghệ An", "nghe-an"),
        ("Gia Lâm Hà Nội", "ha-noi"),
        ("Đại học Nông Lâm Huế", "hue"),
        ("Tỉnh Đoàn Quảng Ninh", "quang-ninh"),
        ("Vũ Quang Hà Tĩnh", "ha-tinh"),
        ("chợ Lương Thái Nguyên", "thai-nguyen"),
        ("Đông Anh Hà Nội", "ha-noi"),
        ("cụ bà Thanh Hóa 90 tuổi", "thanh-hoa"),
        ("Người đàn ông Quảng Trị", "quang-tri"),
        ("Dạy tiếng Anh Đà Nẵng", "da-nang"),
        ("Nghệ sĩ Hà Nội", "ha-noi"),
        ("Chị Lan ở Sơn La", "son-la"),
        ("ca sĩ quê tỉnh Sơn La", "son-la"),
        ("Các nghệ sĩ Khánh Hòa", "khanh-hoa"),
        ("thành phố Bắc Ninh", "bac-ninh"),
        ("Thành phố Huế", "hue"),
        ("đường phố Nghệ An", "nghe-an"),
        ("Đường phố Hà Nội", "ha-noi"),
        ("phố Hà Nội vào thu", "ha-noi"),
        ("Du khách ở Hà Tiên", "an-giang"),
        ("Bia Tuyên Quang - Sơn La", "son-la"),
        ("FCC Sơn La", "son-la"),
    ] {
        let input = TagInput { title, ..NOTHING };
        let found = terms(&Tagger::new(&[]), &input, Scheme::Province);
        assert!(
            found.iter().any(|term| term == province),
            "{title}: {found:?}"
        );
    }
    check_places("Vũ Quang Hà Tĩnh", &["ha-tinh"], &[]);
    check_places("Hồ Sơn La", &["son-la"], &[]);
    check_places("Hồ Hòa Bình", &["phu-tho"], &["hoa-binh"]);
}

#[test]
fn what_surrounds_a_doubtful_name_may_bear_it_out() {
    for title in [
        "UBND tỉnh Hòa Bình",
        "Cháy ở Hòa Bình",
        "thủy điện Hoà Bình",
        "Hòa Bình: mưa lớn",
        "huyện Kim Bôi (Hòa Bình)",
    ] {
        check_places(title, &["phu-tho"], &["hoa-binh"]);
    }
    check_places("Thị xã Hưng Yên", &["hung-yen"], &[]);
    check_places(
        "tuyến đường Hà Nội - Hải Phòng",
        &["ha-noi", "hai-phong"],
        &[],
    );
    check_places("Đền Trần Nam Định", &["ninh-binh"], &["nam-dinh"]);
}

#[test]
fn a_place_stands_for_its_province_and_a_weaker_name_only_where_none_is_named() {
    check_places("Du khách ở Phú Quốc", &["an-giang"], &[]);
    check_places("Khách Hà Nội ở Phú Quốc", &["an-giang", "ha-noi"], &[]);
    check_places("Công an huyện Nghi Lộc", &["nghe-an"], &[]);
    check_places("Huyện uỷ Kbang", &["gia-lai"], &[]);
    check_places("kinh tế xã Nông Cống", &["thanh-hoa"], &[]);
    check_places("phường Long Châu", &["vinh-long"], &[]);
    check_places("Vụ cháy ở quận 12", &["ho-chi-minh"], &[]);
    check_places("phường Long Châu, tỉnh Sơn La", &["son-la"], &[]);
    check_places("xã Tiên Minh và xã Toàn Thắng", &[], &[]);
    check_places("Long Châu", &[], &[]);
    check_places("huyện Châu Thành", &[], &[]);
    check_places("Người dân Thủ đô", &["ha-noi"], &[]);
    check_places("Thủ đô Paris", &[], &[]);
}

#[test]
fn the_source_speaks_where_the_article_is_silent() {
    let tagger = Tagger::new(&[]);
    let of = |title, categories, province| {
        let input = TagInput {
            title,
            categories,
            province,
            ..NOTHING
        };
        let tags = tagger.tags(&input);
        let tag = tags
            .iter()
            .find(|tag| tag.scheme == Scheme::Province)
            .cloned();
        tag.map(|tag| (tag.term, tag.label, tag.origin))
    };
    let given = |slug: &str, label: &str, origin| Some((slug.to_owned(), label.to_owned(), origin));
    assert_eq!(
        of("Tin vắn", &[], Some("an-giang")),
        given("an-giang", "An Giang", TagOrigin::Source)
    );
    // The paper's own name says nothing, its block of the configuration does.
    assert_eq!(
        of("Báo An Giang tuyển dụng", &[], Some("an-giang")),
        given("an-giang", "An Giang", TagOrigin::Source)
    );
    assert_eq!(
        of("Tin Cà Mau", &[], Some("an-giang")),
        given("ca-mau", "Cà Mau", TagOrigin::Text)
    );
    assert_eq!(
        of("Tin vắn", &[("Tỉnh Sơn La", None)], Some("an-giang")),
        given("son-la", "Sơn La", TagOrigin::Category)
    );
    assert_eq!(of("Tin vắn", &[("Tin Sơn La hôm nay", None)], None), None);
    assert_eq!(of("Tin vắn", &[], Some("khong-co")), None);
}

#[test]
fn topics_are_what_the_words_are_about() {
    for (title, text, expected) in [
        (
            "Khuyến công Sơn La đẩy nhanh tiến độ",
            "",
            &["khuyen-cong"][..],
        ),
        ("HỘI CHỢ SẢN PHẨM OCOP", "", &["hoi-cho-trien-lam", "ocop"]),
        (
            "Trung tâm Khuyến công và Xúc tiến thương mại họp",
            "",
            &["khuyen-cong"],
        ),
        (
            "Họp báo",
            "Trung tâm Xúc tiến thương mại tổ chức xúc tiến thương mại",
            &["xuc-tien-thuong-mai"],
        ),
        ("Mưa lớn", "khách ngồi quán cà phê", &[]),
        ("Triển lãm ảnh của nhiếp ảnh gia", "", &[]),
        ("Hợp tác xã kiểu mới", "", &["hop-tac-xa"]),
        (
            "HLV nói về chuyến tập huấn",
            "đội tuyển tập huấn ở Nhật",
            &[],
        ),
        ("Cháy xưởng", "đám cháy thiêu rụi xưởng của hợp tác xã", &[]),
        ("quốc gia", "kinh tế xãhội khuyếncông", &[]),
    ] {
        check(Scheme::Topic, title, text, expected);
    }
}

#[test]
fn a_wide_word_late_in_the_text_is_said_in_passing() {
    let lead = "Sáng nay hội nghị bàn về nhiều vấn đề của địa phương trong năm tới, trong đó có giao thông, y tế, giáo dục, văn hóa, thể thao, du lịch và";
    check(
        Scheme::Topic,
        "Hội nghị",
        &format!("{lead} năng lượng tái tạo"),
        &[],
    );
    check(
        Scheme::Topic,
        "Hội nghị",
        &format!("{lead} năng lượng tái tạo: năng lượng tái tạo"),
        &["chuyen-doi-xanh"],
    );
    check(
        Scheme::Topic,
        "Hội nghị",
        "Bàn về năng lượng tái tạo",
        &["chuyen-doi-xanh"],
    );
    check(
        Scheme::Topic,
        "Hội nghị",
        &format!("{lead} khuyến công"),
        &["khuyen-cong"],
    );
}

#[test]
fn the_title_outweighs_the_text() {
    let lead = "Sáng nay hội nghị bàn về nhiều vấn đề của địa phương trong năm tới, trong đó có giao thông, y tế, giáo dục, văn hóa, thể thao, du lịch và";
    for (title, text, expected) in [
        (
            "Năng lượng tái tạo",
            lead.to_owned(),
            &["chuyen-doi-xanh"][..],
        ),
        ("Hội nghị", format!("{lead} năng lượng tái tạo"), &[]),
        // Said in the title alone, in news of an accident: it is not what it is about.
        (
            "Cháy xưởng của hợp tác xã",
            "Đám cháy đã được dập.".to_owned(),
            &[],
        ),
        (
            "Cháy xưởng của hợp tác xã",
            "Đám cháy thiêu rụi kho của hợp tác xã.".to_owned(),
            &["hop-tac-xa"],
        ),
        (
            "Đám cháy",
            "Lửa thiêu rụi kho của hợp tác xã và nhà hợp tác xã.".to_owned(),
            &[],
        ),
    ] {
        check(Scheme::Topic, title, &text, expected);
    }
}

fn rule(slug: &str, phrases: &[&str], weak: &[&str], mask: &[&str]) -> TopicRule {
    let own = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
    TopicRule {
        slug: slug.to_owned(),
        label_vi: format!("Chủ đề {slug}"),
        label_en: slug.to_owned(),
        phrases: own(phrases),
        weak: own(weak),
        mask: own(mask),
    }
}

#[test]
fn an_administrators_topic_is_added_or_replaces() {
    let rules = [
        rule(
            "sam",
            &["sâm Ngọc Linh", "LangBao"],
            &["dược liệu"],
            &["Công ty sâm Ngọc Linh"],
        ),
        rule("ocop", &["sản phẩm sao"], &[], &[]),
        rule("rong", &[""], &[], &[]),
    ];
    let tagger = Tagger::new(&rules);
    let of = |title| terms(&tagger, &TagInput { title, ..NOTHING }, Scheme::Topic);
    assert_eq!(of("Phiên tòa về SÂM NGỌC LINH"), ["sam"]);
    assert_eq!(of("Trồng dược liệu"), [] as [&str; 0]);
    assert_eq!(of("Trồng dược liệu, khuyến công"), ["khuyen-cong", "sam"]);
    assert_eq!(of("Công ty sâm Ngọc Linh"), [] as [&str; 0]);
    assert_eq!(of("Tin langbao"), ["sam"]);
    assert_eq!(of("Tin LangBao"), ["sam"]);
    assert_eq!(of("OCOP"), [] as [&str; 0]);
    assert_eq!(of("sản phẩm sao"), ["ocop"]);
    assert_eq!(tagger.topic_label("sam"), Some("Chủ đề sam"));
    assert_eq!(tagger.topic_label("khong-co"), None);
    assert_eq!(tagger.topic_slugs().len(), 20);
}

#[test]
fn a_sources_category_may_name_a_topic() {
    let tagger = Tagger::new(&[]);
    for (category, label, expected) in [
        ("Làng nghề", None, &["lang-nghe"][..]),
        ("lang-nghe", None, &["lang-nghe"]),
        ("LANG NGHE", None, &["lang-nghe"]),
        ("Craft villages", None, &["lang-nghe"]),
        ("17", Some("Nông sản - Thực phẩm"), &["nong-san-thuc-pham"]),
        (
            "Kinh tế > OCOP, Khuyến công",
            None,
            &["khuyen-cong", "ocop"],
        ),
        ("Lăng nghề", None, &[]),
        ("Tin làng nghề", None, &[]),
    ] {
        let categories = [(category, label)];
        let input = TagInput {
            categories: &categories,
            ..NOTHING
        };
        let tags = tagger.tags(&input);
        let topics: Vec<_> = tags
            .iter()
            .filter(|tag| tag.scheme == Scheme::Topic)
            .collect();
        assert_eq!(
            topics
                .iter()
                .map(|tag| tag.term.as_str())
                .collect::<Vec<_>>(),
            expected,
            "{category}"
        );
        assert!(topics.iter().all(|tag| tag.origin == TagOrigin::Category));
        let own = tags
            .iter()
            .find(|tag| tag.scheme == Scheme::SourceCategory)
            .unwrap();
        assert_eq!(
            (own.term.as_str(), own.label.as_str()),
            (category, label.unwrap_or(category))
        );
    }
}

#[test]
fn tags_are_sorted_and_each_comes_once_from_its_best_origin() {
    let tagger = Tagger::new(&[]);
    let tags = tagger.tags(&TagInput {
        title: "OCOP Hà Nội, Quyết định 1881/QĐ-TTg",
        text: "Hà Nội, OCOP và Quyết định số 1881/QÐ-TTg",
        body: "",
        categories: &[
            ("OCOP", None),
            (" ", Some("Kinh tế")),
            ("", None),
            ("OCOP", None),
        ],
        province: Some("ca-mau"),
        topics: &[
            "ocop".to_owned(),
            "lang-nghe".to_owned(),
            "khong-co".to_owned(),
        ],
    });
    let shown: Vec<_> = tags
        .iter()
        .map(|tag| (tag.scheme, tag.term.as_str(), tag.origin))
        .collect();
    assert_eq!(
        shown,
        [
            (Scheme::Province, "ha-noi", TagOrigin::Text),
            (Scheme::Topic, "lang-nghe", TagOrigin::Source),
            (Scheme::Topic, "ocop", TagOrigin::Text),
            (Scheme::Document, "1881-qd-ttg", TagOrigin::Text),
            (Scheme::SourceCategory, "Kinh tế", TagOrigin::Category),
            (Scheme::SourceCategory, "OCOP", TagOrigin::Category),
        ]
    );
    assert_eq!(tags[3].label, "1881/QĐ-TTg");
}

#[test]
fn a_hit_says_which_words_gave_the_tag_and_where() {
    let tagger = Tagger::new(&[]);
    let text = "Tại Thanh\u{a0} Hoá: Quyết định 12/QĐ-UBND về làng nghề";
    let categories = [("Tin; OCOP", None)];
    let hits = tagger.hits(&TagInput {
        title: "Tin vắn",
        text,
        body: "",
        categories: &categories,
        province: None,
        topics: &[],
    });
    let place = |term: &str| {
        let hit = hits.iter().find(|hit| hit.tag.term == term).unwrap();
        (hit.field, hit.at, hit.phrase.as_str())
    };
    assert_eq!(
        place("thanh-hoa"),
        (Field::Text, text.find("Thanh").unwrap(), "Thanh Hóa")
    );
    assert_eq!(
        place("12-qd-ubnd"),
        (Field::Text, text.find("12/").unwrap(), "12/QĐ-UBND")
    );
    assert_eq!(
        place("lang-nghe"),
        (Field::Text, text.find("làng").unwrap(), "làng nghề")
    );
    assert_eq!(place("ocop"), (Field::Category, 4, "OCOP"));
}

#[test]
fn hostile_text_costs_no_more_than_its_head() {
    let tagger = Tagger::new(&[]);
    for unit in [
        "Hà Nội ",
        "OCOP khuyến công ",
        "1/QĐ-TTg ",
        "a\u{301}\u{323}",
        "\u{1}/\u{0}",
        "🎋",
        "Bà Rịa - Vũng Tàu",
    ] {
        let text = unit.repeat(100_000);
        let tags = tagger.tags(&TagInput {
            title: unit,
            text: &text,
            ..NOTHING
        });
        assert!(tags.len() < 64, "{unit}");
    }
    let numbers: String = (1..5000)
        .map(|number| format!("{number}/QĐ-TTg, "))
        .collect();
    check_count(&tagger, &numbers, DOCUMENTS_MAX);
}

#[track_caller]
fn check_count(tagger: &Tagger, text: &str, documents: usize) {
    assert_eq!(
        terms(tagger, &TagInput { text, ..NOTHING }, Scheme::Document).len(),
        documents
    );
}

#[test]
fn the_built_in_lists_are_sound() {
    let is_slug = |slug: &str| slug.bytes().all(|b| b.is_ascii_lowercase() || b == b'-');
    let lines: Vec<_> = include_str!("data/communes.txt").lines().skip(1).collect();
    let slugs: Vec<_> = lines
        .iter()
        .map(|line| line.split('\t').next().unwrap())
        .collect();
    assert_eq!(slugs, province_slugs());
    let mut names: Vec<_> = lines
        .iter()
        .flat_map(|line| line.split('\t').nth(1).unwrap().split(';'))
        .collect();
    let count = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!((names.len(), count), (2498, 2498));
    let tagger = Tagger::new(&[]);
    let topics = tagger.topic_slugs();
    assert_eq!(topics.len(), 18);
    assert!(
        topics
            .iter()
            .all(|slug| is_slug(slug) && tagger.topic_label_en(slug).is_some())
    );
    assert!(
        former_province_slugs()
            .iter()
            .all(|(slug, _)| is_slug(slug))
    );
}
