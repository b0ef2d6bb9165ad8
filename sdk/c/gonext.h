/*
 * Write GoNext plugins in C (C11), with any compiler for WASI whose C library has malloc.
 *
 *     #define GONEXT_IMPLEMENTATION     in exactly one file of the plugin
 *     #include "gonext.h"
 *
 *     static gn_status shout(gn_call *call, gn_text value, gn_buffer *out) { ... }
 *
 *     GN_PLUGIN {
 *       gn_filter_text("the_title", shout);
 *     }
 *
 * An instance of a plugin serves one call at a time, on one thread. A handler gets a gn_call. All memory
 * that it allocates there (gn_allocate, and the contents of its gn_buffers) is freed at the end of the
 * call, so a handler frees nothing. Texts are UTF-8 with a length, and do not end with a zero byte. The
 * arguments of a handler stay valid until it returns.
 */
#ifndef GONEXT_H
#define GONEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The status of a handler. For any status but GN_OK, write the reason to the log with gn_fail. */
typedef enum {
  GN_OK = 0,
  GN_ERROR = -1,
  GN_OUT_OF_MEMORY = -2,
  GN_BAD_PAYLOAD = -3, /* a route answers 400 */
  GN_UNKNOWN_HOOK = -4
} gn_status;

/* The status of a function of the host. A newer host may return other negative values. See
   gn_host_problem. */
typedef enum {
  GN_HOST_OK = 0,
  GN_DENIED = -1, /* the capability is not requested, or not granted */
  GN_INTERNAL = -2,
  GN_BAD_ARGUMENTS = -3,
  GN_NOT_FOUND = -4,
  GN_QUOTA = -5,
  GN_RATE_LIMITED = -12, /* too many calls */
  GN_TIMED_OUT = -13,    /* the function took too long; it may have run or not */
  /* The host sends none of these: functions of this header return them. */
  GN_BLOCKED = -101,         /* the host does not send the request */
  GN_UPSTREAM_FAILED = -102, /* no complete answer came from the other server */
  GN_WRONG_TYPE = -103       /* the value that the host returned is not of the wanted type */
} gn_host_status;

typedef struct {
  const char *at;
  size_t length;
} gn_text;

/* One hook call. */
typedef struct gn_call gn_call;

/* A text that grows. It belongs to one call. */
typedef struct {
  gn_call *call;
  char *at;
  size_t length, capacity;
} gn_buffer;

/* ---- texts ------------------------------------------------------------------------------- */

/* The text of a string that ends with a zero byte. */
gn_text gn_string(const char *string);
bool gn_equal(gn_text a, gn_text b);
bool gn_equals(gn_text text, const char *string);

/* Memory for the rest of the call, aligned for any type; never NULL. */
void *gn_allocate(gn_call *call, size_t size);

gn_buffer gn_new_buffer(gn_call *call);
void gn_append(gn_buffer *buffer, gn_text text);
/* Several texts: gn_append_all(out, gn_string("Hello, "), name). */
#define gn_append_all(buffer, ...)                             \
  gn_append_list(buffer, (const gn_text[]){__VA_ARGS__},       \
                 sizeof((const gn_text[]){__VA_ARGS__}) / sizeof(gn_text))
void gn_append_list(gn_buffer *buffer, const gn_text *texts, size_t count);
void gn_append_string(gn_buffer *buffer, const char *string);
void gn_append_char(gn_buffer *buffer, char character);
void gn_append_int(gn_buffer *buffer, int64_t number);
gn_text gn_contents(const gn_buffer *buffer);

/* ---- JSON -------------------------------------------------------------------------------- */

typedef enum { GN_NULL, GN_FALSE, GN_TRUE, GN_NUMBER, GN_TEXT, GN_ARRAY, GN_OBJECT } gn_type;

/* A JSON value. Items and members are a list: `first`, then `next`. A number keeps its text. */
typedef struct gn_json {
  gn_type type;
  gn_text text; /* of a text, decoded; of a number, as written */
  gn_text key;  /* of a member of an object */
  const struct gn_json *first, *next;
  size_t count; /* of items or members */
} gn_json;

/* Reads exactly one value of strict JSON. NULL for anything else, and for an object that has the same
   key twice. */
const gn_json *gn_parse(gn_call *call, gn_text text);

/* The member of this name, or NULL. NULL also when `value` is NULL or not an object. */
const gn_json *gn_member(const gn_json *value, const char *name);
/* The item at `index`, or NULL. */
const gn_json *gn_item(const gn_json *value, size_t index);

/* These return false and do not change the result when `value` is NULL or of another type. An integer is
   a number without fraction and exponent. */
bool gn_as_text(const gn_json *value, gn_text *text);
bool gn_as_int(const gn_json *value, int64_t *number);
bool gn_as_double(const gn_json *value, double *number);
bool gn_as_bool(const gn_json *value, bool *truth);

/* These write a value as JSON. NULL, an infinity and NaN become null. */
void gn_json_text(gn_buffer *out, gn_text text);
void gn_json_double(gn_buffer *out, double number);
void gn_json_value(gn_buffer *out, const gn_json *value);

/* ---- handlers ---------------------------------------------------------------------------- */

/* Runs once, when an instance starts. Register all handlers here. */
#define GN_PLUGIN                                                       \
  __attribute__((constructor)) static void gn_register_handlers(void)

/* A filter writes the new value. For a value of another type, the call ends with GN_BAD_PAYLOAD and the
   handler does not run. The handler of gn_filter_text writes plain text, not JSON. */
typedef gn_status (*gn_json_filter)(gn_call *call, const gn_json *value, gn_buffer *json);
typedef gn_status (*gn_text_filter)(gn_call *call, gn_text value, gn_buffer *text);
typedef gn_status (*gn_int_filter)(gn_call *call, int64_t value, int64_t *result);
typedef gn_status (*gn_double_filter)(gn_call *call, double value, double *result);
typedef gn_status (*gn_bool_filter)(gn_call *call, bool value, bool *result);

/* Names and paths are not copied, so they must stay valid: use literals. */
void gn_filter(const char *name, gn_json_filter handler);
void gn_filter_text(const char *name, gn_text_filter handler);
void gn_filter_int(const char *name, gn_int_filter handler);
void gn_filter_double(const char *name, gn_double_filter handler);
void gn_filter_bool(const char *name, gn_bool_filter handler);

typedef gn_status (*gn_action_handler)(gn_call *call);
void gn_action(const char *name, gn_action_handler handler);

/* The argument of the call at `index`, from 0; NULL when there is none. */
const gn_json *gn_arg(gn_call *call, size_t index);

/* Writes to the log why a call fails, and returns `status`: return gn_fail(call, GN_ERROR, "..."). */
gn_status gn_fail(gn_call *call, gn_status status, const char *why);
gn_status gn_fail_text(gn_call *call, gn_status status, gn_text why);

/* ---- routes ------------------------------------------------------------------------------ */

typedef struct {
  gn_call *call;
  gn_text method; /* upper case; a route for GET sees HEAD requests as GET */
  gn_text route;  /* the path under which the route was registered, such as /hello/{name} */
  gn_text path;   /* as the client sent it: percent-encoded, begins with a slash */
  gn_text query;  /* raw, without the question mark */
  gn_text body;   /* any bytes */
  const gn_json *headers, *params;
} gn_request;

/* By default: status 200, no body. */
typedef struct {
  int status; /* 200 to 599 */
  gn_buffer body;
  const char *content_type; /* NULL for none */
  gn_buffer headers;        /* by gn_set_header */
} gn_response;

typedef gn_status (*gn_route_handler)(const gn_request *request, gn_response *response);

/* Serves a path such as "/hello/{name}". Write the path as the manifest has it: the host names the route
   by the manifest's text. Needs a host of GoNext 0.1.0 or newer. */
void gn_get(const char *path, gn_route_handler handler);
void gn_post(const char *path, gn_route_handler handler);
void gn_put(const char *path, gn_route_handler handler);
void gn_delete(const char *path, gn_route_handler handler);
void gn_route(const char *method, const char *path, gn_route_handler handler);

/* The part of the path that {name} matched, decoded. Empty when the route has no {name}. */
gn_text gn_param(const gn_request *request, const char *name);
/* The first parameter of this name in the query, decoded. */
bool gn_query_param(const gn_request *request, const char *name, gn_text *value);
/* The header of this name, in upper or lower case. The host passes the headers that the manifest names in
   http.request_headers. Without that field it passes User-Agent, Accept, Accept-Language, Content-Type and
   Authorization. */
bool gn_header(const gn_request *request, const char *name, gn_text *value);

/* Set each header once. For a content type that is not a literal, leave the field content_type NULL and
   set the header. */
void gn_set_header(gn_response *response, const char *name, gn_text value);

/* Encodes a text for a header parameter whose name ends in *, as RFC 8187 says. The host accepts only
   Latin-1 characters in a header. Example: after "attachment; filename*=". */
void gn_append_ext_value(gn_buffer *out, gn_text value);

#define GN_PLAIN_TEXT "text/plain; charset=utf-8"
#define GN_HTML "text/html; charset=utf-8"
#define GN_JSON "application/json"

