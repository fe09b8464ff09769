//! Lifecycle hooks: one entry into an instance of its own.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;
use wasmtime::component::ComponentExportIndex;

use super::Loaded;
use super::code::Linked;
use super::instance::Made;
use super::outcome::{CallReport, Ending, FuelUse, Times, classify};
use super::store::deadline;
use crate::host::meter::Meter;
use crate::host::pace::Pace;
use crate::host::ports::Belongings;
use crate::host::record::Observer;
use crate::host::scope::{CallScope, Phase};
use crate::limits::{EPOCH_TICK, LIFECYCLE_TIMEOUT, MEMORY_BYTES, UNBOUNDED_FUEL};

/// Which hook.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hook {
    /// `astrid-install`.
    Install,
    /// `astrid-upgrade`.
    Upgrade,
}

impl Hook {
    /// The name of the export.
    pub fn export(self) -> &'static str {
        match self {
            Hook::Install => "astrid-install",
            Hook::Upgrade => "astrid-upgrade",
        }
    }
}

/// One run of a hook.
pub struct HookCall {
    /// Which one.
    pub hook: Hook,
    /// For whom the capsule is installed.
    pub principal: Arc<Belongings>,
    /// Ends the hook from outside.
    pub cancel: CancellationToken,
}

impl Linked {
    fn lifecycle(&self, hook: Hook) -> Option<&ComponentExportIndex> {
        match hook {
            Hook::Install => self.install.as_ref(),
            Hook::Upgrade => self.upgrade.as_ref(),
        }
    }
}

impl Loaded {
    /// Runs a lifecycle hook: gated by the manifest like everything else, with the default memory
    /// and ten minutes of time. `None` when the capsule does not export it.
    pub async fn hook(
        &self,
        call: HookCall,
        observer: Option<Box<dyn Observer>>,
    ) -> Option<CallReport> {
        self.hook_within(LIFECYCLE_TIMEOUT, call, observer).await
    }

    /// The same with `limit` in place of ten minutes.
    pub async fn hook_within(
        &self,
        limit: Duration,
        call: HookCall,
        observer: Option<Box<dyn Observer>>,
    ) -> Option<CallReport> {
        let linked = &self.0;
        linked.lifecycle(call.hook)?;
        let scope = CallScope {
            phase: Phase::Lifecycle,
            principal: Arc::clone(&call.principal),
            owner: call.principal,
            caller: None,
            cancel: Arc::new(call.cancel.clone()),
            deadline: deadline(std::time::Instant::now(), limit),
            asked_to_end: None,
            vain_waits: 0,
        };
        let pace = Pace::call(linked.flavoured.ticks.now(), limit, EPOCH_TICK);
        let meter = Meter::new(MEMORY_BYTES);
        let made = linked.make(scope, meter, pace, observer, UNBOUNDED_FUEL).await;
        let Made { linked, mut store, instance, cost } = match made {
            Ok(made) => made,
            Err(report) => return Some(*report),
        };
        let started = Instant::now();
        let before = store.get_fuel().unwrap_or(0);
        let entered = async {
            let export = linked.lifecycle(call.hook).expect("it is there, in slots or without");
            let hook = instance.get_typed_func::<(), ()>(&mut store, export)?;
            hook.call_async(&mut store, ()).await
        };
        let outcome = entered.await;
        store.data_mut().meter.end_call();
        let ending = match outcome {
            // A hook that was told to end has not done what it is for, whatever it makes of that.
            Ok(()) if call.cancel.is_cancelled() => Ending::Cancelled,
            Ok(()) => Ending::Returned,
            Err(error) => classify(&error, store.data(), UNBOUNDED_FUEL, false),
        };
        let fuel = FuelUse {
            call: before.saturating_sub(store.get_fuel().unwrap_or(0)),
            instantiate: cost.fuel,
            budget: UNBOUNDED_FUEL,
            lower_bound: ending != Ending::Returned,
        };
        let times = Times { guest: started.elapsed(), instantiate: cost.time };
        Some(CallReport::of(&store, ending, fuel, times))
    }
}
