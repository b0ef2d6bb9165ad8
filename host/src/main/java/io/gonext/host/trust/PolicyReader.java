package io.gonext.host.trust;

import io.gonext.engine.PlainText;
import io.gonext.host.UntrustedException;
import io.gonext.host.json.InvalidJsonException;
import io.gonext.host.json.JsonPointers;
import io.gonext.host.json.StrictJson;
import io.gonext.host.manifest.Sha256;
import io.gonext.host.trust.TrustPolicy.Mode;
import io.gonext.host.trust.TrustPolicy.OnRevoke;
import io.gonext.host.trust.TrustPolicy.Publisher;
import io.gonext.host.trust.TrustPolicy.Rule;
import io.gonext.host.trust.TrustPolicy.TrustedKey;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.MissingNode;

/**
 * Reads a policy strictly, and collects all its mistakes, a sentence each. It agrees with the
 * published schema, and finds more: a rule for a publisher that is not there, say. For one thread.
 */
final class PolicyReader {
  static final String MALFORMED = "policy_malformed";

  private static final int MAX_PUBLISHERS = 100;
  private static final int MAX_KEYS = 16;
  private static final int MAX_RULES = 1000;

  /** Further mistakes are counted, but not listed. */
  private static final int MAX_PROBLEMS = 50;

  private static final int MAX_SHOWN_CHARS = 80;

  private static final Pattern NAME = Pattern.compile("[a-z0-9][a-z0-9._-]{0,62}");
  private static final Pattern PLUGINS = Pattern.compile("[a-z0-9*-]{1,64}");

  /** No star in the host: {@code registry.example*} would take in registry.example.org, too. */
  private static final Pattern REGISTRY =
      Pattern.compile("\\*|upload|[A-Za-z0-9.:\\[\\]-]+/[A-Za-z0-9._:@/*+-]+");

  private static final int MAX_REGISTRY_CHARS = 256;

  /** Instant.parse takes more forms than the schema shows. */
  private static final Pattern TIME =
      Pattern.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z");

  private final List<String> problems = new ArrayList<>();

  /** Which publisher has a key, by the key. */
  private final Map<VerificationKey, String> owners = new HashMap<>();

  private PolicyReader() {}

  static TrustPolicy read(byte[] json) {
    if (json.length > TrustPolicy.MAX_FILE_BYTES) {
      throw malformed(
          "a trust policy has "
              + TrustPolicy.MAX_FILE_BYTES
              + " bytes at most, this file has more");
    }
    JsonNode policy;
    try {
      policy = StrictJson.parse(json);
    } catch (InvalidJsonException e) {
      throw malformed("the trust policy is not JSON: " + e.getMessage());
    }
    if (!policy.isObject()) {
      throw malformed("the trust policy is not a JSON object");
    }
    PolicyReader reader = new PolicyReader();
    TrustPolicy read = reader.policy(policy, Sha256.hex(json));
    reader.refuse();
    return read;
  }

  private void refuse() {
    if (problems.isEmpty()) {
      return;
    }
    List<String> told = new ArrayList<>(problems.stream().limit(MAX_PROBLEMS).toList());
    if (problems.size() > MAX_PROBLEMS) {
      told.add("and " + (problems.size() - MAX_PROBLEMS) + " more");
    }
    throw malformed(
        "the trust policy has "
            + (problems.size() == 1 ? "a mistake" : problems.size() + " mistakes")
            + ": "
            + String.join("; ", told));
  }

  private static UntrustedException malformed(String message) {
    return new UntrustedException(MALFORMED, message);
  }

  private TrustPolicy policy(JsonNode policy, String digest) {
    fields(policy, "", "$schema", "mode", "on_revoke", "publishers", "rules");
    text(policy, "", "$schema", "");
    Mode mode =
        switch (choice(policy, "mode", "enforce", "warn", "off")) {
          case "warn" -> Mode.WARN;
          case "off" -> Mode.OFF;
          default -> Mode.ENFORCE;
        };
    OnRevoke onRevoke =
        choice(policy, "on_revoke", "report", "stop").equals("stop")
            ? OnRevoke.STOP
            : OnRevoke.REPORT;
    List<Publisher> publishers = publishers(policy);
    List<Rule> rules = rules(policy, publishers);
    if (mode != Mode.OFF && rules.isEmpty() && !policy.has("rules")) {
      problem(
          "/rules",
          "it is missing, so no bundle is trusted: add a rule such as {\"plugins\": \"*\","
              + " \"publishers\": [\"NAME\"]}");
    }
    return new TrustPolicy(mode, onRevoke, publishers, rules, digest);
  }

