//! What rules would make of what is stored, without changing anything.

use std::collections::{BTreeMap, BTreeSet};

use crate::admin::{Preview, RulePreview};
use crate::core::config::Rule;
use crate::core::merge::Told;
use crate::core::model::{Article, Ruled, SourceNo, SourceState, Standing, StoryNo, Verdict};
use crate::core::review::Review;
use crate::store::{StoreError, StoreReader};

/// Stories looked at: the last ones.
pub const STORIES_MAX: u64 = 100_000;
/// Of the visible stories, so many in a hundred may be newly hidden without being asked.
pub const HIDDEN_PERCENT_MAX: u64 = 5;
/// Read at a time.
const CHUNK: usize = 256;

impl Preview {
    /// Whether it hides so much that an operator has to say yes to it.
    pub fn needs_yes(&self) -> bool {
        self.hidden.saturating_mul(100) > self.visible.saturating_mul(HIDDEN_PERCENT_MAX)
    }

    /// A line for each rule.
    pub fn lines(&self) -> Vec<String> {
        let of = match self.is_whole {
            true => String::new(),
            false => format!(" of the last {}", self.looked_at),
        };
        self.rules
            .iter()
            .map(|rule| {
                format!(
                    "rule number {} ({}): touches {} stored stories{of}, newly hides {}",
                    rule.number, rule.what, rule.touched, rule.hidden
                )
            })
            .collect()
    }

    /// Why it is refused without a yes.
    pub fn objection(&self) -> String {
        format!(
            "the rules would newly hide {} of {} visible stories, more than {HIDDEN_PERCENT_MAX} %: `langbao reload --yes` puts them into force",
            self.hidden, self.visible
        )
    }
}

/// Judges the last stories anew and counts what comes of it.
///
/// # Errors
/// When the store cannot be read.
pub fn preview(
    reader: &StoreReader,
    review: &Review,
    rules: &[Rule],
) -> Result<Preview, StoreError> {
    let sources: BTreeMap<SourceNo, SourceState> = reader
        .sources()?
        .into_iter()
        .map(|source| (source.no, source))
        .collect();
    let first = reader.numbers()?.story.saturating_sub(STORIES_MAX);
    let mut counted = Preview {
        is_whole: first == 0,
        rules: (1..)
            .zip(rules)
            .map(|(number, rule)| RulePreview {
                number,
                what: rule.summary(),
                ..RulePreview::default()
            })
            .collect(),
        ..Preview::default()
    };
    let mut from = StoryNo(first);
    loop {
        let stories = reader.stories_from(from, CHUNK)?;
        let Some(last) = stories.last() else {
            return Ok(counted);
        };
        from = StoryNo(last.no.0.saturating_add(1));
        for story in &stories {
            if let Standing::Fused { .. } = story.standing {
                continue;
            }
            if let Some(told) = reader.whole(story.no)? {
                count(&mut counted, &told, review, &sources);
            }
        }
    }
}

fn count(
    counted: &mut Preview,
    told: &Told,
    review: &Review,
    sources: &BTreeMap<SourceNo, SourceState>,
) {
    let anew: Vec<Article> = told
        .articles
        .iter()
        .map(|article| {
            let mut anew = article.clone();
            if let Some(source) = sources.get(&article.source) {
                anew.entry.ruled = review.ruled(&article.entry, source);
            }
            anew
        })
        .collect();
    let was_visible = told.story.is_visible(told.articles.iter());
    let is_hidden = was_visible && !told.story.is_visible(anew.iter());
    counted.looked_at += 1;
    counted.visible += u64::from(was_visible);
    counted.hidden += u64::from(is_hidden);
    let rulings = || anew.iter().map(|article| &article.entry.ruled);
    let acted: BTreeSet<u32> = rulings()
        .flat_map(|ruled| ruled.by.iter().copied())
        .collect();
    for number in acted {
        if let Some(rule) = numbered(&mut counted.rules, number) {
            rule.touched += 1;
        }
    }
    let hider = rulings().filter_map(hider).max().filter(|_| is_hidden);
    if let Some(rule) = hider.and_then(|number| numbered(&mut counted.rules, number)) {
        rule.hidden += 1;
    }
}

/// Rules are counted from 1.
fn numbered(rules: &mut [RulePreview], number: u32) -> Option<&mut RulePreview> {
    let at = usize::try_from(number.checked_sub(1)?).ok()?;
    rules.get_mut(at)
}

/// The rule that keeps an article back.
fn hider(ruled: &Ruled) -> Option<u32> {
    match ruled.verdict {
        Verdict::Show => None,
        // A hold is not the last to act where a tag follows: near enough for a count.
        Verdict::Drop | Verdict::Hold => ruled.by.last().copied(),
    }
}
