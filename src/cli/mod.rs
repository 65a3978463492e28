//! The commands of `langbao`: arguments in, an exit status out.
//!
//! One file per command. Each says what it needs of the configuration, the store and the daemon, and
//! puts failures into one line of cause and one of mend; none of them decides anything about news.

mod amend;
mod check;
mod connect;
mod demo;
mod explain;
mod export;
mod failure;
mod import;
mod logging;
mod parts;
mod place;
mod poll;
mod probe;
mod reload;
mod run;
mod status;
mod watch;

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

pub use failure::{Exit, Failure};

use crate::admin::{Amendment, Deed};

/// A feed aggregator for provincial news: many newsrooms in, one merged, tagged feed out.
#[derive(Debug, Parser)]
#[command(
    name = "langbao",
    version,
    // What SPEC does not name is not listed; `--help` does the same.
    disable_help_subcommand = true,
    after_help = "Example:\n  langbao demo        the whole thing, without network\n  langbao run         the daemon, with ./feeds.toml"
)]
struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Clone, Args)]
struct Global {
    /// The configuration [default: $LANGBAO_CONFIG, ./feeds.toml, /etc/langbao/feeds.toml]
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The daemon's admin socket [default: admin_socket, $RUNTIME_DIRECTORY/admin.sock, /run/langbao/admin.sock, the store's folder]
    #[arg(long, global = true, value_name = "PATH")]
    socket: Option<PathBuf>,
    /// How log lines are written to standard error; RUST_LOG chooses which
    #[arg(
        long,
        global = true,
        value_enum,
        default_value_t,
        value_name = "FORMAT"
    )]
    log_format: logging::Format,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the daemon (also without any command)
    #[command(after_help = "Example:\n  langbao run --config /etc/langbao/feeds.toml")]
    Run,
    /// Show everything at work without network: a dozen simulated newsrooms and the daemon on them
    #[command(after_help = "Example:\n  langbao demo")]
    Demo,
    /// Validate the configuration: every mistake with its place and a hint
    #[command(after_help = "Example:\n  langbao check feeds.toml")]
    Check {
        /// The file to check [default: the configuration]
        file: Option<PathBuf>,
    },
    /// Look at an address as the daemon would: its feeds or its listing, the entries, a block for feeds.toml
    #[command(after_help = "Example:\n  langbao probe https://baobacninh.example.vn/lang-nghe")]
    Probe {
        /// A feed, a page or a sitemap; https:// may be left out
        url: String,
    },
    /// Poll now, once, all sources or those named, and print what was new
    #[command(after_help = "Example:\n  langbao poll lang-nghe-viet --dry-run")]
    Poll {
        /// Ids of sources [default: all that are enabled]
        #[arg(value_name = "ID")]
        ids: Vec<String>,
        /// Ask even inside a Retry-After
        #[arg(long)]
        force: bool,
        /// Fetch and decide, store nothing
        #[arg(long)]
        dry_run: bool,
    },
    /// Have the daemon read its configuration again
    #[command(after_help = "Example:\n  langbao reload && journalctl -u langbao -n 5")]
    Reload {
        /// Even if its rules newly hide more than 5 % of the visible stories
        #[arg(long)]
        yes: bool,
    },
    /// Show the health of every source, as the running daemon sees it
    #[command(
        after_help = "Example:\n  langbao status --json | jq '.sources[] | select(.state == \"failing\")'"
    )]
    Status {
        /// The same as data: what /status.json serves
        #[arg(long)]
        json: bool,
        /// Show it again every two seconds until stopped
        #[arg(long)]
        watch: bool,
    },
    /// Take a story down, or bring it back within 30 days
    #[command(
        after_help = "Example:\n  langbao retract https://example.vn/tin/lo-gom-do-lua.html\n  langbao retract --undo k3x9q2wdpe-17"
    )]
    Retract {
        /// What follows the last colon of its id, the whole id, its address or any copy's
        #[arg(value_name = "ID")]
        story: String,
        /// Bring it back
        #[arg(long)]
        undo: bool,
    },
    /// List what a rule or a flood bound holds
    #[command(after_help = "Example:\n  langbao held")]
    Held,
    /// Let go what is held of a story
    #[command(after_help = "Example:\n  langbao release k3x9q2wdpe-17")]
    Release {
        /// What follows the last colon of its id, the whole id, its address or any copy's
        #[arg(value_name = "ID")]
        story: String,
    },
    /// Show why a story has these copies and these tags: each score, each phrase
    #[command(after_help = "Example:\n  langbao explain k3x9q2wd-17 --json | jq '.near_misses'")]
    Explain {
        /// The story's id, its address, or the address of one of its articles
        story: String,
        /// The same as data
        #[arg(long)]
        json: bool,
    },
    /// Write the whole store to standard output as JSON Lines
    #[command(after_help = "Example:\n  langbao export | zstd > langbao.jsonl.zst")]
    Export,
    /// Read an export or a snapshot from standard input into an empty store; ids stay the same
    #[command(after_help = "Example:\n  langbao import < langbao.jsonl.zst")]
    Import {
        /// Put the store that is there aside first, whatever its state
        #[arg(long)]
        aside: bool,
    },
}

/// Runs the command that `args` name; the process's exit status.
pub fn run(args: impl IntoIterator<Item = std::ffi::OsString>) -> ExitCode {
    let cli = match Cli::try_parse_from(args) {
        Ok(cli) => cli,
        Err(err) => {
            // To standard output for --help and --version, to standard error otherwise.
            let _ = err.print();
            let usage = u8::try_from(err.exit_code()).unwrap_or(2);
            return ExitCode::from(usage);
        }
    };
    match dispatch(cli) {
        Ok(exit) => exit.into(),
        Err(failure) => {
            let _ = write!(std::io::stderr(), "{failure}");
            failure.exit().into()
        }
    }
}

fn dispatch(cli: Cli) -> Result<Exit, Failure> {
    let global = &cli.global;
    match cli.command.unwrap_or(Command::Run) {
        Command::Run => run::run(global),
        Command::Demo => demo::run(global),
        Command::Check { file } => check::run(global, file),
        Command::Poll {
            ids,
            force,
            dry_run,
        } => {
            let request = crate::admin::PollRequest {
                ids,
                force,
                dry_run,
            };
            poll::run(global, &request)
        }
        Command::Probe { url } => probe::run(global, &url),
        Command::Reload { yes } => reload::run(global, yes),
        Command::Status { json, watch } => status::run(global, json, watch),
        Command::Retract { story, undo } => {
            let deed = match undo {
                true => Deed::UndoRetract,
                false => Deed::Retract,
            };
            amend::run(global, Amendment { story, deed })
        }
        Command::Held => amend::held(global),
        Command::Release { story } => {
            let deed = Deed::Release;
            amend::run(global, Amendment { story, deed })
        }
        Command::Explain { story, json } => explain::run(global, &story, json),
        Command::Export => export::run(global),
        Command::Import { aside } => import::run(global, aside),
    }
}

/// Writes a line to standard output; a reader that went away is no failure of ours.
fn say(line: std::fmt::Arguments<'_>) {
    let _ = writeln!(std::io::stdout(), "{line}");
}

/// A runtime for one command.
fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|err| {
            Failure::new(
                format!("the runtime does not start: {err}"),
                "raise the limits on threads and files",
            )
        })
}
