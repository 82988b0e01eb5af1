package io.tenon.reactor.internal;

import static java.util.concurrent.TimeUnit.MICROSECONDS;
import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tenon.error.TenonException;
import io.tenon.reactor.Poller;
import io.tenon.reactor.Reactor;
import io.tenon.reactor.SocketHandler;
import io.tenon.reactor.StreamSocket;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What a reactor must live through: bugs of those who live on it, floods of messages, wake-ups at any moment. */
class SurvivalTest {
  private static final int LARGE_BYTES = 131_072;

  private ReactorService service;
  private Reactor first;
  private Reactor second;

  @BeforeEach
  void start() throws Exception {
    service = new ReactorService(TestConfig.withCores("0,1"));
    first = service.all().get(0);
    second = service.all().get(1);
  }

  @AfterEach
  void stop() throws Exception {
    service.close();
  }

  private static void runOn(Reactor reactor, Runnable task) throws Exception {
    var done = new CompletableFuture<Boolean>();
    reactor.execute(
        () -> {
          try {
            task.run();
            done.complete(true);
          } catch (Throwable e) {
            done.completeExceptionally(e);
          }
        });
    assertTrue(done.get(10, SECONDS));
  }

  @Test
  void aPollerThatFailsBeforeSleepingIsDroppedAndTheReactorLives() throws Exception {
    var asked = new CountDownLatch(1);
    runOn(
        first,
        () ->
            first.addPoller(
                new Poller() {
                  @Override
                  public int poll() {
                    return 0;
                  }

                  @Override
                  public boolean prepareToSleep() {
                    asked.countDown();
                    throw new IllegalStateException("planted");
                  }
                }));
    assertTrue(asked.await(10, SECONDS));
    var due = new CountDownLatch(1);
    runOn(first, () -> first.schedule(MILLISECONDS.toNanos(5), due::countDown));
    assertTrue(due.await(10, SECONDS));
  }

  @Test
  void aMessageThatSendsItselfAgainDoesNotKeepTimersWaiting() throws Exception {
    var stop = new AtomicBoolean();
    var again =
        new Runnable() {
          @Override
          public void run() {
            if (!stop.get()) first.execute(this);
          }
        };
    var due = new CountDownLatch(1);
    try {
      runOn(
          first,
          () -> {
            first.schedule(MILLISECONDS.toNanos(1), due::countDown);
            first.execute(again);
          });
      assertTrue(due.await(10, SECONDS));
    } finally {
      stop.set(true);
    }
  }

  @Test
  void whoFailsWhenABufferComesBackDoesNotStopThoseBehind() throws Exception {
    List<String> called = new ArrayList<>();
    var allCalled = new CountDownLatch(1);
    var buffers = first.buffers();
    runOn(
        first,
        () -> {
          long address = buffers.take(LARGE_BYTES);
          buffers.whenAvailable(
              () -> {
                called.add("first");
                throw new IllegalStateException("planted");
              });
          buffers.whenAvailable(
              () -> {
                called.add("second");
                allCalled.countDown();
              });
          buffers.give(address, LARGE_BYTES);
        });
    assertTrue(allCalled.await(10, SECONDS));
    assertEquals(List.of("first", "second"), called);
  }

  @Test
  void noMessageBetweenTwoReactorsIsLostHoweverSleepyTheyAre() throws Exception {
    var random = new Random(42);
    for (int i = 0; i < 2000; i++) {
      var back = new CountDownLatch(1);
      // Around the moment at which a reactor stops to spin, after 50 us.
      long pauseUntil = System.nanoTime() + MICROSECONDS.toNanos(30 + random.nextInt(60));
      while (System.nanoTime() - pauseUntil < 0) Thread.onSpinWait();
      first.execute(() -> second.execute(() -> first.execute(back::countDown)));
      assertTrue(back.await(10, SECONDS), "a message was lost");
    }
  }

  @Test
  void whoStopsAReactorClosesItsConnectionsAndPortsAndTellsTheirUsers() throws Exception {
    var told = new CompletableFuture<String>();
    var accepted = new CountDownLatch(1);
    var port = new CompletableFuture<Integer>();
    var stopped = new ReactorService(TestConfig.withCores("0"));
    var reactor = stopped.main();
    reactor.execute(
        () -> {
          try {
            var listener =
                reactor.listen(
                    new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                    new Reactor.Acceptor() {
                      @Override
                      public Reactor choose(InetSocketAddress peer) {
                        return reactor;
                      }

                      @Override
                      public SocketHandler accepted(StreamSocket socket) {
                        accepted.countDown();
                        return new Listening(told);
                      }
                    });
            port.complete(listener.local().getPort());
          } catch (TenonException e) {
            port.completeExceptionally(e);
          }
        });
    try (var peer = new Socket(InetAddress.getLoopbackAddress(), port.get(10, SECONDS))) {
      assertTrue(accepted.await(10, SECONDS));
      stopped.close();
      assertEquals("the reactor stops", told.get(10, SECONDS));
      peer.setSoTimeout(10_000);
      assertEquals(-1, peer.getInputStream().read());
    }
    assertThrows(
        ConnectException.class,
        () -> {
          try (var late = new Socket(InetAddress.getLoopbackAddress(), port.get())) {
            late.getPort();
          }
        });
  }

  private record Listening(CompletableFuture<String> told) implements SocketHandler {
    @Override
    public int readable() {
      return 0;
    }

    @Override
    public void writable() {
      throw new AssertionError("nothing was sent");
    }

    @Override
    public void closed(String reason) {
      told.complete(reason);
    }
  }
}
