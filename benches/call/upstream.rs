//! Speaks with the program in `benches/upstream`.

use std::cell::RefCell;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

use super::Outcome;

/// The running program. It waits for the next request and uses no processor time meanwhile.
pub(crate) struct Upstream {
    child: Child,
    pipes: RefCell<Option<(ChildStdin, BufReader<ChildStdout>)>>,
}

impl Upstream {
    /// Starts the program, if it was built.
    pub(crate) fn start(component: &Path) -> Outcome<Option<Upstream>> {
        let program = program()?;
        if !program.exists() {
            return Ok(None);
        }
        let mut child = Command::new(program)
            .arg(component)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let stdin = child.stdin.take().ok_or("no pipe")?;
        let stdout = BufReader::new(child.stdout.take().ok_or("no pipe")?);
        Ok(Some(Upstream { child, pipes: RefCell::new(Some((stdin, stdout))) }))
    }

    pub(crate) fn run(&self, payload_bytes: usize, calls: u64) -> Duration {
        let answer = self.ask(payload_bytes, calls).expect("the program answers");
        Duration::from_nanos(answer)
    }

    fn ask(&self, payload_bytes: usize, calls: u64) -> Outcome<u64> {
        let mut pipes = self.pipes.borrow_mut();
        let (stdin, stdout) = pipes.as_mut().ok_or("the program has ended")?;
        writeln!(stdin, "{payload_bytes} {calls}")?;
        stdin.flush()?;
        let mut line = String::new();
        stdout.read_line(&mut line)?;
        Ok(line.trim().parse()?)
    }
}

impl Drop for Upstream {
    fn drop(&mut self) {
        // Without its standard input the program ends.
        self.pipes.borrow_mut().take();
        let _ = self.child.wait();
    }
}

/// Beside the benchmark, when it was built into the same target directory.
fn program() -> Outcome<PathBuf> {
    let here = std::env::current_exe()?;
    let folder = here.parent().and_then(Path::parent).ok_or("no target directory")?;
    Ok(folder.join("capsule-bench-upstream"))
}
