//! The example of a web server that takes Google's notifications.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

use besunny_fake_google::{Client, FakeGoogle, Settings, TokenKind};
use serde_json::json;

const SIGNER: &str = "push@fake-project.iam.gserviceaccount.com";
const AUDIENCE: &str = "https://app.example/gmail/notify";
const SUBSCRIPTION: &str = "projects/fake-project/subscriptions/mail";

/// The running example, ended with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn post(server: &str, path: &str, headers: &[(&str, &str)], body: &str) -> u16 {
    let mut stream = TcpStream::connect(server).unwrap();
    let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let length = body.len();
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: {server}\r\nConnection: close\r\nContent-Length: {length}\r\n"
    );
    stream.write_all(format!("{head}{headers}\r\n{body}").as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer.split(' ').nth(1).unwrap().parse().unwrap()
}

#[test]
fn it_answers_google() {
    // As the machine's clock goes, which the example reads.
    let google = FakeGoogle::start(Settings { start: None, ..Settings::default() });
    let folder = tempfile::tempdir().unwrap();
    let client = Client::standard();
    let mut example = Command::new(env!("CARGO_BIN_EXE_google_webhooks"));
    example.arg(folder.path()).arg("0").stdout(Stdio::piped());
    for (name, value) in [
        ("GOOGLE_CLIENT_ID", client.client_id.as_str()),
        ("GOOGLE_CLIENT_SECRET", &client.client_secret),
        ("GOOGLE_REDIRECT_URI", "https://app.example/callback"),
        ("GOOGLE_ENDPOINTS", google.base_url()),
        ("TOKEN_KEY", &"ab".repeat(32)),
        ("GMAIL_PUSH_TOPIC", "projects/fake-project/topics/mail"),
        ("GMAIL_PUSH_SUBSCRIPTION", SUBSCRIPTION),
        ("GMAIL_PUSH_AUDIENCE", AUDIENCE),
        ("GMAIL_PUSH_ACCOUNT", SIGNER),
    ] {
        example.env(name, value);
    }
    let mut running = Running(example.spawn().unwrap());
    let mut line = String::new();
    BufReader::new(running.0.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let server = line.trim().rsplit('/').next().unwrap();

    let body = json!({
        "message": {
            // {"emailAddress": "user@example.com", "historyId": "9876543210"}
            "data": "eyJlbWFpbEFkZHJlc3MiOiAidXNlckBleGFtcGxlLmNvbSIsICJoaXN0b3J5SWQiOiAiOTg3NjU0MzIxMCJ9",
            "messageId": "2070443601311540",
            "publishTime": "2026-02-26T19:13:55.749Z",
        },
        "subscription": SUBSCRIPTION,
    })
    .to_string();
    let bearer = |kind| format!("Bearer {}", google.oidc_token(kind, SIGNER, AUDIENCE));
    let gmail = |headers: &[(&str, &str)]| post(server, "/gmail/notify", headers, &body);
    assert_eq!(gmail(&[("Authorization", &bearer(TokenKind::Valid))]), 200);
    assert_eq!(gmail(&[("Authorization", &bearer(TokenKind::WrongSignature))]), 401);
    assert_eq!(gmail(&[]), 401);
    let channel = [
        ("X-Goog-Channel-ID", "4ba78bf0-6a47-11e2-bcfd-0800200c9a66"),
        ("X-Goog-Channel-Token", "398348u3tu83ut8uu38"),
        ("X-Goog-Message-Number", "10"),
        ("X-Goog-Resource-ID", "ret08u3rv24htgh289g"),
        ("X-Goog-Resource-State", "exists"),
    ];
    assert_eq!(post(server, "/calendar/notify", &channel, ""), 200);
    assert_eq!(post(server, "/drive/notify", &[], ""), 400);
    assert_eq!(post(server, "/photos/notify", &channel, ""), 404);
}
