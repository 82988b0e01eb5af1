package io.tenon.block;

import io.tenon.error.Check;
import io.tenon.linux.Memory;
import io.tenon.reactor.Reactor;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Memory as a device that holds every request until the test lets it go on, and notices misuse of the SPI. */
final class HeldDevice implements BlockDevice {
  static final UUID ID = new UUID(7, 7);

  final List<Channel> channels = new ArrayList<>();
  final Set<IoOperation> operations;
  private final UUID uuid;
  private Geometry geometry;
  private final Arena arena = Arena.ofAuto();
  private final long memory;
  @Nullable DeviceListener listener;
  boolean closed;
  boolean lends;
  boolean consumes;

  /** Complete at once, within submit. */
  boolean inline;

  HeldDevice(UUID uuid, long blocks, Set<IoOperation> operations) {
    this.uuid = uuid;
    this.geometry = new Geometry(512, blocks);
    this.operations = EnumSet.copyOf(operations);
    this.memory = arena.allocate(geometry.sizeBytes(), 4096).address();
  }

  static HeldDevice plain() {
    return new HeldDevice(
        ID, 64, EnumSet.of(IoOperation.READ, IoOperation.WRITE, IoOperation.FLUSH));
  }

  long memory() {
    return memory;
  }

  Channel channel(int index) {
    return channels.get(index);
  }

  void resize(long blocks) {
    geometry = new Geometry(512, blocks);
    var told = listener;
    if (told != null) told.resized(geometry);
  }

  void lose(String reason) {
    var told = listener;
    if (told != null) told.lost(reason);
  }

  @Override
  public String name() {
    return "held";
  }

  @Override
  public UUID uuid() {
    return uuid;
  }

  @Override
  public Geometry geometry() {
    return geometry;
  }

  @Override
  public String productName() {
    return "held device";
  }

  @Override
  public boolean supports(IoOperation operation) {
    return operations.contains(operation);
  }

  @Override
  public IoChannel channel(Reactor reactor) {
    Check.that(reactor.isCurrent(), "channel opened off its reactor");
    Check.that(!closed, "channel of a closed device");
    var channel = new Channel(reactor);
    channels.add(channel);
    return channel;
  }

  @Override
  public void listener(DeviceListener listener) {
    this.listener = listener;
  }

  @Override
  public void close() {
    for (Channel channel : channels) Check.that(channel.isClosed, "device closed before channel");
    closed = true;
  }

  final class Channel extends IoChannel {
    final List<IoRequest> held = new ArrayList<>();
    final List<AllocationQuery> asked = new ArrayList<>();
    private final Reactor reactor;
    boolean isClosed;
    private boolean completing;

    Channel(Reactor reactor) {
      this.reactor = reactor;
    }

    @Override
    protected void take(IoRequest request) {
      Check.that(reactor.isCurrent() && !isClosed, "request on a closed channel or elsewhere");
      Check.that(operations.contains(request.operation()), "asked for %s", request);
      Check.that(geometry.contains(request.lba(), request.blocks()), "out of range: %s", request);
      held.add(request);
      if (inline) finishOne();
    }

    @Override
    protected void look(AllocationQuery query) {
      Check.that(reactor.isCurrent() && !isClosed, "question on a closed channel or elsewhere");
      asked.add(query);
    }

    /** The oldest one succeeds. */
    void finishOne() {
      var request = held.removeFirst();
      long at = memory + request.lba() * 512;
      switch (request.operation()) {
        case READ -> {
          if (request.isLendable() && lends) request.lend(at);
          else Memory.copy(at, request.address(), request.lengthBytes());
        }
        case WRITE -> Memory.copy(request.address(), at, request.lengthBytes());
        default -> {}
      }
      end(request, IoStatus.SUCCESS);
    }

    void failOne(IoStatus status) {
      end(held.removeFirst(), status);
    }

    private void end(IoRequest request, IoStatus status) {
      boolean before = completing;
      completing = true;
      request.complete(status);
      completing = before;
    }

    @Override
    public boolean lendsMemory() {
      return lends;
    }

    @Override
    public boolean consumesInline() {
      return consumes;
    }

    @Override
    public void close() {
      Check.that(reactor.isCurrent(), "channel closed off its reactor");
      Check.that(!isClosed && held.isEmpty() && asked.isEmpty(), "channel closed in use");
      Check.that(!completing, "channel closed from within a completion");
      isClosed = true;
    }
  }
}
