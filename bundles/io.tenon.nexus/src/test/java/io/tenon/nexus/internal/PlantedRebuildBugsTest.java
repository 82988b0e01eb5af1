package io.tenon.nexus.internal;

import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import io.tenon.block.IoRequest;
import io.tenon.block.IoStatus;
import io.tenon.reactor.Reactor;
import io.tenon.simulation.BugList;
import io.tenon.simulation.Mutant;
import io.tenon.simulation.Seeds;
import java.lang.classfile.Opcode;
import java.lang.classfile.instruction.FieldInstruction;
import java.lang.classfile.instruction.InvokeInstruction;
import java.lang.classfile.instruction.LoadInstruction;
import java.lang.constant.ClassDesc;
import java.lang.constant.MethodTypeDesc;
import java.lang.reflect.InvocationTargetException;
import java.util.List;
import java.util.function.LongFunction;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Bugs in write logs and rebuilds, planted one at a time: the simulation must find each. */
class PlantedRebuildBugsTest {
  private static final int MOST_SEEDS = 8_000;

  /** For a bug in what a rebuild is made of and the nexus does not own. */
  private static final String EVERYWHERE = "io.tenon.";

  private static final String HERE = PlantedRebuildBugsTest.class.getPackageName() + ".";

  /** Runs a seed in a world with a bug; what it has found, or {@code null}. */
  private interface World {
    Throwable run(long seed) throws ReflectiveOperationException;
  }

  /** A broken piece of a nexus. */
  record Bug(String name, World world) {
    Bug(String name, LongFunction<NexusParts> parts) {
      this(name, inWorldOf(parts));
    }

    @Override
    public String toString() {
      return name;
    }
  }

  private static Bug bug(String name, String type, String method, Mutant.Change change) {
    return bug(name, RebuildScenario.ONE_GOOD_CHILD, type, method, change);
  }

  private static Bug bug(
      String name, RebuildScenario scenario, String type, String method, Mutant.Change change) {
    return new Bug(name, inWorldOf(new Mutant(HERE, HERE + type, method, change), scenario));
  }

  static List<Bug> bugs() {
    return List.of(
        bug(
            "the log of a child starts with its leaving",
            RebuildScenario.FORGETFUL,
            "WriteLog",
            "leaves",
            Mutant.call("addAll", 0)),
        bug(
            "a checkpoint forgets what was changed before it, flushed or not",
            RebuildScenario.FORGETFUL,
            "WriteLog",
            "turn",
            Mutant.call("addAll", 0)),
        bug(
            "a checkpoint forgets what is under way",
            RebuildScenario.FORGETFUL,
            "Lane",
            "turnLog",
            Mutant.call("logAgain", 0)),
        bug(
            "a checkpoint forgets though a child did not flush",
            RebuildScenario.FORGETFUL,
            "Checkpoint",
            "flushed",
            Mutant.field("complete", 1)),
        bug(
            "nothing is flushed, and everybody is told that it was",
            "ChildFlush",
            "submit",
            Mutant.call("flushable", 0)),
        bug(
            "changes are not logged for a child that is out",
            "WriteLog",
            "changing",
            Mutant.call("numberOfTrailingZeros", 63)),
        bug(
            "only the first segment of a change is logged",
            "SegmentMap",
            "add",
            (code, element) -> {
              // Whatever the number of blocks, it is taken for one.
              if (!(element instanceof LoadInstruction load) || load.slot() != 3) return false;
              code.lconst_1();
              return true;
            }),
        bug(
            "the log is emptied when the rebuild begins",
            "WriteLog",
            "missedBy",
            (code, element) -> {
              if (!(element instanceof InvokeInstruction call)) return false;
              if (!call.name().equalsString("copy")) return false;
              var map = ClassDesc.of(HERE + "SegmentMap");
              code.dup();
              code.with(element);
              code.swap();
              code.invokevirtual(map, "clear", MethodTypeDesc.ofDescriptor("()V"));
              return true;
            }),
        bug(
            "a copy does not wait for changes under way",
            "SegmentCopy",
            "start",
            Mutant.call("granules", 0)),
        bug(
            "a copy holds only the first granule of its piece",
            "SegmentCopy",
            "start",
            Mutant.call("granules", 1)),
        bug(
            "a copy leaves out the last block of its piece",
            "SegmentCopy",
            "start",
            (code, element) -> {
              if (!(element instanceof FieldInstruction field)) return false;
              if (field.opcode() != Opcode.PUTFIELD || !field.name().equalsString("blocks")) {
                return false;
              }
              code.lconst_1();
              code.lsub();
              code.with(element);
              return true;
            }),
        bug(
            "a child is taken for complete while its last pieces are copied",
            "Rebuild",
            "isCopied",
            Mutant.call("get", 0)),
        bug(
            "another disk is taken for the one that was there before",
            "Operators",
            "online",
            Mutant.call("forgetLog", 0)),
        bug(
            "the data of a source that has left is used",
            RebuildScenario.FORGETFUL,
            "SegmentCopy$Piece",
            "haveRead",
            Mutant.call("trusts", 1)),
        bug(
            "a source is asked about another place than it is read from",
            "SegmentCopy$Piece",
            "askSource",
            Mutant.call("offset", 0)),
        bug(
            "what a source that has left said of its data is believed",
            RebuildScenario.FORGETFUL,
            "SegmentCopy$Piece",
            "isBelieved",
            Mutant.call("trusts", 1)),
        bug(
            "a copy goes to the beginning of the device",
            "SegmentCopy$Piece",
            "write",
            Mutant.call("offset", 0)),
        bug(
            "a rebuild that was resumed stays paused",
            "Rebuild",
            "resume",
            Mutant.call("become", 0)),
        bug(
            "a child that has failed a change while it is rebuilt stays",
            "SegmentCopy$Piece",
            "haveWritten",
            Mutant.call("childFailed", 0)),
        new Bug(
            "where a source holds nothing its destination keeps what it has",
            inWorldOf(
                new Mutant(
                    EVERYWHERE,
                    "io.tenon.block.PieceCopy",
                    "destinationSays",
                    (code, element) -> {
                      // Whatever it says, it is taken for nothing.
                      if (!(element instanceof LoadInstruction load) || load.slot() != 1) {
                        return false;
                      }
                      code.iconst_0();
                      return true;
                    }),
                RebuildScenario.ONE_GOOD_CHILD)),
        new Bug("a lane sends changes to a child later than it confirms", LateToSend::new),
        new Bug("a change that a child lacks while it is rebuilt is nobody's fault", Lenient::new),
        new Bug("a child is read as soon as it takes changes", Eager::new));
  }

