/**
 * The boundary: guest ABI v1. A plugin exports it by `export * from "gonext/assembly/abi"`.
 *
 * The blocks that the host holds are outside of the garbage collector, on the heap below it.
 */
import { Status } from "./call";
import { Outcome, run, runJob } from "./plugin";

export function gn_alloc(size: i32): usize {
  // An empty block has an address too: 0 means out of memory.
  return heap.alloc(max<usize>(<u32>size, 1));
}

export function gn_free(block: usize, size: i32): void {
  if (block != 0) heap.free(block);
}

export function gn_handle_hook(
  name: usize,
  nameLength: i32,
  payload: usize,
  payloadLength: i32,
): i64 {
  return packed(run(String.UTF8.decodeUnsafe(name, nameLength), copied(payload, payloadLength)));
}

export function gn_handle_job(
  name: usize,
  nameLength: i32,
  payload: usize,
  payloadLength: i32,
): i64 {
  return packed(runJob(String.UTF8.decodeUnsafe(name, nameLength), copied(payload, payloadLength)));
}

function copied(block: usize, length: i32): ArrayBuffer {
  const copy = new ArrayBuffer(length);
  memory.copy(changetype<usize>(copy), block, length);
  return copy;
}

function packed(outcome: Outcome): i64 {
  if (outcome.status != Status.Ok) return <i64>outcome.status & 0xffffffff;
  const body = String.UTF8.encode(outcome.body);
  const length = body.byteLength;
  if (length == 0) return 0;
  const block = heap.alloc(length);
  memory.copy(block, changetype<usize>(body), length);
  return ((<i64>block) << 32) | length;
}
