//! Files that live, and a mirror of them that must be equal in the end.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use besunny_fake_google::{ChildChanges, FakeGoogle, FaultKind, NewFile, Settings, Snapshot, When};

use super::fixtures::{DOCUMENT, fetched, options, shared, stored, wanted};
use crate::base::{AccountId, Clock};
use crate::domain::{
    Channel, ChannelState, Content, Fetched, FileState, News, NextPage, ObjectState, Service, Source,
    SourceFailure, StreamKey, Told, WatchRequest,
};
use crate::google::drive::{DriveOptions, DriveSource};
use crate::google::testing::ANA;
use crate::google::with_fake::{Chance, Linked};

const BEN: &str = "ben@lumen.example";

/// A file, and its content where that is read.
type Kept = (FileState, Option<Vec<u8>>);

struct Mirror {
    source: DriveSource,
    cursor: Option<String>,
    files: BTreeMap<String, Kept>,
    snapshots: u32,
}

fn source_of(google: &Linked, options: DriveOptions) -> DriveSource {
    DriveSource::new(Arc::clone(&google.api), Arc::new(google.fixture.clock.clone()), options)
}

impl Mirror {
    fn new(google: &Linked, options: DriveOptions) -> Self {
        Self { source: source_of(google, options), cursor: None, files: BTreeMap::new(), snapshots: 0 }
    }

    async fn level(&mut self) {
        if let Some(cursor) = self.cursor.clone() {
            match self.look(cursor).await {
                Ok(()) => return,
                Err(SourceFailure::CursorExpired) => {}
                Err(failure) => panic!("{failure:?}"),
            }
        }
        self.snapshots += 1;
        let cursor = self.source.start().await.unwrap().unwrap();
        let (mut page, mut met) = (None, Vec::new());
        loop {
            let listed = self.source.snapshot(page.as_deref()).await.unwrap();
            met.extend(listed.told);
            match listed.next {
                NextPage::Page(next) => page = Some(next),
                next => {
                    assert_eq!(next, NextPage::Done(None));
                    break;
                }
            }
        }
        self.files.retain(|id, _| met.iter().any(|told| told.id == *id));
        self.take(met).await;
        self.look(cursor).await.unwrap();
    }

    async fn look(&mut self, mut cursor: String) -> Result<(), SourceFailure> {
        loop {
            let told = self.source.changes(&cursor, None).await?;
            self.take(told.told).await;
            match told.next {
                NextPage::Cursor(next) => cursor = next,
                NextPage::Done(next) => {
                    self.cursor = next;
                    return Ok(());
                }
                next => panic!("{next:?}"),
            }
        }
    }

    async fn take(&mut self, told: Vec<Told>) {
        let mut due = Vec::new();
        for Told { id, what } in told {
            match what {
                News::Gone => {
                    self.files.remove(&id);
                    due.retain(|other| *other != id);
                }
                News::Is(state) => {
                    let ObjectState::File(state) = *state else { panic!("not a file") };
                    let known = self.files.get(&id);
                    if known.is_some_and(|(known, _)| known.version > state.version) {
                        continue;
                    }
                    let content = known.filter(|(known, _)| known.content_version == state.content_version);
                    let content = content.and_then(|(_, content)| content.clone());
                    self.files.insert(id.clone(), (state, content));
                    if !due.contains(&id) {
                        due.push(id);
                    }
                }
                other => panic!("{other:?}"),
            }
        }
        let asked: Vec<_> = due
            .iter()
            .map(|id| match &self.files[id] {
                (state, Some(_)) => stored(id, &state.content_version),
                (_, None) => wanted(id),
            })
            .collect();
        for batch in asked.chunks(self.source.batch()) {
            for (wanted, result) in batch.iter().zip(self.source.fetch(batch).await) {
                match result.unwrap() {
                    Fetched::Gone => {
                        self.files.remove(&wanted.id);
                    }
                    object => {
                        let (state, content) = fetched(object);
                        let content = match content {
                            Content::File { bytes, .. } => Some(bytes),
                            Content::Same => self.files[&wanted.id].1.clone(),
                            _ => None,
                        };
                        self.files.insert(wanted.id.clone(), (state, content));
                    }
                }
            }
        }
    }

