package io.tenon.bench.local;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.tenon.error.TenonException;
import io.tenon.shell.attach.Frame;
import io.tenon.shell.attach.ShellSocket;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;

/** A node of the distribution as built, and its shell. It ends with the benchmark, whatever happens. */
final class BenchNode implements AutoCloseable {
  private static final long PATIENCE_S = 120;
  private static final long LOOK_AGAIN_MS = 20;

  /** Imports of large pools take their time. */
  private static final long ANSWERS_WITHIN_S = 300;

  private static final ScheduledThreadPoolExecutor ALARMS = alarms();

  private static final Pattern GRPC = Pattern.compile("\"grpc\": \"([^\"]+)\"");

  private final Process process;
  private final Path data;

  private static ScheduledThreadPoolExecutor alarms() {
    var alarms =
        new ScheduledThreadPoolExecutor(1, Thread.ofPlatform().daemon().name("alarm").factory());
    alarms.setRemoveOnCancelPolicy(true);
    return alarms;
  }

  /**
   * @param work for its data and its log
   * @param more options of its command line
   */
  BenchNode(Path home, Path work, String... more) throws IOException, InterruptedException {
    data = work.resolve("data");
    var log = work.resolve("log");
    Files.deleteIfExists(data.resolve("ready.json"));
    var command = new ArrayList<String>();
    command.add(home.resolve("bin/tenon-node").toString());
    command.addAll(
        List.of("--name=bench", "--grpc=127.0.0.1:0", "--nvme=127.0.0.1:0", "--data=" + data));
    command.addAll(List.of(more));
    process =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile()).start();
    Runtime.getRuntime().addShutdownHook(new Thread(process::destroyForcibly));
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_S);
    while (!Files.exists(data.resolve("ready.json"))) {
      boolean ended = process.waitFor(LOOK_AGAIN_MS, TimeUnit.MILLISECONDS);
      if (ended || System.nanoTime() > deadline) {
        throw new IOException("the node is not ready: " + Files.readString(log));
      }
    }
  }

  /** Address and port of its gRPC API. */
  String grpc() throws IOException {
    var endpoint = GRPC.matcher(Files.readString(data.resolve("ready.json")));
    if (!endpoint.find()) throw new IOException("no gRPC API: " + endpoint);
    return endpoint.group(1);
  }

  /** What a command said, and what it ended with: 0 when all is well. */
  record Answer(int status, String text) {}

  /**
   * @throws IOException when the command fails
   */
  String say(String line) throws IOException {
    var answer = ask(line);
    if (answer.status() == 0) return answer.text();
    throw new IOException(line + ": " + answer.text());
  }

  /**
   * The same, and what fails is an answer as well.
   *
   * @throws IOException when the node does not answer
   */
  Answer ask(String line) throws IOException {
    try (var channel = SocketChannel.open(ShellSocket.address(ShellSocket.in(data)))) {
      var tooLate = ALARMS.schedule(() -> end(channel), ANSWERS_WITHIN_S, TimeUnit.SECONDS);
      try {
        return ask(line, channel);
      } catch (AsynchronousCloseException e) {
        throw new IOException(line + ": no answer within " + ANSWERS_WITHIN_S + " s", e);
      } finally {
        tooLate.cancel(false);
      }
    } catch (TenonException e) {
      throw new IOException(e);
    }
  }

  private static Answer ask(String line, SocketChannel channel) throws IOException {
    var out = new DataOutputStream(Channels.newOutputStream(channel));
    var in = new DataInputStream(Channels.newInputStream(channel));
    Frame.of(Frame.Type.EXECUTE, line).write(out);
    var said = new StringBuilder();
    while (true) {
      Frame frame = Frame.read(in).orElseThrow(() -> new EOFException("the node has gone"));
      if (frame.type() == Frame.Type.EXIT) return new Answer(frame.status(), said.toString());
      said.append(frame.text());
    }
  }

  /** Whoever reads from it is told. */
  private static void end(SocketChannel channel) {
    try {
      channel.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Objects that are alive, in bytes: the last line of the histogram, which is made after a full collection. */
  long liveBytes() throws IOException, InterruptedException {
    var jcmd = Path.of(System.getProperty("java.home"), "bin", "jcmd").toString();
    var histogram =
        new ProcessBuilder(jcmd, String.valueOf(process.pid()), "GC.class_histogram")
            .redirectErrorStream(true)
            .start();
    String said = new String(histogram.getInputStream().readAllBytes(), UTF_8);
    if (histogram.waitFor() != 0) throw new IOException(said);
    String total = said.strip().lines().toList().getLast().strip();
    if (!total.startsWith("Total")) throw new IOException("no total: " + total);
    return Long.parseLong(total.split(" +")[2]);
  }

  /** From /proc. */
  long residentBytes() throws IOException {
    return Files.readAllLines(Path.of("/proc", String.valueOf(process.pid()), "status")).stream()
        .filter(line -> line.startsWith("VmRSS:"))
        .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) << 10)
        .findFirst()
        .orElseThrow();
  }

  /** SIGKILL. */
  void kill() throws InterruptedException {
    process.destroyForcibly();
    var _ = process.waitFor();
  }

  @Override
  public void close() throws InterruptedException {
    process.destroy();
    if (!process.waitFor(PATIENCE_S, TimeUnit.SECONDS)) kill();
  }
}
