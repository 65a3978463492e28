//! Labelled pairs of real news, judged one by one: how many copies are recognised, and how many look-alikes are not.
//!
//! The data are not part of the project. They are looked for in `$LANGBAO_SHARED`, else beside the project; where they
//! are absent these tests say so and prove nothing. `LANGBAO_WRITE_WEIGHTS=1 cargo test --test dedup` writes the table of
//! weights that is built in, `src/core/dedup/idf.bin`, anew from the same articles.

#![allow(
    clippy::print_stderr,
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::cast_precision_loss,
    reason = "a test says what it saw, and its fixtures are in order or it fails"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use langbao::core::dedup::idf::{Feature, Idf};
use langbao::core::dedup::sketch::{Sketch, Text};
use langbao::core::dedup::verdict::{Probe, Verdict};
use langbao::core::model::Scheme;
use langbao::core::normalise::{html, text};
use langbao::core::tag::{TagInput, Tagger};

/// Real pairs that are not word for word the same, and those that are no copies.
const COPIES: [&str; 3] = ["nat_T!L!", "nat_T=L!", "nat_T!L="];
const LOOK_ALIKES: [&str; 3] = ["nn_neg", "event_neg", "seed_neg"];

/// What the prototype reached without bodies.
const PROTOTYPE: Figures = Figures {
    precision: 0.810,
    recall: 0.533,
};
const F1_WITH_BODIES_MIN: f64 = 0.97;
/// Of all pairs, edited and filled-in ones included.
const ALL_PRECISION_MIN: f64 = 0.985;
const ALL_RECALL_MIN: f64 = 0.93;

struct Article {
    title: String,
    lede: String,
    body: String,
}

struct Pair {
    articles: [String; 2],
    are_copies: bool,
    kind: String,
}

struct Data {
    articles: BTreeMap<String, Article>,
    pairs: Vec<Pair>,
}

#[derive(Debug, Clone, Copy)]
struct Figures {
    precision: f64,
    recall: f64,
}

impl Figures {
    fn of(told: &[(bool, bool)]) -> Figures {
        let count = |copies: bool, told_so: bool| {
            told.iter().filter(|one| **one == (copies, told_so)).count() as f64
        };
        let right = count(true, true);
        Figures {
            precision: right / (right + count(false, true)).max(1.0),
            recall: right / (right + count(true, false)).max(1.0),
        }
    }

    fn f1(self) -> f64 {
        2.0 * self.precision * self.recall / (self.precision + self.recall).max(1e-9)
    }
}

impl std::fmt::Display for Figures {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Figures { precision, recall } = self;
        write!(f, "P {precision:.3} R {recall:.3} F1 {:.3}", self.f1())
    }
}

fn shared() -> PathBuf {
    std::env::var_os("LANGBAO_SHARED").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared"),
        PathBuf::from,
    )
}

fn data() -> Option<Data> {
    let Ok(lines) = std::fs::read_to_string(shared().join("dedup/dev.jsonl")) else {
        eprintln!("SKIPPED: no pairs; set LANGBAO_SHARED to the folder that holds dedup/dev.jsonl");
        return None;
    };
    let mut data = Data {
        articles: BTreeMap::new(),
        pairs: Vec::new(),
    };
    for line in lines.lines() {
        let record: serde_json::Value = serde_json::from_str(line).unwrap();
        let field = |name: &str| record[name].as_str().unwrap().to_owned();
        match field("type").as_str() {
            "article" => {
                let article = Article {
                    title: text::title(&field("title")),
                    lede: html::safe(&field("lede"), None).unwrap_or_default(),
                    body: html::safe(&field("body"), None).unwrap_or_default(),
                };
                data.articles.insert(field("id"), article);
            }
            "pair" => data.pairs.push(Pair {
                articles: [field("a"), field("b")],
                are_copies: record["label"] == 1,
                kind: field("kind"),
            }),
            _ => {}
        }
    }
    Some(data)
}

impl Data {
    fn sketches(&self, idf: &Idf, with_bodies: bool) -> BTreeMap<&str, Sketch> {
        let sketch = |article: &Article| {
            let body = if with_bodies {
                article.body.as_str()
            } else {
                ""
            };
            let text = Text {
                title: &article.title,
                lede: &article.lede,
                body,
            };
            Sketch::of(&text, idf)
        };
        let articles = self.articles.iter();
        articles
            .map(|(id, article)| (id.as_str(), sketch(article)))
            .collect()
    }

