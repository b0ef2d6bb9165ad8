package io.gonext.host.trust;

import java.util.Base64;
import java.util.HexFormat;

/** Keys of tests, which protect nothing. */
final class TestKeys {
  private static final String SEED =
      "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
  private static final String PKCS8_HEAD = "302e020100300506032b657004220420";

  /** Of the bytes 0 to 31, as many examples have it. */
  static final SigningKey KEY = SigningKey.parse(pem(KeyText.PRIVATE, PKCS8_HEAD + SEED));

  static final SigningKey OTHER =
      SigningKey.parse(pem(KeyText.PRIVATE, PKCS8_HEAD + SEED.replace("00", "ff")));

  /** {@link #KEY} in the encoding with the public key (RFC 8410, section 7). */
  static final String PKCS8_2 =
      pem(
          KeyText.PRIVATE,
          "3051020101300506032b657004220420"
              + SEED
              + "812100"
              + HexFormat.of().formatHex(KEY.publicKey().raw()));

  /** A key that openssl has encrypted with the passphrase {@code gonext}. */
  static final String ENCRYPTED =
      base64(
          KeyText.ENCRYPTED,
          "MIGbMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAir1YqtuX3eaQICCAAw"
              + "DAYIKoZIhvcNAgkFADAdBglghkgBZQMEASoEEDBK/KKag3nnEvDoBUSeDrQEQIhN"
              + "DXyowrIbG3tD44SGVCLXlyyfosdgLNG2zxGSDNmsu0wcHv8Yq2JKt/TKfNMkT9E+"
              + "QHCf1akMa94qgLE1GL4=");

  static final String RSA_PUBLIC =
      base64(
          KeyText.PUBLIC,
          "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDNKdQzOtFNOoPclNuMFd6DJn+/"
              + "xXv+YZgbDrHDIQs4X8PhksfmGQwBmoVyy1JcdkIMIpRCGEl0JH6MHM3gfFYEiiib"
              + "t6dOeBKq9rRVJFTdTeWRsQ9fMqDK/lc5ikaPOGvcZjFB6R2mEqkqHfmYo6ObYjB6"
              + "kJS1Tpt2joXFciTFlQIDAQAB");

  private TestKeys() {}

  static String pem(String label, String hex) {
    return KeyText.write(label, HexFormat.of().parseHex(hex));
  }

  /** A public key in PEM, of these 32 bytes. */
  static String publicPem(String raw) {
    return pem(KeyText.PUBLIC, "302a300506032b6570032100" + raw);
  }

  private static String base64(String label, String text) {
    return KeyText.write(label, Base64.getDecoder().decode(text));
  }
}
