//! Whether two articles are copies of one text.
//!
//! Owns every score, every veto and every bound by which that is decided, and gives them all with the answer. What
//! decides is the same whichever of the two came first.

mod swap;

use serde::Serialize;

use super::idf::{Feature, Idf};
use super::sketch::{Sketch, class};
use super::words::Word;

/// What two articles are to each other.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Verdict {
    pub relation: Relation,
    pub scores: Scores,
}

impl Verdict {
    pub fn is_copy(&self) -> bool {
        matches!(self.relation, Relation::Copy(_))
    }

    /// What told them apart.
    pub fn veto(&self) -> Option<Veto> {
        match self.relation {
            Relation::Copy(_) => None,
            Relation::Near(veto) | Relation::Different(veto) => veto,
        }
    }

    /// Whether no story can have both, not even by an article that is a copy of each: they are twins or strangers.
    ///
    /// What joins a story is held against all of it by this, and so are two stories that an article holds together:
    /// the same question whatever came first, so that the order of arrival decides next to nothing.
    pub fn keeps_apart(&self) -> bool {
        self.is_twin() || self.is_stranger()
    }

    /// Whether a veto alone tells them apart: the same words, filled in anew.
    fn is_twin(&self) -> bool {
        let is_told_apart = self.veto().is_some_and(|veto| veto != Veto::Short);
        is_told_apart && self.scores.contained >= TWIN_CONTAINED_MIN
    }

    /// Whether they have no more in common than any two articles.
    fn is_stranger(&self) -> bool {
        !self.is_near() && self.scores.contained < STRANGER_CONTAINED_MAX
    }

    /// Whether the full texts alone make them copies, however far apart their dates are.
    pub fn is_late_copy(&self) -> bool {
        self.relation == Relation::Copy(Why::Body)
            && self
                .scores
                .body
                .is_some_and(|(_, both)| both >= LATE_BODIES_MIN)
    }

    /// Whether they tell of one event, in the same words or in others: a weaker link than a copy.
    ///
    /// The same words with another number, province or subject are another event. In quite other words each has
    /// figures of its own: there only a figure in both titles tells them apart.
    pub fn is_of_one_event(&self) -> bool {
        if self.is_near() {
            return matches!(self.veto(), None | Some(Veto::Body));
        }
        let is_told_apart =
            self.veto() == Some(Veto::Short) || self.scores.provinces || self.scores.title_numbers;
        !is_told_apart && self.likeness() >= EVENT_LIKENESS_MIN
    }

    /// How much speaks for one event: what they have in common, and how much of each title the other tells.
    pub fn likeness(&self) -> f32 {
        self.scores.contained + self.scores.title_told
    }

    /// Copies among them.
    pub fn is_near(&self) -> bool {
        !matches!(self.relation, Relation::Different(_))
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Relation {
    Copy(Why),
    /// The same event in other words, or the same words with something that tells them apart.
    Near(Option<Veto>),
    Different(Option<Veto>),
}

/// What made them copies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// The full texts agree.
    Body,
    /// Nearly all words of the shorter are in the longer.
    Words,
    /// The lede of one is in the other.
    Lede,
    /// The titles agree, and much of the ledes.
    TitleAndLede,
    /// One long title.
    Title,
    /// Both were retouched.
    Retouched,
}

/// What kept them apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Veto {
    /// Fewer than eight words: nothing is told by them.
    Short,
    /// Each has a number that the other lacks.
    Number,
    /// Each names a province that the other does not.
    Province,
    /// One content word stands for another in equal text.
    Swap,
    /// The full texts are two texts.
    Body,
}

