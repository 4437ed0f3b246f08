//! Kills, lost and damaged files: never a panic, never a claim that is not true.

use std::fs;
use std::path::{Path, PathBuf};

use super::*;

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("creates");
    for entry in fs::read_dir(from).expect("lists") {
        let entry = entry.expect("entry");
        let target = to.join(entry.file_name());
        if entry.file_type().expect("type").is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).expect("copies");
        }
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).expect("lists") {
        let path = entry.expect("entry").path();
        if path.is_dir() { files.extend(self::files(&path)) } else { files.push(path) }
    }
    files.sort();
    files
}

/// Three steps, each a position.
fn step(position: u64) -> Vec<IndexChange> {
    match position {
        1 => vec![put(1, "one", &["alpha beta", "gamma"]), put(2, "two", &["alpha"])],
        2 => vec![
            put(2, "two", &["beta delta", "iota"]),
            IndexChange::Move { document: document_id(1), project: Some(project_id(3)) },
        ],
        _ => vec![IndexChange::Delete(document_id(1)), put(3, "three", &["alpha omega"])],
    }
}

fn answers(index: &TenantIndex) -> String {
    let filter = DocumentFilter::default();
    let lexical =
        index.lexical(&query("one two alpha beta gamma delta omega"), &filter, 10).expect("searches");
    let semantic = index.semantic(&embed("aeio"), &filter, 10).expect("searches");
    format!("{lexical:?} {semantic:?} {} {}", index.document_count(), index.chunk_count())
}

/// Brings the index up to date from wherever it says it is.
fn catch_up(index: &TenantIndex) {
    for position in index.level().position + 1..=3 {
        index.apply(step(position), position).expect("applies");
    }
}

fn expected() -> String {
    let folder = tempfile::tempdir().expect("folder");
    let index = open(folder.path());
    catch_up(&index);
    answers(&index)
}

/// The folder of a workspace closed after step 2, and after step 3.
fn two_states() -> (tempfile::TempDir, tempfile::TempDir) {
    let before = tempfile::tempdir().expect("folder");
    let after = tempfile::tempdir().expect("folder");
    let index = open(before.path());
    index.apply(step(1), 1).expect("applies");
    index.apply(step(2), 2).expect("applies");
    drop(index);
    copy(before.path(), after.path());
    open(after.path()).apply(step(3), 3).expect("applies");
    (before, after)
}

#[test]
fn killed_between_the_parts_it_catches_up() {
    let (before, after) = two_states();
    let expected = expected();
    // Which of the parts made it to disk; the postings go first, the log last.
    for (postings, vectors, log) in
        [(true, false, false), (true, true, false), (true, true, true), (false, true, true)]
    {
        let folder = tempfile::tempdir().expect("folder");
        let pick = |newer: bool| if newer { after.path() } else { before.path() };
        copy(&pick(postings).join("1/postings"), &folder.path().join("1/postings"));
        fs::copy(pick(vectors).join("1/vectors.0"), folder.path().join("1/vectors.0")).expect("copies");
        fs::copy(pick(log).join("1/rows.log"), folder.path().join("1/rows.log")).expect("copies");
        let index = open(folder.path());
        let complete = postings && log;
        assert_eq!(index.level().position, if complete { 3 } else { 2 }, "{postings} {vectors} {log}");
        catch_up(&index);
        assert_eq!(answers(&index), expected, "{postings} {vectors} {log}");
        assert!(index.is_complete());
        drop(index);
        let index = open(folder.path());
        assert_eq!((index.level().position, answers(&index)), (3, expected.clone()));
    }
}

#[test]
fn the_log_may_be_cut_anywhere() {
    let (_, after) = two_states();
    let expected = expected();
    let length = fs::metadata(after.path().join("1/rows.log")).expect("log").len();
    let mut positions = Vec::new();
    for cut in (0..length).step_by(29) {
        let folder = tempfile::tempdir().expect("folder");
        copy(after.path(), folder.path());
        let log = fs::OpenOptions::new().write(true).open(folder.path().join("1/rows.log")).expect("opens");
        log.set_len(cut).expect("cuts");
        let index = open(folder.path());
        positions.push(index.level().position);
        catch_up(&index);
        assert_eq!(answers(&index), expected, "cut at {cut}");
    }
    assert!(positions.is_sorted(), "{positions:?}");
    assert_eq!((positions.first(), positions.last()), (Some(&0), Some(&2)));
}

