//! What functions are called.

use std::collections::{HashMap, HashSet};

use wasmparser::{KnownCustom, Name, NameSectionReader};

use super::note::FunctionId;

/// Bytes of a name that are kept.
const NAME_BYTES_MAX: usize = 300;

/// Names of the functions of a binary, each its own.
#[derive(Clone, Debug, Default)]
pub(super) struct Names {
    known: HashMap<FunctionId, String>,
    /// Names that more than one function has.
    shared: HashSet<String>,
}

impl Names {
    /// Learns the names in a custom section of a module, of functions from number `first` on: those
    /// before are imported. A section that cannot be read names nothing.
    pub(super) fn learn(
        &mut self,
        module: u32,
        first: u32,
        section: &wasmparser::CustomSectionReader<'_>,
    ) {
        if let KnownCustom::Name(names) = section.as_known() {
            self.learn_all(module, first, names);
        }
    }

    fn learn_all(&mut self, module: u32, first: u32, names: NameSectionReader<'_>) {
        let functions = names.into_iter().map_while(Result::ok).filter_map(|name| match name {
            Name::Function(functions) => Some(functions),
            _ => None,
        });
        for naming in functions.flatten().map_while(Result::ok) {
            let id = FunctionId { module, function: naming.index };
            let name = readable(naming.name);
            if naming.index >= first && !name.is_empty() {
                self.known.insert(id, name);
            }
        }
    }

    /// Takes the names of exports for functions that have no other. Numbers are left out: tools that
    /// put components together export functions under them.
    pub(super) fn learn_exports(&mut self, module: u32, first: u32, exports: &[(u32, String)]) {
        for (function, name) in exports {
            let name = readable(name);
            let is_number = name.bytes().all(|byte| byte.is_ascii_digit());
            if *function >= first && !is_number {
                let id = FunctionId { module, function: *function };
                self.known.entry(id).or_insert(name);
            }
        }
    }

    /// Finds out which names do not tell functions apart.
    pub(super) fn finish(&mut self) {
        let mut seen = HashSet::new();
        let twice = self.known.values().filter(|name| !seen.insert(*name));
        self.shared = twice.cloned().collect();
    }

    /// Whether a function has a name.
    pub(super) fn knows(&self, id: FunctionId) -> bool {
        self.known.contains_key(&id)
    }

    /// The name of a function as the binary has it, demangled; several functions may share it.
    pub(super) fn plain(&self, id: FunctionId) -> String {
        let number = || format!("module[{}].function[{}]", id.module, id.function);
        self.known.get(&id).cloned().unwrap_or_else(number)
    }

    /// A name that no other function has.
    pub(super) fn unique(&self, id: FunctionId) -> String {
        let name = self.plain(id);
        match self.shared.contains(&name) {
            true => format!("{name} [{}:{}]", id.module, id.function),
            false => name,
        }
    }
}

/// A name without what would break a line, a terminal or a list of frames.
fn readable(name: &str) -> String {
    let demangled = format!("{:#}", rustc_demangle::demangle(name));
    let kept = &demangled[..demangled.floor_char_boundary(NAME_BYTES_MAX)];
    let plain = |c: char| match c {
        ';' => ':',
        c if c.is_control() => '\u{fffd}',
        c => c,
    };
    kept.chars().map(plain).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_demangled_and_harmless() {
        let check = |name, expected| assert_eq!(readable(name), expected);
        check("_ZN4core3fmt5write17h0123456789abcdefE", "core::fmt::write");
        check("a;b\n\u{1b}[31mc", "a:b\u{fffd}\u{fffd}[31mc");
        check("", "");
        assert_eq!(readable(&"é".repeat(1000)).len(), NAME_BYTES_MAX);
    }

    #[test]
    fn exports_name_what_has_no_other_name() {
        let id = |function| FunctionId { module: 0, function };
        let mut names = Names { known: [(id(2), "own".to_owned())].into(), ..Names::default() };
        let exports = [(0, "imported"), (1, "0"), (2, "other"), (3, "run"), (3, "again"), (4, "")];
        let exports = exports.map(|(function, name)| (function, name.to_owned()));
        names.learn_exports(0, 1, &exports);
        let known = (0..5).map(|function| names.plain(id(function))).collect::<Vec<_>>();
        let numbered = |function| format!("module[0].function[{function}]");
        assert_eq!(known, [numbered(0), numbered(1), "own".into(), "run".into(), numbered(4)]);
        assert_eq!([names.knows(id(1)), names.knows(id(3))], [false, true]);
    }

    #[test]
    fn functions_of_the_same_name_are_told_apart() {
        let id = |function| FunctionId { module: 1, function };
        let known = [(id(0), "twin"), (id(1), "twin"), (id(2), "only")];
        let known = known.map(|(id, name)| (id, name.to_owned())).into();
        let mut names = Names { known, ..Names::default() };
        names.finish();
        assert_eq!(names.unique(id(0)), "twin [1:0]");
        assert_eq!(names.unique(id(1)), "twin [1:1]");
        assert_eq!(names.unique(id(2)), "only");
        assert_eq!(names.unique(id(3)), "module[1].function[3]");
        assert_eq!(names.plain(id(0)), "twin");
    }
}
