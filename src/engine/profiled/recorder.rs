//! From events to a tree of calls with the fuel of each.

use std::collections::HashMap;

use super::note::{Event, FunctionId, NOTE_FUEL, Note, READ_AFTER};
use crate::host::record::Function;

/// Paths that are kept apart. What is called on more counts for the path that leads there.
const PATHS_MAX: usize = 200_000;
/// Frames on one path, for the same reason: a list of paths is as long as all of them together.
const DEPTH_MAX: usize = 256;

/// One entry into the guest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Phase {
    /// Making the instance.
    Instantiate,
    /// The call.
    Call,
}

impl Phase {
    /// The name of its root.
    pub fn name(self) -> &'static str {
        match self {
            Phase::Instantiate => "instantiate",
            Phase::Call => "call",
        }
    }
}

/// A place on a path of calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Frame {
    Phase(Phase),
    Function(FunctionId),
    /// The number of a host function in [`Recorder::hosts`].
    Host(usize),
}

/// A path of calls, as a tree: the last frame, and the path before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Node {
    pub(super) frame: Frame,
    /// Number of the node above; its own for a root.
    pub(super) parent: usize,
    pub(super) fuel: u64,
    pub(super) calls: u64,
}

/// What one frame used on all paths.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Sum {
    pub(super) fuel: u64,
    /// With everything that it called; a call of itself counts once.
    pub(super) total: u64,
    pub(super) calls: u64,
    active: u64,
}

/// Why what was heard is no account of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Inconsistent {
    /// A function ended that was not the one that ran.
    #[error("a function ended that was not the innermost one")]
    Unbalanced,
    /// Functions had begun and not ended when the guest had returned.
    #[error("the guest returned with functions that had not ended")]
    Unfinished,
    /// There was less fuel used than before.
    #[error("the fuel that was used became less")]
    Backwards,
}

/// Budget of the plain run that was used up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Exhausted;

#[derive(Clone, Copy, Debug)]
struct Open {
    node: usize,
    frame: Frame,
    since: u64,
}

/// Listens to an instrumented guest.
#[derive(Debug, Default)]
pub(super) struct Recorder {
    nodes: Vec<Node>,
    children: HashMap<(usize, Frame), usize>,
    sums: HashMap<Frame, Sum>,
    hosts: Vec<Function>,
    stack: Vec<Open>,
    /// Fuel that the guest had for this entry.
    given: u64,
    /// The most that counts: what the plain run had, when it used that up.
    budget: Option<u64>,
    /// Notes in this entry.
    notes: u64,
    /// Fuel of the guest's own at the last event.
    last: u64,
    exhausted: bool,
    cut: u64,
    wrong: Option<Inconsistent>,
}

impl Recorder {
    /// Begins an entry into a guest that has `given` fuel, and is to be stopped at `budget`.
    pub(super) fn begin(&mut self, phase: Phase, given: u64, budget: Option<u64>) {
        self.stack.clear();
        (self.given, self.budget) = (given, budget);
        (self.notes, self.last, self.exhausted) = (0, 0, false);
        self.push(Frame::Phase(phase));
    }

    /// Notes in this entry so far.
    pub(super) fn notes(&self) -> u64 {
        self.notes
    }

    /// Hears a note; the store has `left` fuel.
    pub(super) fn hear(&mut self, note: Note, left: u64) -> Result<(), Exhausted> {
        let read = self.own(left).saturating_sub(READ_AFTER);
        self.notes += 1;
        // The entry of a function is charged before its note, a tail call right after it.
        let (now, frame) = (read, Frame::Function(note.id));
        match note.event {
            Event::Enter => self.enter(now.saturating_sub(1), frame)?,
            Event::Exit => self.exit(now, frame)?,
            Event::TailCall => self.exit(now + 1, frame)?,
        }
        Ok(())
    }

