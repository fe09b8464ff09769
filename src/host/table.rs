//! The resource table of one instance, and the numbers by which a trace calls its handles.

use wasmtime::component::{Resource, ResourceTable, ResourceTableError};

use crate::limits::RESOURCES_MAX;

/// Which number each live handle has: 1 for the first one the instance got, then 2, and so on.
#[derive(Debug, Default)]
pub struct Handles {
    by_rep: Vec<u32>,
    issued: u32,
}

impl Handles {
    /// The number of the handle with this representation; 0 when it is unknown.
    pub fn number(&self, rep: u32) -> u32 {
        self.by_rep.get(rep as usize).copied().unwrap_or(0)
    }

    fn issue(&mut self, rep: u32) {
        let index = rep as usize;
        if self.by_rep.len() <= index {
            self.by_rep.resize(index + 1, 0);
        }
        self.issued = self.issued.saturating_add(1);
        self.by_rep[index] = self.issued;
    }
}

/// What a handle leads to that somebody gave in the host's stead.
#[derive(Debug)]
struct Phantom;

/// Everything that one instance holds handles to.
#[derive(Debug)]
pub(crate) struct Table {
    resources: ResourceTable,
    handles: Handles,
}

impl Table {
    pub(crate) fn new() -> Table {
        let mut resources = ResourceTable::new();
        resources.set_max_capacity(RESOURCES_MAX);
        Table { resources, handles: Handles::default() }
    }

    /// Whether the guest holds nothing.
    pub(crate) fn is_empty(&self) -> bool {
        self.resources.is_empty()
    }

    pub(crate) fn handles(&self) -> &Handles {
        &self.handles
    }

    pub(crate) fn push<T: Send + 'static>(
        &mut self,
        entry: T,
    ) -> Result<Resource<T>, ResourceTableError> {
        let handle = self.resources.push(entry)?;
        self.handles.issue(handle.rep());
        Ok(handle)
    }

    pub(crate) fn get<T: 'static>(&self, handle: &Resource<T>) -> Result<&T, ResourceTableError> {
        self.resources.get(handle)
    }

    pub(crate) fn get_mut<T: 'static>(
        &mut self,
        handle: &Resource<T>,
    ) -> Result<&mut T, ResourceTableError> {
        self.resources.get_mut(handle)
    }

    /// A handle that leads nowhere.
    pub(crate) fn push_phantom<T: 'static>(&mut self) -> Result<Resource<T>, ResourceTableError> {
        self.push(Phantom).map(|handle| Resource::new_own(handle.rep()))
    }

    /// Drops a handle that leads nowhere; whether it was one.
    pub(crate) fn drop_phantom(&mut self, rep: u32) -> bool {
        // Taking removes an entry of whatever type.
        let is_one = self.get(&Resource::<Phantom>::new_own(rep)).is_ok();
        is_one && self.take::<Phantom>(rep).is_ok()
    }

    /// Removes an entry by representation, as a drop does.
    pub(crate) fn take<T: 'static>(&mut self, rep: u32) -> Result<T, ResourceTableError> {
        self.resources.delete(Resource::new_own(rep))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn handles_are_numbered_in_order_even_when_slots_are_reused() {
        let mut table = Table::new();
        let first = table.push("a").expect("room");
        assert_eq!(table.handles().number(first.rep()), 1);
        table.take::<&str>(first.rep()).expect("live");
        let second = table.push("b").expect("room");
        assert_eq!(table.handles().number(second.rep()), 2);
    }
}
