package io.gonext.dashboard;

import io.gonext.host.HostException;
import io.gonext.host.UnknownPluginException;
import jakarta.servlet.http.HttpServletRequest;
import java.io.IOException;
import java.io.InputStream;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** One request of a visitor. Used by one thread. */
final class Visit {
  /** The largest body of a form without files: a configuration of 64 KiB, encoded. */
  static final int MAX_FORM_BYTES = 256 * 1024;

  /** The field of a form with its key. */
  static final String CSRF = "csrf";

  /** The parameter of a page's address with the identifier of its notice. */
  static final String NOTICE = "notice";

  private static final int MAX_FIELDS = 1000;

  private final HttpServletRequest request;
  private final Map<String, String> parameters;
  private final @Nullable Visitor visitor;
  private final String csrf;
  private final Notices notices;

  /** The identifier that the browser has after this request. */
  private String browser;

  private @Nullable Map<String, List<String>> query;
  private @Nullable Map<String, List<String>> form;

  /**
   * @param visitor null where a path needs none
   * @param browser the identifier of the browser's cookie; empty for none
   */
  Visit(
      HttpServletRequest request,
      Map<String, String> parameters,
      @Nullable Visitor visitor,
      String browser,
      String csrf,
      Notices notices) {
    this.request = request;
    this.parameters = parameters;
    this.visitor = visitor;
    this.browser = browser;
    this.csrf = csrf;
    this.notices = notices;
  }

  HttpServletRequest request() {
    return request;
  }

  /** Whether nobody has signed in. */
  boolean isOpen() {
    return visitor == null;
  }

  /** The visitor of a path that needs one. */
  Visitor visitor() {
    if (visitor == null) {
      throw new IllegalStateException("this path needs no visitor");
    }
    return visitor;
  }

  /** The identifier of the browser's cookie; empty for none. */
  String browser() {
    return browser;
  }

  /** Gives the browser another identifier; empty for none. */
  void setBrowser(String id) {
    browser = id;
  }

  /** A parameter of the path, decoded. */
  String path(String name) {
    String value = parameters.get(name);
    if (value == null) {
      throw new IllegalArgumentException(name);
    }
    return value;
  }

  /** The first value of a parameter of the query. */
  Optional<String> query(String name) {
    if (query == null) {
      String text = request.getQueryString();
      query = fields(text == null ? "" : text);
    }
    return query.getOrDefault(name, List.of()).stream().findFirst();
  }

  /** A parameter of the query that is a whole number; another value where it is none. */
  int number(String name, int otherwise) {
    try {
      return query(name).map(Integer::parseInt).orElse(otherwise);
    } catch (NumberFormatException e) {
      return otherwise;
    }
  }

  /** The first value of a field of the form. */
  Optional<String> form(String name) throws IOException {
    return form().getOrDefault(name, List.of()).stream().findFirst();
  }

  /** The value of a field that the form has to have. */
  String required(String name) throws IOException {
    return form(name)
        .orElseThrow(
            () -> new Refusal(Refusal.BAD_REQUEST, "The form has no field \"" + name + "\"."));
  }

  /** The fields of a form without files. */
  Map<String, List<String>> form() throws IOException {
    if (form == null) {
      String type = request.getContentType();
      if (type == null || !type.startsWith("application/x-www-form-urlencoded")) {
        throw new Refusal(
            Refusal.WRONG_TYPE, "This address takes forms: application/x-www-form-urlencoded.");
      }
      form = fields(new String(body(MAX_FORM_BYTES), StandardCharsets.UTF_8));
    }
    return form;
  }

  /** Reads the whole body, and refuses a larger one. */
  byte[] body(int maxBytes) throws IOException {
    try (InputStream in = request.getInputStream()) {
      byte[] body = in.readNBytes(maxBytes + 1);
      if (body.length > maxBytes) {
        throw new Refusal(
            Refusal.TOO_LARGE, "The form is larger than " + maxBytes / 1024 + " KiB.");
      }
      return body;
    }
  }

  /** Refuses a form without the key of its page. */
  void requireCsrf(String sent) {
    if (!Keys.isSame(csrf, sent)) {
      throw new Refusal(
          Refusal.FORBIDDEN,
          "The form does not belong to this session: it may be from before you signed in. Open the"
              + " page again and repeat the change.");
    }
  }

  /** A change of the host, which returns a sentence that says what it did. */
  @FunctionalInterface
  interface Change {
    String make() throws InterruptedException, IOException;
  }

  /**
   * Makes a change, and leads to a page that says what it did, or why the host refused it.
   *
   * @param next the path of that page
   */
  Answer change(String next, Change change) throws InterruptedException, IOException {
    try {
      return done(next, change.make());
    } catch (UnknownPluginException e) {
      throw e;
    } catch (HostException | IllegalArgumentException e) {
      return refused(next, String.valueOf(e.getMessage()));
    }
  }

  /** Leads to a page that says what was done. */
  Answer done(String next, String sentence) {
    return with(next, new Notices.Notice(false, sentence));
  }

  /** Leads to a page that says what was not done, and why. */
  Answer refused(String next, String sentence) {
    return with(next, new Notices.Notice(true, sentence));
  }

  private Answer with(String next, Notices.Notice notice) {
    String id = notices.keep(browser, notice);
    return new Answer.Redirect(next + (next.contains("?") ? "&" : "?") + NOTICE + "=" + id);
  }

  private static Map<String, List<String>> fields(String text) {
    Map<String, List<String>> fields = new HashMap<>();
    if (text.isEmpty()) {
      return fields;
    }
    String[] pairs = text.split("&", MAX_FIELDS + 1);
    if (pairs.length > MAX_FIELDS) {
      throw new Refusal(Refusal.TOO_LARGE, "The form has more than " + MAX_FIELDS + " fields.");
    }
    for (String pair : pairs) {
      int equals = pair.indexOf('=');
      String name = decoded(equals < 0 ? pair : pair.substring(0, equals));
      String value = equals < 0 ? "" : decoded(pair.substring(equals + 1));
      fields.computeIfAbsent(name, n -> new ArrayList<>()).add(value);
    }
    return fields;
  }

  private static String decoded(String text) {
    try {
      return URLDecoder.decode(text, StandardCharsets.UTF_8);
    } catch (IllegalArgumentException e) {
      throw new Refusal(Refusal.BAD_REQUEST, "The form or the query is not percent-encoded.");
    }
  }
}
