//! Whole files: what they give, what is said of their mistakes, and where.

use std::time::Duration;

use proptest::prelude::*;

use super::*;

const DOCUMENTATION: &str = include_str!("../../../docs/config.md");

fn vocabulary() -> Vocabulary {
    let slugs = |slugs: &[&str]| slugs.iter().map(|slug| (*slug).to_owned()).collect();
    Vocabulary {
        provinces: slugs(&["an-giang", "dak-lak", "ho-chi-minh", "hue", "khanh-hoa"]),
        former_provinces: vec![
            ("kien-giang".to_owned(), "an-giang".to_owned()),
            ("ninh-thuan".to_owned(), "khanh-hoa".to_owned()),
        ],
        topics: slugs(&["kinh-te", "lang-nghe", "ocop"]),
    }
}

fn lookup(name: &str) -> Option<String> {
    match name {
        "TOKEN" => Some("geheim".to_owned()),
        "USER_PASS" => Some("me:geheim@".to_owned()),
        "ID" => Some("geheim-id".to_owned()),
        "LINE" => Some("geheim\nX: y".to_owned()),
        _ => None,
    }
}

fn file(name: &str, text: &str) -> ConfigFile {
    ConfigFile {
        name: name.to_owned(),
        text: text.to_owned(),
    }
}

fn load_text(text: &str) -> Result<Checked, Vec<Remark>> {
    load(&file("feeds.toml", text), &[], &vocabulary(), &lookup)
}

#[track_caller]
fn good(text: &str) -> Checked {
    load_text(text).unwrap_or_else(|mistakes| panic!("{text}\n{}", lines(&mistakes)))
}

fn lines(remarks: &[Remark]) -> String {
    let lines: Vec<String> = remarks.iter().map(Remark::to_string).collect();
    lines.join("\n").replace("feeds.toml:", "")
}

/// The mistakes of a file, each as `line:column: message, hint`.
#[track_caller]
fn check(text: &str, expected: &str) {
    let mistakes = load_text(text).expect_err(text);
    assert_eq!(lines(&mistakes), expected, "{text}");
}

/// The mistakes of one `[[source]]` that begins with id and url; the given keys begin on line 4.
#[track_caller]
fn check_source(keys: &str, expected: &str) {
    check(&source(keys), expected);
}

fn source(keys: &str) -> String {
    format!("[[source]]\nid = \"a\"\nurl = \"https://a.vn/\"\n{keys}\n")
}

#[track_caller]
fn check_warnings(text: &str, expected: &str) {
    let quiet = "[server]\nbase_url = \"https://tin.example.vn\"\n";
    let text = match text.contains("base_url") {
        true => text.to_owned(),
        false => format!("{text}\n{quiet}"),
    };
    assert_eq!(lines(&good(&text).warnings), expected, "{text}");
}

#[test]
fn an_empty_file_gives_every_default() {
    let config = good("").config;
    let expected = Config {
        server: Server {
            listen: vec![Listen::Tcp(([127, 0, 0, 1], 8080).into())],
            base_url: "http://127.0.0.1:8080/".to_owned(),
            base_url_is_derived: true,
            admin_socket: None,
            max_connections: 8192,
            max_connections_per_address: 512,
            trusted_proxies: Vec::new(),
        },
        store: StoreRules {
            path: None,
            retention: Duration::from_secs(730 * 86_400),
            snapshots: 7,
        },
        fetch: FetchRules {
            user_agent: concat!(
                "langbao/",
                env!("CARGO_PKG_VERSION"),
                " (+http://127.0.0.1:8080/)"
            )
            .to_owned(),
            concurrency: 64,
            per_host: 2,
            host_interval: Duration::from_millis(500),
            timeout: Duration::from_secs(30),
            body_bytes_max: 10 << 20,
            items_max: 1000,
            allow_private: Vec::new(),
            proxy: None,
        },
        schedule: ScheduleRules {
            min_interval: Duration::from_secs(300),
            max_interval: Duration::from_secs(6 * 3600),
            requests_per_hour: 0,
        },
        stories: StoryRules {
            window: Duration::from_secs(72 * 3600),
        },
        feed: FeedRules {
            title: "Tin địa phương".to_owned(),
            subtitle: String::new(),
            language: "vi".to_owned(),
            page_size: 100,
        },
        sources: Vec::new(),
        topics: Vec::new(),
        rules: Vec::new(),
    };
    assert_eq!(config, expected);
}

#[test]
fn a_source_takes_what_it_does_not_say_from_the_other_tables() {
    let text =
        "[schedule]\nmin_interval = \"7m\"\nmax_interval = \"9h\"\n[fetch]\ntimeout = \"9s\"\n";
    let checked = good(&format!("{}{text}", source("")));
    let expected = Source {
        id: SourceId::parse("a").unwrap(),
        was: Vec::new(),
        url: "https://a.vn/".to_owned(),
        name: None,
        kind: Kind::Feed,
        province: None,
        topics: Vec::new(),
        priority: 0,
        language: None,
        time_zone_offset_s: None,
        byline: Vec::new(),
        hosts: Vec::new(),
        enabled: true,
        full_text: false,
        republish_full: false,
        min_interval: Duration::from_secs(420),
        max_interval: Duration::from_secs(9 * 3600),
        timeout: Duration::from_secs(9),
        headers: Vec::new(),
        select: Select::default(),
    };
    assert_eq!(checked.config.sources, [expected]);
}

