//! One subscriber's way through the log.

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use super::{EventFeed, SubscribeOptions};
use crate::base::{Error, ErrorKind, Result, Scope};
use crate::domain::{Access, Event, Position};

/// How long one wait for a change lasts; after it, another one follows. It only bounds how
/// late an end would be seen if a wake-up were lost.
const WAIT: Duration = Duration::from_secs(30);
/// How far a cursor may lag behind changes of other kinds that its subscriber does not want
/// to see, before it is moved although there was nothing to acknowledge.
const IDLE_LAG: u64 = 1000;

/// Delivers events in order, waiting for those that are still to come.
///
/// ```no_run
/// # async fn example(me: besunny::UserHandle) -> besunny::Result<()> {
/// let mut events = me.events().subscribe("mailer", Default::default()).await?;
/// while let Some(event) = events.next().await? {
///     println!("{} {:?}", event.kind, event.document_id);
/// }
/// # Ok(()) }
/// ```
///
/// An event is delivered at least once: its subscriber sees it again when the process died,
/// or the subscription was dropped without [`Subscription::close`], before it was
/// acknowledged. With `auto_ack`, asking for the next event acknowledges all before it; that
/// becomes durable with the end of each batch and with `close`. Two subscriptions of one name
/// share a cursor: what one has acknowledged the other is not given any more, but both can
/// be given what neither has.
///
/// The iteration ends with `None` when the workspace is closed, a [`Stopper`] was used, or
/// nothing came within the timeout. After a timeout the next call waits again.
pub struct Subscription {
    feed: Arc<EventFeed>,
    scope: Scope,
    cursor: Option<String>,
    options: SubscribeOptions,
    /// Read and not delivered yet.
    ahead: VecDeque<Event>,
    /// Where reading goes on.
    scanned: Position,
    /// The last that was delivered; before the first, where the subscription began.
    delivered: Position,
    /// The last that is durable.
    acked: Position,
    closing: watch::Receiver<bool>,
    stop: watch::Sender<bool>,
    stopped: watch::Receiver<bool>,
}

/// Ends a subscription from elsewhere: another task, a signal.
#[derive(Clone, Debug)]
pub struct Stopper(watch::Sender<bool>);

impl Stopper {
    /// Ends the subscription: its next event is that there is none.
    pub fn stop(&self) {
        self.0.send_replace(true);
    }
}

impl Subscription {
    pub(super) fn new(
        feed: Arc<EventFeed>,
        scope: Scope,
        cursor: Option<String>,
        position: Position,
        options: SubscribeOptions,
    ) -> Self {
        let (stop, stopped) = watch::channel(false);
        let closing = feed.closing();
        Self {
            feed,
            scope,
            cursor,
            options,
            ahead: VecDeque::new(),
            scanned: position,
            delivered: position,
            acked: position,
            closing,
            stop,
            stopped,
        }
    }

    /// What ends this subscription from elsewhere.
    #[must_use]
    pub fn stopper(&self) -> Stopper {
        Stopper(self.stop.clone())
    }

    /// Whether it was stopped or the workspace closed; a timeout is no end.
    #[must_use]
    pub fn is_ended(&self) -> bool {
        *self.closing.borrow() || *self.stopped.borrow()
    }

    /// The next event; `None` at the end, and when the timeout has passed. Dropping the
    /// future loses nothing.
    ///
    /// # Errors
    /// `storage`; calling again is safe.
    pub async fn next(&mut self) -> Result<Option<Event>> {
        let event = match self.ahead.pop_front() {
            Some(event) if !self.is_ended() => Some(event),
            _ => {
                self.fill().await?;
                self.ahead.pop_front()
            }
        };
        if let Some(event) = &event {
            self.delivered = event.position;
        }
        Ok(event)
    }

    /// The next events, at least one and at most a batch; empty at the end, and when the
    /// timeout has passed.
    ///
    /// # Errors
    /// As [`Subscription::next`].
    pub async fn next_batch(&mut self) -> Result<Vec<Event>> {
        if self.ahead.is_empty() || self.is_ended() {
            self.fill().await?;
        }
        let batch: Vec<Event> = self.ahead.drain(..).collect();
        if let Some(last) = batch.last() {
            self.delivered = last.position;
        }
        Ok(batch)
    }

