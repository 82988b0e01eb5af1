package io.tenon.health.internal;

import org.apache.felix.hc.api.Result;
import org.apache.felix.hc.api.Result.Status;
import org.apache.felix.hc.api.ResultLog;

/**
 * What a check has found. In the result each cause has its status, and what to do about it follows as an entry that is OK; so every
 * reader of Felix' health checks shows both.
 */
final class Findings {
  private final ResultLog log = new ResultLog();
  private boolean found;

  Findings warn(String cause, String remedy) {
    return add(Status.WARN, cause, remedy);
  }

  Findings critical(String cause, String remedy) {
    return add(Status.CRITICAL, cause, remedy);
  }

  private Findings add(Status status, String cause, String remedy) {
    found = true;
    log.add(new ResultLog.Entry(status, cause));
    log.add(new ResultLog.Entry(Status.OK, remedy));
    return this;
  }

  /** The beginning of a sentence: {@code 1 pool is}, {@code 2 pools are}. */
  static String are(int count, String one, String several) {
    return count == 1 ? "1 " + one + " is" : "%d %s are".formatted(count, several);
  }

  /**
   * @param otherwise what is well, a sentence; said when nothing was found
   */
  Result orElse(String otherwise) {
    if (!found) log.add(new ResultLog.Entry(Status.OK, otherwise));
    return new Result(log);
  }
}
