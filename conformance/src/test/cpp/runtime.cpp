// The part of the C++ runtime that guest.cpp needs. Debian has no libc++abi for wasm32.
#include <stddef.h>
#include <stdint.h>

namespace std { class type_info; void terminate() { __builtin_trap(); } }

namespace {
alignas(16) char heap[1 << 16];
size_t used;
struct Exception {
  const void *type;
  Exception *next;
};
Exception *caught;
Exception *header(void *object) { return static_cast<Exception *>(object) - 1; }

const uint8_t *at;
uintptr_t unsignedNumber() {
  uintptr_t value = 0;
  for (int shift = 0;; shift += 7) {
    uint8_t byte = *at++;
    value |= uintptr_t(byte & 0x7F) << shift;
    if (byte < 0x80) return value;
  }
}
intptr_t signedNumber() {
  intptr_t value = 0;
  for (int shift = 0;;) {
    uint8_t byte = *at++;
    value |= intptr_t(byte & 0x7F) << shift;
    shift += 7;
    if (byte < 0x80) return byte & 0x40 ? value | -(intptr_t(1) << shift) : value;
  }
}
}

extern "C" {
void *memset(void *to, int value, size_t size) {
  char *bytes = static_cast<char *>(to);
  for (size_t i = 0; i < size; i++) bytes[i] = char(value);
  return to;
}

struct { uintptr_t landingPad; const uint8_t *table; uintptr_t selector; } __wasm_lpad_context;

// Finds the handler in the function's table of landing pads, as the personality of libc++abi does.
int _Unwind_CallPersonality(void *object) {
  at = __wasm_lpad_context.table;
  __wasm_lpad_context.selector = 0;
  at++;  // no start of landing pads
  const uintptr_t *types = nullptr;
  if (*at++ != 0xFF) {
    uintptr_t offset = unsignedNumber();
    types = reinterpret_cast<const uintptr_t *>(at + offset);
  }
  at++;  // the encoding of call sites
  uintptr_t size = unsignedNumber();
  const uint8_t *actions = at + size;
  uintptr_t action = 0;
  for (uintptr_t i = 0; i <= __wasm_lpad_context.landingPad; i++) {
    unsignedNumber();
    action = unsignedNumber();
  }
  if (action == 0) return 0;
  at = actions + action - 1;
  for (;;) {
    intptr_t filter = signedNumber();
    const uint8_t *next = at;
    if (filter > 0) {
      uintptr_t type = types[-filter];
      if (type == 0 || type == reinterpret_cast<uintptr_t>(header(object)->type)) {
        __wasm_lpad_context.selector = filter;
        return 0;
      }
    }
    intptr_t offset = signedNumber();
    if (offset == 0) return 0;
    at = next + offset;
  }
}

int __gxx_personality_wasm0(...) { return 0; }

void *__cxa_allocate_exception(size_t size) {
  size_t whole = (sizeof(Exception) + size + 15) & ~size_t(15);
  if (used + whole > sizeof heap) used = 0;
  Exception *exception = reinterpret_cast<Exception *>(heap + used);
  used += whole;
  return exception + 1;
}

[[noreturn]] void __cxa_throw(void *object, std::type_info *type, void (*)(void *)) {
  header(object)->type = type;
  __builtin_wasm_throw(0, object);
}

extern const char *_ZTIPKc;

// The object; for a pointer, what it holds.
void *__cxa_begin_catch(void *object) {
  header(object)->next = caught;
  caught = header(object);
  return header(object)->type == &_ZTIPKc ? *static_cast<void **>(object) : object;
}

void __cxa_end_catch() { caught = caught->next; }

[[noreturn]] void __cxa_rethrow() {
  Exception *current = caught;
  caught = current->next;
  __builtin_wasm_throw(0, current + 1);
}

// The types of what is thrown; only their addresses count.
const char *_ZTIi = "int";
const char *_ZTIPKc = "text";
const char *_ZTIf = "float";
}
