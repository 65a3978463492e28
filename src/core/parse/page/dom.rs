//! A cleaned page as a flat list of nodes in document order, each with the end of what it holds.
//!
//! Everything below an element is a slice of the list, so that every question about a page is a loop: nothing
//! here recurses, whatever the page nests.

use std::collections::HashMap;
use std::ops::Range;

use ego_tree::NodeId;
use ego_tree::iter::Edge;
use scraper::{ElementRef, Html, Node as HtmlNode, Selector};

use super::tag::is_block;

/// A page is parsed once into this.
#[derive(Debug)]
pub struct Dom<'a> {
    nodes: Vec<Node<'a>>,
    chars_of_all: usize,
    places: HashMap<NodeId, usize>,
}

#[derive(Debug)]
struct Node<'a> {
    what: What<'a>,
    parent: usize,
    end: usize,
    /// Letters and digits below, and how many of them inside links.
    chars: usize,
    link_chars: usize,
    /// Letters and digits of all that stands before.
    before: usize,
    /// The words of class and id.
    marks: Vec<String>,
}

#[derive(Debug)]
enum What<'a> {
    Element(ElementRef<'a>),
    Text(&'a str),
}

impl<'a> Dom<'a> {
    pub fn of(html: &'a Html) -> Dom<'a> {
        let mut dom = Dom {
            nodes: Vec::new(),
            chars_of_all: 0,
            places: HashMap::new(),
        };
        let mut open: Vec<usize> = Vec::new();
        for edge in html.tree.root().traverse() {
            match edge {
                Edge::Open(node) => {
                    let at = dom.nodes.len();
                    let what = match (ElementRef::wrap(node), node.value()) {
                        (Some(element), _) => What::Element(element),
                        (None, HtmlNode::Text(text)) => What::Text(text),
                        _ => continue,
                    };
                    let is_element = matches!(what, What::Element(_));
                    let chars = match &what {
                        What::Text(text) => text.chars().filter(|c| c.is_alphanumeric()).count(),
                        What::Element(_) => 0,
                    };
                    dom.nodes.push(Node {
                        what,
                        parent: open.last().copied().unwrap_or(0),
                        end: at + 1,
                        chars,
                        link_chars: 0,
                        before: dom.chars_of_all,
                        marks: ElementRef::wrap(node).map_or_else(Vec::new, marks_of),
                    });
                    dom.chars_of_all += chars;
                    if is_element {
                        dom.places.insert(node.id(), at);
                        open.push(at);
                    }
                }
                Edge::Close(node) if node.value().is_element() => {
                    if let Some(at) = open.pop() {
                        dom.nodes[at].end = dom.nodes.len();
                    }
                }
                Edge::Close(_) => {}
            }
        }
        dom.count();
        dom
    }

    fn count(&mut self) {
        for at in (1..self.nodes.len()).rev() {
            let is_link = self.name(at) == "a" && self.attr(at, "href").is_some();
            let chars = self.nodes[at].chars;
            if is_link {
                self.nodes[at].link_chars = chars;
            }
            let link_chars = self.nodes[at].link_chars;
            let parent = self.nodes[at].parent;
            self.nodes[parent].chars += chars;
            self.nodes[parent].link_chars += link_chars;
        }
    }

    /// Every element, in document order.
    pub fn elements(&self) -> impl DoubleEndedIterator<Item = usize> + '_ {
        self.elements_in(0..self.nodes.len())
    }

    /// The elements below `at`.
    pub fn below(&self, at: usize) -> impl DoubleEndedIterator<Item = usize> + Clone + '_ {
        self.elements_in(at + 1..self.end(at))
    }

    fn elements_in(
        &self,
        range: Range<usize>,
    ) -> impl DoubleEndedIterator<Item = usize> + Clone + '_ {
        range.filter(|at| matches!(self.nodes[*at].what, What::Element(_)))
    }

    /// Nodes of any kind.
    pub fn node_count(&self) -> usize {
        self.nodes.len()
    }

    /// None for the outermost.
    pub fn parent(&self, at: usize) -> Option<usize> {
        (at > 0).then(|| self.nodes[at].parent)
    }

    pub fn ancestors(&self, at: usize) -> impl Iterator<Item = usize> + '_ {
        std::iter::successors(self.parent(at), |at| self.parent(*at))
    }

    pub fn end(&self, at: usize) -> usize {
        self.nodes[at].end
    }

    pub fn holds(&self, outer: usize, inner: usize) -> bool {
        outer <= inner && inner < self.end(outer)
    }

    /// Empty for text.
    pub fn name(&self, at: usize) -> &'a str {
        match &self.nodes[at].what {
            What::Element(element) => element.value().name(),
            What::Text(_) => "",
        }
    }

    pub fn attr(&self, at: usize, name: &str) -> Option<&'a str> {
        match &self.nodes[at].what {
            What::Element(element) => element.value().attr(name),
            What::Text(_) => None,
        }
    }

    pub fn chars(&self, at: usize) -> usize {
        self.nodes[at].chars
    }

    pub fn link_chars(&self, at: usize) -> usize {
        self.nodes[at].link_chars
    }

    /// The words below `at`, with one space between, none at the ends.
    pub fn text(&self, at: usize) -> String {
        self.text_without(at, &|_| false)
    }

    /// The same without what is below elements that `left_out` names.
    pub fn text_without(&self, at: usize, left_out: &dyn Fn(usize) -> bool) -> String {
        let mut out = String::new();
        // Ends of the blocks that are open: words do not run over their edges.
        let mut edges: Vec<usize> = Vec::new();
        let mut node = at;
        while node < self.end(at) {
            while edges.last().is_some_and(|end| *end <= node) {
                edges.pop();
                out.push(' ');
            }
            match &self.nodes[node].what {
                What::Text(text) => out.push_str(text),
                What::Element(_) if node != at && left_out(node) => {
                    out.push(' ');
                    node = self.end(node);
                    continue;
                }
                What::Element(element) => {
                    let name = element.value().name();
                    if name == "br" || is_block(name) {
                        out.push(' ');
                        edges.push(self.end(node));
                    }
                }
            }
            node += 1;
        }
        fold(&out)
    }

    /// In the tree that this was made of.
    pub fn id(&self, at: usize) -> Option<NodeId> {
        match &self.nodes[at].what {
            What::Element(element) => Some(element.id()),
            What::Text(_) => None,
        }
    }

    /// The words that stand in `at` itself, not in an element below it.
    pub fn has_own_text(&self, at: usize) -> bool {
        (at + 1..self.end(at)).any(|node| {
            let is_own = self.nodes[node].parent == at;
            is_own && matches!(self.nodes[node].what, What::Text(_)) && self.nodes[node].chars > 1
        })
    }

    /// Letters and digits in `range`.
    pub fn chars_between(&self, range: Range<usize>) -> usize {
        let before = |at: usize| {
            self.nodes
                .get(at)
                .map_or(self.chars_of_all, |node| node.before)
        };
        before(range.end) - before(range.start)
    }

    /// The next words from `at` on, before `end`.
    pub fn next_words(&self, at: usize, end: usize) -> Option<&'a str> {
        (at..end)
            .map(|node| self.own_words(node).trim())
            .find(|words| !words.is_empty())
    }

    /// What `selector` finds in `at` and below it, in document order.
    pub fn select(&self, at: usize, selector: &Selector) -> Vec<usize> {
        self.elements_in(at..self.end(at))
            .filter(|node| self.is_match(*node, selector))
            .collect()
    }

    pub fn is_match(&self, at: usize, selector: &Selector) -> bool {
        match &self.nodes[at].what {
            What::Element(element) => selector.matches(element),
            What::Text(_) => false,
        }
    }

    /// Every element that `selector` finds, in document order.
    pub fn select_all(&self, html: &Html, selector: &Selector) -> Vec<usize> {
        html.select(selector)
            .filter_map(|element| self.places.get(&element.id()).copied())
            .collect()
    }

    /// The words of class and id, in lower case: `b-grid__title` gives `b`, `grid` and `title`.
    pub fn marks(&self, at: usize) -> &[String] {
        &self.nodes[at].marks
    }

    /// The words of a text; an element has none of its own here.
    pub fn own_words(&self, at: usize) -> &'a str {
        match &self.nodes[at].what {
            What::Element(_) => "",
            What::Text(text) => text,
        }
    }
}

