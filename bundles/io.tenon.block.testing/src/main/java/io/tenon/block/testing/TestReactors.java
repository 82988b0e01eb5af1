package io.tenon.block.testing;

import io.tenon.error.TenonException;
import io.tenon.reactor.Reactor;
import io.tenon.reactor.Reactors;
import io.tenon.reactor.internal.ReactorConfig;
import io.tenon.reactor.internal.ReactorService;
import java.lang.reflect.Proxy;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;

/** Real reactors for a test, and a way to have something done on them. */
public final class TestReactors implements AutoCloseable {
  /** Longer than anything in a test takes, so that a hang fails and not stands. */
  private static final long PATIENCE_SECONDS = 60;

  private final ReactorService service;

  private TestReactors(ReactorService service) {
    this.service = service;
  }

  /** On any cores. */
  public static TestReactors start(int count) throws TenonException {
    var cores = new StringBuilder("0");
    for (int i = 1; i < count; i++) cores.append(',').append(i);
    return start(cores.toString(), false);
  }

  /**
   * @param cores one reactor for each, which stays there
   */
  public static TestReactors pinned(String cores) throws TenonException {
    return start(cores, true);
  }

  private static TestReactors start(String cores, boolean pin) throws TenonException {
    var config =
        (ReactorConfig) configuration(ReactorConfig.class, Map.of("cores", cores, "pin", pin));
    return new TestReactors(new ReactorService(config));
  }

  /** A component's configuration as it is when nothing is configured. */
  public static Object defaults(Class<?> type) {
    return configuration(type, Map.of());
  }

  private static Object configuration(Class<?> type, Map<String, Object> values) {
    return Proxy.newProxyInstance(
        type.getClassLoader(),
        new Class<?>[] {type},
        (_, method, _) -> values.getOrDefault(method.getName(), method.getDefaultValue()));
  }

  public Reactors reactors() {
    return service;
  }

  public Reactor get(int index) {
    return service.all().get(index);
  }

  /** Runs {@code task} on {@code reactor} and waits for its result. */
  public static <T> T on(Reactor reactor, Supplier<T> task) {
    var result = new CompletableFuture<T>();
    reactor.execute(
        () -> {
          try {
            result.complete(task.get());
          } catch (RuntimeException | Error e) {
            result.completeExceptionally(e);
          }
        });
    return await(result);
  }

  public static void run(Reactor reactor, Runnable task) {
    on(
        reactor,
        () -> {
          task.run();
          return true;
        });
  }

  public static <T> T await(CompletableFuture<T> future) {
    try {
      return future.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
    } catch (ExecutionException e) {
      throw new AssertionError("failed: " + e.getCause(), e.getCause());
    } catch (TimeoutException e) {
      throw new AssertionError("nothing happened for " + PATIENCE_SECONDS + " s", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError("interrupted", e);
    }
  }

  @Override
  public void close() throws InterruptedException {
    service.close();
  }
}
