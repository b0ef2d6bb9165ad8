package io.gonext.cli.build;

import io.gonext.cli.output.CommandFailure;
import io.gonext.cli.output.OwnersOnly;
import io.gonext.host.CapabilityRegistry;
import io.gonext.host.HostFunctionSpec;
import io.gonext.host.Secrets;
import io.gonext.host.json.InvalidJsonException;
import io.gonext.host.json.StrictJson;
import io.gonext.host.manifest.Manifest;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.Collectors;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * What an author keeps beside {@code manifest.json} to try a plugin: the values of its
 * configuration and secrets, and answers of the application's functions that it calls. No bundle
 * contains them.
 */
public final class AuthorFiles {
  /** The values of the configuration. */
  public static final String CONFIG = "gonext.config.json";

  /** {@code {"posts.find": {"capability": "posts.read", "answer": {"title": "T"}}}}. */
  public static final String FUNCTIONS = "gonext.functions.json";

  /** {@code {"API_KEY": "value", "OTHER": {"env": "VARIABLE"}}}. */
  public static final String SECRETS = "gonext.secrets.json";

  /** All of them, in the project's directory. */
  public static final Set<Path> ALL = Set.of(Path.of(CONFIG), Path.of(FUNCTIONS), Path.of(SECRETS));

  private static final Set<String> FIELDS = Set.of("answer", "capability");

  private AuthorFiles() {}

  /**
   * A function of the application that always answers the same.
   *
   * @param capability what a plugin needs to call it
   */
  public record Stub(String name, String capability, JsonNode answer) {
    HostFunctionSpec spec() {
      return HostFunctionSpec.builder(name, _ -> answer).capability(capability).build();
    }
  }

  /**
   * The values in the file of a directory; empty if there is none.
   *
   * @throws CommandFailure if they cannot be read, or are not a JSON object
   */
  public static Optional<ObjectNode> config(Path directory) {
    Path file = directory.resolve(CONFIG);
    return Files.exists(file) ? Optional.of(object(file)) : Optional.empty();
  }

  /**
   * The secrets in the file of a directory, by name; none if there is no such file.
   *
   * @throws CommandFailure as for {@link #secretsOf}
   */
  public static Map<String, String> secrets(
      Path directory, Manifest manifest, Map<String, String> environment) {
    Path file = directory.resolve(SECRETS);
    return Files.exists(file) ? secretsOf(file, manifest, environment) : Map.of();
  }

  /**
   * The secrets in a file, by name. A value is a text, or the name of the variable that holds it.
   * No message contains a value.
   *
   * @throws CommandFailure if the file cannot be read, is not valid, has secrets that the manifest
   *     does not name, or has values that others may read
   */
  public static Map<String, String> secretsOf(
      Path file, Manifest manifest, Map<String, String> environment) {
    Set<String> known =
        manifest.secrets().stream()
            .map(Manifest.Secret::name)
            .collect(Collectors.toCollection(TreeSet::new));
    Map<String, String> secrets = new TreeMap<>();
    List<String> problems = new ArrayList<>();
    boolean holdsValues = false;
    for (Map.Entry<String, JsonNode> entry : secretObject(file).properties()) {
      String name = entry.getKey();
      holdsValues |= entry.getValue().isString();
      try {
        if (!known.contains(name)) {
          throw new IllegalArgumentException(
              "secrets.keys of the manifest does not name it"
                  + (known.isEmpty() ? "" : "; it names " + String.join(", ", known)));
        }
        secrets.put(name, secret(entry.getValue(), environment));
      } catch (IllegalArgumentException e) {
        problems.add("- " + name + ": " + e.getMessage());
      }
    }
    if (holdsValues) {
      requireOwnersOnly(file);
    }
    if (!problems.isEmpty()) {
      throw new CommandFailure(CommandFailure.Kind.FAILED, file + " is not valid:", problems);
    }
    return secrets;
  }

  private static String secret(JsonNode value, Map<String, String> environment) {
    String text = value.asString("");
    if (value instanceof ObjectNode && value.size() == 1 && value.path("env").isString()) {
      String variable = value.path("env").asString();
      text = environment.getOrDefault(variable, "");
      if (text.isEmpty()) {
        throw new IllegalArgumentException("the variable " + variable + " is not set, or is empty");
      }
    } else if (!value.isString() || text.isEmpty()) {
      throw new IllegalArgumentException(
          "write the value as a text, or the variable that holds it, such as {\"env\":"
              + " \"MY_VARIABLE\"}");
    }
    if (text.getBytes(StandardCharsets.UTF_8).length > Secrets.MAX_BYTES) {
      throw new IllegalArgumentException("a secret has at most " + Secrets.MAX_BYTES + " bytes");
    }
    return text;
  }

