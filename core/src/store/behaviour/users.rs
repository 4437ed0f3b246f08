use super::fixtures::{NOW, commit, read, user, write};
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

pub(crate) async fn users_come_in_order_of_creation(store: &dyn Store) {
    for number in [9, 3, 6] {
        user(store, number).await;
    }
    let users = read(store, &Scope::service()).await.users().await.unwrap();
    assert_eq!(
        users.iter().map(|user| user.username.as_str()).collect::<Vec<_>>(),
        ["userj", "userd", "userg"]
    );
}

pub(crate) async fn an_email_is_optional_and_comes_back(store: &dyn Store) {
    let service = Scope::service();
    for (number, email) in [(1, None), (2, Some("Änne <anne@example.org>".to_owned()))] {
        let name = format!("name{}", char::from(b'a' + number)).parse().unwrap();
        let user = User::new(UserId::from_bytes([number; 16]), name, email, NOW);
        commit(store, &service, async |write| write.insert_user(&user).await.unwrap()).await;
        assert_eq!(read(store, &service).await.users().await.unwrap().last(), Some(&user));
    }
}

pub(crate) async fn a_name_is_no_pattern(store: &dyn Store) {
    user(store, 1).await;
    let mut read = read(store, &Scope::service()).await;
    for name in ["%", "user_", "user%", "", "userc", "userb "] {
        assert!(read.users_named(name).await.unwrap().is_empty(), "{name:?}");
    }
    assert_eq!(read.users_named("UserB").await.unwrap().len(), 1);
}

pub(crate) async fn a_user_makes_no_users(store: &dyn Store) {
    let ana = user(store, 1).await;
    let other = User::new(UserId::from_bytes([2; 16]), "joao".parse().unwrap(), None, NOW);
    let refused = write(store, &ana).await.insert_user(&other).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Forbidden);
    assert_eq!(read(store, &Scope::service()).await.users().await.unwrap().len(), 1);
}