#[test]
fn an_interval_that_is_given_moves_an_inherited_other_along() {
    let intervals = |keys: &str| {
        let source = good(&source(keys)).config.sources.remove(0);
        (source.min_interval.as_secs(), source.max_interval.as_secs())
    };
    assert_eq!(intervals("min_interval = \"12h\""), (43_200, 43_200));
    assert_eq!(intervals("max_interval = \"2m\""), (120, 120));
    assert_eq!(intervals("min_interval = \"15m\""), (900, 21_600));
    let global = good("[schedule]\nmin_interval = \"1d\"").config.schedule;
    assert_eq!(global.max_interval, Duration::from_secs(86_400));
}

#[test]
fn every_key_reaches_its_field() {
    let text = r#"
[server]
listen = ["unix:/run/x.sock", "[::1]:90"]
admin_socket = "/run/admin.sock"
trusted_proxies = ["10.1.0.0/8"]
[store]
path = "data"
[fetch]
user_agent = "tin/1 (+https://tin.vn)"
max_body = "64KiB"
host_interval = "0s"
proxy = "http://u:p@proxy.vn:3128"
[[source]]
id = "a-b"
was = ["old-1", "old-2"]
url = "http://WWW.Báo.vn/rss?x=1#part"
name = "Báo A"
kind = "page"
province = "an-giang"
topics = ["ocop", "new", "ocop"]
priority = -3
language = "vi-VN"
time_zone = "-03:30"
byline = ["LNV -"]
hosts = ["WWW.old.example.VN", "báo.vn", "old.example.vn"]
enabled = false
full_text = true
republish = "full"
min_interval = "15m"
max_interval = "1h"
timeout = "1m"
headers = { X-Key = "${TOKEN}", Accept = "*/*" }
[source.select]
item = "li"
next = "a.next"
pages = 3
[[topic]]
slug = "new"
label = { vi = "Mới" }
phrases = ["một", "hai"]
weak = ["ba"]
mask = ["bốn"]
[[rule]]
match = { title = "quảng cáo", url = "regex:^https?://", source = "old-1", topic = "new", province = "hue" }
action = "untag"
tag = "former-province:kien-giang"
[[rule]]
match = { text = "$${x}" }
action = "hold"
"#;
    let Config {
        server,
        store,
        fetch,
        sources,
        topics,
        rules,
        ..
    } = good(text).config;
    assert_eq!(server.base_url, "http://[::1]:90/");
    assert_eq!(server.listen[0], Listen::Unix("/run/x.sock".into()));
    assert_eq!(server.admin_socket, Some("/run/admin.sock".into()));
    assert_eq!(server.trusted_proxies, ["10.0.0.0/8".parse().unwrap()]);
    assert_eq!(store.path, Some("data".into()));
    assert_eq!(fetch.user_agent, "tin/1 (+https://tin.vn)");
    assert_eq!(
        (fetch.body_bytes_max, fetch.host_interval),
        (65_536, Duration::ZERO)
    );
    assert_eq!(fetch.proxy.as_deref(), Some("http://u:p@proxy.vn:3128/"));
    let source = &sources[0];
    assert_eq!(source.was.len(), 2);
    assert_eq!(source.url, "http://www.xn--bo-mia.vn/rss?x=1");
    assert_eq!((source.kind, source.priority), (Kind::Page, -3));
    assert_eq!(source.topics, ["ocop", "new"]);
    assert_eq!(source.time_zone_offset_s, Some(-12_600));
    assert_eq!(source.hosts, ["old.example.vn"]);
    assert_eq!(
        (source.enabled, source.full_text, source.republish_full),
        (false, true, true)
    );
    assert_eq!(source.timeout, Duration::from_secs(60));
    assert!(
        source
            .headers
            .contains(&("X-Key".to_owned(), "geheim".to_owned()))
    );
    assert_eq!(source.headers.len(), 2);
    assert_eq!(source.select.item.as_deref(), Some("li"));
    assert_eq!(source.select.pages, 3);
    assert_eq!(
        (topics[0].label_vi.as_str(), topics[0].label_en.as_str()),
        ("Mới", "Mới")
    );
    assert_eq!(topics[0].phrases, ["một", "hai"]);
    assert_eq!(rules[0].url, Some(Pattern::Regex("^https?://".to_owned())));
    assert_eq!(
        rules[0].action,
        Action::Untag("former-province:kien-giang".to_owned())
    );
    assert_eq!(rules[1].text, Some(Pattern::Words("${x}".to_owned())));
    assert_eq!(rules[1].action, Action::Hold);
}

#[test]
fn an_unknown_key_is_told_the_nearest_known_one() {
    let text = source("intervall = \"5m\"").replace("id = \"a\"", "id = \"khanh-hoa\"");
    let mistakes = load_text(&text).unwrap_err();
    let expected = "\
feeds.toml:4:1: error: source \"khanh-hoa\": unknown key \"intervall\"
  |
4 | intervall = \"5m\"
  | ^^^^^^^^^ did you mean \"min_interval\"?";
    assert_eq!(mistakes.len(), 1);
    assert_eq!(mistakes[0].render(Level::Error), expected);
}

