//! The one place that every host call passes.
//!
//! An interface hands its functions to a `Binder`. What the linker gets is never the function
//! itself but the path around it: count the call, take its permit, let it act (or wait, until it is
//! cancelled or its deadline passes), and show the finished call to whoever observes the instance.
//! Interfaces know nothing of counting, observers, permits or deadlines.
//!
//! Policy is asked from inside the functions, because what they ask depends on their arguments and
//! on the order of their own checks; the only way to ask is the `Gatekeeper` that this module
//! lends them, which keeps a denial for the record.

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use wasmtime::StoreContextMut;
use wasmtime::component::types::ComponentFunc;
use wasmtime::component::{
    ComponentNamedList, ComponentType, Lift, Linker, LinkerInstance, Lower, Resource, ResourceType,
    Val,
};

use super::HostState;
use super::describe::restore::Restore;
use super::describe::{Describe, DescribeArgs, Dynamic};
use super::permits::Permits;
use super::record::{CallRecord, Decision, Function, Observer, PendingCall, Permit, Progress};
use super::table::Handles;
use crate::policy::gate::{Ask, Denial, Gate};

/// Why a guest was ended by the host rather than answered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Stop {
    /// The call's wall-clock limit passed.
    #[error("the deadline of {} s passed", .limit.as_secs_f64())]
    Deadline {
        /// The limit that was in force.
        limit: Duration,
    },
    /// The run loop used up its windows without yielding.
    #[error("the run loop did not yield for {windows} windows")]
    Spun {
        /// Windows without progress.
        windows: u32,
        /// Epoch ticks since it last made progress.
        ticks: u64,
        /// Those of them that found its code running.
        busy_ticks: u64,
    },
    /// Somebody asked for the end.
    #[error("the call was cancelled")]
    Cancelled,
    /// The guest called a function that is not served and has no way to say so.
    #[error("{interface} {function} is not served")]
    NotServed {
        /// Import name of the interface.
        interface: String,
        /// Name of the function.
        function: String,
    },
    /// The guest wrote more to a stream than it had been told there is room for.
    #[error("the capsule wrote {wanted} bytes to a stream that had room for {room}")]
    Overwritten {
        /// Bytes that it wrote.
        wanted: u64,
        /// Bytes that it was allowed to.
        room: u64,
    },
    /// Whoever answered in the host's stead ended the guest, or gave no answer of the right type.
    #[error("{0}")]
    StoodIn(String),
    /// The guest holds as many handles as it may, and the function has no way to say so.
    #[error("the capsule holds {max} handles, the most it may")]
    TooManyHandles {
        /// Handles that one instance may hold.
        max: usize,
    },
}

/// One interface: its import name, and what its functions may see of an instance.
pub(crate) trait Interface: 'static {
    /// Import name.
    const NAME: &'static str;
    /// The part of the state that the functions work on, borrowed for one call.
    type View<'a>: Send;
    /// Borrows that part.
    fn view(state: &mut HostState) -> Self::View<'_>;
}

/// The future of a host function that may wait.
pub(crate) type Waiting<'a, R> = Pin<Box<dyn Future<Output = R> + Send + 'a>>;

/// What a host function gives back: nothing, or one value.
pub(crate) trait Answer: Describe + Restore + Send + Sync + 'static {
    type List: ComponentNamedList + Lower + Send + Sync + 'static;
    fn list(self) -> Self::List;
}

impl Answer for () {
    type List = ();
    fn list(self) {}
}

macro_rules! answers {
    ($([$($param:ident),*] $ty:ty),* $(,)?) => {$(
        impl<$($param),*> Answer for $ty
        where
            $ty: Describe + Restore + ComponentType + Lower + Send + Sync + 'static,
        {
            type List = ($ty,);
            fn list(self) -> ($ty,) {
                (self,)
            }
        }
    )*};
}
answers!([] bool, [] u16, [] u64, [] String, [T] Vec<T>, [T] Resource<T>, [T, E] Result<T, E>);

/// Arguments of a host function.
pub(crate) trait Args:
    ComponentNamedList + Lift + DescribeArgs + Send + Sync + 'static
{
}

impl<A> Args for A where A: ComponentNamedList + Lift + DescribeArgs + Send + Sync + 'static {}

/// Calls and errors of one function in one instance.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CallCount {
    /// Finished calls.
    pub calls: u64,
    /// Those of them that answered with an error.
    pub errors: u64,
}

