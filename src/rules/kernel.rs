//! What released kernels make of a capsule.

rules! {
    KERNEL_NEEDED = "kernel-needed", Info, "it needs an interface that came after kernel 0.8.0",
        "Older kernels refuse to load it.",
        "Say so with `astrid-version`, or build against the older version of the interface.";
    KERNEL_REQUIREMENT = "kernel-requirement", Warning, "`astrid-version` admits kernels that cannot load it",
        "A kernel that the requirement admits installs the capsule and then fails to load it.",
        "Raise `astrid-version` to the first release that serves every import.";
    KERNEL_INTERFACE = "kernel-interface", Error, "the kernel does not serve an interface that it imports",
        "The component cannot be linked there.",
        "Use a later kernel, or build against an older version of the interface.";
    KERNEL_RUNTIME = "kernel-runtime", Error, "the kernel is not one that `astrid-version` admits",
        "The kernel refuses the manifest.",
        "Widen `astrid-version`, or leave it out.";
    KERNEL_PROCESS_SHAPE = "kernel-process-shape", Error, "kernel 0.9.0 has another shape of `spawn-request`",
        "It alone shipped the request of process 1.1.0 under the name of 1.0.0, so linking fails.",
        "Use 0.8.0, or 0.9.1 or later.";
    KERNEL_PRESCAN = "kernel-prescan", Warning, "kernel 0.8.0 misreads an entry point",
        "It compares function indices and nothing else, so a stub may count as real and a real body as a stub.",
        "Build as the finding says, or use a later kernel.";
    KERNEL_LOOP_YIELD = "kernel-loop-yield", Warning, "kernels stop a loop that never receives",
        "After three windows of 5 s without `recv` the loop counts as stuck.",
        "Wait with `recv` on a subscription.";
    KERNEL_ELICIT_PHASE = "kernel-elicit-phase", Warning, "kernel 0.8.0 refuses questions outside lifecycle hooks",
        "There the question is answered with an error.",
        "Ask in `astrid-install`, or require kernel 0.9.0.";
    KERNEL_FS_MISSING = "kernel-fs-missing", Warning, "file functions that kernel 0.8.0 only links",
        "They answer with an error, whatever the arguments.",
        "Use `read-file` and `write-file` there.";
    KERNEL_TCP_LISTENER = "kernel-tcp-listener", Warning, "listening on TCP is denied by every kernel",
        "It is denied, whatever the manifest grants.",
        "Listen on the Unix socket with `bind-unix`.";
    KERNEL_UDP = "kernel-udp", Warning, "UDP is denied by every kernel",
        "It is denied, whatever the manifest grants.",
        "Do without UDP.";
    KERNEL_PROCESS_STDIN = "kernel-process-stdin", Warning, "process functions that kernels only link",
        "They answer with an error.",
        "Spawn persistently and use the functions that take a process id.";
    KERNEL_PROCESS_ENVIRONMENT = "kernel-process-environment", Info, "kernels before 0.10.0 ignore `env` and `cwd` of a process",
        "The child runs in another directory and without the variables.",
        "Pass what the child needs as arguments.";
}
