//! What becomes of the objects of Google's services: documents and meetings.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use async_trait::async_trait;

use crate::base::{
    Clock, DocumentId, Error, ErrorKind, IdGenerator, MeetingId, Result, Scope, TenantId, Timestamp,
};
use crate::domain::{
    Access, Content, DocumentType, EventState, FileState, NewDocument, ObjectState, Service, Store,
    StoreStatus, Stream, StreamKey, Transaction, Username,
};
use crate::google::calendar::{CalendarEvent, MeetingRules, meetings_of};
use crate::intake::{Companion, Incoming, Intake};
use crate::sync::{Arrival, Departure, Kept, Outcome, Sink, release_document};

/// The source of files.
const DRIVE_SOURCE: &str = "drive";
/// The most characters of a file's name that make a title.
const MAX_TITLE: usize = 300;

/// Hands objects to intake, and makes meetings of events.
pub(super) struct GoogleSink {
    pub(super) store: Arc<dyn Store>,
    pub(super) intake: Arc<Intake>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) ids: Arc<dyn IdGenerator>,
    pub(super) virtual_domain: String,
    pub(super) rules: MeetingRules,
}

/// Completes an arrival in the commit of its document.
struct Beside {
    arrival: Arrival,
    key: StreamKey,
}

#[async_trait]
impl Companion for Beside {
    async fn write(
        &self,
        transaction: &mut dyn Transaction,
        status: StoreStatus,
        document: DocumentId,
    ) -> Result<()> {
        let before = self.arrival.stored();
        let own = match before.document {
            Some(known) if known == document => before.own || status == StoreStatus::Stored,
            _ => status == StoreStatus::Stored,
        };
        let outcome = Outcome { document: Some(document), own, read: true };
        self.arrival.complete(transaction, &self.key, outcome).await
    }
}

#[async_trait]
impl Sink for GoogleSink {
    async fn store(&self, stream: &Stream, arrivals: Vec<Arrival>) -> Vec<Result<()>> {
        let scope = Scope::of(stream.tenant);
        let is_calendar = matches!(stream.key.parts(), Ok((Service::Calendar, _)));
        if is_calendar {
            return self.events(&scope, stream, arrivals).await;
        }
        // In their order, as many as can be at once: what is committed together is embedded together.
        let mut results = Vec::with_capacity(arrivals.len());
        let mut together: Vec<(Incoming, Beside)> = Vec::new();
        for arrival in arrivals {
            match self.incoming(stream, arrival) {
                Next::Take(incoming, beside) => together.push((incoming, *beside)),
                Next::Alone(arrival) => {
                    self.take(&scope, &mut together, &mut results).await;
                    results.push(self.alone(&scope, stream, *arrival).await);
                }
            }
        }
        self.take(&scope, &mut together, &mut results).await;
        results
    }

    async fn remove(
        &self,
        transaction: &mut dyn Transaction,
        stream: &Stream,
        departures: &[Departure],
        now: Timestamp,
    ) -> Result<()> {
        let mut series = BTreeSet::new();
        for departure in departures {
            let Some((object, kept)) = &departure.known else { continue };
            if !matches!(kept.state, ObjectState::Event(_)) {
                release_document(transaction, &stream.key, object, kept, now).await?;
                continue;
            }
            match &object.parent {
                Some(parent) => {
                    series.insert(parent.clone());
                }
                None => {
                    for meeting in transaction.meetings_of_event(&stream.key.name, &object.id).await? {
                        transaction.withdraw_meeting(&meeting.event_id, now).await?;
                    }
                }
            }
        }
        let gone: BTreeSet<&str> = departures.iter().map(|departure| departure.item.id.as_str()).collect();
        for series in series.iter().filter(|series| !gone.contains(series.as_str())) {
            self.meet(transaction, stream, series, &[], &gone, now).await?;
        }
        Ok(())
    }
}

/// What to do with an arrival.
enum Next {
    /// Intake takes it, together with its neighbours.
    Take(Incoming, Box<Beside>),
    /// It goes its own way.
    Alone(Box<Arrival>),
}

impl GoogleSink {
    fn incoming(&self, stream: &Stream, mut arrival: Arrival) -> Next {
        let is_shared = stream.tenant == TenantId::SYSTEM;
        let content = std::mem::replace(&mut arrival.content, Content::Same);
        let incoming = match (&arrival.state, content) {
            (ObjectState::Mail(_), Content::Mail(raw)) if !is_shared => Incoming::Mail(raw),
            (ObjectState::File(file), Content::File { bytes, media_type }) if !file.trashed => {
                Incoming::Document(document_of(file, &arrival.item.id, bytes, Some(media_type)))
            }
            (ObjectState::File(file), Content::Unreadable) if !file.trashed && is_document(file) => {
                Incoming::Document(document_of(file, &arrival.item.id, Vec::new(), None))
            }
            (_, content) => {
                arrival.content = content;
                return Next::Alone(Box::new(arrival));
            }
        };
        Next::Take(incoming, Box::new(Beside { arrival, key: stream.key.clone() }))
    }

