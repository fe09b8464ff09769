//! From verified bytes to something that can be instantiated.

use std::collections::HashSet;
use std::sync::{Arc, OnceLock};

use wasmtime::component::{Component, ComponentExportIndex, InstancePre, Linker};

use super::cache::CacheError;
use super::config::{Kind, kind_fingerprint};
use super::profiled::Probe;
use super::{Compiler, Engine, EngineError, Flavour, Flavoured, Profile};
use crate::component::{Digest, IntegrityError, Verified};
use crate::host::record::Function;
use crate::host::{self, CapsuleHost, HostState, missing};

/// Compiled code of one binary.
#[derive(Clone)]
pub struct Code {
    pub(super) component: Component,
    pub(super) flavoured: Flavoured,
    without_slots: Option<WithoutSlots>,
    pub(super) probe: Option<Probe>,
    /// Digest of the binary.
    pub digest: Digest,
    /// Where the code came from.
    pub source: CodeSource,
    kind: Kind,
}

/// Code that was made before it is needed.
pub struct Ahead {
    /// The code.
    pub code: Code,
    /// Why the baseline compiler does not take the binary, when it was asked to; the code is optimized
    /// then.
    pub refused: Option<wasmtime::Error>,
}

/// What it takes to have the same code for instances that are made on demand.
#[derive(Clone)]
struct WithoutSlots {
    engine: Engine,
    verified: Verified,
    flavour: Flavour,
}

/// Where compiled code came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodeSource {
    /// It was in the cache.
    Cache,
    /// It was compiled now.
    Compiled,
}

/// Why a binary cannot be loaded.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The engine itself is not available.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The bytes are not those any more that were hashed.
    #[error("the binary has changed: {0}")]
    Changed(#[from] IntegrityError),
    /// The bytes are not a component that this engine compiles.
    #[error("the binary does not compile: {0:#}")]
    Invalid(wasmtime::Error),
}

/// Why compiled code cannot be linked: an import that is not served, or has another shape.
#[derive(Debug, thiserror::Error)]
#[error("the component does not link: {0:#}")]
pub struct LinkError(wasmtime::Error);

impl Engine {
    /// Takes the code of `verified` out of the cache, or compiles it.
    ///
    /// Optimized code comes first, then, for the normal flavour, code of the baseline compiler. What
    /// is compiled now is optimized.
    ///
    /// A server keeps slots for its instances. A component that does not fit them, or a machine that
    /// has no room for them, is served without slots, and a diagnostic says so.
    pub fn compile(&self, verified: &Verified, flavour: Flavour) -> Result<Code, LoadError> {
        let profile = self.0.options.profile;
        let compiled = self.compile_for(verified, flavour, profile);
        match compiled {
            Err(error) if profile == Profile::Server => {
                let compiled = self.compile_for(verified, flavour, Profile::OneShot)?;
                tracing::info!("instances are made on demand, not in slots: {error}");
                Ok(compiled)
            }
            compiled => compiled,
        }
    }

    /// Sees to it that there is normal code of `verified` in the cache, for whoever loads it later.
    ///
    /// The optimizing compiler makes code unless there is some of its own, and what the other has made
    /// goes. The baseline compiler makes code unless there is any. What it does not take is given to the
    /// optimizing one, so that only bytes that are no component fail. Instances of the code that is
    /// returned are made on demand.
    pub fn compile_ahead(
        &self,
        verified: &Verified,
        compiler: Compiler,
    ) -> Result<Ahead, LoadError> {
        let (optimized, profile) = (Kind::Optimized(Flavour::Normal), Profile::OneShot);
        let found = self.find(verified, optimized, profile)?;
        if let (Some(code), Compiler::Baseline) = (&found, compiler) {
            return Ok(Ahead { code: code.clone(), refused: None });
        }
        let mut refused = None;
        if compiler == Compiler::Baseline {
            if let Some(code) = self.find_baseline(verified, profile)? {
                return Ok(Ahead { code, refused });
            }
            match self.make(verified, Kind::Baseline, profile) {
                Ok(code) => return Ok(Ahead { code, refused }),
                Err(
                    LoadError::Invalid(error) | LoadError::Engine(EngineError::Wasmtime(error)),
                ) => refused = Some(error),
                Err(error) => return Err(error),
            }
        }
        let code = match found {
            Some(code) => code,
            None => self.make(verified, optimized, profile)?,
        };
        self.drop_baseline(&verified.digest());
        Ok(Ahead { code, refused })
    }

