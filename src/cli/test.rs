//! `capsule test`.

mod bless;
mod evidence;
pub(super) mod files;
mod runner;
mod watch;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use super::cx::Cx;
use super::exit::Exit;
use super::failure::Failure;
use super::load::refuse_unlinkable;
use super::target::{self, Capsule};
use super::{format, interrupt, processes};
use crate::cases::{Suite, SuiteOptions};
use crate::engine::{Engine, EngineOptions, Flavour, Profile, fingerprint};
use crate::report::checks::Form;
use crate::report::test::{CaseReport, TestReport, Tested};
use files::{CaseFile, Listed};

/// Run the cases of a capsule: what is given to it, and what has to be so afterwards
///
/// Each [[case]] in tests/*.toml is run on a machine of its own: a home that is thrown away, virtual
/// time, seeded randomness, no network. Equal code gives equal results and equal fuel. Each recording
/// in tests/*.cassette is played: the capsule has to do what was recorded.
#[derive(clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct TestArgs {
    /// Directory with a Capsule.toml, and cases in tests/
    #[arg(default_value = ".")]
    dir: PathBuf,
    /// Run only cases with this text in their names; repeatable
    #[arg(short = 'E', long, value_name = "TEXT")]
    filter: Vec<String>,
    /// List the cases, and run none
    #[arg(long, conflicts_with_all = ["bless", "fail_fast", "faults", "jobs"])]
    list: bool,
    /// Stop at the first case that fails
    #[arg(long)]
    fail_fast: bool,
    /// Run each case that passes again with every host call failing in every way that it can, one at
    /// a time: the capsule has to answer, and to leave behind what was there before or all of what it
    /// leaves otherwise. What goes wrong is recorded in DIR/faults
    #[arg(long, conflicts_with = "bless")]
    faults: bool,
    /// Write what is so into the files, in place of what was expected; comments stay. Recordings are
    /// made anew as far as their answers go
    #[arg(long)]
    bless: bool,
    /// Run them again whenever the component, the manifest or a case has changed, until Ctrl-C
    #[arg(long, conflicts_with_all = ["list", "bless", "format"])]
    watch: bool,
    /// How many cases run at once [default: one for each core]
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    jobs: Option<u16>,
    /// Form of the report [default: text, or json with --json]
    #[arg(long, value_enum, hide_default_value = true)]
    format: Option<TestFormat>,
}

