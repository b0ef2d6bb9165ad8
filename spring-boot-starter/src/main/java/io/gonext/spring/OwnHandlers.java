package io.gonext.spring;

import io.gonext.host.Host;
import io.gonext.host.hook.HookFailedException;
import io.gonext.host.hook.HookName;
import io.gonext.host.hook.HookTurn;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.NullNode;

/** Adds the methods with {@link GonextFilter} and {@link GonextAction} to a host. */
final class OwnHandlers {
  private final BeanMethods methods;
  private final Supplier<JsonMapper> mapper;

  OwnHandlers(BeanMethods methods, Supplier<JsonMapper> mapper) {
    this.methods = methods;
    this.mapper = mapper;
  }

  /**
   * Adds all of them, to be called once.
   *
   * @throws GonextStartException when an annotation is wrong
   */
  void addTo(Host host) {
    for (BeanMethods.Found<GonextFilter> found : methods.with(GonextFilter.class)) {
      requireHook("@GonextFilter", found, found.annotation().value());
      JsonMethod method = method(found);
      if (method.read().isEmpty() || found.method().getReturnType() == void.class) {
        throw new GonextStartException(
            "@GonextFilter of " + found + " is wrong: a filter takes a value and returns one");
      }
      host.addFilter(
          found.beanName(),
          found.annotation().value(),
          found.annotation().priority(),
          (value, args, turn) -> {
            List<JsonNode> all = new ArrayList<>();
            all.add(value);
            all.addAll(args);
            return call(method, all, turn);
          });
    }
    for (BeanMethods.Found<GonextAction> found : methods.with(GonextAction.class)) {
      requireHook("@GonextAction", found, found.annotation().value());
      JsonMethod method = method(found);
      host.addAction(
          found.beanName(),
          found.annotation().value(),
          found.annotation().priority(),
          (args, turn) -> call(method, args, turn));
    }
  }

  private JsonMethod method(BeanMethods.Found<?> found) {
    return new JsonMethod(found.method(), () -> methods.bound(found), mapper.get(), HookTurn.class);
  }

  private static void requireHook(String what, BeanMethods.Found<?> found, String hook) {
    if (!HookName.isOne(hook)) {
      throw new GonextStartException(
          what
              + " of "
              + found
              + " is wrong: a hook is named in dotted lower case, such as the_content, not "
              + hook);
    }
  }

  /** An argument that is missing is null, one too many is left out: hooks get more with time. */
  private static JsonNode call(JsonMethod method, List<JsonNode> arguments, HookTurn turn)
      throws HookFailedException, InterruptedException {
    List<JsonNode> fitting = new ArrayList<>(arguments);
    while (fitting.size() < method.read().size()) {
      fitting.add(NullNode.getInstance());
    }
    try {
      return method.call(fitting, turn);
    } catch (HookFailedException | InterruptedException | RuntimeException e) {
      throw e;
    } catch (Exception e) {
      throw new HookFailedException(String.valueOf(e.getMessage()));
    }
  }
}