/* ---- the host ---------------------------------------------------------------------------- */

typedef enum { GN_DEBUG, GN_INFO, GN_WARN, GN_LEVEL_ERROR } gn_level;

void gn_log(gn_level level, gn_text text);
void gn_logs(gn_level level, const char *string);

/* Ends the call with a text that the host reports. The host replaces the instance. A failed assert() of
   <assert.h> does the same. */
_Noreturn void gn_panic(const char *text);

/* Why the last failed function of the host failed, with the capability or the limit, as a text for people:
   return gn_fail(call, GN_ERROR, gn_host_problem()). */
const char *gn_host_problem(void);

/* Milliseconds since 1970. */
int64_t gn_now_ms(void);

/* The plugin's own key-value store. All instances of the plugin share it, and it outlives them. Reading
   needs the capability kv.read, all else kv.write. */
int gn_kv_get(gn_call *call, gn_text key, gn_text *value);
int gn_kv_set(gn_text key, gn_text value);
int gn_kv_del(gn_text key);
int gn_kv_incr(gn_call *call, gn_text key, int64_t delta, int64_t *sum);

/* Writes an event to the operator's audit log. The event's name begins with the plugin's name. `json` is
   its data, or empty. Needs the capability audit.emit. */
int gn_audit(gn_call *call, gn_text event, gn_text json);

/* The plugin's configuration: the values that the operator set, and the defaults of config.schema in the
   manifest. All calls of one run see the same values. It needs no capability.

   gn_config_get returns the value of `key` as JSON, GN_NOT_FOUND when there is none. An empty key stands for
   the whole object. The others set `*value` only when the value has their type. When there is none, or null,
   they return GN_HOST_OK and `*value` stays: set it to the default before. */
int gn_config_get(gn_call *call, gn_text key, const gn_json **value);
int gn_config_text(gn_call *call, const char *key, gn_text *value);
int gn_config_int(gn_call *call, const char *key, int64_t *value);
int gn_config_bool(gn_call *call, const char *key, bool *value);

/* The secret of this name in secrets.keys of the manifest. GN_NOT_FOUND when the operator has not set it,
   GN_DENIED for one that only the host may use (inject_only). Do not write it to the log. */
int gn_secrets_get(gn_call *call, gn_text name, gn_text *value);

/* Calls a function of the application that runs the host. `json` is the request. It needs the capability that
   the application gave the function. GN_NOT_FOUND when the application has no such function. */
int gn_app_call(gn_call *call, gn_text name, gn_text json, const gn_json **answer);

/* A request to another server. Start from gn_new_fetch. */
typedef struct {
  gn_text method; /* upper case */
  gn_text url;
  gn_buffer headers; /* by gn_fetch_header */
  gn_text body;      /* any bytes */
  int timeout_ms;    /* of the whole request; 0: the host's limit */
} gn_fetch_request;

/* The answer of another server. */
typedef struct {
  int status;
  gn_text body;           /* any bytes; gn_parse(call, body) reads JSON */
  const gn_json *headers; /* by gn_fetched_header */
} gn_fetch_response;

gn_fetch_request gn_new_fetch(gn_call *call, const char *method, gn_text url);
/* Set each header once. */
void gn_fetch_header(gn_fetch_request *request, const char *name, gn_text value);
/* Sets the body and its content type. */
void gn_fetch_body(gn_fetch_request *request, const char *content_type, gn_text body);

/* Sends a request and waits for the response. A response of status 4xx or 5xx is not a failure. Needs the
   capability http.fetch, and the origin of the URL in http.fetch.allow in the manifest. */
int gn_fetch(gn_call *call, const gn_fetch_request *request, gn_fetch_response *response);
/* The header of this name, in upper or lower case. Several of one name are joined by a comma and a space. */
bool gn_fetched_header(const gn_fetch_response *response, const char *name, gn_text *value);

/* Optional: a plugin may define these. A result that is not 0 refuses. */
int32_t on_activate(void);
int32_t on_deactivate(void);

/* ---- tests ------------------------------------------------------------------------------- */

/* Runs one hook as the host does, with a payload in JSON, for tests. Tests are compiled natively: log lines
   go to standard error, and the key-value store and the audit log fail with GN_INTERNAL. `body` is the
   result, NULL when there is none; the caller frees it with free(). */
gn_status gn_run_hook(gn_text hook, gn_text payload, gn_text *body);

#ifndef __wasm__
/* What the host answers in tests. Strings are not copied, so they must stay valid: use literals. Without a
   setting there is no configuration, no secret and no function, and gn_fetch fails with GN_INTERNAL. */

/* Sets the plugin's configuration: an object in JSON. */
void gn_test_set_config(const char *json);
void gn_test_set_secret(const char *name, const char *value);

/* Answers the calls of a function of the application: writes JSON to `answer`, or returns a failure. */
typedef gn_host_status (*gn_test_function)(
    gn_call *call, const gn_json *request, gn_buffer *answer);
void gn_test_stub(const char *name, gn_test_function function);

/* Answers the requests of gn_fetch: writes the body and returns the status, or returns a gn_host_status.
   `request` is what the host gets: method, url, headers, body (in base64) and timeout_ms. */
typedef int (*gn_test_server)(gn_call *call, const gn_json *request, gn_buffer *body);
void gn_test_stub_fetch(gn_test_server server);

/* Forgets all settings. */
void gn_test_reset(void);
#endif

#endif

/* ========================================================================================== */

#ifdef GONEXT_IMPLEMENTATION
#undef GONEXT_IMPLEMENTATION

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef __wasm__
#define GN_EXPORT(name) __attribute__((export_name(#name))) name
#define GN_EXPORT_DEFAULT(name) __attribute__((weak, export_name(#name))) name
#define GN_IMPORT(module, name) __attribute__((import_module(module), import_name(name)))

GN_IMPORT("env", "gn_log") void gn_host_log(int level, const char *at, size_t length);
GN_IMPORT("env", "gn_panic") void gn_host_panic(const char *at, size_t length);
GN_IMPORT("env", "gn_time_ms") int64_t gn_host_time_ms(void);
GN_IMPORT("env", "gn_audit_emit") int gn_host_audit_emit(const char *at, size_t length);
GN_IMPORT("env", "gn_config_get") uint64_t gn_host_config_get(const char *key, size_t length);
GN_IMPORT("env", "gn_secrets_get") uint64_t gn_host_secrets_get(const char *name, size_t length);
GN_IMPORT("env", "gn_app_call")
uint64_t gn_host_app_call(const char *name, size_t length, const char *json, size_t json_length);
GN_IMPORT("env_net", "gn_http_fetch") uint64_t gn_host_http_fetch(const char *json, size_t length);
GN_IMPORT("gonext_data", "gn_kv_get") uint64_t gn_host_kv_get(const char *key, size_t length);
GN_IMPORT("gonext_data", "gn_kv_del") uint64_t gn_host_kv_del(const char *key, size_t length);
GN_IMPORT("gonext_data", "gn_kv_set")
uint64_t gn_host_kv_set(const char *key, size_t length, const char *at, size_t value_length);
GN_IMPORT("gonext_data", "gn_kv_incr")
uint64_t gn_host_kv_incr(const char *key, size_t length, int64_t delta);
#else
#include <time.h>
#define GN_EXPORT(name) name
#define GN_EXPORT_DEFAULT(name) __attribute__((weak)) name

static void gn_host_log(int level, const char *at, size_t length) {
  static const char *const names[] = {"debug", "info", "warn", "error"};
  fprintf(stderr, "[%s] %.*s\n", names[level], (int)length, at);
}

static void gn_host_panic(const char *at, size_t length) {
  fprintf(stderr, "panic: %.*s\n", (int)length, at);
}

static int64_t gn_host_time_ms(void) {
  return (int64_t)time(NULL) * 1000;
}

static int gn_host_audit_emit(const char *at, size_t length) {
  (void)at, (void)length;
  return GN_INTERNAL;
}

static uint64_t gn_host_kv_get(const char *key, size_t length) {
  (void)key, (void)length;
  return (uint32_t)GN_INTERNAL;
}

static uint64_t gn_host_kv_del(const char *key, size_t length) {
  return gn_host_kv_get(key, length);
}

static uint64_t gn_host_kv_set(
    const char *key, size_t length, const char *at, size_t value_length) {
  (void)at, (void)value_length;
  return gn_host_kv_get(key, length);
}

static uint64_t gn_host_kv_incr(const char *key, size_t length, int64_t delta) {
  (void)delta;
  return gn_host_kv_get(key, length);
}
#endif

/* How deep arrays and objects may nest. The host has the same limit. */
enum { GN_MAX_DEPTH = 128, GN_CHUNK_BYTES = 16 * 1024, GN_ALIGNMENT = 8 };

/* ---- memory ------------------------------------------------------------------------------ */

typedef struct gn_chunk {
  struct gn_chunk *previous;
  size_t used, size;
} gn_chunk;

