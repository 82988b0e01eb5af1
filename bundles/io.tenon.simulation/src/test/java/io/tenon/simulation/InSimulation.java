package io.tenon.simulation;

import java.lang.reflect.Method;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.InvocationInterceptor;
import org.junit.jupiter.api.extension.ReflectiveInvocationContext;

/** Runs a test's body where it may block, in virtual time. The test has made the world. */
final class InSimulation implements InvocationInterceptor {
  private static final long MOST_EVENTS = 5_000_000;

  /** Has a world. */
  interface Worldly {
    SimWorld world();
  }

  @Override
  public void interceptTestMethod(
      Invocation<Void> test, ReflectiveInvocationContext<Method> method, ExtensionContext context)
      throws Throwable {
    var world = ((Worldly) context.getRequiredTestInstance()).world();
    var failure = new Throwable[1];
    var over = new boolean[1];
    new SimThreads(world)
        .start(
            () -> {
              try {
                test.proceed();
              } catch (Throwable e) {
                failure[0] = e;
              }
              over[0] = true;
            });
    boolean ended = world.runUntil(() -> over[0], MOST_EVENTS);
    if (failure[0] != null) throw failure[0];
    if (!ended) throw new AssertionError("the test waits for what never comes");
  }
}
