package io.tenon.reactor.internal;

import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import io.tenon.error.Check;
import io.tenon.linux.Memory;
import io.tenon.reactor.Reactor;
import io.tenon.reactor.SendVectors;
import io.tenon.reactor.SocketException;
import io.tenon.reactor.SocketHandler;
import io.tenon.reactor.StreamSocket;
import java.lang.foreign.Arena;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class EventLoopTest {
  private static final int MESSAGE_BYTES = 64;
  private static final int RUNS_TO_SETTLE = 25;

  /** A tenth of a byte for each echo: the measuring itself. */
  private static final long ODD_BYTES = 4096;

  private ReactorService service;
  private Reactor reactor;

  @BeforeEach
  void start() throws Exception {
    service = new ReactorService(TestConfig.withCores(""));
    reactor = service.main();
  }

  @AfterEach
  void stop() throws Exception {
    service.close();
  }

  private <T> T onReactor(Callable<T> work) throws Exception {
    var result = new CompletableFuture<T>();
    reactor.execute(
        () -> {
          try {
            result.complete(work.call());
          } catch (Exception e) {
            result.completeExceptionally(e);
          }
        });
    return result.get(10, SECONDS);
  }

  private static InetSocketAddress anyPort() {
    return new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
  }

  @Test
  void messagesOfOneSenderRunInOrderOnTheReactor() throws Exception {
    List<Integer> seen = new ArrayList<>();
    for (int i = 0; i < 1000; i++) {
      int number = i;
      reactor.execute(
          () -> {
            if (reactor.isCurrent()) seen.add(number);
          });
    }
    assertEquals(1000, onReactor(seen::size));
    assertEquals(999, seen.get(999));
    assertFalse(reactor.isCurrent());
  }

  @Test
  void aMessageWakesTheReactorWheneverItComes() throws Exception {
    for (int i = 0; i < 3000; i++) {
      long pauseUntil = System.nanoTime() + i % 100 * 1000L;
      while (System.nanoTime() < pauseUntil) Thread.onSpinWait();
      assertTrue(onReactor(reactor::isCurrent));
    }
  }

  @Test
  void timersRunInTheirOrderNeverEarlyAndNotWhenCancelled() throws Exception {
    List<String> ran = new ArrayList<>();
    var done = new CountDownLatch(1);
    long start = System.nanoTime();
    onReactor(
        () -> {
          reactor.schedule(MILLISECONDS.toNanos(30), () -> ran.add("late"));
          reactor.schedule(MILLISECONDS.toNanos(10), () -> ran.add("early"));
          var cancelled = reactor.schedule(MILLISECONDS.toNanos(20), () -> ran.add("cancelled"));
          reactor.schedule(MILLISECONDS.toNanos(40), done::countDown);
          cancelled.cancel();
          cancelled.cancel();
          return true;
        });
    assertTrue(done.await(10, SECONDS));
    assertTrue(System.nanoTime() - start >= MILLISECONDS.toNanos(40));
    assertEquals(List.of("early", "late"), ran);
  }

  @Test
  void tasksAtTheEndOfARoundRunInTheSameRoundEvenWhenAddedThere() throws Exception {
    List<String> ran = new ArrayList<>();
    var nextRound = new CompletableFuture<List<String>>();
    onReactor(
        () -> {
          reactor.atEndOfRound(
              () -> {
                ran.add("first");
                reactor.atEndOfRound(() -> ran.add("second"));
                reactor.execute(() -> nextRound.complete(List.copyOf(ran)));
              });
          return true;
        });
    assertEquals(List.of("first", "second"), nextRound.get(10, SECONDS));
  }

  @Test
  void aTaskThatThrowsDoesNotStopTheReactor() throws Exception {
    reactor.execute(
        () -> {
          throw Check.bug("planted");
        });
    assertTrue(onReactor(reactor::isCurrent));
  }

  @Test
  void buffersAreBoundedAlignedAndRefuseToBeGivenBackTwice() throws Exception {
    onReactor(
        () -> {
          var pool = reactor.buffers();
          long first = pool.take(1);
          assertEquals(0, first % 4096);
          pool.give(first, 1);
          assertThrows(Check.Bug.class, () -> pool.give(first, 1));
          var taken = new ArrayList<Long>();
          for (long b = pool.take(pool.maxBytes()); b != 0; b = pool.take(pool.maxBytes())) {
            taken.add(b);
          }
          assertEquals(TestConfig.LARGE_BUFFERS, taken.size());
          var called = new ArrayList<Boolean>();
          pool.whenAvailable(() -> called.add(true));
          taken.forEach(buffer -> pool.give(buffer, pool.maxBytes()));
          assertTrue(called.isEmpty());
          return called;
        });
  }

  @Test
  void listeningOnAUsedPortSaysSo() throws Exception {
    onReactor(
        () -> {
          var listener = reactor.listen(anyPort(), new EchoAcceptor());
          var refused =
              assertThrows(
                  SocketException.class,
                  () -> reactor.listen(listener.local(), new EchoAcceptor()));
          assertTrue(refused.getMessage().contains("already in use"), refused.getMessage());
          listener.close();
          return true;
        });
  }

  @Test
  void connectingToNobodyIsToldAsClosed() throws Exception {
    var closed = new CompletableFuture<String>();
    onReactor(
        () -> {
          var listener = reactor.listen(anyPort(), new EchoAcceptor());
          var address = listener.local();
          listener.close();
          reactor.atEndOfRound(() -> connectTo(address, closed));
          return true;
        });
    assertTrue(closed.get(10, SECONDS).contains("refused"));
  }

  private void connectTo(InetSocketAddress address, CompletableFuture<String> closed) {
    reactor.execute(
        () -> {
          try {
            reactor.connect(
                address,
                new SocketHandler() {
                  @Override
                  public int readable() {
                    return 0;
                  }

                  @Override
                  public void writable() {
                    closed.complete("writable");
                  }

                  @Override
                  public void closed(String reason) {
                    closed.complete(reason);
                  }
                });
          } catch (SocketException e) {
            closed.complete(e.getMessage());
          }
        });
  }

  @Test
  void whatWaitsToBeReceivedIsSeenAndLeftThere() throws Exception {
    var ping = new Ping(0, 1);
    var served = new CompletableFuture<StreamSocket>();
    onReactor(
        () -> {
          var listener = reactor.listen(anyPort(), new Deaf(served));
          ping.socket = reactor.connect(listener.local(), ping);
          return true;
        });
    var socket = served.get(10, SECONDS);
    awaitUnread(socket);
    assertEquals(0L, onReactor(socket::received));
    try (var arena = Arena.ofShared()) {
      long memory = arena.allocate(MESSAGE_BYTES).address();
      assertEquals(MESSAGE_BYTES, onReactor(() -> socket.receive(memory, MESSAGE_BYTES)));
    }
    assertEquals((long) MESSAGE_BYTES, onReactor(socket::received));
    assertFalse(onReactor(socket::hasUnread));
    onReactor(
        () -> {
          ping.socket.close();
          return true;
        });
    awaitUnread(socket);
  }

  private void awaitUnread(StreamSocket socket) throws Exception {
    long deadlineNs = System.nanoTime() + SECONDS.toNanos(10);
    while (!onReactor(socket::hasUnread)) {
      assertTrue(System.nanoTime() - deadlineNs < 0, "nothing comes");
    }
  }

  /** Takes connections and reads nothing. */
  private final class Deaf implements Reactor.Acceptor {
    private final CompletableFuture<StreamSocket> served;

    Deaf(CompletableFuture<StreamSocket> served) {
      this.served = served;
    }

    @Override
    public Reactor choose(InetSocketAddress peer) {
      return reactor;
    }

    @Override
    public SocketHandler accepted(StreamSocket socket) {
      socket.reading(false);
      served.complete(socket);
      return SocketHandler.none();
    }
  }

  @Test
  void anEchoOfMessagesAllocatesNothingInSteadyState() throws Exception {
    long allocated = Long.MAX_VALUE;
    // Until the compiler has settled, objects that never leave a method are still made.
    for (int run = 0; run < RUNS_TO_SETTLE && allocated >= ODD_BYTES; run++) {
      var ping = new Ping(5_000, 45_000);
      onReactor(
          () -> {
            var listener = reactor.listen(anyPort(), new EchoAcceptor());
            ping.socket = reactor.connect(listener.local(), ping);
            return true;
          });
      assertTrue(ping.done.await(60, SECONDS));
      allocated = ping.allocatedBytes;
    }
    assertTrue(allocated < ODD_BYTES, allocated + " bytes for 40,000 echoes");
  }

  /** Sends a message, waits for its echo, and so on. */
  private static final class Ping implements SocketHandler {
    final CountDownLatch done = new CountDownLatch(1);
    private final Arena arena = Arena.ofShared();
    private final SendVectors vectors = new SendVectors(arena, 16);
    private final long message = arena.allocate(MESSAGE_BYTES).address();
    private final int warmUp;
    private final int total;
    private int rounds;
    private int received;
    private long before;
    StreamSocket socket;
    volatile long allocatedBytes = Long.MAX_VALUE;

    Ping(int warmUp, int total) {
      this.warmUp = warmUp;
      this.total = total;
    }

    @Override
    public void connected() {
      send();
    }

    private void send() {
      vectors.add(message, MESSAGE_BYTES);
      socket.send(vectors);
    }

    @Override
    public int readable() {
      int got = socket.receive(message, MESSAGE_BYTES);
      if (got <= 0) return 0;
      received += got;
      if (received < MESSAGE_BYTES) return 1;
      received = 0;
      if (rounds == warmUp) before = allocated();
      if (++rounds == total) {
        allocatedBytes = allocated() - before;
        done.countDown();
        return 1;
      }
      send();
      return 1;
    }

    private static long allocated() {
      return ((ThreadMXBean) ManagementFactory.getThreadMXBean()).getCurrentThreadAllocatedBytes();
    }

    @Override
    public void writable() {
      socket.send(vectors);
    }

    @Override
    public void closed(String reason) {
      done.countDown();
    }
  }

  /** Sends back what it receives. */
  private final class EchoAcceptor implements Reactor.Acceptor {
    @Override
    public Reactor choose(InetSocketAddress peer) {
      return reactor;
    }

    @Override
    public SocketHandler accepted(StreamSocket socket) {
      var arena = Arena.ofShared();
      long buffer = arena.allocate(MESSAGE_BYTES).address();
      var vectors = new SendVectors(arena, 16);
      Memory.zero(buffer, MESSAGE_BYTES);
      return new SocketHandler() {
        @Override
        public int readable() {
          int got = socket.receive(buffer, MESSAGE_BYTES);
          if (got <= 0) return 0;
          vectors.add(buffer, got);
          socket.send(vectors);
          return 1;
        }

        @Override
        public void writable() {
          socket.send(vectors);
        }

        @Override
        public void closed(String reason) {
          arena.close();
        }
      };
    }
  }
}
