package io.gonext.host;

import io.gonext.host.manifest.Bundle;
import io.gonext.host.trust.Verdict;

/**
 * What a host says of a bundle before anybody installs it.
 *
 * @param bundle which was read and not compiled
 * @param origin where it comes from, as the trust policy sees it
 * @param verdict of the trust policy; with the code {@code downgrade} for a bundle that is lower
 *     than one of its publisher that was current before
 * @param isRefused whether the host would refuse it for the verdict: the policy is enforced
 */
public record TrustCheck(Bundle bundle, String origin, Verdict verdict, boolean isRefused) {}
