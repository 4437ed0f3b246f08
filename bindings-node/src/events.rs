//! A user's events, and subscriptions to them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use besunny::{CancelToken, Error, ErrorKind, Stopper};
use napi::bindgen_prelude::{External, PromiseRaw};
use napi::{Env, Result};
use napi_derive::napi;
use tokio::sync::{Mutex, OnceCell};

use crate::errors::rejection;
use crate::event_handling::{self, HandlerFunction};
use crate::event_loop;
use crate::options::events::{HandleOptions, LiveOptions, ReadOptions, SubscribeOptions, kinds};
use crate::types::event::{Cursor, Event, HandleReport};
use crate::types::input::Position;
use crate::types::{list, number};
use crate::user::LazyUser;

/// A user's events: what was committed to their data, in order.
#[napi]
pub struct Events {
    me: LazyUser,
}

impl Events {
    pub(crate) fn new(me: LazyUser) -> Self {
        Self { me }
    }
}

#[napi]
impl Events {
    /// Events after a position, in order, without waiting.
    ///
    /// Rejects with `invalid_input` for a limit out of range.
    #[napi(strict)]
    pub async fn read(&self, options: Option<ReadOptions>) -> Result<Vec<Event>> {
        let ReadOptions { after, kinds, limit } = options.unwrap_or_default();
        let kinds = self::kinds(kinds)?;
        let (after, limit) = (after.map_or(0, |after| after.0), limit.map_or(100, |limit| limit.0));
        let events = self.me.get().await?.events();
        Ok(list(events.read(after, &kinds, limit).await.map_err(rejection)?))
    }

    /// Subscribes under a name and hands each event to `handler`, trying again with growing
    /// pauses when it throws or rejects, and acknowledging what it is done with. Resolves when
    /// the workspace is closed, the signal is aborted, or nothing came within the timeout.
    ///
    /// ```js
    /// await me.events.handle('mailer', async (event) => { ... }, { kinds: ['job.failed'], signal })
    /// ```
    ///
    /// Rejects with what the handler threw in its last attempt, unless `onFailure` is `skip`;
    /// with `invalid_input` for options that cannot be taken.
    #[napi(
        strict,
        catch_unwind,
        ts_args_type = "name: string, handler: EventHandler, options?: HandleOptions | undefined | null"
    )]
    pub fn handle<'env>(
        &self,
        env: &'env Env,
        name: String,
        handler: HandlerFunction,
        options: Option<HandleOptions>,
        stop: &External<CancelToken>,
    ) -> Result<PromiseRaw<'env, HandleReport>> {
        let (me, end) = (self.me.clone(), event_loop::end(env)?);
        let mut options = options.unwrap_or_default().into_core()?;
        options.stop = CancelToken::clone(stop);
        env.spawn_future(async move {
            let events = me.get().await?.events();
            let handle = |event| event_handling::handle(&handler, event);
            tokio::select! {
                report = events.handle(&name, options, handle) => Ok(report.map_err(rejection)?.into()),
                () = end.cancelled() => {
                    let message = "the event loop that handled events has ended";
                    Err(rejection(Error::new(ErrorKind::Cancelled, "events.handle", message)))
                }
            }
        })
    }

    /// Moves a cursor forward, never back, making it where it is not there; its position
    /// afterwards. For subscribers that `read`; a subscription has its own `ack`.
    ///
    /// Rejects with `invalid_input` for an unfit name, or a position beyond the last event.
    #[napi(strict)]
    pub async fn ack(&self, name: String, #[napi(ts_arg_type = "number")] position: Position) -> Result<i64> {
        let moved = self.me.get().await?.events().ack(&name, position.0).await;
        Ok(number(moved.map_err(rejection)?))
    }

    /// All cursors, by name, each with how far it lags behind.
    #[napi]
    pub async fn cursors(&self) -> Result<Vec<Cursor>> {
        Ok(list(self.me.get().await?.events().cursors().await.map_err(rejection)?))
    }

    /// Forgets a cursor; whether it was there. The next subscription of its name begins anew.
    #[napi(strict)]
    pub async fn delete_cursor(&self, name: String) -> Result<bool> {
        self.me.get().await?.events().delete_cursor(&name).await.map_err(rejection)
    }

    /// Events to iterate over, from where the cursor of that name is, waiting for more. It
    /// begins with the first event that is asked for.
    ///
    /// ```js
    /// for await (const event of me.events.subscribe('mailer', { signal })) { ... }
    /// ```
    ///
    /// Throws `invalid_input` for options that cannot be taken.
    #[napi(strict, catch_unwind)]
    pub fn subscribe(&self, name: String, options: Option<SubscribeOptions>) -> Result<Subscription> {
        Ok(Subscription::new(self.me.clone(), Some(name), options.unwrap_or_default().into_core()?))
    }

    /// Events from now on; nothing remembers how far the subscriber got. It begins with the
    /// first event that is asked for.
    ///
    /// Throws `invalid_input` for options that cannot be taken.
    #[napi(strict, catch_unwind)]
    pub fn live(&self, options: Option<LiveOptions>) -> Result<Subscription> {
        Ok(Subscription::new(self.me.clone(), None, options.unwrap_or_default().into_core()?))
    }
}

