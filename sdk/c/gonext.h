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

/* What a function of the host answered: one of these in `code`, or another negative number of a newer host.
   It is a type of its own, so that a handler cannot return it by mistake: see gn_done. */
typedef struct {
  int code;
} gn_host_status;

enum {
  GN_HOST_OK = 0,
  GN_DENIED = -1, /* the capability is not requested, or not granted */
  GN_INTERNAL = -2,
  GN_BAD_ARGUMENTS = -3,
  GN_NOT_FOUND = -4,
  GN_QUOTA = -5,
  GN_CONFLICT = -11,     /* with what is there, or with another change */
  GN_RATE_LIMITED = -12, /* too many calls */
  GN_TIMED_OUT = -13,    /* the function took too long; it may have run or not */
  GN_REJECTED = -14,     /* by the database */
  /* The host sends none of these: functions of this header return them. */
  GN_BLOCKED = -101,         /* the host does not send the request */
  GN_UPSTREAM_FAILED = -102, /* no complete answer came from the other server */
  GN_WRONG_TYPE = -103       /* the value that the host returned is not of the wanted type */
};

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

typedef struct {
  gn_text id, name;
  const gn_json *args;
  gn_text idempotency_key; /* the same in all attempts of one job */
  int64_t attempt;         /* 1 in the first */
  int64_t scheduled_at_ms; /* when it was to run, since 1970; 0 when the host does not say it */
  int64_t deadline_ms;     /* how long this attempt may take; 0 when the host does not say it */
} gn_run;

/* Runs the job of this name. After GN_ERROR or a panic it is retried, as the manifest says. After
   GN_BAD_PAYLOAD it is not retried. */
typedef gn_status (*gn_job_handler)(gn_call *call, const gn_run *run);
void gn_job(const char *name, gn_job_handler handler);

/* For a job that wants to run again after so many milliseconds: return gn_retry_in(call, 5000, "..."). The log
   has the reason. In a hook this does nothing. */
gn_status gn_retry_in(gn_call *call, int64_t milliseconds, const char *why);

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

/* Why the last failed function of the host failed, with the host's reason, or the capability or the limit, as
   a text for people. Valid until the next call of this function. */
const char *gn_host_problem(void);
/* What the host says of it: an object with `code`, `message`, and for a database `sqlstate`. NULL when the
   host says nothing. */
const gn_json *gn_host_reason(gn_call *call);

/* The status of a handler that ends with this answer: GN_OK, or GN_ERROR with gn_host_problem() in the log. */
gn_status gn_done(gn_call *call, gn_host_status status);

/* Milliseconds since 1970. */
int64_t gn_now_ms(void);

/* The plugin's own key-value store. All instances of the plugin share it, and it outlives them. Reading
   needs the capability kv.read, all else kv.write. */
gn_host_status gn_kv_get(gn_call *call, gn_text key, gn_text *value);
gn_host_status gn_kv_set(gn_text key, gn_text value);
/* GN_CONFLICT when the key has a value, which stays. Of several calls at once, on any number of hosts, one sets
   it. */
gn_host_status gn_kv_set_if_absent(gn_text key, gn_text value);
gn_host_status gn_kv_del(gn_text key);
gn_host_status gn_kv_incr(gn_call *call, gn_text key, int64_t delta, int64_t *sum);

/* Writes an event to the operator's audit log. The event's name begins with the plugin's name. `json` is
   its data, or empty. Needs the capability audit.emit. */
gn_host_status gn_audit(gn_call *call, gn_text event, gn_text json);

/* The plugin's configuration: the values that the operator set, and the defaults of config.schema in the
   manifest. All calls of one run see the same values. It needs no capability.

   gn_config_get returns the value of `key` as JSON, GN_NOT_FOUND when there is none. An empty key stands for
   the whole object. The others set `*value` only when the value has their type. When there is none, or null,
   they return GN_HOST_OK and `*value` stays: set it to the default before. */
gn_host_status gn_config_get(gn_call *call, gn_text key, const gn_json **value);
gn_host_status gn_config_text(gn_call *call, const char *key, gn_text *value);
gn_host_status gn_config_int(gn_call *call, const char *key, int64_t *value);
gn_host_status gn_config_bool(gn_call *call, const char *key, bool *value);

/* The secret of this name in secrets.keys of the manifest. GN_NOT_FOUND when the operator has not set it,
   GN_DENIED for one that only the host may use (inject_only). Do not write it to the log. */
gn_host_status gn_secrets_get(gn_call *call, gn_text name, gn_text *value);

/* Calls a function of the application that runs the host. `json` is the request. It needs the capability that
   the application gave the function. GN_NOT_FOUND when the application has no such function. */
gn_host_status gn_app_call(gn_call *call, gn_text name, gn_text json, const gn_json **answer);

/* Emits an event: the action event.<plugin>.<name> of other plugins, after this call succeeded. `json` is an
   object. Needs the capability events.emit. */
gn_host_status gn_event_emit(gn_text name, gn_text json);
/* Adds an event to the span of the current call, in the application's traces. `json` is an object of
   attributes. Needs the capability events.emit. */
gn_host_status gn_span_event(gn_text name, gn_text json);

/* Makes the application drop what it has cached under these tags, on every node. Needs the capability
   cache.invalidate. */
gn_host_status gn_cache_invalidate(gn_call *call, const gn_text *tags, size_t count);

typedef struct {
  const char *name;
  gn_text value;
} gn_label;

/* Adds to a counter, sets a gauge, or observes a value of a summary, as the manifest declares the metric. Needs
   the capability metrics.observe. */
gn_host_status gn_metric_observe(
    gn_call *call, gn_text name, double value, const gn_label *labels, size_t count);

/* The text of `key` in the plugin's locales/, in the language of `locale`, such as de-CH. GN_NOT_FOUND when
   there is none. The second function takes values for the arguments in the text: an object in JSON. */
gn_host_status gn_translate(gn_call *call, gn_text key, gn_text locale, gn_text *text);
gn_host_status gn_translate_with(
    gn_call *call, gn_text key, gn_text locale, gn_text json, gn_text *text);

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
gn_host_status gn_fetch(gn_call *call, const gn_fetch_request *request, gn_fetch_response *response);
/* The header of this name, in upper or lower case. Several of one name are joined by a comma and a space. */
bool gn_fetched_header(const gn_fetch_response *response, const char *name, gn_text *value);

/* ---- jobs -------------------------------------------------------------------------------- */

/* A job to enqueue: (gn_new_job){.name = gn_string("send"), .args = json}. */
typedef struct {
  gn_text name;            /* one of the jobs in the manifest */
  gn_text args;            /* an object in JSON; empty for none */
  int64_t delay_ms;        /* how long it waits at least; 0 for no delay */
  gn_text at;              /* when it runs at the earliest, in place of a delay: 2027-01-01T00:00:00Z */
  gn_text idempotency_key; /* of several jobs with one key, only the first is created; empty for none */
  int priority;            /* -100 to 100; a job of a higher priority runs first */
} gn_new_job;

typedef struct {
  gn_text id;
  bool created; /* false: there was a job with this idempotency key, and `id` is its id */
} gn_enqueued;

/* Enqueues a job. It is stored when this returns. Needs the capability jobs.enqueue. `enqueued` may be NULL. */
gn_host_status gn_job_enqueue(gn_call *call, const gn_new_job *job, gn_enqueued *enqueued);

/* A schedule to register. */
typedef struct {
  gn_text schedule; /* five fields, or @hourly and the like */
  int64_t every_ms; /* an interval, in place of a schedule */
  gn_text job;      /* that it enqueues; without one, the action plugin.cron.<plugin>.<name> */
  gn_text zone;     /* of the five fields, such as Europe/Zurich; empty for the host's default */
  gn_text args;     /* JSON; empty for none */
  gn_text catch_up; /* of the runs that the host missed: none, once or all; empty for the host's default */
} gn_cron;

/* Registers a schedule. A schedule with the same job replaces the one before. Needs the capability
   cron.register. */
