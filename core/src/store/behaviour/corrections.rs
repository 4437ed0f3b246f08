//! What users corrected.

use super::fixtures::{NOW, add_project, commit, document, put, read, user};
use crate::base::{DocumentId, ProjectId, Scope};
use crate::domain::{Change, ChangeKind, Correction, Store};

async fn correct(
    store: &dyn Store,
    scope: &Scope,
    document_id: DocumentId,
    from_project: Option<ProjectId>,
    to_project: Option<ProjectId>,
) {
    let correction = Correction { document_id, from_project, to_project, at: NOW };
    commit(store, scope, async |write| write.insert_correction(&correction).await.unwrap()).await;
}

async fn corrected(store: &dyn Store, scope: &Scope) -> Vec<Change> {
    read(store, scope).await.changes_of(&[ChangeKind::DocumentCorrected], 0, 100).await.unwrap()
}

pub(crate) async fn a_correction_may_lead_out_of_every_project(store: &dyn Store) {
    let ana = user(store, 1).await;
    let shoot = add_project(store, &ana, 5).await;
    let id = put(store, &ana, &document(1, "one")).await;
    correct(store, &ana, id, Some(shoot.id), None).await;
    let changes = corrected(store, &ana).await;
    assert_eq!((changes[0].document_id, changes[0].project_id, changes[0].at), (Some(id), None, NOW));
}

pub(crate) async fn each_correction_of_a_document_is_kept(store: &dyn Store) {
    let ana = user(store, 1).await;
    let (one, two) = (add_project(store, &ana, 5).await, add_project(store, &ana, 6).await);
    let id = put(store, &ana, &document(1, "one")).await;
    let steps = [(None, Some(one.id)), (Some(one.id), Some(two.id)), (Some(two.id), Some(two.id))];
    for (from, to) in steps {
        correct(store, &ana, id, from, to).await;
    }
    let targets: Vec<_> = corrected(store, &ana).await.iter().map(|change| change.project_id).collect();
    assert_eq!(targets, steps.map(|(_, to)| to));
}

pub(crate) async fn a_corrected_document_can_be_deleted(store: &dyn Store) {
    let ana = user(store, 1).await;
    let shoot = add_project(store, &ana, 5).await;
    let id = put(store, &ana, &document(1, "one")).await;
    correct(store, &ana, id, None, Some(shoot.id)).await;
    let gone = commit(store, &ana, async |write| write.delete_document(id, NOW).await.unwrap()).await;
    assert_eq!(gone, [id]);
    assert_eq!(corrected(store, &ana).await.len(), 1, "the log keeps what was");
}

pub(crate) async fn projects_of_corrections_can_be_deleted(store: &dyn Store) {
    let ana = user(store, 1).await;
    let (from, to) = (add_project(store, &ana, 5).await, add_project(store, &ana, 6).await);
    let id = put(store, &ana, &document(1, "one")).await;
    correct(store, &ana, id, Some(from.id), Some(to.id)).await;
    for project in [from, to] {
        let gone =
            commit(store, &ana, async |write| write.delete_project(project.id, NOW).await.unwrap()).await;
        assert!(gone);
    }
    assert!(read(store, &ana).await.document(id).await.unwrap().is_some());
}

pub(crate) async fn corrections_of_others_are_not_seen(store: &dyn Store) {
    let (ana, joao) = (user(store, 1).await, user(store, 2).await);
    let shoot = add_project(store, &ana, 5).await;
    let id = put(store, &ana, &document(1, "one")).await;
    correct(store, &ana, id, None, Some(shoot.id)).await;
    assert!(corrected(store, &joao).await.is_empty());
}
