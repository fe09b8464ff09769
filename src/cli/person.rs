//! Whoever answers a guest's questions, and ours: a table of answers, then a terminal.
//!
//! Without a terminal, or with `--no-input`, a question that no answer was given for is cancelled at
//! once, and a request for approval is denied: neither hangs, and nobody's absence is taken for an
//! answer.

mod answers;
mod approvals;
mod keyboard;
mod ours;
mod prompts;

use std::future::Future;
use std::io::Write;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::failure::Failure;
use crate::cases::World;
use crate::host::ports::{ApprovalRequest, Approved, Person, PersonAnswer, Question};
use crate::policy::approval::Rule;
use crate::report::approvals::{ApprovalsReport, Source};
use answers::Answer;
use approvals::{Ledger, Noting, by_rule, word};
use keyboard::Keyboard;
use prompts::Prompts;

pub(super) use answers::{ANSWERS_HELP, Answers};
pub(super) use approvals::{ApproveArgs, DecidedSink, telling};
pub(super) use ours::{Ours, confirm};

/// Answers from tables, and from the terminal when there is one.
pub(super) struct LocalPerson {
    answers: Answers,
    rules: Vec<Rule>,
    patience: Option<Duration>,
    terminal: Option<Arc<Terminal>>,
    unanswered: Mutex<Vec<String>>,
    declined: Arc<Mutex<Vec<String>>>,
    ledger: Arc<Ledger>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl LocalPerson {
    /// Nobody, who answers nothing and approves nothing.
    pub(super) fn nobody() -> LocalPerson {
        LocalPerson::new(Answers::default(), false)
    }

    /// `may_ask` says whether a terminal is there and may be used.
    pub(super) fn new(answers: Answers, may_ask: bool) -> LocalPerson {
        LocalPerson {
            answers,
            rules: Vec::new(),
            patience: None,
            terminal: may_ask.then(Arc::default),
            unanswered: Mutex::default(),
            declined: Arc::default(),
            ledger: Arc::default(),
        }
    }

    /// The same, who decides on approvals as the options say and tells `told` of each decision.
    pub(super) fn deciding(self, args: &ApproveArgs, told: DecidedSink) -> Result<Self, Failure> {
        let (rules, patience) = (args.rules()?, args.patience());
        Ok(LocalPerson { rules, patience, ledger: Arc::new(Ledger::telling(told)), ..self })
    }

    /// Whoever decides in this world, or in the real one; `may_ask` says whether the real one has a
    /// terminal that may be used.
    pub(super) fn of(
        world: Option<&World>,
        may_ask: bool,
        args: &ApproveArgs,
        told: DecidedSink,
    ) -> Result<Self, Failure> {
        let may_ask = may_ask && world.is_none();
        let person = LocalPerson::new(Answers::default(), may_ask).deciding(args, told)?;
        let given = world.map(|world| world.approve.clone()).unwrap_or_default();
        let rules = given.into_iter().chain(person.rules).collect();
        Ok(LocalPerson { rules, ..person })
    }

    /// Keys of questions for which nobody was there and no answer was given.
    pub(super) fn unanswered(&self) -> Vec<String> {
        lock(&self.unanswered).clone()
    }

    /// Keys of questions that somebody was asked and did not answer.
    pub(super) fn declined(&self) -> Vec<String> {
        lock(&self.declined).clone()
    }

    /// What was decided on so far.
    pub(super) fn decided(&self) -> ApprovalsReport {
        self.ledger.report()
    }

    /// The failure for approvals that nobody was there to decide on, if there were any.
    pub(super) fn missing_approval(&self) -> Option<Failure> {
        approvals::missing(&self.ledger.report())
    }
}

impl Person for LocalPerson {
    fn ask(&self, question: Question) -> Pin<Box<dyn Future<Output = PersonAnswer> + Send>> {
        let given = match (self.answers.get(&question.key), &self.terminal) {
            (Some(Answer::One(value)), _) => PersonAnswer::One(value.clone()),
            (Some(Answer::Many(values)), _) => PersonAnswer::Many(values.clone()),
            (Some(Answer::Cancel), _) => PersonAnswer::Cancelled,
            (Some(Answer::TimeOut), _) => PersonAnswer::TimedOut,
            (None, None) => {
                lock(&self.unanswered).push(question.key);
                PersonAnswer::Cancelled
            }
            (None, Some(terminal)) => {
                let open = Open(Some(question.key.clone()), Arc::clone(&self.declined));
                let asking = Arc::clone(terminal).converse(move |prompts| prompts.ask(&question));
                return Box::pin(async move {
                    let answer = asking.await.unwrap_or(PersonAnswer::Cancelled);
                    if answer != PersonAnswer::Cancelled {
                        open.close();
                    }
                    answer
                });
            }
        };
        Box::pin(std::future::ready(given))
    }

    fn approve(&self, request: ApprovalRequest) -> Pin<Box<dyn Future<Output = Approved> + Send>> {
        let ApprovalRequest { capsule, asked, .. } = &request;
        let ruled = self.rules.iter().find_map(|rule| rule.decide(capsule, asked)).map(by_rule);
        let decided = match (ruled, &self.terminal) {
            (Some(approved), _) => {
                self.ledger.note(&request, word(approved), Source::Rule);
                approved
            }
            (None, None) => {
                self.ledger.note(&request, word(Approved::NobodyThere), Source::NobodyThere);
                Approved::NobodyThere
            }
            (None, Some(terminal)) => {
                let noting = Noting::new(&self.ledger, request.clone());
                let asking =
                    Arc::clone(terminal).converse(move |prompts| prompts.approve(&request));
                // A terminal that cannot be used approves nothing.
                return Box::pin(async { noting.done(asking.await.unwrap_or(Approved::No)) });
            }
        };
        Box::pin(std::future::ready(decided))
    }

    fn covered(&self, request: &ApprovalRequest) {
        self.ledger.note(request, "allowance", Source::Earlier);
    }

    fn patience(&self) -> Option<Duration> {
        self.patience
    }
}

/// A question that is open. One that is dropped as such, because nobody waits any longer, was not
/// answered either.
struct Open(Option<String>, Arc<Mutex<Vec<String>>>);

impl Open {
    fn close(mut self) {
        self.0 = None;
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        if let Some(key) = self.0.take() {
            lock(&self.1).push(key);
        }
    }
}

/// The terminal, where one conversation is held at a time.
#[derive(Default)]
struct Terminal {
    turn: tokio::sync::Mutex<()>,
}

/// Ends a conversation that nobody waits for any more.
struct StopOnDrop(Arc<Keyboard>);

impl Drop for StopOnDrop {
    fn drop(&mut self) {
        self.0.stop();
    }
}

impl Terminal {
    /// Talks to whoever is there; `None` when that cannot be done. Whoever drops the future ends the
    /// conversation.
    async fn converse<T: Send + 'static>(
        self: Arc<Self>,
        talk: impl FnOnce(Prompts<'_>) -> T + Send + 'static,
    ) -> Option<T> {
        let _turn = self.turn.lock().await;
        let keyboard = Arc::new(Keyboard::new().ok()?);
        let _stop = StopOnDrop(Arc::clone(&keyboard));
        // A thread of its own, which waits for the keyboard alone.
        let asked = tokio::task::spawn_blocking(move || {
            let answer = talk(Prompts(&keyboard));
            keyboard.over();
            answer
        });
        asked.await.ok()
    }
}

fn say(text: &str) {
    let mut err = anstream::stderr();
    // A terminal that is gone shows in the read that follows.
    let _ = err.write_all(text.as_bytes()).and_then(|()| err.flush());
}
