package io.gonext.host.internal.service.http;

import io.gonext.host.manifest.FetchUrl;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.Semaphore;
import java.util.function.Function;
import org.eclipse.jetty.client.Destination;
import org.eclipse.jetty.util.Promise;
import org.eclipse.jetty.util.SocketAddressResolver;

/**
 * Gives a client the addresses of a host that it may connect to. The client asks it once for each
 * connection, also for a host that is an address, and connects to nothing else. So no second
 * look-up can answer another address after the check. A host that is an address needs no look-up.
 *
 * <p>Thread-safe.
 */
public final class CheckedResolver implements SocketAddressResolver {
  /** The system's resolver may take long, and cannot be interrupted. */
  static final int LOOKUPS_OF_PLUGIN = 8;

  private final NameLookup lookup;
  private final Function<Object, AddressPolicy> policies;
  private final Executor executor;

  /** By the tag of the request, which is the plugin where a plugin sends it. */
  private final Map<Object, Semaphore> lookups = new ConcurrentHashMap<>();

  /**
   * @param policies by the tag of the request
   * @param executor whose threads the system's resolver may block
   */
  public CheckedResolver(
      NameLookup lookup, Function<Object, AddressPolicy> policies, Executor executor) {
    this.lookup = lookup;
    this.policies = policies;
    this.executor = executor;
  }

  @Override
  public void resolve(
      String host,
      int port,
      Map<String, Object> context,
      Promise<List<InetSocketAddress>> promise) {
    Destination destination =
        (Destination) Objects.requireNonNull(context.get(Destination.CONTEXT_KEY));
    Object tag = destination.getOrigin().getTag();
    AddressPolicy policy = policies.apply(tag);
    if (FetchUrl.isAddress(host)) {
      check(host, new InetAddress[] {FetchUrl.address(host)}, port, policy, promise);
      return;
    }
    Semaphore ofPlugin = lookups.computeIfAbsent(tag, _ -> new Semaphore(LOOKUPS_OF_PLUGIN));
    if (!ofPlugin.tryAcquire()) {
      promise.failed(new TooManyLookupsException());
      return;
    }
    try {
      executor.execute(() -> {
        try {
          resolve(host, port, policy, promise);
        } finally {
          ofPlugin.release();
        }
      });
    } catch (RejectedExecutionException e) {
      ofPlugin.release();
      promise.failed(new TooManyLookupsException());
    }
  }

  /** Names are being looked up that do not resolve in time. */
  static final class TooManyLookupsException extends Exception {
    private static final long serialVersionUID = 1L;

    TooManyLookupsException() {
      super("too many names are being looked up", null, false, false);
    }
  }

  private void resolve(
      String host, int port, AddressPolicy policy, Promise<List<InetSocketAddress>> promise) {
    InetAddress[] found;
    try {
      found = lookup.addresses(host);
    } catch (UnknownHostException | RuntimeException e) {
      promise.failed(e);
      return;
    }
    check(host, found, port, policy, promise);
  }

  private static void check(
      String host,
      InetAddress[] found,
      int port,
      AddressPolicy policy,
      Promise<List<InetSocketAddress>> promise) {
    List<InetSocketAddress> checked = new ArrayList<>();
    List<String> refused = new ArrayList<>();
    for (InetAddress address : found) {
      if (policy.allows(address, port)) {
        checked.add(new InetSocketAddress(named(host, address), port));
      } else {
        refused.add(address.getHostAddress());
      }
    }
    if (!checked.isEmpty()) {
      promise.succeeded(checked);
    } else if (refused.isEmpty()) {
      promise.failed(new UnknownHostException(host));
    } else {
      promise.failed(new BlockedAddressException(host, refused));
    }
  }

  /** Jetty's TLS takes the name that the certificate must have from here, not from the URL. */
  private static InetAddress named(String host, InetAddress address) {
    String name = host.startsWith("[") ? host.substring(1, host.length() - 1) : host;
    try {
      return InetAddress.getByAddress(name, address.getAddress());
    } catch (UnknownHostException e) {
      throw new IllegalStateException("an address has 4 or 16 bytes", e);
    }
  }
}
