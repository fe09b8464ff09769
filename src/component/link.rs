//! From an exported function to the core function behind it.
//!
//! Follows indices through aliases, instances and nested components, never names of core exports: a
//! component may call its `run` anything inside. The number of steps is bounded; what cannot be
//! followed is said in words.

use std::rc::Rc;

use wasmparser::{ComponentExternalKind, ComponentInstantiationArg, ExternalKind};

use super::binary::{Binary, CoreFunc, CoreInstance, Func, Instance, Level, ParseError, Type};

/// Entries looked at while following one binary's entry points.
const STEPS_MAX: usize = 2_000_000;
/// Indirections on one path.
const DEPTH_MAX: usize = 200;

/// What an export leads to.
pub(super) enum Target<'a> {
    /// A function of a core module, lifted with this type.
    Core { module: usize, func: u32, ty: Option<Type<'a>> },
    /// Something else, and what.
    Other { ty: Option<Type<'a>>, what: String },
}

/// Follows indices in one binary.
pub(super) struct Linker<'b, 'a> {
    binary: &'b Binary<'a>,
    steps: usize,
    depth: usize,
}

/// A component that is instantiated, with what its imports stand for.
struct Frame<'b, 'a> {
    level: &'b Level<'a>,
    outer: Option<Outer<'b, 'a>>,
}

struct Outer<'b, 'a> {
    frame: Rc<Frame<'b, 'a>>,
    args: &'b [ComponentInstantiationArg<'a>],
}

type FrameRef<'b, 'a> = Rc<Frame<'b, 'a>>;

/// Why a path ends, in words, or that the binary is broken.
enum Stop {
    Words(String),
    Broken(ParseError),
}

impl From<ParseError> for Stop {
    fn from(error: ParseError) -> Stop {
        Stop::Broken(error)
    }
}

fn stop<T>(words: impl Into<String>) -> Result<T, Stop> {
    Err(Stop::Words(words.into()))
}

impl<'b, 'a> Linker<'b, 'a> {
    pub(super) fn new(binary: &'b Binary<'a>) -> Linker<'b, 'a> {
        Linker { binary, steps: STEPS_MAX, depth: 0 }
    }

