//! Hostile HTML to HTML that is cheap to build a tree of: one linear pass before html5ever.
//!
//! What comes out is well formed and bounded in bytes, tags, depth and attributes, and holds no script, style,
//! comment or frame: html5ever reads it in time that grows with its length. Linked data is kept beside it.
//! The shape of a sound page stays as it is, so that an administrator's selectors find what a browser shows.

use super::tag::{self, Tag};

/// Of one page; the rest is not read.
const PAGE_BYTES_MAX: usize = 4 * 1024 * 1024;

const TAGS_MAX: usize = 60_000;

/// Elements open at once; html5ever looks through all of them for many a tag.
const DEPTH_MAX: usize = 200;

/// How much deeper what carries words may stand than what only holds it.
const DEPTH_OF_WORDS: usize = 20;

/// How far up an end tag looks for what it ends.
const REACH_MAX: usize = 64;

/// Links inside links with blocks between, which html5ever copies elements for.
const NESTED_LINKS_MAX: usize = 100;

/// Of linked data, all scripts of a page together.
const LINKED_BYTES_MAX: usize = 1024 * 1024;

/// A page with nothing in it that costs more than its length.
#[derive(Debug, Default)]
pub struct Clean {
    pub html: String,
    /// The texts of `application/ld+json` scripts.
    pub linked: Vec<String>,
    /// What was left out, for people.
    pub problems: Vec<String>,
}

pub fn clean(page: &str) -> Clean {
    let text = cut(page, PAGE_BYTES_MAX);
    let mut cleaner = Cleaner {
        text,
        at: 0,
        open: Vec::new(),
        tags: 0,
        nested_links: 0,
        linked_bytes: 0,
        too_deep: false,
        endless: Vec::new(),
        out: Clean {
            html: String::with_capacity(text.len()),
            ..Clean::default()
        },
    };
    cleaner.out.html.push_str("<!DOCTYPE html>");
    let whole = cleaner.run();
    cleaner.close_down_to(0);
    let mut out = cleaner.out;
    if text.len() < page.len() {
        out.problems.push(format!(
            "a page of {} bytes, of which {PAGE_BYTES_MAX} were read",
            page.len()
        ));
    }
    if !whole {
        out.problems
            .push(format!("more than {TAGS_MAX} tags; the rest was not read"));
    }
    if cleaner.too_deep {
        out.problems.push(format!(
            "elements nested deeper than {DEPTH_MAX}; what they hold was read as if they were not there"
        ));
    }
    out
}

pub(in crate::core::parse) fn cut(text: &str, bytes_max: usize) -> &str {
    let mut end = text.len().min(bytes_max);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

struct Cleaner<'a> {
    text: &'a str,
    at: usize,
    /// Names of open elements, outermost first; written tags only.
    open: Vec<String>,
    tags: usize,
    nested_links: usize,
    linked_bytes: usize,
    too_deep: bool,
    /// Names of skipped elements that have no end tag in the rest of the page.
    endless: Vec<String>,
    out: Clean,
}

