package io.gonext.spring;

import io.gonext.host.manifest.Manifest;
import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * A method of a bean that is a filter of a hook, among the filters of plugins: the application's
 * own.
 *
 * <p>The first parameter gets the value, those behind it the arguments of the hook in their order,
 * each read from JSON by the application's {@code JsonMapper}; an argument that is missing is null,
 * or zero. A parameter of the type {@link io.gonext.host.hook.HookTurn} is the turn. The result is
 * the new value. When the method throws, the value passes unchanged, and the result of the call
 * names the bean.
 *
 * <p>Several threads call the method at once, and the host cannot interrupt it.
 */
@Target(ElementType.METHOD)
@Retention(RetentionPolicy.RUNTIME)
@Documented
public @interface GonextFilter {
  /** The name of the hook. */
  String value();

  /** Lower runs first; the filters of plugins have 10 unless they say otherwise. */
  int priority() default Manifest.DEFAULT_PRIORITY;
}
