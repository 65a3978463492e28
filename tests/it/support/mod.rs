//! What several of these tests stand on.

pub mod faulty;
pub mod house;
pub mod newsroom;
pub mod origin;

use langbao::core::config::{self, Checked, Config, ConfigFile, Remark, Vocabulary};
use langbao::core::tag;

/// The configuration that `text` says, which must be without a mistake.
#[track_caller]
pub fn config(text: &str) -> Config {
    match load(text) {
        Ok(checked) => checked.config,
        Err(mistakes) => panic!("{mistakes:#?}"),
    }
}

/// The configuration that `text` says, or its mistakes.
pub fn load(text: &str) -> Result<Checked, Vec<Remark>> {
    let file = ConfigFile {
        name: "feeds.toml".into(),
        text: text.into(),
    };
    let vocabulary = Vocabulary {
        provinces: tag::province_slugs()
            .into_iter()
            .map(str::to_owned)
            .collect(),
        topics: tag::Tagger::new(&[])
            .topic_slugs()
            .into_iter()
            .map(str::to_owned)
            .collect(),
        former_provinces: tag::former_province_slugs()
            .into_iter()
            .map(|(slug, successor)| (slug.to_owned(), successor.to_owned()))
            .collect(),
    };
    config::load(&file, &[], &vocabulary, &|_| None)
}