/// Every number that decided. Shares are of weights, in which rare words count for more.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct Scores {
    /// Words and pairs of title and lede that are in both, of those of the shorter.
    pub contained: f32,
    /// The same, of those of both.
    pub shared: f32,
    /// Words of the titles in both, of those of both titles.
    pub title: f32,
    /// Words of a title that are in the other's title or lede; the lesser of the two.
    pub title_told: f32,
    /// Pairs of the ledes in both, of those of the shorter lede.
    pub lede: f32,
    /// The same, of those of both ledes.
    pub ledes: f32,
    /// Pairs of a lede that are in the other article, opening of its full text included.
    pub lede_in_text: f32,
    /// Different pairs of the shorter lede.
    pub lede_pairs: u8,
    /// The titles are the same words.
    pub same_title: bool,
    /// Words of the shorter title.
    pub title_words: u8,
    /// Shingles of the full texts in both, of the shorter and of both.
    pub body: Option<(f32, f32)>,
    /// Each has a number, a province that the other lacks, and whether its title does.
    pub numbers: bool,
    pub title_numbers: bool,
    pub provinces: bool,
    /// The heaviest word that stands for another; looked for only where all else speaks for a copy.
    pub swap: f32,
    /// The heaviest that does so in title and lede alike.
    pub swap_in_both: f32,
}

/// SPEC section 6: nothing shorter joins.
const SYLLABLES_MIN: usize = 8;

const CONTAINED_MIN: f32 = 0.92;
const LEDE_MIN: f32 = 0.97;
const LEDE_PAIRS_MIN: u8 = 8;
const TITLE_MIN: f32 = 0.9;
const LEDE_BESIDE_TITLE_MIN: f32 = 0.75;
const TITLE_WORDS_MIN: u8 = 8;
const ROUND_UP_SHARED_MAX: f32 = 0.45;
const ROUND_UP_TITLE_MAX: f32 = 0.3;
const LEDE_IN_TEXT_MIN: f32 = 0.9;
const LEDE_IN_TEXT_PAIRS_MIN: u8 = 12;
const TITLE_BESIDE_TEXT_MIN: f32 = 0.15;

const RETOUCHED_CONTAINED_MIN: f32 = 0.83;
const RETOUCHED_SHARED_MIN: f32 = 0.6;
const RETOUCHED_LEDE_MIN: f32 = 0.83;
const RETOUCHED_TITLE_TOLD_MIN: f32 = 0.69;

const BODY_COPY_MIN: f32 = 0.55;
const BODIES_COPY_MIN: f32 = 0.25;
const BODY_OTHER_MAX: f32 = 0.3;
/// Of articles further apart than the window.
const LATE_BODIES_MIN: f32 = 0.6;

/// A heavier word that stands for another makes another story.
const SWAP_MAX: f32 = 7.5;
/// Where it is the same in title and lede.
const SWAP_IN_BOTH_MAX: f32 = 1.5;
/// A swap is told from a retelling where titles agree so far.
const SWAP_TITLE_MIN: f32 = 0.45;
/// One long title, or one text, under ledes that have less in common: a retelling, whose figures may differ.
const RETOLD_LEDES_MAX: f32 = 0.15;
/// Ledes that have so much in common are one lede, perhaps filled in anew.
const LEDES_ALIKE_MIN: f32 = 0.5;
const RETOLD_BODIES_MIN: f32 = 0.5;
/// Full texts that have more in common are one text, whatever stands for what in their ledes.
const SWAP_BODIES_MAX: f32 = 0.65;

/// Of articles that nothing but a veto tells apart.
const TWIN_CONTAINED_MIN: f32 = 0.7;
/// Of articles that may be two ends of one story all the same: copies of copies.
const STRANGER_CONTAINED_MAX: f32 = 0.15;

const NEAR_CONTAINED_MIN: f32 = 0.5;
const NEAR_BODY_MIN: f32 = 0.15;

/// Of two articles that share a tag; `tests/dedup.rs` measures what it finds.
const EVENT_LIKENESS_MIN: f32 = 0.5;

/// One article held against many.
pub struct Probe<'a> {
    sketch: &'a Sketch,
    idf: &'a Idf,
    table: Table,
    numbers: usize,
}

/// What two articles share, while they are gone through.
#[derive(Default)]
struct Shared {
    weight: f32,
    title: f32,
    lede: f32,
    /// Of the title of one in the head of the other.
    title_told: (f32, f32),
    lede_told: (f32, f32),
    /// Numbers of this head that are in the other's, or anywhere in the other.
    own_numbers: (usize, usize),
    /// Numbers of the other head that are not in this one's, or nowhere in this one.
    other_numbers: (usize, usize),
    /// Numbers of a title that are nowhere in the other.
    own_title_numbers: usize,
    other_title_numbers: usize,
}

