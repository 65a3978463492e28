//! Other stories of the same event: a weaker link than a copy, found when a page asks for it and stored nowhere.
//!
//! Works on a reader alone, at a cost that does not grow with the store: stories of the days around that share a tag
//! are ranked by how rare the tags are that they share, and the words of the first of them are held against the
//! story's, by a measure of `core::dedup` that asks for less than a copy does.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::core::dedup::explain;
use crate::core::merge::Told;
use crate::core::model::{Article, Scheme, StoryNo, Timestamp};
use crate::store::{From, Order, Place, StoreError, StoreReader};

/// Tags of a story that are followed; of more, those of the later schemes are left out.
const TAGS_MAX: usize = 16;
/// Stories of one tag that are looked at before, and as many after, the story's date.
const NEIGHBOURS_MAX: usize = 256;
/// Stories whose words are read.
const CANDIDATES_MAX: usize = 100;
/// Articles of theirs.
const ARTICLES_MAX: usize = 200;
/// Stories that are told.
pub const RELATED_MAX: usize = 8;

/// Shown stories of the event that `told` is about, the most alike first.
///
/// # Errors
/// When the store cannot be read.
pub fn related(
    reader: &StoreReader,
    told: &Told,
    window: Duration,
) -> Result<Vec<Told>, StoreError> {
    let mut others: BTreeMap<StoryNo, Told> = BTreeMap::new();
    let mut articles: Vec<Article> = Vec::new();
    for no in candidates(reader, told, window)? {
        // What was taken down, is held or became part of another is not told.
        let Some(other) = reader.told(no)? else {
            continue;
        };
        articles.extend(other.articles.iter().cloned());
        others.insert(no, other);
        if articles.len() >= ARTICLES_MAX {
            break;
        }
    }
    let alike = explain::related(&told.articles, &articles);
    let mut seen = BTreeSet::new();
    let first = alike.into_iter().filter(|no| seen.insert(*no));
    Ok(first
        .take(RELATED_MAX)
        .filter_map(|no| others.remove(&no))
        .collect())
}

/// Stories that share a tag with `told` and are dated at most `window` before or after it, the likeliest first.
fn candidates(
    reader: &StoreReader,
    told: &Told,
    window: Duration,
) -> Result<Vec<StoryNo>, StoreError> {
    let at = told.story.published_at;
    let mut found: BTreeMap<Place, usize> = BTreeMap::new();
    for (scheme, term) in tags(&told.articles) {
        let order = Order::Tagged(scheme, term.to_owned());
        let mut places = after(reader, &order, at, window)?;
        places.extend(between(reader, &order, at, at - window)?);
        // The rarer a tag, the more it says that two stories share it.
        let weight = WEIGHT / (places.len() + RARE);
        let places: BTreeSet<Place> = places.into_iter().collect();
        for place in places {
            *found.entry(place).or_default() += weight;
        }
    }
    let mut ranked: Vec<(usize, Place)> = found
        .into_iter()
        .filter(|(place, _)| place.no != told.story.no.0)
        .map(|(place, weight)| (weight, place))
        .collect();
    let apart = |place: &Place| place.published_at.millis().abs_diff(at.millis());
    ranked.sort_by_key(|(weight, place)| (std::cmp::Reverse(*weight), apart(place), place.no));
    let nos = ranked.into_iter().map(|(_, place)| StoryNo(place.no));
    Ok(nos.take(CANDIDATES_MAX).collect())
}

const WEIGHT: usize = 1 << 16;
/// Stories of a tag up to which it makes little difference how many there are.
const RARE: usize = 8;

fn tags(articles: &[Article]) -> impl Iterator<Item = (Scheme, &str)> {
    let all: BTreeSet<(Scheme, &str)> = articles.iter().flat_map(Article::filed_under).collect();
    let mut all: Vec<(Scheme, &str)> = all.into_iter().collect();
    // Of an article that names dozens of documents its places and topics say more.
    all.truncate(TAGS_MAX);
    all.into_iter()
}

/// How often the time after a date is halved until no more stories are in it than are looked at.
const HALVINGS_MAX: u32 = 8;

/// Places of an order that follow a date, the nearest: an order can only be read from its newest end.
fn after(
    reader: &StoreReader,
    order: &Order,
    at: Timestamp,
    window: Duration,
) -> Result<Vec<Place>, StoreError> {
    let mut places = Vec::new();
    for halvings in 0..=HALVINGS_MAX {
        places = between(reader, order, at + window / (1 << halvings), at)?;
        if places.len() < NEIGHBOURS_MAX {
            break;
        }
    }
    Ok(places)
}

