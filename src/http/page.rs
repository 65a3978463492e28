//! HTML for people: the front page, and the same narrowed. Works without scripts, loads nothing, light and dark.
//!
//! Owns the words a Vietnamese reader sees. Every string is escaped here, whoever wrote it; addresses are written only
//! where they are http or https. Links to our own pages and feeds are relative, so that they hold behind any proxy.

use std::fmt::Write;

use chrono::FixedOffset;

use crate::core::model::{EntryView, FeedView, Scheme, Tag, Timestamp};
use crate::core::publish::xml::{escape, language_tag, web_address};

use super::excerpt::excerpt;

/// What a page of stories says besides them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PageView {
    /// Its address without parameters, relative to the front page: `provinces/an-giang`; empty for the front page.
    pub path: String,
    /// What it is narrowed to, as people say it: `An Giang`.
    pub heading: Option<String>,
    /// The title of the whole feed.
    pub site: String,
    /// Where it goes on with older stories.
    pub next: Option<String>,
    /// Whether newer stories stand before those it shows.
    pub is_later: bool,
    /// On the front page only.
    pub totals: Option<Totals>,
}

/// What there is in all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Totals {
    /// Id and name, in the order to be shown.
    pub sources: Vec<(String, String)>,
    /// Visible stories in the store.
    pub stories: u64,
    /// Stored articles, copies included.
    pub articles: u64,
}

impl PageView {
    /// What leads from it to the front page.
    fn root(&self) -> &'static str {
        match self.path.contains('/') {
            true => "../",
            false => "",
        }
    }

    /// Its feeds without their suffix, relative to itself.
    fn feed(&self) -> &str {
        match self.itself() {
            "" => "feed",
            own => own,
        }
    }

    /// Its address relative to itself.
    fn itself(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or_default()
    }
}

/// Characters of a story's summary.
const EXCERPT_CHARS_MAX: usize = 280;

/// Tags of a story; the rest is in the feed.
const TAGS_MAX: usize = 12;

const STYLE: &str = include_str!("page.css");

/// The front page, `/`, or one that is narrowed: `/provinces/{slug}`.
pub fn stories_page(view: &FeedView, ui: &PageView) -> String {
    let mut out = String::new();
    write_page(&mut out, view, ui).expect("a string takes what it is given");
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

fn write_page(out: &mut String, view: &FeedView, ui: &PageView) -> std::fmt::Result {
    let (title, feed, root) = (escape(&view.title), escape(ui.feed()), ui.root());
    let feeds = format!(
        "<link rel=\"alternate\" type=\"application/atom+xml\" title=\"{title} (Atom)\" href=\"{feed}.atom\">\n\
         <link rel=\"alternate\" type=\"application/rss+xml\" title=\"{title} (RSS)\" href=\"{feed}.rss\">\n"
    );
    write_head(out, &title, &feeds, "")?;
    match &ui.heading {
        Some(heading) => writeln!(
            out,
            "<p class=\"meta\"><a href=\"{root}\">{}</a></p>\n<h1>{}</h1>",
            escape(&ui.site),
            escape(heading)
        )?,
        None => writeln!(out, "<h1>{title}</h1>")?,
    }
    if ui.heading.is_none() && !view.subtitle.trim().is_empty() {
        writeln!(out, "<p>{}</p>", escape(&view.subtitle))?;
    }
    let totals = ui.totals.as_ref().map_or_else(String::new, |totals| {
        format!(
            "{} tin, {} bài từ {} nguồn · ",
            grouped(totals.stories),
            grouped(totals.articles),
            totals.sources.len()
        )
    });
    writeln!(
        out,
        "<p class=\"meta\">{totals}<a href=\"{feed}.atom\">Atom</a> · <a href=\"{feed}.rss\">RSS</a></p>\n\
         </header>\n\
         <main>"
    )?;
    if view.entries.is_empty() {
        writeln!(
            out,
            "<p>Chưa có tin nào. Tin sẽ hiện ở đây khi các nguồn trả lời.</p>"
        )?;
    }
    for entry in &view.entries {
        write_story(out, view, entry, root)?;
    }
    write_paging(out, ui)?;
    writeln!(out, "</main>")?;
    if let Some(totals) = &ui.totals {
        write_sources(out, totals)?;
    }
    writeln!(
        out,
        "<footer class=\"meta\">langbao {} · <a href=\"{root}status\">Tình trạng các nguồn</a></footer>\n\
         </body>\n\
         </html>",
        escape(view.generator_version)
    )
}

fn write_paging(out: &mut String, ui: &PageView) -> std::fmt::Result {
    let newest = ui.is_later.then(|| {
        let itself = match ui.itself() {
            "" => "./",
            own => own,
        };
        format!("<a href=\"{}\" rel=\"first\">Mới nhất</a>", escape(itself))
    });
    let older = ui.next.as_ref().map(|cursor| {
        let cursor = escape(cursor);
        format!("<a href=\"?cursor={cursor}\" rel=\"next\">Tin cũ hơn</a>")
    });
    let links: Vec<String> = newest.into_iter().chain(older).collect();
    if links.is_empty() {
        return Ok(());
    }
    writeln!(out, "<p class=\"meta\">{}</p>", links.join(" · "))
}

fn write_story(
    out: &mut String,
    view: &FeedView,
    entry: &EntryView,
    root: &str,
) -> std::fmt::Result {
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
        "<p class=\"meta\" lang=\"vi\">{} · <a href=\"{}\">{}</a></p>",
        escape(&entry.source.title),
        story_address(entry, root),
        time(entry.published_at),
    )?;
    let text = entry.summary.as_deref().or(entry.content.as_deref());
    let text = excerpt(text.unwrap_or_default(), EXCERPT_CHARS_MAX);
    if !text.is_empty() {
        writeln!(out, "<p>{}</p>", escape(&text))?;
    }
    write_tags(out, entry, root)?;
    write_copies(out, entry)?;
    writeln!(out, "</article>")
}

