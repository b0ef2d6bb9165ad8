/* Runs the plugin natively with the answers of gn_test_set_config and the like: make test. */
#include "conformance.c"

#include <assert.h>

/* Runs a filter. `result` is the JSON of its value, NULL for a failure. */
static void answers(const char *hook, const char *value, const char *args, const char *result) {
  gn_call call = {0};
  gn_buffer payload = gn_new_buffer(&call), expected = gn_new_buffer(&call);
  gn_text body;
  gn_append_all(&payload, gn_string("{\"kind\":\"filter\",\"value\":"), gn_string(value),
                gn_string(",\"args\":["), gn_string(args), gn_string("]}"));
  const gn_status status = gn_run_hook(gn_string(hook), gn_contents(&payload), &body);
  assert(status == (result ? GN_OK : GN_ERROR));
  if (result) {
    gn_append_all(&expected, gn_string("{\"value\":"), gn_string(result), gn_string("}"));
    if (!gn_equal(body, gn_contents(&expected))) {
      fprintf(stderr, "%s: %.*s\n", hook, (int)body.length, body.at);
      abort();
    }
  }
  free((void *)body.at);
  gn_end_call(&call);
}

static int find_post(gn_call *call, const gn_json *request, gn_buffer *answer) {
  (void)call;
  gn_append_string(answer, "{\"id\":");
  gn_json_value(answer, request);
  gn_append_char(answer, '}');
  return GN_HOST_OK;
}

static int slow(gn_call *call, const gn_json *request, gn_buffer *answer) {
  (void)call, (void)request, (void)answer;
  return GN_TIMED_OUT;
}

static int teapot(gn_call *call, const gn_json *request, gn_buffer *body) {
  gn_text encoded;
  (void)call;
  assert(gn_as_text(gn_member(request, "body"), &encoded));
  gn_append(body, encoded);
  return 418;
}

static int blocks(gn_call *call, const gn_json *request, gn_buffer *body) {
  (void)call, (void)request, (void)body;
  return GN_BLOCKED;
}

static int database(gn_call *call, gn_text sql, const gn_json *args, gn_buffer *answer) {
  (void)call;
  if (gn_equals(sql, "fail")) return GN_REJECTED;
  if (gn_equals(sql, "select")) {
    gn_append_string(answer, "{\"columns\":[\"id\",\"name\"],\"rows\":[[");
    gn_json_value(answer, args->first);
    gn_append_string(answer, ",null],[\"-7\",\"x\"]],\"truncated\":true}");
  } else {
    gn_append_string(answer, "{\"rows_affected\":2}");
  }
  return GN_HOST_OK;
}

static bool translator(
    gn_call *call, gn_text key, gn_text locale, const gn_json *args, gn_buffer *text) {
  (void)call;
  if (!gn_equals(key, "items")) return false;
  gn_append_all(text, locale, gn_string(" "));
  gn_json_value(text, args);
  return true;
}

/* Runs an action, which succeeds. */
static void acts(const char *hook, const char *args) {
  gn_call call = {0};
  gn_buffer payload = gn_new_buffer(&call);
  gn_text body;
  gn_append_all(&payload, gn_string("{\"kind\":\"action\",\"args\":["), gn_string(args),
                gn_string("]}"));
  assert(gn_run_hook(gn_string(hook), gn_contents(&payload), &body) == GN_OK);
  gn_end_call(&call);
}

/* Runs a job. `result` is the body, NULL when there is none. */
static void runs(const char *job, const char *args, gn_status status, const char *result) {
  gn_call call = {0};
  gn_buffer payload = gn_new_buffer(&call);
  gn_text body;
  gn_append_all(&payload, gn_string("{\"kind\":\"job\",\"id\":\"j\",\"args\":"), gn_string(args),
                gn_string(",\"idempotency_key\":\"k\"}"));
  assert(gn_run_job(gn_string(job), gn_contents(&payload), &body) == status);
  assert(result ? gn_equals(body, result) : !body.at);
  free((void *)body.at);
  gn_end_call(&call);
}

