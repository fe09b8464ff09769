//! What the bytes of a binary show by themselves.

rules! {
    CORE_MODULE = "core-module", Error, "the file is a core module, not a component",
        "Kernels load components only.",
        "Wrap it with `wasm-tools component new core.wasm -o capsule.wasm`.";
    IMPORT_WASI = "import-wasi", Error, "it imports an interface of WASI",
        "Astrid serves its own interfaces and none of WASI, so the component cannot be linked.",
        "Build for wasm32-unknown-unknown with astrid-sdk, not for a wasi target.";
    IMPORT_UNKNOWN = "import-unknown", Error, "it imports an interface that nobody serves",
        "A component with an import that is not served does not load.",
        "Remove the import, or build with astrid-sdk, which imports astrid interfaces only.";
    IMPORT_VERSION = "import-version", Error, "it imports an interface in a version that is not served",
        "Versions are matched exactly; another one counts as another interface.",
        "Build against one of the versions that the finding names.";
    IMPORT_ITEM_UNKNOWN = "import-item-unknown", Error, "it imports a function that its interface does not have",
        "The component was built against a changed copy of the interface and does not load.",
        "Take the interface unchanged, or build with astrid-sdk.";
    IMPORT_SIGNATURE = "import-signature", Error, "it imports a function with another type",
        "The component was built against a changed copy of the interface and does not load.",
        "Take the interface unchanged, or build with astrid-sdk.";
    IMPORT_KIND = "import-kind", Error, "it imports something of another kind than what is served",
        "A function is not an instance, and a resource not a function: the component does not load.",
        "Take the interface unchanged, or build with astrid-sdk.";

    ENTRY_POINT_TYPE = "entry-point-type", Error, "an entry point has a type that cannot be called",
        "A host calls each of the four entry points with one fixed type.",
        "Build with astrid-sdk, or take the types from the published world.";
    ENTRY_POINT_UNCLEAR = "entry-point-unclear", Info, "whether an entry point does anything is unclear",
        "Interpreters look the same whatever the script does; such an entry point counts as real.",
        "Nothing needs to be done.";
    INERT = "inert", Warning, "no entry point does anything",
        "The capsule loads, and nothing in it is ever called.",
        "Export `astrid-hook-trigger`, `run`, or a lifecycle hook with a body.";

    MEMORY_OVER_DEFAULT = "memory-over-default", Warning, "it starts with more memory than a principal has by default",
        "The instance is refused for every principal whose limit was not raised.",
        "Lower the initial memory, or raise `max_memory_bytes` of those who call it.";
    MEMORY_SHARED = "memory-shared", Error, "it defines a memory that threads share",
        "No kernel has threads for guests, and none compiles shared memories.",
        "Build without the `threads` and `atomics` features.";
    BINARY_LARGE = "binary-large", Info, "the binary is very large",
        "It is hashed at every load, and every install of it compiles for long.",
        "Optimise for size, strip debug information, and leave data out of the binary.";

    DEBUG_INFO = "debug-info", Info, "debug information was left in",
        "It makes the binary several times as large and tells how and where it was built.",
        "Build with `--release`, or strip it with `wasm-tools strip`.";
    LEAKED_PATH = "leaked-path", Warning, "a path of the machine that built it is in the binary",
        "It tells a user's name and makes builds differ from one machine to the next.",
        "Build with `--remap-path-prefix`, or with `trim-paths`, or strip debug information.";
    LEAKED_SECRET = "leaked-secret", Error, "something that looks like a secret is in the binary",
        "Everybody who has the capsule can read it.",
        "Revoke it now, then have the capsule read it from `[env]` with `type = \"secret\"`.";
}
