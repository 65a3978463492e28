//! Where log lines go: standard error, as text or JSON, or the journal.

use std::io::IsTerminal;

use clap::ValueEnum;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use super::Failure;

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// A line for people
    #[default]
    Text,
    /// A JSON object a line
    Json,
    /// The journal's own protocol, fields kept apart
    Journald,
}

/// # Errors
/// When the journal is asked for and not there.
pub fn init(format: Format) -> Result<(), Failure> {
    let filter =
        EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("warn,langbao=info"));
    let registry = tracing_subscriber::registry().with(filter);
    let text = tracing_subscriber::fmt::layer()
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .with_target(false);
    // A second initialisation in one process keeps the first.
    let _ = match format {
        Format::Text => registry.with(text).try_init(),
        Format::Json => registry.with(text.json().with_ansi(false)).try_init(),
        Format::Journald => {
            let journal = tracing_journald::layer().map_err(|err| {
                Failure::new(
                    format!("the journal cannot be reached: {err}"),
                    "use --log-format text where no systemd-journald runs",
                )
            })?;
            registry.with(journal).try_init()
        }
    };
    Ok(())
}
