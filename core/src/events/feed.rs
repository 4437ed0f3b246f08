//! Where subscriptions come from.

use std::sync::Arc;

use tokio::sync::watch;

use super::{Start, SubscribeOptions, Subscription};
use crate::base::{Clock, Error, ErrorKind, Result, Scope};
use crate::domain::{Access, ChangeKind, Cursor, Event, Position, Store};

/// The most events that are read at once.
const MAX_BATCH: u32 = 1000;

/// The events of a workspace.
pub(crate) struct EventFeed {
    pub(super) store: Arc<dyn Store>,
    pub(super) clock: Arc<dyn Clock>,
    closed: watch::Sender<bool>,
}

impl EventFeed {
    pub(crate) fn new(store: Arc<dyn Store>, clock: Arc<dyn Clock>) -> Self {
        Self { store, clock, closed: watch::Sender::new(false) }
    }

    /// Ends every subscription: its next event is that there is none.
    pub(crate) fn close(&self) {
        self.closed.send_replace(true);
    }

    pub(super) fn closing(&self) -> watch::Receiver<bool> {
        self.closed.subscribe()
    }

    /// Events of these kinds after a position, in order.
    pub(crate) async fn read(
        &self,
        scope: &Scope,
        after: Position,
        kinds: &[ChangeKind],
        limit: u32,
    ) -> Result<Vec<Event>> {
        check_batch("events.read", limit)?;
        // Positions are stored as signed numbers; beyond those there is nothing.
        let after = after.min(Position::MAX / 2);
        let mut read = self.store.begin(scope, Access::Read).await?;
        let changes = read.changes_of(kinds, after, limit).await?;
        Ok(changes.into_iter().map(Event::from).collect())
    }

    /// A subscription that goes on where the cursor of that name is.
    pub(crate) async fn subscribe(
        self: &Arc<Self>,
        scope: &Scope,
        name: &str,
        options: SubscribeOptions,
    ) -> Result<Subscription> {
        Cursor::check_name("events.subscribe", name)?;
        check_batch("events.subscribe", options.batch)?;
        let known = self.store.begin(scope, Access::Read).await?.cursor(name).await?;
        let position = match known {
            Some(position) => position,
            // Kept at once: what happens from now on belongs to this subscriber, even if it
            // dies before it acknowledges anything.
            None => {
                let start = match options.start {
                    Start::Beginning => 0,
                    Start::Now => self.store.last_position(scope).await?,
                };
                self.advance(scope, name, start).await?
            }
        };
        Ok(Subscription::new(Arc::clone(self), scope.clone(), Some(name.to_owned()), position, options))
    }

    /// A subscription from now on, that nobody remembers.
    pub(crate) async fn live(
        self: &Arc<Self>,
        scope: &Scope,
        options: SubscribeOptions,
    ) -> Result<Subscription> {
        check_batch("events.live", options.batch)?;
        let position = self.store.last_position(scope).await?;
        Ok(Subscription::new(Arc::clone(self), scope.clone(), None, position, options))
    }

    /// Moves a cursor forward to a position of the log; its position afterwards.
    pub(crate) async fn ack(&self, scope: &Scope, name: &str, position: Position) -> Result<Position> {
        Cursor::check_name("events.ack", name)?;
        let last = self.store.last_position(scope).await?;
        if position > last {
            let message = "there is no such position yet; acknowledge what was delivered";
            return Err(Error::new(ErrorKind::InvalidInput, "events.ack", message)
                .with("position", position)
                .with("last", last));
        }
        self.advance(scope, name, position).await
    }

    pub(super) async fn advance(&self, scope: &Scope, name: &str, position: Position) -> Result<Position> {
        let mut write = self.store.begin(scope, Access::Write).await?;
        let position = write.advance_cursor(name, position, self.clock.now()).await?;
        write.commit().await?;
        Ok(position)
    }
}

fn check_batch(operation: &'static str, size: u32) -> Result<()> {
    if (1..=MAX_BATCH).contains(&size) {
        return Ok(());
    }
    Err(Error::new(ErrorKind::InvalidInput, operation, "1 to 1,000 events are read at once")
        .with("size", size)
        .with("limit", MAX_BATCH))
}
