package io.tenon.shell.internal;

import io.tenon.shell.api.Caller;
import io.tenon.shell.api.Role;
import io.tenon.shell.api.ShellSession;
import io.tenon.shell.internal.AuditTrail.Result;
import java.io.IOException;
import java.io.PrintStream;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A session whose lines are held against its caller's role and written down. How they are run: {@link Language}. */
final class GuardedSession implements ShellSession {
  private static final Logger log = LoggerFactory.getLogger(GuardedSession.class);

  private final Caller caller;
  private final Language language;
  private final Completion completion;
  private final AuditTrail audit;
  private final PrintStream errors;
  private final ReentrantLock oneAtATime = new ReentrantLock();
  private final Object state = new Object();
  private @Nullable Thread running;
  private boolean interrupted;
  private boolean closed;

  GuardedSession(
      Caller caller,
      Language language,
      Completion completion,
      AuditTrail audit,
      PrintStream errors) {
    this.caller = caller;
    this.language = language;
    this.completion = completion;
    this.audit = audit;
    this.errors = errors;
  }

  @Override
  public int execute(String line) {
    if (line.isBlank()) return DONE;
    oneAtATime.lock();
    try {
      return guarded(line);
    } finally {
      oneAtATime.unlock();
    }
  }

  private int guarded(String line) {
    long id = audit.nextId();
    long began = System.nanoTime();
    var outcome = refusal(id, line);
    if (outcome == null) outcome = run(line);
    if (!outcome.sentence().isEmpty()) errors.println(outcome.sentence());
    errors.flush();
    var took = Duration.ofNanos(System.nanoTime() - began);
    audit.end(id, caller, line, outcome.result(), outcome.status(), took);
    return outcome.status();
  }

  /** What changes something is written down before, or not done. */
  private @Nullable Outcome refusal(long id, String line) {
    Role needed = language.needs(line);
    if (needed == Role.VIEWER || !caller.role().covers(needed)) return null;
    try {
      audit.begin(id, caller, line);
      return null;
    } catch (IOException e) {
      log.error("The audit log in {} cannot be written: {}", audit.directory(), e.toString());
      return new Outcome(
          Result.REFUSED,
          Refused.FAILED,
          "Nothing was done: what changes something is written down first, and the audit log in %s cannot be written (%s). Make room there, or make it writable for the node's user."
              .formatted(audit.directory(), e.getMessage()));
    }
  }

  private Outcome run(String line) {
    if (!begin()) return new Outcome(Result.INTERRUPTED, Refused.FAILED, "");
    Outcome outcome;
    try {
      language.run(line);
      outcome = new Outcome(Result.DONE, DONE, "");
    } catch (Ended e) {
      outcome = new Outcome(Result.FAILED, e.status(), "");
    } catch (Refused e) {
      boolean notAllowed = e.status() == NOT_ALLOWED;
      outcome =
          new Outcome(
              notAllowed ? Result.REFUSED : Result.FAILED,
              e.status(),
              String.valueOf(e.getMessage()));
    } catch (Exception e) {
      log.debug("a shell line failed", e);
      String message = e.getMessage();
      outcome =
          new Outcome(
              Result.FAILED,
              Refused.FAILED,
              message == null ? e.getClass().getSimpleName() : message);
    }
    if (!end()) return outcome;
    int status = outcome.status() == DONE ? Refused.FAILED : outcome.status();
    return new Outcome(Result.INTERRUPTED, status, outcome.sentence());
  }

  private boolean begin() {
    synchronized (state) {
      if (closed) return false;
      running = Thread.currentThread();
      interrupted = false;
      return true;
    }
  }

  /** Whether it was asked to stop. An interrupt that came too late must not hit what this thread does next. */
  private boolean end() {
    synchronized (state) {
      running = null;
      boolean asked = Thread.interrupted();
      return asked || interrupted;
    }
  }

  @Override
  public void interrupt() {
    synchronized (state) {
      if (running == null) return;
      interrupted = true;
      running.interrupt();
    }
  }

  @Override
  public List<String> complete(List<String> words, int index) {
    return completion.candidates(words, index, caller.role());
  }

  @Override
  public void close() {
    synchronized (state) {
      closed = true;
      if (running != null) {
        interrupted = true;
        running.interrupt();
      }
    }
    language.close();
  }

  /**
   * @param sentence empty when there is nothing to say
   */
  private record Outcome(Result result, int status, String sentence) {}
}
