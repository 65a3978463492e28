//! Keys that are read and checked, but whose effect comes with a later version.
//!
//! When the effect comes, its row goes.

/// Path of the key and what happens instead.
const NOT_YET: &[(&str, &str)] = &[
    ("store.retention", "every story is kept"),
    ("store.snapshots", "no snapshot is made"),
];

/// The sentence that follows `is not yet in effect: `, while there is something to say.
pub(super) fn not_yet(path: &str) -> Option<&'static str> {
    NOT_YET
        .iter()
        .find(|(key, _)| *key == path)
        .map(|(_, instead)| *instead)
}

#[cfg(test)]
pub(super) fn paths() -> Vec<&'static str> {
    NOT_YET.iter().map(|(path, _)| *path).collect()
}
