//! Whole binaries: what their surface is, and that no bytes bring the reader down.

mod hostile;
mod imports;
mod prescan;