gn_host_status gn_cron_register(gn_call *call, const gn_cron *cron);

/* ---- the database ------------------------------------------------------------------------ */

/* Values for the parameters of a statement, one for each `?`. */
typedef struct {
  gn_buffer json;
} gn_values;

gn_values gn_new_values(gn_call *call);
void gn_add_text(gn_values *values, gn_text text);
void gn_add_int(gn_values *values, int64_t number);
void gn_add_double(gn_values *values, double number);
void gn_add_bool(gn_values *values, bool truth);
/* For a binary column. */
void gn_add_bytes(gn_values *values, gn_text bytes);
/* NULL adds null. */
void gn_add_json(gn_values *values, const gn_json *value);

/* What a statement answered. Rows are a list: for (row = rows.first; row; row = row->next). */
typedef struct {
  const gn_json *columns, *first;
  size_t count;     /* of rows */
  int64_t affected; /* how many rows the statement changed, or how many it returned */
  bool truncated;   /* whether there are more rows than the host returns */
} gn_rows;

/* Reads rows, in a transaction that changes nothing. Needs the capability db.read. `values` may be NULL. */
gn_host_status gn_db_query(
    gn_call *call, const char *sql, const gn_values *values, gn_rows *rows);
/* Changes rows. A statement with `returning` returns some. Needs the capability db.write. `values` and `rows`
   may be NULL. */
gn_host_status gn_db_execute(
    gn_call *call, const char *sql, const gn_values *values, gn_rows *rows);

/* The value of a column, or NULL when there is no such column. */
const gn_json *gn_column(const gn_rows *rows, const gn_json *row, const char *name);
/* These return GN_WRONG_TYPE when there is no such column, or its value has another type. The host writes
   numbers as text where a reader of JSON might round them; they are numbers here. */
gn_host_status gn_column_text(
    const gn_rows *rows, const gn_json *row, const char *name, gn_text *value);
gn_host_status gn_column_int(
    const gn_rows *rows, const gn_json *row, const char *name, int64_t *value);
gn_host_status gn_column_double(
    const gn_rows *rows, const gn_json *row, const char *name, double *value);
gn_host_status gn_column_bool(
    const gn_rows *rows, const gn_json *row, const char *name, bool *value);
/* Of a binary column. */
gn_host_status gn_column_bytes(
    gn_call *call, const gn_rows *rows, const gn_json *row, const char *name, gn_text *value);

/* Statements that run in one transaction: all of them, or none. */
typedef struct {
  gn_buffer statements, jobs;
  size_t count; /* of statements */
} gn_batch;

gn_batch gn_new_batch(gn_call *call);
void gn_batch_execute(gn_batch *batch, const char *sql, const gn_values *values);
/* Adds a job, which exists if the transaction is committed. */
void gn_batch_enqueue(gn_batch *batch, const gn_new_job *job);
/* Runs the statements. `results` has space for the result of each, or is NULL. Needs the capability db.write. */
gn_host_status gn_db_batch(gn_call *call, const gn_batch *batch, gn_rows *results);

/* Optional: a plugin may define these. A result that is not 0 refuses. */
int32_t on_activate(void);
int32_t on_deactivate(void);

/* ---- tests ------------------------------------------------------------------------------- */

/* Runs one hook as the host does, with a payload in JSON, for tests. Tests are compiled natively: log lines
   go to standard error. `body` is the result, NULL when there is none; the caller frees it with free(). */
gn_status gn_run_hook(gn_text hook, gn_text payload, gn_text *body);
/* Runs one job. A body says when to run it again. */
gn_status gn_run_job(gn_text job, gn_text payload, gn_text *body);

#ifndef __wasm__
/* The host in tests: it keeps key-value entries, answers what a test sets, and records what the plugin sends.
   Strings are not copied, so they must stay valid: use literals. Without a setting there is no configuration,
   no secret, no function and no translation, and gn_fetch and gn_db_* fail with GN_INTERNAL. Capabilities and
   limits are not tested. */

/* Sets the plugin's configuration: an object in JSON. */
void gn_test_set_config(const char *json);
void gn_test_set_secret(const char *name, const char *value);

/* Answers the calls of a function of the application: writes JSON to `answer` and returns GN_HOST_OK, or
   returns a failure. */
typedef int (*gn_test_function)(gn_call *call, const gn_json *request, gn_buffer *answer);
void gn_test_stub(const char *name, gn_test_function function);

/* Answers the requests of gn_fetch: writes the body and returns the status, or returns a failure such as
   GN_BLOCKED. `request` is what the host gets: method, url, headers, body (in base64) and timeout_ms. */
typedef int (*gn_test_server)(gn_call *call, const gn_json *request, gn_buffer *body);
void gn_test_stub_fetch(gn_test_server server);

/* Answers the statements of gn_db_*, one call for each: writes {"columns":[...],"rows":[[...]]} or
   {"rows_affected":n} to `answer` and returns GN_HOST_OK, or returns a failure. */
typedef int (*gn_test_database)(
    gn_call *call, gn_text sql, const gn_json *args, gn_buffer *answer);
void gn_test_stub_db(gn_test_database database);

/* Translates: writes the text and returns true. `args` is NULL for gn_translate. */
typedef bool (*gn_test_translator)(
    gn_call *call, gn_text key, gn_text locale, const gn_json *args, gn_buffer *text);
void gn_test_stub_translate(gn_test_translator translator);

/* What the plugin sent so far, a line for each call: the name of the function without gn_, then its arguments in
   JSON. The functions are audit_emit, event_emit, span_event, metric_observe, cache_invalidate, job_enqueue and
   cron_register. */
gn_text gn_test_calls(void);

/* Forgets all entries, settings and calls. */
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
GN_IMPORT("gonext_data", "gn_kv_set_if_absent")
uint64_t gn_host_kv_set_if_absent(
    const char *key, size_t length, const char *at, size_t value_length);
GN_IMPORT("gonext_data", "gn_kv_incr")
uint64_t gn_host_kv_incr(const char *key, size_t length, int64_t delta);
GN_IMPORT("gonext_data", "gn_db_read")
uint64_t gn_host_db_read(const char *sql, size_t length, const char *args, size_t args_length);
GN_IMPORT("gonext_data", "gn_db_write")
uint64_t gn_host_db_write(const char *sql, size_t length, const char *args, size_t args_length);
GN_IMPORT("gonext_data", "gn_db_batch") uint64_t gn_host_db_batch(const char *json, size_t length);
GN_IMPORT("gonext_data", "gn_cache_invalidate")
uint64_t gn_host_cache_invalidate(const char *tags, size_t length);
GN_IMPORT("env", "gn_last_error") uint64_t gn_host_last_error(void);
GN_IMPORT("env", "gn_event_emit")
int gn_host_event_emit(const char *name, size_t length, const char *json, size_t json_length);
GN_IMPORT("env", "gn_span_event")
int gn_host_span_event(const char *name, size_t length, const char *json, size_t json_length);
GN_IMPORT("env", "gn_metric_observe")
int gn_host_metric_observe(
    const char *name, size_t length, double value, const char *labels, size_t labels_length);
GN_IMPORT("env", "gn_i18n_translate")
uint64_t gn_host_translate(
    const char *key, size_t length, const char *locale, size_t locale_length);
GN_IMPORT("env", "gn_job_enqueue") uint64_t gn_host_job_enqueue(const char *json, size_t length);
GN_IMPORT("env", "gn_cron_register") int gn_host_cron_register(const char *json, size_t length);
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
  bool is_job;
  int64_t retry_ms; /* -1: the job does not ask for a retry */
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

/* The limits of a function of the host, for its error messages. The quota is the one of a rate too. */
typedef struct {
  const char *denied, *arguments, *quota;
} gn_rules;

