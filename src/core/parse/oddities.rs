//! What is odd about an answer's bytes and had to be mended before anything could be read.
//!
//! For people who look at a source: the daemon mends without asking what.

use std::sync::LazyLock;

use regex::Regex;

use super::{Answer, charset};

/// Of the text that is looked through.
const BYTES_MAX: usize = 1024 * 1024;

/// What begins like a reference: its name where it is one.
static REFERENCE: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"&(?:(#?[0-9A-Za-z]{1,40});)?").ok());

/// `<` that begins nothing.
static BARE_LESS: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"<[\s0-9<=]").ok());

/// One sentence for each kind of damage in an XML answer; none for JSON, and none for what is in order.
pub fn of(answer: &Answer) -> Vec<&'static str> {
    let text = charset::text(answer.body, answer.content_type);
    let head = text.trim_start();
    if head.starts_with(['{', '[']) {
        return Vec::new();
    }
    let text = super::page::clean::cut(&text, BYTES_MAX);
    let mut found = charset_oddities(answer);
    let mut say = |is_so: bool, what: &'static str| {
        if is_so {
            found.push(what);
        }
    };
    let before = text.find("<?xml").or_else(|| text.find('<')).unwrap_or(0);
    say(
        !text[..before].trim().is_empty(),
        "words before the first tag",
    );
    say(text.matches("<?xml ").count() > 1, "a second prolog");
    say(
        text.contains("<!DOCTYPE") && !text.contains("<!DOCTYPE html"),
        "a document type, which is dropped",
    );
    let outside = without_cdata(text);
    let names: Vec<Option<&str>> = REFERENCE
        .iter()
        .flat_map(|reference| reference.captures_iter(&outside))
        .map(|found| found.get(1).map(|name| name.as_str()))
        .collect();
    say(names.contains(&None), "& that stands for itself");
    let is_html = |name: &&str| {
        !name.starts_with('#') && !matches!(*name, "amp" | "lt" | "gt" | "quot" | "apos")
    };
    say(
        names.iter().flatten().any(is_html),
        "entities of HTML, which XML does not know",
    );
    let is_bare = |less: &Regex| less.is_match(&outside);
    say(
        BARE_LESS.as_ref().is_some_and(is_bare),
        "< that stands for itself",
    );
    found
}

fn charset_oddities(answer: &Answer) -> Vec<&'static str> {
    let mut found = Vec::new();
    let plain = String::from_utf8_lossy(answer.body);
    let declares_other = {
        let head = super::page::clean::cut(&plain, 200).to_ascii_lowercase();
        let http = answer.content_type.unwrap_or("").to_ascii_lowercase();
        let names_one = |text: &str, key: &str| {
            text.split_once(key).is_some_and(|(_, label)| {
                !label.trim_matches(['"', '\'', ' ']).starts_with("utf-8")
            })
        };
        names_one(&head, "encoding=") || names_one(&http, "charset=")
    };
    let is_utf8 = std::str::from_utf8(answer.body).is_ok();
    if is_utf8 && !answer.body.is_ascii() && declares_other {
        found.push("UTF-8 that is declared as something else");
    }
    if !is_utf8 && !declares_other {
        found.push("bytes that are not UTF-8, though nothing else is declared");
    }
    let is_illegal = |c: char| !charset::is_legal(c) && c != '\u{feff}';
    if is_utf8 && plain.chars().any(is_illegal) {
        found.push("characters that XML forbids");
    }
    found
}

/// In CDATA every sign stands for itself.
fn without_cdata(text: &str) -> String {
    let mut outside = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, inside)) = rest.split_once("<![CDATA[") {
        outside.push_str(before);
        rest = inside.split_once("]]>").map_or("", |(_, after)| after);
    }
    outside.push_str(rest);
    outside
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::model::Timestamp;

    #[track_caller]
    fn check(body: &[u8], content_type: Option<&str>, expected: &[&str]) {
        let answer = Answer {
            body,
            content_type,
            url: "https://a.vn/rss",
            time_zone_offset_s: None,
            items_max: 10,
            now: Timestamp::EPOCH,
        };
        assert_eq!(of(&answer), expected, "{}", String::from_utf8_lossy(body));
    }

    #[test]
    fn each_kind_of_damage_is_told_once_and_what_is_in_order_is_not() {
        let rss = |text: &str| {
            format!("<rss version=\"2.0\"><channel><title>{text}</title></channel></rss>")
        };
        check(rss("Làng &amp; nghề &#7897;").as_bytes(), None, &[]);
        check(rss("<![CDATA[a & b <1> &nbsp;]]>").as_bytes(), None, &[]);
        check(rss("R&D").as_bytes(), None, &["& that stands for itself"]);
        check(
            rss("a&nbsp;b").as_bytes(),
            None,
            &["entities of HTML, which XML does not know"],
        );
        check(rss("a < b").as_bytes(), None, &["< that stands for itself"]);
        check(
            format!("lỗi <!DOCTYPE rss>{}", rss("x")).as_bytes(),
            None,
            &[
                "words before the first tag",
                "a document type, which is dropped",
            ],
        );
        check(
            rss("Làng").as_bytes(),
            Some("text/xml; charset=iso-8859-1"),
            &["UTF-8 that is declared as something else"],
        );
        check(
            b"<rss><channel><title>L\xe0ng</title></channel></rss>",
            None,
            &["bytes that are not UTF-8, though nothing else is declared"],
        );
        check(
            rss("a\u{1}b").as_bytes(),
            None,
            &["characters that XML forbids"],
        );
        check(b"{\"version\":\"x & y\"}", None, &[]);
    }
}