#[test]
fn several_mistakes_are_told_at_once_in_the_order_of_the_files() {
    let main = file(
        "feeds.toml",
        "[server]\n\tmax_connections = 0 # none\n[[source]]\nid = \"a\"\nurl = \"https://me:geheim@a.vn:x/\"\n",
    );
    let included = [
        file(
            "sources.d/b.toml",
            "[[source]]\nid = \"a\"\nurl = \"https://b.vn/\"\n",
        ),
        file("sources.d/c.toml", "[fetch]\ntimeout = \"1s\"\n[[topik]]\n"),
    ];
    let mistakes = load(&main, &included, &vocabulary(), &lookup).unwrap_err();
    let rendered: Vec<String> = mistakes
        .iter()
        .map(|remark| remark.render(Level::Error))
        .collect();
    let expected = "\
feeds.toml:2:20: error: [server]: max_connections 0 is too small
  |
2 |     max_connections = 0 # none
  |                       ^ allowed is 1 to 1000000
feeds.toml:5:7: error: source \"a\": url \"https://…@a.vn:x/\" is not an address: invalid port number
  |
5 | url = \"https://*********@a.vn:x/\"
  |       ^^^^^^^^^^^^^^^^^^^^^^^^^^^
sources.d/b.toml:2:6: error: source \"a\": id \"a\" is the id of another source
  |
2 | id = \"a\"
  |      ^^^ first given at feeds.toml:4:6
sources.d/c.toml:1:2: error: [fetch] may stand only in the main file
  |
1 | [fetch]
  |  ^^^^^ an included file holds [[source]], [[topic]] and [[rule]]
sources.d/c.toml:3:3: error: unknown key \"topik\"
  |
3 | [[topik]]
  |   ^^^^^ did you mean \"topic\"?";
    assert_eq!(rendered.join("\n"), expected);
}

#[test]
fn keys_in_the_wrong_place_are_sent_home() {
    check(
        "timeout = \"5s\"",
        "1:1: unknown key \"timeout\", it belongs in [fetch]",
    );
    check(
        "[store]\nper_host = 1",
        "2:1: [store]: unknown key \"per_host\", it belongs in [fetch]",
    );
    check(
        "[servr]",
        "1:2: unknown key \"servr\", did you mean \"server\"?",
    );
    check(
        "sources = []",
        "1:1: unknown key \"sources\", did you mean \"source\"?",
    );
    check("[xyzzy]", "1:2: unknown key \"xyzzy\"");
    check(
        "[source]\nid = \"a\"",
        "1:1: source must be a list of tables, not a table, write [[source]]",
    );
}

#[test]
fn types_and_bounds_are_held() {
    for (text, expected) in [
        ("server = 1", "1:10: server must be a table, not an integer"),
        (
            "[server]\nlisten = \"x\"",
            "2:10: [server]: listen must be a list of strings, not a string",
        ),
        (
            "[server]\nlisten = [1]",
            "2:11: [server]: listen must be a list of strings, not an integer",
        ),
        (
            "[server]\nlisten = []",
            "2:1: [server]: listen names no address, leave the key out for 127.0.0.1:8080",
        ),
        (
            "[server]\nlisten = [\"localhost:80\"]",
            "2:11: [server]: listen \"localhost:80\" is not an address to listen on, did you mean \"127.0.0.1:80\"?",
        ),
        (
            "[server]\nlisten = [\"[::1]:80\", \"[0::1]:80\"]",
            "2:23: [server]: listen \"[0::1]:80\" is given twice",
        ),
        (
            "[server]\nbase_url = \"https://a.vn/?x\"",
            "2:12: [server]: base_url \"https://a.vn/?x\" must end with its path: no ? and no #",
        ),
        (
            "[server]\ntrusted_proxies = [\"10.0.0.1\"]",
            "2:20: [server]: trusted_proxies \"10.0.0.1\" has no length, did you mean \"10.0.0.1/32\"?",
        ),
        (
            "[server]\nmax_connections = 1.5",
            "2:19: [server]: max_connections must be an integer, not a fraction",
        ),
        (
            "[store]\npath = \"\"",
            "2:8: [store]: path \"\" is empty, leave the key out for the default",
        ),
        (
            "[store]\nsnapshots = -1",
            "2:13: [store]: snapshots -1 is too small, allowed is 0 to 1000",
        ),
        (
            "[store]\nretention = \"1h\"",
            "2:13: [store]: retention \"1h\" is too small, allowed is 1d to 36500d",
        ),
        (
            "[fetch]\nconcurrency = 4097",
            "2:15: [fetch]: concurrency 4097 is too large, allowed is 1 to 4096",
        ),
        (
            "[fetch]\nper_host = 0x101",
            "2:12: [fetch]: per_host 0x101 is too large, allowed is 1 to 256",
        ),
        (
            "[fetch]\nmax_items = 99999999999999999999",
            "2:13: [fetch]: max_items 99999999999999999999 is too large",
        ),
        (
            "[fetch]\ntimeout = 30",
            "2:11: [fetch]: timeout must be a duration in quotes, such as \"5m\", not an integer",
        ),
        (
            "[fetch]\ntimeout = \"0s\"",
            "2:11: [fetch]: timeout \"0s\" is too small, allowed is 1s to 10m",
        ),
        (
            "[fetch]\ntimeout = \"30sec\"",
            "2:11: [fetch]: timeout \"30sec\" is not a duration, did you mean \"30s\"?",
        ),
        (
            "[fetch]\nmax_body = \"2GiB\"",
            "2:12: [fetch]: max_body \"2GiB\" is too large, allowed is 1KiB to 1GiB",
        ),
        (
            "[fetch]\nuser_agent = \"báo\"",
            "2:14: [fetch]: user_agent \"báo\" holds a character that no header may hold",
        ),
        (
            "[fetch]\nproxy = \"socks5://a\"",
            "2:9: [fetch]: proxy \"socks5://a\" is neither http nor https",
        ),
        (
            "[schedule]\nmin_interval = \"2h\"\nmax_interval = \"1h\"",
            "3:16: [schedule]: max_interval is shorter than min_interval, it must be at least \"2h\"",
        ),
        (
            "[schedule]\nmin_interval = \"0s\"",
            "2:16: [schedule]: min_interval \"0s\" is too small, allowed is 1ms to 365d",
        ),
        ("[feed]\ntitle = \" \"", "2:9: [feed]: title \" \" is empty"),
        (
            "[feed]\npage_size = 1001",
            "2:13: [feed]: page_size 1001 is too large, allowed is 1 to 1000",
        ),
        (
            "[feed]\nlanguage = \"vi_VN\"",
            "2:12: [feed]: language \"vi_VN\" is not a language tag, write a BCP 47 tag such as \"vi\" or \"zh-Hant\"",
        ),
        (
            "include = \"x\"",
            "1:11: include must be a list of strings, not a string",
        ),
    ] {
        check(text, expected);
    }
}

