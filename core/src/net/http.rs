//! One call over HTTP: bounded in time and size, and nothing said about what is private.

use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Client, Method, Proxy, Url, redirect};
use rustls::{ClientConfig, RootCertStore};
use tokio::time::{Instant, timeout};

use crate::base::{Error, ErrorKind, Result};

/// How long a connection may take to be made.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a connection that nobody uses is kept.
const IDLE_TIMEOUT: Duration = Duration::from_secs(60);
/// Headers that are for one server only.
const CREDENTIALS: [&str; 3] = ["authorization", "cookie", "proxy-authorization"];

/// How all calls are made.
#[derive(Clone, Debug, Default)]
pub(crate) struct HttpOptions {
    /// What we call ourselves.
    pub(crate) user_agent: String,
    /// The address of a proxy for all calls. The environment's proxies are not used.
    pub(crate) proxy: Option<String>,
}

/// Makes calls; connections are kept and shared. Nothing is opened before the first call.
pub(crate) struct Http {
    options: HttpOptions,
    client: OnceLock<Client>,
}

/// What is asked.
#[derive(Clone)]
pub(crate) struct HttpRequest {
    /// What is done, as errors name it.
    pub(crate) operation: &'static str,
    pub(crate) method: Method,
    pub(crate) url: Url,
    pub(crate) headers: Vec<(String, String)>,
    /// The body and its media type.
    pub(crate) body: Option<(String, Vec<u8>)>,
    /// For everything: connecting, sending, and reading the whole answer.
    pub(crate) timeout: Duration,
    /// The most bytes that are read of the answer, after decompression.
    pub(crate) max_bytes: u64,
    /// How many redirections are followed. Only of a `GET`, never away from TLS, and without
    /// credentials once another server answers.
    pub(crate) redirects: u8,
}

/// What was answered, whatever the status.
#[derive(Clone)]
pub(crate) struct HttpResponse {
    pub(crate) status: u16,
    /// Names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl HttpRequest {
    /// A request without a body, for an answer of up to a mebibyte within 30 seconds.
    ///
    /// # Errors
    /// `invalid_input` for what is not an address.
    pub(crate) fn new(operation: &'static str, method: Method, url: &str) -> Result<Self> {
        let url =
            Url::parse(url).ok().filter(|url| url.has_host() && matches!(url.scheme(), "http" | "https"));
        let url = url.ok_or_else(|| {
            // Not the address itself: it may carry what is private.
            Error::new(ErrorKind::InvalidInput, operation, "this is not an address of a server")
        })?;
        Ok(Self {
            operation,
            method,
            url,
            headers: Vec::new(),
            body: None,
            timeout: Duration::from_secs(30),
            max_bytes: 1 << 20,
            redirects: 0,
        })
    }

    /// With another header.
    #[must_use]
    pub(crate) fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// With the fields of a form as its body.
    #[must_use]
    pub(crate) fn form(mut self, fields: &[(&str, &str)]) -> Self {
        let encoded = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        self.body = Some(("application/x-www-form-urlencoded".to_owned(), encoded.into_bytes()));
        self
    }

    /// The server that is asked: what pacing and breakers go by.
    pub(crate) fn host(&self) -> String {
        host(&self.url)
    }
}

impl fmt::Debug for HttpRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}{}", self.method, host(&self.url), self.url.path())
    }
}

impl HttpResponse {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

impl fmt::Debug for HttpResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({} bytes)", self.status, self.body.len())
    }
}

impl Http {
    pub(crate) fn new(options: HttpOptions) -> Self {
        Self { options, client: OnceLock::new() }
    }

    /// Makes one call, once.
    ///
    /// # Errors
    /// `upstream` when there is no answer in time, `limit_exceeded` when it is too large.
    pub(crate) async fn send(&self, mut request: HttpRequest) -> Result<HttpResponse> {
        let started = Instant::now();
        let deadline = started + request.timeout;
        loop {
            let answer =
                timeout(deadline.saturating_duration_since(Instant::now()), self.once(&request)).await;
            let answer = answer.unwrap_or_else(|_| Err(request.failed("the server did not answer in time")));
            let status = answer.as_ref().map_or(0, |answer| answer.status);
            let millis = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
            tracing::debug!(
                operation = request.operation, method = %request.method, host = request.host(),
                path = request.url.path(), status, millis, "called"
            );
            let answer = answer?;
            match request.redirected(&answer)? {
                Some(next) => request = next,
                None => return Ok(answer),
            }
        }
    }

