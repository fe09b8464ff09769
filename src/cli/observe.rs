//! Entering a guest on this thread, and watching what it calls.

use std::sync::Arc;

use tokio::runtime::Runtime;

use super::failure::Failure;
use super::ui::{Ui, escape};
use crate::host::record::Observer;
use crate::trace::Trace;

/// A trace of one instance on standard error; its lines begin with `prefix`, unless that is empty.
pub(super) fn trace(ui: &Arc<Ui>, prefix: &str) -> Box<dyn Observer> {
    let ui = Arc::clone(ui);
    let sink = move |line: &str| ui.talk(&format!("{}\n", escape(line)));
    Box::new(Trace::new(prefix, Arc::new(sink)))
}

/// A runtime for one guest on this thread, which nothing else needs meanwhile.
pub(super) fn runtime() -> Result<Runtime, Failure> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::environment("cannot start a runtime", &error))
}
