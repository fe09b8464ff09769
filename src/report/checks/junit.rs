//! JUnit's XML: a suite for each subject, a case for each finding, and one for a subject without.

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use super::{Checks, Finding, Place, Subject, counted};
use crate::rules::Level;

pub(super) fn render(checks: &Checks) -> String {
    let mut report = Report::new(format!("capsule {}", checks.command));
    for subject in &checks.subjects {
        report.add_test_suite(suite(subject, checks));
    }
    report.to_string().expect("the text was made of strings, and XML can hold any of them")
}

fn suite(subject: &Subject, checks: &Checks) -> TestSuite {
    let mut suite = TestSuite::new(subject.name.as_str());
    if subject.findings.is_empty() {
        let mut case = TestCase::new("no findings", TestCaseStatus::success());
        case.set_classname(subject.name.as_str());
        suite.add_test_case(case);
    }
    for finding in &subject.findings {
        suite.add_test_case(case(finding, &subject.name, checks.fails_at));
    }
    if subject.omitted > 0 {
        suite.set_system_out(format!("{} not listed", counted(subject.omitted, "finding")));
    }
    suite
}

/// A finding that is not bad enough to fail the check is a case that went well, and says so.
fn case(finding: &Finding, subject: &str, fails_at: Level) -> TestCase {
    let text = format!(
        "{}: {}[{}]: {}\nhelp: {}\nwhy: {}",
        place(&finding.place),
        finding.level.name(),
        finding.rule.id,
        finding.message,
        finding.help,
        finding.rule.why
    );
    let fails = finding.level >= fails_at;
    let status = match fails {
        true => {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
            status
                .set_type(finding.rule.id)
                .set_message(finding.message.lines().next().unwrap_or_default())
                .set_description(text.as_str());
            status
        }
        false => TestCaseStatus::success(),
    };
    let mut case =
        TestCase::new(format!("{} at {}", finding.rule.id, place(&finding.place)), status);
    case.set_classname(subject);
    if !fails {
        case.set_system_out(text);
    }
    case
}

fn place(place: &Place) -> String {
    match (place.line, place.column, &place.bytes) {
        (Some(line), Some(column), _) => format!("{}:{line}:{column}", place.file),
        (Some(line), None, _) => format!("{}:{line}", place.file),
        (None, _, Some(bytes)) => format!("{}, byte {}", place.file, bytes.start),
        _ => place.file.clone(),
    }
}