  private List<Publisher> publishers(JsonNode policy) {
    List<Publisher> publishers = new ArrayList<>();
    Set<String> names = new TreeSet<>();
    List<JsonNode> entries = array(policy, "", "publishers", 0, MAX_PUBLISHERS);
    for (int i = 0; i < entries.size(); i++) {
      String at = "/publishers/" + i;
      JsonNode entry = entries.get(i);
      if (!object(entry, at)) {
        continue;
      }
      fields(entry, at, "name", "keys");
      String name = name(required(entry, at, "name"), at + "/name");
      if (!name.isEmpty() && !names.add(name)) {
        problem(at + "/name", "there is another publisher " + name + ": put all its keys into one");
      }
      required(entry, at, "keys");
      publishers.add(new Publisher(name, keys(entry, at, name)));
    }
    return publishers;
  }

  private List<TrustedKey> keys(JsonNode publisher, String at, String owner) {
    List<TrustedKey> keys = new ArrayList<>();
    List<JsonNode> entries = array(publisher, at, "keys", publisher.has("keys") ? 1 : 0, MAX_KEYS);
    for (int i = 0; i < entries.size(); i++) {
      String here = at + "/keys/" + i;
      JsonNode entry = entries.get(i);
      if (!object(entry, here)) {
        continue;
      }
      fields(entry, here, "key", "valid_from", "valid_until", "revoked");
      required(entry, here, "key");
      VerificationKey key = key(entry, here, owner);
      Instant from = time(entry, here, "valid_from");
      Instant until = time(entry, here, "valid_until");
      if (from != null && until != null && !from.isBefore(until)) {
        problem(here + "/valid_until", "it is not after valid_from: swap them, or leave one out");
      }
      boolean revoked = flag(entry, here, "revoked");
      if (key != null) {
        keys.add(new TrustedKey(key, from, until, revoked));
      }
    }
    return keys;
  }

  private @Nullable VerificationKey key(JsonNode entry, String at, String owner) {
    String text = text(entry, at, "key", "");
    if (text.isEmpty()) {
      return null;
    }
    if (text.length() > BundleSignature.MAX_FILE_BYTES) {
      problem(at + "/key", "it is too long for a public key");
      return null;
    }
    VerificationKey key;
    try {
      key = VerificationKey.parse(text);
    } catch (UntrustedException e) {
      problem(at + "/key", e.getMessage());
      return null;
    }
    String other = owners.putIfAbsent(key, owner);
    if (other != null) {
      problem(
          at + "/key",
          "the key "
              + key.id()
              + (other.equals(owner) ? " is there twice" : " belongs to " + other + ", too")
              + ": leave one of them out");
    }
    return key;
  }

  private List<Rule> rules(JsonNode policy, List<Publisher> publishers) {
    Set<String> known = new TreeSet<>(publishers.stream().map(Publisher::name).toList());
    List<Rule> rules = new ArrayList<>();
    List<JsonNode> entries = array(policy, "", "rules", 0, MAX_RULES);
    for (int i = 0; i < entries.size(); i++) {
      String at = "/rules/" + i;
      JsonNode entry = entries.get(i);
      if (!object(entry, at)) {
        continue;
      }
      fields(entry, at, "plugins", "registry", "publishers", "signatures");
      String plugins = text(entry, at, "plugins", "*");
      if (!PLUGINS.matcher(plugins).matches()) {
        problem(
            at + "/plugins",
            found(entry.get("plugins"))
                + "; a pattern has lower-case letters, digits, '-' and *, such as acme-*");
      }
      String registry = text(entry, at, "registry", "*");
      if (registry.length() > MAX_REGISTRY_CHARS || !REGISTRY.matcher(registry).matches()) {
        problem(
            at + "/registry",
            found(entry.get("registry"))
                + "; give upload, or a host and a path with * in the path only, such as"
                + " registry.example.com/acme/*");
      }
      required(entry, at, "publishers");
      Set<String> may = signers(entry, at, known);
      int signatures = count(entry, at, may.size());
      rules.add(new Rule(plugins, registry, List.copyOf(may), signatures));
    }
    return rules;
  }

