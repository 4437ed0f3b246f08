//! Meetings.

use async_trait::async_trait;
use sqlx::query::Query;
use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{AssertSqlSafe, QueryBuilder, Sqlite};

use super::codec::{Columns, failed, is_orphan, json};
use super::transaction::SqliteTransaction;
use crate::base::{MeetingId, ProjectId, Result, Timestamp};
use crate::domain::{
    ChangeKind, Meeting, MeetingFilter, MeetingStore, Page, PageRequest, ProjectStore, Transaction, Withdrawn,
};
use crate::store::meetings::{Withdrawal, merged, storable_meeting};
use crate::store::missing::{no_project, no_user};
use crate::store::paging::{after, page_size, place};
use crate::store::text::storable;

const COLUMNS: &str = "id, event_id, ical_uid, calendar, series_id, original_start, title, description, \
    meeting_url, start_time, end_time, event_status, attendees, virtual_attendee, project_id, created_at, \
    updated_at";

fn read(row: &SqliteRow) -> Result<Meeting> {
    let row = Columns(row);
    let mut meeting = Meeting::new(
        MeetingId::from_bytes(row.bytes("id")?),
        row.text("event_id")?,
        row.text("calendar")?,
        row.text("meeting_url")?,
        (row.time("start_time")?, row.time("end_time")?),
        row.time("created_at")?,
    );
    meeting.ical_uid = row.optional_text("ical_uid")?;
    meeting.series_id = row.optional_text("series_id")?;
    meeting.original_start = row.optional_time("original_start")?;
    meeting.title = row.text("title")?;
    meeting.description = row.optional_text("description")?;
    meeting.status = row.parsed("event_status")?;
    meeting.attendees = row.json("attendees")?;
    meeting.virtual_attendee = row.optional_text("virtual_attendee")?;
    meeting.project_id = row.optional_bytes("project_id")?.map(ProjectId::from_bytes);
    meeting.updated_at = row.time("updated_at")?;
    Ok(meeting)
}

/// A statement whose first values are what the calendar says.
fn said<'q>(sql: &'static str, meeting: &'q Meeting) -> Result<Query<'q, Sqlite, SqliteArguments>> {
    Ok(sqlx::query(sql)
        .bind(meeting.ical_uid.as_deref())
        .bind(meeting.calendar.as_str())
        .bind(meeting.series_id.as_deref())
        .bind(meeting.original_start.map(Timestamp::as_micros))
        .bind(meeting.title.as_str())
        .bind(meeting.description.as_deref())
        .bind(meeting.meeting_url.as_str())
        .bind(meeting.start.as_micros())
        .bind(meeting.end.as_micros())
        .bind(meeting.status.as_str())
        .bind(json(&meeting.attendees)?)
        .bind(meeting.virtual_attendee.as_deref())
        .bind(meeting.updated_at.as_micros()))
}

impl SqliteTransaction {
    async fn meeting_of(&mut self, event_id: &str) -> Result<Option<Meeting>> {
        let sql = format!("SELECT {COLUMNS} FROM meetings WHERE tenant_id = ? AND event_id = ?");
        let row = sqlx::query(AssertSqlSafe(sql))
            .bind(self.tenant())
            .bind(storable(event_id))
            .fetch_optional(self.connection())
            .await
            .map_err(failed("meetings.get"))?;
        row.as_ref().map(read).transpose()
    }

