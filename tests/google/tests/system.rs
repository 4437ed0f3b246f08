//! Tokens, faults, quota, control, and hostile input.

mod support;

use std::time::{Duration, Instant};

use besunny_fake_google::{Client as OAuthClient, FakeGoogle, Fault, FaultKind, Limits, Settings, When};
use serde_json::{Value, json};
use support::{ALL, ANA, Client, form, send, start};

fn refresh(google: &FakeGoogle, token: &str) -> support::Answer {
    let client = OAuthClient::standard();
    let pairs = [
        ("grant_type", "refresh_token"),
        ("refresh_token", token),
        ("client_id", client.client_id.as_str()),
        ("client_secret", client.client_secret.as_str()),
    ];
    form(google, "/token", &pairs)
}

#[test]
fn the_hundred_and_first_refresh_token_ends_the_first() {
    let (google, client) = start();
    let others: Vec<_> = (0..99).map(|_| google.tokens(ANA, &ALL).refresh_token).collect();
    assert_eq!(refresh(&google, &client.tokens.refresh_token).status, 200);
    google.tokens(ANA, &ALL);
    let answer = refresh(&google, &client.tokens.refresh_token);
    assert_eq!((answer.status, answer.json()["error"].as_str()), (400, Some("invalid_grant")));
    assert_eq!(refresh(&google, &others[0]).status, 200);
}

#[test]
fn projects_in_testing_lose_their_tokens_after_a_week() {
    let google = FakeGoogle::start(Settings::default());
    google.add_account(ANA, "Ana");
    let testing = OAuthClient { is_testing: true, ..OAuthClient::standard() };
    google.add_client(testing.clone());
    let long = google.tokens_of(&testing, ANA, &["openid", "email"]).refresh_token;
    let short = google.tokens_of(&testing, ANA, &ALL).refresh_token;
    google.advance(Duration::from_hours(24 * 7 - 1));
    assert_eq!(refresh(&google, &short).status, 200);
    google.advance(Duration::from_hours(1));
    assert_eq!((refresh(&google, &short).status, refresh(&google, &long).status), (400, 200));
}

#[test]
fn redirects_are_compared_to_the_letter() {
    let (google, _) = start();
    let exact = OAuthClient {
        client_id: "exact".to_owned(),
        redirect_uris: vec!["https://app.example/callback".to_owned()],
        ..OAuthClient::standard()
    };
    google.add_client(exact);
    let visit = |uri: &str| {
        let target =
            format!("/o/oauth2/v2/auth?client_id=exact&response_type=code&scope=email&redirect_uri={uri}");
        send(google.base_url(), "GET", &target, "", "", b"").unwrap()
    };
    let good = visit("https://app.example/callback");
    assert!(
        good.status == 302 && good.header("location").starts_with("https://app.example/callback?code=4%2F")
    );
    for wrong in
        ["https://app.example/callback/", "https://app.example/callbac", "http://app.example/callback", ""]
    {
        assert_eq!((visit(wrong).status, visit(wrong).header("location")), (400, ""), "{wrong}");
    }
}

#[test]
fn a_slow_token_endpoint_counts_who_comes() {
    let (google, client) = start();
    google.fault(Fault::new(FaultKind::Delay { millis: 50 }, "oauth.token", When::Always));
    let begun = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..20 {
            scope.spawn(|| assert_eq!(refresh(&google, &client.tokens.refresh_token).status, 200));
        }
    });
    let took = begun.elapsed();
    assert!(took >= Duration::from_millis(50), "{took:?}");
    assert_eq!(google.token_calls().refreshes_of[ANA], 20);
}

#[test]
fn revoking_one_token_ends_the_grant() {
    let (google, client) = start();
    let other = google.tokens(ANA, &["openid"]);
    assert_eq!(form(&google, "/revoke", &[("token", &other.access_token)]).status, 200);
    assert_eq!(refresh(&google, &client.tokens.refresh_token).status, 400);
    assert_eq!(
        (client.get("/drive/v3/files").status, client.get("/drive/v3/files").reason().as_str()),
        (401, "authError")
    );
}

