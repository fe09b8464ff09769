//! `capsule inspect`: what a binary is, without compiling or running it.

pub(super) mod input;
mod wit;

use clap::builder::{PossibleValuesParser, TypedValueParser};

use super::cx::Cx;
use super::exit::Exit;
use super::failure::Failure;
use super::format::{self, Format};
use super::target::find_to_look;
use crate::component::kernel::Release;
use crate::component::{Level, Surface};
use crate::report::inspect::{self as report, Claims, InspectReport, Part, Subject};

/// Show what a capsule's binary is, needs and does, without running it
///
/// Prints one screen: the binary's kind, size and hash, its four entry points with the reason for
/// each judgement, its imports and whether they are served, and everything that looks wrong.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  capsule inspect ./weather\n  \
    capsule inspect weather.wasm --kernel 0.8.0\n  \
    capsule inspect weather.wasm --check --level warning\n\n\
    Exit status: 0, or 1 when --check finds something, or 3 when the file cannot be read.")]
pub(super) struct InspectArgs {
    /// An installed capsule's name, or the path of a directory, archive, .wasm or .wat file
    target: String,
    /// Print the world that it was built for, as WIT
    #[arg(long)]
    wit: bool,
    /// Print what it exports
    #[arg(long)]
    exports: bool,
    /// Print what it imports
    #[arg(long)]
    imports: bool,
    /// Print where its bytes go
    #[arg(long)]
    sizes: bool,
    /// Add what this kernel release would refuse or treat differently
    #[arg(long, value_name = "VERSION", value_parser = releases())]
    kernel: Option<Release>,
    /// Exit with 1 when there is a finding
    #[arg(long)]
    check: bool,
    /// The least finding that fails a check
    #[arg(long, requires = "check", default_value = "error", value_parser = levels())]
    level: Level,
    /// Form of the report; all but the first two hold the findings only [default: text, or json
    /// with --json]
    #[arg(long, value_enum, hide_default_value = true)]
    format: Option<Format>,
}

impl InspectArgs {
    /// Refuses parts of a report that has no such parts, or has all of them anyway.
    fn check(&self, format: Format) -> Result<(), Failure> {
        let parts =
            [(self.imports, "--imports"), (self.exports, "--exports"), (self.sizes, "--sizes")];
        let mut parts = parts.into_iter().chain([(self.wit, "--wit")]);
        let is_part_of = |flag| match format {
            Format::Text => true,
            // The world is added to it; the other parts are in it.
            Format::Json => flag == "--wit",
            _ => false,
        };
        let Some((_, flag)) = parts.find(|(given, flag)| *given && !is_part_of(*flag)) else {
            return Ok(());
        };
        let message = match format {
            Format::Json => format!("{flag} is about the text form; JSON has every part"),
            _ => format!("{flag} is about other forms; this one holds the findings only"),
        };
        Err(Failure::new(Exit::Usage, "usage", message).help(format!("leave out {flag}")))
    }
}

fn levels() -> impl TypedValueParser<Value = Level> {
    let levels = [Level::Warning, Level::Error];
    PossibleValuesParser::new(levels.map(Level::name)).try_map(move |name| {
        let known = levels.into_iter().find(|level| level.name() == name);
        known.ok_or_else(|| format!("{name} is not a level"))
    })
}

fn releases() -> impl TypedValueParser<Value = Release> {
    PossibleValuesParser::new(Release::ALL.map(Release::version)).try_map(|version| {
        Release::parse(&version).ok_or_else(|| format!("{version} is not a known release"))
    })
}

pub(super) fn run(cx: &Cx, args: InspectArgs) -> Result<Exit, Failure> {
    let format = Format::wanted(cx, args.format)?;
    args.check(format)?;
    let outcome = inspect(cx, &args, format);
    if let Err(failure) = &outcome
        && format == Format::Json
        && !cx.ui.json()
    {
        format::emit(cx, &failure.document());
    }
    outcome
}

fn inspect(cx: &Cx, args: &InspectArgs, format: Format) -> Result<Exit, Failure> {
    let capsule = find_to_look(cx, &args.target).inspect_err(|failure| {
        if let Some(form) = format.form() {
            input::refused(cx, &args.target, failure, form, args.level);
        }
    })?;
    let bytes = capsule.verified.bytes();
    let mut surface =
        Surface::read(bytes).map_err(|error| input::unreadable(&args.target, bytes, &error))?;
    let omitted = report::limit(&mut surface);
    let found = input::findings(&capsule, &surface, args.kernel);
    let claims = input::declared(&capsule).map(|manifest| Claims {
        manifest,
        text: &capsule.manifest_text,
        problems: &capsule.problems,
    });
    let subject = Subject {
        path: match (&capsule.archive, claims) {
            (Some(opened), _) => &opened.archive,
            (None, Some(_)) => capsule.path.parent().unwrap_or(&capsule.path),
            (None, None) => &capsule.path,
        },
        claims,
        digest: capsule.verified.digest(),
        origin: capsule.verified.origin(),
        surface: &surface,
        omitted,
        kernel: args.kernel,
    };
    let mut report = InspectReport::new(&subject, &found);
    if args.wit {
        report.set_wit(wit::text(&args.target, &surface, bytes)?);
    }
    let failed = args.check && report.has_finding_at(args.level);
    match (format, format.form()) {
        (_, Some(form)) => {
            let files = input::files(cx, &capsule);
            cx.ui.text(&report.checks(&files, args.level).render(form));
        }
        (Format::Json, None) => format::emit(cx, &report),
        (_, None) => print(cx, args, &report, failed),
    }
    Ok(if failed { Exit::No } else { Exit::Done })
}

fn print(cx: &Cx, args: &InspectArgs, report: &InspectReport<'_>, failed: bool) {
    if let Some(world) = report.wit() {
        cx.ui.guest_text(world);
    }
    let parts =
        [(args.imports, Part::Imports), (args.exports, Part::Exports), (args.sizes, Part::Sizes)];
    let asked = parts.into_iter().filter(|(asked, _)| *asked);
    let mut text: String = asked.map(|(_, part)| report.part(part)).collect();
    if text.is_empty() && !args.wit {
        text = report.text();
    } else if failed {
        text += &report.findings_text();
    }
    cx.ui.text(&text);
}