    async fn take(
        &self,
        scope: &Scope,
        together: &mut Vec<(Incoming, Beside)>,
        results: &mut Vec<Result<()>>,
    ) {
        if together.is_empty() {
            return;
        }
        let files: Vec<Option<(Arrival, StreamKey)>> =
            together.iter().map(|(incoming, beside)| beside.fallback(incoming)).collect();
        let taken = self.intake.arrivals(scope, std::mem::take(together)).await;
        for (result, fallback) in taken.into_iter().zip(files) {
            let result = match (result, fallback) {
                (Ok(_), _) => Ok(()),
                // It cannot be read; that there is such a file is known all the same.
                (Err(error), Some((arrival, key))) if is_unreadable(&error) => {
                    self.name_only(scope, key, arrival, &error).await
                }
                (Err(error), _) => Err(error),
            };
            results.push(result);
        }
    }

    /// Stores a file by its name, because its content cannot be read.
    async fn name_only(
        &self,
        scope: &Scope,
        key: StreamKey,
        mut arrival: Arrival,
        why: &Error,
    ) -> Result<()> {
        let ObjectState::File(file) = &mut arrival.state else { return Ok(()) };
        file.unread = Some(why.kind().code().to_owned());
        let document = document_of(file, &arrival.item.id, Vec::new(), None);
        let arrivals = vec![(Incoming::Document(document), Beside { arrival, key })];
        self.intake.arrivals(scope, arrivals).await.pop().map_or(Ok(()), |result| result.map(drop))
    }

    async fn alone(&self, scope: &Scope, stream: &Stream, arrival: Arrival) -> Result<()> {
        match (&arrival.state, &arrival.content) {
            (ObjectState::Mail(_), Content::Mail(raw)) => {
                // To whom it is addressed; each gets it in a commit of their own, and taking it
                // again is a no-op for who has it.
                self.intake.routed_mail(&self.virtual_domain, raw.clone()).await?;
                let outcome = Outcome { document: None, own: false, read: true };
                self.complete(scope, &stream.key, &arrival, outcome).await
            }
            (ObjectState::File(file), _) if file.trashed || !is_document(file) => {
                self.without_document(scope, stream, &arrival).await
            }
            (ObjectState::File(file), Content::Same) => {
                self.redescribe(scope, stream, file.clone(), arrival).await
            }
            _ => self.complete(scope, &stream.key, &arrival, arrival.stored()).await,
        }
    }

    async fn complete(
        &self,
        scope: &Scope,
        key: &StreamKey,
        arrival: &Arrival,
        outcome: Outcome,
    ) -> Result<()> {
        let mut write = self.store.begin(scope, Access::Work).await?;
        arrival.complete(&mut *write, key, outcome).await?;
        write.commit().await
    }

    /// Keeps what is known of a file, and takes out the document it was.
    async fn without_document(&self, scope: &Scope, stream: &Stream, arrival: &Arrival) -> Result<()> {
        let Some((object, kept)) = arrival.known.as_ref().filter(|(object, _)| object.document.is_some())
        else {
            return self.complete(scope, &stream.key, arrival, Outcome::default()).await;
        };
        let mut write = self.store.begin(scope, Access::Write).await?;
        release_document(&mut *write, &stream.key, object, kept, self.clock.now()).await?;
        arrival.complete(&mut *write, &stream.key, Outcome::default()).await?;
        write.commit().await
    }

    /// Gives a document what its file is called now; its text stays.
    async fn redescribe(
        &self,
        scope: &Scope,
        stream: &Stream,
        file: FileState,
        arrival: Arrival,
    ) -> Result<()> {
        let stored = match arrival.document() {
            Some(id) => self.store.begin(scope, Access::Read).await?.document(id).await?,
            None => None,
        };
        let Some(stored) = stored else {
            return self.complete(scope, &stream.key, &arrival, Outcome::default()).await;
        };
        let mut renamed = document_of(&file, &arrival.item.id, stored.document.text.into_bytes(), None);
        renamed.format = Some("text".to_owned());
        renamed.kind = Some(stored.document.kind);
        let beside = Beside { arrival, key: stream.key.clone() };
        let taken = self.intake.arrivals(scope, vec![(Incoming::Document(renamed), beside)]).await;
        taken.into_iter().next().map_or(Ok(()), |result| result.map(drop))
    }

    /// Brings the meetings of changed events up to date, in one commit.
    async fn events(&self, scope: &Scope, stream: &Stream, arrivals: Vec<Arrival>) -> Vec<Result<()>> {
        let mut by_series: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for (place, arrival) in arrivals.iter().enumerate() {
            by_series.entry(series_of(arrival)).or_default().push(place);
        }
        let mut results: Vec<Result<()>> = arrivals.iter().map(|_| Ok(())).collect();
        for (series, places) in by_series {
            let changed: Vec<&Arrival> = places.iter().map(|&place| &arrivals[place]).collect();
            let done = self.series(scope, stream, &series, &changed).await;
            for &place in &places[1..] {
                if let Err(error) = &done {
                    results[place] = Err(Error::new(error.kind(), error.operation(), error.message()));
                }
            }
            results[places[0]] = done;
        }
        results
    }

