//! The main job on a whole mailbox: `make demo`, or `make demo MAIL=your.mbox`.
//!
//! Opens a workspace, makes a user and projects, takes the mailbox in with a progress bar,
//! prints where each mail went and why, runs some searches, links an account at a fake Google whose
//! mail is announced and filed, and says where to go next.

mod google;
mod mailbox;
mod report;

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use besunny::{
    DocumentType, Error, LoadOptions, OpenOptions, Progress, ProjectFilter, SearchRequest, UserHandle,
    Workspace,
};
use indicatif::{ProgressBar, ProgressStyle};

use self::mailbox::{Given, Kind, Search};

type Failure = Box<dyn std::error::Error>;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let given = Given::from_environment()?;
    let temporary = tempfile::tempdir()?;
    let folder = given.workspace.clone().unwrap_or_else(|| temporary.path().join("workspace"));
    println!("Opening a workspace in {}", folder.display());
    let workspace = Workspace::open(&folder, OpenOptions::default()).await?;
    match &workspace.status().await?.model {
        Some(model) => {
            println!("Model: {} ({}, {} dimensions)\n", model.name, model.precision, model.dimension)
        }
        None => println!("No model is configured (BESUNNY_MODEL): searching by words alone.\n"),
    }
    for username in ["ana", "joao"] {
        // A workspace that is opened again has its users already.
        match workspace.users().create(username, None).await {
            Err(error) if error.kind() != besunny::ErrorKind::AlreadyExists => return Err(error.into()),
            _ => {}
        }
    }
    let me = workspace.user("ana").await?;
    if me.projects().list().await?.is_empty() {
        for fields in given.projects()? {
            me.projects().create(fields).await?;
        }
    }
    println!(
        "User {}, mail to {}; {} projects\n",
        me.user().username,
        me.virtual_address(),
        me.projects().list().await?.len()
    );

    let outcomes = load(&workspace, &me, &given).await?;
    report::outcomes(&me, &outcomes, given.expected()?.as_ref()).await?;
    for search in given.searches()? {
        run_search(&me, &search).await?;
    }
    if given.is_built_in {
        google::scenario(&given).await?;
    }
    println!("\nDigest of the workspace: {}", workspace.digest().await?);
    report::next_steps(given.workspace.as_deref());
    workspace.close().await?;
    Ok(())
}

/// Takes the mailbox in; mail of the built-in one finds its owner by virtual address,
/// the reader's own belongs to the demo user.
async fn load(workspace: &Workspace, me: &UserHandle, given: &Given) -> Result<Vec<Progress>, Error> {
    let bar = ProgressBar::new(0).with_style(
        ProgressStyle::with_template("{bar:40} {percent:>3} %  {msg}")
            .unwrap_or_else(|_| ProgressStyle::default_bar()),
    );
    let outcomes: Arc<Mutex<Vec<Progress>>> = Arc::default();
    let (drawn, kept) = (bar.clone(), Arc::clone(&outcomes));
    let options = LoadOptions::default().on_progress(move |progress| {
        drawn.set_length(progress.bytes_total);
        drawn.set_position(progress.bytes_done);
        drawn.set_message(format!("{} mails", progress.done));
        if let Ok(mut kept) = kept.lock() {
            kept.push(progress);
        }
    });
    let path = &given.mail;
    let report = match (given.is_built_in, given.kind) {
        (true, _) => workspace.mail().ingest_folder(path, options).await?,
        (false, Kind::Mbox) => me.mail().ingest_mbox(path, options).await?,
        (false, Kind::Maildir) => me.mail().ingest_maildir(path, options).await?,
        (false, Kind::Folder) => me.mail().ingest_folder(path, options).await?,
    };
    bar.finish_and_clear();
    println!(
        "{} mails read: {} stored, {} there already, {} refused, {} to unknown users\n",
        report.total, report.stored, report.unchanged, report.refused, report.user_not_found
    );
    let mut outcomes = outcomes.lock().map_or_else(|_| Vec::new(), |mut kept| std::mem::take(&mut *kept));
    outcomes.sort_by(|a, b| a.item.cmp(&b.item));
    Ok(outcomes)
}

async fn run_search(me: &UserHandle, search: &Search) -> Result<(), Failure> {
    let mut request = SearchRequest::new(&search.query);
    request.limit = 3;
    if let Some(name) = &search.project {
        let projects = me.projects().list().await?;
        let project = projects.into_iter().find(|project| project.fields.name == *name);
        request.filter.project = project.map(|project| ProjectFilter::Is(project.id));
    }
    request.filter.kind = search.kind.as_deref().map(str::parse::<DocumentType>).transpose()?;
    request.filter.source = search.source.clone();
    println!("\n? {}", search.query);
    for hit in me.search(request).await? {
        report::hit(&hit);
    }
    Ok(())
}

/// The folder of the built-in mailbox.
fn built_in() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("mailbox")
}
