package io.gonext.host.trust;

import io.gonext.host.UntrustedException;
import java.io.IOException;
import java.security.AlgorithmParameters;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.SecureRandom;
import java.security.Signature;
import java.security.spec.NamedParameterSpec;
import java.util.Arrays;
import java.util.HexFormat;
import javax.crypto.BadPaddingException;
import javax.crypto.Cipher;
import javax.crypto.EncryptedPrivateKeyInfo;
import javax.crypto.SecretKey;
import javax.crypto.SecretKeyFactory;
import javax.crypto.spec.PBEKeySpec;
import javax.crypto.spec.PBEParameterSpec;

/** A publisher's Ed25519 private key. Immutable. */
public final class SigningKey {
  /** The PKCS #8 encoding of a key before its 32 bytes (RFC 8410, section 7). */
  private static final byte[] PKCS8_HEAD =
      HexFormat.of().parseHex("302e020100300506032b657004220420");

  /** The same of the encoding that holds the public key too. */
  private static final byte[] PKCS8_HEAD_2 =
      HexFormat.of().parseHex("3051020101300506032b657004220420");

  private static final byte[] PKCS8_MIDDLE_2 = HexFormat.of().parseHex("812100");

  private static final String CIPHER = "PBEWithHmacSHA256AndAES_256";

  /** OWASP's Password Storage Cheat Sheet (2023) for PBKDF2 with HMAC-SHA-256. */
  private static final int ITERATIONS = 600_000;

  /** A file that takes longer to decrypt is not a key. A minute of one core. */
  private static final int MAX_ITERATIONS = 50_000_000;

  private static final int SALT_BYTES = 16;

  private final byte[] seed;
  private final PrivateKey key;
  private final VerificationKey publicKey;

