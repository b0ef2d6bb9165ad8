package io.gonext.dashboard;

import io.gonext.host.ConflictException;
import io.gonext.host.Host;
import io.gonext.host.InvalidConfigException;
import io.gonext.host.PluginConfig;
import io.gonext.host.StoredPlugin;
import io.gonext.host.json.InvalidJsonException;
import io.gonext.host.json.StrictJson;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** The configuration of a plugin: a form made from its JSON Schema, and the values as JSON. */
final class ConfigPage implements Page {
  private static final String TAB = "config";
  private static final String PATH = "/plugins/{name}/" + TAB;

  /** The field with all values as JSON. */
  private static final String JSON = "json";

  private final Host host;

  ConfigPage(Host host) {
    this.host = host;
  }

  /**
   * The page.
   *
   * @param none why there is nothing to configure; empty when there is
   * @param version of the configuration that the form changes
   * @param problems why the values are refused, or do not match the schema
   * @param json all values
   */
  record Model(
      PluginHead head,
      String none,
      long version,
      List<String> problems,
      List<String> warnings,
      List<ConfigField> fields,
      String json) {}

  @Override
  public void addTo(Routes routes) {
    routes.page(
        PATH, visit -> show(Answer.OK, PluginHead.stored(host, visit), Map.of(), List.of()));
    routes.form(PATH, this::save);
    routes.form(PATH + "/" + JSON, this::saveJson);
  }

  /**
   * @param sent the fields of a form that was refused, by name; empty for the values that hold
   * @param refused why it was refused
   */
  private Answer show(
      int status, StoredPlugin plugin, Map<String, List<String>> sent, List<String> refused) {
    PluginHead head = PluginHead.of(host, plugin, TAB);
    Optional<PluginConfig> known = config(plugin.name());
    if (known.isEmpty()) {
      return page(
          status,
          new Model(
              head,
              plugin.id() + " has nothing to configure: its manifest has no config.schema.",
              0,
              refused,
              List.of(),
              List.of(),
              ""));
    }
    PluginConfig config = known.get();
    List<String> problems = new ArrayList<>(refused);
    if (refused.isEmpty()) {
      problems.addAll(config.problems());
    }
    String json = sent.getOrDefault(JSON, List.of()).stream().findFirst().orElse("");
    return page(
        status,
        new Model(
            head,
            "",
            config.version(),
            problems,
            config.warnings(),
            ConfigField.of(config, sent),
            json.isEmpty() ? config.values().toPrettyString() : json));
  }

  private static Answer page(int status, Model model) {
    return new Answer.Page(status, model.head().name() + ": configuration", "config", model);
  }

  private Optional<PluginConfig> config(String plugin) {
    try {
      return Optional.of(host.configs().get(plugin));
    } catch (ConflictException e) {
      return Optional.empty();
    }
  }

  private Answer save(Visit visit) throws InterruptedException, IOException {
    StoredPlugin plugin = PluginHead.stored(host, visit);
    PluginConfig config = host.configs().get(plugin.name());
    ObjectNode values = config.values().deepCopy();
    List<String> problems = new ArrayList<>();
    for (ConfigField field : ConfigField.of(config, Map.of())) {
      try {
        field.read(visit.form(), values);
      } catch (IllegalArgumentException e) {
        problems.add(field.name() + ": " + e.getMessage());
      }
    }
    return problems.isEmpty()
        ? replace(visit, plugin, values)
        : show(Refusal.UNPROCESSABLE, plugin, visit.form(), problems);
  }

  private Answer saveJson(Visit visit) throws InterruptedException, IOException {
    StoredPlugin plugin = PluginHead.stored(host, visit);
    JsonNode values;
    try {
      values = StrictJson.parse(visit.required(JSON).getBytes(StandardCharsets.UTF_8));
    } catch (InvalidJsonException e) {
      return show(
          Refusal.UNPROCESSABLE,
          plugin,
          visit.form(),
          List.of("the values are not JSON: " + e.getMessage()));
    }
    return values instanceof ObjectNode object
        ? replace(visit, plugin, object)
        : show(
            Refusal.UNPROCESSABLE, plugin, visit.form(), List.of("the values are not an object"));
  }

  private Answer replace(Visit visit, StoredPlugin plugin, ObjectNode values)
      throws InterruptedException, IOException {
    long version;
    try {
      version = Long.parseLong(visit.required("version"));
    } catch (NumberFormatException e) {
      throw new Refusal(Refusal.BAD_REQUEST, "The form has no version of the configuration.");
    }
    try {
      host.configs().replace(plugin.name(), OptionalLong.of(version), values);
    } catch (InvalidConfigException e) {
      return show(Refusal.UNPROCESSABLE, plugin, visit.form(), e.problems());
    } catch (ConflictException e) {
      return show(Refusal.CONFLICT, plugin, visit.form(), List.of(e.getMessage()));
    }
    return visit.done(
        PluginHead.path(plugin.name(), TAB),
        "The configuration of " + plugin.name() + " is saved. It holds from the next call on.");
  }
}
