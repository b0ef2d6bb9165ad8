package io.gonext.host;

import java.time.Duration;
import tools.jackson.databind.JsonNode;

/**
 * A plugin's call of a function of the application.
 *
 * @param request what the plugin sent, matched against {@link HostFunctionSpec#requestSchema}; the
 *     function may change it
 * @param plugin the name of the plugin that asks
 * @param version the version of the plugin
 * @param hook the hook that the plugin handles, {@code http.serve.NAME} for its routes, {@code
 *     on_activate} or {@code on_deactivate}; empty while an instance starts
 * @param remaining the time until the plugin's deadline when the function was called
 */
public record HostFunctionCall(
    JsonNode request, String plugin, String version, String hook, Duration remaining) {}