    fn compile_for(
        &self,
        verified: &Verified,
        flavour: Flavour,
        profile: Profile,
    ) -> Result<Code, LoadError> {
        let optimized = Kind::Optimized(flavour);
        if let Some(code) = self.find(verified, optimized, profile)? {
            return Ok(code);
        }
        if flavour == Flavour::Normal
            && let Some(code) = self.find_baseline(verified, profile)?
        {
            return Ok(code);
        }
        self.make(verified, optimized, profile)
    }

    /// The code of this kind, if it is kept.
    fn find(
        &self,
        verified: &Verified,
        kind: Kind,
        profile: Profile,
    ) -> Result<Option<Code>, LoadError> {
        let Some(cache) = &self.0.cache else { return Ok(None) };
        let (flavoured, digest) = (self.flavoured(kind, profile)?, verified.digest());
        match cache.load(&flavoured.engine, &digest) {
            Ok(component) => {
                Ok(Some(self.code(verified, kind, profile, (component, CodeSource::Cache))?))
            }
            Err(CacheError::Absent) => Ok(None),
            // It may be fine and not fit the slots.
            Err(CacheError::Refused { source, .. }) if profile == Profile::Server => {
                Err(LoadError::Invalid(source))
            }
            Err(error) => {
                tracing::warn!("compiled code is not used: {error}");
                cache.discard(&flavoured.engine, &digest);
                Ok(None)
            }
        }
    }

    /// The code of the baseline compiler, if it is kept. On a processor that it makes no code for there is
    /// none.
    fn find_baseline(
        &self,
        verified: &Verified,
        profile: Profile,
    ) -> Result<Option<Code>, LoadError> {
        match self.find(verified, Kind::Baseline, profile) {
            Err(LoadError::Engine(EngineError::Wasmtime(_))) => Ok(None),
            found => found,
        }
    }

    /// Compiles code of this kind, and keeps it.
    fn make(&self, verified: &Verified, kind: Kind, profile: Profile) -> Result<Code, LoadError> {
        let engine = &self.flavoured(kind, profile)?.engine;
        let lasting = verified.lasting()?;
        let component =
            Component::from_binary(engine, lasting.bytes()).map_err(LoadError::Invalid)?;
        self.keep(engine, &verified.digest(), &component);
        self.code(verified, kind, profile, (component, CodeSource::Compiled))
    }

    fn code(
        &self,
        verified: &Verified,
        kind: Kind,
        profile: Profile,
        (component, source): (Component, CodeSource),
    ) -> Result<Code, LoadError> {
        let without_slots = (profile == Profile::Server).then(|| WithoutSlots {
            engine: self.clone(),
            verified: verified.clone(),
            flavour: kind.flavour(),
        });
        Ok(Code {
            component,
            flavoured: self.flavoured(kind, profile)?.clone(),
            without_slots,
            probe: None,
            digest: verified.digest(),
            source,
            kind,
        })
    }

    /// Removes what the baseline compiler has made of a binary.
    fn drop_baseline(&self, digest: &Digest) {
        if let Some(cache) = &self.0.cache
            && let Ok(flavoured) = self.flavoured(Kind::Baseline, Profile::OneShot)
        {
            cache.discard(&flavoured.engine, digest);
        }
    }

    /// Keeps compiled code for next time; that it cannot be kept is no reason to fail.
    fn keep(&self, engine: &wasmtime::Engine, digest: &Digest, component: &Component) {
        let Some(cache) = &self.0.cache else { return };
        let kept = component
            .serialize()
            .map_err(|error| error.to_string())
            .and_then(|code| cache.store(engine, digest, &code).map_err(|e| e.to_string()));
        if let Err(error) = kept {
            tracing::info!("compiled code is not kept: {error}");
        }
    }
}

impl Code {
    /// Code that was compiled from other bytes than those of `digest`, which are instrumented. It is
    /// never kept, so that nothing else can come to run it.
    pub(super) fn instrumented(
        component: Component,
        flavoured: Flavoured,
        digest: Digest,
        probe: Probe,
        flavour: Flavour,
    ) -> Code {
        Code {
            component,
            flavoured,
            without_slots: None,
            probe: Some(probe),
            digest,
            source: CodeSource::Compiled,
            kind: Kind::Optimized(flavour),
        }
    }

    /// Who made it.
    pub fn compiler(&self) -> Compiler {
        self.kind.compiler()
    }

