//! Seeing that the configuration on disk changed.
//!
//! Looks at the files' names, sizes, times and numbers every second: that sees an editor that replaces
//! the file, a link that is turned, a file that appears under a pattern of `include`, on any file
//! system. A change counts once it has stood still for one look, so that no half-written file is read.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::sync::mpsc;

use super::place;

const INTERVAL: Duration = Duration::from_secs(1);

/// What tells one state of a file from another.
type Look = Vec<(PathBuf, Option<(u64, u64, i64, i64)>)>;

/// Asks for a reload whenever the configuration changed; ends when nobody takes it any more.
pub async fn watch(config_file: PathBuf, reload: mpsc::Sender<()>) {
    let mut known = look(&config_file).await;
    let mut before = known.clone();
    loop {
        tokio::time::sleep(INTERVAL).await;
        if reload.is_closed() {
            return;
        }
        let now = look(&config_file).await;
        if now == before && now != known {
            known.clone_from(&now);
            // A reload that is asked for already will see this change too.
            let _ = reload.try_send(());
        }
        before = now;
    }
}

async fn look(config_file: &Path) -> Look {
    let config_file = config_file.to_owned();
    let looked = tokio::task::spawn_blocking(move || {
        place::config_files(&config_file)
            .into_iter()
            .map(|path| (path.clone(), state(&path)))
            .collect()
    });
    looked.await.unwrap_or_default()
}

fn state(path: &Path) -> Option<(u64, u64, i64, i64)> {
    let found = std::fs::metadata(path).ok()?;
    Some((found.ino(), found.len(), found.mtime(), found.mtime_nsec()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(path: &Path, text: &str) {
        std::fs::write(path, text).expect("writable");
    }

    #[tokio::test(start_paused = true)]
    async fn a_change_is_told_once_it_stands_still() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let main = folder.path().join("feeds.toml");
        write(&main, "include = [\"more/*.toml\"]\n");
        let (reload, mut reloads) = mpsc::channel(1);
        let watching = tokio::spawn(watch(main.clone(), reload));

        // An editor writes a new file and puts it in the old one's place.
        tokio::time::sleep(INTERVAL * 2).await;
        let new = folder.path().join("feeds.toml.new");
        write(&new, "include = [\"more/*.toml\"]\n# replaced\n");
        std::fs::rename(&new, &main).expect("renamed");
        assert_eq!(reloads.recv().await, Some(()));

        // A file appears under the pattern.
        std::fs::create_dir(folder.path().join("more")).expect("made");
        write(&folder.path().join("more/a.toml"), "");
        assert_eq!(reloads.recv().await, Some(()));

        // Nothing changes: nothing is told.
        tokio::time::sleep(INTERVAL * 5).await;
        assert!(reloads.try_recv().is_err());
        watching.abort();
    }
}
