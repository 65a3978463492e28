//! Tags to a tree: where an element must have ended when its end tag is missing, crossed or cut off.

use super::entity::Entities;
use super::name::{conventional, local, prefix_of};
use super::scan::{Scanner, Token};
use super::{ATTRIBUTES_MAX, BINDINGS_MAX, DEPTH_MAX, ELEMENTS_MAX, ITEMS_MAX};

/// An element by its known name: lower case, prefixed only where its namespace is neither RSS' nor Atom's.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Element {
    pub name: String,
    /// Lower-case names, values decoded.
    pub attributes: Vec<(String, String)>,
    pub children: Vec<Child>,
    /// The document ended inside it.
    pub cut: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Child {
    Element(Element),
    /// Decoded once.
    Text(String),
}

/// A whole document.
#[derive(Debug, Default)]
pub struct Tree {
    /// Everything at the top, under one element without a name.
    pub top: Element,
    /// How many item elements were opened.
    pub items: usize,
    /// What was mended or left out, for people.
    pub notes: Vec<&'static str>,
}

impl Element {
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes
            .iter()
            .find(|(own, _)| own == name)
            .map(|(_, value)| value.as_str())
    }

    pub fn elements(&self) -> impl Iterator<Item = &Element> {
        self.children.iter().filter_map(|child| match child {
            Child::Element(element) => Some(element),
            Child::Text(_) => None,
        })
    }

    pub fn child(&self, name: &str) -> Option<&Element> {
        self.elements().find(|element| element.name == name)
    }

    /// All text below, without any markup.
    pub fn text(&self) -> String {
        let mut out = String::new();
        self.collect_text(&mut out);
        out
    }

    fn collect_text(&self, out: &mut String) {
        for child in &self.children {
            match child {
                Child::Text(text) => out.push_str(text),
                Child::Element(element) => element.collect_text(out),
            }
        }
    }

    pub fn is_item(&self) -> bool {
        is_item(&self.name)
    }
}

/// Reads `text` as far as the bounds allow.
pub fn grow(text: &str) -> Tree {
    let mut builder = Builder::default();
    let mut scanner = Scanner::new(text, ATTRIBUTES_MAX);
    builder.open.push(Open::default());
    for token in scanner.by_ref() {
        if builder.elements > ELEMENTS_MAX {
            builder.note("more elements than are read; the rest was left out");
            break;
        }
        if builder.items > ITEMS_MAX {
            builder.note("more items than are read; the rest was left out");
            break;
        }
        builder.take(token);
    }
    builder.cut |= scanner.is_cut_short();
    builder.finish()
}

#[derive(Default)]
struct Open<'a> {
    element: Element,
    /// As written: what an end tag is held against, whatever its case.
    tag: &'a str,
    bindings: usize,
}

#[derive(Default)]
struct Builder<'a> {
    open: Vec<Open<'a>>,
    /// Prefixes (empty: the default) and what they stand for, innermost last.
    bindings: Vec<(String, Option<&'static str>)>,
    entities: Entities,
    /// Elements opened below the deepest kept.
    too_deep: usize,
    elements: usize,
    items: usize,
    cut: bool,
    notes: Vec<&'static str>,
}

impl<'a> Builder<'a> {
    fn note(&mut self, note: &'static str) {
        if !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }

    fn top(&mut self) -> &mut Element {
        &mut self
            .open
            .last_mut()
            .expect("the element without a name is never closed")
            .element
    }

    fn take(&mut self, token: Token<'a>) {
        match token {
            Token::Text(raw) => {
                let mut text = self.text_to_extend();
                self.entities.decode(raw, &mut text);
                self.put_text(text);
            }
            Token::Literal(raw) => {
                let mut text = self.text_to_extend();
                text.push_str(raw);
                self.put_text(text);
            }
            Token::Doctype(raw) => self.entities.declare(raw),
            Token::Open {
                name,
                attributes,
                closed,
            } => self.start(name, &attributes, closed),
            Token::Close(name) => self.end(name),
        }
    }

