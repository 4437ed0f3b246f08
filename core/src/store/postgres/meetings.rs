//! Meetings, in the columns of the front end.

use async_trait::async_trait;
use sqlx::AssertSqlSafe;
use sqlx::postgres::PgRow;

use super::codec::{Columns, Utc, failed, is_orphan, json, uuid};
use super::statement::{Statement, build, built, statement};
use super::transaction::PostgresTransaction;
use crate::base::{MeetingId, ProjectId, Result, Timestamp};
use crate::domain::{
    ChangeKind, Meeting, MeetingFilter, MeetingStore, Page, PageRequest, ProjectStore, Transaction, Withdrawn,
};
use crate::store::meetings::{Withdrawal, merged, storable_meeting};
use crate::store::missing::{no_project, no_user};
use crate::store::paging::{after, page_size, place};
use crate::store::text::storable;

/// What orders the meetings of one moment: the event's id, where the front end gave one.
const EVENT: &str = r#"coalesce(google_calendar_event_id, id::text) COLLATE "C""#;
const COLUMNS: &str = "id, coalesce(google_calendar_event_id, id::text) AS event_id, ical_uid, \
    coalesce(calendar, '') AS calendar, series_id, original_start AT TIME ZONE 'UTC' AS original_start, title, \
    description, coalesce(meeting_url, '') AS meeting_url, start_time AT TIME ZONE 'UTC' AS starts_at, \
    end_time AT TIME ZONE 'UTC' AS ends_at, coalesce(event_status, 'needsAction') AS event_status, \
    coalesce(attendees, '[]')::text AS attendees, virtual_email_attendee, project_id, \
    coalesce(created_at, 'epoch') AT TIME ZONE 'UTC' AS created_at, \
    coalesce(updated_at, created_at, 'epoch') AT TIME ZONE 'UTC' AS updated_at";

fn read(row: &PgRow) -> Result<Meeting> {
    let row = Columns(row);
    let mut meeting = Meeting::new(
        MeetingId::from_bytes(row.id("id")?),
        row.text("event_id")?,
        row.text("calendar")?,
        row.text("meeting_url")?,
        (row.time("starts_at")?, row.time("ends_at")?),
        row.time("created_at")?,
    );
    meeting.ical_uid = row.optional_text("ical_uid")?;
    meeting.series_id = row.optional_text("series_id")?;
    meeting.original_start = row.optional_time("original_start")?;
    meeting.title = row.text("title")?;
    meeting.description = row.optional_text("description")?;
    meeting.status = row.parsed("event_status")?;
    meeting.attendees = row.json("attendees")?;
    meeting.virtual_attendee = row.optional_text("virtual_email_attendee")?;
    meeting.project_id = row.optional_id("project_id")?.map(ProjectId::from_bytes);
    meeting.updated_at = row.time("updated_at")?;
    Ok(meeting)
}

/// A statement whose first values are what the calendar says.
fn said<'q>(sql: &'static str, meeting: &'q Meeting) -> Result<Statement<'q>> {
    Ok(statement(sql)
        .bind(meeting.ical_uid.as_deref())
        .bind(meeting.calendar.as_str())
        .bind(meeting.series_id.as_deref())
        .bind(meeting.original_start.map(Utc))
        .bind(meeting.title.as_str())
        .bind(meeting.description.as_deref())
        .bind(meeting.meeting_url.as_str())
        .bind(Utc(meeting.start))
        .bind(Utc(meeting.end))
        .bind(meeting.status.as_str())
        .bind(json(&meeting.attendees)?)
        .bind(meeting.virtual_attendee.as_deref())
        .bind(Utc(meeting.updated_at)))
}

impl PostgresTransaction {
    async fn meeting_of(&mut self, event_id: &str) -> Result<Option<Meeting>> {
        let sql = format!(
            "SELECT {COLUMNS} FROM public.meetings WHERE user_id = $1 AND google_calendar_event_id = $2"
        );
        let row = statement(AssertSqlSafe(sql))
            .bind(self.tenant())
            .bind(storable(event_id))
            .fetch_optional(self.connection())
            .await
            .map_err(failed("meetings.get"))?;
        row.as_ref().map(read).transpose()
    }

