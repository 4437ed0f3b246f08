//! `digest FOLDER THREADS`: the digest of a workspace that took FOLDER in.

use besunny::{LoadOptions, OpenOptions, Workspace};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next().ok_or("usage: digest FOLDER THREADS")?;
    let mut options = OpenOptions::default();
    options.threads = arguments.next().ok_or("usage: digest FOLDER THREADS")?.parse()?;
    let location = tempfile::tempdir()?;
    let workspace = Workspace::open(location.path(), options).await?;
    workspace.users().create("ana", None).await?;
    workspace.user("ana").await?.mail().ingest_folder(folder, LoadOptions::default()).await?;
    println!("{}", workspace.digest().await?);
    workspace.close().await?;
    Ok(())
}
