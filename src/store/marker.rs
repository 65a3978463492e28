//! What must outlive the tree: the store's identity, and how far its numbers went.
//!
//! sled cuts a damaged log where it stops making sense, and then opens as if nothing had ever been
//! there. This small file beside it tells a store that lost something from a new one, and keeps every
//! number that was ever given away from being given to another story.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::core::model::{Batch, Mint};
use crate::core::pipeline::Numbers;

const NAME: &str = "langbao.mark";
/// Numbers reserved ahead, so that the file is written once for so many articles.
const AHEAD: u32 = 512;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Content {
    mint: Mint,
    /// The store holds at least this.
    held: [u64; 3],
    /// No number from here on was ever given away.
    reserved: [u64; 3],
}

/// The file beside a store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Marker {
    path: PathBuf,
    content: Content,
}

fn parts(numbers: Numbers) -> [u64; 3] {
    [u64::from(numbers.source), numbers.article, numbers.story]
}

fn numbers([source, article, story]: [u64; 3]) -> Numbers {
    Numbers {
        source: u32::try_from(source).unwrap_or(u32::MAX),
        article,
        story,
    }
}

fn ahead_of(numbers: [u64; 3]) -> [u64; 3] {
    numbers.map(|number| number.saturating_add(u64::from(AHEAD)))
}

impl Marker {
    /// The marker of the store in `folder`, where there is one.
    ///
    /// # Errors
    /// When it is there and cannot be read.
    pub fn read(folder: &Path) -> io::Result<Option<Marker>> {
        let path = folder.join(NAME);
        let text = match std::fs::read(&path) {
            Ok(text) => text,
            Err(err) if err.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(err) => return Err(err),
        };
        let content = serde_json::from_slice(&text)?;
        Ok(Some(Marker { path, content }))
    }

    /// A marker for the store in `folder`, written.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn write(folder: &Path, mint: &Mint, held: Numbers) -> io::Result<Marker> {
        let held = parts(held);
        let marker = Marker {
            path: folder.join(NAME),
            content: Content {
                mint: mint.clone(),
                held,
                reserved: ahead_of(held),
            },
        };
        marker.save()?;
        Ok(marker)
    }

    /// The store takes over another one's identity.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn adopt(&mut self, mint: &Mint) -> io::Result<()> {
        self.content.mint = mint.clone();
        self.save()
    }

    pub fn mint(&self) -> &Mint {
        &self.content.mint
    }

    /// Whether a store with these numbers is older than this marker: it lost something.
    pub fn is_ahead_of(&self, found: Numbers) -> bool {
        parts(found)
            .iter()
            .zip(self.content.held)
            .any(|(found, held)| *found < held)
    }

    /// Whether the store was let go in order, holding just this.
    pub fn rests_at(&self, found: Numbers) -> bool {
        self.content.held == parts(found)
    }

    /// The store is let go in order.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn rest(&mut self, held: Numbers) -> io::Result<()> {
        self.content.held = parts(held);
        self.content.reserved = ahead_of(self.content.held);
        self.save()
    }

    /// The first numbers that were surely never given away.
    pub fn never_given(&self) -> Numbers {
        numbers(self.content.reserved)
    }

    /// Makes sure, before `batch` is written to a store that holds `held`, that its numbers are covered.
    ///
    /// # Errors
    /// When the file cannot be written: then the batch must not be either.
    pub fn cover(&mut self, held: Numbers, batch: &Batch) -> io::Result<()> {
        let next = [
            u64::from(batch.next_source),
            batch.next_article,
            batch.next_story,
        ];
        if next
            .iter()
            .zip(self.content.reserved)
            .all(|(next, reserved)| *next <= reserved)
        {
            return Ok(());
        }
        let held = parts(held);
        let reach: [u64; 3] = std::array::from_fn(|at| held[at].max(next[at]));
        let content = Content {
            held,
            reserved: ahead_of(reach),
            ..self.content.clone()
        };
        let covered = Marker {
            path: self.path.clone(),
            content,
        };
        covered.save()?;
        *self = covered;
        Ok(())
    }

    /// Whole or not at all, and durable.
    fn save(&self) -> io::Result<()> {
        let text = serde_json::to_vec(&self.content)?;
        let beside = self.path.with_extension("mark-new");
        let mut file = File::create(&beside)?;
        file.write_all(&text)?;
        file.sync_all()?;
        std::fs::rename(&beside, &self.path)?;
        match self.path.parent() {
            Some(folder) => File::open(folder)?.sync_all(),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(number: u64) -> Numbers {
        Numbers {
            source: 1,
            article: number,
            story: number,
        }
    }

    #[test]
    fn a_number_that_was_given_away_is_covered_before_it_is_written() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mint = Mint {
            authority: "tin.vn".into(),
            date: "2026-11-22".into(),
            store: "k".into(),
        };
        assert_eq!(Marker::read(folder.path()).expect("readable"), None);
        let mut marker = Marker::write(folder.path(), &mint, at(0)).expect("writable");
        for article in (100..5000).step_by(100) {
            let batch = Batch {
                next_article: article,
                ..Batch::default()
            };
            marker.cover(at(article - 100), &batch).expect("writable");
            let read = Marker::read(folder.path())
                .expect("readable")
                .expect("it is there");
            assert_eq!(read, marker);
            assert!(read.never_given().article >= article);
            assert!(
                !read.is_ahead_of(at(article)),
                "a store that holds all is in order"
            );
        }
        assert!(marker.is_ahead_of(at(0)), "a store that lost all is not");
        assert_eq!(marker.mint(), &mint);
    }
}
