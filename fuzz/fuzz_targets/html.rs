//! Markup of a source: what comes out is harmless, and can be cleaned again.

#![no_main]

use langbao::core::normalise::html::safe;
use langbao::core::normalise::text;
use libfuzzer_sys::fuzz_target;
use url::Url;

const BAD_NAMES: [&str; 7] = [
    "<script", "<style", "<svg", "<iframe", "<form", " on", " style=",
];

const BAD_VALUES: [&str; 2] = ["href=\"javascript:", "src=\"data:"];

/// The tags of markup whose quotes are sound.
fn tags(html: &str) -> Vec<&str> {
    let (mut tags, mut from, mut quoted) = (Vec::new(), None, false);
    for (at, b) in html.bytes().enumerate() {
        match (b, from) {
            (b'<', None) => from = Some(at),
            (b'"', Some(_)) => quoted = !quoted,
            (b'>', Some(open)) if !quoted => {
                tags.push(&html[open..=at]);
                from = None;
            }
            _ => {}
        }
    }
    tags
}

fuzz_target!(|raw: &str| {
    text::matching(&text::title(raw));
    let base = Url::parse("https://a.vn/tin/").expect("an address");
    let Some(clean) = safe(raw, Some(&base)) else {
        return;
    };
    for tag in tags(&clean) {
        let tag = tag.to_ascii_lowercase();
        let names: String = tag.split('"').step_by(2).collect();
        let found = BAD_NAMES
            .iter()
            .find(|bad| names.contains(**bad))
            .or_else(|| BAD_VALUES.iter().find(|bad| tag.contains(**bad)));
        assert_eq!(found, None, "in {clean:?} of {raw:?}");
    }
    safe(&clean, Some(&base));
});
