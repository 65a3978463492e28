//! Whether a listing page, or a sitemap, still is what it was.
//!
//! A page is made for eyes: nobody tells a reader of it that it was rebuilt, and a template that changed looks like
//! a newsroom that fell silent. What a page usually lists, and where, is remembered and held against each reading.

use std::time::Duration;

use crate::core::model::{Habit, Seen, Structure, Timestamp};

/// What listed fewer than this is not missed much.
const ITEMS_SURE_MIN: u32 = 6;

/// A listing shorter than the usual by this factor is suspect.
const FEWER_FACTOR: u32 = 3;

/// How long a new structure is suspect before it is the usual one.
const ADOPTED_AFTER: Duration = Duration::from_secs(7 * 86_400);

/// How slowly a suspect length becomes the usual one, in readings.
const DRIFT: u32 = 16;

/// What is remembered after this reading, and what is suspect about it in one sentence.
pub fn look(before: Option<&Habit>, seen: Seen, now: Timestamp) -> (Habit, Option<String>) {
    let Seen { structure, items } = seen;
    let Some(before) = before else {
        let habit = Habit {
            structure,
            items,
            moved_at: None,
        };
        return (habit, None);
    };
    let usual = before.items;
    if items == 0 {
        let said = (usual > 0).then(|| format!("the page lists nothing; it usually lists {usual}"));
        return (before.clone(), said);
    }
    if usual >= ITEMS_SURE_MIN && items.saturating_mul(FEWER_FACTOR) < usual {
        let habit = Habit {
            items: usual - (usual - items).div_ceil(DRIFT),
            ..before.clone()
        };
        return (
            habit,
            Some(format!("the page lists {items}; it usually lists {usual}")),
        );
    }
    let settled = Habit {
        items: drifted(usual, items),
        structure,
        moved_at: None,
    };
    if !settled.structure.moved_since(&before.structure) {
        return (settled, None);
    }
    let moved_at = before.moved_at.unwrap_or(now);
    if now >= moved_at + ADOPTED_AFTER {
        return (settled, None);
    }
    let habit = Habit {
        structure: before.structure.clone(),
        moved_at: Some(moved_at),
        ..settled
    };
    let day = &moved_at.rfc3339()[..10];
    (
        habit,
        Some(format!(
            "since {day} the items stand elsewhere in the page; see with `langbao probe` whether they are still the right ones"
        )),
    )
}

/// Of a sitemap, what is remembered and what is suspect: a news sitemap holds two days, so that only one that
/// lists nothing says something.
pub fn count(before: Option<&Habit>, items: u32) -> (Habit, Option<String>) {
    let usual = before.map_or(items, |before| before.items);
    if items == 0 && usual > 0 {
        let said = (usual >= ITEMS_SURE_MIN)
            .then(|| format!("the sitemap lists nothing; it usually lists {usual}"));
        return (counted(usual), said);
    }
    (counted(drifted(usual, items)), None)
}

fn counted(items: u32) -> Habit {
    Habit {
        structure: Structure::default(),
        items,
        moved_at: None,
    }
}

/// The usual length after one more reading.
fn drifted(usual: u32, items: u32) -> u32 {
    usual
        .saturating_mul(3)
        .saturating_add(items)
        .saturating_add(2)
        / 4
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::model::fixture::noon;

    fn at(place: &str) -> Structure {
        Structure(place.split_whitespace().map(str::to_owned).collect())
    }

    fn seen(place: &str, items: u32) -> Seen {
        Seen {
            structure: at(place),
            items,
        }
    }

    fn habit(place: &str, items: u32) -> Habit {
        Habit {
            structure: at(place),
            items,
            moved_at: None,
        }
    }

    #[test]
    fn a_page_that_lists_far_fewer_or_nothing_is_suspect() {
        for (usual, items, is_suspect) in [
            (30, 30, false),
            (30, 10, false),
            (30, 9, true),
            (30, 0, true),
            (5, 1, false),
            (0, 0, false),
        ] {
            let (_, said) = look(Some(&habit("a", usual)), seen("a", items), noon());
            assert_eq!(
                said.is_some(),
                is_suspect,
                "{usual}, then {items}: {said:?}"
            );
        }
        assert_eq!(look(None, seen("a", 0), noon()).1, None);
    }

    #[test]
    fn a_sitemap_is_suspect_when_it_lists_nothing_and_not_when_it_lists_little() {
        for (usual, items, left, expected) in [
            (30, 30, 30, None),
            (30, 1, 23, None),
            (
                30,
                0,
                30,
                Some("the sitemap lists nothing; it usually lists 30"),
            ),
            (
                6,
                0,
                6,
                Some("the sitemap lists nothing; it usually lists 6"),
            ),
            (5, 0, 5, None),
            (0, 0, 0, None),
            (0, 40, 10, None),
        ] {
            let (known, said) = count(Some(&counted(usual)), items);
            assert_eq!(said.as_deref(), expected, "{usual}, then {items}");
            assert_eq!(known, counted(left), "{usual}, then {items}");
        }
        assert_eq!(count(None, 0), (counted(0), None));
        assert_eq!(count(None, 9), (counted(9), None));
    }

    #[test]
    fn a_lasting_change_of_length_becomes_the_usual_one_and_silence_never_does() {
        let mut known = habit("a", 60);
        let mut readings = 0;
        while let (next, Some(_)) = look(Some(&known), seen("a", 5), noon()) {
            known = next;
            readings += 1;
        }
        assert!((10..60).contains(&readings), "{readings}");
        let mut silent = habit("a", 60);
        for _ in 0..1000 {
            silent = look(Some(&silent), seen("", 0), noon()).0;
        }
        assert_eq!(silent, habit("a", 60));
    }

    #[test]
    fn a_moved_structure_is_suspect_for_a_week_or_until_it_moves_back() {
        let day = Duration::from_secs(86_400);
        let (known, said) = look(Some(&habit("a", 20)), seen("b", 20), noon());
        assert!(said.is_some_and(|said| said.starts_with("since 2026-11-22")));
        let (still, said) = look(Some(&known), seen("b", 20), noon() + 6 * day);
        assert!(said.is_some());
        assert_eq!(
            look(Some(&still), seen("a", 20), noon() + 6 * day),
            (habit("a", 20), None)
        );
        assert_eq!(
            look(Some(&still), seen("b", 20), noon() + 7 * day),
            (habit("b", 20), None)
        );
    }
}
