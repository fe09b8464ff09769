//! `capsule profile`.

pub(super) mod lab;

use std::path::{Path, PathBuf};

use super::cx::Cx;
use super::exit::Exit;
use super::failure::Failure;
use super::invoke::input::{LimitArgs, MessageArgs};
use super::invoke::refuse_without_hook;
use super::target;
use crate::report::profile::{ProfileReport, Profiled};
use lab::{Asked, Conditions, Lab, Measured};

/// Show exactly where the fuel of one call goes: functions, paths of calls, host calls
///
/// The call is made twice, with nothing of the real home: as it is, and in a copy of the binary whose
/// functions are counted. The figures are those of the first run, to the unit; where they would not
/// be, there is an error instead.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  capsule profile greeter greet --payload '{\"name\":\"Ada\"}'
  capsule profile ./my-capsule greet -o profile.svg
  capsule profile greeter greet --format collapsed | sort -k2 -n -t' '
  capsule profile greeter greet --json | jq '.functions[0]'

Open an SVG in a browser, a speedscope file at any speedscope viewer.")]
pub(super) struct ProfileArgs {
    /// Installed capsule, directory, or .wasm/.wat file
    target: String,
    /// The action
    action: String,
    #[command(flatten)]
    message: MessageArgs,
    /// How the profile is written [default: what the name of the file says, else text]
    #[arg(long, value_enum, value_name = "FORMAT")]
    format: Option<Format>,
    /// Write the profile to this file instead of standard output
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Functions in the table of the text form; 0 is all [default: 25]
    #[arg(long, value_name = "N")]
    top: Option<usize>,
    #[command(flatten)]
    limits: LimitArgs,
    #[command(flatten)]
    conditions: Conditions,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// A table of functions
    Text,
    /// One line for each path of calls: frames, a blank, fuel
    Collapsed,
    /// For speedscope viewers
    Speedscope,
    /// A flame graph for a browser
    Svg,
}

impl Format {
    /// The format that a file of this name is expected to have.
    fn of(path: &Path) -> Format {
        match path.extension().and_then(|extension| extension.to_str()) {
            Some("svg") => Format::Svg,
            Some("json") => Format::Speedscope,
            Some("folded" | "collapsed") => Format::Collapsed,
            _ => Format::Text,
        }
    }
}

/// Functions in the table.
const TOP: usize = 25;

pub(super) fn run(cx: &Cx, args: ProfileArgs) -> Result<Exit, Failure> {
    let named = args.output.as_deref().map(Format::of);
    let format = args.format.or(named).unwrap_or(Format::Text);
    if cx.ui.json() && args.format.is_some() && args.output.is_none() {
        let message = "with --json standard output is for one document, not for a profile";
        return Err(Failure::new(Exit::Usage, "format", message).help("add --output FILE"));
    }
    if args.top.is_some() && (format != Format::Text || (cx.ui.json() && args.output.is_none())) {
        let message = "--top is about the table of the text form";
        return Err(Failure::new(Exit::Usage, "usage", message));
    }
    let payload = args.message.payload()?;
    let capsule = target::find(cx, &args.target)?;
    refuse_without_hook(&args.target, &capsule, &capsule.surface()?)?;
    let lab = Lab::open(cx, &capsule, &args.conditions, 0)?;
    let asked = Asked {
        action: &args.action,
        payload: &payload,
        topic: &args.message.topic,
        limits: args.limits.asked(),
    };
    let Measured { plain, profile } = lab.measure(&asked)?;
    let about = Profiled {
        capsule: capsule.id().to_string(),
        action: args.action.clone(),
        wasm_hash: capsule.verified.digest().to_string(),
        fingerprint: Lab::fingerprint(),
    };
    let report = ProfileReport::new(about, &plain, &profile);
    let written = match format {
        Format::Text => report.text(args.top.unwrap_or(TOP)),
        Format::Collapsed => report.collapsed(),
        Format::Speedscope => report.speedscope(),
        Format::Svg => report
            .svg()
            .map_err(|error| Failure::environment("the flame graph cannot be drawn", &error))?,
    };
    cx.ui.document(&report);
    match &args.output {
        Some(path) => write(cx, path, &written)?,
        None => cx.ui.text(&written),
    }
    report.notes().iter().for_each(|note| cx.ui.note(note));
    Ok(Exit::Done)
}

fn write(cx: &Cx, path: &Path, profile: &str) -> Result<(), Failure> {
    std::fs::write(cx.env.absolute(path)?, profile).map_err(|error| {
        Failure::environment(format!("cannot write the profile to {}", path.display()), &error)
    })
}