    /// Weights of these articles, and of no others.
    fn idf(&self) -> Idf {
        let none = Idf::of(Vec::<Vec<Feature>>::new());
        let sketches = self.sketches(&none, false);
        Idf::of(
            sketches
                .values()
                .map(|sketch| sketch.head_features().collect::<Vec<_>>()),
        )
    }
}

/// By kind: whether a pair are copies, and whether it is told so.
type Told<'a> = BTreeMap<&'a str, Vec<(bool, bool)>>;

fn judge<'a>(data: &'a Data, idf: &Idf, with_bodies: bool) -> Told<'a> {
    let sketches = data.sketches(idf, with_bodies);
    let mut told: Told<'a> = BTreeMap::new();
    for pair in &data.pairs {
        let [one, other] = pair.articles.each_ref().map(|id| &sketches[id.as_str()]);
        let verdict = Probe::new(one, idf).verdict(other);
        let back = Probe::new(other, idf).verdict(one);
        assert_eq!(
            verdict.relation, back.relation,
            "{:?} are not told alike in both orders",
            pair.articles
        );
        told.entry(&pair.kind)
            .or_default()
            .push((pair.are_copies, verdict.is_copy()));
    }
    told
}

fn of_kinds(told: &Told<'_>, kinds: &[&str]) -> Figures {
    let pairs: Vec<(bool, bool)> = kinds
        .iter()
        .filter_map(|kind| told.get(kind))
        .flatten()
        .copied()
        .collect();
    Figures::of(&pairs)
}

fn real(told: &Told<'_>) -> Figures {
    of_kinds(told, &[COPIES, LOOK_ALIKES].concat())
}

fn all(told: &Told<'_>) -> Figures {
    of_kinds(told, &told.keys().copied().collect::<Vec<_>>())
}

fn show(what: &str, told: &Told<'_>) {
    println!(
        "{what}: real, not the same word for word: {}; all: {}",
        real(told),
        all(told)
    );
    for (kind, pairs) in told {
        let copies = pairs.iter().filter(|(_, told_so)| *told_so).count();
        println!(
            "    {kind:16} {copies:4} of {:4} told to be copies",
            pairs.len()
        );
    }
}

#[test]
fn copies_are_recognised_and_look_alikes_stay_apart() {
    let Some(data) = data() else {
        return;
    };
    let own = data.idf();
    for (name, idf) in [
        ("weights of these articles", &own),
        ("built-in weights", Idf::built_in()),
    ] {
        let without = judge(&data, idf, false);
        show(&format!("{name}, title and lede"), &without);
        let with = judge(&data, idf, true);
        show(&format!("{name}, with bodies"), &with);
        let figures = real(&without);
        assert!(figures.precision > PROTOTYPE.precision, "{figures}");
        assert!(figures.recall > PROTOTYPE.recall, "{figures}");
        let figures = real(&with);
        assert!(figures.f1() >= F1_WITH_BODIES_MIN, "{figures}");
        for told in [&without, &with] {
            let figures = all(told);
            assert!(figures.precision >= ALL_PRECISION_MIN, "{figures}");
            assert!(figures.recall >= ALL_RECALL_MIN, "{figures}");
        }
    }
}

#[test]
fn each_item_of_the_sample_page_is_a_story_of_its_own() {
    let Ok(lines) = std::fs::read_to_string(shared().join("domain/sample_page_labels.jsonl"))
    else {
        eprintln!("SKIPPED: no sample page; set LANGBAO_SHARED to the folder that holds domain");
        return;
    };
    let idf = Idf::built_in();
    let items: Vec<(String, Sketch)> = lines
        .lines()
        .map(|line| {
            let record: serde_json::Value = serde_json::from_str(line).unwrap();
            let field = |name: &str| record[name].as_str().unwrap().to_owned();
            let lede = html::safe(&field("lede"), None).unwrap_or_default();
            let title = text::title(&field("title"));
            let words = Text {
                title: &title,
                lede: &lede,
                body: "",
            };
            let sketch = Sketch::of(&words, idf);
            (title, sketch)
        })
        .collect();
    for (at, (title, sketch)) in items.iter().enumerate() {
        let mut probe = Probe::new(sketch, idf);
        for (other, there) in &items[at + 1..] {
            let verdict = probe.verdict(there);
            assert!(!verdict.is_copy(), "{title} / {other}: {verdict:?}");
        }
    }
}

