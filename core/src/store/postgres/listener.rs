//! Wakes those who wait for changes, as soon as the database tells.
//!
//! The database's word only shortens a wait: whoever waits looks for themselves, also when
//! no word comes. Behind a transaction pooler none can come, so there nobody listens.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use sqlx::Row;
use sqlx::postgres::{PgListener, PgPool};
use tokio::sync::broadcast;
use tokio::task::JoinHandle;

use super::statement::script;
use crate::base::TenantId;
use crate::domain::Committer;
use crate::store::listeners::Listeners;

/// The channel that the trigger on the change log notifies.
const CHANNEL: &str = "besunny";
/// How many notifications a waiter may lag behind before it is simply woken.
const BACKLOG: usize = 256;
/// How often to look for a pooler.
const LOOKS: usize = 10;
/// How long to wait before listening anew after a failure.
const PAUSE_AFTER_FAILURE: Duration = Duration::from_secs(5);

/// Listens from the first wait on, on a connection of its own.
pub(super) struct Listener {
    /// Of one connection.
    own: PgPool,
    others: PgPool,
    /// The tenant whose log has grown; `None` when some words may have been missed.
    words: broadcast::Sender<Option<TenantId>>,
    /// Those who want to know of commits, wherever they were made.
    listeners: Listeners,
    is_listening: Arc<AtomicBool>,
    task: Mutex<Option<JoinHandle<()>>>,
}

/// One who waits.
pub(super) struct Waiter(broadcast::Receiver<Option<TenantId>>);

impl Listener {
    pub(super) fn new(own: PgPool, others: PgPool, listeners: Listeners) -> Self {
        let (words, _) = broadcast::channel(BACKLOG);
        Self { own, others, words, listeners, is_listening: Arc::default(), task: Mutex::new(None) }
    }

    /// Whether words come at all.
    pub(super) fn is_listening(&self) -> bool {
        self.is_listening.load(Ordering::Acquire)
    }

    /// Begins to wait; words from now on are heard.
    pub(super) fn waiter(&self) -> Waiter {
        let waiter = Waiter(self.words.subscribe());
        self.start();
        waiter
    }

    /// Begins to listen, if nobody has.
    pub(super) fn start(&self) {
        let mut task = self.task.lock().unwrap_or_else(PoisonError::into_inner);
        // A task dies with the runtime it was started on, and the store may outlive that.
        if task.as_ref().is_none_or(|task| task.is_finished() && !self.own.is_closed()) {
            *task = Some(tokio::spawn(listen(
                self.own.clone(),
                self.others.clone(),
                self.words.clone(),
                self.listeners.clone(),
                Arc::clone(&self.is_listening),
            )));
        }
    }

    pub(super) async fn close(&self) {
        let task = self.task.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(task) = task {
            task.abort();
            // Cancelled, which is what was asked for.
            let _ = task.await;
        }
        self.own.close().await;
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        if let Some(task) = self.task.lock().unwrap_or_else(PoisonError::into_inner).take() {
            task.abort();
        }
    }
}

impl Waiter {
    /// Returns when the tenant's log may have grown.
    pub(super) async fn woken(&mut self, tenant: TenantId) {
        loop {
            match self.0.recv().await {
                Ok(Some(other)) if other != tenant => {}
                Ok(_) | Err(broadcast::error::RecvError::Lagged(_)) => return,
                Err(broadcast::error::RecvError::Closed) => std::future::pending().await,
            }
        }
    }
}

async fn listen(
    own: PgPool,
    others: PgPool,
    words: broadcast::Sender<Option<TenantId>>,
    listeners: Listeners,
    is_listening: Arc<AtomicBool>,
) {
    loop {
        let ended = hear(&own, &others, &words, &listeners, &is_listening).await;
        is_listening.store(false, Ordering::Release);
        match ended {
            // Behind a pooler: there is nothing to hear, ever. The task stays, so that
            // nobody starts it again.
            Ok(()) => std::future::pending().await,
            Err(error) => tracing::debug!(%error, "not listening for changes; polling instead"),
        }
        tokio::time::sleep(PAUSE_AFTER_FAILURE).await;
    }
}

async fn hear(
    own: &PgPool,
    others: &PgPool,
    words: &broadcast::Sender<Option<TenantId>>,
    listeners: &Listeners,
    is_listening: &AtomicBool,
) -> Result<(), sqlx::Error> {
    let mut listener = PgListener::connect_with(own).await?;
    if is_behind_a_pooler(&mut listener, others).await? {
        return Ok(());
    }
    listener.listen(CHANNEL).await?;
    is_listening.store(true, Ordering::Release);
    loop {
        // What was committed before the connection stood was not heard. Nobody waiting is
        // no failure.
        let word = listener.try_recv().await?.and_then(|notification| notification.payload().parse().ok());
        let _ = words.send(word);
        if let Some(tenant) = word {
            listeners.tell(tenant, Committer::Anybody);
        }
    }
}

/// Two connections that are open at once are two sessions, unless a pooler lends one session
/// to both, one after the other. It need not do so each time, so this looks several times.
async fn is_behind_a_pooler(listener: &mut PgListener, others: &PgPool) -> Result<bool, sqlx::Error> {
    let session = "SELECT pg_backend_pid() AS session";
    let mut lent = HashSet::new();
    let mut other = others.acquire().await?;
    for _ in 0..LOOKS {
        for row in script(session).fetch_all(&mut *listener).await? {
            lent.insert(row.try_get::<i32, _>("session")?);
        }
        for row in script(session).fetch_all(&mut *other).await? {
            if lent.contains(&row.try_get::<i32, _>("session")?) {
                return Ok(true);
            }
        }
    }
    // One connection that has had several sessions is proof, too.
    Ok(lent.len() > 1)
}
