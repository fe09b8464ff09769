//! What the library says of its interfaces is what `wit/` says, and every host call is seen.
//!
//! The functions are bound by hand, so nothing but these tests keeps them in step with `wit/`: the
//! lists of bound and of unserved functions are compared with it, and a component that imports every
//! function with its published type has to link.

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use capsule::clock::Clock;
use capsule::component::{Surface, Verified, world};
use capsule::engine::{Call, CallReport, Ending, Engine, EngineOptions, Flavour, Loaded, Profile};
use capsule::host::missing::{NOT_SERVED, is_missing};
use capsule::host::ports::{Person, PersonAnswer, Question};
use capsule::host::record::{CallRecord, Observer};
use capsule::host::{INTERFACES, is_served};
use capsule::local::{HostingOptions, Machine, MachineOptions};
use capsule::manifest::{Manifest, ParseOptions};
use capsule::policy::budget::{AskedLimits, call_limits};
use capsule::policy::verdict::Verdict;
use capsule::principal::PrincipalId;
use capsule::trace::Trace;
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::abi::{AbiVariant, WasmType};
use wit_parser::{Resolve, TypeDefKind, WorldId, WorldItem, WorldKey};

static ENGINE: LazyLock<Engine> =
    LazyLock::new(|| Engine::new(EngineOptions { profile: Profile::OneShot, cache: None }));

/// Nobody is there to be asked.
struct Nobody;

impl Person for Nobody {
    fn ask(&self, _: Question) -> std::pin::Pin<Box<dyn Future<Output = PersonAnswer> + Send>> {
        Box::pin(std::future::ready(PersonAnswer::Cancelled))
    }
}

/// A capsule on a machine of its own.
struct Guest {
    loaded: Loaded,
    belongings: Arc<capsule::host::ports::Belongings>,
}

impl Guest {
    /// A component whose manifest has these lines at its end.
    fn new(component: Vec<u8>, manifest: &str) -> Guest {
        let text = format!("{}\n{manifest}", support::minimal_manifest("guest"));
        let parsed = capsule::manifest::parse(&text, &ParseOptions::default());
        let manifest: Manifest = parsed.manifest.unwrap_or_else(|| panic!("{:?}", parsed.problems));
        let machine = Machine::new(MachineOptions {
            store: None,
            clock: Clock::seeded(7),
            person: Arc::new(Nobody),
            log: Arc::new(|_, _, _| {}),
            network: capsule::local::NetworkOptions::default(),
            processes: Default::default(),
        });
        let hosted = machine.host(&Arc::new(manifest), HostingOptions::default());
        let hosted = hosted.expect("random bytes are to be had");
        let code = ENGINE.compile(&Verified::unpacked(component), Flavour::Normal);
        let code = code.unwrap_or_else(|error| panic!("{error}"));
        let loaded = code.link(Arc::clone(&hosted.host)).unwrap_or_else(|error| panic!("{error}"));
        let belongings = hosted.belongings(&PrincipalId::default()).expect("`default` exists");
        Guest { loaded, belongings }
    }

    fn call(&self) -> Call<'_> {
        Call {
            action: "go",
            payload: b"",
            principal: &self.belongings,
            owner: &self.belongings,
            caller: None,
            limits: call_limits(None, AskedLimits::default(), false).expect("nothing is asked"),
            cancel: Arc::default(),
        }
    }

    fn invoke(&self, observer: Option<Box<dyn Observer>>) -> CallReport {
        block_on(self.loaded.invoke(self.call(), observer))
    }
}

fn block_on<R>(future: impl Future<Output = R>) -> R {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime can be had").block_on(future)
}

/// `wit/` with the world that is served.
fn wit() -> (Resolve, WorldId) {
    let mut resolve = Resolve::default();
    let (package, _) = resolve.push_dir(support::repository().join("wit")).expect("wit/ resolves");
    let world = resolve.select_world(&[package], Some("capsule")).expect("wit/ has the world");
    (resolve, world)
}

/// The interfaces that the world imports, with every function and every drop of a resource.
fn published() -> BTreeMap<String, BTreeSet<String>> {
    let (resolve, world) = wit();
    let mut all = BTreeMap::new();
    for (key, item) in &resolve.worlds[world].imports {
        let WorldItem::Interface { id, .. } = item else { continue };
        let interface = &resolve.interfaces[*id];
        let mut items: BTreeSet<String> = interface.functions.keys().cloned().collect();
        for (name, ty) in &interface.types {
            if matches!(resolve.types[*ty].kind, TypeDefKind::Resource) {
                items.insert(format!("[resource-drop]{name}"));
            }
        }
        all.insert(resolve.name_world_key(key), items);
    }
    all
}

