//! HTML for people: the page of one story. Works without scripts, loads nothing.
//!
//! A story's text is shown as paragraphs of words: pictures and layout are at the newsroom, one link away.

use std::collections::BTreeMap;
use std::fmt::Write;

use crate::core::model::{EntryView, Scheme, TagOrigin};
use crate::core::publish::xml::{escape, language_tag};
use crate::core::tag::DocumentFacts;

use super::excerpt::excerpt;
use super::page::{linked, shown, story_address, tag_address, time, write_head};

/// What the page of a story is made of.
#[derive(Debug, Clone, Copy)]
pub struct StoryView<'a> {
    /// The title of the whole feed.
    pub site: &'a str,
    pub language: &'a str,
    pub generator_version: &'a str,
    pub entry: &'a EntryView,
    /// What is known of the documents it names, by their slugs.
    pub documents: &'a BTreeMap<String, DocumentFacts>,
    /// Other stories of the same event, the most alike first.
    pub related: &'a [EntryView],
}

/// Characters of one paragraph, and paragraphs; the rest is at the newsroom.
const PARAGRAPH_CHARS_MAX: usize = 10_000;
const PARAGRAPHS_MAX: usize = 200;

/// `/stories/{id}`
pub fn story_page(view: &StoryView<'_>) -> String {
    let mut out = String::new();
    write_page(&mut out, view).expect("a string takes what it is given");
    out
}

fn write_page(out: &mut String, view: &StoryView<'_>) -> std::fmt::Result {
    let entry = view.entry;
    let (title, site) = (escape(&entry.title), escape(view.site));
    let language = entry.language.as_deref().unwrap_or(view.language);
    let language = language_tag(language).unwrap_or("vi");
    write_head(out, &format!("{title} – {site}"), "", "")?;
    write!(
        out,
        "<p class=\"meta\"><a href=\"../\">{site}</a></p>\n\
         <h1 lang=\"{language}\">{title}</h1>\n\
         <p class=\"meta\">{} · {}</p>\n\
         </header>\n\
         <main>\n",
        linked(entry.url.as_deref(), &entry.source.title),
        time(entry.published_at),
    )?;
    writeln!(out, "<article lang=\"{language}\">")?;
    let text = entry.content.as_deref().or(entry.summary.as_deref());
    for paragraph in paragraphs(text.unwrap_or_default()) {
        writeln!(out, "<p>{}</p>", escape(&paragraph))?;
    }
    writeln!(out, "</article>")?;
    write_tags(out, view)?;
    write_copies(out, entry)?;
    write_related(out, view.related)?;
    writeln!(
        out,
        "</main>\n<footer class=\"meta\">langbao {}</footer>\n</body>\n</html>",
        escape(view.generator_version)
    )
}

/// The words of safe HTML, block by block.
fn paragraphs(html: &str) -> Vec<String> {
    const BLOCK_ENDS: [&str; 14] = [
        "</p>",
        "<br>",
        "</div>",
        "</li>",
        "</blockquote>",
        "</tr>",
        "</h1>",
        "</h2>",
        "</h3>",
        "</h4>",
        "</h5>",
        "</h6>",
        "</figcaption>",
        "</pre>",
    ];
    // No text holds it: control characters are taken out when a text is taken in.
    const CUT: &str = "\u{1e}";
    let mut cut = html.to_owned();
    for end in BLOCK_ENDS {
        cut = cut.replace(end, CUT);
    }
    cut.split(CUT)
        .map(|block| excerpt(block, PARAGRAPH_CHARS_MAX))
        .filter(|paragraph| !paragraph.is_empty())
        .take(PARAGRAPHS_MAX)
        .collect()
}

/// Each with its page; a source's own categories have none.
fn write_tags(out: &mut String, view: &StoryView<'_>) -> std::fmt::Result {
    let tags: Vec<String> = view
        .entry
        .tags
        .iter()
        .filter_map(|tag| {
            let address = tag_address(tag, "../")?;
            let words = match tag.scheme {
                Scheme::Document => {
                    let facts = view.documents.get(&tag.term).copied();
                    facts.unwrap_or_default().name(shown(&tag.label, &tag.term))
                }
                _ => shown(&tag.label, &tag.term).to_owned(),
            };
            // A guess never looks like a fact.
            let origin = match (tag.scheme, tag.origin) {
                (Scheme::Province, TagOrigin::Source) => " (theo nguồn)",
                _ => "",
            };
            Some(format!(
                "<li><a href=\"{address}\">{}</a>{origin}</li>",
                escape(&words)
            ))
        })
        .collect();
    if tags.is_empty() {
        return Ok(());
    }
    writeln!(out, "<ul class=\"tags\">{}</ul>", tags.concat())
}

fn write_copies(out: &mut String, entry: &EntryView) -> std::fmt::Result {
    if entry.copies.is_empty() {
        return Ok(());
    }
    writeln!(out, "<section>\n<h2>Cũng đăng</h2>\n<ul>")?;
    for copy in &entry.copies {
        writeln!(
            out,
            "<li>{}</li>",
            linked(Some(&copy.url), &copy.source_title)
        )?;
    }
    writeln!(out, "</ul>\n</section>")
}

