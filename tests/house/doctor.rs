use super::*;

/// The checks about a capsule: verdict, message, help.
fn checks(sandbox: &Sandbox, about: &str) -> Vec<(String, String, Option<String>)> {
    let document = sandbox.run(["doctor", "--json"]).json();
    let checks = document["checks"].as_array().expect("a list").iter();
    let text = |value: &Value| value.as_str().map(str::to_owned);
    checks
        .filter(|check| check["about"] == about)
        .map(|check| {
            let both = (text(&check["verdict"]), text(&check["message"]));
            let (Some(verdict), Some(message)) = both else { panic!("{check}") };
            (verdict, message, text(&check["help"]))
        })
        .collect()
}

#[test]
fn the_doctor_says_what_a_capsule_misses_and_how_to_give_it() {
    let sandbox = Sandbox::new();
    let manifest = "[package]\nname = \"notes\"\nversion = \"1.0.0\"\n\
                    [[component]]\nfile = \"notes.wasm\"\n\
                    [env]\ntoken = { type = \"secret\" }\ncity = { type = \"text\" }\n";
    let dir = sandbox.capsule_dir("notes", manifest, &component(SILENT));
    let dir = dir.to_str().expect("the sandbox has a plain path");
    let installed = sandbox.run(["install", dir, "--yes"]);
    assert_eq!(installed.code(), Some(0), "{}", installed.stderr);
    let note = |key: &str, help: &str| {
        ("note".to_owned(), format!("{key} is not set"), Some(help.to_owned()))
    };
    assert_eq!(
        checks(&sandbox, "notes"),
        [
            note("token", "capsule secret notes set token"),
            note("city", "capsule env notes set city=VALUE")
        ]
    );
    let set = sandbox.capsule(["secret", "notes", "set", "token"]).stdin("s3cret\n").output();
    assert_eq!(set.code(), Some(0), "{}", set.stderr);
    assert_eq!(sandbox.run(["env", "notes", "set", "city=Rome"]).code(), Some(0));
    assert_eq!(checks(&sandbox, "notes")[0].0, "good");
    fs::remove_dir_all(sandbox.home().join("bin")).expect("own files");
    let gone = ("bad".to_owned(), "its binary is gone".to_owned());
    let (verdict, message, help) = checks(&sandbox, "notes").remove(0);
    assert_eq!((verdict, message), gone);
    assert_eq!(help.as_deref(), Some("capsule verify notes"));
    assert_eq!(sandbox.run(["doctor"]).code(), Some(1));
}

#[test]
fn a_home_that_others_may_write_to_is_bad() {
    use std::os::unix::fs::PermissionsExt;
    let sandbox = Sandbox::new();
    fs::create_dir_all(sandbox.home()).expect("an own directory");
    let mode = |mode| {
        let permissions = fs::Permissions::from_mode(mode);
        fs::set_permissions(sandbox.home(), permissions).expect("an own directory");
        checks(&sandbox, "home").remove(0).0
    };
    assert_eq!([mode(0o700), mode(0o755), mode(0o777)], ["good", "note", "bad"]);
}
