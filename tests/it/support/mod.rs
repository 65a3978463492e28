//! What several of these tests stand on.

pub mod faulty;
pub mod newsroom;

use langbao::core::config::{self, Config, ConfigFile, Vocabulary};
use langbao::core::tag;

/// The configuration that `text` says, which must be without a mistake.
#[track_caller]
pub fn config(text: &str) -> Config {
    let file = ConfigFile {
        name: "feeds.toml".into(),
        text: text.into(),
    };
    let vocabulary = Vocabulary {
        provinces: tag::province_slugs()
            .into_iter()
            .map(str::to_owned)
            .collect(),
        ..Vocabulary::default()
    };
    match config::load(&file, &[], &vocabulary, &|_| None) {
        Ok(checked) => checked.config,
        Err(mistakes) => panic!("{mistakes:#?}"),
    }
}