#[test]
fn faults_break_off_delay_and_move_the_clock() {
    let (google, client) = start();
    google.fault(Fault::new(FaultKind::Reset, "drive.files.list", When::Next(1)));
    assert!(client.call("GET", "/drive/v3/files", None).is_err());
    assert_eq!(client.get("/drive/v3/files").status, 200);
    google.fault(Fault::new(FaultKind::Delay { millis: 80 }, "drive.", When::Next(1)));
    let begun = Instant::now();
    client.get("/drive/v3/files");
    assert!(begun.elapsed() >= Duration::from_millis(80));
    let before = google.now();
    google.fault(Fault::new(FaultKind::VirtualDelay { millis: 5_000 }, "drive.", When::Next(1)));
    client.get("/drive/v3/files");
    assert_eq!(google.now(), before + 5_000);
    google.fault(Fault::new(FaultKind::Unavailable { status: 502, html: true }, "", When::Next(1)));
    let answer = client.get("/drive/v3/files");
    assert!(answer.status == 502 && answer.header("content-type").starts_with("text/html"));
    let limited = FaultKind::RateLimit {
        status: 429,
        reason: "rateLimitExceeded".to_owned(),
        retry_after: Some(7),
        retry_in_message: Some(9),
    };
    google.fault(Fault::new(limited, "gmail.", When::After(1)));
    assert_eq!(client.get("/gmail/v1/users/me/profile").status, 200);
    let answer = client.get("/gmail/v1/users/me/profile");
    assert_eq!((answer.status, answer.header("retry-after")), (429, "7"));
    let message = answer.json()["error"]["message"].as_str().unwrap().to_owned();
    assert!(message.ends_with("Retry after 2026-07-01T12:00:14.000Z"), "{message}");
    assert_eq!(google.faults_happened()["rate_limit"], 1);
}

#[test]
fn quota_is_counted_and_enforced_by_the_minute() {
    let (google, client) = start();
    google.set_limits(Limits::New);
    let statuses: Vec<u16> = (0..605).map(|_| client.get("/calendar/v3/calendars/primary").status).collect();
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 600);
    assert_eq!(client.get("/calendar/v3/calendars/primary").reason(), "userRateLimitExceeded");
    google.advance(Duration::from_mins(1));
    assert_eq!(client.get("/calendar/v3/calendars/primary").status, 200);
    let usage = google.usage()["calendar.calendars.get"][ANA];
    assert_eq!((usage.calls, usage.units), (607, 601));
}

#[test]
fn everything_can_be_done_over_http() {
    let google = FakeGoogle::start(Settings::default());
    let control = |operation: &str, arguments: Value| {
        let body = arguments.to_string();
        let target = format!("/_control/{operation}");
        send(google.base_url(), "POST", &target, "", "application/json", body.as_bytes()).unwrap()
    };
    assert_eq!(control("accounts.add", json!({"email": ANA})).status, 200);
    let id = control("mail.deliver", json!({"account": ANA, "raw": "Subject: a\n\nb", "labels": ["INBOX"]}));
    let id = id.json()["id"].as_str().unwrap().to_owned();
    assert_eq!(control("snapshot", json!({"account": ANA})).json()["mail"][&id]["labels"], json!(["INBOX"]));
    assert_eq!(control("nothing", json!({})).status, 404);
    let operations = control("operations", json!({})).json()["operations"].as_array().unwrap().clone();
    for operation in &operations {
        for arguments in
            [json!({}), json!({"account": 1, "id": [], "when": "x", "calendar": null}), json!({"id": "é"})]
        {
            let status = control(operation.as_str().unwrap(), arguments).status;
            assert!(status == 200 || status == 400, "{operation}: {status}");
        }
    }
    assert!(operations.len() > 60);
}

