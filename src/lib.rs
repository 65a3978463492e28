//! langbao: a feed aggregator daemon for provincial news.
//!
//! `core` decides and touches nothing; everything else touches the world and decides nothing.
//! ARCHITECTURE.md is the map.

pub mod core;

pub mod admin;
pub mod clock;
pub mod fetch;
pub mod http;
pub mod store;
pub mod systemd;
pub mod telemetry;

pub mod daemon;

pub mod cli;
