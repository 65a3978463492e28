use super::*;
use crate::core::model::TagOrigin;

const ANY: Rule = Rule {
    title: None,
    text: None,
    url: None,
    source: None,
    topic: None,
    province: None,
    deed: Deed::Drop,
};

fn pattern(raw: &str) -> Option<Pattern> {
    Some(match raw.strip_prefix("regex:") {
        Some(regex) => Pattern::Regex(regex.to_owned()),
        None => Pattern::Words(raw.to_owned()),
    })
}

fn tag(scheme: Scheme, term: &str) -> Tag {
    Tag {
        scheme,
        term: term.to_owned(),
        label: term.to_owned(),
        origin: TagOrigin::Rule,
    }
}

fn topic(slug: &str) -> Deed {
    Deed::Tag(vec![tag(Scheme::Topic, slug)])
}

fn title(raw: &str, deed: Deed) -> Rule {
    Rule {
        title: pattern(raw),
        deed,
        ..ANY
    }
}

fn book(rules: &[Rule]) -> Rulebook {
    Rulebook::new(rules).expect("they compile")
}

/// An advertisement of source `bao`, which was `bao-cu`, about craft villages in Huế.
fn judged(rules: &[Rule]) -> (Ruled, Vec<String>) {
    let source = ["bao".to_owned(), "bao-cu".to_owned()];
    let subject = Subject {
        title: "QUẢNG CÁO: Làng gốm Phước Tích",
        text: "Lò cóc đỏ lửa sau mười năm",
        url: Some("https://bao.example.vn/quang-cao/gom-1.html"),
        source: &source,
    };
    let mut tags = vec![
        tag(Scheme::Province, "hue"),
        tag(Scheme::Topic, "lang-nghe"),
    ];
    let ruled = book(rules).rule(&subject, &mut tags);
    let tags = tags.into_iter().map(|tag| tag.term).collect();
    (ruled, tags)
}

#[track_caller]
fn check(rule: Rule, acts: bool) {
    let (ruled, _) = judged(std::slice::from_ref(&rule));
    assert_eq!(!ruled.by.is_empty(), acts, "{rule:?}");
    let verdict = if acts { Verdict::Drop } else { Verdict::Show };
    assert_eq!(ruled.verdict, verdict, "{rule:?}");
}

#[test]
fn each_condition_looks_where_it_says() {
    let some = |slug: &str| Some(slug.to_owned());
    for (rule, acts) in [
        (title("quảng cáo", Deed::Drop), true),
        (title("quang cao", Deed::Drop), false),
        (title("gốm phước", Deed::Drop), true),
        (title("ốm phước", Deed::Drop), false),
        (title("lò cóc", Deed::Drop), false),
        (title("…", Deed::Drop), false),
        (title("regex:^QUẢNG", Deed::Drop), true),
        (title("regex:^quảng", Deed::Drop), false),
        (title("regex:(?i)^quảng", Deed::Drop), true),
        (
            Rule {
                text: pattern("lò cóc"),
                ..ANY
            },
            true,
        ),
        (
            Rule {
                text: pattern("quảng cáo"),
                ..ANY
            },
            false,
        ),
        (
            Rule {
                url: pattern("quang cao"),
                ..ANY
            },
            true,
        ),
        (
            Rule {
                url: pattern("regex:/quang-cao/.*\\.html$"),
                ..ANY
            },
            true,
        ),
        (
            Rule {
                url: pattern("regex:/tin/"),
                ..ANY
            },
            false,
        ),
        (
            Rule {
                source: some("bao"),
                ..ANY
            },
            true,
        ),
        (
            Rule {
                source: some("bao-cu"),
                ..ANY
            },
            true,
        ),
        (
            Rule {
                source: some("ba"),
                ..ANY
            },
            false,
        ),
        (
            Rule {
                topic: some("lang-nghe"),
                ..ANY
            },
            true,
        ),
        (
            Rule {
                topic: some("hue"),
                ..ANY
            },
            false,
        ),
        (
            Rule {
                province: some("hue"),
                ..ANY
            },
            true,
        ),
        (
            Rule {
                province: some("da-nang"),
                ..ANY
            },
            false,
        ),
    ] {
        check(rule, acts);
    }
}

#[test]
fn all_conditions_must_hold() {
    let both = Rule {
        text: pattern("lò cóc"),
        ..title("quảng cáo", Deed::Drop)
    };
    check(both.clone(), true);
    let source = Some("khac".to_owned());
    check(Rule { source, ..both }, false);
}

