use super::fixtures::{
    NOW, add_project, assigned, commit, document, project, put, read, stored, user, write,
};
use crate::base::{ErrorKind, Timestamp};
use crate::domain::{Alternative, Assignment, Project, ProjectFields, Store};

pub(crate) async fn fields_come_back_as_written_in_order_of_creation(store: &dyn Store) {
    let ana = user(store, 1).await;
    let mut first = project(9);
    first.fields = ProjectFields {
        description: "roofs".into(),
        keywords: vec!["Alfama".into(), "\"quoted\"".into()],
        tags: vec!["t".into()],
        categories: vec!["c".into()],
        people: vec!["Marta <m@x>".into()],
        domains: vec!["x".into()],
        codes: vec!["LX-1".into()],
        notes: "n".into(),
        ..ProjectFields::named("Lisbon")
    };
    let mut write = write(store, &ana).await;
    write.insert_project(&first).await.unwrap();
    write.insert_project(&project(1)).await.unwrap();
    write.commit().await.unwrap();
    let mut read = read(store, &ana).await;
    assert_eq!(read.projects().await.unwrap(), [first.clone(), project(1)]);
    assert_eq!(read.project(first.id).await.unwrap(), Some(first));
}

pub(crate) async fn a_deleted_project_leaves_its_documents_unassigned(store: &dyn Store) {
    let ana = user(store, 1).await;
    let mut one = write(store, &ana).await;
    one.insert_project(&project(5)).await.unwrap();
    one.commit().await.unwrap();
    let mut record = document(1, "a");
    record.document.assignment = assigned(project(5).id);
    let id = put(store, &ana, &record).await;
    let mut two = write(store, &ana).await;
    assert!(two.delete_project(project(5).id, NOW).await.unwrap());
    assert!(!two.delete_project(project(5).id, NOW).await.unwrap());
    two.commit().await.unwrap();
    let stored = read(store, &ana).await.document(id).await.unwrap().unwrap();
    assert_eq!(stored.document.project_id(), None);
    assert_eq!(stored.document.assignment.reason, "its project was deleted");
}

pub(crate) async fn projects_of_others_do_not_exist(store: &dyn Store) {
    let (ana, joao) = (user(store, 1).await, user(store, 2).await);
    let mut ours = write(store, &ana).await;
    ours.insert_project(&project(5)).await.unwrap();
    ours.commit().await.unwrap();
    let mut theirs = write(store, &joao).await;
    assert_eq!(theirs.project(project(5).id).await.unwrap(), None);
    assert!(theirs.projects().await.unwrap().is_empty());
    assert_eq!(theirs.update_project(&project(5)).await.unwrap_err().kind(), ErrorKind::NotFound);
    assert!(!theirs.delete_project(project(5).id, NOW).await.unwrap());
}

pub(crate) async fn a_project_may_be_just_a_name(store: &dyn Store) {
    let ana = user(store, 1).await;
    let bare = add_project(store, &ana, 5).await;
    assert_eq!(read(store, &ana).await.project(bare.id).await.unwrap(), Some(bare));
}

pub(crate) async fn long_and_foreign_fields_come_back(store: &dyn Store) {
    let ana = user(store, 1).await;
    let mut large = project(5);
    large.fields = ProjectFields {
        description: "Ω é 日本 🎬 'quoted' \"twice\" \\ ;--\n\t".repeat(2000),
        keywords: (0..500).map(|number| format!("mot clé {number} ☂")).collect(),
        ..ProjectFields::named("Éclair – 光 – שלום")
    };
    commit(store, &ana, async |write| write.insert_project(&large).await.unwrap()).await;
    assert_eq!(read(store, &ana).await.project(large.id).await.unwrap(), Some(large));
}

pub(crate) async fn names_need_not_be_unique(store: &dyn Store) {
    let ana = user(store, 1).await;
    for number in [5, 6] {
        let twin = Project { fields: ProjectFields::named("twin"), ..project(number) };
        commit(store, &ana, async |write| write.insert_project(&twin).await.unwrap()).await;
    }
    assert_eq!(read(store, &ana).await.projects().await.unwrap().len(), 2);
}

pub(crate) async fn an_update_replaces_all_fields_and_keeps_place_and_birth(store: &dyn Store) {
    let ana = user(store, 1).await;
    let mut first = add_project(store, &ana, 5).await;
    let second = add_project(store, &ana, 6).await;
    first.fields = ProjectFields { tags: vec!["film".into()], ..ProjectFields::named("renamed") };
    first.updated_at = Timestamp::from_seconds(1_780_000_000);
    commit(store, &ana, async |write| write.update_project(&first).await.unwrap()).await;
    assert_eq!(read(store, &ana).await.projects().await.unwrap(), [first.clone(), second]);
    assert_eq!(first.created_at, NOW);
}

pub(crate) async fn an_update_of_nothing_changes_nothing(store: &dyn Store) {
    let ana = user(store, 1).await;
    let mut write = write(store, &ana).await;
    assert_eq!(write.update_project(&project(5)).await.unwrap_err().kind(), ErrorKind::NotFound);
    drop(write);
    assert!(read(store, &ana).await.projects().await.unwrap().is_empty());
    assert_eq!(store.last_position(&ana).await.unwrap(), 0);
}

pub(crate) async fn a_deleted_project_is_gone_and_others_stay(store: &dyn Store) {
    let ana = user(store, 1).await;
    let (gone, kept) = (add_project(store, &ana, 5).await, add_project(store, &ana, 6).await);
    let mut record = document(1, "a");
    record.document.assignment = assigned(kept.id);
    let id = put(store, &ana, &record).await;
    assert!(commit(store, &ana, async |write| write.delete_project(gone.id, NOW).await.unwrap()).await);
    let mut read = read(store, &ana).await;
    assert_eq!(read.project(gone.id).await.unwrap(), None);
    assert_eq!(read.projects().await.unwrap(), std::slice::from_ref(&kept));
    assert_eq!(read.document(id).await.unwrap().unwrap().document.project_id(), Some(kept.id));
}

pub(crate) async fn a_deleted_project_is_an_alternative_no_more(store: &dyn Store) {
    let ana = user(store, 1).await;
    let (gone, kept) = (add_project(store, &ana, 5).await, add_project(store, &ana, 6).await);
    let alternative = |project: &Project, probability| Alternative {
        project_id: project.id,
        name: project.fields.name.clone(),
        probability,
    };
    let mut record = document(1, "a");
    record.document.assignment = Assignment {
        alternatives: vec![alternative(&gone, 0.75), alternative(&kept, 0.125)],
        ..assigned(gone.id)
    };
    let id = put(store, &ana, &record).await;
    commit(store, &ana, async |write| write.delete_project(gone.id, NOW).await.unwrap()).await;
    let left = stored(store, &ana, id).await.assignment;
    assert_eq!((left.alternatives, left.confidence), (vec![alternative(&kept, 0.125)], 0.125));
}

pub(crate) async fn a_users_decision_ends_with_its_project(store: &dyn Store) {
    let ana = user(store, 1).await;
    let (gone, next) = (add_project(store, &ana, 5).await, add_project(store, &ana, 6).await);
    let mut record = document(1, "a");
    record.document.assignment = Assignment::by_user(Some(gone.id), Vec::new());
    let id = put(store, &ana, &record).await;
    commit(store, &ana, async |write| write.delete_project(gone.id, NOW).await.unwrap()).await;
    let mut revised = document(1, "b");
    revised.document.assignment = assigned(next.id);
    put(store, &ana, &revised).await;
    assert_eq!(stored(store, &ana, id).await.project_id(), Some(next.id), "open to a new decision");
}
