package io.gonext.host.internal.service.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gonext.host.AddressRange;
import io.gonext.host.Egress;
import io.gonext.host.manifest.AllowedOrigins;
import io.gonext.host.manifest.FetchUrl;
import java.net.InetAddress;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Which URLs, origins and addresses a plugin's request may go to. */
class FetchGatesTest {
  @ParameterizedTest
  @CsvSource({
    "https://API.example.com, https://api.example.com",
    "http://api.example.com:80/x?y#z, http://api.example.com",
    "https://api.example.com:8443/, https://api.example.com:8443",
    "http://93.184.216.34/, http://93.184.216.34",
    "https://[2606:2800::1]/, https://[2606:2800::1]",
    "http://255.255.255.255/, http://255.255.255.255",
    "http://0.0.0.0/, http://0.0.0.0",
    "https://xn--bcher-kva.example/, https://xn--bcher-kva.example",
  })
  void a_url_is_read_into_one_form(String text, String origin) {
    FetchUrl url = FetchUrl.parse(text);
    assertThat(url.origin()).isEqualTo(origin);
    assertThat(url.uri().toString()).doesNotContain("#");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "http://2130706433/",
        "http://127.1/",
        "http://0/",
        "http://0x7f.1/",
        "http://0x7f000001/",
        "http://0177.0.0.1/",
        "http://1.2.3.4.5/",
        "http://256.1.1.1/",
        "http://01.2.3.4/",
        "http://1.2.3.00/",
        "http://1.2.3.4444/",
        "http://1.2.3/",
        "http://1..2.3/",
        "http://.1.2.3.4/",
        "http://a.1/",
        "http://example.com./",
        "http://user@example.com/",
        "http://user:geheim@example.com/",
        "http://[fe80::1%25eth0]/",
        "http://b\u00fccher.example/",
        "http://-a.example/",
        "http://a-.example/",
        "http://a.example-/",
        "http://a_b.example/",
        "http://a..b/",
        "http://example.com:0/",
        "http://example.com:65536/",
        "http:///x",
        "http:example.com",
        "ftp://example.com/",
        "file:///etc/hostname",
        "//example.com/",
        "example.com",
        "http://exa mple.com/",
        ""
      })
  void a_url_with_an_unusual_host_or_scheme_is_refused(String text) {
    assertThatThrownBy(() -> FetchUrl.parse(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageNotContaining("geheim");
  }

  @Test
  void a_label_of_a_host_has_at_most_63_characters() {
    String longest = "a".repeat(63);
    assertThat(FetchUrl.parse("https://" + longest + ".example/").host())
        .isEqualTo(longest + ".example");
    assertThatThrownBy(() -> FetchUrl.parse("https://a" + longest + ".example/"))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @ParameterizedTest
  @CsvSource({
    "/next, https://a.example, true",
    "https://a.example:443/next, https://a.example, true",
    "//b.example/next, https://b.example, false",
    "http://a.example/next, http://a.example, false",
  })
  void a_redirect_is_resolved_against_the_url_it_answers(
      String location, String origin, boolean same) {
    FetchUrl first = FetchUrl.parse("https://a.example/dir/page");
    FetchUrl next = first.resolve(location);
    assertThat(next.origin()).isEqualTo(origin);
    assertThat(next.hasOriginOf(first)).isEqualTo(same);
  }

  @ParameterizedTest
  @CsvSource({
    "https://api.example.com, https://api.example.com/x, true",
    "api.example.com, https://api.example.com/x, true",
    "api.example.com, http://api.example.com/x, false",
    "api.example.com, https://api.example.com:8443/x, false",
    "api.example.com, https://www.api.example.com/x, false",
    "api.example.com, https://api.example.com.evil.test/x, false",
    "*.example.com, https://api.example.com/x, true",
    "*.example.com, https://a.b.example.com/x, true",
    "*.example.com, https://example.com/x, false",
    "*.example.com, https://badexample.com/x, false",
    "*.example.com, http://api.example.com/x, false",
    "http://host:8080, http://host:8080/x, true",
    "http://host:8080, http://host/x, false",
    "http://127.0.0.1:8080, http://127.0.0.1:8080/x, true",
  })
  void an_origin_allows_its_scheme_host_and_port(String entry, String url, boolean allowed) {
    assertThat(AllowedOrigins.parse(List.of(entry)).find(FetchUrl.parse(url)).isPresent())
        .isEqualTo(allowed);
  }

  @Test
  void an_empty_list_of_origins_allows_nothing() {
    assertThat(AllowedOrigins.parse(List.of()).find(FetchUrl.parse("https://a.example"))).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "*",
        "*.com",
        "https://a.example/path",
        "https://a.example?x",
        "*.127.0.0.1",
        "a b"
      })
  void an_entry_that_is_not_an_origin_is_refused(String entry) {
    assertThatThrownBy(() -> AllowedOrigins.parse(List.of(entry)))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "0.0.0.0",
        "0.1.2.3",
        "10.0.0.1",
        "100.64.0.1",
        "127.0.0.1",
        "127.255.255.255",
        "169.254.169.254",
        "172.16.0.1",
        "172.31.255.255",
        "192.0.0.8",
        "192.0.2.1",
        "192.168.1.1",
        "198.18.0.1",
        "198.19.255.255",
        "198.51.100.1",
        "203.0.113.1",
        "224.0.0.1",
        "239.1.1.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "::127.0.0.1",
        "64:ff9b::7f00:1",
        "64:ff9b:1::1",
        "100::1",
        "fc00::1",
        "fd12:3456::1",
        "fe80::1",
        "fec0::1",
        "ff02::1",
        "2001::1",
        "2001:db8::1",
        "2002:7f00:1::1",
        "3fff::1",
        "5f00::1"
      })
  void an_address_that_is_not_public_is_refused(String address) {
    AddressPolicy policy = new AddressPolicy(List.of());
    assertThat(policy.allows(InetAddress.ofLiteral(address), 443)).isFalse();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "1.1.1.1",
        "93.184.216.34",
        "100.63.255.255",
        "100.128.0.0",
        "172.15.255.255",
        "172.32.0.0",
        "198.17.255.255",
        "223.255.255.255",
        "::ffff:1.1.1.1",
        "2606:4700:4700::1111",
        "2001:4860:4860::8888",
        "2a00::1"
      })
  void a_public_address_is_allowed(String address) {
    AddressPolicy policy = new AddressPolicy(List.of());
    assertThat(policy.allows(InetAddress.ofLiteral(address), 443)).isTrue();
  }

  @Test
  void an_exception_allows_its_range_and_port_alone() {
    AddressPolicy policy =
        new AddressPolicy(
            List.of(
                new Egress.Allowed(AddressRange.of("10.1.0.0/16"), 8080),
                new Egress.Allowed(AddressRange.of("127.0.0.1"), 0)));
    assertThat(policy.allows(InetAddress.ofLiteral("10.1.2.3"), 8080)).isTrue();
    assertThat(policy.allows(InetAddress.ofLiteral("10.1.2.3"), 443)).isFalse();
    assertThat(policy.allows(InetAddress.ofLiteral("10.2.0.1"), 8080)).isFalse();
    assertThat(policy.allows(InetAddress.ofLiteral("127.0.0.1"), 1)).isTrue();
    assertThat(policy.allows(InetAddress.ofLiteral("::1"), 1)).isFalse();
  }

  @ParameterizedTest
  @CsvSource({
    "?page=2, https://api.example/a/b?page=2",
    "c?d, https://api.example/a/c?d",
    "/c, https://api.example/c",
    "//other.example/c, https://other.example/c",
  })
  void a_redirect_is_relative_to_the_url(String location, String url) {
    assertThat(FetchUrl.parse("https://api.example/a/b?page=1").resolve(location).uri())
        .hasToString(url);
  }
}
