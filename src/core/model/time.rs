use std::fmt;
use std::time::Duration;

use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Deserialize, Serialize};

/// A moment, in milliseconds since 1970-01-01T00:00:00Z.
///
/// Dates that sources state are whole seconds; schedules use the milliseconds. Values are kept inside
/// the years 1 to 9999, so that every one of them can be written as RFC 3339.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Timestamp(i64);

/// 0001-01-01T00:00:00Z and 9999-12-31T23:59:59.999Z, in milliseconds.
const BOUNDS_MS: (i64, i64) = (-62_135_596_800_000, 253_402_300_799_999);

impl Timestamp {
    pub const EPOCH: Timestamp = Timestamp(0);
    /// The beginning of year 1: before everything.
    pub const MIN: Timestamp = Timestamp(BOUNDS_MS.0);

    /// Clamped to the years 1 to 9999.
    pub fn from_millis(ms: i64) -> Timestamp {
        Timestamp(ms.clamp(BOUNDS_MS.0, BOUNDS_MS.1))
    }

    pub fn from_secs(secs: i64) -> Timestamp {
        Timestamp::from_millis(secs.saturating_mul(1000))
    }

    pub fn millis(self) -> i64 {
        self.0
    }

    /// Whole seconds, rounded towards the past.
    pub fn secs(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// The second this moment lies in: the grain at which dates are published.
    pub fn floor_to_second(self) -> Timestamp {
        Timestamp::from_secs(self.secs())
    }

    /// How long after `earlier` this is; zero when it is not after.
    pub fn since(self, earlier: Timestamp) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    pub fn to_datetime(self) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(self.0).unwrap_or_default()
    }

    /// RFC 3339 in UTC with whole seconds: `2026-11-22T01:30:00Z`.
    pub fn rfc3339(self) -> String {
        self.to_datetime()
            .to_rfc3339_opts(SecondsFormat::Secs, true)
    }

    /// RFC 9110 IMF-fixdate: `Sun, 22 Nov 2026 01:30:00 GMT`.
    pub fn http_date(self) -> String {
        self.to_datetime()
            .format("%a, %d %b %Y %H:%M:%S GMT")
            .to_string()
    }
}

impl std::ops::Add<Duration> for Timestamp {
    type Output = Timestamp;

    fn add(self, span: Duration) -> Timestamp {
        let ms = i64::try_from(span.as_millis()).unwrap_or(i64::MAX);
        Timestamp::from_millis(self.0.saturating_add(ms))
    }
}

impl std::ops::Sub<Duration> for Timestamp {
    type Output = Timestamp;

    fn sub(self, span: Duration) -> Timestamp {
        let ms = i64::try_from(span.as_millis()).unwrap_or(i64::MAX);
        Timestamp::from_millis(self.0.saturating_sub(ms))
    }
}

impl From<DateTime<Utc>> for Timestamp {
    fn from(at: DateTime<Utc>) -> Timestamp {
        Timestamp::from_millis(at.timestamp_millis())
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.rfc3339())
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            &self
                .to_datetime()
                .to_rfc3339_opts(SecondsFormat::Millis, true),
        )
    }
}
