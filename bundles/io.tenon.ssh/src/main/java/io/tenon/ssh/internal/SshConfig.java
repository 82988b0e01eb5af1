package io.tenon.ssh.internal;

import org.osgi.service.metatype.annotations.AttributeDefinition;
import org.osgi.service.metatype.annotations.ObjectClassDefinition;

/** PID {@code io.tenon.ssh}. Without anybody who could log in there is no port, whatever stands here. */
@ObjectClassDefinition(name = "Tenon SSH", description = "The node's shell over SSH")
public @interface SshConfig {
  @AttributeDefinition(description = "Address to listen on")
  String address() default "127.0.0.1";

  @AttributeDefinition(description = "Port to listen on; 0 for any that is free")
  int port() default 8022;

  @AttributeDefinition(description = "Let people in with the passwords of tenon:user as well")
  boolean passwords() default false;

  @AttributeDefinition(description = "People who may be logged in at the same time")
  int sessions() default 16;

  @AttributeDefinition(description = "Seconds in which whoever connects must have logged in")
  int login_grace_s() default 30;

  @AttributeDefinition(
      description = "Seconds after which a connection is closed on which nothing is said")
  int idle_timeout_s() default 900;
}
