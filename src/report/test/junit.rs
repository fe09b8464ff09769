//! JUnit's XML: a suite for each file, a case for each case.

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use super::{CaseReport, TestReport};

pub(super) fn render(report: &TestReport) -> String {
    let mut junit = Report::new(format!("capsule test {}", report.capsule));
    junit.set_time(report.took);
    let mut suite: Option<TestSuite> = None;
    for case in &report.cases {
        if suite.as_ref().is_none_or(|suite| suite.name.as_str() != case.file) {
            junit.add_test_suites(suite.take());
            suite = Some(TestSuite::new(case.file.as_str()));
        }
        if let Some(suite) = &mut suite {
            suite.add_test_case(test_case(case));
        }
    }
    junit.add_test_suites(suite);
    junit.to_string().expect("the text was made of strings, and XML can hold any of them")
}

fn test_case(case: &CaseReport) -> TestCase {
    let status = match case.status {
        "passed" => TestCaseStatus::success(),
        "failed" => {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
            let what: Vec<&str> = case.mismatches.iter().map(|it| it.what.as_str()).collect();
            let text = case.mismatches.iter().map(|it| {
                let replay = it.replay.iter().map(|it| format!("  play it   {it}\n"));
                let replay: String = replay.collect();
                let (expected, actual) = (&it.expected, &it.actual);
                format!("{}\n  expected  {expected}\n  actual    {actual}\n{replay}", it.what)
            });
            status.set_message(what.join(", ")).set_description(text.collect::<String>());
            status
        }
        "broken" => {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
            status.set_message(case.problem.as_deref().unwrap_or_default());
            status
        }
        _ => TestCaseStatus::skipped(),
    };
    let mut test = TestCase::new(case.name.as_str(), status);
    test.set_classname(case.file.as_str()).set_time(case.took);
    if !case.log.is_empty() {
        test.set_system_out(case.log.join("\n"));
    }
    test
}
