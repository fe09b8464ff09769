//! Files that a user asked for.

use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::failure::Failure;

/// Writes a file beside its place and moves it there: whoever looks finds the whole of it, or what was
/// there before.
pub(super) fn write_whole(output: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let failed = |error: &(dyn std::error::Error + 'static)| {
        Failure::environment(format!("cannot write {}", output.display()), error)
    };
    let dir = output.parent().unwrap_or(Path::new("/"));
    let mut temporary = tempfile::Builder::new()
        .prefix(".capsule-")
        .permissions(PermissionsExt::from_mode(0o644))
        .tempfile_in(dir)
        .map_err(|error| failed(&error))?;
    temporary.as_file_mut().write_all(bytes).map_err(|error| failed(&error))?;
    temporary.as_file().sync_all().map_err(|error| failed(&error))?;
    temporary.persist(output).map_err(|error| failed(&error.error))?;
    Ok(())
}
