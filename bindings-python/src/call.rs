//! A call of the face: waited for by the blocking face, awaited by the async one.

use std::future::Future;
use std::pin::Pin;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, SyncSender, channel, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use besunny::{CancelToken, Error, ErrorKind, LoadOptions, Progress, Result};
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;

use crate::errors::{OrRaise, exception};
use crate::process::Owned;
use crate::results::ToPython;
use crate::runtime::{Bridge, runtime};

/// How often a waiting thread looks for signals such as Ctrl-C.
const SIGNAL_INTERVAL: Duration = Duration::from_millis(50);

type Reply = Box<dyn for<'py> FnOnce(Python<'py>) -> PyResult<Bound<'py, PyAny>> + Send>;
type Work = Pin<Box<dyn Future<Output = Result<Reply>> + Send>>;

enum Task {
    Plain(Work),
    Stoppable(Work, CancelToken),
    Load { start: Box<dyn FnOnce(LoadOptions) -> Work + Send>, progress: Option<Py<PyAny>> },
}

/// A call that has its arguments and has not begun. Finish it by `wait()` or `future()`.
#[pyclass(frozen, module = "besunny._besunny")]
pub(crate) struct Call(Mutex<Option<Task>>);

fn reply<T: ToPython + Send + 'static>(value: T) -> Reply {
    Box::new(move |py| value.to_python(py))
}

impl Call {
    /// A call on a handle.
    pub(crate) fn on<H, T, F, W>(
        py: Python<'_>,
        handle: &Owned<H>,
        operation: &'static str,
        call: F,
    ) -> PyResult<Self>
    where
        H: Clone + Send + 'static,
        T: ToPython + Send + 'static,
        F: FnOnce(H) -> W + Send + 'static,
        W: Future<Output = Result<T>> + Send,
    {
        let handle = handle.get(operation).or_raise(py)?;
        Ok(Self::plain(async move { call(handle).await }))
    }

    /// A call on nothing.
    pub(crate) fn plain<T: ToPython + Send + 'static>(
        work: impl Future<Output = Result<T>> + Send + 'static,
    ) -> Self {
        let work: Work = Box::pin(async move { work.await.map(reply) });
        Self(Mutex::new(Some(Task::Plain(work))))
    }

    /// A call on a handle that goes on until its token is raised, and then ends in order.
    pub(crate) fn stoppable<H, T, F, W>(
        py: Python<'_>,
        handle: &Owned<H>,
        operation: &'static str,
        token: CancelToken,
        call: F,
    ) -> PyResult<Self>
    where
        H: Clone + Send + 'static,
        T: ToPython + Send + 'static,
        F: FnOnce(H) -> W + Send + 'static,
        W: Future<Output = Result<T>> + Send,
    {
        let handle = handle.get(operation).or_raise(py)?;
        let work: Work = Box::pin(async move { call(handle).await.map(reply) });
        Ok(Self(Mutex::new(Some(Task::Stoppable(work, token)))))
    }

    /// A bulk load on a handle: reports progress, and can be stopped between two mails.
    pub(crate) fn load<H, T, F, W>(
        py: Python<'_>,
        handle: &Owned<H>,
        operation: &'static str,
        progress: Option<Py<PyAny>>,
        call: F,
    ) -> PyResult<Self>
    where
        H: Clone + Send + 'static,
        T: ToPython + Send + 'static,
        F: FnOnce(H, LoadOptions) -> W + Send + 'static,
        W: Future<Output = Result<T>> + Send,
    {
        let handle = handle.get(operation).or_raise(py)?;
        let start: Box<dyn FnOnce(LoadOptions) -> Work + Send> =
            Box::new(move |options| Box::pin(async move { call(handle, options).await.map(reply) }));
        Ok(Self(Mutex::new(Some(Task::Load { start, progress }))))
    }

    fn take(&self) -> PyResult<Task> {
        let task = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        task.ok_or_else(|| PyRuntimeError::new_err("a call can be finished only once"))
    }
}

/// Runs the work as a task of its own, so that a panic ends there.
async fn guarded(work: Work) -> Result<Reply> {
    match tokio::spawn(work).await {
        Ok(outcome) => outcome,
        Err(failure) => Err(Error::new(
            ErrorKind::Internal,
            "call",
            "a defect in this library stopped the call; please report it",
        )
        .caused_by(failure)),
    }
}

/// What a waiting thread hears from the work.
enum Message {
    Progress(Box<Progress>, SyncSender<()>),
    Done(Result<Reply>),
}

/// Stops what can be stopped when its future is dropped, as asyncio does to cancel.
struct StopOnDrop(Option<CancelToken>);

impl Drop for StopOnDrop {
    fn drop(&mut self) {
        if let Some(token) = &self.0 {
            token.cancel();
        }
    }
}

