//! Serving the bus while a tool is called, until its result is there or will never be.

use std::sync::Arc;
use std::time::Duration;

use super::stage::Stage;
use crate::bus::Message;
use crate::dispatch::tools::{self, ToolResult};
use crate::dispatch::{Bindings, Handled, OnError, Outcome, Over, Step};
use crate::engine::{CallReport, Ending, LoopEnd, LoopReport};

/// How long a handler may take to give up. It is stopped within a few ticks.
const GIVE_UP: Duration = Duration::from_secs(1);

/// How a call of a tool ended.
pub(super) enum CallEnding {
    Result(ToolResult),
    /// The chain of handlers ended in another way, after this step.
    Ended(Box<Handled>),
    /// The loop that serves the tool failed.
    LoopFailed(Arc<LoopReport>),
    /// Every handler had its turn, or the loop is over, and none published a result.
    Nothing,
    TimedOut(Duration),
    Interrupted,
}

/// What is known of a call that is under way.
pub(super) struct Watch {
    pub(super) id: String,
    topic: String,
    result_topic: String,
    action: String,
    bindings: Bindings,
    result: Option<ToolResult>,
    /// Messages whose chain is not over.
    in_flight: usize,
    /// What the tool's own handler did, once it has returned.
    pub(super) report: Option<Box<CallReport>>,
}

impl Watch {
    pub(super) fn new(stage: &Stage, tool: &str, id: String) -> Watch {
        Watch {
            id,
            topic: tools::execute_topic(tool),
            result_topic: tools::result_topic(tool),
            action: tools::execute_action(tool),
            bindings: Bindings::new(stage.bindings.clone()),
            result: None,
            in_flight: 0,
            report: None,
        }
    }

    /// Serves the bus until there is a result and the handler that gave it has returned, or until
    /// there will be none.
    pub(super) async fn until_over(&mut self, stage: &mut Stage) -> CallEnding {
        let is_loop = stage.members[0].run_loop.is_some();
        let ended = stage.members[0].run_loop.as_ref().map(crate::engine::RunLoop::ended);
        let ended = async {
            match ended {
                Some(ended) => ended.await,
                None => std::future::pending().await,
            }
        };
        tokio::pin!(ended);
        let mut loop_over: Option<Arc<LoopReport>> = None;
        loop {
            self.take_messages(stage);
            let over = if is_loop {
                loop_over.is_some() || self.result.is_some()
            } else {
                self.in_flight == 0
            };
            if over {
                return match (self.result.take(), loop_over) {
                    (Some(result), _) => CallEnding::Result(result),
                    (None, Some(report)) if report.end == LoopEnd::Failed => {
                        CallEnding::LoopFailed(report)
                    }
                    (None, _) => CallEnding::Nothing,
                };
            }
            tokio::select! {
                biased;
                () = stage.cancel.cancelled() => return CallEnding::Interrupted,
                Some(handled) = stage.handled.recv() => {
                    if let Some(ending) = self.finish_step(handled) {
                        return ending;
                    }
                }
                report = &mut ended, if loop_over.is_none() => loop_over = Some(report),
                () = stage.tap.ready() => {}
            }
        }
    }

    /// After a cancellation: waits for the handler to give up, so that its cost is known.
    pub(super) async fn wait_for_cost(&mut self, stage: &mut Stage) {
        while self.in_flight > 0 && self.report.is_none() {
            match tokio::time::timeout(GIVE_UP, stage.handled.recv()).await {
                Ok(Some(handled)) => drop(self.finish_step(handled)),
                Ok(None) | Err(_) => return,
            }
        }
    }

    /// Dispatches what was published, and keeps the result.
    fn take_messages(&mut self, stage: &Stage) {
        for message in stage.tap.drain().messages {
            let ours = message.principal.name() == Some(stage.principal.as_str());
            if ours && *message.topic == *self.result_topic && self.result.is_none() {
                self.result = ToolResult::of(&message.payload, &self.id);
            }
            let chain = self.chain(stage, &message);
            self.in_flight += usize::from(stage.dispatch(message, chain));
        }
    }

    /// The handlers of a message. The request goes to the tool itself, too, where the manifest does
    /// not bind it.
    fn chain(&self, stage: &Stage, message: &Arc<Message>) -> Arc<[Step]> {
        let chain = self.bindings.chain(&message.topic);
        let is_loop = stage.members[0].run_loop.is_some();
        let bound = chain.iter().any(|step| step.action == self.action);
        if is_loop || bound || *message.topic != *self.topic {
            return chain;
        }
        let action = self.action.clone();
        let tool = Step { worker: 0, action, on_error: OnError::Continue };
        chain.iter().cloned().chain([tool]).collect()
    }

    /// Notes how a step went; an ending when the tool gives no result any more.
    fn finish_step(&mut self, handled: Handled) -> Option<CallEnding> {
        let request = *handled.delivered.message.topic == *self.topic;
        let own = request && handled.delivered.step().action == self.action;
        self.in_flight -= usize::from(handled.over.is_some());
        let failed = match &handled.outcome {
            Outcome::Called(report) => {
                if own {
                    self.report = Some(report.clone());
                }
                own && !matches!(report.ending, Ending::Verdict(_))
            }
            Outcome::Refused(_) | Outcome::Lost(_) => request,
        };
        let denied = request && matches!(handled.over, Some(Over::Denied | Over::Guarded));
        (failed || denied).then(|| CallEnding::Ended(Box::new(handled)))
    }
}