    /// Acknowledges all events up to `position`; when this returns, that is durable.
    ///
    /// # Errors
    /// `invalid_input` for a position that was not delivered yet, or on a live subscription;
    /// `closed`, `storage`.
    pub async fn ack(&mut self, position: Position) -> Result<()> {
        let refuse = |message: &'static str| Error::new(ErrorKind::InvalidInput, "events.ack", message);
        let Some(name) = &self.cursor else {
            return Err(refuse("a live subscription keeps no place; subscribe with a name"));
        };
        if position > self.delivered {
            return Err(refuse("this position was not delivered yet")
                .with("position", position)
                .with("delivered", self.delivered));
        }
        if *self.closing.borrow() {
            return Err(Error::new(
                ErrorKind::Closed,
                "events.ack",
                "the workspace is closed; open it again",
            ));
        }
        if position > self.acked {
            self.acked = self.feed.advance(&self.scope, name, position).await?;
        }
        Ok(())
    }

    /// Ends the subscription. With `auto_ack`, what was moved past becomes durable; the last
    /// delivered event was not moved past.
    ///
    /// # Errors
    /// `storage`.
    pub async fn close(mut self) -> Result<()> {
        self.stop.send_replace(true);
        // Positions grow, so everything below the last delivered one was moved past.
        let passed = self.delivered.saturating_sub(1);
        if self.options.auto_ack && passed > self.acked && !*self.closing.borrow() {
            self.settle(passed).await?;
        }
        Ok(())
    }

    /// Lets time pass, but not beyond the end.
    pub(super) async fn pause(&self, time: Duration) {
        tokio::select! {
            () = self.ended() => {}
            () = tokio::time::sleep(time) => {}
        }
    }

    /// Waits for the end of the workspace.
    pub(super) fn closed(&self) -> impl Future<Output = ()> + Send + use<> {
        let mut closing = self.closing.clone();
        // An error means that the sender is gone, which is an end as well.
        async move { closing.wait_for(|closing| *closing).await.map_or((), drop) }
    }

    /// Waits for the end.
    async fn ended(&self) {
        let mut stopped = self.stopped.clone();
        tokio::select! {
            () = self.closed() => {}
            _ = stopped.wait_for(|stopped| *stopped) => {}
        }
    }

    /// Reads ahead, waiting until there is something to read or the wait has an end.
    async fn fill(&mut self) -> Result<()> {
        self.ahead.clear();
        if self.options.auto_ack && self.delivered > self.acked && !*self.closing.borrow() {
            self.settle(self.delivered).await?;
        }
        let end = self.options.timeout.map(|timeout| Instant::now() + timeout);
        while !self.is_ended() {
            match self.read().await {
                Ok(()) if self.ahead.is_empty() => {}
                // Closing takes the database away under a read.
                Err(_) if self.is_ended() => return Ok(()),
                done => return done,
            }
            if self.delivered <= self.acked && self.scanned.saturating_sub(self.acked) > IDLE_LAG {
                self.settle(self.scanned).await?;
            }
            let left = end.map_or(WAIT, |end| end.saturating_duration_since(Instant::now()).min(WAIT));
            if left.is_zero() {
                return Ok(());
            }
            self.wait(left).await?;
        }
        Ok(())
    }

    /// Moves the cursor, if there is one.
    async fn settle(&mut self, position: Position) -> Result<()> {
        if let Some(name) = &self.cursor {
            self.acked = self.feed.advance(&self.scope, name, position).await?;
        }
        Ok(())
    }

    /// Reads a batch from where reading goes on.
    async fn read(&mut self) -> Result<()> {
        // Before the view of the reading begins: up to here it has seen everything.
        let last = self.feed.store.last_position(&self.scope).await?;
        let mut read = self.feed.store.begin(&self.scope, Access::Read).await?;
        if let Some(name) = &self.cursor {
            // Another subscription of this name may have got further.
            let shared = read.cursor(name).await?.unwrap_or(0);
            self.scanned = self.scanned.max(shared);
        }
        let changes = read.changes_of(&self.options.kinds, self.scanned, self.options.batch).await?;
        match changes.last() {
            Some(change) => self.scanned = change.position,
            None => self.scanned = self.scanned.max(last),
        }
        self.ahead.extend(changes.into_iter().map(Event::from));
        Ok(())
    }

    /// Waits for a change beyond what was read, for the end, or for the time to pass.
    async fn wait(&self, patience: Duration) -> Result<()> {
        tokio::select! {
            () = self.ended() => Ok(()),
            last = self.feed.store.wait_beyond(&self.scope, self.scanned, patience) => match last {
                Err(_) if self.is_ended() => Ok(()),
                last => last.map(drop),
            },
        }
    }
}

impl fmt::Debug for Subscription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subscription")
            .field("cursor", &self.cursor)
            .field("delivered", &self.delivered)
            .finish_non_exhaustive()
    }
}
