//! What a user or a script sees: one file per document, each with a text form and a JSON form.
//!
//! The types here mirror what the library returns and are the only ones that are serialised for
//! users. A field that programs rely on is named in snake case, times are whole microseconds
//! (`_us`), sizes are bytes (`_bytes`), and what is absent is left out.

pub mod approvals;
pub mod bench;
pub mod build;
pub mod check;
pub mod checks;
pub mod code;
pub mod connect;
pub mod diff;
pub mod doctor;
pub mod env;
pub mod explain;
pub mod fuel;
pub mod gc;
pub mod inspect;
pub mod install;
pub mod invoke;
pub mod invoke_many;
pub mod kv;
pub mod list;
pub mod logs;
pub mod new;
pub mod number;
pub mod pack;
pub mod principal;
pub mod profile;
pub mod quota;
pub mod remove;
pub mod replay;
pub mod run;
pub mod secret;
pub mod show;
pub mod sign;
pub mod table;
pub mod test;
pub mod tool;
pub mod trace;
pub mod verify;
pub mod workspace;
