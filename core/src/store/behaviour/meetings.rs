use super::accounts::log;
use super::fixtures::{NOW, add_project, commit, page, read, user, write};
use super::job_fixtures::seconds;
use crate::base::{ErrorKind, MeetingId, ProjectId, Scope};
use crate::domain::{
    Attendee, ChangeKind, EventStatus, Meeting, MeetingFilter, PageRequest, Store, Withdrawn,
};

/// A meeting of an hour that begins `number` hours from now.
pub(in crate::store) fn meeting(number: u8, event: &str) -> Meeting {
    let start = u64::from(number) * 3600;
    Meeting::new(
        MeetingId::from_bytes([number; 16]),
        event.into(),
        "calendar:primary".into(),
        "https://meet.example/abc".into(),
        (seconds(start), seconds(start + 3600)),
        NOW,
    )
}

async fn put(store: &dyn Store, scope: &Scope, meeting: &Meeting) -> bool {
    commit(store, scope, async |write| write.put_meeting(meeting).await.expect("puts")).await
}

async fn stored(store: &dyn Store, scope: &Scope, number: u8) -> Option<Meeting> {
    read(store, scope).await.meeting(MeetingId::from_bytes([number; 16])).await.expect("reads")
}

/// The meeting events of a log, in a row.
async fn events(store: &dyn Store, scope: &Scope) -> String {
    let log = log(store, scope).await;
    let meetings = log.iter().filter(|change| change.subject_id.is_some());
    let told = meetings.map(|change| {
        let number = change.subject_id.map_or(0, |subject| subject.as_bytes()[0]);
        format!("{}{number}", change.kind.as_str().trim_start_matches("meeting."))
    });
    told.collect::<Vec<_>>().join(" ")
}

async fn listed(store: &dyn Store, scope: &Scope, filter: &MeetingFilter, size: u32) -> String {
    let (mut pages, mut after) = (Vec::new(), None);
    loop {
        let found = read(store, scope).await.meetings(filter, &page(size, after)).await.expect("lists");
        let events: Vec<_> = found.items.iter().map(|meeting| meeting.event_id.as_str()).collect();
        pages.push(events.join(" "));
        after = found.next;
        if after.is_none() {
            return pages.join(" | ");
        }
    }
}

fn full(number: u8, event: &str) -> Meeting {
    let mut full = meeting(number, event);
    full.ical_uid = Some("uid@example.org".into());
    full.series_id = Some("series".into());
    full.original_start = Some(seconds(17));
    full.title = "Weekly\0 ünï".into();
    full.description = Some("About\u{a0}it".into());
    full.status = EventStatus::Tentative;
    full.attendees = vec![
        Attendee {
            email: "ana@example.org".into(),
            name: Some("Ana\0".into()),
            response: EventStatus::Accepted,
            organizer: true,
        },
        Attendee {
            email: "ai+ana@example.org".into(),
            name: None,
            response: EventStatus::NeedsAction,
            organizer: false,
        },
    ];
    full.virtual_attendee = Some("ai+ana@example.org".into());
    full
}

pub(crate) async fn meetings_come_back_as_written(store: &dyn Store) {
    let ana = user(store, 1).await;
    let project = add_project(store, &ana, 9).await.id;
    let mut full = full(1, "event 1");
    full.project_id = Some(project);
    assert!(put(store, &ana, &full).await);
    assert!(!put(store, &ana, &full).await, "nothing new, also where a character was replaced");
    full.title = "Weekly\u{fffd} ünï".into();
    full.attendees[0].name = Some("Ana\u{fffd}".into());
    assert_eq!(stored(store, &ana, 1).await, Some(full));
    assert_eq!(stored(store, &ana, 2).await, None);
    assert_eq!(events(store, &ana).await, "stored1");
}

pub(crate) async fn what_the_calendar_says_is_written_over_and_nothing_else(store: &dyn Store) {
    let ana = user(store, 1).await;
    let project = add_project(store, &ana, 9).await.id;
    put(store, &ana, &full(1, "event")).await;
    commit(store, &ana, async |write| {
        let id = MeetingId::from_bytes([1; 16]);
        assert!(write.set_meeting_project(id, Some(project), seconds(1)).await.unwrap());
        assert!(write.set_meeting_project(id, Some(project), seconds(2)).await.unwrap(), "no change");
    })
    .await;
    let mut moved = meeting(2, "event");
    (moved.created_at, moved.updated_at) = (seconds(50), seconds(50));
    assert!(put(store, &ana, &moved).await);
    moved.updated_at = seconds(60);
    assert!(!put(store, &ana, &moved).await, "only its time of writing is another");
    let mut expected = moved;
    expected.id = MeetingId::from_bytes([1; 16]);
    (expected.project_id, expected.created_at, expected.updated_at) = (Some(project), NOW, seconds(50));
    assert_eq!(stored(store, &ana, 1).await, Some(expected));
    assert_eq!(events(store, &ana).await, "stored1 updated1 updated1");
}

