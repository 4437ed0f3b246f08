//! The methods of the face by name, with their results as JSON.

use besunny::{
    Classify, DocumentFilter, LoadOptions, NewDocument, PageRequest, ProjectFields, ProjectFilter,
    ProjectPatch, RebuildOptions, SearchRequest, UserHandle, Workspace,
};
use serde_json::Value;

use super::arguments::Arguments;
use super::jobs;
use super::{Failure, Stage};

/// Makes a call; an argument that the call does not have is a mistake of the case.
pub(super) async fn call(
    stage: &Stage,
    user: Option<&str>,
    name: &str,
    mut args: Arguments,
) -> Result<Value, Failure> {
    if name == "ran" {
        args.done()?;
        return Ok(jobs::ran(&stage.ran));
    }
    let me = match user {
        Some(user) => Some(stage.workspace.user(user).await?),
        None => None,
    };
    if let Some(name) = name.strip_prefix("jobs.") {
        let of = me.map_or_else(|| stage.workspace.jobs(), |me| me.jobs());
        return jobs::call(&of, stage, name, &mut args).await;
    }
    match me {
        Some(me) => of_user(&me, name, &mut args).await,
        None => of_workspace(&stage.workspace, name, &mut args).await,
    }
}

async fn of_workspace(workspace: &Workspace, name: &str, args: &mut Arguments) -> Result<Value, Failure> {
    let (users, mail) = (workspace.users(), workspace.mail());
    match name {
        "users.create" => {
            let (username, email) = (args.required("username")?, args.text("email")?);
            args.done()?;
            json(users.create(&username, email.as_deref()).await?)
        }
        "users.list" => json(users.list().await?),
        "status" => json(workspace.status().await?),
        "digest" => json(workspace.digest().await?),
        "check" => {
            let repair = args.flag("repair")?;
            args.done()?;
            json(workspace.check(repair).await?)
        }
        "rebuild" => json(workspace.rebuild(RebuildOptions::default()).await?),
        "backup" => json(workspace.backup(args.path("path")?).await?),
        "restore" => {
            let (backup, location) = (args.path("backup")?, args.path("location")?);
            json(Workspace::restore(backup, location).await?)
        }
        "embed" => json(workspace.embed(args.texts("texts")?).await?),
        "mail.ingest" => json(mail.ingest(args.bytes("raw")?).await?),
        "mail.ingest_mbox" => json(mail.ingest_mbox(args.path("path")?, LoadOptions::default()).await?),
        "mail.ingest_maildir" => json(mail.ingest_maildir(args.path("path")?, LoadOptions::default()).await?),
        "mail.ingest_folder" => json(mail.ingest_folder(args.path("path")?, LoadOptions::default()).await?),
        "mail.intake_log" => json(mail.intake_log(page(args)?).await?),
        _ => Err(Failure::Case(format!("a workspace has no `{name}`"))),
    }
}

