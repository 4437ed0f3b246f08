//! An account that is linked to a fake Google, and its APIs: for tests of sources.

use std::sync::Arc;

use besunny_fake_google::{Fault, FaultKind, Settings, When};

use super::api::Api;
use super::client::Google;
use super::oauth::ConsentRequest;
use super::quota::ServiceQuota;
use super::testing::{Fixture, browse, granted};
use crate::domain::Service;

pub(super) struct Linked {
    pub(super) fixture: Fixture,
    pub(super) api: Arc<dyn Api>,
    _google: Arc<Google>,
}

impl Linked {
    pub(super) async fn new(settings: Settings) -> Self {
        let fixture = Fixture::with(settings).await;
        // The clock stands still, and with it whoever waits for quota.
        fixture.change(|options| {
            let plenty = ServiceQuota::new(u32::MAX, u32::MAX);
            (options.quota.gmail, options.quota.drive) = (plenty, plenty);
        });
        let google = fixture.google();
        let question =
            ConsentRequest { services: vec![Service::Gmail, Service::Drive], ..fixture.question() };
        let url = google.consents.ask(question).await.unwrap().url;
        let granted = granted(google.consents.finish(browse(&url).await, Some(fixture.ana)).await);
        Self { fixture, api: google.api(granted.account), _google: google }
    }

    pub(super) fn fault(&self, kind: FaultKind, place: &str, when: When) {
        self.fixture.fake.fault(Fault::new(kind, place, when));
    }
}

/// Whole numbers from a seed: all that a test needs of chance.
pub(super) struct Chance(pub(super) u64);

impl Chance {
    pub(super) fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % end
    }
}
