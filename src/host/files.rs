//! The files of whoever is acted for, under a capsule's policy.

use super::CapsuleHost;
use super::boundary::Gatekeeper;
use super::scope::CallScope;
use crate::fs::{self, Access, Files, FsError, Scheme, Target};
use crate::policy::gate::{Ask, FileAsk};

/// Does something with the files of whoever is acted for, under a capsule's policy.
pub(super) fn files_of<R>(
    capsule: &CapsuleHost,
    scope: &CallScope,
    gate: &mut Gatekeeper<'_>,
    act: impl FnOnce(&mut Files<'_>) -> Result<R, FsError>,
) -> Result<R, FsError> {
    let workspace = capsule.services.workspace.clone();
    let files = &scope.principal.files;
    let (home, tmp) = (files.home(), files.tmp());
    let mut ask = |access: Access, target: &Target<'_>| {
        let entry = entry(target);
        let file = FileAsk {
            entry: &entry,
            absolute: target.absolute,
            workspace: workspace.as_deref().map(fs::Mount::absolute),
            home: home.as_deref().map(fs::Mount::absolute),
            tmp: tmp.as_deref().map(fs::Mount::absolute),
        };
        let mut allow = |ask| gate.ask(ask).map_err(|_| FsError::Denied);
        match access {
            Access::Read => allow(Ask::Read(file)),
            Access::Write => allow(Ask::Write(file)),
            Access::ReadAndWrite => {
                allow(Ask::Write(file))?;
                allow(Ask::Read(file))
            }
        }
    };
    let mounts = (workspace.clone(), home.clone(), tmp.clone());
    act(&mut Files::new(mounts.0, mounts.1, mounts.2, &mut ask))
}

/// The manifest entry that grants exactly this file, in the spelling that every kernel honours.
fn entry(target: &Target<'_>) -> String {
    let path = target.relative.to_string_lossy();
    match target.scheme {
        Scheme::Workspace => format!("cwd://{path}"),
        Scheme::Home => format!("home://{path}"),
        Scheme::Tmp if path.is_empty() => "home://.local/tmp".to_owned(),
        Scheme::Tmp => format!("home://.local/tmp/{path}"),
    }
}
