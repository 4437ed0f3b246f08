//! Handlers of jobs that are functions of JavaScript.

use std::future;
use std::sync::Arc;

use besunny::{CancelToken, ErrorKind, JobContext, JobError, JobFailure, JobHandler};
use napi::bindgen_prelude::{External, FnArgs, Promise, PromiseRaw};
use napi::threadsafe_function::ThreadsafeFunction;
use napi::{Env, Result, Status};
use napi_derive::napi;

use crate::types::job::Job;
use crate::user::UserHandle;
use crate::workspace::Workspace;

/// What the function is called with: the job, whose it is, and the way back.
type Call = FnArgs<(Job, Option<UserHandle>, Workspace, External<Run>)>;
/// What it resolves with: nothing, or the code, the message, and whether to try again.
type Outcome = Option<(String, String, bool)>;
/// Made by `lib/jobs.js`, so that it neither throws nor rejects. Weak: it does not keep the
/// process alive; the promise of the worker does.
pub(crate) type HandlerFunction = ThreadsafeFunction<Call, Promise<Outcome>, Call, Status, false, true>;

/// One run of a handler, as its `RunningJob` holds it.
pub struct Run {
    context: JobContext,
    /// Raised when nobody waits for the handler any more.
    over: CancelToken,
}

/// Raises a token when it is dropped.
struct Over(CancelToken);

impl Drop for Over {
    fn drop(&mut self) {
        self.0.cancel();
    }
}

pub(crate) fn handler(function: HandlerFunction) -> impl JobHandler + 'static {
    let function = Arc::new(function);
    move |context: JobContext| {
        let function = Arc::clone(&function);
        async move { run(&function, context).await }
    }
}

async fn run(function: &HandlerFunction, context: JobContext) -> besunny::Result<(), JobError> {
    let workspace = context.workspace().clone();
    let user = context.user().await?.map(|me| UserHandle::found(workspace.clone(), me));
    let over = Over(CancelToken::new());
    let job = Job::from(context.job().clone());
    let run = External::new(Run { context, over: over.0.clone() });
    let call = FnArgs::from((job, user, Workspace::new(workspace), run));
    let outcome = async { function.call_async_catch(call).await?.await };
    match outcome.await {
        Ok(None) => Ok(()),
        Ok(Some((code, message, is_retryable))) => {
            let known = ErrorKind::ALL.iter().find(|kind| kind.code() == code);
            let code = known.map_or("handler", |kind| kind.code());
            Err(JobError::new(JobFailure::new(code, message), is_retryable))
        }
        // The event loop has ended, or found that the promise can never settle. The worker
        // decides how long it waits for such a handler.
        Err(_) => future::pending().await,
    }
}

/// Says how far a job is.
#[napi(skip_typescript, strict, catch_unwind)]
pub fn run_progress(run: &External<Run>, fraction: f64, message: Option<String>) {
    run.context.progress(fraction, message.as_deref());
}

/// Resolves with `true` when the job should stop, and with `false` when it is over.
#[napi(skip_typescript)]
pub fn run_stopped<'env>(env: &'env Env, run: &External<Run>) -> Result<PromiseRaw<'env, bool>> {
    let (stopped, over) = (run.context.cancel().cancelled(), run.over.cancelled());
    env.spawn_future(async move {
        tokio::select! {
            biased;
            () = stopped => Ok(true),
            () = over => Ok(false),
        }
    })
}
