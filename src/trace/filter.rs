//! Which calls are shown.

use super::{Event, Outcome};
use crate::host::record::Naming;

/// The grammar of filters, for help texts.
pub const GRAMMAR: &str = "\
A FILTER is one or more terms with commas between them, all of which have to hold; with several
--trace=FILTER a call is shown when it passes one of them.
  interface=GLOB   kv, io/poll, http, or the import name: astrid:kv/host@1.0.0
  function=GLOB    kv-get, subscription.recv, or with its interface: kv.kv-get
  result=GLOB      ok, err, denied (by policy, which is mostly err too), stopped, or an error case
  GLOB             interface=GLOB or function=GLOB
A GLOB may hold * and ?, and alternatives: kv-get|kv-set. KEY!=GLOB is the opposite.";

/// One filter: terms that all have to hold. An empty one passes everything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter(Vec<Term>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Term {
    key: Key,
    is_negated: bool,
    globs: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Key {
    Interface,
    Function,
    Result,
    Name,
}

/// A filter that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FilterError {
    /// A term with nothing in it.
    #[error("a term is empty")]
    Empty,
    /// A key that there is not.
    #[error("there is no key {0:?}; keys are interface, function and result")]
    Key(String),
}

impl std::str::FromStr for Filter {
    type Err = FilterError;

    fn from_str(text: &str) -> Result<Filter, FilterError> {
        if text.is_empty() {
            return Ok(Filter::default());
        }
        text.split(',').map(Term::parse).collect::<Result<_, _>>().map(Filter)
    }
}

impl Filter {
    /// Whether the call is to be shown.
    pub fn passes(&self, event: &Event) -> bool {
        self.0.iter().all(|term| term.holds(event))
    }

    /// The globs that are the name of no interface and of no function, so that they choose nothing.
    pub fn strangers(&self) -> Vec<&str> {
        let terms = self.0.iter().filter(|term| term.key != Key::Result);
        let globs = terms.flat_map(|term| term.globs.iter().map(|glob| (term.key, glob.as_str())));
        let is_known = |key: Key, glob: &str| {
            Naming::all().any(|naming| key.names(naming).iter().any(|name| matches(glob, name)))
        };
        globs.filter(|(key, glob)| !is_known(*key, glob)).map(|(_, glob)| glob).collect()
    }
}

impl Term {
    fn parse(text: &str) -> Result<Term, FilterError> {
        let (key, globs) = match text.split_once('=') {
            Some((key, globs)) => (Some(key), globs),
            None => (None, text),
        };
        let (key, is_negated) = match key.map(|key| (key, key.strip_suffix('!'))) {
            Some((_, Some(key))) => (Some(key), true),
            Some((key, None)) => (Some(key), false),
            None => (None, false),
        };
        let key = match key {
            Some("interface") => Key::Interface,
            Some("function") => Key::Function,
            Some("result") => Key::Result,
            Some(other) => return Err(FilterError::Key(other.to_owned())),
            None => Key::Name,
        };
        let globs: Vec<String> = globs.split('|').map(str::to_owned).collect();
        if globs.iter().any(String::is_empty) {
            return Err(FilterError::Empty);
        }
        Ok(Term { key, is_negated, globs })
    }

    fn holds(&self, event: &Event) -> bool {
        let names = match self.key {
            Key::Result => results(event),
            key => key.names(event.function.naming()),
        };
        let found = self.globs.iter().any(|glob| names.iter().any(|name| matches(glob, name)));
        found != self.is_negated
    }
}

impl Key {
    /// Everything that this key may call a function; a result is no function's name.
    fn names(self, naming: Naming) -> Vec<String> {
        let interface = || vec![naming.interface.to_owned(), naming.short_interface().to_owned()];
        let names = || vec![naming.name.to_owned(), naming.plain_name(), naming.short_name()];
        match self {
            Key::Interface => interface(),
            Key::Function => names(),
            Key::Name => [interface(), names()].concat(),
            Key::Result => Vec::new(),
        }
    }
}

/// Everything that the call's result may be called.
fn results(event: &Event) -> Vec<String> {
    let mut names = vec![event.outcome().name().to_owned()];
    if event.is_error() && event.outcome() == Outcome::Denied {
        names.push(Outcome::Err.name().to_owned());
    }
    names.extend(event.error_case());
    names
}

/// Whether `glob` matches all of `text`. Steps back to the last star only, so the work is at most
/// the product of both lengths.
fn matches(glob: &str, text: &str) -> bool {
    let (glob, text): (Vec<char>, Vec<char>) = (glob.chars().collect(), text.chars().collect());
    let (mut at, mut here) = (0, 0);
    let mut star = None;
    while here < text.len() {
        match glob.get(at) {
            Some('*') => {
                star = Some((at, here));
                at += 1;
            }
            Some(&letter) if letter == '?' || letter == text[here] => {
                at += 1;
                here += 1;
            }
            _ => match star {
                Some((back, from)) => {
                    star = Some((back, from + 1));
                    at = back + 1;
                    here = from + 1;
                }
                None => return false,
            },
        }
    }
    glob[at..].iter().all(|&letter| letter == '*')
}
