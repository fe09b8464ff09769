;; The payload comes from an argument, a file or standard input, and is empty otherwise.
;;
;; FILE payload.json: {"from":"file"}
;; RUN[none]: invoke %capsule echo
;; RUN[argument]: invoke %capsule echo --payload '{"from":"argument"}'
;; RUN[file]: invoke %capsule echo --payload-file payload.json
;; RUN[stdin]: invoke %capsule echo -
;; STDIN[stdin]: {"from":"stdin"}
;; FAIL(2)[both]: invoke %capsule echo --payload x --payload-file payload.json
;; FAIL(10)[unreadable]: invoke %capsule echo --payload-file missing.json
(module
  (func (export "astrid-hook-trigger")
    (param i32 i32) (param $payload i32) (param $payload-bytes i32) (result i32)
    (call $continue (local.get $payload) (local.get $payload-bytes))))
