package io.tenon.reactor.internal;

import io.tenon.error.TenonException;
import io.tenon.linux.LinuxException;
import io.tenon.reactor.Reactor;
import io.tenon.reactor.ReactorStats;
import io.tenon.reactor.Reactors;
import java.util.ArrayList;
import java.util.List;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.metatype.annotations.Designate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Starts a reactor for each configured core, and stops them last of all. */
@Component(configurationPid = "io.tenon.reactor")
@Designate(ocd = ReactorConfig.class)
public final class ReactorService implements Reactors {
  private static final Logger log = LoggerFactory.getLogger(ReactorService.class);
  private static final int ANY_CORE = -1;

  private final List<EventLoop> loops;

  @Activate
  public ReactorService(ReactorConfig config) throws TenonException {
    this.loops = open(config);
    loops.forEach(EventLoop::start);
    log.info("{} reactors, cores {}", loops.size(), config.cores());
  }

  private static List<EventLoop> open(ReactorConfig config) throws TenonException {
    var cores = CoreList.parse(config.cores());
    var opened = new ArrayList<EventLoop>();
    try {
      if (cores.isEmpty()) opened.add(new EventLoop(0, ANY_CORE, config));
      for (int core : cores) {
        opened.add(new EventLoop(opened.size(), config.pin() ? core : ANY_CORE, config));
      }
    } catch (LinuxException e) {
      throw new TenonException(
          "The reactors were not started.",
          e.getMessage() + ".",
          "Give the node more memory and descriptors, or configure fewer buffers.",
          e);
    }
    return List.copyOf(opened);
  }

  @Override
  public List<Reactor> all() {
    return List.copyOf(loops);
  }

  @Override
  public List<ReactorStats> stats() {
    return loops.stream().map(EventLoop::stats).toList();
  }

  @Deactivate
  public void close() throws InterruptedException {
    for (var loop : loops.reversed()) loop.stop();
  }
}
