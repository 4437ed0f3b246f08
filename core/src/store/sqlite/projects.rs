//! Projects.

use async_trait::async_trait;
use sqlx::sqlite::SqliteRow;

use super::codec::{Columns, failed, json};
use super::transaction::SqliteTransaction;
use crate::base::{DocumentId, Error, ErrorKind, ProjectId, Result, Timestamp};
use crate::domain::{Assignment, ChangeKind, Project, ProjectFields, ProjectStore};
use crate::store::text::{list, storable};

const COLUMNS: &str = "id, name, description, keywords, tags, categories, people, domains, codes, notes, created_at, updated_at";

fn read(row: &SqliteRow) -> Result<Project> {
    let row = Columns(row);
    Ok(Project {
        id: ProjectId::from_bytes(row.bytes("id")?),
        fields: ProjectFields {
            name: row.text("name")?,
            description: row.text("description")?,
            keywords: row.json("keywords")?,
            tags: row.json("tags")?,
            categories: row.json("categories")?,
            people: row.json("people")?,
            domains: row.json("domains")?,
            codes: row.json("codes")?,
            notes: row.text("notes")?,
        },
        created_at: row.time("created_at")?,
        updated_at: row.time("updated_at")?,
    })
}

#[async_trait]
impl ProjectStore for SqliteTransaction {
    async fn insert_project(&mut self, project: &Project) -> Result<()> {
        let fields = &project.fields;
        sqlx::query(
            "INSERT INTO projects (tenant_id, id, name, description, keywords, tags, categories, people, domains, codes, notes, created_at, updated_at)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(self.tenant())
        .bind(project.id.as_bytes().as_slice())
        .bind(storable(&fields.name))
        .bind(storable(&fields.description))
        .bind(json(&list(&fields.keywords))?)
        .bind(json(&list(&fields.tags))?)
        .bind(json(&list(&fields.categories))?)
        .bind(json(&list(&fields.people))?)
        .bind(json(&list(&fields.domains))?)
        .bind(json(&list(&fields.codes))?)
        .bind(storable(&fields.notes))
        .bind(project.created_at.as_micros())
        .bind(project.updated_at.as_micros())
        .execute(self.connection())
        .await
        .map_err(failed("projects.create"))?;
        self.record(ChangeKind::ProjectCreated, None, Some(project.id), project.created_at).await
    }

    async fn project(&mut self, id: ProjectId) -> Result<Option<Project>> {
        let sql =
            sqlx::AssertSqlSafe(format!("SELECT {COLUMNS} FROM projects WHERE tenant_id = ? AND id = ?"));
        let row = sqlx::query(sql)
            .bind(self.tenant())
            .bind(id.as_bytes().as_slice())
            .fetch_optional(self.connection())
            .await
            .map_err(failed("projects.get"))?;
        row.as_ref().map(read).transpose()
    }

    async fn projects(&mut self) -> Result<Vec<Project>> {
        let sql = sqlx::AssertSqlSafe(format!(
            "SELECT {COLUMNS} FROM projects WHERE tenant_id = ? ORDER BY sequence"
        ));
        let rows = sqlx::query(sql)
            .bind(self.tenant())
            .fetch_all(self.connection())
            .await
            .map_err(failed("projects.list"))?;
        rows.iter().map(read).collect()
    }

    async fn update_project(&mut self, project: &Project) -> Result<()> {
        let fields = &project.fields;
        let done = sqlx::query(
            "UPDATE projects SET name = ?, description = ?, keywords = ?, tags = ?, categories = ?, people = ?,
                 domains = ?, codes = ?, notes = ?, updated_at = ?
             WHERE tenant_id = ? AND id = ?",
        )
        .bind(storable(&fields.name))
        .bind(storable(&fields.description))
        .bind(json(&list(&fields.keywords))?)
        .bind(json(&list(&fields.tags))?)
        .bind(json(&list(&fields.categories))?)
        .bind(json(&list(&fields.people))?)
        .bind(json(&list(&fields.domains))?)
        .bind(json(&list(&fields.codes))?)
        .bind(storable(&fields.notes))
        .bind(project.updated_at.as_micros())
        .bind(self.tenant())
        .bind(project.id.as_bytes().as_slice())
        .execute(self.connection())
        .await
        .map_err(failed("projects.update"))?;
        if done.rows_affected() == 0 {
            return Err(Error::new(ErrorKind::NotFound, "projects.update", "no such project")
                .with("project", project.id));
        }
        self.record(ChangeKind::ProjectUpdated, None, Some(project.id), project.updated_at).await
    }

    async fn delete_project(&mut self, id: ProjectId, now: Timestamp) -> Result<bool> {
        let documents: Vec<(Vec<u8>, String)> = sqlx::query_as(
            "SELECT id, assignment FROM documents WHERE tenant_id = ? AND project_id = ? ORDER BY sequence",
        )
        .bind(self.tenant())
        .bind(id.as_bytes().as_slice())
        .fetch_all(self.connection())
        .await
        .map_err(failed("projects.delete"))?;
        for (document, assignment) in documents {
            let document =
                <[u8; 16]>::try_from(document.as_slice()).map(DocumentId::from_bytes).map_err(|_| {
                    Error::new(ErrorKind::Storage, "projects.delete", "a document has a damaged id")
                })?;
            let mut assignment: Assignment = serde_json::from_str(&assignment).map_err(|error| {
                Error::new(ErrorKind::Storage, "projects.delete", "a stored assignment cannot be read")
                    .caused_by(error)
            })?;
            assignment.lose_project(id);
            crate::domain::DocumentStore::set_assignment(self, document, &assignment, now).await?;
        }
        self.take_meetings_out_of(id, now).await?;
        let done = sqlx::query("DELETE FROM projects WHERE tenant_id = ? AND id = ?")
            .bind(self.tenant())
            .bind(id.as_bytes().as_slice())
            .execute(self.connection())
            .await
            .map_err(failed("projects.delete"))?;
        if done.rows_affected() == 0 {
            return Ok(false);
        }
        self.record(ChangeKind::ProjectDeleted, None, Some(id), now).await?;
        Ok(true)
    }
}
