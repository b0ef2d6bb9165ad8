package io.gonext.host.internal.service.secrets;

import io.gonext.host.MasterKey;
import java.nio.charset.StandardCharsets;
import javax.crypto.AEADBadTagException;

/** Encrypts the data keys of plugins with a master key. */
record KeyWrap(MasterKey master) {
  private static final String CHECK = "gonext master key check v1";

  byte[] wrap(String plugin, byte[] dataKey) {
    return Aead.encrypt(master.secretKey(), dataKey, "data key of " + plugin);
  }

  byte[] unwrap(String plugin, byte[] wrapped) throws AEADBadTagException {
    return Aead.decrypt(master.secretKey(), wrapped, "data key of " + plugin);
  }

  /** A known text, encrypted: only someone with the same master key can decrypt it. */
  byte[] check() {
    return Aead.encrypt(master.secretKey(), CHECK.getBytes(StandardCharsets.UTF_8), CHECK);
  }

  /** Whether this master key made a check. */
  boolean made(byte[] check) {
    try {
      Aead.decrypt(master.secretKey(), check, CHECK);
      return true;
    } catch (AEADBadTagException e) {
      return false;
    }
  }
}
