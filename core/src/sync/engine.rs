//! A run: brings one stream level with its source.

use std::sync::Arc;
use std::time::Duration;

use super::notes::Notes;
use super::pages::{Listing, take_page};
use super::policy::{IntervalBounds, interval};
use super::sink::{Sink, Sources};
use crate::base::{CancelToken, Clock, Error, ErrorKind, IdGenerator, Result, Scope, Timestamp};
use crate::domain::{
    Access, AccountStatus, ChannelState, NextPage, Snapshot, Source, SourceFailure, Store, Stream, StreamKey,
    Transaction,
};

/// A run that was killed is looked for again after this time.
const ABANDONED_AFTER: Duration = Duration::from_mins(15);
/// More snapshots a day than this are a cursor that is refused over and over.
const SNAPSHOTS_A_DAY: usize = 4;
const SNAPSHOT_PAUSE: Duration = Duration::from_hours(6);
/// How often a run looks again because it heard something meanwhile.
const ROUNDS: u32 = 20;
/// How many objects that a snapshot has not met are taken out at once.
const SWEPT_AT_ONCE: u32 = 200;

/// Why a run begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trigger {
    /// It is time to look.
    Poll,
    /// A notification came, or somebody asked.
    Hint,
}

/// How a run is done.
#[derive(Clone)]
pub(crate) struct RunOptions {
    pub(crate) trigger: Trigger,
    pub(crate) cancel: CancelToken,
    /// Told how many objects are done, and how many wait.
    pub(crate) progress: Option<Arc<dyn Fn(u64, u64) + Send + Sync>>,
}

/// What a run did.
#[derive(Debug, Default)]
pub(crate) struct RunReport {
    /// Objects that the source had news about.
    pub(crate) told: u64,
    /// Objects stored or changed here.
    pub(crate) stored: u64,
    /// Objects taken out.
    pub(crate) removed: u64,
    /// Objects that failed, and will be tried again.
    pub(crate) failed: u64,
    /// Whether everything was listed anew.
    pub(crate) snapshot: bool,
    /// Why it ended early; the stream is looked at again later by itself.
    pub(crate) error: Option<Error>,
}

/// Brings streams level.
pub(crate) struct Engine {
    pub(super) store: Arc<dyn Store>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) ids: Arc<dyn IdGenerator>,
    pub(super) sources: Arc<dyn Sources>,
    pub(super) sink: Arc<dyn Sink>,
    pub(super) bounds: IntervalBounds,
}

/// What a run has in hand.
pub(super) struct Run<'a> {
    pub(super) scope: &'a Scope,
    pub(super) key: &'a StreamKey,
    pub(super) source: Arc<dyn Source>,
    pub(super) options: &'a RunOptions,
    pub(super) report: RunReport,
}

/// How one look at the source ended.
enum Look {
    Level,
    CursorExpired,
}

impl Engine {
    pub(crate) fn new(
        store: Arc<dyn Store>,
        clock: Arc<dyn Clock>,
        ids: Arc<dyn IdGenerator>,
        sources: Arc<dyn Sources>,
        sink: Arc<dyn Sink>,
        bounds: IntervalBounds,
    ) -> Self {
        Self { store, clock, ids, sources, sink, bounds }
    }

    /// Brings a stream level. What goes wrong at the source is in the report and in the
    /// stream's health, and the stream is due again when it makes sense.
    ///
    /// # Errors
    /// `not_found` when there is no such stream, and what the database says.
    pub(crate) async fn run(
        &self,
        scope: &Scope,
        key: &StreamKey,
        options: &RunOptions,
    ) -> Result<RunReport> {
        let mut report = RunReport::default();
        for round in 0..ROUNDS {
            let Some(hints) = self.begin(scope, key).await? else { return Ok(report) };
            let done = match self.open(scope, key, options, std::mem::take(&mut report)).await {
                Ok(mut run) => {
                    let done = self.level(&mut run).await;
                    let watched = match &done {
                        Ok(()) => self.keep_watch(&run).await,
                        Err(_) => Ok(()),
                    };
                    report = run.report;
                    done.and(watched)
                }
                Err(error) => Err(error),
            };
            let again = self.end(scope, key, hints, options, &done, &report).await?;
            match done {
                Err(error) if error.kind() == ErrorKind::Storage || error.kind() == ErrorKind::Closed => {
                    return Err(error);
                }
                Err(error) => {
                    report.error = Some(error);
                    return Ok(report);
                }
                Ok(()) if again && round + 1 < ROUNDS => {}
                Ok(()) => return Ok(report),
            }
        }
        Ok(report)
    }

