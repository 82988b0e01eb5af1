package io.tenon.shell.client;

import io.tenon.error.TenonException;
import io.tenon.shell.attach.Frame;
import io.tenon.shell.attach.ShellSocket;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.List;

/** The client's end of the shell's socket. One thread, but for {@link #interrupt}. */
final class Connection implements AutoCloseable {
  private final SocketChannel channel;
  private final DataInputStream in;
  private final DataOutputStream out;

  private Connection(SocketChannel channel) {
    this.channel = channel;
    this.in = new DataInputStream(Channels.newInputStream(channel));
    this.out = new DataOutputStream(Channels.newOutputStream(channel));
  }

  static Connection open(Path socket) throws TenonException {
    var address = ShellSocket.address(socket);
    try {
      return new Connection(SocketChannel.open(address));
    } catch (IOException e) {
      throw new TenonException(
          "No node answers at " + socket + ".",
          e.getMessage() + ".",
          "Start the node with this data directory, or give the one that it has: --data DIR.",
          e);
    }
  }

  /**
   * Runs one line and passes on what it prints.
   *
   * @return its status
   */
  int execute(String line, OutputStream output, OutputStream errors)
      throws IOException, TenonException {
    send(Frame.of(Frame.Type.EXECUTE, line));
    while (true) {
      Frame frame = receive();
      switch (frame.type()) {
        case OUT -> write(frame, output);
        case ERR -> write(frame, errors);
        case EXIT -> {
          return frame.status();
        }
        case EXECUTE, INTERRUPT, COMPLETE, CANDIDATES -> throw unexpected(frame);
      }
    }
  }

  private static void write(Frame frame, OutputStream stream) throws IOException {
    stream.write(frame.content());
    stream.flush();
  }

  List<String> complete(List<String> words, int index) throws IOException, TenonException {
    send(Frame.of(Frame.Type.COMPLETE, index + "\n" + String.join("\n", words)));
    Frame frame = receive();
    if (frame.type() != Frame.Type.CANDIDATES) throw unexpected(frame);
    return frame.text().lines().toList();
  }

  /** Asks the node to stop what it runs for us. Any thread. */
  void interrupt() throws IOException {
    send(Frame.of(Frame.Type.INTERRUPT, ""));
  }

  private synchronized void send(Frame frame) throws IOException {
    frame.write(out);
  }

  private Frame receive() throws IOException, TenonException {
    return Frame.read(in)
        .orElseThrow(
            () ->
                new TenonException(
                    "The node has gone.", "It closed the connection.", "See its log."));
  }

  private static IOException unexpected(Frame frame) {
    return new IOException("the node sent " + frame.type() + " out of turn");
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