    /// The text that the next piece goes on from.
    fn text_to_extend(&mut self) -> String {
        match self.top().children.last_mut() {
            Some(Child::Text(text)) => std::mem::take(text),
            _ => String::new(),
        }
    }

    fn put_text(&mut self, text: String) {
        match self.top().children.last_mut() {
            Some(Child::Text(last)) => *last = text,
            _ if text.is_empty() => {}
            _ => self.top().children.push(Child::Text(text)),
        }
    }

    fn start(&mut self, tag: &'a str, attributes: &[(&str, &str)], closed: bool) {
        self.elements += 1;
        let bound = self.bindings.len();
        for (key, value) in attributes {
            self.bind(key, value);
        }
        let name = self.name(tag, true);
        let bound = self.bindings.split_off(bound);
        self.close_what_must_have_ended(&name);
        if self.open.len() >= DEPTH_MAX {
            self.note("elements nested deeper than is read; their text was kept");
            self.too_deep += usize::from(!closed);
            return;
        }
        self.items += usize::from(is_item(&name));
        let bindings = bound.len();
        self.bindings.extend(bound);
        let attributes = self.attributes(attributes);
        let void = !closed && self.is_void(&name);
        self.open.push(Open {
            tag,
            bindings,
            element: Element {
                name,
                attributes,
                ..Element::default()
            },
        });
        if closed || void {
            self.pop();
        }
    }

    fn bind(&mut self, key: &str, value: &str) {
        let prefix = match key.strip_prefix("xmlns") {
            Some("") => "",
            Some(rest) if rest.starts_with(':') => &rest[1..],
            _ => return,
        };
        if self.bindings.len() < BINDINGS_MAX {
            self.bindings
                .push((prefix.to_ascii_lowercase(), prefix_of(value)));
        }
    }

    /// The known name of a tag or an attribute; only a tag without prefix is in the default namespace.
    fn name(&self, raw: &str, is_tag: bool) -> String {
        let lower = raw.to_ascii_lowercase();
        if self.bindings.is_empty() && !lower.contains(':') {
            return lower;
        }
        let (prefix, local) = lower.split_once(':').unwrap_or(("", &lower));
        if prefix.is_empty() && !is_tag {
            return lower;
        }
        let bound = self.bindings.iter().rev().find(|(own, _)| {
            own.is_empty() && prefix.is_empty() || !prefix.is_empty() && own == prefix
        });
        let known = match bound {
            Some((_, Some(known))) => known,
            Some((_, None)) => prefix,
            None => conventional(prefix),
        };
        match (known.is_empty(), prefix.is_empty()) {
            (true, true) => lower,
            (true, false) => local.to_owned(),
            _ if known == prefix => lower,
            _ => format!("{known}:{local}"),
        }
    }

    fn attributes(&mut self, raw: &[(&str, &str)]) -> Vec<(String, String)> {
        let mut attributes: Vec<(String, String)> = Vec::new();
        for (key, value) in raw {
            if key.starts_with("xmlns") {
                continue;
            }
            let name = self.name(key, false);
            if attributes.iter().any(|(own, _)| *own == name) {
                continue;
            }
            let mut decoded = String::new();
            self.entities.decode(value, &mut decoded);
            attributes.push((name, decoded));
        }
        attributes
    }

    fn innermost_item(&self) -> Option<usize> {
        self.open
            .iter()
            .rposition(|open| is_item(&open.element.name))
    }

    /// An item does not begin inside another, nor a field inside one that holds only words.
    fn close_what_must_have_ended(&mut self, name: &str) {
        if is_item(name) {
            if let Some(item) = self.innermost_item() {
                let within = &self.open[item + 1..];
                let embedded = within.iter().any(|open| {
                    open.element.name == "content" && open.element.attribute("type").is_some()
                });
                if !embedded {
                    self.note("an item without its end");
                    self.close_to(item);
                }
            }
        } else if is_field(name) && is_leaf(&self.top().name) && self.open.len() > 1 {
            self.note("a field without its end");
            self.pop();
        } else if matches!(name, "pubdate" | "guid") {
            let first = self.innermost_item().map_or(usize::MAX, |item| item + 1);
            if self
                .open
                .get(first)
                .is_some_and(|open| open.element.name == "description")
            {
                self.note("a field without its end");
                self.close_to(first);
            }
        }
    }

