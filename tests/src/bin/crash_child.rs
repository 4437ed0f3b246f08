//! Takes generated mail in until it is done or killed; the test in `tests/crash.rs` kills it.
//!
//! `crash_child <workspace> <folder of blocks> <first block> <words|model>`: blocks are
//! folders of `.eml` files named by number. Even ones go in mail by mail, odd ones as a
//! folder. After each commit it prints `ack <number> <status>`, when all is done `done`.

use std::path::{Path, PathBuf};

use besunny::{LoadOptions, OpenOptions, Project, UserHandle, Workspace};
use besunny_tests::generated_mail;

type Failure = Box<dyn std::error::Error>;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, workspace, blocks, first, mode] = arguments.as_slice() else {
        return Err("four arguments are needed".into());
    };
    let mut options = OpenOptions::default();
    if mode == "words" {
        options.model = Some(PathBuf::new());
    }
    let workspace = Workspace::open(workspace, options).await?;
    let (me, projects) = prepared(&workspace).await?;
    for (block, folder) in listed(Path::new(blocks))?.iter().enumerate().skip(first.parse()?) {
        if block % 2 == 0 {
            one_by_one(&me, &projects, folder).await?;
        } else {
            let options = LoadOptions::default().on_progress(|progress| {
                acknowledge(progress.item.trim_end_matches(".eml"), progress.deliveries[0].status.as_str());
            });
            me.mail().ingest_folder(folder, options).await?;
        }
    }
    println!("done");
    Ok(())
}

/// The user and the projects, made where an earlier run did not get to it.
async fn prepared(workspace: &Workspace) -> Result<(UserHandle, Vec<Project>), Failure> {
    if workspace.users().list().await?.is_empty() {
        workspace.users().create("ana", None).await?;
    }
    let me = workspace.user("ana").await?;
    let known = me.projects().list().await?.len();
    for fields in generated_mail::projects().into_iter().skip(known) {
        me.projects().create(fields).await?;
    }
    let projects = me.projects().list().await?;
    Ok((me, projects))
}

async fn one_by_one(me: &UserHandle, projects: &[Project], folder: &Path) -> Result<(), Failure> {
    for file in listed(folder)? {
        let name = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let ingested = me.mail().ingest(std::fs::read(&file)?).await?;
        if let Some(project) = generated_mail::correction(name.parse()?) {
            me.documents().assign(ingested.document.id, Some(projects[project].id)).await?;
        }
        acknowledge(&name, ingested.status.as_str());
    }
    Ok(())
}

/// What is in a folder, by name.
fn listed(folder: &Path) -> Result<Vec<PathBuf>, std::io::Error> {
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        paths.push(entry?.path());
    }
    paths.sort();
    Ok(paths)
}

/// The line end flushes: a line that was read is a commit that was made.
fn acknowledge(number: &str, status: &str) {
    println!("ack {number} {status}");
}
