//! What was parsed made into entries: identified, dated, made plain or safe, keyed for matching, tagged.
//!
//! Owns what an [`Entry`] means. Everything a source wrote passes through here once and is harmless after:
//! titles are plain text, texts are safe HTML, addresses are http(s). Reads no clock: `now` only tells a date
//! that is impossible from one that is.

pub mod html;
pub mod text;
pub mod url;

use std::collections::HashSet;
use std::time::Duration;

use ::url::Url;

use crate::core::model::{
    AddressKey, ContentKey, DateFrom, Enclosure, Entry, EntryFeed, EntryKey, FullText,
    ParsedArticle, ParsedFeed, ParsedItem, Problem, Ruled, Scheme, SourceRules, Tag, TextKey,
    Timestamp,
};

/// Of one entry; further ones are left out.
const ENCLOSURES_MAX: usize = 16;
const AUTHORS_MAX: usize = 16;
const CATEGORIES_MAX: usize = 64;

/// Of a title as written; the rest is not looked at.
const TITLE_MARKUP_CHARS_MAX: usize = 20_000;

const AUTHOR_CHARS_MAX: usize = 200;
const CATEGORY_CHARS_MAX: usize = 500;
const FALLBACK_TITLE_CHARS_MAX: usize = 80;
const TAG_TEXT_CHARS_MAX: usize = 2000;
const MEDIA_TYPE_CHARS_MAX: usize = 100;

/// SPEC section 6: nothing shorter joins.
const TEXT_SYLLABLES_MIN: usize = 8;
const TITLE_SYLLABLES_MIN: usize = 4;

/// How far a newsroom's clock may be ahead before a date counts as of the future.
const CLOCK_SLACK: Duration = Duration::from_secs(300);

const UNTITLED: &str = "(không có tiêu đề)";

/// What entries depend on besides the answer they come from.
#[derive(Debug, Clone, Copy)]
pub struct NormaliseContext<'a> {
    pub rules: &'a SourceRules,
    /// The address the feed was read from, after redirects.
    pub feed_url: &'a str,
    pub now: Timestamp,
}

/// What tags are found in: the words of one entry.
#[derive(Debug, Clone, Copy)]
pub struct TagText<'a> {
    pub title: &'a str,
    /// The summary as plain text, else the beginning of the content.
    pub text: &'a str,
    /// The content or the text of its page, where that is not `text` itself.
    pub body: &'a str,
    /// The source's own words and their labels.
    pub categories: &'a [(&'a str, Option<&'a str>)],
}

/// Everything an entry says, its title apart, as plain text.
pub fn whole_text(entry: &Entry) -> String {
    let page = entry.full_text.as_ref().and_then(|said| said.html.as_ref());
    let texts = [entry.summary.as_ref(), entry.content.as_ref(), page];
    let plain: Vec<String> = texts
        .into_iter()
        .flatten()
        .map(|html| text::plain(html))
        .collect();
    plain.join("\n")
}

/// The entries of `feed` in its order, each key once.
pub fn entries(
    feed: ParsedFeed,
    context: &NormaliseContext,
    tag: &dyn Fn(&TagText) -> Vec<Tag>,
) -> EntryFeed {
    let bases = [feed.site.as_deref().unwrap_or(""), context.feed_url];
    let site = feed
        .site
        .as_deref()
        .and_then(|site| url::resolve(site, &[context.feed_url]))
        .map(String::from);
    let language = language(feed.language.as_deref()).or_else(|| context.rules.language.clone());
    let mut entries = Vec::with_capacity(feed.items.len());
    let mut seen = HashSet::new();
    let mut repeated = 0_usize;
    let mut empty = 0_usize;
    let mut cleaner = html::Cleaner::default();
    for item in &feed.items {
        let entry = entry(
            item,
            language.as_deref(),
            &bases,
            context,
            tag,
            &mut cleaner,
        );
        if is_empty(&entry, item) {
            empty += 1;
        } else if seen.insert(entry.key) {
            entries.push(entry);
        } else {
            repeated += 1;
        }
    }
    let mut problems = feed.problems;
    if repeated > 0 {
        problems.push(Problem {
            item: None,
            what: format!("{repeated} items repeat the id of an earlier one and were left out"),
        });
    }
    if empty > 0 {
        problems.push(Problem {
            item: None,
            what: format!("{empty} items of which nothing is left once made safe"),
        });
    }
    EntryFeed {
        format: feed.format,
        title: feed
            .title
            .map(|title| shown_title(&title))
            .filter(|title| !title.is_empty()),
        site,
        ttl: feed.ttl,
        skip_hours: feed.skip_hours,
        skip_days: feed.skip_days,
        entries,
        problems,
        seen: None,
        is_sitemap: false,
        judged_by: None,
    }
}

