package io.gonext.host.registry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gonext.guests.GuestBundle;
import io.gonext.guests.Guests;
import io.gonext.host.RegistryException;
import java.net.InetAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Base64;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Registries that are reached by an HTTP proxy. */
class RegistryProxiesTest {
  @TempDir private Path directory;

  @ParameterizedTest
  @CsvSource({
    "registry.example.com, 443, true",
    "example.org, 443, false",
    "deep.example.org, 443, false",
    "badexample.org, 443, true",
    "below.example.net, 443, false",
    "example.net, 443, true",
    "port.example.com, 5000, false",
    "port.example.com, 443, true",
    "10.1.2.3, 443, false",
    "11.1.2.3, 443, true",
    "192.0.2.7, 443, false",
    "localhost, 5000, false",
    "127.0.0.1, 5000, false",
    "[::1], 5000, false",
  })
  void no_proxy_names_hosts_domains_ports_and_ranges(String host, int port, boolean isProxied) {
    RegistryProxies proxies =
        RegistryProxies.of(
            Map.of(
                "HTTPS_PROXY",
                "http://proxy.example:3128",
                "no_proxy",
                "Example.org, .example.net,port.example.com:5000,10.0.0.0/8, 192.0.2.7,,"));
    assertThat(proxies.of("https", host, port).isPresent()).isEqualTo(isProxied);
    assertThat(proxies.of("http", host, port)).isEmpty();
  }

  @Test
  void an_option_holds_for_both_schemes_and_a_star_for_no_proxy_at_all() {
    RegistryProxies proxies =
        RegistryProxies.of("--proxy", "proxy.example", Map.of("HTTP_PROXY", "http://other"));
    assertThat(proxies.of("http", "registry.example", 80))
        .contains(URI.create("http://proxy.example"));
    assertThat(proxies.of("https", "registry.example", 443)).isPresent();
    assertThat(
            RegistryProxies.of("--proxy", "proxy.example", Map.of("NO_PROXY", "*"))
                .of("https", "registry.example", 443))
        .isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"socks5://secret@proxy:1080", "https://secret@proxy", "http://", "a b"})
  void what_is_not_an_http_proxy_is_refused_without_its_password(String url) {
    assertThatThrownBy(() -> RegistryProxies.of(Map.of("https_proxy", url)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("HTTPS_PROXY is not a proxy that can be used: give it as http://HOST:PORT")
        .hasMessageNotContaining("secret");
  }

  /** A client of a registry that only the proxy can find. */
  private OciClient client(ScriptedRegistry proxy, String login) {
    return TestClients.client(
        directory,
        new CopyOnWriteArrayList<>(),
        settings ->
            settings
                .plainHttp("registry.test")
                .proxies(
                    RegistryProxies.of("--proxy", "http://" + login + proxy.registry(), Map.of())),
        name -> {
          if (!name.equals("localhost")) {
            throw new UnknownHostException(name);
          }
          return InetAddress.getAllByName(name);
        });
  }

  @Test
  void a_proxy_gets_the_request_with_its_own_login_and_looks_up_the_name() throws Exception {
    GuestBundle bundle = GuestBundle.of("echo", Guests.wasm("echo"));
    byte[] manifest = bundle.manifest().getBytes(StandardCharsets.UTF_8);
    try (ScriptedRegistry proxy = new ScriptedRegistry();
        OciClient client = client(proxy, "me:pass@")) {
      proxy.hasPlugin(manifest, bundle.bytes());
      assertThat(
              client
                  .pull(
                      OciReference.parse("oci://registry.test/acme/echo:1"), TransferListener.NONE)
                  .bundle())
          .isEqualTo(bundle.bytes());
      assertThat(proxy.requests)
          .isNotEmpty()
          .allMatch(request -> request.startsWith("GET http://registry.test/v2/acme/echo/"))
          .noneMatch(request -> request.contains("Basic"));
      assertThat(proxy.proxyLogins)
          .isNotEmpty()
          .containsOnly(
              "Basic "
                  + Base64.getEncoder().encodeToString("me:pass".getBytes(StandardCharsets.UTF_8)));
    }
  }

  @Test
  void a_registry_behind_a_proxy_cannot_lead_to_an_address_that_is_not_public() throws Exception {
    try (ScriptedRegistry proxy = new ScriptedRegistry();
        OciClient client = client(proxy, "")) {
      proxy.on(
          ScriptedRegistry.REPOSITORY + "/manifests/1",
          exchange ->
              ScriptedRegistry.send(exchange, 307, "", "Location", "http://10.0.0.1/manifest"));
      assertThatThrownBy(() ->
              client.pull(
                  OciReference.parse("oci://registry.test/acme/echo:1"), TransferListener.NONE))
          .isInstanceOf(RegistryException.class)
          .hasMessageContaining("10.0.0.1, which is not a public address");
      assertThat(proxy.requests).hasSize(1);
    }
  }
}
