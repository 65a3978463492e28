//! Golden folders: what newsrooms said, and the merged feed that comes of it.
//!
//! `tests/data/pipeline/<case>/` holds `feeds.toml` (the sources), answers named `<n>-<source>.xml`, polled in the
//! order of their numbers an hour apart, and `expected.atom`. `UPDATE_GOLDEN=1` writes the last anew.

use std::path::{Path, PathBuf};
use std::time::Duration;

use bytes::Bytes;
use langbao::clock::Clock;
use langbao::core::model::{
    FetchOutcome, Fetched, Freshness, PollOutcome, SourceId, Timestamp, Validators,
};
use langbao::core::reading;
use langbao::core::schedule::Jitter;
use langbao::daemon::owner::Owner;

use crate::support::house::{Answered, House};

/// The daemon that serves the result asks nobody.
const ASKS_NOBODY: &str = "[schedule]\nmin_interval = \"30d\"\nmax_interval = \"30d\"\n";
const BETWEEN_POLLS: Duration = Duration::from_secs(3600);

struct Case {
    folder: PathBuf,
    sources: String,
}

impl Case {
    fn named(name: &str) -> Case {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("tests/data/pipeline")
            .join(name);
        let sources = std::fs::read_to_string(folder.join("feeds.toml")).expect("feeds.toml");
        Case { folder, sources }
    }

    /// `(source, body)` in the order they are polled.
    fn answers(&self) -> Vec<(SourceId, Vec<u8>)> {
        let mut paths: Vec<PathBuf> = std::fs::read_dir(&self.folder)
            .expect("a folder")
            .map(|entry| entry.expect("readable").path())
            .filter(|path| path.extension().is_some_and(|extension| extension == "xml"))
            .collect();
        paths.sort();
        assert!(!paths.is_empty(), "nobody answers in {:?}", self.folder);
        let answer = |path: PathBuf| {
            let stem = path.file_stem().and_then(|stem| stem.to_str());
            let (_, source) = stem
                .and_then(|stem| stem.split_once('-'))
                .expect("<n>-<source>");
            let body = std::fs::read(&path).expect("readable");
            (SourceId::parse(source).expect("an id"), body)
        };
        paths.into_iter().map(answer).collect()
    }

    fn poll_all(&self, house: &House) {
        let config = crate::support::config(
            &std::fs::read_to_string(house.config_file()).expect("it was configured"),
        );
        let mut owner = Owner::open(house.store(), config, house.clock.now()).expect("it opens");
        for (source, body) in self.answers() {
            poll(&mut owner, &source, body, house.clock.now());
            house.clock.advance(BETWEEN_POLLS);
        }
    }
}

/// As a poll of the daemon does, without the network.
fn poll(owner: &mut Owner, source: &SourceId, body: Vec<u8>, now: Timestamp) {
    let no = owner.configured(source).expect("a source of feeds.toml").0;
    let job = owner.job(no).expect("it is enabled");
    let fetched = FetchOutcome::Fetched(Fetched {
        status: 200,
        url: job.fetch.url.clone(),
        content_type: Some("application/xml".into()),
        body: Bytes::from(body),
        validators: Validators::default(),
        freshness: Freshness::default(),
        moved_to: None,
    });
    let outcome = reading::read(fetched, job.before, &job.reading, &job.tagger, now);
    if let PollOutcome::Failed(fault) = &outcome {
        panic!("{source}: {fault:?}");
    }
    let finished = owner.finish(no, job.reading.key, outcome, now, Jitter(0.0));
    finished.expect("memory can be written");
}

/// Without langbao's version, which the feed names.
fn shown(feed: &Answered) -> String {
    let version = format!("version=\"{}\"", env!("CARGO_PKG_VERSION"));
    feed.text().replace(&version, "version=\"0.0.0\"")
}

async fn check(name: &str) {
    let case = Case::named(name);
    let house = House::new();
    house.configure(&format!("{ASKS_NOBODY}{}", case.sources));
    case.poll_all(&house);

    let daemon = house.open().await;
    let feed = daemon.get("/feed.atom").await;
    daemon.stop().await;
    assert!(!feed.feed().entries.is_empty(), "{name}: an empty feed");
    let golden = case.folder.join("expected.atom");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&golden, shown(&feed)).expect("a folder of our own");
    }
    let expected = std::fs::read_to_string(&golden).unwrap_or_default();
    assert_eq!(
        shown(&feed),
        expected,
        "{name} came out otherwise than expected.atom; UPDATE_GOLDEN=1 takes it over"
    );
}

macro_rules! cases {
    ($($name:ident = $folder:literal;)*) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                check($folder).await;
            }
        )*

        #[test]
        fn every_folder_is_a_test() {
            let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/pipeline");
            for entry in std::fs::read_dir(root).expect("a folder of cases") {
                let name = entry.expect("readable").file_name();
                let name = name.to_string_lossy();
                assert!([$($folder),*].contains(&name.as_ref()), "{name} is not tested");
            }
        }
    };
}

cases! {
    rss_with_all_its_parts_comes_out_as_atom = "rss20";
    atom_is_resolved_and_sanitised = "atom";
    an_old_encoding_is_read = "windows-1258";
    undated_items_keep_the_hour_they_were_first_seen = "undated";
    what_is_printed_twice_is_shown_once = "printed-twice";
    three_newsrooms_with_one_text_are_one_story = "three-with-one-text";
    the_owner_of_an_address_shows_the_story_a_guest_brought = "guest-and-owner";
    one_address_and_agreeing_titles_are_one_story = "same-address-agreeing";
    one_address_alone_joins_nothing = "same-address-disagreeing";
    a_former_province_is_named_with_its_successor = "former-province";
    legal_documents_are_found_by_their_numbers = "legal-numbers";
    an_edit_moves_updated_and_nothing_else = "edited";
    hostile_markup_comes_out_harmless = "hostile";
}
