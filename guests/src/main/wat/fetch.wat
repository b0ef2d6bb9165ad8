;; A filter whose value is a request for gn_http_fetch. It returns the answer, or its status as a
;; number. The letter after "fetch." in the hook's name says what it does after a failure:
;; "e" returns the last error, "t" traps, "l" never returns. With "m" it sends the request 17 times
;; and returns the last answer. With "s" it returns how many bytes the answer has, or its status.
(module
  (import "env_net" "gn_http_fetch" (func $fetch (param i32 i32) (result i64)))
  (import "env" "gn_last_error" (func $last_error (result i64)))
  (include "abi.part")
  (include "number.part")

  ;; A body as a result: {"value":<body>}.
  (func $value (param $packed i64) (result i64)
    (local $length i32) (local $text i32)
    (local.set $length (i32.wrap_i64 (local.get $packed)))
    (local.set $text (call $alloc (i32.add (local.get $length) (i32.const 10))))
    (i64.store (local.get $text) (i64.const 0x2265756c6176227b)) ;; {"value"
    (i32.store8 offset=8 (local.get $text) (i32.const 0x3a)) ;; :
    (memory.copy
      (i32.add (local.get $text) (i32.const 9))
      (i32.wrap_i64 (i64.shr_u (local.get $packed) (i64.const 32)))
      (local.get $length))
    (i32.store8 offset=9 (i32.add (local.get $text) (local.get $length)) (i32.const 0x7d)) ;; }
    (call $body (local.get $text) (i32.add (local.get $length) (i32.const 10))))

  ;; The request lies between {"kind":"filter","value": and ,"args":[]}
  (func (export "gn_handle_hook")
    (param $name i32) (param $name_length i32) (param $payload i32) (param $length i32) (result i64)
    (local $then i32) (local $left i32) (local $answer i64)
    (if (i32.gt_u (local.get $name_length) (i32.const 6))
      (then (local.set $then (i32.load8_u offset=6 (local.get $name)))))
    (local.set $left
      (select (i32.const 17) (i32.const 1) (i32.eq (local.get $then) (i32.const 0x6d)))) ;; m
    (loop $again
      (local.set $answer
        (call $fetch
          (i32.add (local.get $payload) (i32.const 25))
          (i32.sub (local.get $length) (i32.const 36))))
      (local.set $left (i32.sub (local.get $left) (i32.const 1)))
      (br_if $again (local.get $left)))
    (if (i32.eq (local.get $then) (i32.const 0x73)) ;; s
      (then (return (call $number (i64.extend_i32_s (i32.wrap_i64 (local.get $answer)))))))
    (if (i64.ne (i64.shr_u (local.get $answer) (i64.const 32)) (i64.const 0))
      (then (return (call $value (local.get $answer)))))
    (if (i32.eq (local.get $then) (i32.const 0x65)) ;; e
      (then (return (call $value (call $last_error)))))
    (if (i32.eq (local.get $then) (i32.const 0x74)) ;; t
      (then (unreachable)))
    (if (i32.eq (local.get $then) (i32.const 0x6c)) ;; l
      (then (loop $for_ever (br $for_ever))))
    (call $number (i64.extend_i32_s (i32.wrap_i64 (local.get $answer))))))
