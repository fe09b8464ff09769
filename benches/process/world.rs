//! The same core module in another world, for programs that run WASI commands.

/// Makes a command out of the text of one of the benchmark's capsules. What `wasi:cli/run` calls is
/// the function that the capsule's hook is made of; the clock, which a bare runtime does not have,
/// stands still.
pub(crate) fn command(capsule: &str) -> String {
    let begin = capsule.find("(core module $Main").expect("the module comes first");
    let end = capsule.find("(core instance $main").expect("and is instantiated");
    let module = capsule[begin..end]
        .replacen(
            r#"(import "host" "clock-ms" (func $clock (result i64)))"#,
            "(func $clock (result i64) (i64.const 0))",
            1,
        )
        .replacen(r#"(func (export "hook")"#, &format!("{RUN} (func $hook"), 1);
    format!("(component {module} {TAIL}")
}

const RUN: &str = r#"
    (func (export "run") (result i32)
      (drop (call $hook (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)))
      (i32.const 0))
"#;

const TAIL: &str = r#"
  (core instance $main (instantiate $Main))
  (alias core export $main "run" (core func $core-run))
  (func $run (result (result)) (canon lift (core func $core-run)))
  (instance $cli (export "run" (func $run)))
  (export "wasi:cli/run@0.2.0" (instance $cli)))
"#;
