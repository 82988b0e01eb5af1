package io.tenon.swap.internal;

import io.tenon.block.DeviceException;
import io.tenon.block.DeviceProvider;
import io.tenon.block.DeviceSlot;
import io.tenon.error.TenonException;
import io.tenon.swap.SwapException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The new version of a backend, of a service with devices of its own, or of a transport, beside the old one, for one device, or for those that cannot
 * be parted. It takes them, or the connections of their hosts, over as any successor does, content compared and all, and is watched under their own
 * load. Whatever comes of it, they return to whom all others have.
 */
final class Canary implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(SwapService.class);

  private static final long LOOK_MS = 5;
  private static final long REMOVE_WITHIN_MS = 10_000;

  private final Surroundings node;
  private final Together together;
  private final List<Watched> watched;
  private final Tryout tryout;
  private final Bundle bundle;
  private final Arrival arrival = new Arrival();
  private final Pauses pauses;
  private final HostPauses hosts;
  private volatile boolean begun;
  private boolean left;
  private String proof = "";

  private Canary(Surroundings node, Together together, Tryout tryout, Bundle bundle) {
    this.node = node;
    this.together = together;
    this.tryout = tryout;
    this.bundle = bundle;
    pauses = new Pauses(node.devices(), arrival, Instant.MAX);
    hosts = new HostPauses(node.target());
    boolean isAlone = together.devices().size() == 1;
    watched = together.devices().stream().map(device -> new Watched(device, isAlone)).toList();
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
          "It serves all of its volumes by one service, so that not one alone can try another version of it.",
          "Only backends, blobstores, pools, the nexus and transports can have a canary; leave --canary out.");
    }
    var its = new ArrayList<>(Footprint.of(old, node).devices());
    if (servesConnections(old, node)) {
      var shared = Shares.find(name, node);
      if (shared.isPresent()) return shared.get();
      its.addAll(Shares.devices(node));
    }
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
            + " that it has opened"
            + (servesConnections(old, node) ? " or that is shared" : "")
            + ", nor one that belongs to "
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

  private static boolean servesConnections(Bundle old, Surroundings node) {
    return Footprint.connections(old, node).isPresent();
  }

  private static boolean servesDevicesAlone(Bundle old, Surroundings node) {
    if (Footprint.owner(old, node).isPresent()) return true;
    if (servesConnections(old, node)) return true;
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
      Steps.bounded("Its takeover", endNs + Watched.SILENCE_NS, () -> begin(endNs));
    } catch (Steps.Failed e) {
      return Optional.of(e.why);
    }
    var taken = arrival.await(this::serves, endNs);
    return taken.isPresent() ? taken : watch(watchMs);
  }

  /** The device may just be busy with something else, and the bundle not be ready to take it. */
  private void begin(long endNs) throws TenonException, InterruptedException {
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
        ? hosts.lacks()
        : Optional.of("The new one does not serve " + together.who() + ".");
  }

  /** One that is not ready; a sentence. */
  private Optional<String> away() {
    return listed().flatMap(one -> one.away().stream()).findFirst();
  }

  /** Some may have been destroyed meanwhile. */
  private Stream<Watched> listed() {
    var all = node.devices().all();
    return watched.stream().filter(one -> all.contains(one.device()));
  }

  private Optional<String> watch(long watchMs) throws InterruptedException {
    long endNs = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(watchMs);
    for (Watched one : watched) one.start();
    long heardNs = System.nanoTime();
    while (true) {
      var away = away().or(tryout::lacks);
      if (away.isPresent()) return away;
      long nowNs = System.nanoTime();
      var trouble = listed().flatMap(one -> one.trouble(nowNs).stream()).findFirst();
      if (trouble.isPresent()) return trouble;
      var waiting = hosts.lacks();
      if (waiting.isEmpty()) heardNs = nowNs;
      else if (nowNs - heardNs > Watched.SILENCE_NS) return waiting;
      if (nowNs > endNs) {
        proof = proof(watchMs);
        return Optional.empty();
      }
      TimeUnit.MILLISECONDS.sleep(LOOK_MS);
    }
  }

  private String proof(long watchMs) {
    long done = watched.stream().mapToLong(Watched::done).sum();
    return done > 0
        ? "First tried by %s, with %d I/Os in %d ms.".formatted(together.who(), done, watchMs)
        : "First tried by %s, which did no I/O: only that it can take over is known."
            .formatted(together.who());
  }

  /** What a trial in which nothing was wrong is worth; a sentence. */
  String proof() {
    return proof;
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
    var away =
        arrival.await(
            () -> away().or(hosts::lacks), startNs + TimeUnit.MILLISECONDS.toNanos(deadlineMs));
    return away.isPresent() ? away : tryout.lacks();
  }

  /** A sentence. */
  String whoHasSeen() {
    return begun ? "Only " + together.who() + " has seen it." : "No block device has seen it.";
  }

  /** Of all devices and all hosts' connections, since this was made. */
  Waits waits() {
    return new Waits(pauses.taken(), hosts.taken());
  }

  @Override
  public void close() throws InterruptedException {
    var why = leave(REMOVE_WITHIN_MS);
    if (why.isPresent()) log.error("{}: did not return: {}", together.who(), why.get());
    tryout.close();
    pauses.close();
  }
}
