;; Functions whose fuel is easy to count by hand. A call costs 1, then each instruction 1, without
;; nop, drop, block, loop, else, end, return and unreachable.
(module
  (import "env" "host" (func $host (param i32) (result i32)))
  (memory (export "memory") 1 4)
  (table $t 16 32 funcref)
  (global $seen (mut i32) (i32.const 0))
  (data $bytes "0123456789")
  (elem $functions func $empty $empty)

  (func $empty (export "empty"))

  (func (export "seen") (result i32)
    global.get $seen)

  ;; 1 + 4
  (func (export "plain") (result i32)
    block
      nop
      i32.const 1
      drop
    end
    i32.const 2
    i32.const 3
    i32.add
    return)

  ;; 1 + 2 + 9n: at each round 4 for the global, 4 for the local and 1 for br_if.
  (func (export "rounds") (param $n i32) (result i32)
    loop $again
      global.get $seen
      i32.const 1
      i32.add
      global.set $seen
      local.get $n
      i32.const 1
      i32.sub
      local.tee $n
      br_if $again
    end
    local.get $n
    i32.const 7
    i32.add
    drop
    local.get $n)

  ;; 1 + 2 + 2 for 0, 1 + 2 + 3 otherwise.
  (func (export "choose") (param $n i32) (result i32)
    local.get $n
    if (result i32)
      i32.const 1
      i32.const 2
      i32.add
    else
      i32.const 3
      nop
      i32.const 4
      drop
    end)

  ;; 1 + 2 + 2 + 1 each call, and the calls.
  (func (export "calls") (param $n i32) (result i32)
    call $empty
    call $empty
    local.get $n
    call $host)

  ;; Calls itself n times: 1 + 2 the last one, 1 + 2 + 4 the others.
  (func $deep (export "deep") (param $n i32)
    local.get $n
    if
      local.get $n
      i32.const 1
      i32.sub
      call $deep
    end)

  (func (export "copy") (param $size i32)
    i32.const 0
    i32.const 1
    local.get $size
    memory.copy)

  (func (export "fill") (param $size i32)
    i32.const 0
    i32.const 1
    local.get $size
    memory.fill)

  (func (export "init") (param $size i32)
    i32.const 0
    i32.const 0
    local.get $size
    memory.init $bytes)

  (func (export "grow") (param $pages i32) (result i32)
    local.get $pages
    memory.grow)

  (func (export "tableFill") (param $size i32)
    i32.const 0
    ref.null func
    local.get $size
    table.fill $t)

  (func (export "tableCopy") (param $size i32)
    i32.const 0
    i32.const 0
    local.get $size
    table.copy $t $t)

  (func (export "tableInit") (param $size i32)
    i32.const 0
    i32.const 0
    local.get $size
    table.init $t $functions)

  (func (export "tableGrow") (param $size i32) (result i32)
    ref.null func
    local.get $size
    table.grow $t)

  ;; The same in a loop, whose fuel is counted in a local.
  (func (export "copies") (param $n i32) (param $size i32)
    loop $again
      i32.const 0
      i32.const 1
      local.get $size
      memory.copy
      local.get $n
      i32.const 1
      i32.sub
      local.tee $n
      br_if $again
    end)

  ;; Traps in the first block of a loop, after two of its seven instructions.
  (func (export "trapsInBlock") (param $address i32) (result i32)
    loop (result i32)
      local.get $address
      i32.load
      i32.const 1
      i32.add
      i32.const 2
      i32.add
      br 1
    end)

  ;; Three blocks without a check behind the first, then a host function.
  (func (export "straight") (param $n i32) (result i32)
    local.get $n
    if
      i32.const 1
      global.set $seen
    end
    local.get $n
    if
      i32.const 2
      global.set $seen
    end
    local.get $n
    if (result i32)
      i32.const 3
      global.set $seen
      local.get $n
      call $host
    else
      i32.const 0
    end)

  (func $recurses (export "recurses") (param $n i32) (result i32)
    (if (result i32) (i32.lt_u (local.get $n) (i32.const 2))
      (then (local.get $n))
      (else
        (i32.add
          (call $recurses (i32.sub (local.get $n) (i32.const 1)))
          (call $recurses (i32.sub (local.get $n) (i32.const 2))))))))