pub(crate) async fn each_field_of_a_calendar_is_news(store: &dyn Store) {
    let ana = user(store, 1).await;
    let mut now = full(1, "event");
    put(store, &ana, &now).await;
    let changes: [fn(&mut Meeting); 12] = [
        |meeting| meeting.ical_uid = None,
        |meeting| meeting.calendar = "calendar:team".into(),
        |meeting| meeting.series_id = None,
        |meeting| meeting.original_start = None,
        |meeting| meeting.title = "Other".into(),
        |meeting| meeting.description = Some(String::new()),
        |meeting| meeting.meeting_url = "https://meet.example/new".into(),
        |meeting| meeting.start = meeting.start.before(std::time::Duration::from_micros(1)),
        |meeting| meeting.end = meeting.end.after(std::time::Duration::from_micros(1)),
        |meeting| meeting.status = EventStatus::Declined,
        |meeting| meeting.attendees[1].response = EventStatus::Declined,
        |meeting| meeting.virtual_attendee = None,
    ];
    for (number, change) in changes.into_iter().enumerate() {
        change(&mut now);
        assert!(put(store, &ana, &now).await, "{number}");
        let after = stored(store, &ana, 1).await.unwrap();
        assert!(!put(store, &ana, &after).await, "{number}: it reads back as it was written");
    }
}

pub(crate) async fn lists_run_by_start_and_filter(store: &dyn Store) {
    let ana = user(store, 1).await;
    let project = add_project(store, &ana, 9).await.id;
    for (number, event) in [(3, "c"), (1, "b"), (2, "x y"), (4, "d")] {
        put(store, &ana, &meeting(number, event)).await;
    }
    // At the same moment as another.
    let mut twin = meeting(5, "a");
    (twin.start, twin.end) = (seconds(3600), seconds(7200));
    twin.project_id = Some(project);
    put(store, &ana, &twin).await;
    let everything = MeetingFilter::default();
    for (size, pages) in [(9, "a b x y c d"), (2, "a b | x y c | d"), (1, "a | b | x y | c | d")] {
        assert_eq!(listed(store, &ana, &everything, size).await, pages);
    }
    let filter = |from: Option<u64>, until: Option<u64>| MeetingFilter {
        from: from.map(seconds),
        until: until.map(seconds),
        project_id: None,
    };
    assert_eq!(listed(store, &ana, &filter(Some(7200), None), 2).await, "x y c | d");
    assert_eq!(listed(store, &ana, &filter(None, Some(7200)), 2).await, "a b");
    assert_eq!(listed(store, &ana, &filter(Some(7199), Some(7201)), 9).await, "a b x y");
    let of = |project_id| MeetingFilter { project_id: Some(project_id), ..MeetingFilter::default() };
    assert_eq!(listed(store, &ana, &of(project), 9).await, "a");
    assert_eq!(listed(store, &ana, &of(ProjectId::from_bytes([8; 16])), 9).await, "");
    let mut read = read(store, &ana).await;
    for after in ["x", "1", "x 1"] {
        let refused = read.meetings(&everything, &page(9, Some(after.into()))).await;
        assert_eq!(refused.unwrap_err().kind(), ErrorKind::InvalidInput, "{after}");
    }
    let refused = read.meetings(&everything, &PageRequest { size: 0, after: None }).await;
    assert_eq!(refused.unwrap_err().kind(), ErrorKind::InvalidInput);
}

