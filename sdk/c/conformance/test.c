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

static gn_host_status find_post(gn_call *call, const gn_json *request, gn_buffer *answer) {
  (void)call;
  gn_append_string(answer, "{\"id\":");
  gn_json_value(answer, request);
  gn_append_char(answer, '}');
  return GN_HOST_OK;
}

static gn_host_status slow(gn_call *call, const gn_json *request, gn_buffer *answer) {
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

  gn_test_reset();
  answers("config.int", "\"limit\"", "5", "5");
  answers("secrets.get", "\"TOKEN\"", "", "null");
  answers("app.error", "\"posts.find\"", "", "\"not found\"");
  answers("fetch.error", "\"https://example.com/\"", "", "\"internal\"");
  puts("ok");
}
