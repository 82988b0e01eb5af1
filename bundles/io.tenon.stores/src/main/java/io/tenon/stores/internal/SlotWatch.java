package io.tenon.stores.internal;

import io.tenon.metadata.MetadataStore;
import io.tenon.metadata.Prefix;
import io.tenon.metadata.Version;
import io.tenon.metadata.Watch;
import io.tenon.metadata.WatchEvent;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A watch that follows one store after the other, each from where the one before it ended. */
final class SlotWatch implements Watch {
  private final Prefix prefix;
  private final Listener listener;
  private final Consumer<SlotWatch> ended;

  /** Of whoever tells the listener something; stores tell on threads of their own. */
  private final ReentrantLock turn = new ReentrantLock();

  /** Guards what follows. */
  private final Object books = new Object();

  private @Nullable Version heard;
  private @Nullable Watch inner;

  /** Events of earlier stores are not heard any more. */
  private int store;

  private boolean over;

  /**
   * @param after null to be told first what is there
   */
  SlotWatch(Prefix prefix, @Nullable Version after, Listener listener, Consumer<SlotWatch> ended) {
    this.prefix = prefix;
    this.heard = after;
    this.listener = listener;
    this.ended = ended;
  }

  void follow(MetadataStore next) {
    int mine;
    Version after;
    synchronized (books) {
      if (over) return;
      mine = ++store;
      after = heard;
    }
    Listener own = event -> event(mine, event);
    var begun = after == null ? next.watch(prefix, own) : next.watch(prefix, after, own);
    synchronized (books) {
      if (!over && mine == store) {
        inner = begun;
        return;
      }
    }
    begun.close();
  }

  /** What its store tells from now on is not heard; the next one tells it. */
  void leave() {
    Watch left;
    synchronized (books) {
      store++;
      left = inner;
      inner = null;
    }
    if (left != null) left.close();
  }

  private void event(int from, WatchEvent event) {
    turn.lock();
    try {
      synchronized (books) {
        if (over || from != store) return;
        switch (event) {
          case WatchEvent.Current current -> heard = current.listing().at();
          case WatchEvent.Changed changed -> heard = changed.at();
          case WatchEvent.ReadAgain _ -> over = true;
        }
      }
      listener.event(event);
    } finally {
      turn.unlock();
    }
    if (event instanceof WatchEvent.ReadAgain) ended.accept(this);
  }

  /** Tells it, and that is the end. */
  void readAgain(String why) {
    int mine;
    synchronized (books) {
      mine = store;
    }
    event(mine, new WatchEvent.ReadAgain(why));
  }

  @Override
  public void close() {
    Watch left;
    synchronized (books) {
      over = true;
      left = inner;
      inner = null;
    }
    if (left != null) left.close();
    ended.accept(this);
  }
}