pub(crate) async fn an_event_and_the_occurrences_of_a_series_are_found(store: &dyn Store) {
    let ana = user(store, 1).await;
    let of_series = |number, event: &str| {
        let mut meeting = meeting(number, event);
        meeting.series_id = Some("series".into());
        meeting
    };
    let mut elsewhere = of_series(4, "series_4");
    elsewhere.calendar = "calendar:team".into();
    for meeting in [&of_series(2, "series_2"), &of_series(1, "series_1"), &meeting(3, "series"), &elsewhere] {
        put(store, &ana, meeting).await;
    }
    let found = async |calendar: &str, event: &str| {
        let found = read(store, &ana).await.meetings_of_event(calendar, event).await.unwrap();
        found.iter().map(|meeting| meeting.event_id.as_str()).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(found("calendar:primary", "series").await, "series series_1 series_2");
    assert_eq!(found("calendar:primary", "series_2").await, "series_2");
    assert_eq!(found("calendar:team", "series").await, "series_4");
    assert_eq!(found("calendar:other", "series").await, "");
}

pub(crate) async fn a_meeting_that_nothing_hangs_from_is_deleted(store: &dyn Store) {
    let ana = user(store, 1).await;
    put(store, &ana, &meeting(1, "event")).await;
    let withdraw = async || {
        commit(store, &ana, async |write| write.withdraw_meeting("event", seconds(9)).await.unwrap()).await
    };
    assert_eq!(withdraw().await, Withdrawn::Deleted);
    assert_eq!(withdraw().await, Withdrawn::Absent);
    assert_eq!(stored(store, &ana, 1).await, None);
    assert_eq!(events(store, &ana).await, "stored1 deleted1");
}

pub(crate) async fn a_meeting_of_a_project_is_kept_as_declined(store: &dyn Store) {
    let ana = user(store, 1).await;
    let project = add_project(store, &ana, 9).await.id;
    let mut kept = meeting(1, "event");
    kept.project_id = Some(project);
    put(store, &ana, &kept).await;
    for at in [5, 6] {
        let withdrawn =
            commit(store, &ana, async |write| write.withdraw_meeting("event", seconds(at)).await.unwrap());
        assert_eq!(withdrawn.await, Withdrawn::Declined);
    }
    let declined = stored(store, &ana, 1).await.unwrap();
    assert_eq!((declined.status, declined.updated_at), (EventStatus::Declined, seconds(5)));
    assert_eq!(declined.project_id, Some(project));
    assert_eq!(events(store, &ana).await, "stored1 updated1");
    // The event comes back.
    kept.updated_at = seconds(7);
    assert!(put(store, &ana, &kept).await);
    assert_eq!(stored(store, &ana, 1).await, Some(kept));
}

pub(crate) async fn a_project_is_the_tenants_own(store: &dyn Store) {
    let (ana, joao) = (user(store, 1).await, user(store, 2).await);
    let theirs = add_project(store, &joao, 9).await.id;
    let mut write = write(store, &ana).await;
    let mut made = meeting(1, "event");
    made.project_id = Some(theirs);
    assert_eq!(write.put_meeting(&made).await.unwrap_err().kind(), ErrorKind::NotFound);
    made.project_id = None;
    assert!(write.put_meeting(&made).await.unwrap());
    let refused = write.set_meeting_project(made.id, Some(theirs), NOW).await;
    assert_eq!(refused.unwrap_err().kind(), ErrorKind::NotFound);
    let unknown = MeetingId::from_bytes([7; 16]);
    assert!(!write.set_meeting_project(unknown, None, NOW).await.unwrap());
}

pub(crate) async fn a_deleted_project_leaves_its_meetings(store: &dyn Store) {
    let ana = user(store, 1).await;
    let project = add_project(store, &ana, 9).await.id;
    for number in [2, 1] {
        let mut kept = meeting(number, &format!("event {number}"));
        kept.project_id = Some(project);
        put(store, &ana, &kept).await;
    }
    commit(store, &ana, async |write| write.delete_project(project, seconds(9)).await.unwrap()).await;
    let kept = stored(store, &ana, 1).await.unwrap();
    assert_eq!((kept.project_id, kept.updated_at), (None, seconds(9)));
    assert_eq!(events(store, &ana).await, "stored2 stored1 updated1 updated2");
    assert_eq!(log(store, &ana).await.last().map(|last| last.kind), Some(ChangeKind::ProjectDeleted));
}

pub(crate) async fn meetings_of_others_do_not_exist(store: &dyn Store) {
    let (ana, joao) = (user(store, 1).await, user(store, 2).await);
    let hers = meeting(1, "event");
    put(store, &ana, &hers).await;
    let mut theirs = write(store, &joao).await;
    assert_eq!(theirs.meeting(hers.id).await.unwrap(), None);
    assert!(theirs.meetings_of_event(&hers.calendar, "event").await.unwrap().is_empty());
    assert_eq!(theirs.withdraw_meeting("event", NOW).await.unwrap(), Withdrawn::Absent);
    assert!(!theirs.set_meeting_project(hers.id, None, NOW).await.unwrap());
    assert!(theirs.put_meeting(&meeting(2, "event")).await.unwrap(), "the same event in two calendars");
    theirs.commit().await.unwrap();
    assert_eq!(listed(store, &joao, &MeetingFilter::default(), 9).await, "event");
    assert_eq!(stored(store, &ana, 1).await, Some(hers));
    assert_eq!(events(store, &ana).await, "stored1");
    let refused = write(store, &Scope::service()).await.put_meeting(&meeting(3, "event")).await;
    assert_eq!(refused.unwrap_err().kind(), ErrorKind::NotFound, "the workspace itself meets nobody");
}
