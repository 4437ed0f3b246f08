//! Compared with python-dateutil; `generate.py` says how.

use serde::Deserialize;
use serde_json::json;

use super::{event, starts};

#[derive(Deserialize)]
struct Case {
    zone: String,
    start: String,
    lines: Vec<String>,
    since: String,
    until: String,
    found: Vec<String>,
}

/// `20260301T090000Z` as `2026-03-01T09:00:00Z`.
fn extended(basic: &str) -> String {
    let part = |from: usize, to: usize| &basic[from..to];
    format!("{}-{}-{}T{}:{}:{}", part(0, 4), part(4, 6), part(6, 8), part(9, 11), part(11, 13), &basic[13..])
}

#[test]
fn series_take_place_when_dateutil_says() {
    let cases: Vec<Case> = serde_json::from_str(include_str!("dateutil.json")).unwrap();
    assert_eq!(cases.len(), 300);
    for case in cases {
        let start = json!({"dateTime": extended(&case.start), "timeZone": case.zone});
        let master = event(json!({"id": "m", "start": start, "end": start, "recurrence": case.lines}));
        let found = starts(&master, &extended(&case.since), &extended(&case.until)).unwrap();
        let expected: Vec<String> = case.found.iter().map(|instant| extended(instant)).collect();
        assert_eq!(found, expected, "{} {} {:?}", case.zone, case.start, case.lines);
    }
}
