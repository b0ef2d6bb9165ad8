/* What sdk/vectors/README.md describes, with the C SDK. */

#define GONEXT_IMPLEMENTATION
#include "gonext.h"

static gn_status echo(gn_call *call, const gn_json *value, gn_buffer *json) {
  (void)call;
  gn_json_value(json, value);
  return GN_OK;
}

static gn_status text(gn_call *call, gn_text value, gn_buffer *out) {
  (void)call;
  gn_append(out, value);
  gn_append_char(out, '!');
  return GN_OK;
}

static gn_status integer(gn_call *call, int64_t value, int64_t *result) {
  (void)call;
  *result = value;
  return GN_OK;
}

static gn_status number(gn_call *call, double value, double *result) {
  (void)call;
  *result = value * 2;
  return GN_OK;
}

static gn_status truth(gn_call *call, bool value, bool *result) {
  (void)call;
  *result = !value;
  return GN_OK;
}

static gn_status args(gn_call *call, gn_text value, gn_buffer *out) {
  gn_text first;
  int64_t second;
  if (!gn_as_text(gn_arg(call, 0), &first) || !gn_as_int(gn_arg(call, 1), &second))
    return gn_fail(call, GN_BAD_PAYLOAD, "bad arguments");
  gn_append(out, value);
  gn_append_char(out, '|');
  gn_append(out, first);
  gn_append_char(out, '|');
  gn_append_int(out, second);
  return GN_OK;
}

static gn_status ext_value(gn_call *call, gn_text value, gn_buffer *out) {
  (void)call;
  gn_append_ext_value(out, value);
  return GN_OK;
}

static gn_status log_line(gn_call *call) {
  int64_t level;
  gn_text line;
  if (!gn_as_int(gn_arg(call, 0), &level) || !gn_as_text(gn_arg(call, 1), &line))
    return gn_fail(call, GN_BAD_PAYLOAD, "a level and a line are wanted");
  if (level < GN_DEBUG || level > GN_LEVEL_ERROR) return gn_fail(call, GN_ERROR, "no such level");
  gn_log((gn_level)level, line);
  return GN_OK;
}

static const char *name_of(gn_host_status status) {
  switch (status.code) {
    case GN_HOST_OK: return "none";
    case GN_DENIED: return "denied";
    case GN_INTERNAL: return "internal";
    case GN_BAD_ARGUMENTS: return "bad arguments";
    case GN_NOT_FOUND: return "not found";
    case GN_QUOTA: return "quota";
    case GN_CONFLICT: return "conflict";
    case GN_REJECTED: return "rejected";
    case GN_RATE_LIMITED: return "rate limited";
    case GN_TIMED_OUT: return "timed out";
    case GN_BLOCKED: return "blocked";
    case GN_UPSTREAM_FAILED: return "upstream failed";
    case GN_WRONG_TYPE: return "wrong type";
    default: return "other";
  }
}

static gn_status audit(gn_call *call) {
  gn_text event;
  const gn_json *const data = gn_arg(call, 1);
  if (!gn_as_text(gn_arg(call, 0), &event) || !data)
    return gn_fail(call, GN_BAD_PAYLOAD, "an event and data are wanted");
  gn_buffer json = gn_new_buffer(call);
  gn_json_value(&json, data);
  return gn_done(call, gn_audit(call, event, gn_contents(&json)));
}

static gn_status now(gn_call *call, const gn_json *value, gn_buffer *json) {
  (void)call, (void)value;
  gn_append_int(json, gn_now_ms());
  return GN_OK;
}

static gn_status kv_get(gn_call *call, const gn_json *value, gn_buffer *json) {
  gn_text key, found;
  if (!gn_as_text(value, &key)) return gn_fail(call, GN_BAD_PAYLOAD, "a key is wanted");
  const gn_host_status status = gn_kv_get(call, key, &found);
  if (status.code == GN_NOT_FOUND) {
    gn_append_string(json, "null");
    return GN_OK;
  }
  if (status.code == GN_HOST_OK) gn_json_text(json, found);
  return gn_done(call, status);
}

