package io.tenon.metadata.delivery;

import io.tenon.metadata.Watch;
import io.tenon.metadata.WatchEvent;
import io.tenon.metadata.WatchEvent.ReadAgain;
import java.util.ArrayDeque;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The way of events to one listener: in the order in which they are offered, one at a time, and bounded. Who listens too slowly is told to
 * read again, and that is the end.
 */
public final class WatchDelivery {
  /** Changes that wait for a listener; each is small, the values are shared with the store. */
  public static final int MOST_WAITING = 4096;

  private static final Logger log = LoggerFactory.getLogger(WatchDelivery.class);

  private final Watch.Listener listener;
  private final Executor executor;
  private final int mostWaiting;
  private final ArrayDeque<WatchEvent> waiting = new ArrayDeque<>();
  private boolean running;
  private boolean ended;

  /**
   * @param executor may run one task of this at a time; the listener blocks it
   */
  public WatchDelivery(Watch.Listener listener, Executor executor, int mostWaiting) {
    this.listener = listener;
    this.executor = executor;
    this.mostWaiting = mostWaiting;
  }

  /**
   * Any thread; does not block. Whoever offers from several threads keeps the order himself.
   *
   * @return whether more is wanted; never again once it is not
   */
  public synchronized boolean offer(WatchEvent event) {
    if (ended) return false;
    if (waiting.size() >= mostWaiting) {
      waiting.clear();
      waiting.add(
          new ReadAgain(
              "The listener was too slow: more than " + mostWaiting + " changes waited for it."));
      ended = true;
    } else {
      waiting.add(event);
      ended = event instanceof ReadAgain;
    }
    if (!running) {
      running = true;
      executor.execute(this::deliver);
    }
    return !ended;
  }

  /** Nothing begins after this. */
  public synchronized void close() {
    ended = true;
    waiting.clear();
  }

  private void deliver() {
    for (var next = next(); next != null; next = next()) {
      try {
        listener.event(next);
      } catch (RuntimeException e) {
        log.error("A listener of a watch failed by a bug and goes on with the next event", e);
      }
    }
  }

  private synchronized @Nullable WatchEvent next() {
    var next = waiting.poll();
    running = next != null;
    return next;
  }
}
