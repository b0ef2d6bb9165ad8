;; A filter that calls one service many times. Its value is a text, a letter and a number: "a20" calls
;; the application's function bench.echo 20 times, "c" reads the configuration's key "request", "k" the
;; key-value entry "key", "d" a row of the table entry, "f" sends the configuration's request. "n" calls
;; nothing; "s1" writes the entry. It returns how many of the calls had an answer with a body.
(module
  (import "env" "gn_app_call" (func $app (param i32 i32 i32 i32) (result i64)))
  (import "env" "gn_config_get" (func $config (param i32 i32) (result i64)))
  (import "env_net" "gn_http_fetch" (func $fetch (param i32 i32) (result i64)))
  (import "gonext_data" "gn_kv_get" (func $kv (param i32 i32) (result i64)))
  (import "gonext_data" "gn_kv_set" (func $set (param i32 i32 i32 i32) (result i64)))
  (import "gonext_data" "gn_db_read" (func $db (param i32 i32 i32 i32) (result i64)))
  (include "abi.part")
  (include "number.part")
  (data (i32.const 1024) "bench.echo")
  (data (i32.const 1040) "{\"id\":7}")
  (data (i32.const 1056) "request")
  (data (i32.const 1072) "key")
  (data (i32.const 1088) "select content from entry where id = ?")
  (data (i32.const 1136) "[7]")
  (data (i32.const 1152) "an entry")

  (func $called (param $operation i32) (param $request i64) (result i64)
    (if (i32.eq (local.get $operation) (i32.const 0x61)) ;; a
      (then
        (return
          (call $app
            (i32.const 1024) (i32.const 10) (i32.const 1040) (i32.const 8)))))
    (if (i32.eq (local.get $operation) (i32.const 0x63)) ;; c
      (then (return (call $config (i32.const 1056) (i32.const 7)))))
    (if (i32.eq (local.get $operation) (i32.const 0x6b)) ;; k
      (then (return (call $kv (i32.const 1072) (i32.const 3)))))
    (if (i32.eq (local.get $operation) (i32.const 0x64)) ;; d
      (then
        (return
          (call $db
            (i32.const 1088) (i32.const 38) (i32.const 1136) (i32.const 3)))))
    (if (i32.eq (local.get $operation) (i32.const 0x66)) ;; f
      (then
        (return
          (call $fetch
            (i32.wrap_i64 (i64.shr_u (local.get $request) (i64.const 32)))
            (i32.wrap_i64 (local.get $request))))))
    (if (i32.eq (local.get $operation) (i32.const 0x73)) ;; s
      (then
        (return
          (call $set
            (i32.const 1072) (i32.const 3) (i32.const 1152) (i32.const 8)))))
    (i64.shl (i64.const 1) (i64.const 32)))

  ;; The text lies between {"kind":"filter","value":" and ","args":[]}
  (func (export "gn_handle_hook")
    (param $name i32) (param $name_length i32) (param $payload i32) (param $length i32) (result i64)
    (local $operation i32) (local $at i32) (local $end i32) (local $left i32) (local $answered i64)
    (local $request i64) (local $answer i64)
    (local.set $operation (i32.load8_u offset=26 (local.get $payload)))
    (local.set $at (i32.add (local.get $payload) (i32.const 27)))
    (local.set $end (i32.sub (i32.add (local.get $payload) (local.get $length)) (i32.const 12)))
    (loop $digits
      (local.set $left
        (i32.add
          (i32.mul (local.get $left) (i32.const 10))
          (i32.sub (i32.load8_u (local.get $at)) (i32.const 0x30))))
      (local.set $at (i32.add (local.get $at) (i32.const 1)))
      (br_if $digits (i32.lt_u (local.get $at) (local.get $end))))
    (if (i32.eq (local.get $operation) (i32.const 0x66))
      (then (local.set $request (call $config (i32.const 1056) (i32.const 7)))))
    (loop $again
      (local.set $answer (call $called (local.get $operation) (local.get $request)))
      (if (i64.ne (i64.shr_u (local.get $answer) (i64.const 32)) (i64.const 0))
        (then (local.set $answered (i64.add (local.get $answered) (i64.const 1)))))
      (local.set $left (i32.sub (local.get $left) (i32.const 1)))
      (br_if $again (local.get $left)))
    (call $number (local.get $answered))))