    async fn insert_meeting(&mut self, meeting: &Meeting) -> Result<()> {
        said(
            "INSERT INTO meetings (ical_uid, calendar, series_id, original_start, title, description, meeting_url,
                 start_time, end_time, event_status, attendees, virtual_attendee, updated_at, tenant_id, id,
                 event_id, project_id, created_at)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            meeting,
        )?
        .bind(self.tenant())
        .bind(meeting.id.as_bytes().as_slice())
        .bind(meeting.event_id.as_str())
        .bind(meeting.project_id.map(|id| id.as_bytes().to_vec()))
        .bind(meeting.created_at.as_micros())
        .execute(self.connection())
        .await
        .map_err(|error| match is_orphan(&error) {
            true => no_user("meetings.put"),
            false => failed("meetings.put")(error),
        })?;
        Ok(())
    }

    async fn update_meeting(&mut self, meeting: &Meeting) -> Result<()> {
        said(
            "UPDATE meetings SET ical_uid = ?, calendar = ?, series_id = ?, original_start = ?, title = ?,
                 description = ?, meeting_url = ?, start_time = ?, end_time = ?, event_status = ?, attendees = ?,
                 virtual_attendee = ?, updated_at = ?
             WHERE tenant_id = ? AND id = ?",
            meeting,
        )?
        .bind(self.tenant())
        .bind(meeting.id.as_bytes().as_slice())
        .execute(self.connection())
        .await
        .map_err(failed("meetings.put"))?;
        Ok(())
    }

    async fn withdrawal(&mut self, event_id: &str) -> Result<Option<Withdrawal>> {
        let row = sqlx::query(
            "SELECT id, bot_status <> 'pending' OR project_id IS NOT NULL OR transcript IS NOT NULL
                     OR attendee_bot_id IS NOT NULL AS is_kept,
                 event_status = 'declined' AND bot_status <> 'pending' AS is_done
             FROM meetings WHERE tenant_id = ? AND event_id = ?",
        )
        .bind(self.tenant())
        .bind(storable(event_id))
        .fetch_optional(self.connection())
        .await
        .map_err(failed("meetings.withdraw"))?;
        row.map(|row| {
            let row = Columns(&row);
            let id = MeetingId::from_bytes(row.bytes("id")?);
            Ok(Withdrawal { id, is_kept: row.flag("is_kept")?, is_done: row.flag("is_done")? })
        })
        .transpose()
    }

    /// Refuses a project that the tenant does not have.
    async fn require_project(&mut self, operation: &'static str, project: Option<ProjectId>) -> Result<()> {
        let Some(id) = project else { return Ok(()) };
        match self.project(id).await? {
            Some(_) => Ok(()),
            None => Err(no_project(operation, id)),
        }
    }

    async fn record_meeting(&mut self, kind: ChangeKind, id: MeetingId, at: Timestamp) -> Result<()> {
        let tenant = self.scope().tenant();
        self.record_subject(tenant, kind, id.into(), at).await
    }

    /// Leaves a project's meetings without one.
    pub(super) async fn take_meetings_out_of(&mut self, project: ProjectId, now: Timestamp) -> Result<()> {
        let rows = sqlx::query(
            "SELECT id FROM meetings WHERE tenant_id = ? AND project_id = ? AND project_id IS NOT NULL
             ORDER BY start_time, event_id",
        )
        .bind(self.tenant())
        .bind(project.as_bytes().as_slice())
        .fetch_all(self.connection())
        .await
        .map_err(failed("projects.delete"))?;
        for row in &rows {
            self.set_meeting_project(MeetingId::from_bytes(Columns(row).bytes("id")?), None, now).await?;
        }
        Ok(())
    }
}

#[async_trait]
impl MeetingStore for SqliteTransaction {
    async fn put_meeting(&mut self, meeting: &Meeting) -> Result<bool> {
        let given = storable_meeting(meeting);
        let (kind, id) = match self.meeting_of(&given.event_id).await? {
            Some(stored) => {
                let Some(merged) = merged(&stored, &given) else { return Ok(false) };
                self.update_meeting(&merged).await?;
                (ChangeKind::MeetingUpdated, stored.id)
            }
            None => {
                self.require_project("meetings.put", given.project_id).await?;
                self.insert_meeting(&given).await?;
                (ChangeKind::MeetingStored, given.id)
            }
        };
        self.record_meeting(kind, id, given.updated_at).await?;
        Ok(true)
    }

    async fn meeting(&mut self, id: MeetingId) -> Result<Option<Meeting>> {
        let sql = format!("SELECT {COLUMNS} FROM meetings WHERE tenant_id = ? AND id = ?");
        let row = sqlx::query(AssertSqlSafe(sql))
            .bind(self.tenant())
            .bind(id.as_bytes().as_slice())
            .fetch_optional(self.connection())
            .await
            .map_err(failed("meetings.get"))?;
        row.as_ref().map(read).transpose()
    }

    async fn meetings(&mut self, filter: &MeetingFilter, page: &PageRequest) -> Result<Page<Meeting>> {
        let size = page_size(page.size)?;
        let mut query =
            QueryBuilder::<Sqlite>::new(format!("SELECT {COLUMNS} FROM meetings WHERE tenant_id = "));
        query.push_bind(self.tenant());
        if let Some((start, event)) = after(page.after.as_ref())? {
            query.push(" AND (start_time, event_id) > (").push_bind(start.as_micros());
            query.push(", ").push_bind(event).push(")");
        }
        if let Some(from) = filter.from {
            query.push(" AND end_time > ").push_bind(from.as_micros());
        }
        if let Some(until) = filter.until {
            query.push(" AND start_time < ").push_bind(until.as_micros());
        }
        if let Some(project) = filter.project_id {
            query.push(" AND project_id = ").push_bind(project.as_bytes().to_vec());
        }
        query.push(" ORDER BY start_time, event_id LIMIT ").push_bind(i64::from(size) + 1);
        let rows = query.build().fetch_all(self.connection()).await.map_err(failed("meetings.list"))?;
        let more = rows.len() > size as usize;
        let items = rows.iter().take(size as usize).map(read).collect::<Result<Vec<_>>>()?;
        let next = items.last().filter(|_| more).map(|last| place(last.start, &last.event_id));
        Ok(Page { items, next })
    }

