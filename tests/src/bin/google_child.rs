//! A process with a workspace beside a fake Google that another process has; the tests in
//! `tests/google_processes.rs` drive it, and kill it.
//!
//! `google_child <base address of the fake> <workspace>` reads a JSON object a line and answers
//! each with one:
//!
//! - `{"clock": micros}`: it is that late now.
//! - `{"advance": micros}`: time passes, and what falls due on the way is done.
//! - `{"work": true}`: what is due is done.
//! - `{"push": {"url", "headers", "body"}}`: a notification; the status it was answered.
//! - `{"calendars": n}`: the user `ana` asks n times at once; how many times there was an answer.
//! - `{"state": name}`: what a user has.

use std::collections::BTreeMap;
use std::io::{BufRead, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use besunny::{
    DocumentFilter, MeetingFilter, OpenOptions, PageRequest, Timestamp, UserHandle, VirtualClock, Workspace,
};
use besunny_tests::google::google_options_at;
use serde_json::{Value, json};

type Failure = Box<dyn std::error::Error>;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [base, folder] = arguments.as_slice() else {
        return Err("two arguments are needed".into());
    };
    let mut lines = std::io::stdin().lock().lines();
    let first = lines.next().ok_or("the first line sets the clock")??;
    let start = serde_json::from_str::<Value>(&first)?["clock"].as_i64().ok_or("no clock")?;
    let clock = VirtualClock::new(Timestamp::from_micros(start));
    let mut options = OpenOptions::default();
    options.model = Some(PathBuf::new());
    options.clock = Arc::new(clock.clone());
    options.google = Some(google_options_at(base));
    let workspace = Workspace::open(folder.as_str(), options).await?;
    workspace.google().start().await?;
    answer(&json!({"ready": true}))?;
    for line in lines {
        let request: Value = serde_json::from_str(&line?)?;
        let reply = done(&workspace, &clock, &request).await?;
        answer(&reply)?;
    }
    Ok(())
}

fn answer(reply: &Value) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{reply}")?;
    out.flush()?;
    Ok(())
}

async fn done(workspace: &Workspace, clock: &VirtualClock, request: &Value) -> Result<Value, Failure> {
    if let Some(micros) = request["clock"].as_i64() {
        clock.set(Timestamp::from_micros(micros));
        return Ok(json!({}));
    }
    if let Some(micros) = request["advance"].as_u64() {
        let attempts = workspace.jobs().advance(clock, Duration::from_micros(micros)).await?;
        return Ok(json!({ "attempts": attempts }));
    }
    if request["work"] == true {
        return Ok(json!({ "attempts": workspace.jobs().run_due().await? }));
    }
    if let Some(push) = request.get("push") {
        let headers: Vec<(String, String)> = serde_json::from_value(push["headers"].clone())?;
        let body = push["body"].as_str().unwrap_or_default();
        let google = workspace.google();
        let hooks = match push["url"].as_str().unwrap_or_default() {
            url if url.contains("/gmail/") => google.gmail(),
            url if url.contains("/drive/") => google.drive(),
            _ => google.calendar(),
        };
        return Ok(json!({ "status": hooks.notify(headers, body.as_bytes()).await?.status }));
    }
    if let Some(times) = request["calendars"].as_u64() {
        return Ok(json!({ "answered": calendars(workspace, times).await? }));
    }
    if let Some(name) = request["state"].as_str() {
        return state(&workspace.user(name).await?).await;
    }
    Err("an unknown request".into())
}

async fn calendars(workspace: &Workspace, times: u64) -> Result<usize, Failure> {
    let me = workspace.user("ana").await?;
    let account = me.google().accounts().await?.first().ok_or("no account")?.id;
    let asked: Vec<_> = (0..times)
        .map(|_| {
            let me = me.clone();
            tokio::spawn(async move { me.google().calendars(account).await.is_ok() })
        })
        .collect();
    let mut answered = 0;
    for one in asked {
        answered += usize::from(one.await?);
    }
    Ok(answered)
}

/// Titles of documents by source and id there, and of meetings by event.
async fn state(me: &UserHandle) -> Result<Value, Failure> {
    let mut documents: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
    let mut page = PageRequest::default();
    loop {
        let listed = me.documents().list(DocumentFilter::default(), page.clone()).await?;
        for document in listed.items {
            documents.entry(document.source).or_default().insert(document.source_id, document.title);
        }
        let Some(next) = listed.next else { break };
        page.after = Some(next);
    }
    let mut meetings: BTreeMap<String, String> = BTreeMap::new();
    let mut page = PageRequest::default();
    loop {
        let listed = me.meetings().list(MeetingFilter::default(), page.clone()).await?;
        for meeting in listed.items {
            meetings.insert(meeting.event_id, format!("{} {}", meeting.start, meeting.title));
        }
        let Some(next) = listed.next else { break };
        page.after = Some(next);
    }
    let health = me.google().health().await?;
    Ok(json!({"documents": documents, "meetings": meetings, "health": health}))
}
