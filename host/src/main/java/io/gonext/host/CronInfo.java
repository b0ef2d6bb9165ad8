package io.gonext.host;

import java.time.Instant;
import java.util.Optional;

/**
 * A schedule of a plugin.
 *
 * @param id tells it from the plugin's others
 * @param job the job that it enqueues, or the action that it runs
 * @param schedule as it was written
 * @param registered whether the plugin registered it by {@code gn_cron_register}; if not, it is in
 *     the manifest
 * @param nextAt the next run; empty while the plugin is not in service
 */
public record CronInfo(
    String plugin,
    String id,
    String job,
    String schedule,
    String zone,
    boolean registered,
    Optional<Instant> nextAt) {}
