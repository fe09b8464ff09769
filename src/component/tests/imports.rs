//! Imports against the table of what is served.

use super::super::samples::{ALL_FOUR, capsule, core, everything, wat, wrap};
use super::super::world::{ImportProblemKind, check};
use super::super::{ImportStatus, Kind, Surface, finding, kernel, signatures};

fn read(bytes: &[u8]) -> Surface {
    Surface::read(bytes).unwrap_or_else(|error| panic!("{error}"))
}

/// The ids of all problems, in order.
fn problems(text: &str) -> Vec<&'static str> {
    check(&read(&wat(text))).iter().map(|problem| problem.rule().id).collect()
}

#[test]
fn a_component_that_imports_everything_has_no_problem() {
    let surface = read(&everything());
    assert_eq!(check(&surface), []);
    let mut missing = Vec::new();
    for name in signatures::interfaces() {
        let import = surface.import(name);
        for (item, shape) in signatures::interface(name).expect("it is in the table") {
            let used = import.is_some_and(|it| it.functions().any(|function| function == *item));
            if shape.contains("func(") && !used {
                missing.push(format!("{name} {item}"));
            }
        }
    }
    assert_eq!(missing, [""; 0], "the sample does not import these");
    assert_eq!(surface.kind, Kind::Component);
}

