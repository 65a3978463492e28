//! The text of an article's own page: by the site's selector, else where the known publishing systems put it, else
//! where dom_smoothie finds it (docs/decisions/0011).
//!
//! What comes out is HTML of paragraphs, headings, lists, tables and pictures, without furniture and lists of
//! other articles; it is not yet safe, as nothing a source wrote is before it was normalised. Bounded as the cleaned
//! page is.

use std::panic::{AssertUnwindSafe, catch_unwind};

use dom_smoothie::{Config, Readability};
use ego_tree::NodeId;
use scraper::{Html, Selector};

use super::Answer;
use super::page::clean;
use super::page::dom::Dom;
use super::page::{self, ArticlePage};
use crate::core::model::ParsedArticle;

/// Letters and digits below which a text is none: a page that says it wants a script, say.
const TEXT_CHARS_MIN: usize = 100;

/// Letters and digits of what stands for one other article, its lede included, or of an imprint.
const STRANGER_CHARS_MAX: usize = 500;

/// Of a page in which the text has to be looked for.
const ELEMENTS_MAX: usize = 20_000;

/// Of what comes out.
const HTML_BYTES_MAX: usize = 1024 * 1024;

/// Where the families of newsrooms put an article's text.
const BODIES: [&str; 20] = [
    "[itemprop=articleBody]",
    ".__MASTERCMS_CONTENT",
    "#__MASTERCMS_CONTENT",
    ".article__body",
    "#content-detail",
    ".content-detail",
    "#newscontents .content-fck",
    ".content-fck",
    ".b-maincontent",
    ".td-post-content",
    ".entry-content",
    ".post-content",
    ".article-content",
    ".article-body",
    ".detail-content",
    ".news_detail_content",
    ".editor-content",
    "#dcontent",
    ".cms-body",
    "article .entry",
];

/// Words of class or id of what stands inside an article's text and is not of it.
const FOREIGN: [&str; 18] = [
    "related",
    "relate",
    "share",
    "sharing",
    "social",
    "tags",
    "tag",
    "comment",
    "comments",
    "ads",
    "adv",
    "banner",
    "lienquan",
    "similar",
    "breadcrumb",
    "toolbar",
    "print",
    "newsletter",
];

/// Of these a newsroom's imprint holds several, and the paragraph of an article at most one.
const IMPRINT: [&str; 6] = [
    "giấy phép",
    "tổng biên tập",
    "trụ sở",
    "tòa soạn",
    "bản quyền",
    "ghi rõ nguồn",
];

const KEPT: [&str; 26] = [
    "p",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "ul",
    "ol",
    "li",
    "blockquote",
    "figure",
    "figcaption",
    "table",
    "tbody",
    "thead",
    "tr",
    "td",
    "th",
    "b",
    "strong",
    "i",
    "em",
    "u",
    "a",
    "sup",
    "sub",
];

/// The article in `answer`; none when the page holds no text of an article.
pub fn text(answer: &Answer, selector: Option<&str>) -> Option<ParsedArticle> {
    let read = AssertUnwindSafe(|| read(answer, selector));
    catch_unwind(read).ok().flatten()
}

fn read(answer: &Answer, selector: Option<&str>) -> Option<ParsedArticle> {
    let raw = page::text(answer.body, answer.content_type);
    let cleaned = clean::clean(&raw);
    let html = Html::parse_document(&cleaned.html);
    let dom = Dom::of(&html);
    let about = ArticlePage::read(&dom, &cleaned.linked, answer)?;
    let chosen = selector.and_then(|raw| Selector::parse(raw).ok());
    let described: Vec<usize> = chosen
        .as_ref()
        .map(|selector| outermost(&dom, dom.select_all(&html, selector)))
        .unwrap_or_default();
    let is_described = described.iter().any(|at| dom.chars(*at) > 0);
    let known = || known(&dom, &html).map(|body| vec![body]);
    let bodies = if is_described {
        Some(described)
    } else {
        known()
    };
    let mut out = match bodies {
        Some(bodies) => written(&dom, &bodies, &about.title, is_described),
        None => {
            let strangers = strangers(&dom);
            readable(html, &strangers, &about.title).unwrap_or_default()
        }
    };
    let chars = letters(&out);
    if chars < TEXT_CHARS_MIN && !is_described {
        out = about
            .body
            .as_deref()
            .filter(|body| letters(body) > chars)?
            .to_owned();
    }
    if letters(&out) == 0 {
        return None;
    }
    Some(ParsedArticle {
        title: about.title_html(),
        html: out,
        published: about.published,
        updated_at: about.updated_at,
        authors: about.authors,
        image: about.image,
        selector_missed: selector.is_some() && !is_described,
    })
}

