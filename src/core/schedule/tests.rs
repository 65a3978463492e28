//! Tables of when a source is asked next.