struct gn_call {
  gn_chunk *chunk; /* the newest; all of them are freed when the call ends */
  gn_text hook;
  const gn_json *args;
  bool explained; /* whether the log has the reason already */
};

void *GN_EXPORT(gn_alloc)(size_t size) {
  return malloc(size ? size : 1);
}

void GN_EXPORT(gn_free)(void *block, size_t size) {
  (void)size;
  free(block);
}

_Noreturn void gn_panic(const char *text) {
  gn_host_panic(text, strlen(text));
  abort();
}

#ifdef __wasm__
/* Replaces the C library's function, which writes to standard error and traps without a text. */
_Noreturn void __assert_fail(const char *what, const char *file, int line, const char *function) {
  gn_call call = {0};
  gn_buffer text = gn_new_buffer(&call);
  gn_append_all(&text, gn_string("assertion failed: "), gn_string(what), gn_string(" ("),
                gn_string(file), gn_string(":"));
  gn_append_int(&text, line);
  gn_append_all(&text, gn_string(", "), gn_string(function), (gn_text){")", 2});
  gn_panic(text.at);
}
#endif

void *gn_allocate(gn_call *call, size_t size) {
  const size_t header = (sizeof(gn_chunk) + GN_ALIGNMENT - 1) / GN_ALIGNMENT * GN_ALIGNMENT;
  if (size > PTRDIFF_MAX - header - GN_ALIGNMENT) gn_panic("out of memory");
  size = (size + GN_ALIGNMENT - 1) / GN_ALIGNMENT * GN_ALIGNMENT;
  if (!call->chunk || call->chunk->size - call->chunk->used < size) {
    const size_t room = size > GN_CHUNK_BYTES ? size : GN_CHUNK_BYTES;
    gn_chunk *const chunk = malloc(header + room);
    if (!chunk) gn_panic("out of memory");
    chunk->previous = call->chunk;
    chunk->used = 0;
    chunk->size = room;
    call->chunk = chunk;
  }
  void *const at = (char *)call->chunk + header + call->chunk->used;
  call->chunk->used += size;
  return at;
}

static void gn_end_call(gn_call *call) {
  while (call->chunk) {
    gn_chunk *const chunk = call->chunk;
    call->chunk = chunk->previous;
    free(chunk);
  }
}

/* ---- texts ------------------------------------------------------------------------------- */

gn_text gn_string(const char *string) {
  return (gn_text){string, strlen(string)};
}

bool gn_equal(gn_text a, gn_text b) {
  return a.length == b.length && (a.length == 0 || memcmp(a.at, b.at, a.length) == 0);
}

bool gn_equals(gn_text text, const char *string) {
  return gn_equal(text, gn_string(string));
}

gn_buffer gn_new_buffer(gn_call *call) {
  return (gn_buffer){call, NULL, 0, 0};
}

/* Doubles the capacity, so that all abandoned blocks together are smaller than the contents. */
static void gn_reserve(gn_buffer *buffer, size_t more) {
  if (more <= buffer->capacity - buffer->length) return;
  if (more > PTRDIFF_MAX - buffer->length) gn_panic("out of memory");
  size_t capacity = buffer->capacity > PTRDIFF_MAX / 2 ? PTRDIFF_MAX : buffer->capacity * 2;
  if (capacity < buffer->length + more) capacity = buffer->length + more;
  if (capacity < 64) capacity = 64;
  char *const at = gn_allocate(buffer->call, capacity);
  if (buffer->length) memcpy(at, buffer->at, buffer->length);
  buffer->at = at;
  buffer->capacity = capacity;
}

void gn_append(gn_buffer *buffer, gn_text text) {
  if (text.length == 0) return;
  gn_reserve(buffer, text.length);
  memcpy(buffer->at + buffer->length, text.at, text.length);
  buffer->length += text.length;
}

void gn_append_list(gn_buffer *buffer, const gn_text *texts, size_t count) {
  for (size_t i = 0; i < count; i++) gn_append(buffer, texts[i]);
}

void gn_append_string(gn_buffer *buffer, const char *string) {
  gn_append(buffer, gn_string(string));
}

void gn_append_char(gn_buffer *buffer, char character) {
  gn_append(buffer, (gn_text){&character, 1});
}

void gn_append_int(gn_buffer *buffer, int64_t number) {
  char digits[20];
  size_t at = sizeof digits;
  uint64_t rest = number < 0 ? -(uint64_t)number : (uint64_t)number;
  do {
    digits[--at] = (char)('0' + rest % 10);
    rest /= 10;
  } while (rest);
  if (number < 0) digits[--at] = '-';
  gn_append(buffer, (gn_text){digits + at, sizeof digits - at});
}

gn_text gn_contents(const gn_buffer *buffer) {
  return (gn_text){buffer->length ? buffer->at : "", buffer->length};
}

/* Whether the bytes are UTF-8: the Unicode Standard, table 3-7. */
static bool gn_is_utf8(gn_text text) {
  const unsigned char *at = (const unsigned char *)text.at, *const end = at + text.length;
  while (at < end) {
    const unsigned char first = *at++;
    if (first < 0x80) continue;
    const int more = first >= 0xc2 && first <= 0xdf   ? 1
                     : first >= 0xe0 && first <= 0xef ? 2
                     : first >= 0xf0 && first <= 0xf4 ? 3
                                                      : 0;
    if (more == 0 || end - at < more) return false;
    const unsigned char least = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
    const unsigned char most = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
    if (*at < least || *at > most) return false;
    for (int i = 1; i < more; i++)
      if ((at[i] & 0xc0) != 0x80) return false;
    at += more;
  }
  return true;
}

/* ---- reading JSON ------------------------------------------------------------------------ */

typedef struct {
  gn_call *call;
  const char *at, *end;
} gn_reader;

static bool gn_read_value(gn_reader *reader, gn_json *value, int depth);

static void gn_skip_space(gn_reader *reader) {
  while (reader->at < reader->end &&
         (*reader->at == ' ' || *reader->at == '\t' || *reader->at == '\n' || *reader->at == '\r'))
    reader->at++;
}

static bool gn_accept(gn_reader *reader, char expected) {
  if (reader->at == reader->end || *reader->at != expected) return false;
  reader->at++;
  return true;
}

static bool gn_read_word(gn_reader *reader, const char *word) {
  const size_t length = strlen(word);
  if ((size_t)(reader->end - reader->at) < length || memcmp(reader->at, word, length) != 0)
    return false;
  reader->at += length;
  return true;
}

static int gn_hex(char digit) {
  return digit >= '0' && digit <= '9'   ? digit - '0'
         : digit >= 'a' && digit <= 'f' ? digit - 'a' + 10
         : digit >= 'A' && digit <= 'F' ? digit - 'A' + 10
                                        : -1;
}

/* Reads four hexadecimal digits. -1: an error. */
static int32_t gn_read_unit(gn_reader *reader) {
  int32_t unit = 0;
  for (int i = 0; i < 4; i++) {
    const int digit = reader->at < reader->end ? gn_hex(*reader->at) : -1;
    if (digit < 0) return -1;
    unit = unit << 4 | digit;
    reader->at++;
  }
  return unit;
}

/* Writes the character of a \u escape after its u. Returns the end of the escape, or NULL for an error. */
static char *gn_read_escape(gn_reader *reader, char *out) {
  int32_t point = gn_read_unit(reader);
  if (point < 0 || (point >= 0xdc00 && point <= 0xdfff)) return NULL;
  if (point >= 0xd800 && point <= 0xdbff) {
    if (!gn_accept(reader, '\\') || !gn_accept(reader, 'u')) return NULL;
    const int32_t low = gn_read_unit(reader);
    if (low < 0xdc00 || low > 0xdfff) return NULL;
    point = 0x10000 + ((point - 0xd800) << 10) + (low - 0xdc00);
  }
  if (point < 0x80) {
    *out++ = (char)point;
  } else if (point < 0x800) {
    *out++ = (char)(0xc0 | point >> 6);
    *out++ = (char)(0x80 | (point & 63));
  } else if (point < 0x10000) {
    *out++ = (char)(0xe0 | point >> 12);
    *out++ = (char)(0x80 | (point >> 6 & 63));
    *out++ = (char)(0x80 | (point & 63));
  } else {
    *out++ = (char)(0xf0 | point >> 18);
    *out++ = (char)(0x80 | (point >> 12 & 63));
    *out++ = (char)(0x80 | (point >> 6 & 63));
    *out++ = (char)(0x80 | (point & 63));
  }
  return out;
}

