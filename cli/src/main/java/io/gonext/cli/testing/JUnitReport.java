package io.gonext.cli.testing;

import io.gonext.cli.testing.ProjectTests.Ran;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import javax.xml.stream.XMLOutputFactory;
import javax.xml.stream.XMLStreamException;
import javax.xml.stream.XMLStreamWriter;

/** The XML that CI servers read of JUnit: a suite for each file, a case for each test. */
public final class JUnitReport {
  private JUnitReport() {}

  /** The report, UTF-8. */
  public static byte[] of(String plugin, List<Ran> tests) {
    Map<String, List<Ran>> byFile = new LinkedHashMap<>();
    tests.forEach(ran ->
        byFile.computeIfAbsent(ran.source().path().toString(), _ -> new ArrayList<>()).add(ran));
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try {
      XMLStreamWriter xml =
          XMLOutputFactory.newInstance()
              .createXMLStreamWriter(bytes, StandardCharsets.UTF_8.name());
      xml.writeStartDocument("UTF-8", "1.0");
      xml.writeStartElement("testsuites");
      for (Map.Entry<String, List<Ran>> file : byFile.entrySet()) {
        suite(xml, plugin, file.getKey(), file.getValue());
      }
      xml.writeEndElement();
      xml.writeEndDocument();
      xml.close();
    } catch (XMLStreamException e) {
      throw new IllegalStateException("memory cannot be written", e);
    }
    return bytes.toByteArray();
  }

  private static void suite(XMLStreamWriter xml, String plugin, String file, List<Ran> tests)
      throws XMLStreamException {
    xml.writeStartElement("testsuite");
    xml.writeAttribute("name", plain(file));
    xml.writeAttribute("tests", Integer.toString(tests.size()));
    xml.writeAttribute(
        "failures", Long.toString(tests.stream().filter(ran -> !ran.outcome().passed()).count()));
    xml.writeAttribute(
        "time",
        seconds(
            tests.stream().map(ran -> ran.outcome().took()).reduce(Duration.ZERO, Duration::plus)));
    for (Ran ran : tests) {
      xml.writeStartElement("testcase");
      xml.writeAttribute("classname", plain(plugin));
      xml.writeAttribute("name", plain(ran.outcome().name()));
      xml.writeAttribute("time", seconds(ran.outcome().took()));
      if (!ran.outcome().passed()) {
        xml.writeStartElement("failure");
        xml.writeAttribute("message", plain(ran.outcome().problems().getFirst()));
        List<String> all = new ArrayList<>(ran.outcome().problems());
        all.addAll(ran.outcome().lines());
        xml.writeCharacters(plain(String.join("\n", all)));
        xml.writeEndElement();
      }
      xml.writeEndElement();
    }
    xml.writeEndElement();
  }

  private static String seconds(Duration time) {
    return String.format(Locale.ROOT, "%.3f", time.toNanos() / 1e9);
  }

  /** Without the characters that XML does not have. */
  private static String plain(String text) {
    return text.replaceAll(
        "[^\\t\\n\\r\\x{20}-\\x{D7FF}\\x{E000}-\\x{FFFD}\\x{10000}-\\x{10FFFF}]", "?");
  }
}
