package io.tenon.reactor.internal;

import org.jspecify.annotations.Nullable;

/** The few sockets that had work lately, to be asked directly while the loop spins. One thread. */
final class HotSockets {
  /** With more than this many, one epoll_wait is cheaper than asking each. */
  static final int MAX = 4;

  private static final long COOLS_AFTER_NS = 200_000;

  private final @Nullable TcpSocket[] sockets = new TcpSocket[MAX];
  private final long[] lastWorkNs = new long[MAX];
  private int count;

  /** When one more than fit had work; meaningless while none had. */
  private long overflowNs;

  private boolean overflow;

  /** A socket had work. */
  void worked(TcpSocket socket, long nowNs) {
    for (int i = 0; i < count; i++) {
      if (sockets[i] == socket) {
        lastWorkNs[i] = nowNs;
        return;
      }
    }
    if (count == MAX) {
      overflow = true;
      overflowNs = nowNs;
      return;
    }
    sockets[count] = socket;
    lastWorkNs[count++] = nowNs;
  }

  void remove(TcpSocket socket) {
    for (int i = 0; i < count; i++) {
      if (sockets[i] == socket) removeAt(i);
    }
  }

  private void removeAt(int place) {
    sockets[place] = sockets[--count];
    lastWorkNs[place] = lastWorkNs[count];
    sockets[count] = null;
  }

  void clear() {
    while (count > 0) sockets[--count] = null;
    overflow = false;
  }

  /** Asking directly is worth it: there are some, and not more than fit. */
  boolean canBeAsked(long nowNs) {
    if (overflow && nowNs - overflowNs > COOLS_AFTER_NS) overflow = false;
    return count > 0 && !overflow;
  }

  int ask(long nowNs) {
    int work = 0;
    for (int i = 0; i < count; i++) {
      var socket = sockets[i];
      if (socket == null) continue;
      int done = socket.ask();
      work += done;
      if (i >= count || sockets[i] != socket) continue;
      if (done > 0) {
        lastWorkNs[i] = nowNs;
      } else if (nowNs - lastWorkNs[i] > COOLS_AFTER_NS) {
        removeAt(i);
      }
    }
    return work;
  }
}