/// Each on a page of its own: nobody says that they are one.
fn write_related(out: &mut String, related: &[EntryView]) -> std::fmt::Result {
    if related.is_empty() {
        return Ok(());
    }
    writeln!(out, "<section>\n<h2>Tin liên quan</h2>\n<ul>")?;
    for entry in related {
        writeln!(
            out,
            "<li><a href=\"{}\">{}</a> <span class=\"meta\">{} · {}</span></li>",
            story_address(entry, "../"),
            escape(shown(&entry.title, &entry.id)),
            escape(&entry.source.title),
            time(entry.published_at)
        )?;
    }
    writeln!(out, "</ul>\n</section>")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::model::{CopyView, DateFrom, SourceView, Tag, Timestamp};

    fn entry() -> EntryView {
        let tag = |scheme, term: &str, label: &str| Tag {
            scheme,
            term: term.to_owned(),
            label: label.to_owned(),
            origin: TagOrigin::Text,
        };
        EntryView {
            id: "tag:x,2026:1".to_owned(),
            title: "Lò <gốm>".to_owned(),
            summary: Some("Tóm tắt".to_owned()),
            content: Some("<p>Đoạn một &amp; hơn</p><p>Đoạn <b>hai</b><br>dòng sau</p>".to_owned()),
            authors: Vec::new(),
            enclosures: Vec::new(),
            language: None,
            tags: vec![
                tag(Scheme::Province, "hue", "Huế"),
                tag(Scheme::Document, "1881-qd-ttg", "1881/QĐ-TTg"),
                tag(Scheme::SourceCategory, "Tin", "Tin"),
                Tag {
                    origin: TagOrigin::Source,
                    ..tag(Scheme::Province, "ca-mau", "Cà Mau")
                },
            ],
            published_at: Timestamp::from_secs(1_795_311_000),
            date_from: DateFrom::Stated,
            updated_at: Timestamp::from_secs(1_795_311_000),
            url: Some("https://bao.example.vn/1".to_owned()),
            source: SourceView {
                id: "https://bao.example.vn/rss".to_owned(),
                title: "Báo Huế".to_owned(),
                url: "https://bao.example.vn/".to_owned(),
                updated_at: Timestamp::EPOCH,
            },
            copies: vec![CopyView {
                url: "https://dai.example.vn/9".to_owned(),
                source_title: "Đài \"Huế\"".to_owned(),
            }],
            point: None,
        }
    }

    fn html(entry: &EntryView) -> String {
        let kind = Some("Quyết định");
        let facts = DocumentFacts {
            kind,
            year: Some(2020),
        };
        let related = EntryView {
            id: "tag:x,2026:2".to_owned(),
            title: format!("Cùng chuyện: {}", entry.title),
            ..entry.clone()
        };
        story_page(&StoryView {
            site: "Tin địa phương",
            language: "vi",
            generator_version: "0.0.0",
            entry,
            documents: &BTreeMap::from([("1881-qd-ttg".to_owned(), facts)]),
            related: &[related],
        })
    }

    #[test]
    fn a_story_shows_its_text_its_tags_with_their_pages_its_copies_and_its_kin() {
        let html = html(&entry());
        for part in [
            "<h1 lang=\"vi\">Lò &lt;gốm&gt;</h1>",
            "<p>Đoạn một &amp; hơn</p>\n<p>Đoạn hai</p>\n<p>dòng sau</p>",
            "<a href=\"https://bao.example.vn/1\" rel=\"noopener nofollow\">Báo Huế</a>",
            "<a href=\"../provinces/hue\">Huế</a></li>",
            "<a href=\"../provinces/ca-mau\">Cà Mau</a> (theo nguồn)</li>",
            "<a href=\"../documents/1881-qd-ttg\">Quyết định 1881/QĐ-TTg (2020)</a>",
            "<h2>Tin liên quan</h2>\n<ul>\n<li><a href=\"../stories/2\">Cùng chuyện: Lò &lt;gốm&gt;</a> <span class=\"meta\">Báo Huế · <time",
            "<a href=\"https://dai.example.vn/9\" rel=\"noopener nofollow\">Đài &quot;Huế&quot;</a>",
        ] {
            assert!(html.contains(part), "no {part} in:\n{html}");
        }
        assert!(!html.contains(">Tin</a>"));
    }

    #[test]
    fn no_word_of_a_source_becomes_markup() {
        let evil = "\"'><script>alert(1)</script>";
        let hostile = EntryView {
            title: evil.to_owned(),
            content: Some("<p title=\"</p><script>\">x</p>&lt;script&gt;".to_owned()),
            url: Some("javascript:alert(1)".to_owned()),
            language: Some("en\" onload=\"x".to_owned()),
            ..entry()
        };
        let html = html(&hostile);
        for sign in ["<script", "javascript:", "onload=", "'>"] {
            assert!(!html.contains(sign), "{sign} in:\n{html}");
        }
    }
}
