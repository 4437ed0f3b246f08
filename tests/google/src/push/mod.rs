//! Push notifications: what is on its way to subscribers, and what becomes of it.

pub(crate) mod channels;
pub(crate) mod deliver;
pub(crate) mod pubsub;
pub(crate) mod send;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde::{Deserialize, Serialize};

use self::channels::Channel;
pub use self::channels::ChannelInfo;
pub use self::deliver::Delivery;
use self::deliver::Pending;
pub use self::pubsub::Subscription;
use crate::rng::Rng;
use crate::settings::PushMode;

/// What became of pushes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PushStats {
    /// Notifications that came into being.
    pub published: u64,
    /// Events that Gmail did not publish because the last one was within the second.
    pub throttled: u64,
    /// Lost by a fault.
    pub dropped: u64,
    /// Doubled by a fault.
    pub duplicated: u64,
    /// Held back by a fault.
    pub delayed: u64,
    /// Attempts that were answered as accepted.
    pub accepted: u64,
    /// Attempts that will be repeated.
    pub retried: u64,
    /// Given up: refused for good, too old, or tried too often.
    pub given_up: u64,
}

#[derive(Debug)]
pub(crate) struct Push {
    pub(crate) mode: PushMode,
    /// By name, whether Gmail may publish to it.
    topics: BTreeMap<String, bool>,
    subscriptions: BTreeMap<String, Subscription>,
    /// By project and id.
    channels: BTreeMap<(String, String), Channel>,
    /// Keys of channels by the resource that they watch.
    by_resource: HashMap<String, BTreeSet<(String, String)>>,
    /// By due time, then in the order of publishing.
    pending: BTreeMap<(i64, u64), Pending>,
    /// Handed out, not yet reported.
    in_flight: BTreeMap<u64, Pending>,
    /// Those that only a test can deliver.
    next_id: u64,
    rng: Rng,
    pub(crate) stats: PushStats,
    /// Tokens of subscriptions, which are used again for a while.
    tokens: HashMap<String, (i64, String, String)>,
}

impl Push {
    pub(crate) fn new(mode: PushMode, seed: u64) -> Self {
        Self {
            mode,
            topics: BTreeMap::new(),
            subscriptions: BTreeMap::new(),
            channels: BTreeMap::new(),
            by_resource: HashMap::new(),
            pending: BTreeMap::new(),
            in_flight: BTreeMap::new(),
            next_id: 1,
            rng: Rng::new(seed, "push"),
            stats: PushStats::default(),
            tokens: HashMap::new(),
        }
    }

    fn next_id(&mut self) -> u64 {
        self.next_id += 1;
        self.next_id
    }

    /// When the next push is due.
    pub(crate) fn next_due(&self) -> Option<i64> {
        self.pending.first_key_value().map(|((due, _), _)| *due)
    }
}
