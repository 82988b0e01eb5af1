package io.tenon.simulation;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Everything that hosts did to one block and were told about it, and whether one single block could have answered so: each
 * operation takes effect at one moment between its beginning and its end (linearizability). A change that ended in an error may
 * take effect at any later time, or never, or leave a block that shows now the old and now the new.
 *
 * <p>Knows nothing of nexuses. After an unmap a block may show zeroes or what it held, now this and now that. A power failure of all that held
 * a copy takes the block back to any moment since the last flush that was acknowledged began.
 */
public final class BlockHistory {
  /** What an operation does to a block. */
  public enum Kind {
    READ,
    /** Has seen something else than {@link Op#expected}. */
    READ_OTHER,
    WRITE,
    UNMAP,
    COMPARE_AND_WRITE
  }

  /** One operation on the block. {@code value} of a read is set at its end. */
  public static final class Op {
    public final String name;
    public final Kind kind;
    public final long expected;
    public long value;
    public long block;

    /** A change that its host was told to have failed. */
    public boolean failed;

    private int bit;

    public Op(String name, Kind kind, long expected, long value) {
      this.name = name;
      this.kind = kind;
      this.expected = expected;
      this.value = value;
    }

    @Override
    public String toString() {
      return kind == Kind.COMPARE_AND_WRITE
          ? "%s %s %x -> %x".formatted(name, kind, expected, value)
          : "%s %s %x".formatted(name, kind, kind == Kind.READ_OTHER ? expected : value);
    }
  }

  private enum What {
    BEGINS,
    ENDS,
    /** Nothing of it is under way any more: it has taken effect by now, or never will. */
    SETTLES,
    WITHDRAWN,
    /** It has failed, and may take effect now, later, or never. */
    DOUBTED,
    /** What was doubted has taken effect by now, or never will. */
    UNDOUBTED,
    FLUSH_BEGINS,
    FLUSH_ENDS,
    FORGETS
  }

  /** In place of an operation where there is none. */
  private static final Op NOBODY = new Op("", Kind.READ, 0, 0);

  /** More than can be looked at in no time are judged more mildly. */
  private static final int MOST_STATES = 512;

  private record Event(What what, Op op, long atNs) {}

  /** A state that the block could be in: what it may show, and which open operations are done. */
  private record State(Set<Long> values, long done) {
    static State of(long value, long done) {
      return new State(Set.of(value), done);
    }

    State or(long value, long done) {
      var both = new HashSet<>(values);
      both.add(value);
      return new State(Set.copyOf(both), done);
    }

    boolean shows(long wanted) {
      return values.contains(wanted);
    }

    boolean showsOtherThan(long unwanted) {
      return values.size() > 1 || !shows(unwanted);
    }
  }

  private final long block;
  private final List<Event> events = new ArrayList<>();

  /** While it is checked: values that the block may show at any moment, and how many doubted changes have each. */
  private final Map<Long, Integer> doubted = new HashMap<>();

  public BlockHistory(long block) {
    this.block = block;
  }

  public void begins(Op op, long atNs) {
    events.add(new Event(What.BEGINS, op, atNs));
  }

  public void ends(Op op, long atNs) {
    events.add(new Event(What.ENDS, op, atNs));
  }

  /** It has turned out at its end to have been another operation. */
  public void turnInto(Op asked, Op was, long atNs) {
    for (int i = 0; i < events.size(); i++) {
      var event = events.get(i);
      if (event.op == asked) events.set(i, new Event(event.what, was, event.atNs));
    }
    ends(was, atNs);
  }

  /**
   * Its host does not know how it ended, but it has ended: it has taken effect by now, or never will. Without this a change that
   * {@link Op#failed} may happen at any later time.
   */
  public void settles(Op op, long atNs) {
    events.add(new Event(What.SETTLES, op, atNs));
  }

  /**
   * It has failed. As a change without an end, but judged more mildly: until {@link #isNotDoubted} the block may show its value at any moment. For
   * hosts that fail so often that nobody could look at every order of what failed.
   */
  public void isDoubted(Op op, long atNs) {
    events.add(new Event(What.DOUBTED, op, atNs));
  }