    /// What component function `index` of the outermost component is.
    pub(super) fn resolve(&mut self, index: u32) -> Result<Target<'a>, ParseError> {
        let Some(level) = self.binary.levels.first() else {
            return Ok(Target::Other { ty: None, what: "there is no component".into() });
        };
        self.depth = 0;
        let frame = Rc::new(Frame { level, outer: None });
        let found = match self.func(&frame, index) {
            Ok((frame, core, ty)) => self
                .core_func(&frame, core)
                .map_err(|stop| (stop, ty))
                .map(|(module, func)| Target::Core { module, func, ty }),
            Err(stop) => Err((stop, None)),
        };
        match found {
            Ok(target) => Ok(target),
            Err((Stop::Words(what), ty)) => Ok(Target::Other { ty, what }),
            Err((Stop::Broken(error), _)) => Err(error),
        }
    }

    fn step(&mut self, entries: usize) -> Result<(), Stop> {
        self.depth += 1;
        match self.steps.checked_sub(entries + 1) {
            Some(steps) if self.depth <= DEPTH_MAX => {
                self.steps = steps;
                Ok(())
            }
            _ => stop("the path to its core function is too long to follow"),
        }
    }

    /// The component in which a function is lifted, the core function, and the type.
    fn func(
        &mut self,
        frame: &FrameRef<'b, 'a>,
        index: u32,
    ) -> Result<(FrameRef<'b, 'a>, u32, Option<Type<'a>>), Stop> {
        self.step(0)?;
        match frame.level.funcs.get(index as usize) {
            Some(Func::Lift { core, ty }) => Ok((frame.clone(), *core, *ty)),
            Some(Func::Import(name)) => match self.argument(frame, name)? {
                Some((outer, index)) => self.func(&outer, index),
                None => stop(format!("it is the imported function `{name}`")),
            },
            Some(Func::Alias { instance, name }) => {
                let (frame, index) = self.member(frame, *instance, name)?;
                self.func(&frame, index)
            }
            None => stop(format!("there is no function {index}")),
        }
    }

    /// What a component's import was instantiated with; none when the host provides it.
    fn argument(
        &mut self,
        frame: &FrameRef<'b, 'a>,
        name: &str,
    ) -> Result<Option<(FrameRef<'b, 'a>, u32)>, Stop> {
        let Some(outer) = &frame.outer else { return Ok(None) };
        self.step(outer.args.len())?;
        match outer.args.iter().find(|arg| arg.name == name) {
            Some(arg) => Ok(Some((outer.frame.clone(), arg.index))),
            None => stop(format!("nothing is given for the import `{name}`")),
        }
    }

    /// The function that a component instance exports under a name.
    fn member(
        &mut self,
        frame: &FrameRef<'b, 'a>,
        instance: u32,
        name: &str,
    ) -> Result<(FrameRef<'b, 'a>, u32), Stop> {
        self.item(frame, instance, name, ComponentExternalKind::Func)
    }

    fn item(
        &mut self,
        frame: &FrameRef<'b, 'a>,
        instance: u32,
        name: &str,
        kind: ComponentExternalKind,
    ) -> Result<(FrameRef<'b, 'a>, u32), Stop> {
        self.step(0)?;
        let level = frame.level;
        match level.instances.get(instance as usize) {
            Some(Instance::Exports(exports)) => {
                self.step(exports.len())?;
                let found = exports.iter().find(|it| it.name.name == name && it.kind == kind);
                match found {
                    Some(export) => Ok((frame.clone(), export.index)),
                    None => stop(format!("an instance does not export `{name}`")),
                }
            }
            Some(Instance::Instantiate { component, args }) => {
                let inner = level.components.get(*component as usize).copied().flatten();
                let Some(level) = inner.and_then(|inner| self.binary.levels.get(inner)) else {
                    return stop("it comes out of a component that is not part of this one");
                };
                match level.exports.get(name) {
                    Some((found, index)) if *found == kind => {
                        let outer = Some(Outer { frame: frame.clone(), args });
                        Ok((Rc::new(Frame { level, outer }), *index))
                    }
                    _ => stop(format!("a nested component does not export `{name}`")),
                }
            }
            Some(Instance::Import { name: import, .. }) => match self.argument(frame, import)? {
                Some((outer, index)) => self.item(&outer, index, name, kind),
                None => stop(format!("it is `{name}` of the imported `{import}`")),
            },
            Some(Instance::Alias { instance, name: alias }) => {
                let kind_of_alias = ComponentExternalKind::Instance;
                let (outer, index) = self.item(frame, *instance, alias, kind_of_alias)?;
                self.item(&outer, index, name, kind)
            }
            None => stop(format!("there is no instance {instance}")),
        }
    }

    /// The module and function that a core function of a component is.
    fn core_func(&mut self, frame: &FrameRef<'b, 'a>, index: u32) -> Result<(usize, u32), Stop> {
        self.step(0)?;
        match frame.level.core_funcs.get(index as usize) {
            Some(CoreFunc::Alias { instance, name }) => self.core_member(frame, *instance, name),
            Some(CoreFunc::Canonical) => stop("it calls straight out of the component"),
            None => stop(format!("there is no core function {index}")),
        }
    }

    fn core_member(
        &mut self,
        frame: &FrameRef<'b, 'a>,
        instance: u32,
        name: &str,
    ) -> Result<(usize, u32), Stop> {
        self.step(0)?;
        match frame.level.core_instances.get(instance as usize) {
            Some(CoreInstance::Exports(exports)) => {
                self.step(exports.len())?;
                let is_func = |kind| matches!(kind, ExternalKind::Func | ExternalKind::FuncExact);
                match exports.iter().find(|it| it.name == name && is_func(it.kind)) {
                    Some(export) => self.core_func(frame, export.index),
                    None => stop(format!("a core instance does not export `{name}`")),
                }
            }
            Some(CoreInstance::Instantiate { module, args }) => {
                let id = frame.level.modules.get(*module as usize).copied().flatten();
                let Some((id, module)) = id.and_then(|id| Some((id, self.binary.modules.get(id)?)))
                else {
                    return stop("its core module is not part of this component");
                };
                let (func, read) = module.exported_function(name)?;
                self.step(read)?;
                let Some(func) = func else {
                    return stop(format!("core module {id} does not export a function `{name}`"));
                };
                match self.imported(id, func)? {
                    None => Ok((id, func)),
                    Some((from, name)) => {
                        self.step(args.len())?;
                        match args.iter().find(|arg| arg.name == from) {
                            Some(arg) => self.core_member(frame, arg.index, name),
                            None => stop(format!("nothing is given for the import `{from}`")),
                        }
                    }
                }
            }
            None => stop(format!("there is no core instance {instance}")),
        }
    }

    /// The import that a function of a module is, if it is one.
    fn imported(&mut self, module: usize, func: u32) -> Result<Option<(&'a str, &'a str)>, Stop> {
        let imports = self.binary.modules[module].imports.clone();
        let mut index = 0;
        for import in imports.into_iter().flat_map(|section| section.into_imports()) {
            let import = import.map_err(ParseError::from)?;
            self.steps = self.steps.saturating_sub(1);
            if matches!(import.ty, wasmparser::TypeRef::Func(_) | wasmparser::TypeRef::FuncExact(_))
            {
                if index == func {
                    return Ok(Some((import.module, import.name)));
                }
                index += 1;
            }
        }
        Ok(None)
    }
}
