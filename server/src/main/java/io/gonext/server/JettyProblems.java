package io.gonext.server;

import io.javalin.http.HttpStatus;
import java.nio.ByteBuffer;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.server.handler.ErrorHandler;
import org.eclipse.jetty.util.Callback;
import org.jspecify.annotations.Nullable;

/**
 * Requests that Jetty refuses before any route is asked get the same kind of answer as all others.
 */
final class JettyProblems extends ErrorHandler {
  @Override
  protected void generateResponse(
      Request request,
      Response response,
      int code,
      @Nullable String message,
      @Nullable Throwable cause,
      Callback callback) {
    HttpStatus status = HttpStatus.forStatus(code);
    response.getHeaders().put("Content-Type", Problem.CONTENT_TYPE);
    response.write(true, ByteBuffer.wrap(Problem.body(status, detail(status, message))), callback);
  }

  /** What is wrong, where Jetty says no more than the status does. */
  private static @Nullable String detail(HttpStatus status, @Nullable String message) {
    if (message != null && !message.equals(status.getMessage())) {
      return message;
    }
    return switch (status) {
      case BAD_REQUEST -> "the request cannot be understood";
      case URI_TOO_LONG -> "the path and the query are together longer than this server reads";
      case REQUEST_HEADER_FIELDS_TOO_LARGE -> "the headers are together larger than 8 KiB";
      case EXPECTATION_FAILED -> "Expect may be 100-continue and nothing else";
      default -> message;
    };
  }
}