    /// Compares with what is true of the files that `is_mirrored` names by their drive.
    fn check(&self, truth: &Snapshot, is_mirrored: impl Fn(Option<&str>) -> bool) {
        let files: Vec<_> =
            truth.files.iter().filter(|(_, truth)| is_mirrored(truth.drive.as_deref())).collect();
        let ids: Vec<_> = files.iter().map(|(id, _)| id.as_str()).collect();
        assert_eq!(self.files.keys().map(String::as_str).collect::<Vec<_>>(), ids);
        for (id, truth) in files {
            let (state, content) = &self.files[id];
            assert_eq!(state.name, truth.name, "{id}");
            assert_eq!((state.trashed, state.version), (truth.trashed, truth.version), "{}", truth.name);
            assert_eq!(state.parent.as_ref(), truth.parents.first(), "{}", truth.name);
            assert_eq!((&state.drive, &state.owner), (&truth.drive, &truth.owner), "{}", truth.name);
            assert_eq!(content.is_some(), state.unread.is_none(), "{}: {:?}", truth.name, state.unread);
            if let Some(content) = content {
                assert_eq!(content.len(), truth.size, "{}", truth.name);
            }
            if !truth.md5.is_empty() {
                assert_eq!(state.content_version, truth.md5, "{}", truth.name);
            }
        }
    }
}

/// Something happens to the files.
fn live(fake: &FakeGoogle, chance: &mut Chance, places: &[String], ids: &mut Vec<String>, count: &mut u32) {
    let kind = chance.below(10);
    if kind < 4 || ids.is_empty() {
        *count += 1;
        let (name, media_type) = [
            ("a.txt", "text/plain"),
            ("b.md", "text/markdown"),
            ("c.pdf", "application/pdf"),
            ("d", DOCUMENT),
            ("e", "application/vnd.google-apps.spreadsheet"),
            ("f.csv", "text/csv"),
        ][chance.below(6)];
        let new = NewFile::new(&format!("{count}-{name}"), media_type, format!("content,{count}").as_bytes());
        let place = &places[chance.below(places.len())];
        ids.extend(fake.add_file(ANA, new.within(place)));
        return;
    }
    let id = ids[chance.below(ids.len())].clone();
    *count += 1;
    match kind {
        4 => fake.trash_file(&id),
        5 => fake.untrash_file(&id),
        6 => fake.edit_file(&id, format!("edited,{count}").as_bytes()),
        7 => fake.rename_file(&id, &format!("{count}-renamed.txt")),
        8 => fake.move_file(&id, &places[chance.below(places.len())]),
        _ => fake.remove_file(&id),
    };
}

#[tokio::test]
async fn whatever_happens_the_mirror_is_equal_in_the_end() {
    for seed in 1..=3 {
        let settings = Settings { seed, child_changes: ChildChanges::All, ..Settings::default() };
        let google = Linked::new(settings).await;
        let fake = &google.fixture.fake;
        fake.add_account(BEN, "Ben");
        let drive = fake.add_shared_drive("Team", &[(ANA, "organizer"), (BEN, "writer")]);
        let root = fake.root_folder(ANA).unwrap();
        let folder = fake.add_folder(ANA, "Folder", None).unwrap();
        let places = [root, folder.clone(), drive.clone()];
        let separate = vec![drive.clone()];
        let mut mine = Mirror::new(&google, DriveOptions { separate, ..options() });
        let mut team = Mirror::new(&google, shared(&drive));
        let (mut chance, mut ids, mut count) = (Chance(seed), Vec::new(), 0);
        for round in 0..24 {
            match round % 6 {
                1 => google.fault(FaultKind::EmptyPage, "drive.changes.list", When::Next(1)),
                3 => google.fault(FaultKind::LateChange { millis: 700 }, "change.drive", When::Next(2)),
                5 => google.fault(FaultKind::ExpiredCursor, "drive.changes.list", When::Next(1)),
                _ => {}
            }
            for _ in 0..=chance.below(10) {
                live(fake, &mut chance, &places, &mut ids, &mut count);
            }
            mine.level().await;
            team.level().await;
            google.fixture.advance(1);
        }
        fake.clear_faults();
        google.fixture.advance(10);
        mine.level().await;
        team.level().await;
        let truth = fake.snapshot(ANA);
        mine.check(&truth, |file| file.is_none());
        team.check(&truth, |file| file == Some(drive.as_str()));
        assert!(count > 20 && mine.snapshots + team.snapshots > 2, "seed {seed}");
    }
}