#[test]
fn a_source_is_held_to_its_keys() {
    for (keys, expected) in [
        (
            "kind = \"pages\"",
            "4:8: source \"a\": kind \"pages\" is unknown, did you mean \"page\"?",
        ),
        (
            "kind = \"x\"",
            "4:8: source \"a\": kind \"x\" is unknown, it is one of feed, page, sitemap",
        ),
        (
            "enabled = 1",
            "4:11: source \"a\": enabled must be true or false, not an integer",
        ),
        (
            "province = \"Khánh Hòa\"",
            "4:12: source \"a\": province \"Khánh Hòa\" is not a province, did you mean \"khanh-hoa\"?",
        ),
        (
            "province = \"an-gaing\"",
            "4:12: source \"a\": province \"an-gaing\" is not a province, did you mean \"an-giang\"?",
        ),
        (
            "province = \"kien-giang\"",
            "4:12: source \"a\": province \"kien-giang\" is no province any more, since 1 July 2025 it is part of \"an-giang\"",
        ),
        (
            "province = \"Tỉnh Ninh Thuận\"",
            "4:12: source \"a\": province \"Tỉnh Ninh Thuận\" is not a province, ninh-thuan is part of \"khanh-hoa\" since 1 July 2025",
        ),
        (
            "province = \"qqqq\"",
            "4:12: source \"a\": province \"qqqq\" is not a province",
        ),
        (
            "topics = [\"ocop\", \"kinh-tê\"]",
            "4:19: source \"a\": topics \"kinh-tê\" is not a topic, did you mean \"kinh-te\"?",
        ),
        (
            "time_zone = \"+7\"",
            "4:13: source \"a\": time_zone \"+7\" is not an offset from UTC, write hours and minutes east of UTC, such as \"+07:00\"",
        ),
        (
            "was = [\"a\"]",
            "4:8: source \"a\": was \"a\" is the id it has now",
        ),
        (
            "was = [\"b\", \"b\"]",
            "4:13: source \"a\": was \"b\" is given twice",
        ),
        (
            "hosts = [\"https://b.vn/\"]",
            "4:10: source \"a\": hosts \"https://b.vn/\" is an address, not a host, did you mean \"b.vn\"?",
        ),
        (
            "headers = { \"a b\" = \"x\" }",
            "4:13: source \"a\": headers: \"a b\" is not a header name",
        ),
        (
            "headers = { Host = \"x\" }",
            "4:13: source \"a\": headers: \"Host\" is a header that langbao sets itself",
        ),
        (
            "headers = { A = \"x\", a = \"y\" }",
            "4:22: source \"a\": headers: a is given twice",
        ),
        (
            "min_interval = \"2h\"\nmax_interval = \"1h\"",
            "5:16: source \"a\": max_interval is shorter than min_interval, it must be at least \"2h\"",
        ),
        (
            "select = { item = \"li\" }",
            "4:12: source \"a\": select: item does not belong here, only a source with kind = \"page\" has a listing",
        ),
        (
            "select = { body = \"p\" }",
            "4:12: source \"a\": select: body is not used, it is used with full_text = true",
        ),
        (
            "kind = \"page\"\nselect = { item = \"li[\" }",
            "5:19: source \"a\": select: item \"li[\" is not a CSS selector, unexpected eol",
        ),
        (
            "kind = \"page\"\nselect.pages = 101",
            "5:16: source \"a\": select: pages 101 is too large, allowed is 1 to 100",
        ),
        (
            "priority = \"x\"",
            "4:12: source \"a\": priority must be an integer, not a string",
        ),
        (
            "byline = [\"\"]",
            "4:11: source \"a\": byline \"\" is empty",
        ),
    ] {
        check_source(keys, expected);
    }
    check(
        "[[source]]\n[[source]]\nid = \"Báo A\"\nurl = \"example.vn/rss\"",
        "1:1: source number 1: id is missing, every source needs one, made of a-z, 0-9 and -\n\
         1:1: source number 1: url is missing, every source needs an address\n\
         3:6: source number 2: id \"Báo A\" is not made of 1 to 100 of a-z, 0-9 and -, did you mean \"bao-a\"?\n\
         4:7: source number 2: url \"example.vn/rss\" has no http:// or https:// before it, did you mean \"https://example.vn/rss\"?",
    );
}

