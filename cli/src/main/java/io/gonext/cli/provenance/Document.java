package io.gonext.cli.provenance;

import io.gonext.host.json.InvalidJsonException;
import io.gonext.host.json.StrictJson;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import tools.jackson.databind.JsonNode;

/**
 * Reads a JSON document that another machine wrote: bounded in size, and strict about the types of
 * what it reads.
 *
 * @param kind of the document, for messages
 * @param at where the value is, for messages
 */
record Document(String kind, String at, JsonNode value) {
  static final int MAX_BYTES = 8 * 1024 * 1024;
  private static final int MAX_ITEMS = 50_000;
  private static final int MAX_CHARACTERS = 2_048;

  /**
   * The whole document, which must be an object.
   *
   * @throws InvalidDocumentException when it is too large or not a JSON object
   */
  static Document of(String kind, byte[] bytes) {
    if (bytes.length > MAX_BYTES) {
      throw new InvalidDocumentException(
          "the " + kind + " has more than " + MAX_BYTES / (1024 * 1024) + " MB");
    }
    try {
      Document document = new Document(kind, "", StrictJson.parse(bytes));
      return document.require(document.value.isObject(), "is not a JSON object");
    } catch (InvalidJsonException e) {
      throw new InvalidDocumentException("the " + kind + " is not valid JSON: " + e.getMessage());
    }
  }

  /** A document as bytes: compact JSON and a line break. */
  static byte[] write(Object value) {
    byte[] json = StrictJson.write(StrictJson.valueOf(value));
    byte[] line = Arrays.copyOf(json, json.length + 1);
    line[json.length] = '\n';
    return line;
  }

  /** The value as text, as {@link #write} would print it. */
  static String text(Object value) {
    return new String(StrictJson.write(StrictJson.valueOf(value)), StandardCharsets.UTF_8);
  }

  Document get(String field) {
    require(value.isObject() || value.isMissingNode(), "is not an object");
    return new Document(kind, at + "/" + field, value.path(field));
  }

  boolean isMissing() {
    return value.isMissingNode();
  }

  /** The items of an array; none if it is missing. */
  List<Document> items() {
    if (isMissing()) {
      return List.of();
    }
    require(value.isArray(), "is not an array");
    require(value.size() <= MAX_ITEMS, "has more than " + MAX_ITEMS + " items");
    return java.util.stream.IntStream.range(0, value.size())
        .mapToObj(i -> new Document(kind, at + "/" + i, value.get(i)))
        .toList();
  }

  String string() {
    require(!isMissing(), "is missing");
    require(value.isString(), "is not a string");
    String text = value.stringValue();
    require(text.length() <= MAX_CHARACTERS, "has more than " + MAX_CHARACTERS + " characters");
    return text;
  }

  Optional<String> optionalString() {
    return isMissing() ? Optional.empty() : Optional.of(string());
  }

  /** A text that must be this one. */
  void requireString(String expected) {
    String found = string();
    require(found.equals(expected), "is \"" + found + "\", not \"" + expected + "\"");
  }

  /** 64 lower-case hexadecimal digits. */
  String sha256() {
    String text = string();
    require(text.matches("[0-9a-f]{64}"), "is not a SHA-256 hash in hexadecimal digits");
    return text;
  }

  Document require(boolean holds, String problem) {
    if (!holds) {
      throw new InvalidDocumentException(
          "the " + kind + (at.isEmpty() ? " " : ": " + at + " ") + problem);
    }
    return this;
  }
}
