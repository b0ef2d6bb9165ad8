package io.gonext.guests;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/** A {@code .gnplugin} around a test guest. Not thread-safe. */
public final class GuestBundle {
  private final String name;
  private final byte[] module;
  private String version = "1.0.0";
  private final List<String> filters = new ArrayList<>();
  private final List<String> actions = new ArrayList<>();
  private final List<String> routes = new ArrayList<>();
  private final Map<String, String> limits = new LinkedHashMap<>();
  private final Map<String, String> fields = new LinkedHashMap<>();
  private final Map<String, String> files = new LinkedHashMap<>();

  private GuestBundle(String name, byte[] module) {
    this.name = name;
    this.module = module;
  }

  /** A bundle of the plugin {@code name} around the guest of that name. */
  public static GuestBundle of(String name) {
    return of(name, Guests.wasm(name));
  }

  /** A bundle of the plugin {@code name} around a module. */
  public static GuestBundle of(String name, byte[] module) {
    return new GuestBundle(name, module);
  }

  public GuestBundle version(String newVersion) {
    version = newVersion;
    return this;
  }

  public GuestBundle filter(String hook) {
    filters.add(quoted(hook));
    return this;
  }

  public GuestBundle filter(String hook, int priority) {
    filters.add("{\"name\":" + quoted(hook) + ",\"priority\":" + priority + "}");
    return this;
  }

  /** A filter that takes many values at once. */
  public GuestBundle batchFilter(String hook) {
    filters.add("{\"name\":" + quoted(hook) + ",\"batch\":true}");
    return this;
  }

  public GuestBundle action(String hook) {
    actions.add(quoted(hook));
    return this;
  }

  public GuestBundle route(String method, String path) {
    routes.add("{\"method\":" + quoted(method) + ",\"path\":" + quoted(path) + "}");
    return this;
  }

  /** Sets a field of {@code limits} to a JSON value. */
  public GuestBundle limit(String field, Object json) {
    limits.put(field, json.toString());
    return this;
  }

  /** Sets a field of the manifest to a JSON text. */
  public GuestBundle field(String field, String json) {
    fields.put(field, json);
    return this;
  }

  /** Adds a file beside the manifest and the module. */
  public GuestBundle file(String path, String content) {
    files.put(path, content);
    return this;
  }

  public String manifest() {
    Map<String, String> all = new LinkedHashMap<>();
    all.put("apiVersion", quoted("gonext.io/v1"));
    all.put("name", quoted(name));
    all.put("version", quoted(version));
    all.put("entry", quoted("plugin.wasm"));
    all.put("hooks", "{\"filters\":" + filters + ",\"actions\":" + actions + "}");
    all.put("http", "{\"serve\":" + routes + "}");
    all.put("limits", object(limits));
    all.putAll(fields);
    return object(all);
  }

  /** The bundle's bytes; the same each time. */
  public byte[] bytes() {
    Map<String, byte[]> all = new LinkedHashMap<>();
    all.put("manifest.json", manifest().getBytes(StandardCharsets.UTF_8));
    all.put("plugin.wasm", module);
    files.forEach((path, content) -> all.put(path, content.getBytes(StandardCharsets.UTF_8)));
    return zip(all);
  }

  /** A ZIP of these files, in this order. */
  public static byte[] zip(Map<String, byte[]> files) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
      for (Map.Entry<String, byte[]> file : files.entrySet()) {
        ZipEntry entry = new ZipEntry(file.getKey());
        entry.setTime(0);
        zip.putNextEntry(entry);
        zip.write(file.getValue());
        zip.closeEntry();
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }

  private static String object(Map<String, String> fields) {
    return fields.entrySet().stream()
        .map(field -> quoted(field.getKey()) + ":" + field.getValue())
        .collect(Collectors.joining(",", "{", "}"));
  }

  private static String quoted(String text) {
    return "\"" + text + "\"";
  }
}
