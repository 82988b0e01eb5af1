package io.tenon.metadata.etcd.internal;

import java.time.Instant;
import java.time.InstantSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Whether the last that was tried has worked, and since when it is so. */
final class Health {
  private static final Logger log = LoggerFactory.getLogger(Health.class);

  private final String place;
  private final InstantSource clock;
  private volatile boolean fine = true;
  private String problem = "";
  private Instant since;

  Health(String place, InstantSource clock) {
    this.place = place;
    this.clock = clock;
    this.since = clock.instant();
  }

  void works() {
    if (!fine) become("");
  }

  void fails(String why) {
    become(why);
  }

  private synchronized void become(String now) {
    if (problem.isEmpty() != now.isEmpty()) {
      since = clock.instant();
      if (now.isEmpty()) log.info("The metadata store at {} works again", place);
      else log.error("The metadata store at {} does not work: {}", place, now);
    }
    problem = now;
    fine = now.isEmpty();
  }

  synchronized String problem() {
    return problem;
  }

  synchronized Instant since() {
    return since;
  }
}
