//! Bulk loads: progress on the way, and stopping early.

use std::future::Future;
use std::sync::Arc;

use besunny::{CancelToken, LoadOptions};
use napi::bindgen_prelude::{External, PromiseRaw};
use napi::threadsafe_function::{ThreadsafeFunction, ThreadsafeFunctionCallMode};
use napi::{Env, Result, Status};
use napi_derive::napi;

use crate::errors::rejection;
use crate::types::intake::{IntakeReport, Progress};

/// The progress callback. Weak: it does not keep the process alive; the promise of the
/// load does. It is called with nothing to say that no more will come.
pub(crate) type ProgressCallback =
    ThreadsafeFunction<Option<Progress>, (), Option<Progress>, Status, false, true>;

/// A token to stop one load with.
#[napi(skip_typescript)]
#[must_use]
pub fn cancel_token() -> External<CancelToken> {
    External::new(CancelToken::new())
}

/// Raises a token.
#[napi(skip_typescript)]
pub fn cancel(token: &External<CancelToken>) {
    token.cancel();
}

/// Runs a load, and answers once every progress call has been made.
pub(crate) fn run<'env, F>(
    env: &'env Env,
    progress: Option<ProgressCallback>,
    token: Option<&External<CancelToken>>,
    load: impl FnOnce(LoadOptions) -> F + Send + 'static,
) -> Result<PromiseRaw<'env, IntakeReport>>
where
    F: Future<Output = Result<besunny::Result<besunny::IntakeReport>>> + Send,
{
    let mut options = LoadOptions::default();
    if let Some(token) = token {
        options = options.cancelled_by(CancelToken::clone(token));
    }
    let progress = progress.map(Arc::new);
    if let Some(callback) = progress.clone() {
        options = options.on_progress(move |progress| {
            // Refused only while the process ends: nobody is left to tell.
            callback.call(Some(progress.into()), ThreadsafeFunctionCallMode::NonBlocking);
        });
    }
    env.spawn_future(async move {
        let report = load(options).await;
        if let Some(callback) = progress {
            // Calls are made in order, so after this one all are; and if it fails, the
            // process is ending.
            let _ = callback.call_async(None).await;
        }
        Ok(report?.map_err(rejection)?.into())
    })
}
