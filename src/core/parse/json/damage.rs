//! JSON that breaks off or is damaged: each item that is still whole, and what stands around them.
//!
//! One pass, no recursion: strings are mended as they go by (line breaks, escapes that JSON does not know), and
//! the objects of `items` are cut out, so that one that cannot be read costs no other.

use serde_json::{Map, Value};

use super::super::guard::ITEMS_MAX;

/// What could be read of a damaged document.
pub(super) struct Salvage {
    pub(super) feed: Value,
    /// Items that are there and cannot be read, the one that breaks off among them.
    pub(super) lost: usize,
}

/// None where there are no `items`.
pub(super) fn salvage(text: &str) -> Option<Salvage> {
    let scan = Scan::of(text);
    let open = scan.items_from?;
    let mut items = Vec::new();
    let mut lost = usize::from(scan.item_from.is_some());
    for (from, to) in scan.items.iter().take(ITEMS_MAX) {
        match serde_json::from_str(&scan.mended[*from..*to]) {
            Ok(item) => items.push(item),
            Err(_) => lost += 1,
        }
    }
    if items.is_empty() && lost == 0 {
        return None;
    }
    let before = &scan.mended[..open];
    let after = scan.items_to.map_or("]}", |to| &scan.mended[to..]);
    let mut feed: Map<String, Value> = serde_json::from_str(&format!("{before}{after}"))
        .or_else(|_| serde_json::from_str(&format!("{before}]}}")))
        .unwrap_or_default();
    feed.insert("items".to_owned(), Value::Array(items));
    Some(Salvage {
        feed: Value::Object(feed),
        lost,
    })
}

#[derive(Default)]
struct Scan {
    mended: String,
    /// After the `[` of `items`, and at its `]`.
    items_from: Option<usize>,
    items_to: Option<usize>,
    items: Vec<(usize, usize)>,
    /// Where the item begins that has not ended.
    item_from: Option<usize>,
    depth: usize,
    /// The last string outside of `items`, and whether a colon followed it.
    key: String,
    is_key: bool,
}

impl Scan {
    fn of(text: &str) -> Scan {
        let mut scan = Scan {
            mended: String::with_capacity(text.len()),
            ..Scan::default()
        };
        let mut chars = text.chars();
        while let Some(c) = chars.next() {
            if c == '"' {
                scan.string(&mut chars);
            } else {
                scan.sign(c);
            }
            if scan.depth == 0 && c == '}' {
                break;
            }
        }
        scan
    }

    fn string(&mut self, chars: &mut std::str::Chars) {
        let from = self.mended.len() + 1;
        self.mended.push('"');
        while let Some(c) = chars.next() {
            match c {
                '"' => break,
                '\n' => self.mended.push_str("\\n"),
                '\r' => self.mended.push_str("\\r"),
                '\t' => self.mended.push_str("\\t"),
                '\\' => match chars.next() {
                    Some(c @ ('"' | '\\' | '/' | 'b' | 'f' | 'n' | 'r' | 't' | 'u')) => {
                        self.mended.extend(['\\', c]);
                    }
                    Some(c) if !c.is_control() => self.mended.push(c),
                    _ => {}
                },
                c => self.mended.push(c),
            }
        }
        if self.depth == 1 {
            self.mended[from..].clone_into(&mut self.key);
            self.is_key = false;
        }
        self.mended.push('"');
    }

    fn sign(&mut self, c: char) {
        let is_in_items = self.items_from.is_some() && self.items_to.is_none();
        let at = self.mended.len();
        match c {
            ':' if self.depth == 1 => self.is_key = true,
            '[' if self.depth == 1 && self.items_from.is_none() => {
                let is_items = self.is_key && self.key == "items";
                self.items_from = is_items.then_some(at + 1);
            }
            '{' if self.depth == 2 && is_in_items => self.item_from = Some(at),
            '}' if self.depth == 3 && is_in_items => {
                if let Some(from) = self.item_from.take() {
                    self.items.push((from, at + 1));
                }
            }
            ']' if self.depth == 2 && is_in_items => self.items_to = Some(at),
            _ => {}
        }
        match c {
            '{' | '[' => self.depth += 1,
            '}' | ']' => self.depth = self.depth.saturating_sub(1),
            _ => {}
        }
        self.mended.push(c);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str, lost: usize) {
        let salvage = salvage(text).unwrap();
        let expected: Value = serde_json::from_str(expected).unwrap();
        assert_eq!((salvage.feed, salvage.lost), (expected, lost), "{text}");
    }

    #[test]
    fn what_is_whole_survives_what_is_not() {
        let whole = r#"{"version":"1","title":"Báo","items":[{"id":"1","tags":["a"]},{"id":"2"}]}"#;
        check(whole, whole, 0);
        check(&format!("{whole} junk"), whole, 0);
        check(
            r#"{"title":"Báo","items":[{"id":"1"},{"id":"2"},{"id":"#,
            r#"{"title":"Báo","items":[{"id":"1"},{"id":"2"}]}"#,
            1,
        );
        check(
            r#"{"items":[{"id":"1"},{"id":},{"id":"3 ]}, \"{"}],"title":"Báo"}"#,
            r#"{"items":[{"id":"1"},{"id":"3 ]}, \"{"}],"title":"Báo"}"#,
            1,
        );
        check(
            "{\"items\":[{\"id\":\"1\",\"title\":\"hai\ndòng \\'\\x\"}]}",
            r#"{"items":[{"id":"1","title":"hai\ndòng 'x"}]}"#,
            0,
        );
        check(
            r#"{"title":,"items":[{"id":"1"}]}"#,
            r#"{"items":[{"id":"1"}]}"#,
            0,
        );
        assert!(salvage(r#"{"title":"Báo","items""#).is_none());
        assert!(salvage(r#"{"a":{"items":[{}]}}"#).is_none());
    }

    #[test]
    fn depth_and_repetition_are_read_in_linear_time() {
        for piece in ["{", "[", "{\"items\":[", "\"", "\\", "{\"a\":", "}", "]"] {
            let _ = salvage(&format!("{{\"items\":[{}", piece.repeat(200_000)));
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_read(text in "(\\{|\\}|\\[|\\]|\"|items|id|:|,|\\\\|\n|ộ|u|1){0,60}") {
            let _ = salvage(&text);
        }
    }
}
