//! Rules that can never act, or never change anything: what an earlier rule does to all they match, and what
//! they ask for themselves.
//!
//! Compares rules with those before them. What a regular expression matches is not examined: two are alike
//! only where they are written alike.

use super::rule::{RuleDraft, may_be_document};
use super::table::Reader;
use super::{Action, Pattern, Rule};
use crate::core::model::{Entry, Words};

/// Tells every rule that is in vain, once.
pub(super) fn rules(reader: &mut Reader<'_>, drafts: &[RuleDraft]) {
    let rules: Vec<(&RuleDraft, Read<'_>)> = drafts
        .iter()
        .filter_map(|draft| Some((draft, Read::of(draft.rule.as_ref()?))))
        .collect();
    let read: Vec<&Read<'_>> = rules.iter().map(|(_, read)| read).collect();
    for (at, (draft, rule)) in rules.iter().enumerate() {
        let (what, hint) = match in_vain(&read[..at], rule) {
            None => continue,
            Some(Vain::Itself(what, hint)) => (what.to_owned(), hint.to_owned()),
            Some(Vain::After(earlier, why)) => {
                let place = reader.written_at(&rules[earlier].0.place);
                (
                    format!("can never act: {why}"),
                    format!(
                        "the earlier rule stands at {place}: take one of them out, or put this one first"
                    ),
                )
            }
        };
        let message = format!("{} {what}", draft.label);
        reader.mistake(draft.place.clone(), message, Some(hint));
    }
}

enum Vain {
    /// What is wrong, and the mend.
    Itself(&'static str, &'static str),
    /// Which earlier rule is in the way, and how.
    After(usize, &'static str),
}

/// A rule with its words made comparable.
struct Read<'r> {
    rule: &'r Rule,
    words: [Option<Words>; 3],
}

impl<'r> Read<'r> {
    fn of(rule: &'r Rule) -> Read<'r> {
        let words = patterns(rule).map(|pattern| match pattern {
            Some(Pattern::Words(raw)) => Some(Words::of(raw)),
            Some(Pattern::Regex(_)) | None => None,
        });
        Read { rule, words }
    }
}

fn patterns(rule: &Rule) -> [Option<&Pattern>; 3] {
    [rule.title.as_ref(), rule.text.as_ref(), rule.url.as_ref()]
}

fn in_vain(before: &[&Read<'_>], rule: &Read<'_>) -> Option<Vain> {
    itself(rule)
        .or_else(|| takes_what_is_not(before, rule))
        .or_else(|| {
            (0..before.len()).find_map(|at| {
                let why = stands_in_the_way(before[at], &before[at..], rule)?;
                Some(Vain::After(at, why))
            })
        })
}

fn itself(read: &Read<'_>) -> Option<Vain> {
    let rule = read.rule;
    let long = read.words[0]
        .as_ref()
        .is_some_and(|words| words.as_str().trim().chars().count() > Entry::TITLE_CHARS_MAX);
    if long {
        return Some(Vain::Itself(
            "can never act: no title is as long",
            "look for fewer words",
        ));
    }
    match &rule.action {
        Action::Tag(tag) if asks_for(rule, tag) => Some(Vain::Itself(
            "changes nothing: it gives the tag that it asks for",
            "give another tag, or ask for something else",
        )),
        _ => None,
    }
}

/// Of documents only those are found that are written as documents are; others can come from an earlier rule alone.
fn takes_what_is_not(before: &[&Read<'_>], read: &Read<'_>) -> Option<Vain> {
    let Action::Untag(tag) = &read.rule.action else {
        return None;
    };
    let slug = tag.strip_prefix("document:")?;
    let gives = Action::Tag(tag.clone());
    let is_given = before.iter().any(|earlier| earlier.rule.action == gives);
    (!is_given && !may_be_document(slug)).then_some(Vain::Itself(
        "changes nothing: no document is filed under the tag that it takes",
        "write the tag as in \"document:1881-qd-ttg\"",
    ))
}

/// How an earlier rule keeps a later one from ever changing anything; `between` begins with the earlier one.
fn stands_in_the_way(
    earlier: &Read<'_>,
    between: &[&Read<'_>],
    later: &Read<'_>,
) -> Option<&'static str> {
    let undone = |undo: Action| between.iter().any(|rule| rule.rule.action == undo);
    let why = match (&earlier.rule.action, &later.rule.action) {
        (Action::Drop, _) => "an earlier rule drops all that it matches",
        (Action::Hold, Action::Hold) => "an earlier rule holds all that it matches",
        (Action::Tag(one), Action::Tag(other)) if one == other => {
            if undone(Action::Untag(one.clone())) {
                return None;
            }
            "an earlier rule gives this tag to all that it matches"
        }
        (Action::Untag(one), Action::Untag(other)) if one == other => {
            if undone(Action::Tag(one.clone())) {
                return None;
            }
            "an earlier rule takes this tag from all that it matches"
        }
        (Action::Untag(tag), _) if asks_for(later.rule, tag) => {
            if undone(Action::Tag(tag.clone())) {
                return None;
            }
            "an earlier rule takes the tag that it asks for"
        }
        _ => return None,
    };
    matches_all_of(earlier, between, later).then_some(why)
}

/// Whether the earlier rule matches whatever the later one does.
fn matches_all_of(earlier: &Read<'_>, between: &[&Read<'_>], later: &Read<'_>) -> bool {
    let same = |one: &Option<String>, other: &Option<String>| one.is_none() || one == other;
    // A tag that is asked for in vain at first may have been given meanwhile.
    let given = |scheme: &str, slug: &Option<String>| {
        slug.as_ref().is_some_and(|slug| {
            between.iter().any(|rule| match &rule.rule.action {
                Action::Tag(tag) => {
                    *tag == format!("{scheme}:{slug}")
                        || (scheme == "province" && tag.starts_with("former-province:"))
                }
                Action::Drop | Action::Hold | Action::Untag(_) => false,
            })
        })
    };
    let (one, other) = (earlier.rule, later.rule);
    same(&one.source, &other.source)
        && same(&one.topic, &other.topic)
        && same(&one.province, &other.province)
        && (0..3).all(|field| finds_all_of(earlier, later, field))
        && !given("topic", &one.topic)
        && !given("province", &one.province)
}

fn finds_all_of(earlier: &Read<'_>, later: &Read<'_>, field: usize) -> bool {
    match (
        patterns(earlier.rule)[field],
        &earlier.words[field],
        &later.words[field],
    ) {
        (None, _, _) => true,
        (Some(_), Some(fewer), Some(more)) => more.hold(fewer),
        (Some(Pattern::Regex(one)), _, _) => {
            matches!(patterns(later.rule)[field], Some(Pattern::Regex(other)) if one == other)
        }
        (Some(Pattern::Words(_)), _, _) => false,
    }
}

fn asks_for(rule: &Rule, tag: &str) -> bool {
    let asked = |scheme: &str, slug: &Option<String>| {
        slug.as_ref()
            .is_some_and(|slug| tag == format!("{scheme}:{slug}"))
    };
    asked("topic", &rule.topic) || asked("province", &rule.province)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANY: Rule = Rule {
        title: None,
        text: None,
        url: None,
        source: None,
        topic: None,
        province: None,
        action: Action::Drop,
    };

    /// `title|text|url|source|topic|province action`; an empty part is no condition.
    fn rule(written: &str) -> Rule {
        let (conditions, action) = written.rsplit_once(' ').expect("conditions and action");
        let mut parts = conditions
            .split('|')
            .map(|part| Some(part.to_owned()).filter(|part| !part.is_empty()));
        let mut next = || parts.next().flatten();
        let pattern = |raw: String| match raw.strip_prefix("regex:") {
            Some(regex) => Pattern::Regex(regex.to_owned()),
            None => Pattern::Words(raw),
        };
        Rule {
            title: next().map(pattern),
            text: next().map(pattern),
            url: next().map(pattern),
            source: next(),
            topic: next(),
            province: next(),
            action: match action.split_once('=') {
                Some(("tag", tag)) => Action::Tag(tag.to_owned()),
                Some((_, tag)) => Action::Untag(tag.to_owned()),
                None if action == "hold" => Action::Hold,
                None => ANY.action,
            },
        }
    }

    #[track_caller]
    fn check(written: &[&str], last_is_in_vain: bool) {
        let rules: Vec<Rule> = written.iter().map(|written| rule(written)).collect();
        let read: Vec<Read<'_>> = rules.iter().map(Read::of).collect();
        let all: Vec<&Read<'_>> = read.iter().collect();
        for (at, rule) in read.iter().enumerate() {
            let expected = last_is_in_vain && at + 1 == read.len();
            let found = in_vain(&all[..at], rule).is_some();
            assert_eq!(found, expected, "rule {} of {written:?}", at + 1);
        }
    }

    #[test]
    fn a_rule_behind_one_that_drops_all_it_matches_is_in_vain() {
        for (written, in_vain) in [
            (&["quảng cáo drop", "Quảng Cáo hold"][..], true),
            (&["quảng cáo drop", "quảng cáo đất drop"], true),
            (&["quảng cáo drop", "quảng cáo|lò gốm||a tag=topic:x"], true),
            (&["|||a drop", "quảng cáo|||a drop"], true),
            (&["regex:^a drop", "regex:^a hold"], true),
            (&["quảng cáo đất drop", "quảng cáo drop"], false),
            (&["quảng cáo drop", "|quảng cáo drop"], false),
            (&["quảng cáo drop", "regex:quảng cáo drop"], false),
            (&["regex:a drop", "a drop"], false),
            (&["a|||x drop", "a|||y drop"], false),
            (&["a drop", "ab drop"], false),
            (&["||||t drop", "a||||t hold"], true),
            (&["||||t drop", "a hold"], false),
            // The topic may be given between the two.
            (&["||||t drop", "a tag=topic:t", "a||||t drop"], false),
            (
                &["|||||p drop", "a tag=former-province:q", "a|||||p drop"],
                false,
            ),
        ] {
            check(written, in_vain);
        }
    }

    #[test]
    fn what_is_done_already_or_undone_for_good_is_in_vain() {
        for (written, in_vain) in [
            (&["a hold", "a b hold"][..], true),
            (&["a hold", "a b drop"], false),
            (&["a hold", "a tag=topic:t"], false),
            (&["a tag=topic:t", "a b tag=topic:t"], true),
            (&["a tag=topic:t", "a b tag=topic:u"], false),
            (
                &["a tag=topic:t", "b untag=topic:t", "a b tag=topic:t"],
                false,
            ),
            (&["a untag=topic:t", "a b untag=topic:t"], true),
            (
                &["a untag=topic:t", "b tag=topic:t", "a b untag=topic:t"],
                false,
            ),
            (&["a untag=topic:t", "a b||||t drop"], true),
            (&["||||t untag=topic:t", "a||||t drop"], true),
            (&["a untag=topic:t", "b||||t drop"], false),
            (&["||||t tag=topic:t"], true),
            (&["||||t tag=topic:u"], false),
            (&["|||||p tag=province:p"], true),
        ] {
            check(written, in_vain);
        }
    }

    #[test]
    fn what_no_document_is_filed_under_is_taken_from_none() {
        for (written, in_vain) in [
            (&["a untag=document:zzz"][..], true),
            (&["a untag=document:1881"], true),
            (&["a untag=document:1881-qd"], true),
            (&["a untag=document:1881-2025"], true),
            (&["a untag=document:1234567-qd-ttg"], true),
            (&["a untag=document:1881-qd-ttg"], false),
            (&["a untag=document:05a-nq-tw"], false),
            (&["a untag=document:45-2012-nd-cp"], false),
            (&["a untag=document:202-2025-qh15"], false),
            (&["a untag=document:12-2015-ttlt-vksndtc-tandtc"], false),
            (&["a tag=document:zzz"], false),
            (&["a tag=document:zzz", "b untag=document:zzz"], false),
        ] {
            check(written, in_vain);
        }
    }

    #[test]
    fn no_title_is_longer_than_it_is_kept() {
        check(&[&format!("{} drop", "a ".repeat(400).trim_end())], false);
        check(&[&format!("{} drop", "a ".repeat(600).trim_end())], true);
    }
}
