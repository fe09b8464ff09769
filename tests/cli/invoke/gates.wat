;; Gates turn a result into a yes or a no: exit code 0 or 1, whatever the guest's own answer was.
;;
;; RUN[outcome]: invoke %capsule go --expect continue
;; FAIL(1)[other-outcome]: invoke %capsule go --expect deny
;; RUN[data]: invoke %capsule go --expect-data '{"b": [2], "a": 1}'
;; FAIL(1)[other-data]: invoke %capsule go --expect-data '{"a": 2}'
;; RUN[fuel]: invoke %capsule go --max-fuel 1000000
;; FAIL(1)[more-fuel]: invoke %capsule go --max-fuel 1
;; RUN[memory]: invoke %capsule go --max-memory 1MiB
;; FAIL(1)[more-memory]: invoke %capsule go --max-memory 64KiB
;; FAIL(1)[several]: invoke %capsule go --expect deny --max-fuel 1 --json
;; FAIL(2)[no-outcome]: invoke %capsule go --expect contniue
(module
  (data (i32.const 0) "{\"a\":1,\"b\":[2]}")
  (func (export "astrid-hook-trigger") (param i32 i32 i32 i32) (result i32)
    (call $continue (i32.const 0) (i32.const 15))))
