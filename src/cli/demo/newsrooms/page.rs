//! A newsroom's pages, so that the addresses in its feed open: plain HTML, every text escaped.

use quick_xml::escape::escape;

use super::feed::local;
use super::newsroom::Newsroom;
use super::texts::{Dates, Format, Story};

const STYLE: &str = "body{max-width:42rem;margin:2rem auto;padding:0 1rem;\
                     font:1.1rem/1.6 Georgia,serif}h1{line-height:1.25}\
                     .sapo{font-weight:bold}header,footer,time{color:#666;font-size:.9rem}";

/// The article with its lede and text.
pub(super) fn article(newsroom: &Newsroom, story: &Story) -> String {
    let date = match newsroom.texts.manner.dates {
        Dates::None => String::new(),
        Dates::Standard | Dates::Vietnamese => format!(
            "<time>{}</time>\n",
            local(newsroom.published_at(story), "%d/%m/%Y %H:%M"),
        ),
    };
    let author = match &story.author {
        Some(author) => format!("<p class=\"author\">{}</p>\n", escape(author)),
        None => String::new(),
    };
    frame(
        newsroom,
        &story.title,
        &format!(
            "<article>\n<h1>{}</h1>\n{date}<p class=\"sapo\">{}</p>\n{}\n{author}</article>\n",
            escape(&story.title),
            escape(&story.lede),
            paragraphs(story),
        ),
    )
}

/// The newest articles.
pub(super) fn home(newsroom: &Newsroom, stories: &[&Story]) -> String {
    let list: String = stories
        .iter()
        .map(|story| {
            format!(
                "<li><a href=\"{}\">{}</a></li>\n",
                escape(newsroom.article_url(story).as_str()),
                escape(&story.title),
            )
        })
        .collect();
    let tagline = escape(&newsroom.texts.tagline);
    let body = format!("<p>{tagline}</p>\n<ul>\n{list}</ul>\n");
    frame(newsroom, &newsroom.texts.name, &body)
}

pub(super) fn not_found(newsroom: &Newsroom) -> String {
    frame(
        newsroom,
        "Không tìm thấy trang",
        "<h1>Không tìm thấy trang</h1>\n",
    )
}

pub(super) fn failure(newsroom: &Newsroom) -> String {
    frame(newsroom, "Máy chủ đang bận", "<h1>Máy chủ đang bận</h1>\n")
}

/// The text below the lede; HTML that is XML too.
pub(super) fn paragraphs(story: &Story) -> String {
    story
        .body
        .iter()
        .map(|text| format!("<p>{}</p>", escape(text)))
        .collect()
}

fn frame(newsroom: &Newsroom, title: &str, body: &str) -> String {
    let texts = &newsroom.texts;
    let media_type = match texts.manner.format {
        Format::Rss => "application/rss+xml",
        Format::Atom => "application/atom+xml",
    };
    let name = escape(&texts.name);
    format!(
        "<!DOCTYPE html>\n<html lang=\"vi\">\n<head>\n<meta charset=\"{charset}\">\n\
         <title>{title}</title>\n\
         <link rel=\"alternate\" type=\"{media_type}\" title=\"{name}\" href=\"{feed}\">\n\
         <style>{STYLE}</style>\n</head>\n<body>\n<header><a href=\"/\">{name}</a></header>\n\
         {body}<footer>Tòa soạn mô phỏng của langbao demo; mọi tin đều do chúng tôi tự viết.</footer>\n\
         </body>\n</html>\n",
        charset = texts.manner.charset.name(),
        title = escape(title),
        feed = escape(&texts.feed),
    )
}
