//! A request's path and query: a route or a refusal, and a cursor that is taken is one that we gave.

#![no_main]

use hyper::Method;
use langbao::http::route::{Cursor, route};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|raw: &str| {
    let (path, query) = match raw.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (raw, None),
    };
    let _ = route(&Method::GET, path, query);
    if let Ok(cursor) = Cursor::decode(raw) {
        assert_eq!(cursor.encode(), raw);
    }
});
