;; Imports every function of the ABI's table that returns something, and calls in the hook "call_a"
;; the first, in "call_b" the second and so on, each with zeros for arguments. Returns the answer, or
;; the low half of one that packs two, as {"value":<number>}.
(module
  (import "env" "gn_i18n_translate"
    (func $env.gn_i18n_translate (param i32 i32 i32 i32) (result i64)))
  (import "env" "gn_metric_observe"
    (func $env.gn_metric_observe (param i32 i32 f64 i32 i32) (result i32)))
  (import "env" "gn_event_emit"
    (func $env.gn_event_emit (param i32 i32 i32 i32) (result i32)))
  (import "env" "gn_span_event"
    (func $env.gn_span_event (param i32 i32 i32 i32) (result i32)))
  (import "env" "gn_secrets_get"
    (func $env.gn_secrets_get (param i32 i32) (result i64)))
  (import "env" "gn_audit_emit"
    (func $env.gn_audit_emit (param i32 i32) (result i32)))
  (import "env" "gn_cron_register"
    (func $env.gn_cron_register (param i32 i32) (result i32)))
  (import "env_platform" "gn_secrets_get"
    (func $env_platform.gn_secrets_get (param i32 i32) (result i64)))
  (import "env_platform" "gn_audit_emit"
    (func $env_platform.gn_audit_emit (param i32 i32) (result i32)))
  (import "env_platform" "gn_cron_register"
    (func $env_platform.gn_cron_register (param i32 i32) (result i32)))
  (import "env_net" "gn_http_fetch"
    (func $env_net.gn_http_fetch (param i32 i32) (result i64)))
  (import "gonext_data" "gn_db_read"
    (func $gonext_data.gn_db_read (param i32 i32 i32 i32) (result i64)))
  (import "gonext_data" "gn_db_write"
    (func $gonext_data.gn_db_write (param i32 i32 i32 i32) (result i64)))
  (import "gonext_data" "gn_kv_get"
    (func $gonext_data.gn_kv_get (param i32 i32) (result i64)))
  (import "gonext_data" "gn_kv_set"
    (func $gonext_data.gn_kv_set (param i32 i32 i32 i32) (result i64)))
  (import "gonext_data" "gn_kv_del"
    (func $gonext_data.gn_kv_del (param i32 i32) (result i64)))
  (import "gonext_data" "gn_kv_incr"
    (func $gonext_data.gn_kv_incr (param i32 i32 i64) (result i64)))
  (import "gonext_data" "gn_cache_invalidate"
    (func $gonext_data.gn_cache_invalidate (param i32 i32) (result i64)))
  (include "abi.part")
  (include "number.part")
  (func (export "gn_handle_hook")
    (param $name i32) (param $name_length i32) (param $payload i32) (param $length i32) (result i64)
    (local $which i32)
    (local.set $which
      (i32.sub (i32.load8_u offset=5 (local.get $name)) (i32.const 0x61)))
    (if (i32.eq (local.get $which) (i32.const 0))
      (then
        (return
          (call $number
            (i64.extend32_s
              (call $env.gn_i18n_translate (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)))))))
    (if (i32.eq (local.get $which) (i32.const 1))
      (then
        (return
          (call $number
            (i64.extend_i32_s
              (call $env.gn_metric_observe (i32.const 0) (i32.const 0) (f64.const 0) (i32.const 0) (i32.const 0)))))))
    (if (i32.eq (local.get $which) (i32.const 2))
      (then
        (return
          (call $number
            (i64.extend_i32_s
              (call $env.gn_event_emit (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)))))))
    (if (i32.eq (local.get $which) (i32.const 3))
      (then
        (return
          (call $number
            (i64.extend_i32_s
              (call $env.gn_span_event (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)))))))
    (if (i32.eq (local.get $which) (i32.const 4))
      (then
        (return
          (call $number
            (i64.extend32_s
              (call $env.gn_secrets_get (i32.const 0) (i32.const 0)))))))
    (if (i32.eq (local.get $which) (i32.const 5))
      (then
        (return
          (call $number
            (i64.extend_i32_s
              (call $env.gn_audit_emit (i32.const 0) (i32.const 0)))))))
    (if (i32.eq (local.get $which) (i32.const 6))
      (then
        (return
          (call $number
            (i64.extend_i32_s
              (call $env.gn_cron_register (i32.const 0) (i32.const 0)))))))
    (if (i32.eq (local.get $which) (i32.const 7))
      (then
        (return
          (call $number
            (i64.extend32_s
              (call $env_platform.gn_secrets_get (i32.const 0) (i32.const 0)))))))
    (if (i32.eq (local.get $which) (i32.const 8))
      (then
        (return
          (call $number
            (i64.extend_i32_s
              (call $env_platform.gn_audit_emit (i32.const 0) (i32.const 0)))))))
    (if (i32.eq (local.get $which) (i32.const 9))
      (then
        (return
          (call $number
            (i64.extend_i32_s
              (call $env_platform.gn_cron_register (i32.const 0) (i32.const 0)))))))
    (if (i32.eq (local.get $which) (i32.const 10))
      (then
        (return
          (call $number
            (i64.extend32_s
              (call $env_net.gn_http_fetch (i32.const 0) (i32.const 0)))))))
    (if (i32.eq (local.get $which) (i32.const 11))
      (then
        (return
          (call $number
            (i64.extend32_s
              (call $gonext_data.gn_db_read (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)))))))
    (if (i32.eq (local.get $which) (i32.const 12))
      (then
        (return
          (call $number
            (i64.extend32_s
              (call $gonext_data.gn_db_write (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)))))))
    (if (i32.eq (local.get $which) (i32.const 13))
      (then
        (return
          (call $number
            (i64.extend32_s
              (call $gonext_data.gn_kv_get (i32.const 0) (i32.const 0)))))))
    (if (i32.eq (local.get $which) (i32.const 14))
      (then
        (return
          (call $number
            (i64.extend32_s
              (call $gonext_data.gn_kv_set (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)))))))
    (if (i32.eq (local.get $which) (i32.const 15))
      (then
        (return
          (call $number
            (i64.extend32_s
              (call $gonext_data.gn_kv_del (i32.const 0) (i32.const 0)))))))
    (if (i32.eq (local.get $which) (i32.const 16))
      (then
        (return
          (call $number
            (i64.extend32_s
              (call $gonext_data.gn_kv_incr (i32.const 0) (i32.const 0) (i64.const 0)))))))
    (if (i32.eq (local.get $which) (i32.const 17))
      (then
        (return
          (call $number
            (i64.extend32_s
              (call $gonext_data.gn_cache_invalidate (i32.const 0) (i32.const 0)))))))
    (i64.const 0xfffffffc)))
