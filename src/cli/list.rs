//! `capsule list`.

use super::cx::Cx;
use super::exit::Exit;
use super::failure::Failure;

/// Not there yet
#[derive(clap::Args)]
pub(super) struct ListArgs {}

pub(super) fn run(_: &Cx, _: ListArgs) -> Result<Exit, Failure> {
    Err(Failure::new(Exit::Defect, "missing", "this command is not there yet"))
}
