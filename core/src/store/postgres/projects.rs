//! Projects, in the columns of the front end.

use async_trait::async_trait;
use serde_json::Value;
use sqlx::AssertSqlSafe;
use sqlx::postgres::PgRow;

use super::codec::{Columns, Utc, failed, uuid};
use super::outside;
use super::statement::statement;
use super::transaction::PostgresTransaction;
use crate::base::{DocumentId, Error, ErrorKind, ProjectId, Result, Timestamp};
use crate::domain::{ChangeKind, DocumentStore, Project, ProjectFields, ProjectStore};
use crate::store::text::{list, storable};

const COLUMNS: &str = "id, name, coalesce(description, '') AS description, reference_keywords, normalized_tags, categories, \
     entity_patterns::text AS entity_patterns, coalesce(notes, '') AS notes, \
     coalesce(created_at, 'epoch') AS created_at, coalesce(updated_at, created_at, 'epoch') AS updated_at";

fn read(row: &PgRow) -> Result<Project> {
    let row = Columns(row);
    let patterns: Value = row.optional_json("entity_patterns")?.unwrap_or_default();
    Ok(Project {
        id: ProjectId::from_bytes(row.id("id")?),
        fields: ProjectFields {
            name: row.text("name")?,
            description: row.text("description")?,
            keywords: row.list("reference_keywords")?,
            tags: row.list("normalized_tags")?,
            categories: row.list("categories")?,
            people: people(&patterns),
            domains: strings(&patterns["domains"]),
            codes: strings(&patterns["project_codes"]),
            notes: row.text("notes")?,
        },
        created_at: row.time("created_at")?,
        updated_at: row.time("updated_at")?,
    })
}

fn strings(list: &Value) -> Vec<String> {
    list.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

/// The people among entity patterns: in the order the library wrote, then those whom the
/// front end added, by name. Whom it took out is out.
fn people(patterns: &Value) -> Vec<String> {
    let Some(known) = patterns["people"].as_object() else { return strings(&patterns["people"]) };
    let mut people = strings(&patterns["people_order"]);
    people.retain(|person| known.contains_key(person));
    let mut added: Vec<&String> = known.keys().filter(|person| !people.contains(person)).collect();
    added.sort();
    let added: Vec<String> = added.into_iter().cloned().collect();
    people.extend(added);
    people
}

#[async_trait]
impl ProjectStore for PostgresTransaction {
    async fn insert_project(&mut self, project: &Project) -> Result<()> {
        let fields = &project.fields;
        statement(
            "INSERT INTO public.projects (created_by, id, name, description, status, reference_keywords, normalized_tags,
                 categories, entity_patterns, notes, created_at, updated_at)
             VALUES ($1, $2, $3, $4, 'in_progress', $5, $6, $7, besunny.merge_patterns(NULL, $8, $9, $10), $11, $12, $13)",
        )
        .bind(self.tenant())
        .bind(uuid(project.id.as_bytes()))
        .bind(storable(&fields.name))
        .bind(storable(&fields.description))
        .bind(list(&fields.keywords))
        .bind(list(&fields.tags))
        .bind(list(&fields.categories))
        .bind(list(&fields.people))
        .bind(list(&fields.domains))
        .bind(list(&fields.codes))
        .bind(storable(&fields.notes))
        .bind(Utc(project.created_at))
        .bind(Utc(project.updated_at))
        .execute(self.connection())
        .await
        .map_err(failed("projects.create"))?;
        self.record(ChangeKind::ProjectCreated, None, Some(project.id), project.created_at).await
    }

    async fn project(&mut self, id: ProjectId) -> Result<Option<Project>> {
        let sql = format!("SELECT {COLUMNS} FROM public.projects WHERE created_by = $1 AND id = $2");
        let row = statement(AssertSqlSafe(sql))
            .bind(self.tenant())
            .bind(uuid(id.as_bytes()))
            .fetch_optional(self.connection())
            .await
            .map_err(failed("projects.get"))?;
        row.as_ref().map(read).transpose()
    }

    async fn projects(&mut self) -> Result<Vec<Project>> {
        let sql = format!("SELECT {COLUMNS} FROM public.projects WHERE created_by = $1 ORDER BY sequence");
        let rows = statement(AssertSqlSafe(sql))
            .bind(self.tenant())
            .fetch_all(self.connection())
            .await
            .map_err(failed("projects.list"))?;
        rows.iter().map(read).collect()
    }

    async fn update_project(&mut self, project: &Project) -> Result<()> {
        let fields = &project.fields;
        let done = statement(
            "UPDATE public.projects SET name = $3, description = $4, reference_keywords = $5, normalized_tags = $6,
                 categories = $7, entity_patterns = besunny.merge_patterns(entity_patterns, $8, $9, $10), notes = $11,
                 updated_at = $12
             WHERE created_by = $1 AND id = $2",
        )
        .bind(self.tenant())
        .bind(uuid(project.id.as_bytes()))
        .bind(storable(&fields.name))
        .bind(storable(&fields.description))
        .bind(list(&fields.keywords))
        .bind(list(&fields.tags))
        .bind(list(&fields.categories))
        .bind(list(&fields.people))
        .bind(list(&fields.domains))
        .bind(list(&fields.codes))
        .bind(storable(&fields.notes))
        .bind(Utc(project.updated_at))
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
        let rows = statement(
            "SELECT id, project_id, classification_source, assignment::text AS assignment FROM public.documents
             WHERE created_by = $1 AND project_id = $2 ORDER BY sequence",
        )
        .bind(self.tenant())
        .bind(uuid(id.as_bytes()))
        .fetch_all(self.connection())
        .await
        .map_err(failed("projects.delete"))?;
        for row in &rows {
            let row = Columns(row);
            let mut assignment = outside::assignment(&row)?;
            assignment.lose_project(id);
            self.set_assignment(DocumentId::from_bytes(row.id("id")?), &assignment, now).await?;
        }
        self.take_meetings_out_of(id, now).await?;
        let done = statement("DELETE FROM public.projects WHERE created_by = $1 AND id = $2")
            .bind(self.tenant())
            .bind(uuid(id.as_bytes()))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_keep_their_order_and_follow_the_front_end() {
        let of = |patterns: &str| people(&serde_json::from_str(patterns).expect("JSON"));
        assert_eq!(of(r#"{"people":{"Ana":{},"Rui":{}},"people_order":["Rui","Ana"]}"#), ["Rui", "Ana"]);
        assert_eq!(
            of(r#"{"people":{"Ana":{},"Zé":{"role":"x"}},"people_order":["Rui","Ana"]}"#),
            ["Ana", "Zé"]
        );
        assert_eq!(of(r#"{"people":["b","a"]}"#), ["b", "a"]);
        assert_eq!(of("[1]"), Vec::<String>::new());
    }
}
