//! The functions of `astrid:io/poll`.

use std::future::poll_fn;
use std::task::{Context, Poll};

use wasmtime::component::Resource;

use super::{POLL_HANDLES_MAX, Pollable, View};
use crate::host::bindings::poll::ErrorCode;
use crate::host::boundary::Waiting;
use crate::host::pace::waited;

impl<'a> View<'a> {
    fn get(&self, pollable: &Resource<Pollable>) -> Result<&Pollable, ErrorCode> {
        self.table.get(pollable).map_err(|error| ErrorCode::Unknown(error.to_string()))
    }

    pub(super) fn ready(self, pollable: &Resource<Pollable>) -> bool {
        self.get(pollable).is_ok_and(|pollable| pollable.0.is_ready())
    }

    pub(super) async fn block(self, pollable: &'a Resource<Pollable>) -> Result<(), ErrorCode> {
        let source = &self.get(pollable)?.0;
        if self.let_time_pass(|| source.is_ready()) {
            waited().await;
        }
        source.wait().await;
        Ok(())
    }

    pub(super) async fn poll(
        self,
        pollables: &'a Vec<Resource<Pollable>>,
    ) -> Result<Vec<u32>, ErrorCode> {
        check(pollables)?;
        let mut sources = Vec::with_capacity(pollables.len());
        for pollable in pollables {
            sources.push(&self.get(pollable)?.0);
        }
        if self.let_time_pass(|| sources.iter().any(|source| source.is_ready())) {
            waited().await;
        }
        let mut waits: Vec<_> = sources.into_iter().map(|source| source.wait()).collect();
        Ok(poll_fn(|context| ready_indices(&mut waits, context)).await)
    }

    /// By a virtual clock, lets time pass until something is ready or nothing is to come; whether any
    /// passed.
    fn let_time_pass(&self, is_ready: impl Fn() -> bool) -> bool {
        if !self.clock.is_virtual() {
            return false;
        }
        let before = self.clock.monotonic();
        self.clock.pass_until(|| is_ready() || self.cancel.is_cancelled());
        self.clock.monotonic() > before
    }
}

/// Refuses a list that no instance could wait for, cancelled or not.
pub(super) fn check(pollables: &[Resource<Pollable>]) -> Result<(), ErrorCode> {
    match pollables.len() {
        0 => Err(ErrorCode::InvalidInput),
        1..=POLL_HANDLES_MAX => Ok(()),
        _ => Err(ErrorCode::TooLarge),
    }
}

/// The positions of all that are ready; pending when there are none.
fn ready_indices(waits: &mut [Waiting<'static, ()>], context: &mut Context<'_>) -> Poll<Vec<u32>> {
    let ready: Vec<u32> = (0..)
        .zip(waits)
        .filter_map(|(index, wait)| wait.as_mut().poll(context).is_ready().then_some(index))
        .collect();
    if ready.is_empty() { Poll::Pending } else { Poll::Ready(ready) }
}
