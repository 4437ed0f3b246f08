//! The real clock and real ids.

use rand::RngCore;

use crate::base::{Clock, IdGenerator, Timestamp, uuid_v7};

/// The clock of the operating system.
pub(super) struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the one place that reads the clock")]
    fn now(&self) -> Timestamp {
        let since_epoch =
            std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        Timestamp::from_micros(i64::try_from(since_epoch.as_micros()).unwrap_or(i64::MAX))
    }
}

/// RFC 9562 version 7: sortable by time, otherwise random.
pub(super) struct RandomIds;

impl IdGenerator for RandomIds {
    fn next(&self, now: Timestamp) -> [u8; 16] {
        let mut random = [0; 10];
        rand::rng().fill_bytes(&mut random);
        uuid_v7(now, random)
    }
}
