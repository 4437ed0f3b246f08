//! A browser that follows a consent to where it is sent back.

use besunny::GoogleCallback;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Opens the address of a consent; what the application's callback is asked with.
pub async fn browse(url: &str) -> GoogleCallback {
    let location = redirect(url).await;
    let (_, query) = location.split_once('?').unwrap_or_else(|| panic!("no query: {location}"));
    GoogleCallback::from_query(query)
}

/// Where an address redirects to.
pub async fn redirect(url: &str) -> String {
    let rest = url.strip_prefix("http://").expect("an address of this machine");
    let (host, path) = rest.split_once('/').expect("a path");
    let mut stream = TcpStream::connect(host).await.expect("connects");
    let request = format!("GET /{path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.expect("sends");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("answers");
    let location = answer.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("location").then(|| value.trim().to_owned())
    });
    location.unwrap_or_else(|| panic!("no redirect: {answer}"))
}