#[test]
fn hostile_requests_are_refused_and_nothing_breaks() {
    let (google, client) = start();
    google
        .add_event(
            ANA,
            &json!({"id": "abcde", "start": {"date": "2026-07-01"}, "end": {"date": "2026-07-02"},
        "recurrence": ["RRULE:FREQ=DAILY"]}),
        )
        .unwrap();
    let ids =
        ["abcde_é", "abcde_20260701T", "%FF%00", "..", "root", "a%2Fb", "0000000000000000", "abcde_20260701"];
    let paths = [
        "/gmail/v1/users/me/messages/{}",
        "/gmail/v1/users/me/messages/{}/modify",
        "/gmail/v1/users/{}/history",
        "/gmail/v1/users/me/messages",
        "/gmail/v1/users/me/history",
        "/gmail/v1/users/me/watch",
        "/gmail/v1/users/me/messages/{}/attachments/{}",
        "/gmail/v1/users/me/threads/{}",
        "/drive/v3/files",
        "/drive/v3/files/{}",
        "/drive/v3/files/{}/export",
        "/drive/v3/files/{}/download",
        "/drive/v3/changes",
        "/drive/v3/changes/watch",
        "/drive/v3/channels/stop",
        "/drive/v3/operations/{}",
        "/drive/v3/drives/{}",
        "/drive/v3/files/{}/permissions",
        "/drive/v3/files/{}/copy",
        "/upload/drive/v3/files",
        "/upload/drive/v3/files/{}",
        "/calendar/v3/calendars/{}/events",
        "/calendar/v3/calendars/primary/events/{}",
        "/calendar/v3/calendars/primary/events/{}/instances",
        "/calendar/v3/calendars/primary/events",
        "/calendar/v3/users/me/calendarList",
        "/calendar/v3/calendars/primary/events/watch",
        "/batch/gmail/v1",
        "/token",
        "/revoke",
        "/o/oauth2/v2/auth",
        "/tokeninfo",
        "/export-content",
        "/download/operations/{}",
    ];
    let queries = [
        "",
        "?pageToken=%F0",
        "?startHistoryId=-1&maxResults=x",
        "?q=((((&fields=a(b",
        "?syncToken=Cx%3D&timeMin=x",
        "?timeMin=0001-01-01T00:00:00Z&timeMax=9999-12-31T23:59:59Z&singleEvents=true&orderBy=startTime",
        "?startHistoryId=99999999999999999999",
        "?uploadType=resumable&upload_id=x",
        "?id=x&mimeType=%00&alt=media",
        "?pageToken=18446744073709551615&pageSize=-5&maxResults=-5",
    ];
    let bodies = [
        "",
        "{",
        "[]",
        "{\"id\":\"é\",\"type\":\"web_hook\",\"address\":\"https://x\",\"expiration\":-1}",
        "{\"start\":{\"dateTime\":\"9999-12-31T23:59:59Z\"},\"end\":{\"date\":\"0000-99-99\"}}",
        "{\"start\":{\"date\":\"9999-12-30\"},\"end\":{\"date\":\"9999-12-31\"},\"recurrence\":[\"RRULE:FREQ=YEARLY\"]}",
    ];
    let authorization =
        format!("Authorization: Bearer {}\r\nContent-Range: bytes 5-x/2\r\n", client.tokens.access_token);
    let mut count = 0;
    for path in paths {
        for (number, id) in ids.iter().enumerate().take(if path.contains("{}") { ids.len() } else { 1 }) {
            for query in queries {
                let body = bodies[count % bodies.len()];
                let method = ["GET", "POST", "PATCH", "PUT", "DELETE"][(count / 2 + number) % 5];
                let target = format!("{}{query}", path.replace("{}", id));
                let answer = send(
                    google.base_url(),
                    method,
                    &target,
                    &authorization,
                    "application/json",
                    body.as_bytes(),
                );
                let answer = answer.unwrap_or_else(|error| panic!("{method} {target} {body}: {error}"));
                assert!(answer.status < 500, "{method} {target} {body}: {}", answer.status);
                count += 1;
            }
        }
    }
    assert!(count > 1_000);
    assert_eq!(client.get("/gmail/v1/users/me/profile").status, 200);
}

#[test]
fn the_same_seed_gives_the_same_ids() {
    let run = |seed| {
        let google = FakeGoogle::start(Settings { seed, ..Settings::default() });
        let client = Client::new(&google, ANA);
        let file = google.add_folder(ANA, "a", None).unwrap();
        (
            google.deliver(ANA, b"\n", &[]).unwrap(),
            file,
            google.history_id(ANA).unwrap(),
            client.tokens.access_token,
        )
    };
    assert_eq!(run(5), run(5));
    assert_ne!(run(5), run(6));
}
