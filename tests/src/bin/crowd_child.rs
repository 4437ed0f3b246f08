//! One of several processes that write to one workspace; the tests in `tests/crowd.rs` start,
//! stop and kill it.
//!
//! `crowd_child <location> <folder> <first> <end> <pause>`: opens the workspace at the location,
//! with the index in the folder, takes the generated mails from `first` up
//! to `end` in, and after each, searches for what it wrote and for what it wrote first. After
//! each commit it prints `ack <number> <status>`, when all is done `done`. For each line that
//! it is sent then, it searches for everything and prints `found <number of documents>`.

use std::collections::BTreeSet;
use std::io::BufRead;
use std::path::Path;
use std::time::Duration;

use besunny::{SearchMode, SearchRequest, UserHandle};
use besunny_tests::crowd::Place;
use besunny_tests::generated_mail;

type Failure = Box<dyn std::error::Error>;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, location, folder, first, end, pause] = arguments.as_slice() else {
        return Err("five arguments are needed".into());
    };
    let workspace = Place::at(location.clone(), Path::new(folder)).try_open().await?;
    let me = workspace.user("ana").await?;
    let first: usize = first.parse()?;
    for number in first..end.parse()? {
        let ingested = me.mail().ingest(generated_mail::mail(number)).await?;
        println!("ack {number} {}", ingested.status.as_str());
        for wanted in [number, first] {
            if found(&me, &format!("item{wanted:04}")).await? == 0 {
                return Err(format!("mail {wanted} is not found after {number}").into());
            }
        }
        tokio::time::sleep(Duration::from_millis(pause.parse()?)).await;
    }
    println!("done");
    for line in std::io::stdin().lock().lines() {
        line?;
        println!("found {}", found(&me, generated_mail::COMMON_WORD).await?);
    }
    workspace.close().await?;
    Ok(())
}

async fn found(me: &UserHandle, words: &str) -> Result<usize, Failure> {
    let mut request = SearchRequest::new(words);
    (request.mode, request.limit) = (SearchMode::Lexical, 1000);
    let hits = me.search(request).await?;
    let distinct: BTreeSet<_> = hits.iter().map(|hit| hit.document.id).collect();
    if distinct.len() == hits.len() { Ok(hits.len()) } else { Err("a document is found twice".into()) }
}
