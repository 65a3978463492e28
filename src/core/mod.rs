//! The pure core: values in, values out.
//!
//! Nothing below this module reads a clock, a socket, a file, the environment or a source of randomness;
//! `tests/it/tidy.rs` holds it to that. A stage imports only [`model`]; only `pipeline`, `reading`,
//! `review` and `state` know several stages.

pub mod model;

pub mod config;
pub mod dedup;
pub mod habit;
pub mod merge;
pub mod moved;
pub mod normalise;
pub mod parse;
pub mod publish;
pub mod rule;
pub mod schedule;
pub mod standing;
pub mod tag;

pub mod pipeline;
pub mod reading;
pub mod review;
pub mod state;
