//! The functions of `astrid:sys/host`.

use std::time::Duration;

use super::View;
use crate::host::bindings::sys::{
    CallerContext, CapabilityCheckRequest, CapabilityCheckResponse, ErrorCode, LogLevel,
};
use crate::host::pace::waited;
use crate::host::ports;
use crate::host::scope::Phase;
use crate::limits::{RANDOM_BYTES_MAX, SLEEP_MAX};

impl View<'_> {
    pub(super) fn get_config(self, key: &str) -> Result<Option<String>, ErrorCode> {
        Ok(self.scope.principal.config.get(key))
    }

    pub(super) fn get_caller(self) -> Result<CallerContext, ErrorCode> {
        let Some(message) = &self.scope.caller else {
            return Ok(CallerContext {
                principal: None,
                source_id: String::new(),
                timestamp: String::new(),
            });
        };
        Ok(CallerContext {
            principal: message.principal.name().map(str::to_owned),
            source_id: message.source_id.to_string(),
            timestamp: rfc3339(message.timestamp),
        })
    }

    pub(super) fn log(self, level: LogLevel, message: &str) {
        self.scope.principal.log.write(level.into(), message);
    }

    pub(super) fn signal_ready(self) {
        if let Some(ready) = self.ready {
            ready.send_replace(true);
        }
    }

    pub(super) fn clock_ms(self) -> u64 {
        u64::try_from(self.clock().since_epoch().as_millis()).unwrap_or(u64::MAX)
    }

    pub(super) fn clock_monotonic_ns(self) -> u64 {
        u64::try_from(self.clock().monotonic().as_nanos()).unwrap_or(u64::MAX)
    }

    pub(super) async fn sleep_ns(self, duration_ns: u64) -> Result<(), ErrorCode> {
        let duration = sleep(duration_ns)?;
        if self.clock().is_virtual() {
            let cancel = &self.scope.cancel;
            self.clock().pass(duration, || cancel.is_cancelled());
            if cancel.is_cancelled() {
                return Err(ErrorCode::Cancelled);
            }
            if !duration.is_zero() {
                waited().await;
            }
        } else if !duration.is_zero() {
            tokio::time::sleep(duration).await;
        }
        Ok(())
    }

    pub(super) fn random_bytes(self, length: u64) -> Result<Vec<u8>, ErrorCode> {
        if length > RANDOM_BYTES_MAX {
            return Err(ErrorCode::TooLarge);
        }
        let length = usize::try_from(length).map_err(|_| ErrorCode::TooLarge)?;
        let mut bytes = vec![0; length];
        self.clock()
            .fill_random(&mut bytes)
            .map_err(|_| ErrorCode::Unknown("the system has no random bytes".to_owned()))?;
        Ok(bytes)
    }

    pub(super) fn check_capability(
        self,
        request: &CapabilityCheckRequest,
    ) -> Result<CapabilityCheckResponse, ErrorCode> {
        if self.scope.phase == Phase::Lifecycle {
            // A capsule that is being installed is alone.
            return Err(ErrorCode::RegistryUnavailable);
        }
        let source = uuid::Uuid::parse_str(&request.source_uuid).ok();
        let held = source.and_then(|id| self.services().registry.holds(id, &request.capability));
        Ok(CapabilityCheckResponse { allowed: held.unwrap_or(false) })
    }

    pub(super) fn enumerate_capabilities(self) -> Vec<String> {
        self.capsule.capabilities.to_vec()
    }
}

impl From<LogLevel> for ports::LogLevel {
    fn from(level: LogLevel) -> Self {
        match level {
            LogLevel::Trace => ports::LogLevel::Trace,
            LogLevel::Debug => ports::LogLevel::Debug,
            LogLevel::Info => ports::LogLevel::Info,
            LogLevel::Warn => ports::LogLevel::Warn,
            LogLevel::Error => ports::LogLevel::Error,
        }
    }
}

/// RFC 3339 in UTC with a numeric offset and nine sub-second digits.
fn rfc3339(since_epoch: Duration) -> String {
    let timestamp = i64::try_from(since_epoch.as_secs())
        .ok()
        .and_then(|secs| jiff::Timestamp::new(secs, since_epoch.subsec_nanos().cast_signed()).ok())
        .unwrap_or_default();
    let text = format!("{timestamp:.9}");
    text.strip_suffix('Z').map_or_else(|| text.clone(), |text| format!("{text}+00:00"))
}

/// How long a sleep is, cancelled or not.
pub(super) fn sleep(duration_ns: u64) -> Result<Duration, ErrorCode> {
    let duration = Duration::from_nanos(duration_ns);
    if duration > SLEEP_MAX { Err(ErrorCode::TooLarge) } else { Ok(duration) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timestamps_have_a_numeric_offset_and_fractions() {
        let check = |duration, expected: &str| assert_eq!(rfc3339(duration), expected);
        check(Duration::ZERO, "1970-01-01T00:00:00.000000000+00:00");
        check(Duration::new(1_577_836_800, 5), "2020-01-01T00:00:00.000000005+00:00");
    }
}
