//! Where things are: the configuration's files, the store, the admin socket.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{Exit, Failure, Global};
use crate::core::config::{self, Checked, Config, ConfigFile, Remark, Vocabulary};
use crate::core::tag::{self, Tagger};

/// The configuration's main file.
///
/// # Errors
/// When none is named and none stands at the usual places.
pub fn config_file(global: &Global) -> Result<PathBuf, Failure> {
    if let Some(named) = &global.config {
        return Ok(named.clone());
    }
    if let Some(named) = std::env::var_os("LANGBAO_CONFIG") {
        return Ok(named.into());
    }
    ["feeds.toml", "/etc/langbao/feeds.toml"]
        .into_iter()
        .map(PathBuf::from)
        .find(|path| path.exists())
        .ok_or_else(|| {
            Failure::new(
                "no configuration: neither ./feeds.toml nor /etc/langbao/feeds.toml is there",
                "write one (docs/config.md), name one with --config, or try `langbao demo`",
            )
            .with(Exit::Config)
        })
}

/// Reads and checks the configuration.
///
/// # Errors
/// The mistakes, all of them; a file that cannot be read is one.
pub fn load(path: &Path) -> Result<Checked, Vec<Remark>> {
    let main = read(path).map_err(|remark| vec![remark])?;
    let mut included = Vec::new();
    let mut unreadable = Vec::new();
    for found in included_files(path, &main) {
        match found.and_then(|file| read(&file)) {
            Ok(file) => included.push(file),
            Err(remark) => unreadable.push(remark),
        }
    }
    match config::load(&main, &included, &vocabulary(), &lookup) {
        Ok(checked) if unreadable.is_empty() => Ok(checked),
        Ok(_) => Err(unreadable),
        Err(mut mistakes) => {
            mistakes.extend(unreadable);
            Err(mistakes)
        }
    }
}

/// The files a configuration is made of, as far as they can be told.
pub fn config_files(path: &Path) -> Vec<PathBuf> {
    let included = read(path)
        .map(|main| included_files(path, &main))
        .unwrap_or_default();
    std::iter::once(path.to_owned())
        .chain(included.into_iter().filter_map(Result::ok))
        .collect()
}

/// A way to load that the daemon keeps for reloads.
pub fn loader(path: PathBuf) -> crate::daemon::LoadConfig {
    Arc::new(move || load(&path))
}

fn read(path: &Path) -> Result<ConfigFile, Remark> {
    let name = path.display().to_string();
    match std::fs::read(path) {
        Ok(bytes) => match String::from_utf8(bytes) {
            Ok(text) => Ok(ConfigFile { name, text }),
            Err(err) => Err(whole_file(
                name,
                format!("not UTF-8 at byte {}", err.utf8_error().valid_up_to()),
                "save it as UTF-8",
            )),
        },
        Err(err) => Err(whole_file(
            name,
            format!("cannot be read: {err}"),
            hint(&err),
        )),
    }
}

fn hint(err: &io::Error) -> &'static str {
    match err.kind() {
        io::ErrorKind::NotFound => {
            "write it (docs/config.md has examples), or name another with --config"
        }
        io::ErrorKind::PermissionDenied => "let this user read it",
        _ => "name a file that can be read",
    }
}

fn whole_file(file: String, message: String, hint: &str) -> Remark {
    Remark {
        file,
        line: 0,
        column: 0,
        message,
        hint: Some(hint.to_owned()),
        excerpt: String::new(),
        indent: 0,
        width: 0,
    }
}

