//! What stands in for the world around the guest of one case: a simulation, somebody who says what the
//! case says, and what was logged and asked meanwhile.

use std::collections::BTreeMap;
use std::future::{Future, ready};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};

use super::model::{Answer, Given};
use super::world::{Simulation, SimulationOptions, WorldError};
use crate::clock::Clock;
use crate::fs::Mount;
use crate::host::ports::{
    ApprovalRequest, Approved, LogLevel, Person, PersonAnswer, Question, Remember,
};
use crate::local::{LogSink, Machine, MachineOptions, NetworkOptions, ProcessOptions};
use crate::manifest::Manifest;
use crate::policy::approval::{Rule, RuleAnswer};

/// The outside of one case.
pub struct Outside {
    /// The world that it is in.
    pub simulation: Simulation,
    /// What the capsule works in.
    pub workspace: Arc<Mount>,
    person: Arc<Scripted>,
    log: Arc<Mutex<Vec<String>>>,
}

impl Outside {
    /// Makes what the case says.
    ///
    /// # Errors
    ///
    /// As for [`Simulation::new`].
    pub fn new(
        given: &Given,
        manifest: &Manifest,
        processes: ProcessOptions,
    ) -> Result<Outside, WorldError> {
        let person = Arc::new(Scripted {
            answers: given.world.answers.clone(),
            rules: given.world.approve.clone(),
            asked_in_vain: Mutex::default(),
        });
        let log: Arc<Mutex<Vec<String>>> = Arc::default();
        let simulation = Simulation::new(SimulationOptions {
            world: &given.world,
            principals: std::slice::from_ref(&given.principal),
            manifests: &[manifest],
            person: Arc::clone(&person) as _,
            log: log_to(&log),
            processes,
        })?;
        let workspace = Arc::new(simulation.workspace()?);
        Ok(Outside { simulation, workspace, person, log })
    }

    /// The machine that the capsule is on.
    pub fn machine(&self) -> &Machine {
        &self.simulation.machine
    }

    /// Questions, requests for approval and requests over HTTP that the case has no answer to.
    pub fn asked_in_vain(&self) -> Vec<String> {
        let mut asked = lock(&self.person.asked_in_vain).clone();
        asked.extend(self.simulation.in_vain());
        asked
    }

    /// What the guest logged, a line each.
    pub fn log(&self) -> Vec<String> {
        lock(&self.log).clone()
    }

    /// What the guest logs, as it comes.
    pub(super) fn lines(&self) -> Arc<Mutex<Vec<String>>> {
        Arc::clone(&self.log)
    }
}

/// A machine without files or network, for guests that ask it nothing.
pub(super) fn nowhere(processes: ProcessOptions) -> Machine {
    Machine::new(MachineOptions {
        store: None,
        clock: Clock::seeded(0),
        person: Arc::new(Scripted::default()),
        log: Arc::new(|_, _, _| {}),
        network: NetworkOptions { offline: true, ..NetworkOptions::default() },
        processes,
    })
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Lines of the log that are kept.
const LOG_LINES_MAX: usize = 200;
/// The same, as far as they are errors.
const ERRORS_MAX: usize = 10_000;

fn log_to(lines: &Arc<Mutex<Vec<String>>>) -> LogSink {
    let lines = Arc::clone(lines);
    Arc::new(move |_, level: LogLevel, message| {
        let mut lines = lock(&lines);
        // An error is kept in any case: that there was one decides whether a fault was swallowed.
        if lines.len() < LOG_LINES_MAX || (level == LogLevel::Error && lines.len() < ERRORS_MAX) {
            lines.push(format!("{} {message}", level.as_str()));
        }
    })
}

/// Somebody who says what the case says, at once.
#[derive(Default)]
struct Scripted {
    answers: BTreeMap<String, Answer>,
    rules: Vec<Rule>,
    asked_in_vain: Mutex<Vec<String>>,
}

impl Person for Scripted {
    fn ask(&self, question: Question) -> Pin<Box<dyn Future<Output = PersonAnswer> + Send>> {
        let answer = match self.answers.get(&question.key) {
            Some(Answer::One(value)) => PersonAnswer::One(value.clone()),
            Some(Answer::Many(values)) => PersonAnswer::Many(values.clone()),
            Some(Answer::Cancel) => PersonAnswer::Cancelled,
            Some(Answer::TimeOut) => PersonAnswer::TimedOut,
            None => {
                lock(&self.asked_in_vain).push(format!("the question {:?}", question.key));
                PersonAnswer::Cancelled
            }
        };
        Box::pin(ready(answer))
    }

    fn approve(&self, request: ApprovalRequest) -> Pin<Box<dyn Future<Output = Approved> + Send>> {
        let ApprovalRequest { capsule, asked, .. } = &request;
        let ruled = self.rules.iter().find_map(|rule| rule.decide(capsule, asked));
        Box::pin(ready(match ruled {
            Some(RuleAnswer::Approve) => Approved::Yes(Remember::Once),
            Some(RuleAnswer::Session) => Approved::Yes(Remember::Session),
            Some(RuleAnswer::Always) => Approved::Yes(Remember::Always),
            Some(RuleAnswer::Deny) => Approved::No,
            Some(RuleAnswer::Timeout) => Approved::TimedOut,
            Some(RuleAnswer::Error) => Approved::Unavailable,
            None => {
                lock(&self.asked_in_vain).push(format!("the request to approve {asked}"));
                Approved::NobodyThere
            }
        }))
    }
}
