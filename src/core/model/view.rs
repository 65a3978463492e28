use super::{DateFrom, Enclosure, Tag, Timestamp};

/// One page of a feed, ready to be written in any format: publishing decides nothing but syntax.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedView {
    /// The feed's own id, the same on every page (RFC 4287 section 4.2.6).
    pub id: String,
    pub title: String,
    pub subtitle: String,
    pub language: String,
    /// When something shown here last changed; of an empty feed, when it was first set up.
    pub updated_at: Timestamp,
    /// The address of this very document.
    pub self_url: String,
    /// The HTML page it stands for.
    pub page_url: String,
    /// First page and next page (RFC 5005 section 3).
    pub first_url: Option<String>,
    pub next_url: Option<String>,
    /// `{base_url}schemes/`: category schemes are built on it.
    pub schemes_url: String,
    /// `langbao`'s version, for `generator`.
    pub generator_version: &'static str,
    pub entries: Vec<EntryView>,
    /// What left this feed of late, the last first; on the first page only.
    pub tombstones: Vec<Tombstone>,
}

/// An entry that is no longer in the feed (RFC 6721).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tombstone {
    /// The public id it had.
    pub id: String,
    pub at: Timestamp,
    /// Where it goes on, if it does.
    pub moved_to: Option<String>,
}

/// A place on the map, in ten-thousandths of a degree: some ten metres.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Point {
    /// North of the equator.
    pub latitude_e4: i32,
    /// East of Greenwich.
    pub longitude_e4: i32,
}

impl std::fmt::Display for Point {
    /// Latitude and longitude in degrees, as GeoRSS-Simple writes them: `16.4637 107.5909`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let degrees = |e4: i32| {
            let sign = if e4 < 0 { "-" } else { "" };
            let e4 = e4.unsigned_abs();
            format!("{sign}{}.{:04}", e4 / 10_000, e4 % 10_000)
        };
        write!(
            f,
            "{} {}",
            degrees(self.latitude_e4),
            degrees(self.longitude_e4)
        )
    }
}

/// One story as one of its articles shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryView {
    /// The story's public id.
    pub id: String,
    /// Plain text, never empty.
    pub title: String,
    /// Safe HTML.
    pub summary: Option<String>,
    /// Safe HTML.
    pub content: Option<String>,
    pub authors: Vec<String>,
    pub enclosures: Vec<Enclosure>,
    pub language: Option<String>,
    pub tags: Vec<Tag>,
    pub published_at: Timestamp,
    pub date_from: DateFrom,
    pub updated_at: Timestamp,
    /// The shown article's address.
    pub url: Option<String>,
    pub source: SourceView,
    pub copies: Vec<CopyView>,
    /// Of the first province among its tags.
    pub point: Option<Point>,
}

/// The source that shows a story.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceView {
    /// An IRI: the address of the feed.
    pub id: String,
    pub title: String,
    /// The page of the source.
    pub url: String,
    pub updated_at: Timestamp,
}

/// The same story at another source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CopyView {
    pub url: String,
    /// That source's name.
    pub source_title: String,
}