    /// What its fuel figures are valid for: engine version, cost table, flags, and the compiler if that
    /// is not the optimizing one.
    pub fn fingerprint(&self) -> String {
        kind_fingerprint(self.kind)
    }

    /// Links the code to the host functions of `capsule`: to those of the interfaces that it
    /// imports, since binding all of them would be the largest part of starting a small call.
    pub fn link(&self, capsule: Arc<CapsuleHost>) -> Result<Loaded, LinkError> {
        let engine = &self.flavoured.engine;
        let mut linker = Linker::new(engine);
        let ty = self.component.component_type();
        let imports: HashSet<&str> = ty.imports(engine).map(|(name, _)| name).collect();
        let functions =
            host::link(&mut linker, |name| imports.contains(name)).map_err(LinkError)?;
        missing::link(&mut linker, &self.component, &functions).map_err(LinkError)?;
        let pre = linker.instantiate_pre(&self.component).map_err(LinkError)?;
        let export = |name: &str| self.component.get_export_index(None, name);
        Ok(Loaded(Arc::new(Linked {
            pre,
            functions,
            capsule,
            flavoured: self.flavoured.clone(),
            without_slots: self.without_slots.clone(),
            probe: self.probe.clone(),
            beyond: OnceLock::new(),
            hook: export("astrid-hook-trigger"),
            run: export("run"),
            install: export("astrid-install"),
            upgrade: export("astrid-upgrade"),
        })))
    }
}

/// A capsule that is ready to be instantiated. Clones are the same capsule.
#[derive(Clone)]
pub struct Loaded(pub(super) Arc<Linked>);

/// What all instances of a loaded capsule share.
pub(super) struct Linked {
    pub(super) pre: InstancePre<HostState>,
    /// The host functions of the interfaces that it imports.
    pub(super) functions: Arc<[Function]>,
    pub(super) capsule: Arc<CapsuleHost>,
    pub(super) flavoured: Flavoured,
    without_slots: Option<WithoutSlots>,
    /// Listens to it, when it is instrumented.
    pub(super) probe: Option<Probe>,
    beyond: OnceLock<Option<Arc<Linked>>>,
    pub(super) hook: Option<ComponentExportIndex>,
    pub(super) run: Option<ComponentExportIndex>,
    pub(super) install: Option<ComponentExportIndex>,
    pub(super) upgrade: Option<ComponentExportIndex>,
}

impl Linked {
    /// Whether there is [`Linked::beyond_slots`].
    pub(super) fn keeps_slots(&self) -> bool {
        self.without_slots.is_some()
    }

    /// The same capsule for instances that no slot is left for, or that may outgrow one; made when
    /// it is first needed. `None` when this one keeps no slots, or the code cannot be had again.
    ///
    /// It may have to be compiled, for seconds. That happens on a thread of its own: whoever waits
    /// can give up at its deadline.
    pub(super) async fn beyond_slots(self: &Arc<Self>) -> Option<Arc<Linked>> {
        self.without_slots.as_ref()?;
        if let Some(made) = self.beyond.get() {
            return made.clone();
        }
        let (made, wait) = tokio::sync::oneshot::channel();
        let linked = Arc::clone(self);
        let thread = std::thread::Builder::new().name("capsule-compile".to_owned());
        let started = thread.spawn(move || {
            // Nobody may wait any more; the next one finds it made.
            let _ = made.send(linked.make_beyond());
        });
        started.inspect_err(|error| tracing::warn!("{}: {error}", self.capsule.id)).ok()?;
        wait.await.ok().flatten()
    }

    /// Of several that need it at once, one makes it and the others wait.
    fn make_beyond(&self) -> Option<Arc<Linked>> {
        let WithoutSlots { engine, verified, flavour } = self.without_slots.as_ref()?;
        let made = self.beyond.get_or_init(|| {
            let code = engine.compile_for(verified, *flavour, Profile::OneShot);
            let linked = code
                .map_err(|error| error.to_string())
                .and_then(|code| code.link(Arc::clone(&self.capsule)).map_err(|e| e.to_string()));
            tracing::info!("{}: some instances are made without a slot", self.capsule.id);
            linked
                .inspect_err(|error| tracing::warn!("{}: {error}", self.capsule.id))
                .ok()
                .map(|linked| linked.0)
        });
        made.clone()
    }
}

impl Loaded {
    /// The host side of the capsule.
    pub fn capsule(&self) -> &Arc<CapsuleHost> {
        &self.0.capsule
    }
}
