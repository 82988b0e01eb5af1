package io.tenon.nexus.internal;

import static org.junit.jupiter.api.Assertions.assertFalse;

import io.tenon.backend.malloc.internal.MallocProvider;
import io.tenon.block.BlockDevice;
import io.tenon.block.DeviceException;
import io.tenon.block.DeviceException.Kind;
import io.tenon.block.DeviceListener;
import io.tenon.block.DeviceUri;
import io.tenon.block.IoChannel;
import io.tenon.block.IoRequest;
import io.tenon.block.IoStatus;
import io.tenon.block.ReservationStatus;
import io.tenon.block.ReservationType;
import io.tenon.block.Reservations;
import io.tenon.block.testing.ForwardingDevice;
import io.tenon.nvme.NvmeStatus;
import io.tenon.nvme.ReservationLayout;
import io.tenon.nvme.internal.reservation.ReservationCommand;
import io.tenon.nvme.internal.reservation.ReservationRules;
import io.tenon.nvme.internal.reservation.ReservationState;
import io.tenon.reactor.Reactor;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.UUID;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;

/** Memory that several nodes reach, with the reservations of the model: what they forbid is not done. */
final class FencedDisk {
  private final String name;
  private final BlockDevice memory;
  private final boolean canPersist;
  private volatile ReservationState state = ReservationState.EMPTY;
  private volatile boolean silent;
  private volatile boolean broken;
  private final ConcurrentSkipListMap<UUID, DeviceListener> listeners =
      new ConcurrentSkipListMap<>();
  private final AtomicReference<Runnable> beforeChange = new AtomicReference<>(() -> {});
  final AtomicInteger questions = new AtomicInteger();

  FencedDisk(String name, int uuid, boolean canPersist) throws DeviceException {
    this(memory(name, uuid), canPersist);
  }

  /**
   * @param canPersist it can keep registrations over a restart of its node
   */
  FencedDisk(BlockDevice memory, boolean canPersist) {
    this.name = memory.name();
    this.memory = memory;
    this.canPersist = canPersist;
  }

  private static BlockDevice memory(String name, int uuid) throws DeviceException {
    var uri = "malloc:///%s?size_mb=16&uuid=%s".formatted(name, new UUID(2, uuid));
    return new MallocProvider().open(DeviceUri.parse(uri));
  }

  String uri() {
    return "nvmf://far:8420/" + name;
  }

  ReservationStatus status() {
    return state.status();
  }

  /** Its node is restarted: what it cannot keep, it has forgotten. */
  synchronized void restart() {
    if (!state.persists()) state = ReservationState.EMPTY;
  }

  /** It does not answer questions about reservations. */
  void silent(boolean now) {
    silent = now;
  }

  /** The way to it breaks: it fails all I/O, and answers no questions. */
  void breakDown() {
    silent = true;
    broken = true;
    for (var listener : listeners.values()) {
      listener.interrupted(IoStatus.DEVICE_GONE, "broken by the test");
    }
  }

  void comeBack() {
    broken = false;
    silent = false;
    for (var listener : listeners.values()) listener.returned();
  }

  /** Somebody is faster than the next who changes something. */
  void beforeNextChange(Runnable what) {
    beforeChange.set(what);
  }

  /** As one node has it open. */
  BlockDevice seenBy(UUID host) {
    return new Seen(host);
  }

  Reservations reservationsOf(UUID host) {
    return new Held(host);
  }

  private final class Seen extends ForwardingDevice {
    private final UUID host;

    Seen(UUID host) {
      super(memory);
      this.host = host;
    }

    @Override
    public IoChannel channel(Reactor reactor) {
      return new Gate(host, memory.channel(reactor));
    }

    @Override
    public Optional<Reservations> reservations() {
      return Optional.of(new Held(host));
    }

    /** Memory that was closed is empty; others may have it open. */
    @Override
    public boolean outlivesClosing() {
      return true;
    }

