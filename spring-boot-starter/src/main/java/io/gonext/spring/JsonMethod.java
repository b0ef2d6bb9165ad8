package io.gonext.spring;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Parameter;
import java.lang.reflect.Type;
import java.util.Arrays;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.NullNode;

/** A method of a bean whose arguments and result are JSON. Thread-safe. */
final class JsonMethod {
  private final Supplier<BeanMethods.BoundMethod> bound;
  private final JsonMapper mapper;
  private final Class<?> given;
  private final List<Parameter> parameters;
  private volatile BeanMethods.@Nullable BoundMethod known;

  /**
   * @param bound the method with its bean, asked for once, at the first call
   * @param given the type of a parameter that is not read from JSON
   */
  JsonMethod(
      Method declared, Supplier<BeanMethods.BoundMethod> bound, JsonMapper mapper, Class<?> given) {
    this.bound = bound;
    this.mapper = mapper;
    this.given = given;
    this.parameters = Arrays.asList(declared.getParameters());
  }

  /** The JSON for a parameter, or that there is none: an argument that cannot be read. */
  static final class UnreadableException extends Exception {
    private static final long serialVersionUID = 1L;

    UnreadableException(String message) {
      super(message, null, true, false);
    }
  }

  /** The parameters that are read from JSON, in their order. */
  List<Parameter> read() {
    return parameters.stream().filter(parameter -> parameter.getType() != given).toList();
  }

  /**
   * Calls the method.
   *
   * @param arguments of {@link #read}, in that order
   * @param giving the argument of the other type
   * @throws UnreadableException when an argument does not fit
   * @throws Exception what the method throws
   */
  JsonNode call(List<JsonNode> arguments, Object giving) throws Exception {
    @Nullable Object[] values = new @Nullable Object[parameters.size()];
    int next = 0;
    for (int i = 0; i < values.length; i++) {
      Parameter parameter = parameters.get(i);
      values[i] = parameter.getType() == given ? giving : value(parameter, arguments.get(next++));
    }
    BeanMethods.BoundMethod method = known;
    if (method == null) {
      method = bound.get();
      known = method;
    }
    try {
      Object result = method.method().invoke(method.bean(), values);
      return result instanceof JsonNode json ? json : json(result);
    } catch (InvocationTargetException e) {
      switch (e.getCause()) {
        case Exception thrown -> throw thrown;
        case Error thrown -> throw thrown;
        case null, default -> throw e;
      }
    }
  }

  private JsonNode json(@Nullable Object result) {
    return result == null ? NullNode.getInstance() : mapper.valueToTree(result);
  }

  private @Nullable Object value(Parameter parameter, JsonNode json) throws UnreadableException {
    if (parameter.getType().isInstance(json)) {
      return json;
    }
    Type type = parameter.getParameterizedType();
    try {
      return mapper.treeToValue(json, mapper.constructType(type));
    } catch (JacksonException e) {
      throw new UnreadableException(parameter.getName() + ": " + e.getOriginalMessage());
    }
  }
}
