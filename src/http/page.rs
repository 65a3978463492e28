//! HTML for people: the front page. Works without scripts, loads nothing, light and dark.
//!
//! Owns the words a Vietnamese reader sees. Every string is escaped here, whoever wrote it; addresses are written only
//! where they are http or https. Links to our own feeds are relative, so that they hold behind any proxy.

use std::fmt::Write;

use chrono::FixedOffset;

use crate::core::model::{EntryView, FeedView, Scheme, Timestamp};
use crate::core::publish::xml::{escape, language_tag, web_address};

use super::excerpt::excerpt;

/// What the front page says besides the stories.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HomeView {
    /// Id and name, in the order to be shown.
    pub sources: Vec<(String, String)>,
    /// Visible stories in the store.
    pub stories: u64,
    /// Stored articles, copies included.
    pub articles: u64,
}

/// Characters of a story's summary.
const EXCERPT_CHARS_MAX: usize = 280;

/// Tags of a story; the rest is in the feed.
const TAGS_MAX: usize = 12;

const STYLE: &str = include_str!("page.css");

/// The front page, `/`.
pub fn home(view: &FeedView, ui: &HomeView) -> String {
    let mut out = String::new();
    write_home(&mut out, view, ui).expect("a string takes what it is given");
    out
}

/// What every page begins with, as far as into its header. `title` and `links` are markup already; `style` adds to what
/// all pages have.
pub(super) fn write_head(
    out: &mut String,
    title: &str,
    links: &str,
    style: &str,
) -> std::fmt::Result {
    write!(
        out,
        "<!DOCTYPE html>\n\
         <html lang=\"vi\">\n\
         <head>\n\
         <meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <title>{title}</title>\n\
         {links}\
         <style>{STYLE}{style}</style>\n\
         </head>\n\
         <body>\n\
         <header>\n"
    )
}

fn write_home(out: &mut String, view: &FeedView, ui: &HomeView) -> std::fmt::Result {
    let title = escape(&view.title);
    let feeds = format!(
        "<link rel=\"alternate\" type=\"application/atom+xml\" title=\"{title} (Atom)\" href=\"feed.atom\">\n\
         <link rel=\"alternate\" type=\"application/rss+xml\" title=\"{title} (RSS)\" href=\"feed.rss\">\n"
    );
    write_head(out, &title, &feeds, "")?;
    writeln!(out, "<h1>{title}</h1>")?;
    if !view.subtitle.trim().is_empty() {
        writeln!(out, "<p>{}</p>", escape(&view.subtitle))?;
    }
    writeln!(
        out,
        "<p class=\"meta\">{} tin, {} bài từ {} nguồn · <a href=\"feed.atom\">Atom</a> · <a href=\"feed.rss\">RSS</a></p>\n\
         </header>\n\
         <main>",
        grouped(ui.stories),
        grouped(ui.articles),
        ui.sources.len(),
    )?;
    if view.entries.is_empty() {
        writeln!(
            out,
            "<p>Chưa có tin nào. Tin sẽ hiện ở đây khi các nguồn trả lời.</p>"
        )?;
    }
    for entry in &view.entries {
        write_story(out, view, entry)?;
    }
    writeln!(out, "</main>")?;
    write_sources(out, ui)?;
    writeln!(
        out,
        "<footer class=\"meta\">langbao {} · <a href=\"status\">Tình trạng các nguồn</a></footer>\n\
         </body>\n\
         </html>",
        escape(view.generator_version)
    )
}

fn write_story(out: &mut String, view: &FeedView, entry: &EntryView) -> std::fmt::Result {
    let language = entry.language.as_deref().unwrap_or(&view.language);
    match language_tag(language).filter(|tag| *tag != "vi") {
        Some(tag) => writeln!(out, "<article lang=\"{}\">", escape(tag))?,
        None => writeln!(out, "<article>")?,
    }
    writeln!(
        out,
        "<h2>{}</h2>",
        linked(entry.url.as_deref(), &entry.title)
    )?;
    writeln!(
        out,
        "<p class=\"meta\" lang=\"vi\">{} · <time datetime=\"{}\">{}</time></p>",
        escape(&entry.source.title),
        entry.published_at.rfc3339(),
        local_time(entry.published_at),
    )?;
    let text = entry.summary.as_deref().or(entry.content.as_deref());
    let text = excerpt(text.unwrap_or_default(), EXCERPT_CHARS_MAX);
    if !text.is_empty() {
        writeln!(out, "<p>{}</p>", escape(&text))?;
    }
    write_tags(out, entry)?;
    write_copies(out, entry)?;
    writeln!(out, "</article>")
}

