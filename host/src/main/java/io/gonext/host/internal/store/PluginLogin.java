package io.gonext.host.internal.store;

import java.security.SecureRandom;
import java.util.HexFormat;

/**
 * A plugin's own schema, and the database user that owns it. All three are safe to write into SQL
 * as they are: lower-case letters, digits and underscores.
 */
record PluginLogin(String schema, String user, String password) {
  private static final int PASSWORD_BYTES = 24;

  /** Roles of PostgreSQL are for all databases of a server, so the user has a random part. */
  private static final int SUFFIX_BYTES = 4;

  /** Of a plugin that has no schema yet. */
  static PluginLogin of(String plugin, SecureRandom random) {
    String schema = schemaOf(plugin);
    return new PluginLogin(
        schema, schema + "_" + hex(random, SUFFIX_BYTES), hex(random, PASSWORD_BYTES));
  }

  /** A plugin's name has no underscore, so two plugins never have the same schema. */
  static String schemaOf(String plugin) {
    return "plg_" + plugin.replace('-', '_');
  }

  /** On H2, the user that may only read. */
  String reader() {
    return user + "_r";
  }

  private static String hex(SecureRandom random, int length) {
    byte[] bytes = new byte[length];
    random.nextBytes(bytes);
    return HexFormat.of().formatHex(bytes);
  }

  @Override
  public String toString() {
    return user;
  }
}
