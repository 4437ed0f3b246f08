//! Google's notifications, taken by axum.
//!
//! ```text
//! GMAIL_PUSH_TOPIC=... GMAIL_PUSH_SUBSCRIPTION=... GMAIL_PUSH_AUDIENCE=... GMAIL_PUSH_ACCOUNT=... \
//! GOOGLE_CLIENT_ID=... GOOGLE_CLIENT_SECRET=... GOOGLE_REDIRECT_URI=... TOKEN_KEY=... \
//! google_webhooks ./workspace [port]
//! ```
//!
//! Google posts to `/gmail/notify`, `/drive/notify` and `/calendar/notify`. A notification only
//! says that something is new; a worker, here in the same process, fetches it.

use std::env;
use std::error::Error;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use besunny::{GoogleEndpoints, GoogleOptions, OpenOptions, PushOptions, TokenKey, WorkOptions, Workspace};
use tokio::net::TcpListener;

async fn notify(
    State(ws): State<Workspace>,
    Path(service): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let google = ws.google();
    let webhooks = match service.as_str() {
        "gmail" => google.gmail(),
        "drive" => google.drive(),
        "calendar" => google.calendar(),
        _ => return StatusCode::NOT_FOUND.into_response(),
    };
    // What is no text is no header of Google's.
    let headers = headers.iter().filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)));
    match webhooks.notify(headers, &body).await {
        Ok(outcome) => {
            let status = StatusCode::from_u16(outcome.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            (status, [(header::CONTENT_TYPE, outcome.content_type())], outcome.text()).into_response()
        }
        Err(error) => {
            eprintln!("{error}");
            StatusCode::SERVICE_UNAVAILABLE.into_response()
        }
    }
}

fn google_from_environment() -> Result<GoogleOptions, env::VarError> {
    let mut google = GoogleOptions::default();
    google.client_id = env::var("GOOGLE_CLIENT_ID")?;
    google.client_secret = env::var("GOOGLE_CLIENT_SECRET")?.into();
    google.redirect_uri = env::var("GOOGLE_REDIRECT_URI")?;
    google.token_keys = vec![TokenKey::new("k1", env::var("TOKEN_KEY")?)];
    google.webhook_address = env::var("WEBHOOK_ADDRESS").ok();
    if let Ok(base) = env::var("GOOGLE_ENDPOINTS") {
        google.endpoints = GoogleEndpoints::at(&base);
    }
    if let Ok(topic) = env::var("GMAIL_PUSH_TOPIC") {
        let mut push = PushOptions::default();
        push.topic = topic;
        push.subscription = env::var("GMAIL_PUSH_SUBSCRIPTION")?;
        push.audience = env::var("GMAIL_PUSH_AUDIENCE")?;
        push.service_account = env::var("GMAIL_PUSH_ACCOUNT")?;
        google.push = Some(push);
    }
    Ok(google)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let folder = arguments.next().ok_or("name the folder of the workspace")?;
    let port = arguments.next().unwrap_or_else(|| "8080".to_owned());
    let mut options = OpenOptions::default();
    options.google = Some(google_from_environment()?);
    let ws = Workspace::open(folder, options).await?;
    ws.google().start().await?;

    // Both go on until the process ends; a job that this cuts off is done again.
    let jobs = ws.jobs();
    tokio::spawn(async move {
        if let Err(error) = jobs.work(WorkOptions::default()).await {
            eprintln!("{error}");
        }
    });
    let listener = TcpListener::bind(format!("127.0.0.1:{port}")).await?;
    println!("listening on http://{}", listener.local_addr()?);
    let app = Router::new().route("/{service}/notify", post(notify)).with_state(ws);
    axum::serve(listener, app).await?;
    Ok(())
}