/// What looked like a title, a text or an address was none.
fn is_empty(entry: &Entry, item: &ParsedItem) -> bool {
    !entry.own_id
        && shown_title(item.title.as_deref().unwrap_or("")).is_empty()
        && item.link.is_none()
        && entry.summary.is_none()
        && entry.content.is_none()
        && entry.enclosures.is_empty()
}

fn entry(
    item: &ParsedItem,
    feed_language: Option<&str>,
    bases: &[&str],
    context: &NormaliseContext,
    tag: &dyn Fn(&TagText) -> Vec<Tag>,
    cleaner: &mut html::Cleaner,
) -> Entry {
    let own_base: Vec<&str> = item
        .base
        .as_deref()
        .into_iter()
        .chain(bases.iter().rev().copied())
        .collect();
    let url = item
        .link
        .as_deref()
        .and_then(|link| url::resolve(link, &own_base));
    let base = url
        .clone()
        .or_else(|| own_base.iter().find_map(|base| Url::parse(base).ok()));
    let field_base = item
        .base
        .as_deref()
        .and_then(|base| Url::parse(base).ok())
        .or(base);
    let words = Words::of(item, field_base.as_ref(), &context.rules.byline, cleaner);
    let title = words.title_or_else(url.as_ref());
    let (key, own_id) = key(item, url.as_ref(), &words);
    let categories: Vec<(String, Option<String>)> = categories(item);
    let category_refs: Vec<(&str, Option<&str>)> = categories
        .iter()
        .map(|(term, label)| (term.as_str(), label.as_deref()))
        .collect();
    let tags = sorted(tag(&TagText {
        title: &title,
        text: text::truncate(words.text(), TAG_TEXT_CHARS_MAX),
        body: &words.content_text,
        categories: &category_refs,
    }));
    let (title_key, text_key) = words.keys();
    let published = item.published;
    Entry {
        key,
        own_id,
        address: url
            .as_ref()
            .map(|url| AddressKey::of(&[&url::canonical(url, true)])),
        shared_address: url
            .as_ref()
            .filter(|url| !url::is_bare_host(url))
            .map(|url| AddressKey::of(&[&url::canonical(url, false)])),
        host: url.as_ref().map(url::host),
        title_key,
        text_key,
        words_key: ContentKey::of(&[&title, &words.summary_text, &words.content_text]),
        title,
        summary: words.summary,
        content: words.content,
        authors: authors(&item.authors),
        enclosures: enclosures(&item.enclosures, &own_base),
        language: language(item.language.as_deref()).or_else(|| feed_language.map(str::to_owned)),
        tags,
        published_at: published.map(|published| plausible(published.at, context)),
        date_from: published.map_or(DateFrom::FirstSeen, |published| published.from),
        updated_at: item.updated_at.map(|at| plausible(at, context)),
        url: url.map(String::from),
        full_text: None,
        ruled: Ruled::default(),
    }
}

fn sorted(mut tags: Vec<Tag>) -> Vec<Tag> {
    tags.sort();
    tags.dedup_by(|b, a| a.scheme == b.scheme && a.term == b.term);
    tags
}

/// What an article's own page says, made plain or safe; `page_url` is where it was read from.
pub fn full_text(page: ParsedArticle, page_url: &str) -> FullText {
    let base = Url::parse(page_url).ok();
    let title = page.title.as_deref().map(shown_title);
    FullText {
        html: html::safe(&page.html, base.as_ref()),
        title: title.filter(|title| !title.is_empty()),
        published_at: page
            .published
            .map(|published| published.at.floor_to_second()),
        authors: authors(&page.authors),
        image: enclosures(page.image.as_slice(), &[page_url]).pop(),
        tries: 0,
    }
}

