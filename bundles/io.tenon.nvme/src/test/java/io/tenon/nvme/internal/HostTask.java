package io.tenon.nvme.internal;

import io.tenon.linux.Memory;
import io.tenon.nvme.NvmeStatus;
import io.tenon.nvme.Opcode;
import io.tenon.nvme.Sqe;
import io.tenon.simulation.BlockHistory.Kind;
import io.tenon.simulation.BlockHistory.Op;
import io.tenon.simulation.SimDisk;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/** Something that a host does to blocks: one command, or two that are fused. */
final class HostTask {
  /** In place of a status: the target has not executed it. */
  static final int NEVER_EXECUTED = -1;

  private static final int BLOCK_BYTES = 512;
  private static final int MOST_BLOCKS = SimCommand.MOST_BYTES / BLOCK_BYTES;
  private static final int FUSED_FIRST = 1;
  private static final int FUSED_SECOND = 2;
  private static final int RANGE_BYTES = 16;
  private static final int DEALLOCATE = 1 << 2;

  /** What the host does then. */
  interface Next {
    /**
     * @param refused the target has not even tried
     */
    void after(boolean refused);
  }

  private final HostLedger ledger;
  private final int host;
  private final SplittableRandom random;
  private final Next next;
  private final String name;
  private final List<SimCommand> commands = new ArrayList<>();
  private final List<Integer> statuses = new ArrayList<>();
  private final List<Op> ops = new ArrayList<>();
  private final long startedNs;
  private int missing;
  private boolean wasLost;
  private boolean isLonely;

  /**
   * @param next called when it has ended on a connection that stands
   */
  HostTask(HostLedger ledger, int host, SplittableRandom random, Next next) {
    this.ledger = ledger;
    this.host = host;
    this.startedNs = ledger.nowNs();
    this.random = random;
    this.next = next;
    this.name = ledger.begin();
  }

  void start(SimConnection connection, boolean mostlyFused) {
    long lba = ledger.firstBlock() + random.nextInt(ledger.blocks());
    int most = (int) Math.min(MOST_BLOCKS, ledger.firstBlock() + ledger.blocks() - lba);
    int blocks = random.nextBoolean() ? 1 : 1 + random.nextInt(most);
    switch (mostlyFused && random.nextInt(4) > 0 ? 19 : random.nextInt(20)) {
      case 0, 1, 2, 3, 4, 5 -> read(connection, lba, blocks);
      case 6, 7, 8, 9, 10, 11 -> write(connection, lba, blocks);
      case 12 -> {
        for (int i = 0; i < blocks; i++) begins(Kind.WRITE, lba + i, 0, 0);
        io(connection, Opcode.WRITE_ZEROES, lba, blocks, 0, 0);
      }
      case 13, 14 -> deallocate(connection);
      case 15 -> io(connection, Opcode.FLUSH, 0, 1, 0, 0);
      case 16 -> compare(connection, lba);
      case 17 -> lonelyFirst(connection, lba);
      default -> fused(connection, lba);
    }
    missing = commands.size();
    for (int i = 0; i < missing; i++) statuses.add(0);
    for (var command : commands) {
      command.task = this;
      connection.send(command);
    }
  }

  private void begins(Kind kind, long block, long expected, long value) {
    var op = new Op(name, kind, expected, value);
    op.block = block;
    ops.add(op);
    ledger.begins(host, op);
  }

  private SimCommand io(
      SimConnection connection, int opcode, long lba, int blocks, int fuse, int dataBytes) {
    var command = connection.take();
    boolean toTarget = opcode == Opcode.WRITE || opcode == Opcode.COMPARE;
    long sqe = command.prepare(opcode, dataBytes, toTarget && random.nextBoolean());
    Memory.putByte(sqe + Sqe.FLAGS, Sqe.PSDT_SGL | fuse);
    Memory.putInt(sqe + Sqe.NSID, IoQueue.NAMESPACE);
    if (opcode != Opcode.FLUSH) {
      Memory.putLong(sqe + Sqe.CDW10, lba);
      Memory.putShort(sqe + Sqe.CDW12, blocks - 1);
    }
    commands.add(command);
    return command;
  }

  private void read(SimConnection connection, long lba, int blocks) {
    for (int i = 0; i < blocks; i++) begins(Kind.READ, lba + i, 0, 0);
    var command = io(connection, Opcode.READ, lba, blocks, 0, blocks * BLOCK_BYTES);
    SimDisk.fill(command.data, blocks * BLOCK_BYTES, -1);
  }

  private void write(SimConnection connection, long lba, int blocks) {
    var command = io(connection, Opcode.WRITE, lba, blocks, 0, blocks * BLOCK_BYTES);
    for (int i = 0; i < blocks; i++) {
      long stamp = ledger.newStamp(host);
      SimDisk.fill(command.data + (long) i * BLOCK_BYTES, BLOCK_BYTES, stamp);
      begins(Kind.WRITE, lba + i, 0, stamp);
    }
  }

