//! One random call of a user's face.

use std::time::Duration;

use besunny::{
    ChangeKind, Classify, DocumentFilter, DocumentId, HandleOptions, LoadOptions, NewDocument, PageRequest,
    ProjectFields, ProjectFilter, ProjectId, ProjectPatch, Result, SearchRequest, SubscribeOptions,
};
use serde_json::{Value, json};

use super::people::Whose;
use super::{Fuzz, assert_alike};

/// Words that texts of all users share, so that searches would find foreign ones.
const SHARED: [&str; 6] = ["permit", "crane", "budget", "harbour", "rehearsal", "lighthouse"];
/// Sources and ids at them that all users use.
pub(super) const SOURCES: [&str; 3] = ["drive", "wiki", "upload"];

/// Calls something that takes an id; for another's id also with one that is nowhere, which
/// must make no difference.
macro_rules! by_id {
    ($fuzz:ident, $who:ident, $method:literal, $pick:ident, $id:ident => $call:expr, $unknown:ident) => {{
        let ($id, whose) = $fuzz.$pick($who);
        let outcome: Result<Value> = $call.await.map(|answer| json!(answer));
        if whose == Whose::Foreign {
            $fuzz.report.foreign += 1;
            let foreign = $id.to_string();
            let $id = $unknown::from_bytes($fuzz.random.unknown());
            let nowhere: Result<Value> = $call.await.map(|answer| json!(answer));
            assert_alike($method, &outcome, &foreign, &nowhere, &$id.to_string());
        }
        assert_eq!(outcome.is_ok(), whose == Whose::Own, "{}: {outcome:?}", $method);
        $fuzz.check($who, $method, &outcome);
        ($id, outcome.is_ok())
    }};
}

pub(super) use by_id;