/// The entry with what its own page says: the text beside its own, and title, date, authors and picture
/// where it has none.
pub fn with_full_text(
    entry: Entry,
    said: FullText,
    context: &NormaliseContext,
    tag: &dyn Fn(&TagText) -> Vec<Tag>,
) -> Entry {
    let url = entry.url.as_deref().and_then(|url| Url::parse(url).ok());
    let mut words = Words::stored(&entry);
    let is_named_by_address = entry.title == words.fallback_title(url.as_ref());
    let title = match &said.title {
        Some(title) if is_named_by_address => {
            without_prefix(title, &context.rules.byline).to_owned()
        }
        _ => entry.title,
    };
    words.title.clone_from(&title);
    let (title_key, text_key) = words.keys();
    let (published_at, date_from) = match (entry.published_at, said.published_at) {
        (None, Some(at)) => (Some(plausible(at, context)), DateFrom::Page),
        (known, _) => (known, entry.date_from),
    };
    let or_else = |own: Vec<Enclosure>| match own.is_empty() {
        true => said.image.clone().into_iter().collect(),
        false => own,
    };
    let mut entry = Entry {
        title_key,
        text_key,
        words_key: ContentKey::of(&[&title, &words.summary_text, &words.content_text]),
        title,
        published_at,
        date_from,
        authors: match entry.authors.is_empty() {
            true => said.authors.clone(),
            false => entry.authors,
        },
        enclosures: or_else(entry.enclosures),
        full_text: Some(said),
        ..entry
    };
    entry.tags = tags(&entry, tag);
    entry
}

/// The tags of an entry by what is stored of it.
pub fn tags(entry: &Entry, tag: &dyn Fn(&TagText) -> Vec<Tag>) -> Vec<Tag> {
    let words = Words::stored(entry);
    let page = entry
        .full_text
        .as_ref()
        .and_then(|said| said.html.as_deref());
    let page = text::plain(page.unwrap_or(""));
    let body = match page.is_empty() {
        true => &words.content_text,
        false => &page,
    };
    let text = match words.text() {
        "" => body,
        text => text,
    };
    let categories: Vec<(&str, Option<&str>)> = entry
        .tags
        .iter()
        .filter(|tag| tag.scheme == Scheme::SourceCategory)
        .map(|tag| {
            (
                tag.term.as_str(),
                Some(tag.label.as_str()).filter(|label| *label != tag.term),
            )
        })
        .collect();
    sorted(tag(&TagText {
        title: &entry.title,
        text: text::truncate(text, TAG_TEXT_CHARS_MAX),
        body,
        categories: &categories,
    }))
}

/// What an item says, once for people and once as plain text.
struct Words {
    title: String,
    summary: Option<String>,
    content: Option<String>,
    summary_text: String,
    content_text: String,
}

impl Words {
    fn of(
        item: &ParsedItem,
        base: Option<&Url>,
        bylines: &[String],
        cleaner: &mut html::Cleaner,
    ) -> Words {
        let title = shown_title(item.title.as_deref().unwrap_or(""));
        let title = without_prefix(&title, bylines).to_owned();
        let mut shown = |raw: &Option<String>| {
            raw.as_deref()
                .and_then(|raw| cleaner.safe(raw, base))
                .map(|safe| without_prefix_in_html(safe, bylines))
        };
        let summary = shown(&item.summary);
        let mut content = shown(&item.content);
        let summary_text = text::plain(summary.as_deref().unwrap_or(""));
        let mut content_text = text::plain(content.as_deref().unwrap_or(""));
        if !says_more(&content, &content_text, &summary, &summary_text) {
            content = None;
            content_text.clear();
        }
        Words {
            title,
            summary,
            content,
            summary_text,
            content_text,
        }
    }

    /// Of an entry that is normalised already.
    fn stored(entry: &Entry) -> Words {
        Words {
            title: entry.title.clone(),
            summary_text: text::plain(entry.summary.as_deref().unwrap_or("")),
            content_text: text::plain(entry.content.as_deref().unwrap_or("")),
            summary: entry.summary.clone(),
            content: entry.content.clone(),
        }
    }

    fn text(&self) -> &str {
        if self.summary_text.is_empty() {
            &self.content_text
        } else {
            &self.summary_text
        }
    }

    /// Never empty: an entry without a title of its own is named by its text, else by its address.
    fn title_or_else(&self, url: Option<&Url>) -> String {
        match self.title.as_str() {
            "" => self.fallback_title(url),
            title => title.to_owned(),
        }
    }

