package io.gonext.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gonext.host.AddressRange;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ClientsTest {
  private final Clients clients =
      new Clients(List.of(AddressRange.of("10.0.0.0/8"), AddressRange.of("2001:db8:1::/48")));

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "for=192.0.2.43                                              | 192.0.2.43",
        "For=\"192.0.2.43:4711\"                                     | 192.0.2.43",
        "for=\"[2001:db8:cafe::17]:4711\"                            | 20010db8cafe0000/64",
        "for=192.0.2.43;proto=http;by=203.0.113.43                   | 192.0.2.43",
        "by=203.0.113.43;for=192.0.2.43                              | 192.0.2.43",
        "for=192.0.2.43, for=198.51.100.17                           | 198.51.100.17",
        "for=192.0.2.43, for=10.1.2.3                                | 192.0.2.43",
        "for=192.0.2.43, for=\"[2001:db8:1::5]\"                     | 192.0.2.43",
        "for=10.9.9.9                                                | 10.9.9.9",
        "for=unknown                                                 | 10.0.0.1",
        "for=_hidden, for=10.1.2.3                                   | 10.1.2.3",
        "for=192.0.2.43, proto=http                                  | 10.0.0.1",
        "for=\"192.0.2.43, for=192.0.2.44                            | 10.0.0.1",
        "host=\"a,for=192.0.2.1\";for=192.0.2.43                     | 192.0.2.43",
        "nonsense                                                    | 10.0.0.1",
        "for=name.example                                            | 10.0.0.1",
      })
  void a_trusted_proxy_names_the_client(String forwarded, String client) {
    assertThat(clients.of("10.0.0.1", List.of(forwarded), List.of("198.51.100.1")))
        .isEqualTo(client);
  }

  @Test
  void a_forwarded_header_of_an_untrusted_peer_is_ignored() {
    assertThat(clients.of("203.0.113.9", List.of("for=192.0.2.43"), List.of("192.0.2.44")))
        .isEqualTo("203.0.113.9");
    assertThat(new Clients(List.of()).of("10.0.0.1", List.of("for=192.0.2.43"), List.of()))
        .isEqualTo("10.0.0.1");
  }

  @Test
  void without_forwarded_the_last_untrusted_x_forwarded_for_address_counts() {
    assertThat(clients.of("10.0.0.1", List.of(), List.of("192.0.2.1, 192.0.2.2", "10.2.2.2")))
        .isEqualTo("192.0.2.2");
    assertThat(clients.of("10.0.0.1", List.of(), List.of("2001:db8:cafe::17")))
        .isEqualTo("20010db8cafe0000/64");
    assertThat(clients.of("10.0.0.1", List.of(), List.of(""))).isEqualTo("10.0.0.1");
    assertThat(clients.of("10.0.0.1", List.of(), List.of())).isEqualTo("10.0.0.1");
  }

  @Test
  void addresses_of_one_ipv6_network_are_one_client() {
    assertThat(clients.of("2001:db8::1", List.of(), List.of()))
        .isEqualTo(clients.of("2001:db8::ffff", List.of(), List.of()))
        .isNotEqualTo(clients.of("2001:db8:0:1::1", List.of(), List.of()));
  }

  @ParameterizedTest
  @CsvSource({
    "10.0.0.0/8, 10.255.0.1, true",
    "10.0.0.0/8, 11.0.0.1, false",
    "192.0.2.128/25, 192.0.2.128, true",
    "192.0.2.128/25, 192.0.2.127, false",
    "192.0.2.1, 192.0.2.1, true",
    "192.0.2.1, 192.0.2.2, false",
    "0.0.0.0/0, 192.0.2.2, true",
    "0.0.0.0/0, ::1, false",
    "::ffff:10.0.0.1, 10.0.0.1, true",
    "2001:db8::/33, 2001:db8:7fff::1, true",
    "2001:db8::/33, 2001:db8:8000::1, false"
  })
  void an_address_range_contains_the_addresses_of_its_prefix(
      String range, String peer, boolean inside) {
    String client =
        new Clients(List.of(AddressRange.of(range)))
            .of(peer, List.of("for=203.0.113.5"), List.of());
    assertThat(client.equals("203.0.113.5")).isEqualTo(inside);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "proxy.example", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/", "::/129"})
  void an_invalid_address_range_is_refused(String text) {
    assertThatThrownBy(() -> AddressRange.of(text)).isInstanceOf(IllegalArgumentException.class);
  }
}
