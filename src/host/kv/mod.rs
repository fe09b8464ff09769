//! `astrid:kv`: the keys and values of one capsule for one principal.
//!
//! A write that was acknowledged is durable, and a compare-and-swap is linearizable against every
//! other write, from other processes too. Keys are at most 256 bytes without control characters,
//! values at most 1 MiB; lists come in byte order. Nothing else of the machine, settings and secrets
//! included, is visible as a key. No capability is needed.

mod host;

use crate::host::HostState;
use crate::host::boundary::{Binder, Interface};
use crate::kv::KvHandle;

/// What the functions see.
pub(crate) struct View<'a> {
    kv: &'a KvHandle,
}

/// `astrid:kv/host@1.0.0`.
pub(crate) struct KvInterface;

impl Interface for KvInterface {
    const NAME: &'static str = "astrid:kv/host@1.0.0";
    type View<'a> = View<'a>;
    fn view(state: &mut HostState) -> View<'_> {
        View { kv: &state.scope.principal.kv }
    }
}

/// Binds every function.
pub(crate) fn link(binder: &mut Binder<'_>) -> wasmtime::Result<()> {
    binder.interface::<KvInterface>(|b| {
        b.blocking::<(String,), _>("kv-get", |view, (key,)| view.get(key))?;
        b.blocking::<(String, Vec<u8>), _>("kv-set", |view, (key, value)| view.set(key, value))?;
        b.blocking::<(String,), _>("kv-delete", |view, (key,)| view.delete(key))?;
        b.blocking::<(String,), _>("kv-list-keys", |view, (prefix,)| view.list_keys(prefix))?;
        b.blocking::<(String, Option<String>, u32), _>(
            "kv-list-keys-page",
            |view, (prefix, cursor, limit)| view.list_keys_page(prefix, cursor.as_deref(), *limit),
        )?;
        b.blocking::<(String,), _>("kv-clear-prefix", |view, (prefix,)| view.clear_prefix(prefix))?;
        b.blocking::<(String, Option<Vec<u8>>, Vec<u8>), _>(
            "kv-cas",
            |view, (key, expected, new)| view.cas(key, expected.as_deref(), new),
        )
    })
}