static gn_status kv_set(gn_call *call) {
  gn_text key, value;
  if (!gn_as_text(gn_arg(call, 0), &key) || !gn_as_text(gn_arg(call, 1), &value))
    return gn_fail(call, GN_BAD_PAYLOAD, "a key and a value are wanted");
  return gn_done(call, gn_kv_set(key, value));
}

static gn_status kv_del(gn_call *call, const gn_json *value, gn_buffer *json) {
  gn_text key;
  if (!gn_as_text(value, &key)) return gn_fail(call, GN_BAD_PAYLOAD, "a key is wanted");
  const gn_host_status status = gn_kv_del(key);
  gn_append_string(json, status.code == GN_NOT_FOUND ? "false" : "true");
  return status.code == GN_NOT_FOUND ? GN_OK : gn_done(call, status);
}

static gn_status kv_incr(gn_call *call, const gn_json *value, gn_buffer *json) {
  gn_text key;
  int64_t delta, sum = 0;
  if (!gn_as_text(value, &key) || !gn_as_int(gn_arg(call, 0), &delta))
    return gn_fail(call, GN_BAD_PAYLOAD, "a key and a number are wanted");
  const gn_host_status status = gn_kv_incr(call, key, delta, &sum);
  gn_append_int(json, sum);
  return gn_done(call, status);
}

static gn_status kv_error(gn_call *call, gn_text key, gn_buffer *out) {
  (void)call;
  gn_append_string(out, name_of(gn_kv_set(key, gn_string(""))));
  return GN_OK;
}

static gn_status config_get(gn_call *call, const gn_json *value, gn_buffer *json) {
  gn_text key;
  const gn_json *found = NULL;
  if (!gn_as_text(value, &key)) return gn_fail(call, GN_BAD_PAYLOAD, "a key is wanted");
  const gn_host_status status = gn_config_get(call, key, &found);
  gn_json_value(json, found);
  return status.code == GN_NOT_FOUND ? GN_OK : gn_done(call, status);
}

/* The key as a string that ends with a zero byte. */
static const char *zero_ended(gn_call *call, gn_text text) {
  gn_buffer string = gn_new_buffer(call);
  gn_append(&string, text);
  gn_append_char(&string, 0);
  return string.at;
}

static gn_status config_text(gn_call *call, gn_text key, gn_buffer *out) {
  gn_text found;
  if (!gn_as_text(gn_arg(call, 0), &found)) return gn_fail(call, GN_BAD_PAYLOAD, "a text is wanted");
  const gn_host_status status = gn_config_text(call, zero_ended(call, key), &found);
  gn_append(out, found);
  return gn_done(call, status);
}

static gn_status config_int(gn_call *call, const gn_json *value, gn_buffer *json) {
  gn_text key;
  int64_t found;
  if (!gn_as_text(value, &key) || !gn_as_int(gn_arg(call, 0), &found))
    return gn_fail(call, GN_BAD_PAYLOAD, "a key and a number are wanted");
  const gn_host_status status = gn_config_int(call, zero_ended(call, key), &found);
  gn_append_int(json, found);
  return gn_done(call, status);
}

static gn_status config_bool(gn_call *call, const gn_json *value, gn_buffer *json) {
  gn_text key;
  bool found;
  if (!gn_as_text(value, &key) || !gn_as_bool(gn_arg(call, 0), &found))
    return gn_fail(call, GN_BAD_PAYLOAD, "a key and a boolean are wanted");
  const gn_host_status status = gn_config_bool(call, zero_ended(call, key), &found);
  gn_append_string(json, found ? "true" : "false");
  return gn_done(call, status);
}

static gn_status config_error(gn_call *call, gn_text key, gn_buffer *out) {
  int64_t found = 0;
  gn_append_string(out, name_of(gn_config_int(call, zero_ended(call, key), &found)));
  return GN_OK;
}