/* A text without escapes points into the document. A text with escapes is copied; the copy is not longer. */
static bool gn_read_text(gn_reader *reader, gn_text *text) {
  if (!gn_accept(reader, '"')) return false;
  const char *const start = reader->at;
  const char *end = start;
  bool escapes = false;
  while (end < reader->end && *end != '"') {
    if ((unsigned char)*end < 0x20) return false;
    if (*end == '\\') {
      escapes = true;
      end++;
    }
    end++;
  }
  if (end >= reader->end) return false;
  if (!escapes) {
    *text = (gn_text){start, (size_t)(end - start)};
    reader->at = end + 1;
    return true;
  }
  char *const copy = gn_allocate(reader->call, (size_t)(end - start));
  char *out = copy;
  while (reader->at < end) {
    if (*reader->at != '\\') {
      *out++ = *reader->at++;
      continue;
    }
    reader->at++;
    const char escape = *reader->at++;
    switch (escape) {
      case '"': case '\\': case '/': *out++ = escape; break;
      case 'b': *out++ = '\b'; break;
      case 'f': *out++ = '\f'; break;
      case 'n': *out++ = '\n'; break;
      case 'r': *out++ = '\r'; break;
      case 't': *out++ = '\t'; break;
      case 'u':
        out = gn_read_escape(reader, out);
        if (!out) return false;
        break;
      default: return false;
    }
  }
  reader->at = end + 1;
  *text = (gn_text){copy, (size_t)(out - copy)};
  return true;
}

static bool gn_read_digits(gn_reader *reader) {
  const char *const start = reader->at;
  while (reader->at < reader->end && *reader->at >= '0' && *reader->at <= '9') reader->at++;
  return reader->at > start;
}

static bool gn_read_number(gn_reader *reader, gn_text *text) {
  const char *const start = reader->at;
  gn_accept(reader, '-');
  if (!gn_accept(reader, '0') && !gn_read_digits(reader)) return false;
  if (gn_accept(reader, '.') && !gn_read_digits(reader)) return false;
  if (gn_accept(reader, 'e') || gn_accept(reader, 'E')) {
    if (!gn_accept(reader, '+')) gn_accept(reader, '-');
    if (!gn_read_digits(reader)) return false;
  }
  *text = (gn_text){start, (size_t)(reader->at - start)};
  return true;
}

static int gn_compare_keys(const void *a, const void *b) {
  const gn_text one = (*(const gn_json *const *)a)->key, other = (*(const gn_json *const *)b)->key;
  const size_t shorter = one.length < other.length ? one.length : other.length;
  const int order = shorter ? memcmp(one.at, other.at, shorter) : 0;
  return order ? order : (one.length > other.length) - (one.length < other.length);
}

static bool gn_has_key_twice(gn_call *call, const gn_json *object) {
  if (object->count < 2) return false;
  const gn_json **const members = gn_allocate(call, object->count * sizeof *members);
  size_t count = 0;
  for (const gn_json *member = object->first; member; member = member->next)
    members[count++] = member;
  qsort(members, count, sizeof *members, gn_compare_keys);
  for (size_t i = 1; i < count; i++)
    if (gn_equal(members[i - 1]->key, members[i]->key)) return true;
  return false;
}

/* Reads the items or members after the opening bracket, and the closing bracket. */
static bool gn_read_list(gn_reader *reader, gn_json *list, int depth) {
  const bool is_object = list->type == GN_OBJECT;
  const char close = is_object ? '}' : ']';
  const gn_json **last = &list->first;
  gn_skip_space(reader);
  if (gn_accept(reader, close)) return true;
  do {
    gn_json *const item = gn_allocate(reader->call, sizeof *item);
    memset(item, 0, sizeof *item);
    gn_skip_space(reader);
    if (is_object) {
      if (!gn_read_text(reader, &item->key)) return false;
      gn_skip_space(reader);
      if (!gn_accept(reader, ':')) return false;
      gn_skip_space(reader);
    }
    if (!gn_read_value(reader, item, depth + 1)) return false;
    *last = item;
    last = &item->next;
    list->count++;
    gn_skip_space(reader);
  } while (gn_accept(reader, ','));
  return gn_accept(reader, close) && !(is_object && gn_has_key_twice(reader->call, list));
}

static bool gn_read_value(gn_reader *reader, gn_json *value, int depth) {
  if (reader->at == reader->end) return false;
  switch (*reader->at) {
    case '{':
    case '[':
      if (depth == GN_MAX_DEPTH) return false;
      value->type = *reader->at++ == '{' ? GN_OBJECT : GN_ARRAY;
      return gn_read_list(reader, value, depth);
    case '"': value->type = GN_TEXT; return gn_read_text(reader, &value->text);
    case 't': value->type = GN_TRUE; return gn_read_word(reader, "true");
    case 'f': value->type = GN_FALSE; return gn_read_word(reader, "false");
    case 'n': value->type = GN_NULL; return gn_read_word(reader, "null");
    default: value->type = GN_NUMBER; return gn_read_number(reader, &value->text);
  }
}

const gn_json *gn_parse(gn_call *call, gn_text text) {
  if (!gn_is_utf8(text)) return NULL;
  gn_reader reader = {call, text.at, text.at + text.length};
  gn_json *const value = gn_allocate(call, sizeof *value);
  memset(value, 0, sizeof *value);
  gn_skip_space(&reader);
  if (!gn_read_value(&reader, value, 0)) return NULL;
  gn_skip_space(&reader);
  return reader.at == reader.end ? value : NULL;
}

const gn_json *gn_member(const gn_json *value, const char *name) {
  if (!value || value->type != GN_OBJECT) return NULL;
  const gn_text key = gn_string(name);
  for (const gn_json *member = value->first; member; member = member->next)
    if (gn_equal(member->key, key)) return member;
  return NULL;
}

const gn_json *gn_item(const gn_json *value, size_t index) {
  if (!value || value->type != GN_ARRAY) return NULL;
  const gn_json *item = value->first;
  while (item && index-- > 0) item = item->next;
  return item;
}

bool gn_as_text(const gn_json *value, gn_text *text) {
  if (!value || value->type != GN_TEXT) return false;
  *text = value->text;
  return true;
}

bool gn_as_int(const gn_json *value, int64_t *number) {
  if (!value || value->type != GN_NUMBER) return false;
  const char *at = value->text.at, *const end = at + value->text.length;
  const bool negative = *at == '-';
  if (negative) at++;
  const uint64_t most = negative ? (uint64_t)INT64_MAX + 1 : (uint64_t)INT64_MAX;
  uint64_t sum = 0;
  for (; at < end; at++) {
    if (*at < '0' || *at > '9') return false;
    const uint64_t digit = (uint64_t)(*at - '0');
    if (sum > (most - digit) / 10) return false;
    sum = sum * 10 + digit;
  }
  *number = (int64_t)(negative ? -sum : sum);
  return true;
}

bool gn_as_double(const gn_json *value, double *number) {
  if (!value || value->type != GN_NUMBER) return false;
  /* strtod needs a zero byte at the end. */
  char few[64];
  const size_t length = value->text.length;
  char *const copy = length < sizeof few ? few : malloc(length + 1);
  if (!copy) gn_panic("out of memory");
  memcpy(copy, value->text.at, length);
  copy[length] = 0;
  const double parsed = strtod(copy, NULL);
  if (copy != few) free(copy);
  if (parsed - parsed != 0) return false; /* too large */
  *number = parsed;
  return true;
}

bool gn_as_bool(const gn_json *value, bool *truth) {
  if (!value || (value->type != GN_TRUE && value->type != GN_FALSE)) return false;
  *truth = value->type == GN_TRUE;
  return true;
}

/* ---- writing JSON ------------------------------------------------------------------------ */

void gn_json_text(gn_buffer *out, gn_text text) {
  static const char hex[] = "0123456789abcdef";
  gn_append_char(out, '"');
  const char *at = text.at, *const end = at + text.length;
  const char *run = at; /* a run that needs no escape */
  while (at < end) {
    const unsigned char c = (unsigned char)*at;
    char escape[] = "\\u0000";
    size_t taken = 1, length = 2;
    switch (c) {
      case '"': case '\\': escape[1] = (char)c; break;
      case '\b': escape[1] = 'b'; break;
      case '\f': escape[1] = 'f'; break;
      case '\n': escape[1] = 'n'; break;
      case '\r': escape[1] = 'r'; break;
      case '\t': escape[1] = 't'; break;
      default:
        length = 6;
        if (c < 0x20) {
          escape[4] = hex[c >> 4];
          escape[5] = hex[c & 15];
        } else if (c == 0xe2 && end - at > 2 && at[1] == '\x80' && (at[2] & ~1) == ('\xa8' & ~1)) {
          /* U+2028 and U+2029 end a line in JavaScript before ECMAScript 2019. */
          memcpy(escape + 2, at[2] == '\xa8' ? "2028" : "2029", 4);
          taken = 3;
        } else {
          at++;
          continue;
        }
    }
    gn_append(out, (gn_text){run, (size_t)(at - run)});
    gn_append(out, (gn_text){escape, length});
    at += taken;
    run = at;
  }
  gn_append(out, (gn_text){run, (size_t)(at - run)});
  gn_append_char(out, '"');
}

