use super::fixtures::{NOW, assigned, document, project, put, read, user, write};
use crate::base::ErrorKind;
use crate::domain::{ProjectFields, Store};

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
