package io.tenon.nvme.internal;

import io.tenon.linux.Memory;
import io.tenon.nvme.NvmeStatus;
import io.tenon.nvme.Opcode;
import io.tenon.nvme.Sqe;
import io.tenon.simulation.BlockHistory;
import io.tenon.simulation.BlockHistory.Kind;
import io.tenon.simulation.BlockHistory.Op;
import io.tenon.simulation.SimWorld;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** What all simulated hosts did to a few blocks and were told. */
final class HostLedger {
  /** What has failed may still happen for ever, so each failure doubles what the judge must think of. */
  private static final int MOST_ERRORS = 4;

  private final SimWorld world;
  private final long firstBlock;
  private final int blocks;
  private final @Nullable FenceWitness witness;
  private final TreeMap<Long, BlockHistory> histories = new TreeMap<>();
  private final TreeMap<Long, Long> lastGood = new TreeMap<>();
  private final List<String> errors = new ArrayList<>();
  private int left;
  private int begun;
  private int open;
  private int succeeded;
  private long lastStamp;

  /**
   * @param witness where hosts reserve the namespace
   */
  HostLedger(
      SimWorld world, long firstBlock, int blocks, int operations, @Nullable FenceWitness witness) {
    this.world = world;
    this.witness = witness;
    this.firstBlock = firstBlock;
    this.blocks = blocks;
    this.left = operations;
    for (int i = 0; i < blocks; i++) {
      histories.put(firstBlock + i, new BlockHistory(firstBlock + i));
    }
  }

  long firstBlock() {
    return firstBlock;
  }

  int blocks() {
    return blocks;
  }

  boolean isDone() {
    return left == 0;
  }

  int open() {
    return open;
  }

  int succeeded() {
    return succeeded;
  }

  List<String> errors() {
    return errors;
  }

  long newStamp(int host) {
    lastStamp++;
    if (witness != null) witness.stamped(lastStamp, host);
    return lastStamp;
  }

  long nowNs() {
    return world.nowNs();
  }

  /** A value that the block may well have now. */
  long guess(long block) {
    return lastGood.getOrDefault(block, 0L);
  }

  String begin() {
    left--;
    open++;
    return "#" + ++begun;
  }

  void begins(int host, Op op) {
    history(op.block).begins(op, world.nowNs());
    if (witness != null && zeroes(op)) witness.zeroBegins(host, op.block);
  }

  private static boolean zeroes(Op op) {
    return op.kind == Kind.UNMAP || (op.kind == Kind.WRITE && op.value == 0);
  }

  /** A command was answered to its host. */
  void answered(int host, SimCommand command, long sentNs) {
    if (witness == null) return;
    int opcode = command.opcode();
    // Of a fused pair both need the right to write.
    boolean isFused = (Memory.getU8(command.sqe() + Sqe.FLAGS) & Sqe.FUSE_MASK) != 0;
    boolean isRead = opcode == Opcode.READ || (opcode == Opcode.COMPARE && !isFused);
    witness.ended(host, isRead, sentNs, command.status());
  }

  private BlockHistory history(long block) {
    var history = histories.get(block);
    if (history == null) throw new AssertionError("block " + block + " is not looked at");
    return history;
  }

  /** After everything: what is on the medium. */
  void observe(long block, long stamp) {
    var op = new Op("medium", Kind.READ, 0, stamp);
    history(block).begins(op, world.nowNs());
    history(block).ends(op, world.nowNs());
  }

  void check() {
    histories.values().forEach(BlockHistory::check);
  }

  Iterable<Long> watched() {
    return histories.keySet();
  }

  // How a task ended.

  void ended(int host, List<Op> ops) {
    open--;
    if (witness == null) return;
    for (Op op : ops) if (zeroes(op)) witness.zeroEnds(host, op.block);
  }

  /** Some of it may have happened, and no more will. */
  void wasCutOff(List<Op> ops) {
    for (Op op : ops) history(op.block).settles(op, world.nowNs());
  }

  void succeeded(List<Op> ops) {
    succeeded++;
    for (Op op : ops) {
      if (op.kind != Kind.UNMAP) lastGood.put(op.block, op.value);
      history(op.block).ends(op, world.nowNs());
    }
  }

  void sawOther(Op asked) {
    var seen = new Op(asked.name, Kind.READ_OTHER, asked.expected, 0);
    history(asked.block).turnInto(asked, seen, world.nowNs());
  }

  /** The target has sent it away: it is not counted. */
  void wasRefused() {
    if (left > 0) left++;
  }

  /** It must have had no effect. */
  void hadNoEffect(List<Op> ops) {
    for (Op op : ops) history(op.block).withdraw(op, world.nowNs());
  }

  /** The device has failed it: it may still happen. */
  void failed(String task, List<Op> ops, int status) {
    errors.add("%s ended with %x".formatted(task, status));
    if (errors.size() >= MOST_ERRORS) left = 0;
    for (Op op : ops) {
      if (op.kind == Kind.READ) history(op.block).withdraw(op, world.nowNs());
      else op.failed = true;
    }
  }

  /** The status says that the device was never asked. */
  static boolean tellsOfNoEffect(int status) {
    return switch (NvmeStatus.code(status)) {
      case NvmeStatus.ANA_INACCESSIBLE,
          NvmeStatus.ABORTED_SQ_DELETION,
          NvmeStatus.ABORTED_FAILED_FUSED,
          NvmeStatus.ABORTED_MISSING_FUSED,
          NvmeStatus.RESERVATION_CONFLICT,
          NvmeStatus.ABORTED_BY_PREEMPT ->
          true;
      default -> status == HostTask.NEVER_EXECUTED;
    };
  }
}