    /// HTML that never ends: without its own end tag it would take in what follows.
    fn is_void(&self, name: &str) -> bool {
        self.innermost_item().is_some()
            && matches!(
                local(name),
                "br" | "hr" | "img" | "input" | "col" | "area" | "wbr" | "embed"
            )
            && (!name.contains(':') || name.starts_with("xhtml:"))
    }

    fn end(&mut self, tag: &str) {
        if self.too_deep > 0 {
            let name = self.name(tag, true);
            if !is_field(&name) && !is_item(&name) && !is_frame(&name) {
                self.too_deep -= 1;
                return;
            }
            self.too_deep = 0;
        }
        let of_tag = |open: &Open| open.tag.eq_ignore_ascii_case(tag);
        let Some(at) = self.open.iter().rposition(of_tag) else {
            return;
        };
        let name = &self.open[at].element.name;
        let reaches_out = self.innermost_item().is_some_and(|item| at < item);
        if at == 0 || (reaches_out && !is_frame(name)) {
            return;
        }
        if at + 1 < self.open.len() {
            self.note("a tag without its end");
        }
        self.close_to(at);
    }

    fn close_to(&mut self, at: usize) {
        self.too_deep = 0;
        while self.open.len() > at.max(1) {
            self.pop();
        }
    }

    fn pop(&mut self) {
        if self.open.len() < 2 {
            return;
        }
        if let Some(closed) = self.open.pop() {
            let kept = self.bindings.len().saturating_sub(closed.bindings);
            self.bindings.truncate(kept);
            self.top().children.push(Child::Element(closed.element));
        }
    }

    fn finish(mut self) -> Tree {
        if self.cut || self.open.len() > 1 {
            self.note("the document is cut short");
        }
        while self.open.len() > 1 {
            self.top().cut = true;
            self.pop();
        }
        Tree {
            top: std::mem::take(self.top()),
            items: self.items,
            notes: self.notes,
        }
    }
}

fn is_item(name: &str) -> bool {
    matches!(name, "item" | "entry")
}

/// What holds items: its end tag ends whatever is open.
fn is_frame(name: &str) -> bool {
    matches!(name, "rss" | "rdf:rdf" | "feed" | "channel")
}

/// Fields of an item; none of them is an element of HTML text.
fn is_field(name: &str) -> bool {
    matches!(
        name,
        "title"
            | "link"
            | "guid"
            | "id"
            | "pubdate"
            | "description"
            | "content:encoded"
            | "author"
            | "category"
            | "updated"
            | "published"
            | "summary"
            | "enclosure"
            | "dc:creator"
            | "dc:date"
            | "dc:subject"
    )
}

