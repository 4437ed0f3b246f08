//! Several openers of one index, as several processes have it: each has its own files open
//! and its own locks.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::*;

const NO_PATIENCE: Duration = Duration::from_millis(30);

fn impatient(folder: &Path) -> Arc<TenantIndex> {
    Arc::new(TenantIndex::open(folder, Some(DIMENSION), KEY, NO_PATIENCE).expect("opens"))
}

fn numbers(count: u8) -> Vec<u64> {
    (1..=u64::from(count)).collect()
}

#[test]
fn what_one_applies_the_others_find() {
    let folder = tempfile::tempdir().expect("folder");
    let indexes: Vec<_> = (0..3).map(|_| open(folder.path())).collect();
    for number in 1..=60_u8 {
        let writer = &indexes[usize::from(number) % 3];
        // The writer takes in what the others wrote before it adds its own.
        writer
            .apply(vec![put(number, "title", &["alpha beta", "iota"])], u64::from(number))
            .expect("applies");
        for index in &indexes {
            index.refresh().expect("reads on");
            assert_eq!(index.level().position, u64::from(number));
        }
    }
    for index in &indexes {
        assert!(index.is_complete());
        assert_eq!(found(index, "alpha"), numbers(60));
        assert_eq!(near(index, "aei").len(), 60);
    }
    assert!(indexes[0].segment_count() < 20);
}

#[test]
fn a_rewritten_log_is_noticed() {
    let folder = tempfile::tempdir().expect("folder");
    let (one, other) = (open(folder.path()), open(folder.path()));
    one.apply(vec![put(1, "t", &["alpha"]), put(2, "t", &["alpha"])], 1).expect("applies");
    other.refresh().expect("reads on");
    one.apply(vec![IndexChange::Delete(document_id(1))], 2).expect("applies");
    one.compact().expect("compacts");
    one.apply(vec![put(3, "t", &["alpha"])], 3).expect("applies");
    assert_eq!(found(&other, "alpha"), [1, 2], "the old files stay readable");
    other.refresh().expect("reads on");
    assert_eq!((other.level().position, found(&other, "alpha")), (3, vec![2, 3]));
    other.apply(vec![put(4, "t", &["alpha"])], 4).expect("applies");
    one.refresh().expect("reads on");
    assert_eq!(found(&one, "alpha"), [2, 3, 4]);
}

#[test]
fn a_reader_never_takes_half_of_a_change() {
    let folder = tempfile::tempdir().expect("folder");
    let (one, other) = (open(folder.path()), open(folder.path()));
    one.apply(vec![put(1, "t", &["alpha"])], 1).expect("applies");
    other.refresh().expect("reads on");
    let log = folder.path().join("1/rows.log");
    let before = fs::metadata(&log).expect("log").len();
    one.apply(vec![put(1, "t", &["omega"])], 2).expect("applies");
    // As if the writer had died after the postings, or in the middle of the frame.
    let whole = fs::read(&log).expect("reads");
    for length in [before, before + 1, whole.len() as u64 - 1] {
        fs::OpenOptions::new().write(true).open(&log).expect("opens").set_len(length).expect("cuts");
        other.refresh().expect("reads on");
        assert_eq!((other.level().position, found(&other, "alpha")), (1, vec![1]), "{length}");
        fs::write(&log, &whole).expect("writes");
    }
    fs::OpenOptions::new().write(true).open(&log).expect("opens").set_len(before + 9).expect("cuts");
    drop(one);
    other.apply(vec![put(1, "t", &["omega"])], 2).expect("applies");
    assert_eq!((found(&other, "alpha"), found(&other, "omega")), (vec![], vec![1]));
    let third = open(folder.path());
    assert_eq!((third.level().position, found(&third, "omega")), (2, vec![1]));
}

#[test]
fn a_stalled_holder_is_passed_over_and_spoils_nothing() {
    let folder = tempfile::tempdir().expect("folder");
    let (stalled, other) = (impatient(folder.path()), impatient(folder.path()));
    let held = stalled.hold().expect("held");
    held.apply(vec![put(1, "t", &["alpha"])], 1).expect("applies");
    let taken = other.hold().expect("passes over the holder");
    assert_eq!(other.level().position, 0, "to be filled from the store");
    taken.apply(vec![put(1, "t", &["alpha"])], 1).expect("applies");
    taken.apply(vec![put(2, "t", &["alpha"])], 2).expect("applies");
    // It wakes up.
    let error = held.apply(vec![put(9, "t", &["alpha"])], 9).expect_err("it has lost the index");
    assert_eq!(error.kind(), crate::base::ErrorKind::Locked);
    assert_eq!(found(&stalled, "alpha"), [1], "what it had is right");
    drop((held, taken));
    stalled.refresh().expect("moves over");
    assert_eq!((stalled.level().position, found(&stalled, "alpha")), (2, vec![1, 2]));
    stalled.apply(vec![put(3, "t", &["alpha"])], 3).expect("applies");
    assert!(!folder.path().join("1").exists(), "the old generation is gone");
    other.refresh().expect("reads on");
    assert_eq!(found(&other, "alpha"), [1, 2, 3]);
}

#[test]
fn who_gives_signs_of_life_is_waited_for() {
    let folder = tempfile::tempdir().expect("folder");
    // The holder takes longer than anyone waits, but is never silent for so long, not even
    // on a machine that has much else to do.
    let patience = Duration::from_secs(2);
    let open = || Arc::new(TenantIndex::open(folder.path(), Some(DIMENSION), KEY, patience).expect("opens"));
    let (busy, other) = (open(), open());
    let held = busy.hold().expect("held");
    let waiting = std::thread::spawn(move || other.hold().map(|held| (other.level().position, held)));
    for position in 1..=8 {
        std::thread::sleep(patience / 6);
        held.apply(vec![put(1, "t", &["alpha"])], position).expect("applies");
    }
    drop(held);
    let (position, _held) = waiting.join().expect("ends").expect("held");
    assert_eq!(position, 8);
}

#[test]
fn whoever_was_dropped_half_way_cannot_write_after_the_next() {
    let folder = tempfile::tempdir().expect("folder");
    let index = impatient(folder.path());
    let orphan = index.hold().expect("held");
    let held = index.hold().expect("held");
    held.apply(vec![put(1, "t", &["alpha"])], 2).expect("applies");
    let error = orphan.apply(vec![put(1, "t", &["omega"])], 1).expect_err("it is too late");
    assert_eq!(error.kind(), crate::base::ErrorKind::Locked);
    drop(orphan);
    held.apply(vec![put(2, "t", &["alpha"])], 3).expect("is held still");
    assert_eq!((index.level().position, found(&index, "alpha")), (3, vec![1, 2]));
}

#[test]
fn a_lost_folder_is_begun_anew() {
    let folder = tempfile::tempdir().expect("folder");
    let root = folder.path().join("tenant");
    let (one, other) = (open(&root), open(&root));
    one.apply(vec![put(1, "t", &["alpha"])], 1).expect("applies");
    other.refresh().expect("reads on");
    fs::remove_dir_all(&root).expect("removes");
    assert_eq!(found(&other, "alpha"), [1]);
    let incarnation = one.level().incarnation;
    one.apply(vec![put(2, "t", &["alpha"])], 1).expect("applies");
    assert_ne!(one.level().incarnation, incarnation, "searches under way notice");
    assert_eq!(found(&one, "alpha"), [2]);
    other.refresh().expect("reads on");
    assert_eq!(found(&other, "alpha"), [2]);
}
