package io.gonext.testkit.file;

import io.gonext.host.json.InvalidJsonException;
import io.gonext.host.json.StrictJson;
import io.gonext.host.manifest.PublishedFormat;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * A file of tests, as {@link PublishedFormat#TEST} describes it. Not thread-safe: {@link #update}
 * changes it.
 */
public final class TestFile {
  /** The largest file that is read, in bytes. */
  public static final int MAX_BYTES = 4 * 1024 * 1024;

  private final ObjectNode root;
  private final List<FileTest> tests;

  private TestFile(ObjectNode root, List<FileTest> tests) {
    this.root = root;
    this.tests = tests;
  }

  /**
   * Reads a file.
   *
   * @throws InvalidTestFileException with all that is wrong
   */
  public static TestFile parse(byte[] json) {
    if (json.length > MAX_BYTES) {
      throw new InvalidTestFileException(List.of("it has more than " + MAX_BYTES + " bytes"));
    }
    JsonNode read;
    try {
      read = StrictJson.parse(json);
    } catch (InvalidJsonException e) {
      throw new InvalidTestFileException(List.of("it is not JSON: " + e.getMessage()));
    }
    List<String> problems = new ArrayList<>(PublishedFormat.TEST.problems(read));
    if (!(read instanceof ObjectNode root) || !problems.isEmpty()) {
      throw new InvalidTestFileException(problems);
    }
    List<FileTest> tests = new ArrayList<>();
    Set<String> names = new HashSet<>();
    for (int i = 0; i < root.get("tests").size(); i++) {
      String pointer = "/tests/" + i;
      ObjectNode test = (ObjectNode) root.get("tests").get(i);
      String name = test.get("name").stringValue();
      if (!names.add(name)) {
        problems.add(pointer + "/name: another test has the name \"" + name + "\"");
      }
      try {
        tests.add(FileTest.of(test));
      } catch (IllegalArgumentException e) {
        problems.add(pointer + e.getMessage());
      }
    }
    if (!problems.isEmpty()) {
      throw new InvalidTestFileException(problems);
    }
    return new TestFile(root, tests);
  }

  /** The tests, in the order of the file. */
  public List<FileTest> tests() {
    return List.copyOf(tests);
  }

  /** The same file, of which only some tests run. */
  public TestFile with(List<FileTest> some) {
    return new TestFile(root, List.copyOf(some));
  }

  /** Puts what a test came to in the place of what it expected. */
  public void update(TestOutcome outcome) {
    ArrayNode all = (ArrayNode) root.get("tests");
    for (JsonNode test : all) {
      if (test.get("name").stringValue().equals(outcome.name())) {
        ((ObjectNode) test).set("then", outcome.then());
      }
    }
  }

  /** The file as JSON; not to be changed. */
  public JsonNode json() {
    return root;
  }
}
