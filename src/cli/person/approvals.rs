//! Approvals: the options about them, what the rules say, and what was decided.

use std::io::Read;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde::Deserialize;

use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::parse;
use crate::cli::ui::{Ui, escape_line};
use crate::host::ports::{ApprovalRequest, Approved, Remember};
use crate::limits::RULES_BYTES_MAX;
use crate::policy::approval::{Asked, Rule, RuleAnswer};
use crate::report::approvals::{ApprovalsReport, Decided, Source, line};

/// Who decides on what guests ask approval for.
#[derive(clap::Args)]
#[command(next_help_heading = "Approval")]
pub(in crate::cli) struct ApproveArgs {
    /// Decide in advance on what guests ask approval for: a rule, or a .toml file with rules;
    /// repeatable
    #[arg(long, value_name = "RULE|FILE", long_help = LONG_HELP)]
    approve: Vec<String>,
    /// How long guests wait for somebody at the terminal [default: 60s for an approval, 120s for
    /// an answer]
    #[arg(long, value_name = "DURATION", value_parser = parse::duration)]
    answer_timeout: Option<Duration>,
}

const LONG_HELP: &str = "\
Decide in advance on what guests ask approval for: a rule, or a .toml file with rules; repeatable

A rule is [ANSWER:]ACTION[=RESOURCE]. The answer is approve (without one), session, always, deny, \
timeout or error; * stands for any text, ? for one character, and \\ takes the meaning from what \
follows it. The first rule that matches decides. Without a RESOURCE any will do; one with wildcards \
approves nothing that has shell operators or .. in it.

  --approve 'git push'                      approves this action once, each time
  --approve 'session:git *=git * origin *'  approves it for this session
  --approve 'deny:*'                        denies what no rule before it approves

A file has the same in tables, with a capsule where it is meant for one alone:

  [[rule]]
  capsule = \"deployer\"
  action = \"git push\"
  resource = \"git push origin *\"
  answer = \"session\"

Where no rule matches, somebody at the terminal is asked. Without a terminal it is a denial, and the \
exit code is 4.";

impl ApproveArgs {
    /// Whether anything is decided in advance.
    pub(in crate::cli) fn is_given(&self) -> bool {
        !self.approve.is_empty()
    }
}

/// A file of rules.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleFile {
    #[serde(default)]
    rule: Vec<RuleEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleEntry {
    capsule: Option<String>,
    action: String,
    resource: Option<String>,
    answer: Option<String>,
}

impl ApproveArgs {
    pub(super) fn patience(&self) -> Option<Duration> {
        self.answer_timeout
    }

    /// All rules, in order.
    pub(super) fn rules(&self) -> Result<Vec<Rule>, Failure> {
        let mut rules = Vec::new();
        for text in &self.approve {
            let path = Path::new(text);
            if path.extension().is_some_and(|extension| extension == "toml") {
                rules.extend(read(path)?);
                continue;
            }
            rules.push(text.parse().map_err(|error| {
                Failure::new(Exit::Usage, "approve", format!("--approve {text:?} is no rule"))
                    .because(&error)
            })?);
        }
        Ok(rules)
    }
}

fn read(path: &Path) -> Result<Vec<Rule>, Failure> {
    let shown = path.display();
    let mut text = String::new();
    let read = std::fs::File::open(path)
        .and_then(|file| file.take(RULES_BYTES_MAX + 1).read_to_string(&mut text))
        .map_err(|error| Failure::environment(format!("cannot read {shown}"), &error))?;
    let wrong = |message: String| Failure::new(Exit::Usage, "approve", message);
    if read as u64 > RULES_BYTES_MAX {
        return Err(wrong(format!("{shown} is larger than {RULES_BYTES_MAX} bytes")));
    }
    let file: RuleFile = toml::from_str(&text)
        .map_err(|error| wrong(format!("{shown} is no file of rules")).because(&error))?;
    let rules = (1..).zip(file.rule).map(|(number, entry)| {
        let answer = entry.answer.as_deref().unwrap_or("approve");
        let answer = RuleAnswer::named(answer).ok_or_else(|| {
            let known: Vec<&str> = RuleAnswer::ALL.iter().map(|(name, _)| *name).collect();
            wrong(format!("{shown}, rule {number}: {answer:?} is no answer"))
                .cause(format!("answers: {}", known.join(", ")))
        })?;
        Rule::new(entry.capsule.as_deref(), &entry.action, entry.resource.as_deref(), answer)
            .map_err(|error| wrong(format!("{shown}, rule {number}")).because(&error))
    });
    rules.collect()
}

