//! The round through the browser.

use std::collections::HashMap;

use besunny_fake_google::Consent;
use url::Url;

use super::super::{Callback, ConsentRequest, Finished, Purpose};
use crate::base::{ErrorKind, Result, Secret, TenantId};
use crate::domain::{AccountKind, AccountStatus, Service};
use crate::google::testing::{ANA, Fixture, REDIRECT, browse, granted};

fn kind(finished: Result<Finished>) -> Option<ErrorKind> {
    finished.err().map(|error| error.kind())
}

fn query(url: &str) -> HashMap<String, String> {
    Url::parse(url).expect("an address").query_pairs().into_owned().collect()
}

#[tokio::test]
async fn asks_for_what_is_needed_and_proves_itself_later() {
    let fixture = Fixture::new().await;
    let google = fixture.google();
    let asked = query(&google.consents.ask(fixture.question()).await.expect("a question").url);
    let again = query(&google.consents.ask(fixture.question()).await.expect("a question").url);
    let has = |name: &str| asked.get(name).map(String::as_str);
    assert_eq!((has("response_type"), has("redirect_uri")), (Some("code"), Some(REDIRECT)));
    assert_eq!(
        (has("access_type"), has("prompt"), has("include_granted_scopes")),
        (Some("offline"), Some("consent"), Some("true"))
    );
    assert_eq!((has("code_challenge_method"), has("login_hint")), (Some("S256"), Some(ANA)));
    let scopes = has("scope").expect("scopes");
    assert!(
        scopes.contains("gmail.readonly") && scopes.contains("openid") && !scopes.contains("drive"),
        "{scopes}"
    );
    for fresh in ["state", "nonce", "code_challenge"] {
        // 128 bits at least, in base64url.
        assert!(asked[fresh].len() >= 22 && asked[fresh] != again[fresh], "{fresh}");
    }
    fixture.change(|options| options.read_only = false);
    let all = ConsentRequest { services: Service::ALL.to_vec(), ..fixture.question() };
    let scopes = query(&fixture.google().consents.ask(all).await.expect("a question").url)["scope"].clone();
    for scope in ["auth/gmail.modify", "auth/drive", "auth/calendar"] {
        assert!(scopes.split(' ').any(|asked| asked.ends_with(scope)), "{scopes}");
    }
}

#[tokio::test]
async fn a_consent_makes_an_account() {
    let fixture = Fixture::new().await;
    let google = fixture.google();
    let granted = fixture.link(&google, fixture.ana).await;
    let account = fixture.account(&granted.account).await;
    assert_eq!(account, granted.account);
    assert_eq!((account.email.as_str(), account.name.as_deref()), (ANA, Some("Ana Lopes")));
    assert_eq!(Some(account.subject.clone()), fixture.fake.sub(ANA));
    assert_eq!(
        (account.tenant, account.kind, account.status),
        (fixture.ana, AccountKind::Consented, AccountStatus::Active)
    );
    assert!(account.may("https://www.googleapis.com/auth/gmail.readonly") && !account.login);
    assert!(granted.missing.is_empty());
    assert_eq!(granted.return_to.as_deref(), Some("/settings"));
    // Step by step: what was granted before stays.
    let drive = ConsentRequest { services: vec![Service::Drive], ..fixture.question() };
    let url = google.consents.ask(drive).await.expect("a question").url;
    let account = self::granted(google.consents.finish(browse(&url).await, Some(fixture.ana)).await).account;
    assert_eq!(account.id, granted.account.id);
    assert!(
        super::super::can_read(&account, Service::Gmail) && super::super::can_read(&account, Service::Drive)
    );
    assert!(!super::super::can_read(&account, Service::Calendar));
}