static gn_status secrets_get(gn_call *call, const gn_json *value, gn_buffer *json) {
  gn_text name, found;
  if (!gn_as_text(value, &name)) return gn_fail(call, GN_BAD_PAYLOAD, "a name is wanted");
  const gn_host_status status = gn_secrets_get(call, name, &found);
  if (status.code == GN_HOST_OK) gn_json_text(json, found);
  if (status.code == GN_NOT_FOUND) gn_append_string(json, "null");
  return status.code == GN_NOT_FOUND ? GN_OK : gn_done(call, status);
}

static gn_status app_call(gn_call *call, const gn_json *value, gn_buffer *json) {
  gn_text name;
  const gn_json *answer = NULL;
  gn_buffer request = gn_new_buffer(call);
  if (!gn_as_text(gn_arg(call, 0), &name)) return gn_fail(call, GN_BAD_PAYLOAD, "a name is wanted");
  gn_json_value(&request, value);
  const gn_host_status status = gn_app_call(call, name, gn_contents(&request), &answer);
  gn_json_value(json, answer);
  return gn_done(call, status);
}

static gn_status app_error(gn_call *call, gn_text name, gn_buffer *out) {
  const gn_json *answer;
  gn_append_string(out, name_of(gn_app_call(call, name, gn_string("null"), &answer)));
  return GN_OK;
}

static gn_status fetch(gn_call *call, gn_text url, gn_buffer *out) {
  gn_text method;
  gn_fetch_response response;
  if (!gn_as_text(gn_arg(call, 0), &method)) return gn_fail(call, GN_BAD_PAYLOAD, "a method is wanted");
  gn_fetch_request request = gn_new_fetch(call, zero_ended(call, method), url);
  if (gn_equals(method, "GET")) gn_fetch_header(&request, "Accept", gn_string("text/plain"));
  if (gn_equals(method, "PUT")) gn_fetch_body(&request, "text/plain", gn_string("\xc3\xbc"));
  if (gn_equals(method, "POST")) {
    gn_fetch_body(&request, GN_JSON, gn_string("{\"a\":1}"));
    gn_fetch_header(&request, "X-Key", gn_string("{{secret:KEY}}"));
    request.timeout_ms = 2500;
  }
  const gn_host_status status = gn_fetch(call, &request, &response);
  if (status.code != GN_HOST_OK) return gn_done(call, status);
  gn_text kind = gn_string("none");
  gn_fetched_header(&response, "X-Kind", &kind);
  gn_append_int(out, response.status);
  gn_append_all(out, gn_string("|"), kind, gn_string("|"), response.body);
  return GN_OK;
}

static gn_status fetch_error(gn_call *call, gn_text url, gn_buffer *out) {
  gn_fetch_response response;
  const gn_fetch_request request = gn_new_fetch(call, "GET", url);
  gn_append_string(out, name_of(gn_fetch(call, &request, &response)));
  return GN_OK;
}

static gn_status kv_set_if_absent(gn_call *call, const gn_json *value, gn_buffer *json) {
  gn_text key, text;
  if (!gn_as_text(value, &key) || !gn_as_text(gn_arg(call, 0), &text))
    return gn_fail(call, GN_BAD_PAYLOAD, "a key and a value are wanted");
  const gn_host_status status = gn_kv_set_if_absent(key, text);
  gn_append_string(json, status.code == GN_CONFLICT ? "false" : "true");
  return status.code == GN_CONFLICT ? GN_OK : gn_done(call, status);
}

/* The values of an argument of the call. */
static gn_values values_of(gn_call *call) {
  gn_values values = gn_new_values(call);
  const gn_json *const list = gn_arg(call, 0);
  for (const gn_json *value = list ? list->first : NULL; value; value = value->next)
    gn_add_json(&values, value);
  return values;
}

static gn_status write_rows(gn_call *call, const gn_rows *rows, gn_buffer *out) {
  for (const gn_json *row = rows->first; row; row = row->next) {
    gn_text name = gn_string("none");
    const gn_json *const column = gn_column(rows, row, "name");
    int64_t id;
    gn_host_status status = {GN_HOST_OK};
    if (!column || column->type != GN_NULL) status = gn_column_text(rows, row, "name", &name);
    if (status.code == GN_HOST_OK) status = gn_column_int(rows, row, "id", &id);
    if (status.code != GN_HOST_OK) return gn_done(call, status);
    if (row != rows->first) gn_append_char(out, ';');
    gn_append_int(out, id);
    gn_append_all(out, gn_string("="), name);
  }
  if (rows->truncated) gn_append_string(out, ";...");
  return GN_OK;
}

