//! The tables that stand once: `[server]`, `[store]`, `[fetch]`, `[schedule]`, `[stories]`, `[feed]`.

use std::time::Duration;

use super::table::{At, Fields, Reader, SIZE};
use super::value::{self, DAY, Fault, HOUR, MINUTE};
use super::{
    FeedRules, FetchRules, Listen, ScheduleRules, Server, StoreRules, StoryRules, address,
};

/// Every table that stands once, with its keys.
pub(super) const TABLES: &[(&str, &[&str])] = &[
    (
        "server",
        &[
            "listen",
            "base_url",
            "admin_socket",
            "max_connections",
            "max_connections_per_address",
            "trusted_proxies",
        ],
    ),
    ("store", &["path", "retention", "snapshots"]),
    (
        "fetch",
        &[
            "user_agent",
            "concurrency",
            "per_host",
            "host_interval",
            "timeout",
            "max_body",
            "max_items",
            "allow_private",
            "proxy",
        ],
    ),
    (
        "schedule",
        &["min_interval", "max_interval", "requests_per_hour"],
    ),
    ("stories", &["window"]),
    ("feed", &["title", "subtitle", "language", "page_size"]),
];

const LISTEN_MAX: usize = 64;
const BLOCKS_MAX: usize = 1000;
const USER_AGENT_BYTES_MAX: usize = 1000;
const TITLE_CHARS_MAX: usize = 200;
const SUBTITLE_CHARS_MAX: usize = 1000;

pub(super) const TIMEOUT: std::ops::RangeInclusive<Duration> =
    Duration::from_secs(1)..=Duration::from_secs(600);
pub(super) const INTERVAL: std::ops::RangeInclusive<Duration> =
    Duration::from_millis(1)..=Duration::from_secs(365 * 24 * 60 * 60);
/// Below this an interval is warned of.
const POLITE_INTERVAL: Duration = MINUTE;

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Settings {
    pub(super) server: Server,
    pub(super) store: StoreRules,
    pub(super) fetch: FetchRules,
    pub(super) schedule: ScheduleRules,
    pub(super) stories: StoryRules,
    pub(super) feed: FeedRules,
}

/// The table a key belongs to, of those that stand once.
pub(super) fn home_of(key: &str) -> Option<String> {
    let at_home = |(_, keys): &&(&str, &[&str])| keys.contains(&key);
    TABLES
        .iter()
        .find(at_home)
        .map(|(table, _)| format!("[{table}]"))
}

fn open<'t>(reader: &mut Reader<'_>, root: &Fields<'t>, table: &str) -> Fields<'t> {
    let fields = reader.section(root, table, format!("[{table}]"));
    let known = TABLES.iter().find(|(name, _)| *name == table);
    reader.unknown_keys(&fields, known.map_or(&[], |(_, keys)| *keys));
    fields
}

pub(super) fn settings(reader: &mut Reader<'_>, root: &Fields<'_>) -> Settings {
    let server = open(reader, root, "server");
    let base = server_of(reader, &server);
    let fetch = open(reader, root, "fetch");
    Settings {
        fetch: fetch_of(reader, &fetch, &server, &base),
        server: base,
        store: store_of(reader, root),
        schedule: schedule_of(reader, root),
        stories: stories_of(reader, root),
        feed: feed_of(reader, root),
    }
}

fn server_of(reader: &mut Reader<'_>, fields: &Fields<'_>) -> Server {
    let listen = listen_of(reader, fields);
    let base_url = reader.parsed(fields, "base_url", address::base);
    let admin_socket = reader.parsed(fields, "admin_socket", value::socket_path);
    let connections = reader.size_of(fields, "max_connections", 1..=1_000_000);
    let per_address = reader.size_of(fields, "max_connections_per_address", 1..=1_000_000);
    let proxies = reader.parsed_each(fields, "trusted_proxies", BLOCKS_MAX, address::block);
    Server {
        base_url_is_derived: base_url.is_none(),
        base_url: value_or_else(base_url, || address::base_of(&listen)),
        listen,
        admin_socket: admin_socket.map(|found| found.value),
        max_connections: value_or(connections, 8192),
        max_connections_per_address: value_or(per_address, 512),
        trusted_proxies: values(proxies),
    }
}

