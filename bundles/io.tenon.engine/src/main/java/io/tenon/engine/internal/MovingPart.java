package io.tenon.engine.internal;

import io.grpc.Status;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A service of another bundle that is replaced while the API goes on: the one that is there now. Calls wait for the next one ({@link WhileThere}), and one that
 * goes waits for calls. Any thread but a reactor's.
 */
final class MovingPart<T> {
  private static final Logger log = LoggerFactory.getLogger(MovingPart.class);

  private final String name;
  private final long graceMs;
  private final T face;

  /** Guards what follows; held for moments. */
  private final ReentrantLock lock = new ReentrantLock();

  private final Condition moved = lock.newCondition();
  private final List<Runnable> listeners = new ArrayList<>();
  private @Nullable Present<T> present;

  /** One that is there, or was, and the calls that use it. */
  static final class Present<T> {
    private final MovingPart<T> part;
    private final T service;
    private int calls;
    private volatile boolean gone;

    private Present(MovingPart<T> part, T service) {
      this.part = part;
      this.service = service;
    }

    String name() {
      return part.name;
    }

    /** It has gone since. */
    boolean isGone() {
      return gone;
    }

    /** The call has ended. */
    void release() {
      part.release(this);
    }
  }

  /**
   * @param name as the subject of a sentence
   * @param graceMs one that goes waits so long for calls under way
   */
  MovingPart(Class<T> type, String name, long graceMs) {
    this.name = name;
    this.graceMs = graceMs;
    face =
        type.cast(
            Proxy.newProxyInstance(
                type.getClassLoader(),
                new Class<?>[] {type},
                (_, method, given) -> ask(method, given)));
  }

  String name() {
    return name;
  }

  /** Stays the same; what it is asked, the one answers that is there then. */
  T face() {
    return face;
  }

  private @Nullable Object ask(Method method, Object @Nullable [] given) throws Throwable {
    Present<T> now;
    lock.lock();
    try {
      now = present;
    } finally {
      lock.unlock();
    }
    if (now == null) throw away(name).asRuntimeException();
    try {
      return method.invoke(now.service, given);
    } catch (InvocationTargetException e) {
      throw e.getTargetException();
    }
  }

  static Status away(String name) {
    return Status.UNAVAILABLE.withDescription(
        name + " is away: its bundle is being replaced, or was stopped. Ask again.");
  }

  void came(T service) {
    lock.lock();
    try {
      present = new Present<>(this, service);
      moved.signalAll();
    } finally {
      lock.unlock();
    }
    tell();
  }

  /** Returns when no call uses it any more, or the time of grace is over. */
  void went(T service) {
    Present<T> going;
    lock.lock();
    try {
      going = present;
      if (going == null || !going.service.equals(service)) return;
      present = null;
      going.gone = true;
    } finally {
      lock.unlock();
    }
    tell();
    lock.lock();
    try {
      awaitCalls(going);
    } finally {
      lock.unlock();
    }
  }

  private void awaitCalls(Present<T> going) {
    long leftNs = TimeUnit.MILLISECONDS.toNanos(graceMs);
    try {
      while (going.calls > 0 && leftNs > 0) leftNs = moved.awaitNanos(leftNs);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    if (going.calls > 0) log.warn("{} goes below {} calls of the API", name, going.calls);
  }

  /** For one call, which releases it; empty while nobody is there. */
  Optional<Present<T>> hold() {
    lock.lock();
    try {
      var now = present;
      if (now == null) return Optional.empty();
      now.calls++;
      return Optional.of(now);
    } finally {
      lock.unlock();
    }
  }

  private void release(Present<T> held) {
    lock.lock();
    try {
      held.calls--;
      if (held.gone) moved.signalAll();
    } finally {
      lock.unlock();
    }
  }

  boolean isThere() {
    lock.lock();
    try {
      return present != null;
    } finally {
      lock.unlock();
    }
  }

  /**
   * @return false when nobody has come in time
   */
  boolean await(long timeoutNs) throws InterruptedException {
    long leftNs = timeoutNs;
    lock.lock();
    try {
      while (present == null && leftNs > 0) leftNs = moved.awaitNanos(leftNs);
      return present != null;
    } finally {
      lock.unlock();
    }
  }

  /** Runs whenever one has come or gone. */
  void whenMoved(Runnable listener) {
    lock.lock();
    try {
      listeners.add(listener);
    } finally {
      lock.unlock();
    }
  }

  void forget(Runnable listener) {
    lock.lock();
    try {
      listeners.remove(listener);
    } finally {
      lock.unlock();
    }
  }

  private void tell() {
    List<Runnable> told;
    lock.lock();
    try {
      told = List.copyOf(listeners);
    } finally {
      lock.unlock();
    }
    told.forEach(Runnable::run);
  }
}