#[test]
fn an_id_names_one_source_for_ever() {
    let two = |first: &str, second: &str| {
        format!(
            "[[source]]\nurl = \"https://a.vn/\"\n{first}\n[[source]]\nurl = \"https://b.vn/\"\n{second}\n"
        )
    };
    check(
        &two("id = \"a\"", "id = \"a\""),
        "6:6: source \"a\": id \"a\" is the id of another source, first given at 3:6",
    );
    check(
        &two("id = \"a\"\nwas = [\"b\"]", "id = \"b\""),
        "4:8: source \"a\": was \"b\" is the id of another source, first given at 7:6",
    );
    check(
        &two("id = \"a\"\nwas = [\"x\"]", "id = \"b\"\nwas = [\"x\"]"),
        "8:8: source \"b\": was \"x\" was the id of another source, first given at 4:8",
    );
}

#[test]
fn topics_and_rules_are_held_to_their_keys() {
    let topic = "[[topic]]\nslug = \"x\"\nlabel = { vi = \"X\" }\n";
    check(
        &format!("{topic}{topic}"),
        "5:8: topic \"x\": slug \"x\" is given twice, first given at 2:8",
    );
    let rule = |keys: &str| format!("[[rule]]\n{keys}");
    for (text, expected) in [
        (
            "[[topic]]\nslug = \"Làng Nghề\"\nlabel = { vi = \"X\" }".to_owned(),
            "2:8: topic number 1: slug \"Làng Nghề\" is not made of 1 to 100 of a-z, 0-9 and -, did you mean \"lang-nghe\"?",
        ),
        (
            "[[topic]]\nslug = \"x\"".to_owned(),
            "1:1: topic \"x\": label is missing, write label = { vi = \"…\", en = \"…\" }",
        ),
        (
            "[[topic]]\nslug = \"x\"\nlabel = { en = \"X\" }\nphrases = [\"—\"]".to_owned(),
            "3:9: topic \"x\": label: vi is missing, readers see it\n\
             4:12: topic \"x\": phrases \"—\" holds neither a letter nor a digit",
        ),
        (
            rule("action = \"drop\""),
            "1:1: rule number 1: match is missing, say what it applies to: match = { title = \"…\" }",
        ),
        (
            rule("action = \"drop\"\nmatch = {}"),
            "3:9: rule number 1: match names no condition, give at least one of title, text, url, source, topic, province",
        ),
        (
            rule("match = { title = \"x\" }"),
            "1:1: rule number 1: action is missing, it is one of drop, hold, tag, untag",
        ),
        (
            rule("match = { title = \"x\" }\naction = \"delete\""),
            "3:10: rule number 1: action \"delete\" is unknown, it is one of drop, hold, tag, untag",
        ),
        (
            rule("match = { titel = \"x\" }\naction = \"drop\""),
            "2:11: rule number 1: match: unknown key \"titel\", did you mean \"title\"?",
        ),
        (
            rule("match = { title = \"regex:(a\" }\naction = \"drop\""),
            "2:19: rule number 1: match: title \"regex:(a\" is not a regular expression, unclosed group",
        ),
        (
            rule("match = { title = \"regex:a{1000}{1000}\" }\naction = \"drop\""),
            "2:19: rule number 1: match: title \"regex:a{1000}{1000}\" is too large a regular expression, make the counted repetitions smaller",
        ),
        (
            rule("match = { text = \"regex:[^\\\\s\\\\S]\" }\naction = \"drop\""),
            "2:18: rule number 1: match: text \"regex:[^\\\\s\\\\S]\" is found in no text, it asks for a letter out of none",
        ),
        (
            rule("match = { url = \"regex:^ftp://\" }\naction = \"drop\""),
            "2:17: rule number 1: match: url \"regex:^ftp://\" is found in no address, addresses begin with http:// or https://",
        ),
        (
            rule("match = { url = \"tin tức\" }\naction = \"drop\""),
            "2:17: rule number 1: match: url \"tin tức\" is found in no address, addresses have no letters but ASCII",
        ),
        (
            rule("match = { text = \"x\" }\naction = \"untag\"\ntag = \"document:zzz\""),
            "1:1: rule number 1 changes nothing: no document is filed under the tag that it takes, write the tag as in \"document:1881-qd-ttg\"",
        ),
        (
            rule("match = { source = \"b\" }\naction = \"tag\""),
            "1:1: rule number 1: tag is missing, write tag = \"topic:…\"\n\
             2:20: rule number 1: match: source \"b\" is not a source",
        ),
        (
            rule("match = { topic = \"ocp\" }\naction = \"drop\"\ntag = \"topic:ocop\""),
            "2:19: rule number 1: match: topic \"ocp\" is not a topic, did you mean \"ocop\"?\n\
             4:1: rule number 1: tag is not used, it is used with action = \"tag\" or \"untag\"",
        ),
        (
            rule("match = { text = \"x\" }\naction = \"tag\"\ntag = \"source-category:x\""),
            "4:7: rule number 1: tag \"source-category:x\" has an unknown scheme, it is one of topic, province, former-province, document",
        ),
        (
            rule("match = { text = \"x\" }\naction = \"tag\"\ntag = \"former-province:hue\""),
            "4:7: rule number 1: tag \"former-province:hue\" is not a former province, it is a province today: \"province:hue\"",
        ),
        (
            rule("match = { text = \"x\" }\naction = \"tag\"\ntag = \"ocop\""),
            "4:7: rule number 1: tag \"ocop\" has no scheme, write it as scheme:slug, such as \"topic:ocop\"",
        ),
        (
            rule("match = { text = \"x\" }\naction = \"tag\"\ntag = \"province:Huế\""),
            "4:7: rule number 1: tag \"province:Huế\" names no slug, after the colon stand a-z, 0-9 and -",
        ),
        (
            rule("match = { title = \"– …\" }\naction = \"drop\""),
            "2:19: rule number 1: match: title \"– …\" holds neither a letter nor a digit",
        ),
        // A condition that is refused is no reason to say that the rule stands in others' way.
        (
            format!(
                "{}\n{}",
                rule("match = { title = \"!!!\" }\naction = \"drop\""),
                rule("match = { title = \"quảng cáo\" }\naction = \"hold\"")
            ),
            "2:19: rule number 1: match: title \"!!!\" holds neither a letter nor a digit",
        ),
        (
            format!(
                "{}\n{}",
                rule("match = { title = \"a\", text = \"regex:(a\" }\naction = \"drop\""),
                rule("match = { title = \"a\" }\naction = \"drop\"")
            ),
            "2:31: rule number 1: match: text \"regex:(a\" is not a regular expression, unclosed group",
        ),
        (
            format!(
                "{}\n{}",
                rule("match = { titel = \"x\", source = \"\" }\naction = \"drop\""),
                rule("match = { title = \"quảng cáo\" }\naction = \"hold\"")
            ),
            "2:11: rule number 1: match: unknown key \"titel\", did you mean \"title\"?\n\
             2:33: rule number 1: match: source \"\" is not a source",
        ),
        (
            format!(
                "{}\n{}",
                rule("match = { title = \"quảng cáo\" }\naction = \"drop\""),
                rule("match = { title = \"quảng cáo đất\" }\naction = \"hold\"")
            ),
            "4:1: rule number 2 can never act: an earlier rule drops all that it matches, the earlier rule stands at 1:1: take one of them out, or put this one first",
        ),
    ] {
        check(&text, expected);
    }
}

