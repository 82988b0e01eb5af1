package io.tenon.metadata.embedded.internal;

import io.tenon.metadata.Change;
import io.tenon.metadata.Listing;
import io.tenon.metadata.Prefix;
import io.tenon.metadata.Version;
import io.tenon.metadata.Watch;
import io.tenon.metadata.WatchEvent;
import io.tenon.metadata.WatchEvent.Changed;
import io.tenon.metadata.WatchEvent.ReadAgain;
import io.tenon.metadata.delivery.WatchDelivery;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.function.Consumer;

/** Who watches, and what happened lately. Guarded by its owner. */
final class Watches {
  /** Transactions that a watch can begin before. */
  static final int MOST_REMEMBERED = 4096;

  private static final String CLOSED = "The metadata store was closed.";

  /** One of them. */
  static final class Open implements Watch {
    private final Prefix prefix;
    private final WatchDelivery delivery;
    private final Consumer<Open> closed;

    private Open(Prefix prefix, WatchDelivery delivery, Consumer<Open> closed) {
      this.prefix = prefix;
      this.delivery = delivery;
      this.closed = closed;
    }

    private boolean tell(Changed transaction) {
      var mine = of(prefix, transaction);
      return mine.isEmpty() || delivery.offer(mine.get());
    }

    @Override
    public void close() {
      delivery.close();
      closed.accept(this);
    }
  }

  private final Executor executor;
  private boolean closed;
  private final List<Open> open = new ArrayList<>();
  private final ArrayDeque<Changed> recent = new ArrayDeque<>();

  /** Everything after this is in {@link #recent}. */
  private Version remembered;

  /**
   * @param before in front of the first transaction that is told
   */
  Watches(Version before, Executor executor) {
    this.remembered = before;
    this.executor = executor;
  }

  private static Optional<Changed> of(Prefix prefix, Changed transaction) {
    List<Change> mine =
        transaction.changes().stream().filter(change -> prefix.matches(change.key())).toList();
    return mine.isEmpty() ? Optional.empty() : Optional.of(new Changed(transaction.at(), mine));
  }

  int count() {
    return open.size();
  }

  private Open make(Prefix prefix, Watch.Listener listener, Consumer<Open> closed) {
    var delivery = new WatchDelivery(listener, executor, WatchDelivery.MOST_WAITING);
    return new Open(prefix, delivery, closed);
  }

  Watch add(Prefix prefix, Listing now, Watch.Listener listener, Consumer<Open> closed) {
    var watch = make(prefix, listener, closed);
    if (isClosed(watch)) return watch;
    watch.delivery.offer(new WatchEvent.Current(now));
    open.add(watch);
    return watch;
  }

  Watch add(
      Prefix prefix, Version after, Version now, Watch.Listener listener, Consumer<Open> closed) {
    var watch = make(prefix, listener, closed);
    if (isClosed(watch)) return watch;
    if (after.isAfter(now)) {
      watch.delivery.offer(
          new ReadAgain(
              "The store is at version %s, which is before %s: it is not the one that was read."
                  .formatted(now, after)));
      return watch;
    }
    if (remembered.isAfter(after)) {
      watch.delivery.offer(
          new ReadAgain("Changes before version " + remembered + " are not remembered."));
      return watch;
    }
    boolean wanted = true;
    for (Changed transaction : recent) {
      if (wanted && transaction.at().isAfter(after)) wanted = watch.tell(transaction);
    }
    if (wanted) open.add(watch);
    return watch;
  }

  private boolean isClosed(Open watch) {
    if (closed) watch.delivery.offer(new ReadAgain(CLOSED));
    return closed;
  }

  void remove(Open watch) {
    open.remove(watch);
  }

  void tell(List<Changed> transactions) {
    for (Changed transaction : transactions) {
      recent.add(transaction);
      if (recent.size() > MOST_REMEMBERED) remembered = recent.removeFirst().at();
      open.removeIf(watch -> !watch.tell(transaction));
    }
  }

  void close() {
    closed = true;
    for (Open watch : open) watch.delivery.offer(new ReadAgain(CLOSED));
    open.clear();
  }
}
