//! Looking at the objects that wait: fetching them, handing them on, and setting aside what fails.

use std::time::Duration;

use super::engine::{Engine, Run};
use super::kept::Kept;
use super::notes::Notes;
use super::pages::{ANEW, GONE};
use super::sink::{Arrival, Departure};
use crate::base::{Error, ErrorKind, Result, Timestamp};
use crate::domain::{
    Access, Content, Fetched, FileState, MirrorObject, NewWork, ObjectState, Postponed, Service, Stream,
    Wanted, WorkItem,
};

const FIRST_RETRY: Duration = Duration::from_secs(30);
const LONGEST_RETRY: Duration = Duration::from_hours(1);
/// What failed this often is set aside.
const TRIES: u32 = 5;
/// What was set aside is tried again after this time: it may have been mended.
const ASIDE_RETRY: Duration = Duration::from_hours(24);
/// How often the window of meetings moves on.
const ROLLED_EVERY: Duration = Duration::from_hours(24);
/// How many objects are asked for at once when it does.
const ROLLED_AT_ONCE: u32 = 500;

/// An item with what is known of its object.
type Known = (WorkItem, Option<(MirrorObject, Kept)>);

/// Items by what they need.
#[derive(Default)]
struct Sorted {
    gone: Vec<Departure>,
    /// Nothing has to be fetched.
    here: Vec<Arrival>,
    wanted: Vec<Known>,
}

impl Engine {
    /// Looks at everything that is due.
    pub(super) async fn work(&self, run: &mut Run<'_>) -> Result<()> {
        let stream = self.read(run.scope, run.key).await?;
        let mut done = 0;
        loop {
            run.options.cancel.check("sync.run")?;
            let now = self.clock.now();
            let (known, waiting) = self.due(run, now).await?;
            if let Some(progress) = &run.options.progress {
                progress(done, waiting);
            }
            if known.is_empty() {
                return Ok(());
            }
            done += known.len() as u64;
            let Sorted { gone, here, wanted } = sorted(known, &stream);
            if !gone.is_empty() {
                self.take_out(run, &stream, gone, now).await?;
            }
            if !here.is_empty() {
                self.hand_on(run, &stream, here).await?;
            }
            if !wanted.is_empty() {
                self.fetch(run, &stream, wanted).await?;
            }
        }
    }

    async fn due(&self, run: &Run<'_>, now: Timestamp) -> Result<(Vec<Known>, u64)> {
        let limit = u32::try_from(run.source.batch().max(1)).unwrap_or(u32::MAX);
        let mut read = self.store.begin(run.scope, Access::Read).await?;
        let items = read.due_work(run.key, now, limit).await?;
        let ids: Vec<&str> = items.iter().map(|item| item.id.as_str()).collect();
        let objects = read.objects(run.key, &ids).await?;
        let waiting =
            if run.options.progress.is_some() { read.work_counts(run.key).await?.waiting } else { 0 };
        let known = items
            .into_iter()
            .zip(objects)
            .map(|(item, object)| {
                let known = object.map(|object| Kept::read_from(&object).map(|kept| (object, kept)));
                Ok((item, known.transpose()?))
            })
            .collect::<Result<_>>()?;
        Ok((known, waiting))
    }

    async fn fetch(&self, run: &mut Run<'_>, stream: &Stream, wanted: Vec<Known>) -> Result<()> {
        let asked: Vec<Wanted> = wanted
            .iter()
            .map(|(item, known)| {
                // What is known but not here has to be fetched whole.
                let known =
                    known.as_ref().filter(|(_, kept)| kept.is_read()).map(|(object, _)| object.clone());
                Wanted { id: item.id.clone(), known }
            })
            .collect();
        let fetched = run.source.fetch(&asked).await;
        let snapshot = Notes::read(&stream.state).snapshots;
        let (mut arrivals, mut gone, mut failed) = (Vec::new(), Vec::new(), Vec::new());
        let mut stop = None;
        for ((item, known), fetched) in wanted.into_iter().zip(fetched) {
            match fetched {
                Ok(Fetched::Object { state, content }) => {
                    arrivals.push(Arrival { item, known, state: *state, content, snapshot });
                }
                Ok(Fetched::Gone) => gone.push(Departure { item, known }),
                // Not the object's fault: all that wait would fail likewise.
                Err(error) if is_everybodys(&error) => stop = Some(error),
                Err(error) => failed.push((item, error)),
            }
        }
        let now = self.clock.now();
        if !gone.is_empty() {
            self.take_out(run, stream, gone, now).await?;
        }
        self.postpone(run, failed, now).await?;
        if !arrivals.is_empty() {
            self.hand_on(run, stream, arrivals).await?;
        }
        stop.map_or(Ok(()), Err)
    }

    async fn hand_on(&self, run: &mut Run<'_>, stream: &Stream, arrivals: Vec<Arrival>) -> Result<()> {
        let items: Vec<WorkItem> = arrivals.iter().map(|arrival| arrival.item.clone()).collect();
        let results = self.sink.store(stream, arrivals).await;
        let mut failed = Vec::new();
        let mut stop = None;
        for (item, result) in items.into_iter().zip(results) {
            match result {
                Ok(()) => run.report.stored += 1,
                Err(error) if matches!(error.kind(), ErrorKind::Storage | ErrorKind::Closed) => {
                    stop = Some(error);
                }
                Err(error) => failed.push((item, error)),
            }
        }
        self.postpone(run, failed, self.clock.now()).await?;
        stop.map_or(Ok(()), Err)
    }

