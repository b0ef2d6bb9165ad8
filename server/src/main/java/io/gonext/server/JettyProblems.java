package io.gonext.server;

import io.javalin.http.HttpStatus;
import java.nio.ByteBuffer;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.server.handler.ErrorHandler;
import org.eclipse.jetty.util.Callback;
import org.jspecify.annotations.Nullable;

/** Answers requests that Jetty itself refuses with a problem document, like all other errors. */
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

  /** A sentence, when Jetty only repeats the name of the status. */
  private static @Nullable String detail(HttpStatus status, @Nullable String message) {
    if (message != null && !message.equals(status.getMessage())) {
      return message;
    }
    return switch (status) {
      case BAD_REQUEST -> "the request cannot be understood";
      case URI_TOO_LONG -> "path and query together are too long";
      case REQUEST_HEADER_FIELDS_TOO_LARGE -> "the headers together are larger than 8 KiB";
      case EXPECTATION_FAILED -> "the header Expect must be 100-continue";
      default -> message;
    };
  }
}
