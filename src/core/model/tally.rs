use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};

use super::{ArticleNo, ContentKey};

/// How many articles each rule came to act on, by the number of the rule, counted from 1 in the order of the file.
pub type Firings = BTreeMap<u32, u64>;

/// How often each rule in force acted since it is in force: over restarts, and whatever becomes of other rules.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// In the order of the file.
    pub rules: Vec<Counted>,
    /// Whether stored articles may name rules by numbers they had in an earlier file.
    pub renumbered: bool,
}

/// The count of one rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counted {
    /// Of all that the rule says: another key, another rule.
    pub rule: ContentKey,
    pub articles: u64,
    /// The first article that came in under it: those before are counted when they are judged by it.
    pub from: ArticleNo,
    /// Whether stored articles are still being judged by it for the first time.
    pub is_new: bool,
}

impl Tally {
    /// The tally once `keys` are the rules in force; `is_judging` while stored articles, those before `next`, wait to be
    /// judged by them.
    #[must_use]
    pub fn adopt(&self, keys: &[ContentKey], is_judging: bool, next: ArticleNo) -> Tally {
        let changed = !self.rules.iter().map(|counted| &counted.rule).eq(keys);
        if !changed && is_judging {
            return self.clone();
        }
        let known = self.by_rule();
        let count = |key: &ContentKey| {
            match known.get(key) {
                // Judging begins anew: what it has counted so far it will count again.
                Some(counted) if !(changed && counted.is_new) => **counted,
                _ => Counted {
                    rule: *key,
                    articles: 0,
                    from: next,
                    is_new: true,
                },
            }
        };
        let tally = Tally {
            rules: keys.iter().map(count).collect(),
            renumbered: self.renumbered || changed,
        };
        if is_judging { tally } else { tally.judged() }
    }

    /// The tally once every stored article is judged by the rules in force.
    #[must_use]
    pub fn judged(mut self) -> Tally {
        self.renumbered = false;
        for counted in &mut self.rules {
            counted.is_new = false;
        }
        self
    }

    /// The tally with more firings.
    #[must_use]
    pub fn plus(&self, firings: &Firings) -> Tally {
        let mut tally = self.clone();
        for (number, counted) in (1..).zip(&mut tally.rules) {
            let more = firings.get(&number).copied().unwrap_or_default();
            counted.articles = counted.articles.saturating_add(more);
        }
        tally
    }

    /// Those of the rules `acting` on an article that act on it for the first time.
    pub fn first_acts<'a>(
        &'a self,
        acting: &'a [u32],
        article: ArticleNo,
    ) -> impl Iterator<Item = u32> + 'a {
        acting.iter().copied().filter(move |number| {
            let at = usize::try_from(number.saturating_sub(1)).unwrap_or(usize::MAX);
            let counted = self.rules.get(at);
            // What came in since was counted when it came in.
            counted.is_some_and(|counted| counted.is_new && article < counted.from)
        })
    }

    /// Each count by what its rule says.
    pub fn by_rule(&self) -> HashMap<ContentKey, &Counted> {
        let rules = self.rules.iter();
        rules.map(|counted| (counted.rule, counted)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(no: u64) -> ArticleNo {
        ArticleNo(no)
    }

    fn key(name: &str) -> ContentKey {
        ContentKey::of(&[name])
    }

    fn of<const N: usize>(tally: &Tally, names: [&str; N]) -> [u64; N] {
        let rules = tally.by_rule();
        names.map(|name| rules.get(&key(name)).map_or(0, |counted| counted.articles))
    }

    /// Rules `a` and `b` that have acted 3 times and once, and have judged everything.
    fn two() -> Tally {
        let tally = Tally::default().adopt(&[key("a"), key("b")], false, at(10));
        tally.plus(&Firings::from([(1, 3), (2, 1)]))
    }

    #[test]
    fn a_count_belongs_to_what_a_rule_says_not_to_where_it_stands() {
        let moved = two().adopt(&[key("new"), key("b"), key("a")], true, at(20));
        assert_eq!(of(&moved, ["a", "b"]), [3, 1]);
        let more = moved.plus(&Firings::from([(1, 5), (3, 1), (9, 9)]));
        assert_eq!(of(&more, ["a", "b", "new"]), [4, 1, 5]);
        assert!(more.renumbered && !more.clone().judged().renumbered);
    }

    #[test]
    fn a_rule_that_goes_takes_its_count_along() {
        let without = two().adopt(&[key("b")], true, at(20));
        assert_eq!(of(&without, ["a", "b"]), [0, 1]);
        let back = without.adopt(&[key("a"), key("b")], true, at(30));
        assert_eq!(of(&back, ["a", "b"]), [0, 1]);
    }

    #[test]
    fn the_same_rules_go_on() {
        let same = [key("a"), key("b")];
        assert_eq!(two().adopt(&same, false, at(20)), two());
        assert_eq!(two().adopt(&same, true, at(20)), two());
        let judging = two().adopt(&[key("b"), key("new")], true, at(20));
        assert_eq!(
            judging.adopt(&[key("b"), key("new")], true, at(30)),
            judging
        );
    }

    #[test]
    fn a_new_rule_acts_first_on_what_was_there_before_it() {
        let tally = two().adopt(&[key("new"), key("a")], true, at(20));
        let first = |seen| tally.first_acts(&[1, 2], seen).collect::<Vec<_>>();
        assert_eq!(first(at(19)), [1]);
        assert_eq!(first(at(20)), [0; 0]);
        let judged = tally.clone().judged();
        assert_eq!(judged.first_acts(&[1], at(19)).count(), 0);
    }

    #[test]
    fn what_is_judged_twice_is_counted_once() {
        let tally = two().adopt(&[key("new")], true, at(20));
        let half = tally.plus(&Firings::from([(1, 7)]));
        let again = half.adopt(&[key("other"), key("new")], true, at(30));
        assert_eq!(of(&again, ["new"]), [0]);
        assert_eq!(again.first_acts(&[2], at(25)).collect::<Vec<_>>(), [2]);
    }
}
