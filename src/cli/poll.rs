//! `langbao poll [ID…]`: through the daemon where one runs on this store, by itself otherwise.

use std::path::Path;
use std::sync::Arc;

use super::{Exit, Failure, Global, check, connect, logging, parts, place, runtime, say};
use crate::admin::{Client, PollRequest, Polled, Reply, Request};
use crate::clock::{SharedClock, SystemClock};
use crate::core::config::Checked;
use crate::daemon;
use crate::daemon::owner::Owner;
use crate::store::StoreError;

/// New articles named for one source; the rest are counted.
const NAMED_MAX: usize = 50;

pub fn run(global: &Global, request: &PollRequest) -> Result<Exit, Failure> {
    let path = place::config_file(global)?;
    let checked = check::load(&path)?;
    runtime()?.block_on(poll(global, &path, checked, request))
}

async fn poll(
    global: &Global,
    path: &Path,
    checked: Checked,
    request: &PollRequest,
) -> Result<Exit, Failure> {
    let mut tally = Tally::default();
    match connect::daemon(global, Some(path), Some(&checked.config)).await? {
        Some(client) => through(client, request, &mut tally).await?,
        None => alone(global, checked, request, &mut tally).await?,
    }
    tally.print(request);
    Ok(tally.exit(request))
}

async fn through(
    mut client: Client,
    request: &PollRequest,
    tally: &mut Tally,
) -> Result<(), Failure> {
    let broken = |err: std::io::Error| connect::broken(&err);
    client
        .ask(&Request::Poll(request.clone()))
        .await
        .map_err(broken)?;
    loop {
        match client.reply().await.map_err(broken)? {
            Some(Reply::Polled(polled)) => tally.count(&polled),
            Some(Reply::Done) => return Ok(()),
            Some(Reply::Refused { errors }) => {
                return Err(Failure::new(errors.join("; "), "look at the daemon's log"));
            }
            Some(_) => {}
            None => {
                return Err(Failure::new(
                    "the daemon stopped",
                    "look at its log, then ask again",
                ));
            }
        }
    }
}

async fn alone(
    global: &Global,
    checked: Checked,
    request: &PollRequest,
    tally: &mut Tally,
) -> Result<(), Failure> {
    logging::init(global.log_format)?;
    let clock: SharedClock = Arc::new(SystemClock);
    let config = checked.config;
    let fetcher = Arc::new(parts::fetcher(&config, &clock)?);
    let folder = place::store(&config);
    let opened = match request.dry_run && !folder.exists() {
        // A store that is only looked at is not made: its identity would be fixed for good.
        true => parts::store_in_memory(&config, parts::now(&clock)),
        false => parts::store(&folder, &config, parts::now(&clock)),
    };
    let store = opened.map_err(|err| match err {
        StoreError::Held { .. } => Failure::new(
            format!("{err}, and no daemon answers for it"),
            "name the daemon's socket with --socket, or stop the process that holds the store",
        )
        .with(Exit::Held),
        other => other.into(),
    })?;
    let owner = Owner::open(store, config, parts::now(&clock))?;
    daemon::poll_once(owner, fetcher, clock, parts::seed(), request, |polled| {
        tally.count(&polled)
    })
    .await;
    Ok(())
}

#[derive(Debug, Default)]
struct Tally {
    sources: usize,
    failed: usize,
    new: usize,
    copies: usize,
    changed: usize,
}

impl Tally {
    fn count(&mut self, polled: &Polled) {
        self.sources += 1;
        self.failed += usize::from(!polled.ok);
        self.new += polled.new.len();
        self.copies += polled.copies;
        self.changed += polled.changed;
        print(polled);
    }

    fn print(&self, request: &PollRequest) {
        say(format_args!(
            "{} sources asked, {} failed: {} new, {} of them copies, {} changed{}",
            self.sources,
            self.failed,
            self.new,
            self.copies,
            self.changed,
            if request.dry_run {
                "; nothing was stored"
            } else {
                ""
            }
        ));
    }

    /// With sources named any failure counts, with none named only if all failed.
    fn exit(&self, request: &PollRequest) -> Exit {
        let no = match request.ids.is_empty() {
            true => self.sources > 0 && self.failed == self.sources,
            false => self.failed > 0,
        };
        if no { Exit::No } else { Exit::Done }
    }
}

fn print(polled: &Polled) {
    let Polled { id, outcome, .. } = polled;
    match &polled.detail {
        Some(detail) => say(format_args!("{id}: {outcome}: {detail}")),
        None => say(format_args!(
            "{id}: {outcome}: {} listed, {} new, {} changed, {} the same",
            polled.listed,
            polled.new.len(),
            polled.changed,
            polled.same
        )),
    }
    for new in polled.new.iter().take(NAMED_MAX) {
        let copy = if new.copy { " (a copy)" } else { "" };
        say(format_args!("  + {}{copy}", new.title));
        if let Some(url) = &new.url {
            say(format_args!("    {url}"));
        }
    }
    if polled.new.len() > NAMED_MAX {
        say(format_args!("  + {} more", polled.new.len() - NAMED_MAX));
    }
    if polled.held > 0 {
        say(format_args!(
            "  {} of them are held: see `langbao held`",
            polled.held
        ));
    }
    for problem in &polled.problems {
        say(format_args!("  ! {problem}"));
    }
}