#[test]
fn rules_act_in_their_order_and_see_what_those_before_them_left() {
    let of_topic = |slug: &str, deed| Rule {
        topic: Some(slug.to_owned()),
        deed,
        ..ANY
    };
    let (ruled, tags) = judged(&[
        of_topic("ocop", Deed::Hold),
        title("quảng cáo", topic("ocop")),
        of_topic("ocop", Deed::Untag(Scheme::Topic, "lang-nghe".to_owned())),
        of_topic("lang-nghe", Deed::Drop),
    ]);
    assert_eq!((ruled.verdict, ruled.by), (Verdict::Show, vec![2, 3]));
    assert_eq!(tags, ["hue", "ocop"]);
}

#[test]
fn a_drop_ends_it_and_a_hold_does_not() {
    let (ruled, tags) = judged(&[
        title("gốm", Deed::Hold),
        title("gốm", topic("a")),
        title("gốm", Deed::Drop),
        title("gốm", topic("b")),
        title("gốm", Deed::Hold),
    ]);
    assert_eq!((ruled.verdict, ruled.by), (Verdict::Drop, vec![1, 2, 3]));
    assert_eq!(tags, ["hue", "a", "lang-nghe"]);
}

#[test]
fn a_tag_that_is_there_is_not_given_twice() {
    let (ruled, tags) = judged(&[title("gốm", topic("lang-nghe"))]);
    assert_eq!(ruled.by, [1]);
    assert_eq!(tags, ["hue", "lang-nghe"]);
}

#[test]
fn words_that_overlap_are_all_found() {
    let rules = ["phước tích", "gốm phước", "phước", "làng gốm phước tích"];
    let (ruled, _) = judged(&rules.map(|words| title(words, Deed::Hold)));
    assert_eq!(ruled.by, [1, 2, 3, 4]);
}

#[test]
fn a_rulebook_is_known_by_its_rules() {
    let one = [title("a", Deed::Drop)];
    let other = [title("a", Deed::Hold)];
    assert_eq!(book(&one), book(&one));
    assert_ne!(book(&one).key(), book(&other).key());
    assert_eq!(Rulebook::default(), Rulebook::default());
}

#[test]
fn a_bad_expression_is_named_by_its_number() {
    let rules = [title("a", Deed::Drop), title("regex:(", Deed::Drop)];
    let err = Rulebook::new(&rules).expect_err("it does not compile");
    assert_eq!(err.number, 2);
}

#[test]
fn a_hostile_text_takes_linear_time_and_no_more_than_its_bound_is_read() {
    let rules = [
        Rule {
            text: pattern("regex:(a*)*b"),
            ..ANY
        },
        Rule {
            text: pattern("đuôi"),
            ..ANY
        },
    ];
    let mut text = "a".repeat(TEXT_BYTES_MAX - 1);
    // A character of three bytes across the bound is left out whole.
    text.push_str("ả đuôi b");
    let subject = Subject {
        title: "",
        text: &text,
        url: None,
        source: &[],
    };
    assert_eq!(
        book(&rules).rule(&subject, &mut Vec::new()),
        Ruled::default()
    );
}

#[test]
fn a_trace_ends_with_the_tags_that_the_rules_left() {
    let untag = |slug: &str| Deed::Untag(Scheme::Topic, slug.to_owned());
    for (deeds, given, taken) in [
        (vec![topic("ocop")], vec![("ocop", 1)], vec![]),
        (vec![topic("lang-nghe")], vec![], vec![]),
        (vec![untag("lang-nghe")], vec![], vec![("lang-nghe", 1)]),
        (vec![untag("ocop")], vec![], vec![]),
        (
            vec![topic("ocop"), topic("ocop")],
            vec![("ocop", 1)],
            vec![],
        ),
        (
            vec![topic("ocop"), untag("ocop")],
            vec![],
            vec![("ocop", 2)],
        ),
        (
            vec![untag("lang-nghe"), Deed::Hold, topic("lang-nghe")],
            vec![("lang-nghe", 3)],
            vec![],
        ),
    ] {
        let rules: Vec<Rule> = deeds
            .iter()
            .map(|deed| title("gốm", deed.clone()))
            .collect();
        let (ruled, left) = judged(&rules);
        let found = BTreeSet::from([(Scheme::Topic, "lang-nghe".to_owned())]);
        let trace = Trace::of(found.clone(), (1..).zip(&deeds));
        assert_eq!(ruled.by.len(), deeds.len());
        let named = |numbers: Vec<(&str, u32)>| -> BTreeMap<TagName, u32> {
            let numbers = numbers.into_iter();
            numbers
                .map(|(slug, number)| ((Scheme::Topic, slug.to_owned()), number))
                .collect()
        };
        assert_eq!(trace.given, named(given), "{deeds:?}");
        assert_eq!(trace.taken, named(taken), "{deeds:?}");
        let bears = |slug: &str| left.iter().any(|term| term == slug);
        assert!(trace.given.keys().all(|(_, slug)| bears(slug)), "{deeds:?}");
        assert!(
            !trace.taken.keys().any(|(_, slug)| bears(slug)),
            "{deeds:?}"
        );
    }
}
