//! Entries, articles and stories for tests, with everything left out that a test does not name.

use std::collections::BTreeMap;

use super::{
    AddressKey, Alike, Article, ArticleNo, ContentKey, Custody, DateFrom, Entry, EntryKey, Known,
    KnownEntry, Ruled, Scheme, SourceFacts, SourceId, SourceNo, Standing, Story, StoryNo, Tag,
    TagOrigin, TextKey, Timestamp,
};

/// Sunday, 2026-11-22T08:00:00Z.
pub fn noon() -> Timestamp {
    Timestamp::from_secs(1_795_334_400)
}

pub fn entry(id: &str) -> Entry {
    Entry {
        key: EntryKey::of(&[id]),
        own_id: true,
        url: None,
        address: None,
        shared_address: None,
        host: None,
        title: format!("Tin {id}"),
        summary: None,
        content: None,
        authors: Vec::new(),
        enclosures: Vec::new(),
        language: None,
        tags: Vec::new(),
        published_at: Some(noon()),
        date_from: DateFrom::Stated,
        updated_at: None,
        title_key: None,
        text_key: None,
        words_key: ContentKey::of(&[id]),
        full_text: None,
        ruled: Ruled::default(),
    }
}

/// At `https://{host}{path}`; a path of `/` is a bare host.
pub fn at(host: &str, path: &str, entry: Entry) -> Entry {
    let url = format!("https://{host}{path}");
    let key = AddressKey::of(&[&url]);
    Entry {
        address: Some(key),
        shared_address: (path != "/").then_some(key),
        host: Some(host.to_owned()),
        url: Some(url),
        ..entry
    }
}

pub fn titled(title: &str, entry: Entry) -> Entry {
    Entry {
        title: title.to_owned(),
        title_key: Some(TextKey::of(&[title])),
        words_key: ContentKey::of(&[title]),
        ..entry
    }
}

pub fn saying(text: &str, entry: Entry) -> Entry {
    Entry {
        summary: Some(text.to_owned()),
        text_key: Some(TextKey::of(&[text])),
        ..entry
    }
}

pub fn dated(published_at: Timestamp, entry: Entry) -> Entry {
    Entry {
        published_at: Some(published_at),
        ..entry
    }
}

pub fn tagged(scheme: Scheme, term: &str, mut entry: Entry) -> Entry {
    entry.tags.push(Tag {
        scheme,
        term: term.to_owned(),
        label: term.to_owned(),
        origin: TagOrigin::Text,
    });
    entry.tags.sort();
    entry
}

pub fn article(no: u64, source: u32, story: u64, entry: Entry) -> Article {
    let published_at = entry.published_at.unwrap_or_else(noon);
    Article {
        no: ArticleNo(no),
        source: SourceNo(source),
        story: StoryNo(story),
        published_at,
        updated_at: published_at,
        first_seen_at: noon(),
        entry,
        custody: Custody::default(),
    }
}

/// The story of these articles, dated by the first.
pub fn story(no: u64, articles: &[Article]) -> Story {
    Story {
        no: StoryNo(no),
        published_at: articles[0].published_at,
        dated_by: articles[0].no,
        first_seen_at: noon(),
        changed_at: noon(),
        articles: articles.iter().map(|article| article.no).collect(),
        standing: Standing::Shown,
        returned_at: None,
        former_articles: Vec::new(),
    }
}

pub fn source(no: u32, host: &str) -> SourceFacts {
    let url = format!("https://{host}/rss");
    SourceFacts {
        no: SourceNo(no),
        id: SourceId::parse(&format!("s{no}")).expect("a plain id"),
        was: Vec::new(),
        name: format!("Báo {no}"),
        site: format!("https://{host}/"),
        url,
        priority: 0,
        republishes_full_text: false,
        hosts: vec![host.to_owned()],
        claimed_host: None,
    }
}

/// What a store that holds these articles would say of an answer of `source`.
pub fn known(source: u32, articles: &[Article]) -> Known {
    let mut known = Known::default();
    let mut stories: BTreeMap<StoryNo, Vec<Article>> = BTreeMap::new();
    for article in articles {
        let entry = &article.entry;
        if article.source == SourceNo(source) {
            known
                .entries
                .insert(entry.key, KnownEntry::Stored(article.no));
            known.listing.push(article.no);
            if let Some(address) = entry.address {
                known.here.entry(address).or_default().push(article.no);
            }
        }
        if let Some(address) = entry.shared_address {
            known
                .at_address
                .entry(address)
                .or_default()
                .push(article.no);
        }
        if let Some(text) = entry.text_key {
            known.with_text.entry(text).or_default().push(article.no);
        }
        known.articles.insert(article.no, article.clone());
        stories
            .entry(article.story)
            .or_default()
            .push(article.clone());
    }
    for (no, articles) in stories {
        known.stories.insert(no, story(no.0, &articles));
    }
    known
}

/// An entry of these words.
pub fn wording(title: &str, summary: &str, entry: Entry) -> Entry {
    Entry {
        summary: Some(summary.to_owned()),
        text_key: Some(TextKey::of(&[title, summary])),
        words_key: ContentKey::of(&[title, summary]),
        ..titled(title, entry)
    }
}

/// Every stored article of another source as one that may be a copy of `entry`.
pub fn with_alike(mut known: Known, source: u32, entry: &Entry) -> Known {
    let mut alike: Vec<Alike> = known
        .articles
        .values()
        .filter(|article| article.source != SourceNo(source))
        .map(|article| Alike {
            article: article.no,
            is_late: false,
        })
        .collect();
    alike.sort_unstable();
    known.alike.insert(entry.key, alike);
    known
}
