package io.gonext.spring;

import io.gonext.host.OperatorLimits;
import jakarta.validation.Valid;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.NotBlank;
import jakarta.validation.constraints.Pattern;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.validation.annotation.Validated;

/**
 * The properties {@code gonext.*}.
 *
 * @param enabled whether there is a host at all.
 * @param dataDirectory holds the host's key, compiled modules and the embedded store; created where
 *     it does not exist. One process at a time.
 * @param store where plugins, grants and their data are kept.
 * @param plugins the plugins to deploy at each start, by name, in this order.
 * @param limits the most a plugin may have.
 * @param warmUp how long the host may exercise its plugins after the start, all together; zero for
 *     not at all.
 * @param hooks names of hooks that the application calls, so that a plugin that misspells one can
 *     be told.
 * @param masterKey where the key is that protects the secrets of plugins, by reference: env:NAME,
 *     file:PATH or property:NAME. Unless it is set, the host makes one in its data directory;
 *     instances that share a database need one.
 * @param trust whose plugins the host takes.
 * @param registries the registries that plugins may be pulled from.
 * @param web what is mounted in the application's web server.
 */
@Validated
@ConfigurationProperties("gonext")
public record GonextProperties(
    @DefaultValue("true") boolean enabled,
    @NotBlank @DefaultValue("gonext-data") String dataDirectory,
    @Valid @DefaultValue Store store,
    @Valid @DefaultValue Map<String, Plugin> plugins,
    @Valid @DefaultValue Limits limits,
    @DefaultValue("10s") Duration warmUp,
    @DefaultValue Set<String> hooks,
    @Nullable String masterKey,
    @Valid @DefaultValue Trust trust,
    @Valid @DefaultValue Registries registries,
    @Valid @DefaultValue Web web) {

  /** Which database holds the store. */
  public enum StoreType {
    /** A file in the data directory. */
    EMBEDDED,
    /** The PostgreSQL database of the application's DataSource. */
    DATASOURCE,
    /** A PostgreSQL database of its own. */
    POSTGRESQL
  }

  /**
   * Where plugins, grants and their data are kept.
   *
   * @param type embedded: a file in the data directory. datasource: the PostgreSQL database of the
   *     application's DataSource. postgresql: another one, by url.
   * @param schema the schema of the store's tables in PostgreSQL, Flyway's history among them; made
   *     where it does not exist.
   * @param url of a PostgreSQL database, for the type postgresql: jdbc:postgresql://HOST/DATABASE.
   * @param username for the type postgresql.
   * @param password for the type postgresql.
   */
  public record Store(
      @DefaultValue("embedded") StoreType type,
      @Pattern(regexp = "[a-z_][a-z0-9_]{0,62}", message = "is a lower-case name, such as gonext")
          @DefaultValue("gonext")
          String schema,
      @Nullable String url,
      @Nullable String username,
      @Nullable String password) {
    /** Without the URL, which may have a password, too. */
    @Override
    public String toString() {
      return type + ", schema " + schema;
    }
  }

  /**
   * A plugin to deploy.
   *
   * @param location of its bundle: classpath:plugins/hello.gnplugin, a file, or
   *     oci://HOST/REPOSITORY:TAG.
   * @param sha256 that the bundle must have, in lower-case hex; any unless it is set.
   * @param grants the capabilities to grant, except those that an operator has decided on.
   * @param config the values of its configuration.
   * @param secrets where the values of its secrets are, by name: env:NAME, file:PATH or
   *     property:NAME.
   * @param required whether the application fails to start without it. Otherwise the log and the
   *     health say what is wrong.
   */
  public record Plugin(
      @NotBlank String location,
      @Nullable
          @Pattern(regexp = "[0-9a-f]{64}", message = "is 64 hexadecimal digits, in lower case")
          String sha256,
      @DefaultValue Set<String> grants,
      @DefaultValue Map<String, Object> config,
      @DefaultValue Map<String, String> secrets,
      @DefaultValue("true") boolean required) {}

  /**
   * The most a plugin may have; its manifest may ask for less.
   *
   * @param call what a plugin computes in one call, waiting for an instance included.
   * @param waits what a plugin waits in host functions in one call.
   * @param chain all handlers of one filter or action together.
   * @param start what an instance may take to start.
   * @param memoryMb memory of one instance, in MiB.
   * @param instances of one plugin.
   */
  public record Limits(
      @DefaultValue("1s") Duration call,
      @DefaultValue("5s") Duration waits,
      @DefaultValue("3s") Duration chain,
      @DefaultValue("5s") Duration start,
      @Min(1) @Max(4096) @DefaultValue("64") int memoryMb,
      @Min(1) @Max(1024) @DefaultValue("8") int instances) {
    OperatorLimits toOperatorLimits() {
      return new OperatorLimits(memoryMb, call, chain, start, instances).withWaits(waits);
    }
  }

  /**
   * Whose plugins the host takes.
   *
   * @param policyFile the trust policy; trust.json in the data directory unless it is set, which
   *     need not exist.
   */
  public record Trust(@Nullable String policyFile) {}

  /**
   * Registries.
   *
   * @param allow the registries that plugins may be pulled from: ghcr.io, ghcr.io/acme or
   *     *.example.com. None unless they are named.
   * @param plainHttp registries, as HOST:PORT, that speak HTTP without TLS.
   * @param timeout of a whole pull.
   */
  public record Registries(
      @DefaultValue List<String> allow,
      @DefaultValue Set<String> plainHttp,
      @DefaultValue("2m") Duration timeout) {}

  /**
   * What is mounted in the application's web server.
   *
   * @param routes the routes of plugins.
   * @param dashboard the dashboard, where gonext-dashboard is on the class path.
   */
  public record Web(@Valid @DefaultValue Routes routes, @Valid @DefaultValue Dashboard dashboard) {}

  /**
   * The routes of plugins.
   *
   * @param enabled whether they are mounted.
   * @param path below which they are: PATH/PLUGIN/ROUTE.
   */
  public record Routes(
      @DefaultValue("true") boolean enabled,
      @Pattern(regexp = PATH, message = PATH_MESSAGE) @DefaultValue("/api/plugins") String path) {}

  /**
   * The dashboard.
   *
   * @param enabled whether it is mounted.
   * @param path below which it is.
   * @param operatorRole who has this role may see and change everything.
   * @param readerRole who has this role may look.
   */
  public record Dashboard(
      @DefaultValue("false") boolean enabled,
      @Pattern(regexp = PATH, message = PATH_MESSAGE) @DefaultValue("/gonext") String path,
      @NotBlank @DefaultValue("GONEXT_OPERATOR") String operatorRole,
      @NotBlank @DefaultValue("GONEXT_READER") String readerRole) {}

  private static final String PATH = "(/[A-Za-z0-9._~-]+)+";
  private static final String PATH_MESSAGE =
      "begins with a slash and does not end with one, as /api/plugins does";
}
