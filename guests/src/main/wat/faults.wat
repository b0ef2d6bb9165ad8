;; Has a fault in each filter, told by the first letter of its name. Three show with some values only:
;; "trap" traps for an array that begins with an object, "loop" does not end for a negative number,
;; and "answer" answers true with a text that is not JSON. "random" answers with a random byte,
;; "state" with how many calls this instance had, and "grow" keeps a page in each call. Any other
;; filter leaves its value as it is.
(module
  (import "wasi_snapshot_preview1" "random_get" (func $random_get (param i32 i32) (result i32)))
  (include "abi.part")
  (include "number.part")
  (global $calls (mut i64) (i64.const 0))
  (data (i32.const 1024) "{\"value\":")
  (func (export "gn_handle_hook")
    (param $name i32) (param $name_length i32) (param $payload i32) (param $length i32) (result i64)
    (local $fault i32) (local $first i32)
    (global.set $calls (i64.add (global.get $calls) (i64.const 1)))
    (local.set $fault (i32.load8_u (local.get $name)))
    ;; The first byte of the value, after {"kind":"filter","value":
    (local.set $first (i32.load8_u offset=25 (local.get $payload)))
    (if (i32.eq (local.get $fault) (i32.const 0x74)) ;; t
      (then
        (if
          (i32.and
            (i32.eq (local.get $first) (i32.const 0x5b))
            (i32.eq (i32.load8_u offset=26 (local.get $payload)) (i32.const 0x7b)))
          (then (unreachable)))))
    (if (i32.eq (local.get $fault) (i32.const 0x6c)) ;; l
      (then
        (if (i32.eq (local.get $first) (i32.const 0x2d))
          (then (loop $forever (br $forever))))))
    (if (i32.eq (local.get $fault) (i32.const 0x61)) ;; a
      (then
        (if (i32.eq (local.get $first) (i32.const 0x74))
          (then (return (call $body (i32.const 1024) (i32.const 9)))))))
    (if (i32.eq (local.get $fault) (i32.const 0x72)) ;; r
      (then
        (drop (call $random_get (i32.const 2048) (i32.const 1)))
        (return (call $number (i64.load8_u (i32.const 2048))))))
    (if (i32.eq (local.get $fault) (i32.const 0x73)) ;; s
      (then (return (call $number (global.get $calls)))))
    (if (i32.eq (local.get $fault) (i32.const 0x67)) ;; g
      (then (drop (memory.grow (i32.const 1)))))
    (i64.const 0)))
