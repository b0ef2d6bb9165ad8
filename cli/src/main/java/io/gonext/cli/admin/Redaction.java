package io.gonext.cli.admin;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * Takes secrets out of texts that leave a host: known ones wherever they stand, and what looks like
 * one. A secret that stands alone in a log line of a plugin looks like any other word, and stays.
 */
final class Redaction {
  static final String HIDDEN = "[hidden]";

  /** Shorter ones would hide ordinary words. */
  private static final int SHORTEST_SECRET = 6;

  private static final String NAMES =
      "pass(?:wd|word|phrase)?|pwd|secret|token|credentials?|authorization|cookie|signature"
          + "|(?:api|access|private|master|account)[._-]?key";

  private static final Pattern SECRET_NAME =
      Pattern.compile("(?i).*(?:" + NAMES + ")(?:[._-]?(?:value|id))?");

  /** Fields whose values are not secrets although their names look like it. */
  private static final Set<String> HARMLESS = Set.of("secrets", "token_in");

  private static final Pattern PARAMETERS =
      Pattern.compile("(?i)(?:^|[?&,;])[^=&,;]*(?:" + NAMES + "|key)[^=&,;]*=([^&,;]+)");

  private static final Pattern USER_INFO = Pattern.compile("://[^/@:]*:([^/@]+)@");

  private record Rule(Pattern pattern, String replacement) {}

  private static final List<Rule> RULES =
      List.of(
          new Rule(
              Pattern.compile(
                  "-----BEGIN [A-Z ]{0,30}KEY-----.*?(?:-----END [A-Z ]{0,30}KEY-----|$)",
                  Pattern.DOTALL),
              HIDDEN),
          // user:password@ of a URL
          new Rule(Pattern.compile("(://)[^/?#\\s\"'<>@]{1,512}@"), "$1" + HIDDEN + "@"),
          new Rule(
              Pattern.compile("(?i)\\b(bearer|basic)(\\s+)[a-z0-9._~+/=-]{4,}"), "$1$2" + HIDDEN),
          // name=value, name: value, "name":"value", --name value
          new Rule(
              Pattern.compile(
                  "(?i)((?:"
                      + NAMES
                      + ")\\\\?[\"']?\\s*[:=]\\s*|--(?:"
                      + NAMES
                      + ")\\s+)(?!\\[hidden])(?:\\\\?\"(?:[^\"\\\\]|\\\\.)*+\"?|'[^']*+'?"
                      + "|[^\\s,;&\"'})\\]]++)"),
              "$1" + HIDDEN),
          // Tokens with a form of their own: JSON web tokens, those of forges and clouds.
          new Rule(Pattern.compile("\\beyJ[\\w-]{8,}\\.[\\w-]{8,}\\.[\\w-]*"), HIDDEN),
          new Rule(
              Pattern.compile("\\b(?:gh[pousr]_|github_pat_|glpat-|xox[abprs]-)[\\w-]{10,}"),
              HIDDEN),
          new Rule(Pattern.compile("\\b(?:AKIA|ASIA)[0-9A-Z]{16}\\b"), HIDDEN));

  private final List<String> known;

  /**
   * @param known secrets that are hidden wherever they stand
   */
  Redaction(Set<String> known) {
    this.known =
        known.stream()
            .filter(secret -> secret.length() >= SHORTEST_SECRET)
            .sorted(Comparator.comparingInt(String::length).reversed())
            .toList();
  }

  /** What this process knows of secrets: the token in use and those in its environment. */
  static Redaction of(String token, Map<String, String> environment) {
    List<String> secrets = new ArrayList<>(List.of(token));
    environment.forEach((name, value) -> {
      if (SECRET_NAME.matcher(name).matches()) {
        secrets.add(value);
      } else if (name.startsWith("GONEXT_") || name.startsWith("OTEL_")) {
        // The parameters of a database's URL, and headers.
        PARAMETERS.matcher(value).results().forEach(found -> secrets.add(found.group(1)));
        USER_INFO.matcher(value).results().forEach(found -> secrets.add(found.group(1)));
      }
    });
    return new Redaction(Set.copyOf(secrets));
  }

  /** A text without secrets. */
  String text(String text) {
    String clean = text;
    for (String secret : known) {
      clean = clean.replace(secret, HIDDEN);
    }
    for (Rule rule : RULES) {
      clean = rule.pattern.matcher(clean).replaceAll(rule.replacement);
    }
    return clean;
  }

  /** The same value without secrets: in texts, and in fields whose names say that they are. */
  JsonNode json(JsonNode value) {
    return switch (value) {
      case ObjectNode object -> {
        ObjectNode clean = JsonNodeFactory.instance.objectNode();
        for (Map.Entry<String, JsonNode> field : object.properties()) {
          boolean hides =
              field.getValue().isValueNode()
                  && !field.getValue().isBoolean()
                  && !field.getValue().isNull()
                  && !HARMLESS.contains(field.getKey())
                  && SECRET_NAME.matcher(field.getKey()).matches();
          clean.set(
              text(field.getKey()),
              hides ? JsonNodeFactory.instance.stringNode(HIDDEN) : json(field.getValue()));
        }
        yield clean;
      }
      case ArrayNode array -> {
        ArrayNode clean = JsonNodeFactory.instance.arrayNode();
        array.forEach(each -> clean.add(json(each)));
        yield clean;
      }
      default ->
          value.isString() ? JsonNodeFactory.instance.stringNode(text(value.stringValue())) : value;
    };
  }
}