#[test]
fn a_fault_of_toml_hides_no_other_mistake_and_makes_none() {
    for (text, expected) in [
        (
            "[[source]]\nid = \"a\nurl = \"https://a.vn/\"\n[fetch]\nper_host = 0",
            "2:8: invalid basic string, expected `\"`\n5:12: [fetch]: per_host 0 is too small, allowed is 1 to 256",
        ),
        (
            "[[source]]\nid \"a\"\nurl = \"https://a.vn/\"\ntopics = [\"x\"]\n[fetch]\nper_host = 0",
            "2:4: key with no value, expected `=`\n6:12: [fetch]: per_host 0 is too small, allowed is 1 to 256",
        ),
        (
            "[server]\nlisten = [\"127.0.0.1:80\"\n[fetch]\nper_host = 0",
            "2:25: list is not closed, expected `]`\n4:12: [fetch]: per_host 0 is too small, allowed is 1 to 256",
        ),
        (
            "[server]\nlisten = [\n  localhost,\n]",
            "3:3: string must stand in quotes",
        ),
        (
            "[fetch]\nper_host = 1\n[fetch]\nconcurrency = 0",
            "3:2: key \"fetch\" is given twice\n4:15: [fetch]: concurrency 0 is too small, allowed is 1 to 4096",
        ),
        (
            "[[source]]\nid = \"a\"\nurl = \"https://a.vn/\"\nheaders = { a = \"x\", b }\nprority = 1",
            "4:24: invalid literal string, expected `'`\n5:1: source \"a\": unknown key \"prority\", did you mean \"priority\"?",
        ),
    ] {
        check(text, expected);
    }
}

