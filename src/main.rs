//! The `capsule` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    capsule::cli::main(std::env::args_os())
}