/// Of one element's class and id.
const MARKS_MAX: usize = 40;

fn marks_of(element: ElementRef) -> Vec<String> {
    let written = [element.attr("class"), element.attr("id")];
    let mut marks = Vec::new();
    for token in written
        .into_iter()
        .flatten()
        .flat_map(str::split_whitespace)
    {
        for part in token.split(|c: char| !c.is_ascii_alphanumeric()) {
            push_words(part, &mut marks);
        }
        if marks.len() >= MARKS_MAX {
            break;
        }
    }
    marks
}

/// `newsTitle` is two words, `NEWS` and `news2` one.
fn push_words(part: &str, marks: &mut Vec<String>) {
    let mut word = String::new();
    let mut was_lower = false;
    for c in part.chars() {
        if c.is_ascii_uppercase() && was_lower {
            marks.push(std::mem::take(&mut word));
        }
        was_lower = c.is_ascii_lowercase();
        word.push(c.to_ascii_lowercase());
    }
    if !word.is_empty() {
        marks.push(word);
    }
}

/// One space where there was white space, none at the ends.
pub fn fold(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for word in
        text.split(|c: char| c.is_whitespace() || matches!(c, '\u{200b}' | '\u{feff}' | '\u{ad}'))
    {
        if !word.is_empty() {
            if !out.is_empty() {
                out.push(' ');
            }
            out.push_str(word);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_do_not_run_over_the_edges_of_blocks() {
        let html =
            Html::parse_document("<div><h3>Lũ</h3>lớn<p>ở <b>H</b>uế<br>nay</p><i>x</i>y</div>z");
        let dom = Dom::of(&html);
        assert_eq!(dom.text(0), "Lũ lớn ở Huế nay xy z");
    }

    #[test]
    fn the_words_of_a_class_are_told_apart() {
        let html = Html::parse_document("<p class='b-grid__title newsItem X2' id=Main_Box>");
        let dom = Dom::of(&html);
        let paragraph = dom.elements().last().unwrap();
        assert_eq!(
            dom.marks(paragraph),
            ["b", "grid", "title", "news", "item", "x2", "main", "box"]
        );
    }
}
