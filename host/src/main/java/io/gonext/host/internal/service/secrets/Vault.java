package io.gonext.host.internal.service.secrets;

import io.gonext.host.StoreException;
import io.gonext.host.UnknownPluginException;
import io.gonext.host.internal.store.SecretStore;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import java.util.stream.Stream;
import javax.crypto.AEADBadTagException;
import javax.crypto.SecretKey;
import org.jspecify.annotations.Nullable;

/**
 * The secrets of all plugins. What is kept in memory is encrypted, too: a value is decrypted for
 * one call, into bytes that its user clears.
 *
 * <p>Thread-safe.
 */
public final class Vault {
  /** Most bytes of a secret: a private key with its certificates fits. */
  public static final int MAX_BYTES = 64 * 1024;

  private static final String OTHER_KEY =
      "the secrets of this database are encrypted with another master key: start this host with"
          + " that key in GONEXT_MASTER_KEY or in the file that --master-key-file names";

  private final SecretStore store;

  /** Not asked before there is a secret. */
  private final MasterKeys keys;

  /** Of the plugins that were asked for. */
  private final Map<String, Opened> opened = new ConcurrentHashMap<>();

  /** A plugin's data key, null before the first secret, and its encrypted secrets. */
  private record Opened(@Nullable SecretKey dataKey, Map<String, byte[]> contents) {}

  private Vault(SecretStore store, MasterKeys keys) {
    this.store = store;
    this.keys = keys;
  }

  /**
   * Opens the secrets of a database. Finishes a rotation of the master key that was interrupted.
   *
   * @param keys not asked before there is a secret
   * @throws StoreException when they are encrypted with another master key, or the store cannot be
   *     read
   */
  public static Vault open(SecretStore store, MasterKeys keys) {
    Vault vault = new Vault(store, keys);
    Optional<byte[]> check = store.masterKeyCheck();
    if (check.isPresent()
        && !new KeyWrap(keys.current()).made(check.get())
        && keys.next().map(KeyWrap::new).filter(next -> next.made(check.get())).isPresent()) {
      keys.promoteNext();
    }
    check.ifPresent(vault::madeBy);
    return vault;
  }

  /** The keys of this host, the one in use first unless a rotation was interrupted. */
  private List<KeyWrap> wraps() {
    return Stream.concat(Stream.of(keys.current()), keys.next().stream())
        .map(KeyWrap::new)
        .toList();
  }

  /** The key that made a check. */
  private KeyWrap madeBy(byte[] check) {
    return wraps().stream()
        .filter(wrap -> wrap.made(check))
        .findFirst()
        .orElseThrow(() -> new StoreException(OTHER_KEY, null));
  }

  /**
   * Sets a secret, for calls that begin from now on.
   *
   * @param value from 1 to {@link #MAX_BYTES} bytes; the caller clears it
   * @throws IllegalArgumentException if the value is empty or too long
   * @throws UnknownPluginException if the plugin is not installed
   * @throws StoreException when the store fails
   */
  public void set(String plugin, String name, byte[] value) {
    requireLength(value);
    KeyWrap wrap =
        store.masterKeyCheck().map(this::madeBy).orElseGet(() -> new KeyWrap(keys.current()));
    byte[] fresh = wrap.wrap(plugin, Aead.randomKey());
    boolean stored =
        store.set(
            plugin,
            name,
            fresh,
            wrapped -> Aead.encrypt(dataKey(plugin, wrapped), value, purpose(plugin, name)),
            wrap.check(),
            wrap::made);
    if (!stored) {
      throw new UnknownPluginException(plugin);
    }
    refresh(plugin);
  }

  /**
   * Refuses a value that is too short or too long.
   *
   * @throws IllegalArgumentException if it is empty, or longer than {@link #MAX_BYTES}
   */
  public static void requireLength(byte[] value) {
    if (value.length == 0 || value.length > MAX_BYTES) {
      throw new IllegalArgumentException("a secret has from 1 to " + MAX_BYTES + " bytes");
    }
  }

  /**
   * Whether a secret has this value.
   *
   * @throws StoreException when the store cannot be read, or what it holds was changed
   */
  public boolean holds(String plugin, String name, byte[] value) {
    Optional<byte[]> present = value(plugin, name);
    boolean same = present.filter(now -> MessageDigest.isEqual(now, value)).isPresent();
    present.ifPresent(now -> Arrays.fill(now, (byte) 0));
    return same;
  }

  /**
   * Deletes a secret.
   *
   * @return false if there was none
   * @throws StoreException when the store fails
   */
  public boolean delete(String plugin, String name) {
    boolean deleted = store.delete(plugin, name);
    refresh(plugin);
    return deleted;
  }

  /** When each secret of a plugin was last set, by name. */
  public Map<String, Instant> setAt(String plugin) {
    return store.setAt(plugin);
  }

  /** The names of the secrets that a plugin has. */
  public Set<String> names(String plugin) {
    return Set.copyOf(opened(plugin).contents.keySet());
  }

