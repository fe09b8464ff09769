//! The index spaces of one component.
//!
//! Only what leads from an export to a core function, and what names imported types, is kept:
//! memories, tables, values and core types have no entries.

use std::collections::HashMap;

use wasmparser::{
    BinaryReader, CanonicalFunction, ComponentAlias, ComponentExport, ComponentExternalKind,
    ComponentImport, ComponentInstance, ComponentInstantiationArg, ComponentOuterAliasKind,
    ComponentTypeRef, ExternalKind, InstantiationArg, TypeBounds,
};

use super::types::{ScopeId, Shape, Type, TypeItem, Types};
use super::{ExportsSeen, IMPORTS_MAX, ParseError};

/// A component, with its index spaces.
#[derive(Debug)]
pub(in crate::component) struct Level<'a> {
    pub(in crate::component) scope: ScopeId,
    pub(in crate::component) funcs: Vec<Func<'a>>,
    pub(in crate::component) core_funcs: Vec<CoreFunc<'a>>,
    pub(in crate::component) instances: Vec<Instance<'a>>,
    pub(in crate::component) core_instances: Vec<CoreInstance<'a>>,
    /// Levels; none for a component that comes from outside.
    pub(in crate::component) components: Vec<Option<usize>>,
    /// Core modules; none for one that comes from outside.
    pub(in crate::component) modules: Vec<Option<usize>>,
    pub(in crate::component) imports: Vec<LevelImport<'a>>,
    pub(in crate::component) exports: HashMap<&'a str, (ComponentExternalKind, u32)>,
    /// The component around this one.
    parent: Option<usize>,
}