#[tokio::test]
async fn what_is_shared_comes_and_goes_with_the_permission() {
    let google = Linked::new(Settings::default()).await;
    let fake = &google.fixture.fake;
    fake.add_account(BEN, "Ben");
    let id = fake.add_file(BEN, NewFile::new("theirs.txt", "text/plain", b"hello")).unwrap();
    let mut mirror = Mirror::new(&google, options());
    mirror.level().await;
    assert!(mirror.files.is_empty());
    fake.share_file(&id, ANA, "reader");
    mirror.level().await;
    assert_eq!(mirror.files[&id].1.as_deref(), Some(b"hello".as_slice()));
    fake.unshare_file(&id, ANA);
    mirror.level().await;
    assert!(mirror.files.is_empty());
}

#[tokio::test]
async fn trap_18_a_document_that_is_too_large_to_export_is_had_by_its_link() {
    let google = Linked::new(Settings::default()).await;
    let fake = &google.fixture.fake;
    let large = vec![b'x'; 11 << 20];
    let id = fake.add_file(ANA, NewFile::new("Book", DOCUMENT, b"")).unwrap();
    fake.set_export(&id, "text/markdown", &large);
    fake.set_export(&id, "text/plain", &large);
    let source = source_of(&google, options());
    let (state, content) = fetched(source.fetch(&[wanted(&id)]).await.remove(0).unwrap());
    assert_eq!(
        (state.unread, content),
        (None, Content::File { bytes: large, media_type: "text/markdown".into() })
    );
    assert_eq!(fake.calls("drive.files.export"), 2, "each media type once");
    // Too large for us as well: every way is gone once.
    let source = source_of(&google, DriveOptions { max_bytes: 1 << 20, ..options() });
    let (state, content) = fetched(source.fetch(&[wanted(&id)]).await.remove(0).unwrap());
    assert_eq!((state.unread.as_deref(), content), (Some("too_large"), Content::Unreadable));
}

#[tokio::test]
async fn what_may_not_be_downloaded_says_so() {
    let google = Linked::new(Settings::default()).await;
    let fake = &google.fixture.fake;
    fake.add_account(BEN, "Ben");
    let make = |name: &str| {
        let id = fake.add_file(BEN, NewFile::new(name, "text/plain", b"hello")).unwrap();
        fake.share_file(&id, ANA, "reader");
        id
    };
    let (withheld, abusive) = (make("withheld.txt"), make("abusive.txt"));
    fake.restrict_file(&withheld, true, false, None);
    fake.restrict_file(&abusive, false, true, None);
    let source = source_of(&google, options());
    for result in source.fetch(&[wanted(&withheld), wanted(&abusive)]).await {
        let (state, content) = fetched(result.unwrap());
        assert_eq!((state.unread.as_deref(), content), (Some("forbidden"), Content::Unreadable));
    }
}

#[tokio::test]
async fn trap_09_a_renewed_watch_is_on_the_same_drive() {
    let google = Linked::new(Settings::default()).await;
    let fake = &google.fixture.fake;
    let drive = fake.add_shared_drive("Team", &[(ANA, "organizer")]);
    let address = Some("https://hook.example/drive".to_owned());
    let source = source_of(&google, DriveOptions { address, ..shared(&drive) });
    let cursor = source.start().await.unwrap();
    let until = google.fixture.clock.now().after(Duration::from_hours(30 * 24));
    let mut channels = Vec::new();
    for id in ["c1", "c2"] {
        let (channel, token) = (id.to_owned(), "secret".to_owned());
        let request = WatchRequest { channel, token, file: None, cursor: cursor.clone(), until };
        let watch = source.watch(&request).await.unwrap();
        assert_eq!(watch.expires_at, google.fixture.clock.now().after(Duration::from_hours(7 * 24)));
        channels.push(Channel {
            id: id.into(),
            tenant: google.fixture.ana,
            stream: StreamKey::new(AccountId::from_bytes([1; 16]), Service::Drive, Some(&drive)),
            file: None,
            resource: Some(watch.resource),
            token_hash: Vec::new(),
            state: ChannelState::Stopping,
            expires_at: watch.expires_at,
            created_at: watch.expires_at,
            heard_at: None,
        });
        assert!(source.watch(&request).await.is_err(), "the id was used");
    }
    for channel in &channels {
        source.unwatch(channel).await.unwrap();
        source.unwatch(channel).await.unwrap();
    }
}
