//! The functions of `astrid:io/poll`.

use std::future::poll_fn;
use std::task::{Context, Poll};

use wasmtime::component::Resource;

use super::{POLL_HANDLES_MAX, Pollable, View};
use crate::host::bindings::poll::ErrorCode;
use crate::host::boundary::Waiting;

impl<'a> View<'a> {
    fn get(&self, pollable: &Resource<Pollable>) -> Result<&Pollable, ErrorCode> {
        self.table.get(pollable).map_err(|error| ErrorCode::Unknown(error.to_string()))
    }

    pub(super) fn ready(self, pollable: &Resource<Pollable>) -> bool {
        self.get(pollable).is_ok_and(|pollable| pollable.0.is_ready())
    }

    pub(super) async fn block(self, pollable: &'a Resource<Pollable>) -> Result<(), ErrorCode> {
        let wait = self.get(pollable)?.0.wait();
        wait.await;
        Ok(())
    }

    pub(super) async fn poll(
        self,
        pollables: &'a Vec<Resource<Pollable>>,
    ) -> Result<Vec<u32>, ErrorCode> {
        if pollables.is_empty() {
            return Err(ErrorCode::InvalidInput);
        }
        if pollables.len() > POLL_HANDLES_MAX {
            return Err(ErrorCode::TooLarge);
        }
        let mut waits = Vec::with_capacity(pollables.len());
        for pollable in pollables {
            waits.push(self.get(pollable)?.0.wait());
        }
        Ok(poll_fn(|context| ready_indices(&mut waits, context)).await)
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
