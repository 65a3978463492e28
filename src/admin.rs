//! The admin socket's language: one JSON line asks, JSON lines answer.
//!
//! The socket is a Unix socket of mode 0600; whoever may open it and is its owner or root may ask. Both
//! sides live here: the types, and the client that `langbao poll`, `status`, `export` and `reload` use.

use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::net::UnixStream;

use crate::core::review::Terms;

/// A request longer than this is refused.
pub const REQUEST_BYTES_MAX: usize = 8 * 1024 * 1024;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Request {
    /// Which store and which configuration this daemon works on.
    Hello,
    Poll(PollRequest),
    Status,
    Export,
    /// Refused where the new rules would hide much.
    Reload,
    /// Whatever the new rules hide.
    ReloadYes,
    /// What these rules would touch of what is stored.
    Preview(Terms),
    Held,
    Amend(Amendment),
    /// Why a story is as it is: its id, its address, or the address of one of its articles.
    Explain {
        story: String,
    },
}

/// What an operator asks of one story.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Amendment {
    /// An id, or an address.
    pub story: String,
    pub deed: Deed,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Deed {
    Retract,
    UndoRetract,
    Release,
}

/// By which a client tells whether a daemon is the one it means.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// The store's folder, absolute.
    pub store: PathBuf,
    /// The configuration's main file, absolute.
    pub config: PathBuf,
}

/// What `langbao poll` asks for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PollRequest {
    /// None: all that are polled.
    pub ids: Vec<String>,
    /// Even inside a Retry-After.
    pub force: bool,
    /// Fetch and decide, store nothing.
    pub dry_run: bool,
}

/// One line of an answer; `Done` or `Refused` is the last.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reply {
    Hello(Identity),
    Polled(Polled),
    Status(Box<serde_json::value::RawValue>),
    /// The explanation, or `null` where there is no such story.
    Explained(Box<serde_json::value::RawValue>),
    /// A line of an export, as it is.
    Line(Box<serde_json::value::RawValue>),
    Reloaded {
        summary: Vec<String>,
        warnings: Vec<String>,
    },
    Previewed(Preview),
    Held(HeldList),
    Amended(Amended),
    Refused {
        errors: Vec<String>,
    },
    Done,
}

/// What rules would make of what is stored.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Preview {
    /// Stories looked at: all, or the last ones where there are many.
    pub looked_at: u64,
    pub is_whole: bool,
    /// Of these visible now, and of the visible ones no longer so under the rules.
    pub visible: u64,
    pub hidden: u64,
    pub rules: Vec<RulePreview>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RulePreview {
    /// Counted from 1, in the order of the file.
    pub number: u32,
    /// What it does and what it looks at: `drop by title`.
    pub what: String,
    /// Stored stories with an article it acts on.
    pub touched: u64,
    /// Visible stories that it is the last to hide.
    pub hidden: u64,
}

/// What waits for an operator.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldList {
    /// The last taken in first.
    pub articles: Vec<HeldArticle>,
    /// All of them, those not listed included.
    pub total: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldArticle {
    /// What follows the last colon of its story's id.
    pub story: String,
    pub title: String,
    pub url: Option<String>,
    pub source: String,
    /// When it was taken in, RFC 3339.
    pub since: String,
    /// `rule 2`, `flood`.
    pub why: String,
}

/// What was done to a story.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Amended {
    /// What follows the last colon of its id.
    pub story: String,
    pub title: String,
    /// Articles it concerned.
    pub articles: usize,
}

/// What came of asking one source.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Polled {
    pub id: String,
    /// `read`, `unchanged`, a fault's name, or `skipped`.
    pub outcome: String,
    /// Whether the source answered as it should.
    pub ok: bool,
    /// Why it was skipped or what failed.
    pub detail: Option<String>,
    pub listed: usize,
    pub new: Vec<PolledArticle>,
    pub changed: usize,
    pub same: usize,
    pub copies: usize,
    /// New articles that wait for an operator.
    #[serde(default)]
    pub held: usize,
    pub problems: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolledArticle {
    pub title: String,
    pub url: Option<String>,
    /// Whether it joined a story that another source carries already.
    pub copy: bool,
}

/// An open conversation with a daemon.
pub struct Client {
    path: PathBuf,
    lines: Lines<BufReader<UnixStream>>,
}

impl Client {
    /// # Errors
    /// When nobody listens at `path`, or it may not be opened.
    pub async fn connect(path: &Path) -> io::Result<Client> {
        let stream = UnixStream::connect(path).await?;
        Ok(Client {
            path: path.to_owned(),
            lines: BufReader::new(stream).lines(),
        })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// # Errors
    /// When the daemon is gone.
    pub async fn ask(&mut self, request: &Request) -> io::Result<()> {
        let mut line = serde_json::to_vec(request)?;
        line.push(b'\n');
        let stream = self.lines.get_mut().get_mut();
        stream.write_all(&line).await?;
        stream.flush().await
    }

    /// The next line of the answer; none when the daemon closed the conversation.
    ///
    /// # Errors
    /// When the line is not one this version knows.
    pub async fn reply(&mut self) -> io::Result<Option<Reply>> {
        match self.lines.next_line().await? {
            Some(line) => Ok(Some(serde_json::from_str(&line)?)),
            None => Ok(None),
        }
    }
}
