package io.gonext.server;

import io.gonext.engine.PlainText;
import io.javalin.http.Context;
import io.javalin.http.HttpStatus;
import java.util.Collection;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** An error answer to a client: {@code application/problem+json}, RFC 9457. */
final class Problem extends RuntimeException {
  private static final long serialVersionUID = 1L;

  static final String CONTENT_TYPE = "application/problem+json";

  /** Characters. All problems of a bundle fit. */
  private static final int MAX_DETAIL = 1 << 16;

  private static final JsonMapper MAPPER = new JsonMapper();

  private final HttpStatus status;

  Problem(HttpStatus status, String detail) {
    // A refusal is an ordinary answer and needs no stack trace.
    super(detail, null, false, false);
    this.status = status;
  }

  void answer(Context ctx) {
    write(ctx, status, getMessage());
  }

  static void write(Context ctx, HttpStatus status, @Nullable String detail) {
    write(ctx, status, detail, List.of());
  }

  /**
   * As {@link #write(Context, HttpStatus, String)}, with a list of problems.
   *
   * @param problems a sentence each, in the member {@code problems}; empty: no such member
   */
  static void write(
      Context ctx, HttpStatus status, @Nullable String detail, List<String> problems) {
    ctx.status(status);
    ctx.contentType(CONTENT_TYPE);
    ctx.result(body(status, detail, problems));
  }

  /** As {@link #write(Context, HttpStatus, String)}, with the kind of the refusal for programs. */
  static void writeCode(Context ctx, HttpStatus status, String detail, String code) {
    ctx.status(status);
    ctx.contentType(CONTENT_TYPE);
    ctx.result(MAPPER.writeValueAsBytes(tree(status, detail, List.of()).put("code", code)));
  }

  /** Answers a request whose path does not take its method. */
  static void writeWrongMethod(Context ctx, Collection<String> allowed) {
    String methods = String.join(", ", allowed);
    ctx.header("Allow", methods);
    write(ctx, HttpStatus.METHOD_NOT_ALLOWED, "this path takes " + methods);
  }

  static byte[] body(HttpStatus status, @Nullable String detail) {
    return body(status, detail, List.of());
  }

  private static byte[] body(HttpStatus status, @Nullable String detail, List<String> problems) {
    return MAPPER.writeValueAsBytes(tree(status, detail, problems));
  }

  private static ObjectNode tree(
      HttpStatus status, @Nullable String detail, List<String> problems) {
    ObjectNode body = JsonNodeFactory.instance.objectNode();
    body.put("type", "about:blank");
    body.put("title", status.getMessage());
    body.put("status", status.getCode());
    if (detail != null) {
      body.put("detail", PlainText.of(detail, MAX_DETAIL));
    }
    if (!problems.isEmpty()) {
      var array = body.putArray("problems");
      problems.forEach(problem -> array.add(PlainText.of(problem, MAX_DETAIL)));
    }
    return body;
  }
}