#[tokio::test]
async fn users_may_untick_and_refuse() {
    let fixture = Fixture::new().await;
    let google = fixture.google();
    let both = || ConsentRequest { services: vec![Service::Gmail, Service::Drive], ..fixture.question() };
    let ticked = ["openid", "email", "https://www.googleapis.com/auth/gmail.readonly"].map(str::to_owned);
    fixture.fake.next_consent(Consent { scopes: Some(ticked.to_vec()), ..Consent::default() });
    let url = google.consents.ask(both()).await.expect("a question").url;
    let granted = granted(google.consents.finish(browse(&url).await, Some(fixture.ana)).await);
    assert!(granted.missing.iter().any(|scope| scope.ends_with("drive.readonly")), "{:?}", granted.missing);
    assert!(granted.account.may("https://www.googleapis.com/auth/gmail.readonly"));
    fixture.fake.next_consent(Consent { is_denied: true, ..Consent::default() });
    let url = google.consents.ask(both()).await.expect("a question").url;
    let error = google.consents.finish(browse(&url).await, Some(fixture.ana)).await.err().expect("refused");
    assert_eq!(error.kind(), ErrorKind::Forbidden);
    assert!(error.to_string().contains("access_denied"), "{error}");
}

#[tokio::test]
async fn a_state_is_good_once_for_ten_minutes_and_for_who_asked() {
    let fixture = Fixture::new().await;
    let google = fixture.google();
    let ask = async || browse(&google.consents.ask(fixture.question()).await.expect("a question").url).await;
    let bo = fixture.user(2, "bob").await;

    let callback = ask().await;
    assert!(google.consents.finish(callback.clone(), Some(fixture.ana)).await.is_ok());
    assert_eq!(
        kind(google.consents.finish(callback, Some(fixture.ana)).await),
        Some(ErrorKind::Unauthenticated)
    );

    for who in [Some(bo), None, Some(TenantId::SYSTEM)] {
        let callback = ask().await;
        assert_eq!(kind(google.consents.finish(callback.clone(), who).await), Some(ErrorKind::Forbidden));
        // And it is used up by that.
        assert_eq!(
            kind(google.consents.finish(callback, Some(fixture.ana)).await),
            Some(ErrorKind::Unauthenticated)
        );
    }

    let callback = ask().await;
    fixture.advance(601);
    assert_eq!(
        kind(google.consents.finish(callback, Some(fixture.ana)).await),
        Some(ErrorKind::Unauthenticated)
    );

    let made_up = Callback { state: "made up".into(), ..ask().await };
    assert_eq!(
        kind(google.consents.finish(made_up, Some(fixture.ana)).await),
        Some(ErrorKind::Unauthenticated)
    );
}

#[tokio::test]
async fn the_browser_that_asked_is_the_one_that_answers() {
    let fixture = Fixture::new().await;
    let google = fixture.google();
    let login = || ConsentRequest {
        purpose: Purpose::Login,
        tenant: TenantId::SYSTEM,
        services: Vec::new(),
        session: Some("cookie".into()),
        ..fixture.question()
    };
    for (session, fails) in
        [(None, true), (Some(Secret::from("other")), true), (Some(Secret::from("cookie")), false)]
    {
        let url = google.consents.ask(login()).await.expect("a question").url;
        let callback = Callback { session, ..browse(&url).await };
        let expected = fails.then_some(ErrorKind::Unauthenticated);
        assert_eq!(kind(google.consents.finish(callback, None).await), expected);
    }
}

#[tokio::test]
async fn pkce_binds_the_code_to_the_question() {
    let fixture = Fixture::new().await;
    let google = fixture.google();
    let first = browse(&google.consents.ask(fixture.question()).await.expect("a question").url).await;
    let second = browse(&google.consents.ask(fixture.question()).await.expect("a question").url).await;
    // Somebody slips the code of one consent into another.
    let mixed = Callback { code: first.code.clone(), ..second };
    let error = google.consents.finish(mixed, Some(fixture.ana)).await.err().expect("refused");
    assert_eq!(error.kind(), ErrorKind::Unauthenticated);
    assert!(error.to_string().contains("verifier"), "{error}");
    // The code was not spent by that, and is good with its own verifier.
    assert!(google.consents.finish(first, Some(fixture.ana)).await.is_ok());
}

