package io.gonext.host.internal.hook;

/**
 * One handler of one hook.
 *
 * @param plugin the name of its owner
 * @param ofPlugin whether it leaves with the plugin of that name; false for the application's own
 */
record Registration<H>(
    String plugin, boolean ofPlugin, String hook, int priority, H handler, HandlerProbe probe) {}
