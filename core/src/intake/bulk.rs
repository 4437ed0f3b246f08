//! Whole mailboxes: reading, embedding and committing run side by side, in windows of
//! bounded size; commits happen in the order of the mailbox.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::sync::Arc;

use tokio::sync::mpsc;

use super::draft::{Item, MAIL_SOURCE, mail_item};
use super::mailbox::{Mailbox, MailboxKind, RawMail};
use super::pipeline::{Intake, Vectors};
use crate::base::{CancelToken, Error, ErrorKind, Result, Scope};
use crate::domain::{Access, Delivery, IntakeReport, IntakeStatus, Progress, User};
use crate::offload::offload;
use crate::text::mail::{VirtualAddress, virtual_recipients};

/// A window closes at this many messages or bytes, whichever comes first.
const WINDOW_MESSAGES: usize = 32;
const WINDOW_BYTES: usize = 16 << 20;

/// Called after each mail; see [`Progress`].
pub(crate) type ProgressSink = Arc<dyn Fn(Progress) + Send + Sync>;

/// Who gets a mail.
#[derive(Clone, Debug)]
pub(crate) enum Route {
    /// This user, whatever the mail says.
    Owner(Scope, String),
    /// The users whose virtual addresses it carries.
    VirtualAddresses {
        /// The part after the `@` of virtual addresses.
        domain: String,
    },
}

/// A bulk load.
pub(crate) struct Bulk {
    pub(crate) path: PathBuf,
    pub(crate) kind: MailboxKind,
    pub(crate) route: Route,
    pub(crate) progress: Option<ProgressSink>,
    pub(crate) cancel: CancelToken,
}

/// Where one mail goes.
enum Target {
    User { scope: Scope, username: String, address: Option<String> },
    Unknown { address: String },
}

impl Target {
    fn scope(&self) -> Option<&Scope> {
        match self {
            Self::User { scope, .. } => Some(scope),
            Self::Unknown { .. } => None,
        }
    }
}

/// A mail on its way to the commit stage.
struct Ready {
    item: String,
    bytes_done: u64,
    mail: Result<Item>,
    targets: Vec<Target>,
}

/// A window of mail with the vectors of all its passages.
struct Window {
    ready: Vec<Ready>,
    vectors: Vectors,
}

impl Intake {
    /// Delivers one mail to the users whose virtual addresses it carries.
    pub(crate) async fn routed_mail(&self, domain: &str, raw: Vec<u8>) -> Result<Vec<Delivery>> {
        let route = Route::VirtualAddresses { domain: domain.to_owned() };
        let item = match self.read_mail(raw).await {
            Ok(item) => item,
            Err(error) => {
                self.log_refusal(&Scope::service(), MAIL_SOURCE, None, &error).await?;
                return Err(error);
            }
        };
        let targets = self.targets(&route, &item).await?;
        let raw = Ready { item: String::new(), bytes_done: 0, mail: Ok(item), targets };
        let window = self.embed_window(vec![raw]).await?;
        let mut deliveries = Vec::new();
        for ready in &window.ready {
            deliveries.extend(self.deliver(&route, ready, &window.vectors).await?);
        }
        Ok(deliveries)
    }

    /// Runs a bulk load to its end; also says whose data it changed.
    pub(crate) async fn bulk(self: Arc<Self>, bulk: Bulk) -> Result<(IntakeReport, HashSet<Scope>)> {
        let Bulk { path, kind, route, progress, cancel } = bulk;
        let limits = self.limits.clone();
        let mailbox = offload("mail.ingest", move || Mailbox::open(&path, kind, &limits)).await?;
        let bytes_total = mailbox.bytes_total;

        // Each channel holds one window: the stages overlap, memory stays bounded. When the
        // receiver goes (an error, a cancel), the senders end by themselves.
        let (to_embed, mut windows) = mpsc::channel::<Vec<RawMail>>(1);
        let reader = tokio::task::spawn_blocking(move || read_windows(mailbox, &to_embed));
        let (to_commit, mut embedded) = mpsc::channel::<Result<Window>>(1);
        let intake = Arc::clone(&self);
        let stage_route = route.clone();
        let embedder = tokio::spawn(async move {
            while let Some(raw) = windows.recv().await {
                let window = intake.prepare_window(&stage_route, raw).await;
                if to_commit.send(window).await.is_err() {
                    break;
                }
            }
        });

        let mut report = IntakeReport::default();
        let mut touched = HashSet::new();
        while let Some(window) = embedded.recv().await {
            let window = window?;
            for ready in &window.ready {
                cancel.check("mail.ingest")?;
                let deliveries = self.deliver(&route, ready, &window.vectors).await?;
                report.add(&ready.item, &deliveries);
                touched.extend(ready.targets.iter().filter_map(Target::scope).cloned());
                if let Some(sink) = &progress {
                    sink(Progress::new(
                        report.total,
                        (ready.bytes_done, bytes_total),
                        ready.item.clone(),
                        deliveries,
                    ));
                }
            }
        }
        for stage in [reader.await, embedder.await] {
            stage.map_err(|error| {
                Error::new(ErrorKind::Internal, "mail.ingest", "a stage of the load failed; please report it")
                    .caused_by(error)
            })?;
        }
        Ok((report, touched))
    }

    async fn prepare_window(&self, route: &Route, raw: Vec<RawMail>) -> Result<Window> {
        let limits = self.limits.clone();
        let read = offload("mail.ingest", move || {
            let read = raw.into_iter().map(|RawMail { item, bytes_done, raw }| {
                let mail = raw.and_then(|raw| mail_item(&raw, &limits));
                Ready { item, bytes_done, mail, targets: Vec::new() }
            });
            Ok(read.collect::<Vec<_>>())
        });
        let mut ready = read.await?;
        for each in &mut ready {
            if let Ok(item) = &each.mail {
                each.targets = self.targets(route, item).await?;
            }
        }
        self.embed_window(ready).await
    }

