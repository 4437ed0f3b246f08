use serde_json::json;

use super::fixtures::{NOW, read, user, write};
use super::job_fixtures::seconds;
use crate::base::{ErrorKind, Scope};
use crate::domain::{Cron, NewJob, NewSchedule, Schedule, Store};

fn schedule(name: &str, cron: &str, scope: &Scope) -> Schedule {
    let job = NewJob::new("report", json!({ "of": name }));
    NewSchedule::new(name, cron, "Europe/Lisbon", job).into_schedule(scope.tenant(), NOW).expect("a schedule")
}

async fn put(store: &dyn Store, scope: &Scope, schedule: &Schedule) {
    let mut write = write(store, scope).await;
    write.put_schedule(schedule).await.expect("puts");
    write.commit().await.expect("commits");
}

pub(crate) async fn schedules_come_back_by_name(store: &dyn Store) {
    let ana = user(store, 1).await;
    let (later, sooner) = (schedule("b", "0 9 * * *", &ana), schedule("a", "*/5 * * * *", &ana));
    put(store, &ana, &later).await;
    put(store, &ana, &sooner).await;
    assert_eq!(read(store, &ana).await.schedules().await.unwrap(), [sooner, later]);
}

pub(crate) async fn the_same_schedule_again_keeps_its_place(store: &dyn Store) {
    let ana = user(store, 1).await;
    let first = schedule("a", "*/5 * * * *", &ana);
    put(store, &ana, &first).await;
    let job = NewJob::new("report", json!("changed"));
    let again = NewSchedule::new("a", "*/5 * * * *", "Europe/Lisbon", job.clone());
    put(store, &ana, &again.into_schedule(ana.tenant(), seconds(3600)).unwrap()).await;
    let stored = read(store, &ana).await.schedules().await.unwrap();
    assert_eq!((stored[0].next_at, &stored[0].job), (first.next_at, &job));
}

pub(crate) async fn other_times_start_anew(store: &dyn Store) {
    let ana = user(store, 1).await;
    put(store, &ana, &schedule("a", "*/5 * * * *", &ana)).await;
    let other = schedule("a", "0 9 * * *", &ana);
    put(store, &ana, &other).await;
    assert_eq!(read(store, &ana).await.schedules().await.unwrap(), [other]);
}

pub(crate) async fn an_occurrence_is_claimed_once(store: &dyn Store) {
    let ana = user(store, 1).await;
    let schedule = schedule("a", "*/5 * * * *", &ana);
    put(store, &ana, &schedule).await;
    let at = schedule.next_at.unwrap();
    let next = Cron::parse(&schedule.cron, &schedule.zone).unwrap().next_after(at);
    let mut service = write(store, &Scope::service()).await;
    assert!(service.due_schedules(NOW, 9).await.unwrap().is_empty());
    assert_eq!(service.due_schedules(at, 9).await.unwrap(), std::slice::from_ref(&schedule));
    assert!(service.advance_schedule(&schedule, next, at).await.unwrap());
    assert!(!service.advance_schedule(&schedule, next, at).await.unwrap());
    assert!(service.due_schedules(at, 9).await.unwrap().is_empty());
    let moved = &service.schedules().await.unwrap()[0];
    assert_eq!((moved.next_at, moved.last_at), (next, Some(at)));
    assert_eq!(service.job_outlook(&[], NOW).await.unwrap().next_at, next);
}

pub(crate) async fn schedules_of_others_do_not_exist(store: &dyn Store) {
    let (ana, joao) = (user(store, 1).await, user(store, 2).await);
    let hers = schedule("a", "*/5 * * * *", &ana);
    put(store, &ana, &hers).await;
    let mut write = write(store, &joao).await;
    assert!(write.schedules().await.unwrap().is_empty());
    assert!(!write.delete_schedule(joao.tenant(), "a").await.unwrap());
    assert_eq!(write.delete_schedule(ana.tenant(), "a").await.unwrap_err().kind(), ErrorKind::Forbidden);
    assert_eq!(write.put_schedule(&hers).await.unwrap_err().kind(), ErrorKind::Forbidden);
    write.put_schedule(&schedule("a", "0 9 * * *", &joao)).await.unwrap();
    write.commit().await.unwrap();
    assert_eq!(read(store, &ana).await.schedules().await.unwrap(), [hers]);
}

pub(crate) async fn deleted_schedules_are_gone(store: &dyn Store) {
    let ana = user(store, 1).await;
    put(store, &ana, &schedule("a", "*/5 * * * *", &ana)).await;
    let mut write = write(store, &ana).await;
    assert!(write.delete_schedule(ana.tenant(), "a").await.unwrap());
    assert!(!write.delete_schedule(ana.tenant(), "a").await.unwrap());
    assert!(write.schedules().await.unwrap().is_empty());
}
