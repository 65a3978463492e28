//! Whether `11/05/2026` is the eleventh of May or the fifth of November.
//!
//! Vietnam writes days first, and so it is read, unless the answer's own dates say otherwise: one of them can only
//! be month first (`11/20/2026`) and none can only be day first. Dates with dots or hyphens say nothing.

use std::sync::LazyLock;

use regex::Regex;

/// A longer text is no date.
const DATE_BYTES_MAX: usize = 200;

static SLASHED: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?:^|[^\d/])(\d{1,2})\s?/\s?(\d{1,2})\s?/\s?(?:\d{4}|\d{2})(?:[^\d/]|$)")
        .expect("the pattern is a constant that a test compiles")
});

/// Which of the two small numbers of a date with slashes is the day.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Order {
    #[default]
    DayFirst,
    MonthFirst,
}

impl Order {
    /// The order that all of an answer's dates have together.
    pub(super) fn of<'a>(dates: impl Iterator<Item = &'a str>) -> Order {
        let mut order = Order::DayFirst;
        for raw in dates.filter(|raw| raw.len() <= DATE_BYTES_MAX) {
            match only_order(raw) {
                Some(Order::DayFirst) => return Order::DayFirst,
                Some(Order::MonthFirst) => order = Order::MonthFirst,
                None => {}
            }
        }
        order
    }
}

/// The one order in which `raw` names a day; none where both or neither will do.
fn only_order(raw: &str) -> Option<Order> {
    let captures = SLASHED.captures(raw)?;
    let first: u32 = captures[1].parse().ok()?;
    let second: u32 = captures[2].parse().ok()?;
    match (first, second) {
        (13..=31, 1..=12) => Some(Order::DayFirst),
        (1..=12, 13..=31) => Some(Order::MonthFirst),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_dates_that_leave_no_choice_put_months_first() {
        for (dates, expected) in [
            (&["11/05/2026", "11/20/2026 08:30"][..], Order::MonthFirst),
            (&["08:30, 11/20/26"], Order::MonthFirst),
            (&["11/05/2026", "12/11/2026"], Order::DayFirst),
            (&["11/20/2026", "21/11/2026"], Order::DayFirst),
            (&["21/11/2026", "11/20/2026"], Order::DayFirst),
            (&["11-20-2026", "11.20.2026"], Order::DayFirst),
            (
                &["2026/11/20", "40/50/2026", "https://a.vn/11/20/2026/"],
                Order::DayFirst,
            ),
            (&[], Order::DayFirst),
        ] {
            assert_eq!(Order::of(dates.iter().copied()), expected, "{dates:?}");
        }
    }
}