/// A component function.
#[derive(Debug, Clone, Copy)]
pub(in crate::component) enum Func<'a> {
    Import(&'a str),
    Lift { core: u32, ty: Option<Type<'a>> },
    Alias { instance: u32, name: &'a str },
}

/// A core function as a component sees it.
#[derive(Debug, Clone, Copy)]
pub(in crate::component) enum CoreFunc<'a> {
    Alias {
        instance: u32,
        name: &'a str,
    },
    /// A lowered component function or a built-in one.
    Canonical,
}

/// A component instance.
#[derive(Debug, Clone)]
pub(in crate::component) enum Instance<'a> {
    Import { name: &'a str, ty: ScopeId, owner: u32 },
    Instantiate { component: u32, args: Box<[ComponentInstantiationArg<'a>]> },
    Exports(Box<[ComponentExport<'a>]>),
    Alias { instance: u32, name: &'a str },
}

/// A core instance.
#[derive(Debug)]
pub(in crate::component) enum CoreInstance<'a> {
    Instantiate { module: u32, args: Box<[InstantiationArg<'a>]> },
    Exports(Box<[wasmparser::Export<'a>]>),
}

/// Something that a component imports.
#[derive(Debug, Clone, Copy)]
pub(in crate::component) struct LevelImport<'a> {
    pub(in crate::component) name: &'a str,
    pub(in crate::component) ty: ComponentTypeRef,
    /// For an instance, its type.
    pub(in crate::component) scope: Option<ScopeId>,
}

impl<'a> Level<'a> {
    pub(super) fn new(scope: ScopeId, parent: Option<usize>) -> Level<'a> {
        Level {
            scope,
            funcs: Vec::new(),
            core_funcs: Vec::new(),
            instances: Vec::new(),
            core_instances: Vec::new(),
            components: Vec::new(),
            modules: Vec::new(),
            imports: Vec::new(),
            exports: HashMap::new(),
            parent,
        }
    }

    /// Reads a type section; `reader` starts at its count.
    pub(super) fn types(
        &mut self,
        mut reader: BinaryReader<'a>,
        types: &mut Types<'a>,
    ) -> Result<(), ParseError> {
        for _ in 0..reader.read_var_u32()? {
            types.read_type(&mut reader, self.scope, 0)?;
        }
        Ok(())
    }

    pub(super) fn import(
        &mut self,
        import: ComponentImport<'a>,
        types: &mut Types<'a>,
        offset: usize,
    ) -> Result<(), ParseError> {
        types.budget.charge(1, offset)?;
        if self.imports.len() >= IMPORTS_MAX {
            let message = format!("the component has more than {IMPORTS_MAX} imports");
            return Err(ParseError::new(offset, message));
        }
        let name = import.name.name;
        let mut scope = None;
        match import.ty {
            ComponentTypeRef::Func(_) => self.funcs.push(Func::Import(name)),
            ComponentTypeRef::Type(TypeBounds::Eq(index)) => {
                let ty = types.need(self.scope, index, offset)?;
                types.push(self.scope, ty);
            }
            ComponentTypeRef::Type(TypeBounds::SubResource) => {
                let (shape, owner) = (Shape::Resource(name), None);
                types.push(self.scope, Type { shape, scope: self.scope, owner });
            }
            ComponentTypeRef::Instance(index) => {
                let Shape::Instance(ty) = types.need(self.scope, index, offset)?.shape else {
                    let message = format!("type {index} of import `{name}` is no instance type");
                    return Err(ParseError::new(offset, message));
                };
                // Imports may share a type, and each gets its items listed.
                let items = types.items(ty).len();
                types.budget.charge(items, offset)?;
                scope = Some(ty);
                // The budget keeps the number of imports far below 2^32.
                let owner = self.imports.len() as u32;
                self.instances.push(Instance::Import { name, ty, owner });
            }
            ComponentTypeRef::Component(_) => self.components.push(None),
            ComponentTypeRef::Module(_) => self.modules.push(None),
            ComponentTypeRef::Value(_) => {}
        }
        self.imports.push(LevelImport { name, ty: import.ty, scope });
        Ok(())
    }

    pub(super) fn export(
        &mut self,
        export: ComponentExport<'a>,
        types: &mut Types<'a>,
        offset: usize,
    ) -> Result<(), ParseError> {
        types.budget.charge(1, offset)?;
        let (name, kind, index) = (export.name.name, export.kind, export.index);
        let missing = || ParseError::new(offset, format!("export `{name}` has no definition"));
        // An export is also a new entry of its index space, equal to the old one.
        match kind {
            ComponentExternalKind::Func => {
                let func = *self.funcs.get(index as usize).ok_or_else(missing)?;
                self.funcs.push(func);
            }
            ComponentExternalKind::Type => {
                let ty = types.need(self.scope, index, offset)?;
                types.push(self.scope, ty);
            }
            ComponentExternalKind::Instance => {
                let instance = self.instances.get(index as usize).ok_or_else(missing)?;
                types.budget.charge(instance.width(), offset)?;
                let copy = instance.clone();
                self.instances.push(copy);
            }
            ComponentExternalKind::Component => {
                let component = *self.components.get(index as usize).ok_or_else(missing)?;
                self.components.push(component);
            }
            ComponentExternalKind::Module => {
                let module = *self.modules.get(index as usize).ok_or_else(missing)?;
                self.modules.push(module);
            }
            ComponentExternalKind::Value => {}
        }
        if self.exports.insert(name, (kind, index)).is_some() {
            return Err(ParseError::new(offset, format!("`{name}` is exported twice")));
        }
        Ok(())
    }

    /// The function indices that this export section gives to the four names.
    pub(super) fn note(found: &mut [Option<u32>; 4], export: &ComponentExport<'a>) {
        if export.kind == ComponentExternalKind::Func
            && let Some(place) = ExportsSeen::position(export.name.name)
        {
            found[place] = Some(export.index);
        }
    }

    pub(super) fn instance(
        &mut self,
        instance: ComponentInstance<'a>,
        types: &mut Types<'a>,
        offset: usize,
    ) -> Result<(), ParseError> {
        let instance = match instance {
            ComponentInstance::Instantiate { component_index, args } => {
                Instance::Instantiate { component: component_index, args }
            }
            ComponentInstance::FromExports(exports) => Instance::Exports(exports),
        };
        types.budget.charge(1 + instance.width(), offset)?;
        self.instances.push(instance);
        Ok(())
    }

    pub(super) fn core_instance(
        &mut self,
        instance: wasmparser::Instance<'a>,
        types: &mut Types<'a>,
        offset: usize,
    ) -> Result<(), ParseError> {
        let (width, instance) = match instance {
            wasmparser::Instance::Instantiate { module_index, args } => {
                (args.len(), CoreInstance::Instantiate { module: module_index, args })
            }
            wasmparser::Instance::FromExports(exports) => {
                (exports.len(), CoreInstance::Exports(exports))
            }
        };
        types.budget.charge(1 + width, offset)?;
        self.core_instances.push(instance);
        Ok(())
    }

    pub(super) fn canonical(
        &mut self,
        function: &CanonicalFunction,
        types: &mut Types<'a>,
        offset: usize,
    ) -> Result<(), ParseError> {
        types.budget.charge(1, offset)?;
        match *function {
            CanonicalFunction::Lift { core_func_index, type_index, .. } => {
                let ty = Some(types.need(self.scope, type_index, offset)?);
                self.funcs.push(Func::Lift { core: core_func_index, ty });
            }
            _ => self.core_funcs.push(CoreFunc::Canonical),
        }
        Ok(())
    }

    /// Reads an alias; `levels` are the components that are being read, so that outer ones resolve.
    pub(super) fn alias(
        &mut self,
        alias: &ComponentAlias<'a>,
        types: &mut Types<'a>,
        levels: &[Level<'a>],
        offset: usize,
    ) -> Result<(), ParseError> {
        types.budget.charge(1, offset)?;
        match *alias {
            ComponentAlias::CoreInstanceExport { kind, instance_index: instance, name } => {
                if matches!(kind, ExternalKind::Func | ExternalKind::FuncExact) {
                    self.core_funcs.push(CoreFunc::Alias { instance, name });
                }
            }
            ComponentAlias::InstanceExport { kind, instance_index: instance, name } => match kind {
                ComponentExternalKind::Func => self.funcs.push(Func::Alias { instance, name }),
                ComponentExternalKind::Type => {
                    let ty = self.exported_type(types, instance, name);
                    types.push(self.scope, ty);
                }
                ComponentExternalKind::Instance => {
                    self.instances.push(Instance::Alias { instance, name });
                }
                ComponentExternalKind::Component => self.components.push(None),
                ComponentExternalKind::Module => self.modules.push(None),
                ComponentExternalKind::Value => {}
            },
            ComponentAlias::Outer { kind, count, index } => match kind {
                ComponentOuterAliasKind::Type => {
                    let ty = types.outer(self.scope, count, index, offset)?;
                    types.push(self.scope, ty);
                }
                ComponentOuterAliasKind::CoreModule => {
                    let module = self.outward(levels, count, |level| &level.modules, index);
                    self.modules.push(module);
                }
                ComponentOuterAliasKind::Component => {
                    let component = self.outward(levels, count, |level| &level.components, index);
                    self.components.push(component);
                }
                ComponentOuterAliasKind::CoreType => {}
            },
        }
        Ok(())
    }

    fn outward(
        &self,
        levels: &[Level<'a>],
        count: u32,
        space: for<'l> fn(&'l Level<'a>) -> &'l [Option<usize>],
        index: u32,
    ) -> Option<usize> {
        let mut level = self;
        for _ in 0..count {
            level = levels.get(level.parent?)?;
        }
        space(level).get(index as usize).copied().flatten()
    }

    /// The type that an instance exports; opaque unless it comes straight from an import.
    fn exported_type(&self, types: &Types<'a>, instance: u32, name: &str) -> Type<'a> {
        let found = match self.instances.get(instance as usize) {
            Some(Instance::Import { ty, owner, .. }) => match types.item(*ty, name) {
                Some(TypeItem::Type(ty) | TypeItem::Resource(ty)) => {
                    Some(Type { owner: ty.owner.or(Some(*owner)), ..ty })
                }
                _ => None,
            },
            _ => None,
        };
        found.unwrap_or(Type { shape: Shape::Opaque, scope: self.scope, owner: None })
    }
}

impl Instance<'_> {
    /// Entries that it stores.
    fn width(&self) -> usize {
        match self {
            Instance::Instantiate { args, .. } => args.len(),
            Instance::Exports(exports) => exports.len(),
            Instance::Import { .. } | Instance::Alias { .. } => 0,
        }
    }
}
