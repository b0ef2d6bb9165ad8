package io.gonext.dashboard;

import io.gonext.host.Host;
import io.gonext.host.KeyValueEntry;
import io.gonext.host.KeyValues;
import io.gonext.host.StoredPlugin;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;

/** The key-value entries of a plugin, by name. Only those who may change the host see a value. */
final class DataPage implements Page {
  private static final String TAB = "data";
  private static final String PATH = "/plugins/{name}/" + TAB;
  private static final int ROWS = 100;

  /** Bytes of a value that are shown. */
  private static final int MAX_VALUE_BYTES = 8 * 1024;

  private final Host host;

  DataPage(Host host) {
    this.host = host;
  }

  /**
   * The page.
   *
   * @param next the name after which the next page begins; empty when there is none
   */
  record Model(PluginHead head, String usage, List<Entry> entries, boolean first, String next) {}

  record Entry(String name, String size) {}

  /**
   * One entry.
   *
   * @param form what the text is: as it is stored, or hexadecimal
   */
  record Value(PluginHead head, String name, String size, String form, String text) {}

  @Override
  public void addTo(Routes routes) {
    routes.page(
        PATH,
        visit -> {
          Model model = model(PluginHead.stored(host, visit), visit.query("after").orElse(""));
          return Answer.page(model.head().name() + ": data", "data", model);
        });
    routes.changePage(
        PATH + "/value",
        visit -> {
          Value value = value(PluginHead.stored(host, visit), visit.query("key").orElse(""));
          return Answer.page(value.head().name() + ": " + value.name(), "datavalue", value);
        });
  }

  private Model model(StoredPlugin plugin, String after) {
    KeyValues.Usage usage = host.keyValues().usage(plugin.name());
    List<KeyValueEntry> entries = host.keyValues().list(plugin.name(), after, ROWS);
    return new Model(
        PluginHead.of(host, plugin, TAB),
        Shown.count(usage.entries())
            + (usage.entries() == 1 ? " entry, " : " entries, ")
            + Shown.bytes(usage.bytes()),
        entries.stream().map(entry -> new Entry(entry.name(), Shown.bytes(entry.bytes()))).toList(),
        after.isEmpty(),
        entries.size() < ROWS ? "" : entries.getLast().name());
  }

  private Value value(StoredPlugin plugin, String key) {
    Optional<byte[]> found = host.keyValues().value(plugin.name(), key);
    byte[] bytes =
        found.orElseThrow(() ->
            new Refusal(Refusal.NOT_FOUND, plugin.name() + " has no entry of this name any more."));
    byte[] shown = Arrays.copyOf(bytes, Math.min(bytes.length, MAX_VALUE_BYTES));
    String cut = shown.length < bytes.length ? ", the first " + Shown.bytes(MAX_VALUE_BYTES) : "";
    PluginHead head = PluginHead.of(host, plugin, TAB);
    String size = Shown.bytes(bytes.length);
    try {
      // A cut in the middle of a character makes one that is not UTF-8: shown as bytes then.
      String text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(shown)).toString();
      return new Value(head, key, size, "text" + cut, text);
    } catch (CharacterCodingException e) {
      String hex = HexFormat.ofDelimiter(" ").formatHex(shown);
      return new Value(head, key, size, "bytes in hexadecimal" + cut, hex);
    }
  }
}
