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
import org.eclipse.jetty.client.Destination;
import org.eclipse.jetty.util.Promise;
import org.eclipse.jetty.util.SocketAddressResolver;

/**
 * Gives the client the addresses of a host that plugins may connect to. The client asks it once for
 * each connection, also for a host that is an address, and connects to nothing else. So no second
 * look-up can answer another address after the check. A host that is an address needs no look-up.
 *
 * <p>Thread-safe.
 */
final class CheckedResolver implements SocketAddressResolver {
  /** The system's resolver may take long, and cannot be interrupted. */
  static final int LOOKUPS_OF_PLUGIN = 8;

  private final NameLookup lookup;
  private final AddressPolicy policy;
  private final Executor executor;

  /** By the tag of the request, which is the plugin. */
  private final Map<Object, Semaphore> lookups = new ConcurrentHashMap<>();

  CheckedResolver(NameLookup lookup, AddressPolicy policy, Executor executor) {
    this.lookup = lookup;
    this.policy = policy;
    this.executor = executor;
  }

  @Override
  public void resolve(
      String host,
      int port,
      Map<String, Object> context,
      Promise<List<InetSocketAddress>> promise) {
    if (FetchUrl.isAddress(host)) {
      check(host, new InetAddress[] {FetchUrl.address(host)}, port, promise);
      return;
    }
    Destination destination =
        (Destination) Objects.requireNonNull(context.get(Destination.CONTEXT_KEY));
    Semaphore ofPlugin =
        lookups.computeIfAbsent(
            destination.getOrigin().getTag(), _ -> new Semaphore(LOOKUPS_OF_PLUGIN));
    if (!ofPlugin.tryAcquire()) {
      promise.failed(new TooManyLookupsException());
      return;
    }
    try {
      executor.execute(() -> {
        try {
          resolve(host, port, promise);
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

  private void resolve(String host, int port, Promise<List<InetSocketAddress>> promise) {
    InetAddress[] found;
    try {
      found = lookup.addresses(host);
    } catch (UnknownHostException | RuntimeException e) {
      promise.failed(e);
      return;
    }
    check(host, found, port, promise);
  }

  private void check(
      String host, InetAddress[] found, int port, Promise<List<InetSocketAddress>> promise) {
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
