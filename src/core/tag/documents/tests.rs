use super::*;

#[track_caller]
fn check(text: &str, expected: &[(&str, &str)]) {
    let found: Vec<_> = references(text)
        .into_iter()
        .map(|one| (one.label, one.slug))
        .collect();
    let expected: Vec<_> = expected
        .iter()
        .map(|(label, slug)| ((*label).to_owned(), (*slug).to_owned()))
        .collect();
    assert_eq!(found, expected, "{text}");
}

#[test]
fn every_form_of_number_is_read() {
    check(
        "Nghị định số 45/2012/NĐ-CP ngày 21/5/2012",
        &[("45/2012/NĐ-CP", "45-2012-nd-cp")],
    );
    check(
        "(Quyết định số: 1881/QĐ-TTg)",
        &[("1881/QĐ-TTg", "1881-qd-ttg")],
    );
    check("Luật số 45/2019/QH14.", &[("45/2019/QH14", "45-2019-qh14")]);
    check(
        "1365/NQ-UBTVQH15",
        &[("1365/NQ-UBTVQH15", "1365-nq-ubtvqh15")],
    );
    check(
        "Nghị quyết 60-NQ/TW, Chỉ thị 05-CT/TU",
        &[("60-NQ/TW", "60-nq-tw"), ("05-CT/TU", "05-ct-tu")],
    );
    check(
        "01/2017/TTLT-VKSNDTC-TANDTC-BCA-BTP quy định",
        &[(
            "01/2017/TTLT-VKSNDTC-TANDTC-BCA-BTP",
            "01-2017-ttlt-vksndtc-tandtc-bca-btp",
        )],
    );
    check(
        "số 05A/2018/TT-BCT",
        &[("05A/2018/TT-BCT", "05a-2018-tt-bct")],
    );
}

#[test]
fn every_way_of_typing_one_number_is_one_document() {
    for typed in [
        "19/2025/QĐ-TTg",
        "19/2025/QÐ-TTg",
        "19/2025/QD-TTg",
        "19/2025/QĐ–TTg",
        "19/2025/QĐ - TTg",
        "19/2025/QĐ-TTg-Thủ tướng",
        "Số.19/2025/QĐ-TTg;",
        "19 /2025/QĐ-TTg",
        "19/ 2025 /QĐ-TTg",
        "19 / 2025 / QĐ - TTg",
        "19/2025\u{a0}/\u{a0}QĐ\u{a0}-\u{a0}TTg",
    ] {
        check(typed, &[("19/2025/QĐ-TTg", "19-2025-qd-ttg")]);
    }
    for typed in [
        "1881 /QĐ-TTg",
        "1881/ QĐ-TTg",
        "số 1881 / QĐ – TTg ngày 20/11",
    ] {
        check(typed, &[("1881/QĐ-TTg", "1881-qd-ttg")]);
    }
    check(
        "Luật số 31 /2024/ QH15, Nghị quyết 60 -NQ/ TW, Chỉ thị 05 - CT / TU",
        &[
            ("31/2024/QH15", "31-2024-qh15"),
            ("60-NQ/TW", "60-nq-tw"),
            ("05-CT/TU", "05-ct-tu"),
        ],
    );
    check("46/2025/NQ-HDND", &[("46/2025/NQ-HĐND", "46-2025-nq-hdnd")]);
    check(
        "QUYẾT ĐỊNH 19/2025/QĐ-TTG VỀ",
        &[("19/2025/QĐ-TTG", "19-2025-qd-ttg")],
    );
}