impl<'a> Probe<'a> {
    pub fn new(sketch: &'a Sketch, idf: &'a Idf) -> Probe<'a> {
        let mut table = Table::default();
        for (feature, class) in sketch.features() {
            table.add(feature, class, idf);
        }
        let numbers = table
            .slots
            .iter()
            .filter(|slot| slot.own & class::WORD != 0 && is_number(slot.feature))
            .count();
        Probe {
            sketch,
            idf,
            table,
            numbers,
        }
    }

    /// What `other` is to this article.
    pub fn verdict(&mut self, other: &Sketch) -> Verdict {
        let mut scores = self.scores(other);
        let relation = self.decide(other, &mut scores);
        Verdict { relation, scores }
    }

    fn scores(&mut self, other: &Sketch) -> Scores {
        let own = self.sketch;
        let shared = self.shared(other);
        let share = |part: f32, of: f32| if of > 0.0 { part / of } else { 0.0 };
        let of_both = |part: f32, one: f32, other: f32| share(part, one + other - part);
        let told =
            |parts: (f32, f32), one: f32, other: f32| (share(parts.0, one), share(parts.1, other));
        let title_told = told(shared.title_told, own.title_weight, other.title_weight);
        let lede_told = told(shared.lede_told, own.lede_weight, other.lede_weight);
        // A lede in the head of the other is what the other scores are for.
        let in_text = |lede: &Sketch, text: &Sketch, told: f32| {
            if lede.lede_pairs >= LEDE_IN_TEXT_PAIRS_MIN && !text.opening().is_empty() {
                told
            } else {
                0.0
            }
        };
        let ledes = of_both(shared.lede, own.lede_weight, other.lede_weight);
        let body = own.body.agreement(&other.body);
        let lesser = |count: usize| u8::try_from(count).unwrap_or(u8::MAX);
        Scores {
            contained: share(shared.weight, own.weight.min(other.weight)),
            shared: of_both(shared.weight, own.weight, other.weight),
            title: of_both(shared.title, own.title_weight, other.title_weight),
            title_told: title_told.0.min(title_told.1),
            lede: share(shared.lede, own.lede_weight.min(other.lede_weight)),
            ledes,
            lede_in_text: in_text(own, other, lede_told.0).max(in_text(other, own, lede_told.1)),
            lede_pairs: own.lede_pairs.min(other.lede_pairs),
            same_title: own.title() == other.title(),
            title_words: lesser(own.title().len().min(other.title().len())),
            body,
            // Where ledes are alike each figure of theirs is held against its like.
            numbers: match ledes >= LEDES_ALIKE_MIN {
                true => shared.own_numbers.0 < self.numbers && shared.other_numbers.0 > 0,
                false => shared.own_numbers.1 < self.numbers && shared.other_numbers.1 > 0,
            },
            title_numbers: shared.own_title_numbers > 0 && shared.other_title_numbers > 0,
            provinces: match body {
                // One letter to the press, filled in anew for each province.
                Some(_) => {
                    own.all_places.exceeds(other.all_places)
                        && other.all_places.exceeds(own.all_places)
                }
                None => {
                    own.places.exceeds(other.all_places) && other.places.exceeds(own.all_places)
                }
            },
            swap: 0.0,
            swap_in_both: 0.0,
        }
    }

    fn shared(&mut self, other: &Sketch) -> Shared {
        let mut shared = Shared::default();
        self.table.turn();
        for (feature, class) in other.features() {
            let own = self.table.meet(feature, class);
            if class & class::WORD != 0 && is_number(feature) {
                let is_missing = usize::from(own == 0);
                shared.other_numbers.0 += usize::from(own & class::WORD == 0);
                shared.other_numbers.1 += is_missing;
                shared.other_title_numbers +=
                    is_missing * usize::from(class & class::TITLE_WORD != 0);
            }
        }
        for slot in self.table.met() {
            let (own, there, weight) = (slot.own, slot.other, slot.weight);
            let both = |class: u8| own & class != 0 && there & class != 0;
            if both(class::HEAD) {
                shared.weight += weight;
            }
            if both(class::TITLE_WORD) {
                shared.title += weight;
            }
            if both(class::LEDE_PAIR) {
                shared.lede += weight;
            }
            if own & class::TITLE_WORD != 0 && there & class::WORD != 0 {
                shared.title_told.0 += weight;
            }
            if there & class::TITLE_WORD != 0 && own & class::WORD != 0 {
                shared.title_told.1 += weight;
            }
            if own & class::LEDE_PAIR != 0 && there & class::PAIR != 0 {
                shared.lede_told.0 += weight;
            }
            if there & class::LEDE_PAIR != 0 && own & class::PAIR != 0 {
                shared.lede_told.1 += weight;
            }
            if own & class::WORD != 0 && is_number(slot.feature) {
                shared.own_numbers.0 += usize::from(there & class::WORD != 0);
                shared.own_numbers.1 += 1;
            }
        }
        shared.own_title_numbers = self
            .sketch
            .title()
            .iter()
            .filter(|word| word.is_number() && !self.table.is_met(Feature::word(**word)))
            .count();
        shared
    }

    fn decide(&self, other: &Sketch, scores: &mut Scores) -> Relation {
        if self.sketch.syllables() < SYLLABLES_MIN || other.syllables() < SYLLABLES_MIN {
            return Relation::Different(Some(Veto::Short));
        }
        let near = scores.contained >= NEAR_CONTAINED_MIN
            || scores
                .body
                .is_some_and(|(shorter, _)| shorter >= NEAR_BODY_MIN);
        let apart = |veto| match near {
            true => Relation::Near(veto),
            false => Relation::Different(veto),
        };
        if let Some(veto) = self.evident_veto(scores) {
            return apart(Some(veto));
        }
        let one_is_whole = self.sketch.has_body() != other.has_body();
        let Some(why) = acceptance(scores, one_is_whole) else {
            let other_body = scores
                .body
                .is_some_and(|(shorter, _)| shorter < BODY_OTHER_MAX);
            return apart(other_body.then_some(Veto::Body));
        };
        match self.swap_veto(other, scores) {
            Some(veto) => apart(Some(veto)),
            None => Relation::Copy(why),
        }
    }

    fn evident_veto(&self, scores: &Scores) -> Option<Veto> {
        let same_text = scores
            .body
            .is_some_and(|(_, both)| both >= RETOLD_BODIES_MIN);
        let retold = (same_text || scores.same_title && scores.title_words >= TITLE_WORDS_MIN)
            && scores.ledes < RETOLD_LEDES_MAX
            && !scores.title_numbers;
        match (scores.provinces, retold, scores.numbers) {
            // Where a story is from is part of every telling of it.
            (true, _, _) => Some(Veto::Province),
            (_, false, true) => Some(Veto::Number),
            _ => None,
        }
    }

    fn swap_veto(&self, other: &Sketch, scores: &mut Scores) -> Option<Veto> {
        if scores.body.is_some_and(|(_, both)| both > SWAP_BODIES_MAX) {
            return None;
        }
        let swaps = swap::heaviest(self.sketch, other, self.idf);
        (scores.swap, scores.swap_in_both) = (swaps.heaviest, swaps.in_both);
        let heavy =
            swaps.heaviest > SWAP_MAX && scores.ledes < LEDE_MIN && scores.title > SWAP_TITLE_MIN;
        (heavy || swaps.in_both >= SWAP_IN_BOTH_MAX).then_some(Veto::Swap)
    }
}

