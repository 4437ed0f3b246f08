//! The task that posts pushes, to addresses of this machine only.

use std::sync::Arc;
use std::time::Duration;

use axum::http::Uri;
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::sync::{Semaphore, watch};

use super::deliver::{Delivery, Whose};
use crate::settings::PushMode;
use crate::world::Shared;

/// Pub/Sub's shortest deadline.
const DEADLINE: Duration = Duration::from_secs(10);
const AT_ONCE: usize = 32;
const LOOK: Duration = Duration::from_millis(5);

/// Posts what is due, until `end` is set.
pub(crate) async fn run(shared: Arc<Shared>, end: watch::Receiver<bool>) {
    let places = Arc::new(Semaphore::new(AT_ONCE));
    while !*end.borrow() {
        let due = {
            let mut world = shared.lock();
            if world.push.mode == PushMode::Post {
                world.take_pushes(AT_ONCE, Whose::Postable)
            } else {
                Vec::new()
            }
        };
        if due.is_empty() {
            tokio::time::sleep(LOOK).await;
        }
        for delivery in due {
            let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
            let shared = Arc::clone(&shared);
            tokio::spawn(async move {
                let status = tokio::time::timeout(DEADLINE, post(&delivery)).await.ok().flatten();
                shared.lock().report_push(delivery.id, status);
                drop(place);
            });
        }
    }
}

/// Host and port of an address on this machine that needs no TLS.
pub(super) fn address(url: &str) -> Option<(String, u16)> {
    let uri: Uri = url.parse().ok()?;
    let host = uri.host().filter(|host| matches!(*host, "127.0.0.1" | "localhost" | "[::1]"))?;
    let host = if host == "localhost" { "127.0.0.1" } else { host };
    (uri.scheme_str() == Some("http")).then(|| (host.to_owned(), uri.port_u16().unwrap_or(80)))
}

/// The status of the answer, if there is one.
async fn post(delivery: &Delivery) -> Option<u16> {
    let (host, port) = address(&delivery.url)?;
    let uri: Uri = delivery.url.parse().ok()?;
    let stream = TcpStream::connect(format!("{host}:{port}")).await.ok()?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.ok()?;
    let connection = tokio::spawn(connection);
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    let mut request = hyper::Request::post(path).header("Host", format!("{host}:{port}"));
    for (name, value) in &delivery.headers {
        request = request.header(name, value);
    }
    let request = request.body(Full::new(Bytes::from(delivery.body.clone()))).ok()?;
    let answer = sender.send_request(request).await;
    let status = answer.as_ref().ok().map(|answer| answer.status().as_u16());
    if let Ok(answer) = answer {
        let _ = answer.into_body().collect().await;
    }
    drop(sender);
    connection.abort();
    status
}
