//! `capsule.test/1`: the cases of a capsule, and what became of them.

mod junit;
mod text;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;

use super::checks::{Checks, Finding, Place, Subject};
use super::number::micros;
use crate::cases::compare::{data, outcome};
use crate::cases::{Evidence, Mismatch, Ran, Verdict};
use crate::component::Level;
use crate::manifest::Source;
use crate::rules::cases::FAILED;

/// A whole run of cases.
#[derive(Debug, Serialize)]
pub struct TestReport {
    schema: &'static str,
    capsule: String,
    version: String,
    wasm_hash: String,
    fingerprint: String,
    passed: usize,
    failed: usize,
    not_run: usize,
    /// Cases that the filter left out.
    left_out: usize,
    duration_us: u64,
    cases: Vec<CaseReport>,
    #[serde(skip)]
    took: Duration,
}

/// What was run.
#[derive(Debug, Clone)]
pub struct Tested {
    /// Id of the capsule.
    pub capsule: String,
    /// Its version.
    pub version: String,
    /// Digest of its binary.
    pub wasm_hash: String,
    /// What the fuel figures are valid for.
    pub fingerprint: String,
    /// Cases that the filter left out.
    pub left_out: usize,
    /// How long all of it took.
    pub took: Duration,
}

/// One case.
#[derive(Debug, Serialize)]
pub struct CaseReport {
    file: String,
    line: usize,
    /// What the user knows it by: the name of the file and of the case.
    name: String,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    mismatches: Vec<MismatchReport>,
    #[serde(flatten)]
    call: Option<CallPart>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    log: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    unanswered: Vec<String>,
    duration_us: u64,
    #[serde(skip)]
    took: Duration,
}

#[derive(Debug, Serialize)]
struct MismatchReport {
    what: String,
    expected: String,
    actual: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    column: Option<usize>,
    /// A recording of a run in which it is so.
    #[serde(skip_serializing_if = "Option::is_none")]
    cassette: Option<String>,
    #[serde(skip)]
    replay: Option<String>,
}

#[derive(Debug, Serialize)]
struct CallPart {
    outcome: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<String>,
    fuel: Fuel,
    memory_peak_bytes: u64,
    host_calls: BTreeMap<String, u64>,
}

#[derive(Debug, Serialize)]
struct Fuel {
    call: u64,
    instantiate: u64,
}

/// Where a case is.
#[derive(Debug, Clone)]
pub struct Found<'a> {
    /// The file, as the user would name it.
    pub file: &'a str,
    /// Its text, for places in it; nothing for a recording, whose mismatches have none.
    pub source: Option<Arc<Source<'a>>>,
    /// The line that the case begins on, from 1.
    pub line: usize,
    /// What the user knows the case by.
    pub name: String,
}

impl CaseReport {
    /// The report on a case; one without a result was not run.
    pub fn new(found: &Found<'_>, ran: Option<&Ran>) -> CaseReport {
        let (status, problem, mismatches) = match ran.map(|ran| &ran.verdict) {
            None | Some(Verdict::Cancelled) => ("not-run", None, &[][..]),
            Some(Verdict::Passed) => ("passed", None, &[][..]),
            Some(Verdict::Failed(mismatches)) => ("failed", None, mismatches.as_slice()),
            Some(Verdict::Broken(why)) => ("broken", Some(why.clone()), &[][..]),
        };
        let mismatch = |it: &Mismatch| {
            let place = found.source.as_ref().zip(it.span.as_ref());
            let position = place.map(|(source, span)| source.position(span.start));
            let (cassette, replay) = match &it.evidence {
                Some(Evidence::File { path, replay }) => (Some(path.clone()), Some(replay.clone())),
                Some(Evidence::Tape(_)) | None => (None, None),
            };
            MismatchReport {
                what: it.what.clone(),
                expected: it.expected.clone(),
                actual: it.actual.clone(),
                line: position.map(|at| at.line),
                column: position.map(|at| at.column),
                cassette,
                replay,
            }
        };
        let took = ran.map_or(Duration::ZERO, |ran| ran.took);
        CaseReport {
            file: found.file.to_owned(),
            line: found.line,
            name: found.name.clone(),
            status,
            problem,
            mismatches: mismatches.iter().map(mismatch).collect(),
            call: ran.and_then(CallPart::new),
            log: ran.map(|ran| ran.log.clone()).unwrap_or_default(),
            unanswered: ran.map(|ran| ran.asked_in_vain.clone()).unwrap_or_default(),
            duration_us: micros(took),
            took,
        }
    }

    /// Whether it was run and is not as expected.
    pub fn failed(&self) -> bool {
        matches!(self.status, "failed" | "broken")
    }

    fn findings(&self) -> Vec<Finding> {
        let finding = |message: String, line, column| Finding {
            rule: &FAILED,
            level: Level::Error,
            message,
            help: FAILED.fix.to_owned(),
            place: Place { file: self.file.clone(), line, column, bytes: None },
        };
        let name = &self.name;
        let broken = self.problem.iter().map(|problem| {
            finding(format!("{name} could not be run: {problem}"), Some(self.line), None)
        });
        let wrong = self.mismatches.iter().map(|it| {
            let replay = it.replay.iter().map(|command| format!("\nplay it: {command}"));
            let message = format!(
                "{name}: {}\nexpected: {}\nactual: {}{}",
                it.what,
                it.expected,
                it.actual,
                replay.collect::<String>()
            );
            finding(message, it.line.or(Some(self.line)), it.column)
        });
        broken.chain(wrong).collect()
    }
}

impl CallPart {
    fn new(ran: &Ran) -> Option<CallPart> {
        let report = ran.report.as_ref()?;
        let calls = report.host_calls.iter();
        Some(CallPart {
            outcome: outcome(&report.ending),
            data: data(&report.ending).map(str::to_owned),
            fuel: Fuel { call: report.fuel.call, instantiate: report.fuel.instantiate },
            memory_peak_bytes: report.memory.peak_bytes,
            host_calls: calls.map(|it| (it.function.short_name(), it.count.calls)).collect(),
        })
    }
}

impl TestReport {
    /// The report on all cases.
    pub fn new(tested: Tested, cases: Vec<CaseReport>) -> TestReport {
        let count = |does: fn(&CaseReport) -> bool| cases.iter().filter(|case| does(case)).count();
        TestReport {
            schema: "capsule.test/1",
            passed: count(|case| case.status == "passed"),
            failed: count(CaseReport::failed),
            not_run: count(|case| case.status == "not-run"),
            capsule: tested.capsule,
            version: tested.version,
            wasm_hash: tested.wasm_hash,
            fingerprint: tested.fingerprint,
            left_out: tested.left_out,
            duration_us: micros(tested.took),
            took: tested.took,
            cases,
        }
    }

    /// Whether any case failed.
    pub fn failed(&self) -> bool {
        self.failed > 0
    }

    /// What is wrong, for forms that other programs take.
    pub fn checks(&self) -> Checks {
        let findings = self.cases.iter().flat_map(CaseReport::findings).collect();
        let subject = Subject { name: self.capsule.clone(), findings, omitted: 0 };
        Checks { command: "test", fails_at: Level::Error, subjects: vec![subject] }
    }

    /// JUnit's XML: a suite for each file.
    pub fn junit(&self) -> String {
        junit::render(self)
    }
}
