//! The places in Python where handlers run, and how one is called from the library.
//!
//! A host (`besunny._host.Host`) has threads for sync handlers and an event loop for async
//! ones. It is there while somebody works or handles.

use std::sync::{Arc, Mutex, PoisonError};

use besunny::{CancelToken, JobError, JobFailure};
use pyo3::prelude::*;
use tokio::sync::oneshot;

use crate::runtime::runtime;

/// A host, or a handler: an object of Python that many threads share.
pub(crate) type Shared = Arc<Py<PyAny>>;

/// The hosts of a workspace, the latest last, each with a number of its own.
#[derive(Clone, Default)]
pub(crate) struct AtWork(Arc<Mutex<Vec<(u64, Shared)>>>);

impl AtWork {
    /// Adds a host for as long as what this gives out lives.
    pub(crate) fn enter(&self, host: Shared) -> Present {
        let mut hosts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let number = hosts.last().map_or(0, |(last, _)| last + 1);
        hosts.push((number, host));
        Present { hosts: self.clone(), number }
    }

    /// The latest host.
    pub(crate) fn host(&self) -> Option<Shared> {
        let hosts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        hosts.last().map(|(_, host)| Arc::clone(host))
    }
}

/// A host is there.
pub(crate) struct Present {
    hosts: AtWork,
    number: u64,
}

impl Drop for Present {
    fn drop(&mut self) {
        let mut hosts = self.hosts.0.lock().unwrap_or_else(PoisonError::into_inner);
        hosts.retain(|(number, _)| *number != self.number);
    }
}

/// How a handler of Python ended: nothing, or why it failed and whether a retry can help.
type Ended = Result<(), JobError>;

/// What a host says when a handler has ended.
#[pyclass(frozen, module = "besunny._besunny")]
pub(crate) struct Finish(Mutex<Option<oneshot::Sender<Ended>>>);

impl Finish {
    fn send(&self, ended: Ended) {
        let sender = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(sender) = sender {
            // Nobody waits any more for a handler that was given up on.
            let _ = sender.send(ended);
        }
    }
}

#[pymethods]
impl Finish {
    fn succeeded(&self) {
        self.send(Ok(()));
    }

    fn failed(&self, code: &str, message: String, retry: bool) {
        self.send(Err(JobError::new(JobFailure::new(code, message), retry)));
    }
}

/// Calls a handler on a host and waits for its end. When `cancel` is raised, or this is
/// dropped, the host is asked to stop it.
pub(crate) async fn call_on<A>(host: Shared, handler: Shared, argument: A, cancel: &CancelToken) -> Ended
where
    A: FnOnce(Python<'_>) -> PyResult<Py<PyAny>> + Send + 'static,
{
    let (sender, mut ended) = oneshot::channel();
    let stop = Stop::default();
    let begun = Arc::clone(&stop.0);
    let begin = move |py: Python<'_>| -> PyResult<bool> {
        let finish = Bound::new(py, Finish(Mutex::new(Some(sender))))?;
        let arguments = (handler.bind(py), argument(py)?, finish);
        let stop = host.bind(py).call_method1("start", arguments)?;
        if stop.is_none() {
            return Ok(false);
        }
        let mut stopping = begun.lock().unwrap_or_else(PoisonError::into_inner);
        if matches!(*stopping, Stopping::Asked) {
            drop(stopping);
            stop.call0()?;
        } else {
            *stopping = Stopping::By(stop.unbind());
        }
        Ok(true)
    };
    let is_begun = with_python(move |py| {
        begin(py).map_err(|error| JobError::retry(format!("the handler could not be started: {error}")))
    });
    if is_begun.await.transpose()? != Some(true) {
        // The host is gone, and with it whoever works, or this process; the attempt ends
        // with them.
        return std::future::pending().await;
    }
    tokio::select! {
        biased;
        ended = &mut ended => return stop.needless_after(ended),
        () = cancel.cancelled() => stop.ask(),
    }
    let ended = ended.await;
    stop.needless_after(ended)
}

/// Runs a closure with the GIL, on a thread that may wait for it; `None` when Python ends.
async fn with_python<T: Send + 'static>(call: impl FnOnce(Python<'_>) -> T + Send + 'static) -> Option<T> {
    tokio::task::spawn_blocking(move || Python::try_attach(call)).await.ok().flatten()
}

/// Asks a handler to stop when it is dropped. That can be before the handler has begun.
#[derive(Default)]
struct Stop(Arc<Mutex<Stopping>>);

#[derive(Default)]
enum Stopping {
    /// The handler has not begun.
    #[default]
    Early,
    /// This asks it to stop.
    By(Py<PyAny>),
    /// It was asked, or it has ended.
    Asked,
}

impl Stop {
    fn ask(&self) {
        let mut stopping = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (Stopping::By(stop), Ok(runtime)) =
            (std::mem::replace(&mut *stopping, Stopping::Asked), runtime())
        else {
            return;
        };
        runtime.spawn_blocking(move || {
            Python::try_attach(|py| {
                if let Err(error) = stop.call0(py) {
                    tracing::warn!(%error, "a handler could not be asked to stop");
                }
            })
        });
    }

    fn needless_after(&self, ended: Result<Ended, oneshot::error::RecvError>) -> Ended {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Stopping::Asked;
        // A task that is stopped before it begins never says so.
        ended.unwrap_or_else(|_| Err(JobError::retry("the handler was stopped before it began")))
    }
}

impl Drop for Stop {
    fn drop(&mut self) {
        self.ask();
    }
}