  /** It has taken effect by now, or never will. */
  public void isNotDoubted(Op op, long atNs) {
    events.add(new Event(What.UNDOUBTED, op, atNs));
  }

  /** A failed read says nothing; a change that was never begun must have had no effect. */
  public void withdraw(Op op, long atNs) {
    events.add(new Event(What.WITHDRAWN, op, atNs));
  }

  /** A flush begins; when it ends well, {@link #flushed} says so of the same one. */
  public void flushBegins(Op flush, long atNs) {
    events.add(new Event(What.FLUSH_BEGINS, flush, atNs));
  }

  public void flushed(Op flush, long atNs) {
    events.add(new Event(What.FLUSH_ENDS, flush, atNs));
  }

  /** All that held a copy have lost their power: what was not flushed is there, or something older. */
  public void mayForget(long atNs) {
    events.add(new Event(What.FORGETS, NOBODY, atNs));
  }

  /** Withdrawn operations must be known before they begin; those without an end stay open. */
  public void check() {
    var withdrawn = new HashSet<Op>();
    for (Event event : events) if (event.what == What.WITHDRAWN) withdrawn.add(event.op);
    var open = new ArrayList<Op>();
    Set<State> states = new HashSet<>(Set.of(State.of(0, 0)));
    var durable = new Durable();
    long freeBits = -1L;
    doubted.clear();
    for (Event event : events) {
      if (withdrawn.contains(event.op)) continue;
      if (states.size() > MOST_STATES) states = joined(states);
      durable.seen(states, open);
      switch (event.what) {
        case BEGINS -> {
          if (freeBits == 0) throw new AssertionError("too many open operations on block " + block);
          event.op.bit = Long.numberOfTrailingZeros(freeBits);
          freeBits &= freeBits - 1;
          open.add(event.op);
          var next = new HashSet<State>();
          for (State state : states) next.add(reads(state, open));
          states = next;
        }
        case DOUBTED -> {
          doubted.merge(valueOf(event.op), 1, Integer::sum);
          var next = new HashSet<State>();
          for (State state : states) {
            next.add(reads(doubtful(state.values, state.done & ~(1L << event.op.bit)), open));
          }
          states = next;
          open.remove(event.op);
          freeBits |= 1L << event.op.bit;
        }
        case UNDOUBTED ->
            doubted.computeIfPresent(valueOf(event.op), (_, n) -> n > 1 ? n - 1 : null);
        case ENDS, SETTLES -> {
          var without = event.what == What.SETTLES ? without(event.op, states) : Set.<State>of();
          states = withEffectOf(event.op, states, open);
          states.addAll(without);
          if (states.isEmpty()) throw violation(event);
          open.remove(event.op);
          freeBits |= 1L << event.op.bit;
        }
        case FLUSH_BEGINS -> durable.flushBegins(event.op);
        case FLUSH_ENDS -> durable.flushed(event.op);
        case FORGETS -> {
          var next = new HashSet<>(states);
          for (State state : reachable(states, open)) {
            for (long value : durable.values()) {
              next.add(reads(doubtful(Set.of(value), state.done), open));
            }
          }
          states = next;
        }
        case WITHDRAWN -> {}
      }
    }
  }

  /** States in which the same is done become one that may show what any of them may. */
  private static Set<State> joined(Set<State> states) {
    var values = new HashMap<Long, Set<Long>>();
    for (State state : states) {
      values.computeIfAbsent(state.done, _ -> new HashSet<>()).addAll(state.values);
    }
    var next = new HashSet<State>();
    values.forEach((done, all) -> next.add(new State(Set.copyOf(all), done)));
    return next;
  }

  private static long valueOf(Op op) {
    return op.kind == Kind.UNMAP ? 0 : op.value;
  }

  /** A block with one of these values, which may show at any moment what is doubted. */
  private State doubtful(Set<Long> values, long done) {
    if (doubted.isEmpty()) return new State(values, done);
    var all = new HashSet<>(values);
    all.addAll(doubted.keySet());
    return new State(Set.copyOf(all), done);
  }

