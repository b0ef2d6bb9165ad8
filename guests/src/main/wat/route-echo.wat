;; Answers an HTTP request with status 200 and the request's own body: of a payload that ends in
;; {..."body":"<base64>"},"args":[]} it copies the base64.
(module
  (include "abi.part")
  (data (i32.const 8) "{\"value\":{\"status\":200,\"body\":\"")
  (data (i32.const 64) "\"}}")
  (func (export "gn_handle_hook")
    (param $name i32) (param $name_length i32) (param $payload i32) (param $length i32) (result i64)
    (local $start i32) (local $end i32) (local $size i32) (local $answer i32)
    ;; The closing quote of the body, and the character after its opening quote.
    (local.set $end (i32.sub (i32.add (local.get $payload) (local.get $length)) (i32.const 13)))
    (local.set $start (local.get $end))
    (block $found
      (loop $back
        (br_if $found
          (i32.eq
            (i32.load8_u (i32.sub (local.get $start) (i32.const 1)))
            (i32.const 0x22)))
        (local.set $start (i32.sub (local.get $start) (i32.const 1)))
        (br $back)))
    (local.set $size (i32.sub (local.get $end) (local.get $start)))
    (local.set $answer (call $alloc (i32.add (local.get $size) (i32.const 34))))
    (if (i32.eqz (local.get $answer)) (then (return (i64.const 0xfffffffe)))) ;; -2
    (memory.copy (local.get $answer) (i32.const 8) (i32.const 31))
    (memory.copy
      (i32.add (local.get $answer) (i32.const 31)) (local.get $start) (local.get $size))
    (memory.copy
      (i32.add (i32.add (local.get $answer) (i32.const 31)) (local.get $size))
      (i32.const 64)
      (i32.const 3))
    (call $body (local.get $answer) (i32.add (local.get $size) (i32.const 34)))))