  /**
   * The value of a secret, which its user clears after the call; empty if there is none.
   *
   * @throws StoreException when the store cannot be read, or what it holds was changed
   */
  public Optional<byte[]> value(String plugin, String name) {
    return value(opened(plugin), plugin, name);
  }

  /**
   * The values that the secrets of a plugin have now, for whoever may need them later. They are
   * decrypted when they are asked for, which reads nothing from the store.
   *
   * @return its {@code get} throws {@link StoreException} when what the store holds was changed
   * @throws StoreException when the store cannot be read
   */
  public Supplier<List<byte[]>> valuesAsOfNow(String plugin) {
    Opened secrets = opened(plugin);
    return secrets.contents.isEmpty()
        ? List::of
        : () ->
            secrets.contents.keySet().stream()
                .flatMap(name -> value(secrets, plugin, name).stream())
                .toList();
  }

  private static Optional<byte[]> value(Opened secrets, String plugin, String name) {
    byte[] content = secrets.contents.get(name);
    if (content == null || secrets.dataKey == null) {
      return Optional.empty();
    }
    try {
      return Optional.of(Aead.decrypt(secrets.dataKey, content, purpose(plugin, name)));
    } catch (AEADBadTagException e) {
      throw damaged(plugin, e);
    }
  }

  /**
   * Reads the secrets of a plugin again, since another host may have changed them.
   *
   * @throws StoreException when the store cannot be read
   */
  public void refresh(String plugin) {
    // What is not there is read by whoever asks next.
    opened.remove(plugin);
  }

  /**
   * Wraps the data keys of all plugins with the next master key, all or none. A rotation that was
   * interrupted may be started again. Other hosts of the database need the next key, too.
   *
   * @return the plugins that have secrets, sorted
   * @throws io.gonext.host.ConflictException if there is no next key
   * @throws StoreException when the store fails; nothing is changed then
   */
  public synchronized List<String> rotate() {
    KeyWrap wrap = new KeyWrap(keys.prepareNext());
    List<String> plugins =
        store.rewrap(
            (name, wrapped) -> {
              String plugin = new String(name, StandardCharsets.UTF_8);
              byte[] dataKey = unwrapped(plugin, wrapped);
              byte[] rewrapped = wrap.wrap(plugin, dataKey);
              Arrays.fill(dataKey, (byte) 0);
              return rewrapped;
            },
            wrap.check());
    keys.promoteNext();
    return plugins;
  }

  /**
   * Encrypts something that is not a secret with the master key in use.
   *
   * @param purpose what the text is for; it cannot be decrypted for another purpose
   * @throws StoreException when the store cannot be read
   */
  public byte[] seal(byte[] text, String purpose) {
    KeyWrap wrap =
        store.masterKeyCheck().map(this::madeBy).orElseGet(() -> new KeyWrap(keys.current()));
    return Aead.encrypt(wrap.master().secretKey(), text, purpose);
  }

  /** Decrypts what was sealed; empty if that was done with another key or for another purpose. */
  public Optional<byte[]> unseal(byte[] sealed, String purpose) {
    for (KeyWrap wrap : wraps()) {
      try {
        return Optional.of(Aead.decrypt(wrap.master().secretKey(), sealed, purpose));
      } catch (AEADBadTagException e) {
        // Another one of this host's keys may have sealed it.
      }
    }
    return Optional.empty();
  }

  /**
   * Whether all hosts of the database have the master key of this one: an operator gave it, or
   * there is a secret, which a host with another key refuses to open.
   *
   * @throws StoreException when the store cannot be read
   */
  public boolean isKeyCommon() {
    return keys instanceof MasterKeys.Given || store.masterKeyCheck().isPresent();
  }

  private Opened opened(String plugin) {
    return opened.computeIfAbsent(
        plugin,
        name -> {
          SecretStore.Sealed sealed = store.read(name);
          byte[] wrapped = sealed.dataKey();
          return new Opened(wrapped == null ? null : dataKey(name, wrapped), sealed.contents());
        });
  }

  private SecretKey dataKey(String plugin, byte[] wrapped) {
    byte[] bytes = unwrapped(plugin, wrapped);
    SecretKey key = Aead.key(bytes);
    Arrays.fill(bytes, (byte) 0);
    return key;
  }

  private byte[] unwrapped(String plugin, byte[] wrapped) {
    for (KeyWrap wrap : wraps()) {
      try {
        return wrap.unwrap(plugin, wrapped);
      } catch (AEADBadTagException e) {
        // Another one of this host's keys may have wrapped it.
      }
    }
    throw new StoreException(OTHER_KEY, null);
  }

  private static StoreException damaged(String plugin, AEADBadTagException e) {
    return new StoreException(
        "a stored secret of " + plugin + " was changed outside of the host: set it again", e);
  }

  private static String purpose(String plugin, String name) {
    return "secret " + plugin + "/" + name;
  }
}