/// Letters and digits outside tags.
fn letters(html: &str) -> usize {
    let mut inside = false;
    html.chars()
        .filter(|c| {
            inside = (inside || *c == '<') && *c != '>';
            !inside && c.is_alphanumeric()
        })
        .count()
}

fn outermost(dom: &Dom, found: Vec<usize>) -> Vec<usize> {
    let mut end = 0;
    let mut kept = Vec::new();
    for at in found {
        if at >= end {
            end = dom.end(at);
            kept.push(at);
        }
    }
    kept
}

fn known(dom: &Dom, html: &Html) -> Option<usize> {
    BODIES.iter().find_map(|raw| {
        let selector = Selector::parse(raw).ok()?;
        dom.select_all(html, &selector)
            .into_iter()
            .filter(|at| own_chars(dom, *at) >= TEXT_CHARS_MIN && is_prose(dom, *at))
            .max_by_key(|at| own_chars(dom, *at))
    })
}

fn own_chars(dom: &Dom, at: usize) -> usize {
    dom.chars(at).saturating_sub(dom.link_chars(at))
}

fn is_prose(dom: &Dom, at: usize) -> bool {
    2 * dom.link_chars(at) <= dom.chars(at)
}

/// What is small and not of the text: other articles, each around a heading that is a link, and the imprint.
fn strangers(dom: &Dom) -> Vec<NodeId> {
    let mut end = 0;
    let mut found = Vec::new();
    for at in dom.elements() {
        if at < end || !(1..=STRANGER_CHARS_MAX).contains(&dom.chars(at)) {
            continue;
        }
        let is_block = matches!(
            dom.name(at),
            "div" | "li" | "article" | "section" | "td" | "dl"
        );
        let is_card = is_block && dom.below(at).any(|inner| is_linked_heading(dom, inner, at));
        if is_card || is_imprint(dom, at) {
            end = dom.end(at);
            found.extend(dom.id(at));
        }
    }
    found
}

fn is_imprint(dom: &Dom, at: usize) -> bool {
    if !matches!(dom.name(at), "p" | "div" | "td") || !dom.has_own_text(at) {
        return false;
    }
    let text = dom.text(at).to_lowercase();
    let said = IMPRINT.iter().filter(|words| text.contains(**words));
    said.count() >= 2
}

fn is_linked_heading(dom: &Dom, at: usize, card: usize) -> bool {
    let leads_away = |at: usize| {
        dom.name(at) == "a"
            && dom
                .attr(at, "href")
                .is_some_and(|href| !href.starts_with('#'))
    };
    matches!(dom.name(at), "h2" | "h3" | "h4" | "h5" | "h6")
        && dom.chars(at) > 0
        && (dom
            .ancestors(at)
            .take_while(|outer| *outer >= card)
            .any(leads_away)
            || dom.link_chars(at) == dom.chars(at) && dom.below(at).any(leads_away))
}

/// What dom_smoothie takes for the text of a page of no known family, once the `strangers` are gone.
///
/// It is given nothing but cleaned pages: unbounded ones cost it minutes.
fn readable(mut html: Html, strangers: &[NodeId], title: &str) -> Option<String> {
    for stranger in strangers {
        html.tree.get_mut(*stranger)?.detach();
    }
    let config = Config {
        // By these what stands inside a text and is not of it is told.
        keep_classes: true,
        max_elements_to_parse: ELEMENTS_MAX,
        disable_json_ld: true,
        char_threshold: TEXT_CHARS_MIN,
        ..Config::default()
    };
    let found = Readability::new(html.html(), None, Some(config))
        .ok()?
        .parse()
        .ok()?;
    let html = Html::parse_document(&found.content);
    let dom = Dom::of(&html);
    let body = dom.elements().find(|at| dom.name(*at) == "body")?;
    Some(written(&dom, &[body], title, false))
}

fn written(dom: &Dom, bodies: &[usize], title: &str, is_described: bool) -> String {
    let mut writer = Writer {
        dom,
        out: String::new(),
        is_described,
    };
    for body in bodies {
        writer.write(*body, title);
    }
    writer.out
}

fn is_furniture(dom: &Dom, at: usize) -> bool {
    matches!(
        dom.name(at),
        "nav" | "aside" | "footer" | "button" | "input" | "ins" | "label"
    )
}

