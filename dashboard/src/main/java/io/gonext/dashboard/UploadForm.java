package io.gonext.dashboard;

import jakarta.servlet.http.HttpServletRequest;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.eclipse.jetty.http.HttpField;
import org.eclipse.jetty.http.MultiPart;
import org.eclipse.jetty.http.MultiPartCompliance;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.util.BufferUtil;
import org.jspecify.annotations.Nullable;

/**
 * A form with files, {@code multipart/form-data}, read into memory as it arrives. It refuses a part
 * at the first byte beyond its limit. Works in any servlet container, because it reads the body
 * itself.
 */
final class UploadForm implements MultiPart.Parser.Listener {
  private static final int CHUNK_BYTES = 16 * 1024;
  private static final int MAX_PART_HEADERS_BYTES = 4 * 1024;
  private static final int MAX_PARTS = 32;

  /** Largest part in bytes, by name. */
  private final Map<String, Integer> limits;

  private final Map<String, List<byte[]>> parts = new HashMap<>();
  private final ByteArrayOutputStream content = new ByteArrayOutputStream();
  private @Nullable String name;
  private boolean complete;
  private @Nullable Throwable failure;

  private UploadForm(Map<String, Integer> limits) {
    this.limits = limits;
  }

  /**
   * Reads the form of a request.
   *
   * @param limits the names that the form may have, and the most bytes of each part
   */
  static UploadForm read(HttpServletRequest request, Map<String, Integer> limits)
      throws IOException {
    String type = request.getContentType();
    boolean form = type != null && type.toLowerCase(Locale.ROOT).startsWith("multipart/form-data");
    String boundary = type != null && form ? MultiPart.extractBoundary(type) : null;
    if (boundary == null) {
      throw new Refusal(
          Refusal.WRONG_TYPE, "This address takes forms with files: multipart/form-data.");
    }
    UploadForm read = new UploadForm(limits);
    MultiPart.Parser parser = new MultiPart.Parser(boundary, MultiPartCompliance.RFC7578, read);
    parser.setMaxParts(MAX_PARTS);
    parser.setPartHeadersMaxLength(MAX_PART_HEADERS_BYTES);
    byte[] chunk = new byte[CHUNK_BYTES];
    try (InputStream in = request.getInputStream()) {
      int length;
      do {
        length = in.read(chunk);
        ByteBuffer bytes = length < 0 ? BufferUtil.EMPTY_BUFFER : ByteBuffer.wrap(chunk, 0, length);
        parser.parse(Content.Chunk.from(bytes, length < 0));
        read.check();
      } while (length >= 0 && !read.complete);
    }
    if (!read.complete) {
      throw malformed();
    }
    return read;
  }

  /** A text; empty where the form has no such field. */
  String text(String field) {
    List<byte[]> values = parts.getOrDefault(field, List.of());
    return values.isEmpty() ? "" : new String(values.getFirst(), StandardCharsets.UTF_8);
  }

  /** The files of a field. A browser sends an empty one where none was chosen; it is left out. */
  List<byte[]> files(String field) {
    return parts.getOrDefault(field, List.of()).stream().filter(file -> file.length > 0).toList();
  }

  private void check() {
    if (failure instanceof Refusal refusal) {
      throw refusal;
    }
    if (failure != null) {
      throw malformed();
    }
  }

  private static Refusal malformed() {
    return new Refusal(Refusal.BAD_REQUEST, "The form is malformed or incomplete. Send it again.");
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
      fail(new Refusal(Refusal.BAD_REQUEST, "The form has an unknown field."));
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
          new Refusal(
              Refusal.TOO_LARGE,
              "The field \"" + name + "\" is larger than " + Shown.bytes(limit) + "."));
      return;
    }
    content.writeBytes(BufferUtil.toArray(bytes));
  }

  @Override
  public void onPartEnd() {
    if (name != null) {
      parts.computeIfAbsent(name, n -> new ArrayList<>()).add(content.toByteArray());
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
