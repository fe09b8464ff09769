//! A component of 12 MB: as many functions as a script engine has, a few MB of data, and a hook that
//! does something. The same bytes each time.

use std::fmt::Write;

const FUNCTIONS: u32 = 20_000;
/// Steps of one function, each 9 bytes of code.
const STEPS: u32 = 48;
const DATA_BYTES: u32 = 3 << 20;

/// The component's text, and how many bytes it is assembled to, give or take a percent.
pub(crate) fn text() -> String {
    let mut text = String::with_capacity(40 << 20);
    let mut random = Random(1);
    text.push_str(HEAD);
    text.push_str("    (data (i32.const 65536) \"");
    for _ in 0..DATA_BYTES {
        text.push(char::from(b'a' + random.below(26)));
    }
    text.push_str("\")\n");
    for _ in 0..FUNCTIONS {
        text.push_str("    (func (param i32) (result i32) local.get 0");
        for _ in 0..STEPS {
            // From 2^27 on a constant has its full width, so that sizes do not depend on luck.
            let constant = (1 << 27) + random.next() % (1 << 30);
            let operator = OPERATORS[usize::from(random.below(4))];
            write!(text, " i32.const {constant} {operator} local.tee 0").expect("a String grows");
        }
        text.push_str(")\n");
    }
    text.push_str(TAIL);
    text
}

const OPERATORS: [&str; 4] = ["i32.add", "i32.xor", "i32.mul", "i32.rotl"];

const HEAD: &str = r#"(component
  (type $result' (record (field "action" string) (field "data" (option string))))
  (import "capsule-result" (type $result (eq $result')))
  (import "astrid:sys/host@1.0.0" (instance $sys (export "clock-ms" (func (result u64)))))
  (alias export $sys "clock-ms" (func $clock))
  (core func $core-clock (canon lower (func $clock)))
  (core module $Main
    (import "host" "clock-ms" (func $clock (result i64)))
    (memory (export "memory") 64)
    (data (i32.const 16) "continue")
    (global $heap (mut i32) (i32.const 4096))
    (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
      (local $at i32)
      (local.set $at (global.get $heap))
      (global.set $heap (i32.add (local.get $at) (local.get 3)))
      (local.get $at))
    (func (export "hook") (param i32 i32 i32 i32) (result i32)
      (i64.store (i32.const 256) (call $clock))
      (i32.store (i32.const 128) (i32.const 16))
      (i32.store (i32.const 132) (i32.const 8))
      (i32.store8 (i32.const 136) (i32.const 0))
      (i32.const 128))
"#;

const TAIL: &str = r#"  )
  (core instance $main (instantiate $Main
    (with "host" (instance (export "clock-ms" (func $core-clock))))))
  (alias core export $main "memory" (core memory $memory))
  (alias core export $main "cabi_realloc" (core func $realloc))
  (alias core export $main "hook" (core func $core-hook))
  (func $hook (param "action" string) (param "payload" (list u8)) (result $result)
    (canon lift (core func $core-hook) (memory $memory) (realloc $realloc)))
  (export "astrid-hook-trigger" (func $hook)))
"#;

/// Xorshift: the same numbers on every machine.
struct Random(u32);

impl Random {
    fn next(&mut self) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 17;
        self.0 ^= self.0 << 5;
        self.0
    }

    fn below(&mut self, limit: u32) -> u8 {
        u8::try_from(self.next() % limit).expect("limits are small")
    }
}
