package io.tenon.transport.nvmetcp.internal.initiator;

/** Where code that may wait runs, and the time it waits by: virtual threads and the machine's clock, but in a simulation. */
interface Background {
  Background REAL =
      new Background() {
        @Override
        public Thread thread(String name, Runnable task) {
          return Thread.ofVirtual().name(name).unstarted(task);
        }

        @Override
        public void sleep(long ms) throws InterruptedException {
          Thread.sleep(ms);
        }

        @Override
        public long nowNs() {
          return System.nanoTime();
        }
      };

  /** Not started yet. */
  Thread thread(String name, Runnable task);

  void sleep(long ms) throws InterruptedException;

  /** Monotonic. */
  long nowNs();
}
