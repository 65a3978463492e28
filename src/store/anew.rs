//! A store written anew: what another one holds, in the order of its keys, in a file with few holes.
//!
//! sled cleans a segment of its log when half of it is dead, and seldom gives any back, so a store that grew poll
//! by poll takes two or three times what is in it.

use super::{EngineError, Store, StoreError, keys, unread};
use crate::core::model::Batch;

/// Keys settled at a time, and pairs laid at a time: few enough that sled has freed what it replaced before it asks
/// for more, many enough that a page's keys come together.
const SETTLED_KEYS: usize = 1024;
const LAID_PAIRS: usize = 256;

impl Store {
    /// Settles all that is due.
    ///
    /// # Errors
    /// When the medium fails.
    pub fn settle_all(&mut self) -> Result<(), StoreError> {
        while self.is_unsettled() {
            self.settle_some(SETTLED_KEYS)?;
        }
        Ok(())
    }

    /// Takes over all that `draft` holds and settles it; whether the import is whole stays what it was.
    ///
    /// # Errors
    /// When a medium fails: then some of it may be there, and the import has not ended.
    pub fn take_over(&mut self, mut draft: Store) -> Result<(), StoreError> {
        draft.write_staged()?;
        // From the first key on, whatever was under way.
        draft.settling = None;
        while draft.settle_some(SETTLED_KEYS)? {}
        let held = draft.numbers()?;
        self.reserve(&Batch {
            next_source: held.source,
            next_article: held.article,
            next_story: held.story,
            ..Batch::default()
        })?;
        let mut from = Vec::new();
        loop {
            let mut pairs = draft.blocks.laid(&from, LAID_PAIRS).map_err(unread)?;
            let Some((last, _)) = pairs.last() else {
                return Ok(());
            };
            from = [last.as_slice(), &[0]].concat();
            pairs.retain(|(key, _)| key != keys::FORMAT);
            let laid = self.blocks.lay(pairs);
            laid.map_err(|EngineError(cause)| StoreError::Write(cause))?;
        }
    }
}