#[test]
fn a_number_typed_carelessly_is_the_document_it_means() {
    for typed in [
        "1881/QĐ-Ttg",
        "1881/QĐ TTg",
        "1881/QĐTTg",
        "1881/QDTTg",
        "1881/QĐ Ttg ngày 20/11/2020",
        "Quyết định 1881/qđ-ttg",
        "QUYẾT ĐỊNH SỐ: 1881/qd-ttg",
        "quyết định số 1881/qđ ttg của",
        "số 1881/qđttg",
        "Số.1881/Qđ-ttg",
        "(QĐ 1881/qđ - ttg)",
        "So\u{302}\u{301} 1881/qđ-ttg",
    ] {
        check(typed, &[("1881/QĐ-TTg", "1881-qd-ttg")]);
    }
    for typed in [
        "202/2025/QH 15",
        "202/2025/QH\u{a0}15 ngày",
        "202/2025/qh15",
        "Nghị quyết số 202/2025/Qh 15",
    ] {
        check(typed, &[("202/2025/QH15", "202-2025-qh15")]);
    }
    for (typed, label, slug) in [
        ("nghị định 45/2012/nđ-cp", "45/2012/NĐ-CP", "45-2012-nd-cp"),
        ("45/2012/NĐCP", "45/2012/NĐ-CP", "45-2012-nd-cp"),
        ("39/QĐ-CTUBND", "39/QĐ-CTUBND", "39-qd-ctubnd"),
        ("số 46/2025/nq-hđnd", "46/2025/NQ-HĐND", "46-2025-nq-hdnd"),
        ("Nghị quyết 60-nq/tw", "60-NQ/TW", "60-nq-tw"),
        ("Tờ trình số 12/ttr-ubnd", "12/TTr-UBND", "12-ttr-ubnd"),
        ("237/NQ UBTVQH16", "237/NQ-UBTVQH16", "237-nq-ubtvqh16"),
    ] {
        check(typed, &[(label, slug)]);
    }
}

#[test]
fn what_only_looks_like_a_number_is_none() {
    for trap in [
        "ngày 21/5/2012",
        "HTX 19/5",
        "trực 24/7",
        "tỷ lệ 1/500",
        "30/4 - 1/5",
        "Nghị định 116",
        "NQ57",
        "https://a.vn/2025/07/QD-TTg.html",
        "http://a.vn/12/QĐ-TTg/x",
        "và/hoặc",
        "km/h",
        "TP/HCM",
        "1.881/QĐ-TTg",
        "1195/BXD-HĐXD",
        "2693/UBND-TNMT",
        "QCVN 05A:2020/BCT",
        "TCVN 1234:2020",
        "A/H5N1",
        "12/QĐ",
        "12/QĐ-ttg",
        "12/QĐ-",
        "/QĐ-TTg",
        "12/2025/QHX",
        "12/2025/QH",
        "1234567/QĐ-TTg",
        "12/QĐ-Thủ",
        "9/11",
        "12/QĐ-TTg/2025",
        "12/QĐ-TTg_1",
        "2021/2022",
        "30/4 - 1/5 / QĐ-TTg",
        "1881  /QĐ-TTg",
        "1881\n/QĐ-TTg",
        "dài 24 / rộng 7",
        "12/2025 / QH 15",
        "1 /500",
        "https://a.vn/12 /QĐ-TTg/x",
        "ngày 21/5 /2012",
        "19 - 5 / HTX",
        "1 881 881 /QĐ",
        "12/qđ-ttg",
        "Quyết định về 12/qđ-ttg",
        "https://a.vn/số/12/qđ-ttg",
        "số 12/km-h",
        "số 12/tt-huế",
        "số 24/7",
        "Quyết định số 12/qđ của",
        "12/QĐ của TTg",
        "12/QĐ  TTg",
        "12/TTCP",
        "12/TTCP-KHTH",
        "12/QĐTTg-VP",
        "12/2025/QH 150",
        "12/2025/QH  15",
        "phòng số 3/tt và 4/ct",
    ] {
        check(trap, &[]);
    }
}

#[test]
fn a_text_of_slashes_is_read_in_time() {
    check(&"/".repeat(200_000), &[]);
    check(&"1/QĐ-".repeat(20_000), &[]);
    check(&" / ".repeat(60_000), &[]);
    check(&"A".repeat(200_000), &[]);
}
