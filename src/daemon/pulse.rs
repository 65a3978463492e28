//! The daemon's sign of life to its supervisor: given by the event loop itself, after the store answered.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tracing::warn;

use super::owner::Owner;
use crate::core::model::Health;
use crate::core::state;
use crate::systemd::Supervisor;

/// The status line is made anew at most this often.
const STATUS_INTERVAL: Duration = Duration::from_secs(2);

pub struct Pulse {
    pub supervisor: Arc<dyn Supervisor>,
    alive_every: Option<Duration>,
    beaten_at: Option<Instant>,
    told_at: Option<Instant>,
}

impl Pulse {
    pub fn new(supervisor: Arc<dyn Supervisor>) -> Pulse {
        Pulse {
            alive_every: supervisor.alive_every(),
            supervisor,
            beaten_at: None,
            told_at: None,
        }
    }

    /// Called whenever the loop comes round; how long it may sleep before it must come round again.
    pub fn beat(&mut self, owner: &Owner) -> Duration {
        let nap = self.tell(owner);
        let Some(every) = self.alive_every else {
            return nap;
        };
        if self.beaten_at.is_none_or(|at| at.elapsed() >= every / 2) {
            match owner.reader().numbers() {
                Ok(_) => {
                    self.supervisor.alive();
                    self.beaten_at = Some(Instant::now());
                }
                Err(err) => warn!(%err, "the store does not answer: the watchdog goes unfed"),
            }
        }
        nap.min(every / 2)
    }

    /// Brings the status line up to date; how soon it may be brought up to date again.
    fn tell(&mut self, owner: &Owner) -> Duration {
        let told_for = self.told_at.map_or(Duration::MAX, |at| at.elapsed());
        if told_for < STATUS_INTERVAL {
            return STATUS_INTERVAL.saturating_sub(told_for);
        }
        self.told_at = Some(Instant::now());
        self.supervisor.status(&line(owner));
        Duration::MAX
    }
}

/// What `systemctl status` shows.
fn line(owner: &Owner) -> String {
    let published = owner.published();
    if let Some(cause) = &published.degraded {
        return format!("degraded, nothing is polled: {cause}");
    }
    let polled = owner
        .configured_sources()
        .filter(|(_, source)| state::is_polled(source));
    let states: Vec<Health> = polled
        .filter_map(|(no, _)| owner.state().source(no))
        .map(|state| state.health())
        .collect();
    let count = |health: Health| states.iter().filter(|state| **state == health).count();
    let mut line = format!(
        "{} sources: {} ok, {} failing, {} not asked yet",
        states.len(),
        count(Health::Ok) + count(Health::Suspect),
        count(Health::Failing) + count(Health::Gone),
        count(Health::New)
    );
    if let Some(first) = published.config_errors.first() {
        line.push_str(&format!("; the configuration on disk is refused: {first}"));
    }
    line
}
