//! What judging an article costs against a window of twenty thousand, as a ratio to feed-rs parsing that entry in the
//! same run; what tagging it costs; what an article takes in the window; and that the window grows no more with the
//! archive it goes through.
//!
//! `cargo bench --bench dedup`. Judging is the sketch, the candidates and their verdicts. The same texts are parsed in
//! feeds of 25 entries, so that no entry bears the cost of a feed by itself. Judged are real news of ../shared
//! (`LANGBAO_SHARED`), among them and others drawn from a small grammar with a fixed seed; without the folder, which is
//! said, drawn ones alone. One article in seven is a copy of one in the window in other words, one in five has a full
//! text. Ratios are of the least times of interleaved runs, which a busy machine disturbs least; bytes are what the process grows by, all included.

#![allow(
    clippy::print_stderr,
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "a benchmark prints its figures, and its fixtures are in order or it fails"
)]

use std::hint::black_box;
use std::io::Write;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use langbao::core::dedup::idf::Idf;
use langbao::core::dedup::sketch::{Sketch, Text};
use langbao::core::dedup::window::{ARTICLES_MAX, Kept, Window};
use langbao::core::model::{ArticleNo, SourceNo, Timestamp};
use langbao::core::tag::{TagInput, Tagger};

const ARTICLES: usize = 20_000;
/// Articles judged, parsed and tagged in one run.
const JUDGED: usize = 200;
/// Entries of one feed that is parsed.
const ENTRIES: usize = 25;
/// Articles of the archives that a window goes through, as dense as the window above.
const ARCHIVES: [usize; 2] = [10_000, 1_000_000];
const ROUNDS: usize = 61;

/// Judging and tagging to feed-rs alone.
const JUDGING_MAX: f64 = 1.0;
const TAGGING_MAX: f64 = 0.35;
const BYTES_MAX: f64 = 1.2 * 1024.0;

const NOW_S: i64 = 1_795_311_000;

/// What this process holds in memory, allocator and all; none where the system does not tell.
fn held() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
    let kib: f64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kib * 1024.0)
}

/// Syllables are an onset and a rime; as in a language, few of them are most of what is said.
const ONSETS: [&str; 26] = [
    "", "b", "c", "ch", "d", "đ", "g", "gi", "h", "kh", "l", "m", "n", "ng", "nh", "ph", "qu", "r",
    "s", "t", "th", "tr", "v", "x", "k", "p",
];
const RIMES: [&str; 60] = [
    "a", "á", "à", "ạ", "an", "án", "àn", "anh", "ánh", "ành", "ao", "áo", "ay", "ây", "ấy", "âm",
    "ăm", "ắc", "ặt", "e", "ê", "ề", "ệ", "ến", "iên", "iện", "iệt", "inh", "ình", "i", "í", "o",
    "ọ", "ô", "ổ", "ộ", "ơ", "ờ", "ong", "ông", "ống", "ơn", "ới", "ời", "u", "ủ", "ung", "ừng",
    "ư", "ữ", "ương", "ường", "ước", "uyên", "uyết", "oa", "oàn", "oát", "uân", "uy",
];

/// A small generator of numbers, the same in every run.
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % bound as u64) as usize
    }

    fn words(&mut self, count: usize) -> String {
        let words: Vec<String> = (0..count).map(|_| self.word()).collect();
        words.join(" ")
    }

    fn named(&mut self) -> &'static str {
        NAMED[self.below(NAMED.len())]
    }

    fn word(&mut self) -> String {
        let all = ONSETS.len() * RIMES.len();
        // The product of two: the first syllables come far more often than the last.
        let at = self.below(all) * self.below(all) / all;
        // Spread over onsets and rimes, the same way each time.
        let at = at * 7919 % all;
        format!("{}{}", ONSETS[at % ONSETS.len()], RIMES[at / ONSETS.len()])
    }
}

