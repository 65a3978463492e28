//! Newsrooms made up: feeds of 25 entries in Vietnamese, some of them copies of other newsrooms' entries.
//!
//! Every text comes from the number of its entry, so that nothing is kept and every run serves the same. Half of the
//! newsrooms write RSS 2.0, half Atom 1.0; they publish at four rhythms, from three times a day to once a week.

use std::collections::HashSet;
use std::sync::LazyLock;

use chrono::{DateTime, Utc};
use fastrand::Rng;

pub const ENTRIES: usize = 25;
pub const BODY_BYTES: usize = 1500;
/// One entry in so many is a copy, by turns to the letter and edited.
const COPIED: usize = 10;
const GAPS_S: [u64; 4] = [8 * 3600, 24 * 3600, 72 * 3600, 168 * 3600];
/// A copy comes so long after what it copies, at most.
const LATER_S_MAX: u64 = 24 * 3600;

static SYLLABLES: LazyLock<Vec<&str>> = LazyLock::new(|| SPOKEN.split(' ').collect());

const SPOKEN: &str = "nước sông làng nghề xã huyện tỉnh người dân nhà đường cầu chợ trường học sinh viên giáo \
dục y tế bệnh viện bác sĩ thuốc nông dân lúa gạo cá tôm vườn cây trái hoa mùa vụ thu hoạch giá bán mua hàng hóa xuất \
khẩu thị doanh nghiệp công ty hợp tác đầu tư dự án vốn ngân hàng tín dụng thuế phí quỹ quy hoạch xây dựng khởi khánh \
thành lễ hội văn truyền thống di tích đền chùa nghệ thuật múa hát ca kịch phim ảnh sách báo đài phát thanh hình mạng \
số liệu chuyển đổi kỹ khoa sáng kiến giải pháp môi rừng biển đảo núi suối mưa bão lũ hạn mặn sạt lở cứu hộ nạn an \
toàn giao thông xe tàu bến cảng sân bay du lịch khách sạn phòng quốc quân đội biên giới công tội phạm ma túy tòa luật \
nghị quyết định chỉ thị kế chương trình mục tiêu phát triển bền vững nghèo hộ việc làm lao động tiền lương hưu trí bảo \
hiểm xã trẻ em phụ nữ thanh niên cựu chiến binh đoàn kết thi đua khen thưởng kỷ niệm đại biểu hội đồng ủy ban mặt trận";

const PLACES: [&str; 16] = [
    "Quảng Trị",
    "An Giang",
    "Cà Mau",
    "Lâm Đồng",
    "Gia Lai",
    "Nghệ An",
    "Thanh Hóa",
    "Hà Tĩnh",
    "Phú Thọ",
    "Lào Cai",
    "Cao Bằng",
    "Sơn La",
    "Đồng Tháp",
    "Tây Ninh",
    "Vĩnh Long",
    "Khánh Hòa",
];

/// What an entry is to another newsroom's entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Copy {
    Exact(usize),
    Edited(usize),
}

/// All newsrooms of one run.
pub struct News {
    pub feeds: usize,
    /// In seconds since 1970.
    published_at: Vec<i64>,
    copies: Vec<Option<Copy>>,
}

impl News {
    pub fn new(feeds: usize, now_s: i64) -> News {
        let mut chance = Rng::with_seed(0x1a5e_c0de);
        let published_at: Vec<i64> = (0..feeds * ENTRIES)
            .map(|entry| {
                let gap_s = GAPS_S[entry / ENTRIES % GAPS_S.len()];
                let at = entry % ENTRIES;
                let ago_s = gap_s * at as u64 + chance.u64(60..gap_s);
                now_s - ago_s as i64
            })
            .collect();
        let is_copy = |entry: &usize| entry % COPIED == COPIED - 1;
        let mut originals: Vec<usize> = (0..feeds * ENTRIES)
            .filter(|entry| !is_copy(entry))
            .collect();
        originals.sort_by_key(|entry| published_at[*entry]);
        let mut copies = vec![None; feeds * ENTRIES];
        let mut copied = HashSet::new();
        for (turn, entry) in (0..feeds * ENTRIES).filter(is_copy).enumerate() {
            let at = published_at[entry];
            let from = at - LATER_S_MAX as i64;
            let place = |at: i64| originals.partition_point(|entry| published_at[*entry] < at);
            let near = &originals[place(from)..place(at)];
            // What was copied is not copied again: a story has at most one article of a newsroom.
            let is_free = |of: &&usize| **of / ENTRIES != entry / ENTRIES && !copied.contains(*of);
            let first = chance.usize(..=near.len());
            let Some(of) = near[first..]
                .iter()
                .chain(&near[..first])
                .find(is_free)
                .copied()
            else {
                continue;
            };
            copied.insert(of);
            copies[entry] = Some(match turn % 2 {
                0 => Copy::Exact(of),
                _ => Copy::Edited(of),
            });
        }
        News {
            feeds,
            published_at,
            copies,
        }
    }