/* Writes the shortest digits that identify the number, as ECMAScript does. */
void gn_json_double(gn_buffer *out, double number) {
  if (number - number != 0) {
    gn_append_string(out, "null");
    return;
  }
  if (number == 0) {
    gn_append_string(out, 1 / number < 0 ? "-0" : "0");
    return;
  }
  char text[40];
  for (int digits = 0; digits < 17; digits++) {
    snprintf(text, sizeof text, "%.*e", digits, number);
    if (strtod(text, NULL) == number) break;
  }
  char *const mark = strchr(text, 'e');
  const int exponent = atoi(mark + 1);
  *mark = 0;
  char *at = text;
  if (*at == '-') gn_append_char(out, *at++);
  if (exponent < -6 || exponent >= 21) {
    gn_append_string(out, at);
    gn_append_string(out, exponent < 0 ? "e-" : "e+");
    gn_append_int(out, exponent < 0 ? -exponent : exponent);
    return;
  }
  if (exponent < 0) {
    gn_append_string(out, "0.");
    for (int i = -1; i > exponent; i--) gn_append_char(out, '0');
  }
  for (int place = exponent; *at || place >= 0; place--) {
    if (*at == '.') at++;
    if (place == -1 && exponent >= 0) gn_append_char(out, '.');
    gn_append_char(out, *at ? *at++ : '0');
    if (*at == '.') at++;
  }
}

void gn_json_value(gn_buffer *out, const gn_json *value) {
  switch (value ? value->type : GN_NULL) {
    case GN_NULL: gn_append_string(out, "null"); break;
    case GN_FALSE: gn_append_string(out, "false"); break;
    case GN_TRUE: gn_append_string(out, "true"); break;
    case GN_NUMBER: gn_append(out, value->text); break;
    case GN_TEXT: gn_json_text(out, value->text); break;
    case GN_ARRAY:
    case GN_OBJECT:
      gn_append_char(out, value->type == GN_ARRAY ? '[' : '{');
      for (const gn_json *item = value->first; item; item = item->next) {
        if (item != value->first) gn_append_char(out, ',');
        if (value->type == GN_OBJECT) {
          gn_json_text(out, item->key);
          gn_append_char(out, ':');
        }
        gn_json_value(out, item);
      }
      gn_append_char(out, value->type == GN_ARRAY ? ']' : '}');
  }
}

/* ---- base64 ------------------------------------------------------------------------------ */

static void gn_append_base64(gn_buffer *out, gn_text bytes) {
  static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  gn_reserve(out, (bytes.length + 2) / 3 * 4);
  const unsigned char *const at = (const unsigned char *)bytes.at;
  for (size_t i = 0; i < bytes.length; i += 3) {
    const size_t left = bytes.length - i;
    const uint32_t bits = (uint32_t)at[i] << 16 | (left > 1 ? (uint32_t)at[i + 1] << 8 : 0) |
                          (left > 2 ? at[i + 2] : 0u);
    gn_append_char(out, alphabet[bits >> 18]);
    gn_append_char(out, alphabet[bits >> 12 & 63]);
    gn_append_char(out, left > 1 ? alphabet[bits >> 6 & 63] : '=');
    gn_append_char(out, left > 2 ? alphabet[bits & 63] : '=');
  }
}

static int gn_sextet(char c) {
  return c >= 'A' && c <= 'Z'   ? c - 'A'
         : c >= 'a' && c <= 'z' ? c - 'a' + 26
         : c >= '0' && c <= '9' ? c - '0' + 52
         : c == '+'             ? 62
         : c == '/'             ? 63
                                : -1;
}

/* False for a text that the encoder never produces. */
static bool gn_read_base64(gn_call *call, gn_text text, gn_text *bytes) {
  if (text.length % 4 != 0) return false;
  char *const start = gn_allocate(call, text.length / 4 * 3);
  char *out = start;
  for (size_t i = 0; i < text.length; i += 4) {
    const bool is_last = i + 4 == text.length;
    const int padding = !is_last || text.at[i + 3] != '=' ? 0 : text.at[i + 2] == '=' ? 2 : 1;
    uint32_t bits = 0;
    for (int j = 0; j < 4; j++) {
      const int sextet = j < 4 - padding ? gn_sextet(text.at[i + (size_t)j]) : 0;
      if (sextet < 0) return false;
      bits = bits << 6 | (uint32_t)sextet;
    }
    if (bits & ((1u << 8 * padding) - 1)) return false;
    for (int j = 0; j < 3 - padding; j++) *out++ = (char)(bits >> (16 - 8 * j));
  }
  *bytes = (gn_text){start, (size_t)(out - start)};
  return true;
}

/* ---- the host ---------------------------------------------------------------------------- */

void gn_log(gn_level level, gn_text text) {
  gn_host_log((int)level, text.at, text.length);
}

void gn_logs(gn_level level, const char *string) {
  gn_log(level, gn_string(string));
}

int64_t gn_now_ms(void) {
  return gn_host_time_ms();
}

/* The limits of a function of the host, for its error messages. */
typedef struct {
  const char *denied, *arguments, *quota;
} gn_rules;

#define GN_TAKES(capability) \
  "denied by the host: the capability " capability " is not requested in manifest.json or not granted"
#define GN_ARGUMENTS "the host did not accept the arguments: "
#define GN_KEY "a key is 1 to 256 bytes of UTF-8 without NUL"
#define GN_QUOTA_OF "the quota is used up: "
#define GN_KV_QUOTA GN_QUOTA_OF "see storage.kv in manifest.json"

static const gn_rules gn_kv_get_rules = {GN_TAKES("kv.read"), GN_ARGUMENTS GN_KEY, GN_KV_QUOTA};
static const gn_rules gn_kv_del_rules = {GN_TAKES("kv.write"), GN_ARGUMENTS GN_KEY, GN_KV_QUOTA};
static const gn_rules gn_kv_set_rules = {
  GN_TAKES("kv.write"), GN_ARGUMENTS GN_KEY ", a value at most 256 KiB", GN_KV_QUOTA};
static const gn_rules gn_kv_incr_rules = {
  GN_TAKES("kv.write"),
  GN_ARGUMENTS GN_KEY ", its entry a decimal number, and the sum one of 64 bits",
  GN_KV_QUOTA};
static const gn_rules gn_audit_rules = {
  GN_TAKES("audit.emit"),
  GN_ARGUMENTS "an event's name begins with the plugin's and a dot"
               ", and has at most 128 of a-z, 0-9, _, - and dots; with its data it has at most 4096 bytes",
  GN_QUOTA_OF "100 events a minute"};

#define GN_APP_QUOTA GN_QUOTA_OF "see the application's limits"
static const gn_rules gn_config_rules = {
  GN_TAKES("of this function"), GN_ARGUMENTS "a key has at most 256 bytes of UTF-8", GN_APP_QUOTA};
static const gn_rules gn_secrets_rules = {
  GN_TAKES("secrets.keys for this name"), GN_ARGUMENTS "a name has at most 128 bytes of UTF-8",
  GN_APP_QUOTA};
/* For a status of env_net that has no name. */
enum { GN_OTHER = -100 };

static const char *gn_problem = "";

const char *gn_host_problem(void) {
  return gn_problem;
}

/* Keeps the problem, and returns the status. */
static int gn_answered(int status, const gn_rules *of) {
  switch (status) {
    case GN_HOST_OK: break;
    case GN_DENIED: gn_problem = of->denied; break;
    case GN_INTERNAL: gn_problem = "the host failed"; break;
    case GN_BAD_ARGUMENTS: gn_problem = of->arguments; break;
    case GN_NOT_FOUND: gn_problem = "not found"; break;
    case GN_QUOTA: gn_problem = of->quota; break;
    default: gn_problem = "the host answered a status that this SDK does not know";
  }
  return status;
}

/* As gn_answered, for a function of the application, which has more statuses. */
static int gn_app_answered(int status) {
  static const gn_rules rules = {
    GN_TAKES("of this function"), GN_ARGUMENTS "the application does not accept this request",
    GN_APP_QUOTA};
  switch (status) {
    case GN_RATE_LIMITED: gn_problem = "the rate limit is reached: see the application's limits"; break;
    case GN_TIMED_OUT: gn_problem = "timed out: the function may have run or not"; break;
    default: return gn_answered(status, &rules);
  }
  return status;
}

/* As gn_answered, for the statuses of env_net. Returns the gn_host_status. */
static int gn_net_answered(int status) {
  switch (status) {
    case 0: return GN_HOST_OK;
    case -1:
      gn_problem = GN_ARGUMENTS "a request has a method, a URL of http or https, and headers that HTTP"
                                " allows; in JSON it has at most 1 MiB";
      return GN_BAD_ARGUMENTS;
    case -2: gn_problem = GN_TAKES("http.fetch"); return GN_DENIED;
    case -3:
      gn_problem = "blocked by the host: the URL's origin is not in http.fetch.allow in manifest.json,"
                   " or the operator does not allow its address";
      return GN_BLOCKED;
    case -4:
      gn_problem = "the rate limit is reached: see http.fetch.rate_per_minute in manifest.json";
      return GN_RATE_LIMITED;
    case -5:
      gn_problem = "the request failed: the server did not give a complete answer in time";
      return GN_UPSTREAM_FAILED;
    case -6: gn_problem = "not found"; return GN_NOT_FOUND;
    case -7: gn_problem = "the host failed"; return GN_INTERNAL;
    default:
      gn_problem = "the host answered a status that this SDK does not know";
      return GN_OTHER;
  }
}