/// What the boundary keeps for one instance.
pub(crate) struct Boundary {
    functions: Arc<[Function]>,
    counts: Box<[CallCount]>,
    observer: Option<Box<dyn Observer>>,
    last: Option<usize>,
    denial: Option<Denial>,
    denials: u64,
    sequence: u64,
    fuel_after_previous: u64,
}

impl Boundary {
    pub(crate) fn new(functions: Arc<[Function]>, observer: Option<Box<dyn Observer>>) -> Boundary {
        let counts = vec![CallCount::default(); functions.len()].into_boxed_slice();
        Boundary {
            functions,
            counts,
            observer,
            last: None,
            denial: None,
            denials: 0,
            sequence: 0,
            fuel_after_previous: 0,
        }
    }

    /// Starts a new entry into the guest, which has `fuel` to use.
    pub(crate) fn entered(&mut self, fuel: u64) {
        self.fuel_after_previous = fuel;
    }

    /// The same, forgetting what was called in an earlier entry.
    pub(crate) fn entered_again(&mut self, fuel: u64) {
        if self.last.take().is_some() {
            self.counts.fill(CallCount::default());
        }
        (self.denial, self.denials) = (None, 0);
        self.entered(fuel);
    }

    /// The functions that were called, with their counts.
    pub(crate) fn counts(&self) -> Vec<(Function, CallCount)> {
        if self.last.is_none() {
            return Vec::new();
        }
        let all = self.functions.iter().zip(self.counts.iter());
        all.filter(|(_, count)| count.calls > 0).map(|(f, count)| (*f, *count)).collect()
    }

    /// The function that was called last, finished or not.
    pub(crate) fn last_call(&self) -> Option<&Function> {
        self.last.map(|id| &self.functions[id])
    }

    /// Gives the observer back.
    pub(crate) fn into_observer(self) -> Option<Box<dyn Observer>> {
        self.observer
    }

    /// How many calls policy refused.
    pub(crate) fn denials(&self) -> u64 {
        self.denials
    }

    pub(crate) fn gatekeeper<'a>(&'a mut self, gate: &'a Gate) -> Gatekeeper<'a> {
        Gatekeeper { gate, denial: &mut self.denial }
    }
}

/// Asks policy on behalf of one host call.
pub(crate) struct Gatekeeper<'a> {
    gate: &'a Gate,
    denial: &'a mut Option<Denial>,
}

/// Policy refused; the reason is in the call's record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Denied;

impl Gatekeeper<'_> {
    /// Notes a refusal that is not the manifest's.
    pub(crate) fn refused(&mut self, denial: Denial) {
        *self.denial = Some(denial);
    }

    pub(crate) fn ask(&mut self, ask: Ask<'_>) -> Result<(), Denied> {
        self.gate.decide(ask).map_err(|denial| {
            *self.denial = Some(denial);
            Denied
        })
    }
}

/// Registers the functions of all interfaces with one linker.
pub(crate) struct Binder<'l> {
    linker: &'l mut Linker<HostState>,
    functions: Vec<Function>,
}

impl<'l> Binder<'l> {
    pub(crate) fn new(linker: &'l mut Linker<HostState>) -> Binder<'l> {
        Binder { linker, functions: Vec::new() }
    }

    /// The table of everything that was bound, with `others` at its end.
    pub(crate) fn finish(mut self, others: impl Iterator<Item = Function>) -> Arc<[Function]> {
        self.functions.extend(others);
        self.functions.into()
    }

    /// Binds one interface.
    pub(crate) fn interface<I: Interface>(
        &mut self,
        bind: impl FnOnce(&mut InterfaceBinder<'_, I>) -> wasmtime::Result<()>,
    ) -> wasmtime::Result<()> {
        let instance = self.linker.instance(I::NAME)?;
        bind(&mut InterfaceBinder {
            instance,
            functions: &mut self.functions,
            interface: std::marker::PhantomData,
        })
    }
}

/// Registers the functions of one interface.
pub(crate) struct InterfaceBinder<'l, I> {
    instance: LinkerInstance<'l, HostState>,
    functions: &'l mut Vec<Function>,
    interface: std::marker::PhantomData<I>,
}

impl<I: Interface> InterfaceBinder<'_, I> {
    fn register(&mut self, function: Function) -> usize {
        self.functions.push(function);
        self.functions.len() - 1
    }

    /// A function that answers at once.
    pub(crate) fn now<A: Args, R: Answer>(
        &mut self,
        name: &'static str,
        body: impl for<'a> Fn(I::View<'a>, &'a A) -> R + Send + Sync + 'static,
    ) -> wasmtime::Result<()> {
        self.now_or_stop(name, move |view, args| Ok(body(view, args)))
    }