/// Fields that hold words and no element that is itself a field.
fn is_leaf(name: &str) -> bool {
    matches!(
        name,
        "title"
            | "link"
            | "guid"
            | "id"
            | "pubdate"
            | "category"
            | "updated"
            | "published"
            | "dc:creator"
            | "dc:date"
            | "dc:subject"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sketch(element: &Element) -> String {
        let mut out = String::new();
        for child in &element.children {
            match child {
                Child::Text(text) => out.push_str(text),
                Child::Element(element) => {
                    out.push_str(&format!("{}(", element.name));
                    for (name, value) in &element.attributes {
                        out.push_str(&format!("@{name}={value} "));
                    }
                    out.push_str(&sketch(element));
                    out.push(')');
                }
            }
        }
        out
    }

    #[track_caller]
    fn check(text: &str, expected: &str) {
        assert_eq!(sketch(&grow(text).top), expected);
    }

    #[test]
    fn a_sound_document_is_read_as_it_is() {
        check(
            "<?xml version='1.0'?><!DOCTYPE rss><rss version=\"2.0\"><!-- x --><channel><item><title>A &amp; B</title></item></channel></rss>",
            "rss(@version=2.0 channel(item(title(A & B))))",
        );
        check("<a><![CDATA[<b>&amp;]]></a>", "a(<b>&amp;)");
    }

    #[test]
    fn bare_signs_stand_for_themselves() {
        check(
            "<item><title>1 < 2 & a<b c</title></item>",
            "item(title(1 < 2 & a<b c))",
        );
        check("<item><title>x <3 y</title></item>", "item(title(x <3 y))");
        check("<a href=x?a=1&b=2 c>d</a>", "a(@href=x?a=1&b=2 @c= d)");
        check("<a href=\"x>d</a>", "<a href=\"x>d");
    }

    #[test]
    fn a_missing_end_tag_ends_where_it_must_have_stood() {
        check(
            "<rss><item><title>A</item><item><title>B<link>u</link></item></rss>",
            "rss(item(title(A))item(title(B)link(u)))",
        );
        check("<rss><item>A<item>B</item></rss>", "rss(item(A)item(B))");
        check(
            "<item><description>a<br>b<b>c</description><guid>g</guid></item>",
            "item(description(abr()bb(c))guid(g))",
        );
    }

    #[test]
    fn a_stray_end_tag_does_not_reach_out_of_its_item() {
        check(
            "<div><item><title>A</title></div></p><link>u</link></item></div>",
            "div(item(title(A)link(u)))",
        );
    }

    #[test]
    fn a_cut_document_keeps_what_was_whole_and_marks_what_was_not() {
        let tree = grow("<rss><item><guid>1</guid></item><item><guid>2</guid><title>Ha");
        assert_eq!(
            sketch(&tree.top),
            "rss(item(guid(1))item(guid(2)title(Ha)))"
        );
        let items: Vec<bool> = tree
            .top
            .elements()
            .next()
            .unwrap()
            .elements()
            .map(|e| e.cut)
            .collect();
        assert_eq!(items, [false, true]);
        assert_eq!(tree.notes, ["the document is cut short"]);
    }

    #[test]
    fn namespaces_are_told_by_address_and_else_by_custom() {
        check(
            "<r xmlns:d='http://purl.org/dc/elements/1.1/' xmlns='http://www.w3.org/2005/Atom'><d:date>x</d:date><dc:date/></r>",
            "r(dc:date(x)dc:date())",
        );
        check(
            "<a:feed xmlns:a='http://www.w3.org/2005/Atom'><div xmlns='http://www.w3.org/1999/xhtml'><p>x</p></div><a:id>1</a:id></a:feed>",
            "feed(xhtml:div(xhtml:p(x))id(1))",
        );
    }

    #[test]
    fn depth_is_bounded_and_what_follows_is_read() {
        let text = format!(
            "<rss><item><media:group>{}deep{}</media:group><title>A</title></item><item><title>B</title></item></rss>",
            "<div>".repeat(20_000),
            "</div>".repeat(20_000),
        );
        let tree = grow(&text);
        assert_eq!(tree.items, 2);
        let rss = tree.top.child("rss").unwrap();
        let titles: Vec<String> = rss
            .elements()
            .filter_map(|item| item.child("title"))
            .map(Element::text)
            .collect();
        assert_eq!(titles, ["A", "B"]);
    }

    #[test]
    fn what_never_ends_is_read_in_linear_time() {
        for piece in [
            "<a \"",
            "<a b='",
            "<!--",
            "<![CDATA[",
            "<?x ",
            "<!D [",
            "</",
            "<a b=\"'",
        ] {
            grow(&piece.repeat(100_000));
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_gives_a_tree_within_bounds(text in "(<|>|/|a|item|title|=|\"|'|&|;|#|!|\\[|\\]|-|\\?| |ộ){0,80}") {
            let tree = grow(&text);
            proptest::prop_assert!(tree.items <= ITEMS_MAX);
        }
    }
}