    pub fn copies(&self) -> impl Iterator<Item = (usize, Copy)> + '_ {
        let copies = self.copies.iter().enumerate();
        copies.filter_map(|(entry, copy)| Some((entry, (*copy)?)))
    }

    pub fn address(entry: usize) -> String {
        format!("https://toa-soan-{}.vn/bai-{entry}.html", entry / ENTRIES)
    }

    /// The entry of an address; none for another.
    pub fn entry(address: &str) -> Option<usize> {
        let (_, last) = address.rsplit_once("/bai-")?;
        last.strip_suffix(".html")?.parse().ok()
    }

    /// The bytes that newsroom `feed` serves.
    pub fn document(&self, feed: usize) -> String {
        match feed % 2 {
            0 => self.rss(feed),
            _ => self.atom(feed),
        }
    }

    fn text(&self, entry: usize) -> Text {
        match self.copies[entry] {
            None => Text::of(entry),
            Some(Copy::Exact(of)) => Text::of(of),
            Some(Copy::Edited(of)) => Text::of(of).edited(entry),
        }
    }

    fn rss(&self, feed: usize) -> String {
        let mut out = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<rss version=\"2.0\" xmlns:dc=\"http://purl.org/dc/elements/1.1/\"><channel><title>Tòa soạn số {feed}</title><link>https://toa-soan-{feed}.vn/</link><description>Tin mới nhất</description><language>vi</language>\n"
        );
        for entry in feed * ENTRIES..(feed + 1) * ENTRIES {
            let text = self.text(entry);
            let at = moment(self.published_at[entry]).to_rfc2822();
            out.push_str(&format!(
                "<item>\n<title>{}</title>\n<link>{}</link>\n<guid isPermaLink=\"false\">bai-{entry}</guid>\n<pubDate>{at}</pubDate>\n<category>Thời sự</category>\n<dc:creator>Nguyễn Văn An</dc:creator>\n<description>{}</description>\n</item>\n",
                text.title,
                News::address(entry),
                escaped(&text.html()),
            ));
        }
        out.push_str("</channel></rss>\n");
        out
    }

    fn atom(&self, feed: usize) -> String {
        let newest = moment(self.published_at[feed * ENTRIES]).to_rfc3339();
        let mut out = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<feed xmlns=\"http://www.w3.org/2005/Atom\" xml:lang=\"vi\"><title>Tòa soạn số {feed}</title><id>tag:toa-soan-{feed}.vn,2026:tin</id><link href=\"https://toa-soan-{feed}.vn/\"/><updated>{newest}</updated>\n"
        );
        for entry in feed * ENTRIES..(feed + 1) * ENTRIES {
            let text = self.text(entry);
            let at = moment(self.published_at[entry]).to_rfc3339();
            out.push_str(&format!(
                "<entry>\n<title>{}</title>\n<link rel=\"alternate\" href=\"{}\"/>\n<id>tag:toa-soan-{feed}.vn,2026:bai-{entry}</id>\n<published>{at}</published>\n<updated>{at}</updated>\n<category term=\"Thời sự\"/>\n<author><name>Nguyễn Văn An</name></author>\n<summary type=\"html\">{}</summary>\n</entry>\n",
                text.title,
                News::address(entry),
                escaped(&text.html()),
            ));
        }
        out.push_str("</feed>\n");
        out
    }
}

/// What an entry says.
struct Text {
    title: String,
    sentences: Vec<String>,
}

impl Text {
    fn of(entry: usize) -> Text {
        let mut chance = Rng::with_seed(entry as u64 + 1);
        let place = PLACES[chance.usize(..PLACES.len())];
        let title = sentence(&mut chance, 5..8);
        let mut sentences = vec![format!(
            "Ngày {}/11, tại {place}, {}",
            chance.usize(1..29),
            lower(&sentence(&mut chance, 8..14)),
        )];
        while sentences.iter().map(String::len).sum::<usize>() < BODY_BYTES - 120 {
            let figure = match chance.usize(..3) {
                0 => format!("Có {} ", chance.usize(12..9000)),
                _ => String::new(),
            };
            sentences.push(format!("{figure}{}", sentence(&mut chance, 7..14)));
        }
        Text { title, sentences }
    }

    /// As another newsroom prints it: shortened, with words of its own or under its own name.
    fn edited(mut self, entry: usize) -> Text {
        let mut chance = Rng::with_seed(entry as u64 ^ 0xed17);
        match entry / COPIED % 3 {
            0 => {
                self.title = format!("{} | Báo Làng", self.title);
                self.sentences.pop();
                self.sentences.push(sentence(&mut chance, 7..14));
            }
            1 => {
                self.sentences[0] = format!("(TTXVN) - {}", self.sentences[0]);
                for _ in 0..3 {
                    let at = chance.usize(1..self.sentences.len());
                    let changed =
                        self.sentences[at].replacen(' ', &format!(" {} ", word(&mut chance)), 2);
                    self.sentences[at] = changed;
                }
            }
            _ => {
                let kept = self.sentences.len() * 3 / 4;
                self.sentences.truncate(kept);
                self.title = format!("{} {}", self.title, word(&mut chance));
            }
        }
        self
    }

    fn html(&self) -> String {
        let paragraphs = self
            .sentences
            .chunks(4)
            .map(|chunk| format!("<p>{}</p>\n", chunk.join(" ")));
        paragraphs.collect()
    }
}

fn word(chance: &mut Rng) -> String {
    let syllables = &*SYLLABLES;
    let all = syllables.len() * syllables.len();
    // The product of two: the first words come far more often than the last. Spread, the same way each time.
    let at = chance.usize(..all) * chance.usize(..all) / all * 7919 % all;
    format!(
        "{} {}",
        syllables[at % syllables.len()],
        syllables[at / syllables.len()]
    )
}

fn sentence(chance: &mut Rng, words: std::ops::Range<usize>) -> String {
    let words: Vec<String> = (0..chance.usize(words)).map(|_| word(chance)).collect();
    let text = words.join(" ") + ".";
    let mut letters = text.chars();
    let first = letters.next().into_iter().flat_map(char::to_uppercase);
    first.chain(letters).collect()
}

fn lower(text: &str) -> String {
    text.to_lowercase()
}

fn escaped(raw: &str) -> String {
    raw.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

fn moment(at_s: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(at_s, 0).unwrap()
}
