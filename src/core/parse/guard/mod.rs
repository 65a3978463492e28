//! The guard before the feed parser: any text in, a bounded tree of elements out.
//!
//! Owns the bounds (depth, elements, attributes, expansions) and the mending of what newsrooms break most:
//! bare `&` and `<`, entities XML does not know, open and crossed tags, a cut end, namespaces spelt in many
//! ways. It never fails and never recurses over input; it knows no feed format beyond the names at which a
//! forgotten end tag must have stood.

mod entity;
mod name;
mod scan;
mod tree;

pub use name::{local, namespaces};
pub use tree::{Child, Element, Tree, grow};

/// Elements within elements; the content of deeper ones joins the deepest kept.
pub const DEPTH_MAX: usize = 100;

/// Elements of one document; what follows is not read.
pub const ELEMENTS_MAX: usize = 400_000;

/// Items of one document; what follows is not read.
pub const ITEMS_MAX: usize = 20_000;

/// Attributes of one element.
pub const ATTRIBUTES_MAX: usize = 64;

/// Namespace declarations in force at once.
pub const BINDINGS_MAX: usize = 256;

/// Entities that a document type may declare, the bytes of one, and of all their uses together.
pub const ENTITIES_MAX: usize = 128;
pub const ENTITY_BYTES_MAX: usize = 512;
pub const EXPANSION_BYTES_MAX: usize = 256 * 1024;