    async fn insert_meeting(&mut self, meeting: &Meeting) -> Result<()> {
        said(
            "INSERT INTO public.meetings (ical_uid, calendar, series_id, original_start, title, description, meeting_url,
                 start_time, end_time, event_status, attendees, virtual_email_attendee, updated_at, user_id,
                 id, google_calendar_event_id, project_id, created_at)
             VALUES ($1, $2, $3, $4 AT TIME ZONE 'UTC', $5, $6, $7, $8 AT TIME ZONE 'UTC', $9 AT TIME ZONE 'UTC', $10,
                 $11::jsonb, $12, $13 AT TIME ZONE 'UTC', $14, $15, $16, $17, $18 AT TIME ZONE 'UTC')",
            meeting,
        )?
        .bind(self.tenant())
        .bind(uuid(meeting.id.as_bytes()))
        .bind(meeting.event_id.as_str())
        .bind(meeting.project_id.map(|id| uuid(id.as_bytes())))
        .bind(Utc(meeting.created_at))
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
            "UPDATE public.meetings SET ical_uid = $1, calendar = $2, series_id = $3,
                 original_start = $4 AT TIME ZONE 'UTC', title = $5, description = $6, meeting_url = $7,
                 start_time = $8 AT TIME ZONE 'UTC', end_time = $9 AT TIME ZONE 'UTC', event_status = $10,
                 attendees = $11::jsonb, virtual_email_attendee = $12, updated_at = $13 AT TIME ZONE 'UTC'
             WHERE user_id = $14 AND id = $15",
            meeting,
        )?
        .bind(self.tenant())
        .bind(uuid(meeting.id.as_bytes()))
        .execute(self.connection())
        .await
        .map_err(failed("meetings.put"))?;
        Ok(())
    }

    async fn withdrawal(&mut self, event_id: &str) -> Result<Option<Withdrawal>> {
        let row = statement(
            "SELECT id, coalesce(bot_status, 'pending') <> 'pending' OR project_id IS NOT NULL OR transcript IS NOT NULL
                     OR attendee_bot_id IS NOT NULL AS is_kept,
                 coalesce(event_status = 'declined' AND bot_status <> 'pending', false) AS is_done
             FROM public.meetings WHERE user_id = $1 AND google_calendar_event_id = $2",
        )
        .bind(self.tenant())
        .bind(storable(event_id))
        .fetch_optional(self.connection())
        .await
        .map_err(failed("meetings.withdraw"))?;
        row.map(|row| {
            let row = Columns(&row);
            let id = MeetingId::from_bytes(row.id("id")?);
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
        self.require_turn()?;
        let tenant = self.scope().tenant();
        self.record_subject(tenant, kind, id.into(), at).await
    }

    /// Leaves a project's meetings without one.
    pub(super) async fn take_meetings_out_of(&mut self, project: ProjectId, now: Timestamp) -> Result<()> {
        let sql = format!(
            "SELECT id FROM public.meetings WHERE user_id = $1 AND project_id = $2 ORDER BY start_time, {EVENT}"
        );
        let rows = statement(AssertSqlSafe(sql))
            .bind(self.tenant())
            .bind(uuid(project.as_bytes()))
            .fetch_all(self.connection())
            .await
            .map_err(failed("projects.delete"))?;
        for row in &rows {
            self.set_meeting_project(MeetingId::from_bytes(Columns(row).id("id")?), None, now).await?;
        }
        Ok(())
    }
}

#[async_trait]
impl MeetingStore for PostgresTransaction {
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
        let sql = format!("SELECT {COLUMNS} FROM public.meetings WHERE user_id = $1 AND id = $2");
        let row = statement(AssertSqlSafe(sql))
            .bind(self.tenant())
            .bind(uuid(id.as_bytes()))
            .fetch_optional(self.connection())
            .await
            .map_err(failed("meetings.get"))?;
        row.as_ref().map(read).transpose()
    }

    async fn meetings(&mut self, filter: &MeetingFilter, page: &PageRequest) -> Result<Page<Meeting>> {
        let size = page_size(page.size)?;
        let mut query = build(format!("SELECT {COLUMNS} FROM public.meetings WHERE user_id = "));
        query.push_bind(self.tenant());
        if let Some((start, event)) = after(page.after.as_ref())? {
            query.push(format!(" AND (start_time, {EVENT}) > (")).push_bind(Utc(start));
            query.push(" AT TIME ZONE 'UTC', ").push_bind(event).push(")");
        }
        if let Some(from) = filter.from {
            query.push(" AND end_time > ").push_bind(Utc(from)).push(" AT TIME ZONE 'UTC'");
        }
        if let Some(until) = filter.until {
            query.push(" AND start_time < ").push_bind(Utc(until)).push(" AT TIME ZONE 'UTC'");
        }
        if let Some(project) = filter.project_id {
            query.push(" AND project_id = ").push_bind(uuid(project.as_bytes()));
        }
        query.push(format!(" ORDER BY start_time, {EVENT} LIMIT ")).push_bind(i64::from(size) + 1);
        let rows = built(&mut query).fetch_all(self.connection()).await.map_err(failed("meetings.list"))?;
        let more = rows.len() > size as usize;
        let items = rows.iter().take(size as usize).map(read).collect::<Result<Vec<_>>>()?;
        let next = items.last().filter(|_| more).map(|last| place(last.start, &last.event_id));
        Ok(Page { items, next })
    }

    async fn meetings_of_event(&mut self, calendar: &str, event_id: &str) -> Result<Vec<Meeting>> {
        // Those that were there before the library are of the only calendar there was.
        let sql = format!(
            "SELECT {COLUMNS} FROM public.meetings
             WHERE user_id = $1 AND (calendar = $2 OR calendar IS NULL)
                 AND (google_calendar_event_id = $3 OR series_id = $3) ORDER BY {EVENT}"
        );
        let rows = statement(AssertSqlSafe(sql))
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
                "DELETE FROM public.meetings WHERE user_id = $1 AND id = $2",
                ChangeKind::MeetingDeleted,
                Withdrawn::Deleted,
            ),
            true => (
                "UPDATE public.meetings SET event_status = 'declined', updated_at = $3 AT TIME ZONE 'UTC',
                     bot_status = CASE WHEN coalesce(bot_status, 'pending') = 'pending' THEN 'failed' ELSE bot_status END
                 WHERE user_id = $1 AND id = $2",
                ChangeKind::MeetingUpdated,
                Withdrawn::Declined,
            ),
        };
        let mut query = statement(sql).bind(self.tenant()).bind(uuid(withdrawal.id.as_bytes()));
        if withdrawal.is_kept {
            query = query.bind(Utc(now));
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
        statement("UPDATE public.meetings SET project_id = $1, updated_at = $2 AT TIME ZONE 'UTC' WHERE user_id = $3 AND id = $4")
            .bind(project.map(|id| uuid(id.as_bytes())))
            .bind(Utc(now))
            .bind(self.tenant())
            .bind(uuid(id.as_bytes()))
            .execute(self.connection())
            .await
            .map_err(failed("meetings.assign"))?;
        self.record_meeting(ChangeKind::MeetingUpdated, id, now).await?;
        Ok(true)
    }
}
