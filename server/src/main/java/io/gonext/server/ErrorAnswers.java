package io.gonext.server;

import io.gonext.host.ActivationException;
import io.gonext.host.BundleRejectedException;
import io.gonext.host.ChainFailedException;
import io.gonext.host.ConflictException;
import io.gonext.host.HostException;
import io.gonext.host.InvalidConfigException;
import io.gonext.host.RecordingException;
import io.gonext.host.RegistryException;
import io.gonext.host.StoreException;
import io.gonext.host.UnknownJobException;
import io.gonext.host.UnknownPluginException;
import io.gonext.host.UntrustedException;
import io.javalin.config.JavalinConfig;
import io.javalin.http.Context;
import io.javalin.http.HttpResponseException;
import io.javalin.http.HttpStatus;
import io.javalin.http.MethodNotAllowedResponse;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Turns whatever a handler throws into a problem document, and counts internal errors. */
final class ErrorAnswers {
  private static final Logger log = LoggerFactory.getLogger(ErrorAnswers.class);

  private static final String SEE_LOG = "internal error, see the log";

  private static final byte[] INTERNAL_ERROR =
      Problem.body(HttpStatus.INTERNAL_SERVER_ERROR, SEE_LOG);

  private static final byte[] NO_MEMORY =
      Problem.body(
          HttpStatus.SERVICE_UNAVAILABLE,
          "the host has not enough memory for this request now: repeat it, or give the host a"
              + " larger heap (-Xmx)");

  private final InternalErrors internalErrors;

  ErrorAnswers(InternalErrors internalErrors) {
    this.internalErrors = internalErrors;
  }

  void addTo(JavalinConfig config) {
    config.routes.after(ctx -> {
      if (ctx.statusCode() != HttpStatus.INTERNAL_SERVER_ERROR.getCode()) {
        internalErrors.answered();
      }
    });
    config.routes.exception(HostException.class, ErrorAnswers::refused);
    config.routes.exception(Problem.class, (problem, ctx) -> problem.answer(ctx));
    config.routes.exception(HttpResponseException.class, ErrorAnswers::refused);
    config.routes.exception(
        InterruptedException.class,
        (e, ctx) -> {
          Thread.currentThread().interrupt();
          Problem.write(ctx, HttpStatus.SERVICE_UNAVAILABLE, "the server is stopping");
        });
    config.routes.exception(
        IOException.class,
        (e, ctx) -> Problem.write(ctx, HttpStatus.BAD_REQUEST, "the request could not be read"));
    config.routes.exception(
        Exception.class,
        (e, ctx) -> {
          internalErrors.happened(e);
          log.error("{} {} failed", ctx.method(), PluginRoutes.shown(ctx), e);
          Problem.write(ctx, HttpStatus.INTERNAL_SERVER_ERROR, SEE_LOG);
        });
    config.router.javaLangErrorHandler(this::failed);
  }

  private static void refused(HostException e, Context ctx) {
    if (e instanceof UntrustedException untrusted) {
      Problem.writeCode(ctx, HttpStatus.FORBIDDEN, e.getMessage(), untrusted.code());
      return;
    }
    HttpStatus status =
        switch (e) {
          case UnknownPluginException unknown -> HttpStatus.NOT_FOUND;
          case UnknownJobException unknown -> HttpStatus.NOT_FOUND;
          case ConflictException conflict -> HttpStatus.CONFLICT;
          case BundleRejectedException rejected -> HttpStatus.UNPROCESSABLE_CONTENT;
          case InvalidConfigException invalid -> HttpStatus.UNPROCESSABLE_CONTENT;
          case ActivationException failed -> HttpStatus.UNPROCESSABLE_CONTENT;
          case UntrustedException refused -> HttpStatus.FORBIDDEN;
          case RecordingException refused -> HttpStatus.UNPROCESSABLE_CONTENT;
          case RegistryException failed -> status(failed);
          case StoreException failed -> HttpStatus.SERVICE_UNAVAILABLE;
          case ChainFailedException failed -> HttpStatus.BAD_GATEWAY;
        };
    Problem.write(
        ctx,
        status,
        e.getMessage(),
        switch (e) {
          case BundleRejectedException rejected -> rejected.problems();
          case InvalidConfigException invalid -> invalid.problems();
          default -> List.of();
        });
  }

  private static HttpStatus status(RegistryException failure) {
    return switch (failure.kind()) {
      case REFERENCE -> HttpStatus.BAD_REQUEST;
      case NOT_ALLOWED -> HttpStatus.FORBIDDEN;
      case NOT_FOUND -> HttpStatus.NOT_FOUND;
      case UNACCEPTABLE -> HttpStatus.UNPROCESSABLE_CONTENT;
      case UNAUTHORIZED, UNAVAILABLE -> HttpStatus.BAD_GATEWAY;
    };
  }

  private static void refused(HttpResponseException e, Context ctx) {
    if (!(e instanceof MethodNotAllowedResponse)) {
      Problem.write(ctx, HttpStatus.forStatus(e.getStatus()), e.getMessage());
      return;
    }
    // Javalin has the methods in one detail, whose name depends on what the client accepts.
    Set<String> allowed = new LinkedHashSet<>();
    for (String method : String.join(", ", e.getDetails().values()).split(", ", -1)) {
      allowed.add(method);
      if (method.equals("GET")) {
        allowed.add("HEAD");
      }
    }
    Problem.writeWrongMethod(ctx, allowed);
  }

  /** Answers after an {@link Error}, with next to no memory. */
  private void failed(HttpServletResponse response, Error error) {
    boolean full = error instanceof OutOfMemoryError;
    try {
      internalErrors.happened(error);
      log.error("a request failed", error);
    } finally {
      if (!response.isCommitted()) {
        HttpStatus status =
            full ? HttpStatus.SERVICE_UNAVAILABLE : HttpStatus.INTERNAL_SERVER_ERROR;
        response.resetBuffer();
        response.setStatus(status.getCode());
        response.setContentType(Problem.CONTENT_TYPE);
        try {
          response.getOutputStream().write(full ? NO_MEMORY : INTERNAL_ERROR);
        } catch (IOException e) {
          log.debug("the client has closed the connection: {}", e.toString());
        }
      }
    }
  }
}