fn listen_of(reader: &mut Reader<'_>, fields: &Fields<'_>) -> Vec<Listen> {
    let default = vec![Listen::Tcp(([127, 0, 0, 1], 8080).into())];
    let Some(found) = reader.texts(fields, "listen", LISTEN_MAX) else {
        return default;
    };
    if found.is_empty()
        && reader
            .value(fields, "listen")
            .is_some_and(|list| is_empty_list(list.value))
    {
        let place = reader.key_place(fields, "listen");
        let hint = "leave the key out for 127.0.0.1:8080".to_owned();
        reader.wrong(fields, place, "listen names no address", Some(hint));
    }
    let mut listen = Vec::new();
    for text in found {
        let (place, shown) = (text.place.clone(), text.shown.clone());
        let Some(found) = reader.parse(fields, "listen", text, address::listen) else {
            continue;
        };
        if listen.contains(&found.value) {
            reader.wrong(
                fields,
                place,
                &format!("listen {shown} is given twice"),
                None,
            );
        } else {
            listen.push(found.value);
        }
    }
    listen
}

fn is_empty_list(value: &toml::de::DeValue<'_>) -> bool {
    value.as_array().is_some_and(|list| list.is_empty())
}

fn store_of(reader: &mut Reader<'_>, root: &Fields<'_>) -> StoreRules {
    let fields = open(reader, root, "store");
    let default = DAY * 730;
    let retention = reader.duration(&fields, "retention", DAY..=DAY * 36_500);
    let snapshots = reader.count(&fields, "snapshots", 0..=1000);
    StoreRules {
        path: reader
            .parsed(&fields, "path", value::path)
            .map(|found| found.value),
        retention: value_or(retention, default),
        snapshots: value_or(snapshots, 7),
    }
}

fn fetch_of(
    reader: &mut Reader<'_>,
    fields: &Fields<'_>,
    server_fields: &Fields<'_>,
    server: &Server,
) -> FetchRules {
    let own_agent = reader.parsed(fields, "user_agent", user_agent);
    if !fields.has("user_agent") {
        warn_of_loopback(reader, server_fields, &server.base_url);
    } else if let Some(found) = own_agent
        .as_ref()
        .filter(|found| names_loopback(&found.value))
    {
        let what = "user_agent names an address that newsrooms cannot reach";
        let hint = "name a page or a mailbox where they can ask".to_owned();
        let place = found.place.clone();
        reader.warn(place, format!("{}: {what}", fields.label), Some(hint));
    }
    let concurrency = reader.size_of(fields, "concurrency", 1..=4096);
    let per_host = reader.size_of(fields, "per_host", 1..=256);
    let host_interval = reader.duration(fields, "host_interval", Duration::ZERO..=HOUR);
    let timeout = reader.duration(fields, "timeout", TIMEOUT);
    let body = reader.parsed_as(fields, "max_body", SIZE, |raw| {
        value::size(raw, &(1 << 10..=1 << 30))
    });
    let items = reader.size_of(fields, "max_items", 1..=100_000);
    let private = reader.parsed_each(fields, "allow_private", BLOCKS_MAX, address::block);
    let proxy = reader.parsed(fields, "proxy", address::proxy);
    FetchRules {
        user_agent: value_or_else(own_agent, || default_user_agent(&server.base_url)),
        concurrency: value_or(concurrency, 64),
        per_host: value_or(per_host, 2),
        host_interval: value_or(host_interval, Duration::from_millis(500)),
        timeout: value_or(timeout, Duration::from_secs(30)),
        body_bytes_max: value_or(body, 10 << 20),
        items_max: value_or(items, 1000),
        allow_private: values(private),
        proxy: proxy.and_then(|found| found.value),
    }
}

fn default_user_agent(base_url: &str) -> String {
    format!("langbao/{} (+{base_url})", env!("CARGO_PKG_VERSION"))
}

fn user_agent(raw: &str) -> Result<String, Fault> {
    if raw.trim().is_empty() {
        return Err(Fault::hinted(
            "is empty",
            "leave the key out for the default",
        ));
    }
    if raw.len() > USER_AGENT_BYTES_MAX {
        return Err(Fault::new(format!(
            "is longer than {USER_AGENT_BYTES_MAX} bytes"
        )));
    }
    value::header_value(raw)
}

fn names_loopback(agent: &str) -> bool {
    ["//localhost", "//127.", "//[::1]"]
        .iter()
        .any(|part| agent.contains(part))
}

