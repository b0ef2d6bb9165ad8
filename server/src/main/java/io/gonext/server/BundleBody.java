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

  /** The signatures in the headers, which come first: a malformed one costs no body. */
  static List<BundleSignature> signatures(Context ctx) {
    List<BundleSignature> signatures = new ArrayList<>();
    for (String value : Collections.list(ctx.req().getHeaders(SIGNATURE))) {
      signatures.add(BundleSignature.parse(decoded(value)));
    }
    return signatures;
  }

  static Delivery read(Context ctx) throws IOException {
    return Delivery.of(RequestBody.bytes(ctx, Bundle.MAX_BYTES));
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
