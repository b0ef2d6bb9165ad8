package io.gonext.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gonext.guests.GuestBundle;
import io.gonext.guests.Guests;
import io.gonext.host.json.InvalidJsonException;
import io.gonext.host.json.StrictJson;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Texts of a bundle, as its guest gets them. */
class TranslationTest {
  private static final String EN =
      """
      {"greeting":"Hello {name}","plain":"Yes","only_en":"English",
       "files":"{n, plural, =0 {no files} one {# file} other {# files}}",
       "rank":"{n, selectordinal, one {#st} two {#nd} few {#rd} other {#th}}",
       "liked":"{who, select, she {her} he {his} other {their}} post",
       "share":"{n, number, percent}","total":"{n}",
       "echo":"{a}{a}{a}{a}{a}{a}{a}{a}","quoted":"it''s '{'a'}'"}\
      """;
  private static final String DE =
      "{\"greeting\":\"Hallo {name}\",\"files\":\"{n, plural, one {# Datei} other {# Dateien}}\","
          + "\"total\":\"{n}\",\"only_de\":\"Deutsch\"}";
  private static final String DE_AT = "{\"greeting\":\"Servus {name}\"}";
  private static final String PL =
      "{\"files\":\"{n, plural, one {# plik} few {# pliki} many {# plików} other {# pliku}}\"}";

  @TempDir private static Path data;
  private static final SimpleMeterRegistry METERS = new SimpleMeterRegistry();
  private static Host host;

  @BeforeAll
  static void open() throws InterruptedException {
    host = Host.open(HostConfig.builder(data).meters(METERS).build());
    host.plugins()
        .install(
            bundle("translates")
                .file("locales/en.json", EN)
                .file("locales/de.json", DE)
                .file("locales/de-AT.json", DE_AT)
                .file("locales/pl.json", PL)
                .bytes());
    host.plugins().activate("translates");
  }

  @AfterAll
  static void close() {
    host.close();
  }

  @ParameterizedTest
  @CsvSource({
    "de-AT, Servus Ada",
    "de-at, Servus Ada",
    "de-AT-x-private, Servus Ada",
    "de-CH, Hallo Ada",
    "de, Hallo Ada",
    "en-GB, Hello Ada",
    "fr, Hello Ada",
    "'', Hello Ada",
    "'fr, de;q=0.5, en;q=0.1', Hallo Ada",
    "'en;q=0.1, de-AT', Servus Ada",
    "'de;q=0', Hello Ada",
    "'*', Hello Ada",
  })
  void a_user_gets_the_language_that_suits_best(String locale, String text)
      throws InterruptedException {
    assertThat(translate("{\"key\":\"greeting\",\"args\":{\"name\":\"Ada\"}}", locale))
        .isEqualTo(text);
  }

  @ParameterizedTest
  @CsvSource({"de-AT, Deutsch, only_de", "de-AT, English, only_en", "de, Yes, plain"})
  void a_missing_text_comes_from_the_next_language(String locale, String text, String key)
      throws InterruptedException {
    assertThat(translate("\"" + key + "\"", locale)).isEqualTo(text);
  }

  @Test
  void a_text_that_no_language_has_is_not_found_and_counted() throws InterruptedException {
    double before = missing();
    assertThat(translate("\"nowhere\"", "de")).isEqualTo("-4");
    assertThat(translate("\"only_de\"", "en")).isEqualTo("-4");
    assertThat(missing() - before).isEqualTo(2);
  }

  @ParameterizedTest
  @CsvSource({
    "en, files, 0, no files",
    "en, files, 1, 1 file",
    "en, files, 1000, '1,000 files'",
    "de, files, 1000, 1.000 Dateien",
    "pl, files, 1, 1 plik",
    "pl, files, 3, 3 pliki",
    "pl, files, 5, 5 plików",
    "pl, files, 1.5, '1,5 pliku'",
    "en, rank, 22, 22nd",
    "en, rank, 11, 11th",
    "en, share, 0.25, 25%",
    "de, total, 1234.5, '1.234,5'",
    "en, total, 9007199254740993, '9,007,199,254,740,993'",
  })
  void numbers_choose_the_form_of_the_language(String locale, String key, String n, String text)
      throws InterruptedException {
    assertThat(translate("{\"key\":\"%s\",\"args\":{\"n\":%s}}".formatted(key, n), locale))
        .isEqualTo(text);
  }

