//! Component-level types: who declared them, and what an index means where.
//!
//! A scope is a component or an instance type; each has a type index space and can see those around
//! it. An entry remembers the scope in which its own indices are to be read, so that aliases are
//! resolved when they are declared and no chain or cycle is left to follow. The spelling of a value
//! or function type is not kept, only its offset: it is decoded again when somebody wants it.

use std::collections::HashMap;

use wasmparser::{
    BinaryReader, ComponentAlias, ComponentExternName, ComponentExternalKind,
    ComponentOuterAliasKind, ComponentType, ComponentTypeRef, CoreType, TypeBounds,
};

use crate::limits;

use super::{Budget, ITEMS_MAX, ParseError};

/// A component or an instance type, as a place where types are declared.
pub(in crate::component) type ScopeId = usize;

/// An instance that the outermost component imports, by its place among the imports.
pub(in crate::component) type Owner = u32;

/// One entry of a type index space.
#[derive(Debug, Clone, Copy)]
pub(in crate::component) struct Type<'a> {
    pub(in crate::component) shape: Shape<'a>,
    /// Where the indices in its spelling are to be read.
    pub(in crate::component) scope: ScopeId,
    /// The imported instance that it was taken from, when it is not used in there.
    pub(in crate::component) owner: Option<Owner>,
}

/// What kind of type an entry is.
#[derive(Debug, Clone, Copy)]
pub(in crate::component) enum Shape<'a> {
    /// A value or function type, spelled at this offset.
    Spelled(usize),
    /// An instance type.
    Instance(ScopeId),
    /// A resource under the name that its interface gives it.
    Resource(&'a str),
    /// A component type or a resource of the component's own.
    Opaque,
}

/// What an instance type offers under one name.
#[derive(Debug, Clone, Copy)]
pub(in crate::component) struct Item<'a> {
    pub(in crate::component) name: &'a str,
    pub(in crate::component) what: TypeItem<'a>,
}

/// The kinds of things in an instance type.
#[derive(Debug, Clone, Copy)]
pub(in crate::component) enum TypeItem<'a> {
    Function(Type<'a>),
    Resource(Type<'a>),
    Type(Type<'a>),
    Other(ComponentExternalKind),
}

#[derive(Debug)]
struct Scope<'a> {
    parent: Option<ScopeId>,
    types: Vec<Type<'a>>,
    items: Vec<Item<'a>>,
    by_name: HashMap<&'a str, usize>,
    instances: Vec<Option<ScopeId>>,
}

/// Every scope of a binary.
#[derive(Debug)]
pub(in crate::component) struct Types<'a> {
    bytes: &'a [u8],
    scopes: Vec<Scope<'a>>,
    pub(super) budget: Budget,
}

