//! What the page of one article says of itself beside its text.

use super::address::Site;
use super::block::{self, Reader};
use super::dom::Dom;
use super::linked;
use super::words;
use crate::core::model::{Enclosure, Published, Timestamp};
use crate::core::parse::Answer;

/// Title and body are plain text and HTML.
#[derive(Debug)]
pub(in crate::core::parse) struct ArticlePage {
    pub(in crate::core::parse) title: String,
    /// The text as linked data gives it, as one paragraph.
    pub(in crate::core::parse) body: Option<String>,
    pub(in crate::core::parse) published: Option<Published>,
    pub(in crate::core::parse) updated_at: Option<Timestamp>,
    pub(in crate::core::parse) authors: Vec<String>,
    pub(in crate::core::parse) image: Option<Enclosure>,
}

impl ArticlePage {
    pub(in crate::core::parse) fn read(
        dom: &Dom,
        scripts: &[String],
        answer: &Answer,
    ) -> Option<ArticlePage> {
        let base = dom
            .elements()
            .find(|at| dom.name(*at) == "base")
            .and_then(|at| dom.attr(at, "href"));
        let site = Site::new(answer.url, base, &[])?;
        let reader = Reader {
            dom,
            site: &site,
            zone_offset_s: answer.zone_offset_s(),
            order: block::order(dom),
            now: answer.now,
        };
        let head = linked::head(dom);
        let mut linked = linked::read(scripts, &site);
        // The page may name itself by another address than it was asked by.
        let canonical = head.url.as_deref().and_then(|url| site.resolve(url));
        let own = linked.own.take().or_else(|| {
            let key = super::address::key(&canonical?);
            linked.others.remove(&key)
        });
        let said = own.unwrap_or_default().or(head);
        let heading = dom
            .elements()
            .filter(|at| dom.name(*at) == "h1")
            .find_map(|at| words::title(&dom.text(at)));
        let published = said
            .published
            .as_deref()
            .and_then(|raw| reader.date(raw))
            .or_else(|| {
                let title_at = dom.elements().find(|at| dom.name(*at) == "h1")?;
                let around = dom
                    .ancestors(title_at)
                    .nth(1)
                    .or_else(|| dom.parent(title_at))?;
                reader.published_near(title_at, around, &[])
            });
        Some(ArticlePage {
            title: heading.or(said.title).unwrap_or_default(),
            body: said
                .body
                .map(|body| format!("<p>{}</p>", words::html(&body))),
            published,
            updated_at: said
                .modified
                .as_deref()
                .and_then(|raw| reader.date(raw))
                .map(|modified| modified.at),
            authors: said.authors.iter().map(|name| words::html(name)).collect(),
            image: said.image.as_deref().and_then(|raw| reader.picture_at(raw)),
        })
    }

    pub(in crate::core::parse) fn title_html(&self) -> Option<String> {
        (!self.title.is_empty()).then(|| words::html(&self.title))
    }
}
