use super::fixtures::{NOW, read, user, write};
use crate::base::{ErrorKind, Scope, UserId};
use crate::domain::{Store, User};

pub(crate) async fn usernames_are_unique_and_found_in_any_case(store: &dyn Store) {
    let service = Scope::service();
    for (number, name) in [(1, "Ana"), (2, "ana")] {
        let user =
            User::new(UserId::from_bytes([number; 16]), name.parse().unwrap(), Some("a@x".into()), NOW);
        let mut write = write(store, &service).await;
        write.insert_user(&user).await.unwrap();
        write.commit().await.unwrap();
    }
    let again = User::new(UserId::from_bytes([3; 16]), "ana".parse().unwrap(), None, NOW);
    let refused = write(store, &service).await.insert_user(&again).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::AlreadyExists);
    let found = read(store, &service).await.users_named("ANA").await.unwrap();
    assert_eq!(found.iter().map(|user| user.username.as_str()).collect::<Vec<_>>(), ["Ana", "ana"]);
    assert_eq!(read(store, &service).await.users().await.unwrap(), found);
}

pub(crate) async fn only_the_workspace_itself_sees_users(store: &dyn Store) {
    let ana = user(store, 1).await;
    let mut read = read(store, &ana).await;
    assert_eq!(read.users().await.unwrap_err().kind(), ErrorKind::Forbidden);
    assert_eq!(read.users_named("userb").await.unwrap_err().kind(), ErrorKind::Forbidden);
}