impl Cleaner<'_> {
    /// Whether the whole page was read.
    fn run(&mut self) -> bool {
        while let Some(found) = self.text[self.at..].find('<') {
            let lt = self.at + found;
            self.out.html.push_str(&self.text[self.at..lt]);
            let rest = &self.text[lt + 1..];
            match rest.bytes().next() {
                Some(b'!' | b'?') => self.at = lt + 1 + declaration_len(rest),
                Some(b'/') if rest[1..].starts_with(|c: char| c.is_ascii_alphabetic()) => {
                    let (name, len) = tag::end(&rest[1..]);
                    self.at = lt + 2 + len;
                    self.end(&name);
                }
                Some(b'/') => self.at = lt + 1 + rest.find('>').map_or(rest.len(), |gt| gt + 1),
                Some(b) if b.is_ascii_alphabetic() => {
                    let Some((tag, len)) = tag::start(rest) else {
                        // The page ends inside a tag.
                        self.at = self.text.len();
                        break;
                    };
                    self.at = lt + 1 + len;
                    self.tags += 1;
                    if self.tags > TAGS_MAX {
                        return false;
                    }
                    self.start(&tag);
                }
                _ => {
                    self.out.html.push_str("&lt;");
                    self.at = lt + 1;
                }
            }
        }
        self.out.html.push_str(&self.text[self.at..]);
        true
    }

    fn start(&mut self, tag: &Tag) {
        let name = tag.name.as_str();
        if tag::is_raw(name) || tag::is_skipped(name) {
            return self.raw(tag);
        }
        match name {
            "" | "plaintext" | "frameset" | "frame" | "option" | "optgroup" => return,
            // A mark to jump to, never closed on many a page.
            "a" if tag.attribute("href").is_none() => return,
            "html" | "head" | "body" => return tag.write(&mut self.out.html),
            _ => {}
        }
        self.close_implied(name);
        if tag::is_void(name) {
            return tag.write(&mut self.out.html);
        }
        if name == "a" && self.is_open_nearby("a") {
            self.nested_links += 1;
            if self.nested_links > NESTED_LINKS_MAX {
                return;
            }
        }
        let is_box = matches!(
            name,
            "div" | "span" | "section" | "center" | "font" | "table" | "tr" | "td"
        );
        let depth_max = DEPTH_MAX + if is_box { 0 } else { DEPTH_OF_WORDS };
        if self.open.len() >= depth_max {
            self.too_deep = true;
            return;
        }
        tag.write(&mut self.out.html);
        self.open.push(name.to_owned());
    }

    /// Text that is not markup, up to its end tag: only titles and linked data are of use.
    fn raw(&mut self, tag: &Tag) {
        if self.endless.contains(&tag.name) {
            return;
        }
        let rest = &self.text[self.at..];
        let (len, end) = tag::raw_len(rest, &tag.name);
        if end == rest.len() && tag::is_skipped(&tag.name) {
            self.endless.push(tag.name.clone());
            return;
        }
        let inner = &rest[..len];
        self.at += end;
        if tag.name == "title" {
            self.out.html.push_str("<title>");
            self.out.html.push_str(&inner.replace('<', "&lt;"));
            self.out.html.push_str("</title>");
        }
        let is_linked = tag.name == "script"
            && tag
                .attribute("type")
                .is_some_and(|kind| kind.to_ascii_lowercase().contains("ld+json"));
        if is_linked && self.linked_bytes + inner.len() <= LINKED_BYTES_MAX {
            self.linked_bytes += inner.len();
            self.out.linked.push(inner.to_owned());
        }
    }

    fn is_open_nearby(&self, name: &str) -> bool {
        self.open
            .iter()
            .rev()
            .take(REACH_MAX)
            .any(|open| open == name)
    }

    /// The start of `name` ends what HTML lets stand without an end tag.
    fn close_implied(&mut self, name: &str) {
        let ended: &[&str] = match name {
            "li" => &["li"],
            "dt" | "dd" => &["dt", "dd"],
            "tr" => &["tr", "td", "th"],
            "td" | "th" => &["td", "th"],
            "tbody" | "thead" | "tfoot" => &["tbody", "thead", "tfoot"],
            _ => &[],
        };
        if !ended.is_empty() {
            let barrier = |open: &str| match name {
                "li" => matches!(open, "ul" | "ol" | "menu" | "div" | "table"),
                "dt" | "dd" => matches!(open, "dl" | "div" | "table"),
                _ => open == "table",
            };
            let mut found = None;
            for (index, open) in self.open.iter().enumerate().rev().take(REACH_MAX) {
                if barrier(open) {
                    break;
                }
                if ended.contains(&open.as_str()) {
                    found = Some(index);
                }
            }
            if let Some(index) = found {
                self.close_down_to(index);
            }
        }
        if tag::is_block(name) && self.open.last().is_some_and(|open| open == "p") {
            self.close_down_to(self.open.len() - 1);
        }
        if name == "a" && self.open.last().is_some_and(|open| open == "a") {
            self.close_down_to(self.open.len() - 1);
        }
    }

    fn end(&mut self, name: &str) {
        let is_block = tag::is_block(name);
        for (index, open) in self.open.iter().enumerate().rev().take(REACH_MAX) {
            if open == name {
                return self.close_down_to(index);
            }
            let is_scope = matches!(open.as_str(), "td" | "th" | "table") && name != "table";
            let is_row = matches!(name, "tr" | "tbody" | "thead" | "tfoot" | "td" | "th");
            if (!is_block && tag::is_block(open)) || (is_scope && !(is_row && open != "table")) {
                return;
            }
        }
    }

    fn close_down_to(&mut self, len: usize) {
        for name in self.open.drain(len..).rev() {
            self.out.html.push_str("</");
            self.out.html.push_str(&name);
            self.out.html.push('>');
        }
    }
}

