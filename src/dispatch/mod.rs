//! From messages to interceptors: which handlers a message is for, in which order, and the threads
//! that call them.
//!
//! A binding fires when its pattern has as many segments as the topic and matches each. Those that
//! fire for one message make a chain, by priority, then capsule, then action; the order never
//! depends on anything else. `final` and `deny` end a chain, an answer with data replaces the
//! payload for the rest, and a call that fails is reported and skipped, unless its binding says that
//! a failure denies. A principal that may not call, or has used up its processor time, ends the
//! chain, and so does a step for which there is no room.
//!
//! Steps wait in one queue for each capsule and principal, whether their chain is long or short, and
//! one call at a time is made from a queue. A principal has no more calls in flight than there are
//! places left, and principals get equal shares of the threads. So nobody's backlog and nobody's endless
//! handler is in the way of anybody else. Whatever becomes of a step is told to
//! whoever started the [`Dispatcher`].

mod chain;
mod dispatcher;
mod lanes;
mod queues;
pub mod tools;
mod turns;

pub use chain::{Binding, Bindings, Deliver, Handled, OnError, Outcome, Over, Step};
pub use dispatcher::{
    Admit, Admitted, Attend, Attendance, Dispatcher, DispatcherOptions, HandledSink, MadeAhead,
    MakeObserver, Served,
};
pub use queues::Full;
