//! The functions of `astrid:uplink/host`.

use uuid::Uuid;

use super::{Inbound, Registration, View};
use crate::host::bindings::uplink::ErrorCode;
use crate::host::scope::Phase;
use crate::limits::{PAYLOAD_BYTES_MAX, UPLINK_ID_BYTES_MAX, UPLINK_TEXT_BYTES_MAX, UPLINKS_MAX};
use crate::policy::gate::Ask;

impl View<'_> {
    fn permit(&mut self) -> Result<(), ErrorCode> {
        self.gate.ask(Ask::Uplink)?;
        match self.scope.phase {
            Phase::Interceptor | Phase::RunLoop => Ok(()),
            Phase::Lifecycle => Err(ErrorCode::CapabilityDenied),
        }
    }

    pub(super) fn register(mut self, name: &str, platform: &str) -> Result<String, ErrorCode> {
        self.permit()?;
        let platform = platform.trim().to_ascii_lowercase();
        if !is_label(name) || !is_label(&platform) {
            return Err(ErrorCode::InvalidInput);
        }
        let registered = &mut self.registrations.0;
        if registered.len() >= UPLINKS_MAX {
            return Err(ErrorCode::Quota);
        }
        if registered.iter().any(|other| other.name == name && other.platform == platform) {
            return Err(ErrorCode::InvalidInput);
        }
        let id = self.capsule.services.clock.uuid();
        let id = id.map_err(|error| ErrorCode::Unknown(error.to_string()))?;
        registered.push(Registration { id, name: name.to_owned(), platform });
        Ok(id.to_string())
    }

    pub(super) fn send(mut self, id: &str, user: &str, content: &str) -> Result<bool, ErrorCode> {
        self.permit()?;
        if id.len() > UPLINK_ID_BYTES_MAX || user.len() > UPLINK_TEXT_BYTES_MAX {
            return Err(ErrorCode::InvalidInput);
        }
        let id = Uuid::try_parse(id).map_err(|_| ErrorCode::InvalidInput)?;
        if content.len() > PAYLOAD_BYTES_MAX {
            return Err(ErrorCode::InvalidInput);
        }
        let known = self.registrations.0.iter().find(|registration| registration.id == id);
        let known = known.ok_or(ErrorCode::UnknownUplink)?;
        let services = &self.capsule.services;
        Ok(services.inbound.push(Inbound {
            uplink: id,
            name: known.name.clone(),
            platform: known.platform.clone(),
            user: user.to_owned(),
            content: content.to_owned(),
            principal: self.scope.principal.id.to_string(),
            timestamp: services.clock.since_epoch(),
        }))
    }
}

/// Whether a text can name something: not blank, short, and one line.
fn is_label(text: &str) -> bool {
    !text.trim().is_empty()
        && text.len() <= UPLINK_TEXT_BYTES_MAX
        && !text.chars().any(char::is_control)
}