// A newsroom that wonders who asks looks at the user agent: it should find somebody.
fn warn_of_loopback(reader: &mut Reader<'_>, server: &Fields<'_>, base_url: &str) {
    if !url::Url::parse(base_url).is_ok_and(|url| address::is_loopback(&url)) {
        return;
    }
    let place = match reader.value(server, "base_url") {
        Some(found) => found.place,
        None => server.place.clone(),
    };
    let message =
        "[server]: base_url is a loopback address, and the user agent names it to every source";
    let hint =
        "set base_url to the public address, or [fetch] user_agent to one where newsrooms can ask";
    reader.warn(place, message.to_owned(), Some(hint.to_owned()));
}

fn schedule_of(reader: &mut Reader<'_>, root: &Fields<'_>) -> ScheduleRules {
    let fields = open(reader, root, "schedule");
    let inherited = (MINUTE * 5, HOUR * 6);
    let (min_interval, max_interval) = intervals(reader, &fields, inherited);
    let budget = reader.count(&fields, "requests_per_hour", 0..=10_000_000);
    ScheduleRules {
        min_interval,
        max_interval,
        requests_per_hour: value_or(budget, 0),
    }
}

/// `min_interval` and `max_interval` over what is inherited; one that is given moves an inherited other along.
pub(super) fn intervals(
    reader: &mut Reader<'_>,
    fields: &Fields<'_>,
    inherited: (Duration, Duration),
) -> (Duration, Duration) {
    let min = reader.duration(fields, "min_interval", INTERVAL);
    let max = reader.duration(fields, "max_interval", INTERVAL);
    for (key, found) in [("min_interval", &min), ("max_interval", &max)] {
        if let Some(found) = found.as_ref().filter(|found| found.value < POLITE_INTERVAL) {
            let message = format!("{}: {key} is under 1 minute", fields.label);
            let hint = "newsrooms may block whoever asks so often".to_owned();
            reader.warn(found.place.clone(), message, Some(hint));
        }
    }
    match (min, max) {
        (Some(min), Some(max)) if max.value < min.value => {
            let what = "max_interval is shorter than min_interval";
            let least = value::written_duration(min.value);
            let hint = format!("it must be at least \"{least}\"");
            // The bound may come from `${NAME}`.
            let hint = Some(hint).filter(|_| !reader.is_secret(fields, "min_interval"));
            reader.wrong(fields, max.place, what, hint);
            (min.value, min.value)
        }
        (Some(min), Some(max)) => (min.value, max.value),
        (Some(min), None) => (min.value, inherited.1.max(min.value)),
        (None, Some(max)) => (inherited.0.min(max.value), max.value),
        (None, None) => inherited,
    }
}

fn stories_of(reader: &mut Reader<'_>, root: &Fields<'_>) -> StoryRules {
    let fields = open(reader, root, "stories");
    let window = reader.duration(&fields, "window", MINUTE..=DAY * 90);
    StoryRules {
        window: value_or(window, HOUR * 72),
    }
}

fn feed_of(reader: &mut Reader<'_>, root: &Fields<'_>) -> FeedRules {
    let fields = open(reader, root, "feed");
    let title = reader.parsed(&fields, "title", |raw| value::words(raw, TITLE_CHARS_MAX));
    let subtitle = reader.parsed(&fields, "subtitle", |raw| {
        value::text(raw, SUBTITLE_CHARS_MAX)
    });
    let language = reader.parsed(&fields, "language", value::language);
    let page_size = reader.size_of(&fields, "page_size", 1..=1000);
    FeedRules {
        title: value_or_else(title, || "Tin địa phương".to_owned()),
        subtitle: value_or_else(subtitle, String::new),
        language: value_or_else(language, || "vi".to_owned()),
        page_size: value_or(page_size, 100),
    }
}

pub(super) fn value_or<T>(found: Option<At<T>>, default: T) -> T {
    found.map_or(default, |found| found.value)
}

pub(super) fn value_or_else<T>(found: Option<At<T>>, default: impl FnOnce() -> T) -> T {
    found.map_or_else(default, |found| found.value)
}

pub(super) fn values<T>(found: Option<Vec<At<T>>>) -> Vec<T> {
    found
        .into_iter()
        .flatten()
        .map(|found| found.value)
        .collect()
}