/// Events to iterate over with `for await`. Each is delivered at least once: again to the
/// next subscription of its name, if this one ends before it was acknowledged. Closing the
/// workspace ends the iteration.
#[napi]
pub struct Subscription(Arc<Shared>);

struct Shared {
    me: LazyUser,
    name: Option<String>,
    options: besunny::SubscribeOptions,
    begun: OnceCell<(Stopper, Mutex<Option<besunny::Subscription>>)>,
    is_closed: AtomicBool,
}

impl Shared {
    /// The core's subscription, which the first call begins.
    async fn begin(&self) -> Result<&Mutex<Option<besunny::Subscription>>> {
        let begin = async || {
            let events = self.me.get().await?.events();
            let begun = match &self.name {
                Some(name) => events.subscribe(name, self.options.clone()).await,
                None => events.live(self.options.clone()).await,
            };
            let subscription = begun.map_err(rejection)?;
            Ok::<_, napi::Error>((subscription.stopper(), Mutex::new(Some(subscription))))
        };
        Ok(&self.begun.get_or_try_init(begin).await?.1)
    }
}

impl Subscription {
    fn new(me: LazyUser, name: Option<String>, options: besunny::SubscribeOptions) -> Self {
        let (begun, is_closed) = (OnceCell::new(), AtomicBool::new(false));
        Self(Arc::new(Shared { me, name, options, begun, is_closed }))
    }
}

#[napi]
impl Subscription {
    /// The next event; `null` at the end, and when nothing came within the timeout.
    #[napi(strict)]
    pub async fn next_event(&self) -> Result<Option<Event>> {
        if self.0.is_closed.load(Ordering::Acquire) {
            return Ok(None);
        }
        match &mut *self.0.begin().await?.lock().await {
            Some(subscription) => Ok(subscription.next().await.map_err(rejection)?.map(Event::from)),
            None => Ok(None),
        }
    }

    /// Acknowledges all events up to a position; when it resolves, that is durable.
    ///
    /// Rejects with `invalid_input` for a position that was not delivered yet, or where there
    /// is no cursor.
    #[napi(strict)]
    pub async fn ack(&self, #[napi(ts_arg_type = "number")] position: Position) -> Result<()> {
        match &mut *self.0.begin().await?.lock().await {
            Some(subscription) => subscription.ack(position.0).await.map_err(rejection),
            None => Ok(()),
        }
    }

    /// Ends the iteration, also one that waits; what was moved past is durable then.
    #[napi]
    pub async fn close(&self) -> Result<()> {
        self.0.is_closed.store(true, Ordering::Release);
        let Some((stopper, subscription)) = self.0.begun.get() else { return Ok(()) };
        // A call that waits then lets go of the lock.
        stopper.stop();
        match subscription.lock().await.take() {
            Some(subscription) => subscription.close().await.map_err(rejection),
            None => Ok(()),
        }
    }
}
