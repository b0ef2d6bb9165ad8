package io.gonext.cli;

import io.gonext.host.manifest.Spelling;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.dataformat.yaml.YAMLFactory;
import tools.jackson.dataformat.yaml.YAMLParser;

/**
 * The file of {@code serve --config}: options by their names, in YAML. An option of the command
 * line takes the place of the file's.
 */
final class ServeFile {
  private static final String SERVE = "serve";
  private static final String CONFIG = "--config";

  /** Options that make no sense in a file. */
  private static final Set<String> NOT_HERE = Set.of(CONFIG, "--check", "--help", "--version");

  private static final int MOST_BYTES = 1 << 20;

  private static final YAMLFactory YAML =
      YAMLFactory.builder().enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION).build();

  private final Path file;
  private final CommandLine serve;

  private ServeFile(Path file, CommandLine serve) {
    this.file = file;
    this.serve = serve;
  }

  /**
   * The arguments, with those of the file that they name.
   *
   * @throws ParameterException when the file cannot be read, or says what the command does not take
   */
  static String[] addedTo(String[] arguments, CommandLine gonext) {
    // Most starts have no file, and are parsed once only.
    if (!List.of(arguments).contains(SERVE)
        || Stream.of(arguments).noneMatch(each -> each.startsWith(CONFIG))) {
      return arguments;
    }
    ParseResult given;
    try {
      given = gonext.parseArgs(arguments).subcommand();
    } catch (ParameterException e) {
      return arguments; // The run will say so.
    }
    if (given == null || !given.hasMatchedOption(CONFIG) || given.isUsageHelpRequested()) {
      return arguments;
    }
    Path named = given.matchedOptionValue(CONFIG, Path.of(""));
    var file = new ServeFile(named, Objects.requireNonNull(gonext.getSubcommands().get(SERVE)));
    Set<String> matched =
        given.matchedOptions().stream().map(OptionSpec::longestName).collect(Collectors.toSet());
    return Stream.concat(
            Stream.of(arguments),
            file.read().stream()
                .filter(setting -> !matched.contains(setting.option.longestName()))
                .flatMap(setting -> setting.arguments.stream()))
        .toArray(String[]::new);
  }

  /** What one key says, as arguments. */
  private record Setting(OptionSpec option, List<String> arguments) {}

  private List<Setting> read() {
    try {
      if (Files.size(file) > MOST_BYTES) {
        throw refusal(file + " has more than " + MOST_BYTES + " bytes");
      }
      List<Setting> settings = new ArrayList<>();
      try (JsonParser yaml =
          YAML.createParser(ObjectReadContext.empty(), Files.readAllBytes(file))) {
        JsonToken first = yaml.nextToken();
        if (first == JsonToken.VALUE_NULL) {
          first = yaml.nextToken(); // A document with nothing in it.
        }
        if (first != null && first != JsonToken.START_OBJECT) {
          throw refusal(at(yaml) + "write one option in each line, such as port: 8080");
        }
        while (first != null && yaml.nextToken() == JsonToken.PROPERTY_NAME) {
          settings.add(setting(yaml));
        }
        if (first != null && yaml.nextToken() != null) {
          throw refusal(at(yaml) + "the file has a second document");
        }
      }
      return settings;
    } catch (JacksonException e) {
      throw refusal(
          file
              + ", line "
              + (e.getLocation() == null ? 1 : e.getLocation().getLineNr())
              + ": this is not YAML: "
              + e.getOriginalMessage().lines().findFirst().orElse(""));
    } catch (IOException e) {
      throw refusal(file + " cannot be read: " + e.getMessage());
    }
  }

  private Setting setting(JsonParser yaml) {
    String where = at(yaml);
    String key = yaml.currentName();
    OptionSpec option = option(key, where);
    yaml.nextToken();
    List<String> arguments = arguments(option, yaml, where);
    for (String argument : arguments) {
      try {
        serve.parseArgs(argument);
      } catch (ParameterException e) {
        throw refusal(where + e.getMessage());
      }
    }
    return new Setting(option, arguments);
  }

  private OptionSpec option(String key, String where) {
    Map<String, OptionSpec> options = serve.getCommandSpec().optionsMap();
    OptionSpec option = options.get("--" + key);
    if (option != null && option.longestName().equals("--" + key) && !isElsewhere(option)) {
      return option;
    }
    List<String> names =
        options.values().stream()
            .filter(each -> !isElsewhere(each))
            .map(each -> each.longestName().substring(2))
            .distinct()
            .toList();
    String meant = Spelling.closest(key, names);
    throw refusal(
        where
            + "there is no option "
            + key
            + (meant == null
                ? "; gonext serve --help lists them"
                : "; did you mean " + meant + "?"));
  }

  private static boolean isElsewhere(OptionSpec option) {
    return NOT_HERE.contains(option.longestName());
  }

  /** The value at the parser's token, as arguments. */
  private List<String> arguments(OptionSpec option, JsonParser yaml, String where) {
    String name = option.longestName();
    if (option.arity().max() == 0) {
      return switch (yaml.currentToken()) {
        case VALUE_TRUE -> List.of(name);
        case VALUE_FALSE -> option.negatable() ? List.of("--no-" + name.substring(2)) : List.of();
        default -> throw refusal(where + key(name) + " is true or false");
      };
    }
    if (yaml.currentToken() == JsonToken.START_ARRAY && option.isMultiValue()) {
      List<String> arguments = new ArrayList<>();
      while (yaml.nextToken() != JsonToken.END_ARRAY) {
        arguments.add(name + "=" + scalar(name, yaml, where));
      }
      return arguments;
    }
    if (yaml.currentToken() == JsonToken.START_OBJECT && option.typeInfo().isMap()) {
      List<String> arguments = new ArrayList<>();
      while (yaml.nextToken() != JsonToken.END_OBJECT) {
        String entry = yaml.currentName();
        yaml.nextToken();
        arguments.add(name + "=" + entry + "=" + scalar(name, yaml, where));
      }
      return arguments;
    }
    return List.of(name + "=" + scalar(name, yaml, where));
  }

  private String scalar(String name, JsonParser yaml, String where) {
    JsonToken token = yaml.currentToken();
    if (yaml instanceof YAMLParser parser && parser.isCurrentAlias()) {
      throw refusal(where + "write the value in place of *" + yaml.getString());
    }
    if (!token.isScalarValue() || token == JsonToken.VALUE_NULL) {
      throw refusal(where + key(name) + " takes " + expected(name));
    }
    return yaml.getString();
  }

  private String expected(String name) {
    OptionSpec option = serve.getCommandSpec().findOption(name);
    if (option.typeInfo().isMap()) {
      return "names with a value each, such as " + key(name) + ": {name: value}";
    }
    return option.isMultiValue() ? "a value, or a list of values" : "one value";
  }

  private static String key(String name) {
    return name.substring(2);
  }

  private String at(JsonParser yaml) {
    return file + ", line " + yaml.currentTokenLocation().getLineNr() + ": ";
  }

  private ParameterException refusal(@Nullable String message) {
    return new ParameterException(serve, message);
  }
}
