package io.tenon.block;

import io.tenon.reactor.BufferPool;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/**
 * Operations that the device inside a slot does not do itself, made of those that it does. Belongs to one channel; its
 * reactor only. Rare by nature: what it needs it makes when first needed, and keeps.
 */
final class Emulation {
  /** Memory that is always zero, for every slot; as large as the largest single write that is made of it. */
  static final int ZEROES_BYTES = 1 << 20;

  static final long ZEROES = Arena.global().allocate(ZEROES_BYTES, 4096).address();

  /** Enough for any block size; what runs in it is slow, but runs. */
  private static final int RESERVE_BYTES = 64 << 10;

  private final SlotChannel channel;
  private final BufferPool pool;
  private final ArrayDeque<EmulatedIo> waiting = new ArrayDeque<>();
  private final Runnable bufferCameBack = this::bufferCameBack;
  private @Nullable EmulatedIo free;
  private boolean askedPool;

  /**
   * When the pool is empty because those who hold its buffers wait for us, work goes on in this one; so none waits for
   * ever.
   */
  private @Nullable MemorySegment reserve;

  private boolean reserveTaken;

  Emulation(SlotChannel channel) {
    this.channel = channel;
    this.pool = channel.reactor().buffers();
  }

  SlotChannel channel() {
    return channel;
  }

  /** Does {@code request}, which the slot's channel has admitted, by way of {@code device}, and completes it. */
  void start(IoRequest request, IoChannel device, Geometry geometry) {
    var io = free;
    if (io == null) io = new EmulatedIo(this);
    else free = io.nextFree;
    io.nextFree = null;
    io.start(request, device, geometry);
  }

  void recycle(EmulatedIo io) {
    io.nextFree = free;
    free = io;
  }

  /** Largest buffer worth asking for. */
  int maxBufferBytes() {
    return pool.maxBytes();
  }

  /** Gives {@code io} a buffer now or later, by {@link EmulatedIo#haveBuffer}. */
  void wantBuffer(EmulatedIo io) {
    if (waiting.isEmpty() && serve(io)) return;
    waiting.add(io);
    askPool();
  }

  private void askPool() {
    if (askedPool) return;
    askedPool = true;
    pool.whenAvailable(bufferCameBack);
  }

  private boolean serve(EmulatedIo io) {
    int wanted = io.wantedBytes();
    long buffer = pool.take(wanted);
    if (buffer != 0) {
      io.haveBuffer(buffer, wanted, true);
      return true;
    }
    if (reserveTaken || (io.needsWhole() && wanted > RESERVE_BYTES)) return false;
    reserveTaken = true;
    var memory = reserve;
    if (memory == null) reserve = memory = Arena.ofAuto().allocate(RESERVE_BYTES, 4096);
    io.haveBuffer(memory.address(), Math.min(wanted, RESERVE_BYTES), false);
    return true;
  }

  void giveBuffer(long buffer, int lengthBytes, boolean pooled) {
    if (pooled) pool.give(buffer, lengthBytes);
    else reserveTaken = false;
    serveWaiting();
  }

  private void bufferCameBack() {
    askedPool = false;
    serveWaiting();
    if (!waiting.isEmpty()) askPool();
  }

  private void serveWaiting() {
    while (true) {
      var next = waiting.peek();
      if (next == null) return;
      waiting.poll();
      if (!serve(next)) {
        waiting.addFirst(next);
        return;
      }
    }
  }
}
