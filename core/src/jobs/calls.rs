//! Word from other processes that there may be work, as a worker hears it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::domain::Store;

/// After how long without a word to find out whether words would come.
const SILENCE: Duration = Duration::from_secs(1);

/// Listens until it is dropped.
pub(super) struct Calls {
    count: watch::Receiver<u64>,
    are_heard: Arc<AtomicBool>,
    _listening: JoinSet<()>,
}

impl Calls {
    pub(super) fn of(store: &dyn Store) -> Self {
        let (said, count) = watch::channel(0);
        let are_heard = Arc::new(AtomicBool::new(false));
        let mut calls = store.job_calls();
        let heard = Arc::clone(&are_heard);
        let mut listening = JoinSet::new();
        listening.spawn(async move {
            loop {
                let word = tokio::time::timeout(SILENCE, calls.next()).await;
                heard.store(calls.are_heard(), Ordering::Release);
                if word.is_ok() {
                    said.send_modify(|count| *count += 1);
                }
            }
        });
        Self { count, are_heard, _listening: listening }
    }

    /// Returns when there may be work that this process has not enqueued.
    pub(super) async fn next(&mut self) {
        if self.count.changed().await.is_err() {
            // The listener ended early; looking is all there is.
            self.are_heard.store(false, Ordering::Release);
            std::future::pending().await
        }
    }

    /// Whether words come at all, so that looking may be rarer.
    pub(super) fn are_heard(&self) -> bool {
        self.are_heard.load(Ordering::Acquire)
    }
}