/// Places of an order from `newest` down to `oldest`.
fn between(
    reader: &StoreReader,
    order: &Order,
    newest: Timestamp,
    oldest: Timestamp,
) -> Result<Vec<Place>, StoreError> {
    let from = From::At(Place {
        published_at: newest,
        no: 0,
    });
    let mut places = reader.places(order, from, NEIGHBOURS_MAX)?;
    places.retain(|place| place.published_at >= oldest);
    Ok(places)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::core::model::fixture::{article, dated, entry, noon, story, tagged};
    use crate::core::model::{Batch, Entry, Mint};
    use crate::store::{MemoryEngine, Store};

    const WINDOW: Duration = Duration::from_secs(72 * 3600);
    const ALL: u64 = 2_000;

    /// As many stories of one province, one a minute; every hundredth names a document besides.
    fn store() -> Store {
        let mint = || Mint {
            authority: "tin.vn".into(),
            date: "2026-11-22".into(),
            store: "k".into(),
        };
        let mut store = Store::open(Arc::new(MemoryEngine::new()), mint).expect("memory opens");
        let mut batch = Batch::default();
        for no in 0..ALL {
            let words = "Lò gốm cổ bên sông Ô Lâu lại đỏ lửa sau mười năm bỏ hoang".to_owned();
            let said = Entry {
                title: format!("{words} {}", no / 50),
                summary: Some(format!("<p>{words} {}</p>", words.repeat(3))),
                ..entry(&no.to_string())
            };
            let date = noon() + Duration::from_secs(60 * no);
            let mut one = tagged(Scheme::Province, "hue", dated(date, said));
            if no % 100 == 50 {
                one = tagged(Scheme::Document, "1881-qd-ttg", one);
            }
            let one = article(no, u32::try_from(no % 9).expect("small"), no, one);
            batch.stories.push(story(no, std::slice::from_ref(&one)));
            batch.articles.push(one);
        }
        store.apply(&batch).expect("memory takes everything");
        store
    }

    fn told(store: &Store, no: u64) -> Told {
        let told = store.told(StoryNo(no)).expect("memory reads");
        told.expect("it is shown")
    }

    #[test]
    fn the_rarest_tags_come_first_then_the_nearest_dates_and_never_more_than_a_bound() {
        let store = store();
        let found = candidates(&store, &told(&store, 1050), WINDOW).expect("memory reads");
        assert_eq!(found.len(), CANDIDATES_MAX);
        let (rare, near) = found.split_at(19);
        assert!(rare.iter().all(|no| no.0 % 100 == 50), "{rare:?}");
        assert!(near.iter().all(|no| no.0.abs_diff(1050) <= 41), "{near:?}");
        assert!(!found.contains(&StoryNo(1050)));
    }

    #[test]
    fn what_is_further_away_than_the_window_is_not_related() {
        let store = store();
        let hour = Duration::from_secs(3600);
        let found = candidates(&store, &told(&store, 1050), hour).expect("memory reads");
        assert!(found.iter().all(|no| no.0.abs_diff(1050) <= 60));
        assert_eq!(found.len(), CANDIDATES_MAX);
    }

    /// Two newsrooms on one fire, another fire, and what else was in the province that day.
    #[test]
    fn one_event_in_other_words_is_related_and_its_like_elsewhere_is_not() {
        let told = |no: u64, province: &str, title: &str, text: &str| {
            let said = Entry {
                title: title.to_owned(),
                summary: Some(format!("<p>{text}</p>")),
                ..entry(&no.to_string())
            };
            let date = noon() + Duration::from_secs(3600 * no);
            let said = tagged(Scheme::Province, province, dated(date, said));
            article(no, u32::try_from(no).expect("small"), no, said)
        };
        let fire = told(
            1,
            "can-tho",
            "Cháy lớn tại chợ đầu mối ở Cần Thơ, khói bao trùm cả khu phố",
            "Khoảng 2 giờ sáng nay, lửa bùng lên từ dãy ki ốt bán vải rồi lan ra 40 gian hàng.",
        );
        let others = [
            told(
                2,
                "can-tho",
                "Tiểu thương khóc ròng sau vụ cháy chợ đầu mối Cần Thơ",
                "Nhiều gia đình trắng tay khi hàng Tết vừa nhập về đã thành tro; thành phố hỗ trợ mỗi hộ 10 triệu đồng.",
            ),
            told(
                3,
                "can-tho",
                "Cần Thơ khởi công cầu nối hai bờ sông Hậu",
                "Cây cầu dài hai cây số dự kiến thông xe sau ba năm thi công.",
            ),
            told(
                4,
                "can-tho",
                "Cần Thơ mở thêm chuyến xe buýt ra sân bay dịp cuối năm",
                "Xe chạy từ năm giờ sáng tới mười giờ đêm, vé không đổi.",
            ),
            told(
                5,
                "ca-mau",
                "Cháy lớn tại chợ đầu mối ở Cà Mau, khói bao trùm cả khu phố",
                "Khoảng 2 giờ sáng nay, lửa bùng lên từ dãy ki ốt bán vải rồi lan ra 40 gian hàng.",
            ),
            told(
                6,
                "can-tho",
                "Cháy lớn tại chợ đầu mối ở Cần Thơ, khói bao trùm cả khu phố",
                "Khoảng 3 giờ sáng nay, lửa bùng lên từ dãy ki ốt bán vải rồi lan ra 70 gian hàng.",
            ),
        ];
        let found = explain::related(std::slice::from_ref(&fire), &others);
        assert_eq!(found, [StoryNo(2)]);
        let found = explain::related(&others[..1], &[fire]);
        assert_eq!(found, [StoryNo(1)]);
    }

    #[test]
    fn few_are_told() {
        let store = store();
        let told = told(&store, 1050);
        let found = related(&store, &told, WINDOW).expect("memory reads");
        assert_eq!(found.len(), RELATED_MAX);
        assert!(found.iter().all(|other| other.story.no != told.story.no));
    }
}
