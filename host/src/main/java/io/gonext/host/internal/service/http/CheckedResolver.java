package io.gonext.host.internal.service.http;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import org.eclipse.jetty.util.Promise;
import org.eclipse.jetty.util.SocketAddressResolver;

/**
 * Gives the client the addresses of a host that plugins may connect to. The client asks it once for
 * each connection, also for a host that is an address, and connects to nothing else. So no second
 * look-up can answer another address after the check.
 */
record CheckedResolver(NameLookup lookup, AddressPolicy policy, Executor executor)
    implements SocketAddressResolver {
  @Override
  public void resolve(
      String host,
      int port,
      Map<String, Object> context,
      Promise<List<InetSocketAddress>> promise) {
    try {
      executor.execute(() -> resolve(host, port, promise));
    } catch (RejectedExecutionException e) {
      promise.failed(new UnknownHostException("too many names are being looked up"));
    }
  }

  private void resolve(String host, int port, Promise<List<InetSocketAddress>> promise) {
    List<InetSocketAddress> checked = new ArrayList<>();
    List<String> refused = new ArrayList<>();
    try {
      for (InetAddress address : lookup.addresses(host)) {
        if (policy.allows(address, port)) {
          checked.add(new InetSocketAddress(named(host, address), port));
        } else {
          refused.add(address.getHostAddress());
        }
      }
    } catch (UnknownHostException | RuntimeException e) {
      promise.failed(e);
      return;
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
  private static InetAddress named(String host, InetAddress address) throws UnknownHostException {
    String name = host.startsWith("[") ? host.substring(1, host.length() - 1) : host;
    return InetAddress.getByAddress(name, address.getAddress());
  }
}