  @ParameterizedTest
  @MethodSource("bugs")
  void isFound(Bug bug) throws ReflectiveOperationException {
    long beganNs = System.nanoTime();
    for (long seed = 1; seed <= MOST_SEEDS; seed++) {
      var problem = bug.world().run(seed);
      if (problem == null) continue;
      assertTrue(problem.getMessage().endsWith("replay with -Dseed=" + seed), problem.toString());
      BugList.found(PlantedRebuildBugsTest.class, bug.name(), seed, beganNs);
      return;
    }
    fail("not found in " + MOST_SEEDS + " seeds: " + bug);
  }

  private static World inWorldOf(Mutant mutant, RebuildScenario scenario) {
    return seed -> {
      var run =
          mutant
              .loadClass(PlantedRebuildBugsTest.class.getName())
              .getDeclaredMethod("runHere", long.class, String.class);
      run.setAccessible(true);
      try {
        run.invoke(null, seed, scenario.name());
        return null;
      } catch (InvocationTargetException e) {
        if (e.getCause() instanceof AssertionError found) return found;
        throw e;
      }
    };
  }

  static void runHere(long seed, String scenario) {
    run(seed, RebuildScenario.valueOf(scenario), RebuildParts::new);
  }

  private static World inWorldOf(LongFunction<NexusParts> parts) {
    return seed -> {
      try {
        run(seed, RebuildScenario.ONE_GOOD_CHILD, parts);
        return null;
      } catch (AssertionError found) {
        return found;
      }
    };
  }

  private static void run(long seed, RebuildScenario scenario, LongFunction<NexusParts> parts) {
    long _ =
        Seeds.run(
            seed,
            one -> new RebuildRun(one, scenario, parts.apply(one)).run(scenario.operations()));
  }

  private static final class LateToSend extends RebuildParts {
    LateToSend(long seed) {
      super(seed);
    }

    @Override
    Lane lane(Reactor reactor, NexusDevice nexus) {
      return new Lane(reactor, nexus) {
        private long sendsFromNs;

        @Override
        SegmentMap admit(Child child) {
          sendsFromNs = reactor.nowNs() + 2_000_000;
          return super.admit(child);
        }

        @Override
        long takers() {
          return reactor.nowNs() < sendsFromNs ? in() : super.takers();
        }
      };
    }
  }

  private static final class Lenient extends RebuildParts {
    Lenient(long seed) {
      super(seed);
    }

    @Override
    Lane lane(Reactor reactor, NexusDevice nexus) {
      return new Lane(reactor, nexus) {
        @Override
        void childFailed(int index, IoStatus fault, IoRequest request) {
          if ((in() & 1L << index) != 0) super.childFailed(index, fault, request);
        }
      };
    }
  }

  private static final class Eager extends RebuildParts {
    Eager(long seed) {
      super(seed);
    }

    @Override
    Lane lane(Reactor reactor, NexusDevice nexus) {
      return new Lane(reactor, nexus) {
        @Override
        long readable() {
          return takers();
        }
      };
    }
  }
}
