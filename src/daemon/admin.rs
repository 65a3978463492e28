//! The admin socket's side of the daemon: who may ask, and what is answered.

use std::io;
use std::os::unix::fs::MetadataExt;
use std::sync::Arc;

use serde_json::value::{RawValue, to_raw_value};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::unix::OwnedWriteHalf;
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{Semaphore, mpsc, oneshot, watch};
use tracing::{debug, warn};

use super::explain::{Ground, explain};
use super::owner::Published;
use super::{Command, LoadConfig, Reloaded, amend, poll, preview, status};
use crate::admin::{Amendment, Identity, PollRequest, Preview, REQUEST_BYTES_MAX, Reply, Request};
use crate::clock::SharedClock;
use crate::core::config::{Config, ConfigDiff};
use crate::core::review::{Review, Terms};
use crate::store::{StoreError, StoreReader};

/// Conversations at once.
const CONVERSATIONS_MAX: usize = 16;
/// How long a peer may take to ask.
const ASK_TIMEOUT: std::time::Duration = std::time::Duration::from_secs(10);
/// Lines of an export waiting to be taken.
const EXPORT_LINES_AHEAD: usize = 256;

/// What an answer is made from.
#[derive(Clone)]
pub struct Desk {
    pub(super) commands: mpsc::Sender<Command>,
    pub(super) reader: StoreReader,
    pub(super) served: watch::Receiver<Arc<Published>>,
    pub(super) load_config: LoadConfig,
    pub(super) clock: SharedClock,
    pub(super) identity: Identity,
}

/// Answers until `stop` resolves.
pub async fn serve(listener: UnixListener, desk: Desk, stop: impl Future<Output = ()>) {
    let conversations = Arc::new(Semaphore::new(CONVERSATIONS_MAX));
    tokio::pin!(stop);
    loop {
        let Ok(permit) = Arc::clone(&conversations).acquire_owned().await else {
            return;
        };
        let accepted = tokio::select! {
            () = &mut stop => return,
            accepted = listener.accept() => accepted,
        };
        let Ok((stream, _)) = accepted else {
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
            continue;
        };
        if let Err(why) = may_ask(&listener, &stream) {
            warn!(why, "somebody was turned away from the admin socket");
            continue;
        }
        let desk = desk.clone();
        tokio::spawn(async move {
            if let Err(err) = converse(stream, &desk).await {
                debug!(%err, "a conversation on the admin socket ended early");
            }
            drop(permit);
        });
    }
}

/// The owner of the socket, and root.
fn may_ask(listener: &UnixListener, stream: &UnixStream) -> Result<(), &'static str> {
    let peer = stream
        .peer_cred()
        .map_err(|_| "its credentials cannot be read")?;
    let address = listener
        .local_addr()
        .map_err(|_| "the socket has no address")?;
    let path = address.as_pathname().ok_or("the socket has no path")?;
    let owner = std::fs::metadata(path)
        .map_err(|_| "the socket is gone")?
        .uid();
    match peer.uid() {
        0 => Ok(()),
        uid if uid == owner => Ok(()),
        _ => Err("it is neither the owner nor root"),
    }
}

async fn converse(stream: UnixStream, desk: &Desk) -> io::Result<()> {
    let (read, mut write) = stream.into_split();
    let limit = u64::try_from(REQUEST_BYTES_MAX).unwrap_or(u64::MAX);
    let mut reader = BufReader::new(read.take(limit));
    let mut line = String::new();
    loop {
        line.clear();
        match tokio::time::timeout(ASK_TIMEOUT, reader.read_line(&mut line)).await?? {
            0 => return Ok(()),
            _ => answer(&line, desk, &mut write).await?,
        }
    }
}

async fn answer(line: &str, desk: &Desk, write: &mut OwnedWriteHalf) -> io::Result<()> {
    match serde_json::from_str::<Request>(line) {
        Ok(Request::Hello) => say(write, &Reply::Hello(desk.identity.clone())).await,
        Ok(Request::Poll(request)) => answer_poll(request, desk, write).await,
        Ok(Request::Status) => answer_status(desk, write).await,
        Ok(Request::Export) => answer_export(desk, write).await,
        Ok(Request::Reload) => answer_reload(desk, Consent::UpToALittle, write).await,
        Ok(Request::ReloadYes) => answer_reload(desk, Consent::Full, write).await,
        Ok(Request::Preview(terms)) => answer_preview(terms, desk, write).await,
        Ok(Request::Held) => answer_held(desk, write).await,
        Ok(Request::Amend(asked)) => answer_amend(asked, desk, write).await,
        Ok(Request::Explain { story }) => answer_explain(story, desk, write).await,
        Err(err) => refuse(write, format!("this request is not understood: {err}")).await,
    }
}

async fn say(write: &mut OwnedWriteHalf, reply: &Reply) -> io::Result<()> {
    let mut line = serde_json::to_vec(reply)?;
    line.push(b'\n');
    write.write_all(&line).await
}

