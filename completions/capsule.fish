# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_capsule_global_optspecs
    string join \n home= principal= workspace= json color= q/quiet v/verbose no-input y/yes h/help V/version
end

function __fish_capsule_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_capsule_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_capsule_using_subcommand
    set -l cmd (__fish_capsule_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c capsule -n "__fish_capsule_needs_command" -l home -d 'Home directory [default: $ASTRID_HOME, else ~/.astrid]' -r -F
complete -c capsule -n "__fish_capsule_needs_command" -l principal -d 'On whose behalf to act' -r
complete -c capsule -n "__fish_capsule_needs_command" -l workspace -d 'Directory that guests work in [default: the current one]' -r -F
complete -c capsule -n "__fish_capsule_needs_command" -l color -d 'When to use colour' -r -f -a "auto\t'When the stream is a terminal that wants it'
always\t'Always'
never\t'Never'"
complete -c capsule -n "__fish_capsule_needs_command" -l json -d 'Print one JSON document (JSON lines where a command streams)'
complete -c capsule -n "__fish_capsule_needs_command" -s q -l quiet -d 'Print results and problems only'
complete -c capsule -n "__fish_capsule_needs_command" -s v -l verbose -d 'Tell more; repeat for the tool\'s own diagnostics'
complete -c capsule -n "__fish_capsule_needs_command" -l no-input -d 'Never ask; fail instead'
complete -c capsule -n "__fish_capsule_needs_command" -s y -l yes -d 'Answer capsule\'s own questions with yes; never a guest\'s'
complete -c capsule -n "__fish_capsule_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c capsule -n "__fish_capsule_needs_command" -s V -l version -d 'Print version'
complete -c capsule -n "__fish_capsule_needs_command" -f -a "new" -d 'Start a capsule: a directory with a manifest, a source and a first test'
complete -c capsule -n "__fish_capsule_needs_command" -f -a "build" -d 'Build the component of a capsule from its sources, and check it'
complete -c capsule -n "__fish_capsule_needs_command" -f -a "test" -d 'Run the cases of a capsule: what is given to it, and what has to be so afterwards'
complete -c capsule -n "__fish_capsule_needs_command" -f -a "install" -d 'Install a capsule: check it, record its hash, run its lifecycle hook'
complete -c capsule -n "__fish_capsule_needs_command" -f -a "inspect" -d 'Show what a capsule\'s binary is, needs and does, without running it'
complete -c capsule -n "__fish_capsule_needs_command" -f -a "pack" -d 'Make an archive of a capsule: the same files always give the same bytes'
complete -c capsule -n "__fish_capsule_needs_command" -f -a "sign" -d 'Sign a file: install and verify accept it with the public key'
complete -c capsule -n "__fish_capsule_needs_command" -f -a "invoke" -d 'Fire one interceptor and print its answer and its cost'
complete -c capsule -n "__fish_capsule_needs_command" -f -a "bench" -d 'Measure calls of an interceptor: how many a second, how long they take, what fuel they use'
complete -c capsule -n "__fish_capsule_needs_command" -f -a "profile" -d 'Show exactly where the fuel of one call goes: functions, paths of calls, host calls'
complete -c capsule -n "__fish_capsule_needs_command" -f -a "fuel" -d 'Write down what the calls of a capsule cost, and notice when they cost more'
complete -c capsule -n "__fish_capsule_needs_command" -f -a "run" -d 'Host capsules on one bus: run loops on threads of their own, interceptors when messages match'
complete -c capsule -n "__fish_capsule_needs_command" -f -a "trace" -d 'Fire one interceptor and show every host call that it makes'
complete -c capsule -n "__fish_capsule_needs_command" -f -a "replay" -d 'Play a recording: answer every host call as it was answered, and tell what differs'
complete -c capsule -n "__fish_capsule_needs_command" -f -a "check" -d 'Call an interceptor twice under different conditions, and tell whether anything differs'
complete -c capsule -n "__fish_capsule_needs_command" -f -a "connect" -d 'Talk to a capsule that runs, over its socket'
complete -c capsule -n "__fish_capsule_needs_command" -f -a "tool" -d 'List and call the tools of capsules'
complete -c capsule -n "__fish_capsule_needs_command" -f -a "list" -d 'List the installed capsules'
complete -c capsule -n "__fish_capsule_needs_command" -f -a "show" -d 'Show what is known about an installed capsule'
complete -c capsule -n "__fish_capsule_needs_command" -f -a "verify" -d 'Check installed capsules against what was recorded when they were installed'
complete -c capsule -n "__fish_capsule_needs_command" -f -a "diff" -d 'Show in what two capsules differ, and what that means for those who use the old one'
complete -c capsule -n "__fish_capsule_needs_command" -f -a "explain" -d 'Explain what a finding of inspect, verify or install means, and what to do about it'
complete -c capsule -n "__fish_capsule_needs_command" -f -a "rollback" -d 'Go back to the version of a capsule before the installed one'
complete -c capsule -n "__fish_capsule_needs_command" -f -a "remove" -d 'Remove an installed capsule'
complete -c capsule -n "__fish_capsule_needs_command" -f -a "doctor" -d 'Check the machine and the home: what would keep capsules from working, and what to do about it'
complete -c capsule -n "__fish_capsule_needs_command" -f -a "gc" -d 'Remove stored files that no installed capsule uses, and compiled code that is out of date'
complete -c capsule -n "__fish_capsule_needs_command" -f -a "logs" -d 'Show what a capsule logged'
complete -c capsule -n "__fish_capsule_needs_command" -f -a "env" -d 'Show or change the settings of an installed capsule'
complete -c capsule -n "__fish_capsule_needs_command" -f -a "secret" -d 'Set, list or remove the secrets of an installed capsule'
complete -c capsule -n "__fish_capsule_needs_command" -f -a "kv" -d 'Show or change the keys and values of a capsule'
complete -c capsule -n "__fish_capsule_needs_command" -f -a "principal" -d 'Show or change who may act, what they may do and how much they may use'
complete -c capsule -n "__fish_capsule_needs_command" -f -a "quota" -d 'Show or change how much principals may use'
complete -c capsule -n "__fish_capsule_needs_command" -f -a "group" -d 'Show or change groups of capabilities'
complete -c capsule -n "__fish_capsule_needs_command" -f -a "completions" -d 'Print a completion script for a shell'
complete -c capsule -n "__fish_capsule_needs_command" -f -a "man" -d 'Print the man page of capsule, or of one of its commands'
complete -c capsule -n "__fish_capsule_needs_command" -f -a "help" -d 'Show help for a command or a topic'
complete -c capsule -n "__fish_capsule_using_subcommand new" -l home -d 'Home directory [default: $ASTRID_HOME, else ~/.astrid]' -r -F
complete -c capsule -n "__fish_capsule_using_subcommand new" -l principal -d 'On whose behalf to act' -r
complete -c capsule -n "__fish_capsule_using_subcommand new" -l workspace -d 'Directory that guests work in [default: the current one]' -r -F
complete -c capsule -n "__fish_capsule_using_subcommand new" -l color -d 'When to use colour' -r -f -a "auto\t'When the stream is a terminal that wants it'
always\t'Always'
never\t'Never'"
complete -c capsule -n "__fish_capsule_using_subcommand new" -l lang -d 'What it is written in' -r -f -a "rust\t''
c\t''
wat\t''"
complete -c capsule -n "__fish_capsule_using_subcommand new" -l with -d 'What it does' -r -f -a "hook\t''
run\t''
install\t''
upgrade\t''"
complete -c capsule -n "__fish_capsule_using_subcommand new" -l json -d 'Print one JSON document (JSON lines where a command streams)'
complete -c capsule -n "__fish_capsule_using_subcommand new" -s q -l quiet -d 'Print results and problems only'
complete -c capsule -n "__fish_capsule_using_subcommand new" -s v -l verbose -d 'Tell more; repeat for the tool\'s own diagnostics'
complete -c capsule -n "__fish_capsule_using_subcommand new" -l no-input -d 'Never ask; fail instead'
complete -c capsule -n "__fish_capsule_using_subcommand new" -s y -l yes -d 'Answer capsule\'s own questions with yes; never a guest\'s'
complete -c capsule -n "__fish_capsule_using_subcommand new" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c capsule -n "__fish_capsule_using_subcommand build" -l home -d 'Home directory [default: $ASTRID_HOME, else ~/.astrid]' -r -F
complete -c capsule -n "__fish_capsule_using_subcommand build" -l principal -d 'On whose behalf to act' -r
complete -c capsule -n "__fish_capsule_using_subcommand build" -l workspace -d 'Directory that guests work in [default: the current one]' -r -F
complete -c capsule -n "__fish_capsule_using_subcommand build" -l color -d 'When to use colour' -r -f -a "auto\t'When the stream is a terminal that wants it'
always\t'Always'
never\t'Never'"
complete -c capsule -n "__fish_capsule_using_subcommand build" -l json -d 'Print one JSON document (JSON lines where a command streams)'
complete -c capsule -n "__fish_capsule_using_subcommand build" -s q -l quiet -d 'Print results and problems only'
complete -c capsule -n "__fish_capsule_using_subcommand build" -s v -l verbose -d 'Tell more; repeat for the tool\'s own diagnostics'
complete -c capsule -n "__fish_capsule_using_subcommand build" -l no-input -d 'Never ask; fail instead'
complete -c capsule -n "__fish_capsule_using_subcommand build" -s y -l yes -d 'Answer capsule\'s own questions with yes; never a guest\'s'
complete -c capsule -n "__fish_capsule_using_subcommand build" -l release -d 'Build small code, as it is given to others; the default'
complete -c capsule -n "__fish_capsule_using_subcommand build" -l debug -d 'Build with names and lines for backtraces'
complete -c capsule -n "__fish_capsule_using_subcommand build" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c capsule -n "__fish_capsule_using_subcommand test" -l home -d 'Home directory [default: $ASTRID_HOME, else ~/.astrid]' -r -F
complete -c capsule -n "__fish_capsule_using_subcommand test" -l principal -d 'On whose behalf to act' -r
complete -c capsule -n "__fish_capsule_using_subcommand test" -l workspace -d 'Directory that guests work in [default: the current one]' -r -F
complete -c capsule -n "__fish_capsule_using_subcommand test" -l color -d 'When to use colour' -r -f -a "auto\t'When the stream is a terminal that wants it'
always\t'Always'
never\t'Never'"
complete -c capsule -n "__fish_capsule_using_subcommand test" -s E -l filter -d 'Run only cases with this text in their names; repeatable' -r
complete -c capsule -n "__fish_capsule_using_subcommand test" -s j -l jobs -d 'How many cases run at once [default: one for each core]' -r
complete -c capsule -n "__fish_capsule_using_subcommand test" -l format -d 'Form of the report [default: text, or json with --json]' -r -f -a "text\t'For people: a line for each case'
json\t'One document, capsule.test/1'
junit\t'JUnit\'s XML'
github\t'Annotations of GitHub Actions'"
complete -c capsule -n "__fish_capsule_using_subcommand test" -l json -d 'Print one JSON document (JSON lines where a command streams)'
complete -c capsule -n "__fish_capsule_using_subcommand test" -s q -l quiet -d 'Print results and problems only'
complete -c capsule -n "__fish_capsule_using_subcommand test" -s v -l verbose -d 'Tell more; repeat for the tool\'s own diagnostics'
complete -c capsule -n "__fish_capsule_using_subcommand test" -l no-input -d 'Never ask; fail instead'
complete -c capsule -n "__fish_capsule_using_subcommand test" -s y -l yes -d 'Answer capsule\'s own questions with yes; never a guest\'s'
complete -c capsule -n "__fish_capsule_using_subcommand test" -l list -d 'List the cases, and run none'
complete -c capsule -n "__fish_capsule_using_subcommand test" -l fail-fast -d 'Stop at the first case that fails'
complete -c capsule -n "__fish_capsule_using_subcommand test" -l faults -d 'Run each case that passes again with every host call failing in every way that it can, one at a time: the capsule has to answer, and to leave behind what was there before or all of what it leaves otherwise. What goes wrong is recorded in DIR/faults'
complete -c capsule -n "__fish_capsule_using_subcommand test" -l bless -d 'Write what is so into the files, in place of what was expected; comments stay. Recordings are made anew as far as their answers go'
complete -c capsule -n "__fish_capsule_using_subcommand test" -l watch -d 'Run them again whenever the component, the manifest or a case has changed, until Ctrl-C'
complete -c capsule -n "__fish_capsule_using_subcommand test" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c capsule -n "__fish_capsule_using_subcommand install" -l home -d 'Home directory [default: $ASTRID_HOME, else ~/.astrid]' -r -F
complete -c capsule -n "__fish_capsule_using_subcommand install" -l principal -d 'On whose behalf to act' -r
complete -c capsule -n "__fish_capsule_using_subcommand install" -l workspace -d 'Directory that guests work in [default: the current one]' -r -F
complete -c capsule -n "__fish_capsule_using_subcommand install" -l color -d 'When to use colour' -r -f -a "auto\t'When the stream is a terminal that wants it'
always\t'Always'
never\t'Never'"
complete -c capsule -n "__fish_capsule_using_subcommand install" -l expect-hash -d 'Refuse a binary with another BLAKE3 than this' -r
complete -c capsule -n "__fish_capsule_using_subcommand install" -l key -d 'Refuse an archive without a signature by this key: a file of minisign, or its second line' -r
complete -c capsule -n "__fish_capsule_using_subcommand install" -l signature -d 'Where the signature is [default: SOURCE.minisig]' -r -F
complete -c capsule -n "__fish_capsule_using_subcommand install" -l answers -d 'TOML file with answers to settings and to questions of the hook' -r -F
complete -c capsule -n "__fish_capsule_using_subcommand install" -l set -d 'One answer; repeatable' -r
complete -c capsule -n "__fish_capsule_using_subcommand install" -l approve -d 'Decide in advance on what guests ask approval for: a rule, or a .toml file with rules; repeatable' -r
complete -c capsule -n "__fish_capsule_using_subcommand install" -l answer-timeout -d 'How long guests wait for somebody at the terminal [default: 60s for an approval, 120s for an answer]' -r
complete -c capsule -n "__fish_capsule_using_subcommand install" -l allow-local -d 'Let guests reach this endpoint although its address is local; may be repeated' -r
complete -c capsule -n "__fish_capsule_using_subcommand install" -l resolve -d 'Take this address for a name; may be repeated' -r
complete -c capsule -n "__fish_capsule_using_subcommand install" -l ca-file -d 'Believe the certificate authorities in this PEM file too, over HTTPS' -r -F
complete -c capsule -n "__fish_capsule_using_subcommand install" -l trace -d 'Show every host call, or those that pass the filter; repeatable' -r
complete -c capsule -n "__fish_capsule_using_subcommand install" -l trace-format -d 'How calls are written' -r -f -a "text\t'One line per call'
jsonl\t'One JSON object per call, `capsule.trace/1`'
chrome\t'For trace viewers: an event per call, a thread per instance'"
complete -c capsule -n "__fish_capsule_using_subcommand install" -l trace-output -d 'Write the trace to this file instead of standard error' -r -F
complete -c capsule -n "__fish_capsule_using_subcommand install" -l record -d 'Record everything that the guest is told, for `capsule replay`' -r -F
complete -c capsule -n "__fish_capsule_using_subcommand install" -l json -d 'Print one JSON document (JSON lines where a command streams)'
complete -c capsule -n "__fish_capsule_using_subcommand install" -s q -l quiet -d 'Print results and problems only'
complete -c capsule -n "__fish_capsule_using_subcommand install" -s v -l verbose -d 'Tell more; repeat for the tool\'s own diagnostics'
complete -c capsule -n "__fish_capsule_using_subcommand install" -l no-input -d 'Never ask; fail instead'
complete -c capsule -n "__fish_capsule_using_subcommand install" -s y -l yes -d 'Answer capsule\'s own questions with yes; never a guest\'s'
complete -c capsule -n "__fish_capsule_using_subcommand install" -l upgrade-only -d 'Refuse to install what is not installed yet'
complete -c capsule -n "__fish_capsule_using_subcommand install" -l reinstall -d 'Run astrid-install again instead of astrid-upgrade'
complete -c capsule -n "__fish_capsule_using_subcommand install" -l allow-downgrade -d 'Replace a newer version'
complete -c capsule -n "__fish_capsule_using_subcommand install" -l allow-unlinkable -d 'Install even when imports are not served here; hooks are not run then'
complete -c capsule -n "__fish_capsule_using_subcommand install" -l strict -d 'Treat unknown and legacy manifest keys as errors'
complete -c capsule -n "__fish_capsule_using_subcommand install" -l fast-compile -d 'Compile in a fifth of the time, to code that takes two to three times as long'
complete -c capsule -n "__fish_capsule_using_subcommand install" -l dry-run -d 'Make every check and write nothing'
complete -c capsule -n "__fish_capsule_using_subcommand install" -l no-hooks -d 'Do not run lifecycle hooks'
complete -c capsule -n "__fish_capsule_using_subcommand install" -l no-wait -d 'Fail instead of waiting for another install of the same capsule'
complete -c capsule -n "__fish_capsule_using_subcommand install" -l offline -d 'Let guests reach nothing at all'
complete -c capsule -n "__fish_capsule_using_subcommand install" -l allow-unsandboxed -d 'Let guests start programs without a sandbox, with all that you may do'
complete -c capsule -n "__fish_capsule_using_subcommand install" -s c -l trace-summary -d 'Show sums per function instead of every call'
complete -c capsule -n "__fish_capsule_using_subcommand install" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c capsule -n "__fish_capsule_using_subcommand inspect" -l home -d 'Home directory [default: $ASTRID_HOME, else ~/.astrid]' -r -F
complete -c capsule -n "__fish_capsule_using_subcommand inspect" -l principal -d 'On whose behalf to act' -r
complete -c capsule -n "__fish_capsule_using_subcommand inspect" -l workspace -d 'Directory that guests work in [default: the current one]' -r -F
complete -c capsule -n "__fish_capsule_using_subcommand inspect" -l color -d 'When to use colour' -r -f -a "auto\t'When the stream is a terminal that wants it'
always\t'Always'
never\t'Never'"
complete -c capsule -n "__fish_capsule_using_subcommand inspect" -l kernel -d 'Add what this kernel release would refuse or treat differently' -r -f -a "0.8.0\t''
0.9.0\t''
0.9.1\t''
0.10.0\t''"
complete -c capsule -n "__fish_capsule_using_subcommand inspect" -l level -d 'The least finding that fails a check' -r -f -a "warning\t''
error\t''"
complete -c capsule -n "__fish_capsule_using_subcommand inspect" -l format -d 'Form of the report; all but the first two hold the findings only [default: text, or json with --json]' -r -f -a "text\t'For people'
json\t'One document, with everything that the text says'
sarif\t'SARIF 2.1.0, for code scanning'
github\t'Annotations of GitHub Actions'
junit\t'JUnit\'s XML, a case for each finding'
markdown\t'A summary of a job or pull request'"
complete -c capsule -n "__fish_capsule_using_subcommand inspect" -l json -d 'Print one JSON document (JSON lines where a command streams)'
complete -c capsule -n "__fish_capsule_using_subcommand inspect" -s q -l quiet -d 'Print results and problems only'
complete -c capsule -n "__fish_capsule_using_subcommand inspect" -s v -l verbose -d 'Tell more; repeat for the tool\'s own diagnostics'
complete -c capsule -n "__fish_capsule_using_subcommand inspect" -l no-input -d 'Never ask; fail instead'
complete -c capsule -n "__fish_capsule_using_subcommand inspect" -s y -l yes -d 'Answer capsule\'s own questions with yes; never a guest\'s'
complete -c capsule -n "__fish_capsule_using_subcommand inspect" -l wit -d 'Print the world that it was built for, as WIT'
complete -c capsule -n "__fish_capsule_using_subcommand inspect" -l exports -d 'Print what it exports'
complete -c capsule -n "__fish_capsule_using_subcommand inspect" -l imports -d 'Print what it imports'
complete -c capsule -n "__fish_capsule_using_subcommand inspect" -l sizes -d 'Print where its bytes go'
complete -c capsule -n "__fish_capsule_using_subcommand inspect" -l check -d 'Exit with 1 when there is a finding'
complete -c capsule -n "__fish_capsule_using_subcommand inspect" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c capsule -n "__fish_capsule_using_subcommand pack" -l home -d 'Home directory [default: $ASTRID_HOME, else ~/.astrid]' -r -F
complete -c capsule -n "__fish_capsule_using_subcommand pack" -l principal -d 'On whose behalf to act' -r
complete -c capsule -n "__fish_capsule_using_subcommand pack" -l workspace -d 'Directory that guests work in [default: the current one]' -r -F
complete -c capsule -n "__fish_capsule_using_subcommand pack" -l color -d 'When to use colour' -r -f -a "auto\t'When the stream is a terminal that wants it'
always\t'Always'
never\t'Never'"
complete -c capsule -n "__fish_capsule_using_subcommand pack" -s o -l output -d 'Where to write the archive, replacing what is there [default: NAME-VERSION.capsule]' -r -F
complete -c capsule -n "__fish_capsule_using_subcommand pack" -l json -d 'Print one JSON document (JSON lines where a command streams)'
complete -c capsule -n "__fish_capsule_using_subcommand pack" -s q -l quiet -d 'Print results and problems only'
complete -c capsule -n "__fish_capsule_using_subcommand pack" -s v -l verbose -d 'Tell more; repeat for the tool\'s own diagnostics'
complete -c capsule -n "__fish_capsule_using_subcommand pack" -l no-input -d 'Never ask; fail instead'
complete -c capsule -n "__fish_capsule_using_subcommand pack" -s y -l yes -d 'Answer capsule\'s own questions with yes; never a guest\'s'
complete -c capsule -n "__fish_capsule_using_subcommand pack" -l strict -d 'Refuse a manifest with unknown keys or tables that no longer mean anything'
complete -c capsule -n "__fish_capsule_using_subcommand pack" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c capsule -n "__fish_capsule_using_subcommand sign" -l home -d 'Home directory [default: $ASTRID_HOME, else ~/.astrid]' -r -F
complete -c capsule -n "__fish_capsule_using_subcommand sign" -l principal -d 'On whose behalf to act' -r
complete -c capsule -n "__fish_capsule_using_subcommand sign" -l workspace -d 'Directory that guests work in [default: the current one]' -r -F
complete -c capsule -n "__fish_capsule_using_subcommand sign" -l color -d 'When to use colour' -r -f -a "auto\t'When the stream is a terminal that wants it'
always\t'Always'
never\t'Never'"
complete -c capsule -n "__fish_capsule_using_subcommand sign" -l key -d 'File with the secret key' -r -F
complete -c capsule -n "__fish_capsule_using_subcommand sign" -s o -l output -d 'Where to write the signature, replacing what is there [default: FILE.minisig]' -r -F
complete -c capsule -n "__fish_capsule_using_subcommand sign" -l comment -d 'Text that is signed with the file [default: the time and the file\'s name]' -r
complete -c capsule -n "__fish_capsule_using_subcommand sign" -l json -d 'Print one JSON document (JSON lines where a command streams)'
complete -c capsule -n "__fish_capsule_using_subcommand sign" -s q -l quiet -d 'Print results and problems only'
complete -c capsule -n "__fish_capsule_using_subcommand sign" -s v -l verbose -d 'Tell more; repeat for the tool\'s own diagnostics'
complete -c capsule -n "__fish_capsule_using_subcommand sign" -l no-input -d 'Never ask; fail instead'
complete -c capsule -n "__fish_capsule_using_subcommand sign" -s y -l yes -d 'Answer capsule\'s own questions with yes; never a guest\'s'
complete -c capsule -n "__fish_capsule_using_subcommand sign" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c capsule -n "__fish_capsule_using_subcommand invoke" -l home -d 'Home directory [default: $ASTRID_HOME, else ~/.astrid]' -r -F
complete -c capsule -n "__fish_capsule_using_subcommand invoke" -l principal -d 'On whose behalf to act' -r
complete -c capsule -n "__fish_capsule_using_subcommand invoke" -l workspace -d 'Directory that guests work in [default: the current one]' -r -F
complete -c capsule -n "__fish_capsule_using_subcommand invoke" -l color -d 'When to use colour' -r -f -a "auto\t'When the stream is a terminal that wants it'
always\t'Always'
never\t'Never'"
complete -c capsule -n "__fish_capsule_using_subcommand invoke" -l payload -d 'Payload' -r
complete -c capsule -n "__fish_capsule_using_subcommand invoke" -l payload-file -d 'File with the payload' -r -F
complete -c capsule -n "__fish_capsule_using_subcommand invoke" -l topic -d 'Topic of the message that is being served' -r
complete -c capsule -n "__fish_capsule_using_subcommand invoke" -l fuel -d 'Fuel of the call [default: 10000000000]' -r
complete -c capsule -n "__fish_capsule_using_subcommand invoke" -l timeout -d 'Wall-clock limit of the call [default: the profile\'s, 300s]' -r
complete -c capsule -n "__fish_capsule_using_subcommand invoke" -l memory -d 'Memory of the instance [default: the profile\'s, 64MiB]' -r
complete -c capsule -n "__fish_capsule_using_subcommand invoke" -l seed -d 'Simulate, so that equal runs are equal: virtual time, repeatable random bytes, a throw-away home, no network' -r
complete -c capsule -n "__fish_capsule_using_subcommand invoke" -l given -d 'What there is in the simulated world: a TOML file' -r -F
complete -c capsule -n "__fish_capsule_using_subcommand invoke" -l repeat -d 'Make the call so many times and sum up' -r
complete -c capsule -n "__fish_capsule_using_subcommand invoke" -l concurrency -d 'Calls at once' -r
complete -c capsule -n "__fish_capsule_using_subcommand invoke" -l as -d 'On whose behalf, in turns, instead of --principal' -r
complete -c capsule -n "__fish_capsule_using_subcommand invoke" -l instances -d 'Whether an instance serves further calls of the same principal, or each call gets its own' -r -f -a "reuse\t'One that has served the same principal before, if it returned normally'
fresh\t'A new one for each call'"
complete -c capsule -n "__fish_capsule_using_subcommand invoke" -l allow-local -d 'Let guests reach this endpoint although its address is local; may be repeated' -r
complete -c capsule -n "__fish_capsule_using_subcommand invoke" -l resolve -d 'Take this address for a name; may be repeated' -r
complete -c capsule -n "__fish_capsule_using_subcommand invoke" -l ca-file -d 'Believe the certificate authorities in this PEM file too, over HTTPS' -r -F
complete -c capsule -n "__fish_capsule_using_subcommand invoke" -l approve -d 'Decide in advance on what guests ask approval for: a rule, or a .toml file with rules; repeatable' -r
complete -c capsule -n "__fish_capsule_using_subcommand invoke" -l answer-timeout -d 'How long guests wait for somebody at the terminal [default: 60s for an approval, 120s for an answer]' -r
complete -c capsule -n "__fish_capsule_using_subcommand invoke" -l expect -d 'Expect this outcome: continue, final, deny, trap, out-of-fuel, deadline, memory' -r -f -a "continue\t''
final\t''
deny\t''
trap\t''
out-of-fuel\t''
deadline\t''
memory\t''"
complete -c capsule -n "__fish_capsule_using_subcommand invoke" -l expect-data -d 'Expect this JSON as data' -r
complete -c capsule -n "__fish_capsule_using_subcommand invoke" -l max-fuel -d 'Expect the call to use no more fuel than this' -r
complete -c capsule -n "__fish_capsule_using_subcommand invoke" -l max-memory -d 'Expect no more memory than this at the peak' -r
complete -c capsule -n "__fish_capsule_using_subcommand invoke" -l trace -d 'Show every host call, or those that pass the filter; repeatable' -r
complete -c capsule -n "__fish_capsule_using_subcommand invoke" -l trace-format -d 'How calls are written' -r -f -a "text\t'One line per call'
jsonl\t'One JSON object per call, `capsule.trace/1`'
chrome\t'For trace viewers: an event per call, a thread per instance'"
complete -c capsule -n "__fish_capsule_using_subcommand invoke" -l trace-output -d 'Write the trace to this file instead of standard error' -r -F
complete -c capsule -n "__fish_capsule_using_subcommand invoke" -l record -d 'Record everything that the guest is told, for `capsule replay`' -r -F
complete -c capsule -n "__fish_capsule_using_subcommand invoke" -l json -d 'Print one JSON document (JSON lines where a command streams)'
complete -c capsule -n "__fish_capsule_using_subcommand invoke" -s q -l quiet -d 'Print results and problems only'
complete -c capsule -n "__fish_capsule_using_subcommand invoke" -s v -l verbose -d 'Tell more; repeat for the tool\'s own diagnostics'
complete -c capsule -n "__fish_capsule_using_subcommand invoke" -l no-input -d 'Never ask; fail instead'
complete -c capsule -n "__fish_capsule_using_subcommand invoke" -s y -l yes -d 'Answer capsule\'s own questions with yes; never a guest\'s'
complete -c capsule -n "__fish_capsule_using_subcommand invoke" -l ephemeral -d 'Throw-away home: nothing is read from the real one, nothing is left in it'
complete -c capsule -n "__fish_capsule_using_subcommand invoke" -l stats -d 'Print the cost on standard output, after the answer'
complete -c capsule -n "__fish_capsule_using_subcommand invoke" -l offline -d 'Let guests reach nothing at all'
complete -c capsule -n "__fish_capsule_using_subcommand invoke" -l allow-unsandboxed -d 'Let guests start programs without a sandbox, with all that you may do'
complete -c capsule -n "__fish_capsule_using_subcommand invoke" -l commit -d 'Apply what guests changed in the workspace, all of it or nothing; without this it is listed and dropped'
complete -c capsule -n "__fish_capsule_using_subcommand invoke" -l direct -d 'Let guests write to the workspace at once and for good'
complete -c capsule -n "__fish_capsule_using_subcommand invoke" -s c -l trace-summary -d 'Show sums per function instead of every call'
complete -c capsule -n "__fish_capsule_using_subcommand invoke" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c capsule -n "__fish_capsule_using_subcommand bench" -l home -d 'Home directory [default: $ASTRID_HOME, else ~/.astrid]' -r -F
complete -c capsule -n "__fish_capsule_using_subcommand bench" -l principal -d 'On whose behalf to act' -r
complete -c capsule -n "__fish_capsule_using_subcommand bench" -l workspace -d 'Directory that guests work in [default: the current one]' -r -F
complete -c capsule -n "__fish_capsule_using_subcommand bench" -l color -d 'When to use colour' -r -f -a "auto\t'When the stream is a terminal that wants it'
always\t'Always'
never\t'Never'"
complete -c capsule -n "__fish_capsule_using_subcommand bench" -l payload -d 'Payload' -r
complete -c capsule -n "__fish_capsule_using_subcommand bench" -l payload-file -d 'File with the payload' -r -F
complete -c capsule -n "__fish_capsule_using_subcommand bench" -l topic -d 'Topic of the message that is being served' -r
complete -c capsule -n "__fish_capsule_using_subcommand bench" -l as -d 'On whose behalf, in turns, instead of --principal' -r
complete -c capsule -n "__fish_capsule_using_subcommand bench" -l concurrency -d 'Calls at once' -r
complete -c capsule -n "__fish_capsule_using_subcommand bench" -l for -d 'Begin no call after this time [default: 3s, unless --calls is given]' -r
complete -c capsule -n "__fish_capsule_using_subcommand bench" -l calls -d 'Make so many calls' -r
complete -c capsule -n "__fish_capsule_using_subcommand bench" -l instances -d 'What instances calls are made in' -r -f -a "reuse\t'One that has served the same principal before, if it returned normally'
fresh\t'A new one for each call'
both\t'Both, one after the other, compared'"
complete -c capsule -n "__fish_capsule_using_subcommand bench" -l approve -d 'Decide in advance on what guests ask approval for: a rule, or a .toml file with rules; repeatable' -r
complete -c capsule -n "__fish_capsule_using_subcommand bench" -l answer-timeout -d 'How long guests wait for somebody at the terminal [default: 60s for an approval, 120s for an answer]' -r
complete -c capsule -n "__fish_capsule_using_subcommand bench" -l json -d 'Print one JSON document (JSON lines where a command streams)'
complete -c capsule -n "__fish_capsule_using_subcommand bench" -s q -l quiet -d 'Print results and problems only'
complete -c capsule -n "__fish_capsule_using_subcommand bench" -s v -l verbose -d 'Tell more; repeat for the tool\'s own diagnostics'
complete -c capsule -n "__fish_capsule_using_subcommand bench" -l no-input -d 'Never ask; fail instead'
complete -c capsule -n "__fish_capsule_using_subcommand bench" -s y -l yes -d 'Answer capsule\'s own questions with yes; never a guest\'s'
complete -c capsule -n "__fish_capsule_using_subcommand bench" -l commit -d 'Apply what guests changed in the workspace, all of it or nothing; without this it is listed and dropped'
complete -c capsule -n "__fish_capsule_using_subcommand bench" -l direct -d 'Let guests write to the workspace at once and for good'
complete -c capsule -n "__fish_capsule_using_subcommand bench" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c capsule -n "__fish_capsule_using_subcommand profile" -l home -d 'Home directory [default: $ASTRID_HOME, else ~/.astrid]' -r -F
complete -c capsule -n "__fish_capsule_using_subcommand profile" -l principal -d 'On whose behalf to act' -r
complete -c capsule -n "__fish_capsule_using_subcommand profile" -l workspace -d 'Directory that guests work in [default: the current one]' -r -F
complete -c capsule -n "__fish_capsule_using_subcommand profile" -l color -d 'When to use colour' -r -f -a "auto\t'When the stream is a terminal that wants it'
always\t'Always'
never\t'Never'"
complete -c capsule -n "__fish_capsule_using_subcommand profile" -l payload -d 'Payload' -r
complete -c capsule -n "__fish_capsule_using_subcommand profile" -l payload-file -d 'File with the payload' -r -F
complete -c capsule -n "__fish_capsule_using_subcommand profile" -l topic -d 'Topic of the message that is being served' -r
complete -c capsule -n "__fish_capsule_using_subcommand profile" -l format -d 'How the profile is written [default: what the name of the file says, else text]' -r -f -a "text\t'A table of functions'
collapsed\t'One line for each path of calls: frames, a blank, fuel'
speedscope\t'For speedscope viewers'
svg\t'A flame graph for a browser'"
complete -c capsule -n "__fish_capsule_using_subcommand profile" -s o -l output -d 'Write the profile to this file instead of standard output' -r -F
complete -c capsule -n "__fish_capsule_using_subcommand profile" -l top -d 'Functions in the table of the text form; 0 is all [default: 25]' -r
complete -c capsule -n "__fish_capsule_using_subcommand profile" -l fuel -d 'Fuel of the call [default: 10000000000]' -r
complete -c capsule -n "__fish_capsule_using_subcommand profile" -l timeout -d 'Wall-clock limit of the call [default: the profile\'s, 300s]' -r
complete -c capsule -n "__fish_capsule_using_subcommand profile" -l memory -d 'Memory of the instance [default: the profile\'s, 64MiB]' -r
complete -c capsule -n "__fish_capsule_using_subcommand profile" -l seed -d 'What the virtual clock and the random bytes begin with [default: 0, or the lock\'s]' -r
complete -c capsule -n "__fish_capsule_using_subcommand profile" -l allow-local -d 'Let guests reach this endpoint although its address is local; may be repeated' -r
complete -c capsule -n "__fish_capsule_using_subcommand profile" -l resolve -d 'Take this address for a name; may be repeated' -r
complete -c capsule -n "__fish_capsule_using_subcommand profile" -l ca-file -d 'Believe the certificate authorities in this PEM file too, over HTTPS' -r -F
complete -c capsule -n "__fish_capsule_using_subcommand profile" -l approve -d 'Decide in advance on what guests ask approval for: a rule, or a .toml file with rules; repeatable' -r
complete -c capsule -n "__fish_capsule_using_subcommand profile" -l answer-timeout -d 'How long guests wait for somebody at the terminal [default: 60s for an approval, 120s for an answer]' -r
complete -c capsule -n "__fish_capsule_using_subcommand profile" -l json -d 'Print one JSON document (JSON lines where a command streams)'
complete -c capsule -n "__fish_capsule_using_subcommand profile" -s q -l quiet -d 'Print results and problems only'
complete -c capsule -n "__fish_capsule_using_subcommand profile" -s v -l verbose -d 'Tell more; repeat for the tool\'s own diagnostics'
complete -c capsule -n "__fish_capsule_using_subcommand profile" -l no-input -d 'Never ask; fail instead'
complete -c capsule -n "__fish_capsule_using_subcommand profile" -s y -l yes -d 'Answer capsule\'s own questions with yes; never a guest\'s'
complete -c capsule -n "__fish_capsule_using_subcommand profile" -l offline -d 'Let guests reach nothing at all'
complete -c capsule -n "__fish_capsule_using_subcommand profile" -l allow-unsandboxed -d 'Let guests start programs without a sandbox, with all that you may do'
complete -c capsule -n "__fish_capsule_using_subcommand profile" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c capsule -n "__fish_capsule_using_subcommand fuel; and not __fish_seen_subcommand_from snapshot check" -l home -d 'Home directory [default: $ASTRID_HOME, else ~/.astrid]' -r -F
complete -c capsule -n "__fish_capsule_using_subcommand fuel; and not __fish_seen_subcommand_from snapshot check" -l principal -d 'On whose behalf to act' -r
complete -c capsule -n "__fish_capsule_using_subcommand fuel; and not __fish_seen_subcommand_from snapshot check" -l workspace -d 'Directory that guests work in [default: the current one]' -r -F
complete -c capsule -n "__fish_capsule_using_subcommand fuel; and not __fish_seen_subcommand_from snapshot check" -l color -d 'When to use colour' -r -f -a "auto\t'When the stream is a terminal that wants it'
always\t'Always'
never\t'Never'"
complete -c capsule -n "__fish_capsule_using_subcommand fuel; and not __fish_seen_subcommand_from snapshot check" -l json -d 'Print one JSON document (JSON lines where a command streams)'
complete -c capsule -n "__fish_capsule_using_subcommand fuel; and not __fish_seen_subcommand_from snapshot check" -s q -l quiet -d 'Print results and problems only'
complete -c capsule -n "__fish_capsule_using_subcommand fuel; and not __fish_seen_subcommand_from snapshot check" -s v -l verbose -d 'Tell more; repeat for the tool\'s own diagnostics'
complete -c capsule -n "__fish_capsule_using_subcommand fuel; and not __fish_seen_subcommand_from snapshot check" -l no-input -d 'Never ask; fail instead'
complete -c capsule -n "__fish_capsule_using_subcommand fuel; and not __fish_seen_subcommand_from snapshot check" -s y -l yes -d 'Answer capsule\'s own questions with yes; never a guest\'s'
complete -c capsule -n "__fish_capsule_using_subcommand fuel; and not __fish_seen_subcommand_from snapshot check" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c capsule -n "__fish_capsule_using_subcommand fuel; and not __fish_seen_subcommand_from snapshot check" -f -a "snapshot" -d 'Measure all cases and write the lock; budgets and tolerance in it stay'
complete -c capsule -n "__fish_capsule_using_subcommand fuel; and not __fish_seen_subcommand_from snapshot check" -f -a "check" -d 'Measure all cases and compare them with the lock'
complete -c capsule -n "__fish_capsule_using_subcommand fuel; and __fish_seen_subcommand_from snapshot" -l case -d 'A case beside those in the lock and in tests/; repeatable' -r
complete -c capsule -n "__fish_capsule_using_subcommand fuel; and __fish_seen_subcommand_from snapshot" -l lock -d 'The lock [default: capsule.fuel.lock beside the manifest, or in this directory]' -r -F
complete -c capsule -n "__fish_capsule_using_subcommand fuel; and __fish_seen_subcommand_from snapshot" -l seed -d 'What the virtual clock and the random bytes begin with [default: 0, or the lock\'s]' -r
complete -c capsule -n "__fish_capsule_using_subcommand fuel; and __fish_seen_subcommand_from snapshot" -l allow-local -d 'Let guests reach this endpoint although its address is local; may be repeated' -r
complete -c capsule -n "__fish_capsule_using_subcommand fuel; and __fish_seen_subcommand_from snapshot" -l resolve -d 'Take this address for a name; may be repeated' -r
complete -c capsule -n "__fish_capsule_using_subcommand fuel; and __fish_seen_subcommand_from snapshot" -l ca-file -d 'Believe the certificate authorities in this PEM file too, over HTTPS' -r -F
complete -c capsule -n "__fish_capsule_using_subcommand fuel; and __fish_seen_subcommand_from snapshot" -l approve -d 'Decide in advance on what guests ask approval for: a rule, or a .toml file with rules; repeatable' -r
complete -c capsule -n "__fish_capsule_using_subcommand fuel; and __fish_seen_subcommand_from snapshot" -l answer-timeout -d 'How long guests wait for somebody at the terminal [default: 60s for an approval, 120s for an answer]' -r
complete -c capsule -n "__fish_capsule_using_subcommand fuel; and __fish_seen_subcommand_from snapshot" -l home -d 'Home directory [default: $ASTRID_HOME, else ~/.astrid]' -r -F
complete -c capsule -n "__fish_capsule_using_subcommand fuel; and __fish_seen_subcommand_from snapshot" -l principal -d 'On whose behalf to act' -r
complete -c capsule -n "__fish_capsule_using_subcommand fuel; and __fish_seen_subcommand_from snapshot" -l workspace -d 'Directory that guests work in [default: the current one]' -r -F
complete -c capsule -n "__fish_capsule_using_subcommand fuel; and __fish_seen_subcommand_from snapshot" -l color -d 'When to use colour' -r -f -a "auto\t'When the stream is a terminal that wants it'
always\t'Always'
never\t'Never'"
complete -c capsule -n "__fish_capsule_using_subcommand fuel; and __fish_seen_subcommand_from snapshot" -l offline -d 'Let guests reach nothing at all'
complete -c capsule -n "__fish_capsule_using_subcommand fuel; and __fish_seen_subcommand_from snapshot" -l allow-unsandboxed -d 'Let guests start programs without a sandbox, with all that you may do'
complete -c capsule -n "__fish_capsule_using_subcommand fuel; and __fish_seen_subcommand_from snapshot" -l json -d 'Print one JSON document (JSON lines where a command streams)'
complete -c capsule -n "__fish_capsule_using_subcommand fuel; and __fish_seen_subcommand_from snapshot" -s q -l quiet -d 'Print results and problems only'
complete -c capsule -n "__fish_capsule_using_subcommand fuel; and __fish_seen_subcommand_from snapshot" -s v -l verbose -d 'Tell more; repeat for the tool\'s own diagnostics'
complete -c capsule -n "__fish_capsule_using_subcommand fuel; and __fish_seen_subcommand_from snapshot" -l no-input -d 'Never ask; fail instead'
complete -c capsule -n "__fish_capsule_using_subcommand fuel; and __fish_seen_subcommand_from snapshot" -s y -l yes -d 'Answer capsule\'s own questions with yes; never a guest\'s'
complete -c capsule -n "__fish_capsule_using_subcommand fuel; and __fish_seen_subcommand_from snapshot" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c capsule -n "__fish_capsule_using_subcommand fuel; and __fish_seen_subcommand_from check" -l case -d 'A case beside those in the lock and in tests/; repeatable' -r
complete -c capsule -n "__fish_capsule_using_subcommand fuel; and __fish_seen_subcommand_from check" -l lock -d 'The lock [default: capsule.fuel.lock beside the manifest, or in this directory]' -r -F
complete -c capsule -n "__fish_capsule_using_subcommand fuel; and __fish_seen_subcommand_from check" -l seed -d 'What the virtual clock and the random bytes begin with [default: 0, or the lock\'s]' -r
complete -c capsule -n "__fish_capsule_using_subcommand fuel; and __fish_seen_subcommand_from check" -l allow-local -d 'Let guests reach this endpoint although its address is local; may be repeated' -r
complete -c capsule -n "__fish_capsule_using_subcommand fuel; and __fish_seen_subcommand_from check" -l resolve -d 'Take this address for a name; may be repeated' -r
complete -c capsule -n "__fish_capsule_using_subcommand fuel; and __fish_seen_subcommand_from check" -l ca-file -d 'Believe the certificate authorities in this PEM file too, over HTTPS' -r -F
complete -c capsule -n "__fish_capsule_using_subcommand fuel; and __fish_seen_subcommand_from check" -l approve -d 'Decide in advance on what guests ask approval for: a rule, or a .toml file with rules; repeatable' -r
complete -c capsule -n "__fish_capsule_using_subcommand fuel; and __fish_seen_subcommand_from check" -l answer-timeout -d 'How long guests wait for somebody at the terminal [default: 60s for an approval, 120s for an answer]' -r
complete -c capsule -n "__fish_capsule_using_subcommand fuel; and __fish_seen_subcommand_from check" -l tolerance -d 'How much more is no regression: units, or percent [default: the lock\'s, 0]' -r
complete -c capsule -n "__fish_capsule_using_subcommand fuel; and __fish_seen_subcommand_from check" -l home -d 'Home directory [default: $ASTRID_HOME, else ~/.astrid]' -r -F
complete -c capsule -n "__fish_capsule_using_subcommand fuel; and __fish_seen_subcommand_from check" -l principal -d 'On whose behalf to act' -r
complete -c capsule -n "__fish_capsule_using_subcommand fuel; and __fish_seen_subcommand_from check" -l workspace -d 'Directory that guests work in [default: the current one]' -r -F
complete -c capsule -n "__fish_capsule_using_subcommand fuel; and __fish_seen_subcommand_from check" -l color -d 'When to use colour' -r -f -a "auto\t'When the stream is a terminal that wants it'
always\t'Always'
never\t'Never'"
complete -c capsule -n "__fish_capsule_using_subcommand fuel; and __fish_seen_subcommand_from check" -l offline -d 'Let guests reach nothing at all'
complete -c capsule -n "__fish_capsule_using_subcommand fuel; and __fish_seen_subcommand_from check" -l allow-unsandboxed -d 'Let guests start programs without a sandbox, with all that you may do'
complete -c capsule -n "__fish_capsule_using_subcommand fuel; and __fish_seen_subcommand_from check" -l ratchet -d 'Write lower figures into the lock when nothing is worse'
complete -c capsule -n "__fish_capsule_using_subcommand fuel; and __fish_seen_subcommand_from check" -l json -d 'Print one JSON document (JSON lines where a command streams)'
complete -c capsule -n "__fish_capsule_using_subcommand fuel; and __fish_seen_subcommand_from check" -s q -l quiet -d 'Print results and problems only'
complete -c capsule -n "__fish_capsule_using_subcommand fuel; and __fish_seen_subcommand_from check" -s v -l verbose -d 'Tell more; repeat for the tool\'s own diagnostics'
complete -c capsule -n "__fish_capsule_using_subcommand fuel; and __fish_seen_subcommand_from check" -l no-input -d 'Never ask; fail instead'
complete -c capsule -n "__fish_capsule_using_subcommand fuel; and __fish_seen_subcommand_from check" -s y -l yes -d 'Answer capsule\'s own questions with yes; never a guest\'s'
complete -c capsule -n "__fish_capsule_using_subcommand fuel; and __fish_seen_subcommand_from check" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c capsule -n "__fish_capsule_using_subcommand run" -l home -d 'Home directory [default: $ASTRID_HOME, else ~/.astrid]' -r -F
complete -c capsule -n "__fish_capsule_using_subcommand run" -l principal -d 'On whose behalf to act' -r
complete -c capsule -n "__fish_capsule_using_subcommand run" -l workspace -d 'Directory that guests work in [default: the current one]' -r -F
complete -c capsule -n "__fish_capsule_using_subcommand run" -l color -d 'When to use colour' -r -f -a "auto\t'When the stream is a terminal that wants it'
always\t'Always'
never\t'Never'"
complete -c capsule -n "__fish_capsule_using_subcommand run" -l publish -d 'Publish a message once the loops are ready; repeatable' -r
complete -c capsule -n "__fish_capsule_using_subcommand run" -l events -d 'Publish the messages of a file, one `{"topic", "payload", "principal"?}` a line; `-` is standard input' -r -F
complete -c capsule -n "__fish_capsule_using_subcommand run" -l until -d 'End at the first message whose topic matches' -r
complete -c capsule -n "__fish_capsule_using_subcommand run" -l for -d 'End this long after the capsules were loaded; with --seed it is virtual, and 60s after the last message unless given' -r
complete -c capsule -n "__fish_capsule_using_subcommand run" -l ready-timeout -d 'How long a loop may take to signal readiness, or handlers to be ready, before a warning' -r
complete -c capsule -n "__fish_capsule_using_subcommand run" -l guards-below -d 'Handlers of a lower priority are guards: one that fails, or answers with an unknown action, ends the chain as if it had denied' -r
complete -c capsule -n "__fish_capsule_using_subcommand run" -l instances -d 'Whether an instance serves further calls of the same principal, or each call gets its own [default: reuse; fresh with --record]' -r -f -a "reuse\t'One that has served the same principal before, if it returned normally'
fresh\t'A new one for each call'"
complete -c capsule -n "__fish_capsule_using_subcommand run" -l seed -d 'Simulate, so that equal runs are equal: virtual time, repeatable random bytes, a throw-away home, no network' -r
complete -c capsule -n "__fish_capsule_using_subcommand run" -l given -d 'What there is in the simulated world: a TOML file' -r -F
complete -c capsule -n "__fish_capsule_using_subcommand run" -l restart -d 'Whether a loop that failed is started again; one that returned never is' -r -f -a "never\t'A loop that is over is over'
on-failure\t'One that failed is started again, with a new instance'"
complete -c capsule -n "__fish_capsule_using_subcommand run" -l restart-limit -d 'Attempts in a row; a loop that ran for two minutes begins anew [default: 5]' -r
complete -c capsule -n "__fish_capsule_using_subcommand run" -l restart-delay -d 'Wait before the first attempt, twice as long before each further one [default: 2s]' -r
complete -c capsule -n "__fish_capsule_using_subcommand run" -l metrics -d 'Count, and write Prometheus text to a file, or serve it at a loopback ADDRESS:PORT' -r -F
complete -c capsule -n "__fish_capsule_using_subcommand run" -l metrics-interval -d 'How often the file is written, besides at the end' -r
complete -c capsule -n "__fish_capsule_using_subcommand run" -l allow-local -d 'Let guests reach this endpoint although its address is local; may be repeated' -r
complete -c capsule -n "__fish_capsule_using_subcommand run" -l resolve -d 'Take this address for a name; may be repeated' -r
complete -c capsule -n "__fish_capsule_using_subcommand run" -l ca-file -d 'Believe the certificate authorities in this PEM file too, over HTTPS' -r -F
complete -c capsule -n "__fish_capsule_using_subcommand run" -l approve -d 'Decide in advance on what guests ask approval for: a rule, or a .toml file with rules; repeatable' -r
complete -c capsule -n "__fish_capsule_using_subcommand run" -l answer-timeout -d 'How long guests wait for somebody at the terminal [default: 60s for an approval, 120s for an answer]' -r
complete -c capsule -n "__fish_capsule_using_subcommand run" -l trace -d 'Show every host call, or those that pass the filter; repeatable' -r
complete -c capsule -n "__fish_capsule_using_subcommand run" -l trace-format -d 'How calls are written' -r -f -a "text\t'One line per call'
jsonl\t'One JSON object per call, `capsule.trace/1`'
chrome\t'For trace viewers: an event per call, a thread per instance'"
complete -c capsule -n "__fish_capsule_using_subcommand run" -l trace-output -d 'Write the trace to this file instead of standard error' -r -F
complete -c capsule -n "__fish_capsule_using_subcommand run" -l record -d 'Record everything that the guest is told, for `capsule replay`' -r -F
complete -c capsule -n "__fish_capsule_using_subcommand run" -l json -d 'Print one JSON document (JSON lines where a command streams)'
complete -c capsule -n "__fish_capsule_using_subcommand run" -s q -l quiet -d 'Print results and problems only'
complete -c capsule -n "__fish_capsule_using_subcommand run" -s v -l verbose -d 'Tell more; repeat for the tool\'s own diagnostics'
complete -c capsule -n "__fish_capsule_using_subcommand run" -l no-input -d 'Never ask; fail instead'
complete -c capsule -n "__fish_capsule_using_subcommand run" -s y -l yes -d 'Answer capsule\'s own questions with yes; never a guest\'s'
complete -c capsule -n "__fish_capsule_using_subcommand run" -s f -l follow -d 'Print every message'
complete -c capsule -n "__fish_capsule_using_subcommand run" -l watch -d 'Load a target again when its files change; the old one stays if the new one fails'
complete -c capsule -n "__fish_capsule_using_subcommand run" -l offline -d 'Let guests reach nothing at all'
complete -c capsule -n "__fish_capsule_using_subcommand run" -l allow-unsandboxed -d 'Let guests start programs without a sandbox, with all that you may do'
complete -c capsule -n "__fish_capsule_using_subcommand run" -s c -l trace-summary -d 'Show sums per function instead of every call'
complete -c capsule -n "__fish_capsule_using_subcommand run" -l commit -d 'Apply what guests changed in the workspace, all of it or nothing; without this it is listed and dropped'
complete -c capsule -n "__fish_capsule_using_subcommand run" -l direct -d 'Let guests write to the workspace at once and for good'
complete -c capsule -n "__fish_capsule_using_subcommand run" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c capsule -n "__fish_capsule_using_subcommand trace" -l home -d 'Home directory [default: $ASTRID_HOME, else ~/.astrid]' -r -F
complete -c capsule -n "__fish_capsule_using_subcommand trace" -l principal -d 'On whose behalf to act' -r
complete -c capsule -n "__fish_capsule_using_subcommand trace" -l workspace -d 'Directory that guests work in [default: the current one]' -r -F
complete -c capsule -n "__fish_capsule_using_subcommand trace" -l color -d 'When to use colour' -r -f -a "auto\t'When the stream is a terminal that wants it'
always\t'Always'
never\t'Never'"
complete -c capsule -n "__fish_capsule_using_subcommand trace" -l payload -d 'Payload' -r
complete -c capsule -n "__fish_capsule_using_subcommand trace" -l payload-file -d 'File with the payload' -r -F
complete -c capsule -n "__fish_capsule_using_subcommand trace" -l topic -d 'Topic of the message that is being served' -r
complete -c capsule -n "__fish_capsule_using_subcommand trace" -l fuel -d 'Fuel of the call [default: 10000000000]' -r
complete -c capsule -n "__fish_capsule_using_subcommand trace" -l timeout -d 'Wall-clock limit of the call [default: the profile\'s, 300s]' -r
complete -c capsule -n "__fish_capsule_using_subcommand trace" -l memory -d 'Memory of the instance [default: the profile\'s, 64MiB]' -r
complete -c capsule -n "__fish_capsule_using_subcommand trace" -l seed -d 'Simulate, so that equal runs are equal: virtual time, repeatable random bytes, a throw-away home, no network' -r
complete -c capsule -n "__fish_capsule_using_subcommand trace" -l given -d 'What there is in the simulated world: a TOML file' -r -F
complete -c capsule -n "__fish_capsule_using_subcommand trace" -l repeat -d 'Make the call so many times and sum up' -r
complete -c capsule -n "__fish_capsule_using_subcommand trace" -l concurrency -d 'Calls at once' -r
complete -c capsule -n "__fish_capsule_using_subcommand trace" -l as -d 'On whose behalf, in turns, instead of --principal' -r
complete -c capsule -n "__fish_capsule_using_subcommand trace" -l instances -d 'Whether an instance serves further calls of the same principal, or each call gets its own' -r -f -a "reuse\t'One that has served the same principal before, if it returned normally'
fresh\t'A new one for each call'"
complete -c capsule -n "__fish_capsule_using_subcommand trace" -l allow-local -d 'Let guests reach this endpoint although its address is local; may be repeated' -r
complete -c capsule -n "__fish_capsule_using_subcommand trace" -l resolve -d 'Take this address for a name; may be repeated' -r
complete -c capsule -n "__fish_capsule_using_subcommand trace" -l ca-file -d 'Believe the certificate authorities in this PEM file too, over HTTPS' -r -F
complete -c capsule -n "__fish_capsule_using_subcommand trace" -l approve -d 'Decide in advance on what guests ask approval for: a rule, or a .toml file with rules; repeatable' -r
complete -c capsule -n "__fish_capsule_using_subcommand trace" -l answer-timeout -d 'How long guests wait for somebody at the terminal [default: 60s for an approval, 120s for an answer]' -r
complete -c capsule -n "__fish_capsule_using_subcommand trace" -l expect -d 'Expect this outcome: continue, final, deny, trap, out-of-fuel, deadline, memory' -r -f -a "continue\t''
final\t''
deny\t''
trap\t''
out-of-fuel\t''
deadline\t''
memory\t''"
complete -c capsule -n "__fish_capsule_using_subcommand trace" -l expect-data -d 'Expect this JSON as data' -r
complete -c capsule -n "__fish_capsule_using_subcommand trace" -l max-fuel -d 'Expect the call to use no more fuel than this' -r
complete -c capsule -n "__fish_capsule_using_subcommand trace" -l max-memory -d 'Expect no more memory than this at the peak' -r
complete -c capsule -n "__fish_capsule_using_subcommand trace" -l trace -d 'Show every host call, or those that pass the filter; repeatable' -r
complete -c capsule -n "__fish_capsule_using_subcommand trace" -l trace-format -d 'How calls are written' -r -f -a "text\t'One line per call'
jsonl\t'One JSON object per call, `capsule.trace/1`'
chrome\t'For trace viewers: an event per call, a thread per instance'"
complete -c capsule -n "__fish_capsule_using_subcommand trace" -l trace-output -d 'Write the trace to this file instead of standard error' -r -F
complete -c capsule -n "__fish_capsule_using_subcommand trace" -l record -d 'Record everything that the guest is told, for `capsule replay`' -r -F
complete -c capsule -n "__fish_capsule_using_subcommand trace" -l json -d 'Print one JSON document (JSON lines where a command streams)'
complete -c capsule -n "__fish_capsule_using_subcommand trace" -s q -l quiet -d 'Print results and problems only'
complete -c capsule -n "__fish_capsule_using_subcommand trace" -s v -l verbose -d 'Tell more; repeat for the tool\'s own diagnostics'
complete -c capsule -n "__fish_capsule_using_subcommand trace" -l no-input -d 'Never ask; fail instead'
complete -c capsule -n "__fish_capsule_using_subcommand trace" -s y -l yes -d 'Answer capsule\'s own questions with yes; never a guest\'s'
complete -c capsule -n "__fish_capsule_using_subcommand trace" -l ephemeral -d 'Throw-away home: nothing is read from the real one, nothing is left in it'
complete -c capsule -n "__fish_capsule_using_subcommand trace" -l stats -d 'Print the cost on standard output, after the answer'
complete -c capsule -n "__fish_capsule_using_subcommand trace" -l offline -d 'Let guests reach nothing at all'
complete -c capsule -n "__fish_capsule_using_subcommand trace" -l allow-unsandboxed -d 'Let guests start programs without a sandbox, with all that you may do'
complete -c capsule -n "__fish_capsule_using_subcommand trace" -l commit -d 'Apply what guests changed in the workspace, all of it or nothing; without this it is listed and dropped'
complete -c capsule -n "__fish_capsule_using_subcommand trace" -l direct -d 'Let guests write to the workspace at once and for good'
complete -c capsule -n "__fish_capsule_using_subcommand trace" -s c -l trace-summary -d 'Show sums per function instead of every call'
complete -c capsule -n "__fish_capsule_using_subcommand trace" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c capsule -n "__fish_capsule_using_subcommand replay" -l home -d 'Home directory [default: $ASTRID_HOME, else ~/.astrid]' -r -F
complete -c capsule -n "__fish_capsule_using_subcommand replay" -l principal -d 'On whose behalf to act' -r
complete -c capsule -n "__fish_capsule_using_subcommand replay" -l workspace -d 'Directory that guests work in [default: the current one]' -r -F
complete -c capsule -n "__fish_capsule_using_subcommand replay" -l color -d 'When to use colour' -r -f -a "auto\t'When the stream is a terminal that wants it'
always\t'Always'
never\t'Never'"
complete -c capsule -n "__fish_capsule_using_subcommand replay" -l wasm -d 'Play it to this capsule or binary; of several recorded capsules, ID=TARGET says to which' -r
complete -c capsule -n "__fish_capsule_using_subcommand replay" -l json -d 'Print one JSON document (JSON lines where a command streams)'
complete -c capsule -n "__fish_capsule_using_subcommand replay" -s q -l quiet -d 'Print results and problems only'
complete -c capsule -n "__fish_capsule_using_subcommand replay" -s v -l verbose -d 'Tell more; repeat for the tool\'s own diagnostics'
complete -c capsule -n "__fish_capsule_using_subcommand replay" -l no-input -d 'Never ask; fail instead'
complete -c capsule -n "__fish_capsule_using_subcommand replay" -s y -l yes -d 'Answer capsule\'s own questions with yes; never a guest\'s'
complete -c capsule -n "__fish_capsule_using_subcommand replay" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c capsule -n "__fish_capsule_using_subcommand check" -l home -d 'Home directory [default: $ASTRID_HOME, else ~/.astrid]' -r -F
complete -c capsule -n "__fish_capsule_using_subcommand check" -l principal -d 'On whose behalf to act' -r
complete -c capsule -n "__fish_capsule_using_subcommand check" -l workspace -d 'Directory that guests work in [default: the current one]' -r -F
complete -c capsule -n "__fish_capsule_using_subcommand check" -l color -d 'When to use colour' -r -f -a "auto\t'When the stream is a terminal that wants it'
always\t'Always'
never\t'Never'"
complete -c capsule -n "__fish_capsule_using_subcommand check" -l payload -d 'Payload' -r
complete -c capsule -n "__fish_capsule_using_subcommand check" -l payload-file -d 'File with the payload' -r -F
complete -c capsule -n "__fish_capsule_using_subcommand check" -l topic -d 'Topic of the message that is being served' -r
complete -c capsule -n "__fish_capsule_using_subcommand check" -l fuel -d 'Fuel of the call [default: 10000000000]' -r
complete -c capsule -n "__fish_capsule_using_subcommand check" -l timeout -d 'Wall-clock limit of the call [default: the profile\'s, 300s]' -r
complete -c capsule -n "__fish_capsule_using_subcommand check" -l memory -d 'Memory of the instance [default: the profile\'s, 64MiB]' -r
complete -c capsule -n "__fish_capsule_using_subcommand check" -l seed -d 'Simulate, so that equal runs are equal: virtual time, repeatable random bytes, a throw-away home, no network' -r
complete -c capsule -n "__fish_capsule_using_subcommand check" -l given -d 'What there is in the simulated world: a TOML file' -r -F
complete -c capsule -n "__fish_capsule_using_subcommand check" -l repeat -d 'Make the call so many times and sum up' -r
complete -c capsule -n "__fish_capsule_using_subcommand check" -l concurrency -d 'Calls at once' -r
complete -c capsule -n "__fish_capsule_using_subcommand check" -l as -d 'On whose behalf, in turns, instead of --principal' -r
complete -c capsule -n "__fish_capsule_using_subcommand check" -l instances -d 'Whether an instance serves further calls of the same principal, or each call gets its own' -r -f -a "reuse\t'One that has served the same principal before, if it returned normally'
fresh\t'A new one for each call'"
complete -c capsule -n "__fish_capsule_using_subcommand check" -l allow-local -d 'Let guests reach this endpoint although its address is local; may be repeated' -r
complete -c capsule -n "__fish_capsule_using_subcommand check" -l resolve -d 'Take this address for a name; may be repeated' -r
complete -c capsule -n "__fish_capsule_using_subcommand check" -l ca-file -d 'Believe the certificate authorities in this PEM file too, over HTTPS' -r -F
complete -c capsule -n "__fish_capsule_using_subcommand check" -l approve -d 'Decide in advance on what guests ask approval for: a rule, or a .toml file with rules; repeatable' -r
complete -c capsule -n "__fish_capsule_using_subcommand check" -l answer-timeout -d 'How long guests wait for somebody at the terminal [default: 60s for an approval, 120s for an answer]' -r
complete -c capsule -n "__fish_capsule_using_subcommand check" -l expect -d 'Expect this outcome: continue, final, deny, trap, out-of-fuel, deadline, memory' -r -f -a "continue\t''
final\t''
deny\t''
trap\t''
out-of-fuel\t''
deadline\t''
memory\t''"
complete -c capsule -n "__fish_capsule_using_subcommand check" -l expect-data -d 'Expect this JSON as data' -r
complete -c capsule -n "__fish_capsule_using_subcommand check" -l max-fuel -d 'Expect the call to use no more fuel than this' -r
complete -c capsule -n "__fish_capsule_using_subcommand check" -l max-memory -d 'Expect no more memory than this at the peak' -r
complete -c capsule -n "__fish_capsule_using_subcommand check" -l trace -d 'Show every host call, or those that pass the filter; repeatable' -r
complete -c capsule -n "__fish_capsule_using_subcommand check" -l trace-format -d 'How calls are written' -r -f -a "text\t'One line per call'
jsonl\t'One JSON object per call, `capsule.trace/1`'
chrome\t'For trace viewers: an event per call, a thread per instance'"
complete -c capsule -n "__fish_capsule_using_subcommand check" -l trace-output -d 'Write the trace to this file instead of standard error' -r -F
complete -c capsule -n "__fish_capsule_using_subcommand check" -l record -d 'Record everything that the guest is told, for `capsule replay`' -r -F
complete -c capsule -n "__fish_capsule_using_subcommand check" -l json -d 'Print one JSON document (JSON lines where a command streams)'
complete -c capsule -n "__fish_capsule_using_subcommand check" -s q -l quiet -d 'Print results and problems only'
complete -c capsule -n "__fish_capsule_using_subcommand check" -s v -l verbose -d 'Tell more; repeat for the tool\'s own diagnostics'
complete -c capsule -n "__fish_capsule_using_subcommand check" -l no-input -d 'Never ask; fail instead'
complete -c capsule -n "__fish_capsule_using_subcommand check" -s y -l yes -d 'Answer capsule\'s own questions with yes; never a guest\'s'
complete -c capsule -n "__fish_capsule_using_subcommand check" -l deterministic -d 'Check that equal conditions give equal calls, answers and fuel'
complete -c capsule -n "__fish_capsule_using_subcommand check" -l ephemeral -d 'Throw-away home: nothing is read from the real one, nothing is left in it'
complete -c capsule -n "__fish_capsule_using_subcommand check" -l stats -d 'Print the cost on standard output, after the answer'
complete -c capsule -n "__fish_capsule_using_subcommand check" -l offline -d 'Let guests reach nothing at all'
complete -c capsule -n "__fish_capsule_using_subcommand check" -l allow-unsandboxed -d 'Let guests start programs without a sandbox, with all that you may do'
complete -c capsule -n "__fish_capsule_using_subcommand check" -l commit -d 'Apply what guests changed in the workspace, all of it or nothing; without this it is listed and dropped'
complete -c capsule -n "__fish_capsule_using_subcommand check" -l direct -d 'Let guests write to the workspace at once and for good'
complete -c capsule -n "__fish_capsule_using_subcommand check" -s c -l trace-summary -d 'Show sums per function instead of every call'
complete -c capsule -n "__fish_capsule_using_subcommand check" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c capsule -n "__fish_capsule_using_subcommand connect" -l home -d 'Home directory [default: $ASTRID_HOME, else ~/.astrid]' -r -F
complete -c capsule -n "__fish_capsule_using_subcommand connect" -l principal -d 'On whose behalf to act' -r
complete -c capsule -n "__fish_capsule_using_subcommand connect" -l workspace -d 'Directory that guests work in [default: the current one]' -r -F
complete -c capsule -n "__fish_capsule_using_subcommand connect" -l color -d 'When to use colour' -r -f -a "auto\t'When the stream is a terminal that wants it'
always\t'Always'
never\t'Never'"
complete -c capsule -n "__fish_capsule_using_subcommand connect" -l wait -d 'Wait so long for the capsule to ask for its socket' -r
complete -c capsule -n "__fish_capsule_using_subcommand connect" -l replies -d 'End after this many frames from the capsule; exit 1 when there are fewer' -r
complete -c capsule -n "__fish_capsule_using_subcommand connect" -l for -d 'End after this time; exit 8 when --replies are still missing' -r
complete -c capsule -n "__fish_capsule_using_subcommand connect" -l json -d 'Print one JSON document (JSON lines where a command streams)'
complete -c capsule -n "__fish_capsule_using_subcommand connect" -s q -l quiet -d 'Print results and problems only'
complete -c capsule -n "__fish_capsule_using_subcommand connect" -s v -l verbose -d 'Tell more; repeat for the tool\'s own diagnostics'
complete -c capsule -n "__fish_capsule_using_subcommand connect" -l no-input -d 'Never ask; fail instead'
complete -c capsule -n "__fish_capsule_using_subcommand connect" -s y -l yes -d 'Answer capsule\'s own questions with yes; never a guest\'s'
complete -c capsule -n "__fish_capsule_using_subcommand connect" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c capsule -n "__fish_capsule_using_subcommand tool; and not __fish_seen_subcommand_from list call" -l home -d 'Home directory [default: $ASTRID_HOME, else ~/.astrid]' -r -F
complete -c capsule -n "__fish_capsule_using_subcommand tool; and not __fish_seen_subcommand_from list call" -l principal -d 'On whose behalf to act' -r
complete -c capsule -n "__fish_capsule_using_subcommand tool; and not __fish_seen_subcommand_from list call" -l workspace -d 'Directory that guests work in [default: the current one]' -r -F
complete -c capsule -n "__fish_capsule_using_subcommand tool; and not __fish_seen_subcommand_from list call" -l color -d 'When to use colour' -r -f -a "auto\t'When the stream is a terminal that wants it'
always\t'Always'
never\t'Never'"
complete -c capsule -n "__fish_capsule_using_subcommand tool; and not __fish_seen_subcommand_from list call" -l json -d 'Print one JSON document (JSON lines where a command streams)'
complete -c capsule -n "__fish_capsule_using_subcommand tool; and not __fish_seen_subcommand_from list call" -s q -l quiet -d 'Print results and problems only'
complete -c capsule -n "__fish_capsule_using_subcommand tool; and not __fish_seen_subcommand_from list call" -s v -l verbose -d 'Tell more; repeat for the tool\'s own diagnostics'
complete -c capsule -n "__fish_capsule_using_subcommand tool; and not __fish_seen_subcommand_from list call" -l no-input -d 'Never ask; fail instead'
complete -c capsule -n "__fish_capsule_using_subcommand tool; and not __fish_seen_subcommand_from list call" -s y -l yes -d 'Answer capsule\'s own questions with yes; never a guest\'s'
complete -c capsule -n "__fish_capsule_using_subcommand tool; and not __fish_seen_subcommand_from list call" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c capsule -n "__fish_capsule_using_subcommand tool; and not __fish_seen_subcommand_from list call" -f -a "list" -d 'List the tools that capsules have'
complete -c capsule -n "__fish_capsule_using_subcommand tool; and not __fish_seen_subcommand_from list call" -f -a "call" -d 'Call a tool and print its result and its cost'
complete -c capsule -n "__fish_capsule_using_subcommand tool; and __fish_seen_subcommand_from list" -l home -d 'Home directory [default: $ASTRID_HOME, else ~/.astrid]' -r -F
complete -c capsule -n "__fish_capsule_using_subcommand tool; and __fish_seen_subcommand_from list" -l principal -d 'On whose behalf to act' -r
complete -c capsule -n "__fish_capsule_using_subcommand tool; and __fish_seen_subcommand_from list" -l workspace -d 'Directory that guests work in [default: the current one]' -r -F
complete -c capsule -n "__fish_capsule_using_subcommand tool; and __fish_seen_subcommand_from list" -l color -d 'When to use colour' -r -f -a "auto\t'When the stream is a terminal that wants it'
always\t'Always'
never\t'Never'"
complete -c capsule -n "__fish_capsule_using_subcommand tool; and __fish_seen_subcommand_from list" -l json -d 'Print one JSON document (JSON lines where a command streams)'
complete -c capsule -n "__fish_capsule_using_subcommand tool; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Print results and problems only'
complete -c capsule -n "__fish_capsule_using_subcommand tool; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Tell more; repeat for the tool\'s own diagnostics'
complete -c capsule -n "__fish_capsule_using_subcommand tool; and __fish_seen_subcommand_from list" -l no-input -d 'Never ask; fail instead'
complete -c capsule -n "__fish_capsule_using_subcommand tool; and __fish_seen_subcommand_from list" -s y -l yes -d 'Answer capsule\'s own questions with yes; never a guest\'s'
complete -c capsule -n "__fish_capsule_using_subcommand tool; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c capsule -n "__fish_capsule_using_subcommand tool; and __fish_seen_subcommand_from call" -l args -d 'Arguments [default: {}]' -r
complete -c capsule -n "__fish_capsule_using_subcommand tool; and __fish_seen_subcommand_from call" -l args-file -d 'File with the arguments' -r -F
complete -c capsule -n "__fish_capsule_using_subcommand tool; and __fish_seen_subcommand_from call" -l timeout -d 'How long to wait for the result [default: the profile\'s limit of a call, 300s]' -r
complete -c capsule -n "__fish_capsule_using_subcommand tool; and __fish_seen_subcommand_from call" -l approve -d 'Decide in advance on what guests ask approval for: a rule, or a .toml file with rules; repeatable' -r
complete -c capsule -n "__fish_capsule_using_subcommand tool; and __fish_seen_subcommand_from call" -l answer-timeout -d 'How long guests wait for somebody at the terminal [default: 60s for an approval, 120s for an answer]' -r
complete -c capsule -n "__fish_capsule_using_subcommand tool; and __fish_seen_subcommand_from call" -l allow-local -d 'Let guests reach this endpoint although its address is local; may be repeated' -r
complete -c capsule -n "__fish_capsule_using_subcommand tool; and __fish_seen_subcommand_from call" -l resolve -d 'Take this address for a name; may be repeated' -r
complete -c capsule -n "__fish_capsule_using_subcommand tool; and __fish_seen_subcommand_from call" -l ca-file -d 'Believe the certificate authorities in this PEM file too, over HTTPS' -r -F
complete -c capsule -n "__fish_capsule_using_subcommand tool; and __fish_seen_subcommand_from call" -l trace -d 'Show every host call, or those that pass the filter; repeatable' -r
complete -c capsule -n "__fish_capsule_using_subcommand tool; and __fish_seen_subcommand_from call" -l trace-format -d 'How calls are written' -r -f -a "text\t'One line per call'
jsonl\t'One JSON object per call, `capsule.trace/1`'
chrome\t'For trace viewers: an event per call, a thread per instance'"
complete -c capsule -n "__fish_capsule_using_subcommand tool; and __fish_seen_subcommand_from call" -l trace-output -d 'Write the trace to this file instead of standard error' -r -F
complete -c capsule -n "__fish_capsule_using_subcommand tool; and __fish_seen_subcommand_from call" -l home -d 'Home directory [default: $ASTRID_HOME, else ~/.astrid]' -r -F
complete -c capsule -n "__fish_capsule_using_subcommand tool; and __fish_seen_subcommand_from call" -l principal -d 'On whose behalf to act' -r
complete -c capsule -n "__fish_capsule_using_subcommand tool; and __fish_seen_subcommand_from call" -l workspace -d 'Directory that guests work in [default: the current one]' -r -F
complete -c capsule -n "__fish_capsule_using_subcommand tool; and __fish_seen_subcommand_from call" -l color -d 'When to use colour' -r -f -a "auto\t'When the stream is a terminal that wants it'
always\t'Always'
never\t'Never'"
complete -c capsule -n "__fish_capsule_using_subcommand tool; and __fish_seen_subcommand_from call" -l offline -d 'Let guests reach nothing at all'
complete -c capsule -n "__fish_capsule_using_subcommand tool; and __fish_seen_subcommand_from call" -l allow-unsandboxed -d 'Let guests start programs without a sandbox, with all that you may do'
complete -c capsule -n "__fish_capsule_using_subcommand tool; and __fish_seen_subcommand_from call" -l commit -d 'Apply what guests changed in the workspace, all of it or nothing; without this it is listed and dropped'
complete -c capsule -n "__fish_capsule_using_subcommand tool; and __fish_seen_subcommand_from call" -l direct -d 'Let guests write to the workspace at once and for good'
complete -c capsule -n "__fish_capsule_using_subcommand tool; and __fish_seen_subcommand_from call" -s c -l trace-summary -d 'Show sums per function instead of every call'
complete -c capsule -n "__fish_capsule_using_subcommand tool; and __fish_seen_subcommand_from call" -l json -d 'Print one JSON document (JSON lines where a command streams)'
complete -c capsule -n "__fish_capsule_using_subcommand tool; and __fish_seen_subcommand_from call" -s q -l quiet -d 'Print results and problems only'
complete -c capsule -n "__fish_capsule_using_subcommand tool; and __fish_seen_subcommand_from call" -s v -l verbose -d 'Tell more; repeat for the tool\'s own diagnostics'
complete -c capsule -n "__fish_capsule_using_subcommand tool; and __fish_seen_subcommand_from call" -l no-input -d 'Never ask; fail instead'
complete -c capsule -n "__fish_capsule_using_subcommand tool; and __fish_seen_subcommand_from call" -s y -l yes -d 'Answer capsule\'s own questions with yes; never a guest\'s'
complete -c capsule -n "__fish_capsule_using_subcommand tool; and __fish_seen_subcommand_from call" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c capsule -n "__fish_capsule_using_subcommand list" -l home -d 'Home directory [default: $ASTRID_HOME, else ~/.astrid]' -r -F
complete -c capsule -n "__fish_capsule_using_subcommand list" -l principal -d 'On whose behalf to act' -r
complete -c capsule -n "__fish_capsule_using_subcommand list" -l workspace -d 'Directory that guests work in [default: the current one]' -r -F
complete -c capsule -n "__fish_capsule_using_subcommand list" -l color -d 'When to use colour' -r -f -a "auto\t'When the stream is a terminal that wants it'
always\t'Always'
never\t'Never'"
complete -c capsule -n "__fish_capsule_using_subcommand list" -l actions -d 'Print the actions of a capsule, for completion scripts' -r
complete -c capsule -n "__fish_capsule_using_subcommand list" -l json -d 'Print one JSON document (JSON lines where a command streams)'
complete -c capsule -n "__fish_capsule_using_subcommand list" -s q -l quiet -d 'Print results and problems only'
complete -c capsule -n "__fish_capsule_using_subcommand list" -s v -l verbose -d 'Tell more; repeat for the tool\'s own diagnostics'
complete -c capsule -n "__fish_capsule_using_subcommand list" -l no-input -d 'Never ask; fail instead'
complete -c capsule -n "__fish_capsule_using_subcommand list" -s y -l yes -d 'Answer capsule\'s own questions with yes; never a guest\'s'
complete -c capsule -n "__fish_capsule_using_subcommand list" -l names -d 'Print the names only, for completion scripts'
complete -c capsule -n "__fish_capsule_using_subcommand list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c capsule -n "__fish_capsule_using_subcommand show" -l home -d 'Home directory [default: $ASTRID_HOME, else ~/.astrid]' -r -F
complete -c capsule -n "__fish_capsule_using_subcommand show" -l principal -d 'On whose behalf to act' -r
complete -c capsule -n "__fish_capsule_using_subcommand show" -l workspace -d 'Directory that guests work in [default: the current one]' -r -F
complete -c capsule -n "__fish_capsule_using_subcommand show" -l color -d 'When to use colour' -r -f -a "auto\t'When the stream is a terminal that wants it'
always\t'Always'
never\t'Never'"
complete -c capsule -n "__fish_capsule_using_subcommand show" -l json -d 'Print one JSON document (JSON lines where a command streams)'
complete -c capsule -n "__fish_capsule_using_subcommand show" -s q -l quiet -d 'Print results and problems only'
complete -c capsule -n "__fish_capsule_using_subcommand show" -s v -l verbose -d 'Tell more; repeat for the tool\'s own diagnostics'
complete -c capsule -n "__fish_capsule_using_subcommand show" -l no-input -d 'Never ask; fail instead'
complete -c capsule -n "__fish_capsule_using_subcommand show" -s y -l yes -d 'Answer capsule\'s own questions with yes; never a guest\'s'
complete -c capsule -n "__fish_capsule_using_subcommand show" -l manifest -d 'Print the installed manifest, word for word'
complete -c capsule -n "__fish_capsule_using_subcommand show" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c capsule -n "__fish_capsule_using_subcommand verify" -l home -d 'Home directory [default: $ASTRID_HOME, else ~/.astrid]' -r -F
complete -c capsule -n "__fish_capsule_using_subcommand verify" -l principal -d 'On whose behalf to act' -r
complete -c capsule -n "__fish_capsule_using_subcommand verify" -l workspace -d 'Directory that guests work in [default: the current one]' -r -F
complete -c capsule -n "__fish_capsule_using_subcommand verify" -l color -d 'When to use colour' -r -f -a "auto\t'When the stream is a terminal that wants it'
always\t'Always'
never\t'Never'"
complete -c capsule -n "__fish_capsule_using_subcommand verify" -l key -d 'Check the signatures of files instead, made by this key: a file of minisign, or its second line' -r
complete -c capsule -n "__fish_capsule_using_subcommand verify" -l signature -d 'Where the signature of the one file is [default: FILE.minisig]' -r -F
complete -c capsule -n "__fish_capsule_using_subcommand verify" -l format -d 'Form of the report; all but the first two hold the findings only [default: text, or json with --json]' -r -f -a "text\t'For people'
json\t'One document, with everything that the text says'
sarif\t'SARIF 2.1.0, for code scanning'
github\t'Annotations of GitHub Actions'
junit\t'JUnit\'s XML, a case for each finding'
markdown\t'A summary of a job or pull request'"
complete -c capsule -n "__fish_capsule_using_subcommand verify" -l json -d 'Print one JSON document (JSON lines where a command streams)'
complete -c capsule -n "__fish_capsule_using_subcommand verify" -s q -l quiet -d 'Print results and problems only'
complete -c capsule -n "__fish_capsule_using_subcommand verify" -s v -l verbose -d 'Tell more; repeat for the tool\'s own diagnostics'
complete -c capsule -n "__fish_capsule_using_subcommand verify" -l no-input -d 'Never ask; fail instead'
complete -c capsule -n "__fish_capsule_using_subcommand verify" -s y -l yes -d 'Answer capsule\'s own questions with yes; never a guest\'s'
complete -c capsule -n "__fish_capsule_using_subcommand verify" -l all -d 'Check all capsules, stored files, the permissions of the home and the cache'
complete -c capsule -n "__fish_capsule_using_subcommand verify" -l repair -d 'Put back what is damaged, from the stored files and from what the capsule was installed from, where their hash is still the recorded one'
complete -c capsule -n "__fish_capsule_using_subcommand verify" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c capsule -n "__fish_capsule_using_subcommand diff" -l home -d 'Home directory [default: $ASTRID_HOME, else ~/.astrid]' -r -F
complete -c capsule -n "__fish_capsule_using_subcommand diff" -l principal -d 'On whose behalf to act' -r
complete -c capsule -n "__fish_capsule_using_subcommand diff" -l workspace -d 'Directory that guests work in [default: the current one]' -r -F
complete -c capsule -n "__fish_capsule_using_subcommand diff" -l color -d 'When to use colour' -r -f -a "auto\t'When the stream is a terminal that wants it'
always\t'Always'
never\t'Never'"
complete -c capsule -n "__fish_capsule_using_subcommand diff" -l json -d 'Print one JSON document (JSON lines where a command streams)'
complete -c capsule -n "__fish_capsule_using_subcommand diff" -s q -l quiet -d 'Print results and problems only'
complete -c capsule -n "__fish_capsule_using_subcommand diff" -s v -l verbose -d 'Tell more; repeat for the tool\'s own diagnostics'
complete -c capsule -n "__fish_capsule_using_subcommand diff" -l no-input -d 'Never ask; fail instead'
complete -c capsule -n "__fish_capsule_using_subcommand diff" -s y -l yes -d 'Answer capsule\'s own questions with yes; never a guest\'s'
complete -c capsule -n "__fish_capsule_using_subcommand diff" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c capsule -n "__fish_capsule_using_subcommand explain" -l home -d 'Home directory [default: $ASTRID_HOME, else ~/.astrid]' -r -F
complete -c capsule -n "__fish_capsule_using_subcommand explain" -l principal -d 'On whose behalf to act' -r
complete -c capsule -n "__fish_capsule_using_subcommand explain" -l workspace -d 'Directory that guests work in [default: the current one]' -r -F
complete -c capsule -n "__fish_capsule_using_subcommand explain" -l color -d 'When to use colour' -r -f -a "auto\t'When the stream is a terminal that wants it'
always\t'Always'
never\t'Never'"
complete -c capsule -n "__fish_capsule_using_subcommand explain" -l json -d 'Print one JSON document (JSON lines where a command streams)'
complete -c capsule -n "__fish_capsule_using_subcommand explain" -s q -l quiet -d 'Print results and problems only'
complete -c capsule -n "__fish_capsule_using_subcommand explain" -s v -l verbose -d 'Tell more; repeat for the tool\'s own diagnostics'
complete -c capsule -n "__fish_capsule_using_subcommand explain" -l no-input -d 'Never ask; fail instead'
complete -c capsule -n "__fish_capsule_using_subcommand explain" -s y -l yes -d 'Answer capsule\'s own questions with yes; never a guest\'s'
complete -c capsule -n "__fish_capsule_using_subcommand explain" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c capsule -n "__fish_capsule_using_subcommand rollback" -l home -d 'Home directory [default: $ASTRID_HOME, else ~/.astrid]' -r -F
complete -c capsule -n "__fish_capsule_using_subcommand rollback" -l principal -d 'On whose behalf to act' -r
complete -c capsule -n "__fish_capsule_using_subcommand rollback" -l workspace -d 'Directory that guests work in [default: the current one]' -r -F
complete -c capsule -n "__fish_capsule_using_subcommand rollback" -l color -d 'When to use colour' -r -f -a "auto\t'When the stream is a terminal that wants it'
always\t'Always'
never\t'Never'"
complete -c capsule -n "__fish_capsule_using_subcommand rollback" -l answers -d 'TOML file with answers to settings and to questions of the hook' -r -F
complete -c capsule -n "__fish_capsule_using_subcommand rollback" -l set -d 'One answer; repeatable' -r
complete -c capsule -n "__fish_capsule_using_subcommand rollback" -l approve -d 'Decide in advance on what guests ask approval for: a rule, or a .toml file with rules; repeatable' -r
complete -c capsule -n "__fish_capsule_using_subcommand rollback" -l answer-timeout -d 'How long guests wait for somebody at the terminal [default: 60s for an approval, 120s for an answer]' -r
complete -c capsule -n "__fish_capsule_using_subcommand rollback" -l allow-local -d 'Let guests reach this endpoint although its address is local; may be repeated' -r
complete -c capsule -n "__fish_capsule_using_subcommand rollback" -l resolve -d 'Take this address for a name; may be repeated' -r
complete -c capsule -n "__fish_capsule_using_subcommand rollback" -l ca-file -d 'Believe the certificate authorities in this PEM file too, over HTTPS' -r -F
complete -c capsule -n "__fish_capsule_using_subcommand rollback" -l trace -d 'Show every host call, or those that pass the filter; repeatable' -r
complete -c capsule -n "__fish_capsule_using_subcommand rollback" -l trace-format -d 'How calls are written' -r -f -a "text\t'One line per call'
jsonl\t'One JSON object per call, `capsule.trace/1`'
chrome\t'For trace viewers: an event per call, a thread per instance'"
complete -c capsule -n "__fish_capsule_using_subcommand rollback" -l trace-output -d 'Write the trace to this file instead of standard error' -r -F
complete -c capsule -n "__fish_capsule_using_subcommand rollback" -l record -d 'Record everything that the guest is told, for `capsule replay`' -r -F
complete -c capsule -n "__fish_capsule_using_subcommand rollback" -l json -d 'Print one JSON document (JSON lines where a command streams)'
complete -c capsule -n "__fish_capsule_using_subcommand rollback" -s q -l quiet -d 'Print results and problems only'
complete -c capsule -n "__fish_capsule_using_subcommand rollback" -s v -l verbose -d 'Tell more; repeat for the tool\'s own diagnostics'
complete -c capsule -n "__fish_capsule_using_subcommand rollback" -l no-input -d 'Never ask; fail instead'
complete -c capsule -n "__fish_capsule_using_subcommand rollback" -s y -l yes -d 'Answer capsule\'s own questions with yes; never a guest\'s'
complete -c capsule -n "__fish_capsule_using_subcommand rollback" -l dry-run -d 'Make every check and write nothing'
complete -c capsule -n "__fish_capsule_using_subcommand rollback" -l no-hooks -d 'Do not run lifecycle hooks'
complete -c capsule -n "__fish_capsule_using_subcommand rollback" -l no-wait -d 'Fail instead of waiting for another install of the same capsule'
complete -c capsule -n "__fish_capsule_using_subcommand rollback" -l offline -d 'Let guests reach nothing at all'
complete -c capsule -n "__fish_capsule_using_subcommand rollback" -l allow-unsandboxed -d 'Let guests start programs without a sandbox, with all that you may do'
complete -c capsule -n "__fish_capsule_using_subcommand rollback" -s c -l trace-summary -d 'Show sums per function instead of every call'
complete -c capsule -n "__fish_capsule_using_subcommand rollback" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c capsule -n "__fish_capsule_using_subcommand remove" -l home -d 'Home directory [default: $ASTRID_HOME, else ~/.astrid]' -r -F
complete -c capsule -n "__fish_capsule_using_subcommand remove" -l principal -d 'On whose behalf to act' -r
complete -c capsule -n "__fish_capsule_using_subcommand remove" -l workspace -d 'Directory that guests work in [default: the current one]' -r -F
complete -c capsule -n "__fish_capsule_using_subcommand remove" -l color -d 'When to use colour' -r -f -a "auto\t'When the stream is a terminal that wants it'
always\t'Always'
never\t'Never'"
complete -c capsule -n "__fish_capsule_using_subcommand remove" -l json -d 'Print one JSON document (JSON lines where a command streams)'
complete -c capsule -n "__fish_capsule_using_subcommand remove" -s q -l quiet -d 'Print results and problems only'
complete -c capsule -n "__fish_capsule_using_subcommand remove" -s v -l verbose -d 'Tell more; repeat for the tool\'s own diagnostics'
complete -c capsule -n "__fish_capsule_using_subcommand remove" -l no-input -d 'Never ask; fail instead'
complete -c capsule -n "__fish_capsule_using_subcommand remove" -s y -l yes -d 'Answer capsule\'s own questions with yes; never a guest\'s'
complete -c capsule -n "__fish_capsule_using_subcommand remove" -l purge -d 'Remove its settings, secrets, data and logs as well, of every principal'
complete -c capsule -n "__fish_capsule_using_subcommand remove" -l force -d 'Remove it even if another capsule needs it'
complete -c capsule -n "__fish_capsule_using_subcommand remove" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c capsule -n "__fish_capsule_using_subcommand doctor" -l home -d 'Home directory [default: $ASTRID_HOME, else ~/.astrid]' -r -F
complete -c capsule -n "__fish_capsule_using_subcommand doctor" -l principal -d 'On whose behalf to act' -r
complete -c capsule -n "__fish_capsule_using_subcommand doctor" -l workspace -d 'Directory that guests work in [default: the current one]' -r -F
complete -c capsule -n "__fish_capsule_using_subcommand doctor" -l color -d 'When to use colour' -r -f -a "auto\t'When the stream is a terminal that wants it'
always\t'Always'
never\t'Never'"
complete -c capsule -n "__fish_capsule_using_subcommand doctor" -l json -d 'Print one JSON document (JSON lines where a command streams)'
complete -c capsule -n "__fish_capsule_using_subcommand doctor" -s q -l quiet -d 'Print results and problems only'
complete -c capsule -n "__fish_capsule_using_subcommand doctor" -s v -l verbose -d 'Tell more; repeat for the tool\'s own diagnostics'
complete -c capsule -n "__fish_capsule_using_subcommand doctor" -l no-input -d 'Never ask; fail instead'
complete -c capsule -n "__fish_capsule_using_subcommand doctor" -s y -l yes -d 'Answer capsule\'s own questions with yes; never a guest\'s'
complete -c capsule -n "__fish_capsule_using_subcommand doctor" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c capsule -n "__fish_capsule_using_subcommand gc" -l home -d 'Home directory [default: $ASTRID_HOME, else ~/.astrid]' -r -F
complete -c capsule -n "__fish_capsule_using_subcommand gc" -l principal -d 'On whose behalf to act' -r
complete -c capsule -n "__fish_capsule_using_subcommand gc" -l workspace -d 'Directory that guests work in [default: the current one]' -r -F
complete -c capsule -n "__fish_capsule_using_subcommand gc" -l color -d 'When to use colour' -r -f -a "auto\t'When the stream is a terminal that wants it'
always\t'Always'
never\t'Never'"
complete -c capsule -n "__fish_capsule_using_subcommand gc" -l root -d 'A further workspace whose capsules may use stored files' -r -F
complete -c capsule -n "__fish_capsule_using_subcommand gc" -l json -d 'Print one JSON document (JSON lines where a command streams)'
complete -c capsule -n "__fish_capsule_using_subcommand gc" -s q -l quiet -d 'Print results and problems only'
complete -c capsule -n "__fish_capsule_using_subcommand gc" -s v -l verbose -d 'Tell more; repeat for the tool\'s own diagnostics'
complete -c capsule -n "__fish_capsule_using_subcommand gc" -l no-input -d 'Never ask; fail instead'
complete -c capsule -n "__fish_capsule_using_subcommand gc" -s y -l yes -d 'Answer capsule\'s own questions with yes; never a guest\'s'
complete -c capsule -n "__fish_capsule_using_subcommand gc" -l dry-run -d 'Show what would go and remove nothing'
complete -c capsule -n "__fish_capsule_using_subcommand gc" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c capsule -n "__fish_capsule_using_subcommand logs" -l home -d 'Home directory [default: $ASTRID_HOME, else ~/.astrid]' -r -F
complete -c capsule -n "__fish_capsule_using_subcommand logs" -l principal -d 'On whose behalf to act' -r
complete -c capsule -n "__fish_capsule_using_subcommand logs" -l workspace -d 'Directory that guests work in [default: the current one]' -r -F
complete -c capsule -n "__fish_capsule_using_subcommand logs" -l color -d 'When to use colour' -r -f -a "auto\t'When the stream is a terminal that wants it'
always\t'Always'
never\t'Never'"
complete -c capsule -n "__fish_capsule_using_subcommand logs" -s n -l lines -d 'How many of the last lines to show' -r
complete -c capsule -n "__fish_capsule_using_subcommand logs" -l json -d 'Print one JSON document (JSON lines where a command streams)'
complete -c capsule -n "__fish_capsule_using_subcommand logs" -s q -l quiet -d 'Print results and problems only'
complete -c capsule -n "__fish_capsule_using_subcommand logs" -s v -l verbose -d 'Tell more; repeat for the tool\'s own diagnostics'
complete -c capsule -n "__fish_capsule_using_subcommand logs" -l no-input -d 'Never ask; fail instead'
complete -c capsule -n "__fish_capsule_using_subcommand logs" -s y -l yes -d 'Answer capsule\'s own questions with yes; never a guest\'s'
complete -c capsule -n "__fish_capsule_using_subcommand logs" -s f -l follow -d 'Go on with new lines until interrupted'
complete -c capsule -n "__fish_capsule_using_subcommand logs" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c capsule -n "__fish_capsule_using_subcommand env; and not __fish_seen_subcommand_from list get set unset" -l home -d 'Home directory [default: $ASTRID_HOME, else ~/.astrid]' -r -F
complete -c capsule -n "__fish_capsule_using_subcommand env; and not __fish_seen_subcommand_from list get set unset" -l principal -d 'On whose behalf to act' -r
complete -c capsule -n "__fish_capsule_using_subcommand env; and not __fish_seen_subcommand_from list get set unset" -l workspace -d 'Directory that guests work in [default: the current one]' -r -F
complete -c capsule -n "__fish_capsule_using_subcommand env; and not __fish_seen_subcommand_from list get set unset" -l color -d 'When to use colour' -r -f -a "auto\t'When the stream is a terminal that wants it'
always\t'Always'
never\t'Never'"
complete -c capsule -n "__fish_capsule_using_subcommand env; and not __fish_seen_subcommand_from list get set unset" -l json -d 'Print one JSON document (JSON lines where a command streams)'
complete -c capsule -n "__fish_capsule_using_subcommand env; and not __fish_seen_subcommand_from list get set unset" -s q -l quiet -d 'Print results and problems only'
complete -c capsule -n "__fish_capsule_using_subcommand env; and not __fish_seen_subcommand_from list get set unset" -s v -l verbose -d 'Tell more; repeat for the tool\'s own diagnostics'
complete -c capsule -n "__fish_capsule_using_subcommand env; and not __fish_seen_subcommand_from list get set unset" -l no-input -d 'Never ask; fail instead'
complete -c capsule -n "__fish_capsule_using_subcommand env; and not __fish_seen_subcommand_from list get set unset" -s y -l yes -d 'Answer capsule\'s own questions with yes; never a guest\'s'
complete -c capsule -n "__fish_capsule_using_subcommand env; and not __fish_seen_subcommand_from list get set unset" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c capsule -n "__fish_capsule_using_subcommand env; and not __fish_seen_subcommand_from list get set unset" -a "list" -d 'List all settings (the default)'
complete -c capsule -n "__fish_capsule_using_subcommand env; and not __fish_seen_subcommand_from list get set unset" -a "get" -d 'Print the value of a setting'
complete -c capsule -n "__fish_capsule_using_subcommand env; and not __fish_seen_subcommand_from list get set unset" -a "set" -d 'Give settings a value'
complete -c capsule -n "__fish_capsule_using_subcommand env; and not __fish_seen_subcommand_from list get set unset" -a "unset" -d 'Go back to what the manifest says'
complete -c capsule -n "__fish_capsule_using_subcommand env; and __fish_seen_subcommand_from list" -l home -d 'Home directory [default: $ASTRID_HOME, else ~/.astrid]' -r -F
complete -c capsule -n "__fish_capsule_using_subcommand env; and __fish_seen_subcommand_from list" -l principal -d 'On whose behalf to act' -r
complete -c capsule -n "__fish_capsule_using_subcommand env; and __fish_seen_subcommand_from list" -l workspace -d 'Directory that guests work in [default: the current one]' -r -F
complete -c capsule -n "__fish_capsule_using_subcommand env; and __fish_seen_subcommand_from list" -l color -d 'When to use colour' -r -f -a "auto\t'When the stream is a terminal that wants it'
always\t'Always'
never\t'Never'"
complete -c capsule -n "__fish_capsule_using_subcommand env; and __fish_seen_subcommand_from list" -l json -d 'Print one JSON document (JSON lines where a command streams)'
complete -c capsule -n "__fish_capsule_using_subcommand env; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Print results and problems only'
complete -c capsule -n "__fish_capsule_using_subcommand env; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Tell more; repeat for the tool\'s own diagnostics'
complete -c capsule -n "__fish_capsule_using_subcommand env; and __fish_seen_subcommand_from list" -l no-input -d 'Never ask; fail instead'
complete -c capsule -n "__fish_capsule_using_subcommand env; and __fish_seen_subcommand_from list" -s y -l yes -d 'Answer capsule\'s own questions with yes; never a guest\'s'
complete -c capsule -n "__fish_capsule_using_subcommand env; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c capsule -n "__fish_capsule_using_subcommand env; and __fish_seen_subcommand_from get" -l home -d 'Home directory [default: $ASTRID_HOME, else ~/.astrid]' -r -F
complete -c capsule -n "__fish_capsule_using_subcommand env; and __fish_seen_subcommand_from get" -l principal -d 'On whose behalf to act' -r
complete -c capsule -n "__fish_capsule_using_subcommand env; and __fish_seen_subcommand_from get" -l workspace -d 'Directory that guests work in [default: the current one]' -r -F
complete -c capsule -n "__fish_capsule_using_subcommand env; and __fish_seen_subcommand_from get" -l color -d 'When to use colour' -r -f -a "auto\t'When the stream is a terminal that wants it'
always\t'Always'
never\t'Never'"
complete -c capsule -n "__fish_capsule_using_subcommand env; and __fish_seen_subcommand_from get" -l json -d 'Print one JSON document (JSON lines where a command streams)'
complete -c capsule -n "__fish_capsule_using_subcommand env; and __fish_seen_subcommand_from get" -s q -l quiet -d 'Print results and problems only'
complete -c capsule -n "__fish_capsule_using_subcommand env; and __fish_seen_subcommand_from get" -s v -l verbose -d 'Tell more; repeat for the tool\'s own diagnostics'
complete -c capsule -n "__fish_capsule_using_subcommand env; and __fish_seen_subcommand_from get" -l no-input -d 'Never ask; fail instead'
complete -c capsule -n "__fish_capsule_using_subcommand env; and __fish_seen_subcommand_from get" -s y -l yes -d 'Answer capsule\'s own questions with yes; never a guest\'s'
complete -c capsule -n "__fish_capsule_using_subcommand env; and __fish_seen_subcommand_from get" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c capsule -n "__fish_capsule_using_subcommand env; and __fish_seen_subcommand_from set" -l home -d 'Home directory [default: $ASTRID_HOME, else ~/.astrid]' -r -F
complete -c capsule -n "__fish_capsule_using_subcommand env; and __fish_seen_subcommand_from set" -l principal -d 'On whose behalf to act' -r
complete -c capsule -n "__fish_capsule_using_subcommand env; and __fish_seen_subcommand_from set" -l workspace -d 'Directory that guests work in [default: the current one]' -r -F
complete -c capsule -n "__fish_capsule_using_subcommand env; and __fish_seen_subcommand_from set" -l color -d 'When to use colour' -r -f -a "auto\t'When the stream is a terminal that wants it'
always\t'Always'
never\t'Never'"
complete -c capsule -n "__fish_capsule_using_subcommand env; and __fish_seen_subcommand_from set" -l json -d 'Print one JSON document (JSON lines where a command streams)'
complete -c capsule -n "__fish_capsule_using_subcommand env; and __fish_seen_subcommand_from set" -s q -l quiet -d 'Print results and problems only'
complete -c capsule -n "__fish_capsule_using_subcommand env; and __fish_seen_subcommand_from set" -s v -l verbose -d 'Tell more; repeat for the tool\'s own diagnostics'
complete -c capsule -n "__fish_capsule_using_subcommand env; and __fish_seen_subcommand_from set" -l no-input -d 'Never ask; fail instead'
complete -c capsule -n "__fish_capsule_using_subcommand env; and __fish_seen_subcommand_from set" -s y -l yes -d 'Answer capsule\'s own questions with yes; never a guest\'s'
complete -c capsule -n "__fish_capsule_using_subcommand env; and __fish_seen_subcommand_from set" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c capsule -n "__fish_capsule_using_subcommand env; and __fish_seen_subcommand_from unset" -l home -d 'Home directory [default: $ASTRID_HOME, else ~/.astrid]' -r -F
complete -c capsule -n "__fish_capsule_using_subcommand env; and __fish_seen_subcommand_from unset" -l principal -d 'On whose behalf to act' -r
complete -c capsule -n "__fish_capsule_using_subcommand env; and __fish_seen_subcommand_from unset" -l workspace -d 'Directory that guests work in [default: the current one]' -r -F
complete -c capsule -n "__fish_capsule_using_subcommand env; and __fish_seen_subcommand_from unset" -l color -d 'When to use colour' -r -f -a "auto\t'When the stream is a terminal that wants it'
always\t'Always'
never\t'Never'"
complete -c capsule -n "__fish_capsule_using_subcommand env; and __fish_seen_subcommand_from unset" -l json -d 'Print one JSON document (JSON lines where a command streams)'
complete -c capsule -n "__fish_capsule_using_subcommand env; and __fish_seen_subcommand_from unset" -s q -l quiet -d 'Print results and problems only'
complete -c capsule -n "__fish_capsule_using_subcommand env; and __fish_seen_subcommand_from unset" -s v -l verbose -d 'Tell more; repeat for the tool\'s own diagnostics'
complete -c capsule -n "__fish_capsule_using_subcommand env; and __fish_seen_subcommand_from unset" -l no-input -d 'Never ask; fail instead'
complete -c capsule -n "__fish_capsule_using_subcommand env; and __fish_seen_subcommand_from unset" -s y -l yes -d 'Answer capsule\'s own questions with yes; never a guest\'s'
complete -c capsule -n "__fish_capsule_using_subcommand env; and __fish_seen_subcommand_from unset" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c capsule -n "__fish_capsule_using_subcommand secret; and not __fish_seen_subcommand_from list set unset" -l home -d 'Home directory [default: $ASTRID_HOME, else ~/.astrid]' -r -F
complete -c capsule -n "__fish_capsule_using_subcommand secret; and not __fish_seen_subcommand_from list set unset" -l principal -d 'On whose behalf to act' -r
complete -c capsule -n "__fish_capsule_using_subcommand secret; and not __fish_seen_subcommand_from list set unset" -l workspace -d 'Directory that guests work in [default: the current one]' -r -F
complete -c capsule -n "__fish_capsule_using_subcommand secret; and not __fish_seen_subcommand_from list set unset" -l color -d 'When to use colour' -r -f -a "auto\t'When the stream is a terminal that wants it'
always\t'Always'
never\t'Never'"
complete -c capsule -n "__fish_capsule_using_subcommand secret; and not __fish_seen_subcommand_from list set unset" -l json -d 'Print one JSON document (JSON lines where a command streams)'
complete -c capsule -n "__fish_capsule_using_subcommand secret; and not __fish_seen_subcommand_from list set unset" -s q -l quiet -d 'Print results and problems only'
complete -c capsule -n "__fish_capsule_using_subcommand secret; and not __fish_seen_subcommand_from list set unset" -s v -l verbose -d 'Tell more; repeat for the tool\'s own diagnostics'
complete -c capsule -n "__fish_capsule_using_subcommand secret; and not __fish_seen_subcommand_from list set unset" -l no-input -d 'Never ask; fail instead'
complete -c capsule -n "__fish_capsule_using_subcommand secret; and not __fish_seen_subcommand_from list set unset" -s y -l yes -d 'Answer capsule\'s own questions with yes; never a guest\'s'
complete -c capsule -n "__fish_capsule_using_subcommand secret; and not __fish_seen_subcommand_from list set unset" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c capsule -n "__fish_capsule_using_subcommand secret; and not __fish_seen_subcommand_from list set unset" -a "list" -d 'List the secrets that are declared or set (the default)'
complete -c capsule -n "__fish_capsule_using_subcommand secret; and not __fish_seen_subcommand_from list set unset" -a "set" -d 'Give a secret a value'
complete -c capsule -n "__fish_capsule_using_subcommand secret; and not __fish_seen_subcommand_from list set unset" -a "unset" -d 'Remove the value of a secret'
complete -c capsule -n "__fish_capsule_using_subcommand secret; and __fish_seen_subcommand_from list" -l home -d 'Home directory [default: $ASTRID_HOME, else ~/.astrid]' -r -F
complete -c capsule -n "__fish_capsule_using_subcommand secret; and __fish_seen_subcommand_from list" -l principal -d 'On whose behalf to act' -r
complete -c capsule -n "__fish_capsule_using_subcommand secret; and __fish_seen_subcommand_from list" -l workspace -d 'Directory that guests work in [default: the current one]' -r -F
complete -c capsule -n "__fish_capsule_using_subcommand secret; and __fish_seen_subcommand_from list" -l color -d 'When to use colour' -r -f -a "auto\t'When the stream is a terminal that wants it'
always\t'Always'
never\t'Never'"
complete -c capsule -n "__fish_capsule_using_subcommand secret; and __fish_seen_subcommand_from list" -l json -d 'Print one JSON document (JSON lines where a command streams)'
complete -c capsule -n "__fish_capsule_using_subcommand secret; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Print results and problems only'
complete -c capsule -n "__fish_capsule_using_subcommand secret; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Tell more; repeat for the tool\'s own diagnostics'
complete -c capsule -n "__fish_capsule_using_subcommand secret; and __fish_seen_subcommand_from list" -l no-input -d 'Never ask; fail instead'
complete -c capsule -n "__fish_capsule_using_subcommand secret; and __fish_seen_subcommand_from list" -s y -l yes -d 'Answer capsule\'s own questions with yes; never a guest\'s'
complete -c capsule -n "__fish_capsule_using_subcommand secret; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c capsule -n "__fish_capsule_using_subcommand secret; and __fish_seen_subcommand_from set" -l home -d 'Home directory [default: $ASTRID_HOME, else ~/.astrid]' -r -F
complete -c capsule -n "__fish_capsule_using_subcommand secret; and __fish_seen_subcommand_from set" -l principal -d 'On whose behalf to act' -r
complete -c capsule -n "__fish_capsule_using_subcommand secret; and __fish_seen_subcommand_from set" -l workspace -d 'Directory that guests work in [default: the current one]' -r -F
complete -c capsule -n "__fish_capsule_using_subcommand secret; and __fish_seen_subcommand_from set" -l color -d 'When to use colour' -r -f -a "auto\t'When the stream is a terminal that wants it'
always\t'Always'
never\t'Never'"
complete -c capsule -n "__fish_capsule_using_subcommand secret; and __fish_seen_subcommand_from set" -l json -d 'Print one JSON document (JSON lines where a command streams)'
complete -c capsule -n "__fish_capsule_using_subcommand secret; and __fish_seen_subcommand_from set" -s q -l quiet -d 'Print results and problems only'
complete -c capsule -n "__fish_capsule_using_subcommand secret; and __fish_seen_subcommand_from set" -s v -l verbose -d 'Tell more; repeat for the tool\'s own diagnostics'
complete -c capsule -n "__fish_capsule_using_subcommand secret; and __fish_seen_subcommand_from set" -l no-input -d 'Never ask; fail instead'
complete -c capsule -n "__fish_capsule_using_subcommand secret; and __fish_seen_subcommand_from set" -s y -l yes -d 'Answer capsule\'s own questions with yes; never a guest\'s'
complete -c capsule -n "__fish_capsule_using_subcommand secret; and __fish_seen_subcommand_from set" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c capsule -n "__fish_capsule_using_subcommand secret; and __fish_seen_subcommand_from unset" -l home -d 'Home directory [default: $ASTRID_HOME, else ~/.astrid]' -r -F
complete -c capsule -n "__fish_capsule_using_subcommand secret; and __fish_seen_subcommand_from unset" -l principal -d 'On whose behalf to act' -r
complete -c capsule -n "__fish_capsule_using_subcommand secret; and __fish_seen_subcommand_from unset" -l workspace -d 'Directory that guests work in [default: the current one]' -r -F
complete -c capsule -n "__fish_capsule_using_subcommand secret; and __fish_seen_subcommand_from unset" -l color -d 'When to use colour' -r -f -a "auto\t'When the stream is a terminal that wants it'
always\t'Always'
never\t'Never'"
complete -c capsule -n "__fish_capsule_using_subcommand secret; and __fish_seen_subcommand_from unset" -l json -d 'Print one JSON document (JSON lines where a command streams)'
complete -c capsule -n "__fish_capsule_using_subcommand secret; and __fish_seen_subcommand_from unset" -s q -l quiet -d 'Print results and problems only'
complete -c capsule -n "__fish_capsule_using_subcommand secret; and __fish_seen_subcommand_from unset" -s v -l verbose -d 'Tell more; repeat for the tool\'s own diagnostics'
complete -c capsule -n "__fish_capsule_using_subcommand secret; and __fish_seen_subcommand_from unset" -l no-input -d 'Never ask; fail instead'
complete -c capsule -n "__fish_capsule_using_subcommand secret; and __fish_seen_subcommand_from unset" -s y -l yes -d 'Answer capsule\'s own questions with yes; never a guest\'s'
complete -c capsule -n "__fish_capsule_using_subcommand secret; and __fish_seen_subcommand_from unset" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c capsule -n "__fish_capsule_using_subcommand kv; and not __fish_seen_subcommand_from get set list delete export import" -l home -d 'Home directory [default: $ASTRID_HOME, else ~/.astrid]' -r -F
complete -c capsule -n "__fish_capsule_using_subcommand kv; and not __fish_seen_subcommand_from get set list delete export import" -l principal -d 'On whose behalf to act' -r
complete -c capsule -n "__fish_capsule_using_subcommand kv; and not __fish_seen_subcommand_from get set list delete export import" -l workspace -d 'Directory that guests work in [default: the current one]' -r -F
complete -c capsule -n "__fish_capsule_using_subcommand kv; and not __fish_seen_subcommand_from get set list delete export import" -l color -d 'When to use colour' -r -f -a "auto\t'When the stream is a terminal that wants it'
always\t'Always'
never\t'Never'"
complete -c capsule -n "__fish_capsule_using_subcommand kv; and not __fish_seen_subcommand_from get set list delete export import" -l json -d 'Print one JSON document (JSON lines where a command streams)'
complete -c capsule -n "__fish_capsule_using_subcommand kv; and not __fish_seen_subcommand_from get set list delete export import" -s q -l quiet -d 'Print results and problems only'
complete -c capsule -n "__fish_capsule_using_subcommand kv; and not __fish_seen_subcommand_from get set list delete export import" -s v -l verbose -d 'Tell more; repeat for the tool\'s own diagnostics'
complete -c capsule -n "__fish_capsule_using_subcommand kv; and not __fish_seen_subcommand_from get set list delete export import" -l no-input -d 'Never ask; fail instead'
complete -c capsule -n "__fish_capsule_using_subcommand kv; and not __fish_seen_subcommand_from get set list delete export import" -s y -l yes -d 'Answer capsule\'s own questions with yes; never a guest\'s'
complete -c capsule -n "__fish_capsule_using_subcommand kv; and not __fish_seen_subcommand_from get set list delete export import" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c capsule -n "__fish_capsule_using_subcommand kv; and not __fish_seen_subcommand_from get set list delete export import" -a "get" -d 'Print a value, byte by byte; exit 1 when there is none'
complete -c capsule -n "__fish_capsule_using_subcommand kv; and not __fish_seen_subcommand_from get set list delete export import" -a "set" -d 'Give a key a value'
complete -c capsule -n "__fish_capsule_using_subcommand kv; and not __fish_seen_subcommand_from get set list delete export import" -a "list" -d 'List keys and the sizes of their values'
complete -c capsule -n "__fish_capsule_using_subcommand kv; and not __fish_seen_subcommand_from get set list delete export import" -a "delete" -d 'Delete keys'
complete -c capsule -n "__fish_capsule_using_subcommand kv; and not __fish_seen_subcommand_from get set list delete export import" -a "export" -d 'Write all keys and values as JSON'
complete -c capsule -n "__fish_capsule_using_subcommand kv; and not __fish_seen_subcommand_from get set list delete export import" -a "import" -d 'Read what export wrote: all of it or, when anything is wrong, nothing'
complete -c capsule -n "__fish_capsule_using_subcommand kv; and __fish_seen_subcommand_from get" -l home -d 'Home directory [default: $ASTRID_HOME, else ~/.astrid]' -r -F
complete -c capsule -n "__fish_capsule_using_subcommand kv; and __fish_seen_subcommand_from get" -l principal -d 'On whose behalf to act' -r
complete -c capsule -n "__fish_capsule_using_subcommand kv; and __fish_seen_subcommand_from get" -l workspace -d 'Directory that guests work in [default: the current one]' -r -F
complete -c capsule -n "__fish_capsule_using_subcommand kv; and __fish_seen_subcommand_from get" -l color -d 'When to use colour' -r -f -a "auto\t'When the stream is a terminal that wants it'
always\t'Always'
never\t'Never'"
complete -c capsule -n "__fish_capsule_using_subcommand kv; and __fish_seen_subcommand_from get" -l json -d 'Print one JSON document (JSON lines where a command streams)'
complete -c capsule -n "__fish_capsule_using_subcommand kv; and __fish_seen_subcommand_from get" -s q -l quiet -d 'Print results and problems only'
complete -c capsule -n "__fish_capsule_using_subcommand kv; and __fish_seen_subcommand_from get" -s v -l verbose -d 'Tell more; repeat for the tool\'s own diagnostics'
complete -c capsule -n "__fish_capsule_using_subcommand kv; and __fish_seen_subcommand_from get" -l no-input -d 'Never ask; fail instead'
complete -c capsule -n "__fish_capsule_using_subcommand kv; and __fish_seen_subcommand_from get" -s y -l yes -d 'Answer capsule\'s own questions with yes; never a guest\'s'
complete -c capsule -n "__fish_capsule_using_subcommand kv; and __fish_seen_subcommand_from get" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c capsule -n "__fish_capsule_using_subcommand kv; and __fish_seen_subcommand_from set" -l file -d 'File with the value' -r -F
complete -c capsule -n "__fish_capsule_using_subcommand kv; and __fish_seen_subcommand_from set" -l home -d 'Home directory [default: $ASTRID_HOME, else ~/.astrid]' -r -F
complete -c capsule -n "__fish_capsule_using_subcommand kv; and __fish_seen_subcommand_from set" -l principal -d 'On whose behalf to act' -r
complete -c capsule -n "__fish_capsule_using_subcommand kv; and __fish_seen_subcommand_from set" -l workspace -d 'Directory that guests work in [default: the current one]' -r -F
complete -c capsule -n "__fish_capsule_using_subcommand kv; and __fish_seen_subcommand_from set" -l color -d 'When to use colour' -r -f -a "auto\t'When the stream is a terminal that wants it'
always\t'Always'
never\t'Never'"
complete -c capsule -n "__fish_capsule_using_subcommand kv; and __fish_seen_subcommand_from set" -l json -d 'Print one JSON document (JSON lines where a command streams)'
complete -c capsule -n "__fish_capsule_using_subcommand kv; and __fish_seen_subcommand_from set" -s q -l quiet -d 'Print results and problems only'
complete -c capsule -n "__fish_capsule_using_subcommand kv; and __fish_seen_subcommand_from set" -s v -l verbose -d 'Tell more; repeat for the tool\'s own diagnostics'
complete -c capsule -n "__fish_capsule_using_subcommand kv; and __fish_seen_subcommand_from set" -l no-input -d 'Never ask; fail instead'
complete -c capsule -n "__fish_capsule_using_subcommand kv; and __fish_seen_subcommand_from set" -s y -l yes -d 'Answer capsule\'s own questions with yes; never a guest\'s'
complete -c capsule -n "__fish_capsule_using_subcommand kv; and __fish_seen_subcommand_from set" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c capsule -n "__fish_capsule_using_subcommand kv; and __fish_seen_subcommand_from list" -l home -d 'Home directory [default: $ASTRID_HOME, else ~/.astrid]' -r -F
complete -c capsule -n "__fish_capsule_using_subcommand kv; and __fish_seen_subcommand_from list" -l principal -d 'On whose behalf to act' -r
complete -c capsule -n "__fish_capsule_using_subcommand kv; and __fish_seen_subcommand_from list" -l workspace -d 'Directory that guests work in [default: the current one]' -r -F
complete -c capsule -n "__fish_capsule_using_subcommand kv; and __fish_seen_subcommand_from list" -l color -d 'When to use colour' -r -f -a "auto\t'When the stream is a terminal that wants it'
always\t'Always'
never\t'Never'"
complete -c capsule -n "__fish_capsule_using_subcommand kv; and __fish_seen_subcommand_from list" -l json -d 'Print one JSON document (JSON lines where a command streams)'
complete -c capsule -n "__fish_capsule_using_subcommand kv; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Print results and problems only'
complete -c capsule -n "__fish_capsule_using_subcommand kv; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Tell more; repeat for the tool\'s own diagnostics'
complete -c capsule -n "__fish_capsule_using_subcommand kv; and __fish_seen_subcommand_from list" -l no-input -d 'Never ask; fail instead'
complete -c capsule -n "__fish_capsule_using_subcommand kv; and __fish_seen_subcommand_from list" -s y -l yes -d 'Answer capsule\'s own questions with yes; never a guest\'s'
complete -c capsule -n "__fish_capsule_using_subcommand kv; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c capsule -n "__fish_capsule_using_subcommand kv; and __fish_seen_subcommand_from delete" -l prefix -d 'Delete all keys that begin with this; asks first' -r
complete -c capsule -n "__fish_capsule_using_subcommand kv; and __fish_seen_subcommand_from delete" -l home -d 'Home directory [default: $ASTRID_HOME, else ~/.astrid]' -r -F
complete -c capsule -n "__fish_capsule_using_subcommand kv; and __fish_seen_subcommand_from delete" -l principal -d 'On whose behalf to act' -r
complete -c capsule -n "__fish_capsule_using_subcommand kv; and __fish_seen_subcommand_from delete" -l workspace -d 'Directory that guests work in [default: the current one]' -r -F
complete -c capsule -n "__fish_capsule_using_subcommand kv; and __fish_seen_subcommand_from delete" -l color -d 'When to use colour' -r -f -a "auto\t'When the stream is a terminal that wants it'
always\t'Always'
never\t'Never'"
complete -c capsule -n "__fish_capsule_using_subcommand kv; and __fish_seen_subcommand_from delete" -l all -d 'Delete all keys; asks first'
complete -c capsule -n "__fish_capsule_using_subcommand kv; and __fish_seen_subcommand_from delete" -l json -d 'Print one JSON document (JSON lines where a command streams)'
complete -c capsule -n "__fish_capsule_using_subcommand kv; and __fish_seen_subcommand_from delete" -s q -l quiet -d 'Print results and problems only'
complete -c capsule -n "__fish_capsule_using_subcommand kv; and __fish_seen_subcommand_from delete" -s v -l verbose -d 'Tell more; repeat for the tool\'s own diagnostics'
complete -c capsule -n "__fish_capsule_using_subcommand kv; and __fish_seen_subcommand_from delete" -l no-input -d 'Never ask; fail instead'
complete -c capsule -n "__fish_capsule_using_subcommand kv; and __fish_seen_subcommand_from delete" -s y -l yes -d 'Answer capsule\'s own questions with yes; never a guest\'s'
complete -c capsule -n "__fish_capsule_using_subcommand kv; and __fish_seen_subcommand_from delete" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c capsule -n "__fish_capsule_using_subcommand kv; and __fish_seen_subcommand_from export" -s o -l output -d 'Write to this file instead of standard output' -r -F
complete -c capsule -n "__fish_capsule_using_subcommand kv; and __fish_seen_subcommand_from export" -l home -d 'Home directory [default: $ASTRID_HOME, else ~/.astrid]' -r -F
complete -c capsule -n "__fish_capsule_using_subcommand kv; and __fish_seen_subcommand_from export" -l principal -d 'On whose behalf to act' -r
complete -c capsule -n "__fish_capsule_using_subcommand kv; and __fish_seen_subcommand_from export" -l workspace -d 'Directory that guests work in [default: the current one]' -r -F
complete -c capsule -n "__fish_capsule_using_subcommand kv; and __fish_seen_subcommand_from export" -l color -d 'When to use colour' -r -f -a "auto\t'When the stream is a terminal that wants it'
always\t'Always'
never\t'Never'"
complete -c capsule -n "__fish_capsule_using_subcommand kv; and __fish_seen_subcommand_from export" -l json -d 'Print one JSON document (JSON lines where a command streams)'
complete -c capsule -n "__fish_capsule_using_subcommand kv; and __fish_seen_subcommand_from export" -s q -l quiet -d 'Print results and problems only'
complete -c capsule -n "__fish_capsule_using_subcommand kv; and __fish_seen_subcommand_from export" -s v -l verbose -d 'Tell more; repeat for the tool\'s own diagnostics'
complete -c capsule -n "__fish_capsule_using_subcommand kv; and __fish_seen_subcommand_from export" -l no-input -d 'Never ask; fail instead'
complete -c capsule -n "__fish_capsule_using_subcommand kv; and __fish_seen_subcommand_from export" -s y -l yes -d 'Answer capsule\'s own questions with yes; never a guest\'s'
complete -c capsule -n "__fish_capsule_using_subcommand kv; and __fish_seen_subcommand_from export" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c capsule -n "__fish_capsule_using_subcommand kv; and __fish_seen_subcommand_from import" -l home -d 'Home directory [default: $ASTRID_HOME, else ~/.astrid]' -r -F
complete -c capsule -n "__fish_capsule_using_subcommand kv; and __fish_seen_subcommand_from import" -l principal -d 'On whose behalf to act' -r
complete -c capsule -n "__fish_capsule_using_subcommand kv; and __fish_seen_subcommand_from import" -l workspace -d 'Directory that guests work in [default: the current one]' -r -F
complete -c capsule -n "__fish_capsule_using_subcommand kv; and __fish_seen_subcommand_from import" -l color -d 'When to use colour' -r -f -a "auto\t'When the stream is a terminal that wants it'
always\t'Always'
never\t'Never'"
complete -c capsule -n "__fish_capsule_using_subcommand kv; and __fish_seen_subcommand_from import" -l replace -d 'Remove all other keys; asks first when there are any'
complete -c capsule -n "__fish_capsule_using_subcommand kv; and __fish_seen_subcommand_from import" -l merge -d 'Keep all other keys'
complete -c capsule -n "__fish_capsule_using_subcommand kv; and __fish_seen_subcommand_from import" -l json -d 'Print one JSON document (JSON lines where a command streams)'
complete -c capsule -n "__fish_capsule_using_subcommand kv; and __fish_seen_subcommand_from import" -s q -l quiet -d 'Print results and problems only'
complete -c capsule -n "__fish_capsule_using_subcommand kv; and __fish_seen_subcommand_from import" -s v -l verbose -d 'Tell more; repeat for the tool\'s own diagnostics'
complete -c capsule -n "__fish_capsule_using_subcommand kv; and __fish_seen_subcommand_from import" -l no-input -d 'Never ask; fail instead'
complete -c capsule -n "__fish_capsule_using_subcommand kv; and __fish_seen_subcommand_from import" -s y -l yes -d 'Answer capsule\'s own questions with yes; never a guest\'s'
complete -c capsule -n "__fish_capsule_using_subcommand kv; and __fish_seen_subcommand_from import" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c capsule -n "__fish_capsule_using_subcommand principal; and not __fish_seen_subcommand_from list show create set enable disable delete" -l home -d 'Home directory [default: $ASTRID_HOME, else ~/.astrid]' -r -F
complete -c capsule -n "__fish_capsule_using_subcommand principal; and not __fish_seen_subcommand_from list show create set enable disable delete" -l principal -d 'On whose behalf to act' -r
complete -c capsule -n "__fish_capsule_using_subcommand principal; and not __fish_seen_subcommand_from list show create set enable disable delete" -l workspace -d 'Directory that guests work in [default: the current one]' -r -F
complete -c capsule -n "__fish_capsule_using_subcommand principal; and not __fish_seen_subcommand_from list show create set enable disable delete" -l color -d 'When to use colour' -r -f -a "auto\t'When the stream is a terminal that wants it'
always\t'Always'
never\t'Never'"
complete -c capsule -n "__fish_capsule_using_subcommand principal; and not __fish_seen_subcommand_from list show create set enable disable delete" -l json -d 'Print one JSON document (JSON lines where a command streams)'
complete -c capsule -n "__fish_capsule_using_subcommand principal; and not __fish_seen_subcommand_from list show create set enable disable delete" -s q -l quiet -d 'Print results and problems only'
complete -c capsule -n "__fish_capsule_using_subcommand principal; and not __fish_seen_subcommand_from list show create set enable disable delete" -s v -l verbose -d 'Tell more; repeat for the tool\'s own diagnostics'
complete -c capsule -n "__fish_capsule_using_subcommand principal; and not __fish_seen_subcommand_from list show create set enable disable delete" -l no-input -d 'Never ask; fail instead'
complete -c capsule -n "__fish_capsule_using_subcommand principal; and not __fish_seen_subcommand_from list show create set enable disable delete" -s y -l yes -d 'Answer capsule\'s own questions with yes; never a guest\'s'
complete -c capsule -n "__fish_capsule_using_subcommand principal; and not __fish_seen_subcommand_from list show create set enable disable delete" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c capsule -n "__fish_capsule_using_subcommand principal; and not __fish_seen_subcommand_from list show create set enable disable delete" -f -a "list" -d 'List everybody (the default)'
complete -c capsule -n "__fish_capsule_using_subcommand principal; and not __fish_seen_subcommand_from list show create set enable disable delete" -f -a "show" -d 'Show all that is known of a principal'
complete -c capsule -n "__fish_capsule_using_subcommand principal; and not __fish_seen_subcommand_from list show create set enable disable delete" -f -a "create" -d 'Make a principal, a member of `agent` unless groups are named'
complete -c capsule -n "__fish_capsule_using_subcommand principal; and not __fish_seen_subcommand_from list show create set enable disable delete" -f -a "set" -d 'Change groups, capabilities and limits'
complete -c capsule -n "__fish_capsule_using_subcommand principal; and not __fish_seen_subcommand_from list show create set enable disable delete" -f -a "enable" -d 'Let a principal act again'
complete -c capsule -n "__fish_capsule_using_subcommand principal; and not __fish_seen_subcommand_from list show create set enable disable delete" -f -a "disable" -d 'Refuse every call of a principal, keeping what it has'
complete -c capsule -n "__fish_capsule_using_subcommand principal; and not __fish_seen_subcommand_from list show create set enable disable delete" -f -a "delete" -d 'Delete a principal'
complete -c capsule -n "__fish_capsule_using_subcommand principal; and __fish_seen_subcommand_from list" -l home -d 'Home directory [default: $ASTRID_HOME, else ~/.astrid]' -r -F
complete -c capsule -n "__fish_capsule_using_subcommand principal; and __fish_seen_subcommand_from list" -l principal -d 'On whose behalf to act' -r
complete -c capsule -n "__fish_capsule_using_subcommand principal; and __fish_seen_subcommand_from list" -l workspace -d 'Directory that guests work in [default: the current one]' -r -F
complete -c capsule -n "__fish_capsule_using_subcommand principal; and __fish_seen_subcommand_from list" -l color -d 'When to use colour' -r -f -a "auto\t'When the stream is a terminal that wants it'
always\t'Always'
never\t'Never'"
complete -c capsule -n "__fish_capsule_using_subcommand principal; and __fish_seen_subcommand_from list" -l json -d 'Print one JSON document (JSON lines where a command streams)'
complete -c capsule -n "__fish_capsule_using_subcommand principal; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Print results and problems only'
complete -c capsule -n "__fish_capsule_using_subcommand principal; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Tell more; repeat for the tool\'s own diagnostics'
complete -c capsule -n "__fish_capsule_using_subcommand principal; and __fish_seen_subcommand_from list" -l no-input -d 'Never ask; fail instead'
complete -c capsule -n "__fish_capsule_using_subcommand principal; and __fish_seen_subcommand_from list" -s y -l yes -d 'Answer capsule\'s own questions with yes; never a guest\'s'
complete -c capsule -n "__fish_capsule_using_subcommand principal; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c capsule -n "__fish_capsule_using_subcommand principal; and __fish_seen_subcommand_from show" -l home -d 'Home directory [default: $ASTRID_HOME, else ~/.astrid]' -r -F
complete -c capsule -n "__fish_capsule_using_subcommand principal; and __fish_seen_subcommand_from show" -l principal -d 'On whose behalf to act' -r
complete -c capsule -n "__fish_capsule_using_subcommand principal; and __fish_seen_subcommand_from show" -l workspace -d 'Directory that guests work in [default: the current one]' -r -F
complete -c capsule -n "__fish_capsule_using_subcommand principal; and __fish_seen_subcommand_from show" -l color -d 'When to use colour' -r -f -a "auto\t'When the stream is a terminal that wants it'
always\t'Always'
never\t'Never'"
complete -c capsule -n "__fish_capsule_using_subcommand principal; and __fish_seen_subcommand_from show" -l json -d 'Print one JSON document (JSON lines where a command streams)'
complete -c capsule -n "__fish_capsule_using_subcommand principal; and __fish_seen_subcommand_from show" -s q -l quiet -d 'Print results and problems only'
complete -c capsule -n "__fish_capsule_using_subcommand principal; and __fish_seen_subcommand_from show" -s v -l verbose -d 'Tell more; repeat for the tool\'s own diagnostics'
complete -c capsule -n "__fish_capsule_using_subcommand principal; and __fish_seen_subcommand_from show" -l no-input -d 'Never ask; fail instead'
complete -c capsule -n "__fish_capsule_using_subcommand principal; and __fish_seen_subcommand_from show" -s y -l yes -d 'Answer capsule\'s own questions with yes; never a guest\'s'
complete -c capsule -n "__fish_capsule_using_subcommand principal; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c capsule -n "__fish_capsule_using_subcommand principal; and __fish_seen_subcommand_from create" -l group -d 'A group to be a member of; repeatable' -r
complete -c capsule -n "__fish_capsule_using_subcommand principal; and __fish_seen_subcommand_from create" -l home -d 'Home directory [default: $ASTRID_HOME, else ~/.astrid]' -r -F
complete -c capsule -n "__fish_capsule_using_subcommand principal; and __fish_seen_subcommand_from create" -l principal -d 'On whose behalf to act' -r
complete -c capsule -n "__fish_capsule_using_subcommand principal; and __fish_seen_subcommand_from create" -l workspace -d 'Directory that guests work in [default: the current one]' -r -F
complete -c capsule -n "__fish_capsule_using_subcommand principal; and __fish_seen_subcommand_from create" -l color -d 'When to use colour' -r -f -a "auto\t'When the stream is a terminal that wants it'
always\t'Always'
never\t'Never'"
complete -c capsule -n "__fish_capsule_using_subcommand principal; and __fish_seen_subcommand_from create" -l json -d 'Print one JSON document (JSON lines where a command streams)'
complete -c capsule -n "__fish_capsule_using_subcommand principal; and __fish_seen_subcommand_from create" -s q -l quiet -d 'Print results and problems only'
complete -c capsule -n "__fish_capsule_using_subcommand principal; and __fish_seen_subcommand_from create" -s v -l verbose -d 'Tell more; repeat for the tool\'s own diagnostics'
complete -c capsule -n "__fish_capsule_using_subcommand principal; and __fish_seen_subcommand_from create" -l no-input -d 'Never ask; fail instead'
complete -c capsule -n "__fish_capsule_using_subcommand principal; and __fish_seen_subcommand_from create" -s y -l yes -d 'Answer capsule\'s own questions with yes; never a guest\'s'
complete -c capsule -n "__fish_capsule_using_subcommand principal; and __fish_seen_subcommand_from create" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c capsule -n "__fish_capsule_using_subcommand principal; and __fish_seen_subcommand_from set" -l join -d 'Become a member of a group; repeatable' -r
complete -c capsule -n "__fish_capsule_using_subcommand principal; and __fish_seen_subcommand_from set" -l leave -d 'Leave a group; repeatable' -r
complete -c capsule -n "__fish_capsule_using_subcommand principal; and __fish_seen_subcommand_from set" -l grant -d 'Grant a capability or a pattern of them; repeatable' -r
complete -c capsule -n "__fish_capsule_using_subcommand principal; and __fish_seen_subcommand_from set" -l ungrant -d 'Take a grant back; repeatable' -r
complete -c capsule -n "__fish_capsule_using_subcommand principal; and __fish_seen_subcommand_from set" -l revoke -d 'Revoke a capability, whatever grants it; repeatable' -r
complete -c capsule -n "__fish_capsule_using_subcommand principal; and __fish_seen_subcommand_from set" -l unrevoke -d 'Take a revocation back; repeatable' -r
complete -c capsule -n "__fish_capsule_using_subcommand principal; and __fish_seen_subcommand_from set" -l memory -d 'Memory of one instance' -r
complete -c capsule -n "__fish_capsule_using_subcommand principal; and __fish_seen_subcommand_from set" -l timeout -d 'Wall-clock time of one call, in whole seconds' -r
complete -c capsule -n "__fish_capsule_using_subcommand principal; and __fish_seen_subcommand_from set" -l fuel-rate -d 'Fuel that may be used in a second' -r
complete -c capsule -n "__fish_capsule_using_subcommand principal; and __fish_seen_subcommand_from set" -l ipc-rate -d 'Message bytes that may be published in a second' -r
complete -c capsule -n "__fish_capsule_using_subcommand principal; and __fish_seen_subcommand_from set" -l processes -d 'Processes that may run in the background' -r
complete -c capsule -n "__fish_capsule_using_subcommand principal; and __fish_seen_subcommand_from set" -l storage -d 'Disk space' -r
complete -c capsule -n "__fish_capsule_using_subcommand principal; and __fish_seen_subcommand_from set" -l home -d 'Home directory [default: $ASTRID_HOME, else ~/.astrid]' -r -F
complete -c capsule -n "__fish_capsule_using_subcommand principal; and __fish_seen_subcommand_from set" -l principal -d 'On whose behalf to act' -r
complete -c capsule -n "__fish_capsule_using_subcommand principal; and __fish_seen_subcommand_from set" -l workspace -d 'Directory that guests work in [default: the current one]' -r -F
complete -c capsule -n "__fish_capsule_using_subcommand principal; and __fish_seen_subcommand_from set" -l color -d 'When to use colour' -r -f -a "auto\t'When the stream is a terminal that wants it'
always\t'Always'
never\t'Never'"
complete -c capsule -n "__fish_capsule_using_subcommand principal; and __fish_seen_subcommand_from set" -l unsafe-admin -d 'Needed to grant `*`, every capability there is'
complete -c capsule -n "__fish_capsule_using_subcommand principal; and __fish_seen_subcommand_from set" -l json -d 'Print one JSON document (JSON lines where a command streams)'
complete -c capsule -n "__fish_capsule_using_subcommand principal; and __fish_seen_subcommand_from set" -s q -l quiet -d 'Print results and problems only'
complete -c capsule -n "__fish_capsule_using_subcommand principal; and __fish_seen_subcommand_from set" -s v -l verbose -d 'Tell more; repeat for the tool\'s own diagnostics'
complete -c capsule -n "__fish_capsule_using_subcommand principal; and __fish_seen_subcommand_from set" -l no-input -d 'Never ask; fail instead'
complete -c capsule -n "__fish_capsule_using_subcommand principal; and __fish_seen_subcommand_from set" -s y -l yes -d 'Answer capsule\'s own questions with yes; never a guest\'s'
complete -c capsule -n "__fish_capsule_using_subcommand principal; and __fish_seen_subcommand_from set" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c capsule -n "__fish_capsule_using_subcommand principal; and __fish_seen_subcommand_from enable" -l home -d 'Home directory [default: $ASTRID_HOME, else ~/.astrid]' -r -F
complete -c capsule -n "__fish_capsule_using_subcommand principal; and __fish_seen_subcommand_from enable" -l principal -d 'On whose behalf to act' -r
complete -c capsule -n "__fish_capsule_using_subcommand principal; and __fish_seen_subcommand_from enable" -l workspace -d 'Directory that guests work in [default: the current one]' -r -F
complete -c capsule -n "__fish_capsule_using_subcommand principal; and __fish_seen_subcommand_from enable" -l color -d 'When to use colour' -r -f -a "auto\t'When the stream is a terminal that wants it'
always\t'Always'
never\t'Never'"
complete -c capsule -n "__fish_capsule_using_subcommand principal; and __fish_seen_subcommand_from enable" -l json -d 'Print one JSON document (JSON lines where a command streams)'
complete -c capsule -n "__fish_capsule_using_subcommand principal; and __fish_seen_subcommand_from enable" -s q -l quiet -d 'Print results and problems only'
complete -c capsule -n "__fish_capsule_using_subcommand principal; and __fish_seen_subcommand_from enable" -s v -l verbose -d 'Tell more; repeat for the tool\'s own diagnostics'
complete -c capsule -n "__fish_capsule_using_subcommand principal; and __fish_seen_subcommand_from enable" -l no-input -d 'Never ask; fail instead'
complete -c capsule -n "__fish_capsule_using_subcommand principal; and __fish_seen_subcommand_from enable" -s y -l yes -d 'Answer capsule\'s own questions with yes; never a guest\'s'
complete -c capsule -n "__fish_capsule_using_subcommand principal; and __fish_seen_subcommand_from enable" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c capsule -n "__fish_capsule_using_subcommand principal; and __fish_seen_subcommand_from disable" -l home -d 'Home directory [default: $ASTRID_HOME, else ~/.astrid]' -r -F
complete -c capsule -n "__fish_capsule_using_subcommand principal; and __fish_seen_subcommand_from disable" -l principal -d 'On whose behalf to act' -r
complete -c capsule -n "__fish_capsule_using_subcommand principal; and __fish_seen_subcommand_from disable" -l workspace -d 'Directory that guests work in [default: the current one]' -r -F
complete -c capsule -n "__fish_capsule_using_subcommand principal; and __fish_seen_subcommand_from disable" -l color -d 'When to use colour' -r -f -a "auto\t'When the stream is a terminal that wants it'
always\t'Always'
never\t'Never'"
complete -c capsule -n "__fish_capsule_using_subcommand principal; and __fish_seen_subcommand_from disable" -l json -d 'Print one JSON document (JSON lines where a command streams)'
complete -c capsule -n "__fish_capsule_using_subcommand principal; and __fish_seen_subcommand_from disable" -s q -l quiet -d 'Print results and problems only'
complete -c capsule -n "__fish_capsule_using_subcommand principal; and __fish_seen_subcommand_from disable" -s v -l verbose -d 'Tell more; repeat for the tool\'s own diagnostics'
complete -c capsule -n "__fish_capsule_using_subcommand principal; and __fish_seen_subcommand_from disable" -l no-input -d 'Never ask; fail instead'
complete -c capsule -n "__fish_capsule_using_subcommand principal; and __fish_seen_subcommand_from disable" -s y -l yes -d 'Answer capsule\'s own questions with yes; never a guest\'s'
complete -c capsule -n "__fish_capsule_using_subcommand principal; and __fish_seen_subcommand_from disable" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c capsule -n "__fish_capsule_using_subcommand principal; and __fish_seen_subcommand_from delete" -l home -d 'Home directory [default: $ASTRID_HOME, else ~/.astrid]' -r -F
complete -c capsule -n "__fish_capsule_using_subcommand principal; and __fish_seen_subcommand_from delete" -l principal -d 'On whose behalf to act' -r
complete -c capsule -n "__fish_capsule_using_subcommand principal; and __fish_seen_subcommand_from delete" -l workspace -d 'Directory that guests work in [default: the current one]' -r -F
complete -c capsule -n "__fish_capsule_using_subcommand principal; and __fish_seen_subcommand_from delete" -l color -d 'When to use colour' -r -f -a "auto\t'When the stream is a terminal that wants it'
always\t'Always'
never\t'Never'"
complete -c capsule -n "__fish_capsule_using_subcommand principal; and __fish_seen_subcommand_from delete" -l purge -d 'Delete its home, secrets and data too'
complete -c capsule -n "__fish_capsule_using_subcommand principal; and __fish_seen_subcommand_from delete" -l json -d 'Print one JSON document (JSON lines where a command streams)'
complete -c capsule -n "__fish_capsule_using_subcommand principal; and __fish_seen_subcommand_from delete" -s q -l quiet -d 'Print results and problems only'
complete -c capsule -n "__fish_capsule_using_subcommand principal; and __fish_seen_subcommand_from delete" -s v -l verbose -d 'Tell more; repeat for the tool\'s own diagnostics'
complete -c capsule -n "__fish_capsule_using_subcommand principal; and __fish_seen_subcommand_from delete" -l no-input -d 'Never ask; fail instead'
complete -c capsule -n "__fish_capsule_using_subcommand principal; and __fish_seen_subcommand_from delete" -s y -l yes -d 'Answer capsule\'s own questions with yes; never a guest\'s'
complete -c capsule -n "__fish_capsule_using_subcommand principal; and __fish_seen_subcommand_from delete" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c capsule -n "__fish_capsule_using_subcommand quota; and not __fish_seen_subcommand_from show set" -l home -d 'Home directory [default: $ASTRID_HOME, else ~/.astrid]' -r -F
complete -c capsule -n "__fish_capsule_using_subcommand quota; and not __fish_seen_subcommand_from show set" -l principal -d 'On whose behalf to act' -r
complete -c capsule -n "__fish_capsule_using_subcommand quota; and not __fish_seen_subcommand_from show set" -l workspace -d 'Directory that guests work in [default: the current one]' -r -F
complete -c capsule -n "__fish_capsule_using_subcommand quota; and not __fish_seen_subcommand_from show set" -l color -d 'When to use colour' -r -f -a "auto\t'When the stream is a terminal that wants it'
always\t'Always'
never\t'Never'"
complete -c capsule -n "__fish_capsule_using_subcommand quota; and not __fish_seen_subcommand_from show set" -l json -d 'Print one JSON document (JSON lines where a command streams)'
complete -c capsule -n "__fish_capsule_using_subcommand quota; and not __fish_seen_subcommand_from show set" -s q -l quiet -d 'Print results and problems only'
complete -c capsule -n "__fish_capsule_using_subcommand quota; and not __fish_seen_subcommand_from show set" -s v -l verbose -d 'Tell more; repeat for the tool\'s own diagnostics'
complete -c capsule -n "__fish_capsule_using_subcommand quota; and not __fish_seen_subcommand_from show set" -l no-input -d 'Never ask; fail instead'
complete -c capsule -n "__fish_capsule_using_subcommand quota; and not __fish_seen_subcommand_from show set" -s y -l yes -d 'Answer capsule\'s own questions with yes; never a guest\'s'
complete -c capsule -n "__fish_capsule_using_subcommand quota; and not __fish_seen_subcommand_from show set" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c capsule -n "__fish_capsule_using_subcommand quota; and not __fish_seen_subcommand_from show set" -a "show" -d 'Show the limits (the default)'
complete -c capsule -n "__fish_capsule_using_subcommand quota; and not __fish_seen_subcommand_from show set" -a "set" -d 'Change limits'
complete -c capsule -n "__fish_capsule_using_subcommand quota; and __fish_seen_subcommand_from show" -l home -d 'Home directory [default: $ASTRID_HOME, else ~/.astrid]' -r -F
complete -c capsule -n "__fish_capsule_using_subcommand quota; and __fish_seen_subcommand_from show" -l principal -d 'On whose behalf to act' -r
complete -c capsule -n "__fish_capsule_using_subcommand quota; and __fish_seen_subcommand_from show" -l workspace -d 'Directory that guests work in [default: the current one]' -r -F
complete -c capsule -n "__fish_capsule_using_subcommand quota; and __fish_seen_subcommand_from show" -l color -d 'When to use colour' -r -f -a "auto\t'When the stream is a terminal that wants it'
always\t'Always'
never\t'Never'"
complete -c capsule -n "__fish_capsule_using_subcommand quota; and __fish_seen_subcommand_from show" -l json -d 'Print one JSON document (JSON lines where a command streams)'
complete -c capsule -n "__fish_capsule_using_subcommand quota; and __fish_seen_subcommand_from show" -s q -l quiet -d 'Print results and problems only'
complete -c capsule -n "__fish_capsule_using_subcommand quota; and __fish_seen_subcommand_from show" -s v -l verbose -d 'Tell more; repeat for the tool\'s own diagnostics'
complete -c capsule -n "__fish_capsule_using_subcommand quota; and __fish_seen_subcommand_from show" -l no-input -d 'Never ask; fail instead'
complete -c capsule -n "__fish_capsule_using_subcommand quota; and __fish_seen_subcommand_from show" -s y -l yes -d 'Answer capsule\'s own questions with yes; never a guest\'s'
complete -c capsule -n "__fish_capsule_using_subcommand quota; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c capsule -n "__fish_capsule_using_subcommand quota; and __fish_seen_subcommand_from set" -l memory -d 'Memory of one instance' -r
complete -c capsule -n "__fish_capsule_using_subcommand quota; and __fish_seen_subcommand_from set" -l timeout -d 'Wall-clock time of one call, in whole seconds' -r
complete -c capsule -n "__fish_capsule_using_subcommand quota; and __fish_seen_subcommand_from set" -l fuel-rate -d 'Fuel that may be used in a second' -r
complete -c capsule -n "__fish_capsule_using_subcommand quota; and __fish_seen_subcommand_from set" -l ipc-rate -d 'Message bytes that may be published in a second' -r
complete -c capsule -n "__fish_capsule_using_subcommand quota; and __fish_seen_subcommand_from set" -l processes -d 'Processes that may run in the background' -r
complete -c capsule -n "__fish_capsule_using_subcommand quota; and __fish_seen_subcommand_from set" -l storage -d 'Disk space' -r
complete -c capsule -n "__fish_capsule_using_subcommand quota; and __fish_seen_subcommand_from set" -l home -d 'Home directory [default: $ASTRID_HOME, else ~/.astrid]' -r -F
complete -c capsule -n "__fish_capsule_using_subcommand quota; and __fish_seen_subcommand_from set" -l principal -d 'On whose behalf to act' -r
complete -c capsule -n "__fish_capsule_using_subcommand quota; and __fish_seen_subcommand_from set" -l workspace -d 'Directory that guests work in [default: the current one]' -r -F
complete -c capsule -n "__fish_capsule_using_subcommand quota; and __fish_seen_subcommand_from set" -l color -d 'When to use colour' -r -f -a "auto\t'When the stream is a terminal that wants it'
always\t'Always'
never\t'Never'"
complete -c capsule -n "__fish_capsule_using_subcommand quota; and __fish_seen_subcommand_from set" -l defaults -d 'Give every other limit its default value'
complete -c capsule -n "__fish_capsule_using_subcommand quota; and __fish_seen_subcommand_from set" -l json -d 'Print one JSON document (JSON lines where a command streams)'
complete -c capsule -n "__fish_capsule_using_subcommand quota; and __fish_seen_subcommand_from set" -s q -l quiet -d 'Print results and problems only'
complete -c capsule -n "__fish_capsule_using_subcommand quota; and __fish_seen_subcommand_from set" -s v -l verbose -d 'Tell more; repeat for the tool\'s own diagnostics'
complete -c capsule -n "__fish_capsule_using_subcommand quota; and __fish_seen_subcommand_from set" -l no-input -d 'Never ask; fail instead'
complete -c capsule -n "__fish_capsule_using_subcommand quota; and __fish_seen_subcommand_from set" -s y -l yes -d 'Answer capsule\'s own questions with yes; never a guest\'s'
complete -c capsule -n "__fish_capsule_using_subcommand quota; and __fish_seen_subcommand_from set" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c capsule -n "__fish_capsule_using_subcommand group; and not __fish_seen_subcommand_from list show create set delete" -l home -d 'Home directory [default: $ASTRID_HOME, else ~/.astrid]' -r -F
complete -c capsule -n "__fish_capsule_using_subcommand group; and not __fish_seen_subcommand_from list show create set delete" -l principal -d 'On whose behalf to act' -r
complete -c capsule -n "__fish_capsule_using_subcommand group; and not __fish_seen_subcommand_from list show create set delete" -l workspace -d 'Directory that guests work in [default: the current one]' -r -F
complete -c capsule -n "__fish_capsule_using_subcommand group; and not __fish_seen_subcommand_from list show create set delete" -l color -d 'When to use colour' -r -f -a "auto\t'When the stream is a terminal that wants it'
always\t'Always'
never\t'Never'"
complete -c capsule -n "__fish_capsule_using_subcommand group; and not __fish_seen_subcommand_from list show create set delete" -l json -d 'Print one JSON document (JSON lines where a command streams)'
complete -c capsule -n "__fish_capsule_using_subcommand group; and not __fish_seen_subcommand_from list show create set delete" -s q -l quiet -d 'Print results and problems only'
complete -c capsule -n "__fish_capsule_using_subcommand group; and not __fish_seen_subcommand_from list show create set delete" -s v -l verbose -d 'Tell more; repeat for the tool\'s own diagnostics'
complete -c capsule -n "__fish_capsule_using_subcommand group; and not __fish_seen_subcommand_from list show create set delete" -l no-input -d 'Never ask; fail instead'
complete -c capsule -n "__fish_capsule_using_subcommand group; and not __fish_seen_subcommand_from list show create set delete" -s y -l yes -d 'Answer capsule\'s own questions with yes; never a guest\'s'
complete -c capsule -n "__fish_capsule_using_subcommand group; and not __fish_seen_subcommand_from list show create set delete" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c capsule -n "__fish_capsule_using_subcommand group; and not __fish_seen_subcommand_from list show create set delete" -f -a "list" -d 'List all groups (the default)'
complete -c capsule -n "__fish_capsule_using_subcommand group; and not __fish_seen_subcommand_from list show create set delete" -f -a "show" -d 'Show a group'
complete -c capsule -n "__fish_capsule_using_subcommand group; and not __fish_seen_subcommand_from list show create set delete" -f -a "create" -d 'Make a group'
complete -c capsule -n "__fish_capsule_using_subcommand group; and not __fish_seen_subcommand_from list show create set delete" -f -a "set" -d 'Change a group; what is not named stays'
complete -c capsule -n "__fish_capsule_using_subcommand group; and not __fish_seen_subcommand_from list show create set delete" -f -a "delete" -d 'Delete a group; its members lose what it gave them'
complete -c capsule -n "__fish_capsule_using_subcommand group; and __fish_seen_subcommand_from list" -l home -d 'Home directory [default: $ASTRID_HOME, else ~/.astrid]' -r -F
complete -c capsule -n "__fish_capsule_using_subcommand group; and __fish_seen_subcommand_from list" -l principal -d 'On whose behalf to act' -r
complete -c capsule -n "__fish_capsule_using_subcommand group; and __fish_seen_subcommand_from list" -l workspace -d 'Directory that guests work in [default: the current one]' -r -F
complete -c capsule -n "__fish_capsule_using_subcommand group; and __fish_seen_subcommand_from list" -l color -d 'When to use colour' -r -f -a "auto\t'When the stream is a terminal that wants it'
always\t'Always'
never\t'Never'"
complete -c capsule -n "__fish_capsule_using_subcommand group; and __fish_seen_subcommand_from list" -l json -d 'Print one JSON document (JSON lines where a command streams)'
complete -c capsule -n "__fish_capsule_using_subcommand group; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Print results and problems only'
complete -c capsule -n "__fish_capsule_using_subcommand group; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Tell more; repeat for the tool\'s own diagnostics'
complete -c capsule -n "__fish_capsule_using_subcommand group; and __fish_seen_subcommand_from list" -l no-input -d 'Never ask; fail instead'
complete -c capsule -n "__fish_capsule_using_subcommand group; and __fish_seen_subcommand_from list" -s y -l yes -d 'Answer capsule\'s own questions with yes; never a guest\'s'
complete -c capsule -n "__fish_capsule_using_subcommand group; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c capsule -n "__fish_capsule_using_subcommand group; and __fish_seen_subcommand_from show" -l home -d 'Home directory [default: $ASTRID_HOME, else ~/.astrid]' -r -F
complete -c capsule -n "__fish_capsule_using_subcommand group; and __fish_seen_subcommand_from show" -l principal -d 'On whose behalf to act' -r
complete -c capsule -n "__fish_capsule_using_subcommand group; and __fish_seen_subcommand_from show" -l workspace -d 'Directory that guests work in [default: the current one]' -r -F
complete -c capsule -n "__fish_capsule_using_subcommand group; and __fish_seen_subcommand_from show" -l color -d 'When to use colour' -r -f -a "auto\t'When the stream is a terminal that wants it'
always\t'Always'
never\t'Never'"
complete -c capsule -n "__fish_capsule_using_subcommand group; and __fish_seen_subcommand_from show" -l json -d 'Print one JSON document (JSON lines where a command streams)'
complete -c capsule -n "__fish_capsule_using_subcommand group; and __fish_seen_subcommand_from show" -s q -l quiet -d 'Print results and problems only'
complete -c capsule -n "__fish_capsule_using_subcommand group; and __fish_seen_subcommand_from show" -s v -l verbose -d 'Tell more; repeat for the tool\'s own diagnostics'
complete -c capsule -n "__fish_capsule_using_subcommand group; and __fish_seen_subcommand_from show" -l no-input -d 'Never ask; fail instead'
complete -c capsule -n "__fish_capsule_using_subcommand group; and __fish_seen_subcommand_from show" -s y -l yes -d 'Answer capsule\'s own questions with yes; never a guest\'s'
complete -c capsule -n "__fish_capsule_using_subcommand group; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c capsule -n "__fish_capsule_using_subcommand group; and __fish_seen_subcommand_from create" -l capability -d 'A capability, or a pattern of them, that members hold; repeatable, all of them together' -r
complete -c capsule -n "__fish_capsule_using_subcommand group; and __fish_seen_subcommand_from create" -l description -d 'What it is for; empty for nothing' -r
complete -c capsule -n "__fish_capsule_using_subcommand group; and __fish_seen_subcommand_from create" -l home -d 'Home directory [default: $ASTRID_HOME, else ~/.astrid]' -r -F
complete -c capsule -n "__fish_capsule_using_subcommand group; and __fish_seen_subcommand_from create" -l principal -d 'On whose behalf to act' -r
complete -c capsule -n "__fish_capsule_using_subcommand group; and __fish_seen_subcommand_from create" -l workspace -d 'Directory that guests work in [default: the current one]' -r -F
complete -c capsule -n "__fish_capsule_using_subcommand group; and __fish_seen_subcommand_from create" -l color -d 'When to use colour' -r -f -a "auto\t'When the stream is a terminal that wants it'
always\t'Always'
never\t'Never'"
complete -c capsule -n "__fish_capsule_using_subcommand group; and __fish_seen_subcommand_from create" -l no-capabilities -d 'Members hold nothing'
complete -c capsule -n "__fish_capsule_using_subcommand group; and __fish_seen_subcommand_from create" -l unsafe-admin -d 'Needed for `*`, every capability there is'
complete -c capsule -n "__fish_capsule_using_subcommand group; and __fish_seen_subcommand_from create" -l json -d 'Print one JSON document (JSON lines where a command streams)'
complete -c capsule -n "__fish_capsule_using_subcommand group; and __fish_seen_subcommand_from create" -s q -l quiet -d 'Print results and problems only'
complete -c capsule -n "__fish_capsule_using_subcommand group; and __fish_seen_subcommand_from create" -s v -l verbose -d 'Tell more; repeat for the tool\'s own diagnostics'
complete -c capsule -n "__fish_capsule_using_subcommand group; and __fish_seen_subcommand_from create" -l no-input -d 'Never ask; fail instead'
complete -c capsule -n "__fish_capsule_using_subcommand group; and __fish_seen_subcommand_from create" -s y -l yes -d 'Answer capsule\'s own questions with yes; never a guest\'s'
complete -c capsule -n "__fish_capsule_using_subcommand group; and __fish_seen_subcommand_from create" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c capsule -n "__fish_capsule_using_subcommand group; and __fish_seen_subcommand_from set" -l capability -d 'A capability, or a pattern of them, that members hold; repeatable, all of them together' -r
complete -c capsule -n "__fish_capsule_using_subcommand group; and __fish_seen_subcommand_from set" -l description -d 'What it is for; empty for nothing' -r
complete -c capsule -n "__fish_capsule_using_subcommand group; and __fish_seen_subcommand_from set" -l home -d 'Home directory [default: $ASTRID_HOME, else ~/.astrid]' -r -F
complete -c capsule -n "__fish_capsule_using_subcommand group; and __fish_seen_subcommand_from set" -l principal -d 'On whose behalf to act' -r
complete -c capsule -n "__fish_capsule_using_subcommand group; and __fish_seen_subcommand_from set" -l workspace -d 'Directory that guests work in [default: the current one]' -r -F
complete -c capsule -n "__fish_capsule_using_subcommand group; and __fish_seen_subcommand_from set" -l color -d 'When to use colour' -r -f -a "auto\t'When the stream is a terminal that wants it'
always\t'Always'
never\t'Never'"
complete -c capsule -n "__fish_capsule_using_subcommand group; and __fish_seen_subcommand_from set" -l no-capabilities -d 'Members hold nothing'
complete -c capsule -n "__fish_capsule_using_subcommand group; and __fish_seen_subcommand_from set" -l unsafe-admin -d 'Needed for `*`, every capability there is'
complete -c capsule -n "__fish_capsule_using_subcommand group; and __fish_seen_subcommand_from set" -l json -d 'Print one JSON document (JSON lines where a command streams)'
complete -c capsule -n "__fish_capsule_using_subcommand group; and __fish_seen_subcommand_from set" -s q -l quiet -d 'Print results and problems only'
complete -c capsule -n "__fish_capsule_using_subcommand group; and __fish_seen_subcommand_from set" -s v -l verbose -d 'Tell more; repeat for the tool\'s own diagnostics'
complete -c capsule -n "__fish_capsule_using_subcommand group; and __fish_seen_subcommand_from set" -l no-input -d 'Never ask; fail instead'
complete -c capsule -n "__fish_capsule_using_subcommand group; and __fish_seen_subcommand_from set" -s y -l yes -d 'Answer capsule\'s own questions with yes; never a guest\'s'
complete -c capsule -n "__fish_capsule_using_subcommand group; and __fish_seen_subcommand_from set" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c capsule -n "__fish_capsule_using_subcommand group; and __fish_seen_subcommand_from delete" -l home -d 'Home directory [default: $ASTRID_HOME, else ~/.astrid]' -r -F
complete -c capsule -n "__fish_capsule_using_subcommand group; and __fish_seen_subcommand_from delete" -l principal -d 'On whose behalf to act' -r
complete -c capsule -n "__fish_capsule_using_subcommand group; and __fish_seen_subcommand_from delete" -l workspace -d 'Directory that guests work in [default: the current one]' -r -F
complete -c capsule -n "__fish_capsule_using_subcommand group; and __fish_seen_subcommand_from delete" -l color -d 'When to use colour' -r -f -a "auto\t'When the stream is a terminal that wants it'
always\t'Always'
never\t'Never'"
complete -c capsule -n "__fish_capsule_using_subcommand group; and __fish_seen_subcommand_from delete" -l json -d 'Print one JSON document (JSON lines where a command streams)'
complete -c capsule -n "__fish_capsule_using_subcommand group; and __fish_seen_subcommand_from delete" -s q -l quiet -d 'Print results and problems only'
complete -c capsule -n "__fish_capsule_using_subcommand group; and __fish_seen_subcommand_from delete" -s v -l verbose -d 'Tell more; repeat for the tool\'s own diagnostics'
complete -c capsule -n "__fish_capsule_using_subcommand group; and __fish_seen_subcommand_from delete" -l no-input -d 'Never ask; fail instead'
complete -c capsule -n "__fish_capsule_using_subcommand group; and __fish_seen_subcommand_from delete" -s y -l yes -d 'Answer capsule\'s own questions with yes; never a guest\'s'
complete -c capsule -n "__fish_capsule_using_subcommand group; and __fish_seen_subcommand_from delete" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c capsule -n "__fish_capsule_using_subcommand completions" -l home -d 'Home directory [default: $ASTRID_HOME, else ~/.astrid]' -r -F
complete -c capsule -n "__fish_capsule_using_subcommand completions" -l principal -d 'On whose behalf to act' -r
complete -c capsule -n "__fish_capsule_using_subcommand completions" -l workspace -d 'Directory that guests work in [default: the current one]' -r -F
complete -c capsule -n "__fish_capsule_using_subcommand completions" -l color -d 'When to use colour' -r -f -a "auto\t'When the stream is a terminal that wants it'
always\t'Always'
never\t'Never'"
complete -c capsule -n "__fish_capsule_using_subcommand completions" -l json -d 'Print one JSON document (JSON lines where a command streams)'
complete -c capsule -n "__fish_capsule_using_subcommand completions" -s q -l quiet -d 'Print results and problems only'
complete -c capsule -n "__fish_capsule_using_subcommand completions" -s v -l verbose -d 'Tell more; repeat for the tool\'s own diagnostics'
complete -c capsule -n "__fish_capsule_using_subcommand completions" -l no-input -d 'Never ask; fail instead'
complete -c capsule -n "__fish_capsule_using_subcommand completions" -s y -l yes -d 'Answer capsule\'s own questions with yes; never a guest\'s'
complete -c capsule -n "__fish_capsule_using_subcommand completions" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c capsule -n "__fish_capsule_using_subcommand man" -l home -d 'Home directory [default: $ASTRID_HOME, else ~/.astrid]' -r -F
complete -c capsule -n "__fish_capsule_using_subcommand man" -l principal -d 'On whose behalf to act' -r
complete -c capsule -n "__fish_capsule_using_subcommand man" -l workspace -d 'Directory that guests work in [default: the current one]' -r -F
complete -c capsule -n "__fish_capsule_using_subcommand man" -l color -d 'When to use colour' -r -f -a "auto\t'When the stream is a terminal that wants it'
always\t'Always'
never\t'Never'"
complete -c capsule -n "__fish_capsule_using_subcommand man" -l json -d 'Print one JSON document (JSON lines where a command streams)'
complete -c capsule -n "__fish_capsule_using_subcommand man" -s q -l quiet -d 'Print results and problems only'
complete -c capsule -n "__fish_capsule_using_subcommand man" -s v -l verbose -d 'Tell more; repeat for the tool\'s own diagnostics'
complete -c capsule -n "__fish_capsule_using_subcommand man" -l no-input -d 'Never ask; fail instead'
complete -c capsule -n "__fish_capsule_using_subcommand man" -s y -l yes -d 'Answer capsule\'s own questions with yes; never a guest\'s'
complete -c capsule -n "__fish_capsule_using_subcommand man" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c capsule -n "__fish_capsule_using_subcommand help" -l home -d 'Home directory [default: $ASTRID_HOME, else ~/.astrid]' -r -F
complete -c capsule -n "__fish_capsule_using_subcommand help" -l principal -d 'On whose behalf to act' -r
complete -c capsule -n "__fish_capsule_using_subcommand help" -l workspace -d 'Directory that guests work in [default: the current one]' -r -F
complete -c capsule -n "__fish_capsule_using_subcommand help" -l color -d 'When to use colour' -r -f -a "auto\t'When the stream is a terminal that wants it'
always\t'Always'
never\t'Never'"
complete -c capsule -n "__fish_capsule_using_subcommand help" -l json -d 'Print one JSON document (JSON lines where a command streams)'
complete -c capsule -n "__fish_capsule_using_subcommand help" -s q -l quiet -d 'Print results and problems only'
complete -c capsule -n "__fish_capsule_using_subcommand help" -s v -l verbose -d 'Tell more; repeat for the tool\'s own diagnostics'
complete -c capsule -n "__fish_capsule_using_subcommand help" -l no-input -d 'Never ask; fail instead'
complete -c capsule -n "__fish_capsule_using_subcommand help" -s y -l yes -d 'Answer capsule\'s own questions with yes; never a guest\'s'
complete -c capsule -n "__fish_capsule_using_subcommand help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c capsule -n "__fish_capsule_using_subcommand new; and test (count (commandline -opc)) -eq 2" -f -a "(capsule list --names 2>/dev/null)"
complete -c capsule -n "__fish_capsule_using_subcommand show; and test (count (commandline -opc)) -eq 2" -f -a "(capsule list --names 2>/dev/null)"
complete -c capsule -n "__fish_capsule_using_subcommand verify" -f -a "(capsule list --names 2>/dev/null)"
complete -c capsule -n "__fish_capsule_using_subcommand rollback; and test (count (commandline -opc)) -eq 2" -f -a "(capsule list --names 2>/dev/null)"
complete -c capsule -n "__fish_capsule_using_subcommand remove; and test (count (commandline -opc)) -eq 2" -f -a "(capsule list --names 2>/dev/null)"
complete -c capsule -n "__fish_capsule_using_subcommand logs; and test (count (commandline -opc)) -eq 2" -f -a "(capsule list --names 2>/dev/null)"
complete -c capsule -n "__fish_capsule_using_subcommand env; and test (count (commandline -opc)) -eq 2" -f -a "(capsule list --names 2>/dev/null)"
complete -c capsule -n "__fish_capsule_using_subcommand secret; and test (count (commandline -opc)) -eq 2" -f -a "(capsule list --names 2>/dev/null)"
complete -c capsule -n "__fish_capsule_using_subcommand kv; and test (count (commandline -opc)) -eq 2" -f -a "(capsule list --names 2>/dev/null)"
complete -c capsule -n "__fish_capsule_using_subcommand inspect; and test (count (commandline -opc)) -eq 2" -a "(capsule list --names 2>/dev/null)"
complete -c capsule -n "__fish_capsule_using_subcommand invoke; and test (count (commandline -opc)) -eq 2" -a "(capsule list --names 2>/dev/null)"
complete -c capsule -n "__fish_capsule_using_subcommand bench; and test (count (commandline -opc)) -eq 2" -a "(capsule list --names 2>/dev/null)"
complete -c capsule -n "__fish_capsule_using_subcommand profile; and test (count (commandline -opc)) -eq 2" -a "(capsule list --names 2>/dev/null)"
complete -c capsule -n "__fish_capsule_using_subcommand run" -a "(capsule list --names 2>/dev/null)"
complete -c capsule -n "__fish_capsule_using_subcommand trace; and test (count (commandline -opc)) -eq 2" -a "(capsule list --names 2>/dev/null)"
complete -c capsule -n "__fish_capsule_using_subcommand check; and test (count (commandline -opc)) -eq 2" -a "(capsule list --names 2>/dev/null)"
complete -c capsule -n "__fish_capsule_using_subcommand connect; and test (count (commandline -opc)) -eq 2" -a "(capsule list --names 2>/dev/null)"
complete -c capsule -n "__fish_capsule_using_subcommand invoke; and test (count (commandline -opc)) -eq 3" -f -a "(capsule list --actions (commandline -opc)[3] 2>/dev/null)"