    async fn meetings_of_event(&mut self, calendar: &str, event_id: &str) -> Result<Vec<Meeting>> {
        let sql = format!(
            "SELECT {COLUMNS} FROM meetings WHERE +tenant_id = ?1 AND calendar = ?2 AND id IN (
                 SELECT id FROM meetings WHERE tenant_id = ?1 AND event_id = ?3
                 UNION ALL SELECT id FROM meetings WHERE tenant_id = ?1 AND series_id = ?3)
             ORDER BY +event_id"
        );
        let rows = sqlx::query(AssertSqlSafe(sql))
            .bind(self.tenant())
            .bind(storable(calendar))
            .bind(storable(event_id))
            .fetch_all(self.connection())
            .await
            .map_err(failed("meetings.of_event"))?;
        rows.iter().map(read).collect()
    }

    async fn withdraw_meeting(&mut self, event_id: &str, now: Timestamp) -> Result<Withdrawn> {
        let Some(withdrawal) = self.withdrawal(event_id).await? else { return Ok(Withdrawn::Absent) };
        if withdrawal.is_kept && withdrawal.is_done {
            return Ok(Withdrawn::Declined);
        }
        let (sql, kind, withdrawn) = match withdrawal.is_kept {
            false => (
                "DELETE FROM meetings WHERE tenant_id = ?1 AND id = ?2",
                ChangeKind::MeetingDeleted,
                Withdrawn::Deleted,
            ),
            true => (
                "UPDATE meetings SET event_status = 'declined', updated_at = ?3,
                     bot_status = CASE bot_status WHEN 'pending' THEN 'failed' ELSE bot_status END
                 WHERE tenant_id = ?1 AND id = ?2",
                ChangeKind::MeetingUpdated,
                Withdrawn::Declined,
            ),
        };
        let mut query = sqlx::query(sql).bind(self.tenant()).bind(withdrawal.id.as_bytes().to_vec());
        if withdrawal.is_kept {
            query = query.bind(now.as_micros());
        }
        query.execute(self.connection()).await.map_err(failed("meetings.withdraw"))?;
        self.record_meeting(kind, withdrawal.id, now).await?;
        Ok(withdrawn)
    }

    async fn set_meeting_project(
        &mut self,
        id: MeetingId,
        project: Option<ProjectId>,
        now: Timestamp,
    ) -> Result<bool> {
        let Some(stored) = self.meeting(id).await? else { return Ok(false) };
        if stored.project_id == project {
            return Ok(true);
        }
        self.require_project("meetings.assign", project).await?;
        sqlx::query("UPDATE meetings SET project_id = ?, updated_at = ? WHERE tenant_id = ? AND id = ?")
            .bind(project.map(|id| id.as_bytes().to_vec()))
            .bind(now.as_micros())
            .bind(self.tenant())
            .bind(id.as_bytes().as_slice())
            .execute(self.connection())
            .await
            .map_err(failed("meetings.assign"))?;
        self.record_meeting(ChangeKind::MeetingUpdated, id, now).await?;
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::super::SqliteStore;
    use crate::domain::{EventStatus, Withdrawn};
    use crate::store::behaviour::fixtures::{NOW, read, user, write};
    use crate::store::behaviour::meetings::meeting;

    #[tokio::test]
    async fn bots_and_transcripts_keep_a_meeting_and_are_kept() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let store = SqliteStore::open(&folder.path().join("test.sqlite")).await.expect("opens");
        let ana = user(&store, 1).await;
        let hanging = [
            ("bot_status = 'completed', transcript = 'we met'", "completed"),
            ("transcript = 'we met'", "failed"),
            ("attendee_bot_id = x'00'", "failed"),
            ("bot_status = 'bot_scheduled'", "bot_scheduled"),
        ];
        for (number, (change, bot)) in (1..).zip(hanging) {
            let mut kept = meeting(number, &format!("event {number}"));
            let mut put = write(&store, &ana).await;
            put.put_meeting(&kept).await.unwrap();
            put.commit().await.unwrap();
            let sql = format!("UPDATE meetings SET {change} WHERE event_id = '{}'", kept.event_id);
            sqlx::query(sqlx::AssertSqlSafe(sql)).execute(&store.writer).await.unwrap();
            let mut withdraw = write(&store, &ana).await;
            assert_eq!(withdraw.withdraw_meeting(&kept.event_id, NOW).await.unwrap(), Withdrawn::Declined);
            let declined = withdraw.meeting(kept.id).await.unwrap().unwrap();
            assert_eq!(declined.status, EventStatus::Declined);
            kept.title = "Moved".into();
            assert!(withdraw.put_meeting(&kept).await.unwrap());
            withdraw.commit().await.unwrap();
            assert_eq!(read(&store, &ana).await.meeting(kept.id).await.unwrap(), Some(kept));
            let after: String =
                sqlx::query_scalar("SELECT bot_status FROM meetings ORDER BY start_time DESC")
                    .fetch_one(&store.writer)
                    .await
                    .unwrap();
            assert_eq!(after, bot);
        }
    }
}
