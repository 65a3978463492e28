//! What a reload changes.

use std::collections::{BTreeMap, BTreeSet};

use super::{Config, Source};
use crate::core::model::SourceId;

/// What is different in a new configuration.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ConfigDiff {
    /// Sources that are new, and no other under a new name.
    pub added: Vec<SourceId>,
    /// Sources that are gone, and not under a new name.
    pub removed: Vec<SourceId>,
    /// Sources that differ in more than their id, by the id they have now.
    pub changed: Vec<SourceId>,
    /// Old id and new id; several old ones may have become one.
    pub renamed: Vec<(SourceId, SourceId)>,
    /// Keys whose new value waits for a restart.
    pub needs_restart: Vec<&'static str>,
    /// Tables, sources apart, that differ and take effect without a restart.
    pub settings: Vec<&'static str>,
}

impl ConfigDiff {
    pub fn is_empty(&self) -> bool {
        *self == ConfigDiff::default()
    }
}

/// Every list is sorted.
pub fn diff(old: &Config, new: &Config) -> ConfigDiff {
    let old_sources = by_id(old);
    let new_sources = by_id(new);
    let renamed = renamed(&old_sources, &new_sources);
    let left: BTreeSet<&SourceId> = renamed.iter().map(|(old, _)| old).collect();
    let arrived: BTreeSet<&SourceId> = renamed.iter().map(|(_, new)| new).collect();
    let gone = |id: &&&SourceId| !new_sources.contains_key(**id) && !left.contains(**id);
    let fresh = |id: &&&SourceId| !old_sources.contains_key(**id) && !arrived.contains(**id);
    ConfigDiff {
        added: new_sources
            .keys()
            .filter(fresh)
            .map(|id| (*id).clone())
            .collect(),
        removed: old_sources
            .keys()
            .filter(gone)
            .map(|id| (*id).clone())
            .collect(),
        changed: changed(&old_sources, &new_sources, &renamed),
        needs_restart: needs_restart(old, new),
        settings: settings(old, new),
        renamed,
    }
}

type ById<'c> = BTreeMap<&'c SourceId, &'c Source>;

fn by_id(config: &Config) -> ById<'_> {
    config
        .sources
        .iter()
        .map(|source| (&source.id, source))
        .collect()
}

fn renamed(old: &ById<'_>, new: &ById<'_>) -> Vec<(SourceId, SourceId)> {
    let mut renamed = Vec::new();
    for (id, source) in new {
        let former = source.was.iter().filter(|former| old.contains_key(former));
        renamed.extend(former.map(|former| (former.clone(), (*id).clone())));
    }
    renamed.sort();
    renamed
}

fn changed(old: &ById<'_>, new: &ById<'_>, renamed: &[(SourceId, SourceId)]) -> Vec<SourceId> {
    let same_id = old
        .iter()
        .filter_map(|(id, before)| Some((*before, *new.get(id)?)));
    let new_id = renamed
        .iter()
        .filter(|(_, now)| !old.contains_key(now))
        .filter_map(|(before, now)| Some((*old.get(before)?, *new.get(now)?)));
    let mut changed: Vec<SourceId> = same_id
        .chain(new_id)
        .filter(|(before, now)| differs(before, now))
        .map(|(_, now)| now.id.clone())
        .collect();
    changed.sort();
    changed.dedup();
    changed
}

fn differs(before: &Source, now: &Source) -> bool {
    let named_alike = Source {
        id: now.id.clone(),
        was: now.was.clone(),
        ..before.clone()
    };
    let same_names = before.id != now.id || before.was == now.was;
    named_alike != *now || !same_names
}

fn needs_restart(old: &Config, new: &Config) -> Vec<&'static str> {
    let mut keys = Vec::new();
    if old.server.listen != new.server.listen {
        keys.push("listen");
    }
    if old.store.path != new.store.path {
        keys.push("store.path");
    }
    if old.server.admin_socket != new.server.admin_socket {
        keys.push("admin_socket");
    }
    let sockets = [
        (
            "max_connections",
            old.server.max_connections != new.server.max_connections,
        ),
        (
            "max_connections_per_address",
            old.server.max_connections_per_address != new.server.max_connections_per_address,
        ),
        (
            "trusted_proxies",
            old.server.trusted_proxies != new.server.trusted_proxies,
        ),
    ];
    keys.extend(
        sockets
            .iter()
            .filter(|(_, differs)| *differs)
            .map(|(key, _)| *key),
    );
    keys
}

fn settings(old: &Config, new: &Config) -> Vec<&'static str> {
    let server = super::Server {
        listen: new.server.listen.clone(),
        admin_socket: new.server.admin_socket.clone(),
        max_connections: new.server.max_connections,
        max_connections_per_address: new.server.max_connections_per_address,
        trusted_proxies: new.server.trusted_proxies.clone(),
        ..old.server.clone()
    };
    let store = super::StoreRules {
        path: new.store.path.clone(),
        ..old.store.clone()
    };
    let changed = [
        ("[server]", server != new.server),
        ("[store]", store != new.store),
        ("[fetch]", old.fetch != new.fetch),
        ("[schedule]", old.schedule != new.schedule),
        ("[stories]", old.stories != new.stories),
        ("[feed]", old.feed != new.feed),
        ("[[topic]]", old.topics != new.topics),
        ("[[rule]]", old.rules != new.rules),
    ];
    let tables = changed.into_iter().filter(|(_, differs)| *differs);
    tables.map(|(table, _)| table).collect()
}