    fn fallback_title(&self, url: Option<&Url>) -> String {
        if !self.text().is_empty() {
            return text::excerpt(self.text(), FALLBACK_TITLE_CHARS_MAX);
        }
        url.and_then(last_segment)
            .unwrap_or_else(|| UNTITLED.to_owned())
    }

    fn keys(&self) -> (Option<TextKey>, Option<TextKey>) {
        let title = text::matching(&self.title);
        let body = text::matching(self.text());
        let in_title = text::syllables(&title);
        let title_key = (in_title >= TITLE_SYLLABLES_MIN).then(|| TextKey::of(&[title.as_str()]));
        let text_key = (in_title + text::syllables(&body) >= TEXT_SYLLABLES_MIN)
            .then(|| TextKey::of(&[title.as_str(), body.as_str()]));
        (title_key, text_key)
    }
}

fn shown_title(raw: &str) -> String {
    let raw = text::truncate(raw, TITLE_MARKUP_CHARS_MAX);
    text::truncate(&text::title(raw), Entry::TITLE_CHARS_MAX)
        .trim_end()
        .to_owned()
}

/// The last part of the address's path, decoded and without what follows its dot.
fn last_segment(url: &Url) -> Option<String> {
    let segment = url.path_segments()?.rfind(|part| !part.is_empty())?;
    let decoded = percent_decoded(segment);
    let bare = decoded.split('.').next().unwrap_or("");
    let title = shown_title(&bare.replace(['-', '_'], " "));
    (!title.is_empty()).then_some(title)
}

fn percent_decoded(raw: &str) -> String {
    let mut bytes = Vec::with_capacity(raw.len());
    let mut at = 0;
    while at < raw.len() {
        let coded = (raw.as_bytes()[at] == b'%')
            .then(|| raw.get(at + 1..at + 3))
            .flatten()
            .and_then(|hex| u8::from_str_radix(hex, 16).ok());
        bytes.push(coded.unwrap_or(raw.as_bytes()[at]));
        at += if coded.is_some() { 3 } else { 1 };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn without_prefix<'a>(text: &'a str, prefixes: &[String]) -> &'a str {
    for prefix in prefixes {
        let prefix = prefix.trim();
        if let Some(rest) = text.strip_prefix(prefix) {
            let rest = rest.trim_start();
            if !prefix.is_empty() && !rest.is_empty() {
                return rest;
            }
        }
    }
    text
}

/// The prefix of the first words, whatever tags stand before them.
fn without_prefix_in_html(html: String, prefixes: &[String]) -> String {
    if prefixes.is_empty() {
        return html;
    }
    let mut at = 0;
    loop {
        let rest = html[at..].trim_start();
        at = html.len() - rest.len();
        match rest.find('>') {
            Some(end) if rest.starts_with('<') => at += end + 1,
            _ => break,
        }
    }
    let words = &html[at..];
    let cut = without_prefix(words, prefixes);
    if cut.len() == words.len() {
        html
    } else {
        format!("{}{cut}", &html[..at])
    }
}

/// A content that repeats the summary or its beginning is none, unless it has pictures the summary lacks.
fn says_more(
    content: &Option<String>,
    content_text: &str,
    summary: &Option<String>,
    summary_text: &str,
) -> bool {
    let Some(content) = content else {
        return false;
    };
    let has_image = |html: &str| html.contains("<img");
    let more_images = has_image(content) && !summary.as_deref().is_some_and(has_image);
    more_images || !summary_text.starts_with(content_text)
}

/// The source's own id, else address and title, else the text.
fn key(item: &ParsedItem, url: Option<&Url>, words: &Words) -> (EntryKey, bool) {
    let own = item
        .id
        .as_deref()
        .map(str::trim)
        .filter(|id| !id.is_empty());
    if let Some(id) = own {
        return (EntryKey::of(&["id", id]), true);
    }
    let title = shown_title(item.title.as_deref().unwrap_or(""));
    let address = url.map_or("", Url::as_str);
    if !address.is_empty() || !title.is_empty() {
        return (EntryKey::of(&["address and title", address, &title]), false);
    }
    let enclosure = item.enclosures.first().map_or("", |file| file.url.as_str());
    let summary = words.summary.as_deref().unwrap_or("");
    let content = words.content.as_deref().unwrap_or("");
    (EntryKey::of(&["text", summary, content, enclosure]), false)
}