  /** Several ranges that do not touch. */
  private void deallocate(SimConnection connection) {
    var command = connection.take();
    int ranges = 1 + random.nextInt(3);
    long sqe = command.prepare(Opcode.DATASET_MANAGEMENT, ranges * RANGE_BYTES, false);
    Memory.putInt(sqe + Sqe.NSID, IoQueue.NAMESPACE);
    Memory.putInt(sqe + Sqe.CDW10, ranges - 1);
    Memory.putInt(sqe + Sqe.CDW11, DEALLOCATE);
    int share = ledger.blocks() / ranges;
    for (int i = 0; i < ranges; i++) {
      long range = command.data + (long) i * RANGE_BYTES;
      long lba = ledger.firstBlock() + (long) i * share;
      int blocks = share == 0 ? 0 : random.nextInt(share + 1);
      Memory.putInt(range, 0);
      Memory.putInt(range + Integer.BYTES, blocks);
      Memory.putLong(range + Long.BYTES, lba);
      for (int b = 0; b < blocks; b++) begins(Kind.UNMAP, lba + b, 0, 0);
    }
    commands.add(command);
  }

  private void compare(SimConnection connection, long lba) {
    var command = io(connection, Opcode.COMPARE, lba, 1, 0, BLOCK_BYTES);
    long expected = ledger.guess(lba);
    SimDisk.fill(command.data, BLOCK_BYTES, expected);
    begins(Kind.READ, lba, expected, expected);
  }

  private void fused(SimConnection connection, long lba) {
    long expected = ledger.guess(lba);
    long stamp = ledger.newStamp(host);
    var compare = io(connection, Opcode.COMPARE, lba, 1, FUSED_FIRST, BLOCK_BYTES);
    SimDisk.fill(compare.data, BLOCK_BYTES, expected);
    var write = io(connection, Opcode.WRITE, lba, 1, FUSED_SECOND, BLOCK_BYTES);
    SimDisk.fill(write.data, BLOCK_BYTES, stamp);
    begins(Kind.COMPARE_AND_WRITE, lba, expected, stamp);
  }

  /** A first half whose second never comes. */
  private void lonelyFirst(SimConnection connection, long lba) {
    isLonely = true;
    var compare = io(connection, Opcode.COMPARE, lba, 1, FUSED_FIRST, BLOCK_BYTES);
    SimDisk.fill(compare.data, BLOCK_BYTES, 0);
    io(connection, Opcode.FLUSH, 0, 1, 0, 0);
  }

  // How it ended.

  void answered(SimCommand command) {
    ledger.answered(host, command, startedNs);
    if (command.opcode() == Opcode.READ && command.status() == NvmeStatus.SUCCESS) {
      for (int i = 0; i < ops.size(); i++) {
        ops.get(i).value = SimDisk.readStamp(command.data + (long) i * BLOCK_BYTES, BLOCK_BYTES);
      }
    }
    ended(commands.indexOf(command), command.status());
  }

  /** The host hears nothing, but this is what the target did. */
  void unanswered(SimCommand command, int status) {
    wasLost = true;
    ended(commands.indexOf(command), status);
  }

  private void ended(int index, int status) {
    statuses.set(index, status);
    if (--missing > 0) return;
    ledger.ended(host, ops);
    conclude();
    if (!wasLost) next.after(HostLedger.tellsOfNoEffect(status));
  }

  private boolean isUnmap() {
    return !ops.isEmpty() && ops.getFirst().kind == Kind.UNMAP;
  }

  private void conclude() {
    int first = statuses.getFirst();
    int last = statuses.getLast();
    boolean isRead = !ops.isEmpty() && ops.getFirst().kind == Kind.READ;
    if (isLonely) {
      if (!wasLost && NvmeStatus.code(first) != NvmeStatus.ABORTED_MISSING_FUSED) {
        if (!HostLedger.tellsOfNoEffect(first)) {
          throw new AssertionError("%s: half a pair ended with %x".formatted(name, first));
        }
      }
    } else if (wasLost && isRead) {
      ledger.hadNoEffect(ops);
    } else if (first == NvmeStatus.SUCCESS && last == NvmeStatus.SUCCESS) {
      ledger.succeeded(ops);
    } else if (commands.size() == 2
        && (first == NvmeStatus.SUCCESS || last == NvmeStatus.SUCCESS)) {
      throw new AssertionError("%s: one half of a pair: %x, %x".formatted(name, first, last));
    } else if (NvmeStatus.code(first) == NvmeStatus.COMPARE_FAILURE) {
      if (commands.size() == 2 && NvmeStatus.code(last) != NvmeStatus.ABORTED_FAILED_FUSED) {
        throw new AssertionError("%s: the write of the pair ended with %x".formatted(name, last));
      }
      ledger.sawOther(ops.getFirst());
    } else if (NvmeStatus.code(first) == NvmeStatus.RESERVATION_CONFLICT && isUnmap()) {
      ledger.wasRefused();
      ledger.wasCutOff(ops);
    } else if (HostLedger.tellsOfNoEffect(first)) {
      ledger.wasRefused();
      ledger.hadNoEffect(ops);
    } else {
      ledger.failed(name, ops, first);
    }
  }
}