    /// Embeds what is not stored yet.
    async fn embed_window(&self, ready: Vec<Ready>) -> Result<Window> {
        let mut scopes: Vec<Scope> = Vec::new();
        let mut new: Vec<&Item> = Vec::new();
        for Ready { mail, targets, .. } in &ready {
            let Ok(item) = mail else { continue };
            let mut is_new = false;
            for scope in targets.iter().filter_map(Target::scope) {
                is_new |= !self.is_stored(scope, item).await?;
                if !scopes.contains(scope) {
                    scopes.push(scope.clone());
                }
            }
            if is_new {
                new.push(item);
            }
        }
        let vectors = self.embed(&scopes, &new).await?;
        Ok(Window { vectors, ready })
    }

    async fn targets(&self, route: &Route, item: &Item) -> Result<Vec<Target>> {
        let domain = match route {
            Route::Owner(scope, username) => {
                let target = Target::User { scope: scope.clone(), username: username.clone(), address: None };
                return Ok(vec![target]);
            }
            Route::VirtualAddresses { domain } => domain,
        };
        let Some(mail) = &item.main.mail else { return Ok(Vec::new()) };
        let mut users: HashMap<String, Option<User>> = HashMap::new();
        let mut targets: Vec<Target> = Vec::new();
        for VirtualAddress { username, address } in virtual_recipients(&mail.facts, domain) {
            let name = username.to_string();
            let user = match users.get(&name) {
                Some(known) => known.clone(),
                None => {
                    let found = self.user_named(&name).await?;
                    users.insert(name, found.clone());
                    found
                }
            };
            match user {
                Some(user) => {
                    let scope = Scope::user(user.id);
                    if !targets.iter().any(|target| target.scope() == Some(&scope)) {
                        targets.push(Target::User {
                            scope,
                            username: user.username.to_string(),
                            address: Some(address),
                        });
                    }
                }
                None => targets.push(Target::Unknown { address }),
            }
        }
        Ok(targets)
    }

    /// The user a name in an address means: the one spelled exactly so, or the only one
    /// when case is ignored (mail programs do not always keep it).
    async fn user_named(&self, name: &str) -> Result<Option<User>> {
        let mut read = self.store.begin(&Scope::service(), Access::Read).await?;
        let found = read.users_named(name).await?;
        let exact = found.iter().find(|user| user.username.as_str() == name).cloned();
        Ok(exact.or_else(|| (found.len() == 1).then(|| found.into_iter().next()).flatten()))
    }

    async fn deliver(&self, route: &Route, ready: &Ready, vectors: &Vectors) -> Result<Vec<Delivery>> {
        let owner = match route {
            Route::Owner(scope, _) => scope.clone(),
            Route::VirtualAddresses { .. } => Scope::service(),
        };
        let item = match &ready.mail {
            Ok(item) => item,
            Err(error) => {
                self.log_refusal(&owner, MAIL_SOURCE, None, error).await?;
                let mut refused = Delivery::without_document(None, IntakeStatus::Refused);
                refused.error_code = Some(error.kind().code().to_owned());
                refused.error_message = Some(error.to_string());
                return Ok(vec![refused]);
            }
        };
        if ready.targets.is_empty() {
            self.log_undelivered(item, IntakeStatus::NoRecipient, None).await?;
            return Ok(vec![Delivery::without_document(None, IntakeStatus::NoRecipient)]);
        }
        let mut deliveries = Vec::with_capacity(ready.targets.len());
        for target in &ready.targets {
            match target {
                Target::Unknown { address } => {
                    self.log_undelivered(item, IntakeStatus::UserNotFound, Some(address)).await?;
                    deliveries
                        .push(Delivery::without_document(Some(address.clone()), IntakeStatus::UserNotFound));
                }
                Target::User { scope, username, address } => {
                    let done = self.commit(scope, item, vectors, address.as_deref(), None).await?;
                    let status = done.status.into();
                    deliveries.push(Delivery {
                        username: Some(username.clone()),
                        document: Some(done.document),
                        attachments: done.attachments,
                        ..Delivery::without_document(address.clone(), status)
                    });
                }
            }
        }
        Ok(deliveries)
    }

    /// Logs mail that reached nobody under the workspace itself, so that it can be found.
    async fn log_undelivered(&self, item: &Item, status: IntakeStatus, address: Option<&str>) -> Result<()> {
        let mut entry = self.entry(MAIL_SOURCE, status, address);
        entry.source_id = Some(item.main.source_id.clone());
        self.log(&Scope::service(), &entry).await
    }
}

/// Reads the mailbox into windows until it ends or nobody listens.
fn read_windows(mailbox: Mailbox, sender: &mpsc::Sender<Vec<RawMail>>) {
    let mut window: Vec<RawMail> = Vec::new();
    let mut bytes = 0;
    for raw in mailbox.messages {
        bytes += raw.raw.as_ref().map_or(0, Vec::len);
        window.push(raw);
        if window.len() >= WINDOW_MESSAGES || bytes >= WINDOW_BYTES {
            bytes = 0;
            if sender.blocking_send(std::mem::take(&mut window)).is_err() {
                return;
            }
        }
    }
    if !window.is_empty() {
        // Nobody listening is the same as done here.
        let _ = sender.blocking_send(window);
    }
}
