//! Two layers of one map: what the upper one says of a key hides what the lower one says.

use std::collections::BTreeMap;

use super::{EngineError, Pair};

/// A key of the upper layer with its value; none where the key is taken away.
pub type Upper = (Vec<u8>, Option<Vec<u8>>);

/// The first `limit` pairs from `from` on. Each layer is asked for its first so many from a key on; the upper
/// one first, so that what moves from it into the lower one meanwhile is seen in one of them.
pub fn overlaid(
    from: &[u8],
    limit: usize,
    upper: impl Fn(&[u8], usize) -> Result<Vec<Upper>, EngineError>,
    lower: impl Fn(&[u8], usize) -> Result<Vec<Pair>, EngineError>,
) -> Result<Vec<Pair>, EngineError> {
    let mut found = Vec::new();
    let mut from = from.to_vec();
    while found.len() < limit {
        let wanted = limit - found.len();
        let above = upper(&from, wanted)?;
        let below = lower(&from, wanted)?;
        // Of a layer that gave as many as were wanted nothing is known past the last of them.
        let ends = [
            end(above.last(), above.len() == wanted),
            end(below.last(), below.len() == wanted),
        ];
        let end = ends.into_iter().flatten().min();
        let mut merged: BTreeMap<Vec<u8>, Vec<u8>> = below.into_iter().collect();
        for (key, value) in above {
            match value {
                Some(value) => merged.insert(key, value),
                None => merged.remove(&key),
            };
        }
        found.extend(
            merged
                .into_iter()
                .take_while(|(key, _)| end.as_ref().is_none_or(|end| key <= end))
                .take(wanted),
        );
        let Some(end) = end else {
            break;
        };
        from = end;
        from.push(0);
    }
    Ok(found)
}

fn end<T>(last: Option<&(Vec<u8>, T)>, is_full: bool) -> Option<Vec<u8>> {
    last.filter(|_| is_full).map(|(key, _)| key.clone())
}
