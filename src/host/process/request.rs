//! From what a guest asks for to a program that can be started.

use std::path::{Path, PathBuf};
use std::time::Duration;

use wasmtime::component::{ComponentType, Lift};

use super::View;
use super::bindings::process::{
    EnvVar, ErrorCode, InjectionPlacement, OverflowPolicy, ResourceLimits, SpawnRequest,
};
use super::child::Streams;
use super::ring::Overflow;
use crate::fs::{FsError, Mount};
use crate::host::files::files_of;
use crate::host::spawner::{Injection, InjectionPlace, Limits, Program, Root};
use crate::limits::{
    PROCESS_ARGS_BYTES_MAX, PROCESS_FILE_BYTES_MAX, PROCESS_FILES_BYTES_MAX, PROCESS_FILES_MAX,
    PROCESS_IDLE, PROCESS_LABEL_BYTES_MAX, PROCESS_LIFETIME, PROCESS_PRELUDE_BYTES_MAX,
    PROCESS_RETENTION, PROCESS_RETENTION_MAX, PROCESS_RING_BYTES, PROCESS_RING_BYTES_RANGE,
};
use crate::policy::sandbox::{self, Directory, Place, Unfit};

/// The request of version 1.0.0, which knows no files.
#[derive(Clone, Debug, ComponentType, Lift, serde::Serialize)]
#[component(record)]
pub(crate) struct SpawnRequest10 {
    cmd: String,
    args: Vec<String>,
    stdin: Option<Vec<u8>>,
    env: Vec<EnvVar>,
    cwd: Option<String>,
    limits: Option<ResourceLimits>,
    label: Option<String>,
    #[component(name = "keep-stdin-open")]
    keep_stdin_open: Option<bool>,
    overflow: Option<OverflowPolicy>,
    #[component(name = "log-ring-bytes")]
    log_ring_bytes: Option<u32>,
    #[component(name = "max-lifetime-ms")]
    max_lifetime_ms: Option<u64>,
    #[component(name = "idle-timeout-ms")]
    idle_timeout_ms: Option<u64>,
    #[component(name = "exit-retention-ms")]
    exit_retention_ms: Option<u64>,
}

super::bindings::describe_generated!(SpawnRequest10);

impl From<&SpawnRequest10> for SpawnRequest {
    fn from(old: &SpawnRequest10) -> SpawnRequest {
        let old = old.clone();
        SpawnRequest {
            cmd: old.cmd,
            args: old.args,
            stdin: old.stdin,
            env: old.env,
            cwd: old.cwd,
            limits: old.limits,
            file_injections: Vec::new(),
            label: old.label,
            keep_stdin_open: old.keep_stdin_open,
            overflow: old.overflow,
            log_ring_bytes: old.log_ring_bytes,
            max_lifetime_ms: old.max_lifetime_ms,
            idle_timeout_ms: old.idle_timeout_ms,
            exit_retention_ms: old.exit_retention_ms,
        }
    }
}

impl From<Unfit> for ErrorCode {
    fn from(unfit: Unfit) -> Self {
        match unfit {
            Unfit::Invalid(_) => ErrorCode::InvalidInput,
            Unfit::TooLarge(_) => ErrorCode::TooLarge,
            Unfit::Escape(_) => ErrorCode::BoundaryEscape,
        }
    }
}

/// What a persistent process is kept by.
pub(super) struct Keeping {
    pub(super) label: String,
    pub(super) command: String,
    pub(super) lifetime: Duration,
    pub(super) idle: Duration,
    pub(super) retention: Duration,
}

impl Keeping {
    pub(super) fn of(request: &SpawnRequest) -> Keeping {
        let within = |asked: Option<u64>, default, most: Duration| {
            asked.map_or(default, Duration::from_millis).min(most)
        };
        let command = format!("{} {}", request.cmd, request.args.join(" "));
        let label = request.label.as_deref().unwrap_or(&command);
        let mut label: String = label.chars().filter(|letter| !letter.is_control()).collect();
        label.truncate(label.floor_char_boundary(PROCESS_LABEL_BYTES_MAX));
        Keeping {
            label,
            lifetime: within(request.max_lifetime_ms, PROCESS_LIFETIME, PROCESS_LIFETIME),
            idle: within(request.idle_timeout_ms, PROCESS_IDLE, PROCESS_LIFETIME),
            retention: within(request.exit_retention_ms, PROCESS_RETENTION, PROCESS_RETENTION_MAX),
            command,
        }
    }
}

/// The streams of a child that a guest reads bit by bit.
pub(super) fn streams(request: &SpawnRequest, persistent: bool) -> Streams {
    let (least, most) = PROCESS_RING_BYTES_RANGE;
    let asked = request.log_ring_bytes.filter(|_| persistent).map(|bytes| bytes as usize);
    let waits = persistent && request.overflow == Some(OverflowPolicy::Backpressure);
    Streams {
        capacity: asked.map_or(PROCESS_RING_BYTES, |bytes| bytes.clamp(least, most)),
        overflow: if waits { Overflow::Wait } else { Overflow::DropOldest },
        prelude: request.stdin.clone().unwrap_or_default(),
        keep_stdin_open: request.keep_stdin_open.unwrap_or(false),
    }
}

