//! `langbao run`: the daemon.

use std::path::Path;
use std::sync::Arc;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc;
use tracing::{info, warn};

use super::{Exit, Failure, Global, check, logging, parts, place, runtime, watch};
use crate::admin::Identity;
use crate::clock::{SharedClock, SystemClock};
use crate::core::config::{Checked, Listen};
use crate::daemon::owner::Owner;
use crate::daemon::{self, Parts};
use crate::systemd::{Supervisor, Systemd};

pub fn run(global: &Global) -> Result<Exit, Failure> {
    logging::init(global.log_format)?;
    let path = place::config_file(global)?;
    let checked = check::load(&path).map_err(|failure| failure.with(Exit::Config))?;
    for warning in &checked.warnings {
        warn!("{warning}");
    }
    runtime()?.block_on(serve(global, &path, checked, || Ok(())))?;
    Ok(Exit::Done)
}

/// Opens, binds and runs until a signal; `ready` is called when everything stands.
pub async fn serve(
    global: &Global,
    config_file: &Path,
    checked: Checked,
    ready: impl FnOnce() -> Result<(), Failure>,
) -> Result<(), Failure> {
    let config = checked.config;
    let clock: SharedClock = Arc::new(SystemClock);
    let folder = place::store(&config);
    let fetcher = Arc::new(parts::fetcher(&config, &clock)?);
    // A store is made only when the rest stands: what it is minted with is fixed for good.
    let open = || parts::store_or_new(&folder, &config, parts::now(&clock));
    let (listeners, (store, warning)) = if folder.exists() {
        let opened = open()?;
        (parts::listeners(&config).await?, opened)
    } else {
        (parts::listeners(&config).await?, open()?)
    };
    let socket = place::own_socket(global, &config, &folder);
    let admin = parts::unix(&socket, 0o600).await?;
    let limits = parts::limits(&config);
    let (reload, reloads) = mpsc::channel(1);
    let shutdown = signals(reload.clone())?;
    tokio::spawn(watch::watch(config_file.to_owned(), reload));
    let listening = listening(&config.server.listen);
    let supervisor = Arc::new(Systemd::default());
    let mut owner = Owner::open(store, config, parts::now(&clock))?;
    if let Some(warning) = warning {
        owner.warn(warning);
    }
    let identity = Identity {
        store: place::absolute(&folder),
        config: place::absolute(config_file),
    };
    info!(
        listening, store = %folder.display(), socket = %socket.display(),
        sources = owner.configured_sources().count(), "langbao {} is up", env!("CARGO_PKG_VERSION")
    );
    supervisor.ready();
    ready()?;
    let parts = Parts {
        owner,
        fetcher,
        refit: Box::new(|fetcher, config| {
            fetcher
                .renewed(parts::fetcher_rules(config))
                .map_err(|err| err.to_string())
        }),
        clock,
        listeners,
        admin: Some(admin),
        load_config: place::loader(config_file.to_owned()),
        identity,
        reloads,
        limits,
        snapshots_in: Some(folder),
        supervisor,
        seed: parts::seed(),
    };
    daemon::run(parts, shutdown).await;
    // The sockets go with the process that made them.
    let _ = std::fs::remove_file(&socket);
    Ok(())
}

fn listening(listen: &[Listen]) -> String {
    let all: Vec<String> = listen
        .iter()
        .map(|listen| match listen {
            Listen::Tcp(address) => format!("http://{address}/"),
            Listen::Unix(path) => format!("unix:{}", path.display()),
        })
        .collect();
    all.join(" ")
}

/// SIGHUP reloads; the future resolves at SIGTERM or SIGINT.
fn signals(reload: mpsc::Sender<()>) -> Result<impl Future<Output = ()> + Send, Failure> {
    let on = |kind: SignalKind| -> Result<Signal, Failure> {
        signal(kind).map_err(|err| {
            Failure::new(
                format!("signals cannot be received: {err}"),
                "this is a fault of the machine",
            )
        })
    };
    let mut hangup = on(SignalKind::hangup())?;
    let mut terminate = on(SignalKind::terminate())?;
    let mut interrupt = on(SignalKind::interrupt())?;
    tokio::spawn(async move {
        while hangup.recv().await.is_some() {
            // A reload that is asked for already will see this change too.
            let _ = reload.try_send(());
        }
    });
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}
