//! The server: a thread with its own runtime, so that it serves tests that have none.

use std::convert::Infallible;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderName, HeaderValue, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::sync::watch;

use super::{Answer, Request, dispatch};
use crate::world::Shared;

/// As large as mail may be that is imported, and its JSON.
const LARGEST: usize = 220 << 20;

/// Marks an answer that is not given: the connection breaks instead.
#[derive(Debug, Clone, Copy)]
struct Reset;

/// Serves until `end` is set.
pub(crate) fn start(
    shared: Arc<Shared>,
    listener: TcpListener,
    end: watch::Receiver<bool>,
) -> io::Result<()> {
    listener.set_nonblocking(true)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    std::thread::Builder::new().name("fake-google".to_owned()).spawn(move || {
        runtime.block_on(async move {
            let Ok(listener) = tokio::net::TcpListener::from_std(listener) else { return };
            tokio::spawn(crate::push::send::run(Arc::clone(&shared), end.clone()));
            accept(shared, listener, end).await;
        });
        // Connections that are open go with the runtime.
    })?;
    Ok(())
}

/// A listener on a free port of the loopback interface, or on a given one.
pub(crate) fn listen(port: u16) -> io::Result<(TcpListener, SocketAddr)> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
    let address = listener.local_addr()?;
    Ok((listener, address))
}

async fn accept(shared: Arc<Shared>, listener: tokio::net::TcpListener, mut end: watch::Receiver<bool>) {
    let router = Router::new().fallback(handle).with_state(shared);
    loop {
        let stream = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = end.wait_for(|end| *end) => return,
        };
        let Ok((stream, _)) = stream else { continue };
        let _ = stream.set_nodelay(true);
        tokio::spawn(connection(router.clone(), stream));
    }
}

async fn connection(router: Router, stream: tokio::net::TcpStream) {
    // A second handle of the socket, to break it off with RST.
    let Ok((stream, socket)) = stream.into_std().and_then(|stream| Ok((stream.try_clone()?, stream))) else {
        return;
    };
    let Ok(stream) = tokio::net::TcpStream::from_std(stream) else { return };
    let socket = Arc::new(socket);
    let service = hyper::service::service_fn(move |request| {
        let router = TowerToHyperService::new(router.clone());
        let socket = Arc::clone(&socket);
        async move {
            let response = hyper::service::Service::call(&router, request).await;
            let response = response.unwrap_or_else(|never: Infallible| match never {});
            if response.extensions().get::<Reset>().is_some() {
                let _ = socket2::SockRef::from(&*socket).set_linger(Some(Duration::ZERO));
                return Err(io::Error::from(io::ErrorKind::ConnectionReset));
            }
            Ok(response)
        }
    });
    let http = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .serve_connection(TokioIo::new(stream), service);
    // Whoever breaks off a connection has their reasons.
    let _ = http.await;
}

async fn handle(State(shared): State<Arc<Shared>>, request: axum::extract::Request) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let Ok(body) = axum::body::to_bytes(body, LARGEST).await else {
        return respond(Answer::html(
            413,
            "Error 413 (Request Entity Too Large)!!1",
            "The request is too large.",
        ));
    };
    let headers = parts.headers.iter();
    let headers = headers
        .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
        .collect();
    let target = parts.uri.path_and_query().map_or("/", |target| target.as_str());
    let request = Request::new(parts.method.as_str(), target, headers, body.to_vec());
    let answer = dispatch::answer(&shared, request);
    if answer.delay > 0 {
        tokio::time::sleep(Duration::from_millis(answer.delay)).await;
    }
    respond(answer)
}

fn respond(answer: Answer) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    if answer.is_reset {
        response.extensions_mut().insert(Reset);
        return response;
    }
    *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    for (name, value) in &answer.headers {
        if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), HeaderValue::from_str(value)) {
            response.headers_mut().append(name, value);
        }
    }
    let (content_type, bytes) = answer.into_bytes();
    if let (false, Ok(value)) = (content_type.is_empty(), HeaderValue::from_str(&content_type)) {
        response.headers_mut().insert(axum::http::header::CONTENT_TYPE, value);
    }
    *response.body_mut() = Body::from(bytes);
    response
}
