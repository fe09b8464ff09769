use super::*;
use crate::rules::{binary, claims, kernel, manifest};

fn finding(rule: &'static Rule, message: &str, place: Place) -> Finding {
    let help = rule.fix.to_owned();
    Finding { rule, level: rule.level, message: message.to_owned(), help, place }
}

fn line(file: &str, line: usize, column: usize) -> Place {
    Place { file: file.to_owned(), line: Some(line), column: Some(column), bytes: None }
}

fn bytes(range: Range<usize>) -> Place {
    Place { file: "weather/weather.wasm".to_owned(), bytes: Some(range), ..Place::default() }
}

/// Findings of every level with every kind of place, and text that each form has to escape.
fn sample() -> Checks {
    let odd = "a % b\r\nc, d: <e> & | \u{1b}[31m `f` ]]> \u{0}";
    let findings = vec![
        finding(&binary::LEAKED_SECRET, "what looks like a private key", bytes(17..28)),
        finding(&manifest::UNKNOWN_KEY, odd, line("a dir,with:odd%name/Capsule.toml", 3, 1)),
        finding(
            &claims::ENV_UNREAD,
            "asks for `A`",
            Place::file(Path::new("/w/m"), Path::new("/")),
        ),
        finding(&kernel::KERNEL_NEEDED, "needs kernel 0.9.0", line("weather/Capsule.toml", 1, 2)),
    ];
    let subjects = vec![
        Subject { name: "weather".to_owned(), findings, omitted: 2 },
        Subject { name: "quiet".to_owned(), findings: Vec::new(), omitted: 0 },
    ];
    Checks { command: "inspect", fails_at: Level::Error, subjects }
}

fn many(rule: &'static Rule, count: usize) -> Checks {
    let findings = (1..=count).map(|n| finding(rule, "x", line("Capsule.toml", n, 1))).collect();
    let subjects = vec![Subject { name: "many".to_owned(), findings, omitted: 0 }];
    Checks { command: "inspect", fails_at: Level::Warning, subjects }
}

#[test]
fn sarif_is_what_its_schema_wants() {
    let schema = include_str!("../../../tests/schemas/sarif-2.1.0.json");
    let mut schema: serde_json::Value = serde_json::from_str(schema).expect("the schema is JSON");
    // The published schema has a bracket too many here, which is no regular expression.
    for holder in ["run", "toolComponent"] {
        let language = &mut schema["definitions"][holder]["properties"]["language"];
        language.as_object_mut().expect("a property").remove("pattern").expect("a pattern");
    }
    let (mut schemas, mut compiler) = (boon::Schemas::new(), boon::Compiler::new());
    compiler.add_resource("sarif.json", schema).expect("the schema is a document");
    let index = compiler.compile("sarif.json", &mut schemas).expect("the schema is a schema");
    let valid = |document: &serde_json::Value| match schemas.validate(document, index) {
        Ok(()) => String::new(),
        Err(problems) => problems.to_string(),
    };
    for checks in [sample(), many(&claims::CAPABILITY_UNUSED, 3), many(&claims::ENV_UNREAD, 0)] {
        let document: serde_json::Value =
            serde_json::from_str(&checks.render(Form::Sarif)).expect("JSON");
        assert_eq!(valid(&document), "");
        let results = document["runs"][0]["results"].as_array().expect("a list");
        assert_eq!(results.len(), checks.findings().count());
        for result in results {
            let rules = &document["runs"][0]["tool"]["driver"]["rules"];
            let index = result["ruleIndex"].as_u64().and_then(|it| usize::try_from(it).ok());
            assert_eq!(rules[index.expect("an index")]["id"], result["ruleId"]);
        }
    }
    let mut wrong: serde_json::Value =
        serde_json::from_str(&sample().render(Form::Sarif)).expect("JSON");
    wrong["runs"][0]["results"][0]["level"] = "dreadful".into();
    assert!(!valid(&wrong).is_empty(), "the schema refuses what is wrong");
}

#[test]
fn sarif_names_files_as_uris() {
    let text = sample().render(Form::Sarif);
    assert!(text.contains(r#""uri": "./a%20dir,with:odd%25name/Capsule.toml""#), "{text}");
    assert!(text.contains(r#""uri": "weather/weather.wasm""#), "{text}");
}

#[test]
fn annotations_are_one_line_each_whatever_they_hold() {
    let text = sample().render(Form::Github);
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 5, "{text}");
    assert!(lines[0].starts_with("::error file=weather/weather.wasm,title=leaked-secret::"));
    assert!(lines[0].contains("(byte 17)%0Ahelp: "), "{text}");
    let odd =
        "::warning file=a dir%2Cwith%3Aodd%25name/Capsule.toml,line=3,col=1,title=unknown-key::";
    assert!(lines[1].starts_with(&format!("{odd}a %25 b%0D%0Ac, d: ")), "{text}");
    assert!(lines[3].starts_with("::notice file=weather/Capsule.toml,line=1,col=2,"), "{text}");
    assert_eq!(lines[4], "2 more findings: capsule inspect lists them all");
}

#[test]
fn no_more_annotations_than_the_service_shows() {
    let text = many(&claims::CAPABILITY_UNUSED, 25).render(Form::Github);
    assert_eq!(text.matches("::warning ").count(), ANNOTATIONS_MAX);
    assert!(text.ends_with("\n15 more findings: capsule inspect lists them all\n"), "{text}");
    let exactly = many(&claims::CAPABILITY_UNUSED, 10).render(Form::Github);
    assert!(!exactly.contains("more finding"), "{exactly}");
}

#[test]
fn a_case_fails_when_its_finding_does_and_a_clean_subject_has_one_that_passes() {
    let xml = sample().render(Form::Junit);
    assert!(xml.contains(r#"tests="5" skipped="0" failures="1" errors="0""#), "{xml}");
    assert!(xml.contains(r#"<testcase name="no findings" classname="quiet"/>"#), "{xml}");
    assert!(xml.contains(r#"type="leaked-secret""#), "{xml}");
    // What XML cannot hold is left out, and what ends a section does not end it.
    assert!(!xml.contains('\u{1b}') && !xml.contains('\u{0}'), "{xml}");
    let strict = Checks { fails_at: Level::Warning, ..sample() };
    assert!(strict.render(Form::Junit).contains(r#"failures="3""#));
}

#[test]
fn a_row_of_the_summary_stays_a_row() {
    let text = sample().render(Form::Markdown);
    let rows: Vec<&str> = text.lines().filter(|line| line.starts_with("| ")).collect();
    assert_eq!(rows.len(), 5, "{text}");
    for row in rows {
        assert_eq!(row.replace("\\|", "").matches('|').count(), 6, "{row}");
        assert!(!row.contains('<') || row.contains("<br>"), "{row}");
    }
    assert!(text.contains("### capsule inspect: weather failed"), "{text}");
    assert!(text.contains("### capsule inspect: quiet passed\n\nNo findings."), "{text}");
    assert!(text.contains("and 2 more findings"), "{text}");
}
