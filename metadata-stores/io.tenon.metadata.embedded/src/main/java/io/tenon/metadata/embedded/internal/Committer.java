package io.tenon.metadata.embedded.internal;

import io.tenon.metadata.OutcomeUnknownException;
import io.tenon.metadata.StoreException;
import io.tenon.metadata.StoreUnavailableException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The one thread that changes things: takes what waits as one batch, makes it durable, then answers. */
final class Committer implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Committer.class);
  private static final Duration CLOSE_WITHIN = Duration.ofSeconds(30);
  private static final long RETRY_MS = 500;
  private static final int MOST_IN_A_BATCH = 64;
  private static final int WAITING = 0;
  private static final int TAKEN = 1;
  private static final int GIVEN_UP = 2;

  /** One change of the draft; on the committer's thread. */
  @FunctionalInterface
  interface Work<T> {
    T addTo(Draft draft) throws StoreException;
  }

  /** Makes batches durable and shows them; on the committer's thread. */
  interface Target {
    Draft begin() throws StoreException;

    /**
     * @throws StoreException when nothing of it was done, or perhaps
     */
    void finish(Draft draft) throws StoreException;

    /** After every batch, whether or not it was finished. */
    void tidy();

    /** Whether it wants a batch even when nobody asks for something. */
    boolean isUnfinished();
  }

  private static final class Task<T> {
    final Work<T> work;
    final CompletableFuture<T> answer = new CompletableFuture<>();
    final AtomicInteger phase = new AtomicInteger(WAITING);

    Task(Work<T> work) {
      this.work = work;
    }

    /** @return what to do when the batch is durable */
    Runnable addTo(Draft draft) {
      try {
        T result = work.addTo(draft);
        return () -> answer.complete(result);
      } catch (StoreException e) {
        return () -> answer.completeExceptionally(e);
      }
    }
  }

  private final Target target;
  private final LinkedBlockingQueue<Task<?>> tasks = new LinkedBlockingQueue<>();
  private final Thread thread;
  private volatile boolean closed;

  Committer(Target target) {
    this.target = target;
    this.thread = Thread.ofPlatform().daemon().name("tenon-metadata").start(this::run);
  }

  private void run() {
    var batch = new ArrayList<Task<?>>();
    while (!closed) {
      try {
        var first =
            target.isUnfinished() ? tasks.poll(RETRY_MS, TimeUnit.MILLISECONDS) : tasks.take();
        if (first != null) batch.add(first);
      } catch (InterruptedException e) {
        continue; // close() has said so
      }
      tasks.drainTo(batch, MOST_IN_A_BATCH - 1);
      batch.removeIf(task -> !task.phase.compareAndSet(WAITING, TAKEN));
      commit(batch);
      batch.clear();
    }
  }

  private void commit(List<Task<?>> batch) {
    try {
      var draft = target.begin();
      var answers = new ArrayList<Runnable>();
      for (Task<?> task : batch) answers.add(task.addTo(draft));
      target.finish(draft);
      answers.forEach(Runnable::run);
    } catch (StoreException | RuntimeException e) {
      for (Task<?> task : batch) task.answer.completeExceptionally(e);
    } finally {
      target.tidy();
    }
  }

  /** Waits until it is durable. */
  <T> T commit(Work<T> work, Duration within) throws StoreException {
    var task = new Task<>(work);
    if (closed) throw closed();
    tasks.add(task);
    try {
      return task.answer.get(within.toNanos(), TimeUnit.NANOSECONDS);
    } catch (TimeoutException e) {
      throw late(
          task,
          "The disk below the metadata store has not answered within "
              + within.toMillis()
              + " ms.");
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw late(task, "The caller was interrupted.");
    } catch (ExecutionException e) {
      throw rethrown(e);
    }
  }

  private static StoreException late(Task<?> task, String why) {
    return task.phase.compareAndSet(WAITING, GIVEN_UP)
        ? new StoreUnavailableException(why, "")
        : new OutcomeUnknownException(why);
  }

  /** A new one with the stack of the caller. */
  private static StoreException rethrown(ExecutionException e) {
    if (e.getCause() instanceof StoreException failure) return failure;
    if (e.getCause() instanceof RuntimeException bug) throw bug;
    throw new IllegalStateException(e);
  }

  private static StoreUnavailableException closed() {
    return new StoreUnavailableException("It is closed.", "");
  }

  /** Nothing is being written any more, and nothing will be. */
  boolean hasEnded() {
    return !thread.isAlive();
  }

  /** What waits is answered as not done; what is being written ends first. */
  @Override
  public void close() {
    closed = true;
    tasks.add(new Task<>(_ -> true));
    try {
      if (!thread.join(CLOSE_WITHIN)) {
        log.error(
            "The disk below the metadata store has not answered within {} s; the store is closed with a change under way",
            CLOSE_WITHIN.toSeconds());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    for (Task<?> task : tasks) {
      if (task.phase.compareAndSet(WAITING, GIVEN_UP)) task.answer.completeExceptionally(closed());
    }
  }
}