static gn_status db_query(gn_call *call, gn_text sql, gn_buffer *out) {
  gn_rows rows;
  const gn_values values = values_of(call);
  const gn_host_status status = gn_db_query(call, zero_ended(call, sql), &values, &rows);
  return status.code == GN_HOST_OK ? write_rows(call, &rows, out) : gn_done(call, status);
}

static gn_status db_returning(gn_call *call, gn_text sql, gn_buffer *out) {
  gn_rows rows;
  const gn_values values = values_of(call);
  const gn_host_status status = gn_db_execute(call, zero_ended(call, sql), &values, &rows);
  return status.code == GN_HOST_OK ? write_rows(call, &rows, out) : gn_done(call, status);
}

static gn_status db_execute(gn_call *call, const gn_json *value, gn_buffer *json) {
  gn_rows rows = {0};
  gn_text sql;
  const gn_values values = values_of(call);
  if (!gn_as_text(value, &sql)) return gn_fail(call, GN_BAD_PAYLOAD, "SQL is wanted");
  const gn_host_status status = gn_db_execute(call, zero_ended(call, sql), &values, &rows);
  gn_append_int(json, rows.affected);
  return gn_done(call, status);
}

static gn_status db_batch(gn_call *call, gn_text name, gn_buffer *out) {
  gn_rows results[2] = {{0}};
  gn_batch batch = gn_new_batch(call);
  gn_values values = gn_new_values(call);
  gn_buffer args = gn_new_buffer(call);
  gn_add_text(&values, name);
  gn_append_string(&args, "{\"name\":");
  gn_json_text(&args, name);
  gn_append_char(&args, '}');
  gn_batch_execute(&batch, "insert into t (name) values (?)", &values);
  gn_batch_execute(&batch, "delete from u", NULL);
  gn_batch_enqueue(
      &batch, &(gn_new_job){.name = gn_string("after"), .args = gn_contents(&args)});
  const gn_host_status status = gn_db_batch(call, &batch, results);
  gn_append_int(out, results[0].affected);
  gn_append_char(out, '|');
  gn_append_int(out, results[1].affected);
  return gn_done(call, status);
}

static gn_status db_bytes(gn_call *call, gn_text sql, gn_buffer *out) {
  gn_rows rows;
  gn_text text, bytes = {"", 0};
  gn_values values = gn_new_values(call);
  if (!gn_as_text(gn_arg(call, 0), &text)) return gn_fail(call, GN_BAD_PAYLOAD, "a text is wanted");
  gn_add_bytes(&values, text);
  gn_host_status status = gn_db_query(call, zero_ended(call, sql), &values, &rows);
  if (status.code == GN_HOST_OK) status = gn_column_bytes(call, &rows, rows.first, "data", &bytes);
  gn_append(out, bytes);
  return gn_done(call, status);
}

static gn_status db_error(gn_call *call, gn_text sql, gn_buffer *out) {
  gn_append_string(out, name_of(gn_db_execute(call, zero_ended(call, sql), NULL, NULL)));
  return GN_OK;
}

static gn_status db_reason(gn_call *call, gn_text sql, gn_buffer *out) {
  const gn_host_status status = gn_db_execute(call, zero_ended(call, sql), NULL, NULL);
  gn_text message = gn_string("none"), sqlstate = gn_string("none");
  const gn_json *const reason = gn_host_reason(call);
  gn_as_text(gn_member(reason, "message"), &message);
  gn_as_text(gn_member(reason, "sqlstate"), &sqlstate);
  gn_append_int(out, status.code);
  gn_append_all(out, gn_string("|"), message, gn_string("|"), sqlstate);
  return GN_OK;
}

