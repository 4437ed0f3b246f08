//! The kinds of jobs that every workspace does.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::job_handler::JobContext;
use super::{RebuildOptions, Workspace};
use crate::base::{Error, ErrorKind, Result, Scope};
use crate::domain::{NewDocument, NewJob, Position};
use crate::jobs::JobError;
use crate::search::Following;

/// Takes a mail or a document in, for the job's owner; of the workspace itself, a mail that
/// finds its owner by virtual address.
pub(super) const INGEST: &str = "ingest";
/// Embeds all passages of the owner that lack a vector of the present model; of the
/// workspace itself, those of all users.
pub(super) const RE_EMBED: &str = "re_embed";

/// Makes the owner's index anew; of the workspace itself, those of all users.
pub(super) const REBUILD: &str = "rebuild";

/// Learns the owner's corrections anew; of the workspace itself, those of all users.
pub(super) const TRAIN: &str = "train";

impl NewJob {
    /// A job that takes a raw mail in: for its owner, or, of the workspace itself, for whom
    /// its virtual addresses name.
    #[must_use]
    pub fn ingest_mail(raw: &[u8]) -> Self {
        Self::new(INGEST, json!({ "mail": STANDARD.encode(raw) }))
    }

    /// A job that stores a document for its owner.
    ///
    /// # Errors
    /// None at present; the result leaves room for documents that have no JSON form.
    pub fn ingest_document(mut document: NewDocument) -> Result<Self> {
        let content = STANDARD.encode(std::mem::take(&mut document.content));
        let facts = serde_json::to_value(&document).map_err(|error| {
            Error::new(ErrorKind::Internal, "jobs.ingest", "a document has no JSON form").caused_by(error)
        })?;
        Ok(Self::new(INGEST, json!({ "document": facts, "content": content })))
    }

    /// A job that embeds what lacks a vector of the present model. A second one while the
    /// first is not finished is the first.
    #[must_use]
    pub fn re_embed() -> Self {
        Self { unique_key: Some(RE_EMBED.to_owned()), ..Self::new(RE_EMBED, Value::Null) }
    }

    /// A job that makes the index anew. A second one while the first is not finished is the
    /// first.
    #[must_use]
    pub fn rebuild() -> Self {
        Self { unique_key: Some(REBUILD.to_owned()), ..Self::new(REBUILD, Value::Null) }
    }

    /// A job that learns anew from everything that was corrected, with the present model, in
    /// the process that does it. The others learn each correction as it comes, and all of them
    /// when they begin. A second one while the first is not finished is the first.
    #[must_use]
    pub fn train() -> Self {
        Self { unique_key: Some(TRAIN.to_owned()), ..Self::new(TRAIN, Value::Null) }
    }
}

/// Registers them all.
pub(super) fn register(workspace: &Workspace) -> Result<()> {
    workspace.jobs().handler(INGEST, ingest)?;
    workspace.jobs().handler(RE_EMBED, re_embed)?;
    workspace.jobs().handler(REBUILD, rebuild)?;
    workspace.jobs().handler(TRAIN, train)
}

async fn ingest(context: JobContext) -> Result<(), JobError> {
    let payload = &context.job().payload;
    let user = context.user().await?;
    if let Some(mail) = payload.get("mail") {
        let raw = bytes(mail)?;
        match user {
            Some(me) => me.mail().ingest(raw).await.map(drop)?,
            None => context.workspace().mail().ingest(raw).await.map(drop)?,
        }
        return Ok(());
    }
    let (Some(document), Some(content)) = (payload.get("document"), payload.get("content")) else {
        return Err(JobError::permanent("the payload has neither `mail` nor `document` and `content`"));
    };
    let me = user.ok_or_else(|| JobError::permanent("a document needs an owner; enqueue it as a user"))?;
    let mut document: NewDocument = serde_json::from_value(document.clone())
        .map_err(|error| JobError::permanent(format!("the document cannot be read: {error}")))?;
    document.content = bytes(content)?;
    me.documents().ingest(document).await?;
    Ok(())
}

fn bytes(value: &Value) -> Result<Vec<u8>, JobError> {
    let decoded = value.as_str().and_then(|text| STANDARD.decode(text).ok());
    decoded.ok_or_else(|| JobError::permanent("what is to be taken in is not base64"))
}

/// The scope of the job's owner; of the workspace itself, those of all users.
async fn scopes(context: &JobContext) -> Result<Vec<Scope>> {
    if let Some(me) = context.user().await? {
        return Ok(vec![me.scope]);
    }
    let users = context.workspace().users().list().await?;
    Ok(users.into_iter().map(|user| Scope::user(user.id)).collect())
}

async fn train(context: JobContext) -> Result<(), JobError> {
    let scopes = scopes(&context).await?;
    let mut examples = 0;
    for (scope, done) in scopes.iter().zip(1_u32..) {
        context.cancel().check("jobs.train")?;
        examples += context.workspace().inner.decider.train(scope).await?;
        let part = f64::from(done) / scopes.len() as f64;
        context.progress(part, Some(&format!("corrections learned: {examples}")));
    }
    Ok(())
}

async fn re_embed(context: JobContext) -> Result<(), JobError> {
    let (workspace, scopes) = (context.workspace(), scopes(&context).await?);
    let count = scopes.len().max(1) as f64;
    for (scope, done) in scopes.iter().zip(0_u32..) {
        let cancel = context.cancel();
        let on_page = |part: f64| context.progress((f64::from(done) + part) / count, None);
        workspace.inner.intake.re_embed(scope, cancel, on_page).await?;
    }
    Ok(())
}

async fn rebuild(context: JobContext) -> Result<(), JobError> {
    let cancel = context.cancel().clone();
    let reported = context.clone();
    if let Some(me) = context.user().await? {
        let progress = move |position, target: Position| {
            reported.progress(position as f64 / target.max(1) as f64, None);
        };
        let following = Following { progress: Some(Arc::new(progress)), cancel };
        return Ok(context.workspace().inner.follower.rebuild(&me.scope, &following).await?);
    }
    let options = RebuildOptions::default().cancelled_by(cancel).on_progress(move |at| {
        let part = at.position as f64 / at.target.max(1) as f64;
        reported.progress((at.users_done as f64 + part) / at.users.max(1) as f64, Some(&at.username));
    });
    Ok(context.workspace().rebuild(options).await?)
}
