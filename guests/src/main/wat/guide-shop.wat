;; The module of docs/engine.md: a host function, WASI, text in memory, and state that a reset takes back.
(module
  (import "shop" "price" (func $price (param i32) (result i64)))
  (import "wasi_snapshot_preview1" "fd_write"
    (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (global $calls (mut i32) (i32.const 0))
  (data (i32.const 64) "the shop is open\n")

  ;; The price of so many pieces, in cents.
  (func (export "total") (param $article i32) (param $pieces i32) (result i64)
    (i64.mul (call $price (local.get $article)) (i64.extend_i32_u (local.get $pieces))))
  ;; How often it was called, kept in a global and in memory.
  (func (export "count") (result i32)
    (global.set $calls (i32.add (global.get $calls) (i32.const 1)))
    (i32.store (i32.const 1024) (global.get $calls))
    (i32.load (i32.const 1024)))
  (func (export "greet")
    (i32.store (i32.const 0) (i32.const 64))
    (i32.store (i32.const 4) (i32.const 17))
    (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8))))
  ;; Makes capitals of the small letters of ASCII, in place.
  (func (export "upper") (param $at i32) (param $bytes i32)
    (local $end i32) (local $letter i32)
    (local.set $end (i32.add (local.get $at) (local.get $bytes)))
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $at) (local.get $end)))
        (local.set $letter (i32.load8_u (local.get $at)))
        (if (i32.lt_u (i32.sub (local.get $letter) (i32.const 97)) (i32.const 26))
          (then (i32.store8 (local.get $at) (i32.sub (local.get $letter) (i32.const 32)))))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (br $next))))
  (func (export "half") (param f64) (result f64)
    (f64.mul (local.get 0) (f64.const 0.5)))
  (func (export "spin")
    (loop $again (br $again))))