#define GN_TAKES(capability) "the capability " capability " is not requested in manifest.json or not granted"
#define GN_KEY "a key is 1 to 256 bytes of UTF-8 without NUL"
#define GN_KV_QUOTA "see storage.kv in manifest.json"
#define GN_DB_QUOTA "see storage.db in manifest.json"
#define GN_APP_QUOTA "see the application's limits"
#define GN_LIMITS "see the limits of this function"
#define GN_STATEMENT "one SQL statement, and a value for each of its parameters"

static const gn_rules gn_kv_get_rules = {GN_TAKES("kv.read"), GN_KEY, GN_KV_QUOTA};
static const gn_rules gn_kv_del_rules = {GN_TAKES("kv.write"), GN_KEY, GN_KV_QUOTA};
static const gn_rules gn_kv_set_rules = {
  GN_TAKES("kv.write"), GN_KEY ", a value at most 256 KiB", GN_KV_QUOTA};
static const gn_rules gn_kv_incr_rules = {
  GN_TAKES("kv.write"), GN_KEY ", its entry a decimal number, and the sum one of 64 bits", GN_KV_QUOTA};
static const gn_rules gn_audit_rules = {
  GN_TAKES("audit.emit"),
  "an event's name begins with the plugin's and a dot"
  ", and has at most 128 of a-z, 0-9, _, - and dots; with its data it has at most 4096 bytes",
  "100 events a minute"};
static const gn_rules gn_config_rules = {
  GN_TAKES("of this function"), "a key has at most 256 bytes of UTF-8", GN_APP_QUOTA};
static const gn_rules gn_secrets_rules = {
  GN_TAKES("secrets.keys for this name"), "a name has at most 128 bytes of UTF-8", GN_APP_QUOTA};
static const gn_rules gn_app_rules = {
  GN_TAKES("of this function"), "the application does not accept this request", GN_APP_QUOTA};
static const gn_rules gn_db_read_rules = {GN_TAKES("db.read"), GN_STATEMENT, GN_DB_QUOTA};
static const gn_rules gn_db_write_rules = {GN_TAKES("db.write"), GN_STATEMENT, GN_DB_QUOTA};
static const gn_rules gn_db_batch_rules = {
  GN_TAKES("db.write"), "each statement has its SQL and a value for each of its parameters", GN_DB_QUOTA};
static const gn_rules gn_event_rules = {
  GN_TAKES("events.emit"), "an event has a name and a JSON object", GN_LIMITS};
static const gn_rules gn_span_rules = {
  GN_TAKES("events.emit"), "an event has a name and a JSON object of attributes", GN_LIMITS};
static const gn_rules gn_cache_rules = {
  GN_TAKES("cache.invalidate"), "at most 64 tags of 1 to 256 bytes", GN_LIMITS};
static const gn_rules gn_metric_rules = {
  GN_TAKES("metrics.observe"), "the manifest declares no such metric, or not with these labels", GN_LIMITS};
static const gn_rules gn_translate_rules = {
  GN_TAKES("of this function"), "a key, and a locale such as de-CH", GN_LIMITS};
static const gn_rules gn_job_rules = {
  GN_TAKES("jobs.enqueue"),
  "a job has a name, an object of at most 64 KiB, and either a delay or a time", GN_LIMITS};
static const gn_rules gn_cron_rules = {
  GN_TAKES("cron.register"),
  "a schedule has five fields or an interval, and fires once a minute or less often", GN_LIMITS};

/* Why the last failed function of the host failed. */
static struct {
  const char *kind; /* NULL for a status that this header does not know */
  const char *rule; /* the host's message replaces it */
  int status;
  bool asks; /* whether the host may say more */
} gn_failure = {"", "", 0, false};

static gn_host_status gn_failed(int code, const char *kind, const char *rule) {
  gn_failure.kind = kind;
  gn_failure.rule = rule;
  gn_failure.status = code;
  gn_failure.asks = true;
  return (gn_host_status){code};
}

/* A failure that this header finds in an answer. */
static gn_host_status gn_found(int code, const char *kind, const char *rule) {
  gn_failed(code, kind, rule);
  gn_failure.asks = false;
  return (gn_host_status){code};
}

static const char gn_is_denied[] = "denied by the host", gn_is_internal[] = "the host failed",
                  gn_is_bad[] = "the host did not accept the arguments", gn_is_missing[] = "not found",
                  gn_is_limited[] = "the rate limit is reached", gn_is_upstream[] = "the request failed",
                  gn_is_another_type[] = "the host's value has another type";

static gn_host_status gn_answered(int status, const gn_rules *of) {
  switch (status) {
    case GN_HOST_OK: return (gn_host_status){status};
    case GN_DENIED: return gn_failed(status, gn_is_denied, of->denied);
    case GN_INTERNAL: return gn_failed(status, gn_is_internal, "");
    case GN_BAD_ARGUMENTS: return gn_failed(status, gn_is_bad, of->arguments);
    case GN_NOT_FOUND: return gn_failed(status, gn_is_missing, "");
    case GN_QUOTA: return gn_failed(status, "the quota is used up", of->quota);
    case GN_CONFLICT: return gn_failed(status, "conflict with what is there", "");
    case GN_RATE_LIMITED: return gn_failed(status, gn_is_limited, of->quota);
    case GN_TIMED_OUT: return gn_failed(status, "timed out: the function may have run or not", "");
    case GN_REJECTED: return gn_failed(status, "rejected by the database", "");
    default: return gn_failed(status, NULL, "");
  }
}

/* For a status of env_net that has no name. */
enum { GN_OTHER = -100 };

/* As gn_answered, for the statuses of env_net. */
static gn_host_status gn_net_answered(int status) {
  switch (status) {
    case 0: return (gn_host_status){GN_HOST_OK};
    case -1:
      return gn_failed(GN_BAD_ARGUMENTS, gn_is_bad,
                       "a request has a method, a URL of http or https, and headers that HTTP"
                       " allows; in JSON it has at most 1 MiB");
    case -2: return gn_failed(GN_DENIED, gn_is_denied, GN_TAKES("http.fetch"));
    case -3:
      return gn_failed(GN_BLOCKED, "blocked by the host",
                       "the URL's origin is not in http.fetch.allow in manifest.json,"
                       " or the operator does not allow its address");
    case -4:
      return gn_failed(GN_RATE_LIMITED, gn_is_limited, "see http.fetch.rate_per_minute in manifest.json");
    case -5:
      return gn_failed(GN_UPSTREAM_FAILED, gn_is_upstream,
                       "the server did not give a complete answer in time");
    case -6: return gn_failed(GN_NOT_FOUND, gn_is_missing, "");
    case -7: return gn_failed(GN_INTERNAL, gn_is_internal, "");
    default:
      gn_failed(GN_OTHER, NULL, "");
      gn_failure.status = status;
      return (gn_host_status){GN_OTHER};
  }
}

/* An answer of the host that is not what it should be. */
static gn_host_status gn_bad_answer(void) {
  return gn_found(GN_INTERNAL, gn_is_internal, "");
}

const char *gn_host_problem(void) {
  static char *problem;
  gn_call call = {0};
  gn_buffer text = gn_new_buffer(&call);
  gn_text message = gn_string(gn_failure.rule), sqlstate;
  const gn_json *const reason = gn_host_reason(&call);
  gn_as_text(gn_member(reason, "message"), &message);
  if (gn_failure.kind) {
    gn_append_string(&text, gn_failure.kind);
  } else {
    gn_append_string(&text, "the host answered ");
    gn_append_int(&text, gn_failure.status);
  }
  if (message.length) gn_append_all(&text, gn_string(": "), message);
  if (gn_as_text(gn_member(reason, "sqlstate"), &sqlstate))
    gn_append_all(&text, gn_string(" (SQLSTATE "), sqlstate, gn_string(")"));
  gn_append_char(&text, 0);
  free(problem);
  problem = malloc(text.length);
  if (!problem) gn_panic("out of memory");
  memcpy(problem, text.at, text.length);
  gn_end_call(&call);
  return problem;
}

gn_status gn_done(gn_call *call, gn_host_status status) {
  return status.code == GN_HOST_OK ? GN_OK : gn_fail(call, GN_ERROR, gn_host_problem());
}

