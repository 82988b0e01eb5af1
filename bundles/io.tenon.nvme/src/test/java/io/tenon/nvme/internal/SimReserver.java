package io.tenon.nvme.internal;

import io.tenon.linux.Memory;
import io.tenon.nvme.NvmeStatus;
import io.tenon.nvme.Opcode;
import io.tenon.nvme.ReservationLayout;
import io.tenon.nvme.Sqe;
import io.tenon.nvme.internal.FenceModel.Kind;
import io.tenon.nvme.internal.FenceModel.Wish;
import io.tenon.simulation.SimWorld;
import java.util.SplittableRandom;
import java.util.UUID;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** What a simulated host does about reservations: takes them, takes them away from others, gives them up, at any moment. */
final class SimReserver {
  private static final long MOST_PAUSE_NS = 1_500_000;
  private static final int REPORT_BYTES = 1024;
  private static final int KEYS = 1000;

  /** Sends a command by a queue that stands; what is lost is not answered. */
  interface Caller {
    void call(int opcode, int dataBytes, Consumer<SimCommand> fill, Consumer<SimCommand> then);
  }

  private final SimWorld world;
  private final SplittableRandom random;
  private final FenceWitness witness;
  private final HostLedger ledger;
  private final int host;
  private final boolean keeps;
  private Caller caller = (_, _, _, _) -> {};
  private int session;
  private long key;
  private int serial;
  private FenceWitness.@Nullable Pending pending;

  SimReserver(SimWorld world, FenceWitness witness, HostLedger ledger, int host) {
    this.world = world;
    this.random = world.chance();
    this.witness = witness;
    this.ledger = ledger;
    this.host = host;
    this.keeps = random.nextBoolean();
  }

  static UUID hostId(int number) {
    return new UUID(7, number);
  }

  /** By a new connection. */
  void start(Caller by) {
    var unanswered = pending;
    if (unanswered != null) witness.lost(unanswered);
    pending = null;
    caller = by;
    pause(++session);
  }

  private void pause(int mine) {
    world.schedule(random.nextLong(MOST_PAUSE_NS), () -> next(mine));
  }

  private void next(int mine) {
    if (mine != session || ledger.isDone()) return;
    if (key == 0 || random.nextInt(12) == 0) {
      register(mine);
    } else {
      switch (random.nextInt(8)) {
        case 0 -> send(mine, new Wish(Kind.UNREGISTER, key, 0, 0, 0));
        case 1 -> send(mine, new Wish(Kind.CLEAR, key, 0, 0, 0));
        case 2 -> send(mine, new Wish(Kind.RELEASE, key, 0, type(), 0));
        case 3, 4 -> send(mine, new Wish(Kind.ACQUIRE, key, 0, type(), 0));
        default -> lookAndTake(mine);
      }
    }
  }

  private int type() {
    return random.nextInt(4) == 0 ? 1 + random.nextInt(6) : 1 + random.nextInt(2);
  }

  private void register(int mine) {
    long next = 1L + (long) KEYS * (host + 1) + ++serial;
    var kind = random.nextInt(4) == 0 ? Kind.REGISTER : Kind.REPLACE;
    int keep = random.nextInt(3) == 0 ? 0 : keeps ? 3 : 2;
    send(mine, new Wish(kind, key, next, 0, keep));
  }

  /** Preempts who holds it, or somebody else. */
  private void lookAndTake(int mine) {
    int sentAt = witness.version();
    caller.call(
        Opcode.RESERVATION_REPORT,
        REPORT_BYTES,
        command -> {
          Memory.putInt(command.sqe() + Sqe.CDW10, REPORT_BYTES / Integer.BYTES - 1);
          Memory.putInt(command.sqe() + Sqe.CDW11, ReservationLayout.EXTENDED);
        },
        command -> {
          if (mine != session) return;
          if (command.status() != NvmeStatus.SUCCESS) {
            pause(mine);
            return;
          }
          var report = ReservationLayout.read(command.data, REPORT_BYTES, true);
          witness.reported(sentAt, report);
          var all = report.registrants();
          long victim =
              all.isEmpty() || random.nextInt(10) == 0
                  ? 0
                  : report
                      .holder()
                      .filter(_ -> random.nextInt(4) > 0)
                      .orElse(all.get(random.nextInt(all.size())))
                      .key();
          var kind = random.nextBoolean() ? Kind.PREEMPT : Kind.PREEMPT_AND_ABORT;
          send(mine, new Wish(kind, key, victim, type(), 0));
        });
  }

  private void send(int mine, Wish wish) {
    int opcode =
        switch (wish.kind()) {
          case REGISTER, REPLACE, UNREGISTER -> Opcode.RESERVATION_REGISTER;
          case ACQUIRE, PREEMPT, PREEMPT_AND_ABORT -> Opcode.RESERVATION_ACQUIRE;
          case RELEASE, CLEAR -> Opcode.RESERVATION_RELEASE;
        };
    int bytes =
        opcode == Opcode.RESERVATION_RELEASE
            ? ReservationLayout.RELEASE_BYTES
            : ReservationLayout.ACQUIRE_BYTES;
    caller.call(
        opcode,
        bytes,
        command -> {
          fill(command, wish);
          pending = witness.sent(host, wish);
        },
        command -> {
          var answered = pending;
          if (mine != session || answered == null) return;
          pending = null;
          int status = NvmeStatus.code(command.status());
          boolean wasTried = status != NvmeStatus.ANA_INACCESSIBLE;
          if (!wasTried) throw new AssertionError("nobody hides the namespace");
          witness.answered(answered, status);
          if (status == NvmeStatus.SUCCESS) learn(wish);
          else if (status == NvmeStatus.RESERVATION_CONFLICT) mayHaveBeenPreempted();
          pause(mine);
        });
  }

  private void learn(Wish wish) {
    switch (wish.kind()) {
      case REGISTER, REPLACE -> key = wish.other();
      case UNREGISTER, CLEAR -> key = 0;
      case ACQUIRE, PREEMPT, PREEMPT_AND_ABORT, RELEASE -> {}
    }
  }

  private void mayHaveBeenPreempted() {
    if (random.nextBoolean()) key = 0;
  }

  private static void fill(SimCommand command, Wish wish) {
    int action =
        switch (wish.kind()) {
          case REGISTER -> ReservationLayout.REGISTER;
          case REPLACE -> ReservationLayout.REPLACE | ReservationLayout.IGNORE_EXISTING_KEY;
          case UNREGISTER -> ReservationLayout.UNREGISTER;
          case ACQUIRE -> ReservationLayout.ACQUIRE;
          case PREEMPT -> ReservationLayout.PREEMPT;
          case PREEMPT_AND_ABORT -> ReservationLayout.PREEMPT_AND_ABORT;
          case RELEASE -> ReservationLayout.RELEASE;
          case CLEAR -> ReservationLayout.CLEAR;
        };
    int word =
        action
            | wish.type() << ReservationLayout.TYPE_SHIFT
            | wish.keep() << ReservationLayout.PERSISTENCE_SHIFT;
    Memory.putInt(command.sqe() + Sqe.CDW10, word);
    Memory.putLong(command.data + ReservationLayout.CURRENT_KEY, wish.key());
    Memory.putLong(command.data + ReservationLayout.OTHER_KEY, wish.other());
  }
}