async fn of_user(me: &UserHandle, name: &str, args: &mut Arguments) -> Result<Value, Failure> {
    let (projects, documents, mail) = (me.projects(), me.documents(), me.mail());
    match name {
        "projects.create" => {
            let fields: ProjectFields = fields(args.rest()?)?;
            json(projects.create(fields).await?)
        }
        "projects.get" => json(projects.get(id(args, "project_id")?).await?),
        "projects.list" => json(projects.list().await?),
        "projects.update" => {
            let project = id(args, "project_id")?;
            let patch: ProjectPatch = fields(args.rest()?)?;
            json(projects.update(project, patch).await?)
        }
        "projects.delete" => json(projects.delete(id(args, "project_id")?).await?),
        "documents.ingest" => {
            let document = NewDocument {
                content: args.bytes("content")?,
                title: args.text("title")?,
                format: args.text("format")?,
                file_name: args.text("file_name")?,
                kind: args.parsed("type")?,
                source: args.text("source")?,
                source_id: args.text("source_id")?,
                author: args.text("author")?,
                occurred_at: args.parsed("occurred_at")?,
            };
            args.done()?;
            json(documents.ingest(document).await?)
        }
        "documents.get" => json(documents.get(id(args, "document_id")?).await?),
        "documents.list" => {
            let (filter, page) = (filter(args)?, page(args)?);
            json(documents.list(filter, page).await?)
        }
        "documents.attachments" => json(documents.attachments(id(args, "document_id")?).await?),
        "documents.delete" => json(documents.delete(id(args, "document_id")?).await?),
        "documents.assign" => {
            let (document, project) = (id(args, "document_id")?, args.parsed("project_id")?);
            json(documents.assign(document, project).await?)
        }
        "mail.ingest" => json(mail.ingest(args.bytes("raw")?).await?),
        "mail.ingest_mbox" => json(mail.ingest_mbox(args.path("path")?, LoadOptions::default()).await?),
        "mail.ingest_maildir" => json(mail.ingest_maildir(args.path("path")?, LoadOptions::default()).await?),
        "mail.ingest_folder" => json(mail.ingest_folder(args.path("path")?, LoadOptions::default()).await?),
        "events.read" => {
            let after = args.count("after")?.unwrap_or(0);
            let kinds = args.listed("kinds")?;
            let limit = args.count("limit")?.map_or(100, |limit| u32::try_from(limit).unwrap_or(u32::MAX));
            args.done()?;
            json(me.events().read(after, &kinds, limit).await?)
        }
        "events.ack" => {
            let name = args.required("name")?;
            let position = args.count("position")?;
            let position = position.ok_or_else(|| Failure::Case("`position` is missing".to_owned()))?;
            json(me.events().ack(&name, position).await?)
        }
        "events.cursors" => json(me.events().cursors().await?),
        "events.delete_cursor" => json(me.events().delete_cursor(&args.required("name")?).await?),
        "intake_log" => json(me.intake_log(page(args)?).await?),
        "classify" => {
            let text = args.required("text")?;
            let (subject, sender) = (args.text("subject")?, args.text("sender")?);
            args.done()?;
            json(me.classify(Classify { text, subject, sender }).await?)
        }
        "search" => json(me.search(request(args)?).await?),
        _ => Err(Failure::Case(format!("a user has no `{name}`"))),
    }
}

fn request(args: &mut Arguments) -> Result<SearchRequest, Failure> {
    let mut request = SearchRequest::new(args.required("query")?);
    if let Some(limit) = args.count("limit")? {
        request.limit = usize::try_from(limit).unwrap_or(usize::MAX);
    }
    if let Some(mode) = args.parsed("mode")? {
        request.mode = mode;
    }
    request.filter = filter(args)?;
    args.done()?;
    Ok(request)
}

fn filter(args: &mut Arguments) -> Result<DocumentFilter, Failure> {
    let project = match args.text("project")?.as_deref() {
        None => None,
        Some("unassigned") => Some(ProjectFilter::Unassigned),
        Some(id) => Some(ProjectFilter::Is(id.parse()?)),
    };
    Ok(DocumentFilter {
        project,
        kind: args.parsed("type")?,
        source: args.text("source")?,
        since: args.parsed("since")?,
        until: args.parsed("until")?,
    })
}

pub(super) fn page(args: &mut Arguments) -> Result<PageRequest, Failure> {
    let mut page = PageRequest { after: args.text("after")?, ..PageRequest::default() };
    if let Some(size) = args.count("size")? {
        page.size = u32::try_from(size).unwrap_or(u32::MAX);
    }
    args.done()?;
    Ok(page)
}

pub(super) fn id<T: std::str::FromStr<Err = besunny::Error>>(
    args: &mut Arguments,
    name: &str,
) -> Result<T, Failure> {
    args.parsed(name)?.ok_or_else(|| Failure::Case(format!("`{name}` is missing")))
}

pub(super) fn fields<T: serde::de::DeserializeOwned>(given: Value) -> Result<T, Failure> {
    serde_json::from_value(given).map_err(|error| Failure::Case(error.to_string()))
}

pub(super) fn json(result: impl serde::Serialize) -> Result<Value, Failure> {
    serde_json::to_value(result).map_err(|error| Failure::Case(error.to_string()))
}