#[test]
fn names_are_filled_in_and_what_they_give_is_never_repeated() {
    let checked = good(&source(
        "headers = { A = \"Bearer ${TOKEN}\", B = \"$${TOKEN}\" }",
    ));
    let expected = [("A", "Bearer geheim"), ("B", "${TOKEN}")];
    assert_eq!(
        checked.config.sources[0].headers,
        expected.map(|(name, value)| (name.to_owned(), value.to_owned()))
    );
    check_source(
        "name = \"Báo ${NAME} ${TOKEN}\"",
        "4:13: source \"a\": ${NAME} is not set, set it in the environment, or give a systemd credential of that name",
    );
    check_source(
        "name = \"${NAME\"",
        "4:8: source \"a\": ${ is not closed by }, write $${ for a literal ${",
    );
    for text in [
        source("province = \"${TOKEN}\"\ntopics = [\"${TOKEN}\"]\nkind = \"${TOKEN}\""),
        source("headers = { A = \"${LINE}\" }\nlanguage = \"${LINE}\"\ntime_zone = \"${TOKEN}\""),
        source("was = [\"${LINE}\"]\nhosts = [\"${LINE}\"]\nmin_interval = \"${TOKEN}\""),
        "[[source]]\nid = \"${LINE}\"\nurl = \"${TOKEN}.vn\"".to_owned(),
        "[[source]]\nid = \"${ID}\"\nurl = \"ftp://${USER_PASS}a.vn\"".to_owned(),
        "[[rule]]\nmatch = { title = \"regex:(${TOKEN}\", source = \"${TOKEN}\" }\naction = \"${TOKEN}\"".to_owned(),
        format!("{}[[rule]]\nmatch = {{ source = \"geheim\" }}\naction = \"drop\"", source("").replace("\"a\"", "\"${ID}\"")),
        "[server]\nlisten = [\"${TOKEN}:1\"]\nbase_url = \"${TOKEN}\"\ntrusted_proxies = [\"${TOKEN}\"]".to_owned(),
    ] {
        let mistakes = load_text(&text).expect_err(&text);
        for remark in mistakes {
            let rendered = remark.render(Level::Error) + &remark.to_string();
            let own = "source \"geheim\"";
            assert!(!rendered.replace(own, "").contains("geheim-id"), "{rendered}");
            assert!(text.contains("\"geheim\"") || !rendered.contains("geheim"), "{rendered}");
        }
    }
}

#[test]
fn secrets_written_out_are_masked_in_excerpts() {
    for text in [
        source("headers = { Authorization = \"Bearer geheim\", \"a b\" = \"x\" }"),
        source("[source.headers]\nX-Key = \"geheimđ\""),
        source("headers = { Authorization = \"Bearer geheim\", b }"),
        source("api_key = \"geheim\""),
        source("").replace("https://", "ftp://me:geheim@"),
        source("").replace("https://a.vn/\"", "https://geheim@a.vn/"),
        "[fetch]\nproxy = \"ftp://me:geheim@a.vn\"".to_owned(),
    ] {
        for remark in load_text(&text).expect_err(&text) {
            assert!(
                !remark.render(Level::Error).contains("geheim"),
                "{}",
                remark.render(Level::Error)
            );
        }
    }
}

#[test]
fn excerpts_are_bounded_and_show_the_place() {
    let long = format!(
        "[feed]\nsubtitle = \"{}\" \nx = [{}\"y\", 5]\n",
        "ă".repeat(2000),
        "\"\", ".repeat(500)
    );
    for remark in load_text(&long).unwrap_err() {
        assert!(remark.excerpt.chars().count() <= 202, "{}", remark.excerpt);
        assert!(remark.indent + remark.width <= 202);
    }
    let text = format!("[server]\nlisten = [{}5]", "\"127.0.0.1:1\", ".repeat(40));
    let mistakes = load_text(&text).unwrap_err();
    let last = mistakes.last().unwrap();
    let under: String = last
        .excerpt
        .chars()
        .skip(last.indent)
        .take(last.width)
        .collect();
    assert_eq!(under, "5");
    assert!(last.excerpt.starts_with('…'));
}

#[test]
fn too_much_is_refused() {
    let big = "#".repeat(FILE_BYTES_MAX + 1);
    check(&big, "1:1: the file is larger than 4 MiB");
    let mistakes = load_text(&"[[source]]\n".repeat(1200)).unwrap_err();
    assert_eq!(mistakes.len(), 1001);
    assert_eq!(mistakes.last().unwrap().message, "1400 more are not shown");
}

#[test]
fn what_an_administrator_would_want_to_know_is_warned_of() {
    check_warnings("", "");
    check_warnings(
        "[schedule]\nmin_interval = \"59s\"",
        "2:16: [schedule]: min_interval is under 1 minute, newsrooms may block whoever asks so often",
    );
    check_warnings(
        &source("min_interval = \"1s\""),
        "4:16: source \"a\": min_interval is under 1 minute, newsrooms may block whoever asks so often",
    );
    check_warnings(
        &format!(
            "{}{}",
            source(""),
            source("")
                .replace("\"a\"", "\"b\"")
                .replace("https", "http")
        ),
        "7:7: source \"b\": url is also that of source \"a\", given at 3:7",
    );
    let loopback = "[server]: base_url is a loopback address, and the user agent names it to every source, \
                    set base_url to the public address, or [fetch] user_agent to one where newsrooms can ask";
    check_warnings(
        "[server]\nbase_url = \"http://localhost/\"",
        &format!("2:12: {loopback}"),
    );
    assert_eq!(lines(&good("").warnings), format!("1:1: {loopback}"));
    check_warnings(
        "[fetch]\nuser_agent = \"x (+http://127.0.0.1/)\"",
        "2:14: [fetch]: user_agent names an address that newsrooms cannot reach, name a page or a mailbox where they can ask",
    );
    assert_eq!(
        lines(&good("[fetch]\nuser_agent = \"x (+https://a.vn)\"").warnings),
        ""
    );
}

