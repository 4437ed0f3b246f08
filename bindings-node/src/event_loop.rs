//! Knows when the event loop that calls us ends: with its process, or with a worker thread
//! that was terminated, while the threads of ours go on. No promise settles any more then.

use std::cell::RefCell;
use std::convert::Infallible;
use std::future::{self, Future};

use besunny::CancelToken;
use napi::{Env, Result};

thread_local! {
    static END: RefCell<Option<CancelToken>> = const { RefCell::new(None) };
}

/// Raised when the event loop of this thread ends.
pub(crate) fn end(env: &Env) -> Result<CancelToken> {
    END.with_borrow_mut(|end| {
        // A thread may get a new event loop after the old one.
        if let Some(end) = end.as_ref().filter(|end| !end.is_cancelled()) {
            return Ok(end.clone());
        }
        let new = CancelToken::new();
        env.add_env_cleanup_hook(new.clone(), |end| end.cancel())?;
        *end = Some(new.clone());
        Ok(new)
    })
}

/// Does work that is asked to stop when the event loop ends.
pub(crate) async fn stopped_by<T>(end: CancelToken, stop: CancelToken, work: impl Future<Output = T>) -> T {
    let stopping = async {
        end.cancelled().await;
        stop.cancel();
        future::pending::<Infallible>().await
    };
    tokio::select! {
        biased;
        never = stopping => match never {},
        done = work => done,
    }
}
