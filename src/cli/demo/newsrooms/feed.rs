//! A newsroom's feed as text: RSS 2.0 or Atom 1.0, in the newsroom's manner.
//!
//! Written by hand and not through langbao's own writers: a demo that reads what it wrote itself would
//! show little.

use std::time::Duration;

use chrono::{Datelike, Weekday};
use quick_xml::escape::escape;

use super::newsroom::{Newsroom, article_path};
use super::page::paragraphs;
use super::picture;
use super::texts::{Dates, Format, Story};
use crate::core::model::Timestamp;

/// Viet Nam is seven hours east of Greenwich, all year.
const ZONE_OFFSET: Duration = Duration::from_secs(7 * 3600);

/// The whole feed, in Unicode; the declaration names the encoding it will be written in.
pub(super) fn document(newsroom: &Newsroom, stories: &[&Story]) -> String {
    match newsroom.texts.manner.format {
        Format::Rss => rss(newsroom, stories),
        Format::Atom => atom(newsroom, stories),
    }
}

fn rss(newsroom: &Newsroom, stories: &[&Story]) -> String {
    let texts = &newsroom.texts;
    let mut xml = format!(
        "<?xml version=\"1.0\" encoding=\"{}\"?>\n\
         <rss version=\"2.0\" xmlns:content=\"http://purl.org/rss/1.0/modules/content/\" \
         xmlns:dc=\"http://purl.org/dc/elements/1.1/\">\n<channel>\n",
        texts.manner.charset.name(),
    );
    put(&mut xml, "title", &texts.name);
    put(&mut xml, "link", &format!("{}/", newsroom.origin));
    put(&mut xml, "description", &texts.tagline);
    put(&mut xml, "language", "vi-vn");
    for (number, story) in stories.iter().enumerate() {
        if texts.manner.twice {
            xml.push_str(&rss_item(
                newsroom,
                story,
                number,
                &picture_text(newsroom, story),
            ));
        }
        xml.push_str(&rss_item(
            newsroom,
            story,
            number,
            &summary(newsroom, story),
        ));
    }
    xml.push_str("</channel>\n</rss>\n");
    xml
}

fn rss_item(newsroom: &Newsroom, story: &Story, number: usize, description: &str) -> String {
    let manner = &newsroom.texts.manner;
    let mut xml = String::from("<item>\n");
    put(&mut xml, "title", &story.title);
    put(&mut xml, "link", &newsroom.article_url(story));
    if !manner.twice {
        let id = escape(&story.slug);
        xml.push_str(&format!("<guid isPermaLink=\"false\">{id}</guid>\n"));
    }
    let published_at = newsroom.published_at(story);
    match manner.dates {
        Dates::Standard => put(&mut xml, "pubDate", &standard_date(published_at, "+0700")),
        Dates::Vietnamese => put(&mut xml, "pubDate", &vietnamese_date(published_at, number)),
        Dates::None => {}
    }
    if let Some(author) = &story.author {
        put(&mut xml, "dc:creator", author);
    }
    for category in &story.categories {
        put(&mut xml, "category", category);
    }
    put(&mut xml, "description", description);
    if manner.full_text && !story.body.is_empty() {
        // Escaped text holds no ">", so nothing in it can end the section.
        let html = paragraphs(story);
        xml.push_str(&format!(
            "<content:encoded><![CDATA[{html}]]></content:encoded>\n"
        ));
        xml.push_str(&format!(
            "<enclosure url=\"{}\" type=\"image/png\" length=\"{}\"/>\n",
            escape(newsroom.picture_url(story).as_str()),
            picture::png(&story.slug).len(),
        ));
    }
    xml.push_str("</item>\n");
    xml
}

/// HTML, as a description is.
fn summary(newsroom: &Newsroom, story: &Story) -> String {
    let manner = &newsroom.texts.manner;
    let lede = escape(&story.lede).into_owned();
    if manner.markup {
        let broken = lede.replace(", ", ",\n        ");
        return format!("\n  <p style=\"text-align: justify\"><span>{broken}</span>\n  </p>\n");
    }
    format!("{}{lede}", escape(&manner.byline))
}

/// The description of an item that stands for the picture.
fn picture_text(newsroom: &Newsroom, story: &Story) -> String {
    format!(
        "<a href=\"{}\"><img src=\"{}\" alt=\"{}\"/></a> {}",
        escape(newsroom.article_url(story).as_str()),
        escape(newsroom.picture_url(story).as_str()),
        escape(&story.title),
        summary(newsroom, story),
    )
}