/// How long the comment, doctype or instruction is that follows a `<`.
fn declaration_len(rest: &str) -> usize {
    if let Some(comment) = rest.strip_prefix("!--") {
        if comment.starts_with('>') {
            return 4;
        }
        return comment.find("-->").map_or(rest.len(), |end| 3 + end + 3);
    }
    rest.find('>').map_or(rest.len(), |gt| gt + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(page: &str, expected: &str) {
        let html = clean(page).html;
        assert_eq!(html.strip_prefix("<!DOCTYPE html>").unwrap(), expected);
    }

    #[test]
    fn a_sound_page_stays_as_it_is() {
        for page in [
            "<div class=\"a\"><p>Lũ &amp; bão</p><img src=\"/x.jpg\"></div>",
            "<ul><li><a href=\"/x\">x</a></li><li>y</li></ul>",
            "<table><tbody><tr><td>x</td><td>y</td></tr></tbody></table>",
            "<a href=\"/x\"><div><h3>x</h3></div></a>",
        ] {
            check(page, page);
        }
    }

    #[test]
    fn scripts_styles_and_comments_go() {
        check(
            "a<script>if (1<2) '</div>'</script>b<style>p{}</style>c",
            "abc",
        );
        check("a<!-- <b> --><!-->b<?xml x?>c<![CDATA[x]]>d", "abcd");
        check("a<script>never ends <p>x</p>", "a");
        check(
            "a<svg><path/></svg>b<select><option>c</select>d<svg>e",
            "abde",
        );
        check(
            "<p onclick='x()' style=\"y\" class='z'>a</p>",
            "<p class=\"z\">a</p>",
        );
    }

    #[test]
    fn linked_data_is_kept_beside() {
        let page = "<script type='application/ld+json'>{\"a\":\"</b>\"}</script>x";
        assert_eq!(clean(page).linked, ["{\"a\":\"</b>\"}"]);
        check(page, "x");
    }

    #[test]
    fn what_is_open_is_closed_in_order() {
        check("<div><b>x</div>y", "<div><b>x</b></div>y");
        check(
            "<div><p>x<div>y</div></p></div>",
            "<div><p>x</p><div>y</div></div>",
        );
        check("<ul><li>x<li>y</ul>", "<ul><li>x</li><li>y</li></ul>");
        check(
            "<table><tr><td>x<td>y<tr><td>z</table>",
            "<table><tr><td>x</td><td>y</td></tr><tr><td>z</td></tr></table>",
        );
        check("<b><div>x</b>y</div>", "<b><div>xy</div></b>");
        check("<td><div>x</table></div></td>", "<td><div>x</div></td>");
        check("1 < 2 </> <p", "1 &lt; 2  ");
        check("<a href='x\" y'>z", "<a href=\"x&quot; y\">z</a>");
    }

    #[test]
    fn hostile_pages_come_out_small_and_shallow() {
        let deep = clean(&"<div>".repeat(20_000));
        assert_eq!(deep.html.matches("<div>").count(), DEPTH_MAX);
        assert_eq!(deep.problems.len(), 1);
        let many = "<a ".repeat(3_500_000);
        assert!(clean(&many).html.len() < 100);
        let attributes: String = (0..500_000).map(|n| format!("a{n} ")).collect();
        assert!(clean(&format!("<p {attributes}>x")).html.len() < 1000);
        let links = clean(&"<a href=x><div>".repeat(100_000));
        assert!(links.html.matches("<a ").count() <= NESTED_LINKS_MAX + 1);
    }
}