#[pymethods]
impl Call {
    /// Does the work without holding the GIL and gives its result.
    fn wait<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let runtime = runtime().or_raise(py)?;
        let (sender, inbox) = channel();
        let (work, progress, stop) = match self.take()? {
            Task::Plain(work) => (work, None, None),
            Task::Stoppable(work, token) => (work, None, Some(token)),
            Task::Load { start, progress } => {
                let token = CancelToken::new();
                let mut options = LoadOptions::default().cancelled_by(token.clone());
                if progress.is_some() {
                    options = options.on_progress(on_waiting_thread(sender.clone()));
                }
                (start(options), progress, Some(token))
            }
        };
        runtime.spawn(async move {
            // Nobody listens any more when the waiting thread was interrupted.
            let _ = sender.send(Message::Done(guarded(work).await));
        });
        listen(py, inbox, progress, stop)
    }

    /// Does the work on the library's threads; gives an awaitable of the running event loop.
    fn future<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        runtime().or_raise(py)?;
        let failure: Arc<Mutex<Option<PyErr>>> = Arc::default();
        let (work, token) = match self.take()? {
            Task::Plain(work) => (work, CancelToken::new()),
            Task::Stoppable(work, token) => (work, token),
            Task::Load { start, progress } => {
                let token = CancelToken::new();
                let mut options = LoadOptions::default().cancelled_by(token.clone());
                if let Some(progress) = progress {
                    options =
                        options.on_progress(on_worker_thread(progress, token.clone(), Arc::clone(&failure)));
                }
                (start(options), token)
            }
        };
        pyo3_async_runtimes::generic::future_into_py::<Bridge, _, _>(py, async move {
            let mut stop = StopOnDrop(Some(token));
            let outcome = guarded(work).await;
            stop.0 = None;
            match failure.lock().unwrap_or_else(PoisonError::into_inner).take() {
                Some(failure) => Err(failure),
                None => Ok(Outcome(outcome)),
            }
        })
    }
}

/// The end of an awaited call, made into Python objects by whoever holds the GIL.
struct Outcome(Result<Reply>);

impl<'py> IntoPyObject<'py> for Outcome {
    type Target = PyAny;
    type Output = Bound<'py, PyAny>;
    type Error = PyErr;

    fn into_pyobject(self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.0.or_raise(py)?(py)
    }
}

/// Reports progress on the thread that waits, where callbacks expect to run; the load goes
/// on when the callback is done.
fn on_waiting_thread(sender: Sender<Message>) -> impl Fn(Progress) + Send + Sync {
    move |progress| {
        let (done, answer) = sync_channel(1);
        if sender.send(Message::Progress(Box::new(progress), done)).is_ok() {
            // An error means that the waiting thread has gone; the load goes on alone.
            let _ = tokio::task::block_in_place(|| answer.recv());
        }
    }
}

/// Reports progress on the thread that does the work. The first exception stops the load.
fn on_worker_thread(
    callback: Py<PyAny>,
    token: CancelToken,
    failure: Arc<Mutex<Option<PyErr>>>,
) -> impl Fn(Progress) + Send + Sync {
    move |progress| {
        if token.is_cancelled() {
            return;
        }
        let result = tokio::task::block_in_place(|| {
            Python::attach(|py| callback.call1(py, (progress.to_python(py)?,)).map(drop))
        });
        if let Err(error) = result {
            failure.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
            token.cancel();
        }
    }
}

fn listen<'py>(
    py: Python<'py>,
    mut inbox: Receiver<Message>,
    progress: Option<Py<PyAny>>,
    stop: Option<CancelToken>,
) -> PyResult<Bound<'py, PyAny>> {
    // What a callback or a signal handler raised; the load is then on its way to stop.
    let mut failure: Option<PyErr> = None;
    loop {
        let (back, message) = py.detach(move || {
            let message = inbox.recv_timeout(SIGNAL_INTERVAL);
            (inbox, message)
        });
        inbox = back;
        let mut raised = None;
        match message {
            Ok(Message::Done(outcome)) => {
                return match failure {
                    Some(failure) => Err(failure),
                    None => outcome.or_raise(py)?(py),
                };
            }
            Ok(Message::Progress(state, done)) => {
                if let (Some(callback), None) = (&progress, &failure) {
                    raised = state.to_python(py).and_then(|state| callback.call1(py, (state,))).err();
                }
                if raised.is_some()
                    && let Some(stop) = &stop
                {
                    stop.cancel();
                }
                // The load waits for this; it may have been stopped meanwhile.
                let _ = done.send(());
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => {
                return Err(failure.unwrap_or_else(|| {
                    let message = "the worker threads are gone";
                    exception(py, &Error::new(ErrorKind::Internal, "call", message))
                }));
            }
        }
        let raised = raised.or_else(|| py.check_signals().err());
        match (raised, &stop) {
            (None, _) => {}
            (Some(raised), Some(stop)) if failure.is_none() => {
                stop.cancel();
                failure = Some(raised);
            }
            // Nothing to stop, or asked a second time: do not wait any longer.
            (Some(raised), _) => return Err(raised),
        }
    }
}
