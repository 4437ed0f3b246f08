//! A user's events, and subscriptions to them.

use std::sync::Arc;

use besunny::{Error, ErrorKind, Event, Events as Inner, Result, Stopper, SubscribeOptions};
use pyo3::prelude::*;
use tokio::sync::Mutex;

use crate::arguments::Count;
use crate::at_work::{self, call_on};
use crate::call::Call;
use crate::control::CancelToken;
use crate::errors::OrRaise;
use crate::options::{Retrying, Subscribing, kinds};
use crate::process::Owned;
use crate::results::ToPython;

/// The operation of an error that stands for what a handler raised, as `_event_handlers.py`
/// knows it.
const HANDLER: &str = "events.handler";

/// A user's events.
#[pyclass(frozen, module = "besunny._besunny")]
pub(crate) struct Events(pub(crate) Owned<Inner>);

#[pymethods]
impl Events {
    fn subscribe(&self, py: Python<'_>, name: String, options: Subscribing) -> PyResult<Call> {
        let options = options.parse().or_raise(py)?;
        Call::on(py, &self.0, "events.subscribe", |events| async move {
            events.subscribe(&name, options).await.map(Shared::new)
        })
    }

    fn live(&self, py: Python<'_>, options: Subscribing) -> PyResult<Call> {
        let options: SubscribeOptions = options.parse().or_raise(py)?;
        Call::on(
            py,
            &self.0,
            "events.live",
            |events| async move { events.live(options).await.map(Shared::new) },
        )
    }

    /// `handler` is a `besunny._host.Handler`.
    #[expect(clippy::too_many_arguments, reason = "each says something else")]
    fn handle(
        &self,
        py: Python<'_>,
        host: Py<PyAny>,
        name: String,
        handler: Py<PyAny>,
        subscribing: Subscribing,
        retrying: Retrying,
        stop: Bound<'_, CancelToken>,
    ) -> PyResult<Call> {
        let token = stop.get().0.clone();
        let options = subscribing.parse().and_then(|options| retrying.parse(options, token.clone()));
        let options = options.or_raise(py)?;
        let (host, handler) = (Arc::new(host), Arc::new(handler));
        Call::stoppable(py, &self.0, "events.handle", token, |events| async move {
            let handle = |event| handle_one(Arc::clone(&host), Arc::clone(&handler), event);
            events.handle(&name, options, handle).await
        })
    }

    fn read(&self, py: Python<'_>, after: u64, kinds: Vec<String>, limit: Count) -> PyResult<Call> {
        let kinds = self::kinds(&kinds).or_raise(py)?;
        Call::on(py, &self.0, "events.read", move |events| async move {
            events.read(after, &kinds, limit.0).await
        })
    }

    fn ack(&self, py: Python<'_>, name: String, position: u64) -> PyResult<Call> {
        Call::on(py, &self.0, "events.ack", move |events| async move { events.ack(&name, position).await })
    }

    fn cursors(&self, py: Python<'_>) -> PyResult<Call> {
        Call::on(py, &self.0, "events.cursors", |events| async move { events.cursors().await })
    }

    fn delete_cursor(&self, py: Python<'_>, name: String) -> PyResult<Call> {
        Call::on(
            py,
            &self.0,
            "events.delete_cursor",
            |events| async move { events.delete_cursor(&name).await },
        )
    }
}

/// Has one event handled in Python. What was raised stays there, and is logged there.
async fn handle_one(host: at_work::Shared, handler: at_work::Shared, event: Event) -> Result<()> {
    let argument = move |py: Python<'_>| event.to_python(py).map(Bound::unbind);
    // Nothing calls one event off: `stop` ends the handling after it.
    let handled = call_on(host, handler, argument, &besunny::CancelToken::new()).await;
    handled.map_err(|error| {
        let failure = error.failure();
        let kind = ErrorKind::ALL.iter().find(|kind| kind.code() == failure.code);
        Error::new(kind.copied().unwrap_or(ErrorKind::Internal), HANDLER, failure.message.clone())
    })
}

/// A subscription that its calls share. The core's own is used by one call at a time.
#[derive(Clone)]
pub(crate) struct Shared {
    state: Arc<Mutex<State>>,
    stopper: Stopper,
}

struct State {
    /// Nothing once it is closed.
    subscription: Option<besunny::Subscription>,
    /// What was given out last. Python may have stopped waiting for it.
    given: Option<Event>,
}

impl Shared {
    fn new(subscription: besunny::Subscription) -> Self {
        let stopper = subscription.stopper();
        let state = State { subscription: Some(subscription), given: None };
        Self { state: Arc::new(Mutex::new(state)), stopper }
    }

    /// The event after the one at `seen`; the last one again where the caller has not seen it.
    async fn next(self, seen: Option<u64>) -> Result<Option<Event>> {
        let mut state = self.state.lock().await;
        let state = &mut *state;
        if state.given.as_ref().is_some_and(|given| Some(given.position) != seen) {
            return Ok(state.given.clone());
        }
        let Some(subscription) = &mut state.subscription else { return Ok(None) };
        state.given = subscription.next().await?;
        Ok(state.given.clone())
    }

    async fn ack(self, position: u64) -> Result<()> {
        match &mut self.state.lock().await.subscription {
            Some(subscription) => subscription.ack(position).await,
            None => Ok(()),
        }
    }

    async fn close(self) -> Result<()> {
        // Ends a call that waits, which then lets go of the lock.
        self.stopper.stop();
        match self.state.lock().await.subscription.take() {
            Some(subscription) => subscription.close().await,
            None => Ok(()),
        }
    }
}

/// A subscription to a user's events.
#[pyclass(frozen, module = "besunny._besunny")]
pub(crate) struct Subscription(pub(crate) Owned<Shared>);

#[pymethods]
impl Subscription {
    fn next(&self, py: Python<'_>, seen: Option<u64>) -> PyResult<Call> {
        Call::on(py, &self.0, "events.next", move |events| events.next(seen))
    }

    fn ack(&self, py: Python<'_>, position: u64) -> PyResult<Call> {
        Call::on(py, &self.0, "events.ack", move |events| events.ack(position))
    }

    fn close(&self, py: Python<'_>) -> PyResult<Call> {
        Call::on(py, &self.0, "events.close", Shared::close)
    }
}
