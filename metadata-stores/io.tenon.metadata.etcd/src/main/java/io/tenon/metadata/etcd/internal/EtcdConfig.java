package io.tenon.metadata.etcd.internal;

import org.osgi.service.metatype.annotations.AttributeDefinition;
import org.osgi.service.metatype.annotations.AttributeType;
import org.osgi.service.metatype.annotations.ObjectClassDefinition;

@ObjectClassDefinition(
    pid = "io.tenon.metadata.etcd",
    name = "Tenon metadata in etcd",
    description = "How to reach etcd. Used while io.tenon.metadata says store=etcd.")
@interface EtcdConfig {
  @AttributeDefinition(
      name = "Store",
      description = "From io.tenon.metadata: which store the node uses.")
  String store() default "embedded";

  @AttributeDefinition(
      name = "Endpoints",
      description =
          "Members of one etcd cluster: http://HOST:PORT or https://HOST:PORT, with commas between.")
  String endpoints() default "";

  @AttributeDefinition(
      name = "CA certificates",
      description =
          "PEM file; the server's certificate must come from one of them. Those of Java if empty.")
  String tls_ca() default "";

  @AttributeDefinition(name = "Client certificate", description = "PEM file; empty for none.")
  String tls_cert() default "";

  @AttributeDefinition(
      name = "Client key",
      description = "PEM file (PKCS 8) of the client certificate's key.")
  String tls_key() default "";

  @AttributeDefinition(name = "User", description = "Empty when etcd asks for none.")
  String user() default "";

  /** Private by its name: Configuration Admin's tools do not show it. */
  @AttributeDefinition(
      name = "Password",
      description = "Of the user.",
      type = AttributeType.PASSWORD)
  String _password() default "";

  @AttributeDefinition(
      name = "Connect time-out",
      description = "Milliseconds for one endpoint.",
      min = "1")
  long connect_timeout_ms() default 2_000;

  @AttributeDefinition(
      name = "Answer time-out",
      description = "Milliseconds after which a question is put to another endpoint.",
      min = "1")
  long answer_timeout_ms() default 2_000;
}
