//! Whatever happens in whatever order, in the end we know what the source knows.

use std::future::Future;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use proptest::prelude::*;

use super::fixture::Fixture;
use crate::base::CancelToken;
use crate::sync::engine::{RunOptions, Trigger};

/// Something that happens at the source, on the way, or here.
#[derive(Clone, Debug)]
enum Step {
    Deliver(u8),
    Relabel(u8, bool),
    Delete(u8),
    Hint,
    Poll,
    Pass(u16),
    /// The process is killed at this await of a run.
    Killed(u8),
    Late(u16),
    ForgetLog,
    RefuseCursors(u8),
    Fail(u8),
    Poison(u8, u8),
}

fn step() -> impl Strategy<Value = Step> {
    let id = 0_u8..12;
    prop_oneof![
        6 => id.clone().prop_map(Step::Deliver),
        4 => (id.clone(), any::<bool>()).prop_map(|(id, adds)| Step::Relabel(id, adds)),
        3 => id.clone().prop_map(Step::Delete),
        4 => Just(Step::Hint),
        4 => Just(Step::Poll),
        4 => (0_u16..3_000).prop_map(Step::Pass),
        2 => (1_u8..60).prop_map(Step::Killed),
        1 => (0_u16..50_000).prop_map(Step::Late),
        1 => Just(Step::ForgetLog),
        1 => (1_u8..3).prop_map(Step::RefuseCursors),
        1 => (1_u8..4).prop_map(Step::Fail),
        1 => (id, 1_u8..4).prop_map(|(id, times)| Step::Poison(id, times)),
    ]
}

async fn take(fixture: &Fixture, step: &Step) {
    let source = &fixture.source;
    let name = |id: &u8| format!("m{id:02}");
    match step {
        Step::Deliver(id) => {
            let is_there = source.world().objects.contains_key(&name(id));
            if !is_there {
                source.deliver(&name(id), &["INBOX"]);
            }
        }
        Step::Relabel(id, adds) => {
            let is_there = source.world().objects.contains_key(&name(id));
            match (is_there, adds) {
                (true, true) => source.relabel(&name(id), &["STARRED"], &["INBOX"]),
                (true, false) => source.relabel(&name(id), &["INBOX"], &["STARRED"]),
                (false, _) => {}
            }
        }
        Step::Delete(id) => {
            let is_there = source.world().objects.contains_key(&name(id));
            if is_there {
                source.delete(&name(id));
            }
        }
        Step::Hint => {
            fixture.hint().await;
            fixture.run(Trigger::Hint).await;
        }
        Step::Poll => drop(fixture.run(Trigger::Poll).await),
        Step::Pass(seconds) => fixture.pass(Duration::from_secs(u64::from(*seconds))),
        Step::Killed(polls) => killed_after(fixture, *polls).await,
        Step::Late(millis) => source.world().late = Duration::from_millis(u64::from(*millis)),
        Step::ForgetLog => {
            let mut world = source.world();
            world.oldest = world.log.len();
        }
        Step::RefuseCursors(times) => source.world().refusing = u32::from(*times),
        Step::Fail(times) => source.world().failing = u32::from(*times),
        Step::Poison(id, times) => {
            source.world().poison.insert(name(id), u32::from(*times));
        }
    }
}

/// Begins a run and drops it when it has been polled so often.
async fn killed_after(fixture: &Fixture, polls: u8) {
    let options = RunOptions { trigger: Trigger::Poll, cancel: CancelToken::new(), progress: None };
    let mut run = pin!(fixture.engine.run(&fixture.scope, &fixture.key, &options));
    let mut left = polls;
    std::future::poll_fn(|context| match run.as_mut().poll(context) {
        Poll::Ready(_) => Poll::Ready(()),
        Poll::Pending if left == 0 => Poll::Ready(()),
        Poll::Pending => {
            left -= 1;
            Poll::Pending
        }
    })
    .await;
}

/// Lets everything settle: nothing fails any more, and time passes.
async fn quiesce(fixture: &Fixture) {
    {
        let mut world = fixture.source.world();
        world.failing = 0;
        world.refusing = 0;
        world.poison.clear();
        world.late = Duration::ZERO;
    }
    // Longer than what was set aside waits, and than a cursor that is refused over and over.
    for _ in 0..4 {
        fixture.pass(Duration::from_hours(25));
        fixture.run(Trigger::Poll).await;
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, max_shrink_iters: 200, ..ProptestConfig::default() })]

    #[test]
    fn what_is_known_here_is_what_is_known_there(steps in prop::collection::vec(step(), 1..40)) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("builds");
        let (here, there, waiting) = runtime.block_on(async {
            let fixture = Fixture::new().await;
            for step in &steps {
                take(&fixture, step).await;
            }
            quiesce(&fixture).await;
            let waiting = fixture.read().await.work_counts(&fixture.key).await.expect("counts");
            let there = fixture.source.world().objects.clone();
            (fixture.objects().await, there, waiting)
        });
        prop_assert_eq!(here, there);
        prop_assert_eq!((waiting.waiting, waiting.aside), (0, 0));
    }
}