#[test]
fn type_only_imports_need_nobody() {
    let surface = read(&capsule(
        "(func (export \"astrid-hook-trigger\") (param i32 i32 i32 i32) (result i32) unreachable)
         (func (export \"run\")) (func (export \"astrid-install\"))
         (func (export \"astrid-upgrade\"))",
    ));
    let lifecycle = surface.import("astrid:guest/lifecycle@1.0.0").expect("the hook names it");
    assert_eq!(lifecycle.status, ImportStatus::TypeOnly);
    assert!(surface.imports.iter().all(|it| it.status == ImportStatus::TypeOnly));
    assert_eq!(check(&surface), []);
    assert_eq!(problems("(component (import \"wasi:x/types@0.2.0\" (instance)))"), [""; 0]);
}

#[test]
fn every_kind_of_problem_is_found_and_all_at_once() {
    let text = "(component
      (import \"wasi:io/poll@0.2.0\" (instance (export \"f\" (func))))
      (import \"acme:x/y@1.0.0\" (instance (export \"f\" (func))))
      (import \"astrid:http/host@2.0.0\" (instance (export \"f\" (func))))
      (import \"astrid:kv/host@1.0.0\" (instance
        (export \"kv-gett\" (func))
        (export \"kv-set\" (func (param \"key\" string)))
        (export \"kv-get\" (type (sub resource)))))
      (import \"astrid:sys/host@1.0.0\" (func))
      (import \"loose\" (func)))";
    let surface = read(&wat(text));
    let found = check(&surface);
    let ids: Vec<_> = found.iter().map(|problem| problem.rule().id).collect();
    let expected = [
        "import-wasi",
        "import-unknown",
        "import-version",
        "import-item-unknown",
        "import-signature",
        "import-kind",
        "import-kind",
        "import-unknown",
    ];
    assert_eq!(ids, expected);
    let messages: Vec<_> = found.iter().map(|it| (it.message(), it.help())).collect();
    assert!(messages[0].1.contains("wasm32-unknown-unknown"), "{messages:#?}");
    assert!(messages[2].0.contains("1.0.0 and 1.1.0"), "{messages:#?}");
    assert!(messages[3].1.contains("did you mean `kv-get`"), "{messages:#?}");
    assert!(messages[4].0.contains("func(string, list<u8>)"), "{messages:#?}");
    assert!(messages[4].0.contains("as func(string),"), "{messages:#?}");
    assert_eq!(
        finding::of(&surface).iter().filter(|it| it.rule.level.name() == "error").count(),
        8
    );
}

#[test]
fn core_modules_are_told_to_be_wrapped() {
    let text = "(module (import \"wasi_snapshot_preview1\" \"fd_write\" (func))
      (import \"astrid:kv/host@1.0.0\" \"kv-get\" (func)) (import \"env\" \"memory\" (memory 1)))";
    assert_eq!(problems(text), ["core-module", "import-wasi"]);
    let surface = read(&wat(text));
    let names: Vec<_> = surface.imports.iter().map(|it| it.status.name()).collect();
    assert_eq!(names, ["wasi", "served", "unknown"]);
    let help = check(&surface)[0].help();
    assert!(help.contains("wasm-tools component new"), "{help}");
}

/// `kv-get` imported with this type of error cases.
fn kv_get(cases: &str) -> Vec<super::super::world::ImportProblem> {
    check(&read(&wat(&format!(
        "(component (import \"astrid:kv/host@1.0.0\" (instance
           (type (variant {cases}))
           (export \"error-code\" (type (eq 0)))
           (type (list u8))
           (type (option 2))
           (type $r (result 3 (error 1)))
           (export \"kv-get\" (func (param \"name\" string) (result $r))))))"
    ))))
}

#[test]
fn shapes_are_compared_by_structure_and_order_not_by_parameter_names() {
    let good = "(case \"invalid-key\") (case \"too-large\") (case \"quota\") \
                (case \"cas-mismatch\") (case \"unknown\" string)";
    assert_eq!(kv_get(good), []);
    for bad in [
        good.replace("quota", "quotas"),
        good.replace(
            "(case \"invalid-key\") (case \"too-large\")",
            "(case \"too-large\") (case \"invalid-key\")",
        ),
        good.replace("string", "u32"),
        good.replace("(case \"quota\")", ""),
    ] {
        let problems = kv_get(&bad);
        let [problem] = &problems[..] else { panic!("{bad}: {problems:?}") };
        assert!(matches!(problem.kind, ImportProblemKind::ChangedSignature { .. }), "{bad}");
    }
}

#[test]
fn a_resource_is_the_one_of_the_interface_it_comes_from() {
    let text = |from: &str| {
        format!(
            "(component
               (import \"astrid:io/poll@1.0.0\" (instance $io (export \"pollable\" (type (sub resource)))))
               (import \"astrid:io/error@1.0.0\" (instance $er (export \"error\" (type (sub resource)))))
               (alias export $io \"pollable\" (type $p)) (alias export $er \"error\" (type $e))
               (import \"astrid:ipc/host@1.0.0\" (instance
                 (alias outer 1 {from} (type))
                 (export \"pollable\" (type (eq 0)))
                 (export \"subscription\" (type (sub resource)))
                 (type $self (borrow 2)) (type $own (own 1))
                 (export \"[method]subscription.subscribe-readiness\"
                   (func (param \"self\" $self) (result $own))))))"
        )
    };
    assert_eq!(problems(&text("$p")), [""; 0]);
    assert_eq!(problems(&text("$e")), ["import-signature"]);
}

#[test]
fn functions_used_memories_and_sizes_are_reported() {
    let world = format!("import astrid:sys/host@1.0.0; {ALL_FOUR}");
    let text = "(import \"astrid:sys/host@1.0.0\" \"log\" (func (param i32 i32 i32)))
      (table 2 9 funcref) (data (i32.const 0) \"0123456789\")
      (func (export \"astrid-hook-trigger\") (param i32 i32 i32 i32) (result i32) unreachable)
      (func (export \"run\")) (func (export \"astrid-install\"))
      (func (export \"astrid-upgrade\"))";
    let bytes = wrap(&core(text), &world);
    let surface = read(&bytes);
    let sys = surface.import("astrid:sys/host@1.0.0").expect("log is used");
    assert_eq!(sys.functions().collect::<Vec<_>>(), ["log"]);
    assert_eq!(
        (sys.interface.as_str(), sys.version.as_deref()),
        ("astrid:sys/host", Some("1.0.0"))
    );
    assert!(surface.uses("astrid:sys/host", "log"));
    let main = &surface.modules[0];
    assert_eq!(main.memories[0].initial_bytes(), 65_536);
    let table = &main.tables[0];
    assert_eq!((table.initial, table.maximum, table.element.as_str()), (2, Some(9), "funcref"));
    let sizes = surface.sizes;
    let sum = sizes.code_bytes
        + sizes.data_bytes
        + sizes.debug_bytes
        + sizes.names_bytes
        + sizes.custom_bytes
        + sizes.module_bytes
        + sizes.wiring_bytes;
    assert_eq!(sum, bytes.len() as u64);
    assert!(sizes.data_bytes > 10 && sizes.code_bytes > 10 && sizes.wiring_bytes > 10);
    assert!(surface.producers.iter().any(|it| it.name == "wit-component"));
    assert!(surface.exports.iter().any(|it| it.name == "run" && it.kind == "func"));
}

#[test]
fn kernel_releases_differ_in_what_they_serve() {
    use kernel::Release;
    let text = "(component
      (import \"astrid:http/host@1.1.0\" (instance (export \"x\" (func))))
      (import \"astrid:request-context/host@1.0.0\" (instance (export \"x\" (func))))
      (import \"astrid:process/host@1.0.0\" (instance (export \"spawn\" (func))))
      (import \"astrid:fs/host@1.0.0\" (instance (export \"fs-append\" (func)))))";
    let surface = read(&wat(text));
    let ids = |release| -> Vec<&'static str> {
        kernel::findings(release, &surface).iter().map(|it| it.rule.id).collect()
    };
    let interface = "kernel-interface";
    let environment = "kernel-process-environment";
    assert_eq!(ids(Release::V0_8_0), [interface, interface, "kernel-fs-missing", environment]);
    assert_eq!(ids(Release::V0_9_0), [interface, "kernel-process-shape", environment]);
    assert_eq!(ids(Release::V0_9_1), [interface, environment]);
    assert_eq!(ids(Release::V0_10_0), [interface]);
    let first = &kernel::findings(Release::V0_8_0, &surface)[0];
    assert_eq!(first.message, "needs `astrid:http/host@1.1.0`: kernel 0.9.0 or later");
    for release in Release::ALL {
        assert_eq!(Release::parse(release.version()), Some(release));
    }
}

#[test]
fn functions_that_kernels_only_link_are_named() {
    let ids = |interface: &str, function: &str| -> Vec<&'static str> {
        let text = format!(
            "(component (import \"{interface}@1.0.0\" (instance (export \"{function}\" (func)))))"
        );
        let found = kernel::findings(kernel::Release::V0_8_0, &read(&wat(&text)));
        found.iter().map(|it| it.rule.id).collect()
    };
    assert_eq!(ids("astrid:net/host", "bind-tcp"), ["kernel-tcp-listener"]);
    assert_eq!(ids("astrid:net/host", "udp-bind"), ["kernel-udp"]);
    assert_eq!(ids("astrid:process/host", "attach"), ["kernel-process-stdin"]);
    assert_eq!(ids("astrid:elicit/host", "elicit"), ["kernel-elicit-phase"]);
}

#[test]
fn kernel_0_8_0_misreads_a_lone_stub_and_stops_a_loop_that_sleeps() {
    use kernel::Release;
    let hook = "(func (export \"astrid-hook-trigger\") (param i32 i32 i32 i32) (result i32)
        call $p (i32.store (i32.const 0) (i32.const 0)) (i32.const 64))
      (global $g (mut i32) (i32.const 0)) (func $p (global.set $g (i32.const 1)))";
    let ids = |rest: &str| -> Vec<&'static str> {
        let surface = read(&capsule(&format!("{hook} {rest}")));
        kernel::findings(Release::V0_8_0, &surface).iter().map(|it| it.rule.id).collect()
    };
    let lone = "(func (export \"run\") call $p)
      (func (export \"astrid-install\") (loop (br 0)))
      (func (export \"astrid-upgrade\") unreachable)";
    assert_eq!(ids(lone), ["kernel-prescan"]);
    let sleeper = "(func (export \"run\") (loop (br 0)))
      (func (export \"astrid-install\") (export \"astrid-upgrade\") call $p)";
    assert_eq!(ids(sleeper), ["kernel-loop-yield"]);
}
