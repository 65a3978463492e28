use serde::{Deserialize, Serialize};

/// What a category says of a story. The order is that of the categories of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Scheme {
    /// One of the province-level units in force.
    Province,
    /// A unit whose name no province bears since 1 July 2025.
    FormerProvince,
    /// An entry of the topic taxonomy.
    Topic,
    /// A legal document.
    Document,
    /// The source's own words, unaltered.
    SourceCategory,
}

impl Scheme {
    pub const ALL: [Scheme; 5] = [
        Scheme::Province,
        Scheme::FormerProvince,
        Scheme::Topic,
        Scheme::Document,
        Scheme::SourceCategory,
    ];

    /// The last part of the scheme's address, as SPEC section 5 has it.
    pub fn name(self) -> &'static str {
        match self {
            Scheme::Province => "province",
            Scheme::FormerProvince => "former-province",
            Scheme::Topic => "topic",
            Scheme::Document => "document",
            Scheme::SourceCategory => "source-category",
        }
    }
}

/// Where a tag comes from: a guess never looks like a fact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum TagOrigin {
    /// The article's own words.
    Text,
    /// The source's category for the entry.
    Category,
    /// The configuration of the source.
    Source,
    /// A `[[rule]]`.
    Rule,
}

/// A category with its scheme.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Tag {
    pub scheme: Scheme,
    /// The slug (`an-giang`); for a source's category its own words.
    pub term: String,
    /// For people: `An Giang`.
    pub label: String,
    pub origin: TagOrigin,
}
