//! `capsule install`.

use super::cx::Cx;
use super::exit::Exit;
use super::failure::Failure;

/// Not there yet
#[derive(clap::Args)]
pub(super) struct InstallArgs {}

pub(super) fn run(_: &Cx, _: InstallArgs) -> Result<Exit, Failure> {
    Err(Failure::new(Exit::Defect, "missing", "this command is not there yet"))
}

/// Applies what a lifecycle hook wrote, as a journal kept it.
pub(super) fn apply_layer(
    kv: &crate::kv::KvService,
    layer: &serde_json::Value,
) -> Result<(), crate::store::journal::OutsideError> {
    let _ = (kv, layer);
    Ok(())
}
