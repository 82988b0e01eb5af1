package io.tenon.bench.local;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.tenon.error.TenonException;
import io.tenon.shell.attach.Frame;
import io.tenon.shell.attach.ShellSocket;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/** A node of the distribution as built, and its shell. It ends with the benchmark, whatever happens. */
final class BenchNode implements AutoCloseable {
  private static final long PATIENCE_S = 120;
  private static final long LOOK_AGAIN_MS = 20;

  private final Process process;
  private final Path data;

  /**
   * @param work for its data and its log
   */
  BenchNode(Path home, Path work) throws IOException, InterruptedException {
    data = work.resolve("data");
    var log = work.resolve("log");
    Files.deleteIfExists(data.resolve("ready.json"));
    process =
        new ProcessBuilder(
                home.resolve("bin/tenon-node").toString(),
                "--name=bench",
                "--grpc=127.0.0.1:0",
                "--nvme=127.0.0.1:0",
                "--data=" + data)
            .redirectErrorStream(true)
            .redirectOutput(log.toFile())
            .start();
    Runtime.getRuntime().addShutdownHook(new Thread(process::destroyForcibly));
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_S);
    while (!Files.exists(data.resolve("ready.json"))) {
      boolean ended = process.waitFor(LOOK_AGAIN_MS, TimeUnit.MILLISECONDS);
      if (ended || System.nanoTime() > deadline) {
        throw new IOException("the node is not ready: " + Files.readString(log));
      }
    }
  }

  /**
   * @throws IOException when the command fails
   */
  String say(String line) throws IOException {
    try (var channel = SocketChannel.open(ShellSocket.address(ShellSocket.in(data)))) {
      var out = new DataOutputStream(Channels.newOutputStream(channel));
      var in = new DataInputStream(Channels.newInputStream(channel));
      Frame.of(Frame.Type.EXECUTE, line).write(out);
      var said = new StringBuilder();
      while (true) {
        Frame frame = Frame.read(in).orElseThrow(() -> new EOFException("the node has gone"));
        if (frame.type() == Frame.Type.EXIT) {
          if (frame.status() == 0) return said.toString();
          throw new IOException(line + ": " + said);
        }
        said.append(frame.text());
      }
    } catch (TenonException e) {
      throw new IOException(e);
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
