package io.tenon.nvme.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.tenon.block.IoStatus;
import io.tenon.block.testing.TestReactors;
import io.tenon.linux.Memory;
import io.tenon.nvme.AnaState;
import io.tenon.nvme.LbaStatus;
import io.tenon.nvme.Opcode;
import io.tenon.nvme.Sqe;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.LongStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Whatever a host sends, in any order, and whatever happens to its path meanwhile. */
class AnyCommandTest extends TargetFixture {
  private static final int STEPS = 400;
  private static final int BUFFER_BYTES = 1024;
  private static final int[] KNOWN = {
    0x00, 0x01, 0x02, 0x05, 0x06, 0x08, 0x09, 0x0A, 0x0C, 0x0D, 0x0E, 0x11, 0x15, 0x18, 0x7F, 0x86
  };
  private static final List<AnaState> STATES =
      List.of(AnaState.OPTIMIZED, AnaState.NON_OPTIMIZED, AnaState.INACCESSIBLE);
  private static final List<IoStatus> STATUSES = List.of(IoStatus.values());

  private final List<TestHost.Command> sent = new ArrayList<>();
  private final List<TestHost.Command> begun = new ArrayList<>();
  private int pauses;
  private long blocks = 2048;

  static LongStream seeds() {
    return LongStream.rangeClosed(1, Integer.getInteger("seeds", 40));
  }

  private static int flags(SplittableRandom random) {
    return switch (random.nextInt(6)) {
      case 0 -> random.nextInt(256);
      case 1 -> TestHost.SGL | 1;
      case 2 -> TestHost.SGL | 2;
      default -> TestHost.SGL;
    };
  }

  private static TestHost.Command any(TestHost host, SplittableRandom random) {
    int opcode = random.nextInt(8) == 0 ? random.nextInt(256) : KNOWN[random.nextInt(KNOWN.length)];
    return host.command(
        opcode,
        random.nextInt(3) * 512,
        sqe -> {
          Memory.putByte(sqe + Sqe.FLAGS, flags(random));
          Memory.putInt(sqe + Sqe.NSID, random.nextInt(4) == 0 ? random.nextInt(10) : 1);
          for (int word = Sqe.CDW10; word < Sqe.LENGTH_BYTES; word += 4) {
            boolean wild = random.nextInt(4) == 0;
            Memory.putInt(sqe + word, wild ? random.nextInt() : random.nextInt(3));
          }
          if (opcode == Opcode.GET_LBA_STATUS && random.nextInt(4) != 0) {
            int bytes = LbaStatus.HEADER_BYTES + random.nextInt(30) * LbaStatus.DESCRIPTOR_BYTES;
            int action = LbaStatus.RETURN_ALLOCATED;
            LbaStatus.ask(sqe, action, random.nextInt(2100), random.nextInt(300), bytes);
          }
        });
  }

  private static TestHost.Command sendAny(TestHost host, SplittableRandom random) {
    return host.send(any(host, random));
  }

  private static TestHost.Command half(TestHost host, SplittableRandom random) {
    return random.nextBoolean()
        ? host.io(Opcode.COMPARE, 5, 1, 1)
        : host.io(Opcode.WRITE, 5, 1, random.nextInt(3) == 0 ? 0 : 2);
  }

  private void disturb(SplittableRandom random) throws Exception {
    switch (random.nextInt(9)) {
      case 0 -> device.hold();
      case 1 -> device.letGo();
      case 2 -> {
        subsystem.pause();
        pauses++;
      }
      case 3 -> resume();
      case 4 -> subsystem.anaState(STATES.get(random.nextInt(STATES.size())));
      case 5 -> {
        blocks += random.nextInt(3);
        device.grow(blocks);
      }
      case 6 -> device.allocated(lba -> lba / 7 % 2 == 0);
      case 7 -> device.answer(STATUSES.get(random.nextInt(STATUSES.size())));
      default -> device.answer(IoStatus.SUCCESS);
    }
  }

  private void resume() {
    if (pauses == 0) return;
    pauses--;
    subsystem.resume();
  }

  /** How many there are, by taking them all. */
  private int freeBuffers() {
    var pool = reactors.get(1).buffers();
    return TestReactors.on(
        reactors.get(1),
        () -> {
          var taken = new ArrayDeque<Long>();
          for (long it = pool.take(BUFFER_BYTES); it != 0; it = pool.take(BUFFER_BYTES)) {
            taken.add(it);
          }
          int count = taken.size();
          while (!taken.isEmpty()) pool.give(taken.remove(), BUFFER_BYTES);
          return count;
        });
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void isAnsweredOnceAndNothingIsLeftBehind(long seed) throws Exception {
    var random = new SplittableRandom(seed);
    int buffers = freeBuffers();
    var io = ioQueue();
    for (int i = 0; i < STEPS; i++) {
      if (io.disconnected.isDone() || admin.disconnected.isDone()) break;
      switch (random.nextInt(8)) {
        case 0 -> disturb(random);
        case 1 -> begun.add(io.begin(half(io, random)));
        case 2, 3 -> sent.add(io.send(half(io, random)));
        default -> sent.add(sendAny(random.nextInt(5) == 0 ? admin : io, random));
      }
    }
    boolean adminFirst = random.nextBoolean();
    (adminFirst ? admin : io).close();
    if (random.nextBoolean()) settle();
    (adminFirst ? io : admin).close();
    // Their data never came: the transport ends them without an answer.
    for (var command : begun) io.giveUp(command);
    device.letGo();
    while (pauses > 0) resume();
    for (var command : sent) TestReactors.await(command.answered);
    settle();
    assertEquals(0, subsystem.device().status().inFlight());
    assertEquals(List.of(), subsystem.controllers());
    assertEquals(buffers, freeBuffers());
  }
}
