//! What reading a clean feed costs, as a ratio to feed-rs alone on the same bytes in the same run.
//!
//! `cargo bench --bench reading`. Reading is the front, feed-rs, dates, ids and addresses; making texts safe is
//! measured apart, with and without markup in them. Ratios are of medians of interleaved runs: only they are
//! held against a bound, since times change with the machine.

#![allow(
    clippy::print_stderr,
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_possible_wrap,
    reason = "a benchmark prints its figures, and its fixtures are in order or it fails"
)]

use std::hint::black_box;
use std::io::Write;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use langbao::core::model::{AddressKey, EntryKey, ParsedFeed, Timestamp};
use langbao::core::normalise::{html, text, url};
use langbao::core::parse::{Answer, feed};

const ENTRIES: usize = 25;
const BODY_BYTES: usize = 1500;
const ROUNDS: usize = 200;

/// Reading to feed-rs alone.
const RATIO_MAX: f64 = 2.0;

const FEED_URL: &str = "https://baolangnghe.vn/rss/tin-moi.rss";

const SENTENCES: [&str; 5] = [
    "Sáng 22/11, mực nước sông Thạch Hãn lên trên báo động ba, nhiều xã vùng trũng bị chia cắt. ",
    "Ủy ban nhân dân tỉnh yêu cầu các địa phương sơ tán người dân khỏi vùng có nguy cơ sạt lở. ",
    "Nghệ nhân trong làng cho biết mỗi chiếc nón mất gần hai ngày, từ chọn lá đến chằm và nức vành. ",
    "Hợp tác xã ký hợp đồng bao tiêu toàn bộ sản lượng với giá cao hơn thị trường mười phần trăm. ",
    "Dự án có tổng vốn hơn một nghìn tỷ đồng, dự kiến hoàn thành trước mùa mưa năm sau. ",
];

/// Words of one entry, at least [`BODY_BYTES`] long.
fn body(entry: usize, marked_up: bool) -> String {
    let mut out = String::new();
    for at in 0.. {
        if out.len() >= BODY_BYTES {
            break;
        }
        let sentence = SENTENCES[(entry + at) % SENTENCES.len()];
        if marked_up {
            out.push_str(&format!("<p>{sentence}<b>{entry}</b></p>"));
        } else {
            out.push_str(sentence);
        }
    }
    out
}

