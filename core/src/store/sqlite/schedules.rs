//! Schedules.

use async_trait::async_trait;
use sqlx::sqlite::SqliteRow;

use super::codec::{Columns, failed, json};
use super::transaction::SqliteTransaction;
use crate::base::{Result, TenantId, Timestamp};
use crate::domain::{Schedule, ScheduleStore};

fn read(row: &SqliteRow) -> Result<Schedule> {
    let row = Columns(row);
    Ok(Schedule::stored(
        TenantId::from_bytes(row.bytes("tenant_id")?),
        row.text("name")?,
        row.text("cron")?,
        row.text("zone")?,
        row.json("job")?,
        row.optional_time("next_at")?,
        row.optional_time("last_at")?,
        row.time("created_at")?,
    ))
}

#[async_trait]
impl ScheduleStore for SqliteTransaction {
    async fn put_schedule(&mut self, schedule: &Schedule) -> Result<()> {
        self.require_owner("jobs.schedule", schedule.tenant)?;
        sqlx::query(
            "INSERT INTO job_schedules (tenant_id, name, cron, zone, job, next_at, last_at, created_at)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?)
             ON CONFLICT (tenant_id, name) DO UPDATE SET cron = excluded.cron, zone = excluded.zone,
             job = excluded.job,
             -- The same times again, as programs say at each start: no occurrence is lost.
             next_at = CASE WHEN cron = excluded.cron AND zone = excluded.zone
                 THEN next_at ELSE excluded.next_at END",
        )
        .bind(schedule.tenant.as_bytes().as_slice())
        .bind(&schedule.name)
        .bind(&schedule.cron)
        .bind(&schedule.zone)
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
        let rows =
            sqlx::query("SELECT * FROM job_schedules WHERE ? OR tenant_id = ? ORDER BY name, tenant_id")
                .bind(self.sees_all())
                .bind(self.tenant())
                .fetch_all(self.connection())
                .await
                .map_err(failed("jobs.schedules"))?;
        rows.iter().map(read).collect()
    }

    async fn delete_schedule(&mut self, tenant: TenantId, name: &str) -> Result<bool> {
        self.require_owner("jobs.unschedule", tenant)?;
        let deleted = sqlx::query("DELETE FROM job_schedules WHERE tenant_id = ? AND name = ?")
            .bind(tenant.as_bytes().as_slice())
            .bind(name)
            .execute(self.connection())
            .await
            .map_err(failed("jobs.unschedule"))?;
        Ok(deleted.rows_affected() > 0)
    }

    async fn due_schedules(&mut self, now: Timestamp, limit: u32) -> Result<Vec<Schedule>> {
        self.require_service("jobs.due_schedules")?;
        let rows = sqlx::query(
            "SELECT * FROM job_schedules WHERE next_at IS NOT NULL AND next_at <= ? ORDER BY next_at, name LIMIT ?",
        )
        .bind(now.as_micros())
        .bind(limit)
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
        let moved = sqlx::query(
            "UPDATE job_schedules SET next_at = ?, last_at = ? WHERE tenant_id = ? AND name = ? AND next_at = ?",
        )
        .bind(next.map(Timestamp::as_micros))
        .bind(last.as_micros())
        .bind(schedule.tenant.as_bytes().as_slice())
        .bind(&schedule.name)
        .bind(schedule.next_at.map(Timestamp::as_micros))
        .execute(self.connection())
        .await
        .map_err(failed("jobs.advance_schedule"))?;
        Ok(moved.rows_affected() > 0)
    }
}
