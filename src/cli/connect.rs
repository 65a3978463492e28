//! Finding the daemon that a command means.

use std::io;
use std::path::{Path, PathBuf};

use super::{Failure, Global, place};
use crate::admin::{Client, Reply, Request};
use crate::core::config::Config;

/// The daemon of this configuration, where one runs.
///
/// A socket that is named is taken as meant; at the usual places a daemon must work on the same store
/// or the same configuration file. A file with mistakes gives no `config`: what it seems to say of the
/// places is enough to look for the daemon that shall refuse it.
///
/// # Errors
/// When a socket is named and nobody listens there.
pub async fn daemon(
    global: &Global,
    config_file: Option<&Path>,
    config: Option<&Config>,
) -> Result<Option<Client>, Failure> {
    let presumed = |table, key| match config {
        Some(_) => None,
        None => place::presumed(config_file?, table, key),
    };
    let named = place::named_socket(global, config);
    if let Some(socket) = named.or_else(|| presumed("server", "admin_socket")) {
        return match Client::connect(&socket).await {
            Ok(client) => Ok(Some(client)),
            // A socket that only the configuration names may well have no daemon yet.
            Err(err) if global.socket.is_none() && is_absent(&err) => Ok(None),
            Err(err) => Err(unreachable(&socket, &err)),
        };
    }
    let store = match config {
        Some(config) => Some(place::store(config)),
        None => presumed("store", "path"),
    };
    let store = Some(place::absolute(&store.unwrap_or_else(place::usual_store)));
    let config_file = config_file.map(place::absolute);
    for socket in place::usual_sockets(store.as_deref()) {
        let Ok(mut client) = Client::connect(&socket).await else {
            continue;
        };
        if is_meant(&mut client, store.as_ref(), config_file.as_ref()).await {
            return Ok(Some(client));
        }
    }
    Ok(None)
}

/// # Errors
/// When no daemon of this configuration runs.
pub async fn daemon_or_failure(
    global: &Global,
    config_file: Option<&Path>,
    config: Option<&Config>,
) -> Result<Client, Failure> {
    daemon(global, config_file, config).await?.ok_or_else(|| {
        Failure::new(
            "no daemon of this configuration is running here",
            "start one with `langbao run`, or name its socket with --socket",
        )
    })
}

/// The daemon of the configuration there is, if only as far as it can be read: a file that is bad now is
/// no reason not to find the daemon that refuses it.
///
/// # Errors
/// As [`daemon_or_failure`].
pub async fn daemon_whatever_the_file(global: &Global) -> Result<Client, Failure> {
    let path = place::config_file(global).ok();
    let config = path
        .as_deref()
        .and_then(|path| place::load(path).ok())
        .map(|checked| checked.config);
    daemon_or_failure(global, path.as_deref(), config.as_ref()).await
}

async fn is_meant(
    client: &mut Client,
    store: Option<&PathBuf>,
    config_file: Option<&PathBuf>,
) -> bool {
    if client.ask(&Request::Hello).await.is_err() {
        return false;
    }
    match client.reply().await {
        Ok(Some(Reply::Hello(identity))) => {
            Some(&identity.store) == store || Some(&identity.config) == config_file
        }
        _ => false,
    }
}

fn is_absent(err: &io::Error) -> bool {
    matches!(
        err.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused
    )
}

fn unreachable(socket: &Path, err: &io::Error) -> Failure {
    let mend = match err.kind() {
        io::ErrorKind::PermissionDenied => "ask as the user the daemon runs as, or as root",
        _ => "start the daemon, or name the socket it uses with --socket",
    };
    Failure::new(
        format!("no daemon answers at {}: {err}", socket.display()),
        mend,
    )
}

/// The daemon went away, or speaks another version's language.
pub fn broken(err: &io::Error) -> Failure {
    Failure::new(
        format!("the daemon broke off: {err}"),
        "look at its log; is it of the same version as this command?",
    )
}