    /// Notes that a run begins; the hints that it has heard, or `None` where the account cannot
    /// be used.
    async fn begin(&self, scope: &Scope, key: &StreamKey) -> Result<Option<u64>> {
        let now = self.clock.now();
        let mut write = self.store.begin(scope, Access::Work).await?;
        let mut stream = stored(&mut *write, key).await?;
        let account = write.account(key.account).await?;
        let mut notes = Notes::read(&stream.state);
        let can_be_used = account.is_some_and(|account| account.status == AccountStatus::Active);
        if can_be_used {
            notes.tried_at = Some(now);
            stream.next_at = Some(now.after(ABANDONED_AFTER));
        } else {
            stream.next_at = None;
        }
        stream.state = notes.written();
        let hints = stream.hints;
        write.put_stream(&stream).await?;
        write.commit().await?;
        Ok(can_be_used.then_some(hints))
    }

    async fn open<'a>(
        &self,
        scope: &'a Scope,
        key: &'a StreamKey,
        options: &'a RunOptions,
        report: RunReport,
    ) -> Result<Run<'a>> {
        let account = self.store.begin(scope, Access::Read).await?.account(key.account).await?;
        let account = account.ok_or_else(|| {
            Error::new(ErrorKind::NotFound, "sync.run", "the account was disconnected").with("stream", key)
        })?;
        let source = self.sources.open(&account, key).await?;
        Ok(Run { scope, key, source, options, report })
    }

    async fn level(&self, run: &mut Run<'_>) -> Result<()> {
        let stream = self.read(run.scope, run.key).await?;
        let is_level_with = Notes::read(&stream.state).fingerprint == run.source.fingerprint();
        let mut needs_snapshot = stream.snapshot.is_some() || stream.cursor.is_none() || !is_level_with;
        if !needs_snapshot && matches!(self.look(run, &stream).await?, Look::CursorExpired) {
            needs_snapshot = true;
        }
        if needs_snapshot {
            self.snapshot(run).await?;
            // What changed while it was listed.
            let stream = self.read(run.scope, run.key).await?;
            if matches!(self.look(run, &stream).await?, Look::CursorExpired) {
                return Err(Error::new(
                    ErrorKind::Upstream,
                    "sync.run",
                    "the source refuses the cursor that it has just given",
                )
                .with("stream", run.key));
            }
        }
        self.roll(run).await?;
        self.work(run).await
    }

    /// Reads what changed since the cursor.
    async fn look(&self, run: &mut Run<'_>, stream: &Stream) -> Result<Look> {
        let Some(cursor) = &stream.cursor else { return Ok(Look::CursorExpired) };
        let mut at = stream.clone();
        let mut page: Option<String> = None;
        let mut restarted = false;
        let mut effective = 0;
        loop {
            run.options.cancel.check("sync.run")?;
            let told = match run.source.changes(cursor, page.as_deref()).await {
                Ok(told) => told,
                Err(SourceFailure::CursorExpired) => return Ok(Look::CursorExpired),
                Err(SourceFailure::PageExpired) if !restarted => {
                    restarted = true;
                    page = None;
                    continue;
                }
                Err(failure) => return Err(other(failure)),
            };
            let mut write = self.store.begin(run.scope, Access::Work).await?;
            let (mut stream, mut notes) = unmoved(&mut *write, run.key, &at).await?;
            let now = self.clock.now();
            let listing = Listing { snapshot: None, last_snapshot: notes.snapshots, now };
            let news = take_page(&mut *write, run.key, told.told, listing).await?;
            effective += news;
            notes.count_changes(news, now);
            let more = match told.next {
                NextPage::Page(next) => Some(next),
                NextPage::Cursor(next) => {
                    stream.cursor = Some(next.clone());
                    Some(next)
                }
                NextPage::Done(next) => {
                    if let Some(next) = next {
                        settle(&mut stream, &mut notes, next, run.source.settles_within(), now);
                    }
                    None
                }
                NextPage::Nothing => None,
            };
            if more.is_none() {
                let is_poll = run.options.trigger == Trigger::Poll && stream.hints == notes.hints_seen;
                notes.empty_polls = if effective == 0 { notes.empty_polls.saturating_add(1) } else { 0 };
                if effective > 0 && is_poll {
                    notes.unannounced_at = Some(now);
                }
            }
            stream.state = notes.written();
            write.put_stream(&stream).await?;
            write.commit().await?;
            run.report.told += u64::from(news);
            at = stream;
            match more {
                Some(next) => page = Some(next),
                None => return Ok(Look::Level),
            }
        }
    }

    /// Lists everything, and takes out what is not there any more.
    async fn snapshot(&self, run: &mut Run<'_>) -> Result<()> {
        run.report.snapshot = true;
        let mut at = self.begin_snapshot(run).await?;
        let mut restarted = false;
        while let Some(snapshot) = at.snapshot.clone().filter(|snapshot| !snapshot.listed) {
            run.options.cancel.check("sync.run")?;
            let page = match run.source.snapshot(snapshot.page.as_deref()).await {
                Ok(page) => page,
                Err(SourceFailure::PageExpired | SourceFailure::CursorExpired)
                    if snapshot.page.is_some() && !restarted =>
                {
                    restarted = true;
                    at.snapshot = Some(Snapshot { page: None, ..snapshot });
                    continue;
                }
                Err(failure) => return Err(other(failure)),
            };
            let mut write = self.store.begin(run.scope, Access::Work).await?;
            let (mut stream, notes) = if restarted {
                let stream = stored(&mut *write, run.key).await?;
                let notes = Notes::read(&stream.state);
                (stream, notes)
            } else {
                unmoved(&mut *write, run.key, &at).await?
            };
            let now = self.clock.now();
            let listing = Listing { snapshot: Some(snapshot.number), last_snapshot: snapshot.number, now };
            run.report.told += u64::from(take_page(&mut *write, run.key, page.told, listing).await?);
            stream.snapshot = Some(match page.next {
                NextPage::Page(next) | NextPage::Cursor(next) => Snapshot { page: Some(next), ..snapshot },
                NextPage::Done(cursor) => {
                    Snapshot { cursor: cursor.or(snapshot.cursor), page: None, listed: true, ..snapshot }
                }
                NextPage::Nothing => Snapshot { page: None, listed: true, ..snapshot },
            });
            restarted = false;
            stream.state = notes.written();
            write.put_stream(&stream).await?;
            write.commit().await?;
            at = stream;
        }
        self.sweep(run, at).await
    }

    async fn begin_snapshot(&self, run: &Run<'_>) -> Result<Stream> {
        let stream = self.read(run.scope, run.key).await?;
        let is_same = Notes::read(&stream.state).fingerprint == run.source.fingerprint();
        if stream.snapshot.is_some() && is_same {
            return Ok(stream);
        }
        let now = self.clock.now();
        if Notes::read(&stream.state).snapshots_last_day(now) >= SNAPSHOTS_A_DAY {
            let message = "the source refuses every cursor it gives; everything is listed again later";
            return Err(Error::new(ErrorKind::Upstream, "sync.run", message)
                .with("stream", run.key)
                .with_retry_at(now.after(SNAPSHOT_PAUSE)));
        }
        let cursor = run.source.start().await?;
        let mut write = self.store.begin(run.scope, Access::Work).await?;
        let (mut stream, mut notes) = unmoved(&mut *write, run.key, &stream).await?;
        let number = notes.begin_snapshot(now);
        notes.fingerprint = run.source.fingerprint();
        notes.settling.clear();
        stream.snapshot = Some(Snapshot { number, cursor, page: None, listed: false });
        stream.state = notes.written();
        write.put_stream(&stream).await?;
        write.commit().await?;
        Ok(stream)
    }

    /// Asks for what the snapshot has not met to be taken out, then moves the cursor.
    async fn sweep(&self, run: &mut Run<'_>, at: Stream) -> Result<()> {
        let Some(snapshot) = at.snapshot.clone() else { return Ok(()) };
        loop {
            run.options.cancel.check("sync.run")?;
            let mut write = self.store.begin(run.scope, Access::Work).await?;
            let (mut stream, notes) = unmoved(&mut *write, run.key, &at).await?;
            let now = self.clock.now();
            let unseen = write.unseen(run.key, snapshot.number, SWEPT_AT_ONCE).await?;
            let ids: Vec<&str> = unseen.iter().map(|object| object.id.as_str()).collect();
            super::pages::ask_gone(&mut *write, run.key, &ids, now).await?;
            // Each is asked for once: what waits counts as met.
            write.mark_seen(run.key, &ids, snapshot.number).await?;
            run.report.told += ids.len() as u64;
            let is_last = ids.len() < SWEPT_AT_ONCE as usize;
            if is_last {
                stream.cursor.clone_from(&snapshot.cursor);
                stream.snapshot = None;
                stream.state = notes.written();
                write.put_stream(&stream).await?;
            }
            write.commit().await?;
            if is_last {
                return Ok(());
            }
        }
    }

    /// Notes how a run ended, and when the next is due; whether to look again at once.
    async fn end(
        &self,
        scope: &Scope,
        key: &StreamKey,
        hints: u64,
        options: &RunOptions,
        done: &Result<()>,
        report: &RunReport,
    ) -> Result<bool> {
        let now = self.clock.now();
        let mut write = self.store.begin(scope, Access::Work).await?;
        let Some(mut stream) = write.stream(key).await? else { return Ok(false) };
        let mut notes = Notes::read(&stream.state);
        let waiting = write.work_counts(key).await?;
        let channels = write.channels_of(key).await?;
        let heard = channels.iter().filter_map(|channel| channel.heard_at).max();
        let has_channel =
            channels.iter().any(|channel| channel.state == ChannelState::Active && channel.expires_at > now);
        let mut again = false;
        match done {
            Ok(()) => {
                again = stream.hints > hints;
                notes.failures = 0;
                notes.error = None;
                notes.succeeded_at = Some(now);
                notes.hints_seen = hints;
                if report.told > 0 && scope.tenant() == crate::base::TenantId::SYSTEM {
                    notes.virtual_mail_at = Some(now);
                }
            }
            // Somebody called it off: that says nothing about the source.
            Err(error) if error.kind() == ErrorKind::Cancelled => {}
            Err(error) => {
                notes.failures = notes.failures.saturating_add(1);
                notes.error = Some((error.kind().code().to_owned(), error.to_string()));
                tracing::warn!(stream = %key, %error, "a stream could not be brought level");
            }
        }
        let suspect = has_channel && notes.is_suspect(heard);
        let wait = interval(&notes.situation(has_channel, suspect, now), &self.bounds, self.random(now));
        let mut next = now.after(wait);
        if let Err(error) = done {
            next = match error.kind() {
                ErrorKind::Cancelled => now,
                _ => error.retry_at().map_or(next, |at| at.max(next)),
            };
        } else if let Some(due) = waiting.next_at {
            next = next.min(due.max(now));
        }
        let account = write.account(key.account).await?;
        let can_be_used = account.is_some_and(|account| account.status == AccountStatus::Active);
        stream.next_at = can_be_used.then_some(next);
        stream.state = notes.written();
        write.put_stream(&stream).await?;
        write.commit().await?;
        Ok(again && can_be_used && !options.cancel.is_cancelled())
    }

    pub(super) async fn read(&self, scope: &Scope, key: &StreamKey) -> Result<Stream> {
        stored(&mut *self.store.begin(scope, Access::Read).await?, key).await
    }

    /// Uniform over its range: the last bytes of a fresh id are random.
    pub(super) fn random(&self, now: Timestamp) -> u64 {
        let [.., a, b, c, d, e, f, g] = self.ids.next(now);
        u64::from_be_bytes([a, b, c, d, e, f, g, 0])
    }
}

