//! Documents out of the store: which stories a page shows, in which order, and where the next one begins.

use super::find;
use super::narrow::{Narrowed, narrow};
use super::owner::Published;
use super::related::related;
use super::select::{self, Selection};
use crate::core::merge;
use crate::core::model::{EntryView, FeedView, SourceNo, Standing, StoryNo, Timestamp, Tombstone};
use crate::core::publish;
use crate::core::review;
use crate::core::tag;
use crate::http::document::{Document, Kind};
use crate::http::page::{PageView, Totals, stories_page};
use crate::http::route::{Cursor, FeedQuery, Format, Refusal, Scope, quoted};
use crate::http::story::{StoryView, story_page};
use crate::store::{From, Order, Place, StoreError, StoreReader};

/// Why there is no document.
#[derive(Debug, Clone)]
pub enum Absent {
    Refused(Refusal),
    /// It is at another address, relative to its own.
    Moved(String),
    Failed(StoreError),
}

impl std::convert::From<Refusal> for Absent {
    fn from(refusal: Refusal) -> Absent {
        Absent::Refused(refusal)
    }
}

impl std::convert::From<StoreError> for Absent {
    fn from(err: StoreError) -> Absent {
        Absent::Failed(err)
    }
}

/// Views made from one state of the configuration.
pub struct Pages<'a> {
    pub reader: &'a StoreReader,
    pub published: &'a Published,
    /// Decides only how long what left is told of.
    pub now: Timestamp,
}

/// One page of a feed, and when anything on it last changed.
struct Page {
    /// As in [`Narrowed`].
    path: String,
    names: Vec<String>,
    view: FeedView,
    next: Option<Cursor>,
    changed_at: Timestamp,
}

/// Stories in a feed's order, and where the next page begins.
struct Slice {
    entries: Vec<EntryView>,
    changed_at: Timestamp,
    next: Option<Place>,
    /// What left it, the last first; on its first page only.
    tombstones: Vec<Tombstone>,
}

/// Tombstones on a first page; of more at once, those that left last.
const TOMBSTONES_MAX: usize = 1000;

