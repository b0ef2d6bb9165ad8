package io.gonext.spring;

import static org.assertj.core.api.Assertions.assertThat;

import com.example.posts.PostsApplication;
import io.gonext.guests.GuestBundle;
import io.gonext.guests.Guests;
import io.gonext.host.Host;
import io.gonext.spring.test.GonextTest;
import io.gonext.testkit.TestHost;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.context.ApplicationContext;
import org.springframework.test.context.ContextConfiguration;

/** A test of the guide's application, in the way that the guide shows. */
@GonextTest
@ContextConfiguration(classes = PostsApplication.class)
class SliceTest {
  @Autowired TestHost host;
  @Autowired ApplicationContext context;

  @Test
  void a_plugin_under_test_asks_the_methods_of_the_application() {
    host.install(
            GuestBundle.of("app", Guests.wasm("app"))
                .filter("posts.find")
                .field("capabilities", "[\"posts.find\"]")
                .bytes())
        .filter("posts.find", 7)
        .returned("{\"id\":7,\"title\":\"Post 7\"}");
  }

  @Test
  void the_filters_of_the_application_run_in_the_host_of_the_test() throws Exception {
    assertThat(context.getBean(Host.class)).isSameAs(host.host());
    assertThat(host.host().applyFilters("the_content", "x").value().asString())
        .isEqualTo("Hello. x");
    assertThat(context.containsBean("dispatcherServlet")).isFalse();
  }
}
