package io.gonext.testkit.junit;

import io.gonext.testkit.TestHost;
import org.junit.jupiter.api.extension.AfterTestExecutionCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;

/**
 * Gives each test that has a parameter of the type {@link TestHost} a new one, and closes it after
 * the test. The test fails when a plugin asked for what no entry of the script answers.
 *
 * <p>Used by {@link GonextTest}. All methods of a test share its host: {@code @BeforeEach}, too.
 */
public final class GonextExtension implements ParameterResolver, AfterTestExecutionCallback {
  private static final Namespace NAMESPACE = Namespace.create(GonextExtension.class);

  @Override
  public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
    return parameter.getParameter().getType() == TestHost.class
        && context.getTestMethod().isPresent();
  }

  @Override
  public TestHost resolveParameter(ParameterContext parameter, ExtensionContext context) {
    // JUnit closes what is in a test's store.
    return context
        .getStore(NAMESPACE)
        .computeIfAbsent(TestHost.class, _ -> host(context), TestHost.class);
  }

  private static TestHost host(ExtensionContext context) {
    TestHost.Builder builder = TestHost.builder();
    context
        .getTestClass()
        .map(type -> type.getAnnotation(GonextTest.class))
        .ifPresent(settings -> builder.seed(settings.seed()));
    return builder.build();
  }

  @Override
  public void afterTestExecution(ExtensionContext context) {
    TestHost host = context.getStore(NAMESPACE).get(TestHost.class, TestHost.class);
    if (host != null && context.getExecutionException().isEmpty()) {
      host.assertAllAnswered();
    }
  }
}