  @Test
  void a_text_chooses_among_branches() throws InterruptedException {
    assertThat(translate("{\"key\":\"liked\",\"args\":{\"who\":\"she\"}}", "en"))
        .isEqualTo("her post");
    assertThat(translate("{\"key\":\"liked\",\"args\":{\"who\":\"x\"}}", "en"))
        .isEqualTo("their post");
  }

  @Test
  void an_argument_that_is_not_given_stays_visible() throws InterruptedException {
    assertThat(translate("\"greeting\"", "en")).isEqualTo("Hello {name}");
  }

  @Test
  void apostrophes_quote_braces() throws InterruptedException {
    assertThat(translate("\"quoted\"", "en")).isEqualTo("it's {a}");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"key\":1}",
        "{\"key\":\"plain\",\"arguments\":{}}",
        "{\"args\":{}}",
        "{\"key\":\"plain\",\"args\":[]}",
        "{\"key\":\"greeting\",\"args\":{\"name\":null}}",
        "{\"key\":\"greeting\",\"args\":{\"name\":{}}}",
        "{\"key\":\"files\",\"args\":{\"n\":\"three\"}}",
        "{\"key\":\"total\",\"args\":{\"n\":1e999}}"
      })
  void a_request_of_another_form_is_bad_arguments(String key) throws InterruptedException {
    assertThat(translate(key, "en")).isEqualTo("-3");
  }

  @ParameterizedTest
  @ValueSource(strings = {"de_AT", "de-averylongsubtag", "en;q=2", "-"})
  void a_locale_that_is_not_a_language_tag_is_bad_arguments(String locale)
      throws InterruptedException {
    assertThat(translate("\"plain\"", locale)).isEqualTo("-3");
  }

  @Test
  void a_text_longer_than_64_kib_is_over_quota() throws InterruptedException {
    String a = "a".repeat(8_000);
    assertThat(translate("{\"key\":\"echo\",\"args\":{\"a\":\"" + a + "\"}}", "en"))
        .hasSize(64_000);
    assertThat(translate("{\"key\":\"echo\",\"args\":{\"a\":\"" + a + a + "\"}}", "en"))
        .isEqualTo("-5");
  }

  @Test
  void calls_at_the_same_time_do_not_mix_their_arguments() throws Exception {
    try (ExecutorService threads = Executors.newFixedThreadPool(4)) {
      List<Future<?>> calls = new ArrayList<>();
      for (int t = 0; t < 4; t++) {
        int n = 2 + t;
        calls.add(
            threads.submit(() -> {
              for (int i = 0; i < 300; i++) {
                assertThat(translate("{\"key\":\"files\",\"args\":{\"n\":" + n + "}}", "en"))
                    .isEqualTo(n + " files");
              }
              return null;
            }));
      }
      for (Future<?> call : calls) {
        call.get();
      }
    }
  }

  @Test
  void a_bundle_may_name_another_default() throws InterruptedException {
    host.plugins()
        .install(
            bundle("polish")
                .field("default_locale", "\"pl\"")
                .file("locales/en.json", EN)
                .file("locales/pl.json", PL)
                .bytes());
    host.plugins().activate("polish");
    assertThat(
            host.applyFilters("polish", json("{\"key\":\"files\",\"args\":{\"n\":3}}"), "fr")
                .value()
                .stringValue())
        .isEqualTo("3 pliki");
  }

  @Test
  void a_bundle_whose_default_is_missing_is_refused() {
    byte[] bundle =
        bundle("lacking").field("default_locale", "\"pl\"").file("locales/en.json", EN).bytes();
    assertThatThrownBy(() -> host.plugins().install(bundle))
        .isInstanceOf(BundleRejectedException.class)
        .hasMessageContaining("/default_locale: there is no locales/pl.json in the bundle");
  }

  private static GuestBundle bundle(String plugin) {
    return GuestBundle.of(plugin, Guests.wasm("translates")).filter(plugin);
  }

  private static double missing() {
    var counter = METERS.find("gonext.plugin.translation.missing").counter();
    return counter == null ? 0 : counter.count();
  }

  /** The text, or the status as a text. */
  private static String translate(String key, String locale) throws InterruptedException {
    return host.applyFilters("translates", json(key), locale).value().asString();
  }

  private static Object json(String text) {
    try {
      return StrictJson.parse(text.getBytes(StandardCharsets.UTF_8));
    } catch (InvalidJsonException e) {
      throw new AssertionError(e);
    }
  }
}
