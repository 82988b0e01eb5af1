package io.tenon.console.internal;

import org.osgi.service.metatype.annotations.AttributeDefinition;
import org.osgi.service.metatype.annotations.ObjectClassDefinition;

/** PID {@code io.tenon.console}. There is no console without {@code etc/io.tenon.console.cfg}. */
@ObjectClassDefinition(
    name = "Tenon web console",
    description = "Felix Web Console behind the node's log-in")
public @interface ConsoleConfig {
  @AttributeDefinition(
      description = "Address to listen on; any other than the machine's own needs a keystore")
  String address() default "127.0.0.1";

  @AttributeDefinition(description = "Port to listen on")
  int port() default 8425;

  @AttributeDefinition(
      description = "Names that browsers may know this node by, beside localhost and addresses")
  String[] hosts() default {};

  @AttributeDefinition(
      description = "PKCS#12 file with the key and certificate of TLS; empty: without TLS")
  String keystore() default "";

  @AttributeDefinition(description = "File with the keystore's password")
  String keystore_password_file() default "";
}