/* Name and data of an event. */
static bool read_event(gn_call *call, gn_text *name, gn_text *json) {
  gn_buffer data = gn_new_buffer(call);
  gn_json_value(&data, gn_arg(call, 1));
  *json = gn_contents(&data);
  return gn_as_text(gn_arg(call, 0), name);
}

static gn_status event_emit(gn_call *call) {
  gn_text name, json;
  if (!read_event(call, &name, &json)) return gn_fail(call, GN_BAD_PAYLOAD, "a name is wanted");
  return gn_done(call, gn_event_emit(name, json));
}

static gn_status span_event(gn_call *call) {
  gn_text name, json;
  if (!read_event(call, &name, &json)) return gn_fail(call, GN_BAD_PAYLOAD, "a name is wanted");
  return gn_done(call, gn_span_event(name, json));
}

static gn_status cache_invalidate(gn_call *call) {
  const gn_json *const list = gn_arg(call, 0);
  gn_text tags[8];
  size_t count = 0;
  for (const gn_json *tag = list ? list->first : NULL; tag && count < 8; tag = tag->next)
    if (gn_as_text(tag, &tags[count])) count++;
  return gn_done(call, gn_cache_invalidate(call, tags, count));
}

static gn_status metric_observe(gn_call *call) {
  gn_text name;
  double value;
  gn_label label = {.name = "kind"};
  if (!gn_as_text(gn_arg(call, 0), &name) || !gn_as_double(gn_arg(call, 1), &value))
    return gn_fail(call, GN_BAD_PAYLOAD, "a name and a value are wanted");
  const size_t count = gn_as_text(gn_arg(call, 2), &label.value);
  return gn_done(call, gn_metric_observe(call, name, value, &label, count));
}

static gn_status text_or_null(gn_call *call, gn_host_status status, gn_text text, gn_buffer *json) {
  if (status.code == GN_HOST_OK) gn_json_text(json, text);
  if (status.code == GN_NOT_FOUND) gn_append_string(json, "null");
  return status.code == GN_NOT_FOUND ? GN_OK : gn_done(call, status);
}

static gn_status translate(gn_call *call, const gn_json *value, gn_buffer *json) {
  gn_text key, locale, text;
  if (!gn_as_text(value, &key) || !gn_as_text(gn_arg(call, 0), &locale))
    return gn_fail(call, GN_BAD_PAYLOAD, "a key and a locale are wanted");
  const gn_host_status status = gn_translate(call, key, locale, &text);
  return text_or_null(call, status, text, json);
}

static gn_status translate_with(gn_call *call, const gn_json *value, gn_buffer *json) {
  gn_text key, locale, text;
  gn_buffer args = gn_new_buffer(call);
  if (!gn_as_text(value, &key) || !gn_as_text(gn_arg(call, 0), &locale))
    return gn_fail(call, GN_BAD_PAYLOAD, "a key and a locale are wanted");
  gn_append_string(&args, "{\"count\":");
  gn_json_value(&args, gn_arg(call, 1));
  gn_append_char(&args, '}');
  const gn_host_status status = gn_translate_with(call, key, locale, gn_contents(&args), &text);
  return text_or_null(call, status, text, json);
}

static gn_status enqueue(gn_call *call, const gn_json *value, gn_buffer *json) {
  gn_text variant;
  gn_enqueued enqueued;
  gn_buffer args = gn_new_buffer(call), out = gn_new_buffer(call);
  if (!gn_as_text(gn_arg(call, 0), &variant)) return gn_fail(call, GN_BAD_PAYLOAD, "a variant is wanted");
  gn_json_value(&args, value);
  gn_new_job job = {.name = gn_string("send")};
  if (value->type != GN_NULL) job.args = gn_contents(&args);
  if (gn_equals(variant, "full")) {
    job.delay_ms = 1500;
    job.idempotency_key = gn_string("k \xc3\xbc");
    job.priority = -5;
  }
  if (gn_equals(variant, "at")) job.at = gn_string("2027-01-01T00:00:00Z");
  const gn_host_status status = gn_job_enqueue(call, &job, &enqueued);
  if (status.code != GN_HOST_OK) return gn_done(call, status);
  gn_append_all(&out, enqueued.id, gn_string(enqueued.created ? "|true" : "|false"));
  gn_json_text(json, gn_contents(&out));
  return GN_OK;
}

