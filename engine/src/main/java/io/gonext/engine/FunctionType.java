package io.gonext.engine;

import java.util.List;
import java.util.stream.Collectors;

/**
 * The signature of a function.
 *
 * @param parameters the parameters' types in order
 * @param results the results' types in order
 */
public record FunctionType(List<ValueType> parameters, List<ValueType> results) {
  /** Copies both lists. */
  public FunctionType {
    parameters = List.copyOf(parameters);
    results = List.copyOf(results);
  }

  /** A signature without results. */
  public static FunctionType of(ValueType... parameters) {
    return new FunctionType(List.of(parameters), List.of());
  }

  /** This signature with one result instead of its own. */
  public FunctionType returning(ValueType result) {
    return new FunctionType(parameters, List.of(result));
  }

  /** For people: {@code (i32, i32) -> i64}, {@code () -> ()}. */
  @Override
  public String toString() {
    String result = results.size() == 1 ? results.getFirst().toString() : tuple(results);
    return tuple(parameters) + " -> " + result;
  }

  private static String tuple(List<ValueType> types) {
    return types.stream().map(ValueType::toString).collect(Collectors.joining(", ", "(", ")"));
  }
}