impl View<'_> {
    /// Checks a request and makes a program of it. The gate has been asked about the command already.
    pub(super) fn program(&mut self, request: &SpawnRequest) -> Result<Program, ErrorCode> {
        check_sizes(request)?;
        let processes = &self.capsule.services.processes;
        let asked = request.env.iter().map(|pair| (pair.key.as_str(), pair.value.as_str()));
        let mut env = sandbox::environment(&processes.environment, asked)?;
        let mut own = false;
        let cwd = self.directory(sandbox::directory(request.cwd.as_deref())?, &mut own)?;
        if let Some(home) = request.env.iter().find(|pair| pair.key == "HOME")
            && let Some(home) = sandbox::home(&home.value)?
        {
            let home = self.directory(home, &mut own)?.ok_or(ErrorCode::InvalidInput)?;
            sandbox::set(&mut env, "HOME", home.to_str().ok_or(ErrorCode::InvalidInput)?);
        }
        let limits = request.limits.as_ref();
        Ok(Program {
            command: request.cmd.clone(),
            args: request.args.clone(),
            env,
            workspace: self.capsule.services.workspace.as_deref().map(|it| self.workspace(it)),
            home: if own { Some(self.home()?) } else { None },
            cwd,
            files: files(request)?,
            limits: Limits {
                memory_bytes: limits.and_then(|it| it.max_memory_bytes),
                cpu_secs: limits.and_then(|it| it.max_cpu_secs),
                tasks: limits.and_then(|it| it.max_pids),
                open_files: limits.and_then(|it| it.max_open_files),
            },
        })
    }

    /// Where a directory is on the machine; `own` is set for one of the principal's. Only a workspace
    /// that is not there is nowhere.
    fn directory(
        &mut self,
        directory: Directory<'_>,
        own: &mut bool,
    ) -> Result<Option<PathBuf>, ErrorCode> {
        match directory {
            Directory::Own(path) => {
                *own = true;
                let found = files_of(self.capsule, self.scope, &mut self.gate, |files| {
                    files.directory(path)
                });
                found.map(Some).map_err(not_a_directory)
            }
            Directory::Workspace(path) => match self.capsule.services.workspace.as_deref() {
                Some(workspace) => on_disk(workspace, &path).map(Some),
                None if path.as_os_str().is_empty() => Ok(None),
                None => Err(ErrorCode::InvalidInput),
            },
        }
    }

    /// What a program sees of the workspace: what the manifest opens to the capsule itself.
    fn workspace(&self, workspace: &Mount) -> Root {
        let path = workspace.absolute().to_owned();
        let read = self.opened(false, Place::Workspace, &path);
        // A layer above the workspace is not there for programs: they would write below it.
        let write = match workspace.is_direct() {
            true => sandbox::both(&read, &self.opened(true, Place::Workspace, &path)),
            false => Vec::new(),
        };
        Root { path, read, write, closed: Vec::new() }
    }

    /// The same of the principal's home, with the scratch directory in it.
    fn home(&self) -> Result<Root, ErrorCode> {
        let own = &self.scope.principal.files;
        let home = own.home().ok_or(ErrorCode::CapabilityDenied)?;
        let path = home.absolute().to_owned();
        let closed = home.closed_on_disk().map_err(|_| ErrorCode::CapabilityDenied)?.to_vec();
        let tmp = own.tmp();
        let opened = |writing| {
            let mut opened = self.opened(writing, Place::Home, &path);
            let inside = tmp.as_deref().and_then(|tmp| tmp.absolute().strip_prefix(&path).ok());
            if let (Some(tmp), Some(inside)) = (&tmp, inside) {
                let scratch = self.opened(writing, Place::Tmp, tmp.absolute());
                opened.extend(scratch.iter().map(|part| inside.join(part).components().collect()));
            }
            let shut = |path: &PathBuf| closed.iter().any(|closed| path.starts_with(closed));
            opened.retain(|path| !shut(path));
            sandbox::widest(opened)
        };
        let read = opened(false);
        let write = sandbox::both(&read, &opened(true));
        Ok(Root { read, write, path, closed })
    }

    fn opened(&self, writing: bool, place: Place, root: &Path) -> Vec<PathBuf> {
        sandbox::opened(self.capsule.gate.file_entries(writing), place, root)
    }
}