/// What speaks for a copy; `one_is_whole` where only one of the two gives a full text.
fn acceptance(scores: &Scores, one_is_whole: bool) -> Option<Why> {
    if let Some((shorter, both)) = scores.body {
        if shorter >= BODY_COPY_MIN && both >= BODIES_COPY_MIN {
            return Some(Why::Body);
        }
        if shorter < BODY_OTHER_MAX {
            return None;
        }
    }
    // A round-up holds the words of many an article, under a title of its own.
    // Of a long one no more than the beginning is seen as its lede: there it is told by its title alone.
    let is_round_up = scores.shared < ROUND_UP_SHARED_MAX && scores.title < ROUND_UP_TITLE_MAX
        || one_is_whole && scores.title < TITLE_BESIDE_TEXT_MIN;
    let rows = [
        (
            scores.contained >= CONTAINED_MIN && !is_round_up,
            Why::Words,
        ),
        (
            scores.lede >= LEDE_MIN && scores.lede_pairs >= LEDE_PAIRS_MIN && !is_round_up,
            Why::Lede,
        ),
        (
            scores.title >= TITLE_MIN && scores.lede >= LEDE_BESIDE_TITLE_MIN,
            Why::TitleAndLede,
        ),
        (
            scores.same_title && scores.title_words >= TITLE_WORDS_MIN,
            Why::Title,
        ),
        (
            scores.lede_in_text >= LEDE_IN_TEXT_MIN && scores.title >= TITLE_BESIDE_TEXT_MIN,
            Why::Lede,
        ),
        (
            scores.contained >= RETOUCHED_CONTAINED_MIN
                && scores.shared >= RETOUCHED_SHARED_MIN
                && scores.lede >= RETOUCHED_LEDE_MIN
                && scores.title_told >= RETOUCHED_TITLE_TOLD_MIN,
            Why::Retouched,
        ),
    ];
    rows.into_iter()
        .find(|(holds, _)| *holds)
        .map(|(_, why)| why)
}

