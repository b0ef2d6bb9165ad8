package io.gonext.dashboard;

import io.gonext.host.Host;
import io.gonext.host.PluginGrants;
import io.gonext.host.SecretInfo;
import io.gonext.host.StoredPlugin;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.List;

/** What a plugin may do, as switches, and its secrets, whose values nobody sees. */
final class AccessPage implements Page {
  private static final String TAB = "access";
  private static final String PATH = "/plugins/{name}/" + TAB;

  private final Host host;
  private final InstantSource clock;

  AccessPage(Host host, InstantSource clock) {
    this.host = host;
    this.clock = clock;
  }

  record Model(PluginHead head, List<Grant> grants, List<Secret> secrets) {}

  /**
   * A capability that the plugin asks for.
   *
   * @param notOffered why it does nothing on this host; empty when it does
   */
  record Grant(
      String id, String description, boolean sensitive, boolean granted, String notOffered) {}

  /**
   * A secret.
   *
   * @param set when it was set; empty when it has no value
   * @param note what the plugin may do with it
   */
  record Secret(String name, boolean required, boolean requested, String set, String note) {}

  @Override
  public void addTo(Routes routes) {
    routes.page(
        PATH,
        visit -> {
          Model model = model(PluginHead.stored(host, visit));
          return Answer.page(model.head().name() + ": capabilities", "access", model);
        });
    routes.form(PATH + "/grant", visit -> decide(visit, true));
    routes.form(PATH + "/revoke", visit -> decide(visit, false));
    routes.form(PATH + "/secret", this::setSecret);
    routes.form(PATH + "/secret/delete", this::deleteSecret);
  }

  private Model model(StoredPlugin plugin) {
    PluginGrants grants = host.plugins().grants(plugin.name());
    return new Model(
        PluginHead.of(host, plugin, TAB),
        grants.requested().stream().map(id -> grant(grants, id)).toList(),
        host.secrets().list(plugin.name()).stream().map(this::secret).toList());
  }

  private Grant grant(PluginGrants grants, String id) {
    return new Grant(
        id,
        VersionsPage.description(host, id),
        host.capabilities().isSensitive(id),
        grants.granted().contains(id),
        host.capabilities().notOffered(id).orElse(""));
  }

  private Secret secret(SecretInfo secret) {
    String note =
        !secret.requested()
            ? "The version in use no longer asks for it."
            : secret.injectOnly()
                ? "The plugin cannot read it. The host puts it into requests to "
                    + String.join(", ", secret.hosts())
                    + "."
                : "The plugin can read it"
                    + (secret.hosts().isEmpty()
                        ? "."
                        : ", and it may go to " + String.join(", ", secret.hosts()) + ".");
    return new Secret(
        secret.name(),
        secret.required(),
        secret.requested(),
        secret.setAt().map(at -> Shown.relative(at, clock.instant())).orElse(""),
        note);
  }

  private Answer decide(Visit visit, boolean grant) throws InterruptedException, IOException {
    String plugin = visit.path("name");
    String capability = visit.required("capability");
    return visit.change(
        PluginHead.path(plugin, TAB),
        () -> {
          if (grant) {
            host.plugins().grant(plugin, capability);
            return plugin + " may use " + capability + " from its next call on.";
          }
          host.plugins().revoke(plugin, capability);
          return plugin + " may no longer use " + capability + ".";
        });
  }

  private Answer setSecret(Visit visit) throws InterruptedException, IOException {
    String plugin = visit.path("name");
    String secret = visit.required("secret");
    byte[] value = visit.required("value").getBytes(StandardCharsets.UTF_8);
    return visit.change(
        PluginHead.path(plugin, TAB),
        () -> {
          try {
            host.secrets().set(plugin, secret, value);
          } finally {
            Arrays.fill(value, (byte) 0);
          }
          return "The secret " + secret + " is set.";
        });
  }

  private Answer deleteSecret(Visit visit) throws InterruptedException, IOException {
    String plugin = visit.path("name");
    String secret = visit.required("secret");
    return visit.change(
        PluginHead.path(plugin, TAB),
        () -> {
          host.secrets().delete(plugin, secret);
          return "The secret " + secret + " is deleted.";
        });
  }
}