  private SigningKey(byte[] seed) {
    this.seed = seed;
    try {
      KeyPair pair = pair(new Given(seed));
      this.key = pair.getPrivate();
      if (!Arrays.equals(key.getEncoded(), pkcs8())) {
        throw new IllegalStateException("the JDK has made another key than the given one");
      }
      this.publicKey = VerificationKey.ofX509(pair.getPublic().getEncoded());
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  private static KeyPair pair(SecureRandom random) throws GeneralSecurityException {
    KeyPairGenerator generator = KeyPairGenerator.getInstance("Ed25519");
    generator.initialize(NamedParameterSpec.ED25519, random);
    return generator.generateKeyPair();
  }

  /** Makes a key. */
  public static SigningKey generate(SecureRandom random) {
    byte[] seed = new byte[Ed25519.KEY_BYTES];
    random.nextBytes(seed);
    return new SigningKey(seed);
  }

  /** Whether {@link #parse(String, char[])} needs the passphrase of a text. */
  public static boolean isEncrypted(String text) {
    return text.contains("-----BEGIN " + KeyText.ENCRYPTED + "-----");
  }

  /**
   * Reads a private key in PEM (PKCS #8) that is not encrypted.
   *
   * @throws UntrustedException when the text is anything else; {@code docs/trust.md} has the codes
   */
  public static SigningKey parse(String text) {
    return parse(text, new char[0]);
  }

  /**
   * Reads a private key in PEM (PKCS #8), as {@code gonext plugin keygen} and {@code openssl
   * genpkey -algorithm ed25519} write it.
   *
   * @param passphrase of the key, which is not changed; ignored if the key is not encrypted
   * @throws UntrustedException when the text is anything else, or the passphrase is not the key's;
   *     {@code docs/trust.md} has the codes
   */
  public static SigningKey parse(String text, char[] passphrase) {
    String stripped = KeyText.stripped(text);
    if (!KeyText.isPem(stripped)) {
      throw MinisignKey.isSecret(stripped)
          ? new UntrustedException(
              "key_other_format",
              "this is a secret key of minisign: sign with minisign -S, whose signatures hosts"
                  + " accept")
          : KeyText.malformed("it is not PEM");
    }
    KeyText pem = KeyText.read(stripped);
    requirePrivate(pem.label());
    byte[] encoded = pem.encoded();
    return ofPkcs8(pem.label().equals(KeyText.PRIVATE) ? encoded : decrypted(encoded, passphrase));
  }

  private static void requirePrivate(String label) {
    if (label.equals(KeyText.PRIVATE) || label.equals(KeyText.ENCRYPTED)) {
      return;
    }
    if (label.endsWith(KeyText.PUBLIC)) {
      throw new UntrustedException(
          "key_public", "this is a public key: a signature needs the private key");
    }
    throw switch (label) {
      case "RSA PRIVATE KEY" -> KeyText.otherKind("RSA");
      case "EC PRIVATE KEY" -> KeyText.otherKind("EC");
      case "DSA PRIVATE KEY" -> KeyText.otherKind("DSA");
      case "OPENSSH PRIVATE KEY" -> KeyText.otherFormat("a key of OpenSSH");
      case "CERTIFICATE" -> KeyText.otherFormat("a certificate");
      default -> KeyText.malformed("its first line is not -----BEGIN PRIVATE KEY-----");
    };
  }

  private static SigningKey ofPkcs8(byte[] encoded) {
    KeyText.requireEd25519(encoded);
    int head = PKCS8_HEAD.length;
    int end = head + Ed25519.KEY_BYTES;
    if (encoded.length == end && startsWith(encoded, PKCS8_HEAD)) {
      return new SigningKey(Arrays.copyOfRange(encoded, head, end));
    }
    int middle = end + PKCS8_MIDDLE_2.length;
    if (encoded.length == middle + Ed25519.KEY_BYTES
        && startsWith(encoded, PKCS8_HEAD_2)
        && Arrays.equals(PKCS8_MIDDLE_2, Arrays.copyOfRange(encoded, end, middle))) {
      SigningKey key = new SigningKey(Arrays.copyOfRange(encoded, head, end));
      if (Arrays.equals(key.publicKey.raw(), Arrays.copyOfRange(encoded, middle, encoded.length))) {
        return key;
      }
      throw KeyText.malformed("the public key in it is another key's");
    }
    throw KeyText.malformed("its bytes are not the encoding of an Ed25519 key");
  }

  private static boolean startsWith(byte[] bytes, byte[] head) {
    return bytes.length > head.length && Arrays.equals(head, Arrays.copyOf(bytes, head.length));
  }

  private static byte[] decrypted(byte[] encoded, char[] passphrase) {
    if (passphrase.length == 0) {
      throw new UntrustedException(
          "passphrase_missing", "the private key is encrypted: give its passphrase");
    }
    try {
      var encrypted = new EncryptedPrivateKeyInfo(encoded);
      AlgorithmParameters parameters = encrypted.getAlgParameters();
      if (parameters == null) {
        throw unknownCipher();
      }
      PBEParameterSpec spec = parameters.getParameterSpec(PBEParameterSpec.class);
      if (spec.getIterationCount() > MAX_ITERATIONS) {
        throw unknownCipher();
      }
      Cipher cipher = Cipher.getInstance(parameters.toString());
      cipher.init(Cipher.DECRYPT_MODE, secret(parameters.toString(), passphrase), parameters);
      return cipher.doFinal(encrypted.getEncryptedData());
    } catch (BadPaddingException e) {
      throw new UntrustedException(
          "passphrase_wrong", "the passphrase is not that of the private key");
    } catch (IOException e) {
      throw KeyText.malformed("its bytes are not the encoding of an encrypted key");
    } catch (GeneralSecurityException e) {
      throw unknownCipher();
    }
  }

  private static UntrustedException unknownCipher() {
    return new UntrustedException(
        "key_other_format",
        "the private key is encrypted in a way that is not supported: convert it with openssl pkcs8"
            + " -topk8 -v2 aes-256-cbc -v2prf hmacWithSHA256 -in KEY -out NEW");
  }

  private static SecretKey secret(String algorithm, char[] passphrase)
      throws GeneralSecurityException {
    PBEKeySpec spec = new PBEKeySpec(passphrase);
    try {
      return SecretKeyFactory.getInstance(algorithm).generateSecret(spec);
    } finally {
      spec.clearPassword();
    }
  }

  /** The key in PEM, readable by everybody who can read the file. */
  public String pem() {
    return KeyText.write(KeyText.PRIVATE, pkcs8());
  }

  /**
   * The key in PEM, encrypted with AES-256 under a key from the passphrase (PBES2, PBKDF2 with
   * HMAC-SHA-256 and 600,000 iterations), as {@code openssl pkey -in} reads it.
   *
   * @param passphrase of one or more characters, which is not changed
   * @param random makes the salt and the initialization vector
   */
  public String pem(char[] passphrase, SecureRandom random) {
    if (passphrase.length == 0) {
      throw new IllegalArgumentException("the passphrase is empty");
    }
    byte[] salt = new byte[SALT_BYTES];
    random.nextBytes(salt);
    try {
      Cipher cipher = Cipher.getInstance(CIPHER);
      cipher.init(
          Cipher.ENCRYPT_MODE,
          secret(CIPHER, passphrase),
          new PBEParameterSpec(salt, ITERATIONS),
          random);
      byte[] encrypted = cipher.doFinal(pkcs8());
      // Of the same bytes, but under the name that has an object identifier.
      AlgorithmParameters parameters = AlgorithmParameters.getInstance("PBES2");
      parameters.init(cipher.getParameters().getEncoded());
      return KeyText.write(
          KeyText.ENCRYPTED, new EncryptedPrivateKeyInfo(parameters, encrypted).getEncoded());
    } catch (GeneralSecurityException | IOException e) {
      throw new IllegalStateException(e);
    }
  }

  private byte[] pkcs8() {
    byte[] encoded = Arrays.copyOf(PKCS8_HEAD, PKCS8_HEAD.length + seed.length);
    System.arraycopy(seed, 0, encoded, PKCS8_HEAD.length, seed.length);
    return encoded;
  }

  /** The key that checks this key's signatures. */
  public VerificationKey publicKey() {
    return publicKey;
  }

  /** Signs the bytes of a bundle. The same bytes have the same signature. */
  public BundleSignature sign(byte[] bundle) {
    return BundleSignature.of(signature(bundle));
  }

  /**
   * Signs the bytes of a bundle as {@code minisign -S} does.
   *
   * @param trustedComment one line that {@code minisign -V} shows, at most 1,024 characters
   */
  public BundleSignature signMinisign(byte[] bundle, String trustedComment) {
    return BundleSignature.of(MinisignText.sign(this, bundle, trustedComment));
  }

  byte[] signature(byte[]... message) {
    try {
      Signature signer = Signature.getInstance("Ed25519");
      signer.initSign(key);
      for (byte[] part : message) {
        signer.update(part);
      }
      return signer.sign();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  /** The id of the public key. The private key is printed nowhere. */
  @Override
  public String toString() {
    return publicKey.id();
  }

  /** The JDK computes a public key only while it makes a key: this gives it the known one. */
  private static final class Given extends SecureRandom {
    private static final long serialVersionUID = 1L;

    private final byte[] bytes;

    Given(byte[] bytes) {
      this.bytes = bytes;
    }

    @Override
    public void nextBytes(byte[] wanted) {
      if (wanted.length != bytes.length) {
        throw new IllegalStateException("a key has " + bytes.length + " bytes");
      }
      System.arraycopy(bytes, 0, wanted, 0, bytes.length);
    }
  }
}
