package io.gonext.host;

import static io.gonext.host.PluginState.ACTIVE;
import static io.gonext.host.PluginState.ERRORED;
import static io.gonext.host.PluginState.INACTIVE;
import static io.gonext.host.PluginState.INSTALLED;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import java.util.Set;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class PluginStateTest {
  private static final Map<PluginState, Set<PluginState>> ARROWS =
      Map.of(
          INSTALLED, Set.of(ACTIVE),
          ACTIVE, Set.of(INACTIVE, ERRORED),
          INACTIVE, Set.of(ACTIVE),
          ERRORED, Set.of(INACTIVE));

  @ParameterizedTest
  @EnumSource
  void a_plugin_changes_state_only_along_the_arrows(PluginState from) {
    for (PluginState to : PluginState.values()) {
      boolean arrow = ARROWS.getOrDefault(from, Set.of()).contains(to);
      assertThat(from.mayMoveTo(to)).as("%s to %s", from, to).isEqualTo(arrow);
    }
  }
}
