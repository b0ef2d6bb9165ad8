package io.gonext.host.internal.lifecycle;

import io.gonext.host.StoreException;
import io.gonext.host.internal.service.secrets.Vault;
import io.gonext.host.internal.store.RecentInputStore;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps recent inputs of plugins in the store, encrypted with the host's master key, so that a host
 * that starts again can exercise the plugins before it is ready. Of several hosts on one database,
 * the last one that writes wins.
 *
 * <p>A plugin's inputs are written when they have changed: at the first look after a call, then
 * after 10 s and after twice as long each time, up to 10 min, and when the host closes. The host
 * looks every 10 s.
 *
 * <p>Thread-safe.
 */
public final class KeptInputs {
  /** The most inputs that are kept for one plugin. */
  static final int MAX_INPUTS = 64;

  /** The most bytes that are kept for one plugin. */
  static final int MAX_BYTES = 128 * 1024;

  static final Duration SHORTEST_PAUSE = Duration.ofSeconds(10);
  static final Duration LONGEST_PAUSE = Duration.ofMinutes(10);

  private static final Logger log = LoggerFactory.getLogger(KeptInputs.class);
  private static final int FORMAT = 1;

  private final RecentInputStore store;
  private final Vault vault;
  private final boolean shared;
  private final boolean enabled;
  private final LongSupplier nanoTime;

  /** By plugin, as is the rest guarded by this. */
  private final Map<String, State> states = new HashMap<>();

  private boolean toldNoKey;
  private boolean failing;

  /** An input of a hook. */
  record Kept(String hook, byte[] payload) {}

  /** Of one plugin in service. */
  private static final class State {
    private final PluginSlot slot;
    private long written;
    private long dueNanos;
    private long pauseNanos = SHORTEST_PAUSE.toNanos();

    State(PluginSlot slot, long nowNanos) {
      this.slot = slot;
      this.dueNanos = nowNanos + pauseNanos;
    }
  }

  /**
   * @param shared whether other hosts may use the store
   * @param enabled whether inputs are kept; if not, what was kept before is deleted
   */
  public KeptInputs(
      RecentInputStore store, Vault vault, boolean shared, boolean enabled, LongSupplier nanoTime) {
    this.store = store;
    this.vault = vault;
    this.shared = shared;
    this.enabled = enabled;
    this.nanoTime = nanoTime;
  }

  /** The plugins that have inputs in the store; none when the store fails. */
  synchronized Set<String> plugins() {
    return attempt(
        () -> {
          if (!enabled) {
            store.deleteAll();
            return Set.of();
          }
          return store.plugins();
        },
        Set.of());
  }

  /**
   * The inputs of a plugin in the store; none when there are none, this host does not have their
   * key, or the store fails.
   */
  synchronized List<Kept> read(String plugin) {
    return enabled ? attempt(() -> stored(plugin), List.of()) : List.of();
  }

  /**
   * Reads the inputs of a plugin that begins to serve into its memory of recent inputs, once. What
   * the plugin is called with takes their place.
   */
  synchronized void restore(PluginSlot slot) {
    State state = states.get(slot.name());
    if (enabled && (state == null || state.slot != slot)) {
      attempt(
          () -> {
            State fresh = new State(slot, nanoTime.getAsLong());
            if (slot.manifest().warmUp()) {
              boolean untouched = changes(slot) == 0;
              stored(slot.name()).forEach(kept -> slot.restore(kept.hook, kept.payload));
              fresh.written = untouched ? changes(slot) : 0;
              if (!untouched) {
                // It was called before this look, which may have been a pause ago.
                fresh.dueNanos = nanoTime.getAsLong();
              }
            }
            states.put(slot.name(), fresh);
            return true;
          },
          false);
    }
  }

  /**
   * Writes what has changed and is due.
   *
   * @param serving the plugins in service
   * @param closing whether all that has changed is due
   */
  synchronized void keep(List<PluginSlot> serving, boolean closing) {
    if (!enabled) {
      return;
    }
    Set<PluginSlot> slots = new HashSet<>(serving);
    states.values().removeIf(state -> !slots.contains(state.slot));
    attempt(
        () -> {
          Set<String> inStore = store.plugins();
          for (PluginSlot slot : serving) {
            if (changes(slot) > 0 || inStore.contains(slot.name())) {
              restore(slot);
            }
            State state = states.get(slot.name());
            if (state != null) {
              keep(slot, state, inStore.contains(slot.name()), closing);
            }
          }
          return true;
        },
        false);
  }

