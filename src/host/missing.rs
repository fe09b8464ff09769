//! What is linked but not served yet.
//!
//! A function of a served interface that nobody bound is linked so that capsules load, and answers
//! with its own error type and one fixed text. Where it has no error type the guest is stopped with
//! a typed error: it never gets an answer that somebody made up. [`NOT_SERVED`] is the one list.

use wasmtime::component::types::{ComponentItem, Type};
use wasmtime::component::{Component, Linker, LinkerInstance, ResourceType, Val};

use super::boundary::{Stop, bind_dynamic};
use super::record::{Function, Permit, Progress};
use super::{HostState, INTERFACES, Interface, is_served};
use crate::component::signatures;

/// The functions that are linked and not served, by interface; `*` stands for all of them.
pub const NOT_SERVED: &[(&str, &[&str])] = &[];

/// The text in the error of a function that is not served.
pub const NOT_SERVED_TEXT: &str = "not served by this version of capsule";

/// Whether `function` of `interface` is on the list.
pub fn is_missing(interface: &str, function: &str) -> bool {
    NOT_SERVED.iter().any(|(name, functions)| {
        let listed = |item: &&str| {
            // Whoever cannot drop a resource does not get one either.
            *item == "*"
                || *item == function
                || item.strip_prefix("[resource-drop]") == Some(function)
        };
        *name == interface && functions.iter().any(listed)
    })
}

/// A resource that no function hands out.
struct Unobtainable;

/// The functions on the list, for the table of functions.
pub(crate) fn functions() -> impl Iterator<Item = Function> {
    let listed = |served: &&Interface| NOT_SERVED.iter().any(|(name, _)| *name == served.name);
    let interfaces = INTERFACES.iter().filter(listed).filter_map(|served| {
        let shapes = signatures::interface(served.name)?;
        Some(shapes.iter().map(|(name, shape)| (served.name, *name, *shape)))
    });
    let functions = interfaces.flatten().filter(|(interface, name, shape)| {
        shape.starts_with("func") && is_missing(interface, name)
    });
    functions.map(|(interface, name, _)| Function {
        interface,
        name,
        permit: Permit::None,
        progress: Progress::WhenParked,
        cancellable: false,
    })
}

/// Links what `component` imports of the served interfaces and nobody bound. Anything else is left
/// for instantiation to refuse.
pub(crate) fn link(
    linker: &mut Linker<HostState>,
    component: &Component,
    functions: &[Function],
) -> wasmtime::Result<()> {
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
            let mut linker = linker.instance(interface)?;
            match item.ty {
                ComponentItem::ComponentFunc(_) => {
                    let listed = |it: &Function| it.interface == interface && it.name == name;
                    if let Some(id) = functions.iter().position(listed) {
                        bind(&mut linker, id, &functions[id])?;
                    }
                }
                // Others name a resource as well; it is the one of the interface that has it.
                ComponentItem::Resource(_) if has_resource(interface, name) => {
                    let unobtainable = ResourceType::host::<Unobtainable>();
                    linker.resource(name, unobtainable, |_, _| Ok(()))?;
                }
                _ => {}
            }
        }
    }
    Ok(())
}

fn has_resource(interface: &str, name: &str) -> bool {
    signatures::interface(interface).is_some_and(|shapes| shapes.get(name) == Some(&"resource"))
}

fn bind(
    linker: &mut LinkerInstance<'_, HostState>,
    id: usize,
    function: &Function,
) -> wasmtime::Result<()> {
    let (interface, name) = (function.interface, function.name);
    bind_dynamic(linker, id, name, move |ty| {
        let error = ty.results().next().as_ref().and_then(error_value);
        let answer = error.map(|error| Val::Result(Err(Some(Box::new(error)))));
        answer.ok_or_else(|| Stop::NotServed {
            interface: interface.to_owned(),
            function: name.to_owned(),
        })
    })
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
