//! `langbao demo`: the daemon on a dozen simulated newsrooms, without a network.

pub mod newsrooms;

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::Path;
use std::sync::Arc;

use super::{Exit, Failure, Global, check, logging, parts, run as daemon, runtime, say};
use crate::clock::{SharedClock, SystemClock};
use newsrooms::Newsrooms;

const USUAL_PORT: u16 = 8080;

pub fn run(global: &Global) -> Result<Exit, Failure> {
    logging::init(global.log_format)?;
    let folder = tempfile::Builder::new()
        .prefix("langbao-demo-")
        .tempdir()
        .map_err(|err| {
            Failure::new(
                format!("no temporary folder: {err}"),
                "set TMPDIR to a folder that can be written",
            )
        })?;
    let shown = runtime()?.block_on(show(global, folder.path()));
    // The folder goes whatever happened; that it stays behind would be a failure of its own.
    let gone = folder.close().map_err(|err| {
        Failure::new(
            format!("the temporary folder could not be removed: {err}"),
            "remove it by hand",
        )
    });
    shown.and(gone).map(|()| Exit::Done)
}

async fn show(global: &Global, folder: &Path) -> Result<(), Failure> {
    let clock: SharedClock = Arc::new(SystemClock);
    let newsrooms = Newsrooms::start(parts::seed(), parts::now(&clock))
        .await
        .map_err(|err| {
            Failure::new(
                format!("the newsrooms cannot listen on loopback: {err}"),
                "look at the machine's network",
            )
        })?;
    let port = free_port()?;
    let config_file = folder.join("feeds.toml");
    let text = feeds_toml(port, folder, &newsrooms.sources_toml());
    std::fs::write(&config_file, text).map_err(|err| {
        Failure::new(
            format!("{} cannot be written: {err}", config_file.display()),
            "free the disk",
        )
    })?;
    let checked = check::load(&config_file)?;
    let count = newsrooms.count();
    // The demo's own places, whatever the environment names.
    let global = Global {
        config: Some(config_file.clone()),
        socket: Some(folder.join("admin.sock")),
        ..global.clone()
    };
    let ready = || announce(port, count, &config_file);
    daemon::serve(&global, &config_file, checked, ready).await?;
    newsrooms.shutdown().await;
    Ok(())
}

fn announce(port: u16, count: usize, config_file: &Path) -> Result<(), Failure> {
    say(format_args!(
        "{count} newsrooms are on the air; open http://127.0.0.1:{port}/"
    ));
    say(format_args!(
        "the merged feed: http://127.0.0.1:{port}/feed.atom"
    ));
    say(format_args!("the configuration: {}", config_file.display()));
    say(format_args!("Ctrl-C ends it and removes everything"));
    Ok(())
}

fn feeds_toml(port: u16, folder: &Path, sources: &str) -> String {
    let store = folder.join("data");
    format!(
        r#"[server]
listen = ["127.0.0.1:{port}"]
base_url = "http://127.0.0.1:{port}/"

[store]
path = {store:?}

[fetch]
allow_private = ["127.0.0.0/8"]
host_interval = "0s"

[schedule]
min_interval = "15s"
max_interval = "60s"

[feed]
title = "Làng báo – bản trình diễn"
subtitle = "Mười hai toà soạn mô phỏng trên chính máy này"

{sources}"#
    )
}

/// 8080, or any when that is taken.
fn free_port() -> Result<u16, Failure> {
    let bind = |port| TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port)));
    bind(USUAL_PORT)
        .or_else(|_| bind(0))
        .and_then(|listener| listener.local_addr())
        .map(|address| address.port())
        .map_err(|err| {
            Failure::new(
                format!("no port on loopback is free: {err}"),
                "look at the machine's network",
            )
        })
}
