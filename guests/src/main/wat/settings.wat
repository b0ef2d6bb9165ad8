;; A filter that reads its configuration and secrets. Its value is a text: "c<key>" is a value of
;; the configuration, "t<key>" the same read again after a log line, "s<name>" a secret as a text.
;; It returns what it read, or the status as a number.
(module
  (import "env" "gn_config_get" (func $config (param i32 i32) (result i64)))
  (import "env" "gn_secrets_get" (func $secret (param i32 i32) (result i64)))
  (import "env" "gn_log" (func $log (param i32 i32 i32)))
  (include "abi.part")
  (include "number.part")
  (include "answer.part")

  ;; The text lies between {"kind":"filter","value":" and ","args":[]}
  (func (export "gn_handle_hook")
    (param $name i32) (param $name_length i32) (param $payload i32) (param $length i32) (result i64)
    (local $key i32) (local $key_length i32) (local $operation i32)
    (local.set $operation (i32.load8_u offset=26 (local.get $payload)))
    (local.set $key (i32.add (local.get $payload) (i32.const 27)))
    (local.set $key_length (i32.sub (local.get $length) (i32.const 39)))
    (if (i32.eq (local.get $operation) (i32.const 0x73)) ;; s
      (then
        (return
          (call $answer
            (call $secret (local.get $key) (local.get $key_length))
            (i32.const 1)))))
    (if (i32.eq (local.get $operation) (i32.const 0x74)) ;; t
      (then
        (drop (call $config (local.get $key) (local.get $key_length)))
        (call $log (i32.const 1) (local.get $key) (local.get $key_length))))
    (call $answer
      (call $config (local.get $key) (local.get $key_length))
      (i32.const 0))))