#[test]
fn the_built_in_weights_are_those_of_the_articles() {
    let Some(data) = data() else {
        return;
    };
    let table = data.idf().to_table();
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src/core/dedup/idf.bin");
    if std::env::var_os("LANGBAO_WRITE_WEIGHTS").is_some() {
        std::fs::write(&path, &table).unwrap();
    }
    assert!(
        std::fs::read(&path).unwrap() == table,
        "the table differs: write it anew with LANGBAO_WRITE_WEIGHTS=1"
    );
}

/// Pairs of articles that share a tag, drawn from all of them.
const DRAWN: usize = 5_000;
/// Of pairs of one event, told in two texts.
const EVENTS_RELATED_MIN: f64 = 0.55;
/// Of any two articles that share a tag, which are of one event now and then.
const DRAWN_RELATED_MAX: f64 = 0.01;
/// Of one text with another province, number or product.
const TWINS_RELATED_MAX: f64 = 0.005;

impl Data {
    fn tags(&self) -> BTreeMap<&str, BTreeSet<(Scheme, String)>> {
        let tagger = Tagger::new(&[]);
        let tags = |article: &Article| {
            let [lede, body] = [&article.lede, &article.body].map(|html| text::plain(html));
            let found = tagger.tags(&TagInput {
                title: &article.title,
                text: &lede,
                body: &body,
                categories: &[],
                province: None,
                topics: &[],
            });
            found
                .into_iter()
                .map(|tag| (tag.scheme, tag.term))
                .collect()
        };
        let articles = self.articles.iter();
        articles
            .map(|(id, article)| (id.as_str(), tags(article)))
            .collect()
    }

    /// Any two articles that share a tag.
    fn drawn(&self) -> Vec<[&str; 2]> {
        let tags = self.tags();
        let tagged: Vec<&str> = (tags.iter().filter(|(_, tags)| !tags.is_empty()))
            .map(|(id, _)| *id)
            .collect();
        let mut rng = fastrand::Rng::with_seed(1);
        let mut drawn = Vec::with_capacity(DRAWN);
        while drawn.len() < DRAWN {
            let pair = [(); 2].map(|()| tagged[rng.usize(..tagged.len())]);
            let [one, other] = pair.map(|id| &tags[id]);
            if pair[0] != pair[1] && !one.is_disjoint(other) {
                drawn.push(pair);
            }
        }
        drawn
    }
}

#[test]
fn other_words_for_one_event_are_related_and_any_two_articles_of_a_tag_are_not() {
    let Some(data) = data() else {
        return;
    };
    let idf = Idf::built_in();
    let sketches = data.sketches(idf, false);
    let related = |what: &str, pairs: &[[&str; 2]]| {
        let verdicts = pairs
            .iter()
            .map(|[one, other]| Probe::new(&sketches[one], idf).verdict(&sketches[other]));
        let found = verdicts.filter(Verdict::is_of_one_event).count();
        println!(
            "{what:16} {found:4} of {:4} told to be of one event",
            pairs.len()
        );
        found as f64 / pairs.len() as f64
    };
    let of = |begins: &str| -> Vec<[&str; 2]> {
        let pairs = data.pairs.iter();
        pairs
            .filter(|pair| pair.kind.starts_with(begins))
            .map(|pair| pair.articles.each_ref().map(String::as_str))
            .collect()
    };
    assert!(related("event_neg", &of("event_neg")) >= EVENTS_RELATED_MIN);
    assert!(related("share a tag", &data.drawn()) <= DRAWN_RELATED_MAX);
    assert!(related("tmpl", &of("tmpl")) <= TWINS_RELATED_MAX);
    // The nearest by words of ten thousands: within three days they mostly are of one event, later mostly a series.
    related("nn_neg", &of("nn_neg"));
    related("seed_neg", &of("seed_neg"));
}