/// What a rule's answer means.
pub(super) fn by_rule(answer: RuleAnswer) -> Approved {
    match answer {
        RuleAnswer::Approve => Approved::Yes(Remember::Once),
        RuleAnswer::Session => Approved::Yes(Remember::Session),
        RuleAnswer::Always => Approved::Yes(Remember::Always),
        RuleAnswer::Deny => Approved::No,
        RuleAnswer::Timeout => Approved::TimedOut,
        RuleAnswer::Error => Approved::Unavailable,
    }
}

/// The word for what the guest gets.
pub(super) fn word(approved: Approved) -> &'static str {
    match approved {
        Approved::Yes(Remember::Once) => "approved",
        Approved::Yes(Remember::Session) => "approved-session",
        Approved::Yes(Remember::Always) => "approved-always",
        Approved::No | Approved::NobodyThere => "denied",
        Approved::TimedOut => "timeout",
        Approved::Unavailable => "store-unavailable",
    }
}

/// Told of each decision.
pub(in crate::cli) type DecidedSink = Arc<dyn Fn(&Decided) + Send + Sync>;

/// Says each decision that nobody has just made at the terminal.
pub(in crate::cli) fn telling(ui: &Arc<Ui>) -> DecidedSink {
    let ui = Arc::clone(ui);
    Arc::new(move |decided| {
        if decided.source != Source::Terminal && !ui.json() {
            let Decided { capsule, action, resource, decision, source } = decided;
            ui.talk(&format!("{capsule} {}\n", line(action, resource, decision, *source)));
        }
    })
}

/// What was decided.
#[derive(Default)]
pub(super) struct Ledger {
    report: Mutex<ApprovalsReport>,
    told: Option<DecidedSink>,
}

impl Ledger {
    pub(super) fn telling(told: DecidedSink) -> Ledger {
        Ledger { report: Mutex::default(), told: Some(told) }
    }

    pub(super) fn report(&self) -> ApprovalsReport {
        self.report.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn note(&self, request: &ApprovalRequest, decision: &'static str, source: Source) {
        let Asked { action, resource, .. } = request.asked.clone();
        let capsule = request.capsule.clone();
        let decided = Decided { capsule, action, resource, decision, source };
        if let Some(told) = &self.told {
            told(&decided);
        }
        self.report.lock().unwrap_or_else(PoisonError::into_inner).add(decided);
    }
}

/// Notes what becomes of a request that somebody is asked about, also when nobody waits for it.
pub(super) struct Noting {
    ledger: Arc<Ledger>,
    request: ApprovalRequest,
    approved: Approved,
}

impl Noting {
    pub(super) fn new(ledger: &Arc<Ledger>, request: ApprovalRequest) -> Noting {
        Noting { ledger: Arc::clone(ledger), request, approved: Approved::TimedOut }
    }

    pub(super) fn done(mut self, approved: Approved) -> Approved {
        self.approved = approved;
        approved
    }
}

impl Drop for Noting {
    fn drop(&mut self) {
        self.ledger.note(&self.request, word(self.approved), Source::Terminal);
    }
}

/// The failure for what nobody was there to decide on.
pub(super) fn missing(report: &ApprovalsReport) -> Option<Failure> {
    let mut missing = report.missing();
    let first = missing.next()?;
    let asked = |it: &Decided| Asked::earlier(&it.action, &it.resource);
    let message = |it: &Decided| {
        let what = escape_line(&asked(it).to_string());
        format!("{} asked for approval of {what}, and nobody was there to decide", it.capsule)
    };
    let failure = Failure::new(Exit::Denied, "approval", message(first));
    let failure = missing.map(message).fold(failure, Failure::cause);
    Some(failure.help(format!("add {}", asked(first).option())))
}