async fn refuse(write: &mut OwnedWriteHalf, error: String) -> io::Result<()> {
    let errors = vec![error];
    say(write, &Reply::Refused { errors }).await
}

async fn answer_poll(
    request: PollRequest,
    desk: &Desk,
    write: &mut OwnedWriteHalf,
) -> io::Result<()> {
    let (replies, mut events) = mpsc::unbounded_channel();
    let command = Command::Poll { request, replies };
    if desk.commands.send(command).await.is_err() {
        return refuse(write, "the daemon is stopping".into()).await;
    }
    while let Some(event) = events.recv().await {
        say(write, &Reply::Polled(poll::polled(event))).await?;
    }
    say(write, &Reply::Done).await
}

async fn answer_status(desk: &Desk, write: &mut OwnedWriteHalf) -> io::Result<()> {
    let published = Arc::clone(&desk.served.borrow());
    let status = status::status(&desk.reader, &published)
        .map_err(|err| err.to_string())
        .and_then(|status| to_raw_value(&status).map_err(|err| err.to_string()));
    match status {
        Ok(raw) => {
            say(write, &Reply::Status(raw)).await?;
            say(write, &Reply::Done).await
        }
        Err(cause) => refuse(write, cause).await,
    }
}

async fn answer_explain(story: String, desk: &Desk, write: &mut OwnedWriteHalf) -> io::Result<()> {
    let published = Arc::clone(&desk.served.borrow());
    let (reader, now) = (desk.reader.clone(), desk.clock.now());
    let explained = tokio::task::spawn_blocking(move || {
        let ground = Ground {
            config: &published.config,
            roster: &published.roster,
            tagger: &published.tagger,
            mint: &published.mint,
            now,
        };
        let explained = explain(&reader, ground, &story).map_err(|err| err.to_string())?;
        to_raw_value(&explained).map_err(|err| err.to_string())
    });
    match explained.await {
        Ok(Ok(raw)) => {
            say(write, &Reply::Explained(raw)).await?;
            say(write, &Reply::Done).await
        }
        Ok(Err(cause)) => refuse(write, cause).await,
        Err(err) => refuse(write, format!("explaining failed: {err}")).await,
    }
}

async fn answer_export(desk: &Desk, write: &mut OwnedWriteHalf) -> io::Result<()> {
    let (lines, mut written) = mpsc::channel::<Box<RawValue>>(EXPORT_LINES_AHEAD);
    let reader = desk.reader.clone();
    let export = tokio::task::spawn_blocking(move || {
        reader.export(|line| {
            let raw = to_raw_value(&line).map_err(|err| StoreError::Read(err.to_string()))?;
            lines
                .blocking_send(raw)
                .map_err(|_| StoreError::Read("nobody takes the export".into()))
        })
    });
    while let Some(line) = written.recv().await {
        say(write, &Reply::Line(line)).await?;
    }
    match export.await {
        Ok(Ok(())) => say(write, &Reply::Done).await,
        Ok(Err(err)) => refuse(write, err.to_string()).await,
        Err(err) => refuse(write, format!("the export failed: {err}")).await,
    }
}

/// Reading the whole store is work for a thread of its own.
async fn of_the_store<T: Send + 'static>(
    desk: &Desk,
    ask: impl FnOnce(&StoreReader, &Published) -> Result<T, StoreError> + Send + 'static,
) -> Result<T, String> {
    let (reader, published) = (desk.reader.clone(), Arc::clone(&desk.served.borrow()));
    let asked = tokio::task::spawn_blocking(move || ask(&reader, &published));
    match asked.await {
        Ok(answer) => answer.map_err(|err| err.to_string()),
        Err(err) => Err(format!("looking it up failed: {err}")),
    }
}

async fn answer_preview(terms: Terms, desk: &Desk, write: &mut OwnedWriteHalf) -> io::Result<()> {
    let review = match Review::of(&terms) {
        Ok(review) => review,
        Err(bad) => {
            return refuse(write, format!("rule number {}: {}", bad.number, bad.cause)).await;
        }
    };
    let previewed = of_the_store(desk, move |reader, _| {
        preview::preview(reader, &review, &terms.rules)
    });
    match previewed.await {
        Ok(previewed) => {
            say(write, &Reply::Previewed(previewed)).await?;
            say(write, &Reply::Done).await
        }
        Err(cause) => refuse(write, cause).await,
    }
}

async fn answer_held(desk: &Desk, write: &mut OwnedWriteHalf) -> io::Result<()> {
    let held = of_the_store(desk, |reader, published| {
        amend::held(reader, &published.mint, &published.roster)
    });
    match held.await {
        Ok(held) => {
            say(write, &Reply::Held(held)).await?;
            say(write, &Reply::Done).await
        }
        Err(cause) => refuse(write, cause).await,
    }
}

