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
    response.getHeaders().put("Content-Type", Problem.CONTENT_TYPE);
    response.write(
        true, ByteBuffer.wrap(Problem.body(HttpStatus.forStatus(code), message)), callback);
  }
}
