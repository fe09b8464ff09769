//! `capsule show`.

use super::cx::Cx;
use super::exit::Exit;
use super::failure::Failure;

/// Not there yet
#[derive(clap::Args)]
pub(super) struct ShowArgs {}

pub(super) fn run(_: &Cx, _: ShowArgs) -> Result<Exit, Failure> {
    Err(Failure::new(Exit::Defect, "missing", "this command is not there yet"))
}
