;; A filter that reads the secret API_KEY, logs it, and panics with it. Its globals say what its
;; memory is for, as LLVM's linker does.
(module
  (import "env" "gn_secrets_get" (func $secret (param i32 i32) (result i64)))
  (import "env" "gn_log" (func $log (param i32 i32 i32)))
  (import "env" "gn_panic" (func $gn_panic (param i32 i32)))
  (include "abi.part")
  (global $stack (export "__stack_pointer") (mut i32) (i32.const 2048))
  (global (export "__heap_base") i32 (i32.const 4096))
  (data (i32.const 0) "API_KEY")
  (func (export "gn_handle_hook")
    (param $name i32) (param $name_length i32) (param $payload i32) (param $length i32) (result i64)
    (local $answer i64)
    (global.set $stack (i32.const 2000))
    (local.set $answer (call $secret (i32.const 0) (i32.const 7)))
    (call $log
      (i32.const 1)
      (i32.wrap_i64 (i64.shr_u (local.get $answer) (i64.const 32)))
      (i32.wrap_i64 (local.get $answer)))
    (call $gn_panic
      (i32.wrap_i64 (i64.shr_u (local.get $answer) (i64.const 32)))
      (i32.wrap_i64 (local.get $answer)))
    unreachable))
