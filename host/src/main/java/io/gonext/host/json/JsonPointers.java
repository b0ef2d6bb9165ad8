package io.gonext.host.json;

/** JSON pointers (RFC 6901). */
public final class JsonPointers {
  private JsonPointers() {}

  /** The pointer to a field of the object that {@code pointer} points to. */
  public static String child(String pointer, String field) {
    return pointer + "/" + field.replace("~", "~0").replace("/", "~1");
  }

  /** The first field on the way of a pointer; empty for the pointer to everything. */
  public static String first(String pointer) {
    int end = pointer.indexOf('/', 1);
    String field = end < 0 ? pointer : pointer.substring(0, end);
    return field.replaceFirst("^/", "").replace("~1", "/").replace("~0", "~");
  }
}
