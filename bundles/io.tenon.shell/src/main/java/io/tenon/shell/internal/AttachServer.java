package io.tenon.shell.internal;

import io.tenon.error.TenonException;
import io.tenon.shell.api.Caller;
import io.tenon.shell.api.Role;
import io.tenon.shell.api.Shell;
import io.tenon.shell.attach.ShellSocket;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import jdk.net.ExtendedSocketOptions;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.ConfigurationPolicy;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.metatype.annotations.Designate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Lets {@code tenon-shell} in through a Unix socket in the node's data directory. The directory of the socket belongs to the
 * node's user alone, so nobody but that user and root can reach it: whoever does is admin, and in the audit log as who the kernel says
 * they are.
 */
@Component(
    service = AttachServer.class,
    configurationPid = "io.tenon.node",
    configurationPolicy = ConfigurationPolicy.REQUIRE)
@Designate(ocd = AttachConfig.class)
public final class AttachServer {
  private static final Logger log = LoggerFactory.getLogger(AttachServer.class);

  private final Shell shell;
  private final Path socket;
  private final ServerSocketChannel listener;
  private final Set<SocketChannel> clients = ConcurrentHashMap.newKeySet();

  @Activate
  public AttachServer(@Reference Shell shell, AttachConfig config) throws TenonException {
    this.shell = shell;
    this.socket = ShellSocket.in(Path.of(config.data_dir()));
    this.listener = listen();
    Thread.ofVirtual().name("shell-accept").start(this::accept);
  }

  private ServerSocketChannel listen() throws TenonException {
    try {
      Path directory = socket.getParent();
      Files.createDirectories(
          directory,
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
      Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwx------"));
      Files.deleteIfExists(socket);
      var channel = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
      channel.bind(ShellSocket.address(socket));
      return channel;
    } catch (IOException e) {
      throw new TenonException(
          "The shell cannot be attached to: no socket at " + socket + ".",
          e.getMessage() + ".",
          "Make the data directory writable for the node's user.",
          e);
    }
  }

  Path socket() {
    return socket;
  }

  private void accept() {
    try {
      while (true) {
        var client = listener.accept();
        clients.add(client);
        Thread.ofVirtual().name("shell-client").start(() -> serve(client));
      }
    } catch (AsynchronousCloseException e) {
      log.debug("the shell's socket is closed");
    } catch (ClosedChannelException e) {
      log.debug("the shell's socket was closed before it accepted");
    } catch (IOException e) {
      log.error("The shell's socket {} failed; restart the node to attach again", socket, e);
    }
  }

  private void serve(SocketChannel client) {
    try (client) {
      new AttachedClient(client, shell).serve(caller(client));
    } catch (IOException e) {
      log.debug("a shell client went away: {}", e.getMessage());
    } finally {
      clients.remove(client);
    }
  }

  private static Caller caller(SocketChannel client) throws IOException {
    String user = client.getOption(ExtendedSocketOptions.SO_PEERCRED).user().getName();
    return new Caller(user, Role.ADMIN, "local", "", "");
  }

  @Deactivate
  void close() throws IOException {
    listener.close();
    for (var client : clients) client.close();
    Files.deleteIfExists(socket);
  }
}
