//! HTTP: what comes in becomes a [`Route`](route::Route), what goes out is a [`Document`](document::Document)
//! or a sentence.
//!
//! [`listen`] owns the sockets and every bound on them, [`peer`] knows who is at their other end, [`route`] reads a request's address, [`document`] holds
//! bytes ready to be served in each encoding, [`reply`] answers conditional requests, [`page`], [`story`] and
//! [`health`] write HTML.
//! Nothing here polls a source, opens the store or reads the clock: a request is answered from a snapshot, by the
//! [`Handler`](listen::Handler) that the daemon gives.

pub mod document;
pub mod health;
pub mod listen;
pub mod page;
pub mod peer;
pub mod reply;
pub mod route;
pub mod story;

mod excerpt;
mod timed;
