//! One entry into a guest: who it is for, how long it may take, and what phase it is.
//!
//! A scope moves into an instance when the call begins and is replaced, never edited, when the next
//! one does; nothing of one call is left for another to find. The exception is a run loop, whose
//! caller changes with each message it receives.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::ports::Belongings;
use crate::bus::Message;
use crate::limits::VAIN_WAITS_MAX;

/// Which of the guest's exports was entered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// `astrid-hook-trigger`.
    Interceptor,
    /// `run`.
    RunLoop,
    /// `astrid-install` or `astrid-upgrade`.
    Lifecycle,
}

/// Everything that belongs to one call.
pub struct CallScope {
    /// Which export is entered.
    pub phase: Phase,
    /// What the principal that is acted for owns.
    pub principal: Arc<Belongings>,
    /// The message that is being served.
    pub caller: Option<Arc<Message>>,
    /// What the capsule's owner has: whom it acts for when nobody calls.
    pub owner: Arc<Belongings>,
    /// Ends every wait of the call.
    pub cancel: Arc<CancellationToken>,
    /// When the call ends at the latest, and the limit that this comes from.
    pub deadline: Option<(tokio::time::Instant, Duration)>,
    /// The tick at which the guest's code was first found running after `cancel`.
    pub(crate) asked_to_end: Option<u64>,
    /// Waits that were ended, or not begun, because of `cancel`.
    pub(crate) vain_waits: u32,
}

impl CallScope {
    /// Notes that a wait was ended by `cancel`; whether that has happened too often.
    pub(crate) fn waited_in_vain(&mut self) -> bool {
        self.vain_waits += 1;
        self.vain_waits > VAIN_WAITS_MAX
    }
}
