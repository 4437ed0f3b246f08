//! Schedules.

use async_trait::async_trait;
use sqlx::postgres::PgRow;

use super::codec::{Columns, failed, json, uuid};
use super::statement::statement;
use super::transaction::PostgresTransaction;
use crate::base::{Result, TenantId, Timestamp};
use crate::domain::{Schedule, ScheduleStore};

fn read(row: &PgRow) -> Result<Schedule> {
    let row = Columns(row);
    Ok(Schedule::stored(
        TenantId::from_bytes(row.id("tenant_id")?),
        row.text("name")?,
        row.text("cron")?,
        row.text("zone")?,
        row.json("job")?,
        row.optional_instant("next_at")?,
        row.optional_instant("last_at")?,
        row.instant("created_at")?,
    ))
}

#[async_trait]
impl ScheduleStore for PostgresTransaction {
    async fn put_schedule(&mut self, schedule: &Schedule) -> Result<()> {
        self.require_owner("jobs.schedule", schedule.tenant)?;
        statement(
            "INSERT INTO besunny.job_schedules AS kept (tenant_id, name, cron, zone, job, next_at, last_at, created_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
             ON CONFLICT (tenant_id, name) DO UPDATE SET cron = excluded.cron, zone = excluded.zone,
             job = excluded.job,
             -- The same times again, as programs say at each start: no occurrence is lost.
             next_at = CASE WHEN kept.cron = excluded.cron AND kept.zone = excluded.zone
                 THEN kept.next_at ELSE excluded.next_at END",
        )
        .bind(uuid(schedule.tenant.as_bytes()))
        .bind(schedule.name.clone())
        .bind(schedule.cron.clone())
        .bind(schedule.zone.clone())
        .bind(json(&schedule.job)?)
        .bind(schedule.next_at.map(Timestamp::as_micros))
        .bind(schedule.last_at.map(Timestamp::as_micros))
        .bind(schedule.created_at.as_micros())
        .execute(self.connection())
        .await
        .map_err(failed("jobs.schedule"))?;
        Ok(())
    }

    async fn schedules(&mut self) -> Result<Vec<Schedule>> {
        let rows = statement(
            "SELECT * FROM besunny.job_schedules WHERE ($1 OR tenant_id = $2) ORDER BY name, tenant_id",
        )
        .bind(self.sees_all())
        .bind(self.tenant())
        .fetch_all(self.connection())
        .await
        .map_err(failed("jobs.schedules"))?;
        rows.iter().map(read).collect()
    }

    async fn delete_schedule(&mut self, tenant: TenantId, name: &str) -> Result<bool> {
        self.require_owner("jobs.unschedule", tenant)?;
        let deleted = statement("DELETE FROM besunny.job_schedules WHERE tenant_id = $1 AND name = $2")
            .bind(uuid(tenant.as_bytes()))
            .bind(name.to_owned())
            .execute(self.connection())
            .await
            .map_err(failed("jobs.unschedule"))?;
        Ok(deleted.rows_affected() > 0)
    }

    async fn due_schedules(&mut self, now: Timestamp, limit: u32) -> Result<Vec<Schedule>> {
        self.require_service("jobs.due_schedules")?;
        let rows = statement(
            "SELECT * FROM besunny.job_schedules WHERE next_at IS NOT NULL AND next_at <= $1 ORDER BY next_at, name LIMIT $2",
        )
        .bind(now.as_micros())
        .bind(i64::from(limit))
        .fetch_all(self.connection())
        .await
        .map_err(failed("jobs.due_schedules"))?;
        rows.iter().map(read).collect()
    }

    async fn advance_schedule(
        &mut self,
        schedule: &Schedule,
        next: Option<Timestamp>,
        last: Timestamp,
    ) -> Result<bool> {
        self.require_service("jobs.advance_schedule")?;
        let moved = statement(
            "UPDATE besunny.job_schedules SET next_at = $1, last_at = $2 WHERE tenant_id = $3 AND name = $4 AND next_at = $5",
        )
        .bind(next.map(Timestamp::as_micros))
        .bind(last.as_micros())
        .bind(uuid(schedule.tenant.as_bytes()))
        .bind(schedule.name.clone())
        .bind(schedule.next_at.map(Timestamp::as_micros))
        .execute(self.connection())
        .await
        .map_err(failed("jobs.advance_schedule"))?;
        Ok(moved.rows_affected() > 0)
    }
}