static gn_status schedule(gn_call *call) {
  gn_text variant;
  gn_cron cron = {.schedule = gn_string("0 4 * * *"), .job = gn_string("nightly")};
  if (!gn_as_text(gn_arg(call, 0), &variant)) return gn_fail(call, GN_BAD_PAYLOAD, "a variant is wanted");
  if (gn_equals(variant, "full")) {
    cron.zone = gn_string("Europe/Zurich");
    cron.args = gn_string("{\"a\":1}");
    cron.catch_up = gn_string("once");
  }
  if (gn_equals(variant, "every")) cron = (gn_cron){.every_ms = 60000, .job = gn_string("tick")};
  return gn_done(call, gn_cron_register(call, &cron));
}

static gn_status job_echo(gn_call *call, const gn_run *run) {
  gn_buffer line = gn_new_buffer(call);
  gn_append_all(&line, run->id, gn_string("|"), run->name, gn_string("|"));
  gn_json_value(&line, run->args);
  gn_append_all(&line, gn_string("|"), run->idempotency_key, gn_string("|"));
  gn_append_int(&line, run->attempt);
  gn_append_char(&line, '|');
  gn_append_int(&line, run->scheduled_at_ms);
  gn_append_char(&line, '|');
  gn_append_int(&line, run->deadline_ms);
  gn_log(GN_INFO, gn_contents(&line));
  return GN_OK;
}

static gn_status job_fail(gn_call *call, const gn_run *run) {
  gn_text text;
  return gn_as_text(run->args, &text) ? gn_fail_text(call, GN_ERROR, text) : GN_BAD_PAYLOAD;
}

static gn_status job_refuse(gn_call *call, const gn_run *run) {
  (void)run;
  return gn_fail(call, GN_BAD_PAYLOAD, "it will not");
}

static gn_status job_later(gn_call *call, const gn_run *run) {
  int64_t milliseconds;
  if (!gn_as_int(run->args, &milliseconds)) return GN_BAD_PAYLOAD;
  return gn_retry_in(call, milliseconds, "not yet");
}

static gn_status job_panic(gn_call *call, const gn_run *run) {
  (void)call, (void)run;
  gn_panic("it broke");
}

static gn_status job_once(gn_call *call, const gn_run *run) {
  gn_buffer key = gn_new_buffer(call);
  gn_append_all(&key, gn_string("done:"), run->idempotency_key);
  const gn_host_status first = gn_kv_set_if_absent(gn_contents(&key), run->id);
  if (first.code == GN_CONFLICT) return GN_OK;
  if (first.code != GN_HOST_OK) return gn_done(call, first);
  gn_logs(GN_INFO, "the effect");
  return GN_OK;
}

static gn_status fails(gn_call *call, gn_text value, gn_buffer *out) {
  (void)out;
  return gn_fail_text(call, GN_ERROR, value);
}

static gn_status refuses(gn_call *call, gn_text value, gn_buffer *out) {
  (void)out;
  return gn_fail_text(call, GN_BAD_PAYLOAD, value);
}

static gn_status panics(gn_call *call, gn_text value, gn_buffer *out) {
  (void)call;
  gn_append(out, value);
  gn_append_char(out, 0);
  gn_panic(out->at);
}

static gn_status hello(const gn_request *request, gn_response *response) {
  response->content_type = GN_PLAIN_TEXT;
  gn_append_all(
      &response->body, gn_string("Hello, "), gn_param(request, "name"), gn_string("!"));
  return GN_OK;
}

static gn_status hello_world(const gn_request *request, gn_response *response) {
  (void)request;
  response->content_type = GN_HTML;
  gn_append_string(&response->body, "<p>Hello, literal!</p>");
  return GN_OK;
}

