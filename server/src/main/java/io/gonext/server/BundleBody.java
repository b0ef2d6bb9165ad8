package io.gonext.server;

import io.gonext.host.Delivery;
import io.gonext.host.manifest.Bundle;
import io.gonext.host.trust.BundleSignature;
import io.javalin.http.Context;
import io.javalin.http.HttpStatus;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collections;
import java.util.List;

/** A bundle in the body of a request, and its signatures in the headers. */
final class BundleBody {
  /** Holds the file of a signature in base64; once for each signature. */
  static final String SIGNATURE = "Gonext-Signature";

  private BundleBody() {}

  /** Reads a bundle. The headers come first, so that a malformed signature costs no body. */
  static Delivery read(Context ctx) throws IOException {
    signatures(ctx);
    return Delivery.of(RequestBody.bytes(ctx, Bundle.MAX_BYTES));
  }

  /** A bundle with the signatures in the headers; without any, the bundle as it is. */
  static Delivery signed(Context ctx, Delivery bundle) {
    List<BundleSignature> signatures = signatures(ctx);
    return signatures.isEmpty() ? bundle : bundle.withSignatures(signatures);
  }

  private static List<BundleSignature> signatures(Context ctx) {
    List<BundleSignature> signatures = new ArrayList<>();
    for (String value : Collections.list(ctx.req().getHeaders(SIGNATURE))) {
      signatures.add(BundleSignature.parse(decoded(value)));
    }
    return signatures;
  }

  private static byte[] decoded(String value) {
    try {
      return Base64.getDecoder().decode(value.strip());
    } catch (IllegalArgumentException e) {
      throw new Problem(
          HttpStatus.BAD_REQUEST,
          "the header " + SIGNATURE + " must hold the file of a signature in base64");
    }
  }
}