#[test]
fn the_interfaces_are_the_imports_of_the_world() {
    let ours: Vec<&str> = INTERFACES.iter().map(|interface| interface.name).collect();
    let distinct: BTreeSet<String> = ours.iter().map(|name| (*name).to_owned()).collect();
    assert_eq!(distinct.len(), ours.len(), "an interface is there twice");
    assert_eq!(distinct, published().into_keys().collect());
    assert!(ours.iter().all(|name| is_served(name)));
    assert!(!is_served("astrid:kv/host@2.0.0"));
}

#[test]
fn each_function_is_either_bound_or_listed_as_not_served() {
    let functions = ENGINE.functions().expect("the engine can be set up");
    let bound: BTreeSet<(&str, &str)> =
        functions.iter().map(|function| (function.interface, function.name)).collect();
    assert_eq!(bound.len(), functions.len(), "a function is bound twice");
    let published = published();
    for (interface, items) in &published {
        for item in items {
            let is_bound = bound.contains(&(interface.as_str(), item.as_str()));
            let listed = is_missing(interface, item);
            assert!(is_bound != listed, "{interface} {item}: bound {is_bound}, listed {listed}");
        }
    }
    let known = |interface: &str, item: &str| {
        published.get(interface).is_some_and(|items| item == "*" || items.contains(item))
    };
    for (interface, name) in bound {
        assert!(known(interface, name), "{interface} {name} is bound and not in wit/");
    }
    for (interface, names) in NOT_SERVED {
        for name in *names {
            assert!(known(interface, name), "{interface} {name} is listed and not in wit/");
        }
    }
}

