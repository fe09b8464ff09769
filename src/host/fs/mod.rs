//! `astrid:fs`: files below the workspace, the principal's home and its scratch directory.
//!
//! Paths are resolved and acted on by [`crate::fs`], which no link and no `..` leads out of. Policy
//! is asked about what a path resolves to, before anything about it can be learned. The home and
//! the scratch directory are those of whoever is acted for; a principal without a home has neither.
//! One instance holds at most [`crate::limits::FS_HANDLES_MAX`] open files. No error names a path of the machine.

mod host;

use wasmtime::component::Resource;

use crate::fs::OpenFile;
use crate::host::boundary::{Binder, Gatekeeper, Interface};
use crate::host::scope::CallScope;
use crate::host::table::Table;
use crate::host::{CapsuleHost, HostState, bindings};

/// A guest's open file.
#[derive(Debug)]
pub struct FileHandle(OpenFile);

/// What the functions see.
pub(crate) struct View<'a> {
    table: &'a mut Table,
    scope: &'a CallScope,
    capsule: &'a CapsuleHost,
    gate: Gatekeeper<'a>,
    open_files: &'a mut usize,
}

/// `astrid:fs/host@1.0.0`.
pub(crate) struct FsInterface;

impl Interface for FsInterface {
    const NAME: &'static str = "astrid:fs/host@1.0.0";
    type View<'a> = View<'a>;
    fn view(state: &mut HostState) -> View<'_> {
        let HostState { table, scope, capsule, boundary, open_files, .. } = state;
        let gate = boundary.gatekeeper(&capsule.gate);
        View { table, scope, capsule, gate, open_files }
    }
}

type Handle = Resource<FileHandle>;

/// Binds every function.
pub(crate) fn link(binder: &mut Binder<'_>) -> wasmtime::Result<()> {
    use bindings::fs::OpenMode;
    binder.interface::<FsInterface>(|b| {
        b.resource::<FileHandle>("file-handle", "[resource-drop]file-handle", |state, _| {
            state.open_files = state.open_files.saturating_sub(1);
        })?;
        b.blocking::<(Handle, u64, u32), _>("[method]file-handle.read-at", |view, args| {
            view.read_at(&args.0, args.1, args.2)
        })?;
        b.blocking::<(Handle, u64, Vec<u8>), _>("[method]file-handle.write-at", |view, args| {
            view.write_at(&args.0, args.1, &args.2)
        })?;
        b.blocking::<(Handle,), _>("[method]file-handle.sync-data", |view, (handle,)| {
            view.sync_data(handle)
        })?;
        b.blocking::<(Handle,), _>("[method]file-handle.sync-all", |view, (handle,)| {
            view.sync_all(handle)
        })?;
        b.blocking::<(Handle,), _>("[method]file-handle.stat", |view, (handle,)| {
            view.handle_stat(handle)
        })?;
        b.blocking::<(Handle, u64), _>("[method]file-handle.set-len", |view, (handle, size)| {
            view.set_len(handle, *size)
        })?;
        b.blocking::<(String, OpenMode), _>("fs-open", |view, (path, mode)| {
            view.open(path, *mode)
        })?;
        b.blocking::<(String,), _>("fs-exists", |view, (path,)| view.exists(path))?;
        b.blocking::<(String,), _>("fs-mkdir", |view, (path,)| view.mkdir(path))?;
        b.blocking::<(String,), _>("fs-mkdir-all", |view, (path,)| view.mkdir_all(path))?;
        b.blocking::<(String,), _>("fs-readdir", |view, (path,)| view.readdir(path))?;
        b.blocking::<(String,), _>("fs-stat", |view, (path,)| view.stat(path))?;
        b.blocking::<(String,), _>("fs-stat-symlink", |view, (path,)| view.stat_symlink(path))?;
        b.blocking::<(String,), _>("fs-unlink", |view, (path,)| view.unlink(path))?;
        b.blocking::<(String,), _>("read-file", |view, (path,)| view.read_file(path))?;
        b.blocking::<(String, Vec<u8>), _>("write-file", |view, (path, content)| {
            view.write_file(path, content)
        })?;
        b.blocking::<(String, Vec<u8>), _>("fs-append", |view, (path, content)| {
            view.append(path, content)
        })?;
        b.blocking::<(String, String), _>("fs-copy", |view, (src, dst)| view.copy(src, dst))?;
        b.blocking::<(String, String), _>("fs-rename", |view, (src, dst)| view.rename(src, dst))?;
        b.blocking::<(String,), _>("fs-remove-dir-all", |view, (path,)| view.remove_dir_all(path))?;
        b.blocking::<(String,), _>("fs-canonicalize", |view, (path,)| view.canonicalize(path))?;
        b.blocking::<(String,), _>("fs-read-link", |view, (path,)| view.read_link(path))?;
        b.blocking::<(String, String), _>("fs-hard-link", |view, (src, path)| {
            view.hard_link(src, path)
        })
    })
}
