package io.gonext.host.manifest;

/** JSON pointers (RFC 6901). */
final class JsonPointers {
  private JsonPointers() {}

  /** The pointer to a field of the object that {@code pointer} points to. */
  static String child(String pointer, String field) {
    return pointer + "/" + field.replace("~", "~0").replace("/", "~1");
  }
}
