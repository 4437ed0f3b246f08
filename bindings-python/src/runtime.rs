//! The threads that the library's futures run on: one tokio runtime per process.
//!
//! Threads do not survive a fork, so the runtime remembers which process made it; a
//! forked child makes its own at its first call. Runtimes live as long as their process.

use std::future::Future;
use std::pin::Pin;
use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering};
use std::task::{Context, Poll};

use besunny::{Error, ErrorKind, Result};
use pyo3_async_runtimes::TaskLocals;
use pyo3_async_runtimes::generic::{ContextExt, JoinError, Runtime};
use tokio::task::JoinHandle;

struct Running {
    process: u32,
    runtime: tokio::runtime::Runtime,
}

/// Not a lock: a thread that holds a lock during a fork holds it forever in the child.
static RUNNING: AtomicPtr<Running> = AtomicPtr::new(ptr::null_mut());

/// This process's runtime, started if need be.
pub(crate) fn runtime() -> Result<&'static tokio::runtime::Runtime> {
    let process = std::process::id();
    let known = RUNNING.load(Ordering::Acquire);
    // SAFETY: the pointer is null or came from `Box::into_raw` below and is never freed.
    if let Some(running) = unsafe { known.as_ref() }
        && running.process == process
    {
        return Ok(&running.runtime);
    }
    let threads = std::thread::available_parallelism().map_or(2, |cores| cores.get().max(2));
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(threads)
        .thread_name("besunny")
        .enable_all()
        .build()
        .map_err(|error| {
            Error::new(ErrorKind::Io, "runtime.start", "the worker threads cannot be started")
                .caused_by(error)
        })?;
    let fresh = Box::into_raw(Box::new(Running { process, runtime }));
    match RUNNING.compare_exchange(known, fresh, Ordering::AcqRel, Ordering::Acquire) {
        // SAFETY: `fresh` was made above and, now shared, is never freed.
        Ok(_) => Ok(unsafe { &(*fresh).runtime }),
        Err(winner) => {
            // SAFETY: `fresh` was made above and nobody else has seen it; `winner` is a
            // pointer of this same process and is never freed.
            unsafe {
                drop(Box::from_raw(fresh));
                Ok(&(*winner).runtime)
            }
        }
    }
}

tokio::task_local! {
    static LOCALS: TaskLocals;
}

/// The runtime as the asyncio bridge sees it.
pub(crate) struct Bridge;

/// A task of the bridge.
pub(crate) struct Joining(Option<JoinHandle<()>>);

/// Why a task of the bridge did not end by itself.
pub(crate) struct Broken(Option<tokio::task::JoinError>);

impl JoinError for Broken {
    fn is_panic(&self) -> bool {
        self.0.as_ref().is_some_and(tokio::task::JoinError::is_panic)
    }

    fn into_panic(self) -> Box<dyn std::any::Any + Send + 'static> {
        match self.0.map(tokio::task::JoinError::try_into_panic) {
            Some(Ok(panic)) => panic,
            _ => Box::new("the task was stopped"),
        }
    }
}

impl Future for Joining {
    type Output = std::result::Result<(), Broken>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut self.0 {
            Some(task) => Pin::new(task).poll(context).map_err(|error| Broken(Some(error))),
            None => Poll::Ready(Err(Broken(None))),
        }
    }
}

impl Runtime for Bridge {
    type JoinError = Broken;
    type JoinHandle = Joining;

    fn spawn<F>(future: F) -> Joining
    where
        F: Future<Output = ()> + Send + 'static,
    {
        Joining(runtime().ok().map(|runtime| runtime.spawn(future)))
    }

    fn spawn_blocking<F>(work: F) -> Joining
    where
        F: FnOnce() + Send + 'static,
    {
        Joining(runtime().ok().map(|runtime| runtime.spawn_blocking(work)))
    }
}

impl ContextExt for Bridge {
    fn scope<F, R>(locals: TaskLocals, future: F) -> Pin<Box<dyn Future<Output = R> + Send>>
    where
        F: Future<Output = R> + Send + 'static,
    {
        Box::pin(LOCALS.scope(locals, future))
    }

    fn get_task_locals() -> Option<TaskLocals> {
        LOCALS.try_with(Clone::clone).ok()
    }
}
