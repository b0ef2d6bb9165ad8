package io.gonext.spring;

import io.gonext.dashboard.HostDashboard;
import io.gonext.dashboard.Visitor;
import io.gonext.host.Host;
import io.gonext.servlet.PluginServlet;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import java.security.Principal;
import java.util.Optional;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBooleanProperty;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnWebApplication;
import org.springframework.boot.web.servlet.ServletRegistrationBean;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.SmartLifecycle;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** The routes of plugins and the dashboard, in the application's own servlet container. */
@AutoConfiguration(after = GonextAutoConfiguration.class)
@ConditionalOnWebApplication(type = ConditionalOnWebApplication.Type.SERVLET)
@ConditionalOnClass({ServletRegistrationBean.class, HttpServlet.class})
@ConditionalOnBean(Host.class)
public class GonextWebAutoConfiguration {
  @Bean
  @ConditionalOnBooleanProperty(name = "gonext.web.routes.enabled", matchIfMissing = true)
  ServletRegistrationBean<PluginServlet> gonextPluginServlet(
      Host host, GonextProperties properties) {
    ServletRegistrationBean<PluginServlet> bean =
        new ServletRegistrationBean<>(
            new PluginServlet(host), properties.web().routes().path() + "/*");
    bean.setName("gonextPlugins");
    return bean;
  }

  @Configuration(proxyBeanMethods = false)
  @ConditionalOnClass(HostDashboard.class)
  @ConditionalOnBooleanProperty("gonext.web.dashboard.enabled")
  static class DashboardConfiguration {
    @Bean(destroyMethod = "close")
    HostDashboard gonextDashboard(Host host, GonextProperties properties) {
      GonextProperties.Dashboard roles = properties.web().dashboard();
      return HostDashboard.forVisitors(host, request -> visitor(request, roles)).build();
    }

    /** Without anything that signs people in, nobody has a role, and all are refused. */
    private static Optional<Visitor> visitor(
        HttpServletRequest request, GonextProperties.Dashboard roles) {
      Principal principal = request.getUserPrincipal();
      if (principal == null) {
        return Optional.empty();
      }
      if (request.isUserInRole(roles.operatorRole())) {
        return Optional.of(Visitor.operator(principal.getName()));
      }
      return request.isUserInRole(roles.readerRole())
          ? Optional.of(Visitor.reader(principal.getName()))
          : Optional.empty();
    }

    @Bean
    ServletRegistrationBean<HttpServlet> gonextDashboardServlet(
        HostDashboard dashboard, GonextProperties properties) {
      ServletRegistrationBean<HttpServlet> bean =
          new ServletRegistrationBean<>(
              dashboard.servlet(), properties.web().dashboard().path() + "/*");
      bean.setName("gonextDashboard");
      return bean;
    }

    @Bean
    DashboardLifecycle gonextDashboardLifecycle(
        HostDashboard dashboard, ConfigurableApplicationContext context) {
      return new DashboardLifecycle(dashboard, context);
    }
  }

  /** Ends the live pages first, for which the web server would wait otherwise. */
  static final class DashboardLifecycle implements SmartLifecycle {
    private final HostDashboard dashboard;
    private final ConfigurableApplicationContext context;
    private volatile boolean running;

    DashboardLifecycle(HostDashboard dashboard, ConfigurableApplicationContext context) {
      this.dashboard = dashboard;
      this.context = context;
    }

    @Override
    public void start() {
      running = true;
    }

    @Override
    public void stop() {
      running = false;
      if (context.isClosed()) {
        dashboard.close();
      }
    }

    @Override
    public boolean isRunning() {
      return running;
    }

    @Override
    public boolean isPauseable() {
      return false;
    }
  }
}
