//! The one place where stores are made.

use std::time::Duration;

use wasmtime::{Store, UpdateDeadline};

use super::Flavoured;
use super::profiled::Probe;
use crate::host::HostState;
use crate::limits::{EPOCH_TICK, HOST_CALL_BYTES_MAX, RESOURCES_MAX};

/// Fuel after which code that calls nothing has what it used written down. What is stopped from
/// outside, by a deadline say, is charged to within this.
pub(super) const FUEL_NOTED: u64 = 10_000_000;

/// Ticks that a guest has to end by itself once it is cancelled.
const GRACE_TICKS: u64 = 3;

/// A store for one instance: metered, seeded with fuel, and looked at every tick.
///
/// The state brings the meter and the pace. What a guest does with its time is decided in
/// [`crate::host::pace`]; here it only yields its thread each tick and asks.
pub(super) fn new_store(
    flavoured: &Flavoured,
    state: HostState,
    fuel: u64,
    probe: Option<&Probe>,
) -> wasmtime::Result<Store<HostState>> {
    let mut store = Store::try_new(&flavoured.engine, state)?;
    store.limiter(|state| &mut state.meter);
    match probe {
        None => store.fuel_async_yield_interval(Some(FUEL_NOTED))?,
        // Writing fuel down at other times than at calls would blur what notes read.
        Some(probe) => probe.listen(store.data_mut(), &flavoured.engine),
    }
    store.set_fuel(fuel)?;
    store.set_hostcall_fuel(HOST_CALL_BYTES_MAX);
    // More than the table holds, so that the table is what refuses, with a reason.
    store.set_max_component_handles(2 * RESOURCES_MAX);
    let ticks = flavoured.ticks.clone();
    let (probe, mut before) = (probe.cloned(), ticks.now());
    store.epoch_deadline_callback(move |mut store| {
        if store.data().spending.is_some() {
            let left = store.get_fuel()?;
            store.data_mut().spending.iter_mut().for_each(|spending| spending.note(left));
        }
        let now = ticks.now();
        if let Some(probe) = &probe {
            probe.hear(&mut store)?;
            if now == before {
                return Ok(UpdateDeadline::Continue(1));
            }
            before = now;
        }
        let state = store.data_mut();
        if state.scope.cancel.is_cancelled() {
            // The guest may put its things in order first, but not for long.
            let asked = *state.scope.asked_to_end.get_or_insert(now);
            if now >= asked.saturating_add(GRACE_TICKS) {
                return Err(crate::host::boundary::Stop::Cancelled.into());
            }
        }
        state.pace.tick(now)?;
        Ok(UpdateDeadline::Yield(1))
    });
    store.set_epoch_deadline(1);
    Ok(store)
}

/// The end of a call that began then, for waits; one that is too far away is none.
pub(super) fn deadline(
    began: std::time::Instant,
    limit: Duration,
) -> Option<(tokio::time::Instant, Duration)> {
    // The clock of the ticks and the clock of the waits agree to within a tick.
    let end = tokio::time::Instant::from_std(began).checked_add(limit.checked_add(EPOCH_TICK)?)?;
    Some((end, limit))
}