/* Removes the text up to `mark` and the mark, and returns the text. Without a mark: all of it. */
static gn_text gn_cut(gn_text *rest, char mark) {
  const char *const found = rest->length ? memchr(rest->at, mark, rest->length) : NULL;
  const gn_text part = {rest->at, found ? (size_t)(found - rest->at) : rest->length};
  const size_t taken = part.length + (found ? 1 : 0);
  *rest = (gn_text){rest->at + taken, rest->length - taken};
  return part;
}

/* The contents without the comma before the first member or item. */
static gn_text gn_listed(const gn_buffer *list) {
  gn_text all = gn_contents(list);
  if (all.length) gn_cut(&all, ',');
  return all;
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

/* Writes the name of a member, with a comma before it. */
static void gn_append_name(gn_buffer *members, const char *name) {
  gn_append_char(members, ',');
  gn_json_text(members, gn_string(name));
  gn_append_char(members, ':');
}

static void gn_append_member(gn_buffer *members, const char *name, gn_text value) {
  gn_append_name(members, name);
  gn_json_text(members, value);
}

/* The same, unless the value is empty. */
static void gn_append_optional(gn_buffer *members, const char *name, gn_text value) {
  if (value.length) gn_append_member(members, name, value);
}

#ifdef __wasm__
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

const gn_json *gn_host_reason(gn_call *call) {
  gn_text body;
  if (!gn_failure.asks || gn_take(call, gn_host_last_error(), &body) != GN_HOST_OK) return NULL;
  return gn_parse(call, body);
}

static int gn_ask_kv_get(gn_call *call, gn_text key, gn_text *value) {
  return gn_take(call, gn_host_kv_get(key.at, key.length), value);
}

static int gn_tell_kv_set(gn_text key, gn_text value) {
  return gn_drop(gn_host_kv_set(key.at, key.length, value.at, value.length));
}

static int gn_tell_kv_set_if_absent(gn_text key, gn_text value) {
  return gn_drop(gn_host_kv_set_if_absent(key.at, key.length, value.at, value.length));
}

static int gn_tell_kv_del(gn_text key) {
  return gn_drop(gn_host_kv_del(key.at, key.length));
}

static int gn_ask_kv_incr(gn_call *call, gn_text key, int64_t delta, gn_text *sum) {
  return gn_take(call, gn_host_kv_incr(key.at, key.length, delta), sum);
}

static int gn_ask_config(gn_call *call, gn_text key, gn_text *json) {
  return gn_take(call, gn_host_config_get(key.at, key.length), json);
}

static int gn_ask_secret(gn_call *call, gn_text name, gn_text *value) {
  return gn_take(call, gn_host_secrets_get(name.at, name.length), value);
}

static int gn_ask_app(gn_call *call, gn_text name, gn_text json, gn_text *answer) {
  return gn_take(call, gn_host_app_call(name.at, name.length, json.at, json.length), answer);
}

static gn_host_status gn_ask_net(gn_call *call, gn_text json, gn_text *answer) {
  return gn_net_answered(gn_take(call, gn_host_http_fetch(json.at, json.length), answer));
}

static int gn_ask_db_read(gn_call *call, gn_text sql, gn_text args, gn_text *answer) {
  return gn_take(call, gn_host_db_read(sql.at, sql.length, args.at, args.length), answer);
}

static int gn_ask_db_write(gn_call *call, gn_text sql, gn_text args, gn_text *answer) {
  return gn_take(call, gn_host_db_write(sql.at, sql.length, args.at, args.length), answer);
}

static int gn_ask_db_batch(gn_call *call, gn_text json, gn_text *answer) {
  return gn_take(call, gn_host_db_batch(json.at, json.length), answer);
}

static int gn_ask_translate(gn_call *call, gn_text key, gn_text locale, gn_text *text) {
  return gn_take(call, gn_host_translate(key.at, key.length, locale.at, locale.length), text);
}

static int gn_ask_job(gn_call *call, gn_text json, gn_text *answer) {
  return gn_take(call, gn_host_job_enqueue(json.at, json.length), answer);
}

static int gn_tell_audit(gn_text json) {
  return gn_host_audit_emit(json.at, json.length);
}

static int gn_tell_event(gn_text name, gn_text json) {
  return gn_host_event_emit(name.at, name.length, json.at, json.length);
}

static int gn_tell_span(gn_text name, gn_text json) {
  return gn_host_span_event(name.at, name.length, json.at, json.length);
}

static int gn_tell_metric(gn_text name, double value, gn_text labels) {
  return gn_host_metric_observe(name.at, name.length, value, labels.at, labels.length);
}

static int gn_tell_cache(gn_text tags) {
  return gn_drop(gn_host_cache_invalidate(tags.at, tags.length));
}

static int gn_tell_cron(gn_text json) {
  return gn_host_cron_register(json.at, json.length);
}
#else
/* The entries and the settings of a test: each has a kind, a name and a value. */
typedef struct gn_setting {
  struct gn_setting *previous;
  enum { GN_ENTRY, GN_SECRET, GN_FUNCTION, GN_JOB_KEY } kind;
  gn_test_function function;
  size_t name_length, length;
  char bytes[]; /* the name, and then the value */
} gn_setting;

static gn_setting *gn_settings;
static const char *gn_test_config = "{}";
static gn_test_server gn_server;
static gn_test_database gn_database;
static gn_test_translator gn_translator;
static char *gn_calls;
static size_t gn_calls_length, gn_job_count;

static gn_text gn_setting_value(const gn_setting *setting) {
  return (gn_text){setting->bytes + setting->name_length, setting->length};
}

/* The place of a setting, so that it can be removed; it holds NULL when there is none. */
static gn_setting **gn_find(int kind, gn_text name) {
  gn_setting **at = &gn_settings;
  while (*at && !((int)(*at)->kind == kind &&
                  gn_equal((gn_text){(*at)->bytes, (*at)->name_length}, name)))
    at = &(*at)->previous;
  return at;
}

static int gn_remove(int kind, gn_text name) {
  gn_setting **const at = gn_find(kind, name), *const found = *at;
  if (!found) return GN_NOT_FOUND;
  *at = found->previous;
  free(found);
  return GN_HOST_OK;
}

static gn_setting *gn_set(int kind, gn_text name, gn_text value) {
  gn_setting *const setting = calloc(1, sizeof *setting + name.length + value.length);
  if (!setting) gn_panic("out of memory");
  setting->kind = kind;
  setting->name_length = name.length;
  setting->length = value.length;
  if (name.length) memcpy(setting->bytes, name.at, name.length);
  if (value.length) memcpy(setting->bytes + name.length, value.at, value.length);
  gn_remove(kind, name);
  setting->previous = gn_settings;
  gn_settings = setting;
  return setting;
}

void gn_test_set_config(const char *json) {
  gn_test_config = json;
}

void gn_test_set_secret(const char *name, const char *value) {
  gn_set(GN_SECRET, gn_string(name), gn_string(value));
}

void gn_test_stub(const char *name, gn_test_function function) {
  gn_set(GN_FUNCTION, gn_string(name), gn_string(""))->function = function;
}

void gn_test_stub_fetch(gn_test_server server) {
  gn_server = server;
}

void gn_test_stub_db(gn_test_database database) {
  gn_database = database;
}

void gn_test_stub_translate(gn_test_translator translator) {
  gn_translator = translator;
}

gn_text gn_test_calls(void) {
  return (gn_text){gn_calls ? gn_calls : "", gn_calls_length};
}

void gn_test_reset(void) {
  while (gn_settings) {
    gn_setting *const setting = gn_settings;
    gn_settings = setting->previous;
    free(setting);
  }
  gn_test_config = "{}";
  gn_server = NULL;
  gn_database = NULL;
  gn_translator = NULL;
  gn_calls_length = gn_job_count = 0;
}

/* Adds a line to the calls. */
static int gn_record(const char *function, const gn_text *args, size_t count) {
  gn_call call = {0};
  gn_buffer line = gn_new_buffer(&call);
  gn_append_string(&line, function);
  for (size_t i = 0; i < count; i++) gn_append_all(&line, gn_string(" "), args[i]);
  gn_append_char(&line, '\n');
  gn_calls = realloc(gn_calls, gn_calls_length + line.length);
  if (!gn_calls) gn_panic("out of memory");
  memcpy(gn_calls + gn_calls_length, line.at, line.length);
  gn_calls_length += line.length;
  gn_end_call(&call);
  return GN_HOST_OK;
}

/* The same for a function with a name in front. */
static int gn_record_named(const char *function, gn_text name, gn_text json) {
  gn_call call = {0};
  gn_buffer quoted = gn_new_buffer(&call);
  gn_json_text(&quoted, name);
  gn_record(function, (gn_text[]){gn_contents(&quoted), json}, 2);
  gn_end_call(&call);
  return GN_HOST_OK;
}

const gn_json *gn_host_reason(gn_call *call) {
  (void)call;
  return NULL;
}

static int gn_ask_setting(gn_call *call, int kind, gn_text name, gn_text *value) {
  const gn_setting *const found = *gn_find(kind, name);
  gn_buffer copy = gn_new_buffer(call);
  if (!found) return GN_NOT_FOUND;
  gn_append(&copy, gn_setting_value(found));
  *value = gn_contents(&copy);
  return GN_HOST_OK;
}

static int gn_ask_kv_get(gn_call *call, gn_text key, gn_text *value) {
  return gn_ask_setting(call, GN_ENTRY, key, value);
}

static int gn_tell_kv_set(gn_text key, gn_text value) {
  gn_set(GN_ENTRY, key, value);
  return GN_HOST_OK;
}

static int gn_tell_kv_set_if_absent(gn_text key, gn_text value) {
  return *gn_find(GN_ENTRY, key) ? GN_CONFLICT : gn_tell_kv_set(key, value);
}

static int gn_tell_kv_del(gn_text key) {
  return gn_remove(GN_ENTRY, key);
}

static int gn_ask_kv_incr(gn_call *call, gn_text key, int64_t delta, gn_text *sum) {
  gn_buffer out = gn_new_buffer(call);
  int64_t number = 0;
  gn_text old;
  if (gn_ask_kv_get(call, key, &old) == GN_HOST_OK && !gn_as_int(gn_parse(call, old), &number))
    return GN_BAD_ARGUMENTS;
  if (delta > 0 ? number > INT64_MAX - delta : number < INT64_MIN - delta) return GN_BAD_ARGUMENTS;
  gn_append_int(&out, number + delta);
  *sum = gn_contents(&out);
  return gn_tell_kv_set(key, *sum);
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
  return gn_ask_setting(call, GN_SECRET, name, value);
}

static int gn_ask_app(gn_call *call, gn_text name, gn_text json, gn_text *answer) {
  const gn_setting *const found = *gn_find(GN_FUNCTION, name);
  if (!found) return GN_NOT_FOUND;
  const gn_json *const request = gn_parse(call, json);
  gn_buffer out = gn_new_buffer(call);
  if (!request) gn_panic("the request of gn_app_call is not JSON");
  const int status = found->function(call, request, &out);
  *answer = gn_contents(&out);
  return status;
}

static gn_host_status gn_ask_net(gn_call *call, gn_text json, gn_text *answer) {
  gn_buffer out = gn_new_buffer(call), body = gn_new_buffer(call);
  if (!gn_server) return gn_net_answered(-7);
  const int status = gn_server(call, gn_parse(call, json), &body);
  if (status < 0) {
    /* Back to the status of env_net that has this name. */
    for (int net = -7; net < 0; net++)
      if (gn_net_answered(net).code == status) return (gn_host_status){status};
    return gn_net_answered(status);
  }
  gn_append_string(&out, "{\"status\":");
  gn_append_int(&out, status);
  gn_append_string(&out, ",\"headers\":{},\"body\":\"");
  gn_append_base64(&out, gn_contents(&body));
  gn_append_string(&out, "\"}");
  *answer = gn_contents(&out);
  return (gn_host_status){GN_HOST_OK};
}

static int gn_run_statement(gn_call *call, gn_text sql, const gn_json *args, gn_buffer *answer) {
  return gn_database ? gn_database(call, sql, args, answer) : GN_INTERNAL;
}

static int gn_ask_db_read(gn_call *call, gn_text sql, gn_text args, gn_text *answer) {
  gn_buffer out = gn_new_buffer(call);
  const int status = gn_run_statement(call, sql, gn_parse(call, args), &out);
  *answer = gn_contents(&out);
  return status;
}

static int gn_ask_db_write(gn_call *call, gn_text sql, gn_text args, gn_text *answer) {
  return gn_ask_db_read(call, sql, args, answer);
}

/* Of jobs with one idempotency key, the first is created. The nth job has the id job-n. */
static int gn_ask_job(gn_call *call, gn_text json, gn_text *answer) {
  gn_buffer out = gn_new_buffer(call), id = gn_new_buffer(call);
  gn_text key = {"", 0}, known;
  gn_as_text(gn_member(gn_parse(call, json), "idempotency_key"), &key);
  const bool created = !key.length || gn_ask_setting(call, GN_JOB_KEY, key, &known) != GN_HOST_OK;
  if (created) {
    gn_append_string(&id, "job-");
    gn_append_int(&id, (int64_t)++gn_job_count);
    known = gn_contents(&id);
    if (key.length) gn_set(GN_JOB_KEY, key, known);
  }
  gn_append_all(&out, gn_string("{\"id\":\""), known, gn_string("\",\"created\":"),
                gn_string(created ? "true}" : "false}"));
  *answer = gn_contents(&out);
  return gn_record("job_enqueue", &json, 1);
}

static int gn_ask_db_batch(gn_call *call, gn_text json, gn_text *answer) {
  const gn_json *const batch = gn_parse(call, json), *list = gn_member(batch, "statements");
  gn_buffer out = gn_new_buffer(call);
  gn_text sql;
  if (!list) gn_panic("the batch is not JSON");
  gn_append_string(&out, "{\"results\":[");
  for (const gn_json *it = list->first; it; it = it->next) {
    if (it != list->first) gn_append_char(&out, ',');
    if (!gn_as_text(gn_member(it, "sql"), &sql)) gn_panic("a statement has no SQL");
    const int status = gn_run_statement(call, sql, gn_member(it, "args"), &out);
    if (status != GN_HOST_OK) return status;
  }
  gn_append_string(&out, "]}");
  list = gn_member(batch, "enqueue");
  for (const gn_json *job = list ? list->first : NULL; job; job = job->next) {
    gn_buffer request = gn_new_buffer(call);
    gn_json_value(&request, job);
    gn_ask_job(call, gn_contents(&request), answer);
  }
  *answer = gn_contents(&out);
  return GN_HOST_OK;
}

static int gn_ask_translate(gn_call *call, gn_text key, gn_text locale, gn_text *text) {
  const bool has_args = key.length && *key.at == '{';
  const gn_json *const request = has_args ? gn_parse(call, key) : NULL;
  gn_buffer out = gn_new_buffer(call);
  if (has_args && !gn_as_text(gn_member(request, "key"), &key)) gn_panic("the arguments are not JSON");
  if (!gn_translator || !gn_translator(call, key, locale, gn_member(request, "args"), &out))
    return GN_NOT_FOUND;
  *text = gn_contents(&out);
  return GN_HOST_OK;
}

static int gn_tell_audit(gn_text json) {
  return gn_record("audit_emit", &json, 1);
}

static int gn_tell_event(gn_text name, gn_text json) {
  return gn_record_named("event_emit", name, json);
}

static int gn_tell_span(gn_text name, gn_text json) {
  return gn_record_named("span_event", name, json);
}

static int gn_tell_metric(gn_text name, double value, gn_text labels) {
  gn_call call = {0};
  gn_buffer args = gn_new_buffer(&call);
  gn_json_double(&args, value);
  gn_append_all(&args, gn_string(" "), labels);
  gn_record_named("metric_observe", name, gn_contents(&args));
  gn_end_call(&call);
  return GN_HOST_OK;
}

static int gn_tell_cache(gn_text tags) {
  return gn_record("cache_invalidate", &tags, 1);
}

static int gn_tell_cron(gn_text json) {
  return gn_record("cron_register", &json, 1);
}
#endif

gn_host_status gn_kv_get(gn_call *call, gn_text key, gn_text *value) {
  return gn_answered(gn_ask_kv_get(call, key, value), &gn_kv_get_rules);
}

gn_host_status gn_kv_set(gn_text key, gn_text value) {
  return gn_answered(gn_tell_kv_set(key, value), &gn_kv_set_rules);
}

gn_host_status gn_kv_set_if_absent(gn_text key, gn_text value) {
  return gn_answered(gn_tell_kv_set_if_absent(key, value), &gn_kv_set_rules);
}

gn_host_status gn_kv_del(gn_text key) {
  return gn_answered(gn_tell_kv_del(key), &gn_kv_del_rules);
}

gn_host_status gn_kv_incr(gn_call *call, gn_text key, int64_t delta, int64_t *sum) {
  gn_text body;
  const int status = gn_ask_kv_incr(call, key, delta, &body);
  if (status != GN_HOST_OK) return gn_answered(status, &gn_kv_incr_rules);
  return gn_as_int(gn_parse(call, body), sum) ? (gn_host_status){GN_HOST_OK} : gn_bad_answer();
}

gn_host_status gn_audit(gn_call *call, gn_text event, gn_text json) {
  gn_buffer entry = gn_new_buffer(call);
  gn_append_string(&entry, "{\"event\":");
  gn_json_text(&entry, event);
  gn_append_string(&entry, ",\"data\":");
  gn_append(&entry, json.length ? json : gn_string("null"));
  gn_append_char(&entry, '}');
  return gn_answered(gn_tell_audit(gn_contents(&entry)), &gn_audit_rules);
}

gn_host_status gn_config_get(gn_call *call, gn_text key, const gn_json **value) {
  gn_text json;
  const gn_host_status status = gn_answered(gn_ask_config(call, key, &json), &gn_config_rules);
  if (status.code != GN_HOST_OK) return status;
  *value = gn_parse(call, json);
  return *value ? status : gn_bad_answer();
}

/* The value of a key. Sets `*value` to NULL when there is none, or null. */
static gn_host_status gn_configured(gn_call *call, const char *key, const gn_json **value) {
  *value = NULL;
  const gn_host_status status = gn_config_get(call, gn_string(key), value);
  if (*value && (*value)->type == GN_NULL) *value = NULL;
  return status.code == GN_NOT_FOUND ? (gn_host_status){GN_HOST_OK} : status;
}

#define GN_A_TEXT "a text"
#define GN_AN_INTEGER "an integer in range"
#define GN_A_NUMBER "a number"
#define GN_A_BOOLEAN "a boolean"

gn_host_status gn_config_text(gn_call *call, const char *key, gn_text *value) {
  const gn_json *found;
  const gn_host_status status = gn_configured(call, key, &found);
  if (!found || gn_as_text(found, value)) return status;
  return gn_found(GN_WRONG_TYPE, gn_is_another_type, "it is not " GN_A_TEXT);
}

gn_host_status gn_config_int(gn_call *call, const char *key, int64_t *value) {
  const gn_json *found;
  const gn_host_status status = gn_configured(call, key, &found);
  if (!found || gn_as_int(found, value)) return status;
  return gn_found(GN_WRONG_TYPE, gn_is_another_type, "it is not " GN_AN_INTEGER);
}

gn_host_status gn_config_bool(gn_call *call, const char *key, bool *value) {
  const gn_json *found;
  const gn_host_status status = gn_configured(call, key, &found);
  if (!found || gn_as_bool(found, value)) return status;
  return gn_found(GN_WRONG_TYPE, gn_is_another_type, "it is not " GN_A_BOOLEAN);
}

gn_host_status gn_secrets_get(gn_call *call, gn_text name, gn_text *value) {
  return gn_answered(gn_ask_secret(call, name, value), &gn_secrets_rules);
}

gn_host_status gn_app_call(gn_call *call, gn_text name, gn_text json, const gn_json **answer) {
  gn_text body;
  const gn_host_status status = gn_answered(gn_ask_app(call, name, json, &body), &gn_app_rules);
  if (status.code != GN_HOST_OK) return status;
  *answer = gn_parse(call, body);
  return *answer ? status : gn_bad_answer();
}

gn_host_status gn_event_emit(gn_text name, gn_text json) {
  return gn_answered(gn_tell_event(name, json), &gn_event_rules);
}

gn_host_status gn_span_event(gn_text name, gn_text json) {
  return gn_answered(gn_tell_span(name, json), &gn_span_rules);
}

gn_host_status gn_cache_invalidate(gn_call *call, const gn_text *tags, size_t count) {
  gn_buffer json = gn_new_buffer(call);
  gn_append_char(&json, '[');
  for (size_t i = 0; i < count; i++) {
    if (i) gn_append_char(&json, ',');
    gn_json_text(&json, tags[i]);
  }
  gn_append_char(&json, ']');
  return gn_answered(gn_tell_cache(gn_contents(&json)), &gn_cache_rules);
}

gn_host_status gn_metric_observe(
    gn_call *call, gn_text name, double value, const gn_label *labels, size_t count) {
  gn_buffer members = gn_new_buffer(call), json = gn_new_buffer(call);
  for (size_t i = 0; i < count; i++) gn_append_member(&members, labels[i].name, labels[i].value);
  gn_append_all(&json, gn_string("{"), gn_listed(&members), gn_string("}"));
  return gn_answered(gn_tell_metric(name, value, gn_contents(&json)), &gn_metric_rules);
}

gn_host_status gn_translate(gn_call *call, gn_text key, gn_text locale, gn_text *text) {
  return gn_answered(gn_ask_translate(call, key, locale, text), &gn_translate_rules);
}

gn_host_status gn_translate_with(
    gn_call *call, gn_text key, gn_text locale, gn_text json, gn_text *text) {
  gn_buffer request = gn_new_buffer(call);
  gn_append_string(&request, "{\"key\":");
  gn_json_text(&request, key);
  gn_append_all(&request, gn_string(",\"args\":"), json, gn_string("}"));
  return gn_translate(call, gn_contents(&request), locale, text);
}

/* ---- jobs -------------------------------------------------------------------------------- */

static void gn_write_job(gn_buffer *out, const gn_new_job *job) {
  gn_append_string(out, "{\"job\":");
  gn_json_text(out, job->name);
  if (job->args.length) {
    gn_append_name(out, "args");
    gn_append(out, job->args);
  }
  if (job->delay_ms > 0) {
    gn_append_name(out, "delay_ms");
    gn_append_int(out, job->delay_ms);
  }
  gn_append_optional(out, "at", job->at);
  gn_append_optional(out, "idempotency_key", job->idempotency_key);
  if (job->priority) {
    gn_append_name(out, "priority");
    gn_append_int(out, job->priority);
  }
  gn_append_char(out, '}');
}

gn_host_status gn_job_enqueue(gn_call *call, const gn_new_job *job, gn_enqueued *enqueued) {
  gn_buffer json = gn_new_buffer(call);
  gn_enqueued found;
  gn_text answer;
  gn_write_job(&json, job);
  const gn_host_status status =
      gn_answered(gn_ask_job(call, gn_contents(&json), &answer), &gn_job_rules);
  if (status.code != GN_HOST_OK) return status;
  const gn_json *const value = gn_parse(call, answer);
  if (!gn_as_text(gn_member(value, "id"), &found.id) ||
      !gn_as_bool(gn_member(value, "created"), &found.created))
    return gn_bad_answer();
  if (enqueued) *enqueued = found;
  return status;
}

gn_host_status gn_cron_register(gn_call *call, const gn_cron *cron) {
  gn_buffer json = gn_new_buffer(call);
  gn_append_string(&json, "{\"schedule\":");
  if (cron->every_ms > 0) {
    gn_append_string(&json, "{\"every_ms\":");
    gn_append_int(&json, cron->every_ms);
    gn_append_char(&json, '}');
  } else {
    gn_json_text(&json, cron->schedule);
  }
  gn_append_member(&json, "handler_id", cron->job);
  gn_append_optional(&json, "zone", cron->zone);
  if (cron->args.length) {
    gn_append_name(&json, "args");
    gn_append(&json, cron->args);
  }
  gn_append_optional(&json, "catch_up", cron->catch_up);
  gn_append_char(&json, '}');
  return gn_answered(gn_tell_cron(gn_contents(&json)), &gn_cron_rules);
}

/* ---- the database ------------------------------------------------------------------------ */

gn_values gn_new_values(gn_call *call) {
  return (gn_values){gn_new_buffer(call)};
}

void gn_add_text(gn_values *values, gn_text text) {
  gn_append_char(&values->json, ',');
  gn_json_text(&values->json, text);
}

void gn_add_int(gn_values *values, int64_t number) {
  gn_append_char(&values->json, ',');
  gn_append_int(&values->json, number);
}

void gn_add_double(gn_values *values, double number) {
  gn_append_char(&values->json, ',');
  gn_json_double(&values->json, number);
}

void gn_add_bool(gn_values *values, bool truth) {
  gn_append_string(&values->json, truth ? ",true" : ",false");
}

void gn_add_bytes(gn_values *values, gn_text bytes) {
  gn_append_string(&values->json, ",\"");
  gn_append_base64(&values->json, bytes);
  gn_append_char(&values->json, '"');
}

void gn_add_json(gn_values *values, const gn_json *value) {
  gn_append_char(&values->json, ',');
  gn_json_value(&values->json, value);
}

/* Writes the values as an array. */
static gn_text gn_write_values(gn_call *call, const gn_values *values) {
  gn_buffer out = gn_new_buffer(call);
  gn_append_char(&out, '[');
  if (values) gn_append(&out, gn_listed(&values->json));
  gn_append_char(&out, ']');
  return gn_contents(&out);
}

/* False for a value that is not the answer of a statement. */
static bool gn_read_rows(const gn_json *value, gn_rows *rows) {
  const gn_json *const list = gn_member(value, "rows");
  const bool has_count = gn_as_int(gn_member(value, "rows_affected"), &rows->affected);
  rows->first = NULL;
  rows->columns = gn_member(value, "columns");
  rows->count = 0;
  rows->truncated = false;
  if (!list) return has_count;
  if (list->type != GN_ARRAY || !rows->columns || rows->columns->type != GN_ARRAY) return false;
  for (const gn_json *row = list->first; row; row = row->next)
    if (row->type != GN_ARRAY) return false;
  rows->first = list->first;
  rows->count = list->count;
  if (!has_count) rows->affected = (int64_t)list->count;
  gn_as_bool(gn_member(value, "truncated"), &rows->truncated);
  return true;
}

gn_host_status gn_db_query(gn_call *call, const char *sql, const gn_values *values, gn_rows *rows) {
  gn_text answer;
  const gn_host_status status =
      gn_answered(gn_ask_db_read(call, gn_string(sql), gn_write_values(call, values), &answer),
                  &gn_db_read_rules);
  if (status.code != GN_HOST_OK) return status;
  return gn_read_rows(gn_parse(call, answer), rows) ? status : gn_bad_answer();
}

gn_host_status gn_db_execute(
    gn_call *call, const char *sql, const gn_values *values, gn_rows *rows) {
  gn_text answer;
  gn_rows ignored;
  const gn_host_status status =
      gn_answered(gn_ask_db_write(call, gn_string(sql), gn_write_values(call, values), &answer),
                  &gn_db_write_rules);
  if (status.code != GN_HOST_OK) return status;
  return gn_read_rows(gn_parse(call, answer), rows ? rows : &ignored) ? status : gn_bad_answer();
}

const gn_json *gn_column(const gn_rows *rows, const gn_json *row, const char *name) {
  const gn_json *value = row->first;
  for (const gn_json *column = rows->columns->first; column && value; column = column->next) {
    if (column->type == GN_TEXT && gn_equals(column->text, name)) return value;
    value = value->next;
  }
  return NULL;
}

/* The number that a text holds. Any other value stays. */
static gn_json gn_number_in(const gn_json *value) {
  gn_json number = value ? *value : (gn_json){0};
  if (number.type == GN_TEXT) {
    gn_reader reader = {NULL, number.text.at, number.text.at + number.text.length};
    if (gn_read_number(&reader, &number.text) && reader.at == reader.end) number.type = GN_NUMBER;
  }
  return number;
}

/* Keeps the text of the last failure of this kind. */
static gn_host_status gn_wrong_column(const char *name, const char *wanted) {
  static char *rule;
  const size_t size = strlen(name) + strlen(wanted) + sizeof "column  is not ";
  free(rule);
  rule = malloc(size);
  if (!rule) gn_panic("out of memory");
  snprintf(rule, size, "column %s is not %s", name, wanted);
  return gn_found(GN_WRONG_TYPE, gn_is_another_type, rule);
}

gn_host_status gn_column_text(
    const gn_rows *rows, const gn_json *row, const char *name, gn_text *value) {
  return gn_as_text(gn_column(rows, row, name), value) ? (gn_host_status){GN_HOST_OK}
                                                       : gn_wrong_column(name, GN_A_TEXT);
}

gn_host_status gn_column_int(
    const gn_rows *rows, const gn_json *row, const char *name, int64_t *value) {
  const gn_json number = gn_number_in(gn_column(rows, row, name));
  return gn_as_int(&number, value) ? (gn_host_status){GN_HOST_OK}
                                   : gn_wrong_column(name, GN_AN_INTEGER);
}

gn_host_status gn_column_double(
    const gn_rows *rows, const gn_json *row, const char *name, double *value) {
  const gn_json number = gn_number_in(gn_column(rows, row, name));
  return gn_as_double(&number, value) ? (gn_host_status){GN_HOST_OK}
                                      : gn_wrong_column(name, GN_A_NUMBER);
}

gn_host_status gn_column_bool(
    const gn_rows *rows, const gn_json *row, const char *name, bool *value) {
  return gn_as_bool(gn_column(rows, row, name), value) ? (gn_host_status){GN_HOST_OK}
                                                       : gn_wrong_column(name, GN_A_BOOLEAN);
}

gn_host_status gn_column_bytes(
    gn_call *call, const gn_rows *rows, const gn_json *row, const char *name, gn_text *value) {
  gn_text encoded;
  return gn_as_text(gn_column(rows, row, name), &encoded) && gn_read_base64(call, encoded, value)
             ? (gn_host_status){GN_HOST_OK}
             : gn_wrong_column(name, "bytes");
}

gn_batch gn_new_batch(gn_call *call) {
  return (gn_batch){gn_new_buffer(call), gn_new_buffer(call), 0};
}

void gn_batch_execute(gn_batch *batch, const char *sql, const gn_values *values) {
  gn_buffer *const out = &batch->statements;
  gn_append_string(out, ",{\"sql\":");
  gn_json_text(out, gn_string(sql));
  gn_append_name(out, "args");
  gn_append(out, gn_write_values(out->call, values));
  gn_append_char(out, '}');
  batch->count++;
}

void gn_batch_enqueue(gn_batch *batch, const gn_new_job *job) {
  gn_append_char(&batch->jobs, ',');
  gn_write_job(&batch->jobs, job);
}

gn_host_status gn_db_batch(gn_call *call, const gn_batch *batch, gn_rows *results) {
  gn_buffer json = gn_new_buffer(call);
  gn_text answer;
  gn_append_all(
      &json, gn_string("{\"statements\":["), gn_listed(&batch->statements), gn_string("]"));
  if (batch->jobs.length)
    gn_append_all(&json, gn_string(",\"enqueue\":["), gn_listed(&batch->jobs), gn_string("]"));
  gn_append_char(&json, '}');
  const gn_host_status status =
      gn_answered(gn_ask_db_batch(call, gn_contents(&json), &answer), &gn_db_batch_rules);
  if (status.code != GN_HOST_OK) return status;
  const gn_json *const list = gn_member(gn_parse(call, answer), "results");
  size_t i = 0;
  if (!list || list->count != batch->count) return gn_bad_answer();
  for (const gn_json *result = list->first; result; result = result->next, i++) {
    gn_rows ignored;
    if (!gn_read_rows(result, results ? &results[i] : &ignored)) return gn_bad_answer();
  }
  return status;
}

/* ---- requests to other servers ----------------------------------------------------------- */

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

gn_host_status gn_fetch(
    gn_call *call, const gn_fetch_request *request, gn_fetch_response *response) {
  gn_buffer json = gn_new_buffer(call);
  gn_text answer, text;
  gn_append_string(&json, "{\"method\":");
  gn_json_text(&json, request->method);
  gn_append_string(&json, ",\"url\":");
  gn_json_text(&json, request->url);
  gn_append_string(&json, ",\"headers\":{");
  gn_append(&json, gn_listed(&request->headers));
  gn_append_string(&json, "},\"body\":\"");
  gn_append_base64(&json, request->body);
  gn_append_char(&json, '"');
  if (request->timeout_ms > 0) {
    gn_append_string(&json, ",\"timeout_ms\":");
    gn_append_int(&json, request->timeout_ms);
  }
  gn_append_char(&json, '}');
  const gn_host_status sent = gn_ask_net(call, gn_contents(&json), &answer);
  if (sent.code != GN_HOST_OK) return sent;

  const gn_json *const value = gn_parse(call, answer);
  int64_t status;
  if (gn_as_text(gn_member(value, "error"), &text) && text.length) {
    gn_buffer line = gn_new_buffer(call);
    gn_append_all(&line, gn_string("fetch: "), text);
    gn_log(GN_WARN, gn_contents(&line));
    gn_net_answered(-5);
    gn_failure.asks = false;
    return (gn_host_status){GN_UPSTREAM_FAILED};
  }
  response->headers = gn_member(value, "headers");
  if (!gn_as_int(gn_member(value, "status"), &status) || status < 100 || status > 999 ||
      !gn_are_texts(response->headers) || !gn_as_text(gn_member(value, "body"), &text) ||
      !gn_read_base64(call, text, &response->body))
    return gn_bad_answer();
  response->status = (int)status;
  return sent;
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

typedef struct {
  const char *name;
  gn_job_handler run;
} gn_named_job;

static gn_handler *gn_handlers;
static size_t gn_handler_count;
static gn_path_handler *gn_routes;
static size_t gn_route_count;
static gn_named_job *gn_jobs;
static size_t gn_job_handler_count;
/* What runs a job. A plugin without jobs does not link it: the compiler must not see that there is one value. */
static gn_status (*volatile gn_job_runner)(gn_call *call, gn_text payload, gn_buffer *out);

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

static gn_status gn_run_named_job(gn_call *call, gn_text payload, gn_buffer *out) {
  gn_run run = {.name = call->hook, .attempt = 1};
  gn_job_handler handler = NULL;
  gn_text kind;
  for (size_t i = 0; i < gn_job_handler_count; i++)
    if (gn_equals(run.name, gn_jobs[i].name)) handler = gn_jobs[i].run;
  if (!handler) return gn_fail(call, GN_UNKNOWN_HOOK, "no handler of this name");

  const gn_json *const document = gn_parse(call, payload);
  run.args = gn_member(document, "args");
  if (!gn_as_text(gn_member(document, "kind"), &kind) || !gn_equals(kind, "job") || !run.args ||
      !gn_as_text(gn_member(document, "id"), &run.id))
    return gn_fail(call, GN_BAD_PAYLOAD, "the payload is not a job's");
  gn_as_text(gn_member(document, "idempotency_key"), &run.idempotency_key);
  gn_as_int(gn_member(document, "attempt"), &run.attempt);
  gn_as_int(gn_member(document, "scheduled_at"), &run.scheduled_at_ms);
  gn_as_int(gn_member(document, "deadline_ms"), &run.deadline_ms);
  const gn_status status = handler(call, &run);
  if (status == GN_OK && call->retry_ms >= 0) {
    gn_append_string(out, "{\"retry_in_ms\":");
    gn_append_int(out, call->retry_ms);
    gn_append_char(out, '}');
  }
  return status;
}

void gn_job(const char *name, gn_job_handler handler) {
  gn_jobs = gn_grown(gn_jobs, gn_job_handler_count, sizeof *gn_jobs);
  gn_jobs[gn_job_handler_count++] = (gn_named_job){name, handler};
  gn_job_runner = gn_run_named_job;
}

gn_status gn_retry_in(gn_call *call, int64_t milliseconds, const char *why) {
  call->retry_ms = milliseconds < 0 ? 0 : milliseconds;
  return gn_fail(call, GN_OK, why);
}

const gn_json *gn_arg(gn_call *call, size_t index) {
  return gn_item(call->args, index);
}

gn_status gn_fail_text(gn_call *call, gn_status status, gn_text why) {
  gn_buffer line = gn_new_buffer(call);
  if (call->is_job) gn_append_string(&line, "job ");
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
  if (response->content_type) {
    gn_append_string(out, "\"Content-Type\":");
    gn_json_text(out, gn_string(response->content_type));
    gn_append(out, gn_contents(&response->headers));
  } else {
    gn_append(out, gn_listed(&response->headers));
  }
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

static gn_status gn_handle(gn_call *call, gn_text payload, gn_buffer *out) {
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
  if (!handler && !is_route) return gn_fail(call, GN_UNKNOWN_HOOK, "no handler of this name");

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

/* Runs a hook or a job, and copies its result. */
static gn_status gn_run_call(gn_call call, gn_text payload, gn_text *body) {
  gn_buffer out = gn_new_buffer(&call);
  gn_status status;
  if (!call.is_job)
    status = gn_handle(&call, payload, &out);
  else if (gn_job_runner)
    status = gn_job_runner(&call, payload, &out);
  else
    status = gn_fail(&call, GN_UNKNOWN_HOOK, "no handler of this name");
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

gn_status gn_run_hook(gn_text hook, gn_text payload, gn_text *body) {
  return gn_run_call((gn_call){.hook = hook, .retry_ms = -1}, payload, body);
}

gn_status gn_run_job(gn_text job, gn_text payload, gn_text *body) {
  return gn_run_call((gn_call){.hook = job, .is_job = true, .retry_ms = -1}, payload, body);
}

static int64_t gn_packed(gn_status status, gn_text body) {
  if (status != GN_OK) return (int64_t)(uint32_t)status;
  return body.at ? (int64_t)((uint64_t)(uintptr_t)body.at << 32 | body.length) : 0;
}

int64_t GN_EXPORT(gn_handle_hook)(
    const char *name, size_t name_length, const char *payload, size_t payload_length) {
  gn_text body;
  const gn_status status =
      gn_run_hook((gn_text){name, name_length}, (gn_text){payload, payload_length}, &body);
  return gn_packed(status, body);
}

int64_t GN_EXPORT(gn_handle_job)(
    const char *name, size_t name_length, const char *payload, size_t payload_length) {
  gn_text body;
  const gn_status status =
      gn_run_job((gn_text){name, name_length}, (gn_text){payload, payload_length}, &body);
  return gn_packed(status, body);
}

int32_t GN_EXPORT_DEFAULT(on_activate)(void) {
  return 0;
}

int32_t GN_EXPORT_DEFAULT(on_deactivate)(void) {
  return 0;
}

#endif