#[test]
fn defaults_written_out_are_nothing_to_warn_of() {
    let defaults = "\
[server]
base_url = \"https://tin.vn\"
trusted_proxies = []
max_connections_per_address = 512
[store]
retention = \"730d\"
snapshots = 7
[schedule]
requests_per_hour = 0
[stories]
window = \"72h\"
[[source]]
id = \"a\"
url = \"https://a.vn\"
full_text = false
republish = \"summary\"
[[source]]
id = \"b\"
url = \"https://b.vn\"
kind = \"page\"
enabled = false
full_text = true
select.item = \"li\"
";
    assert_eq!(lines(&good(defaults).warnings), "");
}

#[test]
fn include_gives_its_patterns_even_beside_mistakes() {
    let patterns = |text: &str| include_patterns(&file("feeds.toml", text), &lookup);
    assert_eq!(
        patterns("include = [\"sources.d/*.toml\", \"${TOKEN}.toml\"]"),
        ["sources.d/*.toml", "geheim.toml"]
    );
    assert_eq!(patterns("include = [\"a\", 5, \"\"]\nx y"), ["a"]);
    assert!(patterns("include = [\"a\"\n").is_empty());
    assert!(patterns("").is_empty());
}

#[test]
fn included_files_add_to_the_main_one() {
    let main = file("feeds.toml", &source("topics = [\"x\"]"));
    let included = [
        file(
            "t.toml",
            "[[topic]]\nslug = \"x\"\nlabel = { vi = \"X\" }\n",
        ),
        file(
            "r.toml",
            "[[rule]]\nmatch = { source = \"a\" }\naction = \"tag\"\ntag = \"topic:x\"",
        ),
    ];
    let config = load(&main, &included, &vocabulary(), &lookup)
        .unwrap()
        .config;
    assert_eq!(
        (
            config.sources.len(),
            config.topics.len(),
            config.rules.len()
        ),
        (1, 1, 1)
    );
    let broken = [file("t.toml", "[[topic]]\nslug \"x\"")];
    let mistakes = load(&main, &broken, &vocabulary(), &lookup).unwrap_err();
    assert_eq!(
        lines(&mistakes),
        "t.toml:2:6: key with no value, expected `=`"
    );
}

/// The blocks of the documentation that are marked as configuration.
fn documented() -> Vec<&'static str> {
    let blocks = DOCUMENTATION.split("```toml\n").skip(1);
    blocks
        .map(|block| block.split("```").next().unwrap())
        .collect()
}

#[test]
fn every_example_of_the_documentation_is_right() {
    let blocks = documented();
    assert!(blocks.len() >= 10, "{} examples", blocks.len());
    for block in blocks {
        let known = |name: &str| Some(name.to_lowercase());
        let result = load(&file("docs/config.md", block), &[], &vocabulary(), &known);
        let mistakes = result.err().unwrap_or_default();
        assert!(mistakes.is_empty(), "{block}\n{}", lines(&mistakes));
    }
}

#[test]
fn every_key_is_documented() {
    let tables = settings::TABLES.iter().flat_map(|(_, keys)| keys.iter());
    for key in tables.chain(super::source::KEYS) {
        assert!(DOCUMENTATION.contains(&format!("`{key}`")), "{key}");
    }
}

/// Whatever is read, every remark names a place that exists.
fn survives(text: &str) {
    let remarks = match load_text(text) {
        Ok(checked) => checked.warnings,
        Err(mistakes) => {
            assert!(!mistakes.is_empty());
            mistakes
        }
    };
    let lines = text.split('\n').count();
    for remark in remarks {
        assert!((1..=lines).contains(&remark.line), "{remark}");
        assert_eq!(remark.render(Level::Error).lines().count(), 4, "{remark}");
        assert_eq!(remark.to_string().lines().count(), 1, "{remark}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn no_text_makes_it_panic(text in "\\PC{0,200}") {
        survives(&text);
    }

    #[test]
    fn no_mixture_of_tokens_makes_it_panic(parts in prop::collection::vec(prop::sample::select(vec![
        "[", "]", "[[", "]]", "{", "}", "=", ".", ",", "\n", "\r\n", " ", "\"", "'", "\"\"\"", "'''", "#", "\\", "${", "x", "5",
        "1e9", "2026-11-22", "true", "source", "server", "rule", "topic", "select", "match", "id", "url", "listen", "\t", "đ", "\u{301}",
    ]), 0..60)) {
        survives(&parts.concat());
    }

    #[test]
    fn no_damage_to_a_right_file_makes_it_panic(at in 0usize..20_000, drop in 0usize..40, put in "[\\[\\]{}=\"'\n.,#đ$\\\\a5 ]{0,4}") {
        let text = documented().into_iter().max_by_key(|block| block.len()).unwrap();
        let chars: Vec<char> = text.chars().collect();
        let at = at % (chars.len() + 1);
        let rest = chars.iter().skip(at + drop);
        let damaged: String = chars[..at].iter().copied().chain(put.chars()).chain(rest.copied()).collect();
        survives(&damaged);
        survives(&chars[..at].iter().collect::<String>());
    }
}
