//! `capsule man`.

use super::cx::Cx;
use super::exit::{Exit, exit_codes_text};
use super::failure::Failure;

/// Print the man page
#[derive(clap::Args)]
pub(super) struct ManArgs {}

pub(super) fn run(cx: &Cx, _: ManArgs) -> Result<Exit, Failure> {
    let mut page = Vec::new();
    let man = clap_mangen::Man::new(super::command());
    man.render(&mut page).map_err(|error| Failure::environment("cannot make the page", &error))?;
    let mut page = String::from_utf8_lossy(&page).into_owned();
    page.push_str(".SH \"EXIT STATUS\"\n.nf\n");
    page.push_str(&exit_codes_text());
    page.push_str(".fi\n");
    cx.ui.text(&page);
    Ok(Exit::Done)
}
