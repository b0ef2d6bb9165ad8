package io.gonext.host.json;

import com.networknt.schema.SchemaLocation;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import java.util.List;
import tools.jackson.databind.JsonNode;

/** What JSON Schema 2020-12 says of a schema. */
public final class SchemaStandard {
  private static final String META = "https://json-schema.org/draft/2020-12/schema";

  private SchemaStandard() {}

  /**
   * Something that the standard does not allow.
   *
   * @param pointer where it is in the schema; empty for the schema itself
   * @param message what is wrong, for people
   */
  public record Problem(String pointer, String message) {
    @Override
    public String toString() {
      return (pointer.isEmpty() ? "/" : pointer) + ": " + message;
    }
  }

  /** Everything that the standard does not allow in a schema. */
  public static List<Problem> problems(JsonNode schema) {
    return SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_2020_12)
        .getSchema(SchemaLocation.of(META))
        .validate(schema)
        .stream()
        .map(error -> new Problem(error.getInstanceLocation().toString(), error.getMessage()))
        .toList();
  }
}
