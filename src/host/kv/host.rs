//! The functions of `astrid:kv/host`.

use super::View;
use crate::host::bindings::kv::{ErrorCode, KeyPage};
use crate::kv::KvError;

impl View<'_> {
    pub(super) fn get(self, key: &str) -> Result<Option<Vec<u8>>, ErrorCode> {
        Ok(self.kv.get(key)?)
    }

    pub(super) fn set(self, key: &str, value: &[u8]) -> Result<(), ErrorCode> {
        Ok(self.kv.set(key, value)?)
    }

    pub(super) fn delete(self, key: &str) -> Result<(), ErrorCode> {
        Ok(self.kv.delete(key)?)
    }

    pub(super) fn list_keys(self, prefix: &str) -> Result<Vec<String>, ErrorCode> {
        Ok(self.kv.list_keys(prefix)?)
    }

    pub(super) fn list_keys_page(
        self,
        prefix: &str,
        cursor: Option<&str>,
        limit: u32,
    ) -> Result<KeyPage, ErrorCode> {
        let page = self.kv.list_page(prefix, cursor, limit)?;
        Ok(KeyPage { keys: page.keys, next_cursor: page.next_cursor })
    }

    pub(super) fn clear_prefix(self, prefix: &str) -> Result<u64, ErrorCode> {
        Ok(self.kv.clear_prefix(prefix)?)
    }

    pub(super) fn cas(
        self,
        key: &str,
        expected: Option<&[u8]>,
        new: &[u8],
    ) -> Result<(), ErrorCode> {
        Ok(self.kv.cas(key, expected, new)?)
    }
}

impl From<KvError> for ErrorCode {
    fn from(error: KvError) -> ErrorCode {
        match error {
            KvError::InvalidKey { .. } => ErrorCode::InvalidKey,
            KvError::TooLarge { .. } => ErrorCode::TooLarge,
            KvError::Quota { .. } => ErrorCode::Quota,
            KvError::CasMismatch => ErrorCode::CasMismatch,
            // What is wrong with the store is the user's business: it names a place on the machine.
            error @ KvError::Busy { .. } => {
                tracing::warn!("a guest's call: {error}");
                ErrorCode::Unknown("the store is busy".to_owned())
            }
            KvError::Store(error) => {
                let causes = std::iter::successors(Some(&*error as &dyn std::error::Error), |it| {
                    it.source()
                });
                let causes: Vec<String> = causes.map(ToString::to_string).collect();
                tracing::warn!("a guest's call: {}", causes.join(": "));
                ErrorCode::Unknown("the store cannot be used".to_owned())
            }
        }
    }
}
