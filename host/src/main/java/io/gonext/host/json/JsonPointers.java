package io.gonext.host.json;

/** JSON pointers (RFC 6901). */
public final class JsonPointers {
  private JsonPointers() {}

  /** The pointer to a field of the object that {@code pointer} points to. */
  public static String child(String pointer, String field) {
    return pointer + "/" + field.replace("~", "~0").replace("/", "~1");
  }
}
