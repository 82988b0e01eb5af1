package io.tenon.ssh.internal;

import java.io.IOException;
import org.apache.sshd.common.channel.Channel;
import org.apache.sshd.common.channel.ChannelFactory;
import org.apache.sshd.common.channel.RequestHandler;
import org.apache.sshd.common.session.Session;
import org.apache.sshd.server.channel.ChannelSession;
import org.apache.sshd.server.session.ServerSession;

/** A channel for a prompt or a command, and for nothing else. */
final class ShellChannel extends ChannelSession {
  /** Makes them. */
  static final class Factory implements ChannelFactory {
    @Override
    public String getName() {
      return "session";
    }

    @Override
    public Channel createChannel(Session session) {
      return new ShellChannel();
    }
  }

  /** Said to be done, as clients expect it, and forgotten: variables would fill the memory. */
  @Override
  protected RequestHandler.Result handleEnvParsed(String name, String value) {
    return RequestHandler.Result.ReplySuccess;
  }

  @Override
  protected RequestHandler.Result handleSubsystemParsed(String request, String subsystem) {
    return RequestHandler.Result.ReplyFailure;
  }

  @Override
  protected RequestHandler.Result handleAgentForwardingParsed(String request) {
    return RequestHandler.Result.ReplyFailure;
  }

  @Override
  protected RequestHandler.Result handleX11ForwardingParsed(
      String request,
      ServerSession session,
      boolean single,
      String protocol,
      String cookie,
      int screen)
      throws IOException {
    return RequestHandler.Result.ReplyFailure;
  }
}