    async fn once(&self, request: &HttpRequest) -> Result<HttpResponse> {
        let mut headers = HeaderMap::new();
        let content_type = request.body.iter().map(|(kind, _)| ("content-type", kind.as_str()));
        let given = request.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        for (name, value) in given.chain(content_type) {
            let (Ok(name), Ok(mut value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) else {
                let message = "a header cannot be sent as it is";
                return Err(Error::new(ErrorKind::InvalidInput, request.operation, message)
                    .with("header", name.chars().take(64).collect::<String>()));
            };
            value.set_sensitive(CREDENTIALS.contains(&name.as_str()));
            headers.append(name, value);
        }
        let mut call = self.client()?.request(request.method.clone(), request.url.clone()).headers(headers);
        if let Some((_, body)) = &request.body {
            call = call.body(body.clone());
        }
        let mut answer = call.send().await.map_err(|error| request.unanswered(error))?;
        let too_large = || {
            let message = "the answer is larger than the limit";
            Error::new(ErrorKind::LimitExceeded, request.operation, message)
                .with("host", request.host())
                .with("limit", request.max_bytes)
        };
        if answer.content_length().is_some_and(|length| length > request.max_bytes) {
            return Err(too_large());
        }
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(|error| request.unanswered(error))? {
            if (body.len() + chunk.len()) as u64 > request.max_bytes {
                return Err(too_large());
            }
            body.extend_from_slice(&chunk);
        }
        let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        let headers = answer.headers().iter().map(|(name, value)| (name.as_str().to_owned(), text(value)));
        Ok(HttpResponse { status: answer.status().as_u16(), headers: headers.collect(), body })
    }

    fn client(&self) -> Result<&Client> {
        if let Some(client) = self.client.get() {
            return Ok(client);
        }
        let client = build(&self.options)?;
        Ok(self.client.get_or_init(|| client))
    }
}

/// The client: TLS by rustls on ring, with Mozilla's roots compiled in, so that it works the
/// same on every machine and in every container.
fn build(options: &HttpOptions) -> Result<Client> {
    let operation = "net.client";
    let failed = |error: Box<dyn std::error::Error + Send + Sync>| {
        Error::new(ErrorKind::Internal, operation, "the HTTP client cannot be made").caused_by(error)
    };
    let roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    let tls = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| failed(error.into()))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let mut builder = Client::builder()
        .tls_backend_preconfigured(tls)
        .user_agent(&options.user_agent)
        .redirect(redirect::Policy::none())
        .connect_timeout(CONNECT_TIMEOUT)
        .pool_idle_timeout(IDLE_TIMEOUT)
        .no_proxy();
    if let Some(proxy) = &options.proxy {
        let proxy = Proxy::all(proxy).map_err(|_| {
            Error::new(ErrorKind::InvalidInput, operation, "the proxy is not an address (http://host:port)")
        })?;
        builder = builder.proxy(proxy);
    }
    builder.build().map_err(|error| failed(error.into()))
}

impl HttpRequest {
    /// Where an answer sends us, if we go there.
    fn redirected(&self, answer: &HttpResponse) -> Result<Option<Self>> {
        let is_redirection = matches!(answer.status, 301 | 302 | 303 | 307 | 308);
        if !is_redirection || self.redirects == 0 || self.method != Method::GET {
            return Ok(None);
        }
        let target = answer.header("location").and_then(|target| self.url.join(target).ok());
        let is_fit = |target: &Url| {
            target.scheme() == "https" || (self.url.scheme() == "http" && target.scheme() == "http")
        };
        let Some(target) = target.filter(is_fit) else {
            return Err(self.failed("the server redirects to where we do not go"));
        };
        let mut next = Self { redirects: self.redirects - 1, ..self.clone() };
        if target.origin() != self.url.origin() {
            next.headers.retain(|(name, _)| !CREDENTIALS.contains(&name.to_ascii_lowercase().as_str()));
        }
        next.url = target;
        Ok(Some(next))
    }

    fn failed(&self, message: &'static str) -> Error {
        Error::new(ErrorKind::Upstream, self.operation, message).with("host", self.host())
    }

