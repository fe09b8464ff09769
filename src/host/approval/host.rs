//! The function of `astrid:approval/host`.

use super::View;
use crate::host::bindings::approval::{
    ApprovalDecision, ApprovalRequest, ApprovalResponse, ErrorCode,
};
use crate::host::ports::{self, Approved, Remember};
use crate::limits::APPROVAL_TIMEOUT;
use crate::policy::approval::Asked;
use crate::policy::gate::Denial;

impl View<'_> {
    pub(super) async fn request_approval(
        mut self,
        request: &ApprovalRequest,
    ) -> Result<ApprovalResponse, ErrorCode> {
        let asked = Asked::new(&request.action, &request.target_resource)
            .map_err(|_| ErrorCode::InvalidInput)?;
        let services = &self.capsule.services;
        let (capsule, principal) = (self.capsule.id.to_string(), self.scope.principal.id.clone());
        let workspace = services.workspace.as_ref().map(|mount| mount.absolute());
        let request = ports::ApprovalRequest { capsule, principal, asked };
        let (principal, asked) = (&self.scope.principal.id, request.asked.clone());
        if services.allowances.cover(principal, workspace, &asked) {
            services.person.covered(&request);
            return Ok(ApprovalResponse { decision: ApprovalDecision::Allowance });
        }
        let deciding = services.person.approve(request);
        let patience = services.person.patience().unwrap_or(APPROVAL_TIMEOUT);
        let approved = tokio::time::timeout(patience, deciding).await;
        let decision = match approved.unwrap_or(Approved::TimedOut) {
            Approved::Yes(remember) => {
                if remember != Remember::Once {
                    services.allowances.add(principal, workspace, &asked.action);
                }
                granted(remember)
            }
            Approved::No => ApprovalDecision::Denied,
            Approved::NobodyThere => {
                self.gate.refused(nobody_there(&asked));
                ApprovalDecision::Denied
            }
            Approved::TimedOut => return Err(ErrorCode::Timeout),
            Approved::Unavailable => return Err(ErrorCode::StoreUnavailable),
        };
        Ok(ApprovalResponse { decision })
    }
}

fn granted(remember: Remember) -> ApprovalDecision {
    match remember {
        Remember::Once => ApprovalDecision::Approved,
        Remember::Session => ApprovalDecision::ApprovedSession,
        Remember::Always => ApprovalDecision::ApprovedAlways,
    }
}

fn nobody_there(asked: &Asked) -> Denial {
    Denial { capability: "approval", wanted: asked.to_string(), grant: asked.option() }
}
