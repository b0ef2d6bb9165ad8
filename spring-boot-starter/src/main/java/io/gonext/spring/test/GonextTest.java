package io.gonext.spring.test;

import io.gonext.spring.GonextAutoConfiguration;
import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Inherited;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.springframework.boot.autoconfigure.ImportAutoConfiguration;
import org.springframework.boot.test.autoconfigure.OverrideAutoConfiguration;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.context.filter.annotation.TypeExcludeFilters;

/**
 * A test of what an application offers to plugins, and nothing else of it: the context has the
 * components with functions, filters and actions for plugins, and a {@link
 * io.gonext.testkit.TestHost} in a temporary directory, whose clock stands still. The bean {@code
 * Host} is its host.
 *
 * <p>What those components need comes from the test, by {@code @Import} or {@code @MockitoBean}.
 * The plugins of {@code gonext.plugins} are deployed, too.
 */
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
@Documented
@Inherited
@SpringBootTest(webEnvironment = SpringBootTest.WebEnvironment.NONE)
@OverrideAutoConfiguration(enabled = false)
@TypeExcludeFilters(OfferedTypes.class)
@ImportAutoConfiguration(classes = {TestHostAutoConfiguration.class, GonextAutoConfiguration.class})
public @interface GonextTest {}