async fn answer_amend(asked: Amendment, desk: &Desk, write: &mut OwnedWriteHalf) -> io::Result<()> {
    let (reply, amended) = oneshot::channel();
    let command = Command::Amend { asked, reply };
    if desk.commands.send(command).await.is_err() {
        return refuse(write, "the daemon is stopping".into()).await;
    }
    match amended.await {
        Ok(Ok(amended)) => {
            say(write, &Reply::Amended(amended)).await?;
            say(write, &Reply::Done).await
        }
        Ok(Err(why)) => refuse(write, why).await,
        Err(_) => refuse(write, "the daemon is stopping".into()).await,
    }
}

async fn answer_reload(
    desk: &Desk,
    consent: Consent,
    write: &mut OwnedWriteHalf,
) -> io::Result<()> {
    match reload(desk, consent).await {
        Some(Reloaded::InForce {
            diff,
            warnings,
            preview,
        }) => {
            let rules = preview.map(|preview| preview.lines());
            let reply = Reply::Reloaded {
                summary: [summary(&diff), rules.unwrap_or_default()].concat(),
                warnings: warnings.iter().map(ToString::to_string).collect(),
            };
            say(write, &reply).await?;
            say(write, &Reply::Done).await
        }
        Some(Reloaded::Refused(errors)) => say(write, &Reply::Refused { errors }).await,
        None => refuse(write, "the daemon is stopping".into()).await,
    }
}

/// How much a reload may hide.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Consent {
    /// Some stories; see [`preview::HIDDEN_PERCENT_MAX`].
    UpToALittle,
    Full,
}

/// Loads the configuration off the event loop, weighs its rules, then hands it to the owner.
async fn reload(desk: &Desk, consent: Consent) -> Option<Reloaded> {
    let load = Arc::clone(&desk.load_config);
    let (reader, published) = (desk.reader.clone(), Arc::clone(&desk.served.borrow()));
    let weighed = tokio::task::spawn_blocking(move || {
        let loaded = load();
        let preview = match &loaded {
            Ok(checked) => weigh(&checked.config, &published.config, &reader),
            Err(_) => Ok(None),
        };
        (loaded, preview)
    });
    let (loaded, preview) = weighed.await.ok()?;
    let (reply, reloaded) = oneshot::channel();
    let command = match preview {
        Ok(Some(preview)) if preview.needs_yes() && consent != Consent::Full => Command::Refuse {
            errors: [vec![preview.objection()], preview.lines()].concat(),
            reply,
        },
        Ok(preview) => Command::Reload {
            loaded: Box::new(loaded),
            preview,
            reply,
        },
        Err(cause) => Command::Refuse {
            errors: vec![cause],
            reply,
        },
    };
    desk.commands.send(command).await.ok()?;
    reloaded.await.ok()
}

/// What new rules or a new taxonomy would hide; none where both are as they were.
fn weigh(new: &Config, old: &Config, reader: &StoreReader) -> Result<Option<Preview>, String> {
    let (before, after) = (Terms::of(old), Terms::of(new));
    let same = before.rules == after.rules && before.topics == after.topics;
    if same || after.rules.is_empty() {
        return Ok(None);
    }
    let review = Review::of(&after).map_err(|bad| {
        format!(
            "rule number {} cannot be put to work: {}",
            bad.number, bad.cause
        )
    })?;
    preview::preview(reader, &review, &after.rules)
        .map(Some)
        .map_err(|err| err.to_string())
}

/// Reloads whenever a signal asks for it.
pub async fn reload_on_signal(mut signals: mpsc::Receiver<()>, desk: Desk) {
    while signals.recv().await.is_some() {
        let at = desk.clock.now();
        if reload(&desk, Consent::UpToALittle).await.is_none() {
            return;
        }
        debug!(%at, "reloaded by signal");
    }
}

fn summary(diff: &ConfigDiff) -> Vec<String> {
    let mut lines = Vec::new();
    let mut list = |what: &str, ids: Vec<String>| {
        if !ids.is_empty() {
            lines.push(format!("{what}: {}", ids.join(", ")));
        }
    };
    list(
        "added",
        diff.added.iter().map(ToString::to_string).collect(),
    );
    list(
        "removed",
        diff.removed.iter().map(ToString::to_string).collect(),
    );
    list(
        "changed",
        diff.changed
            .iter()
            .map(ToString::to_string)
            .chain(diff.settings.iter().map(|table| (*table).to_owned()))
            .collect(),
    );
    list(
        "renamed",
        diff.renamed
            .iter()
            .map(|(old, new)| format!("{old} to {new}"))
            .collect(),
    );
    list(
        "takes effect after a restart",
        diff.needs_restart
            .iter()
            .map(|key| (*key).to_owned())
            .collect(),
    );
    if lines.is_empty() {
        lines.push("nothing to change".to_owned());
    }
    lines
}
