package io.tenon.nexus.internal;

import io.tenon.block.DeviceSlot;
import io.tenon.nexus.Nexus.Fault;
import io.tenon.nexus.NexusException;
import io.tenon.nexus.NexusException.Kind;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;

/**
 * Children that come and go by request: what blocks (devices are opened and closed) here, what decides on the home reactor ({@link
 * Operators}). One change at a time, but for {@link #ask}; never on a reactor.
 */
final class ChildChanges {
  /** Longer than any child's I/O time-out: by then everything in flight has been answered. */
  private static final long DRAIN_SECONDS = 150;

  private static final long HOME_SECONDS = 30;
  private static final String HOME_IS_LATE = "The main reactor of the node does not answer.";

  /** While something else is being recorded, nobody can say whose the record is. */
  private static final int MOST_LOOKS = 10;

  private static final long LOOK_AGAIN_NS = 100_000_000;

  private final NexusDevice nexus;
  private final ChildDevices devices;
  private final Operators operators;
  private final ChildMark marks;

  /** Something to be asked on the home reactor. */
  interface Question<R> {
    R ask(Operators operators) throws NexusException;
  }

  /** Something to be done there. */
  interface Order {
    void give(Operators operators) throws NexusException;
  }

  ChildChanges(NexusDevice nexus, ChildDevices devices, ChildMark marks) {
    this.marks = marks;
    this.nexus = nexus;
    this.devices = devices;
    this.operators = new Operators(nexus);
  }

  void add(String uri, boolean rebuild) throws NexusException {
    ask(operators -> operators.checkAdd(uri));
    String refusal = "Child %s was not added to nexus %s".formatted(uri, nexus.name());
    var slot = open(uri, refusal);
    try {
      nexus.area().mustFit(refusal, new DataArea.Shape(uri, slot.geometry()));
      mustBeOurs(refusal);
      devices.reserve(slot, uri, refusal);
      marks.put(uri, slot);
      ask(operators -> operators.add(uri, slot, rebuild));
    } catch (NexusException e) {
      devices.release(slot);
      throw e;
    }
  }

  /**
   * Lets in a child of the first hour whose data is not trusted, and has it rebuilt.
   *
   * @param why a sentence
   */
  void letIn(String uri, DeviceSlot slot, String why) throws NexusException {
    ask(operators -> operators.add(uri, slot, why, true));
  }

  /** For a child of the first hour: what it is now, it must be when it comes back. */
  void mark(String uri, DeviceSlot slot) {
    marks.put(uri, slot);
  }

  private DeviceSlot open(String uri, String refusal) throws NexusException {
    if (devices.holds(uri)) {
      throw new NexusException(
          Kind.CHILD_EXISTS,
          refusal + ".",
          "Its device belongs to another child of this nexus.",
          "Name another device.");
    }
    return devices.add(uri, refusal);
  }

  /** A reservation would be taken from a nexus that has been made of the children since. Who learns of that one has nothing to do any more. */
  private void mustBeOurs(String refusal) throws NexusException {
    if (nexus.vigil() == null) return;
    for (int looks = 1; ; looks++) {
      switch (nexus.record().isOurs()) {
        case OURS -> {
          return;
        }
        case FOLLOWED, TAKEN -> {
          nexus.membership().home().execute(nexus.membership()::wasFollowed);
          throw new NexusException(
              Kind.STATE,
              refusal + ".",
              "Another nexus has been made of its children since, so this one stops itself.",
              "Give it to that one, and destroy this one.");
        }
        case UNKNOWN -> {
          if (looks < MOST_LOOKS) lookAgainLater();
          else
            throw new NexusException(
                Kind.INTERNAL,
                refusal + ".",
                "The metadata store does not say whether another nexus has been made of its children.",
                "Try again when the store answers.");
        }
      }
    }
  }

  private void lookAgainLater() throws NexusException {
    var home = nexus.membership().home();
    var over = new CompletableFuture<Boolean>();
    home.execute(() -> home.schedule(LOOK_AGAIN_NS, () -> over.complete(true)));
    var _ = get(over, HOME_SECONDS, HOME_IS_LATE);
  }

  void remove(String uri) throws NexusException {
    if (!query(operators -> operators.isMember(uri))) return;
    var child =
        query(
            operators -> {
              var found = operators.checkRemove(uri);
              devices.leaveInOrder(found.slot());
              operators.takeOut(uri, Fault.OFFLINE);
              return found;
            });
    await(devices.released(child.slot()), "removed", uri);
    ask(operators -> operators.forget(child));
  }

  void fault(String uri, Fault how) throws NexusException {
    ask(operators -> operators.takeOut(uri, how));
  }

  void online(String uri) throws NexusException {
    var child = query(operators -> operators.checkOnline(uri));
    if (query(_ -> child.takesChanges())) return;
    var before = child.slot();
    await(devices.released(before), "brought online", uri);
    String refusal = "Child %s of nexus %s was not brought online".formatted(uri, nexus.name());
    var slot = open(uri, refusal);
    try {
      nexus.area().mustFit(refusal, new DataArea.Shape(uri, slot.geometry()));
      mustBeOurs(refusal);
      devices.reserve(slot, uri, refusal);
      boolean isSame =
          before.outlivesClosing() && slot.uuid().equals(before.uuid()) && marks.isOn(uri, slot);
      if (!isSame) marks.put(uri, slot);
      ask(operators -> operators.online(child, slot, isSame));
    } catch (NexusException e) {
      devices.release(slot);
      throw e;
    }
  }

  void ask(Order order) throws NexusException {
    var _ =
        query(
            operators -> {
              order.give(operators);
              return true;
            });
  }

  private <R> R query(Question<R> question) throws NexusException {
    var answer = new CompletableFuture<R>();
    nexus
        .membership()
        .home()
        .execute(
            () -> {
              try {
                answer.complete(question.ask(operators));
              } catch (NexusException e) {
                answer.completeExceptionally(e);
              }
            });
    return get(answer, HOME_SECONDS, HOME_IS_LATE);
  }

  private void await(CompletableFuture<Void> released, String what, String uri)
      throws NexusException {
    var _ =
        get(
            released,
            DRAIN_SECONDS,
            "Child %s was not %s: I/O is in flight to it after %d seconds."
                .formatted(uri, what, DRAIN_SECONDS));
  }

  private <R> R get(CompletableFuture<R> what, long seconds, String late) throws NexusException {
    try {
      return Wait.on(what, nexus.membership().home(), seconds);
    } catch (TimeoutException e) {
      throw failed(late, e);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof NexusException refusal) throw refusal;
      throw failed(String.valueOf(e.getCause()), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw failed("The wait was interrupted.", e);
    }
  }

  private NexusException failed(String why, Exception cause) {
    return new NexusException(
        Kind.INTERNAL,
        "The children of nexus " + nexus.name() + " were not changed as asked.",
        why,
        "List its children; try again.",
        cause);
  }
}
