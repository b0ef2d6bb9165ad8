package io.gonext.host.registry;

import java.nio.charset.StandardCharsets;
import java.util.Base64;

/** What a client shows to a registry. {@code toString} does not show it. */
sealed interface Credential {
  /** A name and a password. */
  record Login(String user, String password) implements Credential {
    String basic() {
      return "Basic "
          + Base64.getEncoder()
              .encodeToString((user + ":" + password).getBytes(StandardCharsets.UTF_8));
    }

    @Override
    public String toString() {
      return "a login of " + user;
    }
  }

  /** A token that a token server changes for others. */
  record Identity(String token) implements Credential {
    @Override
    public String toString() {
      return "an identity token";
    }
  }

  /** A token for the registry itself. */
  record Bearer(String token) implements Credential {
    @Override
    public String toString() {
      return "a registry token";
    }
  }
}