  private void keep(PluginSlot slot, State state, boolean inStore, boolean closing) {
    if (!slot.manifest().warmUp()) {
      if (inStore) {
        store.delete(slot.name());
      }
      state.written = 0;
      return;
    }
    long changes = changes(slot);
    // A rotation of the master key deletes what was kept.
    boolean changed = changes != state.written || (!inStore && changes != 0);
    long now = nanoTime.getAsLong();
    if (!changed || (!closing && now - state.dueNanos < 0)) {
      return;
    }
    List<Kept> chosen = choose(slot);
    if (!chosen.isEmpty() && hasKey()) {
      store.write(slot.name(), vault.seal(encode(chosen), purpose(slot.name())));
    }
    state.written = changes;
    state.dueNanos = now + state.pauseNanos;
    state.pauseNanos = Math.min(2 * state.pauseNanos, LONGEST_PAUSE.toNanos());
  }

  private static long changes(PluginSlot slot) {
    return slot.hooks().stream().mapToLong(hook -> hook.recent().changes()).sum();
  }

  /** As many inputs of each hook as of each other, as far as there are that many. */
  private static List<Kept> choose(PluginSlot slot) {
    Map<String, List<byte[]>> byHook = new HashMap<>();
    for (PluginHook hook : slot.hooks()) {
      if (slot.version().handles(hook.name())) {
        byHook.put(hook.name(), hook.recent().snapshot());
      }
    }
    List<Kept> chosen = new ArrayList<>();
    int bytes = 0;
    for (int i = 0; i < RecentInputs.KEPT; i++) {
      for (Map.Entry<String, List<byte[]>> inputs : byHook.entrySet()) {
        if (i < inputs.getValue().size()) {
          Kept next = new Kept(inputs.getKey(), inputs.getValue().get(i));
          int size = next.hook.length() + next.payload.length;
          if (chosen.size() < MAX_INPUTS && bytes + size <= MAX_BYTES) {
            chosen.add(next);
            bytes += size;
          }
        }
      }
    }
    return chosen;
  }

  private boolean hasKey() {
    if (!shared || vault.isKeyCommon()) {
      return true;
    }
    if (!toldNoKey) {
      toldNoKey = true;
      log.info(
          "recent inputs are not kept for the next start: hosts on one database need a common"
              + " master key for that, in GONEXT_MASTER_KEY or --master-key-file");
    }
    return false;
  }

  private List<Kept> stored(String plugin) {
    Optional<byte[]> sealed = store.read(plugin);
    if (sealed.isEmpty()) {
      return List.of();
    }
    try {
      Optional<byte[]> text = vault.unseal(sealed.get(), purpose(plugin));
      if (text.isPresent()) {
        return decode(text.get());
      }
      log.info("the kept inputs of {} were encrypted with another master key: not used", plugin);
    } catch (IOException e) {
      log.info("the kept inputs of {} are of another version of the host: not used", plugin);
    }
    return List.of();
  }

  private static String purpose(String plugin) {
    return "recent inputs of " + plugin;
  }

  private static byte[] encode(List<Kept> inputs) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (DataOutputStream out = new DataOutputStream(bytes)) {
      out.writeByte(FORMAT);
      out.writeInt(inputs.size());
      for (Kept input : inputs) {
        byte[] hook = input.hook.getBytes(StandardCharsets.UTF_8);
        out.writeInt(hook.length);
        out.write(hook);
        out.writeInt(input.payload.length);
        out.write(input.payload);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e); // a byte array takes all
    }
    return bytes.toByteArray();
  }

  private static List<Kept> decode(byte[] text) throws IOException {
    try (DataInputStream in = new DataInputStream(new ByteArrayInputStream(text))) {
      if (in.readByte() != FORMAT) {
        throw new IOException("another format");
      }
      int count = in.readInt();
      List<Kept> inputs = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        inputs.add(new Kept(new String(bytes(in), StandardCharsets.UTF_8), bytes(in)));
      }
      return inputs;
    }
  }

  private static byte[] bytes(DataInputStream in) throws IOException {
    int length = in.readInt();
    if (length < 0 || length > in.available()) {
      throw new IOException("cut off");
    }
    return in.readNBytes(length);
  }

  /** Inputs are a convenience: a store that fails is logged once, until it works again. */
  private <R> R attempt(Supplier<R> work, R otherwise) {
    try {
      R result = work.get();
      failing = false;
      return result;
    } catch (StoreException e) {
      if (!failing) {
        failing = true;
        log.warn("recent inputs can be neither kept nor read now: {}", e.getMessage());
      }
      return otherwise;
    }
  }
}
