#define GONEXT_IMPLEMENTATION
#include "gonext.h"

static gn_status content(gn_call *call, gn_text text, gn_buffer *out) {
  const char *at = text.at, *end = at + text.length, *star;
  for (bool open = false; (star = memchr(at, '*', end - at)); open = !open, at = star + 1) {
    if (!open && !memchr(star + 1, '*', end - star - 1)) break;
    gn_append_all(out, (gn_text){at, star - at}, gn_string(open ? "</em>" : "<em>"));
  }
  gn_append(out, (gn_text){at, end - at});
  return GN_OK;
}

static gn_status saved(gn_call *call) {
  gn_logs(GN_INFO, "a post was saved");
  return GN_OK;
}

static gn_status hello(const gn_request *request, gn_response *response) {
  response->content_type = GN_PLAIN_TEXT;
  gn_append_all(&response->body, gn_string("Hello, "), gn_param(request, "name"), gn_string("!"));
  return GN_OK;
}

GN_PLUGIN {
  gn_filter_text("the_content", content);
  gn_action("save_post", saved);
  gn_get("/hello/{name}", hello);
}
