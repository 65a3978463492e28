//! A store that version 1 wrote: the tree that `langbao poll` left behind, its export, and what is made of both.

use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::Value;

use super::*;
use crate::core::model::{FaultKind, Standing};

/// The engine a version 1 store stands on.
trait Medium: Engine + Sized {
    fn filled(self) -> Arc<Self> {
        self.write(old_tree()).expect("writable");
        Arc::new(self)
    }
}

impl<E: Engine> Medium for E {}

fn data(name: &str) -> String {
    let path = format!("{}/tests/data/store/{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(path).expect("it is there")
}

fn bytes(hex: &str) -> Vec<u8> {
    let digits: Vec<char> = hex.chars().collect();
    let byte = |pair: &[char]| u8::from_str_radix(&pair.iter().collect::<String>(), 16);
    digits
        .chunks(2)
        .map(|pair| byte(pair).expect("two digits"))
        .collect()
}

/// A pair a line: key, space, value.
fn old_tree() -> Vec<Op> {
    let tree = data("v1.tree");
    let pair = |line: &str| {
        let (key, value) = line.split_once(' ').expect("a key and a value");
        Op::Put(bytes(key), bytes(value))
    };
    tree.lines().map(pair).collect()
}

fn opened(engine: Arc<dyn Engine>) -> Store {
    Store::open(engine, || unreachable!("it has an identity")).expect("it opens")
}

fn pairs(engine: &dyn Engine) -> BTreeMap<Vec<u8>, Vec<u8>> {
    let all = engine.scan(b"", b"", usize::MAX).expect("readable");
    all.into_iter().collect()
}

fn exported(store: &StoreReader) -> Vec<ExportLine> {
    let mut lines = Vec::new();
    let read = store.export(|line| {
        lines.push(line);
        Ok(())
    });
    read.expect("readable");
    lines
}

/// A store of today with what the old program exported from the same tree.
fn imported(into: &Arc<MemoryEngine>) -> Store {
    let engine = Arc::clone(into) as Arc<dyn Engine>;
    let mut store = Store::open(engine, || mint("new")).expect("opens");
    let mut batch = Batch::default();
    for line in data("v1.jsonl").lines() {
        match serde_json::from_str(line).expect("an export of version 1 is read") {
            ExportLine::Langbao { mint, .. } => store.begin_import(&mint).expect("empty"),
            line => {
                line.add_to(&mut batch);
            }
        }
    }
    store.apply(&batch).expect("writable");
    store.end_import().expect("writable");
    store
}

/// Everything `old` says, `new` says too.
#[track_caller]
fn assert_within(old: &Value, new: &Value, at: &str) {
    match (old, new) {
        (Value::Object(old), Value::Object(new)) => {
            for (name, value) in old {
                let at = format!("{at}/{name}");
                match new.get(name) {
                    Some(now) => assert_within(value, now, &at),
                    None => assert!(at.starts_with("/source/rhythm/"), "{at} is gone"),
                }
            }
        }
        _ if at == "/langbao/export" => assert_eq!(new, &Value::from(record::VERSION)),
        _ => assert_eq!(old, new, "{at}"),
    }
}

#[test]
fn a_store_of_version_1_is_read_with_every_id_date_and_tag_as_it_was() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let sled = SledEngine::open(folder.path()).expect("sled opens");
    for engine in [
        MemoryEngine::new().filled() as Arc<dyn Engine>,
        sled.filled(),
    ] {
        let now = exported(&opened(engine));
        let old = data("v1.jsonl");
        assert_eq!(now.len(), old.lines().count());
        for (line, now) in old.lines().zip(now) {
            let old = serde_json::from_str(line).expect("JSON");
            assert_within(&old, &serde_json::to_value(now).expect("JSON"), "");
        }
    }
}

#[test]
fn what_came_since_version_1_begins_as_if_nothing_had_happened() {
    let store = opened(MemoryEngine::new().filled());
    let told = store.told(StoryNo(0)).expect("readable").expect("visible");
    assert_eq!(told.articles.len(), 2);
    assert_eq!(told.story.standing, Standing::Shown);
    let sources = store.sources().expect("readable");
    let fault = sources[2].last_fault.as_ref().expect("it failed");
    assert_eq!(fault.kind, FaultKind::NotAFeed);
    for source in &sources {
        assert_eq!(source.rhythm, Default::default());
        assert_eq!(source.judged_by, None, "its articles are judged anew");
    }
    assert_eq!(store.counts().expect("readable").held, 0);
    assert_eq!(store.recompute().expect("readable"), None);
}

