package io.tenon.apart;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.ref.WeakReference;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(120)
class ApartTest {
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private final List<Thread> threads = new ArrayList<>();
  private final ThreadFactory kept =
      task -> {
        var thread = Thread.ofVirtual().name("kept").unstarted(task);
        threads.add(thread);
        return thread;
      };

  /** Its class stands for those of a bundle. */
  private static final class Work implements Runnable {
    private final CountDownLatch done;

    Work(CountDownLatch done) {
      this.done = done;
    }

    @Override
    public void run() {
      done.countDown();
    }
  }

  private WeakReference<Runnable> run(CountDownLatch done) {
    var work = new Work(done);
    new Apart(kept).execute(work);
    return new WeakReference<>(work);
  }

  @Test
  void aThreadThatHasEndedHoldsNothingOfWhatItHasRun() throws Exception {
    var done = new CountDownLatch(1);
    var work = run(done);
    assertTrue(done.await(PATIENCE.toSeconds(), TimeUnit.SECONDS));
    assertTrue(threads.getFirst().join(PATIENCE));
    long end = System.nanoTime() + PATIENCE.toNanos();
    while (work.get() != null) {
      assertTrue(System.nanoTime() < end, "the thread holds on to it");
      System.gc();
    }
    assertFalse(threads.getFirst().isAlive());
  }

  @Test
  void workThatFailsEndsItsOwnThreadAndNoOther() throws Exception {
    var done = new CountDownLatch(1);
    var apart = new Apart(kept);
    apart.execute(
        () -> {
          throw new IllegalStateException("a bug, for the test");
        });
    apart.execute(new Work(done));
    assertTrue(done.await(PATIENCE.toSeconds(), TimeUnit.SECONDS));
    assertTrue(threads.getFirst().join(PATIENCE));
  }
}
