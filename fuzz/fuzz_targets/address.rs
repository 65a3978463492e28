//! An address: what comes out is http(s), and its canonical form is its own.

#![no_main]

use langbao::core::normalise::url::{canonical, host, is_bare_host, resolve};
use libfuzzer_sys::fuzz_target;
use url::Url;

fuzz_target!(|raw: &str| {
    let Some(url) = resolve(raw, &["https://a.vn/tin/rss.xml"]) else {
        return;
    };
    assert!(matches!(url.scheme(), "http" | "https"));
    host(&url);
    is_bare_host(&url);
    for keep_fragment in [false, true] {
        let once = canonical(&url, keep_fragment);
        let again = Url::parse(&once).expect("a canonical form is an address");
        assert_eq!(canonical(&again, keep_fragment), once);
    }
});