#[test]
fn a_tree_of_version_1_gets_the_keys_that_an_import_of_its_export_makes() {
    let engine = MemoryEngine::new().filled();
    let before = pairs(&*engine);
    let store = opened(Arc::clone(&engine) as Arc<dyn Engine>);
    let fresh = Arc::new(MemoryEngine::new());
    let (after, anew) = (pairs(&*engine), imported(&fresh));
    assert_eq!(exported(&store), exported(&anew));
    assert!(after.keys().eq(pairs(&*fresh).keys()));
    let is_of_a_full_text = |key: &Vec<u8>| key.starts_with(b"x");
    assert!(
        after.len() > before.len()
            && after
                .keys()
                .filter(|key| !before.contains_key(*key))
                .all(is_of_a_full_text)
    );
    assert_eq!(after[keys::FORMAT], [record::VERSION]);
}

/// Stops for good after so many writes, as a kill does.
struct Killed {
    memory: Arc<MemoryEngine>,
    writes: AtomicU32,
}

impl Engine for Killed {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, EngineError> {
        self.memory.get(key)
    }

    fn scan(&self, prefix: &[u8], from: &[u8], limit: usize) -> Result<Vec<Pair>, EngineError> {
        self.memory.scan(prefix, from, limit)
    }

    fn last_up_to(&self, prefix: &[u8], key: &[u8]) -> Result<Option<Pair>, EngineError> {
        self.memory.last_up_to(prefix, key)
    }

    fn write(&self, ops: Vec<Op>) -> Result<(), EngineError> {
        let one_less = |left: u32| left.checked_sub(1);
        match self
            .writes
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, one_less)
        {
            Ok(_) => self.memory.write(ops),
            Err(_) => Err(EngineError("killed".into())),
        }
    }

    fn bytes(&self) -> u64 {
        0
    }
}

#[test]
fn an_upgrade_that_is_killed_leaves_a_store_of_version_1_and_is_made_at_the_next_opening() {
    let whole = MemoryEngine::new().filled();
    opened(Arc::clone(&whole) as Arc<dyn Engine>);
    for writes in [0, 1] {
        let memory = MemoryEngine::new().filled();
        let killed = Killed {
            memory: Arc::clone(&memory),
            writes: AtomicU32::new(writes),
        };
        let broken = Store::open(Arc::new(killed), || mint("never")).err();
        assert_eq!(broken, Some(StoreError::Write("killed".into())));
        assert_eq!(pairs(&*memory)[keys::FORMAT], [1], "after {writes} writes");
        opened(Arc::clone(&memory) as Arc<dyn Engine>);
        assert_eq!(pairs(&*memory), pairs(&*whole), "after {writes} writes");
    }
}

#[test]
fn records_of_both_versions_live_in_one_tree() {
    let engine = MemoryEngine::new().filled();
    let mut store = opened(Arc::clone(&engine) as Arc<dyn Engine>);
    let old = store
        .article(ArticleNo(1))
        .expect("readable")
        .expect("there");
    let mut changed = old.clone();
    changed.custody.released_at = Some(noon());
    let change = Batch {
        articles: vec![changed.clone()],
        ..Batch::default()
    };
    store.apply(&change).expect("writable");
    let version = |no| pairs(&*engine)[&keys::article(ArticleNo(no))][0];
    assert_eq!((version(1), version(2)), (record::VERSION, 1));
    assert_eq!(store.article(ArticleNo(1)), Ok(Some(changed)));
    let removal = Batch {
        removed: vec![old.story],
        ..Batch::default()
    };
    store.apply(&removal).expect("writable");
    let no = old.no.0.to_be_bytes();
    let names_it = |(key, value): (&Vec<u8>, &Vec<u8>)| {
        key.starts_with(b"x") && key.ends_with(&no)
            || key.starts_with(b"o") && value.as_slice() == old.story.0.to_be_bytes()
    };
    assert!(!pairs(&*engine).iter().any(names_it), "no key outlives it");
}
