package io.tenon.transport.nvmetcp.internal.initiator;

import io.tenon.block.IoStatus;
import io.tenon.error.Check;
import io.tenon.linux.Memory;
import io.tenon.nvme.Cns;
import io.tenon.nvme.ConnectData;
import io.tenon.nvme.Feature;
import io.tenon.nvme.NvmeStatus;
import io.tenon.nvme.Opcode;
import io.tenon.nvme.Property;
import io.tenon.nvme.Sqe;
import java.lang.foreign.Arena;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;

/**
 * Commands that are not I/O, for code that may wait: Connect on any queue, and everything on the admin queue. Any thread but
 * a reactor's. How long an answer may take is the queue's time-out.
 */
final class AdminClient {
  private static final int CATTR = 46;

  /** Connect: no use is made of the submission queue head pointer. */
  private static final int NO_SQ_FLOW_CONTROL = 1 << 2;

  private static final int DATA_BYTES = 4096;

  private final HostQueue queue;

  /** A request for events that our predecessor has sent; taken by who waits for events. */
  private @Nullable InheritedEvent inherited;

  AdminClient(HostQueue queue) {
    this.queue = queue;
  }

  AdminClient(HostQueue queue, InheritedEvent inherited) {
    this.queue = queue;
    this.inherited = inherited;
  }

  /** How a command went that was not refused by the network. */
  record Answer<T>(long result, int status, @Nullable T value) {}

  /** One command on its way. */
  static final class Call<T> implements HostCommand.Owner {
    private final CompletableFuture<Answer<T>> answer = new CompletableFuture<>();
    private final Arena arena = Arena.ofShared();
    private final long data;
    private final LongFunction<T> reader;

    private Call(int dataBytes, LongFunction<T> reader) {
      this.data = arena.allocate(dataBytes, Long.BYTES).address();
      this.reader = reader;
    }

    @Override
    public void answered(HostCommand command, long result, int status) {
      T value = status == NvmeStatus.SUCCESS ? reader.apply(data) : null;
      arena.close();
      answer.complete(new Answer<>(result, status, value));
    }

    @Override
    public void lost(HostCommand command, IoStatus status) {
      arena.close();
      answer.completeExceptionally(wasLost(status));
    }
  }

  /** A request for events that another version of this bundle has sent. */
  static final class InheritedEvent implements HostCommand.Owner {
    private final CompletableFuture<Answer<Long>> answer = new CompletableFuture<>();

    @Override
    public void answered(HostCommand command, long result, int status) {
      answer.complete(new Answer<>(result, status, null));
    }

    @Override
    public void lost(HostCommand command, IoStatus status) {
      answer.completeExceptionally(wasLost(status));
    }
  }

  private static ControllerException wasLost(IoStatus status) {
    return new ControllerException(status, "the connection was lost (" + status + ")");
  }

  /** Fills in entry and data, on the reactor. */
  interface Filler {
    void fill(HostCommand command, long data);
  }

  private <T> Answer<T> call(String what, Filler filler, LongFunction<T> reader)
      throws ControllerException {
    return call(what, DATA_BYTES, filler, reader);
  }

  private <T> Answer<T> call(String what, int dataBytes, Filler filler, LongFunction<T> reader)
      throws ControllerException {
    return await(what, start(dataBytes, filler, reader).answer);
  }

  private <T> Call<T> start(int dataBytes, Filler filler, LongFunction<T> reader) {
    var call = new Call<>(dataBytes, reader);
    queue.reactor().execute(() -> queue.whenFree(() -> send(call, filler)));
    return call;
  }

  /** With a free command, or without any hope of one. */
  private <T> void send(Call<T> call, Filler filler) {
    if (!queue.hasFree()) {
      call.lost(NO_COMMAND, IoStatus.DEVICE_GONE);
      return;
    }
    HostCommand command = queue.take(call);
    filler.fill(command, call.data);
    queue.submit(command);
  }

  /** Stands for the one that could not be had. */
  private static final HostCommand NO_COMMAND = new HostCommand(-1, 0, 0);

