package io.gonext.host.registry;

import io.gonext.host.RegistryException;
import io.gonext.host.json.InvalidJsonException;
import io.gonext.host.json.StrictJson;
import io.gonext.host.manifest.FetchUrl;
import java.io.IOException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.eclipse.jetty.http.HttpField;
import org.eclipse.jetty.http.HttpHeader;
import tools.jackson.databind.JsonNode;

/**
 * Gets what the {@code Authorization} header of a request must have: a token of the registry's
 * token server, or a login (distribution's "Token Authentication"). A token is only ever asked for
 * the repository and the actions that the operation needs, whatever the registry asks for.
 *
 * <p>Thread-safe.
 */
final class Authorizer {
  private static final int MAX_ANSWER_BYTES = 64 * 1024;

  /** More does not fit into a request's headers. */
  private static final int MAX_TOKEN = 16 * 1024;

  private static final Pattern TOKEN = Pattern.compile("[A-Za-z0-9._~+/=-]{1," + MAX_TOKEN + "}");

  private final RegistryHttp http;
  private final DockerConfig config;

  /** The headers that were accepted last, by registry and scope. */
  private final Map<String, String> known = new ConcurrentHashMap<>();

  Authorizer(RegistryHttp http, DockerConfig config) {
    this.http = http;
    this.config = config;
  }

  /** The header that was used last; empty for none. */
  String known(Endpoint at, List<String> scopes) {
    return known.getOrDefault(key(at, scopes), "");
  }

  /** Forgets a header that was refused. */
  void forget(Endpoint at, List<String> scopes) {
    known.remove(key(at, scopes));
  }

  private static String key(Endpoint at, List<String> scopes) {
    return at.base().origin() + " " + String.join(" ", scopes);
  }

  /**
   * A new header, after the registry has refused the last one.
   *
   * @param refusal whose status is 401
   * @throws RegistryException when there is no credential that the registry takes
   */
  String renewed(Endpoint at, List<String> scopes, HttpAnswer refusal, Deadline deadline)
      throws Retries.PassingException, InterruptedException {
    forget(at, scopes);
    Optional<Credential> credential = config.find(at.registry());
    List<Challenge> challenges = challenges(at, refusal);
    for (Challenge challenge : challenges) {
      String header =
          switch (challenge.scheme()) {
            case "bearer" -> bearer(at, scopes, challenge, credential, refusal, deadline);
            case "basic" -> basic(at, credential);
            default -> "";
          };
      if (!header.isEmpty()) {
        known.put(key(at, scopes), header);
        return header;
      }
    }
    throw broken(at, "asks for an authentication that is neither Bearer nor Basic");
  }

  private static List<Challenge> challenges(Endpoint at, HttpAnswer refusal) {
    String header =
        refusal.headers().getFields(HttpHeader.WWW_AUTHENTICATE).stream()
            .map(HttpField::getValue)
            .collect(Collectors.joining(", "));
    try {
      return Challenge.parse(header);
    } catch (IllegalArgumentException e) {
      throw broken(at, "has a WWW-Authenticate header that cannot be read: " + e.getMessage());
    }
  }

  private String basic(Endpoint at, Optional<Credential> credential) {
    return switch (credential.orElse(null)) {
      case Credential.Login login -> login.basic();
      case null, default -> throw needsLogin(at);
    };
  }

