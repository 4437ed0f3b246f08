//! Push notifications.

use super::FakeGoogle;
use crate::push::deliver::Whose;
use crate::push::{ChannelInfo, Delivery, PushStats, Subscription};
use crate::settings::PushMode;

impl FakeGoogle {
    /// Sets how pushes leave.
    pub fn set_push_mode(&self, mode: PushMode) {
        self.lock().push.mode = mode;
    }

    /// Makes a topic (`projects/P/topics/T`), or says anew whether Gmail may publish to it.
    pub fn set_topic(&self, name: &str, may_publish: bool) {
        self.lock().push.set_topic(name, may_publish);
    }

    /// Makes or replaces a subscription, and its topic if it is not there.
    pub fn subscribe(&self, subscription: Subscription) {
        self.lock().push.subscribe(subscription);
    }

    /// Removes a subscription; whether it was there.
    pub fn unsubscribe(&self, name: &str) -> bool {
        self.lock().push.unsubscribe(name)
    }

    /// Takes pushes that are due, in the order in which they are; `limit` at most. Each is to
    /// be reported.
    #[must_use]
    pub fn take_pushes(&self, limit: usize) -> Vec<Delivery> {
        self.lock().take_pushes(limit, Whose::All)
    }

    /// Says how a push was answered, `None` for not at all: it is settled, or tried again
    /// later. Whether it was on its way.
    pub fn report_push(&self, id: u64, status: Option<u16>) -> bool {
        self.lock().report_push(id, status)
    }

    /// When the next push is due, in milliseconds since 1970.
    #[must_use]
    pub fn next_push(&self) -> Option<i64> {
        self.lock().push.next_due()
    }

    /// How many pushes wait, or were taken and not reported.
    #[must_use]
    pub fn unsettled_pushes(&self) -> usize {
        self.lock().push.unsettled()
    }

    /// Forgets the pushes that wait or are on their way; how many there were.
    pub fn forget_pushes(&self) -> usize {
        self.lock().push.forget_pending()
    }

    /// What became of pushes so far.
    #[must_use]
    pub fn push_stats(&self) -> PushStats {
        self.lock().push.stats.clone()
    }

    /// The channels that live.
    #[must_use]
    pub fn channels(&self) -> Vec<ChannelInfo> {
        let world = self.lock();
        world.push.live_channels(world.now())
    }

    /// Lets a channel die without a word; whether it was there.
    pub fn kill_channel(&self, id: &str) -> bool {
        self.lock().push.kill_channel(id)
    }
}
