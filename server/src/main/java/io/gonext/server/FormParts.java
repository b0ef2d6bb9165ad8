package io.gonext.server;

import io.javalin.http.Context;
import io.javalin.http.HttpStatus;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import org.eclipse.jetty.http.HttpField;
import org.eclipse.jetty.http.MultiPart;
import org.eclipse.jetty.http.MultiPartCompliance;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.util.BufferUtil;
import org.jspecify.annotations.Nullable;

/**
 * Reads {@code multipart/form-data} into memory as it arrives. Refuses a part at the first byte
 * beyond its limit.
 */
final class FormParts implements MultiPart.Parser.Listener {
  private static final int CHUNK_BYTES = 16 * 1024;
  private static final int MAX_PART_HEADERS_BYTES = 4 * 1024;

  /** Largest part in bytes, by name. */
  private final Map<String, Integer> limits;

  private final Map<String, byte[]> parts = new HashMap<>();
  private final ByteArrayOutputStream content = new ByteArrayOutputStream();
  private @Nullable String name;
  private boolean complete;
  private @Nullable Throwable failure;

  private FormParts(Map<String, Integer> limits) {
    this.limits = limits;
  }

  /**
   * Reads the parts by name.
   *
   * @param limits the allowed names, and the most bytes of each
   */
  static Map<String, byte[]> read(Context ctx, Map<String, Integer> limits) throws IOException {
    String type = ctx.contentType();
    boolean form = type != null && type.toLowerCase(Locale.ROOT).startsWith("multipart/form-data");
    String boundary = type != null && form ? MultiPart.extractBoundary(type) : null;
    if (boundary == null) {
      throw new Problem(
          HttpStatus.UNSUPPORTED_MEDIA_TYPE,
          "send multipart/form-data with the parts "
              + String.join(", ", limits.keySet().stream().sorted().toList()));
    }
    FormParts listener = new FormParts(limits);
    MultiPart.Parser parser = new MultiPart.Parser(boundary, MultiPartCompliance.RFC7578, listener);
    parser.setMaxParts(limits.size());
    parser.setPartHeadersMaxLength(MAX_PART_HEADERS_BYTES);
    byte[] chunk = new byte[CHUNK_BYTES];
    RequestBody.read(
        ctx,
        in -> {
          int read;
          do {
            read = in.read(chunk);
            ByteBuffer bytes = read < 0 ? BufferUtil.EMPTY_BUFFER : ByteBuffer.wrap(chunk, 0, read);
            parser.parse(Content.Chunk.from(bytes, read < 0));
            listener.check();
          } while (read >= 0 && !listener.complete);
          return listener;
        });
    if (!listener.complete) {
      throw malformed();
    }
    return listener.parts;
  }

  static byte[] required(Map<String, byte[]> parts, String name) {
    byte[] part = parts.get(name);
    if (part == null) {
      throw new Problem(HttpStatus.BAD_REQUEST, "the form has no part \"" + name + "\"");
    }
    return part;
  }

  private void check() {
    if (failure instanceof Problem problem) {
      throw problem;
    }
    if (failure != null) {
      throw malformed();
    }
  }

  private static Problem malformed() {
    return new Problem(HttpStatus.BAD_REQUEST, "the form is malformed or incomplete");
  }

  @Override
  public void onPartHeader(String header, String value) {
    if (header.equalsIgnoreCase("Content-Disposition")) {
      Map<String, String> parameters = new HashMap<>();
      HttpField.getValueParameters(value, parameters);
      name = parameters.get("name");
    }
  }

  @Override
  public void onPartHeaders() {
    if (name == null || !limits.containsKey(name)) {
      fail(new Problem(HttpStatus.BAD_REQUEST, "the form has an unknown part"));
    } else if (parts.containsKey(name)) {
      fail(new Problem(HttpStatus.BAD_REQUEST, "the form has two parts \"" + name + "\""));
    }
  }

  @Override
  public void onPartContent(Content.Chunk chunk) {
    Integer limit = name == null ? null : limits.get(name);
    if (failure != null || limit == null) {
      return;
    }
    ByteBuffer bytes = chunk.getByteBuffer();
    if (content.size() + bytes.remaining() > limit) {
      fail(
          new Problem(
              HttpStatus.CONTENT_TOO_LARGE,
              "the part \"" + name + "\" is larger than " + limit + " bytes"));
      return;
    }
    content.writeBytes(BufferUtil.toArray(bytes));
  }

  @Override
  public void onPartEnd() {
    if (name != null) {
      parts.put(name, content.toByteArray());
    }
    content.reset();
    name = null;
  }

  @Override
  public void onComplete() {
    complete = true;
  }

  @Override
  public void onFailure(Throwable cause) {
    fail(cause);
  }

  private void fail(Throwable cause) {
    if (failure == null) {
      failure = cause;
    }
  }
}