fn atom(newsroom: &Newsroom, stories: &[&Story]) -> String {
    let texts = &newsroom.texts;
    let updated_at = stories
        .iter()
        .map(|story| newsroom.published_at(story))
        .max()
        .unwrap_or(Timestamp::EPOCH);
    let mut xml = format!(
        "<?xml version=\"1.0\" encoding=\"{}\"?>\n\
         <feed xmlns=\"http://www.w3.org/2005/Atom\" xml:lang=\"vi\" xml:base=\"{}/\">\n",
        texts.manner.charset.name(),
        escape(&newsroom.origin),
    );
    put(&mut xml, "id", &tag_uri(newsroom, "trang-chu"));
    put(&mut xml, "title", &texts.name);
    put(&mut xml, "subtitle", &texts.tagline);
    put(&mut xml, "updated", &atom_date(updated_at));
    xml.push_str(&format!(
        "<link rel=\"self\" type=\"application/atom+xml\" href=\"{}\"/>\n\
         <link rel=\"alternate\" type=\"text/html\" href=\"./\"/>\n",
        escape(relative(&texts.feed)),
    ));
    for (number, story) in stories.iter().enumerate() {
        xml.push_str(&atom_entry(newsroom, story, number));
    }
    xml.push_str("</feed>\n");
    xml
}

fn atom_entry(newsroom: &Newsroom, story: &Story, number: usize) -> String {
    let date = atom_date(newsroom.published_at(story));
    let mut xml = String::from("<entry>\n");
    put(&mut xml, "id", &tag_uri(newsroom, &story.slug));
    put(&mut xml, "title", &story.title);
    let path = article_path(&story.slug);
    xml.push_str(&format!(
        "<link rel=\"alternate\" type=\"text/html\" href=\"{}\"/>\n",
        escape(relative(&path)),
    ));
    put(&mut xml, "published", &date);
    put(&mut xml, "updated", &date);
    if let Some(author) = &story.author {
        xml.push_str(&format!(
            "<author><name>{}</name></author>\n",
            escape(author)
        ));
    }
    for category in &story.categories {
        xml.push_str(&format!("<category term=\"{}\"/>\n", escape(category)));
    }
    put(&mut xml, "summary", &story.lede);
    if newsroom.texts.manner.full_text && !story.body.is_empty() {
        let html = paragraphs(story);
        xml.push_str(&if number.is_multiple_of(2) {
            format!("<content type=\"html\">{}</content>\n", escape(&html))
        } else {
            format!(
                "<content type=\"xhtml\"><div xmlns=\"http://www.w3.org/1999/xhtml\">{html}</div></content>\n"
            )
        });
    }
    xml.push_str("</entry>\n");
    xml
}

/// One element with text.
fn put(xml: &mut String, name: &str, text: &str) {
    xml.push_str(&format!("<{name}>{}</{name}>\n", escape(text)));
}

fn relative(path: &str) -> &str {
    path.trim_start_matches('/')
}

fn tag_uri(newsroom: &Newsroom, what: &str) -> String {
    format!("tag:{}.example,2026:{what}", newsroom.texts.id)
}

fn atom_date(at: Timestamp) -> String {
    local(at, "%Y-%m-%dT%H:%M:%S+07:00")
}

fn standard_date(at: Timestamp, zone: &str) -> String {
    format!("{} {zone}", local(at, "%a, %d %b %Y %H:%M:%S"))
}

/// Seen in feeds and pages of Vietnamese newsrooms; none of them is RFC 822.
fn vietnamese_date(at: Timestamp, number: usize) -> String {
    match number % 5 {
        0 => standard_date(at, "GMT+7"),
        1 => local(at, "%d/%m/%Y %H:%M"),
        2 => format!("{}, {}", weekday(at), local(at, "%d/%m/%Y | %H:%M")),
        3 => standard_date(at, "GMT+0700"),
        _ => local(at, "%d/%m/%Y %H:%M (GMT+7)"),
    }
}

fn weekday(at: Timestamp) -> &'static str {
    match (at + ZONE_OFFSET).to_datetime().weekday() {
        Weekday::Mon => "Thứ hai",
        Weekday::Tue => "Thứ ba",
        Weekday::Wed => "Thứ tư",
        Weekday::Thu => "Thứ năm",
        Weekday::Fri => "Thứ sáu",
        Weekday::Sat => "Thứ bảy",
        Weekday::Sun => "Chủ nhật",
    }
}

pub(super) fn local(at: Timestamp, format: &str) -> String {
    (at + ZONE_OFFSET).to_datetime().format(format).to_string()
}
