;; Control characters in a guest's answer reach JSON as data and never reach a terminal as commands.
;;
;; RUN: invoke %capsule paint
;; RUN[json]: invoke %capsule paint --json
(module
  (data (i32.const 0) "\1b[2J\1b]0;title\07red\0d\u{202e}evil")
  (func (export "astrid-hook-trigger") (param i32 i32 i32 i32) (result i32)
    (call $continue (i32.const 0) (i32.const 25))))
