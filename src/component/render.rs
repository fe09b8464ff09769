//! The canonical text of a component-level function type.
//!
//! Structural, as hosts compare: parameter names are left out, names and order of fields and cases
//! are not, aliases are followed to what they mean, and a resource is written with the interface
//! that it is imported from. Two functions link exactly when their texts are equal.

use std::fmt::Write as _;

use wasmparser::{ComponentDefinedType, ComponentFuncType, ComponentType, ComponentValType};

use super::binary::{Binary, Owner, Type, TypeShape, Types};

/// Longest text of one function type: far more than any served function has.
const SIGNATURE_BYTES_MAX: usize = 16 << 10;
/// Depth of types inside a type: what the engine takes.
const TYPE_DEPTH_MAX: usize = 100;

/// The type is too long, nested too deeply, or not a type that can be written down.
struct Unprintable;

/// The text of a function type; none when it is not one, or of absurd size.
///
/// `owner` is the imported instance that the function belongs to.
pub(super) fn function(binary: &Binary<'_>, ty: Type<'_>, owner: Option<Owner>) -> Option<String> {
    let mut writer = Writer { types: &binary.types, binary, out: String::new() };
    let owner = ty.owner.or(owner);
    match binary.types.spelling(ty)? {
        ComponentType::Func(func) => writer.func(&func, ty, owner).ok()?,
        _ => return None,
    }
    Some(writer.out)
}

struct Writer<'t, 'a> {
    types: &'t Types<'a>,
    binary: &'t Binary<'a>,
    out: String,
}

/// Where a type is being read: its scope, the instance it belongs to, and how deep we are.
#[derive(Clone, Copy)]
struct Place {
    scope: usize,
    owner: Option<Owner>,
    depth: usize,
}

