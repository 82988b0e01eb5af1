package io.tenon.reactor.internal;

import io.tenon.reactor.Reactor;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A descriptor of somebody else, such as an eventfd. */
final class WatchedDescriptor extends Registration implements Reactor.Watch {
  private static final Logger log = LoggerFactory.getLogger(WatchedDescriptor.class);

  private final EventLoop loop;
  private final int fd;
  private final Runnable handler;
  private boolean cancelled;

  WatchedDescriptor(EventLoop loop, int fd, Runnable handler) {
    this.loop = loop;
    this.fd = fd;
    this.handler = handler;
  }

  @Override
  int ready(int events) {
    handler.run();
    return 1;
  }

  @Override
  void failed(Throwable bug) {
    log.error("{}: a watched descriptor's handler failed by a bug", loop.name(), bug);
  }

  /** The descriptor is its owner's. */
  @Override
  void loopEnds() {
    cancel();
  }

  @Override
  public void cancel() {
    if (cancelled) return;
    cancelled = true;
    loop.unregister(fd, this);
  }
}
