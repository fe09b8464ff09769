//! What a set of interfaces consists of, as text that can be compared.
//!
//! There is one fact for each interface, world, type and function, under its full name. Fields,
//! cases and parameters keep their order in it, since the order is part of the binary interface;
//! comments and the order of items are left out.

use std::collections::{BTreeMap, BTreeSet};

use wit_parser::{Function, Handle, Resolve, Type, TypeDefKind, TypeId, TypeOwner, WorldItem};

/// What there is, by its full name, and its parts in the order that counts.
pub(crate) type Facts = BTreeMap<String, Vec<String>>;

pub(crate) fn facts(resolve: &Resolve) -> Facts {
    let mut facts = Facts::new();
    for (id, interface) in resolve.interfaces.iter() {
        let Some(place) = resolve.id_of(id).filter(|place| is_astrid(place)) else {
            continue;
        };
        let shown = Shown { resolve, owner: TypeOwner::Interface(id) };
        for (name, ty) in &interface.types {
            facts.insert(format!("{place} type {name}"), shown.definition(*ty));
        }
        for (name, function) in &interface.functions {
            facts.insert(format!("{place} function {name}"), shown.function(function));
        }
        facts.insert(format!("{place} interface"), Vec::new());
    }
    for (id, world) in resolve.worlds.iter() {
        let Some(package) = world.package else {
            continue;
        };
        let place = resolve.id_of_name(package, &world.name);
        if !is_astrid(&place) {
            continue;
        }
        let shown = Shown { resolve, owner: TypeOwner::World(id) };
        for (direction, items) in [("import", &world.imports), ("export", &world.exports)] {
            for (key, item) in items {
                let name = resolve.name_world_key(key);
                facts.insert(format!("{place} {direction} {name}"), shown.item(item));
            }
        }
        facts.insert(format!("{place} world"), Vec::new());
    }
    facts
}

fn is_astrid(place: &str) -> bool {
    place.starts_with("astrid:")
}

/// Writes types as text, seen from the interface or world that owns them.
struct Shown<'a> {
    resolve: &'a Resolve,
    owner: TypeOwner,
}

