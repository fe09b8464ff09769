//! The functions of `astrid:identity/host`.

use uuid::Uuid;

use super::{ErrorCode, View};
use crate::host::bindings::identity::{
    IdentityCreateUserRequest, IdentityCreateUserResponse, IdentityLinkRequest,
    IdentityResolveRequest, IdentityResolveResponse, IdentityUnlinkRequest, PlatformLink,
};
use crate::host::ports::Identities;
use crate::host::scope::Phase;
use crate::policy::gate::{Ask, IdentityLevel};

/// The one spelling under which a user is kept.
fn user_id(text: &str) -> Result<String, ErrorCode> {
    let id = Uuid::try_parse(text).map_err(|_| ErrorCode::InvalidInput)?;
    Ok(id.to_string())
}

impl<'a> View<'a> {
    /// The users, for whoever may do what takes that level.
    fn people(mut self, level: IdentityLevel) -> Result<&'a dyn Identities, ErrorCode> {
        self.gate.ask(Ask::Identity { level })?;
        match self.scope.phase {
            Phase::Lifecycle => Err(ErrorCode::StoreUnavailable),
            Phase::Interceptor | Phase::RunLoop => Ok(&*self.capsule.services.identities),
        }
    }

    pub(super) fn resolve(
        self,
        request: &IdentityResolveRequest,
    ) -> Result<IdentityResolveResponse, ErrorCode> {
        let people = self.people(IdentityLevel::Resolve)?;
        let found = people.resolve(&request.platform, &request.platform_user_id);
        let (user_id, display_name) = found?;
        Ok(IdentityResolveResponse { user_id, display_name })
    }

    pub(super) fn link(self, request: &IdentityLinkRequest) -> Result<(), ErrorCode> {
        let user = user_id(&request.astrid_user_id)?;
        let people = self.people(IdentityLevel::Link)?;
        let IdentityLinkRequest { platform, platform_user_id, method, .. } = request;
        Ok(people.link(platform, platform_user_id, &user, method)?)
    }

    pub(super) fn unlink(self, request: &IdentityUnlinkRequest) -> Result<(), ErrorCode> {
        let people = self.people(IdentityLevel::Link)?;
        Ok(people.unlink(&request.platform, &request.platform_user_id)?)
    }

    pub(super) fn create_user(
        self,
        request: &IdentityCreateUserRequest,
    ) -> Result<IdentityCreateUserResponse, ErrorCode> {
        let people = self.people(IdentityLevel::Admin)?;
        let user_id = people.create(request.display_name.as_deref())?;
        Ok(IdentityCreateUserResponse { user_id })
    }

    pub(super) fn list_links(self, user: &str) -> Result<Vec<PlatformLink>, ErrorCode> {
        let user = user_id(user)?;
        let accounts = self.people(IdentityLevel::Link)?.accounts(&user)?;
        let links = accounts.into_iter().map(|it| PlatformLink {
            platform: it.platform,
            platform_user_id: it.account,
            linked_at: it.linked_at,
            method: it.method,
        });
        Ok(links.collect())
    }
}