int main(void) {
  answers("config.int", "\"limit\"", "5", "5");
  answers("config.get", "\"\"", "", "{}");
  gn_test_set_config("{\"limit\":3,\"greeting\":null}");
  answers("config.int", "\"limit\"", "5", "3");
  answers("config.text", "\"greeting\"", "\"Hello\"", "\"Hello\"");
  answers("config.text", "\"limit\"", "\"\"", NULL);
  answers("config.get", "\"\"", "", "{\"limit\":3,\"greeting\":null}");

  answers("secrets.get", "\"TOKEN\"", "", "null");
  gn_test_set_secret("TOKEN", "old");
  gn_test_set_secret("TOKEN", "t0p");
  answers("secrets.get", "\"TOKEN\"", "", "\"t0p\"");

  answers("app.error", "\"posts.find\"", "", "\"not found\"");
  gn_test_stub("posts.find", find_post);
  gn_test_stub("posts.slow", slow);
  answers("app.call", "7", "\"posts.find\"", "{\"id\":7}");
  answers("app.error", "\"posts.slow\"", "", "\"timed out\"");

  answers("fetch.error", "\"https://example.com/\"", "", "\"internal\"");
  gn_test_stub_fetch(teapot);
  answers("fetch", "\"https://example.com/\"", "\"POST\"", "\"418|none|eyJhIjoxfQ==\"");
  gn_test_stub_fetch(blocks);
  answers("fetch.error", "\"https://example.com/\"", "", "\"blocked\"");

  answers("kv.get", "\"a\"", "", "null");
  answers("kv.set_if_absent", "\"a\"", "\"1\"", "true");
  answers("kv.set_if_absent", "\"a\"", "\"2\"", "false");
  answers("kv.incr", "\"a\"", "4", "5");
  answers("kv.get", "\"a\"", "", "\"5\"");
  acts("kv.set", "\"a\",\"x\"");
  answers("kv.incr", "\"a\"", "1", NULL);
  answers("kv.del", "\"a\"", "", "true");
  answers("kv.del", "\"a\"", "", "false");

  answers("db.error", "\"x\"", "", "\"internal\"");
  gn_test_stub_db(database);
  answers("db.query", "\"select\"", "[\"9007199254740993\"]", "\"9007199254740993=none;-7=x;...\"");
  answers("db.query", "\"select\"", "[true]", NULL);
  assert(strcmp(gn_host_problem(),
                "the host's value has another type: column id is not an integer in range") == 0);
  answers("db.execute", "\"delete\"", "", "2");
  answers("db.error", "\"fail\"", "", "\"rejected\"");
  answers("db.reason", "\"fail\"", "", "\"-14|none|none\"");

  answers("i18n.translate", "\"items\"", "\"de\"", "null");
  gn_test_stub_translate(translator);
  answers("i18n.translate", "\"items\"", "\"de\"", "\"de null\"");
  answers("i18n.format", "\"items\"", "\"de\",3", "\"de {\\\"count\\\":3}\"");

  acts("audit", "\"my.done\",1");
  acts("events.emit", "\"paid\",{\"id\":7}");
  acts("span.event", "\"miss\",{}");
  acts("metrics.observe", "\"orders\",2.5,\"x\"");
  acts("cache.invalidate", "[\"a\",\"b\"]");
  acts("cron.register", "\"every\"");
  answers("jobs.enqueue", "1", "\"full\"", "\"job-1|true\"");
  answers("jobs.enqueue", "1", "\"full\"", "\"job-1|false\"");
  answers("db.batch", "\"n\"", "", "\"2|2\"");
  assert(gn_equals(
      gn_test_calls(),
      "audit_emit {\"event\":\"my.done\",\"data\":1}\n"
      "event_emit \"paid\" {\"id\":7}\n"
      "span_event \"miss\" {}\n"
      "metric_observe \"orders\" 2.5 {\"kind\":\"x\"}\n"
      "cache_invalidate [\"a\",\"b\"]\n"
      "cron_register {\"schedule\":{\"every_ms\":60000},\"handler_id\":\"tick\"}\n"
      "job_enqueue {\"job\":\"send\",\"args\":1,\"delay_ms\":1500,\"idempotency_key\":\"k \xc3\xbc\","
      "\"priority\":-5}\n"
      "job_enqueue {\"job\":\"send\",\"args\":1,\"delay_ms\":1500,\"idempotency_key\":\"k \xc3\xbc\","
      "\"priority\":-5}\n"
      "job_enqueue {\"job\":\"after\",\"args\":{\"name\":\"n\"}}\n"));

  runs("once", "1", GN_OK, NULL);
  runs("once", "1", GN_OK, NULL);
  answers("kv.get", "\"done:k\"", "", "\"j\"");
  runs("later", "500", GN_OK, "{\"retry_in_ms\":500}");
  runs("later", "\"x\"", GN_BAD_PAYLOAD, NULL);
  runs("send", "1", GN_UNKNOWN_HOOK, NULL);

  gn_test_reset();
  assert(gn_test_calls().length == 0);
  answers("kv.get", "\"done:k\"", "", "null");
  answers("config.int", "\"limit\"", "5", "5");
  answers("secrets.get", "\"TOKEN\"", "", "null");
  answers("app.error", "\"posts.find\"", "", "\"not found\"");
  answers("fetch.error", "\"https://example.com/\"", "", "\"internal\"");
  puts("ok");
}
