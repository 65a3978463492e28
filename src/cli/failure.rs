//! What a command ends with: a status, and for a failure a line of cause and one of mend.

use std::fmt;
use std::process::ExitCode;

use crate::store::StoreError;

/// SPEC section 2's exit statuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    Done,
    /// The answer is no; or the command could not do its work.
    No,
    /// `EX_TEMPFAIL`: the store is held by another process.
    Held,
    /// `EX_CONFIG`: `run` with a bad configuration.
    Config,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(match exit {
            Exit::Done => 0,
            Exit::No => 1,
            Exit::Held => 75,
            Exit::Config => 78,
        })
    }
}

/// Why a command could not do its work, and what mends it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    exit: Exit,
    cause: String,
    mend: String,
}

impl Failure {
    /// One clause each, without a full stop.
    pub fn new(cause: impl Into<String>, mend: impl Into<String>) -> Failure {
        Failure {
            exit: Exit::No,
            cause: cause.into(),
            mend: mend.into(),
        }
    }

    pub fn with(self, exit: Exit) -> Failure {
        Failure { exit, ..self }
    }

    pub fn exit(&self) -> Exit {
        self.exit
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "langbao: {}", self.cause)?;
        writeln!(f, "  mend: {}", self.mend)
    }
}

impl From<StoreError> for Failure {
    fn from(err: StoreError) -> Failure {
        let cause = err.to_string();
        let (exit, mend) = match &err {
            StoreError::Held { .. } => (
                Exit::Held,
                "stop the other langbao, or give this one a store of its own in store.path"
                    .to_owned(),
            ),
            StoreError::Folder { path, .. } => (
                Exit::No,
                format!(
                    "make {} a folder that this user may write, or set store.path",
                    path.display()
                ),
            ),
            StoreError::Open { path, .. } => (
                Exit::No,
                format!(
                    "`langbao import --aside` puts {} aside and reads the last export or snapshot",
                    path.display()
                ),
            ),
            StoreError::Lost { .. } => (
                Exit::No,
                "start `langbao run`, which puts it aside and goes on, or read the last export or snapshot with `langbao import --aside`"
                    .to_owned(),
            ),
            StoreError::Newer { .. } => (
                Exit::No,
                "run the langbao that wrote it, or import its export into a new store".to_owned(),
            ),
            StoreError::Read(_) | StoreError::Write(_) => (
                Exit::No,
                "look at the disk: is it full, is it failing?".to_owned(),
            ),
            StoreError::Damaged { .. } => (
                Exit::No,
                "read the last export or snapshot with `langbao import --aside`".to_owned(),
            ),
            StoreError::HalfImported => (
                Exit::No,
                "import the whole export again, with --aside".to_owned(),
            ),
            StoreError::NotEmpty => (
                Exit::No,
                "set store.path to a folder that is not there yet, or replace the store with --aside"
                    .to_owned(),
            ),
        };
        Failure { exit, cause, mend }
    }
}