    async fn series(&self, scope: &Scope, stream: &Stream, series: &str, changed: &[&Arrival]) -> Result<()> {
        let mut write = self.store.begin(scope, Access::Write).await?;
        self.meet(&mut *write, stream, series, changed, &BTreeSet::new(), self.clock.now()).await?;
        for arrival in changed {
            arrival.complete(&mut *write, &stream.key, Outcome { read: true, ..Outcome::default() }).await?;
        }
        write.commit().await
    }

    /// Makes the meetings of a single event or a series what its calendar says, within the
    /// window; those before it are history and stay.
    async fn meet(
        &self,
        transaction: &mut dyn Transaction,
        stream: &Stream,
        series: &str,
        changed: &[&Arrival],
        gone: &BTreeSet<&str>,
        now: Timestamp,
    ) -> Result<()> {
        let mut events: BTreeMap<String, EventState> = BTreeMap::new();
        let master = transaction.objects(&stream.key, &[series]).await?.pop().flatten();
        let children = transaction.children(&stream.key, &[series]).await?;
        for object in master.into_iter().chain(children) {
            if let ObjectState::Event(event) = Kept::read_from(&object)?.state
                && !gone.contains(object.id.as_str())
            {
                events.insert(object.id, event);
            }
        }
        for arrival in changed {
            if let ObjectState::Event(event) = &arrival.state {
                events.insert(arrival.item.id.clone(), event.clone());
            }
        }
        let window = self.rules.window(now);
        let read = events.values().map(CalendarEvent::of).collect::<Result<Vec<_>>>()?;
        let drafts = meetings_of(&read, &self.rules, &window, &self.virtual_domain)?;
        let wanted: BTreeSet<String> = drafts.iter().map(|draft| draft.occurrence.event_id.clone()).collect();
        for meeting in transaction.meetings_of_event(&stream.key.name, series).await? {
            let is_in_window = meeting.end > window.from && meeting.start < window.until;
            if is_in_window && !wanted.contains(&meeting.event_id) {
                transaction.withdraw_meeting(&meeting.event_id, now).await?;
            }
        }
        let owner = self.owner(stream.tenant).await?;
        for draft in drafts {
            let id = MeetingId::from_bytes(self.ids.next(now));
            let meeting = draft.into_meeting(id, &stream.key.name, owner.as_ref(), now);
            transaction.put_meeting(&meeting).await?;
        }
        Ok(())
    }

    /// Whose virtual address makes a meeting one to be attended.
    async fn owner(&self, tenant: TenantId) -> Result<Option<Username>> {
        let mut read = self.store.begin(&Scope::service(), Access::Read).await?;
        Ok(read.user(tenant.into()).await?.map(|user| user.username))
    }
}

impl Beside {
    /// What it takes to store a file by its name, should its content turn out unreadable.
    fn fallback(&self, incoming: &Incoming) -> Option<(Arrival, StreamKey)> {
        let Incoming::Document(_) = incoming else { return None };
        let arrival = Arrival {
            item: self.arrival.item.clone(),
            known: self.arrival.known.clone(),
            state: self.arrival.state.clone(),
            content: Content::Unreadable,
            snapshot: self.arrival.snapshot,
        };
        Some((arrival, self.key.clone()))
    }
}

fn is_unreadable(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Malformed | ErrorKind::Unsupported | ErrorKind::LimitExceeded)
}

/// The series an event belongs to; a single event is one of its own.
fn series_of(arrival: &Arrival) -> String {
    let ObjectState::Event(EventState { event, .. }) = &arrival.state else { return arrival.item.id.clone() };
    let series = event.get("recurringEventId").and_then(|id| id.as_str());
    series.unwrap_or(&arrival.item.id).to_owned()
}

/// Whether a file is something to be found, not a folder or a pointer to another.
fn is_document(file: &FileState) -> bool {
    let google = file.media_type.strip_prefix("application/vnd.google-apps.");
    !matches!(google, Some("folder" | "shortcut"))
}

fn document_of(file: &FileState, id: &str, bytes: Vec<u8>, media_type: Option<String>) -> NewDocument {
    let name: String = file.name.chars().take(MAX_TITLE).collect();
    NewDocument {
        content: bytes,
        title: Some(if name.trim().is_empty() { "Untitled".to_owned() } else { name }),
        format: Some(media_type.unwrap_or_else(|| "text".to_owned())),
        file_name: None,
        kind: Some(kind_of(&file.media_type)),
        source: Some(DRIVE_SOURCE.to_owned()),
        source_id: Some(id.to_owned()),
        author: file.owner.clone(),
        occurred_at: file.modified_at,
    }
}

fn kind_of(media_type: &str) -> DocumentType {
    match media_type {
        "application/vnd.google-apps.spreadsheet"
        | "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
        | "application/vnd.ms-excel"
        | "text/csv" => DocumentType::Spreadsheet,
        "application/vnd.google-apps.presentation"
        | "application/vnd.openxmlformats-officedocument.presentationml.presentation"
        | "application/vnd.ms-powerpoint" => DocumentType::Presentation,
        picture if picture.starts_with("image/") => DocumentType::Image,
        _ => DocumentType::Document,
    }
}
