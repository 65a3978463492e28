//! Atom 1.0 (RFC 4287), with RFC 5005 paging links, RFC 6721 tombstones and GeoRSS-Simple points.

use crate::core::model::{Enclosure, EntryView, FeedView, SourceView, Tombstone};

use super::xml::{self, Writer};

/// The document, valid against the schema of RFC 4287 whatever the sources wrote.
pub fn atom(view: &FeedView) -> Vec<u8> {
    let mut w = Writer::new();
    w.element("feed")
        .attr("xmlns", "http://www.w3.org/2005/Atom")
        .attr_if(
            "xmlns:at",
            (!view.tombstones.is_empty()).then_some("http://purl.org/atompub/tombstones/1.0"),
        )
        .attr_if("xmlns:georss", xml::has_points(view).then_some(xml::GEORSS))
        .attr_if("xml:lang", xml::language_tag(&view.language))
        .open();
    head(&mut w, view);
    for each in &view.tombstones {
        tombstone(&mut w, each);
    }
    for each in &view.entries {
        entry(&mut w, view, each);
    }
    w.close();
    w.finish()
}

fn head(w: &mut Writer, view: &FeedView) {
    w.element("id").text(&view.id);
    w.element("title")
        .attr("type", "text")
        .text(&xml::one_line(&view.title));
    let subtitle = xml::one_line(&view.subtitle);
    if !subtitle.is_empty() {
        w.element("subtitle").attr("type", "text").text(&subtitle);
    }
    w.element("updated").text(&view.updated_at.rfc3339());
    page_link(w, "self", Some(&view.self_url));
    w.element("link")
        .attr("rel", "alternate")
        .attr("type", "text/html")
        .attr("href", &view.page_url)
        .empty();
    page_link(w, "first", view.first_url.as_deref());
    page_link(w, "next", view.next_url.as_deref());
    w.element("generator")
        .attr("version", view.generator_version)
        .text("langbao");
}

fn page_link(w: &mut Writer, rel: &str, url: Option<&str>) {
    if let Some(url) = url {
        w.element("link")
            .attr("rel", rel)
            .attr("type", "application/atom+xml")
            .attr("href", url)
            .empty();
    }
}

fn tombstone(w: &mut Writer, tombstone: &Tombstone) {
    let when = tombstone.at.rfc3339();
    let element = w
        .element("at:deleted-entry")
        .attr("ref", &tombstone.id)
        .attr("when", &when);
    let Some(url) = &tombstone.moved_to else {
        return element.empty();
    };
    element.open();
    w.element("link")
        .attr("rel", "alternate")
        .attr("href", url)
        .empty();
    w.close();
}

fn entry(w: &mut Writer, view: &FeedView, entry: &EntryView) {
    let language = entry
        .language
        .as_deref()
        .filter(|own| *own != view.language);
    w.element("entry")
        .attr_if("xml:lang", language.and_then(xml::language_tag))
        .open();
    w.element("id").text(&entry.id);
    w.element("title")
        .attr("type", "text")
        .text(&xml::one_line(&entry.title));
    w.element("published").text(&entry.published_at.rfc3339());
    w.element("updated").text(&entry.updated_at.rfc3339());
    links(w, entry);
    for name in xml::authors(entry) {
        w.element("author").open();
        w.element("name").text(&name);
        w.close();
    }
    for (scheme, tag) in xml::categories(entry, &view.schemes_url) {
        w.element("category")
            .attr("scheme", &scheme)
            .attr("term", &tag.term)
            .attr_if(
                "label",
                Some(tag.label.as_str()).filter(|label| !label.is_empty()),
            )
            .empty();
    }
    if let Some(point) = entry.point {
        w.element("georss:point").text(&point.to_string());
    }
    texts(w, entry);
    source(w, &entry.source);
    w.close();
}

fn links(w: &mut Writer, entry: &EntryView) {
    if let Some(url) = shown_address(entry) {
        w.element("link")
            .attr("rel", "alternate")
            .attr("href", url)
            .empty();
    }
    for copy in &entry.copies {
        if let Some(url) = xml::web_address(&copy.url) {
            w.element("link")
                .attr("rel", "related")
                .attr("title", &xml::one_line(&copy.source_title))
                .attr("href", url)
                .empty();
        }
    }
    for enclosure in &entry.enclosures {
        enclosure_link(w, enclosure);
    }
}

fn enclosure_link(w: &mut Writer, enclosure: &Enclosure) {
    if let Some(url) = xml::web_address(&enclosure.url) {
        let length = enclosure.bytes.map(|bytes| bytes.to_string());
        w.element("link")
            .attr("rel", "enclosure")
            .attr_if(
                "type",
                enclosure.media_type.as_deref().and_then(xml::media_type),
            )
            .attr_if("length", length.as_deref())
            .attr("href", url)
            .empty();
    }
}

/// An entry without an address needs a content (RFC 4287 section 4.1.2): its summary then stands there.
fn texts(w: &mut Writer, entry: &EntryView) {
    let needs_content = entry.content.is_none() && shown_address(entry).is_none();
    if needs_content {
        let text = entry.summary.as_deref().unwrap_or_default();
        w.element("content").attr("type", "html").text(text);
        return;
    }
    if let Some(summary) = &entry.summary {
        w.element("summary").attr("type", "html").text(summary);
    }
    if let Some(content) = &entry.content {
        w.element("content").attr("type", "html").text(content);
    }
}

fn source(w: &mut Writer, source: &SourceView) {
    w.element("source").open();
    w.element("id").text(&source.id);
    w.element("title")
        .attr("type", "text")
        .text(&xml::one_line(&source.title));
    w.element("updated").text(&source.updated_at.rfc3339());
    if let Some(url) = xml::web_address(&source.url) {
        w.element("link")
            .attr("rel", "alternate")
            .attr("href", url)
            .empty();
    }
    w.close();
}

fn shown_address(entry: &EntryView) -> Option<&str> {
    entry.url.as_deref().and_then(xml::web_address)
}