  /** All that may be by now: any of the open ones may have taken effect. */
  private Set<State> reachable(Set<State> from, List<Op> open) {
    var seen = new HashSet<State>();
    var left = new ArrayList<>(from);
    while (!left.isEmpty()) {
      var state = left.removeLast();
      if (!seen.add(state)) continue;
      for (Op next : open) {
        if ((state.done & 1L << next.bit) != 0) continue;
        var after = after(state, next);
        if (after != null) left.add(reads(after, open));
      }
    }
    return seen;
  }

  /** What a power failure may take the block back to: all that it may have held since the last flush began. */
  private static final class Durable {
    private final Map<Long, Integer> lastSeen = new HashMap<>();
    private final Map<Op, Integer> flushes = new HashMap<>();
    private int moment;

    void seen(Set<State> states, List<Op> open) {
      moment++;
      for (State state : states) for (long value : state.values) lastSeen.put(value, moment);
      for (Op op : open) {
        switch (op.kind) {
          case READ, READ_OTHER -> {}
          case WRITE, COMPARE_AND_WRITE -> lastSeen.put(op.value, moment);
          case UNMAP -> lastSeen.put(0L, moment);
        }
      }
    }

    void flushBegins(Op flush) {
      flushes.put(flush, moment);
    }

    void flushed(Op flush) {
      int since = flushes.getOrDefault(flush, moment);
      lastSeen.values().removeIf(last -> last < since);
    }

    Set<Long> values() {
      return lastSeen.keySet();
    }
  }

  /** The states in which {@code op} has not taken effect. */
  private static Set<State> without(Op op, Set<State> from) {
    var found = new HashSet<State>();
    for (State state : from) if ((state.done & 1L << op.bit) == 0) found.add(state);
    return found;
  }

  /** All states in which {@code op} has taken effect, before and after whatever else may have. */
  private Set<State> withEffectOf(Op op, Set<State> from, List<Op> open) {
    long bit = 1L << op.bit;
    var found = new HashSet<State>();
    var seen = new HashSet<State>();
    var left = new ArrayList<>(from);
    while (!left.isEmpty()) {
      var state = left.removeLast();
      if (!seen.add(state)) continue;
      if ((state.done & bit) != 0) {
        found.add(new State(state.values, state.done & ~bit));
        continue;
      }
      for (Op next : open) {
        if ((state.done & 1L << next.bit) != 0) continue;
        var after = after(state, next);
        if (after != null) left.add(reads(after, open));
      }
    }
    return found;
  }

  private @Nullable State after(State state, Op op) {
    long done = state.done | 1L << op.bit;
    return switch (op.kind) {
      case READ, READ_OTHER -> null;
      case WRITE -> changed(state, op, done);
      case UNMAP -> state.or(0, done);
      case COMPARE_AND_WRITE -> state.shows(op.expected) ? changed(state, op, done) : null;
    };
  }

  private State changed(State state, Op op, long done) {
    return op.failed ? state.or(op.value, done) : doubtful(Set.of(op.value), done);
  }

  /** Open reads that fit change nothing, so they take effect as soon as they can. */
  private static State reads(State state, List<Op> open) {
    long done = state.done;
    for (Op op : open) {
      boolean fits =
          switch (op.kind) {
            case READ -> state.shows(op.value);
            case READ_OTHER -> state.showsOtherThan(op.expected);
            case WRITE, UNMAP, COMPARE_AND_WRITE -> false;
          };
      if (fits) done |= 1L << op.bit;
    }
    return done == state.done ? state : new State(state.values, done);
  }

  private AssertionError violation(Event at) {
    var story =
        new StringBuilder("block " + block + ": no order explains " + at.op + "; its story:");
    for (Event event : events) {
      story.append("\n  %9.3f us %s %s".formatted(event.atNs / 1e3, event.op, event.what));
      if (event.equals(at)) break;
    }
    return new AssertionError(story.toString());
  }
}
