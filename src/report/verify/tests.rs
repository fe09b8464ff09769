use super::*;
use crate::store::disk::DiskError;
use crate::store::hash::Hash;
use crate::store::modes::May;

fn missing(path: &str) -> DiskError {
    DiskError::NotAFile { path: path.into() }
}

#[test]
fn every_kind_of_damage_has_its_rule_and_its_file() {
    let check = |problem: Problem, id: &str, place: &str| {
        let (rule, found) = rule_and_place(&problem, Path::new("/c"));
        assert_eq!((rule.id, found.as_path()), (id, Path::new(place)), "{problem:?}");
    };
    let dir = || PathBuf::from("/c");
    let malformed = || "x".parse::<Hash>().expect_err("no digest");
    let (expected, actual) = (Hash::of(b"a"), Hash::of(b"b"));
    let path = PathBuf::from("/bin/a.wasm");
    let differs =
        IntegrityError::Mismatch { path: path.clone(), expected: expected.clone(), actual };
    let gone = IntegrityError::Missing { path, expected: expected.clone() };
    let meta = || MetaError::Missing { path: PathBuf::from("/c/meta.json") };
    let other = EntryProblem::OtherName { declared: "other".to_owned() };
    let name = "w".to_owned();
    check(Problem::Binary(differs), "binary-differs", "/bin/a.wasm");
    check(Problem::Binary(gone), "binary-missing", "/bin/a.wasm");
    check(Problem::Binary(IntegrityError::Unreadable(missing("/x"))), "binary-unreadable", "/c");
    check(Problem::Binary(IntegrityError::NoHash { dir: dir() }), "hash-missing", "/c/meta.json");
    let bad = IntegrityError::BadHash { dir: dir(), source: malformed() };
    check(Problem::Binary(bad), "hash-malformed", "/c/meta.json");
    check(Problem::Binary(IntegrityError::Meta(meta())), "meta-missing", "/c/meta.json");
    check(Problem::Entry(EntryProblem::Meta(meta())), "meta-missing", "/c/meta.json");
    let unreadable = MetaError::Unreadable(missing("/c/meta.json"));
    check(Problem::Entry(EntryProblem::Meta(unreadable)), "meta-damaged", "/c/meta.json");
    check(Problem::Entry(EntryProblem::ManifestText), "manifest-damaged", "/c/Capsule.toml");
    check(Problem::Entry(other), "name-differs", "/c");
    let changed = Problem::ManifestDiffers { expected: Hash::of(b"a"), actual: Hash::of(b"b") };
    check(changed, "manifest-differs", "/c/Capsule.toml");
    check(Problem::Wit { name, expected }, "wit-damaged", "/c");
}

#[test]
fn what_belongs_to_no_capsule_is_a_finding_of_the_home() {
    let blob = DamagedBlob { path: "/h/bin/a.wasm".into(), expected: Hash::of(b"a"), actual: None };
    let flaw = Flaw::new(Path::new("/h/cache"), "others may write to it");
    let report = VerifyReport::new(&[], vec![blob], vec![flaw]);
    let checks = report.checks(Path::new("/h"));
    let found: Vec<(&str, &str)> = checks.subjects[0]
        .findings
        .iter()
        .map(|finding| (finding.rule.id, finding.place.file.as_str()))
        .collect();
    assert_eq!(found, [("blob-damaged", "bin/a.wasm"), ("cache-unsafe", "cache")]);
    assert!(checks.failed());
}

#[test]
fn what_others_may_do_is_a_finding_of_the_home() {
    let open = |path: &str, mode, may| Exposed { path: path.into(), mode, may };
    let exposed = [
        open("/h/secrets/default/c/token", 0o644, May::Read),
        open("/h/etc/signers.toml", 0o664, May::Write),
        open("/h/bin", 0o755, May::Own { user: 7 }),
    ];
    let report = VerifyReport::new(&[], Vec::new(), Vec::new()).with_exposed(&exposed);
    assert!(!report.ok());
    let checks = report.checks(Path::new("/h"));
    let found: Vec<&str> =
        checks.subjects[0].findings.iter().map(|finding| finding.rule.id).collect();
    assert_eq!(found, ["file-exposed", "file-writable", "file-writable"]);
    assert_eq!(report.to_close().as_deref(), Some("chmod 600 /h/secrets/default/c/token"));
    let text = report.text();
    assert!(text.contains("/h/bin  OPEN\n  [file-writable] it belongs to user 7\n"), "{text}");
}
