use super::fixtures::{NOW, read, user, write};
use super::job_fixtures::seconds;
use super::sync_fixtures::{channel, follow, work};
use crate::base::{ErrorKind, Scope};
use crate::domain::{Channel, ChannelState, Store};

async fn put(store: &dyn Store, scope: &Scope, channel: &Channel) {
    work(store, scope, async |write| write.put_channel(channel).await.expect("puts")).await;
}

pub(crate) async fn channels_come_back_as_written_oldest_first(store: &dyn Store) {
    let ana = user(store, 1).await;
    let (key, other) = (follow(store, &ana, 1).await, follow(store, &ana, 2).await);
    let mut later = channel("a", ana.tenant(), &key);
    later.created_at = seconds(5);
    let full = Channel {
        file: Some("file".into()),
        resource: Some("resource".into()),
        state: ChannelState::Stopping,
        expires_at: seconds(600),
        heard_at: Some(seconds(7)),
        ..channel("b", ana.tenant(), &key)
    };
    for channel in [&later, &full, &channel("c", ana.tenant(), &other)] {
        put(store, &ana, channel).await;
    }
    assert_eq!(read(store, &ana).await.channels_of(&key).await.unwrap(), [full.clone(), later.clone()]);
    let active = Channel { state: ChannelState::Active, resource: Some("r".into()), ..later };
    put(store, &ana, &active).await;
    assert_eq!(read(store, &ana).await.channel("a").await.unwrap(), Some(active));
    assert_eq!(read(store, &ana).await.channel("none").await.unwrap(), None);
}

pub(crate) async fn what_was_heard_is_not_forgotten(store: &dyn Store) {
    let ana = user(store, 1).await;
    let key = follow(store, &ana, 1).await;
    let asked = channel("a", ana.tenant(), &key);
    put(store, &ana, &asked).await;
    let heard = async || read(store, &ana).await.channel("a").await.unwrap().unwrap().heard_at;
    for (at, last) in [(20, 20), (10, 20), (30, 30)] {
        work(store, &Scope::service(), async |write| write.heard("a", seconds(at)).await.unwrap()).await;
        assert_eq!(heard().await, Some(seconds(last)));
    }
    put(store, &ana, &asked).await;
    assert_eq!(heard().await, Some(seconds(30)));
    put(store, &ana, &Channel { heard_at: Some(seconds(20)), ..asked.clone() }).await;
    assert_eq!(heard().await, Some(seconds(30)));
    put(store, &ana, &Channel { heard_at: Some(seconds(40)), ..asked }).await;
    assert_eq!(heard().await, Some(seconds(40)));
    work(store, &ana, async |write| write.heard("none", NOW).await.unwrap()).await;
}

pub(crate) async fn the_service_sees_the_channels_of_all(store: &dyn Store) {
    let (ana, joao) = (user(store, 1).await, user(store, 2).await);
    let key = follow(store, &ana, 1).await;
    let hers = channel("a", ana.tenant(), &key);
    put(store, &Scope::service(), &hers).await;
    assert_eq!(read(store, &Scope::service()).await.channel("a").await.unwrap(), Some(hers.clone()));
    let mut theirs = write(store, &joao).await;
    assert_eq!(theirs.channel("a").await.unwrap(), None);
    assert!(theirs.channels_of(&key).await.unwrap().is_empty());
    theirs.heard("a", NOW).await.unwrap();
    assert!(!theirs.delete_channel("a").await.unwrap());
    assert_eq!(theirs.put_channel(&hers).await.unwrap_err().kind(), ErrorKind::Forbidden);
    drop(theirs);
    assert_eq!(read(store, &ana).await.channel("a").await.unwrap(), Some(hers));
}

pub(crate) async fn an_id_is_one_streams(store: &dyn Store) {
    let (ana, joao) = (user(store, 1).await, user(store, 2).await);
    let (hers, second) = (follow(store, &ana, 1).await, follow(store, &ana, 2).await);
    let theirs = follow(store, &joao, 3).await;
    let kept = channel("a", ana.tenant(), &hers);
    put(store, &ana, &kept).await;
    let refused = write(store, &ana).await.put_channel(&channel("a", ana.tenant(), &second)).await;
    assert_eq!(refused.unwrap_err().kind(), ErrorKind::AlreadyExists);
    assert!(write(store, &joao).await.put_channel(&channel("a", joao.tenant(), &theirs)).await.is_err());
    assert_eq!(read(store, &ana).await.channel("a").await.unwrap(), Some(kept));
}

pub(crate) async fn a_forgotten_channel_is_gone(store: &dyn Store) {
    let ana = user(store, 1).await;
    let key = follow(store, &ana, 1).await;
    put(store, &ana, &channel("a", ana.tenant(), &key)).await;
    assert!(work(store, &ana, async |write| write.delete_channel("a").await.unwrap()).await);
    assert!(!work(store, &ana, async |write| write.delete_channel("a").await.unwrap()).await);
    assert!(read(store, &ana).await.channels_of(&key).await.unwrap().is_empty());
}