    fn unanswered(&self, error: reqwest::Error) -> Error {
        let message = if error.is_timeout() {
            "the server did not answer in time"
        } else if error.is_connect() {
            "the server cannot be reached"
        } else {
            "the connection failed"
        };
        // The address may carry what is private; the error below would show it.
        self.failed(message).caused_by(error.without_url())
    }
}

fn host(url: &Url) -> String {
    let name = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| name.to_owned(), |port| format!("{name}:{port}"))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Reply, Responder};
    use super::*;

    fn http() -> Http {
        Http::new(HttpOptions { user_agent: "besunny-test".into(), proxy: None })
    }

    fn get(url: &str) -> HttpRequest {
        HttpRequest::new("test.get", Method::GET, url).expect("a request")
    }

    #[tokio::test]
    async fn sends_and_reads_what_is_there() {
        let server = Responder::start(|request| {
            let said = format!("{} {} {}", request.method, request.path, request.body);
            Reply::new(418, said).header("X-Kind", "Teapot")
        });
        let request = HttpRequest::new("test.post", Method::POST, &server.url("/a?b=c")).expect("a request");
        let answer = http().send(request.form(&[("x y", "1&2")])).await.expect("an answer");
        assert_eq!(answer.status, 418);
        assert_eq!(answer.header("x-kind"), Some("Teapot"));
        assert_eq!(answer.body, b"POST /a?b=c x+y=1%262");
        assert_eq!(server.seen()[0].header("user-agent"), Some("besunny-test"));
    }

    #[tokio::test]
    async fn an_answer_is_bounded_in_size_and_time() {
        let server = Responder::start(|request| {
            if request.path.starts_with("/slow") {
                std::thread::sleep(Duration::from_millis(500));
            }
            Reply::new(200, "x".repeat(2_000))
        });
        let mut large = get(&server.url("/large"));
        large.max_bytes = 1_999;
        assert_eq!(http().send(large.clone()).await.expect_err("too large").kind(), ErrorKind::LimitExceeded);
        large.max_bytes = 2_000;
        assert_eq!(http().send(large).await.expect("fits").body.len(), 2_000);
        let mut slow = get(&server.url("/slow?token=hush"));
        slow.timeout = Duration::from_millis(50);
        let error = http().send(slow).await.expect_err("too slow");
        assert_eq!(error.kind(), ErrorKind::Upstream);
        assert!(!error.to_string().contains("hush"), "{error}");
    }

    #[tokio::test]
    async fn nobody_there_is_an_upstream_error_without_the_address() {
        let gone = Responder::start(|_| Reply::new(200, ""));
        let url = gone.url("/path?token=hush");
        drop(gone);
        let error = http().send(get(&url)).await.expect_err("nobody");
        assert_eq!(error.kind(), ErrorKind::Upstream);
        let chain = format!("{error} {:?}", std::error::Error::source(&error));
        assert!(!chain.contains("hush"), "{chain}");
    }

    #[tokio::test]
    async fn redirections_are_followed_when_asked_for_and_lose_credentials() {
        let target =
            Responder::start(|request| Reply::new(200, request.header("authorization").unwrap_or("none")));
        let there = target.url("/there");
        let server = Responder::start(move |request| match request.path.as_str() {
            "/away" => Reply::new(302, "").header("Location", &there),
            "/round" => Reply::new(302, "").header("Location", "/round"),
            "/near" => Reply::new(302, "").header("Location", "/here"),
            _ => Reply::new(200, request.header("authorization").unwrap_or("none")),
        });
        let ask = async |path: &str, redirects: u8| {
            let mut request = get(&server.url(path)).header("Authorization", "Bearer t");
            request.redirects = redirects;
            let answer = http().send(request).await.expect("an answer");
            (answer.status, String::from_utf8_lossy(&answer.body).into_owned())
        };
        assert_eq!(ask("/away", 0).await.0, 302);
        assert_eq!(ask("/away", 1).await, (200, "none".into()));
        assert_eq!(ask("/near", 1).await, (200, "Bearer t".into()));
        assert_eq!(ask("/round", 5).await.0, 302);
    }

    #[test]
    fn only_addresses_of_servers_are_asked_and_nothing_is_shown() {
        for url in ["", "gmail", "file:///etc/passwd", "ftp://a.example/"] {
            assert!(HttpRequest::new("test.get", Method::GET, url).is_err(), "{url}");
        }
        let request = get("https://a.example/b?token=hush").header("Authorization", "Bearer hush");
        assert_eq!(format!("{request:?}"), "GET a.example/b");
    }
}