  private Set<String> signers(JsonNode rule, String at, Set<String> known) {
    Set<String> may = new LinkedHashSet<>();
    List<JsonNode> names =
        array(rule, at, "publishers", rule.has("publishers") ? 1 : 0, MAX_PUBLISHERS);
    for (int i = 0; i < names.size(); i++) {
      String here = at + "/publishers/" + i;
      String name = name(names.get(i), here);
      if (!name.isEmpty() && !may.add(name)) {
        problem(here, name + " is there twice: leave one out");
      } else if (!name.isEmpty() && !known.contains(name)) {
        problem(
            here,
            "there is no publisher "
                + name
                + (known.isEmpty()
                    ? ": add it to /publishers"
                    : ", only " + String.join(", ", known)));
      }
    }
    return may;
  }

  private int count(JsonNode rule, String at, int publishers) {
    JsonNode value = rule.path("signatures");
    if (value.isMissingNode()) {
      return 1;
    }
    long count = StrictJson.integer(value).orElse(0);
    if (count < 1) {
      problem(at + "/signatures", found(value) + "; give a whole number, 1 or more");
      return 1;
    }
    if (count > publishers) {
      problem(
          at + "/signatures",
          "it asks for the signatures of "
              + count
              + " publishers and the rule has "
              + publishers
              + ", each of which counts once: add publishers, or lower it");
      return 1;
    }
    return (int) count;
  }

  private void fields(JsonNode object, String at, String... known) {
    List<String> names = List.of(known);
    for (String field : object.propertyNames()) {
      if (!names.contains(field)) {
        problem(
            JsonPointers.child(at, field), "no such field; there are " + String.join(", ", names));
      }
    }
  }

  private JsonNode required(JsonNode object, String at, String field) {
    JsonNode value = object.get(field);
    if (value == null) {
      problem(at + "/" + field, "it is missing");
      return MissingNode.getInstance();
    }
    return value;
  }

  private boolean object(JsonNode value, String at) {
    if (!value.isObject()) {
      problem(at, found(value) + "; it must be an object");
    }
    return value.isObject();
  }

  private List<JsonNode> array(JsonNode object, String at, String field, int least, int most) {
    JsonNode value = object.path(field);
    if (value.isMissingNode()) {
      return List.of();
    }
    if (!value.isArray()) {
      problem(at + "/" + field, found(value) + "; it must be an array");
      return List.of();
    }
    if (value.size() < least || value.size() > most) {
      problem(
          at + "/" + field,
          "it has " + value.size() + " items; it must have " + least + " to " + most);
      return List.of();
    }
    return value.valueStream().toList();
  }

  private String name(JsonNode value, String at) {
    if (value.isMissingNode()) {
      return "";
    }
    String name = value.isString() ? value.stringValue() : "";
    if (!NAME.matcher(name).matches()) {
      problem(
          at,
          found(value)
              + "; a publisher has 1 to 63 lower-case letters, digits, '.', '_' and '-', and begins"
              + " with a letter or digit");
      return "";
    }
    return name;
  }

  private String text(JsonNode object, String at, String field, String absent) {
    JsonNode value = object.path(field);
    if (value.isMissingNode()) {
      return absent;
    }
    if (!value.isString()) {
      problem(JsonPointers.child(at, field), found(value) + "; it must be a text");
      return absent;
    }
    return value.stringValue();
  }

  private String choice(JsonNode policy, String field, String... values) {
    String text = text(policy, "", field, values[0]);
    if (!List.of(values).contains(text)) {
      problem(
          "/" + field,
          found(policy.get(field)) + "; it must be one of " + String.join(", ", values));
    }
    return text;
  }

  private boolean flag(JsonNode object, String at, String field) {
    JsonNode value = object.path(field);
    if (!value.isMissingNode() && !value.isBoolean()) {
      problem(at + "/" + field, found(value) + "; it must be true or false");
      // In doubt, against the key.
      return true;
    }
    return value.asBoolean(false);
  }

  private @Nullable Instant time(JsonNode object, String at, String field) {
    JsonNode value = object.path(field);
    if (value.isMissingNode()) {
      return null;
    }
    String text = value.isString() ? value.stringValue() : "";
    try {
      if (TIME.matcher(text).matches()) {
        return Instant.parse(text);
      }
    } catch (DateTimeException e) {
      // A month 13, say.
    }
    problem(at + "/" + field, found(value) + "; give a time in UTC, such as 2026-01-31T00:00:00Z");
    return null;
  }

  private void problem(String pointer, String sentence) {
    problems.add(PlainText.of(pointer, MAX_SHOWN_CHARS) + ": " + sentence);
  }

  private static String found(@Nullable JsonNode value) {
    return "found " + PlainText.of(String.valueOf(value), MAX_SHOWN_CHARS);
  }
}
