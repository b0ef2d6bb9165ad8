;; Answers an HTTP request with status 200, but one whose payload contains "/loop" never: after such
;; a call has been ended, the next must work.
(module
  (include "abi.part")
  (data (i32.const 8)
    "{\"value\":{\"status\":200,\"headers\":{\"Content-Type\":\"text/plain\"},"
    "\"body\":\"SGVsbG8gZnJvbSB0aGUgZ3Vlc3QK\"}}")
  (func (export "gn_handle_hook")
    (param $name i32) (param $name_length i32) (param $payload i32) (param $length i32) (result i64)
    (local $at i32) (local $end i32)
    (local.set $at (local.get $payload))
    (local.set $end
      (i32.sub (i32.add (local.get $payload) (local.get $length)) (i32.const 5)))
    (block $answer
      (loop $search
        (br_if $answer (i32.gt_s (local.get $at) (local.get $end)))
        (if
          (i32.and
            (i32.eq (i32.load (local.get $at)) (i32.const 0x6f6f6c2f)) ;; /loo
            (i32.eq (i32.load8_u offset=4 (local.get $at)) (i32.const 0x70))) ;; p
          (then (loop $forever (br $forever))))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (br $search)))
    (call $body (i32.const 8) (i32.const 102))))
