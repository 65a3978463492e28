//! `langbao export`: the whole store as JSON Lines on standard output.

use std::io::{BufWriter, Write};
use std::sync::Arc;

use super::{Exit, Failure, Global, check, connect, parts, place, runtime};
use crate::admin::{Client, Reply, Request};
use crate::clock::{SharedClock, SystemClock};
use crate::core::config::Config;
use crate::store::StoreError;

pub fn run(global: &Global) -> Result<Exit, Failure> {
    let path = place::config_file(global)?;
    let checked = check::load(&path)?;
    let config = checked.config;
    runtime()?.block_on(async {
        match connect::daemon(global, Some(&path), Some(&config)).await? {
            Some(client) => through(client).await,
            None => alone(&config),
        }
    })?;
    Ok(Exit::Done)
}

async fn through(mut client: Client) -> Result<(), Failure> {
    client
        .ask(&Request::Export)
        .await
        .map_err(|err| connect::broken(&err))?;
    let mut out = BufWriter::new(std::io::stdout().lock());
    loop {
        match client.reply().await.map_err(|err| connect::broken(&err))? {
            Some(Reply::Line(line)) => writeln!(out, "{}", line.get()).map_err(|err| cut(&err))?,
            Some(Reply::Done) => return out.flush().map_err(|err| cut(&err)),
            Some(Reply::Refused { errors }) => {
                return Err(Failure::new(
                    errors.join("; "),
                    "this export is not whole: make another",
                ));
            }
            Some(_) => {}
            None => {
                return Err(Failure::new(
                    "the daemon stopped",
                    "this export is not whole: make another",
                ));
            }
        }
    }
}

fn alone(config: &Config) -> Result<(), Failure> {
    let folder = place::store(config);
    if !folder.exists() {
        return Err(Failure::new(
            format!("there is no store at {}", folder.display()),
            "set store.path, or name the daemon's socket with --socket",
        ));
    }
    let clock: SharedClock = Arc::new(SystemClock);
    let store = parts::store(&folder, config, parts::now(&clock))?;
    let mut out = BufWriter::new(std::io::stdout().lock());
    store.export(|line| {
        let text = serde_json::to_string(&line).map_err(|err| StoreError::Read(err.to_string()))?;
        writeln!(out, "{text}").map_err(|err| StoreError::Write(err.to_string()))
    })?;
    out.flush().map_err(|err| cut(&err))
}

fn cut(err: &std::io::Error) -> Failure {
    Failure::new(
        format!("standard output cannot be written: {err}"),
        "this export is not whole: make another",
    )
}
