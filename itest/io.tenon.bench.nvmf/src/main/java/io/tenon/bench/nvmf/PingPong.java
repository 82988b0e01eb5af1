package io.tenon.bench.nvmf;

import io.tenon.block.testing.TestReactors;
import io.tenon.error.TenonException;
import io.tenon.linux.Memory;
import io.tenon.reactor.ListenSocket;
import io.tenon.reactor.Reactor;
import io.tenon.reactor.SendVectors;
import io.tenon.reactor.SocketHandler;
import io.tenon.reactor.StreamSocket;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The least that moves the same bytes: messages as long as NVMe/TCP's PDUs for the same I/O, there and back, with as many
 * under way; nothing is parsed and no data is stored. What a target could reach if it had no work of its own.
 */
final class PingPong implements Contestant {
  /** Command capsule, and C2HData or H2CData header with a response, TCP Transport 1.0c §3.6.2. */
  private static final int COMMAND_BYTES = 72;

  private static final int RESPONSE_BYTES = 24;

  /** How long a question and an answer are, in front of the first question. */
  private static final int HELLO_BYTES = 16;

  private static final int RECEIVE_BYTES = 65_536;
  private static final int MOST_UNDER_WAY = 256;

  private final Reactor client;
  private final ListenSocket listener;

  PingPong(Reactor server, Reactor client) {
    this.client = client;
    this.listener =
        TestReactors.on(
            server,
            () -> {
              try {
                return server.listen(
                    new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                    new Reactor.Acceptor() {
                      @Override
                      public Reactor choose(InetSocketAddress peer) {
                        return server;
                      }

                      @Override
                      public SocketHandler accepted(StreamSocket socket) {
                        return new Answerer(socket);
                      }
                    });
              } catch (TenonException e) {
                throw new IllegalStateException(e);
              }
            });
  }

  @Override
  public String name() {
    return "ping-pong of messages of the same sizes";
  }

  @Override
  public Figures measure(Workload workload, int seconds) throws IOException, InterruptedException {
    int question = COMMAND_BYTES + (workload.writes() ? workload.bytes() : 0);
    int answer = RESPONSE_BYTES + (workload.writes() ? 0 : workload.bytes());
    int depth = Math.max(1, workload.depth() / workload.connections());
    long durationNs = TimeUnit.SECONDS.toNanos(seconds);
    var askers = new ArrayList<Asker>();
    for (int i = 0; i < workload.connections(); i++) {
      askers.add(new Asker(question, answer, depth, durationNs));
    }
    TestReactors.run(
        client,
        () -> {
          for (Asker asker : askers) asker.connect(client, listener.local());
        });
    var samples = new ArrayList<long[]>();
    long longest = 0;
    for (Asker asker : askers) {
      samples.add(TestReactors.await(asker.done));
      longest = Math.max(longest, asker.tookNs());
    }
    return Figures.of(samples.stream().flatMapToLong(Arrays::stream).toArray(), longest);
  }

  @Override
  public void close() {
    listener.close();
  }

  /** One end: counts what comes, and sends messages of one length. */
  private abstract static class End implements SocketHandler {
    private final Arena arena = Arena.ofAuto();
    private final long receive = arena.allocate(RECEIVE_BYTES, 64).address();
    private final SendVectors vectors = new SendVectors(arena, MOST_UNDER_WAY + 1);
    private @Nullable StreamSocket socket;
    private long memory;
    private long messageBytes;
    private long expectedBytes;
    private long cameBytes;

    final void use(StreamSocket its) {
      socket = its;
    }

    private StreamSocket socket() {
      var its = socket;
      if (its == null) throw new IllegalStateException("not connected");
      return its;
    }

    final void agree(long sends, long expects) {
      messageBytes = sends;
      expectedBytes = expects;
      memory = arena.allocate(sends, 64).address();
    }

    final long receive() {
      return receive;
    }

    final SendVectors vectors() {
      return vectors;
    }

    /** A whole message has come. */
    abstract void came();

    /** How many of the bytes that were just received belong to no message. */
    int greeting(int got) {
      return 0;
    }

    final void queue() {
      vectors.addAlone(memory, messageBytes);
    }

    final void flush() {
      if (!vectors.isEmpty() && socket().isOpen()) socket().send(vectors);
    }

    final void end() {
      socket().close();
    }

    @Override
    public int readable() {
      int got = socket().receive(receive, RECEIVE_BYTES);
      if (got <= 0) return 0;
      cameBytes += got - greeting(got);
      while (expectedBytes > 0 && cameBytes >= expectedBytes && socket().isOpen()) {
        cameBytes -= expectedBytes;
        came();
      }
      flush();
      return 1;
    }

    @Override
    public void writable() {
      flush();
    }
  }

  private static final class Answerer extends End {
    private boolean greeted;

    Answerer(StreamSocket socket) {
      use(socket);
    }

    @Override
    int greeting(int got) {
      if (greeted) return 0;
      if (got < HELLO_BYTES) throw new IllegalStateException("a greeting in pieces");
      greeted = true;
      agree(Memory.getLong(receive() + Long.BYTES), Memory.getLong(receive()));
      return HELLO_BYTES;
    }

    @Override
    void came() {
      queue();
    }

    @Override
    public void closed(String reason) {
      // The client has what it wanted.
    }
  }

  private static final class Asker extends End {
    private final CompletableFuture<long[]> done = new CompletableFuture<>();
    private final int question;
    private final int answer;
    private final long durationNs;

    /** Answers come in the order of the questions. */
    private final long[] askedNs;

    private long[] samplesNs = new long[1 << 16];
    private int samples;
    private int oldest;
    private long beganNs;
    private long endedNs;

    Asker(int question, int answer, int depth, long durationNs) {
      this.question = question;
      this.answer = answer;
      this.durationNs = durationNs;
      this.askedNs = new long[depth];
    }

    void connect(Reactor reactor, InetSocketAddress server) {
      try {
        use(reactor.connect(server, this));
      } catch (TenonException e) {
        done.completeExceptionally(e);
      }
    }

    @Override
    public void connected() {
      agree(question, answer);
      try (var hello = Arena.ofConfined()) {
        long address = hello.allocate(HELLO_BYTES, Long.BYTES).address();
        Memory.putLong(address, question);
        Memory.putLong(address + Long.BYTES, answer);
        vectors().addAlone(address, HELLO_BYTES);
        flush();
      }
      beganNs = System.nanoTime();
      Arrays.fill(askedNs, beganNs);
      for (int i = 0; i < askedNs.length; i++) queue();
      flush();
    }

    @Override
    void came() {
      long now = System.nanoTime();
      if (samples == samplesNs.length) samplesNs = Arrays.copyOf(samplesNs, 2 * samples);
      samplesNs[samples++] = now - askedNs[oldest];
      if (now - beganNs > durationNs) {
        endedNs = now;
        end();
        done.complete(Arrays.copyOf(samplesNs, samples));
        return;
      }
      askedNs[oldest] = now;
      oldest = oldest + 1 < askedNs.length ? oldest + 1 : 0;
      queue();
    }

    long tookNs() {
      return endedNs - beganNs;
    }

    @Override
    public void closed(String reason) {
      done.completeExceptionally(new IOException("the ping-pong has ended: " + reason));
    }
  }
}
