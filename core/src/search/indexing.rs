//! Keeps indexes level while nobody searches, so that the next search finds them so.
//!
//! Whose change log grows is told by the store. A single task per process follows the logs
//! of those, one tenant after the other. Where another process is at it already, that is
//! enough: an index has one writer.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::follower::IndexFollower;
use crate::base::{CancelToken, Scope, TenantId, UserId};
use crate::domain::{CommitListener, Committer};

/// How long to wait after the first word, for others that can be applied with it.
const GATHERING: Duration = Duration::from_millis(50);
/// How long a tenant's log is left alone after much of it was followed: changes are applied
/// together, because each commit of the index has its price.
const REST: Duration = Duration::from_millis(400);
/// The same, where there was little to do, because little is stored or others follow too.
const LONG_REST: Duration = Duration::from_millis(1600);
/// From so many positions on, it was much.
const MUCH: u64 = 200;

/// What was told and not followed yet.
#[derive(Default)]
struct Told {
    /// When each tenant's log may be followed, and who made it grow.
    due: BTreeMap<TenantId, (Instant, Committer)>,
    /// When the logs that were followed lately may be followed again.
    resting: BTreeMap<TenantId, Instant>,
}

/// The task that follows, and what it is told.
pub(crate) struct Indexing {
    shared: Arc<Shared>,
    task: Mutex<Option<JoinHandle<()>>>,
}

struct Shared {
    told: Mutex<Told>,
    news: Notify,
    stop: CancelToken,
}

impl Indexing {
    /// Begins to follow for `follower`, on the present runtime.
    pub(crate) fn begin(follower: &Arc<IndexFollower>) -> Self {
        let shared =
            Arc::new(Shared { told: Mutex::default(), news: Notify::new(), stop: CancelToken::new() });
        let listener: CommitListener = {
            let shared = Arc::clone(&shared);
            Arc::new(move |tenant, committer| shared.hear(tenant, committer))
        };
        follower.store().on_commit(listener);
        let task = tokio::spawn(run(Arc::downgrade(follower), Arc::clone(&shared)));
        Self { shared, task: Mutex::new(Some(task)) }
    }

    /// Ends the task, after the batch that it is at.
    pub(crate) async fn end(&self) {
        self.shared.stop();
        let task = self.task.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(task) = task {
            // It may have died with the runtime that it was started on.
            let _ = task.await;
        }
    }
}

impl Drop for Indexing {
    fn drop(&mut self) {
        self.shared.stop();
    }
}

impl Shared {
    /// The log of a tenant has grown.
    fn hear(&self, tenant: TenantId, committer: Committer) {
        // The workspace's own log names no documents.
        if tenant == TenantId::SYSTEM {
            return;
        }
        let now = Instant::now();
        {
            let mut told = self.told();
            let rested = told.resting.get(&tenant).copied().unwrap_or(now);
            let (_, by) = told.due.entry(tenant).or_insert((rested.max(now + GATHERING), committer));
            if committer == Committer::Us {
                *by = committer;
            }
        }
        self.news.notify_one();
    }

    fn stop(&self) {
        self.stop.cancel();
        self.news.notify_one();
    }

    /// The tenant whose turn it is, or when the next one's is.
    fn next(&self, now: Instant) -> Result<(TenantId, Committer), Option<Instant>> {
        let mut told = self.told();
        told.resting.retain(|_, until| *until > now);
        let first = told.due.iter().min_by_key(|(_, (at, _))| *at);
        match first.map(|(tenant, (at, committer))| (*tenant, *at, *committer)) {
            Some((tenant, at, committer)) if at <= now => {
                told.due.remove(&tenant);
                Ok((tenant, committer))
            }
            later => Err(later.map(|(_, at, _)| at)),
        }
    }

    fn told(&self) -> std::sync::MutexGuard<'_, Told> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn run(follower: Weak<IndexFollower>, shared: Arc<Shared>) {
    while !shared.stop.is_cancelled() {
        let begun = Instant::now();
        let (tenant, committer) = match shared.next(begun) {
            Ok(next) => next,
            Err(next) => {
                let wait = async {
                    match next {
                        Some(at) => tokio::time::sleep_until(at).await,
                        None => std::future::pending().await,
                    }
                };
                tokio::select! {
                    () = shared.news.notified() => {}
                    () = wait => {}
                }
                continue;
            }
        };
        let Some(follower) = follower.upgrade() else { return };
        let scope = Scope::user(UserId::from_bytes(*tenant.as_bytes()));
        // What others write, they follow; here it matters where somebody searches.
        if committer == Committer::Anybody && !follower.is_open(&scope).await {
            continue;
        }
        let passed = follower.keep_up(&scope, &shared.stop).await.unwrap_or_else(|error| {
            // The next search meets the same, and says so to somebody.
            tracing::debug!(%error, "an index could not be kept level");
            0
        });
        drop(follower);
        // At least as long as it worked: it must not take a core from those who write.
        let rest = if passed < MUCH { LONG_REST } else { REST }.max(begun.elapsed());
        shared.told().resting.insert(tenant, Instant::now() + rest);
    }
}
