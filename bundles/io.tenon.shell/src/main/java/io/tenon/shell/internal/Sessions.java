package io.tenon.shell.internal;

import io.tenon.swap.Requesters;
import java.util.Optional;
import org.apache.felix.service.command.Job;
import org.osgi.service.component.annotations.Component;

/** Tells who says what a thread of Gogo's is doing, also in commands that are not Tenon's. */
@Component
public final class Sessions implements Requesters {
  @Override
  public Optional<String> ofThisThread() {
    return Optional.ofNullable(Job.Utils.current())
        .map(Job::session)
        .map(Callers::of)
        .map(Callers::text);
  }
}