  static <T> T await(String what, CompletableFuture<T> future) throws ControllerException {
    try {
      return future.get();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof ControllerException cause) {
        throw new ControllerException(cause.status(), what + ": " + cause.getMessage());
      }
      throw Check.bug("%s: %s", what, e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new ControllerException(IoStatus.ABORTED, what + ": interrupted");
    }
  }

  private <T> T expect(String what, Filler filler, LongFunction<T> reader)
      throws ControllerException {
    return expect(what, DATA_BYTES, filler, reader);
  }

  /** A command without a result of interest. */
  void expect(String what, Filler filler) throws ControllerException {
    long _ = expectResult(what, filler);
  }

  /**
   * A command that brings data.
   *
   * @param reader takes what is wanted from the data at an address, on the reactor
   */
  <T> T expect(String what, int dataBytes, Filler filler, LongFunction<T> reader)
      throws ControllerException {
    var answer = call(what, dataBytes, filler, reader);
    T value = answer.value;
    if (answer.status != NvmeStatus.SUCCESS || value == null) {
      throw new ControllerException(what, answer.status);
    }
    return value;
  }

  private long expectResult(String what, Filler filler) throws ControllerException {
    var answer = call(what, filler, data -> data);
    if (answer.status != NvmeStatus.SUCCESS) throw new ControllerException(what, answer.status);
    return answer.result;
  }

  /**
   * Makes the connection a queue of a controller.
   *
   * @param keepAliveMs 0 for none; of the admin queue only
   * @return the controller's id
   */
  int connect(ConnectData data, long keepAliveMs) throws ControllerException {
    var parameters = queue.parameters();
    long result =
        expectResult(
            "Connect",
            (command, memory) -> {
              long sqe = command.prepare(Opcode.FABRICS, 0);
              Memory.putByte(sqe + Opcode.FABRICS_TYPE_OFFSET, Opcode.CONNECT);
              Memory.putShort(sqe + ConnectData.QID, parameters.id());
              Memory.putShort(sqe + ConnectData.SQSIZE, parameters.entries() - 1);
              Memory.putByte(sqe + CATTR, NO_SQ_FLOW_CONTROL);
              Memory.putInt(sqe + ConnectData.KATO, (int) keepAliveMs);
              data.write(memory);
              command.writes(memory, ConnectData.LENGTH_BYTES);
            });
    return (int) result & 0xFFFF;
  }

  long property(int offset, boolean eightBytes) throws ControllerException {
    return expectResult(
        "Property Get",
        (command, memory) -> {
          long sqe = command.prepare(Opcode.FABRICS, 0);
          Memory.putByte(sqe + Opcode.FABRICS_TYPE_OFFSET, Opcode.PROPERTY_GET);
          Memory.putByte(sqe + Property.ATTRIB, eightBytes ? Property.EIGHT_BYTES : 0);
          Memory.putInt(sqe + Property.OFST, offset);
        });
  }

  void property(int offset, int value) throws ControllerException {
    long _ =
        expectResult(
            "Property Set",
            (command, memory) -> {
              long sqe = command.prepare(Opcode.FABRICS, 0);
              Memory.putByte(sqe + Opcode.FABRICS_TYPE_OFFSET, Opcode.PROPERTY_SET);
              Memory.putInt(sqe + Property.OFST, offset);
              Memory.putInt(sqe + Property.VALUE, value);
            });
  }

  /**
   * @param reader takes what is wanted from the structure at an address, on the reactor
   */
  <T> T identify(int structure, int nsid, LongFunction<T> reader) throws ControllerException {
    return expect(
        "Identify",
        (command, memory) -> {
          long sqe = command.prepare(Opcode.IDENTIFY, nsid);
          Memory.putInt(sqe + Sqe.CDW10, structure);
          command.reads(memory, Cns.LENGTH_BYTES);
        },
        reader);
  }

