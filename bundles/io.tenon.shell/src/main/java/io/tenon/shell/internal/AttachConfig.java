package io.tenon.shell.internal;

import org.osgi.service.metatype.annotations.AttributeDefinition;
import org.osgi.service.metatype.annotations.ObjectClassDefinition;

/** Where {@code tenon-shell} finds the node: PID {@code io.tenon.node}. */
@ObjectClassDefinition(name = "Tenon node", description = "Name and data directory of a node")
public @interface AttachConfig {
  @AttributeDefinition(description = "Directory of the node's own files")
  String data_dir();

  @AttributeDefinition(description = "Show the shell on the node's own terminal")
  boolean terminal() default false;
}
