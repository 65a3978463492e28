use std::sync::Arc;

use super::*;
use crate::core::model::Mint;
use crate::core::model::fixture::{article, dated, entry, noon, story, wording};
use crate::store::{MemoryEngine, Store};

const DAY: Duration = Duration::from_secs(86_400);
const TITLE: &str = "Làng gốm Thanh Hà đón khách trở lại sau mưa lũ";
const LEDE: &str = "Sau gần một tháng dọn bùn và sửa lò, các gia đình làm gốm bên sông Thu Bồn đã nhóm lửa mẻ đầu tiên.";

/// Who asks: source 9, of some that are there.
const SOURCES: [SourceNo; 3] = [SourceNo(1), SourceNo(2), SourceNo(9)];
fn asking() -> Asking<'static> {
    Asking {
        source: SourceNo(9),
        sources: &SOURCES,
        now: noon(),
    }
}

struct World {
    store: Store,
    recent: Recent,
    next: u64,
}

impl World {
    fn new() -> World {
        let mint = || Mint {
            authority: "tin.vn".into(),
            date: "2026-11-22".into(),
            store: "memory".into(),
        };
        World {
            store: Store::open(Arc::new(MemoryEngine::new()), mint).expect("memory opens"),
            recent: Recent::new(3 * DAY),
            next: 0,
        }
    }

    /// Writes one article of a source and remembers it, as the owner does.
    fn write(&mut self, source: u32, entry: Entry) {
        let no = self.next;
        self.next += 1;
        self.rewrite(no, source, entry, no);
    }

    fn rewrite(&mut self, no: u64, source: u32, entry: Entry, first_new: u64) {
        let article = article(no, source, no, entry);
        let batch = Batch {
            stories: vec![story(no, std::slice::from_ref(&article))],
            articles: vec![article],
            next_article: self.next,
            next_story: self.next,
            ..Batch::default()
        };
        self.store.apply(&batch).expect("writable");
        self.recent.apply(&batch, first_new);
    }

    fn missing(&self, entries: &[Entry]) -> BTreeSet<SpanNo> {
        let missing = self.recent.missing(entries, asking(), &self.store);
        missing.expect("readable")
    }

    fn copies(&mut self, entry: &Entry) -> Vec<u64> {
        let sketch = Sketch::of_entry(entry);
        let found = self.recent.found(entry, &sketch, asking(), &self.store);
        let found = found.expect("readable");
        let copies = found.iter().filter(|found| found.verdict.is_copy());
        copies.map(|found| found.article.0).collect()
    }
}

fn told(id: &str) -> Entry {
    wording(TITLE, LEDE, entry(id))
}

fn other(id: &str) -> Entry {
    let title = "Giá lúa tăng nhẹ phiên đầu tuần ở miền Tây";
    let lede = "Thương lái mua tại ruộng với giá cao hơn tuần trước, nông dân phấn khởi ra đồng.";
    wording(title, lede, entry(id))
}

#[test]
fn what_is_written_while_the_archive_is_read_is_recognised() {
    for read_first in [true, false] {
        let mut world = World::new();
        world.write(1, told("a"));
        world.write(2, other("b"));
        world.recent = Recent::new(3 * DAY);
        let asked = [told("x")];
        let missing = world.missing(&asked);
        assert!(!missing.is_empty());
        let errand = world.recent.errand(&missing, &SOURCES);
        let read = |world: &World| errand.run(&world.store, || true).expect("readable");
        let early = read_first.then(|| read(&world));
        // Source 2 prints it too, and source 1 says something else from now on.
        world.rewrite(1, 2, told("b"), world.next);
        world.rewrite(0, 1, other("a"), world.next);
        let stretch = early.unwrap_or_else(|| read(&world));
        world.recent.take_over(stretch);
        assert!(world.missing(&asked).is_empty());
        assert_eq!(world.recent.articles(), 2);
        assert_eq!(world.copies(&told("x")), [1], "read first: {read_first}");
        assert_eq!(world.copies(&other("y")), [0], "read first: {read_first}");
    }
}

#[test]
fn nothing_is_missing_for_what_is_stored() {
    let mut world = World::new();
    world.write(9, told("a"));
    world.recent = Recent::new(3 * DAY);
    assert!(world.missing(&[told("a")]).is_empty());
    let new = dated(noon() - 90 * DAY, told("b"));
    assert!(!world.missing(&[told("a"), new]).is_empty());
}

#[test]
fn an_errand_that_is_given_up_leaves_the_reading_to_the_question() {
    let mut world = World::new();
    world.write(1, told("a"));
    world.recent = Recent::new(3 * DAY);
    let asked = [told("x")];
    let missing = world.missing(&asked);
    let errand = world.recent.errand(&missing, &SOURCES);
    let stretch = errand.run(&world.store, || false).expect("readable");
    world.recent.take_over(stretch);
    assert!(!world.missing(&asked).is_empty());
    assert_eq!(world.copies(&asked[0]), [0]);
    assert!(world.missing(&asked).is_empty());
}

#[test]
fn memory_forgets_and_an_errand_of_before_brings_nothing() {
    let mut world = World::new();
    world.write(1, told("a"));
    world.recent = Recent::new(3 * DAY);
    let asked = [told("x")];
    let missing = world.missing(&asked);
    let errand = world.recent.errand(&missing, &SOURCES);
    let stretch = errand.run(&world.store, || true).expect("readable");
    // The store failed meanwhile, and everything was begun anew.
    world.recent = Recent::new(3 * DAY);
    world.write(2, told("b"));
    world.recent.take_over(stretch);
    assert_eq!(world.recent.articles(), 0);
    assert_eq!(world.copies(&asked[0]), [0, 1]);
}