    /// A function that answers at once and has no error to answer with: it may stop the guest.
    pub(crate) fn now_or_stop<A: Args, R: Answer>(
        &mut self,
        name: &'static str,
        body: impl for<'a> Fn(I::View<'a>, &'a A) -> Result<R, Stop> + Send + Sync + 'static,
    ) -> wasmtime::Result<()> {
        let id = self.register(Function {
            interface: I::NAME,
            name,
            permit: Permit::None,
            progress: Progress::WhenParked,
            cancellable: false,
        });
        self.instance.func_wrap(name, move |mut store: StoreContextMut<'_, HostState>, args: A| {
            let entry = Entry::open(&mut store, id);
            if let Some(answer) = entry.stand_in::<R>(&mut store, &args)? {
                return Ok(answer.list());
            }
            match body(I::view(store.data_mut()), &args) {
                Ok(result) => {
                    entry.close(&mut store, &args, &result);
                    Ok(result.list())
                }
                Err(stop) => Err(entry.stop(&mut store, &args, stop)),
            }
        })
    }

    /// A function that works on this thread for a while: files, databases.
    pub(crate) fn blocking<A: Args, R: Answer>(
        &mut self,
        name: &'static str,
        body: impl for<'a> Fn(I::View<'a>, &'a A) -> R + Copy + Send + Sync + 'static,
    ) -> wasmtime::Result<()> {
        let id = self.register(Function {
            interface: I::NAME,
            name,
            permit: Permit::Blocking,
            progress: Progress::WhenParked,
            cancellable: false,
        });
        self.instance.func_wrap_async(name, move |mut store, args: A| {
            Box::new(async move {
                let entry = Entry::open(&mut store, id);
                if let Some(answer) = entry.stand_in::<R>(&mut store, &args)? {
                    return Ok(answer.list());
                }
                let permits = store.data().capsule.services.permits.clone();
                // Waiting for a permit is no progress: what follows is work.
                let permit = match permits.try_take(Permit::Blocking) {
                    Some(permit) => permit,
                    None => {
                        let waiting = permits.take(Permit::Blocking);
                        match Parking::of(store.data()).park(waiting).await.0 {
                            Parked::Done(permit) => permit,
                            Parked::Cancelled => {
                                return Err(entry.stop(&mut store, &args, Stop::Cancelled));
                            }
                            Parked::Late(limit) => {
                                return Err(entry.stop(
                                    &mut store,
                                    &args,
                                    Stop::Deadline { limit },
                                ));
                            }
                        }
                    }
                };
                let result = body(I::view(store.data_mut()), &args);
                drop(permit);
                entry.close(&mut store, &args, &result);
                Ok(result.list())
            })
        })
    }

    /// A function that may wait. When the instance is cancelled the wait ends and `cancelled`
    /// answers in its stead; when the deadline passes the guest is stopped.
    pub(crate) fn waits<A: Args, R: Answer>(
        &mut self,
        name: &'static str,
        progress: Progress,
        body: impl for<'a> Fn(I::View<'a>, &'a A) -> Waiting<'a, R> + Copy + Send + Sync + 'static,
        cancelled: impl for<'a> Fn(I::View<'a>, &'a A) -> R + Copy + Send + Sync + 'static,
    ) -> wasmtime::Result<()> {
        self.parks(name, Permit::None, progress, body, cancelled)
    }

    /// The same for a function that opens descriptors outside: it waits for one of the process's
    /// permits first, as a part of its own wait.
    pub(crate) fn opens<A: Args, R: Answer>(
        &mut self,
        name: &'static str,
        body: impl for<'a> Fn(I::View<'a>, &'a A) -> Waiting<'a, R> + Copy + Send + Sync + 'static,
        cancelled: impl for<'a> Fn(I::View<'a>, &'a A) -> R + Copy + Send + Sync + 'static,
    ) -> wasmtime::Result<()> {
        self.parks(name, Permit::Io, Progress::WhenParked, body, cancelled)
    }

    fn parks<A: Args, R: Answer>(
        &mut self,
        name: &'static str,
        permit: Permit,
        progress: Progress,
        body: impl for<'a> Fn(I::View<'a>, &'a A) -> Waiting<'a, R> + Copy + Send + Sync + 'static,
        cancelled: impl for<'a> Fn(I::View<'a>, &'a A) -> R + Copy + Send + Sync + 'static,
    ) -> wasmtime::Result<()> {
        let interface = I::NAME;
        let function = Function { interface, name, permit, progress, cancellable: true };
        let id = self.register(function);
        self.instance.func_wrap_async(name, move |mut store, args: A| {
            Box::new(async move {
                let entry = Entry::open(&mut store, id);
                store.data_mut().pace.progressed(progress == Progress::OnEntry);
                if let Some(answer) = entry.stand_in::<R>(&mut store, &args)? {
                    // It would have waited, as far as anybody knows.
                    store.data_mut().pace.progressed(true);
                    return Ok(answer.list());
                }
                let parking = Parking::of(store.data());
                let permits = &store.data().capsule.services.permits;
                let permits = (permit != Permit::None).then(|| Arc::clone(permits));
                let work = body(I::view(store.data_mut()), &args);
                let (parked, pended) = parking.park(Permits::during(permits, permit, work)).await;
                store.data_mut().pace.progressed(pended);
                let result = match parked {
                    Parked::Done(result) => result,
                    // A guest that only waits again and again has nothing left to put in order.
                    Parked::Cancelled if store.data_mut().scope.waited_in_vain() => {
                        return Err(entry.stop(&mut store, &args, Stop::Cancelled));
                    }
                    Parked::Cancelled => cancelled(I::view(store.data_mut()), &args),
                    Parked::Late(limit) => {
                        return Err(entry.stop(&mut store, &args, Stop::Deadline { limit }));
                    }
                };
                entry.close(&mut store, &args, &result);
                Ok(result.list())
            })
        })
    }

    /// A resource, whose entries in the table are of type `T`. Dropping one is a call like any
    /// other.
    pub(crate) fn resource<T: Send + 'static>(
        &mut self,
        name: &'static str,
        drop_name: &'static str,
        dropped: impl Fn(&mut HostState, T) + Send + Sync + 'static,
    ) -> wasmtime::Result<()> {
        let id = self.register(Function {
            interface: I::NAME,
            name: drop_name,
            permit: Permit::None,
            progress: Progress::WhenParked,
            cancellable: false,
        });
        self.instance.resource(name, ResourceType::host::<T>(), move |mut store, rep| {
            let entry = Entry::open(&mut store, id);
            if let Decision::Stop(stop) = entry.decide(&mut store, &Dropped(rep)) {
                return Err(entry.stop(&mut store, &Dropped(rep), stop));
            }
            entry.close(&mut store, &Dropped(rep), &());
            if store.data_mut().table.drop_phantom(rep) {
                return Ok(());
            }
            let value = store.data_mut().table.take::<T>(rep)?;
            dropped(store.data_mut(), value);
            Ok(())
        })
    }
}