#[tokio::test]
async fn trap_19_a_consent_without_a_refresh_token_keeps_the_stored_one() {
    let fixture = Fixture::new().await;
    let google = fixture.google();
    let account = fixture.linked(&google).await;
    let before = fixture.tokens(&account).await.refresh.expect("a refresh token");
    let url = google.consents.ask(fixture.question()).await.expect("a question").url;
    // Google gives none where it shows no screen.
    let url = url.replace("&prompt=consent", "");
    let again = granted(google.consents.finish(browse(&url).await, Some(fixture.ana)).await).account;
    assert_eq!(again.id, account.id);
    assert_eq!(fixture.tokens(&account).await.refresh, Some(before));
    fixture.advance(3_600);
    assert!(google.tokens.access(&again).await.is_ok());
    assert_eq!(fixture.fake.token_calls().refreshes, 1);
}

#[tokio::test]
async fn trap_19_an_account_that_could_not_be_refreshed_is_not_linked() {
    let fixture = Fixture::new().await;
    let google = fixture.google();
    let url = google.consents.ask(fixture.question()).await.expect("a question").url;
    let url = url.replace("&access_type=offline", "");
    assert_eq!(
        kind(google.consents.finish(browse(&url).await, Some(fixture.ana)).await),
        Some(ErrorKind::NeedsReauth)
    );
}

#[tokio::test]
async fn a_login_tells_who_it_is_and_finds_nobody_by_address() {
    let fixture = Fixture::new().await;
    let google = fixture.google();
    let sign_in = async || {
        let login = ConsentRequest {
            purpose: Purpose::Login,
            tenant: TenantId::SYSTEM,
            services: vec![Service::Gmail],
            ..fixture.question()
        };
        let url = google.consents.ask(login).await.expect("a question").url;
        assert!(!url.contains("gmail") && !url.contains("offline"), "{url}");
        match google.consents.finish(browse(&url).await, None).await.expect("a login") {
            Finished::SignedIn(sign_in) => sign_in,
            Finished::Linked(_) => panic!("a link"),
        }
    };
    // An account that is linked, but not to sign in with, is no login.
    let linked = fixture.linked(&google).await;
    let first = sign_in().await;
    assert_eq!((first.identity.email.as_str(), first.identity.email_verified), (ANA, true));
    assert_eq!(first.identity.hosted_domain.as_deref(), Some("lumen.example"));
    assert!(first.known.is_empty());
    let kept = google.consents.keep_login(fixture.ana, &first.identity).await.expect("kept");
    assert_eq!((kept.id, kept.login, &kept.scopes), (linked.id, true, &linked.scopes));
    assert_eq!(sign_in().await.known, [kept]);
    assert!(google.tokens.access(&linked).await.is_ok());
    // Who only signs in has nothing to be called with, and loses nothing by the attempt.
    let bo = fixture.user(2, "bob").await;
    let login = google.consents.keep_login(bo, &first.identity).await.expect("kept");
    assert_eq!(google.tokens.access(&login).await.expect_err("no tokens").kind(), ErrorKind::NeedsReauth);
    assert_eq!(fixture.account(&login).await.status, AccountStatus::Active);
}

#[tokio::test]
async fn only_accounts_of_the_domain_are_taken() {
    let fixture = Fixture::new().await;
    fixture.change(|options| options.hosted_domain = Some("other.example".into()));
    let google = fixture.google();
    let url = google.consents.ask(fixture.question()).await.expect("a question").url;
    assert_eq!(
        kind(google.consents.finish(browse(&url).await, Some(fixture.ana)).await),
        Some(ErrorKind::Forbidden)
    );
}

#[tokio::test]
async fn without_an_id_token_google_is_asked_who_it_is() {
    let fixture = Fixture::new().await;
    let google = fixture.google();
    let url = google.consents.ask(fixture.question()).await.expect("a question").url;
    let url = url.replace("scope=openid+", "scope=");
    let account = granted(google.consents.finish(browse(&url).await, Some(fixture.ana)).await).account;
    assert_eq!((account.email.as_str(), Some(account.subject)), (ANA, fixture.fake.sub(ANA)));
}
