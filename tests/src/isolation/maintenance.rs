//! What is done to the whole workspace, between the calls of its users.

use std::path::Path;

use besunny::{ErrorKind, NewJob, RebuildOptions, Workspace};

use super::Fuzz;
use super::people::listed;

impl Fuzz<'_> {
    pub(super) async fn maintain(&mut self, who: usize) {
        match self.random.below(5) {
            0 => {
                let report = self.workspace.check(false).await.expect("checks");
                assert!(report.is_clean(), "{report:?}");
                let found: Vec<u64> = report.users.iter().map(|user| user.documents).collect();
                assert_eq!(found, self.counts(), "each user is compared with their own index");
                self.count("check");
            }
            1 => {
                self.workspace.rebuild(RebuildOptions::default()).await.expect("rebuilds");
                self.count("rebuild");
            }
            2 => {
                // Of one user alone, as a job of theirs.
                let jobs = self.people[who].me.jobs();
                let enqueued = jobs.enqueue(NewJob::rebuild()).await.expect("takes a job");
                self.people[who].jobs.insert(enqueued.id);
                self.workspace.jobs().run_due().await.expect("runs");
                self.refresh().await;
                self.count("rebuild (job)");
            }
            3 => {
                let status = self.workspace.status().await.expect("a status");
                assert_eq!(status.documents, self.counts().iter().sum::<u64>());
                self.count("status");
            }
            _ => self.back_up().await,
        }
    }

    /// In a restored workspace everybody has what they have here, and nothing else.
    async fn back_up(&mut self) {
        let folder = self.folder.join(format!("backup-{}", self.random.next()));
        std::fs::create_dir_all(&folder).expect("a folder");
        let file = folder.join("copy");
        match self.workspace.backup(&file).await {
            Ok(()) => {}
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
                self.count("backup (refused)");
                return;
            }
        }
        let location = folder.join("restored");
        Workspace::restore(&file, &location).await.expect("restores");
        self.compare_with(&location).await;
        self.count("backup and restore");
    }

    async fn compare_with(&self, location: &Path) {
        let restored = crate::open_without_model(location).await;
        for person in &self.people {
            let me = restored.user(person.me.user().username.as_str()).await.expect("is there");
            assert_eq!(listed(&me).await, listed(&person.me).await, "documents of {}", person.word);
        }
        restored.close().await.expect("closes");
    }

    fn counts(&self) -> Vec<u64> {
        self.people.iter().map(|person| person.documents.len() as u64).collect()
    }

    fn count(&mut self, what: &'static str) {
        self.report.calls.entry(what).or_default().0 += 1;
    }
}