/// Binds a function of a type that is known only once a component imports it: entry `id` of the
/// table of functions.
pub(crate) fn bind_dynamic(
    instance: &mut LinkerInstance<'_, HostState>,
    id: usize,
    name: &str,
    body: impl Fn(&ComponentFunc) -> Result<Val, Stop> + Send + Sync + 'static,
) -> wasmtime::Result<()> {
    instance.func_new(
        name,
        move |mut store: StoreContextMut<'_, HostState>, ty, args: &[Val], results: &mut [Val]| {
            let entry = Entry::open(&mut store, id);
            if let Decision::Stop(stop) = entry.decide(&mut store, &Dynamic(args)) {
                return Err(entry.stop(&mut store, &Dynamic(args), stop));
            }
            match (body(&ty), &mut *results) {
                (Ok(value), [result]) => {
                    *result = value;
                    entry.close(&mut store, &Dynamic(args), &Dynamic(results));
                    Ok(())
                }
                (Ok(_), _) => Err(wasmtime::Error::msg("the function has no single result")),
                (Err(stop), _) => Err(entry.stop(&mut store, &Dynamic(args), stop)),
            }
        },
    )
}

/// The argument of a resource's drop.
struct Dropped(u32);

impl DescribeArgs for Dropped {
    fn describe_args(&self, handles: &Handles) -> Vec<super::describe::Value> {
        vec![super::describe::Value::Handle(handles.number(self.0))]
    }
}

/// A call that has begun.
#[derive(Clone, Copy)]
struct Entry {
    id: usize,
    fuel: u64,
    started: Duration,
}

impl Entry {
    fn open(store: &mut StoreContextMut<'_, HostState>, id: usize) -> Entry {
        let state = store.data_mut();
        state.boundary.last = Some(id);
        state.boundary.counts[id].calls += 1;
        state.boundary.denial = None;
        if state.boundary.observer.is_none() {
            return Entry { id, fuel: 0, started: Duration::ZERO };
        }
        state.boundary.sequence += 1;
        let started = state.capsule.services.stopwatch.monotonic();
        Entry { id, fuel: store.get_fuel().unwrap_or(0), started }
    }

