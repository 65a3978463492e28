//! A date as someone wrote it: any text gives a moment or none, and the same one in any case.

#![no_main]

use langbao::core::model::Timestamp;
use langbao::core::parse::date::date;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|raw: &str| {
    let now = Timestamp::from_secs(1_795_311_000);
    let at = date(raw, 7 * 3600, now);
    if raw.is_ascii() {
        assert_eq!(date(&raw.to_ascii_uppercase(), 7 * 3600, now), at);
    }
});
