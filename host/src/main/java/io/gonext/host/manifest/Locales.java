package io.gonext.host.manifest;

import io.gonext.engine.PlainText;
import io.gonext.host.BundleRejectedException;
import io.gonext.host.json.InvalidJsonException;
import io.gonext.host.json.StrictJson;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.IllformedLocaleException;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * The texts of a bundle in several languages: {@code locales/<BCP 47 tag>.json}, each an object of
 * ICU messages by key. Immutable.
 */
public final class Locales {
  /** Longest key of a message, in bytes. */
  public static final int MAX_KEY_BYTES = 256;

  static final String FOLDER = "locales/";
  static final String DEFAULT = "en";

  private static final String SUFFIX = ".json";
  private static final int MAX_FILES = 100;

  /** Of all files together. */
  private static final int MAX_BYTES = 1024 * 1024;

  private static final Locales NONE = new Locales(Collections.emptySortedMap(), DEFAULT);

  private final SortedMap<String, Map<String, String>> byTag;
  private final String defaultTag;

  private Locales(SortedMap<String, Map<String, String>> byTag, String defaultTag) {
    this.byTag = byTag;
    this.defaultTag = defaultTag;
  }

  /** Of a bundle without texts. */
  public static Locales none() {
    return NONE;
  }

  /**
   * Reads the files of a bundle below {@code locales/}.
   *
   * @param defaultTag as the manifest names it; empty for {@code en}
   * @throws BundleRejectedException naming every problem found
   */
  static Locales read(Map<String, byte[]> files, Optional<String> defaultTag) {
    List<String> problems = new ArrayList<>();
    Locales locales = read(files, defaultTag, problems);
    if (!problems.isEmpty()) {
      throw BundleRejectedException.of(FOLDER, problems);
    }
    return locales;
  }

  /** What is wrong with the files below {@code locales/}, a sentence each. */
  public static List<String> problems(Map<String, byte[]> files, Optional<String> defaultTag) {
    List<String> problems = new ArrayList<>();
    read(files, defaultTag, problems);
    return problems;
  }

  private static Locales read(
      Map<String, byte[]> files, Optional<String> defaultTag, List<String> problems) {
    SortedMap<String, byte[]> own = new TreeMap<>();
    files.forEach((name, content) -> {
      if (name.startsWith(FOLDER)) {
        own.put(name, content);
      }
    });
    SortedMap<String, Map<String, String>> byTag = new TreeMap<>();
    long bytes = own.values().stream().mapToLong(content -> content.length).sum();
    if (own.size() > MAX_FILES || bytes > MAX_BYTES) {
      problems.add(
          "%s: %d files of %d bytes; allowed: %d files, and %d bytes together"
              .formatted(FOLDER, own.size(), bytes, MAX_FILES, MAX_BYTES));
    } else {
      own.forEach((name, content) -> {
        String tag = tag(name, problems);
        if (tag != null) {
          byTag.put(tag, messages(name, content, problems));
        }
      });
    }
    String fallback = defaultTag.orElse(DEFAULT);
    if (defaultTag.isPresent() && !own.containsKey(FOLDER + fallback + SUFFIX)) {
      problems.add(
          "manifest.json: /default_locale: there is no "
              + PlainText.of(FOLDER + fallback + SUFFIX)
              + " in the bundle");
    }
    return new Locales(byTag, fallback);
  }

  /** The tag that a file is named after; null if it is not named after one. */
  private static @Nullable String tag(String name, List<String> problems) {
    String tag =
        name.endsWith(SUFFIX)
            ? name.substring(FOLDER.length(), name.length() - SUFFIX.length())
            : "";
    String canonical;
    try {
      canonical = new Locale.Builder().setLanguageTag(tag).build().toLanguageTag();
    } catch (IllformedLocaleException e) {
      canonical = "";
    }
    if (tag.isEmpty() || canonical.isEmpty()) {
      problems.add(
          PlainText.of(name)
              + ": not named after a language tag; allowed: names such as locales/de.json or"
              + " locales/pt-BR.json");
      return null;
    }
    if (!canonical.equals(tag)) {
      problems.add(
          PlainText.of(name)
              + ": a language tag in another form than "
              + canonical
              + ": rename it");
      return null;
    }
    return tag;
  }

  private static Map<String, String> messages(String name, byte[] utf8, List<String> problems) {
    JsonNode json;
    try {
      json = StrictJson.parse(utf8);
    } catch (InvalidJsonException e) {
      problems.add(name + ": not valid JSON: " + e.getMessage());
      return Map.of();
    }
    if (!json.isObject()) {
      problems.add(name + ": not an object of texts by key");
      return Map.of();
    }
    Map<String, String> messages = new HashMap<>();
    for (Map.Entry<String, JsonNode> entry : json.properties()) {
      String problem = problem(entry.getKey(), entry.getValue());
      if (problem == null) {
        messages.put(entry.getKey(), entry.getValue().stringValue());
      } else {
        problems.add(name + ": " + PlainText.of(entry.getKey(), MAX_KEY_BYTES) + ": " + problem);
      }
    }
    return Collections.unmodifiableMap(messages);
  }

  private static @Nullable String problem(String key, JsonNode value) {
    if (key.isEmpty()
        || key.startsWith("{")
        || key.getBytes(StandardCharsets.UTF_8).length > MAX_KEY_BYTES) {
      return "a key has 1 to " + MAX_KEY_BYTES + " bytes, and does not begin with {";
    }
    return value.isString()
        ? MessageSyntax.problem(value.stringValue())
        : "not a text; there are no keys inside keys";
  }

  /** The languages that the bundle has texts in, as canonical tags. */
  public SortedSet<String> tags() {
    return Collections.unmodifiableSortedSet(new TreeMap<>(byTag).navigableKeySet());
  }

  /** The language of texts that are missing in another one, if the bundle has it. */
  public Optional<String> defaultTag() {
    return byTag.containsKey(defaultTag) ? Optional.of(defaultTag) : Optional.empty();
  }

  /** The messages of a language, by key; none if the bundle does not have it. */
  public Map<String, String> messages(String tag) {
    return byTag.getOrDefault(tag, Map.of());
  }
}
