//! The thread that calls the interceptors of one capsule.
//!
//! Calls of one capsule happen in the order in which their messages were published. A call that
//! computes for long holds its own capsule's thread and nobody else's.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;

use tokio_util::sync::CancellationToken;

use super::Step;
use crate::bus::Message;
use crate::engine::{Call, CallReport, Ending, Loaded};
use crate::host::ports::{Belongings, Refused};
use crate::host::record::Observer;
use crate::limits::DISPATCH_QUEUE_MAX;
use crate::policy::budget::CallLimits;
use crate::policy::rate::Reservation;
use crate::policy::verdict::Verdict;
use crate::principal::PrincipalId;

/// A message on its way along a chain.
pub struct Deliver {
    /// The message that is being served.
    pub message: Arc<Message>,
    /// What the next handler gets: the message's payload, or what an earlier handler made of it.
    pub payload: Arc<[u8]>,
    /// The whole chain.
    pub chain: Arc<[Step]>,
    /// The step that is due.
    pub at: usize,
}

/// How one step went.
pub struct Handled {
    /// What was delivered.
    pub delivered: Deliver,
    /// What came of the call; `None` when the principal may not be acted for.
    pub outcome: Result<CallReport, Refused>,
}

impl Handled {
    /// The rest of the chain, if the answer leaves one.
    pub fn next(self) -> Option<Deliver> {
        let Handled { mut delivered, outcome } = self;
        match outcome.map(|report| report.ending) {
            Ok(Ending::Verdict(Verdict::Final(_) | Verdict::Deny { .. })) | Err(_) => return None,
            Ok(Ending::Verdict(Verdict::Continue(Some(data)))) if !data.is_empty() => {
                delivered.payload = data.into_bytes().into();
            }
            _ => {}
        }
        delivered.at += 1;
        (delivered.at < delivered.chain.len()).then_some(delivered)
    }
}

/// What a worker calls, and how.
pub struct WorkerOptions {
    /// The capsule.
    pub loaded: Loaded,
    /// Its owner.
    pub owner: Arc<Belongings>,
    /// Lets a principal call, or says why it may not.
    pub admit: Admit,
    /// Sees the host calls of each instance.
    pub observer: MakeObserver,
    /// Told how each step went, on the worker's thread.
    pub handled: Box<dyn Fn(Handled) + Send>,
    /// The runtime that serves timers.
    pub runtime: tokio::runtime::Handle,
    /// Ends calls; what is queued then is not called any more.
    pub cancel: CancellationToken,
}

/// Decides whether a principal may call, and with what limits.
pub type Admit = Box<dyn Fn(&PrincipalId) -> Result<Admitted, Refused> + Send>;

/// Makes the observer of one instance, if it is to be observed.
pub type MakeObserver = Box<dyn Fn() -> Option<Box<dyn Observer>> + Send>;

/// Leave to make one call.
pub struct Admitted {
    /// What the call may use.
    pub limits: CallLimits,
    /// The principal's share of processor time, charged in full unless it is settled.
    pub reservation: Reservation,
}

/// A worker that was started; it ends when this is dropped and its queue is empty.
pub struct Worker {
    queue: Option<SyncSender<Deliver>>,
    thread: Option<JoinHandle<()>>,
}

/// Why a message was not queued.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WorkerError {
    /// Too many messages wait for this capsule.
    #[error("{max} messages wait already")]
    Full {
        /// Places in the queue.
        max: usize,
    },
    /// The worker has ended.
    #[error("the capsule is no longer served")]
    Ended,
}

impl Worker {
    /// Starts the thread.
    pub fn start(options: WorkerOptions) -> std::io::Result<Worker> {
        let (queue, jobs) = sync_channel(DISPATCH_QUEUE_MAX);
        let name = format!("call {}", options.loaded.capsule().id);
        let thread =
            std::thread::Builder::new().name(name).spawn(move || serve(&options, &jobs))?;
        Ok(Worker { queue: Some(queue), thread: Some(thread) })
    }