/// What such news name: places, namesakes, trades and documents, for the tagger to find or to leave.
const NAMED: [&str; 14] = [
    "tỉnh Vĩnh Long",
    "Trung tâm Khuyến công và Xúc tiến thương mại An Giang",
    "làng nghề gốm Bát Tràng",
    "Quyết định số 1881/QĐ-TTg",
    "TP. Hồ Chí Minh",
    "ông Nguyễn Hải Dương",
    "sản phẩm OCOP",
    "xúc tiến thương mại",
    "Sở Công Thương Đồng Tháp",
    "Đà Nẵng",
    "Nghị định 45/2012/NĐ-CP ngày 21/5/2012",
    "hội chợ triển lãm",
    "đường Điện Biên Phủ",
    "máy móc, thiết bị tiên tiến",
];

#[derive(Clone)]
struct News {
    title: String,
    lede: String,
    body: String,
}

impl News {
    fn new(chance: &mut Chance) -> News {
        let title_words = 9 + chance.below(7);
        let lede_words = 28 + chance.below(20);
        let body = (chance.below(5) == 0).then(|| {
            let paragraphs: Vec<String> = (0..8)
                .map(|_| {
                    let (from, to) = (chance.words(25), chance.words(25));
                    format!("<p>{from} {} {to}.</p>", chance.named())
                })
                .collect();
            paragraphs.concat()
        });
        News {
            title: chance.words(title_words),
            lede: format!(
                "Ngày {}/11, {} tại {}.",
                1 + chance.below(28),
                chance.words(lede_words),
                chance.named(),
            ),
            body: body.unwrap_or_default(),
        }
    }

    fn retouched(&self, chance: &mut Chance) -> News {
        News {
            title: format!("{} | Báo Làng", self.title),
            lede: format!("(TTXVN) - {} {}.", self.lede, chance.words(4)),
            body: self.body.clone(),
        }
    }

    fn text(&self) -> Text<'_> {
        Text {
            title: &self.title,
            lede: &self.lede,
            body: &self.body,
        }
    }

    fn item(&self, no: usize) -> String {
        let escaped = |raw: &str| {
            raw.replace('&', "&amp;")
                .replace('<', "&lt;")
                .replace('>', "&gt;")
        };
        let content = match self.body.as_str() {
            "" => String::new(),
            body => format!("<content:encoded>{}</content:encoded>", escaped(body)),
        };
        format!(
            "<item>\n<title>{}</title>\n<link>https://baolangnghe.vn/tin-{no}.html?utm_source=rss</link>\n<guid isPermaLink=\"false\">bai-{no}</guid>\n<pubDate>Sun, 22 Nov 2026 08:30:00 +0700</pubDate>\n<category>Thời sự</category>\n<dc:creator>Nguyễn Văn A</dc:creator>\n<description>&lt;a href=&quot;https://baolangnghe.vn/tin-{no}.html&quot;&gt;&lt;img src=&quot;https://i.baolangnghe.vn/2026/11/22/anh-{no}-180x108.jpg&quot;&gt;&lt;/a&gt;{}</description>\n{content}</item>\n",
            escaped(&self.title),
            escaped(&self.lede),
        )
    }
}

/// Every article, in feeds as newsrooms have them.
fn feeds(judged: &[News]) -> Vec<String> {
    let items: Vec<String> = judged
        .iter()
        .enumerate()
        .map(|(no, one)| one.item(no))
        .collect();
    items
        .chunks(ENTRIES)
        .map(|items| {
            format!(
                "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<rss version=\"2.0\" xmlns:dc=\"http://purl.org/dc/elements/1.1/\" xmlns:content=\"http://purl.org/rss/1.0/modules/content/\"><channel><title>Báo Làng nghề</title><link>https://baolangnghe.vn/</link><description>Tin mới</description>\n{}</channel></rss>\n",
                items.concat()
            )
        })
        .collect()
}

/// Real news, one in five with its full text; none where the shared data are not.
fn real() -> Vec<News> {
    let shared = std::env::var_os("LANGBAO_SHARED").unwrap_or_else(|| "../shared".into());
    let path = std::path::Path::new(&shared).join("dedup/dev.jsonl");
    let lines = std::fs::read_to_string(path).unwrap_or_default();
    let articles = lines.lines().filter_map(|line| {
        let said: serde_json::Value = serde_json::from_str(line).ok()?;
        let part = |name: &str| said[name].as_str().unwrap_or_default().to_owned();
        (said["type"] == "article").then(|| News {
            title: part("title"),
            lede: part("lede"),
            body: format!("<p>{}</p>", part("body")),
        })
    });
    let mut news: Vec<News> = articles.collect();
    for (at, one) in news.iter_mut().enumerate() {
        if at % 5 != 0 {
            one.body.clear();
        }
    }
    news
}

