/* A handler cannot return what a function of the host answered: make test. */
#define GONEXT_IMPLEMENTATION
#include "gonext.h"

static gn_status forget(gn_call *call) {
#ifdef CORRECTED
  return gn_done(call, gn_kv_del(gn_string("key")));
#else
  (void)call;
  return gn_kv_del(gn_string("key"));
#endif
}

GN_PLUGIN {
  gn_action("forget", forget);
}