    /// Queues a step without waiting.
    pub fn deliver(&self, delivery: Deliver) -> Result<(), WorkerError> {
        let Some(queue) = &self.queue else { return Err(WorkerError::Ended) };
        queue.try_send(delivery).map_err(|error| match error {
            TrySendError::Full(_) => WorkerError::Full { max: DISPATCH_QUEUE_MAX },
            TrySendError::Disconnected(_) => WorkerError::Ended,
        })
    }

    /// Lets the worker finish what is queued and waits for it.
    pub fn finish(mut self) {
        self.queue = None;
        if let Some(thread) = self.thread.take() {
            // A panic on the thread has been reported by the panic hook.
            let _ = thread.join();
        }
    }
}

fn serve(options: &WorkerOptions, jobs: &Receiver<Deliver>) {
    while let Ok(delivered) = jobs.recv() {
        if options.cancel.is_cancelled() {
            continue;
        }
        let outcome = call(options, &delivered);
        (options.handled)(Handled { delivered, outcome });
    }
}

fn call(options: &WorkerOptions, delivery: &Deliver) -> Result<CallReport, Refused> {
    let principals = &options.loaded.capsule().services.principals;
    let principal = match delivery.message.principal.name() {
        None => Arc::clone(&options.owner),
        Some(name) => {
            // A principal that is there but malformed is refused, never taken for the owner.
            let id = PrincipalId::new(name)
                .map_err(|error| Refused { id: name.to_owned(), reason: error.to_string() })?;
            principals.belongings(&id)?
        }
    };
    let Admitted { limits, reservation } = (options.admit)(&principal.id)?;
    let call = Call {
        action: &delivery.chain[delivery.at].action,
        payload: &delivery.payload,
        principal,
        owner: Arc::clone(&options.owner),
        caller: Some(Arc::clone(&delivery.message)),
        limits,
        cancel: options.cancel.clone(),
    };
    let invoke = options.loaded.invoke(call, (options.observer)());
    let report = options.runtime.block_on(tokio::task::coop::unconstrained(invoke));
    let used = report.fuel.call.saturating_add(report.fuel.instantiate);
    reservation.settle(used, options.loaded.capsule().services.stopwatch.monotonic());
    Ok(report)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::bus::Attribution;
    use crate::engine::{FuelUse, MemoryUse, Times};

    fn handled(ending: Ending) -> Handled {
        let message = Message {
            topic: "a.b".into(),
            payload: "1".into(),
            source_id: uuid::Uuid::nil(),
            principal: Attribution::System,
            seq: 1,
            timestamp: Duration::ZERO,
        };
        let step = |action: &str| Step { worker: 0, action: action.to_owned() };
        let chain = [step("first"), step("second")].into();
        let payload = (*b"1").into();
        let delivered = Deliver { message: Arc::new(message), payload, chain, at: 0 };
        let report = CallReport {
            ending,
            fuel: FuelUse::default(),
            memory: MemoryUse::default(),
            times: Times::default(),
            host_calls: Vec::new(),
            denials: 0,
            last_host_call: None,
            received: 0,
            dropped: 0,
        };
        Handled { delivered, outcome: Ok(report) }
    }

    fn check(ending: Ending, next: Option<&[u8]>) {
        let text = format!("{ending:?}");
        let rest = handled(ending).next().map(|rest| (rest.at, rest.payload));
        assert_eq!(rest, next.map(|payload| (1, payload.into())), "{text}");
    }

    #[test]
    fn a_refused_principal_ends_the_chain() {
        let mut refused = handled(Ending::Returned);
        refused.outcome = Err(Refused { id: "x".into(), reason: "disabled".into() });
        assert!(refused.next().is_none());
    }

    #[test]
    fn answers_decide_how_a_chain_goes_on() {
        let verdict = |verdict| Ending::Verdict(verdict);
        check(verdict(Verdict::Continue(None)), Some(b"1"));
        check(verdict(Verdict::Continue(Some(String::new()))), Some(b"1"));
        check(verdict(Verdict::Continue(Some("2".into()))), Some(b"2"));
        check(verdict(Verdict::Final(Some("2".into()))), None);
        check(verdict(Verdict::Deny { reason: "no".into() }), None);
        check(Ending::OutOfFuel { budget: 1 }, Some(b"1"));
    }
}
