//! The sketches one answer is judged by: each is made once, by whoever needs it first.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use super::sketch::Sketch;
use crate::core::model::{Article, ArticleNo, Entry, EntryKey};

/// Sketches of the entries of one answer and of stored articles; as many as are asked about.
#[derive(Debug, Clone, Default)]
pub struct Sketches {
    entries: RefCell<HashMap<EntryKey, Rc<Sketch>>>,
    articles: RefCell<HashMap<ArticleNo, Rc<Sketch>>>,
}

impl Sketches {
    /// Of an entry of the answer, where no two have one key.
    pub fn entry(&self, entry: &Entry) -> Rc<Sketch> {
        kept(&self.entries, entry.key, || Sketch::of_entry(entry))
    }

    /// Of a stored article.
    pub fn article(&self, article: &Article) -> Rc<Sketch> {
        kept(&self.articles, article.no, || {
            Sketch::of_entry(&article.entry)
        })
    }

    /// Takes over one that a window has.
    pub fn keep(&self, article: ArticleNo, sketch: &Sketch) {
        kept(&self.articles, article, || sketch.clone());
    }
}

fn kept<K: Eq + std::hash::Hash>(
    all: &RefCell<HashMap<K, Rc<Sketch>>>,
    key: K,
    make: impl FnOnce() -> Sketch,
) -> Rc<Sketch> {
    let mut all = all.borrow_mut();
    Rc::clone(all.entry(key).or_insert_with(|| Rc::new(make())))
}
