package io.tenon.simulation;

import java.lang.invoke.MethodType;
import java.lang.reflect.InvocationTargetException;

/**
 * A bug on purpose, and where a simulation should find it: a simulation is only worth its seeds when it does.
 *
 * @param name the bug, as a sentence
 * @param scenario for {@link Mutant}'s own world to run in
 */
public record PlantedBug(String name, String scenario, Mutant mutant) {
  /** What a test has in it: {@code static void runHere(long seed, String scenario)}, which throws what it finds. */
  private static final String RUN = "runHere";

  private static final MethodType RUN_TYPE =
      MethodType.methodType(void.class, long.class, String.class);

  /**
   * Runs seed after seed until one finds the bug.
   *
   * @param test has {@value #RUN} (see there); loaded anew, with the bug in what it tests
   * @throws AssertionError if no seed up to the last one finds it, or one does and does not say how to replay it
   * @throws ReflectiveOperationException if a run ends otherwise, or the test is not made so
   */
  public void mustBeFoundBy(Class<?> test, int mostSeeds) throws ReflectiveOperationException {
    var run = mutant.loadClass(test.getName()).getDeclaredMethod(RUN, RUN_TYPE.parameterArray());
    run.setAccessible(true);
    long beganNs = System.nanoTime();
    for (long seed = 1; seed <= mostSeeds; seed++) {
      try {
        run.invoke(null, seed, scenario);
      } catch (InvocationTargetException e) {
        if (!(e.getCause() instanceof AssertionError found)) throw e;
        if (String.valueOf(found.getMessage()).endsWith("replay with -Dseed=" + seed)) {
          BugList.found(test, name, seed, beganNs);
          return;
        }
        throw new AssertionError("found, but nobody learns how to replay it: " + name, found);
      }
    }
    throw new AssertionError("not found in " + mostSeeds + " seeds: " + name);
  }

  @Override
  public String toString() {
    return name;
  }
}