/// The page of a story; its id ends with what the address is made of.
pub(super) fn story_address(entry: &EntryView, root: &str) -> String {
    let slug = entry.id.rsplit(':').next().unwrap_or_default();
    format!("{root}stories/{}", escape(slug))
}

/// A moment for people and for machines.
pub(super) fn time(at: Timestamp) -> String {
    format!(
        "<time datetime=\"{}\">{}</time>",
        at.rfc3339(),
        local_time(at)
    )
}

/// Where a tag's stories are; a source's own categories say little beside ours and have no place.
pub(super) fn tag_address(tag: &Tag, root: &str) -> Option<String> {
    let folder = match tag.scheme {
        Scheme::Province => "provinces",
        Scheme::FormerProvince => "former-provinces",
        Scheme::Topic => "topics",
        Scheme::Document => "documents",
        Scheme::SourceCategory => return None,
    };
    Some(format!("{root}{folder}/{}", escape(&tag.term)))
}

fn write_tags(out: &mut String, entry: &EntryView, root: &str) -> std::fmt::Result {
    let tags: Vec<String> = entry
        .tags
        .iter()
        .filter_map(|tag| Some((tag_address(tag, root)?, tag)))
        .take(TAGS_MAX)
        .map(|(address, tag)| {
            let label = escape(shown(&tag.label, &tag.term));
            format!("<li><a href=\"{address}\">{label}</a></li>")
        })
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

fn write_sources(out: &mut String, totals: &Totals) -> std::fmt::Result {
    if totals.sources.is_empty() {
        return Ok(());
    }
    writeln!(out, "<section>\n<h2>Nguồn tin</h2>\n<ul class=\"sources\">")?;
    for (id, name) in &totals.sources {
        let (id, name) = (escape(id), escape(shown(name, id)));
        writeln!(
            out,
            "<li><a href=\"sources/{id}\">{name}</a> <a href=\"sources/{id}.atom\">Atom</a> <a href=\"sources/{id}.rss\">RSS</a></li>"
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
    use crate::core::model::{CopyView, DateFrom, SourceView, TagOrigin};

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

    fn ui() -> PageView {
        with_sources(vec![("bao-hue".to_owned(), "Báo Huế".to_owned())])
    }

    fn with_sources(sources: Vec<(String, String)>) -> PageView {
        PageView {
            totals: Some(Totals {
                sources,
                stories: 1_234_567,
                articles: 999,
            }),
            ..PageView::default()
        }
    }

    fn narrowed() -> PageView {
        PageView {
            path: "provinces/hue".to_owned(),
            heading: Some("Huế".to_owned()),
            site: "Tin địa phương".to_owned(),
            ..PageView::default()
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
        let html = stories_page(&view(vec![story]), &ui());
        check_holds(
            &html,
            &[
                "<html lang=\"vi\">",
                "<link rel=\"alternate\" type=\"application/atom+xml\" title=\"Tin địa phương (Atom)\" href=\"feed.atom\">",
                "<link rel=\"alternate\" type=\"application/rss+xml\"",
                "<a href=\"https://bao.example.vn/1\" rel=\"noopener nofollow\">Làng gốm đón khách</a>",
                "Báo Huế · <a href=\"stories/1\"><time datetime=\"2026-11-22T01:30:00Z\">08:30 22/11/2026</time></a>",
                "<p>Lò gốm &amp; nghề</p>",
                "<li><a href=\"provinces/slug\">Huế</a></li><li><a href=\"topics/slug\">slug</a></li></ul>",
                "Cũng đăng: <a href=\"https://dai.example.vn/9?a=1&amp;b=2\" rel=\"noopener nofollow\">Đài Huế</a>",
                "1.234.567 tin, 999 bài từ 1 nguồn",
                "<a href=\"sources/bao-hue\">Báo Huế</a> <a href=\"sources/bao-hue.atom\">Atom</a>",
            ],
        );
        assert!(!html.contains("Tin chính"));
        assert!(!html.contains("cursor"));
    }

    #[test]
    fn a_narrowed_page_names_what_it_shows_and_leads_to_its_feeds_and_back() {
        let tag = Tag {
            scheme: Scheme::Document,
            term: "1881-qd-ttg".to_owned(),
            label: "1881/QĐ-TTg".to_owned(),
            origin: TagOrigin::Text,
        };
        let story = EntryView {
            tags: vec![tag],
            ..entry("Làng gốm đón khách", None)
        };
        let html = stories_page(&view(vec![story]), &narrowed());
        check_holds(
            &html,
            &[
                "<link rel=\"alternate\" type=\"application/atom+xml\" title=\"Tin địa phương (Atom)\" href=\"hue.atom\">",
                "<p class=\"meta\"><a href=\"../\">Tin địa phương</a></p>\n<h1>Huế</h1>",
                "<a href=\"hue.atom\">Atom</a> · <a href=\"hue.rss\">RSS</a>",
                "<a href=\"../stories/1\"><time",
                "<a href=\"../documents/1881-qd-ttg\">1881/QĐ-TTg</a>",
                "<a href=\"../status\">",
            ],
        );
        assert!(!html.contains("Nguồn tin"));
    }

    #[test]
    fn a_page_leads_to_the_next_and_to_the_first() {
        let middle = |ui: PageView| PageView {
            next: Some("19e704489a8-2f".to_owned()),
            is_later: true,
            ..ui
        };
        for (ui, first) in [(ui(), "./"), (narrowed(), "hue")] {
            let html = stories_page(&view(Vec::new()), &middle(ui));
            let links = format!(
                "<a href=\"{first}\" rel=\"first\">Mới nhất</a> · <a href=\"?cursor=19e704489a8-2f\" rel=\"next\">Tin cũ hơn</a>"
            );
            check_holds(&html, &[&links]);
        }
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
        let html = stories_page(&named, &with_sources(sources));
        for sign in ["<script", "javascript:", "onload=", "\u{0}", "=\"\"'", "'>"] {
            assert!(!html.contains(sign), "{sign} in:\n{html}");
        }
        assert_eq!(html.matches("<article").count(), 1);
    }

    #[test]
    fn an_empty_page_says_so() {
        check_holds(
            &stories_page(
                &view(Vec::new()),
                &PageView {
                    totals: Some(Totals::default()),
                    ..PageView::default()
                },
            ),
            &["Chưa có tin nào", "0 tin, 0 bài từ 0 nguồn"],
        );
    }

    #[test]
    fn what_has_no_address_is_no_link_and_what_has_no_title_shows_its_address() {
        let html = stories_page(
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
        let html = stories_page(&view(vec![english, entry("Gốm", None)]), &ui());
        check_holds(
            &html,
            &["<article lang=\"en\">\n<h2>Pottery", "<article>\n<h2>Gốm"],
        );
    }
}