/// Articles of six days around now, and some more that are judged.
fn news(real: Vec<News>) -> (Vec<News>, Vec<News>) {
    let mut chance = Chance(0x1a5e_c0de);
    let mut stored = real;
    if let Some(kept) = stored.len().checked_sub(JUDGED) {
        let judged = stored.split_off(kept);
        let retouched = |at: usize, one: News, chance: &mut Chance| match at % 7 {
            0 => stored[chance.below(kept)].retouched(chance),
            _ => one,
        };
        let judged = judged.into_iter().enumerate();
        let judged = judged
            .map(|(at, one)| retouched(at, one, &mut chance))
            .collect();
        stored.extend((kept..ARTICLES).map(|_| News::new(&mut chance)));
        return (stored, judged);
    }
    for at in 0..ARTICLES {
        let one = match at % 7 {
            0 if at > 0 => {
                let of = chance.below(at);
                stored[of].clone().retouched(&mut chance)
            }
            _ => News::new(&mut chance),
        };
        stored.push(one);
    }
    let judged = (0..JUDGED)
        .map(|at| match at % 7 {
            0 => {
                let of = chance.below(ARTICLES);
                stored[of].retouched(&mut chance)
            }
            _ => News::new(&mut chance),
        })
        .collect();
    (stored, judged)
}

fn now() -> Timestamp {
    Timestamp::from_secs(NOW_S)
}

/// The stored articles, spread evenly over the time within 72 hours of now.
fn window(stored: &[News]) -> Window {
    let reach = Duration::from_secs(72 * 3600);
    let mut window = Window::new(reach);
    for span in window.around(now()) {
        window.load(span, []);
    }
    for (at, one) in stored.iter().enumerate() {
        let later = reach.mul_f64(2.0 * at as f64 / ARTICLES as f64);
        window.take(Kept {
            article: ArticleNo(at as u64),
            source: SourceNo((at % 60) as u32),
            at: now() - reach + later,
            sketch: Sketch::of(&one.text(), Idf::built_in()),
        });
    }
    window
}

/// Goes through an archive day by day, as the daemon does: the articles held at most, and what the process grew by.
fn go_through(archive: usize, sketches: &[Sketch]) -> (usize, Option<f64>) {
    let before = held();
    let reach = Duration::from_secs(72 * 3600);
    let apart_ms = (2 * reach.as_millis() / ARTICLES as u128) as i64;
    let at = |no: usize| Timestamp::from_millis(now().millis() + apart_ms * no as i64);
    let mut window = Window::new(reach);
    let mut most = 0;
    let a_day = (86_400_000 / apart_ms) as usize;
    for no in (0..archive).step_by(a_day) {
        for span in window.around(at(no)).collect::<Vec<_>>() {
            if window.is_loaded(span) {
                continue;
            }
            let (first, last) = window.bounds(span);
            let no_at = |date: Timestamp| {
                let no = (date.millis() - now().millis() + apart_ms - 1).div_euclid(apart_ms);
                (no.max(0) as usize).min(archive)
            };
            let inside = no_at(first)..no_at(last + Duration::from_millis(1));
            window.load(
                span,
                inside.map(|no| Kept {
                    article: ArticleNo(no as u64),
                    source: SourceNo((no % 60) as u32),
                    at: at(no),
                    sketch: sketches[no % sketches.len()].clone(),
                }),
            );
        }
        window.shrink(at(no));
        most = most.max(window.articles());
    }
    let grown = held().zip(before).map(|(after, before)| after - before);
    assert_eq!(window.left_out(), 0);
    (most, grown)
}

fn parse(feeds: &[String]) -> usize {
    let parser = feed_rs::parser::Builder::new()
        .sanitize_content(false)
        .build();
    feeds
        .iter()
        .map(|feed| {
            black_box(parser.parse(feed.as_bytes()).unwrap())
                .entries
                .len()
        })
        .sum()
}