/// Ours only: a source's own categories say little beside them.
fn write_tags(out: &mut String, entry: &EntryView) -> std::fmt::Result {
    let tags: Vec<String> = entry
        .tags
        .iter()
        .filter(|tag| tag.scheme != Scheme::SourceCategory)
        .take(TAGS_MAX)
        .map(|tag| format!("<li>{}</li>", escape(shown(&tag.label, &tag.term))))
        .collect();
    if tags.is_empty() {
        return Ok(());
    }
    writeln!(out, "<ul class=\"tags\" lang=\"vi\">{}</ul>", tags.concat())
}

fn write_copies(out: &mut String, entry: &EntryView) -> std::fmt::Result {
    let copies: Vec<String> = entry
        .copies
        .iter()
        .map(|copy| linked(Some(&copy.url), &copy.source_title))
        .collect();
    if copies.is_empty() {
        return Ok(());
    }
    writeln!(
        out,
        "<p class=\"meta\" lang=\"vi\">Cũng đăng: {}</p>",
        copies.join(", ")
    )
}

fn write_sources(out: &mut String, ui: &HomeView) -> std::fmt::Result {
    if ui.sources.is_empty() {
        return Ok(());
    }
    writeln!(out, "<section>\n<h2>Nguồn tin</h2>\n<ul class=\"sources\">")?;
    for (id, name) in &ui.sources {
        let (id, name) = (escape(id), escape(shown(name, id)));
        writeln!(
            out,
            "<li>{name} <a href=\"sources/{id}.atom\">Atom</a> <a href=\"sources/{id}.rss\">RSS</a></li>"
        )?;
    }
    writeln!(out, "</ul>\n</section>")
}

/// The words as a link, where there is an address to go to.
pub(super) fn linked(url: Option<&str>, words: &str) -> String {
    match url.and_then(web_address) {
        Some(url) => format!(
            "<a href=\"{}\" rel=\"noopener nofollow\">{}</a>",
            escape(url),
            escape(shown(words, url))
        ),
        None => escape(words),
    }
}

pub(super) fn shown<'a>(words: &'a str, otherwise: &'a str) -> &'a str {
    if words.trim().is_empty() {
        otherwise
    } else {
        words
    }
}

/// As clocks in Việt Nam show it: `08:30 22/11/2026`.
pub(super) fn local_time(at: Timestamp) -> String {
    const EAST_S: i32 = 7 * 3600;
    let zone = FixedOffset::east_opt(EAST_S).expect("seven hours are within a day");
    at.to_datetime()
        .with_timezone(&zone)
        .format("%H:%M %d/%m/%Y")
        .to_string()
}