    async fn take_out(
        &self,
        run: &mut Run<'_>,
        stream: &Stream,
        gone: Vec<Departure>,
        now: Timestamp,
    ) -> Result<()> {
        let mut write = self.store.begin(run.scope, Access::Write).await?;
        self.sink.remove(&mut *write, stream, &gone, now).await?;
        let ids: Vec<&str> = gone.iter().map(|departure| departure.item.id.as_str()).collect();
        write.delete_objects(run.key, &ids).await?;
        let done = gone.iter().map(|departure| (departure.item.id.as_str(), departure.item.generation));
        write.finish_work(run.key, &done.collect::<Vec<_>>()).await?;
        write.commit().await?;
        run.report.removed += gone.iter().filter(|departure| departure.known.is_some()).count() as u64;
        Ok(())
    }

    async fn postpone(
        &self,
        run: &mut Run<'_>,
        failed: Vec<(WorkItem, Error)>,
        now: Timestamp,
    ) -> Result<()> {
        if failed.is_empty() {
            return Ok(());
        }
        run.report.failed += failed.len() as u64;
        let tries: Vec<Postponed> =
            failed.into_iter().map(|(item, error)| postponed(item, &error, now)).collect();
        let mut write = self.store.begin(run.scope, Access::Work).await?;
        write.postpone_work(run.key, &tries).await?;
        write.commit().await
    }

    /// Once a day, asks for all events of a calendar, so that meetings come into its window and
    /// leave it.
    pub(super) async fn roll(&self, run: &mut Run<'_>) -> Result<()> {
        let now = self.clock.now();
        let stream = self.read(run.scope, run.key).await?;
        let notes = Notes::read(&stream.state);
        let is_due = notes.rolled_at.is_none_or(|at| now.since(at) >= ROLLED_EVERY);
        if run.key.parts()?.0 != Service::Calendar || !is_due {
            return Ok(());
        }
        let mut after: Option<String> = None;
        loop {
            let mut write = self.store.begin(run.scope, Access::Work).await?;
            let objects = write.objects_after(run.key, after.as_deref(), ROLLED_AT_ONCE).await?;
            let series = objects.iter().filter(|object| object.parent.is_none());
            let work = series.map(|object| NewWork { id: object.id.clone(), note: None });
            write.add_work(run.key, &work.collect::<Vec<_>>(), now).await?;
            let is_last = objects.len() < ROLLED_AT_ONCE as usize;
            after = objects.into_iter().next_back().map(|object| object.id);
            if is_last {
                let mut stream = super::engine::stored(&mut *write, run.key).await?;
                let notes = Notes { rolled_at: Some(now), ..Notes::read(&stream.state) };
                stream.state = notes.written();
                write.put_stream(&stream).await?;
            }
            write.commit().await?;
            if is_last {
                return Ok(());
            }
        }
    }
}

/// Sorts items by what they need.
fn sorted(known: Vec<Known>, stream: &Stream) -> Sorted {
    let snapshot = Notes::read(&stream.state).snapshots;
    let mut sorted = Sorted::default();
    for (item, known) in known {
        if item.note.as_deref() == Some(GONE) {
            sorted.gone.push(Departure { item, known });
            continue;
        }
        let is_here = item.note.as_deref() != Some(ANEW)
            && known.as_ref().is_some_and(|(_, kept)| match &kept.state {
                ObjectState::Mail(_) => false,
                ObjectState::File(FileState { trashed, .. }) => *trashed || kept.is_read(),
                ObjectState::Event(_) => true,
            });
        match known {
            Some((object, kept)) if is_here => {
                let state = kept.state.clone();
                let known = Some((object, kept));
                sorted.here.push(Arrival { item, known, state, content: Content::Same, snapshot });
            }
            known => sorted.wanted.push((item, known)),
        }
    }
    sorted
}

/// Whether an error says nothing about the object it was met with.
fn is_everybodys(error: &Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::RateLimited
            | ErrorKind::NeedsReauth
            | ErrorKind::NotConfigured
            | ErrorKind::Storage
            | ErrorKind::Closed
            | ErrorKind::Cancelled
    ) || (error.kind() == ErrorKind::Upstream && error.retry_at().is_some())
}

fn postponed(item: WorkItem, error: &Error, now: Timestamp) -> Postponed {
    let attempts = item.attempts.saturating_add(1);
    // What cannot be read now will not be read in a minute either.
    let aside = attempts >= TRIES || !error.is_retryable();
    let wait = if aside {
        ASIDE_RETRY
    } else {
        FIRST_RETRY.saturating_mul(1 << (attempts - 1).min(16)).min(LONGEST_RETRY)
    };
    Postponed {
        due_at: error.retry_at().unwrap_or(now.after(wait)).max(now.after(FIRST_RETRY)),
        id: item.id,
        generation: item.generation,
        attempts,
        aside,
        error_code: error.kind().code().to_owned(),
        error_message: error.to_string(),
    }
}