fn judge(window: &mut Window, judged: &[News]) -> usize {
    let mut copies = 0;
    for one in judged {
        let sketch = Sketch::of(&one.text(), Idf::built_in());
        let found = window.alike(SourceNo(1000), now(), &sketch, Idf::built_in());
        copies += found.iter().filter(|found| found.verdict.is_copy()).count();
    }
    copies
}

fn tag(tagger: &Tagger, judged: &[News]) -> usize {
    judged
        .iter()
        .map(|one| {
            let input = TagInput {
                title: &one.title,
                text: &one.lede,
                body: &one.body,
                categories: &[],
                province: None,
                topics: &[],
            };
            black_box(tagger.tags(&input)).len()
        })
        .sum()
}

/// The least times of several runs, taken in turns: what else the machine does is in none of them.
fn least<const N: usize>(mut runs: [&mut dyn FnMut(); N]) -> [Duration; N] {
    let mut least = [Duration::MAX; N];
    for _ in 0..ROUNDS {
        for (run, least) in runs.iter_mut().zip(&mut least) {
            let from = Instant::now();
            run();
            *least = from.elapsed().min(*least);
        }
    }
    least
}

fn main() -> ExitCode {
    let mut out = std::io::stdout().lock();
    let real = real();
    if real.is_empty() {
        let _ = writeln!(
            out,
            "SKIPPED: real texts, ../shared is not there; texts by chance are judged"
        );
    }
    let (stored, judged) = news(real);
    // The tables are made once, whoever asks first.
    black_box(Sketch::of(&judged[0].text(), Idf::built_in()));
    let before = held();
    let mut window = window(&stored);
    let grown = held().zip(before).map(|(after, before)| after - before);
    if grown.is_none() {
        let _ = writeln!(
            out,
            "SKIPPED: this system does not tell what a process holds in memory"
        );
    }
    let bytes = grown.unwrap_or(0.0) / ARTICLES as f64;
    assert_eq!(window.articles(), ARTICLES);
    let copies = judge(&mut window, &judged);
    assert!(copies >= JUDGED / 7, "only {copies} copies were recognised");

    let feeds = feeds(&judged);
    assert_eq!(parse(&feeds), JUDGED);
    let tagger = Tagger::new(&[]);
    let [parsing, judging, tagging] = least([
        &mut || {
            black_box(parse(&feeds));
        },
        &mut || {
            black_box(judge(&mut window, &judged));
        },
        &mut || {
            black_box(tag(&tagger, &judged));
        },
    ]);
    let ratio = |time: Duration| time.as_secs_f64() / parsing.as_secs_f64();
    let each = |time: Duration| time / JUDGED as u32;
    let shown = writeln!(
        out,
        "an article: feed-rs {:.1?}, judging {:.1?} = {:.2} x, tagging {:.1?} = {:.2} x; {bytes:.0} bytes in a window of {ARTICLES}",
        each(parsing),
        each(judging),
        ratio(judging),
        each(tagging),
        ratio(tagging),
    );
    drop(window);
    let sketches: Vec<Sketch> = stored
        .iter()
        .map(|one| Sketch::of(&one.text(), Idf::built_in()))
        .collect();
    let mut is_flat = true;
    for archive in ARCHIVES {
        let (most, grown) = go_through(archive, &sketches);
        let grown = grown.unwrap_or(0.0);
        is_flat &= most <= ARTICLES_MAX && grown <= ARTICLES_MAX as f64 * BYTES_MAX;
        let _ = writeln!(
            out,
            "a window through an archive of {archive}: at most {most} articles in memory, {:.1} MiB",
            grown / (1024.0 * 1024.0),
        );
    }
    let within =
        ratio(judging) <= JUDGING_MAX && ratio(tagging) <= TAGGING_MAX && bytes <= BYTES_MAX;
    if shown.is_err() || !within || !is_flat {
        let _ = writeln!(
            out,
            "the bounds are {JUDGING_MAX} x, {TAGGING_MAX} x, {BYTES_MAX:.0} bytes an article and {ARTICLES_MAX} articles"
        );
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}
