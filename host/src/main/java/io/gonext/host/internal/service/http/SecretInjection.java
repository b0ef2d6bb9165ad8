package io.gonext.host.internal.service.http;

import io.gonext.host.internal.service.CapabilityGate;
import io.gonext.host.internal.service.PluginScope;
import io.gonext.host.manifest.AllowedOrigins;
import io.gonext.host.manifest.FetchUrl;
import io.gonext.host.manifest.Manifest;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import org.eclipse.jetty.http.HttpField;
import org.eclipse.jetty.http.HttpFields;

/**
 * The secrets of one call of {@code gn_http_fetch}. It puts their values into requests to the
 * origins that the manifest names beside them, and masks the values in everything that goes back to
 * the guest.
 *
 * <p>Owned by the thread of the call.
 */
final class SecretInjection {
  private final PluginScope scope;
  private final CapabilityGate gate;
  private final SecretValues values;

  /** The secrets that were put into a request so far, by name. */
  private final Map<String, SecretText> used = new LinkedHashMap<>();

  SecretInjection(PluginScope scope, CapabilityGate gate, SecretValues values) {
    this.scope = scope;
    this.gate = gate;
    this.values = values;
  }

  /**
   * The request with the values of the secrets that it names.
   *
   * @throws FetchException if one of them must not go there, has no value, or does not fit
   */
  FetchRequest fill(FetchRequest request) throws FetchException {
    Set<String> names = request.secrets();
    if (names.isEmpty()) {
      return request;
    }
    if (!gate.admits()) {
      throw new FetchException(
          FetchOutcome.SECRET_DENIED,
          "the plugin does not have the capability " + Manifest.SECRETS);
    }
    for (String name : names) {
      requireNamed(declared(name), request.url());
      if (!used.containsKey(name)) {
        used.put(name, read(name));
      }
    }
    for (FetchRequest.Header header : request.headers()) {
      for (String name : SecretTemplate.names(header.value())) {
        if (!text(name).fitsHeader()) {
          throw new FetchException(
              FetchOutcome.SECRET_UNUSABLE,
              "the value of the secret "
                  + name
                  + " has a line break or another character that a header cannot carry: set it"
                  + " again without it");
        }
      }
    }
    try {
      return request.filled(name -> text(name).raw(), name -> text(name).inUrl());
    } catch (IllegalArgumentException e) {
      throw new FetchException(
          FetchOutcome.SECRET_UNUSABLE,
          "with " + String.join(" and ", names) + ": " + mask(String.valueOf(e.getMessage())));
    }
  }

  /**
   * Checks that a redirect does not carry a secret to an origin that the manifest does not name
   * beside it.
   */
  void requireCarried(FetchUrl from, String location, FetchUrl target) throws FetchException {
    for (Map.Entry<String, SecretText> secret : used.entrySet()) {
      boolean carries =
          secret.getValue().isIn(location) || secret.getValue().isIn(target.uri().toString());
      if (carries && declared(secret.getKey()).hosts().find(target).isEmpty()) {
        scope.audit().fetchBlocked("secret", from.origin(), true);
        throw new FetchException(
            FetchOutcome.SECRET_BLOCKED,
            "%s redirects with the secret %s in the URL to an origin that is not among its hosts"
                .formatted(from.origin(), secret.getKey()));
      }
    }
  }

  private Manifest.Secret declared(String name) throws FetchException {
    return scope.manifest().secrets().stream()
        .filter(secret -> secret.name().equals(name))
        .findFirst()
        .orElseThrow(() ->
            new FetchException(
                FetchOutcome.SECRET_DENIED,
                "the manifest does not name the secret " + name + " in secrets.keys"));
  }

  private void requireNamed(Manifest.Secret secret, FetchUrl url) throws FetchException {
    AllowedOrigins hosts = secret.hosts();
    if (hosts.find(url).isPresent()) {
      return;
    }
    scope.audit().fetchBlocked("secret", url.origin(), true);
    throw new FetchException(
        FetchOutcome.SECRET_BLOCKED,
        "%s is not among the hosts of the secret %s; add \"%s\" to its hosts in secrets.keys"
            .formatted(url.host(), secret.name(), url.origin()));
  }

  private SecretText read(String name) throws FetchException {
    String plugin = scope.manifest().name();
    byte[] value =
        values
            .value(plugin, name)
            .orElseThrow(() ->
                new FetchException(
                    FetchOutcome.SECRET_MISSING,
                    "the secret %s has no value: set it with gonext secret set %s %s"
                        .formatted(name, plugin, name)));
    try {
      return new SecretText(
          StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(value)).toString());
    } catch (CharacterCodingException e) {
      throw new FetchException(
          FetchOutcome.SECRET_UNUSABLE, "the value of the secret " + name + " is not UTF-8 text");
    } finally {
      Arrays.fill(value, (byte) 0);
    }
  }

  private SecretText text(String name) {
    SecretText text = used.get(name);
    if (text == null) {
      throw new IllegalStateException("not read: " + name);
    }
    return text;
  }

  /** The text without values of secrets, in upper or lower case. */
  String mask(String text) {
    String masked = text;
    for (String form : forms()) {
      masked =
          Pattern.compile(form, Pattern.LITERAL | Pattern.CASE_INSENSITIVE)
              .matcher(masked)
              .replaceAll("*".repeat(form.length()));
    }
    return masked;
  }

  /** The answer without values of secrets, which a server may send back. */
  FetchClient.Answer mask(FetchClient.Answer answer) {
    if (used.isEmpty()) {
      return answer;
    }
    HttpFields.Mutable headers = HttpFields.build();
    for (HttpField field : answer.headers()) {
      String value = field.getValue();
      headers.add(new HttpField(field.getName(), value == null ? "" : mask(value)));
    }
    for (String form : forms()) {
      SecretText.mask(answer.body(), form.getBytes(StandardCharsets.UTF_8));
    }
    return new FetchClient.Answer(answer.status(), headers, answer.body());
  }

  /** Longer ones first, because a form may be a part of another one. */
  private List<String> forms() {
    Set<String> forms = new LinkedHashSet<>();
    used.values().forEach(secret -> forms.addAll(secret.forms()));
    List<String> sorted = new ArrayList<>(forms);
    sorted.sort((one, other) -> Integer.compare(other.length(), one.length()));
    return sorted;
  }
}
