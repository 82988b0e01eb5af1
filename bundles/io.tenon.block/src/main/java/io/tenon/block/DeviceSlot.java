package io.tenon.block;

import io.tenon.block.DeviceException.Kind;
import io.tenon.error.Check;
import io.tenon.reactor.Reactor;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What everyone above a backend really holds. It keeps its name, identity, channels and claims while the device inside is
 * drained, taken away and put back. Any thread, unless said otherwise; nothing here blocks.
 *
 * <pre>
 * Ready ◄─► Draining ─► Vacant ─► Ready
 *   └───────────┴─────────┴─────► Failed ─► Ready
 * </pre>
 *
 * <p>Of the operations it {@link #supports} all but UNMAP whatever the device inside does: it makes COMPARE,
 * COMPARE_AND_WRITE and WRITE_ZEROES of reads and writes where it must, atomically against writes from all channels.
 */
public final class DeviceSlot {
  private static final Logger log = LoggerFactory.getLogger(DeviceSlot.class);

  private final String name;
  private final UUID uuid;
  private final Executor blocking;
  private final Ownership ownership;
  private final SlotListeners listeners = new SlotListeners();

  /** Guards all that follows; messages to reactors are sent under it, so that they arrive in the order of states. */
  private final Object lock = new Object();

  private final Set<String> aliases = new LinkedHashSet<>();
  private final List<SlotChannel> channels = new ArrayList<>();

  private final SlotStatistics statistics = new SlotStatistics(channels);
  private final SlotFaults faults = new SlotFaults(channels);
  private final SlotRangeLocks rangeLocks = new SlotRangeLocks(channels);
  private volatile SlotInside inside;
  private volatile String uri;
  private volatile Geometry geometry;
  private final SlotStanding standing;
  private CompletableFuture<Void> drained = CompletableFuture.completedFuture(null);
  private Optional<Handover> left = Optional.empty();

  /** A slot that tells the time by the system's clock and closes devices on virtual threads. */
  public DeviceSlot(BlockDevice device, String uri) {
    this(device, uri, InstantSource.system(), Thread.ofVirtual().name("device-close")::start);
  }

  /**
   * @param device open, and the slot's to close from now on
   * @param uri as shown to people
   * @param blocking runs what may block: closing a device
   */
  public DeviceSlot(BlockDevice device, String uri, InstantSource clock, Executor blocking) {
    this.name = device.name();
    this.uuid = device.uuid();
    this.uri = uri;
    this.ownership = new Ownership(name);
    this.blocking = blocking;
    this.geometry = device.geometry();
    this.standing = new SlotStanding(name, clock);
    this.inside = new SlotInside(device, this, listeners);
    device.listener(inside);
  }

  public String name() {
    return name;
  }

  public UUID uuid() {
    return uuid;
  }

  /** By which the device inside was opened; another one after {@link #restore(BlockDevice, String, String)}. */
  public String uri() {
    return uri;
  }

  /** Other names under which it is found, in the order of their coming. */
  public List<String> aliases() {
    synchronized (lock) {
      return List.copyOf(aliases);
    }
  }

  /** For the registry that finds devices by their aliases. */
  public void addAlias(String alias) {
    synchronized (lock) {
      aliases.add(alias);
    }
  }

  /**
   * @return false when there was none
   */
  public boolean removeAlias(String alias) {
    synchronized (lock) {
      return aliases.remove(alias);
    }
  }

  public String productName() {
    return inside.device.productName();
  }

  /** The last known one while nothing is inside. */
  public Geometry geometry() {
    return geometry;
  }

  /** All but UNMAP, which is the device's to offer, are done here where the device does not. */
  public boolean supports(IoOperation operation) {
    return inside.supports(operation);
  }

  /** As {@link BlockDevice#unmapZeroes}, of the device that is inside now. */
  public boolean unmapZeroes() {
    return inside.device.unmapZeroes();
  }

  /** As the device inside says, also after it was closed: {@link BlockDevice#outlivesClosing}. */
  public boolean outlivesClosing() {
    return inside.device.outlivesClosing();
  }

  /** Of the device that is inside now. */
  public Optional<Reservations> reservations() {
    return inside.device.reservations();
  }

  /** Of the device that is inside now. */
  public Optional<Snapshots> snapshots() {
    return inside.device.snapshots();
  }

  public SlotState state() {
    return standing.state();
  }

  public SlotStatus status() {
    synchronized (lock) {
      return standing.status(statistics.inFlight(), statistics.parked());
    }
  }

  public IoCounters counters(IoOperation operation) {
    synchronized (lock) {
      return statistics.of(operation, geometry.blockShift());
    }
  }

  /**
   * Counts from zero.
   *
   * @return done when every reactor does
   */
  public CompletionStage<Void> resetCounters() {
    synchronized (lock) {
      return statistics.reset();
    }
  }

  /**
   * A channel of its own for one user of the device on one reactor. On that reactor; the user closes it when nothing of
   * its own is in flight, and not from within a completion.
   *
   * <p>Ask {@link IoChannel#consumesInline} and {@link IoChannel#lendsMemory} right before each submit: a slot that is not
   * ready does neither.
   */
  public IoChannel channel(Reactor reactor) {
    if (!reactor.isCurrent()) {
      throw Check.bug("channel of %s for %s opened on another thread", this, reactor.name());
    }
    var channel = new SlotChannel(this, reactor);
    BlockDevice openOn = null;
    synchronized (lock) {
      channels.add(channel);
      channel.adopt(rangeLocks.active());
      faults.giveTo(channel);
      if (standing.is(SlotState.READY)) openOn = inside.device;
      else if (standing.is(SlotState.FAILED)) channel.gone();
    }
    // What the slot does next is a message to this reactor, and comes after this.
    if (openOn != null) channel.open(openOn);
    return channel;
  }

  /**
   * Faults for I/O that is submitted from now on; those of before are none any more.
   *
   * @return done when every reactor plays them
   */
  public CompletionStage<Void> faults(List<InjectedFault> now) {
    synchronized (lock) {
      return faults.play(now);
    }
  }

  void forget(SlotChannel channel) {
    synchronized (lock) {
      channels.remove(channel);
      statistics.keep(channel);
    }
  }

  // The life of what is inside.

  private void tellState() {
    var now = status();
    listeners.stateChanged(now);
  }

  /**
   * Lets nothing more in: new requests park. Legal when ready; when draining already it joins in.
   *
   * @param why a sentence for people
   * @return done when nothing is in flight on any reactor and lent memory is given back; fails when the slot fails
   */
  public CompletionStage<Void> drain(String why) {
    CompletableFuture<Void> result;
    synchronized (lock) {
      if (standing.is(SlotState.DRAINING)) return drained.copy();
      if (standing.is(SlotState.VACANT)) return CompletableFuture.completedFuture(null);
      if (standing.is(SlotState.FAILED))
        return CompletableFuture.failedFuture(standing.hasFailed());
      standing.become(SlotState.DRAINING, why, "");
      var round = new Round(channels.size());
      drained = round.done();
      result = drained.copy();
      for (SlotChannel channel : channels) {
        channel.reactor().execute(() -> channel.drain(round));
      }
    }
    tellState();
    return result;
  }

  /**
   * Ends a drain with the device that is still inside: parked requests go on.
   *
   * @throws Check.Bug unless draining
   */
  public void resume(String why) {
    synchronized (lock) {
      Check.that(
          standing.is(SlotState.DRAINING) && inside.released == null,
          "device %s is %s and cannot resume",
          name,
          standing.state());
      standing.become(SlotState.READY, why, "");
      var _ = openChannels(inside.device);
    }
    tellState();
  }

  /** Under the lock. */
  private CompletableFuture<Void> openChannels(BlockDevice device) {
    var round = new Round(channels.size());
    for (SlotChannel channel : channels) {
      channel.reactor().execute(() -> channel.open(device, round));
    }
    return round.done();
  }

  /**
   * Drains, then takes the device out and closes it: its channels on their reactors, itself where blocking is allowed.
   *
   * @param waits what will bring the slot back; for people
   * @return what the device leaves to its successor, when it is closed; fails when the slot fails meanwhile
   */
  public CompletionStage<Optional<Handover>> vacate(String why, String waits) {
    return vacate(why, waits, _ -> {});
  }

  /**
   * As above.
   *
   * @param lastLook is shown the device when nobody uses it any more, right before it leaves; may block
   */
  public CompletionStage<Optional<Handover>> vacate(
      String why, String waits, Consumer<BlockDevice> lastLook) {
    return drain(why).thenCompose(_ -> takeOut(why, waits, lastLook));
  }

  private CompletionStage<Optional<Handover>> takeOut(
      String why, String waits, Consumer<BlockDevice> lastLook) {
    CompletableFuture<Optional<Handover>> released;
    synchronized (lock) {
      if (standing.is(SlotState.VACANT)) return CompletableFuture.completedFuture(Optional.empty());
      if (!standing.is(SlotState.DRAINING))
        return CompletableFuture.failedFuture(standing.hasFailed());
      var leaving = inside.device;
      released =
          release(
              inside,
              () -> {
                lastLook.accept(leaving);
                return leaving.leave();
              });
    }
    return released.thenCompose(left -> becomeVacant(left, why, waits));
  }

  private CompletionStage<Optional<Handover>> becomeVacant(
      Optional<Handover> legacy, String why, String waits) {
    DeviceException failure = null;
    synchronized (lock) {
      if (standing.is(SlotState.VACANT)) return CompletableFuture.completedFuture(Optional.empty());
      if (standing.is(SlotState.FAILED)) failure = standing.hasFailed();
      else standing.become(SlotState.VACANT, why, waits);
      if (failure == null) left = legacy;
    }
    if (failure != null) {
      legacy.ifPresent(Handover::close);
      return CompletableFuture.failedFuture(failure);
    }
    tellState();
    return CompletableFuture.completedFuture(legacy);
  }

  /**
   * What the device that was inside has left, for a service that puts its equal in; empty while one is inside. Whoever vacated the slot owns it, and
   * closes it when the slot fails.
   */
  public Optional<Handover> left() {
    synchronized (lock) {
      return left;
    }
  }

  /** Says for people what a vacant slot waits for now. */
  public void waitsFor(String what) {
    synchronized (lock) {
      standing.waitsFor(what);
    }
  }

  /** Channels, then the device. Under the lock; once per device. */
  private CompletableFuture<Optional<Handover>> release(
      SlotInside leaving, Supplier<Optional<Handover>> close) {
    var underWay = leaving.released;
    if (underWay != null) return underWay;
    var round = new Round(channels.size());
    var released =
        round
            .done()
            .thenApplyAsync(_ -> close.get(), blocking)
            .whenComplete((_, failure) -> closed(failure));
    leaving.released = released;
    for (SlotChannel channel : channels) {
      channel.reactor().execute(() -> channel.empty(round));
    }
    return released;
  }

  private CompletionStage<Void> releaseForGood() {
    var leaving = inside.device;
    Supplier<Optional<Handover>> close =
        () -> {
          leaving.close();
          return Optional.empty();
        };
    return release(inside, close).thenAccept(_ -> {});
  }

  private void closed(@Nullable Throwable failure) {
    if (failure != null) log.error("device {}: was not closed as it should be", name, failure);
  }

  /**
   * Puts a device in: the one that was there, reopened, or its equal. Legal when vacant, and when failed and the old one
   * is closed. Parked requests go on.
   *
   * @return done when every reactor has its channel
   * @throws DeviceException {@link Kind#MISMATCH} when it is another device or smaller; it stays the caller's then
   */
  public CompletionStage<Void> restore(BlockDevice device, String why) throws DeviceException {
    return restore(device, uri, why);
  }

  /**
   * As above, opened by another URI. Who has to know is told by {@link #tellUri}, which is left to the caller, for it may block.
   */
  public CompletionStage<Void> restore(BlockDevice device, String openedBy, String why)
      throws DeviceException {
    CompletableFuture<Void> opened;
    Geometry before;
    synchronized (lock) {
      var released = inside.released;
      boolean empty = released != null && released.isDone();
      if (!empty || standing.is(SlotState.READY) || standing.is(SlotState.DRAINING)) {
        throw new DeviceException(
            Kind.IN_USE,
            "Block device " + name + " was not put back.",
            "Its slot is " + standing.state() + " and not empty.",
            "Take out what is inside first.");
      }
      DeviceCheck.verify(name, uuid, geometry, device);
      inside = new SlotInside(device, this, listeners);
      uri = openedBy;
      before = geometry;
      geometry = device.geometry();
      left = Optional.empty();
      standing.become(SlotState.READY, why, "");
      device.listener(inside);
      opened = openChannels(device);
    }
    tellState();
    var now = device.geometry();
    if (!now.equals(before)) {
      listeners.resized(now);
    }
    return opened;
  }

  /** Tells everybody who listens by which URI the device is open. Returns when they have written it down; holding nothing that they may wait for. */
  public void tellUri() {
    listeners.reopenedBy(uri);
  }

  /**
   * Gives the device up: parked and new requests fail with {@link IoStatus#DEVICE_GONE}; what is in flight ends as the
   * device ends it, then the device is closed. Idempotent.
   *
   * @param why a sentence for people
   * @return done when the device is closed
   */
  public CompletionStage<Void> fail(String why) {
    CompletionStage<Void> released;
    CompletableFuture<Void> interrupted;
    DeviceException failure;
    synchronized (lock) {
      if (standing.is(SlotState.FAILED)) return releaseForGood();
      standing.become(SlotState.FAILED, why, "");
      failure = standing.hasFailed();
      interrupted = drained;
      for (SlotChannel channel : channels) {
        channel.reactor().execute(channel::gone);
      }
      released = releaseForGood();
    }
    interrupted.completeExceptionally(failure);
    tellState();
    listeners.lost(why);
    return released;
  }

  /** This one is inside now. */
  boolean has(SlotInside which) {
    return inside == which;
  }

  /** As {@link #has}, and it is not on its way out. */
  boolean keeps(SlotInside which) {
    synchronized (lock) {
      return inside == which && which.released == null;
    }
  }

  /** By the device that is inside. */
  void resizedTo(Geometry now) {
    if (now.blockBytes() != geometry.blockBytes()) {
      var _ =
          fail(
              "Its block size changed from %d to %d."
                  .formatted(geometry.blockBytes(), now.blockBytes()));
      return;
    }
    log.info("device {}: {} blocks, were {}", name, now.blockCount(), geometry.blockCount());
    geometry = now;
    listeners.resized(now);
  }

  // Locked ranges.

  @Nullable RangeLock activeLock() {
    return rangeLocks.active();
  }

  /** Calls the lock's owner back when no other write to its range is in flight anywhere. */
  void acquire(RangeLock wanted) {
    synchronized (lock) {
      rangeLocks.acquire(wanted);
    }
  }

  /** The active lock's owner has done. */
  void release() {
    synchronized (lock) {
      rangeLocks.release();
    }
  }

  // Claims and listeners.

  /** Who has claimed it, as people may read it. */
  public Optional<String> claimedBy() {
    return ownership.claimedBy();
  }

  /**
   * Makes it somebody's: nobody else may claim or destroy it until released. A claim that was left for a successor goes to the
   * first who asks for it by the same name.
   *
   * @param by for people, such as {@code nexus 1f0e…}
   * @throws DeviceException {@link Kind#IN_USE} naming the present owner
   */
  public Claim claim(String by) throws DeviceException {
    return ownership.claim(by);
  }

  public void addListener(DeviceListener listener) {
    listeners.add(listener);
  }

  /**
   * How often listeners were told that the device was lost, interrupted, or had returned: for who did not listen for a while. It grows before
   * they are told.
   */
  public long disturbances() {
    return listeners.disturbances();
  }

  public void removeListener(DeviceListener listener) {
    listeners.remove(listener);
  }

  @Override
  public String toString() {
    return name;
  }

  /** Right to a device; closing releases it. Any thread, idempotent. */
  public interface Claim extends AutoCloseable {
    /** What the owner before has left with it; empty when it was nobody's. */
    Optional<Handover> left();

    /** Keeps it for a successor: nobody else gets the device meanwhile. Instead of closing. */
    void leave(Handover handover);

    @Override
    void close();
  }
}
