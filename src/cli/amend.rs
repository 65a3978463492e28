//! `langbao retract`, `held` and `release`: through the daemon where one runs on this store, on the store
//! itself otherwise.

use std::path::Path;
use std::sync::Arc;

use super::{Exit, Failure, Global, check, connect, parts, place, runtime, say};
use crate::admin::{Amended, Amendment, Client, Deed, HeldList, Reply, Request};
use crate::clock::{SharedClock, SystemClock};
use crate::core::config::Config;
use crate::daemon::amend;
use crate::daemon::owner::Owner;
use crate::store::Marker;

pub fn run(global: &Global, asked: Amendment) -> Result<Exit, Failure> {
    let path = place::config_file(global)?;
    let config = check::load(&path)?.config;
    let through = with_daemon(global, &path, &config, &Request::Amend(asked.clone()))?;
    let amended = match through {
        Some(Reply::Amended(amended)) => amended,
        Some(_) => return Err(misunderstood()),
        None => {
            let (mut owner, clock) = alone(&path, config)?;
            amend::amend(&mut owner, &asked, parts::now(&clock)).map_err(refused)?
        }
    };
    say(format_args!("{}", told(asked.deed, &amended)));
    Ok(Exit::Done)
}

pub fn held(global: &Global) -> Result<Exit, Failure> {
    let path = place::config_file(global)?;
    let config = check::load(&path)?.config;
    let list = match with_daemon(global, &path, &config, &Request::Held)? {
        Some(Reply::Held(list)) => list,
        Some(_) => return Err(misunderstood()),
        None => {
            let (owner, _) = alone(&path, config)?;
            let published = owner.published();
            amend::held(&owner.reader(), &published.mint, &published.roster)?
        }
    };
    print(&list);
    Ok(Exit::Done)
}

fn told(deed: Deed, amended: &Amended) -> String {
    let Amended {
        story,
        title,
        articles,
    } = amended;
    match deed {
        Deed::Retract => format!("retracted {story}: {title}"),
        Deed::UndoRetract => format!("brought back {story}: {title}"),
        Deed::Release => format!("released {story}, {articles} articles: {title}"),
    }
}

fn print(list: &HeldList) {
    for held in &list.articles {
        say(format_args!(
            "{}  {}  {}  {}  {}",
            held.story, held.since, held.source, held.why, held.title
        ));
        if let Some(url) = &held.url {
            say(format_args!("    {url}"));
        }
    }
    let listed = u64::try_from(list.articles.len()).unwrap_or(u64::MAX);
    let more = match list.total.saturating_sub(listed) {
        0 => String::new(),
        more => format!(", {more} of them not listed"),
    };
    say(format_args!("{} articles are held{more}", list.total));
}

/// The answer of the daemon of this configuration; none where no daemon runs.
fn with_daemon(
    global: &Global,
    path: &Path,
    config: &Config,
    request: &Request,
) -> Result<Option<Reply>, Failure> {
    runtime()?.block_on(async {
        match connect::daemon(global, Some(path), Some(config)).await? {
            Some(client) => ask(client, request).await.map(Some),
            None => Ok(None),
        }
    })
}

async fn ask(mut client: Client, request: &Request) -> Result<Reply, Failure> {
    let broken = |err: std::io::Error| connect::broken(&err);
    client.ask(request).await.map_err(broken)?;
    match client.reply().await.map_err(broken)? {
        Some(Reply::Refused { errors }) => Err(refused(errors.join("; "))),
        Some(reply) => Ok(reply),
        None => Err(Failure::new("the daemon stopped", "ask again")),
    }
}

/// The store itself, of which there must be one.
fn alone(config_file: &Path, config: Config) -> Result<(Owner, SharedClock), Failure> {
    let folder = place::store(&config);
    if !Marker::read(&folder).is_ok_and(|marker| marker.is_some()) {
        return Err(Failure::new(
            format!("there is no store at {}", folder.display()),
            format!(
                "set store.path in {}, or name the daemon's socket with --socket",
                config_file.display()
            ),
        ));
    }
    let clock: SharedClock = Arc::new(SystemClock);
    let store = parts::store(&folder, &config, parts::now(&clock))?;
    let owner = Owner::open(store, config, parts::now(&clock))?;
    Ok((owner, clock))
}

fn refused(why: String) -> Failure {
    Failure::new(
        why,
        "the id is what follows the last colon of the story's id; the address of a copy does too",
    )
}

fn misunderstood() -> Failure {
    Failure::new(
        "the daemon's answer is not understood",
        "use the command of the daemon's version",
    )
}
