/* Runs the plugin's hooks natively: make test. */
#include "plugin.c"

#include <assert.h>

static void answers(const char *hook, const char *payload, const char *expected) {
  gn_text body;
  assert(gn_run_hook(gn_string(hook), gn_string(payload), &body) == GN_OK);
  assert(body.at ? expected && gn_equals(body, expected) : !expected);
  free((void *)body.at);
}

int main(void) {
  answers("the_content", "{\"kind\":\"filter\",\"value\":\"a *b* c*\",\"args\":[]}",
          "{\"value\":\"a <em>b</em> c*\"}");
  answers("save_post", "{\"kind\":\"action\",\"args\":[42]}", NULL);
  /* The body in base64: Hello, Ada! */
  answers("http.serve.hello-c",
          "{\"kind\":\"filter\",\"value\":{\"method\":\"GET\",\"route\":\"/hello/{name}\","
          "\"path\":\"/hello/Ada\",\"query\":\"\",\"headers\":{},\"path_params\":{\"name\":\"Ada\"},\"body\":\"\"},\"args\":[]}",
          "{\"value\":{\"status\":200,\"headers\":{\"Content-Type\":\"text/plain; charset=utf-8\"},"
          "\"body\":\"SGVsbG8sIEFkYSE=\"}}");
  puts("ok");
}
