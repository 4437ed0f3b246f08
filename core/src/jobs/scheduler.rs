//! Turns occurrences of schedules into jobs.

use std::time::Duration;

use super::queue::JobQueue;
use crate::base::{JobId, Result, Scope, Timestamp};
use crate::domain::{Access, Cron, Job, Schedule};

/// Occurrences that are overdue by more than this, because nobody was there, are skipped,
/// except the last of them: a report is wanted after a weekend, and not sixty of them.
const PATIENCE: Duration = Duration::from_secs(3600);
/// How many schedules one transaction moves on.
const SCHEDULES: u32 = 100;

impl JobQueue {
    /// Enqueues what has fallen due; whether something had.
    pub(super) async fn tick(&self) -> Result<bool> {
        let now = self.clock.now();
        let service = Scope::service();
        if self.store.begin(&service, Access::Read).await?.due_schedules(now, 1).await?.is_empty() {
            return Ok(false);
        }
        let mut write = self.store.begin(&service, Access::Work).await?;
        for schedule in write.due_schedules(now, SCHEDULES).await? {
            let (due, next) = occurrences(&schedule, now);
            let Some(&last) = due.last() else { continue };
            let jobs =
                due.iter().map(|&at| self.occurrence(&schedule, at, now)).collect::<Result<Vec<_>>>()?;
            if write.advance_schedule(&schedule, next, last).await? {
                write.enqueue(&jobs).await?;
            }
        }
        write.commit().await?;
        self.wake();
        Ok(true)
    }

    fn occurrence(&self, schedule: &Schedule, at: Timestamp, now: Timestamp) -> Result<Job> {
        let mut new = schedule.job.clone();
        new.run_at = Some(at);
        new.unique_key = Some(format!("{}@{at}", schedule.name));
        new.into_job(JobId::from_bytes(self.id(now)), schedule.tenant, now)
    }
}

/// The occurrences that are due, and the one after them.
fn occurrences(schedule: &Schedule, now: Timestamp) -> (Vec<Timestamp>, Option<Timestamp>) {
    let cron = Cron::parse(&schedule.cron, &schedule.zone)
        .inspect_err(|error| {
            // It was read before: another version, or other time zones. It ends here.
            tracing::error!(%error, schedule = schedule.name, "a schedule cannot be read any more");
        })
        .ok();
    let mut due: Vec<Timestamp> = Vec::new();
    let mut next = schedule.next_at;
    while let Some(at) = next.filter(|&at| at <= now) {
        if due.last().is_some_and(|&last| now.since(last) > PATIENCE) {
            due.clear();
        }
        due.push(at);
        next = cron.as_ref().and_then(|cron| cron.next_after(at));
    }
    (due, next)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::TenantId;
    use crate::domain::{NewJob, NewSchedule};

    #[test]
    fn what_is_long_overdue_is_skipped_but_for_the_last() {
        let start: Timestamp = "2026-03-01T00:00:00Z".parse().expect("an instant");
        let job = NewJob::new("report", serde_json::Value::Null);
        let hours = |hours: u64| start.after(Duration::from_secs(hours * 3600));
        let schedule = |cron: &str| {
            NewSchedule::new("a", cron, "UTC", job.clone())
                .into_schedule(TenantId::SYSTEM, start)
                .expect("a schedule")
        };
        let late = hours(50).after(Duration::from_secs(600));
        assert_eq!(occurrences(&schedule("0 * * * *"), late), (vec![hours(50)], Some(hours(51))));
        assert_eq!(occurrences(&schedule("0 0 * * *"), late), (vec![hours(48)], Some(hours(72))));
        let (quarters, _) = occurrences(&schedule("*/15 * * * *"), hours(50));
        assert_eq!(quarters.len(), 5);
    }
}
