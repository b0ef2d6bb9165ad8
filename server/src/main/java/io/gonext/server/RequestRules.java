package io.gonext.server;

import io.javalin.http.HttpStatus;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Pattern;
import org.eclipse.jetty.http.HttpField;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.HttpMethod;
import org.eclipse.jetty.http.HttpURI;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;
import org.jspecify.annotations.Nullable;

/**
 * The rules for every request, before routing: refuses malformed requests, and serves {@code HEAD}
 * as {@code GET} without the body.
 */
final class RequestRules extends Handler.Wrapper {
  /** The attribute of a {@code HEAD} request that is served as {@code GET}. */
  static final String HEAD = RequestRules.class.getName() + ".head";

  /** A percent sign that does not begin an encoded byte. */
  private static final Pattern BAD_ENCODING = Pattern.compile("%(?![0-9A-Fa-f]{2})");

  private static final String WEBSOCKET_KEY = "Sec-WebSocket-Key";

  private static final List<String> DOTS = List.of(".", "..");

  /** Why a request is refused. */
  private record Refusal(HttpStatus status, String detail) {}

  @Override
  public boolean handle(Request request, Response response, Callback callback) throws Exception {
    if (HttpMethod.OPTIONS.is(request.getMethod()) && "*".equals(request.getHttpURI().getPath())) {
      // The client only checks that the server is alive.
      response.setStatus(HttpStatus.NO_CONTENT.getCode());
      callback.succeeded();
      return true;
    }
    Refusal refusal = refusal(request);
    if (refusal == null) {
      return super.handle(served(request), response, callback);
    }
    if (refusal.status == HttpStatus.UNSUPPORTED_MEDIA_TYPE) {
      response.getHeaders().put(HttpHeader.ACCEPT_ENCODING, "identity");
    }
    Response.writeError(request, response, callback, refusal.status.getCode(), refusal.detail);
    return true;
  }

  private static @Nullable Refusal refusal(Request request) {
    HttpURI uri = request.getHttpURI();
    HttpFields headers = request.getHeaders();
    if (headers.contains(HttpHeader.UPGRADE, "websocket") || headers.contains(WEBSOCKET_KEY)) {
      // RFC 9110 section 7.8 allows a server to ignore the offer of any other protocol.
      return new Refusal(HttpStatus.BAD_REQUEST, "this server does not support WebSocket");
    }
    String path = uri.getPath();
    if (path == null || !path.startsWith("/")) {
      return new Refusal(HttpStatus.BAD_REQUEST, "the target of the request is not a path");
    }
    if (Arrays.stream(path.split("/", -1)).anyMatch(DOTS::contains)) {
      // A proxy in front may have applied its rules to the path without them.
      return new Refusal(HttpStatus.BAD_REQUEST, "the path has a segment . or ..");
    }
    if (BAD_ENCODING.matcher(path).find()) {
      // Jetty does not check the parameters of segments, after a semicolon.
      return new Refusal(HttpStatus.BAD_REQUEST, "the path is not percent-encoded");
    }
    String query = uri.getQuery();
    if (query != null && BAD_ENCODING.matcher(query).find()) {
      return new Refusal(HttpStatus.BAD_REQUEST, "the query is not percent-encoded");
    }
    for (HttpField field : headers.getFields(HttpHeader.CONTENT_ENCODING)) {
      for (String coding : field.getValues()) {
        if (!coding.equalsIgnoreCase("identity")) {
          return new Refusal(
              HttpStatus.UNSUPPORTED_MEDIA_TYPE,
              "the body has a Content-Encoding: send it without");
        }
      }
    }
    return null;
  }

  /** Turns HEAD into GET, except for routes of plugins: a plugin may have a route for HEAD. */
  private static Request served(Request request) {
    if (!HttpMethod.HEAD.is(request.getMethod())
        || Request.getPathInContext(request).startsWith(PluginRoutes.PREFIX)) {
      return request;
    }
    request.setAttribute(HEAD, true);
    return new Request.Wrapper(request) {
      @Override
      public String getMethod() {
        return HttpMethod.GET.asString();
      }
    };
  }
}
