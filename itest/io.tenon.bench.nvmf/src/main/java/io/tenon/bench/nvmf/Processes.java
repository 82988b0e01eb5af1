package io.tenon.bench.nvmf;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/** Programs that a benchmark starts. Whatever happens, they end with it. */
final class Processes {
  private static final long PATIENCE_S = 60;
  private static final long LOOK_AGAIN_MS = 20;

  private Processes() {}

  /** A server that runs until it is stopped; what it says goes to {@code log}. */
  static Process start(ProcessBuilder command, Path log) throws IOException {
    var process = command.redirectErrorStream(true).redirectOutput(log.toFile()).start();
    Runtime.getRuntime().addShutdownHook(new Thread(process::destroyForcibly));
    return process;
  }

  /**
   * @param ready asked until it says so
   */
  static void await(Process process, Path log, BooleanSupplier ready)
      throws IOException, InterruptedException {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_S);
    while (!ready.getAsBoolean()) {
      if (process.waitFor(LOOK_AGAIN_MS, TimeUnit.MILLISECONDS)) {
        throw new IOException("it has ended: " + Files.readString(log));
      }
      if (System.nanoTime() > deadline)
        throw new IOException("not ready: " + Files.readString(log));
    }
  }

  static void stop(Process process) throws IOException {
    process.destroy();
    try {
      if (!process.waitFor(PATIENCE_S, TimeUnit.SECONDS)) process.destroyForcibly();
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
  }

  /** Runs a program to its end. */
  static String run(String... command) throws IOException, InterruptedException {
    var process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String said = new String(process.getInputStream().readAllBytes(), UTF_8);
    if (process.waitFor() != 0) throw new IOException(List.of(command) + ": " + said);
    return said;
  }

  static void signal(Process process, String name) throws IOException {
    try {
      run("kill", "-" + name, String.valueOf(process.pid()));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
  }

  static int freePort() throws IOException {
    try (var socket = new ServerSocket(0)) {
      return socket.getLocalPort();
    }
  }

  static boolean listens(int port) {
    try (var socket = new Socket()) {
      socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 1000);
      return true;
    } catch (IOException e) {
      return false;
    }
  }
}