/// Takes a cursor over, but not before it is old enough for everything before it to be visible.
fn settle(stream: &mut Stream, notes: &mut Notes, next: String, within: Duration, now: Timestamp) {
    if stream.cursor.as_ref() == Some(&next) {
        notes.settling.clear();
        return;
    }
    if notes.settling.last().is_none_or(|(cursor, _)| *cursor != next) {
        notes.settling.push((next, now));
    }
    let settled = notes.settling.iter().rposition(|&(_, since)| now.since(since) >= within);
    if let Some((cursor, _)) = settled.and_then(|place| notes.settling.drain(..=place).next_back()) {
        stream.cursor = Some(cursor);
    }
    // Of those that are still too young, some are enough to go on with.
    if notes.settling.len() > MOST_SETTLING {
        notes.settling.remove(MOST_SETTLING / 2);
    }
}

/// More cursors than this do not wait to be taken over.
const MOST_SETTLING: usize = 8;

pub(super) async fn stored(transaction: &mut dyn Transaction, key: &StreamKey) -> Result<Stream> {
    transaction.stream(key).await?.ok_or_else(|| {
        Error::new(ErrorKind::NotFound, "sync.run", "there is no such stream").with("stream", key)
    })
}

/// The stream with its notes, if nobody else has moved it since it was read.
async fn unmoved(
    transaction: &mut dyn Transaction,
    key: &StreamKey,
    read: &Stream,
) -> Result<(Stream, Notes)> {
    let stream = stored(transaction, key).await?;
    if stream.cursor != read.cursor || stream.snapshot != read.snapshot {
        return Err(Error::new(
            ErrorKind::Locked,
            "sync.run",
            "another process brings this stream level at the same time",
        )
        .with("stream", key));
    }
    let notes = Notes::read(&stream.state);
    Ok((stream, notes))
}

fn other(failure: SourceFailure) -> Error {
    match failure {
        SourceFailure::Other(error) => error,
        SourceFailure::CursorExpired | SourceFailure::PageExpired => {
            Error::new(ErrorKind::Upstream, "sync.run", "the source refuses a page that it has just named")
        }
    }
}
