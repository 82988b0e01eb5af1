package io.tenon.bench.local;

/** A client that asks again and again, and knows how long its slowest answer took. */
interface Load {
  /** Answers so far. */
  long done();

  /** Of the answers since this was asked last; those under way are waited for. */
  long takeSlowestNs() throws Exception;

  /** Waits for the last answer. */
  void stop() throws Exception;
}