/// A component that imports everything with its published type, each version of its own, and exports
/// every entry point.
fn everything() -> Vec<u8> {
    let (resolve, world) = wit();
    let mut text = String::from("(module\n");
    for (key, item) in &resolve.worlds[world].imports {
        if let WorldItem::Interface { id, .. } = item {
            import_interface(&resolve, key, *id, &mut text);
        }
    }
    text.push_str(
        "(memory (export \"memory\") 1)
         (global $next (mut i32) (i32.const 4096))
         (func (export \"cabi_realloc\") (param i32 i32 i32 i32) (result i32)
           (global.get $next)
           (global.set $next (i32.add (global.get $next) (local.get 3))))
         (func (export \"astrid-hook-trigger\") (param i32 i32 i32 i32) (result i32)
           (i32.const 16))
         (data (i32.const 16) \"\\40\\00\\00\\00\\08\\00\\00\\00\")
         (data (i32.const 64) \"continue\")
         (func (export \"run\"))
         (func (export \"astrid-install\"))
         (func (export \"astrid-upgrade\")))",
    );
    let mut module = wat::parse_str(&text).unwrap_or_else(|error| panic!("{error}"));
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8)
        .expect("a module has room for metadata");
    let encoder = ComponentEncoder::default().validate(true).merge_imports_based_on_semver(false);
    let mut encoder = encoder.module(&module).unwrap_or_else(|error| panic!("{error:#}"));
    encoder.encode().unwrap_or_else(|error| panic!("{error:#}"))
}

fn import_interface(
    resolve: &Resolve,
    key: &WorldKey,
    id: wit_parser::InterfaceId,
    text: &mut String,
) {
    let interface = &resolve.interfaces[id];
    let module = resolve.name_world_key(key);
    let mut import = |name: &str, params: &[WasmType], results: &[WasmType]| {
        let list = |what: &str, types: &[WasmType]| -> String {
            types.iter().map(|ty| format!(" ({what} {})", core_type(*ty))).collect()
        };
        let (params, results) = (list("param", params), list("result", results));
        let _ = writeln!(text, "(import {module:?} {name:?} (func{params}{results}))");
    };
    for function in interface.functions.values() {
        let signature = resolve.wasm_signature(AbiVariant::GuestImport, function);
        import(&function.name, &signature.params, &signature.results);
    }
    for (name, ty) in &interface.types {
        if matches!(resolve.types[*ty].kind, TypeDefKind::Resource) {
            import(&format!("[resource-drop]{name}"), &[WasmType::I32], &[]);
        }
    }
}

fn core_type(ty: WasmType) -> &'static str {
    match ty {
        WasmType::I32 | WasmType::Pointer | WasmType::Length => "i32",
        WasmType::I64 | WasmType::PointerOrI64 => "i64",
        WasmType::F32 => "f32",
        WasmType::F64 => "f64",
    }
}

#[test]
fn a_component_that_imports_everything_links_and_runs() {
    let component = everything();
    let surface = Surface::read(&component).expect("it is a component");
    assert_eq!(world::check(&surface), []);
    for (interface, items) in published() {
        // What only defines types for others is no import of its own.
        let functions = items.iter().filter(|item| !item.starts_with("[resource-drop]"));
        for function in functions {
            let mut imports = surface.imports.iter().filter(|import| import.name == interface);
            let imported = imports.any(|import| import.functions().any(|name| name == function));
            assert!(imported, "{interface} {function} is not imported");
        }
    }
    let report = Guest::new(component, "").invoke(None);
    assert_eq!(report.ending, Ending::Verdict(Verdict::Continue(None)));
    assert_eq!(report.host_calls, []);
}

/// Makes handles, drops and remakes one, is refused once and fails once.
const BUSY: &str = r#"(module
  (import "astrid:ipc/host@1.0.0" "subscribe" (func $subscribe (param i32 i32 i32)))
  (import "astrid:ipc/host@1.0.0" "publish" (func $publish (param i32 i32 i32 i32 i32)))
  (import "astrid:ipc/host@1.0.0" "[method]subscription.recv" (func $recv (param i32 i64 i32)))
  (import "astrid:ipc/host@1.0.0" "[method]subscription.subscribe-readiness"
    (func $readiness (param i32) (result i32)))
  (import "astrid:io/poll@1.0.0" "[resource-drop]pollable" (func $drop (param i32)))
  (import "astrid:io/poll@1.0.0" "poll" (func $poll (param i32 i32 i32)))
  (import "astrid:kv/host@1.0.0" "kv-set" (func $set (param i32 i32 i32 i32 i32)))
  (import "astrid:kv/host@1.0.0" "kv-get" (func $get (param i32 i32 i32)))
  (import "astrid:sys/host@1.0.0" "sleep-ns" (func $sleep (param i64 i32)))
  (import "astrid:sys/host@1.0.0" "clock-ms" (func $clock (result i64)))
  (data (i32.const 64) "abcolourblue[1]")
  (func (export "astrid-hook-trigger") (param i32 i32 i32 i32) (result i32)
    (local $subscription i32)
    (local $pollable i32)
    (call $subscribe (i32.const 64) (i32.const 1) (i32.const 0))
    (local.set $subscription (i32.load (i32.const 4)))
    (local.set $pollable (call $readiness (local.get $subscription)))
    (call $publish (i32.const 64) (i32.const 1) (i32.const 76) (i32.const 3) (i32.const 0))
    (call $publish (i32.const 65) (i32.const 1) (i32.const 76) (i32.const 3) (i32.const 0))
    (call $drop (local.get $pollable))
    (local.set $pollable (call $readiness (local.get $subscription)))
    (i32.store (i32.const 128) (local.get $pollable))
    (call $poll (i32.const 128) (i32.const 1) (i32.const 0))
    (call $recv (local.get $subscription) (i64.const 100) (i32.const 0))
    (call $set (i32.const 64) (i32.const 0) (i32.const 72) (i32.const 4) (i32.const 0))
    (call $set (i32.const 66) (i32.const 6) (i32.const 72) (i32.const 4) (i32.const 0))
    (call $get (i32.const 66) (i32.const 6) (i32.const 0))
    (call $sleep (i64.const 1000000) (i32.const 0))
    (call $say-number (call $clock))
    (call $said)))"#;

const BUSY_MANIFEST: &str = "[publish]\na = \"opaque\"\n[subscribe]\na = \"opaque\"\n";

fn busy() -> Guest {
    Guest::new(support::component(BUSY), BUSY_MANIFEST)
}

/// Keeps a line of each record, and the numbers that are compared otherwise.
#[derive(Clone, Default)]
struct Notes(Arc<Mutex<Vec<Note>>>);

struct Note {
    line: String,
    fuel_left: u64,
    guest_fuel: u64,
}

impl Notes {
    fn take(&self) -> Vec<Note> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Observer for Notes {
    fn observe(&mut self, record: &CallRecord<'_>) {
        let args: Vec<String> = record.args().iter().map(ToString::to_string).collect();
        let mut line = format!(
            "#{} {}({})",
            record.call.sequence,
            record.function().short_name(),
            args.join(", ")
        );
        let result = record.result().map_or_else(|| "stopped".to_owned(), |it| it.to_string());
        let _ = write!(line, " → {result}");
        if let Some(denial) = record.denial {
            let _ = write!(line, " | {} | {}", denial.capability, denial.grant);
        }
        let note =
            Note { line, fuel_left: record.call.fuel_left, guest_fuel: record.call.guest_fuel };
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(note);
    }
}

fn lines(notes: &[Note]) -> Vec<&str> {
    notes.iter().map(|note| note.line.as_str()).collect()
}

#[test]
fn records_tell_every_call_in_order_with_handles_by_number() {
    let notes = Notes::default();
    let report = busy().invoke(Some(Box::new(notes.clone())));
    assert!(matches!(report.ending, Ending::Verdict(Verdict::Continue(Some(_)))), "{report:?}");
    let seen = notes.take();
    let mut shown = lines(&seen);
    // The source id in the message is drawn from the clock's seed, not worth spelling out.
    let received = shown.remove(7);
    let (start, end) =
        received.split_once("source-id: \"").expect("the message shows where it comes from");
    assert_eq!(
        start,
        "#8 ipc.subscription.recv(#1, 100) → ok({messages: [{topic: \"a\", payload: \"[1]\", "
    );
    assert!(
        end.ends_with("\", principal: verified(\"default\")}], dropped: 0, lagged: 0})"),
        "{end}"
    );
    assert_eq!(
        shown,
        [
            "#1 ipc.subscribe(\"a\") → ok(#1)",
            "#2 ipc.subscription.subscribe-readiness(#1) → #2",
            "#3 ipc.publish(\"a\", \"[1]\") → ok",
            "#4 ipc.publish(\"b\", \"[1]\") → err(capability-denied) | [publish] | \
             [publish] \"b\" = \"opaque\"",
            "#5 io/poll.pollable.drop(#2) → _",
            "#6 ipc.subscription.subscribe-readiness(#1) → #3",
            "#7 io/poll.poll([#3]) → ok([0])",
            "#9 kv.kv-set(\"\", b\"blue\") → err(invalid-key)",
            "#10 kv.kv-set(\"colour\", b\"blue\") → ok",
            "#11 kv.kv-get(\"colour\") → ok(some(b\"blue\"))",
            "#12 sys.sleep-ns(1000000) → ok",
            "#13 sys.clock-ms() → 1577836800001",
        ]
    );
    assert_eq!(report.denials, 1);
    let counted: u64 = report.host_calls.iter().map(|calls| calls.count.calls).sum();
    let failed: u64 = report.host_calls.iter().map(|calls| calls.count.errors).sum();
    assert_eq!((counted, failed), (13, 2));
}

#[test]
fn records_account_for_the_fuel_between_calls() {
    let notes = Notes::default();
    let report = busy().invoke(Some(Box::new(notes.clone())));
    let seen = notes.take();
    let mut before = report.fuel.budget;
    for note in &seen {
        assert_eq!(before - note.fuel_left, note.guest_fuel, "{}", note.line);
        assert!(note.guest_fuel > 0, "{}", note.line);
        before = note.fuel_left;
    }
    let between: u64 = seen.iter().map(|note| note.guest_fuel).sum();
    assert!(between < report.fuel.call, "the guest used {between} and more after the last call");
}

#[test]
fn a_call_that_ends_the_guest_is_recorded_without_a_result() {
    let text = r#"(module
      (import "astrid:sys/host@1.0.0" "sleep-ns" (func $sleep (param i64 i32)))
      (func (export "astrid-hook-trigger") (param i32 i32 i32 i32) (result i32)
        (call $sleep (i64.const 60000000001) (i32.const 0))
        unreachable))"#;
    let notes = Notes::default();
    let guest = Guest::new(support::component(text), "");
    let report = guest.invoke(Some(Box::new(notes.clone())));
    assert!(matches!(report.ending, Ending::Trap(_)), "{report:?}");
    assert_eq!(lines(&notes.take()), ["#1 sys.sleep-ns(60000000001) → err(too-large)"]);
    let last = report.last_host_call.map(|function| function.short_name());
    assert_eq!(last.as_deref(), Some("sys.sleep-ns"));
}

#[test]
fn handles_and_calls_are_numbered_on_in_the_next_call_of_an_instance() {
    let notes = Notes::default();
    let guest = busy();
    block_on(async {
        let observer = Some(Box::new(notes.clone()) as Box<dyn Observer>);
        let made = guest.loaded.instance(&guest.call(), observer).await;
        let (mut instance, _) = made.unwrap_or_else(|report| panic!("{report:?}"));
        instance.call(guest.call()).await;
        notes.take();
        instance.call(guest.call()).await;
    });
    let seen = notes.take();
    assert_eq!(seen.len(), 13);
    assert_eq!(seen[0].line, "#14 ipc.subscribe(\"a\") → ok(#4)");
    assert_eq!(seen[4].line, "#18 io/poll.pollable.drop(#5) → _");
}

#[test]
fn watching_a_call_changes_neither_its_result_nor_its_fuel() {
    let plain = busy().invoke(None);
    let lines: Arc<Mutex<Vec<String>>> = Arc::default();
    let sink = Arc::clone(&lines);
    let sink = Arc::new(move |line: &str| {
        sink.lock().unwrap_or_else(PoisonError::into_inner).push(line.to_owned());
    });
    let traced = busy().invoke(Some(Box::new(Trace::new("", sink))));
    let comparable = |report: &CallReport| {
        let CallReport { ending, fuel, memory, host_calls, denials, received, dropped, .. } =
            report.clone();
        (ending, fuel, memory, host_calls, denials, received, dropped)
    };
    assert_eq!(comparable(&plain), comparable(&traced));
    let lines = lines.lock().unwrap_or_else(PoisonError::into_inner);
    assert_eq!(lines.len(), 13);
    assert!(lines[3].contains("denied: [publish] does not allow"), "{}", lines[3]);
}

/// Imports that nobody serves as they are: the text in the world of a component, what the library
/// says of it, and whether linking alone would notice.
const REFUSED: [(&str, &str); 8] = [
    (
        r#"(import "wasi:cli/environment@0.2.0"
             (instance (export "get-environment" (func))))"#,
        "imports `wasi:cli/environment@0.2.0`: WASI is not served",
    ),
    (
        r#"(import "astrid:telepathy/host@1.0.0" (instance (export "think" (func))))"#,
        "imports `astrid:telepathy/host@1.0.0`: no such interface is served",
    ),
    (
        r#"(import "astrid:kv/host@2.0.0" (instance (export "kv-get" (func))))"#,
        "imports `astrid:kv/host@2.0.0`: served in version 1.0.0",
    ),
    (
        r#"(import "astrid:kv/host@1.0.1" (instance (export "kv-get" (func))))"#,
        "imports `astrid:kv/host@1.0.1`: served in version 1.0.0",
    ),
    (
        r#"(import "astrid:http/host@1.2.0" (instance (export "http-request" (func))))"#,
        "imports `astrid:http/host@1.2.0`: served in version 1.0.0 and 1.1.0",
    ),
    (
        r#"(import "astrid:sys/host@1.0.0"
             (instance (export "clock-ms" (func (result string)))))"#,
        "imports `clock-ms` of `astrid:sys/host@1.0.0` as func() -> string, \
         served is func() -> u64",
    ),
    (
        r#"(import "astrid:kv/host@1.0.0" (instance (export "kv-append" (func))))"#,
        "imports function `kv-append` of `astrid:kv/host@1.0.0`: it has none of that name",
    ),
    (
        r#"(import "astrid:elicit/host@1.0.0" (func))"#,
        "imports `astrid:elicit/host@1.0.0` as a function, served is an instance",
    ),
];

fn messages(component: &[u8]) -> Vec<String> {
    let surface = Surface::read(component).expect("it is a component");
    world::check(&surface).iter().map(world::ImportProblem::message).collect()
}

#[test]
fn all_imports_that_nobody_serves_are_reported_at_once() {
    let imports: String = REFUSED.iter().map(|(import, _)| *import).collect();
    let component = support::component(&format!("(component {imports})"));
    let expected: Vec<&str> = REFUSED.iter().map(|(_, message)| *message).collect();
    assert_eq!(messages(&component), expected);
}

#[test]
fn each_import_that_nobody_serves_is_refused_by_the_link_too() {
    for (import, message) in REFUSED {
        let component = support::component(&format!("(component {import})"));
        assert_eq!(messages(&component), [message]);
        let code = ENGINE.compile(&Verified::unpacked(component), Flavour::Normal);
        let code = code.unwrap_or_else(|error| panic!("{import}: {error}"));
        let host = Arc::clone(busy().loaded.capsule());
        assert!(code.link(host).is_err(), "{import} links");
    }
}

#[test]
fn a_changed_signature_of_a_function_that_is_not_served_is_reported() {
    let import = r#"(import "astrid:identity/host@1.0.0"
        (instance (export "identity-list-links" (func))))"#;
    let found = messages(&support::component(&format!("(component {import})")));
    let [message] = found.as_slice() else { panic!("{found:?}") };
    let start = "imports `identity-list-links` of `astrid:identity/host@1.0.0` as func(), \
                 served is func(string)";
    assert!(message.starts_with(start), "{message}");
}
