//! Vectors by content and model.

use super::fixtures::{commit, read, user};
use crate::base::Scope;
use crate::domain::{ContentHash, Store};

fn hash(number: u32) -> ContentHash {
    ContentHash::of(&number.to_le_bytes())
}

async fn remember(store: &dyn Store, scope: &Scope, model: &str, vectors: &[(ContentHash, Vec<f32>)]) {
    commit(store, scope, async |write| write.put_vectors(model, vectors).await.unwrap()).await;
}

pub(crate) async fn nothing_asked_is_nothing_answered(store: &dyn Store) {
    let ana = user(store, 1).await;
    remember(store, &ana, "m", &[]).await;
    assert!(read(store, &ana).await.vectors("m", &[]).await.unwrap().is_empty());
}

pub(crate) async fn a_known_vector_stays_as_it_is(store: &dyn Store) {
    let ana = user(store, 1).await;
    remember(store, &ana, "m", &[(hash(1), vec![1.0])]).await;
    remember(store, &ana, "m", &[(hash(1), vec![2.0]), (hash(2), vec![3.0])]).await;
    let found = read(store, &ana).await.vectors("m", &[hash(1), hash(2)]).await.unwrap();
    assert_eq!(found, [Some(vec![1.0]), Some(vec![3.0])]);
}

pub(crate) async fn every_bit_of_a_number_comes_back(store: &dyn Store) {
    let ana = user(store, 1).await;
    let odd = vec![f32::NAN, f32::INFINITY, f32::NEG_INFINITY, -0.0, f32::MAX, f32::from_bits(1)];
    remember(store, &ana, "m", &[(hash(1), odd.clone())]).await;
    let found = read(store, &ana).await.vectors("m", &[hash(1)]).await.unwrap().remove(0).unwrap();
    let bits = |vector: &[f32]| vector.iter().map(|number| number.to_bits()).collect::<Vec<_>>();
    assert_eq!(bits(&found), bits(&odd));
}

pub(crate) async fn many_come_in_the_order_asked(store: &dyn Store) {
    let ana = user(store, 1).await;
    let vectors: Vec<_> =
        (0..700_u16).map(|number| (hash(number.into()), vec![f32::from(number); 4])).collect();
    remember(store, &ana, "m", &vectors).await;
    let asked: Vec<_> = (0..1400_u32).rev().map(hash).collect();
    let found = read(store, &ana).await.vectors("m", &asked).await.unwrap();
    let numbers: Vec<_> = found.iter().map(|vector| vector.as_ref().map(|vector| vector[3])).collect();
    let expected: Vec<_> =
        (0..1400_u16).rev().map(|number| (number < 700).then(|| f32::from(number))).collect();
    assert_eq!(numbers, expected);
}

pub(crate) async fn models_are_told_apart_to_the_letter(store: &dyn Store) {
    let ana = user(store, 1).await;
    for (number, model) in [(1.0, "m"), (2.0, "M"), (3.0, "m ")] {
        remember(store, &ana, model, &[(hash(1), vec![number])]).await;
    }
    let mut read = read(store, &ana).await;
    for (number, model) in [(1.0, "m"), (2.0, "M"), (3.0, "m ")] {
        assert_eq!(read.vectors(model, &[hash(1)]).await.unwrap(), [Some(vec![number])]);
    }
}

pub(crate) async fn equal_content_of_two_users_is_kept_twice(store: &dyn Store) {
    let (ana, joao) = (user(store, 1).await, user(store, 2).await);
    remember(store, &ana, "m", &[(hash(1), vec![1.0])]).await;
    assert_eq!(read(store, &joao).await.vectors("m", &[hash(1)]).await.unwrap(), [None]);
    remember(store, &joao, "m", &[(hash(1), vec![2.0])]).await;
    assert_eq!(read(store, &ana).await.vectors("m", &[hash(1)]).await.unwrap(), [Some(vec![1.0])]);
    assert_eq!(read(store, &joao).await.vectors("m", &[hash(1)]).await.unwrap(), [Some(vec![2.0])]);
}
