//! A store that takes over another one is the same store, and a smaller file.

use super::*;

/// Of letters by chance, so that it does not shrink to nothing.
fn text(random: &mut fastrand::Rng) -> String {
    (0..1500).map(|_| random.lowercase()).collect()
}

/// A store that grew by small writes, some of it settled and some taken away again.
fn grown(engine: Arc<dyn Engine>, articles: u64) -> Store {
    let mut random = fastrand::Rng::with_seed(11);
    let mut store = Store::open(engine, || mint("grown")).expect("it opens");
    for first in (0..articles).step_by(10) {
        let written = (first..first + 10).map(|no| {
            let said = saying(&text(&mut random), entry(&format!("{no}")));
            let said = at("a.vn", &format!("/{no}"), said);
            article(no, 1, no, tagged(Scheme::Province, "hue", said))
        });
        store.apply(&batch(written.collect())).expect("writable");
        if first % 50 == 0 {
            store.settle_some(60).expect("writable");
        }
    }
    for removed in [StoryNo(0), StoryNo(articles / 2)] {
        let gone = Batch {
            removed: vec![removed],
            ..Batch::default()
        };
        store.apply(&gone).expect("writable");
    }
    store
}

#[test]
fn a_store_that_takes_over_another_is_the_same_store_and_is_settled() {
    on_each(|mut store| {
        let draft = grown(Arc::new(MemoryEngine::new()), 300);
        let (before, held) = (exported(&draft), draft.numbers());
        store.begin_import(&mint("grown")).expect("empty");
        store.take_over(draft).expect("writable");
        assert_eq!(store.is_half_imported(), Ok(true), "until it is ended");
        store.end_import().expect("writable");
        assert_eq!(exported(&store), before);
        assert_eq!(store.numbers(), held);
        let own = store.blocks.laid(b"a", 1).expect("readable");
        assert!(!own[0].0.starts_with(b"a"), "no article lies by itself");
        let more = batch(vec![article(300, 1, 300, entry("more"))]);
        store.apply(&more).expect("writable");
        assert_eq!(store.counts().expect("readable").articles, 299);
    });
}

#[test]
fn the_numbers_of_a_store_that_is_taken_over_are_reserved_before_it_is_written() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let memory = || Arc::new(MemoryEngine::new());
    let mut store = Store::open(memory(), || mint("new")).expect("memory opens");
    let marker = Marker::write(folder.path(), &mint("new"), Numbers::default());
    store.watch_over(marker.expect("writable"));
    store.take_over(grown(memory(), 600)).expect("writable");
    let read = Marker::read(folder.path()).expect("readable");
    assert!(read.expect("it is there").never_given().article >= 600);
}

#[test]
fn a_file_that_grew_by_small_writes_is_less_than_half_as_large_when_it_is_written_anew() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (old, new) = (folder.path().join("old"), folder.path().join("new"));
    let [old, new] = [old, new].map(|path| Arc::new(SledEngine::open(&path).expect("sled opens")));
    let draft = grown(Arc::clone(&old) as Arc<_>, 2000);
    let mut store = Store::open(Arc::clone(&new) as Arc<_>, || mint("new")).expect("it opens");
    store.begin_import(&mint("grown")).expect("empty");
    let before = old.bytes();
    store.take_over(draft).expect("writable");
    assert!(
        new.bytes() * 2 < before,
        "{} bytes of {before}",
        new.bytes()
    );
}
