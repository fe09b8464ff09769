//! Setting aside interrupted changes that nobody can finish.

use crate::cli::cx::Cx;
use crate::cli::failure::Failure;
use crate::cli::person::confirm;
use crate::cli::ui::escape_line;
use crate::report::table::chain;
use crate::report::verify::SetAside;
use crate::store::Store;
use crate::store::layout::Site;
use crate::store::lock::Wait;
use crate::store::recover::Waiting;

/// Sets aside those of the changes that no later command can finish, as far as somebody agrees, and
/// tells which; they are taken off the list.
pub(super) fn stuck(
    cx: &Cx,
    store: &Store,
    waiting: &mut Vec<Waiting>,
) -> Result<Vec<SetAside>, Failure> {
    let site = Site::user(store.home());
    let mut set_aside = Vec::new();
    let mut left = Vec::new();
    for change in waiting.drain(..) {
        if change.is_passing() || change.journal.is_none() || !agreed(cx, &change) {
            left.push(change);
            continue;
        }
        let id = &change.id;
        let failed = |error: &(dyn std::error::Error + 'static)| {
            let message = format!("the interrupted change of {id} cannot be set aside");
            Failure::environment(message, error)
        };
        let lock = store.lock(&site, id, Wait::Yes).map_err(|error| failed(&error))?;
        let moved = store.set_aside(&lock, &change.dir).map_err(|error| failed(&error))?;
        set_aside.extend(moved.map(|to| SetAside::new(id, &change.dir, &to)));
    }
    *waiting = left;
    Ok(set_aside)
}

/// Whether somebody agrees that a change is given up. Nobody's absence is a yes.
fn agreed(cx: &Cx, change: &Waiting) -> bool {
    if cx.global.yes {
        return true;
    }
    // The reason may quote the journal, which nobody vouches for.
    let (id, why) = (&change.id, escape_line(&chain(&change.error)));
    cx.may_ask()
        && confirm(&format!("{why}\ngive up the interrupted change of {id} and set it aside?"))
}