impl Fuzz<'_> {
    pub(super) async fn call(&mut self, who: usize) {
        match self.random.below(1000) {
            0..=249 => self.documents(who).await,
            250..=419 => self.projects(who).await,
            420..=519 => self.mail(who).await,
            520..=669 => self.events(who).await,
            670..=839 => self.jobs(who).await,
            840..=992 => self.questions(who).await,
            _ => self.maintain(who).await,
        }
    }

    /// A sentence with the user's own word in it.
    pub(super) fn text(&mut self, who: usize) -> String {
        let (one, two) = (self.random.below(SHARED.len()), self.random.below(SHARED.len()));
        let number = self.random.below(500);
        format!("The {} {} of {} number {number}.", SHARED[one], SHARED[two], self.people[who].word)
    }

    fn filter(&mut self, who: usize) -> DocumentFilter {
        let project = match self.random.below(4) {
            0 => Some(ProjectFilter::Is(self.project(who).0)),
            1 => Some(ProjectFilter::Unassigned),
            _ => None,
        };
        let source = self.random.chance(20).then(|| SOURCES[self.random.below(SOURCES.len())].to_owned());
        DocumentFilter { project, source, ..DocumentFilter::default() }
    }

    async fn documents(&mut self, who: usize) {
        let documents = self.people[who].me.documents();
        match self.random.below(10) {
            0..=2 => {
                let mut document =
                    NewDocument { content: self.text(who).into_bytes(), ..NewDocument::default() };
                if self.random.chance(60) {
                    document.source = Some(SOURCES[self.random.below(SOURCES.len())].to_owned());
                    document.source_id = Some(format!("item {}", self.random.below(30)));
                }
                let ingested = documents.ingest(document).await.expect("takes a text");
                self.people[who].keep(&ingested);
                self.check(who, "documents.ingest", &Ok(json!(ingested)));
            }
            3 => {
                by_id!(self, who, "documents.get", document, id => documents.get(id), DocumentId);
            }
            4 => {
                by_id!(self, who, "documents.attachments", document, id => documents.attachments(id), DocumentId);
            }
            5 => {
                let (id, is_gone) =
                    by_id!(self, who, "documents.delete", document, id => documents.delete(id), DocumentId);
                if is_gone {
                    self.people[who].forget(id);
                }
            }
            6 | 7 => self.assign(who).await,
            _ => {
                let (filter, page) = (self.filter(who), self.page(who));
                let listed = documents.list(filter, page).await;
                if let Some(next) = listed.as_ref().ok().and_then(|page| page.next.clone()) {
                    self.people[who].pages.push(next);
                }
                self.check(who, "documents.list", &listed.map(|listed| json!(listed)));
            }
        }
    }

    /// Another's document into one's own project, one's own into another's, and what is right.
    async fn assign(&mut self, who: usize) {
        let documents = self.people[who].me.documents();
        let (document, whose_document) = self.document(who);
        let (project, whose_project) = self.project(who);
        let project = self.random.chance(80).then_some(project);
        let is_right = whose_document == Whose::Own && (project.is_none() || whose_project == Whose::Own);
        let outcome = documents.assign(document, project).await.map(|document| json!(document));
        assert_eq!(outcome.is_ok(), is_right, "documents.assign: {outcome:?}");
        self.check(who, "documents.assign", &outcome);
        if let (Whose::Foreign, Whose::Own, Some(foreign)) = (whose_project, whose_document, project) {
            self.report.foreign += 1;
            let nowhere = ProjectId::from_bytes(self.random.unknown());
            let refused = documents.assign(document, Some(nowhere)).await.map(|document| json!(document));
            let (foreign, nowhere) = (foreign.to_string(), nowhere.to_string());
            assert_alike("documents.assign", &outcome, &foreign, &refused, &nowhere);
        }
        if whose_document == Whose::Foreign {
            self.report.foreign += 1;
            let nowhere = DocumentId::from_bytes(self.random.unknown());
            let refused = documents.assign(nowhere, project).await.map(|document| json!(document));
            let (foreign, nowhere) = (document.to_string(), nowhere.to_string());
            assert_alike("documents.assign", &outcome, &foreign, &refused, &nowhere);
        }
    }

    async fn projects(&mut self, who: usize) {
        let projects = self.people[who].me.projects();
        match self.random.below(10) {
            0..=2 if self.people[who].projects.len() < 12 => {
                let keywords = vec![SHARED[self.random.below(SHARED.len())].to_owned()];
                let fields =
                    ProjectFields { keywords, notes: self.text(who), ..ProjectFields::named(self.text(who)) };
                let created = projects.create(fields).await.expect("takes a project");
                self.people[who].projects.insert(created.id);
                self.check(who, "projects.create", &Ok(json!(created)));
            }
            3 | 4 => {
                by_id!(self, who, "projects.get", project, id => projects.get(id), ProjectId);
            }
            5 | 6 => {
                let patch = ProjectPatch { description: Some(self.text(who)), ..ProjectPatch::default() };
                by_id!(self, who, "projects.update", project, id => projects.update(id, patch.clone()), ProjectId);
            }
            7 => {
                let (id, is_gone) =
                    by_id!(self, who, "projects.delete", project, id => projects.delete(id), ProjectId);
                if is_gone {
                    self.people[who].projects.remove(&id);
                }
            }
            _ => {
                let listed = projects.list().await.map(|listed| json!(listed));
                self.check(who, "projects.list", &listed);
            }
        }
    }

    /// A mail, sometimes with an attachment; its Message-ID and references are anybody's.
    fn message(&mut self, who: usize, to: &str) -> Vec<u8> {
        let (id, earlier) = (self.random.below(200), self.random.below(200));
        let attachment = match self.random.chance(30) {
            true => format!(
                "--b\r\nContent-Type: text/plain; name=note.txt\r\nContent-Disposition: attachment; \
                 filename=note.txt\r\n\r\n{}\r\n",
                self.text(who)
            ),
            false => String::new(),
        };
        format!(
            "From: marta@tide.example\r\nTo: {to}\r\nSubject: Re: {}\r\nMessage-ID: <{id}@tide.example>\r\n\
             In-Reply-To: <{earlier}@tide.example>\r\nDate: Mon, 02 Mar 2026 09:00:00 +0000\r\n\
             Content-Type: multipart/mixed; boundary=b\r\n\r\n\
             --b\r\nContent-Type: text/plain\r\n\r\n{}\r\n{attachment}--b--\r\n",
            SHARED[id % SHARED.len()],
            self.text(who),
        )
        .into_bytes()
    }

    async fn mail(&mut self, who: usize) {
        let mail = self.people[who].me.mail();
        // Mostly addressed to another, whose it must not become.
        let another = self.another(who);
        let to = self.people[another].me.virtual_address();
        if self.random.chance(20) {
            self.routed(who).await;
            return;
        }
        if self.random.chance(90) {
            let ingested = mail.ingest(self.message(who, &to)).await.expect("takes a mail");
            self.people[who].keep(&ingested);
            self.check(who, "mail.ingest", &Ok(json!(ingested)));
            return;
        }
        let folder = self.folder.join(format!("box-{}", self.random.next()));
        std::fs::create_dir_all(folder.join("cur")).expect("a folder");
        let message = self.message(who, &to);
        let (method, outcome) = match self.random.below(3) {
            0 => {
                let file = folder.join("mbox");
                let text = [b"From marta@tide.example Mon Mar  2 09:00:00 2026\n", &*message].concat();
                std::fs::write(&file, text).expect("a file");
                ("mail.ingest_mbox", mail.ingest_mbox(file, LoadOptions::default()).await)
            }
            1 => {
                std::fs::write(folder.join("cur/1"), &message).expect("a file");
                ("mail.ingest_maildir", mail.ingest_maildir(&folder, LoadOptions::default()).await)
            }
            _ => {
                std::fs::write(folder.join("1.eml"), &message).expect("a file");
                ("mail.ingest_folder", mail.ingest_folder(&folder, LoadOptions::default()).await)
            }
        };
        self.check(who, method, &outcome.map(|report| json!(report)));
        let documents = self.people[who].me.documents();
        // A report names no documents: what is new is at the top of the list.
        let top = documents.list(DocumentFilter::default(), PageRequest { size: 3, after: None }).await;
        for document in top.expect("lists").items {
            self.people[who].documents.insert(document.id, document.parent_id);
        }
    }

    /// A mail that finds the user by virtual address.
    async fn routed(&mut self, who: usize) {
        let to = self.people[who].me.virtual_address();
        let message = self.message(who, &to);
        let deliveries = self.workspace.mail().ingest(message).await.expect("takes a mail");
        assert_eq!(deliveries.len(), 1, "{deliveries:?}");
        for document in deliveries[0].document.iter().chain(&deliveries[0].attachments) {
            self.people[who].documents.insert(document.id, document.parent_id);
        }
        self.check(who, "mail.ingest", &Ok(json!(deliveries)));
    }

    async fn questions(&mut self, who: usize) {
        let another = self.another(who);
        let me = self.people[who].me.clone();
        match self.random.below(10) {
            0..=4 => {
                let words = [&self.people[another].word, SHARED[self.random.below(SHARED.len())]].join(" ");
                let mut request = SearchRequest::new(words);
                request.filter = self.filter(who);
                self.report.foreign += 1;
                let hits = me.search(request).await.map(|hits| json!(hits));
                assert!(hits.is_ok(), "{hits:?}");
                self.check(who, "search", &hits);
            }
            5 | 6 => {
                let item = Classify { text: self.text(who), subject: None, sender: None };
                let decided = me.classify(item).await.map(|decided| json!(decided));
                self.check(who, "classify", &decided);
            }
            7 => self.check(who, "user", &Ok(json!([me.user(), me.virtual_address()]))),
            _ => {
                let log = me.intake_log(self.page(who)).await;
                if let Some(next) = log.as_ref().ok().and_then(|page| page.next.clone()) {
                    self.people[who].pages.push(next);
                }
                self.check(who, "intake_log", &log.map(|log| json!(log)));
            }
        }
    }

    /// Cursors of all users have the same names, and positions are guessed.
    async fn events(&mut self, who: usize) {
        let events = self.people[who].me.events();
        let name = ["mailer", "report", "mirror"][self.random.below(3)];
        let mut options = SubscribeOptions::default();
        options.timeout = Some(Duration::ZERO);
        options.batch = 1 + self.random.below(50) as u32;
        options.auto_ack = self.random.chance(50);
        let position = self.random.below(20_000) as u64;
        match self.random.below(10) {
            0..=2 => {
                let kinds = if self.random.chance(50) { ChangeKind::ALL } else { &[] };
                let read = events.read(position, kinds, options.batch).await;
                self.check(who, "events.read", &read.map(|read| json!(read)));
            }
            3 | 4 => {
                let mut subscription = events.subscribe(name, options).await.expect("subscribes");
                let batch = subscription.next_batch().await;
                let read = subscription.next().await;
                subscription.close().await.expect("closes");
                self.check(who, "events.subscribe", &batch.map(|batch| json!(batch)));
                self.check(who, "events.subscribe", &read.map(|event| json!(event)));
            }
            5 => {
                let mut live = events.live(options).await.expect("subscribes");
                // What others do now is none of this user's business.
                let another = self.another(who);
                let text = NewDocument { content: self.text(another).into_bytes(), ..NewDocument::default() };
                let ingested = self.people[another].me.documents().ingest(text).await.expect("takes a text");
                self.people[another].keep(&ingested);
                let seen = live.next().await.map(|event| json!(event));
                assert_eq!(seen.as_ref().ok(), Some(&Value::Null), "a live event of another");
                self.check(who, "events.live", &seen);
            }
            6 => {
                let mut handling = HandleOptions::default();
                handling.subscribe = options;
                let mut seen = Vec::new();
                let report = events.handle(name, handling, |event| {
                    seen.push(event);
                    std::future::ready(Ok(()))
                });
                let handled = report.await.map(|report| report.handled);
                self.check(who, "events.handle", &handled.map(|handled| json!([handled, seen])));
            }
            7 => {
                let moved = events.ack(name, position).await.map(|position| json!(position));
                self.check(who, "events.ack", &moved);
            }
            8 => {
                let listed = events.cursors().await.map(|listed| json!(listed));
                self.check(who, "events.cursors", &listed);
            }
            _ => {
                let deleted = events.delete_cursor(name).await.map(|deleted| json!(deleted));
                self.check(who, "events.delete_cursor", &deleted);
            }
        }
    }
}
