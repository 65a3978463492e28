//! The one place where the time is read.

use std::sync::Arc;

use crate::core::model::Timestamp;

/// Where `now` comes from.
pub trait Clock: Send + Sync + 'static {
    fn now(&self) -> Timestamp;
}

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the one place that reads the clock"
    )]
    fn now(&self) -> Timestamp {
        Timestamp::from(chrono::DateTime::<chrono::Utc>::from(
            std::time::SystemTime::now(),
        ))
    }
}

/// A clock that many parts share.
pub type SharedClock = Arc<dyn Clock>;
