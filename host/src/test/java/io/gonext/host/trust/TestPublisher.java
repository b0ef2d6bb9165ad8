package io.gonext.host.trust;

import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.Signature;
import java.util.Base64;

/** Someone who signs bundles: a name, and a key made for the test. */
public record TestPublisher(String name, KeyPair pair) {
  public static TestPublisher of(String name) {
    try {
      return new TestPublisher(name, KeyPairGenerator.getInstance("Ed25519").generateKeyPair());
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  /** The 64 bytes of a signature file. */
  public byte[] file(byte[] message) {
    try {
      Signature signer = Signature.getInstance("Ed25519");
      signer.initSign(pair.getPrivate());
      signer.update(message);
      return signer.sign();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  public BundleSignature sign(byte[] message) {
    return BundleSignature.parse(file(message));
  }

  public String pem() {
    return "-----BEGIN PUBLIC KEY-----\n"
        + Base64.getEncoder().encodeToString(pair.getPublic().getEncoded())
        + "\n-----END PUBLIC KEY-----\n";
  }

  public String keyId() {
    return VerificationKey.parse(pem()).id();
  }

  /** The entry of a key in a policy. */
  public String key(String more) {
    return "{\"key\": \"" + pem().replace("\n", "\\n") + "\"" + more + "}";
  }

  /** The entry of this publisher in a policy. */
  public String entry(String more) {
    return "{\"name\": \"" + name + "\", \"keys\": [" + key(more) + "]}";
  }
}