    @Override
    public void listener(DeviceListener listener) {
      listeners.put(host, listener); // one for each node
    }

    @Override
    public void close() {
      // others may have it open
    }
  }

  private final class Gate extends IoChannel {
    private final UUID host;
    private final IoChannel next;

    Gate(UUID host, IoChannel next) {
      this.host = host;
      this.next = next;
    }

    @Override
    protected void take(IoRequest request) {
      int group =
          switch (request.operation()) {
            case READ, COMPARE -> ReservationRules.READS;
            default -> ReservationRules.WRITES;
          };
      if (broken) request.complete(IoStatus.DEVICE_GONE);
      else if ((ReservationRules.forbidden(state, host) & group) == 0) pass(request, next);
      else request.complete(IoStatus.RESERVATION_CONFLICT);
    }

    @Override
    public void close() {
      next.close();
    }
  }

  private final class Held implements Reservations {
    private final UUID host;

    Held(UUID host) {
      this.host = host;
    }

    private void send(ReservationCommand command) throws DeviceException {
      answers();
      beforeChange.getAndSet(() -> {}).run();
      synchronized (FencedDisk.this) {
        var decision = ReservationRules.decide(state, host, command, canPersist);
        state = decision.next();
        switch (NvmeStatus.code(decision.status())) {
          case NvmeStatus.SUCCESS -> {}
          case NvmeStatus.RESERVATION_CONFLICT -> throw failed(Kind.RESERVATION_CONFLICT);
          default -> throw failed(Kind.INVALID_PARAMETER);
        }
      }
    }

    private void answers() throws DeviceException {
      assertFalse(Thread.currentThread().getName().startsWith("reactor"), "asked on a reactor");
      questions.incrementAndGet();
      if (silent) throw failed(Kind.TIMED_OUT);
    }

    private DeviceException failed(Kind kind) {
      return new DeviceException(kind, name + " said no.", kind + ".", "");
    }

    private int word(Persistence persistence) {
      return switch (persistence) {
        case AS_IT_IS -> ReservationLayout.PERSISTENCE_AS_IT_IS;
        case FORGOTTEN -> ReservationLayout.PERSISTENCE_OFF;
        case KEPT -> ReservationLayout.PERSISTENCE_ON;
      };
    }

    @Override
    public UUID hostId() {
      return host;
    }

    @Override
    public void register(long key, Persistence persistence) throws DeviceException {
      send(
          new ReservationCommand.Register(
              ReservationLayout.REGISTER, false, word(persistence), 0, key));
    }

    @Override
    public void replace(OptionalLong currentKey, long key, Persistence persistence)
        throws DeviceException {
      send(
          new ReservationCommand.Register(
              ReservationLayout.REPLACE,
              currentKey.isEmpty(),
              word(persistence),
              currentKey.orElse(0),
              key));
    }

    @Override
    public void unregister(long key) throws DeviceException {
      send(new ReservationCommand.Register(ReservationLayout.UNREGISTER, false, 0, key, 0));
    }

    @Override
    public void acquire(long key, ReservationType type) throws DeviceException {
      send(new ReservationCommand.Acquire(ReservationLayout.ACQUIRE, false, type.code(), key, 0));
    }

    @Override
    public void preempt(long key, ReservationType type, long preemptedKey, boolean abort)
        throws DeviceException {
      send(
          new ReservationCommand.Acquire(
              ReservationLayout.PREEMPT, false, type.code(), key, preemptedKey));
    }

    @Override
    public void release(long key, ReservationType type) throws DeviceException {
      send(new ReservationCommand.Release(ReservationLayout.RELEASE, false, type.code(), key));
    }

    @Override
    public void clear(long key) throws DeviceException {
      send(new ReservationCommand.Release(ReservationLayout.CLEAR, false, 0, key));
    }

    @Override
    public ReservationStatus status() throws DeviceException {
      answers();
      return state.status();
    }
  }
}