const AFTER_HELP: &str = "\
A case:
  [[case]]
  name = \"greets by name\"
  [case.given]
  action = \"greet\"              # or hook = \"install\", \"upgrade\"; or run = true
  payload = { name = \"Ada\" }    # a text as it stands, anything else as JSON
  kv = { visits = 1 }
  [case.expect]
  outcome = \"continue\"
  data = { greeting = \"Hello, Ada!\" }
  kv = { visits = 2 }
  calls = { \"kv.kv-set\" = 1, \"http.http-request\" = 0 }
  max-fuel = 1_000_000

  given:  action, hook, run, payload, payload-file, topic, principal, seed, time, previous-version,
          env, kv, home, workspace, answers, approve, messages, replies, http, users, for, fuel,
          timeout, memory
  expect: outcome, data, data-includes, data-matches, reason, reason-matches, kv, kv-absent, home,
          home-absent, workspace, workspace-absent, published, requested, calls, max-fuel, max-memory

Exit status: 0, or 1 when a case fails, or 3 when a file of cases is not valid.";

/// The form of the report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum TestFormat {
    /// For people: a line for each case
    Text,
    /// One document, capsule.test/1
    Json,
    /// JUnit's XML
    Junit,
    /// Annotations of GitHub Actions
    Github,
}

pub(super) fn run(cx: &Cx, args: TestArgs) -> Result<Exit, Failure> {
    let form = match (args.format, cx.ui.json()) {
        (None, true) => TestFormat::Json,
        (None, false) => TestFormat::Text,
        (Some(form), json) if json && form != TestFormat::Json => {
            let message = "--format contradicts --json";
            return Err(Failure::new(Exit::Usage, "usage", message));
        }
        (Some(form), _) => form,
    };
    if args.list && matches!(form, TestFormat::Junit | TestFormat::Github) {
        let message = "a list has no results to put into this format";
        return Err(Failure::new(Exit::Usage, "usage", message).help("leave out --format"));
    }
    if args.watch {
        if form != TestFormat::Text {
            let message = "--watch contradicts --json";
            return Err(Failure::new(Exit::Usage, "usage", message));
        }
        return watch::run(cx, &cx.env.absolute(&args.dir)?, || test(cx, &args, form));
    }
    let done = test(cx, &args, form);
    if let Err(failure) = &done
        && form == TestFormat::Json
        && !cx.ui.json()
    {
        format::emit(cx, &failure.document());
    }
    done
}

fn test(cx: &Cx, args: &TestArgs, form: TestFormat) -> Result<Exit, Failure> {
    let started = Instant::now();
    let dir: PathBuf = cx.env.absolute(&args.dir)?.components().collect();
    let files = files::read(cx, &dir, &args.dir, form == TestFormat::Github)?;
    let all: Vec<Listed<'_>> = files.iter().flat_map(CaseFile::listed).collect();
    let names: Vec<String> = all.iter().map(|case| case.found().name).collect();
    let wanted = all.into_iter().zip(&names);
    let wanted = wanted.filter(|(_, name)| files::is_wanted(name, &args.filter));
    let listed: Vec<Listed<'_>> = wanted.map(|(case, _)| case).collect();
    if listed.is_empty() {
        return Err(files::none_left(&args.filter, &names));
    }
    if args.list {
        return Ok(list(cx, &listed, form));
    }
    let capsule = target::find_to_check(&dir).map_err(|failure| match failure.id {
        "unreadable" => failure.help(format!("capsule build {}", args.dir.display())),
        _ => failure,
    })?;
    let suite = suite(cx, &capsule)?;
    let cancel = tokio_util::sync::CancellationToken::new();
    let interrupted = interrupt::watch(cancel.clone())?;
    let runner = runner::Runner {
        suite: &suite,
        cases: &listed,
        jobs: args.jobs,
        fail_fast: args.fail_fast,
        faults: args.faults,
        cancel,
    };
    let (mut results, mut reports) = (Vec::new(), Vec::new());
    let keeper = evidence::Keeper::new(cx, &dir, &args.dir);
    let mut unkept = None;
    runner.run(|case, mut ran| {
        if let Some(ran) = &mut ran
            && let Err(failure) = keeper.keep(&case.found().name, ran)
        {
            unkept.get_or_insert(failure);
        }
        let report = CaseReport::new(&case.found(), ran.as_ref());
        if form == TestFormat::Text && ran.is_some() {
            cx.ui.text(&report.text());
        }
        reports.push(report);
        results.push(ran);
    })?;
    let tested = Tested {
        capsule: capsule.id().to_string(),
        version: capsule.manifest.package.version.to_string(),
        wasm_hash: capsule.verified.digest().to_string(),
        fingerprint: fingerprint(Flavour::Deterministic),
        left_out: names.len() - listed.len(),
        took: started.elapsed(),
    };
    let report = TestReport::new(tested, reports);
    print(cx, &report, form);
    if let Some(exit) = interrupted.exit() {
        return Ok(exit);
    }
    if let Some(failure) = unkept {
        return Err(failure);
    }
    let left = if args.bless { bless::write_down(cx, &suite, &listed, &results)? } else { 0 };
    let failed = if args.bless { left > 0 } else { report.failed() };
    Ok(if failed { Exit::No } else { Exit::Done })
}

fn print(cx: &Cx, report: &TestReport, form: TestFormat) {
    match form {
        TestFormat::Text => cx.ui.text(&report.summary()),
        TestFormat::Json => format::emit(cx, report),
        TestFormat::Junit => cx.ui.text(&report.junit()),
        TestFormat::Github => cx.ui.text(&report.checks().render(Form::Github)),
    }
    if matches!(form, TestFormat::Junit | TestFormat::Github) {
        cx.ui.talk(report.summary().trim_start());
    }
}

fn list(cx: &Cx, listed: &[Listed<'_>], form: TestFormat) -> Exit {
    let reports: Vec<CaseReport> =
        listed.iter().map(|case| CaseReport::new(&case.found(), None)).collect();
    match form {
        TestFormat::Json => {
            let document = serde_json::json!({ "schema": "capsule.test-list/1", "cases": reports });
            format::emit(cx, &document);
        }
        _ => listed.iter().for_each(|case| cx.ui.text(&format!("{}\n", case.found().name))),
    }
    Exit::Done
}

fn suite(cx: &Cx, capsule: &Capsule) -> Result<Suite, Failure> {
    let surface = capsule.surface()?;
    refuse_unlinkable(capsule, &surface)?;
    let engine = Engine::new(EngineOptions { profile: Profile::Server, cache: None });
    let code = engine.compile(&capsule.verified, Flavour::Deterministic).map_err(|error| {
        Failure::new(Exit::Invalid, "compile", format!("{} does not compile", capsule.id()))
            .because(&error)
    })?;
    Ok(Suite::new(SuiteOptions {
        manifest: Arc::clone(&capsule.manifest),
        code,
        surface,
        binary: capsule.verified.digest(),
        processes: processes::options(cx, false),
    }))
}
