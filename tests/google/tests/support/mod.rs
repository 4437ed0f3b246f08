//! A client as plain as can be, and a server that takes pushes.

#![allow(dead_code, reason = "each test uses a part of it")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use besunny_fake_google::{FakeGoogle, Settings, Tokens};
use serde_json::Value;

pub(crate) const ANA: &str = "ana@lumen.example";
pub(crate) const BEA: &str = "bea@lumen.example";
pub(crate) const ALL: [&str; 3] = [
    "https://mail.google.com/",
    "https://www.googleapis.com/auth/drive",
    "https://www.googleapis.com/auth/calendar",
];

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(own, _)| own.eq_ignore_ascii_case(name)).map_or("", |(_, value)| value)
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&self.body)))
    }

    pub(crate) fn reason(&self) -> String {
        self.json()["error"]["errors"][0]["reason"].as_str().unwrap_or_default().to_owned()
    }
}

/// Somebody who calls the fake with a token.
pub(crate) struct Client {
    pub(crate) google: FakeGoogle,
    pub(crate) tokens: Tokens,
}

impl Client {
    pub(crate) fn new(google: &FakeGoogle, email: &str) -> Self {
        google.add_account(email, email);
        Self { google: google.clone(), tokens: google.tokens(email, &ALL) }
    }

    pub(crate) fn call(&self, method: &str, target: &str, body: Option<&Value>) -> std::io::Result<Answer> {
        let headers = format!("Authorization: Bearer {}\r\n", self.tokens.access_token);
        let body = body.map(|body| body.to_string()).unwrap_or_default();
        send(self.google.base_url(), method, target, &headers, "application/json", body.as_bytes())
    }

    pub(crate) fn get(&self, target: &str) -> Answer {
        self.call("GET", target, None).unwrap()
    }

    pub(crate) fn post(&self, target: &str, body: &Value) -> Answer {
        self.call("POST", target, Some(body)).unwrap()
    }
}

/// A fake with one account.
pub(crate) fn start() -> (FakeGoogle, Client) {
    start_with(Settings::default())
}

pub(crate) fn start_with(settings: Settings) -> (FakeGoogle, Client) {
    let google = FakeGoogle::start(settings);
    let client = Client::new(&google, ANA);
    (google, client)
}

pub(crate) fn form(google: &FakeGoogle, target: &str, pairs: &[(&str, &str)]) -> Answer {
    let encode = |text: &str| -> String { text.bytes().map(|byte| format!("%{byte:02X}")).collect() };
    let body: Vec<String> = pairs.iter().map(|(name, value)| format!("{name}={}", encode(value))).collect();
    let kind = "application/x-www-form-urlencoded";
    send(google.base_url(), "POST", target, "", kind, body.join("&").as_bytes()).unwrap()
}

pub(crate) fn send(
    base: &str,
    method: &str,
    target: &str,
    headers: &str,
    content_type: &str,
    body: &[u8],
) -> std::io::Result<Answer> {
    let host = base.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(host)?;
    stream.set_read_timeout(Some(Duration::from_secs(30)))?;
    write!(
        stream,
        "{method} {target} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nContent-Type: {content_type}\r\n\
         {headers}Content-Length: {}\r\n\r\n",
        body.len()
    )?;
    stream.write_all(body)?;
    let mut raw = Vec::new();
    stream.read_to_end(&mut raw)?;
    let end =
        raw.windows(4).position(|window| window == b"\r\n\r\n").ok_or(std::io::ErrorKind::UnexpectedEof)?;
    let head = String::from_utf8_lossy(&raw[..end]).into_owned();
    let mut lines = head.lines();
    let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
    let headers = lines.filter_map(|line| line.split_once(": "));
    let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    Ok(Answer { status, headers, body: raw[end + 4..].to_vec() })
}

/// What a subscriber got.
#[derive(Debug)]
pub(crate) struct Got {
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

/// A server that answers pushes with the statuses it is given, and then with 204.
pub(crate) fn subscriber(statuses: &[u16]) -> (String, Receiver<Got>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}/push", listener.local_addr().unwrap());
    let (out, got) = channel();
    let statuses = statuses.to_vec();
    std::thread::spawn(move || {
        for number in 0.. {
            let Ok((stream, _)) = listener.accept() else { return };
            let mut reader = BufReader::new(stream);
            let mut headers = Vec::new();
            let mut line = String::new();
            while reader.read_line(&mut line).unwrap() > 2 {
                if let Some((name, value)) = line.trim().split_once(": ") {
                    headers.push((name.to_owned(), value.to_owned()));
                }
                line.clear();
            }
            let length = headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("content-length"));
            let mut body = vec![0; length.map_or(0, |(_, length)| length.parse().unwrap())];
            reader.read_exact(&mut body).unwrap();
            let status = statuses.get(number).copied().unwrap_or(204);
            write!(reader.get_mut(), "HTTP/1.1 {status} X\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
                .unwrap();
            if out.send(Got { headers, body: String::from_utf8(body).unwrap() }).is_err() {
                return;
            }
        }
    });
    (address, got)
}