impl<'a> Writer<'_, 'a> {
    fn func(
        &mut self,
        func: &ComponentFuncType<'a>,
        ty: Type<'a>,
        owner: Option<Owner>,
    ) -> Result<(), Unprintable> {
        let place = Place { scope: ty.scope, owner, depth: 0 };
        self.out.push_str(if func.async_ { "async func(" } else { "func(" });
        self.list(func.params.iter().map(|(_, ty)| *ty), place)?;
        self.out.push(')');
        if let Some(result) = func.result {
            self.out.push_str(" -> ");
            self.value(result, place)?;
        }
        Ok(())
    }

    fn value(&mut self, value: ComponentValType, place: Place) -> Result<(), Unprintable> {
        if self.out.len() > SIGNATURE_BYTES_MAX || place.depth > TYPE_DEPTH_MAX {
            return Err(Unprintable);
        }
        match value {
            ComponentValType::Primitive(primitive) => {
                write!(self.out, "{primitive}").map_err(|_| Unprintable)
            }
            ComponentValType::Type(index) => {
                let ty = self.types.get(place.scope, index).ok_or(Unprintable)?;
                match self.types.spelling(ty) {
                    Some(ComponentType::Defined(defined)) => {
                        self.defined(&defined, self.enter(ty, place))
                    }
                    _ => Err(Unprintable),
                }
            }
        }
    }

    /// The place to read a type's own indices in.
    fn enter(&self, ty: Type<'a>, place: Place) -> Place {
        let outermost = self.binary.levels.first().map(|level| level.scope);
        let inherited = if Some(ty.scope) == outermost { None } else { place.owner };
        Place { scope: ty.scope, owner: ty.owner.or(inherited), depth: place.depth + 1 }
    }

    fn defined(
        &mut self,
        defined: &ComponentDefinedType<'a>,
        place: Place,
    ) -> Result<(), Unprintable> {
        match defined {
            ComponentDefinedType::Primitive(primitive) => {
                write!(self.out, "{primitive}").map_err(|_| Unprintable)
            }
            ComponentDefinedType::Record(fields) => self.braced(
                "record",
                fields.iter().map(|(name, ty)| (*name, Some(*ty))),
                place,
                ": ",
            ),
            ComponentDefinedType::Variant(cases) => {
                self.braced("variant", cases.iter().map(|case| (case.name, case.ty)), place, "(")
            }
            ComponentDefinedType::Flags(names) => {
                self.braced("flags", names.iter().map(|name| (*name, None)), place, "")
            }
            ComponentDefinedType::Enum(names) => {
                self.braced("enum", names.iter().map(|name| (*name, None)), place, "")
            }
            ComponentDefinedType::List(ty) => self.angled("list", [*ty], place),
            ComponentDefinedType::Option(ty) => self.angled("option", [*ty], place),
            ComponentDefinedType::Map(key, value) => self.angled("map", [*key, *value], place),
            ComponentDefinedType::Tuple(types) => {
                self.angled("tuple", types.iter().copied(), place)
            }
            ComponentDefinedType::Future(ty) => self.angled("future", *ty, place),
            ComponentDefinedType::Stream(ty) => self.angled("stream", *ty, place),
            ComponentDefinedType::FixedLengthList(ty, length) => {
                self.out.push_str("list<");
                self.value(*ty, place)?;
                write!(self.out, ", {length}>").map_err(|_| Unprintable)
            }
            ComponentDefinedType::Result { ok, err } => self.result(*ok, *err, place),
            ComponentDefinedType::Own(index) => self.handle("own", *index, place),
            ComponentDefinedType::Borrow(index) => self.handle("borrow", *index, place),
        }
    }

    fn list(
        &mut self,
        types: impl IntoIterator<Item = ComponentValType>,
        place: Place,
    ) -> Result<(), Unprintable> {
        for (index, ty) in types.into_iter().enumerate() {
            if index > 0 {
                self.out.push_str(", ");
            }
            self.value(ty, place)?;
        }
        Ok(())
    }

    fn angled(
        &mut self,
        keyword: &str,
        types: impl IntoIterator<Item = ComponentValType>,
        place: Place,
    ) -> Result<(), Unprintable> {
        self.out.push_str(keyword);
        self.out.push('<');
        self.list(types, place)?;
        self.out.push('>');
        Ok(())
    }

    /// A list of names in braces; `before` stands between a name and its type.
    fn braced<'n>(
        &mut self,
        keyword: &str,
        entries: impl Iterator<Item = (&'n str, Option<ComponentValType>)>,
        place: Place,
        before: &str,
    ) -> Result<(), Unprintable> {
        self.out.push_str(keyword);
        self.out.push('{');
        for (index, (name, ty)) in entries.enumerate() {
            if index > 0 {
                self.out.push_str(", ");
            }
            self.out.push_str(name);
            if let Some(ty) = ty {
                self.out.push_str(before);
                self.value(ty, place)?;
                if before == "(" {
                    self.out.push(')');
                }
            }
            if self.out.len() > SIGNATURE_BYTES_MAX {
                return Err(Unprintable);
            }
        }
        self.out.push('}');
        Ok(())
    }

    fn result(
        &mut self,
        ok: Option<ComponentValType>,
        err: Option<ComponentValType>,
        place: Place,
    ) -> Result<(), Unprintable> {
        self.out.push_str("result");
        if ok.is_none() && err.is_none() {
            return Ok(());
        }
        self.out.push('<');
        match ok {
            Some(ok) => self.value(ok, place)?,
            None => self.out.push('_'),
        }
        if let Some(err) = err {
            self.out.push_str(", ");
            self.value(err, place)?;
        }
        self.out.push('>');
        Ok(())
    }

    fn handle(&mut self, keyword: &str, index: u32, place: Place) -> Result<(), Unprintable> {
        let ty = self.types.get(place.scope, index).ok_or(Unprintable)?;
        let TypeShape::Resource(name) = ty.shape else { return Err(Unprintable) };
        self.out.push_str(keyword);
        self.out.push('<');
        let level = self.binary.levels.first().ok_or(Unprintable)?;
        if let Some(owner) = self.enter(ty, place).owner {
            let import = level.imports.get(owner as usize).ok_or(Unprintable)?;
            self.out.push_str(import.name);
            self.out.push('#');
        }
        self.out.push_str(name);
        self.out.push('>');
        Ok(())
    }
}