#[cfg(test)]
mod tests {
    use super::super::{ConfigFile, Vocabulary, load};
    use super::*;

    fn config(text: &str) -> Config {
        let main = ConfigFile {
            name: "feeds.toml".into(),
            text: text.into(),
        };
        let checked = load(&main, &[], &Vocabulary::default(), &|_| None);
        checked.expect("a test's configuration is right").config
    }

    fn source(id: &str, rest: &str) -> String {
        format!("[[source]]\nid = \"{id}\"\nurl = \"https://example.vn/\"\n{rest}\n")
    }

    #[track_caller]
    fn check(old: &str, new: &str, expected: ConfigDiff) {
        assert_eq!(diff(&config(old), &config(new)), expected);
    }

    fn id(raw: &str) -> SourceId {
        SourceId::parse(raw).unwrap()
    }

    #[test]
    fn the_same_text_changes_nothing() {
        let text = source("a", "");
        assert!(diff(&config(&text), &config(&text)).is_empty());
        let moved = source("b", "") + &source("a", "");
        let other = source("a", "") + &source("b", "");
        assert!(diff(&config(&moved), &config(&other)).is_empty());
    }

    #[test]
    fn sources_come_go_and_change() {
        check(
            &(source("a", "") + &source("b", "") + &source("c", "")),
            &(source("b", "priority = 1") + &source("c", "") + &source("d", "")),
            ConfigDiff {
                added: vec![id("d")],
                removed: vec![id("a")],
                changed: vec![id("b")],
                ..ConfigDiff::default()
            },
        );
    }

    #[test]
    fn a_new_name_is_neither_new_nor_gone() {
        check(
            &source("a", ""),
            &source("b", "was = [\"a\"]"),
            ConfigDiff {
                renamed: vec![(id("a"), id("b"))],
                ..ConfigDiff::default()
            },
        );
        check(
            &(source("a", "") + &source("b", "")),
            &source("c", "was = [\"a\", \"b\"]\npriority = 1"),
            ConfigDiff {
                renamed: vec![(id("a"), id("c")), (id("b"), id("c"))],
                changed: vec![id("c")],
                ..ConfigDiff::default()
            },
        );
    }

    #[test]
    fn one_source_may_take_over_another() {
        check(
            &(source("a", "") + &source("b", "")),
            &source("b", "was = [\"a\"]"),
            ConfigDiff {
                renamed: vec![(id("a"), id("b"))],
                changed: vec![id("b")],
                ..ConfigDiff::default()
            },
        );
    }

    #[test]
    fn what_needs_a_restart_is_named() {
        let old = "[server]\nbase_url = \"https://tin.example.vn/\"\n";
        let new = format!(
            "{old}listen = [\"127.0.0.1:9\"]\nadmin_socket = \"/a\"\nmax_connections = 9\n\
             max_connections_per_address = 8\ntrusted_proxies = [\"10.0.0.0/8\"]\n\
             [store]\npath = \"other\"\n"
        );
        let expected = vec![
            "listen",
            "store.path",
            "admin_socket",
            "max_connections",
            "max_connections_per_address",
            "trusted_proxies",
        ];
        check(
            old,
            &new,
            ConfigDiff {
                needs_restart: expected,
                ..ConfigDiff::default()
            },
        );
    }

    #[test]
    fn a_default_that_changes_reaches_the_sources() {
        check(
            &source("a", ""),
            &(source("a", "") + "[schedule]\nmin_interval = \"7m\"\n"),
            ConfigDiff {
                changed: vec![id("a")],
                settings: vec!["[schedule]"],
                ..ConfigDiff::default()
            },
        );
    }

    #[test]
    fn every_table_that_changes_is_named() {
        let topic = "[[topic]]\nslug = \"do-lua\"\nlabel = { vi = \"Đỏ lửa\" }\n";
        let rule = "[[rule]]\nmatch = { title = \"quảng cáo\" }\naction = \"drop\"\n";
        let hold = rule.replace("drop", "hold");
        for (old, new, expected) in [
            ("", topic, "[[topic]]"),
            (rule, "", "[[rule]]"),
            (rule, hold.as_str(), "[[rule]]"),
            ("", "[feed]\ntitle = \"Tin\"\n", "[feed]"),
            ("", "[stories]\nwindow = \"1d\"\n", "[stories]"),
        ] {
            let expected = ConfigDiff {
                settings: vec![expected],
                ..ConfigDiff::default()
            };
            check(old, new, expected);
        }
        let all = format!("{topic}{rule}");
        let found = diff(&config(""), &config(&all));
        assert_eq!(found.settings, ["[[topic]]", "[[rule]]"]);
        assert!(!found.is_empty());
    }
}
