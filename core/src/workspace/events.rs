//! A user's events.

use std::future::Future;

use super::UserHandle;
use crate::base::Result;
use crate::domain::{Access, ChangeKind, Cursor, Event, Position};
use crate::events::{HandleOptions, HandleReport, SubscribeOptions, Subscription};

/// A user's events: what was committed to their data, in order.
#[derive(Clone, Debug)]
pub struct Events {
    me: UserHandle,
}

impl Events {
    pub(super) fn new(me: UserHandle) -> Self {
        Self { me }
    }

    /// Subscribes under a name: goes on where the cursor of that name is, which is made
    /// where it is not there. See [`Subscription`] for what is promised.
    ///
    /// # Errors
    /// `invalid_input` for an unfit name or batch size.
    pub async fn subscribe(&self, name: &str, options: SubscribeOptions) -> Result<Subscription> {
        self.me.workspace.check_open("events.subscribe")?;
        self.me.workspace.inner.events.subscribe(&self.me.scope, name, options).await
    }

    /// Subscribes to what happens from now on; nothing is kept, and nothing that happens
    /// between two subscriptions is delivered.
    ///
    /// # Errors
    /// `invalid_input` for an unfit batch size.
    pub async fn live(&self, options: SubscribeOptions) -> Result<Subscription> {
        self.me.workspace.check_open("events.live")?;
        self.me.workspace.inner.events.live(&self.me.scope, options).await
    }

    /// Subscribes under a name and hands each event to `handler`, retrying with growing
    /// pauses; acknowledges what it returned for. Returns when the workspace is closed, the
    /// options' `stop` was raised, or their timeout has passed without an event.
    ///
    /// # Errors
    /// The handler's, when its last attempt failed and `on_failure` says stop;
    /// as [`Events::subscribe`].
    pub async fn handle<W>(
        &self,
        name: &str,
        options: HandleOptions,
        handler: impl FnMut(Event) -> W,
    ) -> Result<HandleReport>
    where
        W: Future<Output = Result<()>>,
    {
        self.me.workspace.check_open("events.handle")?;
        self.me.workspace.inner.events.handle(&self.me.scope, name, options, handler).await
    }

    /// Events of these kinds after a position, in order, without waiting; no kinds means
    /// all. Position 0 is before the first; `limit` is from 1 to 1,000.
    ///
    /// # Errors
    /// `invalid_input` for a limit out of range.
    pub async fn read(&self, after: Position, kinds: &[ChangeKind], limit: u32) -> Result<Vec<Event>> {
        self.me.workspace.check_open("events.read")?;
        self.me.workspace.inner.events.read(&self.me.scope, after, kinds, limit).await
    }

    /// Moves a cursor forward, never back, making it where it is not there; its position
    /// afterwards. For subscribers that `read`; a [`Subscription`] has its own `ack`.
    ///
    /// # Errors
    /// `invalid_input` for an unfit name, or a position beyond the last event.
    pub async fn ack(&self, name: &str, position: Position) -> Result<Position> {
        self.me.workspace.check_open("events.ack")?;
        self.me.workspace.inner.events.ack(&self.me.scope, name, position).await
    }

    /// All cursors, by name, each with how far it lags behind.
    ///
    /// # Errors
    /// `storage`.
    pub async fn cursors(&self) -> Result<Vec<Cursor>> {
        self.me.workspace.begin("events.cursors", &self.me.scope, Access::Read).await?.cursors().await
    }

    /// Forgets a cursor; whether it was there. The next subscription of its name begins
    /// anew.
    ///
    /// # Errors
    /// `storage`.
    pub async fn delete_cursor(&self, name: &str) -> Result<bool> {
        let operation = "events.delete_cursor";
        let mut write = self.me.workspace.begin(operation, &self.me.scope, Access::Write).await?;
        let was_there = write.delete_cursor(name).await?;
        write.commit().await?;
        Ok(was_there)
    }
}
