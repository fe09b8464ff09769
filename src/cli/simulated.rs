//! `--seed`: a world of its own around the guests.

use std::path::PathBuf;
use std::sync::Arc;

use super::cx::Cx;
use super::exit::Exit;
use super::failure::Failure;
use crate::cases::{World, read};
use crate::limits::CASE_FILE_BYTES_MAX;
use crate::manifest::{Manifest, render};
use crate::principal::PrincipalId;

/// Whether the world around the guests is the real one.
#[derive(clap::Args)]
#[command(next_help_heading = "Simulation")]
pub(super) struct SeedArgs {
    /// Simulate, so that equal runs are equal: virtual time, repeatable random bytes, a throw-away home,
    /// no network
    ///
    /// Time passes while guests wait, and only then: hours are over in moments. Several take turns. Nothing is
    /// read from the home but the capsule, and nothing is left in it but compiled code; settings, keys, users,
    /// approvals and servers are those of --given. The workspace is the real one, under its overlay, unless
    /// --given has another. Programs that a guest starts are real.
    #[arg(long, value_name = "N", conflicts_with_all = ["allow_local", "resolve", "ca_file"])]
    seed: Option<u64>,
    /// What there is in the simulated world: a TOML file
    #[arg(long, value_name = "FILE", requires = "seed", long_help = GIVEN_HELP)]
    given: Option<PathBuf>,
}

const GIVEN_HELP: &str = "\
What there is in the simulated world: a TOML file

It has the keys that a case of `capsule test` has in `given`, as far as they are not about the call:

  time = \"2026-01-31T12:00:00Z\"
  env = { GREETING = \"Hello\" }      # settings and secrets
  kv = { calls = 41 }                # keys and values
  home = { \"notes.txt\" = \"...\" }   # files; in workspace, files instead of the real ones
  approve = [\"git push\"]           # rules as --approve takes them
  users = [{ name = \"Ann\", accounts = { chat = \"4711\" } }]

  [[http]]                           # servers: the first that fits answers
  url = \"https://example.com/*\"
  body = { sky = \"blue\" }

  [[messages]]                       # what others publish, and when
  topic = \"weather.v1.asked\"
  after = \"8h\"

  [[replies]]                        # what others publish in answer
  to = \"weather.v1.*\"
  topic = \"sky.v1.*\"

What is asked for and not there is refused, and named at the end.";

/// A world that is to be made.
#[derive(Clone, Debug)]
pub(super) struct Simulated {
    pub(super) world: World,
    /// For whom; not empty.
    pub(super) principals: Vec<PrincipalId>,
    /// The capsules that find what is in it.
    pub(super) manifests: Vec<Arc<Manifest>>,
}

impl SeedArgs {
    /// What there is around the guests; `None` for the real world.
    pub(super) fn world(&self, cx: &Cx) -> Result<Option<World>, Failure> {
        let Some(seed) = self.seed else { return Ok(None) };
        let Some(shown) = &self.given else {
            return Ok(Some(World { seed, ..World::default() }));
        };
        let unreadable =
            |error| Failure::environment(format!("cannot read {}", shown.display()), &error);
        let mut text = String::new();
        let file = std::fs::File::open(cx.env.absolute(shown)?).map_err(unreadable)?;
        // One byte more, so that too much is seen as such.
        let mut file = std::io::Read::take(file, CASE_FILE_BYTES_MAX + 1);
        let _ = std::io::Read::read_to_string(&mut file, &mut text).map_err(unreadable)?;
        let world = read::world(&text).map_err(|problems| {
            let shown = shown.display().to_string();
            let failure =
                Failure::new(Exit::Usage, "given", format!("{shown} does not describe a world"));
            problems.iter().fold(failure, |failure, problem| {
                failure.cause(render(problem, &shown, &text).trim_end())
            })
        })?;
        Ok(Some(World { seed, ..world }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_the_help_is_a_world() {
        let example: Vec<&str> =
            GIVEN_HELP.lines().filter_map(|line| line.strip_prefix("  ")).collect();
        let world = read::world(&example.join("\n"));
        let world = world.unwrap_or_else(|problems| panic!("{problems:?}"));
        assert_eq!((world.http.len(), world.messages.len(), world.replies.len()), (1, 1, 1));
    }
}