fn escaped(raw: &str) -> String {
    raw.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

fn rss(marked_up: bool) -> String {
    let mut out = String::from(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<rss version=\"2.0\" xmlns:dc=\"http://purl.org/dc/elements/1.1/\"><channel><title>Báo Làng nghề</title><link>https://baolangnghe.vn/</link><description>Tin mới</description><language>vi</language>\n",
    );
    for entry in 0..ENTRIES {
        out.push_str(&format!(
            "<item>\n<title>Lũ trên sông Thạch Hãn lên nhanh, bản tin số {entry}</title>\n<link>https://baolangnghe.vn/lu-len-nhanh-{entry}.html?utm_source=rss</link>\n<guid isPermaLink=\"false\">bai-{entry}</guid>\n<pubDate>Sun, 22 Nov 2026 08:{:02}:00 +0700</pubDate>\n<category>Thời sự</category>\n<dc:creator>Nguyễn Văn A</dc:creator>\n<description>{}</description>\n</item>\n",
            entry % 60,
            escaped(&body(entry, marked_up)),
        ));
    }
    out.push_str("</channel></rss>\n");
    out
}

fn atom(marked_up: bool) -> String {
    let mut out = String::from(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<feed xmlns=\"http://www.w3.org/2005/Atom\" xml:lang=\"vi\"><title>Báo Làng nghề</title><id>tag:baolangnghe.vn,2026:tin</id><link href=\"https://baolangnghe.vn/\"/><updated>2026-11-22T09:00:00+07:00</updated>\n",
    );
    for entry in 0..ENTRIES {
        out.push_str(&format!(
            "<entry>\n<title>Lũ trên sông Thạch Hãn lên nhanh, bản tin số {entry}</title>\n<link rel=\"alternate\" href=\"https://baolangnghe.vn/lu-len-nhanh-{entry}.html\"/>\n<id>tag:baolangnghe.vn,2026:bai-{entry}</id>\n<published>2026-11-22T08:{:02}:00+07:00</published>\n<updated>2026-11-22T08:{:02}:30+07:00</updated>\n<category term=\"Thời sự\"/>\n<author><name>Nguyễn Văn A</name></author>\n<summary type=\"html\">{}</summary>\n</entry>\n",
            entry % 60,
            entry % 60,
            escaped(&body(entry, marked_up)),
        ));
    }
    out.push_str("</feed>\n");
    out
}

fn alone(bytes: &[u8]) -> usize {
    let feed = feed_rs::parser::Builder::new()
        .sanitize_content(false)
        .build()
        .parse(bytes)
        .expect("a clean feed");
    black_box(feed).entries.len()
}

fn parsed(bytes: &[u8]) -> ParsedFeed {
    let answer = Answer {
        body: bytes,
        content_type: Some("application/xml; charset=utf-8"),
        url: FEED_URL,
        time_zone_offset_s: None,
        items_max: 1000,
        now: Timestamp::from_secs(1_795_311_000),
    };
    feed(&answer).expect("a clean feed")
}

fn reading(bytes: &[u8]) -> usize {
    let feed = parsed(bytes);
    for item in &feed.items {
        black_box(item.id.as_deref().map(|id| EntryKey::of(&["id", id])));
        let base = item.base.as_deref().unwrap_or(FEED_URL);
        if let Some(url) = item
            .link
            .as_deref()
            .and_then(|link| url::resolve(link, &[base]))
        {
            black_box(AddressKey::of(&[&url::canonical(&url, true)]));
            black_box(AddressKey::of(&[&url::canonical(&url, false)]));
        }
    }
    black_box(feed).items.len()
}

fn sanitising(feed: &ParsedFeed) -> usize {
    let mut bytes = 0;
    for item in &feed.items {
        for raw in [&item.summary, &item.content].into_iter().flatten() {
            bytes += black_box(html::safe(raw, None)).map_or(0, |safe| text::plain(&safe).len());
        }
    }
    bytes
}

/// The median times of several runs, taken in turns so that a busy moment falls on all of them.
fn medians<const N: usize>(mut runs: [&mut dyn FnMut(); N]) -> [Duration; N] {
    let mut times: [Vec<Duration>; N] = std::array::from_fn(|_| Vec::with_capacity(ROUNDS));
    for _ in 0..ROUNDS {
        for (run, times) in runs.iter_mut().zip(&mut times) {
            let from = Instant::now();
            run();
            times.push(from.elapsed());
        }
    }
    times.map(|mut times| {
        times.sort_unstable();
        times[ROUNDS / 2]
    })
}

fn main() -> ExitCode {
    let mut out = std::io::stdout().lock();
    let mut worst = 0_f64;
    for (name, document) in [
        ("RSS 2.0, plain", rss(false)),
        ("RSS 2.0, HTML", rss(true)),
        ("Atom 1.0, plain", atom(false)),
        ("Atom 1.0, HTML", atom(true)),
    ] {
        let bytes = document.as_bytes();
        let feed = parsed(bytes);
        assert_eq!(feed.items.len(), ENTRIES);
        assert_eq!(alone(bytes), ENTRIES);
        let [floor, ours, safe] = medians([
            &mut || {
                black_box(alone(bytes));
            },
            &mut || {
                black_box(reading(bytes));
            },
            &mut || {
                black_box(sanitising(&feed));
            },
        ]);
        let ratio = ours.as_secs_f64() / floor.as_secs_f64();
        worst = worst.max(ratio);
        let shown = writeln!(
            out,
            "{name:16} {} bytes: feed-rs alone {floor:>9.1?}, reading {ours:>9.1?} = {ratio:.2} x; making safe {safe:>9.1?} = {:.2} x",
            bytes.len(),
            safe.as_secs_f64() / floor.as_secs_f64(),
        );
        if shown.is_err() {
            return ExitCode::FAILURE;
        }
    }
    if worst > RATIO_MAX {
        let _ = writeln!(
            out,
            "reading costs {worst:.2} times feed-rs alone; the bound is {RATIO_MAX}"
        );
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}
