//! The face, end to end, from Rust.

use besunny::{
    Classify, DocumentFilter, ErrorKind, NewDocument, PageRequest, ProjectFields, ProjectFilter, SearchMode,
    SearchRequest, StoreStatus,
};
use besunny_tests::lexical_workspace;

const PERMIT: &[u8] = b"From: Marta Nunes <marta@tideline.example>\r\n\
To: ai+ana@besunny.ai\r\n\
Subject: Drone permit for the Alfama roofs\r\n\
Date: Mon, 02 Mar 2026 09:00:00 +0000\r\n\
Message-ID: <permit-1@tideline.example>\r\n\
\r\n\
The permit for flying over the Alfama roofs runs out on 14 March.\r\n";

#[tokio::test]
async fn mail_finds_its_project_and_is_found_again() {
    let (_folder, workspace) = lexical_workspace().await;
    workspace.users().create("ana", None).await.unwrap();
    let me = workspace.user("ana").await.unwrap();
    let shoot = me
        .projects()
        .create(ProjectFields {
            keywords: vec!["Alfama".into(), "drone permit".into()],
            ..ProjectFields::named("Lisbon shoot")
        })
        .await
        .unwrap();
    me.projects().create(ProjectFields::named("Winter brew")).await.unwrap();

    let ingested = me.mail().ingest(PERMIT.to_vec()).await.unwrap();
    assert_eq!(ingested.status, StoreStatus::Stored);
    assert_eq!(ingested.document.project_id(), Some(shoot.id), "{:?}", ingested.document.assignment);
    let again = me.mail().ingest(PERMIT.to_vec()).await.unwrap();
    assert_eq!((again.status, again.document.id), (StoreStatus::Unchanged, ingested.document.id));

    let hits = me.search(SearchRequest::new("when does the permit run out")).await.unwrap();
    assert_eq!(hits.len(), 1);
    assert_eq!(hits[0].document.source_id, "permit-1@tideline.example");
    assert!(hits[0].snippet.text.contains("permit"));

    let unsorted = me.documents().assign(ingested.document.id, None).await.unwrap();
    assert_eq!(unsorted.project_id(), None);
    let mut in_project = SearchRequest::new("permit");
    in_project.filter.project = Some(ProjectFilter::Is(shoot.id));
    assert!(me.search(in_project).await.unwrap().is_empty());

    me.documents().delete(ingested.document.id).await.unwrap();
    assert!(me.search(SearchRequest::new("permit")).await.unwrap().is_empty());
    assert_eq!(me.documents().get(ingested.document.id).await.unwrap_err().kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn mail_is_routed_by_virtual_address_and_nobody_sees_anothers() {
    let (_folder, workspace) = lexical_workspace().await;
    workspace.users().create("ana", None).await.unwrap();
    workspace.users().create("joao", None).await.unwrap();
    let deliveries = workspace.mail().ingest(PERMIT.to_vec()).await.unwrap();
    assert_eq!(deliveries.len(), 1);
    assert_eq!(deliveries[0].username.as_deref(), Some("ana"));
    let joao = workspace.user("joao").await.unwrap();
    assert!(joao.search(SearchRequest::new("permit")).await.unwrap().is_empty());
    let id = deliveries[0].document.as_ref().unwrap().id;
    assert_eq!(joao.documents().get(id).await.unwrap_err().kind(), ErrorKind::NotFound);
    assert_eq!(joao.documents().delete(id).await.unwrap_err().kind(), ErrorKind::NotFound);
    let stranger = String::from_utf8(PERMIT.to_vec()).unwrap().replace("ai+ana", "ai+nobody");
    let deliveries = workspace.mail().ingest(stranger.into_bytes()).await.unwrap();
    assert_eq!(deliveries[0].status.as_str(), "user_not_found");
    assert_eq!(workspace.mail().intake_log(PageRequest::default()).await.unwrap().items.len(), 1);
}

#[tokio::test]
async fn documents_have_revisions_pages_and_filters() {
    let (folder, workspace) = lexical_workspace().await;
    workspace.users().create("ana", None).await.unwrap();
    let me = workspace.user("ana").await.unwrap();
    let note = |content: &str| NewDocument {
        content: content.as_bytes().to_vec(),
        title: Some("Call sheet".into()),
        source: Some("notes".into()),
        source_id: Some("n1".into()),
        ..NewDocument::default()
    };
    assert_eq!(me.documents().ingest(note("Crew call at six")).await.unwrap().status, StoreStatus::Stored);
    assert_eq!(me.documents().ingest(note("Crew call at six")).await.unwrap().status, StoreStatus::Unchanged);
    let updated = me.documents().ingest(note("Crew call at seven")).await.unwrap();
    assert_eq!((updated.status, updated.document.revision), (StoreStatus::Updated, 2));
    let find = |query: &str| {
        let mut request = SearchRequest::new(query);
        request.mode = SearchMode::Lexical;
        me.search(request)
    };
    assert!(find("six").await.unwrap().is_empty(), "the old revision is gone");
    assert_eq!(find("seven").await.unwrap().len(), 1);
    for number in 0..5 {
        let content = format!("note number {number}").into_bytes();
        me.documents().ingest(NewDocument { content, ..NewDocument::default() }).await.unwrap();
    }
    let mut page = PageRequest { size: 4, after: None };
    let first = me.documents().list(DocumentFilter::default(), page.clone()).await.unwrap();
    page.after = first.next.clone();
    let second = me.documents().list(DocumentFilter::default(), page).await.unwrap();
    assert_eq!((first.items.len(), second.items.len(), second.next), (4, 2, None));

    let digest = workspace.digest().await.unwrap();
    workspace.close().await.unwrap();
    assert_eq!(me.search(SearchRequest::new("seven")).await.unwrap_err().kind(), ErrorKind::Closed);
    let reopened = besunny_tests::open_without_model(folder.path()).await;
    assert_eq!(reopened.digest().await.unwrap(), digest);
    let me = reopened.user("ana").await.unwrap();
    assert_eq!(me.search(SearchRequest::new("seven")).await.unwrap().len(), 1);
}

#[tokio::test]
async fn one_correction_is_learned() {
    let (_folder, workspace) = lexical_workspace().await;
    workspace.users().create("ana", None).await.unwrap();
    let me = workspace.user("ana").await.unwrap();
    let kitchen = me.projects().create(ProjectFields::named("Orchard Kitchen")).await.unwrap();
    let mail = |number: u32| {
        format!("From: chef@orchard.example\r\nMessage-ID: <{number}@x>\r\nSubject: menu {number}\r\n\r\nSoup.\r\n")
            .into_bytes()
    };
    let first = me.mail().ingest(mail(1)).await.unwrap();
    assert_eq!(first.document.project_id(), None);
    me.documents().assign(first.document.id, Some(kitchen.id)).await.unwrap();
    let text = "What about dessert?".to_owned();
    let sender = Some("chef@orchard.example".to_owned());
    let answer = me.classify(Classify { text, subject: None, sender }).await.unwrap();
    assert!(answer.alternatives[0].probability > first.document.assignment.confidence);
    assert_eq!(answer.evidence[0].signal.as_str(), "sender");
}