    /// Hears of a host call that was made with `left` fuel.
    pub(super) fn host_call(&mut self, function: &Function, left: u64) {
        let known = self.hosts.iter().position(|known| known == function);
        let number = known.unwrap_or_else(|| {
            self.hosts.push(*function);
            self.hosts.len() - 1
        });
        let now = self.own(left);
        self.leave_host();
        if self.advance(now).is_ok() {
            self.push(Frame::Host(number));
        }
    }

    /// The guest's own part of what was used when `left` was left.
    fn own(&self, left: u64) -> u64 {
        let used = self.given.saturating_sub(left);
        used.saturating_sub(self.notes.saturating_mul(NOTE_FUEL))
    }

    fn enter(&mut self, now: u64, frame: Frame) -> Result<(), Exhausted> {
        // What runs while no fuel has passed since the host was called runs on its behalf: an
        // allocator that is asked for room for the answer. To call anything itself the guest would
        // have had to pay.
        if now > self.last {
            self.leave_host();
        }
        self.advance(now)?;
        self.push(frame);
        Ok(())
    }

    fn exit(&mut self, now: u64, frame: Frame) -> Result<(), Exhausted> {
        if self.stack.last().is_some_and(|open| open.frame != frame) {
            self.leave_host();
        }
        self.advance(now)?;
        match self.stack.last() {
            Some(open) if open.frame == frame => self.pop(),
            _ => self.is_wrong(Inconsistent::Unbalanced),
        }
        Ok(())
    }

    fn is_wrong(&mut self, why: Inconsistent) {
        self.wrong.get_or_insert(why);
    }

    fn leave_host(&mut self) {
        if let Some(Open { frame: Frame::Host(_), .. }) = self.stack.last() {
            self.pop();
        }
    }

    /// Charges what was used since the last event to the innermost function.
    fn advance(&mut self, now: u64) -> Result<(), Exhausted> {
        if self.exhausted {
            return Err(Exhausted);
        }
        let until = self.budget.map_or(now, |budget| now.min(budget));
        match until.checked_sub(self.last) {
            Some(used) => {
                if let Some(open) = self.stack.last() {
                    self.nodes[open.node].fuel += used;
                    self.sums.entry(open.frame).or_default().fuel += used;
                }
                self.last = until;
            }
            None => self.is_wrong(Inconsistent::Backwards),
        }
        self.exhausted = self.budget.is_some_and(|budget| now >= budget);
        if self.exhausted { Err(Exhausted) } else { Ok(()) }
    }

    fn push(&mut self, frame: Frame) {
        let parent = self.stack.last().map(|open| open.node);
        let node = self.node(parent, frame);
        if self.nodes[node].frame == frame {
            self.nodes[node].calls += 1;
        }
        let sum = self.sums.entry(frame).or_default();
        sum.calls += 1;
        sum.active += 1;
        self.stack.push(Open { node, frame, since: self.last });
    }

    fn pop(&mut self) {
        let Some(Open { frame, since, .. }) = self.stack.pop() else { return };
        let sum = self.sums.entry(frame).or_default();
        sum.active -= 1;
        if sum.active == 0 {
            sum.total += self.last - since;
        }
    }

    fn node(&mut self, parent: Option<usize>, frame: Frame) -> usize {
        let new = self.nodes.len();
        let key = (parent.unwrap_or(usize::MAX), frame);
        if let Some(known) = self.children.get(&key)
            && self.stack.len() < DEPTH_MAX
        {
            return *known;
        }
        if let Some(parent) = parent
            && (new >= PATHS_MAX || self.stack.len() >= DEPTH_MAX)
        {
            self.cut += 1;
            return parent;
        }
        self.children.insert(key, new);
        self.nodes.push(Node { frame, parent: parent.unwrap_or(new), fuel: 0, calls: 0 });
        new
    }

    /// Ends an entry that used `own` fuel of the guest's own, and that has `returned` or was ended.
    pub(super) fn finish(&mut self, own: u64, returned: bool) {
        self.leave_host();
        if !self.exhausted {
            let _ = self.advance(own);
        }
        if returned && self.stack.len() != 1 {
            self.is_wrong(Inconsistent::Unfinished);
        }
        while !self.stack.is_empty() {
            self.pop();
        }
    }