fn categories(item: &ParsedItem) -> Vec<(String, Option<String>)> {
    let bounded = |raw: &str| {
        let plain = shown_title(raw);
        let plain = text::truncate(&plain, CATEGORY_CHARS_MAX)
            .trim_end()
            .to_owned();
        (!plain.is_empty()).then_some(plain)
    };
    item.categories
        .iter()
        .filter_map(|category| {
            let label = category.label.as_deref().and_then(bounded);
            Some((bounded(&category.term)?, label))
        })
        .take(CATEGORIES_MAX)
        .collect()
}

fn authors(raw: &[String]) -> Vec<String> {
    let mut authors: Vec<String> = Vec::new();
    for raw in raw {
        let name = author(raw);
        if !name.is_empty() && !authors.contains(&name) && authors.len() < AUTHORS_MAX {
            authors.push(name);
        }
    }
    authors
}

/// `a@b.vn (Name)`, `Name <a@b.vn>` → `Name`; an address alone stays.
fn author(raw: &str) -> String {
    let plain = shown_title(raw);
    let is_address = |word: &str| {
        let word = word.trim_matches(['<', '>', '(', ')', '[', ']', ',', ';']);
        let word = word.strip_prefix("mailto:").unwrap_or(word);
        word.split_once('@')
            .is_some_and(|(user, host)| !user.is_empty() && host.contains('.'))
    };
    let words: Vec<&str> = plain.split(' ').filter(|word| !is_address(word)).collect();
    let name = words.join(" ");
    let name =
        name.trim_matches(|c: char| c.is_whitespace() || matches!(c, ',' | ';' | '-' | '<' | '>'));
    let name = match name
        .strip_prefix('(')
        .and_then(|rest| rest.strip_suffix(')'))
    {
        Some(inner) if !inner.contains(['(', ')']) => inner.trim(),
        _ => name,
    };
    let shown = if name.is_empty() {
        plain.as_str()
    } else {
        name
    };
    text::truncate(shown, AUTHOR_CHARS_MAX).to_owned()
}

fn enclosures(raw: &[Enclosure], bases: &[&str]) -> Vec<Enclosure> {
    let mut enclosures: Vec<Enclosure> = Vec::new();
    for raw in raw {
        let Some(url) = url::resolve(&raw.url, bases).map(String::from) else {
            continue;
        };
        if enclosures.len() < ENCLOSURES_MAX && !enclosures.iter().any(|own| own.url == url) {
            enclosures.push(Enclosure {
                url,
                media_type: raw.media_type.as_deref().and_then(media_type),
                bytes: raw.bytes.filter(|bytes| *bytes > 0),
            });
        }
    }
    enclosures
}

/// `type/subtype`, without parameters.
fn media_type(raw: &str) -> Option<String> {
    let bare = raw
        .split(';')
        .next()
        .unwrap_or("")
        .trim()
        .to_ascii_lowercase();
    let is_token = |part: &str| {
        !part.is_empty()
            && part
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&b))
    };
    let (kind, subtype) = bare.split_once('/')?;
    (is_token(kind) && is_token(subtype) && bare.len() <= MEDIA_TYPE_CHARS_MAX).then_some(bare)
}

/// A tag as BCP 47 shapes it: `vi`, `vi-VN`; `vi_VN` is mended.
fn language(raw: Option<&str>) -> Option<String> {
    let tag = raw?.trim().replace('_', "-");
    let mut parts = tag.split('-');
    let first = parts.next()?;
    let fits = (2..=8).contains(&first.len())
        && first.bytes().all(|b| b.is_ascii_alphabetic())
        && parts.all(|part| {
            (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric())
        });
    (fits && tag.len() <= 35).then_some(tag)
}

/// Whole seconds; local time passed off as UTC is taken back by the source's zone.
///
/// Such a date lies in the future by less than the zone is ahead, and in the past once shifted.
fn plausible(at: Timestamp, context: &NormaliseContext) -> Timestamp {
    let at = at.floor_to_second();
    let limit = context.now + CLOCK_SLACK;
    if at <= limit {
        return at;
    }
    let named = context.rules.time_zone_offset_s;
    let offset = i64::from(named.unwrap_or(SourceRules::VIETNAM_OFFSET_S));
    let shifted = Timestamp::from_secs(at.secs().saturating_sub(offset));
    if offset > 0 && shifted <= limit {
        shifted
    } else {
        at
    }
}

#[cfg(test)]
mod tests;