static gn_status echo_body(const gn_request *request, gn_response *response) {
  gn_text type = gn_string("application/octet-stream");
  gn_header(request, "content-type", &type);
  gn_set_header(response, "Content-Type", type);
  gn_set_header(response, "X-Method", request->method);
  gn_append(&response->body, request->body);
  return GN_OK;
}

static gn_status twice(const gn_request *request, gn_response *response) {
  int64_t a;
  if (!gn_as_int(gn_member(gn_parse(request->call, request->body), "a"), &a)) return GN_BAD_PAYLOAD;
  response->content_type = GN_JSON;
  gn_append_string(&response->body, "{\"a\":");
  gn_append_int(&response->body, 2 * a);
  gn_append_char(&response->body, '}');
  return GN_OK;
}

static gn_status query(const gn_request *request, gn_response *response) {
  gn_text x = gn_string("none");
  gn_query_param(request, "x", &x);
  response->content_type = GN_PLAIN_TEXT;
  gn_append(&response->body, x);
  return GN_OK;
}

static gn_status put_item(const gn_request *request, gn_response *response) {
  response->status = 201;
  response->content_type = GN_PLAIN_TEXT;
  gn_append_all(&response->body, gn_string("put "), gn_param(request, "id"));
  return GN_OK;
}

static gn_status delete_item(const gn_request *request, gn_response *response) {
  (void)request;
  response->status = 204;
  return GN_OK;
}

static gn_status fail_route(const gn_request *request, gn_response *response) {
  (void)response;
  return gn_fail(request->call, GN_ERROR, "no");
}

GN_PLUGIN {
  gn_filter("echo", echo);
  gn_filter_text("text", text);
  gn_filter_int("int", integer);
  gn_filter_double("float", number);
  gn_filter_bool("bool", truth);
  gn_filter_text("args", args);
  gn_filter_text("ext_value", ext_value);
  gn_action("log", log_line);
  gn_action("audit", audit);
  gn_filter("time", now);
  gn_filter("kv.get", kv_get);
  gn_action("kv.set", kv_set);
  gn_filter("kv.del", kv_del);
  gn_filter("kv.incr", kv_incr);
  gn_filter_text("kv.error", kv_error);
  gn_filter("config.get", config_get);
  gn_filter_text("config.text", config_text);
  gn_filter("config.int", config_int);
  gn_filter("config.bool", config_bool);
  gn_filter_text("config.error", config_error);
  gn_filter("secrets.get", secrets_get);
  gn_filter("app.call", app_call);
  gn_filter_text("app.error", app_error);
  gn_filter_text("fetch", fetch);
  gn_filter_text("fetch.error", fetch_error);
  gn_filter("kv.set_if_absent", kv_set_if_absent);
  gn_filter_text("db.query", db_query);
  gn_filter_text("db.returning", db_returning);
  gn_filter("db.execute", db_execute);
  gn_filter_text("db.batch", db_batch);
  gn_filter_text("db.bytes", db_bytes);
  gn_filter_text("db.error", db_error);
  gn_filter_text("db.reason", db_reason);
  gn_action("events.emit", event_emit);
  gn_action("span.event", span_event);
  gn_action("cache.invalidate", cache_invalidate);
  gn_action("metrics.observe", metric_observe);
  gn_filter("i18n.translate", translate);
  gn_filter("i18n.format", translate_with);
  gn_filter("jobs.enqueue", enqueue);
  gn_action("cron.register", schedule);
  gn_job("echo", job_echo);
  gn_job("fail", job_fail);
  gn_job("refuse", job_refuse);
  gn_job("later", job_later);
  gn_job("panic", job_panic);
  gn_job("once", job_once);
  gn_filter_text("fail", fails);
  gn_filter_text("refuse", refuses);
  gn_filter_text("panic", panics);
  gn_get("/hello/{name}", hello);
  gn_get("/hello/world", hello_world);
  gn_get("/hello/caf%C3%A9", hello_world);
  gn_post("/echo", echo_body);
  gn_post("/twice", twice);
  gn_get("/query", query);
  gn_put("/items/{id}", put_item);
  gn_delete("/items/{id}", delete_item);
  gn_get("/fail", fail_route);
}