/// What a guest hears about a directory of its own that no program starts in.
fn not_a_directory(error: FsError) -> ErrorCode {
    match error {
        FsError::BoundaryEscape => ErrorCode::BoundaryEscape,
        FsError::Denied | FsError::Access => ErrorCode::CapabilityDenied,
        FsError::TooLarge => ErrorCode::TooLarge,
        FsError::Quota => ErrorCode::Quota,
        _ => ErrorCode::InvalidInput,
    }
}

fn check_sizes(request: &SpawnRequest) -> Result<(), ErrorCode> {
    let prelude = request.stdin.as_ref().map_or(0, Vec::len);
    let args: usize = request.args.iter().map(String::len).sum();
    if prelude > PROCESS_PRELUDE_BYTES_MAX || args + request.cmd.len() > PROCESS_ARGS_BYTES_MAX {
        return Err(ErrorCode::TooLarge);
    }
    Ok(())
}

/// A directory of the workspace as it is on the disk.
fn on_disk(workspace: &Mount, path: &Path) -> Result<PathBuf, ErrorCode> {
    if path.as_os_str().is_empty() {
        return Ok(workspace.absolute().to_owned());
    }
    let found = workspace.directory_on_disk(path).map_err(|error| match error.kind() {
        std::io::ErrorKind::PermissionDenied => ErrorCode::BoundaryEscape,
        _ => ErrorCode::InvalidInput,
    })?;
    // A path of no names would leave a slash at the end.
    Ok(workspace.absolute().join(found).components().collect())
}

fn files(request: &SpawnRequest) -> Result<Vec<Injection>, ErrorCode> {
    let asked = &request.file_injections;
    let sizes = || asked.iter().map(|file| file.content.len());
    let total = sizes().sum::<usize>();
    if asked.len() > PROCESS_FILES_MAX
        || total > PROCESS_FILES_BYTES_MAX
        || sizes().any(|size| size > PROCESS_FILE_BYTES_MAX)
    {
        return Err(ErrorCode::TooLarge);
    }
    let mut seen = std::collections::BTreeSet::new();
    let files = asked.iter().map(|file| {
        let (place, name) = match &file.placement {
            InjectionPlacement::EnvPointer(name) => {
                sandbox::check_name(name)?;
                (InjectionPlace::Variable(name.clone()), PathBuf::from(name))
            }
            InjectionPlacement::FixedPath(path) => {
                let whole: PathBuf = sandbox::check_fixed_path(path)?.components().collect();
                (InjectionPlace::Path(path.clone()), whole)
            }
        };
        if !seen.insert(name) {
            return Err(ErrorCode::InvalidInput);
        }
        Ok(Injection { content: file.content.clone(), place })
    });
    files.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(times: [Option<u64>; 3]) -> SpawnRequest {
        let [max_lifetime_ms, idle_timeout_ms, exit_retention_ms] = times;
        SpawnRequest {
            cmd: "a".to_owned(),
            args: vec!["b".to_owned(), "c d".to_owned()],
            stdin: None,
            env: Vec::new(),
            cwd: None,
            limits: None,
            file_injections: Vec::new(),
            label: None,
            keep_stdin_open: None,
            overflow: None,
            log_ring_bytes: None,
            max_lifetime_ms,
            idle_timeout_ms,
            exit_retention_ms,
        }
    }

    #[test]
    fn a_program_stays_as_long_as_it_is_wanted_and_no_longer_than_it_may() {
        let hours = |hours: u64| Duration::from_secs(hours * 3600);
        let minutes = |minutes: u64| Duration::from_secs(minutes * 60);
        for (asked, lifetime, idle, retention) in [
            ([None; 3], hours(6), minutes(30), minutes(5)),
            ([Some(u64::MAX); 3], hours(6), hours(6), hours(1)),
            (
                [Some(1); 3],
                Duration::from_millis(1),
                Duration::from_millis(1),
                Duration::from_millis(1),
            ),
            ([Some(0), Some(21_600_001), Some(3_600_001)], Duration::ZERO, hours(6), hours(1)),
        ] {
            let kept = Keeping::of(&request(asked));
            assert_eq!((kept.lifetime, kept.idle, kept.retention), (lifetime, idle, retention));
            assert_eq!((kept.label.as_str(), kept.command.as_str()), ("a b c d", "a b c d"));
        }
    }

    #[test]
    fn rings_and_waiting_are_for_programs_that_stay() {
        let asked = |bytes| SpawnRequest {
            log_ring_bytes: Some(bytes),
            overflow: Some(OverflowPolicy::Backpressure),
            ..request([None; 3])
        };
        for (bytes, capacity) in
            [(0, 4096), (4096, 4096), (5000, 5000), (u32::MAX, 8 << 20), (8 << 20, 8 << 20)]
        {
            let stays = streams(&asked(bytes), true);
            assert_eq!((stays.capacity, stays.overflow), (capacity, Overflow::Wait));
            let goes = streams(&asked(bytes), false);
            assert_eq!((goes.capacity, goes.overflow), (PROCESS_RING_BYTES, Overflow::DropOldest));
        }
    }
}
