//! What is linked but not served yet.
//!
//! A function of a served interface that nobody bound is linked so that capsules load, and answers
//! with its own error type and one fixed text. Where it has no error type the guest is stopped with
//! a typed error: it never gets an answer that somebody made up. [`NOT_SERVED`] is the one list.

use wasmtime::StoreContextMut;
use wasmtime::component::types::{ComponentFunc, ComponentItem, Type};
use wasmtime::component::{Component, Linker, ResourceType, Val};

use super::boundary::Stop;
use super::{HostState, is_served};

/// The functions that are linked and not served, by interface; `*` stands for all of them.
pub const NOT_SERVED: &[(&str, &[&str])] = &[
    ("astrid:io/error@1.0.0", &["*"]),
    ("astrid:io/streams@1.0.0", &["*"]),
    ("astrid:fs/host@1.0.0", &["*"]),
    ("astrid:net/host@1.0.0", &["*"]),
    ("astrid:http/host@1.0.0", &["*"]),
    ("astrid:http/host@1.1.0", &["*"]),
    ("astrid:process/host@1.0.0", &["*"]),
    ("astrid:process/host@1.1.0", &["*"]),
    ("astrid:approval/host@1.0.0", &["*"]),
    ("astrid:identity/host@1.0.0", &["*"]),
    ("astrid:uplink/host@1.0.0", &["*"]),
    ("astrid:request-context/host@1.0.0", &["*"]),
];

/// The text in the error of a function that is not served.
pub const NOT_SERVED_TEXT: &str = "not served by this version of capsule";

/// Whether `function` of `interface` is on the list.
pub fn is_missing(interface: &str, function: &str) -> bool {
    NOT_SERVED.iter().any(|(name, functions)| {
        *name == interface && functions.iter().any(|item| *item == "*" || *item == function)
    })
}

/// A resource that no function hands out.
struct Unobtainable;

/// Links what `component` imports of the served interfaces and nobody bound. Anything else is left
/// for instantiation to refuse.
pub(crate) fn link(linker: &mut Linker<HostState>, component: &Component) -> wasmtime::Result<()> {
    let engine = linker.engine().clone();
    for (interface, item) in component.component_type().imports(&engine) {
        let ComponentItem::ComponentInstance(instance) = item.ty else { continue };
        if !is_served(interface) {
            continue;
        }
        for (name, item) in instance.exports(&engine) {
            if !is_missing(interface, name) {
                continue;
            }
            match item.ty {
                ComponentItem::ComponentFunc(_) => function(linker, interface, name)?,
                ComponentItem::Resource(_) => linker.instance(interface)?.resource(
                    name,
                    ResourceType::host::<Unobtainable>(),
                    |_, _| Ok(()),
                )?,
                _ => {}
            }
        }
    }
    Ok(())
}

fn function(linker: &mut Linker<HostState>, interface: &str, name: &str) -> wasmtime::Result<()> {
    let stop = Stop::NotServed { interface: interface.to_owned(), function: name.to_owned() };
    linker.instance(interface)?.func_new(
        name,
        move |_: StoreContextMut<'_, HostState>,
              ty: ComponentFunc,
              _: &[Val],
              results: &mut [Val]| {
            let error = ty.results().next().as_ref().and_then(error_value);
            match (error, results) {
                (Some(error), [result]) => {
                    *result = Val::Result(Err(Some(Box::new(error))));
                    Ok(())
                }
                _ => Err(stop.clone().into()),
            }
        },
    )
}

/// The `unknown` case of a function's error type, with the fixed text.
fn error_value(result: &Type) -> Option<Val> {
    let Type::Result(result) = result else { return None };
    let Some(Type::Variant(error)) = result.err() else { return None };
    let unknown = error.cases().find(|case| case.name == "unknown")?;
    matches!(unknown.ty, Some(Type::String)).then(|| {
        let text = Val::String(NOT_SERVED_TEXT.to_owned());
        Val::Variant("unknown".to_owned(), Some(Box::new(text)))
    })
}