/* Copies the body of a packed answer to the memory of the call, and frees its block. */
static int gn_take(gn_call *call, uint64_t packed, gn_text *body) {
  char *const block = (char *)(uintptr_t)(packed >> 32);
  const uint32_t length = (uint32_t)packed;
  if (!block) {
    *body = (gn_text){"", 0};
    return (int32_t)length < 0 ? (int32_t)length : GN_HOST_OK;
  }
  char *const copy = gn_allocate(call, length);
  memcpy(copy, block, length);
  free(block);
  *body = (gn_text){copy, length};
  return GN_HOST_OK;
}

/* The same for a function without a body. */
static int gn_drop(uint64_t packed) {
  char *const block = (char *)(uintptr_t)(packed >> 32);
  free(block);
  return !block && (int32_t)packed < 0 ? (int32_t)packed : GN_HOST_OK;
}

int gn_kv_get(gn_call *call, gn_text key, gn_text *value) {
  return gn_answered(gn_take(call, gn_host_kv_get(key.at, key.length), value), &gn_kv_get_rules);
}

int gn_kv_set(gn_text key, gn_text value) {
  return gn_answered(
    gn_drop(gn_host_kv_set(key.at, key.length, value.at, value.length)), &gn_kv_set_rules);
}

int gn_kv_del(gn_text key) {
  return gn_answered(gn_drop(gn_host_kv_del(key.at, key.length)), &gn_kv_del_rules);
}

int gn_kv_incr(gn_call *call, gn_text key, int64_t delta, int64_t *sum) {
  gn_text body;
  const int status = gn_take(call, gn_host_kv_incr(key.at, key.length, delta), &body);
  const bool is_sum = status == GN_HOST_OK && gn_as_int(gn_parse(call, body), sum);
  return gn_answered(
    status == GN_HOST_OK && !is_sum ? GN_INTERNAL : status, &gn_kv_incr_rules);
}

int gn_audit(gn_call *call, gn_text event, gn_text json) {
  gn_buffer entry = gn_new_buffer(call);
  gn_append_string(&entry, "{\"event\":");
  gn_json_text(&entry, event);
  gn_append_string(&entry, ",\"data\":");
  gn_append(&entry, json.length ? json : gn_string("null"));
  gn_append_char(&entry, '}');
  return gn_answered(gn_host_audit_emit(entry.at, entry.length), &gn_audit_rules);
}

/* Removes the text up to `mark` and the mark, and returns the text. Without a mark: all of it. */
static gn_text gn_cut(gn_text *rest, char mark) {
  const char *const found = rest->length ? memchr(rest->at, mark, rest->length) : NULL;
  const gn_text part = {rest->at, found ? (size_t)(found - rest->at) : rest->length};
  const size_t taken = part.length + (found ? 1 : 0);
  *rest = (gn_text){rest->at + taken, rest->length - taken};
  return part;
}