fn is_number(feature: Feature) -> bool {
    u16::try_from(feature.0).is_ok_and(|word| Word(word).is_number())
}

/// The features of one article, found by number; what another has of them is noted beside.
struct Table {
    /// A power of two, never more than half full.
    slots: Box<[Slot]>,
    turn: u16,
    met: Vec<u16>,
}

#[derive(Clone, Copy)]
struct Slot {
    feature: Feature,
    weight: f32,
    /// Nothing where no feature is.
    own: u8,
    other: u8,
    turn: u16,
}

/// Title, lede and opening have at most 256 words, and as many pairs.
const SLOTS: usize = 1024;

impl Default for Table {
    fn default() -> Table {
        let empty = Slot {
            feature: Feature(0),
            weight: 0.0,
            own: 0,
            other: 0,
            turn: 0,
        };
        Table {
            slots: vec![empty; SLOTS].into(),
            turn: 0,
            met: Vec::with_capacity(256),
        }
    }
}

impl Table {
    /// Where the feature is, or would be.
    fn place(&self, feature: Feature) -> usize {
        let mixed = feature.0.wrapping_mul(0x9e37_79b1) >> 16;
        let mut at = usize::try_from(mixed).unwrap_or_default() & (SLOTS - 1);
        while self.slots[at].own != 0 && self.slots[at].feature != feature {
            at = (at + 1) & (SLOTS - 1);
        }
        at
    }

    fn add(&mut self, feature: Feature, class: u8, idf: &Idf) {
        let at = self.place(feature);
        let slot = &mut self.slots[at];
        if slot.own == 0 {
            slot.feature = feature;
            slot.weight = idf.weight(feature);
        }
        slot.own |= class;
    }

    /// Forgets what another article had.
    fn turn(&mut self) {
        self.turn = self.turn.wrapping_add(1);
        self.met.clear();
        if self.turn == 0 {
            for slot in &mut self.slots {
                slot.turn = 0;
            }
            self.turn = 1;
        }
    }

    /// Notes that the other article has the feature; where this one has it.
    fn meet(&mut self, feature: Feature, class: u8) -> u8 {
        let at = self.place(feature);
        let slot = &mut self.slots[at];
        if slot.own == 0 {
            return 0;
        }
        if slot.turn != self.turn {
            slot.turn = self.turn;
            slot.other = 0;
            self.met.push(u16::try_from(at).unwrap_or_default());
        }
        slot.other |= class;
        slot.own
    }

    fn met(&self) -> impl Iterator<Item = &Slot> {
        self.met.iter().map(|at| &self.slots[usize::from(*at)])
    }

    fn is_met(&self, feature: Feature) -> bool {
        let slot = &self.slots[self.place(feature)];
        slot.own != 0 && slot.turn == self.turn
    }
}

#[cfg(test)]
mod tests;