impl Shown<'_> {
    fn item(&self, item: &WorldItem) -> Vec<String> {
        match item {
            WorldItem::Interface { .. } => vec!["interface".into()],
            WorldItem::Function(function) => self.function(function),
            WorldItem::Type { id, .. } => self.definition(*id),
        }
    }

    fn function(&self, function: &Function) -> Vec<String> {
        let kind = if function.kind.is_async() { "async func" } else { "func" };
        let params = function.params.iter().map(|p| format!("{}: {}", p.name, self.ty(&p.ty)));
        let result = function.result.iter().map(|ty| format!("-> {}", self.ty(ty)));
        std::iter::once(kind.to_owned()).chain(params).chain(result).collect()
    }

    fn definition(&self, id: TypeId) -> Vec<String> {
        let kind = &self.resolve.types[id].kind;
        let case = |name: &str, ty: Option<&Type>| match ty {
            Some(ty) => format!("{name}({})", self.ty(ty)),
            None => name.to_owned(),
        };
        let mut parts = vec![kind.as_str().to_owned()];
        match kind {
            TypeDefKind::Record(record) => parts.extend(
                record.fields.iter().map(|field| format!("{}: {}", field.name, self.ty(&field.ty))),
            ),
            TypeDefKind::Variant(variant) => {
                parts.extend(variant.cases.iter().map(|c| case(&c.name, c.ty.as_ref())));
            }
            TypeDefKind::Enum(names) => parts.extend(names.cases.iter().map(|c| c.name.clone())),
            TypeDefKind::Flags(flags) => parts.extend(flags.flags.iter().map(|f| f.name.clone())),
            TypeDefKind::Resource => {}
            alias => parts.push(self.structure(alias)),
        }
        parts
    }

    fn ty(&self, ty: &Type) -> String {
        let Type::Id(id) = ty else {
            return format!("{ty:?}").to_lowercase();
        };
        let def = &self.resolve.types[*id];
        match (&def.kind, &def.name) {
            // A name that only stands for another one counts as that one, wherever it is defined.
            (TypeDefKind::Type(origin @ Type::Id(_)), _) => self.ty(origin),
            (_, Some(name)) if def.owner == self.owner => name.clone(),
            (_, Some(name)) => format!("{}.{name}", self.place(def.owner)),
            (kind, None) => self.structure(kind),
        }
    }

    fn structure(&self, kind: &TypeDefKind) -> String {
        let or_none = |ty: &Option<Type>| ty.as_ref().map_or("_".to_owned(), |ty| self.ty(ty));
        match kind {
            TypeDefKind::Type(ty) => self.ty(ty),
            TypeDefKind::Handle(Handle::Own(id)) => format!("own<{}>", self.ty(&Type::Id(*id))),
            TypeDefKind::Handle(Handle::Borrow(id)) => {
                format!("borrow<{}>", self.ty(&Type::Id(*id)))
            }
            TypeDefKind::Option(ty) => format!("option<{}>", self.ty(ty)),
            TypeDefKind::List(ty) => format!("list<{}>", self.ty(ty)),
            TypeDefKind::FixedLengthList(ty, length) => format!("list<{}, {length}>", self.ty(ty)),
            TypeDefKind::Map(key, value) => format!("map<{}, {}>", self.ty(key), self.ty(value)),
            TypeDefKind::Result(result) => {
                format!("result<{}, {}>", or_none(&result.ok), or_none(&result.err))
            }
            TypeDefKind::Tuple(tuple) => {
                let types: Vec<String> = tuple.types.iter().map(|ty| self.ty(ty)).collect();
                format!("tuple<{}>", types.join(", "))
            }
            TypeDefKind::Future(ty) => format!("future<{}>", or_none(ty)),
            TypeDefKind::Stream(ty) => format!("stream<{}>", or_none(ty)),
            // The rest always has a name, so it is never written out in place.
            named => named.as_str().to_owned(),
        }
    }

    fn place(&self, owner: TypeOwner) -> String {
        match owner {
            TypeOwner::Interface(id) => self.resolve.id_of(id).unwrap_or_default(),
            TypeOwner::World(id) => self.resolve.worlds[id].name.clone(),
            TypeOwner::None => String::new(),
        }
    }
}

/// Lists everything that is not the same on both sides, in the order of names.
pub(crate) fn differences(ours: &Facts, published: &Facts) -> Vec<String> {
    let items: BTreeSet<&String> = ours.keys().chain(published.keys()).collect();
    let compare = |item: &String| match (ours.get(item), published.get(item)) {
        (Some(a), Some(b)) if a == b => None,
        (Some(a), Some(b)) => {
            let (ours, published, part) = unequal_middle(a, b);
            Some(format!("{item}, part {part}\n    ours:      {ours}\n    published: {published}"))
        }
        (ours, _) => Some(format!("{item}\n    only {}", ours.map_or("published", |_| "ours"))),
    };
    items.into_iter().filter_map(compare).collect()
}

/// What is left of two lists without the parts that they begin and end with alike, and where it is.
fn unequal_middle(a: &[String], b: &[String]) -> (String, String, usize) {
    let start = a.iter().zip(b).take_while(|(a, b)| a == b).count();
    let rest = a[start..].iter().rev().zip(b[start..].iter().rev());
    let end = rest.take_while(|(a, b)| a == b).count();
    let shown = |parts: &[String]| match &parts[start..parts.len() - end] {
        [] => "(nothing)".to_owned(),
        parts => parts.join(", "),
    };
    (shown(a), shown(b), start)
}

#[test]
fn a_difference_shows_both_sides_and_where_they_part() {
    let parts = |text: &str| text.split(' ').map(String::from).collect::<Vec<_>>();
    let ours = Facts::from([("x type t".into(), parts("enum a b c d"))]);
    let published = Facts::from([("x type t".into(), parts("enum a c b d"))]);
    let shown = "x type t, part 2\n    ours:      b, c\n    published: c, b";
    assert_eq!(differences(&ours, &published), [shown]);
    assert_eq!(differences(&ours, &Facts::new()), ["x type t\n    only ours"]);
    assert_eq!(differences(&Facts::new(), &ours), ["x type t\n    only published"]);
}