fn is_foreign(dom: &Dom, at: usize) -> bool {
    is_furniture(dom, at)
        || dom
            .marks(at)
            .iter()
            .any(|mark| FOREIGN.contains(&mark.as_str()))
}

struct Writer<'a> {
    dom: &'a Dom<'a>,
    out: String,
    is_described: bool,
}

impl Writer<'_> {
    /// Writes what is below `body`; blocks that are no paragraphs become them.
    fn write(&mut self, body: usize, title: &str) {
        let dom = self.dom;
        // Ends and names of the tags that are open.
        let mut open: Vec<(usize, &str)> = Vec::new();
        let mut at = body;
        while at < dom.end(body) {
            while let Some((end, name)) = open.last().copied() {
                if end > at {
                    break;
                }
                self.out.push_str(&format!("</{name}>"));
                open.pop();
            }
            if self.out.len() > HTML_BYTES_MAX {
                break;
            }
            let name = dom.name(at);
            if at != body && !name.is_empty() && self.is_left_out(at, title) {
                at = dom.end(at);
                continue;
            }
            match name {
                "" => self.out.push_str(&page::html_of(dom.own_words(at))),
                "br" => self.out.push_str("<br>"),
                "img" => self.image(at),
                _ if at == body && !is_paragraph(name) => {}
                "a" => {
                    let href = dom.attr(at, "href").unwrap_or("");
                    self.out
                        .push_str(&format!("<a href=\"{}\">", page::html_of(href)));
                    open.push((dom.end(at), "a"));
                }
                "h1" => {
                    self.out.push_str("<h2>");
                    open.push((dom.end(at), "h2"));
                }
                "div" | "section" | "article" | "center" if dom.has_own_text(at) => {
                    self.out.push_str("<p>");
                    open.push((dom.end(at), "p"));
                }
                _ => {
                    if let Some(kept) = KEPT.iter().find(|kept| **kept == name) {
                        self.out.push_str(&format!("<{kept}>"));
                        open.push((dom.end(at), kept));
                    }
                }
            }
            at += 1;
        }
        for (_, name) in open.into_iter().rev() {
            self.out.push_str(&format!("</{name}>"));
        }
    }

    /// The title again, furniture, lists of other articles.
    fn is_left_out(&self, at: usize, title: &str) -> bool {
        let dom = self.dom;
        if dom.name(at) == "h1" {
            return dom.text(at) == title;
        }
        if is_foreign(dom, at) {
            return true;
        }
        let is_list = matches!(dom.name(at), "ul" | "ol" | "table" | "div" | "section");
        let chars = dom.chars(at);
        is_list && !self.is_described && chars >= 20 && 10 * dom.link_chars(at) >= 8 * chars
    }

    fn image(&mut self, at: usize) {
        let names = ["data-src", "data-original", "data-lazy-src", "src"];
        let address = names
            .iter()
            .filter_map(|name| self.dom.attr(at, name))
            .find(|address| {
                !address.trim().is_empty() && !address.trim_start().starts_with("data:")
            });
        if let Some(address) = address {
            let words = self.dom.attr(at, "alt").unwrap_or("");
            self.out.push_str(&format!(
                "<img src=\"{}\" alt=\"{}\">",
                page::html_of(address.trim()),
                page::html_of(words)
            ));
        }
    }
}

