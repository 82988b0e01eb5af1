package io.tenon.block;

import io.tenon.reactor.Reactor;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/**
 * What everyone above a backend really holds. It keeps its name, identity and claims while the device inside is drained,
 * taken away and put back.
 *
 * <pre>
 * Ready ─► Draining ─► Vacant ─► Ready
 *              └──────────┴────► Failed
 * </pre>
 */
public final class DeviceSlot {
  private final BlockDevice device;
  private final String uri;

  public DeviceSlot(BlockDevice device, String uri) {
    this.device = device;
    this.uri = uri;
  }

  public String name() {
    return device.name();
  }

  public UUID uuid() {
    return device.uuid();
  }

  public String uri() {
    return uri;
  }

  public List<String> aliases() {
    return List.of();
  }

  public String productName() {
    return device.productName();
  }

  public Geometry geometry() {
    return device.geometry();
  }

  public boolean supports(IoOperation operation) {
    return device.supports(operation);
  }

  /**
   * A channel of its own for one user of the device on one reactor. On that reactor; the user closes it when nothing of
   * its own is in flight.
   */
  public IoChannel channel(Reactor reactor) {
    return device.channel(reactor);
  }

  /** Who has claimed it, as people may read it. */
  public Optional<String> claimedBy() {
    return Optional.empty();
  }

  /**
   * Makes it somebody's: nobody else may claim or destroy it until released.
   *
   * @param owner for people, such as {@code nexus 1f0e…}
   * @throws DeviceException {@link DeviceException.Kind#IN_USE} naming the present owner
   */
  public Claim claim(String owner) throws DeviceException {
    throw new DeviceException(DeviceException.Kind.IN_USE, name(), owner, "");
  }

  public void addListener(DeviceListener listener) {
    device.listener(listener);
  }

  public void removeListener(DeviceListener listener) {}

  /** Right to a device; closing releases it. Any thread, idempotent. */
  public interface Claim extends AutoCloseable {
    @Override
    void close();
  }
}