  private String bearer(
      Endpoint at,
      List<String> scopes,
      Challenge challenge,
      Optional<Credential> credential,
      HttpAnswer refusal,
      Deadline deadline)
      throws Retries.PassingException, InterruptedException {
    if (credential.orElse(null) instanceof Credential.Bearer given) {
      return "Bearer " + given.token();
    }
    FetchUrl realm = realm(at, challenge);
    String service = challenge.parameters().getOrDefault("service", "");
    Reach reach = refusal.reachOf(realm, at.base());
    RegistryHttp.Call call;
    String authorization = "";
    if (credential.orElse(null) instanceof Credential.Identity identity) {
      byte[] form =
          query(
                  List.of(
                      Map.entry("grant_type", "refresh_token"),
                      Map.entry("service", service),
                      Map.entry("client_id", "gonext"),
                      Map.entry("scope", String.join(" ", scopes)),
                      Map.entry("refresh_token", identity.token())))
              .getBytes(StandardCharsets.US_ASCII);
      call =
          RegistryHttp.Call.of(
              "POST", realm, "application/x-www-form-urlencoded", form, bytes -> {});
    } else {
      if (credential.orElse(null) instanceof Credential.Login login) {
        authorization = login.basic();
      }
      String query =
          query(
              Stream.concat(
                      service.isEmpty() ? Stream.of() : Stream.of(Map.entry("service", service)),
                      scopes.stream().map(scope -> Map.entry("scope", scope)))
                  .toList());
      call =
          RegistryHttp.Call.of(
              "GET",
              FetchUrl.parse(realm.uri() + (realm.uri().getRawQuery() == null ? "?" : "&") + query),
              Map.of());
    }
    // No redirect is followed: it would carry the login on.
    try (HttpAnswer answer = http.send(call, reach, authorization, deadline)) {
      return switch (answer.status()) {
        case 200 -> "Bearer " + token(at, answer);
        case 401, 403 -> throw credential.isPresent() ? notAccepted(at) : needsLogin(at);
        case 429, 500, 502, 503, 504 ->
            throw new Retries.PassingException(
                "the token server " + realm.origin() + " answered " + answer.status());
        default -> throw broken(at, "has a token server that answered " + answer.status());
      };
    }
  }

  private static FetchUrl realm(Endpoint at, Challenge challenge) {
    FetchUrl realm;
    try {
      realm = FetchUrl.parse(challenge.parameters().getOrDefault("realm", ""));
    } catch (IllegalArgumentException e) {
      throw broken(at, "names a token server that is not a URL: " + e.getMessage());
    }
    if (at.base().scheme().equals("https") && !realm.scheme().equals("https")) {
      throw broken(at, "names a token server without TLS, which would see the password");
    }
    return realm;
  }

  private static String token(Endpoint at, HttpAnswer answer) throws Retries.PassingException {
    byte[] body;
    try {
      body = answer.bytes(MAX_ANSWER_BYTES);
    } catch (IOException e) {
      throw RegistryHttp.failure(answer.url(), e);
    }
    if (body.length > MAX_ANSWER_BYTES) {
      throw broken(at, "has a token server whose answer has more than 64 KiB");
    }
    try {
      JsonNode json = StrictJson.parse(body);
      String token = json.path("token").asString(json.path("access_token").asString(""));
      if (TOKEN.matcher(token).matches()) {
        return token;
      }
      throw broken(at, "has a token server that gave no valid token");
    } catch (InvalidJsonException e) {
      throw broken(at, "has a token server whose answer is not JSON: " + e.getMessage());
    }
  }

  private static String query(List<Map.Entry<String, String>> parameters) {
    return parameters.stream()
        .map(one -> one.getKey() + "=" + URLEncoder.encode(one.getValue(), StandardCharsets.UTF_8))
        .collect(Collectors.joining("&"));
  }

  /** The registry refused a credential that it was shown. */
  static RegistryException notAccepted(Endpoint at) {
    return new RegistryException(
        RegistryException.Kind.UNAUTHORIZED,
        at.registry()
            + " does not accept the credentials for "
            + at.repository()
            + ": log in again, for example with docker login "
            + at.registry());
  }

  private static RegistryException needsLogin(Endpoint at) {
    return new RegistryException(
        RegistryException.Kind.UNAUTHORIZED,
        at.registry()
            + " asks for a login: log in with docker login, podman login or oras login "
            + at.registry()
            + ", which write Docker's config.json");
  }

  private static RegistryException broken(Endpoint at, String how) {
    return new RegistryException(RegistryException.Kind.UNAVAILABLE, at.registry() + " " + how);
  }
}