/// `12345` as `12.345`.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push('.');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::model::{CopyView, DateFrom, SourceView, Tag, TagOrigin};

    fn entry(title: &str, url: Option<&str>) -> EntryView {
        EntryView {
            id: "tag:x,2026:1".to_owned(),
            title: title.to_owned(),
            summary: None,
            content: None,
            authors: Vec::new(),
            enclosures: Vec::new(),
            language: None,
            tags: Vec::new(),
            published_at: Timestamp::from_secs(1_795_311_000),
            date_from: DateFrom::Stated,
            updated_at: Timestamp::from_secs(1_795_311_000),
            url: url.map(str::to_owned),
            source: SourceView {
                id: "https://bao.example.vn/rss".to_owned(),
                title: "Báo Huế".to_owned(),
                url: "https://bao.example.vn/".to_owned(),
                updated_at: Timestamp::EPOCH,
            },
            copies: Vec::new(),
            point: None,
        }
    }

    fn view(entries: Vec<EntryView>) -> FeedView {
        FeedView {
            id: "tag:x,2026:feed".to_owned(),
            title: "Tin địa phương".to_owned(),
            subtitle: String::new(),
            language: "vi".to_owned(),
            updated_at: Timestamp::EPOCH,
            self_url: "https://tin.example.vn/feed.atom".to_owned(),
            page_url: "https://tin.example.vn/".to_owned(),
            first_url: None,
            next_url: None,
            schemes_url: "https://tin.example.vn/schemes/".to_owned(),
            generator_version: "0.0.0",
            entries,
            tombstones: Vec::new(),
        }
    }

    fn ui() -> HomeView {
        HomeView {
            sources: vec![("bao-hue".to_owned(), "Báo Huế".to_owned())],
            stories: 1_234_567,
            articles: 999,
        }
    }

    #[track_caller]
    fn check_holds(html: &str, parts: &[&str]) {
        for part in parts {
            assert!(html.contains(part), "no {part} in:\n{html}");
        }
    }

    #[test]
    fn a_story_shows_all_a_reader_looks_for() {
        let tag = |scheme, label: &str| Tag {
            scheme,
            term: "slug".to_owned(),
            label: label.to_owned(),
            origin: TagOrigin::Text,
        };
        let story = EntryView {
            summary: Some("<p>Lò <b>gốm</b> &amp; nghề</p>".to_owned()),
            tags: vec![
                tag(Scheme::Province, "Huế"),
                tag(Scheme::Topic, ""),
                tag(Scheme::SourceCategory, "Tin chính"),
            ],
            copies: vec![CopyView {
                url: "https://dai.example.vn/9?a=1&b=2".to_owned(),
                source_title: "Đài Huế".to_owned(),
            }],
            ..entry("Làng gốm đón khách", Some("https://bao.example.vn/1"))
        };
        let html = home(&view(vec![story]), &ui());
        check_holds(
            &html,
            &[
                "<html lang=\"vi\">",
                "<link rel=\"alternate\" type=\"application/atom+xml\" title=\"Tin địa phương (Atom)\" href=\"feed.atom\">",
                "<link rel=\"alternate\" type=\"application/rss+xml\"",
                "<a href=\"https://bao.example.vn/1\" rel=\"noopener nofollow\">Làng gốm đón khách</a>",
                "Báo Huế · <time datetime=\"2026-11-22T01:30:00Z\">08:30 22/11/2026</time>",
                "<p>Lò gốm &amp; nghề</p>",
                "<li>Huế</li><li>slug</li></ul>",
                "Cũng đăng: <a href=\"https://dai.example.vn/9?a=1&amp;b=2\" rel=\"noopener nofollow\">Đài Huế</a>",
                "1.234.567 tin, 999 bài từ 1 nguồn",
                "<a href=\"sources/bao-hue.atom\">Atom</a>",
            ],
        );
        assert!(!html.contains("Tin chính"));
    }

    #[test]
    fn no_word_of_a_source_becomes_markup() {
        let evil = "\"'><script>alert(1)</script>\u{0}";
        let hostile = EntryView {
            summary: Some(format!("&lt;script&gt;{evil}")),
            language: Some("en\" onload=\"x".to_owned()),
            tags: vec![Tag {
                scheme: Scheme::Topic,
                term: evil.to_owned(),
                label: evil.to_owned(),
                origin: TagOrigin::Text,
            }],
            copies: ["javascript:alert(1)", "https://a.vn/\"><script>"]
                .map(|url| CopyView {
                    url: url.to_owned(),
                    source_title: evil.to_owned(),
                })
                .to_vec(),
            source: SourceView {
                title: evil.to_owned(),
                ..entry("", None).source
            },
            ..entry(evil, Some("javascript:alert(1)"))
        };
        let named = FeedView {
            title: evil.to_owned(),
            subtitle: evil.to_owned(),
            ..view(vec![hostile])
        };
        let sources = vec![("a".to_owned(), evil.to_owned())];
        let html = home(&named, &HomeView { sources, ..ui() });
        for sign in ["<script", "javascript:", "onload=", "\u{0}", "=\"\"'", "'>"] {
            assert!(!html.contains(sign), "{sign} in:\n{html}");
        }
        assert_eq!(html.matches("<article").count(), 1);
    }

    #[test]
    fn an_empty_page_says_so() {
        check_holds(
            &home(&view(Vec::new()), &HomeView::default()),
            &["Chưa có tin nào", "0 tin, 0 bài từ 0 nguồn"],
        );
    }

    #[test]
    fn what_has_no_address_is_no_link_and_what_has_no_title_shows_its_address() {
        let html = home(
            &view(vec![
                entry("Không địa chỉ", None),
                entry(" ", Some("https://a.vn/1")),
            ]),
            &ui(),
        );
        check_holds(&html, &["<h2>Không địa chỉ</h2>", ">https://a.vn/1</a>"]);
    }

    #[test]
    fn another_language_is_marked() {
        let english = EntryView {
            language: Some("en".to_owned()),
            ..entry("Pottery", None)
        };
        let html = home(&view(vec![english, entry("Gốm", None)]), &ui());
        check_holds(
            &html,
            &["<article lang=\"en\">\n<h2>Pottery", "<article>\n<h2>Gốm"],
        );
    }
}
