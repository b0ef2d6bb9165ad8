package io.gonext.host.registry;

/**
 * What a push or a copy stored.
 *
 * @param reference with the tag under which it is stored, if any, and its digest
 * @param bytesSent the bytes that the registry did not hold before
 * @param referrers how many signatures and other artifacts refer to it and were stored as well
 */
public record PushedArtifact(OciReference reference, long bytesSent, int referrers) {}