impl<'a> Types<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Types<'a> {
        Types { bytes, scopes: Vec::new(), budget: Budget(ITEMS_MAX) }
    }

    pub(super) fn open(&mut self, parent: Option<ScopeId>) -> ScopeId {
        let (types, items, instances) = (Vec::new(), Vec::new(), Vec::new());
        self.scopes.push(Scope { parent, types, items, by_name: HashMap::new(), instances });
        self.scopes.len() - 1
    }

    /// The type with an index in a scope.
    pub(in crate::component) fn get(&self, scope: ScopeId, index: u32) -> Option<Type<'a>> {
        self.scopes.get(scope)?.types.get(index as usize).copied()
    }

    /// What an instance type offers, in order.
    pub(in crate::component) fn items(&self, scope: ScopeId) -> &[Item<'a>] {
        self.scopes.get(scope).map_or(&[], |scope| &scope.items)
    }

    /// The spelling of a value or function type.
    pub(in crate::component) fn spelling(&self, ty: Type<'a>) -> Option<ComponentType<'a>> {
        let Shape::Spelled(offset) = ty.shape else { return None };
        BinaryReader::new(self.bytes.get(offset..)?, offset).read().ok()
    }

    /// What an instance type offers under a name.
    pub(super) fn item(&self, scope: ScopeId, name: &str) -> Option<TypeItem<'a>> {
        let scope = self.scopes.get(scope)?;
        Some(scope.items[*scope.by_name.get(name)?].what)
    }

    pub(super) fn push(&mut self, scope: ScopeId, ty: Type<'a>) {
        self.scopes[scope].types.push(ty);
    }

    /// As [`Types::get`], with an error for an index that means nothing.
    pub(super) fn need(
        &self,
        scope: ScopeId,
        index: u32,
        offset: usize,
    ) -> Result<Type<'a>, ParseError> {
        self.get(scope, index)
            .ok_or_else(|| ParseError::new(offset, format!("there is no type {index} here")))
    }

    /// The type that an outer alias means.
    pub(super) fn outer(
        &self,
        scope: ScopeId,
        count: u32,
        index: u32,
        offset: usize,
    ) -> Result<Type<'a>, ParseError> {
        let mut at = scope;
        for _ in 0..count {
            at = self.scopes[at].parent.ok_or_else(|| {
                ParseError::new(offset, format!("outer alias leaves the component: {count} levels"))
            })?;
        }
        self.need(at, index, offset)
    }

    /// Reads one type definition into the index space of `scope`.
    pub(super) fn read_type(
        &mut self,
        reader: &mut BinaryReader<'a>,
        scope: ScopeId,
        depth: usize,
    ) -> Result<(), ParseError> {
        let offset = reader.original_position();
        self.budget.charge(1, offset)?;
        if depth > limits::NESTING_MAX {
            return Err(ParseError::new(offset, "types are nested too deeply"));
        }
        let shape = match reader.clone().read_u8()? {
            // The library's own reader recurses without bound here, so these two are taken apart.
            leading @ (0x41 | 0x42) => {
                reader.read_u8()?;
                let inner = self.open(Some(scope));
                self.read_declarations(reader, inner, depth + 1, leading == 0x41)?;
                if leading == 0x42 { Shape::Instance(inner) } else { Shape::Opaque }
            }
            _ => match reader.read::<ComponentType<'a>>()? {
                ComponentType::Resource { .. } => Shape::Opaque,
                _ => Shape::Spelled(offset),
            },
        };
        self.push(scope, Type { shape, scope, owner: None });
        Ok(())
    }

    fn read_declarations(
        &mut self,
        reader: &mut BinaryReader<'a>,
        scope: ScopeId,
        depth: usize,
        component: bool,
    ) -> Result<(), ParseError> {
        for _ in 0..reader.read_var_u32()? {
            let offset = reader.original_position();
            match reader.read_u8()? {
                0x00 => drop(reader.read::<CoreType<'a>>()?),
                0x01 => self.read_type(reader, scope, depth)?,
                0x02 => self.alias(scope, &reader.read()?, offset)?,
                0x03 if component => {
                    let (name, ty) = (reader.read::<ComponentExternName<'a>>()?, reader.read()?);
                    self.declare(scope, name.name, ty, offset)?;
                }
                0x04 => {
                    let (name, ty) = (reader.read::<ComponentExternName<'a>>()?, reader.read()?);
                    let what = self.declare(scope, name.name, ty, offset)?;
                    self.offer(scope, name.name, what, offset)?;
                }
                other => {
                    let message = format!("{other:#04x} does not start a declaration");
                    return Err(ParseError::new(offset, message));
                }
            }
        }
        Ok(())
    }

    /// Gives a name in `scope` its type, and an index to types and instances.
    fn declare(
        &mut self,
        scope: ScopeId,
        name: &'a str,
        ty: ComponentTypeRef,
        offset: usize,
    ) -> Result<TypeItem<'a>, ParseError> {
        self.budget.charge(1, offset)?;
        Ok(match ty {
            ComponentTypeRef::Func(index) => TypeItem::Function(self.need(scope, index, offset)?),
            ComponentTypeRef::Type(TypeBounds::Eq(index)) => {
                let ty = self.need(scope, index, offset)?;
                self.push(scope, ty);
                TypeItem::Type(ty)
            }
            ComponentTypeRef::Type(TypeBounds::SubResource) => {
                let ty = Type { shape: Shape::Resource(name), scope, owner: None };
                self.push(scope, ty);
                TypeItem::Resource(ty)
            }
            ComponentTypeRef::Instance(index) => {
                let inner = match self.need(scope, index, offset)?.shape {
                    Shape::Instance(inner) => Some(inner),
                    _ => None,
                };
                self.scopes[scope].instances.push(inner);
                TypeItem::Other(ty.kind())
            }
            _ => TypeItem::Other(ty.kind()),
        })
    }

    fn offer(
        &mut self,
        scope: ScopeId,
        name: &'a str,
        what: TypeItem<'a>,
        offset: usize,
    ) -> Result<(), ParseError> {
        let scope = &mut self.scopes[scope];
        if scope.by_name.insert(name, scope.items.len()).is_some() {
            return Err(ParseError::new(offset, format!("`{name}` is declared twice")));
        }
        scope.items.push(Item { name, what });
        Ok(())
    }

    fn alias(
        &mut self,
        scope: ScopeId,
        alias: &ComponentAlias<'a>,
        offset: usize,
    ) -> Result<(), ParseError> {
        self.budget.charge(1, offset)?;
        match *alias {
            ComponentAlias::Outer { kind: ComponentOuterAliasKind::Type, count, index } => {
                let ty = self.outer(scope, count, index, offset)?;
                self.push(scope, ty);
            }
            ComponentAlias::InstanceExport { kind, instance_index, name } => {
                let instance = self.scopes[scope].instances.get(instance_index as usize);
                let item = instance.copied().flatten().and_then(|inner| self.item(inner, name));
                match kind {
                    ComponentExternalKind::Type => {
                        let (Some(TypeItem::Type(ty)) | Some(TypeItem::Resource(ty))) = item else {
                            let message = format!("alias to `{name}`, which is no type");
                            return Err(ParseError::new(offset, message));
                        };
                        self.push(scope, ty);
                    }
                    ComponentExternalKind::Instance => self.scopes[scope].instances.push(None),
                    _ => {}
                }
            }
            _ => {}
        }
        Ok(())
    }
}
