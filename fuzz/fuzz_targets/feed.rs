//! A whole answer, from bytes to entries: the first byte chooses what the server says of its charset.

#![no_main]

use langbao::core::model::{SourceRules, Timestamp};
use langbao::core::normalise::{NormaliseContext, entries};
use langbao::core::parse::{Answer, ParseFault, feed};
use libfuzzer_sys::fuzz_target;

const CONTENT_TYPES: [Option<&str>; 6] = [
    None,
    Some("application/rss+xml; charset=utf-8"),
    Some("text/xml; charset=windows-1258"),
    Some("application/atom+xml; charset=utf-16"),
    Some("application/feed+json"),
    Some("text/html; charset=gb18030"),
];

fuzz_target!(|data: &[u8]| {
    let Some((first, body)) = data.split_first() else {
        return;
    };
    let url = "https://a.vn/rss/tin.rss";
    let rules = SourceRules {
        province: None,
        topics: Vec::new(),
        language: None,
        time_zone_offset_s: None,
        byline: vec!["LNV -".to_owned()],
        items_max: 1000,
    };
    let now = Timestamp::from_secs(1_795_311_000);
    let answer = Answer {
        body,
        content_type: CONTENT_TYPES[usize::from(*first) % CONTENT_TYPES.len()],
        url,
        time_zone_offset_s: rules.time_zone_offset_s,
        items_max: rules.items_max,
        now,
    };
    match feed(&answer) {
        Ok(parsed) => {
            let given = parsed.items.len();
            let context = NormaliseContext {
                rules: &rules,
                feed_url: url,
                now,
            };
            let read = entries(parsed, &context, &|_| Vec::new());
            assert!(read.entries.len() <= given && given <= rules.items_max);
            assert!(read.entries.iter().all(|entry| !entry.title.is_empty()));
        }
        Err(ParseFault::NotAFeed(_)) => {}
        Err(ParseFault::Panicked(what)) => panic!("{what}"),
    }
});
