;; Traps behind what makes it hard to tell which instruction a trap came from.
(module
  (memory 1)
  (func (export "after_dead_code") (result i32)
    (block $out
      (loop $again
        (br $out)
        ;; None of this is reached, in the module or in the classes.
        (drop (i32.load (i32.const 0)))
        (br $again))
      (unreachable))
    (block
      (br 0)
      (drop (i32.rem_s (i32.const 1) (i32.const 0))))
    (i32.div_s (i32.const 1) (i32.const 0)))
  (func (export "beyond") (result i32)
    (i32.load offset=0xfffffffc (i32.const 0)))
  ;; Counts down over two loops, one of which leaves values behind when it goes on.
  (func (export "after_table") (param $i i32) (result i32)
    (loop $outer
      (i32.const 7)
      (loop $inner
        (local.set $i (i32.sub (local.get $i) (i32.const 1)))
        (block $done
          (i32.eqz (local.get $i))
          (br_if $done)
          (br_table $inner $outer $inner (i32.and (local.get $i) (i32.const 3)))))
      (drop))
    (i32.rem_u (i32.const 1) (local.get $i)))
  (func (export "two_loads") (param i32 i32) (result i32)
    (i32.add (i32.load (local.get 0)) (i32.load (local.get 1)))))
