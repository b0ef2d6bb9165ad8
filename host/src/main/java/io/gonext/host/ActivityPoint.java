package io.gonext.host;

import java.time.Instant;

/**
 * A plugin in one short interval; a row of them is a history.
 *
 * @param at the end of the interval
 * @param callsPerSecond calls of all its handlers that ended in the interval, failed ones included
 * @param failuresPerSecond those of them that failed
 * @param p50Nanos half of the calls took at most this long; 0 where there were none
 * @param p99Nanos 99 % of the calls took at most this long; 0 where there were none
 * @param inUse its instances in use at the end of the interval
 * @param waiting callers that waited for one
 * @param bytes the memory of its instances
 */
public record ActivityPoint(
    Instant at,
    double callsPerSecond,
    double failuresPerSecond,
    long p50Nanos,
    long p99Nanos,
    int inUse,
    int waiting,
    long bytes) {}