#[test]
fn any_file_may_be_missing_cut_or_garbled() {
    let (_, after) = two_states();
    let expected = expected();
    for file in files(after.path()) {
        let name = file.strip_prefix(after.path()).expect("inside").to_owned();
        let original = fs::read(&file).expect("reads");
        let flipped = |every: usize| {
            let mut bytes = original.clone();
            bytes.iter_mut().step_by(every).for_each(|byte| *byte ^= 0x5a);
            bytes
        };
        let cut = original[..original.len() / 2].to_vec();
        for (how, bytes) in
            [("missing", None), ("empty", Some(vec![])), ("cut", Some(cut)), ("garbled", Some(flipped(3)))]
        {
            let folder = tempfile::tempdir().expect("folder");
            copy(after.path(), folder.path());
            match bytes {
                Some(bytes) => fs::write(folder.path().join(&name), bytes).expect("writes"),
                None => fs::remove_file(folder.path().join(&name)).expect("removes"),
            }
            let index = open(folder.path());
            catch_up(&index);
            assert_eq!(answers(&index), expected, "{} {how}", name.display());
        }
    }
}

#[test]
fn other_vectors_mean_an_empty_index() {
    let (_, after) = two_states();
    let index = TenantIndex::open(after.path(), Some(DIMENSION), "another model", PATIENCE).expect("opens");
    assert_eq!((index.level().position, index.document_count()), (0, 0));
    catch_up(&index);
    assert_eq!(answers(&index), expected());
    drop(index);
    let index = TenantIndex::open(after.path(), Some(8), "another model", PATIENCE).expect("opens");
    assert_eq!((index.level().position, index.document_count()), (0, 0));
    drop(index);
    let index = TenantIndex::open(after.path(), None, "another model", PATIENCE).expect("opens");
    assert_eq!(index.level().position, 0);
}

#[test]
fn emptying_spares_what_is_not_the_index() {
    let folder = tempfile::tempdir().expect("folder");
    fs::write(folder.path().join("notes.txt"), "mine").expect("writes");
    fs::create_dir(folder.path().join("1")).expect("creates");
    fs::write(folder.path().join("1/rows.log"), "garbage").expect("writes");
    // As versions before the generations had it.
    fs::write(folder.path().join("rows.log"), "old").expect("writes");
    assert_eq!(open(folder.path()).level().position, 0);
    assert_eq!(fs::read_to_string(folder.path().join("notes.txt")).expect("reads"), "mine");
    assert!(!folder.path().join("rows.log").exists() && !folder.path().join("1").exists());
}

#[test]
fn compaction_frees_what_is_dead() {
    let folder = tempfile::tempdir().expect("folder");
    let index = open(folder.path());
    for position in 1..=30 {
        let batch = (0..50).map(|n| put(n, "title", &["some words here", "and more"])).collect();
        index.apply(batch, position).expect("applies");
    }
    let answers_before = answers(&index);
    let vector_files =
        || files(folder.path()).into_iter().filter(|file| file.to_string_lossy().contains("vectors."));
    let vector_bytes: u64 = vector_files().map(|file| fs::metadata(file).expect("file").len()).sum();
    assert_eq!(vector_files().count(), 1);
    assert!(vector_bytes < 30 * 100 * 16 / 2, "{vector_bytes} bytes for 1,600");
    assert!(index.is_complete());
    drop(index);
    let index = open(folder.path());
    assert_eq!((index.level().position, answers(&index)), (30, answers_before));
}

#[test]
fn an_unwritable_folder_is_an_error_not_a_reason_to_empty_it() {
    let folder = tempfile::tempdir().expect("folder");
    let file = folder.path().join("file");
    fs::write(&file, "not a folder").expect("writes");
    let error = TenantIndex::open(&file, None, "", PATIENCE).err().expect("fails");
    assert_eq!(error.kind(), crate::base::ErrorKind::Io);
}
