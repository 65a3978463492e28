//! Markup of a source: what comes out is harmless, stays as it is when cleaned again, and has words.

#![no_main]

use langbao::core::normalise::html::safe;
use langbao::core::normalise::text;
use libfuzzer_sys::fuzz_target;
use url::Url;

fuzz_target!(|raw: &str| {
    text::matching(&text::title(raw));
    let base = Url::parse("https://a.vn/tin/").expect("an address");
    let Some(clean) = safe(raw, Some(&base)) else {
        return;
    };
    let lower = clean.to_ascii_lowercase();
    for bad in ["<script", "<style", "<svg", "<iframe", "<form", "href=\"javascript:", "src=\"data:"] {
        assert!(!lower.contains(bad), "{bad} in {clean:?} of {raw:?}");
    }
    safe(&clean, Some(&base));
});