    /// Fuel of the guest's own at the last event.
    pub(super) fn last(&self) -> u64 {
        self.last
    }

    /// Everything that was heard.
    pub(super) fn take(&mut self) -> Result<Heard, Inconsistent> {
        let all = std::mem::take(self);
        match all.wrong {
            Some(wrong) => Err(wrong),
            None => Ok(Heard { nodes: all.nodes, sums: all.sums, hosts: all.hosts, cut: all.cut }),
        }
    }
}

/// What a recorder has heard.
#[derive(Debug)]
pub(super) struct Heard {
    pub(super) nodes: Vec<Node>,
    pub(super) sums: HashMap<Frame, Sum>,
    pub(super) hosts: Vec<Function>,
    /// Calls on paths that were not kept apart.
    pub(super) cut: u64,
}

impl Heard {
    /// Takes this much off what the engine used for setting up modules, as far as there is so much,
    /// and gives what was taken.
    pub(super) fn set_up_for_less(&mut self, less: u64) -> u64 {
        let frame = Frame::Phase(Phase::Instantiate);
        let Some(node) = self.nodes.iter_mut().find(|node| node.frame == frame) else { return 0 };
        let less = less.min(node.fuel);
        node.fuel -= less;
        if let Some(sum) = self.sums.get_mut(&frame) {
            sum.fuel -= less;
            sum.total -= less;
        }
        less
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GIVEN: u64 = 1_000_000;

    fn id(function: u32) -> FunctionId {
        FunctionId { module: 0, function }
    }

    /// A guest that uses fuel and makes notes, as instrumented code does.
    struct Guest {
        recorder: Recorder,
        left: u64,
    }

    impl Guest {
        fn new(budget: Option<u64>) -> Guest {
            let mut recorder = Recorder::default();
            recorder.begin(Phase::Call, GIVEN, budget);
            Guest { recorder, left: GIVEN }
        }

        fn work(&mut self, fuel: u64) -> &mut Guest {
            self.left -= fuel;
            self
        }

        fn note(&mut self, event: Event, function: u32) -> &mut Guest {
            let _ = self.recorder.hear(Note { event, id: id(function) }, self.left - READ_AFTER);
            self.left -= NOTE_FUEL;
            self
        }

        fn enter(&mut self, function: u32) -> &mut Guest {
            self.work(1).note(Event::Enter, function)
        }

        fn exit(&mut self, function: u32) -> &mut Guest {
            self.note(Event::Exit, function)
        }

        fn host(&mut self) -> &mut Guest {
            let function = Function {
                interface: "astrid:kv/host@1.0.0",
                name: "kv-get",
                permit: crate::host::record::Permit::None,
                progress: crate::host::record::Progress::WhenParked,
                cancellable: false,
            };
            self.recorder.host_call(&function, self.left);
            self
        }

        /// Paths with their fuel and calls.
        fn end(&mut self, returned: bool) -> Result<Vec<String>, Inconsistent> {
            let own = self.recorder.own(self.left);
            self.recorder.finish(own, returned);
            let heard = self.recorder.take()?;
            let name = |frame| match frame {
                Frame::Phase(phase) => phase.name().to_owned(),
                Frame::Function(id) => format!("f{}", id.function),
                Frame::Host(_) => "host".to_owned(),
            };
            let path = |at: usize| {
                let mut path = vec![name(heard.nodes[at].frame)];
                let mut at = at;
                while heard.nodes[at].parent != at {
                    at = heard.nodes[at].parent;
                    path.insert(0, name(heard.nodes[at].frame));
                }
                path.join(";")
            };
            let line = |at: usize| {
                let Node { fuel, calls, .. } = heard.nodes[at];
                format!("{} {fuel} x{calls}", path(at))
            };
            Ok((0..heard.nodes.len()).map(line).collect())
        }
    }

    fn check(guest: &mut Guest, returned: bool, expected: &[&str]) {
        assert_eq!(guest.end(returned).expect("consistent"), expected);
    }

    #[test]
    fn a_function_is_charged_what_it_used_itself() {
        let mut guest = Guest::new(None);
        guest.enter(1).work(10).work(1).enter(2).work(5).exit(2).work(7).exit(1);
        check(&mut guest, true, &["call 0 x1", "call;f1 19 x1", "call;f1;f2 6 x1"]);
    }

    #[test]
    fn a_tail_call_takes_the_place_of_its_caller() {
        let mut guest = Guest::new(None);
        guest.enter(1).work(3).note(Event::TailCall, 1).work(1).enter(2).work(4).exit(2);
        check(&mut guest, true, &["call 0 x1", "call;f1 5 x1", "call;f2 5 x1"]);
    }

    #[test]
    fn what_runs_for_a_host_call_is_below_it() {
        let mut guest = Guest::new(None);
        guest.enter(1).work(3).work(1).host().enter(9).work(20).exit(9).work(2).work(1).enter(2);
        guest.exit(2).exit(1);
        let expected = [
            "call 0 x1",
            "call;f1 8 x1",
            "call;f1;host 0 x1",
            "call;f1;host;f9 21 x1",
            "call;f1;f2 1 x1",
        ];
        check(&mut guest, true, &expected);
    }

    #[test]
    fn recursion_has_a_path_for_each_depth_and_counts_once_in_the_total() {
        let mut guest = Guest::new(None);
        guest.enter(1).work(1).enter(1).work(1).enter(1).exit(1).exit(1).exit(1);
        let own = guest.recorder.own(guest.left);
        guest.recorder.finish(own, true);
        let heard = guest.recorder.take().expect("consistent");
        assert_eq!(heard.nodes.len(), 4);
        let sum = heard.sums[&Frame::Function(id(1))];
        assert_eq!((sum.fuel, sum.total, sum.calls), (5, 5, 3));
    }

    #[test]
    fn what_is_called_deeper_than_paths_go_counts_for_the_last_path_and_for_itself() {
        let mut guest = Guest::new(None);
        let deep = DEPTH_MAX as u32 + 10;
        for function in 0..deep {
            guest.enter(function).work(1);
        }
        for function in (0..deep).rev() {
            guest.exit(function);
        }
        let own = guest.recorder.own(guest.left);
        guest.recorder.finish(own, true);
        let heard = guest.recorder.take().expect("consistent");
        assert_eq!((heard.nodes.len(), heard.cut), (DEPTH_MAX, 11));
        let paths: u64 = heard.nodes.iter().map(|node| node.fuel).sum();
        let functions: u64 = heard.sums.values().map(|sum| sum.fuel).sum();
        assert_eq!((paths, functions), (2 * u64::from(deep), 2 * u64::from(deep)));
        assert_eq!(heard.sums[&Frame::Function(id(deep - 1))].fuel, 2);
    }

    #[test]
    fn a_guest_that_is_ended_is_charged_up_to_there() {
        let mut guest = Guest::new(None);
        guest.enter(1).work(10).enter(2).work(5);
        check(&mut guest, false, &["call 0 x1", "call;f1 11 x1", "call;f1;f2 6 x1"]);
    }

    #[test]
    fn a_budget_ends_the_account_at_exactly_what_there_was() {
        let mut guest = Guest::new(Some(15));
        guest.enter(1).work(10).enter(2).work(50).exit(2);
        assert!(guest.recorder.exhausted);
        check(&mut guest, false, &["call 0 x1", "call;f1 11 x1", "call;f1;f2 4 x1"]);
    }

    #[test]
    fn notes_that_fit_no_run_are_no_account() {
        let mut guest = Guest::new(None);
        guest.enter(1).exit(2);
        assert_eq!(guest.end(true), Err(Inconsistent::Unbalanced));
        let mut guest = Guest::new(None);
        guest.enter(1);
        assert_eq!(guest.end(true), Err(Inconsistent::Unfinished));
    }
}