  private static void requireOwnersOnly(Path file) {
    try {
      OwnersOnly.require(file);
    } catch (IOException e) {
      throw unreadable(file, e);
    }
  }

  /** The object in a file with secrets: a parser's message may quote what it read. */
  private static ObjectNode secretObject(Path file) {
    String problem =
        file + " is not a valid JSON object: write {\"API_KEY\": {\"env\": \"MY_API_KEY\"}}";
    return object(file, _ -> problem, problem);
  }

  private static CommandFailure unreadable(Path file, IOException e) {
    return new CommandFailure(
        CommandFailure.Kind.FAILED, file + " cannot be read: " + CommandFailure.reason(e));
  }

  /**
   * The functions in the file of a directory; none if there is no such file.
   *
   * @throws CommandFailure if they cannot be read, with all problems
   */
  public static List<Stub> functions(Path directory) {
    Path file = directory.resolve(FUNCTIONS);
    return Files.exists(file) ? functionsOf(file) : List.of();
  }

  /**
   * The functions in a file.
   *
   * @throws CommandFailure if they cannot be read, with all problems
   */
  public static List<Stub> functionsOf(Path file) {
    List<Stub> stubs = new ArrayList<>();
    List<String> problems = new ArrayList<>();
    for (Map.Entry<String, JsonNode> entry : object(file).properties()) {
      try {
        stubs.add(stub(entry.getKey(), entry.getValue()));
      } catch (IllegalArgumentException e) {
        problems.add("- " + e.getMessage());
      }
    }
    if (!problems.isEmpty()) {
      throw new CommandFailure(CommandFailure.Kind.FAILED, file + " is not valid:", problems);
    }
    return stubs;
  }

  private static Stub stub(String name, JsonNode value) {
    if (!(value instanceof ObjectNode) || !value.has("answer")) {
      throw new IllegalArgumentException(
          name + ": write an object with the answer, such as {\"answer\": {\"title\": \"T\"}}");
    }
    for (String field : value.propertyNames()) {
      if (!FIELDS.contains(field)) {
        throw new IllegalArgumentException(
            name + ": there is no field " + field + "; allowed: answer, capability");
      }
    }
    JsonNode capability = value.path("capability");
    if (!capability.isMissingNode() && !capability.isString()) {
      throw new IllegalArgumentException(name + ": the capability must be a text");
    }
    Stub stub = new Stub(name, capability.asString(name), value.get("answer"));
    var _ = stub.spec();
    return stub;
  }

  /**
   * The functions of these stubs, for a host.
   *
   * @param newest looked up at each call, so that a changed answer holds at once
   */
  public static List<HostFunctionSpec> specs(List<Stub> stubs, Path newest) {
    return stubs.stream()
        .map(stub ->
            HostFunctionSpec.builder(
                    stub.name(),
                    _ ->
                        functions(newest).stream()
                            .filter(now -> now.name().equals(stub.name()))
                            .findFirst()
                            .orElse(stub)
                            .answer())
                .capability(stub.capability())
                .build())
        .toList();
  }

  /** The functions of these stubs, for a host. */
  public static List<HostFunctionSpec> specs(List<Stub> stubs) {
    return stubs.stream().map(Stub::spec).toList();
  }

  /**
   * The capabilities of a host that offers these functions, and others.
   *
   * @throws CommandFailure if one of the others is not the name of a capability
   */
  public static CapabilityRegistry capabilities(List<Stub> stubs, Collection<String> others) {
    Set<String> ids =
        stubs.stream().map(Stub::capability).collect(Collectors.toCollection(TreeSet::new));
    ids.addAll(others);
    try {
      return CapabilityRegistry.offering(ids);
    } catch (IllegalArgumentException e) {
      throw new CommandFailure(CommandFailure.Kind.USAGE, "--capability: " + e.getMessage());
    }
  }

  /**
   * A JSON object in a file.
   *
   * @throws CommandFailure if there is none
   */
  public static ObjectNode object(Path file) {
    return object(
        file,
        invalid -> file + " is not valid JSON: " + invalid.getMessage(),
        file + " must contain a JSON object, such as {}");
  }

  private static ObjectNode object(
      Path file, Function<InvalidJsonException, String> ifInvalid, String ifOther) {
    String problem = ifOther;
    try {
      if (StrictJson.parse(Files.readAllBytes(file)) instanceof ObjectNode object) {
        return object;
      }
    } catch (NoSuchFileException e) {
      throw new CommandFailure(CommandFailure.Kind.USAGE, file + " does not exist");
    } catch (IOException e) {
      throw unreadable(file, e);
    } catch (InvalidJsonException e) {
      problem = ifInvalid.apply(e);
    }
    throw new CommandFailure(CommandFailure.Kind.FAILED, problem);
  }
}