  /** As {@link #identify}; empty when the controller does not know the structure. */
  <T> java.util.Optional<T> identifyIfKnown(int structure, int nsid, LongFunction<T> reader)
      throws ControllerException {
    var answer =
        call(
            "Identify",
            (command, memory) -> {
              long sqe = command.prepare(Opcode.IDENTIFY, nsid);
              Memory.putInt(sqe + Sqe.CDW10, structure);
              command.reads(memory, Cns.LENGTH_BYTES);
            },
            reader);
    return java.util.Optional.ofNullable(answer.value);
  }

  long setFeature(int feature, int value) throws ControllerException {
    return expectResult(
        "Set Features",
        (command, memory) -> {
          long sqe = command.prepare(Opcode.SET_FEATURES, 0);
          Memory.putInt(sqe + Sqe.CDW10, feature);
          Memory.putInt(sqe + Sqe.CDW11, value);
        });
  }

  /** I/O queues granted. */
  int requestQueues(int wanted) throws ControllerException {
    long granted = setFeature(Feature.NUMBER_OF_QUEUES, (wanted - 1) | (wanted - 1) << 16);
    return (int) Math.min(granted & 0xFFFF, granted >>> 16 & 0xFFFF) + 1;
  }

  /** Reads a log page, so that its event may come again. */
  void readLog(int page) throws ControllerException {
    long _ =
        expectResult(
            "Get Log Page",
            (command, memory) -> {
              long sqe = command.prepare(Opcode.GET_LOG_PAGE, 0xFFFF_FFFF);
              int dwords = DATA_BYTES / Integer.BYTES - 1;
              Memory.putInt(sqe + Sqe.CDW10, page | dwords << 16);
              command.reads(memory, DATA_BYTES);
            });
  }

  void keepAlive() throws ControllerException {
    long _ = expectResult("Keep Alive", (command, memory) -> command.prepare(Opcode.KEEP_ALIVE, 0));
  }

  /**
   * Has the namespace take a snapshot.
   *
   * @param parameters as {@link io.tenon.nvme.SnapshotParameters} has them
   * @param seconds of the Unix epoch
   * @return 0, or the error number by which the controller says why not
   * @throws ControllerException also when the controller knows no snapshots
   */
  int createSnapshot(byte[] parameters, long seconds) throws ControllerException {
    Check.that(parameters.length <= DATA_BYTES, "%d bytes of parameters", parameters.length);
    String what = "Create Snapshot";
    var answer =
        call(
            what,
            (command, memory) -> {
              long sqe = command.prepare(Opcode.CREATE_SNAPSHOT, 1);
              Memory.putLong(sqe + Sqe.CDW10, seconds);
              Memory.copy(parameters, 0, memory, parameters.length);
              command.writes(memory, parameters.length);
            },
            data -> data);
    if (answer.status == NvmeStatus.SUCCESS) return 0;
    int errno = (int) answer.result;
    if (NvmeStatus.code(answer.status) == NvmeStatus.INTERNAL_ERROR && errno > 0) return errno;
    throw new ControllerException(what, answer.status);
  }

  /** Begins to read a block, on an I/O queue, for the sake of an answer. */
  Call<Long> readAnything(int nsid, int blockBytes) {
    return start(
        blockBytes,
        (command, memory) -> {
          command.prepare(Opcode.READ, nsid);
          command.reads(memory, blockBytes);
        },
        data -> data);
  }

  /** Waits for the answer, whatever it says. */
  static void awaitAnswer(String what, Call<?> call) throws ControllerException {
    var _ = await(what, call.answer);
  }

  /** Waits until the controller reports an event. One thread. */
  long nextEvent() throws ControllerException {
    var before = inherited;
    inherited = null;
    String what = "Asynchronous Event Request";
    if (before != null) {
      var answer = await(what, before.answer);
      if (answer.status == NvmeStatus.SUCCESS) return answer.result;
      throw new ControllerException(what, answer.status);
    }
    return expectResult(
        what,
        (command, memory) -> {
          command.prepare(Opcode.ASYNC_EVENT_REQUEST, 0);
          command.isPatient = true;
        });
  }
}
