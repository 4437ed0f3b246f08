//! Meetings in the table that the front end has used before.

use sqlx::{AssertSqlSafe, Connection, PgConnection, Row};

use super::existing::{ANA, BRUNO, LISBON, as_user, changes, kinds, migrated, scope};
use crate::base::{MeetingId, Timestamp};
use crate::domain::{EventStatus, MeetingFilter, PageRequest, Store, Withdrawn};
use crate::store::behaviour::fixtures::{NOW, read, write};
use crate::store::behaviour::meetings::meeting;

const OLD: &str = "60000000-0000-4000-8000-000000000001";

#[tokio::test]
async fn meetings_that_were_there_read_back_and_are_withdrawn() {
    let (_database, mut connection, store) = migrated().await;
    let ana = scope(ANA);
    let page = PageRequest::default();
    let all = read(&store, &ana).await.meetings(&MeetingFilter::default(), &page).await.unwrap().items;
    assert_eq!((all.len(), all[0].title.as_str(), all[0].meeting_url.as_str()), (1, "Kick-off", ""));
    assert_eq!(all[0].start, "2025-05-09T08:00:00Z".parse::<Timestamp>().unwrap());
    assert_eq!((all[0].status, all[0].event_id.as_str()), (EventStatus::NeedsAction, OLD));
    let sql =
        format!("UPDATE meetings SET google_calendar_event_id = 'old', bot_status = NULL WHERE id = '{OLD}'");
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut connection).await.unwrap();
    let mut write = write(&store, &ana).await;
    let found = write.meetings_of_event("calendar:primary", "old").await.unwrap();
    assert_eq!(found.len(), 1, "of the only calendar there was");
    assert_eq!(write.withdraw_meeting("old", NOW).await.unwrap(), Withdrawn::Deleted);
}

#[tokio::test]
async fn bots_and_transcripts_keep_a_meeting_and_are_kept() {
    let (_database, mut connection, store) = migrated().await;
    let ana = scope(ANA);
    let bot = "INSERT INTO bots (name, provider) VALUES ('b', 'attendee') RETURNING id::text";
    let bot: String = sqlx::query(bot).fetch_one(&mut connection).await.unwrap().get(0);
    let hanging = [
        ("bot_status = 'completed', transcript = 'we met'".to_owned(), "completed"),
        ("transcript = 'we met'".to_owned(), "failed"),
        (format!("attendee_bot_id = '{bot}'"), "failed"),
        (format!("project_id = '{LISBON}', bot_status = NULL"), "failed"),
        ("bot_status = 'bot_scheduled'".to_owned(), "bot_scheduled"),
    ];
    for (number, (change, bot)) in (1..).zip(hanging) {
        let mut kept = meeting(number, &format!("event {number}"));
        let mut put = write(&store, &ana).await;
        put.put_meeting(&kept).await.unwrap();
        put.commit().await.unwrap();
        let sql =
            format!("UPDATE meetings SET {change} WHERE google_calendar_event_id = '{}'", kept.event_id);
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut connection).await.unwrap();
        let mut withdraw = write(&store, &ana).await;
        assert_eq!(withdraw.withdraw_meeting(&kept.event_id, NOW).await.unwrap(), Withdrawn::Declined);
        let declined = withdraw.meeting(kept.id).await.unwrap().unwrap();
        assert_eq!(declined.status, EventStatus::Declined);
        kept.title = "Moved".into();
        assert!(withdraw.put_meeting(&kept).await.unwrap());
        withdraw.commit().await.unwrap();
        kept.project_id = declined.project_id;
        assert_eq!(read(&store, &ana).await.meeting(kept.id).await.unwrap(), Some(kept.clone()));
        let sql =
            format!("SELECT bot_status FROM meetings WHERE google_calendar_event_id = '{}'", kept.event_id);
        let after: String = sqlx::query(AssertSqlSafe(sql)).fetch_one(&mut connection).await.unwrap().get(0);
        assert_eq!(after, bot);
    }
}

#[tokio::test]
async fn what_the_front_end_writes_reaches_the_log() {
    let (_database, mut connection, store) = migrated().await;
    let start = store.last_position(&scope(ANA)).await.unwrap();
    let of_bruno = store.last_position(&scope(BRUNO)).await.unwrap();
    let mut front_end = async |sql: &str| as_user(&mut connection, ANA, sql).await.unwrap();
    front_end(&format!(
        "INSERT INTO meetings (id, user_id, title, start_time, end_time)
         VALUES ('60000000-0000-4000-8000-000000000009', '{ANA}', 'By hand', now(), now())"
    ))
    .await;
    front_end(
        "UPDATE meetings SET bot_status = 'bot_scheduled', next_poll_time = now() WHERE title = 'By hand'",
    )
    .await;
    front_end("UPDATE meetings SET title = 'Renamed' WHERE title = 'By hand'").await;
    front_end(&format!("UPDATE meetings SET project_id = '{LISBON}' WHERE title = 'Renamed'")).await;
    front_end("DELETE FROM meetings WHERE title = 'Renamed'").await;
    let log = changes(&store, ANA, start).await;
    assert_eq!(kinds(&log), "meeting.stored meeting.updated meeting.updated meeting.deleted");
    let by_hand: MeetingId = "60000000-0000-4000-8000-000000000009".parse().unwrap();
    assert!(log.iter().all(|change| change.subject_id == Some(by_hand.into())));
    assert_eq!(store.last_position(&scope(BRUNO)).await.unwrap(), of_bruno);
}

#[tokio::test]
async fn a_project_that_the_front_end_deletes_takes_its_meetings_and_the_log_says_so() {
    let (_database, mut connection, store) = migrated().await;
    let ana = scope(ANA);
    let mut put = write(&store, &ana).await;
    let project = crate::store::behaviour::fixtures::project(9);
    put.insert_project(&project).await.unwrap();
    let mut made = meeting(1, "event");
    made.project_id = Some(project.id);
    put.put_meeting(&made).await.unwrap();
    put.commit().await.unwrap();
    let start = store.last_position(&ana).await.unwrap();
    as_user(&mut connection, ANA, &format!("DELETE FROM projects WHERE id = '{}'", project.id))
        .await
        .unwrap();
    let log = changes(&store, ANA, start).await;
    let mut said: Vec<&str> = log.iter().map(|change| change.kind.as_str()).collect();
    said.sort_unstable();
    assert_eq!(said, ["meeting.deleted", "project.deleted"]);
    assert_eq!(read(&store, &ana).await.meeting(made.id).await.unwrap(), None);
}

#[tokio::test]
async fn who_cannot_sign_in_has_no_meetings_but_an_account() {
    let (database, _connection, store) = migrated().await;
    let bare = crate::store::behaviour::fixtures::user(&store, 1).await;
    let refused = write(&store, &bare).await.put_meeting(&meeting(1, "event")).await;
    assert_eq!(refused.unwrap_err().kind(), crate::base::ErrorKind::NotFound);
    crate::store::behaviour::sync_fixtures::link(&store, &bare, 1).await;
    let mut connection = PgConnection::connect(&database.url()).await.unwrap();
    let shown = "SELECT google_email FROM google_credentials WHERE google_user_id = 'subject 1'";
    let shown: String = sqlx::query(shown).fetch_one(&mut connection).await.unwrap().get(0);
    assert_eq!(shown, "Account1@Example.org");
}
