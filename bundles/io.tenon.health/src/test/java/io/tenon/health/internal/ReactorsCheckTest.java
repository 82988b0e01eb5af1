package io.tenon.health.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tenon.reactor.Reactor;
import io.tenon.reactor.Reactors;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.List;
import org.apache.felix.hc.api.Result;
import org.apache.felix.hc.api.Result.Status;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class ReactorsCheckTest {
  @Test
  void reactorsThatAnswerAreWell() {
    var result = check(Duration.ofSeconds(30), reactor("r0", true), reactor("r1", true));

    assertEquals(Status.OK, result.getStatus());
    assertTrue(result.toString().contains("(2 of 2)"), result::toString);
  }

  @Test
  void oneThatIsStuckIsNamedAndTheOthersAreNot() {
    var result = check(Duration.ofMillis(50), reactor("r0", true), reactor("r1", false));

    assertEquals(Status.CRITICAL, result.getStatus());
    assertTrue(result.toString().contains("r1 has not answered for 50 ms"), result::toString);
    assertTrue(result.toString().contains("start it again"), result::toString);
    assertTrue(!result.toString().contains("r0"), result::toString);
  }

  private static Result check(Duration patience, Reactor... all) {
    Reactors reactors =
        fake(
            Reactors.class,
            name -> {
              if (name.equals("all")) return List.of(all);
              throw new UnsupportedOperationException(name);
            });
    return new ReactorsCheck(reactors, patience).execute();
  }

  private static Reactor reactor(String name, boolean answers) {
    return (Reactor)
        Proxy.newProxyInstance(
            Reactor.class.getClassLoader(),
            new Class<?>[] {Reactor.class},
            (_, method, arguments) ->
                switch (method.getName()) {
                  case "name" -> name;
                  case "execute" -> {
                    if (answers) Thread.ofVirtual().start((Runnable) arguments[0]);
                    yield null;
                  }
                  default -> throw new UnsupportedOperationException(method.getName());
                });
  }

  /** Answers by the name of what is called. */
  private interface Answers {
    Object of(String method);
  }

  private static <T> T fake(Class<T> type, Answers answers) {
    return type.cast(
        Proxy.newProxyInstance(
            type.getClassLoader(),
            new Class<?>[] {type},
            (_, method, _) -> answers.of(method.getName())));
  }
}
