package io.tenon.swap.internal;

import io.tenon.block.DeviceException;
import io.tenon.block.DeviceProvider;
import io.tenon.block.DeviceSlot;
import io.tenon.block.IoOperation;
import io.tenon.block.SlotState;
import io.tenon.swap.SwapException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleException;
import org.osgi.framework.wiring.BundleRevision;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The new version of a backend, or of a service with devices of its own, beside the old one, for one device, or for those that cannot be parted.
 * It takes them over as any successor does, content compared and all, and is watched under their own load. Whatever comes of it, they return to
 * whom all others have.
 */
final class Canary implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(SwapService.class);

  /** I/O of the device that does not end for so long is no answer. */
  private static final long SILENCE_NS = TimeUnit.SECONDS.toNanos(1);

  private static final long LOOK_MS = 5;
  private static final long REMOVE_WITHIN_MS = 10_000;

  private final Surroundings node;
  private final Together together;
  private final List<Watched> watched;
  private final Tryout tryout;
  private final Bundle bundle;
  private final Arrival arrival = new Arrival();
  private final Pauses pauses;
  private volatile boolean begun;
  private boolean left;

  private Canary(Surroundings node, Together together, Tryout tryout, Bundle bundle) {
    this.node = node;
    this.together = together;
    this.tryout = tryout;
    this.bundle = bundle;
    pauses = new Pauses(node.devices(), arrival, Instant.MAX);
    watched = together.devices().stream().map(Watched::new).toList();
  }

  /**
   * The device that a name means, or the first of those that are on the disk that it means.
   *
   * @throws SwapException when the bundle is of a kind that one volume alone cannot try, or has no such device, or others would see the new
   *     one with it
   */
  static DeviceSlot find(String name, Bundle old, Surroundings node) throws SwapException {
    if (!servesDevicesAlone(old, node)) {
      throw Refusals.refused(
          old.getSymbolicName(),
          (isTransport(old)
                  ? "Hosts reach all of its volumes by the one port that it has,"
                  : "It serves all of its volumes by one service,")
              + " so that not one alone can try another version of it.",
          "Only backends, blobstores, pools and the nexus can have a canary; leave --canary out.");
    }
    var its = Footprint.of(old, node).devices();
    var meant = its.stream().filter(slot -> isMeant(slot, name)).toList();
    for (DeviceSlot slot : meant) {
      if (Together.with(slot, old, node).areAll(one -> isMeant(one, name))) return slot;
    }
    if (!meant.isEmpty()) throw notAlone(meant.getFirst(), old, node);
    for (DeviceSlot slot : node.devices().all()) {
      var onIt = isMeant(slot, name) ? Together.on(slot, old, node) : Optional.<Together>empty();
      if (onIt.isPresent()) return onIt.get().devices().getFirst();
    }
    throw Refusals.refused(
        old.getSymbolicName(),
        "There is no block device "
            + name
            + " that it has opened, nor one that belongs to "
            + name
            + ".",
        its.isEmpty()
            ? "It has none; leave --canary out."
            : "Its block devices are "
                + String.join(", ", its.stream().map(DeviceSlot::name).toList())
                + ".");
  }

  private static boolean isMeant(DeviceSlot slot, String name) {
    return slot.claimedBy().filter(by -> by.endsWith(" " + name)).isPresent()
        || slot.name().equals(name)
        || slot.uuid().toString().equals(name);
  }

  private static SwapException notAlone(DeviceSlot slot, Bundle old, Surroundings node) {
    var together = Together.with(slot, old, node);
    String whole = together.whole().orElse("one disk");
    return Refusals.refused(
        old.getSymbolicName(),
        "Block device %s is not alone on %s: %s would see the new one as well."
            .formatted(slot.name(), whole, together.namesBut(slot)),
        "Name %s itself for all of them to try it: --canary %s; or leave --canary out."
            .formatted(whole, whole.substring(whole.indexOf(' ') + 1)));
  }

  private static boolean isTransport(Bundle old) {
    var revision = old.adapt(BundleRevision.class);
    return !revision.getDeclaredCapabilities("tenon.transport").isEmpty();
  }

  private static boolean servesDevicesAlone(Bundle old, Surroundings node) {
    if (Footprint.owner(old, node).isPresent()) return true;
    var components = node.runtime().getComponentDescriptionDTOs(old);
    return !components.isEmpty()
        && components.stream().allMatch(component -> isBackend(component.serviceInterfaces));
  }

  private static boolean isBackend(String[] services) {
    return Arrays.equals(services, new String[] {DeviceProvider.class.getName()});
  }

  /** Beside the old one, not started yet. */
  static Canary install(
      Surroundings node, Bundle old, DeviceSlot device, Candidate candidate, Path work)
      throws SwapException {
    var jar = work.resolve("canary.jar");
    try {
      CanaryJar.make(candidate, jar);
      try (var content = Files.newInputStream(jar)) {
        var bundle =
            node.context().installBundle(CanaryJar.nameOf(candidate.symbolicName()), content);
        return new Canary(
            node, Together.with(device, old, node), Tryout.of(device, old, bundle, node), bundle);
      }
    } catch (IOException | BundleException e) {
      throw Refusals.refused(
          candidate.symbolicName(),
          "The new one could not be installed beside the old one: " + e.getMessage() + ".",
          "");
    }
  }

  /**
   * Has the device try it, and watches.
   *
   * @param watchMs how long, once the device is served by it
   * @return why it is no good; empty when nothing was seen
   */
  Optional<String> fails(long deadlineMs, long watchMs) throws InterruptedException {
    long endNs = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(deadlineMs);
    try {
      Steps.start(bundle, endNs);
      // It ends by itself, with its reason, unless the bundle's own code hangs.
      Steps.bounded("Its takeover", endNs + SILENCE_NS, () -> begin(endNs));
    } catch (Steps.Failed e) {
      return Optional.of(e.why);
    }
    var taken = arrival.await(this::serves, endNs);
    return taken.isPresent() ? taken : watch(watchMs);
  }

  /** The device may just be busy with something else, and the bundle not be ready to take it. */
  private void begin(long endNs) throws DeviceException, InterruptedException {
    while (true) {
      try {
        begun = true;
        tryout.begin();
        return;
      } catch (DeviceException e) {
        // It was left, and the new one cannot serve it: asking again only keeps hosts waiting.
        if (e.kind() == DeviceException.Kind.IO) throw e;
        begun = false;
        if (System.nanoTime() > endNs) throw e;
        TimeUnit.MILLISECONDS.sleep(LOOK_MS);
      }
    }
  }

  private Optional<String> serves() {
    var away = away();
    if (away.isPresent()) return away;
    return tryout.isServing()
        ? Optional.empty()
        : Optional.of("The new one does not serve " + together.who() + ".");
  }

  /** One that is not ready; a sentence. */
  private Optional<String> away() {
    return listed()
        .map(one -> one.device)
        .filter(device -> device.state() != SlotState.READY)
        .map(Canary::standing)
        .findFirst();
  }

  /** Some may have been destroyed meanwhile. */
  private Stream<Watched> listed() {
    var all = node.devices().all();
    return watched.stream().filter(one -> all.contains(one.device));
  }

  private static String standing(DeviceSlot device) {
    var status = device.status();
    return "Block device %s is %s: %s %s"
        .formatted(device.name(), status.state(), status.reason(), status.waitsFor())
        .strip();
  }

  private Optional<String> watch(long watchMs) throws InterruptedException {
    long endNs = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(watchMs);
    for (Watched one : watched) one.start();
    while (true) {
      var away = away();
      if (away.isPresent()) return away;
      long nowNs = System.nanoTime();
      var trouble = listed().flatMap(one -> one.trouble(nowNs).stream()).findFirst();
      if (trouble.isPresent()) return trouble;
      if (nowNs > endNs) return Optional.empty();
      TimeUnit.MILLISECONDS.sleep(LOOK_MS);
    }
  }

  /** One device's own load. */
  private final class Watched {
    private final DeviceSlot device;
    private final long errorsBefore;
    private long seen;
    private long seenNs;

    Watched(DeviceSlot device) {
      this.device = device;
      errorsBefore = errors();
    }

    void start() {
      seen = ended();
      seenNs = System.nanoTime();
    }

    /** What is wrong with it; a sentence. */
    Optional<String> trouble(long nowNs) {
      String it = watched.size() == 1 ? "it" : "block device " + device.name();
      long failed = errors() - errorsBefore;
      if (failed > 0) return Optional.of(failed + " I/Os of " + it + " failed.");
      long ended = ended();
      if (ended != seen || device.status().inFlight() == 0) {
        seen = ended;
        seenNs = nowNs;
      }
      if (nowNs - seenNs <= SILENCE_NS) return Optional.empty();
      return Optional.of(
          (watched.size() == 1 ? "It" : "Block device " + device.name())
              + " does not answer I/O any more.");
    }

    private long errors() {
      long sum = 0;
      for (IoOperation operation : IoOperation.values()) sum += device.counters(operation).errors();
      return sum;
    }

    private long ended() {
      long sum = 0;
      for (IoOperation operation : IoOperation.values()) {
        var counters = device.counters(operation);
        sum += counters.operations() + counters.errors();
      }
      return sum;
    }
  }

  /**
   * Takes the bundle away; what tried it returns to whom all others have.
   *
   * @return why it has not; empty when it has
   */
  Optional<String> leave(long deadlineMs) throws InterruptedException {
    if (left) return Optional.empty();
    left = true;
    long startNs = System.nanoTime();
    try {
      Steps.remove(bundle, startNs + TimeUnit.MILLISECONDS.toNanos(REMOVE_WITHIN_MS));
    } catch (Steps.Failed e) {
      return Optional.of(e.why);
    }
    tryout.bundleHasGone();
    return arrival.await(this::away, startNs + TimeUnit.MILLISECONDS.toNanos(deadlineMs));
  }

  /** A sentence. */
  String whoHasSeen() {
    return begun ? "Only " + together.who() + " has seen it." : "No block device has seen it.";
  }

  /** Of all devices, since this was made. */
  Waits waits() {
    return new Waits(pauses.taken(), List.of());
  }

  @Override
  public void close() throws InterruptedException {
    var why = leave(REMOVE_WITHIN_MS);
    if (why.isPresent()) log.error("{}: did not return: {}", together.who(), why.get());
    tryout.close();
    pauses.close();
  }
}
