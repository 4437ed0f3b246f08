//! A mailbox at Google, kept level: an account is linked, mail arrives there, Google notifies,
//! and each mail is in its project a moment later. Google is a fake, on this machine.

use std::collections::BTreeMap;
use std::path::Path;

use besunny::{
    ConsentOptions, DocumentFilter, GoogleCallback, GoogleEndpoints, GoogleOptions, OpenOptions, PageRequest,
    PushOptions, Service, TokenKey, UserHandle, Workspace,
};
use besunny_fake_google::{Client, FakeGoogle, Settings, Subscription};
use indicatif::{ProgressBar, ProgressStyle};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::Failure;
use crate::mailbox::Given;

const ACCOUNT: &str = "ana@lumen.example";
const TOPIC: &str = "projects/fake-project/topics/mail";
const SUBSCRIPTION: &str = "projects/fake-project/subscriptions/mail";
const HOOK: &str = "http://127.0.0.1/gmail/notify";
const SIGNER: &str = "push@fake-project.iam.gserviceaccount.com";
/// How many mails arrive.
const MAILS: usize = 12;

/// Runs it, and prints where each mail went.
pub(crate) async fn scenario(given: &Given) -> Result<(), Failure> {
    let google = FakeGoogle::start(Settings { start: None, ..Settings::default() });
    google.add_account(ACCOUNT, "Ana Lopes");
    google.set_topic(TOPIC, true);
    google.subscribe(serde_json::from_value::<Subscription>(serde_json::json!({
        "name": SUBSCRIPTION, "topic": TOPIC, "endpoint": HOOK, "service_account": SIGNER, "audience": HOOK,
    }))?);
    let folder = tempfile::tempdir()?;
    let mut options = OpenOptions::default();
    options.google = Some(google_options(google.base_url()));
    let workspace = Workspace::open(folder.path().join("workspace"), options).await?;
    workspace.users().create("ana", None).await?;
    let me = workspace.user("ana").await?;
    for fields in given.projects()? {
        me.projects().create(fields).await?;
    }

    println!("\nGoogle (a fake, at {})", google.base_url());
    let mut asked = ConsentOptions::default();
    asked.login_hint = Some(ACCOUNT.to_owned());
    let consent = me.google().consent(&[Service::Gmail], asked).await?;
    let linked = me.google().finish(consented(&consent.url).await?).await?;
    println!("Linked {}: mail is kept level from now on", linked.account.email);
    workspace.jobs().run_due().await?;

    let bar = ProgressBar::new(MAILS as u64).with_style(
        ProgressStyle::with_template("{bar:40} {pos:>3} of {len}  {msg}")
            .unwrap_or_else(|_| ProgressStyle::default_bar()),
    );
    let mut answers: BTreeMap<u16, usize> = BTreeMap::new();
    for raw in mails(&given.mail)? {
        google.deliver(ACCOUNT, &raw, &["INBOX", "UNREAD"]);
        bar.set_message("arrived at Google");
        for push in google.take_pushes(10) {
            let outcome = workspace.google().gmail().notify(push.headers, push.body.as_bytes()).await?;
            google.report_push(push.id, Some(outcome.status));
            *answers.entry(outcome.status).or_default() += 1;
        }
        workspace.jobs().run_due().await?;
        bar.inc(1);
    }
    // Gmail notifies of a mailbox once a second at most; a poll finds what it left out.
    me.google().sync(None, besunny::CancelToken::new()).await?;
    bar.finish_and_clear();
    for (status, count) in answers {
        println!("{count} notifications, answered {status}");
    }
    filed(&me).await?;
    let health = me.google().health().await?;
    for account in health {
        println!("Health of {}: {:?}", account.account.email, account.health);
    }
    workspace.close().await?;
    Ok(())
}

fn google_options(base: &str) -> GoogleOptions {
    let client = Client::standard();
    let mut push = PushOptions::default();
    push.topic = TOPIC.to_owned();
    push.subscription = SUBSCRIPTION.to_owned();
    push.audience = HOOK.to_owned();
    push.service_account = SIGNER.to_owned();
    let mut options = GoogleOptions::default();
    options.client_id = client.client_id;
    options.client_secret = client.client_secret.into();
    options.redirect_uri = "http://127.0.0.1/callback".to_owned();
    // In earnest: `openssl rand -base64 32`, and kept where secrets are kept.
    options.token_keys = vec![TokenKey::new("demo", "5a".repeat(32))];
    options.endpoints = GoogleEndpoints::at(base);
    options.push = Some(push);
    options
}

/// What a browser does: it opens the address, the user agrees, and Google sends it back.
async fn consented(url: &str) -> Result<GoogleCallback, Failure> {
    let rest = url.strip_prefix("http://").ok_or("an address of this machine")?;
    let (host, path) = rest.split_once('/').ok_or("an address with a path")?;
    let mut stream = TcpStream::connect(host).await?;
    let request = format!("GET /{path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    let location = answer.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("location").then(|| value.trim())
    });
    let (_, query) = location.and_then(|location| location.split_once('?')).ok_or("no way back")?;
    Ok(GoogleCallback::from_query(query))
}

fn mails(folder: &Path) -> Result<Vec<Vec<u8>>, Failure> {
    let mut paths: Vec<_> = std::fs::read_dir(folder)?.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "eml"));
    paths.sort();
    Ok(paths.iter().take(MAILS).map(std::fs::read).collect::<Result<_, _>>()?)
}

async fn filed(me: &UserHandle) -> Result<(), Failure> {
    let names: BTreeMap<_, _> =
        me.projects().list().await?.into_iter().map(|project| (project.id, project.fields.name)).collect();
    let mut documents = me.documents().list(DocumentFilter::default(), PageRequest::default()).await?.items;
    documents.retain(|document| document.parent_id.is_none());
    documents.reverse();
    for document in documents {
        let project =
            document.project_id().and_then(|id| names.get(&id)).map_or("unassigned", String::as_str);
        let title: String = document.title.chars().take(44).collect();
        println!("  {title:<46} {project} ({:.2})", document.assignment.confidence);
    }
    Ok(())
}
