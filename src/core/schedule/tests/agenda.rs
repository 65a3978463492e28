use std::collections::BTreeSet;

use super::*;
use crate::core::schedule::agenda::{Agenda, Pace};

const NOBODY: BTreeSet<SourceNo> = BTreeSet::new();

fn let_go(agenda: &mut Agenda, at: Timestamp) -> Vec<u32> {
    let due = agenda.due(at, &NOBODY, usize::MAX, |_| at);
    due.into_iter().map(|no| no.0).collect()
}

/// So many sources that were all due long ago, the highest number longest.
fn overdue(sources: u32, pace: Pace) -> Agenda {
    let mut agenda = Agenda::new(now());
    agenda.set_pace(pace);
    for no in 0..sources {
        agenda.put(SourceNo(no), true, now() - HOUR * (no + 1));
    }
    agenda
}

#[test]
fn whoever_is_overdue_is_let_go_at_a_bounded_pace_the_longest_first() {
    let pace = Pace::of_intervals([MIN; 60]);
    let mut agenda = overdue(60, pace);
    let mut at = now();
    let mut asked = Vec::new();
    while let Some(next) = agenda.next_due_at(&NOBODY) {
        at = next.max(at);
        for no in let_go(&mut agenda, at) {
            asked.push((no, at));
            agenda.put(SourceNo(no), true, now() + DAY);
        }
        if asked.len() == 60 {
            break;
        }
    }
    let order: Vec<u32> = asked.iter().map(|(no, _)| *no).collect();
    assert_eq!(order, (0..60).rev().collect::<Vec<u32>>());
    let in_first = |span| {
        asked
            .iter()
            .filter(|(_, at)| at.since(now()) < span)
            .count()
    };
    assert!(in_first(Duration::from_secs(10)) <= 4);
    assert!((10..=17).contains(&in_first(Duration::from_secs(60))));
    // The backlog is worked off within one minimal interval.
    assert!(at.since(now()) <= MIN, "{:?}", at.since(now()));
}

#[test]
fn no_hour_sees_more_requests_than_the_budget() {
    for budget in [1, 7, 60, 61, 600, 3600] {
        let mut agenda = overdue(5, Pace::of_budget(budget));
        let mut asked: Vec<Timestamp> = Vec::new();
        let mut at = now();
        while at < now() + HOUR * 4 {
            at = agenda
                .next_due_at(&NOBODY)
                .expect("always somebody")
                .max(at);
            for no in let_go(&mut agenda, at) {
                asked.push(at);
                // Due again at once: only the pace holds them back.
                agenda.put(SourceNo(no), true, at);
            }
        }
        let in_hour = |from: Timestamp| {
            let within = |at: &&Timestamp| **at >= from && at.since(from) < HOUR;
            asked.iter().filter(within).count()
        };
        let most = asked.iter().map(|from| in_hour(*from)).max();
        assert!(most <= Some(budget as usize), "{budget}: {most:?}");
        // A sixtieth of each hour is kept back for what is spent at once.
        let least = budget as usize * 4;
        assert!(
            asked.len() + 4 * (1 + budget as usize / 60) >= least,
            "{budget}: {} of {least}",
            asked.len()
        );
    }
}

#[test]
fn new_sources_stand_at_the_head_and_wait_for_a_budget_alone() {
    let mut agenda = overdue(9, Pace::of_intervals([MIN; 9]));
    for no in 20..40 {
        agenda.put(SourceNo(no), false, now());
    }
    let first = let_go(&mut agenda, now());
    assert_eq!(first[..20], (20..40).collect::<Vec<u32>>());
    assert_eq!(first.len(), 21, "{first:?}");
    agenda.set_pace(Pace::of_budget(60));
    assert_eq!(let_go(&mut agenda, now()), [] as [u32; 0]);
    assert_eq!(let_go(&mut agenda, now() + HOUR), [20]);
}

#[test]
fn who_is_busy_or_put_off_takes_no_turn() {
    let mut agenda = overdue(3, Pace::of_intervals([MIN; 600]));
    let busy = BTreeSet::from([SourceNo(2)]);
    let at = now() + MIN;
    let due = agenda.due(at, &busy, 10, |no| match no.0 {
        1 => at + HOUR,
        _ => at,
    });
    assert_eq!(due, [SourceNo(0)]);
    agenda.put(SourceNo(0), true, now() + DAY);
    assert_eq!(agenda.next_due_at(&busy), Some(at + HOUR));
    assert!(agenda.next_due_at(&NOBODY) <= Some(at));
    assert_eq!(agenda.len(), 3);
}

#[test]
fn a_request_out_of_turn_counts_too() {
    let mut agenda = overdue(3, Pace::of_budget(60));
    agenda.asked_out_of_turn(now());
    assert_eq!(let_go(&mut agenda, now()), [] as [u32; 0]);
    let next = agenda.next_due_at(&NOBODY).expect("somebody");
    assert_eq!(next.since(now()).as_secs(), 60);
}
