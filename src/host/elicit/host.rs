//! The functions of `astrid:elicit/host`.

use super::View;
use crate::host::bindings::elicit::{ElicitRequest, ElicitResponse, ElicitType, ErrorCode};
use crate::host::ports::{PersonAnswer, Question, QuestionKind};
use crate::host::scope::Phase;
use crate::limits::ELICIT_TIMEOUT;

impl<'a> View<'a> {
    pub(super) async fn elicit(
        self,
        request: &'a ElicitRequest,
    ) -> Result<ElicitResponse, ErrorCode> {
        if self.scope.phase != Phase::Lifecycle {
            return Err(ErrorCode::NotInLifecycle);
        }
        let question = self.question(request)?;
        let kind = question.kind.clone();
        let asking = self.capsule.services.person.ask(question);
        let patience = self.capsule.services.person.patience().unwrap_or(ELICIT_TIMEOUT);
        let answer = match tokio::time::timeout(patience, asking).await {
            Ok(PersonAnswer::Cancelled) => return Err(ErrorCode::Cancelled),
            Ok(PersonAnswer::TimedOut) | Err(_) => return Err(ErrorCode::Timeout),
            Ok(answer) => answer,
        };
        self.respond(request, &kind, answer)
    }

    fn question(&self, request: &ElicitRequest) -> Result<Question, ErrorCode> {
        let kind = match request.kind {
            ElicitType::Text => QuestionKind::Text,
            ElicitType::Secret => QuestionKind::Secret,
            ElicitType::Array => QuestionKind::Array,
            ElicitType::Select => match &request.options {
                Some(options) if !options.is_empty() => QuestionKind::Select(options.clone()),
                _ => return Err(ErrorCode::InvalidInput),
            },
        };
        let described = !request.description.is_empty();
        Ok(Question {
            capsule: self.capsule.id.to_string(),
            key: request.key.clone(),
            prompt: if described { &request.description } else { &request.key }.clone(),
            kind,
            default: request.default_value.clone(),
        })
    }

    fn respond(
        &self,
        request: &ElicitRequest,
        kind: &QuestionKind,
        answer: PersonAnswer,
    ) -> Result<ElicitResponse, ErrorCode> {
        let default = || request.default_value.clone().unwrap_or_default();
        match (kind, answer) {
            (QuestionKind::Array, PersonAnswer::Many(values)) => Ok(ElicitResponse::Values(values)),
            (QuestionKind::Array, PersonAnswer::One(value)) => {
                Ok(ElicitResponse::Values(vec![value]))
            }
            (QuestionKind::Text, PersonAnswer::One(value)) => {
                let value = if value.is_empty() { default() } else { value };
                Ok(ElicitResponse::Value(value))
            }
            (QuestionKind::Select(options), PersonAnswer::One(value)) => {
                let value = if value.is_empty() { default() } else { value };
                if !options.contains(&value) {
                    return Err(ErrorCode::InvalidInput);
                }
                Ok(ElicitResponse::Value(value))
            }
            (QuestionKind::Secret, PersonAnswer::One(value)) => {
                if value.is_empty() {
                    return Err(ErrorCode::InvalidInput);
                }
                let stored = self.scope.principal.secrets.set(&request.key, &value);
                stored
                    .map(|()| ElicitResponse::SecretStored)
                    .map_err(|_| ErrorCode::StoreUnavailable)
            }
            _ => Err(ErrorCode::InvalidInput),
        }
    }

    pub(super) fn has_secret(self, key: &str) -> Result<bool, ErrorCode> {
        self.scope.principal.secrets.has(key).map_err(|_| ErrorCode::StoreUnavailable)
    }
}