/// The files that `include` names, relative to the folder of the main file, in the order of their names.
fn included_files(path: &Path, main: &ConfigFile) -> Vec<Result<PathBuf, Remark>> {
    let folder = path.parent().unwrap_or(Path::new(""));
    let mut files = Vec::new();
    for pattern in config::include_patterns(main, &lookup) {
        let whole = folder.join(&pattern);
        match glob::glob(&whole.to_string_lossy()) {
            Ok(found) => files.extend(found.map(|found| {
                found.map_err(|err| {
                    whole_file(
                        err.path().display().to_string(),
                        format!("cannot be read: {}", err.error()),
                        "let this user read it",
                    )
                })
            })),
            Err(err) => files.push(Err(whole_file(
                main.name.clone(),
                format!("include: {pattern:?} is not a pattern: {err}"),
                "use * and ? as in a shell",
            ))),
        }
    }
    files
}

/// What `${NAME}` stands for: an environment variable, else a systemd credential of that name.
fn lookup(name: &str) -> Option<String> {
    if let Ok(value) = std::env::var(name) {
        return Some(value);
    }
    let plain = name
        .bytes()
        .all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
    let folder = std::env::var_os("CREDENTIALS_DIRECTORY").filter(|_| plain)?;
    let value = std::fs::read_to_string(Path::new(&folder).join(name)).ok()?;
    Some(value.trim_end_matches(['\n', '\r']).to_owned())
}

pub fn vocabulary() -> Vocabulary {
    Vocabulary {
        provinces: tag::province_slugs()
            .into_iter()
            .map(str::to_owned)
            .collect(),
        former_provinces: tag::former_province_slugs()
            .into_iter()
            .map(|(slug, successor)| (slug.to_owned(), successor.to_owned()))
            .collect(),
        topics: Tagger::new(&[])
            .topic_slugs()
            .into_iter()
            .map(str::to_owned)
            .collect(),
    }
}

/// The store's folder: `store.path`, `$STATE_DIRECTORY`, `./data`.
pub fn store(config: &Config) -> PathBuf {
    config.store.path.clone().unwrap_or_else(usual_store)
}

/// The store's folder where the configuration names none.
pub fn usual_store() -> PathBuf {
    first_folder("STATE_DIRECTORY").unwrap_or_else(|| PathBuf::from("data"))
}

/// What a file with mistakes seems to say of a place.
pub fn presumed(file: &Path, table: &str, key: &str) -> Option<PathBuf> {
    let text = std::fs::read_to_string(file).ok()?;
    let tables: toml::Table = text.parse().ok()?;
    let place = tables.get(table)?.get(key)?.as_str()?;
    Some(PathBuf::from(place))
}

/// systemd gives several folders as one list with colons.
fn first_folder(variable: &str) -> Option<PathBuf> {
    let list = std::env::var(variable).ok()?;
    list.split(':')
        .find(|part| !part.is_empty())
        .map(PathBuf::from)
}

const RUNTIME_FOLDER: &str = "/run/langbao";
const SOCKET_NAME: &str = "admin.sock";

/// Where the daemon puts its admin socket.
pub fn own_socket(global: &Global, config: &Config, store: &Path) -> PathBuf {
    named_socket(global, Some(config)).unwrap_or_else(|| {
        let folder = first_folder("RUNTIME_DIRECTORY").unwrap_or_else(|| store.to_owned());
        folder.join(SOCKET_NAME)
    })
}

/// A socket that command line or configuration name.
pub fn named_socket(global: &Global, config: Option<&Config>) -> Option<PathBuf> {
    let configured = || config.and_then(|config| config.server.admin_socket.clone());
    global.socket.clone().or_else(configured)
}

/// Where a daemon's admin socket may be when none is named.
pub fn usual_sockets(store: Option<&Path>) -> Vec<PathBuf> {
    first_folder("RUNTIME_DIRECTORY")
        .into_iter()
        .chain([PathBuf::from(RUNTIME_FOLDER)])
        .chain(store.map(Path::to_owned))
        .map(|folder| folder.join(SOCKET_NAME))
        .collect()
}

/// An absolute form by which two processes mean one place, whether or not it is there.
pub fn absolute(path: &Path) -> PathBuf {
    std::fs::canonicalize(path)
        .or_else(|_| std::path::absolute(path))
        .unwrap_or_else(|_| path.to_owned())
}