    /// Asks the observer, if there is one, what is to become of the call.
    fn decide(
        self,
        store: &mut StoreContextMut<'_, HostState>,
        args: &dyn DescribeArgs,
    ) -> Decision {
        let HostState { boundary, table, .. } = store.data_mut();
        let Boundary { observer: Some(observer), functions, .. } = boundary else {
            return Decision::Act;
        };
        observer.before(&PendingCall {
            function: &functions[self.id],
            sequence: boundary.sequence,
            fuel_left: self.fuel,
            guest_fuel: boundary.fuel_after_previous.saturating_sub(self.fuel),
            args,
            handles: table.handles(),
        })
    }

    /// The answer that somebody gives in the host's stead, or none when the host is to act.
    fn stand_in<R: Answer>(
        self,
        store: &mut StoreContextMut<'_, HostState>,
        args: &dyn DescribeArgs,
    ) -> wasmtime::Result<Option<R>> {
        let value = match self.decide(store, args) {
            Decision::Act => return Ok(None),
            Decision::Answer(value) => value,
            Decision::Stop(stop) => return Err(self.stop(store, args, stop)),
        };
        match R::restore(value, &mut store.data_mut().table) {
            Ok(answer) => {
                self.close(store, args, &answer);
                Ok(Some(answer))
            }
            Err(unlike) => {
                let stop = Stop::StoodIn(format!("no answer of the function's type: {unlike}"));
                Err(self.stop(store, args, stop))
            }
        }
    }

    fn close(
        self,
        store: &mut StoreContextMut<'_, HostState>,
        args: &dyn DescribeArgs,
        result: &dyn Describe,
    ) {
        if result.is_error() {
            store.data_mut().boundary.counts[self.id].errors += 1;
        }
        self.finish(store, args, Ok(result));
    }

    /// Ends the guest instead of answering it.
    fn stop(
        self,
        store: &mut StoreContextMut<'_, HostState>,
        args: &dyn DescribeArgs,
        stop: Stop,
    ) -> wasmtime::Error {
        self.finish(store, args, Err(&stop));
        stop.into()
    }

    fn finish(
        self,
        store: &mut StoreContextMut<'_, HostState>,
        args: &dyn DescribeArgs,
        end: Result<&dyn Describe, &Stop>,
    ) {
        let HostState { boundary, table, capsule, .. } = store.data_mut();
        if boundary.denial.is_some() {
            boundary.denials += 1;
        }
        let Some(observer) = &mut boundary.observer else { return };
        observer.observe(&CallRecord {
            call: PendingCall {
                function: &boundary.functions[self.id],
                sequence: boundary.sequence,
                fuel_left: self.fuel,
                guest_fuel: boundary.fuel_after_previous.saturating_sub(self.fuel),
                args,
                handles: table.handles(),
            },
            started: self.started,
            duration: capsule.services.stopwatch.monotonic().saturating_sub(self.started),
            denial: boundary.denial.as_ref(),
            end,
        });
        boundary.fuel_after_previous = self.fuel;
    }
}

/// What may end a wait from outside.
struct Parking {
    cancel: Arc<CancellationToken>,
    deadline: Option<(tokio::time::Instant, Duration)>,
}

/// How a wait ended.
enum Parked<R> {
    Done(R),
    Cancelled,
    Late(Duration),
}

impl Parking {
    fn of(state: &HostState) -> Parking {
        Parking { cancel: Arc::clone(&state.scope.cancel), deadline: state.scope.deadline }
    }

    /// Waits for `work`, and tells whether it was pending at all. Work that is ready at once costs
    /// no timer; a cancelled instance does not begin to wait.
    async fn park<R>(self, work: impl Future<Output = R>) -> (Parked<R>, bool) {
        if self.cancel.is_cancelled() {
            return (Parked::Cancelled, false);
        }
        let mut work = pin!(work);
        let first = std::future::poll_fn(|context| Poll::Ready(work.as_mut().poll(context)));
        if let Poll::Ready(result) = first.await {
            return (Parked::Done(result), false);
        }
        let deadline = async {
            match self.deadline {
                Some((at, limit)) => {
                    tokio::time::sleep_until(at).await;
                    limit
                }
                None => std::future::pending().await,
            }
        };
        let parked = tokio::select! {
            biased;
            () = self.cancel.cancelled() => Parked::Cancelled,
            result = &mut work => Parked::Done(result),
            limit = deadline => Parked::Late(limit),
        };
        (parked, true)
    }
}
