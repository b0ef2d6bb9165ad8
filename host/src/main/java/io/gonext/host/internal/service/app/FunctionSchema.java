package io.gonext.host.internal.service.app;

import com.networknt.schema.Error;
import com.networknt.schema.Schema;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import io.gonext.host.json.SchemaStandard;
import io.gonext.host.json.StrictJson;
import java.util.List;
import tools.jackson.databind.JsonNode;

/**
 * A JSON Schema 2020-12 of an application's function. The application is trusted, so a schema may
 * use every keyword; the values that it is compared with come from guests. Immutable, for use by
 * several threads.
 */
public final class FunctionSchema {
  /** The most problems of one value that are told. */
  private static final int MAX_PROBLEMS = 5;

  private final Schema schema;

  /**
   * Compiles a schema.
   *
   * @throws IllegalArgumentException when it is not a valid schema
   */
  public FunctionSchema(JsonNode json) {
    List<String> problems =
        SchemaStandard.problems(json).stream().map(SchemaStandard.Problem::toString).toList();
    if (!problems.isEmpty()) {
      throw new IllegalArgumentException(
          "it is not a JSON Schema 2020-12: " + String.join("; ", problems));
    }
    this.schema =
        SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_2020_12)
            .getSchema(StrictJson.withPlainIntegers(json));
    // A reference that leads nowhere shows now, and not at a guest's first call.
    schema.initializeValidators();
  }

  /** What is wrong with a value, a sentence each; at most a few. */
  List<String> problems(JsonNode value) {
    if (!StrictJson.numbersOutOfRange(value).isEmpty()) {
      return List.of("a number is not in the range of a double");
    }
    return schema.validate(StrictJson.withPlainIntegers(value)).stream()
        .limit(MAX_PROBLEMS)
        .map(FunctionSchema::sentence)
        .toList();
  }

  private static String sentence(Error error) {
    String pointer = error.getInstanceLocation().toString();
    return (pointer.isEmpty() ? "/" : pointer) + ": " + error.getMessage();
  }
}