fn is_paragraph(name: &str) -> bool {
    matches!(name, "p" | "blockquote" | "li" | "td" | "pre")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::model::Timestamp;

    const LONG: &str =
        "Sáng nay, người dân ở ven sông đã dọn xong bùn đất sau lũ và bắt đầu gieo lại vụ rau màu.";

    #[track_caller]
    fn read(html: &str, selector: Option<&str>) -> Option<ParsedArticle> {
        let answer = Answer {
            body: html.as_bytes(),
            content_type: Some("text/html; charset=utf-8"),
            url: "https://a.vn/x-123456.html",
            time_zone_offset_s: Some(7 * 3600),
            items_max: 100,
            now: Timestamp::from_secs(1_795_000_000),
        };
        text(&answer, selector)
    }

    fn page(body: &str) -> String {
        format!(
            "<head><meta property='og:title' content='Gieo lại vụ rau'>\
             <meta property='article:published_time' content='2026-10-02T07:00:00+07:00'></head>\
             <body><nav><a href=/>Trang chủ</a></nav><div class=menu><a href=/a>{LONG}</a></div>{body}\
             <footer><p>{LONG} {LONG} {LONG} {LONG}</p></footer></body>"
        )
    }

    #[test]
    fn the_selector_of_the_site_is_heeded() {
        let html = page("<div class=x><p>Một.</p></div><div class=y><p>Hai.</p></div>");
        let article = read(&html, Some(".y")).unwrap();
        assert_eq!(
            (article.html.as_str(), article.selector_missed),
            ("<p>Hai.</p>", false)
        );
    }

    #[test]
    fn without_one_the_paragraphs_are_found() {
        let body = format!(
            "<div id=a><h1>Gieo lại vụ rau</h1><p>{LONG}</p><div class=box-related><a href=/z>{LONG}</a></div>\
             <p>{LONG} <a href='/y'>ở đây</a></p><ul><li><a href=/q>{LONG}</a></li></ul><p>{LONG}</p></div>"
        );
        let article = read(&page(&body), Some(".gone")).unwrap();
        let expected = format!("<p>{LONG}</p><p>{LONG} <a href=\"/y\">ở đây</a></p><p>{LONG}</p>");
        assert_eq!(article.html, expected);
        assert!(article.selector_missed);
        assert_eq!(article.title.as_deref(), Some("Gieo lại vụ rau"));
        assert_eq!(
            article.published.unwrap().at.rfc3339(),
            "2026-10-02T00:00:00Z"
        );
    }

    #[test]
    fn wrapped_paragraphs_are_found_beside_longer_lists_and_an_imprint() {
        let card = format!(
            "<div class=k4><a href='/x-100123.html'><img src=/i.jpg></a><h3><a href='/x-100123.html'>Hợp tác xã mở cửa</a></h3><p>{LONG}</p></div>"
        );
        let paragraph = format!("<p><span style='x'><span>{LONG}</span></span></p>");
        let body = format!(
            "<div class=k1><h1>Gieo lại vụ rau</h1><div class=k2>{}</div></div><div class=k3>{}</div>",
            paragraph.repeat(5),
            card.repeat(8)
        );
        let imprint = "<div class=bottom><p>Giấy phép số 12/GP-BTTTT cấp ngày 01/02/2021. Tổng biên tập: Nguyễn Văn Làng. \
                       Ghi rõ nguồn khi phát hành lại thông tin từ trang này.</p></div>";
        let article = read(&page(&(body + imprint)), None).unwrap();
        assert_eq!(article.html, format!("<p>{LONG}</p>").repeat(5));
    }

    #[test]
    fn the_families_of_newsrooms_are_known() {
        for class in [
            "__MASTERCMS_CONTENT fw",
            "article__body cms-body",
            "content-fck",
            "td-post-content",
        ] {
            let body = format!(
                "<div><p>{LONG}{LONG}{LONG}</p></div><div class='{class}'><p>{LONG}</p><p>{LONG}</p></div>"
            );
            let article = read(&page(&body), None).unwrap_or_else(|| panic!("{class}"));
            assert_eq!(
                article.html,
                format!("<p>{LONG}</p><p>{LONG}</p>"),
                "{class}"
            );
        }
    }

    #[test]
    fn a_text_with_line_breaks_and_pictures_stays_whole() {
        let body = format!(
            "<td><div class=d>{LONG}<br>{LONG}<img data-src='/i.jpg' src='data:x' alt='lũ'></div></td>"
        );
        let article = read(&page(&body), None).unwrap();
        assert!(
            article.html.contains("<br>")
                && article.html.contains("<img src=\"/i.jpg\" alt=\"lũ\">")
        );
    }

    #[test]
    fn a_page_that_a_script_draws_gives_what_it_says_for_machines() {
        let html = format!(
            "<script type='application/ld+json'>{{\"@type\":\"NewsArticle\",\"headline\":\"T\",\"articleBody\":\"{LONG} {LONG}\"}}</script><div id=app></div>"
        );
        assert!(read(&html, None).unwrap().html.contains("ven sông"));
        assert_eq!(read("<div id=app>Hãy bật JavaScript</div>", None), None);
        assert_eq!(read("", None), None);
    }

    #[test]
    fn hostile_pages_are_bounded() {
        for piece in [
            "<div>",
            "<a ",
            "<p>x",
            "<b id=1><p>",
            "<table><tr>",
            "<ul><li>",
            "<a href=x><div>",
        ] {
            let _ = read(&piece.repeat(200_000), None);
        }
        // As many elements as are looked through, with words in each and lists in lists.
        for piece in [
            format!("<div><p>{LONG}"),
            format!("<p>{LONG}</p><div><h3><a href=/x>{LONG}</a></h3>"),
        ] {
            let _ = read(&page(&piece.repeat(6_000)), None);
        }
    }
}
