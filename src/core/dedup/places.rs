//! Which provinces a text names: two stories told in the same words of two provinces are two.
//!
//! Every name a province has borne since the 1990s counts as itself; that a word is also a person, a bank or a hope for
//! peace does no harm here, where only names matter that one text has and the other has not.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::words::{self, Word, WordSet};

/// One bit for each name.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Places(u64);

/// Names on one line are one province.
const NAMES: &[&[&str]] = &[
    &["an giang"],
    &["bà rịa", "vũng tàu"],
    &["bắc giang"],
    &["bắc kạn", "bắc cạn"],
    &["bạc liêu"],
    &["bắc ninh"],
    &["bến tre"],
    &["bình định"],
    &["bình dương"],
    &["bình phước"],
    &["bình thuận"],
    &["cà mau"],
    &["cần thơ"],
    &["cao bằng"],
    &["đà nẵng"],
    &["đắk lắk", "đắc lắc", "đăk lăk", "daklak", "dak lak"],
    &["đắk nông", "đắc nông", "đăk nông"],
    &["điện biên"],
    &["đồng nai"],
    &["đồng tháp"],
    &["gia lai"],
    &["hà giang"],
    &["hà nam"],
    &["hà nội"],
    &["hà tĩnh"],
    &["hải dương"],
    &["hải phòng"],
    &["hậu giang"],
    &["hòa bình"],
    &["hưng yên"],
    &["khánh hòa"],
    &["kiên giang"],
    &["kon tum"],
    &["lai châu"],
    &["lâm đồng"],
    &["lạng sơn"],
    &["lào cai"],
    &["long an"],
    &["nam định"],
    &["nghệ an"],
    &["ninh bình"],
    &["ninh thuận"],
    &["phú thọ"],
    &["phú yên"],
    &["quảng bình"],
    &["quảng nam"],
    &["quảng ngãi"],
    &["quảng ninh"],
    &["quảng trị"],
    &["sóc trăng"],
    &["sơn la"],
    &["tây ninh"],
    &["thái bình"],
    &["thái nguyên"],
    &["thanh hóa"],
    &["huế"],
    &["tiền giang"],
    &["hồ chí minh", "tphcm", "tp hcm"],
    &["trà vinh"],
    &["tuyên quang"],
    &["vĩnh long"],
    &["vĩnh phúc"],
    &["yên bái"],
];

struct Names {
    firsts: WordSet,
    /// By first word: the second, where there is one, and the bit.
    by_first: HashMap<Word, Vec<(Option<Word>, u64)>>,
}

static ALL: LazyLock<Names> = LazyLock::new(|| {
    let mut by_first: HashMap<Word, Vec<(Option<Word>, u64)>> = HashMap::new();
    for (at, names) in NAMES.iter().enumerate() {
        for name in *names {
            let name = words::of_title(name, 4);
            if let Some((first, rest)) = name.split_first() {
                let rest = rest.first().copied();
                by_first.entry(*first).or_default().push((rest, 1 << at));
            }
        }
    }
    Names {
        firsts: WordSet::of(by_first.keys().copied()),
        by_first,
    }
});

impl Places {
    pub fn of(words: &[Word]) -> Places {
        let names = &*ALL;
        let mut places = 0;
        for (at, word) in words.iter().enumerate() {
            if !names.firsts.contains(*word) {
                continue;
            }
            let next = words.get(at + 1);
            for (second, place) in names.by_first.get(word).into_iter().flatten() {
                if second.is_none() || second.as_ref() == next {
                    places |= place;
                }
            }
        }
        Places(places)
    }

    /// Whether it names one that `other` does not.
    pub fn exceeds(self, other: Places) -> bool {
        self.0 & !other.0 != 0
    }

    pub fn and(self, other: Places) -> Places {
        Places(self.0 | other.0)
    }
}
