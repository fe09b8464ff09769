//! The `capsule` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    // Started under another name, this program is the supervisor of a child process.
    if let Some(code) = capsule::local::sandbox::supervise(std::env::args_os().next().as_deref()) {
        return code.into();
    }
    capsule::cli::main(std::env::args_os())
}