static char gn_lower(char c) {
  return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

static bool gn_find_header(const gn_json *headers, const char *name, gn_text *value) {
  const gn_text wanted = gn_string(name);
  for (const gn_json *header = headers->first; header; header = header->next) {
    bool equal = header->key.length == wanted.length;
    for (size_t i = 0; equal && i < wanted.length; i++)
      equal = gn_lower(header->key.at[i]) == gn_lower(wanted.at[i]);
    if (equal) return gn_as_text(header, value);
  }
  return false;
}

/* Writes a member of an object of texts, with a comma before it. */
static void gn_append_member(gn_buffer *members, const char *name, gn_text value) {
  gn_append_char(members, ',');
  gn_json_text(members, gn_string(name));
  gn_append_char(members, ':');
  gn_json_text(members, value);
}

#ifdef __wasm__
static int gn_ask_config(gn_call *call, gn_text key, gn_text *json) {
  return gn_take(call, gn_host_config_get(key.at, key.length), json);
}

static int gn_ask_secret(gn_call *call, gn_text name, gn_text *value) {
  return gn_take(call, gn_host_secrets_get(name.at, name.length), value);
}

static int gn_ask_app(gn_call *call, gn_text name, gn_text json, gn_text *answer) {
  return gn_take(call, gn_host_app_call(name.at, name.length, json.at, json.length), answer);
}

static int gn_ask_net(gn_call *call, gn_text json, gn_text *answer) {
  return gn_net_answered(gn_take(call, gn_host_http_fetch(json.at, json.length), answer));
}
#else
/* The settings of a test. A name that is set again hides the older setting. */
typedef struct gn_setting {
  struct gn_setting *previous;
  const char *name, *secret;
  gn_test_function function;
} gn_setting;

static gn_setting *gn_settings;
static const char *gn_test_config = "{}";
static gn_test_server gn_server;

static void gn_set(gn_setting setting) {
  gn_setting *const copy = malloc(sizeof *copy);
  if (!copy) gn_panic("out of memory");
  setting.previous = gn_settings;
  *copy = setting;
  gn_settings = copy;
}

void gn_test_set_config(const char *json) {
  gn_test_config = json;
}

void gn_test_set_secret(const char *name, const char *value) {
  gn_set((gn_setting){.name = name, .secret = value});
}

void gn_test_stub(const char *name, gn_test_function function) {
  gn_set((gn_setting){.name = name, .function = function});
}

void gn_test_stub_fetch(gn_test_server server) {
  gn_server = server;
}

void gn_test_reset(void) {
  while (gn_settings) {
    gn_setting *const setting = gn_settings;
    gn_settings = setting->previous;
    free(setting);
  }
  gn_test_config = "{}";
  gn_server = NULL;
}

static int gn_ask_config(gn_call *call, gn_text key, gn_text *json) {
  const gn_json *const config = gn_parse(call, gn_string(gn_test_config));
  if (!config || config->type != GN_OBJECT) gn_panic("gn_test_set_config takes an object in JSON");
  gn_buffer out = gn_new_buffer(call);
  const gn_json *value = config;
  if (key.length)
    for (value = config->first; value && !gn_equal(value->key, key);) value = value->next;
  if (!value) return GN_NOT_FOUND;
  gn_json_value(&out, value);
  *json = gn_contents(&out);
  return GN_HOST_OK;
}

static int gn_ask_secret(gn_call *call, gn_text name, gn_text *value) {
  (void)call;
  for (const gn_setting *set = gn_settings; set; set = set->previous)
    if (set->secret && gn_equals(name, set->name)) {
      *value = gn_string(set->secret);
      return GN_HOST_OK;
    }
  return GN_NOT_FOUND;
}

static int gn_ask_app(gn_call *call, gn_text name, gn_text json, gn_text *answer) {
  for (const gn_setting *set = gn_settings; set; set = set->previous)
    if (set->function && gn_equals(name, set->name)) {
      const gn_json *const request = gn_parse(call, json);
      gn_buffer out = gn_new_buffer(call);
      if (!request) gn_panic("the request of gn_app_call is not JSON");
      const int status = set->function(call, request, &out);
      *answer = gn_contents(&out);
      return status;
    }
  return GN_NOT_FOUND;
}

static int gn_ask_net(gn_call *call, gn_text json, gn_text *answer) {
  gn_buffer out = gn_new_buffer(call), body = gn_new_buffer(call);
  if (!gn_server) return gn_net_answered(-7);
  const int status = gn_server(call, gn_parse(call, json), &body);
  if (status < 0) {
    /* Back to the status of env_net that has this name. */
    for (int net = -7; net < 0; net++)
      if (gn_net_answered(net) == status) return status;
    return gn_net_answered(status);
  }
  gn_append_string(&out, "{\"status\":");
  gn_append_int(&out, status);
  gn_append_string(&out, ",\"headers\":{},\"body\":\"");
  gn_append_base64(&out, gn_contents(&body));
  gn_append_string(&out, "\"}");
  *answer = gn_contents(&out);
  return GN_HOST_OK;
}
#endif

/* An answer of the host that is not what it should be. */
static int gn_bad_answer(void) {
  gn_problem = "the host failed";
  return GN_INTERNAL;
}

int gn_config_get(gn_call *call, gn_text key, const gn_json **value) {
  gn_text json;
  const int status = gn_answered(gn_ask_config(call, key, &json), &gn_config_rules);
  if (status != GN_HOST_OK) return status;
  *value = gn_parse(call, json);
  return *value ? GN_HOST_OK : gn_bad_answer();
}

/* The value of a key. Sets `*value` to NULL when there is none, or null. */
static int gn_configured(gn_call *call, const char *key, const gn_json **value) {
  *value = NULL;
  const int status = gn_config_get(call, gn_string(key), value);
  if (*value && (*value)->type == GN_NULL) *value = NULL;
  return status == GN_NOT_FOUND ? GN_HOST_OK : status;
}

static int gn_wrong_type(const char *problem) {
  gn_problem = problem;
  return GN_WRONG_TYPE;
}

#define GN_IS_NOT "the host's value has another type: it is not "

int gn_config_text(gn_call *call, const char *key, gn_text *value) {
  const gn_json *found;
  const int status = gn_configured(call, key, &found);
  return !found || gn_as_text(found, value) ? status : gn_wrong_type(GN_IS_NOT "a text");
}

int gn_config_int(gn_call *call, const char *key, int64_t *value) {
  const gn_json *found;
  const int status = gn_configured(call, key, &found);
  return !found || gn_as_int(found, value) ? status : gn_wrong_type(GN_IS_NOT "an integer in range");
}

int gn_config_bool(gn_call *call, const char *key, bool *value) {
  const gn_json *found;
  const int status = gn_configured(call, key, &found);
  return !found || gn_as_bool(found, value) ? status : gn_wrong_type(GN_IS_NOT "a boolean");
}

int gn_secrets_get(gn_call *call, gn_text name, gn_text *value) {
  return gn_answered(gn_ask_secret(call, name, value), &gn_secrets_rules);
}

int gn_app_call(gn_call *call, gn_text name, gn_text json, const gn_json **answer) {
  gn_text body;
  const int status = gn_app_answered(gn_ask_app(call, name, json, &body));
  if (status != GN_HOST_OK) return status;
  *answer = gn_parse(call, body);
  return *answer ? GN_HOST_OK : gn_bad_answer();
}

gn_fetch_request gn_new_fetch(gn_call *call, const char *method, gn_text url) {
  return (gn_fetch_request){gn_string(method), url, gn_new_buffer(call), {"", 0}, 0};
}

void gn_fetch_header(gn_fetch_request *request, const char *name, gn_text value) {
  gn_append_member(&request->headers, name, value);
}

void gn_fetch_body(gn_fetch_request *request, const char *content_type, gn_text body) {
  gn_fetch_header(request, "Content-Type", gn_string(content_type));
  request->body = body;
}

/* Whether this is an object of texts. */
static bool gn_are_texts(const gn_json *object) {
  if (!object || object->type != GN_OBJECT) return false;
  for (const gn_json *member = object->first; member; member = member->next)
    if (member->type != GN_TEXT) return false;
  return true;
}

int gn_fetch(gn_call *call, const gn_fetch_request *request, gn_fetch_response *response) {
  gn_buffer json = gn_new_buffer(call);
  gn_text headers = gn_contents(&request->headers), answer, text;
  gn_cut(&headers, ','); /* the comma before the first header */
  gn_append_string(&json, "{\"method\":");
  gn_json_text(&json, request->method);
  gn_append_string(&json, ",\"url\":");
  gn_json_text(&json, request->url);
  gn_append_string(&json, ",\"headers\":{");
  gn_append(&json, headers);
  gn_append_string(&json, "},\"body\":\"");
  gn_append_base64(&json, request->body);
  gn_append_char(&json, '"');
  if (request->timeout_ms > 0) {
    gn_append_string(&json, ",\"timeout_ms\":");
    gn_append_int(&json, request->timeout_ms);
  }
  gn_append_char(&json, '}');
  const int sent = gn_ask_net(call, gn_contents(&json), &answer);
  if (sent != GN_HOST_OK) return sent;

  const gn_json *const value = gn_parse(call, answer);
  int64_t status;
  if (gn_as_text(gn_member(value, "error"), &text) && text.length) {
    gn_buffer line = gn_new_buffer(call);
    gn_append_all(&line, gn_string("fetch: "), text);
    gn_log(GN_WARN, gn_contents(&line));
    return gn_net_answered(-5);
  }
  response->headers = gn_member(value, "headers");
  if (!gn_as_int(gn_member(value, "status"), &status) || status < 100 || status > 999 ||
      !gn_are_texts(response->headers) || !gn_as_text(gn_member(value, "body"), &text) ||
      !gn_read_base64(call, text, &response->body))
    return gn_bad_answer();
  response->status = (int)status;
  return GN_HOST_OK;
}

bool gn_fetched_header(const gn_fetch_response *response, const char *name, gn_text *value) {
  return gn_find_header(response->headers, name, value);
}

/* ---- handlers ---------------------------------------------------------------------------- */

/* Calls a handler of one type. A plugin links only the adapters of the types it uses. */
typedef struct gn_handler gn_handler;
typedef gn_status (*gn_adapter)(
    gn_call *call, const gn_handler *handler, const gn_json *value, gn_buffer *out);

struct gn_handler {
  const char *name;
  gn_adapter adapter; /* NULL for an action */
  union {
    gn_json_filter json;
    gn_text_filter text;
    gn_int_filter integer;
    gn_double_filter number;
    gn_bool_filter truth;
    gn_action_handler action;
  } run;
};

typedef struct {
  const char *method, *path;
  gn_route_handler run;
} gn_path_handler;

static gn_handler *gn_handlers;
static size_t gn_handler_count;
static gn_path_handler *gn_routes;
static size_t gn_route_count;

/* Grows a list by one. Registration happens once, and its memory is never freed. */
static void *gn_grown(void *list, size_t count, size_t size) {
  void *const grown = realloc(list, (count + 1) * size);
  if (!grown) gn_panic("out of memory");
  return grown;
}

static gn_handler *gn_add(const char *name, gn_adapter adapter) {
  gn_handlers = gn_grown(gn_handlers, gn_handler_count, sizeof *gn_handlers);
  gn_handler *const handler = &gn_handlers[gn_handler_count++];
  handler->name = name;
  handler->adapter = adapter;
  return handler;
}

static gn_status gn_run_json(
    gn_call *call, const gn_handler *handler, const gn_json *value, gn_buffer *out) {
  return handler->run.json(call, value, out);
}

static gn_status gn_run_text(
    gn_call *call, const gn_handler *handler, const gn_json *value, gn_buffer *out) {
  gn_text text;
  gn_buffer result = gn_new_buffer(call);
  if (!gn_as_text(value, &text)) return gn_fail(call, GN_BAD_PAYLOAD, "value is not a text");
  const gn_status status = handler->run.text(call, text, &result);
  gn_json_text(out, gn_contents(&result));
  return status;
}

static gn_status gn_run_int(
    gn_call *call, const gn_handler *handler, const gn_json *value, gn_buffer *out) {
  int64_t number;
  if (!gn_as_int(value, &number))
    return gn_fail(call, GN_BAD_PAYLOAD, "value is not an integer in range");
  const gn_status status = handler->run.integer(call, number, &number);
  gn_append_int(out, number);
  return status;
}

static gn_status gn_run_double(
    gn_call *call, const gn_handler *handler, const gn_json *value, gn_buffer *out) {
  double number;
  if (!gn_as_double(value, &number)) return gn_fail(call, GN_BAD_PAYLOAD, "value is not a number");
  const gn_status status = handler->run.number(call, number, &number);
  gn_json_double(out, number);
  return status;
}

static gn_status gn_run_bool(
    gn_call *call, const gn_handler *handler, const gn_json *value, gn_buffer *out) {
  bool truth;
  if (!gn_as_bool(value, &truth)) return gn_fail(call, GN_BAD_PAYLOAD, "value is not a boolean");
  const gn_status status = handler->run.truth(call, truth, &truth);
  gn_append_string(out, truth ? "true" : "false");
  return status;
}

void gn_filter(const char *name, gn_json_filter handler) {
  gn_add(name, gn_run_json)->run.json = handler;
}

void gn_filter_text(const char *name, gn_text_filter handler) {
  gn_add(name, gn_run_text)->run.text = handler;
}

void gn_filter_int(const char *name, gn_int_filter handler) {
  gn_add(name, gn_run_int)->run.integer = handler;
}

void gn_filter_double(const char *name, gn_double_filter handler) {
  gn_add(name, gn_run_double)->run.number = handler;
}

void gn_filter_bool(const char *name, gn_bool_filter handler) {
  gn_add(name, gn_run_bool)->run.truth = handler;
}

void gn_action(const char *name, gn_action_handler handler) {
  gn_add(name, NULL)->run.action = handler;
}

void gn_route(const char *method, const char *path, gn_route_handler handler) {
  gn_routes = gn_grown(gn_routes, gn_route_count, sizeof *gn_routes);
  gn_routes[gn_route_count++] = (gn_path_handler){method, path, handler};
}

void gn_get(const char *path, gn_route_handler handler) {
  gn_route("GET", path, handler);
}

void gn_post(const char *path, gn_route_handler handler) {
  gn_route("POST", path, handler);
}

void gn_put(const char *path, gn_route_handler handler) {
  gn_route("PUT", path, handler);
}

void gn_delete(const char *path, gn_route_handler handler) {
  gn_route("DELETE", path, handler);
}

const gn_json *gn_arg(gn_call *call, size_t index) {
  return gn_item(call->args, index);
}

gn_status gn_fail_text(gn_call *call, gn_status status, gn_text why) {
  gn_buffer line = gn_new_buffer(call);
  gn_append(&line, call->hook);
  gn_append_string(&line, ": ");
  gn_append(&line, why);
  gn_log(GN_WARN, gn_contents(&line));
  call->explained = true;
  return status;
}

gn_status gn_fail(gn_call *call, gn_status status, const char *why) {
  return gn_fail_text(call, status, gn_string(why));
}

/* ---- routes ------------------------------------------------------------------------------ */

/* Decodes a part of a query. A percent sign without two hexadecimal digits stays. */
static gn_text gn_query_decoded(gn_call *call, gn_text text) {
  char *const start = gn_allocate(call, text.length);
  char *out = start;
  for (size_t i = 0; i < text.length; i++) {
    char c = text.at[i];
    if (c == '%' && text.length - i > 2 && gn_hex(text.at[i + 1]) >= 0 &&
        gn_hex(text.at[i + 2]) >= 0) {
      c = (char)(gn_hex(text.at[i + 1]) << 4 | gn_hex(text.at[i + 2]));
      i += 2;
    } else if (c == '+') {
      c = ' ';
    }
    *out++ = c;
  }
  return (gn_text){start, (size_t)(out - start)};
}

static bool gn_read_request(gn_request *request, const gn_json *value) {
  gn_text body;
  request->headers = gn_member(value, "headers");
  request->params = gn_member(value, "path_params");
  return gn_as_text(gn_member(value, "method"), &request->method) &&
         gn_as_text(gn_member(value, "route"), &request->route) &&
         gn_as_text(gn_member(value, "path"), &request->path) &&
         gn_as_text(gn_member(value, "query"), &request->query) &&
         gn_are_texts(request->headers) && gn_are_texts(request->params) &&
         gn_as_text(gn_member(value, "body"), &body) &&
         gn_read_base64(request->call, body, &request->body);
}

gn_text gn_param(const gn_request *request, const char *name) {
  gn_text value = {"", 0};
  gn_as_text(gn_member(request->params, name), &value);
  return value;
}

bool gn_query_param(const gn_request *request, const char *name, gn_text *value) {
  gn_text rest = request->query;
  while (rest.length) {
    gn_text pair = gn_cut(&rest, '&');
    const gn_text key = gn_cut(&pair, '=');
    if (gn_equals(gn_query_decoded(request->call, key), name)) {
      *value = gn_query_decoded(request->call, pair);
      return true;
    }
  }
  return false;
}

bool gn_header(const gn_request *request, const char *name, gn_text *value) {
  return gn_find_header(request->headers, name, value);
}

void gn_append_ext_value(gn_buffer *out, gn_text value) {
  static const char plain[] = "!#$&+-.^_`|~", digits[] = "0123456789ABCDEF";
  gn_append_string(out, "UTF-8''");
  for (size_t i = 0; i < value.length; i++) {
    const unsigned char byte = (unsigned char)value.at[i];
    const bool is_letter = (byte | 0x20) >= 'a' && (byte | 0x20) <= 'z';
    if (is_letter || (byte >= '0' && byte <= '9') || (byte && strchr(plain, byte))) {
      gn_append_char(out, (char)byte);
    } else {
      gn_append_char(out, '%');
      gn_append_char(out, digits[byte >> 4]);
      gn_append_char(out, digits[byte & 15]);
    }
  }
}

void gn_set_header(gn_response *response, const char *name, gn_text value) {
  gn_append_member(&response->headers, name, value);
}

static void gn_answer(gn_response *response, int status, const char *text) {
  response->status = status;
  response->content_type = GN_PLAIN_TEXT;
  response->headers.length = response->body.length = 0;
  gn_append_string(&response->body, text);
}

static void gn_write_response(gn_buffer *out, const gn_response *response) {
  gn_append_string(out, "{\"status\":");
  gn_append_int(out, response->status);
  gn_append_string(out, ",\"headers\":{");
  gn_text headers = gn_contents(&response->headers);
  if (response->content_type) {
    gn_append_string(out, "\"Content-Type\":");
    gn_json_text(out, gn_string(response->content_type));
  } else if (headers.length) {
    gn_cut(&headers, ','); /* the comma before the first header */
  }
  gn_append(out, headers);
  gn_append_string(out, "},\"body\":\"");
  gn_append_base64(out, gn_contents(&response->body));
  gn_append_string(out, "\"}");
}

static gn_status gn_serve(gn_call *call, const gn_json *value, gn_buffer *out) {
  gn_request request = {.call = call};
  if (value->type == GN_OBJECT && !gn_member(value, "route"))
    return gn_fail(call, GN_BAD_PAYLOAD,
                   "the request has no route: this SDK needs GoNext 0.1.0 or newer");
  if (!gn_read_request(&request, value))
    return gn_fail(call, GN_BAD_PAYLOAD, "the value is not a request");
  const gn_path_handler *found = NULL;
  for (size_t i = 0; i < gn_route_count && !found; i++)
    if (gn_equals(request.method, gn_routes[i].method) &&
        gn_equals(request.route, gn_routes[i].path))
      found = &gn_routes[i];
  gn_response response = {200, gn_new_buffer(call), NULL, gn_new_buffer(call)};
  if (!found) {
    gn_buffer line = gn_new_buffer(call);
    gn_append_all(&line, gn_string("no handler for "), request.method, gn_string(" "), request.route);
    gn_log(GN_WARN, gn_contents(&line));
    gn_answer(&response, 404, "not found");
  } else {
    const gn_status status = found->run(&request, &response);
    if (status == GN_BAD_PAYLOAD) {
      if (!call->explained) gn_fail(call, status, "bad request");
      gn_answer(&response, 400, "bad request");
    } else if (status != GN_OK) {
      return status;
    }
  }
  gn_write_response(out, &response);
  return GN_OK;
}

/* Answers the hook that asks a new plugin for its routes: in the order of registration. */
static void gn_describe(gn_buffer *out) {
  gn_append_string(out, "{\"value\":{\"routes\":[");
  for (size_t i = 0; i < gn_route_count; i++) {
    gn_append_string(out, i ? ",{\"method\":" : "{\"method\":");
    gn_json_text(out, gn_string(gn_routes[i].method));
    gn_append_string(out, ",\"path\":");
    gn_json_text(out, gn_string(gn_routes[i].path));
    gn_append_char(out, '}');
  }
  gn_append_string(out, "]}}");
}

/* ---- a call ------------------------------------------------------------------------------ */

static gn_status gn_run(gn_call *call, gn_text payload, gn_buffer *out) {
  const gn_text serve = gn_string("http.serve.");
  const gn_handler *handler = NULL;
  if (gn_equals(call->hook, "gonext.describe")) {
    gn_describe(out);
    return GN_OK;
  }
  for (size_t i = 0; i < gn_handler_count; i++)
    if (gn_equals(call->hook, gn_handlers[i].name)) handler = &gn_handlers[i];
  const bool is_route = !handler && gn_route_count && call->hook.length > serve.length &&
                        memcmp(call->hook.at, serve.at, serve.length) == 0;
  if (!handler && !is_route) return gn_fail(call, GN_UNKNOWN_HOOK, "no handler for this hook");

  const gn_json *const document = gn_parse(call, payload);
  const bool is_action = handler && !handler->adapter;
  gn_text kind;
  if (!document) return gn_fail(call, GN_BAD_PAYLOAD, "the payload is not JSON");
  if (!gn_as_text(gn_member(document, "kind"), &kind) ||
      !gn_equals(kind, is_action ? "action" : "filter"))
    return gn_fail(call, GN_BAD_PAYLOAD, "the payload is of another kind");
  call->args = gn_member(document, "args");
  if (is_action) {
    if (!call->args || call->args->type != GN_ARRAY)
      return gn_fail(call, GN_BAD_PAYLOAD, "args is not an array");
    return handler->run.action(call);
  }
  const gn_json *const value = gn_member(document, "value");
  if (!value) return gn_fail(call, GN_BAD_PAYLOAD, "the payload has no value");
  gn_append_string(out, "{\"value\":");
  const gn_status status =
      is_route ? gn_serve(call, value, out) : handler->adapter(call, handler, value, out);
  gn_append_char(out, '}');
  return status;
}

gn_status gn_run_hook(gn_text hook, gn_text payload, gn_text *body) {
  gn_call call = {.hook = hook};
  gn_buffer out = gn_new_buffer(&call);
  gn_status status = gn_run(&call, payload, &out);
  if (status != GN_OK && !call.explained) gn_fail(&call, status, "it failed");
  *body = (gn_text){NULL, 0};
  if (status == GN_OK && out.length) {
    char *const copy = malloc(out.length);
    if (copy)
      *body = (gn_text){memcpy(copy, out.at, out.length), out.length};
    else
      status = GN_OUT_OF_MEMORY;
  }
  gn_end_call(&call);
  return status;
}

int64_t GN_EXPORT(gn_handle_hook)(
    const char *name, size_t name_length, const char *payload, size_t payload_length) {
  gn_text body;
  const gn_status status =
      gn_run_hook((gn_text){name, name_length}, (gn_text){payload, payload_length}, &body);
  if (status != GN_OK) return (int64_t)(uint32_t)status;
  return body.at ? (int64_t)((uint64_t)(uintptr_t)body.at << 32 | body.length) : 0;
}

int32_t GN_EXPORT_DEFAULT(on_activate)(void) {
  return 0;
}

int32_t GN_EXPORT_DEFAULT(on_deactivate)(void) {
  return 0;
}

#endif
