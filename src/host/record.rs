//! The record of one host call, and who may look at it.

use std::time::Duration;

use super::boundary::Stop;
use super::describe::{Describe, DescribeArgs, Value};
use super::table::Handles;
use crate::component::signatures;
use crate::policy::gate::Denial;

/// A host function, as the interface table knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Function {
    /// Import name of the interface, such as `astrid:kv/host@1.0.0`.
    pub interface: &'static str,
    /// Name of the function, such as `kv-get` or `[method]subscription.recv`.
    pub name: &'static str,
    /// What a call holds while it works.
    pub permit: Permit,
    /// What a call means for a run loop's window.
    pub progress: Progress,
    /// Whether a cancelled instance gets an answer at once instead of waiting.
    pub cancellable: bool,
}

impl Function {
    /// `kv.kv-get`, `ipc.subscription.recv`: how traces and summaries name the function.
    pub fn short_name(&self) -> String {
        self.naming().short_name()
    }

    /// `kv`, `io/poll`: the interface without its namespace and version.
    pub fn short_interface(&self) -> &'static str {
        self.naming().short_interface()
    }

    /// `kv-get`, `subscription.recv`, `pollable.drop`: the name without the marks of the ABI.
    pub fn plain_name(&self) -> String {
        self.naming().plain_name()
    }

    /// Its names alone.
    pub fn naming(&self) -> Naming {
        Naming { interface: self.interface, name: self.name, is_drop: false }
    }
}

/// What a function is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Naming {
    /// Import name of the interface.
    pub interface: &'static str,
    /// Name of the function; of the resource, when it is the function that drops one.
    pub name: &'static str,
    is_drop: bool,
}

impl Naming {
    /// Everything that a capsule may call, also what is not served yet.
    pub fn all() -> impl Iterator<Item = Naming> {
        signatures::interfaces().flat_map(|interface| {
            let shapes = signatures::interface(interface).into_iter().flatten();
            shapes.filter_map(move |(name, shape)| {
                let is_drop = *shape == "resource";
                let is_called = is_drop || shape.starts_with("func");
                is_called.then_some(Naming { interface, name, is_drop })
            })
        })
    }

    /// See [`Function::short_name`].
    pub fn short_name(&self) -> String {
        format!("{}.{}", self.short_interface(), self.plain_name())
    }

    /// See [`Function::short_interface`].
    pub fn short_interface(&self) -> &'static str {
        let name = self.interface.strip_prefix("astrid:").unwrap_or(self.interface);
        let name = name.split('@').next().unwrap_or(name);
        name.strip_suffix("/host").unwrap_or(name)
    }

    /// See [`Function::plain_name`].
    pub fn plain_name(&self) -> String {
        let name = self.name.strip_prefix("[method]").unwrap_or(self.name);
        let dropped = name.strip_prefix("[resource-drop]").or(self.is_drop.then_some(name));
        dropped.map_or_else(|| name.to_owned(), |resource| format!("{resource}.drop"))
    }
}

/// What a host call holds while it works.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Permit {
    /// Nothing: it neither blocks a thread nor uses a descriptor.
    None,
    /// One of the process's few permits for work that blocks a thread.
    Blocking,
    /// One of the process's permits for work that opens descriptors and waits for what is behind them.
    Io,
}

/// What a host call means for the window of a run loop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// The loop made progress when the call really waited.
    WhenParked,
    /// Being called is progress, even when the answer is there at once.
    OnEntry,
}

/// A host call that was made and has not been answered yet, borrowed while an [`Observer`] decides.
pub struct PendingCall<'a> {
    /// What was called.
    pub function: &'a Function,
    /// Number of the call in its instance, from 1.
    pub sequence: u64,
    /// Fuel left when the call was made.
    pub fuel_left: u64,
    /// Fuel the guest used since it came back from the previous call, or since it was entered.
    pub guest_fuel: u64,
    pub(super) args: &'a dyn DescribeArgs,
    pub(super) handles: &'a Handles,
}

impl PendingCall<'_> {
    /// The arguments, in order.
    pub fn args(&self) -> Vec<Value> {
        self.args.describe_args(self.handles)
    }
}

/// What is to become of a host call.
#[derive(Clone, Debug, PartialEq)]
pub enum Decision {
    /// The host acts.
    Act,
    /// This is the answer, and the host does nothing. A value that is none of the function's type
    /// ends the guest.
    Answer(Value),
    /// The guest is ended.
    Stop(Stop),
}

/// One finished host call, borrowed while an [`Observer`] looks at it.
pub struct CallRecord<'a> {
    /// The call.
    pub call: PendingCall<'a>,
    /// When the call was made, by the machine's stopwatch.
    pub started: Duration,
    /// How long the call took, waiting included.
    pub duration: Duration,
    /// Why policy refused the call, when it did.
    pub denial: Option<&'a Denial>,
    pub(super) end: Result<&'a dyn Describe, &'a Stop>,
}

impl CallRecord<'_> {
    /// What was called.
    pub fn function(&self) -> &Function {
        self.call.function
    }

    /// The arguments, in order.
    pub fn args(&self) -> Vec<Value> {
        self.call.args()
    }

    /// The result; `None` when the call ended the guest instead of answering it.
    pub fn result(&self) -> Option<Value> {
        self.end.ok().map(|result| result.describe(self.call.handles))
    }

    /// Why the call ended the guest, if it did.
    pub fn stop(&self) -> Option<&Stop> {
        self.end.err()
    }
}

/// Somebody who sees every host call of an instance.
pub trait Observer: Send + Sync {
    /// Called after each host call, on the thread that the guest runs on. It changes neither what
    /// the guest gets nor what fuel it uses.
    fn observe(&mut self, record: &CallRecord<'_>);

    /// Called before each host call acts, on the same thread; may answer in the host's stead. Drops
    /// of handles, and functions whose types only the component knows, can be stopped and not answered.
    fn before(&mut self, _: &PendingCall<'_>) -> Decision {
        Decision::Act
    }
}

/// Two observers as one: the first decides unless it leaves that to the second, and both see.
pub struct Both(pub Box<dyn Observer>, pub Box<dyn Observer>);

impl Both {
    /// As many of the two as there are.
    pub fn of(
        first: Option<Box<dyn Observer>>,
        second: Option<Box<dyn Observer>>,
    ) -> Option<Box<dyn Observer>> {
        match (first, second) {
            (Some(first), Some(second)) => Some(Box::new(Both(first, second))),
            (first, second) => first.or(second),
        }
    }
}

impl Observer for Both {
    fn observe(&mut self, record: &CallRecord<'_>) {
        self.0.observe(record);
        self.1.observe(record);
    }

    fn before(&mut self, call: &PendingCall<'_>) -> Decision {
        match self.0.before(call) {
            Decision::Act => self.1.before(call),
            decided => decided,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_have_names_that_fit_on_a_line() {
        let check = |interface, name, expected: &str| {
            let function = Function {
                interface,
                name,
                permit: Permit::None,
                progress: Progress::WhenParked,
                cancellable: false,
            };
            assert_eq!(function.short_name(), expected);
        };
        check("astrid:kv/host@1.0.0", "kv-get", "kv.kv-get");
        check("astrid:ipc/host@1.0.0", "[method]subscription.recv", "ipc.subscription.recv");
        check("astrid:io/poll@1.0.0", "[resource-drop]pollable", "io/poll.pollable.drop");
    }
}
