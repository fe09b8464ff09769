//! The table against the WIT files that it is made from.

use std::fmt::Write as _;
use std::path::Path;

use wit_parser::{
    Function, Handle, InterfaceId, Resolve, Type, TypeDefKind, TypeId, TypeOwner, WorldItem,
};

use super::*;

/// The text of the table, from the WIT files.
fn generate(resolve: &Resolve, world: wit_parser::WorldId) -> String {
    let mut lines = Vec::new();
    let world = &resolve.worlds[world];
    for item in world.imports.values() {
        if let WorldItem::Interface { id, .. } = item {
            interface_lines(resolve, *id, &mut lines);
        }
    }
    for item in world.exports.values() {
        if let WorldItem::Function(func) = item {
            lines.push(format!("export {} {}", func.name, shape(resolve, func)));
        }
    }
    lines.sort();
    let mut text = String::from(
        "# Every function that is served and every entry point. Written from the WIT files by\n\
         # `BLESS=1 cargo test signatures`; not for editing.\n",
    );
    for line in lines {
        text.push_str(&line);
        text.push('\n');
    }
    text
}

fn interface_lines(resolve: &Resolve, id: InterfaceId, lines: &mut Vec<String>) {
    let name = resolve.id_of(id).expect("a served interface has a name");
    let interface = &resolve.interfaces[id];
    let before = lines.len();
    for func in interface.functions.values() {
        lines.push(format!("{name} {} {}", func.name, shape(resolve, func)));
    }
    for (ty, id) in &interface.types {
        if matches!(resolve.types[*id].kind, TypeDefKind::Resource) {
            lines.push(format!("{name} {ty} resource"));
        }
    }
    if lines.len() == before {
        for (ty, id) in &interface.types {
            let mut text = String::new();
            write(resolve, Type::Id(*id), &mut text);
            lines.push(format!("{name} {ty} {text}"));
        }
    }
}

fn shape(resolve: &Resolve, func: &Function) -> String {
    let mut text = String::from(if func.kind.is_async() { "async func(" } else { "func(" });
    join(resolve, func.params.iter().map(|param| param.ty), &mut text);
    text.push(')');
    if let Some(result) = func.result {
        text.push_str(" -> ");
        write(resolve, result, &mut text);
    }
    text
}

fn join(resolve: &Resolve, types: impl Iterator<Item = Type>, out: &mut String) {
    for (index, ty) in types.enumerate() {
        if index > 0 {
            out.push_str(", ");
        }
        write(resolve, ty, out);
    }
}

fn angled(resolve: &Resolve, keyword: &str, types: &[Type], out: &mut String) {
    write!(out, "{keyword}<").expect("strings take text");
    join(resolve, types.iter().copied(), out);
    out.push('>');
}

fn braced(
    resolve: &Resolve,
    keyword: &str,
    items: Vec<(&str, &str, Option<Type>)>,
    out: &mut String,
) {
    write!(out, "{keyword}{{").expect("strings take text");
    for (index, (name, before, ty)) in items.into_iter().enumerate() {
        out.push_str(if index > 0 { ", " } else { "" });
        out.push_str(name);
        if let Some(ty) = ty {
            out.push_str(before);
            write(resolve, ty, out);
            out.push_str(if before == "(" { ")" } else { "" });
        }
    }
    out.push('}');
}

fn write(resolve: &Resolve, ty: Type, out: &mut String) {
    let Type::Id(id) = ty else {
        let text = match ty {
            Type::Bool => "bool",
            Type::U8 => "u8",
            Type::U16 => "u16",
            Type::U32 => "u32",
            Type::U64 => "u64",
            Type::S8 => "s8",
            Type::S16 => "s16",
            Type::S32 => "s32",
            Type::S64 => "s64",
            Type::F32 => "f32",
            Type::F64 => "f64",
            Type::Char => "char",
            Type::String => "string",
            other => panic!("no served function uses {other:?}"),
        };
        return out.push_str(text);
    };
    match &resolve.types[id].kind {
        TypeDefKind::Type(inner) => write(resolve, *inner, out),
        TypeDefKind::Record(record) => {
            let fields = record.fields.iter().map(|it| (it.name.as_str(), ": ", Some(it.ty)));
            braced(resolve, "record", fields.collect(), out);
        }
        TypeDefKind::Variant(variant) => {
            let cases = variant.cases.iter().map(|it| (it.name.as_str(), "(", it.ty));
            braced(resolve, "variant", cases.collect(), out);
        }
        TypeDefKind::Enum(it) => {
            let cases = it.cases.iter().map(|it| (it.name.as_str(), "", None));
            braced(resolve, "enum", cases.collect(), out);
        }
        TypeDefKind::Flags(it) => {
            let flags = it.flags.iter().map(|it| (it.name.as_str(), "", None));
            braced(resolve, "flags", flags.collect(), out);
        }
        TypeDefKind::List(inner) => angled(resolve, "list", &[*inner], out),
        TypeDefKind::Option(inner) => angled(resolve, "option", &[*inner], out),
        TypeDefKind::Tuple(tuple) => angled(resolve, "tuple", &tuple.types, out),
        TypeDefKind::Result(result) => match (result.ok, result.err) {
            (None, None) => out.push_str("result"),
            (None, Some(err)) => {
                out.push_str("result<_, ");
                write(resolve, err, out);
                out.push('>');
            }
            (Some(ok), err) => {
                angled(
                    resolve,
                    "result",
                    &[Some(ok), err].into_iter().flatten().collect::<Vec<_>>(),
                    out,
                );
            }
        },
        TypeDefKind::Handle(Handle::Own(id)) => handle(resolve, "own", *id, out),
        TypeDefKind::Handle(Handle::Borrow(id)) => handle(resolve, "borrow", *id, out),
        other => panic!("no served function uses {other:?}"),
    }
}

fn handle(resolve: &Resolve, keyword: &str, id: TypeId, out: &mut String) {
    let ty = &resolve.types[id];
    if let TypeDefKind::Type(Type::Id(inner)) = ty.kind {
        return handle(resolve, keyword, inner, out);
    }
    let TypeOwner::Interface(owner) = ty.owner else { panic!("a resource outside interfaces") };
    let owner = resolve.id_of(owner).expect("a served interface has a name");
    let name = ty.name.as_deref().expect("a resource has a name");
    write!(out, "{keyword}<{owner}#{name}>").expect("strings take text");
}

#[test]
fn table_is_what_the_wit_files_say() {
    let (resolve, world) = crate::component::samples::served_world();
    let text = generate(&resolve, world);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("wit/signatures.txt");
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&path, &text).expect("the table can be written");
    } else {
        assert!(text == TEXT, "{} is stale: run `BLESS=1 cargo test signatures`", path.display());
    }
}

#[test]
fn table_answers_by_interface_version_and_export() {
    let kv = interface("astrid:kv/host@1.0.0").expect("kv is served");
    assert_eq!(
        kv["kv-get"],
        "func(string) -> result<option<list<u8>>, \
         variant{invalid-key, too-large, quota, cas-mismatch, unknown(string)}>"
    );
    assert_eq!(versions("astrid:http/host"), ["1.0.0", "1.1.0"]);
    assert_eq!(versions("astrid:nothing/host"), [""; 0]);
    assert_eq!(export("run"), Some("func()"));
    assert!(interface("export").is_none());
}
