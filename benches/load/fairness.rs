//! Principals that behave, and one that takes whatever it gets: calls over the dispatcher, as
//! `capsule run` makes them.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use capsule::bus::{Attribution, Message};
use capsule::dispatch::{
    Admitted, Deliver, Dispatcher, DispatcherOptions, Handled, OnError, Outcome as Came, Served,
    Step,
};
use capsule::engine::Pool;
use capsule::host::ports::Refused;
use capsule::limits::{DISPATCH_CALLS_MAX, INSTANCES_IDLE_MAX};
use capsule::policy::budget::{AskedLimits, call_limits};
use capsule::principal::PrincipalId;
use tokio_util::sync::CancellationToken;

use super::Outcome;
use super::town::{Capsule, Town, principal};

/// Capsules, each of which serves everybody: as many as there are places for calls, so that one
/// principal could have a call in each.
pub(crate) const CAPSULES: usize = DISPATCH_CALLS_MAX;
/// Principals that behave: each always has one short call under way.
pub(crate) const OTHERS: usize = 8;

/// What the one that does not behave calls, as often as it may: one call is made of each capsule and
/// one more waits.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hostile {
    /// Nothing; it is not there.
    Absent,
    /// What never ends.
    Endless,
    /// What ends before it is known to be long.
    Long,
}

/// What the principals that behave got.
pub(crate) struct Got {
    pub(crate) calls_per_second: f64,
    /// From the message to the answer.
    pub(crate) p99: Duration,
}

/// Runs for a while.
pub(crate) fn run(
    (town, capsules): (&Arc<Town>, &[Capsule]),
    payload: &str,
    hostile: Hostile,
    time: Duration,
) -> Outcome<Got> {
    let timers =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let street = Arc::new(Street {
        dispatcher: OnceLock::new(),
        is_open: AtomicBool::new(true),
        callers: Mutex::default(),
        latencies: Mutex::default(),
    });
    let weak = Arc::downgrade(&street);
    let dispatcher = Dispatcher::start(DispatcherOptions {
        runtime: timers.handle().clone(),
        stopwatch: town.machine.stopwatch().clone(),
        handled: Box::new(move |handled| {
            if let Some(street) = weak.upgrade() {
                street.handled(handled);
            }
        }),
        cancel: CancellationToken::new(),
        instances: Some(Pool::new(INSTANCES_IDLE_MAX)),
    })?;
    for (number, capsule) in capsules.iter().enumerate() {
        dispatcher.serve(number, Arc::new(served(town, capsule)?));
    }
    let _ = street.dispatcher.set(dispatcher);

    if hostile != Hostile::Absent {
        let action = if hostile == Hostile::Long { "long" } else { "spin" };
        for capsule in 0..2 * CAPSULES {
            street.enter(OTHERS, capsule % CAPSULES, action, payload)?;
        }
    }
    for caller in 0..OTHERS {
        street.enter(caller, caller, super::ACTION, payload)?;
    }
    let started = Instant::now();
    std::thread::sleep(time);
    let took = started.elapsed();
    street.is_open.store(false, Ordering::Relaxed);
    let mut latencies = std::mem::take(&mut *lock(&street.latencies));
    latencies.sort_unstable();
    let at = (latencies.len() * 99 / 100).min(latencies.len().saturating_sub(1));
    Ok(Got {
        calls_per_second: latencies.len() as f64 / took.as_secs_f64(),
        p99: latencies.get(at).copied().unwrap_or(time),
    })
}

/// Those who send messages. Each sends the next one when the last one was handled.
struct Street {
    dispatcher: OnceLock<Dispatcher>,
    is_open: AtomicBool,
    /// By the number of the message.
    callers: Mutex<Vec<Sender>>,
    latencies: Mutex<Vec<Duration>>,
}

/// One message that is sent again and again.
struct Sender {
    sent: Instant,
    is_hostile: bool,
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Street {
    fn enter(&self, who: usize, capsule: usize, action: &str, payload: &str) -> Outcome<()> {
        let mut callers = lock(&self.callers);
        let seq = callers.len() as u64;
        callers.push(Sender { sent: Instant::now(), is_hostile: who == OTHERS });
        drop(callers);
        let message = Message {
            topic: "a.b".into(),
            payload: payload.into(),
            source_id: uuid::Uuid::nil(),
            principal: Attribution::Verified(principal(who)?.as_str().into()),
            seq,
            timestamp: Duration::ZERO,
        };
        let step = Step { worker: capsule, action: action.to_owned(), on_error: OnError::Continue };
        self.send(Arc::new(message), [step].into());
        Ok(())
    }

    fn send(&self, message: Arc<Message>, chain: Arc<[Step]>) {
        let delivery = Deliver::new(message, chain).expect("there is a step");
        self.dispatcher.get().expect("it has been started").dispatch(delivery);
    }

    fn handled(&self, handled: Handled) {
        if !self.is_open.load(Ordering::Relaxed) {
            return;
        }
        let number = usize::try_from(handled.delivered.message.seq).expect("there are few");
        let mut callers = lock(&self.callers);
        let caller = &mut callers[number];
        let (latency, is_hostile) = (caller.sent.elapsed(), caller.is_hostile);
        caller.sent = Instant::now();
        drop(callers);
        if !is_hostile {
            let Came::Called(report) = &handled.outcome else {
                panic!("a principal that behaves was refused: {:?}", handled.outcome)
            };
            super::town::check(report);
            lock(&self.latencies).push(latency);
        }
        self.send(handled.delivered.message, handled.delivered.chain);
    }
}

/// A capsule as `run` serves it.
fn served(town: &Arc<Town>, capsule: &Capsule) -> Outcome<Served> {
    let hosted = capsule.hosted.clone();
    let (ledger, clock) = (town.ledger.clone(), town.machine.stopwatch().clone());
    let admit = move |id: &PrincipalId| {
        let refuse = |reason: String| Refused { id: id.to_string(), reason };
        let (account, principal) = hosted.find(id)?;
        let (profile, asked) = (Some(account.profile()), AskedLimits::default());
        let limits = call_limits(profile, asked, account.is_exempt())
            .map_err(|error| refuse(error.to_string()))?;
        let reservation = account
            .admit(ledger.tab(id), clock.monotonic())
            .map_err(|error| refuse(error.to_string()))?;
        Ok(Admitted { principal, limits, reservation })
    };
    let pace = town.machine.stopwatch().clone();
    Ok(Served {
        pace,
        loaded: capsule.loaded.clone(),
        owner: capsule.hosted.belongings(&principal(0)?)?,
        admit: Box::new(admit),
        observer: Box::new(|| None),
        attend: None,
    })
}
