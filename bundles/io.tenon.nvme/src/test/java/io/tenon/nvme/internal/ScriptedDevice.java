package io.tenon.nvme.internal;

import io.tenon.block.AllocationQuery;
import io.tenon.block.BlockDevice;
import io.tenon.block.DeviceListener;
import io.tenon.block.Geometry;
import io.tenon.block.IoChannel;
import io.tenon.block.IoOperation;
import io.tenon.block.IoRequest;
import io.tenon.block.IoStatus;
import io.tenon.block.Snapshots;
import io.tenon.block.testing.TestReactors;
import io.tenon.reactor.Reactor;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongPredicate;
import org.jspecify.annotations.Nullable;

/** A device that answers what a test tells it, at once or when the test lets it; it has no content. */
final class ScriptedDevice implements BlockDevice {
  /** What arrived, in its order on each reactor. */
  final List<IoOperation> arrived = new CopyOnWriteArrayList<>();

  private final String name;
  private final UUID uuid = new UUID(3, 4);
  private volatile Geometry geometry = new Geometry(512, 2048);
  private volatile IoStatus answer = IoStatus.SUCCESS;
  private volatile @Nullable IoOperation failing;
  private volatile IoStatus failure = IoStatus.SUCCESS;
  private volatile @Nullable Snapshots snapshots;
  private volatile boolean holds;
  private volatile LongPredicate allocated = _ -> true;
  final AtomicInteger questions = new AtomicInteger();
  private volatile boolean records = true;
  private volatile @Nullable DeviceListener listener;
  private final List<Channel> channels = new CopyOnWriteArrayList<>();

  ScriptedDevice(String name) {
    this.name = name;
  }

  void snapshots(Snapshots taker) {
    snapshots = taker;
  }

  @Override
  public Optional<Snapshots> snapshots() {
    return Optional.ofNullable(snapshots);
  }

  void answer(IoStatus status) {
    answer = status;
  }

  /** Operations of this kind end so, whatever {@link #answer} says. */
  void fail(IoOperation operation, IoStatus status) {
    failing = operation;
    failure = status;
  }

  private IoStatus answerTo(IoRequest request) {
    return request.operation() == failing ? failure : answer;
  }

  /** Which blocks hold data. */
  void allocated(LongPredicate which) {
    allocated = which;
  }

  /** That are open. */
  int channels() {
    return channels.size();
  }

  /** {@link #arrived} stays as it is: keeping it costs memory. */
  void keepsNoRecord() {
    records = false;
  }

  /** What comes from now on stays until {@link #letGo}. */
  void hold() {
    holds = true;
  }

  /** Ends what is held, and holds no more. */
  void letGo() {
    holds = false;
    for (var channel : channels) TestReactors.run(channel.reactor, channel::endAll);
  }

  void grow(long blocks) {
    geometry = new Geometry(512, blocks);
    var told = listener;
    if (told != null) told.resized(geometry);
  }

  private final class Channel extends IoChannel {
    private final Reactor reactor;
    private final ArrayDeque<IoRequest> held = new ArrayDeque<>();
    private final ArrayDeque<AllocationQuery> asked = new ArrayDeque<>();

    Channel(Reactor reactor) {
      this.reactor = reactor;
    }

    @Override
    protected void take(IoRequest request) {
      if (records) arrived.add(request.operation());
      if (holds) held.add(request);
      else request.complete(answerTo(request));
    }

    @Override
    protected void look(AllocationQuery query) {
      questions.incrementAndGet();
      if (holds) asked.add(query);
      else tell(query);
    }

    private void tell(AllocationQuery query) {
      boolean first = allocated.test(query.lba());
      long alike = 1;
      while (alike < query.blocks() && allocated.test(query.lba() + alike) == first) alike++;
      query.answer(first, alike);
    }

    void endAll() {
      while (!asked.isEmpty()) tell(asked.remove());
      while (!held.isEmpty()) {
        var request = held.remove();
        request.complete(answerTo(request));
      }
    }

    @Override
    public void close() {
      if (!held.isEmpty() || !asked.isEmpty()) TestHost.wrong.add("channel closed in use");
      channels.remove(this);
    }
  }

  @Override
  public String name() {
    return name;
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
    return "scripted";
  }

  @Override
  public boolean supports(IoOperation operation) {
    return true;
  }

  @Override
  public IoChannel channel(Reactor reactor) {
    var channel = new Channel(reactor);
    channels.add(channel);
    return channel;
  }

  @Override
  public void listener(DeviceListener told) {
    listener = told;
  }

  @Override
  public void close() {
    // nothing is kept
  }
}
