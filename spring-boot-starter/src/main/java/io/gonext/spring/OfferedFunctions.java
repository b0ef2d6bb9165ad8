package io.gonext.spring;

import io.gonext.host.HostFunctionCall;
import io.gonext.host.HostFunctionHandler;
import io.gonext.host.HostFunctionSpec;
import io.gonext.host.InvalidRequestException;
import java.lang.reflect.Parameter;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.NullNode;
import tools.jackson.databind.node.ObjectNode;

/** The functions for plugins that the application offers by {@link GonextFunction}. */
public final class OfferedFunctions {
  private final BeanMethods methods;
  private final Supplier<JsonMapper> mapper;

  OfferedFunctions(BeanMethods methods, Supplier<JsonMapper> mapper) {
    this.methods = methods;
    this.mapper = mapper;
  }

  /**
   * All of them. Their beans are made when a plugin calls them for the first time, or earlier by
   * the application: so a bean may have functions and use the host.
   *
   * @throws GonextStartException when an annotation is wrong
   */
  public List<HostFunctionSpec> all() {
    return methods.with(GonextFunction.class).stream().map(this::spec).toList();
  }

  private HostFunctionSpec spec(BeanMethods.Found<GonextFunction> found) {
    GonextFunction annotation = found.annotation();
    try {
      HostFunctionSpec.Builder builder =
          HostFunctionSpec.builder(annotation.value(), handler(found))
              .description(annotation.description());
      if (!annotation.capability().isEmpty()) {
        builder.capability(annotation.capability());
      }
      if (!annotation.requestSchema().isEmpty()) {
        builder.requestSchema(annotation.requestSchema());
      }
      if (!annotation.answerSchema().isEmpty()) {
        builder.answerSchema(annotation.answerSchema());
      }
      return builder.build();
    } catch (IllegalArgumentException e) {
      throw new GonextStartException(
          "@GonextFunction of " + found + " is wrong: " + e.getMessage(), e);
    }
  }

  private HostFunctionHandler handler(BeanMethods.Found<GonextFunction> found) {
    JsonMethod method =
        new JsonMethod(
            found.method(), () -> methods.bound(found), mapper.get(), HostFunctionCall.class);
    List<Parameter> parameters = method.read();
    return call -> {
      try {
        return method.call(arguments(parameters, call.request()), call);
      } catch (JsonMethod.UnreadableException e) {
        throw new InvalidRequestException(String.valueOf(e.getMessage()));
      }
    };
  }

  private static List<JsonNode> arguments(List<Parameter> parameters, JsonNode request)
      throws InvalidRequestException {
    if (parameters.isEmpty()) {
      return List.of();
    }
    if (parameters.size() == 1) {
      return List.of(request);
    }
    List<String> names = parameters.stream().map(Parameter::getName).toList();
    if (!(request instanceof ObjectNode object)) {
      throw new InvalidRequestException(
          "the request is an object with the fields " + String.join(", ", names));
    }
    List<JsonNode> arguments = new ArrayList<>();
    for (String name : names) {
      arguments.add(object.optional(name).orElse(NullNode.getInstance()));
    }
    return arguments;
  }
}
