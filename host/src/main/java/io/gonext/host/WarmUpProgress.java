package io.gonext.host;

/**
 * How far a host that was opened has come with exercising the plugins that it started.
 *
 * @param isWarming whether it still does, or waits for the JIT compiler; not for longer than {@link
 *     HostConfig#warmUp}
 * @param plugins how many plugins it started
 * @param done how many of them need no more exercise: their speed has settled, there is nothing to
 *     exercise them with, or the time is over
 */
public record WarmUpProgress(boolean isWarming, int plugins, int done) {}