impl Pages<'_> {
    /// # Errors
    /// When the address names what does not exist, or the store cannot be read.
    pub fn feed(
        &self,
        scope: &Scope,
        format: Format,
        query: &FeedQuery,
    ) -> Result<Document, Absent> {
        let page = self.feed_page(scope, format, query)?;
        let bytes = match format {
            Format::Atom => publish::atom(&page.view),
            Format::Rss => publish::rss(&page.view),
        };
        Ok(Document::new(
            Kind::Feed,
            format.media_type(),
            bytes,
            page.changed_at,
        ))
    }

    /// The HTML page of a scope, from a place on.
    ///
    /// # Errors
    /// When the address names what does not exist, or the store cannot be read.
    pub fn page(&self, scope: &Scope, cursor: Option<Cursor>) -> Result<Document, Absent> {
        let query = FeedQuery {
            cursor,
            ..FeedQuery::default()
        };
        let page = self.feed_page(scope, Format::Atom, &query)?;
        let is_front = *scope == Scope::All;
        let ui = PageView {
            path: match is_front {
                true => String::new(),
                false => page.path,
            },
            heading: (!is_front).then(|| page.names.join(", ")),
            site: self.published.config.feed.title.clone(),
            next: page.next.map(Cursor::encode),
            is_later: cursor.is_some(),
            totals: match is_front {
                true => Some(self.totals()?),
                false => None,
            },
        };
        Ok(Document::new(
            Kind::Page,
            "text/html; charset=utf-8",
            stories_page(&page.view, &ui),
            page.changed_at,
        ))
    }

    fn totals(&self) -> Result<Totals, StoreError> {
        let counts = self.reader.counts()?;
        let configured = &self.published.config.sources;
        Ok(Totals {
            sources: configured
                .iter()
                .filter_map(|source| self.published.roster.find(&source.id))
                .map(|facts| (facts.id.to_string(), facts.name.clone()))
                .collect(),
            stories: counts.stories,
            articles: counts.articles,
        })
    }

    /// # Errors
    /// When there is no such story, it was taken down, is part of another now, or the store cannot be read.
    pub fn story(&self, slug: &str) -> Result<Document, Absent> {
        let mint = &self.published.mint;
        let missing = || Refusal::not_found(format!("there is no story {}", quoted(slug)));
        let no = mint.story_no(slug).ok_or_else(missing)?;
        let story = self.reader.story(no)?.ok_or_else(missing)?;
        match story.standing {
            Standing::Shown => {}
            Standing::Retracted { .. } => {
                return Err(Refusal::gone("this story was taken down").into());
            }
            Standing::Fused { into, .. } => {
                let last = find::last_of(self.reader, into)?;
                return Err(Absent::Moved(mint.story_slug(last)));
            }
        }
        let told = self.reader.told(no)?.ok_or_else(|| {
            Refusal::not_found(format!("story {} is not shown at present", quoted(slug)))
        })?;
        let roster = &self.published.roster;
        let entry = merge::entry(&told, roster, mint, std::iter::empty()).ok_or_else(missing)?;
        let documents = merge::shown(&told, roster).map(|shown| review::documents(&shown.entry));
        let kin = related(self.reader, &told, self.published.config.stories.window)?;
        let changed_at = kin
            .iter()
            .map(|kin| kin.story.changed_at)
            .fold(told.story.changed_at, Timestamp::max);
        let related: Vec<EntryView> = kin
            .iter()
            .filter_map(|kin| merge::entry(kin, roster, mint, std::iter::empty()))
            .collect();
        let html = story_page(&StoryView {
            site: &self.published.config.feed.title,
            language: &self.published.config.feed.language,
            generator_version: env!("CARGO_PKG_VERSION"),
            entry: &entry,
            documents: &documents.unwrap_or_default(),
            related: &related,
        });
        Ok(Document::new(
            Kind::Page,
            "text/html; charset=utf-8",
            html,
            changed_at.max(self.published.settings_at),
        ))
    }

    fn feed_page(&self, scope: &Scope, format: Format, query: &FeedQuery) -> Result<Page, Absent> {
        let config = &self.published.config;
        let limit = query.limit.unwrap_or(config.feed.page_size);
        let from = query.cursor.map_or(From::Start, |cursor| {
            From::After(Place {
                published_at: cursor.published_at,
                no: cursor.no,
            })
        });
        let narrowed = narrow(scope, query, self.published, self.reader)?;
        let mut slice = match narrowed.own_feed_of {
            Some(source) => self.of_source(source, from, limit)?,
            None => self.selected(&narrowed, from, limit)?,
        };
        for entry in &mut slice.entries {
            entry.point = tag::point_of(&entry.tags);
        }
        self.bury(&mut slice, &narrowed, query)?;
        Ok(self.put_together(narrowed, format, query, slice))
    }

    fn put_together(
        &self,
        narrowed: Narrowed,
        format: Format,
        query: &FeedQuery,
        slice: Slice,
    ) -> Page {
        let Narrowed { path, names, .. } = narrowed;
        let published = self.published;
        let config = &published.config;
        let base_url = &config.server.base_url;
        let mint = &published.mint;
        // Slugs and ids need no percent-encoding: unknown ones have been refused.
        let narrowing: Vec<String> = query
            .narrowing()
            .map(|(key, slug)| format!("{key}={slug}"))
            .collect();
        let address = |cursor: Option<Cursor>| {
            let limit = query.limit.map(|limit| format!("limit={limit}"));
            let cursor = cursor.map(|cursor| format!("cursor={}", cursor.encode()));
            let parameters: Vec<String> = narrowing
                .iter()
                .cloned()
                .chain(limit)
                .chain(cursor)
                .collect();
            let address = format!("{base_url}{path}{}", format.suffix());
            with_parameters(address, &parameters)
        };
        let id = format!("tag:{},{}:{}/{path}", mint.authority, mint.date, mint.store);
        let next = slice.next.map(|place| Cursor {
            published_at: place.published_at,
            no: place.no,
        });
        let settings_at = published.settings_at;
        let last_left = slice
            .tombstones
            .first()
            .map_or(Timestamp::EPOCH, |last| last.at.floor_to_second());
        let title = match names.is_empty() {
            true => config.feed.title.clone(),
            false => format!("{} – {}", config.feed.title, names.join(", ")),
        };
        let view = FeedView {
            id: with_parameters(id, &narrowing),
            title,
            subtitle: config.feed.subtitle.clone(),
            language: config.feed.language.clone(),
            updated_at: merge::updated_at(&slice.entries, settings_at.floor_to_second())
                .max(last_left),
            self_url: address(query.cursor),
            page_url: match path.contains('/') {
                true => format!("{base_url}{path}"),
                false => base_url.clone(),
            },
            first_url: Some(address(None)),
            next_url: next.map(|cursor| address(Some(cursor))),
            schemes_url: format!("{base_url}schemes/"),
            generator_version: env!("CARGO_PKG_VERSION"),
            entries: slice.entries,
            tombstones: slice.tombstones,
        };
        Page {
            path,
            names,
            view,
            next,
            changed_at: slice.changed_at.max(settings_at),
        }
    }

    /// What left the feed: each tombstone on its first page, and on every page that something did.
    fn bury(
        &self,
        slice: &mut Slice,
        narrowed: &Narrowed,
        query: &FeedQuery,
    ) -> Result<(), StoreError> {
        let since = self.now - Standing::REMEMBERED;
        let selection = match narrowed.own_feed_of {
            Some(source) => &Selection {
                groups: vec![vec![Order::CarriedBy(source)]],
            },
            None => &narrowed.selection,
        };
        let limit = match query.cursor {
            None => TOMBSTONES_MAX,
            Some(_) => 1,
        };
        let left = select::left(self.reader, selection, since, limit)?;
        let last = left.first().map(|place| place.published_at);
        slice.changed_at = slice.changed_at.max(last.unwrap_or(Timestamp::EPOCH));
        if query.cursor.is_none() {
            for place in left {
                slice.tombstones.push(self.tombstone(place)?);
            }
        }
        Ok(())
    }

    fn tombstone(&self, place: Place) -> Result<Tombstone, StoreError> {
        let mint = &self.published.mint;
        let base_url = &self.published.config.server.base_url;
        let story = self.reader.story(StoryNo(place.no))?;
        let moved_to = match story.map(|story| story.standing) {
            Some(Standing::Fused { into, .. }) => {
                Some(format!("{base_url}stories/{}", mint.story_slug(into)))
            }
            _ => None,
        };
        Ok(Tombstone {
            id: mint.story_id(StoryNo(place.no)),
            at: place.published_at,
            moved_to,
        })
    }

    fn selected(&self, narrowed: &Narrowed, from: From, limit: usize) -> Result<Slice, StoreError> {
        let (roster, mint) = (&self.published.roster, &self.published.mint);
        // One more than is shown tells whether there is a next page.
        let mut places = select::places(self.reader, &narrowed.selection, from, limit + 1)?;
        let more = places.len() > limit;
        places.truncate(limit);
        let mut slice = Slice::starting(places.last().copied().filter(|_| more));
        for place in places {
            if let Some(told) = self.reader.told(StoryNo(place.no))? {
                let entry = merge::entry(&told, roster, mint, narrowed.tags());
                slice.add(entry, told.story.changed_at);
            }
        }
        Ok(slice)
    }

    fn of_source(&self, source: SourceNo, from: From, limit: usize) -> Result<Slice, StoreError> {
        let (roster, mint) = (&self.published.roster, &self.published.mint);
        let mut places = self.reader.of_source(source, from, limit + 1)?;
        let more = places.len() > limit;
        places.truncate(limit);
        let mut slice = Slice::starting(places.last().map(|last| last.place).filter(|_| more));
        for place in places {
            if let Some(told) = self.reader.told(place.story)? {
                let entry = merge::entry_of_source(&told, source, roster, mint);
                slice.add(entry, told.story.changed_at);
            }
        }
        Ok(slice)
    }
}

fn with_parameters(address: String, parameters: &[String]) -> String {
    match parameters {
        [] => address,
        some => format!("{address}?{}", some.join("&")),
    }
}

impl Slice {
    fn starting(next: Option<Place>) -> Slice {
        Slice {
            entries: Vec::new(),
            changed_at: Timestamp::EPOCH,
            next,
            tombstones: Vec::new(),
        }
    }

    fn add(&mut self, entry: Option<EntryView>, changed_at: Timestamp) {
        if let Some(entry) = entry {
            self.entries.push(entry);
            self.changed_at = self.changed_at.max(changed_at);
        }
    }
}
