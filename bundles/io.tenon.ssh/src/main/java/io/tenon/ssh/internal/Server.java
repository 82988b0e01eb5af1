package io.tenon.ssh.internal;

import io.tenon.shell.api.Shell;
import java.security.KeyPair;
import java.time.Duration;
import java.util.List;
import org.apache.sshd.common.NamedFactory;
import org.apache.sshd.common.cipher.BuiltinCiphers;
import org.apache.sshd.common.compression.BuiltinCompressions;
import org.apache.sshd.common.global.KeepAliveHandler;
import org.apache.sshd.common.kex.BuiltinDHFactories;
import org.apache.sshd.common.keyprovider.KeyPairProvider;
import org.apache.sshd.common.mac.BuiltinMacs;
import org.apache.sshd.common.signature.BuiltinSignatures;
import org.apache.sshd.common.signature.Signature;
import org.apache.sshd.core.CoreModuleProperties;
import org.apache.sshd.server.ServerBuilder;
import org.apache.sshd.server.SshServer;
import org.apache.sshd.server.auth.UserAuthFactory;
import org.apache.sshd.server.auth.password.UserAuthPasswordFactory;
import org.apache.sshd.server.auth.pubkey.UserAuthPublicKeyFactory;
import org.apache.sshd.server.forward.RejectAllForwardingFilter;
import org.apache.sshd.server.global.NoMoreSessionsHandler;

/** MINA, with everything out of it that is not a shell. */
final class Server {
  private static final int MOST_CHANNELS = 4;
  private static final int MOST_KEYS_TRIED = 6;
  private static final int THREADS = 2;

  private Server() {}

  /** Not started. */
  static SshServer make(
      SshConfig config, KeyPair hostKey, Entrance entrance, Shell shell, Histories histories) {
    var server = SshServer.setUpDefaultServer();
    server.setHost(config.address());
    server.setPort(config.port());
    server.setKeyPairProvider(KeyPairProvider.wrap(hostKey));
    protocol(server);
    bounds(server, config);
    shellsOnly(server);

    UserAuthFactory byKey = new UserAuthPublicKeyFactory(signatures());
    server.setUserAuthFactories(
        config.passwords() ? List.of(byKey, UserAuthPasswordFactory.INSTANCE) : List.of(byKey));
    server.setPublickeyAuthenticator(entrance);
    if (config.passwords()) server.setPasswordAuthenticator(entrance::authenticate);
    server.addSessionListener(entrance);
    server.setSessionDisconnectHandler(entrance);
    server.setShellFactory(_ -> new RemoteShell(shell, entrance, histories, null));
    server.setCommandFactory((_, line) -> new RemoteShell(shell, entrance, histories, line));
    return server;
  }

  private static void protocol(SshServer server) {
    // Also what clients are told that their keys may sign with.
    server.setSignatureFactories(signatures());
    server.setKeyExchangeFactories(
        NamedFactory.setUpTransformedFactories(
            true,
            List.of(
                BuiltinDHFactories.curve25519,
                BuiltinDHFactories.curve25519_libssh,
                BuiltinDHFactories.ecdhp521,
                BuiltinDHFactories.ecdhp384,
                BuiltinDHFactories.ecdhp256),
            ServerBuilder.DH2KEX));
    server.setCipherFactories(
        List.of(
            BuiltinCiphers.cc20p1305_openssh,
            BuiltinCiphers.aes256gcm,
            BuiltinCiphers.aes128gcm,
            BuiltinCiphers.aes256ctr,
            BuiltinCiphers.aes128ctr));
    server.setMacFactories(
        List.of(
            BuiltinMacs.hmacsha512etm,
            BuiltinMacs.hmacsha256etm,
            BuiltinMacs.hmacsha512,
            BuiltinMacs.hmacsha256));
    // A few bytes could be many when unpacked.
    server.setCompressionFactories(List.of(BuiltinCompressions.none));
  }

  private static List<NamedFactory<Signature>> signatures() {
    return List.of(
        BuiltinSignatures.ed25519,
        BuiltinSignatures.nistp256,
        BuiltinSignatures.nistp384,
        BuiltinSignatures.nistp521,
        BuiltinSignatures.rsaSHA512,
        BuiltinSignatures.rsaSHA256);
  }

  private static void bounds(SshServer server, SshConfig config) {
    var grace = Duration.ofSeconds(config.login_grace_s());
    var idle = Duration.ofSeconds(config.idle_timeout_s());
    CoreModuleProperties.AUTH_TIMEOUT.set(server, grace);
    CoreModuleProperties.IDLE_TIMEOUT.set(server, idle);
    CoreModuleProperties.NIO2_READ_TIMEOUT.set(server, idle.plus(grace));
    CoreModuleProperties.MAX_AUTH_REQUESTS.set(server, MOST_KEYS_TRIED);
    CoreModuleProperties.MAX_CONCURRENT_CHANNELS.set(server, MOST_CHANNELS);
    CoreModuleProperties.NIO_WORKERS.set(server, THREADS);
    CoreModuleProperties.SERVER_IDENTIFICATION.set(server, "Tenon");
  }

  /** No files, no forwarding of ports, agents or displays. */
  private static void shellsOnly(SshServer server) {
    server.setChannelFactories(List.of(new ShellChannel.Factory()));
    server.setSubsystemFactories(List.of());
    server.setForwardingFilter(RejectAllForwardingFilter.INSTANCE);
    server.setGlobalRequestHandlers(
        List.of(KeepAliveHandler.INSTANCE, NoMoreSessionsHandler.INSTANCE));
  }
}
