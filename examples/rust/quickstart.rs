//! The ten lines of the README, in Rust: mail in, right project, found again.

use besunny::{OpenOptions, ProjectFields, Result, SearchRequest, Workspace};

const MAIL: &[u8] = b"From: Marta Nunes <marta@tideline.example>\r\n\
Subject: Drone permit for the Alfama roofs\r\n\
Message-ID: <permit-1@tideline.example>\r\n\
\r\n\
The permit for flying over the Alfama roofs runs out on 14 March.\r\n";

#[tokio::main]
async fn main() -> Result<()> {
    let folder = std::env::temp_dir().join(format!("besunny-quickstart-{}", std::process::id()));
    let workspace = Workspace::open(&folder, OpenOptions::default()).await?;
    workspace.users().create("ana", None).await?;
    let me = workspace.user("ana").await?;
    let shoot = me
        .projects()
        .create(ProjectFields {
            keywords: vec!["Alfama".into(), "drone permit".into()],
            ..ProjectFields::named("Lisbon shoot")
        })
        .await?;
    let mail = me.mail().ingest(MAIL.to_vec()).await?;
    assert_eq!(mail.document.project_id(), Some(shoot.id));
    println!("{} -> Lisbon shoot: {}", mail.document.title, mail.document.assignment.reason);
    for hit in me.search(SearchRequest::new("when does the drone permit run out")).await? {
        println!("{:.3} {}: {}", hit.score, hit.document.title, hit.snippet.text);
    }
    workspace.close().await?;
    let _ = std::fs::remove_dir_all(&folder);
    Ok(())
}
