package io.gonext.spring;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * A method of a bean that plugins may call by {@code gn_app_call}: a function of the application.
 *
 * <p>A method with one parameter gets the whole request; one with several gets the fields of the
 * request, which is an object, by the names of the parameters. Both are read from JSON by the
 * application's {@code JsonMapper}. A parameter of the type {@link io.gonext.host.HostFunctionCall}
 * is the call itself. The result is written as JSON. A request that does not fit the parameters is
 * the plugin's "bad arguments".
 *
 * <p>Several threads call the method at once. The host interrupts a call at the plugin's deadline.
 */
@Target(ElementType.METHOD)
@Retention(RetentionPolicy.RUNTIME)
@Documented
public @interface GonextFunction {
  /** Its name, a dotted lower-case token such as {@code posts.find}. */
  String value();

  /** The capability that a plugin needs; unless it is set, one of the function's name. */
  String capability() default "";

  /** One line for authors of plugins and operators. */
  String description() default "";

  /** A JSON Schema of the request; none unless it is set. */
  String requestSchema() default "";

  /** A JSON Schema of the answer; none unless it is set. */
  String answerSchema() default "";
}
