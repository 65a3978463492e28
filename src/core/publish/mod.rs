//! Feed documents: from a [`FeedView`](crate::core::model::FeedView) to bytes, one file a format.
//!
//! Owns syntax and nothing else: which stories, in which order, under which dates was decided before.
//! The same view gives the same bytes, so no format writes the moment it was built. Every string is
//! hostile until [`xml::clean`] and an escape have seen it; HTML travels escaped, never as markup of ours.

mod atom;
mod rss;
pub mod xml;

pub use self::atom::atom;
pub use self::rss::rss;

#[cfg(test)]
mod tests;
